/*
 * Lines in the session's input. Knows CRLF and the two places where input lies; must not
 * know what a line means.
 */
#include "core/input.h"

#include "core/mem.h"
#include "core/span.h"

void mailproto__input_begin(mailproto_session *s)
{
    struct mailproto__input *in = &s->in;
    /* At the start of a line only, so that input which drips in costs no more. */
    if (s->secret_in && in->scanned == 0) {
        mailproto__wipe(in->base, in->head);
        mailproto__wipe(in->base + in->tail, in->cap - in->tail);
    }
    if (in->head == in->tail) {
        in->head = 0;
        in->tail = 0;
        in->scanned = 0;
    }
}

size_t mailproto__input_find(const char *at, size_t len, char before)
{
    size_t i = 0;
    while (i < len) {
        const char *lf = (const char *)memchr(at + i, '\n', len - i);
        if (lf == NULL) {
            return 0;
        }
        i = (size_t)(lf - at);
        if ((i > 0 ? at[i - 1] : before) == '\r') {
            return i + 1;
        }
        i++;
    }
    return 0;
}

void mailproto__input_move(mailproto_session *s, size_t n)
{
    struct mailproto__input *in = &s->in;
    size_t have = in->tail - in->head;
    if (n > in->lent.len) {
        n = in->lent.len;
    }
    if (n > in->cap - in->tail && in->head > 0) {
        memmove(in->base, in->base + in->head, have);
        if (s->secret_in) {
            mailproto__wipe(in->base + have, in->tail - have);
        }
        in->head = 0;
        in->tail = have;
    }
    if (n > in->cap - in->tail) {
        n = in->cap - in->tail;
    }
    if (n > 0) {
        memcpy(in->base + in->tail, in->lent.ptr, n);
        in->tail += n;
        in->lent = mailproto__tail(in->lent, n);
    }
}

/* The line in the block, among what was not looked at yet. */
static size_t scan(struct mailproto__input *in, size_t limit)
{
    size_t have = in->tail - in->head;
    const char *base = in->base + in->head;
    size_t len;
    if (have > limit) {
        have = limit;
    }
    if (in->scanned >= have) {
        return 0;
    }
    len = mailproto__input_find(base + in->scanned, have - in->scanned,
                                in->scanned > 0 ? base[in->scanned - 1] : '\0');
    if (len == 0) {
        in->scanned = have;
        return 0;
    }
    in->scanned += len - 1; /* its LF is found again if nothing is consumed */
    return in->scanned + 1;
}

size_t mailproto__input_line(mailproto_session *s, size_t limit)
{
    struct mailproto__input *in = &s->in;
    size_t have;
    size_t n;
    size_t len;
    if (limit > in->cap) {
        limit = in->cap;
    }
    len = scan(in, limit);
    have = in->tail - in->head;
    if (len > 0 || in->lent.len == 0 || have >= limit) {
        return len;
    }
    n = in->lent.len < limit - have ? in->lent.len : limit - have;
    len = mailproto__input_find(in->lent.ptr, n,
                                have > 0 ? in->base[in->tail - 1] : '\0');
    mailproto__input_move(s, len > 0 ? len : n);
    in->scanned = in->tail - in->head - (len > 0 ? 1 : 0);
    return len > 0 ? have + len : 0;
}
