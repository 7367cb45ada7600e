/**
 * @file pump.h
 * The caller's read and write callbacks under any engine, the content pump, and a
 * table of handlers for those who prefer callbacks. Written on session.h alone:
 * whatever it does, a program can do by itself.
 *
 * @code
 * mailproto_io io = {sizeof io, 0, &fd, my_read, my_write};
 * mailproto_event ev;
 * mailproto_status st;
 * while ((st = mailproto_pump(session, &io, &ev)) == MAILPROTO_OK) {
 *     handle(&ev);
 * }
 * @endcode
 *
 * That loop ends for three reasons besides a failure, and only ::MAILPROTO_EOF is the end
 * of the conversation. ::MAILPROTO_YOUR_TURN means that an answer, a verb, content or TLS
 * is missing and ::MAILPROTO_AGAIN that the transport would block: the session goes on
 * when the pump is called again. A program that answers each event where it handles it,
 * over a transport that blocks, meets YOUR_TURN only when it has nothing left to ask for:
 * a client then calls its next verb, QUIT or LOGOUT in the end.
 */
#ifndef MAILPROTO_PUMP_H
#define MAILPROTO_PUMP_H

#include <mailproto/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A transport. Change `ctx` and the callbacks to change to TLS. */
typedef struct mailproto_io {
    uint32_t struct_size; /**< sizeof(mailproto_io) */
    uint32_t flags;       /**< MAILPROTO_IO_... */
    void *ctx;            /**< handed to the callbacks */
    /** Reads up to `cap` > 0 bytes: OK with `*got` > 0, AGAIN (would block), EOF, or a
     *  negative status. OK with 0 bytes is ::MAILPROTO_ERR_ARGUMENT. */
    mailproto_status (*read)(void *ctx, void *buf, size_t cap, size_t *got);
    /** Writes up to `len` > 0 bytes: OK with `*put` > 0, AGAIN, or a negative status. */
    mailproto_status (*write)(void *ctx, const void *buf, size_t len, size_t *put);
} mailproto_io;

/** Flags of mailproto_io. */
enum {
    /** The callbacks never block: read also when input is merely welcome. */
    MAILPROTO_IO_NONBLOCKING = 1
};

/**
 * Moves bytes until something happens. Writes what is due before it reads, and before
 * it returns AGAIN, YOUR_TURN or EOF; never reads while TLS is awaited.
 * @param s  the session
 * @param io the transport
 * @param ev filled when the answer is OK
 * @return OK: an event; AGAIN: the transport would block (mailproto_session_get_want()
 *         says for what); YOUR_TURN: nothing moves until a verb is called, a request
 *         answered, content given or TLS started: not the end; EOF: over, after
 *         ::MAILPROTO_EV_CLOSED; negative: misuse of this call. An error of a callback
 *         fails the session with that status: it is told by the events up to CLOSED.
 */
MAILPROTO_API mailproto_status mailproto_pump(mailproto_session *s,
                                              const mailproto_io *io,
                                              mailproto_event *ev);

/**
 * Sends the content that ::MAILPROTO_EV_CONTENT_WANTED asked for: the loop between a
 * source and the content verbs, ended by mailproto_session_content_end().
 * @param s      the session
 * @param io     the transport
 * @param source where the bytes come from. One in memory, or with `read_at`, goes on at
 *               mailproto_session_content_taken() and may be shared by sessions
 * @return OK: all of it is queued; AGAIN: the transport would block, call again;
 *         NOT_READY: the source has nothing yet, call again; ENOUGH never;
 *         negative: the source failed or the engine refused a byte of it; the content
 *         was aborted and the session's events tell the rest
 */
MAILPROTO_API mailproto_status mailproto_pump_content(mailproto_session *s,
                                                      const mailproto_io *io,
                                                      const mailproto_source *source);

/** One row of a dispatch table. */
typedef struct mailproto_handler {
    uint32_t type;     /**< MAILPROTO_EV_..., or 0: every event no other row names */
    uint32_t reserved; /**< 0 */
    /** Called with the event; what it returns is what mailproto_dispatch() returns. */
    mailproto_status (*fn)(void *ctx, mailproto_session *s, const mailproto_event *ev);
} mailproto_handler;

/**
 * Hands an event to the first row of its type, else to the row of type 0.
 * @param handlers the table
 * @param count    its rows
 * @param ctx      handed to the handler
 * @param s        the session the event came from
 * @param ev       the event
 * @return what the handler returned; ::MAILPROTO_NOT_READY: no row wants this event
 */
MAILPROTO_API mailproto_status mailproto_dispatch(const mailproto_handler *handlers,
                                                  size_t count, void *ctx,
                                                  mailproto_session *s,
                                                  const mailproto_event *ev);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_PUMP_H */
