/*
 * Plays one transcript in every way it must give the same result: whole, octet by
 * octet, cut at every place, through feed and in place, and as a pair.
 */
#ifndef TEST_PLAY_ALL_H
#define TEST_PLAY_ALL_H

#include "play.h"

/* 1, or 0 with "file:line: why". `runs` counts. `log`: NULL, or what happened. */
int play_all(const struct transcript *t, const struct actor *actor, unsigned long *runs,
             struct text *log, struct text *why);

/* All *.txt of a folder below tests/transcripts, sorted; a zeroed one ends them. NULL
 * with the reason in `why`. */
struct transcript_file *transcripts_of(const char *folder, struct text *why);
void transcripts_free(struct transcript_file *files);

#endif /* TEST_PLAY_ALL_H */
