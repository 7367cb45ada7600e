/*
 * The SMTP half of the transcript player: engines from a head, verbs from actions.
 * Knows the public header of SMTP.
 */
#include "smtp_actor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "actor_options.h"

/* ---- names -------------------------------------------------------------------------- */

static const char *const cap_names[] = {
    "PIPELINING",    "SIZE",        "8BITMIME",   "SMTPUTF8",   "ENHANCEDSTATUSCODES",
    "STARTTLS",      "AUTH",        "CHUNKING",   "BINARYMIME", "DSN",
    "VRFY",          "EXPN",        "HELP",       "ETRN",       "DELIVERBY",
    "FUTURERELEASE", "MT-PRIORITY", "REQUIRETLS", "LIMITS",     "RRVS",
    "BURL",          "XCLIENT",     "XFORWARD",
};

static const struct value client_flags[] = {
    {"no-pipelining", MAILPROTO_SMTP_CLIENT_NO_PIPELINING},
    {"lmtp", MAILPROTO_SMTP_CLIENT_LMTP},
    {"auth-in-clear", MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR},
    {NULL, 0},
};

static const struct value server_flags[] = {
    {"tls-implicit", MAILPROTO_SMTP_SERVER_TLS_IMPLICIT},
    {"lmtp", MAILPROTO_SMTP_SERVER_LMTP},
    {"require-tls", MAILPROTO_SMTP_SERVER_REQUIRE_TLS},
    {"require-auth", MAILPROTO_SMTP_SERVER_REQUIRE_AUTH},
    {"auth-in-clear", MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR},
    {"refuse-early", MAILPROTO_SMTP_SERVER_REFUSE_EARLY},
    {NULL, 0},
};

static const struct value tls_modes[] = {
    {"required", MAILPROTO_SMTP_TLS_REQUIRED},
    {"if-offered", MAILPROTO_SMTP_TLS_IF_OFFERED},
    {"implicit", MAILPROTO_SMTP_TLS_IMPLICIT},
    {"none", MAILPROTO_SMTP_TLS_NONE},
    {NULL, 0},
};

/* ---- options -------------------------------------------------------------------------- */

#define AT_CLIENT(member) offsetof(mailproto_smtp_client_options, member)
#define AT_SERVER(member) offsetof(mailproto_smtp_server_options, member)

static const struct option client_options[] = {
    {"flags", OPTION_FLAGS, AT_CLIENT(flags), client_flags},
    {"in-size", OPTION_NUMBER, AT_CLIENT(in_size), NULL},
    {"out-size", OPTION_NUMBER, AT_CLIENT(out_size), NULL},
    {"max-outstanding", OPTION_NUMBER, AT_CLIENT(max_outstanding), NULL},
    {"caps-size", OPTION_NUMBER, AT_CLIENT(caps_size), NULL},
    {"max-reply", OPTION_NUMBER, AT_CLIENT(max_reply), NULL},
    {"line-ends", OPTION_WORD, AT_CLIENT(line_ends), line_end_policies},
    {"tls", OPTION_WORD, AT_CLIENT(tls), tls_modes},
    {"progress-bytes", OPTION_NUMBER, AT_CLIENT(progress_bytes), NULL},
    {"greeting-ms", OPTION_NUMBER, AT_CLIENT(greeting_ms), NULL},
    {"command-ms", OPTION_NUMBER, AT_CLIENT(command_ms), NULL},
    {"data-ms", OPTION_NUMBER, AT_CLIENT(data_ms), NULL},
    {"block-ms", OPTION_NUMBER, AT_CLIENT(block_ms), NULL},
    {"final-ms", OPTION_NUMBER, AT_CLIENT(final_ms), NULL},
    {"caps-forced", OPTION_MASK, AT_CLIENT(caps_forced), NULL},
    {"caps-forbidden", OPTION_MASK, AT_CLIENT(caps_forbidden), NULL},
    {"ehlo", OPTION_BYTES, AT_CLIENT(ehlo_name), NULL},
    {NULL, OPTION_NUMBER, 0, NULL},
};

static const struct option server_options[] = {
    {"flags", OPTION_FLAGS, AT_SERVER(flags), server_flags},
    {"in-size", OPTION_NUMBER, AT_SERVER(in_size), NULL},
    {"out-size", OPTION_NUMBER, AT_SERVER(out_size), NULL},
    {"max-command", OPTION_NUMBER, AT_SERVER(max_command), NULL},
    {"max-auth-line", OPTION_NUMBER, AT_SERVER(max_auth_line), NULL},
    {"max-recipients", OPTION_NUMBER, AT_SERVER(max_recipients), NULL},
    {"max-bad-commands", OPTION_NUMBER, AT_SERVER(max_bad_commands), NULL},
    {"max-transactions", OPTION_NUMBER, AT_SERVER(max_transactions), NULL},
    {"reply-max", OPTION_NUMBER, AT_SERVER(reply_max), NULL},
    {"line-ends", OPTION_WORD, AT_SERVER(line_ends), line_end_policies},
    {"progress-bytes", OPTION_NUMBER, AT_SERVER(progress_bytes), NULL},
    {"command-ms", OPTION_NUMBER, AT_SERVER(command_ms), NULL},
    {"block-ms", OPTION_NUMBER, AT_SERVER(block_ms), NULL},
    {"max-content", OPTION_NUMBER_64, AT_SERVER(max_content), NULL},
    {"caps", OPTION_MASK, AT_SERVER(caps), NULL},
    {"host", OPTION_BYTES, AT_SERVER(host_name), NULL},
    {"auth", OPTION_BYTES, AT_SERVER(auth_mechanisms), NULL},
    {NULL, OPTION_NUMBER, 0, NULL},
};

uint64_t smtp_caps_mask(const char *words)
{
    return actor_caps_mask(cap_names, sizeof cap_names / sizeof cap_names[0], words);
}

static const struct option_tables options = {client_options, server_options,
                                             smtp_caps_mask};

/* ---- engines ------------------------------------------------------------------------------ */

static int open_client(struct play *p, struct text *why)
{
    mailproto_smtp_client_options o;
    mailproto_smtp_client *client = NULL;
    mailproto_status st;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    if (!actor_options(p, &options, &o, why)) {
        return 0;
    }
    size = mailproto_smtp_client_mem_size(&o);
    if (size == 0) {
        text_print(why, "the options are not valid");
        return 0;
    }
    st = mailproto_smtp_client_init(actor_block(p, size), size, &o, &client);
    if (st != MAILPROTO_OK) {
        text_print(why, "init: %s", status_name(st));
        return 0;
    }
    p->engine = client;
    p->session = mailproto_smtp_client_session(client);
    return 1;
}

static int open_server(struct play *p, struct text *why)
{
    mailproto_smtp_server_options o;
    mailproto_smtp_server *server = NULL;
    mailproto_status st;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    if (!actor_options(p, &options, &o, why)) {
        return 0;
    }
    size = mailproto_smtp_server_mem_size(&o);
    if (size == 0) {
        text_print(why, "the options are not valid");
        return 0;
    }
    st = mailproto_smtp_server_init(actor_block(p, size), size, &o, &server);
    if (st != MAILPROTO_OK) {
        text_print(why, "init: %s", status_name(st));
        return 0;
    }
    p->engine = server;
    p->session = mailproto_smtp_server_session(server);
    return 1;
}

static int open_engine(struct play *p, struct text *why)
{
    return p->side == SIDE_CLIENT ? open_client(p, why) : open_server(p, why);
}

static void close_engine(struct play *p)
{
    free(p->block);
    p->block = NULL;
}

/* ---- the client's verbs ---------------------------------------------------------------------- */

static int starts(const struct text *t, const char *with)
{
    size_t len = strlen(with);
    return t->len >= len && memcmp(t->data, with, len) == 0;
}

static uint32_t body_value(const struct text *t)
{
    if (strcmp(t->data, "BODY=8BITMIME") == 0) {
        return MAILPROTO_SMTP_BODY_8BITMIME;
    }
    return strcmp(t->data, "BODY=7BIT") == 0 ? MAILPROTO_SMTP_BODY_7BIT
                                             : MAILPROTO_SMTP_BODY_BINARYMIME;
}

static mailproto_status mail(struct play *p, const struct words *w)
{
    mailproto_smtp_mail_params params;
    struct text extra = {NULL, 0, 0};
    mailproto_status st;
    size_t i;

    memset(&params, 0, sizeof params);
    params.struct_size = sizeof params;
    for (i = 2; i < w->count; i++) {
        struct text *t = &w->items[i].text;
        (void)text_string(t);
        if (starts(t, "SIZE=")) {
            params.size = strtoull(t->data + 5, NULL, 10);
            params.flags |= MAILPROTO_SMTP_MAIL_HAS_SIZE;
        } else if (starts(t, "BODY=")) {
            params.body = body_value(t);
        } else if (strcmp(t->data, "SMTPUTF8") == 0) {
            params.flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8;
        } else if (starts(t, "AUTH=")) {
            params.flags |= MAILPROTO_SMTP_MAIL_HAS_AUTH;
            params.auth = actor_bytes(t);
            params.auth.ptr += 5;
            params.auth.len -= 5;
        } else {
            text_print(&extra, "%s", extra.len != 0 ? " " : "");
            text_add(&extra, t->data, t->len);
        }
    }
    params.extra = actor_bytes(&extra);
    st = mailproto_smtp_client_mail(p->engine, play_tag(p),
                                    actor_bytes(&w->items[1].text),
                                    w->count > 2 ? &params : NULL);
    text_free(&extra);
    return st;
}

static mailproto_status rcpt(struct play *p, const struct words *w)
{
    mailproto_smtp_rcpt_params params;
    struct text extra = {NULL, 0, 0};
    mailproto_status st;

    memset(&params, 0, sizeof params);
    params.struct_size = sizeof params;
    actor_join_words(w, 2, &extra);
    params.extra = actor_bytes(&extra);
    st = mailproto_smtp_client_rcpt(p->engine, play_tag(p),
                                    actor_bytes(&w->items[1].text),
                                    w->count > 2 ? &params : NULL);
    text_free(&extra);
    return st;
}

static enum act client_text_verb(struct play *p, const struct words *w,
                                 mailproto_status *status)
{
    struct text rest = {NULL, 0, 0};
    enum act act = ACT_DONE;

    actor_join_words(w, 1, &rest);
    if (word_is(&w->items[0], "vrfy")) {
        *status =
            mailproto_smtp_client_vrfy(p->engine, play_tag(p), actor_bytes(&rest));
    } else if (word_is(&w->items[0], "help")) {
        *status =
            mailproto_smtp_client_help(p->engine, play_tag(p), actor_bytes(&rest));
    } else if (word_is(&w->items[0], "command")) {
        *status =
            mailproto_smtp_client_command(p->engine, play_tag(p), actor_bytes(&rest));
    } else {
        act = ACT_UNKNOWN;
    }
    text_free(&rest);
    return act;
}

static enum act client_action(struct play *p, const struct words *w,
                              mailproto_status *status)
{
    const struct word *verb = &w->items[0];
    mailproto_smtp_client *client = p->engine;

    if (word_is(verb, "mail") && w->count > 1) {
        *status = mail(p, w);
    } else if (word_is(verb, "rcpt") && w->count > 1) {
        *status = rcpt(p, w);
    } else if (word_is(verb, "data")) {
        *status = mailproto_smtp_client_data(client, play_tag(p));
    } else if (word_is(verb, "bdat")) {
        *status = mailproto_smtp_client_bdat(client, play_tag(p), 1, 1);
    } else if (word_is(verb, "rset")) {
        *status = mailproto_smtp_client_rset(client, play_tag(p));
    } else if (word_is(verb, "noop")) {
        *status = mailproto_smtp_client_noop(client, play_tag(p));
    } else if (word_is(verb, "quit")) {
        *status = mailproto_smtp_client_quit(client, play_tag(p));
    } else if (word_is(verb, "starttls")) {
        *status = mailproto_smtp_client_starttls(client, play_tag(p));
    } else {
        return client_text_verb(p, w, status);
    }
    return ACT_DONE;
}

/* ---- the server's answers --------------------------------------------------------------------- */

/* `550 5.1.1 text`; the index of the first word of the text. */
static size_t status_words(const struct words *w, mailproto_smtp_status *out)
{
    unsigned parts[3];
    size_t at = 1;
    char *end;
    int i;

    memset(out, 0, sizeof *out);
    if (at < w->count) {
        out->code = (uint16_t)strtoul(text_string(&w->items[at].text), NULL, 10);
        at++;
    }
    if (at < w->count) {
        const char *from = text_string(&w->items[at].text);
        for (i = 0; i < 3; i++) {
            parts[i] = (unsigned)strtoul(from, &end, 10);
            if (end == from || *end != (i < 2 ? '.' : '\0')) {
                return at;
            }
            from = end + 1;
        }
        for (i = 0; i < 3; i++) {
            out->enhanced[i] = (uint16_t)parts[i];
        }
        at++;
    }
    return at;
}

static enum act server_text_action(struct play *p, const struct words *w,
                                   mailproto_status *status)
{
    const struct word *verb = &w->items[0];
    mailproto_smtp_status st;
    struct text rest = {NULL, 0, 0};
    enum act act = ACT_DONE;

    if (word_is(verb, "shutdown")) {
        const char *first = w->count > 1 ? text_string(&w->items[1].text) : "";
        int given = *first >= '2' && *first <= '5';
        actor_join_words(w, given ? status_words(w, &st) : 1, &rest);
        *status = mailproto_smtp_server_shutdown(p->engine, given ? &st : NULL,
                                                 actor_bytes(&rest));
    } else {
        actor_join_words(w, status_words(w, &st), &rest);
        if (word_is(verb, "reply")) {
            *status = mailproto_smtp_server_reply(p->engine, p->request, &st, 0,
                                                  actor_bytes(&rest));
        } else if (word_is(verb, "reply-more")) {
            *status = mailproto_smtp_server_reply(p->engine, p->request, &st,
                                                  MAILPROTO_SMTP_REPLY_MORE,
                                                  actor_bytes(&rest));
        } else if (word_is(verb, "refuse")) {
            *status = mailproto_smtp_server_refuse_content(p->engine, &st,
                                                           actor_bytes(&rest));
        } else {
            act = ACT_UNKNOWN;
        }
    }
    text_free(&rest);
    return act;
}

static enum act server_action(struct play *p, const struct words *w,
                              mailproto_status *status)
{
    const struct word *verb = &w->items[0];

    if ((word_is(verb, "accept") || word_is(verb, "reply")) &&
        !play_event_is_intact(p)) {
        (void)play_fail(p, "the event's text changed before it was answered");
    }
    if (word_is(verb, "accept") && w->count == 1) {
        *status = mailproto_smtp_server_accept(p->engine, p->request);
        p->raw.text.ptr = *status == MAILPROTO_OK ? NULL : p->raw.text.ptr;
        return ACT_DONE;
    }
    if (word_is(verb, "reply")) {
        enum act act = server_text_action(p, w, status);
        p->raw.text.ptr = *status == MAILPROTO_OK ? NULL : p->raw.text.ptr;
        return act;
    }
    return server_text_action(p, w, status);
}

static enum act smtp_act(struct play *p, const struct words *w,
                         mailproto_status *status)
{
    return p->side == SIDE_CLIENT ? client_action(p, w, status)
                                  : server_action(p, w, status);
}

/* ---- checks --------------------------------------------------------------------------------------- */

static int smtp_check(struct play *p, const struct word *w)
{
    int cap = actor_cap_of(cap_names, sizeof cap_names / sizeof cap_names[0],
                           w->text.data, w->text.len);
    uint64_t number;

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
    if (strcmp(w->key, "size-limit") == 0 && p->side == SIDE_CLIENT &&
        word_number(w, &number)) {
        return mailproto_smtp_client_size_limit(p->engine) == number;
    }
    if (strcmp(w->key, "with") == 0 && p->side == SIDE_SERVER) {
        const char *with = mailproto_smtp_server_with(p->engine);
        return strlen(with) == w->text.len &&
               memcmp(with, w->text.data, w->text.len) == 0;
    }
    return -1;
}

const struct actor smtp_actor = {open_engine, close_engine, smtp_act, smtp_check};
