/*
 * Dot transparency in both directions. Knows CR, LF, NUL, dots and the policy for them;
 * must not know who sends content or keeps it.
 */
#include "wire/dot.h"

#include "core/mem.h"
#include "core/span.h"

/* Where in a line the next octet stands. */
enum {
    AT_START,  /* first of a line: at the very start, or behind CRLF */
    IN_LINE,   /* anywhere else */
    AFTER_CR,  /* behind a CR: received, it was delivered; sent, it is held back */
    AFTER_DOT, /* received: behind a dot at a line's start */
    DOT_CR     /* received: behind a dot at a line's start and CR, none delivered */
};

/* A word with each octet `octet`. */
#define EACH(octet) (~(size_t)0 / 255U * (size_t)(octet))

/* A word whose highest bits show octets below 16 (exact for the lowest of them; and none
 * is shown where there is none); its other bits mean nothing. */
static size_t small_octets(const char *at)
{
    size_t word;
    memcpy(&word, at, sizeof word);
    return (word - EACH(16)) & ~word;
}

/*
 * The offset of the first CR, LF or NUL from `i` on, or len. Word by word, because
 * lines are short and so is the way to the next of the three: one pass finds all, and
 * no input can make it look at an octet again.
 */
static size_t find_special(const char *at, size_t i, size_t len)
{
    const size_t word = sizeof(size_t);
    size_t words = len >= 2 * word ? len - 2 * word + 1 : 0; /* where two can begin */
    while (i < len) {
        size_t stop;
        while (i < words && ((small_octets(at + i) | small_octets(at + i + word)) &
                             EACH(128)) == 0) {
            i += 2 * word;
        }
        if (i < words && (small_octets(at + i) & EACH(128)) == 0) {
            i += word;
        }
        stop = i < words ? i + word : len;
        for (; i < stop; i++) {
            unsigned char c = (unsigned char)at[i];
            if (c <= '\r' && (c == '\r' || c == '\n' || c == '\0')) {
                return i;
            }
        }
    }
    return len;
}

/* ---- received content ------------------------------------------------------------ */

/* Notes what stands at `at`, an offset in the whole content. */
static void note(struct mailproto__undot *u, uint8_t what, uint64_t at)
{
    int bad = u->policy == MAILPROTO__REFUSE ||
              (u->policy == MAILPROTO__REPAIR && what == MAILPROTO__DOT_NUL);
    u->seen |= what;
    if (u->policy == MAILPROTO__REPAIR && what == MAILPROTO__DOT_BARE) {
        u->seen |= MAILPROTO__DOT_REPAIRED;
    }
    if (bad && !u->bad_at) {
        u->bad_at = 1;
        u->bad_offset = at;
    }
}

/* One call of mailproto__undot_next(). */
struct receive {
    mailproto_bytes in;
    size_t i;     /* octets looked at */
    size_t start; /* of the run so far */
    mailproto_bytes run;
};

/* Gives out the run so far, if there is one. */
static enum mailproto__undot_result flush(struct receive *r)
{
    r->run = mailproto__span(r->in.ptr + r->start, r->i - r->start);
    r->start = r->i;
    return r->run.len > 0 ? MAILPROTO__UNDOT_RUN : MAILPROTO__UNDOT_MORE;
}

/* RFC 5321 4.5.2: the first dot of a line is removed. */
static enum mailproto__undot_result at_start(struct mailproto__undot *u,
                                             struct receive *r)
{
    enum mailproto__undot_result result;
    if (r->in.ptr[r->i] != '.') {
        u->state = IN_LINE;
        return MAILPROTO__UNDOT_MORE;
    }
    u->state = AFTER_DOT;
    result = flush(r);
    r->i++;
    r->start = r->i;
    return result;
}

static void after_dot(struct mailproto__undot *u, struct receive *r)
{
    u->state = IN_LINE;
    if (r->in.ptr[r->i] == '\r') {
        u->state = DOT_CR;
        r->i++;
        r->start = r->i;
    }
}

/* The end mark, or a CR that is content. */
static enum mailproto__undot_result after_dot_cr(struct mailproto__undot *u,
                                                 struct receive *r)
{
    if (r->in.ptr[r->i] == '\n') {
        r->i++;
        u->state = AT_START;
        return MAILPROTO__UNDOT_END;
    }
    note(u, MAILPROTO__DOT_BARE, u->offset + r->i - 1);
    u->state = IN_LINE;
    r->run = u->policy == MAILPROTO__REPAIR ? MAILPROTO__LITERAL("\r\n")
                                            : MAILPROTO__LITERAL("\r");
    return MAILPROTO__UNDOT_RUN;
}

/*
 * Behind a CR that is content already. A line that repair has ended is no line on the
 * wire: neither a dot to remove nor the end mark may follow it (RFC 5321 4.1.1.4).
 */
static enum mailproto__undot_result after_cr(struct mailproto__undot *u,
                                             struct receive *r)
{
    if (r->in.ptr[r->i] == '\n') {
        r->i++;
        u->state = AT_START;
        return MAILPROTO__UNDOT_MORE;
    }
    if (u->policy == MAILPROTO__REPAIR && r->i > r->start) {
        return flush(r); /* and then the LF, by the next call */
    }
    note(u, MAILPROTO__DOT_BARE, u->offset + r->i - 1);
    u->state = IN_LINE;
    if (u->policy == MAILPROTO__REPAIR) {
        r->run = MAILPROTO__LITERAL("\n");
        return MAILPROTO__UNDOT_RUN;
    }
    return MAILPROTO__UNDOT_MORE;
}

/* Goes on in a line and through the lines behind it, up to the next place where the run
 * must be cut. The state tells what stands there; IN_LINE: a bare LF to repair, or the
 * end of the input. */
static void skip_lines(struct mailproto__undot *u, struct receive *r)
{
    const char *in = r->in.ptr;
    size_t len = r->in.len;
    size_t i = r->i;
    for (;; i++) {
        i = find_special(in, i, len);
        if (i == len) {
            break;
        }
        if (in[i] == '\0') {
            note(u, MAILPROTO__DOT_NUL, u->offset + i);
        } else if (in[i] == '\n') {
            note(u, MAILPROTO__DOT_BARE, u->offset + i);
            if (u->policy == MAILPROTO__REPAIR) {
                break;
            }
        } else if (i + 1 == len || in[i + 1] != '\n') {
            u->state = AFTER_CR;
            i++;
            break;
        } else {
            i++;
            if (i + 1 == len || in[i + 1] == '.') {
                u->state = AT_START;
                i++;
                break;
            }
        }
    }
    r->i = i;
}

static enum mailproto__undot_result in_line(struct mailproto__undot *u,
                                            struct receive *r)
{
    skip_lines(u, r);
    if (u->state != IN_LINE || r->i == r->in.len) {
        return MAILPROTO__UNDOT_MORE;
    }
    if (r->i > r->start) {
        return flush(r);
    }
    r->run = MAILPROTO__LITERAL("\r\n");
    r->i++;
    return MAILPROTO__UNDOT_RUN;
}

enum mailproto__undot_result mailproto__undot_next(struct mailproto__undot *u,
                                                   mailproto_bytes in, size_t *used,
                                                   mailproto_bytes *run)
{
    enum mailproto__undot_result result = MAILPROTO__UNDOT_MORE;
    struct receive r;
    memset(&r, 0, sizeof r);
    r.in = in;
    while (r.i < in.len && result == MAILPROTO__UNDOT_MORE) {
        switch (u->state) {
        case AT_START:
            result = at_start(u, &r);
            break;
        case AFTER_DOT:
            after_dot(u, &r);
            break;
        case DOT_CR:
            result = after_dot_cr(u, &r);
            break;
        case AFTER_CR:
            result = after_cr(u, &r);
            break;
        default:
            result = in_line(u, &r);
            break;
        }
    }
    if (result == MAILPROTO__UNDOT_MORE && r.i > r.start) {
        result = flush(&r);
    }
    u->offset += r.i;
    *used = r.i;
    *run = r.run;
    return result;
}

/* ---- content to send --------------------------------------------------------------- */

/* One unit of mailproto__stuff_put(). */
struct copy {
    const char *in;
    size_t in_len, used;
    char *out;
    size_t out_cap, put;
};

static void put_crlf(struct copy *c)
{
    c->out[c->put] = '\r';
    c->out[c->put + 1] = '\n';
    c->put += 2;
}

/* Copies the longest run that needs nothing but copying; what stops it stands at
 * in[used]. A CR is left for the next step. */
static void copy_run(struct mailproto__stuff *d, struct copy *c)
{
    const char *in = c->in;
    size_t start = c->used;
    size_t room = c->out_cap - c->put;
    size_t end = c->in_len - start < room ? c->in_len : start + room;
    size_t i = start;
    for (;;) {
        size_t stop = find_special(in, i, end);
        if (stop > i) {
            d->state = IN_LINE;
        }
        i = stop;
        if (end - i < 2 || in[i] != '\r' || in[i + 1] != '\n') {
            break;
        }
        i += 2;
        d->state = AT_START;
        if (i == end || in[i] == '.') {
            break;
        }
    }
    if (i > start) {
        memcpy(c->out + c->put, in + start, i - start);
    }
    c->put += i - start;
    c->used = i;
}

/* A CR or LF that stands alone, `width` octets of it still in the input. */
static mailproto_status bare(struct mailproto__stuff *d, struct copy *c, char octet,
                             size_t width)
{
    d->seen |= MAILPROTO__DOT_BARE;
    if (d->policy == MAILPROTO__REFUSE) {
        return MAILPROTO_ERR_BARE_LINE_END;
    }
    if (d->policy == MAILPROTO__REPAIR) {
        put_crlf(c);
        d->seen |= MAILPROTO__DOT_REPAIRED;
        d->state = AT_START; /* on the wire a line begins here: its dot is stuffed */
    } else {
        c->out[c->put] = octet;
        c->put++;
        d->state = IN_LINE; /* RFC 5321 4.5.2 knows lines that CRLF ends */
    }
    c->used += width;
    return MAILPROTO_OK;
}

static mailproto_status nul(struct mailproto__stuff *d, struct copy *c)
{
    d->seen |= MAILPROTO__DOT_NUL;
    if (d->policy != MAILPROTO__PASS) {
        return MAILPROTO_ERR_NUL;
    }
    c->out[c->put] = '\0';
    c->put++;
    c->used++;
    d->state = IN_LINE;
    return MAILPROTO_OK;
}

/* What copy_run() leaves: one of CR, LF, NUL at in[used], and room for two octets. */
static mailproto_status special(struct mailproto__stuff *d, struct copy *c)
{
    char octet = c->in[c->used];
    if (octet == '\0') {
        return nul(d, c);
    }
    if (octet == '\n') {
        return bare(d, c, '\n', 1);
    }
    if (c->used + 1 < c->in_len && c->in[c->used + 1] == '\n') {
        put_crlf(c);
        c->used += 2;
        d->state = AT_START;
        return MAILPROTO_OK;
    }
    if (c->used + 1 < c->in_len && d->policy == MAILPROTO__REFUSE) {
        return bare(d, c, '\r', 1);
    }
    d->state = AFTER_CR; /* held back */
    c->used++;
    return MAILPROTO_OK;
}

/* Octets of output that a step needs. A CR held back is decided by the octet behind it,
 * which must then be taken too: the state never depends on what was not taken. */
static size_t step_needs(const struct mailproto__stuff *d)
{
    return d->state == AFTER_CR ? 4 : 2;
}

/* One step of mailproto__stuff_put(): at least an octet of input, and step_needs() of
 * output. */
static mailproto_status step(struct mailproto__stuff *d, struct copy *c)
{
    char octet = c->in[c->used];
    if (d->state == AFTER_CR) {
        if (octet != '\n') {
            return bare(d, c, '\r', 0);
        }
        put_crlf(c);
        c->used++;
        d->state = AT_START;
        return MAILPROTO_OK;
    }
    if (d->state == AT_START && octet == '.') {
        c->out[c->put] = '.'; /* RFC 5321 4.5.2 */
        c->out[c->put + 1] = '.';
        c->put += 2;
        c->used++;
        d->state = IN_LINE;
        return MAILPROTO_OK;
    }
    if (octet != '\r' && octet != '\n' && octet != '\0') {
        copy_run(d, c);
        return MAILPROTO_OK;
    }
    return special(d, c);
}

mailproto_status mailproto__stuff_put(struct mailproto__stuff *d, const char *in,
                                      size_t in_len, size_t *used, char *out,
                                      size_t out_cap, size_t *put)
{
    mailproto_status status = MAILPROTO_OK;
    struct copy c;
    c.in = in;
    c.in_len = in_len;
    c.used = 0;
    c.out = out;
    c.out_cap = out_cap;
    c.put = 0;
    while (status == MAILPROTO_OK && c.used < c.in_len &&
           c.out_cap - c.put >= step_needs(d)) {
        status = step(d, &c);
    }
    *used = c.used;
    *put = c.put;
    return status;
}

size_t mailproto__stuff_end(struct mailproto__stuff *d, char *out,
                            mailproto_status *status)
{
    struct copy c;
    memset(&c, 0, sizeof c);
    c.out = out;
    *status = MAILPROTO_OK;
    if (d->state == AFTER_CR) {
        *status = bare(d, &c, '\r', 0);
        if (*status != MAILPROTO_OK) {
            return 0;
        }
    }
    if (d->state != AT_START) {
        put_crlf(&c);
        d->seen |= MAILPROTO__DOT_REPAIRED;
        d->state = AT_START;
    }
    out[c.put] = '.';
    c.put++;
    put_crlf(&c);
    return c.put;
}
