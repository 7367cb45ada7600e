/*
 * The SMTP half of the transcript player: engines from a head, verbs from actions.
 */
#ifndef TEST_SMTP_ACTOR_H
#define TEST_SMTP_ACTOR_H

#include <mailproto/smtp.h>

#include "play.h"

extern const struct actor smtp_actor;

/* A mask from "SIZE PIPELINING", "none" or "all"; 0 for an unknown word. */
uint64_t smtp_caps_mask(const char *words);

#endif /* TEST_SMTP_ACTOR_H */
