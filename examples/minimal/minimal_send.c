/* A complete send: one message to an SMTP server on this host. */
#include <arpa/inet.h>
#include <mailproto/mailproto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The library moves bytes through these two. */
static mailproto_status rd(void *fd, void *buf, size_t cap, size_t *got)
{
    ssize_t n = recv(*(int *)fd, buf, cap, 0);
    *got = n > 0 ? (size_t)n : 0;
    return n > 0 ? MAILPROTO_OK : n == 0 ? MAILPROTO_EOF : MAILPROTO_ERR_IO;
}

static mailproto_status wr(void *fd, const void *buf, size_t len, size_t *put)
{
    ssize_t n = send(*(int *)fd, buf, len, MSG_NOSIGNAL);
    *put = n > 0 ? (size_t)n : 0;
    return n > 0 ? MAILPROTO_OK : MAILPROTO_ERR_IO;
}

static int connect_to(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_port = htons((uint16_t)atoi(port));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    static const char text[] = "Subject: Hi\r\n\r\nDo you like ketchup?\r\n";
    mailproto_smtp_client_options o = {sizeof o, .tls = MAILPROTO_SMTP_TLS_NONE};
    mailproto_smtp_recipient to = {.path = {"bob@hamburger.edu", 17}};
    mailproto_smtp_transaction t = {sizeof t, sizeof to,
                                    .sender = {"alice@crepes.fr", 15},
                                    .recipients = &to, .count = 1};
    mailproto_source message = {sizeof message, .data = text, .size = sizeof text - 1};
    int fd = connect_to(argc > 1 ? argv[1] : "25");
    mailproto_io io = {sizeof io, 0, &fd, rd, wr};
    mailproto_smtp_client *client;
    mailproto_event ev;
    if (fd < 0 || mailproto_smtp_client_new(&o, &client) != MAILPROTO_OK) {
        return 2;
    }
    mailproto_session *s = mailproto_smtp_client_session(client);
    while (mailproto_pump(s, &io, &ev) == MAILPROTO_OK) {
        mailproto_status over = MAILPROTO_OK;
        if (ev.type == MAILPROTO_EV_SMTP_CAPS) {
            over = mailproto_smtp_transaction_start(&t, client);
        } else if (ev.type == MAILPROTO_EV_CONTENT_WANTED) {
            mailproto_pump_content(s, &io, &message);
        } else {
            over = mailproto_smtp_transaction_event(&t, client, &ev);
        }
        if (over == MAILPROTO_EOF || ev.type == MAILPROTO_EV_REFUSED) {
            mailproto_smtp_client_quit(client, 0);
        }
    }
    mailproto_smtp_client_free(client);
    return close(fd) < 0 || t.delivered == 0;
}
