/* SEARCH and ESEARCH, and codes with many numbers: exact octets, faults, and that small
 * outputs bring the same. */
#include "write_check.h"

static struct writer w;

static mailproto_imap_found found_of(uint32_t count, uint32_t min, uint32_t max,
                                     uint64_t modseq)
{
    mailproto_imap_found f;
    memset(&f, 0, sizeof f);
    f.struct_size = sizeof f;
    f.count = count;
    f.min = min;
    f.max = max;
    f.modseq = modseq;
    return f;
}

/* 2, 5, 6, 7, 11 */
static const mailproto_imap_range some[] = {{2, 2}, {5, 7}, {11, 11}};

static void search(const char *enable, const char *command,
                   const mailproto_imap_found *f, const char *octets, int line)
{
    int wants = -1;
    size_t rest = f->count > 0 ? 3 : 0;
    writer_work(&w, 65536, enable, 20, command);
    assert_int_equal(mailproto_imap_server_search_begin(w.server, w.request, f, &wants),
                     MAILPROTO_OK);
    if (wants) {
        assert_true(rest > 0);
        assert_int_equal(mailproto_imap_server_search_end(w.server),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_imap_server_numbers(w.server, some, 1),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_imap_server_numbers(w.server, some + 1, 2),
                         MAILPROTO_OK);
    } else {
        assert_int_equal(mailproto_imap_server_numbers(w.server, some, 1),
                         MAILPROTO_ERR_STATE);
    }
    /* nothing else comes between */
    assert_int_equal(mailproto_imap_server_exists(w.server, 30), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_complete(
                         w.server, w.request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_search_end(w.server), MAILPROTO_OK);
    writer_shows(&w, octets, strlen(octets), __FILE__, line);
    assert_int_equal(mailproto_imap_server_search_end(w.server), MAILPROTO_ERR_STATE);
    writer_complete(&w);
    writer_close(&w);
}
#define SEARCHES(enable, command, f, octets)                                           \
    search(enable, command, &(f), octets, __LINE__)

static void forms(void **state)
{
    mailproto_imap_found f = found_of(5, 2, 11, 0);
    mailproto_imap_found m = found_of(5, 2, 11, 917162500);
    mailproto_imap_found none = found_of(0, 0, 0, 0);
    mailproto_imap_found none_m = found_of(0, 0, 0, 5);
    (void)state;
    SEARCHES(NULL, "A SEARCH ALL\r\n", f, "* SEARCH 2 5 6 7 11\r\n");
    SEARCHES(NULL, "A UID SEARCH ALL\r\n", f, "* SEARCH 2 5 6 7 11\r\n");
    SEARCHES(NULL, "A SEARCH MODSEQ 1\r\n", m,
             "* SEARCH 2 5 6 7 11 (MODSEQ 917162500)\r\n");
    SEARCHES(NULL, "A SEARCH ALL\r\n", none, "* SEARCH\r\n");
    SEARCHES(NULL, "A SEARCH MODSEQ 1\r\n", none_m, "* SEARCH\r\n");
    SEARCHES("IMAP4rev2", "A SEARCH ALL\r\n", f,
             "* ESEARCH (TAG \"A\") ALL 2,5:7,11\r\n");
    SEARCHES("IMAP4rev2", "A.x] UID SEARCH ALL\r\n", f,
             "* ESEARCH (TAG \"A.x]\") UID ALL 2,5:7,11\r\n");
    SEARCHES("IMAP4rev2", "A SEARCH ALL\r\n", none, "* ESEARCH (TAG \"A\")\r\n");
    SEARCHES(NULL, "A SEARCH RETURN () ALL\r\n", f,
             "* ESEARCH (TAG \"A\") ALL 2,5:7,11\r\n");
    SEARCHES(NULL, "A SEARCH RETURN (MIN COUNT) ALL\r\n", f,
             "* ESEARCH (TAG \"A\") MIN 2 COUNT 5\r\n");
    SEARCHES(NULL, "A UID SEARCH RETURN (MAX) ALL\r\n", f,
             "* ESEARCH (TAG \"A\") UID MAX 11\r\n");
    SEARCHES(NULL, "A SEARCH RETURN (MIN MAX ALL COUNT) MODSEQ 1\r\n", m,
             "* ESEARCH (TAG \"A\") MIN 2 MAX 11 COUNT 5 MODSEQ 917162500 ALL "
             "2,5:7,11\r\n");
    SEARCHES(NULL, "A SEARCH RETURN (MIN MAX ALL COUNT) MODSEQ 1\r\n", none_m,
             "* ESEARCH (TAG \"A\") COUNT 0\r\n");
    SEARCHES(NULL, "A SEARCH RETURN (MIN) ALL\r\n", none, "* ESEARCH (TAG \"A\")\r\n");
    SEARCHES(NULL, "A SEARCH RETURN (SAVE) ALL\r\n", f, "");
    SEARCHES("IMAP4rev2", "A SEARCH RETURN (SAVE) ALL\r\n", none, "");
    SEARCHES(NULL, "A SEARCH RETURN (SAVE COUNT) ALL\r\n", f,
             "* ESEARCH (TAG \"A\") COUNT 5\r\n");
}

static void search_faults(void **state)
{
    static const mailproto_imap_range bad[][2] = {{{0, 0}, {1, 1}}, {{1, 0}, {2, 2}},
                                                  {{3, 2}, {5, 5}}, {{1, 3}, {3, 4}},
                                                  {{5, 5}, {1, 1}}, {{1, 1}, {0, 0}}};
    static const mailproto_imap_range six[] = {{1, 6}};
    mailproto_imap_found f = found_of(5, 2, 11, 0);
    int wants;
    size_t i;
    (void)state;
    writer_work(&w, 65536, NULL, 20, "A NOOP\r\n");
    REFUSES(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_search_begin(w.server, w.request + 1, &f, &wants),
            MAILPROTO_ERR_STALE);
    REFUSES(&w, mailproto_imap_server_numbers(w.server, some, 1), MAILPROTO_ERR_STATE);
    REFUSES(&w, mailproto_imap_server_search_end(w.server), MAILPROTO_ERR_STATE);
    writer_complete(&w);
    writer_command(&w, "A SEARCH RETURN (MIN MAX ALL) ALL\r\n");
    f = found_of(5, 0, 11, 0);
    REFUSES(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_ERR_ARGUMENT);
    f = found_of(5, 11, 2, 0);
    REFUSES(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_ERR_ARGUMENT);
    f = found_of(5, 2, 5, 0);
    REFUSES(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_ERR_ARGUMENT);
    f = found_of(5, 2, 11, UINT64_C(1) << 63);
    REFUSES(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_ERR_ARGUMENT);
    f = found_of(5, 2, 11, 0);
    writer_close(&w);
    for (i = 0; i < 2; i++) {
        size_t k;
        writer_work(&w, 65536, i ? "IMAP4rev2" : NULL, 20, "A SEARCH ALL\r\n");
        assert_int_equal(
            mailproto_imap_server_search_begin(w.server, w.request, &f, &wants),
            MAILPROTO_OK);
        writer_forget(&w);
        for (k = 0; k < sizeof bad / sizeof bad[0]; k++) {
            REFUSES(&w, mailproto_imap_server_numbers(w.server, bad[k], 2),
                    MAILPROTO_ERR_ARGUMENT);
        }
        REFUSES(&w, mailproto_imap_server_numbers(w.server, six, 1),
                MAILPROTO_ERR_ARGUMENT);
        REFUSES(&w, mailproto_imap_server_numbers(w.server, NULL, 1),
                MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(mailproto_imap_server_numbers(w.server, NULL, 0),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_imap_server_numbers(w.server, some + 1, 1),
                         MAILPROTO_OK);
        writer_forget(&w);
        REFUSES(&w, mailproto_imap_server_numbers(w.server, some, 1),
                MAILPROTO_ERR_ARGUMENT);
        writer_close(&w);
    }
}

/* ---- codes --------------------------------------------------------------------------- */

/* An APPEND is in progress. */
static void append(struct writer *writer)
{
    writer_command(writer, "A APPEND x {1+}\r\n");
    assert_int_equal(mailproto_imap_server_literal(writer->server, writer->request, 1),
                     MAILPROTO_OK);
    writer_command(writer, "m\r\n");
}

static void codes(void **state)
{
    static const mailproto_imap_range from[] = {{1, 3}, {9, 9}};
    static const mailproto_imap_range to[] = {{20, 23}};
    static const mailproto_imap_range more[] = {{20, 24}};
    (void)state;
    writer_work(&w, 65536, NULL, 20, "A COPY 1:4 x\r\n");
    REFUSES(&w,
            mailproto_imap_server_code_begin(w.server, w.request, MAILPROTO_IMAP_BAD,
                                             MAILPROTO_IMAP_CODE_COPYUID, 5),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_code_begin(w.server, w.request, MAILPROTO_IMAP_OK,
                                             MAILPROTO_IMAP_CODE_ALERT, 5),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_code_begin(w.server, w.request, MAILPROTO_IMAP_OK,
                                             MAILPROTO_IMAP_CODE_COPYUID, 0),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_code_begin(w.server, w.request + 9, MAILPROTO_IMAP_OK,
                                             MAILPROTO_IMAP_CODE_COPYUID, 5),
            MAILPROTO_ERR_STALE);
    REFUSES(&w, mailproto_imap_server_code_end(w.server, bytes_of("")),
            MAILPROTO_ERR_STATE);
    REFUSES(&w, mailproto_imap_server_code_target(w.server), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_code_begin(w.server, w.request,
                                                      MAILPROTO_IMAP_OK,
                                                      MAILPROTO_IMAP_CODE_COPYUID, 5),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_code_target(w.server), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_numbers(w.server, from, 2), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_code_end(w.server, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_code_target(w.server), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(w.server, more, 1),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_numbers(w.server, to, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_search_end(w.server), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_code_end(w.server, bytes_of("a\rb")),
                     MAILPROTO_ERR_ARGUMENT);
    SAYS(&w, mailproto_imap_server_code_end(w.server, bytes_of("")),
         "A OK [COPYUID 5 1:3,9 20:23] COPY completed\r\n");
    writer_events(&w);
    /* the request is over */
    REFUSES(&w, mailproto_imap_server_accept(w.server, w.request), MAILPROTO_ERR_STALE);

    writer_command(&w, "B MOVE 1 x\r\n");
    assert_int_equal(mailproto_imap_server_code_begin(w.server, 0, MAILPROTO_IMAP_OK,
                                                      MAILPROTO_IMAP_CODE_COPYUID, 5),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(w.server, from + 1, 1),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_code_target(w.server), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(w.server, from, 0), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_code_end(w.server, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_numbers(w.server, from + 1, 1),
                     MAILPROTO_OK);
    SAYS(&w, mailproto_imap_server_code_end(w.server, bytes_of("")),
         "* OK [COPYUID 5 9 9] Done\r\n");
    assert_int_equal(mailproto_imap_server_accept(w.server, w.request), MAILPROTO_OK);
    writer_events(&w);
    writer_drain_all(&w);
    writer_command(&w, "B STORE 1 FLAGS (a)\r\n");
    assert_int_equal(mailproto_imap_server_code_begin(w.server, w.request,
                                                      MAILPROTO_IMAP_NO,
                                                      MAILPROTO_IMAP_CODE_MODIFIED, 0),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(w.server, from, 2), MAILPROTO_OK);
    SAYS(&w, mailproto_imap_server_code_end(w.server, bytes_of("[sic]")),
         "B NO [MODIFIED 1:3,9] [sic]\r\n");
    writer_events(&w);
    append(&w);
    assert_int_equal(mailproto_imap_server_code_begin(w.server, w.request,
                                                      MAILPROTO_IMAP_OK,
                                                      MAILPROTO_IMAP_CODE_APPENDUID, 1),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_numbers(w.server, from, 1), MAILPROTO_OK);
    SAYS(&w, mailproto_imap_server_code_end(w.server, bytes_of("x")),
         "A OK [APPENDUID 1 1:3] x\r\n");
    writer_close(&w);
}

/* Only what a command ends with: SELECT would be completed without its mailbox. */
static void codes_of_others(void **state)
{
    static const struct {
        const char *command;
        uint32_t code; /* that it ends with; 0: none */
    } rows[] = {{"A COPY 1 x\r\n", MAILPROTO_IMAP_CODE_COPYUID},
                {"A UID MOVE 1 x\r\n", MAILPROTO_IMAP_CODE_COPYUID},
                {"A STORE 1 FLAGS (a)\r\n", MAILPROTO_IMAP_CODE_MODIFIED},
                {NULL, MAILPROTO_IMAP_CODE_APPENDUID}, /* of append() */
                {"A SELECT x\r\n", 0},
                {"A EXAMINE x\r\n", 0},
                {"A CLOSE\r\n", 0},
                {"A UNSELECT\r\n", 0},
                {"A FETCH 1 FLAGS\r\n", 0},
                {"A NOOP\r\n", 0}};
    static const uint32_t all[] = {MAILPROTO_IMAP_CODE_APPENDUID,
                                   MAILPROTO_IMAP_CODE_COPYUID,
                                   MAILPROTO_IMAP_CODE_MODIFIED};
    size_t i;
    size_t k;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        writer_open(&w, 65536, NULL);
        writer_select(&w, 20);
        if (rows[i].command != NULL) {
            writer_command(&w, rows[i].command);
        } else {
            append(&w);
        }
        for (k = 0; k < sizeof all / sizeof all[0]; k++) {
            if (all[k] != rows[i].code) {
                REFUSES(&w,
                        mailproto_imap_server_code_begin(w.server, w.request,
                                                         MAILPROTO_IMAP_OK, all[k], 5),
                        MAILPROTO_ERR_ARGUMENT);
            }
        }
        if (rows[i].code != 0) {
            assert_int_equal(mailproto_imap_server_code_begin(w.server, w.request,
                                                              MAILPROTO_IMAP_OK,
                                                              rows[i].code, 5),
                             MAILPROTO_OK);
        }
        assert_int_equal(mailproto_imap_server_state(w.server),
                         MAILPROTO_IMAP_SELECTED);
        writer_close(&w);
    }
}

/* ---- many numbers through a small output ------------------------------------------------ */

enum { RANGES = 400 };
static mailproto_imap_range many[RANGES];
static uint32_t many_count;

static void fill_many(void)
{
    uint32_t n = 1;
    size_t i;
    many_count = 0;
    for (i = 0; i < RANGES; i++) {
        many[i].low = n;
        many[i].high = n + (uint32_t)(i * 7 % 5);
        many_count += many[i].high - many[i].low + 1;
        n = many[i].high + 1 + (uint32_t)(i * 13 % 3) + (i == 200 ? 4000000000U : 0);
    }
}

static void script(void)
{
    mailproto_imap_found f =
        found_of(many_count, many[0].low, many[RANGES - 1].high, 77);
    size_t i;
    int wants = 0;
    writer_command(&w, "A SEARCH MODSEQ 1\r\n");
    UNTIL_SAID(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants));
    assert_int_equal(wants, 1);
    UNTIL_SAID(&w, mailproto_imap_server_numbers(w.server, many, RANGES));
    UNTIL_SAID(&w, mailproto_imap_server_search_end(w.server));
    UNTIL_SAID(&w, mailproto_imap_server_complete(
                       w.server, w.request, MAILPROTO_IMAP_OK, NULL, bytes_of("")));
    writer_events(&w);
    writer_drain_all(&w);
    assert_int_equal(
        mailproto_session_feed(w.session, "B UID SEARCH RETURN (ALL) 1\r\n", 29, &i),
        MAILPROTO_OK);
    writer_events(&w);
    UNTIL_SAID(&w, mailproto_imap_server_search_begin(w.server, w.request, &f, &wants));
    for (i = 0; i < RANGES; i += 50) {
        UNTIL_SAID(&w, mailproto_imap_server_numbers(w.server, many + i, 50));
    }
    UNTIL_SAID(&w, mailproto_imap_server_search_end(w.server));
    UNTIL_SAID(&w, mailproto_imap_server_accept(w.server, w.request));
    writer_events(&w);
    writer_drain_all(&w);
    assert_int_equal(mailproto_session_feed(w.session, "C COPY 1 x\r\n", 12, &i),
                     MAILPROTO_OK);
    writer_events(&w);
    UNTIL_SAID(&w,
               mailproto_imap_server_code_begin(w.server, w.request, MAILPROTO_IMAP_OK,
                                                MAILPROTO_IMAP_CODE_COPYUID, 9));
    UNTIL_SAID(&w, mailproto_imap_server_numbers(w.server, many, RANGES));
    UNTIL_SAID(&w, mailproto_imap_server_code_target(w.server));
    UNTIL_SAID(&w, mailproto_imap_server_numbers(w.server, many, RANGES));
    UNTIL_SAID(&w, mailproto_imap_server_code_end(w.server, bytes_of("")));
    writer_events(&w);
    writer_drain_all(&w);
}

/* The numbers of the response that was read, token by token. */
static void check_old(const struct imap_read *r)
{
    size_t at = 2;
    size_t i;
    for (i = 0; i < RANGES; i++) {
        uint32_t n = many[i].low;
        for (;; n++) {
            char text[16];
            int len = snprintf(text, sizeof text, "%u", (unsigned)n);
            assert_true(r->tokens[at].space);
            assert_true(imap_read_is(r, at, text, (size_t)len));
            at++;
            if (n == many[i].high) {
                break;
            }
        }
    }
    assert_int_equal(r->count, at + 4);
}

static void small_outputs(void **state)
{
    static struct imap_read reader;
    static char wanted[1 << 16];
    size_t wanted_len;
    size_t drain;
    (void)state;
    fill_many();
    writer_open(&w, 1 << 20, NULL);
    writer_select(&w, 20);
    script();
    assert_int_equal(w.again, 0);
    assert_true(w.len < sizeof wanted);
    memcpy(wanted, w.out, w.len);
    wanted_len = w.len;
    assert_true(imap_read_response(&reader, wanted, wanted_len) > 0);
    check_old(&reader);
    assert_int_equal(imap_read_all(&reader, wanted, wanted_len), 5);
    writer_close(&w);
    for (drain = 1; drain <= 50; drain++) {
        writer_open(&w, 1024, NULL);
        writer_select(&w, 20);
        w.drain = drain;
        script();
        assert_true(w.again > 10);
        assert_int_equal(w.len, wanted_len);
        assert_memory_equal(w.out, wanted, wanted_len);
        writer_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms), cmocka_unit_test(search_faults),
        cmocka_unit_test(codes), cmocka_unit_test(codes_of_others),
        cmocka_unit_test(small_outputs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
