/*
 * A server's part in an authentication exchange. Knows whose turn it is and what an
 * initial response may be; must not know any mechanism, nor the replies of a protocol
 * beyond the mark of a challenge.
 */
#include "codec/auth_server.h"

#include "core/mem.h"
#include "core/span.h"

/* ---- the beginning ------------------------------------------------------------------ */

/* RFC 4954 4, RFC 5034 4, RFC 9051 6.2.2: one that is empty is written `=`. */
static int is_empty(mailproto_bytes initial)
{
    return initial.len == 1 && initial.ptr[0] == '=';
}

int mailproto__auth_server_reads(mailproto_bytes initial)
{
    return initial.ptr != NULL && !is_empty(initial);
}

mailproto_event *mailproto__auth_server_begin(mailproto_session *s,
                                              struct mailproto__auth_server *a,
                                              mailproto_bytes initial, size_t limit)
{
    mailproto_event *ev;
    memset(a, 0, sizeof *a);
    a->limit = limit;
    s->secret_in = 1;
    s->secret_out = 1;
    if (initial.ptr == NULL) {
        return NULL;
    }
    a->initial = 1;
    a->empty_initial = (uint8_t)is_empty(initial);
    ev = mailproto__event(s, MAILPROTO_EV_AUTH_START, 0);
    ev->flags |= MAILPROTO_EVF_INITIAL;
    return ev;
}

/* ---- the peer's lines --------------------------------------------------------------- */

enum mailproto__auth_result
mailproto__auth_server_read(mailproto_session *s, struct mailproto__auth_server *a,
                            mailproto_bytes *data)
{
    enum mailproto__auth_result result = MAILPROTO__AUTH_LAST;
    *data = MAILPROTO__LITERAL("");
    if (!a->empty_initial) {
        result = mailproto__auth_take(s, &a->lines, a->limit, data);
    }
    if (result == MAILPROTO__AUTH_PIECE) {
        mailproto_event *ev = mailproto__event(s, MAILPROTO_EV_AUTH_DATA, 0);
        ev->flags |= MAILPROTO_EVF_MORE;
        ev->text = *data;
    } else if (result == MAILPROTO__AUTH_LAST) {
        a->initial = 0;
        a->empty_initial = 0;
    } else if (result == MAILPROTO__AUTH_STAR && a->initial) {
        result = MAILPROTO__AUTH_BAD;
    }
    return result;
}

/* ---- the application's part --------------------------------------------------------- */

int mailproto__auth_server_is_asked(const mailproto_session *s, uint32_t asked)
{
    return s->awaiting &&
           (asked == MAILPROTO_EV_AUTH_START || asked == MAILPROTO_EV_AUTH_DATA);
}

mailproto_status mailproto__auth_server_put(mailproto_session *s,
                                            struct mailproto__auth_server *a,
                                            uint32_t asked, mailproto_bytes mark,
                                            const struct mailproto__auth_call *call,
                                            size_t limit)
{
    int first = !a->lines.sending;
    mailproto_status st;
    int whole;
    if (!mailproto__auth_server_is_asked(s, asked)) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__auth_put(s, &a->lines, mark, 0, call->data, call->len, call->total,
                             &whole);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (first) {
        mailproto__make_due(s, mark.len, MAILPROTO_TRACE_REPLY);
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_CREDENTIAL);
    if (whole) {
        memset(a, 0, sizeof *a);
        a->limit = limit;
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__auth_server_may_finish(
    const mailproto_session *s, const struct mailproto__auth_server *a, uint32_t asked,
    const struct mailproto__auth_call *call)
{
    if (!mailproto__auth_server_is_asked(s, asked) ||
        !mailproto__is_awaited(s, call->tag)) {
        return MAILPROTO_ERR_STALE;
    }
    return a->lines.sending ? MAILPROTO_ERR_STATE : MAILPROTO_OK;
}
