/*
 * Descriptions checked before a single octet is written: nothing in them may end a line,
 * begin a field or become a second address. Knows what a description is made of; must not
 * know how it is written.
 */
#include "message/compose.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "message/value.h"

/* Where the check is. */
struct check {
    const mailproto_compose_options *o;
    mailproto_compose_fault *fault;
    struct mailproto__compose_part *parts; /* or NULL */
    uint32_t utf8;                         /* a field of this header is raw UTF-8 */
    uint64_t seen;                         /* fields that may stand once */
};

static mailproto_status say(struct check *k, size_t offset, const char *detail)
{
    k->fault->offset = offset;
    k->fault->detail = detail;
    return MAILPROTO_ERR_ARGUMENT;
}

/* Raw UTF-8 in a header: the path must take it. */
static mailproto_status need_utf8(struct check *k, const char *detail)
{
    k->utf8 = 1;
    if ((k->o->flags & MAILPROTO_COMPOSE_UTF8) != 0) {
        return MAILPROTO_OK;
    }
    k->fault->offset = 0;
    k->fault->detail = detail;
    return MAILPROTO_ERR_NOT_OFFERED;
}

/* The offset of the first control, TAB aside; text.len: there is none. */
static size_t find_control(mailproto_bytes text)
{
    size_t i = 0;
    while (i < text.len) {
        i += mailproto__find_control(mailproto__tail(text, i));
        if (i < text.len && text.ptr[i] != '\t') {
            return i;
        }
        i += i < text.len;
    }
    return text.len;
}

/* No controls, and UTF-8. */
static mailproto_status check_text(struct check *k, mailproto_bytes text)
{
    size_t at = find_control(text);
    if (at < text.len) {
        return say(k, at, "a control octet");
    }
    return mailproto_utf8_check(text, &at) ? MAILPROTO_OK : say(k, at, "not UTF-8");
}

static mailproto_status check_raw(struct check *k, mailproto_bytes text)
{
    mailproto_bytes inner = mailproto__compose_trim(text);
    size_t at = mailproto__compose_long_word(inner);
    mailproto_status status = check_text(k, text);
    if (status == MAILPROTO_OK && inner.len == 0) {
        status = say(k, 0, "a value is empty");
    }
    if (status == MAILPROTO_OK && at < inner.len) {
        status = say(k, at + (size_t)(inner.ptr - text.ptr),
                     "over 900 octets without a place to fold");
    }
    return status == MAILPROTO_OK && mailproto__compose_is_high(text)
               ? need_utf8(k, "a value is not ASCII: it needs SMTPUTF8")
               : status;
}

static mailproto_status check_ids(struct check *k, mailproto_bytes text)
{
    mailproto_status status = check_text(k, text);
    mailproto_bytes rest = text;
    mailproto_bytes id = mailproto__word(&rest);
    if (status == MAILPROTO_OK && id.len == 0) {
        return say(k, 0, "no msg-id");
    }
    while (status == MAILPROTO_OK && id.len > 0) {
        if (!mailproto__compose_is_id(id)) {
            return say(k, (size_t)(id.ptr - text.ptr), "not a msg-id");
        }
        id = mailproto__word(&rest);
    }
    return status == MAILPROTO_OK && mailproto__compose_is_high(text)
               ? need_utf8(k, "a msg-id is not ASCII: it needs SMTPUTF8")
               : status;
}

/* ---- addresses ------------------------------------------------------------------------ */

static mailproto_status check_name(struct check *k, mailproto_bytes name)
{
    size_t at = mailproto__find_control(name);
    if (at < name.len) {
        return say(k, at, "a control octet");
    }
    if (!mailproto_utf8_check(name, &at)) {
        return say(k, at, "not UTF-8");
    }
    return name.len > MAILPROTO__COMPOSE_DISPLAY
               ? say(k, MAILPROTO__COMPOSE_DISPLAY, "a name over 400 octets")
               : MAILPROTO_OK;
}

/* The addr-spec is tried by writing it: one grammar for both. */
static mailproto_status check_spec(struct check *k, mailproto_bytes spec)
{
    size_t at = mailproto__find_control(spec);
    if (at < spec.len) {
        return say(k, at, "a control octet");
    }
    if (spec.len > MAILPROTO__COMPOSE_SPEC) {
        return say(k, MAILPROTO__COMPOSE_SPEC, "an address over 320 octets");
    }
    if (!mailproto__address_is_spec(spec)) {
        return say(k, 0, "not one addr-spec");
    }
    return mailproto__compose_is_high(spec)
               ? need_utf8(k, "an address is not ASCII: it needs SMTPUTF8")
               : MAILPROTO_OK;
}

/* One element; `*group`: it stands in a group. */
static mailproto_status check_address(struct check *k, const mailproto_address_out *a,
                                      int *group)
{
    mailproto_status status = check_name(k, a->name);
    if (status != MAILPROTO_OK) {
        return status;
    }
    switch (a->kind) {
    case 0:
    case MAILPROTO_ADDRESS_MAILBOX:
        return check_spec(k, a->address);
    case MAILPROTO_ADDRESS_GROUP_BEGIN:
        if (*group || a->name.len == 0 || a->address.len > 0) {
            return say(k, 0, "a group in a group, or without a name");
        }
        *group = 1;
        return MAILPROTO_OK;
    case MAILPROTO_ADDRESS_GROUP_END:
        if (!*group || a->name.len > 0 || a->address.len > 0) {
            return say(k, 0, "the end of no group");
        }
        *group = 0;
        return MAILPROTO_OK;
    default:
        return say(k, 0, "no kind of address");
    }
}

static mailproto_status check_addresses(struct check *k,
                                        const mailproto_compose_field *f)
{
    int group = 0;
    size_t i;
    if (f->count >= UINT32_MAX || (f->count > 0 && f->addresses == NULL)) {
        return say(k, 0, "no addresses");
    }
    if (f->count == 0 && !mailproto__compose_is_bcc(f->name)) {
        return say(k, 0, "no addresses"); /* RFC 5322 3.6.3: only Bcc may be empty */
    }
    for (i = 0; i < f->count; i++) {
        mailproto_status status;
        k->fault->address = (uint32_t)i;
        status = check_address(k, mailproto__compose_address_at(k->o, f, i), &group);
        if (status != MAILPROTO_OK) {
            return status;
        }
    }
    if (group) {
        return say(k, 0, "a group without its end");
    }
    k->fault->address = UINT32_MAX;
    return MAILPROTO_OK;
}

/* ---- fields ------------------------------------------------------------------------------ */

/* Fields that the composer writes by itself, or from the fields of a part. */
static int is_own(uint32_t id)
{
    return id == MAILPROTO_FIELD_MIME_VERSION || id == MAILPROTO_FIELD_CONTENT_TYPE ||
           id == MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING ||
           id == MAILPROTO_FIELD_CONTENT_ID ||
           id == MAILPROTO_FIELD_CONTENT_DISPOSITION;
}

/* Fields that may stand once (RFC 5322 3.6). */
static int is_single(uint32_t id)
{
    return id >= MAILPROTO_FIELD_FROM && id <= MAILPROTO_FIELD_SUBJECT;
}

static mailproto_status check_field_name(struct check *k, mailproto_bytes name)
{
    uint32_t id = mailproto_field_find(name);
    size_t i;
    if (name.len == 0 || name.len > MAILPROTO__COMPOSE_NAME) {
        return say(k, 0, "a field name must have 1 to 76 octets");
    }
    for (i = 0; i < name.len; i++) {
        unsigned char octet = (unsigned char)name.ptr[i];
        if (octet <= 32 || octet >= 127 || octet == ':') { /* RFC 5322 3.6.8 */
            return say(k, i, "an octet that no field name may hold");
        }
    }
    if (name.len >= 2 && name.ptr[0] == '-' && name.ptr[1] == '-') {
        return say(k, 0, "a field name that could be a boundary");
    }
    if (is_own(id)) {
        return say(k, 0, "a field that the composer writes");
    }
    if (is_single(id)) {
        if ((k->seen & UINT64_C(1) << id) != 0) {
            return say(k, 0, "a field that may stand once");
        }
        k->seen |= UINT64_C(1) << id;
    }
    return MAILPROTO_OK;
}

static mailproto_status check_field(struct check *k, const mailproto_compose_field *f)
{
    char date[40];
    size_t len;
    mailproto_status status = check_field_name(k, f->name);
    if (status != MAILPROTO_OK) {
        return status;
    }
    switch (f->kind) {
    case MAILPROTO_COMPOSE_TEXT:
        return check_text(k, f->text);
    case MAILPROTO_COMPOSE_ADDRESSES:
        return check_addresses(k, f);
    case MAILPROTO_COMPOSE_DATE:
        return mailproto_date_write(f->utc, f->zone_minutes, date, sizeof date, &len) ==
                       MAILPROTO_OK
                   ? MAILPROTO_OK
                   : say(k, 0, "a date outside the years 1 to 9999, or no zone");
    case MAILPROTO_COMPOSE_IDS:
        return check_ids(k, f->text);
    case MAILPROTO_COMPOSE_RAW:
        return check_raw(k, f->text);
    default:
        return say(k, 0, "no kind of field");
    }
}

static mailproto_status check_fields(struct check *k,
                                     const mailproto_compose_field *fields, size_t n)
{
    size_t i;
    if (n >= UINT32_MAX || (n > 0 && fields == NULL)) {
        return say(k, 0, "no fields");
    }
    for (i = 0; i < n; i++) {
        mailproto_status status;
        k->fault->field = (uint32_t)i;
        status = check_field(k, mailproto__compose_field_at(k->o, fields, i));
        if (status != MAILPROTO_OK) {
            return status;
        }
    }
    k->fault->field = UINT32_MAX;
    return MAILPROTO_OK;
}

/* ---- parts --------------------------------------------------------------------------------- */

static mailproto_status check_type(struct check *k, mailproto_bytes type)
{
    const char *slash = type.len > 0 ? memchr(type.ptr, '/', type.len) : NULL;
    size_t n;
    if (slash == NULL || type.len > MAILPROTO__COMPOSE_TYPE) {
        return say(k, 0, "not type/subtype");
    }
    n = (size_t)(slash - type.ptr);
    if (!mailproto__compose_is_token(mailproto__span(type.ptr, n)) ||
        !mailproto__compose_is_token(mailproto__tail(type, n + 1))) {
        return say(k, 0, "not type/subtype");
    }
    return MAILPROTO_OK;
}

/* The charset that `params` name, with or without a charset'language' of its own. */
static void note_charset(const mailproto_parameter *a,
                         struct mailproto__compose_part *state)
{
    size_t i = a->value.len;
    while ((a->flags & MAILPROTO_PARAMETER_EXTENDED) != 0 && i > 0 &&
           a->value.ptr[i - 1] != '\'') {
        i--;
    }
    i = (a->flags & MAILPROTO_PARAMETER_EXTENDED) != 0 ? i : 0;
    if (state->kind == MAILPROTO__COMPOSE_PLAIN &&
        mailproto__compose_is_wide(mailproto__tail(a->value, i))) {
        state->kind = MAILPROTO__COMPOSE_WIDE;
    }
}

static mailproto_status check_params(struct check *k, const mailproto_compose_part *p,
                                     struct mailproto__compose_part *state)
{
    mailproto_value v;
    mailproto_parameter a = {0};
    mailproto_bytes text = p->params;
    mailproto_status status;
    size_t at = mailproto__compose_long_word(text);
    if (text.len == 0) {
        return MAILPROTO_OK;
    }
    if (mailproto__find_control(text) < text.len || mailproto__compose_is_high(text)) {
        return say(k, mailproto__find_control(text), "params are not ASCII text");
    }
    if (at < text.len || mailproto__compose_trim(text).len < text.len ||
        text.ptr[0] == ';' || text.ptr[text.len - 1] == ';') {
        return say(k, at < text.len ? at : 0, "params cannot be written so");
    }
    a.struct_size = sizeof a;
    (void)mailproto_value_open(&v, text, MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT,
                               NULL);
    while ((status = mailproto_parameter_next(&v, &a)) == MAILPROTO_OK) {
        if (mailproto__equal_nocase(a.name, MAILPROTO__LITERAL("boundary"))) {
            return say(k, (size_t)a.offset, "the boundary is the composer's");
        }
        if (mailproto__equal_nocase(a.name, MAILPROTO__LITERAL("charset"))) {
            state->flags |= MAILPROTO__COMPOSE_CHARSET;
            note_charset(&a, state);
        }
    }
    return status == MAILPROTO_EOF
               ? MAILPROTO_OK
               : say(k, (size_t)mailproto_value_error(&v).offset, "not parameters");
}

/* Texts that end up in Content- fields. */
static mailproto_status check_words(struct check *k, const mailproto_compose_part *p)
{
    size_t at = mailproto__find_control(p->file_name);
    if (p->charset.len > 0 && (p->charset.len > MAILPROTO__COMPOSE_SHORT ||
                               !mailproto__compose_is_token(p->charset))) {
        return say(k, 0, "not a charset");
    }
    if (p->disposition.len > 0 && (p->disposition.len > MAILPROTO__COMPOSE_SHORT ||
                                   !mailproto__compose_is_token(p->disposition))) {
        return say(k, 0, "not a disposition");
    }
    if (at < p->file_name.len) {
        return say(k, at, "a control octet in a file name");
    }
    if (!mailproto_utf8_check(p->file_name, &at)) {
        return say(k, at, "a file name is not UTF-8");
    }
    return p->file_name.len > MAILPROTO__COMPOSE_FILE
               ? say(k, MAILPROTO__COMPOSE_FILE, "a file name over 255 octets")
               : MAILPROTO_OK;
}

static mailproto_status check_content_id(struct check *k, mailproto_bytes id)
{
    if (id.len == 0) {
        return MAILPROTO_OK;
    }
    if (id.len > MAILPROTO__COMPOSE_SPEC || !mailproto__compose_is_inner_id(id)) {
        return say(k, 0, "not a content-id");
    }
    return mailproto__compose_is_high(id)
               ? need_utf8(k, "a content-id is not ASCII: it needs SMTPUTF8")
               : MAILPROTO_OK;
}

static mailproto_status not_offered(struct check *k, const char *detail)
{
    k->fault->offset = 0;
    k->fault->detail = detail;
    return MAILPROTO_ERR_NOT_OFFERED;
}

static mailproto_status check_encoding(struct check *k, uint32_t encoding,
                                       uint32_t kind)
{
    if (encoding == 0) {
        return MAILPROTO_OK;
    }
    if (encoding > MAILPROTO_ENCODING_BASE64) {
        return say(k, 0, "no encoding of RFC 2045 6");
    }
    if (kind == MAILPROTO__COMPOSE_MULTIPART ||
        (encoding > MAILPROTO_ENCODING_BINARY &&
         (kind == MAILPROTO__COMPOSE_MESSAGE || kind == MAILPROTO__COMPOSE_ENTITY))) {
        return say(k, 0, "an encoding that such a part cannot have"); /* RFC 2045 6.4 */
    }
    if (encoding == MAILPROTO_ENCODING_8BIT &&
        (k->o->flags & (MAILPROTO_COMPOSE_8BIT | MAILPROTO_COMPOSE_BINARY)) == 0) {
        return not_offered(k, "an encoding that needs 8BITMIME");
    }
    return encoding == MAILPROTO_ENCODING_BINARY &&
                   (k->o->flags & MAILPROTO_COMPOSE_BINARY) == 0
               ? not_offered(k, "an encoding that needs BINARYMIME")
               : MAILPROTO_OK;
}

static mailproto_status check_content(struct check *k, const mailproto_source *s,
                                      uint32_t kind)
{
    if (kind == MAILPROTO__COMPOSE_MULTIPART) {
        return s == NULL ? MAILPROTO_OK : say(k, 0, "a multipart has no content");
    }
    if (s == NULL) {
        return kind == MAILPROTO__COMPOSE_ENTITY ? say(k, 0, "no content")
                                                 : MAILPROTO_OK;
    }
    if (s->struct_size < sizeof *s) {
        return say(k, 0, "a source whose struct_size is not set");
    }
    if (s->data == NULL && s->read_at == NULL && s->read == NULL && s->size != 0) {
        return say(k, 0, "a source without data and callbacks");
    }
    return s->data != NULL && s->size > SIZE_MAX ? say(k, 0, "a size that cannot be")
                                                 : MAILPROTO_OK;
}

/* An entity brings all of this itself. */
static mailproto_status check_entity(struct check *k, const mailproto_compose_part *p)
{
    return p->type.len == 0 && p->params.len == 0 && p->charset.len == 0 &&
                   p->disposition.len == 0 && p->file_name.len == 0 &&
                   p->content_id.len == 0 && p->field_count == 0
               ? MAILPROTO_OK
               : say(k, 0, "nothing is added to a verbatim part");
}

static mailproto_status check_part(struct check *k, const mailproto_compose_part *p,
                                   struct mailproto__compose_part *state)
{
    mailproto_status status;
    if ((p->flags & ~(uint32_t)MAILPROTO_COMPOSE_VERBATIM) != 0) {
        return say(k, 0, "no flag of a part");
    }
    status = check_content(k, p->content, state->kind);
    if (status == MAILPROTO_OK) {
        status = check_encoding(k, p->encoding, state->kind);
    }
    if (status == MAILPROTO_OK && state->kind == MAILPROTO__COMPOSE_ENTITY) {
        return check_entity(k, p);
    }
    if (status == MAILPROTO_OK) {
        status = check_type(k, mailproto__compose_type(p));
    }
    if (status == MAILPROTO_OK) {
        status = check_params(k, p, state);
    }
    if (status == MAILPROTO_OK && state->kind == MAILPROTO__COMPOSE_MULTIPART &&
        p->charset.len > 0) {
        status = say(k, 0, "a multipart has no charset");
    }
    if (status == MAILPROTO_OK) {
        status = check_words(k, p);
    }
    if (status == MAILPROTO_OK) {
        status = check_content_id(k, p->content_id);
    }
    return status == MAILPROTO_OK ? check_fields(k, p->fields, p->field_count) : status;
}

/* The tree: `parent` of part `i`. */
static mailproto_status check_parent(struct check *k, size_t i)
{
    uint32_t parent = mailproto__compose_part_at(k->o, i)->parent;
    if (i == 0) {
        return parent == MAILPROTO_COMPOSE_ROOT
                   ? MAILPROTO_OK
                   : say(k, 0, "part 0 must be the message");
    }
    return parent < i &&
                   mailproto__compose_kind(mailproto__compose_part_at(k->o, parent)) ==
                       MAILPROTO__COMPOSE_MULTIPART
               ? MAILPROTO_OK
               : say(k, 0, "a parent must be a multipart before its parts");
}

static mailproto_status check_parts(struct check *k, uint8_t *needs)
{
    size_t i;
    for (i = 0; i < k->o->part_count; i++) {
        struct mailproto__compose_part own;
        struct mailproto__compose_part *state = k->parts != NULL ? &k->parts[i] : &own;
        mailproto_status status;
        memset(state, 0, sizeof *state);
        state->kind =
            (uint8_t)mailproto__compose_kind(mailproto__compose_part_at(k->o, i));
        k->fault->part = (uint32_t)i;
        k->seen = i == 0 ? k->seen : 0;
        k->utf8 = 0;
        status = check_parent(k, i);
        if (status == MAILPROTO_OK) {
            status = check_part(k, mailproto__compose_part_at(k->o, i), state);
        }
        if (status != MAILPROTO_OK) {
            return status;
        }
        if (k->utf8) {
            state->flags |= MAILPROTO__COMPOSE_UTF8_HEAD;
            *needs |= MAILPROTO_COMPOSE_NEEDS_UTF8;
        }
    }
    return MAILPROTO_OK;
}

/* Elements of the caller's that lack members of the library's. */
static int are_short(const mailproto_compose_options *o)
{
    return (o->part_stride != 0 && o->part_stride < sizeof *o->parts) ||
           (o->field_stride != 0 && o->field_stride < sizeof *o->fields) ||
           (o->address_stride != 0 &&
            o->address_stride < sizeof(mailproto_address_out));
}

static mailproto_status check_shape(struct check *k)
{
    const mailproto_compose_options *o = k->o;
    if ((o->flags & ~(uint32_t)(MAILPROTO_COMPOSE_8BIT | MAILPROTO_COMPOSE_BINARY |
                                MAILPROTO_COMPOSE_UTF8 | MAILPROTO_COMPOSE_BCC)) != 0 ||
        (o->cpu & ~MAILPROTO_CPU_MASK) != 0) {
        return say(k, 0, "no flag of a composer");
    }
    if (are_short(o)) {
        return say(k, 0, "an element shorter than the library's");
    }
    return o->part_count == 0 || o->parts == NULL || o->part_count >= UINT32_MAX
               ? say(k, 0, "no parts")
               : (mailproto_status)MAILPROTO_OK;
}

/* What belongs to the message as a whole. */
static mailproto_status check_options(struct check *k)
{
    const mailproto_compose_options *o = k->o;
    mailproto_status status = check_shape(k);
    char date[40];
    size_t len;
    size_t i;
    int unique = o->id_domain.len > 0;
    if (status != MAILPROTO_OK) {
        return status;
    }
    for (i = 0; i < o->part_count && !unique; i++) {
        unique = mailproto__compose_kind(mailproto__compose_part_at(o, i)) ==
                 MAILPROTO__COMPOSE_MULTIPART;
    }
    if (unique && o->unique.len < MAILPROTO__COMPOSE_UNIQUE) {
        return say(k, 0, "fewer than 16 random octets");
    }
    if (o->utc != INT64_MIN &&
        mailproto_date_write(o->utc, o->zone_minutes, date, sizeof date, &len) !=
            MAILPROTO_OK) {
        return say(k, 0, "a date outside the years 1 to 9999, or no zone");
    }
    if (o->id_domain.len > 0 && !mailproto__compose_is_domain(o->id_domain)) {
        return say(k, 0, "id_domain is no domain");
    }
    return mailproto__compose_is_high(o->id_domain)
               ? need_utf8(k, "id_domain is not ASCII: it needs SMTPUTF8")
               : MAILPROTO_OK;
}

enum { CHILDREN_AT_ONCE = 1024 };

/* The first multipart without parts among [from, from + CHILDREN_AT_ONCE), or part_count. */
static size_t find_childless(const mailproto_compose_options *o, size_t from)
{
    uint8_t wants[CHILDREN_AT_ONCE / 8]; /* a child: a bit each */
    size_t most = o->part_count - from < CHILDREN_AT_ONCE ? o->part_count - from
                                                          : (size_t)CHILDREN_AT_ONCE;
    size_t left = 0;
    size_t i;
    memset(wants, 0, sizeof wants);
    for (i = 0; i < most; i++) {
        if (mailproto__compose_kind(mailproto__compose_part_at(o, from + i)) ==
            MAILPROTO__COMPOSE_MULTIPART) {
            wants[i / 8] |= (uint8_t)(1U << i % 8);
            left++;
        }
    }
    for (i = from + 1; i < o->part_count && left > 0; i++) {
        size_t parent = mailproto__compose_part_at(o, i)->parent;
        if (parent >= from && parent - from < most) {
            const uint8_t bit = (uint8_t)(1U << (parent - from) % 8);
            uint8_t *octet = &wants[(parent - from) / 8];
            if ((*octet & bit) != 0) {
                *octet ^= bit;
                left--;
            }
        }
    }
    for (i = 0; i < most && left > 0; i++) {
        if (wants[i / 8] >> i % 8 & 1) {
            return from + i;
        }
    }
    return o->part_count;
}

/* A multipart without parts cannot be written. There is no memory to mark who has some, but
 * for a piece of the stack: each pass over the parents decides as many parts as fit there,
 * whatever their order. */
static mailproto_status check_children(struct check *k)
{
    size_t from;
    for (from = 0; from < k->o->part_count; from += CHILDREN_AT_ONCE) {
        size_t at = find_childless(k->o, from);
        if (at < k->o->part_count) {
            k->fault->part = (uint32_t)at;
            return say(k, 0, "a multipart without parts");
        }
    }
    return MAILPROTO_OK;
}

/* Of nothing in particular. */
static void set_fault(mailproto_compose_fault *fault, const char *detail)
{
    memset(fault, 0, sizeof *fault);
    fault->part = MAILPROTO_COMPOSE_ROOT;
    fault->field = UINT32_MAX;
    fault->address = UINT32_MAX;
    fault->detail = detail;
}

mailproto_status mailproto__compose_check(const mailproto_compose_options *o,
                                          mailproto_compose_fault *fault,
                                          struct mailproto__compose_part *parts,
                                          uint8_t *needs)
{
    struct check k;
    mailproto_status status;
    *needs = 0;
    memset(&k, 0, sizeof k);
    k.o = o;
    k.fault = fault;
    k.parts = parts;
    set_fault(fault, "");
    status = check_options(&k);
    if (status == MAILPROTO_OK) {
        status = check_fields(&k, o->fields, o->field_count);
    }
    if (k.utf8) {
        *needs |= MAILPROTO_COMPOSE_NEEDS_UTF8;
    }
    if (status == MAILPROTO_OK) {
        status = check_parts(&k, needs);
    }
    if (status == MAILPROTO_OK) {
        status = check_children(&k);
    }
    if (status == MAILPROTO_OK) {
        fault->part = MAILPROTO_COMPOSE_ROOT;
    }
    return status;
}

mailproto_status mailproto_compose_check(const mailproto_compose_options *options,
                                         mailproto_compose_fault *fault)
{
    mailproto_compose_options o;
    mailproto_compose_fault own;
    uint8_t needs;
    mailproto_status status = mailproto__options_copy(&o, sizeof o, options);
    mailproto_status filled = MAILPROTO_OK;
    if (status == MAILPROTO_OK) {
        status = mailproto__compose_check(&o, &own, NULL, &needs);
    } else {
        set_fault(&own, "struct_size of the options is not that of a known version");
    }
    if (fault != NULL) {
        filled = mailproto__output_copy(fault, &own, sizeof own);
    }
    return filled != MAILPROTO_OK ? filled : status;
}
