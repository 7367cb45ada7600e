/*
 * The inside of an SMTP client, shared by its files:
 *   client.c          options, the block, what the base calls
 *   client_queue.c    expected replies: what is sent, held, cancelled, told at the end
 *   client_reply.c    reply lines, and what they mean to a transaction
 *   client_start.c    greeting, EHLO, STARTTLS, up to CAPS
 *   client_content.c  the content of DATA
 *   client_auth.c     AUTH
 *   client_verbs.c    the application's verbs
 *   client_params.c   parameters of MAIL and RCPT
 */
#ifndef MAILPROTO_SMTP_CLIENT_H
#define MAILPROTO_SMTP_CLIENT_H

#include "codec/auth_client.h"
#include "core/roles.h"
#include "core/session.h"
#include "smtp/rules.h"
#include "wire/dot.h"

MAILPROTO__ROLE_FUNCTIONS(smtp_client, );

/* What a reply answers: a verb (MAILPROTO_SMTP_VERB_...), or one of these. */
enum {
    MAILPROTO__SMTP_GREETING = 32,
    MAILPROTO__SMTP_DATA_END = 33 /* DATA's reply was 354; this is the next one */
};

/* Flags of an entry. */
enum {
    MAILPROTO__ENTRY_LAST = 1, /* nothing is sent behind it before its reply */
    MAILPROTO__ENTRY_OWN = 2   /* the engine's own: its reply is not told */
};

/* A reply that is expected. */
struct mailproto__smtp_entry {
    uint32_t tag;
    uint32_t length; /* octets of the command */
    uint8_t kind;
    uint8_t flags; /* MAILPROTO__ENTRY_... */
};

enum {
    /* Entries beyond max_outstanding: the engine's own RSET finds room. */
    MAILPROTO__QUEUE_RESERVE = 2,
    /* Octets that verbs leave free: the engine's own RSET, a lone dot, an end mark. */
    MAILPROTO__ROOM_RESERVE = 6,
    /* The same while a DATA is on its way: its content needs room in front of them. */
    MAILPROTO__ROOM_FOR_CONTENT = 64
};

/* The verb that was told AGAIN waits until nothing is outstanding. */
#define MAILPROTO__NEEDS_ALONE UINT32_MAX

/* What the engine itself sends as soon as there is room. */
enum mailproto__smtp_wish {
    MAILPROTO__WISH_NONE,
    MAILPROTO__WISH_EHLO,
    MAILPROTO__WISH_HELO,
    MAILPROTO__WISH_STARTTLS,
    MAILPROTO__WISH_RSET, /* MAIL stands, and its DATA will not come */
    MAILPROTO__WISH_DOT,  /* 354 to a DATA that nobody wants any more */
    MAILPROTO__WISH_STAR  /* a challenge that is no base64 */
};

/* A piece of a reply: a line, or a part of one that outgrew the buffer. */
struct mailproto__smtp_piece {
    mailproto_bytes text;
    uint64_t offset; /* of its first octet in the stream */
    uint16_t code;
    uint8_t first;      /* the reply begins */
    uint8_t first_line; /* it belongs to the reply's first line */
    uint8_t last_line;  /* it belongs to the last one */
    uint8_t whole;      /* the line is not cut */
    uint8_t end;        /* its line ends */
    uint8_t done;       /* the reply ends */
};

struct mailproto_smtp_client {
    struct mailproto_session session; /* first */

    /* The queue: a ring of `count` entries, the first `sent` of them with the peer. */
    struct mailproto__smtp_entry *queue;
    uint16_t queue_cap, front, count, sent;
    uint16_t moves; /* MAIL and RSET among those sent */
    uint16_t rcpts; /* RCPT among those sent */
    uint16_t datas; /* DATA in all of the queue, its content included */
    uint8_t wish;   /* enum mailproto__smtp_wish */
    uint32_t needs; /* octets of the verb that was told AGAIN, or NEEDS_ALONE */

    uint8_t state;   /* enum mailproto__smtp_state, as if all that is queued succeeds */
    uint8_t utf8;    /* the last MAIL that was queued has SMTPUTF8 */
    uint8_t mail_ok; /* MAIL was accepted, of the transaction that replies are about */
    uint8_t rcpt_ok; /* and one of its RCPT */
    uint8_t offered; /* STARTTLS was tried by itself */
    uint8_t logged_in; /* AUTH has succeeded */

    /* The reply that is being read. */
    uint8_t in_reply; /* its first line was read */
    uint8_t in_line;  /* a piece of a line was read */
    uint8_t more;     /* that line says that another follows */
    uint8_t lines;    /* lines before this one, up to 1 */
    uint8_t unasked;  /* nothing had been asked when it began */
    uint16_t code;
    uint16_t ehlo_code;
    uint32_t reply_size;   /* octets so far */
    mailproto_status doom; /* the step after the piece that was told fails with it */
    uint64_t doom_at;
    mailproto_smtp_status status; /* what `detail` of events points to */

    /* Content on its way. */
    struct mailproto__stuff stuff;
    uint8_t content_bad; /* the policy refused an octet: only abort is legal */
    uint8_t aborted;     /* by content_abort() */
    uint32_t put_by;     /* held commands, moved behind out.cap meanwhile */
    uint32_t progress;   /* octets since the wait began anew */

    struct mailproto__auth_client auth;

    /* Options. */
    uint8_t flags, tls, line_ends;
    uint32_t max_reply, progress_bytes;
    uint32_t greeting_ms, command_ms, data_ms, block_ms, final_ms;
    uint64_t caps_forced, caps_forbidden;
    uint64_t size_limit; /* what the peer's SIZE says */
    mailproto_bytes name;
};

static inline mailproto_smtp_client *mailproto__smtp_client_of(mailproto_session *s)
{
    return (mailproto_smtp_client *)s;
}

/* ---- client_queue.c ---------------------------------------------------------------- */

/* The entry `i` places behind the front; it must be there. */
struct mailproto__smtp_entry *mailproto__smtp_client_at(mailproto_smtp_client *c,
                                                        size_t i);

/* Room for a command of `len` octets and for its entry: OK, AGAIN, ERR_TOO_LONG. The
 * command is then put into the output, and _push() must follow. */
mailproto_status mailproto__smtp_client_begin(mailproto_smtp_client *c, size_t len);

/* Takes the sign for EV_ROOM back as long as the verb that waits for it has no room. */
void mailproto__smtp_client_check_room(mailproto_smtp_client *c);

/* The entry of the command that was put; the state follows its row. */
void mailproto__smtp_client_push(mailproto_smtp_client *c,
                                 const struct mailproto__smtp_rule *rule, uint32_t tag,
                                 size_t len);

/* An entry whose command is with the peer already. */
void mailproto__smtp_client_expect(mailproto_smtp_client *c, uint8_t kind, uint32_t tag,
                                   uint8_t flags);

/* Whether all that belongs to the front has left the output. */
int mailproto__smtp_client_is_out(mailproto_smtp_client *c);

/* Whether enough of it has, so that a reply can be the front's. */
int mailproto__smtp_client_has_left(mailproto_smtp_client *c);

/* The front has its reply. */
void mailproto__smtp_client_pop(mailproto_smtp_client *c);

/* Makes due what may go now and cancels what became pointless. 1: an event was set. */
int mailproto__smtp_client_progress(mailproto_smtp_client *c);

/* Whether the application waits for an outcome. */
int mailproto__smtp_client_is_busy(mailproto_smtp_client *c);

/* MAIL was refused: if nothing else follows in the queue, neither does the state. */
void mailproto__smtp_client_mail_refused(mailproto_smtp_client *c);

/* The wait for the front's reply, or for the application. */
void mailproto__smtp_client_rearm(mailproto_smtp_client *c);

/* An outcome that is no reply. */
void mailproto__smtp_client_no_reply(mailproto_smtp_client *c, uint8_t kind,
                                     uint32_t tag, uint32_t origin,
                                     mailproto_status why);

/* After the end: the outcome of one verb, or the close. */
void mailproto__smtp_client_wind_up(mailproto_smtp_client *c);

/* Held commands out of the content's way, and back. */
void mailproto__smtp_client_put_by(mailproto_smtp_client *c);
void mailproto__smtp_client_take_back(mailproto_smtp_client *c);

/* ---- client_reply.c ---------------------------------------------------------------- */

/* Reads and handles a piece of a reply: OK, AGAIN (no more input), or an error. */
mailproto_status mailproto__smtp_client_read(mailproto_smtp_client *c);

/* The event of a piece. */
mailproto_event *mailproto__smtp_client_tell(mailproto_smtp_client *c, uint32_t type,
                                             uint32_t tag,
                                             const struct mailproto__smtp_piece *p);

/* The peer broke the protocol with this reply. */
mailproto_status mailproto__smtp_client_broken(mailproto_smtp_client *c,
                                               const struct mailproto__smtp_piece *p,
                                               mailproto_status why,
                                               const char *detail);

/* ---- client_start.c ---------------------------------------------------------------- */

/* A piece of the reply to the greeting, EHLO, HELO or STARTTLS. */
mailproto_status mailproto__smtp_client_start(mailproto_smtp_client *c,
                                              const struct mailproto__smtp_entry *e,
                                              const struct mailproto__smtp_piece *p);

/* The connection is there, or TLS is on: what comes next. */
void mailproto__smtp_client_connected(mailproto_smtp_client *c);

/* ---- client_content.c -------------------------------------------------------------- */

/* 354 has come: content is wanted for the front entry. */
void mailproto__smtp_client_content_open(mailproto_smtp_client *c, uint32_t tag);

mailproto_status mailproto__smtp_client_content_end(mailproto_smtp_client *c);
mailproto_status mailproto__smtp_client_content_abort(mailproto_smtp_client *c);

/* ---- client_auth.c ----------------------------------------------------------------- */

/* Reads a challenge, if that is what comes: OK, AGAIN, or an error; NOT_READY: it is
 * another reply. */
mailproto_status mailproto__smtp_client_challenge(mailproto_smtp_client *c);

/* A piece of another reply to AUTH. */
mailproto_status
mailproto__smtp_client_auth_reply(mailproto_smtp_client *c,
                                  const struct mailproto__smtp_entry *e,
                                  const struct mailproto__smtp_piece *p);

/* Secrets have left the buffers: no more wiping. */
void mailproto__smtp_client_forget_secrets(mailproto_smtp_client *c);

/* ---- client_params.c --------------------------------------------------------------- */

/* A command on its way into the output; without a session it is only measured. */
struct mailproto__smtp_line {
    mailproto_session *session;
    size_t len;
};
void mailproto__smtp_add(struct mailproto__smtp_line *l, mailproto_bytes b);
void mailproto__smtp_add_number(struct mailproto__smtp_line *l, uint64_t value);
void mailproto__smtp_add_xtext(struct mailproto__smtp_line *l, mailproto_bytes b);

/* A mailbox to be sent: OK, ERR_ARGUMENT, ERR_TOO_LONG. `*utf8`: it holds UTF-8. */
mailproto_status mailproto__smtp_client_mailbox(mailproto_bytes path, int *utf8);

/* The reverse-path of MAIL and the caller's parameters, copied, checked against the
 * peer's capabilities; SMTPUTF8 is added where the path needs it. */
mailproto_status
mailproto__smtp_client_mail_params(const mailproto_smtp_client *c, mailproto_bytes path,
                                   const mailproto_smtp_mail_params *from,
                                   mailproto_smtp_mail_params *to);

/* Parameters as they are to be sent: OK, ERR_ARGUMENT, ERR_NOT_OFFERED. `utf8`: the
 * transaction has SMTPUTF8. */
mailproto_status mailproto__smtp_client_extra(const mailproto_smtp_client *c,
                                              uint32_t verb, mailproto_bytes extra,
                                              int utf8);

#endif /* MAILPROTO_SMTP_CLIENT_H */
