/*
 * The building of replies (RFC 1939 3, RFC 2449 8, RFC 3206). Knows what replies look
 * like, and the words of the engine's own; must not know when which is given.
 */
#include "core/mem.h"
#include "core/span.h"
#include "pop3/server.h"

/* ---- the engine's own ------------------------------------------------------------ */

struct own {
    const char *text;
    uint8_t len;
    uint8_t code;
    uint8_t resp;
};

#define OWN(name, code, resp, text)                                                    \
    [MAILPROTO__POP3_##name] = {text, sizeof(text) - 1, MAILPROTO_POP3_##code,         \
                                MAILPROTO_POP3_RESP_##resp}

static const struct own replies[MAILPROTO__POP3_OWN_COUNT] = {
    OWN(NO_WORDS, OK, NONE, ""),
    OWN(USER_OK, OK, NONE, "Send the password"),
    OWN(CAPS_FOLLOW, OK, NONE, "Capability list follows"),
    OWN(START_TLS, OK, NONE, "Begin TLS negotiation"),
    OWN(UTF8_OK, OK, NONE, "UTF8 mode"),
    OWN(LIST_FOLLOWS, OK, NONE, "Listing follows"),
    OWN(MESSAGE_FOLLOWS, OK, NONE, "Message follows"),
    OWN(MARKED_OK, OK, NONE, "Message marked as deleted"),
    OWN(RESET, OK, NONE, "No message is marked"),
    OWN(NOOP_OK, OK, NONE, ""),
    OWN(BYE, OK, NONE, "Bye"),
    OWN(UNKNOWN, ERR, NONE, "Unknown command"),
    OWN(NO_LANGUAGE, ERR, NONE, "Language not available"),
    OWN(NO_LINE, ERR, NONE, "Not a command line"),
    OWN(LONG_LINE, ERR, NONE, "Line too long"),
    OWN(ARGUMENT_WRONG, ERR, NONE, "Syntax error in arguments"),
    OWN(NUMBER_WRONG, ERR, NONE, "Not a number"),
    OWN(NAME_LONG, ERR, NONE, "Name too long"),
    OWN(NO_MESSAGE, ERR, NONE, "No such message"),
    OWN(IS_MARKED, ERR, NONE, "Message is marked as deleted"),
    OWN(NO_LOGIN, ERR, NONE, "Log in first"),
    OWN(LOGGED_IN, ERR, NONE, "Only before the login"),
    OWN(NO_USER, ERR, NONE, "Send USER first"),
    OWN(NO_TLS, ERR, NONE, "Needs TLS"),
    OWN(TLS_ALREADY, ERR, NONE, "TLS is already active"),
    OWN(NOT_OFFERED, ERR, NONE, "Command not offered"),
    OWN(NO_MECHANISM, ERR, NONE, "Mechanism not supported"),
    OWN(AUTH_FAILED, ERR, AUTH, "Authentication failed"),
    OWN(AUTH_TEMPORARY, ERR, SYS_TEMP, "Temporary authentication failure"),
    OWN(AUTH_WEAK, ERR, AUTH, "Mechanism is too weak"),
    OWN(AUTH_SYNTAX, ERR, NONE, "Malformed authentication data"),
    OWN(AUTH_CANCELLED, ERR, NONE, "Authentication cancelled"),
    OWN(NO_BASE64, ERR, NONE, "Cannot decode base64"),
    OWN(NOT_OPENED, ERR, NONE, "Cannot open the maildrop"),
    OWN(NOT_AVAILABLE, ERR, NONE, "Service not available"),
    OWN(NOT_GIVEN, ERR, NONE, "Message not available"),
    OWN(NOT_REMOVED, ERR, NONE, "Some messages were not removed"),
    OWN(TOO_MANY_BAD, ERR, NONE, "Too many errors"),
    OWN(HTTP, ERR, NONE, "This is not HTTP"),
    OWN(SHUTDOWN, ERR, NONE, "Service not available"),
};

struct mailproto__pop3_line mailproto__pop3_server_own(enum mailproto__pop3_own own)
{
    struct mailproto__pop3_line line;
    line.code = replies[own].code;
    line.resp = replies[own].resp;
    line.text = mailproto__span(replies[own].text, replies[own].len);
    return line;
}

/* ---- lines ----------------------------------------------------------------------- */

/* The name of the response code that is written: RFC 2449 8, where RESP-CODES is said;
 * RFC 3206 6; RFC 6856 5. */
static mailproto_bytes resp_of(const mailproto_pop3_server *server, uint32_t resp)
{
    const char *name = mailproto__pop3_resp_name(resp);
    size_t len = 0;
    if (!mailproto__pop3_server_knows(server, MAILPROTO_POP3_CAP_RESP_CODES) ||
        (resp == MAILPROTO_POP3_RESP_AUTH &&
         !mailproto__pop3_server_knows(server, MAILPROTO_POP3_CAP_AUTH_RESP_CODE)) ||
        (resp == MAILPROTO_POP3_RESP_UTF8 &&
         !mailproto__pop3_server_knows(server, MAILPROTO_POP3_CAP_UTF8))) {
        name = "";
    }
    while (name[len] != '\0') {
        len++;
    }
    return mailproto__span(name, len);
}

size_t mailproto__pop3_server_line_size(const mailproto_pop3_server *server,
                                        const struct mailproto__pop3_line *line)
{
    size_t resp = resp_of(server, line->resp).len;
    return (line->code == MAILPROTO_POP3_OK ? 3U : 4U) + (resp > 0 ? resp + 3 : 0) +
           (line->text.len > 0 ? line->text.len + 1 : 0) + 2;
}

int mailproto__pop3_server_put_line(mailproto_pop3_server *server,
                                    const struct mailproto__pop3_line *line)
{
    mailproto_session *s = &server->session;
    mailproto_bytes resp = resp_of(server, line->resp);
    if (mailproto__room(s) < mailproto__pop3_server_line_size(server, line)) {
        return 0;
    }
    (void)mailproto__put_span(s, line->code == MAILPROTO_POP3_OK
                                     ? MAILPROTO__LITERAL("+OK")
                                     : MAILPROTO__LITERAL("-ERR"));
    if (resp.len > 0) {
        (void)mailproto__put(s, " [", 2);
        (void)mailproto__put_span(s, resp);
        (void)mailproto__put(s, "]", 1);
    }
    if (line->text.len > 0) {
        (void)mailproto__put(s, " ", 1);
        (void)mailproto__put_span(s, line->text);
    }
    (void)mailproto__put(s, "\r\n", 2);
    return 1;
}

static void put_words(mailproto_session *s, const char *words)
{
    size_t len = 0;
    while (words[len] != '\0') {
        len++;
    }
    (void)mailproto__put(s, words, len);
}

void mailproto__pop3_server_put_numbers(mailproto_pop3_server *server,
                                        const char *before, uint64_t a,
                                        const char *between, uint64_t b,
                                        const char *behind)
{
    mailproto_session *s = &server->session;
    put_words(s, before);
    (void)mailproto__put_number(s, a);
    put_words(s, between);
    (void)mailproto__put_number(s, b);
    put_words(s, behind);
}

/* ---- the end of a reply ---------------------------------------------------------- */

void mailproto__pop3_server_finish(mailproto_pop3_server *server, uint32_t code,
                                   int flush)
{
    mailproto_session *s = &server->session;
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    s->reply_code = code;
    mailproto__pop3_server_rearm(server);
    /* Who was not offered pipelining waits for every reply (RFC 2449 6.6). */
    if (flush || !mailproto__pop3_server_knows(server, MAILPROTO_POP3_CAP_PIPELINING)) {
        s->flush = 1;
    }
}

void mailproto__pop3_server_reply(mailproto_pop3_server *server,
                                  enum mailproto__pop3_own own, int flush)
{
    struct mailproto__pop3_line line = mailproto__pop3_server_own(own);
    (void)mailproto__pop3_server_put_line(server, &line);
    mailproto__pop3_server_finish(server, line.code, flush);
}

void mailproto__pop3_server_farewell(mailproto_pop3_server *server,
                                     const struct mailproto__pop3_line *line)
{
    mailproto_session *s = &server->session;
    mailproto__unput(s, mailproto__held(s));
    /* Nothing may be said in the clear when TLS was agreed, nor within a reply. */
    if (s->tls.state == MAILPROTO__TLS_AGREED ||
        s->tls.state == MAILPROTO__TLS_AWAITED || server->auth.lines.sending ||
        s->content_open || server->list != 0 ||
        !mailproto__pop3_server_put_line(server, line)) {
        return;
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    s->reply_code = line->code;
    s->flush = 1;
}
