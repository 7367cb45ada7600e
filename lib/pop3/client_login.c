/*
 * USER and PASS, APOP (RFC 1939 7). Knows what a name and a password may hold and that
 * PASS depends on USER; must not know other ways to log in.
 */
#include "pop3/client.h"

#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

enum { DIGEST = 32 }; /* RFC 1939 7: MD5 in hexadecimal */

/* ---- what may be sent --------------------------------------------------------------- */

static int has_blank(mailproto_bytes b)
{
    return b.len > 0 && memchr(b.ptr, ' ', b.len) != NULL;
}

/* A name, or a password: OK or why not. */
static mailproto_status check(const mailproto_pop3_client *c, mailproto_bytes text)
{
    int high = 0;
    if (text.len == 0 || !mailproto__pop3_client_is_text(text, &high)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (high && !mailproto__offers(&c->session, MAILPROTO_POP3_CAP_UTF8_USER)) {
        return MAILPROTO_ERR_NOT_OFFERED; /* RFC 6856 2.2 */
    }
    return MAILPROTO_OK;
}

/* RFC 1939 7: lower case, as servers compare it. */
static int is_digest(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        char c = b.ptr[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
            return 0;
        }
    }
    return b.len == DIGEST;
}

/* A peer that has told its capabilities, and USER is not among them. */
static int lacks_user(const mailproto_pop3_client *c)
{
    const uint64_t user = (uint64_t)1 << MAILPROTO_POP3_CAP_USER;
    return (c->caps_known || (c->caps_forbidden & user) != 0) &&
           !mailproto__offers(&c->session, MAILPROTO_POP3_CAP_USER);
}

/* ---- the verbs ---------------------------------------------------------------------- */

static void put(mailproto_pop3_client *c, mailproto_bytes word, mailproto_bytes text)
{
    mailproto_session *s = &c->session;
    (void)mailproto__put_span(s, word);
    (void)mailproto__put_span(s, text);
    (void)mailproto__put(s, "\r\n", 2);
}

/* The state stays: a login has yet to succeed. */
static void push(mailproto_pop3_client *c, uint32_t tag, uint8_t kind, size_t length,
                 size_t secret)
{
    struct mailproto__pop3_entry e;
    memset(&e, 0, sizeof e);
    e.tag = tag;
    e.length = (uint16_t)length;
    e.secret = (uint16_t)secret;
    e.kind = kind;
    e.flags = MAILPROTO__POP3_ENTRY_LAST;
    mailproto__pop3_client_push(c, &e);
}

mailproto_status mailproto_pop3_client_login(mailproto_pop3_client *client,
                                             uint32_t tag, mailproto_bytes name,
                                             mailproto_bytes password)
{
    const mailproto_bytes user = MAILPROTO__LITERAL("USER ");
    const mailproto_bytes pass = MAILPROTO__LITERAL("PASS ");
    mailproto_status st;
    (void)mailproto__pop3_client_legal(client, MAILPROTO_POP3_VERB_USER, &st);
    if (st != MAILPROTO_OK) {
        return st;
    }
    st = check(client, name);
    if (st == MAILPROTO_OK) {
        st = has_blank(name) ? MAILPROTO_ERR_ARGUMENT : check(client, password);
    }
    if (st == MAILPROTO_OK && lacks_user(client)) {
        st = MAILPROTO_ERR_NOT_OFFERED;
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (name.len > MAILPROTO__POP3_COMMAND_MAX - user.len - 2 ||
        password.len > MAILPROTO__POP3_COMMAND_MAX - pass.len - 2) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    st = mailproto__pop3_client_begin(client, user.len + name.len + pass.len +
                                                  password.len + 4);
    if (st != MAILPROTO_OK) {
        return st;
    }
    client->session.secret_out = 1;
    put(client, user, name);
    push(client, tag, MAILPROTO_POP3_VERB_USER, user.len + name.len + 2, 0);
    put(client, pass, password);
    push(client, tag, MAILPROTO_POP3_VERB_PASS, pass.len + password.len + 2,
         password.len);
    return MAILPROTO_OK;
}

mailproto_status mailproto_pop3_client_apop(mailproto_pop3_client *client, uint32_t tag,
                                            mailproto_bytes name,
                                            mailproto_bytes digest)
{
    const mailproto_bytes apop = MAILPROTO__LITERAL("APOP ");
    mailproto_status st;
    (void)mailproto__pop3_client_legal(client, MAILPROTO_POP3_VERB_APOP, &st);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (client->stamp_len == 0) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    st = check(client, name);
    if (st == MAILPROTO_OK && (has_blank(name) || !is_digest(digest))) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (name.len > MAILPROTO__POP3_COMMAND_MAX - apop.len - 1 - DIGEST - 2) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    st = mailproto__pop3_client_begin(client, apop.len + name.len + 1 + DIGEST + 2);
    if (st != MAILPROTO_OK) {
        return st;
    }
    client->session.secret_out = 1;
    (void)mailproto__put_span(&client->session, apop);
    (void)mailproto__put_span(&client->session, name);
    put(client, MAILPROTO__LITERAL(" "), digest);
    push(client, tag, MAILPROTO_POP3_VERB_APOP, apop.len + name.len + 1 + DIGEST + 2,
         DIGEST);
    return MAILPROTO_OK;
}

/* ---- replies ------------------------------------------------------------------------ */

void mailproto__pop3_client_logged_in(mailproto_pop3_client *c)
{
    c->logged_in = 1;
    c->session.caps &= ~((uint64_t)1 << MAILPROTO_POP3_CAP_STLS); /* RFC 2595 4 */
    if (c->state != MAILPROTO__POP3_OVER) { /* QUIT may be called ahead */
        c->state = MAILPROTO__POP3_TRANSACTION;
    }
}

mailproto_status
mailproto__pop3_client_login_reply(mailproto_pop3_client *c,
                                   const struct mailproto__pop3_entry *e,
                                   const struct mailproto__pop3_piece *p)
{
    int good = c->status.code == MAILPROTO_POP3_OK;
    int user = e->kind == MAILPROTO_POP3_VERB_USER;
    if (!user || !good) {
        (void)mailproto__pop3_client_tell(c, MAILPROTO_EV_POP3_REPLY, e->tag, p);
    }
    if (!p->end) {
        return MAILPROTO_OK;
    }
    mailproto__pop3_client_pop(c);
    if (user && !good) {
        mailproto__pop3_client_cancel(c); /* PASS, which is held */
    } else if (!user && good) {
        mailproto__pop3_client_logged_in(c);
    }
    return MAILPROTO_OK;
}
