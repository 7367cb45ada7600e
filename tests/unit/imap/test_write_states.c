/* When responses may come: with no command in progress, within another response, before a
 * mailbox is selected, after the end; and arguments that change between two calls. */
#include "write_check.h"

static struct writer w;

/* Every verb, each with arguments that are right. */
enum { VERBS = 21 };

static mailproto_status verb(unsigned i)
{
    static const mailproto_imap_range one = {1, 1};
    static const mailproto_imap_date date = {0, 0, 1};
    mailproto_imap_list_entry e;
    mailproto_imap_status s;
    mailproto_imap_selected box = writer_box(5);
    mailproto_imap_found f = {sizeof f, 1, 1, 1, 0};
    mailproto_imap_fetch_item item;
    mailproto_imap_item structure;
    int wants;
    memset(&item, 0, sizeof item);
    memset(&structure, 0, sizeof structure);
    e = box.entry;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    switch (i) {
    case 0:
        return mailproto_imap_server_recent(w.server, 0);
    case 1:
        return mailproto_imap_server_expunge(w.server, 1, 1);
    case 2:
        return mailproto_imap_server_vanished(w.server, 1, &one, 1);
    case 3:
        return mailproto_imap_server_flags(w.server, 0, NULL, 0);
    case 4:
        return mailproto_imap_server_exists(w.server, 5);
    case 5:
        return mailproto_imap_server_list(w.server, &e);
    case 6:
        return mailproto_imap_server_status(w.server, &s);
    case 7:
        return mailproto_imap_server_namespace(w.server, NULL, 0);
    case 8:
        return mailproto_imap_server_id(w.server, NULL, 0);
    case 9:
        return mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of(""));
    case 10:
        return mailproto_imap_server_selected(w.server, w.request, &box);
    case 11:
        return mailproto_imap_server_search_begin(w.server, w.request, &f, &wants);
    case 12:
        return mailproto_imap_server_numbers(w.server, &one, 1);
    case 13:
        return mailproto_imap_server_code_begin(w.server, 0, MAILPROTO_IMAP_OK,
                                                MAILPROTO_IMAP_CODE_COPYUID, 1);
    case 14:
        return mailproto_imap_server_fetch_begin(w.server, 1);
    case 15:
        return mailproto_imap_server_fetch_flags(w.server, 0, NULL, 0);
    case 16:
        item.kind = MAILPROTO_IMAP_ITEM_UID;
        return mailproto_imap_server_fetch_number(w.server, &item, 1);
    case 17:
        return mailproto_imap_server_fetch_date(
            w.server, MAILPROTO_IMAP_ITEM_INTERNALDATE, &date);
    case 18:
        return mailproto_imap_server_fetch_id(w.server, MAILPROTO_IMAP_ITEM_EMAILID,
                                              bytes_of("E"));
    case 19:
        item.kind = MAILPROTO_IMAP_ITEM_RFC822;
        return mailproto_imap_server_fetch_section(w.server, &item, 1, 0);
    default:
        return mailproto_imap_server_fetch_structure(
            w.server, MAILPROTO_IMAP_ITEM_ENVELOPE, &structure);
    }
}

static void nothing_in_progress(void **state)
{
    unsigned i;
    (void)state;
    writer_open(&w, 4096, "QRESYNC");
    writer_select(&w, 5);
    for (i = 5; i < VERBS; i++) {
        mailproto_status wanted = MAILPROTO_ERR_STATE;
        if (i == 10 || i == 11) {
            wanted = MAILPROTO_ERR_STALE;
        }
        REFUSES(&w, verb(i) == wanted ? MAILPROTO_OK : (int)i + 1000, MAILPROTO_OK);
    }
    REFUSES(&w, verb(1), MAILPROTO_ERR_NOT_NOW);
    REFUSES(&w, verb(2), MAILPROTO_ERR_STATE); /* (EARLIER) answers a command */
    SAYS(&w, verb(4), "* 5 EXISTS\r\n");
    SAYS(&w, verb(3), "* FLAGS ()\r\n");
    SAYS(&w, verb(0), "* 0 RECENT\r\n");
    writer_close(&w);
}

static void no_mailbox(void **state)
{
    unsigned i;
    (void)state;
    writer_work(&w, 4096, NULL, 0, "A NOOP\r\n");
    for (i = 0; i < 5; i++) {
        REFUSES(&w, verb(i), MAILPROTO_ERR_STATE);
    }
    REFUSES(&w, verb(14), MAILPROTO_ERR_STATE);
    SAYS(&w, verb(8), "* ID NIL\r\n");
    writer_close(&w);
}

static void before_login(void **state)
{
    mailproto_imap_server_options o;
    unsigned i;
    (void)state;
    memset(&w, 0, sizeof w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    assert_int_equal(mailproto_imap_server_new(&o, &w.server), MAILPROTO_OK);
    w.session = mailproto_imap_server_session(w.server);
    for (i = 0; i < VERBS; i++) {
        if (i != 10 && i != 11) {
            REFUSES(&w, verb(i), MAILPROTO_ERR_STATE);
        }
    }
    REFUSES(&w,
            mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, NULL,
                                           bytes_of("x")),
            MAILPROTO_ERR_STATE);
    writer_close(&w);
}

static void within_another(void **state)
{
    mailproto_imap_found f = {sizeof f, 1, 1, 1, 0};
    int wants;
    unsigned i;
    (void)state;
    writer_work(&w, 4096, "QRESYNC", 5, "A SEARCH ALL\r\n");
    assert_int_equal(
        mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
        MAILPROTO_OK);
    writer_forget(&w);
    for (i = 0; i < VERBS; i++) {
        if (i != 10 && i != 12) {
            REFUSES(&w, verb(i), MAILPROTO_ERR_STATE);
        }
    }
    REFUSES(&w,
            mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, NULL,
                                           bytes_of("x")),
            MAILPROTO_ERR_STATE);
    assert_int_equal(verb(12), MAILPROTO_OK);
    writer_drain_all(&w);
    assert_string_equal(w.out, " 1");
    writer_close(&w);
}

static void after_the_end(void **state)
{
    unsigned i;
    (void)state;
    writer_work(&w, 4096, "QRESYNC", 5, "A FETCH 1 FLAGS\r\n");
    assert_int_equal(mailproto_imap_server_fetch_begin(w.server, 1), MAILPROTO_OK);
    assert_int_equal(verb(15), MAILPROTO_OK);
    assert_int_equal(mailproto_session_fail(w.session, MAILPROTO_ERR_IO), MAILPROTO_OK);
    writer_forget(&w);
    for (i = 0; i < VERBS; i++) {
        mailproto_status wanted = MAILPROTO_ERR_IO;
        if (i == 10 || i == 11) {
            continue; /* the request is gone */
        }
        REFUSES(&w, verb(i), wanted);
    }
    REFUSES(&w, mailproto_imap_server_fetch_end(w.server), MAILPROTO_ERR_IO);
    writer_events(&w);
    REFUSES(&w, verb(8), MAILPROTO_ERR_IO);
    writer_close(&w);
}

/* Capabilities that are not offered are not spoken of. */
static void not_offered(void **state)
{
    mailproto_imap_server_options o;
    mailproto_imap_selected box = writer_box(1);
    (void)state;
    memset(&w, 0, sizeof w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR;
    assert_int_equal(mailproto_imap_server_new(&o, &w.server), MAILPROTO_OK);
    w.session = mailproto_imap_server_session(w.server);
    w.drain = SIZE_MAX;
    writer_events(&w);
    assert_int_equal(mailproto_imap_server_greet(w.server, w.request,
                                                 MAILPROTO_IMAP_PREAUTH, bytes_of("")),
                     MAILPROTO_OK);
    writer_command(&w, "A SELECT x\r\n");
    box.highestmodseq = 0;
    SAYS(&w, mailproto_imap_server_selected(w.server, w.request, &box),
         "* FLAGS ()\r\n* OK [PERMANENTFLAGS ()] Kept\r\n* 1 EXISTS\r\n* 0 RECENT\r\n"
         "* OK [UIDVALIDITY 7] UIDs valid\r\n* OK [UIDNEXT 1000] Next UID\r\n");
    writer_close(&w);
}

/* ---- calls that lie when they are repeated ------------------------------------------------- */

static void other_arguments(void **state)
{
    static mailproto_imap_range many[200];
    static char fields[4000];
    static const mailproto_imap_range small = {1, 1};
    mailproto_imap_found f = {sizeof f, 200, 1, 400, 0};
    mailproto_imap_fetch_item item;
    mailproto_imap_fetch_item another;
    mailproto_imap_cursor items;
    char *at = fields;
    int wants;
    uint32_t i;
    (void)state;
    for (i = 0; i < 200; i++) {
        many[i].low = many[i].high = 2 * i + 1;
    }
    for (i = 0; i < 2; i++) {
        writer_work(&w, 1024, i ? "IMAP4rev2" : NULL, 5, "A SEARCH ALL\r\n");
        assert_int_equal(
            mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_OK);
        assert_int_equal(mailproto_imap_server_numbers(w.server, many, 200),
                         MAILPROTO_AGAIN);
        assert_int_equal(mailproto_imap_server_search_end(w.server),
                         MAILPROTO_ERR_STATE);
        writer_forget(&w);
        many[199].low = 0;
        many[150].low = many[150].high = 1;
        assert_int_equal(mailproto_imap_server_numbers(w.server, many, 200),
                         MAILPROTO_ERR_ARGUMENT);
        many[150].low = many[150].high = 301;
        many[199].low = 399;
        writer_close(&w);
    }
    /* a name in pieces goes on with the same name only */
    at += sprintf(at, "A FETCH 1 (BODY[HEADER.FIELDS (");
    for (i = 0; i < 100; i++) {
        at += sprintf(at, "X-A-Long-Name-%u ", (unsigned)i);
    }
    (void)sprintf(at, "X)] BODY[])\r\n");
    writer_work(&w, 1024, NULL, 5, fields);
    items = w.command.items;
    assert_int_equal(mailproto_imap_fetch_next(&items, &item), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_fetch_next(&items, &another), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_begin(w.server, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 1, 0),
                     MAILPROTO_AGAIN);
    writer_forget(&w);
    REFUSES(&w, mailproto_imap_server_fetch_section(w.server, &another, 1, 0),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_fetch_end(w.server), MAILPROTO_ERR_STATE);
    REFUSES(&w, verb(15), MAILPROTO_ERR_STATE);
    writer_close(&w);
    /* words of a code that was begun */
    writer_work(&w, 1024, NULL, 5, "A NOOP\r\n");
    assert_int_equal(mailproto_imap_server_code_begin(w.server, 0, MAILPROTO_IMAP_NO,
                                                      MAILPROTO_IMAP_CODE_MODIFIED, 0),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(w.server, &small, 1), MAILPROTO_OK);
    writer_forget(&w);
    REFUSES(&w,
            mailproto_imap_server_code_end(w.server, (mailproto_bytes){fields, 257}),
            MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(
        mailproto_imap_server_code_end(w.server, (mailproto_bytes){fields, 256}),
        MAILPROTO_OK);
    writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_progress), cmocka_unit_test(no_mailbox),
        cmocka_unit_test(before_login),        cmocka_unit_test(within_another),
        cmocka_unit_test(after_the_end),       cmocka_unit_test(not_offered),
        cmocka_unit_test(other_arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
