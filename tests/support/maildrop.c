/*
 * A maildrop in memory and the application of a POP3 server over it.
 */
#include "maildrop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the messages ----------------------------------------------------------------- */

static void add_given(struct maildrop_message *m)
{
    const struct text *t = &m->text;
    size_t i;

    for (i = 0; i < t->len; i++) {
        int has_cr = i != 0 && t->data[i - 1] == '\r';
        int has_lf = i + 1 < t->len && t->data[i + 1] == '\n';
        if (t->data[i] == '\n' && !has_cr) {
            text_add(&m->given, "\r\n", 2);
        } else if (t->data[i] == '\r' && !has_lf) {
            text_add(&m->given, "\r\n", 2);
        } else {
            text_add(&m->given, &t->data[i], 1);
        }
    }
    if (m->given.len != 0 && m->given.data[m->given.len - 1] != '\n') {
        text_add(&m->given, "\r\n", 2);
    }
}

void maildrop_add(struct maildrop *d, const char *prefix, const void *text, size_t len)
{
    struct maildrop_message *m = &d->items[d->count++];

    (void)snprintf(m->uid, sizeof m->uid, "%s%u", prefix, (unsigned)d->count);
    text_add(&m->text, text, len);
    add_given(m);
}

void maildrop_free(struct maildrop *d)
{
    size_t i;

    for (i = 0; i < d->count; i++) {
        text_free(&d->items[i].text);
        text_free(&d->items[i].given);
    }
    memset(d, 0, sizeof *d);
}

struct maildrop_message *maildrop_find(struct maildrop *d, mailproto_bytes uid)
{
    size_t i;

    for (i = 0; i < d->count; i++) {
        if (strlen(d->items[i].uid) == uid.len &&
            memcmp(d->items[i].uid, uid.ptr, uid.len) == 0) {
            return &d->items[i];
        }
    }
    return NULL;
}

void maildrop_top(const struct maildrop_message *m, uint64_t lines, struct text *out)
{
    const char *at = m->given.data;
    const char *end = at + m->given.len;
    int body = 0;

    while (at < end) {
        size_t len =
            (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at) + 1;
        if (body && lines-- == 0) {
            return;
        }
        text_add(out, at, len);
        body |= len == 2;
        at += len;
    }
}

/* ---- answers ------------------------------------------------------------------------ */

static int broken(struct maildrop_visit *v, const char *why)
{
    v->failure = v->failure != NULL ? v->failure : why;
    return -1;
}

static uint32_t draw(struct maildrop_visit *v, uint32_t below)
{
    return v->draw != NULL ? v->draw(v->ctx, below) : below - 1;
}

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* The message that an event is about, or NULL. */
static struct maildrop_message *message_of(struct maildrop_visit *v, uint64_t number)
{
    if (number == 0 || number > v->view_count) {
        (void)broken(v, "a message that is not there is asked for");
        return NULL;
    }
    if (mailproto_pop3_server_is_marked(v->server, (uint32_t)number) != 0) {
        (void)broken(v, "a message that is marked is asked for");
        return NULL;
    }
    return &v->drop->items[v->view[number - 1]];
}

static mailproto_status open_drop(struct maildrop_visit *v, uint32_t request)
{
    uint64_t octets = 0;
    size_t i;

    v->opens++;
    v->view_count = 0;
    memset(v->doomed, 0, sizeof v->doomed);
    for (i = 0; i < v->drop->count; i++) {
        if (!v->drop->items[i].gone) {
            v->view[v->view_count++] = i;
            octets += v->drop->items[i].given.len;
        }
    }
    return mailproto_pop3_server_drop(v->server, request, (uint32_t)v->view_count,
                                      octets);
}

static mailproto_status log_in(struct maildrop_visit *v, const mailproto_event *ev)
{
    mailproto_pop3_login login;

    v->logins++;
    memset(&login, 0, sizeof login);
    login.struct_size = sizeof login;
    if (mailproto_pop3_event_login(ev, &login) != MAILPROTO_OK) {
        (void)broken(v, "a LOGIN without credentials");
    }
    if (v->password != NULL &&
        (login.secret.len != strlen(v->password) ||
         memcmp(login.secret.ptr, v->password, login.secret.len) != 0)) {
        return mailproto_pop3_server_err(v->server, ev->tag, MAILPROTO_POP3_RESP_AUTH,
                                         bytes(""));
    }
    return mailproto_pop3_server_accept(v->server, ev->tag);
}

static mailproto_status retrieve(struct maildrop_visit *v, const mailproto_event *ev)
{
    struct maildrop_message *m = message_of(v, ev->number);

    if (m == NULL) {
        return MAILPROTO_ERR_STATE;
    }
    v->content.len = v->content_used = 0;
    text_add(&v->content, m->text.data, m->text.len);
    return mailproto_pop3_server_accept(v->server, ev->tag);
}

static mailproto_status update(struct maildrop_visit *v, const mailproto_event *ev)
{
    size_t i;

    v->updates++;
    if (ev->number != v->dooms || v->updates != 1) {
        (void)broken(v, "UPDATE counts otherwise");
    }
    if (v->update_fails) {
        return mailproto_pop3_server_err(v->server, ev->tag, MAILPROTO_POP3_RESP_NONE,
                                         bytes("no"));
    }
    for (i = 0; i < v->view_count; i++) {
        v->drop->items[v->view[i]].gone |= v->doomed[i];
    }
    return mailproto_pop3_server_accept(v->server, ev->tag);
}

static int may_refuse(const mailproto_event *ev)
{
    return ev->type == MAILPROTO_EV_POP3_RETR ||
           ev->type == MAILPROTO_EV_POP3_NEED_UID ||
           ev->type == MAILPROTO_EV_POP3_NEED_SIZE;
}

static int answer(struct maildrop_visit *v, const mailproto_event *ev)
{
    struct maildrop_message *m;
    mailproto_status st;

    if (may_refuse(ev) && draw(v, 8) == 0) {
        st = mailproto_pop3_server_err(v->server, ev->tag, MAILPROTO_POP3_RESP_SYS_TEMP,
                                       bytes("not now"));
        return st == MAILPROTO_OK ? 0 : broken(v, "a refusal is refused");
    }
    switch (ev->type) {
    case MAILPROTO_EV_POP3_LOGIN:
        st = log_in(v, ev);
        break;
    case MAILPROTO_EV_POP3_OPEN:
        st = open_drop(v, ev->tag);
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        m = message_of(v, ev->number);
        st = m == NULL ? MAILPROTO_ERR_STATE
                       : mailproto_pop3_server_size(v->server, ev->tag, m->given.len);
        break;
    case MAILPROTO_EV_POP3_NEED_UID:
        m = message_of(v, ev->number);
        st = m == NULL ? MAILPROTO_ERR_STATE
                       : mailproto_pop3_server_uid(v->server, ev->tag, bytes(m->uid));
        break;
    case MAILPROTO_EV_POP3_RETR:
        st = retrieve(v, ev);
        break;
    case MAILPROTO_EV_POP3_UPDATE:
        st = update(v, ev);
        break;
    case MAILPROTO_EV_AUTH_START:
    case MAILPROTO_EV_AUTH_DATA:
        st = mailproto_session_auth_finish(mailproto_pop3_server_session(v->server),
                                           ev->tag, MAILPROTO_ERR_AUTH);
        break;
    default:
        st = mailproto_pop3_server_accept(v->server, ev->tag);
        break;
    }
    return st == MAILPROTO_OK ? 0 : broken(v, "an answer is refused");
}

int maildrop_event(struct maildrop_visit *v, mailproto_session *s,
                   const mailproto_event *ev)
{
    (void)s;
    switch (ev->type) {
    case MAILPROTO_EV_CONTENT_WANTED:
        v->sending = 1;
        v->wanted++;
        return 0;
    case MAILPROTO_EV_POP3_UPDATE_ITEM:
        if (ev->number == 0 || ev->number > v->view_count ||
            v->doomed[ev->number - 1]) {
            return broken(v, "UPDATE_ITEM of no message, or twice");
        }
        v->doomed[ev->number - 1] = 1;
        v->dooms++;
        return 0;
    case MAILPROTO_EV_POP3_RSET:
        v->rsets++;
        break;
    case MAILPROTO_EV_POP3_COMMAND:
        v->commands++;
        v->rejected += (ev->flags & MAILPROTO_EVF_REJECTED) != 0;
        break;
    default:
        break;
    }
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return 0;
    }
    if (v->draw != NULL && draw(v, 8) < 3) {
        v->asked = *ev;
        v->put_off = 1 + (int)draw(v, 2);
        return 0;
    }
    return answer(v, ev);
}

static int send_some(struct maildrop_visit *v, mailproto_session *s)
{
    size_t left = v->content.len - v->content_used;
    size_t used = 0;
    mailproto_status st = MAILPROTO_ENOUGH;

    if (left != 0) {
        size_t len = v->draw != NULL ? 1 + draw(v, (uint32_t)left) : left;
        st =
            mailproto_session_content(s, v->content.data + v->content_used, len, &used);
        v->content_used += used;
    }
    if (st == MAILPROTO_ENOUGH) {
        v->content_used = v->content.len;
        st = mailproto_session_content_end(s);
        if (st == MAILPROTO_OK) {
            v->sending = 0;
            return 1;
        }
    }
    return st < 0 ? broken(v, "content is refused") : used != 0;
}

int maildrop_turn(struct maildrop_visit *v, mailproto_session *s)
{
    mailproto_want want;

    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(s, &want);
    if ((want.flags & MAILPROTO_WANT_CLOSED) != 0) {
        return 0;
    }
    if (v->put_off != 0) {
        v->put_off--;
        return v->put_off != 0 ? 1 : answer(v, &v->asked) == 0 ? 1 : -1;
    }
    return v->sending ? send_some(v, s) : 0;
}

void maildrop_visit_end(struct maildrop_visit *v)
{
    text_free(&v->content);
}
