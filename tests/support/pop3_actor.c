/*
 * The POP3 half of the transcript player. Knows the public header of POP3.
 */
#include "pop3_actor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "actor_options.h"
#include "pop3_events.h"

/* ---- options ---------------------------------------------------------------------- */

static const char *const cap_names[] = {
    "TOP",        "USER",   "SASL",      "RESP-CODES",     "LOGIN-DELAY",
    "PIPELINING", "EXPIRE", "UIDL",      "IMPLEMENTATION", "AUTH-RESP-CODE",
    "STLS",       "UTF8",   "UTF8-USER", "LANG",
};
enum { CAP_NAMES = sizeof cap_names / sizeof cap_names[0] };

static const struct value client_flags[] = {
    {"no-pipelining", MAILPROTO_POP3_CLIENT_NO_PIPELINING},
    {"login-in-clear", MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR},
    {"apop", MAILPROTO_POP3_CLIENT_APOP},
    {NULL, 0},
};

static const struct value server_flags[] = {
    {"tls-implicit", MAILPROTO_POP3_SERVER_TLS_IMPLICIT},
    {"login-in-clear", MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR},
    {"policy-per-user", MAILPROTO_POP3_SERVER_POLICY_PER_USER},
    {NULL, 0},
};

static const struct value tls_modes[] = {
    {"required", MAILPROTO_POP3_TLS_REQUIRED},
    {"if-offered", MAILPROTO_POP3_TLS_IF_OFFERED},
    {"implicit", MAILPROTO_POP3_TLS_IMPLICIT},
    {"none", MAILPROTO_POP3_TLS_NONE},
    {NULL, 0},
};

#define AT_CLIENT(member) offsetof(mailproto_pop3_client_options, member)
#define AT_SERVER(member) offsetof(mailproto_pop3_server_options, member)

static const struct option client_options[] = {
    {"flags", OPTION_FLAGS, AT_CLIENT(flags), client_flags},
    {"in-size", OPTION_NUMBER, AT_CLIENT(in_size), NULL},
    {"out-size", OPTION_NUMBER, AT_CLIENT(out_size), NULL},
    {"max-outstanding", OPTION_NUMBER, AT_CLIENT(max_outstanding), NULL},
    {"caps-size", OPTION_NUMBER, AT_CLIENT(caps_size), NULL},
    {"max-line", OPTION_NUMBER, AT_CLIENT(max_line), NULL},
    {"line-ends", OPTION_WORD, AT_CLIENT(line_ends), line_end_policies},
    {"tls", OPTION_WORD, AT_CLIENT(tls), tls_modes},
    {"progress-bytes", OPTION_NUMBER, AT_CLIENT(progress_bytes), NULL},
    {"greeting-ms", OPTION_NUMBER, AT_CLIENT(greeting_ms), NULL},
    {"command-ms", OPTION_NUMBER, AT_CLIENT(command_ms), NULL},
    {"block-ms", OPTION_NUMBER, AT_CLIENT(block_ms), NULL},
    {"quit-ms", OPTION_NUMBER, AT_CLIENT(quit_ms), NULL},
    {"max-content", OPTION_NUMBER_64, AT_CLIENT(max_content), NULL},
    {"caps-forced", OPTION_MASK, AT_CLIENT(caps_forced), NULL},
    {"caps-forbidden", OPTION_MASK, AT_CLIENT(caps_forbidden), NULL},
    {NULL, OPTION_NUMBER, 0, NULL},
};

static const struct option server_options[] = {
    {"flags", OPTION_FLAGS, AT_SERVER(flags), server_flags},
    {"in-size", OPTION_NUMBER, AT_SERVER(in_size), NULL},
    {"out-size", OPTION_NUMBER, AT_SERVER(out_size), NULL},
    {"max-command", OPTION_NUMBER, AT_SERVER(max_command), NULL},
    {"max-auth-line", OPTION_NUMBER, AT_SERVER(max_auth_line), NULL},
    {"max-messages", OPTION_NUMBER, AT_SERVER(max_messages), NULL},
    {"max-bad-commands", OPTION_NUMBER, AT_SERVER(max_bad_commands), NULL},
    {"reply-max", OPTION_NUMBER, AT_SERVER(reply_max), NULL},
    {"line-ends", OPTION_WORD, AT_SERVER(line_ends), line_end_policies},
    {"progress-bytes", OPTION_NUMBER, AT_SERVER(progress_bytes), NULL},
    {"login-ms", OPTION_NUMBER, AT_SERVER(login_ms), NULL},
    {"idle-ms", OPTION_NUMBER, AT_SERVER(idle_ms), NULL},
    {"block-ms", OPTION_NUMBER, AT_SERVER(block_ms), NULL},
    {"login-delay", OPTION_NUMBER, AT_SERVER(login_delay), NULL},
    {"expire-days", OPTION_NUMBER, AT_SERVER(expire_days), NULL},
    {"caps", OPTION_MASK, AT_SERVER(caps), NULL},
    {"greeting", OPTION_BYTES, AT_SERVER(greeting), NULL},
    {"stamp", OPTION_BYTES, AT_SERVER(apop_stamp), NULL},
    {"auth", OPTION_BYTES, AT_SERVER(auth_mechanisms), NULL},
    {"implementation", OPTION_BYTES, AT_SERVER(implementation), NULL},
    {NULL, OPTION_NUMBER, 0, NULL},
};

uint64_t pop3_caps_mask(const char *words)
{
    return actor_caps_mask(cap_names, CAP_NAMES, words);
}

static const struct option_tables tables = {client_options, server_options,
                                            pop3_caps_mask};

/* ---- engines ---------------------------------------------------------------------- */

static int open_client(struct play *p, struct text *why)
{
    mailproto_pop3_client_options o;
    mailproto_pop3_client *client = NULL;
    mailproto_status st;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    if (!actor_options(p, &tables, &o, why)) {
        return 0;
    }
    size = mailproto_pop3_client_mem_size(&o);
    if (size == 0) {
        text_print(why, "the options are not valid");
        return 0;
    }
    st = mailproto_pop3_client_init(actor_block(p, size), size, &o, &client);
    if (st != MAILPROTO_OK) {
        text_print(why, "init: %s", status_name(st));
        return 0;
    }
    p->engine = client;
    p->session = mailproto_pop3_client_session(client);
    return 1;
}

static int open_server(struct play *p, struct text *why)
{
    mailproto_pop3_server_options o;
    mailproto_pop3_server *server = NULL;
    mailproto_status st;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    if (!actor_options(p, &tables, &o, why)) {
        return 0;
    }
    size = mailproto_pop3_server_mem_size(&o);
    if (size == 0) {
        text_print(why, "the options are not valid");
        return 0;
    }
    st = mailproto_pop3_server_init(actor_block(p, size), size, &o, &server);
    if (st != MAILPROTO_OK) {
        text_print(why, "init: %s", status_name(st));
        return 0;
    }
    p->engine = server;
    p->session = mailproto_pop3_server_session(server);
    return 1;
}

static int open_engine(struct play *p, struct text *why)
{
    events_speak(&pop3_language);
    return p->side == SIDE_CLIENT ? open_client(p, why) : open_server(p, why);
}

static void close_engine(struct play *p)
{
    free(p->block);
    p->block = NULL;
}

/* ---- the client's verbs ------------------------------------------------------------- */

/* The n-th word as a number, 0 when there is none. */
static uint64_t number_64(const struct words *w, size_t n)
{
    uint64_t value = 0;

    return n < w->count && word_number(&w->items[n], &value) ? value : 0;
}

static uint32_t number(const struct words *w, size_t n)
{
    return (uint32_t)number_64(w, n);
}

static mailproto_bytes word(const struct words *w, size_t n)
{
    return actor_bytes(&w->items[n].text);
}

static enum act client_login(struct play *p, const struct words *w,
                             mailproto_status *status)
{
    mailproto_pop3_client *c = p->engine;
    const struct word *verb = &w->items[0];

    if (word_is(verb, "login") && w->count == 3) {
        *status = mailproto_pop3_client_login(c, play_tag(p), word(w, 1), word(w, 2));
    } else if (word_is(verb, "apop") && w->count == 3) {
        *status = mailproto_pop3_client_apop(c, play_tag(p), word(w, 1), word(w, 2));
    } else if (word_is(verb, "capa")) {
        *status = mailproto_pop3_client_capa(c, play_tag(p));
    } else if (word_is(verb, "stls")) {
        *status = mailproto_pop3_client_stls(c, play_tag(p));
    } else if (word_is(verb, "utf8")) {
        *status = mailproto_pop3_client_utf8(c, play_tag(p));
    } else {
        return ACT_UNKNOWN;
    }
    return ACT_DONE;
}

static enum act client_text(struct play *p, const struct words *w,
                            mailproto_status *status)
{
    mailproto_pop3_client *c = p->engine;
    const struct word *verb = &w->items[0];
    struct text rest = {NULL, 0, 0};
    enum act act = ACT_DONE;

    actor_join_words(w, 1, &rest);
    if (word_is(verb, "lang")) {
        *status = mailproto_pop3_client_lang(c, play_tag(p), actor_bytes(&rest));
    } else if (word_is(verb, "command")) {
        *status = mailproto_pop3_client_command(c, play_tag(p), actor_bytes(&rest), 0);
    } else if (word_is(verb, "command-lines")) {
        *status = mailproto_pop3_client_command(c, play_tag(p), actor_bytes(&rest), 1);
    } else {
        act = ACT_UNKNOWN;
    }
    text_free(&rest);
    return act;
}

static enum act client_action(struct play *p, const struct words *w,
                              mailproto_status *status)
{
    mailproto_pop3_client *c = p->engine;
    const struct word *verb = &w->items[0];

    if (word_is(verb, "stat")) {
        *status = mailproto_pop3_client_stat(c, play_tag(p));
    } else if (word_is(verb, "list")) {
        *status = mailproto_pop3_client_list(c, play_tag(p), number(w, 1));
    } else if (word_is(verb, "uidl")) {
        *status = mailproto_pop3_client_uidl(c, play_tag(p), number(w, 1));
    } else if (word_is(verb, "retr")) {
        *status = mailproto_pop3_client_retr(c, play_tag(p), number(w, 1));
    } else if (word_is(verb, "top")) {
        *status = mailproto_pop3_client_top(c, play_tag(p), number(w, 1), number(w, 2));
    } else if (word_is(verb, "dele")) {
        *status = mailproto_pop3_client_dele(c, play_tag(p), number(w, 1));
    } else if (word_is(verb, "rset")) {
        *status = mailproto_pop3_client_rset(c, play_tag(p));
    } else if (word_is(verb, "noop")) {
        *status = mailproto_pop3_client_noop(c, play_tag(p));
    } else if (word_is(verb, "quit")) {
        *status = mailproto_pop3_client_quit(c, play_tag(p));
    } else if (client_login(p, w, status) == ACT_UNKNOWN) {
        return client_text(p, w, status);
    }
    return ACT_DONE;
}

/* ---- the server's answers ----------------------------------------------------------- */

static enum act answer_err(struct play *p, const struct words *w,
                           mailproto_status *status)
{
    struct text rest = {NULL, 0, 0};
    size_t first = 1;
    int resp = -1;

    if (w->count > 1) {
        resp = pop3_resp_by_name(w->items[1].text.data, w->items[1].text.len);
    }
    first += resp >= 0;
    actor_join_words(w, first, &rest);
    *status = mailproto_pop3_server_err(
        p->engine, p->request, resp >= 0 ? (uint32_t)resp : 0, actor_bytes(&rest));
    text_free(&rest);
    return ACT_DONE;
}

static enum act answer(struct play *p, const struct words *w, mailproto_status *status)
{
    mailproto_pop3_server *s = p->engine;
    const struct word *verb = &w->items[0];
    struct text rest = {NULL, 0, 0};
    enum act act = ACT_DONE;

    actor_join_words(w, 1, &rest);
    if (word_is(verb, "accept") && w->count == 1) {
        *status = mailproto_pop3_server_accept(s, p->request);
    } else if (word_is(verb, "ok")) {
        *status = mailproto_pop3_server_ok(s, p->request, 0, actor_bytes(&rest));
    } else if (word_is(verb, "ok-body")) {
        *status = mailproto_pop3_server_ok(s, p->request, MAILPROTO_POP3_BODY,
                                           actor_bytes(&rest));
    } else if (word_is(verb, "err")) {
        act = answer_err(p, w, status);
    } else if (word_is(verb, "drop") && w->count == 3) {
        *status =
            mailproto_pop3_server_drop(s, p->request, number(w, 1), number_64(w, 2));
    } else if (word_is(verb, "size") && w->count == 2) {
        *status = mailproto_pop3_server_size(s, p->request, number_64(w, 1));
    } else if (word_is(verb, "uid") && w->count == 2) {
        *status = mailproto_pop3_server_uid(s, p->request, word(w, 1));
    } else {
        act = ACT_UNKNOWN;
    }
    text_free(&rest);
    return act;
}

static enum act server_action(struct play *p, const struct words *w,
                              mailproto_status *status)
{
    int intact = play_event_is_intact(p);
    enum act act = answer(p, w, status);

    if (act == ACT_DONE) {
        if (!intact) {
            (void)play_fail(p, "the event's text changed before it was answered");
        }
        p->raw.text.ptr = *status == MAILPROTO_OK ? NULL : p->raw.text.ptr;
        return ACT_DONE;
    }
    if (word_is(&w->items[0], "policy") && w->count == 3) {
        *status = mailproto_pop3_server_policy(p->engine, number(w, 1), number(w, 2));
        return ACT_DONE;
    }
    if (word_is(&w->items[0], "shutdown")) {
        struct text rest = {NULL, 0, 0};
        actor_join_words(w, 1, &rest);
        *status = mailproto_pop3_server_shutdown(p->engine, actor_bytes(&rest));
        text_free(&rest);
        return ACT_DONE;
    }
    return ACT_UNKNOWN;
}

static enum act pop3_act(struct play *p, const struct words *w,
                         mailproto_status *status)
{
    return p->side == SIDE_CLIENT ? client_action(p, w, status)
                                  : server_action(p, w, status);
}

/* ---- checks --------------------------------------------------------------------------- */

static int server_check(struct play *p, const struct word *w)
{
    uint64_t n = 0;

    if (!word_number(w, &n)) {
        return -1;
    }
    if (strcmp(w->key, "marked") == 0) {
        return mailproto_pop3_server_is_marked(p->engine, (uint32_t)n) == 1;
    }
    if (strcmp(w->key, "not-marked") == 0) {
        return mailproto_pop3_server_is_marked(p->engine, (uint32_t)n) == 0;
    }
    if (strcmp(w->key, "utf8") == 0) {
        return mailproto_pop3_server_utf8(p->engine) == (int)n;
    }
    return -1;
}

static int pop3_check(struct play *p, const struct word *w)
{
    int cap = actor_cap_of(cap_names, CAP_NAMES, w->text.data, w->text.len);

    if (strcmp(w->key, "cap") == 0 && cap >= 0) {
        return mailproto_session_has_cap(p->session, (uint32_t)cap) == 1;
    }
    if (strcmp(w->key, "no-cap") == 0 && cap >= 0) {
        return mailproto_session_has_cap(p->session, (uint32_t)cap) == 0;
    }
    if (strcmp(w->key, "cap-line") == 0) {
        return actor_has_cap_line(p, &w->text);
    }
    if (strcmp(w->key, "no-cap-line") == 0) {
        return !actor_has_cap_line(p, &w->text);
    }
    if (p->side == SIDE_SERVER) {
        return server_check(p, w);
    }
    if (strcmp(w->key, "stamp") == 0) {
        mailproto_bytes stamp = mailproto_pop3_client_apop_stamp(p->engine);
        return stamp.len == w->text.len &&
               (stamp.len == 0 || memcmp(stamp.ptr, w->text.data, stamp.len) == 0);
    }
    return -1;
}

const struct actor pop3_actor = {open_engine, close_engine, pop3_act, pop3_check};
