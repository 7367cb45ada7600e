/*
 * Random commands of IMAP (RFC 9051 9 and the extensions): those about mailboxes and the
 * session, and what all begin and end with.
 */
#include "imap_generate_inside.h"

#include <stdlib.h>
#include <string.h>

/* ---- mailboxes -------------------------------------------------------------- */

static const char *const status_names[] = {
    "MESSAGES", "UIDNEXT", "UIDVALIDITY",   "UNSEEN",      "DELETED",
    "SIZE",     "RECENT",  "HIGHESTMODSEQ", "APPENDLIMIT", "MAILBOXID"};

static void put_status_items(struct imap_generator *g)
{
    g->model.status_items = imap_put_bits(g, status_names, 10, 1);
    if (g->model.status_items & MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ) {
        g->model.flags |= MAILPROTO_IMAP_USES_MODSEQ;
    }
}

static void put_list(struct imap_generator *g)
{
    static const char *const selects[] = {"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH",
                                          "SPECIAL-USE"};
    uint32_t count;
    uint32_t i;
    g->model.mailbox.len = 0;
    if (imap_random(g, 2)) {
        size_t begin = g->unit.len;
        do { /* RECURSIVEMATCH needs SUBSCRIBED */
            g->unit.len = begin;
            imap_put(g, " ");
            g->model.select = imap_put_bits(g, selects, 4, 0);
        } while ((g->model.select & 5U) == 4);
        g->model.flags |= MAILPROTO_IMAP_EXTENDED;
    }
    imap_put_mailbox(g, &g->model.mailbox);
    imap_put(g, " ");
    if (imap_random(g, 2)) {
        imap_put_pattern(g, &g->model.items);
    } else {
        count = 1 + imap_random(g, 3);
        for (i = 0; i < count; i++) {
            imap_put(g, i > 0 ? " " : "(");
            imap_put_pattern(g, &g->model.items);
        }
        imap_put(g, ")");
        g->model.flags |= MAILPROTO_IMAP_EXTENDED;
    }
    if (imap_random(g, 2)) {
        static const char *const returns[] = {"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"};
        static const uint32_t bits[] = {MAILPROTO_IMAP_LIST_SUBSCRIBED,
                                        MAILPROTO_IMAP_LIST_CHILDREN,
                                        MAILPROTO_IMAP_LIST_SPECIAL_USE};
        const char *before = "";
        g->model.flags |= MAILPROTO_IMAP_EXTENDED;
        imap_put(g, " ");
        imap_put_word(g, "RETURN");
        imap_put(g, " (");
        for (i = 0; i < 3; i++) {
            if (imap_random(g, 2)) {
                imap_put(g, before);
                imap_put_word(g, returns[i]);
                g->model.returns |= bits[i];
                before = " ";
            }
        }
        if (imap_random(g, 2)) {
            imap_put(g, before);
            imap_put_word(g, "STATUS");
            imap_put(g, " ");
            put_status_items(g);
            g->model.returns |= MAILPROTO_IMAP_LIST_STATUS;
        }
        imap_put(g, ")");
    }
}

static void put_qresync(struct imap_generator *g)
{
    g->model.uidvalidity = imap_any_number(g);
    imap_put_word(g, "QRESYNC");
    imap_put(g, " (");
    imap_put_number(g, g->model.uidvalidity);
    imap_put(g, " ");
    imap_put_modseq(g);
    if (imap_random(g, 2)) {
        imap_put(g, " ");
        (void)imap_put_set(g, &g->model.known, 1);
    }
    if (imap_random(g, 2)) {
        imap_put(g, " (");
        (void)imap_put_set(g, &g->model.match_numbers, 1);
        imap_put(g, " ");
        (void)imap_put_set(g, &g->model.match_uids, 1);
        imap_put(g, ")");
    }
    imap_put(g, ")");
    g->model.flags |= MAILPROTO_IMAP_QRESYNC;
}

static void put_select(struct imap_generator *g)
{
    uint32_t params = imap_random(g, 4);
    imap_put_mailbox(g, &g->model.mailbox);
    if (params == 0) {
        return;
    }
    imap_put(g, " (");
    if (params & 1U) {
        imap_put_word(g, "CONDSTORE");
        g->model.flags |= MAILPROTO_IMAP_CONDSTORE;
    }
    if (params & 2U) {
        imap_put(g, params & 1U ? " " : "");
        put_qresync(g);
    }
    imap_put(g, ")");
    g->model.flags |= MAILPROTO_IMAP_USES_MODSEQ;
}

static void put_create(struct imap_generator *g)
{
    uint32_t count = imap_random(g, 5);
    uint32_t i;
    imap_put_mailbox(g, &g->model.mailbox);
    if (count == 0) {
        return;
    }
    imap_put(g, " (");
    imap_put_word(g, "USE");
    imap_put(g, " (");
    for (i = 1; i < count; i++) {
        const char *use = i == 1 ? "\\Sent" : "\\x-mine";
        imap_put(g, i > 1 ? " " : "");
        imap_put(g, use);
        imap_tell_string(&g->model.items, MAILPROTO_IMAP_ATOM, 0, use, strlen(use));
    }
    imap_put(g, "))");
}

/* ---- the others ------------------------------------------------------------- */

static void put_message(struct imap_generator *g, struct text *out)
{
    mailproto_imap_date none = {0, 0, 0};
    char octets[64];
    size_t len = imap_any_octets(g, octets);
    uint32_t form = imap_random(g, 3);
    uint32_t flags = 0;
    imap_put(g, " ");
    if (imap_random(g, 2)) {
        imap_put_flags(g, out);
        imap_put(g, " ");
    }
    if (imap_random(g, 2)) {
        imap_put_date_time(g, out);
        imap_put(g, " ");
    } else {
        imap_tell_date(out, &none);
    }
    if (form == 2) {
        imap_put_word(g, "UTF8");
        imap_put(g, " (");
        flags = MAILPROTO_IMAP_UTF8_FORM;
    }
    if (form > 0) {
        imap_put(g, "~");
        flags |= MAILPROTO_IMAP_BINARY;
        octets[len++] = '\0';
    }
    text_print(&g->unit, "{%u%s}\r\n", (unsigned)len, imap_random(g, 2) ? "+" : "");
    text_add(&g->unit, octets, len);
    imap_put(g, form == 2 ? ")" : "");
    imap_tell_string(out, MAILPROTO_IMAP_LITERAL, flags | imap_high_flag(octets, len),
                     octets, len);
}

static void put_append(struct imap_generator *g)
{
    uint32_t count = 1 + imap_random(g, 3);
    imap_put_mailbox(g, &g->model.mailbox);
    for (; count > 0; count--) {
        put_message(g, &g->model.items);
    }
}

static void put_authenticate(struct imap_generator *g)
{
    static const char *const responses[] = {"=", "YQ==", "YWI=", "YWJj", "AGEAYg=="};
    const char *name = imap_random(g, 2) ? "PLAIN" : "SCRAM-SHA-256";
    imap_put(g, " ");
    imap_put(g, name);
    g->model.name.len = 0;
    imap_tell_string(&g->model.name, MAILPROTO_IMAP_ATOM, 0, name, strlen(name));
    if (imap_random(g, 2)) {
        const char *response = responses[imap_random(g, 5)];
        imap_put(g, " ");
        imap_put(g, response);
        g->model.text.len = 0;
        imap_tell_string(&g->model.text, MAILPROTO_IMAP_ATOM, 0, response,
                         strlen(response));
    }
}

static void put_login(struct imap_generator *g)
{
    g->model.name.len = 0;
    g->model.text.len = 0;
    imap_put(g, " ");
    imap_put_astring(g, &g->model.name);
    imap_put(g, " ");
    imap_put_astring(g, &g->model.text);
}

static void put_enable(struct imap_generator *g)
{
    uint32_t count = 1 + imap_random(g, 3);
    for (; count > 0; count--) {
        imap_put(g, " ");
        if (imap_random(g, 3) == 0) {
            imap_put(g, "CONDSTORE");
            imap_tell_string(&g->model.items, MAILPROTO_IMAP_ATOM, 0, "CONDSTORE", 9);
            g->model.flags |= MAILPROTO_IMAP_USES_MODSEQ;
        } else {
            imap_put_atom(g, &g->model.items);
        }
    }
}

static void put_id(struct imap_generator *g)
{
    char octets[64];
    uint32_t count = imap_random(g, 4);
    uint32_t i;
    if (count == 0 && imap_random(g, 2)) {
        imap_put(g, " ");
        imap_put_word(g, "NIL");
        return;
    }
    imap_put(g, " (");
    for (i = 0; i < count; i++) {
        imap_put(g, i > 0 ? " " : "");
        imap_put_string(g, &g->model.items, octets, imap_any_octets(g, octets), 0, 0);
        imap_put(g, " ");
        if (imap_random(g, 3) == 0) {
            imap_put_word(g, "NIL");
            imap_tell_string(&g->model.items, MAILPROTO_IMAP_NIL, 0, "", 0);
        } else {
            imap_put_string(g, &g->model.items, octets, imap_any_octets(g, octets), 0,
                            0);
        }
    }
    imap_put(g, ")");
}

static void put_arguments(struct imap_generator *g, uint32_t command)
{
    struct imap_model *m = &g->model;
    switch (command) {
    case MAILPROTO_IMAP_AUTHENTICATE:
        put_authenticate(g);
        break;
    case MAILPROTO_IMAP_LOGIN:
        put_login(g);
        break;
    case MAILPROTO_IMAP_ENABLE:
        put_enable(g);
        break;
    case MAILPROTO_IMAP_ID:
        put_id(g);
        break;
    case MAILPROTO_IMAP_SEARCH:
        imap_put_search(g);
        break;
    case MAILPROTO_IMAP_FETCH:
        imap_put_fetch(g);
        break;
    case MAILPROTO_IMAP_STORE:
        imap_put_store(g);
        break;
    case MAILPROTO_IMAP_EXPUNGE:
        if (m->flags & MAILPROTO_IMAP_UID) {
            imap_put_numbers(g);
        }
        break;
    default:
        break;
    }
}

/* Those whose first argument is a mailbox. */
static void put_mailbox_arguments(struct imap_generator *g, uint32_t command)
{
    struct imap_model *m = &g->model;
    m->mailbox.len = 0;
    switch (command) {
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        put_select(g);
        break;
    case MAILPROTO_IMAP_CREATE:
        put_create(g);
        break;
    case MAILPROTO_IMAP_DELETE:
    case MAILPROTO_IMAP_SUBSCRIBE:
    case MAILPROTO_IMAP_UNSUBSCRIBE:
        imap_put_mailbox(g, &m->mailbox);
        break;
    case MAILPROTO_IMAP_RENAME:
        m->target.len = 0;
        imap_put_mailbox(g, &m->mailbox);
        imap_put_mailbox(g, &m->target);
        break;
    case MAILPROTO_IMAP_LIST:
        put_list(g);
        break;
    case MAILPROTO_IMAP_LSUB:
        imap_put_mailbox(g, &m->mailbox);
        imap_put(g, " ");
        imap_put_pattern(g, &m->items);
        break;
    case MAILPROTO_IMAP_STATUS:
        imap_put_mailbox(g, &m->mailbox);
        imap_put(g, " ");
        put_status_items(g);
        break;
    case MAILPROTO_IMAP_APPEND:
        put_append(g);
        break;
    case MAILPROTO_IMAP_COPY:
    case MAILPROTO_IMAP_MOVE:
        imap_put_numbers(g);
        imap_put_mailbox(g, &m->mailbox);
        break;
    default:
        imap_tell_string(&m->mailbox, MAILPROTO_IMAP_NIL, 0, "", 0);
        put_arguments(g, command);
        break;
    }
}

static int has_uid(uint32_t command)
{
    return command == MAILPROTO_IMAP_FETCH || command == MAILPROTO_IMAP_STORE ||
           command == MAILPROTO_IMAP_SEARCH || command == MAILPROTO_IMAP_COPY ||
           command == MAILPROTO_IMAP_MOVE || command == MAILPROTO_IMAP_EXPUNGE;
}

void imap_generate(struct imap_generator *g, uint32_t command)
{
    static const char tag_chars[] = "abcXYZ0189.-_/&!#$'@^`|~:;<>,?=[}]";
    struct imap_model *m = &g->model;
    uint32_t i;
    size_t begin;
    imap_clear(m);
    g->unit.len = 0;
    for (i = 1 + imap_random(g, 6); i > 0; i--) {
        text_add(&g->unit, tag_chars + imap_random(g, sizeof tag_chars - 1), 1);
    }
    text_add(&m->tag, g->unit.data, g->unit.len);
    imap_put(g, " ");
    m->command = command;
    imap_tell_string(&m->name, MAILPROTO_IMAP_NIL, 0, "", 0);
    imap_tell_string(&m->text, MAILPROTO_IMAP_NIL, 0, "", 0);
    imap_tell_string(&m->target, MAILPROTO_IMAP_NIL, 0, "", 0);
    if (has_uid(command) && imap_random(g, 2)) {
        m->flags |= MAILPROTO_IMAP_UID;
        imap_put_word(g, "UID");
        imap_put(g, " ");
    }
    if ((m->flags & MAILPROTO_IMAP_UID) ||
        (command != MAILPROTO_IMAP_FETCH && command != MAILPROTO_IMAP_STORE &&
         command != MAILPROTO_IMAP_SEARCH)) {
        m->flags |= MAILPROTO_IMAP_MAY_EXPUNGE;
    }
    begin = g->unit.len;
    imap_put_word(g, mailproto_imap_command_name(command));
    text_add(&m->verb, g->unit.data + begin, g->unit.len - begin);
    put_mailbox_arguments(g, command);
    imap_put(g, "\r\n");
}
