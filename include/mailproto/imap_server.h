/**
 * @file imap_server.h
 * The server's side of an IMAP session (RFC 3501, RFC 9051): commands as events,
 * responses as verbs. It knows states, capabilities, literals, what may run together
 * and what may be said when; storage is the application's.
 *
 * @code
 * mailproto_imap_server_options o = {.struct_size = sizeof o};
 * o.caps = MAILPROTO_IMAP_CAP_BIT(REV1); // what is carried out below, no STARTTLS
 * o.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR; // only to try it
 * mailproto_imap_server_new(&o, &server);
 * mailproto_session *s = mailproto_imap_server_session(server);
 * while ((st = mailproto_pump(s, &io, &ev)) == MAILPROTO_OK) {
 *     mailproto_imap_command c = {.struct_size = sizeof c};
 *     switch (ev.type) {
 *     case MAILPROTO_EV_IMAP_COMMAND:
 *         mailproto_imap_event_command(&ev, &c);
 *         if (c.command == MAILPROTO_IMAP_LOGIN) {
 *             mailproto_imap_server_complete(server, ev.tag, password_is_right(&c)
 *                 ? MAILPROTO_IMAP_OK : MAILPROTO_IMAP_NO, NULL, none);
 *         } else if (c.command == MAILPROTO_IMAP_SELECT) {
 *             mailproto_imap_selected box = {.struct_size = sizeof box};
 *             open_mailbox(&c, &box);
 *             mailproto_imap_server_selected(server, ev.tag, &box);
 *             mailproto_imap_server_complete(server, ev.tag, MAILPROTO_IMAP_OK, NULL,
 *                                            none);
 *         } else if (c.command == MAILPROTO_IMAP_FETCH) {
 *             begin_fetch(&c, ev.tag); // see mailproto_imap_server_fetch()
 *         } else {
 *             mailproto_imap_server_accept(server, ev.tag);
 *         }
 *         break;
 *     case MAILPROTO_EV_ROOM:
 *         go_on_with_fetch();
 *         break;
 *     default:
 *         if (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) {
 *             mailproto_imap_server_accept(server, ev.tag);
 *         }
 *     }
 * }
 * @endcode
 *
 * The pump also returns ::MAILPROTO_YOUR_TURN: that is not the end, something waits for
 * an answer or a verb of yours; ::MAILPROTO_EOF is the end.
 *
 * What is refused without the application: what the grammar does not allow (BAD), what
 * the state forbids (BAD), commands and all that they hold that is not among the
 * capabilities (BAD: an item, a key, an option, a modifier, a literal8), tags of more
 * than 64 octets (BAD), message numbers above EXISTS (BAD), mod-sequences where the
 * mailbox keeps none (BAD, RFC 7162 3.1.2.2), names that are no modified UTF-7 for
 * CREATE and RENAME (NO [CANNOT]), a CHARSET other than US-ASCII and UTF-8 (NO
 * [BADCHARSET]). What is carried out without it: CAPABILITY, ENABLE, STARTTLS, LOGOUT,
 * and the lines of IDLE and AUTHENTICATE.
 *
 * Text of the application is printable US-ASCII (UTF-8 only for a client that has
 * enabled IMAP4rev2), does not begin with `[` unless a code stands before it, and does
 * not end like the announcement of a literal, `{5}`.
 */
#ifndef MAILPROTO_IMAP_SERVER_H
#define MAILPROTO_IMAP_SERVER_H

#include <mailproto/imap_fetch.h>
#include <mailproto/imap_search.h>
#include <mailproto/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An IMAP server's engine: one connection. */
typedef struct mailproto_imap_server mailproto_imap_server;

/** Capabilities (for mailproto_session_has_cap() and `caps`, as bit numbers). */
enum {
    MAILPROTO_IMAP_CAP_REV1 = 0,          /**< IMAP4rev1 (RFC 3501) */
    MAILPROTO_IMAP_CAP_REV2 = 1,          /**< IMAP4rev2 (RFC 9051) */
    MAILPROTO_IMAP_CAP_LITERAL_PLUS = 2,  /**< LITERAL+ (RFC 7888) */
    MAILPROTO_IMAP_CAP_LITERAL_MINUS = 3, /**< LITERAL- (RFC 7888); not with LITERAL+ */
    MAILPROTO_IMAP_CAP_SASL_IR = 4,       /**< SASL-IR (RFC 4959) */
    MAILPROTO_IMAP_CAP_STARTTLS = 5,      /**< STARTTLS */
    MAILPROTO_IMAP_CAP_IDLE = 6,          /**< IDLE (RFC 2177) */
    MAILPROTO_IMAP_CAP_NAMESPACE = 7,     /**< NAMESPACE (RFC 2342) */
    MAILPROTO_IMAP_CAP_ID = 8,            /**< ID (RFC 2971) */
    MAILPROTO_IMAP_CAP_ENABLE = 9,        /**< ENABLE (RFC 5161) */
    MAILPROTO_IMAP_CAP_UIDPLUS = 10,      /**< UIDPLUS (RFC 4315) */
    MAILPROTO_IMAP_CAP_MOVE = 11,         /**< MOVE (RFC 6851) */
    MAILPROTO_IMAP_CAP_UNSELECT = 12,     /**< UNSELECT (RFC 3691) */
    MAILPROTO_IMAP_CAP_SPECIAL_USE = 13,  /**< SPECIAL-USE (RFC 6154) */
    MAILPROTO_IMAP_CAP_CREATE_SPECIAL_USE = 14, /**< CREATE-SPECIAL-USE (RFC 6154) */
    MAILPROTO_IMAP_CAP_CHILDREN = 15,           /**< CHILDREN (RFC 3348) */
    MAILPROTO_IMAP_CAP_LIST_EXTENDED = 16,      /**< LIST-EXTENDED (RFC 5258) */
    MAILPROTO_IMAP_CAP_LIST_STATUS = 17,        /**< LIST-STATUS (RFC 5819) */
    MAILPROTO_IMAP_CAP_ESEARCH = 18,            /**< ESEARCH (RFC 4731) */
    MAILPROTO_IMAP_CAP_SEARCHRES = 19,          /**< SEARCHRES (RFC 5182) */
    MAILPROTO_IMAP_CAP_CONDSTORE = 20,          /**< CONDSTORE (RFC 7162) */
    MAILPROTO_IMAP_CAP_QRESYNC = 21,            /**< QRESYNC (RFC 7162) */
    MAILPROTO_IMAP_CAP_BINARY = 22,             /**< BINARY (RFC 3516) */
    MAILPROTO_IMAP_CAP_MULTIAPPEND = 23,        /**< MULTIAPPEND (RFC 3502) */
    MAILPROTO_IMAP_CAP_APPENDLIMIT = 24,        /**< APPENDLIMIT (RFC 7889) */
    MAILPROTO_IMAP_CAP_STATUS_SIZE = 25,        /**< STATUS=SIZE (RFC 8438) */
    MAILPROTO_IMAP_CAP_UTF8_ACCEPT = 26,        /**< UTF8=ACCEPT (RFC 9755) */
    MAILPROTO_IMAP_CAP_OBJECTID = 27,           /**< OBJECTID (RFC 8474) */
    MAILPROTO_IMAP_CAP_SAVEDATE = 28            /**< SAVEDATE (RFC 8514) */
};

/** The bit of a capability in `caps`: MAILPROTO_IMAP_CAP_BIT(IDLE). */
#define MAILPROTO_IMAP_CAP_BIT(name) ((uint64_t)1 << MAILPROTO_IMAP_CAP_##name)
/** All capabilities, LITERAL+ being the larger of the two. */
#define MAILPROTO_IMAP_CAPS_ALL                                                        \
    (((MAILPROTO_IMAP_CAP_BIT(SAVEDATE) << 1) - 1) &                                   \
     ~MAILPROTO_IMAP_CAP_BIT(LITERAL_MINUS))
/** What `caps` 0 stands for: what needs nothing of the store but messages, flags and
 *  names. */
#define MAILPROTO_IMAP_CAPS_DEFAULT                                                    \
    (MAILPROTO_IMAP_CAPS_ALL &                                                         \
     ~(MAILPROTO_IMAP_CAP_BIT(UTF8_ACCEPT) | MAILPROTO_IMAP_CAP_BIT(OBJECTID) |        \
       MAILPROTO_IMAP_CAP_BIT(SAVEDATE) | MAILPROTO_IMAP_CAP_BIT(QRESYNC) |            \
       MAILPROTO_IMAP_CAP_BIT(CONDSTORE)))

/** Flags of mailproto_imap_server_options. */
enum {
    /** TLS from the first byte: TLS_GO is the first event. */
    MAILPROTO_IMAP_SERVER_TLS_IMPLICIT = 1,
    /** LOGIN and AUTHENTICATE are taken without TLS too; else LOGINDISABLED is offered
     *  then and they get NO [PRIVACYREQUIRED] (RFC 9051 11.1). */
    MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR = 2,
    /** Commands this header does not know come as events (`MAILPROTO_IMAP_OTHER`); else
     *  they are BAD. */
    MAILPROTO_IMAP_SERVER_OTHER_COMMANDS = 4
};

/** Options of a server. Zero is the default of every field; all of it is copied, but
 *  for the trace. The caller sets `struct_size`. */
typedef struct mailproto_imap_server_options {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t flags;       /**< MAILPROTO_IMAP_SERVER_... */
    uint32_t in_size;  /**< input buffer, octets; default 8192 (RFC 2683 3.2.1.5 wants
                               commands of 8000), at least 512: longer commands need
                               lent memory (::MAILPROTO_EV_NEED_MEMORY) */
    uint32_t out_size; /**< output buffer, octets; default 4096, at least 1024 and
                               twice `reply_max` */
    uint32_t max_command; /**< a command with its small literals, octets, after the
                               login; default 65536. More: BAD, and it is swallowed.
                             ::MAILPROTO_EV_NEED_MEMORY may come several times for a
                             command that grows */
    uint32_t max_command_before; /**< before the login; default 8192 */
    uint32_t max_literal; /**< a literal up to this many octets stays in the command;
                               default 4096. Larger ones, and every message of APPEND,
                             are offered by ::MAILPROTO_EV_IMAP_LITERAL. Before the
                             login larger ones are refused */
    uint32_t
        max_swallow_before; /**< octets of refused literals that are read and thrown
                               away before the login; default 65536. Beyond: BYE */
    uint64_t max_swallow;   /**< after it; default `append_limit` and 1 MiB */
    uint64_t append_limit;  /**< octets of a message for APPEND, told with APPENDLIMIT;
                               default 64 MiB; ::MAILPROTO_UNLIMITED_64: none */
    uint32_t max_in_progress;  /**< commands detached at once; default 4, at most 16 */
    uint32_t max_bad_commands; /**< refused commands that are borne, the next one gets
                                  BYE in place of its answer; default: before the
                                  login 5 in all (no NOOP makes it 0), after it 20 in a
                                  row (a command that is taken makes it 0). Every
                                  command that ends BAD counts, a cancelled
                                  AUTHENTICATE too, and every failed login; no other NO
                                  ([PRIVACYREQUIRED], an unknown mechanism,
                                  ::MAILPROTO_ERR_AUTH_TEMPORARY) */
    uint32_t max_auth_line;    /**< a response of AUTHENTICATE, octets; default 12288 */
    uint32_t reply_max; /**< the longest text an application completes a command with,
                               octets; default 256, at least 128 */
    uint32_t progress_bytes; /**< octets of a literal that renew a time-out; default
                               4096 */
    uint32_t login_ms;       /**< from the greeting, or from the beginning of TLS, until
                               the login, whatever the client says meanwhile; default
                               180000 */
    uint32_t idle_ms;  /**< wait for a command after it, IDLE included; default 1800000,
                            which is the least that RFC 9051 5.4 allows */
    uint32_t block_ms; /**< for `progress_bytes` to be read or sent by the client;
                            default 300000 */
    uint32_t reserved; /**< 0 */
    uint64_t caps;     /**< mask of the capabilities to offer, IMAP4rev1 or IMAP4rev2 at
                        least; default ::MAILPROTO_IMAP_CAPS_DEFAULT. What is named is
                        yours to carry out: STARTTLS needs ::MAILPROTO_EV_TLS_GO
                        handled, MOVE, UIDPLUS, MULTIAPPEND what they ask for; a small
                        server names its own. STARTTLS counts
                        only while there is no TLS; QRESYNC brings CONDSTORE and
                        ENABLE along (RFC 7162 3.2), UTF8=ACCEPT brings ENABLE
                        (RFC 9755 3). What IMAP4rev2 includes need not be named;
                        without IMAP4rev1 it is enabled from the start */
    mailproto_bytes greeting; /**< words of the greeting; default "ready"; at most 128
                                   octets */
    /** "PLAIN LOGIN": names as RFC 4422 3.1 has them, of 1 to 20 upper-case letters,
     *  digits, `-` and `_`, single blanks between; at most 255 octets. Anything else is
     *  ::MAILPROTO_ERR_ARGUMENT. Empty: AUTHENTICATE is not offered. Names that end in
     *  -PLUS only while the session has a channel binding. */
    mailproto_bytes auth_mechanisms;
    mailproto_bytes more_caps;    /**< capabilities of the application's own, blanks
                                     between, at most 255 octets */
    const mailproto_trace *trace; /**< NULL, or kept as long as the engine */
    /** Those of `auth_mechanisms` that are offered, and taken, without TLS, also
     *  without ::MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR: "SCRAM-SHA-256", say. At most
     *  255 octets; empty: none, or all with that flag; one that is not among those is
     *  ::MAILPROTO_ERR_ARGUMENT. */
    mailproto_bytes mechanisms_in_clear;
} mailproto_imap_server_options;

/**
 * Bytes that suffice for a server's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param in       options.in_size
 * @param out      options.out_size
 * @param progress options.max_in_progress
 * @param texts    lengths of greeting, auth_mechanisms, mechanisms_in_clear and
 *                 more_caps together
 */
#define MAILPROTO_IMAP_SERVER_MEM(in, out, progress, texts)                            \
    ((size_t)1536 + 80U * sizeof(void *) + (size_t)(in) + (size_t)(out) +              \
     (size_t)(progress)*80U + (size_t)(texts))

/** Exactly how large the block must be; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_imap_server_mem_size(const mailproto_imap_server_options *options);

/** Places a server into `mem`, of any alignment; nothing to release. @return OK;
 *  ::MAILPROTO_ERR_MEMORY (too little; nothing was touched); ::MAILPROTO_ERR_ARGUMENT
 *  (options); ::MAILPROTO_ERR_VERSION */
MAILPROTO_API mailproto_status mailproto_imap_server_init(
    void *mem, size_t size, const mailproto_imap_server_options *options,
    mailproto_imap_server **out);

/** The same on malloc; release with mailproto_imap_server_free(). @return as _init();
 *  ::MAILPROTO_ERR_MEMORY: malloc failed */
MAILPROTO_API mailproto_status mailproto_imap_server_new(
    const mailproto_imap_server_options *options, mailproto_imap_server **out);

/** Wipes and releases what _new() gave; NULL is allowed. */
MAILPROTO_API void mailproto_imap_server_free(mailproto_imap_server *server);

/** The server as a session: bytes, events, want, content, authentication. */
MAILPROTO_API mailproto_session *
mailproto_imap_server_session(mailproto_imap_server *server);

/* ---- state ---------------------------------------------------------------------- */

/** The states (RFC 9051 3). */
enum {
    MAILPROTO_IMAP_NOT_AUTHENTICATED = 1, /**< before the login */
    MAILPROTO_IMAP_AUTHENTICATED = 2,     /**< no mailbox is selected */
    MAILPROTO_IMAP_SELECTED = 3,          /**< a mailbox is selected */
    MAILPROTO_IMAP_LOGGED_OUT = 4         /**< after LOGOUT or BYE */
};

/** The present state. */
MAILPROTO_API uint32_t mailproto_imap_server_state(const mailproto_imap_server *server);

/** What the client has enabled, MAILPROTO_IMAP_ENABLED_..., by ENABLE or by a command
 *  that does so (RFC 7162 3.1: the first one brings HIGHESTMODSEQ by itself, as
 *  mailproto_imap_server_selected() or mailproto_imap_server_highestmodseq() was told
 *  it). */
MAILPROTO_API uint32_t
mailproto_imap_server_enabled(const mailproto_imap_server *server);

/** Messages of the selected mailbox as the client knows them: what EXISTS said, less
 *  what was expunged since. */
MAILPROTO_API uint32_t
mailproto_imap_server_exists_now(const mailproto_imap_server *server);

/* ---- events --------------------------------------------------------------------- */

/** Events of a server; beside those of session.h. */
enum {
    /** NEEDS_REPLY: a client is connected. Default: the greeting, `OK`. See
     *  mailproto_imap_server_greet(). */
    MAILPROTO_EV_IMAP_CONNECT = 300,
    /** NEEDS_REPLY: a command; `number` = MAILPROTO_IMAP_..., `text` = its tag, up to
     *  64 octets, and mailproto_imap_event_command() all of it. Default: OK for NOOP,
     *  CHECK, CLOSE, UNSELECT, ID (`* ID NIL`), NAMESPACE (one, "" with "/"), SUBSCRIBE
     *  and UNSUBSCRIBE; NO for all others. */
    MAILPROTO_EV_IMAP_COMMAND = 301,
    /** NEEDS_REPLY: a literal of `number` octets is announced: a message of APPEND, or
     * one over `max_literal`. mailproto_imap_event_command() shows the command as far
     * as it was sent; for APPEND its `items` begin with this message. An empty one
     * is refused by itself (RFC 3502 6.3.11: NO, REJECTED). Default: refused with NO
     * [TOOBIG]. See mailproto_imap_server_literal(). Its octets come as CONTENT
     * events, CONTENT_END or CONTENT_ABORTED, with this request in `tag`. */
    MAILPROTO_EV_IMAP_LITERAL = 302,
    /** IDLE began (`number` = 1) or ended (0; REJECTED: by something else than DONE,
     * which is BAD). While it lasts every untagged response may be sent. The engine
     * answers the command by itself. */
    MAILPROTO_EV_IMAP_IDLE = 303,
    /** A verb said ::MAILPROTO_ERR_NOT_NOW and would not now: EXPUNGE and its likes are
     *  allowed until the next command. */
    MAILPROTO_EV_IMAP_SYNC = 304,
    /** REJECTED: the engine refused a command; `code` = MAILPROTO_IMAP_NO or _BAD,
     * `number` = octet of the command where the fault is, `text` = what was said. With
     * ::MAILPROTO_EVF_IMAP_SAVE: empty the saved result. */
    MAILPROTO_EV_IMAP_REJECTED = 305
};

/** Flags of an event, beside those of session.h. */
enum {
    /** REJECTED: a SEARCH with SAVE got NO: `$` is empty now (RFC 5182 2.1). */
    MAILPROTO_EVF_IMAP_SAVE = 65536
};

/** The command of ::MAILPROTO_EV_IMAP_COMMAND or ::MAILPROTO_EV_IMAP_LITERAL; points
 *  into the engine's memory and lives until it is completed or detached. @return OK;
 *  ::MAILPROTO_ERR_ARGUMENT (another event); ::MAILPROTO_ERR_VERSION */
MAILPROTO_API mailproto_status
mailproto_imap_event_command(const mailproto_event *ev, mailproto_imap_command *out);

/* ---- response codes ------------------------------------------------------------- */

/** How a command, or the greeting, is answered. */
enum {
    MAILPROTO_IMAP_OK = 1,      /**< OK */
    MAILPROTO_IMAP_NO = 2,      /**< NO */
    MAILPROTO_IMAP_BAD = 3,     /**< BAD */
    MAILPROTO_IMAP_PREAUTH = 4, /**< PREAUTH: a greeting only */
    MAILPROTO_IMAP_BYE = 5      /**< BYE */
};

/** Response codes (RFC 9051 7.1, RFC 5530, and where named). */
enum {
    MAILPROTO_IMAP_CODE_NONE = 0,           /**< no code */
    MAILPROTO_IMAP_CODE_ALERT = 1,          /**< ALERT */
    MAILPROTO_IMAP_CODE_BADCHARSET = 2,     /**< BADCHARSET: `words`, may be none */
    MAILPROTO_IMAP_CODE_PARSE = 3,          /**< PARSE */
    MAILPROTO_IMAP_CODE_PERMANENTFLAGS = 4, /**< PERMANENTFLAGS: `flags`, `words` */
    MAILPROTO_IMAP_CODE_READ_ONLY = 5,      /**< READ-ONLY */
    MAILPROTO_IMAP_CODE_READ_WRITE = 6,     /**< READ-WRITE */
    MAILPROTO_IMAP_CODE_TRYCREATE = 7,      /**< TRYCREATE */
    MAILPROTO_IMAP_CODE_UIDNEXT = 8,        /**< UIDNEXT: `number` */
    MAILPROTO_IMAP_CODE_UIDVALIDITY = 9,    /**< UIDVALIDITY: `number` */
    MAILPROTO_IMAP_CODE_UNSEEN = 10,        /**< UNSEEN (RFC 3501): `number` */
    MAILPROTO_IMAP_CODE_UIDNOTSTICKY = 11,  /**< UIDNOTSTICKY */
    MAILPROTO_IMAP_CODE_APPENDUID = 12, /**< APPENDUID: `number` UIDVALIDITY, `set` */
    MAILPROTO_IMAP_CODE_COPYUID = 13,   /**< COPYUID: `number`, `set`, `target` */
    MAILPROTO_IMAP_CODE_CLOSED = 14,    /**< CLOSED */
    MAILPROTO_IMAP_CODE_HIGHESTMODSEQ = 15, /**< HIGHESTMODSEQ: `number` */
    MAILPROTO_IMAP_CODE_NOMODSEQ = 16,      /**< NOMODSEQ */
    MAILPROTO_IMAP_CODE_MODIFIED = 17,      /**< MODIFIED: `set` */
    MAILPROTO_IMAP_CODE_NOTSAVED = 18,      /**< NOTSAVED */
    MAILPROTO_IMAP_CODE_HASCHILDREN = 19,   /**< HASCHILDREN */
    MAILPROTO_IMAP_CODE_UNKNOWN_CTE = 20,   /**< UNKNOWN-CTE */
    MAILPROTO_IMAP_CODE_TOOBIG = 21,        /**< TOOBIG (RFC 7889) */
    MAILPROTO_IMAP_CODE_MAILBOXID = 22,     /**< MAILBOXID (RFC 8474): `text` */
    MAILPROTO_IMAP_CODE_USEATTR = 23,       /**< USEATTR (RFC 6154) */
    MAILPROTO_IMAP_CODE_REFERRAL = 24,      /**< REFERRAL (RFC 2221): `text`, a URL */
    MAILPROTO_IMAP_CODE_UNAVAILABLE = 25,   /**< UNAVAILABLE */
    MAILPROTO_IMAP_CODE_AUTHENTICATIONFAILED = 26, /**< AUTHENTICATIONFAILED */
    MAILPROTO_IMAP_CODE_AUTHORIZATIONFAILED = 27,  /**< AUTHORIZATIONFAILED */
    MAILPROTO_IMAP_CODE_EXPIRED = 28,              /**< EXPIRED */
    MAILPROTO_IMAP_CODE_PRIVACYREQUIRED = 29,      /**< PRIVACYREQUIRED */
    MAILPROTO_IMAP_CODE_CONTACTADMIN = 30,         /**< CONTACTADMIN */
    MAILPROTO_IMAP_CODE_NOPERM = 31,               /**< NOPERM */
    MAILPROTO_IMAP_CODE_INUSE = 32,                /**< INUSE */
    MAILPROTO_IMAP_CODE_EXPUNGEISSUED = 33,        /**< EXPUNGEISSUED */
    MAILPROTO_IMAP_CODE_CORRUPTION = 34,           /**< CORRUPTION */
    MAILPROTO_IMAP_CODE_SERVERBUG = 35,            /**< SERVERBUG */
    MAILPROTO_IMAP_CODE_CLIENTBUG = 36,            /**< CLIENTBUG */
    MAILPROTO_IMAP_CODE_CANNOT = 37,               /**< CANNOT */
    MAILPROTO_IMAP_CODE_LIMIT = 38,                /**< LIMIT */
    MAILPROTO_IMAP_CODE_OVERQUOTA = 39,            /**< OVERQUOTA */
    MAILPROTO_IMAP_CODE_ALREADYEXISTS = 40,        /**< ALREADYEXISTS */
    MAILPROTO_IMAP_CODE_NONEXISTENT = 41,          /**< NONEXISTENT */
    MAILPROTO_IMAP_CODE_OTHER = 42 /**< `text` as it is: an atom and what may follow it,
                                        without `]` */
};

/** A response code and what goes with it. */
typedef struct mailproto_imap_code {
    uint32_t struct_size;               /**< sizeof of the caller's struct */
    uint32_t code;                      /**< MAILPROTO_IMAP_CODE_... */
    uint64_t number;                    /**< see the codes */
    uint32_t flags;                     /**< PERMANENTFLAGS: MAILPROTO_IMAP_SEEN ... */
    uint32_t reserved;                  /**< 0 */
    const mailproto_imap_range *set;    /**< see the codes; no `*` */
    size_t set_count;                   /**< how many */
    const mailproto_imap_range *target; /**< COPYUID: the new UIDs */
    size_t target_count;                /**< how many */
    const mailproto_bytes *words;       /**< keywords, charsets */
    size_t words_count;                 /**< how many */
    mailproto_bytes text;               /**< see the codes */
} mailproto_imap_code;

/* ---- answers --------------------------------------------------------------------- */

/**
 * @name Answers
 * @anchor imap_answers
 * They name the request, and say ::MAILPROTO_ERR_STALE when it is gone,
 * ::MAILPROTO_ERR_ARGUMENT for CR, LF, NUL, a code or an answer that cannot be, and
 * ::MAILPROTO_ERR_TOO_LONG when the text is over `reply_max` or the line can never fit
 * the output buffer. An answer without a long code never says AGAIN, but for that of a
 * detached command.
 *
 * An authentication that fails is on the wire what mailproto_session_auth_finish() says:
 * ::MAILPROTO_ERR_AUTH is NO [AUTHENTICATIONFAILED], and so is accept();
 * ::MAILPROTO_ERR_AUTH_TEMPORARY is NO [UNAVAILABLE], ::MAILPROTO_ERR_AUTH_WEAK is NO
 * [CANNOT], ::MAILPROTO_ERR_NEEDS_TLS is NO [PRIVACYREQUIRED], ::MAILPROTO_ERR_SYNTAX is
 * BAD.
 * @{
 */

/** Answers with the default, see the events. @return as @ref imap_answers "answers" */
MAILPROTO_API mailproto_status
mailproto_imap_server_accept(mailproto_imap_server *server, uint32_t request);

/**
 * Answers CONNECT.
 * @param server the server
 * @param request of the event
 * @param how ::MAILPROTO_IMAP_OK, ::MAILPROTO_IMAP_PREAUTH (already logged in: with
 *            TLS, or with LOGIN_IN_CLEAR) or ::MAILPROTO_IMAP_BYE (and close)
 * @param text words, or empty for the options'
 * @return as @ref imap_answers "answers"
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_greet(mailproto_imap_server *server, uint32_t request,
                            uint32_t how, mailproto_bytes text);

/**
 * Completes a command, in the order the application likes. OK for LOGIN logs in, for
 * SELECT and EXAMINE selects (mailproto_imap_server_selected() came before), for CLOSE
 * and UNSELECT deselects; the codes CAPABILITY, READ-ONLY and READ-WRITE are added by
 * themselves.
 * @param server  the server
 * @param request `tag` of the event, or the detached one
 * @param how     ::MAILPROTO_IMAP_OK, ::MAILPROTO_IMAP_NO or ::MAILPROTO_IMAP_BAD
 * @param code    a response code, or NULL; sent as it is given, offered or not
 * @param text    words, or empty for a default
 * @return as @ref imap_answers "answers"; ::MAILPROTO_ERR_STATE (SELECT without
 *         selected(); a response that
 *         was begun is not ended); AGAIN (a long code; for a detached
 *         command also: no room, or the line of a CAPABILITY is written in part: as
 *         @ref imap_responses "responses" have it);
 *         ::MAILPROTO_ERR_TOO_LONG (sets that never fit: APPENDUID, COPYUID, MODIFIED
 *         of any length go with mailproto_imap_server_code_begin())
 */
MAILPROTO_API mailproto_status mailproto_imap_server_complete(
    mailproto_imap_server *server, uint32_t request, uint32_t how,
    const mailproto_imap_code *code, mailproto_bytes text);

/**
 * Takes a literal: its octets come as content, and in the finished command its string
 * is EXTERNAL with `number`.
 * @param server  the server
 * @param request of ::MAILPROTO_EV_IMAP_LITERAL
 * @param number  the application's own
 * @return as @ref imap_answers "answers"
 */
MAILPROTO_API mailproto_status mailproto_imap_server_literal(
    mailproto_imap_server *server, uint32_t request, uint64_t number);

/** Refuses a literal: the command is answered at once with NO and this code; what the
 *  client sends of it all the same is read and thrown away (RFC 7888 4).
 *  @return as @ref imap_answers "answers" */
MAILPROTO_API mailproto_status mailproto_imap_server_refuse_literal(
    mailproto_imap_server *server, uint32_t request, const mailproto_imap_code *code,
    mailproto_bytes text);

/** Lets the command go on beside later ones, as far as RFC 9051 5.5 allows: the engine
 *  reads on. What event_command() gave lives no longer: copy what is needed first.
 *  @return as @ref imap_answers "answers"; ::MAILPROTO_ERR_COUNT_LIMIT
 *  (`max_in_progress`);
 *  ::MAILPROTO_ERR_STATE (LOGIN, and what changes the state, cannot be detached) */
MAILPROTO_API mailproto_status
mailproto_imap_server_detach(mailproto_imap_server *server, uint32_t request);

/** Ends the session: `* BYE` with `text` (empty: a default) between responses, then
 *  close. What waits for an answer becomes stale. @return OK; ::MAILPROTO_ERR_STATE
 *  (over already); ::MAILPROTO_ERR_ARGUMENT; ::MAILPROTO_ERR_TOO_LONG */
MAILPROTO_API mailproto_status
mailproto_imap_server_shutdown(mailproto_imap_server *server,
                               const mailproto_imap_code *code, mailproto_bytes text);

/** @} */

#ifdef __cplusplus
}
#endif

/* The responses: LIST, FETCH and their likes. */
#include <mailproto/imap_respond.h>

#endif /* MAILPROTO_IMAP_SERVER_H */
