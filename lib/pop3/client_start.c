/*
 * The start of a session: greeting, CAPA, STLS, up to CAPS. Knows which reply leads
 * where and what a capability line says; must not know of maildrops.
 */
#include "pop3/client.h"

#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

/* ---- the end of the start ----------------------------------------------------------- */

/* The session cannot be used; only QUIT is left. */
static void refuse(mailproto_pop3_client *c, mailproto_status why, const char *detail)
{
    (void)mailproto__fail(&c->session, why, c->session.offset, detail);
    c->state = MAILPROTO__POP3_REFUSED;
}

/* A piece of the status line that says so. */
static void refused(mailproto_pop3_client *c, const struct mailproto__pop3_piece *p,
                    mailproto_status why)
{
    (void)mailproto__pop3_client_tell(c, MAILPROTO_EV_REFUSED, 0, p);
    if (p->end) {
        mailproto__pop3_client_pop(c);
        refuse(c, why, "the peer refuses");
    }
}

void mailproto__pop3_client_greeted(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    int required = c->tls == MAILPROTO_POP3_TLS_REQUIRED;
    if (!mailproto__is_secure(s) &&
        (required || (c->tls == MAILPROTO_POP3_TLS_IF_OFFERED && !c->tried_stls))) {
        if (mailproto__offers(s, MAILPROTO_POP3_CAP_STLS)) {
            c->tried_stls = 1;
            c->wish = MAILPROTO__POP3_WISH_STLS;
            return;
        }
        if (required) {
            (void)mailproto__pop3_client_no_reply(c, MAILPROTO_EV_REFUSED, 0,
                                                  MAILPROTO_ERR_NEEDS_TLS);
            refuse(c, MAILPROTO_ERR_NEEDS_TLS, "the peer does not offer STLS");
            return;
        }
    }
    mailproto__event(s, MAILPROTO_EV_POP3_CAPS, 0)->number = s->cap_lines.lost;
    c->state = MAILPROTO__POP3_AUTHORIZATION;
}

/* ---- CAPA --------------------------------------------------------------------------- */

/* All of it was learnt. */
static void apply_masks(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    s->caps = (s->caps | c->caps_forced) & ~c->caps_forbidden;
    if (mailproto__is_secure(s) || c->logged_in) { /* RFC 2595 4: never again */
        s->caps &= ~((uint64_t)1 << MAILPROTO_POP3_CAP_STLS);
    }
}

void mailproto__pop3_client_caps_begin(mailproto_pop3_client *c)
{
    mailproto__caps_forget(&c->session);
}

void mailproto__pop3_client_caps_end(mailproto_pop3_client *c)
{
    c->caps_known = 1;
    apply_masks(c);
}

static int has_word(mailproto_bytes params, mailproto_bytes wanted)
{
    mailproto_bytes word;
    for (word = mailproto__word(&params); word.len > 0;
         word = mailproto__word(&params)) {
        if (mailproto__equal_nocase(word, wanted)) {
            return 1;
        }
    }
    return 0;
}

void mailproto__pop3_client_caps_line(mailproto_pop3_client *c,
                                      const struct mailproto__pop3_piece *p)
{
    mailproto_session *s = &c->session;
    mailproto_bytes params = mailproto__span(NULL, 0);
    int cap;
    if (!p->whole || mailproto__find_control(p->text) < p->text.len) {
        s->cap_lines.lost += p->end; /* it cannot be kept as a line */
        return;
    }
    cap = mailproto__pop3_cap_parse(p->text, &params);
    mailproto__caps_keep(s, p->text);
    if (cap < 0) {
        return;
    }
    s->caps |= (uint64_t)1 << cap;
    if (cap == MAILPROTO_POP3_CAP_UTF8 &&
        has_word(params, MAILPROTO__LITERAL("USER"))) { /* RFC 6856 2.2 */
        s->caps |= (uint64_t)1 << MAILPROTO_POP3_CAP_UTF8_USER;
    }
}

/* ---- greeting and STLS -------------------------------------------------------------- */

/* RFC 1939 7: a timestamp may stand in the greeting. */
static void keep_stamp(mailproto_pop3_client *c, const struct mailproto__pop3_piece *p)
{
    mailproto_bytes stamp = mailproto__pop3_find_stamp(p->text);
    if (c->stamp != NULL && p->whole && stamp.len > 0 &&
        stamp.len <= MAILPROTO__POP3_STAMP_MAX) {
        memcpy(c->stamp, stamp.ptr, stamp.len);
        c->stamp_len = stamp.len;
    }
}

static void greeting(mailproto_pop3_client *c, const struct mailproto__pop3_piece *p)
{
    if (c->status.code != MAILPROTO_POP3_OK) {
        refused(c, p, MAILPROTO_ERR_REFUSED);
        return;
    }
    if ((c->flags & MAILPROTO_POP3_CLIENT_APOP) != 0) {
        keep_stamp(c, p);
    }
    (void)mailproto__pop3_client_tell(c, MAILPROTO_EV_POP3_GREETING, 0, p);
    if (p->end) {
        mailproto__pop3_client_pop(c);
        c->wish = MAILPROTO__POP3_WISH_CAPA;
    }
}

static mailproto_status stls_reply(mailproto_pop3_client *c,
                                   const struct mailproto__pop3_entry *e,
                                   const struct mailproto__pop3_piece *p)
{
    int own = (e->flags & MAILPROTO__POP3_ENTRY_OWN) != 0;
    mailproto_status st;
    if (c->status.code == MAILPROTO_POP3_OK) {
        if (!p->end) {
            return MAILPROTO_OK;
        }
        st = mailproto__tls_agreed(&c->session);
        if (st == MAILPROTO_OK) {
            mailproto__pop3_client_pop(c);
            c->state = MAILPROTO__POP3_START;
            mailproto__wait(&c->session, c->command_ms);
        }
        return st;
    }
    if (own && c->tls == MAILPROTO_POP3_TLS_REQUIRED) {
        refused(c, p, MAILPROTO_ERR_NEEDS_TLS);
        return MAILPROTO_OK;
    }
    if (!own) {
        (void)mailproto__pop3_client_tell(c, MAILPROTO_EV_POP3_REPLY, e->tag, p);
    }
    if (p->end) {
        mailproto__pop3_client_pop(c);
        c->state = MAILPROTO__POP3_AUTHORIZATION;
        if (own) {
            mailproto__pop3_client_greeted(c); /* in the clear then */
        }
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__pop3_client_start(mailproto_pop3_client *c,
                                              const struct mailproto__pop3_entry *e,
                                              const struct mailproto__pop3_piece *p)
{
    switch (e->kind) {
    case MAILPROTO__POP3_GREETING:
        greeting(c, p);
        return MAILPROTO_OK;
    case MAILPROTO_POP3_VERB_STLS:
        return stls_reply(c, e, p);
    default: /* a part of CAPA's `+OK`, or `-ERR`: nothing is offered */
        if (p->end) {
            mailproto__pop3_client_pop(c);
            apply_masks(c);
            mailproto__pop3_client_greeted(c);
        }
        return MAILPROTO_OK;
    }
}

void mailproto__pop3_client_connected(mailproto_pop3_client *c)
{
    mailproto__caps_forget(&c->session);
    c->caps_known = 0;
    c->stamp_len = 0;
    if (c->count == 0) { /* RFC 2595 4: CAPA again; TLS came first: the greeting */
        c->wish = MAILPROTO__POP3_WISH_CAPA;
    }
    mailproto__pop3_client_rearm(c);
}
