/* The last moments of a connection: see linger.h. */
#include "linger.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LINGER_MS = 2000,
    LINGER_READS = 64 /* of 16 KiB: who sends more does not listen */
};

struct lingering {
    struct loop *loop;
    struct watch watch;
    struct lingering *next, *prev;
    unsigned reads;
};

static struct lingering *first;
static unsigned count;

static void end(struct lingering *l)
{
    if (l->prev != NULL) {
        l->prev->next = l->next;
    } else {
        first = l->next;
    }
    if (l->next != NULL) {
        l->next->prev = l->prev;
    }
    loop_remove(l->loop, &l->watch);
    close(l->watch.fd);
    free(l);
    count--;
}

static void ready(void *ctx, short events)
{
    struct lingering *l = ctx;
    char scrap[16384];
    ssize_t n = -1;
    if (events != 0) {
        n = recv(l->watch.fd, scrap, sizeof scrap, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
    }
    if (n <= 0 || ++l->reads == LINGER_READS) {
        end(l);
    }
}

void linger(struct loop *loop, int fd)
{
    struct lingering *l = count < LINGER_MAX ? calloc(1, sizeof *l) : NULL;
    if (l == NULL || shutdown(fd, SHUT_WR) < 0) {
        free(l);
        close(fd);
        return;
    }
    l->loop = loop;
    l->watch = (struct watch){.fd = fd,
                              .events = POLLIN,
                              .due = loop_now() + LINGER_MS,
                              .ctx = l,
                              .ready = ready};
    loop_add(loop, &l->watch);
    l->next = first;
    if (first != NULL) {
        first->prev = l;
    }
    first = l;
    count++;
}

unsigned linger_count(void)
{
    return count;
}

void linger_stop(void)
{
    while (first != NULL) {
        end(first);
    }
}
