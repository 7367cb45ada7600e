/*
 * The decoder of quoted-printable (RFC 2045 6.7). Knows escapes, soft line breaks and
 * blanks at the ends of lines; must not know whose text it is.
 *
 * A line ends at CRLF or LF; a CR alone is an octet like others. What cannot be judged
 * before later input is known is held back: blanks, `=` and what follows it, CR. All
 * other text is copied in runs (qp_run.c).
 */
#include "codec/machine.h"

enum {
    LINE_LENGTH = MAILPROTO__QP_LINE,
    MIXED_MAX = 64 /* bits */
};

static int is_strict(const struct mailproto__codec *c)
{
    return (c->flags & MAILPROTO_CODEC_STRICT) != 0;
}

/* clang-format off */
const uint8_t mailproto__hex_digits[256] = {
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
      0,   1,   2,   3,   4,   5,   6,   7,   8,   9, 255, 255, 255, 255, 255, 255,
    255,  10,  11,  12,  13,  14,  15, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255,  42,  43,  44,  45,  46,  47, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255
};
/* clang-format on */

static unsigned digit_of(unsigned char octet)
{
    return mailproto__hex_digits[octet];
}

static int is_digit(const struct mailproto__codec *c, unsigned value)
{
    return value < (is_strict(c) ? 16U : 64U);
}

/* How many octets are held back. */
static uint64_t held(const struct mailproto__qp *q)
{
    return (uint64_t)q->equals + (q->digit != 0) + q->lead + q->mixed + q->cr;
}

/* `n` characters of the line were read, the last of them is in[used - 1 + ahead]. */
static int count_columns(struct mailproto__codec *c, const struct mailproto__run *r,
                         size_t n, size_t ahead)
{
    struct mailproto__qp *q = &c->u.qp;
    size_t left = LINE_LENGTH + 1U - q->column; /* to the first that is too many */
    int over = 0;
    if (q->column > LINE_LENGTH) {
        return 0;
    }
    if (n >= left) {
        over = mailproto__codec_defect(c, r, (uint64_t)n + 1 - left - ahead,
                                       MAILPROTO_CODEC_DEFECT_LINE);
        n = left;
    }
    q->column = (uint8_t)(q->column + n);
    return over;
}

/* ---- what is held back ------------------------------------------------------------- */

static void hold_blank(struct mailproto__qp *q, unsigned char blank)
{
    if (q->lead == 0) {
        q->blank = blank;
    }
    if (q->mixed == 0 && q->blank == blank) {
        q->lead++;
        return;
    }
    q->bits = q->bits << 1 | (blank == '\t' ? 1U : 0U);
    q->mixed++;
}

/* More blanks than can be held: those so far are text. (After some four thousand
 * million, or after blanks of one kind and 64 more of both.) */
static int is_full(const struct mailproto__qp *q)
{
    return q->mixed == MIXED_MAX || q->lead == UINT32_MAX;
}

static void drop_blanks(struct mailproto__qp *q)
{
    q->lead = 0;
    q->mixed = 0;
    q->bits = 0;
}

static void flush_blanks(struct mailproto__qp *q, struct mailproto__run *r)
{
    size_t room = mailproto__out_left(r);
    size_t n = q->lead < room ? q->lead : room;
    if (n > 0) {
        memset(r->out + r->put, q->blank, n);
        r->put += n;
        q->lead = (uint32_t)(q->lead - n);
        room -= n;
    }
    while (q->lead == 0 && q->mixed > 0 && room > 0) {
        q->mixed--;
        mailproto__out(r, q->bits >> q->mixed & 1 ? '\t' : ' ');
        room--;
    }
}

/* Gives out all that is held; 0: no room for all of it yet. */
static int flush(struct mailproto__qp *q, struct mailproto__run *r)
{
    q->flush = 1;
    if (q->equals && mailproto__out_left(r) > 0) {
        mailproto__out(r, '=');
        q->equals = 0;
    }
    if (!q->equals && q->digit != 0 && mailproto__out_left(r) > 0) {
        mailproto__out(r, q->digit);
        q->digit = 0;
    }
    if (!q->equals && q->digit == 0) {
        flush_blanks(q, r);
        if (q->lead == 0 && q->mixed == 0 && q->cr && mailproto__out_left(r) > 0) {
            mailproto__out(r, '\r');
            q->cr = 0;
        }
    }
    if (held(q) == 0) {
        q->flush = 0;
        q->bits = 0;
    }
    return !q->flush;
}

/* Blanks at the end of a run of `n` octets: held, for a line may end there. */
static void hold_end(struct mailproto__codec *c, struct mailproto__run *r, size_t n)
{
    const unsigned char *end = r->in + r->used;
    size_t i;
    for (i = 1; i <= n && end[-(ptrdiff_t)i] == ' ' && c->u.qp.lead < UINT32_MAX; i++) {
        hold_blank(&c->u.qp, ' ');
        r->put--;
    }
}

/* ---- one octet ------------------------------------------------------------------------ */

/* LF, or the CR of FINAL text: the line ends. AGAIN: no room. */
static mailproto_status end_line(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__qp *q = &c->u.qp;
    uint64_t blanks = (uint64_t)q->lead + q->mixed;
    if (is_strict(c) && (!q->cr || blanks > 0)) {
        c->failed = 1; /* rule 3, and RFC 2045 2.8: lines end in CRLF */
        return MAILPROTO_ERR_SYNTAX;
    }
    if (!q->equals) {
        if (mailproto__out_left(r) < 1U + q->cr) {
            return MAILPROTO_AGAIN;
        }
        if (blanks > 0) {
            (void)mailproto__codec_defect(c, r, blanks + q->cr,
                                          MAILPROTO_CODEC_DEFECT_SPACE);
        }
        if (q->cr) {
            mailproto__out(r, '\r');
        }
        mailproto__out(r, '\n');
    }
    /* else a soft line break, blanks behind the `=` included (rules 3 and 5) */
    memset(q, 0, sizeof *q);
    r->used++;
    return MAILPROTO_OK;
}

/* What is held begins no escape and ends no line: it is text, in[used] not yet. */
static int is_text(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__qp *q = &c->u.qp;
    if (q->equals) {
        if (mailproto__codec_defect(c, r, held(q), MAILPROTO_CODEC_DEFECT_ESCAPE)) {
            return 1;
        }
    } else if (q->cr &&
               mailproto__codec_defect(c, r, 1, MAILPROTO_CODEC_DEFECT_CHARACTER)) {
        return 1;
    }
    if (q->cr && count_columns(c, r, 1, 0)) {
        return 1;
    }
    q->flush = 1;
    return 0;
}

/* The octet behind `=` or behind its first digit. 1: strict and wrong. */
static int take_escape(struct mailproto__codec *c, struct mailproto__run *r,
                       unsigned char octet)
{
    struct mailproto__qp *q = &c->u.qp;
    unsigned value = digit_of(octet);
    if (!is_digit(c, value)) {
        return is_text(c, r);
    }
    if (count_columns(c, r, 1, 1)) {
        return 1;
    }
    if (q->digit == 0) {
        q->digit = octet;
    } else { /* there is room: see take_octet() */
        mailproto__out(
            r, (unsigned char)((digit_of(q->digit) & 15U) << 4 | (value & 15U)));
        q->equals = 0;
        q->digit = 0;
    }
    r->used++;
    return 0;
}

/* A blank, a CR or an `=` that nothing held keeps from its meaning. */
static int take_special(struct mailproto__codec *c, struct mailproto__run *r,
                        unsigned char octet)
{
    struct mailproto__qp *q = &c->u.qp;
    if (octet != '\r' && count_columns(c, r, 1, 1)) {
        return 1;
    }
    if (octet == '\r') {
        q->cr = 1;
    } else if (octet == '=') {
        q->equals = 1;
    } else {
        hold_blank(q, octet);
    }
    r->used++;
    return 0;
}

/* An octet that is none of quoted-printable's own but text. There is room. */
static int take_other(struct mailproto__codec *c, struct mailproto__run *r,
                      unsigned char octet)
{
    /* Rule 2: of 33 to 60 and 62 to 126. */
    if ((octet < 32 || octet >= 127) &&
        mailproto__codec_defect(c, r, 0, MAILPROTO_CODEC_DEFECT_CHARACTER)) {
        return 1;
    }
    if (count_columns(c, r, 1, 1)) {
        return 1;
    }
    mailproto__out(r, octet);
    r->used++;
    return 0;
}

/* The next octet behind `=`, with what else is held. */
static int take_behind_equals(struct mailproto__codec *c, struct mailproto__run *r,
                              unsigned char octet)
{
    struct mailproto__qp *q = &c->u.qp;
    int blanks = q->lead > 0 || q->mixed > 0;
    if (q->digit == 0 && octet == '\r') {
        return take_special(c, r, octet);
    }
    if (q->digit == 0 && (octet == ' ' || octet == '\t')) {
        return is_full(q) ? is_text(c, r) : take_special(c, r, octet);
    }
    return blanks ? is_text(c, r) : take_escape(c, r, octet);
}

/* Whether blanks are held back. */
static int is_pending(const struct mailproto__qp *q)
{
    return q->lead > 0 || q->mixed > 0;
}

/* The next octet, with something held or not plain. */
static mailproto_status take_octet(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__qp *q = &c->u.qp;
    unsigned char octet = r->in[r->used];
    int blank = octet == ' ' || octet == '\t';
    int space = blank && !is_full(q);
    int pending = is_pending(q);
    int over = 0;
    if (mailproto__out_left(r) == 0 && !blank) {
        return MAILPROTO_AGAIN;
    }
    if (octet == '\n' && q->digit == 0) {
        return end_line(c, r);
    }
    if (q->cr) {
        over = is_text(c, r);
    } else if (q->equals) {
        over = take_behind_equals(c, r, octet);
    } else if (octet == '\r' || space || (octet == '=' && !pending)) {
        over = take_special(c, r, octet);
    } else if (pending) {
        q->flush = 1;
    } else {
        over = take_other(c, r, octet);
    }
    return over ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK;
}

/* The end of the text is the end of a line. */
static mailproto_status take_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__qp *q = &c->u.qp;
    uint64_t blanks = (uint64_t)q->lead + q->mixed;
    if (q->cr || q->digit != 0) {
        if (is_text(c, r)) {
            return MAILPROTO_ERR_SYNTAX;
        }
        return flush(q, r) ? MAILPROTO_OK : MAILPROTO_AGAIN;
    }
    /* Rule 5: `=` as the last character of a line is a soft line break. That of the
     * last line belongs to the delimiter behind it (RFC 2046 5.1.1). */
    if (q->equals &&
        mailproto__codec_defect(c, r, blanks + 1, MAILPROTO_CODEC_DEFECT_ESCAPE)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    if (!q->equals && blanks > 0 &&
        mailproto__codec_defect(c, r, blanks, MAILPROTO_CODEC_DEFECT_SPACE)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    q->equals = 0;
    drop_blanks(q);
    return MAILPROTO_OK;
}

mailproto_status mailproto__qp_decode(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__qp *q = &c->u.qp;
    mailproto_status status = MAILPROTO_OK;
    for (;;) {
        if (q->flush && !flush(q, r)) {
            return MAILPROTO_AGAIN;
        }
        if (r->used == r->in_len) {
            break;
        }
        if (held(q) == 0) {
            hold_end(c, r, mailproto__qp_run(c, r));
            if (r->used == r->in_len) {
                break;
            }
        }
        status = take_octet(c, r);
        if (status != MAILPROTO_OK) {
            return status;
        }
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? take_end(c, r) : MAILPROTO_OK;
}
