/**
 * @file pop3.h
 * POP3 (RFC 1939), client and server, with the extensions of RFC 2449, 2595, 3206, 5034
 * and 6856, and the download layer on the client.
 *
 * A client that fetches what is new and deletes it once it is safe. With STLS, which is
 * the default; without TLS `tls` is ::MAILPROTO_POP3_TLS_NONE and `flags` has
 * ::MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR:
 *
 * @code
 * static uint8_t marks[1250];                           // 10,000 messages
 * mailproto_pop3_client_options o = {.struct_size = sizeof o};
 * mailproto_pop3_download d = {.struct_size = sizeof d, .marks = marks,
 *                              .marks_size = sizeof marks, .tag = 10};
 * d.flags = MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT;
 * mailproto_pop3_client_new(&o, &client);
 * while ((st = mailproto_pump(s, &io, &ev)) == MAILPROTO_OK) {
 *     if (ev.type == MAILPROTO_EV_TLS_GO) {
 *         shake_hands(s, &io);                          // mailproto_session_tls_started()
 *     } else if (ev.type == MAILPROTO_EV_POP3_CAPS) {
 *         if (mailproto_pop3_client_login(client, 1, name, password) != MAILPROTO_OK) {
 *             mailproto_pop3_client_quit(client, 2);
 *         }
 *     } else if (ev.type == MAILPROTO_EV_REFUSED) {     // mailproto_session_get_error()
 *         mailproto_pop3_client_quit(client, 2);
 *     } else if (ev.type == MAILPROTO_EV_POP3_REPLY && ev.tag == 1) {
 *         if (ev.code == MAILPROTO_POP3_OK) {
 *             mailproto_pop3_download_start(&d, client);
 *         } else {
 *             mailproto_pop3_client_quit(client, 2);
 *         }
 *     } else if (ev.type == MAILPROTO_EV_CONTENT) {
 *         store(ev.text.ptr, ev.text.len);              // of message d.message
 *     } else {
 *         switch (mailproto_pop3_download_event(&d, client, &ev)) {
 *         case MAILPROTO_YOUR_TURN:
 *             if (d.asks == MAILPROTO_POP3_ASKS_SEEN) {
 *                 mailproto_pop3_download_seen(&d, client, seen_before(d.uid));
 *             } else {                                  // MAILPROTO_POP3_ASKS_KEEP
 *                 mailproto_pop3_download_kept(&d, client, make_durable(d.uid) == 0);
 *             }
 *             break;
 *         case MAILPROTO_EOF:                           // over: d.kept, d.failed,
 *             report(&d);                               // d.listed, d.commit tell
 *             break;
 *         }
 *     }
 * }
 * @endcode
 *
 * A server with one mailbox, whose messages lie in memory. USER and PASS without TLS need
 * ::MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR in the options:
 *
 * @code
 * while ((st = mailproto_pump(s, &io, &ev)) == MAILPROTO_OK) {
 *     switch (ev.type) {
 *     case MAILPROTO_EV_POP3_LOGIN:
 *         if (!password_is_right(&ev)) {
 *             mailproto_pop3_server_err(server, ev.tag, MAILPROTO_POP3_RESP_AUTH, none);
 *             continue;
 *         }
 *         break;
 *     case MAILPROTO_EV_POP3_OPEN:
 *         mailproto_pop3_server_drop(server, ev.tag, count, octets_in_all);
 *         continue;
 *     case MAILPROTO_EV_POP3_NEED_SIZE:
 *         mailproto_pop3_server_size(server, ev.tag, message[ev.number - 1].size);
 *         continue;
 *     case MAILPROTO_EV_POP3_NEED_UID:
 *         mailproto_pop3_server_uid(server, ev.tag, message[ev.number - 1].uid);
 *         continue;
 *     case MAILPROTO_EV_POP3_RETR:
 *         current = &message[ev.number - 1].source;
 *         break;
 *     case MAILPROTO_EV_CONTENT_WANTED:
 *         mailproto_pump_content(s, &io, current);
 *         continue;
 *     case MAILPROTO_EV_POP3_UPDATE_ITEM:
 *         message[ev.number - 1].marked = 1;
 *         continue;
 *     case MAILPROTO_EV_POP3_UPDATE:
 *         if (remove_marked(message, count) != 0) {
 *             mailproto_pop3_server_err(server, ev.tag, MAILPROTO_POP3_RESP_NONE, none);
 *             continue;
 *         }
 *         break;
 *     }
 *     if (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) {
 *         mailproto_pop3_server_accept(server, ev.tag);
 *     }
 * }
 * @endcode
 */
#ifndef MAILPROTO_POP3_H
#define MAILPROTO_POP3_H

#include <mailproto/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- shared by both roles ------------------------------------------------------ */

/** Events of POP3. 200 and up: client; 220 and up: server. Messages are numbered from 1
 *  on (RFC 1939 5). */
enum {
    /** Client: the greeting; `text`: what follows `+OK`. A `-ERR` comes as
     *  ::MAILPROTO_EV_REFUSED. */
    MAILPROTO_EV_POP3_GREETING = 200,
    /** Client: one may log in; what CAPA said is known (a server without CAPA: nothing
     *  is offered). Comes once, after STLS where that is to be
     *  (::MAILPROTO_EVF_SECURE then). `number`: capability lines that did not fit
     *  `caps_size`. */
    MAILPROTO_EV_POP3_CAPS = 201,
    /** Client: the reply to the verb `tag`; `code`: ::MAILPROTO_POP3_OK or
     *  ::MAILPROTO_POP3_ERR, `text`: what follows, the response code included;
     *  `number`: octets of STAT. With ::MAILPROTO_EVF_LINE_MORE the lines of a
     *  multi-line reply follow (ITEM, LINE or CONTENT), then REPLY again, without the
     *  flag and without text. The one without LINE_MORE and MORE is the verb's outcome.
     *  Without a reply `code` is ::MAILPROTO_POP3_NO_REPLY, and
     *  mailproto_pop3_event_status() tells why. */
    MAILPROTO_EV_POP3_REPLY = 202,
    /** Client: a line of LIST or UIDL, with or without a number in the command (then it
     *  comes before the REPLY, which has no text); `code`: the message; LIST: `number` =
     *  its octets, UIDL: `text` = its unique-id, of any length that fits `in_size`. */
    MAILPROTO_EV_POP3_ITEM = 203,
    /** Client: a line of another multi-line reply, unstuffed. With
     *  ::MAILPROTO_EVF_REJECTED: a line of LIST or UIDL that is not of the grammar, or
     *  longer than `in_size`. */
    MAILPROTO_EV_POP3_LINE = 204,
    /** Client: the outcome of QUIT, `code` = MAILPROTO_POP3_COMMIT_...; `number`:
     *  deletions that were asked for and acknowledged, `text`: of the reply. */
    MAILPROTO_EV_POP3_COMMIT = 205,

    /** Server: a connection; needs a reply (accept: `+OK`, with the APOP timestamp). */
    MAILPROTO_EV_POP3_CONNECT = 220,
    /** Server: PASS behind USER, or APOP; `text` = the name; needs a reply (accept: the
     *  user is who he says he is; then OPEN, whose outcome is the reply to the client:
     *  words given with ok() are kept for it). See mailproto_pop3_event_login(). AUTH
     *  has events of its own (session.h) and is followed by OPEN too. */
    MAILPROTO_EV_POP3_LOGIN = 221,
    /** Server: lock the maildrop and count (RFC 1939 4); `text` = the name, empty after
     *  AUTH. Needs a reply: mailproto_pop3_server_drop(), or _err() with IN-USE,
     *  LOGIN-DELAY, SYS/TEMP or SYS/PERM (accept: an empty maildrop). */
    MAILPROTO_EV_POP3_OPEN = 222,
    /** Server: how many octets has message `number` as RETR sends it, unstuffed: with CRLF
     *  line ends, and one at its end that mailproto_session_content_end() adds where it
     *  is missing (mailproto_part: `header_crlf` + `body_crlf`)? `code`: the
     *  verb, LIST or DELE (which subtracts it from what STAT says; err() refuses the
     *  deletion). Needs a reply: mailproto_pop3_server_size(), or _err(): for a single
     *  message; in a listing it leaves the message out (accept: 0 octets). */
    MAILPROTO_EV_POP3_NEED_SIZE = 223,
    /** Server: which unique-id has message `number`? Needs a reply:
     *  mailproto_pop3_server_uid(), or _err() as above (accept: as err). */
    MAILPROTO_EV_POP3_NEED_UID = 224,
    /** Server: message `number` is wanted, `code`: RETR or TOP (then see
     *  mailproto_pop3_event_top()); needs a reply (accept: `+OK`, then
     *  ::MAILPROTO_EV_CONTENT_WANTED with the same `code` and `number`; for TOP the
     *  content verbs say ::MAILPROTO_ENOUGH when its lines are complete). */
    MAILPROTO_EV_POP3_RETR = 225,
    /** Server: QUIT in TRANSACTION: message `number` is to be removed. One for each
     *  that is marked, ascending, then UPDATE. Nothing to answer. */
    MAILPROTO_EV_POP3_UPDATE_ITEM = 226,
    /** Server: all of it was said, `number` = how many; needs a reply (accept: they are
     *  removed; err: some are not, RFC 1939 6). Never comes when the connection was
     *  lost or timed out. */
    MAILPROTO_EV_POP3_UPDATE = 227,
    /** Server: a verb unknown to the library; `text` = the whole line without its end;
     *  needs a reply (accept: `-ERR`). With ::MAILPROTO_EVF_REJECTED any command that
     *  the engine refused itself: `number` is the verb, `text` the line, as far as it
     *  was kept, and never holds a password. Behind an AUTH that failed, an unknown
     *  verb is refused so, with an empty text, until a known one comes: it may be a
     *  response that was sent without waiting. */
    MAILPROTO_EV_POP3_COMMAND = 228,
    /** Server: LANG (RFC 6856 3); `text` = the language tag, `*`, or empty: list them.
     *  Needs a reply: ok() with the first words in that language; for the list, and only
     *  for it, with ::MAILPROTO_POP3_BODY and a line a language as content (accept:
     *  `-ERR`). */
    MAILPROTO_EV_POP3_LANG = 229,
    /** Server: RSET took all deletion marks away, `number` = how many. */
    MAILPROTO_EV_POP3_RSET = 230,
    /** Server: QUIT was answered; CLOSED follows. */
    MAILPROTO_EV_POP3_QUIT = 231
};

/** Commands. */
enum {
    MAILPROTO_POP3_VERB_UNKNOWN = 0, /**< none of the following */
    MAILPROTO_POP3_VERB_USER = 1,    /**< RFC 1939 7 */
    MAILPROTO_POP3_VERB_PASS = 2,    /**< RFC 1939 7 */
    MAILPROTO_POP3_VERB_APOP = 3,    /**< RFC 1939 7 */
    MAILPROTO_POP3_VERB_AUTH = 4,    /**< RFC 5034 4 */
    MAILPROTO_POP3_VERB_CAPA = 5,    /**< RFC 2449 5 */
    MAILPROTO_POP3_VERB_STLS = 6,    /**< RFC 2595 4 */
    MAILPROTO_POP3_VERB_UTF8 = 7,    /**< RFC 6856 2 */
    MAILPROTO_POP3_VERB_LANG = 8,    /**< RFC 6856 3 */
    MAILPROTO_POP3_VERB_STAT = 9,    /**< RFC 1939 5 */
    MAILPROTO_POP3_VERB_LIST = 10,   /**< RFC 1939 5 */
    MAILPROTO_POP3_VERB_UIDL = 11,   /**< RFC 1939 7 */
    MAILPROTO_POP3_VERB_RETR = 12,   /**< RFC 1939 5 */
    MAILPROTO_POP3_VERB_TOP = 13,    /**< RFC 1939 7 */
    MAILPROTO_POP3_VERB_DELE = 14,   /**< RFC 1939 5 */
    MAILPROTO_POP3_VERB_RSET = 15,   /**< RFC 1939 5 */
    MAILPROTO_POP3_VERB_NOOP = 16,   /**< RFC 1939 5 */
    MAILPROTO_POP3_VERB_QUIT = 17    /**< RFC 1939 4, 6 */
};

/** Capabilities (CAPA tags), as numbers for mailproto_session_has_cap(); in an option
 *  mask capability n is bit n, `(uint64_t)1 << n`. */
enum {
    MAILPROTO_POP3_CAP_TOP = 0,            /**< RFC 2449 6.1 */
    MAILPROTO_POP3_CAP_USER = 1,           /**< USER and PASS, RFC 2449 6.2 */
    MAILPROTO_POP3_CAP_SASL = 2,           /**< RFC 2449 6.3, RFC 5034 3 */
    MAILPROTO_POP3_CAP_RESP_CODES = 3,     /**< RFC 2449 6.4 */
    MAILPROTO_POP3_CAP_LOGIN_DELAY = 4,    /**< RFC 2449 6.5 */
    MAILPROTO_POP3_CAP_PIPELINING = 5,     /**< RFC 2449 6.6 */
    MAILPROTO_POP3_CAP_EXPIRE = 6,         /**< RFC 2449 6.7 */
    MAILPROTO_POP3_CAP_UIDL = 7,           /**< RFC 2449 6.8 */
    MAILPROTO_POP3_CAP_IMPLEMENTATION = 8, /**< RFC 2449 6.9 */
    MAILPROTO_POP3_CAP_AUTH_RESP_CODE = 9, /**< RFC 3206 6 */
    MAILPROTO_POP3_CAP_STLS = 10,          /**< RFC 2595 4 */
    MAILPROTO_POP3_CAP_UTF8 = 11,          /**< RFC 6856 2.1 */
    MAILPROTO_POP3_CAP_UTF8_USER = 12,     /**< UTF8 with USER, RFC 6856 2.2 */
    MAILPROTO_POP3_CAP_LANG = 13           /**< RFC 6856 3 */
};
/** An option mask that holds no capability at all (0 means the default). */
#define MAILPROTO_POP3_CAPS_NONE UINT64_MAX

/** The status indicator of a reply (RFC 1939 3). */
enum {
    MAILPROTO_POP3_OK = 0,      /**< `+OK` */
    MAILPROTO_POP3_ERR = 1,     /**< `-ERR` */
    MAILPROTO_POP3_NO_REPLY = 2 /**< none came */
};

/** Response codes of `-ERR` (RFC 2449 8, RFC 3206 4, RFC 6856 5). */
enum {
    MAILPROTO_POP3_RESP_NONE = 0,        /**< none, or one that is not known */
    MAILPROTO_POP3_RESP_LOGIN_DELAY = 1, /**< `[LOGIN-DELAY]`: too soon again */
    MAILPROTO_POP3_RESP_IN_USE = 2,      /**< `[IN-USE]`: the maildrop is locked */
    MAILPROTO_POP3_RESP_SYS_TEMP = 3,    /**< `[SYS/TEMP]`: it may work later */
    MAILPROTO_POP3_RESP_SYS_PERM = 4,    /**< `[SYS/PERM]`: somebody must act */
    MAILPROTO_POP3_RESP_AUTH = 5,        /**< `[AUTH]`: it is the credentials */
    MAILPROTO_POP3_RESP_UTF8 = 6         /**< `[UTF8]`: needs UTF8 mode */
};

/** What is known of the deletions after QUIT. */
enum {
    MAILPROTO_POP3_COMMIT_DONE = 0,    /**< `+OK`: they were carried out */
    MAILPROTO_POP3_COMMIT_FAILED = 1,  /**< `-ERR`: some or all were not */
    MAILPROTO_POP3_COMMIT_UNKNOWN = 2, /**< QUIT was sent, no answer came */
    MAILPROTO_POP3_COMMIT_NOT = 3,    /**< QUIT was never sent whole: not carried out */
    MAILPROTO_POP3_COMMIT_NOTHING = 4 /**< nobody was logged in */
};

/** What a reply says. */
typedef struct mailproto_pop3_status {
    uint32_t struct_size;      /**< sizeof of the caller's struct */
    uint32_t code;             /**< MAILPROTO_POP3_OK, _ERR, _NO_REPLY */
    uint32_t resp;             /**< MAILPROTO_POP3_RESP_... */
    mailproto_status local;    /**< without a reply, or with content that this side gave
                                  up: why; ::MAILPROTO_ERR_SYNTAX: STAT without its
                                  numbers; AUTH_RESULT after `*`:
                                  ::MAILPROTO_ERR_AUTH_CANCELLED, or
                                  ::MAILPROTO_ERR_BASE64 for a challenge that was none */
    uint32_t verb;             /**< MAILPROTO_POP3_VERB_... that it answers */
    uint32_t messages;         /**< STAT: messages */
    uint64_t octets;           /**< STAT: octets */
    mailproto_bytes resp_text; /**< the response code as sent, without its brackets */
    mailproto_bytes text;      /**< what follows it, for humans */
} mailproto_pop3_status;

/** What a reply says: of a GREETING, REPLY, COMMIT, REFUSED or client's AUTH_RESULT
 *  event. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_pop3_event_status(const mailproto_event *ev,
                                                           mailproto_pop3_status *out);

/** How a user tried to log in, without SASL. */
typedef struct mailproto_pop3_login {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t apop;          /**< 1: APOP, 0: USER and PASS */
    mailproto_bytes name;   /**< the mailbox, at most 248 octets */
    mailproto_bytes secret; /**< the password, blanks included, or APOP's digest: for
                                  mailproto_sasl_apop_check() */
    mailproto_bytes stamp;  /**< APOP: this session's timestamp */
} mailproto_pop3_login;

/** The credentials of a LOGIN event. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_pop3_event_login(const mailproto_event *ev,
                                                          mailproto_pop3_login *out);

/** The body lines that a RETR event with verb TOP asks for (RFC 1939 7). @return OK,
 *  ::MAILPROTO_ERR_ARGUMENT (not such an event) */
MAILPROTO_API mailproto_status mailproto_pop3_event_top(const mailproto_event *ev,
                                                        uint64_t *lines);

/* ---- client -------------------------------------------------------------------- */

/** A POP3 client's engine. */
typedef struct mailproto_pop3_client mailproto_pop3_client;

/** TLS of a client. */
enum {
    /** STLS by itself; without it the session is refused before anything else is sent
     *  but CAPA. The default. */
    MAILPROTO_POP3_TLS_REQUIRED = 0,
    /** STLS where offered; in the clear where not, or refused. */
    MAILPROTO_POP3_TLS_IF_OFFERED = 1,
    /** TLS from the first byte (RFC 8314 3.2): TLS_GO is the first event. */
    MAILPROTO_POP3_TLS_IMPLICIT = 2,
    /** Never by itself; mailproto_pop3_client_stls() may be called. */
    MAILPROTO_POP3_TLS_NONE = 3
};

/** Flags of mailproto_pop3_client_options. */
enum {
    /** One command at a time, whatever the peer offers. */
    MAILPROTO_POP3_CLIENT_NO_PIPELINING = 1,
    /** USER, PASS and AUTH also without TLS. Else they are
     *  ::MAILPROTO_ERR_NEEDS_TLS. */
    MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR = 2,
    /** APOP may be used (RFC 1939 7): off by default, for MD5 is broken and the
     *  exchange binds nothing. The block is 256 octets larger. */
    MAILPROTO_POP3_CLIENT_APOP = 4
};

/** Options of a client. Zero is the default of every field; all of it is copied, but
 *  for the trace. The caller sets `struct_size`. */
typedef struct mailproto_pop3_client_options {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t flags;           /**< MAILPROTO_POP3_CLIENT_... */
    uint32_t in_size;         /**< input buffer, octets; default 1024, at least 128. A
                                   longer line comes in pieces; content may pass it by */
    uint32_t out_size;        /**< output buffer, octets; default 1024, at least 128. A
                                   command must fit it whole */
    uint32_t max_outstanding; /**< commands awaiting their replies; default 32, at most
                                   1024 */
    uint32_t caps_size;       /**< room for capability lines; default 512;
                                   ::MAILPROTO_UNLIMITED means none */
    uint32_t max_line;        /**< octets of a reply or list line, more is
                                   ::MAILPROTO_ERR_LINE_LIMIT, fatal; default 4096 (512
                                   of RFC 2449 4, which servers exceed). Lines of content
                                   have no limit; challenges of AUTH have 12288 (RFC
                                   4954 4; RFC 5034 has none) */
    uint32_t line_ends;       /**< MAILPROTO_LINE_ENDS_... of received content; default
                                   PASS: what lies in the mailbox came through a server
                                   that accepted it, and CONTENT_END says
                                   ::MAILPROTO_EVF_UNCLEAN. Only CRLF.CRLF ends it */
    uint32_t tls;             /**< MAILPROTO_POP3_TLS_... */
    uint32_t progress_bytes;  /**< octets of content, or of the lines of any other
                                   multi-line reply, that renew a time-out; default
                                   4096 */
    uint32_t greeting_ms;     /**< wait for the greeting; default 300000 */
    uint32_t command_ms;      /**< wait for a reply, or for `progress_bytes` of its
                                   lines; default 300000 */
    uint32_t block_ms;        /**< for `progress_bytes` of content; default 180000 */
    uint32_t quit_ms;         /**< wait for the reply to QUIT, while the server removes
                                   what is marked; default 600000 */
    uint64_t max_content;     /**< octets of a message, unstuffed; default no limit. A
                                   longer one comes as CONTENT_ABORTED and is swallowed
                                   to its end */
    uint64_t caps_forced;     /**< capabilities taken as offered */
    uint64_t caps_forbidden;  /**< capabilities taken as not offered */
    const mailproto_trace *trace; /**< NULL, or kept as long as the engine */
} mailproto_pop3_client_options;

/**
 * Bytes that suffice for a client's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param in          options.in_size
 * @param out         options.out_size
 * @param outstanding options.max_outstanding
 * @param caps        options.caps_size
 */
#define MAILPROTO_POP3_CLIENT_MEM(in, out, outstanding, caps)                          \
    ((size_t)1024 + 40U * sizeof(void *) + (size_t)(in) + (size_t)(out) +              \
     16U * ((size_t)(outstanding) + 2U) + (size_t)(caps))

/** Exactly how large the block must be; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_pop3_client_mem_size(const mailproto_pop3_client_options *options);

/**
 * Places a client into `mem`, of any alignment; nothing to release.
 * @param mem     the block; the caller's, until the client is used no more
 * @param size    its size
 * @param options copied; NULL: all defaults
 * @param out     the client
 * @return OK; ::MAILPROTO_ERR_MEMORY (too small, nothing touched);
 *         ::MAILPROTO_ERR_ARGUMENT; ::MAILPROTO_ERR_VERSION
 */
MAILPROTO_API mailproto_status mailproto_pop3_client_init(
    void *mem, size_t size, const mailproto_pop3_client_options *options,
    mailproto_pop3_client **out);

/** The same on malloc; release with mailproto_pop3_client_free().
 *  @return as _init(); ::MAILPROTO_ERR_MEMORY: malloc failed */
MAILPROTO_API mailproto_status mailproto_pop3_client_new(
    const mailproto_pop3_client_options *options, mailproto_pop3_client **out);

/** Wipes and releases what _new() gave; NULL is allowed. */
MAILPROTO_API void mailproto_pop3_client_free(mailproto_pop3_client *client);

/** The client as a session: bytes, events, want, authentication. */
MAILPROTO_API mailproto_session *
mailproto_pop3_client_session(mailproto_pop3_client *client);

/*
 * The verbs. Legal from CAPS on, those marked "transaction" after a login succeeded;
 * QUIT also after REFUSED. Each may be called ahead of the replies to the ones before;
 * each accepted verb ends in exactly one outcome with its tag. All of them answer: OK;
 * AGAIN (no room in the output or among the outstanding: the event ROOM says when to
 * repeat); ::MAILPROTO_ERR_TOO_LONG (can never fit, or over 255 octets with CRLF, RFC
 * 2449 4); ::MAILPROTO_ERR_ARGUMENT (CR, LF or NUL, or not of the grammar);
 * ::MAILPROTO_ERR_STATE; or the session's fatal error. Nothing is queued unless OK.
 */

/**
 * USER, and when it is taken PASS (RFC 1939 7): one outcome for both. The password is
 * held in the output buffer meanwhile and wiped when it was sent, or when USER is
 * refused.
 * @param client   the client
 * @param tag      comes back in REPLY
 * @param name     the mailbox's name, without blanks
 * @param password may hold blanks
 * @return see above; ::MAILPROTO_ERR_NEEDS_TLS; ::MAILPROTO_ERR_STATE (something is
 *         outstanding, or logged in); ::MAILPROTO_ERR_NOT_OFFERED (CAPA is known and
 *         has no USER; or UTF-8 where UTF8 with USER is not offered)
 */
MAILPROTO_API mailproto_status
mailproto_pop3_client_login(mailproto_pop3_client *client, uint32_t tag,
                            mailproto_bytes name, mailproto_bytes password);

/** The greeting's timestamp, brackets included: a well-formed msg-id; empty: none, or
 *  ::MAILPROTO_POP3_CLIENT_APOP is not set. What came before STLS counts no more. */
MAILPROTO_API mailproto_bytes
mailproto_pop3_client_apop_stamp(const mailproto_pop3_client *client);

/**
 * APOP (RFC 1939 7).
 * @param client the client
 * @param tag    comes back in REPLY
 * @param name   the mailbox's name, without blanks
 * @param digest the 32 characters that mailproto_sasl_apop() makes of the timestamp
 * @return see above; ::MAILPROTO_ERR_NOT_OFFERED (no timestamp);
 *         ::MAILPROTO_ERR_STATE
 */
MAILPROTO_API mailproto_status mailproto_pop3_client_apop(mailproto_pop3_client *client,
                                                          uint32_t tag,
                                                          mailproto_bytes name,
                                                          mailproto_bytes digest);

/** CAPA (RFC 2449 5): LINE events, and what mailproto_session_has_cap() says is learnt
 *  anew: more may be offered after the login. @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_capa(mailproto_pop3_client *client,
                                                          uint32_t tag);

/** STLS (RFC 2595 4), with ::MAILPROTO_POP3_TLS_NONE, before the login and with nothing
 *  outstanding: TLS_GO and CAPS again, or REPLY with the refusal.
 *  @return see above; ::MAILPROTO_ERR_NOT_OFFERED; ::MAILPROTO_ERR_STATE: also once
 *  mailproto_pop3_client_utf8() was accepted (RFC 6856 2.1) */
MAILPROTO_API mailproto_status mailproto_pop3_client_stls(mailproto_pop3_client *client,
                                                          uint32_t tag);

/** UTF8 (RFC 6856 2), before the login. No STLS may follow it (RFC 6856 2.1).
 *  @return see above; ::MAILPROTO_ERR_NOT_OFFERED */
MAILPROTO_API mailproto_status mailproto_pop3_client_utf8(mailproto_pop3_client *client,
                                                          uint32_t tag);

/** LANG (RFC 6856 3) with a language tag or `*`; empty: lists them in LINE events.
 *  @return see above; ::MAILPROTO_ERR_NOT_OFFERED */
MAILPROTO_API mailproto_status mailproto_pop3_client_lang(mailproto_pop3_client *client,
                                                          uint32_t tag,
                                                          mailproto_bytes language);

/** STAT (RFC 1939 5; transaction): see `messages` and `octets` of
 *  mailproto_pop3_event_status(). @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_stat(mailproto_pop3_client *client,
                                                          uint32_t tag);

/** LIST (RFC 1939 5; transaction) of a message, 0: of all: ITEM events, then REPLY.
 *  @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_list(mailproto_pop3_client *client,
                                                          uint32_t tag,
                                                          uint32_t message);

/** UIDL (RFC 1939 7; transaction) of a message, 0: of all: ITEM events, then REPLY.
 *  @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_uidl(mailproto_pop3_client *client,
                                                          uint32_t tag,
                                                          uint32_t message);

/** RETR (RFC 1939 5; transaction): REPLY with LINE_MORE, CONTENT events, CONTENT_END,
 *  REPLY. @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_retr(mailproto_pop3_client *client,
                                                          uint32_t tag,
                                                          uint32_t message);

/** TOP (RFC 1939 7; transaction): the header and `lines` lines of the body; events as
 *  with RETR. @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_top(mailproto_pop3_client *client,
                                                         uint32_t tag, uint32_t message,
                                                         uint32_t lines);

/** DELE (RFC 1939 5; transaction): takes effect at a QUIT that is answered.
 *  @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_dele(mailproto_pop3_client *client,
                                                          uint32_t tag,
                                                          uint32_t message);

/** RSET (RFC 1939 5; transaction): no message is marked any more. @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_rset(mailproto_pop3_client *client,
                                                          uint32_t tag);

/** NOOP (RFC 1939 5; transaction). @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_noop(mailproto_pop3_client *client,
                                                          uint32_t tag);

/**
 * Any other command. It is never pipelined: what it changes is not known.
 * @param client     the client
 * @param tag        comes back in REPLY
 * @param line       the command without CRLF; a verb that this header has a call for is
 *                   ::MAILPROTO_ERR_ARGUMENT (the engine must know its effect)
 * @param multi_line 1: `+OK` is followed by lines up to a lone dot, as LINE events
 * @return see above
 */
MAILPROTO_API mailproto_status mailproto_pop3_client_command(
    mailproto_pop3_client *client, uint32_t tag, mailproto_bytes line, int multi_line);

/** QUIT (RFC 1939 4, 6): COMMIT, then CLOSED. No verb is legal after it. Not sent before
 *  everything else was answered, so that COMMIT is certain. @return see above */
MAILPROTO_API mailproto_status mailproto_pop3_client_quit(mailproto_pop3_client *client,
                                                          uint32_t tag);

/* ---- download: fetch what is new, keep or delete it, a layer on the verbs ---------- */

/** Flags of mailproto_pop3_download. */
enum {
    /** Deletes what was kept, now or earlier (seen). Without it all stays on the
     *  server. */
    MAILPROTO_POP3_DOWNLOAD_DELETE = 1,
    /** QUITs when all is done; else the session is the caller's again. */
    MAILPROTO_POP3_DOWNLOAD_QUIT = 2
};

/** What a download asks its caller. */
enum {
    MAILPROTO_POP3_ASKS_NOTHING = 0, /**< nothing */
    /** Was this message, `uid`, kept before? mailproto_pop3_download_seen() */
    MAILPROTO_POP3_ASKS_SEEN = 1,
    /** The message is complete: make it, and that it is seen, durable now, then
     *  mailproto_pop3_download_kept(): only then may it be deleted. */
    MAILPROTO_POP3_ASKS_KEEP = 2
};

/**
 * One visit to a maildrop, in the caller's memory. Fill the upper half, zero the rest.
 *
 * It lists the unique-ids, asks of each message whether it is seen, fetches those that
 * are not, asks the caller to keep each, and only then deletes it. If the connection
 * breaks, what was kept is seen the next time and is not fetched again, and is deleted
 * then: nothing is lost and nothing comes twice, wherever the break was, as long as the
 * caller's memory of what it has seen is as durable as the messages. A server without
 * UIDL has no `uid` to tell messages by: all of them count as new, and are deleted or
 * come again. A unique-id over 72 octets makes its message `failed`. After a listing with
 * gaps, repeated numbers or malformed lines, what was seen already is not deleted in this
 * visit: only what was kept just now.
 *
 * Two messages with the same unique-id (RFC 1939 7 allows it for identical ones) can be
 * told apart by nobody once one of them is gone. So the caller says when an id comes
 * again in a listing: ::MAILPROTO_POP3_SEEN_REPEATED. Then what is deleted in this visit
 * is deleted at its end, and only if all that was wanted was kept (`failed` and `left`
 * 0, the listing regular); else nothing is. A caller that remembers how often it kept an
 * id, and answers the n-th message that has it by whether it kept n, fetches each once.
 * An id that is repeated beyond `marks` is not noticed.
 */
typedef struct mailproto_pop3_download {
    uint32_t struct_size; /**< sizeof(mailproto_pop3_download) */
    uint32_t flags;       /**< MAILPROTO_POP3_DOWNLOAD_... */
    uint8_t *marks;       /**< a bit a message, stays valid. Those beyond are left; the
                               next visit comes to them only if those before were
                               deleted: without DOWNLOAD_DELETE it lists, and handles,
                               the same first numbers again */
    uint32_t marks_size;  /**< octets of it: messages / 8, rounded up */
    uint32_t
        ahead;     /**< messages asked for at once where pipelining is offered; 0: 12 */
    uint32_t tag;  /**< in: uses the tags tag to tag + 5 */
    uint32_t asks; /**< out: MAILPROTO_POP3_ASKS_... */
    uint32_t message;        /**< out: the message that it is about, and whose content
                              comes */
    uint32_t messages;       /**< out: in the maildrop, malformed lines of the listing
                              included */
    uint32_t wanted;         /**< out: of these not seen */
    uint32_t kept;           /**< out: fetched and kept */
    uint32_t failed;         /**< out: refused by the server, given up, not kept, or
                              malformed in the listing */
    uint32_t deleted;        /**< out: deletions the server acknowledged; QUIT
                                  carries them out */
    uint32_t left;           /**< out: beyond `marks` */
    uint32_t commit;         /**< out: MAILPROTO_POP3_COMMIT_..., with DOWNLOAD_QUIT */
    mailproto_status listed; /**< out: OK: the listing is complete; else `messages` is
                              not what the maildrop has, whatever `commit` says, and
                              nothing may be concluded from an id that was not asked:
                              ::MAILPROTO_ERR_REFUSED (the server's `-ERR`, see `resp`),
                              the error that ended the session, or, while it is still to
                              come, ::MAILPROTO_NOT_READY. UIDL that is refused is
                              replaced by LIST only when CAPA did not offer UIDL and the
                              refusal says neither IN-USE nor SYS/TEMP or SYS/PERM */
    uint32_t resp;           /**< out: MAILPROTO_POP3_RESP_... of that refusal */
    mailproto_bytes uid;     /**< out: of `message`; lives until the next call */
    char uid_room[72];       /**< the library's (RFC 1939 7: 70 characters) */
    uint32_t opaque[12];     /**< the library's; zero before the start */
} mailproto_pop3_download;

/**
 * Begins: after the login, with nothing outstanding.
 * @return OK: begun, go on with events; negative: misuse (no marks, session failed or
 *         not ready)
 */
MAILPROTO_API mailproto_status mailproto_pop3_download_start(
    mailproto_pop3_download *d, mailproto_pop3_client *client);

/**
 * Shows the download an event; every event of the session may go through here. CONTENT
 * is the caller's: it belongs to `message`.
 * @return OK: it goes on; ::MAILPROTO_YOUR_TURN: `asks` must be answered before the next
 *         event is shown (later is fine: just do not pump); ::MAILPROTO_EOF: over, the
 *         counts are final (once); ::MAILPROTO_NOT_READY: the event is not the
 *         download's; negative: misuse
 */
MAILPROTO_API mailproto_status
mailproto_pop3_download_event(mailproto_pop3_download *d, mailproto_pop3_client *client,
                              const mailproto_event *ev);

/** What the answer to ::MAILPROTO_POP3_ASKS_SEEN is made of; 0: it is new. */
enum {
    /** It was kept before: not fetched, and deleted with DOWNLOAD_DELETE. */
    MAILPROTO_POP3_SEEN = 1,
    /** This id was asked already in this listing, for another message. Alone: this one
     *  is new, and fetched; with SEEN: it was kept before, too. */
    MAILPROTO_POP3_SEEN_REPEATED = 2
};

/** Answers ::MAILPROTO_POP3_ASKS_SEEN: 0, or MAILPROTO_POP3_SEEN_... @return OK;
 *  ::MAILPROTO_ERR_ARGUMENT (no such answer); ::MAILPROTO_ERR_STATE (not asked) */
MAILPROTO_API mailproto_status mailproto_pop3_download_seen(
    mailproto_pop3_download *d, mailproto_pop3_client *client, int seen);

/** Answers ::MAILPROTO_POP3_ASKS_KEEP: 1 it is safe, 0 it could not be kept (it is not
 *  deleted). @return OK; ::MAILPROTO_EOF (that was the last thing);
 *  ::MAILPROTO_ERR_STATE (not asked) */
MAILPROTO_API mailproto_status mailproto_pop3_download_kept(
    mailproto_pop3_download *d, mailproto_pop3_client *client, int kept);

/* ---- server ---------------------------------------------------------------------- */

/** A POP3 server's engine: one connection. It keeps the deletion marks. */
typedef struct mailproto_pop3_server mailproto_pop3_server;

/** Flags of mailproto_pop3_server_options. */
enum {
    /** TLS from the first byte: TLS_GO is the first event. */
    MAILPROTO_POP3_SERVER_TLS_IMPLICIT = 1,
    /** USER, PASS and AUTH with every mechanism are offered and taken without TLS too;
     *  else they are `-ERR` then (RFC 8314 3.3), but for
     *  mailproto_pop3_server_options.mechanisms_in_clear. */
    MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR = 2,
    /** `expire_days` and `login_delay` may differ from user to user: CAPA says USER
     *  before the login (RFC 2449 6.5, 6.7), see mailproto_pop3_server_policy(). */
    MAILPROTO_POP3_SERVER_POLICY_PER_USER = 4
};

/** `expire_days`: messages are kept for ever. */
#define MAILPROTO_POP3_EXPIRE_NEVER UINT32_MAX

/** Options of a server. Zero is the default of every field; all of it is copied, but
 *  for the trace. The caller sets `struct_size`. */
typedef struct mailproto_pop3_server_options {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t flags;         /**< MAILPROTO_POP3_SERVER_... */
    uint32_t in_size;       /**< input buffer, octets; default 1024, at least
                                `max_command` */
    uint32_t out_size;      /**< output buffer, octets; default 4096, at least twice
                                `reply_max` */
    uint32_t max_command;   /**< command line with CRLF, octets; default 512, at least
                                255 (RFC 2449 4). Longer: `-ERR`, and the rest of the
                                line is swallowed */
    uint32_t max_auth_line; /**< a response of AUTH, octets; default 12288 (RFC 4954
                                    4; RFC 5034 has no number). Longer: `-ERR` */
    uint32_t max_messages;  /**< of a maildrop; default 10000; a bit each in the
                                    block */
    uint32_t max_bad_commands; /**< refused commands, failed logins included; default
                                    10; then `-ERR` and close, without UPDATE. Counted
                                    anew after a login; a message that does not exist
                                    or is marked does not count */
    uint32_t reply_max;        /**< the longest reply line an application gives, octets;
                                    default 512 (RFC 2449 4), at least 128 */
    uint32_t line_ends;        /**< MAILPROTO_LINE_ENDS_... of messages given out;
                                    default REPAIR: stored LF goes out as CRLF, NUL is
                                    refused */
    uint32_t progress_bytes; /**< content octets that renew a time-out; default 4096 */
    uint32_t login_ms;       /**< from the greeting, or from
                                    mailproto_session_tls_started(), until the login,
                                    whatever the client says meanwhile; default 600000 */
    uint32_t idle_ms;        /**< wait for a command after it; default 600000, which is
                                    the least that RFC 1939 3 allows */
    uint32_t block_ms;       /**< for `progress_bytes` of content to be read by the
                                    client; default 300000 */
    uint32_t login_delay;    /**< seconds between logins, for CAPA (RFC 2449 6.5) */
    uint32_t expire_days;    /**< for CAPA (RFC 2449 6.7); 0: at the end of the
                                    session */
    uint64_t caps;           /**< mask of the capabilities to offer; default TOP, USER,
                                    RESP_CODES, PIPELINING, UIDL, AUTH_RESP_CODE. STLS
                                    counts only while there is no TLS */
    mailproto_bytes
        greeting; /**< words of the greeting, without a msg-id; default "POP3 ready"; at most
                                    128 octets */
    mailproto_bytes apop_stamp; /**< a msg-id unlike any other, brackets included, at
                                    most 128 octets: APOP is offered; empty: it is not */
    /** "PLAIN LOGIN": names as RFC 4422 3.1 has them, of 1 to 20 upper-case letters,
     *  digits, `-` and `_`, single blanks between; at most 255 octets. Anything else is
     *  ::MAILPROTO_ERR_ARGUMENT. Without SASL in `caps`, which is not in its default, it
     *  has no effect; with it, it must not be empty. Names that end in -PLUS are offered,
     *  and taken, only while the session has a channel binding (mailproto_tls_info). */
    mailproto_bytes auth_mechanisms;
    mailproto_bytes implementation; /**< for CAPA (RFC 2449 6.9); at most 128 octets */
    const mailproto_trace *trace;   /**< NULL, or kept as long as the engine */
    /** Those of `auth_mechanisms` that are offered, and taken, without TLS, also
     *  without ::MAILPROTO_POP3_SERVER_LOGIN_IN_CLEAR: "SCRAM-SHA-256", say. USER and
     *  PASS stay shut. At most 255 octets; empty: none, or all with that flag; one
     *  that is not among those is ::MAILPROTO_ERR_ARGUMENT. Under TLS all are offered. */
    mailproto_bytes mechanisms_in_clear;
} mailproto_pop3_server_options;

/**
 * Bytes that suffice for a server's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param in       options.in_size
 * @param out      options.out_size
 * @param messages options.max_messages
 * @param texts    lengths of greeting, apop_stamp, auth_mechanisms, implementation and
 *                 mechanisms_in_clear together
 */
#define MAILPROTO_POP3_SERVER_MEM(in, out, messages, texts)                            \
    ((size_t)1024 + 40U * sizeof(void *) + (size_t)(in) + (size_t)(out) +              \
     (size_t)(messages) / 8U + (size_t)(texts))

/** Exactly how large the block must be; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_pop3_server_mem_size(const mailproto_pop3_server_options *options);

/** Places a server into `mem`, of any alignment; nothing to release.
 *  @return as mailproto_pop3_client_init() */
MAILPROTO_API mailproto_status mailproto_pop3_server_init(
    void *mem, size_t size, const mailproto_pop3_server_options *options,
    mailproto_pop3_server **out);

/** The same on malloc; release with mailproto_pop3_server_free().
 *  @return as _init(); ::MAILPROTO_ERR_MEMORY: malloc failed */
MAILPROTO_API mailproto_status mailproto_pop3_server_new(
    const mailproto_pop3_server_options *options, mailproto_pop3_server **out);

/** Wipes and releases what _new() gave; NULL is allowed. */
MAILPROTO_API void mailproto_pop3_server_free(mailproto_pop3_server *server);

/** The server as a session: bytes, events, want, content, authentication. */
MAILPROTO_API mailproto_session *
mailproto_pop3_server_session(mailproto_pop3_server *server);

/** Answers with the default, see the events. @return OK; ::MAILPROTO_ERR_STALE */
MAILPROTO_API mailproto_status
mailproto_pop3_server_accept(mailproto_pop3_server *server, uint32_t request);

/** Flags of mailproto_pop3_server_ok(). */
enum {
    /** A multi-line reply: ::MAILPROTO_EV_CONTENT_WANTED follows and the content verbs
     *  give its lines. For COMMAND and LANG; RETR has it by itself. */
    MAILPROTO_POP3_BODY = 1
};

/**
 * Answers `+OK` with words of the application's own.
 * @param server  the server
 * @param request `tag` of the event
 * @param flags   0 or ::MAILPROTO_POP3_BODY
 * @param text    one line without its end; printable ASCII, or UTF-8
 * @return OK; ::MAILPROTO_ERR_STALE; ::MAILPROTO_ERR_ARGUMENT (a control in the text, or
 *         the event needs another answer: NEED_SIZE, NEED_UID, OPEN);
 *         ::MAILPROTO_ERR_TOO_LONG (over `reply_max`)
 */
MAILPROTO_API mailproto_status mailproto_pop3_server_ok(mailproto_pop3_server *server,
                                                        uint32_t request,
                                                        uint32_t flags,
                                                        mailproto_bytes text);

/**
 * Answers `-ERR`. In answer to CONNECT or UPDATE the session then ends; after LOGIN or
 * OPEN the client may try again. An AUTH request takes it too, like
 * mailproto_session_auth_finish() with an error.
 * @param server  the server
 * @param request `tag` of the event
 * @param resp    MAILPROTO_POP3_RESP_..., written where it is offered (RESP-CODES; AUTH
 *                needs AUTH-RESP-CODE; UTF8 needs UTF8)
 * @param text    one line without its end; empty: a default
 * @return as mailproto_pop3_server_ok()
 */
MAILPROTO_API mailproto_status mailproto_pop3_server_err(mailproto_pop3_server *server,
                                                         uint32_t request,
                                                         uint32_t resp,
                                                         mailproto_bytes text);

/**
 * Answers OPEN: the maildrop is locked and in TRANSACTION from now on.
 * @param server   the server
 * @param request  `tag` of the event
 * @param messages how many there are
 * @param octets   of all of them, with CRLF line ends
 * @return OK; ::MAILPROTO_ERR_STALE; ::MAILPROTO_ERR_ARGUMENT (not OPEN);
 *         ::MAILPROTO_ERR_COUNT_LIMIT (over `max_messages`: show the first so many)
 */
MAILPROTO_API mailproto_status mailproto_pop3_server_drop(mailproto_pop3_server *server,
                                                          uint32_t request,
                                                          uint32_t messages,
                                                          uint64_t octets);

/** Answers NEED_SIZE. @return OK; ::MAILPROTO_ERR_STALE; ::MAILPROTO_ERR_ARGUMENT (not
 *  NEED_SIZE) */
MAILPROTO_API mailproto_status mailproto_pop3_server_size(mailproto_pop3_server *server,
                                                          uint32_t request,
                                                          uint64_t octets);

/** Answers NEED_UID with 1 to 70 octets from 0x21 to 0x7E (RFC 1939 7).
 *  @return OK; ::MAILPROTO_ERR_STALE; ::MAILPROTO_ERR_ARGUMENT (not NEED_UID, or no
 *  unique-id) */
MAILPROTO_API mailproto_status mailproto_pop3_server_uid(mailproto_pop3_server *server,
                                                         uint32_t request,
                                                         mailproto_bytes uid);

/** Whether a message is marked as deleted. @return 1 or 0 */
MAILPROTO_API int mailproto_pop3_server_is_marked(const mailproto_pop3_server *server,
                                                  uint32_t message);

/** Whether the session is in UTF8 mode (RFC 6856 2): messages with raw UTF-8 headers may
 *  be given out as they are. An STLS behind UTF8, which no client may send (RFC 6856
 *  2.1), is taken, and ends the mode. @return 1 or 0 */
MAILPROTO_API int mailproto_pop3_server_utf8(const mailproto_pop3_server *server);

/** What CAPA says of this user from now on (RFC 2449 6.5, 6.7). @return OK */
MAILPROTO_API mailproto_status mailproto_pop3_server_policy(
    mailproto_pop3_server *server, uint32_t login_delay, uint32_t expire_days);

/**
 * Ends the session: `-ERR` with `text` (empty: a default) between replies, then close,
 * without UPDATE. What waits for an answer becomes stale.
 * @return OK; ::MAILPROTO_ERR_STATE (over already); ::MAILPROTO_ERR_ARGUMENT;
 *         ::MAILPROTO_ERR_TOO_LONG (text over 128 octets)
 */
MAILPROTO_API mailproto_status
mailproto_pop3_server_shutdown(mailproto_pop3_server *server, mailproto_bytes text);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_POP3_H */
