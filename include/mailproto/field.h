/**
 * @file field.h
 * Values of header fields read and written: addresses, dates, message-ids, text,
 * parameters, Received, the List- fields, Authentication-Results, and the reports of
 * RFC 3464, RFC 8098 and RFC 5965.
 *
 * A value is parsed on request from the octets of the message, folds and comments
 * included. Nothing is copied before it is asked for: spans point into what was parsed.
 *
 * @code
 * mailproto_value v;
 * mailproto_address a = {.struct_size = sizeof a};
 * mailproto_value_open(&v, field.value, MAILPROTO_VALUE_FINAL, NULL);
 * while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
 *     if (a.type == MAILPROTO_ADDRESS_MAILBOX) {
 *         mailproto_address_spec(&a, spec, sizeof spec, &spec_len);
 *         mailproto_address_display(&a, 0, NULL, name, sizeof name, &name_len);
 *     }
 * }
 * @endcode
 *
 * Real mail is full of values that no RFC allows. They are read as RFC 7103 advises, and
 * each anomaly is counted in a mailproto_defects when the caller gives one. With
 * ::MAILPROTO_VALUE_STRICT what neither the grammar nor its obs- forms allow (RFC 5322 4)
 * is ::MAILPROTO_ERR_SYNTAX instead. Names and keywords compare by i;ascii-casemap.
 *
 * Functions that write into a buffer do not terminate it. Where nothing else is said they
 * return ::MAILPROTO_ERR_TOO_LONG when it is too small and set the length to what is
 * needed.
 */
#ifndef MAILPROTO_FIELD_H
#define MAILPROTO_FIELD_H

#include <mailproto/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- defects of values ----------------------------------------------------------- */

/** Defects of values. Numbers never change and stay below 64. Those marked (obs) are in
 *  the RFC's grammar for readers and pass ::MAILPROTO_VALUE_STRICT. */
enum {
    MAILPROTO_VALUE_DEFECT_CONTROL = 1,       /**< a control octet; a CR or NUL alone; a
                                                     line end that is no fold */
    MAILPROTO_VALUE_DEFECT_COMMENT_OPEN = 2,  /**< a comment is not closed */
    MAILPROTO_VALUE_DEFECT_QUOTE_OPEN = 3,    /**< a quoted string is not closed */
    MAILPROTO_VALUE_DEFECT_LITERAL_OPEN = 4,  /**< a domain literal is not closed */
    MAILPROTO_VALUE_DEFECT_ANGLE_OPEN = 5,    /**< `<` without `>` */
    MAILPROTO_VALUE_DEFECT_OBSOLETE = 6,      /**< (obs) a form of RFC 5322 4 */
    MAILPROTO_VALUE_DEFECT_EMPTY_ELEMENT = 7, /**< (obs) nothing between separators */
    MAILPROTO_VALUE_DEFECT_SEPARATOR = 8,     /**< `;` in place of a comma */
    MAILPROTO_VALUE_DEFECT_NO_SEPARATOR = 9,  /**< none where one belongs */
    MAILPROTO_VALUE_DEFECT_NAME_SPECIAL = 10, /**< a special in a phrase, not quoted */
    MAILPROTO_VALUE_DEFECT_NAME_AT = 11, /**< `@` in a display name, not quoted: another
                                              reader may take it for the address */
    MAILPROTO_VALUE_DEFECT_NO_DOMAIN = 12,    /**< a local part without a domain */
    MAILPROTO_VALUE_DEFECT_DOTS = 13,         /**< a dot first, last or doubled */
    MAILPROTO_VALUE_DEFECT_NO_ADDRESS = 14,   /**< text that is no address, or that
                                                   could be read as two: none is given */
    MAILPROTO_VALUE_DEFECT_EMPTY_ANGLE = 15,  /**< `<>`, allowed in Return-Path only */
    MAILPROTO_VALUE_DEFECT_GROUP_OPEN = 16,   /**< a group without `;` */
    MAILPROTO_VALUE_DEFECT_GROUP_NESTED = 17, /**< a group in a group */
    MAILPROTO_VALUE_DEFECT_UTF8 = 18,         /**< octets above 127 that are no UTF-8 */
    MAILPROTO_VALUE_DEFECT_TRAILING = 19,     /**< something behind the value's end */
    MAILPROTO_VALUE_DEFECT_ENCODED_WORD =
        20,                                 /**< an encoded word where RFC 2047 5 allows
                                                   none, or with specials inside */
    MAILPROTO_VALUE_DEFECT_EMPTY = 21,      /**< nothing where a value belongs */
    MAILPROTO_VALUE_DEFECT_DAY_NAME = 22,   /**< unknown, or not that date's */
    MAILPROTO_VALUE_DEFECT_DATE_ORDER = 23, /**< parts in another order than RFC 5322
                                                   3.3, or another form of them */
    MAILPROTO_VALUE_DEFECT_DATE_RANGE = 24, /**< a number out of range: the date counts
                                                 as it would go on (Feb 30 is Mar 1 or 2) */
    MAILPROTO_VALUE_DEFECT_NO_TIME = 25,    /**< no time of day: 00:00:00 */
    MAILPROTO_VALUE_DEFECT_ZONE = 26, /**< missing, unknown or out of range: +0000 */
    MAILPROTO_VALUE_DEFECT_DATE = 27, /**< no date can be read */
    MAILPROTO_VALUE_DEFECT_ID_BRACKETS = 28, /**< a message-id without `<` and `>` */
    MAILPROTO_VALUE_DEFECT_ID = 29,          /**< not local `@` domain; blanks inside */
    MAILPROTO_VALUE_DEFECT_TYPE = 30,        /**< a type that is not `type/subtype`, or
                                                  no token at all */
    MAILPROTO_VALUE_DEFECT_PARAMETER = 31,   /**< no name, no `=` or no value */
    MAILPROTO_VALUE_DEFECT_PARAMETER_TWICE = 32, /**< given again: the first counts */
    MAILPROTO_VALUE_DEFECT_PARAMETER_BOTH =
        33, /**< as name and name*: name* counts (RFC
                                                      2231 3 says nothing; RFC 6266 4.3) */
    MAILPROTO_VALUE_DEFECT_PARAMETER_QUOTES =
        34, /**< specials or blanks that want quotes */
    MAILPROTO_VALUE_DEFECT_PARAMETER_8BIT = 35, /**< (obs) octets above 127 in a value:
                                                       RFC 6532 3.2 allows UTF-8 in quotes */
    MAILPROTO_VALUE_DEFECT_PARAMETER_GAP = 36,  /**< a section is missing (RFC 2231 3):
                                                       what follows it is left out */
    MAILPROTO_VALUE_DEFECT_PARAMETER_SECTION =
        37, /**< a section number that is none, over
                                                        999, or begins with a zero */
    MAILPROTO_VALUE_DEFECT_PARAMETER_CHARSET =
        38, /**< name* without charset'language', a
                                                        charset that is not known (UTF-7
                                                        counts as that: codec.h), or
                                                        octets that it does not have:
                                                        U+FFFD stands for them */
    MAILPROTO_VALUE_DEFECT_PARAMETER_PERCENT = 39, /**< `%` without two digits */
    MAILPROTO_VALUE_DEFECT_PARAMETER_LIMIT = 40, /**< over ::MAILPROTO_PARAMETERS_MAX */
    MAILPROTO_VALUE_DEFECT_KEYWORD = 41, /**< not one of the words that the RFC knows */
    MAILPROTO_VALUE_DEFECT_VERSION = 42, /**< a version that is not 1 */
    MAILPROTO_VALUE_DEFECT_CLAUSE = 43, /**< Received: text outside any clause, a clause
                                              again, or without a value */
    MAILPROTO_VALUE_DEFECT_NO_DATE = 44, /**< Received: no `;` and date */
    MAILPROTO_VALUE_DEFECT_URL = 45,     /**< a URL without brackets, or none in them */
    MAILPROTO_VALUE_DEFECT_FIELD = 46,   /**< a line of a report that is no field */
    MAILPROTO_VALUE_DEFECT_ESCAPE =
        47 /**< xtext or \\x{} that is none: left as it is */
};

/** A defect of a value. */
typedef struct mailproto_value_defect {
    uint32_t code;     /**< MAILPROTO_VALUE_DEFECT_... */
    uint32_t reserved; /**< 0 */
    uint64_t offset;   /**< in the value, from its first octet; in the message: add
                            `offset + (value.ptr - raw.ptr)` of the field */
} mailproto_value_defect;

/** Where defects are counted: zero it, then set the first three fields. One may serve
 *  several values. */
typedef struct mailproto_defects {
    uint32_t struct_size;          /**< sizeof(mailproto_defects) */
    uint32_t capacity;             /**< entries of `items`; may be 0 */
    mailproto_value_defect *items; /**< the first `capacity` of them, in order */
    uint64_t seen;                 /**< out: bit n is set when code n was seen */
    mailproto_value_defect first;  /**< out: the first one; code 0: there was none */
    uint32_t count;                /**< out: how many, also when they do not fit */
    uint32_t reserved;             /**< 0 */
} mailproto_defects;

/** The class of a defect, MAILPROTO_DEFECT_NOTE, _DAMAGE or _SECURITY; 0: no defect. For
 *  defects of values only: the parser's have numbers of their own, from 1 on too, and
 *  mailproto_defect_class(). */
MAILPROTO_API uint32_t mailproto_value_defect_class(uint32_t code);
/** The name of a defect, "MAILPROTO_VALUE_DEFECT_DOTS"; "" for what is none. */
MAILPROTO_API const char *mailproto_value_defect_name(uint32_t code);

/* ---- the cursor ---------------------------------------------------------------------- */

/** Flags of mailproto_value_open() and of the functions that read a whole value. */
enum {
    /** The piece is the last one of the value, or all of it. Without it a list stops
     *  with AGAIN before the element that may go on. */
    MAILPROTO_VALUE_FINAL = 1,
    /** What the RFC does not allow, obs- forms included, is ::MAILPROTO_ERR_SYNTAX. */
    MAILPROTO_VALUE_STRICT = 2,
    /** `<>` is no defect (Return-Path, RFC 5322 3.6.7). */
    MAILPROTO_VALUE_NULL_PATH = 4
};

/** A place in a value; nothing to release. Points into the octets it was given. */
typedef struct mailproto_value {
    uint64_t opaque[12]; /**< the library's */
} mailproto_value;

/**
 * Begins at a value's first octet.
 * @param v       the cursor
 * @param piece   the value, or with its beginning; stays valid while `v` is used
 * @param flags   ::MAILPROTO_VALUE_FINAL for a whole value: without it a list's last
 *                element is not given, but AGAIN; and other MAILPROTO_VALUE_...
 * @param defects or NULL; stays valid while `v` is used
 * @return OK; ::MAILPROTO_ERR_ARGUMENT (unknown flags, a short `struct_size`)
 */
MAILPROTO_API mailproto_status mailproto_value_open(mailproto_value *v,
                                                    mailproto_bytes piece,
                                                    uint32_t flags,
                                                    mailproto_defects *defects);

/** Octets of the piece that are done with. After AGAIN the rest must be given again,
 *  with what follows it: an element is read only when it is there as a whole, and from its
 *  first octet each time, so that the work is linear when what is given again at least
 *  doubles, and bounded by (octets held)^2 / (octets added) else. Who cannot hold more
 *  gives what he has as the last piece. */
MAILPROTO_API size_t mailproto_value_used(const mailproto_value *v);

/** Goes on after AGAIN. @param v the cursor @param piece what was not used, and what follows it; replaces the
 *  one before. @param flags 0 or ::MAILPROTO_VALUE_FINAL. @return OK;
 *  ::MAILPROTO_ERR_STATE (the last piece was given); ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_value_feed(mailproto_value *v,
                                                    mailproto_bytes piece,
                                                    uint32_t flags);

/** What ended a strict cursor, with its offset in the whole value; code 0: nothing. */
MAILPROTO_API mailproto_value_defect mailproto_value_error(const mailproto_value *v);

/* ---- addresses (RFC 5322 3.4, 4.4; RFC 6854; RFC 6532) -------------------------------- */

/** Elements of an address list. */
enum {
    MAILPROTO_ADDRESS_MAILBOX = 1,     /**< a mailbox */
    MAILPROTO_ADDRESS_GROUP_BEGIN = 2, /**< `name:`; its mailboxes follow */
    MAILPROTO_ADDRESS_GROUP_END = 3,   /**< `;`, or the list's end */
    /** Text from which no address can be taken without guessing: several words, two
     *  addresses without a separator. `name`: all of it. Only when lenient. */
    MAILPROTO_ADDRESS_TEXT = 4,
    MAILPROTO_ADDRESS_EMPTY = 5 /**< `<>`, the null path, maybe with a name */
};

/** Flags of mailproto_address. */
enum {
    MAILPROTO_ADDRESS_IN_GROUP = 1, /**< it stands in a group */
    MAILPROTO_ADDRESS_ANGLE = 2,    /**< in angle brackets */
    MAILPROTO_ADDRESS_QUOTED = 4,   /**< the local part holds a quoted string */
    MAILPROTO_ADDRESS_LITERAL = 8,  /**< the domain is a literal */
    MAILPROTO_ADDRESS_ROUTE = 16,   /**< with an obsolete route */
    MAILPROTO_ADDRESS_UTF8 = 32,    /**< it holds octets above 127 */
    MAILPROTO_ADDRESS_CFWS = 64,    /**< blanks or comments inside local part or domain:
                                         mailproto_address_spec() drops them */
    MAILPROTO_ADDRESS_NO_DOMAIN = 128 /**< a local part alone */
};

/** An element of an address list. Spans are as written, folds and comments inside them
 *  included. The caller sets `struct_size`. */
typedef struct mailproto_address {
    uint32_t struct_size;    /**< sizeof of the caller's struct */
    uint32_t type;           /**< MAILPROTO_ADDRESS_MAILBOX ... */
    uint32_t flags;          /**< MAILPROTO_ADDRESS_IN_GROUP ... */
    uint32_t reserved;       /**< 0 */
    uint64_t offset;         /**< of `raw` in the value */
    mailproto_bytes raw;     /**< the element, without separator and outer blanks */
    mailproto_bytes name;    /**< display name or group name, quotes included */
    mailproto_bytes local;   /**< the local part, quotes included */
    mailproto_bytes domain;  /**< the domain, brackets of a literal included */
    mailproto_bytes route;   /**< the obsolete route, without its colon */
    mailproto_bytes comment; /**< inside of the last comment outside `<` and `>` */
} mailproto_address;

/**
 * The next element of an address list.
 * @param v   opened on the value of From, To and their likes
 * @param out the element; its spans live as long as the piece
 * @return OK; ::MAILPROTO_EOF: there is no more; ::MAILPROTO_AGAIN: feed;
 *         ::MAILPROTO_ERR_SYNTAX: strict, see mailproto_value_error(), sticks;
 *         ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_address_next(mailproto_value *v,
                                                      mailproto_address *out);

/**
 * The addr-spec in its plain form: comments and folds dropped, quotes only where the
 * local part needs them, the domain as it is. No encoded word is decoded in it (RFC 2047
 * 5 (3)). NUL stays (RFC 5322 4.1); a CR or LF that is no fold becomes a space.
 * @param a   a MAILBOX
 * @param out room for `local@domain`: the length of both and 3 suffice
 * @param cap its size
 * @param len octets written, or needed
 * @return OK; ::MAILPROTO_ERR_TOO_LONG; ::MAILPROTO_ERR_ARGUMENT (no MAILBOX)
 */
MAILPROTO_API mailproto_status mailproto_address_spec(const mailproto_address *a,
                                                      char *out, size_t cap,
                                                      size_t *len);

/** Flags of mailproto_address_display(), beside ::MAILPROTO_WORDS_STRICT and _GUESS. */
enum {
    /** Without a display name the comment is taken: `user@host (Name)`. */
    MAILPROTO_ADDRESS_COMMENT_NAME = 65536
};

/**
 * The display name as UTF-8: quotes and comments dropped, folds undone, encoded words
 * decoded (also where they stand in quotes, as mail has it). What it holds is text and
 * must not be parsed as an address again.
 * @param a         any element
 * @param flags     MAILPROTO_WORDS_... or ::MAILPROTO_ADDRESS_COMMENT_NAME
 * @param converter or NULL
 * @param out       UTF-8
 * @param cap       its size; three octets for one of the name suffice
 * @param len       octets of the whole name, also when they did not fit
 * @return OK; ::MAILPROTO_ERR_TOO_LONG (the beginning was written); what the converter
 *         said
 */
MAILPROTO_API mailproto_status mailproto_address_display(
    const mailproto_address *a, uint32_t flags,
    const mailproto_charset_converter *converter, char *out, size_t cap, size_t *len);

/** Forms of mailproto_address_write(): one of ::MAILPROTO_ADDRESS_MAILBOX, _GROUP_BEGIN,
 *  _GROUP_END, and this flag. */
enum {
    MAILPROTO_ADDRESS_FOLLOWS = 256 /**< another one stood before: a comma first */
};

/**
 * Writes an element of an address list, folded before 78 where it can be (RFC 5322
 * 2.1.1), the name quoted or as encoded words where it must be. It cannot be made to
 * write a second address: the name is text, the addr-spec is checked.
 * @param form   MAILPROTO_ADDRESS_MAILBOX, _GROUP_BEGIN or _GROUP_END, maybe with
 *               ::MAILPROTO_ADDRESS_FOLLOWS
 * @param name   UTF-8, or empty
 * @param spec   `local@domain` (MAILBOX), else empty
 * @param column where it begins in its line; the column behind it comes back
 * @param out    not terminated
 * @param cap    its size; 8 octets for one of the name, `spec` and 80 suffice
 * @param len    octets written
 * @return OK; ::MAILPROTO_ERR_ARGUMENT (`spec` is not one addr-spec of RFC 5322 3.4.1
 *         without comments; a control or ill-formed UTF-8; a group without a name);
 *         ::MAILPROTO_ERR_TOO_LONG (nothing is promised of `out`; `*len` is 0)
 */
MAILPROTO_API mailproto_status mailproto_address_write(uint32_t form,
                                                       mailproto_bytes name,
                                                       mailproto_bytes spec,
                                                       uint32_t *column, char *out,
                                                       size_t cap, size_t *len);

/* ---- date and time (RFC 5322 3.3, 4.3) -------------------------------------------------- */

/** Flags of mailproto_date. */
enum {
    MAILPROTO_DATE_UNKNOWN_ZONE =
        1,                      /**< `-0000`, a military zone or an unknown name: the
                                          time is UTC, the place is not known */
    MAILPROTO_DATE_NO_ZONE = 2, /**< none was given: taken as UTC */
    MAILPROTO_DATE_LEAP_SECOND = 4, /**< second 60: `utc` is that of the second after */
    MAILPROTO_DATE_OBS_YEAR = 8,    /**< a year of two or three digits */
    MAILPROTO_DATE_OBS_ZONE = 16,   /**< a zone by name */
    MAILPROTO_DATE_NO_SECOND = 32,  /**< hours and minutes only */
    MAILPROTO_DATE_DAY_NAME = 64    /**< with a day of the week */
};

/** A point in time. The caller sets `struct_size`. Of -9999 to 9999 years the numbers
 *  are safe; a message can state 0 to 9999. */
typedef struct mailproto_date {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t flags;       /**< MAILPROTO_DATE_... */
    int64_t utc;          /**< seconds since 1970-01-01T00:00:00Z */
    int32_t zone_minutes; /**< east of Greenwich */
    int32_t year;         /**< local time, as written (obsolete years completed) */
    uint8_t month;        /**< 1 to 12 */
    uint8_t day;          /**< 1 to 31 */
    uint8_t hour;         /**< 0 to 23 */
    uint8_t minute;       /**< 0 to 59 */
    uint8_t second;       /**< 0 to 60 */
    uint8_t weekday;      /**< of that date, 0: Sunday */
    uint16_t reserved;    /**< 0 */
} mailproto_date;

/**
 * Reads a date-time: obsolete years and zones, comments anywhere; lenient also other
 * orders, missing or wrong day names, `GMT+2`, AM and PM, no time, no zone.
 * @param value   of Date, or behind the `;` of Received
 * @param flags   ::MAILPROTO_VALUE_STRICT or 0; FINAL is understood
 * @param defects or NULL
 * @param out     the date
 * @return OK; ::MAILPROTO_ERR_SYNTAX: none can be read (defect DATE), or strict: the last
 *         defect counted says what and where
 */
MAILPROTO_API mailproto_status mailproto_date_parse(mailproto_bytes value,
                                                    uint32_t flags,
                                                    mailproto_defects *defects,
                                                    mailproto_date *out);

/** Seconds since 1970 of a civil date and time in UTC, proleptic Gregorian calendar.
 *  @param year   -9999 to 9999
 *  @param month  1 to 12
 *  @param day    of the month; like those below it may be out of range by any 16 bit
 *                number
 *  @param hour   of the day
 *  @param minute of the hour
 *  @param second of the minute
 *  @param utc    the seconds
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT (year, or month not in 1 to 12) */
MAILPROTO_API mailproto_status mailproto_date_to_utc(int32_t year, int32_t month,
                                                     int32_t day, int32_t hour,
                                                     int32_t minute, int32_t second,
                                                     int64_t *utc);

/** Writes "Thu, 01 Jan 1970 00:00:00 +0000" (31 octets). @return OK;
 *  ::MAILPROTO_ERR_ARGUMENT (year outside 1 to 9999, zone over 1439 minutes);
 *  ::MAILPROTO_ERR_TOO_LONG */
MAILPROTO_API mailproto_status mailproto_date_write(int64_t utc, int32_t zone_minutes,
                                                    char *out, size_t cap, size_t *len);

/* ---- message-ids (RFC 5322 3.6.4, 4.5.4) ------------------------------------------------ */

/** Flags of mailproto_message_id. */
enum {
    MAILPROTO_MESSAGE_ID_LITERAL = 1, /**< the right side is a no-fold-literal */
    MAILPROTO_MESSAGE_ID_QUOTED = 2,  /**< the left side is quoted (obs-id-left) */
    MAILPROTO_MESSAGE_ID_LOOSE = 4 /**< not of RFC 5322's form: `left` is all of it */
};

/** A message-id. The caller sets `struct_size`. */
typedef struct mailproto_message_id {
    uint32_t struct_size;  /**< sizeof of the caller's struct */
    uint32_t flags;        /**< MAILPROTO_MESSAGE_ID_... */
    uint64_t offset;       /**< of `raw` in the value */
    mailproto_bytes raw;   /**< with its brackets, where it has any */
    mailproto_bytes id;    /**< between the brackets, outer blanks off */
    mailproto_bytes left;  /**< before the `@` */
    mailproto_bytes right; /**< behind it */
} mailproto_message_id;

/** The next message-id of Message-ID, References, In-Reply-To or Content-ID; phrases
 *  between them (obs-in-reply-to, obs-references) are passed over.
 *  @return as mailproto_address_next() */
MAILPROTO_API mailproto_status mailproto_message_id_next(mailproto_value *v,
                                                         mailproto_message_id *out);

/** The id for comparing: without brackets, blanks, comments and needless quotes.
 *  Controls stay, line ends do not.
 *  @return OK, ::MAILPROTO_ERR_TOO_LONG */
MAILPROTO_API mailproto_status mailproto_message_id_get(const mailproto_message_id *id,
                                                        char *out, size_t cap,
                                                        size_t *len);

/* ---- text (RFC 5322 2.2.1, RFC 2047) ------------------------------------------------------ */

/** Flags of mailproto_text_decode(), beside ::MAILPROTO_WORDS_STRICT and _GUESS. */
enum {
    /** Runs of blanks, folds included, become one space; none at both ends. */
    MAILPROTO_TEXT_COLLAPSE = 65536
};

/**
 * An unstructured value (Subject, Comments, Content-Description) as UTF-8. Controls that
 * encoded words brought in (RFC 2047 allows none) become spaces, so that the text can
 * never be taken for lines. What was not as it should be mailproto_words_run() tells.
 * With ::MAILPROTO_WORDS_GUESS the whole value decides whether octets above 127 are UTF-8
 * (::MAILPROTO_WORDS_LATIN).
 * @param value     as in the message
 * @param flags     MAILPROTO_WORDS_... or ::MAILPROTO_TEXT_COLLAPSE
 * @param converter or NULL
 * @param out       UTF-8
 * @param cap       its size; three octets for one of the value suffice
 * @param len       octets of the text, when they did not fit of the text before collapsing
 * @return OK; ::MAILPROTO_ERR_TOO_LONG (the beginning was written); what the converter
 *         said
 */
MAILPROTO_API mailproto_status mailproto_text_decode(
    mailproto_bytes value, uint32_t flags, const mailproto_charset_converter *converter,
    char *out, size_t cap, size_t *len);

/** A value with its folds undone (RFC 5322 2.2.3: line ends go, blanks stay) and nothing
 *  decoded. @return OK, ::MAILPROTO_ERR_TOO_LONG */
MAILPROTO_API mailproto_status mailproto_text_unfold(mailproto_bytes value, char *out,
                                                     size_t cap, size_t *len);

/** Text without comments, quotes, escapes and folds, outer blanks off, inner ones one
 *  space: what a structured value means where no other function tells (Content-ID aside).
 *  @return OK, ::MAILPROTO_ERR_TOO_LONG */
MAILPROTO_API mailproto_status mailproto_text_plain(mailproto_bytes value, char *out,
                                                    size_t cap, size_t *len);

/* ---- parameters (RFC 2045 5.1, RFC 2183, RFC 2231) ------------------------------------------ */

/** Parameters of one field that are looked at; the rest is passed over with a defect. */
#define MAILPROTO_PARAMETERS_MAX 128

/** What stands before the parameters. The caller sets `struct_size`. */
typedef struct mailproto_content {
    uint32_t struct_size;    /**< sizeof of the caller's struct */
    uint32_t flags;          /**< 0 */
    uint64_t offset;         /**< of `type` in the value */
    mailproto_bytes type;    /**< "text"; Content-Disposition: "attachment" */
    mailproto_bytes subtype; /**< "plain"; empty: there is none */
} mailproto_content;

/**
 * Reads the beginning of a Content-Type value, type and subtype; the parameters are next.
 * @param v   just opened
 * @param out lenient: what could be read of it; empty where nothing could
 * @return OK; ::MAILPROTO_AGAIN; ::MAILPROTO_ERR_SYNTAX (strict); ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_content_type(mailproto_value *v,
                                                      mailproto_content *out);

/** The same for Content-Disposition (RFC 2183 2) and other `token *(; parameter)`. */
MAILPROTO_API mailproto_status mailproto_content_disposition(mailproto_value *v,
                                                             mailproto_content *out);

/** Flags of mailproto_parameter. */
enum {
    MAILPROTO_PARAMETER_QUOTED = 1,   /**< the value stood in quotes, which are off */
    MAILPROTO_PARAMETER_EXTENDED = 2, /**< `name*`: percent-encoded (RFC 2231 4) */
    MAILPROTO_PARAMETER_SECTION = 4   /**< `name*0`: one of several (RFC 2231 3) */
};

/** A parameter as written. The caller sets `struct_size`. */
typedef struct mailproto_parameter {
    uint32_t struct_size;  /**< sizeof of the caller's struct */
    uint32_t flags;        /**< MAILPROTO_PARAMETER_... */
    uint64_t offset;       /**< of `name` in the value */
    mailproto_bytes name;  /**< without `*` and number */
    mailproto_bytes value; /**< raw: escapes and folds in it as written */
    uint32_t section;      /**< its number */
    uint32_t reserved;     /**< 0 */
} mailproto_parameter;

/** The next parameter as written. The cursor stands behind mailproto_content_type() or
 *  _disposition(), or was opened on parameters alone.
 *  @return as mailproto_address_next() */
MAILPROTO_API mailproto_status mailproto_parameter_next(mailproto_value *v,
                                                        mailproto_parameter *out);

/** Flags of mailproto_parameter_get(). */
enum {
    MAILPROTO_PARAMETER_RAW =
        8, /**< octets: no charset and no encoded word is decoded */
    /** Encoded words in a value (RFC 2047 5 forbids them) stay as they are. */
    MAILPROTO_PARAMETER_NO_WORDS = 16
};

/** What is known of a value besides its text. The caller sets `struct_size`. */
typedef struct mailproto_parameter_info {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t flags;           /**< MAILPROTO_PARAMETER_... of its first section */
    uint32_t sections;        /**< how many were joined; 1: it came in one piece */
    uint32_t reserved;        /**< 0 */
    mailproto_bytes charset;  /**< RFC 2231 4; empty: none */
    mailproto_bytes language; /**< RFC 2231 4, 5; empty: none */
} mailproto_parameter_info;

/**
 * The value of a parameter as UTF-8: sections joined in the order of their numbers,
 * percent-encoding and charset undone, quotes and folds off. name* and its sections count
 * before a plain name; of repeated ones the first counts. Controls but HT become spaces,
 * with a defect where the first one is written. Of `boundary` that one is given which
 * the parser goes by, where several could be read: the plain name counts first, and blanks at its end are off.
 * @param value     all of a Content-Type or -Disposition value, below 4 MiB
 * @param name      in any case
 * @param flags     MAILPROTO_PARAMETER_RAW, _NO_WORDS, ::MAILPROTO_VALUE_STRICT is not one
 * @param converter or NULL
 * @param out       not terminated
 * @param cap       its size; three octets for one of `value` suffice
 * @param len       octets of the whole value, also when they did not fit
 * @param info      or NULL
 * @param defects   or NULL
 * @return OK; ::MAILPROTO_EOF: there is none; ::MAILPROTO_ERR_TOO_LONG; what the converter
 *         said; ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_parameter_get(
    mailproto_bytes value, mailproto_bytes name, uint32_t flags,
    const mailproto_charset_converter *converter, char *out, size_t cap, size_t *len,
    mailproto_parameter_info *info, mailproto_defects *defects);

/**
 * Writes `; name=value`, folded so that lines stay below 78: as token or quoted string
 * where the value is ASCII and fits, else as RFC 2231 has it, in UTF-8, in sections.
 * @param name   a token without `*`, `'` and `%`, at most 60 octets
 * @param value  UTF-8 without controls
 * @param column where it begins in its line; the column behind it comes back
 * @param out    not terminated
 * @param cap    its size; 8 octets for one of the value, 2 names and 64 suffice for a
 *               value up to 78; else add one name and 16 octets for each 8 of the value
 * @param len    octets written
 * @return OK; ::MAILPROTO_ERR_ARGUMENT; ::MAILPROTO_ERR_TOO_LONG (`*len` is 0)
 */
MAILPROTO_API mailproto_status mailproto_parameter_write(mailproto_bytes name,
                                                         mailproto_bytes value,
                                                         uint32_t *column, char *out,
                                                         size_t cap, size_t *len);

/**
 * A file name that is safe to create: the last part of a path (RFC 2183 2.3, 5), without
 * controls, bidirectional and invisible marks and `< > : " | ? *` (each becomes `_`; U+200C
 * and U+200D, which shape letters, stay between others), without blanks and dots at its
 * ends, those of Unicode included; `_` before a name that begins with `-` or `~` or is
 * reserved on Windows (`CON`, `com1.txt`); UTF-8, cut between characters with its extension
 * kept.
 * @param name what the message says, UTF-8 or not
 * @param max  the longest, octets; 0: 200. At least 16
 * @param out  room for `max` octets
 * @param cap  its size
 * @param len  octets written; 0: nothing of it is left, choose a name
 * @return OK; ::MAILPROTO_ERR_ARGUMENT (`max` below 16); ::MAILPROTO_ERR_TOO_LONG (`cap` is
 *         less than is needed)
 */
MAILPROTO_API mailproto_status mailproto_file_name(mailproto_bytes name, size_t max,
                                                   char *out, size_t cap, size_t *len);

/* ---- Received (RFC 5321 4.4, RFC 5322 3.6.7) -------------------------------------------------- */

/** Clauses of Received. */
enum {
    MAILPROTO_RECEIVED_OTHER = 0, /**< another word: an Additional-Registered-Clause */
    MAILPROTO_RECEIVED_FROM = 1,  /**< who sent: the name said in HELO */
    MAILPROTO_RECEIVED_BY = 2,    /**< who received */
    MAILPROTO_RECEIVED_VIA = 3,   /**< the link */
    MAILPROTO_RECEIVED_WITH = 4,  /**< the protocol */
    MAILPROTO_RECEIVED_ID = 5,    /**< an id */
    MAILPROTO_RECEIVED_FOR = 6,   /**< a recipient */
    MAILPROTO_RECEIVED_DATE = 7,  /**< behind the last `;` */
    MAILPROTO_RECEIVED_TEXT = 8   /**< what belongs to no clause; only when lenient */
};

/** A clause. The caller sets `struct_size`. */
typedef struct mailproto_received_clause {
    uint32_t struct_size;  /**< sizeof of the caller's struct */
    uint32_t clause;       /**< MAILPROTO_RECEIVED_... */
    uint64_t offset;       /**< of the clause in the value */
    mailproto_bytes name;  /**< the word; empty: DATE, TEXT, comments before any word */
    mailproto_bytes value; /**< behind it, up to the first comment or the next clause */
    mailproto_bytes
        comment; /**< its comments as written, from the first `(` to the last
                                  `)`; empty: none */
} mailproto_received_clause;

/** The next clause of a whole Received value (not in pieces). @return OK;
 *  ::MAILPROTO_EOF; ::MAILPROTO_ERR_SYNTAX (strict: RFC 5321 4.4); ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_received_next(mailproto_value *v,
                                                       mailproto_received_clause *out);

/** Flags of mailproto_received. */
enum {
    MAILPROTO_RECEIVED_HAS_DATE = 1, /**< `date` is set */
    MAILPROTO_RECEIVED_TLS = 2,      /**< it says that TLS was in use */
    MAILPROTO_RECEIVED_AUTH = 4      /**< it says that the sender authenticated */
};

/** What a Received field says. Empty spans: nothing. The caller sets `struct_size`. */
typedef struct mailproto_received {
    uint32_t struct_size;      /**< sizeof of the caller's struct */
    uint32_t flags;            /**< MAILPROTO_RECEIVED_HAS_DATE ... */
    mailproto_bytes from;      /**< From-domain as written, brackets of a literal too */
    mailproto_bytes by;        /**< By-domain */
    mailproto_bytes via;       /**< link */
    mailproto_bytes with;      /**< protocol as written ("ESMTPS") */
    mailproto_bytes id;        /**< without its brackets, where it has any */
    mailproto_bytes recipient; /**< `for`, without its brackets */
    mailproto_bytes helo;      /**< the name said in HELO, when a comment tells it */
    mailproto_bytes rdns;      /**< the name the receiver found for the address */
    mailproto_bytes address; /**< the sender's address, without brackets and `IPv6:` */
    mailproto_bytes tls;     /**< version of TLS as written ("TLSv1.3", "TLS1_2") */
    mailproto_bytes cipher;  /**< cipher suite as written */
    mailproto_bytes ident;   /**< the user: RFC 1413, or an authenticated sender */
    mailproto_bytes date_text; /**< behind the `;` */
    mailproto_date date;       /**< the same, read; its `struct_size` need not be set */
} mailproto_received;

/**
 * Reads a Received field as the software that mail meets writes it.
 * @param value   all of it
 * @param flags   ::MAILPROTO_VALUE_STRICT or 0
 * @param defects or NULL
 * @param out     what it says
 * @return OK; ::MAILPROTO_ERR_SYNTAX (strict); ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_received_parse(mailproto_bytes value,
                                                        uint32_t flags,
                                                        mailproto_defects *defects,
                                                        mailproto_received *out);

/* ---- lists of other fields ------------------------------------------------------------------ */

/** An element of Keywords, Content-Language or a List- field. The caller sets
 *  `struct_size`. */
typedef struct mailproto_list_item {
    uint32_t struct_size;    /**< sizeof of the caller's struct */
    uint32_t flags;          /**< MAILPROTO_LIST_... */
    uint64_t offset;         /**< of `value` in the field's value */
    mailproto_bytes value;   /**< phrase, tag or URL as written, brackets off */
    mailproto_bytes comment; /**< inside of the last comment */
} mailproto_list_item;

/** Flags of mailproto_list_item. */
enum {
    MAILPROTO_LIST_NO = 1,      /**< List-Post: NO (RFC 2369 3.4); `value` is it */
    MAILPROTO_LIST_HAS_FOLD = 2 /**< folds in a URL: mailproto_list_url() drops them */
};

/** The next phrase of Keywords (RFC 5322 3.6.5), separated by commas; decode it with
 *  mailproto_words_decode() and ::MAILPROTO_WORDS_PHRASE. @return as
 *  mailproto_address_next() */
MAILPROTO_API mailproto_status mailproto_keyword_next(mailproto_value *v,
                                                      mailproto_list_item *out);

/** The next language tag of Content-Language (RFC 3282 2). @return as
 *  mailproto_address_next() */
MAILPROTO_API mailproto_status mailproto_language_next(mailproto_value *v,
                                                       mailproto_list_item *out);

/** The next URL of List-Help, -Subscribe, -Unsubscribe, -Post, -Owner, -Archive (RFC 2369
 *  2), in the order of the owner's preference. @return as mailproto_address_next() */
MAILPROTO_API mailproto_status mailproto_list_url_next(mailproto_value *v,
                                                       mailproto_list_item *out);

/** A URL without the blanks and folds inside it (RFC 2369 2). @return OK,
 *  ::MAILPROTO_ERR_TOO_LONG */
MAILPROTO_API mailproto_status mailproto_list_url(const mailproto_list_item *item,
                                                  char *out, size_t cap, size_t *len);

/** A List-Id. The caller sets `struct_size`. */
typedef struct mailproto_list_id {
    uint32_t struct_size;        /**< sizeof of the caller's struct */
    uint32_t flags;              /**< 0 */
    mailproto_bytes description; /**< phrase, as written */
    mailproto_bytes id;          /**< between the brackets, or all of it without them */
} mailproto_list_id;

/** Reads List-Id (RFC 2919 3). @return OK; ::MAILPROTO_ERR_SYNTAX (strict, or nothing at
 *  all: defect EMPTY); ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_list_id_parse(mailproto_bytes value,
                                                       uint32_t flags,
                                                       mailproto_defects *defects,
                                                       mailproto_list_id *out);

/** Whether List-Unsubscribe-Post is `List-Unsubscribe=One-Click` (RFC 8058 3.1).
 *  @return 1 or 0 */
MAILPROTO_API int mailproto_list_one_click(mailproto_bytes value);

/** Values of Auto-Submitted (RFC 3834 5, RFC 5436). */
enum {
    MAILPROTO_AUTO_UNKNOWN = 0,   /**< another word: treat as generated */
    MAILPROTO_AUTO_NO = 1,        /**< no */
    MAILPROTO_AUTO_GENERATED = 2, /**< auto-generated */
    MAILPROTO_AUTO_REPLIED = 3,   /**< auto-replied */
    MAILPROTO_AUTO_NOTIFIED = 4   /**< auto-notified */
};

/** Reads Auto-Submitted; parameters are next for mailproto_parameter_next().
 *  @return MAILPROTO_AUTO_... */
MAILPROTO_API uint32_t mailproto_auto_submitted(mailproto_value *v);

/* ---- Authentication-Results (RFC 8601 2.2) ---------------------------------------------------- */

/** The beginning of Authentication-Results. The caller sets `struct_size`. */
typedef struct mailproto_auth_results {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t version;       /**< 1 when none is given; 0: no number */
    mailproto_bytes server; /**< authserv-id, quotes off */
} mailproto_auth_results;

/** A result. The caller sets `struct_size`. */
typedef struct mailproto_auth_result {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t version;       /**< of the method; 1 when none is given */
    uint64_t offset;        /**< of `method` in the value */
    mailproto_bytes method; /**< "spf" */
    mailproto_bytes result; /**< "pass" */
    mailproto_bytes reason; /**< as written, quotes off; empty: none */
} mailproto_auth_result;

/** A property of a result. The caller sets `struct_size`. */
typedef struct mailproto_auth_property {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t reserved;        /**< 0 */
    uint64_t offset;          /**< of `type` in the value */
    mailproto_bytes type;     /**< "smtp", "header", "body", "policy" */
    mailproto_bytes property; /**< "mailfrom" */
    mailproto_bytes value;    /**< quotes off: escapes in it as written */
} mailproto_auth_property;

/** Reads the authserv-id and the version; results are next. Not in pieces. @return OK;
 *  ::MAILPROTO_ERR_SYNTAX: none (do not trust the rest); ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status
mailproto_auth_results_begin(mailproto_value *v, mailproto_auth_results *out);

/** The next result; properties of the one before that were not asked for are passed over.
 *  @return OK; ::MAILPROTO_EOF (also for `none`); ::MAILPROTO_ERR_SYNTAX (strict) */
MAILPROTO_API mailproto_status mailproto_auth_result_next(mailproto_value *v,
                                                          mailproto_auth_result *out);

/** The next property of the present result. @return OK; ::MAILPROTO_EOF: this result has
 *  no more; ::MAILPROTO_ERR_SYNTAX (strict) */
MAILPROTO_API mailproto_status
mailproto_auth_property_next(mailproto_value *v, mailproto_auth_property *out);

/* ---- reports: DSN (RFC 3464), MDN (RFC 8098), ARF (RFC 5965) ------------------------------------ */

/** Fields of reports. */
enum {
    MAILPROTO_REPORT_OTHER = 0,                  /**< none of the following */
    MAILPROTO_REPORT_ORIGINAL_ENVELOPE_ID = 1,   /**< text, no xtext (RFC 3461 6.3) */
    MAILPROTO_REPORT_REPORTING_MTA = 2,          /**< typed name */
    MAILPROTO_REPORT_DSN_GATEWAY = 3,            /**< typed name */
    MAILPROTO_REPORT_RECEIVED_FROM_MTA = 4,      /**< typed name */
    MAILPROTO_REPORT_ARRIVAL_DATE = 5,           /**< date-time; also RFC 5965 */
    MAILPROTO_REPORT_ORIGINAL_RECIPIENT = 6,     /**< RFC 3464 2.3: typed address */
    MAILPROTO_REPORT_FINAL_RECIPIENT = 7,        /**< typed address */
    MAILPROTO_REPORT_ACTION = 8,                 /**< keyword */
    MAILPROTO_REPORT_STATUS = 9,                 /**< RFC 3463 code */
    MAILPROTO_REPORT_REMOTE_MTA = 10,            /**< typed name */
    MAILPROTO_REPORT_DIAGNOSTIC_CODE = 11,       /**< typed text */
    MAILPROTO_REPORT_LAST_ATTEMPT_DATE = 12,     /**< date-time */
    MAILPROTO_REPORT_FINAL_LOG_ID = 13,          /**< text */
    MAILPROTO_REPORT_WILL_RETRY_UNTIL = 14,      /**< date-time */
    MAILPROTO_REPORT_REPORTING_UA = 20,          /**< RFC 8098 3.2 */
    MAILPROTO_REPORT_MDN_GATEWAY = 21,           /**< typed name */
    MAILPROTO_REPORT_ORIGINAL_MESSAGE_ID = 22,   /**< message-id */
    MAILPROTO_REPORT_DISPOSITION = 23,           /**< mailproto_report_disposition() */
    MAILPROTO_REPORT_FAILURE = 24,               /**< text */
    MAILPROTO_REPORT_ERROR = 25,                 /**< text */
    MAILPROTO_REPORT_WARNING = 26,               /**< text */
    MAILPROTO_REPORT_FEEDBACK_TYPE = 40,         /**< RFC 5965: keyword */
    MAILPROTO_REPORT_USER_AGENT = 41,            /**< text */
    MAILPROTO_REPORT_VERSION = 42,               /**< number */
    MAILPROTO_REPORT_ORIGINAL_MAIL_FROM = 43,    /**< address */
    MAILPROTO_REPORT_ORIGINAL_RCPT_TO = 44,      /**< address */
    MAILPROTO_REPORT_RECEIVED_DATE = 45,         /**< date-time */
    MAILPROTO_REPORT_SOURCE_IP = 46,             /**< address of a host */
    MAILPROTO_REPORT_INCIDENTS = 47,             /**< number */
    MAILPROTO_REPORT_REPORTED_DOMAIN = 48,       /**< domain */
    MAILPROTO_REPORT_REPORTED_URI = 49,          /**< URI */
    MAILPROTO_REPORT_AUTHENTICATION_RESULTS = 50 /**< RFC 8601 */
};

/** A field of a report. The caller sets `struct_size`. */
typedef struct mailproto_report_field {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t id;          /**< MAILPROTO_REPORT_... */
    uint64_t offset;      /**< of the field in the body */
    uint32_t group;       /**< 0: of the message; then one for each recipient, from 1 */
    uint32_t reserved;    /**< 0 */
    mailproto_bytes name; /**< as written */
    mailproto_bytes value; /**< behind the colon, outer blanks off, folds inside */
} mailproto_report_field;

/** The next field of the body of message/delivery-status, disposition-notification or
 *  feedback-report: decoded, whole, opened with mailproto_value_open(). Groups end at
 *  blank lines; one that begins with blank lines begins with group 0 all the same.
 *  @return OK; ::MAILPROTO_EOF; ::MAILPROTO_ERR_SYNTAX (strict); ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_report_next(mailproto_value *v,
                                                     mailproto_report_field *out);

/** The number of a report field's name, in any case. @return MAILPROTO_REPORT_... */
MAILPROTO_API uint32_t mailproto_report_find(mailproto_bytes name);

/** Types of addresses in reports. */
enum {
    MAILPROTO_REPORT_TYPE_OTHER = 0,  /**< another word, or none */
    MAILPROTO_REPORT_TYPE_RFC822 = 1, /**< an RFC 5321 address, no xtext */
    MAILPROTO_REPORT_TYPE_UTF8 = 2,   /**< RFC 6533 3: UTF-8, unitext or xtext forms */
    MAILPROTO_REPORT_TYPE_DNS = 3,    /**< a host (Reporting-MTA and its likes) */
    MAILPROTO_REPORT_TYPE_SMTP = 4,   /**< an SMTP reply (Diagnostic-Code) */
    MAILPROTO_REPORT_TYPE_X400 = 5    /**< RFC 3464 9 */
};

/** `type; text`. The caller sets `struct_size`. */
typedef struct mailproto_report_typed {
    uint32_t struct_size;  /**< sizeof of the caller's struct */
    uint32_t type;         /**< MAILPROTO_REPORT_TYPE_... */
    mailproto_bytes name;  /**< the type as written; empty: there was no `;` */
    mailproto_bytes value; /**< behind it, outer blanks off */
} mailproto_report_typed;

/** Takes `type; text` apart (RFC 3464 2.1.2). Without `;` all is the value. @return OK,
 *  ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status
mailproto_report_typed_parse(mailproto_bytes value, mailproto_report_typed *out);

/** How an address in a report is encoded. */
enum {
    /** Not at all: only comments, and blanks outside quotes, go. RFC 3461 6.3 wants it so
     *  in fields of DSNs of type rfc822, and of Original-Envelope-Id. */
    MAILPROTO_REPORT_PLAIN = 0,
    MAILPROTO_REPORT_XTEXT = 1, /**< `+2B` (RFC 3461 4): some senders leave it in */
    MAILPROTO_REPORT_UTF8 = 2   /**< `\x{20AC}` and `+2B` (RFC 6533 3) */
};

/**
 * An address, envelope id or name of a report, decoded.
 * @param text    the `value` of a mailproto_report_typed
 * @param form    MAILPROTO_REPORT_PLAIN, _XTEXT or _UTF8
 * @param out     as long as `text` suffices
 * @param cap     its size
 * @param len     octets written, or needed
 * @param defects or NULL; ESCAPE: what cannot be decoded stays as it is
 * @return OK, ::MAILPROTO_ERR_TOO_LONG, ::MAILPROTO_ERR_ARGUMENT (form)
 */
MAILPROTO_API mailproto_status mailproto_report_decode(mailproto_bytes text,
                                                       uint32_t form, char *out,
                                                       size_t cap, size_t *len,
                                                       mailproto_defects *defects);

/** Values of Action (RFC 3464 2.3.3). */
enum {
    MAILPROTO_ACTION_UNKNOWN = 0,   /**< another word */
    MAILPROTO_ACTION_FAILED = 1,    /**< failed */
    MAILPROTO_ACTION_DELAYED = 2,   /**< delayed */
    MAILPROTO_ACTION_DELIVERED = 3, /**< delivered */
    MAILPROTO_ACTION_RELAYED = 4,   /**< relayed */
    MAILPROTO_ACTION_EXPANDED = 5   /**< expanded */
};

/** The value of an Action field, comments allowed. @return MAILPROTO_ACTION_... */
MAILPROTO_API uint32_t mailproto_report_action(mailproto_bytes value);

/** The value of a Status field, comments allowed (RFC 3464 2.3.4).
 *  @param value of the field
 *  @param code  class, subject, detail
 *  @return 1; 0: it is none, `code` is all zero */
MAILPROTO_API int mailproto_report_status(mailproto_bytes value, uint16_t code[3]);

/** Flags of mailproto_report_disposition. */
enum {
    MAILPROTO_DISPOSITION_MANUAL = 1,             /**< manual-action; else automatic */
    MAILPROTO_DISPOSITION_SENT_MANUALLY = 2,      /**< MDN-sent-manually */
    MAILPROTO_DISPOSITION_SENT_AUTOMATICALLY = 4, /**< MDN-sent-automatically */
    MAILPROTO_DISPOSITION_ERROR = 8               /**< with the modifier "error" */
};

/** Types of a disposition (RFC 8098 3.2.6.2). */
enum {
    MAILPROTO_DISPOSITION_UNKNOWN = 0,    /**< another word */
    MAILPROTO_DISPOSITION_DISPLAYED = 1,  /**< displayed */
    MAILPROTO_DISPOSITION_DELETED = 2,    /**< deleted */
    MAILPROTO_DISPOSITION_DISPATCHED = 3, /**< dispatched */
    MAILPROTO_DISPOSITION_PROCESSED = 4   /**< processed */
};

/** A Disposition. The caller sets `struct_size`. */
typedef struct mailproto_disposition {
    uint32_t struct_size;      /**< sizeof of the caller's struct */
    uint32_t flags;            /**< MAILPROTO_DISPOSITION_MANUAL ... */
    uint32_t type;             /**< MAILPROTO_DISPOSITION_DISPLAYED ... */
    uint32_t reserved;         /**< 0 */
    mailproto_bytes type_name; /**< as written */
    mailproto_bytes modifiers; /**< behind the `/`, as written */
} mailproto_disposition;

/** Reads Disposition (RFC 8098 3.2.6). @return OK; ::MAILPROTO_ERR_SYNTAX (strict);
 *  ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_report_disposition(mailproto_bytes value,
                                                            uint32_t flags,
                                                            mailproto_defects *defects,
                                                            mailproto_disposition *out);

/* ---- repeated fields ------------------------------------------------------------------------------ */

/** Which of several fields of a name counts: zero it, then set `policy`, then show it
 *  every one in order. */
typedef struct mailproto_repeated {
    uint32_t policy; /**< MAILPROTO_REPEATED_FIRST, _LAST, _REJECT */
    uint32_t count;  /**< out: how many there were */
    uint32_t differ; /**< out: 1 when they do not all say the same */
    uint32_t absent; /**< out: 1 when the field counts as absent: there was none, or
                                they differ and the policy is REJECT */
    mailproto_bytes value; /**< out: the one that counts */
} mailproto_repeated;

/** Shows it a value, which must stay valid. Blanks at the ends and folds do not make a
 *  difference. @return OK; ::MAILPROTO_ERR_ARGUMENT (policy) */
MAILPROTO_API mailproto_status mailproto_repeated_add(mailproto_repeated *r,
                                                      mailproto_bytes value);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_FIELD_H */
