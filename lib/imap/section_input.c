/*
 * The stored octets of a section, one stretch after the other: from memory or through a
 * window, line ends as CRLF, lines of fields that are not wanted left out. Must not know
 * what comes of the octets, nor how many are wanted.
 */
#include "imap/section.h"

#include "core/mem.h"
#include "core/span.h"
#include "message/split_name.h"

enum { RUN_MAX = 16384 }; /* looked through at once: it stays in the cache */

/* ---- stored octets ------------------------------------------------------------------ */

mailproto_status mailproto__section_stored(const struct mailproto__section *s,
                                           uint64_t offset, char *to, size_t cap,
                                           size_t *got)
{
    mailproto_status st;
    *got = 0;
    if (cap > s->what.end - offset) {
        cap = (size_t)(s->what.end - offset);
    }
    if (s->source->data != NULL) {
        memcpy(to, (const char *)s->source->data + offset, cap);
        *got = cap;
        return MAILPROTO_OK;
    }
    st = s->source->read_at(s->source->ctx, offset, to, cap, got);
    if (st == MAILPROTO_OK && (*got == 0 || *got > cap)) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st != MAILPROTO_OK) {
        *got = 0;
    }
    return st == MAILPROTO_EOF ? (mailproto_status)MAILPROTO_ERR_EOF : st;
}

void mailproto__section_rewind(struct mailproto__section *s)
{
    s->at = 0;
    s->offset = s->what.start;
    s->head = 0;
    s->tail = 0;
    s->run = 0;
    s->line_end = 0;
    s->after_cr = 0;
    s->at_line = s->what.mode == MAILPROTO__SECTION_FIELDS;
    s->wanted = s->names.except;
    s->scratch_head = 0;
    s->scratch_tail = 0;
    s->decoded = 0;
    s->nul = 0;
    if (s->what.mode == MAILPROTO__SECTION_DECODE) {
        (void)mailproto_decoder_init(&s->codec, s->what.encoding, 0);
    }
}

/* What is there, from `offset` on. */
static mailproto_bytes view(const struct mailproto__section *s)
{
    if (s->source->data != NULL) { /* open() saw that it fits */
        return mailproto__span((const char *)s->source->data + s->offset,
                               (size_t)(s->what.end - s->offset));
    }
    return mailproto__span(s->window + s->head, s->tail - s->head);
}

static int has_all(const struct mailproto__section *s, mailproto_bytes v)
{
    return v.len == s->what.end - s->offset;
}

/* More octets behind those that are there. Nobody looks further ahead than the window. */
static mailproto_status read_more(struct mailproto__section *s)
{
    size_t kept = s->tail - s->head;
    size_t got;
    mailproto_status st;
    if (s->head > 0) {
        memmove(s->window, s->window + s->head, kept);
        s->head = 0;
        s->tail = kept;
    }
    st = mailproto__section_stored(s, s->offset + kept, s->window + kept,
                                   s->window_size - kept, &got);
    s->tail += got;
    return st;
}

static void use(struct mailproto__section *s, size_t n)
{
    s->offset += n;
    if (s->source->data == NULL) {
        s->head += n;
    }
}

/* ---- lines ------------------------------------------------------------------------------ */

/* A line begins: is it wanted? 0: more octets are needed. */
static int judge_line(struct mailproto__section *s, mailproto_bytes v)
{
    struct mailproto__name name;
    char c = v.ptr[0];
    if (c == '\r' && v.len < 2 && !has_all(s, v)) {
        return 0;
    }
    if (c == '\n' || (c == '\r' && v.len > 1 && v.ptr[1] == '\n')) {
        s->wanted = 1; /* RFC 9051 6.4.5.1: subsetting leaves the blank line */
    } else if (c != ' ' && c != '\t') { /* else the field goes on (RFC 5322 2.2.3) */
        if (!mailproto__split_name(v, has_all(s, v), &name)) {
            return 0;
        }
        /* A line that is no field matches no name: it is in all of them but those. */
        s->wanted = name.junk ? s->names.except
                              : (uint8_t)mailproto__section_wants(
                                    &s->names, mailproto__span(v.ptr, name.len));
    }
    s->at_line = 0;
    return 1;
}

static void pass_line(struct mailproto__section *s, mailproto_bytes v)
{
    const char *lf = (const char *)memchr(v.ptr, '\n', v.len);
    s->at_line = lf != NULL;
    s->after_cr = 0;
    use(s, lf != NULL ? (size_t)(lf - v.ptr) + 1 : v.len);
}

/* Octets that stay as they are: up to an LF without CR. Of a header one line at most. */
static size_t find_run(const struct mailproto__section *s, mailproto_bytes v)
{
    size_t len = v.len < RUN_MAX ? v.len : (size_t)RUN_MAX;
    size_t from = 0;
    while (from < len) {
        const char *lf = (const char *)memchr(v.ptr + from, '\n', len - from);
        size_t at;
        if (lf == NULL) {
            return len;
        }
        at = (size_t)(lf - v.ptr);
        if (at > 0 ? v.ptr[at - 1] != '\r' : !s->after_cr) {
            return at;
        }
        from = at + 1;
        if (s->what.mode == MAILPROTO__SECTION_FIELDS) {
            break;
        }
    }
    return from;
}

/* An LF without CR comes first: CRLF will be given for it. */
static void begin_line_end(struct mailproto__section *s)
{
    use(s, 1);
    s->line_end = 2;
    s->after_cr = 0;
    s->at_line = s->what.mode == MAILPROTO__SECTION_FIELDS;
}

mailproto_status mailproto__section_peek(struct mailproto__section *s,
                                         mailproto_bytes *next)
{
    for (;;) {
        mailproto_bytes v = view(s);
        int need = v.len == 0;
        if (s->line_end > 0) {
            *next = mailproto__span(&"\r\n"[2 - s->line_end], s -> line_end);
            return MAILPROTO_OK;
        }
        if (s->offset == s->what.end) {
            return MAILPROTO_EOF;
        }
        if (!need && s->at_line) {
            need = !judge_line(s, v);
        }
        if (need) {
            mailproto_status st = read_more(s);
            if (st != MAILPROTO_OK) {
                return st;
            }
        } else if (s->what.mode == MAILPROTO__SECTION_FIELDS && !s->wanted) {
            pass_line(s, v);
        } else if (!s->what.convert) {
            *next = v;
            return MAILPROTO_OK;
        } else {
            if (s->run == 0) {
                s->run = find_run(s, v);
            }
            if (s->run > 0) {
                *next = mailproto__span(v.ptr, s->run);
                return MAILPROTO_OK;
            }
            begin_line_end(s);
        }
    }
}

void mailproto__section_take(struct mailproto__section *s, mailproto_bytes next,
                             size_t n)
{
    if (n == 0) {
        return;
    }
    if (s->line_end > 0) {
        s->line_end = (uint8_t)(s->line_end - n);
        return;
    }
    if (s->what.convert) {
        s->run -= n;
        s->after_cr = next.ptr[n - 1] == '\r';
        s->at_line =
            s->what.mode == MAILPROTO__SECTION_FIELDS && next.ptr[n - 1] == '\n';
    }
    use(s, n);
}
