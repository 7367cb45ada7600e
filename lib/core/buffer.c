/*
 * The session's buffers: unread input, and output in its two parts, due and held. Knows
 * nothing of lines, events or protocols.
 */
#include "core/mem.h"
#include "core/session.h"
#include "core/span.h"

/* ---- input ---------------------------------------------------------------------- */

mailproto_bytes mailproto__peek(const mailproto_session *s)
{
    if (s->in.head < s->in.tail) {
        return mailproto__span(s->in.base + s->in.head, s->in.tail - s->in.head);
    }
    return s->in.lent;
}

void mailproto__consume(mailproto_session *s, size_t n)
{
    s->offset += n;
    if (n > 0 && s->wants_room == MAILPROTO__ROOM_WANTED) {
        s->wants_room = MAILPROTO__ROOM_GREW;
    }
    if (s->in.head < s->in.tail) {
        s->in.head += n;
        s->in.scanned = s->in.scanned > n ? s->in.scanned - n : 0;
        return;
    }
    s->in.lent = mailproto__tail(s->in.lent, n);
}

int mailproto__has_input(const mailproto_session *s)
{
    return s->in.head < s->in.tail || s->in.lent.len > 0 || s->unread;
}

/* ---- output --------------------------------------------------------------------- */

size_t mailproto__room(mailproto_session *s)
{
    struct mailproto__output *out = &s->out;
    if (out->head > 0) {
        size_t len = out->tail - out->head;
        memmove(out->base, out->base + out->head, len);
        if (s->secret_out) {
            mailproto__wipe(out->base + len, out->tail - len);
        }
        out->due -= out->head;
        out->tail = len;
        out->head = 0;
    }
    return out->cap - out->tail;
}

int mailproto__put(mailproto_session *s, const void *data, size_t len)
{
    struct mailproto__output *out = &s->out;
    if (out->cap - out->tail < len && mailproto__room(s) < len) {
        return 0;
    }
    if (len > 0) {
        memcpy(out->base + out->tail, data, len);
        out->tail += len;
    }
    return 1;
}

int mailproto__put_span(mailproto_session *s, mailproto_bytes b)
{
    return mailproto__put(s, b.ptr, b.len);
}

int mailproto__put_number(mailproto_session *s, uint64_t value)
{
    char digits[20];
    return mailproto__put(s, digits, mailproto__decimal(value, digits));
}

void mailproto__make_due(mailproto_session *s, size_t n, uint32_t kind)
{
    mailproto__trace(s, kind, s->out.base + s->out.due, n);
    s->out.due += n;
}

void mailproto__make_all_due(mailproto_session *s, uint32_t kind)
{
    mailproto__make_due(s, mailproto__held(s), kind);
}

void mailproto__unput(mailproto_session *s, size_t n)
{
    s->out.tail -= n;
}

void mailproto__remove_held(mailproto_session *s, size_t at, size_t n)
{
    char *gap = s->out.base + s->out.due + at;
    memmove(gap, gap + n, mailproto__held(s) - at - n);
    s->out.tail -= n;
}

/* ---- trace ------------------------------------------------------------------------ */

void mailproto__trace(mailproto_session *s, uint32_t kind, const void *data, size_t len)
{
    if (s->trace != NULL && len > 0) {
        s->trace->fn(s->trace->ctx, kind, data, len);
    }
}
