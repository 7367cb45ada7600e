/*
 * SCRAM (RFC 5802, RFC 7677): what both sides share, and the making of what a server
 * stores. The messages are in scram_client.c and scram_server.c.
 */
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "sasl/sasl.h"
#include "sasl/secret.h"

enum enrol_stage { ENROL_START, ENROL_WORKING };

mailproto_bytes mailproto__scram_binding_name(uint32_t type)
{
    switch (type) {
    case MAILPROTO_BINDING_EXPORTER:
        return MAILPROTO__LITERAL("tls-exporter"); /* RFC 9266 */
    case MAILPROTO_BINDING_END_POINT:
        return MAILPROTO__LITERAL("tls-server-end-point"); /* RFC 5929 4 */
    case MAILPROTO_BINDING_TLS_UNIQUE:
        return MAILPROTO__LITERAL("tls-unique"); /* RFC 5929 3 */
    default:
        return mailproto__span(NULL, 0);
    }
}

/* ---- keys -------------------------------------------------------------------- */

void mailproto__scram_begin(mailproto_sasl *x, mailproto_bytes password,
                            mailproto_bytes salt, uint32_t iterations)
{
    struct mailproto__scram *s = x->scram;
    s->salt = salt;
    s->iterations = iterations;
    if (x->options.role == MAILPROTO_SASL_SERVER || x->options.pbkdf2 == NULL) {
        mailproto__hmac_key(x->hmac, password.ptr, password.len);
        mailproto__pbkdf2_start(&s->pbkdf2, x->hmac, salt.ptr, salt.len, iterations);
    }
}

/* The salted password by the caller's function: as mailproto__scram_work(). */
static int by_caller(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    struct mailproto__scram *s = x->scram;
    mailproto_status st =
        o->pbkdf2(o->pbkdf2_ctx, x->hmac->hash.id, o->password.ptr, o->password.len,
                  s->salt.ptr, s->salt.len, s->iterations, s->pbkdf2.sum);
    if (st == MAILPROTO_AGAIN) {
        return 0;
    }
    if (st != MAILPROTO_OK) {
        x->hmac->status = st < 0 ? st : MAILPROTO_ERR_ARGUMENT;
    }
    return 1;
}

int mailproto__scram_work(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    int is_done =
        o->role != MAILPROTO_SASL_SERVER && o->pbkdf2 != NULL
            ? by_caller(x)
            : mailproto__pbkdf2_work(&x->scram->pbkdf2, x->hmac, o->work_step);
    if (!is_done) {
        mailproto__sasl_set(x, MAILPROTO_SASL_WORKING);
    }
    return is_done;
}

/* RFC 5802 3: ClientKey, StoredKey and ServerKey of the salted password. */
void mailproto__scram_keys(mailproto_sasl *x)
{
    static const char client[] = "Client Key";
    static const char server[] = "Server Key";
    struct mailproto__scram *s = x->scram;
    size_t size = x->hmac->hash.size;
    mailproto__hmac_key(x->hmac, s->pbkdf2.sum, size);
    mailproto__hmac_once(x->hmac, client, sizeof client - 1, s->client_key);
    mailproto__hmac_once(x->hmac, server, sizeof server - 1, s->server_key);
    mailproto__hmac_hash(x->hmac, s->client_key, size, s->stored_key);
    mailproto__wipe(&s->pbkdf2, sizeof s->pbkdf2);
}

/* AuthMessage = client-first-message-bare "," server-first-message ","
 * client-final-message-without-proof (RFC 5802 3). */
void mailproto__scram_sign(mailproto_sasl *x, const uint8_t *key,
                           const mailproto_bytes *final, size_t parts, uint8_t *out)
{
    const struct mailproto__scram *s = x->scram;
    size_t i;
    mailproto__hmac_key(x->hmac, key, x->hmac->hash.size);
    mailproto__hmac_start(x->hmac);
    mailproto__hmac_update(x->hmac, s->bare.ptr, s->bare.len);
    mailproto__hmac_update(x->hmac, ",", 1);
    mailproto__hmac_update(x->hmac, s->server_first.ptr, s->server_first.len);
    mailproto__hmac_update(x->hmac, ",", 1);
    for (i = 0; i < parts; i++) {
        mailproto__hmac_update(x->hmac, final[i].ptr, final[i].len);
    }
    mailproto__hmac_end(x->hmac, out);
}

/* ---- the beginning ----------------------------------------------------------- */

mailproto_status mailproto__sasl_scram_start(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    struct mailproto__scram *s = x->scram;
    if (o->role == MAILPROTO_SASL_ENROL) {
        return MAILPROTO_OK;
    }
    if (o->salt_size > x->hmac->hash.size) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (o->flags & MAILPROTO_SASL_NONCE_PRINTABLE) {
        memcpy(s->nonce_text, o->nonce.ptr, o->nonce.len);
        s->nonce_len = (uint8_t)o->nonce.len;
    } else {
        s->nonce_len = (uint8_t)mailproto__base64_secret((const uint8_t *)o->nonce.ptr,
                                                         o->nonce.len, s->nonce_text);
    }
    return o->role == MAILPROTO_SASL_CLIENT ? mailproto__scram_client_start(x)
                                            : MAILPROTO_OK;
}

/* ---- what a server stores ---------------------------------------------------- */

static void enrol_step(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    if (x->stage == ENROL_START) {
        x->stage = ENROL_WORKING;
        mailproto__scram_begin(x, o->password, o->salt, o->iterations);
    }
    if (!mailproto__scram_work(x)) {
        return;
    }
    mailproto__scram_keys(x);
    mailproto__wipe(x->scram->client_key, sizeof x->scram->client_key);
    if (x->hmac->status < 0) {
        mailproto__sasl_failed(x, x->hmac->status);
    } else {
        mailproto__sasl_set(x, MAILPROTO_SASL_DONE);
    }
}

void mailproto__sasl_scram_step(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        mailproto__scram_client_step(x);
    } else if (x->options.role == MAILPROTO_SASL_SERVER) {
        mailproto__scram_server_step(x);
    } else {
        enrol_step(x);
    }
}

mailproto_status mailproto_sasl_enrolled(mailproto_sasl *sasl,
                                         mailproto_sasl_scram *stored)
{
    mailproto_sasl_scram out;
    if (sasl->options.role != MAILPROTO_SASL_ENROL ||
        sasl->state.state != MAILPROTO_SASL_DONE) {
        return MAILPROTO_ERR_STATE;
    }
    memset(&out, 0, sizeof out);
    out.iterations = sasl->options.iterations;
    out.salt = sasl->options.salt;
    out.stored_key =
        mailproto__span((const char *)sasl->scram->stored_key, sasl->hmac->hash.size);
    out.server_key =
        mailproto__span((const char *)sasl->scram->server_key, sasl->hmac->hash.size);
    return mailproto__output_copy(stored, &out, sizeof out);
}
