/**
 * @file imap_server.h
 * The server's side of an IMAP session (RFC 3501, RFC 9051): commands as events,
 * responses as verbs. It knows states, capabilities, literals, what may run together
 * and what may be said when; storage is the application's.
 *
 * @code
 * mailproto_imap_server_options o = {.struct_size = sizeof o};
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
 * What is refused without the application: what the grammar does not allow (BAD), what
 * the state forbids (BAD), what is not among the capabilities (BAD), message numbers
 * above EXISTS (BAD), names that are no modified UTF-7 for CREATE and RENAME (NO
 * [CANNOT]), a CHARSET other than US-ASCII and UTF-8 (NO [BADCHARSET]). What is carried
 * out without it: CAPABILITY, ENABLE, STARTTLS, LOGOUT, and the lines of IDLE and
 * AUTHENTICATE.
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
                               login; default 65536. More: BAD, and it is swallowed */
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
    uint32_t max_bad_commands; /**< BAD and failed logins in a row; default 20, before
                                  the login 5; then BYE */
    uint32_t max_auth_line;    /**< a response of AUTHENTICATE, octets; default 12288 */
    uint32_t reply_max; /**< the longest text an application completes a command with,
                               octets; default 256, at least 128 */
    uint32_t progress_bytes; /**< octets of a literal that renew a time-out; default
                               4096 */
    uint32_t login_ms;       /**< wait for a command before the login; default 180000 */
    uint32_t idle_ms;  /**< wait for a command after it, IDLE included; default 1800000
                            (RFC 9051 5.4) */
    uint32_t block_ms; /**< for `progress_bytes` to be read or sent by the client;
                            default 300000 */
    uint32_t reserved; /**< 0 */
    uint64_t caps; /**< mask of the capabilities to offer; default all but UTF8_ACCEPT,
                            OBJECTID, SAVEDATE, LITERAL_MINUS, QRESYNC and CONDSTORE.
                            STARTTLS counts only while there is no TLS */
    mailproto_bytes greeting; /**< words of the greeting; default "ready"; at most 128
                                   octets */
    /** "PLAIN LOGIN", blanks between; at most 255 octets; empty: AUTHENTICATE is not
     *  offered. Names that end in -PLUS only while the session has a channel binding.
     */
    mailproto_bytes auth_mechanisms;
    mailproto_bytes more_caps;    /**< capabilities of the application's own, blanks
                                     between,    at most 255 octets */
    const mailproto_trace *trace; /**< NULL, or kept as long as the engine */
} mailproto_imap_server_options;

/**
 * Bytes that suffice for a server's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param in       options.in_size
 * @param out      options.out_size
 * @param progress options.max_in_progress
 * @param texts    lengths of greeting, auth_mechanisms and more_caps
 */
#define MAILPROTO_IMAP_SERVER_MEM(in, out, progress, texts)                            \
    ((size_t)1536 + 80U * sizeof(void *) + (size_t)(in) + (size_t)(out) +              \
     (size_t)(progress)*48U + (size_t)(texts))

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
 *  that does so (RFC 7162 3.1). */
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
    /** NEEDS_REPLY: a command; `number` = MAILPROTO_IMAP_..., `text` = its tag, and
     *  mailproto_imap_event_command() all of it. Default: OK for NOOP, CHECK, CLOSE,
     *  UNSELECT, ID (`* ID NIL`), NAMESPACE (one, "" with "/"), SUBSCRIBE and
     * UNSUBSCRIBE; NO for all others. */
    MAILPROTO_EV_IMAP_COMMAND = 301,
    /** NEEDS_REPLY: a literal of `number` octets is announced: a message of APPEND, or
     * one over `max_literal`. mailproto_imap_event_command() shows the command as far
     * as it was sent; for APPEND its `items` begin with this message. Default: refused
     * with NO [TOOBIG]. See mailproto_imap_server_literal(). Its octets come as CONTENT
     * events, CONTENT_END or CONTENT_ABORTED, with this request in `tag`. */
    MAILPROTO_EV_IMAP_LITERAL = 302,
    /** IDLE began (`number` = 1) or ended (0). While it lasts every untagged response
     * may be sent. The engine answers the command by itself. */
    MAILPROTO_EV_IMAP_IDLE = 303,
    /** A verb said ::MAILPROTO_ERR_NOT_NOW and would not now: EXPUNGE and its likes are
     *  allowed until the next command. */
    MAILPROTO_EV_IMAP_SYNC = 304,
    /** REJECTED: the engine refused a command; `code` = MAILPROTO_IMAP_NO or _BAD,
     * `number` = octet of the command where the fault is, `text` = what was said. */
    MAILPROTO_EV_IMAP_REJECTED = 305
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
 * @param code    a response code, or NULL
 * @param text    words, or empty for a default
 * @return as @ref imap_answers "answers"; ::MAILPROTO_ERR_STATE (SELECT without
 *         selected(); a response that
 *         was begun is not ended); AGAIN (a long code: write first)
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

/** Refuses a literal: the command is answered with NO and this code when what belongs
 *  to it has been read (RFC 7888 4). @return as @ref imap_answers "answers" */
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

/* ---- responses ------------------------------------------------------------------- */

/**
 * @name Responses
 * @anchor imap_responses
 * Each is queued whole or not at all: AGAIN (write, or wait for ::MAILPROTO_EV_ROOM,
 * then repeat the call with the same arguments); ::MAILPROTO_ERR_TOO_LONG (it can never
 * fit the output buffer); ::MAILPROTO_ERR_ARGUMENT (a number or text that cannot be:
 * nothing an application passes can break the framing); ::MAILPROTO_ERR_STATE (not in
 * this state, or within another response that was begun). They need a command in
 * progress, IDLE, or, where it says so, nothing.
 * @{
 */

/**
 * `* OK [code] text` and its likes, at any time.
 * @param server the server
 * @param how ::MAILPROTO_IMAP_OK, NO or BAD
 * @param code or NULL
 * @param text words
 * @return as @ref imap_responses "responses"
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_untagged(mailproto_imap_server *server, uint32_t how,
                               const mailproto_imap_code *code, mailproto_bytes text);

/** `* n EXISTS`, at any time while selected.
 *  @return as @ref imap_responses "responses";
 *  ::MAILPROTO_ERR_NOT_NOW: fewer than before, which only EXPUNGE may say */
MAILPROTO_API mailproto_status
mailproto_imap_server_exists(mailproto_imap_server *server, uint32_t messages);

/** `* n RECENT` (RFC 3501); nothing for a client of IMAP4rev2.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_recent(mailproto_imap_server *server, uint32_t messages);

/**
 * A message is gone: `* n EXPUNGE`, or `* VANISHED` for who enabled QRESYNC. EXISTS is
 * one less from now on.
 * @param server the server
 * @param seq    its message sequence number now
 * @param uid    its UID
 * @return as @ref imap_responses "responses"; ::MAILPROTO_ERR_NOT_NOW (RFC 9051 7.5.1:
 *         no command in progress,
 *         or a FETCH, STORE or SEARCH with message numbers): ::MAILPROTO_EV_IMAP_SYNC
 *         follows
 */
MAILPROTO_API mailproto_status mailproto_imap_server_expunge(
    mailproto_imap_server *server, uint32_t seq, uint32_t uid);

/**
 * `* VANISHED` (RFC 7162 3.2.10) of many.
 * @param server the server
 * @param earlier 1: (EARLIER), which leaves EXISTS as it is; 0: messages that are gone
 *                now, every UID of the ranges was one: EXISTS is so much less
 * @param uids ascending
 * @param count of ranges
 * @return see expunge()
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_vanished(mailproto_imap_server *server, int earlier,
                               const mailproto_imap_range *uids, size_t count);

/** `* FLAGS (...)`: those that can be in this mailbox.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_flags(mailproto_imap_server *server, uint32_t flags,
                            const mailproto_bytes *keywords, size_t count);

/** Attributes of a mailbox name, as bits (RFC 9051 7.3.1, RFC 6154). */
enum {
    MAILPROTO_IMAP_ATTR_NOINFERIORS = 1,    /**< \\Noinferiors */
    MAILPROTO_IMAP_ATTR_NOSELECT = 2,       /**< \\Noselect */
    MAILPROTO_IMAP_ATTR_MARKED = 4,         /**< \\Marked */
    MAILPROTO_IMAP_ATTR_UNMARKED = 8,       /**< \\Unmarked */
    MAILPROTO_IMAP_ATTR_NONEXISTENT = 16,   /**< \\NonExistent */
    MAILPROTO_IMAP_ATTR_HASCHILDREN = 32,   /**< \\HasChildren */
    MAILPROTO_IMAP_ATTR_HASNOCHILDREN = 64, /**< \\HasNoChildren */
    MAILPROTO_IMAP_ATTR_SUBSCRIBED = 128,   /**< \\Subscribed */
    MAILPROTO_IMAP_ATTR_REMOTE = 256,       /**< \\Remote */
    MAILPROTO_IMAP_ATTR_ALL = 512,          /**< \\All */
    MAILPROTO_IMAP_ATTR_ARCHIVE = 1024,     /**< \\Archive */
    MAILPROTO_IMAP_ATTR_DRAFTS = 2048,      /**< \\Drafts */
    MAILPROTO_IMAP_ATTR_FLAGGED = 4096,     /**< \\Flagged */
    MAILPROTO_IMAP_ATTR_JUNK = 8192,        /**< \\Junk */
    MAILPROTO_IMAP_ATTR_SENT = 16384,       /**< \\Sent */
    MAILPROTO_IMAP_ATTR_TRASH = 32768,      /**< \\Trash */
    MAILPROTO_IMAP_ATTR_IMPORTANT = 65536,  /**< \\Important (RFC 8457) */
    MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED =
        131072 /**< CHILDINFO ("SUBSCRIBED") (RFC 5258) */
};

/** A mailbox for LIST, LSUB. */
typedef struct mailproto_imap_list_entry {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t attributes;  /**< MAILPROTO_IMAP_ATTR_...; what the client did not ask for
                             or  cannot know is left out by the engine for LSUB only */
    uint32_t delimiter;   /**< the hierarchy's, one ASCII character; 0: NIL */
    uint32_t name_flags;  /**< ::MAILPROTO_IMAP_NAME_RAW, or 0 */
    mailproto_bytes name; /**< UTF-8, or the wire's octets */
    mailproto_bytes old_name; /**< OLDNAME (RFC 9051 6.3.9.7), or empty */
} mailproto_imap_list_entry;

/** `* LIST`; for a command LSUB `* LSUB`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_list(
    mailproto_imap_server *server, const mailproto_imap_list_entry *entry);

/** The numbers of a mailbox, for STATUS. */
typedef struct mailproto_imap_status {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t items;         /**< MAILPROTO_IMAP_STATUS_...: which of these to tell */
    uint32_t name_flags;    /**< ::MAILPROTO_IMAP_NAME_RAW, or 0 */
    uint32_t messages;      /**< MESSAGES */
    uint32_t uidnext;       /**< UIDNEXT */
    uint32_t uidvalidity;   /**< UIDVALIDITY */
    uint32_t unseen;        /**< UNSEEN */
    uint32_t deleted;       /**< DELETED */
    uint32_t recent;        /**< RECENT */
    uint32_t reserved;      /**< 0 */
    uint64_t size;          /**< SIZE */
    uint64_t highestmodseq; /**< HIGHESTMODSEQ */
    uint64_t append_limit;  /**< APPENDLIMIT; ::MAILPROTO_UNLIMITED_64: NIL */
    mailproto_bytes mailbox_id; /**< MAILBOXID */
    mailproto_bytes name;       /**< the mailbox */
} mailproto_imap_status;

/** `* STATUS`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_status(
    mailproto_imap_server *server, const mailproto_imap_status *status);

/** One namespace (RFC 2342). */
typedef struct mailproto_imap_namespace {
    uint32_t kind;          /**< 0 personal, 1 other users', 2 shared */
    uint32_t delimiter;     /**< one ASCII character; 0: NIL */
    mailproto_bytes prefix; /**< UTF-8 */
} mailproto_imap_namespace;

/** `* NAMESPACE`: sorted by `kind`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_namespace(mailproto_imap_server *server,
                                const mailproto_imap_namespace *spaces, size_t count);

/** `* ID`: names and values in turn, a value with `ptr` NULL is NIL; none: NIL.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_id(mailproto_imap_server *server,
                                                        const mailproto_bytes *pairs,
                                                        size_t count);

/**
 * Any other untagged response: `* name rest`.
 * @param server the server
 * @param name an atom this header has no call for
 * @param rest printable text with balanced quotes and brackets, no literal
 * @return as @ref imap_responses "responses"
 */
MAILPROTO_API mailproto_status mailproto_imap_server_other(
    mailproto_imap_server *server, mailproto_bytes name, mailproto_bytes rest);

/** Flags of mailproto_imap_selected. */
enum {
    MAILPROTO_IMAP_BOX_READ_ONLY = 1,   /**< READ-ONLY even for SELECT */
    MAILPROTO_IMAP_BOX_NOMODSEQ = 2,    /**< no mod-sequences are kept */
    MAILPROTO_IMAP_BOX_UIDNOTSTICKY = 4 /**< UIDs do not last */
};

/** What a client is told when a mailbox is selected (RFC 9051 6.3.2). */
typedef struct mailproto_imap_selected {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t flags;           /**< MAILPROTO_IMAP_BOX_... */
    uint32_t exists;          /**< messages */
    uint32_t recent;          /**< RECENT, for clients of IMAP4rev1 */
    uint32_t unseen;          /**< first message without \\Seen, or 0 (IMAP4rev1) */
    uint32_t uidvalidity;     /**< UIDVALIDITY, not 0 */
    uint32_t uidnext;         /**< UIDNEXT, not 0 */
    uint32_t mailbox_flags;   /**< FLAGS: system flags */
    uint32_t permanent_flags; /**< PERMANENTFLAGS: system flags, MAILPROTO_IMAP_ANY */
    uint32_t reserved;        /**< 0 */
    uint64_t highestmodseq;   /**< HIGHESTMODSEQ */
    const mailproto_bytes *keywords; /**< of FLAGS and of PERMANENTFLAGS */
    size_t keywords_count;           /**< how many */
    mailproto_bytes mailbox_id;      /**< MAILBOXID, or empty */
    mailproto_imap_list_entry entry; /**< the mailbox itself: for IMAP4rev2's LIST */
} mailproto_imap_selected;

/** Everything that SELECT tells before it completes, as what the client enabled has
 *  it; the mailbox that was selected before is closed (`OK [CLOSED]`). VANISHED and
 *  FETCH of QRESYNC may follow. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_selected(mailproto_imap_server *server, uint32_t request,
                               const mailproto_imap_selected *box);

/* ---- responses built by begin, items, end --------------------------------------- */

/** What a SEARCH found, but for the numbers themselves. */
typedef struct mailproto_imap_found {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t count;       /**< how many; 0: nothing was found */
    uint32_t min;         /**< the least */
    uint32_t max;         /**< the largest */
    uint64_t modseq; /**< the highest mod-sequence of them where the search had MODSEQ
                               (RFC 7162 3.1.5), or 0 */
} mailproto_imap_found;

/** Begins the answer of SEARCH: `* SEARCH`, or `* ESEARCH` with what was asked for, as
 *  the command and what is enabled have it. Numbers follow if `*wants_numbers` says 1.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_search_begin(
    mailproto_imap_server *server, uint32_t request, const mailproto_imap_found *found,
    int *wants_numbers);

/**
 * Numbers of the response that was begun: SEARCH, COPYUID and its likes. Ascending, no
 * `*`.
 * @param server the server
 * @param ranges the numbers
 * @param count of ranges
 * @return OK: all of them; AGAIN: some, call again with the same arguments
 */
MAILPROTO_API mailproto_status mailproto_imap_server_numbers(
    mailproto_imap_server *server, const mailproto_imap_range *ranges, size_t count);

/** Ends the answer of SEARCH. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_search_end(mailproto_imap_server *server);

/**
 * Begins a completion, or an untagged OK (request 0: MOVE, RFC 6851 4.3), whose code
 * has more numbers than fit the output buffer: APPENDUID, COPYUID, MODIFIED.
 * @param server  the server
 * @param request to complete, or 0
 * @param how     ::MAILPROTO_IMAP_OK, ::MAILPROTO_IMAP_NO
 * @param code    MAILPROTO_IMAP_CODE_...
 * @param number  UIDVALIDITY, or 0
 * @return as @ref imap_responses "responses". mailproto_imap_server_numbers() follows,
 *         for COPYUID
 *         mailproto_imap_server_code_target() and numbers again, then
 *         mailproto_imap_server_code_end()
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_code_begin(mailproto_imap_server *server, uint32_t request,
                                 uint32_t how, uint32_t code, uint64_t number);

/** COPYUID: the new UIDs begin. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_code_target(mailproto_imap_server *server);

/** Ends the code and the response. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_code_end(mailproto_imap_server *server, mailproto_bytes text);

/** Begins `* n FETCH (`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch_begin(mailproto_imap_server *server, uint32_t seq);

/** `FLAGS (...)`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch_flags(mailproto_imap_server *server, uint32_t flags,
                                  const mailproto_bytes *keywords, size_t count);

/** `UID n`, `RFC822.SIZE n`, `MODSEQ (n)`, `BINARY.SIZE[...] n`.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_number(
    mailproto_imap_server *server, const mailproto_imap_fetch_item *item, uint64_t n);

/** `INTERNALDATE "..."`, `SAVEDATE "..."` or NIL.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_date(
    mailproto_imap_server *server, uint32_t kind, const mailproto_imap_date *date);

/** `EMAILID (...)`, `THREADID (...)`; an empty THREADID is NIL.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_id(
    mailproto_imap_server *server, uint32_t kind, mailproto_bytes id);

/** ENVELOPE, BODY, BODYSTRUCTURE out of `from`, which was opened for it. @return OK:
 *  whole; AGAIN, ::MAILPROTO_NOT_READY: call again; what its source said: the session
 *  is then closed, as the response cannot be ended */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_structure(
    mailproto_imap_server *server, uint32_t kind, mailproto_imap_item *from);

/**
 * The name of a section and the announcement of its octets: the content verbs give them
 * (::MAILPROTO_EV_CONTENT_WANTED follows), exactly `size`.
 * @param server the server
 * @param item   SECTION, BINARY, RFC822 and its likes
 * @param size   octets; ::MAILPROTO_SIZE_UNKNOWN: the part does not exist: NIL, no
 *             content
 * @param binary 1: as literal8 (BINARY with NUL)
 * @return as @ref imap_responses "responses"
 */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_section(
    mailproto_imap_server *server, const mailproto_imap_fetch_item *item, uint64_t size,
    int binary);

/** Ends the response.
 *  @return as @ref imap_responses "responses"; ::MAILPROTO_ERR_STATE (content is
 *  missing) */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch_end(mailproto_imap_server *server);

/* ---- a whole FETCH of a message ------------------------------------------------- */

/** Least size of the work memory of a FETCH. */
#define MAILPROTO_IMAP_FETCH_WORK 8192

/** A FETCH of one message while it is answered. Fill the upper half, zero the rest. */
typedef struct mailproto_imap_fetch {
    uint32_t struct_size; /**< sizeof(mailproto_imap_fetch) */
    uint32_t flags;       /**< MAILPROTO_IMAP_UID, MAILPROTO_IMAP_HAS_MODSEQ as of
                                       the command: UID or MODSEQ are added */
    mailproto_imap_cursor items; /**< `items` of the command; its bytes stay valid */
    const mailproto_imap_facts *facts; /**< of the message; stay valid. `flags` with
                                          \\Seen already where the command sets it: then
                                          FLAGS is added where `tell_flags` says so */
    const mailproto_source *source;    /**< of the message; NULL until it is needed */
    mailproto_index *index;            /**< its index; NULL until it is needed */
    void *work;                        /**< stays valid */
    size_t work_size;                  /**< at least ::MAILPROTO_IMAP_FETCH_WORK */
    uint32_t tell_flags;  /**< 1: FLAGS is added: they changed by this FETCH */
    uint32_t unknown_cte; /**< out: 1: a BINARY item could not be decoded: complete with
                             NO [UNKNOWN-CTE] */
    uint64_t
        opaque[256]; /**< the library's; zero before the start. Keep it for the next
                               FETCH of the same message: a partial that goes on where
                        the last one ended is not read again from the start */
} mailproto_imap_fetch;

/** Writes the FETCH response of one message; an item that the client did not ask for
 *  is not touched, a message not opened when facts are enough. @return OK: the
 *  response is queued whole; AGAIN: the output is full, call again after
 *  ::MAILPROTO_EV_ROOM; ::MAILPROTO_NOT_READY: the source has nothing yet, call again;
 *  ::MAILPROTO_YOUR_TURN: set `source` and `index`, then call again;
 *  ::MAILPROTO_ERR_STATE; ::MAILPROTO_ERR_ARGUMENT; what the source said: when octets
 *  were announced already the session is closed, else nothing was written */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch(mailproto_imap_server *server, mailproto_imap_fetch *fetch);

/** @} */

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_IMAP_SERVER_H */
