/* A progress line on standard error: see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { QUIET_MS = 500, REDRAW_MS = 100 };

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(progress *p, const char *what, uint64_t total)
{
    p->what = what;
    p->total = total;
    p->began_ms = clock_ms();
    p->drawn_ms = 0;
    p->wanted = isatty(STDERR_FILENO);
}

void progress_update(progress *p, uint64_t done)
{
    if (!p->wanted) {
        return;
    }
    int64_t now = clock_ms();
    int64_t elapsed = now - p->began_ms;
    if (elapsed < QUIET_MS || now - p->drawn_ms < REDRAW_MS) {
        return;
    }
    p->drawn_ms = now;
    uint64_t kib_per_s = done * 1000 / 1024 / (uint64_t)elapsed;
    if (p->total > 0) {
        uint64_t percent = done >= p->total ? 100 : done * 100 / p->total;
        fprintf(stderr,
                "\r%s: %3" PRIu64 " %% of %" PRIu64 " KiB, %" PRIu64 " KiB/s\033[K",
                p->what, percent, p->total / 1024, kib_per_s);
    } else {
        fprintf(stderr, "\r%s: %" PRIu64 " KiB, %" PRIu64 " KiB/s\033[K", p->what,
                done / 1024, kib_per_s);
    }
}

void progress_end(progress *p)
{
    if (p->drawn_ms != 0) {
        fputs("\r\033[K", stderr);
        p->drawn_ms = 0;
    }
}
