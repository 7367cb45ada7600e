/* Into the queue: see submit.h. */
#include "submit.h"
#include "file.h"
#include "log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The recipients of one destination: a message of its own in the queue, so that a slow
   server holds up nobody else's mail. */
struct part {
    struct part *next;
    struct envelope envelope;
    struct destination *destination;
    struct queue_item *item;
};

struct submission {
    struct job job;
    struct queue *queue;
    struct incoming incoming;
    struct part *parts;
    int error; /* errno, 0: it is in the queue */
    void (*done)(void *ctx, int result, const char *why);
    void *ctx;
};

int incoming_begin(struct queue *queue, struct incoming *incoming)
{
    store_new_id(&queue->store, incoming->id);
    incoming->fd = store_create(&queue->store, incoming->id);
    return incoming->fd < 0 ? -1 : 0;
}

int incoming_write(const struct incoming *incoming, const void *data, size_t len)
{
    return file_write(incoming->fd, data, len);
}

void incoming_drop(struct queue *queue, struct incoming *incoming)
{
    if (incoming->fd >= 0) {
        close(incoming->fd);
        incoming->fd = -1;
        store_discard(&queue->store, incoming->id);
    }
}

/* ---- in a thread ------------------------------------------------------------------- */

static int add_parts(struct submission *s)
{
    struct store *store = &s->queue->store;
    if (fsync(s->incoming.fd) < 0) {
        return -1;
    }
    for (const struct part *p = s->parts; p != NULL; p = p->next) {
        if (store_add(store, &p->envelope, s->incoming.id) < 0) {
            return -1;
        }
    }
    return store_sync(store);
}

static void work(void *ctx)
{
    struct submission *s = ctx;
    errno = 0;
    s->error = 0;
    if (add_parts(s) < 0) {
        s->error = errno == 0 ? EIO : errno;
        for (const struct part *p = s->parts; p != NULL; p = p->next) {
            store_remove(&s->queue->store, p->envelope.id);
        }
    }
    incoming_drop(s->queue, &s->incoming); /* its other names stay */
}

/* ---- in the loop ------------------------------------------------------------------- */

static void release(struct submission *s)
{
    while (s->parts != NULL) {
        struct part *p = s->parts;
        s->parts = p->next;
        envelope_free(&p->envelope);
        free(p->item);
        free(p);
    }
    incoming_drop(s->queue, &s->incoming);
    free(s);
}

static void done(void *ctx)
{
    struct submission *s = ctx;
    for (struct part *p = s->parts; p != NULL && s->error == 0; p = p->next) {
        log_line("%s: from <%s>, recipients: %lu, queued", p->envelope.id,
                 p->envelope.from, (unsigned long)p->envelope.count);
        queue_put(s->queue, p->item);
        p->item = NULL;
    }
    if (s->error != 0) {
        log_line("%s: cannot be queued: %s", s->incoming.id, strerror(s->error));
    }
    if (s->done != NULL) {
        s->done(s->ctx, s->error == 0 ? 0 : -1,
                s->error == ENOSPC || s->error == EDQUOT ? "Out of disk space"
                                                         : "Cannot be stored now");
    }
    release(s);
}

/* The part of a destination, made when it is the first of it. NULL: no memory. */
static struct part *part_for(struct submission *s, struct destination *destination,
                             const struct envelope *whole)
{
    struct part **at = &s->parts;
    unsigned long n = 1;
    while (*at != NULL) {
        if ((*at)->destination == destination) {
            return *at;
        }
        at = &(*at)->next;
        n++;
    }
    struct part *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    *at = p;
    p->destination = destination;
    p->envelope = (struct envelope){.body = whole->body,
                                    .utf8 = whole->utf8,
                                    .arrived = whole->arrived,
                                    .next_try = whole->arrived};
    int len = snprintf(p->envelope.id, sizeof p->envelope.id, n == 1 ? "%s" : "%s-%lu",
                       s->incoming.id, n);
    mailproto_bytes from = {whole->from, strlen(whole->from)};
    return len < 0 || envelope_from(&p->envelope, from) < 0 ? NULL : p;
}

static int split(struct submission *s, const struct envelope *whole)
{
    for (size_t i = 0; i < whole->count; i++) {
        mailproto_bytes mailbox = {whole->recipients[i].mailbox,
                                   strlen(whole->recipients[i].mailbox)};
        struct destination *d = route_of(s->queue->routes, mailbox.ptr);
        struct part *p = part_for(s, d, whole);
        if (p == NULL || envelope_add(&p->envelope, mailbox) < 0) {
            return -1;
        }
    }
    for (struct part *p = s->parts; p != NULL; p = p->next) {
        p->item = queue_item_new(s->queue, &p->envelope);
        if (p->item == NULL) {
            return -1;
        }
    }
    return 0;
}

struct submission *submit(struct queue *queue, struct incoming *incoming,
                          struct envelope *envelope,
                          void (*done_fn)(void *ctx, int result, const char *why),
                          void *ctx)
{
    struct submission *s = calloc(1, sizeof *s);
    if (s == NULL) {
        incoming_drop(queue, incoming);
        envelope_free(envelope);
        return NULL;
    }
    s->queue = queue;
    s->incoming = *incoming;
    incoming->fd = -1;
    envelope->arrived = (int64_t)time(NULL);
    int result = split(s, envelope);
    envelope_free(envelope);
    if (result < 0) {
        release(s);
        return NULL;
    }
    s->done = done_fn;
    s->ctx = ctx;
    s->job = (struct job){.work = work, .done = done, .ctx = s};
    worker_submit(queue->worker, &s->job);
    return s;
}

void submit_forget(struct submission *submission)
{
    submission->done = NULL;
}
