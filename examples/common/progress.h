/*
 * A progress line on standard error, for people: nothing is shown when standard error is
 * not a terminal, nor for what is over in less than half a second.
 */
#ifndef EXAMPLE_PROGRESS_H
#define EXAMPLE_PROGRESS_H

#include <stdint.h>

typedef struct progress {
    const char *what; /* shown in front; kept */
    uint64_t total;   /* 0: not known */
    int64_t began_ms; /* the clock when it began */
    int64_t drawn_ms; /* the clock when it was drawn last; 0: not yet */
    int wanted;       /* standard error is a terminal */
} progress;

/* Begins. `what` is kept until progress_end(). */
void progress_begin(progress *p, const char *what, uint64_t total);

/* So much is done. Cheap: draws ten times a second at most. */
void progress_update(progress *p, uint64_t done);

/* Removes the line. */
void progress_end(progress *p);

#endif /* EXAMPLE_PROGRESS_H */
