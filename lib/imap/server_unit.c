/*
 * The memory of the command that is read: in the input block where its octets come in,
 * or in memory that was lent. Knows where octets lie; must not know what they mean.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"
#include "imap/syntax.h"

mailproto_bytes mailproto__imap_unit(const mailproto_imap_server *server)
{
    const struct mailproto__input *in = &server->session.in;
    if (server->lent != NULL) {
        return mailproto__span(server->lent, server->lent_len);
    }
    return mailproto__span(in->base + in->kept_at, in->kept);
}

size_t mailproto__imap_unit_max(const mailproto_imap_server *server)
{
    return server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED
               ? server->max_command
               : server->max_command_before;
}

size_t mailproto__imap_unit_cap(const mailproto_imap_server *server)
{
    size_t cap = server->lent != NULL ? server->lent_cap : server->in_size;
    size_t max = mailproto__imap_unit_max(server);
    return cap < max ? cap : max;
}

/* Moves octets of the block towards its beginning; what they leave behind may be a
 * password. Wiping costs what the octets do, and not what the block is long. */
static void move_down(mailproto_session *s, char *to, char *from, size_t n)
{
    char *left = from > to + n ? from : to + n;
    memmove(to, from, n);
    if (s->secret_in) {
        mailproto__wipe(left, (size_t)(from + n - left));
    }
}

void mailproto__imap_unit_settle(mailproto_imap_server *server)
{
    struct mailproto__input *in = &server->session.in;
    if (server->lent == NULL && in->kept_at > 0) {
        move_down(&server->session, in->base, in->base + in->kept_at, in->kept);
        in->kept_at = 0;
    }
}

/* ---- growing ------------------------------------------------------------------------ */

/* In the block; what comes from feed() is put behind the unit, for nothing is unread
 * there then. */
static void take_into_block(mailproto_imap_server *server, const char *from, size_t n)
{
    mailproto_session *s = &server->session;
    struct mailproto__input *in = &s->in;
    int inside = in->head < in->tail;
    char *to;
    if (in->kept == 0) {
        in->kept_at = inside ? in->head : 0;
    } else if (!inside && in->cap - in->kept_at - in->kept < n) {
        mailproto__imap_unit_settle(server);
    }
    to = in->base + in->kept_at + in->kept;
    if (!inside) {
        memcpy(to, from, n);
    } else if (from != to) {
        move_down(s, to, in->base + in->head, n);
    }
    mailproto__consume(s, n);
    in->kept += n;
    if (!inside) {
        in->head = in->kept_at + in->kept;
        in->tail = in->head;
    }
}

int mailproto__imap_unit_take(mailproto_imap_server *server, size_t n)
{
    mailproto_session *s = &server->session;
    mailproto_bytes unit = mailproto__imap_unit(server);
    const char *from = mailproto__peek(s).ptr;
    if (n > mailproto__imap_unit_cap(server) - unit.len) {
        return 0;
    }
    if (unit.len == 0) {
        server->unit_at = s->offset;
    }
    if (server->lent == NULL) {
        take_into_block(server, from, n);
        return 1;
    }
    memcpy(server->lent + server->lent_len, from, n);
    server->lent_len += n;
    mailproto__consume(s, n);
    return 1;
}

size_t mailproto__imap_unit_announcement(const mailproto_imap_server *server)
{
    mailproto_bytes unit = mailproto__imap_unit(server);
    size_t at = unit.len;
    while (at > 0 && unit.ptr[at - 1] != '{') {
        at--;
    }
    at--;
    return at - (server->literal.binary ? 1 : 0);
}

void mailproto__imap_unit_mark(mailproto_imap_server *server, uint64_t number,
                               uint64_t size)
{
    struct mailproto__input *in = &server->session.in;
    size_t at = mailproto__imap_unit_announcement(server);
    size_t end = at + MAILPROTO__IMAP_EXTERNAL_SIZE;
    uint8_t flags = server->literal.binary ? MAILPROTO__IMAP_EXTERNAL_BINARY : 0;
    if (server->lent != NULL) {
        mailproto__imap_external_put(server->lent + at, number, size, flags);
        server->lent_len = end;
        return;
    }
    if (in->head < end) { /* the unit grows over what is unread: the block has a tail */
        size_t unread = in->tail - in->head;
        memmove(in->base + end, in->base + in->head, unread);
        in->head = end;
        in->tail = end + unread;
    }
    mailproto__imap_external_put(in->base + at, number, size, flags);
    in->kept = end;
}

/* ---- lent memory --------------------------------------------------------------------- */

void mailproto__imap_unit_untaken(mailproto_imap_server *server)
{
    struct mailproto__lending *l = &server->session.lending;
    if (l->mem != NULL && l->wanted == 0 && server->back == NULL) {
        server->back = l->mem;
        server->back_size = l->size;
        l->mem = NULL;
    }
}

/* Lent memory is of no more use. */
static void give_back(mailproto_imap_server *server)
{
    if (server->lent != NULL) {
        mailproto__wipe(server->lent, server->lent_len);
        server->back = server->lent;
        server->back_size = server->lent_cap;
        server->lent = NULL;
        server->lent_len = 0;
        server->lent_cap = 0;
    }
}

mailproto_status mailproto__imap_unit_ask(mailproto_imap_server *server, size_t wanted)
{
    mailproto_session *s = &server->session;
    size_t max = mailproto__imap_unit_max(server);
    mailproto_event *ev = mailproto__event(s, MAILPROTO_EV_NEED_MEMORY, 0);
    ev->number = wanted < max ? wanted : max;
    ev->code = (uint32_t)(max / 1024 + (max % 1024 != 0));
    s->lending.wanted = (size_t)ev->number;
    s->lending.mem = NULL;
    server->resume = server->phase;
    server->phase = MAILPROTO__IMAP_NEEDS_MEMORY;
    return MAILPROTO_OK;
}

int mailproto__imap_unit_lent(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    struct mailproto__lending *l = &s->lending;
    mailproto_bytes unit = mailproto__imap_unit(server);
    l->wanted = 0;
    if (l->mem == NULL) {
        return 0;
    }
    memcpy(l->mem, unit.ptr, unit.len);
    give_back(server);
    server->lent = l->mem;
    server->lent_cap = l->size;
    server->lent_len = unit.len;
    if (s->secret_in) {
        mailproto__wipe(s->in.base + s->in.kept_at, s->in.kept);
    }
    s->in.kept = 0;
    s->in.kept_at = 0;
    l->mem = NULL;
    server->read_to = 0; /* what was read pointed to where it lay */
    server->first = 1;
    return 1;
}

void mailproto__imap_unit_forget(mailproto_imap_server *server)
{
    struct mailproto__input *in = &server->session.in;
    mailproto__wipe(in->base, in->head);
    mailproto__wipe(in->base + in->tail, in->cap - in->tail);
}

void mailproto__imap_unit_drop(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    struct mailproto__input *in = &s->in;
    give_back(server);
    s->lending.wanted = 0;
    mailproto__imap_unit_untaken(server);
    if (s->secret_in) {
        mailproto__wipe(in->base + in->kept_at, in->kept);
    }
    in->kept = 0;
    in->kept_at = 0;
    if (in->head == in->tail) {
        in->head = 0;
        in->tail = 0;
    }
    in->scanned = 0;
    if (s->secret_in && server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        mailproto__imap_unit_forget(server);
        s->secret_in = 0;
    }
    memset(&server->command, 0, sizeof server->command);
    server->command.struct_size = (uint32_t)sizeof server->command;
    server->line = 0;
    server->read_to = 0;
    server->tiny = 0;
    server->messages = 0;
    server->first = 1;
}
