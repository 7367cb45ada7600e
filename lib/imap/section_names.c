/*
 * The names of HEADER.FIELDS (RFC 9051 6.4.5.1): is a field among them? Knows strings of a
 * command; must not know headers.
 *
 * A header may have a field every few octets and the list 128 names that are like theirs,
 * so the list is not walked for a field: names that the library knows are bits, others
 * stand in a sorted table.
 */
#include "imap/section.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "message/split_name.h"

/* A name of the table: its octets as they were sent, and how many of them there are
 * without the backslashes of the quoting. */
struct entry {
    uint32_t at; /* from `base` on */
    uint16_t len;
    uint16_t escaped;
};

typedef char entries_fit[sizeof(struct entry) * MAILPROTO_IMAP_FIELDS_MAX <=
                                 MAILPROTO__SECTION_NAMES
                             ? 1
                             : -1];

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return mailproto__is(u, MAILPROTO__ALPHA) ? (unsigned char)(u | 0x20U) : u;
}

static uint64_t known_bit(mailproto_bytes name)
{
    uint32_t field = mailproto_field_find(name);
    return field != MAILPROTO_FIELD_OTHER && field < 64 ? UINT64_C(1) << field : 0;
}

static uint64_t other_bit(size_t len, unsigned char first)
{
    return UINT64_C(1) << ((len * 7U + first) & 63U);
}

/* Length without backslashes; 0: it can be the name of no field. */
static size_t plain_length(const mailproto_imap_string *s)
{
    size_t len = 0;
    size_t i;
    if (s->form == MAILPROTO_IMAP_NIL || s->form == MAILPROTO_IMAP_EXTERNAL ||
        s->raw.len > (size_t)2 * MAILPROTO__NAME_MAX) {
        return 0;
    }
    if (!(s->flags & MAILPROTO_IMAP_ESCAPED)) {
        return s->raw.len;
    }
    for (i = 0; i < s->raw.len; i++) {
        i += s->raw.ptr[i] == '\\';
        len++;
    }
    return i == s->raw.len ? len : 0;
}

/* Shorter ones first, then by their octets in lower case. */
static int compare(const char *a, const struct entry *x, const char *b,
                   const struct entry *y)
{
    size_t i;
    if (x->len != y->len) {
        return x->len < y->len ? -1 : 1;
    }
    for (i = 0; i < x->len; i++) {
        unsigned char p;
        unsigned char q;
        a += x->escaped && *a == '\\';
        b += y->escaped && *b == '\\';
        p = lower(*a++);
        q = lower(*b++);
        if (p != q) {
            return p < q ? -1 : 1;
        }
    }
    return 0;
}

static struct entry entry_at(const struct mailproto__section_names *names, size_t i)
{
    struct entry e; /* the table may have any alignment */
    memcpy(&e, names->table + i * sizeof e, sizeof e);
    return e;
}

/* Where in the table a name stands, or should. */
static size_t find(const struct mailproto__section_names *names, const char *name,
                   const struct entry *wanted, int *found)
{
    size_t low = 0;
    size_t high = names->count;
    *found = 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        struct entry e = entry_at(names, middle);
        int order = compare(names->base + e.at, &e, name, wanted);
        if (order == 0) {
            *found = 1;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* 0: there are too many. */
static int add(struct mailproto__section_names *names, const mailproto_imap_string *s,
               size_t len)
{
    struct entry e;
    size_t at;
    int found;
    unsigned escaped = (s->flags & MAILPROTO_IMAP_ESCAPED) != 0;
    e.at = (uint32_t)(s->raw.ptr - names->base);
    e.len = (uint16_t)len;
    e.escaped = (uint16_t)escaped;
    at = find(names, s->raw.ptr, &e, &found);
    if (found) {
        return 1;
    }
    if (names->count == MAILPROTO_IMAP_FIELDS_MAX) {
        return 0;
    }
    memmove(names->table + (at + 1) * sizeof e, names->table + at * sizeof e,
            (names->count - at) * sizeof e);
    memcpy(names->table + at * sizeof e, &e, sizeof e);
    names->count++;
    names->others |=
        other_bit(len, lower(s->raw.ptr[escaped && s->raw.ptr[0] == '\\']));
    return 1;
}

mailproto_status mailproto__section_names_begin(struct mailproto__section_names *names,
                                                mailproto_imap_cursor list, int except,
                                                char *table)
{
    mailproto_imap_string s;
    memset(names, 0, sizeof *names);
    names->table = table;
    names->except = (uint8_t)(except != 0);
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        size_t len = plain_length(&s);
        if (len == 0) {
            continue;
        }
        if (names->base == NULL) {
            names->base = s.raw.ptr;
        }
        if (known_bit(s.raw) != 0) {
            names->known |= known_bit(s.raw);
        } else if (!add(names, &s, len)) {
            return MAILPROTO_ERR_ARGUMENT;
        }
    }
    return MAILPROTO_OK;
}

static int is_listed(const struct mailproto__section_names *names, mailproto_bytes name)
{
    struct entry wanted;
    uint64_t known = known_bit(name);
    int found;
    if (known != 0) {
        return (known & names->known) != 0;
    }
    if (!(other_bit(name.len, lower(name.ptr[0])) & names->others)) {
        return 0;
    }
    wanted.at = 0;
    wanted.len = (uint16_t)name.len; /* at most MAILPROTO__NAME_MAX */
    wanted.escaped = 0;
    (void)find(names, name.ptr, &wanted, &found);
    return found;
}

int mailproto__section_wants(const struct mailproto__section_names *names,
                             mailproto_bytes name)
{
    return is_listed(names, name) != names->except;
}
