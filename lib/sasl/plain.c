/*
 * PLAIN (RFC 4616), both roles.
 */
#include "core/mem.h"
#include "core/span.h"
#include "sasl/sasl.h"

/* message = [authzid] UTF8NUL authcid UTF8NUL passwd (RFC 4616 2). */
static void respond(mailproto_sasl *x)
{
    static const char nul = 0;
    x->parts[0] = x->options.authzid;
    x->parts[1] = mailproto__span(&nul, 1);
    x->parts[2] = x->options.name;
    x->parts[3] = mailproto__span(&nul, 1);
    x->parts[4] = x->options.password;
    x->proven = 1; /* the server proves nothing here, TLS does */
    mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
}

/* Cuts the text before the next NUL off `rest`: 1, or 0 when there is none. */
static int cut(mailproto_bytes *rest, mailproto_bytes *out)
{
    const char *nul = rest->len > 0 ? memchr(rest->ptr, 0, rest->len) : NULL;
    if (nul == NULL) {
        return 0;
    }
    *out = mailproto__span(rest->ptr, (size_t)(nul - rest->ptr));
    *rest = mailproto__tail(*rest, out->len + 1);
    return 1;
}

static void verify(mailproto_sasl *x)
{
    mailproto_bytes rest = mailproto__sasl_message(x);
    mailproto_sasl_need_info *n = &x->need;
    if (!cut(&rest, &n->authzid) || !cut(&rest, &n->name)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    /* authcid and passwd are 1*SAFE, and SAFE is UTF-8 without NUL. */
    if (n->name.len == 0 || rest.len == 0 || mailproto__holds_nul(rest) ||
        !mailproto__is_name(n->authzid) || !mailproto__is_name(n->name) ||
        !mailproto__is_utf8(rest)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    n->password = rest;
    mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_VERIFY);
}

void mailproto__sasl_plain_step(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        if (x->stage == 0) {
            x->stage = 1;
            respond(x);
        } else if (x->has_message) {
            /* The server has nothing to ask after the one message. */
            mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        }
    } else if (x->answered) {
        mailproto__sasl_verdict(x);
    } else if (x->has_message) {
        verify(x);
    } else if (x->stage == 0) {
        x->stage = 1;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE); /* the empty challenge */
    }
}
