/*
 * Patterns of LIST (RFC 9051 6.3.9) against names. Knows the two wildcards, the delimiter
 * and INBOX; must not know mailboxes.
 */
#include <mailproto/imap.h>

#include "core/mem.h"

/*
 * All places in the pattern where the match can be are kept as bits, and each octet of the
 * name moves them on: so no pattern takes longer than its length times the name's. A name
 * that long is none, and does not match.
 */
enum { PLACES = 4096, WORD = 64 };

struct places {
    uint64_t bits[PLACES / WORD];
    size_t words; /* that are in use */
};

static int is_wildcard(char c)
{
    return c == '*' || c == '%';
}

/* Adds a place, and those behind wildcards that may be nothing: up to one that is there
 * already, and so has brought its own. */
static void add(struct places *p, mailproto_bytes pattern, size_t at)
{
    for (;; at++) {
        uint64_t *word = &p->bits[at / WORD];
        uint64_t bit = UINT64_C(1) << at % WORD;
        if (*word & bit) {
            return;
        }
        *word |= bit;
        if (at == pattern.len || !is_wildcard(pattern.ptr[at])) {
            return;
        }
    }
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Moves one place over an octet. */
static void move(struct places *p, mailproto_bytes pattern, size_t at, char c,
                 int is_delimiter, int nocase)
{
    char want;
    if (at == pattern.len) {
        return;
    }
    want = pattern.ptr[at];
    if (want == '*' || (want == '%' && !is_delimiter)) {
        add(p, pattern, at);
    } else if (!is_wildcard(want) &&
               (want == c || (nocase && lower(want) == lower(c)))) {
        add(p, pattern, at + 1);
    }
}

/* Moves all places over an octet; 0: none is left. */
static int step(struct places *p, mailproto_bytes pattern, char c, int is_delimiter,
                int nocase)
{
    int any = 0;
    size_t i;
    /* From the last one on, for a move goes to where all have been moved already. */
    for (i = p->words; i > 0; i--) {
        uint64_t word = p->bits[i - 1];
        size_t bit = i == p->words ? pattern.len % WORD + 1 : (size_t)WORD;
        p->bits[i - 1] = 0;
        while (word != 0) {
            bit--;
            if (word >> bit & 1U) {
                word &= ~(UINT64_C(1) << bit);
                move(p, pattern, (i - 1) * WORD + bit, c, is_delimiter, nocase);
            }
        }
    }
    for (i = 0; i < p->words; i++) {
        any |= p->bits[i] != 0;
    }
    return any;
}

/* How many octets of the name are INBOX, alone or as its first level. */
static size_t inbox_length(mailproto_bytes name, int delimiter)
{
    static const char inbox[] = "inbox";
    size_t i;
    if (name.len < 5 ||
        (name.len > 5 && (delimiter == 0 || (unsigned char)name.ptr[5] != delimiter))) {
        return 0;
    }
    for (i = 0; i < 5; i++) {
        if (lower(name.ptr[i]) != inbox[i]) {
            return 0;
        }
    }
    return 5;
}

/* Whether a place before the end is left: what follows can match something. */
static int has_rest(const struct places *p, mailproto_bytes pattern)
{
    size_t i;
    for (i = 0; i < pattern.len; i++) {
        if (p->bits[i / WORD] >> i % WORD & 1U) {
            return 1;
        }
    }
    return 0;
}

int mailproto_imap_list_match(mailproto_bytes pattern, mailproto_bytes name,
                              int delimiter)
{
    struct places p;
    size_t inbox = inbox_length(name, delimiter);
    size_t i;
    if (pattern.len >= PLACES) {
        return 0;
    }
    p.words = pattern.len / WORD + 1;
    memset(p.bits, 0, p.words * sizeof p.bits[0]);
    add(&p, pattern, 0);
    for (i = 0; i < name.len; i++) {
        int is_delimiter = delimiter != 0 && (unsigned char)name.ptr[i] == delimiter;
        if (!step(&p, pattern, name.ptr[i], is_delimiter, i < inbox)) {
            return 0;
        }
    }
    if (p.bits[pattern.len / WORD] >> pattern.len % WORD & 1U) {
        return 1;
    }
    if (delimiter == 0) {
        return 0;
    }
    if ((name.len == 0 || (unsigned char)name.ptr[name.len - 1] != delimiter) &&
        !step(&p, pattern, (char)delimiter, 1, 0)) {
        return 0;
    }
    return has_rest(&p, pattern) ? 2 : 0;
}
