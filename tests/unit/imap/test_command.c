/*
 * Commands of IMAP: what is taken, what is refused and at which octet. Rules of RFC 9051
 * section 9 that a command can reach, and where they are tested (F: the tables of faults
 * here; L: test_string.c; G: test_command_generated.c; S: test_command_fields.c):
 *
 *   append F G              fetch F G                 quoted, QUOTED-CHAR F L G
 *   astring F L G           fetch-att F G             rename F G
 *   atom, ATOM-CHAR F L     flag, flag-list F G       resp-specials F
 *   authenticate F G        flag-keyword F G          return-option F G
 *   auth-type F             flag-extension F G        search F S G
 *   base64 F                header-fld-name F G       search-key F S G
 *   capability F G          header-list F G           search-program F S G
 *   charset S G             idle F G                  search-return-opts S G
 *   command-any F G         initial-resp F G          section F G
 *   command-auth F G        list F G                  section-binary F G
 *   command-nonauth F G     list-mailbox F L G        section-msgtext F G
 *   command-select F G      list-char F L G           section-part F G
 *   copy F G                list-select-opts F G      section-text F G
 *   create F G              list-return-opts F G      select F G
 *   date, date-text S G     literal F L G             seq-number, seq-range F G
 *   date-day S G            literal8 F                sequence-set F G
 *   date-day-fixed F G      login F G                 seq-last-command F G
 *   date-month, -year F     mailbox F G               status, status-att F G
 *   date-time F G           mbox-or-pat F G           store, store-att-flags F G
 *   delete F G              move F G                  string F L G
 *   digit-nz F              namespace-command F G     subscribe F G
 *   enable F G              tag F G
 *   examine F G             number64 F G              time, zone F G
 *   partial F G             nz-number(64) F G         uid, uid-expunge F G
 *   password, userid F      unsubscribe F G
 *   patterns F G            UTF8-2 -3 -4 F
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

/* ---- the frame ---------------------------------------------------------------------- */

static void frame(void **state)
{
    static const struct row rows[] = {
        {"A1 NOOP", GOOD},
        {"a.b-c]d%", 7},    /* tag: an ASTRING-CHAR, and not all of list-char */
        {"A+ NOOP", 1},     /* tag: no "+" */
        {"a]b NOOP", GOOD}, /* tag: resp-specials */
        {"* NOOP", 0},
        {"+ NOOP", 0},
        {" A1 NOOP", 0},
        {"(A1 NOOP", 0},
        {"\"A1\" NOOP", 0},
        {"", 0},
        {"A1", 2},
        {"A1 ", 3},
        {"A1  NOOP", 3},
        {"A1\tNOOP", 2},
        {"A1 NOOP ", 7},
        {"A1 NOOP x", 7},
        {"A1 NOOP\t", 7},
        {"A1 NOOP(", 7},
        {"A1 (", 3},
        {"A1 \"NOOP\"", 3},
        {"A1 noOp", GOOD},
        {"A1 NOOPS", GOOD}, /* another command, whatever it is */
        {"A1 X {3}\r\nabc (", GOOD},
        {"A1 X\"", 4},
        {"A1 NOOP\rX", 7},
        {"A1 NOOP\nX", 7},
        {"A1 CAPABILITY", GOOD},
        {"A1 LOGOUT", GOOD},
        {"A1 STARTTLS", GOOD},
        {"A1 NAMESPACE", GOOD},
        {"A1 IDLE", GOOD},
        {"A1 CHECK", GOOD},
        {"A1 CLOSE", GOOD},
        {"A1 UNSELECT", GOOD},
        {"A1 EXPUNGE", GOOD},
        {"A1 CAPABILITY ", 13},
        {"A1 LOGOUT ", 9},
        {"A1 STARTTLS x", 11},
        {"A1 NAMESPACE \"\"", 12},
        {"A1 IDLE ", 7},
        {"A1 CHECK ", 8},
        {"A1 CLOSE ", 8},
        {"A1 UNSELECT ", 11},
        {"A1 EXPUNGE 1", 10},
        {"A1 NOOP {3}\r\nabc", 7},
        {"A1 UID", 6},
        {"A1 UID ", 7},
        {"A1 UID  FETCH 1 UID", 7},
        {"A1 UID NOOP", GOOD}, /* none of the commands that have such a form */
        {"A1 UID UID FETCH 1 UID", GOOD},
    };
    (void)state;
    CHECK(rows, 0);
}

static void line_end(void **state)
{
    static const char *const units[] = {
        "", "\n", "\r", "A1 NOOP", "A1 NOOP\r", "A1 NOOP\n", "A1 NOOP\n\r"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        mailproto_imap_command c = {.struct_size = sizeof c};
        mailproto_imap_fault fault;
        mailproto_bytes unit = {units[i], strlen(units[i])};
        assert_int_equal(mailproto_imap_command_parse(unit, 0, &c, &fault),
                         MAILPROTO_ERR_SYNTAX);
        assert_int_equal(fault.code, MAILPROTO_ERR_SYNTAX);
        assert_int_equal(fault.offset, unit.len);
        assert_string_equal(fault.detail, "CRLF expected");
        assert_int_equal(c.tag.len, unit.len > 2 ? 2 : 0);
    }
}

static void other(void **state)
{
    mailproto_imap_command c;
    (void)state;
    read_command("A1 xFoo bar {3}\r\n(\"a ", 0, &c);
    assert_int_equal(c.command, MAILPROTO_IMAP_OTHER);
    is(c.verb, "xFoo");
    is(c.name.raw, "xFoo");
    assert_int_equal(c.name.form, MAILPROTO_IMAP_ATOM);
    is(c.args, "bar {3}\r\n(\"a ");
    assert_int_equal(c.flags, MAILPROTO_IMAP_MAY_EXPUNGE);
    read_command("A1 UID thread x", 0, &c);
    assert_int_equal(c.command, MAILPROTO_IMAP_OTHER);
    assert_int_equal(c.flags, MAILPROTO_IMAP_MAY_EXPUNGE | MAILPROTO_IMAP_UID);
    is(c.verb, "thread");
    is(c.args, "x");
    read_command("A1 UID NOOP", 0, &c);
    assert_int_equal(c.command, MAILPROTO_IMAP_OTHER);
    is(c.args, "");
    read_command("A1 UID FETCH 1 UID", 0, &c);
    is(c.verb, "FETCH");
    is(c.args, "1 UID");
    is(c.tag, "A1");
}

/* ---- strings and commands with few arguments ------------------------------------------ */

static void login(void **state)
{
    static const struct row rows[] = {
        {"A LOGIN a b", GOOD},
        {"A LOGIN a] b]", GOOD},
        {"A LOGIN \"\" \"\"", GOOD},
        {"A LOGIN {0}\r\n {0}\r\n", GOOD},
        {"A LOGIN {1+}\r\na {01}\r\nb", GOOD},
        {"A LOGIN \"a\\\\b\\\"\" \"\t\x01\x7f\"", GOOD},
        {"A LOGIN", 7},
        {"A LOGIN ", 8},
        {"A LOGIN a", 9},
        {"A LOGIN a ", 10},
        {"A LOGIN a b ", 11},
        {"A LOGIN a b c", 11},
        {"A LOGIN a  b", 10},
        {"A LOGIN  a b", 8},
        {"A LOGIN a* b", 9},
        {"A LOGIN a% b", 9},
        {"A LOGIN a{ b", 9},
        {"A LOGIN ( b", 8},
        {"A LOGIN \"a", 10},
        {"A LOGIN \"a\"b", 11},
        {"A LOGIN \"a\\b\" c", 11},
        {"A LOGIN \"a\\", 11},
        {"A LOGIN \"\xc3\xa4\" c", 9},
        {"A LOGIN \xc3\xa4 c", 8},
        {"A LOGIN \"a\rb\" c", 10},
        {"A LOGIN \"a\nb\" c", 10},
        {"A LOGIN {a}\r\na b", 9},
        {"A LOGIN {}\r\n b", 9},
        {"A LOGIN {-1}\r\n b", 9},
        {"A LOGIN {1 }\r\na b", 10},
        {"A LOGIN {1++}\r\na b", 11},
        {"A LOGIN {1}a b", 11},
        {"A LOGIN {1}\ra b", 11},
        {"A LOGIN {1}\na b", 11},
        {"A LOGIN {9}\r\na b", 18},
        {"A LOGIN {3}\r\na b", 16},
        {"A LOGIN {4}\r\na b", 18},
        {"A LOGIN {9223372036854775807}\r\na b", 36},
        {"A LOGIN {9223372036854775808}\r\na b", 27},
        {"A LOGIN {99999999999999999999999999}\r\na b", 27},
        {"A LOGIN ~{1}\r\na b", 9}, /* "~" is an atom, literal8 is for APPEND */
        {"A LOGIN a {1}\r\nb ", 16},
        {"A LOGIN a {1}", 15}, /* its octets are missing */
        {"A AUTHENTICATE PLAIN", GOOD},
        {"A AUTHENTICATE PLAIN =", GOOD},
        {"A AUTHENTICATE PLAIN YQ==", GOOD},
        {"A AUTHENTICATE PLAIN YWI=", GOOD},
        {"A AUTHENTICATE PLAIN YW+/", GOOD},
        {"A AUTHENTICATE", 14},
        {"A AUTHENTICATE ", 15},
        {"A AUTHENTICATE PLAIN ", 21},
        {"A AUTHENTICATE PLAIN  =", 21},
        {"A AUTHENTICATE PLAIN ==", 22},
        {"A AUTHENTICATE PLAIN YQ=", 24},
        {"A AUTHENTICATE PLAIN YQ", 23},
        {"A AUTHENTICATE PLAIN YQ===", 25},
        {"A AUTHENTICATE PLAIN Y===", 22},
        {"A AUTHENTICATE PLAIN YWJj=", 25},
        {"A AUTHENTICATE PLAIN YQ== x", 25},
        {"A AUTHENTICATE PLAIN Y-==", 22},
        {"A AUTHENTICATE \"PLAIN\"", 15},
        {"A ENABLE CONDSTORE", GOOD},
        {"A ENABLE X-A UTF8=ACCEPT", GOOD},
        {"A ENABLE", 8},
        {"A ENABLE ", 9},
        {"A ENABLE a ", 11},
        {"A ENABLE a  b", 11},
        {"A ENABLE \"a\"", 9},
        {"A ENABLE a]", 10},
        {"A ID NIL", GOOD},
        {"A ID nil", GOOD},
        {"A ID ()", GOOD},
        {"A ID (\"a\" NIL)", GOOD},
        {"A ID (\"a\" \"b\" {1}\r\nc nil)", GOOD},
        {"A ID", 4},
        {"A ID ", 5},
        {"A ID NILL", 5},
        {"A ID \"a\"", 5},
        {"A ID ( )", 6},
        {"A ID (a \"b\")", 6},
        {"A ID (NIL \"b\")", 6},
        {"A ID (\"a\")", 9},
        {"A ID (\"a\" b)", 10},
        {"A ID (\"a\" \"b\" )", 14},
        {"A ID (\"a\" \"b\" \"c\")", 17},
        {"A ID (\"a\" \"b\"", 13},
        {"A ID () ", 7},
    };
    (void)state;
    CHECK(rows, 0);
}

static void nul(void **state)
{
    static const struct {
        const char *text;
        size_t len, at;
    } rows[] = {
        {"A LOGIN a\0 b\r\n", 14, 9},
        {"A LOGIN \"a\0\" b\r\n", 16, 10},
        {"A LOGIN {2}\r\na\0 b\r\n", 19, 14},
        {"A LOGIN \0aaaaaaaaaaaaaaaaaaaaaa b\r\n", 35, 8},
        {"A\0 NOOP\r\n", 9, 1},
        {"A NOOP\0\r\n", 9, 6},
        {"A APPEND a {2}\r\na\0\r\n", 20, 17},
        {"A APPEND a ~{2}\r\na\0\r\n", 21, 0},
        {"A APPEND a UTF8 (~{2}\r\na\0)\r\n", 28, 0},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        mailproto_imap_command c = {.struct_size = sizeof c};
        mailproto_imap_fault fault;
        mailproto_bytes unit = {rows[i].text, rows[i].len};
        assert_int_equal(mailproto_imap_command_parse(unit, 0, &c, &fault),
                         rows[i].at > 0 ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK);
        assert_int_equal(fault.offset, rows[i].at);
    }
}

/* 8-bit octets in quotes: once the client has said that it writes UTF-8. */
static void utf8(void **state)
{
    static const struct row rows[] = {
        {"A SELECT \"\xc3\xa4\"", GOOD},
        {"A SELECT \"a\xe5\x8f\xb0z\"", GOOD},
        {"A SELECT \"\xf0\x9f\x98\x80\"", GOOD},
        {"A SELECT \"\xc3\"", 11},
        {"A SELECT \"\xc3\xc3\xa4\"", 11},
        {"A SELECT \"\x80\"", 10},
        {"A SELECT \"\xc0\x80\"", 10},
        {"A SELECT \"\xe0\x80\x80\"", 11},
        {"A SELECT \"\xed\xa0\x80\"", 11},
        {"A SELECT \"\xf4\x90\x80\x80\"", 11},
        {"A SELECT \"\xf5\x80\x80\x80\"", 10},
        {"A SELECT \"\xe5\x8f\"", 12},
        {"A SELECT \xc3\xa4", 9},
        {"A SELECT {1}\r\n\xc3", GOOD}, /* literal: CHAR8 */
    };
    (void)state;
    CHECK(rows, MAILPROTO_IMAP_ENABLED_REV2);
    CHECK(rows, MAILPROTO_IMAP_ENABLED_UTF8);
}

/* ---- mailboxes -------------------------------------------------------------------------- */

static void mailboxes(void **state)
{
    static const struct row rows[] = {
        {"A SELECT INBOX", GOOD},
        {"A EXAMINE {5}\r\ninbox", GOOD},
        {"A SELECT a (CONDSTORE)", GOOD},
        {"A SELECT a (QRESYNC (1 2))", GOOD},
        {"A SELECT a (QRESYNC (1 02 3:4,5))", GOOD},
        {"A SELECT a (QRESYNC (1 2 (3 4)))", GOOD},
        {"A SELECT a (QRESYNC (1 2 3 (4 5)) CONDSTORE)", GOOD},
        {"A SELECT a (QRESYNC (1 9223372036854775807))", GOOD},
        {"A SELECT", 8},
        {"A SELECT ", 9},
        {"A SELECT a ", 11},
        {"A SELECT a b", 11},
        {"A SELECT a  (CONDSTORE)", 11},
        {"A SELECT a*", 10},
        {"A SELECT a ()", 12},
        {"A SELECT a (CONDSTORE", 21},
        {"A SELECT a (CONDSTORE )", 22},
        {"A SELECT a (CONDSTORE) ", 22},
        {"A SELECT a (FOO)", 12},
        {"A SELECT a (CONDSTORE FOO)", 22},
        {"A SELECT a (QRESYNC)", 19},
        {"A SELECT a (QRESYNC 1)", 20},
        {"A SELECT a (QRESYNC ())", 21},
        {"A SELECT a (QRESYNC (0 2))", 21},
        {"A SELECT a (QRESYNC (1))", 22},
        {"A SELECT a (QRESYNC (1 0))", 23},
        {"A SELECT a (QRESYNC (1 9223372036854775808))", 41},
        {"A SELECT a (QRESYNC (1 2 ))", 25},
        {"A SELECT a (QRESYNC (1 2 *))", 25},
        {"A SELECT a (QRESYNC (1 2 3:*))", 27},
        {"A SELECT a (QRESYNC (1 2 $))", 25},
        {"A SELECT a (QRESYNC (1 2 3 4))", 27},
        {"A SELECT a (QRESYNC (1 2 (3)))", 27},
        {"A SELECT a (QRESYNC (1 2 (3 4) 5))", 30},
        {"A SELECT a (QRESYNC (1 2 (3 *)))", 28},
        {"A SELECT a (QRESYNC (1 2", 24},
        {"A SELECT a (QRESYNC (1 2) QRESYNC (1 2))", 26},
        {"A CREATE a", GOOD},
        {"A CREATE a (USE ())", GOOD},
        {"A CREATE a (USE (\\Sent \\x-y))", GOOD},
        {"A CREATE", 8},
        {"A CREATE a ", 11},
        {"A CREATE a (FOO)", 12},
        {"A CREATE a (USE)", 15},
        {"A CREATE a (USE \\Sent)", 16},
        {"A CREATE a (USE (Sent))", 17},
        {"A CREATE a (USE (\\Sent ))", 23},
        {"A CREATE a (USE (\\))", 18},
        {"A CREATE a (USE (\\Sent)", 23},
        {"A CREATE a (USE (\\Sent) USE ())", 23},
        {"A DELETE a", GOOD},
        {"A DELETE", 8},
        {"A DELETE a b", 10},
        {"A RENAME a b", GOOD},
        {"A RENAME a", 10},
        {"A RENAME a ", 11},
        {"A RENAME a b ", 12},
        {"A RENAME a b (x)", 12},
        {"A SUBSCRIBE a", GOOD},
        {"A SUBSCRIBE", 11},
        {"A UNSUBSCRIBE \"a b\"", GOOD},
        {"A UNSUBSCRIBE a b", 15},
        {"A STATUS a (MESSAGES)", GOOD},
        {"A STATUS a (messages Recent UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE "
         "HIGHESTMODSEQ APPENDLIMIT MAILBOXID)",
         GOOD},
        {"A STATUS a", 10},
        {"A STATUS a ", 11},
        {"A STATUS a MESSAGES", 11},
        {"A STATUS a ()", 12},
        {"A STATUS a (FOO)", 12},
        {"A STATUS a (MESSAGES FOO)", 21},
        {"A STATUS a (MESSAGES )", 21},
        {"A STATUS a (MESSAGES  UNSEEN)", 21},
        {"A STATUS a (MESSAGES", 20},
        {"A STATUS a (MESSAGES) ", 21},
    };
    (void)state;
    CHECK(rows, 0);
}

static void lists(void **state)
{
    static const struct row rows[] = {
        {"A LIST \"\" *", GOOD},
        {"A LIST a] %]*", GOOD},
        {"A LIST {0}\r\n {1}\r\n%", GOOD},
        {"A LIST \"\" \"\"", GOOD},
        {"A LIST () \"\" a", GOOD},
        {"A LIST (SUBSCRIBED) \"\" a", GOOD},
        {"A LIST (REMOTE) \"\" a", GOOD},
        {"A LIST (SUBSCRIBED REMOTE) \"\" a", GOOD},
        {"A LIST (RECURSIVEMATCH SUBSCRIBED) \"\" a", GOOD},
        {"A LIST (SUBSCRIBED REMOTE RECURSIVEMATCH) \"\" a", GOOD},
        {"A LIST (special-use) \"\" a", GOOD},
        {"A LIST \"\" (a)", GOOD},
        {"A LIST \"\" (a \"%\" {1}\r\n*)", GOOD},
        {"A LIST \"\" a RETURN ()", GOOD},
        {"A LIST \"\" a return (children subscribed special-use)", GOOD},
        {"A LIST \"\" a RETURN (STATUS (MESSAGES UNSEEN))", GOOD},
        {"A LIST \"\" a RETURN (STATUS (MESSAGES) CHILDREN)", GOOD},
        {"A LIST", 6},
        {"A LIST ", 7},
        {"A LIST \"\"", 9},
        {"A LIST \"\" ", 10},
        {"A LIST \"\" a ", 12},
        {"A LIST \"\"  a", 10},
        {"A LIST * a", 7},
        {"A LIST \"\" a b", 12},
        {"A LIST (RECURSIVEMATCH) \"\" a", 22},
        {"A LIST (REMOTE RECURSIVEMATCH) \"\" a", 29},
        {"A LIST (RECURSIVEMATCH SPECIAL-USE) \"\" a", 34},
        {"A LIST (FOO) \"\" a", 8},
        {"A LIST (vendor.x-foo) \"\" a", 8},
        {"A LIST (SUBSCRIBED FOO (a b)) \"\" a", 19},
        {"A LIST (CHILDREN) \"\" a", 8},
        {"A LIST (SUBSCRIBED ) \"\" a", 19},
        {"A LIST ( SUBSCRIBED) \"\" a", 8},
        {"A LIST (SUBSCRIBED \"\" a", 19},
        {"A LIST ()\"\" a", 9},
        {"A LIST \"\" ()", 11},
        {"A LIST \"\" (a", 12},
        {"A LIST \"\" (a )", 13},
        {"A LIST \"\" (a (b))", 13},
        {"A LIST \"\" a RETURN", 18},
        {"A LIST \"\" a RETURN ", 19},
        {"A LIST \"\" a RETURNS ()", 12},
        {"A LIST \"\" a RETURN (FOO)", 20},
        {"A LIST \"\" a RETURN (REMOTE)", 20},
        {"A LIST \"\" a RETURN (CHILDREN )", 29},
        {"A LIST \"\" a RETURN ( )", 20},
        {"A LIST \"\" a RETURN (STATUS)", 26},
        {"A LIST \"\" a RETURN (STATUS ())", 28},
        {"A LIST \"\" a RETURN (STATUS (FOO))", 28},
        {"A LIST \"\" a RETURN (STATUS (MESSAGES)", 37},
        {"A LIST \"\" a RETURN () ", 21},
        {"A LSUB \"\" *", GOOD},
        {"A LSUB \"\" (a)", 10},
        {"A LSUB () \"\" a", 7},
        {"A LSUB \"\" a RETURN ()", 11},
        {"A LSUB \"\"", 9},
    };
    (void)state;
    CHECK(rows, 0);
}

/* ---- messages --------------------------------------------------------------------------- */

static void append(void **state)
{
    static const struct row rows[] = {
        {"A APPEND a {1}\r\nx", GOOD},
        {"A APPEND a {0}\r\n", GOOD},
        {"A APPEND a () {1}\r\nx", GOOD},
        {"A APPEND a (\\Seen $x y) {1+}\r\nx", GOOD},
        {"A APPEND a \" 1-Feb-2020 01:02:03 +0000\" {1}\r\nx", GOOD},
        {"A APPEND a (k) \"01-feb-2020 23:59:60 -2359\" ~{1+}\r\nx", GOOD},
        {"A APPEND a UTF8 (~{1}\r\nx)", GOOD},
        {"A APPEND a {1}\r\nx {1}\r\ny (k) {1}\r\nz", GOOD},
        {"A APPEND", 8},
        {"A APPEND a", 10},
        {"A APPEND a ", 11},
        {"A APPEND a x", 11},
        {"A APPEND a \"x\"", 12},
        {"A APPEND a {1}\r\nx ", 18},
        {"A APPEND a {1}\r\nxy", 17},
        {"A APPEND a {3}\r\nxy", 20},
        {"A APPEND a  {1}\r\nx", 11},
        {"A APPEND a (){1}\r\nx", 13},
        {"A APPEND a (\\Recent) {1}\r\nx", 12},
        {"A APPEND a (\\*) {1}\r\nx", 13},
        {"A APPEND a (k ) {1}\r\nx", 14},
        {"A APPEND a (k]) {1}\r\nx", 13},
        {"A APPEND a (\\) {1}\r\nx", 13},
        {"A APPEND a \"1-Feb-2020 01:02:03 +0000\" {1}\r\nx", 13},
        {"A APPEND a \" 01-Feb-2020 01:02:03 +0000\" {1}\r\nx", 14},
        {"A APPEND a \"30-Feb-2020 01:02:03 +0000\" {1}\r\nx", 12},
        {"A APPEND a \"29-Feb-2019 01:02:03 +0000\" {1}\r\nx", 12},
        {"A APPEND a \"01-Foo-2019 01:02:03 +0000\" {1}\r\nx", 15},
        {"A APPEND a \"01-Feb-2019 24:02:03 +0000\" {1}\r\nx", 24},
        {"A APPEND a \"01-Feb-2019 01:60:03 +0000\" {1}\r\nx", 27},
        {"A APPEND a \"01-Feb-2019 01:02:61 +0000\" {1}\r\nx", 30},
        {"A APPEND a \"01-Feb-2019 01:02:03 +2400\" {1}\r\nx", 34},
        {"A APPEND a \"01-Feb-2019 01:02:03 +0060\" {1}\r\nx", 36},
        {"A APPEND a \"01-Feb-2019 01:02:03 0000\" {1}\r\nx", 33},
        {"A APPEND a \"01-Feb-2019 01:02:03 +0000 {1}\r\nx", 38},
        {"A APPEND a \"01-Feb-2019 01:02:03 +0000\"{1}\r\nx", 39},
        {"A APPEND a \"01-Feb-2019 01:02:03 +0000\" () {1}\r\nx", 40},
        {"A APPEND a UTF8 ({1}\r\nx)", 17},
        {"A APPEND a UTF8 (~{1}\r\nx", 24},
        {"A APPEND a UTF8 ~{1}\r\nx", 16},
        {"A APPEND a UTF8", 15},
        {"A APPEND a CATENATE (URL \"x\")", 11},
        {"A APPEND a ~{1\r\nx", 14},
        {"A APPEND a ~x", 12},
    };
    (void)state;
    CHECK(rows, 0);
}

static void sets(void **state)
{
    static const struct row rows[] = {
        {"A COPY 1 a", GOOD},
        {"A COPY 1:*,*,*:4,4294967295 a", GOOD},
        {"A COPY $ a", GOOD},
        {"A UID COPY 1 a", GOOD},
        {"A MOVE 1 a", GOOD},
        {"A UID MOVE 2,1 a", GOOD},
        {"A COPY", 6},
        {"A COPY ", 7},
        {"A COPY 1", 8},
        {"A COPY a a", 7},
        {"A COPY 0 a", 7},
        {"A COPY 01 a", 7},
        {"A COPY 1,0 a", 9},
        {"A COPY 1: a", 9},
        {"A COPY :1 a", 7},
        {"A COPY 1, a", 9},
        {"A COPY ,1 a", 7},
        {"A COPY 1,,2 a", 9},
        {"A COPY 1:2:3 a", 10},
        {"A COPY 4294967296 a", 16},
        {"A COPY 99999999999999999999 a", 16},
        {"A COPY $,1 a", 8},
        {"A COPY 1,$ a", 9},
        {"A COPY $:1 a", 8},
        {"A COPY ** a", 8},
        {"A COPY 1 a b", 10},
        {"A COPY 1  a", 9},
        {"A UID EXPUNGE 1:*", GOOD},
        {"A UID EXPUNGE $", GOOD},
        {"A UID EXPUNGE", 13},
        {"A UID EXPUNGE ", 14},
        {"A UID EXPUNGE 1 ", 15},
        {"A STORE 1 FLAGS ()", GOOD},
        {"A STORE 1 +FLAGS.SILENT (\\Seen)", GOOD},
        {"A STORE 1 -flags \\Seen k", GOOD},
        {"A STORE 1 (UNCHANGEDSINCE 0) FLAGS (k)", GOOD},
        {"A UID STORE $ (unchangedsince 12) FLAGS k", GOOD},
        {"A STORE 1", 9},
        {"A STORE 1 ", 10},
        {"A STORE 1 FOO ()", 10},
        {"A STORE 1 *FLAGS ()", 10},
        {"A STORE 1 + FLAGS ()", 11},
        {"A STORE 1 FLAGS.LOUD ()", 10},
        {"A STORE 1 FLAGS", 15},
        {"A STORE 1 FLAGS ", 16},
        {"A STORE 1 FLAGS k ", 18},
        {"A STORE 1 FLAGS k (k)", 18},
        {"A STORE 1 FLAGS (k) k", 19},
        {"A STORE 1 FLAGS (k", 18},
        {"A STORE 1 FLAGS \\\\Foo", 17},
        {"A STORE 1 FLAGS \\recent", 16},
        {"A STORE 1 FLAGS (\"k\")", 17},
        {"A STORE 1 () FLAGS k", 11},
        {"A STORE 1 (CHANGEDSINCE 1) FLAGS k", 11},
        {"A STORE 1 (UNCHANGEDSINCE) FLAGS k", 25},
        {"A STORE 1 (UNCHANGEDSINCE x) FLAGS k", 26},
        {"A STORE 1 (UNCHANGEDSINCE 1 UNCHANGEDSINCE 2) FLAGS k", 27},
        {"A STORE 1 (UNCHANGEDSINCE 9223372036854775808) FLAGS k", 44},
        {"A STORE 1 (UNCHANGEDSINCE 1)FLAGS k", 28},
    };
    (void)state;
    CHECK(rows, 0);
}

static void fetches(void **state)
{
    static const struct row rows[] = {
        {"A FETCH 1 ALL", GOOD},
        {"A FETCH 1 fast", GOOD},
        {"A FETCH 1 Full", GOOD},
        {"A FETCH 1 FLAGS", GOOD},
        {"A FETCH 1 (FLAGS)", GOOD},
        {"A UID FETCH $ (FLAGS UID INTERNALDATE RFC822.SIZE ENVELOPE BODY "
         "BODYSTRUCTURE "
         "RFC822 RFC822.HEADER RFC822.TEXT MODSEQ EMAILID THREADID SAVEDATE)",
         GOOD},
        {"A FETCH 1 BODY[]", GOOD},
        {"A FETCH 1 BODY.PEEK[]<0.1>", GOOD},
        {"A FETCH 1 BODY[HEADER]", GOOD},
        {"A FETCH 1 BODY[1.2.3.TEXT]<5.9223372036854775807>", GOOD},
        {"A FETCH 1 BODY[1.MIME]", GOOD},
        {"A FETCH 1 BODY[1]", GOOD},
        {"A FETCH 1 BODY[HEADER.FIELDS (a \"b\" {1}\r\nc)]", GOOD},
        {"A FETCH 1 BODY[4.header.fields.not (a])]", GOOD},
        {"A FETCH 1 BINARY[]", GOOD},
        {"A FETCH 1 BINARY[1.2]<1.2>", GOOD},
        {"A FETCH 1 BINARY.PEEK[1]", GOOD},
        {"A FETCH 1 BINARY.SIZE[1]", GOOD},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 1)", GOOD},
        {"A UID FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)", GOOD},
        {"A UID FETCH 1 (FLAGS) (VANISHED CHANGEDSINCE 1)", GOOD},
        {"A FETCH 1", 9},
        {"A FETCH 1 ", 10},
        {"A FETCH 1 ()", 11},
        {"A FETCH 1 (ALL)", 11},
        {"A FETCH 1 FOO", 10},
        {"A FETCH 1 FLAGS UID", 16},
        {"A FETCH 1 (FLAGS", 16},
        {"A FETCH 1 (FLAGS )", 17},
        {"A FETCH 1 (FLAGS  UID)", 17},
        {"A FETCH 1 (FLAGS) ", 18},
        {"A FETCH 1 ALL UID", 14},
        {"A FETCH 1 ALLES", 10},
        {"A FETCH 1 BODY[P", 15},
        {"A FETCH 1 BODY[", 15},
        {"A FETCH 1 BODY[HEADER", 21},
        {"A FETCH 1 BODY[MIME]", 15},
        {"A FETCH 1 BODY[0]", 15},
        {"A FETCH 1 BODY[01]", 15},
        {"A FETCH 1 BODY[1.]", 17},
        {"A FETCH 1 BODY[1.0]", 17},
        {"A FETCH 1 BODY[.1]", 15},
        {"A FETCH 1 BODY[1 .2]", 16},
        {"A FETCH 1 BODY[4294967296]", 24},
        {"A FETCH 1 BODY[1.HEADER.2]", 17},
        {"A FETCH 1 BODY[HEADER.FIELDS]", 28},
        {"A FETCH 1 BODY[HEADER.FIELDS ()]", 30},
        {"A FETCH 1 BODY[HEADER.FIELDS (a ]", 33},
        {"A FETCH 1 BODY[HEADER.FIELDS (a )]", 32},
        {"A FETCH 1 BODY[HEADER.FIELDS (a]", 32},
        {"A FETCH 1 BODY[HEADER.FIELDS a]", 29},
        {"A FETCH 1 BODY[HEADER (a)]", 21},
        {"A FETCH 1 BODY[]<0>", 18},
        {"A FETCH 1 BODY[]<0.0>", 19},
        {"A FETCH 1 BODY[]<0.1", 20},
        {"A FETCH 1 BODY[]<.1>", 17},
        {"A FETCH 1 BODY[]<9223372036854775808.1>", 35},
        {"A FETCH 1 BODY<0.1>", 14},
        {"A FETCH 1 BODY.PEEK", 19},
        {"A FETCH 1 BODYSTRUCTURE[]", 23},
        {"A FETCH 1 BINARY", 16},
        {"A FETCH 1 BINARY[HEADER]", 17},
        {"A FETCH 1 BINARY[1.MIME]", 19},
        {"A FETCH 1 BINARY.SIZE", 21},
        {"A FETCH 1 BINARY.SIZE[1]<0.1>", 24},
        {"A FETCH 1 RFC822.PEEK", 10},
        {"A FETCH 1 RFC822[]", 16},
        {"A FETCH 1 FLAGS ()", 17},
        {"A FETCH 1 FLAGS (FOO)", 17},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 0)", 30},
        {"A FETCH 1 FLAGS (CHANGEDSINCE)", 29},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 1)", 32},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)", 32},
        {"A UID FETCH 1 FLAGS (VANISHED)", 29},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 1", 31},
        {"A FETCH 1 FLAGS (CHANGEDSINCE 1) ", 32},
    };
    (void)state;
    CHECK(rows, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame),     cmocka_unit_test(line_end),
        cmocka_unit_test(other),     cmocka_unit_test(login),
        cmocka_unit_test(nul),       cmocka_unit_test(utf8),
        cmocka_unit_test(mailboxes), cmocka_unit_test(lists),
        cmocka_unit_test(append),    cmocka_unit_test(sets),
        cmocka_unit_test(fetches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
