/*
 * The octets before the scanner: the piece that was lent and, before it, what earlier
 * pieces left behind. Knows copies and offsets; must not know what the octets mean.
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/span.h"

/* Copied at least, when a piece continues what is held; then as much as is held, so that
 * the copies are few. */
enum { BORROW = 64 };

void mailproto__window_extend(struct mailproto__window *w)
{
    size_t n = w->piece_len - w->borrowed;
    if (w->head > 0) {
        memmove(w->hold, w->hold + w->head, w->tail - w->head);
        w->tail -= w->head;
        w->head = 0;
    }
    if (n > w->tail + BORROW) {
        n = w->tail + BORROW;
    }
    if (n > w->cap - w->tail) {
        n = w->cap - w->tail;
    }
    if (n > 0) {
        memcpy(w->hold + w->tail, w->piece + w->borrowed, n);
    }
    w->tail += n;
    w->borrowed += n;
}

void mailproto__window_use(struct mailproto__window *w, size_t n)
{
    size_t left;
    if (n == 0) {
        return;
    }
    if (w->head == w->tail) {
        w->piece += n;
        w->piece_len -= n;
        return;
    }
    w->head += n;
    left = w->tail - w->head;
    if (left <= w->borrowed) { /* all that is left is in the piece as well */
        n = w->borrowed - left;
        w->piece = n > 0 ? w->piece + n : w->piece;
        w->piece_len -= n;
        w->head = 0;
        w->tail = 0;
        w->borrowed = 0;
    }
}

void mailproto__window_keep(struct mailproto__window *w)
{
    if (w->head == w->tail && w->piece_len > 0) {
        memcpy(w->hold, w->piece, w->piece_len);
        w->head = 0;
        w->tail = w->piece_len;
    }
    w->piece = NULL;
    w->piece_len = 0;
    w->borrowed = 0;
}
