/*
 * What a session did, as JSON: its events one by one, the pieces of one value joined, and
 * its output. Knows mailproto_event, its SMTP accessors and jansson.
 */
#ifndef EXAMPLE_INSPECT_RECORD_H
#define EXAMPLE_INSPECT_RECORD_H

#include "base64.h"

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
} record;

void record_begin(record *r, int show_text);
void record_event(record *r, const mailproto_event *ev);
void record_output(record *r, const void *data, size_t len);

/* The result: {"events": ..., "output_b64": ..., "error": ..., "unread": ...}. The record
   is used up. `unread`: octets of the input that were not taken, which is shown when
   there is no error whose offset says where the session ended. */
json_t *record_end(record *r, const mailproto_session *session, size_t unread);

/* A reply's numbers as JSON. */
json_t *record_status(const mailproto_smtp_status *status);

/* Bytes as a JSON string; NULL: they are not UTF-8. */
json_t *record_string(mailproto_bytes b);

#endif /* EXAMPLE_INSPECT_RECORD_H */
