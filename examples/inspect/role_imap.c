/* IMAP's part of a role: a server with a small INBOX that lets everyone in. Flags change
   and messages go as the client wants it; APPEND is taken and thrown away. */
#include "record.h"
#include "role.h"

#include <stdlib.h>
#include <string.h>

enum { SYSTEM_FLAGS = 31 };

/* Steps of SEARCH. It looks once only: what it found is noted, and `$` is another then. */
enum { SEARCH_LOOK, SEARCH_BEGIN, SEARCH_NUMBERS, SEARCH_END };

static const mailproto_bytes nothing;

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
        st = imap_box_open(i);
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

/* With EXAMINE nothing changes (RFC 9051 6.3.3). 1: the command is refused. */
static int is_refused(imap_role *i)
{
    if (i->read_only) {
        i->how = MAILPROTO_IMAP_NO;
        i->text = "The mailbox is open for reading only";
    }
    return i->read_only;
}

/* VANISHED (EARLIER), if there is anything to tell: RFC 7162 3.2.10. */
static mailproto_status tell_gone(imap_role *i, const mailproto_imap_cursor *set)
{
    mailproto_imap_range uids[IMAP_MESSAGES];
    size_t count = imap_box_gone(i, set, uids);
    mailproto_status st =
        count > 0 ? mailproto_imap_server_vanished(i->server, 1, uids, count)
                  : MAILPROTO_OK;
    i->gone_told = st == MAILPROTO_OK;
    return st;
}

/* Whether the message changed since the mod-sequence that the command has, if any. */
static int is_changed(const imap_role *i)
{
    return (i->command.flags & MAILPROTO_IMAP_HAS_MODSEQ) == 0 ||
           i->facts.modseq > i->command.modseq;
}

static int sets_seen(imap_role *i)
{
    return (i->command.flags & MAILPROTO_IMAP_SETS_SEEN) != 0 && !i->read_only &&
           imap_box_set_flags(i, i->facts.flags | MAILPROTO_IMAP_SEEN);
}

static mailproto_status run_fetch(imap_role *i)
{
    mailproto_status st = MAILPROTO_OK;
    if ((i->command.flags & MAILPROTO_IMAP_VANISHED) != 0 && !i->gone_told) {
        st = tell_gone(i, &i->command.set);
    }
    for (; st == MAILPROTO_OK && i->at < i->count; i->at += st == MAILPROTO_OK) {
        uint32_t told = 0;
        if (i->step == 0) {
            imap_box_facts(i, i->at + 1);
            if (!imap_box_is_meant(i) || !is_changed(i)) {
                continue;
            }
            told = (uint32_t)sets_seen(i);
        }
        st = tell(i, i->command.items, told);
    }
    return st;
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

/* The number of the message of the facts as the command's kind has it. */
static void add_found(imap_role *i)
{
    uint32_t n = i->command.flags & MAILPROTO_IMAP_UID ? i->facts.uid : i->facts.seq;
    if (i->found_count > 0 && i->found[i->found_count - 1].high + 1 == n) {
        i->found[i->found_count - 1].high = n;
    } else {
        i->found[i->found_count].low = i->found[i->found_count].high = n;
        i->found_count++;
    }
}

/* The message of the facts. 1, or 0: nothing is to be told of it. */
static int store_one(imap_role *i, uint32_t wanted)
{
    uint32_t aware = MAILPROTO_IMAP_ENABLED_CONDSTORE | MAILPROTO_IMAP_ENABLED_QRESYNC;
    int conditional = (i->command.flags & MAILPROTO_IMAP_HAS_MODSEQ) != 0;
    if (conditional && is_changed(i)) {
        add_found(i);
        return 0;
    }
    if (i->command.store == MAILPROTO_IMAP_STORE_ADD) {
        wanted |= i->facts.flags;
    } else if (i->command.store == MAILPROTO_IMAP_STORE_REMOVE) {
        wanted = i->facts.flags & ~wanted;
    }
    int changed = imap_box_set_flags(i, wanted);
    if ((i->command.flags & MAILPROTO_IMAP_SILENT) == 0 || conditional) {
        return 1;
    }
    /* The mod-sequence is told even then: RFC 7162 3.1.3, 3.2.4 */
    return changed && (mailproto_imap_server_enabled(i->server) & aware) != 0;
}

static mailproto_status run_store(imap_role *i)
{
    const mailproto_imap_cursor none = {{0}};
    uint32_t wanted = wanted_flags(i->command.items);
    if (is_refused(i)) {
        return MAILPROTO_OK;
    }
    for (; i->at < i->count; i->at++) {
        if (i->step == 0) {
            imap_box_facts(i, i->at + 1);
            if (!imap_box_is_meant(i) || !store_one(i, wanted)) {
                continue;
            }
        }
        mailproto_status st =
            tell(i, none, (i->command.flags & MAILPROTO_IMAP_SILENT) == 0);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    if (i->found_count > 0) {
        i->code.code = MAILPROTO_IMAP_CODE_MODIFIED;
        i->code.set = i->found;
        i->code.set_count = i->found_count;
        i->text = "Some were changed before";
    }
    return MAILPROTO_OK;
}

/* Whether EXPUNGE or CLOSE removes the message. */
static int is_to_go(imap_role *i, uint32_t seq)
{
    imap_box_facts(i, seq);
    return (i->facts.flags & MAILPROTO_IMAP_DELETED) != 0 &&
           ((i->command.flags & MAILPROTO_IMAP_UID) == 0 || imap_box_is_meant(i));
}

/* From the last message to the first, so that numbers stay. */
static mailproto_status run_expunge(imap_role *i)
{
    if (is_refused(i)) {
        return MAILPROTO_OK;
    }
    for (; i->at < i->count; i->at++) {
        uint32_t seq = i->count - i->at;
        if (!is_to_go(i, seq)) {
            continue;
        }
        mailproto_status st =
            mailproto_imap_server_expunge(i->server, seq, i->facts.uid);
        if (st != MAILPROTO_OK) {
            return st;
        }
        imap_box_remove(i, seq);
        i->at--; /* as many are behind it as were */
        if ((mailproto_imap_server_enabled(i->server) &
             MAILPROTO_IMAP_ENABLED_QRESYNC) != 0) { /* RFC 7162 3.2.7 */
            i->code.code = MAILPROTO_IMAP_CODE_HIGHESTMODSEQ;
            i->code.number = i->highest;
        }
    }
    return MAILPROTO_OK;
}

static void close_box(imap_role *i)
{
    for (uint32_t seq = i->count; seq > 0 && !i->read_only; seq--) {
        if (is_to_go(i, seq)) {
            imap_box_remove(i, seq);
        }
    }
}

/* Whether the message of the facts is one that is looked for. */
static int matches(imap_role *i, const mailproto_imap_search_node *nodes, size_t count)
{
    mailproto_imap_match m;
    mailproto_status st = mailproto_imap_match_open(
        &m, nodes, count, &i->facts, i->fetch_work, sizeof i->fetch_work);
    while (st == MAILPROTO_OK &&
           (st = mailproto_imap_match_run(&m)) == MAILPROTO_AGAIN) {
        st = imap_box_open(i);
        if (st == MAILPROTO_OK) {
            st = mailproto_imap_match_message(&m, &i->source, &i->index);
        }
    }
    return st == MAILPROTO_OK && mailproto_imap_match_result(&m);
}

/* Of what was found, ascending, this one is told and saved: the first, the last or both
   if nothing else was asked for (RFC 4731 3.2, RFC 5182 2.4). */
static int is_asked_for(uint32_t returns, size_t place, size_t count)
{
    if ((returns & (MAILPROTO_IMAP_RETURN_ALL | MAILPROTO_IMAP_RETURN_COUNT)) != 0 ||
        (returns & (MAILPROTO_IMAP_RETURN_MIN | MAILPROTO_IMAP_RETURN_MAX)) == 0) {
        return 1;
    }
    return ((returns & MAILPROTO_IMAP_RETURN_MIN) != 0 && place == 0) ||
           ((returns & MAILPROTO_IMAP_RETURN_MAX) != 0 && place + 1 == count);
}

static void note_found(imap_role *i, const uint32_t *seqs, size_t count)
{
    uint32_t returns = i->command.returns;
    if ((returns & MAILPROTO_IMAP_RETURN_SAVE) != 0) {
        i->saved_count = 0;
    }
    for (size_t n = 0; n < count; n++) {
        imap_box_facts(i, seqs[n]);
        add_found(i);
        if (!is_asked_for(returns, n, count)) {
            continue;
        }
        if ((i->command.flags & MAILPROTO_IMAP_USES_MODSEQ) != 0 &&
            i->facts.modseq > i->found_modseq) {
            i->found_modseq = i->facts.modseq;
        }
        if ((returns & MAILPROTO_IMAP_RETURN_SAVE) != 0) {
            i->saved[i->saved_count].low = i->saved[i->saved_count].high = i->facts.uid;
            i->saved_count++;
        }
    }
}

static mailproto_status search_all(imap_role *i)
{
    static mailproto_imap_search_node nodes[IMAP_NODES];
    mailproto_imap_cursor keys = i->command.items;
    uint32_t seqs[IMAP_MESSAGES];
    size_t found = 0;
    size_t count = 0;
    mailproto_status st =
        mailproto_imap_search_compile(&keys, nodes, IMAP_NODES, &count);
    for (uint32_t seq = 1; st == MAILPROTO_OK && seq <= i->count; seq++) {
        imap_box_facts(i, seq);
        if (matches(i, nodes, count)) {
            seqs[found++] = seq;
        }
    }
    if (st == MAILPROTO_OK) {
        note_found(i, seqs, found);
    }
    return st;
}

/* Tells what was found, but for the numbers. */
static mailproto_status begin_found(imap_role *i, uint32_t request)
{
    mailproto_imap_found found = {.struct_size = sizeof found};
    int numbers = 0;
    for (size_t n = 0; n < i->found_count; n++) {
        found.count += i->found[n].high - i->found[n].low + 1;
    }
    if (i->found_count > 0) {
        found.min = i->found[0].low;
        found.max = i->found[i->found_count - 1].high;
    }
    found.modseq = i->found_modseq;
    mailproto_status st =
        mailproto_imap_server_search_begin(i->server, request, &found, &numbers);
    if (st == MAILPROTO_OK) {
        i->step = numbers ? SEARCH_NUMBERS : SEARCH_END;
    }
    return st;
}

static mailproto_status run_search(imap_role *i, uint32_t request)
{
    mailproto_status st = MAILPROTO_OK;
    if (i->step == SEARCH_LOOK) {
        st = search_all(i);
        i->step = st == MAILPROTO_OK ? SEARCH_BEGIN : SEARCH_LOOK;
    }
    if (st == MAILPROTO_OK && i->step == SEARCH_BEGIN) {
        st = begin_found(i, request);
    }
    if (st == MAILPROTO_OK && i->step == SEARCH_NUMBERS) {
        st = mailproto_imap_server_numbers(i->server, i->found, i->found_count);
        i->step = st == MAILPROTO_OK ? SEARCH_END : SEARCH_NUMBERS;
    }
    return st == MAILPROTO_OK ? mailproto_imap_server_search_end(i->server) : st;
}

static mailproto_status send_status(role *r)
{
    imap_role *i = &r->imap;
    uint64_t limit = r->o->imap.server.append_limit;
    mailproto_imap_status s = {.struct_size = sizeof s};
    s.items = i->command.status_items;
    s.name = role_bytes("INBOX");
    s.messages = i->count;
    s.uidnext = IMAP_FIRST_UID + IMAP_MESSAGES;
    s.uidvalidity = IMAP_VALIDITY;
    s.highestmodseq = i->highest;
    s.append_limit = limit != 0 ? limit : IMAP_APPEND_LIMIT;
    s.mailbox_id = role_bytes("M1");
    for (uint32_t n = 0; n < i->count; n++) {
        s.unseen += (i->flags[i->held[n]] & MAILPROTO_IMAP_SEEN) == 0;
        s.deleted += (i->flags[i->held[n]] & MAILPROTO_IMAP_DELETED) != 0;
        s.size += imap_box_size(i, n + 1);
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
        if (s.raw.len > 0 && len + s.raw.len < sizeof pattern) {
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

/* LIST "" "" asks for the delimiter and the root; empty patterns of the extended form
   mean nothing (RFC 9051 6.3.9). */
static int asks_for_root(const mailproto_imap_command *c)
{
    mailproto_imap_cursor items = c->items;
    mailproto_imap_string s;
    return c->command == MAILPROTO_IMAP_LIST &&
           (c->flags & MAILPROTO_IMAP_EXTENDED) == 0 &&
           mailproto_imap_string_next(&items, &s) == MAILPROTO_OK && s.raw.len == 0;
}

static mailproto_status run_list(role *r)
{
    imap_role *i = &r->imap;
    mailproto_imap_list_entry e = {.struct_size = sizeof e};
    mailproto_status st = MAILPROTO_OK;
    e.delimiter = '/';
    if (asks_for_root(&i->command)) {
        e.attributes = MAILPROTO_IMAP_ATTR_NOSELECT;
        e.name = role_bytes("");
        return mailproto_imap_server_list(i->server, &e);
    }
    if (!lists_inbox(&i->command) ||
        (i->command.select & MAILPROTO_IMAP_LIST_SPECIAL_USE) != 0) {
        return MAILPROTO_OK;
    }
    e.attributes = MAILPROTO_IMAP_ATTR_HASNOCHILDREN;
    if ((i->command.select | i->command.returns) & MAILPROTO_IMAP_LIST_SUBSCRIBED) {
        e.attributes |= MAILPROTO_IMAP_ATTR_SUBSCRIBED;
    }
    e.name = role_bytes("INBOX");
    if (i->step == 0) {
        st = mailproto_imap_server_list(i->server, &e);
        i->step = st == MAILPROTO_OK;
    }
    return st == MAILPROTO_OK && (i->command.returns & MAILPROTO_IMAP_LIST_STATUS) != 0
               ? send_status(r)
               : st;
}

/* SELECT (QRESYNC ...): what changed since (RFC 7162 3.2.5). */
static mailproto_status resync(imap_role *i)
{
    const mailproto_imap_cursor none = {{0}};
    const mailproto_imap_cursor *known =
        i->command.known.opaque[0] != 0 ? &i->command.known : NULL;
    mailproto_status st = MAILPROTO_OK;
    if (!i->gone_told) {
        st = tell_gone(i, known);
    }
    for (; st == MAILPROTO_OK && i->at < i->count; i->at += st == MAILPROTO_OK) {
        if (i->step == 0) {
            imap_box_facts(i, i->at + 1);
            if (!is_changed(i) ||
                (known != NULL && !mailproto_imap_set_has(known, i->facts.uid, 0))) {
                continue;
            }
        }
        st = tell(i, none, 1);
    }
    return st;
}

static mailproto_status send_selected(role *r)
{
    imap_role *i = &r->imap;
    mailproto_status st;
    mailproto_imap_selected box = {.struct_size = sizeof box};
    int read_only = i->command.command == MAILPROTO_IMAP_EXAMINE;
    box.exists = i->count;
    box.uidvalidity = IMAP_VALIDITY;
    box.uidnext = IMAP_FIRST_UID + IMAP_MESSAGES;
    box.mailbox_flags = SYSTEM_FLAGS;
    box.permanent_flags = read_only ? 0 : SYSTEM_FLAGS;
    box.highestmodseq = i->highest;
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
    st = mailproto_imap_server_selected(i->server, i->request, &box);
    if (st == MAILPROTO_OK) {
        i->selected = 1;
        i->read_only = read_only;
        i->saved_count = 0;
    }
    return st;
}

static mailproto_status run_select(role *r)
{
    imap_role *i = &r->imap;
    mailproto_status st = MAILPROTO_OK;
    if (!i->selected) {
        st = send_selected(r);
    }
    return st == MAILPROTO_OK && (i->command.flags & MAILPROTO_IMAP_QRESYNC) != 0 &&
                   i->command.uidvalidity == IMAP_VALIDITY
               ? resync(i)
               : st;
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
        return run_list(r);
    case MAILPROTO_IMAP_STATUS:
        return send_status(r);
    case MAILPROTO_IMAP_FETCH:
        return run_fetch(i);
    case MAILPROTO_IMAP_STORE:
        return run_store(i);
    case MAILPROTO_IMAP_SEARCH:
        return run_search(i, i->request);
    case MAILPROTO_IMAP_EXPUNGE:
        return run_expunge(i);
    case MAILPROTO_IMAP_CLOSE:
        close_box(i);
        return MAILPROTO_OK;
    default:
        return MAILPROTO_OK;
    }
}

/* What a command that was refused leaves behind: RFC 5182 2.1. */
static void forget_saved(imap_role *i)
{
    if (i->command.command == MAILPROTO_IMAP_SEARCH &&
        (i->command.returns & MAILPROTO_IMAP_RETURN_SAVE) != 0) {
        i->saved_count = 0;
    }
}

/* 1: the answer is there, but for the completion. */
static int is_answered(role *r)
{
    imap_role *i = &r->imap;
    mailproto_status st = run(r);
    if (st == MAILPROTO_AGAIN || st == MAILPROTO_NOT_READY) {
        return 0;
    }
    role_check(r, mailproto_imap_command_name(i->command.command), st);
    if (st != MAILPROTO_OK) {
        i->how = MAILPROTO_IMAP_NO;
        forget_saved(i);
    } else if (i->how == 0) {
        i->how = MAILPROTO_IMAP_OK;
    }
    if (mailproto_imap_server_state(i->server) == MAILPROTO_IMAP_SELECTED) {
        role_check(r, "highestmodseq",
                   mailproto_imap_server_highestmodseq(i->server, i->highest));
    }
    return 1;
}

static void server_work(role *r)
{
    imap_role *i = &r->imap;
    mailproto_status st;
    if (i->request == 0 || (i->how == 0 && !is_answered(r))) {
        return;
    }
    st = mailproto_imap_server_complete(
        i->server, i->request, i->how,
        i->code.code != MAILPROTO_IMAP_CODE_NONE ? &i->code : NULL,
        i->text != NULL ? role_bytes(i->text) : nothing);
    if (st != MAILPROTO_AGAIN) {
        role_check(r, "complete", st);
        i->request = 0;
    }
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

/* 1: COPY or MOVE of no message to a mailbox that is there: a UID that is not there is
   no error (RFC 9051 6.4.9). Of others both are refused, as by default. */
static int copies_nothing(imap_role *i)
{
    return (i->command.command == MAILPROTO_IMAP_COPY ||
            i->command.command == MAILPROTO_IMAP_MOVE) &&
           is_inbox(&i->command.mailbox) && !imap_box_means_any(i);
}

static void begin_answer(imap_role *i)
{
    i->at = i->step = i->how = 0;
    i->largest_uid = imap_box_largest_uid(i);
    i->selected = i->gone_told = 0;
    memset(&i->code, 0, sizeof i->code);
    i->code.struct_size = sizeof i->code;
    i->text = NULL;
    i->found_count = 0;
    i->found_modseq = 0;
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
    begin_answer(i);
    if (wants_other_box(&i->command)) {
        mailproto_imap_code code = {.struct_size = sizeof code};
        code.code = MAILPROTO_IMAP_CODE_NONEXISTENT;
        return mailproto_imap_server_complete(i->server, ev->tag, MAILPROTO_IMAP_NO,
                                              &code, nothing);
    }
    if (copies_nothing(i)) {
        i->request = ev->tag;
        return MAILPROTO_OK;
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
    case MAILPROTO_IMAP_CLOSE:
        i->request = ev->tag; /* server_work() answers */
        return MAILPROTO_OK;
    default:
        return mailproto_imap_server_accept(i->server, ev->tag);
    }
}

/* A message of APPEND is taken. Any other literal that does not stay in the command would
   be a string that cannot be looked for or compared: it is refused, as by default. */
static mailproto_status on_literal(imap_role *i, const mailproto_event *ev)
{
    mailproto_imap_command c = {.struct_size = sizeof c};
    mailproto_status st = mailproto_imap_event_command(ev, &c);
    if (st != MAILPROTO_OK) {
        return st;
    }
    return c.command == MAILPROTO_IMAP_APPEND && c.mailbox.form != MAILPROTO_IMAP_NIL
               ? mailproto_imap_server_literal(i->server, ev->tag, 1)
               : mailproto_imap_server_accept(i->server, ev->tag);
}

static void server_event(role *r, const mailproto_event *ev)
{
    imap_role *i = &r->imap;
    if ((ev->flags & MAILPROTO_EVF_IMAP_SAVE) != 0) {
        i->saved_count = 0;
    }
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
        role_check(r, "literal", on_literal(i, ev));
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
        imap_box_fill(i);
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
