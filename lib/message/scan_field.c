/*
 * Fields that are complete: their defects, and what those that steer the scanner say
 * (Content-Type, -Transfer-Encoding, -Disposition). Must not know where fields end.
 */
#include "message/scan.h"

#include "codec/encoding.h"
#include "core/mem.h"
#include "core/span.h"
#include "message/split_name.h"

/* Fields that may stand once (RFC 5322 3.6, RFC 2045, RFC 2183), as bits. */
#define BIT(field) (UINT64_C(1) << (field))
const uint64_t mailproto__single_fields =
    BIT(MAILPROTO_FIELD_FROM) | BIT(MAILPROTO_FIELD_SENDER) |
    BIT(MAILPROTO_FIELD_REPLY_TO) | BIT(MAILPROTO_FIELD_TO) | BIT(MAILPROTO_FIELD_CC) |
    BIT(MAILPROTO_FIELD_BCC) | BIT(MAILPROTO_FIELD_DATE) |
    BIT(MAILPROTO_FIELD_MESSAGE_ID) | BIT(MAILPROTO_FIELD_IN_REPLY_TO) |
    BIT(MAILPROTO_FIELD_REFERENCES) | BIT(MAILPROTO_FIELD_SUBJECT) |
    BIT(MAILPROTO_FIELD_MIME_VERSION) | BIT(MAILPROTO_FIELD_CONTENT_TYPE) |
    BIT(MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING) | BIT(MAILPROTO_FIELD_CONTENT_ID) |
    BIT(MAILPROTO_FIELD_CONTENT_DESCRIPTION) |
    BIT(MAILPROTO_FIELD_CONTENT_DISPOSITION) | BIT(MAILPROTO_FIELD_CONTENT_LANGUAGE) |
    BIT(MAILPROTO_FIELD_CONTENT_LOCATION) | BIT(MAILPROTO_FIELD_CONTENT_MD5);

/* ---- octets -------------------------------------------------------------------------- */

static void note_first(struct mailproto__field_state *f, mailproto_bytes octets,
                       uint64_t at, uint32_t flags)
{
    if ((flags & MAILPROTO_MESSAGE_BARE_CR) &&
        !(f->flags & MAILPROTO_MESSAGE_BARE_CR)) {
        const char *cr = mailproto__find_bare_cr(octets.ptr, octets.len);
        f->cr_at = at + (uint64_t)(cr - octets.ptr);
    }
    if ((flags & MAILPROTO_MESSAGE_NUL) && !(f->flags & MAILPROTO_MESSAGE_NUL)) {
        const char *nul = (const char *)memchr(octets.ptr, 0, octets.len);
        f->nul_at = at + (uint64_t)(nul - octets.ptr);
    }
}

void mailproto__field_octets(struct mailproto_message *m, mailproto_bytes octets,
                             uint64_t at)
{
    struct mailproto__field_state *f = &m->field;
    uint32_t flags = mailproto__text_flags(octets.ptr, octets.len);
    note_first(f, octets, at, flags);
    if ((flags & MAILPROTO_MESSAGE_8BIT) && !f->not_utf8) {
        f->not_utf8 = (uint8_t)!mailproto__is_utf8(octets);
    }
    f->flags |= (uint16_t)flags;
    mailproto__top(m)->head_flags |= (uint8_t)(flags >> 8);
}

static void once(struct mailproto_message *m, uint8_t what, uint32_t code, uint64_t at)
{
    struct mailproto__node *node = mailproto__top(m);
    if (!(node->once & what)) {
        node->once |= what;
        mailproto__defect(m, code, at);
    }
}

/* Line ends of both kinds, which was not told yet. */
static int has_mixed_ends(const struct mailproto_message *m)
{
    const uint32_t both = MAILPROTO__HEAD_CRLF | MAILPROTO__HEAD_LF;
    return (m->head.marks & (both | MAILPROTO__HEAD_MIXED)) == both;
}

static void octet_defects(struct mailproto_message *m)
{
    const struct mailproto__field_state *f = &m->field;
    if (f->flags & MAILPROTO_MESSAGE_BARE_CR) {
        mailproto__defect(m, MAILPROTO_DEFECT_BARE_CR, f->cr_at);
    }
    if (f->flags & MAILPROTO_MESSAGE_NUL) {
        mailproto__defect(m, MAILPROTO_DEFECT_NUL, f->nul_at);
    }
    if (has_mixed_ends(m)) {
        m->head.marks |= MAILPROTO__HEAD_MIXED;
        mailproto__defect(m, MAILPROTO_DEFECT_MIXED_ENDS, f->start);
    }
    if (f->long_line) {
        once(m, MAILPROTO__ONCE_LONG, MAILPROTO_DEFECT_LINE_LONG, f->long_at);
    }
    if (f->not_utf8) {
        once(m, MAILPROTO__ONCE_8BIT, MAILPROTO_DEFECT_8BIT, f->start);
    }
}

/* ---- fields that steer ----------------------------------------------------------------- */

/* Two sums of 64 bits, over eight octets or what is left of them. */
static void add_to(uint64_t sum[2], uint64_t word)
{
    sum[0] = (sum[0] ^ word) * UINT64_C(0x100000001b3);
    sum[0] ^= sum[0] >> 32;
    sum[1] = (sum[1] + word) * UINT64_C(0xbf58476d1ce4e5b9);
    sum[1] ^= sum[1] >> 29;
}

/* A value is compared with an earlier one by its sums: there is no room to keep it. Outer
 * blanks do not count. */
static void sum_of(mailproto_bytes value, uint64_t sum[2])
{
    uint64_t word = 0;
    size_t from = 0;
    size_t to = value.len;
    while (from < to && (unsigned char)value.ptr[from] <= ' ') {
        from++;
    }
    while (to > from && (unsigned char)value.ptr[to - 1] <= ' ') {
        to--;
    }
    sum[0] = UINT64_C(0xcbf29ce484222325) ^ (to - from);
    sum[1] = UINT64_C(0x9e3779b97f4a7c15);
    if (to - from < sizeof word) {
        for (; from < to; from++) {
            word = word << 8 | (unsigned char)value.ptr[from];
        }
        add_to(sum, word);
        return;
    }
    for (; to - from > sizeof word; from += sizeof word) {
        memcpy(&word, value.ptr + from, sizeof word);
        add_to(sum, word);
    }
    memcpy(&word, value.ptr + to - sizeof word, sizeof word); /* some octets twice */
    add_to(sum, word);
}

/* Which of the three a field is, or -1. */
static int steers(uint32_t id)
{
    if (id == MAILPROTO_FIELD_CONTENT_TYPE) {
        return 0;
    }
    if (id == MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING) {
        return 1;
    }
    return id == MAILPROTO_FIELD_CONTENT_DISPOSITION ? 2 : -1;
}

void mailproto__keep_type(struct mailproto_message *m)
{
    struct mailproto__type *t = &m->head.type;
    if (t->type.len > 0 && !m->kept) {
        memcpy(m->type_text, t->type.ptr, t->type.len);
        memcpy(m->type_text + t->type.len, t->subtype.ptr, t->subtype.len);
        t->type.ptr = m->type_text;
        t->subtype.ptr = m->type_text + t->type.len;
        m->kept = 1;
    }
}

static void set_type(struct mailproto_message *m, mailproto_bytes value)
{
    size_t room = m->options.boundary_size - m->arena_used;
    mailproto__type_parse(value, m->options.max_params, m->arena + m->arena_used, room,
                          &m->head.type);
    m->kept = 0;
    if (m->in.head < m->in.tail) { /* the value lies in the hold buffer */
        mailproto__keep_type(m);
    }
}

static void steer(struct mailproto_message *m, int which, mailproto_bytes value)
{
    const uint32_t named = MAILPROTO_MESSAGE_NAMED;
    if (which == 0) {
        set_type(m, value);
        m->head.disposition &= ~named;
        m->head.disposition |= m->head.type.flags & MAILPROTO__TYPE_NAMED ? named : 0;
    } else if (which == 1) {
        int odd = 0;
        m->head.encoding = mailproto__encoding_find(value, &odd);
        m->head.marks &= ~(uint32_t)MAILPROTO__HEAD_ENCODING;
        m->head.marks |= odd ? (uint32_t)MAILPROTO__HEAD_ENCODING : 0;
    } else {
        m->head.disposition &= named;
        m->head.disposition |=
            mailproto__disposition_parse(value, m->options.max_params);
    }
}

/* ---- a field ----------------------------------------------------------------------------- */

/* A field that stands again. Whether it counts. */
static int repeated(struct mailproto_message *m, int which, const uint64_t sum[2])
{
    int same = which < 0 ||
               (sum[0] == m->head.sum[which][0] && sum[1] == m->head.sum[which][1]);
    mailproto__defect(m,
                      same ? MAILPROTO_DEFECT_REPEATED : MAILPROTO_DEFECT_REPEATED_TYPE,
                      m->field.start);
    if (same) {
        return 0;
    }
    if (m->options.repeated == MAILPROTO_REPEATED_REJECT) {
        m->head.marks |= MAILPROTO__HEAD_REJECT;
        m->head.rejected |= 1U << which;
    }
    return m->options.repeated == MAILPROTO_REPEATED_LAST;
}

static void known_field(struct mailproto_message *m, mailproto_bytes value,
                        uint64_t octets)
{
    const struct mailproto__field_state *f = &m->field;
    uint64_t sum[2] = {0, 0};
    int which = steers(f->id);
    int counts = 1;
    if (f->id == MAILPROTO_FIELD_MIME_VERSION) {
        m->head.marks |= MAILPROTO__HEAD_VERSION;
    } else if (f->id >= MAILPROTO_FIELD_CONTENT_TYPE &&
               f->id <= MAILPROTO_FIELD_CONTENT_MD5) {
        m->head.marks |= MAILPROTO__HEAD_MIME;
    }
    if (which >= 0) {
        if (octets > m->options.hold_size) {
            mailproto__defect(m, MAILPROTO_DEFECT_FIELD_LONG, f->start);
            return;
        }
        sum_of(value, sum);
    }
    if (mailproto__single_fields >> f->id & 1) {
        if (m->head.seen >> f->id & 1) {
            counts = repeated(m, which, sum);
        }
        m->head.seen |= UINT64_C(1) << f->id;
    }
    if (which >= 0 && counts) {
        m->head.sum[which][0] = sum[0];
        m->head.sum[which][1] = sum[1];
        steer(m, which, value);
    }
}

void mailproto__field_done(struct mailproto_message *m, mailproto_bytes value,
                           uint64_t octets)
{
    const struct mailproto__field_state *f = &m->field;
    int read = mailproto__is_read(m, f->id);
    if (f->junk && (read || f->junk == MAILPROTO__JUNK_FOLD)) {
        mailproto__defect(m,
                          f->junk == MAILPROTO__JUNK_FOLD ? MAILPROTO_DEFECT_FIRST_FOLD
                                                          : MAILPROTO_DEFECT_NO_COLON,
                          f->start);
    } else if (f->bad_name && read) {
        mailproto__defect(m, MAILPROTO_DEFECT_FIELD_NAME, f->start);
    }
    if (f->id != MAILPROTO_FIELD_OTHER && read) {
        known_field(m, value, octets);
    }
    if (f->flags != 0 || f->long_line || f->not_utf8 || has_mixed_ends(m)) {
        octet_defects(m);
    }
}
