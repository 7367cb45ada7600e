/*
 * The content of DATA on its way out (RFC 5321 4.1.1.4, 4.5.2). Knows when it may be
 * given and what ends it; dots and line ends are wire/dot.h's.
 */
#include "smtp/client.h"

#include "core/engine.h"
#include "core/mem.h"

void mailproto__smtp_client_content_open(mailproto_smtp_client *c, uint32_t tag)
{
    mailproto_session *s = &c->session;
    memset(&c->stuff, 0, sizeof c->stuff);
    c->stuff.policy = c->line_ends;
    c->content_bad = 0;
    c->progress = 0;
    s->content_taken = 0;
    s->content_open = 1;
    mailproto__smtp_client_forget_secrets(c);
    mailproto__smtp_client_put_by(c);
    mailproto__smtp_client_rearm(c);
    (void)mailproto__event(s, MAILPROTO_EV_CONTENT_WANTED, tag);
}

/* `progress_bytes` in time are enough (RFC 5321 4.5.3.2.5). */
static void count_progress(mailproto_smtp_client *c, size_t len)
{
    if (len < c->progress_bytes - c->progress) {
        c->progress += (uint32_t)len;
        return;
    }
    c->progress = 0;
    mailproto__smtp_client_rearm(c);
}

mailproto_status mailproto__smtp_client_content(mailproto_session *s, const void *data,
                                                size_t len, size_t *consumed)
{
    mailproto_smtp_client *c = mailproto__smtp_client_of(s);
    size_t room = mailproto__room(s);
    size_t put = 0;
    mailproto_status st;
    *consumed = 0;
    if (c->content_bad) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__stuff_put(&c->stuff, (const char *)data, len, consumed,
                              s->out.base + s->out.tail, room, &put);
    s->out.tail += put;
    mailproto__make_due(s, put, MAILPROTO_TRACE_CONTENT);
    count_progress(c, *consumed);
    if (st < 0) {
        c->content_bad = 1;
        return st;
    }
    return *consumed > 0 ? MAILPROTO_OK : MAILPROTO_AGAIN;
}

mailproto_status mailproto__smtp_client_content_end(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    mailproto_status st = MAILPROTO_OK;
    size_t put;
    if (c->content_bad) {
        return MAILPROTO_ERR_STATE;
    }
    if (mailproto__room(s) < MAILPROTO__STUFF_END_MAX) {
        return MAILPROTO_AGAIN;
    }
    put = mailproto__stuff_end(&c->stuff, s->out.base + s->out.tail, &st);
    if (st < 0) {
        c->content_bad = 1;
        return st;
    }
    s->out.tail += put;
    mailproto__make_due(s, put, MAILPROTO_TRACE_CONTENT);
    s->content_open = 0;
    s->flush = 1;
    mailproto__smtp_client_take_back(c);
    /* The end of content may be the first of a group (RFC 2920 3.1). */
    mailproto__smtp_client_at(c, 0)->flags = 0;
    mailproto__smtp_client_rearm(c);
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_client_content_abort(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    c->aborted = 1;
    mailproto__fail_hard(s, MAILPROTO_ERR_CANCELLED, s->offset,
                         "the content was aborted");
    return MAILPROTO_OK;
}
