/*
 * Literals that were announced (RFC 9051 4.3, RFC 7888, RFC 7889): which stay in the
 * command, which go to the application, which are refused; and the octets of those that
 * it takes. Knows limits and turns; must not know what a literal holds.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"
#include "imap/syntax.h"

enum {
    NONSYNC_MAX = 4096 /* RFC 7888 5: of LITERAL- */
};

/* ---- what is refused ----------------------------------------------------------------- */

/* What a literal that does not wait is refused for (RFC 7888 5). IMAP4rev2 includes
 * LITERAL-. */
static enum mailproto__imap_own unasked_reply(const mailproto_imap_server *server)
{
    if (server->literal.sync ||
        mailproto__imap_server_knows(server, MAILPROTO_IMAP_CAP_LITERAL_PLUS)) {
        return MAILPROTO__IMAP_NO_WORDS;
    }
    if (!mailproto__imap_server_knows(server, MAILPROTO_IMAP_CAP_LITERAL_MINUS) &&
        !mailproto__imap_server_knows(server, MAILPROTO_IMAP_CAP_REV2)) {
        return MAILPROTO__IMAP_LITERAL_UNASKED;
    }
    return server->literal.size <= NONSYNC_MAX ? MAILPROTO__IMAP_NO_WORDS
                                               : MAILPROTO__IMAP_LITERAL_LONG;
}

static int is_message(const mailproto_imap_server *server)
{
    return server->command.command == MAILPROTO_IMAP_APPEND &&
           server->command.mailbox.form != MAILPROTO_IMAP_NIL;
}

/* What the announcement alone is refused for. */
static enum mailproto__imap_own size_reply(const mailproto_imap_server *server)
{
    uint64_t size = server->literal.size;
    int before = server->state <= MAILPROTO_IMAP_NOT_AUTHENTICATED;
    enum mailproto__imap_own own = unasked_reply(server);
    /* RFC 3502 6: what was read shows the message at hand alone. */
    if (is_message(server) && server->messages > 0 &&
        !mailproto__imap_server_knows(server, MAILPROTO_IMAP_CAP_MULTIAPPEND)) {
        return MAILPROTO__IMAP_NOT_OFFERED;
    }
    if (own != MAILPROTO__IMAP_NO_WORDS) {
        return own;
    }
    if (is_message(server) && !before) {
        if (size == 0) { /* RFC 3502 6.3.11: cancels all of the APPEND */
            return MAILPROTO__IMAP_MESSAGE_EMPTY;
        }
        return size > server->append_limit ? MAILPROTO__IMAP_MESSAGE_LONG
                                           : MAILPROTO__IMAP_NO_WORDS;
    }
    if (size == UINT64_MAX || (before && size > server->max_literal)) {
        return MAILPROTO__IMAP_LITERAL_LONG;
    }
    return MAILPROTO__IMAP_NO_WORDS;
}

/* ---- what is taken ------------------------------------------------------------------- */

/* RFC 9051 7.6 */
static void ask_for_octets(mailproto_imap_server *server)
{
    if (server->literal.sync) {
        (void)mailproto__put_span(&server->session, MAILPROTO__LITERAL("+ OK\r\n"));
        mailproto__imap_server_said(server);
    }
    server->left = server->literal.size;
    mailproto__imap_server_rearm(server);
}

static mailproto_status keep(mailproto_imap_server *server)
{
    size_t len = mailproto__imap_unit(server).len;
    size_t size = (size_t)server->literal.size;
    /* With the CRLF that follows at the earliest. */
    if (size + 2 > mailproto__imap_unit_cap(server) - len) {
        return mailproto__imap_server_grow(server, len + size + 2,
                                           MAILPROTO__IMAP_ANNOUNCED);
    }
    ask_for_octets(server);
    server->read_to =
        0; /* it stays in the unit: what comes is read from the beginning */
    server->line = len;
    server->phase = size > 0 ? MAILPROTO__IMAP_OCTETS : MAILPROTO__IMAP_LINE;
    return MAILPROTO_OK;
}

static mailproto_status offer(mailproto_imap_server *server)
{
    size_t len = mailproto__imap_unit(server).len;
    size_t announced = len - mailproto__imap_unit_announcement(server);
    mailproto_event *ev;
    /* A mark that is longer than what it stands for makes the unit grow over what is
     * unread; in lent memory there is nothing unread. */
    if (server->lent == NULL && server->literal.size < MAILPROTO__IMAP_EXTERNAL_SIZE &&
        announced + server->literal.size < MAILPROTO__IMAP_EXTERNAL_SIZE) {
        unsigned more = (unsigned)(MAILPROTO__IMAP_EXTERNAL_SIZE - announced -
                                   (size_t)server->literal.size);
        if (server->tiny + more > MAILPROTO__IMAP_TAIL) {
            return mailproto__imap_server_grow(server,
                                               mailproto__imap_unit_cap(server) + 1,
                                               MAILPROTO__IMAP_ANNOUNCED);
        }
        server->tiny = (uint8_t)(server->tiny + more);
    }
    if (is_message(server)) {
        server->messages = 1;
    }
    ev = mailproto__imap_server_ask(server, MAILPROTO_EV_IMAP_LITERAL);
    ev->number = server->literal.size;
    ev->text = server->command.tag;
    ev->detail = &server->command;
    (void)mailproto__imap_server_keep_tag(server);
    server->current.command = (uint8_t)server->command.command;
    server->current.request = ev->tag;
    server->phase = MAILPROTO__IMAP_ASKED;
    return MAILPROTO_OK;
}

mailproto_status mailproto__imap_server_announced(mailproto_imap_server *server)
{
    mailproto_bytes unit;
    mailproto_imap_fault fault;
    enum mailproto__imap_own own;
    int large = server->literal.size > server->max_literal;
    size_t at;
    if (server->idling) {
        return mailproto__imap_server_refuse(server, MAILPROTO__IMAP_NO_DONE, 0,
                                             MAILPROTO__IMAP_ANNOUNCED);
    }
    mailproto__imap_unit_settle(server);
    unit = mailproto__imap_unit(server);
    /* Before anything is asked for; many small ones are looked at with the whole. */
    if (server->first || large || server->command.command == MAILPROTO_IMAP_APPEND) {
        memset(&fault, 0, sizeof fault);
        server->first = 0;
        if (mailproto__imap_command_prefix(unit, server->enabled, &server->read_to,
                                           &server->command, &fault) != MAILPROTO_OK) {
            own = mailproto__imap_server_fault(server, &fault);
            return mailproto__imap_server_refuse(server, own, fault.offset,
                                                 MAILPROTO__IMAP_ANNOUNCED);
        }
    }
    own = mailproto__imap_server_judge(server);
    if (own == MAILPROTO__IMAP_NO_WORDS) {
        own = size_reply(server);
    }
    if (own != MAILPROTO__IMAP_NO_WORDS) {
        return mailproto__imap_server_refuse(server, own, server->line,
                                             MAILPROTO__IMAP_ANNOUNCED);
    }
    if (!large && !is_message(server)) {
        return keep(server);
    }
    at = mailproto__imap_unit_announcement(server);
    if (at + MAILPROTO__IMAP_EXTERNAL_SIZE > mailproto__imap_unit_cap(server)) {
        return mailproto__imap_server_grow(server, at + MAILPROTO__IMAP_EXTERNAL_SIZE,
                                           MAILPROTO__IMAP_ANNOUNCED);
    }
    return offer(server);
}

/* ---- the application's answer ----------------------------------------------------------- */

mailproto_status mailproto_imap_server_literal(mailproto_imap_server *server,
                                               uint32_t request, uint64_t number)
{
    if (!mailproto__is_awaited(&server->session, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_IMAP_LITERAL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__imap_server_answered(server);
    server->phase = MAILPROTO__IMAP_CONTENT;
    server->external = number;
    ask_for_octets(server);
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_server_refuse_literal(mailproto_imap_server *server,
                                                      uint32_t request,
                                                      const mailproto_imap_code *code,
                                                      mailproto_bytes text)
{
    struct mailproto__imap_words words;
    mailproto_status st;
    if (!mailproto__is_awaited(&server->session, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_IMAP_LITERAL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto__imap_server_check_words(server, code, text, &words);
    if (st != MAILPROTO_OK) {
        return st;
    }
    /* RFC 7888 4: the answer may come before all is read. */
    (void)mailproto__imap_server_answered(server);
    mailproto__imap_server_put_tag(server, &server->current, MAILPROTO_IMAP_NO);
    mailproto__imap_server_put_checked(server, &words, MAILPROTO__IMAP_LITERAL_REFUSED);
    mailproto__imap_server_said(server);
    (void)mailproto__imap_server_refuse(server, MAILPROTO__IMAP_NO_WORDS, 0,
                                        MAILPROTO__IMAP_ANNOUNCED);
    return MAILPROTO_OK;
}

/* ---- its octets -------------------------------------------------------------------------- */

static mailproto_status content_end(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__event(s, MAILPROTO_EV_CONTENT_END, server->current.request)->number =
        server->literal.size;
    mailproto__imap_unit_mark(server, server->external, server->literal.size);
    server->line = mailproto__imap_unit(server).len;
    server->phase = MAILPROTO__IMAP_LINE;
    mailproto__imap_server_rearm(server);
    return MAILPROTO_OK;
}

/* RFC 9051 4.3: a NUL is for literal8 only. What came before it was told. */
static mailproto_status content_broken(mailproto_imap_server *server)
{
    mailproto_bytes unit = mailproto__imap_unit(server);
    mailproto_event *ev;
    mailproto_status st = mailproto__imap_server_refuse(
        server, MAILPROTO__IMAP_LITERAL_NUL, unit.len, MAILPROTO__IMAP_MID_OCTETS);
    ev = mailproto__event(&server->session, MAILPROTO_EV_CONTENT_ABORTED,
                          server->current.request);
    ev->code = (uint32_t)MAILPROTO_ERR_NUL;
    ev->number = server->literal.size - server->left;
    return st;
}

mailproto_status mailproto__imap_server_content_step(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_bytes in = mailproto__peek(s);
    const char *nul = NULL;
    mailproto_event *ev;
    if (server->left == 0) {
        return content_end(server);
    }
    if (in.len == 0) {
        return mailproto__imap_server_starved(server);
    }
    if (in.len > server->left) {
        in.len = (size_t)server->left;
    }
    if (!server->literal.binary) {
        nul = (const char *)memchr(in.ptr, '\0', in.len);
    }
    if (nul != NULL) {
        in.len = (size_t)(nul - in.ptr);
        if (in.len == 0) {
            return content_broken(server);
        }
    }
    mailproto__trace(s, MAILPROTO_TRACE_CONTENT, in.ptr, in.len);
    ev = mailproto__event(s, MAILPROTO_EV_CONTENT, server->current.request);
    ev->text = in;
    ev->number = server->literal.size - server->left;
    mailproto__consume(s, in.len);
    server->left -= in.len;
    mailproto__imap_server_progress(server, in.len);
    return MAILPROTO_OK;
}
