/*
 * EXTERNAL (RFC 4422 A) and ANONYMOUS (RFC 4505), both roles: one message of the
 * client, and no secret in it.
 */
#include "core/span.h"
#include "sasl/sasl.h"

static void client_step(mailproto_sasl *x, mailproto_bytes message)
{
    if (x->stage == 0) {
        x->stage = 1;
        x->proven = 1; /* nothing is proven to a client, nor could it be */
        x->parts[0] = message;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
    } else if (x->has_message) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
    }
}

/* 1 when the client's message is there. */
static int server_step(mailproto_sasl *x)
{
    if (x->answered) {
        mailproto__sasl_verdict(x);
    } else if (x->has_message) {
        return 1;
    } else if (x->stage == 0) {
        x->stage = 1;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE); /* the empty challenge */
    }
    return 0;
}

void mailproto__sasl_external_step(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        client_step(x, x->options.authzid);
    } else if (server_step(x)) {
        x->need.authzid = mailproto__sasl_message(x);
        if (!mailproto__is_name(x->need.authzid)) {
            mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
            return;
        }
        mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_EXTERNAL);
    }
}

void mailproto__sasl_anonymous_step(mailproto_sasl *x)
{
    enum { TRACE_MAX = 255 * 4 }; /* RFC 4505 2 */
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        client_step(x, x->options.name);
    } else if (server_step(x)) {
        x->need.trace = mailproto__sasl_message(x);
        if (!mailproto__is_name(x->need.trace) || x->need.trace.len > TRACE_MAX) {
            mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
            return;
        }
        mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_ANONYMOUS);
    }
}
