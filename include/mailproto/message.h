/**
 * @file message.h
 * Messages (RFC 5322, RFC 2045 to 2049) read: a streaming parser that turns bytes into
 * events in fixed memory, and the part index made of them. Values of fields are in
 * field.h, transfer encodings in codec.h.
 *
 * Print the tree of a message in memory:
 *
 * @code
 * static mailproto_part parts[1000];
 * static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
 * mailproto_source source = {.struct_size = sizeof source, .data = data, .size = size};
 * mailproto_index ix = {.struct_size = sizeof ix, .capacity = 1000, .parts = parts};
 * mailproto_index_build(&ix, &source, NULL, work, sizeof work);
 * for (i = 0; i < ix.count; i++) {
 *     printf("part %u in %d: %llu octets\n", i, (int)parts[i].parent,
 *            (unsigned long long)parts[i].body_octets);
 * }
 * @endcode
 *
 * Decode every leaf while the message comes in, 4 KB at a time:
 *
 * @code
 * mailproto_message_init(mem, sizeof mem, NULL, &parser);
 * for (;;) {
 *     st = mailproto_message_next_event(parser, &ev);
 *     if (st == MAILPROTO_AGAIN) {
 *         n = fread(in, 1, sizeof in, stdin);
 *         n > 0 ? mailproto_message_feed(parser, in, n) : mailproto_message_feed_eof(parser);
 *     } else if (st != MAILPROTO_OK) {
 *         break;                                        // MAILPROTO_EOF
 *     } else if (ev.type == MAILPROTO_MESSAGE_HEADERS_END) {
 *         // ERR_ARGUMENT for MAILPROTO_ENCODING_UNKNOWN: octets as they are
 *         mailproto_decoder_init(&decoder, ev.encoding, 0);
 *     } else if (ev.type == MAILPROTO_MESSAGE_BODY) {
 *         decode(&decoder, ev.raw, 0);
 *     } else if (ev.type == MAILPROTO_MESSAGE_PART_END) {
 *         decode(&decoder, ev.raw, MAILPROTO_CODEC_FINAL);
 *     }
 * }
 * @endcode
 */
#ifndef MAILPROTO_MESSAGE_H
#define MAILPROTO_MESSAGE_H

#include <mailproto/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the parser ------------------------------------------------------------------ */

/** A parser of one message. */
typedef struct mailproto_message mailproto_message;

/** Which of several fields of the same name counts, where only one may stand (RFC 5322
 *  3.6; RFC 7103 7.5.1). Every one is told as an event, and the others as a defect. */
enum {
    MAILPROTO_REPEATED_FIRST = 0, /**< the first; the default */
    MAILPROTO_REPEATED_LAST = 1,  /**< the last */
    /** none: the field counts as absent and its part as opaque, unless all of them say
     *  the same */
    MAILPROTO_REPEATED_REJECT = 2
};

/** Flags of mailproto_message_options. */
enum {
    /** A line that begins with a boundary is a delimiter whatever follows (RFC 2046
     *  5.1.1 taken by the letter), without a defect. Else blanks must follow, or a blank
     *  and text, with ::MAILPROTO_DEFECT_BOUNDARY_TEXT; of boundaries that begin with one
     *  another the one that is all of the line counts, else the longest. */
    MAILPROTO_MESSAGE_PREFIX_BOUNDARIES = 1,
    /** message/rfc822 and its likes are leaves: they are not entered. */
    MAILPROTO_MESSAGE_KEEP_MESSAGES = 2,
    /** The input is a part and not a message: it may lack From and Date. */
    MAILPROTO_MESSAGE_IS_PART = 4
};

/** Options of a parser. Zero is the default of every field. The caller sets
 *  `struct_size`. */
typedef struct mailproto_message_options {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t flags;         /**< MAILPROTO_MESSAGE_... */
    uint32_t cpu;           /**< mailproto_cpu(), or 0: portable code */
    uint32_t hold_size;     /**< octets of a field that steers the parse (Content-Type,
                                 -Transfer-Encoding, -Disposition), and of what is held
                                 back between two pieces; default 4096, at least 1024. A
                                 longer one counts as absent, with a defect, and its
                                 octets still come */
    uint32_t boundary_size; /**< octets for all open boundaries; default 2048, at least
                                 256. One that does not fit, or is over 250 octets, makes
                                 its part an opaque leaf, with a defect */
    uint32_t max_depth;     /**< nested parts; default 100. Deeper: an opaque leaf */
    uint32_t max_parts;     /**< default 10000; then one overflow part, up to the end */
    uint32_t max_fields;    /**< of one part; default 10000; the rest of the header is
                                 passed over, with a defect */
    uint32_t max_params;    /**< parameters of Content-Type looked at; default 100 */
    uint32_t piece_size;    /**< the longest body piece, octets; default 65536, at least
                                 64 */
    uint32_t repeated;      /**< MAILPROTO_REPEATED_... */
    uint32_t reserved;      /**< 0 */
    uint64_t max_header;    /**< octets of one part's header; default 1048576; fields
                                 that begin behind are passed over, with a defect */
    uint64_t fields; /**< fields that come as events, MAILPROTO_FIELD_BIT() of each;
                                 default: all. Of others no more is looked at than octets
                                 and lines, which is faster: they are counted as ever, but
                                 no defect NO_COLON, FIELD_NAME or REPEATED is told of
                                 them, and no NO_FROM or NO_DATE if these were not asked
                                 for. Fields of ::MAILPROTO_FIELDS_OF_PART are always
                                 looked at, for they steer the parse, but they too come
                                 only if asked for; all other events are the same.
                                 mailproto_index_build() asks for those it needs,
                                 whatever stands here */
} mailproto_message_options;

/**
 * Bytes that suffice for a parser's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param hold     options.hold_size
 * @param boundary options.boundary_size
 * @param depth    options.max_depth
 */
#define MAILPROTO_MESSAGE_MEM(hold, boundary, depth)                                   \
    ((size_t)1024 + (size_t)(hold) + (size_t)(boundary) + 48U * (size_t)(depth))

/** Exactly how large the block must be; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_message_mem_size(const mailproto_message_options *options);

/**
 * Places a parser into `mem`, of any alignment; nothing to release.
 * @param mem     the block; the caller's, until the parser is used no more
 * @param size    its size
 * @param options copied; NULL: all defaults
 * @param out     the parser
 * @return OK; ::MAILPROTO_ERR_MEMORY (too small, nothing touched);
 *         ::MAILPROTO_ERR_ARGUMENT; ::MAILPROTO_ERR_VERSION
 */
MAILPROTO_API mailproto_status
mailproto_message_init(void *mem, size_t size, const mailproto_message_options *options,
                       mailproto_message **out);

/**
 * Lends a piece of the message until next_event says AGAIN: then all of it is consumed,
 * and what is unfinished was copied into the block.
 * @return OK; ::MAILPROTO_ERR_STATE (the piece before was not used up, or the end was
 *         said)
 */
MAILPROTO_API mailproto_status mailproto_message_feed(mailproto_message *parser,
                                                      const void *data, size_t len);

/** There is no more behind the last piece, which may still be being read. @return OK */
MAILPROTO_API mailproto_status mailproto_message_feed_eof(mailproto_message *parser);

/** Types of mailproto_message_event. They come as: PART_BEGIN (FIELD)* HEADERS_END, then
 *  for a leaf (BODY)*, for a multipart (PREAMBLE)* (a part)* (EPILOGUE)*, for an entered
 *  message a part, then PART_END. DEFECT anywhere. */
enum {
    /** A part begins; `part`: its number from 0 in the order of the message, which is
     *  part 0; `depth`: 0 for the message. `octets`, `crlf_octets` and `lines` of all
     *  that comes before it. */
    MAILPROTO_MESSAGE_PART_BEGIN = 1,
    /** A field: `name` without the colon, `value` behind it, folds, line ends and
     *  outer blanks as they are but for the last line end; `raw` all of it. `code`:
     *  MAILPROTO_FIELD_..., `offset` of `raw`. A field over `hold_size` that does not lie in
     *  one fed piece, an octet behind it included, comes in several events, all but the
     *  last with MORE: `name` in the first, then `value` and `raw` go on. Shorter ones come
     *  whole. A line that is no field: `name` is empty, `value` the line. */
    MAILPROTO_MESSAGE_FIELD = 2,
    /** The header is complete, `raw` is the blank line (empty: there was none). `name`
     *  and `value`: type and subtype as written, or the default (RFC 2045 5.2, RFC 2046
     *  5.1.5); `code`: MAILPROTO_MEDIA_...; `encoding`; flags DISPOSITION... and OPAQUE.
     *  `octets`, `crlf_octets` and `lines` of the header, blank line included. */
    MAILPROTO_MESSAGE_HEADERS_END = 3,
    /** Octets before the first delimiter of a multipart, in `raw`. */
    MAILPROTO_MESSAGE_PREAMBLE = 4,
    /** Octets of a leaf's body in `raw`, encoded as they are. The line end before a
     *  delimiter is not the body's (RFC 2046 5.1.1). */
    MAILPROTO_MESSAGE_BODY = 5,
    /** Octets behind the close delimiter of a multipart, in `raw`. */
    MAILPROTO_MESSAGE_EPILOGUE = 6,
    /** The part is complete. `offset`: behind it; `octets`: of its body; `crlf_octets`:
     *  the same with every line end as CRLF; `lines`: as IMAP counts them (RFC 9051
     *  7.5.2: CRLF in the encoded body, a last line without end counts not); flags
     *  NEWLINE... `raw` is empty. */
    MAILPROTO_MESSAGE_PART_END = 7,
    /** Something is not as it should be; it was read as RFC 7103 advises. `code`:
     *  MAILPROTO_DEFECT_..., `offset`: where; of what a header lacks, and of what its
     *  Content-Type and -Transfer-Encoding say, where it begins; of NOT_CLOSED and NO_PARTS
     *  where the multipart ends. Defects of values and encodings are not told here:
     *  mailproto_defects (field.h), mailproto_words_defects(), mailproto_codec_defects(). */
    MAILPROTO_MESSAGE_DEFECT = 8
};

/** Flags of mailproto_message_event. */
enum {
    MAILPROTO_MESSAGE_MORE = 1, /**< FIELD: it goes on in the next FIELD */
    /** HEADERS_END: a multipart or message is not entered (too deep, boundary missing or
     *  over its limit, a message that is encoded or kept, repeated fields rejected): its
     *  body comes as BODY. An encoding that a multipart states is not undone: it is
     *  entered, with a defect. */
    MAILPROTO_MESSAGE_OPAQUE = 2,
    MAILPROTO_MESSAGE_OVERFLOW =
        4, /**< PART_BEGIN: `max_parts`; holds all that is left */
    MAILPROTO_MESSAGE_ATTACHMENT =
        8,                         /**< HEADERS_END: Content-Disposition: attachment */
    MAILPROTO_MESSAGE_INLINE = 16, /**< HEADERS_END: Content-Disposition: inline */
    MAILPROTO_MESSAGE_NAMED = 32,  /**< HEADERS_END: it has a file name */
    MAILPROTO_MESSAGE_NEWLINE_CRLF = 64, /**< PART_END: some lines end in CRLF */
    MAILPROTO_MESSAGE_NEWLINE_LF = 128,  /**< PART_END: some end in LF alone */
    MAILPROTO_MESSAGE_BARE_CR = 256,     /**< PART_END: a CR stands alone */
    MAILPROTO_MESSAGE_NUL = 512,         /**< PART_END: the body holds NUL */
    MAILPROTO_MESSAGE_8BIT = 1024,       /**< PART_END: octets above 127 */
    MAILPROTO_MESSAGE_UNCLOSED = 2048    /**< PART_END: no close delimiter */
};

/** Media types that steer a reader; the rest by their top-level type. */
enum {
    MAILPROTO_MEDIA_OTHER = 0,       /**< none of the following */
    MAILPROTO_MEDIA_TEXT_PLAIN = 1,  /**< text/plain */
    MAILPROTO_MEDIA_TEXT_HTML = 2,   /**< text/html */
    MAILPROTO_MEDIA_TEXT = 3,        /**< another text type */
    MAILPROTO_MEDIA_IMAGE = 4,       /**< image */
    MAILPROTO_MEDIA_AUDIO = 5,       /**< audio */
    MAILPROTO_MEDIA_VIDEO = 6,       /**< video */
    MAILPROTO_MEDIA_APPLICATION = 7, /**< application */
    /** From here on: parts that may hold parts. */
    MAILPROTO_MEDIA_MULTIPART = 16,   /**< another multipart, treated as mixed */
    MAILPROTO_MEDIA_MIXED = 17,       /**< multipart/mixed */
    MAILPROTO_MEDIA_ALTERNATIVE = 18, /**< multipart/alternative */
    MAILPROTO_MEDIA_RELATED = 19,     /**< multipart/related */
    MAILPROTO_MEDIA_DIGEST = 20,      /**< multipart/digest */
    MAILPROTO_MEDIA_SIGNED = 21,      /**< multipart/signed */
    MAILPROTO_MEDIA_REPORT = 22,      /**< multipart/report */
    MAILPROTO_MEDIA_RFC822 = 32,      /**< message/rfc822 */
    MAILPROTO_MEDIA_GLOBAL = 33,      /**< message/global (RFC 6532) */
    MAILPROTO_MEDIA_NEWS = 34,        /**< message/news */
    /** From here on: messages that are leaves. */
    MAILPROTO_MEDIA_DELIVERY_STATUS = 48, /**< message/delivery-status, also global- */
    MAILPROTO_MEDIA_DISPOSITION_NOTIFICATION = 49, /**< also global- */
    MAILPROTO_MEDIA_FEEDBACK_REPORT = 50,          /**< message/feedback-report */
    MAILPROTO_MEDIA_MESSAGE = 63                   /**< another message type */
};

/** Fields that are known by number; mailproto_field_find(). */
enum {
    MAILPROTO_FIELD_OTHER = 0,                      /**< none of the following */
    MAILPROTO_FIELD_FROM = 1,                       /**< RFC 5322 3.6.2 */
    MAILPROTO_FIELD_SENDER = 2,                     /**< RFC 5322 3.6.2 */
    MAILPROTO_FIELD_REPLY_TO = 3,                   /**< RFC 5322 3.6.2 */
    MAILPROTO_FIELD_TO = 4,                         /**< RFC 5322 3.6.3 */
    MAILPROTO_FIELD_CC = 5,                         /**< RFC 5322 3.6.3 */
    MAILPROTO_FIELD_BCC = 6,                        /**< RFC 5322 3.6.3 */
    MAILPROTO_FIELD_DATE = 7,                       /**< RFC 5322 3.6.1 */
    MAILPROTO_FIELD_MESSAGE_ID = 8,                 /**< RFC 5322 3.6.4 */
    MAILPROTO_FIELD_IN_REPLY_TO = 9,                /**< RFC 5322 3.6.4 */
    MAILPROTO_FIELD_REFERENCES = 10,                /**< RFC 5322 3.6.4 */
    MAILPROTO_FIELD_SUBJECT = 11,                   /**< RFC 5322 3.6.5 */
    MAILPROTO_FIELD_COMMENTS = 12,                  /**< RFC 5322 3.6.5 */
    MAILPROTO_FIELD_KEYWORDS = 13,                  /**< RFC 5322 3.6.5 */
    MAILPROTO_FIELD_RECEIVED = 14,                  /**< RFC 5322 3.6.7, RFC 5321 4.4 */
    MAILPROTO_FIELD_RETURN_PATH = 15,               /**< RFC 5322 3.6.7 */
    MAILPROTO_FIELD_RESENT_FROM = 16,               /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_RESENT_SENDER = 17,             /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_RESENT_TO = 18,                 /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_RESENT_CC = 19,                 /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_RESENT_BCC = 20,                /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_RESENT_DATE = 21,               /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_RESENT_MESSAGE_ID = 22,         /**< RFC 5322 3.6.6 */
    MAILPROTO_FIELD_MIME_VERSION = 23,              /**< RFC 2045 4 */
    MAILPROTO_FIELD_CONTENT_TYPE = 24,              /**< RFC 2045 5 */
    MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING = 25, /**< RFC 2045 6 */
    MAILPROTO_FIELD_CONTENT_ID = 26,                /**< RFC 2045 7 */
    MAILPROTO_FIELD_CONTENT_DESCRIPTION = 27,       /**< RFC 2045 8 */
    MAILPROTO_FIELD_CONTENT_DISPOSITION = 28,       /**< RFC 2183 */
    MAILPROTO_FIELD_CONTENT_LANGUAGE = 29,          /**< RFC 3282 */
    MAILPROTO_FIELD_CONTENT_LOCATION = 30,          /**< RFC 2557 4 */
    MAILPROTO_FIELD_CONTENT_MD5 = 31,               /**< RFC 1864 */
    MAILPROTO_FIELD_AUTO_SUBMITTED = 32,            /**< RFC 3834 5 */
    MAILPROTO_FIELD_AUTHENTICATION_RESULTS = 33,    /**< RFC 8601 2.2 */
    MAILPROTO_FIELD_DKIM_SIGNATURE = 34,            /**< RFC 6376 3.5 */
    MAILPROTO_FIELD_LIST_ID = 35,                   /**< RFC 2919 3 */
    MAILPROTO_FIELD_LIST_HELP = 36,                 /**< RFC 2369 3 */
    MAILPROTO_FIELD_LIST_SUBSCRIBE = 37,            /**< RFC 2369 3 */
    MAILPROTO_FIELD_LIST_UNSUBSCRIBE = 38,          /**< RFC 2369 3 */
    MAILPROTO_FIELD_LIST_POST = 39,                 /**< RFC 2369 3 */
    MAILPROTO_FIELD_LIST_OWNER = 40,                /**< RFC 2369 3 */
    MAILPROTO_FIELD_LIST_ARCHIVE = 41,              /**< RFC 2369 3 */
    MAILPROTO_FIELD_LIST_UNSUBSCRIBE_POST = 42,     /**< RFC 8058 3.1 */
    MAILPROTO_FIELD_DISPOSITION_NOTIFICATION_TO = 43, /**< RFC 8098 2.1 */
    MAILPROTO_FIELD_DELIVERED_TO = 44                 /**< RFC 9228 */
};

/** The bit of a field in `fields` of mailproto_message_options; that of
 *  ::MAILPROTO_FIELD_OTHER stands for all fields without a number, and for lines that are
 *  no field. */
#define MAILPROTO_FIELD_BIT(field) (UINT64_C(1) << (field))
/** The bits of the fields that describe a part: MIME-Version and those of RFC 2045 and
 *  others that begin with Content-; what a part index needs. */
#define MAILPROTO_FIELDS_OF_PART                                                       \
    (MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_CONTENT_MD5 + 1) -                            \
     MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_MIME_VERSION))
/** A bit that no field has: no field comes. */
#define MAILPROTO_FIELDS_NONE MAILPROTO_FIELD_BIT(63)

/** The number of a field's name, in any case. @return MAILPROTO_FIELD_... */
MAILPROTO_API uint32_t mailproto_field_find(mailproto_bytes name);

/** The name of a field, "Content-Type"; "" for OTHER and for what is none. */
MAILPROTO_API const char *mailproto_field_name(uint32_t field);

/** Classes of defects: how much they matter. */
enum {
    MAILPROTO_DEFECT_NOTE = 1,    /**< harmless */
    MAILPROTO_DEFECT_DAMAGE = 2,  /**< something may be shown or stored otherwise than
                                       meant */
    MAILPROTO_DEFECT_SECURITY = 3 /**< another reader may see another message */
};

/** Defects. Numbers never change. */
enum {
    MAILPROTO_DEFECT_NO_COLON = 1,      /**< a line in a header that is no field: it has
                                               no colon, nothing before it, or more than
                                               a word (`X Date: a`) */
    MAILPROTO_DEFECT_FIELD_NAME = 2,    /**< an octet no name may hold, or a blank
                                               before the colon (RFC 5322 4.5) */
    MAILPROTO_DEFECT_FIRST_FOLD = 3,    /**< the header begins with a folded line */
    MAILPROTO_DEFECT_FROM_LINE = 4,     /**< `From ` or `>From ` of an mbox on top */
    MAILPROTO_DEFECT_NO_BLANK_LINE = 5, /**< the header ends without one; also: a part
                                               of a multipart has none, for it begins
                                               with two lines that are no fields, or
                                               with one and ends: they are its body */
    MAILPROTO_DEFECT_FIELD_LONG = 6,    /**< a steering field over `hold_size` */
    MAILPROTO_DEFECT_HEADER_LONG = 7,   /**< over `max_header` or `max_fields` */
    MAILPROTO_DEFECT_LINE_LONG = 8,     /**< a line of a header over 998 octets (RFC
                                               5322 2.1.1); once a part */
    MAILPROTO_DEFECT_BARE_CR = 9,       /**< in a field */
    MAILPROTO_DEFECT_NUL = 10,          /**< in a field */
    MAILPROTO_DEFECT_MIXED_ENDS = 11,   /**< LF and CRLF in one header */
    MAILPROTO_DEFECT_REPEATED = 12,     /**< a field that may stand once stands again */
    MAILPROTO_DEFECT_REPEATED_TYPE = 13, /**< the same of Content-Type,
                                               -Transfer-Encoding, -Disposition, and they
                                               differ */
    MAILPROTO_DEFECT_NO_FROM = 14,       /**< RFC 5322 3.6 */
    MAILPROTO_DEFECT_NO_DATE = 15,       /**< RFC 5322 3.6 */
    MAILPROTO_DEFECT_TYPE_SYNTAX = 16, /**< Content-Type that cannot be read: text/plain
                                               (RFC 2045 5.2); or something other than
                                               a `;` stands behind type/subtype */
    MAILPROTO_DEFECT_ENCODING = 17,    /**< an unknown Content-Transfer-Encoding; or one
                                               with a `;` behind it, which counts */
    MAILPROTO_DEFECT_ENCODED_PARTS = 18, /**< an encoding on a multipart or message that
                                               allows none (RFC 2045 6.4) */
    MAILPROTO_DEFECT_NO_BOUNDARY = 19, /**< a multipart without a boundary parameter */
    MAILPROTO_DEFECT_BOUNDARY = 20,    /**< a boundary of forbidden octets, over 70 (RFC
                                               2046 5.1.1), given twice: the first; or as
                                               RFC 2231 allows (`boundary*`, up to 16
                                               `boundary*0` and so on, in any order),
                                               which many readers do not know: one in the
                                               plain form counts before it; or without
                                               the `;` before it, with a quote that is
                                               not closed, or with text behind it */
    MAILPROTO_DEFECT_BOUNDARY_LIMIT = 21, /**< it is over 250, or does not fit
                                               `boundary_size` */
    MAILPROTO_DEFECT_BOUNDARY_TEXT = 22,  /**< text behind a boundary on its line: after
                                               a blank the line is a delimiter, else
                                               body; once a part */
    MAILPROTO_DEFECT_BOUNDARY_TWICE = 23, /**< the same as an enclosing part's */
    MAILPROTO_DEFECT_NOT_CLOSED = 24,     /**< a multipart ends without its close
                                               delimiter */
    MAILPROTO_DEFECT_NO_PARTS = 25,       /**< a boundary that was never seen */
    MAILPROTO_DEFECT_CLOSED_FIRST = 26,   /**< a close delimiter before any part */
    MAILPROTO_DEFECT_AFTER_CLOSE = 27,    /**< delimiter lines behind the close
                                               delimiter; once a multipart */
    MAILPROTO_DEFECT_DEPTH = 28,          /**< over `max_depth` */
    MAILPROTO_DEFECT_PARTS = 29,          /**< over `max_parts` */
    MAILPROTO_DEFECT_PARAMS = 30,         /**< over `max_params` */
    MAILPROTO_DEFECT_NO_VERSION = 31,     /**< MIME fields without MIME-Version */
    MAILPROTO_DEFECT_8BIT = 32            /**< octets above 127 that are no UTF-8 in a
                                               header; once a part */
};

/** The class of a defect, MAILPROTO_DEFECT_NOTE, _DAMAGE or _SECURITY; 0: no defect. For
 *  the parser's defects only: those of values have numbers of their own, from 1 on too,
 *  and mailproto_value_defect_class(). */
MAILPROTO_API uint32_t mailproto_defect_class(uint32_t code);
/** The name of a defect, "MAILPROTO_DEFECT_NUL"; "" for what is none. */
MAILPROTO_API const char *mailproto_defect_name(uint32_t code);

/** What a parser has to say. Spans live until the next call on the parser; fed the whole
 *  message, and its end before the first event, they all point into it (but for type and
 *  subtype of a part that states none). */
typedef struct mailproto_message_event {
    uint32_t type;         /**< MAILPROTO_MESSAGE_PART_BEGIN ... */
    uint32_t flags;        /**< MAILPROTO_MESSAGE_MORE ... */
    uint32_t code;         /**< see the type */
    uint32_t encoding;     /**< HEADERS_END: MAILPROTO_ENCODING_... */
    uint32_t depth;        /**< of the part */
    uint32_t part;         /**< number of the part */
    uint64_t offset;       /**< of `raw` in the message; else see the type */
    mailproto_bytes raw;   /**< the octets as they came */
    mailproto_bytes name;  /**< see the type */
    mailproto_bytes value; /**< see the type */
    uint64_t octets;       /**< see the type */
    uint64_t crlf_octets;  /**< see the type */
    uint64_t lines;        /**< see the type */
} mailproto_message_event;

/**
 * The next event.
 * @return OK; ::MAILPROTO_AGAIN: feed; ::MAILPROTO_EOF: the message is over (after
 *         feed_eof). Never an error: every byte sequence is a message
 */
MAILPROTO_API mailproto_status
mailproto_message_next_event(mailproto_message *parser, mailproto_message_event *ev);

/* ---- the part index ---------------------------------------------------------------- */

/** "No part". */
#define MAILPROTO_PART_NONE UINT32_MAX

/** Flags of mailproto_part, beside those of HEADERS_END and PART_END. */
enum {
    /** The array was full, the entry is opaque. Without a header (`header_crlf` 0): it
     *  stands for all parts of its parent from it on. With one: the parts that it holds
     *  are not in the index. The last entry is such a one, and where its parent ended
     *  before the message did, another one stands before it. */
    MAILPROTO_PART_OVERFLOW = MAILPROTO_MESSAGE_OVERFLOW
};

/** Fields of a part whose place the index keeps. */
enum {
    MAILPROTO_PART_TYPE = 0,        /**< Content-Type */
    MAILPROTO_PART_ENCODING = 1,    /**< Content-Transfer-Encoding */
    MAILPROTO_PART_ID = 2,          /**< Content-ID */
    MAILPROTO_PART_DESCRIPTION = 3, /**< Content-Description */
    MAILPROTO_PART_DISPOSITION = 4, /**< Content-Disposition */
    MAILPROTO_PART_LANGUAGE = 5,    /**< Content-Language */
    MAILPROTO_PART_LOCATION = 6,    /**< Content-Location */
    MAILPROTO_PART_MD5 = 7,         /**< Content-MD5 */
    MAILPROTO_PART_FIELDS = 8       /**< how many */
};

/**
 * A part: 120 octets in every release of this major version, without pointers, so that
 * an array of them may be stored. Offsets count from the message's first octet.
 */
typedef struct mailproto_part {
    uint32_t parent;        /**< its number, or ::MAILPROTO_PART_NONE */
    uint32_t first_child;   /**< number, or NONE */
    uint32_t next_sibling;  /**< number, or NONE */
    uint32_t children;      /**< how many */
    uint64_t header_offset; /**< where its header begins */
    uint64_t body_offset;   /**< where its body begins: behind the blank line */
    uint64_t body_octets;   /**< of its body as stored */
    uint64_t body_crlf;     /**< the same with every line end as CRLF (IMAP's octets) */
    uint64_t header_crlf;   /**< octets of the header with CRLF, blank line included */
    uint64_t lines;         /**< lines of its body, as IMAP counts them */
    /** Of the decoded body, once mailproto_imap_section_size() has decoded it for BINARY;
     *  UINT64_MAX: not known. The index decodes nothing: sum up mailproto_body_read(). */
    uint64_t decoded_octets;
    uint32_t flags;    /**< MAILPROTO_MESSAGE_OPAQUE and its likes; bits 30 and 31
                            are the library's (imap_fetch.h) */
    uint16_t encoding; /**< MAILPROTO_ENCODING_... */
    uint16_t media;    /**< MAILPROTO_MEDIA_... */
    /** Where a field begins, from `header_offset`, plus 1; 0: there is none. */
    uint32_t fields[MAILPROTO_PART_FIELDS];
    uint32_t reserved[2]; /**< 0 */
} mailproto_part;

/** An index in the caller's memory: zero it, then set `struct_size`, `capacity` and
 *  `parts`. */
typedef struct mailproto_index {
    uint32_t struct_size;  /**< sizeof(mailproto_index) */
    uint32_t count;        /**< out: entries in use */
    uint32_t capacity;     /**< entries of `parts`, at least 1 */
    uint32_t needed;       /**< out: parts of the message; more than `count` when the
                                array was full */
    mailproto_part *parts; /**< the array; entry 0 is the message */
    uint32_t open;         /**< the library's */
    uint32_t repeated;     /**< MAILPROTO_REPEATED_..., as the parser's option: for who
                                calls mailproto_index_add() himself */
    uint32_t before;       /**< the library's */
    uint32_t reserved;     /**< 0 */
} mailproto_index;

/**
 * Parses a whole message into an index. When the array is full, its last entry becomes
 * an overflow part (::MAILPROTO_PART_OVERFLOW) and `needed` goes on counting; every part
 * then lies in an entry.
 * @param ix      zeroed but for `struct_size`, `capacity` and `parts`
 * @param source  in memory (no copy), by offset, or sequential
 * @param options of the parser; NULL: all defaults
 * @param work    for the parser and, when the source is not in memory, what it reads:
 *                ::MAILPROTO_MESSAGE_MEM and 4096 or more
 * @param size    its size
 * @return OK; ::MAILPROTO_NOT_READY (the source has nothing yet: call again with the same
 *         arguments, `ix` and `work` untouched); ::MAILPROTO_ERR_MEMORY;
 *         ::MAILPROTO_ERR_ARGUMENT (`ix` without `struct_size`, `capacity` or `parts`, or
 *         used before and not zeroed; options; no `work`); what the source said
 */
MAILPROTO_API mailproto_status mailproto_index_build(
    mailproto_index *ix, const mailproto_source *source,
    const mailproto_message_options *options, void *work, size_t size);

/** Shows the index an event: whoever runs the parser himself builds it so. All events in
 *  order, from the first on; of fields those of ::MAILPROTO_FIELDS_OF_PART
 *  suffice. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_index_add(mailproto_index *ix,
                                                   const mailproto_message_event *ev);

/**
 * A part by IMAP's section number (RFC 9051 6.4.5.1): {1, 2} is "1.2". An empty path is
 * the message; a message/rfc822 part's numbers go on with its inner message's parts; "1"
 * of a message that is no multipart is its body: the message itself.
 * @param ix   the index
 * @param path the numbers, from 1 on
 * @param n    how many
 * @param part its number in the index
 * @return OK, ::MAILPROTO_EOF: there is none
 */
MAILPROTO_API mailproto_status mailproto_index_find(const mailproto_index *ix,
                                                    const uint32_t *path, size_t n,
                                                    uint32_t *part);

/** The section number of a part: the reverse. It takes time for each sibling before the
 *  part and its parents: who numbers all parts of a message counts them himself, from
 *  `first_child` along `next_sibling`. @return OK; ::MAILPROTO_ERR_TOO_LONG
 *  (`cap` numbers do not suffice); ::MAILPROTO_ERR_ARGUMENT (no such part) */
MAILPROTO_API mailproto_status mailproto_index_path(const mailproto_index *ix,
                                                    uint32_t part, uint32_t *path,
                                                    size_t cap, size_t *n);

/** The octets that the signature of a multipart/signed covers: its first child, header
 *  included, without the line end before the delimiter (RFC 1847 2.1). As they are
 *  stored: convert line ends to CRLF where they are not.
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT (no multipart/signed, or it is empty) */
MAILPROTO_API mailproto_status mailproto_index_signed(const mailproto_index *ix,
                                                      uint32_t part, uint64_t *offset,
                                                      uint64_t *octets);

/** Lists of RFC 8621 4.1.4. */
enum {
    MAILPROTO_VIEW_TEXT = 0,       /**< textBody: shown by a reader of plain text */
    MAILPROTO_VIEW_HTML = 1,       /**< htmlBody: shown by a reader of HTML */
    MAILPROTO_VIEW_ATTACHMENTS = 2 /**< attachments: offered for saving */
};

/**
 * The parts that a reader shows or offers, in order (RFC 8621 4.1.4), however deep they
 * lie. What the parser did not enter, and overflow entries, are attachments.
 * @param ix    the index
 * @param view  MAILPROTO_VIEW_...
 * @param parts their numbers
 * @param cap   room in `parts`
 * @param count how many there are, also when they do not fit
 * @return OK; ::MAILPROTO_ERR_TOO_LONG; ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_index_view(const mailproto_index *ix,
                                                    uint32_t view, uint32_t *parts,
                                                    size_t cap, size_t *count);

/* ---- the fields of a part, read again ------------------------------------------------ */

/** A field. */
typedef struct mailproto_field {
    mailproto_bytes raw;   /**< all of it, with its last line end */
    mailproto_bytes name;  /**< without the colon */
    mailproto_bytes value; /**< behind the colon, without the last line end */
    uint64_t offset;       /**< of `raw` in the message */
    uint32_t id;           /**< MAILPROTO_FIELD_... */
    uint32_t flags; /**< ::MAILPROTO_MESSAGE_MORE: it was cut, `work` is too small */
} mailproto_field;

/** Walks the fields of a header; nothing to release. */
typedef struct mailproto_fields {
    uint64_t opaque[12]; /**< the library's */
} mailproto_fields;

/** Begins with the first field of a header in memory, blank line and what follows
 *  included or not. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_fields_open(mailproto_fields *f,
                                                     mailproto_bytes header);

/**
 * Begins with the first field of a part.
 * @param f      the walker
 * @param source of the message: in memory or by offset; stays valid
 * @param offset where to begin: a part's `header_offset`, or that plus an entry of
 *               `fields` less 1
 * @param end    the part's `body_offset`
 * @param work   for a source that is not in memory: one field must fit, longer ones are
 *               cut; stays valid
 * @param size   its size, at least 1024 when it is needed
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_fields_open_at(mailproto_fields *f,
                                                        const mailproto_source *source,
                                                        uint64_t offset, uint64_t end,
                                                        void *work, size_t size);

/** The next field; its spans live until the next call. @return OK; ::MAILPROTO_EOF;
 *  ::MAILPROTO_NOT_READY; what the source said */
MAILPROTO_API mailproto_status mailproto_fields_next(mailproto_fields *f,
                                                     mailproto_field *field);

/* ---- a part's body, decoded ----------------------------------------------------------- */

/** Reads the body of a part, transfer encoding undone: encoded message/rfc822 parts go
 *  through it into a second parser. Nothing to release. */
typedef struct mailproto_body {
    uint64_t opaque[24]; /**< the library's */
} mailproto_body;

/**
 * Begins.
 * @param b      the reader
 * @param source of the message: in memory or by offset; stays valid
 * @param part   a copy is taken
 * @param flags  flags of mailproto_decoder_init()
 * @param work   for a source that is not in memory, 512 octets or more; stays valid
 * @param size   its size
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_body_open(mailproto_body *b,
                                                   const mailproto_source *source,
                                                   const mailproto_part *part,
                                                   uint32_t flags, void *work,
                                                   size_t size);

/** The next octets: `ctx` is the mailproto_body, so that it may stand in a
 *  mailproto_source as `read`. @return OK with `*got` > 0; ::MAILPROTO_EOF;
 *  ::MAILPROTO_NOT_READY; what the source said */
MAILPROTO_API mailproto_status mailproto_body_read(void *ctx, void *buf, size_t cap,
                                                   size_t *got);

/* ---- a part's text, as UTF-8 ---------------------------------------------------------- */

/** Reads the text of a part as UTF-8: transfer encoding and charset undone, on request
 *  format=flowed too. Nothing to release; it stays where it was opened.
 *
 * @code
 * mailproto_part_text text;
 * mailproto_part_text_open(&text, &source, &ix.parts[n], 0, NULL, work, sizeof work);
 * while ((st = mailproto_part_text_read(&text, out, sizeof out, &got)) == MAILPROTO_OK) {
 *     fwrite(out, 1, got, stdout);
 * }
 * @endcode
 */
typedef struct mailproto_part_text {
    uint64_t opaque[160]; /**< the library's */
} mailproto_part_text;

/** A flag of mailproto_part_text_open(). */
enum {
    /** Text that is format=flowed (RFC 3676) comes with a line for each paragraph; else
     *  it comes as it is. */
    MAILPROTO_PART_TEXT_FLOWED = 1
};

/** Flags of mailproto_part_text_info. */
enum {
    MAILPROTO_PART_TEXT_IS_FLOWED = 1,  /**< Content-Type says format=flowed */
    MAILPROTO_PART_TEXT_IS_DELSP = 2,   /**< ... and delsp=yes */
    MAILPROTO_PART_TEXT_NO_CHARSET = 4, /**< it names no charset: read as UTF-8, which
                                             us-ascii (RFC 2045 5.2) is too */
    MAILPROTO_PART_TEXT_UNKNOWN_CHARSET = 8 /**< one that is neither built in nor known
                                                 to the converter: read as UTF-8 */
};

/** What is known of a text. The caller sets `struct_size`. */
typedef struct mailproto_part_text_info {
    uint32_t struct_size;    /**< sizeof of the caller's struct */
    uint32_t flags;          /**< MAILPROTO_PART_TEXT_IS_FLOWED ... */
    mailproto_bytes charset; /**< as Content-Type names it, in the reader; empty: not at
                                  all */
} mailproto_part_text_info;

/**
 * Begins; the source is not read yet.
 * @param t         the reader
 * @param source    of the message: in memory or by offset; stays valid
 * @param part      from the index; a copy is taken
 * @param flags     ::MAILPROTO_PART_TEXT_FLOWED, mailproto_cpu()
 * @param converter for charsets that are not built in, or NULL; stays valid
 * @param work      for a source that is not in memory, 1024 octets or more; stays valid
 * @param size      its size
 * @return OK; ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_part_text_open(
    mailproto_part_text *t, const mailproto_source *source, const mailproto_part *part,
    uint32_t flags, const mailproto_charset_converter *converter, void *work,
    size_t size);

/** What Content-Type says of the text: may be asked before the first read.
 *  @return OK; ::MAILPROTO_NOT_READY (the source: call again); what the source or the
 *  converter said; ::MAILPROTO_ERR_ARGUMENT (it is not open) */
MAILPROTO_API mailproto_status
mailproto_part_text_describe(mailproto_part_text *t, mailproto_part_text_info *info);

/** The next octets, well-formed UTF-8 when joined (with the built-in charsets; a converter
 *  is taken at its word), U+FFFD for what is ill-formed; line ends as they are: `ctx` is
 *  the mailproto_part_text, so that it may stand in a mailproto_source as `read`.
 *  @return OK with `*got` > 0; ::MAILPROTO_EOF; ::MAILPROTO_NOT_READY; what the source or
 *  the converter said; ::MAILPROTO_ERR_ARGUMENT (also: it is not open, or the converter
 *  neither takes nor gives anything) */
MAILPROTO_API mailproto_status mailproto_part_text_read(void *ctx, void *buf,
                                                        size_t cap, size_t *got);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_MESSAGE_H */
