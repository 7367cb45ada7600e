/*
 * The grammar of SMTP as pure functions over complete lines: spans out, no state kept,
 * nothing copied. Shared by both roles. Offsets in errors count from the line's start.
 */
#ifndef MAILPROTO_SMTP_SYNTAX_H
#define MAILPROTO_SMTP_SYNTAX_H

#include <mailproto/smtp.h>

/* ---- command lines (RFC 5321 4.1.1) --------------------------------------------- */

struct mailproto__smtp_command {
    uint32_t verb;        /* MAILPROTO_SMTP_VERB_... */
    mailproto_bytes line; /* all of it, without CRLF */
    mailproto_bytes
        argument; /* behind the verb and the blank(s); trailing blanks cut */
    mailproto_smtp_path path;        /* MAIL, RCPT */
    mailproto_bytes params;          /* MAIL, RCPT: behind the path, checked */
    mailproto_smtp_mail_params mail; /* MAIL: typed */
    mailproto_bytes mechanism;       /* AUTH */
    mailproto_bytes initial;         /* AUTH: base64 as sent; ptr NULL: none */
    uint64_t chunk_size;             /* BDAT */
    int chunk_last;                  /* BDAT */
};

/* What is wrong with a command line. */
enum mailproto__smtp_fault {
    MAILPROTO__SMTP_GOOD,
    MAILPROTO__SMTP_BAD_COMMAND,   /* no verb, or an octet that no command may hold
                                      (CR, LF, NUL, controls): 500 5.5.2 */
    MAILPROTO__SMTP_BAD_ARGUMENT,  /* 501 5.5.4 */
    MAILPROTO__SMTP_BAD_SENDER,    /* the path of MAIL: 501 5.1.7 */
    MAILPROTO__SMTP_BAD_RECIPIENT, /* the path of RCPT: 501 5.1.3 */
    MAILPROTO__SMTP_LONG_PATH,     /* over a limit of 4.5.3.1: 501 5.1.7 or 5.1.3 */
    MAILPROTO__SMTP_UTF8_PATH,     /* octets above 127, SMTPUTF8 not given: 553 5.6.7 */
    MAILPROTO__SMTP_BAD_PARAM, /* a parameter's value, or it stands twice: 501 5.5.4 */
    MAILPROTO__SMTP_UNKNOWN_PARAM /* a parameter nobody offered: 555 5.5.4 */
};

/*
 * Parses a line. `caps` is the mask of what is offered: parameters of capabilities that
 * are not offered are UNKNOWN_PARAM; `other` 1: parameters that the library does not
 * know are passed on in params and mail.extra instead. `utf8_rcpt` 1: this transaction
 * has SMTPUTF8, so RCPT's path may hold UTF-8. What real clients send is taken: blanks
 * between the colon and the path, a missing pair of brackets is NOT. Verbs and
 * keywords in any case. `*at` is the offset of the fault.
 */
enum mailproto__smtp_fault
mailproto__smtp_command_parse(mailproto_bytes line, uint64_t caps, int other,
                              int utf8_rcpt, struct mailproto__smtp_command *out,
                              size_t *at);

/* The verb of a line or of its beginning; UNKNOWN also when a blank or the end does not
 * follow it. `*len`: its octets. */
uint32_t mailproto__smtp_verb(mailproto_bytes line, size_t *len);

/* "MAIL" and its likes; static, never NULL. */
const char *mailproto__smtp_verb_name(uint32_t verb);

/* ---- paths (RFC 5321 4.1.2, 4.1.3; RFC 6531 3.3) --------------------------------- */

/*
 * A path in brackets at the beginning of `text`; `*used` octets. flags NULL only if
 * `may_be_null` (`<>`), a mailbox without domain only for Postmaster (4.1.1.3) and only
 * if `may_be_postmaster`.
 */
enum mailproto__smtp_fault mailproto__smtp_path(mailproto_bytes text, int utf8,
                                                int may_be_null, int may_be_postmaster,
                                                mailproto_smtp_path *out, size_t *used);

/* A mailbox, all of `text`; `*at`: the offset of the fault. */
enum mailproto__smtp_fault mailproto__smtp_mailbox(mailproto_bytes text, int utf8,
                                                   mailproto_smtp_path *out,
                                                   size_t *at);

/* Domain or address literal (HELO and EHLO: anything of printable ASCII without blanks
 * passes there on the server; the client is strict with this). 1 or 0. */
int mailproto__smtp_domain(mailproto_bytes text, int utf8);

/* ---- parameters ------------------------------------------------------------------ */

/* xtext of RFC 3461 4: well-formed, and decoding to no octet below 33 or above 126. */
int mailproto__smtp_is_xtext(mailproto_bytes b);

/* ---- replies (RFC 5321 4.2, RFC 2034) -------------------------------------------- */

struct mailproto__smtp_reply_line {
    uint16_t code;        /* 200 to 599 */
    uint16_t enhanced[3]; /* zeros: none */
    uint8_t more;         /* `-`: another line follows */
    uint8_t reserved[7];
    mailproto_bytes text; /* behind the code and its mark, enhanced code included */
};

/* OK, or ERR_SYNTAX with `*at`. `250` with no text, also without the blank, is good;
 * the enhanced code is read from the text when it is one and its class fits. Octets
 * above 127 and TAB pass in the text; NUL, CR, LF do not. */
mailproto_status mailproto__smtp_reply_parse(mailproto_bytes line,
                                             struct mailproto__smtp_reply_line *out,
                                             size_t *at);

/* ---- capability lines (RFC 5321 4.1.1.1) ------------------------------------------ */

/* The capability of an EHLO line by its exact keyword, or -1; `*params` what follows. */
int mailproto__smtp_cap_parse(mailproto_bytes line, mailproto_bytes *params);

/* The keyword of a capability. */
const char *mailproto__smtp_cap_name(uint32_t cap);

#endif /* MAILPROTO_SMTP_SYNTAX_H */
