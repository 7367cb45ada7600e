/*
 * A command line on the server: whether it may come now (by the rules table), its
 * refusal, and the commands that are over in a few lines. Knows the order of the
 * checks; MAIL, RCPT, DATA and AUTH have files of their own.
 */
#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"
#include "smtp/server.h"
#include "wire/line.h"

/* ---- what a line shows ----------------------------------------------------------- */

/* Octets of a line that are no secret. Of AUTH: verb and mechanism; of a line that may be
 * the response to an AUTH that has failed: none; of any other: all. */
static size_t public_part(const mailproto_smtp_server *server, uint32_t verb,
                          mailproto_bytes line)
{
    size_t i = 0;
    if (server->wary && verb == MAILPROTO_SMTP_VERB_UNKNOWN) {
        return 0;
    }
    if (verb != MAILPROTO_SMTP_VERB_AUTH) {
        return line.len;
    }
    while (i < line.len && line.ptr[i] != ' ') {
        i++;
    }
    while (i < line.len && line.ptr[i] == ' ') {
        i++;
    }
    while (i < line.len && line.ptr[i] != ' ') {
        i++;
    }
    return i;
}

/* Consumes the first `n` octets at hand, which belong to the command line `line`. */
static void take(mailproto_smtp_server *server, mailproto_bytes line, size_t n)
{
    mailproto_session *s = &server->session;
    size_t open = public_part(server, server->command.verb, line);
    open = open < line.len && open < n ? open : n;
    mailproto__trace(s, MAILPROTO_TRACE_COMMAND, line.ptr, open);
    mailproto__trace(s, MAILPROTO_TRACE_CREDENTIAL, line.ptr + open, n - open);
    mailproto__consume(s, n);
    s->in.scanned = 0;
}

/* ---- refusals -------------------------------------------------------------------- */

/* RFC 2920 3.1: behind a MAIL or RCPT that was refused, what a pipelining client sent
 * before it knew is no fault of its own; nor is a message that is too large. */
static int is_excused(const mailproto_smtp_server *server, uint32_t code)
{
    switch (server->command.verb) {
    case MAILPROTO_SMTP_VERB_MAIL:
        return code == 552;
    case MAILPROTO_SMTP_VERB_RCPT:
        return server->mail_refused;
    case MAILPROTO_SMTP_VERB_DATA:
        return server->mail_refused || code == 554;
    default:
        return 0;
    }
}

int mailproto__smtp_server_is_bad(mailproto_smtp_server *server, uint32_t code)
{
    if (code < 500 || is_excused(server, code)) {
        return 0;
    }
    if (server->bad >= server->max_bad && server->max_bad != MAILPROTO_UNLIMITED) {
        return 1;
    }
    ++server->bad;
    return 0;
}

/* The event of a refusal that is queued. */
static void tell_rejected(mailproto_smtp_server *server, enum mailproto__smtp_own own)
{
    mailproto_event *ev =
        mailproto__event(&server->session, MAILPROTO_EV_SMTP_COMMAND, 0);
    struct mailproto__smtp_line line;
    mailproto__smtp_server_own_line(own, &line);
    ev->flags |= MAILPROTO_EVF_REJECTED;
    ev->code = line.code;
    ev->number = server->command.verb;
    ev->text = mailproto__span(
        server->command.line.ptr,
        public_part(server, server->command.verb, server->command.line));
    if (server->command.verb == MAILPROTO_SMTP_VERB_AUTH) {
        server->wary = 1;
    }
}

mailproto_status mailproto__smtp_server_reject_and_close(mailproto_smtp_server *server,
                                                         enum mailproto__smtp_own own,
                                                         mailproto_status why,
                                                         const char *detail)
{
    tell_rejected(server, own);
    mailproto__smtp_server_farewell_own(server, own);
    return mailproto__fail(&server->session, why, server->line_at, detail);
}

static mailproto_status too_many_bad(mailproto_smtp_server *server)
{
    return mailproto__smtp_server_reject_and_close(
        server, MAILPROTO__OWN_TOO_MANY_BAD, MAILPROTO_ERR_BAD_COMMANDS,
        "more refused commands than max_bad_commands");
}

mailproto_status mailproto__smtp_server_reject(mailproto_smtp_server *server,
                                               enum mailproto__smtp_own own)
{
    struct mailproto__smtp_line line;
    mailproto__smtp_server_own_line(own, &line);
    if (mailproto__smtp_server_is_bad(server, line.code)) {
        return too_many_bad(server);
    }
    if (server->command.verb == MAILPROTO_SMTP_VERB_MAIL) {
        server->mail_refused = 1;
    }
    tell_rejected(server, own);
    mailproto__smtp_server_put_own(server, own);
    mailproto__smtp_server_finish(server, line.code,
                                  mailproto__smtp_server_is_last(server->command.verb));
    return MAILPROTO_OK;
}

/* ---- may it come now? ------------------------------------------------------------ */

static enum mailproto__smtp_own fault_reply(enum mailproto__smtp_fault fault,
                                            uint32_t verb)
{
    switch (fault) {
    case MAILPROTO__SMTP_BAD_SENDER:
        return MAILPROTO__OWN_BAD_SENDER;
    case MAILPROTO__SMTP_BAD_RECIPIENT:
        return MAILPROTO__OWN_BAD_RECIPIENT;
    case MAILPROTO__SMTP_LONG_PATH:
        return verb == MAILPROTO_SMTP_VERB_MAIL ? MAILPROTO__OWN_BAD_SENDER
                                                : MAILPROTO__OWN_BAD_RECIPIENT;
    case MAILPROTO__SMTP_UTF8_PATH:
        return MAILPROTO__OWN_NEEDS_SMTPUTF8;
    case MAILPROTO__SMTP_UNKNOWN_PARAM:
        return MAILPROTO__OWN_UNKNOWN_PARAM;
    case MAILPROTO__SMTP_GOOD: /* neither of the first two comes here */
    case MAILPROTO__SMTP_BAD_COMMAND:
    case MAILPROTO__SMTP_BAD_ARGUMENT:
    case MAILPROTO__SMTP_BAD_PARAM:
    default:
        return MAILPROTO__OWN_BAD_ARGUMENT;
    }
}

/* The words for a command that the table has no row for. */
static enum mailproto__smtp_own sequence_reply(const mailproto_smtp_server *server)
{
    uint32_t verb = server->command.verb;
    if (verb == MAILPROTO_SMTP_VERB_LHLO && server->state != MAILPROTO__SMTP_REFUSED) {
        return MAILPROTO__OWN_NOT_LMTP;
    }
    switch (server->state) {
    case MAILPROTO__SMTP_START:
        return MAILPROTO__OWN_NO_HELLO;
    case MAILPROTO__SMTP_READY:
        return MAILPROTO__OWN_NO_MAIL;
    case MAILPROTO__SMTP_MAIL:
    case MAILPROTO__SMTP_RCPT:
        return verb == MAILPROTO_SMTP_VERB_MAIL ? MAILPROTO__OWN_NESTED
                                                : MAILPROTO__OWN_IN_TRANSACTION;
    default:
        return MAILPROTO__OWN_SEQUENCE;
    }
}

/* What a row needs beside its state. */
static enum mailproto__smtp_own needs_reply(const mailproto_smtp_server *server,
                                            const struct mailproto__smtp_rule *rule)
{
    if ((rule->flags & MAILPROTO__SMTP_NEEDS_LOGIN) != 0 && !server->logged_in &&
        (server->flags & MAILPROTO_SMTP_SERVER_REQUIRE_AUTH) != 0) {
        return MAILPROTO__OWN_NEEDS_LOGIN;
    }
    if ((rule->flags & MAILPROTO__SMTP_NEEDS_RCPT) != 0 && server->recipients == 0) {
        return server->tried ? MAILPROTO__OWN_NONE_VALID : MAILPROTO__OWN_NO_RECIPIENTS;
    }
    if (rule->needs == 1 + MAILPROTO_SMTP_CAP_STARTTLS) {
        if (mailproto__is_secure(&server->session)) {
            return MAILPROTO__OWN_TLS_ALREADY;
        }
        /* Not asked of s->caps: who knows it is offered need not say EHLO first. */
        return (server->mask >> MAILPROTO_SMTP_CAP_STARTTLS & 1U) != 0
                   ? MAILPROTO__OWN_NONE
                   : MAILPROTO__OWN_NO_STARTTLS;
    }
    if (rule->needs == 1 + MAILPROTO_SMTP_CAP_AUTH) {
        return mailproto__smtp_server_auth_refusal(server);
    }
    return MAILPROTO__OWN_NONE;
}

/* Why the command cannot be carried out, or OWN_NONE and its row. */
static enum mailproto__smtp_own judge(const mailproto_smtp_server *server,
                                      enum mailproto__smtp_fault fault,
                                      const struct mailproto__smtp_rule **row)
{
    const struct mailproto__smtp_command *c = &server->command;
    const struct mailproto__smtp_rule *rule =
        mailproto__smtp_server_rule(server->state, c->verb);
    *row = rule;
    if (fault == MAILPROTO__SMTP_BAD_COMMAND) {
        return MAILPROTO__OWN_BAD_LINE;
    }
    if (server->state != MAILPROTO__SMTP_REFUSED &&
        (server->flags & MAILPROTO_SMTP_SERVER_REQUIRE_TLS) != 0 &&
        !mailproto__is_secure(&server->session) &&
        (rule == NULL || (rule->flags & MAILPROTO__SMTP_NEEDS_TLS) != 0)) {
        return MAILPROTO__OWN_NEEDS_TLS;
    }
    if (rule == NULL) {
        return sequence_reply(server);
    }
    if (server->wary) {
        return MAILPROTO__OWN_UNKNOWN;
    }
    /* Whatever stands for an initial response is found out when it is decoded. */
    if (fault != MAILPROTO__SMTP_GOOD && c->initial.ptr == NULL) {
        return fault_reply(fault, c->verb);
    }
    return needs_reply(server, rule);
}

/* ---- commands that are over at once ---------------------------------------------- */

static mailproto_status ask_hello(mailproto_smtp_server *server)
{
    mailproto_event *ev = mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_HELO);
    ev->code = server->command.verb;
    ev->text = server->command.argument;
    return MAILPROTO_OK;
}

static mailproto_status ask_command(mailproto_smtp_server *server)
{
    mailproto_event *ev = mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_COMMAND);
    ev->code = server->command.verb;
    ev->text = server->command.line;
    return MAILPROTO_OK;
}

static mailproto_status do_rset(mailproto_smtp_server *server)
{
    mailproto__smtp_server_forget(server, 0);
    (void)mailproto__event(&server->session, MAILPROTO_EV_SMTP_RSET, 0);
    mailproto__smtp_server_put_own(server, MAILPROTO__OWN_RESET);
    mailproto__smtp_server_finish(server, 250, 0);
    return MAILPROTO_OK;
}

static mailproto_status do_quit(mailproto_smtp_server *server)
{
    server->ending = 1; /* before finish(): what follows QUIT is not looked at */
    (void)mailproto__event(&server->session, MAILPROTO_EV_SMTP_QUIT, 0);
    mailproto__smtp_server_put_own(server, MAILPROTO__OWN_BYE);
    mailproto__smtp_server_finish(server, 221, 1);
    return MAILPROTO_OK;
}

/* RFC 3207 4: nothing may stand behind the command, or it would be taken for what comes
 * under TLS (4.2); so this is looked at before there is a 220. */
static mailproto_status do_starttls(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__smtp_server_forget(server, 1);
    mailproto__smtp_server_put_own(server, MAILPROTO__OWN_START_TLS);
    mailproto__make_all_due(s,
                            MAILPROTO_TRACE_REPLY); /* not finish(): early is fatal */
    s->reply_code = 220;
    mailproto__wait(s, server->command_ms);
    if ((server->tell & MAILPROTO__TELL_RSET) != 0) {
        server->tell &= (uint8_t)~MAILPROTO__TELL_RSET; /* now: TLS stops all steps */
        (void)mailproto__event(s, MAILPROTO_EV_SMTP_RSET, 0);
    }
    /* Bytes at hand fail it, and the 220 is not sent: the same as if they came later. */
    return mailproto__tls_agreed(s);
}

/* Carries out a command that nothing forbids. */
static mailproto_status carry_out(mailproto_smtp_server *server,
                                  const struct mailproto__smtp_rule *rule)
{
    server->mail_refused = 0;
    switch (server->command.verb) {
    case MAILPROTO_SMTP_VERB_EHLO:
    case MAILPROTO_SMTP_VERB_HELO:
        return ask_hello(server);
    case MAILPROTO_SMTP_VERB_MAIL:
        return mailproto__smtp_server_mail(server);
    case MAILPROTO_SMTP_VERB_RCPT:
        return mailproto__smtp_server_rcpt(server);
    case MAILPROTO_SMTP_VERB_DATA:
        return mailproto__smtp_server_data(server);
    case MAILPROTO_SMTP_VERB_RSET:
        if (rule->next != MAILPROTO__SMTP_SAME) {
            server->state = rule->next;
        }
        return do_rset(server);
    case MAILPROTO_SMTP_VERB_QUIT:
        server->state = rule->next;
        return do_quit(server);
    case MAILPROTO_SMTP_VERB_STARTTLS:
        return do_starttls(server);
    default: /* VRFY, EXPN, HELP, NOOP, and what the library does not know */
        return ask_command(server);
    }
}

/* ---- lines that end the session -------------------------------------------------- */

/* A browser that was led here speaks its own protocol first; commands for us may be
 * hidden in what it posts. */
static int is_http(const mailproto_smtp_server *server, mailproto_bytes line)
{
    static const char methods[][8] = {"GET",     "POST",    "PUT",   "HEAD",
                                      "CONNECT", "OPTIONS", "PATCH", "DELETE"};
    mailproto_bytes rest = line;
    mailproto_bytes word = mailproto__word(&rest);
    size_t i;
    size_t n;
    if (mailproto__equal_nocase(word, MAILPROTO__LITERAL("Host:"))) {
        return 1;
    }
    for (i = 0; !server->spoke && i < sizeof methods / sizeof methods[0]; i++) {
        for (n = 0; n < sizeof methods[0] && methods[i][n] != '\0'; n++) {
        }
        if (mailproto__equal_nocase(word, mailproto__span(methods[i], n))) {
            return 1;
        }
    }
    return 0;
}

/* The last word to a line that ends the session, or OWN_NONE. */
static enum mailproto__smtp_own fatal_reply(const mailproto_smtp_server *server)
{
    switch (server->command.verb) {
    case MAILPROTO_SMTP_VERB_UNKNOWN:
        return is_http(server, server->command.line) ? MAILPROTO__OWN_HTTP
                                                     : MAILPROTO__OWN_NONE;
    case MAILPROTO_SMTP_VERB_BDAT:
        return MAILPROTO__OWN_NO_BDAT;
    default:
        return MAILPROTO__OWN_NONE;
    }
}

static mailproto_status end_session(mailproto_smtp_server *server,
                                    enum mailproto__smtp_own own)
{
    return mailproto__smtp_server_reject_and_close(
        server, own, MAILPROTO_ERR_SYNTAX,
        own == MAILPROTO__OWN_HTTP
            ? "the peer speaks HTTP"
            : "BDAT is not offered, and its octets cannot be told from commands");
}

/* ---- lines ----------------------------------------------------------------------- */

static enum mailproto__smtp_fault parse(mailproto_smtp_server *server,
                                        mailproto_bytes line)
{
    uint64_t caps = server->session.caps;
    enum mailproto__smtp_fault fault;
    size_t at;
    if (server->logged_in) {
        caps |= (uint64_t)1 << MAILPROTO_SMTP_CAP_AUTH; /* AUTH= of MAIL: RFC 4954 5 */
    }
    fault = mailproto__smtp_command_parse(line, caps, 0, server->utf8, &server->command,
                                          &at);
    if (server->command.verb != MAILPROTO_SMTP_VERB_UNKNOWN) {
        server->wary = 0;
    }
    return fault;
}

static mailproto_status whole_line(mailproto_smtp_server *server, mailproto_bytes line)
{
    mailproto_session *s = &server->session;
    enum mailproto__smtp_fault fault = parse(server, line);
    enum mailproto__smtp_own refusal = fatal_reply(server);
    const struct mailproto__smtp_rule *rule = NULL;
    size_t prefix = line.len + 2;
    server->line_at = s->offset;
    if (refusal != MAILPROTO__OWN_NONE) {
        take(server, line, prefix);
        return end_session(server, refusal);
    }
    server->spoke = 1;
    refusal = judge(server, fault, &rule);
    if (refusal != MAILPROTO__OWN_NONE) {
        size_t open = public_part(server, server->command.verb, line);
        take(server, line, prefix);
        mailproto__wipe(s->in.base + s->in.head - prefix + open, line.len - open);
        server->command.line.len = open;
        return mailproto__smtp_server_reject(server, refusal);
    }
    if (server->command.verb != MAILPROTO_SMTP_VERB_AUTH) {
        take(server, line, prefix);
        return carry_out(server, rule);
    }
    if (mailproto__auth_server_reads(server->command.initial)) {
        prefix = (size_t)(server->command.initial.ptr - line.ptr);
    }
    take(server, line, prefix);
    return mailproto__smtp_server_auth_begin(server, prefix);
}

/* A line longer than max_command: AUTH's may be, if it is what is behind the mechanism
 * (RFC 4954 4). Any other is told now, read to its end, and answered there. */
static mailproto_status long_line(mailproto_smtp_server *server, mailproto_bytes line)
{
    mailproto_session *s = &server->session;
    size_t verb_len;
    size_t open = public_part(server, mailproto__smtp_verb(line, &verb_len), line);
    size_t prefix = open;
    enum mailproto__smtp_fault fault = parse(server, mailproto__span(line.ptr, open));
    enum mailproto__smtp_own refusal = fatal_reply(server);
    struct mailproto__smtp_line reply;
    server->command.line = line;
    server->line_at = s->offset;
    if (refusal != MAILPROTO__OWN_NONE) {
        take(server, line, line.len);
        return end_session(server, refusal);
    }
    server->spoke = 1;
    refusal = MAILPROTO__OWN_LONG_LINE;
    while (prefix < line.len && line.ptr[prefix] == ' ') {
        prefix++;
    }
    if (open > 0 && open < line.len && prefix < line.len) {
        const struct mailproto__smtp_rule *rule;
        refusal = judge(server, fault, &rule);
    }
    if (refusal == MAILPROTO__OWN_NONE) {
        server->command.initial = mailproto__tail(line, prefix);
        take(server, line, prefix);
        return mailproto__smtp_server_auth_begin(server, prefix);
    }
    mailproto__smtp_server_own_line(refusal, &reply);
    if (mailproto__smtp_server_is_bad(server, reply.code)) {
        return too_many_bad(server);
    }
    tell_rejected(server, refusal);
    server->swallow = (uint8_t)refusal;
    s->secret_in = server->command.verb == MAILPROTO_SMTP_VERB_AUTH || server->wary;
    return MAILPROTO_OK;
}

/* Reads a long line to its end, where it gets its reply. */
static mailproto_status swallow(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    enum mailproto__smtp_own own = (enum mailproto__smtp_own)server->swallow;
    uint32_t kind = s->secret_in ? MAILPROTO_TRACE_CREDENTIAL : MAILPROTO_TRACE_COMMAND;
    struct mailproto__smtp_line reply;
    mailproto_bytes piece;
    int end;
    if (!mailproto__line_piece(s, &piece, &end)) {
        return mailproto__smtp_server_starved(server);
    }
    mailproto__trace(s, kind, piece.ptr, piece.len);
    if (!end) {
        return MAILPROTO_OK;
    }
    mailproto__trace(s, kind, "\r\n", 2);
    mailproto__smtp_server_forget_secrets(server);
    server->swallow = MAILPROTO__OWN_NONE;
    mailproto__smtp_server_own_line(own, &reply);
    (void)mailproto__smtp_server_put_line(server, &reply);
    mailproto__smtp_server_finish(server, reply.code,
                                  mailproto__smtp_server_is_last(server->command.verb));
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_server_command(mailproto_smtp_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes line;
    size_t len;
    if (server->swallow != MAILPROTO__OWN_NONE) {
        return swallow(server);
    }
    if (mailproto__drained(s)) {
        s->secret_out = 0; /* of an exchange that is over and written */
    }
    mailproto__input_begin(s);
    len = mailproto__input_line(s, server->max_command);
    line = mailproto__span(s->in.base + s->in.head, s->in.tail - s->in.head);
    if (len > 0) {
        line.len = len - 2;
        return whole_line(server, line);
    }
    if (line.len >= server->max_command) {
        line.len = server->max_command;
        return long_line(server, line);
    }
    return mailproto__smtp_server_starved(server);
}
