/*
 * Which octets of a stored message an item of FETCH means (RFC 9051 6.4.5.1), how many
 * will be given out, and what has to be done to them. Knows the index; reads nothing.
 */
#include "imap/section.h"

#include "core/mem.h"
#include "message/content_type.h"

/* RFC 9051 9, fetch-att: what of an item's members may stand together. */
static int is_legal(const mailproto_imap_fetch_item *item)
{
    if ((item->flags & MAILPROTO_IMAP_PARTIAL) && item->count == 0) {
        return 0;
    }
    switch (item->kind) {
    case MAILPROTO_IMAP_ITEM_SECTION:
        return item->section <= MAILPROTO_IMAP_SECTION_MIME &&
               item->path_len <= MAILPROTO_IMAP_PATH_MAX &&
               (item->section != MAILPROTO_IMAP_SECTION_MIME || item->path_len > 0);
    case MAILPROTO_IMAP_ITEM_BINARY:
    case MAILPROTO_IMAP_ITEM_BINARY_SIZE:
        return item->section == MAILPROTO_IMAP_SECTION_WHOLE &&
               item->path_len <= MAILPROTO_IMAP_PATH_MAX &&
               (item->kind == MAILPROTO_IMAP_ITEM_BINARY ||
                !(item->flags & MAILPROTO_IMAP_PARTIAL));
    case MAILPROTO_IMAP_ITEM_RFC822:
    case MAILPROTO_IMAP_ITEM_RFC822_HEADER:
    case MAILPROTO_IMAP_ITEM_RFC822_TEXT:
        return 1;
    default:
        return 0;
    }
}

/* RFC 3501 6.4.5: what the old names stand for. */
static uint32_t section_of(const mailproto_imap_fetch_item *item)
{
    switch (item->kind) {
    case MAILPROTO_IMAP_ITEM_RFC822:
        return MAILPROTO_IMAP_SECTION_WHOLE;
    case MAILPROTO_IMAP_ITEM_RFC822_HEADER:
        return MAILPROTO_IMAP_SECTION_HEADER;
    case MAILPROTO_IMAP_ITEM_RFC822_TEXT:
        return MAILPROTO_IMAP_SECTION_TEXT;
    default:
        return item->section;
    }
}

static size_t path_len(const mailproto_imap_fetch_item *item)
{
    return item->kind == MAILPROTO_IMAP_ITEM_RFC822 ||
                   item->kind == MAILPROTO_IMAP_ITEM_RFC822_HEADER ||
                   item->kind == MAILPROTO_IMAP_ITEM_RFC822_TEXT
               ? 0
               : item->path_len;
}

/* The message inside of a message/rfc822 part, if the index has it. */
static mailproto_status enter_message(const mailproto_index *ix, uint32_t *number)
{
    const mailproto_part *part = &ix->parts[*number];
    const mailproto_part *inner;
    if (!mailproto__is_message(part->media) || part->children != 1) {
        return MAILPROTO_EOF;
    }
    inner = &ix->parts[part->first_child];
    if ((inner->flags & MAILPROTO_PART_OVERFLOW) && inner->header_crlf == 0) {
        return MAILPROTO_EOF; /* where its header ends was not kept */
    }
    *number = part->first_child;
    return MAILPROTO_OK;
}

/* Whether NUL can be in the body: an overflow entry does not know. */
static int may_hold_nul(const mailproto_part *part)
{
    return (part->flags & (MAILPROTO_MESSAGE_NUL | MAILPROTO_PART_OVERFLOW)) != 0;
}

static void take_header(const mailproto_part *part,
                        struct mailproto__section_what *what)
{
    what->start = part->header_offset;
    what->end = part->body_offset;
    what->total = part->header_crlf;
    what->look = what->end; /* no flag says what a header holds */
}

static void take_body(const mailproto_part *part, struct mailproto__section_what *what)
{
    what->start = part->body_offset;
    what->end = part->body_offset + part->body_octets;
    what->total = part->body_crlf;
    what->look = may_hold_nul(part) ? what->end : 0;
    what->nul = (uint8_t)may_hold_nul(part);
}

static void take_message(const mailproto_part *part,
                         struct mailproto__section_what *what)
{
    take_body(part, what);
    what->start = part->header_offset;
    what->total = part->header_crlf + part->body_crlf;
    what->look = may_hold_nul(part) ? what->end : part->body_offset;
    what->nul = 1;
}

/* Its body is what its fields say, and not parts. */
static int is_leaf(const mailproto_part *part)
{
    return (part->flags & MAILPROTO_MESSAGE_OPAQUE) ||
           !(mailproto__is_multipart(part->media) ||
             mailproto__is_message(part->media));
}

/*
 * The body without its transfer encoding (RFC 3516 4.3). It is what a client gets that
 * decodes BODY[]: RFC 3516 6 wants CRLF in all that is lines of text, however it is stored,
 * and so line ends become CRLF where they are the encoding's (RFC 2045 2.7, 2.8, and 6.7
 * rule 4), before it is undone. What the decoder gives is not touched, and neither is a
 * body without encoding ("binary") unless it is text.
 *
 * RFC 9051 forbids to ask for parts that hold parts; RFC 3516 does not: no encoding that
 * could be undone is theirs (RFC 2045 6.4), so they come as BODY[] gives them.
 */
static mailproto_status take_decoded(const mailproto_part *part,
                                     struct mailproto__section_what *what)
{
    take_body(part, what);
    what->look = 0;
    if (part->encoding == MAILPROTO_ENCODING_UNKNOWN) {
        return MAILPROTO_ERR_REFUSED;
    }
    if (!is_leaf(part)) {
        return MAILPROTO_OK;
    }
    switch (part->encoding) {
    case MAILPROTO_ENCODING_7BIT:
    case MAILPROTO_ENCODING_8BIT:
        return MAILPROTO_OK;
    case MAILPROTO_ENCODING_BINARY:
        if (part->media < MAILPROTO_MEDIA_TEXT_PLAIN ||
            part->media > MAILPROTO_MEDIA_TEXT) {
            what->total = part->body_octets;
        }
        return MAILPROTO_OK;
    default:
        break;
    }
    what->mode = MAILPROTO__SECTION_DECODE;
    what->encoding = part->encoding;
    /* The other encodings pass over line ends. */
    what->convert =
        part->encoding == MAILPROTO_ENCODING_QP && part->body_crlf != part->body_octets;
    what->total = UINT64_MAX;
    what->nul = 1;
    if (part->flags & MAILPROTO__PART_COUNTED) {
        what->total = part->decoded_octets;
        what->nul = (part->flags & MAILPROTO__PART_DECODED_NUL) != 0;
    }
    return MAILPROTO_OK;
}

static mailproto_status take_binary(const mailproto_part *part, size_t len,
                                    struct mailproto__section_what *what)
{
    what->binary = 1;
    if (len > 0) {
        return take_decoded(part, what);
    }
    take_message(part, what); /* a message has no encoding of its own */
    what->look = 0;
    return MAILPROTO_OK;
}

/* An index that was stored may be anything. */
static int can_be(const mailproto_part *part)
{
    return part->header_offset <= part->body_offset &&
           part->body_octets <= UINT64_MAX - part->body_offset &&
           part->body_crlf <= UINT64_MAX - part->header_crlf;
}

/* The part whose header or body it is. */
static mailproto_status find_part(const mailproto_index *ix,
                                  const mailproto_imap_fetch_item *item,
                                  uint32_t section, size_t len, uint32_t *number)
{
    mailproto_status st;
    if (!is_legal(item) || ix->parts == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto_index_find(ix, item->path, len, number);
    if (st == MAILPROTO_OK && len > 0 && section != MAILPROTO_IMAP_SECTION_WHOLE &&
        section != MAILPROTO_IMAP_SECTION_MIME) {
        st = enter_message(ix, number);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    return can_be(&ix->parts[*number]) ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT;
}

mailproto_status mailproto__section_find(const mailproto_index *ix,
                                         const mailproto_imap_fetch_item *item,
                                         struct mailproto__section_what *what)
{
    uint32_t section = section_of(item);
    size_t len = path_len(item);
    const mailproto_part *part;
    mailproto_status st;
    memset(what, 0, sizeof *what);
    st = find_part(ix, item, section, len, &what->part);
    if (st != MAILPROTO_OK) {
        return st;
    }
    part = &ix->parts[what->part];
    switch (section) {
    case MAILPROTO_IMAP_SECTION_WHOLE:
        if (item->kind == MAILPROTO_IMAP_ITEM_BINARY ||
            item->kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
            st = take_binary(part, len, what);
        } else if (len == 0) {
            take_message(part, what);
        } else {
            take_body(part, what);
        }
        break;
    case MAILPROTO_IMAP_SECTION_TEXT:
        take_body(part, what);
        break;
    case MAILPROTO_IMAP_SECTION_FIELDS:
    case MAILPROTO_IMAP_SECTION_FIELDS_NOT:
        take_header(part, what);
        what->mode = MAILPROTO__SECTION_FIELDS;
        what->convert = 1;
        what->total = UINT64_MAX;
        break;
    default:
        take_header(part, what);
        break;
    }
    if (what->mode == MAILPROTO__SECTION_STRAIGHT &&
        what->total != what->end - what->start) {
        what->mode = MAILPROTO__SECTION_CRLF;
        what->convert = 1;
    }
    return st;
}
