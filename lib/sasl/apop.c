/*
 * The digest of POP3's APOP (RFC 1939 7): no SASL, but of the same kind.
 */
#include "core/mem.h"
#include "core/span.h"
#include "sasl/hash.h"
#include "sasl/secret.h"

enum { DIGEST = 16 };

mailproto_status mailproto_sasl_apop(mailproto_bytes timestamp, mailproto_bytes secret,
                                     const mailproto_hash *md5, void *state,
                                     char *digest)
{
    struct mailproto__hash hash;
    struct mailproto__md own;
    uint8_t octets[DIGEST];
    mailproto_status st =
        mailproto__hash_find(&hash, MAILPROTO_HASH_MD5, md5, md5 != NULL ? 1 : 0, 0);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (secret.len == 0 || (md5 != NULL && (hash.table == NULL || state == NULL))) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (!mailproto_sasl_is_timestamp(timestamp)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    /* A hundred octets of stack for the built-in one, where an exchange would have them
       in its block: there is none. Wiped below, however it ends. */
    if (md5 == NULL) {
        state = &own;
    }
    st = mailproto__hash_init(&hash, state);
    if (st != MAILPROTO_OK) {
        return st; /* nothing has gone into it */
    }
    st = mailproto__hash_update(&hash, state, timestamp.ptr, timestamp.len);
    if (st == MAILPROTO_OK) {
        st = mailproto__hash_update(&hash, state, secret.ptr, secret.len);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto__hash_final(&hash, state, octets);
    } else {
        mailproto__hash_release(&hash, state);
    }
    if (st == MAILPROTO_OK) {
        mailproto__hex_secret(octets, sizeof octets, digest);
    }
    mailproto__wipe(octets, sizeof octets);
    mailproto__wipe(state, hash.state_size);
    return st;
}

mailproto_status mailproto_sasl_apop_check(mailproto_bytes timestamp,
                                           mailproto_bytes secret,
                                           mailproto_bytes digest,
                                           const mailproto_hash *md5, void *state)
{
    char right[MAILPROTO_APOP_DIGEST];
    int equal;
    mailproto_status st = mailproto_sasl_apop(timestamp, secret, md5, state, right);
    if (st != MAILPROTO_OK) {
        return st; /* `right` was not written */
    }
    equal = digest.len == sizeof right &&
            mailproto__equal_secret(right, digest.ptr, sizeof right);
    mailproto__wipe(right, sizeof right);
    return equal ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
}
