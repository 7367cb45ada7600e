/*
 * AUTH (RFC 4954): when it may begin, what its lines look like, what its outcome is. The
 * exchange itself is codec/auth_client.c's; must not know any mechanism.
 */
#include "smtp/client.h"

#include "core/span.h"
#include "smtp/syntax.h"

enum {
    /* A command line with its CRLF (RFC 5321 4.5.3.1.4, RFC 4954 4). */
    COMMAND_MAX = 512,
    /* What follows `334 `. */
    CHALLENGE_MAX = MAILPROTO__AUTH_CHALLENGE_MAX - 4
};

void mailproto__smtp_client_forget_secrets(mailproto_smtp_client *c)
{
    if (c->auth.step == MAILPROTO__AUTH_NOT && mailproto__drained(&c->session)) {
        c->session.secret_out = 0;
    }
}

/* ---- the application's part --------------------------------------------------------- */

/* Whether the peer's AUTH line names the mechanism. A line that was not kept, and a
 * capability that was forced, are no reason to refuse: the peer will. */
static int is_offered(const mailproto_smtp_client *c, mailproto_bytes mechanism)
{
    const mailproto_session *s = &c->session;
    mailproto_bytes line;
    uint32_t i;
    int seen = 0;
    if ((c->caps_forced >> MAILPROTO_SMTP_CAP_AUTH & 1U) != 0) {
        return 1;
    }
    for (i = 0; mailproto_session_cap_text(s, i, &line) == MAILPROTO_OK; i++) {
        mailproto_bytes rest = mailproto__span(NULL, 0);
        if (mailproto__smtp_cap_parse(line, &rest) == MAILPROTO_SMTP_CAP_AUTH) {
            if (mailproto__auth_client_lists(rest, mechanism)) {
                return 1;
            }
            seen = 1;
        }
    }
    return !seen;
}

/* Whether AUTH is legal now: OK, AGAIN, or why not. */
static mailproto_status may_start(mailproto_smtp_client *c,
                                  const struct mailproto__auth_call *call)
{
    if (c->session.closing ||
        mailproto__smtp_client_rule(c->state, MAILPROTO_SMTP_VERB_AUTH) == NULL ||
        c->logged_in || mailproto__smtp_client_is_busy(c)) {
        return MAILPROTO_ERR_STATE;
    }
    if (!mailproto__auth_client_is_call(call)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (!mailproto__is_secure(&c->session) &&
        !(c->flags & MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR)) {
        return MAILPROTO_ERR_NEEDS_TLS;
    }
    if (!mailproto__offers(&c->session, MAILPROTO_SMTP_CAP_AUTH) ||
        !is_offered(c, call->mechanism)) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    if (c->count > 0 || c->wish != MAILPROTO__WISH_NONE) {
        c->needs = MAILPROTO__NEEDS_ALONE; /* the engine's own RSET is under way */
        return mailproto__no_room(&c->session);
    }
    return MAILPROTO_OK;
}

static mailproto_status start(mailproto_smtp_client *c,
                              const struct mailproto__auth_call *call)
{
    mailproto_status st = may_start(c, call);
    if (st == MAILPROTO_OK) {
        st = mailproto__auth_client_start(&c->session, &c->auth, call,
                                          MAILPROTO__LITERAL("AUTH "), COMMAND_MAX);
    }
    if (st == MAILPROTO_OK) {
        c->state = MAILPROTO__SMTP_AUTH;
        mailproto__smtp_client_expect(c, MAILPROTO_SMTP_VERB_AUTH, call->tag,
                                      MAILPROTO__ENTRY_LAST);
    }
    return st;
}

mailproto_status mailproto__smtp_client_auth(mailproto_session *s,
                                             const struct mailproto__auth_call *call)
{
    mailproto_smtp_client *c = mailproto__smtp_client_of(s);
    mailproto_status st;
    c->needs = 0; /* no queued verb waits beside it: any progress is worth a try */
    if (call->op == MAILPROTO__AUTH_START) {
        return start(c, call);
    }
    st = mailproto__auth_client_answer(s, &c->auth, call);
    if (st == MAILPROTO_OK && c->auth.step != MAILPROTO__AUTH_ANSWERING) {
        mailproto__smtp_client_rearm(c);
    }
    return st;
}

/* ---- the peer's --------------------------------------------------------------------- */

mailproto_status mailproto__smtp_client_challenge(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    mailproto_status st;
    if (c->auth.step != MAILPROTO__AUTH_CHALLENGE) {
        st = mailproto__auth_client_mark(s, &c->auth, MAILPROTO__LITERAL("334"));
        if (st != MAILPROTO_OK) {
            return st;
        }
        s->reply_code = 334;
    }
    st = mailproto__auth_client_read(s, &c->auth, CHALLENGE_MAX,
                                     mailproto__smtp_client_at(c, 0)->tag, 334);
    if (st == MAILPROTO_OK && c->auth.step != MAILPROTO__AUTH_CHALLENGE) {
        if (c->auth.step == MAILPROTO__AUTH_GIVEN_UP) {
            c->wish = MAILPROTO__WISH_STAR;
        }
        mailproto__smtp_client_rearm(c);
    }
    return st;
}

mailproto_status
mailproto__smtp_client_auth_reply(mailproto_smtp_client *c,
                                  const struct mailproto__smtp_entry *e,
                                  const struct mailproto__smtp_piece *p)
{
    int good = p->code / 100 == 2;
    const char *fault = mailproto__auth_client_fault(&c->auth, p->code == 235);
    if (fault != NULL) {
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_UNEXPECTED, fault);
    }
    if (good && p->code != 235) {
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_SYNTAX,
                                             "no reply to AUTH");
    }
    if (!p->last_line) {
        (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_REPLY, e->tag, p);
        return MAILPROTO_OK;
    }
    if (c->auth.step == MAILPROTO__AUTH_GIVEN_UP) { /* the refusal was asked for */
        c->status.origin = MAILPROTO_ORIGIN_LOCAL;
        c->status.local = c->auth.why;
    }
    mailproto__smtp_client_tell(c, MAILPROTO_EV_AUTH_RESULT, e->tag, p)->number =
        good ? 1 : 0;
    if (p->done) {
        mailproto__auth_client_end(&c->session, &c->auth);
        c->logged_in = (uint8_t)good;
        c->state = MAILPROTO__SMTP_READY;
        mailproto__smtp_client_forget_secrets(c);
        mailproto__smtp_client_pop(c);
    }
    return MAILPROTO_OK;
}
