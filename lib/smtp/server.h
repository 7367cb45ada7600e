/*
 * The inside of the SMTP server: its state, and what its files use of each other. Knows
 * SMTP; must not know how bytes are moved (the base does) nor any SASL mechanism.
 *
 *   server.c          asks the state what comes next; time-outs, failure, the end
 *   server_options.c  options, memory
 *   server_command.c  a command line: may it come now, and the small commands
 *   server_mail.c     MAIL, RCPT, DATA: the transaction
 *   server_data.c     content
 *   server_auth.c     AUTH
 *   server_reply.c    building replies
 *   server_answer.c   the application's answers
 *   rules_server.c    what is legal when
 */
#ifndef MAILPROTO_SMTP_SERVER_H
#define MAILPROTO_SMTP_SERVER_H

#include <mailproto/smtp.h>

#include "codec/auth_server.h"
#include "core/roles.h"
#include "core/session.h"
#include "smtp/rules.h"
#include "smtp/syntax.h"
#include "wire/dot.h"

/* Events that are still to be told; they come in this order, before anything else. */
enum {
    MAILPROTO__TELL_ABORTED = 1, /* CONTENT_ABORTED */
    MAILPROTO__TELL_AUTH = 2,    /* AUTH_RESULT */
    MAILPROTO__TELL_RSET = 4,    /* SMTP_RSET */
    MAILPROTO__TELL_DELIVER = 8, /* SMTP_DELIVER: asks */
    MAILPROTO__TELL_EARLY = 16 /* SMTP_EARLY_TALKER: last, as it is about later input */
};

/* Octets of the capability lines of an EHLO reply, at most. */
enum { MAILPROTO__SMTP_CAPS_MAX = 512 };
/* Octets of a text that the engine keeps until it may be sent, at most. */
enum { MAILPROTO__SMTP_TEXT_MAX = 128 };

/* Replies of the engine's own; the table in server_reply.c has their words. */
enum mailproto__smtp_own {
    MAILPROTO__OWN_NONE,
    MAILPROTO__OWN_GREETING,
    MAILPROTO__OWN_HELO,
    MAILPROTO__OWN_SENDER_OK,
    MAILPROTO__OWN_RECIPIENT_OK,
    MAILPROTO__OWN_GO_AHEAD,
    MAILPROTO__OWN_DELIVERED,
    MAILPROTO__OWN_OK,
    MAILPROTO__OWN_RESET,
    MAILPROTO__OWN_CANNOT_VRFY,
    MAILPROTO__OWN_NO_EXPN,
    MAILPROTO__OWN_HELP,
    MAILPROTO__OWN_BYE,
    MAILPROTO__OWN_START_TLS,
    MAILPROTO__OWN_UNKNOWN,
    MAILPROTO__OWN_NOT_LMTP,
    MAILPROTO__OWN_NO_BDAT,
    MAILPROTO__OWN_BAD_LINE,
    MAILPROTO__OWN_LONG_LINE,
    MAILPROTO__OWN_BAD_ARGUMENT,
    MAILPROTO__OWN_BAD_SENDER,
    MAILPROTO__OWN_BAD_RECIPIENT,
    MAILPROTO__OWN_NEEDS_SMTPUTF8,
    MAILPROTO__OWN_UNKNOWN_PARAM,
    MAILPROTO__OWN_SEQUENCE,
    MAILPROTO__OWN_NO_HELLO,
    MAILPROTO__OWN_NESTED,
    MAILPROTO__OWN_NO_MAIL,
    MAILPROTO__OWN_IN_TRANSACTION,
    MAILPROTO__OWN_NO_RECIPIENTS,
    MAILPROTO__OWN_NONE_VALID,
    MAILPROTO__OWN_NEEDS_TLS,
    MAILPROTO__OWN_NEEDS_LOGIN,
    MAILPROTO__OWN_NO_STARTTLS,
    MAILPROTO__OWN_TLS_ALREADY,
    MAILPROTO__OWN_NO_AUTH,
    MAILPROTO__OWN_AUTH_NEEDS_TLS,
    MAILPROTO__OWN_AUTH_ALREADY,
    MAILPROTO__OWN_NO_MECHANISM,
    MAILPROTO__OWN_AUTH_OK,
    MAILPROTO__OWN_AUTH_FAILED,
    MAILPROTO__OWN_AUTH_TEMPORARY,
    MAILPROTO__OWN_AUTH_WEAK,
    MAILPROTO__OWN_AUTH_SYNTAX,
    MAILPROTO__OWN_AUTH_CANCELLED,
    MAILPROTO__OWN_BAD_BASE64,
    MAILPROTO__OWN_TOO_LARGE,
    MAILPROTO__OWN_TOO_MANY_RCPT,
    MAILPROTO__OWN_BAD_CONTENT,
    MAILPROTO__OWN_TOO_MANY_MAIL,
    MAILPROTO__OWN_TOO_MANY_BAD,
    MAILPROTO__OWN_EARLY,
    MAILPROTO__OWN_EARLY_GREETING,
    MAILPROTO__OWN_HTTP,
    MAILPROTO__OWN_TIMEOUT,
    MAILPROTO__OWN_SHUTDOWN,
    MAILPROTO__OWN_COUNT
};

struct mailproto_smtp_server {
    struct mailproto_session session;       /* first */
    struct mailproto__smtp_command command; /* the last one; lives until its answer */
    struct mailproto__auth_server auth;
    struct mailproto__undot undot;

    /* the options */
    mailproto_bytes host_name;
    struct mailproto__auth_offer mechanisms;
    uint64_t mask; /* of capabilities */
    uint64_t max_content;
    uint32_t flags;
    uint32_t max_command, max_auth_line, max_recipients, max_bad, max_transactions;
    uint32_t reply_max, progress_bytes, command_ms, block_ms;

    /* the session */
    uint64_t line_at;          /* offset of the command line at hand */
    uint64_t content;          /* octets of it delivered so far */
    uint32_t asked;            /* type of the event that awaits its answer, or 0 */
    uint32_t transactions;     /* MAIL commands accepted */
    uint32_t recipients;       /* accepted in this transaction */
    uint32_t bad;              /* refused commands that count */
    uint32_t progress;         /* content octets since the wait began anew */
    uint32_t result_code;      /* of AUTH_RESULT */
    mailproto_status aborted;  /* why content was given up, or 0 */
    uint16_t line_code;        /* of a reply of several lines: its code, or 0 */
    uint16_t line_enhanced[2]; /* ... and its enhanced code without the class */
    uint8_t state;             /* enum mailproto__smtp_state */
    uint8_t tell;              /* MAILPROTO__TELL_... */
    uint8_t swallow;      /* enum mailproto__smtp_own: a long line is read to its end,
                              then gets this reply */
    uint8_t esmtp;        /* EHLO, not HELO */
    uint8_t utf8;         /* the transaction's MAIL had SMTPUTF8 */
    uint8_t tried;        /* RCPT was tried in this transaction */
    uint8_t mail_refused; /* MAIL was refused, and what is pipelined behind it is no
                              fault of its own */
    uint8_t greeted;      /* the greeting was given */
    uint8_t logged_in;
    uint8_t spoke; /* a command line was read */
    uint8_t wary;  /* AUTH has failed, and no known verb came since: a line may be
                              a response that was sent without waiting */
    uint8_t early_told;
    uint8_t ending; /* close when all is told */
};

MAILPROTO__ROLE_FUNCTIONS(smtp_server, );

static inline mailproto_smtp_server *mailproto__smtp_server_of(mailproto_session *s)
{
    return (mailproto_smtp_server *)s;
}

/* ---- rules_server.c -------------------------------------------------------------- */

/* Flags of the server's rows, beside those of rules.h. */
enum {
    MAILPROTO__SMTP_NEEDS_TLS = 16,   /* TLS, where it is required */
    MAILPROTO__SMTP_NEEDS_LOGIN = 32, /* AUTH, where it is required (RFC 4954 6) */
    MAILPROTO__SMTP_NEEDS_RCPT = 64,  /* a recipient that was accepted (RFC 5321 3.3) */
    MAILPROTO__SMTP_FORGETS = 128     /* a transaction that is open is forgotten */
};

/* Whether a command is the last of its pipeline group, in whatever state. */
int mailproto__smtp_server_is_last(uint32_t verb);

/* ---- server.c -------------------------------------------------------------------- */

/* Input came before it was its turn. */
void mailproto__smtp_server_early(mailproto_smtp_server *server);

/* Nothing is left of the transaction; RSET is told if `tell` and one was open. */
void mailproto__smtp_server_forget(mailproto_smtp_server *server, int tell);

/* No whole line is at hand: AGAIN, or the end if there will be no more. */
mailproto_status mailproto__smtp_server_starved(mailproto_smtp_server *server);

/* Overwrites what was read and is no longer needed. */
void mailproto__smtp_server_forget_secrets(mailproto_smtp_server *server);

/* The longest reply that may come now has room. */
int mailproto__smtp_server_has_room(mailproto_smtp_server *server);

/* Asks the application. */
mailproto_event *mailproto__smtp_server_ask(mailproto_smtp_server *server,
                                            uint32_t type);

/* ---- server_command.c ------------------------------------------------------------ */

/* Takes and carries out a command line. */
mailproto_status mailproto__smtp_server_command(mailproto_smtp_server *server);

/* Refuses the command at hand: its reply, and its event REJECTED. A closing one fails
 * the session with `why`. */
mailproto_status mailproto__smtp_server_reject(mailproto_smtp_server *server,
                                               enum mailproto__smtp_own own);
mailproto_status mailproto__smtp_server_reject_and_close(mailproto_smtp_server *server,
                                                         enum mailproto__smtp_own own,
                                                         mailproto_status why,
                                                         const char *detail);

/* Whether a refusal is one too many (max_bad_commands); counts it. */
int mailproto__smtp_server_is_bad(mailproto_smtp_server *server, uint32_t code);

/* ---- server_mail.c, server_data.c, server_auth.c --------------------------------- */

mailproto_status mailproto__smtp_server_mail(mailproto_smtp_server *server);
mailproto_status mailproto__smtp_server_rcpt(mailproto_smtp_server *server);
mailproto_status mailproto__smtp_server_data(mailproto_smtp_server *server);

/* Content begins; a piece of it; whether the application may still refuse it. */
void mailproto__smtp_server_content_begin(mailproto_smtp_server *server);
mailproto_status mailproto__smtp_server_content_step(mailproto_smtp_server *server);
int mailproto__smtp_server_content_open(const mailproto_smtp_server *server);

/* AUTH: why it cannot be now, or OWN_NONE. */
enum mailproto__smtp_own
mailproto__smtp_server_auth_refusal(const mailproto_smtp_server *server);
/* AUTH is carried out; `prefix` octets of its line were consumed. */
mailproto_status mailproto__smtp_server_auth_begin(mailproto_smtp_server *server,
                                                   size_t prefix);
mailproto_status mailproto__smtp_server_auth_step(mailproto_smtp_server *server);
/* The exchange is over with a reply that is queued. */
void mailproto__smtp_server_auth_end(mailproto_smtp_server *server, uint32_t code);

/* ---- server_reply.c -------------------------------------------------------------- */

/* What a reply line says; `subject`.`detail` without the class, 0.0 is a code too. */
struct mailproto__smtp_line {
    uint32_t code;
    uint32_t subject, detail;
    int enhanced; /* it has an enhanced code, if these are offered */
    int more;     /* another line follows */
    int host;     /* this host's name stands before the text */
    mailproto_bytes text;
};

/* Queues a line, held. Its octets, or 0: no room. */
size_t mailproto__smtp_server_put_line(mailproto_smtp_server *server,
                                       const struct mailproto__smtp_line *line);

/* Octets that it would be. */
size_t mailproto__smtp_server_line_size(const mailproto_smtp_server *server,
                                        const struct mailproto__smtp_line *line);

/* The numbers and words of a reply of the engine's own. */
void mailproto__smtp_server_own_line(enum mailproto__smtp_own own,
                                     struct mailproto__smtp_line *line);

/* Queues one, held. */
void mailproto__smtp_server_put_own(mailproto_smtp_server *server,
                                    enum mailproto__smtp_own own);

/* The capabilities this session can offer now, as a mask; and their lines, held. */
uint64_t mailproto__smtp_server_caps(const mailproto_smtp_server *server);
void mailproto__smtp_server_put_caps(mailproto_smtp_server *server);

/* What is held is a whole reply: it becomes visible, and the next step begins. `flush`:
 * nothing may be pipelined behind it. */
void mailproto__smtp_server_finish(mailproto_smtp_server *server, uint32_t code,
                                   int flush);

/* A reply of the application's as a line; ERR_ARGUMENT. */
mailproto_status mailproto__smtp_server_app_line(const mailproto_smtp_status *status,
                                                 mailproto_bytes text,
                                                 struct mailproto__smtp_line *line);

/* A last word to the peer, where one can be said (RFC 5321 3.8): 421, or 554. */
void mailproto__smtp_server_farewell(mailproto_smtp_server *server,
                                     const struct mailproto__smtp_line *line);
void mailproto__smtp_server_farewell_own(mailproto_smtp_server *server,
                                         enum mailproto__smtp_own own);

#endif /* MAILPROTO_SMTP_SERVER_H */
