/*
 * The SMTP half of the transcript player: engines from a head, verbs from actions.
 * Knows the public header of SMTP.
 */
#include "smtp_actor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- names -------------------------------------------------------------------------- */

struct value {
    const char *name;
    uint32_t value;
};

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

static const struct value line_end_policies[] = {
    {"default", MAILPROTO_LINE_ENDS_DEFAULT},
    {"refuse", MAILPROTO_LINE_ENDS_REFUSE},
    {"repair", MAILPROTO_LINE_ENDS_REPAIR},
    {"pass", MAILPROTO_LINE_ENDS_PASS},
    {NULL, 0},
};

/* ---- options -------------------------------------------------------------------------- */

enum kind { NUMBER, NUMBER_64, FLAGS, MODE, POLICY, CAPS, BYTES };

struct option {
    const char *key;
    enum kind kind;
    size_t at;
};

#define AT_CLIENT(member) offsetof(mailproto_smtp_client_options, member)
#define AT_SERVER(member) offsetof(mailproto_smtp_server_options, member)

static const struct option client_options[] = {
    {"flags", FLAGS, AT_CLIENT(flags)},
    {"in-size", NUMBER, AT_CLIENT(in_size)},
    {"out-size", NUMBER, AT_CLIENT(out_size)},
    {"max-outstanding", NUMBER, AT_CLIENT(max_outstanding)},
    {"caps-size", NUMBER, AT_CLIENT(caps_size)},
    {"max-reply", NUMBER, AT_CLIENT(max_reply)},
    {"line-ends", POLICY, AT_CLIENT(line_ends)},
    {"tls", MODE, AT_CLIENT(tls)},
    {"progress-bytes", NUMBER, AT_CLIENT(progress_bytes)},
    {"greeting-ms", NUMBER, AT_CLIENT(greeting_ms)},
    {"command-ms", NUMBER, AT_CLIENT(command_ms)},
    {"data-ms", NUMBER, AT_CLIENT(data_ms)},
    {"block-ms", NUMBER, AT_CLIENT(block_ms)},
    {"final-ms", NUMBER, AT_CLIENT(final_ms)},
    {"caps-forced", CAPS, AT_CLIENT(caps_forced)},
    {"caps-forbidden", CAPS, AT_CLIENT(caps_forbidden)},
    {"ehlo", BYTES, AT_CLIENT(ehlo_name)},
    {NULL, NUMBER, 0},
};

static const struct option server_options[] = {
    {"flags", FLAGS, AT_SERVER(flags)},
    {"in-size", NUMBER, AT_SERVER(in_size)},
    {"out-size", NUMBER, AT_SERVER(out_size)},
    {"max-command", NUMBER, AT_SERVER(max_command)},
    {"max-auth-line", NUMBER, AT_SERVER(max_auth_line)},
    {"max-recipients", NUMBER, AT_SERVER(max_recipients)},
    {"max-bad-commands", NUMBER, AT_SERVER(max_bad_commands)},
    {"max-transactions", NUMBER, AT_SERVER(max_transactions)},
    {"reply-max", NUMBER, AT_SERVER(reply_max)},
    {"line-ends", POLICY, AT_SERVER(line_ends)},
    {"progress-bytes", NUMBER, AT_SERVER(progress_bytes)},
    {"command-ms", NUMBER, AT_SERVER(command_ms)},
    {"block-ms", NUMBER, AT_SERVER(block_ms)},
    {"max-content", NUMBER_64, AT_SERVER(max_content)},
    {"caps", CAPS, AT_SERVER(caps)},
    {"host", BYTES, AT_SERVER(host_name)},
    {"auth", BYTES, AT_SERVER(auth_mechanisms)},
    {NULL, NUMBER, 0},
};

/* Keys that are not options of an engine. */
static const char *const other_keys[] = {"role", "pair", "cuts", "order", NULL};

static const struct option *option_of(const struct option *options, const char *key)
{
    for (; options->key != NULL; options++) {
        if (strcmp(options->key, key) == 0) {
            return options;
        }
    }
    return NULL;
}

/* A name in a table; 0 or -1. */
static int value_of(const struct value *names, const char *name, size_t len,
                    uint32_t *value)
{
    for (; names->name != NULL; names++) {
        if (strlen(names->name) == len && memcmp(names->name, name, len) == 0) {
            *value = names->value;
            return 1;
        }
    }
    return 0;
}

static int cap_of(const char *name, size_t len)
{
    int i;

    for (i = 0; i < (int)(sizeof cap_names / sizeof cap_names[0]); i++) {
        if (strlen(cap_names[i]) == len && memcmp(cap_names[i], name, len) == 0) {
            return i;
        }
    }
    return -1;
}

uint64_t smtp_caps_mask(const char *words)
{
    uint64_t mask = 0;

    if (strcmp(words, "none") == 0) {
        return MAILPROTO_SMTP_CAPS_NONE;
    }
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        int cap = cap_of(words, len);
        if (cap < 0) {
            return 0;
        }
        mask |= (uint64_t)1 << cap;
        words += len;
        words += strspn(words, " ");
    }
    return mask;
}

static int flag_words(const struct value *names, const char *words, uint32_t *flags)
{
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        uint32_t flag;
        if (!value_of(names, words, len, &flag)) {
            return 0;
        }
        *flags |= flag;
        words += len;
        words += strspn(words, " ");
    }
    return 1;
}

static int number_text(const char *text, uint64_t *value)
{
    char *end;

    if (strcmp(text, "unlimited") == 0) {
        *value = UINT64_MAX;
        return 1;
    }
    *value = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

/* Puts a head's value into the options. */
static int set_option(void *options, const struct option *o, enum side side,
                      const char *text)
{
    void *at = (char *)options + o->at;
    uint32_t small = 0;
    uint64_t big = 0;
    mailproto_bytes bytes;
    int good = 1;

    switch (o->kind) {
    case NUMBER:
        good = number_text(text, &big);
        small = (uint32_t)big;
        break;
    case NUMBER_64:
        good = number_text(text, &big);
        break;
    case FLAGS:
        good =
            flag_words(side == SIDE_CLIENT ? client_flags : server_flags, text, &small);
        break;
    case MODE:
        good = value_of(tls_modes, text, strlen(text), &small);
        break;
    case POLICY:
        good = value_of(line_end_policies, text, strlen(text), &small);
        break;
    case CAPS:
        big = smtp_caps_mask(text);
        good = big != 0;
        break;
    case BYTES:
    default:
        bytes.ptr = text;
        bytes.len = strlen(text);
        memcpy(at, &bytes, sizeof bytes);
        return 1;
    }
    if (o->kind == NUMBER_64 || o->kind == CAPS) {
        memcpy(at, &big, sizeof big);
    } else {
        memcpy(at, &small, sizeof small);
    }
    return good;
}

static int known_elsewhere(const char *key)
{
    size_t i;

    for (i = 0; other_keys[i] != NULL; i++) {
        if (strcmp(other_keys[i], key) == 0) {
            return 1;
        }
    }
    return option_of(client_options, key) != NULL ||
           option_of(server_options, key) != NULL;
}

/* All heads that concern this side, the later ones last. */
static int set_options(struct play *p, void *options, struct text *why)
{
    const struct option *table =
        p->side == SIDE_CLIENT ? client_options : server_options;
    const char *own = side_name(p->side);
    size_t i;

    for (i = 0; i < p->script->head_count; i++) {
        const char *key = p->script->heads[i].key;
        const char *dot = strchr(key, '.');
        const struct option *o;
        if (dot != NULL && strncmp(key, own, 6) != 0) {
            continue;
        }
        o = option_of(table, dot != NULL ? dot + 1 : key);
        if (o == NULL && (dot != NULL || !known_elsewhere(key))) {
            text_print(why, "no such option: %s", key);
            return 0;
        }
        if (o != NULL && !set_option(options, o, p->side,
                                     transcript_head(p->script, p->side, o->key))) {
            text_print(why, "%s: not a value it can have", key);
            return 0;
        }
    }
    return 1;
}

/* ---- engines ------------------------------------------------------------------------------ */

/* A block exactly as large as it must be, at an odd address now and then. */
static void *block(struct play *p, size_t size)
{
    size_t odd = (size_t)(p->chunk.value & 7U);

    p->block = test_alloc(size + odd);
    return (char *)p->block + odd;
}

static int open_client(struct play *p, struct text *why)
{
    mailproto_smtp_client_options o;
    mailproto_smtp_client *client = NULL;
    mailproto_status st;
    size_t size;

    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    if (!set_options(p, &o, why)) {
        return 0;
    }
    size = mailproto_smtp_client_mem_size(&o);
    if (size == 0) {
        text_print(why, "the options are not valid");
        return 0;
    }
    st = mailproto_smtp_client_init(block(p, size), size, &o, &client);
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
    if (!set_options(p, &o, why)) {
        return 0;
    }
    size = mailproto_smtp_server_mem_size(&o);
    if (size == 0) {
        text_print(why, "the options are not valid");
        return 0;
    }
    st = mailproto_smtp_server_init(block(p, size), size, &o, &server);
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

static mailproto_bytes bytes_of(const struct text *t)
{
    mailproto_bytes b;

    b.ptr = t->data;
    b.len = t->len;
    return b;
}

/* Words from `first` on, with one blank between. */
static void join_words(const struct words *w, size_t first, struct text *out)
{
    for (; first < w->count; first++) {
        const struct word *word = &w->items[first];
        text_print(out, "%s%s", out->len != 0 ? " " : "", word->mark == '<' ? "<" : "");
        text_add(out, word->text.data, word->text.len);
        text_print(out, "%s", word->mark == '<' ? ">" : "");
    }
}

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
            params.auth = bytes_of(t);
            params.auth.ptr += 5;
            params.auth.len -= 5;
        } else {
            text_print(&extra, "%s", extra.len != 0 ? " " : "");
            text_add(&extra, t->data, t->len);
        }
    }
    params.extra = bytes_of(&extra);
    st = mailproto_smtp_client_mail(p->engine, play_tag(p), bytes_of(&w->items[1].text),
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
    join_words(w, 2, &extra);
    params.extra = bytes_of(&extra);
    st = mailproto_smtp_client_rcpt(p->engine, play_tag(p), bytes_of(&w->items[1].text),
                                    w->count > 2 ? &params : NULL);
    text_free(&extra);
    return st;
}

static enum act client_text_verb(struct play *p, const struct words *w,
                                 mailproto_status *status)
{
    struct text rest = {NULL, 0, 0};
    enum act act = ACT_DONE;

    join_words(w, 1, &rest);
    if (word_is(&w->items[0], "vrfy")) {
        *status = mailproto_smtp_client_vrfy(p->engine, play_tag(p), bytes_of(&rest));
    } else if (word_is(&w->items[0], "help")) {
        *status = mailproto_smtp_client_help(p->engine, play_tag(p), bytes_of(&rest));
    } else if (word_is(&w->items[0], "command")) {
        *status =
            mailproto_smtp_client_command(p->engine, play_tag(p), bytes_of(&rest));
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
        out->code = (uint16_t)strtoul(w->items[at++].text.data, NULL, 10);
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
        join_words(w, 1, &rest);
        *status = mailproto_smtp_server_shutdown(p->engine, bytes_of(&rest));
    } else {
        join_words(w, status_words(w, &st), &rest);
        if (word_is(verb, "reply")) {
            *status = mailproto_smtp_server_reply(p->engine, p->request, &st, 0,
                                                  bytes_of(&rest));
        } else if (word_is(verb, "reply-more")) {
            *status = mailproto_smtp_server_reply(
                p->engine, p->request, &st, MAILPROTO_SMTP_REPLY_MORE, bytes_of(&rest));
        } else if (word_is(verb, "refuse")) {
            *status =
                mailproto_smtp_server_refuse_content(p->engine, &st, bytes_of(&rest));
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

static int has_cap_line(struct play *p, const struct text *line)
{
    mailproto_bytes have;
    uint32_t i;

    for (i = 0; mailproto_session_cap_text(p->session, i, &have) == MAILPROTO_OK; i++) {
        if (have.len == line->len && memcmp(have.ptr, line->data, have.len) == 0) {
            return 1;
        }
    }
    return 0;
}

static int smtp_check(struct play *p, const struct word *w)
{
    int cap = cap_of(w->text.data, w->text.len);
    uint64_t number;

    if (strcmp(w->key, "cap") == 0 && cap >= 0) {
        return mailproto_session_has_cap(p->session, (uint32_t)cap) == 1;
    }
    if (strcmp(w->key, "no-cap") == 0 && cap >= 0) {
        return mailproto_session_has_cap(p->session, (uint32_t)cap) == 0;
    }
    if (strcmp(w->key, "cap-line") == 0) {
        return has_cap_line(p, &w->text);
    }
    if (strcmp(w->key, "no-cap-line") == 0) {
        return !has_cap_line(p, &w->text);
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
