/*
 * The text of parts: which are looked through (RFC 9051 6.4.4: "MAY exclude body parts with
 * terminal content media types other than TEXT and MESSAGE"), and how. Must not know what
 * is looked for.
 */
#include "core/mem.h"
#include "imap/match.h"
#include "message/content_type.h"

enum { NOT_LOOKED_AT, AS_TEXT, AS_STORED };

/* What the index could not enter is looked through as it is stored: better something of
 * a boundary found than a text missed. */
static int way_of(const mailproto_part *part)
{
    if ((part->flags & MAILPROTO_PART_OVERFLOW) != 0) {
        return AS_STORED;
    }
    if (mailproto__is_multipart(part->media)) {
        return (part->flags & MAILPROTO_MESSAGE_OPAQUE) != 0 ? AS_STORED
                                                             : NOT_LOOKED_AT;
    }
    if (mailproto__is_message(part->media)) { /* the message inside is a part */
        return (part->flags & MAILPROTO_MESSAGE_OPAQUE) != 0 ? AS_TEXT : NOT_LOOKED_AT;
    }
    return part->media >= MAILPROTO_MEDIA_DELIVERY_STATUS ||
                   (part->media >= MAILPROTO_MEDIA_TEXT_PLAIN &&
                    part->media <= MAILPROTO_MEDIA_TEXT)
               ? AS_TEXT
               : NOT_LOOKED_AT;
}

static mailproto_status open_as_stored(struct mailproto__match *m,
                                       const mailproto_part *part)
{
    mailproto_part stored = *part;
    stored.encoding = MAILPROTO_ENCODING_BINARY;
    stored.fields[MAILPROTO_PART_TYPE] = 0;
    return mailproto_part_text_open(&m->now.text, m->source, &stored, 0, NULL, m->in,
                                    m->in_size);
}

mailproto_status mailproto__match_text_open(struct mailproto__match *m,
                                            const mailproto_part *part)
{
    int way = way_of(part);
    mailproto_status st;
    if (way == NOT_LOOKED_AT || part->body_octets == 0) {
        return MAILPROTO_EOF;
    }
    st = way == AS_STORED ? open_as_stored(m, part)
                          : mailproto_part_text_open(&m->now.text, m->source, part, 0,
                                                     NULL, m->in, m->in_size);
    if (st == MAILPROTO_ERR_NOT_BUILT) { /* a decoder that firmware left out */
        st = open_as_stored(m, part);
    }
    if (st == MAILPROTO_OK) {
        mailproto__match_begin_text(m, UINT32_C(1) << MAILPROTO_IMAP_KEY_BODY |
                                           UINT32_C(1) << MAILPROTO_IMAP_KEY_TEXT);
    }
    return st;
}

mailproto_status mailproto__match_text_next(struct mailproto__match *m)
{
    size_t got;
    mailproto_status st =
        mailproto_part_text_read(&m->now.text, m->out, m->out_size, &got);
    if (st == MAILPROTO_OK) {
        mailproto__match_piece(m, got);
    }
    return st;
}
