/*
 * Modified UTF-7 and patterns of LIST: what decodes is the only form of what it decodes
 * to, what encodes comes back; a name matches itself.
 *
 * Input: the text; up to the first NUL it is the pattern for the rest.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/imap.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static char *allocate(size_t size)
{
    char *mem = (char *)malloc(size > 0 ? size : 1);
    CHECK(mem != NULL);
    return mem;
}

static void decode(mailproto_bytes wire)
{
    size_t cap = MAILPROTO_IMAP_NAME_MAX(wire.len);
    char *utf8 = allocate(cap);
    char *again = allocate(cap * 4 + 1);
    mailproto_bytes b;
    size_t n = 0;
    size_t m = 0;
    mailproto_status status = mailproto_imap_utf7_decode(wire, utf8, cap, &n);
    CHECK(status == MAILPROTO_OK || status == MAILPROTO_ERR_SYNTAX);
    if (status == MAILPROTO_OK) {
        CHECK(n <= cap);
        b.ptr = utf8;
        b.len = n;
        CHECK(mailproto_imap_utf7_encode(b, again, cap * 4 + 1, &m) == MAILPROTO_OK);
        CHECK(m == wire.len && (m == 0 || memcmp(again, wire.ptr, m) == 0));
    } else {
        CHECK(n <= wire.len);
    }
    free(utf8);
    free(again);
}

static void encode(mailproto_bytes utf8)
{
    size_t cap = utf8.len * 4 + 1;
    char *wire = allocate(cap);
    char *again = allocate(MAILPROTO_IMAP_NAME_MAX(cap));
    mailproto_bytes b;
    size_t n = 0;
    size_t m = 0;
    mailproto_status status = mailproto_imap_utf7_encode(utf8, wire, cap, &n);
    CHECK(status == MAILPROTO_OK || status == MAILPROTO_ERR_SYNTAX);
    if (status == MAILPROTO_OK) {
        b.ptr = wire;
        b.len = n;
        CHECK(mailproto_imap_utf7_decode(b, again, MAILPROTO_IMAP_NAME_MAX(n), &m) ==
              MAILPROTO_OK);
        CHECK(m == utf8.len && (m == 0 || memcmp(again, utf8.ptr, m) == 0));
    } else {
        CHECK(n < utf8.len);
    }
    free(wire);
    free(again);
}

static void name(mailproto_bytes raw, uint32_t flags)
{
    mailproto_imap_string s;
    mailproto_bytes out;
    uint32_t raw_flag;
    size_t cap = MAILPROTO_IMAP_NAME_MAX(raw.len);
    char *buf = allocate(cap);
    memset(&s, 0, sizeof s);
    s.form = MAILPROTO_IMAP_QUOTED;
    s.flags = flags;
    s.raw = raw;
    CHECK(mailproto_imap_name_get(&s, buf, cap, &out, &raw_flag) == MAILPROTO_OK);
    CHECK(out.len <= cap);
    CHECK(raw_flag <= 1);
    free(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = allocate(size);
    mailproto_bytes all;
    mailproto_bytes pattern;
    mailproto_bytes rest;
    const char *nul;
    int match;
    memcpy(copy, data, size);
    all.ptr = copy;
    all.len = size;
    decode(all);
    encode(all);
    name(all, MAILPROTO_IMAP_MUTF7);
    name(all, MAILPROTO_IMAP_MUTF7 | MAILPROTO_IMAP_ESCAPED);
    name(all, MAILPROTO_IMAP_ESCAPED);
    nul = size > 0 ? (const char *)memchr(copy, 0, size) : NULL;
    pattern = all;
    pattern.len = nul != NULL ? (size_t)(nul - copy) : size;
    rest.ptr = nul != NULL ? nul + 1 : copy + size;
    rest.len = size - pattern.len - (nul != NULL ? 1 : 0);
    match = mailproto_imap_list_match(pattern, rest, '/');
    CHECK(match >= 0 && match <= 2);
    CHECK(mailproto_imap_list_match(rest, pattern, 0) != 2);
    if (all.len < 4096) {
        CHECK(mailproto_imap_list_match(all, all, '/') == 1);
    }
    free(copy);
    return 0;
}
