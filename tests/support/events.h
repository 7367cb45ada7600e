/*
 * Events of a session as data: copied, joined, written down, compared with what a
 * transcript expects. Knows the public event struct and its typed accessors.
 */
#ifndef TEST_EVENTS_H
#define TEST_EVENTS_H

#include <mailproto/session.h>

#include "text.h"

/* One event, or several consecutive pieces of one value. */
struct seen {
    uint32_t type, flags, tag, code;
    uint64_t number;
    struct text text;
    struct text details; /* what the typed accessors say: key="value" key="value" */
    struct text extra;   /* the same, of what differs from piece to piece: not logged */
};

/* What a protocol's events say beyond the plain fields. */
struct event_language {
    /* What the typed accessors say, by event_detail(): for struct seen. */
    void (*details)(struct text *out, struct text *extra, const mailproto_event *ev);
    /* The `code` that a word stands for in an event of this type, or -1. */
    int (*code)(uint32_t type, const char *word, size_t len);
};
/* For all that follows; NULL: SMTP. An actor does it when it opens an engine. */
void events_speak(const struct event_language *language);
/* Adds key="value". */
void event_detail(struct text *out, const char *key, mailproto_bytes value);
void event_detail_text(struct text *out, const char *key, const char *value);

void seen_copy(struct seen *to, const mailproto_event *ev);
/* Adds the next piece of the same value; 0: it does not fit to what is there. */
int seen_join(struct seen *to, const struct seen *piece);
void seen_free(struct seen *e);
/* Whether `next` would be a further piece of the value in `e`. */
int seen_goes_on(const struct seen *e, const struct seen *next);

/* All of it in one line, for logs. */
void seen_print(struct text *out, const struct seen *e);

/*
 * Compares with the text of an `E:` line. 1, or 0 with the reason in `why`:
 *
 *     TYPE [code | ERR_NAME] ["text"] [flag...] [field=value...]
 *
 * The flags rejected, line-more, initial, repaired, unclean, rewind are compared as a
 * set; `secure` and `needs-reply` (or with `-` in front) only where they stand. Fields:
 * tag, code, number, text, verb, and those of the typed accessors. CLOSED without a
 * name must be an orderly one.
 */
int seen_match(const struct seen *e, const char *spec, struct text *why);

/* "SMTP_REPLY" -> "REPLY" and the like; "?" for none. */
const char *event_name(uint32_t type);

/* Statuses by their names without MAILPROTO_, "ERR_EOF". 1 or 0. */
int status_by_name(const char *name, size_t len, mailproto_status *status);
/* The name without MAILPROTO_. */
const char *status_name(mailproto_status status);

/* The status that `code` of CLOSED or CONTENT_ABORTED stands for. */
mailproto_status event_status(uint32_t code);

/* Every status that tests have met, for the list of those they never met. */
void status_met(mailproto_status status);
int status_was_met(mailproto_status status);
/* All statuses that exist, one by one, from `*at` = 0; 0: no more. */
int status_next(int *at, mailproto_status *status);

/* "MAIL" and the like -> MAILPROTO_SMTP_VERB_..., or -1. */
int smtp_verb_by_name(const char *name, size_t len);

#endif /* TEST_EVENTS_H */
