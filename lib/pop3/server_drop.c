/*
 * The maildrop as the POP3 server sees it: how many messages, which are marked, what they
 * measure; listings, and the removal (RFC 1939 5, 6, 7). Knows numbers; sizes and
 * unique-ids are asked of the application one by one.
 */
#include "core/mem.h"
#include "core/span.h"
#include "pop3/server.h"

/* ---- marks ----------------------------------------------------------------------- */

static int is_marked(const mailproto_pop3_server *server, uint32_t message)
{
    uint32_t i = message - 1;
    return server->marks[i / 8] >> (i % 8) & 1;
}

int mailproto_pop3_server_is_marked(const mailproto_pop3_server *server,
                                    uint32_t message)
{
    return message > 0 && message <= server->messages && is_marked(server, message);
}

uint32_t mailproto__pop3_server_unmark_all(mailproto_pop3_server *server)
{
    uint32_t marked = server->marked;
    memset(server->marks, 0, server->messages / 8 + (server->messages % 8 != 0));
    server->marked = 0;
    server->marked_octets = 0;
    return marked;
}

void mailproto__pop3_server_mark(mailproto_pop3_server *server, uint64_t octets)
{
    uint32_t i = server->command.message - 1;
    uint64_t left = server->octets - server->marked_octets;
    server->marks[i / 8] |= (uint8_t)(1U << (i % 8));
    ++server->marked;
    /* Never more than the application said there are in all. */
    server->marked_octets += octets < left ? octets : left;
}

/* The first message from `from` on that is marked, or is not; messages + 1: none. */
static uint32_t next_of(const mailproto_pop3_server *server, uint32_t from, int marked)
{
    while (from <= server->messages && is_marked(server, from) != marked) {
        ++from;
    }
    return from;
}

/* ---- STAT, DELE ------------------------------------------------------------------ */

/* RFC 1939 5: messages marked as deleted are not counted. */
mailproto_status mailproto__pop3_server_stat(mailproto_pop3_server *server)
{
    mailproto__pop3_server_put_numbers(server, "+OK ",
                                       server->messages - server->marked, " ",
                                       server->octets - server->marked_octets, "\r\n");
    mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
    return MAILPROTO_OK;
}

static mailproto_status ask_about(mailproto_pop3_server *server, uint32_t type,
                                  uint32_t message)
{
    mailproto_event *ev = mailproto__pop3_server_ask(server, type);
    ev->number = message;
    ev->code = server->command.verb;
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_server_dele(mailproto_pop3_server *server)
{
    return ask_about(server, MAILPROTO_EV_POP3_NEED_SIZE, server->command.message);
}

/* ---- listings -------------------------------------------------------------------- */

static uint32_t asks(uint32_t verb)
{
    return verb == MAILPROTO_POP3_VERB_UIDL ? (uint32_t)MAILPROTO_EV_POP3_NEED_UID
                                            : (uint32_t)MAILPROTO_EV_POP3_NEED_SIZE;
}

mailproto_status mailproto__pop3_server_list(mailproto_pop3_server *server)
{
    if (server->command.message != 0) {
        return ask_about(server, asks(server->command.verb), server->command.message);
    }
    server->list = server->command.verb;
    server->list_next = 1;
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_LIST_FOLLOWS, 0);
    return MAILPROTO_OK;
}

void mailproto__pop3_server_list_end(mailproto_pop3_server *server)
{
    (void)mailproto__put(&server->session, ".\r\n", 3);
    server->list = 0;
    mailproto__pop3_server_finish(server, MAILPROTO_POP3_OK, 0);
}

/* There is room for the longest reply, and so for a line. */
mailproto_status mailproto__pop3_server_list_step(mailproto_pop3_server *server)
{
    uint32_t message = next_of(server, server->list_next, 0);
    if (message > server->messages) {
        mailproto__pop3_server_list_end(server);
        return MAILPROTO_OK;
    }
    server->list_next = message + 1;
    return ask_about(server, asks(server->list), message);
}

/* ---- UPDATE ---------------------------------------------------------------------- */

mailproto_status mailproto__pop3_server_update_step(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    uint32_t message = next_of(server, server->list_next, 1);
    if (message <= server->messages) {
        server->list_next = message + 1;
        mailproto__event(s, MAILPROTO_EV_POP3_UPDATE_ITEM, 0)->number = message;
        return MAILPROTO_OK;
    }
    mailproto__pop3_server_ask(server, MAILPROTO_EV_POP3_UPDATE)->number =
        server->marked;
    return MAILPROTO_OK;
}
