/*
 * The building of replies (RFC 5321 4.2, RFC 2034). Knows what replies look like, and
 * the words of the engine's own; must not know when which is given.
 */
#include "core/mem.h"
#include "core/span.h"
#include "smtp/server.h"

/* ---- the engine's own ------------------------------------------------------------ */

enum { PLAIN = 1, HOST = 2 }; /* no enhanced code; this host's name before the text */

struct own {
    const char *text;
    uint16_t code;
    uint8_t subject, detail; /* of the enhanced code */
    uint8_t flags;
    uint8_t len;
};

#define OWN(name, code, subject, detail, flags, text)                                  \
    [MAILPROTO__OWN_##name] = {text, code, subject, detail, flags, sizeof(text) - 1}

/* Codes: RFC 5321 4.2.2, RFC 3207 4, RFC 4954 6, RFC 1870 6; enhanced: RFC 3463, RFC
 * 5248. The greeting, what answers HELO and EHLO, and 354 have none (RFC 2034 4). */
static const struct own replies[MAILPROTO__OWN_COUNT] = {
    OWN(NONE, 250, 0, 0, 0, ""),
    OWN(GREETING, 220, 0, 0, PLAIN | HOST, "ESMTP"),
    OWN(HELO, 250, 0, 0, PLAIN | HOST, ""),
    OWN(SENDER_OK, 250, 1, 0, 0, "Sender OK"),
    OWN(RECIPIENT_OK, 250, 1, 5, 0, "Recipient OK"),
    OWN(GO_AHEAD, 354, 0, 0, PLAIN, "End data with <CR><LF>.<CR><LF>"),
    OWN(DELIVERED, 250, 0, 0, 0, "Message accepted"),
    OWN(OK, 250, 0, 0, 0, "OK"),
    OWN(RESET, 250, 0, 0, 0, "Reset"),
    OWN(CANNOT_VRFY, 252, 0, 0, 0, "Cannot verify, but will try to deliver"),
    OWN(NO_EXPN, 502, 5, 1, 0, "EXPN not available"),
    OWN(HELP, 214, 0, 0, 0, "See RFC 5321"),
    OWN(BYE, 221, 0, 0, HOST, "closing connection"),
    OWN(START_TLS, 220, 0, 0, 0, "Ready to start TLS"),
    OWN(UNKNOWN, 500, 5, 2, 0, "Command unrecognized"),
    OWN(NOT_LMTP, 500, 5, 1, 0, "This is SMTP, use EHLO"),
    OWN(NO_BDAT, 502, 5, 1, 0, "BDAT not offered, closing connection"),
    OWN(BAD_LINE, 500, 5, 2, 0, "Not a command line"),
    OWN(LONG_LINE, 500, 5, 6, 0, "Line too long"),
    OWN(BAD_ARGUMENT, 501, 5, 4, 0, "Syntax error in arguments"),
    OWN(BAD_SENDER, 501, 1, 7, 0, "Bad sender address syntax"),
    OWN(BAD_RECIPIENT, 501, 1, 3, 0, "Bad recipient address syntax"),
    OWN(NEEDS_SMTPUTF8, 553, 6, 7, 0, "Address needs SMTPUTF8"),
    OWN(UNKNOWN_PARAM, 555, 5, 4, 0, "Parameter not recognized"),
    OWN(SEQUENCE, 503, 5, 1, 0, "Bad sequence of commands"),
    OWN(NO_HELLO, 503, 5, 1, 0, "Send HELO or EHLO first"),
    OWN(NESTED, 503, 5, 1, 0, "Nested MAIL command"),
    OWN(NO_MAIL, 503, 5, 1, 0, "Need MAIL command"),
    OWN(IN_TRANSACTION, 503, 5, 1, 0, "Not within a transaction"),
    OWN(NO_RECIPIENTS, 503, 5, 1, 0, "Need RCPT command"),
    OWN(NONE_VALID, 554, 5, 1, 0, "No valid recipients"),
    OWN(NEEDS_TLS, 530, 7, 0, 0, "Must issue a STARTTLS command first"),
    OWN(NEEDS_LOGIN, 530, 7, 0, 0, "Authentication required"),
    OWN(NO_STARTTLS, 502, 5, 1, 0, "STARTTLS not offered"),
    OWN(TLS_ALREADY, 503, 5, 1, 0, "TLS is already active"),
    OWN(NO_AUTH, 502, 5, 1, 0, "AUTH not offered"),
    OWN(AUTH_NEEDS_TLS, 538, 7, 11, 0, "Encryption required"),
    OWN(AUTH_ALREADY, 503, 5, 1, 0, "Already authenticated"),
    OWN(NO_MECHANISM, 504, 5, 4, 0, "Mechanism not supported"),
    OWN(AUTH_OK, 235, 7, 0, 0, "Authentication successful"),
    OWN(AUTH_FAILED, 535, 7, 8, 0, "Authentication credentials invalid"),
    OWN(AUTH_TEMPORARY, 454, 7, 0, 0, "Temporary authentication failure"),
    OWN(AUTH_WEAK, 534, 7, 9, 0, "Authentication mechanism is too weak"),
    OWN(AUTH_SYNTAX, 501, 5, 2, 0, "Malformed authentication data"),
    OWN(AUTH_CANCELLED, 501, 7, 0, 0, "Authentication cancelled"),
    OWN(BAD_BASE64, 501, 5, 2, 0, "Cannot decode base64"),
    OWN(TOO_LARGE, 552, 3, 4, 0, "Message too large"),
    OWN(TOO_MANY_RCPT, 452, 5, 3, 0, "Too many recipients"),
    OWN(BAD_CONTENT, 550, 6, 0, 0, "Bare CR, bare LF or NUL in content"),
    OWN(TOO_MANY_MAIL, 421, 7, 0, HOST, "Too many messages"),
    OWN(TOO_MANY_BAD, 421, 7, 0, HOST, "Too many errors"),
    OWN(EARLY, 554, 5, 1, 0, "Commands before it was your turn"),
    OWN(EARLY_GREETING, 554, 0, 0, PLAIN | HOST, "Input before greeting"),
    OWN(HTTP, 421, 7, 0, HOST, "This is not HTTP"),
    OWN(TIMEOUT, 421, 4, 2, HOST, "Timeout"),
    OWN(SHUTDOWN, 421, 3, 2, HOST, "Service not available"),
};

void mailproto__smtp_server_own_line(enum mailproto__smtp_own own,
                                     struct mailproto__smtp_line *line)
{
    const struct own *o = &replies[own];
    line->code = o->code;
    line->subject = o->subject;
    line->detail = o->detail;
    line->enhanced = (o->flags & PLAIN) == 0;
    line->more = 0;
    line->host = (o->flags & HOST) != 0;
    line->text = mailproto__span(o->text, o->len);
}

void mailproto__smtp_server_put_own(mailproto_smtp_server *server,
                                    enum mailproto__smtp_own own)
{
    struct mailproto__smtp_line line;
    mailproto__smtp_server_own_line(own, &line);
    (void)mailproto__smtp_server_put_line(server, &line);
}

/* ---- lines ----------------------------------------------------------------------- */

/* Code, mark, enhanced code and its blank: "250-2.255.255 ". */
enum { HEAD_MAX = 4 + 10 };

static size_t write_head(const mailproto_smtp_server *server,
                         const struct mailproto__smtp_line *line, char *to)
{
    size_t len = mailproto__decimal(line->code, to);
    to[len++] = line->more ? '-' : ' '; /* the blank even without a text: 4.2.1 */
    /* RFC 2034 4: in every line, whether or not EHLO was used */
    if (line->enhanced && (server->mask >> MAILPROTO_SMTP_CAP_ENHANCED & 1U) != 0) {
        len += mailproto__decimal(line->code / 100, to + len);
        to[len++] = '.';
        len += mailproto__decimal(line->subject, to + len);
        to[len++] = '.';
        len += mailproto__decimal(line->detail, to + len);
        to[len++] = ' ';
    }
    return len;
}

/* Octets of a line behind its head. */
static size_t rest_size(const mailproto_smtp_server *server,
                        const struct mailproto__smtp_line *line)
{
    size_t len = line->text.len + 2;
    if (line->host) {
        len += server->host_name.len + (line->text.len > 0 ? 1 : 0);
    }
    return len;
}

size_t mailproto__smtp_server_line_size(const mailproto_smtp_server *server,
                                        const struct mailproto__smtp_line *line)
{
    char head[HEAD_MAX];
    return write_head(server, line, head) + rest_size(server, line);
}

size_t mailproto__smtp_server_put_line(mailproto_smtp_server *server,
                                       const struct mailproto__smtp_line *line)
{
    mailproto_session *s = &server->session;
    char head[HEAD_MAX];
    size_t head_len = write_head(server, line, head);
    size_t len = head_len + rest_size(server, line);
    if (mailproto__room(s) < len) {
        return 0;
    }
    (void)mailproto__put(s, head, head_len);
    if (line->host) {
        (void)mailproto__put_span(s, server->host_name);
        (void)mailproto__put(s, " ", line->text.len > 0 ? 1 : 0);
    }
    (void)mailproto__put_span(s, line->text);
    (void)mailproto__put(s, "\r\n", 2);
    return len;
}

/* ---- capabilities ---------------------------------------------------------------- */

static uint64_t bit(uint32_t cap)
{
    return (uint64_t)1 << cap;
}

uint64_t mailproto__smtp_server_caps(const mailproto_smtp_server *server)
{
    uint64_t caps = server->mask;
    if (mailproto__is_secure(&server->session)) {
        caps &= ~bit(MAILPROTO_SMTP_CAP_STARTTLS); /* RFC 3207 4.2 */
    } else {
        caps &= ~bit(MAILPROTO_SMTP_CAP_REQUIRETLS); /* RFC 8689 2 */
    }
    if (server->logged_in ||
        !mailproto__auth_offers(&server->session, &server->mechanisms,
                                mailproto__span(NULL, 0))) {
        caps &= ~bit(MAILPROTO_SMTP_CAP_AUTH);
    }
    return caps;
}

enum { KEYWORD_MAX = 20 }; /* with its NUL: ENHANCEDSTATUSCODES is the longest */

static mailproto_bytes keyword(uint32_t cap)
{
    const char *name = mailproto__smtp_cap_name(cap);
    return mailproto__span(
        name, (size_t)((const char *)memchr(name, '\0', KEYWORD_MAX) - name));
}

static void put_cap(mailproto_smtp_server *server, uint32_t cap, int last)
{
    mailproto_session *s = &server->session;
    (void)mailproto__put(s, last ? "250 " : "250-", 4);
    (void)mailproto__put_span(s, keyword(cap));
    if (cap == MAILPROTO_SMTP_CAP_SIZE &&
        server->max_content != MAILPROTO_UNLIMITED_64) {
        (void)mailproto__put(s, " ", 1);
        (void)mailproto__put_number(s, server->max_content);
    } else if (cap == MAILPROTO_SMTP_CAP_AUTH) {
        mailproto_bytes rest = server->mechanisms.names;
        mailproto_bytes name = mailproto__auth_offered(s, &server->mechanisms, &rest);
        while (name.len > 0) {
            (void)mailproto__put(s, " ", 1);
            (void)mailproto__put_span(s, name);
            name = mailproto__auth_offered(s, &server->mechanisms, &rest);
        }
    }
    (void)mailproto__put(s, "\r\n", 2);
}

void mailproto__smtp_server_put_caps(mailproto_smtp_server *server)
{
    uint64_t left = server->session.caps;
    uint32_t cap;
    for (cap = 0; left != 0; cap++) {
        if ((left & bit(cap)) != 0) {
            left &= ~bit(cap);
            put_cap(server, cap, left == 0);
        }
    }
}

/* ---- the end of a reply ---------------------------------------------------------- */

void mailproto__smtp_server_finish(mailproto_smtp_server *server, uint32_t code,
                                   int flush)
{
    mailproto_session *s = &server->session;
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    s->reply_code = code;
    server->line_code = 0;
    mailproto__wait(s, server->command_ms);
    /* Who was not offered pipelining waits for every reply (RFC 2920 3.1). */
    if (flush || !mailproto__offers(s, MAILPROTO_SMTP_CAP_PIPELINING)) {
        s->flush = 1;
        if (mailproto__has_input(s)) {
            mailproto__smtp_server_early(server);
        }
    }
}

void mailproto__smtp_server_farewell(mailproto_smtp_server *server,
                                     const struct mailproto__smtp_line *line)
{
    mailproto_session *s = &server->session;
    mailproto__unput(s, mailproto__held(s));
    /* Nothing may be said in the clear when TLS was agreed, nor within a line. */
    if (s->tls.state == MAILPROTO__TLS_AGREED ||
        s->tls.state == MAILPROTO__TLS_AWAITED || server->auth.lines.sending ||
        mailproto__smtp_server_put_line(server, line) == 0) {
        return;
    }
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    s->reply_code = line->code;
    s->flush = 1;
}

void mailproto__smtp_server_farewell_own(mailproto_smtp_server *server,
                                         enum mailproto__smtp_own own)
{
    struct mailproto__smtp_line line;
    mailproto__smtp_server_own_line(own, &line);
    mailproto__smtp_server_farewell(server, &line);
}
