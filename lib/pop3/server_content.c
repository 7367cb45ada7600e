/*
 * What stands behind `+OK` of RETR, TOP and others, on its way out (RFC 1939 3, 7). Knows
 * when it may be given, where TOP has enough and what ends it; dots and line ends are
 * wire/dot.h's.
 */
#include "core/engine.h"
#include "core/mem.h"
#include "core/span.h"
#include "pop3/server.h"

void mailproto__pop3_server_content_open(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_event *ev;
    memset(&server->stuff, 0, sizeof server->stuff);
    memset(&server->top, 0, sizeof server->top);
    server->stuff.policy = server->policy;
    server->top.on = server->command.verb == MAILPROTO_POP3_VERB_TOP;
    server->top.left = server->command.lines;
    server->content_bad = 0;
    server->progress = 0;
    s->content_taken = 0;
    s->content_open = 1;
    mailproto__wait(s, server->block_ms);
    ev = mailproto__event(s, MAILPROTO_EV_CONTENT_WANTED, 0);
    ev->code = server->command.verb;
    ev->number = server->command.message;
}

/* ---- TOP: the header, the blank line, and so many lines of the body --------------- */

static void line_ends(struct mailproto__pop3_top *top)
{
    if (!top->in_body) {
        top->in_body = !top->filled;
        top->done = top->in_body && top->left == 0;
    } else if (--top->left == 0) {
        top->done = 1;
    }
    top->filled = 0;
}

/* The octet behind a CR. 1: it belongs to the line's end. */
static int behind_cr(struct mailproto__pop3_top *top, int bare_too, char octet)
{
    top->cr = 0;
    if (octet == '\n' || bare_too) {
        line_ends(top);
    } else {
        top->filled = 1;
    }
    return octet == '\n';
}

/*
 * Reads octets as wire/dot.h will write them: with REPAIR a CR or LF alone ends a line
 * too. How many of them belong to what is wanted.
 */
static size_t scan(struct mailproto__pop3_top *top, int bare_too, const char *at,
                   size_t len)
{
    size_t lf = 0; /* the next LF, or len; found anew when it is passed */
    size_t i = 0;
    int known = 0;
    while (i < len && !top->done) {
        const char *cr;
        if (top->cr) {
            i += (size_t)behind_cr(top, bare_too, at[i]);
            continue;
        }
        if (!known || lf < i) {
            const char *found = (const char *)memchr(at + i, '\n', len - i);
            lf = found != NULL ? (size_t)(found - at) : len;
            known = 1;
        }
        cr = lf > i ? (const char *)memchr(at + i, '\r', lf - i) : NULL;
        if (cr != NULL) {
            top->filled |= (uint8_t)(cr > at + i);
            top->cr = 1;
            i = (size_t)(cr - at) + 1;
            continue;
        }
        top->filled |= (uint8_t)(lf > i);
        i = lf;
        if (i < len) {
            i++;
            if (bare_too) {
                line_ends(top);
            } else {
                top->filled = 1;
            }
        }
    }
    return i;
}

/* ---- the content verbs ------------------------------------------------------------ */

/* `progress_bytes` in time are enough. */
static void count_progress(mailproto_pop3_server *server, size_t len)
{
    if (len < server->progress_bytes - server->progress) {
        server->progress += (uint32_t)len;
        return;
    }
    server->progress = 0;
    mailproto__wait(&server->session, server->block_ms);
}

mailproto_status mailproto__pop3_server_content(mailproto_session *s, const void *data,
                                                size_t len, size_t *consumed)
{
    mailproto_pop3_server *server = mailproto__pop3_server_of(s);
    int bare_too = server->policy == MAILPROTO__REPAIR;
    struct mailproto__pop3_top top = server->top;
    size_t room = mailproto__room(s);
    size_t put = 0;
    mailproto_status st;
    *consumed = 0;
    if (server->content_bad) {
        return MAILPROTO_ERR_STATE;
    }
    if (top.on) {
        /* No more is looked at than can be taken: input that is offered again and again
         * costs no more than it is long. */
        len = len < room ? len : room;
        len = scan(&top, bare_too, (const char *)data, len);
        if (top.done && len == 0) {
            server->top = top;
            return MAILPROTO_ENOUGH;
        }
    }
    st = mailproto__stuff_put(&server->stuff, (const char *)data, len, consumed,
                              s->out.base + s->out.tail, room, &put);
    s->out.tail += put;
    mailproto__make_due(s, put, MAILPROTO_TRACE_CONTENT);
    count_progress(server, *consumed);
    if (top.on && *consumed < len) {
        top = server->top;
        (void)scan(&top, bare_too, (const char *)data, *consumed);
    }
    server->top = top;
    if (st < 0) {
        server->content_bad = 1;
        return st;
    }
    if (top.done) {
        return MAILPROTO_ENOUGH;
    }
    return *consumed > 0 ? MAILPROTO_OK : MAILPROTO_AGAIN;
}

mailproto_status mailproto__pop3_server_content_end(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_status st = MAILPROTO_OK;
    size_t put;
    if (server->content_bad) {
        return MAILPROTO_ERR_STATE;
    }
    if (mailproto__room(s) < MAILPROTO__STUFF_END_MAX) {
        return MAILPROTO_AGAIN;
    }
    put = mailproto__stuff_end(&server->stuff, s->out.base + s->out.tail, &st);
    if (st < 0) {
        server->content_bad = 1;
        return st;
    }
    s->out.tail += put;
    mailproto__make_due(s, put, MAILPROTO_TRACE_CONTENT);
    s->content_open = 0;
    mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
    return MAILPROTO_OK;
}

/* RFC 1939 has no word for it: without the end mark nobody takes it for whole. */
mailproto_status mailproto__pop3_server_content_abort(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__fail_hard(s, MAILPROTO_ERR_CANCELLED, s->offset,
                         "the content was aborted");
    return MAILPROTO_OK;
}
