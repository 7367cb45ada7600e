/* What waits to be passed on: see queue.h. */
#include "queue.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Attempts at a time for one destination, so that a slow one does not hold up others. */
enum { ATTEMPTS_MAX = 4 };

static void arm(struct queue *queue)
{
    queue->timer.due =
        queue->later == NULL || queue->stopping ? LOOP_NEVER : queue->later->due;
}

static void start(struct queue *queue, struct destination *destination)
{
    if (!queue->stopping && destination->first != NULL &&
        destination->active < ATTEMPTS_MAX) {
        destination->active++;
        queue->attempt(queue->ctx, destination);
    }
}

/* It may go now. */
static void make_ready(struct queue *queue, struct queue_item *item)
{
    struct destination *d = item->destination;
    item->next = NULL;
    if (d->first == NULL) {
        d->first = item;
    } else {
        d->last->next = item;
    }
    d->last = item;
    start(queue, d);
}

static void due(void *ctx, short events)
{
    struct queue *queue = ctx;
    int64_t now = loop_now();
    (void)events;
    while (queue->later != NULL && queue->later->due <= now) {
        struct queue_item *item = queue->later;
        queue->later = item->next;
        make_ready(queue, item);
    }
    arm(queue);
}

void queue_put(struct queue *queue, struct queue_item *item)
{
    struct queue_item **at = &queue->later;
    while (*at != NULL && (*at)->due <= item->due) {
        at = &(*at)->next;
    }
    item->next = *at;
    *at = item;
    arm(queue);
}

struct queue_item *queue_item_new(const struct queue *queue,
                                  const struct envelope *envelope)
{
    struct queue_item *item = calloc(1, sizeof *item);
    int64_t now = (int64_t)time(NULL);
    if (item == NULL) {
        return NULL;
    }
    memcpy(item->id, envelope->id, sizeof item->id);
    item->due =
        envelope->next_try <= now ? 0 : loop_now() + (envelope->next_try - now) * 1000;
    /* Where those go that were not delivered yet; nowhere, when a route was taken away
       since: local delivery then finds out. */
    item->destination = &queue->routes->local;
    for (size_t i = 0; i < envelope->count; i++) {
        const struct recipient *r = &envelope->recipients[i];
        struct destination *d = route_of(queue->routes, r->mailbox);
        if (r->state == RECIPIENT_WAITS && d != NULL) {
            item->destination = d;
            break;
        }
    }
    return item;
}

static void found(void *ctx, const char *id)
{
    struct queue *queue = ctx;
    struct envelope envelope;
    if (store_load(&queue->store, id, &envelope) < 0) {
        log_line("%s: cannot be read, left alone", id);
        return;
    }
    struct queue_item *item = queue_item_new(queue, &envelope);
    if (item != NULL) {
        queue_put(queue, item);
    }
    envelope_free(&envelope);
}

int queue_open(struct queue *queue)
{
    if (store_open(&queue->store, queue->options->queue) < 0) {
        return -1;
    }
    queue->later = NULL;
    queue->timer =
        (struct watch){.fd = -1, .due = LOOP_NEVER, .ctx = queue, .ready = due};
    loop_add(queue->loop, &queue->timer);
    return store_scan(&queue->store, found, queue);
}

static void free_list(struct queue_item **list)
{
    while (*list != NULL) {
        struct queue_item *item = *list;
        *list = item->next;
        free(item);
    }
}

void queue_close(struct queue *queue)
{
    loop_remove(queue->loop, &queue->timer);
    free_list(&queue->later);
    free_list(&queue->routes->local.first);
    for (size_t i = 0; i < queue->routes->next_count; i++) {
        free_list(&queue->routes->next[i].first);
    }
    store_close(&queue->store);
}

struct queue_item *queue_take(struct queue *queue, struct destination *destination,
                              struct envelope *envelope)
{
    while (!queue->stopping && destination->first != NULL) {
        struct queue_item *item = destination->first;
        destination->first = item->next;
        if (store_load(&queue->store, item->id, envelope) == 0) {
            return item;
        }
        log_line("%s: cannot be read, left alone", item->id);
        free(item);
    }
    return NULL;
}

void queue_idle(struct queue *queue, struct destination *destination)
{
    destination->active--;
    start(queue, destination);
}

void queue_untried(struct queue *queue, struct queue_item *item,
                   struct envelope *envelope)
{
    item->due = loop_now() + 1000;
    queue_put(queue, item);
    envelope_free(envelope);
}
