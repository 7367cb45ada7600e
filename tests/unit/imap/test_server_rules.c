/*
 * The rules of IMAP's commands: every command in every state, every capability, against
 * lists written down by hand from RFC 9051 6; and what may run together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "imap/rules.h"

/* RFC 9051 6.1 (any state), 6.2, 6.3, 6.4. */
static const uint8_t any[] = {MAILPROTO_IMAP_OTHER, MAILPROTO_IMAP_CAPABILITY,
                              MAILPROTO_IMAP_NOOP, MAILPROTO_IMAP_LOGOUT,
                              MAILPROTO_IMAP_ID};
static const uint8_t before[] = {MAILPROTO_IMAP_STARTTLS, MAILPROTO_IMAP_AUTHENTICATE,
                                 MAILPROTO_IMAP_LOGIN};
static const uint8_t selected[] = {
    MAILPROTO_IMAP_CHECK,   MAILPROTO_IMAP_CLOSE,  MAILPROTO_IMAP_UNSELECT,
    MAILPROTO_IMAP_EXPUNGE, MAILPROTO_IMAP_SEARCH, MAILPROTO_IMAP_FETCH,
    MAILPROTO_IMAP_STORE,   MAILPROTO_IMAP_COPY,   MAILPROTO_IMAP_MOVE};

static int is_among(uint32_t command, const uint8_t *list, size_t count)
{
    return memchr(list, (int)command, count) != NULL;
}

static void states(void **state)
{
    uint32_t c;
    (void)state;
    for (c = 0; c < MAILPROTO_IMAP_COMMANDS; c++) {
        unsigned legal = mailproto__imap_rule(c)->states;
        int everywhere = is_among(c, any, sizeof any);
        int login = is_among(c, before, sizeof before);
        int box = is_among(c, selected, sizeof selected);
        assert_int_equal(legal >> MAILPROTO_IMAP_NOT_AUTHENTICATED & 1U,
                         everywhere || login);
        assert_int_equal(legal >> MAILPROTO_IMAP_AUTHENTICATED & 1U, !login && !box);
        /* RFC 5161 3.1: ENABLE with no mailbox selected. */
        assert_int_equal(legal >> MAILPROTO_IMAP_SELECTED & 1U,
                         !login && c != MAILPROTO_IMAP_ENABLE);
        assert_int_equal(legal >> MAILPROTO_IMAP_LOGGED_OUT, 0);
    }
    assert_ptr_equal(mailproto__imap_rule(MAILPROTO_IMAP_COMMANDS),
                     mailproto__imap_rule(MAILPROTO_IMAP_OTHER));
}

static mailproto_imap_command parsed(const char *text)
{
    mailproto_imap_command c;
    mailproto_bytes b;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    b.ptr = text;
    b.len = strlen(text);
    assert_int_equal(mailproto_imap_command_parse(b, 0, &c, NULL), MAILPROTO_OK);
    return c;
}

#define BIT(cap) ((uint64_t)1 << MAILPROTO_IMAP_CAP_##cap)

/* One of these capabilities is needed, and any suffices; 0: none is. */
static void check_need(const char *text, uint64_t any_of)
{
    mailproto_imap_command c = parsed(text);
    uint64_t all = (BIT(SAVEDATE) << 1) - 1;
    unsigned cap;
    if (mailproto__imap_is_offered(&c, all & ~any_of) != (any_of == 0) ||
        !mailproto__imap_is_offered(&c, all)) {
        print_error("%s", text);
        fail();
    }
    for (cap = 0; cap <= MAILPROTO_IMAP_CAP_SAVEDATE; cap++) {
        uint64_t bit = (uint64_t)1 << cap;
        if ((any_of & bit) != 0) {
            assert_true(mailproto__imap_is_offered(&c, (all & ~any_of) | bit));
        }
    }
}

/* Two capabilities, both of which are needed (RFC 7162 3.2: QRESYNC has CONDSTORE). */
static void check_both(const char *text, uint64_t one, uint64_t other)
{
    mailproto_imap_command c = parsed(text);
    uint64_t all = (BIT(SAVEDATE) << 1) - 1;
    assert_true(mailproto__imap_is_offered(&c, all));
    assert_false(mailproto__imap_is_offered(&c, all & ~one));
    assert_false(mailproto__imap_is_offered(&c, all & ~other));
}

static void needs_of_commands(void **state)
{
    (void)state;
    check_need("a NOOP\r\n", 0);
    check_need("a CAPABILITY\r\n", 0);
    check_need("a LOGIN a b\r\n", 0);
    check_need("a STARTTLS\r\n", BIT(STARTTLS));
    check_need("a AUTHENTICATE PLAIN =\r\n", BIT(SASL_IR) | BIT(REV2));
    check_need("a AUTHENTICATE PLAIN\r\n", 0);
    check_need("a ENABLE CONDSTORE\r\n", BIT(ENABLE) | BIT(REV2));
    check_need("a ENABLE UTF8=ACCEPT\r\n", BIT(ENABLE) | BIT(REV2));
    check_need("a ID NIL\r\n", BIT(ID));
    check_need("a IDLE\r\n", BIT(IDLE) | BIT(REV2));
    check_need("a NAMESPACE\r\n", BIT(NAMESPACE) | BIT(REV2));
    check_need("a UNSELECT\r\n", BIT(UNSELECT) | BIT(REV2));
    check_need("a CLOSE\r\n", 0);
    check_need("a MOVE 1 x\r\n", BIT(MOVE) | BIT(REV2));
    check_need("a UID MOVE 1 x\r\n", BIT(MOVE) | BIT(REV2));
    check_need("a COPY 1 x\r\n", 0);
    check_need("a EXPUNGE\r\n", 0);
    check_need("a UID EXPUNGE 1\r\n", BIT(UIDPLUS) | BIT(REV2));
    /* RFC 9051 appendix E 17 to 19: gone. */
    check_need("a CHECK\r\n", BIT(REV1));
    check_need("a LSUB \"\" *\r\n", BIT(REV1));
}

static void needs_of_mailboxes(void **state)
{
    (void)state;
    check_need("a SELECT x\r\n", 0);
    check_need("a SELECT x (CONDSTORE)\r\n", BIT(CONDSTORE));
    check_both("a EXAMINE x (QRESYNC (1 2))\r\n", BIT(QRESYNC), BIT(CONDSTORE));
    check_need("a CREATE x\r\n", 0);
    check_need("a CREATE x (USE (\\Sent))\r\n", BIT(CREATE_SPECIAL_USE));
    check_need("a CREATE x (USE ())\r\n", BIT(CREATE_SPECIAL_USE));
    check_need("a LIST \"\" *\r\n", 0);
    check_need("a LIST (SUBSCRIBED) \"\" *\r\n", BIT(LIST_EXTENDED) | BIT(REV2));
    check_need("a LIST (SUBSCRIBED RECURSIVEMATCH REMOTE) \"\" *\r\n",
               BIT(LIST_EXTENDED) | BIT(REV2));
    check_need("a LIST \"\" * RETURN ()\r\n", BIT(LIST_EXTENDED) | BIT(REV2));
    check_need("a LIST \"\" * RETURN (CHILDREN SUBSCRIBED)\r\n",
               BIT(LIST_EXTENDED) | BIT(REV2));
    check_need("a LIST \"\" (x)\r\n", BIT(LIST_EXTENDED) | BIT(REV2));
    /* RFC 9051 appendix C */
    check_need("a LIST \"\" (x y)\r\n", BIT(LIST_EXTENDED));
    check_both("a LIST (SPECIAL-USE) \"\" (x y)\r\n", BIT(LIST_EXTENDED),
               BIT(SPECIAL_USE));
    check_need("a LIST (SPECIAL-USE) \"\" *\r\n", BIT(SPECIAL_USE));
    check_need("a LIST \"\" * RETURN (SPECIAL-USE)\r\n", BIT(SPECIAL_USE));
    check_need("a STATUS x (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)\r\n", 0);
}

/* STATUS, and LIST with it. */
static void needs_of_status(void **state)
{
    static const struct {
        const char *item;
        uint64_t any_of;
    } items[] = {{"SIZE", BIT(STATUS_SIZE) | BIT(REV2)},
                 {"DELETED", BIT(REV2)},
                 {"RECENT", BIT(REV1)},
                 {"HIGHESTMODSEQ", BIT(CONDSTORE)},
                 {"APPENDLIMIT", BIT(APPENDLIMIT)},
                 {"MAILBOXID", BIT(OBJECTID)}};
    char text[100];
    size_t i;
    (void)state;
    for (i = 0; i < sizeof items / sizeof items[0]; i++) {
        (void)snprintf(text, sizeof text, "a STATUS x (%s)\r\n", items[i].item);
        check_need(text, items[i].any_of);
        (void)snprintf(text, sizeof text, "a STATUS x (MESSAGES %s UNSEEN)\r\n",
                       items[i].item);
        check_need(text, items[i].any_of);
        (void)snprintf(text, sizeof text, "a LIST \"\" * RETURN (STATUS (%s))\r\n",
                       items[i].item);
        check_need(text, items[i].any_of);
    }
    check_need("a LIST \"\" * RETURN (STATUS (UNSEEN))\r\n",
               BIT(LIST_STATUS) | BIT(REV2));
}

static void needs_of_messages(void **state)
{
    (void)state;
    check_need("a FETCH 1 (FLAGS UID INTERNALDATE RFC822.SIZE ENVELOPE BODY "
               "BODYSTRUCTURE BODY[] BODY.PEEK[1.2]<3.4>)\r\n",
               0);
    check_need("a FETCH 1 ALL\r\n", 0);
    check_need("a FETCH $ FLAGS\r\n", BIT(SEARCHRES) | BIT(REV2));
    check_need("a UID STORE $ FLAGS ()\r\n", BIT(SEARCHRES) | BIT(REV2));
    check_need("a COPY $ x\r\n", BIT(SEARCHRES) | BIT(REV2));
    check_need("a FETCH 1 BINARY[1]\r\n", BIT(BINARY) | BIT(REV2));
    check_need("a FETCH 1 (FLAGS BINARY.PEEK[1] UID)\r\n", BIT(BINARY) | BIT(REV2));
    check_need("a FETCH 1 BINARY.SIZE[1]\r\n", BIT(BINARY) | BIT(REV2));
    check_need("a FETCH 1 RFC822\r\n", BIT(REV1));
    check_need("a FETCH 1 RFC822.HEADER\r\n", BIT(REV1));
    check_need("a FETCH 1 (UID RFC822.TEXT)\r\n", BIT(REV1));
    check_need("a FETCH 1 EMAILID\r\n", BIT(OBJECTID));
    check_need("a FETCH 1 (FLAGS THREADID)\r\n", BIT(OBJECTID));
    check_need("a UID FETCH 1 (SAVEDATE)\r\n", BIT(SAVEDATE));
    check_both("a FETCH 1 (SAVEDATE BODY[HEADER.FIELDS (A B)] EMAILID)\r\n",
               BIT(SAVEDATE), BIT(OBJECTID));
    check_need("a FETCH 1 MODSEQ\r\n", BIT(CONDSTORE));
    check_need("a FETCH 1 FLAGS (CHANGEDSINCE 1)\r\n", BIT(CONDSTORE));
    check_both("a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)\r\n", BIT(QRESYNC),
               BIT(CONDSTORE));
    check_need("a STORE 1 FLAGS ()\r\n", 0);
    check_need("a STORE 1 (UNCHANGEDSINCE 1) FLAGS ()\r\n", BIT(CONDSTORE));
    check_need("a APPEND x {1}\r\ny\r\n", 0);
    check_need("a APPEND x (\\Seen) {1}\r\ny {1}\r\nz\r\n", BIT(MULTIAPPEND));
    check_need("a APPEND x ~{1}\r\ny\r\n", BIT(BINARY));
    check_need("a APPEND x UTF8 (~{1}\r\ny)\r\n", BIT(UTF8_ACCEPT));
    check_both("a APPEND x {1}\r\ny ~{1}\r\nz\r\n", BIT(MULTIAPPEND), BIT(BINARY));
}

static void needs_of_search(void **state)
{
    (void)state;
    check_need("a SEARCH ALL\r\n", 0);
    check_need("a SEARCH CHARSET UTF-8 OR (SEEN UNSEEN) NOT SUBJECT {1}\r\nx\r\n", 0);
    check_need("a SEARCH RETURN () ALL\r\n", BIT(ESEARCH) | BIT(REV2));
    check_need("a SEARCH RETURN (MIN MAX COUNT ALL) ALL\r\n", BIT(ESEARCH) | BIT(REV2));
    check_need("a SEARCH UID $\r\n", BIT(SEARCHRES) | BIT(REV2));
    check_need("a SEARCH NOT $\r\n", BIT(SEARCHRES) | BIT(REV2));
    check_need("a SEARCH MODSEQ 1\r\n", BIT(CONDSTORE));
    check_need("a SEARCH (OR ALL EMAILID x)\r\n", BIT(OBJECTID));
    check_need("a SEARCH BODY {0}\r\n THREADID x\r\n", BIT(OBJECTID));
    check_need("a SEARCH NOT SAVEDBEFORE 1-Jan-2020\r\n", BIT(SAVEDATE));
    check_need("a SEARCH SAVEDON 1-Jan-2020\r\n", BIT(SAVEDATE));
    check_need("a SEARCH SAVEDSINCE 1-Jan-2020\r\n", BIT(SAVEDATE));
    check_need("a SEARCH SAVEDATESUPPORTED\r\n", BIT(SAVEDATE));
    check_need("a SEARCH RECENT\r\n", BIT(REV1));
    check_need("a SEARCH OLD\r\n", BIT(REV1));
    check_need("a SEARCH (NEW)\r\n", BIT(REV1));
    /* RFC 5182 needs RFC 4731; both are in IMAP4rev2. */
    {
        mailproto_imap_command c = parsed("a SEARCH RETURN (SAVE) ALL\r\n");
        assert_false(mailproto__imap_is_offered(&c, BIT(REV1) | BIT(ESEARCH)));
        assert_false(mailproto__imap_is_offered(&c, BIT(REV1) | BIT(SEARCHRES)));
        assert_true(
            mailproto__imap_is_offered(&c, BIT(REV1) | BIT(ESEARCH) | BIT(SEARCHRES)));
        assert_true(mailproto__imap_is_offered(&c, BIT(REV2)));
    }
}

static void check_masks(const char *text, unsigned changes, unsigned relies)
{
    mailproto_imap_command c = parsed(text);
    uint8_t change;
    uint8_t rely;
    mailproto__imap_masks(&c, &change, &rely);
    assert_int_equal(change, changes);
    assert_int_equal(rely, relies | MAILPROTO__IMAP_ON_STREAM);
}

static void masks(void **state)
{
    enum {
        MSN = MAILPROTO__IMAP_ON_MSN,
        FLAGS = MAILPROTO__IMAP_ON_FLAGS,
        MESSAGES = MAILPROTO__IMAP_ON_MESSAGES,
        NAMES = MAILPROTO__IMAP_ON_NAMES,
        BOX = MAILPROTO__IMAP_ON_SELECTION,
        SAVED = MAILPROTO__IMAP_ON_SAVED,
        ENCODING = MAILPROTO__IMAP_ON_ENCODING
    };
    (void)state;
    check_masks("a FETCH 1 FLAGS\r\n", 0, MSN | FLAGS | MESSAGES | BOX);
    check_masks("a FETCH 1 BODY[]\r\n", FLAGS, MSN | FLAGS | MESSAGES | BOX);
    check_masks("a FETCH 1 BODY.PEEK[]\r\n", 0, MSN | FLAGS | MESSAGES | BOX);
    check_masks("a UID FETCH 1 FLAGS\r\n", MSN, FLAGS | MESSAGES | BOX);
    check_masks("a FETCH $ FLAGS\r\n", 0, SAVED | FLAGS | MESSAGES | BOX);
    check_masks("a STORE 1 FLAGS ()\r\n", FLAGS, MSN | MESSAGES | BOX);
    check_masks("a STORE 1 (UNCHANGEDSINCE 1) FLAGS ()\r\n", FLAGS,
                MSN | FLAGS | MESSAGES | BOX);
    check_masks("a SEARCH ALL\r\n", 0, FLAGS | MESSAGES | BOX);
    check_masks("a SEARCH 1:3\r\n", 0, MSN | FLAGS | MESSAGES | BOX);
    check_masks("a SEARCH RETURN (SAVE) ALL\r\n", SAVED, FLAGS | MESSAGES | BOX);
    check_masks("a UID SEARCH UID 1\r\n", MSN, FLAGS | MESSAGES | BOX);
    check_masks("a COPY 1 x\r\n", MSN | MESSAGES,
                MSN | FLAGS | MESSAGES | NAMES | BOX | ENCODING);
    check_masks("a EXPUNGE\r\n", MSN | MESSAGES, FLAGS | MESSAGES | BOX);
    check_masks("a NOOP\r\n", MSN, 0);
    check_masks("a CREATE x\r\n", MSN | NAMES, NAMES | ENCODING);
    check_masks("a LIST \"\" *\r\n", MSN, NAMES | ENCODING);
    check_masks("a CAPABILITY\r\n", 0, 0);
}

/* ---- what may be sent without waiting ----------------------------------------------------- */

/* Of two commands: whether a client may send the second before the first is completed, and
 * whether a server may work on both at once. */
static int may_send(const mailproto_imap_command *a, const mailproto_imap_command *b)
{
    const unsigned ambiguous = MAILPROTO__IMAP_ON_MSN | MAILPROTO__IMAP_ON_SAVED |
                               MAILPROTO__IMAP_ON_ENCODING | MAILPROTO__IMAP_ON_STREAM;
    uint8_t changes;
    uint8_t relies;
    uint8_t unused;
    mailproto__imap_masks(a, &changes, &unused);
    mailproto__imap_masks(b, &unused, &relies);
    return (changes & relies & ambiguous) == 0;
}

enum { MOST = 4 };

static void check_sequence(int valid, const char *const *texts)
{
    mailproto_imap_command c[MOST];
    size_t count;
    size_t i;
    size_t k;
    int all = 1;
    for (count = 0; count < MOST && texts[count] != NULL; count++) {
        char line[100];
        mailproto_bytes b;
        memset(&c[count], 0, sizeof c[count]);
        c[count].struct_size = sizeof c[count];
        (void)snprintf(line, sizeof line, "a %s\r\n", texts[count]);
        b.ptr = line;
        b.len = strlen(line);
        assert_int_equal(mailproto_imap_command_parse(b, 0, &c[count], NULL),
                         MAILPROTO_OK);
    }
    for (i = 0; i < count; i++) {
        for (k = i + 1; k < count; k++) {
            all &= may_send(&c[i], &c[k]);
        }
    }
    if (all != valid) {
        print_error("%s + %s ...\n", texts[0], texts[1]);
        fail();
    }
}

/* The examples of RFC 9051 5.5 and of RFC 3501 5.5, word by word. */
static void examples(void **state)
{
    static const char *const invalid[][MOST] = {
        {"FETCH 1 FLAGS", "NOOP", "STORE 1 FLAGS ()"},
        {"STORE 1 FLAGS ()", "COPY 1 y", "FETCH 1 FLAGS"},
        {"COPY 1 y", "COPY 2 z"},
        {"CHECK", "FETCH 1 FLAGS"},
        /* "any command other than FETCH, STORE, or SEARCH" */
        {"NOOP", "SEARCH 1:3"},
        {"EXPUNGE", "COPY 1 y"},
        {"STATUS y (MESSAGES)", "FETCH 1 FLAGS"},
        {"APPEND y {1}\r\nz", "STORE 1 FLAGS ()"},
        {"LIST \"\" *", "FETCH 1 FLAGS"},
        /* "If the client sends a UID command" */
        {"UID FETCH 1 FLAGS", "FETCH 1 FLAGS"},
        {"UID STORE 1 FLAGS ()", "STORE 1 FLAGS ()"},
        {"UID SEARCH ALL", "UID SEARCH 1:3"},
        {"UID SEARCH ALL", "UID SEARCH NOT 2"},
        {"UID COPY 1 y", "COPY 1 y"},
        /* RFC 9051 6.4.4.2 */
        {"SEARCH RETURN (SAVE) ALL", "FETCH $ FLAGS"},
        {"SEARCH RETURN (SAVE) ALL", "SEARCH UID $"},
        /* how names are written, which mailbox numbers are of, who sends next */
        {"ENABLE IMAP4rev2", "SELECT x"},
        {"SELECT x", "FETCH 1 FLAGS"},
        {"SELECT x", "SEARCH $"},
        {"STARTTLS", "NOOP"},
        {"AUTHENTICATE PLAIN", "NOOP"},
        {"IDLE", "NOOP"},
        {"LOGOUT", "NOOP"}};
    static const char *const valid[][MOST] = {
        {"FETCH 1 FLAGS", "STORE 1 FLAGS ()", "SEARCH ALL", "NOOP"},
        {"FETCH 1 FLAGS", "STORE 1 FLAGS ()", "SEARCH ALL", "CHECK"},
        {"STORE 1 FLAGS ()", "COPY 1 y", "EXPUNGE"},
        {"UID SEARCH ALL", "UID SEARCH ALL"},
        {"UID SEARCH ALL", "UID SEARCH UID 1:3"},
        {"UID FETCH 1 FLAGS", "UID STORE 1 FLAGS ()", "UID COPY 1 y", "NOOP"},
        {"SEARCH 1:3", "SEARCH 1:3", "FETCH 1:3 FLAGS", "COPY 1 y"},
        {"FETCH 1 BODY[]", "SEARCH UNSEEN"},
        {"CREATE y", "LIST \"\" *", "STATUS y (MESSAGES)", "UID COPY 1 y"},
        {"SEARCH RETURN (SAVE) ALL", "FETCH 1 FLAGS"},
        {"CAPABILITY", "FETCH 1 FLAGS"}};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        check_sequence(0, invalid[i]);
    }
    for (i = 0; i < sizeof valid / sizeof valid[0]; i++) {
        check_sequence(1, valid[i]);
    }
}

/* RFC 9051 5.5, 7.5.1: the commands that permit EXPUNGE are those that change numbers. */
static void expunges(void **state)
{
    static const struct {
        const char *text;
        int may;
    } commands[] = {
        {"a FETCH 1 FLAGS\r\n", 0},
        {"a STORE 1 FLAGS ()\r\n", 0},
        {"a SEARCH ALL\r\n", 0},
        {"a FETCH $ FLAGS\r\n", 0},
        {"a UID FETCH 1 FLAGS\r\n", 1},
        {"a UID STORE 1 FLAGS ()\r\n", 1},
        {"a UID SEARCH ALL\r\n", 1},
        {"a COPY 1 y\r\n", 1},
        {"a MOVE 1 y\r\n", 1},
        {"a EXPUNGE\r\n", 1},
        {"a UID EXPUNGE 1\r\n", 1},
        {"a NOOP\r\n", 1},
        {"a CHECK\r\n", 1},
        {"a ID NIL\r\n", 1},
        {"a STATUS y (MESSAGES)\r\n", 1},
        {"a LIST \"\" *\r\n", 1},
        {"a APPEND y {1}\r\nz\r\n", 1},
        {"a NAMESPACE\r\n", 1},
        {"a CREATE y\r\n", 1},
        {"a SUBSCRIBE y\r\n", 1},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        mailproto_imap_command c = parsed(commands[i].text);
        uint8_t changes;
        uint8_t relies;
        mailproto__imap_masks(&c, &changes, &relies);
        assert_int_equal(mailproto__imap_may_expunge(&c), commands[i].may);
        assert_int_equal((c.flags & MAILPROTO_IMAP_MAY_EXPUNGE) != 0, commands[i].may);
        assert_int_equal((changes & MAILPROTO__IMAP_ON_MSN) != 0, commands[i].may);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states),
        cmocka_unit_test(needs_of_commands),
        cmocka_unit_test(needs_of_mailboxes),
        cmocka_unit_test(needs_of_status),
        cmocka_unit_test(needs_of_messages),
        cmocka_unit_test(needs_of_search),
        cmocka_unit_test(masks),
        cmocka_unit_test(examples),
        cmocka_unit_test(expunges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
