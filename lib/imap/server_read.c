/*
 * Reading a command (RFC 9051 2.2.1, 4.3, RFC 7888): lines, joined by literals, become
 * one unit; what is refused is swallowed in step. Knows where units end; must not know
 * what they say.
 */
#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"
#include "imap/syntax.h"

/* ---- what is shown of it ----------------------------------------------------------- */

/* The command whose name begins `b`; MAILPROTO_IMAP_OTHER: none. */
static uint32_t command_of(mailproto_bytes b, size_t *len)
{
    uint32_t i;
    *len = 0;
    while (*len < b.len && b.ptr[*len] > ' ') {
        ++*len;
    }
    for (i = 1; i < MAILPROTO_IMAP_COMMANDS; i++) {
        const char *name = mailproto_imap_command_name(i);
        size_t n = 0;
        while (name[n] != '\0') {
            n++;
        }
        if (mailproto__equal_nocase(mailproto__span(b.ptr, *len),
                                    mailproto__span(name, n))) {
            return i;
        }
    }
    return MAILPROTO_IMAP_OTHER;
}

/* Octets of a unit that are no secret. Behind the login: all. Before it, of LOGIN tag and
 * name, of AUTHENTICATE the mechanism too, of other commands all; of what is none of
 * these, which may be a late response of an exchange: nothing. */
static size_t public_part(const mailproto_imap_server *server, mailproto_bytes unit)
{
    mailproto_bytes tag = mailproto__imap_tag(unit);
    mailproto_bytes rest;
    size_t len;
    uint32_t command;
    if (server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        return unit.len;
    }
    if (tag.len == 0 || tag.len >= unit.len || unit.ptr[tag.len] != ' ') {
        return 0;
    }
    rest = mailproto__tail(unit, tag.len + 1);
    command = command_of(rest, &len);
    if (command == MAILPROTO_IMAP_OTHER) {
        return 0;
    }
    if (command != MAILPROTO_IMAP_LOGIN && command != MAILPROTO_IMAP_AUTHENTICATE) {
        return unit.len;
    }
    len += len < rest.len ? 1 : 0;
    while (command == MAILPROTO_IMAP_AUTHENTICATE && len < rest.len &&
           rest.ptr[len] > ' ') {
        len++;
    }
    return tag.len + 1 + len;
}

/* The unit's octets from `from` on were read. */
static void show(mailproto_imap_server *server, size_t from)
{
    mailproto_session *s = &server->session;
    mailproto_bytes unit = mailproto__imap_unit(server);
    size_t open;
    if (s->trace == NULL || from >= unit.len) {
        return;
    }
    open = public_part(server, unit);
    open = open < from ? from : open;
    mailproto__trace(s, MAILPROTO_TRACE_COMMAND, unit.ptr + from, open - from);
    mailproto__trace(s, MAILPROTO_TRACE_CREDENTIAL, unit.ptr + open, unit.len - open);
}

/* ---- refusals ------------------------------------------------------------------------ */

/* What has no blank behind it is not echoed: a late response of an exchange would look
 * like a tag. */
int mailproto__imap_server_keep_tag(mailproto_imap_server *server)
{
    struct mailproto__imap_job *job = &server->current;
    mailproto_bytes unit = mailproto__imap_unit(server);
    mailproto_bytes tag = mailproto__imap_tag(unit);
    job->tag_len = 0;
    if (tag.len == 0 || tag.len > MAILPROTO__IMAP_TAG_MAX || tag.len == unit.len ||
        unit.ptr[tag.len] != ' ') {
        return 0;
    }
    memcpy(job->tag, tag.ptr, tag.len);
    job->tag_len = (uint8_t)tag.len;
    return 1;
}

/* What is left of the command was read: its answer. */
static mailproto_status answer_refused(mailproto_imap_server *server)
{
    enum mailproto__imap_own own = (enum mailproto__imap_own)server->refusal;
    mailproto_bytes words;
    mailproto_event *ev;
    server->refusal = MAILPROTO__IMAP_NO_WORDS;
    if (own != MAILPROTO__IMAP_NO_WORDS) {
        words = mailproto__imap_own_words(own);
        ev = mailproto__event(&server->session,
                              server->idling ? MAILPROTO_EV_IMAP_IDLE
                                             : MAILPROTO_EV_IMAP_REJECTED,
                              server->current.request);
        ev->flags |= MAILPROTO_EVF_REJECTED;
        ev->flags |= server->refused_save ? MAILPROTO_EVF_IMAP_SAVE : 0U;
        ev->code = mailproto__imap_own_how(own);
        ev->number = server->idling ? 0 : server->reject_at;
        ev->text = words;
        if (ev->code == MAILPROTO_IMAP_NO || !mailproto__imap_server_is_bad(server)) {
            mailproto__imap_server_reply(server, own);
        }
    }
    if (!server->session.failed) {
        mailproto__imap_server_next(server);
    }
    return MAILPROTO_OK;
}

static uint64_t max_swallow(const mailproto_imap_server *server)
{
    return server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED
               ? server->max_swallow
               : server->max_swallow_before;
}

/* RFC 7888 4: what nobody can be asked to read ends the session. */
static mailproto_status too_much(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_SWALLOW, NULL, 0,
                                    mailproto__span(NULL, 0));
    (void)mailproto__fail(s, MAILPROTO_ERR_CONTENT_LIMIT, s->offset,
                          "more to be thrown away than max_swallow");
    return MAILPROTO_OK;
}

/* A literal that was announced in what is swallowed. */
static mailproto_status skip_announced(mailproto_imap_server *server)
{
    if (server->literal.sync) { /* it will not come */
        return answer_refused(server);
    }
    server->left = server->literal.size;
    if (server->left > max_swallow(server) - server->swallowed) {
        return too_much(server);
    }
    server->phase = MAILPROTO__IMAP_SKIP_OCTETS;
    return MAILPROTO_OK;
}

static void begin_skip_line(mailproto_imap_server *server)
{
    static const struct mailproto__literal fresh;
    server->literal = fresh;
    server->skip_cr = 0;
    server->phase = MAILPROTO__IMAP_SKIP_LINE;
}

mailproto_status mailproto__imap_server_refuse(mailproto_imap_server *server,
                                               enum mailproto__imap_own own, size_t at,
                                               enum mailproto__imap_where where)
{
    mailproto_bytes unit = mailproto__imap_unit(server);
    mailproto_bytes line = mailproto__tail(unit, server->line);
    server->refusal = (uint8_t)own;
    server->refused_save = own == MAILPROTO__IMAP_NO_CHARSET &&
                           (server->command.returns & MAILPROTO_IMAP_RETURN_SAVE) != 0;
    server->reject_at = at;
    server->swallowed = 0;
    if (unit.len > 0 && !server->idling) {
        (void)mailproto__imap_server_keep_tag(server);
    }
    switch (where) {
    case MAILPROTO__IMAP_MID_LINE:
        begin_skip_line(server);
        mailproto__literal_scan(&server->literal, line.ptr, line.len);
        server->skip_cr = line.len > 0 && line.ptr[line.len - 1] == '\r';
        mailproto__imap_unit_drop(server);
        return MAILPROTO_OK;
    case MAILPROTO__IMAP_ANNOUNCED:
        mailproto__imap_unit_drop(server);
        return skip_announced(server);
    case MAILPROTO__IMAP_MID_OCTETS:
        server->phase = MAILPROTO__IMAP_SKIP_OCTETS;
        mailproto__imap_unit_drop(server);
        return server->left > max_swallow(server) ? too_much(server) : MAILPROTO_OK;
    case MAILPROTO__IMAP_ENDED:
    default:
        mailproto__imap_unit_drop(server);
        return answer_refused(server);
    }
}

/* ---- what is swallowed ----------------------------------------------------------------- */

/* Throws the first octets at hand away. */
static void throw_away(mailproto_imap_server *server, mailproto_bytes in, size_t n)
{
    mailproto_session *s = &server->session;
    uint32_t kind = server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED
                        ? MAILPROTO_TRACE_CONTENT
                        : MAILPROTO_TRACE_CREDENTIAL;
    mailproto__trace(s, kind, in.ptr, n);
    if (s->secret_in && s->in.head < s->in.tail) {
        mailproto__wipe(s->in.base + s->in.head, n);
    }
    mailproto__consume(s, n);
    server->swallowed += n;
    mailproto__imap_server_progress(server, n);
    if (s->in.head == s->in.tail) {
        s->in.head = 0;
        s->in.tail = 0;
    }
}

static mailproto_status skip_octets(mailproto_imap_server *server, mailproto_bytes in)
{
    size_t n = server->left < in.len ? (size_t)server->left : in.len;
    throw_away(server, in, n);
    server->left -= n;
    if (server->left == 0) {
        begin_skip_line(server);
    }
    return MAILPROTO_OK;
}

static mailproto_status skip_line(mailproto_imap_server *server, mailproto_bytes in)
{
    uint64_t most = max_swallow(server) - server->swallowed;
    size_t len;
    if (in.len > most) {
        in.len = (size_t)most;
    }
    if (in.len == 0) {
        return too_much(server);
    }
    len = mailproto__input_find(in.ptr, in.len, server->skip_cr ? '\r' : '\0');
    if (len == 0) {
        mailproto__literal_scan(&server->literal, in.ptr, in.len);
        server->skip_cr = in.ptr[in.len - 1] == '\r';
        throw_away(server, in, in.len);
        return MAILPROTO_OK;
    }
    mailproto__literal_scan(&server->literal, in.ptr, len - 1);
    throw_away(server, in, len);
    return mailproto__literal_announced(&server->literal) ? skip_announced(server)
                                                          : answer_refused(server);
}

/* ---- what is kept ---------------------------------------------------------------------- */

/* The unit needs `wanted` octets and has not the room: memory, or its end. `where`: how
 * far it was read. */
mailproto_status mailproto__imap_server_grow(mailproto_imap_server *server,
                                             size_t wanted,
                                             enum mailproto__imap_where where)
{
    size_t len = mailproto__imap_unit(server).len;
    size_t cap = mailproto__imap_unit_cap(server);
    size_t max = mailproto__imap_unit_max(server);
    if (server->idling) {
        return mailproto__imap_server_refuse(server, MAILPROTO__IMAP_NO_DONE, 0, where);
    }
    if (wanted > max || cap >= max) {
        return mailproto__imap_server_refuse(server, MAILPROTO__IMAP_TOO_LONG, len,
                                             where);
    }
    server->where = (uint8_t)where;
    return mailproto__imap_unit_ask(server, wanted > cap * 2 ? wanted : cap * 2);
}

/* The line, CRLF included, is in the unit. NUL would be taken for an external mark. */
static mailproto_status line_ended(mailproto_imap_server *server)
{
    mailproto_bytes line = mailproto__tail(mailproto__imap_unit(server), server->line);
    const char *nul = (const char *)memchr(line.ptr, '\0', line.len);
    static const struct mailproto__literal fresh;
    int announced = 0;
    show(server, server->line);
    if (line.len > 2 && line.ptr[line.len - 3] == '}') {
        server->literal = fresh;
        mailproto__literal_scan(&server->literal, line.ptr, line.len - 2);
        announced = mailproto__literal_announced(&server->literal);
    }
    if (nul != NULL) {
        return mailproto__imap_server_refuse(
            server, MAILPROTO__IMAP_NO_COMMAND, server->line + (size_t)(nul - line.ptr),
            announced ? MAILPROTO__IMAP_ANNOUNCED : MAILPROTO__IMAP_ENDED);
    }
    return announced ? mailproto__imap_server_announced(server)
                     : mailproto__imap_server_command(server);
}

static mailproto_status read_line(mailproto_imap_server *server, mailproto_bytes in)
{
    mailproto_bytes unit = mailproto__imap_unit(server);
    size_t cap = mailproto__imap_unit_cap(server);
    size_t room = cap - unit.len;
    size_t len;
    char before = unit.len > server->line ? unit.ptr[unit.len - 1] : '\0';
    if (in.len > room) {
        in.len = room;
    }
    len = mailproto__input_find(in.ptr, in.len, before);
    (void)mailproto__imap_unit_take(server, len > 0 ? len : in.len);
    if (len > 0) {
        return line_ended(server);
    }
    if (in.len == room) {
        return mailproto__imap_server_grow(server, cap + 1, MAILPROTO__IMAP_MID_LINE);
    }
    return MAILPROTO_OK;
}

/* Octets of a literal that stays in the unit, which has the room for them. */
static mailproto_status read_octets(mailproto_imap_server *server, mailproto_bytes in)
{
    size_t n = server->left < in.len ? (size_t)server->left : in.len;
    mailproto_bytes unit;
    const char *nul;
    (void)mailproto__imap_unit_take(server, n);
    server->left -= n;
    if (server->left > 0) {
        return MAILPROTO_OK;
    }
    unit = mailproto__imap_unit(server);
    n = (size_t)server->literal.size;
    show(server, unit.len - n);
    nul = server->literal.binary
              ? NULL
              : (const char *)memchr(unit.ptr + unit.len - n, '\0', n);
    server->line = unit.len;
    server->phase = MAILPROTO__IMAP_LINE;
    if (nul != NULL) { /* RFC 9051 4.3: only literal8 may hold it */
        return mailproto__imap_server_refuse(server, MAILPROTO__IMAP_LITERAL_NUL,
                                             (size_t)(nul - unit.ptr),
                                             MAILPROTO__IMAP_MID_LINE);
    }
    return MAILPROTO_OK;
}

/* Memory was asked for, and has come or not. */
static mailproto_status memory_answered(mailproto_imap_server *server)
{
    server->phase = server->resume;
    if (!mailproto__imap_unit_lent(server)) {
        return mailproto__imap_server_refuse(server, MAILPROTO__IMAP_TOO_LONG,
                                             mailproto__imap_unit(server).len,
                                             (enum mailproto__imap_where)server->where);
    }
    return server->where == MAILPROTO__IMAP_ANNOUNCED
               ? mailproto__imap_server_announced(server)
               : MAILPROTO_OK;
}

mailproto_status mailproto__imap_server_read(mailproto_imap_server *server)
{
    mailproto_bytes in = mailproto__peek(&server->session);
    if (server->phase == MAILPROTO__IMAP_NEEDS_MEMORY) {
        return memory_answered(server);
    }
    if (in.len == 0) {
        return mailproto__imap_server_starved(server);
    }
    switch (server->phase) {
    case MAILPROTO__IMAP_OCTETS:
        return read_octets(server, in);
    case MAILPROTO__IMAP_SKIP_OCTETS:
        return skip_octets(server, in);
    case MAILPROTO__IMAP_SKIP_LINE:
        return skip_line(server, in);
    default:
        return read_line(server, in);
    }
}
