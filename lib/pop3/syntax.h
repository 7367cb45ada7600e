/*
 * The grammar of POP3 as pure functions over complete lines: spans out, no state kept,
 * nothing copied. Shared by both roles. Offsets in errors count from the line's start.
 */
#ifndef MAILPROTO_POP3_SYNTAX_H
#define MAILPROTO_POP3_SYNTAX_H

#include <mailproto/pop3.h>

/* ---- verbs and capabilities: syntax_names.c ---------------------------------------- */

/* The verb of a line or of its beginning, in any case; UNKNOWN also when a blank or the
 * end does not follow it. `*len`: its octets. */
uint32_t mailproto__pop3_verb(mailproto_bytes line, size_t *len);

/* "USER" and its likes; static, never NULL. */
const char *mailproto__pop3_verb_name(uint32_t verb);

/* Whether `+OK` to this command line is followed by lines up to a lone dot (RFC 1939 3,
 * 5, 7; RFC 2449 5; RFC 6856 3): LIST, UIDL and LANG only without an argument, RETR, TOP
 * and CAPA always. */
int mailproto__pop3_is_multi_line(uint32_t verb, int has_argument);

/* The capability of a CAPA line by its exact tag (RFC 2449 3, in any case), or -1;
 * `*params` what follows. UTF8 with USER among its parameters is UTF8; see params. */
int mailproto__pop3_cap_parse(mailproto_bytes line, mailproto_bytes *params);

/* The tag of a capability; "UTF8" for both of UTF8's. */
const char *mailproto__pop3_cap_name(uint32_t cap);

/* The name of a response code (MAILPROTO_POP3_RESP_...), "SYS/TEMP" for example; "" for
 * NONE. And the code of a name, in any case; NONE when it is not known. */
const char *mailproto__pop3_resp_name(uint32_t resp);
uint32_t mailproto__pop3_resp_find(mailproto_bytes name);

/* ---- command lines: syntax_command.c (RFC 1939 3 to 7, 9) --------------------------- */

struct mailproto__pop3_command {
    uint32_t verb;            /* MAILPROTO_POP3_VERB_... */
    uint32_t message;         /* its number, or 0: none was given */
    uint64_t lines;           /* TOP */
    mailproto_bytes line;     /* all of it, without CRLF */
    mailproto_bytes argument; /* all behind the verb and one blank */
    mailproto_bytes name;     /* USER, APOP: the mailbox; AUTH: the mechanism */
    mailproto_bytes digest;   /* APOP: 32 hexadecimal digits, lower case (RFC 1939 7) */
    mailproto_bytes initial;  /* AUTH: base64 as sent; ptr NULL: none */
};

/* What is wrong with a command line. */
enum mailproto__pop3_fault {
    MAILPROTO__POP3_GOOD,
    MAILPROTO__POP3_BAD_LINE, /* an octet that no command may hold: CR, LF, NUL, other
                                    controls; above 127 where UTF-8 is not allowed */
    MAILPROTO__POP3_BAD_ARGUMENT, /* too few, too many, or not of the grammar */
    MAILPROTO__POP3_BAD_NUMBER    /* no message number: 0, signs, over 32 bits; TOP's
                                    lines: over 64 bits */
};

/*
 * Parses a line. `utf8` 1: USER, PASS and APOP may hold UTF-8 (RFC 6856 2.2). PASS takes
 * all behind its blank, blanks included (RFC 1939 7). Blanks behind other commands and
 * their arguments are passed over. `*at` is the offset of the fault.
 */
enum mailproto__pop3_fault
mailproto__pop3_command_parse(mailproto_bytes line, int utf8,
                              struct mailproto__pop3_command *out, size_t *at);

/* ---- replies: syntax_reply.c (RFC 1939 3, RFC 2449 8) -------------------------------- */

struct mailproto__pop3_reply_line {
    uint32_t code;             /* MAILPROTO_POP3_OK, MAILPROTO_POP3_ERR */
    uint32_t resp;             /* MAILPROTO_POP3_RESP_... */
    mailproto_bytes rest;      /* all behind the indicator and one blank */
    mailproto_bytes resp_text; /* between the brackets; ptr NULL: none */
    mailproto_bytes text;      /* what follows them */
};

/* OK, or ERR_SYNTAX with `*at`: `+OK` and `-ERR` in capitals, then a blank or the end
 * (RFC 1939 3). Octets above 127 and TAB pass in the text; NUL, CR, LF do not. */
mailproto_status mailproto__pop3_reply_parse(mailproto_bytes line,
                                             struct mailproto__pop3_reply_line *out,
                                             size_t *at);

/* "n octets ..." (scan listing, RFC 1939 5): also STAT's, where n may be 0. OK or
 * ERR_SYNTAX; anything may follow the second number behind a blank. */
mailproto_status mailproto__pop3_scan_parse(mailproto_bytes text, uint32_t *n,
                                            uint64_t *octets);

/* "n unique-id" (RFC 1939 7): 1 to 70 octets from 0x21 to 0x7E; `lenient` 1: any length
 * from 1 on, as servers exceed it. OK or ERR_SYNTAX. */
mailproto_status mailproto__pop3_uid_parse(mailproto_bytes text, int lenient,
                                           uint32_t *n, mailproto_bytes *uid);

/* 1 to 70 octets from 0x21 to 0x7E. */
int mailproto__pop3_is_uid(mailproto_bytes uid);

/* A msg-id as APOP's timestamp (RFC 822 4.6.1, CVE-2007-1558): `<`, something, `@`,
 * something, `>`, printable ASCII without blanks or further brackets. Finds the first
 * such in a greeting's text; empty: none. */
mailproto_bytes mailproto__pop3_find_stamp(mailproto_bytes text);
int mailproto__pop3_is_stamp(mailproto_bytes text);

#endif /* MAILPROTO_POP3_SYNTAX_H */
