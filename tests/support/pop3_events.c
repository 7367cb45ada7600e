/*
 * What the events of POP3 say. Knows its public header.
 */
#include "pop3_events.h"

#include <stdio.h>
#include <string.h>

static const char *const verbs[] = {
    "UNKNOWN", "USER", "PASS", "APOP", "AUTH", "CAPA", "STLS", "UTF8", "LANG",
    "STAT",    "LIST", "UIDL", "RETR", "TOP",  "DELE", "RSET", "NOOP", "QUIT",
};
static const char *const resps[] = {"none",     "LOGIN-DELAY", "IN-USE", "SYS/TEMP",
                                    "SYS/PERM", "AUTH",        "UTF8"};
static const char *const codes[] = {"OK", "ERR", "NO-REPLY"};
static const char *const commits[] = {"DONE", "FAILED", "UNKNOWN", "NOT", "NOTHING"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int index_of(const char *const *names, size_t count, const char *name,
                    size_t len)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int pop3_resp_by_name(const char *name, size_t len)
{
    return index_of(resps, COUNT(resps), name, len);
}

static int code_of(uint32_t type, const char *word, size_t len)
{
    switch (type) {
    case MAILPROTO_EV_POP3_GREETING:
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_REFUSED:
    case MAILPROTO_EV_AUTH_RESULT:
        return index_of(codes, COUNT(codes), word, len);
    case MAILPROTO_EV_POP3_COMMIT:
        return index_of(commits, COUNT(commits), word, len);
    default:
        return -1;
    }
}

static void number_detail(struct text *out, const char *key, uint64_t value)
{
    char number[24];

    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    event_detail_text(out, key, number);
}

static void verb_detail(struct text *out, uint64_t verb)
{
    event_detail_text(out, "verb", verb < COUNT(verbs) ? verbs[verb] : "?");
}

static void status_details(struct text *out, struct text *extra,
                           const mailproto_event *ev)
{
    mailproto_pop3_status st;

    memset(&st, 0, sizeof st);
    st.struct_size = sizeof st;
    if (mailproto_pop3_event_status(ev, &st) != MAILPROTO_OK) {
        return;
    }
    number_detail(out, "status", st.code);
    event_detail_text(out, "resp", st.resp < COUNT(resps) ? resps[st.resp] : "?");
    event_detail_text(out, "local",
                      st.local != MAILPROTO_OK ? status_name(st.local) : "");
    status_met(st.local);
    verb_detail(out, st.verb);
    if (ev->type == MAILPROTO_EV_POP3_REPLY && st.verb == MAILPROTO_POP3_VERB_STAT) {
        number_detail(out, "messages", st.messages);
        number_detail(out, "octets", st.octets);
    }
    event_detail(extra, "resp-text", st.resp_text);
    event_detail(extra, "words", st.text);
}

static void login_details(struct text *out, const mailproto_event *ev)
{
    mailproto_pop3_login login;

    memset(&login, 0, sizeof login);
    login.struct_size = sizeof login;
    if (mailproto_pop3_event_login(ev, &login) != MAILPROTO_OK) {
        event_detail_text(out, "login", "?");
        return;
    }
    number_detail(out, "apop", login.apop);
    event_detail(out, "name", login.name);
    event_detail(out, "secret", login.secret);
    event_detail(out, "stamp", login.stamp);
}

static void retr_details(struct text *out, const mailproto_event *ev)
{
    uint64_t lines = 0;

    verb_detail(out, ev->code);
    if (mailproto_pop3_event_top(ev, &lines) == MAILPROTO_OK) {
        number_detail(out, "lines", lines);
    }
}

static void details(struct text *out, struct text *extra, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_POP3_GREETING:
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_POP3_COMMIT:
    case MAILPROTO_EV_REFUSED:
    case MAILPROTO_EV_AUTH_RESULT:
        status_details(out, extra, ev);
        break;
    case MAILPROTO_EV_POP3_LOGIN:
        login_details(out, ev);
        break;
    case MAILPROTO_EV_POP3_RETR:
        retr_details(out, ev);
        break;
    case MAILPROTO_EV_POP3_NEED_SIZE:
        verb_detail(out, ev->code);
        break;
    case MAILPROTO_EV_POP3_COMMAND:
        verb_detail(out, (ev->flags & MAILPROTO_EVF_REJECTED) != 0 ? ev->number : 0);
        break;
    default:
        break;
    }
}

const struct event_language pop3_language = {details, code_of};
