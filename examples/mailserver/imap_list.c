/* Mailboxes: SELECT, LIST, STATUS, CREATE and their likes. See imap.h. */
#include "imap.h"
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct use {
    const char *name;
    uint32_t attribute;
};
static const struct use uses[] = {{"\\All", MAILPROTO_IMAP_ATTR_ALL},
                                  {"\\Archive", MAILPROTO_IMAP_ATTR_ARCHIVE},
                                  {"\\Drafts", MAILPROTO_IMAP_ATTR_DRAFTS},
                                  {"\\Flagged", MAILPROTO_IMAP_ATTR_FLAGGED},
                                  {"\\Junk", MAILPROTO_IMAP_ATTR_JUNK},
                                  {"\\Sent", MAILPROTO_IMAP_ATTR_SENT},
                                  {"\\Trash", MAILPROTO_IMAP_ATTR_TRASH},
                                  {"\\Important", MAILPROTO_IMAP_ATTR_IMPORTANT}};

static mailproto_bytes bytes(const char *text)
{
    return (mailproto_bytes){text, strlen(text)};
}

/* MAILBOXID: a UIDVALIDITY is never another mailbox's of this user. */
static void name_id(const struct box *b, char id[32])
{
    snprintf(id, 32, "M%lu", (unsigned long)b->uidvalidity);
}

mailproto_status imap_fault(struct imap *c)
{
    switch (errno) {
    case EEXIST:
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_ALREADYEXISTS,
                           "There is such a mailbox");
    case ENOENT:
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_NONEXISTENT,
                           "There is no such mailbox");
    case ENOTEMPTY:
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_HASCHILDREN,
                           "It has mailboxes below");
    case EINVAL:
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_CANNOT,
                           "This cannot be done with that name");
    default:
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNAVAILABLE,
                           strerror(errno));
    }
}

/* ---- SELECT ---------------------------------------------------------------------- */

/* Opens `name` for the job and brings it up to date. OK (`box` NULL: it was
   answered) or NOT_READY. */
static mailproto_status open_box(struct imap *c, const char *name)
{
    struct imap_job *j = &c->job;
    int done;
    if (j->box == NULL) {
        errno = ENOENT;
        j->box = name == NULL ? NULL : box_open(c->store, name);
    }
    if (j->box == NULL) {
        return imap_fault(c);
    }
    done = box_scan(j->box, c->until, &j->want);
    if (done < 0) {
        box_close(j->box);
        j->box = NULL;
        errno = EIO;
        return imap_fault(c);
    }
    return done ? MAILPROTO_OK : MAILPROTO_NOT_READY;
}

static void describe(struct imap *c, mailproto_imap_selected *s, mailproto_bytes *words,
                     char id[32])
{
    struct imap_view *v = &c->view;
    struct box *b = v->box;
    *s = (mailproto_imap_selected){.struct_size = sizeof *s};
    s->exists = (uint32_t)v->count;
    s->uidvalidity = b->uidvalidity;
    s->uidnext = b->uidnext;
    s->highestmodseq = b->modseq;
    for (size_t i = 0; i < v->count; i++) {
        s->recent += v->marks[i] & IMAP_MARK_RECENT;
        if (s->unseen == 0 && (b->list[i].flags & MAILPROTO_IMAP_SEEN) == 0) {
            s->unseen = (uint32_t)i + 1;
        }
    }
    s->mailbox_flags = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANSWERED |
                       MAILPROTO_IMAP_FLAGGED | MAILPROTO_IMAP_DELETED |
                       MAILPROTO_IMAP_DRAFT;
    if (!v->read_only) {
        s->permanent_flags = s->mailbox_flags;
        s->permanent_flags |=
            b->keyword_count < BOX_KEYWORDS ? (uint32_t)MAILPROTO_IMAP_ANY : 0U;
    }
    for (size_t i = 0; i < b->keyword_count; i++) {
        words[i] = bytes(b->keywords[i]);
    }
    s->keywords = words;
    s->keywords_count = b->keyword_count;
    name_id(b, id);
    s->mailbox_id = bytes(id);
    s->entry.struct_size = sizeof s->entry;
    s->entry.delimiter = '/';
    s->entry.name = bytes(b->name);
}

mailproto_status imap_select(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_imap_selected s;
    mailproto_status st;
    char id[32];
    if (j->step == 0) {
        if (j->box == NULL) {
            imap_view_close(c);
        }
        char *name = imap_name(&j->command.mailbox);
        st = open_box(c, name);
        free(name);
        if (st != MAILPROTO_OK || j->box == NULL) {
            return st;
        }
        imap_view_open(c, j->box, j->command.command == MAILPROTO_IMAP_EXAMINE);
        j->step = 1;
    }
    if (j->step == 1) {
        st = imap_view_fill(c);
        if (st != MAILPROTO_OK) {
            return st;
        }
        imap_view_trim(c, 0);
        describe(c, &s, c->words, id);
        st = mailproto_imap_server_selected(c->engine, j->request, &s);
        if (st < 0) {
            imap_view_close(c);
        }
        if (st != MAILPROTO_OK) {
            return st;
        }
        c->view.keyword_count = c->view.box->keyword_count;
        j->step = 2;
    }
    return imap_resync(c);
}

/* ---- STATUS ---------------------------------------------------------------------- */

/* The numbers of the job's box. */
static mailproto_status tell_status(struct imap *c)
{
    struct imap_job *j = &c->job;
    const struct box *b = j->box;
    char id[32];
    mailproto_imap_status s = {0};
    s.struct_size = sizeof s;
    s.items = j->command.status_items;
    s.name = bytes(b->name);
    s.messages = (uint32_t)b->count;
    s.uidnext = b->uidnext;
    s.uidvalidity = b->uidvalidity;
    s.highestmodseq = b->modseq;
    s.append_limit = c->server->options.max_size;
    name_id(b, id);
    s.mailbox_id = bytes(id);
    for (size_t i = 0; i < b->count; i++) {
        s.unseen += (b->list[i].flags & MAILPROTO_IMAP_SEEN) == 0;
        s.deleted += (b->list[i].flags & MAILPROTO_IMAP_DELETED) != 0;
        s.recent += b->list[i].is_new;
        s.size += b->list[i].size;
    }
    return mailproto_imap_server_status(c->engine, &s);
}

mailproto_status imap_status(struct imap *c)
{
    char *name = imap_name(&c->job.command.mailbox);
    mailproto_status st = open_box(c, name);
    free(name);
    return st != MAILPROTO_OK || c->job.box == NULL ? st : tell_status(c);
}

/* ---- LIST ------------------------------------------------------------------------ */

/* The patterns, each behind the reference. */
static int read_patterns(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_imap_cursor items = j->command.items;
    mailproto_imap_string one;
    char *reference = imap_name(&j->command.mailbox);
    while (reference != NULL &&
           mailproto_imap_string_next(&items, &one) == MAILPROTO_OK) {
        char *pattern = imap_name(&one);
        char **more = realloc(j->patterns, (j->pattern_count + 1) * sizeof *more);
        j->patterns = more == NULL ? j->patterns : more;
        size_t size = strlen(reference) + (pattern == NULL ? 0 : strlen(pattern)) + 1;
        char *whole = malloc(size);
        if (more != NULL && pattern != NULL && whole != NULL) {
            snprintf(whole, size, "%s%s", reference, pattern);
            j->patterns[j->pattern_count++] = whole;
            whole = NULL;
        }
        free(whole);
        free(pattern);
    }
    free(reference);
    return boxes_list(c->store, &j->entries, &j->entry_count);
}

static int matches(const struct imap_job *j, struct box_entry *e)
{
    if (e->matched == 0) {
        e->matched = -1;
        for (size_t i = 0; i < j->pattern_count && e->matched < 0; i++) {
            if (mailproto_imap_list_match(bytes(j->patterns[i]), bytes(e->name), '/') ==
                1) {
                e->matched = 1;
            }
        }
    }
    return e->matched > 0;
}

/* Whether an entry is what the options ask for (RFC 5258 3.1, RFC 6154 2). */
static int is_selected(const mailproto_imap_command *k, const struct box_entry *e)
{
    int subscribed = k->command == MAILPROTO_IMAP_LSUB ||
                     (k->select & MAILPROTO_IMAP_LIST_SUBSCRIBED) != 0;
    if ((k->select & MAILPROTO_IMAP_LIST_SPECIAL_USE) != 0 && e->special_use == 0) {
        return 0;
    }
    return subscribed ? e->subscribed : e->present;
}

/* What there is below an entry, which follows it in the list: mailboxes, selected ones,
   selected ones that are not shown themselves. */
static void look_below(const struct imap_job *j, const struct box_entry *above,
                       int *children, int *selected, int *hidden)
{
    size_t len = strlen(above->name);
    for (struct box_entry *e = j->entries + (above - j->entries) + 1;
         e < j->entries + j->entry_count && strncmp(e->name, above->name, len) == 0 &&
         e->name[len] == '/';
         e++) {
        int is = is_selected(&j->command, e);
        *children |= e->present;
        *selected |= is;
        *hidden |= is && !matches(j, e);
    }
}

/* Whether an entry is shown, and with which attributes (RFC 5258 3). */
static int is_shown(const struct imap_job *j, const struct box_entry *e,
                    uint32_t *attributes)
{
    const mailproto_imap_command *k = &j->command;
    int lsub = k->command == MAILPROTO_IMAP_LSUB;
    int recursive = (k->select & MAILPROTO_IMAP_LIST_RECURSIVEMATCH) != 0;
    int selected = is_selected(k, e), children = 0, below = 0, hidden = 0;
    look_below(j, e, &children, &below, &hidden);
    *attributes = e->special_use;
    *attributes |= !e->present ? MAILPROTO_IMAP_ATTR_NONEXISTENT
                   : children  ? MAILPROTO_IMAP_ATTR_HASCHILDREN
                               : MAILPROTO_IMAP_ATTR_HASNOCHILDREN;
    if (e->subscribed && !lsub &&
        ((k->returns | k->select) & MAILPROTO_IMAP_LIST_SUBSCRIBED) != 0) {
        *attributes |= MAILPROTO_IMAP_ATTR_SUBSCRIBED;
    }
    /* RFC 5258 3.5: not for the sake of children alone that are shown themselves. */
    if (recursive && (hidden || (selected && below))) {
        *attributes |= MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED;
        return 1;
    }
    if (lsub && !selected && hidden) { /* RFC 3501 6.3.9 */
        *attributes = MAILPROTO_IMAP_ATTR_NOSELECT;
        return 1;
    }
    return selected;
}

/* RFC 9051 6.3.9: an empty pattern asks for the delimiter, but among others and with
   options (RFC 5258 3). */
static int asks_delimiter(const mailproto_imap_command *k)
{
    mailproto_imap_cursor items = k->items;
    mailproto_imap_string one;
    char buf[4];
    mailproto_bytes text = {NULL, 1};
    return k->command == MAILPROTO_IMAP_LIST &&
           (k->flags & MAILPROTO_IMAP_EXTENDED) == 0 &&
           mailproto_imap_string_next(&items, &one) == MAILPROTO_OK &&
           mailproto_imap_string_get(&one, buf, sizeof buf, &text) == MAILPROTO_OK &&
           text.len == 0;
}

static mailproto_status tell_delimiter(struct imap *c)
{
    mailproto_imap_list_entry entry = {0};
    entry.struct_size = sizeof entry;
    entry.attributes = MAILPROTO_IMAP_ATTR_NOSELECT;
    entry.delimiter = '/';
    entry.name = bytes("");
    return mailproto_imap_server_list(c->engine, &entry);
}

static mailproto_status list_one(struct imap *c, struct box_entry *e)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    mailproto_imap_list_entry entry = {0};
    entry.struct_size = sizeof entry;
    entry.delimiter = '/';
    entry.name = bytes(e->name);
    if (j->step == 0) {
        if (!matches(j, e) || !is_shown(j, e, &entry.attributes)) {
            return MAILPROTO_OK;
        }
        st = mailproto_imap_server_list(c->engine, &entry);
        if (st != MAILPROTO_OK) {
            return st;
        }
        if ((j->command.returns & MAILPROTO_IMAP_LIST_STATUS) == 0 || !e->present) {
            return MAILPROTO_OK;
        }
        j->step = 1;
    }
    st = open_box(c, e->name);
    if (st == MAILPROTO_OK && j->box != NULL) {
        st = tell_status(c);
    }
    if (st == MAILPROTO_OK) {
        imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE, NULL);
        box_close(j->box);
        j->box = NULL;
        j->want = 0;
        j->step = 0;
    }
    return st;
}

mailproto_status imap_list(struct imap *c)
{
    struct imap_job *j = &c->job;
    if (j->entries == NULL) {
        if (read_patterns(c) < 0) {
            return MAILPROTO_ERR_IO;
        }
    }
    if (asks_delimiter(&j->command)) {
        return tell_delimiter(c);
    }
    for (; j->at < j->entry_count; j->at++) {
        mailproto_status st = list_one(c, &j->entries[j->at]);
        if (st != MAILPROTO_OK) {
            return st;
        }
        if (loop_now() >= c->until) {
            j->at++;
            return MAILPROTO_NOT_READY;
        }
    }
    return MAILPROTO_OK;
}

/* ---- changes --------------------------------------------------------------------- */

/* RFC 9051 6.3.4: a delimiter at the end says that mailboxes will come below. */
char *imap_new_name(const mailproto_imap_string *s)
{
    char *name = imap_name(s);
    size_t len = name == NULL ? 0 : strlen(name);
    if (len > 1 && name[len - 1] == '/') {
        name[len - 1] = '\0';
    }
    return name;
}

mailproto_status imap_create(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_imap_cursor items = j->command.items;
    mailproto_imap_string one;
    uint32_t special = 0;
    while (mailproto_imap_string_next(&items, &one) == MAILPROTO_OK) {
        uint32_t attribute = 0;
        for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++) {
            attribute |=
                mailproto_imap_string_is(&one, uses[i].name) ? uses[i].attribute : 0;
        }
        if (attribute == 0) {
            return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_USEATTR,
                               "Not a use that is known here");
        }
        special |= attribute;
    }
    char *name = imap_new_name(&j->command.mailbox);
    errno = EINVAL;
    int result = name == NULL ? -1 : box_create(c->store, name, special);
    struct box *box = result < 0 ? NULL : box_open(c->store, name);
    free(name);
    if (box == NULL) {
        return imap_fault(c);
    }
    name_id(box, j->id); /* RFC 8474 4.1 */
    box_close(box);
    imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_MAILBOXID, NULL);
    j->code.text = bytes(j->id);
    return MAILPROTO_OK;
}

mailproto_status imap_delete(struct imap *c)
{
    char *name = imap_name(&c->job.command.mailbox);
    errno = ENOENT;
    if (name != NULL && c->view.box != NULL && strcmp(c->view.box->name, name) == 0) {
        free(name);
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_INUSE,
                           "It is selected");
    }
    int result = name == NULL ? -1 : box_delete(c->store, name);
    free(name);
    return result < 0 ? imap_fault(c) : MAILPROTO_OK;
}

mailproto_status imap_rename(struct imap *c)
{
    char *from = imap_name(&c->job.command.mailbox);
    char *to = imap_new_name(&c->job.command.target);
    int is_inbox = from != NULL && strcmp(from, "INBOX") == 0, result = -1;
    errno = EINVAL;
    if (from != NULL && to != NULL && !is_inbox) {
        result = box_rename(c->store, from, to);
    }
    free(from);
    free(to);
    if (is_inbox) {
        return imap_empty_inbox(c);
    }
    return result < 0 ? imap_fault(c) : MAILPROTO_OK;
}

mailproto_status imap_subscribe(struct imap *c)
{
    char *name = imap_name(&c->job.command.mailbox);
    errno = ENOENT;
    int result =
        name == NULL
            ? -1
            : box_subscribe(c->store, name,
                            c->job.command.command == MAILPROTO_IMAP_SUBSCRIBE);
    free(name);
    return result < 0 ? imap_fault(c) : MAILPROTO_OK;
}
