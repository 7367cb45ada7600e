/*
 * ESMTP parameters (RFC 5321 4.1.2) and the values of those that the library knows.
 * Knows which command and capability each belongs to; must not know what is done then.
 */
#include "smtp/syntax_param.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

enum { MAILBOX_MAX = 254 }; /* RFC 5321 4.5.3.1.3, without the brackets */

/* ---- the cursor ------------------------------------------------------------------ */

mailproto_status mailproto_smtp_param_next(mailproto_smtp_param_cursor *c,
                                           mailproto_bytes *name,
                                           mailproto_bytes *value)
{
    const char *end = c->end;
    const char *at = c->at;
    const char *blank;
    const char *equals;
    while (at != end && *at == ' ') {
        at++;
    }
    c->at = at;
    if (at == end) {
        return MAILPROTO_EOF;
    }
    blank = (const char *)memchr(at, ' ', (size_t)(end - at));
    c->at = blank != NULL ? blank : end;
    *name = mailproto__span(at, (size_t)(c->at - at));
    *value = mailproto__span(NULL, 0);
    equals = (const char *)memchr(at, '=', name->len);
    if (equals != NULL) {
        name->len = (size_t)(equals - at);
        *value = mailproto__span(equals + 1, (size_t)(c->at - equals - 1));
    }
    return MAILPROTO_OK;
}

static mailproto_smtp_param_cursor cursor_of(mailproto_bytes params)
{
    mailproto_smtp_param_cursor c;
    c.at = params.ptr;
    c.end = params.len > 0 ? params.ptr + params.len : params.ptr;
    return c;
}

/* ---- general grammar ------------------------------------------------------------- */

/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-") */
static int is_keyword(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        if (!mailproto__is(c, MAILPROTO__ALPHA | MAILPROTO__DIGIT) &&
            (c != '-' || i == 0)) {
            return 0;
        }
    }
    return b.len > 0;
}

/* esmtp-value = 1*(%d33-60 / %d62-126 / UTF8-non-ascii); a blank it cannot hold, because
 * the cursor stops there. */
static int is_value(mailproto_bytes b, int utf8)
{
    if (b.len == 0 || memchr(b.ptr, '=', b.len) != NULL ||
        mailproto__find_control(b) < b.len) {
        return 0;
    }
    return mailproto__smtp_find_high(b) == b.len || (utf8 && mailproto__is_utf8(b));
}

static unsigned hex_value(unsigned char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'A') + 10U;
}

/* The next octet that xtext stands for (RFC 3461 4), or -1: no xtext. */
static int xtext_octet(mailproto_bytes b, size_t *i)
{
    unsigned char c = (unsigned char)b.ptr[*i];
    if (c == '+') {
        if (b.len - *i < 3 ||
            !mailproto__is((unsigned char)b.ptr[*i + 1], MAILPROTO__HEXDIG) ||
            !mailproto__is((unsigned char)b.ptr[*i + 2], MAILPROTO__HEXDIG)) {
            return -1;
        }
        c = (unsigned char)(hex_value((unsigned char)b.ptr[*i + 1]) << 4 |
                            hex_value((unsigned char)b.ptr[*i + 2]));
        *i += 3;
        return c;
    }
    (*i)++;
    return mailproto__is(c, MAILPROTO__VCHAR) && c != '=' ? c : -1;
}

int mailproto__smtp_is_xtext(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len) {
        /* RFC 3461 4.2, 4.4: printable (graphic and white space) US-ASCII */
        int c = xtext_octet(b, &i);
        if (c < 32 || c > 126) {
            return 0;
        }
    }
    return 1;
}

/* ---- values ---------------------------------------------------------------------- */

static int is_word(mailproto_bytes value, const char *word, size_t len)
{
    return mailproto__equal_nocase(value, mailproto__span(word, len));
}

static int take_size(mailproto_bytes value, mailproto_smtp_mail_params *mail)
{
    mail->flags |= MAILPROTO_SMTP_MAIL_HAS_SIZE;
    /* RFC 1870 3: 1*20DIGIT */
    return value.len <= 20 && mailproto__number(value, UINT64_MAX, &mail->size);
}

static enum mailproto__smtp_fault take_body(mailproto_bytes value, uint64_t caps,
                                            mailproto_smtp_mail_params *mail)
{
    if (is_word(value, "7BIT", 4)) {
        mail->body = MAILPROTO_SMTP_BODY_7BIT;
    } else if (is_word(value, "8BITMIME", 8)) {
        mail->body = MAILPROTO_SMTP_BODY_8BITMIME;
    } else if (is_word(value, "BINARYMIME", 10)) { /* RFC 3030 3 */
        mail->body = MAILPROTO_SMTP_BODY_BINARYMIME;
        if ((caps >> MAILPROTO_SMTP_CAP_BINARYMIME & 1U) == 0) {
            return MAILPROTO__SMTP_UNKNOWN_PARAM;
        }
    } else {
        return MAILPROTO__SMTP_BAD_PARAM;
    }
    return MAILPROTO__SMTP_GOOD;
}

/* RFC 4954 8: what xtext decodes to is a mailbox or `<>`. */
static int take_auth(mailproto_bytes value, int utf8, mailproto_smtp_mail_params *mail)
{
    char mailbox[MAILBOX_MAX];
    mailproto_smtp_path path;
    size_t len = 0;
    size_t i = 0;
    mail->flags |= MAILPROTO_SMTP_MAIL_HAS_AUTH;
    while (i < value.len) {
        int c = xtext_octet(value, &i);
        if (c < 0 || len == sizeof mailbox) {
            return 0;
        }
        mailbox[len] = (char)(unsigned char)c;
        len++;
    }
    if (len == 2 && mailbox[0] == '<' && mailbox[1] == '>') {
        mail->auth = mailproto__span(value.ptr, 0);
        return 1;
    }
    mail->auth = value;
    return mailproto__smtp_mailbox(mailproto__span(mailbox, len), utf8, &path, &i) ==
           MAILPROTO__SMTP_GOOD;
}

/* RFC 3461 4.2: addr-type ";" xtext; RFC 6533 3 has a form with UTF-8 in it. */
static int is_orcpt(mailproto_bytes value, int utf8)
{
    size_t i = 0;
    while (i < value.len &&
           mailproto__is((unsigned char)value.ptr[i], MAILPROTO__ATEXT)) {
        i++;
    }
    if (i == 0 || i == value.len || value.ptr[i] != ';') {
        return 0;
    }
    return (utf8 && is_word(mailproto__span(value.ptr, i), "utf-8", 5)) ||
           mailproto__smtp_is_xtext(mailproto__tail(value, i + 1));
}

/* RFC 3461 4.1: "NEVER", or any of the others, with commas. */
static int is_notify(mailproto_bytes value)
{
    size_t start = 0;
    size_t i;
    if (is_word(value, "NEVER", 5)) {
        return 1;
    }
    for (i = 0; i <= value.len; i++) {
        if (i == value.len || value.ptr[i] == ',') {
            mailproto_bytes word = mailproto__span(value.ptr + start, i - start);
            if (!is_word(word, "SUCCESS", 7) && !is_word(word, "FAILURE", 7) &&
                !is_word(word, "DELAY", 5)) {
                return 0;
            }
            start = i + 1;
        }
    }
    return 1;
}

/* ---- the table ------------------------------------------------------------------- */

enum kind {
    SIZE,
    BODY,
    SMTPUTF8,
    AUTH,
    FLAG,  /* no value */
    VALUE, /* any value */
    XTEXT,
    ORCPT,
    NOTIFY,
    RET
};

struct rule {
    char name[12]; /* not terminated if it is that long */
    uint8_t len;
    uint8_t verb; /* MAILPROTO_SMTP_VERB_MAIL or _RCPT */
    uint8_t cap;
    uint8_t kind;
};

#define RULE(name, verb, cap, kind)                                                    \
    {                                                                                  \
        name, sizeof(name) - 1, MAILPROTO_SMTP_VERB_##verb, MAILPROTO_SMTP_CAP_##cap,  \
            kind                                                                       \
    }
static const struct rule rules[] = {
    RULE("SIZE", MAIL, SIZE, SIZE),                /* RFC 1870 */
    RULE("BODY", MAIL, 8BITMIME, BODY),            /* RFC 6152 */
    RULE("SMTPUTF8", MAIL, SMTPUTF8, SMTPUTF8),    /* RFC 6531 */
    RULE("AUTH", MAIL, AUTH, AUTH),                /* RFC 4954 */
    RULE("RET", MAIL, DSN, RET),                   /* RFC 3461 */
    RULE("ENVID", MAIL, DSN, XTEXT),               /* RFC 3461 */
    RULE("NOTIFY", RCPT, DSN, NOTIFY),             /* RFC 3461 */
    RULE("ORCPT", RCPT, DSN, ORCPT),               /* RFC 3461 */
    RULE("BY", MAIL, DELIVERBY, VALUE),            /* RFC 2852 */
    RULE("HOLDFOR", MAIL, FUTURERELEASE, VALUE),   /* RFC 4865 */
    RULE("HOLDUNTIL", MAIL, FUTURERELEASE, VALUE), /* RFC 4865 */
    RULE("MT-PRIORITY", MAIL, MT_PRIORITY, VALUE), /* RFC 6710 */
    RULE("REQUIRETLS", MAIL, REQUIRETLS, FLAG),    /* RFC 8689 */
    RULE("RRVS", RCPT, RRVS, VALUE),               /* RFC 7293 */
};
enum { RULES = (int)(sizeof rules / sizeof rules[0]) };

/* The rule for a keyword, or RULES. */
static unsigned find_rule(mailproto_bytes name)
{
    unsigned i;
    for (i = 0; i < RULES; i++) {
        if (name.len == rules[i].len &&
            ((unsigned char)name.ptr[0] | 0x20U) ==
                ((unsigned char)rules[i].name[0] | 0x20U) &&
            is_word(name, rules[i].name, rules[i].len)) {
            break;
        }
    }
    return i;
}

int mailproto__smtp_has_smtputf8(mailproto_bytes params)
{
    mailproto_smtp_param_cursor c = cursor_of(params);
    mailproto_bytes name;
    mailproto_bytes value;
    while (mailproto_smtp_param_next(&c, &name, &value) == MAILPROTO_OK) {
        if (is_word(name, "SMTPUTF8", 8)) {
            return 1;
        }
    }
    return 0;
}

static enum mailproto__smtp_fault
check_known(const struct rule *rule, mailproto_bytes value,
            const struct mailproto__smtp_param_context *context,
            mailproto_smtp_mail_params *mail)
{
    int good = 1;
    if (rule->verb != context->verb || (context->caps >> rule->cap & 1U) == 0) {
        return MAILPROTO__SMTP_UNKNOWN_PARAM;
    }
    /* RFC 6531 3.4, RFC 8689 2: two must not have a value; all others must. */
    if ((value.ptr == NULL) != (rule->kind == SMTPUTF8 || rule->kind == FLAG)) {
        return MAILPROTO__SMTP_BAD_PARAM;
    }
    switch ((enum kind)rule->kind) {
    case SIZE:
        good = take_size(value, mail);
        break;
    case BODY:
        return take_body(value, context->caps, mail);
    case SMTPUTF8:
        mail->flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8;
        break;
    case AUTH:
        good = take_auth(value, context->utf8, mail);
        break;
    case FLAG:
    case VALUE:
        break;
    case XTEXT:
        good = mailproto__smtp_is_xtext(value);
        break;
    case ORCPT:
        good = is_orcpt(value, context->utf8);
        break;
    case NOTIFY:
        good = is_notify(value);
        break;
    case RET:
        good = is_word(value, "FULL", 4) || is_word(value, "HDRS", 4);
        break;
    }
    return good ? MAILPROTO__SMTP_GOOD : MAILPROTO__SMTP_BAD_PARAM;
}

/* Whether a keyword stands among what precedes it. */
static int stands_before(mailproto_bytes params, mailproto_bytes name)
{
    mailproto_smtp_param_cursor c = cursor_of(params);
    mailproto_bytes other;
    mailproto_bytes value;
    while (mailproto_smtp_param_next(&c, &other, &value) == MAILPROTO_OK &&
           other.ptr != name.ptr) {
        if (mailproto__equal_nocase(other, name)) {
            return 1;
        }
    }
    return 0;
}

/* Widens `extra` so that it ends with the parameter that ends at `end`. */
static void extend(mailproto_bytes *extra, mailproto_bytes name, const char *end)
{
    if (extra->ptr == NULL) {
        extra->ptr = name.ptr;
    }
    extra->len = (size_t)(end - extra->ptr);
}

enum mailproto__smtp_fault
mailproto__smtp_params_check(mailproto_bytes params,
                             const struct mailproto__smtp_param_context *context,
                             mailproto_smtp_mail_params *mail, size_t *at)
{
    mailproto_smtp_param_cursor c = cursor_of(params);
    mailproto_bytes name;
    mailproto_bytes value;
    uint32_t seen = 0; /* rules met: bit n is rules[n] */
    memset(mail, 0, sizeof *mail);
    mail->struct_size = (uint32_t)sizeof *mail;
    while (mailproto_smtp_param_next(&c, &name, &value) == MAILPROTO_OK) {
        enum mailproto__smtp_fault fault = MAILPROTO__SMTP_GOOD;
        unsigned rule;
        *at = (size_t)(name.ptr - params.ptr);
        if (!is_keyword(name) ||
            (value.ptr != NULL && !is_value(value, context->utf8))) {
            return MAILPROTO__SMTP_BAD_PARAM;
        }
        rule = find_rule(name);
        if (rule == RULES) {
            if (!context->other) {
                return MAILPROTO__SMTP_UNKNOWN_PARAM;
            }
            fault = stands_before(params, name) ? MAILPROTO__SMTP_BAD_PARAM
                                                : MAILPROTO__SMTP_GOOD;
        } else {
            fault = check_known(&rules[rule], value, context, mail);
            if (fault == MAILPROTO__SMTP_GOOD && (seen >> rule & 1U) != 0) {
                fault = MAILPROTO__SMTP_BAD_PARAM; /* RFC 3461 4.5 and its likes */
            }
            seen |= (uint32_t)1 << rule;
        }
        if (fault != MAILPROTO__SMTP_GOOD) {
            return fault;
        }
        if (rule == RULES || rules[rule].kind > AUTH) {
            extend(&mail->extra, name, c.at);
        }
    }
    return MAILPROTO__SMTP_GOOD;
}
