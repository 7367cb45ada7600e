/* IMAP's part of a role: a server with a small INBOX that lets everyone in. Flags change
   and messages go as the client wants it; APPEND is taken and thrown away. */
#include "record.h"
#include "role.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_UID = 101, VALIDITY = 1700000000, SYSTEM_FLAGS = 31 };

/* The last message is stored with LF, as a file may be, and has no end of line. */
static const mailproto_bytes texts[IMAP_MESSAGES] = {
#define STORED(text)                                                                   \
    {                                                                                  \
        text, sizeof text - 1                                                          \
    }
    STORED("From: Ann <a@client.example>\r\n"
           "To: <b@server.example>\r\n"
           "Subject: one\r\n"
           "Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
           "Message-ID: <1@client.example>\r\n"
           "\r\n"
           "Hello.\r\n"),
    STORED("From: <a@client.example>\r\n"
           "Subject: two\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=b\r\n"
           "\r\n"
           "--b\r\n"
           "\r\n"
           "A text.\r\n"
           "--b\r\n"
           "Content-Type: application/octet-stream; name=x.bin\r\n"
           "Content-Transfer-Encoding: base64\r\n"
           "\r\n"
           "AAEC\r\n"
           "--b--\r\n"),
    STORED("Subject: three\n"
           "\n"
           "No end")
#undef STORED
};

static const mailproto_bytes nothing;

/* ---- the mailbox -------------------------------------------------------------------- */

/* Octets with CRLF line ends. */
static uint64_t octets_of(mailproto_bytes m)
{
    uint64_t n = m.len;
    for (size_t i = 0; i < m.len; i++) {
        n += m.ptr[i] == '\n' && (i == 0 || m.ptr[i - 1] != '\r');
    }
    return n;
}

static void set_facts(imap_role *i, uint32_t seq)
{
    uint32_t number = i->held[seq - 1];
    mailproto_imap_facts *f = &i->facts;
    memset(f, 0, sizeof *f);
    f->struct_size = sizeof *f;
    f->seq = seq;
    f->uid = FIRST_UID + number;
    f->largest_seq = i->count;
    f->largest_uid = FIRST_UID + i->held[i->count - 1];
    f->flags = i->flags[number];
    f->size = octets_of(texts[number]);
    f->modseq = 1;
    f->internal.utc = VALIDITY + (int64_t)number * 60;
    f->internal.set = 1;
}

/* Whether the command's set holds this message. */
static int is_meant(const imap_role *i)
{
    const mailproto_imap_facts *f = &i->facts;
    return i->command.flags & MAILPROTO_IMAP_UID
               ? mailproto_imap_set_has(&i->command.set, f->uid, f->largest_uid)
               : mailproto_imap_set_has(&i->command.set, f->seq, f->largest_seq);
}

static mailproto_status open_message(imap_role *i)
{
    char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_bytes text = texts[i->held[i->facts.seq - 1]];
    memset(&i->source, 0, sizeof i->source);
    i->source.struct_size = sizeof i->source;
    i->source.data = text.ptr;
    i->source.size = text.len;
    memset(&i->index, 0, sizeof i->index);
    i->index.struct_size = sizeof i->index;
    i->index.capacity = IMAP_PARTS;
    i->index.parts = i->parts;
    return mailproto_index_build(&i->index, &i->source, NULL, work, sizeof work);
}

static int is_inbox(const mailproto_imap_string *name)
{
    return mailproto_imap_string_is(name, "INBOX");
}

/* ---- answers: OK done, AGAIN when there is room, or what the library refused --------- */

/* The FETCH response of the message of the facts. */
static mailproto_status tell(imap_role *i, mailproto_imap_cursor items,
                             uint32_t tell_flags)
{
    mailproto_imap_fetch *f = &i->fetch;
    if (i->step == 0) {
        memset(f, 0, sizeof *f);
        f->struct_size = sizeof *f;
        f->flags = i->command.flags & (MAILPROTO_IMAP_UID | MAILPROTO_IMAP_HAS_MODSEQ);
        f->items = items;
        f->facts = &i->facts;
        f->work = i->fetch_work;
        f->work_size = sizeof i->fetch_work;
        f->tell_flags = tell_flags;
        i->step = 1;
    }
    mailproto_status st = mailproto_imap_server_fetch(i->server, f);
    if (st == MAILPROTO_YOUR_TURN) {
        st = open_message(i);
        f->source = &i->source;
        f->index = &i->index;
        if (st == MAILPROTO_OK) {
            st = mailproto_imap_server_fetch(i->server, f);
        }
    }
    if (st == MAILPROTO_OK) {
        i->step = 0;
    }
    return st;
}

static mailproto_status run_fetch(imap_role *i)
{
    for (; i->at < i->count; i->at++) {
        uint32_t *flags = &i->flags[i->held[i->at]];
        if (i->step == 0) {
            set_facts(i, i->at + 1);
            if (!is_meant(i)) {
                continue;
            }
        }
        uint32_t told = 0;
        if (i->step == 0 && (i->command.flags & MAILPROTO_IMAP_SETS_SEEN) != 0 &&
            (*flags & MAILPROTO_IMAP_SEEN) == 0) {
            *flags |= MAILPROTO_IMAP_SEEN;
            i->facts.flags = *flags;
            told = 1;
        }
        mailproto_status st = tell(i, i->command.items, told);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    return MAILPROTO_OK;
}

/* The system flags among those of a STORE: others are not kept here. */
static uint32_t wanted_flags(mailproto_imap_cursor list)
{
    mailproto_imap_string s;
    uint32_t flags = 0;
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        flags |= mailproto_imap_flag(s.raw) & SYSTEM_FLAGS;
    }
    return flags;
}

static mailproto_status run_store(imap_role *i)
{
    const mailproto_imap_cursor none = {{0}};
    uint32_t wanted = wanted_flags(i->command.items);
    for (; i->at < i->count; i->at++) {
        uint32_t *flags = &i->flags[i->held[i->at]];
        if (i->step == 0) {
            set_facts(i, i->at + 1);
            if (!is_meant(i)) {
                continue;
            }
            if (i->command.store == MAILPROTO_IMAP_STORE_SET) {
                *flags = wanted;
            } else if (i->command.store == MAILPROTO_IMAP_STORE_ADD) {
                *flags |= wanted;
            } else {
                *flags &= ~wanted;
            }
            i->facts.flags = *flags;
        }
        if ((i->command.flags & MAILPROTO_IMAP_SILENT) == 0) {
            mailproto_status st = tell(i, none, 1);
            if (st != MAILPROTO_OK) {
                return st;
            }
        }
    }
    return MAILPROTO_OK;
}

/* From the last message to the first, so that numbers stay. */
static mailproto_status run_expunge(imap_role *i)
{
    for (; i->at < i->count; i->at++) {
        uint32_t seq = i->count - i->at;
        set_facts(i, seq);
        if ((i->facts.flags & MAILPROTO_IMAP_DELETED) == 0 ||
            ((i->command.flags & MAILPROTO_IMAP_UID) != 0 && !is_meant(i))) {
            continue;
        }
        mailproto_status st =
            mailproto_imap_server_expunge(i->server, seq, i->facts.uid);
        if (st != MAILPROTO_OK) {
            return st;
        }
        memmove(&i->held[seq - 1], &i->held[seq], (i->count - seq) * sizeof i->held[0]);
        i->count--;
        i->at--; /* as many are behind it as were */
    }
    return MAILPROTO_OK;
}

/* Whether the message of the facts is one that is looked for. */
static int matches(imap_role *i, const mailproto_imap_search_node *nodes, size_t count)
{
    mailproto_imap_match m;
    mailproto_status st = mailproto_imap_match_open(
        &m, nodes, count, &i->facts, i->fetch_work, sizeof i->fetch_work);
    while (st == MAILPROTO_OK &&
           (st = mailproto_imap_match_run(&m)) == MAILPROTO_AGAIN) {
        st = open_message(i);
        if (st == MAILPROTO_OK) {
            st = mailproto_imap_match_message(&m, &i->source, &i->index);
        }
    }
    return st == MAILPROTO_OK && mailproto_imap_match_result(&m);
}

static mailproto_status search_all(imap_role *i)
{
    static mailproto_imap_search_node nodes[IMAP_NODES];
    mailproto_imap_cursor keys = i->command.items;
    size_t count = 0;
    mailproto_status st =
        mailproto_imap_search_compile(&keys, nodes, IMAP_NODES, &count);
    i->found_count = 0;
    for (uint32_t seq = 1; st == MAILPROTO_OK && seq <= i->count; seq++) {
        set_facts(i, seq);
        if (matches(i, nodes, count)) {
            uint32_t n =
                i->command.flags & MAILPROTO_IMAP_UID ? i->facts.uid : i->facts.seq;
            if (i->found_count > 0 && i->found[i->found_count - 1].high + 1 == n) {
                i->found[i->found_count - 1].high = n;
            } else {
                i->found[i->found_count].low = i->found[i->found_count].high = n;
                i->found_count++;
            }
        }
    }
    return st;
}

static mailproto_status run_search(imap_role *i, uint32_t request)
{
    mailproto_imap_found found = {.struct_size = sizeof found};
    mailproto_status st = MAILPROTO_OK;
    int numbers = 0;
    if (i->step == 0) {
        st = search_all(i);
        for (size_t n = 0; n < i->found_count; n++) {
            found.count += i->found[n].high - i->found[n].low + 1;
        }
        if (i->found_count > 0) {
            found.min = i->found[0].low;
            found.max = i->found[i->found_count - 1].high;
        }
        if (st == MAILPROTO_OK) {
            st = mailproto_imap_server_search_begin(i->server, request, &found,
                                                    &numbers);
        }
        i->step = st != MAILPROTO_OK ? 0 : numbers ? 1 : 2;
    }
    if (st == MAILPROTO_OK && i->step == 1) {
        st = mailproto_imap_server_numbers(i->server, i->found, i->found_count);
        i->step = st == MAILPROTO_OK ? 2 : 1;
    }
    return st == MAILPROTO_OK ? mailproto_imap_server_search_end(i->server) : st;
}

static mailproto_status send_status(imap_role *i)
{
    mailproto_imap_status s = {.struct_size = sizeof s};
    s.items = i->command.status_items;
    s.name = role_bytes("INBOX");
    s.messages = i->count;
    s.uidnext = FIRST_UID + IMAP_MESSAGES;
    s.uidvalidity = VALIDITY;
    s.highestmodseq = 1;
    s.append_limit = MAILPROTO_UNLIMITED_64;
    s.mailbox_id = role_bytes("M1");
    for (uint32_t n = 0; n < i->count; n++) {
        s.unseen += (i->flags[i->held[n]] & MAILPROTO_IMAP_SEEN) == 0;
        s.deleted += (i->flags[i->held[n]] & MAILPROTO_IMAP_DELETED) != 0;
        s.size += octets_of(texts[i->held[n]]);
    }
    return mailproto_imap_server_status(i->server, &s);
}

/* Whether a pattern of LIST or LSUB means INBOX. */
static int lists_inbox(const mailproto_imap_command *c)
{
    mailproto_imap_cursor items = c->items;
    mailproto_imap_string s;
    while (mailproto_imap_string_next(&items, &s) == MAILPROTO_OK) {
        char pattern[512];
        size_t len = c->mailbox.raw.len;
        if (len + s.raw.len < sizeof pattern) {
            memcpy(pattern, c->mailbox.raw.ptr != NULL ? c->mailbox.raw.ptr : "", len);
            memcpy(pattern + len, s.raw.ptr, s.raw.len);
            mailproto_bytes joined = {pattern, len + s.raw.len};
            if (mailproto_imap_list_match(joined, role_bytes("INBOX"), '/') == 1) {
                return 1;
            }
        }
    }
    return 0;
}

static mailproto_status run_list(imap_role *i)
{
    mailproto_imap_list_entry e = {.struct_size = sizeof e};
    mailproto_status st = MAILPROTO_OK;
    if (!lists_inbox(&i->command)) {
        return MAILPROTO_OK;
    }
    e.attributes = MAILPROTO_IMAP_ATTR_HASNOCHILDREN;
    if ((i->command.select | i->command.returns) & MAILPROTO_IMAP_LIST_SUBSCRIBED) {
        e.attributes |= MAILPROTO_IMAP_ATTR_SUBSCRIBED;
    }
    e.delimiter = '/';
    e.name = role_bytes("INBOX");
    if (i->step == 0) {
        st = mailproto_imap_server_list(i->server, &e);
        i->step = st == MAILPROTO_OK;
    }
    return st == MAILPROTO_OK && (i->command.returns & MAILPROTO_IMAP_LIST_STATUS) != 0
               ? send_status(i)
               : st;
}

static mailproto_status run_select(role *r)
{
    imap_role *i = &r->imap;
    mailproto_imap_selected box = {.struct_size = sizeof box};
    box.exists = i->count;
    box.uidvalidity = VALIDITY;
    box.uidnext = FIRST_UID + IMAP_MESSAGES;
    box.mailbox_flags = box.permanent_flags = SYSTEM_FLAGS;
    box.highestmodseq = 1;
    if (mailproto_session_has_cap(r->session, MAILPROTO_IMAP_CAP_OBJECTID)) {
        box.mailbox_id = role_bytes("M1");
    }
    box.entry.struct_size = sizeof box.entry;
    box.entry.delimiter = '/';
    box.entry.name = role_bytes("INBOX");
    for (uint32_t n = i->count; n > 0; n--) {
        if ((i->flags[i->held[n - 1]] & MAILPROTO_IMAP_SEEN) == 0) {
            box.unseen = n;
        }
    }
    return mailproto_imap_server_selected(i->server, i->request, &box);
}

/* Answers what was asked for, but for the completion. */
static mailproto_status run(role *r)
{
    imap_role *i = &r->imap;
    switch (i->command.command) {
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        return run_select(r);
    case MAILPROTO_IMAP_LIST:
    case MAILPROTO_IMAP_LSUB:
        return run_list(i);
    case MAILPROTO_IMAP_STATUS:
        return send_status(i);
    case MAILPROTO_IMAP_FETCH:
        return run_fetch(i);
    case MAILPROTO_IMAP_STORE:
        return run_store(i);
    case MAILPROTO_IMAP_SEARCH:
        return run_search(i, i->request);
    case MAILPROTO_IMAP_EXPUNGE:
        return run_expunge(i);
    default:
        return MAILPROTO_OK;
    }
}

static void server_work(role *r)
{
    imap_role *i = &r->imap;
    mailproto_status st;
    if (i->request == 0) {
        return;
    }
    st = run(r);
    if (st == MAILPROTO_AGAIN || st == MAILPROTO_NOT_READY) {
        return;
    }
    role_check(r, mailproto_imap_command_name(i->command.command), st);
    uint32_t request = i->request;
    i->request = 0;
    role_check(r, "complete",
               mailproto_imap_server_complete(i->server, request,
                                              st == MAILPROTO_OK ? MAILPROTO_IMAP_OK
                                                                 : MAILPROTO_IMAP_NO,
                                              NULL, nothing));
}

/* ---- events ------------------------------------------------------------------------- */

/* 1: it needs a mailbox that is not there. */
static int wants_other_box(const mailproto_imap_command *c)
{
    return (c->command == MAILPROTO_IMAP_SELECT ||
            c->command == MAILPROTO_IMAP_EXAMINE ||
            c->command == MAILPROTO_IMAP_STATUS ||
            c->command == MAILPROTO_IMAP_APPEND) &&
           !is_inbox(&c->mailbox);
}

static mailproto_status on_command(role *r, const mailproto_event *ev)
{
    imap_role *i = &r->imap;
    memset(&i->command, 0, sizeof i->command);
    i->command.struct_size = sizeof i->command;
    mailproto_status st = mailproto_imap_event_command(ev, &i->command);
    if (st != MAILPROTO_OK) {
        return st;
    }
    i->at = i->step = 0;
    if (wants_other_box(&i->command)) {
        mailproto_imap_code code = {.struct_size = sizeof code};
        code.code = MAILPROTO_IMAP_CODE_NONEXISTENT;
        return mailproto_imap_server_complete(i->server, ev->tag, MAILPROTO_IMAP_NO,
                                              &code, nothing);
    }
    switch (i->command.command) {
    case MAILPROTO_IMAP_LOGIN:
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
    case MAILPROTO_IMAP_LIST:
    case MAILPROTO_IMAP_LSUB:
    case MAILPROTO_IMAP_STATUS:
    case MAILPROTO_IMAP_APPEND:
    case MAILPROTO_IMAP_FETCH:
    case MAILPROTO_IMAP_STORE:
    case MAILPROTO_IMAP_SEARCH:
    case MAILPROTO_IMAP_EXPUNGE:
        i->request = ev->tag; /* server_work() answers */
        return MAILPROTO_OK;
    default:
        return mailproto_imap_server_accept(i->server, ev->tag);
    }
}

static void server_event(role *r, const mailproto_event *ev)
{
    imap_role *i = &r->imap;
    if (role_server_auth(r, ev) || (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return;
    }
    switch (ev->type) {
    case MAILPROTO_EV_IMAP_CONNECT:
        role_check(r, "greet",
                   mailproto_imap_server_greet(
                       i->server, ev->tag,
                       r->o->imap.preauth ? MAILPROTO_IMAP_PREAUTH : MAILPROTO_IMAP_OK,
                       nothing));
        break;
    case MAILPROTO_EV_IMAP_COMMAND:
        role_check(r, "command", on_command(r, ev));
        break;
    case MAILPROTO_EV_IMAP_LITERAL:
        role_check(r, "literal", mailproto_imap_server_literal(i->server, ev->tag, 1));
        break;
    default:
        role_check(r, "accept", mailproto_imap_server_accept(i->server, ev->tag));
        break;
    }
}

/* ---- beginning and end -------------------------------------------------------------- */

static mailproto_status begin_server(role *r)
{
    imap_role *i = &r->imap;
    mailproto_status st = mailproto_imap_server_new(&r->o->imap.server, &i->server);
    if (st == MAILPROTO_OK) {
        r->session = mailproto_imap_server_session(i->server);
        i->count = IMAP_MESSAGES;
        for (uint32_t n = 0; n < IMAP_MESSAGES; n++) {
            i->held[n] = n;
        }
        i->flags[0] = MAILPROTO_IMAP_SEEN;
    }
    return st;
}

static void end_server(role *r, json_t *result)
{
    (void)result;
    mailproto_imap_server_free(r->imap.server);
}

const role_kind role_imap_server = {"imap-server",       0,          begin_server,
                                    server_event,        NULL,       end_server,
                                    record_imap_details, server_work};
