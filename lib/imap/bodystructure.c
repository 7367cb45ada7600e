/*
 * BODYSTRUCTURE and BODY (RFC 9051 7.5.2, RFC 3501 7.4.2): the parts of the index, walked
 * by their parent numbers. Knows the fields of a part and the order in which IMAP tells
 * them; must not know bodies.
 */
#include "imap/write.h"

#include "core/mem.h"
#include "core/span.h"

/* One part: where it is. A multipart takes BEGIN, then its parts, then from SUBTYPE on. */
enum {
    BEGIN,
    TYPE,    /* the field is read, the type written unless it is a multipart's */
    SUBTYPE, /* and from here the parameters */
    TYPE_PARAM,
    TYPE_VALUE,
    ID,
    DESCRIPTION,
    VERSION, /* whether the fields of the header are MIME's is found out */
    ENCODING,
    OCTETS,
    ENVELOPE,
    LINES,
    MD5,
    DISPOSITION,
    DISPOSITION_PARAM,
    DISPOSITION_VALUE,
    LANGUAGE,
    LANGUAGE_TAG,
    LOCATION,
    END,
    OVER
};

/* What a part without parts of its own has in their place: the grammar wants one. */
static const char no_part[] =
    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)";
static const char no_part_extended[] =
    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0"
    " NIL NIL NIL NIL)";
static const char no_envelope[] = " (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ";

mailproto_status mailproto_imap_structure_open(mailproto_imap_item *item,
                                               const mailproto_source *source,
                                               const mailproto_index *ix,
                                               uint32_t flags, void *work, size_t size)
{
    mailproto_status st = mailproto__imap_begin(item, source, work, size);
    if (st == MAILPROTO_OK &&
        (ix->struct_size < sizeof *ix || ix->parts == NULL || ix->count == 0 ||
         (flags & ~(uint32_t)MAILPROTO_IMAP_NO_EXTENSION) != 0)) {
        memset(item, 0, sizeof *item);
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (st == MAILPROTO_OK) {
        struct mailproto__imap_item *it =
            (struct mailproto__imap_item *)(void *)item->opaque;
        it->structure.ix = ix;
        it->structure.flags = flags;
    }
    return st;
}

static const mailproto_part *part_of(const struct mailproto__imap_item *it)
{
    return &it->structure.ix->parts[it->structure.part];
}

static int is_multipart(const mailproto_part *part)
{
    return part->media >= MAILPROTO_MEDIA_MULTIPART &&
           part->media < MAILPROTO_MEDIA_RFC822;
}

/* RFC 9051 9, media-message: message/news is a leaf here, whatever the index says. */
static int is_message(const mailproto_part *part)
{
    return part->media == MAILPROTO_MEDIA_RFC822 ||
           part->media == MAILPROTO_MEDIA_GLOBAL;
}

static int is_text(const mailproto_part *part)
{
    return part->media >= MAILPROTO_MEDIA_TEXT_PLAIN &&
           part->media <= MAILPROTO_MEDIA_TEXT;
}

static int has_extension(const struct mailproto__imap_item *it)
{
    return (it->structure.flags & MAILPROTO_IMAP_NO_EXTENSION) == 0;
}

/* A field of the part, into `value`: OK, EOF (absent), or what the source said. */
static mailproto_status load(struct mailproto__imap_item *it, unsigned field)
{
    const mailproto_part *part = part_of(it);
    if (part->fields[field] == 0) {
        return MAILPROTO_EOF;
    }
    return mailproto__imap_load(it, part->header_offset + part->fields[field] - 1,
                                part->body_offset);
}

/* ---- type and parameters ------------------------------------------------------------ */

/* What the part is written as when its Content-Type does not say what the scanner went by:
 * the grammar depends on it. */
static mailproto_content default_type(const struct mailproto__imap_item *it)
{
    const mailproto_part *part = part_of(it);
    mailproto_content c;
    memset(&c, 0, sizeof c);
    if (is_message(part)) { /* RFC 2046 5.1.5: digest */
        c.type = MAILPROTO__LITERAL("message");
        c.subtype = MAILPROTO__LITERAL("rfc822");
    } else if (is_text(part)) { /* RFC 2045 5.2 */
        c.type = MAILPROTO__LITERAL("text");
        c.subtype = MAILPROTO__LITERAL("plain");
    } else if (is_multipart(part)) {
        c.type = MAILPROTO__LITERAL("multipart");
        c.subtype = MAILPROTO__LITERAL("mixed");
    } else { /* also MAILPROTO_PART_OVERFLOW */
        c.type = MAILPROTO__LITERAL("application");
        c.subtype = MAILPROTO__LITERAL("octet-stream");
    }
    return c;
}

static int says_message(const mailproto_content *c)
{
    return mailproto__equal_nocase(c->type, MAILPROTO__LITERAL("message")) &&
           (mailproto__equal_nocase(c->subtype, MAILPROTO__LITERAL("rfc822")) ||
            mailproto__equal_nocase(c->subtype, MAILPROTO__LITERAL("global")));
}

/* Whether the type read from the field is the one that the scanner went by. */
static int agrees(const mailproto_part *part, const mailproto_content *c)
{
    int text = mailproto__equal_nocase(c->type, MAILPROTO__LITERAL("text"));
    int multipart = mailproto__equal_nocase(c->type, MAILPROTO__LITERAL("multipart"));
    return c->type.len > 0 && c->subtype.len > 0 && text == is_text(part) &&
           multipart == is_multipart(part) && says_message(c) == is_message(part);
}

/* Reads the type; leaves the cursor before the parameters. */
static mailproto_status read_type(struct mailproto__imap_item *it, mailproto_content *c)
{
    mailproto_status st = load(it, MAILPROTO_PART_TYPE);
    memset(c, 0, sizeof *c);
    c->struct_size = (uint32_t)sizeof *c;
    if (st == MAILPROTO_OK) {
        st = mailproto_value_open(&it->cursor, it->value, MAILPROTO_VALUE_FINAL, NULL);
        if (st == MAILPROTO_OK) {
            st = mailproto_content_type(&it->cursor, c);
        }
        if (st == MAILPROTO_OK && agrees(part_of(it), c)) {
            return MAILPROTO_OK;
        }
        st = st < 0 ? st : MAILPROTO_EOF;
    }
    if (st != MAILPROTO_EOF) {
        return st;
    }
    *c = default_type(it);
    return mailproto_value_open(&it->cursor, mailproto__span("", 0),
                                MAILPROTO_VALUE_FINAL, NULL);
}

static mailproto_status write_type(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    mailproto_content c;
    mailproto_status st = read_type(it, &c);
    if (st != MAILPROTO_OK) {
        return st;
    }
    s->params = 0;
    s->charset = 0;
    s->step = SUBTYPE;
    it->value = c.subtype;
    if (!is_multipart(part_of(it))) {
        mailproto__imap_string(&it->out, c.type, MAILPROTO__IMAP_TEXT);
    }
    return MAILPROTO_OK;
}

static void write_subtype(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    MAILPROTO__IMAP_FIXED(&it->out, " ");
    mailproto__imap_string(&it->out, it->value, MAILPROTO__IMAP_TEXT);
    s->step =
        is_multipart(part_of(it)) && !has_extension(it) ? (uint8_t)END : TYPE_PARAM;
}

/* The name of a parameter as written: `*` and number (RFC 2231 3, 4) are its own. */
static mailproto_bytes name_of(const mailproto_parameter *p)
{
    mailproto_bytes name = p->name;
    const char *end = p->value.ptr;
    if ((p->flags & (MAILPROTO_PARAMETER_EXTENDED | MAILPROTO_PARAMETER_SECTION)) !=
        0) {
        const char *at = name.ptr + name.len;
        while (at < end && *at != '=') {
            at++;
        }
        name.len = (size_t)(at - name.ptr);
    }
    return name;
}

/* The next parameter's name, or the end of their list. 1: a value follows. */
static int write_param(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    mailproto_parameter *p = &it->u.parameter;
    memset(p, 0, sizeof *p);
    p->struct_size = (uint32_t)sizeof *p;
    if (mailproto_parameter_next(&it->cursor, p) != MAILPROTO_OK) {
        return 0;
    }
    if (s->params == 0) {
        MAILPROTO__IMAP_FIXED(&it->out, " (");
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, " ");
    }
    s->params = 1;
    if (mailproto__equal_nocase(p->name, MAILPROTO__LITERAL("charset"))) {
        s->charset = 1;
    }
    mailproto__imap_string(&it->out, name_of(p), MAILPROTO__IMAP_TIGHT);
    return 1;
}

static void write_value(struct mailproto__imap_item *it)
{
    const mailproto_parameter *p = &it->u.parameter;
    MAILPROTO__IMAP_FIXED(&it->out, " ");
    mailproto__imap_string(&it->out, p->value,
                           (p->flags & MAILPROTO_PARAMETER_QUOTED) != 0
                               ? MAILPROTO__IMAP_INSIDE
                               : MAILPROTO__IMAP_TEXT);
}

static void write_type_param(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    if (write_param(it)) {
        s->step = TYPE_VALUE;
        return;
    }
    if (is_text(part_of(it)) && !s->charset) { /* RFC 2045 5.2 */
        if (s->params == 0) {
            MAILPROTO__IMAP_FIXED(&it->out, " (\"charset\" \"us-ascii\")");
        } else {
            MAILPROTO__IMAP_FIXED(&it->out, " \"charset\" \"us-ascii\")");
        }
    } else if (s->params == 0) {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL");
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, ")");
    }
    s->step = is_multipart(part_of(it)) ? (uint8_t)DISPOSITION : ID;
}

/* ---- other fields ---------------------------------------------------------------------- */

/* A field as nstring. */
static mailproto_status write_field(struct mailproto__imap_item *it, unsigned field,
                                    enum mailproto__imap_form form)
{
    mailproto_status st = load(it, field);
    if (st == MAILPROTO_OK) {
        MAILPROTO__IMAP_FIXED(&it->out, " ");
        mailproto__imap_string(&it->out, it->value, form);
    } else if (st == MAILPROTO_EOF) {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL");
        st = MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK) {
        it->structure.step++;
    }
    return st;
}

/* Whether the encoding may be that of a message which says nothing of MIME otherwise:
 * without MIME-Version and Content-Type it means nothing (RFC 2045 4), and clients know
 * 7bit there. But one that the decoder undoes is told. */
static int is_version_asked(const struct mailproto__imap_item *it)
{
    const mailproto_part *part = part_of(it);
    return part->fields[MAILPROTO_PART_ENCODING] != 0 &&
           part->fields[MAILPROTO_PART_TYPE] == 0 &&
           part->encoding <= MAILPROTO_ENCODING_BINARY &&
           (part->parent == MAILPROTO_PART_NONE ||
            is_message(&it->structure.ix->parts[part->parent]));
}

static mailproto_status find_version(struct mailproto__imap_item *it)
{
    const mailproto_part *part = part_of(it);
    mailproto_status st = MAILPROTO_OK;
    mailproto_field field;
    it->structure.no_mime = 0;
    if (!is_version_asked(it)) {
        it->structure.step = ENCODING;
        return MAILPROTO_OK;
    }
    if (!it->loading) {
        st = mailproto_fields_open_at(&it->fields, it->source, part->header_offset,
                                      part->body_offset, it->work, it->size);
        it->loading = 1;
    }
    while (st == MAILPROTO_OK) {
        st = mailproto_fields_next(&it->fields, &field);
        if (st == MAILPROTO_OK && field.id == MAILPROTO_FIELD_MIME_VERSION) {
            break;
        }
    }
    it->loading = st == MAILPROTO_NOT_READY;
    if (st == MAILPROTO_OK || st == MAILPROTO_EOF) {
        it->structure.no_mime = st == MAILPROTO_EOF;
        it->structure.step = ENCODING;
        st = MAILPROTO_OK;
    }
    return st;
}

static mailproto_status write_encoding(struct mailproto__imap_item *it)
{
    mailproto_status st = load(it, MAILPROTO_PART_ENCODING);
    if (st != MAILPROTO_OK && st != MAILPROTO_EOF) {
        return st;
    }
    if (it->structure.no_mime) {
        it->value = MAILPROTO__LITERAL("7bit");
    } else if (st == MAILPROTO_OK) {
        /* Parameters, which it has none of, do not belong to it. */
        const char *end = it->value.len > 0
                              ? (const char *)memchr(it->value.ptr, ';', it->value.len)
                              : NULL;
        it->value.len = end != NULL ? (size_t)(end - it->value.ptr) : it->value.len;
    }
    if (st == MAILPROTO_EOF ||
        mailproto__imap_is_empty(it->value, MAILPROTO__IMAP_TIGHT)) {
        const char *name = mailproto_encoding_name(part_of(it)->encoding);
        size_t len = 0;
        while (name[len] != '\0') {
            len++;
        }
        it->value = mailproto__span(name, len);
    }
    MAILPROTO__IMAP_FIXED(&it->out, " ");
    mailproto__imap_string(&it->out, it->value, MAILPROTO__IMAP_TIGHT);
    it->structure.step = OCTETS;
    return MAILPROTO_OK;
}

static mailproto_status write_disposition(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    mailproto_content c;
    mailproto_status st = load(it, MAILPROTO_PART_DISPOSITION);
    memset(&c, 0, sizeof c);
    c.struct_size = (uint32_t)sizeof c;
    if (st == MAILPROTO_EOF) {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL");
        s->step = LANGUAGE;
        return MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK) {
        st = mailproto_value_open(&it->cursor, it->value, MAILPROTO_VALUE_FINAL, NULL);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto_content_disposition(&it->cursor, &c);
    }
    if (st != MAILPROTO_OK && st != MAILPROTO_EOF) {
        return st;
    }
    /* One that cannot be read is told as of an empty type, which clients know. */
    MAILPROTO__IMAP_FIXED(&it->out, " (");
    mailproto__imap_string(&it->out, c.type, MAILPROTO__IMAP_TEXT);
    s->params = 0;
    s->step = DISPOSITION_PARAM;
    return MAILPROTO_OK;
}

static void write_disposition_param(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    if (write_param(it)) {
        s->step = DISPOSITION_VALUE;
        return;
    }
    if (s->params == 0) {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL)");
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, "))");
    }
    s->step = LANGUAGE;
}

static mailproto_status begin_language(struct mailproto__imap_item *it)
{
    mailproto_status st = load(it, MAILPROTO_PART_LANGUAGE);
    it->structure.params = 0;
    if (st == MAILPROTO_OK) {
        it->structure.step = LANGUAGE_TAG;
        return mailproto_value_open(&it->cursor, it->value, MAILPROTO_VALUE_FINAL,
                                    NULL);
    }
    if (st == MAILPROTO_EOF) {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL");
        it->structure.step = LOCATION;
        st = MAILPROTO_OK;
    }
    return st;
}

static void write_language(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    mailproto_list_item *tag = &it->u.list;
    memset(tag, 0, sizeof *tag);
    tag->struct_size = (uint32_t)sizeof *tag;
    if (mailproto_language_next(&it->cursor, tag) == MAILPROTO_OK) {
        if (s->params == 0) {
            MAILPROTO__IMAP_FIXED(&it->out, " (");
        } else {
            MAILPROTO__IMAP_FIXED(&it->out, " ");
        }
        mailproto__imap_string(&it->out, tag->value, MAILPROTO__IMAP_TIGHT);
        s->params = 1;
        return;
    }
    if (s->params == 0) {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL");
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, ")");
    }
    s->step = LOCATION;
}

/* ---- the walk -------------------------------------------------------------------------- */

static void begin_part(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    const mailproto_part *part = part_of(it);
    MAILPROTO__IMAP_FIXED(&it->out, "(");
    s->step = TYPE;
    if (is_multipart(part) && part->children > 0) {
        s->part = part->first_child;
        s->step = BEGIN;
    }
}

/* The multipart without parts: its dummy comes before its subtype. */
static mailproto_status type_or_dummy(struct mailproto__imap_item *it)
{
    const mailproto_part *part = part_of(it);
    mailproto_status st = write_type(it);
    if (st == MAILPROTO_OK && is_multipart(part) && part->children == 0) {
        if (has_extension(it)) {
            MAILPROTO__IMAP_FIXED(&it->out, no_part_extended);
        } else {
            MAILPROTO__IMAP_FIXED(&it->out, no_part);
        }
    }
    return st;
}

static void write_octets(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    const mailproto_part *part = part_of(it);
    MAILPROTO__IMAP_FIXED(&it->out, " ");
    mailproto__imap_number(&it->out, part->body_crlf);
    if (is_message(part)) {
        s->step = ENVELOPE;
        if (part->children > 0) {
            mailproto__imap_envelope_begin(it, &s->ix->parts[part->first_child]);
        }
    } else {
        s->step = is_text(part) ? (uint8_t)LINES : has_extension(it) ? MD5 : END;
    }
}

/* The envelope of the message inside, then its body. */
static mailproto_status write_message(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    const mailproto_part *part = part_of(it);
    mailproto_status st;
    if (part->children == 0) { /* not entered: encoded, or too deep */
        MAILPROTO__IMAP_FIXED(&it->out, no_envelope);
        s->step = LINES;
        s->inside = 1; /* its body is still to come */
        return MAILPROTO_OK;
    }
    if (!s->inside) {
        MAILPROTO__IMAP_FIXED(&it->out, " ");
        s->inside = 1;
        return MAILPROTO_OK;
    }
    st = mailproto__imap_envelope_step(it);
    if (st == MAILPROTO_EOF) {
        MAILPROTO__IMAP_FIXED(&it->out, " ");
        s->inside = 0;
        s->part = part->first_child;
        s->step = BEGIN;
        return MAILPROTO_OK;
    }
    return st;
}

static void write_lines(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    if (s->inside) {
        s->inside = 0;
        if (has_extension(it)) {
            MAILPROTO__IMAP_FIXED(&it->out, no_part_extended);
        } else {
            MAILPROTO__IMAP_FIXED(&it->out, no_part);
        }
        return;
    }
    MAILPROTO__IMAP_FIXED(&it->out, " ");
    mailproto__imap_number(&it->out, part_of(it)->lines);
    s->step = has_extension(it) ? (uint8_t)MD5 : END;
}

/* The part is complete: its sibling, or back in what holds it. */
static void end_part(struct mailproto__imap_item *it)
{
    struct mailproto__imap_structure *s = &it->structure;
    const mailproto_part *part = part_of(it);
    MAILPROTO__IMAP_FIXED(&it->out, ")");
    if (part->parent == MAILPROTO_PART_NONE) {
        s->step = OVER;
    } else if (part->next_sibling != MAILPROTO_PART_NONE) {
        s->part = part->next_sibling;
        s->step = BEGIN;
    } else {
        s->part = part->parent;
        s->step = is_multipart(part_of(it)) ? (uint8_t)TYPE : LINES;
    }
}

/* The steps behind the octets. */
static mailproto_status step_extension(struct mailproto__imap_item *it)
{
    switch (it->structure.step) {
    case MD5:
        return write_field(it, MAILPROTO_PART_MD5, MAILPROTO__IMAP_TIGHT);
    case DISPOSITION:
        return write_disposition(it);
    case DISPOSITION_PARAM:
        write_disposition_param(it);
        return MAILPROTO_OK;
    case DISPOSITION_VALUE:
        write_value(it);
        it->structure.step = DISPOSITION_PARAM;
        return MAILPROTO_OK;
    case LANGUAGE:
        return begin_language(it);
    case LANGUAGE_TAG:
        write_language(it);
        return MAILPROTO_OK;
    case LOCATION:
        return write_field(it, MAILPROTO_PART_LOCATION, MAILPROTO__IMAP_TEXT);
    case END:
        end_part(it);
        return MAILPROTO_OK;
    default:
        return MAILPROTO_EOF;
    }
}

mailproto_status mailproto__imap_structure_step(struct mailproto__imap_item *it)
{
    switch (it->structure.step) {
    case BEGIN:
        begin_part(it);
        return MAILPROTO_OK;
    case TYPE:
        return type_or_dummy(it);
    case SUBTYPE:
        write_subtype(it);
        return MAILPROTO_OK;
    case TYPE_PARAM:
        write_type_param(it);
        return MAILPROTO_OK;
    case TYPE_VALUE:
        write_value(it);
        it->structure.step = TYPE_PARAM;
        return MAILPROTO_OK;
    case ID:
        return write_field(it, MAILPROTO_PART_ID, MAILPROTO__IMAP_TEXT);
    case DESCRIPTION:
        return write_field(it, MAILPROTO_PART_DESCRIPTION, MAILPROTO__IMAP_TEXT);
    case VERSION:
        return find_version(it);
    case ENCODING:
        return write_encoding(it);
    case OCTETS:
        write_octets(it);
        return MAILPROTO_OK;
    case ENVELOPE:
        return write_message(it);
    case LINES:
        write_lines(it);
        return MAILPROTO_OK;
    default:
        return step_extension(it);
    }
}
