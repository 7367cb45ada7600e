/*
 * Lines of the engine's own and tagged lines (RFC 9051 7.1): how they are built, and how
 * much room is kept for them. Knows their words; must not know when which is said.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"

/* ---- the engine's own ------------------------------------------------------------ */

struct own {
    const char *text;
    uint8_t len;
    uint8_t how;
};

#define OWN(name, how, text)                                                           \
    [MAILPROTO__IMAP_##name] = {text, sizeof(text) - 1, MAILPROTO_IMAP_##how}

/* The codes are those of RFC 9051 7.1, RFC 7888 5 and RFC 7889 4. */
static const struct own replies[MAILPROTO__IMAP_OWN_COUNT] = {
    OWN(NO_WORDS, OK, ""),
    OWN(DONE, OK, "completed"),
    OWN(FAILED, NO, "failed"),
    OWN(REFUSED, BAD, "refused"),
    OWN(UNKNOWN, BAD, "Unknown command"),
    OWN(NO_COMMAND, BAD, "Syntax error"),
    OWN(NO_TAG, BAD, "A command begins with a tag"),
    OWN(WRONG_STATE, BAD, "Not in this state"),
    OWN(NOT_OFFERED, BAD, "Not offered"),
    OWN(NO_TLS, NO, "[PRIVACYREQUIRED] Needs TLS"),
    OWN(TLS_ALREADY, BAD, "TLS is already active"),
    OWN(START_TLS, OK, "Begin TLS negotiation"),
    OWN(NO_MESSAGE, BAD, "No message with this number"),
    OWN(NO_MODSEQ, BAD, "No mod-sequences in this mailbox"),
    OWN(NO_CHARSET, NO, "[BADCHARSET (US-ASCII UTF-8)] Charset not supported"),
    OWN(CHARSET_GIVEN, BAD, "No CHARSET after ENABLE UTF8=ACCEPT"),
    OWN(NO_NAME, NO, "[CANNOT] The name cannot be"),
    OWN(TOO_LONG, BAD, "[TOOBIG] Command too long"),
    OWN(TOO_COMPLEX, BAD, "[LIMIT] Too many parts"),
    OWN(LITERAL_LONG, BAD, "[TOOBIG] Literal too large"),
    OWN(LITERAL_UNASKED, BAD, "Non-synchronizing literals are not offered"),
    OWN(LITERAL_REFUSED, NO, "[TOOBIG] Literal not taken"),
    OWN(LITERAL_NUL, BAD, "NUL in a literal"),
    OWN(MESSAGE_LONG, NO, "[TOOBIG] Message too large"),
    OWN(MESSAGE_EMPTY, NO, "Message is empty, append cancelled"),
    OWN(NO_DONE, BAD, "Expected DONE"),
    OWN(LOGGED_IN, BAD, "Already logged in"),
    OWN(NO_MECHANISM, NO, "[CANNOT] Mechanism not supported"),
    OWN(AUTH_FAILED, NO, "[AUTHENTICATIONFAILED] Authentication failed"),
    OWN(AUTH_TEMPORARY, NO, "[UNAVAILABLE] Temporary authentication failure"),
    OWN(AUTH_WEAK, NO, "[CANNOT] Mechanism is too weak"),
    OWN(AUTH_SYNTAX, BAD, "Malformed authentication data"),
    OWN(AUTH_CANCELLED, BAD, "Authentication cancelled"),
    OWN(AUTH_LONG_LINE, BAD, "[TOOBIG] Line too long"),
    OWN(NO_BASE64, BAD, "Cannot decode base64"),
    OWN(SELECT_FIRST, BAD, "Select a mailbox first"),
    OWN(BYE_LOGOUT, BYE, "Logging out"),
    OWN(BYE_SHUTDOWN, BYE, "[UNAVAILABLE] Server is shutting down"),
    OWN(BYE_IDLE, BYE, "Autologout, idle for too long"),
    OWN(BYE_BAD, BYE, "Too many errors"),
    OWN(BYE_SWALLOW, BYE, "[TOOBIG] Too much was sent"),
    OWN(BYE_PROTOCOL, BYE, "This is IMAP"),
    OWN(BYE_UNAVAILABLE, BYE, "[UNAVAILABLE] Service not available"),
};

uint32_t mailproto__imap_own_how(enum mailproto__imap_own own)
{
    return replies[own].how;
}

mailproto_bytes mailproto__imap_own_words(enum mailproto__imap_own own)
{
    return mailproto__span(replies[own].text, replies[own].len);
}

/* ---- room ------------------------------------------------------------------------ */

enum { /* beside the words: tag, ` BAD `, CRLF */
       LINE_AROUND = MAILPROTO__IMAP_TAG_MAX + 5 + 2
};

/* Of the next line that an event may be answered with. */
static size_t line_reserve(const mailproto_imap_server *server)
{
    return (size_t)LINE_AROUND + server->reply_max + MAILPROTO__IMAP_CODE_MAX +
           MAILPROTO__IMAP_CLOSED_SIZE;
}

int mailproto__imap_server_tells_caps(const mailproto_imap_server *server)
{
    return line_reserve(server) + server->caps_max + 4 <= server->session.out.cap;
}

size_t mailproto__imap_server_reserve(const mailproto_imap_server *server)
{
    size_t reserve = line_reserve(server);
    if (server->state <= MAILPROTO_IMAP_NOT_AUTHENTICATED &&
        mailproto__imap_server_tells_caps(server)) {
        reserve += server->caps_max + 4;
    }
    return reserve;
}

int mailproto__imap_server_has_room(mailproto_imap_server *server)
{
    return mailproto__room(&server->session) >= mailproto__imap_server_reserve(server);
}

size_t mailproto__imap_server_room(mailproto_imap_server *server)
{
    size_t room = mailproto__room(&server->session);
    size_t reserve = mailproto__imap_server_reserve(server);
    return room > reserve ? room - reserve : 0;
}

size_t mailproto__imap_server_own_room(mailproto_imap_server *server)
{
    size_t room = mailproto__room(&server->session);
    size_t reserve = line_reserve(server);
    return room > reserve ? room - reserve : 0;
}

size_t mailproto__imap_server_most(const mailproto_imap_server *server)
{
    return server->session.out.cap - mailproto__imap_server_reserve(server);
}

/* ---- the parts of a line ----------------------------------------------------------- */

static mailproto_bytes how_word(uint32_t how)
{
    switch (how) {
    case MAILPROTO_IMAP_OK:
        return MAILPROTO__LITERAL("OK ");
    case MAILPROTO_IMAP_NO:
        return MAILPROTO__LITERAL("NO ");
    case MAILPROTO_IMAP_PREAUTH:
        return MAILPROTO__LITERAL("PREAUTH ");
    case MAILPROTO_IMAP_BYE:
        return MAILPROTO__LITERAL("BYE ");
    default:
        return MAILPROTO__LITERAL("BAD ");
    }
}

void mailproto__imap_server_put_how(mailproto_imap_server *server, mailproto_bytes tag,
                                    uint32_t how)
{
    mailproto_session *s = &server->session;
    if (tag.len == 0) {
        tag = MAILPROTO__LITERAL("*");
    }
    (void)mailproto__put_span(s, tag);
    (void)mailproto__put(s, " ", 1);
    (void)mailproto__put_span(s, how_word(how));
}

void mailproto__imap_server_put_tag(mailproto_imap_server *server,
                                    const struct mailproto__imap_job *job, uint32_t how)
{
    mailproto__imap_server_put_how(server, mailproto__span(job->tag, job->tag_len),
                                   how);
}

void mailproto__imap_server_put_words(mailproto_imap_server *server,
                                      const struct mailproto__imap_job *job,
                                      uint32_t how)
{
    mailproto_session *s = &server->session;
    const char *name = mailproto_imap_command_name(job->command);
    mailproto_bytes words = how == MAILPROTO_IMAP_OK ? MAILPROTO__LITERAL(" completed")
                            : how == MAILPROTO_IMAP_NO ? MAILPROTO__LITERAL(" failed")
                                                       : MAILPROTO__LITERAL(" refused");
    size_t len = 0;
    while (name[len] != '\0') {
        len++;
    }
    if (len == 0) {
        name = "Command";
        len = 7;
    }
    (void)mailproto__put(s, name, len);
    (void)mailproto__put_span(s, words);
}

/* `[CAPABILITY ...] `, where there is always room for it. */
void mailproto__imap_server_put_caps_code(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    if (mailproto__imap_server_tells_caps(server)) {
        (void)mailproto__put(s, "[", 1);
        (void)mailproto__imap_put_caps(server, 1, SIZE_MAX);
        (void)mailproto__put(s, "] ", 2);
    }
}

/* RFC 7162 3.2.11: a server that offers CONDSTORE or QRESYNC says it to all, whatever they
 * have enabled; RFC 9051 7.1: one with IMAP4rev2 to those who speak that. */
static int tells_closed(const mailproto_imap_server *server)
{
    return mailproto__imap_server_knows(server, MAILPROTO_IMAP_CAP_CONDSTORE) ||
           (server->enabled & MAILPROTO_IMAP_ENABLED_REV2) != 0;
}

/* RFC 9051 7.1, CLOSED: before anything is said of the mailbox that comes next. */
void mailproto__imap_server_put_closed(mailproto_imap_server *server)
{
    mailproto_bytes line =
        MAILPROTO__LITERAL("* OK [CLOSED] Previous mailbox closed\r\n");
    if (server->state == MAILPROTO_IMAP_SELECTED && !server->box_closed &&
        tells_closed(server)) {
        (void)mailproto__put_span(&server->session, line);
    }
    server->box_closed = 1;
}

/* ---- whole lines ------------------------------------------------------------------- */

void mailproto__imap_server_said(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    mailproto__touch(s);
}

/* `DONE`, `FAILED` and `REFUSED` name the command. */
void mailproto__imap_server_put_own(mailproto_imap_server *server,
                                    enum mailproto__imap_own own)
{
    mailproto_session *s = &server->session;
    if (own <= MAILPROTO__IMAP_REFUSED) {
        mailproto__imap_server_put_words(server, &server->current, replies[own].how);
    } else {
        (void)mailproto__put(s, replies[own].text, replies[own].len);
    }
    (void)mailproto__put(s, "\r\n", 2);
}

void mailproto__imap_server_reply(mailproto_imap_server *server,
                                  enum mailproto__imap_own own)
{
    mailproto__imap_server_put_tag(server, &server->current, replies[own].how);
    mailproto__imap_server_put_own(server, own);
    server->session.reply_code = replies[own].how;
    mailproto__imap_server_said(server);
}

void mailproto__imap_server_farewell(mailproto_imap_server *server,
                                     enum mailproto__imap_own own,
                                     const mailproto_imap_code *code, size_t code_size,
                                     mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    mailproto_bytes words = mailproto__imap_own_words(own);
    mailproto__unput(s, mailproto__held(s));
    if (text.len > 0) {
        words = text;
    }
    /* Nothing may be said in the clear when TLS was agreed, nor within a response. */
    if (s->tls.state == MAILPROTO__TLS_AGREED ||
        s->tls.state == MAILPROTO__TLS_AWAITED || server->auth.lines.sending ||
        server->open.kind != MAILPROTO__IMAP_CLOSED || server->caps_next != 0 ||
        mailproto__room(s) < 6 + code_size + words.len + 2) {
        return;
    }
    (void)mailproto__put(s, "* BYE ", 6);
    if (code_size > 0) {
        mailproto__imap_put_code(server, code);
    }
    (void)mailproto__put_span(s, words);
    (void)mailproto__put(s, "\r\n", 2);
    mailproto__imap_server_said(server);
    s->reply_code = MAILPROTO_IMAP_BYE;
    s->flush = 1;
}
