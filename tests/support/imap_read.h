/*
 * A small reader of IMAP responses (RFC 9051 9) for tests, written without the library:
 * what it reads must be what the server was given to say.
 */
#ifndef TEST_IMAP_READ_H
#define TEST_IMAP_READ_H

#include <stddef.h>

enum imap_read_kind {
    IMAP_READ_ATOM,     /* a run of octets that is neither of the others; NIL too */
    IMAP_READ_STRING,   /* quoted or a literal: its octets */
    IMAP_READ_LITERAL8, /* the same, announced with `~` */
    IMAP_READ_OPEN,     /* `(` or `[` */
    IMAP_READ_CLOSE,    /* `)` or `]` */
    IMAP_READ_TEXT      /* the words of OK and its likes */
};

struct imap_read_token {
    enum imap_read_kind kind;
    int space; /* a blank stands before it */
    const char *at;
    size_t len;
};

enum { IMAP_READ_TOKENS = 4096, IMAP_READ_ARENA = 262144 };

struct imap_read {
    int utf8; /* in: UTF-8 may stand in quoted strings and in text */
    struct imap_read_token tokens[IMAP_READ_TOKENS];
    size_t count;
    const char *fault; /* what was wrong, static text */
    char arena[IMAP_READ_ARENA];
    size_t used;
};

/* Reads one response from its first octet up to its CRLF; how many octets, or 0: it is
 * none, see `fault`. */
size_t imap_read_response(struct imap_read *r, const char *data, size_t len);

/* Whether token `i` is there and has these octets. */
int imap_read_is(const struct imap_read *r, size_t i, const char *octets, size_t len);

/* Whether all of the octets are whole responses; how many, or -1. */
int imap_read_all(struct imap_read *r, const char *data, size_t len);

#endif /* TEST_IMAP_READ_H */
