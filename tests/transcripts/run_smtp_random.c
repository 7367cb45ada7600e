/*
 * A client and a server connected to each other whose applications do what chance says:
 * any verbs in any order, called ahead or not, refusals, answers put off, any sizes of
 * buffers and pieces. Whatever happens, every accepted verb has exactly one outcome, what
 * the client was told was delivered is what the server has, and both end in order.
 *
 *     run_smtp_random [first seed [count]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/smtp.h>

#include "events.h"
#include "pair.h"

enum { TAGS = 400, MESSAGES = 100, OPERATIONS = 25 };

struct world {
    uint64_t seed, drawn;
    mailproto_smtp_client *client;
    mailproto_smtp_server *server;
    struct pair_end ends[2];

    /* the client's application */
    int caps, operations, quitting, sending, in_reply, blocked;
    uint32_t next_tag;
    unsigned char outstanding[TAGS]; /* 1: accepted, no outcome yet */
    uint32_t data_tag;               /* whose content is wanted */
    struct text message;             /* the content on its way */
    size_t message_used;
    struct text delivered[MESSAGES]; /* what FINAL 2xx was told of */
    size_t delivered_count;

    /* the server's application */
    uint32_t request;
    int put_off, answering;
    uint32_t asked;
    struct text content;
    struct text kept[MESSAGES]; /* what was answered with 2xx */
    size_t kept_count;
    const char *failure;
};

static uint32_t draw(struct world *w, uint32_t below)
{
    return (uint32_t)(chunk_hash(w->seed, ++w->drawn) >> 20) % below;
}

static int broken(struct world *w, const char *why)
{
    w->failure = w->failure != NULL ? w->failure : why;
    return -1;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* ---- the client's application ---------------------------------------------------------- */

/* Lines, some of them with dots, of chance length. */
static void make_message(struct world *w)
{
    uint32_t lines = draw(w, 12);

    w->message.len = 0;
    w->message_used = 0;
    while (lines-- != 0) {
        static const char octets[] = ".....abc \xe9";
        uint32_t len = draw(w, draw(w, 10) == 0 ? 900 : 20);
        while (len-- != 0) {
            text_add(&w->message, &octets[draw(w, sizeof octets - 1)], 1);
        }
        text_add(&w->message, "\r\n", 2);
    }
}

static mailproto_status call_verb(struct world *w, uint32_t tag)
{
    static const char *const people[] = {"a@b.example", "\"x y\"@c.example",
                                         "Postmaster",
                                         "long.name.of.a.person@sub.domain.example"};
    mailproto_smtp_mail_params mail;

    switch (draw(w, 12)) {
    case 0:
        return mailproto_smtp_client_rset(w->client, tag);
    case 1:
        return mailproto_smtp_client_noop(w->client, tag);
    case 2:
        return mailproto_smtp_client_vrfy(w->client, tag, bytes("Smith"));
    case 3:
        return mailproto_smtp_client_help(w->client, tag, bytes(""));
    case 4:
    case 5:
        memset(&mail, 0, sizeof mail);
        mail.struct_size = sizeof mail;
        mail.size = draw(w, 5000);
        return mailproto_smtp_client_mail(w->client, tag, bytes(people[0]),
                                          draw(w, 2) != 0 ? &mail : NULL);
    case 6:
    case 7:
    case 8:
        return mailproto_smtp_client_rcpt(w->client, tag, bytes(people[draw(w, 4)]),
                                          NULL);
    case 9:
        return mailproto_smtp_client_command(w->client, tag, bytes("XTHING"));
    default:
        return mailproto_smtp_client_data(w->client, tag);
    }
}

/* One verb; 1: it was accepted, 0: it was not legal now or must wait. */
static int next_verb(struct world *w)
{
    mailproto_status st;

    if (w->next_tag + 1 >= TAGS) {
        return 0;
    }
    st = w->operations <= 0 ? mailproto_smtp_client_quit(w->client, w->next_tag)
                            : call_verb(w, w->next_tag);
    if (st == MAILPROTO_OK) {
        w->quitting = w->operations <= 0;
        w->outstanding[w->next_tag++] = 1;
        w->operations--;
        return 1;
    }
    if (st == MAILPROTO_AGAIN) {
        w->blocked = 1;
        return 0;
    }
    if (st != MAILPROTO_ERR_STATE && st != MAILPROTO_ERR_NOT_OFFERED) {
        return broken(w, status_name(st));
    }
    w->operations--;
    return 0;
}

static int send_content(struct world *w)
{
    mailproto_session *s = w->ends[0].session;
    size_t left = w->message.len - w->message_used;
    size_t used = 0;
    mailproto_status st;

    if (left != 0) {
        st = mailproto_session_content(s, w->message.data + w->message_used,
                                       1 + draw(w, (uint32_t)left), &used);
        w->message_used += used;
    } else {
        st = mailproto_session_content_end(s);
        if (st == MAILPROTO_OK) {
            w->sending = 0;
            return 1;
        }
    }
    return st < 0 ? broken(w, "content is refused") : used != 0;
}

static int client_turn(void *ctx, mailproto_session *s)
{
    struct world *w = ctx;
    uint32_t verbs;
    int moved = 0;

    (void)s;
    if (!w->caps || (w->quitting && !w->sending)) {
        return 0;
    }
    if (w->sending && (w->quitting || draw(w, 3) != 0)) {
        return send_content(w);
    }
    for (verbs = 1 + draw(w, 6); verbs != 0 && !w->quitting && !w->blocked; verbs--) {
        int done = next_verb(w);
        if (done < 0) {
            return -1;
        }
        moved |= done;
    }
    if (!moved && w->sending) {
        return send_content(w);
    }
    /* an operation that was not legal is progress too: QUIT comes nearer */
    return moved || (!w->blocked && !w->quitting);
}

static int outcome(struct world *w, const mailproto_event *ev)
{
    mailproto_smtp_status status;

    memset(&status, 0, sizeof status);
    if (mailproto_smtp_event_status(ev, &status) != MAILPROTO_OK) {
        return broken(w, "an outcome without a status");
    }
    if ((ev->flags & (MAILPROTO_EVF_MORE | MAILPROTO_EVF_LINE_MORE)) != 0) {
        return 0;
    }
    if (ev->tag >= TAGS || w->outstanding[ev->tag] != 1) {
        return broken(w, "an outcome for a tag that awaits none");
    }
    w->outstanding[ev->tag] = 2;
    if (status.origin != MAILPROTO_ORIGIN_PEER &&
        (status.origin != MAILPROTO_ORIGIN_LOCAL ||
         status.local != MAILPROTO_ERR_CANCELLED)) {
        return broken(w, "an outcome from nowhere");
    }
    if (ev->type == MAILPROTO_EV_SMTP_FINAL && ev->code / 100 == 2) {
        if (w->delivered_count == MESSAGES || ev->tag != w->data_tag) {
            return broken(w, "FINAL 2xx without content");
        }
        text_add(&w->delivered[w->delivered_count++], w->message.data, w->message.len);
    }
    return 0;
}

static int client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct world *w = ctx;

    (void)s;
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_CAPS:
        w->caps = 1;
        return 0;
    case MAILPROTO_EV_ROOM:
        w->blocked = 0;
        return 0;
    case MAILPROTO_EV_SMTP_REPLY:
    case MAILPROTO_EV_SMTP_FINAL:
        return outcome(w, ev);
    case MAILPROTO_EV_CONTENT_WANTED:
        make_message(w);
        w->sending = 1;
        w->data_tag = ev->tag;
        return 0;
    case MAILPROTO_EV_SMTP_GREETING:
        return 0;
    case MAILPROTO_EV_CLOSED:
        return ev->code != 0 ? broken(w, "the client did not end in order") : 0;
    default:
        return broken(w, "an event the client should not have");
    }
}

/* ---- the server's application ---------------------------------------------------------- */

static int keep(struct world *w)
{
    if (w->kept_count == MESSAGES) {
        return broken(w, "too many messages");
    }
    text_add(&w->kept[w->kept_count++], w->content.data, w->content.len);
    return 0;
}

static int refuse(struct world *w)
{
    static const uint16_t codes[] = {450, 451, 452, 500, 550, 552, 554};
    mailproto_smtp_status status;

    memset(&status, 0, sizeof status);
    status.code = codes[draw(w, 7)];
    if (draw(w, 4) == 0 &&
        mailproto_smtp_server_reply(w->server, w->request, &status,
                                    MAILPROTO_SMTP_REPLY_MORE,
                                    bytes("One line,")) != MAILPROTO_OK) {
        return broken(w, "a first line is refused");
    }
    return mailproto_smtp_server_reply(w->server, w->request, &status, 0,
                                       bytes("no")) == MAILPROTO_OK
               ? 0
               : broken(w, "a refusal is refused");
}

static int answer(struct world *w)
{
    int may_refuse =
        w->asked != MAILPROTO_EV_SMTP_CONNECT && w->asked != MAILPROTO_EV_SMTP_HELO;

    w->answering = 0;
    if (may_refuse && draw(w, 5) == 0) {
        return refuse(w);
    }
    if (w->asked == MAILPROTO_EV_SMTP_DELIVER && keep(w) != 0) {
        return -1;
    }
    return mailproto_smtp_server_accept(w->server, w->request) == MAILPROTO_OK
               ? 0
               : broken(w, "an answer is refused");
}

static int server_turn(void *ctx, mailproto_session *s)
{
    struct world *w = ctx;

    (void)s;
    if (!w->answering) {
        return 0;
    }
    if (w->put_off-- > 0) {
        return 1;
    }
    return answer(w) == 0 ? 1 : -1;
}

static int server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct world *w = ctx;

    (void)s;
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_DATA:
        w->content.len = 0;
        break;
    case MAILPROTO_EV_CONTENT:
        if (ev->number != w->content.len) {
            return broken(w, "content at the wrong offset");
        }
        text_add(&w->content, ev->text.ptr, ev->text.len);
        break;
    case MAILPROTO_EV_CONTENT_END:
        if (ev->number != w->content.len) {
            return broken(w, "content of another size");
        }
        break;
    case MAILPROTO_EV_SMTP_EARLY_TALKER:
    case MAILPROTO_EV_CONTENT_ABORTED:
        return broken(w, "an event the server should not have");
    case MAILPROTO_EV_CLOSED:
        return ev->code != 0 ? broken(w, "the server did not end in order") : 0;
    default:
        break;
    }
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    w->request = ev->tag;
    w->asked = ev->type;
    w->answering = 1;
    w->put_off = (int)draw(w, 3);
    return w->put_off == 0 ? answer(w) : 0;
}

/* ---- one world --------------------------------------------------------------------------- */

static void *open_client(struct world *w)
{
    mailproto_smtp_client_options o;
    void *block;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    o.flags = draw(w, 4) == 0 ? MAILPROTO_SMTP_CLIENT_NO_PIPELINING : 0;
    o.out_size = draw(w, 2) != 0 ? 128 + draw(w, 400) : 0;
    o.in_size = draw(w, 2) != 0 ? 128 + draw(w, 100) : 0;
    o.max_outstanding = draw(w, 2) != 0 ? 1 + draw(w, 6) : 0;
    size = mailproto_smtp_client_mem_size(&o);
    block = test_alloc(size);
    if (mailproto_smtp_client_init(block, size, &o, &w->client) != MAILPROTO_OK) {
        abort();
    }
    w->ends[0].session = mailproto_smtp_client_session(w->client);
    w->ends[0].event = client_event;
    w->ends[0].turn = client_turn;
    return block;
}

static void *open_server(struct world *w)
{
    mailproto_smtp_server_options o;
    void *block;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = draw(w, 3) == 0 ? MAILPROTO_SMTP_CAPS_NONE : 0;
    o.max_command = 512;
    o.in_size = 512 + draw(w, 600);
    o.reply_max = 512;
    o.out_size = 1024 + draw(w, 600);
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    size = mailproto_smtp_server_mem_size(&o);
    block = test_alloc(size);
    if (mailproto_smtp_server_init(block, size, &o, &w->server) != MAILPROTO_OK) {
        abort();
    }
    w->ends[1].session = mailproto_smtp_server_session(w->server);
    w->ends[1].event = server_event;
    w->ends[1].turn = server_turn;
    return block;
}

static const char *judge(struct world *w, enum pair_result result)
{
    size_t i;

    if (w->failure != NULL) {
        return w->failure;
    }
    if (result != PAIR_DONE) {
        for (i = 0; i < 2; i++) {
            mailproto_want want;
            memset(&want, 0, sizeof want);
            want.struct_size = sizeof want;
            mailproto_session_get_want(w->ends[i].session, &want);
            fprintf(stderr, "%s wants %u; ", i == 0 ? "client" : "server", want.flags);
        }
        fprintf(stderr, "caps %d blocked %d sending %d quitting %d operations %d\n",
                w->caps, w->blocked, w->sending, w->quitting, w->operations);
        return "nothing moves any more";
    }
    for (i = 0; i < TAGS; i++) {
        if (w->outstanding[i] == 1) {
            return "a verb without an outcome";
        }
    }
    if (w->kept_count != w->delivered_count) {
        return "told delivered is not what was kept";
    }
    for (i = 0; i < w->kept_count; i++) {
        if (w->kept[i].len != w->delivered[i].len ||
            (w->kept[i].len != 0 &&
             memcmp(w->kept[i].data, w->delivered[i].data, w->kept[i].len) != 0)) {
            return "another message than was sent";
        }
    }
    return NULL;
}

static int one_world(uint64_t seed, size_t *messages)
{
    static struct world w;
    void *blocks[2];
    const char *why;
    size_t i;

    memset(&w, 0, sizeof w);
    w.seed = seed;
    w.next_tag = 1;
    w.operations = OPERATIONS;
    blocks[0] = open_client(&w);
    blocks[1] = open_server(&w);
    for (i = 0; i < 2; i++) {
        w.ends[i].ctx = &w;
        w.ends[i].chunk.kind = draw(&w, 2) != 0 ? CHUNK_RANDOM : CHUNK_EACH;
        w.ends[i].chunk.value = 1 + draw(&w, 200);
        w.ends[i].chunk.in_place = (int)draw(&w, 2);
    }
    why = judge(&w, pair_run(&w.ends[0], &w.ends[1]));
    if (why != NULL) {
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, why);
    }
    *messages += w.kept_count;
    for (i = 0; i < MESSAGES; i++) {
        text_free(&w.kept[i]);
        text_free(&w.delivered[i]);
    }
    text_free(&w.message);
    text_free(&w.content);
    for (i = 0; i < 2; i++) {
        pair_end_free(&w.ends[i]);
        free(blocks[i]);
    }
    return why == NULL;
}

int main(int argc, char **argv)
{
    const char *full = getenv("MAILPROTO_FULL");
    uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10) : argc > 1 ? 1 : 3000;
    size_t messages = 0;
    unsigned failed = 0;
    uint64_t i;

    if (argc == 1 && full != NULL && strcmp(full, "1") == 0) {
        count *= 50;
    }
    for (i = 0; i < count && failed < 10; i++) {
        failed += !one_world(first + i, &messages);
    }
    printf("%llu conversations, %llu messages delivered, %u failed\n",
           (unsigned long long)i, (unsigned long long)messages, failed);
    return failed != 0 || (argc == 1 && messages == 0);
}
