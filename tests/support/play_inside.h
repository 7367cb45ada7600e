/*
 * What play.c and play_pair.c share; nobody else's.
 */
#ifndef TEST_PLAY_INSIDE_H
#define TEST_PLAY_INSIDE_H

#include "play.h"

/* Opens the engine. 1, or 0. */
int play_begin(struct play *p, const struct transcript *t, const struct actor *actor,
               enum side side, struct chunk chunk);

/* A line of this side's script. 1: done, 0: failed, -1: waits. */
int play_line(struct play *p, const struct transcript_line *l);

/* p->last, logged and compared with an `E:` line. 1 or 0. */
int play_compare_event(struct play *p, const char *spec);

/* What was sent since the last time with the own lines [first, p->at]. 1 or 0. */
int play_compare_output(struct play *p, size_t first);

void play_get_error(const struct play *p, mailproto_error *e);

#endif /* TEST_PLAY_INSIDE_H */
