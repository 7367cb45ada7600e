/*
 * The queue of expected replies: commands that are with the peer, commands that are
 * held, and what becomes of them. Knows the pipelining rules (RFC 2920) and when a
 * command has become pointless; must not know what a reply says.
 */
#include "smtp/client.h"

#include "core/mem.h"
#include "core/span.h"

struct mailproto__smtp_entry *mailproto__smtp_client_at(mailproto_smtp_client *c,
                                                        size_t i)
{
    size_t at = c->front + i;
    return &c->queue[at < c->queue_cap ? at : at - c->queue_cap];
}

int mailproto__smtp_client_is_busy(mailproto_smtp_client *c)
{
    size_t i;
    for (i = 0; i < c->count; i++) {
        if (!(mailproto__smtp_client_at(c, i)->flags & MAILPROTO__ENTRY_OWN)) {
            return 1;
        }
    }
    return 0;
}

/* ---- waiting ------------------------------------------------------------------------ */

/* RFC 5321 4.5.3.2 */
static uint32_t patience(mailproto_smtp_client *c)
{
    if (c->session.content_open) {
        return c->block_ms;
    }
    if (c->sent == 0 || c->auth.step == MAILPROTO__AUTH_ANSWERING) {
        return 0;
    }
    switch (mailproto__smtp_client_at(c, 0)->kind) {
    case MAILPROTO__SMTP_GREETING:
        return c->greeting_ms;
    case MAILPROTO_SMTP_VERB_DATA:
        return c->data_ms;
    case MAILPROTO__SMTP_DATA_END:
        return c->final_ms;
    default:
        return c->command_ms;
    }
}

void mailproto__smtp_client_rearm(mailproto_smtp_client *c)
{
    mailproto__wait(&c->session, patience(c));
}

/* ---- in and out --------------------------------------------------------------------- */

/* An entry `by` 1 more or less among those that are with the peer. */
static void count_sent(mailproto_smtp_client *c, uint8_t kind, int by)
{
    c->sent = (uint16_t)(c->sent + by);
    if (kind == MAILPROTO_SMTP_VERB_MAIL || kind == MAILPROTO_SMTP_VERB_RSET) {
        c->moves = (uint16_t)(c->moves + by);
    } else if (kind == MAILPROTO_SMTP_VERB_RCPT) {
        c->rcpts = (uint16_t)(c->rcpts + by);
    }
}

/* Takes the front away. */
static void drop(mailproto_smtp_client *c)
{
    uint8_t kind = mailproto__smtp_client_at(c, 0)->kind;
    if (kind == MAILPROTO_SMTP_VERB_DATA || kind == MAILPROTO__SMTP_DATA_END) {
        --c->datas;
    }
    c->front = (uint16_t)(c->front + 1 < c->queue_cap ? c->front + 1 : 0);
    --c->count;
    if (c->session.wants_room == MAILPROTO__ROOM_WANTED) {
        c->session.wants_room = MAILPROTO__ROOM_GREW; /* _check_room() looks closer */
    }
}

int mailproto__smtp_client_is_out(mailproto_smtp_client *c)
{
    const struct mailproto__output *out = &c->session.out;
    size_t unsent = out->due - out->head;
    size_t i;
    for (i = 1; i < c->sent && unsent > 0; i++) {
        size_t length = mailproto__smtp_client_at(c, i)->length;
        unsent -= length < unsent ? length : unsent;
    }
    return unsent == 0;
}

int mailproto__smtp_client_has_left(mailproto_smtp_client *c)
{
    switch (mailproto__smtp_client_at(c, 0)->kind) {
    case MAILPROTO__SMTP_GREETING: /* has no command */
    case MAILPROTO__SMTP_DATA_END: /* a server may refuse within content */
    case MAILPROTO_SMTP_VERB_AUTH: /* or within a long response */
        return 1;
    default:
        return mailproto__smtp_client_is_out(c);
    }
}

void mailproto__smtp_client_pop(mailproto_smtp_client *c)
{
    count_sent(c, mailproto__smtp_client_at(c, 0)->kind, -1);
    drop(c);
    mailproto__smtp_client_rearm(c);
}

void mailproto__smtp_client_expect(mailproto_smtp_client *c, uint8_t kind, uint32_t tag,
                                   uint8_t flags)
{
    struct mailproto__smtp_entry *e;
    size_t i;
    for (i = c->count; i > c->sent; i--) { /* in front of what is held */
        *mailproto__smtp_client_at(c, i) = *mailproto__smtp_client_at(c, i - 1);
    }
    e = mailproto__smtp_client_at(c, i);
    memset(e, 0, sizeof *e);
    e->tag = tag;
    e->kind = kind;
    e->flags = flags;
    ++c->count;
    count_sent(c, kind, 1);
    if (c->sent == 1) {
        mailproto__smtp_client_rearm(c);
    }
}

/* ---- held commands and content ------------------------------------------------------ */

/* Content goes in front of commands that were called ahead: meanwhile these lie behind
 * the output's end, which comes nearer. */
void mailproto__smtp_client_put_by(mailproto_smtp_client *c)
{
    struct mailproto__output *out = &c->session.out;
    size_t len = mailproto__held(&c->session);
    memmove(out->base + out->cap - len, out->base + out->due, len);
    out->tail = out->due;
    out->cap -= len;
    c->put_by = (uint32_t)len;
}

void mailproto__smtp_client_take_back(mailproto_smtp_client *c)
{
    struct mailproto__output *out = &c->session.out;
    memmove(out->base + out->tail, out->base + out->cap, c->put_by);
    out->cap += c->put_by;
    out->tail += c->put_by;
    c->put_by = 0;
}

/* ---- calling ahead ------------------------------------------------------------------ */

/* Whether a command of `len` octets has room now. What is put by counts as taken: the
 * output's end has come nearer by just that. */
static int has_room(mailproto_smtp_client *c, size_t len)
{
    size_t reserve = c->datas > 0 ? (size_t)MAILPROTO__ROOM_FOR_CONTENT
                                  : (size_t)MAILPROTO__ROOM_RESERVE;
    return c->count + (size_t)MAILPROTO__QUEUE_RESERVE < c->queue_cap &&
           mailproto__room(&c->session) >= len + reserve;
}

mailproto_status mailproto__smtp_client_begin(mailproto_smtp_client *c, size_t len)
{
    size_t cap = c->session.out.cap + c->put_by;
    if (len > cap - MAILPROTO__ROOM_RESERVE) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    mailproto__smtp_client_forget_secrets(c);
    if (!has_room(c, len)) {
        c->needs = (uint32_t)len;
        return mailproto__no_room(&c->session);
    }
    mailproto__smtp_client_take_back(c);
    return MAILPROTO_OK;
}

void mailproto__smtp_client_check_room(mailproto_smtp_client *c)
{
    int can = c->needs == MAILPROTO__NEEDS_ALONE
                  ? c->count == 0 && c->wish == MAILPROTO__WISH_NONE
                  : has_room(c, c->needs);
    if (c->auth.step != MAILPROTO__AUTH_NOT) {
        can = 1; /* a part of a response needs no entry: any progress is worth a try */
    }
    if (c->session.wants_room == MAILPROTO__ROOM_GREW && !can) {
        c->session.wants_room = MAILPROTO__ROOM_WANTED;
    }
}

/* Whether the pipelining rules let the next held command go (RFC 2920 3.1). */
static int may_send(mailproto_smtp_client *c)
{
    if (c->sent == c->count || c->wish != MAILPROTO__WISH_NONE) {
        return 0;
    }
    if (c->sent == 0) {
        return 1;
    }
    return mailproto__offers(&c->session, MAILPROTO_SMTP_CAP_PIPELINING) &&
           !(c->flags & MAILPROTO_SMTP_CLIENT_NO_PIPELINING) &&
           !(mailproto__smtp_client_at(c, c->sent - 1U)->flags & MAILPROTO__ENTRY_LAST);
}

/* Whether what is known already makes the next held command pointless: a recipient
 * without its MAIL, DATA without any recipient. */
static int is_pointless(mailproto_smtp_client *c)
{
    uint8_t kind = mailproto__smtp_client_at(c, c->sent)->kind;
    if (c->moves > 0) {
        return 0; /* the MAIL it belongs to has no reply yet */
    }
    if (kind == MAILPROTO_SMTP_VERB_RCPT) {
        return !c->mail_ok;
    }
    return kind == MAILPROTO_SMTP_VERB_DATA && c->rcpts == 0 &&
           !(c->mail_ok && c->rcpt_ok);
}

/* Makes due what may go now. */
static void release(mailproto_smtp_client *c)
{
    while (may_send(c) && !is_pointless(c)) {
        struct mailproto__smtp_entry *e = mailproto__smtp_client_at(c, c->sent);
        mailproto__make_due(&c->session, e->length, MAILPROTO_TRACE_COMMAND);
        count_sent(c, e->kind, 1);
        if (e->flags & MAILPROTO__ENTRY_LAST) {
            c->session.flush = 1;
        }
        if (c->sent == 1) {
            mailproto__smtp_client_rearm(c);
        }
    }
}

void mailproto__smtp_client_push(mailproto_smtp_client *c,
                                 const struct mailproto__smtp_rule *rule, uint32_t tag,
                                 size_t len)
{
    struct mailproto__smtp_entry *e = mailproto__smtp_client_at(c, c->count);
    e->tag = tag;
    e->length = (uint32_t)len;
    e->kind = rule->verb;
    e->flags = rule->flags & MAILPROTO__SMTP_LAST ? MAILPROTO__ENTRY_LAST : 0;
    ++c->count;
    if (rule->verb == MAILPROTO_SMTP_VERB_DATA) {
        ++c->datas;
    }
    if (rule->next != MAILPROTO__SMTP_SAME) {
        c->state = rule->next;
    }
    release(c);
    if (c->session.content_open) {
        mailproto__smtp_client_put_by(c);
    }
    mailproto__touch(&c->session);
}

/* ---- the engine's own commands ------------------------------------------------------ */

/* Puts octets in front of what is held and makes them due: 0: no room now. */
static int put_first(mailproto_smtp_client *c, mailproto_bytes b, uint32_t kind)
{
    mailproto_session *s = &c->session;
    size_t held = mailproto__held(s);
    char *at;
    if (mailproto__room(s) < b.len) {
        return 0;
    }
    at = s->out.base + s->out.due;
    memmove(at + b.len, at, held);
    memcpy(at, b.ptr, b.len);
    s->out.tail += b.len;
    mailproto__make_due(s, b.len, kind);
    return 1;
}

/* EHLO or HELO. Nothing is held at that time. */
static int put_hello(mailproto_smtp_client *c, mailproto_bytes verb)
{
    mailproto_session *s = &c->session;
    if (mailproto__room(s) < verb.len + c->name.len + 2) {
        return 0;
    }
    (void)mailproto__put_span(s, verb);
    (void)mailproto__put_span(s, c->name);
    (void)mailproto__put(s, "\r\n", 2);
    mailproto__make_all_due(s, MAILPROTO_TRACE_COMMAND);
    return 1;
}

/* The wish's octets, if there is room for them. */
static int put_wish(mailproto_smtp_client *c)
{
    switch (c->wish) {
    case MAILPROTO__WISH_EHLO:
        return put_hello(c, MAILPROTO__LITERAL("EHLO "));
    case MAILPROTO__WISH_HELO:
        return put_hello(c, MAILPROTO__LITERAL("HELO "));
    case MAILPROTO__WISH_STARTTLS:
        return put_first(c, MAILPROTO__LITERAL("STARTTLS\r\n"),
                         MAILPROTO_TRACE_COMMAND);
    case MAILPROTO__WISH_RSET:
        return put_first(c, MAILPROTO__LITERAL("RSET\r\n"), MAILPROTO_TRACE_COMMAND);
    case MAILPROTO__WISH_DOT:
        return put_first(c, MAILPROTO__LITERAL(".\r\n"), MAILPROTO_TRACE_CONTENT);
    case MAILPROTO__WISH_STAR:
        return put_first(c, MAILPROTO__LITERAL("*\r\n"), MAILPROTO_TRACE_COMMAND);
    default:
        return 0;
    }
}

/* Whether what is called next ends the transaction anyway. */
static int ends_by_itself(mailproto_smtp_client *c)
{
    uint8_t kind;
    if (c->wish != MAILPROTO__WISH_RSET || c->sent == c->count) {
        return 0;
    }
    kind = mailproto__smtp_client_at(c, c->sent)->kind;
    return kind == MAILPROTO_SMTP_VERB_RSET || kind == MAILPROTO_SMTP_VERB_QUIT;
}

static void grant_wish(mailproto_smtp_client *c)
{
    const uint8_t own = MAILPROTO__ENTRY_OWN;
    const uint8_t last = MAILPROTO__ENTRY_OWN | MAILPROTO__ENTRY_LAST;
    uint8_t wish = c->wish;
    if (ends_by_itself(c)) {
        c->wish = MAILPROTO__WISH_NONE;
        return;
    }
    if (!put_wish(c)) {
        return;
    }
    c->wish = MAILPROTO__WISH_NONE;
    switch (wish) {
    case MAILPROTO__WISH_EHLO:
        mailproto__smtp_client_expect(c, MAILPROTO_SMTP_VERB_EHLO, 0, last);
        break;
    case MAILPROTO__WISH_HELO:
        mailproto__smtp_client_expect(c, MAILPROTO_SMTP_VERB_HELO, 0, last);
        break;
    case MAILPROTO__WISH_STARTTLS:
        mailproto__smtp_client_expect(c, MAILPROTO_SMTP_VERB_STARTTLS, 0, last);
        break;
    case MAILPROTO__WISH_RSET:
        mailproto__smtp_client_expect(c, MAILPROTO_SMTP_VERB_RSET, 0, own);
        mailproto__smtp_client_at(c, c->sent - 1U)->length = 6;
        break;
    case MAILPROTO__WISH_DOT: /* the end of content may be the first of a group */
        mailproto__smtp_client_at(c, 0)->flags = own;
        break;
    default: /* `*` has its entry: AUTH's */
        break;
    }
}

/* ---- outcomes that are no replies --------------------------------------------------- */

void mailproto__smtp_client_no_reply(mailproto_smtp_client *c, uint8_t kind,
                                     uint32_t tag, uint32_t origin,
                                     mailproto_status why)
{
    uint32_t type = MAILPROTO_EV_SMTP_REPLY;
    if (kind == MAILPROTO_SMTP_VERB_DATA || kind == MAILPROTO__SMTP_DATA_END) {
        type = MAILPROTO_EV_SMTP_FINAL;
    } else if (kind == MAILPROTO_SMTP_VERB_AUTH) {
        type = MAILPROTO_EV_AUTH_RESULT;
    }
    memset(&c->status, 0, sizeof c->status);
    c->status.origin = origin;
    c->status.local = why;
    mailproto__event(&c->session, type, tag)->detail = &c->status;
}

/* The front, which is held, will not be sent. */
static void cancel(mailproto_smtp_client *c)
{
    struct mailproto__smtp_entry e = *mailproto__smtp_client_at(c, 0);
    mailproto__remove_held(&c->session, 0, e.length);
    drop(c);
    if (e.kind == MAILPROTO_SMTP_VERB_DATA) {
        if (c->mail_ok) {
            c->wish = MAILPROTO__WISH_RSET;
        }
        c->mail_ok = 0;
        c->rcpt_ok = 0;
    }
    mailproto__smtp_client_no_reply(c, e.kind, e.tag, MAILPROTO_ORIGIN_LOCAL,
                                    MAILPROTO_ERR_CANCELLED);
}

int mailproto__smtp_client_progress(mailproto_smtp_client *c)
{
    grant_wish(c);
    release(c);
    if (c->sent == 0 && may_send(c)) { /* or it would have gone */
        cancel(c);
        grant_wish(c);
        return 1;
    }
    return 0;
}

void mailproto__smtp_client_mail_refused(mailproto_smtp_client *c)
{
    size_t i;
    for (i = 1; i < c->count; i++) {
        uint8_t kind = mailproto__smtp_client_at(c, i)->kind;
        if (kind == MAILPROTO_SMTP_VERB_MAIL || kind == MAILPROTO_SMTP_VERB_RSET ||
            kind == MAILPROTO_SMTP_VERB_DATA) {
            return;
        }
    }
    if (c->state == MAILPROTO__SMTP_MAIL || c->state == MAILPROTO__SMTP_RCPT) {
        c->state = MAILPROTO__SMTP_DEAD;
    }
}

void mailproto__smtp_client_wind_up(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    s->out.cap += c->put_by; /* what is put by goes nowhere */
    c->put_by = 0;
    while (c->count > 0) {
        struct mailproto__smtp_entry e = *mailproto__smtp_client_at(c, 0);
        drop(c);
        if (e.flags & MAILPROTO__ENTRY_OWN) {
            continue;
        }
        if (c->aborted && e.kind == MAILPROTO__SMTP_DATA_END) {
            mailproto__smtp_client_no_reply(c, e.kind, e.tag, MAILPROTO_ORIGIN_LOCAL,
                                            MAILPROTO_ERR_CANCELLED);
        } else {
            mailproto__smtp_client_no_reply(c, e.kind, e.tag,
                                            MAILPROTO_ORIGIN_TRANSPORT, s->error);
        }
        return;
    }
    mailproto__close(s);
}
