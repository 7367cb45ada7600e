/*
 * The rules of IMAP's commands: every command in every state, every capability, against
 * lists written down by hand from RFC 9051 6; and what may run together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

/* Needs the capability, which IMAP4rev2 brings along or not. */
static void check_need(const char *text, uint64_t caps, int rev2)
{
    mailproto_imap_command c = parsed(text);
    uint64_t all = ~(uint64_t)0 & ~BIT(REV2);
    assert_int_equal(mailproto__imap_is_offered(&c, all), 1);
    assert_int_equal(mailproto__imap_is_offered(&c, caps), 1);
    assert_int_equal(mailproto__imap_is_offered(&c, all & ~caps), caps == 0);
    assert_int_equal(mailproto__imap_is_offered(&c, BIT(REV2)), rev2);
}

static void needs(void **state)
{
    (void)state;
    check_need("a NOOP\r\n", 0, 1);
    check_need("a STARTTLS\r\n", BIT(STARTTLS), 0);
    check_need("a AUTHENTICATE PLAIN =\r\n", BIT(SASL_IR), 1);
    check_need("a AUTHENTICATE PLAIN\r\n", 0, 1);
    check_need("a ENABLE CONDSTORE\r\n", BIT(ENABLE), 1);
    check_need("a ID NIL\r\n", BIT(ID), 0);
    check_need("a IDLE\r\n", BIT(IDLE), 1);
    check_need("a NAMESPACE\r\n", BIT(NAMESPACE), 1);
    check_need("a UNSELECT\r\n", BIT(UNSELECT), 1);
    check_need("a EXPUNGE\r\n", 0, 1);
    check_need("a UID EXPUNGE 1\r\n", BIT(UIDPLUS), 1);
    check_need("a MOVE 1 x\r\n", BIT(MOVE), 1);
    check_need("a SEARCH RETURN (MIN) ALL\r\n", BIT(ESEARCH), 1);
    check_need("a SEARCH ALL\r\n", 0, 1);
    check_need("a FETCH $ FLAGS\r\n", BIT(SEARCHRES), 1);
    check_need("a FETCH 1 MODSEQ\r\n", BIT(CONDSTORE), 0);
    check_need("a FETCH 1 FLAGS (CHANGEDSINCE 1)\r\n", BIT(CONDSTORE), 0);
    check_need("a STATUS x (SIZE)\r\n", BIT(STATUS_SIZE), 1);
    check_need("a STATUS x (MAILBOXID)\r\n", BIT(OBJECTID), 0);
    check_need("a STATUS x (MESSAGES)\r\n", 0, 1);
    check_need("a LIST (SUBSCRIBED) \"\" *\r\n", BIT(LIST_EXTENDED), 1);
    check_need("a LIST \"\" *\r\n", 0, 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states),
        cmocka_unit_test(needs),
        cmocka_unit_test(masks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
