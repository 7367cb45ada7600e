/* Numbers of the public headers as words. Knows the enumerations, nothing else. */
#ifndef EXAMPLE_INSPECT_NAMES_H
#define EXAMPLE_INSPECT_NAMES_H

#include <stdint.h>

/* A number and its word; tables end with a NULL name. */
typedef struct word {
    uint64_t value;
    const char *name;
} word;

extern const word event_words[]; /* MAILPROTO_EV_... */
extern const word flag_words[];  /* MAILPROTO_EVF_... */

extern const word path_words[];      /* MAILPROTO_SMTP_PATH_... */
extern const word smtp_verb_words[]; /* MAILPROTO_SMTP_VERB_... */
extern const word body_words[];      /* MAILPROTO_SMTP_BODY_... */
extern const word origin_words[];    /* MAILPROTO_ORIGIN_... */
extern const word smtp_cap_words[];  /* MAILPROTO_SMTP_CAP_..., as EHLO keywords */

extern const word pop3_verb_words[];   /* MAILPROTO_POP3_VERB_... */
extern const word pop3_reply_words[];  /* MAILPROTO_POP3_OK, ... */
extern const word pop3_resp_words[];   /* MAILPROTO_POP3_RESP_... */
extern const word pop3_commit_words[]; /* MAILPROTO_POP3_COMMIT_... */
extern const word pop3_cap_words[];    /* MAILPROTO_POP3_CAP_..., as CAPA tags */

extern const word imap_reply_words[]; /* MAILPROTO_IMAP_OK, ... */
extern const word imap_cap_words[];   /* MAILPROTO_IMAP_CAP_..., as in CAPABILITY */

/* The word of a value, or NULL. */
const char *word_of(const word *words, uint64_t value);

/* The value of a word of `len` letters, in any case. 0, or -1: there is none. */
int value_of(const word *words, const char *name, uint64_t len, uint64_t *value);

#endif /* EXAMPLE_INSPECT_NAMES_H */
