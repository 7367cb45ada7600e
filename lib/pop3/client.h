/*
 * The inside of a POP3 client, shared by its files:
 *   client.c          options, the block, what the base calls
 *   client_queue.c    expected replies: what is sent, held, told at the end
 *   client_reply.c    status lines, and what they mean
 *   client_lines.c    the lines of multi-line replies; listings
 *   client_content.c  the content of RETR and TOP
 *   client_start.c    greeting, CAPA, STLS, up to CAPS
 *   client_login.c    USER and PASS, APOP
 *   client_auth.c     AUTH
 *   client_verbs.c    the application's other verbs
 */
#ifndef MAILPROTO_POP3_CLIENT_H
#define MAILPROTO_POP3_CLIENT_H

#include "codec/auth_client.h"
#include "core/roles.h"
#include "core/session.h"
#include "pop3/rules.h"
#include "wire/dot.h"

MAILPROTO__ROLE_FUNCTIONS(pop3_client, );

/* What a reply answers: a verb (MAILPROTO_POP3_VERB_...), or the greeting. */
enum { MAILPROTO__POP3_GREETING = 32 };

/* Flags of an entry. */
enum {
    MAILPROTO__POP3_ENTRY_LAST = 1, /* nothing is sent behind it before its reply */
    MAILPROTO__POP3_ENTRY_OWN = 2,  /* the engine's own: its reply is not told */
    MAILPROTO__POP3_ENTRY_LINES = 4 /* `+OK` is followed by lines */
};

/* A reply that is expected. */
struct mailproto__pop3_entry {
    uint32_t tag;
    uint16_t length; /* octets of the command */
    uint16_t secret; /* octets in front of its CRLF that are a credential */
    uint8_t kind;
    uint8_t flags; /* MAILPROTO__POP3_ENTRY_... */
};

enum {
    MAILPROTO__POP3_QUEUE_RESERVE = 2, /* entries beyond max_outstanding: PASS */
    MAILPROTO__POP3_COMMAND_MAX = 255, /* a command with its CRLF (RFC 2449 4) */
    MAILPROTO__POP3_STAMP_MAX = 256    /* of APOP; a longer one counts as none */
};

/* Where in a reply the input stands. */
enum mailproto__pop3_phase {
    MAILPROTO__POP3_STATUS,    /* at or within a status line */
    MAILPROTO__POP3_LINES,     /* in the lines that follow it */
    MAILPROTO__POP3_CONTENT,   /* in content that follows it */
    MAILPROTO__POP3_REPLY_DONE /* behind all of it; its outcome is to be told */
};

/* What the engine itself sends as soon as there is room. */
enum mailproto__pop3_wish {
    MAILPROTO__POP3_WISH_NONE,
    MAILPROTO__POP3_WISH_CAPA,
    MAILPROTO__POP3_WISH_STLS,
    MAILPROTO__POP3_WISH_STAR /* a challenge that is no base64 */
};

/* A line of a reply, or a part of one that outgrew the buffer. */
struct mailproto__pop3_piece {
    mailproto_bytes text;
    uint64_t offset; /* of its first octet in the stream */
    uint8_t first;   /* the line begins */
    uint8_t whole;   /* the line is not cut */
    uint8_t end;     /* the line ends */
};

struct mailproto_pop3_client {
    struct mailproto_session session; /* first */

    /* The queue: a ring of `count` entries, the first `sent` of them with the peer. */
    struct mailproto__pop3_entry *queue;
    uint16_t queue_cap, front, count, sent;
    uint8_t wish;   /* enum mailproto__pop3_wish */
    uint32_t needs; /* octets of the verb that was told AGAIN */

    uint8_t state;       /* enum mailproto__pop3_state; a login has yet to succeed */
    uint8_t logged_in;   /* it has */
    uint8_t caps_known;  /* CAPA was answered with a list */
    uint8_t tried_stls;  /* by itself */
    uint8_t utf8_issued; /* UTF8 was queued: no STLS any more */
    uint32_t deleted;    /* DELE acknowledged since RSET was */

    /* The reply that is being read. */
    uint8_t phase;         /* enum mailproto__pop3_phase */
    uint8_t in_line;       /* a piece of a line was read */
    uint32_t line_size;    /* octets of that line so far */
    mailproto_status doom; /* the step after the piece that was told fails with it */
    uint64_t doom_at;
    mailproto_pop3_status status; /* what `detail` of events points to */

    /* Content on its way in. */
    struct mailproto__undot undot;
    uint64_t content;         /* octets delivered */
    mailproto_status aborted; /* why no more of it is */
    uint8_t tell_aborted;     /* that is to be told */
    uint32_t progress;        /* octets of a body since the wait began anew */

    struct mailproto__auth_client auth;

    char *stamp; /* with CLIENT_APOP: room for it */
    size_t stamp_len;

    /* Options. */
    uint8_t flags, tls, line_ends;
    uint32_t max_line, progress_bytes;
    uint32_t greeting_ms, command_ms, block_ms, quit_ms;
    uint64_t max_content, caps_forced, caps_forbidden;
};

static inline mailproto_pop3_client *mailproto__pop3_client_of(mailproto_session *s)
{
    return (mailproto_pop3_client *)s;
}

/* ---- client_queue.c ---------------------------------------------------------------- */

/* The entry `i` places behind the front; it must be there. */
struct mailproto__pop3_entry *mailproto__pop3_client_at(mailproto_pop3_client *c,
                                                        size_t i);

/* Room for commands of `len` octets and for an entry (a login has two): OK, AGAIN,
 * ERR_TOO_LONG. They are then put into the output, and _push() must follow. */
mailproto_status mailproto__pop3_client_begin(mailproto_pop3_client *c, size_t len);

/* Takes the sign for EV_ROOM back as long as the verb that waits for it has no room. */
void mailproto__pop3_client_check_room(mailproto_pop3_client *c);

/* The entry of a command that was put; what may go is made due. */
void mailproto__pop3_client_push(mailproto_pop3_client *c,
                                 const struct mailproto__pop3_entry *e);

/* The entry of a command that is due already; nothing is held. */
void mailproto__pop3_client_expect(mailproto_pop3_client *c, uint8_t kind, uint32_t tag,
                                   uint8_t flags);

/* Whether so much has left the output that a reply can be the front's. */
int mailproto__pop3_client_has_left(mailproto_pop3_client *c);

/* The front has its reply. */
void mailproto__pop3_client_pop(mailproto_pop3_client *c);

/* The front, which is held, will not be sent. */
void mailproto__pop3_client_cancel(mailproto_pop3_client *c);

/* Makes due what may go now. */
void mailproto__pop3_client_progress(mailproto_pop3_client *c);

/* The wait for the front's reply, or for the application. */
void mailproto__pop3_client_rearm(mailproto_pop3_client *c);

/* An event that no reply has caused. */
mailproto_event *mailproto__pop3_client_no_reply(mailproto_pop3_client *c,
                                                 uint32_t type, uint32_t tag,
                                                 mailproto_status why);

/* After the end: the outcome of one verb, or the close. */
void mailproto__pop3_client_wind_up(mailproto_pop3_client *c);

/* Secrets have left the buffers: no more wiping. */
void mailproto__pop3_client_forget_secrets(mailproto_pop3_client *c);

/* ---- client_reply.c ---------------------------------------------------------------- */

/* Reads and handles a piece of a reply: OK, AGAIN (no more input), or an error. */
mailproto_status mailproto__pop3_client_read(mailproto_pop3_client *c);

/* The next piece of a line of any kind: OK, AGAIN, or an error. */
mailproto_status mailproto__pop3_client_piece(mailproto_pop3_client *c, int status_line,
                                              struct mailproto__pop3_piece *p);

/* The event of a piece. */
mailproto_event *mailproto__pop3_client_tell(mailproto_pop3_client *c, uint32_t type,
                                             uint32_t tag,
                                             const struct mailproto__pop3_piece *p);

/* The outcome of the front, whose reply was `+OK` and is read to its end. */
void mailproto__pop3_client_outcome(mailproto_pop3_client *c);

/* ---- client_lines.c ---------------------------------------------------------------- */

/* Reads a line that follows `+OK`. */
mailproto_status mailproto__pop3_client_line(mailproto_pop3_client *c);

/* A line of LIST or UIDL that is the text of its status line (RFC 1939 5, 7). */
void mailproto__pop3_client_item(mailproto_pop3_client *c,
                                 const struct mailproto__pop3_entry *e,
                                 const struct mailproto__pop3_piece *p);

/* ---- client_content.c -------------------------------------------------------------- */

void mailproto__pop3_client_content_begin(mailproto_pop3_client *c);
mailproto_status mailproto__pop3_client_content_step(mailproto_pop3_client *c);

/* Counts octets of a multi-line reply, of whatever kind, towards the next wait. */
void mailproto__pop3_client_count(mailproto_pop3_client *c, size_t n);

/* The event of content that will not be complete. */
void mailproto__pop3_client_content_aborted(mailproto_pop3_client *c);

/* ---- client_start.c ---------------------------------------------------------------- */

/* A piece of the greeting, or of the engine's own CAPA's or any STLS's status line. */
mailproto_status mailproto__pop3_client_start(mailproto_pop3_client *c,
                                              const struct mailproto__pop3_entry *e,
                                              const struct mailproto__pop3_piece *p);

/* The connection is there, or TLS is on: what comes next. */
void mailproto__pop3_client_connected(mailproto_pop3_client *c);

/* CAPA: its list begins, a line of it, its end (or there is none). */
void mailproto__pop3_client_caps_begin(mailproto_pop3_client *c);
void mailproto__pop3_client_caps_line(mailproto_pop3_client *c,
                                      const struct mailproto__pop3_piece *p);
void mailproto__pop3_client_caps_end(mailproto_pop3_client *c);

/* The engine's own CAPA was answered. */
void mailproto__pop3_client_greeted(mailproto_pop3_client *c);

/* ---- client_login.c ---------------------------------------------------------------- */

/* A piece of the status line that answers USER, PASS or APOP. */
mailproto_status
mailproto__pop3_client_login_reply(mailproto_pop3_client *c,
                                   const struct mailproto__pop3_entry *e,
                                   const struct mailproto__pop3_piece *p);

/* The login has succeeded. */
void mailproto__pop3_client_logged_in(mailproto_pop3_client *c);

/* ---- client_auth.c ----------------------------------------------------------------- */

/* Reads a challenge, if that is what comes: OK, AGAIN, or an error; NOT_READY: it is
 * another reply. */
mailproto_status mailproto__pop3_client_challenge(mailproto_pop3_client *c);

/* A piece of another reply to AUTH. */
mailproto_status
mailproto__pop3_client_auth_reply(mailproto_pop3_client *c,
                                  const struct mailproto__pop3_entry *e,
                                  const struct mailproto__pop3_piece *p);

/* ---- client_verbs.c ---------------------------------------------------------------- */

/* The row of a verb that is legal now; NULL, and `*why` not. */
const struct mailproto__pop3_rule *
mailproto__pop3_client_legal(mailproto_pop3_client *c, uint32_t verb,
                             mailproto_status *why);

/* Whether an argument may be sent: no controls, good UTF-8. `*high`: it has octets above
 * 127. */
int mailproto__pop3_client_is_text(mailproto_bytes b, int *high);

#endif /* MAILPROTO_POP3_CLIENT_H */
