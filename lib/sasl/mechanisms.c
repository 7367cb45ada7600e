/*
 * The built-in mechanisms, from the strongest to the weakest. Knows what they ask for;
 * must not know how they work.
 */
#include "core/span.h"
#include "sasl/left_out.h"
#include "sasl/sasl.h"

enum {
    FIRST = MAILPROTO_SASL_CLIENT_FIRST,
    PLAINTEXT = MAILPROTO_SASL_PLAINTEXT,
    PLUS = MAILPROTO_SASL_PLUS,
    GUESSABLE = MAILPROTO_SASL_GUESSABLE,
    NAME = MAILPROTO__ASKS_NAME | MAILPROTO__PREPARES_NAME,
    PASSWORD = MAILPROTO__ASKS_PASSWORD | MAILPROTO__PREPARES_PASSWORD,
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
    {NAMED("OAUTHBEARER"), MAILPROTO__SASL_OAUTHBEARER, 0,
     MAILPROTO__PREPARES_NAME | TOKEN | AUTHZID, FIRST | PLAINTEXT},
    {NAMED("XOAUTH2"), MAILPROTO__SASL_XOAUTH2, 0, NAME | TOKEN, FIRST | PLAINTEXT},
    {NAMED("CRAM-MD5"), MAILPROTO__SASL_CRAM, MAILPROTO_HASH_MD5, NAME | PASSWORD,
     GUESSABLE},
    {NAMED("PLAIN"), MAILPROTO__SASL_PLAIN, 0, NAME | PASSWORD | AUTHZID,
     FIRST | PLAINTEXT},
    {NAMED("LOGIN"), MAILPROTO__SASL_LOGIN, 0, NAME | PASSWORD, PLAINTEXT},
    {NAMED("ANONYMOUS"), MAILPROTO__SASL_ANONYMOUS, 0, 0, FIRST},
};
enum { COUNT = sizeof mechanisms / sizeof mechanisms[0] };

const struct mailproto__sasl_row *mailproto__sasl_row(size_t i)
{
    return i < COUNT ? &mechanisms[i] : NULL;
}

const struct mailproto__sasl_row *mailproto__sasl_find(mailproto_bytes name)
{
    size_t i;
    for (i = 0; i < COUNT; i++) {
        const struct mailproto__sasl_row *r = &mechanisms[i];
        if (mailproto__equal_nocase(name, mailproto__span(r->name, r->name_len))) {
            return r;
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

uint32_t mailproto__sasl_row_flags(const struct mailproto__sasl_row *r)
{
    uint32_t flags = r->flags | (uint32_t)MAILPROTO_SASL_BUILT_IN;
    if ((r->asks & MAILPROTO__ASKS_PASSWORD) != 0) {
        flags |= MAILPROTO_SASL_PASSWORD;
    }
    if ((r->asks & MAILPROTO__CARRIES_AUTHZID) != 0) {
        flags |= MAILPROTO_SASL_AUTHZID;
    }
    return flags;
}

uint32_t mailproto_sasl_flags(mailproto_bytes mechanism)
{
    const struct mailproto__sasl_row *r = mailproto__sasl_find(mechanism);
    return r != NULL && mailproto__sasl_is_built(r) ? mailproto__sasl_row_flags(r) : 0;
}
