/*
 * The body of message/delivery-status (RFC 3464 2.1) as a source. Knows the fields of
 * such a report; keeps no text, but makes each piece again from the description. What a
 * peer sent can hold anything: it becomes words of printable ASCII.
 */
#include <mailproto/compose.h>

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"

enum {
    LINE = 78,      /* RFC 5322 2.1.1 */
    LINE_CUT = 900, /* a word is cut here: no line may have over 998 */
    INPUT = 6,      /* octets of a text taken in one piece; one may become 10 */
    PIECE = 64
};

/* Fields in their order (RFC 3464 2.2, 2.3). */
enum {
    FIELD_ENVELOPE_ID,
    FIELD_REPORTING,
    FIELD_RECEIVED_FROM,
    FIELD_ARRIVAL,
    FIELD_BLANK,
    FIELD_ORIGINAL,
    FIELD_FINAL,
    FIELD_ACTION,
    FIELD_STATUS,
    FIELD_REMOTE,
    FIELD_DIAGNOSTIC,
    FIELD_LAST_ATTEMPT,
    FIELD_RETRY_UNTIL,
    FIELD_END
};

/* How a text is written. */
enum { FORM_TEXT, FORM_ADDRESS, FORM_XTEXT, FORM_UTF8, FORM_DATE };

/* Where the writer is. */
struct place {
    size_t at; /* in the text */
    uint32_t recipient;
    uint16_t column;
    uint8_t field;
    uint8_t step; /* 0: its name, 1: its text, 2: its end */
};

struct writer {
    const mailproto_dsn *dsn;
    uint64_t offset; /* octets given out */
    struct place place;
    uint32_t skip; /* octets of the piece at `place` that are among them */
};

typedef char
    writer_fits[sizeof(struct writer) <= sizeof(mailproto_dsn_writer) ? 1 : -1];

/* A field to be written; `name` NULL: it is left out. */
struct field {
    const char *name;
    mailproto_bytes text;
    int64_t date;
    uint32_t form;
};

static mailproto_dsn_recipient recipient_at(const mailproto_dsn *d, uint32_t n)
{
    mailproto_dsn_recipient r;
    memcpy(&r, (const char *)d->recipients + (size_t)n * d->recipient_stride, sizeof r);
    return r;
}

static int is_ascii(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        if (((unsigned char)b.ptr[i] & 128) != 0) {
            return 0;
        }
    }
    return 1;
}

static void set(struct field *f, const char *name, mailproto_bytes text, uint32_t form)
{
    f->text = text;
    f->form = form;
    f->name = text.len > 0 ? name : NULL;
}

static void set_date(struct field *f, const char *name, int64_t date)
{
    f->date = date;
    f->form = FORM_DATE;
    f->name = date != INT64_MIN ? name : NULL;
}

static void recipient_field(struct field *f, const mailproto_dsn_recipient *r,
                            uint32_t field)
{
    switch (field) {
    case FIELD_ORIGINAL: /* xtext as it came by ORCPT (RFC 3461 6.3) */
        set(f, "Original-Recipient: ", r->original, FORM_XTEXT);
        break;
    case FIELD_FINAL: /* RFC 6533 3: this form fits 7bit as well */
        set(f,
            is_ascii(r->final) ? "Final-Recipient: rfc822; "
                               : "Final-Recipient: utf-8; ",
            r->final, is_ascii(r->final) ? FORM_ADDRESS : FORM_UTF8);
        break;
    case FIELD_ACTION:
        set(f, "Action: ", r->action, FORM_TEXT);
        break;
    case FIELD_STATUS:
        set(f, "Status: ", r->status, FORM_TEXT);
        break;
    case FIELD_REMOTE:
        set(f, "Remote-MTA: dns; ", r->remote, FORM_TEXT);
        break;
    case FIELD_DIAGNOSTIC:
        set(f, "Diagnostic-Code: smtp; ", r->diagnostic, FORM_TEXT);
        break;
    case FIELD_LAST_ATTEMPT:
        set_date(f, "Last-Attempt-Date: ", r->last_attempt);
        break;
    default:
        set_date(f, "Will-Retry-Until: ", r->retry_until);
        break;
    }
}

static struct field field_at(const mailproto_dsn *d, const struct place *p)
{
    struct field f;
    memset(&f, 0, sizeof f);
    switch (p->field) {
    case FIELD_ENVELOPE_ID:
        set(&f, "Original-Envelope-Id: ", d->envelope_id, FORM_XTEXT);
        break;
    case FIELD_REPORTING:
        set(&f, "Reporting-MTA: dns; ", d->reporting, FORM_TEXT);
        break;
    case FIELD_RECEIVED_FROM:
        set(&f, "Received-From-MTA: dns; ", d->received_from, FORM_TEXT);
        break;
    case FIELD_ARRIVAL:
        set_date(&f, "Arrival-Date: ", d->arrival);
        break;
    default: {
        mailproto_dsn_recipient r = recipient_at(d, p->recipient);
        recipient_field(&f, &r, p->field);
        break;
    }
    }
    return f;
}

/* ---- texts ------------------------------------------------------------------------------ */

enum { ADDRESS_MAX = 320 }; /* RFC 5321 4.5.3.1: 64, "@", 255 */

/* Blanks of a text may become one, or a fold; those within a quoted local part are the
 * address's (RFC 5321 4.1.2: qtextSMTP), and controls are nobody's. */
static int is_blank(const struct field *f, char c)
{
    if (c == ' ' && f->text.len <= ADDRESS_MAX) {
        return f->form != FORM_ADDRESS && f->form != FORM_UTF8;
    }
    return (unsigned char)c <= 32 || c == 127;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A character at text[*at] of an address as RFC 6533 3 has it in seven bits. */
static size_t put_utf8(char *out, mailproto_bytes text, size_t *at)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char first = (unsigned char)text.ptr[*at];
    uint32_t point = first;
    size_t n = 3;
    int shift = 20;
    (*at)++;
    if (first >= 128) {
        point = first >= 0xF0 ? first & 7U : first >= 0xE0 ? first & 15U : first & 31U;
        while (*at < text.len && ((unsigned char)text.ptr[*at] & 0xC0) == 0x80) {
            point = point << 6 | ((unsigned char)text.ptr[*at] & 63U);
            (*at)++;
        }
    } else if (first != '\\' && first != '+' && first != '=' && first != ' ') {
        out[0] = (char)first;
        return 1;
    }
    memcpy(out, "\\x{", 3);
    while (shift > 4 && point >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        out[n++] = digits[point >> shift & 15];
    }
    out[n++] = '}';
    return n;
}

/* One octet of the text, or what it stands for. */
static size_t put_octet(char *out, const struct field *f, size_t *at)
{
    mailproto_bytes t = f->text;
    char c = t.ptr[*at];
    if (f->form == FORM_UTF8) {
        return put_utf8(out, t, at);
    }
    (*at)++;
    if (f->form == FORM_XTEXT && c == '+' && t.len - *at >= 2) { /* RFC 3461 4 */
        int high = hex_value(t.ptr[*at]);
        int low = hex_value(t.ptr[*at + 1]);
        int octet = high >= 0 && low >= 0 ? high * 16 + low : 0;
        if (mailproto__is((unsigned char)octet, MAILPROTO__VCHAR)) { /* else as it is */
            c = (char)octet;
            *at += 2;
        }
    }
    *out = mailproto__is((unsigned char)c, MAILPROTO__VCHAR) || c == ' ' ? c : '?';
    return 1;
}

/* The next piece of a text; 0: it is over. */
static size_t put_words(char *out, const struct field *f, struct place *next)
{
    mailproto_bytes t = f->text;
    size_t len = 0;
    size_t at = next->at;
    size_t end;
    while (at < t.len && is_blank(f, t.ptr[at])) {
        at++;
    }
    if (at == t.len) {
        return 0;
    }
    end = at;
    while (end < t.len && end - at < LINE && !is_blank(f, t.ptr[end])) {
        end++;
    }
    if ((at > next->at && next->at > 0 && next->column + (end - at) + 1 > LINE) ||
        next->column > LINE_CUT) {
        memcpy(out, "\r\n ", 3);
        len = 3;
        next->column = 0;
    } else if (at > next->at && next->at > 0) {
        out[len++] = ' ';
    }
    end = end - at < INPUT ? end : at + INPUT;
    while (at < end) {
        len += put_octet(out + len, f, &at);
    }
    next->at = at;
    next->column = (uint16_t)(next->column + len);
    return len;
}

/* ---- pieces ------------------------------------------------------------------------------- */

/* Behind a recipient's fields: the next recipient, or the end. */
static void next_field(const mailproto_dsn *d, struct place *next)
{
    next->field++;
    next->step = 0;
    next->at = 0;
    if (next->field == FIELD_END && next->recipient + 1 < d->count) {
        next->recipient++;
        next->field = FIELD_BLANK;
    }
}

/* The piece at `next`, which then is the place behind it; 0: nothing there. */
static size_t put_piece(const mailproto_dsn *d, struct place *next, char *out)
{
    struct field f;
    size_t len = 0;
    if (next->field == FIELD_BLANK) {
        next_field(d, next);
        memcpy(out, "\r\n", 2);
        return 2;
    }
    f = field_at(d, next);
    if (f.name == NULL) {
        next_field(d, next);
    } else if (next->step == 0) {
        while (f.name[len] != '\0') {
            out[len] = f.name[len];
            len++;
        }
        next->column = (uint16_t)len;
        next->step = 1;
    } else if (next->step == 1 && f.form == FORM_DATE) {
        (void)mailproto_date_write(f.date, 0, out, PIECE, &len);
        next->step = 2;
    } else if (next->step == 1) {
        len = put_words(out, &f, next);
        next->step = len > 0 ? 1 : 2;
    } else {
        next_field(d, next);
        memcpy(out, "\r\n", 2);
        len = 2;
    }
    return len;
}

/* The next octets, at most `cap`; `out` NULL: they are passed over. */
static size_t run(struct writer *w, char *out, size_t cap)
{
    size_t put = 0;
    while (put < cap && w->place.field != FIELD_END) {
        char piece[PIECE + 4];
        struct place next = w->place;
        size_t len = put_piece(w->dsn, &next, piece);
        size_t n = len - w->skip < cap - put ? len - w->skip : cap - put;
        if (out != NULL && n > 0) {
            memcpy(out + put, piece + w->skip, n);
        }
        put += n;
        w->skip += (uint32_t)n;
        if (w->skip == len) {
            w->skip = 0;
            w->place = next;
        }
    }
    w->offset += put;
    return put;
}

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    struct writer w;
    mailproto_status status = MAILPROTO_OK;
    memcpy(&w, ctx, sizeof w);
    *got = 0;
    if (offset < w.offset) {
        memset(&w.place, 0, sizeof w.place);
        w.offset = 0;
        w.skip = 0;
    }
    if (offset > w.offset) {
        uint64_t ahead = offset - w.offset;
        (void)run(&w, NULL, ahead < SIZE_MAX ? (size_t)ahead : SIZE_MAX);
    }
    if (offset == w.offset) {
        *got = run(&w, (char *)buf, cap);
    }
    if (*got == 0) {
        status = MAILPROTO_EOF;
    }
    memcpy(ctx, &w, sizeof w);
    return status;
}

/* ---- the description ------------------------------------------------------------------------ */

static int is_date(int64_t utc)
{
    char out[PIECE];
    size_t len;
    return utc == INT64_MIN ||
           mailproto_date_write(utc, 0, out, sizeof out, &len) == MAILPROTO_OK;
}

/* RFC 3464 2.3.3. */
static int is_action(mailproto_bytes b)
{
    return mailproto__equal_nocase(b, MAILPROTO__LITERAL("failed")) ||
           mailproto__equal_nocase(b, MAILPROTO__LITERAL("delayed")) ||
           mailproto__equal_nocase(b, MAILPROTO__LITERAL("delivered")) ||
           mailproto__equal_nocase(b, MAILPROTO__LITERAL("relayed")) ||
           mailproto__equal_nocase(b, MAILPROTO__LITERAL("expanded"));
}

/* RFC 3463 2: a class, a dot, 1 to 3 digits, a dot, 1 to 3 digits. */
static int is_status(mailproto_bytes b)
{
    size_t dots = 0;
    size_t digits = 0;
    size_t i;
    if (b.len < 5 || (b.ptr[0] != '2' && b.ptr[0] != '4' && b.ptr[0] != '5') ||
        b.ptr[1] != '.') {
        return 0;
    }
    for (i = 2; i < b.len; i++) {
        if (b.ptr[i] == '.' && digits > 0) {
            dots++;
            digits = 0;
        } else if (b.ptr[i] >= '0' && b.ptr[i] <= '9' && digits < 3) {
            digits++;
        } else {
            return 0;
        }
    }
    return dots == 1 && digits > 0;
}

static int is_good(const mailproto_dsn_recipient *r)
{
    return r->final.len > 0 && mailproto__find_control(r->final) == r->final.len &&
           (is_ascii(r->final) || r->final.len <= ADDRESS_MAX ||
            memchr(r->final.ptr, ' ', r->final.len) == NULL) &&
           mailproto_utf8_check(r->final, NULL) && is_action(r->action) &&
           is_status(r->status) && is_date(r->last_attempt) && is_date(r->retry_until);
}

mailproto_status mailproto_dsn_source(mailproto_dsn_writer *writer,
                                      const mailproto_dsn *dsn,
                                      mailproto_source *source)
{
    struct writer w;
    size_t i;
    if (writer == NULL || dsn == NULL || source == NULL ||
        dsn->struct_size < sizeof *dsn || dsn->recipients == NULL || dsn->count == 0 ||
        dsn->count >= UINT32_MAX ||
        dsn->recipient_stride < sizeof(mailproto_dsn_recipient) ||
        dsn->reporting.len == 0 || !is_date(dsn->arrival)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (i = 0; i < dsn->count; i++) {
        mailproto_dsn_recipient r = recipient_at(dsn, (uint32_t)i);
        if (!is_good(&r)) {
            return MAILPROTO_ERR_ARGUMENT;
        }
    }
    memset(&w, 0, sizeof w);
    w.dsn = dsn;
    memset(source, 0, sizeof *source);
    source->struct_size = sizeof *source;
    source->ctx = writer;
    source->size = run(&w, NULL, SIZE_MAX);
    source->read_at = read_at;
    memset(&w, 0, sizeof w);
    w.dsn = dsn;
    memset(writer, 0, sizeof *writer);
    memcpy(writer, &w, sizeof w);
    return MAILPROTO_OK;
}
