/*
 * The application's verbs: each is checked, written whole behind what is held, and
 * queued. Knows the grammar of the commands; what becomes of them is client_queue.c's.
 */
#include "smtp/client.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "smtp/syntax.h"

/* A command line with its CRLF, of commands without parameters (RFC 5321 4.5.3.1.4). */
enum { LINE_MAX_OCTETS = 512 };

/* Whether the verb is legal now: OK and its row, or why not. */
static mailproto_status legal(mailproto_smtp_client *c, uint32_t verb,
                              const struct mailproto__smtp_rule **rule)
{
    mailproto_session *s = &c->session;
    if (s->failed) {
        return s->error;
    }
    *rule = mailproto__smtp_client_rule(c->state, verb);
    if (s->closing || *rule == NULL || ((*rule)->flags & MAILPROTO__SMTP_OWN)) {
        return MAILPROTO_ERR_STATE;
    }
    if (((*rule)->flags & MAILPROTO__SMTP_ALONE) && mailproto__smtp_client_is_busy(c)) {
        return MAILPROTO_ERR_STATE;
    }
    if ((*rule)->needs != 0 && !mailproto__offers(s, (*rule)->needs - 1U)) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    if (((*rule)->flags & MAILPROTO__SMTP_ALONE) &&
        (c->count > 0 || c->wish != MAILPROTO__WISH_NONE)) {
        c->needs = MAILPROTO__NEEDS_ALONE; /* the engine's own RSET is under way */
        return mailproto__no_room(s);
    }
    return MAILPROTO_OK;
}

/* ---- commands of a word and a text -------------------------------------------------- */

/* `word`, `argument` if it is not empty, `tail`, CRLF. */
static mailproto_status queue_text(mailproto_smtp_client *c, uint32_t verb,
                                   uint32_t tag, mailproto_bytes word,
                                   mailproto_bytes argument, mailproto_bytes tail)
{
    const struct mailproto__smtp_rule *rule = NULL;
    struct mailproto__smtp_line l;
    mailproto_status st = legal(c, verb, &rule);
    size_t len =
        word.len + (argument.len > 0 && word.len > 0 ? 1U : 0U) + tail.len + 2U;
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (argument.len > LINE_MAX_OCTETS - len) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    len += argument.len;
    st = mailproto__smtp_client_begin(c, len);
    if (st != MAILPROTO_OK) {
        return st;
    }
    l.session = &c->session;
    l.len = 0;
    mailproto__smtp_add(&l, word);
    if (argument.len > 0 && word.len > 0) {
        mailproto__smtp_add(&l, MAILPROTO__LITERAL(" "));
    }
    mailproto__smtp_add(&l, argument);
    mailproto__smtp_add(&l, tail);
    mailproto__smtp_add(&l, MAILPROTO__LITERAL("\r\n"));
    mailproto__smtp_client_push(c, rule, tag, l.len);
    return MAILPROTO_OK;
}

static mailproto_status queue_word(mailproto_smtp_client *c, uint32_t verb,
                                   uint32_t tag, mailproto_bytes word)
{
    mailproto_bytes none = mailproto__span(NULL, 0);
    return queue_text(c, verb, tag, word, none, none);
}

mailproto_status mailproto_smtp_client_data(mailproto_smtp_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_SMTP_VERB_DATA, tag,
                      MAILPROTO__LITERAL("DATA"));
}

mailproto_status mailproto_smtp_client_bdat(mailproto_smtp_client *client, uint32_t tag,
                                            uint64_t size, int last)
{
    (void)client;
    (void)tag;
    (void)size;
    (void)last;
    return MAILPROTO_ERR_NOT_BUILT;
}

mailproto_status mailproto_smtp_client_rset(mailproto_smtp_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_SMTP_VERB_RSET, tag,
                      MAILPROTO__LITERAL("RSET"));
}

mailproto_status mailproto_smtp_client_noop(mailproto_smtp_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_SMTP_VERB_NOOP, tag,
                      MAILPROTO__LITERAL("NOOP"));
}

mailproto_status mailproto_smtp_client_quit(mailproto_smtp_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_SMTP_VERB_QUIT, tag,
                      MAILPROTO__LITERAL("QUIT"));
}

mailproto_status mailproto_smtp_client_starttls(mailproto_smtp_client *client,
                                                uint32_t tag)
{
    if (client->tls != MAILPROTO_SMTP_TLS_NONE ||
        mailproto__is_secure(&client->session)) {
        return client->session.failed ? client->session.error : MAILPROTO_ERR_STATE;
    }
    return queue_word(client, MAILPROTO_SMTP_VERB_STARTTLS, tag,
                      MAILPROTO__LITERAL("STARTTLS"));
}

/* Text without controls; `*utf8`: octets above 127, in good order. */
static int is_text(mailproto_bytes b, int *utf8)
{
    size_t i;
    *utf8 = 0;
    if (mailproto__find_control(b) < b.len || !mailproto__is_utf8(b)) {
        return 0;
    }
    for (i = 0; i < b.len && !*utf8; i++) {
        *utf8 = mailproto__is((unsigned char)b.ptr[i], MAILPROTO__HIGH);
    }
    return 1;
}

mailproto_status mailproto_smtp_client_vrfy(mailproto_smtp_client *client, uint32_t tag,
                                            mailproto_bytes name)
{
    const struct mailproto__smtp_rule *rule = NULL;
    mailproto_bytes tail = mailproto__span(NULL, 0);
    int utf8;
    mailproto_status st = legal(client, MAILPROTO_SMTP_VERB_VRFY, &rule);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (name.len == 0 || !is_text(name, &utf8)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (utf8) { /* RFC 6531 3.7.4.2 */
        if (!mailproto__offers(&client->session, MAILPROTO_SMTP_CAP_SMTPUTF8)) {
            return MAILPROTO_ERR_NOT_OFFERED;
        }
        tail = MAILPROTO__LITERAL(" SMTPUTF8");
    }
    return queue_text(client, MAILPROTO_SMTP_VERB_VRFY, tag, MAILPROTO__LITERAL("VRFY"),
                      name, tail);
}

mailproto_status mailproto_smtp_client_help(mailproto_smtp_client *client, uint32_t tag,
                                            mailproto_bytes topic)
{
    const struct mailproto__smtp_rule *rule = NULL;
    int utf8;
    mailproto_status st = legal(client, MAILPROTO_SMTP_VERB_HELP, &rule);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (!is_text(topic, &utf8) || utf8) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return queue_text(client, MAILPROTO_SMTP_VERB_HELP, tag, MAILPROTO__LITERAL("HELP"),
                      topic, mailproto__span(NULL, 0));
}

/* A command line that no server can take for one of the verbs above: a word of letters,
 * digits and hyphens, then a blank or the end. */
static int is_other_command(mailproto_bytes line)
{
    size_t i = 0;
    size_t len = 0;
    uint32_t verb = mailproto__smtp_verb(line, &len);
    while (i < line.len && (mailproto__is((unsigned char)line.ptr[i],
                                          MAILPROTO__ALPHA | MAILPROTO__DIGIT) ||
                            (i > 0 && line.ptr[i] == '-'))) {
        i++;
    }
    return i > 0 && (i == line.len || line.ptr[i] == ' ') &&
           (verb == MAILPROTO_SMTP_VERB_UNKNOWN || verb == MAILPROTO_SMTP_VERB_EXPN);
}

mailproto_status mailproto_smtp_client_command(mailproto_smtp_client *client,
                                               uint32_t tag, mailproto_bytes line)
{
    const struct mailproto__smtp_rule *rule = NULL;
    mailproto_bytes none = mailproto__span(NULL, 0);
    int utf8;
    mailproto_status st = legal(client, MAILPROTO_SMTP_VERB_UNKNOWN, &rule);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (!is_text(line, &utf8) || !is_other_command(line)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (utf8 && !mailproto__offers(&client->session, MAILPROTO_SMTP_CAP_SMTPUTF8)) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    return queue_text(client, MAILPROTO_SMTP_VERB_UNKNOWN, tag, none, line, none);
}

/* ---- MAIL --------------------------------------------------------------------------- */

static void write_mail(const mailproto_smtp_client *c, struct mailproto__smtp_line *l,
                       mailproto_bytes path, const mailproto_smtp_mail_params *p)
{
    const mailproto_session *s = &c->session;
    mailproto__smtp_add(l, MAILPROTO__LITERAL("MAIL FROM:<"));
    mailproto__smtp_add(l, path);
    mailproto__smtp_add(l, MAILPROTO__LITERAL(">"));
    if (p->size != 0 && mailproto__offers(s, MAILPROTO_SMTP_CAP_SIZE)) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" SIZE="));
        mailproto__smtp_add_number(l, p->size);
    }
    if (p->body == MAILPROTO_SMTP_BODY_8BITMIME) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" BODY=8BITMIME"));
    } else if (p->body == MAILPROTO_SMTP_BODY_7BIT &&
               mailproto__offers(s, MAILPROTO_SMTP_CAP_8BITMIME)) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" BODY=7BIT"));
    }
    if (p->flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" SMTPUTF8"));
    }
    if (p->auth.len > 0) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" AUTH="));
        mailproto__smtp_add_xtext(l, p->auth);
    } else if (p->flags & MAILPROTO_SMTP_MAIL_HAS_AUTH) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" AUTH=<>"));
    }
    if (p->extra.len > 0) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" "));
        mailproto__smtp_add(l, p->extra);
    }
    mailproto__smtp_add(l, MAILPROTO__LITERAL("\r\n"));
}

mailproto_status mailproto_smtp_client_mail(mailproto_smtp_client *client, uint32_t tag,
                                            mailproto_bytes path,
                                            const mailproto_smtp_mail_params *params)
{
    const struct mailproto__smtp_rule *rule = NULL;
    struct mailproto__smtp_line l;
    mailproto_smtp_mail_params p;
    mailproto_status st = legal(client, MAILPROTO_SMTP_VERB_MAIL, &rule);
    if (st == MAILPROTO_OK) {
        st = mailproto__smtp_client_mail_params(client, path, params, &p);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    l.session = NULL;
    l.len = 0;
    write_mail(client, &l, path, &p);
    st = mailproto__smtp_client_begin(client, l.len);
    if (st != MAILPROTO_OK) {
        return st;
    }
    l.session = &client->session;
    l.len = 0;
    write_mail(client, &l, path, &p);
    client->utf8 = (p.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) != 0;
    mailproto__smtp_client_push(client, rule, tag, l.len);
    return MAILPROTO_OK;
}

/* ---- RCPT --------------------------------------------------------------------------- */

/* The mailbox of RCPT, Postmaster alone among them (RFC 5321 4.1.1.3). */
static mailproto_status check_recipient(const mailproto_smtp_client *c,
                                        mailproto_bytes path)
{
    int utf8 = 0;
    mailproto_status st;
    if (mailproto__equal_nocase(path, MAILPROTO__LITERAL("Postmaster"))) {
        return MAILPROTO_OK;
    }
    st = mailproto__smtp_client_mailbox(path, &utf8);
    return st == MAILPROTO_OK && utf8 && !c->utf8 ? MAILPROTO_ERR_ARGUMENT : st;
}

static void write_rcpt(struct mailproto__smtp_line *l, mailproto_bytes path,
                       mailproto_bytes extra)
{
    mailproto__smtp_add(l, MAILPROTO__LITERAL("RCPT TO:<"));
    mailproto__smtp_add(l, path);
    mailproto__smtp_add(l, MAILPROTO__LITERAL(">"));
    if (extra.len > 0) {
        mailproto__smtp_add(l, MAILPROTO__LITERAL(" "));
        mailproto__smtp_add(l, extra);
    }
    mailproto__smtp_add(l, MAILPROTO__LITERAL("\r\n"));
}

mailproto_status mailproto_smtp_client_rcpt(mailproto_smtp_client *client, uint32_t tag,
                                            mailproto_bytes path,
                                            const mailproto_smtp_rcpt_params *params)
{
    const struct mailproto__smtp_rule *rule = NULL;
    struct mailproto__smtp_line l;
    mailproto_smtp_rcpt_params p;
    mailproto_status st = legal(client, MAILPROTO_SMTP_VERB_RCPT, &rule);
    if (st == MAILPROTO_OK) {
        st = check_recipient(client, path);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto__options_copy(&p, sizeof p, params);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto__smtp_client_extra(client, MAILPROTO_SMTP_VERB_RCPT, p.extra,
                                          client->utf8);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    l.session = NULL;
    l.len = 0;
    write_rcpt(&l, path, p.extra);
    st = mailproto__smtp_client_begin(client, l.len);
    if (st != MAILPROTO_OK) {
        return st;
    }
    l.session = &client->session;
    l.len = 0;
    write_rcpt(&l, path, p.extra);
    mailproto__smtp_client_push(client, rule, tag, l.len);
    return MAILPROTO_OK;
}
