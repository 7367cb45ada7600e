/*
 * Events of a session as data: copied, joined, written down, compared.
 */
#include "events.h"

#include <stdio.h>
#include <string.h>

#include <mailproto/pop3.h>
#include <mailproto/smtp.h>

struct name {
    uint32_t number;
    const char *name;
};

static const struct name types[] = {
    {MAILPROTO_EV_TLS_GO, "TLS_GO"},
    {MAILPROTO_EV_CONTENT_WANTED, "CONTENT_WANTED"},
    {MAILPROTO_EV_CONTENT, "CONTENT"},
    {MAILPROTO_EV_CONTENT_END, "CONTENT_END"},
    {MAILPROTO_EV_CONTENT_ABORTED, "CONTENT_ABORTED"},
    {MAILPROTO_EV_AUTH_START, "AUTH_START"},
    {MAILPROTO_EV_AUTH_DATA, "AUTH_DATA"},
    {MAILPROTO_EV_AUTH_RESULT, "AUTH_RESULT"},
    {MAILPROTO_EV_CLOSED, "CLOSED"},
    {MAILPROTO_EV_LAYER_GO, "LAYER_GO"},
    {MAILPROTO_EV_ROOM, "ROOM"},
    {MAILPROTO_EV_NEED_MEMORY, "NEED_MEMORY"},
    {MAILPROTO_EV_MEMORY_BACK, "MEMORY_BACK"},
    {MAILPROTO_EV_REFUSED, "REFUSED"},
    {MAILPROTO_EV_SMTP_GREETING, "GREETING"},
    {MAILPROTO_EV_SMTP_CAPS, "CAPS"},
    {MAILPROTO_EV_SMTP_REPLY, "REPLY"},
    {MAILPROTO_EV_SMTP_FINAL, "FINAL"},
    {MAILPROTO_EV_SMTP_CONNECT, "CONNECT"},
    {MAILPROTO_EV_SMTP_HELO, "HELO"},
    {MAILPROTO_EV_SMTP_MAIL, "MAIL"},
    {MAILPROTO_EV_SMTP_RCPT, "RCPT"},
    {MAILPROTO_EV_SMTP_DATA, "DATA"},
    {MAILPROTO_EV_SMTP_DELIVER, "DELIVER"},
    {MAILPROTO_EV_SMTP_RSET, "RSET"},
    {MAILPROTO_EV_SMTP_COMMAND, "COMMAND"},
    {MAILPROTO_EV_SMTP_EARLY_TALKER, "EARLY_TALKER"},
    {MAILPROTO_EV_SMTP_QUIT, "QUIT"},
    {MAILPROTO_EV_POP3_GREETING, "GREETING"},
    {MAILPROTO_EV_POP3_CAPS, "CAPS"},
    {MAILPROTO_EV_POP3_REPLY, "REPLY"},
    {MAILPROTO_EV_POP3_ITEM, "ITEM"},
    {MAILPROTO_EV_POP3_LINE, "LINE"},
    {MAILPROTO_EV_POP3_COMMIT, "COMMIT"},
    {MAILPROTO_EV_POP3_CONNECT, "CONNECT"},
    {MAILPROTO_EV_POP3_LOGIN, "LOGIN"},
    {MAILPROTO_EV_POP3_OPEN, "OPEN"},
    {MAILPROTO_EV_POP3_NEED_SIZE, "NEED_SIZE"},
    {MAILPROTO_EV_POP3_NEED_UID, "NEED_UID"},
    {MAILPROTO_EV_POP3_RETR, "RETR"},
    {MAILPROTO_EV_POP3_UPDATE_ITEM, "UPDATE_ITEM"},
    {MAILPROTO_EV_POP3_UPDATE, "UPDATE"},
    {MAILPROTO_EV_POP3_COMMAND, "COMMAND"},
    {MAILPROTO_EV_POP3_LANG, "LANG"},
    {MAILPROTO_EV_POP3_RSET, "RSET"},
    {MAILPROTO_EV_POP3_QUIT, "QUIT"},
};

static const struct name flags[] = {
    {MAILPROTO_EVF_MORE, "more"},           {MAILPROTO_EVF_NEEDS_REPLY, "needs-reply"},
    {MAILPROTO_EVF_LINE_MORE, "line-more"}, {MAILPROTO_EVF_REJECTED, "rejected"},
    {MAILPROTO_EVF_REWIND, "rewind"},       {MAILPROTO_EVF_SECURE, "secure"},
    {MAILPROTO_EVF_INITIAL, "initial"},     {MAILPROTO_EVF_REPAIRED, "repaired"},
    {MAILPROTO_EVF_UNCLEAN, "unclean"},
};
/* Those that an `E:` line need not name. */
#define FREE_FLAGS                                                                     \
    ((uint32_t)MAILPROTO_EVF_SECURE | (uint32_t)MAILPROTO_EVF_NEEDS_REPLY)

static const struct name verbs[] = {
    {MAILPROTO_SMTP_VERB_UNKNOWN, "UNKNOWN"},   {MAILPROTO_SMTP_VERB_EHLO, "EHLO"},
    {MAILPROTO_SMTP_VERB_HELO, "HELO"},         {MAILPROTO_SMTP_VERB_LHLO, "LHLO"},
    {MAILPROTO_SMTP_VERB_MAIL, "MAIL"},         {MAILPROTO_SMTP_VERB_RCPT, "RCPT"},
    {MAILPROTO_SMTP_VERB_DATA, "DATA"},         {MAILPROTO_SMTP_VERB_BDAT, "BDAT"},
    {MAILPROTO_SMTP_VERB_RSET, "RSET"},         {MAILPROTO_SMTP_VERB_VRFY, "VRFY"},
    {MAILPROTO_SMTP_VERB_EXPN, "EXPN"},         {MAILPROTO_SMTP_VERB_HELP, "HELP"},
    {MAILPROTO_SMTP_VERB_NOOP, "NOOP"},         {MAILPROTO_SMTP_VERB_QUIT, "QUIT"},
    {MAILPROTO_SMTP_VERB_STARTTLS, "STARTTLS"}, {MAILPROTO_SMTP_VERB_AUTH, "AUTH"},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *name_of(const struct name *names, size_t count, uint32_t number)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (names[i].number == number) {
            return names[i].name;
        }
    }
    return "?";
}

static int number_of(const struct name *names, size_t count, const char *name,
                     size_t len)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0) {
            return (int)names[i].number;
        }
    }
    return -1;
}

/* NULL: SMTP, which this file knows by itself. */
static const struct event_language *language;

void events_speak(const struct event_language *l)
{
    language = l;
}

const char *event_name(uint32_t type)
{
    return name_of(types, COUNT(types), type);
}

int smtp_verb_by_name(const char *name, size_t len)
{
    return number_of(verbs, COUNT(verbs), name, len);
}

/* ---- statuses --------------------------------------------------------------------------- */

enum { STATUS_LOWEST = -599, STATUS_HIGHEST = 15 };
static unsigned char met[STATUS_HIGHEST - STATUS_LOWEST + 1];

static int exists(mailproto_status status)
{
    return strcmp(mailproto_error_name(status), "MAILPROTO_UNKNOWN") != 0;
}

const char *status_name(mailproto_status status)
{
    const char *name = mailproto_error_name(status);
    return strncmp(name, "MAILPROTO_", 10) == 0 ? name + 10 : name;
}

int status_next(int *at, mailproto_status *status)
{
    while (*at <= STATUS_HIGHEST - STATUS_LOWEST) {
        *status = STATUS_HIGHEST - (*at)++;
        if (exists(*status)) {
            return 1;
        }
    }
    return 0;
}

int status_by_name(const char *name, size_t len, mailproto_status *status)
{
    int at = 0;

    while (status_next(&at, status)) {
        const char *candidate = status_name(*status);
        if (strlen(candidate) == len && memcmp(candidate, name, len) == 0) {
            return 1;
        }
    }
    return 0;
}

void status_met(mailproto_status status)
{
    if (status >= STATUS_LOWEST && status <= STATUS_HIGHEST) {
        met[status - STATUS_LOWEST] = 1;
    }
}

int status_was_met(mailproto_status status)
{
    return status >= STATUS_LOWEST && status <= STATUS_HIGHEST &&
           met[status - STATUS_LOWEST] != 0;
}

/* ---- copying ------------------------------------------------------------------------------ */

void event_detail(struct text *out, const char *key, mailproto_bytes value)
{
    text_print(out, "%s%s=", out->len != 0 ? " " : "", key);
    text_quote(out, value.ptr, value.len);
}

void event_detail_text(struct text *out, const char *key, const char *value)
{
    mailproto_bytes b;
    b.ptr = value;
    b.len = strlen(value);
    event_detail(out, key, b);
}

static void path_details(struct text *out, const mailproto_event *ev)
{
    static const struct name path_flags[] = {
        {MAILPROTO_SMTP_PATH_NULL, "null"},
        {MAILPROTO_SMTP_PATH_QUOTED, "quoted"},
        {MAILPROTO_SMTP_PATH_LITERAL, "literal"},
        {MAILPROTO_SMTP_PATH_UTF8, "utf8"},
        {MAILPROTO_SMTP_PATH_ROUTE, "route"},
    };
    mailproto_smtp_path path;
    char list[64] = "";
    size_t i;

    memset(&path, 0, sizeof path);
    path.struct_size = sizeof path;
    if (mailproto_smtp_event_path(ev, &path) != MAILPROTO_OK) {
        return;
    }
    for (i = 0; i < COUNT(path_flags); i++) {
        if ((path.flags & path_flags[i].number) != 0) {
            strcat(list, list[0] != '\0' ? "," : "");
            strcat(list, path_flags[i].name);
        }
    }
    event_detail_text(out, "path", list);
    event_detail(out, "mailbox", path.mailbox);
    event_detail(out, "local-part", path.local);
    event_detail(out, "domain", path.domain);
}

static void mail_details(struct text *out, const mailproto_event *ev)
{
    static const char *const bodies[] = {"", "7BIT", "8BITMIME", "BINARYMIME"};
    mailproto_smtp_mail_params params;
    char number[32];

    memset(&params, 0, sizeof params);
    params.struct_size = sizeof params;
    if (mailproto_smtp_event_mail(ev, &params) != MAILPROTO_OK) {
        return;
    }
    if ((params.flags & MAILPROTO_SMTP_MAIL_HAS_SIZE) != 0) {
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)params.size);
        event_detail_text(out, "size", number);
    }
    event_detail_text(out, "body", bodies[params.body & 3U]);
    event_detail_text(out, "smtputf8",
                      (params.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) != 0 ? "1" : "0");
    if ((params.flags & MAILPROTO_SMTP_MAIL_HAS_AUTH) != 0) {
        event_detail(out, "auth", params.auth);
    }
    event_detail(out, "extra", params.extra);
}

/* All parameters one by one, as NAME=value,NAME. */
static void param_details(struct text *out, const mailproto_event *ev)
{
    mailproto_smtp_param_cursor cursor;
    mailproto_bytes name;
    mailproto_bytes value;
    mailproto_bytes all;
    struct text list = {NULL, 0, 0};

    if (mailproto_smtp_event_params(ev, &cursor) != MAILPROTO_OK) {
        return;
    }
    while (mailproto_smtp_param_next(&cursor, &name, &value) == MAILPROTO_OK) {
        text_print(&list, "%s", list.len != 0 ? "," : "");
        text_add(&list, name.ptr, name.len);
        if (value.ptr != NULL) {
            text_add(&list, "=", 1);
            text_add(&list, value.ptr, value.len);
        }
    }
    all.ptr = list.data;
    all.len = list.len;
    event_detail(out, "params", all);
    text_free(&list);
}

static void status_details(struct text *out, const mailproto_event *ev)
{
    static const char *const origins[] = {"none", "peer", "local", "transport"};
    mailproto_smtp_status status;
    char buf[48];

    memset(&status, 0, sizeof status);
    if (mailproto_smtp_event_status(ev, &status) != MAILPROTO_OK) {
        return;
    }
    (void)snprintf(buf, sizeof buf, "%u", status.code);
    event_detail_text(out, "status-code", buf);
    (void)snprintf(buf, sizeof buf, "%u.%u.%u", status.enhanced[0], status.enhanced[1],
                   status.enhanced[2]);
    event_detail_text(out, "enhanced", status.enhanced[0] != 0 ? buf : "");
    event_detail_text(out, "origin", origins[status.origin & 3U]);
    event_detail_text(out, "local",
                      status.local != MAILPROTO_OK ? status_name(status.local) : "");
    status_met(status.local);
}

static int is_status_code(uint32_t type)
{
    return type == MAILPROTO_EV_CLOSED || type == MAILPROTO_EV_CONTENT_ABORTED;
}

mailproto_status event_status(uint32_t code)
{
    return code <= INT32_MAX ? (mailproto_status)code
                             : -(mailproto_status)(UINT32_MAX - code) - 1;
}

void seen_copy(struct seen *to, const mailproto_event *ev)
{
    memset(to, 0, sizeof *to);
    to->type = ev->type;
    to->flags = ev->flags;
    to->tag = ev->tag;
    to->code = ev->code;
    to->number = ev->number;
    text_add(&to->text, ev->text.ptr, ev->text.len);
    text_add(&to->details, "", 0);
    if (is_status_code(ev->type)) {
        status_met(event_status(ev->code));
    }
    if (language != NULL) {
        language->details(&to->details, &to->extra, ev);
    } else if (ev->type == MAILPROTO_EV_SMTP_MAIL ||
               ev->type == MAILPROTO_EV_SMTP_RCPT) {
        path_details(&to->details, ev);
        mail_details(&to->details, ev);
        param_details(&to->details, ev);
    } else {
        status_details(&to->details, ev);
    }
}

/* Events that come when a session fails, whatever came before. */
static int is_broken_off_by(const struct seen *next)
{
    return next->type == MAILPROTO_EV_CLOSED ||
           (next->type == MAILPROTO_EV_POP3_REPLY &&
            next->code == MAILPROTO_POP3_NO_REPLY);
}

int seen_goes_on(const struct seen *e, const struct seen *next)
{
    if ((e->flags & MAILPROTO_EVF_MORE) != 0) {
        /* the end of a session may break a value off */
        return next->type == e->type || !is_broken_off_by(next);
    }
    return e->type == MAILPROTO_EV_CONTENT && next->type == MAILPROTO_EV_CONTENT;
}

int seen_join(struct seen *to, const struct seen *piece)
{
    if (piece->type != to->type) {
        return 0;
    }
    if (to->type == MAILPROTO_EV_CONTENT) {
        if (piece->number != to->number + to->text.len) {
            return 0;
        }
    } else {
        to->number = piece->number;
    }
    text_add(&to->text, piece->text.data, piece->text.len);
    to->flags = piece->flags;
    to->tag = piece->tag;
    to->code = piece->code;
    to->details.len = 0;
    text_add(&to->details, piece->details.data, piece->details.len);
    to->extra.len = 0;
    text_add(&to->extra, piece->extra.data, piece->extra.len);
    return 1;
}

void seen_free(struct seen *e)
{
    text_free(&e->text);
    text_free(&e->details);
    text_free(&e->extra);
    memset(e, 0, sizeof *e);
}

void seen_print(struct text *out, const struct seen *e)
{
    size_t i;

    text_print(out, "%s", event_name(e->type));
    if (is_status_code(e->type)) {
        text_print(out, " %s", status_name(event_status(e->code)));
    } else if (e->code != 0) {
        text_print(out, " %u", (unsigned)e->code);
    }
    text_print(out, " ");
    text_quote(out, e->text.data, e->text.len);
    for (i = 0; i < COUNT(flags); i++) {
        if ((e->flags & flags[i].number) != 0) {
            text_print(out, " %s", flags[i].name);
        }
    }
    text_print(out, " tag=%u number=%llu", (unsigned)e->tag,
               (unsigned long long)e->number);
    if (e->details.len != 0) {
        text_print(out, " ");
        text_add(out, e->details.data, e->details.len);
    }
}

/* ---- comparing ------------------------------------------------------------------------------ */

static int same_text(const struct word *w, const void *data, size_t len)
{
    return w->text.len == len && (len == 0 || memcmp(w->text.data, data, len) == 0);
}

static int match_detail(const struct text *details, const struct word *w,
                        struct text *why)
{
    struct words all;
    struct text copy = {NULL, 0, 0};
    int good = 0;
    size_t i;

    text_add(&copy, details->data, details->len);
    if (words_split(&all, text_string(&copy), why)) {
        for (i = 0; i < all.count && !good; i++) {
            good = all.items[i].key != NULL && strcmp(all.items[i].key, w->key) == 0 &&
                   same_text(w, all.items[i].text.data, all.items[i].text.len);
        }
    }
    words_free(&all);
    text_free(&copy);
    return good;
}

static int match_key(const struct seen *e, const struct word *w, struct text *why)
{
    uint64_t value = 0;

    if (strcmp(w->key, "text") == 0) {
        return same_text(w, e->text.data, e->text.len);
    }
    if (strcmp(w->key, "verb") == 0 && language == NULL) {
        int verb = smtp_verb_by_name(w->text.data, w->text.len);
        return verb >= 0 &&
               ((e->flags & MAILPROTO_EVF_REJECTED) != 0 ? e->number : e->code) ==
                   (uint64_t)verb;
    }
    if (strcmp(w->key, "tag") == 0) {
        return word_number(w, &value) && value == e->tag;
    }
    if (strcmp(w->key, "number") == 0) {
        return word_number(w, &value) && value == e->number;
    }
    if (strcmp(w->key, "code") == 0) {
        return word_number(w, &value) && value == e->code;
    }
    return match_detail(&e->details, w, why) || match_detail(&e->extra, w, why);
}

struct expected_flags {
    uint32_t set, clear;
};

/* A flag's name, perhaps with `-` in front. */
static int take_flag(struct expected_flags *f, const struct word *w)
{
    int off = w->text.len > 1 && w->text.data[0] == '-';
    int flag =
        number_of(flags, COUNT(flags), w->text.data + off, w->text.len - (size_t)off);

    if (flag < 0) {
        return 0;
    }
    if (off) {
        f->clear |= (uint32_t)flag;
    } else {
        f->set |= (uint32_t)flag;
    }
    return 1;
}

static int match_word(const struct seen *e, const struct word *w,
                      struct expected_flags *f, int *status_given, struct text *why)
{
    mailproto_status status;
    uint64_t value;

    if (w->key != NULL) {
        return match_key(e, w, why);
    }
    if (w->mark != 0) {
        return same_text(w, e->text.data, e->text.len);
    }
    if (word_number(w, &value)) {
        return value == e->code;
    }
    if (language != NULL) {
        int code = language->code(e->type, w->text.data, w->text.len);
        if (code >= 0) {
            return (uint32_t)code == e->code;
        }
    }
    if (status_by_name(w->text.data, w->text.len, &status)) {
        *status_given = 1;
        return event_status(e->code) == status;
    }
    return take_flag(f, w);
}

static int match_words(const struct seen *e, const struct words *w, struct text *why)
{
    struct expected_flags f = {0, 0};
    int status_given = 0;
    uint32_t strict;
    size_t i;

    if (w->count == 0 ||
        !same_text(&w->items[0], event_name(e->type), strlen(event_name(e->type)))) {
        text_print(why, "another event");
        return 0;
    }
    for (i = 1; i < w->count; i++) {
        if (!match_word(e, &w->items[i], &f, &status_given, why)) {
            text_print(why, "word %u differs", (unsigned)i + 1);
            return 0;
        }
    }
    strict = ~(FREE_FLAGS | (uint32_t)MAILPROTO_EVF_MORE);
    if ((e->flags & strict) != (f.set & strict) || (f.set & ~e->flags) != 0 ||
        (f.clear & e->flags) != 0) {
        text_print(why, "flags differ");
        return 0;
    }
    if (e->type == MAILPROTO_EV_CLOSED && !status_given && e->code != 0) {
        text_print(why, "not an orderly end");
        return 0;
    }
    return 1;
}

int seen_match(const struct seen *e, const char *spec, struct text *why)
{
    struct words w;
    int good = words_split(&w, spec, why) && match_words(e, &w, why);

    words_free(&w);
    return good;
}
