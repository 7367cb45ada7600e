/*
 * The built-in mechanisms, from the strongest to the weakest, and a client's choice
 * among them. Knows what they ask for; must not know how they work.
 */
#include "core/options.h"
#include "core/span.h"
#include "sasl/left_out.h"
#include "sasl/sasl.h"

enum {
    FIRST = MAILPROTO_SASL_CLIENT_FIRST,
    PLAINTEXT = MAILPROTO_SASL_PLAINTEXT,
    PLUS = MAILPROTO_SASL_PLUS,
    NAME = MAILPROTO__ASKS_NAME,
    PASSWORD = MAILPROTO__ASKS_PASSWORD | MAILPROTO__PREPARES,
    TOKEN = MAILPROTO__ASKS_TOKEN,
    AUTHZID = MAILPROTO__CARRIES_AUTHZID
};

#define NAMED(text) (text), (uint8_t)(sizeof(text) - 1)

/* By strength, which is the order of choice. */
static const struct mailproto__sasl_row mechanisms[] = {
    {NAMED("EXTERNAL"), MAILPROTO__SASL_EXTERNAL, 0, AUTHZID, FIRST},
    {NAMED("SCRAM-SHA-256-PLUS"), MAILPROTO__SASL_SCRAM, MAILPROTO_HASH_SHA256,
     NAME | PASSWORD | AUTHZID, FIRST | PLUS},
    {NAMED("SCRAM-SHA-1-PLUS"), MAILPROTO__SASL_SCRAM, MAILPROTO_HASH_SHA1,
     NAME | PASSWORD | AUTHZID, FIRST | PLUS},
    {NAMED("SCRAM-SHA-256"), MAILPROTO__SASL_SCRAM, MAILPROTO_HASH_SHA256,
     NAME | PASSWORD | AUTHZID, FIRST},
    {NAMED("SCRAM-SHA-1"), MAILPROTO__SASL_SCRAM, MAILPROTO_HASH_SHA1,
     NAME | PASSWORD | AUTHZID, FIRST},
    {NAMED("OAUTHBEARER"), MAILPROTO__SASL_OAUTHBEARER, 0, TOKEN | AUTHZID,
     FIRST | PLAINTEXT},
    {NAMED("XOAUTH2"), MAILPROTO__SASL_XOAUTH2, 0, NAME | TOKEN, FIRST | PLAINTEXT},
    {NAMED("CRAM-MD5"), MAILPROTO__SASL_CRAM, MAILPROTO_HASH_MD5, NAME | PASSWORD, 0},
    {NAMED("PLAIN"), MAILPROTO__SASL_PLAIN, 0, NAME | PASSWORD | AUTHZID,
     FIRST | PLAINTEXT},
    {NAMED("LOGIN"), MAILPROTO__SASL_LOGIN, 0, NAME | PASSWORD, PLAINTEXT},
    {NAMED("ANONYMOUS"), MAILPROTO__SASL_ANONYMOUS, 0, 0, FIRST},
};
enum { COUNT = sizeof mechanisms / sizeof mechanisms[0] };

static mailproto_bytes name_of(const struct mailproto__sasl_row *r)
{
    return mailproto__span(r->name, r->name_len);
}

const struct mailproto__sasl_row *mailproto__sasl_find(mailproto_bytes name)
{
    size_t i;
    for (i = 0; i < COUNT; i++) {
        if (mailproto__equal_nocase(name, name_of(&mechanisms[i]))) {
            return &mechanisms[i];
        }
    }
    return NULL;
}

int mailproto__sasl_is_built(const struct mailproto__sasl_row *r)
{
    switch ((enum mailproto__sasl_kind)r->kind) {
    case MAILPROTO__SASL_PLAIN:
    case MAILPROTO__SASL_LOGIN:
        return MAILPROTO__HAS_PLAIN;
    case MAILPROTO__SASL_CRAM:
        return MAILPROTO__HAS_CRAM;
    case MAILPROTO__SASL_SCRAM:
        return MAILPROTO__HAS_SCRAM;
    case MAILPROTO__SASL_OAUTHBEARER:
    case MAILPROTO__SASL_XOAUTH2:
        return MAILPROTO__HAS_OAUTH;
    case MAILPROTO__SASL_CUSTOM:
    case MAILPROTO__SASL_EXTERNAL:
    case MAILPROTO__SASL_ANONYMOUS:
    default:
        return 1;
    }
}

uint32_t mailproto_sasl_flags(mailproto_bytes mechanism)
{
    const struct mailproto__sasl_row *r = mailproto__sasl_find(mechanism);
    return r != NULL && mailproto__sasl_is_built(r)
               ? r->flags | (uint32_t)MAILPROTO_SASL_BUILT_IN
               : 0;
}

/* ---- choice ------------------------------------------------------------------ */

static uint32_t bit_of(const struct mailproto__sasl_row *r)
{
    return (uint32_t)1 << (r - mechanisms);
}

/* IMAP writes AUTH=PLAIN (RFC 9051 7.2.2). */
static mailproto_bytes without_prefix(mailproto_bytes word)
{
    mailproto_bytes prefix = MAILPROTO__LITERAL("AUTH=");
    if (word.len > prefix.len &&
        mailproto__equal_nocase(mailproto__span(word.ptr, prefix.len), prefix)) {
        return mailproto__tail(word, prefix.len);
    }
    return word;
}

/* The bits of the mechanisms that a text names. */
static uint32_t bits_of(mailproto_bytes text)
{
    uint32_t bits = 0;
    mailproto_bytes word;
    while (text.len > 0 && (word = mailproto__word(&text)).len > 0) {
        const struct mailproto__sasl_row *r =
            mailproto__sasl_find(without_prefix(word));
        bits |= r != NULL ? bit_of(r) : 0;
    }
    return bits;
}

mailproto_status mailproto_sasl_offer(mailproto_sasl_choice *choice,
                                      mailproto_bytes text)
{
    if (choice->struct_size < sizeof *choice) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    choice->offered |= bits_of(text);
    return MAILPROTO_OK;
}

/* Whether the caller has what a mechanism asks for, and allows it. */
static int is_possible(const mailproto_sasl_choice *c,
                       const struct mailproto__sasl_row *r, uint32_t allowed)
{
    uint32_t has = c->flags;
    if ((allowed & bit_of(r)) == 0 || !mailproto__sasl_is_built(r) ||
        ((r->flags & PLUS) != 0 && c->binding_type == MAILPROTO_BINDING_NONE) ||
        ((has & MAILPROTO_SASL_HAVE_AUTHZID) != 0 && (r->asks & AUTHZID) == 0)) {
        return 0;
    }
    if ((r->asks & TOKEN) != 0) {
        return (has & MAILPROTO_SASL_HAVE_TOKEN) != 0;
    }
    if ((r->asks & MAILPROTO__ASKS_PASSWORD) != 0) {
        return (has & MAILPROTO_SASL_HAVE_PASSWORD) != 0;
    }
    return (has & (r->kind == MAILPROTO__SASL_EXTERNAL ? MAILPROTO_SASL_HAVE_EXTERNAL
                                                       : MAILPROTO_SASL_AS_GUEST)) != 0;
}

/* The -PLUS forms, as bits: all of them, and those that this side could use if they are
 * offered. */
struct bound {
    uint32_t all, ours;
};

static struct bound bound_forms(const mailproto_sasl_choice *c, uint32_t allowed)
{
    struct bound b = {0, 0};
    size_t i;
    for (i = 0; i < COUNT; i++) {
        const struct mailproto__sasl_row *r = &mechanisms[i];
        if ((r->flags & PLUS) != 0) {
            b.all |= bit_of(r);
            b.ours |= is_possible(c, r, allowed) ? bit_of(r) : 0;
        }
    }
    return b;
}

/* RFC 5802 6: "p", and "y" where this side would bind and the server seems unable to.
 * Who offers -PLUS refuses "y", so a mechanism that was allowed without it says "n". */
static int gives_binding(const mailproto_sasl_choice *c,
                         const struct mailproto__sasl_row *r, struct bound b)
{
    return (r->flags & PLUS) != 0 || (r->kind == MAILPROTO__SASL_SCRAM && b.ours != 0 &&
                                      (c->offered & b.all) == 0);
}

mailproto_status mailproto_sasl_choose(mailproto_sasl_choice *choice,
                                       mailproto_bytes *mechanism)
{
    mailproto_status status = MAILPROTO_ERR_NOT_OFFERED;
    uint32_t may_be_clear = MAILPROTO_SASL_ENCRYPTED | MAILPROTO_SASL_ALLOW_CLEAR;
    uint32_t allowed;
    struct bound bound;
    size_t i;
    if (choice->struct_size < sizeof *choice) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    allowed = choice->allowed.len > 0 ? bits_of(choice->allowed) : ~(uint32_t)0;
    bound = bound_forms(choice, allowed);
    for (i = 0; i < COUNT; i++) {
        const struct mailproto__sasl_row *r = &mechanisms[i];
        if ((choice->offered & ~choice->tried & bit_of(r)) == 0 ||
            !is_possible(choice, r, allowed) ||
            ((choice->offered & bound.ours) != 0 && (r->flags & PLUS) == 0 &&
             (r->asks & MAILPROTO__ASKS_PASSWORD) != 0)) {
            continue;
        }
        if ((r->flags & PLAINTEXT) != 0 && (choice->flags & may_be_clear) == 0) {
            status = MAILPROTO_ERR_NEEDS_TLS;
            continue;
        }
        choice->tried |= bit_of(r);
        choice->give_binding = (uint32_t)gives_binding(choice, r, bound);
        *mechanism = name_of(r);
        return MAILPROTO_OK;
    }
    return status;
}
