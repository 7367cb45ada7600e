/*
 * The commands that the engine carries out by itself (RFC 9051 6.1.1, 6.1.3, 6.2.1, 6.3.1,
 * 6.3.13). Knows what each says; whether they may come was looked at before.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"

/* Says how the command at hand went; it is over. */
static mailproto_status done(mailproto_imap_server *server,
                             enum mailproto__imap_own own)
{
    mailproto__imap_server_reply(server, own);
    mailproto__imap_server_next(server);
    return MAILPROTO_OK;
}

/* ---- CAPABILITY -------------------------------------------------------------------- */

/* The line may be longer than the output: it leaves in parts. */
mailproto_status mailproto__imap_server_caps_step(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    uint8_t next = mailproto__imap_put_caps(server, server->caps_next,
                                            mailproto__imap_server_own_room(server));
    if (next != 0) {
        if (mailproto__held(s) == 0) {
            return MAILPROTO_AGAIN;
        }
        server->caps_next = next;
        mailproto__imap_server_said(server);
        return MAILPROTO_OK;
    }
    server->caps_next = 0;
    (void)mailproto__put(s, "\r\n", 2);
    return done(server, MAILPROTO__IMAP_DONE);
}

static mailproto_status capability(mailproto_imap_server *server)
{
    (void)mailproto__put(&server->session, "* ", 2);
    server->caps_next = 1;
    return mailproto__imap_server_caps_step(server);
}

/* ---- ENABLE ------------------------------------------------------------------------- */

struct enabling {
    const char *name;
    uint8_t cap;
    uint8_t bits;
};

/* What can be enabled (RFC 9051 6.3.1, RFC 9755 3, RFC 7162 3.1, 3.2.3). */
static const struct enabling can_enable[] = {
    {"IMAP4rev2", MAILPROTO_IMAP_CAP_REV2, MAILPROTO_IMAP_ENABLED_REV2},
    {"UTF8=ACCEPT", MAILPROTO_IMAP_CAP_UTF8_ACCEPT, MAILPROTO_IMAP_ENABLED_UTF8},
    {"CONDSTORE", MAILPROTO_IMAP_CAP_CONDSTORE, MAILPROTO_IMAP_ENABLED_CONDSTORE},
    {"QRESYNC", MAILPROTO_IMAP_CAP_QRESYNC,
     MAILPROTO_IMAP_ENABLED_QRESYNC | MAILPROTO_IMAP_ENABLED_CONDSTORE},
};
enum { CAN_ENABLE = sizeof can_enable / sizeof can_enable[0] };

/* RFC 5161 3.2: what is newly enabled is named, in one line that is always sent. */
static mailproto_status enable(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto_imap_cursor items = server->command.items;
    mailproto_imap_string item;
    uint32_t enabled = server->enabled;
    size_t i;
    (void)mailproto__put_span(s, MAILPROTO__LITERAL("* ENABLED"));
    while (mailproto_imap_string_next(&items, &item) == MAILPROTO_OK) {
        for (i = 0; i < CAN_ENABLE; i++) {
            const struct enabling *e = &can_enable[i];
            size_t len = 0;
            if (!mailproto__imap_server_knows(server, e->cap) ||
                (enabled & e->bits) == e->bits ||
                !mailproto_imap_string_is(&item, e->name)) {
                continue;
            }
            while (e->name[len] != '\0') {
                len++;
            }
            enabled |= e->bits;
            (void)mailproto__put(s, " ", 1);
            (void)mailproto__put(s, e->name, len);
        }
    }
    (void)mailproto__put(s, "\r\n", 2);
    server->enabled = enabled;
    return done(server, MAILPROTO__IMAP_DONE);
}

/* ---- STARTTLS, LOGOUT ----------------------------------------------------------------- */

/* RFC 9051 6.2.1: nothing may stand behind the command, or it would be taken for what
 * comes under TLS. Bytes at hand fail it, and OK is not sent: the same as if they came
 * later. */
static mailproto_status starttls(mailproto_imap_server *server)
{
    (void)done(server, MAILPROTO__IMAP_START_TLS);
    return mailproto__tls_agreed(&server->session);
}

static mailproto_status logout(mailproto_imap_server *server)
{
    mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_LOGOUT, NULL, 0,
                                    mailproto__span(NULL, 0));
    server->ending = 1;
    return done(server, MAILPROTO__IMAP_DONE);
}

/* ---- IDLE -------------------------------------------------------------------------- */

/* RFC 2177 3: the command is in progress until DONE, its octets are of no more use. */
static mailproto_status idle(mailproto_imap_server *server)
{
    (void)mailproto__put_span(&server->session, MAILPROTO__LITERAL("+ idling\r\n"));
    mailproto__imap_server_said(server);
    mailproto__imap_unit_drop(server);
    server->idling = 1;
    server->phase = MAILPROTO__IMAP_LINE;
    mailproto__imap_server_rearm(server);
    mailproto__event(&server->session, MAILPROTO_EV_IMAP_IDLE, 0)->number = 1;
    return MAILPROTO_OK;
}

/* RFC 9051 6.3.13: DONE ends it, and nothing else is understood. */
mailproto_status mailproto__imap_server_idle_line(mailproto_imap_server *server)
{
    mailproto_bytes line = mailproto__imap_unit(server);
    line.len -= 2;
    if (!mailproto__equal_nocase(line, MAILPROTO__LITERAL("DONE"))) {
        return mailproto__imap_server_refuse(server, MAILPROTO__IMAP_NO_DONE, 0,
                                             MAILPROTO__IMAP_ENDED);
    }
    mailproto__event(&server->session, MAILPROTO_EV_IMAP_IDLE, 0)->number = 0;
    return done(server, MAILPROTO__IMAP_DONE);
}

mailproto_status mailproto__imap_server_carry_out(mailproto_imap_server *server)
{
    switch (server->command.command) {
    case MAILPROTO_IMAP_CAPABILITY:
        return capability(server);
    case MAILPROTO_IMAP_ENABLE:
        return enable(server);
    case MAILPROTO_IMAP_STARTTLS:
        return starttls(server);
    case MAILPROTO_IMAP_LOGOUT:
        return logout(server);
    case MAILPROTO_IMAP_IDLE:
        return idle(server);
    default:
        return mailproto__imap_server_auth_begin(server);
    }
}
