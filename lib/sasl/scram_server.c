/*
 * The server's side of SCRAM (RFC 5802 5, 7). A user that does not exist gets a salt
 * that looks like one, and fails where one with a wrong password does.
 */
#include <mailproto/codec.h>

#include "core/chars.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "sasl/sasl.h"
#include "sasl/secret.h"

enum stage { START, ASKED_FOR_FIRST, NEEDING, COMPUTING, READY, FIRST_SENT };

/* ---- client-first-message ---------------------------------------------------- */

/* Cuts the text before the next comma off `rest`: 1, or 0 when there is none. */
static int cut(mailproto_bytes *rest, mailproto_bytes *out)
{
    const char *comma = rest->len > 0 ? memchr(rest->ptr, ',', rest->len) : NULL;
    if (comma == NULL) {
        return 0;
    }
    *out = mailproto__span(rest->ptr, (size_t)(comma - rest->ptr));
    *rest = mailproto__tail(*rest, out->len + 1);
    return 1;
}

static int equal(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* "p=": the binding that the client names; OK, or ERR_AUTH: not one of ours. */
static mailproto_status bind(mailproto_sasl *x, mailproto_bytes name)
{
    const mailproto_sasl_options *o = &x->options;
    if ((x->row->flags & MAILPROTO_SASL_PLUS) == 0) {
        return MAILPROTO_ERR_AUTH;
    }
    if (equal(name, mailproto__scram_binding_name(o->binding_type))) {
        x->scram->channel = o->binding;
        return MAILPROTO_OK;
    }
    if (o->other_binding.len > 0 &&
        equal(name, mailproto__scram_binding_name(o->other_binding_type))) {
        x->scram->channel = o->other_binding;
        return MAILPROTO_OK;
    }
    return MAILPROTO_ERR_AUTH;
}

/* gs2-cbind-flag (RFC 5802 6, 7). */
static mailproto_status read_flag(mailproto_sasl *x, mailproto_bytes flag)
{
    int can_bind = x->options.binding.len > 0 || x->options.other_binding.len > 0;
    int must_bind = (x->row->flags & MAILPROTO_SASL_PLUS) != 0;
    if (flag.len > 2 && flag.ptr[0] == 'p' && flag.ptr[1] == '=') {
        return bind(x, mailproto__tail(flag, 2));
    }
    if (equal(flag, MAILPROTO__LITERAL("n"))) {
        return must_bind ? MAILPROTO_ERR_AUTH : MAILPROTO_OK;
    }
    if (equal(flag, MAILPROTO__LITERAL("y"))) {
        /* It believes that we cannot: somebody took -PLUS out of our offer. */
        return can_bind || must_bind ? MAILPROTO_ERR_AUTH : MAILPROTO_OK;
    }
    return MAILPROTO_ERR_SYNTAX;
}

/* gs2-header: 1, or 0: the exchange has failed. */
static int read_header(mailproto_sasl *x, mailproto_bytes *rest)
{
    mailproto_bytes flag;
    mailproto_bytes authzid;
    mailproto_status st;
    const char *from = rest->ptr;
    if (!cut(rest, &flag) || !cut(rest, &authzid) ||
        (authzid.len > 0 &&
         (authzid.len < 3 || authzid.ptr[0] != 'a' || authzid.ptr[1] != '='))) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return 0;
    }
    st = read_flag(x, flag);
    if (st != MAILPROTO_OK) {
        mailproto__sasl_failed(x, st);
        return 0;
    }
    x->scram->gs2 = mailproto__span(from, flag.len + authzid.len + 2);
    return authzid.len == 0 || mailproto__sasl_read_saslname(
                                   x, mailproto__tail(authzid, 2), &x->need.authzid);
}

static int is_printable(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && mailproto__is((unsigned char)b.ptr[i], MAILPROTO__VCHAR)) {
        i++;
    }
    return i == b.len;
}

/* The salt of a user that has none stored: always the same for a name. Made for known
 * users too, so that it takes as long. */
static void make_salt(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    mailproto__hmac_key(x->hmac, o->salt_key.ptr, o->salt_key.len);
    mailproto__hmac_once(x->hmac, x->need.name.ptr, x->need.name.len,
                         x->scram->fake_salt);
}

static void read_first(mailproto_sasl *x)
{
    struct mailproto__scram *s = x->scram;
    mailproto_bytes rest = mailproto__sasl_message(x);
    mailproto_bytes name;
    if (!read_header(x, &rest)) {
        return;
    }
    s->bare = rest;
    if (!mailproto__scram_attribute(&rest, 'n', &name) ||
        !mailproto__scram_attribute(&rest, 'r', &s->nonce) || !is_printable(s->nonce) ||
        !mailproto__scram_extensions(rest)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    if (mailproto__sasl_read_saslname(x, name, &x->need.name)) {
        x->stage = NEEDING;
        mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_SCRAM);
        make_salt(x);
    }
}

/* ---- server-first-message ---------------------------------------------------- */

/* Written at once, because the salt is the caller's. OK, or ERR_TOO_LONG. */
static mailproto_status write_first(mailproto_sasl *x, mailproto_bytes salt,
                                    uint32_t iterations)
{
    enum { AROUND = 8, NUMBER = 20 }; /* "r=" ",s=" ",i="; the digits */
    struct mailproto__scram *s = x->scram;
    mailproto_bytes own = mailproto__span(s->nonce_text, s->nonce_len);
    char digits[NUMBER];
    size_t digits_len = mailproto__decimal(iterations, digits);
    size_t at = x->text_len;
    size_t nonce_len = s->nonce.len + own.len;
    size_t room = x->text_cap - x->text_len;
    if (salt.len > room ||
        AROUND + nonce_len + mailproto_base64_size(salt.len) + digits_len > room) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("r="));
    (void)mailproto__sasl_put(x, s->nonce);
    (void)mailproto__sasl_put(x, own);
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(",s="));
    (void)mailproto__sasl_put_base64(x, salt, mailproto__span(NULL, 0));
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(",i="));
    (void)mailproto__sasl_put(x, mailproto__span(digits, digits_len));
    s->server_first = mailproto__span(x->text + at, x->text_len - at);
    s->nonce = mailproto__span(s->server_first.ptr + 2, nonce_len);
    return MAILPROTO_OK;
}

mailproto_status mailproto__sasl_scram_answer(mailproto_sasl *x,
                                              mailproto_bytes password)
{
    struct mailproto__scram *s = x->scram;
    const mailproto_sasl_options *o = &x->options;
    mailproto_bytes salt = mailproto__span((const char *)s->fake_salt, o->salt_size);
    int misuse = x->verdict == MAILPROTO_OK && password.len == 0;
    if (x->verdict != MAILPROTO_OK && x->verdict != MAILPROTO_ERR_AUTH) {
        return MAILPROTO_OK; /* nothing that would have to be hidden */
    }
    s->known = x->verdict == MAILPROTO_OK && !misuse &&
               mailproto__sasl_prepare(x, MAILPROTO_SASL_PREPARE_PASSWORD, password,
                                       &password) == MAILPROTO_OK;
    x->verdict = write_first(x, salt, o->iterations);
    if (x->verdict != MAILPROTO_OK) {
        return x->verdict;
    }
    x->stage = READY;
    if (password.len > 0) {
        x->stage = COMPUTING;
        mailproto__scram_begin(x, password, salt, o->iterations);
    }
    return misuse ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_OK;
}

static int is_stored(const mailproto_sasl_scram *in, size_t size)
{
    return in->iterations > 0 && in->salt.len > 0 && in->stored_key.len == size &&
           in->server_key.len == size;
}

mailproto_status mailproto_sasl_answer_scram(mailproto_sasl *sasl,
                                             const mailproto_sasl_scram *stored)
{
    mailproto_sasl_scram in;
    mailproto_status st;
    size_t size;
    if (sasl->state.state != MAILPROTO_SASL_NEEDS || sasl->answered ||
        sasl->scram == NULL) {
        return MAILPROTO_ERR_STATE;
    }
    size = sasl->hmac->hash.size;
    st = mailproto__options_copy(&in, sizeof in, stored);
    if (st < 0 || !is_stored(&in, size)) {
        (void)mailproto_sasl_answer(sasl, MAILPROTO_ERR_AUTH, NULL, 0);
        return st < 0 ? st : MAILPROTO_ERR_ARGUMENT;
    }
    sasl->answered = 1;
    sasl->stage = READY;
    sasl->verdict = write_first(sasl, in.salt, in.iterations);
    if (sasl->verdict == MAILPROTO_OK) {
        memcpy(sasl->scram->stored_key, in.stored_key.ptr, size);
        memcpy(sasl->scram->server_key, in.server_key.ptr, size);
        sasl->scram->known = 1;
    }
    return sasl->verdict;
}

static void send_first(mailproto_sasl *x)
{
    if (x->verdict != MAILPROTO_OK) {
        mailproto__sasl_verdict(x);
        return;
    }
    if (x->stage == COMPUTING) {
        if (!mailproto__scram_work(x)) {
            return;
        }
        mailproto__scram_keys(x);
        mailproto__wipe(x->scram->client_key, sizeof x->scram->client_key);
    }
    if (x->hmac->status < 0) {
        mailproto__sasl_failed(x, x->hmac->status);
        return;
    }
    x->stage = FIRST_SENT;
    x->parts[0] = x->scram->server_first;
    mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
}

/* ---- client-final-message ---------------------------------------------------- */

/* The parts of it: 1, or 0: the exchange has failed. `*proof` lies in x->text,
 * decoded. */
static int read_final(mailproto_sasl *x, const char **proof)
{
    struct mailproto__scram *s = x->scram;
    mailproto_bytes rest = mailproto__sasl_message(x);
    mailproto_bytes channel;
    mailproto_bytes nonce;
    mailproto_bytes text;
    size_t at = rest.len;
    while (at > 0 && rest.ptr[at - 1] != ',') {
        at--; /* the proof is the last attribute, and has no comma */
    }
    text = mailproto__tail(rest, at);
    s->final = mailproto__span(rest.ptr, at > 0 ? at - 1 : 0);
    rest = s->final;
    if (!mailproto__scram_attribute(&text, 'p', &text) ||
        !mailproto__scram_attribute(&rest, 'c', &channel) ||
        !mailproto__scram_attribute(&rest, 'r', &nonce) ||
        !mailproto__scram_extensions(rest)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return 0;
    }
    at = x->text_len;
    if (!mailproto__sasl_put_base64(x, s->gs2, s->channel)) {
        return 0;
    }
    /* RFC 5802 5.1: the header as it came, the binding of this connection, our
       nonce. */
    if (!equal(channel, mailproto__span(x->text + at, x->text_len - at)) ||
        !equal(nonce, s->nonce)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_AUTH);
        return 0;
    }
    at = x->text_len;
    if (!mailproto__sasl_put_decoded(x, text)) {
        return 0;
    }
    *proof = x->text + at;
    if (x->text_len - at != x->hmac->hash.size) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return 0;
    }
    return 1;
}

/* ServerSignature, as v=. */
static void send_final(mailproto_sasl *x)
{
    struct mailproto__scram *s = x->scram;
    size_t size = x->hmac->hash.size;
    x->parts[0] = MAILPROTO__LITERAL("v=");
    x->parts[1] = mailproto__span(
        s->proof_text, mailproto__base64_secret(s->signature, size, s->proof_text));
    mailproto__sasl_respond(x, MAILPROTO_SASL_DONE_WITH_DATA);
}

static void verify(mailproto_sasl *x)
{
    struct mailproto__scram *s = x->scram;
    size_t size = x->hmac->hash.size;
    const char *proof;
    uint8_t found[MAILPROTO__HASH_MAX];
    int is_right;
    size_t i;
    if (!read_final(x, &proof)) {
        return;
    }
    /* ClientKey = ClientProof XOR ClientSignature; its hash must be the stored one. */
    mailproto__scram_sign(x, s->stored_key, &s->final, 1, s->client_key);
    for (i = 0; i < size; i++) {
        s->client_key[i] ^= (uint8_t)proof[i];
    }
    mailproto__hmac_hash(x->hmac, s->client_key, size, found);
    mailproto__scram_sign(x, s->server_key, &s->final, 1, s->signature);
    is_right = mailproto__equal_secret(found, s->stored_key, size) & s->known;
    mailproto__wipe(found, sizeof found);
    mailproto__wipe(s->client_key, sizeof s->client_key);
    if (x->hmac->status < 0) {
        mailproto__sasl_failed(x, x->hmac->status);
    } else if (is_right) {
        send_final(x);
    } else {
        mailproto__sasl_failed(x, MAILPROTO_ERR_AUTH);
    }
}

void mailproto__scram_server_step(mailproto_sasl *x)
{
    if (x->stage == COMPUTING || x->answered) {
        send_first(x);
    } else if (x->has_message && x->stage < NEEDING) {
        read_first(x);
    } else if (x->has_message) {
        verify(x);
    } else if (x->stage == START) {
        x->stage = ASKED_FOR_FIRST;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE); /* the empty challenge */
    }
}
