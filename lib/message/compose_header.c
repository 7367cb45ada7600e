/*
 * Headers written: the caller's fields and those that the composer adds. Knows the fields
 * of RFC 5322 3.6 and RFC 2045; what it writes was checked before.
 */
#include "message/compose.h"

#include "core/mem.h"
#include "core/span.h"
#include "message/value.h"

/* Steps within a field. */
enum { STEP_NAME = 0, STEP_VALUE = 1, STEP_END = 2 };

static void next_stage(mailproto_compose *c, uint32_t stage)
{
    c->stage = stage;
    c->field = 0;
    c->step = STEP_NAME;
}

/* ---- lines, in pieces that fit the scratch --------------------------------------------- */

static struct mailproto__cut line_start(const mailproto_compose *c)
{
    struct mailproto__cut to;
    to.out = c->scratch;
    to.skip = c->given;
    to.cap = c->room;
    to.len = 0;
    return to;
}

/* What was written of it becomes the token. */
static mailproto_status line_stop(mailproto_compose *c, const struct mailproto__cut *to)
{
    size_t left = to->len > to->skip ? to->len - to->skip : 0;
    c->more = left > to->cap;
    mailproto__compose_put(c, c->scratch, c->more ? to->cap : left);
    return MAILPROTO_OK;
}

static void put_text(struct mailproto__cut *to, const char *text)
{
    while (*text != '\0') {
        mailproto__cut_octet(to, *text);
        text++;
    }
}

static void put_bytes(struct mailproto__cut *to, mailproto_bytes b)
{
    if (b.len > 0) {
        mailproto__cut_octets(to, b.ptr, b.len);
    }
}

static mailproto_status line_end(mailproto_compose *c, struct mailproto__cut *to)
{
    put_text(to, "\r\n");
    return line_stop(c, to);
}

static mailproto_status put_date(mailproto_compose *c, const char *name, int64_t utc,
                                 int32_t zone)
{
    struct mailproto__cut to = line_start(c);
    char date[48];
    size_t len = 0;
    mailproto_status status = mailproto_date_write(utc, zone, date, sizeof date, &len);
    put_text(&to, name);
    put_bytes(&to, mailproto__span(date, len));
    return status == MAILPROTO_OK ? line_end(c, &to) : status;
}

/* `name: <id>`, folded where it would be too long. */
static mailproto_status put_id(mailproto_compose *c, const char *name,
                               mailproto_bytes left, mailproto_bytes right)
{
    struct mailproto__cut to = line_start(c);
    put_text(&to, name);
    if (to.len + left.len + right.len + 4 > MAILPROTO__COMPOSE_LINE) {
        put_text(&to, "\r\n");
    }
    put_text(&to, " <");
    put_bytes(&to, left);
    if (right.len > 0) {
        put_text(&to, "@");
        put_bytes(&to, right);
    }
    put_text(&to, ">");
    return line_end(c, &to);
}

/* ---- the caller's fields ---------------------------------------------------------------- */

static mailproto_status put_name(mailproto_compose *c, const mailproto_compose_field *f)
{
    struct mailproto__cut to = line_start(c);
    mailproto_bytes text = f->text;
    int empty;
    put_bytes(&to, f->name);
    put_text(&to, ":");
    if (f->kind == MAILPROTO_COMPOSE_DATE) {
        put_text(&to, " ");
        c->step = STEP_VALUE;
    } else {
        empty = f->kind == MAILPROTO_COMPOSE_ADDRESSES ? f->count == 0 : text.len == 0;
        put_text(&to, empty ? "" : " ");
        c->step = empty ? STEP_END : STEP_VALUE;
    }
    memset(&c->text, 0, sizeof c->text);
    c->text.limit = MAILPROTO__COMPOSE_LINE;
    c->address = 0;
    c->column = (uint32_t)to.len;
    return line_stop(c, &to);
}

static uint32_t kind_of(const mailproto_address_out *a)
{
    return a->kind == 0 ? (uint32_t)MAILPROTO_ADDRESS_MAILBOX : a->kind;
}

/* The next address; a comma before it unless it is the first of a list or group. */
static mailproto_status put_address(mailproto_compose *c,
                                    const mailproto_compose_field *f)
{
    const mailproto_address_out *a =
        mailproto__compose_address_at(&c->o, f, c->address);
    struct mailproto__cut to = line_start(c);
    uint32_t form = kind_of(a);
    mailproto_status status;
    if (form != MAILPROTO_ADDRESS_GROUP_END && c->address > 0 &&
        kind_of(mailproto__compose_address_at(&c->o, f, c->address - 1)) !=
            MAILPROTO_ADDRESS_GROUP_BEGIN) {
        form |= MAILPROTO_ADDRESS_FOLLOWS;
    }
    status = mailproto__address_write(form, a->name, a->address, &c->column, &to);
    (void)line_stop(c, &to);
    c->address++;
    if (c->address == f->count) {
        c->step = STEP_END;
    }
    return status;
}

static mailproto_status put_value(mailproto_compose *c,
                                  const mailproto_compose_field *f)
{
    switch (f->kind) {
    case MAILPROTO_COMPOSE_TEXT:
        c->step = mailproto__compose_words(c, f->text) ? STEP_VALUE : STEP_END;
        return MAILPROTO_OK;
    case MAILPROTO_COMPOSE_ADDRESSES:
        return put_address(c, f);
    case MAILPROTO_COMPOSE_DATE:
        c->field++;
        c->step = STEP_NAME;
        return put_date(c, "", f->utc, f->zone_minutes);
    default:
        c->step = mailproto__compose_raw(c, mailproto__compose_trim(f->text))
                      ? STEP_VALUE
                      : STEP_END;
        return MAILPROTO_OK;
    }
}

static mailproto_status put_fields(mailproto_compose *c,
                                   const mailproto_compose_field *fields, size_t n,
                                   uint32_t then)
{
    const mailproto_compose_field *f;
    if (c->field == n) {
        next_stage(c, then);
        return MAILPROTO_OK;
    }
    f = mailproto__compose_field_at(&c->o, fields, c->field);
    if (c->step == STEP_NAME) {
        if (mailproto__compose_is_bcc(f->name) &&
            (c->o.flags & MAILPROTO_COMPOSE_BCC) == 0) {
            c->field++;
            return MAILPROTO_OK;
        }
        return put_name(c, f);
    }
    if (c->step == STEP_VALUE) {
        return put_value(c, f);
    }
    mailproto__compose_put(c, "\r\n", 2);
    c->field++;
    c->step = STEP_NAME;
    return MAILPROTO_OK;
}

/* ---- fields of the message that are added -------------------------------------------------- */

/* Whether the caller gave this one. */
static int has_field(const mailproto_compose *c, uint32_t id)
{
    const mailproto_compose_part *p = mailproto__compose_part_at(&c->o, 0);
    size_t i;
    for (i = 0; i < c->o.field_count; i++) {
        if (mailproto_field_find(
                mailproto__compose_field_at(&c->o, c->o.fields, i)->name) == id) {
            return 1;
        }
    }
    for (i = 0; i < p->field_count; i++) {
        if (mailproto_field_find(
                mailproto__compose_field_at(&c->o, p->fields, i)->name) == id) {
            return 1;
        }
    }
    return 0;
}

static mailproto_status put_added(mailproto_compose *c)
{
    const char *text = c->prefix + 4; /* behind --=_ and without the last _ */
    mailproto_bytes unique = mailproto__span(text, c->prefix_len - 5U);
    switch (c->stage) {
    case MAILPROTO__STAGE_DATE:
        next_stage(c, MAILPROTO__STAGE_MESSAGE_ID);
        return c->o.utc != INT64_MIN && !has_field(c, MAILPROTO_FIELD_DATE)
                   ? put_date(c, "Date: ", c->o.utc, c->o.zone_minutes)
                   : MAILPROTO_OK;
    case MAILPROTO__STAGE_MESSAGE_ID:
        next_stage(c, MAILPROTO__STAGE_VERSION);
        return c->o.id_domain.len > 0 && !has_field(c, MAILPROTO_FIELD_MESSAGE_ID)
                   ? put_id(c, "Message-ID:", unique, c->o.id_domain)
                   : MAILPROTO_OK;
    default:
        next_stage(c, MAILPROTO__STAGE_PART_FIELDS);
        if (c->parts[0].kind != MAILPROTO__COMPOSE_ENTITY || c->o.field_count > 0) {
            static const char version[] = "MIME-Version: 1.0\r\n";
            mailproto__compose_put(c, version, sizeof version - 1);
        }
        return MAILPROTO_OK;
    }
}

/* ---- fields of a part ------------------------------------------------------------------------ */

size_t mailproto__compose_boundary(const mailproto_compose *c, uint32_t part, char *out)
{
    size_t n = c->prefix_len - 2U;
    memcpy(out, c->prefix + 2, n);
    n += mailproto__decimal(part, out + n);
    out[n] = '_'; /* so that no boundary begins with another one */
    return n + 1;
}

static mailproto_status put_type(mailproto_compose *c)
{
    const mailproto_compose_part *p = mailproto__compose_part(c);
    const struct mailproto__compose_part *s = &c->parts[c->part];
    struct mailproto__cut to = line_start(c);
    mailproto_bytes charset = p->charset;
    mailproto_status status = MAILPROTO_OK;
    char boundary[72];
    put_text(&to, "Content-Type:");
    put_text(&to, p->type.len > 64 ? "\r\n " : " ");
    put_bytes(&to, mailproto__compose_type(p));
    c->column = (uint32_t)to.len;
    if (s->kind == MAILPROTO__COMPOSE_PLAIN && charset.len == 0 &&
        (s->flags & MAILPROTO__COMPOSE_CHARSET) == 0) {
        charset = (s->flags & MAILPROTO__COMPOSE_ASCII) != 0
                      ? MAILPROTO__LITERAL("us-ascii")
                      : MAILPROTO__LITERAL("utf-8");
    }
    if (charset.len > 0) {
        status = mailproto__parameter_write(MAILPROTO__LITERAL("charset"), charset,
                                            &c->column, &to);
    }
    if (s->kind == MAILPROTO__COMPOSE_MULTIPART) {
        size_t n = mailproto__compose_boundary(c, c->part, boundary);
        status =
            mailproto__parameter_write(MAILPROTO__LITERAL("boundary"),
                                       mailproto__span(boundary, n), &c->column, &to);
    }
    next_stage(c, MAILPROTO__STAGE_PARAMS);
    if (status == MAILPROTO_OK && p->params.len == 0) {
        c->stage = MAILPROTO__STAGE_ENCODING;
        return line_end(c, &to);
    }
    (void)line_stop(c, &to);
    return status;
}

static mailproto_status put_params(mailproto_compose *c)
{
    mailproto_bytes params = mailproto__compose_part(c)->params;
    size_t first = 0;
    if (c->step == STEP_NAME) {
        while (first < params.len && params.ptr[first] != ' ') {
            first++;
        }
        memset(&c->text, 0, sizeof c->text);
        c->text.limit = MAILPROTO__COMPOSE_LINE;
        if (c->column + 2 + first > MAILPROTO__COMPOSE_LINE) {
            mailproto__compose_put(c, ";\r\n ", 4);
            c->column = 1;
        } else {
            mailproto__compose_put(c, "; ", 2);
            c->column += 2;
        }
        c->step = STEP_VALUE;
    } else if (!mailproto__compose_raw(c, params)) {
        mailproto__compose_put(c, "\r\n", 2);
        next_stage(c, MAILPROTO__STAGE_ENCODING);
    }
    return MAILPROTO_OK;
}

/* A multipart says so only when it holds more than 7bit (RFC 2045 6.4). */
static mailproto_status put_encoding(mailproto_compose *c)
{
    const struct mailproto__compose_part *s = &c->parts[c->part];
    struct mailproto__cut to = line_start(c);
    next_stage(c, MAILPROTO__STAGE_DISPOSITION);
    if (s->kind == MAILPROTO__COMPOSE_MULTIPART &&
        s->encoding == MAILPROTO_ENCODING_7BIT) {
        return MAILPROTO_OK;
    }
    put_text(&to, "Content-Transfer-Encoding: ");
    put_text(&to, mailproto_encoding_name(s->encoding));
    return line_end(c, &to);
}

static mailproto_status put_disposition(mailproto_compose *c)
{
    const mailproto_compose_part *p = mailproto__compose_part(c);
    struct mailproto__cut to = line_start(c);
    mailproto_status status = MAILPROTO_OK;
    next_stage(c, MAILPROTO__STAGE_CONTENT_ID);
    if (p->disposition.len == 0 && p->file_name.len == 0) {
        return MAILPROTO_OK;
    }
    put_text(&to, "Content-Disposition: ");
    put_bytes(&to, p->disposition.len > 0 ? p->disposition
                                          : MAILPROTO__LITERAL("attachment"));
    c->column = (uint32_t)to.len;
    if (p->file_name.len > 0) {
        status = mailproto__parameter_write(MAILPROTO__LITERAL("filename"),
                                            p->file_name, &c->column, &to);
    }
    return status == MAILPROTO_OK ? line_end(c, &to) : status;
}

/* The blank line; behind that of a multipart its first delimiter. */
static mailproto_status put_blank(mailproto_compose *c)
{
    struct mailproto__cut to = line_start(c);
    uint32_t first = c->parts[c->part].first;
    next_stage(c, MAILPROTO__STAGE_BODY);
    if (first != 0) {
        char boundary[72];
        size_t n = mailproto__compose_boundary(c, c->part, boundary);
        put_text(&to, "\r\n--");
        put_bytes(&to, mailproto__span(boundary, n));
        c->part = first;
        c->stage = c->parts[first].kind == MAILPROTO__COMPOSE_ENTITY
                       ? MAILPROTO__STAGE_BODY
                       : MAILPROTO__STAGE_PART_FIELDS;
    }
    return line_end(c, &to);
}

static mailproto_status next_token(mailproto_compose *c)
{
    const mailproto_compose_part *p = mailproto__compose_part(c);
    mailproto_bytes none = {NULL, 0};
    switch (c->stage) {
    case MAILPROTO__STAGE_FIELDS:
        return put_fields(c, c->o.fields, c->o.field_count, MAILPROTO__STAGE_DATE);
    case MAILPROTO__STAGE_DATE:
    case MAILPROTO__STAGE_MESSAGE_ID:
    case MAILPROTO__STAGE_VERSION:
        return put_added(c);
    case MAILPROTO__STAGE_PART_FIELDS:
        if (c->parts[c->part].kind == MAILPROTO__COMPOSE_ENTITY) {
            next_stage(c, MAILPROTO__STAGE_BODY);
            return MAILPROTO_OK;
        }
        return put_fields(c, p->fields, p->field_count, MAILPROTO__STAGE_TYPE);
    case MAILPROTO__STAGE_TYPE:
        return put_type(c);
    case MAILPROTO__STAGE_PARAMS:
        return put_params(c);
    case MAILPROTO__STAGE_ENCODING:
        return put_encoding(c);
    case MAILPROTO__STAGE_DISPOSITION:
        return put_disposition(c);
    case MAILPROTO__STAGE_CONTENT_ID:
        next_stage(c, MAILPROTO__STAGE_BLANK);
        return p->content_id.len > 0 ? put_id(c, "Content-ID:", p->content_id, none)
                                     : MAILPROTO_OK;
    default:
        return put_blank(c);
    }
}

/* A line that is longer than the scratch is written again for each piece of it. */
mailproto_status mailproto__compose_header(mailproto_compose *c)
{
    uint32_t stage = c->stage;
    uint32_t part = c->part;
    uint32_t field = c->field;
    uint32_t step = c->step;
    uint32_t address = c->address;
    uint32_t column = c->column;
    mailproto_status status;
    c->more = 0;
    status = next_token(c);
    if (!c->more) {
        c->given = 0;
        return status;
    }
    c->given += c->room;
    c->stage = stage;
    c->part = part;
    c->field = field;
    c->step = step;
    c->address = address;
    c->column = column;
    return status;
}
