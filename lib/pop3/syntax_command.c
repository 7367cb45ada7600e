/*
 * Command lines of POP3 (RFC 1939 3 to 7, RFC 5034 4, RFC 6856). Knows the form of each
 * command; must not know when it is allowed.
 */
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

enum {
    MECHANISM_MAX = 20, /* RFC 4422 3.1 */
    DIGEST_LEN = 32     /* RFC 1939 7: 16 octets in hexadecimal */
};

/* A line being parsed. */
struct parse {
    struct mailproto__pop3_command *out;
    size_t *at;
};

/* A fault at an offset in the argument. */
static enum mailproto__pop3_fault fault_at(const struct parse *p, size_t offset,
                                           enum mailproto__pop3_fault fault)
{
    *p->at = (size_t)(p->out->argument.ptr - p->out->line.ptr) + offset;
    return fault;
}

/* The octets of `b` before its first blank. RFC 1939 3: a single blank separates, so what
 * begins with a blank begins with an empty argument. */
static mailproto_bytes first_of(mailproto_bytes b)
{
    const char *blank = b.len > 0 ? (const char *)memchr(b.ptr, ' ', b.len) : NULL;
    return mailproto__span(b.ptr, blank != NULL ? (size_t)(blank - b.ptr) : b.len);
}

/* What stands behind `word` and its blank, or an empty span. */
static mailproto_bytes behind(mailproto_bytes b, mailproto_bytes word)
{
    return mailproto__tail(b, word.len < b.len ? word.len + 1 : b.len);
}

/* ---- arguments ------------------------------------------------------------------- */

/* RFC 1939 5: a message-number; at the argument's beginning. */
static enum mailproto__pop3_fault parse_message(const struct parse *p,
                                                mailproto_bytes word)
{
    uint64_t n = 0;
    if (word.len == 0 && p->out->argument.len == 0) {
        return fault_at(p, 0, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    if (!mailproto__number(word, UINT32_MAX, &n) || n == 0) {
        return fault_at(p, 0, MAILPROTO__POP3_BAD_NUMBER);
    }
    p->out->message = (uint32_t)n;
    return MAILPROTO__POP3_GOOD;
}

/* RETR, DELE, and LIST and UIDL with an argument: one number and nothing more. */
static enum mailproto__pop3_fault parse_one(const struct parse *p)
{
    mailproto_bytes word = first_of(p->out->argument);
    enum mailproto__pop3_fault fault = parse_message(p, word);
    if (fault == MAILPROTO__POP3_GOOD && word.len < p->out->argument.len) {
        p->out->message = 0;
        return fault_at(p, word.len, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    return fault;
}

/* RFC 1939 7: TOP msg n */
static enum mailproto__pop3_fault parse_top(const struct parse *p)
{
    mailproto_bytes word = first_of(p->out->argument);
    mailproto_bytes rest = behind(p->out->argument, word);
    mailproto_bytes lines = first_of(rest);
    enum mailproto__pop3_fault fault = parse_message(p, word);
    if (fault != MAILPROTO__POP3_GOOD) {
        return fault;
    }
    p->out->message = 0; /* unless all is good */
    if (rest.len == 0) {
        return fault_at(p, p->out->argument.len, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    if (!mailproto__number(lines, UINT64_MAX, &p->out->lines)) {
        return fault_at(p, word.len + 1, MAILPROTO__POP3_BAD_NUMBER);
    }
    if (lines.len < rest.len) {
        p->out->lines = 0;
        return fault_at(p, word.len + 1 + lines.len, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    return parse_message(p, word);
}

static enum mailproto__pop3_fault parse_user(const struct parse *p)
{
    mailproto_bytes name = first_of(p->out->argument);
    if (name.len == 0 || name.len < p->out->argument.len) {
        return fault_at(p, name.len, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    p->out->name = name;
    return MAILPROTO__POP3_GOOD;
}

/* RFC 1939 7: lower case */
static int is_digest(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        if (!mailproto__is(c, MAILPROTO__DIGIT) && (c < 'a' || c > 'f')) {
            return 0;
        }
    }
    return b.len == DIGEST_LEN;
}

static enum mailproto__pop3_fault parse_apop(const struct parse *p)
{
    mailproto_bytes name = first_of(p->out->argument);
    mailproto_bytes digest = behind(p->out->argument, name);
    if (name.len == 0) {
        return fault_at(p, 0, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    if (!is_digest(digest)) {
        return fault_at(p, p->out->argument.len - digest.len,
                        MAILPROTO__POP3_BAD_ARGUMENT);
    }
    p->out->name = name;
    p->out->digest = digest;
    return MAILPROTO__POP3_GOOD;
}

/* RFC 4422 3.1: 1*20 of upper case, digits, "-", "_"; in any case, as in SMTP */
static int is_mechanism(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        if (!mailproto__is(c, MAILPROTO__ALPHA | MAILPROTO__DIGIT) && c != '-' &&
            c != '_') {
            return 0;
        }
    }
    return b.len > 0 && b.len <= MECHANISM_MAX;
}

/* The offset of the first octet that base64 does not have, or b.len. */
static size_t find_no_base64(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && (mailproto__is((unsigned char)b.ptr[i],
                                       MAILPROTO__ALPHA | MAILPROTO__DIGIT) ||
                         b.ptr[i] == '+' || b.ptr[i] == '/' || b.ptr[i] == '=')) {
        i++;
    }
    return i;
}

/* RFC 5034 4: mechanism [SP initial-response]; without a mechanism it is not defined. */
static enum mailproto__pop3_fault parse_auth(const struct parse *p)
{
    mailproto_bytes name = first_of(p->out->argument);
    mailproto_bytes rest = behind(p->out->argument, name);
    size_t good;
    if (!is_mechanism(name)) {
        return fault_at(p, 0, MAILPROTO__POP3_BAD_ARGUMENT);
    }
    p->out->name = name;
    if (rest.len == 0) {
        return MAILPROTO__POP3_GOOD;
    }
    p->out->initial = rest;
    good = find_no_base64(rest);
    return good == rest.len
               ? MAILPROTO__POP3_GOOD
               : fault_at(p, name.len + 1 + good, MAILPROTO__POP3_BAD_ARGUMENT);
}

/* RFC 6856 3.2: nothing, `*`, or a basic language range (RFC 4647 2.1) */
static enum mailproto__pop3_fault parse_lang(const struct parse *p)
{
    mailproto_bytes b = p->out->argument;
    size_t run = 0;
    size_t i;
    if (b.len == 0 || (b.len == 1 && b.ptr[0] == '*')) {
        return MAILPROTO__POP3_GOOD;
    }
    for (i = 0; i < b.len; i++) {
        if (b.ptr[i] == '-' && run > 0) {
            run = 0;
            continue;
        }
        if (run == 8 || !mailproto__is((unsigned char)b.ptr[i],
                                       MAILPROTO__ALPHA | MAILPROTO__DIGIT)) {
            return fault_at(p, i, MAILPROTO__POP3_BAD_ARGUMENT);
        }
        run++;
    }
    return run > 0 ? MAILPROTO__POP3_GOOD
                   : fault_at(p, b.len, MAILPROTO__POP3_BAD_ARGUMENT);
}

static enum mailproto__pop3_fault parse_argument(const struct parse *p)
{
    int empty = p->out->argument.len == 0;
    switch (p->out->verb) {
    case MAILPROTO_POP3_VERB_USER:
        return parse_user(p);
    case MAILPROTO_POP3_VERB_PASS:
        return empty ? fault_at(p, 0, MAILPROTO__POP3_BAD_ARGUMENT)
                     : MAILPROTO__POP3_GOOD;
    case MAILPROTO_POP3_VERB_APOP:
        return parse_apop(p);
    case MAILPROTO_POP3_VERB_AUTH:
        return parse_auth(p);
    case MAILPROTO_POP3_VERB_LANG:
        return parse_lang(p);
    case MAILPROTO_POP3_VERB_LIST:
    case MAILPROTO_POP3_VERB_UIDL:
        return empty ? MAILPROTO__POP3_GOOD : parse_one(p);
    case MAILPROTO_POP3_VERB_RETR:
    case MAILPROTO_POP3_VERB_DELE:
        return parse_one(p);
    case MAILPROTO_POP3_VERB_TOP:
        return parse_top(p);
    case MAILPROTO_POP3_VERB_UNKNOWN:
        return MAILPROTO__POP3_GOOD;
    default: /* the others take none: RFC 1939 4 to 6, RFC 2449 5, 2595 4, 6856 2.1 */
        return empty ? MAILPROTO__POP3_GOOD
                     : fault_at(p, 0, MAILPROTO__POP3_BAD_ARGUMENT);
    }
}

/* ---- the line -------------------------------------------------------------------- */

/* The offset of the first octet that the line may not hold, or its length (RFC 1939 3;
 * RFC 6856 2.2: what is no UTF-8 is refused). */
static size_t find_bad(mailproto_bytes line, uint32_t verb, int utf8)
{
    size_t bad = mailproto__find_control(line);
    int may =
        utf8 && (verb == MAILPROTO_POP3_VERB_USER || verb == MAILPROTO_POP3_VERB_PASS ||
                 verb == MAILPROTO_POP3_VERB_APOP);
    size_t i;
    if (may && mailproto__is_utf8(mailproto__span(line.ptr, bad))) {
        return bad;
    }
    for (i = 0; i < bad && ((unsigned char)line.ptr[i] & 0x80U) == 0; i++) {
    }
    return i;
}

enum mailproto__pop3_fault
mailproto__pop3_command_parse(mailproto_bytes line, int utf8,
                              struct mailproto__pop3_command *out, size_t *at)
{
    struct parse p;
    size_t len;
    memset(out, 0, sizeof *out);
    p.out = out;
    p.at = at;
    out->line = line;
    out->verb = mailproto__pop3_verb(line, &len);
    *at = 0;
    if (len == 0) { /* nothing, or a blank first: no keyword (RFC 1939 3) */
        return MAILPROTO__POP3_BAD_LINE;
    }
    *at = find_bad(line, out->verb, utf8);
    if (*at < line.len) {
        return MAILPROTO__POP3_BAD_LINE;
    }
    *at = 0;
    out->argument = mailproto__tail(line, len < line.len ? len + 1 : len);
    while (out->verb != MAILPROTO_POP3_VERB_PASS && out->argument.len > 0 &&
           out->argument.ptr[out->argument.len - 1] == ' ') {
        out->argument.len--;
    }
    return parse_argument(&p);
}
