/*
 * MAIL, RCPT and DATA (RFC 5321 4.1.1.2 to 4.1.1.4): what the engine decides of them
 * before the application is asked. Knows the limits; the answers are in
 * server_answer.c.
 */
#include "smtp/server.h"

mailproto_status mailproto__smtp_server_mail(mailproto_smtp_server *server)
{
    const struct mailproto__smtp_command *c = &server->command;
    mailproto_event *ev;
    if (server->transactions >= server->max_transactions &&
        server->max_transactions != MAILPROTO_UNLIMITED) {
        return mailproto__smtp_server_reject_and_close(
            server, MAILPROTO__OWN_TOO_MANY_MAIL, MAILPROTO_ERR_COUNT_LIMIT,
            "more transactions than max_transactions");
    }
    if (c->mail.size > server->max_content) { /* RFC 1870 6.1 */
        return mailproto__smtp_server_reject(server, MAILPROTO__OWN_TOO_LARGE);
    }
    mailproto__smtp_server_forget(server, 0);
    server->utf8 = (c->mail.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) != 0;
    ev = mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_MAIL);
    ev->text = c->path.mailbox;
    ev->number = c->mail.size;
    ev->detail = c;
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_server_rcpt(mailproto_smtp_server *server)
{
    mailproto_event *ev;
    if (server->recipients >= server->max_recipients &&
        server->max_recipients != MAILPROTO_UNLIMITED) { /* RFC 5321 4.5.3.1.10 */
        return mailproto__smtp_server_reject(server, MAILPROTO__OWN_TOO_MANY_RCPT);
    }
    ev = mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_RCPT);
    ev->text = server->command.path.mailbox;
    ev->number = server->recipients;
    ev->detail = &server->command;
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_server_data(mailproto_smtp_server *server)
{
    (void)mailproto__smtp_server_ask(server, MAILPROTO_EV_SMTP_DATA);
    return MAILPROTO_OK;
}
