/*
 * What is in a command that was read: search keys token by token, limits on both sides,
 * flags that say what a command does, units that end with a literal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command_check.h"
#include "imap/syntax.h"
#include "imap/syntax_search.h"
#include "text.h"

/* ---- search keys ------------------------------------------------------------------------ */

static void search_faults(void **state)
{
    static const struct row rows[] = {
        {"A SEARCH ALL", GOOD},
        {"A SEARCH answered DELETED Draft FLAGGED NEW OLD RECENT SEEN UNANSWERED "
         "UNDELETED UNDRAFT UNFLAGGED UNSEEN",
         GOOD},
        {"A SEARCH BCC a BODY \"b\" CC {1}\r\nc FROM d SUBJECT e TEXT f TO \"\"", GOOD},
        {"A SEARCH BEFORE 1-Jan-2020 ON \"01-Jan-2020\" SINCE 29-feb-2020", GOOD},
        {"A SEARCH SENTBEFORE 1-Jan-2020 SENTON 1-Jan-2020 SENTSINCE 1-Jan-2020", GOOD},
        {"A SEARCH SAVEDBEFORE 1-Jan-2020 SAVEDON 1-Jan-2020 SAVEDSINCE 1-Jan-2020 "
         "SAVEDATESUPPORTED",
         GOOD},
        {"A SEARCH KEYWORD $Junk UNKEYWORD k HEADER a \"\" LARGER 0 SMALLER 12", GOOD},
        {"A SEARCH NOT ALL OR ALL SEEN (ALL) (SEEN (NOT (ALL)) 1)", GOOD},
        {"A SEARCH UID 1:* 2,4 * $ UID $", GOOD},
        {"A SEARCH MODSEQ 0 MODSEQ \"/flags/\\\\draft\" all 5 MODSEQ \"/Flags/k\" PRIV "
         "1",
         GOOD},
        {"A SEARCH EMAILID M-_9 THREADID T", GOOD},
        {"A SEARCH CHARSET UTF-8 ALL", GOOD},
        {"A SEARCH CHARSET \"x\" ALL", GOOD},
        {"A SEARCH CHARSET {1}\r\nx ALL", GOOD},
        {"A SEARCH RETURN () ALL", GOOD},
        {"A SEARCH RETURN (min MAX ALL COUNT SAVE) CHARSET x 1", GOOD},
        {"A UID SEARCH RETURN (SAVE) 1", GOOD},
        {"A SEARCH", 8},
        {"A SEARCH ", 9},
        {"A SEARCH  ALL", 9},
        {"A SEARCH ALL ", 13},
        {"A SEARCH FOO", 9},
        {"A SEARCH ALL FOO", 13},
        {"A SEARCH ALL]", 12},
        {"A SEARCH ALLSEEN", 9},
        {"A SEARCH NOT", 12},
        {"A SEARCH NOT ", 13},
        {"A SEARCH OR ALL", 15},
        {"A SEARCH OR ALL ", 16},
        {"A SEARCH ()", 10},
        {"A SEARCH (ALL", 13},
        {"A SEARCH (ALL ", 14},
        {"A SEARCH (ALL )", 14},
        {"A SEARCH ( ALL)", 10},
        {"A SEARCH ALL)", 12},
        {"A SEARCH (ALL))", 14},
        {"A SEARCH (ALL)(ALL)", 14},
        {"A SEARCH (NOT)", 13},
        {"A SEARCH (OR ALL) ALL", 16},
        {"A SEARCH FROM", 13},
        {"A SEARCH FROM (a)", 14},
        {"A SEARCH HEADER a", 17},
        {"A SEARCH KEYWORD \\Seen", 17},
        {"A SEARCH KEYWORD \"a\"", 17},
        {"A SEARCH UNKEYWORD", 18},
        {"A SEARCH UNKEYWORD \"a\"", 19},
        {"A SEARCH BEFORE 32-Jan-2020", 16},
        {"A SEARCH BEFORE 29-Feb-2100", 16},
        {"A SEARCH BEFORE 1-Jan-20", 24},
        {"A SEARCH BEFORE 1-Jan-20201", 26},
        {"A SEARCH BEFORE 001-Jan-2020", 18},
        {"A SEARCH BEFORE \"1-Jan-2020", 27},
        {"A SEARCH BEFORE 1-Jan-0000", 16},
        {"A SEARCH BEFORE Jan-2020", 16},
        {"A SEARCH BEFORE 1 Jan 2020", 17},
        {"A SEARCH LARGER x", 16},
        {"A SEARCH LARGER 9223372036854775808", 34},
        {"A SEARCH LARGER -1", 16},
        {"A SEARCH UID a", 13},
        {"A SEARCH UID 0", 13},
        {"A SEARCH 0", 9},
        {"A SEARCH 1:a", 11},
        {"A SEARCH MODSEQ", 15},
        {"A SEARCH MODSEQ \"/flags/\" all 1", 16},
        {"A SEARCH MODSEQ \"/flags/\\\\\" all 1", 16},
        {"A SEARCH MODSEQ \"/flag/a\" all 1", 16},
        {"A SEARCH MODSEQ \"/flags/a b\" all 1", 16},
        {"A SEARCH MODSEQ \"/flags/a\" any 1", 27},
        {"A SEARCH MODSEQ \"/flags/a\" all", 30},
        {"A SEARCH MODSEQ /flags/a all 1", 16},
        {"A SEARCH EMAILID \"a\"", 17},
        {"A SEARCH EMAILID a.b", 18},
        {"A SEARCH CHARSET", 16},
        {"A SEARCH CHARSET UTF-8", 22},
        {"A SEARCH CHARSET UTF-8 ", 23},
        {"A SEARCH ALL CHARSET UTF-8", 13},
        {"A SEARCH CHARSET UTF-8 RETURN () ALL", 23},
        {"A SEARCH RETURN", 15},
        {"A SEARCH RETURN ALL", 16},
        {"A SEARCH RETURN ()", 18},
        {"A SEARCH RETURN (FOO) ALL", 17},
        {"A SEARCH RETURN (MIN FOO) ALL", 21},
        {"A SEARCH RETURN (MIN ) ALL", 21},
        {"A SEARCH RETURN (MIN ALL", 24},
        {"A SEARCH RETURN (PARTIAL 1:2) ALL", 17},
    };
    (void)state;
    CHECK(rows, 0);
}

/* Tokens as level, key and what they hold. */
static void tokens_are(const char *text, const char *expected)
{
    mailproto_imap_command c;
    struct mailproto__imap_search s;
    struct mailproto__imap_search_token t;
    struct text told = {NULL, 0, 0};
    mailproto_status status;
    read_command(text, 0, &c);
    mailproto__imap_search_open(&s, &c.items);
    while ((status = mailproto__imap_search_next(&s, &t)) == MAILPROTO_OK) {
        mailproto_imap_range range;
        assert_true(t.level < MAILPROTO__IMAP_SEARCH_LEVELS);
        text_print(&told, "%u:%u", (unsigned)t.level, (unsigned)t.key);
        if (t.number != 0) {
            text_print(&told, "#%d", (int)t.number);
        }
        if (t.field.form != MAILPROTO_IMAP_NIL) {
            text_print(&told, "<%.*s>", (int)t.field.raw.len, t.field.raw.ptr);
        }
        if (t.text.form != MAILPROTO_IMAP_NIL) {
            text_print(&told, "'%.*s'", (int)t.text.raw.len, t.text.raw.ptr);
        }
        if (mailproto_imap_set_is_saved(&t.set)) {
            text_print(&told, "$");
        }
        while (mailproto_imap_set_next(&t.set, &range) == MAILPROTO_OK) {
            text_print(&told, "[%u-%u]", (unsigned)range.low, (unsigned)range.high);
        }
        text_print(&told, " ");
    }
    assert_int_equal(status, MAILPROTO_EOF);
    assert_string_equal(text_string(&told), expected);
    text_free(&told);
}

static void search_tokens(void **state)
{
    (void)state;
    tokens_are("A SEARCH ALL", "0:1 1:4 ");
    tokens_are("A SEARCH UNSEEN", "0:1 1:3 2:5#1 ");
    tokens_are("A SEARCH OLD SEEN", "0:1 1:3 2:5#32 1:5#1 ");
    tokens_are("A SEARCH NEW ALL", "0:1 1:1 2:5#32 2:3 3:5#1 1:4 ");
    tokens_are("A SEARCH NOT NEW ALL", "0:1 1:3 2:1 3:5#32 3:3 4:5#1 1:4 ");
    tokens_are("A SEARCH UNKEYWORD a KEYWORD b", "0:1 1:3 2:6'a' 1:6'b' ");
    tokens_are("A SEARCH OR SEEN NOT (ALL DELETED) ALL",
               "0:1 1:2 2:5#1 2:3 3:1 4:4 4:5#8 1:4 ");
    tokens_are("A SEARCH OR OR ALL ALL ALL ALL", "0:1 1:2 2:2 3:4 3:4 2:4 1:4 ");
    tokens_are("A SEARCH FROM a HEADER b c BODY d TEXT e",
               "0:1 1:17<FROM>'a' 1:17<b>'c' 1:18'd' 1:19'e' ");
    tokens_are("A SEARCH SINCE 2-Jan-1970 SENTON \"31-Dec-1969\"",
               "0:1 1:11#1 1:13#-1 ");
    tokens_are("A SEARCH 4:2,* UID 7:* $ UID $",
               "0:1 1:7[2-4][0-0] 1:8[7-0] 1:7$ 1:8$ ");
    tokens_are("A SEARCH LARGER 5 SMALLER 6 MODSEQ 7", "0:1 1:15#5 1:16#6 1:20#7 ");
    tokens_are("A SEARCH MODSEQ \"/flags/a\" all 7", "0:1 1:20#7</flags/a>'all' ");
    tokens_are("A SEARCH CHARSET x EMAILID a THREADID b SAVEDATESUPPORTED",
               "0:1 1:21'a' 1:22'b' 1:26 ");
}

static void search_of_nothing(void **state)
{
    mailproto_imap_cursor none = {{0, 0, 0, 0}};
    struct mailproto__imap_search s;
    struct mailproto__imap_search_token t;
    (void)state;
    mailproto__imap_search_open(&s, &none);
    assert_int_equal(mailproto__imap_search_next(&s, &t), MAILPROTO_OK);
    assert_int_equal(mailproto__imap_search_next(&s, &t), MAILPROTO_ERR_SYNTAX);
}

/* ---- limits ------------------------------------------------------------------------------- */

/* `before`, `count` times `each`, `after`. */
static mailproto_status read_many(const char *before, const char *each, unsigned count,
                                  const char *after, mailproto_imap_fault *fault)
{
    struct text unit = {NULL, 0, 0};
    mailproto_imap_command c;
    mailproto_bytes b;
    mailproto_status status;
    text_print(&unit, "%s", before);
    for (; count > 0; count--) {
        text_print(&unit, "%s", each);
    }
    text_print(&unit, "%s\r\n", after);
    b.ptr = unit.data;
    b.len = unit.len;
    c.struct_size = sizeof c;
    status = mailproto_imap_command_parse(b, 0, &c, fault);
    text_free(&unit);
    return status;
}

static void limits(void **state)
{
    mailproto_imap_fault fault;
    (void)state;
    assert_int_equal(read_many("A SEARCH ", "NOT ", 64, "NEW", &fault), MAILPROTO_OK);
    assert_int_equal(read_many("A SEARCH ", "NOT ", 65, "NEW", &fault),
                     MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(fault.offset, 9 + 64 * 4);
    assert_int_equal(fault.code, MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(read_many("A SEARCH ", "(", 65, "ALL", &fault),
                     MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(fault.offset, 9 + 64);
    assert_int_equal(read_many("A SEARCH ", "(", 64, "ALL", &fault),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(fault.offset, 9 + 64 + 3);
    assert_int_equal(read_many("A SEARCH ", "OR ALL ", 64, "ALL", &fault),
                     MAILPROTO_OK);
    assert_int_equal(read_many("A SEARCH ", "OR ALL ", 65, "ALL", &fault),
                     MAILPROTO_ERR_COUNT_LIMIT);
    /* Not the number of keys, only their nesting. */
    assert_int_equal(
        read_many("A SEARCH ALL", " (NOT OR ALL UNSEEN)", 10000, "", &fault),
        MAILPROTO_OK);
    assert_int_equal(
        read_many("A FETCH 1 BODY[HEADER.FIELDS (a", " a", 127, ")]", &fault),
        MAILPROTO_OK);
    assert_int_equal(
        read_many("A FETCH 1 BODY[HEADER.FIELDS (a", " a", 128, ")]", &fault),
        MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(fault.offset, 31 + 128 * 2 - 1);
    assert_int_equal(read_many("A FETCH 1 BODY[1", ".1", 31, "]", &fault),
                     MAILPROTO_OK);
    assert_int_equal(read_many("A FETCH 1 BODY[1", ".1", 32, "]", &fault),
                     MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(fault.offset, 16 + 63);
    assert_int_equal(read_many("A SEARCH EMAILID ", "a", 255, "", &fault),
                     MAILPROTO_OK);
    assert_int_equal(read_many("A SEARCH EMAILID ", "a", 256, "", &fault),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(fault.offset, 17 + 255);
}

static void struct_sizes(void **state)
{
    static const char text[] = "A UID FETCH 1 ALL\r\n";
    mailproto_bytes unit = {text, sizeof text - 1};
    struct {
        mailproto_imap_command c;
        char more[8];
    } big;
    mailproto_imap_command c;
    (void)state;
    memset(&c, 0xAA, sizeof c);
    c.struct_size = 0;
    assert_int_equal(mailproto_imap_command_parse(unit, 0, &c, NULL),
                     MAILPROTO_ERR_VERSION);
    c.struct_size = 12;
    assert_int_equal(mailproto_imap_command_parse(unit, 0, &c, NULL), MAILPROTO_OK);
    assert_int_equal(c.struct_size, 12);
    assert_int_equal(c.command, MAILPROTO_IMAP_FETCH);
    assert_int_equal(c.select, 0xAAAAAAAA);
    memset(&big, 0xAA, sizeof big);
    big.c.struct_size = sizeof big;
    assert_int_equal(mailproto_imap_command_parse(unit, 0, &big.c, NULL), MAILPROTO_OK);
    assert_int_equal(big.c.struct_size, sizeof big);
    assert_int_equal(big.c.command, MAILPROTO_IMAP_FETCH);
}

/* ---- what a command does -------------------------------------------------------------- */

#define MSN MAILPROTO_IMAP_USES_MSN
#define SAVED MAILPROTO_IMAP_USES_SAVED
#define SEEN MAILPROTO_IMAP_SETS_SEEN
#define MODSEQ MAILPROTO_IMAP_USES_MODSEQ
#define MAY MAILPROTO_IMAP_MAY_EXPUNGE

static void flags(void **state)
{
    static const struct {
        const char *text;
        uint32_t flags;
    } rows[] = {
        {"A NOOP", MAY},
        {"A FETCH 1 FLAGS", MSN},
        {"A FETCH $ FLAGS", SAVED},
        {"A UID FETCH 1 FLAGS", MAY},
        {"A UID FETCH $ FLAGS", SAVED | MAY},
        {"A FETCH 1 BODY[]", MSN | SEEN},
        {"A FETCH 1 BODY.PEEK[]", MSN},
        {"A FETCH 1 BINARY[]", MSN | SEEN},
        {"A FETCH 1 BINARY.PEEK[]", MSN},
        {"A FETCH 1 BINARY.SIZE[]", MSN},
        {"A FETCH 1 RFC822", MSN | SEEN},
        {"A FETCH 1 RFC822.TEXT", MSN | SEEN},
        {"A FETCH 1 RFC822.HEADER", MSN},
        {"A FETCH 1 FULL", MSN},
        {"A FETCH 1 MODSEQ", MSN | MODSEQ},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 1)", MSN | MODSEQ},
        {"A STORE 1 FLAGS k", MSN},
        {"A STORE 1 (UNCHANGEDSINCE 1) FLAGS k", MSN | MODSEQ},
        {"A COPY 1 a", MSN | MAY},
        {"A UID COPY 1 a", MAY},
        {"A MOVE $ a", SAVED | MAY},
        {"A EXPUNGE", MAY},
        {"A UID EXPUNGE 1", MAY},
        {"A UID EXPUNGE $", SAVED | MAY},
        {"A SEARCH ALL", 0},
        {"A SEARCH 1", MSN},
        {"A SEARCH UID 1", 0},
        {"A UID SEARCH 1", MSN | MAY},
        {"A UID SEARCH UID 1", MAY},
        {"A UID SEARCH (NOT (UID $))", SAVED | MAY},
        {"A SEARCH MODSEQ 1", MODSEQ},
        {"A SELECT a", MAY},
        {"A SELECT a (CONDSTORE)", MODSEQ | MAY},
        {"A SELECT a (QRESYNC (1 1))", MODSEQ | MAY},
        {"A STATUS a (HIGHESTMODSEQ)", MODSEQ | MAY},
        {"A STATUS a (MESSAGES)", MAY},
        {"A LIST \"\" a RETURN (STATUS (HIGHESTMODSEQ))", MODSEQ | MAY},
        {"A ENABLE condstore", MODSEQ | MAY},
        {"A ENABLE x QRESYNC", MODSEQ | MAY},
        {"A ENABLE UTF8=ACCEPT", MAY},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        char *copy;
        assert_int_equal(parse_row(rows[i].text, 0, &c, &fault, &copy), MAILPROTO_OK);
        assert_int_equal(c.flags & (MSN | SAVED | SEEN | MODSEQ | MAY), rows[i].flags);
        free(copy);
    }
}

static void names(void **state)
{
    uint32_t i;
    (void)state;
    for (i = 1; i < MAILPROTO_IMAP_COMMANDS; i++) {
        char text[32];
        mailproto_imap_command c;
        const char *name = mailproto_imap_command_name(i);
        mailproto_imap_fault fault;
        char *copy;
        assert_true(name[0] != '\0');
        (void)snprintf(text, sizeof text, "A %s", name);
        (void)parse_row(text, 0, &c, &fault, &copy);
        assert_int_equal(c.command, i);
        free(copy);
    }
    assert_string_equal(mailproto_imap_command_name(0), "");
    assert_string_equal(mailproto_imap_command_name(MAILPROTO_IMAP_COMMANDS), "");
    assert_string_equal(mailproto_imap_command_name(100), "");
    assert_string_equal(mailproto_imap_command_name(MAILPROTO_IMAP_FETCH), "FETCH");
}

/* ---- literals that are not there ---------------------------------------------------- */

static mailproto_status prefix(const char *text, size_t *from,
                               mailproto_imap_command *c, mailproto_imap_fault *fault)
{
    static char unit[512];
    mailproto_bytes b;
    b.len = strlen(text);
    memcpy(unit, text, b.len);
    b.ptr = unit;
    return mailproto__imap_command_prefix(b, 0, from, c, fault);
}

static void prefixes(void **state)
{
    static const struct {
        const char *text;
        int at;
    } rows[] = {
        {"A LOGIN {3}\r\n", GOOD},
        {"A LOGIN {3+}\r\n", GOOD},
        {"A LOGIN {1}\r\na {3}\r\n", GOOD},
        {"A LOGIN a b {3}\r\n", 11},
        {"A LOGIN ~{3}\r\n", 9},
        {"A NOOP {3}\r\n", 6},
        {"A X {3}\r\n", GOOD}, /* whatever it is */
        {"A X ~{3}\r\n", GOOD},
        {"A SEARCH OR FROM {3}\r\n", GOOD},
        {"A SEARCH {3}\r\n", 9},
        {"A APPEND {3}\r\n", GOOD},
        {"A APPEND x {3}\r\n", GOOD},
        {"A APPEND x ~{3}\r\n", GOOD},
        {"A APPEND x UTF8 (~{3}\r\n", GOOD},
        {"A APPEND x UTF8 ({3}\r\n", 17},
        {"A APPEND x (\\Seen) \"01-Jan-2020 00:00:00 +0000\" {3}\r\n", GOOD},
        {"A APPEND x (\\Seen {3}\r\n", 18},
        {"A STATUS x {3}\r\n", 11},
        {"A FETCH 1 BODY[HEADER.FIELDS ({3}\r\n", GOOD},
        {"A ID ({3}\r\n", GOOD},
        {"A STORE 1 FLAGS {3}\r\n", 16},
        {"A {3}\r\n", 2},
        {"{3}\r\n", 0},
        {"A LOGIN a b\r\n", 11}, /* ends with none */
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        size_t from = 0;
        mailproto_status status = prefix(rows[i].text, &from, &c, &fault);
        if (status != (rows[i].at == GOOD ? MAILPROTO_OK : MAILPROTO_ERR_SYNTAX) ||
            (rows[i].at != GOOD && (int)fault.offset != rows[i].at)) {
            fail_msg("%s: %d at %d, %s", rows[i].text, (int)status, (int)fault.offset,
                     fault.detail);
        }
    }
}

static void prefix_of_append(void **state)
{
    mailproto_imap_command c;
    mailproto_imap_fault fault;
    mailproto_imap_append message;
    mailproto_imap_string flag;
    mailproto_imap_cursor items;
    size_t from = 0;
    (void)state;
    assert_int_equal(
        prefix("A APPEND \"x y\" (k) \"01-Jan-1970 00:00:00 +0100\" {77}\r\n", &from,
               &c, &fault),
        MAILPROTO_OK);
    assert_int_equal(c.command, MAILPROTO_IMAP_APPEND);
    is(c.tag, "A");
    is(c.mailbox.raw, "x y");
    assert_int_equal(from, 14);
    items = c.items;
    assert_int_equal(mailproto_imap_append_next(&items, &message), MAILPROTO_OK);
    assert_int_equal(message.date.utc, -3600);
    assert_int_equal(message.message.form, MAILPROTO_IMAP_NIL);
    assert_int_equal(message.message.size, 77);
    assert_int_equal(message.message.flags, 0);
    assert_int_equal(mailproto_imap_string_next(&message.flags, &flag), MAILPROTO_OK);
    is(flag.raw, "k");
    assert_int_equal(mailproto_imap_append_next(&items, &message), MAILPROTO_EOF);
    from = 0;
    assert_int_equal(prefix("A APPEND x UTF8 (~{5}\r\n", &from, &c, &fault),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_append_next(&c.items, &message), MAILPROTO_OK);
    assert_int_equal(message.message.flags,
                     MAILPROTO_IMAP_BINARY | MAILPROTO_IMAP_UTF8_FORM);
    assert_int_equal(message.message.size, 5);
}

/* Each literal of a long MULTIAPPEND is asked about when the ones before it have become
 * marks; then the whole is read. */
static void many_messages(void **state)
{
    enum { MESSAGES = 5000 };
    struct text unit = {NULL, 0, 0};
    mailproto_imap_command c;
    mailproto_imap_fault fault;
    mailproto_imap_append message;
    mailproto_bytes b;
    uint64_t count = 0;
    size_t from = 0;
    uint32_t i;
    (void)state;
    text_print(&unit, "A APPEND x");
    for (i = 0; i < MESSAGES; i++) {
        char mark[MAILPROTO__IMAP_EXTERNAL_SIZE];
        size_t keep;
        int binary = i % 3 == 1;
        text_print(&unit, " (k%u)%s", (unsigned)i, i % 3 == 2 ? " UTF8 (" : " ");
        keep = unit.len;
        text_print(&unit, "%s{%u}\r\n", i % 3 > 0 ? "~" : "", (unsigned)i + 1);
        b.ptr = unit.data;
        b.len = unit.len;
        assert_int_equal(mailproto__imap_command_prefix(b, 0, &from, &c, &fault),
                         MAILPROTO_OK);
        assert_true(from > 0);
        assert_int_equal(mailproto_imap_append_next(&c.items, &message), MAILPROTO_OK);
        assert_int_equal(message.message.size, i + 1);
        assert_int_equal(message.message.flags != 0, i % 3 > 0);
        unit.len = keep;
        mailproto__imap_external_put(
            mark, i, i + 1, binary || i % 3 == 2 ? MAILPROTO__IMAP_EXTERNAL_BINARY : 0);
        text_add(&unit, mark, sizeof mark);
        text_print(&unit, "%s", i % 3 == 2 ? ")" : "");
    }
    text_print(&unit, "\r\n");
    b.ptr = unit.data;
    b.len = unit.len;
    assert_int_equal(mailproto__imap_command_read(b, 0, &c, &fault), MAILPROTO_OK);
    while (mailproto_imap_append_next(&c.items, &message) == MAILPROTO_OK) {
        mailproto_bytes octets;
        assert_int_equal(message.message.form, MAILPROTO_IMAP_EXTERNAL);
        assert_int_equal(message.message.number, count);
        assert_int_equal(message.message.size, count + 1);
        assert_int_equal(mailproto_imap_string_get(&message.message, NULL, 0, &octets),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_imap_string_is(&message.message, ""), 0);
        count++;
    }
    assert_int_equal(count, MESSAGES);
    /* Such marks are of the server alone. */
    c.struct_size = sizeof c;
    assert_int_equal(mailproto_imap_command_parse(b, 0, &c, &fault),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(fault.offset, 16);
    text_free(&unit);
}

static void marks(void **state)
{
    static const struct {
        const char *before, *after;
        uint8_t flags;
        int good;
    } rows[] = {
        {"A LOGIN ", " b\r\n", 0, 1},
        {"A LOGIN ", " b\r\n", MAILPROTO__IMAP_EXTERNAL_BINARY, 0},
        {"A SEARCH FROM ", " ALL\r\n", 0, 1},
        {"A LIST \"\" (a ", " b)\r\n", 0, 1},
        {"A FETCH 1 BODY[HEADER.FIELDS (", ")]\r\n", 0, 1},
        {"A ID (", " NIL)\r\n", 0, 1},
        {"A STORE 1 FLAGS (", ")\r\n", 0, 0},
        {"A APPEND x UTF8 (", ")\r\n", 0, 0},
        {"A APPEND x ", "\r\n", MAILPROTO__IMAP_EXTERNAL_BINARY, 1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text unit = {NULL, 0, 0};
        char mark[MAILPROTO__IMAP_EXTERNAL_SIZE];
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        mailproto_bytes b;
        mailproto__imap_external_put(mark, UINT64_MAX, 5, rows[i].flags);
        text_print(&unit, "%s", rows[i].before);
        text_add(&unit, mark, sizeof mark);
        text_print(&unit, "%s", rows[i].after);
        b.ptr = unit.data;
        b.len = unit.len;
        assert_int_equal(mailproto__imap_command_read(b, 0, &c, &fault) == MAILPROTO_OK,
                         rows[i].good);
        /* Cut short, it is none. */
        b.len -= 2 + strlen(rows[i].after);
        memcpy(unit.data + b.len - 2, "\r\n", 2);
        assert_int_equal(mailproto__imap_command_read(b, 0, &c, &fault),
                         MAILPROTO_ERR_SYNTAX);
        text_free(&unit);
    }
}

static void tags(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {{"", 0},      {"A1", 2},     {"A1 x", 2}, {"A1\r\n", 2}, {"A1\nx", 2},
                {"A1(", 0},   {"A+ x", 0},   {"* x", 0},  {" x", 0},     {"\"A\" x", 0},
                {"a]b x", 3}, {"\xc3 x", 0}, {"a\t", 0},  {"{3}", 0},    {"A%", 0}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_bytes b = {rows[i].text, strlen(rows[i].text)};
        assert_int_equal(mailproto__imap_tag(b).len, rows[i].len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_faults),
        cmocka_unit_test(search_tokens),
        cmocka_unit_test(search_of_nothing),
        cmocka_unit_test(limits),
        cmocka_unit_test(struct_sizes),
        cmocka_unit_test(flags),
        cmocka_unit_test(names),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(prefix_of_append),
        cmocka_unit_test(many_messages),
        cmocka_unit_test(marks),
        cmocka_unit_test(tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
