/*
 * CRAM-MD5 (RFC 2195), both roles: a challenge, and the HMAC-MD5 of it by the password.
 */
#include "core/mem.h"
#include "core/span.h"
#include "sasl/sasl.h"
#include "sasl/secret.h"

enum { DIGEST = 16, HEX = 2 * DIGEST };
enum stage { START, CHALLENGED, ANSWERED };

/* ---- client ------------------------------------------------------------------ */

void mailproto__sasl_cram_input(mailproto_sasl *x, const void *data, size_t len)
{
    if (len > 0 && x->stage < ANSWERED) {
        x->stage = CHALLENGED;
        mailproto__hmac_update(x->hmac, data, len);
    }
}

/* response = user name, space, digest in lower-case hexadecimal (RFC 2195 2). */
static void respond(mailproto_sasl *x)
{
    uint8_t digest[DIGEST];
    char hex[HEX];
    mailproto__hmac_end(x->hmac, digest);
    if (x->hmac->status < 0) {
        mailproto__wipe(digest, sizeof digest);
        mailproto__sasl_failed(x, x->hmac->status);
        return;
    }
    mailproto__hex_secret(digest, sizeof digest, hex);
    (void)mailproto__sasl_put(x, mailproto__span(hex, sizeof hex));
    x->parts[0] = x->options.name;
    x->parts[1] = MAILPROTO__LITERAL(" ");
    x->parts[2] = mailproto__span(x->text, HEX);
    x->stage = ANSWERED;
    x->proven = 1; /* the server proves nothing here */
    mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
}

static void client_step(mailproto_sasl *x)
{
    if (!x->has_message) {
        mailproto__sasl_set(x, MAILPROTO_SASL_WAIT); /* the server speaks first */
    } else if (x->stage == CHALLENGED) {
        respond(x);
    } else {
        /* An empty challenge, the same for ever, or a second one. */
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
    }
}

/* ---- server ------------------------------------------------------------------ */

/* A challenge from the caller's random octets: <nonce in hexadecimal@host>. */
static mailproto_status make_challenge(mailproto_sasl *x)
{
    mailproto_sasl_options *o = &x->options;
    size_t i;
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("<"));
    for (i = 0; i < o->nonce.len; i++) {
        char hex[2];
        uint8_t octet = (uint8_t)o->nonce.ptr[i];
        mailproto__hex_secret(&octet, 1, hex);
        (void)mailproto__sasl_put(x, mailproto__span(hex, sizeof hex));
    }
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("@"));
    (void)mailproto__sasl_put(x, o->host.len > 0 ? o->host
                                                 : MAILPROTO__LITERAL("localhost"));
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(">"));
    o->challenge = mailproto__span(x->text, x->text_len);
    return mailproto_sasl_is_timestamp(o->challenge) ? MAILPROTO_OK
                                                     : MAILPROTO_ERR_ARGUMENT;
}

/* One hexadecimal digit; 16: none, or not in lower case. */
static unsigned value_of(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10U : 16U;
}

/* The digest, put behind everything else in the text: 1, or 0. */
static int read_digest(mailproto_sasl *x, mailproto_bytes hex)
{
    size_t i;
    for (i = 0; i + 1 < hex.len; i += 2) {
        unsigned high = value_of(hex.ptr[i]);
        unsigned low = value_of(hex.ptr[i + 1]);
        char octet = (char)(unsigned char)(high << 4 | low);
        if (high > 15 || low > 15) {
            mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
            return 0;
        }
        if (!mailproto__sasl_put(x, mailproto__span(&octet, 1))) {
            return 0;
        }
    }
    return 1;
}

static void take_response(mailproto_sasl *x)
{
    mailproto_bytes message = mailproto__sasl_message(x);
    /* The name may hold spaces: the last one is the separator. */
    size_t name_len = message.len > HEX + 1 ? message.len - HEX - 1 : 0;
    x->need.name = mailproto__span(message.ptr, name_len);
    if (name_len == 0 || message.ptr[name_len] != ' ' ||
        !mailproto__is_name(x->need.name)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    if (read_digest(x, mailproto__tail(message, name_len + 1))) {
        x->stage = ANSWERED;
        mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_PASSWORD);
    }
}

mailproto_status mailproto__sasl_cram_answer(mailproto_sasl *x,
                                             mailproto_bytes password)
{
    uint8_t digest[DIGEST];
    int equal;
    int misuse = x->verdict == MAILPROTO_OK && password.len == 0;
    if (x->verdict != MAILPROTO_OK && x->verdict != MAILPROTO_ERR_AUTH) {
        return MAILPROTO_OK;
    }
    if (misuse || mailproto__sasl_prepare(x, MAILPROTO_SASL_PREPARE_PASSWORD, password,
                                          &password) != MAILPROTO_OK) {
        x->verdict = MAILPROTO_ERR_AUTH;
    }
    /* Also for an unknown user, who must not be told apart by the time it takes. */
    mailproto__hmac_key(x->hmac, password.ptr, password.len);
    mailproto__hmac_once(x->hmac, x->options.challenge.ptr, x->options.challenge.len,
                         digest);
    equal = mailproto__equal_secret(digest, x->text + x->text_len - DIGEST, DIGEST);
    mailproto__wipe(digest, sizeof digest);
    if (x->hmac->status < 0) {
        x->verdict = x->hmac->status;
    } else if (!equal) {
        x->verdict = MAILPROTO_ERR_AUTH;
    }
    return misuse ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_OK;
}

static void server_step(mailproto_sasl *x)
{
    if (x->answered) {
        mailproto__sasl_verdict(x);
    } else if (x->has_message && x->stage == CHALLENGED) {
        take_response(x);
    } else if (x->has_message) {
        /* An initial response, where the server speaks first (RFC 4422 5). */
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
    } else if (x->stage == START) {
        x->stage = CHALLENGED;
        x->parts[0] = x->options.challenge;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
    }
}

/* ---- both -------------------------------------------------------------------- */

mailproto_status mailproto__sasl_cram_start(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        mailproto__hmac_key(x->hmac, x->options.password.ptr, x->options.password.len);
        mailproto__hmac_start(x->hmac);
        return x->hmac->status;
    }
    return x->options.challenge.len > 0 ? MAILPROTO_OK : make_challenge(x);
}

void mailproto__sasl_cram_step(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        client_step(x);
    } else {
        server_step(x);
    }
}
