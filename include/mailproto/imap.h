/**
 * @file imap.h
 * The syntax of IMAP4rev1 (RFC 3501) and IMAP4rev2 (RFC 9051) that both roles share:
 * strings, mailbox names, sequence sets, dates, flags, FETCH items, and a command as
 * the server reads it. Nothing is copied and no tree is built: strings and cursors
 * point into the command's bytes.
 *
 * imap_server.h has the server's session and its responses, imap_fetch.h what a FETCH
 * gives out of a stored message, imap_search.h the search program and its matcher.
 *
 * @code
 * mailproto_imap_command c = {.struct_size = sizeof c};
 * mailproto_imap_range r;
 * if (mailproto_imap_command_parse(bytes("A1 FETCH 2:4,9 FLAGS\r\n"), 0, &c, NULL) ==
 *     MAILPROTO_OK) {
 *     while (mailproto_imap_set_next(&c.set, &r) == MAILPROTO_OK) {
 *         printf("%u to %u\n", r.low, r.high);          // 2 to 4, 9 to 9
 *     }
 * }
 * @endcode
 */
#ifndef MAILPROTO_IMAP_H
#define MAILPROTO_IMAP_H

#include <mailproto/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- strings -------------------------------------------------------------------- */

/** How a string was written. */
enum {
    MAILPROTO_IMAP_NIL = 0,     /**< NIL, where the grammar has nstring; or not there */
    MAILPROTO_IMAP_ATOM = 1,    /**< bare */
    MAILPROTO_IMAP_QUOTED = 2,  /**< in quotes */
    MAILPROTO_IMAP_LITERAL = 3, /**< a literal that lies in the command's bytes */
    MAILPROTO_IMAP_EXTERNAL = 4 /**< a literal whose octets went to the application */
};

/** Flags of mailproto_imap_string. */
enum {
    MAILPROTO_IMAP_ESCAPED = 1, /**< `raw` has backslashes of the quoting */
    MAILPROTO_IMAP_BINARY = 2,  /**< a literal8 (RFC 9051 4.3.1): NUL may be in it */
    MAILPROTO_IMAP_8BIT = 4,    /**< has octets above 127 */
    /** It is a mailbox name and the client writes those in modified UTF-7 (RFC 3501
     *  5.1.3): mailproto_imap_name_get() converts. */
    MAILPROTO_IMAP_MUTF7 = 8,
    MAILPROTO_IMAP_UTF8_FORM = 16 /**< APPEND: `UTF8 (~{...})` (RFC 9755 4) */
};

/** A string of any form; points into the bytes it was read from. */
typedef struct mailproto_imap_string {
    uint32_t form;       /**< MAILPROTO_IMAP_NIL ... */
    uint32_t flags;      /**< MAILPROTO_IMAP_ESCAPED ... */
    mailproto_bytes raw; /**< ATOM, QUOTED (inside the quotes), LITERAL: as received */
    uint64_t number; /**< EXTERNAL: what mailproto_imap_server_literal() was given */
    uint64_t size;   /**< EXTERNAL: octets of the literal */
} mailproto_imap_string;

/**
 * The octets of a string.
 * @param s   the string
 * @param buf used only when the string is ESCAPED; `raw.len` octets always suffice
 * @param cap its size
 * @param out points into `raw` or `buf`; NIL: `ptr` NULL, `len` 0
 * @return OK; ::MAILPROTO_ERR_MEMORY (`cap` too small); ::MAILPROTO_ERR_STATE
 *         (EXTERNAL)
 */
MAILPROTO_API mailproto_status mailproto_imap_string_get(const mailproto_imap_string *s,
                                                         void *buf, size_t cap,
                                                         mailproto_bytes *out);

/** Whether a string, unescaped, is `ascii`, without regard to the case of ASCII
 *  letters. @return 1 or 0; 0 for NIL and EXTERNAL */
MAILPROTO_API int mailproto_imap_string_is(const mailproto_imap_string *s,
                                           const char *ascii);

/* ---- mailbox names -------------------------------------------------------------- */

/** Flags of a mailbox name. */
enum {
    /** The wire's octets as they are: no modified UTF-7, or not in its only form. To be
     *  given back the same way, with this flag. */
    MAILPROTO_IMAP_NAME_RAW = 1
};

/** Octets that a name of `len` octets on the wire can need in UTF-8. */
#define MAILPROTO_IMAP_NAME_MAX(len) ((size_t)(len) + (size_t)(len) / 8U)

/**
 * The mailbox name that a string stands for, in UTF-8. `INBOX` in any case becomes
 * "INBOX" (RFC 9051 5.1); as the first level of a longer name it is left as written,
 * for the application knows its hierarchy.
 * @param s     a string of a command
 * @param buf   the name is written here when it has to be converted
 * @param cap   its size; ::MAILPROTO_IMAP_NAME_MAX of `raw.len` always suffices
 * @param out   points into `raw`, `buf` or static text
 * @param flags 0, or ::MAILPROTO_IMAP_NAME_RAW (RFC 3501 5.1.3 forbids such names)
 * @return OK; ::MAILPROTO_ERR_MEMORY; ::MAILPROTO_ERR_STATE (EXTERNAL)
 */
MAILPROTO_API mailproto_status mailproto_imap_name_get(const mailproto_imap_string *s,
                                                       void *buf, size_t cap,
                                                       mailproto_bytes *out,
                                                       uint32_t *flags);

/**
 * Modified UTF-7 to UTF-8, strictly and in its only form (RFC 3501 5.1.3): printable
 * US-ASCII stands for itself, `&-` for `&`, and nothing is encoded that need not be.
 * @param text modified UTF-7
 * @param buf  the UTF-8; ::MAILPROTO_IMAP_NAME_MAX always suffices
 * @param cap  its size
 * @param len  octets written, or the offset of the fault
 * @return OK; ::MAILPROTO_ERR_SYNTAX (`*len`: where); ::MAILPROTO_ERR_MEMORY
 */
MAILPROTO_API mailproto_status mailproto_imap_utf7_decode(mailproto_bytes text,
                                                          void *buf, size_t cap,
                                                          size_t *len);

/**
 * UTF-8 to modified UTF-7.
 * @param text UTF-8
 * @param buf  the modified UTF-7; 4 octets for each of `text`, and 1, suffice (controls
 *             and `&` in turn need nearly that: `&AAE-&-`)
 * @param cap  its size
 * @param len  octets written, or the offset of the fault
 * @return OK; ::MAILPROTO_ERR_SYNTAX (no UTF-8; `*len`: where); ::MAILPROTO_ERR_MEMORY
 */
MAILPROTO_API mailproto_status mailproto_imap_utf7_encode(mailproto_bytes text,
                                                          void *buf, size_t cap,
                                                          size_t *len);

/**
 * Whether a mailbox name matches a pattern of LIST (RFC 9051 6.3.9): `*` is anything,
 * `%` anything but the hierarchy delimiter. Linear in practice, at most pattern times
 * name.
 * @param pattern   reference and pattern, joined; both in UTF-8
 * @param name      the mailbox's name; INBOX is compared without regard to case
 * @param delimiter the hierarchy's, or 0: there is none
 * @return 1 it matches; 2 it does not, but a mailbox below `name` can (a parent that
 *         LIST shows for `%`, or a subtree to go into); 0 neither
 */
MAILPROTO_API int mailproto_imap_list_match(mailproto_bytes pattern,
                                            mailproto_bytes name, int delimiter);

/* ---- cursors: lists of things inside a command ---------------------------------- */

/** A place in a list of a command. Copy it to walk again; it lives as long as the
 *  command's bytes. All zero is an empty list. */
typedef struct mailproto_imap_cursor {
    uint64_t opaque[4]; /**< the library's */
} mailproto_imap_cursor;

/** Message numbers or UIDs, both ends included; `low` <= `high` but for `*`. */
typedef struct mailproto_imap_range {
    uint32_t low;  /**< 0: `*`, the largest number in use: then `high` is 0 too */
    uint32_t high; /**< 0: `*`; with `low` above the largest the range is still not
                      empty: it holds the largest (RFC 9051 9, seq-range) */
} mailproto_imap_range;

/** The next range of a sequence set, as written: not sorted, not joined, never
 *  expanded. @return OK; ::MAILPROTO_EOF */
MAILPROTO_API mailproto_status mailproto_imap_set_next(mailproto_imap_cursor *set,
                                                       mailproto_imap_range *range);

/** Whether the set is `$`, the saved result (RFC 9051 6.4.4.1). @return 1 or 0 */
MAILPROTO_API int mailproto_imap_set_is_saved(const mailproto_imap_cursor *set);

/** Whether a set has a number; `largest` is what `*` stands for. The cursor stays
 *  where it is. Each call reads the set's text until it meets the number: who asks for
 *  many walks the set once instead. In a compiled SEARCH program whose sets ascend it is
 *  a search by halves. @return 1 or 0 */
MAILPROTO_API int mailproto_imap_set_has(const mailproto_imap_cursor *set,
                                         uint32_t number, uint32_t largest);

/**
 * A sequence set that stands alone (RFC 9051 9, sequence-set), `$` included.
 * @param text the whole set
 * @param set  the cursor
 * @return OK; ::MAILPROTO_ERR_SYNTAX
 */
MAILPROTO_API mailproto_status mailproto_imap_set_parse(mailproto_bytes text,
                                                        mailproto_imap_cursor *set);

/** The next string of a list: flags (with their backslash), patterns of LIST, names of
 *  HEADER.FIELDS, capabilities of ENABLE, names and values of ID one after the other.
 *  @return OK; ::MAILPROTO_EOF */
MAILPROTO_API mailproto_status mailproto_imap_string_next(mailproto_imap_cursor *list,
                                                          mailproto_imap_string *s);

/* ---- flags ---------------------------------------------------------------------- */

/** The system flags (RFC 9051 2.3.2), as bits. */
enum {
    MAILPROTO_IMAP_SEEN = 1,     /**< \\Seen */
    MAILPROTO_IMAP_ANSWERED = 2, /**< \\Answered */
    MAILPROTO_IMAP_FLAGGED = 4,  /**< \\Flagged */
    MAILPROTO_IMAP_DELETED = 8,  /**< \\Deleted */
    MAILPROTO_IMAP_DRAFT = 16,   /**< \\Draft */
    MAILPROTO_IMAP_RECENT = 32, /**< \\Recent (RFC 3501): told, never set by a client */
    MAILPROTO_IMAP_ANY = 64     /**< `\*` of PERMANENTFLAGS: keywords can be made */
};

/** The bit of a system flag, in any case; 0: a keyword, or none that is known. */
MAILPROTO_API uint32_t mailproto_imap_flag(mailproto_bytes name);

/* ---- dates ---------------------------------------------------------------------- */

/** A date-time (RFC 9051 9) or INTERNALDATE. */
typedef struct mailproto_imap_date {
    int64_t utc;          /**< seconds since 1970 */
    int32_t zone_minutes; /**< of the zone it was written in */
    int32_t set;          /**< 1; 0: there is none */
} mailproto_imap_date;

/** Reads `dd-Mon-yyyy hh:mm:ss +zzzz`, without its quotes; the day may have one digit,
 *  or a blank before it.
 *  @return OK; ::MAILPROTO_ERR_SYNTAX (also a day that is none) */
MAILPROTO_API mailproto_status mailproto_imap_date_parse(mailproto_bytes text,
                                                         mailproto_imap_date *out);

/** Writes the 26 octets of a date-time, without quotes. @return OK;
 *  ::MAILPROTO_ERR_ARGUMENT (year outside 1 to 9999; zone outside +-1439) */
MAILPROTO_API mailproto_status
mailproto_imap_date_write(const mailproto_imap_date *date, char out[26]);

/** Reads a date of SEARCH, `d-Mon-yyyy`: days since 1970-01-01. @return OK;
 *  ::MAILPROTO_ERR_SYNTAX */
MAILPROTO_API mailproto_status mailproto_imap_day_parse(mailproto_bytes text,
                                                        int64_t *day);

/* ---- FETCH items ---------------------------------------------------------------- */

/** Part numbers in one section specification; more: BAD. */
#define MAILPROTO_IMAP_PATH_MAX 32
/** Names in one HEADER.FIELDS; more: BAD. */
#define MAILPROTO_IMAP_FIELDS_MAX 128

/** What a FETCH asks for (RFC 9051 6.4.5). */
enum {
    MAILPROTO_IMAP_ITEM_FLAGS = 1,          /**< FLAGS */
    MAILPROTO_IMAP_ITEM_UID = 2,            /**< UID */
    MAILPROTO_IMAP_ITEM_INTERNALDATE = 3,   /**< INTERNALDATE */
    MAILPROTO_IMAP_ITEM_RFC822_SIZE = 4,    /**< RFC822.SIZE */
    MAILPROTO_IMAP_ITEM_ENVELOPE = 5,       /**< ENVELOPE */
    MAILPROTO_IMAP_ITEM_BODY = 6,           /**< BODY, without a section */
    MAILPROTO_IMAP_ITEM_BODYSTRUCTURE = 7,  /**< BODYSTRUCTURE */
    MAILPROTO_IMAP_ITEM_SECTION = 8,        /**< BODY[section] */
    MAILPROTO_IMAP_ITEM_BINARY = 9,         /**< BINARY[section] */
    MAILPROTO_IMAP_ITEM_BINARY_SIZE = 10,   /**< BINARY.SIZE[section] */
    MAILPROTO_IMAP_ITEM_RFC822 = 11,        /**< RFC822 (RFC 3501): BODY[] */
    MAILPROTO_IMAP_ITEM_RFC822_HEADER = 12, /**< RFC822.HEADER: BODY.PEEK[HEADER] */
    MAILPROTO_IMAP_ITEM_RFC822_TEXT = 13,   /**< RFC822.TEXT: BODY[TEXT] */
    MAILPROTO_IMAP_ITEM_MODSEQ = 14,        /**< MODSEQ (RFC 7162) */
    MAILPROTO_IMAP_ITEM_EMAILID = 15,       /**< EMAILID (RFC 8474) */
    MAILPROTO_IMAP_ITEM_THREADID = 16,      /**< THREADID (RFC 8474) */
    MAILPROTO_IMAP_ITEM_SAVEDATE = 17       /**< SAVEDATE (RFC 8514) */
};

/** What of a part a section is (RFC 9051 6.4.5.1). */
enum {
    MAILPROTO_IMAP_SECTION_WHOLE = 0,      /**< all of it; `1.2` its body */
    MAILPROTO_IMAP_SECTION_HEADER = 1,     /**< HEADER */
    MAILPROTO_IMAP_SECTION_FIELDS = 2,     /**< HEADER.FIELDS */
    MAILPROTO_IMAP_SECTION_FIELDS_NOT = 3, /**< HEADER.FIELDS.NOT */
    MAILPROTO_IMAP_SECTION_TEXT = 4,       /**< TEXT */
    MAILPROTO_IMAP_SECTION_MIME = 5        /**< MIME */
};

/** Flags of mailproto_imap_fetch_item. */
enum {
    MAILPROTO_IMAP_PEEK = 1,   /**< does not set \\Seen */
    MAILPROTO_IMAP_PARTIAL = 2 /**< `first` and `count` hold */
};

/** One item of a FETCH. */
typedef struct mailproto_imap_fetch_item {
    uint32_t kind;     /**< MAILPROTO_IMAP_ITEM_... */
    uint32_t flags;    /**< MAILPROTO_IMAP_PEEK, MAILPROTO_IMAP_PARTIAL */
    uint32_t section;  /**< MAILPROTO_IMAP_SECTION_... */
    uint32_t path_len; /**< part numbers */
    uint32_t path[MAILPROTO_IMAP_PATH_MAX]; /**< from 1 */
    uint64_t first;                         /**< PARTIAL: the first octet, from 0 */
    uint64_t count;                         /**< PARTIAL: how many, at least 1 */
    mailproto_imap_cursor fields;           /**< names of HEADER.FIELDS, see
                                       mailproto_imap_string_next() */
} mailproto_imap_fetch_item;

/** The next item; ALL, FAST and FULL come as the items they stand for. @return OK;
 *  ::MAILPROTO_EOF */
MAILPROTO_API mailproto_status mailproto_imap_fetch_next(
    mailproto_imap_cursor *items, mailproto_imap_fetch_item *item);

/* ---- STATUS items, LIST options, SEARCH return options -------------------------- */

/** Items of STATUS, as bits (RFC 9051 6.3.11 and where named). */
enum {
    MAILPROTO_IMAP_STATUS_MESSAGES = 1,        /**< MESSAGES */
    MAILPROTO_IMAP_STATUS_UIDNEXT = 2,         /**< UIDNEXT */
    MAILPROTO_IMAP_STATUS_UIDVALIDITY = 4,     /**< UIDVALIDITY */
    MAILPROTO_IMAP_STATUS_UNSEEN = 8,          /**< UNSEEN */
    MAILPROTO_IMAP_STATUS_DELETED = 16,        /**< DELETED */
    MAILPROTO_IMAP_STATUS_SIZE = 32,           /**< SIZE (RFC 8438) */
    MAILPROTO_IMAP_STATUS_RECENT = 64,         /**< RECENT (RFC 3501) */
    MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ = 128, /**< HIGHESTMODSEQ (RFC 7162) */
    MAILPROTO_IMAP_STATUS_APPENDLIMIT = 256,   /**< APPENDLIMIT (RFC 7889) */
    MAILPROTO_IMAP_STATUS_MAILBOXID = 512      /**< MAILBOXID (RFC 8474) */
};

/** What LIST selects by, and what it returns, as bits (RFC 5258, RFC 6154, RFC 5819).
 */
enum {
    MAILPROTO_IMAP_LIST_SUBSCRIBED = 1,     /**< SUBSCRIBED */
    MAILPROTO_IMAP_LIST_REMOTE = 2,         /**< REMOTE */
    MAILPROTO_IMAP_LIST_RECURSIVEMATCH = 4, /**< RECURSIVEMATCH */
    MAILPROTO_IMAP_LIST_SPECIAL_USE = 8,    /**< SPECIAL-USE */
    MAILPROTO_IMAP_LIST_CHILDREN = 16,      /**< CHILDREN */
    MAILPROTO_IMAP_LIST_STATUS = 32         /**< STATUS: `status_items` say which */
};

/** What SEARCH returns, as bits (RFC 4731, RFC 5182). */
enum {
    MAILPROTO_IMAP_RETURN_MIN = 1,   /**< MIN */
    MAILPROTO_IMAP_RETURN_MAX = 2,   /**< MAX */
    MAILPROTO_IMAP_RETURN_ALL = 4,   /**< ALL, also RETURN () */
    MAILPROTO_IMAP_RETURN_COUNT = 8, /**< COUNT */
    MAILPROTO_IMAP_RETURN_SAVE = 16  /**< SAVE: what is found becomes `$` */
};

/* ---- a command ------------------------------------------------------------------ */

/** The commands. */
enum {
    MAILPROTO_IMAP_OTHER = 0,        /**< none of these: `name` and `args` have it */
    MAILPROTO_IMAP_CAPABILITY = 1,   /**< CAPABILITY */
    MAILPROTO_IMAP_NOOP = 2,         /**< NOOP */
    MAILPROTO_IMAP_LOGOUT = 3,       /**< LOGOUT */
    MAILPROTO_IMAP_STARTTLS = 4,     /**< STARTTLS */
    MAILPROTO_IMAP_AUTHENTICATE = 5, /**< AUTHENTICATE: `name` the mechanism, `text` the
                                           initial response (SASL-IR), NIL: none */
    MAILPROTO_IMAP_LOGIN = 6,        /**< LOGIN: `name`, `text` the password */
    MAILPROTO_IMAP_ENABLE = 7,       /**< ENABLE: `items` capabilities */
    MAILPROTO_IMAP_ID = 8,           /**< ID: `items` names and values in turn */
    MAILPROTO_IMAP_SELECT = 9,       /**< SELECT: `mailbox`, and QRESYNC's fields */
    MAILPROTO_IMAP_EXAMINE = 10,     /**< EXAMINE: as SELECT */
    MAILPROTO_IMAP_CREATE = 11,    /**< CREATE: `mailbox`; `items` of USE (RFC 6154) */
    MAILPROTO_IMAP_DELETE = 12,    /**< DELETE: `mailbox` */
    MAILPROTO_IMAP_RENAME = 13,    /**< RENAME: `mailbox` to `target` */
    MAILPROTO_IMAP_SUBSCRIBE = 14, /**< SUBSCRIBE: `mailbox` */
    MAILPROTO_IMAP_UNSUBSCRIBE = 15, /**< UNSUBSCRIBE: `mailbox` */
    MAILPROTO_IMAP_LIST = 16,      /**< LIST: `select`, `mailbox` the reference, `items`
                                           the patterns, `returns` */
    MAILPROTO_IMAP_LSUB = 17,      /**< LSUB (RFC 3501): as LIST, without options */
    MAILPROTO_IMAP_NAMESPACE = 18, /**< NAMESPACE */
    MAILPROTO_IMAP_STATUS = 19,    /**< STATUS: `mailbox`, `status_items` */
    MAILPROTO_IMAP_APPEND = 20,    /**< APPEND: `mailbox`, `items`: see
                                           mailproto_imap_append_next() */
    MAILPROTO_IMAP_IDLE = 21,      /**< IDLE */
    MAILPROTO_IMAP_CHECK = 22,     /**< CHECK (RFC 3501) */
    MAILPROTO_IMAP_CLOSE = 23,     /**< CLOSE */
    MAILPROTO_IMAP_UNSELECT = 24,  /**< UNSELECT */
    MAILPROTO_IMAP_EXPUNGE = 25,   /**< EXPUNGE; with UID: of `set` (RFC 4315) */
    MAILPROTO_IMAP_SEARCH = 26,    /**< SEARCH: `returns`, `items` the keys: see
                                           imap_search.h; `text` the CHARSET or NIL */
    MAILPROTO_IMAP_FETCH = 27, /**< FETCH: `set`, `items`: mailproto_imap_fetch_next(),
                                           `modseq` of CHANGEDSINCE */
    MAILPROTO_IMAP_STORE = 28, /**< STORE: `set`, `store`, `items` the flags,
                                           `modseq` of UNCHANGEDSINCE */
    MAILPROTO_IMAP_COPY = 29,  /**< COPY: `set`, `mailbox` */
    MAILPROTO_IMAP_MOVE = 30,  /**< MOVE: `set`, `mailbox` */
    MAILPROTO_IMAP_COMMANDS = 31 /**< how many */
};

/** The name of a command, "FETCH"; "" for what is none. */
MAILPROTO_API const char *mailproto_imap_command_name(uint32_t command);

/** Flags of mailproto_imap_command. */
enum {
    MAILPROTO_IMAP_UID = 1,         /**< UID FETCH and its likes: `set` and results hold
                                          UIDs */
    MAILPROTO_IMAP_SILENT = 2,      /**< STORE: .SILENT */
    MAILPROTO_IMAP_HAS_MODSEQ = 4,  /**< `modseq` was given */
    MAILPROTO_IMAP_CONDSTORE = 8,   /**< SELECT (CONDSTORE) */
    MAILPROTO_IMAP_QRESYNC = 16,    /**< SELECT (QRESYNC ...) */
    MAILPROTO_IMAP_VANISHED = 32,   /**< UID FETCH (... VANISHED) */
    MAILPROTO_IMAP_EXTENDED = 64,   /**< LIST, SEARCH: in an extended form (RETURN, or
                                          more): RFC 5258, RFC 4731 */
    MAILPROTO_IMAP_SETS_SEEN = 128, /**< FETCH: an item sets \\Seen */
    MAILPROTO_IMAP_USES_MSN = 256,  /**< holds message sequence numbers */
    MAILPROTO_IMAP_USES_SAVED = 512,   /**< holds `$` */
    MAILPROTO_IMAP_USES_MODSEQ = 1024, /**< it enables CONDSTORE (RFC 7162 3.1) */
    MAILPROTO_IMAP_MAY_EXPUNGE = 2048 /**< while it is in progress EXPUNGE responses are
                                            allowed (RFC 9051 7.5.1) */
};

/** What STORE does. */
enum {
    MAILPROTO_IMAP_STORE_SET = 0,   /**< FLAGS */
    MAILPROTO_IMAP_STORE_ADD = 1,   /**< +FLAGS */
    MAILPROTO_IMAP_STORE_REMOVE = 2 /**< -FLAGS */
};

/** What the client has enabled, as bits; it changes what is legal and how names are
 *  written. */
enum {
    MAILPROTO_IMAP_ENABLED_REV2 = 1, /**< IMAP4rev2: names are UTF-8 */
    MAILPROTO_IMAP_ENABLED_UTF8 = 2, /**< UTF8=ACCEPT (RFC 9755): names are UTF-8 */
    MAILPROTO_IMAP_ENABLED_CONDSTORE = 4, /**< CONDSTORE (RFC 7162) */
    MAILPROTO_IMAP_ENABLED_QRESYNC = 8    /**< QRESYNC (RFC 7162) */
};

/** A command as it was read. Everything points into its bytes. */
typedef struct mailproto_imap_command {
    uint32_t struct_size;       /**< sizeof of the caller's struct */
    uint32_t command;           /**< MAILPROTO_IMAP_FETCH ... */
    uint32_t flags;             /**< MAILPROTO_IMAP_UID ... */
    uint32_t select;            /**< LIST: MAILPROTO_IMAP_LIST_... selected by */
    uint32_t returns;           /**< LIST: MAILPROTO_IMAP_LIST_..., SEARCH:
                                MAILPROTO_IMAP_RETURN_... */
    uint32_t status_items;      /**< STATUS, and LIST's RETURN (STATUS ...) */
    uint32_t store;             /**< MAILPROTO_IMAP_STORE_... */
    uint32_t uidvalidity;       /**< SELECT (QRESYNC ...) */
    mailproto_bytes tag;        /**< the client's tag */
    mailproto_bytes verb;       /**< the command's name as written, without `UID` */
    mailproto_bytes args;       /**< all arguments as written, without the last CRLF */
    mailproto_imap_string name; /**< see the commands */
    mailproto_imap_string text; /**< see the commands */
    mailproto_imap_string mailbox; /**< see the commands */
    mailproto_imap_string target;  /**< RENAME: the new name */
    mailproto_imap_cursor set;     /**< message numbers, or UIDs */
    mailproto_imap_cursor items;   /**< see the commands */
    mailproto_imap_cursor
        known; /**< QRESYNC: UIDs the client knows; empty: not given */
    mailproto_imap_cursor match_numbers; /**< QRESYNC: its message numbers, and ... */
    mailproto_imap_cursor match_uids;    /**< ... the UIDs that go with them */
    uint64_t modseq;                     /**< CHANGEDSINCE, UNCHANGEDSINCE, QRESYNC */
} mailproto_imap_command;

/** What is wrong with a command. */
typedef struct mailproto_imap_fault {
    mailproto_status code; /**< ::MAILPROTO_ERR_SYNTAX, ::MAILPROTO_ERR_COUNT_LIMIT */
    uint32_t reserved;     /**< 0 */
    size_t offset;         /**< of the first octet that cannot be */
    const char *detail;    /**< static text: what was expected there */
} mailproto_imap_fault;

/**
 * Reads a whole command with its literals in (RFC 9051 9, command). The server does
 * this by itself; this call is for tools, tests, and servers with a framing of their
 * own.
 * @param unit    from the tag to the last CRLF
 * @param enabled MAILPROTO_IMAP_ENABLED_...
 * @param out     filled as far as it was read: `tag` is set whenever there is one; the
 *            caller sets `struct_size`
 * @param fault   NULL, or told what is wrong
 * @return OK; ::MAILPROTO_ERR_SYNTAX; ::MAILPROTO_ERR_COUNT_LIMIT (too deep, too many
 *         names); ::MAILPROTO_ERR_VERSION
 */
MAILPROTO_API mailproto_status
mailproto_imap_command_parse(mailproto_bytes unit, uint32_t enabled,
                             mailproto_imap_command *out, mailproto_imap_fault *fault);

/** One message of APPEND (RFC 9051 6.3.12; RFC 3502: several). */
typedef struct mailproto_imap_append {
    mailproto_imap_cursor flags;   /**< strings */
    mailproto_imap_date date;      /**< INTERNALDATE to set */
    mailproto_imap_string message; /**< EXTERNAL on a server; BINARY, UTF8_FORM */
} mailproto_imap_append;

/** The next message of an APPEND. @return OK; ::MAILPROTO_EOF */
MAILPROTO_API mailproto_status mailproto_imap_append_next(mailproto_imap_cursor *items,
                                                          mailproto_imap_append *out);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_IMAP_H */
