/*
 * A whole command on the IMAP server: whether it may come now (by the rules table), its
 * refusal, and its turn among those in progress (RFC 9051 5.5). Knows the order of the
 * checks; what a command does is the application's, or server_own.c's.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"
#include "imap/syntax.h"

/* ---- refusals -------------------------------------------------------------------- */

/* The defaults: before the login few, after it more. */
enum { BAD_BEFORE = 5, BAD_AFTER = 20 };

int mailproto__imap_server_is_bad(mailproto_imap_server *server)
{
    uint32_t max = server->max_bad;
    if (max == 0) {
        max = server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED ? BAD_AFTER : BAD_BEFORE;
    }
    if (server->bad < max || server->max_bad == MAILPROTO_UNLIMITED) {
        ++server->bad;
        return 0;
    }
    mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_BAD, NULL, 0,
                                    mailproto__span(NULL, 0));
    (void)mailproto__fail(&server->session, MAILPROTO_ERR_BAD_COMMANDS, server->unit_at,
                          "more refused commands than max_bad_commands");
    return 1;
}

enum mailproto__imap_own mailproto__imap_server_fault(mailproto_imap_server *server,
                                                      const mailproto_imap_fault *fault)
{
    if (!mailproto__imap_server_keep_tag(server)) {
        return MAILPROTO__IMAP_NO_TAG;
    }
    return fault->code == MAILPROTO_ERR_COUNT_LIMIT ? MAILPROTO__IMAP_TOO_COMPLEX
                                                    : MAILPROTO__IMAP_NO_COMMAND;
}

/* ---- may it come now? ------------------------------------------------------------ */

/* The words for a command that its row does not let come in this state. */
static enum mailproto__imap_own state_reply(const mailproto_imap_server *server,
                                            const struct mailproto__imap_rule *row)
{
    if (row->states == MAILPROTO__IMAP_IN(MAILPROTO_IMAP_NOT_AUTHENTICATED)) {
        return MAILPROTO__IMAP_LOGGED_IN;
    }
    return server->state == MAILPROTO_IMAP_AUTHENTICATED ? MAILPROTO__IMAP_SELECT_FIRST
                                                         : MAILPROTO__IMAP_WRONG_STATE;
}

enum mailproto__imap_own
mailproto__imap_server_judge(const mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    const struct mailproto__imap_rule *row = mailproto__imap_rule(c->command);
    int secure = mailproto__is_secure(&server->session);
    if (c->tag.len > MAILPROTO__IMAP_TAG_MAX) {
        return MAILPROTO__IMAP_NO_TAG;
    }
    if (c->command == MAILPROTO_IMAP_OTHER) {
        return (server->flags & MAILPROTO_IMAP_SERVER_OTHER_COMMANDS) != 0
                   ? MAILPROTO__IMAP_NO_WORDS
                   : MAILPROTO__IMAP_UNKNOWN;
    }
    if ((row->states >> server->state & 1U) == 0) {
        return state_reply(server, row);
    }
    if (c->command == MAILPROTO_IMAP_STARTTLS && secure) {
        return MAILPROTO__IMAP_TLS_ALREADY;
    }
    if (!mailproto__imap_is_offered(c, server->mask)) {
        return MAILPROTO__IMAP_NOT_OFFERED;
    }
    /* RFC 9051 11.1, RFC 5530 3 */
    if (c->command == MAILPROTO_IMAP_AUTHENTICATE) {
        return mailproto__auth_needs_tls(&server->session, &server->mechanisms,
                                         c->name.raw)
                   ? MAILPROTO__IMAP_NO_TLS
                   : MAILPROTO__IMAP_NO_WORDS;
    }
    if ((row->flags & MAILPROTO__IMAP_SECRET) != 0 && !secure &&
        (server->flags & MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR) == 0) {
        return MAILPROTO__IMAP_NO_TLS;
    }
    return MAILPROTO__IMAP_NO_WORDS;
}

/* What tells that a command knows of mod-sequences. */
enum { MODSEQ_FLAGS = MAILPROTO_IMAP_USES_MODSEQ | MAILPROTO_IMAP_CONDSTORE };

static int is_charset(const mailproto_imap_string *s)
{
    return s->form == MAILPROTO_IMAP_NIL || mailproto_imap_string_is(s, "UTF-8") ||
           mailproto_imap_string_is(s, "US-ASCII");
}

/* What a whole command is refused for, although it is of the grammar. */
static enum mailproto__imap_own argument_reply(const mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    switch (c->command) {
    case MAILPROTO_IMAP_AUTHENTICATE:
        return mailproto__auth_offers(&server->session, &server->mechanisms,
                                      c->name.raw)
                   ? MAILPROTO__IMAP_NO_WORDS
                   : MAILPROTO__IMAP_NO_MECHANISM;
    case MAILPROTO_IMAP_SEARCH: /* RFC 9755 3, RFC 9051 6.4.4 */
        if ((server->enabled & MAILPROTO_IMAP_ENABLED_UTF8) != 0 &&
            c->text.form != MAILPROTO_IMAP_NIL) {
            return MAILPROTO__IMAP_CHARSET_GIVEN;
        }
        return is_charset(&c->text) ? MAILPROTO__IMAP_NO_WORDS
                                    : MAILPROTO__IMAP_NO_CHARSET;
    case MAILPROTO_IMAP_CREATE:
        return mailproto__imap_name_is_good(&c->mailbox) ? MAILPROTO__IMAP_NO_WORDS
                                                         : MAILPROTO__IMAP_NO_NAME;
    case MAILPROTO_IMAP_RENAME:
        return mailproto__imap_name_is_good(&c->target) ? MAILPROTO__IMAP_NO_WORDS
                                                        : MAILPROTO__IMAP_NO_NAME;
    case MAILPROTO_IMAP_SELECT: /* RFC 7162 3.2.5: not before ENABLE QRESYNC */
    case MAILPROTO_IMAP_EXAMINE:
    case MAILPROTO_IMAP_FETCH:
        return (c->flags & (MAILPROTO_IMAP_QRESYNC | MAILPROTO_IMAP_VANISHED)) != 0 &&
                       (server->enabled & MAILPROTO_IMAP_ENABLED_QRESYNC) == 0
                   ? MAILPROTO__IMAP_NOT_OFFERED
                   : MAILPROTO__IMAP_NO_WORDS;
    default:
        return MAILPROTO__IMAP_NO_WORDS;
    }
}

/* RFC 7162 3.1.2.2: nothing about mod-sequences where there are none. */
static int lacks_modseq(const mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    return (mailproto__imap_rule(c->command)->states ==
            MAILPROTO__IMAP_IN(MAILPROTO_IMAP_SELECTED)) &&
           server->box_no_modseq && (c->flags & MODSEQ_FLAGS) != 0;
}

/* Whether there is a message of each number (RFC 9051 9, seq-number: it is BAD to use one
 * that is greater than EXISTS, `*` too where there is none). */
static int has_messages(const mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    mailproto_imap_cursor set = c->set;
    mailproto_imap_range range;
    if ((c->flags & MAILPROTO_IMAP_USES_MSN) == 0 ||
        c->command == MAILPROTO_IMAP_SEARCH || mailproto_imap_set_is_saved(&set)) {
        return 1;
    }
    while (mailproto_imap_set_next(&set, &range) == MAILPROTO_OK) {
        if (server->exists == 0 || range.low > server->exists ||
            range.high > server->exists) {
            return 0;
        }
    }
    return 1;
}

/* ---- lines that end the session -------------------------------------------------- */

/* A browser or a mail client that was led here speaks its own protocol first; commands
 * for us may be hidden in what it posts. */
static int is_foreign(const mailproto_imap_server *server)
{
    static const char words[][8] = {"GET",     "POST",  "PUT",    "HEAD", "CONNECT",
                                    "OPTIONS", "PATCH", "DELETE", "EHLO", "HELO",
                                    "LHLO",    "USER",  "CAPA"};
    mailproto_bytes rest = mailproto__imap_unit(server);
    mailproto_bytes word;
    size_t i;
    size_t n;
    if (server->spoke) {
        return 0;
    }
    rest.len -= 2;
    word = mailproto__word(&rest);
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (n = 0; n < sizeof words[0] && words[i][n] != '\0'; n++) {
        }
        if (mailproto__equal_nocase(word, mailproto__span(words[i], n))) {
            return 1;
        }
    }
    return 0;
}

static mailproto_status end_foreign(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes words = mailproto__imap_own_words(MAILPROTO__IMAP_BYE_PROTOCOL);
    mailproto_event *ev = mailproto__event(s, MAILPROTO_EV_IMAP_REJECTED, 0);
    ev->flags |= MAILPROTO_EVF_REJECTED;
    ev->code = MAILPROTO_IMAP_BAD;
    ev->text = words;
    mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_PROTOCOL, NULL, 0,
                                    mailproto__span(NULL, 0));
    return mailproto__fail(s, MAILPROTO_ERR_SYNTAX, server->unit_at,
                           "the peer speaks another protocol");
}

/* ---- a whole command ----------------------------------------------------------------- */

static mailproto_status refuse(mailproto_imap_server *server,
                               enum mailproto__imap_own own, size_t at)
{
    return mailproto__imap_server_refuse(server, own, at, MAILPROTO__IMAP_ENDED);
}

/* What is known of the command when its octets are gone. */
static void note_job(mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    struct mailproto__imap_job *job = &server->current;
    (void)mailproto__imap_server_keep_tag(server);
    job->command = (uint8_t)c->command;
    job->flags = (uint16_t)c->flags;
    job->returns = (uint8_t)c->returns;
    job->expunges = (uint8_t)mailproto__imap_may_expunge(c);
    mailproto__imap_masks(c, &job->changes, &job->relies);
}

mailproto_status mailproto__imap_server_command(mailproto_imap_server *server)
{
    mailproto_imap_fault fault;
    enum mailproto__imap_own own;
    mailproto_status st;
    if (server->idling) {
        return mailproto__imap_server_idle_line(server);
    }
    mailproto__imap_unit_settle(server);
    memset(&fault, 0, sizeof fault);
    st = mailproto__imap_command_read(mailproto__imap_unit(server), server->enabled,
                                      &server->command, &fault);
    if ((st != MAILPROTO_OK || server->command.command == MAILPROTO_IMAP_OTHER) &&
        is_foreign(server)) {
        return end_foreign(server);
    }
    server->spoke = 1;
    if (st != MAILPROTO_OK) {
        return refuse(server, mailproto__imap_server_fault(server, &fault),
                      fault.offset);
    }
    own = mailproto__imap_server_judge(server);
    if (own == MAILPROTO__IMAP_NO_WORDS) {
        own = lacks_modseq(server) ? MAILPROTO__IMAP_NO_MODSEQ : argument_reply(server);
    }
    if (own != MAILPROTO__IMAP_NO_WORDS) {
        size_t verb =
            (size_t)(server->command.verb.ptr - mailproto__imap_unit(server).ptr);
        return refuse(server, own, verb);
    }
    note_job(server);
    server->phase = MAILPROTO__IMAP_TURN;
    server->met = 0;
    return MAILPROTO_OK;
}

/* ---- its turn -------------------------------------------------------------------------- */

enum { MODSEQ_SIZE = 64 }; /* of `* OK [HIGHESTMODSEQ n] Highest` */

/* Whether two commands may be in progress together (RFC 9051 5.5). */
static int clash(const struct mailproto__imap_job *a,
                 const struct mailproto__imap_job *b)
{
    return (a->changes & (b->relies | b->changes)) != 0 ||
           (b->changes & a->relies) != 0;
}

/* Whether nothing that is in progress stands before it. */
static int is_free(const mailproto_imap_server *server)
{
    uint32_t i;
    for (i = 0; i < server->max_jobs; i++) {
        if (server->jobs[i].request != 0 && clash(&server->jobs[i], &server->current)) {
            return 0;
        }
    }
    return 1;
}

/* EXPUNGE is allowed while this command is in progress; but numbers that it holds are of
 * before: then the application does as it likes when it has carried it out. */
static int sync_is_due(const mailproto_imap_server *server)
{
    return server->sync && server->current.expunges &&
           server->current.command !=
               MAILPROTO_IMAP_IDLE && /* it says so when it began */
           (server->current.flags & MAILPROTO_IMAP_USES_MSN) == 0 &&
           mailproto__imap_server_may_expunge(server);
}

static mailproto_status give(mailproto_imap_server *server)
{
    const mailproto_imap_command *c = &server->command;
    mailproto_event *ev;
    server->phase = MAILPROTO__IMAP_GIVEN;
    if ((mailproto__imap_rule(c->command)->flags & MAILPROTO__IMAP_OWN) != 0) {
        server->current.request = 0;
        return mailproto__imap_server_carry_out(server);
    }
    ev = mailproto__imap_server_ask(server, MAILPROTO_EV_IMAP_COMMAND);
    ev->number = c->command;
    ev->text = c->tag;
    ev->detail = c;
    server->current.request = ev->tag;
    server->box_told = 0;
    server->box_closed = 0;
    return MAILPROTO_OK;
}

/* RFC 7162 3.1: a command enables CONDSTORE by itself, and the first one brings the
 * highest mod-sequence of the mailbox that is selected; the client may know of higher ones
 * already by FETCH responses, never of lower ones. 0: there is no room for it. */
static int enable_condstore(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    uint32_t command = server->command.command;
    if (command == MAILPROTO_IMAP_ENABLE ||
        (server->command.flags & MODSEQ_FLAGS) == 0 ||
        (server->enabled & MAILPROTO_IMAP_ENABLED_CONDSTORE) != 0) {
        return 1;
    }
    if (server->state == MAILPROTO_IMAP_SELECTED && !server->box_no_modseq &&
        command != MAILPROTO_IMAP_SELECT && command != MAILPROTO_IMAP_EXAMINE) {
        if (mailproto__imap_server_room(server) < MODSEQ_SIZE) {
            return 0;
        }
        (void)mailproto__put_span(s, MAILPROTO__LITERAL("* OK [HIGHESTMODSEQ "));
        (void)mailproto__put_number(s, server->box_modseq);
        (void)mailproto__put_span(s, MAILPROTO__LITERAL("] Highest\r\n"));
        mailproto__imap_server_said(server);
    }
    server->enabled |= MAILPROTO_IMAP_ENABLED_CONDSTORE;
    return 1;
}

mailproto_status mailproto__imap_server_turn(mailproto_imap_server *server)
{
    if (!server->met) {
        if (!is_free(server)) {
            /* It is the application's turn: nothing is awaited of the client. */
            if (server->session.timeout_ms != 0 && !server->session.standing) {
                mailproto__wait(&server->session, 0);
            }
            return MAILPROTO_AGAIN;
        }
        if (!has_messages(server)) {
            return refuse(
                server, MAILPROTO__IMAP_NO_MESSAGE,
                (size_t)(server->command.args.ptr - mailproto__imap_unit(server).ptr));
        }
        if (!enable_condstore(server)) {
            return MAILPROTO_AGAIN;
        }
        server->met = 1;
        if (server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED) {
            server->bad = 0;
        }
    }
    if (sync_is_due(server)) {
        server->sync = 0;
        (void)mailproto__event(&server->session, MAILPROTO_EV_IMAP_SYNC, 0);
        return MAILPROTO_OK;
    }
    return give(server);
}
