/*
 * How parts begin and end: their numbers and counts, what a complete header means for
 * what follows (RFC 2045 5.2, 6.4; RFC 2046 5). Must not know octets of bodies.
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/span.h"

/* ---- begin ------------------------------------------------------------------------- */

/* Member by member, for to clear so much at once is slow to begin. `sum` means nothing
 * before its field was seen. */
static void begin_head(struct mailproto__head *h)
{
    h->seen = 0;
    h->fields = 0;
    h->marks = 0;
    h->rejected = 0;
    h->disposition = 0;
    memset(&h->type, 0, sizeof h->type);
}

enum mailproto__step mailproto__scan_part_begin(struct mailproto_message *m,
                                                mailproto_message_event *ev)
{
    struct mailproto__node *node = &m->stack[m->level];
    m->level++;
    memset(node, 0, sizeof *node);
    node->part = m->parts;
    begin_head(&m->head);
    m->head.start = m->offset;
    m->head.lf = m->lf;
    m->head.crlf = m->crlf;
    m->head.encoding = MAILPROTO_ENCODING_7BIT;
    m->head.marks = m->message ? (uint32_t)MAILPROTO__HEAD_MESSAGE : 0;
    m->searched = 0;
    m->at_start = 1;
    m->state = MAILPROTO__AT_FIRST;
    ev->type = MAILPROTO_MESSAGE_PART_BEGIN;
    ev->offset = m->offset;
    ev->octets = m->offset;
    ev->crlf_octets = m->offset + m->lf - m->crlf;
    ev->lines = m->lf;
    ev->depth = m->level - 1;
    ev->part = node->part;
    if (m->parts == m->options.max_parts) {
        ev->flags = MAILPROTO_MESSAGE_OVERFLOW;
        m->overflow = 1;
        m->state = MAILPROTO__AT_BODY;
        mailproto__defect(m, MAILPROTO_DEFECT_PARTS, m->offset);
    }
    m->parts++;
    return MAILPROTO__EVENT;
}

/* ---- what a header says ------------------------------------------------------------ */

static int is_encoded(uint32_t encoding)
{
    return encoding != MAILPROTO_ENCODING_7BIT && encoding != MAILPROTO_ENCODING_8BIT &&
           encoding != MAILPROTO_ENCODING_BINARY;
}

/* Fields that contradict one another count as absent (MAILPROTO_REPEATED_REJECT). */
static void reject_fields(struct mailproto_message *m)
{
    if (m->head.rejected & 1U) {
        memset(&m->head.type, 0, sizeof m->head.type);
    }
    if (m->head.rejected & 2U) {
        m->head.encoding = MAILPROTO_ENCODING_7BIT;
        m->head.marks &= ~(uint32_t)MAILPROTO__HEAD_ENCODING;
    }
    if (m->head.rejected & 4U) {
        m->head.disposition = 0;
    }
}

/* The type, or what stands for one that is missing or cannot be read. */
static void settle_type(struct mailproto_message *m)
{
    struct mailproto__type *t = &m->head.type;
    int digest = m->level > 1 && m->stack[m->level - 2].digest;
    reject_fields(m);
    if (t->flags & (MAILPROTO__TYPE_SYNTAX | MAILPROTO__TYPE_JUNK)) {
        mailproto__defect(m, MAILPROTO_DEFECT_TYPE_SYNTAX, m->head.start);
    }
    if (t->flags & MAILPROTO__TYPE_PARAMS) {
        mailproto__defect(m, MAILPROTO_DEFECT_PARAMS, m->head.start);
    }
    if (t->type.len > 0) {
        return;
    }
    if (digest && !(m->head.marks & MAILPROTO__HEAD_REJECT) && !m->overflow) {
        t->type = MAILPROTO__LITERAL("message"); /* RFC 2046 5.1.5 */
        t->subtype = MAILPROTO__LITERAL("rfc822");
        t->media = MAILPROTO_MEDIA_RFC822;
    } else {
        t->type = MAILPROTO__LITERAL("text"); /* RFC 2045 5.2 */
        t->subtype = MAILPROTO__LITERAL("plain");
        t->media = MAILPROTO_MEDIA_TEXT_PLAIN;
    }
}

/* Fields a message must have (RFC 5322 3.6, RFC 2045 4). */
static void check_fields(struct mailproto_message *m)
{
    uint32_t marks = m->head.marks;
    uint64_t missing;
    if (!(marks & MAILPROTO__HEAD_BLANK)) {
        mailproto__defect(m, MAILPROTO_DEFECT_NO_BLANK_LINE, m->offset);
    }
    if (!(marks & MAILPROTO__HEAD_MESSAGE)) {
        return;
    }
    /* Of what nobody asked for nobody knows. */
    missing = m->options.fields & ~m->head.seen;
    if (missing & MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_FROM)) {
        mailproto__defect(m, MAILPROTO_DEFECT_NO_FROM, m->head.start);
    }
    if (missing & MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_DATE)) {
        mailproto__defect(m, MAILPROTO_DEFECT_NO_DATE, m->head.start);
    }
    if ((marks & MAILPROTO__HEAD_MIME) && !(marks & MAILPROTO__HEAD_VERSION)) {
        mailproto__defect(m, MAILPROTO_DEFECT_NO_VERSION, m->head.start);
    }
}

/* Whether the boundary of a multipart can be looked for. */
static int check_boundary(struct mailproto_message *m)
{
    const struct mailproto__type *t = &m->head.type;
    uint32_t i;
    if (t->flags & MAILPROTO__TYPE_ODD) {
        mailproto__defect(m, MAILPROTO_DEFECT_BOUNDARY, m->head.start);
    }
    if (t->flags & MAILPROTO__TYPE_LIMIT) {
        mailproto__defect(m, MAILPROTO_DEFECT_BOUNDARY_LIMIT, m->head.start);
        return 0;
    }
    if (t->boundary_len == 0) {
        mailproto__defect(m, MAILPROTO_DEFECT_NO_BOUNDARY, m->head.start);
        return 0;
    }
    for (i = 0; i + 1 < m->level; i++) {
        const struct mailproto__node *node = &m->stack[i];
        if (node->length == t->boundary_len &&
            memcmp(m->arena + node->boundary, m->arena + m->arena_used,
                   t->boundary_len) == 0) {
            mailproto__defect(m, MAILPROTO_DEFECT_BOUNDARY_TWICE, m->head.start);
            break;
        }
    }
    return 1;
}

/* Whether the part holds parts that are entered; its node becomes one that does. */
static int enter(struct mailproto_message *m, struct mailproto__node *node)
{
    const struct mailproto__type *t = &m->head.type;
    int multipart = mailproto__is_multipart(t->media);
    if (is_encoded(m->head.encoding) && t->media != MAILPROTO_MEDIA_GLOBAL) {
        /* RFC 2045 6.4; RFC 6532 3.5 allows it for message/global. */
        mailproto__defect(m, MAILPROTO_DEFECT_ENCODED_PARTS, m->head.start);
    }
    if (multipart ? !check_boundary(m)
                  : is_encoded(m->head.encoding) ||
                        (m->options.flags & MAILPROTO_MESSAGE_KEEP_MESSAGES) != 0) {
        return 0;
    }
    if (m->level - 1 >= m->options.max_depth) {
        mailproto__defect(m, MAILPROTO_DEFECT_DEPTH, m->head.start);
        return 0;
    }
    if (multipart) {
        node->kind = MAILPROTO__PREAMBLE;
        node->digest = t->media == MAILPROTO_MEDIA_DIGEST;
        node->boundary = m->arena_used;
        node->length = t->boundary_len;
        m->arena_used += t->boundary_len;
        m->multiparts++;
    } else {
        node->kind = MAILPROTO__MESSAGE;
    }
    return 1;
}

static int may_hold_parts(uint32_t media)
{
    return mailproto__is_multipart(media) || mailproto__is_message(media);
}

enum mailproto__step mailproto__scan_headers_end(struct mailproto_message *m,
                                                 mailproto_message_event *ev,
                                                 mailproto_bytes view)
{
    struct mailproto__node *node = mailproto__top(m);
    struct mailproto__head *h = &m->head;
    size_t blank = h->marks & MAILPROTO__HEAD_BLANK ? mailproto__line_end(view) : 0;
    int reject = (h->marks & MAILPROTO__HEAD_REJECT) != 0;
    ev->type = MAILPROTO_MESSAGE_HEADERS_END;
    ev->raw = mailproto__span(view.ptr, blank);
    ev->offset = m->offset;
    if (!m->overflow) {
        check_fields(m);
    }
    settle_type(m);
    if (h->encoding == MAILPROTO_ENCODING_UNKNOWN ||
        (h->marks & MAILPROTO__HEAD_ENCODING) != 0) {
        mailproto__defect(m, MAILPROTO_DEFECT_ENCODING, h->start);
    }
    if (reject || m->overflow || (may_hold_parts(h->type.media) && !enter(m, node))) {
        ev->flags |= MAILPROTO_MESSAGE_OPAQUE;
    }
    mailproto__use(m, blank);
    mailproto__count_end(m, blank);
    node->body = m->offset;
    node->lf = m->lf;
    node->crlf = m->crlf;
    ev->octets = m->offset - h->start;
    ev->crlf_octets = ev->octets + (m->lf - h->lf) - (m->crlf - h->crlf);
    ev->lines = m->lf - h->lf;
    ev->name = h->type.type;
    ev->value = h->type.subtype;
    ev->code = h->type.media;
    ev->encoding = h->encoding;
    ev->flags |= h->disposition;
    m->message = node->kind == MAILPROTO__MESSAGE;
    m->state = m->message ? MAILPROTO__AT_PART : MAILPROTO__IN_BODY;
    m->searched = 0;
    return MAILPROTO__EVENT;
}

/* ---- end --------------------------------------------------------------------------- */

enum mailproto__step mailproto__scan_closing(struct mailproto_message *m,
                                             mailproto_message_event *ev)
{
    struct mailproto__node *node;
    uint64_t lf;
    uint64_t crlf;
    int unclosed;
    if (m->level == m->close_to) {
        m->state = m->level == 0 ? MAILPROTO__OVER : MAILPROTO__AT_DELIMITER;
        return MAILPROTO__GO_ON;
    }
    node = mailproto__top(m);
    unclosed = node->kind == MAILPROTO__PREAMBLE || node->kind == MAILPROTO__PARTS;
    if (unclosed && !(node->once & MAILPROTO__ONCE_CLOSED)) {
        node->once |= MAILPROTO__ONCE_CLOSED;
        mailproto__defect(m,
                          node->kind == MAILPROTO__PARTS ? MAILPROTO_DEFECT_NOT_CLOSED
                                                         : MAILPROTO_DEFECT_NO_PARTS,
                          m->offset);
        return MAILPROTO__GO_ON;
    }
    lf = m->lf - node->lf;
    crlf = m->crlf - node->crlf;
    ev->type = MAILPROTO_MESSAGE_PART_END;
    ev->offset = m->offset;
    ev->octets = m->offset - node->body;
    ev->crlf_octets = ev->octets + lf - crlf;
    ev->lines = lf;
    ev->flags = (uint32_t)node->body_flags << 8 |
                (crlf > 0 ? (uint32_t)MAILPROTO_MESSAGE_NEWLINE_CRLF : 0) |
                (lf > crlf ? (uint32_t)MAILPROTO_MESSAGE_NEWLINE_LF : 0) |
                (unclosed ? (uint32_t)MAILPROTO_MESSAGE_UNCLOSED : 0);
    if (node->length > 0) {
        m->arena_used = node->boundary;
        m->multiparts--;
    }
    m->level--;
    ev->depth = m->level;
    ev->part = node->part;
    if (m->level > 0) {
        mailproto__top(m)->body_flags |= (uint8_t)(node->body_flags | node->head_flags);
    }
    return MAILPROTO__EVENT;
}
