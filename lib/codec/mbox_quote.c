/*
 * The filter that makes a message fit for a mailbox file (mboxrd): lines that could be
 * taken for a From_ line get a `>`, and a blank line ends it. Knows lines only; must not
 * know what a mailbox or a message is.
 */
#include <mailproto/mbox.h>

#include "codec/machine.h"

static const unsigned char word[5] = {'F', 'r', 'o', 'm', ' '};

/* Where in a line the next octet stands. */
enum {
    LINE_BEGIN, /* only `>` came so far, and `matched` octets of the word */
    LINE_INSIDE
};

/* What was said of the end. */
enum { END_OPEN, END_LINE, END_BLANK, END_DONE };

mailproto_status mailproto_mbox_quote_init(mailproto_codec *c)
{
    struct mailproto__codec b;
    mailproto__codec_begin(&b, MAILPROTO__CODEC_MBOX_QUOTE, 0);
    mailproto__codec_store(c, &b);
    return MAILPROTO_OK;
}

/* Gives out what of the word is held, behind one more `>` if `quote`; 0: no room. */
static int put_held(struct mailproto__codec *c, struct mailproto__run *r, int quote)
{
    struct mailproto__quote *q = &c->u.quote;
    if (mailproto__out_left(r) < q->matched + (quote ? 1U : 0U)) {
        return 0;
    }
    if (quote) {
        mailproto__out(r, '>');
    }
    if (q->matched > 0) {
        memcpy(r->out + r->put, word, q->matched);
        r->put += q->matched;
        q->matched = 0;
    }
    q->state = LINE_INSIDE;
    return 1;
}

/* Octets while it is open whether the line must be quoted; 0: no room. */
static int take_begin(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__quote *q = &c->u.quote;
    unsigned char octet = r->in[r->used];
    if (octet == '>' && q->matched == 0) {
        if (mailproto__out_left(r) == 0) {
            return 0;
        }
        mailproto__out(r, '>');
        q->marked = 1;
        r->used++;
        return 1;
    }
    if (octet != word[q->matched]) {
        return put_held(c, r, 0);
    }
    if (q->matched == sizeof word - 1) {
        q->matched++;
        if (!put_held(c, r, 1)) {
            q->matched--;
            return 0;
        }
    } else {
        q->matched++;
    }
    r->used++;
    return 1;
}

/* The rest of a line as it is; 0: no room. */
static int take_line(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__quote *q = &c->u.quote;
    const unsigned char *in = r->in + r->used;
    const unsigned char *end;
    size_t n = mailproto__in_left(r);
    if (n > mailproto__out_left(r)) {
        n = mailproto__out_left(r);
    }
    if (n == 0) {
        return 0;
    }
    end = (const unsigned char *)memchr(in, '\n', n);
    if (end != NULL) {
        n = (size_t)(end - in) + 1;
        q->crlf = n > 1 ? in[n - 2] == '\r' : q->cr;
        q->state = LINE_BEGIN;
        q->marked = 0;
    }
    q->cr = in[n - 1] == '\r';
    memcpy(r->out + r->put, in, n);
    r->put += n;
    r->used += n;
    return 1;
}

static int put_line_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    if (mailproto__out_left(r) < 2) {
        return 0;
    }
    if (c->u.quote.crlf) {
        mailproto__out(r, '\r');
    }
    mailproto__out(r, '\n');
    return 1;
}

/* The end of the last line, and the blank line; 0: no room. */
static int put_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__quote *q = &c->u.quote;
    if (q->end == END_OPEN) {
        if (q->matched > 0 && !put_held(c, r, 0)) {
            return 0;
        }
        q->end = q->state == LINE_INSIDE || q->marked ? END_LINE : END_BLANK;
    }
    while (q->end != END_DONE) {
        if (!put_line_end(c, r)) {
            return 0;
        }
        q->end++;
    }
    return 1;
}

mailproto_status mailproto__mbox_quote(struct mailproto__codec *c,
                                       struct mailproto__run *r, uint32_t flags)
{
    while (r->used < r->in_len) {
        if (c->u.quote.state == LINE_BEGIN ? !take_begin(c, r) : !take_line(c, r)) {
            return MAILPROTO_AGAIN;
        }
    }
    if ((flags & MAILPROTO_CODEC_FINAL) && !put_end(c, r)) {
        return MAILPROTO_AGAIN;
    }
    return MAILPROTO_OK;
}
