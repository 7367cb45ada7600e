/**
 * @file smtp.h
 * SMTP (RFC 5321), client and server, and the transaction layer on the client.
 * LMTP (RFC 2033) and BDAT (RFC 3030) are declared here and not built yet: options
 * that ask for them are refused.
 *
 * A client, with the pump and the transaction layer:
 *
 * @code
 * while ((st = mailproto_pump(s, &io, &ev)) == MAILPROTO_OK) {
 *     mailproto_status over = MAILPROTO_OK;
 *     if (ev.type == MAILPROTO_EV_SMTP_CAPS) {
 *         over = mailproto_smtp_transaction_start(&t, client);
 *     } else if (ev.type == MAILPROTO_EV_CONTENT_WANTED) {
 *         mailproto_pump_content(s, &io, &source);
 *     } else {
 *         over = mailproto_smtp_transaction_event(&t, client, &ev);
 *     }
 *     if (over == MAILPROTO_EOF || ev.type == MAILPROTO_EV_REFUSED) {
 *         mailproto_smtp_client_quit(client, 0);
 *     }
 * }
 * @endcode
 *
 * A server that takes everything:
 *
 * @code
 * while ((st = mailproto_pump(s, &io, &ev)) == MAILPROTO_OK) {
 *     if (ev.type == MAILPROTO_EV_CONTENT) {
 *         store(ev.text.ptr, ev.text.len);
 *     } else if (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) {
 *         mailproto_smtp_server_accept(server, ev.tag);
 *     }
 * }
 * @endcode
 */
#ifndef MAILPROTO_SMTP_H
#define MAILPROTO_SMTP_H

#include <mailproto/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- shared by both roles ------------------------------------------------------ */

/** Events of SMTP. 100 and up: client; 120 and up: server. */
enum {
    /** Client: a line of the greeting; `code`, `text` as in REPLY. One that refuses comes
     *  as ::MAILPROTO_EV_REFUSED. */
    MAILPROTO_EV_SMTP_GREETING = 100,
    /** Client: mail may be sent; capabilities are known. Comes once, after STARTTLS
     *  where that is to be (::MAILPROTO_EVF_SECURE then). `code`: reply code of EHLO or
     *  HELO; `number`: capability lines that did not fit `caps_size`. */
    MAILPROTO_EV_SMTP_CAPS = 101,
    /** Client: a reply line to the verb `tag`; `code`: its three digits, `text`: what
     *  follows them, enhanced code included. The last line (no LINE_MORE, no MORE) is
     *  the verb's outcome. A 421 to nothing that was asked has tag 0. Without a reply
     *  `code` is 0 and mailproto_smtp_event_status() tells why. */
    MAILPROTO_EV_SMTP_REPLY = 102,
    /** Client: the outcome of DATA or BDAT LAST, with the fields of REPLY; also when
     *  the peer refused DATA itself. LMTP: one for each accepted recipient, `number` =
     *  its ordinal. ::MAILPROTO_EVF_REPAIRED as in CONTENT_END. */
    MAILPROTO_EV_SMTP_FINAL = 103,

    /** Server: a connection; needs a reply (accept: 220). */
    MAILPROTO_EV_SMTP_CONNECT = 120,
    /** Server: HELO or EHLO, `code` = MAILPROTO_SMTP_VERB_..., `text` = the name as
     *  sent, 1 to 255 octets of printable ASCII, which need not be a domain; needs a
     *  reply (accept: 250, with the capabilities for EHLO). What was known of a
     *  transaction is forgotten (RFC 5321 4.1.4). */
    MAILPROTO_EV_SMTP_HELO = 121,
    /** Server: MAIL; `text` = the mailbox (empty: null reverse-path), `number` = SIZE=;
     *  needs a reply (accept: 250). See mailproto_smtp_event_path() and _mail(). */
    MAILPROTO_EV_SMTP_MAIL = 122,
    /** Server: RCPT; `text` = the mailbox, `number` = its ordinal in the transaction if
     *  it is accepted, from 0; needs a reply (accept: 250). */
    MAILPROTO_EV_SMTP_RCPT = 123,
    /** Server: DATA with at least one accepted recipient; needs a reply (accept: 354;
     *  then CONTENT events up to CONTENT_END or CONTENT_ABORTED). */
    MAILPROTO_EV_SMTP_DATA = 124,
    /** Server: the content is complete, who answers for it? needs a reply (accept:
     *  250), the reply to the message. LMTP: one for each accepted recipient,
     *  `number` = its ordinal. */
    MAILPROTO_EV_SMTP_DELIVER = 125,
    /** Server: RSET was carried out, or a new HELO/EHLO ended a transaction. */
    MAILPROTO_EV_SMTP_RSET = 126,
    /** Server: VRFY, EXPN, HELP, NOOP or a verb unknown to the library; `code` =
     *  MAILPROTO_SMTP_VERB_..., `text` = the whole line without its end; needs a reply
     *  (accept: 252, 502, 214, 250, 500). With ::MAILPROTO_EVF_REJECTED any command
     *  that the engine refused itself: `code` is then the reply's code and `number`
     *  the verb; `text` the line, as far as it was kept. */
    MAILPROTO_EV_SMTP_COMMAND = 127,
    /** Server: bytes came before the greeting, or behind a command that must end its
     *  pipeline group (RFC 5321 3.1, RFC 2920 3.1). Once a session. */
    MAILPROTO_EV_SMTP_EARLY_TALKER = 128,
    /** Server: QUIT was answered; CLOSED follows. */
    MAILPROTO_EV_SMTP_QUIT = 129
};

/** Commands. */
enum {
    MAILPROTO_SMTP_VERB_UNKNOWN = 0,   /**< none of the following */
    MAILPROTO_SMTP_VERB_EHLO = 1,      /**< RFC 5321 4.1.1.1 */
    MAILPROTO_SMTP_VERB_HELO = 2,      /**< RFC 5321 4.1.1.1 */
    MAILPROTO_SMTP_VERB_LHLO = 3,      /**< RFC 2033 4.1 */
    MAILPROTO_SMTP_VERB_MAIL = 4,      /**< RFC 5321 4.1.1.2 */
    MAILPROTO_SMTP_VERB_RCPT = 5,      /**< RFC 5321 4.1.1.3 */
    MAILPROTO_SMTP_VERB_DATA = 6,      /**< RFC 5321 4.1.1.4 */
    MAILPROTO_SMTP_VERB_BDAT = 7,      /**< RFC 3030 2 */
    MAILPROTO_SMTP_VERB_RSET = 8,      /**< RFC 5321 4.1.1.5 */
    MAILPROTO_SMTP_VERB_VRFY = 9,      /**< RFC 5321 4.1.1.6 */
    MAILPROTO_SMTP_VERB_EXPN = 10,     /**< RFC 5321 4.1.1.7 */
    MAILPROTO_SMTP_VERB_HELP = 11,     /**< RFC 5321 4.1.1.8 */
    MAILPROTO_SMTP_VERB_NOOP = 12,     /**< RFC 5321 4.1.1.9 */
    MAILPROTO_SMTP_VERB_QUIT = 13,     /**< RFC 5321 4.1.1.10 */
    MAILPROTO_SMTP_VERB_STARTTLS = 14, /**< RFC 3207 4 */
    MAILPROTO_SMTP_VERB_AUTH = 15      /**< RFC 4954 4 */
};

/** Capabilities (EHLO keywords), as numbers for mailproto_session_has_cap(); in an
 *  option mask capability n is bit n, `(uint64_t)1 << n`. */
enum {
    MAILPROTO_SMTP_CAP_PIPELINING = 0,     /**< RFC 2920 */
    MAILPROTO_SMTP_CAP_SIZE = 1,           /**< RFC 1870 */
    MAILPROTO_SMTP_CAP_8BITMIME = 2,       /**< RFC 6152 */
    MAILPROTO_SMTP_CAP_SMTPUTF8 = 3,       /**< RFC 6531 */
    MAILPROTO_SMTP_CAP_ENHANCED = 4,       /**< ENHANCEDSTATUSCODES, RFC 2034 */
    MAILPROTO_SMTP_CAP_STARTTLS = 5,       /**< RFC 3207 */
    MAILPROTO_SMTP_CAP_AUTH = 6,           /**< RFC 4954 */
    MAILPROTO_SMTP_CAP_CHUNKING = 7,       /**< RFC 3030 */
    MAILPROTO_SMTP_CAP_BINARYMIME = 8,     /**< RFC 3030 */
    MAILPROTO_SMTP_CAP_DSN = 9,            /**< RFC 3461 */
    MAILPROTO_SMTP_CAP_VRFY = 10,          /**< RFC 5321 4.1.1.6 */
    MAILPROTO_SMTP_CAP_EXPN = 11,          /**< RFC 5321 4.1.1.7 */
    MAILPROTO_SMTP_CAP_HELP = 12,          /**< RFC 5321 4.1.1.8 */
    MAILPROTO_SMTP_CAP_ETRN = 13,          /**< RFC 1985 */
    MAILPROTO_SMTP_CAP_DELIVERBY = 14,     /**< RFC 2852 */
    MAILPROTO_SMTP_CAP_FUTURERELEASE = 15, /**< RFC 4865 */
    MAILPROTO_SMTP_CAP_MT_PRIORITY = 16,   /**< RFC 6710 */
    MAILPROTO_SMTP_CAP_REQUIRETLS = 17,    /**< RFC 8689 */
    MAILPROTO_SMTP_CAP_LIMITS = 18,        /**< RFC 9422 */
    MAILPROTO_SMTP_CAP_RRVS = 19,          /**< RFC 7293 */
    MAILPROTO_SMTP_CAP_BURL = 20,          /**< RFC 4468 */
    MAILPROTO_SMTP_CAP_XCLIENT = 21,       /**< Postfix XCLIENT_README */
    MAILPROTO_SMTP_CAP_XFORWARD = 22       /**< Postfix XFORWARD_README */
};
/** An option mask that holds no capability at all (0 means the default). */
#define MAILPROTO_SMTP_CAPS_NONE UINT64_MAX

/** Where an outcome comes from. */
enum {
    MAILPROTO_ORIGIN_NONE = 0,     /**< no outcome yet */
    MAILPROTO_ORIGIN_PEER = 1,     /**< the peer's reply */
    MAILPROTO_ORIGIN_LOCAL = 2,    /**< this side decided: see `local` */
    MAILPROTO_ORIGIN_TRANSPORT = 3 /**< no answer: the session ended before */
};

/** A reply's numbers; all zero: nothing yet. */
typedef struct mailproto_smtp_status {
    uint16_t code;          /**< 200 to 599, 0: no reply. 552 to RCPT reads as 452 */
    uint16_t enhanced[3];   /**< class, subject, detail (RFC 3463), or zeros */
    uint32_t origin;        /**< MAILPROTO_ORIGIN_... */
    mailproto_status local; /**< when the origin is not the peer: why. AUTH_RESULT after
                                 `*`: ::MAILPROTO_ERR_AUTH_CANCELLED, or
                                 ::MAILPROTO_ERR_BASE64 for a challenge that was none;
                                 `code` is the peer's all the same */
} mailproto_smtp_status;

/** Flags of mailproto_smtp_path. */
enum {
    MAILPROTO_SMTP_PATH_NULL = 1,    /**< the null reverse-path `<>` */
    MAILPROTO_SMTP_PATH_QUOTED = 2,  /**< the local part is a quoted string */
    MAILPROTO_SMTP_PATH_LITERAL = 4, /**< the domain is an address literal */
    MAILPROTO_SMTP_PATH_UTF8 = 8,    /**< it holds octets above 127 */
    MAILPROTO_SMTP_PATH_ROUTE = 16 /**< a source route was dropped (RFC 5321 4.1.1.3) */
};

/** A path, taken apart. Spans point into what was parsed. */
typedef struct mailproto_smtp_path {
    uint32_t struct_size;    /**< sizeof of the caller's struct */
    uint32_t flags;          /**< MAILPROTO_SMTP_PATH_... */
    mailproto_bytes mailbox; /**< local part, `@`, domain; `Postmaster` has no domain */
    mailproto_bytes local;   /**< the local part as written, quotes included */
    mailproto_bytes domain; /**< the domain or the address literal, brackets included */
} mailproto_smtp_path;

/** Walks ESMTP parameters (RFC 5321 4.1.2, esmtp-param). */
typedef struct mailproto_smtp_param_cursor {
    const char *at;  /**< the library's */
    const char *end; /**< the library's */
} mailproto_smtp_param_cursor;

/** Values of BODY= (RFC 6152, RFC 3030). */
enum {
    MAILPROTO_SMTP_BODY_NONE = 0,      /**< not given: 7BIT */
    MAILPROTO_SMTP_BODY_7BIT = 1,      /**< BODY=7BIT */
    MAILPROTO_SMTP_BODY_8BITMIME = 2,  /**< BODY=8BITMIME */
    MAILPROTO_SMTP_BODY_BINARYMIME = 3 /**< BODY=BINARYMIME */
};

/** Flags of mailproto_smtp_mail_params. */
enum {
    MAILPROTO_SMTP_MAIL_SMTPUTF8 = 1, /**< SMTPUTF8 (RFC 6531 3.4) */
    MAILPROTO_SMTP_MAIL_HAS_SIZE = 2, /**< SIZE= is given (so that 0 can be) */
    MAILPROTO_SMTP_MAIL_HAS_AUTH = 4  /**< AUTH= is given; an empty span is `<>` */
};

/** Parameters of MAIL; both roles. The caller sets `struct_size`. */
typedef struct mailproto_smtp_mail_params {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t flags;       /**< MAILPROTO_SMTP_MAIL_... */
    uint64_t size;        /**< SIZE=: octets on the wire, unstuffed; sent if not 0 and
                               the peer offers SIZE */
    uint32_t body;        /**< MAILPROTO_SMTP_BODY_... */
    uint32_t reserved;    /**< 0 */
    mailproto_bytes auth; /**< AUTH=: client: the mailbox, which is written as xtext;
                               server: as sent, in xtext (RFC 3461 4) */
    /** All other parameters, `KEY=value KEY`, blanks between. Client: as they are to be
     *  sent; what has a field above is refused here. Server: as sent, from the first to
     *  the last of them: what has a field and stands between them is in the span too, so
     *  walk mailproto_smtp_event_params() to tell them apart. */
    mailproto_bytes extra;
} mailproto_smtp_mail_params;

/** Parameters of RCPT; client. The caller sets `struct_size`. */
typedef struct mailproto_smtp_rcpt_params {
    uint32_t struct_size;  /**< sizeof of the caller's struct */
    uint32_t reserved;     /**< 0 */
    mailproto_bytes extra; /**< parameters as they are to be sent, `KEY=value KEY` */
} mailproto_smtp_rcpt_params;

/**
 * Parses a path: `<...>`, or a bare mailbox.
 * @param text the path
 * @param utf8 1: UTF-8 is allowed (RFC 6531 3.3)
 * @param out  filled; `struct_size` set by the caller
 * @return OK; ::MAILPROTO_ERR_SYNTAX; ::MAILPROTO_ERR_TOO_LONG (local part over 64,
 *         domain over 255, path over 256 octets: RFC 5321 4.5.3.1)
 */
MAILPROTO_API mailproto_status mailproto_smtp_path_parse(mailproto_bytes text, int utf8,
                                                         mailproto_smtp_path *out);

/**
 * The next parameter.
 * @param c     from mailproto_smtp_event_params()
 * @param name  the keyword
 * @param value what follows `=`; `ptr` NULL: there is no `=`
 * @return OK, or ::MAILPROTO_EOF
 */
MAILPROTO_API mailproto_status mailproto_smtp_param_next(mailproto_smtp_param_cursor *c,
                                                         mailproto_bytes *name,
                                                         mailproto_bytes *value);

/** The path of a MAIL or RCPT event. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_smtp_event_path(const mailproto_event *ev,
                                                         mailproto_smtp_path *out);

/** The typed parameters of a MAIL event. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status
mailproto_smtp_event_mail(const mailproto_event *ev, mailproto_smtp_mail_params *out);

/** All parameters of a MAIL or RCPT event, one by one. @return OK,
 *  ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_smtp_event_params(
    const mailproto_event *ev, mailproto_smtp_param_cursor *out);

/** The numbers of a GREETING, REPLY, FINAL, REFUSED or client's AUTH_RESULT event.
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_smtp_event_status(const mailproto_event *ev,
                                                           mailproto_smtp_status *out);

/* ---- client -------------------------------------------------------------------- */

/** An SMTP client's engine. */
typedef struct mailproto_smtp_client mailproto_smtp_client;

/** TLS of a client. */
enum {
    /** STARTTLS by itself; without it the session is refused before anything else is
     *  sent. The default. */
    MAILPROTO_SMTP_TLS_REQUIRED = 0,
    /** STARTTLS where offered; in the clear where not, or refused (RFC 3207 4.1). */
    MAILPROTO_SMTP_TLS_IF_OFFERED = 1,
    /** TLS from the first byte (RFC 8314): TLS_GO is the first event. */
    MAILPROTO_SMTP_TLS_IMPLICIT = 2,
    /** Never by itself; mailproto_smtp_client_starttls() may be called. */
    MAILPROTO_SMTP_TLS_NONE = 3
};

/** Flags of mailproto_smtp_client_options. */
enum {
    /** One command at a time, whatever the peer offers. */
    MAILPROTO_SMTP_CLIENT_NO_PIPELINING = 1,
    /** LMTP instead of SMTP. Not built yet. */
    MAILPROTO_SMTP_CLIENT_LMTP = 2,
    /** AUTH also without TLS. Else mailproto_session_auth_start() says NEEDS_TLS. */
    MAILPROTO_SMTP_CLIENT_AUTH_IN_CLEAR = 4
};

/** Options of a client. Zero is the default of every field; all of it is copied, but
 *  for the trace. The caller sets `struct_size`. */
typedef struct mailproto_smtp_client_options {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t flags;           /**< MAILPROTO_SMTP_CLIENT_... */
    uint32_t in_size;         /**< input buffer, octets; default 1024, at least 128. A
                                   longer reply line comes in pieces */
    uint32_t out_size;        /**< output buffer, octets; default 2048, at least 128. A
                                   command must fit it whole */
    uint32_t max_outstanding; /**< commands awaiting their replies; default 32, at most
                                   1024 */
    uint32_t caps_size;       /**< room for capability lines; default 512;
                                   ::MAILPROTO_UNLIMITED means none */
    uint32_t max_reply;       /**< octets of one reply, all its lines; default 65536 */
    uint32_t line_ends;       /**< MAILPROTO_LINE_ENDS_... of sent content */
    uint32_t tls;             /**< MAILPROTO_SMTP_TLS_... */
    uint32_t progress_bytes;  /**< content octets that renew a time-out; default 4096 */
    uint32_t greeting_ms;     /**< wait for the greeting; default 300000 (RFC 5321
                                   4.5.3.2.1) */
    uint32_t command_ms;     /**< wait for a command's reply; default 300000 (4.5.3.2.2,
                                   4.5.3.2.3) */
    uint32_t data_ms;        /**< wait for 354; default 120000 (4.5.3.2.4) */
    uint32_t block_ms;       /**< for `progress_bytes` of content; default 180000
                                   (4.5.3.2.5) */
    uint32_t final_ms;       /**< wait for the reply to the content; default 600000
                                   (4.5.3.2.6) */
    uint32_t reserved;       /**< 0 */
    uint64_t caps_forced;    /**< capabilities taken as offered */
    uint64_t caps_forbidden; /**< capabilities taken as not offered */
    mailproto_bytes ehlo_name;    /**< domain or address literal for EHLO; default
                                   "localhost"; at most 255 octets */
    const mailproto_trace *trace; /**< NULL, or kept as long as the engine */
} mailproto_smtp_client_options;

/**
 * Bytes that suffice for a client's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param in          options.in_size
 * @param out         options.out_size
 * @param outstanding options.max_outstanding
 * @param caps        options.caps_size
 * @param name        length of options.ehlo_name
 */
#define MAILPROTO_SMTP_CLIENT_MEM(in, out, outstanding, caps, name)                    \
    ((size_t)704 + 40U * sizeof(void *) + (size_t)(in) + (size_t)(out) +               \
     16U * ((size_t)(outstanding) + 2U) + (size_t)(caps) + (size_t)(name))

/** Exactly how large the block must be; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_smtp_client_mem_size(const mailproto_smtp_client_options *options);

/**
 * Places a client into `mem`, of any alignment; nothing to release.
 * @param mem     the block; the caller's, until the client is used no more
 * @param size    its size
 * @param options copied; NULL: all defaults
 * @param out     the client
 * @return OK; ::MAILPROTO_ERR_MEMORY (too small, nothing touched);
 *         ::MAILPROTO_ERR_ARGUMENT; ::MAILPROTO_ERR_VERSION; ::MAILPROTO_ERR_NOT_BUILT
 */
MAILPROTO_API mailproto_status mailproto_smtp_client_init(
    void *mem, size_t size, const mailproto_smtp_client_options *options,
    mailproto_smtp_client **out);

/** The same on malloc; release with mailproto_smtp_client_free().
 *  @return as _init(); ::MAILPROTO_ERR_MEMORY: malloc failed */
MAILPROTO_API mailproto_status mailproto_smtp_client_new(
    const mailproto_smtp_client_options *options, mailproto_smtp_client **out);

/** Wipes and releases what _new() gave; NULL is allowed. */
MAILPROTO_API void mailproto_smtp_client_free(mailproto_smtp_client *client);

/** The client as a session: bytes, events, want, content, authentication. */
MAILPROTO_API mailproto_session *
mailproto_smtp_client_session(mailproto_smtp_client *client);

/** The peer's limit from SIZE (RFC 1870 4): octets, 0: none stated or not offered. */
MAILPROTO_API uint64_t
mailproto_smtp_client_size_limit(const mailproto_smtp_client *client);

/*
 * The verbs. Legal from CAPS on; QUIT also after REFUSED. Each may be called ahead of
 * the replies to the ones before; each accepted verb ends in exactly one outcome with
 * its tag. All of them answer: OK; AGAIN (no room in the output or among the
 * outstanding: the event ROOM says when to repeat); ::MAILPROTO_ERR_TOO_LONG (can never
 * fit); ::MAILPROTO_ERR_ARGUMENT (CR, LF or NUL, or not of the grammar);
 * ::MAILPROTO_ERR_STATE; or the session's fatal error. Nothing is queued unless OK.
 */

/**
 * MAIL (RFC 5321 4.1.1.2).
 * @param client the client
 * @param tag    comes back in REPLY
 * @param path   the mailbox without brackets; empty: the null reverse-path
 * @param params NULL: none
 * @return see above; ::MAILPROTO_ERR_LIMIT_OF_PEER (size over the peer's SIZE);
 *         ::MAILPROTO_ERR_NOT_OFFERED (BODY=, SMTPUTF8, AUTH=, or a UTF-8 path)
 */
MAILPROTO_API mailproto_status mailproto_smtp_client_mail(
    mailproto_smtp_client *client, uint32_t tag, mailproto_bytes path,
    const mailproto_smtp_mail_params *params);

/**
 * RCPT (RFC 5321 4.1.1.3). `path`: the mailbox without brackets; `params` NULL: none.
 * Cancelled when MAIL is refused before it was sent.
 * @return see above
 */
MAILPROTO_API mailproto_status mailproto_smtp_client_rcpt(
    mailproto_smtp_client *client, uint32_t tag, mailproto_bytes path,
    const mailproto_smtp_rcpt_params *params);

/**
 * DATA (RFC 5321 4.1.1.4): CONTENT_WANTED follows at 354, then the content verbs, then
 * FINAL. Cancelled when no recipient was accepted; what the peer was told already is
 * ended with RSET or, after its 354, with a lone dot (RFC 2920 3.1).
 * @return see above
 */
MAILPROTO_API mailproto_status mailproto_smtp_client_data(mailproto_smtp_client *client,
                                                          uint32_t tag);

/**
 * BDAT (RFC 3030 2) with a chunk of `size` octets; `last` 1: the last one.
 * @return ::MAILPROTO_ERR_NOT_BUILT
 */
MAILPROTO_API mailproto_status mailproto_smtp_client_bdat(mailproto_smtp_client *client,
                                                          uint32_t tag, uint64_t size,
                                                          int last);

/** RSET (RFC 5321 4.1.1.5). @return see above */
MAILPROTO_API mailproto_status mailproto_smtp_client_rset(mailproto_smtp_client *client,
                                                          uint32_t tag);

/** NOOP (RFC 5321 4.1.1.9). @return see above */
MAILPROTO_API mailproto_status mailproto_smtp_client_noop(mailproto_smtp_client *client,
                                                          uint32_t tag);

/** VRFY (RFC 5321 4.1.1.6) with a user or mailbox. @return see above */
MAILPROTO_API mailproto_status mailproto_smtp_client_vrfy(mailproto_smtp_client *client,
                                                          uint32_t tag,
                                                          mailproto_bytes name);

/** HELP (RFC 5321 4.1.1.8); an empty topic: none. @return see above */
MAILPROTO_API mailproto_status mailproto_smtp_client_help(mailproto_smtp_client *client,
                                                          uint32_t tag,
                                                          mailproto_bytes topic);

/**
 * Any other command that takes one reply and no more bytes, EXPN or ETRN for example. Not
 * for those that change the session behind the engine's back: XCLIENT, TURN, ATRN, BURL.
 * @param client the client
 * @param tag    comes back in REPLY
 * @param line   the command without CRLF; a verb that this header has a call for is
 *               ::MAILPROTO_ERR_ARGUMENT (the engine must know its effect)
 * @return see above
 */
MAILPROTO_API mailproto_status mailproto_smtp_client_command(
    mailproto_smtp_client *client, uint32_t tag, mailproto_bytes line);

/** QUIT (RFC 5321 4.1.1.10): its reply, then CLOSED. No verb is legal after it.
 *  @return see above */
MAILPROTO_API mailproto_status mailproto_smtp_client_quit(mailproto_smtp_client *client,
                                                          uint32_t tag);

/** STARTTLS (RFC 3207), with ::MAILPROTO_SMTP_TLS_NONE and nothing outstanding: TLS_GO
 *  and CAPS again, or REPLY with the refusal.
 *  @return see above; ::MAILPROTO_ERR_NOT_OFFERED */
MAILPROTO_API mailproto_status
mailproto_smtp_client_starttls(mailproto_smtp_client *client, uint32_t tag);

/* ---- the transaction: one message to many recipients, a layer on the verbs ------- */

/** One recipient; may be the first member of a larger struct of the caller. */
typedef struct mailproto_smtp_recipient {
    mailproto_bytes path;                     /**< in: the mailbox; stays valid */
    const mailproto_smtp_rcpt_params *params; /**< in: or NULL; stays valid */
    mailproto_smtp_status rcpt;               /**< out: the reply to RCPT */
    mailproto_smtp_status final; /**< out: what became of the message for this one */
    uint32_t reserved[4];        /**< 0 */
} mailproto_smtp_recipient;

/** One message's envelope and how far it is. Fill the upper half, zero the rest. */
typedef struct mailproto_smtp_transaction {
    uint32_t struct_size;      /**< sizeof(mailproto_smtp_transaction) */
    uint32_t recipient_stride; /**< sizeof of the caller's recipient element */
    mailproto_bytes sender;    /**< the reverse-path's mailbox; stays valid */
    const mailproto_smtp_mail_params *params; /**< or NULL; stays valid */
    mailproto_smtp_recipient *recipients;     /**< the first element */
    uint32_t count;                           /**< how many recipients */
    uint32_t tag;       /**< in: uses the tags tag, tag + 1 ... tag + count + 1 */
    uint32_t accepted;  /**< out: recipients the peer accepted at RCPT */
    uint32_t delivered; /**< out: recipients whose final status is 2xx */
    mailproto_smtp_status mail; /**< out: the reply to MAIL */
    uint32_t opaque[8];         /**< the library's; zero before the start */
} mailproto_smtp_transaction;

/**
 * Begins a transaction: after CAPS, or after the one before has ended.
 * @return OK: begun, go on with events; ::MAILPROTO_EOF: over at once (MAIL could not
 *         be given to this peer: `mail.local` and every recipient say why); negative:
 *         misuse (no recipient, stride too small, session failed or not ready)
 */
MAILPROTO_API mailproto_status mailproto_smtp_transaction_start(
    mailproto_smtp_transaction *t, mailproto_smtp_client *client);

/**
 * Shows the transaction an event; every event of the session may go through here. It
 * issues the next verbs and fills the statuses; CONTENT_WANTED is the caller's.
 * @return OK: it goes on; ::MAILPROTO_EOF: over, every recipient has a final status
 *         (returned once, at the event that ends it); ::MAILPROTO_NOT_READY: the event
 *         is not the transaction's; negative: misuse
 */
MAILPROTO_API mailproto_status mailproto_smtp_transaction_event(
    mailproto_smtp_transaction *t, mailproto_smtp_client *client,
    const mailproto_event *ev);

/* ---- server ---------------------------------------------------------------------- */

/** An SMTP server's engine: one connection. */
typedef struct mailproto_smtp_server mailproto_smtp_server;

/** Flags of mailproto_smtp_server_options. */
enum {
    /** TLS from the first byte: TLS_GO is the first event. */
    MAILPROTO_SMTP_SERVER_TLS_IMPLICIT = 1,
    /** LMTP instead of SMTP. Not built yet. */
    MAILPROTO_SMTP_SERVER_LMTP = 2,
    /** Everything but NOOP, EHLO, STARTTLS, QUIT is 530 5.7.0 before TLS (RFC 3207 4). */
    MAILPROTO_SMTP_SERVER_REQUIRE_TLS = 4,
    /** MAIL is 530 5.7.0 before AUTH succeeded (RFC 4954 6). */
    MAILPROTO_SMTP_SERVER_REQUIRE_AUTH = 8,
    /** AUTH is offered and taken without TLS too, every mechanism; only some:
     *  mailproto_smtp_server_options.mechanisms_in_clear. */
    MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR = 16,
    /** An early talker gets 554 5.5.1 and the connection is closed; else it is only
     *  told by its event. */
    MAILPROTO_SMTP_SERVER_REFUSE_EARLY = 32
};

/** Options of a server. Zero is the default of every field; all of it is copied, but
 *  for the trace. The caller sets `struct_size`. */
typedef struct mailproto_smtp_server_options {
    uint32_t struct_size;      /**< sizeof of the caller's struct */
    uint32_t flags;            /**< MAILPROTO_SMTP_SERVER_... */
    uint32_t in_size;          /**< input buffer, octets; default 4096, at least
                                    `max_command`; content may pass it by */
    uint32_t out_size;         /**< output buffer, octets; default 4096, at least twice
                                    `reply_max` */
    uint32_t max_command;      /**< command line with CRLF, octets; default 2048 (512 of
                                    RFC 5321 4.5.3.1.4 and what SIZE, DSN, AUTH and the
                                    others add), at least 512. Longer: 500 5.5.6 */
    uint32_t max_auth_line;    /**< a line of AUTH, octets; default 12288 (RFC 4954 4.
                                    not bound to `in_size`). Longer: 500 5.5.6 */
    uint32_t max_recipients;   /**< of a transaction; default 1000, at least 100 (RFC
                                    5321 4.5.3.1.8). More: 452 4.5.3 */
    uint32_t max_bad_commands; /**< refused commands in a session; default 20; then 421
                                    4.7.0 and close */
    uint32_t max_transactions; /**< MAIL commands accepted; default no limit. More: 421
                                    4.7.0 and close */
    uint32_t reply_max;        /**< the longest reply an application gives, all lines,
                                    octets; default 1024, at least 512 */
    uint32_t line_ends;        /**< MAILPROTO_LINE_ENDS_... of received content */
    uint32_t progress_bytes; /**< content octets that renew a time-out; default 4096 */
    uint32_t command_ms;     /**< wait for a command; default 300000 (RFC 5321
                                    4.5.3.2.7) */
    uint32_t block_ms;       /**< for `progress_bytes` of content; default 300000 */
    uint64_t max_content;    /**< octets of a message as stored (unstuffed); default
                                    41943040 (40 MiB). Stated in SIZE; more: 552 5.3.4 */
    uint64_t caps;           /**< mask of the capabilities to offer; default
                                    PIPELINING, SIZE, 8BITMIME, ENHANCED */
    mailproto_bytes host_name; /**< in greeting and replies; default "localhost"; at
                                    most 255 octets */
    /** "PLAIN LOGIN": names as RFC 4422 3.1 has them, of 1 to 20 upper-case letters,
     *  digits, `-` and `_`, single blanks between; at most 255 octets. Anything else is
     *  ::MAILPROTO_ERR_ARGUMENT. Without AUTH in `caps`, which is not in its default, it
     *  has no effect; with it, it must not be empty. Names that end in -PLUS are offered,
     *  and taken, only while the session has a channel binding (mailproto_tls_info). */
    mailproto_bytes auth_mechanisms;
    const mailproto_trace *trace; /**< NULL, or kept as long as the engine */
    /** Those of `auth_mechanisms` that are offered, and taken, without TLS, also
     *  without ::MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR: "SCRAM-SHA-256", say. At most 255
     *  octets; empty: none, or all with that flag; one that is not among those is
     *  ::MAILPROTO_ERR_ARGUMENT. Under TLS all are offered. */
    mailproto_bytes mechanisms_in_clear;
} mailproto_smtp_server_options;

/**
 * Bytes that suffice for a server's block in every release of this major version. The
 * values themselves, not 0 for a default.
 * @param in         options.in_size
 * @param out        options.out_size
 * @param name       length of options.host_name
 * @param mechanisms lengths of options.auth_mechanisms and mechanisms_in_clear together
 */
#define MAILPROTO_SMTP_SERVER_MEM(in, out, name, mechanisms)                           \
    ((size_t)1024 + 40U * sizeof(void *) + (size_t)(in) + (size_t)(out) +              \
     (size_t)(name) + (size_t)(mechanisms))

/** Exactly how large the block must be; 0: the options are not valid. */
MAILPROTO_API size_t
mailproto_smtp_server_mem_size(const mailproto_smtp_server_options *options);

/** Places a server into `mem`, of any alignment; nothing to release.
 *  @return as mailproto_smtp_client_init() */
MAILPROTO_API mailproto_status mailproto_smtp_server_init(
    void *mem, size_t size, const mailproto_smtp_server_options *options,
    mailproto_smtp_server **out);

/** The same on malloc; release with mailproto_smtp_server_free().
 *  @return as _init(); ::MAILPROTO_ERR_MEMORY: malloc failed */
MAILPROTO_API mailproto_status mailproto_smtp_server_new(
    const mailproto_smtp_server_options *options, mailproto_smtp_server **out);

/** Wipes and releases what _new() gave; NULL is allowed. */
MAILPROTO_API void mailproto_smtp_server_free(mailproto_smtp_server *server);

/** The server as a session: bytes, events, want, authentication. */
MAILPROTO_API mailproto_session *
mailproto_smtp_server_session(mailproto_smtp_server *server);

/**
 * Answers with the default: the positive reply, or for VRFY 252, EXPN 502, unknown
 * verbs 500 (RFC 5321 4.2.4, 3.5.3). An AUTH request gets 535: nobody is let in by
 * default; mailproto_session_auth_finish() is its answer.
 * @param server  the server
 * @param request `tag` of the event
 * @return OK; ::MAILPROTO_ERR_STALE
 */
MAILPROTO_API mailproto_status
mailproto_smtp_server_accept(mailproto_smtp_server *server, uint32_t request);

/** Flags of mailproto_smtp_server_reply(). */
enum {
    /** Another line of this reply follows by another call; nothing is visible, and the
     *  request is not answered, before the last. All lines have the same code. */
    MAILPROTO_SMTP_REPLY_MORE = 1
};

/**
 * Answers with a reply of the application's own. 2xx accepts (3xx for DATA only), 4xx
 * and 5xx refuse, 421 also closes (RFC 5321 3.8). The enhanced code is written when
 * offered, where RFC 2034 has one (not in greeting, HELO, EHLO and 354), and chosen
 * from `code` when it is all zero. An AUTH request takes 4xx and 5xx only.
 * @param server  the server
 * @param request `tag` of the event
 * @param status  code and enhanced code; the other fields are not looked at
 * @param flags   0 or ::MAILPROTO_SMTP_REPLY_MORE
 * @param text    one line without its end; printable ASCII, or UTF-8
 * @return OK; ::MAILPROTO_ERR_STALE; ::MAILPROTO_ERR_ARGUMENT (a code that is none, or
 *         does not fit the event; CR, LF, NUL or another control in the text);
 *         ::MAILPROTO_ERR_TOO_LONG (over `reply_max`, all lines together, or a line
 *         over 512 octets: RFC 5321 4.5.3.1.5)
 */
MAILPROTO_API mailproto_status mailproto_smtp_server_reply(
    mailproto_smtp_server *server, uint32_t request,
    const mailproto_smtp_status *status, uint32_t flags, mailproto_bytes text);

/**
 * While content comes in: CONTENT_ABORTED comes at once (::MAILPROTO_ERR_CANCELLED), the
 * rest is swallowed in step, and this reply is given at its true end.
 * @return OK; ::MAILPROTO_ERR_STATE (no content now); ::MAILPROTO_ERR_ARGUMENT (not 4xx
 *         or 5xx); ::MAILPROTO_ERR_TOO_LONG (text over 128 octets)
 */
MAILPROTO_API mailproto_status mailproto_smtp_server_refuse_content(
    mailproto_smtp_server *server, const mailproto_smtp_status *status,
    mailproto_bytes text);

/**
 * Ends the session in order (RFC 5321 3.8): 421, then close. It is said at once, behind
 * the replies given so far, and waits for no further command; what waits for an answer
 * becomes stale, and 421 is the reply to it. Where nothing can be said (STARTTLS was
 * agreed on, a challenge is half given, the output is full) the session just closes.
 * @param server the server
 * @param status its code (421) and enhanced code; NULL, or all zero behind the code:
 *               421 4.3.2
 * @param text   what follows this host's name; empty: a default
 * @return OK; ::MAILPROTO_ERR_STATE (over already); ::MAILPROTO_ERR_ARGUMENT (another
 *         code); ::MAILPROTO_ERR_TOO_LONG (text over 128 octets)
 */
MAILPROTO_API mailproto_status mailproto_smtp_server_shutdown(
    mailproto_smtp_server *server, const mailproto_smtp_status *status,
    mailproto_bytes text);

/**
 * The `with` word of this session for the Received field: SMTP, ESMTP, ESMTPS, ESMTPA,
 * ESMTPSA (RFC 3848), UTF8SMTP and its likes in an SMTPUTF8 transaction (RFC 6531
 * 4.3). Static text.
 */
MAILPROTO_API const char *
mailproto_smtp_server_with(const mailproto_smtp_server *server);

/** What a Received field says (RFC 5321 4.4). The caller sets `struct_size`. */
typedef struct mailproto_smtp_received {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    int32_t zone_minutes; /**< zone of the date, minutes east of UTC, within +-1439 */
    int64_t utc;          /**< the date: seconds since 1970-01-01T00:00:00Z */
    mailproto_bytes helo; /**< the name the client gave; empty: unknown */
    mailproto_bytes tcp_name; /**< the client's name by DNS; may be empty */
    mailproto_bytes address;  /**< the client's address, 192.0.2.1 or 2001:db8::1 */
    mailproto_bytes by;       /**< this host */
    mailproto_bytes with;     /**< mailproto_smtp_server_with() */
    mailproto_bytes id;       /**< the queue's id; may be empty */
    mailproto_bytes rcpt;     /**< the mailbox for FOR; empty: none (give it only when
                                   there is one recipient: RFC 5321 7.2) */
} mailproto_smtp_received;

/**
 * Writes a Received field, folded, ended by CRLF. Octets that may not stand where they
 * are to stand (controls, blanks, brackets, what the client put into HELO) are written
 * as `?`, so that the field is always one well-formed field.
 * @param info what it says
 * @param buf  where to
 * @param cap  its room; 2048 always suffice when no member is over 255 octets and
 *             `rcpt` is not over 320
 * @param len  octets written
 * @return OK; ::MAILPROTO_ERR_TOO_LONG (nothing written); ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_smtp_received_write(
    const mailproto_smtp_received *info, void *buf, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_SMTP_H */
