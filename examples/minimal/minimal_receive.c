/* A complete receive: messages that arrive are written to standard output. */
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

static int listen_on(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    a.sin_port = htons((uint16_t)atoi(port));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 9) ? -1 : fd;
}

int main(int argc, char **argv)
{
    mailproto_smtp_server_options o = {.struct_size = sizeof o};
    mailproto_smtp_status full = {.code = 452};
    mailproto_bytes why = {"cannot write", 12};
    mailproto_smtp_server *server;
    int listener = listen_on(argc > 1 ? argv[1] : "25");
    for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd)) {
        mailproto_io io = {sizeof io, 0, &fd, rd, wr};
        mailproto_event ev;
        if (mailproto_smtp_server_new(&o, &server) != MAILPROTO_OK) {
            return 2;
        }
        mailproto_session *s = mailproto_smtp_server_session(server);
        while (mailproto_pump(s, &io, &ev) == MAILPROTO_OK) {
            if (ev.type == MAILPROTO_EV_CONTENT) {
                fwrite(ev.text.ptr, 1, ev.text.len, stdout);
            } else if (ev.type == MAILPROTO_EV_CONTENT_ABORTED) {
                puts("\r\n(the message above is incomplete: forget it)");
            } else if (ev.type == MAILPROTO_EV_SMTP_DELIVER &&
                       (fflush(stdout) || ferror(stdout))) {
                mailproto_smtp_server_reply(server, ev.tag, &full, 0, why);
            } else if (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) {
                mailproto_smtp_server_accept(server, ev.tag);
            }
        }
        mailproto_smtp_server_free(server);
    }
    return perror("minimal-receive"), 1;
}
