/*
 * A program that fetches mail, in this process with the server. Knows the public header of
 * POP3.
 */
#include "pop3_reader.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_LOGIN = 1, TAG_QUIT = 2, TAG_DOWNLOAD = 10 };

struct reader {
    const struct visit_plan *plan;
    struct visit_result *result;
    struct memory *memory;
    struct maildrop *drop;
    mailproto_pop3_client *client;
    struct text content;
    int complete; /* the content is */
    uint32_t content_of;
    uint8_t marks[MAILDROP_MAX];
    int closed;
};

/* ---- the memory ------------------------------------------------------------------- */

void memory_free(struct memory *m)
{
    while (m->count != 0) {
        text_free(&m->texts[--m->count]);
    }
}

static int same(const struct text *a, const struct text *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

unsigned memory_times(const struct memory *m, const struct maildrop_message *message)
{
    unsigned times = 0;
    size_t i;

    for (i = 0; i < m->count; i++) {
        times += same(&m->texts[i], &message->given) ? 1U : 0U;
    }
    return times;
}

static int is_seen(const struct memory *m, mailproto_bytes uid)
{
    size_t i;

    for (i = 0; uid.len != 0 && i < m->count; i++) {
        if (strlen(m->uids[i]) == uid.len &&
            memcmp(m->uids[i], uid.ptr, uid.len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- the client's application ------------------------------------------------------- */

static int broken(struct reader *r, const char *why)
{
    r->result->failure = r->result->failure != NULL ? r->result->failure : why;
    return -1;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* The message lies in r->content: make it durable. */
static int keep(struct reader *r)
{
    mailproto_pop3_download *d = &r->result->d;
    struct memory *m = r->memory;
    struct maildrop_message *original = NULL;

    if (!r->complete || r->content_of != d->message) {
        return broken(r, "a message is to be kept that is not complete"), 0;
    }
    if (d->uid.len != 0) {
        original = maildrop_find(r->drop, d->uid);
        if (original == NULL || !same(&original->given, &r->content)) {
            return broken(r, "a message has another one's unique-id or content"), 0;
        }
    }
    if (is_seen(m, d->uid)) {
        return broken(r, "a message comes twice"), 0;
    }
    if (r->plan->may_fail_to_keep && r->plan->draw(r->plan->ctx, 6) == 0) {
        return 0;
    }
    if (m->count == sizeof m->texts / sizeof m->texts[0]) {
        return broken(r, "too many messages"), 0;
    }
    if (d->uid.len != 0) {
        memcpy(m->uids[m->count], d->uid.ptr, d->uid.len);
    }
    m->uids[m->count][d->uid.len] = '\0';
    memset(&m->texts[m->count], 0, sizeof m->texts[0]);
    text_add(&m->texts[m->count++], r->content.data, r->content.len);
    return 1;
}

static int told(struct reader *r, mailproto_status st)
{
    if (st == MAILPROTO_EOF) {
        r->result->over++;
        if ((r->plan->flags & MAILPROTO_POP3_DOWNLOAD_QUIT) == 0 && !r->closed) {
            st = mailproto_pop3_client_quit(r->client, TAG_QUIT);
            if (st != MAILPROTO_OK && st != MAILPROTO_ERR_STATE &&
                st != MAILPROTO_ERR_EOF && st != MAILPROTO_ERR_IO) {
                return broken(r, "QUIT is refused after the download");
            }
        }
        return 0;
    }
    return st < 0 ? broken(r, "the download says that it is misused") : 0;
}

static int ask(struct reader *r)
{
    mailproto_pop3_download *d = &r->result->d;

    if (d->asks == MAILPROTO_POP3_ASKS_SEEN) {
        return told(
            r, mailproto_pop3_download_seen(d, r->client, is_seen(r->memory, d->uid)));
    }
    if (d->asks == MAILPROTO_POP3_ASKS_KEEP) {
        return told(r, mailproto_pop3_download_kept(d, r->client, keep(r)));
    }
    return broken(r, "the download asks nothing");
}

/* A session that has failed says so to every verb; the events up to its end are still to
 * come. */
static int has_failed(const struct reader *r)
{
    mailproto_error e;

    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    mailproto_session_get_error(mailproto_pop3_client_session(r->client), &e);
    return e.code < 0 && r->plan->cut_status != 0;
}

static int start(struct reader *r)
{
    mailproto_pop3_download *d = &r->result->d;

    memset(d, 0, sizeof *d);
    d->struct_size = sizeof *d;
    d->flags = r->plan->flags;
    d->marks = r->marks;
    d->marks_size = r->plan->marks_size != 0 ? r->plan->marks_size : sizeof r->marks;
    d->ahead = r->plan->ahead;
    d->tag = TAG_DOWNLOAD;
    if (mailproto_pop3_download_start(d, r->client) != MAILPROTO_OK) {
        return has_failed(r) ? 0 : broken(r, "the download does not start");
    }
    r->result->started = 1;
    return 0;
}

static int take_content(struct reader *r, const mailproto_event *ev)
{
    if (ev->number == 0) {
        r->content.len = 0;
        r->complete = 0;
    }
    if (ev->number != r->content.len) {
        return broken(r, "content at the wrong offset");
    }
    text_add(&r->content, ev->text.ptr, ev->text.len);
    return 0;
}

static int login_reply(struct reader *r, const mailproto_event *ev)
{
    if (ev->code == MAILPROTO_POP3_OK) {
        return start(r);
    }
    if (ev->code == MAILPROTO_POP3_ERR) {
        return broken(r, "the login is refused");
    }
    return 0;
}

static int client_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct reader *r = ctx;
    mailproto_status st;

    (void)s;
    switch (ev->type) {
    case MAILPROTO_EV_POP3_CAPS:
        return mailproto_pop3_client_login(r->client, TAG_LOGIN, bytes("mrose"),
                                           bytes("secret")) == MAILPROTO_OK ||
                       has_failed(r)
                   ? 0
                   : broken(r, "the login is not taken");
    case MAILPROTO_EV_POP3_REPLY:
        if (ev->tag == TAG_LOGIN) {
            return login_reply(r, ev);
        }
        break;
    case MAILPROTO_EV_CONTENT:
        if (take_content(r, ev) != 0) {
            return -1;
        }
        break;
    case MAILPROTO_EV_CONTENT_END:
        r->content.len = ev->number == 0 ? 0 : r->content.len;
        r->complete = ev->number == r->content.len;
        r->content_of = r->result->d.message;
        break;
    case MAILPROTO_EV_CONTENT_ABORTED:
        r->complete = 0;
        r->content.len = 0;
        break;
    case MAILPROTO_EV_POP3_COMMIT:
        r->result->asked_commit++;
        r->result->commit = ev->code;
        r->result->commit_number = ev->number;
        break;
    case MAILPROTO_EV_CLOSED:
        r->closed = 1;
        break;
    default:
        break;
    }
    if (!r->result->started) {
        return 0;
    }
    st = mailproto_pop3_download_event(&r->result->d, r->client, ev);
    if (st == MAILPROTO_YOUR_TURN) {
        return ask(r);
    }
    return st == MAILPROTO_NOT_READY ? 0 : told(r, st);
}

/* ---- the two ends --------------------------------------------------------------------- */

static int server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    return maildrop_event(ctx, s, ev);
}

static int server_turn(void *ctx, mailproto_session *s)
{
    return maildrop_turn(ctx, s);
}

static void *open_client(struct reader *r)
{
    const struct visit_plan *plan = r->plan;
    mailproto_pop3_client_options o;
    void *block;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_POP3_TLS_NONE;
    o.flags = plan->client_flags | MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR;
    o.in_size = plan->in_size;
    o.out_size = plan->out_size;
    size = mailproto_pop3_client_mem_size(&o);
    block = test_alloc(size);
    if (mailproto_pop3_client_init(block, size, &o, &r->client) != MAILPROTO_OK) {
        abort();
    }
    return block;
}

static void *open_server(struct maildrop_visit *v, const struct visit_plan *plan)
{
    mailproto_pop3_server_options o;
    void *block;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR;
    o.caps = plan->caps;
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    o.out_size = plan->server_out;
    o.reply_max = plan->server_out != 0 ? plan->server_out / 2 : 0;
    size = mailproto_pop3_server_mem_size(&o);
    block = test_alloc(size);
    if (mailproto_pop3_server_init(block, size, &o, &v->server) != MAILPROTO_OK) {
        abort();
    }
    return block;
}

static unsigned count_gone(const struct maildrop *d)
{
    unsigned gone = 0;
    size_t i;

    for (i = 0; i < d->count; i++) {
        gone += d->items[i].gone != 0;
    }
    return gone;
}

/* What the client says of its deletions, beside what the maildrop did (RFC 1939 6). */
static const char *judge_commit(const struct visit_plan *plan,
                                const struct visit_result *r)
{
    if (r->updates != 0 && !r->quit_arrived) {
        return "UPDATE without a QUIT";
    }
    if (r->quit_arrived && plan->cut_status == 0 && r->updates != 1) {
        return "a QUIT without UPDATE";
    }
    if (!r->asked_commit) {
        return r->gone != 0 ? "messages are gone and no COMMIT" : NULL;
    }
    if (r->started && r->commit_number != r->d.deleted) {
        return "COMMIT counts otherwise than the download";
    }
    switch (r->commit) {
    case MAILPROTO_POP3_COMMIT_DONE:
        return r->gone != r->commit_number ? "DONE, and not all of it is gone" : NULL;
    case MAILPROTO_POP3_COMMIT_FAILED:
        return !plan->update_fails ? "FAILED, which it was not" : NULL;
    case MAILPROTO_POP3_COMMIT_UNKNOWN:
        return r->gone != 0 && r->gone != r->commit_number ? "a part is gone" : NULL;
    case MAILPROTO_POP3_COMMIT_NOT:
        return r->gone != 0 || r->quit_arrived ? "NOT, and messages are gone" : NULL;
    case MAILPROTO_POP3_COMMIT_NOTHING:
        return r->gone != 0 || r->opens != 0 ? "NOTHING, and somebody was there" : NULL;
    default:
        return "COMMIT says what there is no name for";
    }
}

static const char *judge(const struct reader *r, const struct maildrop_visit *v)
{
    const struct visit_plan *plan = r->plan;
    const struct visit_result *result = r->result;
    int is_cut = plan->cut[0] != 0 || plan->cut[1] != 0;
    size_t i;

    if (result->failure != NULL || v->failure != NULL) {
        return result->failure != NULL ? result->failure : v->failure;
    }
    if (result->end != PAIR_DONE) {
        return "nothing moves any more";
    }
    if (result->over > 1 || (result->started && result->over != 1)) {
        return "the download is not over once";
    }
    if (!is_cut &&
        (!result->asked_commit ||
         result->commit != (plan->update_fails ? MAILPROTO_POP3_COMMIT_FAILED
                                               : MAILPROTO_POP3_COMMIT_DONE))) {
        return "a whole visit was not committed";
    }
    if (result->started && (plan->flags & MAILPROTO_POP3_DOWNLOAD_QUIT) != 0 &&
        result->asked_commit && result->d.commit != result->commit) {
        return "the download says another commit";
    }
    for (i = 0; i < r->drop->count; i++) {
        if (r->drop->items[i].gone &&
            memory_times(r->memory, &r->drop->items[i]) == 0) {
            return "a message is lost";
        }
    }
    return judge_commit(plan, result);
}

/* Whether the last that the server got is QUIT, and somebody is logged in. */
static int ends_in_quit(const struct text *sent, uint64_t received)
{
    return received >= 8 && received <= sent->len &&
           memcmp(sent->data + received - 8, "\r\nQUIT\r\n", 8) == 0;
}

void visit(struct maildrop *drop, struct memory *memory, const struct visit_plan *plan,
           struct visit_result *out)
{
    struct reader reader;
    struct maildrop_visit at_drop;
    struct pair_end ends[2];
    struct text sent = {NULL, 0, 0};
    void *blocks[2];
    unsigned gone = count_gone(drop);
    int i;

    memset(out, 0, sizeof *out);
    memset(&reader, 0, sizeof reader);
    memset(&at_drop, 0, sizeof at_drop);
    memset(ends, 0, sizeof ends);
    reader.plan = plan;
    reader.result = out;
    reader.memory = memory;
    reader.drop = at_drop.drop = drop;
    at_drop.draw = plan->draw;
    at_drop.ctx = plan->ctx;
    at_drop.update_fails = plan->update_fails;
    blocks[0] = open_client(&reader);
    blocks[1] = open_server(&at_drop, plan);
    ends[0].session = mailproto_pop3_client_session(reader.client);
    ends[0].ctx = &reader;
    ends[0].event = client_event;
    ends[0].sent = &sent;
    ends[1].session = mailproto_pop3_server_session(at_drop.server);
    ends[1].ctx = &at_drop;
    ends[1].event = server_event;
    ends[1].turn = server_turn;
    for (i = 0; i < 2; i++) {
        ends[i].chunk = plan->chunk;
        ends[i].cut = plan->cut[i];
        ends[i].cut_status = plan->cut_status;
    }
    out->end = pair_run(&ends[0], &ends[1]);
    out->gone = count_gone(drop) - gone;
    out->updates = at_drop.updates;
    out->opens = at_drop.opens;
    out->octets[0] = ends[0].received;
    out->octets[1] = ends[1].received;
    out->quit_arrived = at_drop.opens != 0 && ends_in_quit(&sent, ends[1].received);
    out->failure = judge(&reader, &at_drop);
    text_free(&sent);
    text_free(&reader.content);
    maildrop_visit_end(&at_drop);
    for (i = 0; i < 2; i++) {
        pair_end_free(&ends[i]);
        free(blocks[i]);
    }
}
