/*
 * Reply lines (RFC 1939 3), response codes (RFC 2449 8), the lines of LIST and UIDL,
 * APOP's timestamp. Knows one line at a time; must not know what was asked.
 */
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

enum { UID_MAX = 70 }; /* RFC 1939 7 */

/* ---- the status line ---------------------------------------------------------------- */

/* The offset of the first octet that no text may hold, or b.len. */
static size_t find_bad(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && b.ptr[i] != '\0' && b.ptr[i] != '\r' && b.ptr[i] != '\n') {
        i++;
    }
    return i;
}

/* RFC 2449 3: rchar and the slash; 0x7F is a control and left out. */
static int is_resp_text(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        if (!mailproto__is((unsigned char)b.ptr[i], MAILPROTO__VCHAR)) {
            return 0;
        }
    }
    return b.len > 0;
}

/* The code that is known, unknown levels at its end left out (RFC 2449 8). */
static uint32_t resp_of(mailproto_bytes text)
{
    uint32_t resp = mailproto__pop3_resp_find(text);
    while (resp == MAILPROTO_POP3_RESP_NONE && text.len > 0) {
        --text.len;
        if (text.ptr[text.len] == '/') {
            resp = mailproto__pop3_resp_find(text);
        }
    }
    return resp;
}

/* `[` code `]` at the beginning of the text, if it is there. */
static void take_resp(struct mailproto__pop3_reply_line *out)
{
    mailproto_bytes rest = out->rest;
    const char *end;
    mailproto_bytes inside;
    if (rest.len < 2 || rest.ptr[0] != '[') {
        return;
    }
    end = (const char *)memchr(rest.ptr, ']', rest.len);
    if (end == NULL) {
        return;
    }
    inside = mailproto__span(rest.ptr + 1, (size_t)(end - rest.ptr) - 1);
    if (!is_resp_text(inside)) {
        return;
    }
    out->resp_text = inside;
    if (out->code == MAILPROTO_POP3_ERR) {
        out->resp = resp_of(inside);
    }
    out->text = mailproto__tail(rest, inside.len + 2);
    if (out->text.len > 0 && out->text.ptr[0] == ' ') {
        out->text = mailproto__tail(out->text, 1);
    }
}

/* Octets of the line that agree with the indicator. */
static size_t agreement(mailproto_bytes line, const char *indicator, size_t len)
{
    size_t i = 0;
    while (i < len && i < line.len && line.ptr[i] == indicator[i]) {
        i++;
    }
    return i;
}

mailproto_status mailproto__pop3_reply_parse(mailproto_bytes line,
                                             struct mailproto__pop3_reply_line *out,
                                             size_t *at)
{
    int bad = line.len > 0 && line.ptr[0] == '-';
    size_t len = bad ? 4 : 3;
    memset(out, 0, sizeof *out);
    *at = agreement(line, bad ? "-ERR" : "+OK", len);
    if (*at < len || (line.len > len && line.ptr[len] != ' ')) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *at = find_bad(line);
    if (*at < line.len) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *at = 0;
    out->code = bad ? (uint32_t)MAILPROTO_POP3_ERR : (uint32_t)MAILPROTO_POP3_OK;
    out->rest = mailproto__tail(line, line.len > len ? len + 1 : len);
    out->text = out->rest;
    take_resp(out);
    return MAILPROTO_OK;
}

/* ---- listings ----------------------------------------------------------------------- */

/* Whether the line begins with something and holds no controls. */
static int is_clean(mailproto_bytes text)
{
    return text.len > 0 && text.ptr[0] != ' ' &&
           mailproto__find_control(text) == text.len;
}

/* The number that a line begins with; `rest` goes on behind its blanks. */
static int take_number(mailproto_bytes *rest, uint64_t max, uint64_t *value)
{
    return mailproto__number(mailproto__word(rest), max, value);
}

mailproto_status mailproto__pop3_scan_parse(mailproto_bytes text, uint32_t *n,
                                            uint64_t *octets)
{
    uint64_t number = 0;
    uint64_t size = 0;
    mailproto_bytes rest = text;
    if (!is_clean(text) || !take_number(&rest, UINT32_MAX, &number) ||
        !take_number(&rest, UINT64_MAX, &size)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *n = (uint32_t)number;
    *octets = size;
    return MAILPROTO_OK;
}

static int is_uid_text(mailproto_bytes uid)
{
    size_t i;
    for (i = 0; i < uid.len; i++) {
        if (!mailproto__is((unsigned char)uid.ptr[i], MAILPROTO__VCHAR)) {
            return 0;
        }
    }
    return uid.len > 0;
}

int mailproto__pop3_is_uid(mailproto_bytes uid)
{
    return uid.len <= UID_MAX && is_uid_text(uid);
}

mailproto_status mailproto__pop3_uid_parse(mailproto_bytes text, int lenient,
                                           uint32_t *n, mailproto_bytes *uid)
{
    uint64_t number = 0;
    mailproto_bytes rest = text;
    mailproto_bytes word;
    if (!is_clean(text) || !take_number(&rest, UINT32_MAX, &number) || number == 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    word = mailproto__word(&rest); /* blanks at the line's end are passed over */
    if (rest.len > 0 || !is_uid_text(word) || (!lenient && word.len > UID_MAX)) {
        return MAILPROTO_ERR_SYNTAX;
    }
    *n = (uint32_t)number;
    *uid = word;
    return MAILPROTO_OK;
}

/* ---- APOP's timestamp --------------------------------------------------------------- */

/* CVE-2007-1558: what an impostor may not choose freely cannot collide. */
int mailproto__pop3_is_stamp(mailproto_bytes text)
{
    size_t at = 0; /* of the `@` */
    size_t i;
    if (text.len < 5 || text.ptr[0] != '<' || text.ptr[text.len - 1] != '>') {
        return 0;
    }
    for (i = 1; i < text.len - 1; i++) {
        char c = text.ptr[i];
        if (!mailproto__is((unsigned char)c, MAILPROTO__VCHAR) || c == '<' ||
            c == '>' || (c == '@' && at != 0)) {
            return 0;
        }
        if (c == '@') {
            at = i;
        }
    }
    return at > 1 && at < text.len - 2;
}

mailproto_bytes mailproto__pop3_find_stamp(mailproto_bytes text)
{
    size_t start = 0;
    size_t i;
    for (i = 0; i < text.len; i++) {
        mailproto_bytes found;
        if (text.ptr[i] == '<') {
            start = i;
        }
        if (text.ptr[i] != '>') {
            continue;
        }
        found = mailproto__span(text.ptr + start, i + 1 - start);
        if (mailproto__pop3_is_stamp(found)) {
            return found;
        }
        start = i; /* no `<`: what follows is looked at once */
    }
    return mailproto__span(NULL, 0);
}
