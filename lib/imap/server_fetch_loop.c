/*
 * A whole FETCH of one message: the loop over its items, from facts, source and index to
 * the response. Knows which item comes from where; must not know how any is written.
 */
#include "core/engine.h"
#include "core/options.h"
#include "imap/server_write.h"

/* Octets below which no more of a literal is read for what is left of the output. */
enum { LEAST_ROOM = 128 };

enum {
    START,
    OF_COMMAND, /* UID, FLAGS and MODSEQ that the command adds */
    NEXT,
    ITEM,      /* `item` is to be written */
    STRUCTURE, /* it is being written */
    SIZE,      /* a section was opened: its size */
    ANNOUNCE,  /* its size is known */
    OCTETS,
    END
};

/* What is kept in `opaque`. */
struct fetching {
    mailproto_imap_section section;
    mailproto_imap_item structure;
    mailproto_imap_fetch_item item;
    mailproto_imap_cursor items;
    uint64_t size; /* of the section */
    /* what the section was opened with: it goes on only with the same */
    const mailproto_source *source;
    const mailproto_index *index;
    const void *work;
    size_t work_size;
    uint32_t uid;
    uint32_t seq;  /* of the response that is open */
    uint32_t told; /* a bit for each kind that was written and has no section */
    uint8_t step;
    uint8_t opened; /* the section was opened */
};

typedef char fetching_fits[sizeof(struct fetching) <= sizeof(uint64_t) * 256 ? 1 : -1];

/* A call: what of it is needed over and over. */
struct call {
    mailproto_imap_server *server;
    mailproto_imap_fetch *fetch;
    struct fetching *f;
    mailproto_imap_facts facts;
};

static int needs_message(uint32_t kind)
{
    switch (kind) {
    case MAILPROTO_IMAP_ITEM_ENVELOPE:
    case MAILPROTO_IMAP_ITEM_BODY:
    case MAILPROTO_IMAP_ITEM_BODYSTRUCTURE:
    case MAILPROTO_IMAP_ITEM_SECTION:
    case MAILPROTO_IMAP_ITEM_BINARY:
    case MAILPROTO_IMAP_ITEM_BINARY_SIZE:
    case MAILPROTO_IMAP_ITEM_RFC822:
    case MAILPROTO_IMAP_ITEM_RFC822_HEADER:
    case MAILPROTO_IMAP_ITEM_RFC822_TEXT:
        return 1;
    default:
        return 0;
    }
}

#define ITEM(kind) (1 << MAILPROTO_IMAP_ITEM_##kind)

enum { /* the others, as bits */
       OF_FACTS = ITEM(FLAGS) | ITEM(UID) | ITEM(INTERNALDATE) | ITEM(RFC822_SIZE) |
                  ITEM(MODSEQ) | ITEM(EMAILID) | ITEM(THREADID) | ITEM(SAVEDATE)
};

/* ---- items out of the facts --------------------------------------------------------------- */

/* INTERNALDATE cannot be NIL: what has none is as old as can be. */
static mailproto_status say_internal_date(struct call *c)
{
    static const mailproto_imap_date epoch = {0, 0, 1};
    const mailproto_imap_date *date = &c->facts.internal;
    return mailproto_imap_server_fetch_date(c->server, MAILPROTO_IMAP_ITEM_INTERNALDATE,
                                            date->set ? date : &epoch);
}

static mailproto_status say_number(struct call *c, uint32_t kind, uint64_t n)
{
    mailproto_imap_fetch_item item;
    memset(&item, 0, sizeof item);
    item.kind = kind;
    return mailproto_imap_server_fetch_number(c->server, &item, n);
}

static mailproto_status say_fact(struct call *c, uint32_t kind)
{
    const mailproto_imap_facts *facts = &c->facts;
    switch (kind) {
    case MAILPROTO_IMAP_ITEM_FLAGS:
        return mailproto_imap_server_fetch_flags(
            c->server, facts->flags, facts->keywords, facts->keywords_count);
    case MAILPROTO_IMAP_ITEM_UID:
        return say_number(c, kind, facts->uid);
    case MAILPROTO_IMAP_ITEM_INTERNALDATE:
        return say_internal_date(c);
    case MAILPROTO_IMAP_ITEM_RFC822_SIZE:
        return say_number(c, kind, facts->size);
    case MAILPROTO_IMAP_ITEM_MODSEQ: /* none is kept: there is nothing to say */
        return facts->modseq > 0 ? say_number(c, kind, facts->modseq)
                                 : (mailproto_status)MAILPROTO_OK;
    case MAILPROTO_IMAP_ITEM_EMAILID:
        return facts->email_id.len > 0
                   ? mailproto_imap_server_fetch_id(c->server, kind, facts->email_id)
                   : (mailproto_status)MAILPROTO_OK;
    case MAILPROTO_IMAP_ITEM_THREADID:
        return mailproto_imap_server_fetch_id(c->server, kind, facts->thread_id);
    case MAILPROTO_IMAP_ITEM_SAVEDATE:
        return mailproto_imap_server_fetch_date(c->server, kind, &facts->saved);
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
}

/* The same, once for each kind. */
static mailproto_status tell_fact(struct call *c, uint32_t kind)
{
    mailproto_status st = MAILPROTO_OK;
    if ((c->f->told >> (kind & 31U) & 1U) == 0) {
        st = say_fact(c, kind);
    }
    if (st == MAILPROTO_OK) {
        c->f->told |= UINT32_C(1) << (kind & 31U);
    }
    return st;
}

/* Whether it answers no FETCH: the items are the application's. */
static int is_unasked(const struct call *c)
{
    return c->fetch->items.opaque[0] == 0;
}

/* Items that the application adds by their bits. */
static mailproto_status tell_items(struct call *c)
{
    mailproto_status st = MAILPROTO_OK;
    uint32_t kind;
    for (kind = 1; kind < 32 && st == MAILPROTO_OK; kind++) {
        if ((c->fetch->tell_items >> kind & 1U) != 0) {
            st = tell_fact(c, kind);
        }
    }
    return st;
}

/* RFC 9051 6.4.9: UID always answers UID FETCH, and (appendix E 21) stands in what nobody
 * asked for; 6.4.5: FLAGS where \Seen was set; RFC 7162 3.1.4.1: MODSEQ with CHANGEDSINCE;
 * 3.1 and 3.2.4: where \Seen was set, and in what nobody asked for, MODSEQ for who knows
 * CONDSTORE, and of a server with QRESYNC the UID. */
static mailproto_status tell_of_command(struct call *c)
{
    uint32_t aware = MAILPROTO_IMAP_ENABLED_CONDSTORE | MAILPROTO_IMAP_ENABLED_QRESYNC;
    uint32_t flags = c->fetch->flags;
    mailproto_status st = MAILPROTO_OK;
    if (is_unasked(c) && mailproto__imap_is_rev2(c->server)) {
        flags |= MAILPROTO_IMAP_UID;
    }
    if ((c->fetch->tell_flags || is_unasked(c)) && (c->server->enabled & aware) != 0) {
        flags |= MAILPROTO_IMAP_HAS_MODSEQ;
        if (mailproto__imap_server_knows(c->server, MAILPROTO_IMAP_CAP_QRESYNC)) {
            flags |= MAILPROTO_IMAP_UID;
        }
    }
    if (flags & MAILPROTO_IMAP_UID) {
        st = tell_fact(c, MAILPROTO_IMAP_ITEM_UID);
    }
    if (st == MAILPROTO_OK && c->fetch->tell_flags) {
        st = tell_fact(c, MAILPROTO_IMAP_ITEM_FLAGS);
    }
    if (st == MAILPROTO_OK && (flags & MAILPROTO_IMAP_HAS_MODSEQ)) {
        st = tell_fact(c, MAILPROTO_IMAP_ITEM_MODSEQ);
    }
    if (st == MAILPROTO_OK) {
        st = tell_items(c);
    }
    if (st == MAILPROTO_OK) {
        c->f->step = NEXT;
    }
    return st;
}

/* ---- items out of the message --------------------------------------------------------------- */

/* Half of the work memory is the section's, which may go on with the next FETCH. */
static mailproto_status open_structure(struct call *c)
{
    mailproto_imap_fetch *fetch = c->fetch;
    size_t half = fetch->work_size / 2;
    char *work = (char *)fetch->work + half;
    if (fetch->index->parts == NULL || fetch->index->count == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (c->f->item.kind == MAILPROTO_IMAP_ITEM_ENVELOPE) {
        return mailproto_imap_envelope_open(&c->f->structure, fetch->source,
                                            &fetch->index->parts[0], work,
                                            fetch->work_size - half);
    }
    return mailproto_imap_structure_open(
        &c->f->structure, fetch->source, fetch->index,
        c->f->item.kind == MAILPROTO_IMAP_ITEM_BODY ? MAILPROTO_IMAP_NO_EXTENSION : 0,
        work, fetch->work_size - half);
}

static int is_same_message(const struct call *c)
{
    const struct fetching *f = c->f;
    const mailproto_imap_fetch *fetch = c->fetch;
    return f->opened && f->source == fetch->source && f->index == fetch->index &&
           f->work == fetch->work && f->work_size == fetch->work_size &&
           f->uid == c->facts.uid;
}

static mailproto_status open_section(struct call *c)
{
    struct fetching *f = c->f;
    mailproto_imap_fetch *fetch = c->fetch;
    mailproto_status st;
    if (is_same_message(c) &&
        mailproto_imap_section_continue(&f->section, &f->item) == MAILPROTO_OK) {
        f->step = SIZE;
        return MAILPROTO_OK;
    }
    f->opened = 0;
    st = mailproto_imap_section_open(&f->section, fetch->source, fetch->index, &f->item,
                                     fetch->work, fetch->work_size / 2);
    if (st == MAILPROTO_OK) {
        f->opened = 1;
        f->source = fetch->source;
        f->index = fetch->index;
        f->work = fetch->work;
        f->work_size = fetch->work_size;
        f->uid = c->facts.uid;
        f->step = SIZE;
        return MAILPROTO_OK;
    }
    if (st == MAILPROTO_EOF) { /* no such part */
        f->size = MAILPROTO_SIZE_UNKNOWN;
        f->step = ANNOUNCE;
        return MAILPROTO_OK;
    }
    if (st == MAILPROTO_ERR_REFUSED) { /* RFC 3516 4.3 */
        fetch->unknown_cte = 1;
        f->step = NEXT;
        return MAILPROTO_OK;
    }
    return st;
}

static mailproto_status begin_item(struct call *c)
{
    struct fetching *f = c->f;
    mailproto_status st;
    if (!needs_message(f->item.kind)) {
        st = tell_fact(c, f->item.kind);
        f->step = st == MAILPROTO_OK ? (uint8_t)NEXT : f->step;
        return st;
    }
    if (c->fetch->source == NULL || c->fetch->index == NULL) {
        return MAILPROTO_YOUR_TURN;
    }
    if (f->item.kind != MAILPROTO_IMAP_ITEM_ENVELOPE &&
        f->item.kind != MAILPROTO_IMAP_ITEM_BODY &&
        f->item.kind != MAILPROTO_IMAP_ITEM_BODYSTRUCTURE) {
        return open_section(c);
    }
    st = open_structure(c);
    f->step = st == MAILPROTO_OK ? (uint8_t)STRUCTURE : f->step;
    return st;
}

static mailproto_status announce(struct call *c)
{
    struct fetching *f = c->f;
    mailproto_status st;
    if (f->item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
        st = mailproto_imap_server_fetch_number(
            c->server, &f->item, f->size == MAILPROTO_SIZE_UNKNOWN ? 0 : f->size);
        f->step = st == MAILPROTO_OK ? (uint8_t)NEXT : f->step;
        return st;
    }
    st = mailproto__imap_fetch_announce(
        c->server, &f->item, f->size,
        f->opened && mailproto_imap_section_is_binary(&f->section));
    if (st == MAILPROTO_OK) {
        f->step = f->size == MAILPROTO_SIZE_UNKNOWN ? (uint8_t)NEXT : (uint8_t)OCTETS;
    }
    return st;
}

/* The octets of a literal, from the section straight into the output. */
static mailproto_status give_octets(struct call *c)
{
    mailproto_imap_server *server = c->server;
    mailproto_session *s = &server->session;
    struct mailproto__imap_response *o = &server->open;
    while (o->left > 0) {
        size_t room = mailproto__imap_server_room(server);
        size_t got = 0;
        mailproto_status st;
        room = room > MAILPROTO__IMAP_FETCH_END ? room - MAILPROTO__IMAP_FETCH_END : 0;
        if (room > o->left) {
            room = (size_t)o->left;
        } else if (room < LEAST_ROOM && room < o->left) {
            return mailproto__no_room(s);
        }
        st = mailproto_imap_section_read(&c->f->section, s->out.base + s->out.tail,
                                         room, &got);
        if (st != MAILPROTO_OK) {
            return st == MAILPROTO_EOF ? MAILPROTO_ERR_EOF : st;
        }
        s->out.tail += got;
        o->left -= got;
        mailproto__make_due(s, got, MAILPROTO_TRACE_CONTENT);
        mailproto__imap_server_progress(server, got);
        mailproto__touch(s);
    }
    o->step = MAILPROTO__IMAP_FETCH_ITEMS;
    c->f->step = NEXT;
    return MAILPROTO_OK;
}

/* ---- the loop ----------------------------------------------------------------------------- */

static mailproto_status begin(struct call *c)
{
    struct fetching *f = c->f;
    mailproto_status st = mailproto_imap_server_fetch_begin(c->server, c->facts.seq);
    if (st == MAILPROTO_OK) {
        f->items = c->fetch->items;
        f->seq = c->facts.seq;
        f->told = 0;
        f->step = OF_COMMAND;
        c->fetch->unknown_cte = 0;
    }
    return st;
}

static mailproto_status step(struct call *c)
{
    struct fetching *f = c->f;
    mailproto_status st;
    switch (f->step) {
    case START:
        return begin(c);
    case OF_COMMAND:
        return tell_of_command(c);
    case NEXT:
        st = mailproto_imap_fetch_next(&f->items, &f->item);
        f->step = st == MAILPROTO_OK ? (uint8_t)ITEM : (uint8_t)END;
        return MAILPROTO_OK;
    case ITEM:
        return begin_item(c);
    case STRUCTURE:
        st = mailproto_imap_server_fetch_structure(c->server, f->item.kind,
                                                   &f->structure);
        f->step = st == MAILPROTO_OK ? (uint8_t)NEXT : f->step;
        return st;
    case SIZE:
        st = mailproto_imap_section_size(&f->section, &f->size);
        f->step = st == MAILPROTO_OK ? (uint8_t)ANNOUNCE : f->step;
        return st;
    case ANNOUNCE:
        return announce(c);
    case OCTETS:
        return give_octets(c);
    default:
        st = mailproto_imap_server_fetch_end(c->server);
        return st == MAILPROTO_OK ? (mailproto_status)MAILPROTO_EOF : st;
    }
}

/* It cannot go on. Between items the response is ended, so that the client stays in step;
 * within one nothing but the end of the connection keeps it so. */
static mailproto_status give_up(struct call *c, mailproto_status why)
{
    mailproto_imap_server *server = c->server;
    struct mailproto__imap_response *o = &server->open;
    int begun = c->f->step != START;
    c->f->step = START;
    c->f->opened = 0;
    if (!begun || server->session.failed || o->kind != MAILPROTO__IMAP_OPEN_FETCH) {
        return why;
    }
    if (o->step == MAILPROTO__IMAP_FETCH_ITEMS) {
        (void)mailproto__imap_fetch_end(server);
    } else {
        mailproto__fail_hard(&server->session, why, server->session.offset,
                             "the source of a message failed");
    }
    return why;
}

static mailproto_status call_of(struct call *c, mailproto_imap_server *server,
                                mailproto_imap_fetch *fetch)
{
    c->server = server;
    c->fetch = fetch;
    if (fetch->struct_size < sizeof *fetch || fetch->facts == NULL ||
        (fetch->tell_items & ~(uint32_t)OF_FACTS) != 0 || fetch->work == NULL ||
        fetch->work_size < MAILPROTO_IMAP_FETCH_WORK) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    c->f = (struct fetching *)(void *)fetch->opaque;
    return mailproto__options_copy(&c->facts, sizeof c->facts, fetch->facts);
}

mailproto_status mailproto_imap_server_fetch(mailproto_imap_server *server,
                                             mailproto_imap_fetch *fetch)
{
    struct call c;
    mailproto_status st = call_of(&c, server, fetch);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (c.f->step != START && (server->open.kind != MAILPROTO__IMAP_OPEN_FETCH ||
                               server->open.last != c.f->seq)) {
        c.f->step = START; /* that response was ended by others: this is a new one */
    }
    do {
        st = step(&c);
    } while (st == MAILPROTO_OK);
    if (st == MAILPROTO_EOF) {
        c.f->step = START;
        return MAILPROTO_OK;
    }
    return st < 0 ? give_up(&c, st) : st;
}
