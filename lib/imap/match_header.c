/*
 * The fields of a header as text (RFC 9051 6.4.4: folds undone, encoded words decoded), in
 * one pass and however long they are: from memory, or through a window. Knows which fields
 * keys ask for; must not know the program.
 */
#include <mailproto/field.h>

#include "core/mem.h"
#include "core/span.h"
#include "imap/match.h"
#include "message/split_name.h"

/* What must be there when a line begins, if there is so much: a name, a date. */
enum { AHEAD = MAILPROTO__NAME_MAX + MAILPROTO__MATCH_DATE };
typedef char ahead_fits[(int)AHEAD < (int)MAILPROTO__MATCH_IN ? 1 : -1];

enum { DAY = 86400 };

#define KEY_BIT(key) (UINT32_C(1) << (key))
#define SENT_KEYS                                                                      \
    (KEY_BIT(MAILPROTO_IMAP_KEY_SENTBEFORE) | KEY_BIT(MAILPROTO_IMAP_KEY_SENTON) |     \
     KEY_BIT(MAILPROTO_IMAP_KEY_SENTSINCE))

/* ---- octets ----------------------------------------------------------------------------- */

mailproto_status mailproto__match_header_open(struct mailproto__match *m,
                                              const mailproto_part *part)
{
    struct mailproto__match_header *h = &m->now.header;
    memset(h, 0, sizeof *h);
    if (part->header_offset > part->body_offset) { /* an index may come from anywhere */
        return MAILPROTO_ERR_ARGUMENT;
    }
    h->offset = part->header_offset;
    h->end = part->body_offset;
    h->text = m->in;
    if (m->source->data != NULL) {
        if (h->end > m->source->size) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        h->text = (const char *)m->source->data + h->offset;
        h->len = (size_t)(h->end - h->offset);
        h->offset = h->end;
    }
    mailproto__match_begin_text(m, KEY_BIT(MAILPROTO_IMAP_KEY_TEXT));
    return MAILPROTO_OK;
}

static int has_all(const struct mailproto__match_header *h)
{
    return h->offset == h->end;
}

static void use(struct mailproto__match_header *h, size_t n)
{
    h->text += n;
    h->len -= n;
    h->known -= n < h->known ? n : h->known;
}

/* Until the window is full. */
static mailproto_status fill(struct mailproto__match *m)
{
    struct mailproto__match_header *h = &m->now.header;
    if (!has_all(h) && h->text != m->in) {
        memmove(m->in, h->text, h->len);
        h->text = m->in;
    }
    while (!has_all(h) && h->len < m->in_size) {
        size_t room = m->in_size - h->len;
        size_t got = 0;
        mailproto_status st;
        room = h->end - h->offset < room ? (size_t)(h->end - h->offset) : room;
        st = m->source->read_at(m->source->ctx, h->offset, m->in + h->len, room, &got);
        if (st == MAILPROTO_EOF) { /* shorter than it was */
            h->end = h->offset;
            break;
        }
        if (st == MAILPROTO_OK && (got == 0 || got > room)) {
            st = MAILPROTO_ERR_ARGUMENT;
        }
        if (st != MAILPROTO_OK) {
            return st;
        }
        h->len += got;
        h->offset += got;
    }
    return MAILPROTO_OK;
}

/* Looks for where the lines of a field end, from `known` on. */
static void find_end(struct mailproto__match_header *h)
{
    size_t at = h->known;
    h->whole = 0;
    while (at < h->len) {
        const char *lf = (const char *)memchr(h->text + at, '\n', h->len - at);
        if (lf == NULL) {
            at = h->len;
            break;
        }
        at = (size_t)(lf - h->text);
        if (at + 1 == h->len) { /* what follows decides */
            break;
        }
        at++;
        if (h->text[at] != ' ' && h->text[at] != '\t') { /* RFC 5322 2.2.3 */
            h->whole = 1;
            break;
        }
    }
    if (!h->whole && has_all(h)) {
        at = h->len;
        h->whole = 1;
    }
    h->known = at;
}

/* ---- names ------------------------------------------------------------------------------ */

/* Whether a string of the command is this name (RFC 5322 1.2.2: in any case). */
static int is_name(const mailproto_imap_string *s, mailproto_bytes name)
{
    mailproto_bytes raw = s->raw;
    size_t at = 0;
    size_t i;
    if ((s->flags & MAILPROTO_IMAP_ESCAPED) == 0) {
        return mailproto__equal_nocase(raw, name);
    }
    for (i = 0; i < name.len; i++, at++) {
        at += at + 1 < raw.len && raw.ptr[at] == '\\';
        if (at >= raw.len ||
            !mailproto__equal_nocase(mailproto__span(raw.ptr + at, 1),
                                     mailproto__span(name.ptr + i, 1))) {
            return 0;
        }
    }
    return at == raw.len;
}

/* Who wants the value of this field; 0: nobody. */
static int listen(struct mailproto__match *m, mailproto_bytes name)
{
    int any = 0;
    uint32_t k;
    m->cut = 0; /* of an octet in the name that is no UTF-8 */
    for (k = 0; k < m->looking; k++) {
        struct mailproto__needle *n = &m->needles[k];
        const mailproto_imap_search_node *node = &m->nodes[n->node];
        if (n->done) {
            continue;
        }
        if (node->key == MAILPROTO_IMAP_KEY_HEADER) {
            /* Fields of the message, not of its parts (RFC 9051 6.4.4). */
            n->listens = m->phase == MAILPROTO__MATCH_HEADER && name.len > 0 &&
                         is_name(&node->field, name);
            n->matched = 0;
            if (n->listens && n->len == 0) { /* that it is there is enough */
                mailproto__match_set(m, n->node, MAILPROTO__MATCH_YES);
                n->done = 1;
                m->found = 1;
            }
        }
        any |= n->listens && !n->done;
    }
    return any;
}

static void stop_listening(struct mailproto__match *m)
{
    uint32_t k;
    for (k = 0; k < m->looking; k++) {
        struct mailproto__needle *n = &m->needles[k];
        n->listens &= m->nodes[n->node].key != MAILPROTO_IMAP_KEY_HEADER;
    }
}

/* The first Date field decides SENTON and its likes: the day as it was written, without
 * time and zone (RFC 9051 6.4.4). One that cannot be read is on no day. */
static void take_date(struct mailproto__match *m, mailproto_bytes value)
{
    mailproto_date date;
    int64_t utc = 0;
    int good;
    uint32_t i;
    memset(&date, 0, sizeof date);
    date.struct_size = (uint32_t)sizeof date;
    value.len =
        value.len < MAILPROTO__MATCH_DATE ? value.len : (size_t)MAILPROTO__MATCH_DATE;
    good = mailproto_date_parse(value, 0, NULL, &date) == MAILPROTO_OK &&
           mailproto_date_to_utc(date.year, date.month, date.day, 0, 0, 0, &utc) ==
               MAILPROTO_OK;
    for (i = mailproto__match_open_key(m, 0); i < m->count;
         i = mailproto__match_open_key(m, i + 1)) {
        const mailproto_imap_search_node *node = &m->nodes[i];
        if (mailproto__match_is_sent(node->key)) {
            unsigned value_of = (unsigned)MAILPROTO__MATCH_NO;
            if (good) { /* it is midnight: there is no rest */
                value_of = mailproto__match_day(node->key, utc / DAY, node->number);
            }
            mailproto__match_set(m, i, value_of);
            m->found = 1;
        }
    }
    m->asked &= ~SENT_KEYS;
}

/* ---- fields ----------------------------------------------------------------------------- */

static int at_blank_line(const struct mailproto__match_header *h)
{
    return h->len == 0 || h->text[0] == '\n' ||
           (h->len > 1 && h->text[0] == '\r' && h->text[1] == '\n');
}

static mailproto_status take_name(struct mailproto__match *m)
{
    struct mailproto__match_header *h = &m->now.header;
    struct mailproto__name split;
    mailproto_bytes name;
    if (h->len < AHEAD) {
        mailproto_status st = fill(m);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    if (at_blank_line(h)) {
        return MAILPROTO_EOF;
    }
    (void)mailproto__split_name(mailproto__span(h->text, h->len), 1, &split);
    name = mailproto__span(h->text, split.len);
    h->known = split.value;
    find_end(h);
    if (m->phase == MAILPROTO__MATCH_HEADER && (m->asked & SENT_KEYS) != 0 &&
        mailproto_field_find(name) == MAILPROTO_FIELD_DATE) {
        take_date(m, mailproto__span(h->text + split.value, h->known - split.value));
    }
    /* TEXT looks in names too, and a line that is no field is all value. */
    stop_listening(m);
    if ((m->asked & KEY_BIT(MAILPROTO_IMAP_KEY_TEXT)) != 0) {
        mailproto__match_copy(m, h->text, split.value);
    }
    h->step = MAILPROTO__MATCH_SKIP;
    if (listen(m, name)) {
        h->step = MAILPROTO__MATCH_VALUE;
        (void)mailproto_words_init(&h->words, MAILPROTO_WORDS_GUESS, NULL);
    }
    use(h, split.value);
    return MAILPROTO_OK;
}

/* The next piece of a value. */
static mailproto_status take_value(struct mailproto__match *m)
{
    struct mailproto__match_header *h = &m->now.header;
    size_t len = h->whole ? h->known : h->len;
    size_t used = len;
    size_t got = 0;
    mailproto_status st = MAILPROTO_OK;
    if (h->dry) {
        st = fill(m);
        if (st != MAILPROTO_OK) {
            return st;
        }
        find_end(h);
        h->dry = 0;
        return MAILPROTO_OK;
    }
    if (h->step == MAILPROTO__MATCH_VALUE) {
        st = mailproto_words_run(&h->words, h->text, len, &used, m->out, m->out_size,
                                 &got, h->whole ? (uint32_t)MAILPROTO_CODEC_FINAL : 0);
    } else if (!h->whole) {
        used = h->known; /* an LF at the end is looked at again */
    }
    if (st < 0) {
        return st;
    }
    use(h, used);
    mailproto__match_piece(m, got);
    if (st == MAILPROTO_AGAIN) {
        return MAILPROTO_OK;
    }
    if (h->whole) {
        h->step = MAILPROTO__MATCH_NAME;
        stop_listening(m);
        mailproto__match_copy(m, "\n", 1);
        return MAILPROTO_OK;
    }
    h->dry = 1;
    return MAILPROTO_OK;
}

mailproto_status mailproto__match_header_next(struct mailproto__match *m)
{
    mailproto_status st = MAILPROTO_OK;
    while (st == MAILPROTO_OK && !m->found) {
        st = m->now.header.step == MAILPROTO__MATCH_NAME ? take_name(m) : take_value(m);
    }
    return st;
}
