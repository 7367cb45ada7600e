/*
 * Command lines of SMTP (RFC 5321 4.1.1 and the extensions' own). Knows the form of each
 * command; must not know when it is allowed.
 */
#include "smtp/syntax.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "smtp/syntax_param.h"

enum {
    HELO_MAX = 255,    /* RFC 5321 4.5.3.1.2 */
    MECHANISM_MAX = 20 /* RFC 4422 3.1 */
};

/* ---- verbs ----------------------------------------------------------------------- */

static const char verb_names[][9] = {"",     "EHLO", "HELO",     "LHLO", "MAIL", "RCPT",
                                     "DATA", "BDAT", "RSET",     "VRFY", "EXPN", "HELP",
                                     "NOOP", "QUIT", "STARTTLS", "AUTH"};
enum { VERBS = (int)(sizeof verb_names / sizeof verb_names[0]) };

const char *mailproto__smtp_verb_name(uint32_t verb)
{
    return verb < VERBS ? verb_names[verb] : "";
}

/* A word of letters, digits and "-" that begins with a letter: its length. */
static size_t word_length(mailproto_bytes line)
{
    size_t n = 0;
    unsigned first = MAILPROTO__ALPHA;
    while (n < line.len && (mailproto__is((unsigned char)line.ptr[n], first) ||
                            (n > 0 && line.ptr[n] == '-'))) {
        first = MAILPROTO__ALPHA | MAILPROTO__DIGIT;
        n++;
    }
    return n;
}

/* Four letters, in any case, as one number. */
#define KEY(a, b, c, d)                                                                \
    ((uint32_t)((a)&0xDF) << 24 | (uint32_t)((b)&0xDF) << 16 |                         \
     (uint32_t)((c)&0xDF) << 8 | (uint32_t)((d)&0xDF))

static uint32_t verb_of_key(uint32_t key)
{
    switch (key) {
    case KEY('E', 'H', 'L', 'O'):
        return MAILPROTO_SMTP_VERB_EHLO;
    case KEY('H', 'E', 'L', 'O'):
        return MAILPROTO_SMTP_VERB_HELO;
    case KEY('L', 'H', 'L', 'O'):
        return MAILPROTO_SMTP_VERB_LHLO;
    case KEY('M', 'A', 'I', 'L'):
        return MAILPROTO_SMTP_VERB_MAIL;
    case KEY('R', 'C', 'P', 'T'):
        return MAILPROTO_SMTP_VERB_RCPT;
    case KEY('D', 'A', 'T', 'A'):
        return MAILPROTO_SMTP_VERB_DATA;
    case KEY('B', 'D', 'A', 'T'):
        return MAILPROTO_SMTP_VERB_BDAT;
    case KEY('R', 'S', 'E', 'T'):
        return MAILPROTO_SMTP_VERB_RSET;
    case KEY('V', 'R', 'F', 'Y'):
        return MAILPROTO_SMTP_VERB_VRFY;
    case KEY('E', 'X', 'P', 'N'):
        return MAILPROTO_SMTP_VERB_EXPN;
    case KEY('H', 'E', 'L', 'P'):
        return MAILPROTO_SMTP_VERB_HELP;
    case KEY('N', 'O', 'O', 'P'):
        return MAILPROTO_SMTP_VERB_NOOP;
    case KEY('Q', 'U', 'I', 'T'):
        return MAILPROTO_SMTP_VERB_QUIT;
    case KEY('A', 'U', 'T', 'H'):
        return MAILPROTO_SMTP_VERB_AUTH;
    default:
        return MAILPROTO_SMTP_VERB_UNKNOWN;
    }
}

uint32_t mailproto__smtp_verb(mailproto_bytes line, size_t *len)
{
    mailproto_bytes word = mailproto__span(line.ptr, word_length(line));
    const char *w = word.ptr;
    *len = word.len;
    if (word.len < line.len && line.ptr[word.len] != ' ') {
        return MAILPROTO_SMTP_VERB_UNKNOWN;
    }
    if (word.len == 4) { /* digits and "-" become controls, which no key has */
        return verb_of_key(KEY(w[0], w[1], w[2], w[3]));
    }
    return mailproto__equal_nocase(word, MAILPROTO__LITERAL("STARTTLS"))
               ? MAILPROTO_SMTP_VERB_STARTTLS
               : MAILPROTO_SMTP_VERB_UNKNOWN;
}

/* ---- arguments ------------------------------------------------------------------- */

/* A line being parsed. */
struct parse {
    mailproto_bytes line; /* without trailing blanks */
    uint64_t caps;
    int other, utf8_rcpt;
    struct mailproto__smtp_command *out;
    size_t *at;
};

/* A fault at an offset in the argument. */
static enum mailproto__smtp_fault fault_at(const struct parse *p, size_t offset,
                                           enum mailproto__smtp_fault fault)
{
    *p->at = (size_t)(p->out->argument.ptr - p->line.ptr) + offset;
    return fault;
}

static enum mailproto__smtp_fault parse_helo(const struct parse *p)
{
    mailproto_bytes *name = &p->out->argument;
    const char *blank =
        name->len > 0 ? (const char *)memchr(name->ptr, ' ', name->len) : NULL;
    size_t high;
    if (blank != NULL) {
        /* RFC 5321 4.1.1.1: be prepared for more text behind an address literal. */
        if (name->ptr[0] != '[' || blank[-1] != ']') {
            return fault_at(p, (size_t)(blank - name->ptr),
                            MAILPROTO__SMTP_BAD_ARGUMENT);
        }
        name->len = (size_t)(blank - name->ptr);
    }
    if (name->len == 0 || name->len > HELO_MAX) {
        return fault_at(p, name->len == 0 ? 0 : HELO_MAX, MAILPROTO__SMTP_BAD_ARGUMENT);
    }
    /* RFC 6531 3.7.1: LDH labels and A-labels only, for SMTPUTF8 is not agreed on yet. */
    high = mailproto__smtp_find_high(*name);
    return high == name->len ? MAILPROTO__SMTP_GOOD
                             : fault_at(p, high, MAILPROTO__SMTP_BAD_ARGUMENT);
}

/* What follows the path, `used` octets into the argument: parameters or nothing. */
static enum mailproto__smtp_fault
parse_params(const struct parse *p, size_t used,
             const struct mailproto__smtp_param_context *context)
{
    mailproto_bytes argument = p->out->argument;
    enum mailproto__smtp_fault fault;
    size_t at = 0;
    while (used < argument.len && argument.ptr[used] == ' ') {
        used++;
    }
    p->out->params = mailproto__tail(argument, used);
    fault = mailproto__smtp_params_check(p->out->params, context, &p->out->mail, &at);
    return fault == MAILPROTO__SMTP_GOOD ? fault : fault_at(p, used + at, fault);
}

/* "FROM:" or "TO:" and the path; `*used` octets of the argument. */
static enum mailproto__smtp_fault parse_path(const struct parse *p,
                                             mailproto_bytes word, int is_mail,
                                             int utf8, size_t *used)
{
    enum mailproto__smtp_fault bad =
        is_mail ? MAILPROTO__SMTP_BAD_SENDER : MAILPROTO__SMTP_BAD_RECIPIENT;
    enum mailproto__smtp_fault fault;
    mailproto_bytes argument = p->out->argument;
    size_t i = word.len;
    size_t len;
    if (argument.len < i ||
        !mailproto__equal_nocase(mailproto__span(argument.ptr, i), word)) {
        return fault_at(p, 0, MAILPROTO__SMTP_BAD_ARGUMENT);
    }
    while (i < argument.len && argument.ptr[i] == ' ') {
        i++; /* not in the grammar, but sent by many */
    }
    fault = mailproto__smtp_path(mailproto__tail(argument, i), utf8, is_mail, !is_mail,
                                 &p->out->path, &len);
    *used = i + len;
    if (fault != MAILPROTO__SMTP_GOOD) {
        return fault_at(p, *used, fault);
    }
    if (*used < argument.len && argument.ptr[*used] != ' ') {
        return fault_at(p, *used, bad);
    }
    return MAILPROTO__SMTP_GOOD;
}

static enum mailproto__smtp_fault parse_mail(const struct parse *p)
{
    struct mailproto__smtp_param_context context;
    enum mailproto__smtp_fault fault;
    size_t used = 0;
    /* The parameter that allows UTF-8 in the path stands behind it. */
    int offered = (int)(p->caps >> MAILPROTO_SMTP_CAP_SMTPUTF8 & 1U);
    fault = parse_path(p, MAILPROTO__LITERAL("FROM:"), 1, offered, &used);
    if (fault != MAILPROTO__SMTP_GOOD) {
        return fault;
    }
    context.verb = MAILPROTO_SMTP_VERB_MAIL;
    context.caps = p->caps;
    context.other = p->other;
    context.utf8 = offered && mailproto__smtp_has_smtputf8(
                                  mailproto__tail(p->out->argument, used));
    fault = parse_params(p, used, &context);
    if (fault == MAILPROTO__SMTP_GOOD && !context.utf8 &&
        (p->out->path.flags & MAILPROTO_SMTP_PATH_UTF8) != 0) {
        return fault_at(p, (size_t)(p->out->path.mailbox.ptr - p->out->argument.ptr),
                        MAILPROTO__SMTP_UTF8_PATH);
    }
    return fault;
}

static enum mailproto__smtp_fault parse_rcpt(const struct parse *p)
{
    struct mailproto__smtp_param_context context;
    enum mailproto__smtp_fault fault;
    size_t used = 0;
    fault = parse_path(p, MAILPROTO__LITERAL("TO:"), 0, p->utf8_rcpt, &used);
    if (fault != MAILPROTO__SMTP_GOOD) {
        return fault;
    }
    context.verb = MAILPROTO_SMTP_VERB_RCPT;
    context.caps = p->caps;
    context.other = p->other;
    context.utf8 = p->utf8_rcpt;
    return parse_params(p, used, &context);
}

/* RFC 3030 2: chunk-size [SP "LAST"] */
static enum mailproto__smtp_fault parse_bdat(const struct parse *p)
{
    mailproto_bytes rest = p->out->argument;
    mailproto_bytes word = mailproto__word(&rest);
    if (!mailproto__number(word, (uint64_t)1 << 63, &p->out->chunk_size)) {
        return fault_at(p, 0, MAILPROTO__SMTP_BAD_ARGUMENT);
    }
    if (rest.len > 0) {
        if (!mailproto__equal_nocase(rest, MAILPROTO__LITERAL("LAST"))) {
            return fault_at(p, p->out->argument.len - rest.len,
                            MAILPROTO__SMTP_BAD_ARGUMENT);
        }
        p->out->chunk_last = 1;
    }
    return MAILPROTO__SMTP_GOOD;
}

/* RFC 4422 3.1: 1*20 of upper case, digits, "-", "_"; RFC 4954 8: in any case */
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

/* RFC 4954 4: mechanism [SP initial-response] */
static enum mailproto__smtp_fault parse_auth(const struct parse *p)
{
    mailproto_bytes rest = p->out->argument;
    size_t start;
    size_t good;
    p->out->mechanism = mailproto__word(&rest);
    if (!is_mechanism(p->out->mechanism)) {
        return fault_at(p, 0, MAILPROTO__SMTP_BAD_ARGUMENT);
    }
    if (rest.len == 0) {
        return MAILPROTO__SMTP_GOOD;
    }
    p->out->initial = rest;
    start = p->out->argument.len - rest.len;
    good = find_no_base64(rest);
    return good == rest.len ? MAILPROTO__SMTP_GOOD
                            : fault_at(p, start + good, MAILPROTO__SMTP_BAD_ARGUMENT);
}

static enum mailproto__smtp_fault parse_argument(const struct parse *p)
{
    int empty = p->out->argument.len == 0;
    switch (p->out->verb) {
    case MAILPROTO_SMTP_VERB_EHLO:
    case MAILPROTO_SMTP_VERB_HELO:
    case MAILPROTO_SMTP_VERB_LHLO:
        return parse_helo(p);
    case MAILPROTO_SMTP_VERB_MAIL:
        return parse_mail(p);
    case MAILPROTO_SMTP_VERB_RCPT:
        return parse_rcpt(p);
    case MAILPROTO_SMTP_VERB_BDAT:
        return parse_bdat(p);
    case MAILPROTO_SMTP_VERB_AUTH:
        return parse_auth(p);
    case MAILPROTO_SMTP_VERB_DATA: /* RFC 5321 4.1.1: these take no argument */
    case MAILPROTO_SMTP_VERB_RSET:
    case MAILPROTO_SMTP_VERB_QUIT:
    case MAILPROTO_SMTP_VERB_STARTTLS: /* RFC 3207 4 */
        return empty ? MAILPROTO__SMTP_GOOD
                     : fault_at(p, 0, MAILPROTO__SMTP_BAD_ARGUMENT);
    case MAILPROTO_SMTP_VERB_VRFY:
    case MAILPROTO_SMTP_VERB_EXPN:
        return empty ? fault_at(p, 0, MAILPROTO__SMTP_BAD_ARGUMENT)
                     : MAILPROTO__SMTP_GOOD;
    default: /* HELP, NOOP, and what others define */
        return MAILPROTO__SMTP_GOOD;
    }
}

/* ---- the line -------------------------------------------------------------------- */

enum mailproto__smtp_fault
mailproto__smtp_command_parse(mailproto_bytes line, uint64_t caps, int other,
                              int utf8_rcpt, struct mailproto__smtp_command *out,
                              size_t *at)
{
    struct parse p;
    size_t i;
    memset(out, 0, sizeof *out);
    out->line = line;
    *at = 0;
    /* RFC 5321 4.1.1: trailing white space is tolerated. */
    while (line.len > 0 &&
           (line.ptr[line.len - 1] == ' ' || line.ptr[line.len - 1] == '\t')) {
        line.len--;
    }
    out->verb = mailproto__smtp_verb(line, &i);
    if (i == 0 || (i < line.len && line.ptr[i] != ' ')) {
        *at = i;
        return MAILPROTO__SMTP_BAD_COMMAND;
    }
    *at = mailproto__find_control(line);
    if (*at < line.len) {
        return MAILPROTO__SMTP_BAD_COMMAND;
    }
    *at = 0;
    while (i < line.len && line.ptr[i] == ' ') {
        i++;
    }
    out->argument = mailproto__tail(line, i);
    p.line = line;
    p.caps = caps;
    p.other = other;
    p.utf8_rcpt = utf8_rcpt;
    p.out = out;
    p.at = at;
    return parse_argument(&p);
}
