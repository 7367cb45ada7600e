/*
 * The application's answers: checked, written, and what follows from them. Knows which
 * reply fits which event; building it is server_reply.c's.
 */
#include "core/mem.h"
#include "core/span.h"
#include "pop3/server.h"

/* ---- the end of a request --------------------------------------------------------- */

uint32_t mailproto__pop3_server_answered(mailproto_pop3_server *server)
{
    uint32_t asked = server->asked;
    (void)mailproto__answered(&server->session, server->session.request);
    server->asked = 0;
    return asked;
}

/* Whether `request` may be answered now; not within a challenge. */
static int may_answer(const mailproto_pop3_server *server, uint32_t request)
{
    return mailproto__is_awaited(&server->session, request) &&
           !server->auth.lines.sending;
}

/* ---- the parts of a reply ---------------------------------------------------------- */

static int is_text(mailproto_bytes text)
{
    return (text.ptr != NULL || text.len == 0) &&
           mailproto__find_control(text) == text.len && mailproto__is_utf8(text);
}

/* `+OK text <stamp>`; its octets, or 0: over what is allowed, and nothing is queued. A
 * client must find this timestamp and no other (RFC 1939 7). */
static size_t put_greeting(mailproto_pop3_server *server, mailproto_bytes text,
                           size_t max)
{
    mailproto_session *s = &server->session;
    size_t len = 3 + (text.len > 0 ? text.len + 1 : 0) +
                 (server->stamp.len > 0 ? server->stamp.len + 1 : 0) + 2;
    if (len > max) {
        return 0;
    }
    (void)mailproto__put(s, "+OK", 3);
    (void)mailproto__put(s, " ", text.len > 0);
    (void)mailproto__put_span(s, text);
    (void)mailproto__put(s, " ", server->stamp.len > 0);
    (void)mailproto__put_span(s, server->stamp);
    (void)mailproto__put(s, "\r\n", 2);
    return len;
}

/* ---- what follows from an answer --------------------------------------------------- */

static void end_session(mailproto_pop3_server *server, uint32_t code)
{
    server->ending = 1;
    mailproto__pop3_server_finish(server, code, 1);
}

/* RFC 1939 6: whatever was removed, the server closes. */
static void end_update(mailproto_pop3_server *server, uint32_t code)
{
    (void)mailproto__event(&server->session, MAILPROTO_EV_POP3_QUIT, 0);
    end_session(server, code);
}

/* The reply `+OK` is held. */
static void follow_ok(mailproto_pop3_server *server, uint32_t flags)
{
    switch (mailproto__pop3_server_answered(server)) {
    case MAILPROTO_EV_POP3_CONNECT:
        server->greeted = 1;
        mailproto__pop3_server_enter(server, MAILPROTO__POP3_AUTHORIZATION);
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 1);
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        mailproto__pop3_server_let_in(server, 0); /* its reply waits for OPEN's */
        break;
    case MAILPROTO_EV_POP3_RETR:
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
        mailproto__pop3_server_content_open(server);
        break;
    case MAILPROTO_EV_POP3_UPDATE:
        end_update(server, MAILPROTO_POP3_OK);
        break;
    default: /* COMMAND, LANG */
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
        if ((flags & MAILPROTO_POP3_BODY) != 0) {
            mailproto__pop3_server_content_open(server);
        }
        break;
    }
}

/* The reply `-ERR` is held. */
static void follow_err(mailproto_pop3_server *server)
{
    uint32_t asked = mailproto__pop3_server_answered(server);
    switch (asked) {
    case MAILPROTO_EV_POP3_CONNECT:
        server->greeted = 1;
        end_session(server, MAILPROTO_POP3_ERR);
        break;
    case MAILPROTO_EV_POP3_UPDATE:
        end_update(server, MAILPROTO_POP3_ERR);
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        mailproto__pop3_server_turn_away(server, 0, 1);
        break;
    case MAILPROTO_EV_POP3_OPEN:
        mailproto__pop3_server_turn_away(server, server->by_auth, 1);
        break;
    case MAILPROTO_EV_AUTH_START:
    case MAILPROTO_EV_AUTH_DATA:
        mailproto__pop3_server_turn_away(server, 1, 1);
        break;
    case MAILPROTO_EV_POP3_COMMAND:
        if (mailproto__pop3_server_is_bad(server)) {
            break;
        }
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_ERR, 0);
        break;
    default:
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_ERR, 0);
        break;
    }
}

/* What `-ERR` says to the event by default. */
static enum mailproto__pop3_own default_refusal(uint32_t asked)
{
    switch (asked) {
    case MAILPROTO_EV_POP3_CONNECT:
        return MAILPROTO__POP3_NOT_AVAILABLE;
    case MAILPROTO_EV_POP3_LOGIN:
    case MAILPROTO_EV_AUTH_START:
    case MAILPROTO_EV_AUTH_DATA:
        return MAILPROTO__POP3_AUTH_FAILED;
    case MAILPROTO_EV_POP3_OPEN:
        return MAILPROTO__POP3_NOT_OPENED;
    case MAILPROTO_EV_POP3_UPDATE:
        return MAILPROTO__POP3_NOT_REMOVED;
    case MAILPROTO_EV_POP3_COMMAND:
        return MAILPROTO__POP3_UNKNOWN;
    case MAILPROTO_EV_POP3_LANG:
        return MAILPROTO__POP3_NO_LANGUAGE;
    default: /* RETR, NEED_SIZE, NEED_UID */
        return MAILPROTO__POP3_NOT_GIVEN;
    }
}

/* A listing goes on without this message; 0: it is no listing. */
static int leave_out(mailproto_pop3_server *server)
{
    if (server->list == 0) {
        return 0;
    }
    (void)mailproto__pop3_server_answered(server);
    return 1;
}

static void refuse(mailproto_pop3_server *server)
{
    struct mailproto__pop3_line line =
        mailproto__pop3_server_own(default_refusal(server->asked));
    if (!leave_out(server)) {
        (void)mailproto__pop3_server_put_line(server, &line);
        follow_err(server);
    }
}

static void say_ok(mailproto_pop3_server *server, enum mailproto__pop3_own own)
{
    struct mailproto__pop3_line line = mailproto__pop3_server_own(own);
    (void)mailproto__pop3_server_put_line(server, &line);
    follow_ok(server, 0);
}

/* ---- sizes, unique-ids, the maildrop ------------------------------------------------ */

/* What is held is a line of a listing, or all of the reply. */
static void end_line(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    if (server->list == 0) {
        mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
        return;
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    mailproto__pop3_server_rearm(server);
}

static void give_size(mailproto_pop3_server *server, uint64_t octets)
{
    uint64_t message =
        server->list != 0 ? server->list_next - 1 : server->command.message;
    (void)mailproto__pop3_server_answered(server);
    if (server->command.verb == MAILPROTO_POP3_VERB_DELE) {
        mailproto__pop3_server_mark(server, octets);
        mailproto__pop3_server_reply(server, MAILPROTO__POP3_MARKED_OK, 0);
        return;
    }
    mailproto__pop3_server_put_numbers(server, server->list != 0 ? "" : "+OK ", message,
                                       " ", octets, "\r\n");
    end_line(server);
}

/* A held reply of the application's own stands behind LOGIN, or there is none. */
static void open_drop(mailproto_pop3_server *server, uint32_t messages, uint64_t octets)
{
    (void)mailproto__pop3_server_answered(server);
    server->messages = messages;
    server->octets = octets;
    server->bad = 0; /* who has proved himself begins anew */
    (void)mailproto__pop3_server_unmark_all(server);
    if (mailproto__held(&server->session) == 0) {
        mailproto__pop3_server_put_numbers(server, "+OK ", messages, " messages (",
                                           octets, " octets)\r\n");
    }
    server->auth_told = server->by_auth ? 2 : 0;
    mailproto__pop3_server_enter(server, MAILPROTO__POP3_TRANSACTION);
    mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
}

mailproto_status mailproto_pop3_server_drop(mailproto_pop3_server *server,
                                            uint32_t request, uint32_t messages,
                                            uint64_t octets)
{
    if (!may_answer(server, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_POP3_OPEN) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (messages > server->max_messages) {
        return MAILPROTO_ERR_COUNT_LIMIT;
    }
    open_drop(server, messages, octets);
    return MAILPROTO_OK;
}

mailproto_status mailproto_pop3_server_size(mailproto_pop3_server *server,
                                            uint32_t request, uint64_t octets)
{
    if (!may_answer(server, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_POP3_NEED_SIZE) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    give_size(server, octets);
    return MAILPROTO_OK;
}

mailproto_status mailproto_pop3_server_uid(mailproto_pop3_server *server,
                                           uint32_t request, mailproto_bytes uid)
{
    mailproto_session *s = &server->session;
    int single = server->list == 0;
    if (!may_answer(server, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_POP3_NEED_UID || !mailproto__pop3_is_uid(uid)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__pop3_server_answered(server);
    (void)mailproto__put(s, "+OK ", single ? 4 : 0);
    (void)mailproto__put_number(s, single ? server->command.message
                                          : server->list_next - 1);
    (void)mailproto__put(s, " ", 1);
    (void)mailproto__put_span(s, uid);
    (void)mailproto__put(s, "\r\n", 2);
    end_line(server);
    return MAILPROTO_OK;
}

/* ---- the general answers ------------------------------------------------------------ */

mailproto_status mailproto_pop3_server_accept(mailproto_pop3_server *server,
                                              uint32_t request)
{
    if (!may_answer(server, request)) {
        return MAILPROTO_ERR_STALE;
    }
    switch (server->asked) {
    case MAILPROTO_EV_POP3_CONNECT: /* init() has seen that it fits */
        (void)put_greeting(server, server->greeting, SIZE_MAX);
        follow_ok(server, 0);
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        follow_ok(server, 0);
        break;
    case MAILPROTO_EV_POP3_OPEN:
        open_drop(server, 0, 0);
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        give_size(server, 0);
        break;
    case MAILPROTO_EV_POP3_RETR:
        say_ok(server, MAILPROTO__POP3_MESSAGE_FOLLOWS);
        break;
    case MAILPROTO_EV_POP3_UPDATE:
        say_ok(server, MAILPROTO__POP3_BYE);
        break;
    default: /* nobody is let in by default, and nothing unknown is carried out */
        refuse(server);
        break;
    }
    return MAILPROTO_OK;
}

/* Whether `+OK` with a text answers the event, and whether with these flags. A client
 * knows by the command alone if lines follow: LANG has them without an argument only
 * (RFC 6856 3.2). */
static int takes_ok(const mailproto_pop3_server *server, uint32_t flags)
{
    switch (server->asked) {
    case MAILPROTO_EV_POP3_CONNECT:
    case MAILPROTO_EV_POP3_LOGIN:
    case MAILPROTO_EV_POP3_RETR:
    case MAILPROTO_EV_POP3_UPDATE:
        return flags == 0;
    case MAILPROTO_EV_POP3_COMMAND:
        return flags == 0 || flags == MAILPROTO_POP3_BODY;
    case MAILPROTO_EV_POP3_LANG:
        return flags == (server->command.argument.len > 0 ? 0U : MAILPROTO_POP3_BODY);
    default: /* success of AUTH is auth_finish()'s to tell */
        return 0;
    }
}

mailproto_status mailproto_pop3_server_ok(mailproto_pop3_server *server,
                                          uint32_t request, uint32_t flags,
                                          mailproto_bytes text)
{
    struct mailproto__pop3_line line;
    if (!may_answer(server, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (!takes_ok(server, flags) || !is_text(text)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    line = mailproto__pop3_server_own(MAILPROTO__POP3_NO_WORDS);
    line.text = text;
    if (server->asked == MAILPROTO_EV_POP3_CONNECT) {
        if (mailproto__pop3_find_stamp(text).len > 0) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        if (put_greeting(server, text, server->reply_max) == 0) {
            return MAILPROTO_ERR_TOO_LONG;
        }
    } else if (mailproto__pop3_server_line_size(server, &line) > server->reply_max) {
        return MAILPROTO_ERR_TOO_LONG;
    } else {
        (void)mailproto__pop3_server_put_line(server, &line);
    }
    follow_ok(server, flags);
    return MAILPROTO_OK;
}

mailproto_status mailproto_pop3_server_err(mailproto_pop3_server *server,
                                           uint32_t request, uint32_t resp,
                                           mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    struct mailproto__pop3_line line;
    if (!may_answer(server, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (resp > MAILPROTO_POP3_RESP_UTF8 || !is_text(text)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    line = mailproto__pop3_server_own(default_refusal(server->asked));
    line.resp = resp;
    if (text.len > 0) {
        line.text = text;
    }
    if (mailproto__pop3_server_line_size(server, &line) > server->reply_max) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    if (leave_out(server)) {
        return MAILPROTO_OK;
    }
    mailproto__unput(s, mailproto__held(s)); /* LOGIN's words are void */
    (void)mailproto__pop3_server_put_line(server, &line);
    follow_err(server);
    return MAILPROTO_OK;
}

/* ---- the end from outside ------------------------------------------------------------ */

mailproto_status mailproto_pop3_server_shutdown(mailproto_pop3_server *server,
                                                mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    struct mailproto__pop3_line line;
    if (s->failed || s->closing || s->closed || server->ending) {
        return MAILPROTO_ERR_STATE;
    }
    if (!is_text(text)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (text.len > MAILPROTO__POP3_TEXT_MAX) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    line = mailproto__pop3_server_own(MAILPROTO__POP3_SHUTDOWN);
    if (text.len > 0) {
        line.text = text;
    }
    mailproto__pop3_server_farewell(server, &line);
    server->ending = 1;
    s->awaiting = 0;
    s->postponed = 0;
    s->content_open = 0;
    s->event.flags &= ~(uint32_t)MAILPROTO_EVF_NEEDS_REPLY;
    s->event.tag = 0; /* nobody has pulled it, nobody can answer it */
    if (s->tls.state == MAILPROTO__TLS_AGREED ||
        s->tls.state == MAILPROTO__TLS_AWAITED) {
        mailproto__close(s); /* no step would come */
    }
    mailproto__touch(s);
    return MAILPROTO_OK;
}
