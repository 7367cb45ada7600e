/*
 * What a session did, as JSON: its events one by one, the pieces of one value joined, and
 * its output. Knows mailproto_event, its accessors and jansson.
 */
#ifndef EXAMPLE_INSPECT_RECORD_H
#define EXAMPLE_INSPECT_RECORD_H

#include "base64.h"
#include "names.h"

#include <jansson.h>
#include <mailproto/smtp.h>

typedef struct record {
    json_t *events;
    json_t *open; /* the last one of `events`, whose text may go on; NULL: none */
    mailproto_event last; /* the last piece of `open`; its spans are not used */
    uint32_t flags;       /* of all its pieces */
    base64 text;          /* its text so far */
    base64 output;
    int show_text; /* also show texts that are UTF-8 as they are */
    void (*details)(json_t *object, const mailproto_event *ev);
} record;

/* `details` adds what the protocol's accessors say to an event's object. */
void record_begin(record *r, int show_text,
                  void (*details)(json_t *object, const mailproto_event *ev));
void record_event(record *r, const mailproto_event *ev);
void record_output(record *r, const void *data, size_t len);

/* The result: {"events": ..., "output_b64": ..., "error": ..., "unread": ...}. The record
   is used up. `unread`: octets of the input that were not taken, which is shown when
   there is no error whose offset says where the session ended. */
json_t *record_end(record *r, const mailproto_session *session, size_t unread);

/* Bytes as a JSON string; NULL: they are not UTF-8. */
json_t *record_string(mailproto_bytes b);

/* Sets a key to bytes: as text, or what is no UTF-8 as base64 under key_b64. */
void record_bytes(json_t *object, const char *key, mailproto_bytes b);

/* The words of the bits that are set. */
json_t *record_flags(const word *words, uint32_t flags);

/* ---- the protocols -------------------------------------------------------------------- */

void record_smtp_details(json_t *object, const mailproto_event *ev);
void record_pop3_details(json_t *object, const mailproto_event *ev);
void record_imap_details(json_t *object, const mailproto_event *ev);

/* A reply's numbers as JSON. */
json_t *record_smtp_status(const mailproto_smtp_status *status);

#endif /* EXAMPLE_INSPECT_RECORD_H */
