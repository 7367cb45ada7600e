/*
 * AUTH (RFC 5034): when it may begin, what its lines look like, what its outcome is. The
 * exchange itself is codec/auth_client.c's; must not know any mechanism.
 */
#include "pop3/client.h"

#include "core/span.h"
#include "pop3/syntax.h"

/* What follows `+ ` of a challenge. */
enum { CHALLENGE_MAX = MAILPROTO__AUTH_CHALLENGE_MAX - 2 };

/* ---- the application's part --------------------------------------------------------- */

/* Whether the peer's SASL line names the mechanism. A line that was not kept, and a
 * capability that was forced, are no reason to refuse: the peer will. */
static int is_offered(const mailproto_pop3_client *c, mailproto_bytes mechanism)
{
    const mailproto_session *s = &c->session;
    mailproto_bytes line;
    uint32_t i;
    int seen = 0;
    if ((c->caps_forced >> MAILPROTO_POP3_CAP_SASL & 1U) != 0) {
        return 1;
    }
    for (i = 0; mailproto_session_cap_text(s, i, &line) == MAILPROTO_OK; i++) {
        mailproto_bytes rest = mailproto__span(NULL, 0);
        if (mailproto__pop3_cap_parse(line, &rest) == MAILPROTO_POP3_CAP_SASL) {
            if (mailproto__auth_client_lists(rest, mechanism)) {
                return 1;
            }
            seen = 1;
        }
    }
    return !seen;
}

/* Whether AUTH is legal now: OK or why not. */
static mailproto_status may_start(mailproto_pop3_client *c,
                                  const struct mailproto__auth_call *call)
{
    mailproto_status st;
    (void)mailproto__pop3_client_legal(c, MAILPROTO_POP3_VERB_AUTH, &st);
    if (!mailproto__auth_client_is_call(call) && (st == MAILPROTO_OK || st <= -500)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (st == MAILPROTO_OK && !is_offered(c, call->mechanism)) {
        st = MAILPROTO_ERR_NOT_OFFERED;
    }
    return st;
}

static mailproto_status start(mailproto_pop3_client *c,
                              const struct mailproto__auth_call *call)
{
    mailproto_status st = may_start(c, call);
    if (st == MAILPROTO_OK) {
        st = mailproto__auth_client_start(&c->session, &c->auth, call,
                                          MAILPROTO__LITERAL("AUTH "),
                                          MAILPROTO__POP3_COMMAND_MAX);
    }
    if (st == MAILPROTO_OK) {
        c->state = MAILPROTO__POP3_EXCHANGE;
        mailproto__pop3_client_expect(c, MAILPROTO_POP3_VERB_AUTH, call->tag,
                                      MAILPROTO__POP3_ENTRY_LAST);
    }
    return st;
}

mailproto_status mailproto__pop3_client_auth(mailproto_session *s,
                                             const struct mailproto__auth_call *call)
{
    mailproto_pop3_client *c = mailproto__pop3_client_of(s);
    mailproto_status st;
    c->needs = 0; /* no queued verb waits beside it: any progress is worth a try */
    if (call->op == MAILPROTO__AUTH_START) {
        return start(c, call);
    }
    st = mailproto__auth_client_answer(s, &c->auth, call);
    if (st == MAILPROTO_OK && c->auth.step != MAILPROTO__AUTH_ANSWERING) {
        mailproto__pop3_client_rearm(c);
    }
    return st;
}

/* ---- the peer's --------------------------------------------------------------------- */

mailproto_status mailproto__pop3_client_challenge(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    mailproto_status st;
    if (c->auth.step != MAILPROTO__AUTH_CHALLENGE) {
        st = mailproto__auth_client_mark(s, &c->auth, MAILPROTO__LITERAL("+"));
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    st = mailproto__auth_client_read(s, &c->auth, CHALLENGE_MAX,
                                     mailproto__pop3_client_at(c, 0)->tag, 0);
    if (st == MAILPROTO_OK && c->auth.step != MAILPROTO__AUTH_CHALLENGE) {
        if (c->auth.step == MAILPROTO__AUTH_GIVEN_UP) {
            c->wish = MAILPROTO__POP3_WISH_STAR;
        }
        mailproto__pop3_client_rearm(c);
    }
    return st;
}

mailproto_status
mailproto__pop3_client_auth_reply(mailproto_pop3_client *c,
                                  const struct mailproto__pop3_entry *e,
                                  const struct mailproto__pop3_piece *p)
{
    int good = c->status.code == MAILPROTO_POP3_OK;
    const char *fault = mailproto__auth_client_fault(&c->auth, good);
    if (fault != NULL) {
        return mailproto__fail(&c->session, MAILPROTO_ERR_UNEXPECTED, p->offset, fault);
    }
    if (c->auth.step == MAILPROTO__AUTH_GIVEN_UP) { /* it was asked for */
        c->status.local = c->auth.why;
    }
    mailproto__pop3_client_tell(c, MAILPROTO_EV_AUTH_RESULT, e->tag, p)->number =
        good ? 1 : 0;
    if (p->end) {
        mailproto__auth_client_end(&c->session, &c->auth);
        c->state = MAILPROTO__POP3_AUTHORIZATION;
        mailproto__pop3_client_pop(c);
        if (good) {
            mailproto__pop3_client_logged_in(c);
        }
    }
    return MAILPROTO_OK;
}
