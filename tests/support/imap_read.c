/*
 * The reader of responses: tokens off the octets, strictly. Knows RFC 9051 9; must not know
 * the library.
 */
#include "imap_read.h"

#include <string.h>

struct input {
    const unsigned char *at, *end;
};

static int fault(struct imap_read *r, const char *what)
{
    r->fault = what;
    return 0;
}

static int is_utf8(const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        unsigned n = *at < 0x80                   ? 0
                     : *at >= 0xC2 && *at <= 0xDF ? 1
                     : (*at & 0xF0) == 0xE0       ? 2
                     : *at >= 0xF0 && *at <= 0xF4 ? 3
                                                  : 9;
        if (n == 9 || (size_t)(end - at) <= n) {
            return 0;
        }
        if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] > 0x9F) ||
            (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] > 0x8F)) {
            return 0;
        }
        for (at++; n > 0; n--, at++) {
            if ((*at & 0xC0) != 0x80) {
                return 0;
            }
        }
    }
    return 1;
}

static struct imap_read_token *token(struct imap_read *r, enum imap_read_kind kind,
                                     int space, const void *at, size_t len)
{
    struct imap_read_token *t;
    if (r->count == IMAP_READ_TOKENS) {
        (void)fault(r, "too many tokens");
        return NULL;
    }
    t = &r->tokens[r->count];
    r->count++;
    t->kind = kind;
    t->space = space;
    t->at = (const char *)at;
    t->len = len;
    return t;
}

/* Behind the opening quote. */
static int read_quoted(struct imap_read *r, struct input *in, int space)
{
    char *to = r->arena + r->used;
    size_t n = 0;
    for (;;) {
        unsigned char c;
        if (in->at == in->end || r->used + n == IMAP_READ_ARENA) {
            return fault(r, "a quoted string without an end");
        }
        c = *in->at++;
        if (c == '"') {
            break;
        }
        if (c == '\\') {
            if (in->at == in->end || (*in->at != '"' && *in->at != '\\')) {
                return fault(r, "a backslash before what needs none");
            }
            c = *in->at++;
        }
        if (c == '\r' || c == '\n' || c == '\0' || (c > 127 && !r->utf8)) {
            return fault(r, "an octet that cannot be quoted");
        }
        to[n++] = (char)c;
    }
    if (!is_utf8((unsigned char *)to, (unsigned char *)to + n)) {
        return fault(r, "no UTF-8 in quotes");
    }
    r->used += n;
    return token(r, IMAP_READ_STRING, space, to, n) != NULL;
}

/* Behind the brace. */
static int read_literal(struct imap_read *r, struct input *in, int space, int binary)
{
    size_t size = 0;
    const unsigned char *digits = in->at;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9') {
        size = size * 10 + (size_t)(*in->at++ - '0');
    }
    if (in->at == digits || in->end - in->at < 3 || memcmp(in->at, "}\r\n", 3) != 0) {
        return fault(r, "no announcement of a literal");
    }
    in->at += 3;
    if ((size_t)(in->end - in->at) < size) {
        return fault(r, "a literal is cut");
    }
    if (!binary && memchr(in->at, '\0', size) != NULL) {
        return fault(r, "NUL in a literal");
    }
    in->at += size;
    return token(r, binary ? IMAP_READ_LITERAL8 : IMAP_READ_STRING, space,
                 in->at - size, size) != NULL;
}

static int is_atom_octet(unsigned char c)
{
    return c > 32 && c < 127 && strchr("(){[]\"", c) == NULL;
}

static int read_token(struct imap_read *r, struct input *in, int space)
{
    const unsigned char *begin = in->at;
    unsigned char c = *in->at;
    if (c == '(' || c == '[') {
        in->at++;
        return token(r, IMAP_READ_OPEN, space, begin, 1) != NULL;
    }
    if (c == ')' || c == ']') {
        in->at++;
        if (space) {
            return fault(r, "a blank before a closing bracket");
        }
        return token(r, IMAP_READ_CLOSE, 0, begin, 1) != NULL;
    }
    if (c == '"') {
        in->at++;
        return read_quoted(r, in, space);
    }
    if (c == '{') {
        in->at++;
        return read_literal(r, in, space, 0);
    }
    if (c == '~' && in->end - in->at > 1 && in->at[1] == '{') {
        in->at += 2;
        return read_literal(r, in, space, 1);
    }
    while (in->at < in->end && is_atom_octet(*in->at)) {
        in->at++;
    }
    if (in->at == begin) {
        return fault(r, "an octet that stands nowhere");
    }
    return token(r, IMAP_READ_ATOM, space, begin, (size_t)(in->at - begin)) != NULL;
}

/* Words up to CRLF. */
static int read_text(struct imap_read *r, struct input *in)
{
    const unsigned char *begin = in->at;
    while (in->at < in->end && *in->at != '\r' && *in->at != '\n') {
        if (*in->at == '\0' || (*in->at > 127 && !r->utf8)) {
            return fault(r, "an octet that cannot be in text");
        }
        in->at++;
    }
    if (in->at == begin || !is_utf8(begin, in->at)) {
        return fault(r, "no text");
    }
    return token(r, IMAP_READ_TEXT, 1, begin, (size_t)(in->at - begin)) != NULL;
}

static int is_status(const struct imap_read_token *t)
{
    static const char *const words[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
    size_t i;
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (t->kind == IMAP_READ_ATOM && t->len == strlen(words[i]) &&
            memcmp(t->at, words[i], t->len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether the words begin here: behind OK and its like, or behind its code. */
static int text_begins(const struct imap_read *r, const struct input *in, int depth)
{
    if (r->count < 2 || depth > 0 || !is_status(&r->tokens[1])) {
        return 0;
    }
    return r->count > 2 || in->at == in->end || *in->at != '[';
}

size_t imap_read_response(struct imap_read *r, const char *data, size_t len)
{
    struct input in;
    int depth = 0;
    in.at = (const unsigned char *)data;
    in.end = in.at + len;
    r->count = 0;
    r->used = 0;
    r->fault = "";
    for (;;) {
        int space = 0;
        if (in.end - in.at >= 2 && in.at[0] == '\r' && in.at[1] == '\n') {
            break;
        }
        if (in.at < in.end && *in.at == ' ') {
            space = 1;
            in.at++;
        }
        if (in.at == in.end || *in.at == ' ') {
            return (size_t)fault(r, "blanks, or no end");
        }
        if (space && text_begins(r, &in, depth)) {
            if (!read_text(r, &in)) {
                return 0;
            }
            continue;
        }
        if (r->count > 0 && !space && depth == 0 && *in.at != '[' && *in.at != '<' &&
            r->tokens[r->count - 1].kind != IMAP_READ_CLOSE) {
            return (size_t)fault(r, "a blank is missing");
        }
        if (!read_token(r, &in, space)) {
            return 0;
        }
        if (r->tokens[r->count - 1].kind == IMAP_READ_OPEN) {
            depth++;
        } else if (r->tokens[r->count - 1].kind == IMAP_READ_CLOSE && --depth < 0) {
            return (size_t)fault(r, "a bracket that was not opened");
        }
    }
    if (depth != 0 || r->count == 0) {
        return (size_t)fault(r, "a bracket is open");
    }
    return (size_t)(in.at + 2 - (const unsigned char *)data);
}

int imap_read_is(const struct imap_read *r, size_t i, const char *octets, size_t len)
{
    return i < r->count && r->tokens[i].len == len &&
           (len == 0 || memcmp(r->tokens[i].at, octets, len) == 0);
}

int imap_read_all(struct imap_read *r, const char *data, size_t len)
{
    int n = 0;
    while (len > 0) {
        size_t used = imap_read_response(r, data, len);
        if (used == 0) {
            return -1;
        }
        data += used;
        len -= used;
        n++;
    }
    return n;
}
