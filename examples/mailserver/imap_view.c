/* The selected mailbox as a client knows it, what it is told of changes, and the
   messages that a command names: see imap.h. */
#include "imap.h"
#include "log.h"
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WORK_SIZE = 16384,
    PARTS_FIRST = 64,
    HOLD = 65536,
    BOUNDARY = 2048,
    DEPTH = 100,
    VANISHED_RANGES = 64
};

/* ---- messages come and go -------------------------------------------------------- */

static int make_room(struct imap_view *v)
{
    size_t room = v->room * 2 + 64;
    if (v->count < v->room) {
        return 0;
    }
    uint32_t *uids = realloc(v->uids, room * sizeof *uids);
    v->uids = uids == NULL ? v->uids : uids;
    uint64_t *told = realloc(v->told, room * sizeof *told);
    v->told = told == NULL ? v->told : told;
    unsigned char *marks = realloc(v->marks, room);
    v->marks = marks == NULL ? v->marks : marks;
    if (uids == NULL || told == NULL || marks == NULL) {
        return -1;
    }
    v->room = room;
    return 0;
}

/* Who may write has messages of new/ to itself as \Recent. */
mailproto_status imap_view_fill(struct imap *c)
{
    struct imap_view *v = &c->view;
    struct box *b = v->box;
    uint32_t last = v->count == 0 ? 0 : v->uids[v->count - 1];
    for (size_t i = last == UINT32_MAX ? b->count : box_place(b, last + 1);
         i < b->count; i++) {
        if (make_room(v) < 0) {
            return MAILPROTO_ERR_MEMORY;
        }
        struct box_message *m = &b->list[i];
        v->uids[v->count] = m->uid;
        v->told[v->count] = m->modseq;
        v->marks[v->count++] = m->is_new ? IMAP_MARK_RECENT : 0;
        if (!v->read_only) {
            box_take(b, m);
        }
        if (loop_now() > c->until && i + 1 < b->count) {
            return MAILPROTO_NOT_READY;
        }
    }
    return MAILPROTO_OK;
}

size_t imap_view_count(const struct imap *c)
{
    size_t told = mailproto_imap_server_exists_now(c->engine);
    return c->view.count < told ? c->view.count : told;
}

static void drop(struct imap_view *v, size_t place)
{
    size_t behind = v->count - place - 1;
    memmove(v->uids + place, v->uids + place + 1, behind * sizeof *v->uids);
    memmove(v->told + place, v->told + place + 1, behind * sizeof *v->told);
    memmove(v->marks + place, v->marks + place + 1, behind);
    v->count--;
}

void imap_view_open(struct imap *c, struct box *box, int read_only)
{
    c->view.box = box;
    c->view.read_only = read_only;
    c->view.change = box->change;
    box->users++;
}

void imap_view_close(struct imap *c)
{
    imap_close_message(c);
    free(c->fetch);
    c->fetch = NULL;
    free(c->message.index.parts);
    c->message.index.parts = NULL;
    c->message.index.capacity = 0;
    box_close(c->view.box);
    free(c->view.uids);
    free(c->view.told);
    free(c->view.marks);
    c->view = (struct imap_view){0};
    c->saved.count = 0;
}

/* ---- telling --------------------------------------------------------------------- */

/* From the last on, so that nothing is moved twice. */
static mailproto_status tell_expunged(struct imap *c)
{
    struct imap_view *v = &c->view;
    size_t j = v->box->count;
    for (size_t i = v->count; i > 0; i--) {
        while (j > 0 && v->box->list[j - 1].uid > v->uids[i - 1]) {
            j--;
        }
        if (j > 0 && v->box->list[j - 1].uid == v->uids[i - 1]) {
            continue;
        }
        mailproto_status st =
            mailproto_imap_server_expunge(c->engine, (uint32_t)i, v->uids[i - 1]);
        if (st != MAILPROTO_OK) {
            return st;
        }
        drop(v, i - 1);
    }
    return MAILPROTO_OK;
}

/* UIDs that it knows and that are gone, as ranges of which every number was one; as many
   as there is room for; from a place on. */
static size_t find_gone(const struct imap_view *v, size_t from,
                        mailproto_imap_range *gone, size_t room)
{
    size_t count = 0, j = from < v->count ? box_place(v->box, v->uids[from]) : 0;
    for (size_t i = from; i < v->count; i++) {
        uint32_t uid = v->uids[i];
        while (j < v->box->count && v->box->list[j].uid < uid) {
            j++;
        }
        if (j < v->box->count && v->box->list[j].uid == uid) {
            continue;
        }
        if (count > 0 && gone[count - 1].high + 1 == uid) {
            gone[count - 1].high = uid;
        } else if (count < room) {
            gone[count++] = (mailproto_imap_range){uid, uid};
        } else {
            break;
        }
    }
    return count;
}

static void drop_all(struct imap_view *v, const mailproto_imap_range *gone,
                     size_t count)
{
    size_t kept = 0, n = 0;
    for (size_t i = 0; i < v->count; i++) {
        while (n < count && gone[n].high < v->uids[i]) {
            n++;
        }
        if (n == count || v->uids[i] < gone[n].low) {
            v->uids[kept] = v->uids[i];
            v->told[kept] = v->told[i];
            v->marks[kept++] = v->marks[i];
        }
    }
    v->count = kept;
}

void imap_view_trim(struct imap *c, size_t from)
{
    mailproto_imap_range gone[VANISHED_RANGES];
    size_t count;
    while ((count = find_gone(&c->view, from, gone, VANISHED_RANGES)) > 0) {
        drop_all(&c->view, gone, count);
    }
}

/* The same for who has enabled QRESYNC: many in one response (RFC 7162 3.2.10). */
static mailproto_status tell_vanished(struct imap *c)
{
    mailproto_imap_range gone[VANISHED_RANGES];
    size_t count;
    while ((count = find_gone(&c->view, 0, gone, VANISHED_RANGES)) > 0) {
        mailproto_status st = mailproto_imap_server_vanished(c->engine, 0, gone, count);
        if (st != MAILPROTO_OK) {
            return st;
        }
        drop_all(&c->view, gone, count);
    }
    return MAILPROTO_OK;
}

/* RFC 9051 7.3.5: a keyword is told of before a message has it. */
mailproto_status imap_tell_keywords(struct imap *c)
{
    struct imap_view *v = &c->view;
    const struct box *b = v->box;
    size_t count = b->keyword_count;
    mailproto_bytes words[BOX_KEYWORDS];
    if (v->keyword_count == count) {
        return MAILPROTO_OK;
    }
    for (size_t i = 0; i < count; i++) {
        words[i] = (mailproto_bytes){b->keywords[i], strlen(b->keywords[i])};
    }
    mailproto_status st = mailproto_imap_server_flags(
        c->engine,
        MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANSWERED | MAILPROTO_IMAP_FLAGGED |
            MAILPROTO_IMAP_DELETED | MAILPROTO_IMAP_DRAFT,
        words, count);
    if (st == MAILPROTO_OK) {
        v->keyword_count = count;
    }
    return st;
}

static mailproto_status tell_one(struct imap *c, size_t place, struct box_message *m,
                                 int silent)
{
    struct imap_view *v = &c->view;
    int modseq = (mailproto_imap_server_enabled(c->engine) &
                  MAILPROTO_IMAP_ENABLED_CONDSTORE) != 0;
    if (silent && !modseq) {
        v->told[place] = m->modseq;
        v->marks[place] &= IMAP_MARK_RECENT;
        return MAILPROTO_OK;
    }
    if (c->update == NULL) {
        c->update = calloc(1, sizeof *c->update + WORK_SIZE);
        if (c->update == NULL) {
            return MAILPROTO_ERR_MEMORY;
        }
        c->update->struct_size = sizeof *c->update;
        c->update->work = c->update + 1;
        c->update->work_size = WORK_SIZE;
    }
    c->update->flags = MAILPROTO_IMAP_UID; /* MODSEQ comes by itself, with CONDSTORE */
    c->update->tell_flags = !silent;
    imap_fill_facts(c, place, m);
    c->update->facts = &c->facts;
    mailproto_status st = mailproto_imap_server_fetch(c->engine, c->update);
    if (st == MAILPROTO_OK) {
        v->told[place] = m->modseq;
        v->marks[place] &= IMAP_MARK_RECENT;
    }
    return st;
}

static mailproto_status tell_flags(struct imap *c)
{
    struct imap_view *v = &c->view;
    size_t j = 0, known = imap_view_count(c);
    mailproto_status st = MAILPROTO_OK;
    for (size_t i = 0; i < known && st == MAILPROTO_OK; i++) {
        while (j < v->box->count && v->box->list[j].uid < v->uids[i]) {
            j++;
        }
        if (j == v->box->count || v->box->list[j].uid != v->uids[i]) {
            continue;
        }
        int changed =
            v->box->list[j].modseq > v->told[i] || (v->marks[i] & IMAP_MARK_TELL) != 0;
        if (changed || (v->marks[i] & IMAP_MARK_SILENT) != 0) {
            st = tell_one(c, i, &v->box->list[j], !changed);
        }
    }
    return st;
}

static mailproto_status tell_new(struct imap *c)
{
    struct imap_view *v = &c->view;
    uint32_t last = v->count == 0 ? 0 : v->uids[v->count - 1];
    if (v->box->count > 0 && last < v->box->list[v->box->count - 1].uid) {
        mailproto_status st = imap_view_fill(c);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    return v->count > mailproto_imap_server_exists_now(c->engine)
               ? mailproto_imap_server_exists(c->engine, (uint32_t)v->count)
               : MAILPROTO_OK;
}

mailproto_status imap_view_tell(struct imap *c)
{
    struct imap_view *v = &c->view;
    mailproto_status st;
    if (v->box == NULL || v->box->gone ||
        (v->change == v->box->change && v->keyword_count == v->box->keyword_count)) {
        return MAILPROTO_OK;
    }
    uint64_t change = v->box->change;
    int all = 1;
    imap_view_trim(c, mailproto_imap_server_exists_now(c->engine));
    st =
        (mailproto_imap_server_enabled(c->engine) & MAILPROTO_IMAP_ENABLED_QRESYNC) != 0
            ? tell_vanished(c)
            : tell_expunged(c);
    if (st == MAILPROTO_ERR_NOT_NOW) { /* EV_IMAP_SYNC will come */
        all = 0;
        st = MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK) {
        st = imap_tell_keywords(c);
    }
    if (st == MAILPROTO_OK) {
        st = tell_flags(c);
    }
    if (st == MAILPROTO_OK) {
        st = tell_new(c);
    }
    if (st == MAILPROTO_OK && all) {
        v->change = change;
    }
    /* STATE: IDLE has ended meanwhile; the next command will tell. */
    return st == MAILPROTO_ERR_STATE ? MAILPROTO_OK : st;
}

/* ---- facts ----------------------------------------------------------------------- */

void imap_fill_facts(struct imap *c, size_t place, const struct box_message *m)
{
    struct imap_view *v = &c->view;
    mailproto_imap_facts *f = &c->facts;
    *f = (mailproto_imap_facts){.struct_size = sizeof *f};
    f->seq = (uint32_t)place + 1;
    f->uid = m->uid;
    f->largest_seq = (uint32_t)imap_view_count(c);
    f->largest_uid = f->largest_seq == 0 ? 0 : v->uids[f->largest_seq - 1];
    f->flags = m->flags;
    f->flags |= (v->marks[place] & IMAP_MARK_RECENT) != 0 ? MAILPROTO_IMAP_RECENT : 0U;
    f->size = m->size;
    f->modseq = m->modseq;
    f->internal = (mailproto_imap_date){m->internal, m->zone, 1};
    f->saved = (mailproto_imap_date){m->saved, 0, 1};
    memcpy(c->email_id, m->email_id, sizeof c->email_id); /* the list may move */
    f->email_id = (mailproto_bytes){c->email_id, strlen(c->email_id)};
    f->keywords = c->words;
    for (size_t i = 0; i < v->box->keyword_count; i++) {
        if ((m->keywords >> i & 1) != 0) {
            c->words[f->keywords_count++] =
                (mailproto_bytes){v->box->keywords[i], strlen(v->box->keywords[i])};
        }
    }
    f->saved_uids = c->saved.list;
    f->saved_uids_count = c->saved.count;
}

/* ---- sets ------------------------------------------------------------------------ */

int imap_put_range(struct imap_ranges *r, uint32_t low, uint32_t high)
{
    if (r->count == r->room) {
        size_t room = r->room * 2 + 16;
        mailproto_imap_range *list = realloc(r->list, room * sizeof *list);
        if (list == NULL) {
            return -1;
        }
        r->list = list;
        r->room = room;
    }
    r->list[r->count++] = (mailproto_imap_range){low, high};
    return 0;
}

int imap_add_range(struct imap_ranges *r, uint32_t number)
{
    if (r->count > 0 && r->list[r->count - 1].high + 1 == number) {
        r->list[r->count - 1].high = number;
        return 0;
    }
    return imap_put_range(r, number, number);
}

static int by_low(const void *a, const void *b)
{
    const mailproto_imap_range *r = a, *s = b;
    return (r->low > s->low) - (r->low < s->low);
}

int imap_read_set(struct imap_ranges *r, mailproto_imap_cursor set, uint32_t largest)
{
    mailproto_imap_range next;
    while (mailproto_imap_set_next(&set, &next) == MAILPROTO_OK) {
        uint32_t low = next.low == 0 ? largest : next.low;
        uint32_t high = next.high == 0 ? largest : next.high;
        if (imap_put_range(r, low < high ? low : high, low < high ? high : low) < 0) {
            return -1;
        }
    }
    if (r->count > 0) {
        qsort(r->list, r->count, sizeof *r->list, by_low);
    }
    return 0;
}

int imap_has(const struct imap_ranges *r, size_t *at, uint32_t number)
{
    while (*at < r->count && r->list[*at].high < number) {
        ++*at; /* ranges may lie within each other: those are behind us, too */
    }
    return *at < r->count && r->list[*at].low <= number;
}

int imap_targets(struct imap *c, const mailproto_imap_cursor *set, int uids)
{
    struct imap_view *v = &c->view;
    struct imap_ranges own = {NULL, 0, 0};
    const struct imap_ranges *r = &own;
    size_t at = 0, count = imap_view_count(c);
    if (mailproto_imap_set_is_saved(set)) {
        r = &c->saved;
        uids = 1;
    } else if (imap_read_set(&own, *set,
                             count == 0 ? 0
                             : uids     ? v->uids[count - 1]
                                        : (uint32_t)count) < 0) {
        free(own.list);
        return -1;
    }
    c->job.targets = malloc((count + 1) * sizeof *c->job.targets);
    c->job.count = 0;
    for (size_t i = 0; c->job.targets != NULL && i < count; i++) {
        uint32_t number = uids ? v->uids[i] : (uint32_t)i + 1;
        if (imap_has(r, &at, number)) {
            c->job.targets[c->job.count++] = (uint32_t)i;
        }
    }
    free(own.list);
    return c->job.targets == NULL ? -1 : 0;
}

/* ---- a message ------------------------------------------------------------------- */

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct imap_message *m = ctx;
    ssize_t n;
    if (m->until != NULL) { /* each turn reads something, however late it is */
        if (m->turn == *m->until && loop_now() > m->turn) {
            return MAILPROTO_NOT_READY;
        }
        m->turn = *m->until;
    }
    do {
        n = pread(m->fd, buf, cap, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        return n == 0 ? MAILPROTO_EOF : MAILPROTO_ERR_IO;
    }
    *got = (size_t)n;
    return MAILPROTO_OK;
}

void imap_close_message(struct imap *c)
{
    if (c->message.fd >= 0) {
        close(c->message.fd);
        c->message.fd = -1;
    }
    c->message.uid = 0;
}

/* Where its parts are. An index is made in one go, so one work memory serves all. */
static int build(struct imap_message *m)
{
    static char work[MAILPROTO_MESSAGE_MEM(HOLD, BOUNDARY, DEPTH) + 65536];
    const mailproto_message_options options = {.struct_size = sizeof options,
                                               .hold_size = HOLD,
                                               .boundary_size = BOUNDARY,
                                               .max_depth = DEPTH};
    uint32_t capacity = m->index.capacity == 0 ? PARTS_FIRST : m->index.capacity;
    mailproto_part *parts = m->index.parts;
    for (int n = 0; n < 2; n++) {
        if (m->index.capacity < capacity) {
            mailproto_part *more = realloc(parts, capacity * sizeof *more);
            if (more == NULL) {
                return -1;
            }
            parts = more;
        }
        m->index = (mailproto_index){
            .struct_size = sizeof m->index, .capacity = capacity, .parts = parts};
        if (mailproto_index_build(&m->index, &m->source, &options, work, sizeof work) !=
            MAILPROTO_OK) {
            return -1;
        }
        if (m->index.needed <= m->index.count) {
            break;
        }
        capacity = m->index.needed;
    }
    return 0;
}

int imap_read_message(struct imap *c, uint32_t uid)
{
    struct imap_message *m = &c->message;
    if (m->fd >= 0 && m->uid == uid) {
        return 0;
    }
    imap_close_message(c);
    m->fd = box_read(c->view.box, uid);
    off_t size = m->fd < 0 ? -1 : lseek(m->fd, 0, SEEK_END);
    m->source = (mailproto_source){.struct_size = sizeof m->source,
                                   .ctx = m,
                                   .size = (uint64_t)size,
                                   .read_at = read_at};
    m->until = NULL; /* the index is made in one go */
    if (size < 0 || build(m) < 0) {
        imap_close_message(c);
        return -1;
    }
    m->uid = uid;
    m->until = &c->until;
    return 0;
}
