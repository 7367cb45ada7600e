/* After an attempt: see settle.h. */
#include "settle.h"
#include "bounce.h"
#include "log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The wait after so many before: doubled each time. */
static int64_t back_off(const struct options *options, uint32_t waits)
{
    int64_t wait = options->retry_min;
    for (uint32_t i = 0; i < waits && wait < options->retry_max; i++) {
        wait *= 2;
    }
    return wait < options->retry_max ? wait : options->retry_max;
}

static void expire(struct envelope *e)
{
    char text[500];
    for (size_t i = 0; i < e->count; i++) {
        const struct recipient *r = &e->recipients[i];
        if (r->state == RECIPIENT_WAITS) {
            snprintf(text, sizeof text,
                     "5.4.7 Given up after %lu attempts; at last: %s",
                     (unsigned long)e->attempts, r->said == NULL ? "?" : r->said);
            envelope_result(e, i, RECIPIENT_FAILED, text);
        }
    }
}

/* Tells the sender; whoever cannot be told is not. */
static void give_back(struct settlement *s)
{
    struct envelope *e = &s->envelope;
    if (e->from[0] == '\0') {
        log_line("%s: dropped: nobody to be told", e->id);
    } else if (route_of(s->queue->routes, e->from) == NULL) {
        log_line("%s: dropped: no route back to <%s>", e->id, e->from);
    } else if (bounce_write(s->queue, e, &s->bounce) == 0) {
        s->returned = 1;
    } else {
        log_line("%s: cannot write the failure notice now", e->id);
        return; /* the state stays: next time */
    }
    for (size_t i = 0; i < e->count; i++) {
        if (e->recipients[i].state == RECIPIENT_FAILED) {
            e->recipients[i].state = RECIPIENT_RETURNED;
        }
    }
}

void settle_work(struct settlement *s)
{
    struct envelope *e = &s->envelope;
    const struct options *options = s->queue->options;
    int64_t now = (int64_t)time(NULL);
    e->attempts++;
    if (envelope_count(e, RECIPIENT_WAITS) > 0 &&
        now - e->arrived >= options->give_up) {
        expire(e);
    }
    if (envelope_count(e, RECIPIENT_FAILED) > 0) {
        give_back(s);
    }
    s->finished = envelope_count(e, RECIPIENT_WAITS) == 0 &&
                  envelope_count(e, RECIPIENT_FAILED) == 0;
    if (s->finished) {
        store_remove(&s->queue->store, e->id);
        return;
    }
    int64_t end = e->arrived + options->give_up;
    e->next_try = s->at_once ? now : now + back_off(options, e->waits++);
    if (e->next_try > end && end > now) { /* one last attempt then */
        e->next_try = end;
    }
    if (store_save(&s->queue->store, e) < 0) {
        log_line("%s: the envelope cannot be written now", e->id);
    }
}

void settle_done(struct settlement *s)
{
    const struct envelope *e = &s->envelope;
    for (size_t i = 0; i < e->count; i++) {
        const struct recipient *r = &e->recipients[i];
        if (r->state == RECIPIENT_WAITS) {
            log_line("%s: <%s> waits %lld s: %s", e->id, r->mailbox,
                     (long long)(e->next_try - (int64_t)time(NULL)),
                     r->said == NULL ? "?" : r->said);
        }
    }
    if (s->returned) {
        struct queue_item *bounce = queue_item_new(s->queue, &s->bounce);
        if (bounce != NULL) {
            log_line("%s: failure notice to <%s>", bounce->id, e->from);
            queue_put(s->queue, bounce);
        }
    }
    struct queue_item *again =
        s->finished ? NULL : queue_item_new(s->queue, &s->envelope);
    if (again != NULL) {
        queue_put(s->queue, again);
    } else {
        log_line("%s: %s", e->id, s->finished ? "finished" : "left for the next start");
    }
    free(s->item);
    envelope_free(&s->envelope);
    envelope_free(&s->bounce);
}

/* ---- as a job of its own ------------------------------------------------------------ */

struct settle_job {
    struct job job;
    struct settlement settlement;
};

static void work(void *ctx)
{
    struct settle_job *j = ctx;
    settle_work(&j->settlement);
}

static void done(void *ctx)
{
    struct settle_job *j = ctx;
    settle_done(&j->settlement);
    free(j);
}

void settle(struct queue *queue, struct queue_item *item, struct envelope *envelope,
            int at_once)
{
    struct settle_job *j = calloc(1, sizeof *j);
    if (j == NULL) { /* the disk still has the state before this attempt */
        log_line("%s: no memory", item->id);
        queue_untried(queue, item, envelope);
        return;
    }
    j->settlement = (struct settlement){
        .queue = queue, .item = item, .envelope = *envelope, .at_once = at_once};
    envelope_init(envelope);
    j->job = (struct job){.work = work, .done = done, .ctx = j};
    worker_submit(queue->worker, &j->job);
}
