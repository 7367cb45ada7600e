/*
 * The client's side of SCRAM (RFC 5802 5, 7). It never ends well without the server's
 * signature, wherever that comes from.
 */
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "sasl/sasl.h"
#include "sasl/secret.h"

enum stage { START, FIRST_SENT, COMPUTING, FINAL_SENT, VERIFIED };

/* ---- client-first-message ---------------------------------------------------- */

/* gs2-cbind-flag (RFC 5802 6): bound; could be, but the server cannot; cannot. */
static void put_flag(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    if (x->row->flags & MAILPROTO_SASL_PLUS) {
        (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("p="));
        (void)mailproto__sasl_put(x, mailproto__scram_binding_name(o->binding_type));
    } else {
        (void)mailproto__sasl_put(x, o->binding.len > 0 ? MAILPROTO__LITERAL("y")
                                                        : MAILPROTO__LITERAL("n"));
    }
}

mailproto_status mailproto__scram_client_start(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    struct mailproto__scram *s = x->scram;
    mailproto_bytes bound = mailproto__span(NULL, 0);
    size_t at;
    put_flag(x);
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(","));
    if (o->authzid.len > 0) {
        (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("a="));
        (void)mailproto__sasl_put_saslname(x, o->authzid);
    }
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(","));
    s->gs2 = mailproto__span(x->text, x->text_len);
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("n="));
    (void)mailproto__sasl_put_saslname(x, o->name);
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(",r="));
    (void)mailproto__sasl_put(x, mailproto__span(s->nonce_text, s->nonce_len));
    s->bare = mailproto__span(x->text + s->gs2.len, x->text_len - s->gs2.len);
    if (x->row->flags & MAILPROTO_SASL_PLUS) {
        bound = o->binding;
    }
    at = x->text_len;
    (void)mailproto__sasl_put_base64(x, s->gs2, bound);
    s->channel = mailproto__span(x->text + at, x->text_len - at);
    return x->state.error;
}

/* ---- server-first-message ---------------------------------------------------- */

/* server-error (RFC 5802 7): as good as any other refusal, and no proof is due with it.
 * It belongs into the last message; servers that know at once have it in the first. */
static int is_refusal(mailproto_bytes message)
{
    return message.len > 1 && message.ptr[0] == 'e' && message.ptr[1] == '=';
}

/* The server's nonce begins with this side's and adds to it (RFC 5802 5.1, "r"). */
static int is_nonce(const struct mailproto__scram *s, mailproto_bytes nonce)
{
    size_t i;
    for (i = 0; i < nonce.len; i++) {
        if (!mailproto__is((unsigned char)nonce.ptr[i], MAILPROTO__VCHAR)) {
            return 0;
        }
    }
    return nonce.len > s->nonce_len &&
           memcmp(nonce.ptr, s->nonce_text, s->nonce_len) == 0;
}

/* iteration-count, with its floor and its cap: before anything is hashed. */
static mailproto_status read_count(const mailproto_sasl_options *o,
                                   mailproto_bytes text, uint32_t *count)
{
    uint64_t n = 0;
    size_t i;
    if (text.len == 0 || text.ptr[0] == '0') {
        return MAILPROTO_ERR_SYNTAX; /* posit-number: no zero in front */
    }
    for (i = 0; i < text.len; i++) {
        if (!mailproto__is((unsigned char)text.ptr[i], MAILPROTO__DIGIT)) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    if (!mailproto__number(text, o->max_iterations, &n)) {
        return MAILPROTO_ERR_COUNT_LIMIT;
    }
    *count = (uint32_t)n;
    return n < o->min_iterations ? MAILPROTO_ERR_AUTH_WEAK : MAILPROTO_OK;
}

/* 1, or 0: the exchange has failed. */
static int read_first(mailproto_sasl *x)
{
    struct mailproto__scram *s = x->scram;
    mailproto_bytes rest = mailproto__sasl_message(x);
    mailproto_bytes salt;
    mailproto_bytes count;
    size_t at = x->text_len;
    mailproto_status st;
    s->server_first = rest;
    if (is_refusal(rest)) {
        mailproto__sasl_refused(x);
        return 0;
    }
    if (!mailproto__scram_attribute(&rest, 'r', &s->nonce) || !is_nonce(s, s->nonce) ||
        !mailproto__scram_attribute(&rest, 's', &salt) ||
        !mailproto__scram_attribute(&rest, 'i', &count) ||
        !mailproto__scram_extensions(rest)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return 0;
    }
    st = read_count(&x->options, count, &s->iterations);
    if (st != MAILPROTO_OK) {
        mailproto__sasl_failed(x, st);
        return 0;
    }
    if (!mailproto__sasl_put_decoded(x, salt)) {
        return 0;
    }
    s->salt = mailproto__span(x->text + at, x->text_len - at);
    return 1;
}

/* ---- client-final-message ---------------------------------------------------- */

static void respond(mailproto_sasl *x)
{
    enum { WITHOUT_PROOF = 4 };
    struct mailproto__scram *s = x->scram;
    size_t size = x->hmac->hash.size;
    uint8_t proof[MAILPROTO__HASH_MAX];
    size_t i;
    mailproto__scram_keys(x);
    x->parts[0] = MAILPROTO__LITERAL("c=");
    x->parts[1] = s->channel;
    x->parts[2] = MAILPROTO__LITERAL(",r=");
    x->parts[3] = s->nonce;
    mailproto__scram_sign(x, s->stored_key, x->parts, WITHOUT_PROOF, proof);
    mailproto__scram_sign(x, s->server_key, x->parts, WITHOUT_PROOF, s->signature);
    if (x->hmac->status == MAILPROTO_OK) {
        /* ClientProof = ClientKey XOR ClientSignature */
        for (i = 0; i < size; i++) {
            proof[i] ^= s->client_key[i];
        }
        x->parts[4] = MAILPROTO__LITERAL(",p=");
        x->parts[5] = mailproto__span(
            s->proof_text, mailproto__base64_secret(proof, size, s->proof_text));
    }
    mailproto__wipe(proof, sizeof proof);
    mailproto__wipe(s->client_key, sizeof s->client_key);
    mailproto__wipe(s->stored_key, sizeof s->stored_key);
    mailproto__wipe(s->server_key, sizeof s->server_key);
    if (x->hmac->status < 0) {
        mailproto__sasl_failed(x, x->hmac->status);
        return;
    }
    x->stage = FINAL_SENT;
    mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
}

/* ---- server-final-message ---------------------------------------------------- */

static void verify(mailproto_sasl *x)
{
    struct mailproto__scram *s = x->scram;
    mailproto_bytes rest = mailproto__sasl_message(x);
    mailproto_bytes signature;
    size_t at = x->text_len;
    if (is_refusal(rest)) {
        mailproto__sasl_refused(x);
        return;
    }
    if (!mailproto__scram_attribute(&rest, 'v', &signature) ||
        !mailproto__scram_extensions(rest)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    if (!mailproto__sasl_put_decoded(x, signature)) {
        return;
    }
    if (x->text_len - at != x->hmac->hash.size ||
        !mailproto__equal_secret(x->text + at, s->signature, x->hmac->hash.size)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_AUTH);
        return;
    }
    x->stage = VERIFIED;
    x->proven = 1;
    mailproto__sasl_set(x, MAILPROTO_SASL_DONE);
}

void mailproto__scram_client_step(mailproto_sasl *x)
{
    struct mailproto__scram *s = x->scram;
    if (x->stage == START && !x->has_message) {
        x->stage = FIRST_SENT;
        x->parts[0] = s->gs2;
        x->parts[1] = s->bare;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
        return;
    }
    if (x->stage == FIRST_SENT && x->has_message) {
        if (!read_first(x)) {
            return;
        }
        x->stage = COMPUTING;
        mailproto__scram_begin(x, x->options.password, s->salt, s->iterations);
    }
    if (x->stage == COMPUTING) {
        if (mailproto__scram_work(x)) {
            respond(x);
        }
    } else if (x->stage == FINAL_SENT && x->has_message) {
        verify(x);
    } else {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
    }
}
