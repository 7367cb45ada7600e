/*
 * The start of a session: greeting, EHLO or HELO, STARTTLS, up to CAPS. Knows which
 * reply leads where and what a capability line says; must not know of mail.
 */
#include "smtp/client.h"

#include "core/mem.h"
#include "core/span.h"
#include "smtp/syntax.h"

/* ---- the end of the start ----------------------------------------------------------- */

/* The session cannot be used; only QUIT is left. */
static void refuse(mailproto_smtp_client *c, mailproto_status why, const char *detail)
{
    (void)mailproto__fail(&c->session, why, c->session.offset, detail);
    c->state = MAILPROTO__SMTP_REFUSED;
}

/* A piece of the reply that says so: the lines before its last are told as a greeting,
 * or not at all. */
static void refused(mailproto_smtp_client *c, const struct mailproto__smtp_entry *e,
                    const struct mailproto__smtp_piece *p, mailproto_status why)
{
    if (p->last_line) {
        (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_REFUSED, 0, p);
    } else if (e->kind == MAILPROTO__SMTP_GREETING) {
        (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_GREETING, 0, p);
    }
    if (p->done) {
        mailproto__smtp_client_pop(c);
        refuse(c, why, "the peer refuses");
    }
}

/* The greeting was good and its EHLO answered: TLS first, or mail may be sent. */
static void greeted(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    mailproto_event *ev;
    int required = c->tls == MAILPROTO_SMTP_TLS_REQUIRED;
    if (!mailproto__is_secure(s) &&
        (required || (c->tls == MAILPROTO_SMTP_TLS_IF_OFFERED && !c->offered))) {
        if (mailproto__offers(s, MAILPROTO_SMTP_CAP_STARTTLS)) {
            c->offered = 1;
            c->wish = MAILPROTO__WISH_STARTTLS;
            return;
        }
        if (required) {
            mailproto__smtp_client_no_reply(c, 0, 0, MAILPROTO_ORIGIN_LOCAL,
                                            MAILPROTO_ERR_NEEDS_TLS);
            s->event.type = MAILPROTO_EV_REFUSED;
            refuse(c, MAILPROTO_ERR_NEEDS_TLS, "the peer does not offer STARTTLS");
            return;
        }
    }
    ev = mailproto__event(s, MAILPROTO_EV_SMTP_CAPS, 0);
    ev->code = c->ehlo_code;
    ev->number = s->cap_lines.lost;
    c->state = MAILPROTO__SMTP_READY;
}

/* ---- EHLO --------------------------------------------------------------------------- */

static void learn(mailproto_smtp_client *c, mailproto_bytes line)
{
    mailproto_session *s = &c->session;
    mailproto_bytes params = mailproto__span(NULL, 0);
    int cap = mailproto__smtp_cap_parse(line, &params);
    mailproto__caps_keep(s, line);
    if (cap < 0) {
        return;
    }
    s->caps |= (uint64_t)1 << cap;
    if (cap == MAILPROTO_SMTP_CAP_SIZE) { /* RFC 1870 4: the number may be missing */
        uint64_t limit = 0;
        mailproto_bytes word = mailproto__word(&params);
        c->size_limit =
            mailproto__number(word, UINT64_MAX, &limit) ? limit : (uint64_t)0;
    }
}

/* All of it was learnt. */
static void apply_masks(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    s->caps = (s->caps | c->caps_forced) & ~c->caps_forbidden;
    if (mailproto__is_secure(s)) { /* RFC 3207 4.2: never again */
        s->caps &= ~((uint64_t)1 << MAILPROTO_SMTP_CAP_STARTTLS);
    }
    if (!mailproto__offers(s, MAILPROTO_SMTP_CAP_SIZE)) {
        c->size_limit = 0;
    }
}

/* EHLO is not known to the peer (RFC 5321 4.1.4). */
static int is_unknown(uint16_t code)
{
    return code == 500 || code == 501 || code == 502 || code == 504;
}

static mailproto_status hello_reply(mailproto_smtp_client *c,
                                    const struct mailproto__smtp_entry *e,
                                    const struct mailproto__smtp_piece *p)
{
    int ehlo = e->kind == MAILPROTO_SMTP_VERB_EHLO;
    if (p->code / 100 != 2) {
        if (!ehlo || !is_unknown(p->code)) {
            refused(c, e, p, MAILPROTO_ERR_REFUSED);
        } else if (c->tls == MAILPROTO_SMTP_TLS_REQUIRED &&
                   !mailproto__is_secure(&c->session)) {
            refused(c, e, p, MAILPROTO_ERR_NEEDS_TLS); /* HELO knows no STARTTLS */
        } else if (p->done) {
            mailproto__smtp_client_pop(c);
            c->wish = MAILPROTO__WISH_HELO;
        }
        return MAILPROTO_OK;
    }
    if (ehlo && !p->first_line) {
        if (p->whole) {
            learn(c, p->text);
        } else if (p->end) {
            ++c->session.cap_lines.lost;
        }
    }
    if (p->done) {
        mailproto__smtp_client_pop(c);
        c->ehlo_code = p->code;
        apply_masks(c);
        greeted(c);
    }
    return MAILPROTO_OK;
}

/* ---- greeting and STARTTLS ---------------------------------------------------------- */

static mailproto_status greeting(mailproto_smtp_client *c,
                                 const struct mailproto__smtp_entry *e,
                                 const struct mailproto__smtp_piece *p)
{
    if (p->code / 100 != 2) {
        refused(c, e, p, MAILPROTO_ERR_REFUSED);
        return MAILPROTO_OK;
    }
    if (p->code != 220) { /* RFC 5321 4.2 */
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_SYNTAX, "no greeting");
    }
    (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_GREETING, 0, p);
    if (p->done) {
        mailproto__smtp_client_pop(c);
        c->wish = MAILPROTO__WISH_EHLO;
    }
    return MAILPROTO_OK;
}

static mailproto_status starttls_reply(mailproto_smtp_client *c,
                                       const struct mailproto__smtp_entry *e,
                                       const struct mailproto__smtp_piece *p)
{
    int own = (e->flags & MAILPROTO__ENTRY_OWN) != 0;
    if (p->code == 220) {
        if (!p->done) {
            return MAILPROTO_OK;
        }
        mailproto__smtp_client_pop(c);
        c->state = MAILPROTO__SMTP_START;
        mailproto__wait(&c->session, c->command_ms);
        return mailproto__tls_agreed(&c->session);
    }
    if (own && (c->tls == MAILPROTO_SMTP_TLS_REQUIRED || p->code == 421)) {
        refused(c, e, p,
                c->tls == MAILPROTO_SMTP_TLS_REQUIRED ? MAILPROTO_ERR_NEEDS_TLS
                                                      : MAILPROTO_ERR_REFUSED);
        return MAILPROTO_OK;
    }
    if (p->code / 100 == 2) { /* yes or no? RFC 3207 4 knows only 220 */
        return mailproto__smtp_client_broken(c, p, MAILPROTO_ERR_SYNTAX,
                                             "2xx to STARTTLS that is not 220");
    }
    if (!own) {
        (void)mailproto__smtp_client_tell(c, MAILPROTO_EV_SMTP_REPLY, e->tag, p);
    }
    if (p->done) {
        mailproto__smtp_client_pop(c);
        c->state = MAILPROTO__SMTP_READY;
        if (own) {
            greeted(c); /* RFC 3207 4.1: in the clear then */
        }
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto__smtp_client_start(mailproto_smtp_client *c,
                                              const struct mailproto__smtp_entry *e,
                                              const struct mailproto__smtp_piece *p)
{
    switch (e->kind) {
    case MAILPROTO__SMTP_GREETING:
        return greeting(c, e, p);
    case MAILPROTO_SMTP_VERB_STARTTLS:
        return starttls_reply(c, e, p);
    default:
        return hello_reply(c, e, p);
    }
}

void mailproto__smtp_client_connected(mailproto_smtp_client *c)
{
    mailproto_session *s = &c->session;
    mailproto__caps_forget(s);
    c->size_limit = 0;
    c->logged_in = 0;
    if (c->count == 0) { /* RFC 3207 4.2: EHLO again; TLS came first: the greeting */
        c->wish = MAILPROTO__WISH_EHLO;
    }
    mailproto__smtp_client_rearm(c);
}
