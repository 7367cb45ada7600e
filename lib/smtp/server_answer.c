/*
 * The application's answers: checked, written, and what follows from them. Knows which
 * reply fits which event; building it is server_reply.c's.
 */
#include "core/span.h"
#include "smtp/server.h"

enum { LINE_MAX = 512 }; /* RFC 5321 4.5.3.1.5 */

/* ---- replies of the application -------------------------------------------------- */

struct numbers {
    uint16_t code;
    uint8_t subject, detail;
};

/* What goes with a code when the caller names none (RFC 3463, RFC 5248); else X.0.0. */
static const struct numbers defaults[] = {
    {421, 3, 2}, {432, 7, 12}, {450, 2, 0},  {451, 3, 0},  {452, 3, 1}, {454, 7, 0},
    {500, 5, 2}, {501, 5, 4},  {502, 5, 1},  {503, 5, 1},  {504, 5, 4}, {521, 3, 2},
    {530, 7, 0}, {534, 7, 9},  {535, 7, 8},  {538, 7, 11}, {551, 1, 6}, {552, 3, 4},
    {553, 1, 3}, {555, 5, 4},  {556, 1, 10},
};

static void default_enhanced(struct mailproto__smtp_line *line)
{
    size_t i;
    line->subject = 0;
    line->detail = 0;
    for (i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (defaults[i].code == line->code) {
            line->subject = defaults[i].subject;
            line->detail = defaults[i].detail;
        }
    }
}

mailproto_status mailproto__smtp_server_app_line(const mailproto_smtp_status *status,
                                                 mailproto_bytes text,
                                                 struct mailproto__smtp_line *line)
{
    const uint16_t *e;
    /* RFC 5321 4.2: %x32-35 %x30-35 %x30-39 */
    if (status == NULL || status->code < 200 || status->code > 559 ||
        status->code / 10 % 10 > 5 || (text.ptr == NULL && text.len > 0) ||
        mailproto__find_control(text) < text.len || !mailproto__is_utf8(text)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    e = status->enhanced;
    line->code = status->code;
    line->enhanced = status->code / 100 != 3; /* RFC 2034 4 */
    line->more = 0;
    line->host = 0;
    line->text = text;
    default_enhanced(line);
    if (e[0] == 0 && e[1] == 0 && e[2] == 0) {
        return MAILPROTO_OK;
    }
    if (e[0] != status->code / 100 || e[1] > 999 || e[2] > 999) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    line->subject = e[1];
    line->detail = e[2];
    return MAILPROTO_OK;
}

/* Whether a reply of this code answers the event. */
static int fits(const mailproto_smtp_server *server, uint32_t code)
{
    switch (server->asked) {
    case MAILPROTO_EV_SMTP_DATA:
        return code >= 300;
    case MAILPROTO_EV_AUTH_START: /* success is auth_finish()'s to tell */
    case MAILPROTO_EV_AUTH_DATA:
        return code >= 400;
    default:
        return code / 100 != 3;
    }
}

/* ---- what follows from an answer ------------------------------------------------- */

static void follow_hello(mailproto_smtp_server *server)
{
    mailproto__smtp_server_forget(server, 1); /* RFC 5321 4.1.4 */
    server->state = MAILPROTO__SMTP_READY;
    server->esmtp = server->command.verb == MAILPROTO_SMTP_VERB_EHLO;
}

static void follow(mailproto_smtp_server *server, uint32_t asked, uint32_t code)
{
    int good = code < 400;
    switch (asked) {
    case MAILPROTO_EV_SMTP_CONNECT:
        server->greeted = 1;
        server->state = good ? MAILPROTO__SMTP_START : MAILPROTO__SMTP_REFUSED;
        break;
    case MAILPROTO_EV_SMTP_HELO:
        if (good) {
            follow_hello(server);
        }
        break;
    case MAILPROTO_EV_SMTP_MAIL:
        server->mail_refused = !good;
        if (good) {
            server->state = MAILPROTO__SMTP_MAIL;
            ++server->transactions;
        } else {
            server->utf8 = 0;
        }
        break;
    case MAILPROTO_EV_SMTP_RCPT:
        server->tried = 1;
        if (good) {
            server->state = MAILPROTO__SMTP_RCPT;
            ++server->recipients;
        }
        break;
    case MAILPROTO_EV_SMTP_DATA:
        if (good) {
            mailproto__smtp_server_content_begin(server);
        }
        break;
    case MAILPROTO_EV_SMTP_DELIVER: /* whatever the reply: 4.1.1.4 */
        mailproto__smtp_server_forget(server, 0);
        break;
    case MAILPROTO_EV_AUTH_START:
    case MAILPROTO_EV_AUTH_DATA:
        mailproto__smtp_server_auth_end(server, code);
        break;
    default:
        break;
    }
}

/* Whether nothing may be pipelined behind the answer. */
static int flushes(const mailproto_smtp_server *server)
{
    switch (server->asked) {
    case MAILPROTO_EV_SMTP_CONNECT:
        return 1;
    case MAILPROTO_EV_SMTP_HELO:
    case MAILPROTO_EV_SMTP_DATA:
    case MAILPROTO_EV_SMTP_COMMAND:
        return mailproto__smtp_server_is_last(server->command.verb);
    default:
        return 0;
    }
}

/* The whole answer is held. */
static void conclude(mailproto_smtp_server *server, uint32_t code)
{
    mailproto_session *s = &server->session;
    uint32_t asked = server->asked;
    int flush = flushes(server);
    (void)mailproto__answered(s, s->request);
    server->asked = 0;
    server->line_code = 0;
    if (asked == MAILPROTO_EV_SMTP_CONNECT && mailproto__has_input(s) &&
        (server->flags & MAILPROTO_SMTP_SERVER_REFUSE_EARLY) != 0) {
        mailproto__unput(s, mailproto__held(s)); /* 554 comes instead of it */
        mailproto__smtp_server_early(server);
        return;
    }
    if (asked == MAILPROTO_EV_SMTP_COMMAND &&
        server->command.verb == MAILPROTO_SMTP_VERB_UNKNOWN &&
        mailproto__smtp_server_is_bad(server, code)) {
        mailproto__smtp_server_farewell_own(server, MAILPROTO__OWN_TOO_MANY_BAD);
        (void)mailproto__fail(s, MAILPROTO_ERR_BAD_COMMANDS, server->line_at,
                              "more refused commands than max_bad_commands");
        return;
    }
    server->ending = code == 421; /* RFC 5321 3.8 */
    mailproto__smtp_server_finish(server, code, flush);
    follow(server, asked, code);
}

/* The last line of an answer, of which all but this is held. */
static void put_last(mailproto_smtp_server *server, struct mailproto__smtp_line *line)
{
    mailproto_session *s = &server->session;
    int hello = server->asked == MAILPROTO_EV_SMTP_HELO && line->code < 300;
    if (hello) {
        s->caps = server->command.verb == MAILPROTO_SMTP_VERB_EHLO
                      ? mailproto__smtp_server_caps(server)
                      : 0;
        line->more = s->caps != 0;
    }
    (void)mailproto__smtp_server_put_line(server, line);
    if (hello) {
        mailproto__smtp_server_put_caps(server);
    }
}

/* ---- the public calls ------------------------------------------------------------ */

static enum mailproto__smtp_own default_reply(const mailproto_smtp_server *server)
{
    switch (server->asked) {
    case MAILPROTO_EV_SMTP_CONNECT:
        return MAILPROTO__OWN_GREETING;
    case MAILPROTO_EV_SMTP_HELO:
        return MAILPROTO__OWN_HELO;
    case MAILPROTO_EV_SMTP_MAIL:
        return MAILPROTO__OWN_SENDER_OK;
    case MAILPROTO_EV_SMTP_RCPT:
        return MAILPROTO__OWN_RECIPIENT_OK;
    case MAILPROTO_EV_SMTP_DATA:
        return MAILPROTO__OWN_GO_AHEAD;
    case MAILPROTO_EV_SMTP_DELIVER:
        return MAILPROTO__OWN_DELIVERED;
    case MAILPROTO_EV_AUTH_START: /* nobody is let in by default */
    case MAILPROTO_EV_AUTH_DATA:
        return MAILPROTO__OWN_AUTH_FAILED;
    default:
        break;
    }
    switch (server->command.verb) {
    case MAILPROTO_SMTP_VERB_VRFY:
        return MAILPROTO__OWN_CANNOT_VRFY;
    case MAILPROTO_SMTP_VERB_EXPN:
        return MAILPROTO__OWN_NO_EXPN;
    case MAILPROTO_SMTP_VERB_HELP:
        return MAILPROTO__OWN_HELP;
    case MAILPROTO_SMTP_VERB_NOOP:
        return MAILPROTO__OWN_OK;
    default:
        return MAILPROTO__OWN_UNKNOWN;
    }
}

mailproto_status mailproto_smtp_server_accept(mailproto_smtp_server *server,
                                              uint32_t request)
{
    struct mailproto__smtp_line line;
    if (!mailproto__is_awaited(&server->session, request) ||
        server->auth.lines.sending) {
        return MAILPROTO_ERR_STALE;
    }
    /* Lines of a reply that was begun otherwise are void. */
    mailproto__unput(&server->session, mailproto__held(&server->session));
    mailproto__smtp_server_own_line(default_reply(server), &line);
    put_last(server, &line);
    conclude(server, line.code);
    return MAILPROTO_OK;
}

/* Whether a further line goes with those before it (RFC 5321 4.2.1, RFC 2034 4). */
static int goes_on(const mailproto_smtp_server *server,
                   const struct mailproto__smtp_line *line)
{
    return server->line_code == 0 || (server->line_code == line->code &&
                                      server->line_enhanced[0] == line->subject &&
                                      server->line_enhanced[1] == line->detail);
}

mailproto_status mailproto_smtp_server_reply(mailproto_smtp_server *server,
                                             uint32_t request,
                                             const mailproto_smtp_status *status,
                                             uint32_t flags, mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    struct mailproto__smtp_line line;
    mailproto_status st;
    size_t size;
    if (!mailproto__is_awaited(s, request) || server->auth.lines.sending) {
        return MAILPROTO_ERR_STALE;
    }
    st = mailproto__smtp_server_app_line(status, text, &line);
    if (st < 0) {
        return st;
    }
    if ((flags & ~(uint32_t)MAILPROTO_SMTP_REPLY_MORE) != 0 ||
        !fits(server, line.code) || !goes_on(server, &line)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (server->asked == MAILPROTO_EV_SMTP_CONNECT ||
        server->asked == MAILPROTO_EV_SMTP_HELO) {
        line.enhanced = 0; /* RFC 2034 4 */
    }
    size = mailproto__smtp_server_line_size(server, &line);
    if (size > LINE_MAX || mailproto__held(s) + size > server->reply_max) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    if ((flags & MAILPROTO_SMTP_REPLY_MORE) != 0) {
        line.more = 1;
        (void)mailproto__smtp_server_put_line(server, &line);
        server->line_code = (uint16_t)line.code;
        server->line_enhanced[0] = (uint16_t)line.subject;
        server->line_enhanced[1] = (uint16_t)line.detail;
        return MAILPROTO_OK;
    }
    put_last(server, &line);
    conclude(server, line.code);
    return MAILPROTO_OK;
}

/* The last line that shutdown() says. */
static mailproto_status shutdown_line(const mailproto_smtp_status *status,
                                      mailproto_bytes text,
                                      struct mailproto__smtp_line *line)
{
    static const mailproto_smtp_status unavailable = {.code = 421};
    struct mailproto__smtp_line own;
    mailproto_status st = mailproto__smtp_server_app_line(
        status != NULL ? status : &unavailable, text, line);
    if (st < 0) {
        return st;
    }
    if (line->code != 421) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (text.len > MAILPROTO__SMTP_TEXT_MAX) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    mailproto__smtp_server_own_line(MAILPROTO__OWN_SHUTDOWN, &own);
    line->host = own.host;
    if (text.len == 0) {
        line->text = own.text;
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_smtp_server_shutdown(mailproto_smtp_server *server,
                                                const mailproto_smtp_status *status,
                                                mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    struct mailproto__smtp_line line;
    mailproto_status st;
    if (s->failed || s->closing || s->closed || server->ending) {
        return MAILPROTO_ERR_STATE;
    }
    st = shutdown_line(status, text, &line);
    if (st < 0) {
        return st;
    }
    line.enhanced = server->greeted; /* RFC 2034 4: none instead of a greeting */
    mailproto__smtp_server_farewell(server, &line);
    server->ending = 1;
    s->awaiting = 0;
    s->postponed = 0;
    s->event.flags &= ~(uint32_t)MAILPROTO_EVF_NEEDS_REPLY;
    s->event.tag = 0; /* nobody has pulled it, nobody can answer it */
    if (s->tls.state == MAILPROTO__TLS_AGREED ||
        s->tls.state == MAILPROTO__TLS_AWAITED) {
        mailproto__close(s); /* no step would come */
    }
    mailproto__touch(s);
    return MAILPROTO_OK;
}
