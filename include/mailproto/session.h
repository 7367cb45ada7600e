/**
 * @file session.h
 * The engine as every protocol and role shows it: bytes in, bytes out, events,
 * waiting, TLS point, authentication, content, errors.
 *
 * An engine is a value in one block of the caller's memory. It never reads, writes,
 * allocates, sleeps or looks at a clock. Bytes received go in, events come out; the
 * application's verbs go in, bytes to send come out. A program normally lets
 * mailproto_pump() (pump.h) do the moving; the loop below is what it does:
 *
 * @code
 * mailproto_session *s = mailproto_smtp_client_session(client);
 * for (;;) {
 *     mailproto_want want = {sizeof want, 0, 0, 0};
 *     mailproto_event ev;
 *     size_t len;
 *     while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
 *         handle(&ev);                        // may call verbs, start TLS
 *     }
 *     const void *due = mailproto_session_output(s, &len);
 *     if (len > 0) {
 *         mailproto_session_output_sent(s, send_some(due, len));
 *         continue;
 *     }
 *     mailproto_session_get_want(s, &want);
 *     if (want.flags & MAILPROTO_WANT_CLOSED) {
 *         break;
 *     }
 *     if (want.flags & MAILPROTO_WANT_READ) {
 *         void *space = mailproto_session_input_space(s, &len);
 *         size_t got = receive_some(space, len);
 *         if (got > 0) {
 *             mailproto_session_input_commit(s, got);
 *         } else {
 *             mailproto_session_feed_eof(s);
 *         }
 *     } else {
 *         your_turn(s);                       // an answer, a verb, content
 *     }
 * }
 * @endcode
 *
 * Not for concurrent use: one session, one thread at a time. Different sessions share
 * nothing.
 */
#ifndef MAILPROTO_SESSION_H
#define MAILPROTO_SESSION_H

#include <mailproto/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Any engine, seen without its protocol. X_session(engine) gives it. */
typedef struct mailproto_session mailproto_session;

/* ---- events ------------------------------------------------------------------ */

/**
 * What an engine has to say. Its size and fields stay as they are within a major
 * version; an event whose type is unknown may be ignored (when it carries
 * ::MAILPROTO_EVF_NEEDS_REPLY, give the protocol's default answer, X_accept()).
 *
 * Lifetime of `text` and `detail`: until the next feed, input, event or pump call.
 * Those of an event with ::MAILPROTO_EVF_NEEDS_REPLY live until it is answered,
 * whatever else is called before.
 */
typedef struct mailproto_event {
    uint32_t type;        /**< MAILPROTO_EV_... */
    uint32_t flags;       /**< MAILPROTO_EVF_... */
    uint32_t tag;         /**< client: the verb's tag; server: the request to answer */
    uint32_t code;        /**< reply code or what the event's description says */
    uint64_t number;      /**< a size, an ordinal, a count: see the event */
    mailproto_bytes text; /**< the bytes it is about */
    const void *detail;   /**< for the typed accessors only */
    uint64_t reserved[2]; /**< 0 */
} mailproto_event;

/** Flags of an event. */
enum {
    /** This value goes on in the next event (of the same type). Nothing is truncated. */
    MAILPROTO_EVF_MORE = 1,
    /** Server: answer it, now or later, by its request number in `tag`. */
    MAILPROTO_EVF_NEEDS_REPLY = 2,
    /** The line ended; another line of the same reply follows as an event. */
    MAILPROTO_EVF_LINE_MORE = 4,
    /** The engine has refused this by itself with reply `code`; nothing to answer. */
    MAILPROTO_EVF_REJECTED = 8,
    /** CONTENT_WANTED: from its beginning again. */
    MAILPROTO_EVF_REWIND = 16,
    /** It was learnt or received under TLS. */
    MAILPROTO_EVF_SECURE = 32,
    /** AUTH_START: the initial response follows in AUTH_DATA. */
    MAILPROTO_EVF_INITIAL = 64,
    /** CONTENT_END: octets were repaired (a bare CR or LF became CRLF), or a CRLF was
     *  added at the end (sent content). */
    MAILPROTO_EVF_REPAIRED = 128,
    /** CONTENT_END: the content holds bare CR, bare LF or NUL, passed by option. */
    MAILPROTO_EVF_UNCLEAN = 256
};

/** Events that all protocols share; SMTP has 100 to 199, POP3 200, IMAP 300. */
enum {
    /** Start the TLS handshake, then call mailproto_session_tls_started(), or
     *  mailproto_session_fail(). Comes when the output has drained. Not optional,
     *  though it carries no NEEDS_REPLY: the session stands still until one of them. */
    MAILPROTO_EV_TLS_GO = 1,
    /** The peer waits for content: use the content verbs (`tag`: of the verb). */
    MAILPROTO_EV_CONTENT_WANTED = 2,
    /** A piece of received content in `text`; `number` = its offset in the content. */
    MAILPROTO_EV_CONTENT = 3,
    /** The content is complete; `number` = its octets. Only now may it be kept. */
    MAILPROTO_EV_CONTENT_END = 4,
    /** The content will not be complete: forget it. `code` = the status that says why,
     *  as (uint32_t)status; `number` = octets seen. */
    MAILPROTO_EV_CONTENT_ABORTED = 5,
    /** Server: the peer begins an authentication; `text` = the mechanism as sent.
     *  With ::MAILPROTO_EVF_INITIAL the initial response follows as AUTH_DATA, which
     *  then carries the request; else this event carries it. */
    MAILPROTO_EV_AUTH_START = 6,
    /** Both roles: a challenge or a response, decoded; may come in pieces
     *  (::MAILPROTO_EVF_MORE). Client, ::MAILPROTO_EVF_INITIAL set: the peer waits for
     *  the initial response, which was not sent with the command. */
    MAILPROTO_EV_AUTH_DATA = 7,
    /** The authentication has ended; `code` = the reply code (IMAP: MAILPROTO_IMAP_OK,
     *  _NO or _BAD), `number` = 1 for success and 0 else; on the client with the tag of
     *  its verb. On a POP3 server it comes after ::MAILPROTO_EV_POP3_OPEN was answered.
     *  Who has logged in is not told here: a server keeps the name that its mechanism
     *  asked for (mailproto_sasl_need_info). */
    MAILPROTO_EV_AUTH_RESULT = 8,
    /** The conversation is over; close the transport. The last event of a session.
     *  `code` = (uint32_t)status of its end, 0 when orderly. */
    MAILPROTO_EV_CLOSED = 9,
    /** COMPRESS begins: see mailproto_session_take_rest(). */
    MAILPROTO_EV_LAYER_GO = 10,
    /** The verb that said AGAIN may be repeated. */
    MAILPROTO_EV_ROOM = 11,
    /** A unit needs `number` bytes and may get up to `code` KiB: see
     *  mailproto_session_lend(). It may come again for the same unit, which still grows;
     *  the smaller block then comes back. IMAP only. */
    MAILPROTO_EV_NEED_MEMORY = 12,
    /** The lent block `detail`, the very pointer that was lent, is the caller's again,
     *  wiped; `number` = its size. */
    MAILPROTO_EV_MEMORY_BACK = 13,
    /** Client: this session cannot be used: the peer's greeting or EHLO reply said so
     *  (`code` = reply code, `text` its last line), or TLS is required and not to be
     *  had. mailproto_session_get_error() tells which; only QUIT is legal. */
    MAILPROTO_EV_REFUSED = 14
};

/**
 * The next event.
 * @param s  the session
 * @param ev filled when the answer is OK, else untouched
 * @return ::MAILPROTO_OK; ::MAILPROTO_AGAIN: none now (feed, write, or answer);
 *         ::MAILPROTO_EOF: after ::MAILPROTO_EV_CLOSED
 *
 * Called while an event waits for its answer it says AGAIN and so postpones the
 * answer: what is queued becomes due, later input stays unread. It never gives an
 * error: a failed session tells its story in the events up to CLOSED, then
 * mailproto_session_get_error() names the cause.
 */
MAILPROTO_API mailproto_status mailproto_session_next_event(mailproto_session *s,
                                                            mailproto_event *ev);

/* ---- bytes in ---------------------------------------------------------------- */

/**
 * Gives received bytes; content events may point into them.
 * @param s        the session
 * @param data     `len` bytes, unchanged until next_event says AGAIN
 * @param len      how many
 * @param consumed how many were taken; feed the rest after the events were pulled
 * @return OK (also when 0 were taken because an event waits or TLS begins), or the
 *         fatal error of the session
 *
 * Consumption stops at the first event: pull events until AGAIN, then feed the rest. Say
 * mailproto_session_output_sent() for what was written before the input came: a reply to
 * a command that has not been sent is ::MAILPROTO_ERR_UNEXPECTED.
 * While TLS is awaited any byte is the fatal ::MAILPROTO_ERR_TLS_INJECTION.
 */
MAILPROTO_API mailproto_status mailproto_session_feed(mailproto_session *s,
                                                      const void *data, size_t len,
                                                      size_t *consumed);

/**
 * Space inside the engine to read into, instead of feed().
 * @param s   the session
 * @param cap how many bytes fit; 0 (and NULL returned) when input would not be taken
 * @return the space, valid until the next call on the session
 */
MAILPROTO_API void *mailproto_session_input_space(mailproto_session *s, size_t *cap);

/**
 * Says how many bytes were read into the space. The engine owns them from now on.
 * @return OK, ::MAILPROTO_ERR_ARGUMENT (more than the space), or the session's error
 */
MAILPROTO_API mailproto_status mailproto_session_input_commit(mailproto_session *s,
                                                              size_t len);

/**
 * The transport has no more input. Complete units already given are still handled;
 * what is queued may still be written (the peer may have closed its half only).
 * @return OK, or the session's error
 */
MAILPROTO_API mailproto_status mailproto_session_feed_eof(mailproto_session *s);

/* ---- bytes out --------------------------------------------------------------- */

/**
 * What is to be sent now.
 * @param s   the session
 * @param len how many bytes; 0: nothing is due
 * @return the bytes, valid until the next call that changes the session
 *
 * Bytes may be shown although writing is not due yet (::MAILPROTO_WANT_WRITE is the
 * sign for that): sending early is always correct, waiting makes fewer packets.
 */
MAILPROTO_API const void *mailproto_session_output(mailproto_session *s, size_t *len);

/**
 * Says that the first `len` bytes of the output were sent.
 * @return OK, or ::MAILPROTO_ERR_ARGUMENT (more than was shown; nothing is done)
 */
MAILPROTO_API mailproto_status mailproto_session_output_sent(mailproto_session *s,
                                                             size_t len);

/**
 * Nothing can be written any more. What is queued is dropped; a client goes on reading,
 * because the peer may have said why before it closed (a 552 within content, a 421), and
 * fails with `why` only when the input ends or the wait is over. A server fails at once.
 * @return OK, ::MAILPROTO_ERR_ARGUMENT (not negative)
 */
MAILPROTO_API mailproto_status mailproto_session_output_failed(mailproto_session *s,
                                                               mailproto_status why);

/* ---- content out: SMTP DATA and BDAT, POP3 RETR and TOP, IMAP literals -------- */

/**
 * What to do with a bare CR, a bare LF or a NUL in content that an end mark frames (SMTP
 * DATA, POP3), as an option of the engines. Only CRLF.CRLF ends content, whatever is
 * chosen.
 */
enum {
    /** SMTP client: REPAIR. SMTP server: REFUSE. POP3: see there. */
    MAILPROTO_LINE_ENDS_DEFAULT = 0,
    /** Sent content: the content verb refuses it. Received content is read to its true
     *  end, then refused (SMTP server: 550 5.6.0). */
    MAILPROTO_LINE_ENDS_REFUSE = 1,
    /** A CR or LF alone becomes CRLF; NUL is refused. */
    MAILPROTO_LINE_ENDS_REPAIR = 2,
    /** All of it is passed as it is. Opens a door to message smuggling between hops
     *  that see line ends differently. */
    MAILPROTO_LINE_ENDS_PASS = 3
};

/**
 * Sends a piece of content: copied once, dot-stuffed where the protocol does so,
 * line ends treated as the content policy says.
 * @param s        the session, after ::MAILPROTO_EV_CONTENT_WANTED
 * @param data     the piece; lines may be cut anywhere
 * @param len      its length
 * @param consumed how much was taken; less than `len` is back-pressure: write, repeat
 * @return OK; AGAIN (nothing taken: the output is full); ENOUGH (call content_end);
 *         ::MAILPROTO_ERR_STATE (no content wanted); ::MAILPROTO_ERR_BARE_LINE_END or
 *         ::MAILPROTO_ERR_NUL (the policy refuses it: `*consumed` octets before it
 *         were taken, content_abort() is the only way on); the session's error
 */
MAILPROTO_API mailproto_status mailproto_session_content(mailproto_session *s,
                                                         const void *data, size_t len,
                                                         size_t *consumed);

/**
 * Space inside the output to put content into, instead of mailproto_session_content().
 * @return the space, valid until the next call on the session; NULL: none now
 */
MAILPROTO_API void *mailproto_session_content_space(mailproto_session *s, size_t *cap);

/**
 * Says how many octets were put into the space; they are stuffed in place.
 * @return as mailproto_session_content(); ::MAILPROTO_ERR_ARGUMENT: more than the
 *         space
 */
MAILPROTO_API mailproto_status mailproto_session_content_commit(mailproto_session *s,
                                                                size_t len);

/**
 * Ends the content; adds a CRLF when it does not end in one (an event flag on the
 * outcome says so) and the protocol's end mark.
 * @return OK; AGAIN: no room for the end mark, write first; ::MAILPROTO_ERR_STATE;
 *         ::MAILPROTO_ERR_BARE_LINE_END (the last octet was a CR and the policy refuses
 *         it: mailproto_session_content_abort() is the only way on)
 */
MAILPROTO_API mailproto_status mailproto_session_content_end(mailproto_session *s);

/**
 * The content cannot be completed. Where the protocol knows no way to say so (SMTP
 * DATA, anything announced by size) the session ends without an end mark, so that the
 * peer keeps nothing.
 * @return OK, ::MAILPROTO_ERR_STATE
 */
MAILPROTO_API mailproto_status mailproto_session_content_abort(mailproto_session *s);

/** Octets of the present outgoing content that were taken so far: the offset at which
 *  a source goes on. 0 when none is wanted. */
MAILPROTO_API uint64_t mailproto_session_content_taken(const mailproto_session *s);

/* ---- authentication, as bytes; sasl.h has the mechanisms and the driver -------- */

/**
 * Client: begins an authentication.
 * @param s         the session, nothing else outstanding in it
 * @param tag       comes back in AUTH_DATA and AUTH_RESULT
 * @param mechanism its name, as the SASL registry writes it
 * @param initial   the initial response, or NULL for none (an empty one: not NULL, 0)
 * @param len       its length
 * @return OK; ::MAILPROTO_ERR_NOT_OFFERED (AUTH or the mechanism); ::MAILPROTO_ERR_STATE
 *         (authenticated already, in a transaction, or too early);
 *         ::MAILPROTO_ERR_NEEDS_TLS (options ask for it); ::MAILPROTO_ERR_ARGUMENT;
 *         AGAIN (no room)
 *
 * An initial response that does not fit the protocol's command line (RFC 4954 4,
 * RFC 5034 4) or the output buffer is not sent with the command: the first AUTH_DATA
 * then carries ::MAILPROTO_EVF_INITIAL and the caller gives it with
 * mailproto_session_auth_data(). Nothing is kept of it meanwhile.
 */
MAILPROTO_API mailproto_status mailproto_session_auth_start(mailproto_session *s,
                                                            uint32_t tag,
                                                            mailproto_bytes mechanism,
                                                            const void *initial,
                                                            size_t len);

/**
 * Client: a response. Server: a challenge, in answer to the pending request.
 * @param s     the session
 * @param data  the next piece of it, not encoded
 * @param len   length of the piece
 * @param total length of the whole; the call is repeated until so many were given
 * @return OK (the piece was taken whole); AGAIN (nothing was taken: write, or wait for
 *         ::MAILPROTO_EV_ROOM); ::MAILPROTO_ERR_TOO_LONG (this piece can never fit the
 *         output buffer: give smaller ones); ::MAILPROTO_ERR_STATE;
 *         ::MAILPROTO_ERR_ARGUMENT (pieces and total do not agree)
 */
MAILPROTO_API mailproto_status mailproto_session_auth_data(mailproto_session *s,
                                                           const void *data, size_t len,
                                                           size_t total);

/**
 * Server: ends the authentication.
 * @param s       the session
 * @param request of the AUTH event
 * @param outcome OK (SMTP 235); ::MAILPROTO_ERR_AUTH (535);
 *                ::MAILPROTO_ERR_AUTH_TEMPORARY (454); ::MAILPROTO_ERR_AUTH_WEAK (534);
 *                ::MAILPROTO_ERR_NEEDS_TLS (538); ::MAILPROTO_ERR_SYNTAX (501)
 * @return OK; ::MAILPROTO_ERR_STALE; ::MAILPROTO_ERR_ARGUMENT (another outcome)
 */
MAILPROTO_API mailproto_status mailproto_session_auth_finish(mailproto_session *s,
                                                             uint32_t request,
                                                             mailproto_status outcome);

/**
 * Client: gives the exchange up (`*`); AUTH_RESULT follows with the peer's refusal.
 * @return OK, AGAIN (no room), ::MAILPROTO_ERR_STATE
 */
MAILPROTO_API mailproto_status mailproto_session_auth_abort(mailproto_session *s);

/* ---- waiting ----------------------------------------------------------------- */

/** What a session waits for. The caller sets `struct_size`. */
typedef struct mailproto_want {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t flags;       /**< MAILPROTO_WANT_... */
    uint32_t timeout_ms;  /**< how long this wait may take, milliseconds; 0: for ever */
    uint32_t wait_id;     /**< changes with each protocol step: then re-arm the timer.
                               Until the login of IMAP and POP3 servers it is one wait */
} mailproto_want;

/** Flags of mailproto_want. */
enum {
    MAILPROTO_WANT_READ = 1,    /**< bytes of the peer are awaited */
    MAILPROTO_WANT_WRITE = 2,   /**< output should be written now */
    MAILPROTO_WANT_EVENT = 4,   /**< an event waits to be pulled */
    MAILPROTO_WANT_APP = 8,     /**< the application's answer or verb is awaited */
    MAILPROTO_WANT_TLS = 16,    /**< the TLS handshake: never read or write meanwhile */
    MAILPROTO_WANT_CLOSED = 32, /**< over: close the transport */
    MAILPROTO_WANT_CONTENT = 64, /**< there is room for outgoing content */
    MAILPROTO_MAY_READ = 128     /**< reading is welcome, but nothing is awaited */
};

/** Tells what the session waits for; cheap, changes nothing. */
MAILPROTO_API void mailproto_session_get_want(const mailproto_session *s,
                                              mailproto_want *want);

/**
 * The timer of wait `wait_id` ran out. A server queues its 421 (RFC 5321 3.8) and
 * closes, a client fails with ::MAILPROTO_ERR_TIMEOUT and every outstanding tag gets
 * its outcome. A `wait_id` that is no longer the current one is ignored. Where the time
 * until the login is over while the application is asked, its answer comes first: a login
 * goes on, all else is the end.
 * @return OK
 */
MAILPROTO_API mailproto_status mailproto_session_timed_out(mailproto_session *s,
                                                           uint32_t wait_id);

/* ---- layers ------------------------------------------------------------------ */

/** What the application knows of the TLS layer; all of it is copied. */
typedef struct mailproto_tls_info {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t flags;           /**< MAILPROTO_TLS_... */
    uint32_t binding_type;    /**< MAILPROTO_BINDING_... */
    uint32_t reserved;        /**< 0 */
    mailproto_bytes binding;  /**< channel binding data, up to 64 bytes are kept */
    mailproto_bytes protocol; /**< "TLSv1.3", up to 16 bytes are kept */
    mailproto_bytes cipher;   /**< the cipher suite's name, up to 48 bytes are kept */
} mailproto_tls_info;

/** Flags of mailproto_tls_info. */
enum {
    MAILPROTO_TLS_PEER_VERIFIED = 1, /**< the peer's certificate was verified */
    MAILPROTO_TLS_RESUMED = 2        /**< the TLS session was resumed */
};

/** Kinds of channel binding data (RFC 5929, RFC 9266). */
enum {
    MAILPROTO_BINDING_NONE = 0,      /**< none */
    MAILPROTO_BINDING_EXPORTER = 1,  /**< tls-exporter */
    MAILPROTO_BINDING_END_POINT = 2, /**< tls-server-end-point */
    MAILPROTO_BINDING_TLS_UNIQUE = 3 /**< tls-unique */
};

/**
 * TLS is up: everything learnt before it is forgotten and the protocol goes on
 * inside (RFC 3207 4.2). Give the pump the new transport before its next call.
 * @param s    the session, after ::MAILPROTO_EV_TLS_GO
 * @param info what is known, or NULL; over-long fields are cut
 * @return OK, ::MAILPROTO_ERR_STATE, ::MAILPROTO_ERR_VERSION
 */
MAILPROTO_API mailproto_status
mailproto_session_tls_started(mailproto_session *s, const mailproto_tls_info *info);

/**
 * What mailproto_session_tls_started() was told. Spans live as long as the session.
 * @return OK, or ::MAILPROTO_ERR_STATE: no TLS
 */
MAILPROTO_API mailproto_status mailproto_session_tls_info(const mailproto_session *s,
                                                          mailproto_tls_info *info);

/**
 * Hands out once the bytes that were received behind the line that switched
 * compression on (RFC 4978): they belong to the filter. IMAP only.
 * @return OK, ::MAILPROTO_ERR_STATE (no ::MAILPROTO_EV_LAYER_GO, or taken already)
 */
MAILPROTO_API mailproto_status mailproto_session_take_rest(mailproto_session *s,
                                                           mailproto_bytes *rest);

/**
 * The filter is in place; input is taken again. IMAP only.
 * @return OK, ::MAILPROTO_ERR_STATE
 */
MAILPROTO_API mailproto_status mailproto_session_layer_started(mailproto_session *s);

/**
 * Lends memory to the one unit that ::MAILPROTO_EV_NEED_MEMORY announced; it comes
 * back with ::MAILPROTO_EV_MEMORY_BACK, wiped. IMAP only.
 * @return OK, ::MAILPROTO_ERR_STATE (nothing asked for it), ::MAILPROTO_ERR_MEMORY (less
 *         than was asked for)
 */
MAILPROTO_API mailproto_status mailproto_session_lend(mailproto_session *s, void *mem,
                                                      size_t size);

/**
 * Ends the session from outside: the transport failed, the handshake failed, the
 * application will not go on. Outstanding tags get their outcomes, then CLOSED.
 * @param s   the session
 * @param why a negative status
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_session_fail(mailproto_session *s,
                                                      mailproto_status why);

/** The error of the session, or code 0: the first fatal one, else the first other. */
MAILPROTO_API void mailproto_session_get_error(const mailproto_session *s,
                                               mailproto_error *error);

/* ---- capabilities ------------------------------------------------------------ */

/**
 * Client: whether the peer offers a capability (after the option masks);
 * server: whether this session offers it now.
 * @param s   the session
 * @param cap MAILPROTO_SMTP_CAP_... and its likes
 * @return 1 or 0
 */
MAILPROTO_API int mailproto_session_has_cap(const mailproto_session *s, uint32_t cap);

/**
 * Client: the capability lines as the peer wrote them, one by one, without line end;
 * unknown ones too.
 * @param s    the session
 * @param i    from 0
 * @param line lives until the capabilities are learnt anew
 * @return OK, or ::MAILPROTO_EOF: no more
 */
MAILPROTO_API mailproto_status mailproto_session_cap_text(const mailproto_session *s,
                                                          uint32_t i,
                                                          mailproto_bytes *line);

/* ---- trace ------------------------------------------------------------------- */

/**
 * Sees every byte of the conversation, in order, as the engine takes or queues it: a
 * pure observer that must not call the session. The struct is not copied: it stays
 * valid as long as the session.
 */
typedef struct mailproto_trace {
    uint32_t struct_size; /**< sizeof(mailproto_trace) */
    uint32_t reserved;    /**< 0 */
    void *ctx;            /**< handed to `fn` */
    /** `kind`: MAILPROTO_TRACE_...; pieces of one line may come in several calls. */
    void (*fn)(void *ctx, uint32_t kind, const void *data, size_t len);
} mailproto_trace;

/** Kinds of traced bytes. A log without secrets leaves CREDENTIAL (and CONTENT) out. */
enum {
    MAILPROTO_TRACE_COMMAND = 1,    /**< a client's command, either role */
    MAILPROTO_TRACE_REPLY = 2,      /**< a server's reply, either role */
    MAILPROTO_TRACE_CREDENTIAL = 3, /**< data of an authentication exchange */
    MAILPROTO_TRACE_CONTENT = 4     /**< content as on the wire */
};

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_SESSION_H */
