/*
 * Texts of any length as values of fields, a token a step: unstructured ones with encoded
 * words (RFC 2047), structured ones folded at their blanks. Knows folding; must not know
 * which field it is.
 */
#include "message/compose.h"

#include "codec/words_write.h"
#include "core/mem.h"
#include "core/span.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void put_fold(mailproto_compose *c)
{
    mailproto__compose_put(c, "\r\n", 2);
    c->column = 0;
    c->text.limit = MAILPROTO__COMPOSE_LINE;
}

/* ---- encoded words ---------------------------------------------------------------------- */

static mailproto_bytes part_of(mailproto_bytes t, size_t from, size_t to)
{
    return mailproto__span(t.ptr + from, to - from);
}

/* The next encoded word of the run, with what parts it from the one before. */
static void put_word(mailproto_compose *c, mailproto_bytes t)
{
    struct mailproto__compose_text *x = &c->text;
    char *out = c->scratch;
    size_t len = 0;
    size_t n;
    if (x->begun || c->column + MAILPROTO__WORDS_OVERHEAD + MAILPROTO__WORDS_LEAST >
                        MAILPROTO__WORDS_LINE) {
        memcpy(out, "\r\n ", 3);
        len = 3;
        c->column = 1;
    }
    n = mailproto__words_fit(part_of(t, x->at, x->run), x->q, 0, c->column);
    c->column -= (uint32_t)len;
    len += mailproto__words_put(part_of(t, x->at, x->at + n), x->q, 0, out + len);
    c->column += (uint32_t)len;
    x->at += n;
    x->begun = 1;
    x->limit = MAILPROTO__WORDS_LINE;
    mailproto__compose_put(c, out, len);
}

/* A run of segments that are encoded begins with `s`. */
static void start_run(mailproto_compose *c, mailproto_bytes t,
                      struct mailproto__words_segment s)
{
    size_t end = s.end;
    while (end < t.len) {
        struct mailproto__words_segment next = mailproto__words_segment(t, end, 0);
        if (!next.encode) {
            break;
        }
        end = next.end;
    }
    c->text.run = end;
    c->text.q = (uint8_t)mailproto__words_prefers_q(part_of(t, s.start, end), 0);
    c->text.begun = 0;
}

/* ---- tokens -------------------------------------------------------------------------------- */

int mailproto__compose_words(mailproto_compose *c, mailproto_bytes t)
{
    struct mailproto__compose_text *x = &c->text;
    struct mailproto__words_segment s;
    size_t width;
    if (x->at == t.len) {
        return 0;
    }
    if (x->at < x->run) {
        put_word(c, t);
        return 1;
    }
    s = mailproto__words_segment(t, x->at, 0);
    /* The blank before a run keeps it from what stands before, and is not in it. */
    width = s.encode ? 1U + MAILPROTO__WORDS_OVERHEAD + MAILPROTO__WORDS_LEAST
                     : s.end - s.start;
    if (s.encode) {
        x->limit = MAILPROTO__WORDS_LINE;
    }
    if (s.start > 0 && c->column > 0 && c->column + width > x->limit) {
        put_fold(c);
    } else if (s.encode) {
        start_run(c, t, s);
        if (s.start == 0) {
            put_word(c, t);
        } else {
            mailproto__compose_put(c, t.ptr + s.start, 1);
            c->column++;
            x->at++;
        }
    } else {
        mailproto__compose_put(c, t.ptr + s.start, s.end - s.start);
        c->column += (uint32_t)(s.end - s.start);
        x->at = s.end;
    }
    return 1;
}

int mailproto__compose_raw(mailproto_compose *c, mailproto_bytes t)
{
    struct mailproto__compose_text *x = &c->text;
    size_t i = x->at;
    if (i == t.len) {
        return 0;
    }
    while (i < t.len && is_blank(t.ptr[i])) {
        i++;
    }
    while (i < t.len && !is_blank(t.ptr[i])) {
        i++;
    }
    if (x->at > 0 && c->column > 0 && c->column + (i - x->at) > x->limit) {
        put_fold(c);
        return 1;
    }
    mailproto__compose_put(c, t.ptr + x->at, i - x->at);
    c->column += (uint32_t)(i - x->at);
    x->at = i;
    return 1;
}
