/*
 * ENVELOPE (RFC 9051 7.5.2, RFC 3501 7.4.2): ten fields of a header, the addresses taken
 * apart. Knows the header of one message; must not know MIME.
 */
#include "imap/write.h"

#include "core/mem.h"
#include "core/span.h"

/* In the order of the ENVELOPE. */
enum {
    DATE,
    SUBJECT,
    FROM,
    SENDER,
    REPLY_TO,
    TO,
    CC,
    BCC,
    IN_REPLY_TO,
    MESSAGE_ID,
    FIELDS = MAILPROTO__IMAP_ENVELOPE_FIELDS
};

static const uint8_t ids[FIELDS] = {
    MAILPROTO_FIELD_DATE,      MAILPROTO_FIELD_SUBJECT,  MAILPROTO_FIELD_FROM,
    MAILPROTO_FIELD_SENDER,    MAILPROTO_FIELD_REPLY_TO, MAILPROTO_FIELD_TO,
    MAILPROTO_FIELD_CC,        MAILPROTO_FIELD_BCC,      MAILPROTO_FIELD_IN_REPLY_TO,
    MAILPROTO_FIELD_MESSAGE_ID};

enum { LOCATE, FIELD, LOAD, ELEMENT, ADDRESS, AGAIN, OVER };

enum { NAME, ROUTE, MAILBOX, HOST, ADDRESS_PARTS };

static int is_list(unsigned field)
{
    return field >= FROM && field <= BCC;
}

/* Of destinations that stand several times all count (RFC 5322 4.5.3), of other fields
 * the first. */
static int is_joined(unsigned field)
{
    return field >= TO && field <= BCC;
}

static unsigned bit_of(unsigned field)
{
    return 1U << (field - TO);
}

void mailproto__imap_envelope_begin(struct mailproto__imap_item *it,
                                    const mailproto_part *part)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    memset(e, 0, sizeof *e);
    e->header = part->header_offset;
    e->end = part->body_offset;
    e->step = LOCATE;
}

mailproto_status mailproto_imap_envelope_open(mailproto_imap_item *item,
                                              const mailproto_source *source,
                                              const mailproto_part *part, void *work,
                                              size_t size)
{
    mailproto_status st = mailproto__imap_begin(item, source, work, size);
    if (st == MAILPROTO_OK) {
        mailproto__imap_envelope_begin(
            (struct mailproto__imap_item *)(void *)item->opaque, part);
    }
    return st;
}

/* Where the fields are: the header is passed once. */
static mailproto_status locate(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    mailproto_status st = MAILPROTO_OK;
    if (!it->loading) {
        st = mailproto_fields_open_at(&it->fields, it->source, e->header, e->end,
                                      it->work, it->size);
        it->loading = 1;
    }
    while (st == MAILPROTO_OK) {
        mailproto_field field;
        st = mailproto_fields_next(&it->fields, &field);
        if (st == MAILPROTO_OK && field.offset - e->header < UINT32_MAX) {
            unsigned i;
            for (i = 0; i < FIELDS; i++) {
                if (field.id == ids[i] && e->found[i] == 0) {
                    e->found[i] = (uint32_t)(field.offset - e->header) + 1;
                } else if (field.id == ids[i] && is_joined(i)) {
                    e->repeated = (uint8_t)(e->repeated | bit_of(i));
                }
            }
        }
    }
    if (st == MAILPROTO_EOF) {
        it->loading = 0;
        e->step = FIELD;
        MAILPROTO__IMAP_FIXED(&it->out, "(");
        return MAILPROTO_OK;
    }
    it->loading = st == MAILPROTO_NOT_READY;
    return st;
}

static void next_field(struct mailproto__imap_envelope *e)
{
    e->field++;
    e->step = FIELD;
}

/* The value is NIL, or that of From (RFC 9051 7.5.2: sender, reply-to). */
static void absent(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    if ((e->field == SENDER || e->field == REPLY_TO) && e->source_field != FROM &&
        e->found[FROM] != 0) {
        e->source_field = FROM;
        e->step = LOAD;
        return;
    }
    if (e->field == DATE) {
        MAILPROTO__IMAP_FIXED(&it->out, "NIL");
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, " NIL");
    }
    next_field(e);
}

static mailproto_status begin_field(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    if (e->field == FIELDS) {
        MAILPROTO__IMAP_FIXED(&it->out, ")");
        e->step = OVER;
        return MAILPROTO_OK;
    }
    e->source_field = e->field;
    e->first = 1;
    if (e->found[e->field] == 0) {
        absent(it);
    } else {
        e->step = LOAD;
    }
    return MAILPROTO_OK;
}

/* Nothing more comes to a list. */
static void end_list(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    if (e->first) {
        absent(it);
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, "))");
        next_field(e);
    }
}

/* The value that was read becomes a list. */
static mailproto_status begin_list(struct mailproto__imap_item *it)
{
    it->envelope.step = ELEMENT;
    return mailproto_value_open(&it->cursor, it->value, MAILPROTO_VALUE_FINAL, NULL);
}

/* The next field of the name whose list was just written: the walker goes on where it is,
 * so that the header is read once a name, however many there are. */
static mailproto_status load_again(struct mailproto__imap_item *it)
{
    mailproto_field field;
    mailproto_status st;
    do {
        st = mailproto_fields_next(&it->fields, &field);
    } while (st == MAILPROTO_OK && field.id != ids[it->envelope.field]);
    if (st == MAILPROTO_EOF) {
        end_list(it);
        return MAILPROTO_OK;
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    mailproto__imap_take(it, field.value);
    return begin_list(it);
}

static mailproto_status load_field(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    mailproto_status st =
        mailproto__imap_load(it, e->header + e->found[e->source_field] - 1, e->end);
    if (st == MAILPROTO_EOF) { /* the source is shorter than it was */
        end_list(it);
        return MAILPROTO_OK;
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (is_list(e->field)) {
        return begin_list(it);
    }
    if (e->field != DATE) {
        MAILPROTO__IMAP_FIXED(&it->out, " ");
    }
    mailproto__imap_string(&it->out, it->value, MAILPROTO__IMAP_TEXT);
    next_field(e);
    return MAILPROTO_OK;
}

/* The next address of a list. */
static mailproto_status next_element(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    memset(&it->u.address, 0, sizeof it->u.address);
    it->u.address.struct_size = (uint32_t)sizeof it->u.address;
    if (mailproto_address_next(&it->cursor, &it->u.address) != MAILPROTO_OK) {
        if (is_joined(e->field) && (e->repeated & bit_of(e->field)) != 0) {
            e->step = AGAIN;
        } else {
            end_list(it);
        }
        return MAILPROTO_OK;
    }
    if (e->first) {
        MAILPROTO__IMAP_FIXED(&it->out, " ((");
    } else {
        MAILPROTO__IMAP_FIXED(&it->out, ")(");
    }
    mailproto__imap_envelope_told(&it->u.address);
    e->first = 0;
    e->part = NAME;
    e->step = ADDRESS;
    return MAILPROTO_OK;
}

static void put_or_nil(struct mailproto__imap_out *out, mailproto_bytes from,
                       enum mailproto__imap_form form)
{
    if (mailproto__imap_is_empty(from, form)) {
        mailproto__imap_nil(out);
    } else {
        mailproto__imap_string(out, from, form);
    }
}

/* `user@host (Name)`, the form of RFC 822: the comment behind an address without brackets
 * is its name. */
static int has_comment_name(const mailproto_address *a)
{
    return (a->flags & MAILPROTO_ADDRESS_ANGLE) == 0 &&
           (a->local.len == 0 || a->comment.ptr > a->local.ptr);
}

static void put_name(struct mailproto__imap_out *out, const mailproto_address *a)
{
    int group = a->type == MAILPROTO_ADDRESS_GROUP_BEGIN ||
                a->type == MAILPROTO_ADDRESS_GROUP_END;
    if (!group && !mailproto__imap_is_empty(a->name, MAILPROTO__IMAP_PHRASE)) {
        mailproto__imap_string(out, a->name, MAILPROTO__IMAP_PHRASE);
    } else if (!group && has_comment_name(a)) {
        put_or_nil(out, a->comment, MAILPROTO__IMAP_COMMENT);
    } else {
        mailproto__imap_nil(out);
    }
}

static void put_mailbox(struct mailproto__imap_out *out, const mailproto_address *a)
{
    if (a->type == MAILPROTO_ADDRESS_GROUP_END) {
        mailproto__imap_nil(out);
    } else if (a->type == MAILPROTO_ADDRESS_GROUP_BEGIN) {
        mailproto__imap_string(out, a->name, MAILPROTO__IMAP_PHRASE);
    } else if (mailproto__imap_is_empty(a->local, MAILPROTO__IMAP_TIGHT)) {
        /* Neither NIL: that would be a group. */
        mailproto__imap_string(out, MAILPROTO__LITERAL("MISSING_MAILBOX"),
                               MAILPROTO__IMAP_TEXT);
    } else {
        mailproto__imap_string(out, a->local, MAILPROTO__IMAP_TIGHT);
    }
}

static void put_host(struct mailproto__imap_out *out, const mailproto_address *a)
{
    if (a->type == MAILPROTO_ADDRESS_GROUP_BEGIN ||
        a->type == MAILPROTO_ADDRESS_GROUP_END) {
        mailproto__imap_nil(out);
    } else if (mailproto__imap_is_empty(a->domain, MAILPROTO__IMAP_TIGHT)) {
        mailproto__imap_string(out, MAILPROTO__LITERAL("MISSING_DOMAIN"),
                               MAILPROTO__IMAP_TEXT);
    } else {
        mailproto__imap_string(out, a->domain, MAILPROTO__IMAP_TIGHT);
    }
}

static void put_part(struct mailproto__imap_item *it)
{
    struct mailproto__imap_envelope *e = &it->envelope;
    const mailproto_address *a = &it->u.address;
    if (e->part != NAME) {
        MAILPROTO__IMAP_FIXED(&it->out, " ");
    }
    switch (e->part) {
    case NAME:
        put_name(&it->out, a);
        break;
    case ROUTE:
        put_or_nil(&it->out, a->route, MAILPROTO__IMAP_TIGHT);
        break;
    case MAILBOX:
        put_mailbox(&it->out, a);
        break;
    default:
        put_host(&it->out, a);
        break;
    }
    e->part++;
    if (e->part == ADDRESS_PARTS) {
        e->step = ELEMENT;
    }
}

mailproto_status mailproto__imap_envelope_step(struct mailproto__imap_item *it)
{
    switch (it->envelope.step) {
    case LOCATE:
        return locate(it);
    case FIELD:
        return begin_field(it);
    case LOAD:
        return load_field(it);
    case ELEMENT:
        return next_element(it);
    case ADDRESS:
        put_part(it);
        return MAILPROTO_OK;
    case AGAIN:
        return load_again(it);
    default:
        return MAILPROTO_EOF;
    }
}
