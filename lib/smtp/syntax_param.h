/*
 * The parameters of MAIL and RCPT, for the command parser.
 */
#ifndef MAILPROTO_SMTP_SYNTAX_PARAM_H
#define MAILPROTO_SMTP_SYNTAX_PARAM_H

#include "smtp/syntax.h"

/* What the parameters are judged by. */
struct mailproto__smtp_param_context {
    uint32_t verb; /* MAIL or RCPT */
    uint64_t caps; /* what is offered */
    int other;     /* 1: unknown parameters pass */
    int utf8;      /* 1: values may hold UTF-8 (RFC 6531 3.3) */
};

/* Whether SMTPUTF8 stands among the parameters. */
int mailproto__smtp_has_smtputf8(mailproto_bytes params);

/* The offset of the first octet above 127, or b.len. */
size_t mailproto__smtp_find_high(mailproto_bytes b);

/* Checks all parameters and fills `mail` from those it has a field for. `*at`: the
 * offset in `params` of the fault. */
enum mailproto__smtp_fault
mailproto__smtp_params_check(mailproto_bytes params,
                             const struct mailproto__smtp_param_context *context,
                             mailproto_smtp_mail_params *mail, size_t *at);

#endif /* MAILPROTO_SMTP_SYNTAX_PARAM_H */
