/*
 * The engine base: what is the same in every protocol and role. Knows buffers, the one
 * pending event, requests, waiting, TLS point, capabilities, errors. Must not know any
 * grammar: a role's functions (roles.h) do the protocol's work on it.
 *
 * How a role works with it:
 * - X_step() is called whenever no event is pending and no answer is awaited. It takes
 *   input, sets at most one event (mailproto__event) and returns OK when it did
 *   anything, AGAIN when it needs input or the application, or a negative status: the
 *   session then fails with it, and the following steps tell the outcomes of what was
 *   outstanding, then call mailproto__close().
 * - Output is queued with mailproto__put() behind `due` and becomes visible with
 *   mailproto__make_due(), so that replies appear whole and held commands wait.
 */
#ifndef MAILPROTO_CORE_SESSION_H
#define MAILPROTO_CORE_SESSION_H

#include <mailproto/session.h>

/* Received bytes. [head, tail) is unread; `scanned` octets of it are known to hold no
 * line end. During feed(), `lent` shows what the caller gave and was not consumed. A role
 * may keep octets that it has consumed: the `kept` ones at `kept_at`, in front of head.
 * The last `spare` octets are not given to the transport, they are the role's. */
struct mailproto__input {
    char *base;
    size_t cap, head, tail, scanned;
    size_t kept_at, kept, spare;
    mailproto_bytes lent;
};

/* What mailproto_session_lend() brought: a role asks for `wanted` octets, and takes
 * `mem` and `size` away at its next step. */
struct mailproto__lending {
    char *mem;
    size_t size, wanted;
};

/* Bytes to send: [head, due) may be sent, [due, tail) is held. */
struct mailproto__output {
    char *base;
    size_t cap, head, due, tail;
};

/* Lines kept as they came, each followed by LF. */
struct mailproto__cap_lines {
    char *base;
    size_t cap, used;
    uint32_t lost; /* lines that did not fit */
};

enum mailproto__tls_state {
    MAILPROTO__TLS_OFF,
    MAILPROTO__TLS_AGREED,  /* output drains, then EV_TLS_GO */
    MAILPROTO__TLS_AWAITED, /* EV_TLS_GO was given */
    MAILPROTO__TLS_ON
};

enum { /* mailproto_session.wants_room */
       MAILPROTO__ROOM_ENOUGH,
       MAILPROTO__ROOM_WANTED,
       MAILPROTO__ROOM_GREW /* something was sent or read since; a role that knows better
                            sets it back to WANTED */
};

enum { /* sizes kept of mailproto_tls_info */
       MAILPROTO__TLS_BINDING_MAX = 64,
       MAILPROTO__TLS_PROTOCOL_MAX = 16,
       MAILPROTO__TLS_CIPHER_MAX = 48
};

struct mailproto__tls {
    uint8_t state; /* enum mailproto__tls_state */
    uint8_t binding_len, protocol_len, cipher_len;
    uint32_t flags, binding_type;
    char binding[MAILPROTO__TLS_BINDING_MAX];
    char protocol[MAILPROTO__TLS_PROTOCOL_MAX];
    char cipher[MAILPROTO__TLS_CIPHER_MAX];
};

struct mailproto_session {
    uint8_t role;      /* enum mailproto__role */
    uint8_t has_event; /* `event` waits to be pulled */
    uint8_t awaiting;  /* a request waits for its answer: nothing is consumed */
    uint8_t postponed; /* ... and the application looked away meanwhile */
    uint8_t flush;     /* what is due should be written now (RFC 2920 3.2) */
    uint8_t starved;   /* the role needs input */
    uint8_t fresh;     /* something changed since the role was last asked */
    uint8_t eof;       /* no more input will come */
    uint8_t failed;    /* `error` is fatal */
    uint8_t closing;   /* over as soon as the output has drained */
    uint8_t closed;    /* EV_CLOSED was given */
    uint8_t
        wants_room;    /* a verb said AGAIN: EV_ROOM after progress, MAILPROTO__ROOM_ */
    uint8_t secret_in; /* wipe input when it is consumed */
    uint8_t secret_out; /* wipe output when it is sent */
    uint8_t
        content_open; /* content verbs are legal (WANT_CONTENT while there is room) */
    uint8_t unread;   /* feed() left bytes with its caller */
    uint8_t paced;    /* a wait goes on although a request is awaited, as long as there
                         is output that the peer does not read */
    uint8_t busy;     /* it is the application that has to go on with something,
                             although no request is awaited */
    uint8_t standing; /* the wait at hand is not renewed by protocol steps, and goes on
                         while a request is awaited */
    uint8_t late;     /* it ran out meanwhile: the role ends when it is answered */
    uint32_t content_for; /* EV_CONTENT_WANTED is due with this tag, or 0 */
    uint32_t request;     /* number of the request awaited, else of the last one */
    uint32_t wait_id;
    uint32_t timeout_ms;
    uint32_t reply_code;    /* last one seen or sent */
    uint64_t offset;        /* plaintext octets consumed */
    uint64_t content_taken; /* counted by the base, reset by the role */
    uint64_t caps;          /* mask of what is offered now */
    struct mailproto__input in;
    struct mailproto__lending lending;
    struct mailproto__output out;
    struct mailproto__cap_lines cap_lines;
    struct mailproto__tls tls;
    mailproto_event event;
    mailproto_status error;
    mailproto_status write_failed; /* why nothing can be sent any more, or 0 */
    const char *error_detail;
    uint64_t error_offset;
    const mailproto_trace *trace;
};

/* ---- set-up --------------------------------------------------------------------- */

/* The base in zeroed memory: buffers are the caller's, which it has carved. */
void mailproto__session_init(mailproto_session *s, uint8_t role, char *in,
                             size_t in_size, char *out, size_t out_size,
                             const mailproto_trace *trace);

/* ---- input ---------------------------------------------------------------------- */

/* The unread bytes at hand, in one piece: those in the block, else those lent. */
mailproto_bytes mailproto__peek(const mailproto_session *s);

/* Consumes the first `n` octets of what peek showed. */
void mailproto__consume(mailproto_session *s, size_t n);

/* Whether any byte is at hand that was not consumed. */
int mailproto__has_input(const mailproto_session *s);

/* ---- output --------------------------------------------------------------------- */

/* Room in the output, after making it contiguous. */
size_t mailproto__room(mailproto_session *s);

/* Queues bytes, held; there must be room (else nothing is done and 0 returned). */
int mailproto__put(mailproto_session *s, const void *data, size_t len);
int mailproto__put_span(mailproto_session *s, mailproto_bytes b);
int mailproto__put_number(mailproto_session *s, uint64_t value);

/* Makes held output up to `n` octets (from `due`) visible and traces it as `kind`. */
void mailproto__make_due(mailproto_session *s, size_t n, uint32_t kind);

/* All of what is held. */
void mailproto__make_all_due(mailproto_session *s, uint32_t kind);

/* Takes the last `n` held octets back. */
void mailproto__unput(mailproto_session *s, size_t n);

/* Removes `n` held octets `at` octets behind `due`. */
void mailproto__remove_held(mailproto_session *s, size_t at, size_t n);

static inline size_t mailproto__held(const mailproto_session *s)
{
    return s->out.tail - s->out.due;
}

static inline int mailproto__drained(const mailproto_session *s)
{
    return s->out.head == s->out.due;
}

/* ---- events, requests, waiting, the end --------------------------------------------- */

/* Sets the pending event, cleared but for type and tag. SECURE is set under TLS. */
mailproto_event *mailproto__event(mailproto_session *s, uint32_t type, uint32_t tag);

/* The same with NEEDS_REPLY: a new request begins. */
mailproto_event *mailproto__ask(mailproto_session *s, uint32_t type);

/* The answer to `request`: OK and the request is over, or ERR_STALE. */
mailproto_status mailproto__answered(mailproto_session *s, uint32_t request);

/* Whether `request` is the one awaited. */
static inline int mailproto__is_awaited(const mailproto_session *s, uint32_t request)
{
    return s->awaiting && request == s->request;
}

/* A new protocol step: the wait begins anew. 0: a client awaits nothing of its peer
 * (idle: it is the application's turn, reading is merely welcome). */
void mailproto__wait(mailproto_session *s, uint32_t timeout_ms);

/* A wait for several steps together: mailproto__wait() changes nothing until it is waited
 * for nothing (0), or mailproto__wait_no_more(). Begun already: goes on. */
void mailproto__wait_for_all(mailproto_session *s, uint32_t timeout_ms);
static inline void mailproto__wait_no_more(mailproto_session *s)
{
    s->standing = 0;
    s->late = 0;
}

/* It ran out while a request is awaited: that is carried out first. */
static inline void mailproto__wait_is_late(mailproto_session *s)
{
    s->late = s->standing;
    if (s->late) {
        mailproto__wait(s, 0);
    }
}

/* Remembers the first error; `offset` of what is to blame. A fatal one (all but -1xx and
 * -5xx) makes the session failed. Returns `code`, or the session's error. */
mailproto_status mailproto__fail(mailproto_session *s, mailproto_status code,
                                 uint64_t offset, const char *detail);

/* The conversation is over when the output has drained; input is taken no more. */
void mailproto__close(mailproto_session *s);

/* Something changed (a verb, an answer): the role is asked again. */
static inline void mailproto__touch(mailproto_session *s)
{
    s->fresh = 1;
}

/* The AGAIN of a verb, which EV_ROOM will follow. */
static inline mailproto_status mailproto__no_room(mailproto_session *s)
{
    s->wants_room = MAILPROTO__ROOM_WANTED;
    return MAILPROTO_AGAIN;
}

/* ---- TLS ---------------------------------------------------------------------------- */

/* TLS was agreed: fails with TLS_INJECTION (returned) if input is at hand, else output
 * drains and EV_TLS_GO comes. */
mailproto_status mailproto__tls_agreed(mailproto_session *s);

static inline int mailproto__is_secure(const mailproto_session *s)
{
    return s->tls.state == MAILPROTO__TLS_ON;
}

/* ---- capabilities -------------------------------------------------------------------- */

void mailproto__caps_forget(mailproto_session *s);
void mailproto__caps_keep(mailproto_session *s, mailproto_bytes line);

static inline int mailproto__offers(const mailproto_session *s, uint32_t cap)
{
    return (int)((s->caps >> cap) & 1U);
}

/* ---- trace --------------------------------------------------------------------------- */

void mailproto__trace(mailproto_session *s, uint32_t kind, const void *data,
                      size_t len);

#endif /* MAILPROTO_CORE_SESSION_H */
