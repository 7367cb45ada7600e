/*
 * Random valid commands of IMAP, made from the grammar, with what a parser must say of
 * each. Made and read commands are brought into the same form and compared.
 */
#ifndef TEST_IMAP_GENERATE_H
#define TEST_IMAP_GENERATE_H

#include <mailproto/imap.h>

#include "text.h"

/* What a command says, with all strings and lists spelled out as text. */
struct imap_model {
    uint32_t command, flags, select, returns, status_items, store, uidvalidity;
    uint64_t modseq;
    struct text tag, verb, name, text, mailbox, target;
    struct text set, items, known, match_numbers, match_uids;
};

/* Zeroed: empty; the seed is `random`. */
struct imap_generator {
    uint64_t random;
    uint32_t enabled; /* MAILPROTO_IMAP_ENABLED_... of what is made */
    int plain;        /* only what common clients send: few literals, short names */
    struct text unit;
    struct imap_model model;
};

void imap_generator_free(struct imap_generator *g);

/* A random number below `n`. */
uint32_t imap_random(struct imap_generator *g, uint32_t n);

/* Makes a command (MAILPROTO_IMAP_CAPABILITY ...) in `unit`, and in `model` what it is. */
void imap_generate(struct imap_generator *g, uint32_t command);

/* The same of a command that was parsed; its model is set anew. */
void imap_model_of(struct imap_model *m, const mailproto_imap_command *c);
void imap_model_free(struct imap_model *m);

/* From now on strings are told without the form they were written in, and verbs without
 * their case; or with them again. */
void imap_model_loosely(int on);

/* NULL, or the name of the first field that differs. */
const char *imap_model_differs(const struct imap_model *a, const struct imap_model *b);

#endif /* TEST_IMAP_GENERATE_H */
