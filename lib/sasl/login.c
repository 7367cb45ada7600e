/*
 * LOGIN, both roles: obsolete, never standardised, and what many servers still ask for.
 * Two prompts, two answers; a client must not look at the prompts' text.
 */
#include "core/span.h"
#include "sasl/sasl.h"

enum stage { START, NAME_ASKED, PASSWORD_ASKED, ALL_GIVEN };

static void client_step(mailproto_sasl *x)
{
    if (!x->has_message) {
        mailproto__sasl_set(x, MAILPROTO_SASL_WAIT); /* the server speaks first */
        return;
    }
    if (x->stage == START) {
        x->stage = PASSWORD_ASKED;
        x->parts[0] = x->options.name;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
    } else if (x->stage == PASSWORD_ASKED) {
        x->stage = ALL_GIVEN;
        x->proven = 1; /* a success before this point would be none */
        x->parts[0] = x->options.password;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
    } else {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
    }
}

static void ask(mailproto_sasl *x, uint8_t stage, mailproto_bytes prompt)
{
    x->stage = stage;
    x->parts[0] = prompt;
    mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
}

/* The name stays at the front of the buffer; the password comes behind it. */
static void take_name(mailproto_sasl *x)
{
    x->need.name = mailproto__sasl_message(x);
    if (x->need.name.len == 0 || !mailproto__is_name(x->need.name)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    ask(x, PASSWORD_ASKED, MAILPROTO__LITERAL("Password:"));
}

static void take_password(mailproto_sasl *x)
{
    mailproto_bytes password = mailproto__sasl_message(x);
    if (password.len == 0 || mailproto__holds_nul(password) ||
        !mailproto__is_utf8(password)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        return;
    }
    x->stage = ALL_GIVEN;
    x->need.password = password;
    mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_VERIFY);
}

static void server_step(mailproto_sasl *x)
{
    if (x->answered) {
        mailproto__sasl_verdict(x);
    } else if (x->has_message && x->stage == PASSWORD_ASKED) {
        take_password(x);
    } else if (x->has_message && x->stage < PASSWORD_ASKED) {
        take_name(x); /* also as an initial response, which some clients send */
    } else if (x->stage == START) {
        ask(x, NAME_ASKED, MAILPROTO__LITERAL("Username:"));
    }
}

void mailproto__sasl_login_step(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        client_step(x);
    } else {
        server_step(x);
    }
}
