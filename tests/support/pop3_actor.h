/*
 * The POP3 half of the transcript player: engines from a head, verbs from actions.
 */
#ifndef TEST_POP3_ACTOR_H
#define TEST_POP3_ACTOR_H

#include <mailproto/pop3.h>

#include "play.h"

extern const struct actor pop3_actor;

/* A mask from "TOP PIPELINING" or "none"; 0 for an unknown word. */
uint64_t pop3_caps_mask(const char *words);

#endif /* TEST_POP3_ACTOR_H */
