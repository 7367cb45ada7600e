/*
 * Drives one session with bytes from a test. Knows session.h alone.
 */
#include "drive.h"

#include <stdlib.h>
#include <string.h>

static uint32_t wants(const struct drive *d)
{
    mailproto_want want;

    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(d->session, &want);
    return want.flags;
}

static void flush_last(struct drive *d)
{
    if (d->has_last) {
        seen_print(&d->log, &d->last);
        text_print(&d->log, "\n");
        seen_free(&d->last);
        d->has_last = 0;
    }
}

static void note(struct drive *d, const mailproto_event *ev)
{
    struct seen now;

    seen_copy(&now, ev);
    if (d->has_last && seen_goes_on(&d->last, &now) && seen_join(&d->last, &now)) {
        seen_free(&now);
        return;
    }
    flush_last(d);
    d->last = now;
    d->has_last = 1;
}

/* 1: there were events. */
static int pull(struct drive *d)
{
    mailproto_event ev;
    mailproto_status st;
    int any = 0;

    while ((st = mailproto_session_next_event(d->session, &ev)) == MAILPROTO_OK) {
        any = 1;
        note(d, &ev);
        d->event(d->ctx, d->session, &ev);
    }
    d->over = st == MAILPROTO_EOF;
    return any;
}

static int drain(struct drive *d)
{
    size_t len = 0;
    const char *due = mailproto_session_output(d->session, &len);

    if (len == 0) {
        return 0;
    }
    text_add(&d->out, due, len);
    return mailproto_session_output_sent(d->session, len) == MAILPROTO_OK;
}

static size_t give_in_place(struct drive *d, const char *data, size_t len)
{
    size_t cap = 0;
    char *space = mailproto_session_input_space(d->session, &cap);

    if (space == NULL || cap == 0) {
        return 0;
    }
    len = len < cap ? len : cap;
    memcpy(space, data, len);
    d->status = mailproto_session_input_commit(d->session, len);
    return len;
}

/* One piece; octets of it that were taken. */
static size_t give_piece(struct drive *d, const char *data, size_t len)
{
    size_t consumed = 0;

    if (d->chunk.in_place && (wants(d) & MAILPROTO_WANT_TLS) == 0) {
        return give_in_place(d, data, len);
    }
    d->status = mailproto_session_feed(d->session, data, len, &consumed);
    return consumed;
}

size_t drive_give(struct drive *d, const char *data, size_t len)
{
    size_t used = 0;
    char *copy = test_alloc(len);

    if (len != 0) {
        memcpy(copy, data, len);
    }
    while (used < len && !d->over && !d->dead) {
        size_t n = chunk_size(&d->chunk, d->given, len - used);
        size_t got = give_piece(d, copy + used, n);
        used += got;
        d->given += got;
        if (d->status < 0) {
            d->dead = 1;
        } else if (got == 0 && !pull(d) && !drain(d)) {
            break;
        }
    }
    (void)pull(d);
    memset(copy, 'X', len); /* lent until AGAIN, which pull() has seen */
    free(copy);
    return used;
}

void drive_settle(struct drive *d)
{
    int moved;

    do {
        moved = pull(d);
        moved |= drain(d);
    } while (moved);
}

void drive_eof(struct drive *d)
{
    (void)mailproto_session_feed_eof(d->session);
    (void)pull(d);
}

const char *drive_log(struct drive *d)
{
    mailproto_error e;

    flush_last(d);
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    mailproto_session_get_error(d->session, &e);
    text_print(&d->log, "error %s offset=%llu\nsent ", status_name(e.code),
               (unsigned long long)e.offset);
    text_quote(&d->log, d->out.data, d->out.len);
    return text_string(&d->log);
}

void drive_free(struct drive *d)
{
    seen_free(&d->last);
    text_free(&d->out);
    text_free(&d->log);
}
