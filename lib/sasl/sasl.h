/*
 * An exchange, as its mechanisms see it. A built-in mechanism is a few functions named
 * after it, reached by a switch in sasl.c; its response is a list of spans.
 */
#ifndef MAILPROTO_SASL_SASL_H
#define MAILPROTO_SASL_SASL_H

#include <stddef.h>

#include <mailproto/sasl.h>

#include "sasl/hash.h"

enum mailproto__sasl_kind {
    MAILPROTO__SASL_CUSTOM,
    MAILPROTO__SASL_PLAIN,
    MAILPROTO__SASL_LOGIN,
    MAILPROTO__SASL_EXTERNAL,
    MAILPROTO__SASL_ANONYMOUS,
    MAILPROTO__SASL_CRAM,
    MAILPROTO__SASL_SCRAM,
    MAILPROTO__SASL_OAUTHBEARER,
    MAILPROTO__SASL_XOAUTH2
};

enum {
    MAILPROTO__SASL_NAME_MAX = 20, /* RFC 4422 3.1 */
    MAILPROTO__SASL_PARTS = 8,
    MAILPROTO__SASL_PREPARED = 3,   /* a name, a password, an authzid */
    MAILPROTO__SASL_NONCE_TEXT = 88 /* NONCE_MAX octets in base64 */
};

/* ---- the mechanisms there are (mechanisms.c) --------------------------------- */

/* What a mechanism asks of the options. */
enum {
    MAILPROTO__ASKS_NAME = 1,
    MAILPROTO__ASKS_PASSWORD = 2,
    MAILPROTO__ASKS_TOKEN = 4,
    MAILPROTO__CARRIES_AUTHZID = 8,
    MAILPROTO__PREPARES_NAME = 16, /* it has a canonical form; any authzid has one */
    MAILPROTO__PREPARES_PASSWORD = 32
};

struct mailproto__sasl_row {
    const char *name;
    uint8_t name_len;
    uint8_t kind;  /* enum mailproto__sasl_kind */
    uint8_t hash;  /* MAILPROTO_HASH_..., or 0 */
    uint8_t asks;  /* MAILPROTO__ASKS_... */
    uint8_t flags; /* MAILPROTO_SASL_CLIENT_FIRST ... */
};

/* Number `i`, from the strongest on, or NULL: there are no more. */
const struct mailproto__sasl_row *mailproto__sasl_row(size_t i);

/* The row of a name in any case, or NULL. */
const struct mailproto__sasl_row *mailproto__sasl_find(mailproto_bytes name);

/* Its flags, as mailproto_sasl_flags() says them. */
uint32_t mailproto__sasl_row_flags(const struct mailproto__sasl_row *r);

/* Whether its family is in this build. */
int mailproto__sasl_is_built(const struct mailproto__sasl_row *r);

/* The caller's, as their struct_size says: the least, and with `end`. */
enum {
    MAILPROTO__MECHANISM_MIN = offsetof(mailproto_sasl_mechanism, end),
    MAILPROTO__MECHANISM_WITH_END = MAILPROTO__MECHANISM_MIN + sizeof(void (*)(void *))
};

/* ---- an exchange ------------------------------------------------------------- */

/* What SCRAM keeps besides. */
struct mailproto__scram {
    struct mailproto__pbkdf2 pbkdf2;
    mailproto_bytes gs2;          /* the header, up to and with its second comma */
    mailproto_bytes bare;         /* client-first-message-bare */
    mailproto_bytes server_first; /* whole */
    mailproto_bytes nonce;        /* client's and server's, one after the other */
    mailproto_bytes channel;      /* client: c=, in base64 */
    mailproto_bytes final;        /* server: client-final-message-without-proof */
    mailproto_bytes salt;         /* client, enrol: decoded */
    uint32_t iterations;
    uint8_t
        known; /* server: 1, or 0 for a user that fails in the end whatever it does */
    uint8_t nonce_len;
    uint8_t salt_len;                            /* server: of fake_salt */
    char nonce_text[MAILPROTO__SASL_NONCE_TEXT]; /* this side's */
    uint8_t fake_salt[MAILPROTO__HASH_MAX];      /* server: of salt_key and name */
    uint8_t client_key[MAILPROTO__HASH_MAX];
    uint8_t stored_key[MAILPROTO__HASH_MAX];
    uint8_t server_key[MAILPROTO__HASH_MAX];
    uint8_t signature[MAILPROTO__HASH_MAX];      /* ServerSignature */
    char proof_text[MAILPROTO__HASH_BASE64_MAX]; /* p= or v=, in base64 */
};

struct mailproto_sasl {
    mailproto_sasl_options options;
    uint64_t driver[4];
    mailproto_sasl_state state;
    const struct mailproto__sasl_row *row; /* NULL: the caller's mechanism */
    mailproto_status error;                /* why it failed; survives wiping */
    uint8_t kind;                          /* enum mailproto__sasl_kind */
    uint8_t stage;                         /* the mechanism's own; 0 at the start */
    uint8_t has_message;                   /* a whole message of the peer has come */
    uint8_t partial;                       /* a piece of one */
    uint8_t begun;                         /* a first step was made */
    uint8_t answered;                      /* the application has given `verdict` */
    uint8_t proven;   /* client: a success reported now would be one */
    uint8_t must_end; /* the caller's mechanism was started */
    uint8_t name_len;
    uint8_t prepared; /* how many of `prepared_at` are used */
    char name[MAILPROTO__SASL_NAME_MAX];
    mailproto_status verdict;
    char *text; /* the peer's messages and what is made of them, one by one */
    size_t text_cap, text_len;
    size_t message_at; /* where in it the present message begins */
    mailproto_bytes parts[MAILPROTO__SASL_PARTS]; /* the response, one after another */
    mailproto_sasl_need_info need;
    char *prepared_at[MAILPROTO__SASL_PREPARED]; /* as many as there may be */
    struct mailproto__hmac *hmac;
    struct mailproto__scram *scram;
    void *custom; /* state of the caller's mechanism */
    void *rest;   /* all of the block behind this struct, for wiping */
    size_t rest_size;
};

/* ---- for the mechanisms (sasl.c, text.c) ------------------------------------- */

/* What a mechanism's step decides; each sets x->state. */
void mailproto__sasl_respond(mailproto_sasl *x, uint32_t state);
void mailproto__sasl_set(mailproto_sasl *x, uint32_t state);
void mailproto__sasl_failed(mailproto_sasl *x, mailproto_status error);

/* Client: the server has refused within the mechanism. Nothing else says so: the driver
 * knows it by ERR_AUTH_CANCELLED, which from a function of the caller's is ERR_AUTH. */
void mailproto__sasl_refused(mailproto_sasl *x);

/* Asks the application; the spans of x->need are filled in. */
void mailproto__sasl_ask(mailproto_sasl *x, uint32_t need);

/* The application's verdict on a need has come: DONE, or FAILED with it. */
void mailproto__sasl_verdict(mailproto_sasl *x);

/* The present message of the peer. */
mailproto_bytes mailproto__sasl_message(const mailproto_sasl *x);

/* Empties the response's list. */
void mailproto__sasl_clear_parts(mailproto_sasl *x);

/* Appends to x->text: 1, or 0 when there is no room (the exchange has failed then,
 * TOO_LONG). A span of a later part begins at x->text + x->text_len of before. */
int mailproto__sasl_put(mailproto_sasl *x, mailproto_bytes b);

/* The same in base64 / from base64, strict (0 also when it is none: SYNTAX). */
int mailproto__sasl_put_base64(mailproto_sasl *x, mailproto_bytes a, mailproto_bytes b);
int mailproto__sasl_put_decoded(mailproto_sasl *x, mailproto_bytes text);

/* A name as a saslname (RFC 5802 7): `,` and `=` are escaped. Its length, and
 * written. */
size_t mailproto__saslname_size(mailproto_bytes name);
int mailproto__sasl_put_saslname(mailproto_sasl *x, mailproto_bytes name);

/* The other way: 1 and `*out` (which points into `text` when nothing is escaped, else
 * into x->text), or 0: not one (the exchange has failed, SYNTAX). */
int mailproto__sasl_read_saslname(mailproto_sasl *x, mailproto_bytes text,
                                  mailproto_bytes *out);

/* Whether a text is UTF-8 without control characters, which SASLprep and PRECIS
 * forbid in names (RFC 4013 2.3, RFC 8265 3.1). */
int mailproto__is_name(mailproto_bytes b);
int mailproto__holds_nul(mailproto_bytes b);

/* The canonical form of a name or password, by the caller's function if it is not
 * ASCII. OK and `*out`; the function's status; ERR_ARGUMENT. */
mailproto_status mailproto__sasl_prepare(mailproto_sasl *x, uint32_t what,
                                         mailproto_bytes in, mailproto_bytes *out);

/* The same of both names, as the mechanism has them, in place; names they are in the
 * end, or ERR_ARGUMENT. */
mailproto_status mailproto__sasl_prepare_names(mailproto_sasl *x, mailproto_bytes *name,
                                               mailproto_bytes *authzid);

/* ---- the mechanisms ---------------------------------------------------------- */

/*
 * Of each family, as far as it has them:
 * step    whatever is new is in `has_message` or `answered`
 * start   its part of mailproto_sasl_init(): OK or negative
 * input   a challenge that is hashed and not kept
 * answer  its part of mailproto_sasl_answer(); what is no answer changes the verdict, so
 *         that the exchange fails as for an unknown user
 * Stand-ins for families that are left out of the build: left_out.h.
 */
void mailproto__sasl_external_step(mailproto_sasl *x);
void mailproto__sasl_anonymous_step(mailproto_sasl *x);

#ifndef MAILPROTO_NO_SASL_PLAIN
void mailproto__sasl_plain_step(mailproto_sasl *x);
void mailproto__sasl_login_step(mailproto_sasl *x);
#endif

#ifndef MAILPROTO_NO_SASL_OAUTH
void mailproto__sasl_oauth_step(mailproto_sasl *x);
mailproto_status mailproto__sasl_oauth_answer(mailproto_sasl *x, mailproto_bytes error);
#endif

#ifndef MAILPROTO_NO_SASL_CRAM_MD5
mailproto_status mailproto__sasl_cram_start(mailproto_sasl *x);
void mailproto__sasl_cram_step(mailproto_sasl *x);
void mailproto__sasl_cram_input(mailproto_sasl *x, const void *data, size_t len);
mailproto_status mailproto__sasl_cram_answer(mailproto_sasl *x,
                                             mailproto_bytes password);
#endif

#ifndef MAILPROTO_NO_SASL_SCRAM
mailproto_status mailproto__sasl_scram_start(mailproto_sasl *x);
void mailproto__sasl_scram_step(mailproto_sasl *x);
mailproto_status mailproto__sasl_scram_answer(mailproto_sasl *x,
                                              mailproto_bytes password);
#endif

/* SCRAM: the two sides (scram_client.c, scram_server.c). */
mailproto_status mailproto__scram_client_start(mailproto_sasl *x);
void mailproto__scram_client_step(mailproto_sasl *x);
void mailproto__scram_server_step(mailproto_sasl *x);

/* What they share (scram.c). The salted password is begun ... */
void mailproto__scram_begin(mailproto_sasl *x, mailproto_bytes password,
                            mailproto_bytes salt, uint32_t iterations);

/* ... goes on for a while: 1: it is finished (or x->hmac->status tells why not), 0:
 * WORKING is set ... */
int mailproto__scram_work(mailproto_sasl *x);

/* ... and becomes keys. */
void mailproto__scram_keys(mailproto_sasl *x);

/* The signature by `key` over all messages, of which
 * client-final-message-without-proof is given in parts. */
void mailproto__scram_sign(mailproto_sasl *x, const uint8_t *key,
                           const mailproto_bytes *final, size_t parts, uint8_t *out);

/* The registered name of a kind of channel binding; empty: none. */
mailproto_bytes mailproto__scram_binding_name(uint32_t type);

/* The next attribute of a message (scram_message.c): "x=" up to a comma or the end;
 * `rest` goes on behind the comma. 1 and `*value`, or 0: there is none, it is
 * another, or its value is not allowed. `name` 0: any letter but `m`, which must be
 * understood. */
int mailproto__scram_attribute(mailproto_bytes *rest, char name,
                               mailproto_bytes *value);

/* Zero or more attributes that nobody knows, to the end; 0: something else. */
int mailproto__scram_extensions(mailproto_bytes rest);

#endif /* MAILPROTO_SASL_SASL_H */
