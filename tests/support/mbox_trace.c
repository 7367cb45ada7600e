/*
 * Readers of mailbox files over sources that cut as they like.
 */
#include "mbox_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    const char *data;
    size_t len;
    size_t at; /* in sequence */
    size_t piece;
    unsigned calls;
    uint64_t fails_at;
    mailproto_status failure;
};

static void stop(const void *in, size_t len, const char *why)
{
    struct text t = {NULL, 0, 0};
    text_quote(&t, in, len);
    fprintf(stderr, "mailbox %s: %s\n", text_string(&t), why);
    abort();
}

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct file *f = (struct file *)ctx;
    size_t n;
    if (++f->calls % 3 == 0) {
        return MAILPROTO_NOT_READY;
    }
    if (f->failure != 0 && offset >= f->fails_at) {
        return f->failure;
    }
    if (offset >= f->len) {
        return MAILPROTO_EOF;
    }
    n = f->len - (size_t)offset;
    n = n < f->piece ? n : f->piece;
    n = n < cap ? n : cap;
    memcpy(buf, f->data + offset, n);
    *got = n;
    return MAILPROTO_OK;
}

static mailproto_status read_next(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct file *f = (struct file *)ctx;
    mailproto_status st = read_at(ctx, f->at, buf, cap, got);
    f->at += st == MAILPROTO_OK ? *got : 0;
    return st;
}

static mailproto_source source_of(struct file *f, enum mbox_source kind)
{
    mailproto_source s = {sizeof s, 0, f, NULL, f->len, NULL, NULL};
    if (kind == MBOX_IN_MEMORY) {
        s.data = f->data;
    } else if (kind == MBOX_AT) {
        s.read_at = read_at;
    } else {
        s.read = read_next;
        s.size = MAILPROTO_SIZE_UNKNOWN;
    }
    return s;
}

/* A line for what was told; the octets of a message are gathered in `body`. */
static void note(struct text *out, struct text *body, const mailproto_mbox_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_MBOX_FROM:
        text_print(out, "%lu %.*s ", (unsigned long)ev->offset, (int)ev->address.len,
                   ev->address.len > 0 ? ev->address.ptr : "");
        text_print(out, ev->utc == INT64_MIN ? "-\n" : "%ld\n", (long)ev->utc);
        break;
    case MAILPROTO_MBOX_DATA:
        text_add(body, ev->text.ptr, ev->text.len);
        break;
    default:
        text_print(out, "%lu ", (unsigned long)ev->offset);
        text_quote(out, body->data, body->len);
        text_print(out, "\n");
        body->len = 0;
        break;
    }
}

static struct text trace(const void *in, size_t len, uint32_t flags,
                         enum mbox_source kind, size_t piece)
{
    struct file f = {(const char *)in, len, 0, piece, 0, 0, 0};
    mailproto_source s;
    struct text out = {NULL, 0, 0};
    struct text body = {NULL, 0, 0};
    char *work = (char *)test_alloc(4096);
    uint32_t last = MAILPROTO_MBOX_END;
    mailproto_mbox m;
    mailproto_mbox_event ev;
    mailproto_status st;
    f.data = in != NULL ? (const char *)in : "";
    s = source_of(&f, kind);
    if (mailproto_mbox_open(&m, &s, flags, work, 4096) != MAILPROTO_OK) {
        stop(in, len, "open refuses");
    }
    while ((st = mailproto_mbox_next(&m, &ev)) == MAILPROTO_OK ||
           st == MAILPROTO_NOT_READY) {
        if (st == MAILPROTO_OK) {
            int begins = ev.type == MAILPROTO_MBOX_FROM;
            if (begins != (last == MAILPROTO_MBOX_END)) {
                stop(in, len, "events out of order");
            }
            if (ev.type == MAILPROTO_MBOX_DATA &&
                (ev.text.len == 0 || ev.offset > len ||
                 memcmp(f.data + ev.offset, ev.text.ptr, ev.text.len) != 0)) {
                stop(in, len, "not what stands there");
            }
            last = ev.type;
            note(&out, &body, &ev);
        }
    }
    if (st != MAILPROTO_EOF || last != MAILPROTO_MBOX_END ||
        mailproto_mbox_next(&m, &ev) != MAILPROTO_EOF) {
        stop(in, len, "ends otherwise");
    }
    free(work);
    text_free(&body);
    return out;
}

struct text mbox_trace_whole(const void *in, size_t len, uint32_t flags)
{
    return trace(in, len, flags, MBOX_IN_MEMORY, 0);
}

void mbox_trace_expect(const void *in, size_t len, uint32_t flags,
                       enum mbox_source source, size_t piece)
{
    uint32_t all =
        flags | (source == MBOX_IN_SEQUENCE ? (uint32_t)MAILPROTO_MBOX_NO_LENGTH : 0);
    struct text a = mbox_trace_whole(in, len, all);
    struct text b = trace(in, len, flags, source, piece);
    if (strcmp(text_string(&a), text_string(&b)) != 0) {
        fprintf(stderr, "source %d, pieces of %lu:\n%sis not\n%s", (int)source,
                (unsigned long)piece, text_string(&b), text_string(&a));
        stop(in, len, "differs");
    }
    text_free(&a);
    text_free(&b);
}

void mbox_trace_everywhere(const void *in, size_t len, uint32_t flags)
{
    size_t piece;
    for (piece = 1; piece <= len + 1; piece += piece < 64 ? 1 : 1 + piece / 7) {
        mbox_trace_expect(in, len, flags, MBOX_AT, piece);
        mbox_trace_expect(in, len, flags, MBOX_IN_SEQUENCE, piece);
    }
}

void mbox_expect_messages(const void *in, size_t len, uint32_t flags,
                          const struct text *messages, size_t count)
{
    struct text got = mbox_trace_whole(in, len, flags);
    struct text want = {NULL, 0, 0};
    const char *at = text_string(&got);
    size_t i;
    for (i = 0; i < count; i++) {
        const struct text *m = &messages[i];
        size_t n;
        at = strchr(at, '\n');
        at = at != NULL ? strchr(at, ' ') : NULL;
        if (at == NULL) {
            stop(in, len, "a message is missing");
        }
        want.len = 0;
        text_quote(&want, m->data, m->len);
        n = want.len - 1; /* without the quote at its end */
        if (strncmp(at + 1, text_string(&want), n) != 0 ||
            (strncmp(at + 1 + n, "\"\n", 2) != 0 &&
             (m->data[m->len - 1] == '\n' ||
              (strncmp(at + 1 + n, "\\n\"\n", 4) != 0 &&
               strncmp(at + 1 + n, "\\r\\n\"\n", 6) != 0)))) {
            stop(in, len, "another message");
        }
        at = strchr(at, '\n');
        at++;
    }
    if (*at != '\0') {
        stop(in, len, "one message too many");
    }
    text_free(&want);
    text_free(&got);
}

mailproto_status mbox_open_at(void *work, size_t size)
{
    struct file f = {"", 0, 0, 1, 0, 0, 0};
    mailproto_source s = source_of(&f, MBOX_AT);
    mailproto_mbox m;
    s.size = 1;
    return mailproto_mbox_open(&m, &s, 0, work, size);
}

void mbox_expect_failure(const char *in, uint64_t offset, mailproto_status status)
{
    struct file f = {in, strlen(in), 0, 10, 0, offset, status};
    mailproto_source s = source_of(&f, MBOX_AT);
    char work[4096];
    mailproto_mbox m;
    mailproto_mbox_event ev;
    mailproto_status st;
    mailproto_status again;
    if (mailproto_mbox_open(&m, &s, 0, work, sizeof work) != MAILPROTO_OK) {
        stop(in, 0, "open refuses");
    }
    do {
        st = mailproto_mbox_next(&m, &ev);
    } while (st == MAILPROTO_OK || st == MAILPROTO_NOT_READY);
    do {
        again = mailproto_mbox_next(&m, &ev);
    } while (again == MAILPROTO_NOT_READY);
    if (st != status || again != status) {
        stop(in, strlen(in), "another status");
    }
}
