/*
 * Stand-ins for the mechanisms that are left out of the build (lib/options.cmake). No
 * exchange of them ever begins (mailproto__sasl_is_built), so none of these is called:
 * they keep the switches of those that are there free of conditions.
 */
#ifndef MAILPROTO_SASL_LEFT_OUT_H
#define MAILPROTO_SASL_LEFT_OUT_H

#include "sasl/sasl.h"

/* Whether a family is in this build. */
enum {
#ifdef MAILPROTO_NO_SASL_SCRAM
    MAILPROTO__HAS_SCRAM = 0,
#else
    MAILPROTO__HAS_SCRAM = 1,
#endif
#ifdef MAILPROTO_NO_SASL_CRAM_MD5
    MAILPROTO__HAS_CRAM = 0,
#else
    MAILPROTO__HAS_CRAM = 1,
#endif
#ifdef MAILPROTO_NO_SASL_OAUTH
    MAILPROTO__HAS_OAUTH = 0,
#else
    MAILPROTO__HAS_OAUTH = 1,
#endif
#ifdef MAILPROTO_NO_SASL_PLAIN
    MAILPROTO__HAS_PLAIN = 0
#else
    MAILPROTO__HAS_PLAIN = 1
#endif
};

#ifdef MAILPROTO_NO_SASL_SCRAM
static inline mailproto_status mailproto__sasl_scram_start(mailproto_sasl *x)
{
    (void)x;
    return MAILPROTO_ERR_NOT_BUILT;
}

static inline void mailproto__sasl_scram_step(mailproto_sasl *x)
{
    (void)x;
}

static inline mailproto_status mailproto__sasl_scram_answer(mailproto_sasl *x,
                                                            mailproto_bytes password)
{
    (void)x;
    (void)password;
    return MAILPROTO_ERR_NOT_BUILT;
}
#endif

#ifdef MAILPROTO_NO_SASL_CRAM_MD5
static inline mailproto_status mailproto__sasl_cram_start(mailproto_sasl *x)
{
    (void)x;
    return MAILPROTO_ERR_NOT_BUILT;
}

static inline void mailproto__sasl_cram_step(mailproto_sasl *x)
{
    (void)x;
}

static inline void mailproto__sasl_cram_input(mailproto_sasl *x, const void *data,
                                              size_t len)
{
    (void)x;
    (void)data;
    (void)len;
}

static inline mailproto_status mailproto__sasl_cram_answer(mailproto_sasl *x,
                                                           mailproto_bytes password)
{
    (void)x;
    (void)password;
    return MAILPROTO_ERR_NOT_BUILT;
}
#endif

#ifdef MAILPROTO_NO_SASL_OAUTH
static inline void mailproto__sasl_oauth_step(mailproto_sasl *x)
{
    (void)x;
}

static inline mailproto_status mailproto__sasl_oauth_answer(mailproto_sasl *x,
                                                            mailproto_bytes error)
{
    (void)x;
    (void)error;
    return MAILPROTO_ERR_NOT_BUILT;
}
#endif

#ifdef MAILPROTO_NO_SASL_PLAIN
static inline void mailproto__sasl_plain_step(mailproto_sasl *x)
{
    (void)x;
}

static inline void mailproto__sasl_login_step(mailproto_sasl *x)
{
    (void)x;
}
#endif

#endif /* MAILPROTO_SASL_LEFT_OUT_H */
