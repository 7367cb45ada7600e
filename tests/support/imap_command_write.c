/*
 * Commands as text again. Knows the grammar of commands (RFC 9051 9 and the extensions);
 * strings, names, numbers, sets and flags are written by the writer of responses, into the
 * output of a server that serves for nothing else.
 */
#include "imap_command_write.h"

#include <stdlib.h>
#include <string.h>

#include <mailproto/imap_search.h>

#include "imap/server_write.h"

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

enum { OUT_SIZE = 1 << 18, NODES = 8192 };

static struct mailproto__imap_say say;

/* A server whose output is empty. */
static mailproto_imap_server *server_of(uint32_t enabled)
{
    static mailproto_imap_server *server;
    mailproto_session *s;
    size_t len;
    if (server == NULL) {
        mailproto_imap_server_options o;
        mailproto_event ev;
        size_t size;
        memset(&o, 0, sizeof o);
        o.struct_size = sizeof o;
        o.out_size = OUT_SIZE;
        size = mailproto_imap_server_mem_size(&o);
        CHECK(mailproto_imap_server_init(test_alloc(size), size, &o, &server) ==
              MAILPROTO_OK);
        s = mailproto_imap_server_session(server);
        CHECK(mailproto_session_next_event(s, &ev) == MAILPROTO_OK);
        CHECK(mailproto_imap_server_accept(server, ev.tag) == MAILPROTO_OK);
        CHECK(mailproto_session_next_event(s, &ev) == MAILPROTO_AGAIN);
        (void)mailproto_session_output(s, &len);
        CHECK(mailproto_session_output_sent(s, len) == MAILPROTO_OK);
    }
    server->enabled = enabled;
    return server;
}

static void put(const char *text)
{
    mailproto__imap_say(&say, text, strlen(text));
}

static mailproto_bytes octets_of(const mailproto_imap_string *s, char *buf, size_t cap)
{
    mailproto_bytes b;
    CHECK(mailproto_imap_string_get(s, buf, cap, &b) == MAILPROTO_OK);
    return b;
}

/* ---- strings ------------------------------------------------------------------------- */

static void put_astring(const mailproto_imap_string *s)
{
    static char buf[1 << 16];
    mailproto__imap_say_astring(&say, octets_of(s, buf, sizeof buf));
}

static void put_mailbox(const mailproto_imap_string *s)
{
    static char buf[1 << 16];
    mailproto_bytes name;
    uint32_t flags;
    CHECK(mailproto_imap_name_get(s, buf, sizeof buf, &name, &flags) == MAILPROTO_OK);
    put(" ");
    mailproto__imap_say_name(&say, name, flags);
}

/* Atoms and flags, which have one form only. */
static void put_words(mailproto_imap_cursor list, const char *before)
{
    mailproto_imap_string s;
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        put(before);
        mailproto__imap_say_span(&say, s.raw);
        before = " ";
    }
}

static void put_set(const mailproto_imap_cursor *cursor)
{
    mailproto_imap_cursor set = *cursor;
    mailproto_imap_range r;
    const char *before = "";
    char text[MAILPROTO__IMAP_RANGE_MAX];
    if (mailproto_imap_set_is_saved(&set)) {
        put("$");
        return;
    }
    while (mailproto_imap_set_next(&set, &r) == MAILPROTO_OK) {
        put(before);
        before = ",";
        if (r.low == 0) {
            put("*");
        } else if (r.high == 0) {
            mailproto__imap_say_number(&say, r.low);
            put(":*");
        } else {
            mailproto__imap_say(&say, text, mailproto__imap_range_write(&r, text));
        }
    }
}

static void put_bits(uint32_t bits, const char *const *names, size_t count)
{
    const char *before = "";
    size_t i;
    put("(");
    for (i = 0; i < count; i++) {
        if (bits >> i & 1U) {
            put(before);
            put(names[i]);
            before = " ";
        }
    }
    put(")");
}

/* ---- mailboxes ------------------------------------------------------------------------ */

static void put_status_items(uint32_t items)
{
    static const char *const names[] = {
        "MESSAGES", "UIDNEXT", "UIDVALIDITY",   "UNSEEN",      "DELETED",
        "SIZE",     "RECENT",  "HIGHESTMODSEQ", "APPENDLIMIT", "MAILBOXID"};
    put_bits(items, names, sizeof names / sizeof names[0]);
}

static void put_list(const mailproto_imap_command *c)
{
    static const char *const options[] = {"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH",
                                          "SPECIAL-USE", "CHILDREN"};
    mailproto_imap_cursor patterns = c->items;
    mailproto_imap_string s;
    const char *between = "";
    int extended = (c->flags & MAILPROTO_IMAP_EXTENDED) != 0;
    if (extended) {
        put(" ");
        put_bits(c->select, options, 4);
    }
    put_mailbox(&c->mailbox);
    put(extended ? " (" : " ");
    while (mailproto_imap_string_next(&patterns, &s) == MAILPROTO_OK) {
        static char buf[1 << 16];
        mailproto_bytes octets = octets_of(&s, buf, sizeof buf);
        put(between);
        between = " ";
        mailproto__imap_say_name(&say, octets, MAILPROTO_IMAP_NAME_RAW);
    }
    put(extended ? ")" : "");
    if (extended && (c->returns != 0 || c->status_items != 0)) {
        const char *before = "";
        size_t i;
        put(" RETURN (");
        for (i = 0; i < 5; i++) {
            if (c->returns >> i & 1U) {
                put(before);
                put(options[i]);
                before = " ";
            }
        }
        if (c->returns & MAILPROTO_IMAP_LIST_STATUS) {
            put(before);
            put("STATUS ");
            put_status_items(c->status_items);
        }
        put(")");
    }
}

static void put_select(const mailproto_imap_command *c)
{
    put_mailbox(&c->mailbox);
    if (c->flags & (MAILPROTO_IMAP_CONDSTORE | MAILPROTO_IMAP_QRESYNC)) {
        put(c->flags & MAILPROTO_IMAP_CONDSTORE ? " (CONDSTORE" : " (");
        if (c->flags & MAILPROTO_IMAP_QRESYNC) {
            put(c->flags & MAILPROTO_IMAP_CONDSTORE ? " QRESYNC (" : "QRESYNC (");
            mailproto__imap_say_nz_number(&say, c->uidvalidity);
            put(" ");
            mailproto__imap_say_nz_number64(&say, c->modseq);
            put(c->known.opaque[0] != 0 ? " " : "");
            put_set(&c->known);
            if (c->match_numbers.opaque[0] != 0) {
                put(" (");
                put_set(&c->match_numbers);
                put(" ");
                put_set(&c->match_uids);
                put(")");
            }
            put(")");
        }
        put(")");
    }
}

static void put_append(const mailproto_imap_command *c)
{
    mailproto_imap_cursor items = c->items;
    mailproto_imap_append m;
    char date[26];
    put_mailbox(&c->mailbox);
    while (mailproto_imap_append_next(&items, &m) == MAILPROTO_OK) {
        int utf8 = (m.message.flags & MAILPROTO_IMAP_UTF8_FORM) != 0;
        put(" (");
        put_words(m.flags, "");
        put(") ");
        if (m.date.set) {
            CHECK(mailproto_imap_date_write(&m.date, date) == MAILPROTO_OK);
            put("\"");
            mailproto__imap_say(&say, date, sizeof date);
            put("\" ");
        }
        put(utf8 ? "UTF8 (" : "");
        put(m.message.flags & MAILPROTO_IMAP_BINARY ? "~{" : "{");
        mailproto__imap_say_number(&say, m.message.raw.len);
        put("+}\r\n");
        mailproto__imap_say_span(&say, m.message.raw);
        put(utf8 ? ")" : "");
    }
}

/* ---- FETCH ------------------------------------------------------------------------------ */

static void put_section(const mailproto_imap_fetch_item *item)
{
    static const char *const names[] = {
        "", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
    mailproto_imap_cursor fields = item->fields;
    mailproto_imap_string s;
    const char *before = " (";
    uint32_t i;
    put("[");
    for (i = 0; i < item->path_len; i++) {
        put(i > 0 ? "." : "");
        mailproto__imap_say_nz_number(&say, item->path[i]);
    }
    put(item->path_len > 0 && item->section != 0 ? "." : "");
    put(names[item->section]);
    while (mailproto_imap_string_next(&fields, &s) == MAILPROTO_OK) {
        put(before);
        put_astring(&s);
        before = " ";
    }
    put(before[1] == '\0' ? ")]" : "]");
}

static void put_items(mailproto_imap_cursor items)
{
    static const char *const names[] = {"",
                                        "FLAGS",
                                        "UID",
                                        "INTERNALDATE",
                                        "RFC822.SIZE",
                                        "ENVELOPE",
                                        "BODY",
                                        "BODYSTRUCTURE",
                                        "BODY",
                                        "BINARY",
                                        "BINARY.SIZE",
                                        "RFC822",
                                        "RFC822.HEADER",
                                        "RFC822.TEXT",
                                        "MODSEQ",
                                        "EMAILID",
                                        "THREADID",
                                        "SAVEDATE"};
    mailproto_imap_fetch_item item;
    const char *before = " (";
    while (mailproto_imap_fetch_next(&items, &item) == MAILPROTO_OK) {
        int whole = item.kind == MAILPROTO_IMAP_ITEM_SECTION ||
                    item.kind == MAILPROTO_IMAP_ITEM_BINARY;
        put(before);
        before = " ";
        put(names[item.kind]);
        put(whole && (item.flags & MAILPROTO_IMAP_PEEK) ? ".PEEK" : "");
        if (whole || item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
            put_section(&item);
        }
        if (item.flags & MAILPROTO_IMAP_PARTIAL) {
            put("<");
            mailproto__imap_say_number64(&say, item.first);
            put(".");
            mailproto__imap_say_nz_number64(&say, item.count);
            put(">");
        }
    }
    put(")");
}

static void put_fetch(const mailproto_imap_command *c)
{
    put_items(c->items);
    if (c->flags & MAILPROTO_IMAP_HAS_MODSEQ) {
        put(" (CHANGEDSINCE ");
        mailproto__imap_say_nz_number64(&say, c->modseq);
        put(c->flags & MAILPROTO_IMAP_VANISHED ? " VANISHED)" : ")");
    }
}

static void put_store(const mailproto_imap_command *c)
{
    static const char *const how[] = {" FLAGS", " +FLAGS", " -FLAGS"};
    if (c->flags & MAILPROTO_IMAP_HAS_MODSEQ) {
        put(" (UNCHANGEDSINCE ");
        mailproto__imap_say_number64(&say, c->modseq);
        put(")");
    }
    put(how[c->store]);
    put(c->flags & MAILPROTO_IMAP_SILENT ? ".SILENT (" : " (");
    put_words(c->items, "");
    put(")");
}

/* ---- SEARCH ----------------------------------------------------------------------------- */

static void put_day(uint64_t day)
{
    mailproto_imap_date date = {0, 0, 1};
    char text[26];
    date.utc = (int64_t)day * 86400;
    CHECK(mailproto_imap_date_write(&date, text) == MAILPROTO_OK);
    mailproto__imap_say(&say, text, 11);
}

static const char *flag_name(uint64_t flag)
{
    static const char *const names[] = {"SEEN",    "ANSWERED", "FLAGGED",
                                        "DELETED", "DRAFT",    "RECENT"};
    size_t i = 0;
    while (flag >> i != 1) {
        i++;
    }
    return names[i];
}

static void put_modseq(const mailproto_imap_search_node *n)
{
    static char buf[1024];
    put("MODSEQ ");
    if (n->field.form != MAILPROTO_IMAP_NIL) {
        mailproto__imap_say_string(&say, octets_of(&n->field, buf, sizeof buf));
        put(" ");
        mailproto__imap_say_span(&say, n->text.raw);
        put(" ");
    }
    mailproto__imap_say_number64(&say, n->number);
}

/* A key without operands. */
static void put_key(const mailproto_imap_search_node *n)
{
    static const char *const names[] = {"",
                                        "",
                                        "",
                                        "NOT ",
                                        "ALL",
                                        "",
                                        "KEYWORD ",
                                        "",
                                        "UID ",
                                        "BEFORE ",
                                        "ON ",
                                        "SINCE ",
                                        "SENTBEFORE ",
                                        "SENTON ",
                                        "SENTSINCE ",
                                        "LARGER ",
                                        "SMALLER ",
                                        "HEADER ",
                                        "BODY ",
                                        "TEXT ",
                                        "",
                                        "EMAILID ",
                                        "THREADID ",
                                        "SAVEDBEFORE ",
                                        "SAVEDON ",
                                        "SAVEDSINCE ",
                                        "SAVEDATESUPPORTED"};
    put(names[n->key]);
    switch (n->key) {
    case MAILPROTO_IMAP_KEY_FLAG:
        put(flag_name(n->number));
        break;
    case MAILPROTO_IMAP_KEY_KEYWORD:
    case MAILPROTO_IMAP_KEY_EMAILID:
    case MAILPROTO_IMAP_KEY_THREADID:
        mailproto__imap_say_span(&say, n->text.raw);
        break;
    case MAILPROTO_IMAP_KEY_NUMBERS:
    case MAILPROTO_IMAP_KEY_UID:
        put_set(&n->set);
        break;
    case MAILPROTO_IMAP_KEY_LARGER:
    case MAILPROTO_IMAP_KEY_SMALLER:
        mailproto__imap_say_number64(&say, n->number);
        break;
    case MAILPROTO_IMAP_KEY_HEADER:
        put_astring(&n->field);
        put(" ");
        put_astring(&n->text);
        break;
    case MAILPROTO_IMAP_KEY_BODY:
    case MAILPROTO_IMAP_KEY_TEXT:
        put_astring(&n->text);
        break;
    case MAILPROTO_IMAP_KEY_MODSEQ:
        put_modseq(n);
        break;
    case MAILPROTO_IMAP_KEY_ALL:
    case MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED:
        break;
    default:
        put_day(n->number);
        break;
    }
}

/* From node `i` to `end`, blanks between. */
static void put_nodes(const mailproto_imap_search_node *nodes, size_t i, size_t end)
{
    const char *before = "";
    while (i < end) {
        const mailproto_imap_search_node *n = &nodes[i];
        put(before);
        before = " ";
        if (n->key == MAILPROTO_IMAP_KEY_AND) {
            put("(");
            put_nodes(nodes, i + 1, n->end);
            put(")");
        } else if (n->key == MAILPROTO_IMAP_KEY_OR ||
                   n->key == MAILPROTO_IMAP_KEY_NOT) {
            put(n->key == MAILPROTO_IMAP_KEY_OR ? "OR " : "NOT ");
            put_nodes(nodes, i + 1, n->end);
        } else {
            put_key(n);
        }
        i = n->end;
    }
}

static void put_search(const mailproto_imap_command *c)
{
    static const char *const returns[] = {"MIN", "MAX", "ALL", "COUNT", "SAVE"};
    static mailproto_imap_search_node nodes[NODES];
    mailproto_imap_cursor keys = c->items;
    size_t count;
    CHECK(mailproto_imap_search_compile(&keys, nodes, NODES, &count) == MAILPROTO_OK);
    if (c->flags & MAILPROTO_IMAP_EXTENDED) {
        put(" RETURN ");
        put_bits(c->returns, returns, 5);
    }
    if (c->text.form != MAILPROTO_IMAP_NIL) {
        put(" CHARSET ");
        put_astring(&c->text);
    }
    put(" ");
    put_nodes(nodes, 1, nodes[0].end);
}

/* ---- the others -------------------------------------------------------------------------- */

static void put_id(const mailproto_imap_command *c)
{
    mailproto_imap_cursor items = c->items;
    mailproto_imap_string s;
    const char *before = " (";
    if (items.opaque[0] == 0) {
        put(" NIL");
        return;
    }
    put(items.opaque[0] == items.opaque[1] ? " (" : "");
    while (mailproto_imap_string_next(&items, &s) == MAILPROTO_OK) {
        static char buf[1 << 16];
        put(before);
        mailproto__imap_say_nstring(&say, octets_of(&s, buf, sizeof buf));
        before = " ";
    }
    put(")");
}

static void put_arguments(const mailproto_imap_command *c)
{
    switch (c->command) {
    case MAILPROTO_IMAP_AUTHENTICATE:
        put(" ");
        mailproto__imap_say_atom(&say, c->name.raw);
        put(c->text.form != MAILPROTO_IMAP_NIL ? " " : "");
        mailproto__imap_say_span(&say, c->text.raw);
        break;
    case MAILPROTO_IMAP_LOGIN:
        put(" ");
        put_astring(&c->name);
        put(" ");
        put_astring(&c->text);
        break;
    case MAILPROTO_IMAP_ENABLE:
        put_words(c->items, " ");
        break;
    case MAILPROTO_IMAP_ID:
        put_id(c);
        break;
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        put_select(c);
        break;
    case MAILPROTO_IMAP_CREATE:
        put_mailbox(&c->mailbox);
        put(c->items.opaque[0] != 0 ? " (USE (" : "");
        put_words(c->items, "");
        put(c->items.opaque[0] != 0 ? "))" : "");
        break;
    case MAILPROTO_IMAP_DELETE:
    case MAILPROTO_IMAP_SUBSCRIBE:
    case MAILPROTO_IMAP_UNSUBSCRIBE:
    case MAILPROTO_IMAP_RENAME:
        put_mailbox(&c->mailbox);
        if (c->command == MAILPROTO_IMAP_RENAME) {
            put_mailbox(&c->target);
        }
        break;
    case MAILPROTO_IMAP_STATUS:
        put_mailbox(&c->mailbox);
        put(" ");
        put_status_items(c->status_items);
        break;
    case MAILPROTO_IMAP_APPEND:
        put_append(c);
        break;
    case MAILPROTO_IMAP_SEARCH:
        put_search(c);
        break;
    default:
        break;
    }
}

/* Those that begin with message numbers or UIDs. */
static void put_with_set(const mailproto_imap_command *c)
{
    put(" ");
    put_set(&c->set);
    switch (c->command) {
    case MAILPROTO_IMAP_FETCH:
        put_fetch(c);
        break;
    case MAILPROTO_IMAP_STORE:
        put_store(c);
        break;
    case MAILPROTO_IMAP_COPY:
    case MAILPROTO_IMAP_MOVE:
        put_mailbox(&c->mailbox);
        break;
    default:
        break;
    }
}

void imap_command_write(struct text *out, const mailproto_imap_command *c,
                        uint32_t enabled)
{
    mailproto_imap_server *server = server_of(enabled);
    mailproto_session *s = mailproto_imap_server_session(server);
    const void *octets;
    size_t len;
    mailproto__imap_say_measure(&say, server);
    say.room = OUT_SIZE - 64;
    mailproto__imap_say_span(&say, c->tag);
    put(c->flags & MAILPROTO_IMAP_UID ? " UID " : " ");
    put(mailproto_imap_command_name(c->command));
    if (c->set.opaque[0] != 0) {
        put_with_set(c);
    } else if (c->command == MAILPROTO_IMAP_LIST || c->command == MAILPROTO_IMAP_LSUB) {
        put_list(c);
    } else {
        put_arguments(c);
    }
    put("\r\n");
    CHECK(!say.bad && say.len <= say.room);
    mailproto__imap_server_said(server);
    octets = mailproto_session_output(s, &len);
    CHECK(len == say.len);
    out->len = 0;
    text_add(out, (const char *)octets, len);
    CHECK(mailproto_session_output_sent(s, len) == MAILPROTO_OK);
}
