/*
 * The public calls of a session for content, authentication, layers and capabilities.
 * Knows the base only.
 */
#include "core/dispatch.h"
#include "core/engine.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/session.h"
#include "core/span.h"

/* ---- content out -------------------------------------------------------------------- */

/* Octets of the output that content in place leaves to end marks and commands. */
enum { CONTENT_RESERVE = 32 };

static mailproto_status content_state(const mailproto_session *s)
{
    if (s->failed) {
        return s->error;
    }
    if (s->write_failed < 0) {
        return s->write_failed;
    }
    return s->content_open ? MAILPROTO_OK : MAILPROTO_ERR_STATE;
}

mailproto_status mailproto_session_content(mailproto_session *s, const void *data,
                                           size_t len, size_t *consumed)
{
    mailproto_status st = content_state(s);
    *consumed = 0;
    if (st != MAILPROTO_OK || len == 0) {
        return st;
    }
    st = mailproto__role_content(s, data, len, consumed);
    s->content_taken += *consumed;
    mailproto__touch(s);
    if (*consumed < len) {
        s->starved = 1; /* full: what is due should go */
    }
    return st;
}

void *mailproto_session_content_space(mailproto_session *s, size_t *cap)
{
    size_t room;
    *cap = 0;
    if (content_state(s) != MAILPROTO_OK) {
        return NULL;
    }
    /* Stuffing can double the content: it is read from the far half of the room and
     * written from its beginning, and the writer never overtakes the reader. */
    room = mailproto__room(s);
    if (room < (size_t)2 * CONTENT_RESERVE) {
        s->starved = 1; /* full: what is due should go */
        return NULL;
    }
    *cap = (room - CONTENT_RESERVE) / 2;
    return s->out.base + s->out.cap - *cap;
}

mailproto_status mailproto_session_content_commit(mailproto_session *s, size_t len)
{
    size_t cap, used;
    mailproto_status st = content_state(s);
    const void *space = mailproto_session_content_space(s, &cap);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (len > cap) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto_session_content(s, space, len, &used);
}

mailproto_status mailproto_session_content_end(mailproto_session *s)
{
    mailproto_status st = content_state(s);
    if (st == MAILPROTO_OK) {
        st = mailproto__role_signal(s, MAILPROTO__CONTENT_END);
        mailproto__touch(s);
    }
    return st;
}

mailproto_status mailproto_session_content_abort(mailproto_session *s)
{
    mailproto_status st = content_state(s);
    if (st == MAILPROTO_OK) {
        st = mailproto__role_signal(s, MAILPROTO__CONTENT_ABORT);
        mailproto__touch(s);
    }
    return st;
}

uint64_t mailproto_session_content_taken(const mailproto_session *s)
{
    return s->content_open ? s->content_taken : 0;
}

/* ---- authentication ----------------------------------------------------------------- */

static mailproto_status auth_call(mailproto_session *s,
                                  struct mailproto__auth_call *call)
{
    mailproto_status st;
    if (s->failed) {
        return s->error;
    }
    st = mailproto__role_auth(s, call);
    mailproto__touch(s);
    if (st == MAILPROTO_AGAIN) {
        s->starved = 1; /* full: what is due should go */
    }
    return st;
}

mailproto_status mailproto_session_auth_start(mailproto_session *s, uint32_t tag,
                                              mailproto_bytes mechanism,
                                              const void *initial, size_t len)
{
    struct mailproto__auth_call call;
    memset(&call, 0, sizeof call);
    call.op = MAILPROTO__AUTH_START;
    call.tag = tag;
    call.mechanism = mechanism;
    call.data = initial;
    call.len = len;
    call.total = len;
    return auth_call(s, &call);
}

mailproto_status mailproto_session_auth_data(mailproto_session *s, const void *data,
                                             size_t len, size_t total)
{
    struct mailproto__auth_call call;
    memset(&call, 0, sizeof call);
    call.op = MAILPROTO__AUTH_DATA;
    call.data = data;
    call.len = len;
    call.total = total;
    return auth_call(s, &call);
}

mailproto_status mailproto_session_auth_finish(mailproto_session *s, uint32_t request,
                                               mailproto_status outcome)
{
    struct mailproto__auth_call call;
    memset(&call, 0, sizeof call);
    call.op = MAILPROTO__AUTH_FINISH;
    call.tag = request;
    call.outcome = outcome;
    return auth_call(s, &call);
}

mailproto_status mailproto_session_auth_abort(mailproto_session *s)
{
    struct mailproto__auth_call call;
    memset(&call, 0, sizeof call);
    call.op = MAILPROTO__AUTH_ABORT;
    return auth_call(s, &call);
}

/* ---- layers ------------------------------------------------------------------------- */

/* Keeps the first octets of a span; how many. */
static uint8_t keep(char *to, size_t max, mailproto_bytes from)
{
    size_t len = from.len < max ? from.len : max;
    if (len > 0) {
        memcpy(to, from.ptr, len);
    }
    return (uint8_t)len;
}

mailproto_status mailproto_session_tls_started(mailproto_session *s,
                                               const mailproto_tls_info *info)
{
    mailproto_tls_info i;
    struct mailproto__tls *tls = &s->tls;
    mailproto_status st = mailproto__options_copy(&i, sizeof i, info);
    if (st < 0) {
        return st;
    }
    if (tls->state != MAILPROTO__TLS_AWAITED || s->failed) {
        return MAILPROTO_ERR_STATE;
    }
    tls->state = MAILPROTO__TLS_ON;
    tls->flags = i.flags;
    tls->binding_type = i.binding_type;
    tls->binding_len = keep(tls->binding, sizeof tls->binding, i.binding);
    tls->protocol_len = keep(tls->protocol, sizeof tls->protocol, i.protocol);
    tls->cipher_len = keep(tls->cipher, sizeof tls->cipher, i.cipher);
    mailproto__touch(s);
    return mailproto__role_signal(s, MAILPROTO__TLS_STARTED);
}

mailproto_status mailproto_session_tls_info(const mailproto_session *s,
                                            mailproto_tls_info *info)
{
    const struct mailproto__tls *tls = &s->tls;
    mailproto_tls_info i;
    if (tls->state != MAILPROTO__TLS_ON) {
        return MAILPROTO_ERR_STATE;
    }
    memset(&i, 0, sizeof i);
    i.flags = tls->flags;
    i.binding_type = tls->binding_type;
    i.binding = mailproto__span(tls->binding, tls->binding_len);
    i.protocol = mailproto__span(tls->protocol, tls->protocol_len);
    i.cipher = mailproto__span(tls->cipher, tls->cipher_len);
    return mailproto__output_copy(info, &i, sizeof i);
}

/* Compression is IMAP's: no engine asks for it yet. */

mailproto_status mailproto_session_take_rest(mailproto_session *s,
                                             mailproto_bytes *rest)
{
    (void)s;
    *rest = mailproto__span(NULL, 0);
    return MAILPROTO_ERR_STATE;
}

mailproto_status mailproto_session_layer_started(mailproto_session *s)
{
    (void)s;
    return MAILPROTO_ERR_STATE;
}

mailproto_status mailproto_session_lend(mailproto_session *s, void *mem, size_t size)
{
    struct mailproto__lending *l = &s->lending;
    if (l->wanted == 0 || s->failed || s->closing) {
        return MAILPROTO_ERR_STATE;
    }
    if (mem == NULL || size < l->wanted) {
        return MAILPROTO_ERR_MEMORY;
    }
    l->mem = (char *)mem;
    l->size = size;
    l->wanted = 0;
    mailproto__touch(s);
    return MAILPROTO_OK;
}

/* ---- capabilities ------------------------------------------------------------------- */

void mailproto__caps_forget(mailproto_session *s)
{
    s->caps = 0;
    s->cap_lines.used = 0;
    s->cap_lines.lost = 0;
}

void mailproto__caps_keep(mailproto_session *s, mailproto_bytes line)
{
    struct mailproto__cap_lines *c = &s->cap_lines;
    if (line.len >= c->cap - c->used) {
        ++c->lost;
        return;
    }
    if (line.len > 0) {
        memcpy(c->base + c->used, line.ptr, line.len);
    }
    c->used += line.len;
    c->base[c->used++] = '\n';
}

int mailproto_session_has_cap(const mailproto_session *s, uint32_t cap)
{
    return cap < 64 && mailproto__offers(s, cap);
}

mailproto_status mailproto_session_cap_text(const mailproto_session *s, uint32_t i,
                                            mailproto_bytes *line)
{
    const char *at = s->cap_lines.base;
    size_t left = s->cap_lines.used;
    while (left > 0) {
        const char *end = memchr(at, '\n', left);
        size_t len = (size_t)(end - at);
        if (i == 0) {
            *line = mailproto__span(at, len);
            return MAILPROTO_OK;
        }
        --i;
        at = end + 1;
        left -= len + 1;
    }
    return MAILPROTO_EOF;
}
