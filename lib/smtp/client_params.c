/*
 * What the verbs write behind a command's name: mailboxes, parameters, xtext. Pure but
 * for the output they write to; must not know the state of a session.
 */
#include "smtp/client.h"

#include "core/chars.h"
#include "core/options.h"
#include "core/span.h"
#include "smtp/syntax_param.h"

/* ---- writing ------------------------------------------------------------------------ */

void mailproto__smtp_add(struct mailproto__smtp_line *l, mailproto_bytes b)
{
    l->len += b.len;
    if (l->session != NULL) {
        (void)mailproto__put_span(l->session, b);
    }
}

void mailproto__smtp_add_number(struct mailproto__smtp_line *l, uint64_t value)
{
    char digits[20];
    mailproto__smtp_add(l, mailproto__span(digits, mailproto__decimal(value, digits)));
}

/* RFC 3461 4 */
void mailproto__smtp_add_xtext(struct mailproto__smtp_line *l, mailproto_bytes b)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t i;
    for (i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        if (mailproto__is(c, MAILPROTO__VCHAR) && c != '+' && c != '=') {
            mailproto__smtp_add(l, mailproto__span(b.ptr + i, 1));
        } else {
            char hex[3];
            hex[0] = '+';
            hex[1] = digits[c >> 4];
            hex[2] = digits[c & 15];
            mailproto__smtp_add(l, mailproto__span(hex, sizeof hex));
        }
    }
}

/* ---- mailboxes ---------------------------------------------------------------------- */

mailproto_status mailproto__smtp_client_mailbox(mailproto_bytes path, int *utf8)
{
    mailproto_smtp_path parsed;
    size_t at = 0;
    switch (mailproto__smtp_mailbox(path, 1, &parsed, &at)) {
    case MAILPROTO__SMTP_GOOD:
        *utf8 = (parsed.flags & MAILPROTO_SMTP_PATH_UTF8) != 0;
        return MAILPROTO_OK;
    case MAILPROTO__SMTP_LONG_PATH:
        return MAILPROTO_ERR_TOO_LONG;
    case MAILPROTO__SMTP_BAD_COMMAND:
    case MAILPROTO__SMTP_BAD_ARGUMENT:
    case MAILPROTO__SMTP_BAD_SENDER:
    case MAILPROTO__SMTP_BAD_RECIPIENT:
    case MAILPROTO__SMTP_UTF8_PATH:
    case MAILPROTO__SMTP_BAD_PARAM:
    case MAILPROTO__SMTP_UNKNOWN_PARAM:
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
}

/* ---- parameters that are given as they are to be sent ------------------------------- */

/* One blank between them, and none around: they are sent as they are. */
static int is_spaced(mailproto_bytes b)
{
    int blank = 1;
    size_t i;
    for (i = 0; i < b.len; i++) {
        if (b.ptr[i] == ' ' && blank) {
            return 0;
        }
        blank = b.ptr[i] == ' ';
    }
    return b.len == 0 || !blank;
}

mailproto_status mailproto__smtp_client_extra(const mailproto_smtp_client *c,
                                              uint32_t verb, mailproto_bytes extra,
                                              int utf8)
{
    struct mailproto__smtp_param_context context;
    enum mailproto__smtp_fault fault;
    mailproto_smtp_mail_params typed;
    size_t at = 0;
    if (!is_spaced(extra)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    context.verb = verb;
    context.caps = c->session.caps;
    context.other = 1;
    context.utf8 = utf8;
    fault = mailproto__smtp_params_check(extra, &context, &typed, &at);
    if (fault == MAILPROTO__SMTP_UNKNOWN_PARAM) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    /* What has a field of its own is not given here. */
    if (fault != MAILPROTO__SMTP_GOOD || typed.flags != 0 ||
        typed.body != MAILPROTO_SMTP_BODY_NONE) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return MAILPROTO_OK;
}

/* ---- parameters of MAIL ------------------------------------------------------------- */

static mailproto_status check_body(const mailproto_smtp_client *c, uint32_t body)
{
    switch (body) {
    case MAILPROTO_SMTP_BODY_NONE:
    case MAILPROTO_SMTP_BODY_7BIT:
        return MAILPROTO_OK;
    case MAILPROTO_SMTP_BODY_8BITMIME:
        return mailproto__offers(&c->session, MAILPROTO_SMTP_CAP_8BITMIME)
                   ? MAILPROTO_OK
                   : MAILPROTO_ERR_NOT_OFFERED;
    case MAILPROTO_SMTP_BODY_BINARYMIME: /* RFC 3030 3: by BDAT only */
        return MAILPROTO_ERR_NOT_BUILT;
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
}

static mailproto_status check_auth(const mailproto_smtp_client *c,
                                   const mailproto_smtp_mail_params *p)
{
    mailproto_status st = MAILPROTO_OK;
    int utf8 = 0;
    if (!(p->flags & MAILPROTO_SMTP_MAIL_HAS_AUTH) && p->auth.len == 0) {
        return MAILPROTO_OK;
    }
    if (p->auth.len > 0) {
        st = mailproto__smtp_client_mailbox(p->auth, &utf8);
    }
    if (st < 0 || utf8) { /* xtext holds ASCII only (RFC 3461 4) */
        return st < 0 ? st : MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__offers(&c->session, MAILPROTO_SMTP_CAP_AUTH)
               ? MAILPROTO_OK
               : MAILPROTO_ERR_NOT_OFFERED;
}

static mailproto_status check_utf8(const mailproto_smtp_client *c, mailproto_bytes path,
                                   mailproto_smtp_mail_params *p)
{
    mailproto_status st = MAILPROTO_OK;
    int utf8 = 0;
    if (path.len > 0) {
        st = mailproto__smtp_client_mailbox(path, &utf8);
    }
    if (utf8) {
        p->flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8; /* RFC 6531 3.4 */
    }
    if (st == MAILPROTO_OK && (p->flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) &&
        !mailproto__offers(&c->session, MAILPROTO_SMTP_CAP_SMTPUTF8)) {
        st = MAILPROTO_ERR_NOT_OFFERED;
    }
    return st;
}

mailproto_status
mailproto__smtp_client_mail_params(const mailproto_smtp_client *c, mailproto_bytes path,
                                   const mailproto_smtp_mail_params *from,
                                   mailproto_smtp_mail_params *to)
{
    const uint32_t known = MAILPROTO_SMTP_MAIL_SMTPUTF8 | MAILPROTO_SMTP_MAIL_HAS_SIZE |
                           MAILPROTO_SMTP_MAIL_HAS_AUTH;
    mailproto_status st = mailproto__options_copy(to, sizeof *to, from);
    if (st == MAILPROTO_OK && (to->flags & ~known) != 0) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st == MAILPROTO_OK) {
        st = check_utf8(c, path, to);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto__smtp_client_extra(c, MAILPROTO_SMTP_VERB_MAIL, to->extra,
                                          (to->flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) !=
                                              0);
    }
    if (st == MAILPROTO_OK) {
        st = check_body(c, to->body);
    }
    if (st == MAILPROTO_OK) {
        st = check_auth(c, to);
    }
    if (st == MAILPROTO_OK && c->size_limit != 0 && to->size > c->size_limit) {
        st = MAILPROTO_ERR_LIMIT_OF_PEER; /* RFC 1870 6.1 */
    }
    return st;
}
