/*
 * The hash functions, built in or the caller's, and what is made of them: HMAC (RFC
 * 2104) and PBKDF2 (RFC 8018 5.2). States lie in memory of whoever uses them.
 */
#ifndef MAILPROTO_SASL_HASH_H
#define MAILPROTO_SASL_HASH_H

#include <mailproto/sasl.h>

enum {
    MAILPROTO__HASH_BLOCK = 64,      /* octets of a block: of all three */
    MAILPROTO__HASH_MAX = 32,        /* octets of the longest output */
    MAILPROTO__HASH_BASE64_MAX = 44, /* the same in base64 */
    MAILPROTO__HASH_WORDS = 8
};

/* ---- the built-in ones ------------------------------------------------------- */

/* Their state, one for all: they are of one construction (RFC 1321 3). */
struct mailproto__md {
    uint64_t octets; /* so far */
    uint32_t h[MAILPROTO__HASH_WORDS];
    uint8_t block[MAILPROTO__HASH_BLOCK]; /* the octets of the last, unfinished one */
};

void mailproto__md_init(struct mailproto__md *m, uint32_t id);
void mailproto__md_update(struct mailproto__md *m, uint32_t id, const void *data,
                          size_t len);
void mailproto__md_final(struct mailproto__md *m, uint32_t id, uint8_t *out);

/* Overwrites words that the compiler may not leave as they are: once a block, where
 * octet by octet would cost more than the hash. */
static inline void mailproto__wipe_words(uint32_t *words, size_t n)
{
    volatile uint32_t *at = words;
    size_t i;
    for (i = 0; i < n; i++) {
        at[i] = 0;
    }
}

/* Each: the start values, and one block of 64 octets. MD5 comes with CRAM-MD5 and APOP,
 * the others with SCRAM. */
void mailproto__md5_start(uint32_t *h);
void mailproto__md5_block(uint32_t *h, const uint8_t *block);
void mailproto__sha1_start(uint32_t *h);
void mailproto__sha1_block(uint32_t *h, const uint8_t *block);
void mailproto__sha256_start(uint32_t *h);
void mailproto__sha256_block(uint32_t *h, const uint8_t *block);

/* ---- either ------------------------------------------------------------------ */

struct mailproto__hash {
    const mailproto_hash *table; /* the caller's, or NULL: built in */
    uint32_t id;                 /* MAILPROTO_HASH_... */
    uint32_t size;               /* octets of the output */
    size_t state_size;
};

/* Finds a hash among the caller's and the built-in ones. OK, ERR_ARGUMENT (a row that
 * is not well-formed), ERR_NOT_BUILT. */
mailproto_status mailproto__hash_find(struct mailproto__hash *h, uint32_t id,
                                      const mailproto_hash *rows, size_t count,
                                      size_t stride);

/* All return what the caller's functions say, OK for the built-in ones. */
mailproto_status mailproto__hash_init(const struct mailproto__hash *h, void *state);
mailproto_status mailproto__hash_update(const struct mailproto__hash *h, void *state,
                                        const void *data, size_t len);
mailproto_status mailproto__hash_final(const struct mailproto__hash *h, void *state,
                                       uint8_t *out);
mailproto_status mailproto__hash_copy(const struct mailproto__hash *h, void *to,
                                      const void *from);
void mailproto__hash_release(const struct mailproto__hash *h, void *state);

/* ---- HMAC -------------------------------------------------------------------- */

/*
 * One key at a time, many messages. An error of a hash function sticks in `status` and
 * makes the rest do nothing, so that whoever uses it asks once, at the end.
 */
struct mailproto__hmac {
    struct mailproto__hash hash;
    void *state[3];   /* the key inside, the key outside, the message */
    uint8_t alive[3]; /* which of them have begun */
    mailproto_status status;
    uint8_t pad[MAILPROTO__HASH_BLOCK];
};

void mailproto__hmac_key(struct mailproto__hmac *m, const void *key, size_t len);
void mailproto__hmac_start(struct mailproto__hmac *m);
void mailproto__hmac_update(struct mailproto__hmac *m, const void *data, size_t len);
void mailproto__hmac_end(struct mailproto__hmac *m, uint8_t *out);

/* start, update, end in one. */
void mailproto__hmac_once(struct mailproto__hmac *m, const void *data, size_t len,
                          uint8_t *out);

/* The plain hash of some octets, in the state of the message. */
void mailproto__hmac_hash(struct mailproto__hmac *m, const void *data, size_t len,
                          uint8_t *out);

/* Ends all states and wipes the pad. */
void mailproto__hmac_release(struct mailproto__hmac *m);

/* ---- PBKDF2 with HMAC, the first block (Hi of RFC 5802 2.2) ------------------ */

struct mailproto__pbkdf2 {
    uint32_t left; /* iterations still to do */
    uint8_t last[MAILPROTO__HASH_MAX];
    uint8_t sum[MAILPROTO__HASH_MAX]; /* the result, at the end */
};

/* `m` has the password as its key, and keeps it until the end. */
void mailproto__pbkdf2_start(struct mailproto__pbkdf2 *p, struct mailproto__hmac *m,
                             const void *salt, size_t salt_len, uint32_t iterations);

/* Up to `n` iterations; 1: it is finished. */
int mailproto__pbkdf2_work(struct mailproto__pbkdf2 *p, struct mailproto__hmac *m,
                           uint32_t n);

#endif /* MAILPROTO_SASL_HASH_H */
