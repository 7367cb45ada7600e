/*
 * The inside of the IMAP server: its state, and what its files use of each other. Knows
 * the protocol; must not know how bytes are moved (the base does), nor any SASL
 * mechanism, nor where messages are.
 *
 *   server.c          asks the state what comes next; time-outs, failure, the end
 *   server_options.c  options, memory
 *   server_unit.c     the memory of the command that is read
 *   server_read.c     reads a command: lines, literals, what is swallowed
 *   server_literal.c  literals that go to the application
 *   server_command.c  a whole command: may it come now, whose turn is it
 *   server_own.c      commands that the engine carries out: CAPABILITY, ENABLE, IDLE ...
 *   server_caps.c     what is offered
 *   server_login.c    AUTHENTICATE
 *   server_needs.c    what must be offered for a command
 *   server_name.c     whether the name of a new mailbox can be one
 *   server_reply.c    lines of the engine's own, tagged lines
 *   server_answer.c   the application's answers: complete, accept, greet, detach ...
 *   server_write*.c   untagged responses and response codes
 *   server_fetch*.c   FETCH responses, and content on its way out
 *
 * Three things stand behind each other in the output, and never within each other: lines
 * of the engine's own, tagged lines, and responses. A response that is written in pieces
 * is `open` meanwhile: the engine then takes no step, and no other response and no tagged
 * line can begin.
 */
#ifndef MAILPROTO_IMAP_SERVER_INSIDE_H
#define MAILPROTO_IMAP_SERVER_INSIDE_H

#include <mailproto/imap_server.h>

#include "codec/auth_server.h"
#include "core/roles.h"
#include "core/session.h"
#include "imap/rules.h"
#include "wire/literal.h"

enum {
    MAILPROTO__IMAP_TAG_MAX = 64,   /* octets of a tag; a longer one is BAD */
    MAILPROTO__IMAP_CODE_MAX = 40,  /* of a response code that goes with every answer */
    MAILPROTO__IMAP_TEXT_MAX = 128, /* octets of the greeting's words */
    /* Octets of the input block beyond in_size: external marks of some tiny literals fit
     * without moving what is unread. */
    MAILPROTO__IMAP_TAIL = 96
};

/* A command in progress: that which was handed out last, or one that was detached. All
 * that is known of it when its octets are gone. */
struct mailproto__imap_job {
    uint32_t request; /* what the application names it by; 0: none */
    uint16_t flags;   /* MAILPROTO_IMAP_UID, _SILENT ...: flags of the command */
    uint8_t command;  /* MAILPROTO_IMAP_FETCH ... */
    uint8_t returns;  /* `returns` of the command (LIST, SEARCH) */
    uint8_t changes;  /* MAILPROTO__IMAP_ON_MSN ... */
    uint8_t relies;
    uint8_t expunges; /* 1: EXPUNGE may come while it is in progress */
    uint8_t tag_len;  /* 0: nothing is in progress */
    char tag[MAILPROTO__IMAP_TAG_MAX];
};

/* The response that was begun and not ended. The fields below `request` are the
 * writer's (server_write*.c, server_fetch*.c), and nobody else looks at them. */
enum mailproto__imap_open {
    MAILPROTO__IMAP_CLOSED, /* none */
    MAILPROTO__IMAP_OPEN_SEARCH,
    MAILPROTO__IMAP_OPEN_CODE,
    MAILPROTO__IMAP_OPEN_FETCH
};
struct mailproto__imap_response {
    uint8_t kind;     /* enum mailproto__imap_open */
    uint8_t items;    /* something stands in it: a blank comes first */
    uint8_t step;     /* where in it the writer is */
    uint8_t how;      /* OPEN_CODE: MAILPROTO_IMAP_OK, _NO */
    uint32_t request; /* whom it answers, or 0; _STALE when that request is gone */
    uint32_t code;    /* OPEN_CODE: MAILPROTO_IMAP_CODE_... */
    uint32_t last;    /* the last number written */
    size_t done;      /* what of the call's arguments was taken before it said AGAIN */
    uint64_t left;    /* octets of the content that are still to come */
};

/* What is being read. */
enum mailproto__imap_phase {
    MAILPROTO__IMAP_LINE,         /* a line of the unit */
    MAILPROTO__IMAP_OCTETS,       /* a literal that stays in the unit */
    MAILPROTO__IMAP_ASKED,        /* EV_IMAP_LITERAL awaits its answer */
    MAILPROTO__IMAP_CONTENT,      /* a literal that goes to the application */
    MAILPROTO__IMAP_NEEDS_MEMORY, /* EV_NEED_MEMORY was given */
    MAILPROTO__IMAP_TURN,         /* the command is whole and waits for its turn */
    MAILPROTO__IMAP_GIVEN,      /* the application has it, or the engine works on it */
    MAILPROTO__IMAP_EXCHANGE,   /* within AUTHENTICATE */
    MAILPROTO__IMAP_SKIP_LINE,  /* the rest of a refused command */
    MAILPROTO__IMAP_SKIP_OCTETS /* ... a literal of it */
};

/* Replies of the engine's own; the table in server_reply.c has their words. */
enum mailproto__imap_own {
    MAILPROTO__IMAP_NO_WORDS,
    MAILPROTO__IMAP_DONE, /* `NOOP completed` and its likes */
    MAILPROTO__IMAP_FAILED,
    MAILPROTO__IMAP_REFUSED,
    MAILPROTO__IMAP_UNKNOWN,
    MAILPROTO__IMAP_NO_COMMAND,
    MAILPROTO__IMAP_NO_TAG,
    MAILPROTO__IMAP_WRONG_STATE,
    MAILPROTO__IMAP_NOT_OFFERED,
    MAILPROTO__IMAP_NO_TLS,
    MAILPROTO__IMAP_TLS_ALREADY,
    MAILPROTO__IMAP_START_TLS,
    MAILPROTO__IMAP_NO_MESSAGE,
    MAILPROTO__IMAP_NO_MODSEQ,
    MAILPROTO__IMAP_NO_CHARSET,
    MAILPROTO__IMAP_CHARSET_GIVEN,
    MAILPROTO__IMAP_NO_NAME,
    MAILPROTO__IMAP_TOO_LONG,
    MAILPROTO__IMAP_TOO_COMPLEX,
    MAILPROTO__IMAP_LITERAL_LONG,
    MAILPROTO__IMAP_LITERAL_UNASKED,
    MAILPROTO__IMAP_LITERAL_REFUSED,
    MAILPROTO__IMAP_LITERAL_NUL,
    MAILPROTO__IMAP_MESSAGE_LONG,
    MAILPROTO__IMAP_MESSAGE_EMPTY,
    MAILPROTO__IMAP_NO_DONE,
    MAILPROTO__IMAP_LOGGED_IN,
    MAILPROTO__IMAP_NO_MECHANISM,
    MAILPROTO__IMAP_AUTH_FAILED,
    MAILPROTO__IMAP_AUTH_TEMPORARY,
    MAILPROTO__IMAP_AUTH_WEAK,
    MAILPROTO__IMAP_AUTH_SYNTAX,
    MAILPROTO__IMAP_AUTH_CANCELLED,
    MAILPROTO__IMAP_AUTH_LONG_LINE,
    MAILPROTO__IMAP_NO_BASE64,
    MAILPROTO__IMAP_SELECT_FIRST,
    MAILPROTO__IMAP_BYE_LOGOUT,
    MAILPROTO__IMAP_BYE_SHUTDOWN,
    MAILPROTO__IMAP_BYE_IDLE,
    MAILPROTO__IMAP_BYE_BAD,
    MAILPROTO__IMAP_BYE_SWALLOW,
    MAILPROTO__IMAP_BYE_PROTOCOL,
    MAILPROTO__IMAP_BYE_UNAVAILABLE,
    MAILPROTO__IMAP_OWN_COUNT
};

struct mailproto_imap_server {
    struct mailproto_session session; /* first */

    /* The command at hand, as far as it was read; points into the unit. Of the command
     * that awaits its answer it is all there is to know, until that is answered or
     * detached; a detached one has its job only. */
    mailproto_imap_command command;
    struct mailproto__imap_job current; /* the command at hand, when it was read */
    struct mailproto__imap_job *jobs;   /* the detached; `request` 0: free */
    struct mailproto__imap_response open;
    struct mailproto__auth_server auth;

    /* the options */
    mailproto_bytes greeting, more_caps;
    struct mailproto__auth_offer mechanisms;
    uint64_t mask; /* of capabilities */
    uint64_t max_swallow, append_limit;
    uint32_t flags, in_size;
    uint32_t max_command, max_command_before, max_literal, max_swallow_before;
    uint32_t max_jobs, max_bad, max_auth_line, reply_max, progress_bytes;
    uint32_t login_ms, idle_ms, block_ms;
    size_t caps_max; /* octets of the longest capability line that can be */

    /* The unit: in the input block at `in.kept_at`, or in lent memory. */
    char *lent; /* NULL: it lies in the block */
    size_t lent_cap, lent_len;
    char *back; /* lent memory that is to be given back, wiped already */
    size_t back_size;
    size_t line;        /* where its last line begins */
    size_t read_to;     /* `from` of mailproto__imap_command_prefix() */
    size_t wanted;      /* octets it needs, when it asks for memory */
    uint64_t unit_at;   /* offset of its first octet in the conversation */
    uint64_t reject_at; /* where the fault is, from there */
    uint64_t left;      /* octets of the literal at hand that are still to come */
    uint64_t external;  /* the application's number of it */
    uint64_t swallowed; /* octets thrown away of this unit */
    struct mailproto__literal literal; /* the announcement at hand */

    /* the session */
    uint32_t asked;    /* type of the event that awaits its answer, or 0 */
    uint32_t enabled;  /* MAILPROTO_IMAP_ENABLED_... */
    uint32_t exists;   /* messages of the selected mailbox */
    uint32_t bad;      /* refused commands in a row */
    uint32_t progress; /* octets since the wait began anew */
    uint8_t state;     /* MAILPROTO_IMAP_SELECTED ..., or 0: before the greeting */
    uint8_t phase;     /* enum mailproto__imap_phase */
    uint8_t met;       /* TURN: nothing stands before it any more */
    uint8_t resume;    /* the phase that memory was needed in */
    uint8_t where;     /* ... and enum mailproto__imap_where then */
    uint8_t refusal; /* enum mailproto__imap_own, said when the command is swallowed */
    uint8_t refused_save; /* ... and then nothing is saved (RFC 5182 2.1) */
    uint8_t caps_next;    /* the part of CAPABILITY that is written next, or 0 */
    uint8_t skip_cr;      /* swallowed: the last octet was a CR */
    uint8_t first;        /* no literal of this unit was looked at yet */
    uint8_t tiny;         /* octets by which external literals' marks were longer */
    uint8_t messages;     /* APPEND: a message was announced before */
    uint8_t spoke;        /* a command was read */
    uint8_t idling;       /* IDLE: DONE is awaited */
    uint8_t wary;      /* AUTHENTICATE has failed: an unknown line may be a response */
    uint8_t auth_told; /* AUTH_RESULT is to be told: MAILPROTO_IMAP_OK ..., or 0 */
    uint8_t ending;    /* close when all is told */
    uint8_t sync;      /* a verb has said NOT_NOW: EV_IMAP_SYNC is due when allowed */

    /* the mailbox; set by mailproto_imap_server_selected() */
    uint8_t box_told;      /* the SELECT at hand was told all: it may complete OK */
    uint8_t box_read_only; /* READ-ONLY is said at its end */
    uint8_t box_closed; /* OK [CLOSED] was said by the SELECT at hand, or none is due */
    uint8_t box_no_modseq; /* NOMODSEQ was said of it */
    uint64_t box_modseq; /* the highest mod-sequence up to which the client was told */
};

/* A code and words of the application's, looked at; `code_size`: octets of the code with
 * its blank. */
struct mailproto__imap_words {
    mailproto_imap_code code;
    size_t code_size;
    mailproto_bytes text;
};

MAILPROTO__ROLE_FUNCTIONS(imap_server, );

static inline mailproto_imap_server *mailproto__imap_server_of(mailproto_session *s)
{
    return (mailproto_imap_server *)s;
}

/* ---- for whoever writes responses ---------------------------------------------------- */

/*
 * How a response is written, whole or not at all:
 *
 *   st = mailproto__imap_server_may_say(server, needs);
 *   if (st != MAILPROTO_OK) { return st; }
 *   if (its size is over mailproto__imap_server_most(server)) { return ERR_TOO_LONG; }
 *   if (its size is over mailproto__imap_server_room(server)) {
 *       return mailproto__no_room(&server->session);
 *   }
 *   mailproto__put(...) ...
 *   mailproto__imap_server_said(server);
 */
enum {
    MAILPROTO__IMAP_ANY_TIME = 0, /* in any state behind the greeting */
    MAILPROTO__IMAP_WORKING = 1,  /* a command is in progress, or IDLE */
    MAILPROTO__IMAP_WITH_BOX = 2, /* a mailbox is selected */
    MAILPROTO__IMAP_WITHIN = 4    /* within the response that is open; the caller has
                                     looked at its kind */
};

/* Whether a response may be written now, `needs` of the above: OK, or ERR_STATE (also:
 * within a challenge, TLS, after the end), or the session's error. Without _WITHIN no
 * response may be open. */
mailproto_status mailproto__imap_server_may_say(const mailproto_imap_server *server,
                                                uint32_t needs);

/* Octets that a response can have now: what is kept back is for the tagged line of the
 * command that awaits its answer. And at most, in an empty buffer. */
size_t mailproto__imap_server_room(mailproto_imap_server *server);
size_t mailproto__imap_server_most(const mailproto_imap_server *server);

/* What was queued is whole, or a whole part of an open response: it becomes visible. */
void mailproto__imap_server_said(mailproto_imap_server *server);

/* Octets of content were queued for the client to read: counts them towards the next
 * wait (progress_bytes within block_ms). */
void mailproto__imap_server_progress(mailproto_imap_server *server, size_t octets);

/* EV_CONTENT_WANTED with `request`, and the content verbs are legal: `open.left` octets
 * are awaited. */
void mailproto__imap_server_want_content(mailproto_imap_server *server,
                                         uint32_t request);

/* The command in progress with this request, or NULL: it is gone (ERR_STALE). */
struct mailproto__imap_job *mailproto__imap_server_job(mailproto_imap_server *server,
                                                       uint32_t request);

/* The command that awaits its answer now, or NULL. */
static inline const struct mailproto__imap_job *
mailproto__imap_server_present(const mailproto_imap_server *server)
{
    return server->session.awaiting && server->asked == MAILPROTO_EV_IMAP_COMMAND
               ? &server->current
               : NULL;
}

/* A command of this kind in progress, which may be detached, or NULL: an untagged response
 * that depends on the command (LSUB) follows it. */
const struct mailproto__imap_job *
mailproto__imap_server_works_on(const mailproto_imap_server *server, uint32_t command);

/* Completes it: `tag OK|NO|BAD ` is queued, held; what stands behind it is the caller's,
 * CRLF too. There must be room for MAILPROTO__IMAP_TAG_MAX + 5 octets more. */
void mailproto__imap_server_put_tag(mailproto_imap_server *server,
                                    const struct mailproto__imap_job *job,
                                    uint32_t how);

/* ... and what follows when the whole line is queued: it becomes visible, the request is
 * over, the state changes as the command and the answer have it. */
void mailproto__imap_server_completed(mailproto_imap_server *server,
                                      struct mailproto__imap_job *job, uint32_t how);

/* Words for a completion when the application gives none (`FETCH completed`), queued. */
void mailproto__imap_server_put_words(mailproto_imap_server *server,
                                      const struct mailproto__imap_job *job,
                                      uint32_t how);

/* Whether EXPUNGE, VANISHED and a smaller EXISTS may be said now (RFC 9051 7.5.1): a
 * mailbox is selected, and commands are in progress (or IDLE), all of which allow it. */
int mailproto__imap_server_may_expunge(const mailproto_imap_server *server);

/* The answer when they may not: EV_IMAP_SYNC will come. */
static inline mailproto_status
mailproto__imap_server_not_now(mailproto_imap_server *server)
{
    server->sync = 1;
    return MAILPROTO_ERR_NOT_NOW;
}

/* Whether an option offers a capability, whatever state the session is in. */
static inline int mailproto__imap_server_knows(const mailproto_imap_server *server,
                                               uint32_t cap)
{
    return (int)(server->mask >> cap & 1U);
}

/* What a client begins with: who is offered IMAP4rev2 alone need not enable it (RFC 9051
 * appendix A). */
static inline uint32_t
mailproto__imap_server_enabled_at_first(const mailproto_imap_server *server)
{
    return mailproto__imap_server_knows(server, MAILPROTO_IMAP_CAP_REV1)
               ? 0
               : (uint32_t)MAILPROTO_IMAP_ENABLED_REV2;
}

/* `* OK [CLOSED] ...` if a mailbox is selected and SELECT or EXAMINE has not said it yet,
 * and this client is to hear it (RFC 9051 7.1, RFC 7162 3.2.11); queued, at most
 * MAILPROTO__IMAP_CLOSED_SIZE octets. */
enum { MAILPROTO__IMAP_CLOSED_SIZE = 48 };
void mailproto__imap_server_put_closed(mailproto_imap_server *server);

/* A response was begun, or ended (MAILPROTO__IMAP_CLOSED): meanwhile all waits for the
 * application, whichever command it answers. */
static inline void mailproto__imap_server_open(mailproto_imap_server *server,
                                               uint8_t kind)
{
    server->open.kind = kind;
    server->session.busy = kind != MAILPROTO__IMAP_CLOSED;
}

/* ---- server_write_code.c ------------------------------------------------------------- */

/*
 * A response code as the application gives it (NULL: none), copied whole: OK and the
 * octets that `[CODE ...] ` will take with the blank behind it (0 for none), ERR_ARGUMENT,
 * ERR_VERSION. Whether it is short, that is: without sets and words, in `*is_short`: such
 * a one is never refused for want of room (it counts with the text towards `reply_max`).
 */
mailproto_status mailproto__imap_code_read(const mailproto_imap_code *from,
                                           mailproto_imap_code *to, size_t *size,
                                           int *is_short);

/* Queues `[CODE ...] ` of such a copy; there is room. Nothing for none. */
void mailproto__imap_put_code(mailproto_imap_server *server,
                              const mailproto_imap_code *code);

/* ---- server_fetch.c: content on its way out ------------------------------------------ */

/* mailproto__imap_server_content() is declared above, with the role's functions. */
mailproto_status mailproto__imap_server_content_end(mailproto_imap_server *server);
mailproto_status mailproto__imap_server_content_abort(mailproto_imap_server *server);

/* ---- server.c ------------------------------------------------------------------------ */

/* No more is at hand: AGAIN, or the end if there will be no more. */
mailproto_status mailproto__imap_server_starved(mailproto_imap_server *server);

/* Asks the application. */
mailproto_event *mailproto__imap_server_ask(mailproto_imap_server *server,
                                            uint32_t type);

/* The wait for the client begins anew. */
void mailproto__imap_server_rearm(mailproto_imap_server *server);

/* The session is in another state: what depends on it. */
void mailproto__imap_server_enter(mailproto_imap_server *server, uint32_t state);

/* The unit is over: its memory is wiped, what was lent goes back, the next one begins. */
void mailproto__imap_server_next(mailproto_imap_server *server);

/* ---- server_unit.c ------------------------------------------------------------------- */

/* The unit's octets. */
mailproto_bytes mailproto__imap_unit(const mailproto_imap_server *server);

/* Moves what is at hand (`n` octets of it) from the input to the unit's end, consumed;
 * 0: it has no room. */
int mailproto__imap_unit_take(mailproto_imap_server *server, size_t n);

/* Octets that the unit may have before it needs memory; and at all, never less. */
size_t mailproto__imap_unit_cap(const mailproto_imap_server *server);
size_t mailproto__imap_unit_max(const mailproto_imap_server *server);

/* The announcement at the unit's end becomes an external mark. */
void mailproto__imap_unit_mark(mailproto_imap_server *server, uint64_t number,
                               uint64_t size);

/* Where the announcement at the unit's end begins. */
size_t mailproto__imap_unit_announcement(const mailproto_imap_server *server);

/* The unit lies where it stays: nothing moves it but lent memory. */
void mailproto__imap_unit_settle(mailproto_imap_server *server);

/* EV_NEED_MEMORY for a unit of `wanted` octets. */
mailproto_status mailproto__imap_unit_ask(mailproto_imap_server *server, size_t wanted);
/* What was lent and is not taken any more goes back, when nothing else does. */
void mailproto__imap_unit_untaken(mailproto_imap_server *server);
/* What was lent for it, if anything: 1, and the unit lies there. */
int mailproto__imap_unit_lent(mailproto_imap_server *server);

/* Overwrites all of the block that is not unread; the unit must be gone. */
void mailproto__imap_unit_forget(mailproto_imap_server *server);

/* The unit is gone, wiped if it can hold a secret; lent memory goes back. */
void mailproto__imap_unit_drop(mailproto_imap_server *server);

/* ---- server_read.c ------------------------------------------------------------------- */

/* Reads on: lines, literals, what is swallowed. */
mailproto_status mailproto__imap_server_read(mailproto_imap_server *server);

/* How far a command was read when it is refused. */
enum mailproto__imap_where {
    MAILPROTO__IMAP_MID_LINE,  /* its last line goes on */
    MAILPROTO__IMAP_ANNOUNCED, /* a literal was announced, and nobody has asked for it */
    MAILPROTO__IMAP_MID_OCTETS, /* `left` octets of a literal are still to come */
    MAILPROTO__IMAP_ENDED       /* to its end */
};

/* The command is refused where it was read to: what is left of it is swallowed as far as
 * the client sends it unasked, then `own` is its answer (NO_WORDS: it was answered
 * already). `at`: the octet of the unit where the fault is. */
mailproto_status mailproto__imap_server_refuse(mailproto_imap_server *server,
                                               enum mailproto__imap_own own, size_t at,
                                               enum mailproto__imap_where where);

/* The unit needs `wanted` octets: EV_NEED_MEMORY, or the refusal of what is too long. */
mailproto_status mailproto__imap_server_grow(mailproto_imap_server *server,
                                             size_t wanted,
                                             enum mailproto__imap_where where);

/* The tag of the unit becomes the current one; 0: it has none that can be. */
int mailproto__imap_server_keep_tag(mailproto_imap_server *server);

/* ---- server_literal.c ---------------------------------------------------------------- */

/* The unit ends with an announcement, which is in `literal`. */
mailproto_status mailproto__imap_server_announced(mailproto_imap_server *server);
/* The octets of a literal that was accepted. */
mailproto_status mailproto__imap_server_content_step(mailproto_imap_server *server);

/* ---- server_command.c ---------------------------------------------------------------- */

/* A whole command was read; and its turn. */
mailproto_status mailproto__imap_server_command(mailproto_imap_server *server);
mailproto_status mailproto__imap_server_turn(mailproto_imap_server *server);

/* The words for a command that the grammar does not have. */
enum mailproto__imap_own
mailproto__imap_server_fault(mailproto_imap_server *server,
                             const mailproto_imap_fault *fault);

/* Whether a command, as far as it was read, may come in this state: NO_WORDS, or why
 * not. */
enum mailproto__imap_own
mailproto__imap_server_judge(const mailproto_imap_server *server);

/* Whether the name of a new mailbox can be one. */
int mailproto__imap_name_is_good(const mailproto_imap_string *name);

/* Counts a refusal; 1: it is one too many (max_bad_commands), and the session failed. */
int mailproto__imap_server_is_bad(mailproto_imap_server *server);

/* ---- server_own.c -------------------------------------------------------------------- */

mailproto_status mailproto__imap_server_carry_out(mailproto_imap_server *server);
/* The rest of CAPABILITY's line. */
mailproto_status mailproto__imap_server_caps_step(mailproto_imap_server *server);
/* A line within IDLE. */
mailproto_status mailproto__imap_server_idle_line(mailproto_imap_server *server);

/* ---- server_caps.c ------------------------------------------------------------------- */

/* The capabilities this session offers now, as a mask. */
uint64_t mailproto__imap_server_caps(const mailproto_imap_server *server);
/* Octets of `CAPABILITY ...` as it can be at most. */
size_t mailproto__imap_caps_max(const mailproto_imap_server *server);
/* Queues parts of it from number `from` (1: the beginning) on, within `room` octets: the
 * number of the next part, or 0: that was all. */
uint8_t mailproto__imap_put_caps(mailproto_imap_server *server, uint8_t from,
                                 size_t room);

/* ---- server_login.c ------------------------------------------------------------------ */

mailproto_status mailproto__imap_server_auth_begin(mailproto_imap_server *server);
mailproto_status mailproto__imap_server_auth_step(mailproto_imap_server *server);
/* The exchange is refused, in the application's words or the engine's. `counts`: it is a
 * refused command. */
void mailproto__imap_server_auth_refuse(mailproto_imap_server *server,
                                        const struct mailproto__imap_words *words,
                                        enum mailproto__imap_own own, int counts);

/* ---- server_reply.c ------------------------------------------------------------------ */

/* What is said when `own` is: MAILPROTO_IMAP_OK ..., and its words, code included. */
uint32_t mailproto__imap_own_how(enum mailproto__imap_own own);
mailproto_bytes mailproto__imap_own_words(enum mailproto__imap_own own);

/* Octets kept for the next tagged line; has the output room for it? */
size_t mailproto__imap_server_reserve(const mailproto_imap_server *server);
int mailproto__imap_server_has_room(mailproto_imap_server *server);
/* Octets that a line of the engine's own can have now, in parts: what is kept back is for
 * its tagged line, and not for the capabilities of a login. When all is written there is
 * room for the longest word of a capability line. */
size_t mailproto__imap_server_own_room(mailproto_imap_server *server);
/* Whether the capabilities go with greeting and login: whether they always fit. */
int mailproto__imap_server_tells_caps(const mailproto_imap_server *server);

/* `tag OK ` and its likes (`*` for none), `[CAPABILITY ...] `, and words of the engine's
 * own with CRLF: queued, held. */
void mailproto__imap_server_put_how(mailproto_imap_server *server, mailproto_bytes tag,
                                    uint32_t how);
void mailproto__imap_server_put_caps_code(mailproto_imap_server *server);
void mailproto__imap_server_put_own(mailproto_imap_server *server,
                                    enum mailproto__imap_own own);

/* The tagged line of the command at hand in the engine's own words (`* BAD` for want of a
 * tag), visible. */
void mailproto__imap_server_reply(mailproto_imap_server *server,
                                  enum mailproto__imap_own own);

/* A last word to the client, where one can be said: `* BYE`, with a code of `code_size`
 * octets and `text` in place of the engine's words if there are any. */
void mailproto__imap_server_farewell(mailproto_imap_server *server,
                                     enum mailproto__imap_own own,
                                     const mailproto_imap_code *code, size_t code_size,
                                     mailproto_bytes text);

/* ---- server_answer.c ----------------------------------------------------------------- */

/* Looks at a code and words: nothing is queued. OK, ERR_ARGUMENT, ERR_VERSION,
 * ERR_TOO_LONG, AGAIN (a long code). */
mailproto_status mailproto__imap_server_check_words(
    mailproto_imap_server *server, const mailproto_imap_code *code,
    mailproto_bytes text, struct mailproto__imap_words *words);
/* Queues them, or `own` for no text, and CRLF; visible. */
void mailproto__imap_server_put_checked(mailproto_imap_server *server,
                                        const struct mailproto__imap_words *words,
                                        enum mailproto__imap_own own);

/* The application's answer has come: the request is over. Its event's type. */
uint32_t mailproto__imap_server_answered(mailproto_imap_server *server);

#endif /* MAILPROTO_IMAP_SERVER_INSIDE_H */
