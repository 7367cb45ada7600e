/*
 * FETCH responses (RFC 9051 7.5.2) item by item, and content on its way out. Knows how
 * items are written; must not know where their values come from.
 *
 * `* n FETCH (` is written with the first item, so that a response without any is none.
 * What the fields of the open response mean here:
 *   step   MAILPROTO__IMAP_FETCH_...
 *   items  something was written
 *   last   the message's number
 *   code   NAME: 1 the octets come as literal8; OCTETS: NUL may be among them
 *   done   NAME: octets of it that are written
 *   left   OCTETS: that are to come; NAME: the size
 */
#include "core/engine.h"
#include "imap/server_write.h"

#define NUMBER64_MAX UINT64_C(0x7FFFFFFFFFFFFFFF)

/* ---- begin, end ------------------------------------------------------------------------ */

mailproto_status mailproto_imap_server_fetch_begin(mailproto_imap_server *server,
                                                   uint32_t seq)
{
    struct mailproto__imap_response *o = &server->open;
    mailproto_status st =
        mailproto__imap_may(server, MAILPROTO__IMAP_WORKING | MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (seq == 0 || seq > server->exists) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(o, 0, sizeof *o);
    mailproto__imap_server_open(server, MAILPROTO__IMAP_OPEN_FETCH);
    o->step = MAILPROTO__IMAP_FETCH_ITEMS;
    o->last = seq;
    return MAILPROTO_OK;
}

mailproto_status mailproto__imap_fetch_end(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    struct mailproto__imap_response *o = &server->open;
    if (o->items) {
        /* Content in place may have come into what is kept for the tagged line. */
        if (mailproto__room(s) <
            mailproto__imap_server_reserve(server) + MAILPROTO__IMAP_FETCH_END) {
            return mailproto__no_room(s);
        }
        (void)mailproto__put(s, ")\r\n", MAILPROTO__IMAP_FETCH_END);
    }
    mailproto__imap_server_open(server, MAILPROTO__IMAP_CLOSED);
    mailproto__imap_server_said(server);
    return MAILPROTO_OK;
}

static mailproto_status between_items(mailproto_imap_server *server)
{
    mailproto_status st = mailproto__imap_may(server, MAILPROTO__IMAP_WITHIN);
    if (st != MAILPROTO_OK) {
        return st;
    }
    return server->open.kind == MAILPROTO__IMAP_OPEN_FETCH &&
                   server->open.step == MAILPROTO__IMAP_FETCH_ITEMS
               ? MAILPROTO_OK
               : MAILPROTO_ERR_STATE;
}

mailproto_status mailproto_imap_server_fetch_end(mailproto_imap_server *server)
{
    mailproto_status st = between_items(server);
    return st == MAILPROTO_OK ? mailproto__imap_fetch_end(server) : st;
}

/* ---- small items ----------------------------------------------------------------------- */

/* What comes before an item. */
static void say_before(struct mailproto__imap_say *say)
{
    const struct mailproto__imap_response *o = &say->server->open;
    if (o->items) {
        MAILPROTO__IMAP_SAY(say, " ");
        return;
    }
    MAILPROTO__IMAP_SAY(say, "* ");
    mailproto__imap_say_number(say, o->last);
    MAILPROTO__IMAP_SAY(say, " FETCH (");
}

static mailproto_status item_begin(struct mailproto__imap_say *say,
                                   mailproto_imap_server *server)
{
    mailproto_status st = between_items(server);
    if (st == MAILPROTO_OK) {
        st = mailproto__imap_say_begin(say, server, MAILPROTO__IMAP_WITHIN);
    }
    if (st == MAILPROTO_OK) {
        say->keep = MAILPROTO__IMAP_FETCH_END;
        say->room = say->room > say->keep ? say->room - say->keep : 0;
        say_before(say);
    }
    return st;
}

static mailproto_status item_end(struct mailproto__imap_say *say)
{
    mailproto_status st = mailproto__imap_say_end(say);
    if (st == MAILPROTO_OK) {
        say->server->open.items = 1;
    }
    return st;
}

mailproto_status mailproto_imap_server_fetch_flags(mailproto_imap_server *server,
                                                   uint32_t flags,
                                                   const mailproto_bytes *keywords,
                                                   size_t count)
{
    const uint32_t allowed = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANSWERED |
                             MAILPROTO_IMAP_FLAGGED | MAILPROTO_IMAP_DELETED |
                             MAILPROTO_IMAP_DRAFT | MAILPROTO_IMAP_RECENT;
    struct mailproto__imap_say say;
    mailproto_status st = item_begin(&say, server);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (mailproto__imap_is_rev2(server)) { /* RFC 9051 appendix E */
        flags &= ~(uint32_t)MAILPROTO_IMAP_RECENT;
    }
    MAILPROTO__IMAP_SAY(&say, "FLAGS ");
    mailproto__imap_say_flags(&say, flags, allowed, keywords, count);
    return item_end(&say);
}

mailproto_status
mailproto_imap_server_fetch_number(mailproto_imap_server *server,
                                   const mailproto_imap_fetch_item *item, uint64_t n)
{
    struct mailproto__imap_say say;
    mailproto_status st = item_begin(&say, server);
    if (st != MAILPROTO_OK) {
        return st;
    }
    switch (item->kind) {
    case MAILPROTO_IMAP_ITEM_UID:
        MAILPROTO__IMAP_SAY(&say, "UID ");
        mailproto__imap_say_nz_number(&say, n);
        break;
    case MAILPROTO_IMAP_ITEM_RFC822_SIZE:
        MAILPROTO__IMAP_SAY(&say, "RFC822.SIZE ");
        mailproto__imap_say_number64(&say, n);
        break;
    case MAILPROTO_IMAP_ITEM_MODSEQ: /* RFC 7162 7, fetch-mod-resp */
        MAILPROTO__IMAP_SAY(&say, "MODSEQ (");
        mailproto__imap_say_nz_number64(&say, n);
        MAILPROTO__IMAP_SAY(&say, ")");
        break;
    case MAILPROTO_IMAP_ITEM_BINARY_SIZE:
        mailproto__imap_say_item(&say, item);
        MAILPROTO__IMAP_SAY(&say, " ");
        mailproto__imap_say_number64(&say, n);
        break;
    default:
        say.bad = 1;
        break;
    }
    return item_end(&say);
}

mailproto_status mailproto_imap_server_fetch_date(mailproto_imap_server *server,
                                                  uint32_t kind,
                                                  const mailproto_imap_date *date)
{
    struct mailproto__imap_say say;
    char text[26];
    int saved = kind == MAILPROTO_IMAP_ITEM_SAVEDATE;
    mailproto_status st = item_begin(&say, server);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (saved) {
        MAILPROTO__IMAP_SAY(&say, "SAVEDATE ");
    } else {
        say.bad |= kind != MAILPROTO_IMAP_ITEM_INTERNALDATE;
        MAILPROTO__IMAP_SAY(&say, "INTERNALDATE ");
    }
    if (saved && (date == NULL || !date->set)) { /* RFC 8514 */
        MAILPROTO__IMAP_SAY(&say, "NIL");
    } else if (date == NULL || !date->set ||
               mailproto_imap_date_write(date, text) != MAILPROTO_OK) {
        say.bad = 1;
    } else {
        MAILPROTO__IMAP_SAY(&say, "\"");
        mailproto__imap_say(&say, text, sizeof text);
        MAILPROTO__IMAP_SAY(&say, "\"");
    }
    return item_end(&say);
}

mailproto_status mailproto_imap_server_fetch_id(mailproto_imap_server *server,
                                                uint32_t kind, mailproto_bytes id)
{
    struct mailproto__imap_say say;
    mailproto_status st = item_begin(&say, server);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (kind == MAILPROTO_IMAP_ITEM_EMAILID) {
        MAILPROTO__IMAP_SAY(&say, "EMAILID ");
    } else {
        say.bad |= kind != MAILPROTO_IMAP_ITEM_THREADID;
        MAILPROTO__IMAP_SAY(&say, "THREADID ");
    }
    if (kind == MAILPROTO_IMAP_ITEM_THREADID && id.len == 0) { /* RFC 8474 5.2 */
        MAILPROTO__IMAP_SAY(&say, "NIL");
    } else {
        mailproto__imap_say_object_id(&say, id);
    }
    return item_end(&say);
}

/* ---- ENVELOPE, BODY, BODYSTRUCTURE ------------------------------------------------------ */

static mailproto_bytes structure_name(uint32_t kind)
{
    switch (kind) {
    case MAILPROTO_IMAP_ITEM_ENVELOPE:
        return MAILPROTO__LITERAL("ENVELOPE ");
    case MAILPROTO_IMAP_ITEM_BODY:
        return MAILPROTO__LITERAL("BODY ");
    case MAILPROTO_IMAP_ITEM_BODYSTRUCTURE:
        return MAILPROTO__LITERAL("BODYSTRUCTURE ");
    default:
        return mailproto__span(NULL, 0);
    }
}

/* The next octets behind what is held, which becomes visible with them: OK, EOF, AGAIN, or
 * what the source said. */
static mailproto_status read_structure(mailproto_imap_server *server, size_t room,
                                       mailproto_imap_item *from)
{
    mailproto_session *s = &server->session;
    mailproto_status st;
    size_t got = 0;
    if (room == 0) {
        return mailproto__no_room(s);
    }
    st = mailproto_imap_item_read(from, s->out.base + s->out.tail, room, &got);
    if (st == MAILPROTO_OK) {
        s->out.tail += got;
        mailproto__imap_server_said(server);
        mailproto__imap_server_progress(server, got);
    }
    return st;
}

/* The name, and the first octets with it: nothing is visible before there are some. */
static mailproto_status begin_structure(mailproto_imap_server *server, uint32_t kind,
                                        mailproto_imap_item *from)
{
    struct mailproto__imap_say say;
    mailproto_bytes name = structure_name(kind);
    mailproto_status st = item_begin(&say, server);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (name.len == 0) {
        mailproto__unput(&server->session,
                         mailproto__held(&server->session) - say.held);
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__imap_say_span(&say, name);
    st = say.len < say.room ? read_structure(server, say.room - say.len, from)
                            : mailproto__no_room(&server->session);
    if (st != MAILPROTO_OK) {
        mailproto__unput(&server->session,
                         mailproto__held(&server->session) - say.held);
        return st == MAILPROTO_EOF ? MAILPROTO_ERR_ARGUMENT : st;
    }
    server->open.items = 1;
    server->open.step = MAILPROTO__IMAP_FETCH_STRUCTURE;
    return MAILPROTO_OK;
}

static size_t room_within(mailproto_imap_server *server)
{
    size_t room = mailproto__imap_server_room(server);
    return room > MAILPROTO__IMAP_FETCH_END ? room - MAILPROTO__IMAP_FETCH_END : 0;
}

mailproto_status mailproto_imap_server_fetch_structure(mailproto_imap_server *server,
                                                       uint32_t kind,
                                                       mailproto_imap_item *from)
{
    struct mailproto__imap_response *o = &server->open;
    mailproto_status st = mailproto__imap_may(server, MAILPROTO__IMAP_WITHIN);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (o->kind != MAILPROTO__IMAP_OPEN_FETCH ||
        o->step != MAILPROTO__IMAP_FETCH_STRUCTURE) {
        st = begin_structure(server, kind, from);
    }
    while (st == MAILPROTO_OK) {
        st = read_structure(server, room_within(server), from);
    }
    if (o->step != MAILPROTO__IMAP_FETCH_STRUCTURE) {
        return st; /* not begun */
    }
    if (st == MAILPROTO_EOF) {
        o->step = MAILPROTO__IMAP_FETCH_ITEMS;
        return MAILPROTO_OK;
    }
    if (st < 0) {
        mailproto__fail_hard(&server->session, st, server->session.offset,
                             "the source of a structure failed");
    }
    return st;
}

/* ---- sections ---------------------------------------------------------------------------- */

/* What stands behind the name: NIL, an empty string, or the announcement of a literal. */
static void say_announcement(struct mailproto__imap_say *say, uint64_t size, int binary)
{
    MAILPROTO__IMAP_SAY(say, " ");
    if (size == MAILPROTO_SIZE_UNKNOWN) {
        MAILPROTO__IMAP_SAY(say, "NIL");
        return;
    }
    if (size == 0) {
        MAILPROTO__IMAP_SAY(say, "\"\"");
        return;
    }
    mailproto__imap_say(say, "~", binary != 0); /* RFC 3516 4.3: literal8 */
    MAILPROTO__IMAP_SAY(say, "{");
    mailproto__imap_say_number64(say, size);
    MAILPROTO__IMAP_SAY(say, "}\r\n");
}

static void announced(struct mailproto__imap_response *o, uint64_t size, int binary)
{
    o->items = 1;
    o->done = 0;
    o->code = binary != 0;
    o->left = size;
    o->step = size == MAILPROTO_SIZE_UNKNOWN ? (uint8_t)MAILPROTO__IMAP_FETCH_ITEMS
                                             : (uint8_t)MAILPROTO__IMAP_FETCH_OCTETS;
}

/* 128 names of HEADER.FIELDS can be more than the output ever holds: then they are written
 * in pieces, and nothing else can come between. */
static mailproto_status announce_cut(mailproto_imap_server *server,
                                     const mailproto_imap_fetch_item *item,
                                     uint64_t size, int binary)
{
    struct mailproto__imap_response *o = &server->open;
    struct mailproto__imap_say say;
    size_t queued;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITHIN);
    if (st != MAILPROTO_OK) {
        return st;
    }
    say.room = room_within(server);
    say.cut = 1;
    say.skip = o->done;
    say_before(&say);
    mailproto__imap_say_item(&say, item);
    say_announcement(&say, size, binary);
    queued = mailproto__held(&server->session) - say.held;
    if (say.bad || say.len < o->done) { /* another item than before */
        mailproto__unput(&server->session, queued);
        return MAILPROTO_ERR_ARGUMENT;
    }
    o->step = MAILPROTO__IMAP_FETCH_NAME;
    o->done += queued;
    mailproto__imap_server_said(server);
    if (o->done < say.len) {
        return mailproto__no_room(&server->session);
    }
    announced(o, size, binary);
    return MAILPROTO_OK;
}

mailproto_status mailproto__imap_fetch_announce(mailproto_imap_server *server,
                                                const mailproto_imap_fetch_item *item,
                                                uint64_t size, int binary)
{
    struct mailproto__imap_response *o = &server->open;
    struct mailproto__imap_say say;
    mailproto_status st;
    if (o->kind == MAILPROTO__IMAP_OPEN_FETCH &&
        o->step == MAILPROTO__IMAP_FETCH_NAME) {
        return announce_cut(server, item, size, binary);
    }
    st = item_begin(&say, server);
    if (st != MAILPROTO_OK) {
        return st;
    }
    mailproto__imap_say_item(&say, item);
    say_announcement(&say, size, binary);
    say.bad |= item->kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE ||
               (binary && item->kind != MAILPROTO_IMAP_ITEM_BINARY) ||
               (size > NUMBER64_MAX && size != MAILPROTO_SIZE_UNKNOWN);
    st = item_end(&say);
    if (st == MAILPROTO_ERR_TOO_LONG) {
        return announce_cut(server, item, size, binary);
    }
    if (st == MAILPROTO_OK) {
        announced(o, size, binary);
    }
    return st;
}

mailproto_status
mailproto_imap_server_fetch_section(mailproto_imap_server *server,
                                    const mailproto_imap_fetch_item *item,
                                    uint64_t size, int binary)
{
    mailproto_status st = mailproto__imap_fetch_announce(server, item, size, binary);
    if (st == MAILPROTO_OK && size != MAILPROTO_SIZE_UNKNOWN) {
        const struct mailproto__imap_job *job =
            mailproto__imap_server_works_on(server, MAILPROTO_IMAP_FETCH);
        if (job == NULL) {
            job = mailproto__imap_server_present(server);
        }
        mailproto__imap_server_want_content(server, job != NULL ? job->request : 0);
    }
    return st;
}

/* ---- the content verbs ------------------------------------------------------------------- */

/* Octets that can be taken. What lies in the output already, in place, is taken whole: its
 * caller cannot give it again. */
static size_t room_for(mailproto_imap_server *server, const char *data, size_t len)
{
    const mailproto_session *s = &server->session;
    size_t room = room_within(server);
    if ((uintptr_t)data - (uintptr_t)s->out.base < s->out.cap) {
        return len;
    }
    return len < room ? len : room;
}

mailproto_status mailproto__imap_server_content(mailproto_session *s, const void *data,
                                                size_t len, size_t *consumed)
{
    mailproto_imap_server *server = mailproto__imap_server_of(s);
    struct mailproto__imap_response *o = &server->open;
    mailproto_status st = MAILPROTO_OK;
    *consumed = 0;
    if (len > o->left) { /* more than was announced */
        return MAILPROTO_ERR_ARGUMENT;
    }
    len = room_for(server, (const char *)data, len);
    if (len == 0) {
        return mailproto__no_room(s);
    }
    if (!o->code) { /* RFC 9051 9, literal: CHAR8 */
        const char *nul = (const char *)memchr(data, '\0', len);
        if (nul != NULL) {
            len = (size_t)(nul - (const char *)data);
            st = MAILPROTO_ERR_NUL;
        }
    }
    /* In place the content lies in the same buffer, behind what is written. */
    if (len > 0) {
        memmove(s->out.base + s->out.tail, data, len);
        s->out.tail += len;
        o->left -= len;
        mailproto__make_due(s, len, MAILPROTO_TRACE_CONTENT);
        mailproto__imap_server_progress(server, len);
    }
    *consumed = len;
    return st;
}

mailproto_status mailproto__imap_server_content_end(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    if (server->open.left > 0) {
        mailproto__fail_hard(s, MAILPROTO_ERR_CANCELLED, s->offset,
                             "less content than was announced");
        return s->error;
    }
    s->content_open = 0;
    server->open.step = MAILPROTO__IMAP_FETCH_ITEMS;
    return MAILPROTO_OK;
}

/* A literal that was announced can only be cut short with the connection. */
mailproto_status mailproto__imap_server_content_abort(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    mailproto__fail_hard(s, MAILPROTO_ERR_CANCELLED, s->offset,
                         "the content was aborted");
    return MAILPROTO_OK;
}
