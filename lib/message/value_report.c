/*
 * Reports of delivery, disposition and abuse (RFC 3464, RFC 6533, RFC 8098, RFC 5965):
 * fields in groups, and what their values hold. Knows names and types; must not decide what
 * happened to a message.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

/* A name and its number, in the order of the header. */
struct name {
    const char *text;
    uint8_t len;
    uint8_t id;
};
#define NAME(text, id)                                                                 \
    {                                                                                  \
        text, sizeof(text) - 1, MAILPROTO_REPORT_##id                                  \
    }

static const struct name names[] = {
    NAME("original-envelope-id", ORIGINAL_ENVELOPE_ID),
    NAME("reporting-mta", REPORTING_MTA),
    NAME("dsn-gateway", DSN_GATEWAY),
    NAME("received-from-mta", RECEIVED_FROM_MTA),
    NAME("arrival-date", ARRIVAL_DATE),
    NAME("original-recipient", ORIGINAL_RECIPIENT),
    NAME("final-recipient", FINAL_RECIPIENT),
    NAME("action", ACTION),
    NAME("status", STATUS),
    NAME("remote-mta", REMOTE_MTA),
    NAME("diagnostic-code", DIAGNOSTIC_CODE),
    NAME("last-attempt-date", LAST_ATTEMPT_DATE),
    NAME("final-log-id", FINAL_LOG_ID),
    NAME("will-retry-until", WILL_RETRY_UNTIL),
    NAME("reporting-ua", REPORTING_UA),
    NAME("mdn-gateway", MDN_GATEWAY),
    NAME("original-message-id", ORIGINAL_MESSAGE_ID),
    NAME("disposition", DISPOSITION),
    NAME("failure", FAILURE),
    NAME("error", ERROR),
    NAME("warning", WARNING),
    NAME("feedback-type", FEEDBACK_TYPE),
    NAME("user-agent", USER_AGENT),
    NAME("version", VERSION),
    NAME("original-mail-from", ORIGINAL_MAIL_FROM),
    NAME("original-rcpt-to", ORIGINAL_RCPT_TO),
    NAME("received-date", RECEIVED_DATE),
    NAME("source-ip", SOURCE_IP),
    NAME("incidents", INCIDENTS),
    NAME("reported-domain", REPORTED_DOMAIN),
    NAME("reported-uri", REPORTED_URI),
    NAME("authentication-results", AUTHENTICATION_RESULTS),
};

uint32_t mailproto_report_find(mailproto_bytes name)
{
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].len == name.len && (name.ptr[0] | 32) == names[i].text[0] &&
            mailproto__equal_nocase(name, mailproto__span(names[i].text, name.len))) {
            return names[i].id;
        }
    }
    return MAILPROTO_REPORT_OTHER;
}

/* ---- fields --------------------------------------------------------------------------- */

enum {              /* state of the cursor */
       IN_GROUP = 1 /* a field of the present group was given */
};

/* Behind the line at `p`; `*end`: without its line end. */
static const char *line(const struct mailproto__value *v, const char *p,
                        const char **end)
{
    const char *lf = (const char *)memchr(p, '\n', (size_t)(v->end - p));
    const char *to = lf != NULL ? lf : v->end;
    *end = to > p && to[-1] == '\r' ? to - 1 : to;
    return lf != NULL ? lf + 1 : v->end;
}

/* One field, folded lines included. 0: a line that is none. */
static int take_field(struct mailproto__value *v, mailproto_report_field *f,
                      const char *p)
{
    const char *end;
    const char *behind = line(v, p, &end);
    const char *colon = (const char *)memchr(p, ':', (size_t)(end - p));
    f->offset = mailproto__v_offset(v, p);
    while (behind < v->end && (*behind == ' ' || *behind == '\t')) {
        const char *next_end;
        const char *next = line(v, behind, &next_end);
        if (mailproto__v_trim(behind, next_end).len == 0) {
            break; /* a line of blanks: taken for the blank line between groups */
        }
        end = next_end;
        behind = next;
    }
    v->at = behind;
    if (colon == NULL || colon == p) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_FIELD, p);
        return 0;
    }
    f->name = mailproto__v_trim(p, colon);
    f->value = mailproto__v_trim(colon + 1, end);
    f->id = mailproto_report_find(f->name);
    return 1;
}

mailproto_status mailproto_report_next(mailproto_value *cursor,
                                       mailproto_report_field *out)
{
    struct mailproto__value v;
    mailproto_report_field f;
    int found = 0;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL || !mailproto__v_final(&v)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(&f, 0, sizeof f);
    f.struct_size = sizeof f;
    while (!found && v.at < v.end && v.error.code == 0) {
        const char *end;
        const char *behind = line(&v, v.at, &end);
        if (mailproto__v_trim(v.at, end).len > 0) {
            found = take_field(&v, &f, v.at);
            v.state |= found ? IN_GROUP : 0;
        } else {
            if ((v.state & IN_GROUP) != 0 && v.count < UINT16_MAX) {
                v.count++;
                v.state = 0;
            }
            v.at = behind;
        }
    }
    f.group = v.count;
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return found ? mailproto__output_copy(out, &f, sizeof f) : MAILPROTO_EOF;
}

/* ---- values --------------------------------------------------------------------------- */

mailproto_status mailproto_report_typed_parse(mailproto_bytes value,
                                              mailproto_report_typed *out)
{
    static const char *const types[] = {"rfc822", "utf-8", "dns", "smtp", "x400"};
    struct mailproto__value v;
    mailproto_report_typed t;
    const char *p;
    memset(&t, 0, sizeof t);
    t.struct_size = sizeof t;
    mailproto__v_whole(&v, value, 0, NULL);
    t.name = mailproto__v_keyword(&v);
    p = mailproto__v_cfws(&v, v.at);
    if (t.name.len > 0 && p < v.end && *p == ';') {
        t.type = mailproto__v_find(t.name, types, sizeof types / sizeof types[0]);
        t.value = mailproto__v_trim(p + 1, v.end);
    } else {
        t.name = mailproto__v_span(v.begin, v.begin);
        t.value = mailproto__v_trim(v.begin, v.end);
    }
    return mailproto__output_copy(out, &t, sizeof t);
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_utf8(struct mailproto__put *to, uint32_t c)
{
    if (c < 0x80) {
        mailproto__put_octet(to, (char)c);
    } else if (c < 0x800) {
        mailproto__put_octet(to, (char)(0xC0U | c >> 6));
        mailproto__put_octet(to, (char)(0x80U | (c & 63U)));
    } else if (c < 0x10000) {
        mailproto__put_octet(to, (char)(0xE0U | c >> 12));
        mailproto__put_octet(to, (char)(0x80U | (c >> 6 & 63U)));
        mailproto__put_octet(to, (char)(0x80U | (c & 63U)));
    } else {
        mailproto__put_octet(to, (char)(0xF0U | c >> 18));
        mailproto__put_octet(to, (char)(0x80U | (c >> 12 & 63U)));
        mailproto__put_octet(to, (char)(0x80U | (c >> 6 & 63U)));
        mailproto__put_octet(to, (char)(0x80U | (c & 63U)));
    }
}

/* EmbeddedUnicodeChar, \x{20AC} (RFC 6533 3), at `p`: its octets; 0: it is none. */
static size_t embedded(const char *p, const char *end, uint32_t *code)
{
    const char *q = p + 3;
    uint32_t c = 0;
    if (end - p < 6 || (p[1] | 32) != 'x' || p[2] != '{') {
        return 0;
    }
    while (q < end && hex(*q) >= 0 && q - p < 9) {
        c = c << 4 | (uint32_t)hex(*q);
        q++;
    }
    if (q - p < 5 || q == end || *q != '}' || c < 32 || c == 127 || c > 0x10FFFF ||
        (c >= 0xD800 && c <= 0xDFFF)) {
        return 0;
    }
    *code = c;
    return (size_t)(q + 1 - p);
}

/* An escape at `p`; behind it, or `p` when it is none. */
static const char *take_escape(struct mailproto__put *to, const char *p,
                               const char *end, uint32_t form)
{
    uint32_t code = 0;
    size_t n;
    if (*p == '+' && end - p >= 3 && hex(p[1]) >= 0 && hex(p[2]) >= 0) {
        int c = hex(p[1]) * 16 + hex(p[2]);
        if (c >= 32 && c < 127) { /* no line may come out of an address */
            mailproto__put_octet(to, (char)c);
            return p + 3;
        }
    }
    if (*p == '\\' && form == MAILPROTO_REPORT_UTF8) {
        n = embedded(p, end, &code);
        if (n > 0) {
            put_utf8(to, code);
        }
        return p + n;
    }
    return p;
}

static void put_visible(struct mailproto__put *to, char c)
{
    if ((unsigned char)c >= 32 && c != 127) {
        mailproto__put_octet(to, c);
    }
}

/* Nothing is left out within quotes but folds (RFC 5322 3.2.4). `quoted`: `p` is between
 * them. Behind what was passed over; `p`: nothing. */
static const char *pass_over(struct mailproto__value *v, const char *p, int quoted)
{
    if (!quoted) { /* comments and folds go, as in RFC 3464 2.1.1 */
        return mailproto__v_cfws(v, p);
    }
    return *p == '\r' || *p == '\n' ? p + 1 : p;
}

/* One character of the text, and what it stands for; behind it. */
static const char *take(struct mailproto__value *v, struct mailproto__put *to,
                        const char *p, uint32_t form, int *quoted)
{
    const char *q = pass_over(v, p, *quoted);
    if (q > p) {
        return q;
    }
    if (form != MAILPROTO_REPORT_PLAIN && (*p == '+' || *p == '\\')) {
        q = take_escape(to, p, v->end, form);
        if (q > p) {
            return q;
        }
        if (*p == '+' || (form == MAILPROTO_REPORT_UTF8 && !*quoted)) {
            mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_ESCAPE, p);
        }
    }
    if (*quoted && *p == '\\' && v->end - p > 1) { /* RFC 5322 3.2.1: a pair */
        put_visible(to, *p);
        p++;
    } else if (*p == '"') {
        *quoted = !*quoted;
    }
    put_visible(to, *p);
    return p + 1;
}

mailproto_status mailproto_report_decode(mailproto_bytes text, uint32_t form, char *out,
                                         size_t cap, size_t *len,
                                         mailproto_defects *defects)
{
    struct mailproto__value v;
    struct mailproto__put to;
    const char *p;
    int quoted = 0;
    *len = 0;
    if (form > MAILPROTO_REPORT_UTF8 ||
        (defects != NULL && defects->struct_size < sizeof *defects)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__v_whole(&v, text, 0, defects);
    to.out = out;
    to.cap = cap;
    to.len = 0;
    p = mailproto__v_blanks(v.at, v.end);
    while (p < v.end) {
        p = take(&v, &to, p, form, &quoted);
    }
    return mailproto__put_end(&to, len);
}

uint32_t mailproto_report_action(mailproto_bytes value)
{
    static const char *const words[] = {"failed", "delayed", "delivered", "relayed",
                                        "expanded"};
    struct mailproto__value v;
    mailproto__v_whole(&v, value, 0, NULL);
    return mailproto__v_find(mailproto__v_keyword(&v), words, 5);
}

int mailproto_report_status(mailproto_bytes value, uint16_t code[3])
{
    struct mailproto__value v;
    mailproto_bytes word;
    const char *p;
    const char *end;
    uint64_t n[3] = {0, 0, 0};
    size_t i;
    mailproto__v_whole(&v, value, 0, NULL);
    word = mailproto__v_keyword(&v);
    p = word.ptr;
    end = p + word.len;
    memset(code, 0, 3 * sizeof code[0]);
    for (i = 0; i < 3; i++) { /* RFC 3463 2: class "." subject "." detail */
        const char *q = mailproto__v_run(p, end, MAILPROTO__V_DIGIT);
        if (!mailproto__number(mailproto__v_span(p, q), 999, &n[i]) || q - p > 3 ||
            (i < 2 ? q == end || *q != '.' : q != end)) {
            return 0;
        }
        p = i < 2 ? q + 1 : q;
    }
    if (n[0] != 2 && n[0] != 4 && n[0] != 5) {
        return 0;
    }
    for (i = 0; i < 3; i++) {
        code[i] = (uint16_t)n[i];
    }
    return 1;
}

/* A word and the separator behind it; 0: the separator is not there. */
static int take_word(struct mailproto__value *v, mailproto_bytes *word, char separator)
{
    const char *p;
    *word = mailproto__v_keyword(v);
    p = mailproto__v_cfws(v, v->at);
    if (word->len == 0 || p == v->end || *p != separator) {
        return 0;
    }
    v->at = p + 1;
    return 1;
}

/* action-mode "/" sending-mode (RFC 8098 3.2.6.1). 0: it is none. */
static int take_mode(struct mailproto__value *v, mailproto_disposition *d)
{
    static const char *const actions[] = {"manual-action", "automatic-action"};
    static const char *const sendings[] = {"mdn-sent-manually",
                                           "mdn-sent-automatically"};
    mailproto_bytes word;
    uint32_t action;
    uint32_t sending;
    if (!take_word(v, &word, '/')) {
        return 0;
    }
    action = mailproto__v_find(word, actions, 2);
    if (!take_word(v, &word, ';')) {
        return 0;
    }
    sending = mailproto__v_find(word, sendings, 2);
    d->flags |= action == 1 ? MAILPROTO_DISPOSITION_MANUAL : 0U;
    d->flags |= sending == 1   ? MAILPROTO_DISPOSITION_SENT_MANUALLY
                : sending == 2 ? MAILPROTO_DISPOSITION_SENT_AUTOMATICALLY
                               : 0U;
    return action != 0 && sending != 0;
}

mailproto_status mailproto_report_disposition(mailproto_bytes value, uint32_t flags,
                                              mailproto_defects *defects,
                                              mailproto_disposition *out)
{
    static const char *const types[] = {"displayed", "deleted", "dispatched",
                                        "processed"};
    static const char *const errors[] = {"error"};
    struct mailproto__value v;
    mailproto_disposition d;
    const char *semicolon;
    const char *p;
    if ((flags & ~(uint32_t)(MAILPROTO_VALUE_STRICT | MAILPROTO_VALUE_FINAL)) != 0 ||
        (defects != NULL && defects->struct_size < sizeof *defects)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__v_whole(&v, value, flags, defects);
    memset(&d, 0, sizeof d);
    d.struct_size = sizeof d;
    if (!take_mode(&v, &d)) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_KEYWORD, v.begin);
        semicolon = (const char *)memchr(v.begin, ';', (size_t)(v.end - v.begin));
        v.at = semicolon != NULL ? semicolon + 1 : v.begin;
    }
    d.type_name = mailproto__v_keyword(&v);
    d.type = mailproto__v_find(d.type_name, types, 4);
    if (d.type == 0) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_KEYWORD, d.type_name.ptr);
    }
    p = mailproto__v_cfws(&v, v.at);
    if (p < v.end && *p == '/') {
        d.modifiers = mailproto__v_trim(p + 1, v.end);
        v.at = p + 1;
        if (mailproto__v_find(mailproto__v_keyword(&v), errors, 1) != 0) {
            d.flags |= MAILPROTO_DISPOSITION_ERROR;
        }
    } else if (p < v.end) {
        mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_TRAILING, p);
    }
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &d, sizeof d);
}
