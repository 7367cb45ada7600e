/* The maildrop of a POP3 connection: see mailbox.h. */
#include "mailbox.h"
#include "log.h"
#include "pop3.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is done with the maildrop in a thread. It outlives its connection when that breaks
   meanwhile: what was begun is brought to its end. */
struct mailbox_job {
    struct job job;
    struct pop3 *owner; /* NULL: gone */
    struct drop drop;   /* the job's until it is done */
    const char *root;
    char folder[ROUTE_MAILBOX_MAX];
    size_t max;
    enum drop_result opened;
    int left; /* of drop_update() */
    int error;
};

/* ---- the maildrop, in a thread ------------------------------------------------------- */

static void open_work(void *ctx)
{
    struct mailbox_job *j = ctx;
    j->opened = drop_open(&j->drop, j->root, j->folder, j->max);
    j->error = errno;
}

static void update_work(void *ctx)
{
    struct mailbox_job *j = ctx;
    j->left = drop_update(&j->drop);
    j->error = errno;
}

static void on_opened(void *ctx)
{
    struct mailbox_job *j = ctx;
    struct pop3 *c = j->owner;
    if (c == NULL) {
        drop_close(&j->drop);
        free(j);
        return;
    }
    c->mailbox.job = NULL;
    if (j->opened == DROP_OPEN) {
        c->mailbox.drop = j->drop;
        mailproto_pop3_server_drop(c->engine, c->mailbox.request,
                                   (uint32_t)c->mailbox.drop.count,
                                   c->mailbox.drop.octets);
    } else if (j->opened == DROP_IN_USE) {
        mailproto_pop3_server_err(c->engine, c->mailbox.request,
                                  MAILPROTO_POP3_RESP_IN_USE,
                                  text_bytes("Another session has this mailbox open"));
    } else {
        log_line("%s: %s", j->folder, strerror(j->error));
        mailproto_pop3_server_err(c->engine, c->mailbox.request,
                                  MAILPROTO_POP3_RESP_SYS_TEMP,
                                  text_bytes("The mailbox cannot be opened now"));
    }
    free(j);
    pop3_run(c);
}

static void on_updated(void *ctx)
{
    struct mailbox_job *j = ctx;
    struct pop3 *c = j->owner;
    drop_close(&j->drop); /* others may log in when QUIT is answered */
    if (j->left != 0) {
        log_line("%s: not all could be removed: %s", j->folder, strerror(j->error));
    }
    if (c == NULL) {
        free(j);
        return;
    }
    c->mailbox.job = NULL;
    if (j->left == 0) {
        mailproto_pop3_server_accept(c->engine, c->mailbox.request);
    } else {
        mailproto_pop3_server_err(c->engine, c->mailbox.request,
                                  MAILPROTO_POP3_RESP_SYS_TEMP,
                                  text_bytes("Some messages were not removed"));
    }
    free(j);
    pop3_run(c);
}

static struct mailbox_job *new_job(struct pop3 *c, void (*work)(void *ctx),
                                   void (*done)(void *ctx))
{
    struct mailbox_job *j = calloc(1, sizeof *j);
    if (j != NULL) {
        j->owner = c;
        j->root = c->server->options.maildir_root;
        j->max = c->server->options.max_messages;
        j->drop.lock = -1;
        j->job = (struct job){.work = work, .done = done, .ctx = j};
    }
    return j;
}

static void submit_job(struct pop3 *c, struct mailbox_job *j, uint32_t request)
{
    c->mailbox.request = request;
    c->mailbox.job = j;
    worker_submit(c->server->disk, &j->job);
}

/* 0, or -1: that user has no mailbox here. */
static int folder_of(struct pop3 *c, char folder[ROUTE_MAILBOX_MAX])
{
    if (strchr(c->mailbox.name, '@') != NULL) { /* a user's name may be an address */
        const struct destination *to = route_of(&c->server->routes, c->mailbox.name);
        if (to == NULL || !to->local) {
            return -1;
        }
    }
    return route_mailbox(&c->server->routes, c->mailbox.name, folder);
}

/* Whose maildrop: after AUTH, of which this is the last step, the event does not tell. */
static void on_open(struct pop3 *c, const mailproto_event *ev)
{
    mailproto_bytes name = ev->text;
    if (name.len == 0 && c->auth.name != NULL) {
        name = text_bytes(c->auth.name);
    }
    free(c->mailbox.name);
    c->mailbox.name = text_copy(name);
    struct mailbox_job *j = new_job(c, open_work, on_opened);
    if (c->mailbox.name == NULL || j == NULL || folder_of(c, j->folder) < 0) {
        free(j);
        mailproto_pop3_server_err(c->engine, ev->tag, MAILPROTO_POP3_RESP_SYS_PERM,
                                  text_bytes("There is no such mailbox"));
        return;
    }
    submit_job(c, j, ev->tag);
}

/* ---- messages ------------------------------------------------------------------------- */

/* A file of the machine's own disk, mostly in its cache: read in the loop, as it is
   written there while a message is received. A server whose mail lies across a network
   would read ahead in a thread. */
static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    const struct pop3 *c = ctx;
    ssize_t n;
    do {
        n = pread(c->mailbox.content, buf, cap, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        /* A file that became shorter must not look like a whole message. */
        int whole = n == 0 && offset >= c->mailbox.source.size;
        errno = n == 0 ? EIO : errno;
        return whole ? MAILPROTO_EOF : MAILPROTO_ERR_IO;
    }
    *got = (size_t)n;
    return MAILPROTO_OK;
}

static void close_content(struct pop3 *c)
{
    if (c->mailbox.content >= 0) {
        close(c->mailbox.content);
        c->mailbox.content = -1;
    }
}

/* The engine knows how many there are. */
static const struct drop_message *message(const struct pop3 *c,
                                          const mailproto_event *ev)
{
    return &c->mailbox.drop.list[ev->number - 1];
}

/* What POP3 cannot carry must be found before it is begun: afterwards the connection would
   have to be closed, and what lies behind this message could never be read. (It did not
   come through our SMTP, which refuses it.) 0, or -1 with errno. */
static int check_content(struct pop3 *c)
{
    char buffer[65536];
    size_t n = 0;
    uint64_t at = 0;
    mailproto_status st;
    while ((st = read_at(c, at, buffer, sizeof buffer, &n)) == MAILPROTO_OK) {
        if (memchr(buffer, '\0', n) != NULL) {
            errno = EILSEQ;
            return -1;
        }
        at += n;
    }
    return st == MAILPROTO_EOF ? 0 : -1;
}

static void on_retr(struct pop3 *c, const mailproto_event *ev)
{
    close_content(c);
    c->mailbox.source = (mailproto_source){.struct_size = sizeof c->mailbox.source,
                                           .ctx = c,
                                           .size = message(c, ev)->octets,
                                           .read_at = read_at};
    c->mailbox.content = drop_read(&c->mailbox.drop, (size_t)(ev->number - 1));
    if (c->mailbox.content < 0 || check_content(c) < 0) {
        int bad = errno == EILSEQ;
        const char *why = bad ? "it holds NUL octets" : strerror(errno);
        log_line("%s: %s: %s", c->mailbox.name, message(c, ev)->name, why);
        mailproto_pop3_server_err(c->engine, ev->tag,
                                  bad ? MAILPROTO_POP3_RESP_SYS_PERM
                                      : MAILPROTO_POP3_RESP_SYS_TEMP,
                                  text_bytes(bad ? "The message holds NUL octets"
                                                 : "The message cannot be read now"));
        return;
    }
    mailproto_pop3_server_accept(c->engine, ev->tag);
}

/* The only place where messages are removed; it is never reached when the connection broke
   or timed out. */
static void on_update(struct pop3 *c, const mailproto_event *ev)
{
    if (ev->number == 0) {
        drop_close(&c->mailbox.drop);
        mailproto_pop3_server_accept(c->engine, ev->tag);
        return;
    }
    struct mailbox_job *j = new_job(c, update_work, on_updated);
    if (j == NULL) {
        mailproto_pop3_server_err(c->engine, ev->tag, MAILPROTO_POP3_RESP_SYS_TEMP,
                                  text_bytes("Nothing was removed"));
        return;
    }
    log_line("%s: %lu messages to be removed", c->mailbox.name,
             (unsigned long)ev->number);
    snprintf(j->folder, sizeof j->folder, "%.64s", c->mailbox.name);
    j->drop = c->mailbox.drop;
    c->mailbox.drop = (struct drop){.lock = -1};
    submit_job(c, j, ev->tag);
}

int mailbox_event(struct pop3 *c, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_POP3_OPEN:
        on_open(c, ev);
        return 1;
    case MAILPROTO_EV_CONTENT_WANTED:
        c->mailbox.sending = 1;
        return 1;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        mailproto_pop3_server_size(c->engine, ev->tag, message(c, ev)->octets);
        return 1;
    case MAILPROTO_EV_POP3_NEED_UID:
        mailproto_pop3_server_uid(c->engine, ev->tag, text_bytes(message(c, ev)->uid));
        return 1;
    case MAILPROTO_EV_POP3_RETR:
        on_retr(c, ev);
        return 1;
    case MAILPROTO_EV_POP3_UPDATE_ITEM:
        c->mailbox.drop.list[ev->number - 1].gone = 1;
        return 1;
    case MAILPROTO_EV_POP3_UPDATE:
        on_update(c, ev);
        return 1;
    default:
        return 0;
    }
}

mailproto_status mailbox_send(struct pop3 *c)
{
    mailproto_status st =
        mailproto_pump_content(c->peer.session, &c->peer.io, &c->mailbox.source);
    if (st == MAILPROTO_AGAIN || st == MAILPROTO_NOT_READY) {
        return MAILPROTO_AGAIN;
    }
    if (st < 0) {
        /* The session has ended without an end mark: nobody keeps half of it. */
        log_line("%s: a message could not be sent: %s", c->mailbox.name,
                 mailproto_error_name(st));
    }
    c->mailbox.sending = 0;
    close_content(c);
    return MAILPROTO_OK;
}

void mailbox_init(struct mailbox *box)
{
    *box = (struct mailbox){.drop = {.lock = -1}, .content = -1};
}

void mailbox_free(struct mailbox *box)
{
    if (box->job != NULL) {
        box->job->owner = NULL;
        box->job = NULL;
    }
    drop_close(&box->drop);
    if (box->content >= 0) {
        close(box->content);
        box->content = -1;
    }
    free(box->name);
    box->name = NULL;
}
