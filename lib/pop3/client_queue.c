/*
 * The queue of expected replies: commands that are with the peer, commands that are
 * held, and what becomes of them. Knows the pipelining rules (RFC 2449 6.6); must not
 * know what a reply says.
 */
#include "pop3/client.h"

#include "core/mem.h"
#include "core/span.h"

struct mailproto__pop3_entry *mailproto__pop3_client_at(mailproto_pop3_client *c,
                                                        size_t i)
{
    size_t at = c->front + i;
    return &c->queue[at < c->queue_cap ? at : at - c->queue_cap];
}

/* ---- waiting ------------------------------------------------------------------------ */

static uint32_t patience(mailproto_pop3_client *c)
{
    if (c->sent == 0 || c->auth.step == MAILPROTO__AUTH_ANSWERING) {
        return 0;
    }
    if (c->phase == MAILPROTO__POP3_CONTENT) {
        return c->block_ms;
    }
    switch (mailproto__pop3_client_at(c, 0)->kind) {
    case MAILPROTO__POP3_GREETING:
        return c->greeting_ms;
    case MAILPROTO_POP3_VERB_QUIT:
        return c->quit_ms;
    default:
        return c->command_ms;
    }
}

void mailproto__pop3_client_rearm(mailproto_pop3_client *c)
{
    mailproto__wait(&c->session, patience(c));
}

/* ---- in and out --------------------------------------------------------------------- */

/* Takes the front away. */
static void drop(mailproto_pop3_client *c)
{
    c->front = (uint16_t)(c->front + 1 < c->queue_cap ? c->front + 1 : 0);
    --c->count;
    if (c->session.wants_room == MAILPROTO__ROOM_WANTED) {
        c->session.wants_room = MAILPROTO__ROOM_GREW; /* _check_room() looks closer */
    }
}

int mailproto__pop3_client_has_left(mailproto_pop3_client *c)
{
    const struct mailproto__output *out = &c->session.out;
    size_t unsent = out->due - out->head;
    size_t i;
    switch (mailproto__pop3_client_at(c, 0)->kind) {
    case MAILPROTO__POP3_GREETING: /* has no command */
    case MAILPROTO_POP3_VERB_AUTH: /* may be refused within a long response */
        return 1;
    default:
        break;
    }
    for (i = 1; i < c->sent && unsent > 0; i++) {
        size_t length = mailproto__pop3_client_at(c, i)->length;
        unsent -= length < unsent ? length : unsent;
    }
    return unsent == 0;
}

void mailproto__pop3_client_pop(mailproto_pop3_client *c)
{
    --c->sent;
    drop(c);
    c->phase = MAILPROTO__POP3_STATUS;
    mailproto__pop3_client_forget_secrets(c);
    mailproto__pop3_client_rearm(c);
}

void mailproto__pop3_client_expect(mailproto_pop3_client *c, uint8_t kind, uint32_t tag,
                                   uint8_t flags)
{
    struct mailproto__pop3_entry *e = mailproto__pop3_client_at(c, c->count);
    memset(e, 0, sizeof *e);
    e->tag = tag;
    e->kind = kind;
    e->flags = flags;
    ++c->count;
    ++c->sent;
    mailproto__pop3_client_rearm(c);
}

void mailproto__pop3_client_cancel(mailproto_pop3_client *c)
{
    struct mailproto__output *out = &c->session.out;
    size_t length = mailproto__pop3_client_at(c, 0)->length;
    mailproto__remove_held(&c->session, 0, length);
    mailproto__wipe(out->base + out->tail, length);
    drop(c);
    mailproto__pop3_client_forget_secrets(c);
}

/* ---- calling ahead ------------------------------------------------------------------ */

/* Whether a command of `len` octets has room now. */
static int has_room(mailproto_pop3_client *c, size_t len)
{
    return c->count + (size_t)MAILPROTO__POP3_QUEUE_RESERVE < c->queue_cap &&
           mailproto__room(&c->session) >= len;
}

mailproto_status mailproto__pop3_client_begin(mailproto_pop3_client *c, size_t len)
{
    if (len > c->session.out.cap) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    mailproto__pop3_client_forget_secrets(c);
    if (!has_room(c, len)) {
        c->needs = (uint32_t)len;
        return mailproto__no_room(&c->session);
    }
    return MAILPROTO_OK;
}

void mailproto__pop3_client_check_room(mailproto_pop3_client *c)
{
    /* A part of a response needs no entry: any progress is worth a try. */
    int can = c->auth.step != MAILPROTO__AUTH_NOT || has_room(c, c->needs);
    if (c->session.wants_room == MAILPROTO__ROOM_GREW && !can) {
        c->session.wants_room = MAILPROTO__ROOM_WANTED;
    }
}

/* Whether the next held command may go. */
static int may_send(mailproto_pop3_client *c)
{
    if (c->sent == c->count || c->wish != MAILPROTO__POP3_WISH_NONE) {
        return 0;
    }
    if (c->sent == 0) {
        return 1;
    }
    /* QUIT waits for everything: only then it is certain what it commits. And before the
     * login one reply decides about the next command anyway. */
    return c->logged_in &&
           mailproto__offers(&c->session, MAILPROTO_POP3_CAP_PIPELINING) &&
           !(c->flags & MAILPROTO_POP3_CLIENT_NO_PIPELINING) &&
           mailproto__pop3_client_at(c, c->sent)->kind != MAILPROTO_POP3_VERB_QUIT &&
           !(mailproto__pop3_client_at(c, c->sent - 1U)->flags &
             MAILPROTO__POP3_ENTRY_LAST);
}

/* Makes a held command due; its credential is traced as such. */
static void let_go(mailproto_pop3_client *c, const struct mailproto__pop3_entry *e)
{
    mailproto_session *s = &c->session;
    if (e->secret > 0) {
        mailproto__make_due(s, e->length - e->secret - 2U, MAILPROTO_TRACE_COMMAND);
        mailproto__make_due(s, e->secret, MAILPROTO_TRACE_CREDENTIAL);
        mailproto__make_due(s, 2, MAILPROTO_TRACE_COMMAND);
    } else {
        mailproto__make_due(s, e->length, MAILPROTO_TRACE_COMMAND);
    }
    if (e->flags & MAILPROTO__POP3_ENTRY_LAST) {
        s->flush = 1;
    }
}

static void release(mailproto_pop3_client *c)
{
    while (may_send(c)) {
        let_go(c, mailproto__pop3_client_at(c, c->sent));
        ++c->sent;
        if (c->sent == 1) {
            mailproto__pop3_client_rearm(c);
        }
    }
}

void mailproto__pop3_client_push(mailproto_pop3_client *c,
                                 const struct mailproto__pop3_entry *e)
{
    *mailproto__pop3_client_at(c, c->count) = *e;
    ++c->count;
    release(c);
    mailproto__touch(&c->session);
}

/* ---- the engine's own commands ------------------------------------------------------ */

static void grant_wish(mailproto_pop3_client *c)
{
    const uint8_t own = MAILPROTO__POP3_ENTRY_OWN | MAILPROTO__POP3_ENTRY_LAST;
    mailproto_bytes text = MAILPROTO__LITERAL("CAPA\r\n");
    uint8_t wish = c->wish;
    if (wish == MAILPROTO__POP3_WISH_NONE) {
        return;
    }
    if (wish == MAILPROTO__POP3_WISH_STLS) {
        text = MAILPROTO__LITERAL("STLS\r\n");
    } else if (wish == MAILPROTO__POP3_WISH_STAR) {
        text = MAILPROTO__LITERAL("*\r\n");
    }
    if (!mailproto__put_span(&c->session, text)) { /* nothing is ever held then */
        return;
    }
    mailproto__make_all_due(&c->session, MAILPROTO_TRACE_COMMAND);
    c->session.flush = 1;
    c->wish = MAILPROTO__POP3_WISH_NONE;
    if (wish == MAILPROTO__POP3_WISH_CAPA) {
        mailproto__pop3_client_expect(c, MAILPROTO_POP3_VERB_CAPA, 0,
                                      own | MAILPROTO__POP3_ENTRY_LINES);
    } else if (wish == MAILPROTO__POP3_WISH_STLS) {
        mailproto__pop3_client_expect(c, MAILPROTO_POP3_VERB_STLS, 0, own);
    } /* `*` has its entry: AUTH's */
}

void mailproto__pop3_client_progress(mailproto_pop3_client *c)
{
    grant_wish(c);
    release(c);
}

/* ---- secrets ------------------------------------------------------------------------ */

void mailproto__pop3_client_forget_secrets(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    if (c->auth.step == MAILPROTO__AUTH_NOT && s->out.head == s->out.tail) {
        s->secret_out = 0;
    }
}

/* ---- the end ------------------------------------------------------------------------ */

mailproto_event *mailproto__pop3_client_no_reply(mailproto_pop3_client *c,
                                                 uint32_t type, uint32_t tag,
                                                 mailproto_status why)
{
    mailproto_event *ev = mailproto__event(&c->session, type, tag);
    memset(&c->status, 0, sizeof c->status);
    c->status.code = MAILPROTO_POP3_NO_REPLY;
    c->status.local = why;
    ev->code = MAILPROTO_POP3_NO_REPLY;
    ev->detail = &c->status;
    return ev;
}

/* What is known of QUIT, without a reply to it. `flush` is set with the command and goes
 * when its last octet was reported sent, by nothing else. */
static uint32_t commit_of(const mailproto_pop3_client *c)
{
    if (!c->logged_in) {
        return MAILPROTO_POP3_COMMIT_NOTHING;
    }
    return c->sent > 0 && !c->session.flush ? (uint32_t)MAILPROTO_POP3_COMMIT_UNKNOWN
                                            : (uint32_t)MAILPROTO_POP3_COMMIT_NOT;
}

/* The outcome of the front, which has no reply. */
static void tell_lost(mailproto_pop3_client *c)
{
    struct mailproto__pop3_entry e = *mailproto__pop3_client_at(c, 0);
    uint32_t type = MAILPROTO_EV_POP3_REPLY;
    mailproto_event *ev;
    if (e.kind == MAILPROTO_POP3_VERB_QUIT) {
        type = MAILPROTO_EV_POP3_COMMIT;
    } else if (e.kind == MAILPROTO_POP3_VERB_AUTH) {
        type = MAILPROTO_EV_AUTH_RESULT;
    }
    ev = mailproto__pop3_client_no_reply(c, type, e.tag, c->session.error);
    c->status.verb = e.kind;
    if (e.kind == MAILPROTO_POP3_VERB_QUIT) {
        ev->code = commit_of(c);
        ev->number = c->deleted;
    }
}

void mailproto__pop3_client_wind_up(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    if (s->secret_out) { /* what was dropped unsent lies there still */
        mailproto__wipe(s->out.base, s->out.cap);
        s->secret_out = 0;
    }
    if (c->phase == MAILPROTO__POP3_CONTENT &&
        (c->tell_aborted || c->aborted == MAILPROTO_OK)) {
        if (c->aborted == MAILPROTO_OK) {
            c->aborted = s->error;
        }
        mailproto__pop3_client_content_aborted(c);
        return;
    }
    if (c->phase == MAILPROTO__POP3_REPLY_DONE) { /* that one was answered */
        mailproto__pop3_client_outcome(c);
        return;
    }
    c->phase = MAILPROTO__POP3_STATUS;
    while (c->count > 0) {
        struct mailproto__pop3_entry e = *mailproto__pop3_client_at(c, 0);
        /* USER and PASS have one outcome. */
        int own = (e.flags & MAILPROTO__POP3_ENTRY_OWN) != 0 ||
                  (e.kind == MAILPROTO_POP3_VERB_USER && c->count > 1);
        if (!own) {
            tell_lost(c);
        }
        if (c->sent > 0) {
            --c->sent;
        }
        drop(c);
        if (!own) {
            return;
        }
    }
    mailproto__close(s);
}
