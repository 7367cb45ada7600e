/*
 * The encoder of quoted-printable (RFC 2045 6.7). Knows which octets stand for themselves
 * and where a line may be cut; must not know whose text it is.
 */
#include "codec/machine.h"

/* Rule 5: 76 characters with the `=` of a soft line break. */
enum { LINE_LENGTH = 76 };

/* Writes a token that may not be cut, behind a soft line break if the line is full; 0:
 * no room. */
static int put_token(struct mailproto__codec *c, struct mailproto__run *r,
                     const char *token, size_t len)
{
    struct mailproto__qp_encoder *e = &c->u.qp_encoder;
    int soft = e->column + len > LINE_LENGTH - 1U;
    if (mailproto__out_left(r) < len + (soft ? 3U : 0U)) {
        return 0;
    }
    if (soft) {
        memcpy(r->out + r->put, "=\r\n", 3);
        r->put += 3;
        e->column = 0;
    }
    memcpy(r->out + r->put, token, len);
    r->put += len;
    e->column = (uint8_t)(e->column + len);
    return 1;
}

static int put_escape(struct mailproto__codec *c, struct mailproto__run *r,
                      unsigned char octet)
{
    static const char digits[17] = "0123456789ABCDEF";
    char token[3];
    token[0] = '=';
    token[1] = digits[octet >> 4];
    token[2] = digits[octet & 15];
    return put_token(c, r, token, 3);
}

/* Gives out the blank that is held; `last`: it ends its line (rule 3). */
static int put_blank(struct mailproto__codec *c, struct mailproto__run *r, int last)
{
    struct mailproto__qp_encoder *e = &c->u.qp_encoder;
    char token = (char)e->blank;
    if (e->blank != 0) {
        if (last ? !put_escape(c, r, e->blank) : !put_token(c, r, &token, 1)) {
            return 0;
        }
        e->blank = 0;
    }
    return 1;
}

/* A CR or LF as rule 4 has it for text; 0: no room. */
static int put_line_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    if (!put_blank(c, r, 1) || mailproto__out_left(r) < 2) {
        return 0;
    }
    mailproto__out(r, '\r');
    mailproto__out(r, '\n');
    c->u.qp_encoder.cr = 0;
    c->u.qp_encoder.column = 0;
    r->used++;
    return 1;
}

/* An octet that is no line end. */
static int put_octet(struct mailproto__codec *c, struct mailproto__run *r,
                     unsigned char octet)
{
    if (octet == ' ' || octet == '\t') {
        c->u.qp_encoder.blank = octet;
        return 1;
    }
    if (octet > 32 && octet < 127 && octet != '=') {
        char token = (char)octet;
        return put_token(c, r, &token, 1);
    }
    return put_escape(c, r, octet);
}

/* The next octet; 0: no room. */
static int take_octet(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__qp_encoder *e = &c->u.qp_encoder;
    unsigned char octet = r->in[r->used];
    int text = (c->flags & MAILPROTO_CODEC_TEXT) != 0;
    if (text && octet == '\n') {
        return put_line_end(c, r);
    }
    if (e->cr) { /* alone: an octet like others */
        if (!put_blank(c, r, 0) || !put_escape(c, r, '\r')) {
            return 0;
        }
        e->cr = 0;
    }
    if (text && octet == '\r') {
        e->cr = 1;
    } else if (!put_blank(c, r, 0) || !put_octet(c, r, octet)) {
        return 0;
    }
    r->used++;
    return 1;
}

/* Plain text up to the end of the line, the input or the room. */
static void take_run(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__qp_encoder *e = &c->u.qp_encoder;
    const unsigned char *in = r->in + r->used;
    size_t n = mailproto__in_left(r);
    size_t line = e->column < LINE_LENGTH ? LINE_LENGTH - 1U - e->column : 0;
    if (n > mailproto__out_left(r)) {
        n = mailproto__out_left(r);
    }
    n = mailproto__copy_plain(r->out + r->put, in, n < line ? n : line, n);
    if (n == 0) {
        return;
    }
    r->used += n;
    if (in[n - 1] == ' ') { /* its line may end here */
        e->blank = ' ';
        n--;
    }
    r->put += n;
    e->column = (uint8_t)(e->column + n);
}

mailproto_status mailproto__qp_encode(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__qp_encoder *e = &c->u.qp_encoder;
    while (r->used < r->in_len) {
        if (e->blank == 0 && !e->cr) {
            take_run(c, r);
            if (r->used == r->in_len) {
                break;
            }
        }
        if (!take_octet(c, r)) {
            return MAILPROTO_AGAIN;
        }
    }
    if (flags & MAILPROTO_CODEC_FINAL) {
        if (!put_blank(c, r, !e->cr)) {
            return MAILPROTO_AGAIN;
        }
        if (e->cr && !put_escape(c, r, '\r')) {
            return MAILPROTO_AGAIN;
        }
        e->cr = 0;
    }
    return MAILPROTO_OK;
}
