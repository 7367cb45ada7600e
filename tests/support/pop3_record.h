/*
 * Recorded POP3 conversations as exchanges: what the client sent, what it was answered.
 * Knows the files below $MAILPROTO_DATA/corpus/transcripts and the grammar, no engine.
 */
#ifndef TEST_POP3_RECORD_H
#define TEST_POP3_RECORD_H

#include <mailproto/pop3.h>

#include "jsonl.h"

struct exchange {
    struct text command; /* a line of the client, without its end */
    int is_response;     /* within AUTH */
    int tls;             /* TLS has begun behind it */
    char code;           /* '+' for +OK, '-' for -ERR, 'c' for a challenge */
    struct text reply;   /* what stands behind the indicator and a blank */
    struct text lines;   /* of a multi-line reply, unstuffed */
    int has_lines;
    struct text raw; /* all that the server sent */
    uint32_t verb;
    int used;
};

struct conversation {
    char *name;
    struct text greeting; /* a line with its end */
    struct exchange *items;
    size_t count;
    int truncated; /* the server's side ends early */
};

/* real/NAME.{c2s,s2c}. 1, or 0: not there, or no conversation. */
int conversation_real(struct conversation *c, const char *name);
/* The present line of pop3.jsonl. */
int conversation_steps(struct conversation *c, const struct jsonl *j);
void conversation_free(struct conversation *c);

/* Calls `play` with every recording of real programs (the files real/pop3-*). How many;
 * 0 with `why`: they are not there. */
unsigned conversations_of_programs(void (*play)(struct conversation *c, void *ctx),
                                   void *ctx, struct text *why);
/* The same for those of another library's tests (pop3.jsonl). */
unsigned conversations_of_tests(void (*play)(struct conversation *c, void *ctx),
                                void *ctx, struct text *why);
/* The same for a message of each of curl's tests, fetched by USER, PASS, RETR 1, QUIT. */
unsigned conversations_of_messages(void (*play)(struct conversation *c, void *ctx),
                                   void *ctx, struct text *why);

/* The number that a text begins with; 0: none. */
uint64_t leading_number(mailproto_bytes text);

/* "n rest" for message n in a listing, or in the reply itself. 1 or 0. */
int exchange_item(const struct exchange *e, uint64_t n, mailproto_bytes *rest);
/* The greatest message number that the conversation knows, and STAT's octets. */
uint32_t conversation_messages(const struct conversation *c, uint64_t *octets);

#endif /* TEST_POP3_RECORD_H */
