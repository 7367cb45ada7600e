/* Local delivery: see local.h. */
#include "local.h"
#include "log.h"
#include "maildir.h"
#include "settle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct delivery {
    struct job job;
    struct destination *destination;
    struct settlement settlement;
};

/* The same each time this message is delivered to this recipient, so that after a crash
   it is not there twice. `/` and `:` have a meaning in names (maildir.html). */
static void make_name(const struct envelope *e, size_t i, const char *host, char *name,
                      size_t cap)
{
    snprintf(name, cap, "%lld.%s_%lu.%.120s", (long long)e->arrived, e->id,
             (unsigned long)i, host);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '/' || *c == ':') {
            *c = '_';
        }
    }
}

static void deliver(struct delivery *d, size_t i, int content)
{
    struct queue *queue = d->settlement.queue;
    struct envelope *e = &d->settlement.envelope;
    const char *mailbox = e->recipients[i].mailbox;
    const struct destination *to = route_of(queue->routes, mailbox);
    char folder[ROUTE_MAILBOX_MAX], name[400], top[400], said[300];
    if (to == NULL) {
        envelope_result(e, i, RECIPIENT_WAITS, "4.4.4 No route to this domain");
        return;
    }
    if (to != d->destination) {
        return; /* another attempt's */
    }
    if (route_mailbox(queue->routes, mailbox, folder) < 0) {
        envelope_result(e, i, RECIPIENT_FAILED, "5.1.1 No such mailbox");
        return;
    }
    make_name(e, i, queue->options->name, name, sizeof name);
    /* RFC 5321 4.4: the last server puts the reverse-path on top. */
    snprintf(top, sizeof top, "Return-Path: <%s>\r\n", e->from);
    if (maildir_deliver(queue->options->maildir_root, folder, name, top, content) < 0) {
        snprintf(said, sizeof said, "4.3.0 %s", strerror(errno));
        envelope_result(e, i, RECIPIENT_WAITS, said);
        return;
    }
    envelope_result(e, i, RECIPIENT_DONE, NULL);
    log_line("%s: <%s> delivered: %s", e->id, mailbox, name);
}

static void work(void *ctx)
{
    struct delivery *d = ctx;
    struct envelope *e = &d->settlement.envelope;
    int content = store_content(&d->settlement.queue->store, e->id);
    for (size_t i = 0; i < e->count; i++) {
        if (e->recipients[i].state == RECIPIENT_WAITS && content >= 0) {
            deliver(d, i, content);
        }
    }
    if (content >= 0) {
        close(content);
    }
    settle_work(&d->settlement);
}

static void done(void *ctx)
{
    struct delivery *d = ctx;
    struct queue *queue = d->settlement.queue;
    struct destination *destination = d->destination;
    settle_done(&d->settlement);
    free(d);
    queue_idle(queue, destination);
}

void local_attempt(struct queue *queue, struct destination *destination)
{
    struct delivery *d = calloc(1, sizeof *d);
    if (d != NULL) {
        d->settlement.queue = queue;
        d->settlement.item = queue_take(queue, destination, &d->settlement.envelope);
    }
    if (d == NULL || d->settlement.item == NULL) {
        free(d);
        destination->active--; /* another attempt begins with the next message */
        return;
    }
    d->destination = destination;
    d->job = (struct job){.work = work, .done = done, .ctx = d};
    worker_submit(queue->worker, &d->job);
}
