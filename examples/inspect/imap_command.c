/* An IMAP command as JSON: see imap_command.h. docs/inspect.md has the form of `args`. */
#include "imap_command.h"

#include "imap_value.h"
#include "names.h"
#include "text.h"

#include <string.h>

/* ---- bits --------------------------------------------------------------------------- */

static const flag_name status_names[] = {
    {MAILPROTO_IMAP_STATUS_MESSAGES, "MESSAGES"},
    {MAILPROTO_IMAP_STATUS_UIDNEXT, "UIDNEXT"},
    {MAILPROTO_IMAP_STATUS_UIDVALIDITY, "UIDVALIDITY"},
    {MAILPROTO_IMAP_STATUS_UNSEEN, "UNSEEN"},
    {MAILPROTO_IMAP_STATUS_DELETED, "DELETED"},
    {MAILPROTO_IMAP_STATUS_SIZE, "SIZE"},
    {MAILPROTO_IMAP_STATUS_RECENT, "RECENT"},
    {MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ"},
    {MAILPROTO_IMAP_STATUS_APPENDLIMIT, "APPENDLIMIT"},
    {MAILPROTO_IMAP_STATUS_MAILBOXID, "MAILBOXID"},
    {0, NULL}};

static const flag_name list_names[] = {
    {MAILPROTO_IMAP_LIST_SUBSCRIBED, "SUBSCRIBED"},
    {MAILPROTO_IMAP_LIST_REMOTE, "REMOTE"},
    {MAILPROTO_IMAP_LIST_RECURSIVEMATCH, "RECURSIVEMATCH"},
    {MAILPROTO_IMAP_LIST_SPECIAL_USE, "SPECIAL-USE"},
    {MAILPROTO_IMAP_LIST_CHILDREN, "CHILDREN"},
    {MAILPROTO_IMAP_LIST_STATUS, "STATUS"},
    {0, NULL}};

static const flag_name return_names[] = {
    {MAILPROTO_IMAP_RETURN_MIN, "MIN"},   {MAILPROTO_IMAP_RETURN_MAX, "MAX"},
    {MAILPROTO_IMAP_RETURN_ALL, "ALL"},   {MAILPROTO_IMAP_RETURN_COUNT, "COUNT"},
    {MAILPROTO_IMAP_RETURN_SAVE, "SAVE"}, {0, NULL}};

static const word enabled_words[] = {{MAILPROTO_IMAP_ENABLED_REV2, "rev2"},
                                     {MAILPROTO_IMAP_ENABLED_UTF8, "utf8"},
                                     {MAILPROTO_IMAP_ENABLED_CONDSTORE, "condstore"},
                                     {MAILPROTO_IMAP_ENABLED_QRESYNC, "qresync"},
                                     {0, NULL}};

int imap_enabled(const char *list, uint32_t *enabled)
{
    *enabled = 0;
    while (strcmp(list, "none") != 0) {
        uint64_t bit;
        size_t len = strcspn(list, ",");
        if (value_of(enabled_words, list, len, &bit) != 0) {
            return -1;
        }
        *enabled |= (uint32_t)bit;
        if (list[len] == '\0') {
            break;
        }
        list += len + 1;
    }
    return 0;
}

/* ---- arguments ---------------------------------------------------------------------- */

static void set(json_t *object, const char *key, json_t *value)
{
    json_object_set_new(object, key, value);
}

/* A modifier's number, or null. */
static json_t *modseq(const mailproto_imap_command *c)
{
    return c->flags & MAILPROTO_IMAP_HAS_MODSEQ ? json_integer((json_int_t)c->modseq)
                                                : json_null();
}

static void add_select(json_t *args, const mailproto_imap_command *c)
{
    json_t *qresync = json_null();
    if (c->flags & MAILPROTO_IMAP_QRESYNC) {
        qresync = json_pack("{s:I, s:I, s:o, s:o, s:o}", "uidvalidity",
                            (json_int_t)c->uidvalidity, "modseq", (json_int_t)c->modseq,
                            "known", imap_set(c->known), "match_numbers",
                            imap_set(c->match_numbers), "match_uids",
                            imap_set(c->match_uids));
    }
    set(args, "mailbox", imap_mailbox(&c->mailbox));
    set(args, "condstore", json_boolean(c->flags & MAILPROTO_IMAP_CONDSTORE));
    set(args, "qresync", qresync);
}

static void add_list(json_t *args, const mailproto_imap_command *c)
{
    json_t *patterns = json_array();
    mailproto_imap_cursor items = c->items;
    mailproto_imap_string s;
    while (mailproto_imap_string_next(&items, &s) == MAILPROTO_OK) {
        json_array_append_new(patterns, imap_mailbox(&s));
    }
    set(args, "reference", imap_mailbox(&c->mailbox));
    set(args, "patterns", patterns);
    if (c->command == MAILPROTO_IMAP_LIST) {
        set(args, "extended", json_boolean(c->flags & MAILPROTO_IMAP_EXTENDED));
        set(args, "select", text_flags(list_names, c->select));
        set(args, "return", text_flags(list_names, c->returns));
        set(args, "status", text_flags(status_names, c->status_items));
    }
}

static void add_append(json_t *args, const mailproto_imap_command *c)
{
    json_t *messages = json_array();
    mailproto_imap_cursor items = c->items;
    mailproto_imap_append m;
    while (mailproto_imap_append_next(&items, &m) == MAILPROTO_OK) {
        json_array_append_new(
            messages,
            json_pack("{s:o, s:o, s:o, s:b, s:b}", "flags", imap_strings(m.flags),
                      "date", imap_date(&m.date), "message", imap_string(&m.message),
                      "binary", (m.message.flags & MAILPROTO_IMAP_BINARY) != 0, "utf8",
                      (m.message.flags & MAILPROTO_IMAP_UTF8_FORM) != 0));
    }
    set(args, "mailbox", imap_mailbox(&c->mailbox));
    set(args, "messages", messages);
}

static void add_search(json_t *args, const mailproto_imap_command *c)
{
    int extended = (c->flags & MAILPROTO_IMAP_EXTENDED) != 0;
    set(args, "charset", imap_string(&c->text));
    set(args, "return", extended ? text_flags(return_names, c->returns) : json_null());
    set(args, "keys", imap_keys(c->items));
}

static void add_store(json_t *args, const mailproto_imap_command *c)
{
    static const char *const what[] = {"FLAGS", "+FLAGS", "-FLAGS"};
    set(args, "set", imap_set(c->set));
    set(args, "store", json_string(what[c->store]));
    set(args, "silent", json_boolean(c->flags & MAILPROTO_IMAP_SILENT));
    set(args, "flags", imap_strings(c->items));
    set(args, "unchangedsince", modseq(c));
}

/* Commands about the session, and unknown ones. */
static void add_session(json_t *args, const mailproto_imap_command *c)
{
    switch (c->command) {
    case MAILPROTO_IMAP_AUTHENTICATE:
        set(args, "mechanism", imap_string(&c->name));
        set(args, "initial", imap_string(&c->text));
        break;
    case MAILPROTO_IMAP_LOGIN:
        set(args, "name", imap_string(&c->name));
        set(args, "password", imap_string(&c->text));
        break;
    case MAILPROTO_IMAP_ENABLE:
        set(args, "capabilities", imap_strings(c->items));
        break;
    case MAILPROTO_IMAP_ID:
        set(args, "pairs", imap_strings(c->items));
        break;
    case MAILPROTO_IMAP_OTHER:
        set(args, "text", text_json(c->args.ptr, c->args.len));
        break;
    default:
        break;
    }
}

/* Commands about mailboxes. 1, or 0: another one. */
static int add_mailbox(json_t *args, const mailproto_imap_command *c)
{
    switch (c->command) {
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        add_select(args, c);
        return 1;
    case MAILPROTO_IMAP_CREATE:
        set(args, "mailbox", imap_mailbox(&c->mailbox));
        set(args, "use", imap_strings(c->items));
        return 1;
    case MAILPROTO_IMAP_RENAME:
        set(args, "mailbox", imap_mailbox(&c->mailbox));
        set(args, "target", imap_mailbox(&c->target));
        return 1;
    case MAILPROTO_IMAP_DELETE:
    case MAILPROTO_IMAP_SUBSCRIBE:
    case MAILPROTO_IMAP_UNSUBSCRIBE:
        set(args, "mailbox", imap_mailbox(&c->mailbox));
        return 1;
    case MAILPROTO_IMAP_LIST:
    case MAILPROTO_IMAP_LSUB:
        add_list(args, c);
        return 1;
    case MAILPROTO_IMAP_STATUS:
        set(args, "mailbox", imap_mailbox(&c->mailbox));
        set(args, "items", text_flags(status_names, c->status_items));
        return 1;
    case MAILPROTO_IMAP_APPEND:
        add_append(args, c);
        return 1;
    default:
        return 0;
    }
}

/* Commands about messages. 1, or 0: another one. */
static int add_message(json_t *args, const mailproto_imap_command *c)
{
    switch (c->command) {
    case MAILPROTO_IMAP_EXPUNGE:
        if (c->flags & MAILPROTO_IMAP_UID) {
            set(args, "set", imap_set(c->set));
        }
        return 1;
    case MAILPROTO_IMAP_SEARCH:
        add_search(args, c);
        return 1;
    case MAILPROTO_IMAP_FETCH:
        set(args, "set", imap_set(c->set));
        set(args, "items", imap_items(c->items));
        set(args, "changedsince", modseq(c));
        set(args, "vanished", json_boolean(c->flags & MAILPROTO_IMAP_VANISHED));
        return 1;
    case MAILPROTO_IMAP_STORE:
        add_store(args, c);
        return 1;
    case MAILPROTO_IMAP_COPY:
    case MAILPROTO_IMAP_MOVE:
        set(args, "set", imap_set(c->set));
        set(args, "mailbox", imap_mailbox(&c->mailbox));
        return 1;
    default:
        return 0;
    }
}

json_t *imap_command_args(const mailproto_imap_command *c)
{
    json_t *args = json_object();
    if (!add_mailbox(args, c) && !add_message(args, c)) {
        add_session(args, c);
    }
    return args;
}

json_t *imap_command_name(const mailproto_imap_command *c)
{
    const char *known = mailproto_imap_command_name(c->command);
    text t = {0};
    if (c->flags & MAILPROTO_IMAP_UID) {
        text_add(&t, "UID ", 4);
    }
    if (*known != '\0') {
        text_add(&t, known, strlen(known));
    } else {
        text_add(&t, c->verb.ptr, c->verb.len);
    }
    for (size_t i = 0; i < t.len; i++) {
        if (t.data[i] >= 'a' && t.data[i] <= 'z') {
            t.data[i] = (char)(t.data[i] - 'a' + 'A');
        }
    }
    json_t *name = t.len > 0 ? text_json(t.data, t.len) : json_null();
    text_free(&t);
    return name;
}

/* ---- where a command ends ------------------------------------------------------------ */

/* The last brace that opens outside of quotes; NULL: there is none. */
static const char *last_brace(const char *at, const char *end)
{
    int quoted = 0;
    const char *brace = NULL;
    for (; at < end; at++) {
        if (quoted && *at == '\\' && at + 1 < end) {
            at++;
        } else if (*at == '"') {
            quoted = !quoted;
        } else if (*at == '{' && !quoted) {
            brace = at;
        }
    }
    return brace;
}

/* Whether a line, its end left out, announces a literal outside of quotes: its size. */
static int announces(const char *at, const char *end, uint64_t *size)
{
    const char *p = last_brace(at, end);
    if (p == NULL || *--end != '}') {
        return 0;
    }
    const char *digits = ++p;
    for (*size = 0; p < end && *p >= '0' && *p <= '9'; p++) {
        if (*size > UINT64_MAX / 20) {
            return 0;
        }
        *size = *size * 10 + (uint64_t)(*p - '0');
    }
    return p > digits && (p == end || (*p == '+' && p + 1 == end));
}

/* Octets of the first command with its literals; 0: its end is not there. */
static size_t unit_length(mailproto_bytes data)
{
    size_t at = 0;
    for (;;) {
        const char *line = data.ptr + at;
        const char *lf = memchr(line, '\n', data.len - at);
        uint64_t size;
        if (lf == NULL) {
            return 0;
        }
        at = (size_t)(lf - data.ptr) + 1;
        const char *end = lf > line && lf[-1] == '\r' ? lf - 1 : lf;
        if (end == line || !announces(line, end, &size)) {
            return at;
        }
        if (size > data.len - at) {
            return 0;
        }
        at += (size_t)size;
    }
}

/* ---- all of it ---------------------------------------------------------------------- */

static json_t *error_of(const mailproto_imap_fault *fault)
{
    return json_pack("{s:s, s:I, s:s}", "code", mailproto_error_name(fault->code),
                     "offset", (json_int_t)fault->offset, "detail",
                     fault->detail != NULL ? fault->detail : "");
}

void imap_command_show(json_t *result, mailproto_bytes data, uint32_t enabled)
{
    mailproto_imap_command c = {.struct_size = sizeof c};
    mailproto_imap_fault fault = {MAILPROTO_AGAIN, 0, data.len, "the command goes on"};
    mailproto_bytes unit = {data.ptr, unit_length(data)};
    mailproto_status st = MAILPROTO_AGAIN;
    if (unit.len > 0) {
        st = mailproto_imap_command_parse(unit, enabled, &c, &fault);
    }
    set(result, "valid", json_boolean(st == MAILPROTO_OK));
    set(result, "tag", c.tag.len > 0 ? text_json(c.tag.ptr, c.tag.len) : json_null());
    set(result, "command", imap_command_name(&c));
    set(result, "args", st == MAILPROTO_OK ? imap_command_args(&c) : json_null());
    set(result, "error", st == MAILPROTO_OK ? json_null() : error_of(&fault));
    set(result, "consumed", json_integer((json_int_t)unit.len));
}
