/*
 * The decoder of format=flowed (RFC 3676): each paragraph becomes one line. Knows quote
 * marks, space-stuffing, soft line breaks and signature separators; must not know
 * charsets.
 *
 * A line is written as its quote marks, a space if there are any, and its text. A text
 * without quote marks that begins with `>` keeps its stuffing space, or it would look
 * quoted. Line ends stay as they are.
 */
#include "codec/machine.h"

enum {
    QUOTES, /* at the start of a line: quote marks */
    STUFF,  /* behind them: a stuffing space may stand here */
    MATCH,  /* the line may be a signature separator: `held` characters of it so far */
    BODY
};

/* What stands before a text and is still to be written. */
enum { STEP_NONE, STEP_BLANK, STEP_BREAK, STEP_MARKS, STEP_SPACE, STEP_HELD };

static const char separator[3] = {'-', '-', ' '}; /* RFC 3676 4.3 */

/* Writes what stands before the text of this line; 0: no room. */
static int put_before(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    while (f->step != STEP_NONE) {
        if (mailproto__out_left(r) < 2) {
            return 0;
        }
        if (f->step == STEP_BLANK && f->blank) {
            mailproto__out(r, ' ');
            f->blank = 0;
        } else if (f->step == STEP_BREAK && f->soft) {
            if (f->soft == 2) {
                mailproto__out(r, '\r');
            }
            mailproto__out(r, '\n');
            f->soft = 0;
        } else if (f->step == STEP_MARKS && f->marks > 0) {
            mailproto__out(r, '>');
            f->marks--;
        } else if (f->step == STEP_SPACE && f->stuffed) {
            mailproto__out(r, ' ');
            f->stuffed = 0;
        } else if (f->step == STEP_HELD && f->column < f->held) {
            mailproto__out(r, (unsigned char)separator[f->column]);
            f->column++;
        } else {
            f->step = (uint8_t)(f->step == STEP_HELD ? STEP_NONE : f->step + 1);
        }
    }
    f->held = 0;
    return 1;
}

/* It is known what kind of line this is: what stands before its text. `apart`: it does
 * not continue the paragraph; `next`: its first octet, 0 for none. */
static void decide(struct mailproto__codec *c, int apart, unsigned char next)
{
    struct mailproto__flowed *f = &c->u.flowed;
    f->column = 0;
    if (f->soft && !apart && f->depth == f->before) {
        /* 4.1: with DelSp the space that made the line flowed goes. */
        if (c->flags & MAILPROTO_CODEC_DELSP) {
            f->blank = 0;
        }
        f->soft = 0;
        f->marks = 0;
        f->stuffed = 0;
    } else {
        /* 4.5: where the depth changes the paragraph has ended. */
        f->marks = f->depth;
        f->stuffed = f->depth > 0 ? next != 0 : f->stuffed && next == '>';
    }
    f->before = f->depth;
    f->step = STEP_BLANK;
    f->state = BODY;
}

/* LF: the line has ended, with what is held. 0: no room. */
static int end_line(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    int sign = f->state == MATCH && f->held == sizeof separator;
    if (f->state != BODY) {
        /* `-- ` is not flowed and continues nothing (4.3). An empty line is fixed. */
        decide(c, sign, f->held > 0 ? '-' : 0);
    }
    if (!put_before(c, r)) {
        return 0;
    }
    if (f->blank && !sign) {
        f->soft = f->cr ? 2 : 1;
    } else {
        if (mailproto__out_left(r) < 2) {
            return 0;
        }
        if (f->cr) {
            mailproto__out(r, '\r');
        }
        mailproto__out(r, '\n');
    }
    f->cr = 0;
    f->depth = 0;
    f->stuffed = 0;
    f->state = QUOTES;
    return 1;
}

/* What was held turned out to be text: 0: no room. */
static int put_held(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    if (mailproto__out_left(r) < 2) {
        return 0;
    }
    if (f->blank) {
        mailproto__out(r, ' ');
        f->blank = 0;
    }
    if (f->cr) {
        mailproto__out(r, '\r');
        f->cr = 0;
    }
    return 1;
}

/* Text up to a line end; the last blank is held. */
static void take_run(struct mailproto__flowed *f, struct mailproto__run *r)
{
    const unsigned char *in = r->in + r->used;
    size_t n = mailproto__in_left(r);
    const unsigned char *end;
    if (n > mailproto__out_left(r)) {
        n = mailproto__out_left(r);
    }
    end = n > 0 ? (const unsigned char *)memchr(in, '\n', n) : NULL;
    n = end != NULL ? (size_t)(end - in) : n;
    end = n > 0 ? (const unsigned char *)memchr(in, '\r', n) : NULL;
    n = end != NULL ? (size_t)(end - in) : n;
    if (n == 0) {
        return;
    }
    memmove(r->out + r->put, in, n);
    r->used += n;
    r->put += n;
    if (in[n - 1] == ' ') {
        f->blank = 1;
        r->put--;
    }
}

/* An octet before the text of its line, or the first of it; 0: no room. */
static int take_start(struct mailproto__codec *c, struct mailproto__run *r,
                      unsigned char octet)
{
    struct mailproto__flowed *f = &c->u.flowed;
    if (f->state == QUOTES) {
        if (octet == '>' && !f->cr) {
            f->depth += f->depth < UINT32_MAX ? 1U : 0U;
            r->used++;
        } else {
            f->state = STUFF;
        }
    } else if (f->state == STUFF) {
        f->state = MATCH;
        if (octet == ' ' && !f->cr) {
            f->stuffed = 1;
            r->used++;
        }
    } else if (f->held < sizeof separator && !f->cr &&
               octet == (unsigned char)separator[f->held]) {
        f->held++;
        r->used++;
    } else {
        decide(c, 0, f->held > 0 ? '-' : f->cr ? '\r' : octet);
        return put_before(c, r);
    }
    return 1;
}

/* The next octet; 0: no room. */
static int take_octet(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    unsigned char octet = r->in[r->used];
    if (octet == '\n') {
        if (!end_line(c, r)) {
            return 0;
        }
        r->used++;
    } else if (octet == '\r' && !f->cr) {
        f->cr = 1;
        r->used++;
    } else if (f->state != BODY) {
        return take_start(c, r, octet);
    } else if (f->cr || f->blank) {
        return put_held(c, r);
    }
    return 1;
}

/* The end of the text; 0: no room. */
static int take_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    int empty = f->depth == 0 && f->held == 0 && !f->stuffed && !f->cr;
    if (f->state != BODY && (f->soft || !empty)) {
        decide(c, empty || f->held == sizeof separator, f->held > 0 ? '-' : 0);
    }
    return put_before(c, r) && put_held(c, r);
}

mailproto_status mailproto__flowed_decode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__flowed *f = &c->u.flowed;
    for (;;) {
        if (f->step != STEP_NONE && !put_before(c, r)) {
            return MAILPROTO_AGAIN;
        }
        if (f->state == BODY && !f->blank && !f->cr) {
            take_run(f, r);
        }
        if (r->used == r->in_len) {
            break;
        }
        if (mailproto__out_left(r) < 2 || !take_octet(c, r)) {
            return MAILPROTO_AGAIN;
        }
    }
    if ((flags & MAILPROTO_CODEC_FINAL) && !take_end(c, r)) {
        return MAILPROTO_AGAIN;
    }
    return MAILPROTO_OK;
}
