/*
 * Written from the RFCs and not from the library, which it must not call: what both get
 * wrong, no comparison of the two can find.
 */
#include "naive.h"

#include <string.h>

#include <mailproto/base.h>

#include "wire/dot.h"

/* Whether a line that CRLF ended, or everything, begins at `i`. */
static int line_begins(const char *text, size_t i)
{
    return i == 0 || (i >= 2 && text[i - 2] == '\r' && text[i - 1] == '\n');
}

static int is_at(const char *text, size_t len, size_t i, const char *what)
{
    size_t n = strlen(what);
    return len - i >= n && memcmp(text + i, what, n) == 0;
}

struct naive_content naive_undot(const char *wire, size_t len, unsigned policy,
                                 char *out)
{
    struct naive_content r;
    size_t end = len;
    size_t i;
    memset(&r, 0, sizeof r);
    r.used = len;
    for (i = 0; i < len; i++) {
        if (line_begins(wire, i) && is_at(wire, len, i, ".\r\n")) {
            r.ended = 1;
            r.used = i + 3;
            end = i;
            break;
        }
    }
    if (!r.ended && len >= 2 && line_begins(wire, len - 2) &&
        is_at(wire, len, len - 2, ".\r")) {
        end = len - 2; /* may become the end mark */
    }
    for (i = 0; i < end; i++) {
        char c = wire[i];
        int bare = (c == '\n' && (i == 0 || wire[i - 1] != '\r')) ||
                   (c == '\r' && i + 1 < len && wire[i + 1] != '\n');
        if (c == '.' && line_begins(wire, i)) {
            continue;
        }
        r.seen |= bare ? MAILPROTO__DOT_BARE : 0U;
        r.seen |= c == '\0' ? MAILPROTO__DOT_NUL : 0U;
        if (!r.bad && ((bare && policy == MAILPROTO__REFUSE) ||
                       (c == '\0' && policy != MAILPROTO__PASS))) {
            r.bad = 1;
            r.bad_offset = i;
        }
        if (bare && policy == MAILPROTO__REPAIR) {
            r.seen |= MAILPROTO__DOT_REPAIRED;
            out[r.len++] = '\r';
            out[r.len++] = '\n';
        } else {
            out[r.len++] = c;
        }
    }
    return r;
}

struct naive_content naive_stuff(const char *content, size_t len, unsigned policy,
                                 char *out)
{
    struct naive_content r;
    int at_start = 1; /* a line of the wire begins */
    size_t i;
    memset(&r, 0, sizeof r);
    for (i = 0; i < len; i++) {
        char c = content[i];
        if (is_at(content, len, i, "\r\n")) {
            out[r.len++] = '\r';
            out[r.len++] = '\n';
            at_start = 1;
            i++;
        } else if (c == '\r' || c == '\n') {
            r.seen |= MAILPROTO__DOT_BARE;
            if (policy == MAILPROTO__REFUSE) {
                /* A CR that ends the input is refused when the end is known. */
                r.refused = MAILPROTO_ERR_BARE_LINE_END;
                r.used = c == '\r' && i + 1 == len ? len : i;
                return r;
            }
            if (policy == MAILPROTO__REPAIR) {
                r.seen |= MAILPROTO__DOT_REPAIRED;
                out[r.len++] = '\r';
                out[r.len++] = '\n';
            } else {
                out[r.len++] = c;
            }
            at_start = policy == MAILPROTO__REPAIR;
        } else {
            if (c == '\0') {
                r.seen |= MAILPROTO__DOT_NUL;
                if (policy != MAILPROTO__PASS) {
                    r.refused = MAILPROTO_ERR_NUL;
                    r.used = i;
                    return r;
                }
            }
            if (c == '.' && at_start) {
                out[r.len++] = '.';
            }
            out[r.len++] = c;
            at_start = 0;
        }
    }
    if (!at_start) {
        r.seen |= MAILPROTO__DOT_REPAIRED;
        out[r.len++] = '\r';
        out[r.len++] = '\n';
    }
    memcpy(out + r.len, ".\r\n", 3);
    r.len += 3;
    r.used = len;
    return r;
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bit `i` of a text of octets, the highest of each first; behind the end 0. */
static unsigned bit_of(const unsigned char *in, size_t len, size_t i)
{
    return i / 8 < len ? (unsigned)(in[i / 8] >> (7 - i % 8)) & 1U : 0U;
}

size_t naive_base64_encode(const unsigned char *in, size_t len, int lines, char *out)
{
    size_t put = 0;
    size_t column = 0;
    size_t bit;
    for (bit = 0; bit < len * 8; bit += 6) {
        unsigned value = 0;
        unsigned k;
        for (k = 0; k < 6; k++) {
            value = value << 1 | bit_of(in, len, bit + k);
        }
        if (lines && column == 76) {
            memcpy(out + put, "\r\n", 2);
            put += 2;
            column = 0;
        }
        out[put++] = alphabet[value];
        column++;
    }
    while (column % 4 != 0) {
        out[put++] = '=';
        column++;
    }
    if (lines && column > 0) {
        memcpy(out + put, "\r\n", 2);
        put += 2;
    }
    return put;
}

long naive_base64_decode(const char *in, size_t len, unsigned char *out)
{
    size_t chars = len;
    size_t put = 0;
    size_t bits;
    size_t i;
    unsigned rest = 0;
    if (len % 4 != 0) {
        return -1;
    }
    while (chars > 0 && len - chars < 2 && in[chars - 1] == '=') {
        chars--;
    }
    for (i = 0, bits = 0; i < chars; i++) {
        const char *found = (const char *)memchr(alphabet, in[i], 64);
        if (found == NULL) {
            return -1;
        }
        rest = rest << 6 | (unsigned)(found - alphabet);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[put++] = (unsigned char)(rest >> bits);
            rest &= (1U << bits) - 1U;
        }
    }
    return rest == 0 ? (long)put : -1;
}
