/*
 * Commands made of a fuzzer's octets: text as it is, commands of the grammar, templates,
 * with octets changed. Knows no session.
 */
#ifndef FUZZ_IMAP_MAKE_H
#define FUZZ_IMAP_MAKE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "imap_generate.h"

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
            abort();                                                                   \
        }                                                                              \
    } while (0)

struct octets {
    char *at;
    size_t len, cap;
};

static inline void octets_add(struct octets *o, const void *data, size_t len)
{
    if (o->len + len > o->cap) {
        o->cap = 2 * (o->len + len) + 256;
        o->at = (char *)realloc(o->at, o->cap);
        CHECK(o->at != NULL);
    }
    if (len > 0) {
        memcpy(o->at + o->len, data, len);
        o->len += len;
    }
}

/* Whether what follows has to wait for the answer. */
static inline int fuzz_stands_alone(const char *unit, size_t len)
{
    static const char *const words[] = {"idle", "auth", "starttls", "logout", "append"};
    size_t i;
    size_t k;
    for (i = 0; i < len; i++) {
        for (k = 0; k < sizeof words / sizeof words[0]; k++) {
            size_t n = 0;
            while (words[k][n] != '\0' && i + n < len &&
                   (unit[i + n] | 0x20) == words[k][n]) {
                n++;
            }
            if (words[k][n] == '\0') {
                return 1;
            }
        }
    }
    return 0;
}

/* The input as commands. */
struct fuzz_input {
    const uint8_t *at, *end;
};

static inline uint32_t fuzz_octet(struct fuzz_input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static const char *const fuzz_templates[] = {
    "NOOP",
    "LOGIN fred secret",
    "LOGIN {4}\r\nfred {6+}\r\nsecret",
    "SELECT inbox",
    "SELECT inbox (QRESYNC (7 9 1:5 (1,2 3,4)))",
    "EXAMINE \"a box\" (CONDSTORE)",
    "ENABLE CONDSTORE QRESYNC IMAP4rev2",
    "FETCH 1:* (FLAGS UID BODY.PEEK[HEADER.FIELDS (From {2+}\r\nTo)])",
    "UID FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY[]<3.40> BINARY[1])",
    "FETCH 1,2 (RFC822 RFC822.SIZE INTERNALDATE MODSEQ) (CHANGEDSINCE 3)",
    "STORE 1:2 +FLAGS.SILENT (\\Seen $x)",
    "UID STORE 1:9 (UNCHANGEDSINCE 4) FLAGS \\Deleted",
    "SEARCH RETURN (MIN COUNT SAVE) UNSEEN SUBJECT \"x\"",
    "UID SEARCH OR (FROM {3+}\r\nbob SINCE 1-Jan-2026) NOT UID $",
    "COPY 1:3 {5}\r\nTrash",
    "UID MOVE 2 Archive",
    "EXPUNGE",
    "UID EXPUNGE 1:5",
    "APPEND x (\\Seen) \"01-Jan-2026 10:00:00 +0100\" {12+}\r\nA: b\r\n\r\ntext",
    "APPEND x {12}\r\nA: b\r\n\r\ntext {5+}\r\nthree",
    "APPEND x ~{4+}\r\na\\\"b UTF8 (~{3+}\r\nabc)",
    "LIST (SUBSCRIBED) \"\" (\"*\" %) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))",
    "LSUB \"\" *",
    "STATUS {9+}\r\n&ZeVnLIqe (MESSAGES UIDNEXT)",
    "CREATE \"new &- box\" (USE (\\Sent))",
    "DELETE x",
    "RENAME a {1}\r\nb",
    "SUBSCRIBE x",
    "NAMESPACE",
    "ID (\"name\" {3+}\r\nabc \"x\" NIL)",
    "CAPABILITY",
    "CHECK",
    "CLOSE",
    "UNSELECT",
    "IDLE",
    "AUTHENTICATE PLAIN",
    "AUTHENTICATE PLAIN AGEAYg==",
    "STARTTLS",
    "LOGOUT",
    "XYZZY \"a {3}\" (b",
    "FETCH 1 BODY[HEADER.FIELDS ({2000+}\r\n",
    "SEARCH TEXT {2900}\r\nlong"};
enum { FUZZ_TEMPLATES = sizeof fuzz_templates / sizeof fuzz_templates[0] };

/* The next command of the input; whether its tag may have been changed. */
static inline int fuzz_make(struct fuzz_input *in, struct octets *unit, uint32_t op,
                            unsigned number, uint32_t enabled)
{
    static struct imap_generator g;
    char tag[32];
    const char *text;
    uint32_t n;
    uint32_t wild = (op & 0xc0U) == 0xc0U;
    unit->len = 0;
    (void)snprintf(tag, sizeof tag, wild ? "w%u " : "good%u ", number);
    octets_add(unit, tag, strlen(tag));
    switch (op & 3U) {
    case 0:
        for (n = fuzz_octet(in) % 100; n > 0; n--) {
            char c = (char)fuzz_octet(in);
            octets_add(unit, c == '\n' ? "\r\n" : &c, c == '\n' ? 2 : 1);
        }
        break;
    case 1:
        g.random = (uint64_t)fuzz_octet(in) << 8;
        g.random |= fuzz_octet(in);
        g.enabled = enabled;
        imap_generate(&g, 1 + fuzz_octet(in) % (MAILPROTO_IMAP_COMMANDS - 1));
        octets_add(unit, g.unit.data + g.model.tag.len + 1,
                   g.unit.len - g.model.tag.len - 1);
        break;
    default:
        text = fuzz_templates[fuzz_octet(in) % FUZZ_TEMPLATES];
        octets_add(unit, text, strlen(text));
        break;
    }
    if (unit->len < 2 || memcmp(unit->at + unit->len - 2, "\r\n", 2) != 0) {
        octets_add(unit, "\r\n", 2);
    }
    for (n = wild ? 1 : op >> 6; n > 0; n--) {
        size_t from = wild ? 0 : strlen(tag);
        size_t place = fuzz_octet(in) | fuzz_octet(in) << 8;
        unit->at[from + place % (unit->len - from)] = (char)fuzz_octet(in);
    }
    octets_add(unit, "\r\n", 2); /* whatever became of the other one */
    return wild != 0;
}

#endif /* FUZZ_IMAP_MAKE_H */
