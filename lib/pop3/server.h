/*
 * The inside of the POP3 server: its state, and what its files use of each other. Knows
 * POP3; must not know how bytes are moved (the base does) nor any SASL mechanism.
 *
 *   server.c          asks the state what comes next; time-outs, failure, the end
 *   server_options.c  options, memory
 *   server_command.c  a command line: may it come now, and the small commands
 *   server_login.c    USER, PASS, APOP, AUTH
 *   server_drop.c     the maildrop: marks, sizes, listings, UPDATE
 *   server_content.c  RETR, TOP and other bodies on their way out
 *   server_caps.c     what is offered, CAPA
 *   server_reply.c    building replies
 *   server_answer.c   the application's answers
 *   server_events.c   what events carry beyond their fields
 */
#ifndef MAILPROTO_POP3_SERVER_H
#define MAILPROTO_POP3_SERVER_H

#include <mailproto/pop3.h>

#include "codec/auth_server.h"
#include "core/roles.h"
#include "core/session.h"
#include "pop3/rules.h"
#include "pop3/syntax.h"
#include "wire/dot.h"

/* Octets of a mailbox name, which is kept from USER to OPEN: what fits the command line
 * of RFC 2449 4 (255 octets with "USER " and CRLF). */
enum { MAILPROTO__POP3_NAME_MAX = 248 };
/* Octets of the greeting's words, the timestamp, the implementation, a farewell. */
enum { MAILPROTO__POP3_TEXT_MAX = 128 };

/* Replies of the engine's own; the table in server_reply.c has their words. */
enum mailproto__pop3_own {
    MAILPROTO__POP3_NO_WORDS,
    MAILPROTO__POP3_USER_OK,
    MAILPROTO__POP3_CAPS_FOLLOW,
    MAILPROTO__POP3_START_TLS,
    MAILPROTO__POP3_UTF8_OK,
    MAILPROTO__POP3_LIST_FOLLOWS,
    MAILPROTO__POP3_MESSAGE_FOLLOWS,
    MAILPROTO__POP3_MARKED_OK,
    MAILPROTO__POP3_RESET,
    MAILPROTO__POP3_NOOP_OK,
    MAILPROTO__POP3_BYE,
    MAILPROTO__POP3_UNKNOWN,
    MAILPROTO__POP3_NO_LANGUAGE,
    MAILPROTO__POP3_NO_LINE,
    MAILPROTO__POP3_LONG_LINE,
    MAILPROTO__POP3_ARGUMENT_WRONG,
    MAILPROTO__POP3_NUMBER_WRONG,
    MAILPROTO__POP3_NAME_LONG,
    MAILPROTO__POP3_NO_MESSAGE,
    MAILPROTO__POP3_IS_MARKED,
    MAILPROTO__POP3_NO_LOGIN,
    MAILPROTO__POP3_LOGGED_IN,
    MAILPROTO__POP3_NO_USER,
    MAILPROTO__POP3_NO_TLS,
    MAILPROTO__POP3_TLS_ALREADY,
    MAILPROTO__POP3_NOT_OFFERED,
    MAILPROTO__POP3_NO_MECHANISM,
    MAILPROTO__POP3_AUTH_FAILED,
    MAILPROTO__POP3_AUTH_TEMPORARY,
    MAILPROTO__POP3_AUTH_WEAK,
    MAILPROTO__POP3_AUTH_SYNTAX,
    MAILPROTO__POP3_AUTH_CANCELLED,
    MAILPROTO__POP3_NO_BASE64,
    MAILPROTO__POP3_NOT_OPENED,
    MAILPROTO__POP3_NOT_AVAILABLE,
    MAILPROTO__POP3_NOT_GIVEN,
    MAILPROTO__POP3_NOT_REMOVED,
    MAILPROTO__POP3_TOO_MANY_BAD,
    MAILPROTO__POP3_HTTP,
    MAILPROTO__POP3_SHUTDOWN,
    MAILPROTO__POP3_OWN_COUNT
};

/* TOP: where in the message the octets taken so far end. */
struct mailproto__pop3_top {
    uint64_t left;   /* body lines still to come */
    uint8_t on;      /* lines are counted */
    uint8_t in_body; /* the blank line was seen */
    uint8_t filled;  /* the line has octets */
    uint8_t cr;      /* the last octet is a CR: what follows tells what it is */
    uint8_t done;    /* complete */
};

struct mailproto_pop3_server {
    struct mailproto_session session;       /* first */
    struct mailproto__pop3_command command; /* the last one; lives until its answer */
    struct mailproto__auth_server auth;
    struct mailproto__stuff stuff;
    struct mailproto__pop3_top top;
    struct mailproto_pop3_login login; /* of a LOGIN event */

    /* the options */
    mailproto_bytes greeting, stamp, implementation;
    struct mailproto__auth_offer mechanisms;
    uint64_t mask; /* of capabilities */
    uint32_t flags;
    uint32_t max_command, max_auth_line, max_messages, max_bad;
    uint32_t reply_max, progress_bytes, login_ms, idle_ms, block_ms;
    uint32_t login_delay, expire_days;

    /* the session */
    uint64_t line_at;  /* offset of the command line at hand */
    uint32_t asked;    /* type of the event that awaits its answer, or 0 */
    uint32_t bad;      /* refused commands that count */
    uint32_t progress; /* content octets since the wait began anew */
    uint8_t state;     /* enum mailproto__pop3_state */
    uint8_t swallow;   /* enum mailproto__pop3_own: a long line is read to its end, then
                          gets this reply */
    uint8_t utf8;      /* UTF8 was said */
    uint8_t greeted;
    uint8_t by_auth;     /* OPEN stands behind AUTH, not LOGIN */
    uint8_t auth_told;   /* AUTH_RESULT is still to be told: 1 failed, 2 succeeded */
    uint8_t spoke;       /* a command line was read */
    uint8_t wary;        /* AUTH has failed, and no known verb came since: a line may be
                              a response that was sent without waiting */
    uint8_t content_bad; /* content was refused: it can only be given up */
    uint8_t policy;      /* of DOT: MAILPROTO__REFUSE ... */
    uint8_t ending;      /* close when all is told */

    /* the maildrop */
    uint8_t *marks; /* a bit each */
    uint32_t messages, marked;
    uint64_t octets, marked_octets;
    uint32_t list;      /* verb of the multi-line reply under way, or 0 */
    uint32_t list_next; /* the message, or for CAPA the capability, that comes next */
    size_t list_skip;   /* CAPA: octets of its line that are queued already */

    uint32_t name_len;
    char name[MAILPROTO__POP3_NAME_MAX];
};

MAILPROTO__ROLE_FUNCTIONS(pop3_server, );

static inline mailproto_pop3_server *mailproto__pop3_server_of(mailproto_session *s)
{
    return (mailproto_pop3_server *)s;
}

static inline mailproto_bytes
mailproto__pop3_server_name(const mailproto_pop3_server *server)
{
    mailproto_bytes b;
    b.ptr = server->name;
    b.len = server->name_len;
    return b;
}

/* Whether a capability is among the options. */
static inline int mailproto__pop3_server_knows(const mailproto_pop3_server *server,
                                               uint32_t cap)
{
    return (int)(server->mask >> cap & 1U);
}

/* ---- server.c -------------------------------------------------------------------- */

/* No whole line is at hand: AGAIN, or the end if there will be no more. */
mailproto_status mailproto__pop3_server_starved(mailproto_pop3_server *server);

/* Overwrites what was read and is no longer needed. */
void mailproto__pop3_server_forget_secrets(mailproto_pop3_server *server);

/* The longest reply that may come now has room. */
int mailproto__pop3_server_has_room(mailproto_pop3_server *server);

/* Asks the application. */
mailproto_event *mailproto__pop3_server_ask(mailproto_pop3_server *server,
                                            uint32_t type);

/* Another wait for a command begins, or for the client to read. */
void mailproto__pop3_server_rearm(mailproto_pop3_server *server);

/* The session is in another state: what depends on it. */
void mailproto__pop3_server_enter(mailproto_pop3_server *server, uint32_t state);

/* ---- server_command.c ------------------------------------------------------------ */

/* Takes and carries out a command line. */
mailproto_status mailproto__pop3_server_command(mailproto_pop3_server *server);

/* Counts a refusal; 1: it is one too many (max_bad_commands), and the session failed. */
int mailproto__pop3_server_is_bad(mailproto_pop3_server *server);

/* ---- server_login.c -------------------------------------------------------------- */

mailproto_status mailproto__pop3_server_user(mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_login(mailproto_pop3_server *server);

/* Whether AUTH's mechanism is among the options. */
int mailproto__pop3_server_knows_mechanism(const mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_auth_begin(mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_auth_step(mailproto_pop3_server *server);

/* The user is who he says he is: OPEN is asked at once, for the event's text may not
 * wait for a step. */
void mailproto__pop3_server_let_in(mailproto_pop3_server *server, int by_auth);

/* A login, of whatever kind, has failed; its reply is held. `counts`: it is a refused
 * command. */
void mailproto__pop3_server_turn_away(mailproto_pop3_server *server, int by_auth,
                                      int counts);

/* ---- server_drop.c --------------------------------------------------------------- */

/* Nothing is marked any more; how many were. */
uint32_t mailproto__pop3_server_unmark_all(mailproto_pop3_server *server);
void mailproto__pop3_server_mark(mailproto_pop3_server *server, uint64_t octets);

mailproto_status mailproto__pop3_server_stat(mailproto_pop3_server *server);
/* LIST and UIDL, of one or all; DELE. */
mailproto_status mailproto__pop3_server_list(mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_dele(mailproto_pop3_server *server);
/* The next line of a listing. */
mailproto_status mailproto__pop3_server_list_step(mailproto_pop3_server *server);
/* The multi-line reply under way is over. */
void mailproto__pop3_server_list_end(mailproto_pop3_server *server);
/* The next event of UPDATE. */
mailproto_status mailproto__pop3_server_update_step(mailproto_pop3_server *server);

/* ---- server_content.c ------------------------------------------------------------ */

/* Lines follow the reply that is due: the content verbs give them. */
void mailproto__pop3_server_content_open(mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_content_end(mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_content_abort(mailproto_pop3_server *server);

/* ---- server_caps.c --------------------------------------------------------------- */

/* The capabilities this session offers now, as a mask. */
uint64_t mailproto__pop3_server_caps(const mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_capa(mailproto_pop3_server *server);
mailproto_status mailproto__pop3_server_capa_step(mailproto_pop3_server *server);

/* ---- server_reply.c -------------------------------------------------------------- */

/* What a reply line says. */
struct mailproto__pop3_line {
    uint32_t code; /* MAILPROTO_POP3_OK, MAILPROTO_POP3_ERR */
    uint32_t resp; /* MAILPROTO_POP3_RESP_..., written if it is offered */
    mailproto_bytes text;
};

/* The numbers and words of a reply of the engine's own. */
struct mailproto__pop3_line mailproto__pop3_server_own(enum mailproto__pop3_own own);

/* Octets that a line would be. */
size_t mailproto__pop3_server_line_size(const mailproto_pop3_server *server,
                                        const struct mailproto__pop3_line *line);

/* Queues a line, held; 0: no room. */
int mailproto__pop3_server_put_line(mailproto_pop3_server *server,
                                    const struct mailproto__pop3_line *line);

/* Queues `+OK`, a blank and two numbers with `between` and `behind` them. */
void mailproto__pop3_server_put_numbers(mailproto_pop3_server *server,
                                        const char *before, uint64_t a,
                                        const char *between, uint64_t b,
                                        const char *behind);

/* What is held is a whole reply: it becomes visible, and the next step begins. */
void mailproto__pop3_server_finish(mailproto_pop3_server *server, uint32_t code,
                                   int flush);

/* Queues one of the engine's own and finishes it. */
void mailproto__pop3_server_reply(mailproto_pop3_server *server,
                                  enum mailproto__pop3_own own, int flush);

/* A last word to the peer, where one can be said. */
void mailproto__pop3_server_farewell(mailproto_pop3_server *server,
                                     const struct mailproto__pop3_line *line);

/* ---- server_answer.c ------------------------------------------------------------- */

/* The application's answer has come: the request is over. Its event's type. */
uint32_t mailproto__pop3_server_answered(mailproto_pop3_server *server);

#endif /* MAILPROTO_POP3_SERVER_H */
