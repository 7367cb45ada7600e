/**
 * @file compose.h
 * Messages written: the caller describes fields and parts as data, and the composer is a
 * source of the message's bytes, in a few hundred octets of memory and without a copy of
 * it. No clock and no randomness inside: both come from the caller.
 *
 * A text with an attachment, straight into the SMTP client; `b()` makes a
 * mailproto_bytes of a string:
 *
 * @code
 * mailproto_address_out from = {.name = b("Alice"), .address = b("alice@crepes.fr")};
 * mailproto_address_out to = {.name = b("Bob"), .address = b("bob@hamburger.edu")};
 * mailproto_compose_field fields[] = {
 *     {.name = b("From"), .kind = MAILPROTO_COMPOSE_ADDRESSES,
 *      .addresses = &from, .count = 1},
 *     {.name = b("To"), .kind = MAILPROTO_COMPOSE_ADDRESSES,
 *      .addresses = &to, .count = 1},
 *     {.name = b("Subject"), .text = b("Cr\xc3\xaapes")}};
 * mailproto_compose_part parts[] = {
 *     {.parent = MAILPROTO_COMPOSE_ROOT, .type = b("multipart/mixed")},
 *     {.type = b("text/plain"), .content = &text},       // parent 0
 *     {.type = b("application/pdf"), .content = &pdf,
 *      .disposition = b("attachment"), .file_name = b("menu.pdf")}};
 *
 * mailproto_compose_options o = {.struct_size = sizeof o};
 * o.fields = fields; o.field_count = 3; o.parts = parts; o.part_count = 3;
 * o.unique = random_octets(16); o.utc = time(NULL); o.id_domain = b("crepes.fr");
 * mailproto_compose_init(mem, sizeof mem, &o, &composer);
 * mailproto_compose_measure(composer, &summary);       // size, what it needs of the path
 * mailproto_compose_source(composer, &source);
 * mailproto_pump_content(session, &io, &source);
 * @endcode
 *
 * With the text in HTML too, the two stand in a multipart of their own:
 *
 * @code
 * mailproto_compose_part parts[] = {
 *     {.parent = MAILPROTO_COMPOSE_ROOT, .type = b("multipart/mixed")},
 *     {.type = b("multipart/alternative")},              // parent 0; part 1
 *     {.parent = 1, .type = b("text/plain"), .content = &text},
 *     {.parent = 1, .type = b("text/html"), .content = &html},
 *     {.type = b("application/pdf"), .content = &pdf,
 *      .disposition = b("attachment"), .file_name = b("menu.pdf")}};
 * @endcode
 */
#ifndef MAILPROTO_COMPOSE_H
#define MAILPROTO_COMPOSE_H

#include <mailproto/field.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is described --------------------------------------------------------------- */

/** An address to write. */
typedef struct mailproto_address_out {
    uint32_t kind;     /**< ::MAILPROTO_ADDRESS_MAILBOX or 0: `name <address>`, or the
                                  address alone; ::MAILPROTO_ADDRESS_GROUP_BEGIN: `name:`,
                                  the mailboxes that follow are in it, up to
                                  ::MAILPROTO_ADDRESS_GROUP_END */
    uint32_t reserved; /**< 0 */
    mailproto_bytes name;    /**< the display name, UTF-8, at most 400 octets; may be
                                  empty */
    mailproto_bytes address; /**< addr-spec, checked (RFC 5322 3.4.1, RFC 6532), at most
                                  320 octets; empty of groups */
} mailproto_address_out;

/** Kinds of a field. */
enum {
    MAILPROTO_COMPOSE_TEXT = 0, /**< `text`: unstructured, UTF-8, encoded as words */
    MAILPROTO_COMPOSE_ADDRESSES = 1, /**< `addresses` */
    MAILPROTO_COMPOSE_DATE = 2,      /**< `utc` and `zone_minutes` */
    MAILPROTO_COMPOSE_IDS = 3, /**< `text`: msg-ids with brackets, blanks between */
    /** `text`: the value as it is to be sent, structured, ASCII (or UTF-8 on such a
     *  path); folded only where blanks begin: blanks in a row and the word behind them
     *  are at most 900 octets together. */
    MAILPROTO_COMPOSE_RAW = 4
};

/** A field. Zero what is not used. MIME-Version, Content-Type, -Transfer-Encoding,
 *  -Disposition and -ID are the composer's; fields of RFC 5322 3.6 that may stand once are
 *  given once. */
typedef struct mailproto_compose_field {
    mailproto_bytes name;                   /**< without the colon; at most 76 octets */
    uint32_t kind;                          /**< MAILPROTO_COMPOSE_TEXT ... */
    int32_t zone_minutes;                   /**< DATE: east of UTC, within +-1439 */
    mailproto_bytes text;                   /**< TEXT, IDS, RAW */
    const mailproto_address_out *addresses; /**< ADDRESSES */
    size_t count;                           /**< ADDRESSES: how many */
    int64_t utc; /**< DATE: seconds since 1970-01-01T00:00:00Z */
} mailproto_compose_field;

/** `parent` of the one part that is the message. */
#define MAILPROTO_COMPOSE_ROOT UINT32_MAX

/** Flags of a part. */
enum {
    /** `content` is the whole entity, header and blank line included, passed on as it
     *  is: a parsed part, something signed. Its lines end in CRLF; nothing is added to it,
     *  and nothing but `encoding` is told of it. As part 0 it is the end of the header and
     *  the body: what `fields`, Date and Message-ID ask for stands before it, and
     *  MIME-Version if there are `fields`. */
    MAILPROTO_COMPOSE_VERBATIM = 1
};

/** A part. Zero what is not used. Children stand behind their parent, in their order;
 *  only multiparts have some, and they have no content. */
typedef struct mailproto_compose_part {
    uint32_t parent;      /**< its number in the array, smaller than this part's own */
    uint32_t flags;       /**< MAILPROTO_COMPOSE_VERBATIM */
    uint32_t encoding;    /**< MAILPROTO_ENCODING_...; 0: chosen (by measure, or without
                                it quoted-printable for text and base64 for others).
                                message types, but message/global, have 7bit, 8bit or
                                binary only */
    uint32_t reserved;    /**< 0 */
    mailproto_bytes type; /**< "text/html", "multipart/mixed"; empty: text/plain */
    mailproto_bytes params; /**< further parameters as they are to be sent,
                                 `report-type=delivery-status` */
    mailproto_bytes
        charset; /**< of a text; empty: utf-8, or us-ascii when measured so. With one of
                      more than an octet a character (utf-16, utf-32, ucs-2 and their
                      likes, here or in `params`) the content is octets, in base64
                      unless asked otherwise: a LF in it ends no line */
    mailproto_bytes disposition; /**< "attachment", "inline"; empty: no such field, or
                                      "attachment" with a file name */
    mailproto_bytes file_name;   /**< UTF-8, at most 255 octets; written as RFC 2231
                                      where it must be */
    mailproto_bytes content_id;  /**< without brackets */
    const mailproto_compose_field *fields; /**< further fields of this part, or NULL */
    size_t field_count;                    /**< how many */
    const mailproto_source *content; /**< of a leaf; text and message types may end
                                          their lines in LF. NULL: empty */
} mailproto_compose_part;

/** Flags of mailproto_compose_options. */
enum {
    MAILPROTO_COMPOSE_8BIT = 1,   /**< the path takes 8BITMIME */
    MAILPROTO_COMPOSE_BINARY = 2, /**< the path takes BINARYMIME */
    MAILPROTO_COMPOSE_UTF8 = 4,   /**< the path takes SMTPUTF8: header fields may be raw
                                       UTF-8 where an address needs it */
    MAILPROTO_COMPOSE_BCC = 8     /**< Bcc fields are written; else left out */
};

/** A message. Zero is the default of every field; the caller sets `struct_size`. All
 *  that is pointed to stays valid and unchanged while the composer is used. */
typedef struct mailproto_compose_options {
    uint32_t struct_size;                  /**< sizeof of the caller's struct */
    uint32_t flags;                        /**< MAILPROTO_COMPOSE_8BIT ... */
    uint32_t cpu;                          /**< mailproto_cpu(), or 0 */
    int32_t zone_minutes;                  /**< of Date */
    const mailproto_compose_field *fields; /**< of the message, in their order */
    size_t field_count;                    /**< how many */
    const mailproto_compose_part *parts;   /**< part 0 is the message */
    size_t part_count;                     /**< how many, at least 1 */
    mailproto_bytes unique; /**< 16 random octets or more, 24 of which count: boundaries
                                    and Message-ID are made of them. Empty where neither
                                    is written */
    int64_t utc;            /**< for Date, if `fields` has none; INT64_MIN: no Date */
    mailproto_bytes id_domain; /**< for Message-ID, if `fields` has none; empty: none is
                                    added */
    uint32_t field_stride;   /**< sizeof of the caller's elements of `fields`, those of
                                  the parts too, which begin with a
                                  ::mailproto_compose_field; 0: they are such ones,
                                  without members that a later version adds */
    uint32_t part_stride;    /**< the same of `parts` */
    uint32_t address_stride; /**< the same of `addresses` */
    uint32_t reserved;       /**< 0 */
} mailproto_compose_options;

/* ---- the composer --------------------------------------------------------------------- */

/** A composer: one message, once or (after rewinding) again. */
typedef struct mailproto_compose mailproto_compose;

/** Bytes that suffice for a composer's block in every release of this major version. A
 *  larger block is used as well, up to 64 KB: half of what it has more is room for what
 *  contents give that are not in memory, so that they are asked less often. Without it
 *  they are asked for 160 octets at a time; 8 KB more suit files.
 *  @param parts options.part_count */
#define MAILPROTO_COMPOSE_MEM(parts) ((size_t)768 + 24U * (size_t)(parts))

/** How large the block must be at least; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_compose_mem_size(const mailproto_compose_options *options);

/**
 * Places a composer into `mem`, of any alignment; nothing to release. The description is
 * checked: names, addresses, ids, types, texts hold no CR, LF or NUL and are of their
 * grammar, so that no field can be injected; parents stand before their children.
 * @param mem     the block
 * @param size    its size
 * @param options the struct is copied, what it points to is not
 * @param out     the composer
 * @return OK; ::MAILPROTO_ERR_MEMORY; ::MAILPROTO_ERR_VERSION; ::MAILPROTO_ERR_ARGUMENT
 *         (mailproto_compose_fault() tells where); ::MAILPROTO_ERR_NOT_OFFERED (an
 *         address needs SMTPUTF8, an encoding 8BITMIME or BINARYMIME)
 */
MAILPROTO_API mailproto_status
mailproto_compose_init(void *mem, size_t size, const mailproto_compose_options *options,
                       mailproto_compose **out);

/** What was wrong with a description. */
typedef struct mailproto_compose_fault {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t part;        /**< the part, or ::MAILPROTO_COMPOSE_ROOT: `fields` */
    uint32_t field;       /**< number of the field, UINT32_MAX: none */
    uint32_t address;     /**< number of the address, UINT32_MAX: none */
    uint64_t offset;      /**< in the text at fault */
    const char *detail;   /**< static English text */
} mailproto_compose_fault;

/** Checks a description and tells the first fault (`fault` NULL: does not tell). @return
 *  OK (there is none); what mailproto_compose_init() would say */
MAILPROTO_API mailproto_status mailproto_compose_check(
    const mailproto_compose_options *options, mailproto_compose_fault *fault);

/** Flags of mailproto_compose_summary. */
enum {
    MAILPROTO_COMPOSE_NEEDS_8BIT = 1,   /**< BODY=8BITMIME */
    MAILPROTO_COMPOSE_NEEDS_BINARY = 2, /**< BODY=BINARYMIME */
    MAILPROTO_COMPOSE_NEEDS_UTF8 = 4    /**< SMTPUTF8 */
};

/** What is known of a message before it is sent. The caller sets `struct_size`. */
typedef struct mailproto_compose_summary {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t flags;       /**< MAILPROTO_COMPOSE_NEEDS_... */
    uint64_t
        size; /**< octets of the message, or ::MAILPROTO_SIZE_UNKNOWN when a source is
                        sequential */
} mailproto_compose_summary;

/**
 * Reads all contents that can be read twice and decides: the encoding of each part (the
 * shortest of what the path takes: 7bit, 8bit, quoted-printable, base64; lines over 998
 * octets, NUL and bare CR count), charsets, and that no boundary occurs in a part that is
 * sent as it is. binary only where it is asked for, or a message or VERBATIM part needs it
 * and the path takes it. Optional: without it encodings are those of the description.
 * @return OK; ::MAILPROTO_NOT_READY (a source: call again); ::MAILPROTO_ERR_STATE
 *         (reading has begun); ::MAILPROTO_ERR_ARGUMENT (content that the encoding asked
 *         for cannot carry); ::MAILPROTO_ERR_NOT_OFFERED (octets above 127 in a message or
 *         VERBATIM part, and no 8BITMIME); what a source said
 */
MAILPROTO_API mailproto_status
mailproto_compose_measure(mailproto_compose *c, mailproto_compose_summary *summary);

/** The composer as a source, for mailproto_pump_content(): `size` is what measure found.
 *  It lives as long as the composer. @return OK */
MAILPROTO_API mailproto_status mailproto_compose_source(mailproto_compose *c,
                                                        mailproto_source *source);

/**
 * The next octets of the message; `ctx` is the composer. Lines end in CRLF, are folded at
 * 78 and never over 998.
 * @return OK with `*got` > 0; ::MAILPROTO_EOF; ::MAILPROTO_NOT_READY (a source);
 *         ::MAILPROTO_ERR_ARGUMENT (content that its encoding cannot carry, or that holds
 *         a boundary: said before the line leaves; or that is no longer what measure
 *         saw); ::MAILPROTO_ERR_NOT_OFFERED (as measure has it); ::MAILPROTO_ERR_STATE
 *         (measure is not over); what a source said. Errors stick
 */
MAILPROTO_API mailproto_status mailproto_compose_read(void *ctx, void *buf, size_t cap,
                                                      size_t *got);

/** From the beginning again, with what measure decided.
 *  @return OK; ::MAILPROTO_ERR_STATE (a sequential source was read from) */
MAILPROTO_API mailproto_status mailproto_compose_rewind(mailproto_compose *c);

/* ---- replies and reports ---------------------------------------------------------------- */

/** Fields of an answer to a message (RFC 5322 3.6.4). */
typedef struct mailproto_reply {
    uint32_t struct_size;        /**< sizeof of the caller's struct */
    uint32_t reserved;           /**< 0 */
    mailproto_bytes in_reply_to; /**< for a field of kind IDS; empty: leave it out */
    mailproto_bytes references;  /**< for a field of kind IDS; empty: leave it out */
    mailproto_bytes subject;     /**< UTF-8, with one `Re: ` in front */
} mailproto_reply;

/**
 * What a reply to a message says in In-Reply-To, References and Subject. Of very long
 * References the first and the last ones are kept, of a Subject 998 octets; ids that could
 * not be sent are left out.
 * @param header the original's header
 * @param buf    the texts are put here
 * @param cap    its room; 2048 suffice for every header
 * @param out    filled; its spans point into `buf`
 * @return OK; ::MAILPROTO_ERR_TOO_LONG; ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_reply_make(mailproto_bytes header, void *buf,
                                                    size_t cap, mailproto_reply *out);

/** A recipient in a delivery status notification (RFC 3464 2.3). */
typedef struct mailproto_dsn_recipient {
    mailproto_bytes final;    /**< Final-Recipient: a mailbox; UTF-8 is written as utf-8
                                   address type (RFC 6533 3) */
    mailproto_bytes original; /**< ORCPT as received, `rfc822;...`, its xtext is decoded
                                   (RFC 3461 4); may be empty */
    mailproto_bytes action;   /**< "failed", "delayed", "delivered", "relayed",
                                   "expanded" */
    mailproto_bytes status;   /**< "5.1.1" */
    mailproto_bytes remote;   /**< Remote-MTA, a host name; may be empty */
    mailproto_bytes diagnostic; /**< Diagnostic-Code: the SMTP reply; may be empty */
    int64_t last_attempt;       /**< UTC; INT64_MIN: unknown */
    int64_t retry_until;        /**< Will-Retry-Until; INT64_MIN: none */
} mailproto_dsn_recipient;

/** A delivery status notification (RFC 3464 2.2). The caller sets `struct_size`. */
typedef struct mailproto_dsn {
    uint32_t struct_size;          /**< sizeof of the caller's struct */
    uint32_t recipient_stride;     /**< sizeof of the caller's recipient element */
    mailproto_bytes reporting;     /**< Reporting-MTA: this host's name */
    mailproto_bytes envelope_id;   /**< ENVID as received, its xtext is decoded; may be
                                        empty */
    mailproto_bytes received_from; /**< Received-From-MTA: a host name; may be empty */
    int64_t arrival;               /**< Arrival-Date, UTC; INT64_MIN: unknown */
    const mailproto_dsn_recipient *recipients; /**< the first element */
    size_t count;                              /**< how many, at least 1 */
} mailproto_dsn;

/** The state of a writer of message/delivery-status; nothing to release. */
typedef struct mailproto_dsn_writer {
    uint64_t opaque[8]; /**< the library's */
} mailproto_dsn_writer;

/**
 * The body of the message/delivery-status part (RFC 3464 2.1) as a source that can be
 * read from anywhere, of known size: `content` of a part of a multipart/report. It is
 * ASCII. What a peer sent is cleaned of what could end a line: blanks and controls in a
 * row become one space, other octets `?`.
 * @param w      the writer; stays valid
 * @param dsn    stays valid
 * @param source filled
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_dsn_source(mailproto_dsn_writer *w,
                                                    const mailproto_dsn *dsn,
                                                    mailproto_source *source);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_COMPOSE_H */
