/*
 * What a POP3 server offers, and CAPA (RFC 2449 5, 6; RFC 2595 4; RFC 5034 3; RFC 6856).
 * Knows the capabilities' lines; must not know what they allow.
 */
#include "codec/auth.h"
#include "core/span.h"
#include "pop3/server.h"

static uint64_t bit(uint32_t cap)
{
    return (uint64_t)1 << cap;
}

/* RFC 2449 5: what is there before the login is said behind it too; but STLS is said
 * where it is permitted (RFC 2595 4), and a login in the clear is never invited where it
 * is refused (RFC 5034 4, RFC 8314 3.3). */
uint64_t mailproto__pop3_server_caps(const mailproto_pop3_server *server)
{
    uint64_t caps = server->mask;
    int secure = mailproto__is_secure(&server->session);
    if (secure || server->state == MAILPROTO__POP3_TRANSACTION ||
        server->state == MAILPROTO__POP3_UPDATE) {
        caps &= ~bit(MAILPROTO_POP3_CAP_STLS);
    }
    if (!secure && (server->flags & MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR) == 0) {
        caps &= ~bit(MAILPROTO_POP3_CAP_USER);
    }
    if (!mailproto__auth_offers(&server->session, &server->mechanisms,
                                mailproto__span(NULL, 0))) {
        caps &= ~bit(MAILPROTO_POP3_CAP_SASL);
    }
    if (server->implementation.len == 0) {
        caps &= ~bit(MAILPROTO_POP3_CAP_IMPLEMENTATION);
    }
    return caps;
}

mailproto_status mailproto__pop3_server_capa(mailproto_pop3_server *server)
{
    server->list = MAILPROTO_POP3_VERB_CAPA;
    server->list_next = 0;
    server->list_skip = 0;
    mailproto__pop3_server_reply(server, MAILPROTO__POP3_CAPS_FOLLOW, 0);
    return MAILPROTO_OK;
}

/* Queues what has room of `part`, whose first `*skip` octets are queued already. */
static int put_part(mailproto_pop3_server *server, size_t *skip, mailproto_bytes part)
{
    mailproto_session *s = &server->session;
    size_t room = mailproto__room(s);
    if (*skip >= part.len) {
        *skip -= part.len;
        return 1;
    }
    part = mailproto__tail(part, *skip);
    *skip = 0;
    if (part.len <= room) {
        (void)mailproto__put_span(s, part);
        server->list_skip += part.len;
        return 1;
    }
    (void)mailproto__put(s, part.ptr, room);
    server->list_skip += room;
    return 0;
}

/* What stands behind a capability's tag, its blank included; numbers lie in `digits`. */
static mailproto_bytes params_of(const mailproto_pop3_server *server, uint32_t cap,
                                 char *digits)
{
    switch (cap) {
    case MAILPROTO_POP3_CAP_IMPLEMENTATION:
        return server->implementation;
    case MAILPROTO_POP3_CAP_LOGIN_DELAY:
        return mailproto__span(digits, mailproto__decimal(server->login_delay, digits));
    case MAILPROTO_POP3_CAP_EXPIRE:
        if (server->expire_days == MAILPROTO_POP3_EXPIRE_NEVER) {
            return MAILPROTO__LITERAL("NEVER");
        }
        return mailproto__span(digits, mailproto__decimal(server->expire_days, digits));
    case MAILPROTO_POP3_CAP_UTF8:
        return mailproto__pop3_server_knows(server, MAILPROTO_POP3_CAP_UTF8_USER)
                   ? MAILPROTO__LITERAL("USER")
                   : MAILPROTO__LITERAL("");
    default:
        return MAILPROTO__LITERAL("");
    }
}

/* The mechanisms that can be used now, each behind a blank (RFC 5034 3). */
static int put_mechanisms(mailproto_pop3_server *server, size_t *skip)
{
    const struct mailproto__auth_offer *offer = &server->mechanisms;
    mailproto_bytes rest = offer->names;
    mailproto_bytes name = mailproto__auth_offered(&server->session, offer, &rest);
    int whole = 1;
    while (whole && name.len > 0) {
        whole = put_part(server, skip, MAILPROTO__LITERAL(" ")) &&
                put_part(server, skip, name);
        name = mailproto__auth_offered(&server->session, offer, &rest);
    }
    return whole;
}

/* RFC 2449 6.5, 6.7: it may be another behind the login. */
static int is_per_user(const mailproto_pop3_server *server, uint32_t cap)
{
    return (cap == MAILPROTO_POP3_CAP_LOGIN_DELAY ||
            cap == MAILPROTO_POP3_CAP_EXPIRE) &&
           (server->flags & MAILPROTO_POP3_SERVER_POLICY_PER_USER) != 0 &&
           server->state != MAILPROTO__POP3_TRANSACTION;
}

/* Queues the rest of a line; 0: there is more of it. */
static int put_cap(mailproto_pop3_server *server, uint32_t cap)
{
    const char *name = mailproto__pop3_cap_name(cap);
    char digits[20];
    mailproto_bytes params = params_of(server, cap, digits);
    size_t skip = server->list_skip;
    size_t len = 0;
    while (name[len] != '\0') {
        len++;
    }
    return put_part(server, &skip, mailproto__span(name, len)) &&
           (params.len == 0 || (put_part(server, &skip, MAILPROTO__LITERAL(" ")) &&
                                put_part(server, &skip, params))) &&
           (cap != MAILPROTO_POP3_CAP_SASL || put_mechanisms(server, &skip)) &&
           (!is_per_user(server, cap) ||
            put_part(server, &skip, MAILPROTO__LITERAL(" USER"))) &&
           put_part(server, &skip, MAILPROTO__LITERAL("\r\n"));
}

/* As much of the lines as has room: one of them may be longer than the output. */
mailproto_status mailproto__pop3_server_capa_step(mailproto_pop3_server *server)
{
    mailproto_session *s = &server->session;
    uint64_t left = mailproto__pop3_server_caps(server) &
                    ~bit(MAILPROTO_POP3_CAP_UTF8_USER); /* UTF8's line says it */
    int whole = 1;
    size_t put;
    while (whole && left >> server->list_next != 0) {
        if ((left >> server->list_next & 1U) != 0) {
            whole = put_cap(server, server->list_next);
        }
        if (whole) {
            ++server->list_next;
            server->list_skip = 0;
        }
    }
    put = mailproto__held(s);
    mailproto__make_all_due(s, MAILPROTO_TRACE_REPLY);
    if (whole && mailproto__room(s) >= 3) {
        mailproto__pop3_server_list_end(server);
        return MAILPROTO_OK;
    }
    return put > 0 ? MAILPROTO_OK : MAILPROTO_AGAIN;
}
