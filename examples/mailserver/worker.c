/* Threads for what waits: see worker.h. */
#include "worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Jobs in the order they came. */
struct fifo {
    struct job *first;
    struct job **end;
};

struct worker {
    struct loop *loop;
    struct watch watch;    /* the reading end of the pipe */
    int wake[2];           /* a byte: something is done */
    size_t pending;        /* the loop's count */
    pthread_mutex_t mutex; /* over all below */
    pthread_cond_t begun;
    struct fifo to_do, done;
    int stopping;
    unsigned threads;
    pthread_t thread[];
};

static void put(struct fifo *fifo, struct job *job)
{
    job->next = NULL;
    if (fifo->first == NULL) {
        fifo->end = &fifo->first;
    }
    *fifo->end = job;
    fifo->end = &job->next;
}

static struct job *take(struct fifo *fifo)
{
    struct job *job = fifo->first;
    if (job != NULL) {
        fifo->first = job->next;
    }
    return job;
}

static void *run(void *arg)
{
    struct worker *w = arg;
    pthread_mutex_lock(&w->mutex);
    while (!w->stopping) {
        struct job *job = take(&w->to_do);
        if (job == NULL) {
            pthread_cond_wait(&w->begun, &w->mutex);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        job->work(job->ctx);
        pthread_mutex_lock(&w->mutex);
        put(&w->done, job);
        /* A full pipe is no loss: the loop will wake up all the same. */
        ssize_t n = write(w->wake[1], "", 1);
        (void)n;
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

static void collect(void *ctx, short events)
{
    struct worker *w = ctx;
    char bytes[256];
    struct job *job;
    (void)events;
    while (read(w->wake[0], bytes, sizeof bytes) > 0) {
    }
    for (;;) {
        pthread_mutex_lock(&w->mutex);
        job = take(&w->done);
        pthread_mutex_unlock(&w->mutex);
        if (job == NULL) {
            return;
        }
        w->pending--;
        job->done(job->ctx);
    }
}

static int open_pipe(int ends[2])
{
    if (pipe(ends) < 0) {
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

struct worker *worker_start(struct loop *loop, unsigned threads)
{
    struct worker *w = calloc(1, sizeof *w + threads * sizeof(pthread_t));
    if (w == NULL || open_pipe(w->wake) < 0) {
        free(w);
        return NULL;
    }
    w->loop = loop;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->begun, NULL);
    while (w->threads < threads &&
           pthread_create(&w->thread[w->threads], NULL, run, w) == 0) {
        w->threads++;
    }
    w->watch = (struct watch){.fd = w->wake[0],
                              .events = POLLIN,
                              .due = LOOP_NEVER,
                              .ctx = w,
                              .ready = collect};
    loop_add(loop, &w->watch);
    if (w->threads == 0) {
        worker_stop(w);
        return NULL;
    }
    return w;
}

void worker_submit(struct worker *worker, struct job *job)
{
    worker->pending++;
    pthread_mutex_lock(&worker->mutex);
    put(&worker->to_do, job);
    pthread_cond_signal(&worker->begun);
    pthread_mutex_unlock(&worker->mutex);
}

size_t worker_pending(const struct worker *worker)
{
    return worker->pending;
}

void worker_stop(struct worker *worker)
{
    pthread_mutex_lock(&worker->mutex);
    worker->stopping = 1;
    pthread_cond_broadcast(&worker->begun);
    pthread_mutex_unlock(&worker->mutex);
    for (unsigned i = 0; i < worker->threads; i++) {
        pthread_join(worker->thread[i], NULL);
    }
    loop_remove(worker->loop, &worker->watch);
    close(worker->wake[0]);
    close(worker->wake[1]);
    pthread_mutex_destroy(&worker->mutex);
    pthread_cond_destroy(&worker->begun);
    free(worker);
}
