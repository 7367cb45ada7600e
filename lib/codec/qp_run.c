/*
 * What nearly all quoted-printable text consists of (RFC 2045 6.7): plain text, escapes
 * and line ends, as long as nothing need be held back. The speed of the decoder is this
 * file's. Must not know what to do with anything else: qp.c does that octet by octet.
 */
#include "codec/machine.h"
#include "codec/plain.h"
#include "codec/plain_x86.h"

enum { LINE_LENGTH = MAILPROTO__QP_LINE };

/* Where a run is, apart from the states: so that they can lie in registers. There is room
 * for as much output as there is input up to `end`: nothing grows. */
struct place {
    const unsigned char *in, *end;
    const unsigned char *stop; /* `end`, or where the line has LINE_LENGTH characters */
    const unsigned char *line; /* where `column` was right */
    unsigned char *out;
    unsigned column;
    unsigned digits; /* values below it are hexadecimal digits */
};

/* A line begins, or goes on with `column` characters of it read: a line that is too long
 * already may be any longer, else what is too long is found octet by octet. */
static void begin_line(struct place *p, unsigned column)
{
    size_t left = (size_t)(p->end - p->in);
    p->line = p->in;
    p->column = column;
    p->stop = column > LINE_LENGTH || left <= LINE_LENGTH - column
                  ? p->end
                  : p->in + (LINE_LENGTH - column);
}

/* Escapes, as many as there are and fit the line. 0: there is none. */
static int take_escapes(struct place *p)
{
    const unsigned char *before = p->in;
    while (p->stop - p->in >= 3 && p->in[0] == '=') {
        unsigned high = mailproto__hex_digits[p->in[1]];
        unsigned low = mailproto__hex_digits[p->in[2]];
        if (high >= p->digits || low >= p->digits) {
            break;
        }
        *p->out++ = (unsigned char)((high & 15U) << 4 | (low & 15U));
        p->in += 3;
    }
    return p->in != before;
}

/* A plain octet that ends a run all the same. 0: none of those. */
static int take_mistake(struct place *p)
{
    if (!mailproto__plain_mistake(p->in[0]) || p->in >= p->stop) {
        return 0;
    }
    *p->out++ = *p->in++;
    return 1;
}

/* A soft line break or escapes, or CRLF with no blank before it, if they are whole. 0:
 * something else. */
static int take_marks(struct place *p, int blank)
{
    if (p->in[0] == '=') {
        if (p->in[1] != '\r' || p->in[2] != '\n') {
            return take_escapes(p);
        }
        if (p->in >= p->stop) { /* the `=` is too many */
            return 0;
        }
        p->in += 3;
    } else {
        if (p->in[0] != '\r' || p->in[1] != '\n' || blank) {
            return take_mistake(p);
        }
        p->out[0] = '\r';
        p->out[1] = '\n';
        p->out += 2;
        p->in += 2;
    }
    begin_line(p, 0);
    return 1;
}

static inline size_t copy_run(const struct place *p, int vector)
{
    size_t n = (size_t)(p->stop - p->in);
    size_t room = (size_t)(p->end - p->in);
#ifdef MAILPROTO__X86
    if (vector) {
        return mailproto__plain_run_x86(p->out, p->in, n, room);
    }
#endif
    (void)vector;
    return mailproto__plain_run(p->out, p->in, n, room);
}

/* The whole of it, once for each way to copy. */
static inline size_t run(struct mailproto__codec *c, struct mailproto__run *r,
                         int vector)
{
    size_t left = mailproto__in_left(r);
    size_t room = mailproto__out_left(r);
    struct place p;
    size_t copied;
    int blank; /* at the end of the run */
    p.in = r->in + r->used;
    p.end = p.in + (left < room ? left : room);
    p.out = r->out + r->put;
    p.digits = (c->flags & MAILPROTO_CODEC_STRICT) ? 16 : 64;
    begin_line(&p, c->u.qp.column);
    do {
        copied = copy_run(&p, vector);
        p.in += copied;
        p.out += copied;
        blank = copied > 0 && p.in[-1] == ' ';
    } while (p.end - p.in >= 3 && take_marks(&p, blank));
    r->used = (size_t)(p.in - r->in);
    r->put = (size_t)(p.out - r->out);
    if (p.column <= LINE_LENGTH) {
        c->u.qp.column = (uint8_t)(p.column + (size_t)(p.in - p.line));
    }
    return blank && (p.in == p.end || *p.in != '=') ? copied : 0;
}

size_t mailproto__qp_run(struct mailproto__codec *c, struct mailproto__run *r)
{
    return c->cpu != 0 ? run(c, r, 1) : run(c, r, 0);
}
