/* What POP3's events say besides: see record.h. */
#include "record.h"

#include "names.h"

#include <mailproto/pop3.h>

static void set_word(json_t *object, const char *key, const word *words, uint64_t value)
{
    const char *name = word_of(words, value);
    if (name != NULL) {
        json_object_set_new(object, key, json_string(name));
    }
}

static void add_status(json_t *object, const mailproto_event *ev)
{
    mailproto_pop3_status s = {0};
    s.struct_size = sizeof s;
    if (mailproto_pop3_event_status(ev, &s) != MAILPROTO_OK) {
        return;
    }
    json_t *status = json_object();
    set_word(status, "reply", pop3_reply_words, s.code);
    set_word(status, "verb", pop3_verb_words, s.verb);
    if (s.resp_text.len > 0) {
        set_word(status, "resp", pop3_resp_words, s.resp);
        record_bytes(status, "resp_text", s.resp_text);
    }
    if (s.code != MAILPROTO_POP3_NO_REPLY) {
        record_bytes(status, "text", s.text);
    }
    if (s.verb == MAILPROTO_POP3_VERB_STAT && s.code == MAILPROTO_POP3_OK) {
        json_object_set_new(status, "messages", json_integer(s.messages));
        json_object_set_new(status, "octets", json_integer((json_int_t)s.octets));
    }
    if (s.local != 0) {
        json_object_set_new(status, "local",
                            json_string(mailproto_error_name(s.local)));
    }
    json_object_set_new(object, "status", status);
}

static void add_login(json_t *object, const mailproto_event *ev)
{
    mailproto_pop3_login l = {0};
    l.struct_size = sizeof l;
    if (mailproto_pop3_event_login(ev, &l) != MAILPROTO_OK) {
        return;
    }
    json_t *login = json_object();
    json_object_set_new(login, "apop", json_boolean(l.apop));
    record_bytes(login, "name", l.name);
    record_bytes(login, "secret", l.secret);
    if (l.apop) {
        record_bytes(login, "stamp", l.stamp);
    }
    json_object_set_new(object, "login", login);
}

void record_pop3_details(json_t *object, const mailproto_event *ev)
{
    uint64_t lines = 0;
    switch (ev->type) {
    case MAILPROTO_EV_POP3_GREETING:
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_REFUSED:
    case MAILPROTO_EV_AUTH_RESULT:
        add_status(object, ev);
        break;
    case MAILPROTO_EV_POP3_COMMIT:
        set_word(object, "commit", pop3_commit_words, ev->code);
        add_status(object, ev);
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        add_login(object, ev);
        break;
    case MAILPROTO_EV_POP3_RETR:
        set_word(object, "verb", pop3_verb_words, ev->code);
        if (mailproto_pop3_event_top(ev, &lines) == MAILPROTO_OK) {
            json_object_set_new(object, "lines", json_integer((json_int_t)lines));
        }
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        set_word(object, "verb", pop3_verb_words, ev->code);
        break;
    case MAILPROTO_EV_POP3_COMMAND:
        set_word(object, "verb", pop3_verb_words,
                 ev->flags & MAILPROTO_EVF_REJECTED ? ev->number : ev->code);
        break;
    default:
        break;
    }
}
