/*
 * The line framer. Knows CRLF; must not know what a line means.
 */
#include "wire/line.h"

#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"

enum mailproto__line_result mailproto__line_take(mailproto_session *s, size_t limit,
                                                 mailproto_bytes *line)
{
    struct mailproto__input *in = &s->in;
    size_t len;
    if (limit > in->cap) {
        limit = in->cap;
    }
    if (s->awaiting) {
        return MAILPROTO__LINE_NONE;
    }
    mailproto__input_begin(s);
    len = mailproto__input_line(s, limit);
    if (len > 0) {
        *line = mailproto__span(in->base + in->head, len - 2);
        mailproto__consume(s, len);
        in->scanned = 0;
        return MAILPROTO__LINE_OK;
    }
    if (in->tail - in->head >= limit) {
        *line = mailproto__span(in->base + in->head, limit);
        return MAILPROTO__LINE_FULL;
    }
    return MAILPROTO__LINE_NONE;
}

/* A piece out of `at`, `len` octets that lie at the front of the input. */
static int piece_of(mailproto_session *s, const char *at, size_t len, size_t whole,
                    mailproto_bytes *piece, int *end)
{
    *end = whole > 0;
    if (whole > 0) {
        *piece = mailproto__span(at, whole - 2);
        mailproto__consume(s, whole);
        s->in.scanned = 0;
        return 1;
    }
    if (len > 0 && at[len - 1] == '\r') {
        len--;
    }
    if (len == 0) {
        return 0;
    }
    *piece = mailproto__span(at, len);
    mailproto__consume(s, len);
    return 1;
}

int mailproto__line_piece(mailproto_session *s, mailproto_bytes *piece, int *end)
{
    struct mailproto__input *in = &s->in;
    size_t len;
    *end = 0;
    if (s->awaiting) {
        return 0;
    }
    mailproto__input_begin(s);
    if (in->head == in->tail) {
        size_t whole = mailproto__input_find(in->lent.ptr, in->lent.len, '\0');
        if (in->lent.len != 1 || in->lent.ptr[0] != '\r') {
            return piece_of(s, in->lent.ptr, in->lent.len, whole, piece, end);
        }
        /* A CR alone: it waits in the block for what follows. */
        mailproto__input_move(s, 1);
        return 0;
    }
    if (in->base[in->tail - 1] == '\r') {
        mailproto__input_move(s, 1);
    }
    len = in->tail - in->head;
    return piece_of(s, in->base + in->head, len,
                    mailproto__input_find(in->base + in->head, len, '\0'), piece, end);
}
