/*
 * AUTH (RFC 5034): the exchange as bytes. Knows its lines, their limits and whose turn
 * it is; must not know any mechanism.
 */
#include "pop3/client.h"

#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

enum {
    /* A challenge's line with its CRLF, of which `+ ` was read. RFC 5034 has no number;
     * RFC 4954 4 has this one, for the same mechanisms. */
    CHALLENGE_MAX = 12288 - 2,
    MECHANISM_MAX = 20 /* RFC 4422 3.1 */
};

/* ---- the start ---------------------------------------------------------------------- */

/* RFC 4422 3.1 */
static int is_mechanism(mailproto_bytes name)
{
    size_t i;
    if (name.len == 0 || name.len > MECHANISM_MAX) {
        return 0;
    }
    for (i = 0; i < name.len; i++) {
        char ch = name.ptr[i];
        if (!(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') && ch != '-' &&
            ch != '_') {
            return 0;
        }
    }
    return 1;
}

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
        mailproto_bytes word;
        if (mailproto__pop3_cap_parse(line, &rest) != MAILPROTO_POP3_CAP_SASL) {
            continue;
        }
        seen = 1;
        for (word = mailproto__word(&rest); word.len > 0;
             word = mailproto__word(&rest)) {
            if (mailproto__equal_nocase(word, mechanism)) {
                return 1;
            }
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
    int misuse =
        !is_mechanism(call->mechanism) || (call->data == NULL && call->len > 0);
    if (misuse && (st == MAILPROTO_OK || st <= -500)) {
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
    mailproto_session *s = &c->session;
    char text[5 + MECHANISM_MAX + 1] = "AUTH ";
    size_t len = 5 + call->mechanism.len;
    size_t need;
    int initial;
    int whole;
    mailproto_status st = may_start(c, call);
    if (st != MAILPROTO_OK) {
        return st;
    }
    memcpy(text + 5, call->mechanism.ptr, call->mechanism.len);
    text[len] = ' ';
    need = len + 1 + (call->len > 0 ? (call->len + 2) / 3 * 4 : 1) + 2;
    initial = call->data != NULL && call->len < MAILPROTO__POP3_COMMAND_MAX &&
              need <= MAILPROTO__POP3_COMMAND_MAX && need <= s->out.cap;
    if (mailproto__room(s) < (initial ? need : len + 2)) {
        c->needs = 0; /* what is due must go */
        return mailproto__no_room(s);
    }
    memset(&c->auth, 0, sizeof c->auth);
    s->secret_in = 1;
    s->secret_out = 1;
    if (initial) {
        (void)mailproto__auth_put(s, &c->auth, mailproto__span(text, len + 1), 1,
                                  call->data, call->len, call->len, &whole);
        mailproto__make_due(s, len + 1, MAILPROTO_TRACE_COMMAND);
        mailproto__make_all_due(s, MAILPROTO_TRACE_CREDENTIAL);
    } else {
        (void)mailproto__put(s, text, len);
        (void)mailproto__put(s, "\r\n", 2);
        mailproto__make_all_due(s, MAILPROTO_TRACE_COMMAND);
    }
    s->flush = 1;
    c->owes_initial = call->data != NULL && !initial;
    c->auth_step = MAILPROTO__POP3_AUTH_ASKED;
    c->auth_begun = 0;
    c->state = MAILPROTO__POP3_EXCHANGE;
    mailproto__pop3_client_expect(c, MAILPROTO_POP3_VERB_AUTH, call->tag,
                                  MAILPROTO__POP3_ENTRY_LAST);
    return MAILPROTO_OK;
}

/* ---- responses ---------------------------------------------------------------------- */

static mailproto_status answer(mailproto_pop3_client *c,
                               const struct mailproto__auth_call *call)
{
    mailproto_session *s = &c->session;
    int whole = 0;
    mailproto_status st;
    if (c->auth_step != MAILPROTO__POP3_AUTH_ANSWERING) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__auth_put(s, &c->auth, mailproto__span(NULL, 0), 0, call->data,
                             call->len, call->total, &whole);
    if (st == MAILPROTO_OK) {
        mailproto__make_all_due(s, MAILPROTO_TRACE_CREDENTIAL);
    }
    if (whole) {
        c->auth_step = MAILPROTO__POP3_AUTH_ASKED;
        s->flush = 1;
        mailproto__pop3_client_rearm(c);
    }
    return st;
}

static mailproto_status give_up(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    if (c->auth_step != MAILPROTO__POP3_AUTH_ANSWERING) {
        return MAILPROTO_ERR_STATE;
    }
    /* Behind a part of a response `*` makes no base64 of it: refused as well. */
    if (!mailproto__put(s, "*\r\n", 3)) {
        return mailproto__no_room(s);
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_COMMAND);
    memset(&c->auth, 0, sizeof c->auth);
    c->auth_step = MAILPROTO__POP3_AUTH_GIVEN_UP;
    c->auth_why = MAILPROTO_ERR_AUTH_CANCELLED;
    s->flush = 1;
    mailproto__pop3_client_rearm(c);
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_client_auth(mailproto_session *s,
                                             const struct mailproto__auth_call *call)
{
    mailproto_pop3_client *c = mailproto__pop3_client_of(s);
    c->needs = 0; /* no queued verb waits beside it: any progress is worth a try */
    switch (call->op) {
    case MAILPROTO__AUTH_START:
        return start(c, call);
    case MAILPROTO__AUTH_DATA:
        return answer(c, call);
    case MAILPROTO__AUTH_ABORT:
        return give_up(c);
    case MAILPROTO__AUTH_FINISH:
    default:
        return MAILPROTO_ERR_STATE;
    }
}

/* ---- challenges --------------------------------------------------------------------- */

/* `+` and its blank, taken if they are there: OK, AGAIN, NOT_READY: another reply. */
static mailproto_status take_plus(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    mailproto_bytes in;
    uint64_t offset = s->offset;
    size_t len;
    mailproto__input_begin(s);
    if (s->in.tail - s->in.head < 2) {
        mailproto__input_move(s, 2 - (s->in.tail - s->in.head));
    }
    in = mailproto__span(s->in.base + s->in.head, s->in.tail - s->in.head);
    if (in.len > 0 && in.ptr[0] != '+') {
        return MAILPROTO_NOT_READY;
    }
    if (in.len < 2) {
        return MAILPROTO_AGAIN;
    }
    if (in.ptr[1] != ' ' && in.ptr[1] != '\r') {
        return MAILPROTO_NOT_READY;
    }
    if (c->auth_step != MAILPROTO__POP3_AUTH_ASKED) {
        return mailproto__fail(s, MAILPROTO_ERR_UNEXPECTED, offset,
                               "a challenge out of turn");
    }
    len = in.ptr[1] == ' ' ? 2 : 1; /* `+` alone: no data either */
    mailproto__trace(s, MAILPROTO_TRACE_REPLY, in.ptr, len);
    mailproto__consume(s, len);
    s->in.scanned = 0;
    c->auth_step = MAILPROTO__POP3_AUTH_CHALLENGE;
    c->auth_begun = 0;
    return MAILPROTO_OK;
}

static void tell_challenge(mailproto_pop3_client *c, mailproto_bytes data, int last)
{
    mailproto_event *ev = mailproto__event(&c->session, MAILPROTO_EV_AUTH_DATA,
                                           mailproto__pop3_client_at(c, 0)->tag);
    ev->text = data;
    if (!last) {
        ev->flags |= MAILPROTO_EVF_MORE;
        c->auth_begun = 1;
        return;
    }
    if (c->owes_initial && !c->auth_begun && data.len == 0) {
        ev->flags |= MAILPROTO_EVF_INITIAL; /* RFC 4422 5.1 */
    }
    c->owes_initial = 0;
    c->auth_step = MAILPROTO__POP3_AUTH_ANSWERING;
    mailproto__pop3_client_rearm(c);
}

mailproto_status mailproto__pop3_client_challenge(mailproto_pop3_client *c)
{
    mailproto_bytes data;
    if (c->auth_step != MAILPROTO__POP3_AUTH_CHALLENGE) {
        mailproto_status st = take_plus(c);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    switch (mailproto__auth_take(&c->session, &c->auth, CHALLENGE_MAX, &data)) {
    case MAILPROTO__AUTH_NONE:
        return MAILPROTO_AGAIN;
    case MAILPROTO__AUTH_PIECE:
        tell_challenge(c, data, 0);
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_LAST:
        tell_challenge(c, data, 1);
        return MAILPROTO_OK;
    case MAILPROTO__AUTH_STAR:
    case MAILPROTO__AUTH_BAD:
    case MAILPROTO__AUTH_LONG:
    default: /* RFC 5034 4: it must be cancelled; the line was swallowed */
        c->auth_step = MAILPROTO__POP3_AUTH_GIVEN_UP;
        c->auth_why = MAILPROTO_ERR_BASE64;
        c->wish = MAILPROTO__POP3_WISH_STAR;
        mailproto__pop3_client_rearm(c);
        return MAILPROTO_OK;
    }
}

/* ---- the result --------------------------------------------------------------------- */

mailproto_status
mailproto__pop3_client_auth_reply(mailproto_pop3_client *c,
                                  const struct mailproto__pop3_entry *e,
                                  const struct mailproto__pop3_piece *p)
{
    int good = c->status.code == MAILPROTO_POP3_OK;
    if (c->auth.sending) { /* half a response is out: no command can follow it */
        return mailproto__fail(&c->session, MAILPROTO_ERR_UNEXPECTED, p->offset,
                               "a reply within a response");
    }
    if (good && c->auth_step != MAILPROTO__POP3_AUTH_ASKED) {
        return mailproto__fail(&c->session, MAILPROTO_ERR_UNEXPECTED, p->offset,
                               "success out of turn");
    }
    if (c->auth_step == MAILPROTO__POP3_AUTH_GIVEN_UP) { /* it was asked for */
        c->status.local = c->auth_why;
    }
    mailproto__pop3_client_tell(c, MAILPROTO_EV_AUTH_RESULT, e->tag, p)->number =
        good ? 1 : 0;
    if (p->end) {
        c->auth_step = MAILPROTO__POP3_AUTH_NOT;
        c->state = MAILPROTO__POP3_AUTHORIZATION;
        c->session.secret_in = 0;
        memset(&c->auth, 0, sizeof c->auth);
        mailproto__pop3_client_pop(c);
        if (good) {
            mailproto__pop3_client_logged_in(c);
        }
    }
    return MAILPROTO_OK;
}
