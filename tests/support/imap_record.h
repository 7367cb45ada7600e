/*
 * Recorded IMAP conversations: what the client sent, and how each of its commands was
 * answered. Knows the files below $MAILPROTO_DATA/corpus/transcripts, and of IMAP only
 * tags; no engine.
 */
#ifndef TEST_IMAP_RECORD_H
#define TEST_IMAP_RECORD_H

#include "jsonl.h"

enum { RECORD_TAG_MAX = 40 };

enum record_result { RECORD_NONE, RECORD_OK, RECORD_NO, RECORD_BAD };

struct record_answer {
    char tag[RECORD_TAG_MAX];
    enum record_result result;
};

struct record {
    char *name;
    struct text client; /* all lines, TLS or not */
    struct record_answer *answers;
    size_t count;
    int preauth;          /* so the server greeted */
    unsigned long exists; /* the most that it said; 0: it did not */
    int from_middle; /* it begins as one who is logged in, 2: and has a mailbox selected */
};

/* How the `nth` command (from 0) with this tag was answered. */
enum record_result record_answer_of(const struct record *r, const char *tag, size_t len,
                                    unsigned nth);

/* Adds the tagged lines of a text that begin with a known result, and EXISTS. */
void record_add_answers(struct record *r, const char *text, size_t len);

/* Calls `play` with every recording: of real programs (real/imap-*), and those of other
 * libraries' tests (imap.jsonl). How many; 0 with `why`: they are not there. */
unsigned records_of_programs(void (*play)(const struct record *r, void *ctx), void *ctx,
                             struct text *why);
unsigned records_of_tests(void (*play)(const struct record *r, void *ctx), void *ctx,
                          struct text *why);

#endif /* TEST_IMAP_RECORD_H */
