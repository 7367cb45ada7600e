/*
 * A command line on the POP3 server: whether it may come now (by the rules table), its
 * refusal, and the commands that are over in a few lines. Knows the order of the checks;
 * logins, the maildrop and content have files of their own.
 */
#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"
#include "pop3/server.h"
#include "wire/line.h"

/* ---- what a line shows ----------------------------------------------------------- */

/* Octets of a line that are no secret. Of PASS: the verb; of APOP and AUTH: the verb and
 * the first argument; of a line that may be the response to an AUTH that has failed:
 * none; of any other: all. */
static size_t public_part(const mailproto_pop3_server *server, mailproto_bytes line)
{
    size_t i;
    uint32_t verb = mailproto__pop3_verb(line, &i);
    if (server->wary && verb == MAILPROTO_POP3_VERB_UNKNOWN) {
        return 0;
    }
    if (verb == MAILPROTO_POP3_VERB_PASS) {
        return i;
    }
    if (verb != MAILPROTO_POP3_VERB_APOP && verb != MAILPROTO_POP3_VERB_AUTH) {
        return line.len;
    }
    while (i < line.len && line.ptr[i] == ' ') {
        i++;
    }
    while (i < line.len && line.ptr[i] != ' ') {
        i++;
    }
    return i;
}

/* Consumes the first `n` octets at hand, `open` of which may be shown. */
static void take(mailproto_session *s, mailproto_bytes line, size_t n, size_t open)
{
    open = open < line.len && open < n ? open : n;
    mailproto__trace(s, MAILPROTO_TRACE_COMMAND, line.ptr, open);
    mailproto__trace(s, MAILPROTO_TRACE_CREDENTIAL, line.ptr + open, n - open);
    mailproto__consume(s, n);
    s->in.scanned = 0;
}

/* ---- refusals -------------------------------------------------------------------- */

int mailproto__pop3_server_is_bad(mailproto_pop3_server *server)
{
    struct mailproto__pop3_line line =
        mailproto__pop3_server_own(MAILPROTO__POP3_TOO_MANY_BAD);
    if (server->bad < server->max_bad || server->max_bad == MAILPROTO_UNLIMITED) {
        ++server->bad;
        return 0;
    }
    mailproto__pop3_server_farewell(server, &line);
    (void)mailproto__fail(&server->session, MAILPROTO_ERR_BAD_COMMANDS, server->line_at,
                          "more refused commands than max_bad_commands");
    return 1;
}

/* The event of a refusal, `open` octets of the line shown. RFC 1939 7: PASS is legal
 * immediately behind USER only. */
static void tell_rejected(mailproto_pop3_server *server, size_t open)
{
    mailproto_event *ev =
        mailproto__event(&server->session, MAILPROTO_EV_POP3_COMMAND, 0);
    ev->flags |= MAILPROTO_EVF_REJECTED;
    ev->code = MAILPROTO_POP3_ERR;
    ev->number = server->command.verb;
    ev->text = mailproto__span(server->command.line.ptr, open);
    if (server->command.verb == MAILPROTO_POP3_VERB_AUTH) {
        server->wary = 1;
    }
    if (server->state == MAILPROTO__POP3_NAMED) {
        server->state = MAILPROTO__POP3_AUTHORIZATION;
    }
}

/* ---- may it come now? ------------------------------------------------------------ */

static enum mailproto__pop3_own fault_reply(enum mailproto__pop3_fault fault)
{
    return fault == MAILPROTO__POP3_BAD_NUMBER ? MAILPROTO__POP3_NUMBER_WRONG
                                               : MAILPROTO__POP3_ARGUMENT_WRONG;
}

/* The words for a command that the table has no row for. */
static enum mailproto__pop3_own sequence_reply(const mailproto_pop3_server *server)
{
    if (server->state == MAILPROTO__POP3_TRANSACTION) {
        return MAILPROTO__POP3_LOGGED_IN;
    }
    return server->command.verb == MAILPROTO_POP3_VERB_PASS ? MAILPROTO__POP3_NO_USER
                                                            : MAILPROTO__POP3_NO_LOGIN;
}

/* What a row needs beside its state, whatever the arguments. */
static enum mailproto__pop3_own needs_reply(const mailproto_pop3_server *server,
                                            const struct mailproto__pop3_rule *rule)
{
    int secure = mailproto__is_secure(&server->session);
    if (rule->verb == MAILPROTO_POP3_VERB_APOP && server->stamp.len == 0) {
        return MAILPROTO__POP3_NOT_OFFERED;
    }
    if (rule->verb == MAILPROTO_POP3_VERB_STLS && secure) {
        return MAILPROTO__POP3_TLS_ALREADY;
    }
    if (rule->needs != 0 && !mailproto__pop3_server_knows(server, rule->needs - 1U)) {
        return MAILPROTO__POP3_NOT_OFFERED;
    }
    if (rule->verb == MAILPROTO_POP3_VERB_AUTH) {
        return mailproto__auth_needs_tls(&server->session, &server->mechanisms,
                                         server->command.name)
                   ? MAILPROTO__POP3_NO_TLS
                   : MAILPROTO__POP3_NO_WORDS;
    }
    if ((rule->flags & MAILPROTO__POP3_SECRET) != 0 && !secure &&
        (server->flags & MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR) == 0) {
        return MAILPROTO__POP3_NO_TLS;
    }
    return MAILPROTO__POP3_NO_WORDS;
}

/* What the arguments are refused for, although they are of the grammar. */
static enum mailproto__pop3_own argument_reply(const mailproto_pop3_server *server,
                                               const struct mailproto__pop3_rule *rule)
{
    const struct mailproto__pop3_command *c = &server->command;
    if ((rule->flags & MAILPROTO__POP3_MESSAGE) != 0 && c->message != 0) {
        if (c->message > server->messages) {
            return MAILPROTO__POP3_NO_MESSAGE;
        }
        return mailproto_pop3_server_is_marked(server, c->message)
                   ? MAILPROTO__POP3_IS_MARKED
                   : MAILPROTO__POP3_NO_WORDS;
    }
    if (rule->verb == MAILPROTO_POP3_VERB_AUTH) {
        return mailproto__pop3_server_knows_mechanism(server)
                   ? MAILPROTO__POP3_NO_WORDS
                   : MAILPROTO__POP3_NO_MECHANISM;
    }
    return c->name.len > MAILPROTO__POP3_NAME_MAX ? MAILPROTO__POP3_NAME_LONG
                                                  : MAILPROTO__POP3_NO_WORDS;
}

/* A message that is not there, or not any more, is an ordinary answer: whoever asks for
 * one does not guess, and must not lose what he has marked. */
static int is_excused(enum mailproto__pop3_own own)
{
    return own == MAILPROTO__POP3_NO_MESSAGE || own == MAILPROTO__POP3_IS_MARKED;
}

/* Why the command cannot be carried out, or NO_WORDS and its row. */
static enum mailproto__pop3_own judge(const mailproto_pop3_server *server,
                                      enum mailproto__pop3_fault fault,
                                      const struct mailproto__pop3_rule **row)
{
    const struct mailproto__pop3_command *c = &server->command;
    const struct mailproto__pop3_rule *rule =
        mailproto__pop3_rule(server->state, c->verb);
    enum mailproto__pop3_own own;
    *row = rule;
    if (fault == MAILPROTO__POP3_BAD_LINE) {
        return MAILPROTO__POP3_NO_LINE;
    }
    if (rule == NULL) {
        return sequence_reply(server);
    }
    if (server->wary) {
        return MAILPROTO__POP3_UNKNOWN;
    }
    own = needs_reply(server, rule);
    if (own != MAILPROTO__POP3_NO_WORDS) {
        return own;
    }
    /* Whatever stands for an initial response is found out when it is decoded. */
    if (fault != MAILPROTO__POP3_GOOD && c->initial.ptr == NULL) {
        return fault_reply(fault);
    }
    return argument_reply(server, rule);
}

/* ---- commands that are over at once ---------------------------------------------- */

static mailproto_status ask_line(mailproto_pop3_server *server, uint32_t type,
                                 mailproto_bytes text)
{
    mailproto_event *ev = mailproto__pop3_server_ask(server, type);
    ev->text = text;
    ev->number = server->command.message;
    ev->code = server->command.verb;
    ev->detail = &server->command;
    return MAILPROTO_OK;
}

static mailproto_status do_quit(mailproto_pop3_server *server)
{
    if (server->state == MAILPROTO__POP3_UPDATE) {
        server->list_next = 1;
        return MAILPROTO_OK;
    }
    server->ending = 1;
    (void)mailproto__event(&server->session, MAILPROTO_EV_POP3_QUIT, 0);
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_BYE, 1);
    return MAILPROTO_OK;
}

static mailproto_status do_rset(mailproto_pop3_server *server)
{
    mailproto__event(&server->session, MAILPROTO_EV_POP3_RSET, 0)->number =
        mailproto__pop3_server_unmark_all(server);
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_RESET, 0);
    return MAILPROTO_OK;
}

/* RFC 2595 4: nothing may stand behind the command, or it would be taken for what comes
 * under TLS. Bytes at hand fail it, and `+OK` is not sent: the same as if they came
 * later. */
static mailproto_status do_stls(mailproto_pop3_server *server)
{
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_START_TLS, 1);
    return mailproto__tls_agreed(&server->session);
}

static mailproto_status do_utf8(mailproto_pop3_server *server)
{
    server->utf8 = 1;
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_UTF8_OK, 0);
    return MAILPROTO_OK;
}

static mailproto_status carry_out_transaction(mailproto_pop3_server *server)
{
    switch (server->command.verb) {
    case MAILPROTO_POP3_VERB_STAT:
        return mailproto__pop3_server_stat(server);
    case MAILPROTO_POP3_VERB_LIST:
    case MAILPROTO_POP3_VERB_UIDL:
        return mailproto__pop3_server_list(server);
    case MAILPROTO_POP3_VERB_RETR:
    case MAILPROTO_POP3_VERB_TOP:
        return ask_line(server, MAILPROTO_EV_POP3_RETR, mailproto__span(NULL, 0));
    case MAILPROTO_POP3_VERB_DELE:
        return mailproto__pop3_server_dele(server);
    case MAILPROTO_POP3_VERB_RSET:
        return do_rset(server);
    case MAILPROTO_POP3_VERB_NOOP:
        mailproto__pop3_server_reply(server, MAILPROTO__POP3_NOOP_OK, 0);
        return MAILPROTO_OK;
    default:
        return ask_line(server, MAILPROTO_EV_POP3_COMMAND, server->command.line);
    }
}

/* Carries out a command that nothing forbids. */
static mailproto_status carry_out(mailproto_pop3_server *server,
                                  const struct mailproto__pop3_rule *rule)
{
    /* A login is in TRANSACTION when OPEN was answered; TLS when it has started. */
    if (rule->next != MAILPROTO__POP3_SAME && rule->next != MAILPROTO__POP3_TLS &&
        rule->next != MAILPROTO__POP3_TRANSACTION) {
        mailproto__pop3_server_enter(server, rule->next);
    }
    switch (server->command.verb) {
    case MAILPROTO_POP3_VERB_USER:
        return mailproto__pop3_server_user(server);
    case MAILPROTO_POP3_VERB_PASS:
    case MAILPROTO_POP3_VERB_APOP:
        return mailproto__pop3_server_login(server);
    case MAILPROTO_POP3_VERB_AUTH:
        return mailproto__pop3_server_auth_begin(server);
    case MAILPROTO_POP3_VERB_CAPA:
        return mailproto__pop3_server_capa(server);
    case MAILPROTO_POP3_VERB_STLS:
        return do_stls(server);
    case MAILPROTO_POP3_VERB_UTF8:
        return do_utf8(server);
    case MAILPROTO_POP3_VERB_LANG:
        return ask_line(server, MAILPROTO_EV_POP3_LANG, server->command.argument);
    case MAILPROTO_POP3_VERB_QUIT:
        return do_quit(server);
    default:
        return carry_out_transaction(server);
    }
}

/* ---- lines that end the session -------------------------------------------------- */

/* A browser that was led here speaks its own protocol first; commands for us may be
 * hidden in what it posts. */
static int is_http(const mailproto_pop3_server *server, mailproto_bytes line)
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

static mailproto_status end_http(mailproto_pop3_server *server, mailproto_bytes line,
                                 size_t len)
{
    struct mailproto__pop3_line last = mailproto__pop3_server_own(MAILPROTO__POP3_HTTP);
    take(&server->session, line, len, len);
    tell_rejected(server, line.len);
    mailproto__pop3_server_farewell(server, &last);
    return mailproto__fail(&server->session, MAILPROTO_ERR_SYNTAX, server->line_at,
                           "the peer speaks HTTP");
}

/* ---- lines ----------------------------------------------------------------------- */

static enum mailproto__pop3_fault parse(mailproto_pop3_server *server,
                                        mailproto_bytes line, size_t *at)
{
    enum mailproto__pop3_fault fault = mailproto__pop3_command_parse(
        line, mailproto__pop3_server_knows(server, MAILPROTO_POP3_CAP_UTF8_USER),
        &server->command, at);
    if (server->command.verb != MAILPROTO_POP3_VERB_UNKNOWN) {
        server->wary = 0;
    }
    return fault;
}

/* Refuses the line, consumed already, of which `open` octets may be shown. */
static mailproto_status reject(mailproto_pop3_server *server,
                               enum mailproto__pop3_own own, size_t open)
{
    tell_rejected(server, open);
    if (is_excused(own) || !mailproto__pop3_server_is_bad(server)) {
        mailproto__pop3_server_reply(server, own, 0);
    }
    return MAILPROTO_OK;
}

static mailproto_status whole_line(mailproto_pop3_server *server, mailproto_bytes line)
{
    mailproto_session *s = &server->session;
    const struct mailproto__pop3_rule *rule = NULL;
    size_t open = public_part(server, line);
    size_t prefix = line.len + 2;
    enum mailproto__pop3_own refusal;
    enum mailproto__pop3_fault fault;
    size_t at;
    server->line_at = s->offset;
    fault = parse(server, line, &at);
    if (is_http(server, line)) {
        return end_http(server, line, prefix);
    }
    server->spoke = 1;
    refusal = judge(server, fault, &rule);
    if (refusal != MAILPROTO__POP3_NO_WORDS) {
        /* What stands behind an octet of no command may be anything: PASS, too. */
        open = fault == MAILPROTO__POP3_BAD_LINE && at < open ? at : open;
        take(s, line, prefix, open);
        mailproto__wipe(s->in.base + s->in.head - prefix + open, line.len - open);
        return reject(server, refusal, open);
    }
    if (mailproto__auth_server_reads(server->command.initial)) {
        prefix = (size_t)(server->command.initial.ptr - line.ptr);
    }
    take(s, line, prefix, open);
    return carry_out(server, rule);
}

/* A line longer than max_command is told now, read to its end, and answered there; AUTH's
 * too, whose initial response must fit a command (RFC 5034 4). */
static mailproto_status long_line(mailproto_pop3_server *server, mailproto_bytes line)
{
    size_t open = public_part(server, line);
    size_t at;
    server->line_at = server->session.offset;
    if (is_http(server, line)) {
        return end_http(server, line, line.len);
    }
    server->spoke = 1;
    if (parse(server, line, &at) == MAILPROTO__POP3_BAD_LINE && at < open) {
        open = at;
    }
    tell_rejected(server, open);
    if (open < line.len) {
        server->session.secret_in = 1; /* until the line has ended */
    }
    if (!mailproto__pop3_server_is_bad(server)) {
        server->swallow = MAILPROTO__POP3_LONG_LINE;
    }
    return MAILPROTO_OK;
}

/* Reads a long line to its end, where it gets its reply. */
static mailproto_status swallow(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    /* Before the login it may be a password, from its second octet on. */
    uint32_t kind = s->secret_in ? MAILPROTO_TRACE_CREDENTIAL : MAILPROTO_TRACE_COMMAND;
    enum mailproto__pop3_own own = (enum mailproto__pop3_own)server->swallow;
    mailproto_bytes piece;
    int end;
    if (!mailproto__line_piece(s, &piece, &end)) {
        return mailproto__pop3_server_starved(server);
    }
    mailproto__trace(s, kind, piece.ptr, piece.len);
    if (end) {
        mailproto__trace(s, kind, "\r\n", 2);
        server->swallow = MAILPROTO__POP3_NO_WORDS;
        mailproto__pop3_server_forget_secrets(server);
        mailproto__pop3_server_enter(server, server->state);
        mailproto__pop3_server_reply(server, own, 0);
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_server_command(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes line;
    size_t len;
    if (server->swallow != MAILPROTO__POP3_NO_WORDS) {
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
    return mailproto__pop3_server_starved(server);
}
