/*
 * What the events of POP3 say, for transcripts and logs.
 */
#ifndef TEST_POP3_EVENTS_H
#define TEST_POP3_EVENTS_H

#include <mailproto/pop3.h>

#include "events.h"

extern const struct event_language pop3_language;

/* "IN-USE" and the like -> MAILPROTO_POP3_RESP_..., or -1. "none" is NONE. */
int pop3_resp_by_name(const char *name, size_t len);

#endif /* TEST_POP3_EVENTS_H */
