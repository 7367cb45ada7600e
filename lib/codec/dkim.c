/*
 * The canonical forms of a body and of a field (RFC 6376 3.4), and tag lists (RFC 6376
 * 3.2). Knows line ends and blanks; must not know hashes, keys or which fields are signed.
 */
#include <mailproto/mbox.h>

#include "codec/machine.h"

static mailproto_status init(mailproto_codec *c, enum mailproto__codec_kind kind,
                             uint32_t form)
{
    struct mailproto__codec b;
    if (form > MAILPROTO_DKIM_RELAXED) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__codec_begin(&b, kind, 0);
    b.u.dkim.relaxed = form == MAILPROTO_DKIM_RELAXED;
    mailproto__codec_store(c, &b);
    return MAILPROTO_OK;
}

mailproto_status mailproto_dkim_body_init(mailproto_codec *c, uint32_t form)
{
    return init(c, MAILPROTO__CODEC_DKIM_BODY, form);
}

mailproto_status mailproto_dkim_field_init(mailproto_codec *c, uint32_t form)
{
    return init(c, MAILPROTO__CODEC_DKIM_FIELD, form);
}

/* The line ends that are held; 0: no room for all of them. */
static int put_ends(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__dkim *d = &c->u.dkim;
    while (d->ends > 0) {
        if (mailproto__out_left(r) < 2) {
            return 0;
        }
        mailproto__out(r, '\r');
        mailproto__out(r, '\n');
        d->ends--;
    }
    return 1;
}

/* All that is held, now that an octet follows which is no blank and no line end; 0: no
 * room. */
static int put_held(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__dkim *d = &c->u.dkim;
    if (!put_ends(c, r) || mailproto__out_left(r) < 2) {
        return 0;
    }
    if (d->blank) {
        mailproto__out(r, ' ');
        d->blank = 0;
    }
    if (d->cr) {
        mailproto__out(r, '\r');
        d->cr = 0;
    }
    d->begun = 1;
    return 1;
}

/* A line end, CRLF or LF. */
static void end_line(struct mailproto__codec *c, struct mailproto__run *r)
{
    c->u.dkim.ends++;
    c->u.dkim.cr = 0;
    c->u.dkim.blank = 0; /* RFC 6376 3.4.4: blanks at a line's end go */
    r->used++;
}

/* Where the next octets of three kinds are, so that each octet is looked for once. */
struct marks {
    const unsigned char *line, *space, *tab;
};

static const unsigned char *find(const unsigned char *from, const unsigned char *end,
                                 int octet)
{
    const unsigned char *at =
        from < end ? (const unsigned char *)memchr(from, octet, (size_t)(end - from))
                   : NULL;
    return at != NULL ? at : end;
}

/* The end of what goes out as it is: the next line end, or blank when they matter. */
static const unsigned char *run_end(const struct mailproto__codec *c,
                                    const struct mailproto__run *r, struct marks *m)
{
    const unsigned char *at = r->in + r->used;
    const unsigned char *end = r->in + r->in_len;
    if (m->line == NULL || m->line < at) {
        m->line = find(at, end, '\n');
    }
    if (!c->u.dkim.relaxed) {
        return m->line;
    }
    /* Not looked for beyond the line: a mark that is found there is no mark of this one. */
    if (m->space == NULL || m->space < at) {
        m->space = find(at, m->line, ' ');
    }
    if (m->tab == NULL || m->tab < at) {
        m->tab = find(at, m->line, '\t');
    }
    end = m->space < m->tab ? m->space : m->tab;
    return end < m->line ? end : m->line;
}

/* Octets up to `end`, all but a CR that may be half a line end; 0: no room. */
static int copy_run(struct mailproto__codec *c, struct mailproto__run *r,
                    const unsigned char *end)
{
    size_t n = (size_t)(end - (r->in + r->used));
    size_t room;
    int last_cr =
        r->in[r->used + n - 1] == '\r' && (r->used + n == r->in_len || *end == '\n');
    if (n == 1 && last_cr && !c->u.dkim.cr) {
        c->u.dkim.cr = 1;
        r->used++;
        return 1;
    }
    if (!put_held(c, r)) {
        return 0;
    }
    n -= last_cr ? 1U : 0U;
    room = mailproto__out_left(r);
    if (n > room) {
        n = room;
    }
    if (n > 0) {
        memcpy(r->out + r->put, r->in + r->used, n);
        r->put += n;
        r->used += n;
    }
    return n > 0 || last_cr;
}

/* The end. 3.4.3: no body is a CRLF; 3.4.4: no body is nothing. Else one CRLF ends it. */
static mailproto_status end_body(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__dkim *d = &c->u.dkim;
    if (d->cr && !put_held(c, r)) {
        return MAILPROTO_AGAIN;
    }
    if (d->begun || !d->relaxed) {
        if (mailproto__out_left(r) < 2) {
            return MAILPROTO_AGAIN;
        }
        mailproto__out(r, '\r');
        mailproto__out(r, '\n');
    }
    d->finished = 1;
    return MAILPROTO_OK;
}

mailproto_status mailproto__dkim_body(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__dkim *d = &c->u.dkim;
    struct marks m = {NULL, NULL, NULL};
    while (r->used < r->in_len) {
        unsigned char octet = r->in[r->used];
        if (octet == '\n') {
            end_line(c, r);
        } else if (d->relaxed && (octet == ' ' || octet == '\t')) {
            if (d->cr && !put_held(c, r)) { /* the CR stood alone */
                return MAILPROTO_AGAIN;
            }
            d->blank = 1;
            r->used++;
        } else if (!copy_run(c, r, run_end(c, r, &m))) {
            return MAILPROTO_AGAIN;
        }
    }
    if ((flags & MAILPROTO_CODEC_FINAL) && !d->finished) {
        return end_body(c, r);
    }
    return MAILPROTO_OK;
}

/* ---- a field ------------------------------------------------------------------------- */

/* 3.4.1: as it is, but that a LF alone is the line end that CRLF is on the wire. */
static mailproto_status field_simple(struct mailproto__codec *c,
                                     struct mailproto__run *r)
{
    struct mailproto__dkim *d = &c->u.dkim;
    while (r->used < r->in_len) {
        const unsigned char *in = r->in + r->used;
        size_t n;
        if (mailproto__out_left(r) < 2) {
            return MAILPROTO_AGAIN;
        }
        if (*in == '\n') {
            if (!d->cr) {
                mailproto__out(r, '\r');
            }
            mailproto__out(r, '\n');
            r->used++;
            d->cr = 0;
            continue;
        }
        n = (size_t)(find(in, r->in + r->in_len, '\n') - in);
        if (n > mailproto__out_left(r)) {
            n = mailproto__out_left(r);
        }
        memcpy(r->out + r->put, in, n);
        r->put += n;
        r->used += n;
        d->cr = in[n - 1] == '\r';
    }
    return MAILPROTO_OK;
}

/* 3.4.2: an octet that is no blank and no part of a line end, or the CR that is held and
 * turned out to be none; 0: no room. */
static int put_relaxed(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__dkim *d = &c->u.dkim;
    unsigned char octet = r->in[r->used];
    if (mailproto__out_left(r) < 2) {
        return 0;
    }
    d->ends = 0; /* it was a fold */
    if (octet == ':' && !d->value && !d->cr) {
        d->blank = 0; /* blanks around the colon go */
        d->begun = 0;
        d->value = 1;
        mailproto__out(r, ':');
        r->used++;
        return 1;
    }
    if (d->blank && d->begun) {
        mailproto__out(r, ' ');
    }
    d->blank = 0;
    d->begun = 1;
    if (d->cr) {
        mailproto__out(r, '\r');
        d->cr = 0;
        return 1;
    }
    if (!d->value && octet >= 'A' && octet <= 'Z') {
        octet = (unsigned char)(octet + 32);
    }
    mailproto__out(r, octet);
    r->used++;
    return 1;
}

/* The next octet; 0: no room. */
static int take_relaxed(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__dkim *d = &c->u.dkim;
    unsigned char octet = r->in[r->used];
    if (octet == '\n') { /* a fold, if anything follows */
        d->cr = 0;
        d->ends = 1;
    } else if (d->cr || (octet != '\r' && octet != ' ' && octet != '\t')) {
        return put_relaxed(c, r);
    } else if (octet == '\r') {
        d->cr = 1;
    } else {
        d->blank = 1;
        d->ends = 0; /* what ended the line was a fold */
    }
    r->used++;
    return 1;
}

static mailproto_status field_relaxed(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__dkim *d = &c->u.dkim;
    while (r->used < r->in_len) {
        if (!take_relaxed(c, r)) {
            return MAILPROTO_AGAIN;
        }
    }
    if ((flags & MAILPROTO_CODEC_FINAL) && !d->finished) {
        if (mailproto__out_left(r) < 4) {
            return MAILPROTO_AGAIN;
        }
        if (d->cr) {
            if (d->blank && d->begun) {
                mailproto__out(r, ' ');
            }
            mailproto__out(r, '\r');
            d->ends = 0;
        }
        if (d->ends > 0) {
            mailproto__out(r, '\r');
            mailproto__out(r, '\n');
        }
        d->finished = 1;
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__dkim_field(struct mailproto__codec *c,
                                       struct mailproto__run *r, uint32_t flags)
{
    return c->u.dkim.relaxed ? field_relaxed(c, r, flags) : field_simple(c, r);
}
