/*
 * Sets, names of fields and items of FETCH of random length at random places, each command
 * in memory of exactly its size: what is checked many octets at a time against readers
 * that go octet by octet. What a cursor gives is what was written, whichever way the
 * parser knows it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap.h>

enum { ROUNDS = 20000, ROOM = 4096, THINGS = 64 };

static uint64_t seed;

static unsigned below(unsigned n)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (unsigned)((seed * UINT64_C(2685821657736338717)) >> 33) % n;
}

/* ---- text ------------------------------------------------------------------------------- */

struct text {
    char octets[ROOM];
    size_t used;
};

static void add(struct text *t, const char *octets)
{
    size_t n = strlen(octets);
    assert_true(t->used + n < ROOM);
    memcpy(t->octets + t->used, octets, n);
    t->used += n;
}

static void begin(struct text *t, const char *command)
{
    unsigned n = 1 + below(20);
    t->used = 0;
    for (; n > 0; n--) {
        add(t, "a");
    }
    add(t, command);
}

/* Memory of its size, which the caller frees. */
static char *exact(const struct text *t)
{
    char *copy = (char *)malloc(t->used);
    assert_non_null(copy);
    memcpy(copy, t->octets, t->used);
    return copy;
}

static mailproto_status parse(const struct text *t, char *copy,
                              mailproto_imap_command *c, mailproto_imap_fault *fault)
{
    mailproto_bytes unit;
    unit.ptr = copy;
    unit.len = t->used;
    memset(c, 0, sizeof *c);
    c->struct_size = sizeof *c;
    return mailproto_imap_command_parse(unit, 0, c, fault);
}

/* ---- sets --------------------------------------------------------------------------------- */

static void add_number(struct text *t)
{
    static const char *const large[] = {"4294967295", "4294967294", "1000000000",
                                        "999999999",  "99999999",   "10000000"};
    char number[16];
    unsigned kind = below(16);
    if (kind == 0) {
        add(t, "*");
    } else if (kind == 1) {
        add(t, large[below(6)]);
    } else {
        (void)snprintf(number, sizeof number, "%u", 1 + below(1U << (1 + below(30))));
        add(t, number);
    }
}

static void add_set(struct text *t)
{
    unsigned n = 1 + below(below(4) == 0 ? 60 : 4);
    for (; n > 0; n--) {
        add_number(t);
        if (below(3) == 0) {
            add(t, ":");
            add_number(t);
        }
        add(t, n > 1 ? "," : "");
    }
}

/* What is at `at` as a number, or `*`; the first octet that cannot be. */
static int naive_number(const char **at, uint32_t *number)
{
    uint64_t n = 0;
    if (**at == '*') {
        *number = 0;
        ++*at;
        return 1;
    }
    if (**at < '1' || **at > '9') {
        return 0;
    }
    while (**at >= '0' && **at <= '9') {
        if (n * 10 + (uint64_t)(**at - '0') > UINT32_MAX) {
            return 0;
        }
        n = n * 10 + (uint64_t)(**at - '0');
        ++*at;
    }
    *number = (uint32_t)n;
    return 1;
}

/* RFC 9051 9, sequence-set and the SP behind it. */
static int naive_set(const char **at, mailproto_imap_range *ranges, unsigned *count)
{
    *count = 0;
    for (;;) {
        uint32_t low;
        uint32_t high;
        if (!naive_number(at, &low)) {
            return 0;
        }
        high = low;
        if (**at == ':') {
            ++*at;
            if (!naive_number(at, &high)) {
                return 0;
            }
        }
        if (high != 0 && (low == 0 || low > high)) {
            uint32_t swap = low;
            low = high;
            high = swap;
        }
        if (*count < THINGS) {
            ranges[*count].low = low;
            ranges[*count].high = high;
        }
        ++*count;
        if (**at != ',') {
            return **at == ' ';
        }
        ++*at;
    }
}

static void sets(void **state)
{
    static const char others[] = "0123456789:,*$ (";
    static struct text t;
    unsigned round;
    unsigned refused = 0;
    (void)state;
    seed = 1;
    for (round = 0; round < ROUNDS; round++) {
        mailproto_imap_range ranges[THINGS];
        mailproto_imap_range range;
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        const char *at;
        size_t set;
        unsigned count;
        unsigned i;
        int good;
        char *unit;
        begin(&t, " UID COPY ");
        set = t.used;
        add_set(&t);
        if (below(2) == 0) { /* one octet is another one */
            t.octets[set + below((unsigned)(t.used - set))] =
                others[below(sizeof others - 1)];
        }
        add(&t, below(2) == 0 ? " x\r\n"
                              : " \"a mailbox with a long name, to be sure\"\r\n");
        unit = exact(&t);
        at = unit + set;
        good = naive_set(&at, ranges, &count);
        if (unit[set] == '$' || (good && at[1] != 'x' && at[1] != '"')) {
            free(unit); /* `$`, or a SP came into the set */
            continue;
        }
        if (!good) {
            refused++;
            assert_int_equal(parse(&t, unit, &c, &fault), MAILPROTO_ERR_SYNTAX);
            assert_int_equal(fault.offset, at - unit);
            free(unit);
            continue;
        }
        assert_int_equal(parse(&t, unit, &c, &fault), MAILPROTO_OK);
        assert_true(count <= THINGS);
        for (i = 0; i < count; i++) {
            assert_int_equal(mailproto_imap_set_next(&c.set, &range), MAILPROTO_OK);
            assert_int_equal(range.low, ranges[i].low);
            assert_int_equal(range.high, ranges[i].high);
        }
        assert_int_equal(mailproto_imap_set_next(&c.set, &range), MAILPROTO_EOF);
        assert_int_equal(mailproto_imap_set_next(&c.set, &range), MAILPROTO_EOF);
        free(unit);
    }
    assert_true(refused > ROUNDS / 10);
    assert_true(refused < ROUNDS / 2);
}

/* ---- names of fields ----------------------------------------------------------------------- */

struct names {
    size_t at[MAILPROTO_IMAP_FIELDS_MAX], len[MAILPROTO_IMAP_FIELDS_MAX];
    unsigned count;
};

static void add_name(struct text *t, struct names *n, int quoted)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUV_]";
    unsigned len = 1 + below(below(8) == 0 ? 70 : 12);
    char letter[2] = {0, 0};
    n->len[n->count] = len;
    if (quoted) {
        add(t, below(2) == 0 ? "\"" : "{");
        if (t->octets[t->used - 1] == '{') {
            char size[16];
            (void)snprintf(size, sizeof size, "%u+}\r\n", len);
            add(t, size);
            quoted = 2;
        }
    }
    n->at[n->count] = t->used;
    n->count++;
    for (; len > 0; len--) {
        letter[0] = letters[below(sizeof letters - 1)];
        add(t, letter);
    }
    add(t, quoted == 1 ? "\"" : "");
}

static void names_are(mailproto_imap_cursor list, const char *unit,
                      const struct names *n)
{
    mailproto_imap_string s;
    unsigned i;
    for (i = 0; i < n->count; i++) {
        assert_int_equal(mailproto_imap_string_next(&list, &s), MAILPROTO_OK);
        assert_ptr_equal(s.raw.ptr, unit + n->at[i]);
        assert_int_equal(s.raw.len, n->len[i]);
    }
    assert_int_equal(mailproto_imap_string_next(&list, &s), MAILPROTO_EOF);
    assert_int_equal(mailproto_imap_string_next(&list, &s), MAILPROTO_EOF);
}

static void fields(void **state)
{
    static struct text t;
    unsigned round;
    (void)state;
    seed = 2;
    for (round = 0; round < ROUNDS; round++) {
        static const char *const ends[] = {"]\r\n", "]<7.9>\r\n"};
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        mailproto_imap_fetch_item item;
        struct names n;
        size_t wrong = 0;
        unsigned count = 1 + below(below(8) == 0 ? 40 : 20);
        int some_quoted = below(4) == 0;
        char *unit;
        n.count = 0;
        begin(&t, " FETCH 1 BODY.PEEK[HEADER.FIELDS (");
        for (; count > 0; count--) {
            add_name(&t, &n, some_quoted && below(4) == 0);
            if (wrong == 0 && below(60) == 0) {
                static const char *const faults[] = {"%", "  ", " )", "\\", "\x80"};
                unsigned kind = below(5);
                wrong = t.used + (faults[kind][0] == ' ');
                add(&t, faults[kind]);
            }
            add(&t, count > 1 ? " " : ")");
        }
        add(&t, ends[below(2)]);
        unit = exact(&t);
        if (wrong != 0) {
            assert_int_equal(parse(&t, unit, &c, &fault), MAILPROTO_ERR_SYNTAX);
            assert_int_equal(fault.offset, wrong);
            free(unit);
            continue;
        }
        assert_int_equal(parse(&t, unit, &c, &fault), MAILPROTO_OK);
        assert_int_equal(mailproto_imap_fetch_next(&c.items, &item), MAILPROTO_OK);
        assert_int_equal(item.section, MAILPROTO_IMAP_SECTION_FIELDS);
        assert_int_equal(item.flags & MAILPROTO_IMAP_PEEK, MAILPROTO_IMAP_PEEK);
        assert_int_equal(item.first, item.flags & MAILPROTO_IMAP_PARTIAL ? 7 : 0);
        assert_int_equal(item.count, item.flags & MAILPROTO_IMAP_PARTIAL ? 9 : 0);
        names_are(item.fields, unit, &n);
        assert_int_equal(mailproto_imap_fetch_next(&c.items, &item), MAILPROTO_EOF);
        free(unit);
    }
}

static void too_many_fields(void **state)
{
    static struct text t;
    unsigned extra;
    (void)state;
    for (extra = 0; extra < 2; extra++) {
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        unsigned i;
        size_t last = 0;
        char *unit;
        seed = 3;
        begin(&t, " FETCH 1 BODY[HEADER.FIELDS (");
        for (i = 0; i < MAILPROTO_IMAP_FIELDS_MAX + extra; i++) {
            add(&t, i > 0 ? " " : "");
            last = t.used;
            add(&t, "x");
        }
        add(&t, ")]\r\n");
        unit = exact(&t);
        if (extra == 0) {
            assert_int_equal(parse(&t, unit, &c, &fault), MAILPROTO_OK);
        } else {
            assert_int_equal(parse(&t, unit, &c, &fault), MAILPROTO_ERR_COUNT_LIMIT);
            assert_int_equal(fault.offset, last);
        }
        free(unit);
    }
}

/* ---- items -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    uint32_t kind, flags, section, path_len, names, uses;
} rows[] = {
    {"FLAGS", MAILPROTO_IMAP_ITEM_FLAGS, 1, 0, 0, 0, 0},
    {"uid", MAILPROTO_IMAP_ITEM_UID, 1, 0, 0, 0, 0},
    {"INTERNALDATE", MAILPROTO_IMAP_ITEM_INTERNALDATE, 1, 0, 0, 0, 0},
    {"RFC822.SIZE", MAILPROTO_IMAP_ITEM_RFC822_SIZE, 1, 0, 0, 0, 0},
    {"ENVELOPE", MAILPROTO_IMAP_ITEM_ENVELOPE, 1, 0, 0, 0, 0},
    {"BODY", MAILPROTO_IMAP_ITEM_BODY, 1, 0, 0, 0, 0},
    {"BODYSTRUCTURE", MAILPROTO_IMAP_ITEM_BODYSTRUCTURE, 1, 0, 0, 0, 0},
    {"MODSEQ", MAILPROTO_IMAP_ITEM_MODSEQ, 1, 0, 0, 0, MAILPROTO_IMAP_USES_MODSEQ},
    {"EMAILID", MAILPROTO_IMAP_ITEM_EMAILID, 1, 0, 0, 0, 0},
    {"THREADID", MAILPROTO_IMAP_ITEM_THREADID, 1, 0, 0, 0, 0},
    {"SAVEDATE", MAILPROTO_IMAP_ITEM_SAVEDATE, 1, 0, 0, 0, 0},
    {"RFC822", MAILPROTO_IMAP_ITEM_RFC822, 0, 0, 0, 0, MAILPROTO_IMAP_SETS_SEEN},
    {"RFC822.HEADER", MAILPROTO_IMAP_ITEM_RFC822_HEADER, 1, 1, 0, 0, 0},
    {"RFC822.TEXT", MAILPROTO_IMAP_ITEM_RFC822_TEXT, 0, 4, 0, 0,
     MAILPROTO_IMAP_SETS_SEEN},
    {"BODY[]", MAILPROTO_IMAP_ITEM_SECTION, 0, 0, 0, 0, MAILPROTO_IMAP_SETS_SEEN},
    {"BODY[1.2.TEXT]", MAILPROTO_IMAP_ITEM_SECTION, 0, 4, 2, 0,
     MAILPROTO_IMAP_SETS_SEEN},
    {"body.peek[]<0.5>", MAILPROTO_IMAP_ITEM_SECTION, 3, 0, 0, 0, 0},
    {"BODY.PEEK[3.MIME]", MAILPROTO_IMAP_ITEM_SECTION, 1, 5, 1, 0, 0},
    {"BODY.PEEK[HEADER]", MAILPROTO_IMAP_ITEM_SECTION, 1, 1, 0, 0, 0},
    {"BODY.PEEK[header.fields (From To)]", MAILPROTO_IMAP_ITEM_SECTION, 1, 2, 0, 2, 0},
    {"BODY.PEEK[HEADER.FIELDS (\"a [b)]\" x)]<1.2>", MAILPROTO_IMAP_ITEM_SECTION, 3, 2,
     0, 2, 0},
    {"BODY[HEADER.FIELDS (A B C)]", MAILPROTO_IMAP_ITEM_SECTION, 0, 2, 0, 3,
     MAILPROTO_IMAP_SETS_SEEN},
    {"BODY.PEEK[4.HEADER.FIELDS (A)]", MAILPROTO_IMAP_ITEM_SECTION, 1, 2, 1, 1, 0},
    {"BODY.PEEK[HEADER.FIELDS.NOT (A)]", MAILPROTO_IMAP_ITEM_SECTION, 1, 3, 0, 1, 0},
    {"BINARY[1]", MAILPROTO_IMAP_ITEM_BINARY, 0, 0, 1, 0, MAILPROTO_IMAP_SETS_SEEN},
    {"BINARY.PEEK[1.2]<3.4>", MAILPROTO_IMAP_ITEM_BINARY, 3, 0, 2, 0, 0},
    {"BINARY.SIZE[7]", MAILPROTO_IMAP_ITEM_BINARY_SIZE, 1, 0, 1, 0, 0}};

static void item_is(mailproto_imap_cursor *items, unsigned row)
{
    mailproto_imap_fetch_item item;
    mailproto_imap_string s;
    unsigned names = 0;
    assert_int_equal(mailproto_imap_fetch_next(items, &item), MAILPROTO_OK);
    assert_int_equal(item.kind, rows[row].kind);
    assert_int_equal(item.flags, rows[row].flags);
    assert_int_equal(item.section, rows[row].section);
    assert_int_equal(item.path_len, rows[row].path_len);
    while (mailproto_imap_string_next(&item.fields, &s) == MAILPROTO_OK) {
        names++;
    }
    assert_int_equal(names, rows[row].names);
}

static void items(void **state)
{
    static struct text t;
    unsigned round;
    (void)state;
    seed = 4;
    for (round = 0; round < ROUNDS; round++) {
        mailproto_imap_command c;
        mailproto_imap_cursor again;
        mailproto_imap_fetch_item item;
        unsigned row[16];
        unsigned count = 1 + below(16); /* more than are noted */
        unsigned i;
        uint32_t uses = 0;
        char *unit;
        int bare = count == 1 && below(2) == 0;
        begin(&t, bare ? " FETCH 1 " : " FETCH 1 (");
        for (i = 0; i < count; i++) {
            row[i] = below(sizeof rows / sizeof *rows);
            uses |= rows[row[i]].uses;
            add(&t, rows[row[i]].text);
            add(&t, i + 1 < count ? " " : bare ? "" : ")");
        }
        add(&t, "\r\n");
        unit = exact(&t);
        assert_int_equal(parse(&t, unit, &c, NULL), MAILPROTO_OK);
        assert_int_equal(
            c.flags & (MAILPROTO_IMAP_SETS_SEEN | MAILPROTO_IMAP_USES_MODSEQ), uses);
        again = c.items;
        for (i = 0; i < count; i++) {
            if (below(4) == 0) { /* a copy goes on from where it was made */
                again = c.items;
                item_is(&again, row[i]);
            }
            item_is(&c.items, row[i]);
        }
        assert_int_equal(mailproto_imap_fetch_next(&c.items, &item), MAILPROTO_EOF);
        assert_int_equal(mailproto_imap_fetch_next(&c.items, &item), MAILPROTO_EOF);
        free(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sets), cmocka_unit_test(fields),
                                       cmocka_unit_test(too_many_fields),
                                       cmocka_unit_test(items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
