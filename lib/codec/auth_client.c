/*
 * A client's part in an authentication exchange. Knows whose turn it is, what an initial
 * response may be, and that what is no base64 is cancelled; must not know any mechanism,
 * nor what the protocol's replies look like beyond the mark of a challenge.
 */
#include "codec/auth_client.h"

#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"

enum { MECHANISM_MAX = 20 /* RFC 4422 3.1 */ };

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

int mailproto__auth_client_is_call(const struct mailproto__auth_call *call)
{
    return is_mechanism(call->mechanism) && (call->data != NULL || call->len == 0);
}

int mailproto__auth_client_lists(mailproto_bytes words, mailproto_bytes mechanism)
{
    mailproto_bytes word;
    for (word = mailproto__word(&words); word.len > 0; word = mailproto__word(&words)) {
        if (mailproto__equal_nocase(word, mechanism)) {
            return 1;
        }
    }
    return 0;
}

mailproto_status mailproto__auth_client_start(mailproto_session *s,
                                              struct mailproto__auth_client *a,
                                              const struct mailproto__auth_call *call,
                                              mailproto_bytes prefix,
                                              size_t initial_max)
{
    size_t len = prefix.len + call->mechanism.len;
    int initial = call->data != NULL && call->len < initial_max;
    size_t need = len + 2;
    int whole;
    if (initial) { /* RFC 4422 4, empty: `=` */
        need += 1 + (call->len > 0 ? (call->len + 2) / 3 * 4 : 1);
        initial = need <= initial_max && need <= s->out.cap;
        need = initial ? need : len + 2;
    }
    if (mailproto__room(s) < need) {
        return mailproto__no_room(s);
    }
    memset(a, 0, sizeof *a);
    s->secret_in = 1;
    s->secret_out = 1;
    (void)mailproto__put_span(s, prefix);
    (void)mailproto__put_span(s, call->mechanism);
    if (initial) {
        (void)mailproto__auth_put(s, &a->lines, MAILPROTO__LITERAL(" "), 1, call->data,
                                  call->len, call->len, &whole);
        mailproto__make_due(s, len + 1, MAILPROTO_TRACE_COMMAND);
        mailproto__make_all_due(s, MAILPROTO_TRACE_CREDENTIAL);
    } else {
        (void)mailproto__put(s, "\r\n", 2);
        mailproto__make_all_due(s, MAILPROTO_TRACE_COMMAND);
    }
    s->flush = 1;
    a->owes_initial = call->data != NULL && !initial;
    a->step = MAILPROTO__AUTH_ASKED;
    return MAILPROTO_OK;
}

/* ---- responses ---------------------------------------------------------------------- */

static mailproto_status put_response(mailproto_session *s,
                                     struct mailproto__auth_client *a,
                                     const struct mailproto__auth_call *call)
{
    int whole = 0;
    mailproto_status st =
        mailproto__auth_put(s, &a->lines, mailproto__span(NULL, 0), 0, call->data,
                            call->len, call->total, &whole);
    if (st == MAILPROTO_OK) {
        mailproto__make_all_due(s, MAILPROTO_TRACE_CREDENTIAL);
    }
    if (whole) {
        a->step = MAILPROTO__AUTH_ASKED;
        s->flush = 1;
    }
    return st;
}

static mailproto_status give_up(mailproto_session *s, struct mailproto__auth_client *a)
{
    /* Behind a part of a response `*` makes no base64 of it: refused as well. */
    if (!mailproto__put(s, "*\r\n", 3)) {
        return mailproto__no_room(s);
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_COMMAND);
    memset(&a->lines, 0, sizeof a->lines);
    a->step = MAILPROTO__AUTH_GIVEN_UP;
    a->why = MAILPROTO_ERR_AUTH_CANCELLED;
    s->flush = 1;
    return MAILPROTO_OK;
}

mailproto_status mailproto__auth_client_answer(mailproto_session *s,
                                               struct mailproto__auth_client *a,
                                               const struct mailproto__auth_call *call)
{
    if (a->step != MAILPROTO__AUTH_ANSWERING) {
        return MAILPROTO_ERR_STATE;
    }
    switch (call->op) {
    case MAILPROTO__AUTH_DATA:
        return put_response(s, a, call);
    case MAILPROTO__AUTH_ABORT:
        return give_up(s, a);
    case MAILPROTO__AUTH_START:
    case MAILPROTO__AUTH_FINISH: /* a server's */
    default:
        return MAILPROTO_ERR_STATE;
    }
}

/* ---- challenges --------------------------------------------------------------------- */

mailproto_status mailproto__auth_client_mark(mailproto_session *s,
                                             struct mailproto__auth_client *a,
                                             mailproto_bytes mark)
{
    const char *at;
    size_t len;
    mailproto__input_begin(s);
    len = s->in.tail - s->in.head;
    if (len <= mark.len) {
        mailproto__input_move(s, mark.len + 1 - len);
        len = s->in.tail - s->in.head;
    }
    at = s->in.base + s->in.head;
    if (len > 0 && memcmp(at, mark.ptr, len < mark.len ? len : mark.len) != 0) {
        return MAILPROTO_NOT_READY;
    }
    if (len <= mark.len) {
        return MAILPROTO_AGAIN;
    }
    if (at[mark.len] != ' ' && at[mark.len] != '\r') {
        return MAILPROTO_NOT_READY;
    }
    if (a->step != MAILPROTO__AUTH_ASKED) {
        return mailproto__fail(s, MAILPROTO_ERR_UNEXPECTED, s->offset,
                               "a challenge out of turn");
    }
    len = at[mark.len] == ' ' ? mark.len + 1 : mark.len; /* alone: no data either */
    mailproto__trace(s, MAILPROTO_TRACE_REPLY, at, len);
    mailproto__consume(s, len);
    s->in.scanned = 0;
    a->step = MAILPROTO__AUTH_CHALLENGE;
    a->begun = 0;
    return MAILPROTO_OK;
}

mailproto_status mailproto__auth_client_read(mailproto_session *s,
                                             struct mailproto__auth_client *a,
                                             size_t limit, uint32_t tag, uint32_t code)
{
    mailproto_bytes data;
    mailproto_event *ev;
    enum mailproto__auth_result result =
        mailproto__auth_take(s, &a->lines, limit, &data);
    if (result == MAILPROTO__AUTH_NONE) {
        return MAILPROTO_AGAIN;
    }
    if (result != MAILPROTO__AUTH_PIECE && result != MAILPROTO__AUTH_LAST) {
        /* RFC 4954 4, RFC 5034 4: it must be cancelled; the line was swallowed */
        a->step = MAILPROTO__AUTH_GIVEN_UP;
        a->why = MAILPROTO_ERR_BASE64;
        return MAILPROTO_OK;
    }
    ev = mailproto__event(s, MAILPROTO_EV_AUTH_DATA, tag);
    ev->code = code;
    ev->text = data;
    if (result == MAILPROTO__AUTH_PIECE) {
        ev->flags |= MAILPROTO_EVF_MORE;
        a->begun = 1;
        return MAILPROTO_OK;
    }
    if (a->owes_initial && !a->begun && data.len == 0) {
        ev->flags |= MAILPROTO_EVF_INITIAL; /* RFC 4422 5.1 */
    }
    a->owes_initial = 0;
    a->step = MAILPROTO__AUTH_ANSWERING;
    return MAILPROTO_OK;
}

/* ---- the outcome -------------------------------------------------------------------- */

const char *mailproto__auth_client_fault(const struct mailproto__auth_client *a,
                                         int good)
{
    if (a->lines.sending) { /* half a response is out: no command can follow it */
        return "a reply within a response";
    }
    if (good && a->owes_initial) { /* RFC 4422 5: nothing was said to succeed with */
        return "success before the response";
    }
    return good && a->step != MAILPROTO__AUTH_ASKED ? "success out of turn" : NULL;
}

void mailproto__auth_client_end(mailproto_session *s, struct mailproto__auth_client *a)
{
    s->secret_in = 0;
    memset(a, 0, sizeof *a);
}
