/* FETCH responses item by item: names, values, literals through the content verbs, and what
 * is refused. */
#include "write_check.h"

#include <mailproto/pump.h>

static struct writer w;

static void begin_at(uint32_t out_size, const char *enable, const char *command)
{
    writer_work(&w, out_size, enable, 20, command);
}

static void begin(const char *enable, const char *command)
{
    begin_at(65536, enable, command);
}

/* The first item of the command at hand. */
static mailproto_imap_fetch_item first_item(void)
{
    mailproto_imap_cursor c = w.command.items;
    mailproto_imap_fetch_item item;
    assert_int_equal(mailproto_imap_fetch_next(&c, &item), MAILPROTO_OK);
    return item;
}

static mailproto_imap_fetch_item item_of(uint32_t kind)
{
    mailproto_imap_fetch_item item;
    memset(&item, 0, sizeof item);
    item.kind = kind;
    return item;
}

static mailproto_status number(uint32_t kind, uint64_t n)
{
    mailproto_imap_fetch_item item = item_of(kind);
    return mailproto_imap_server_fetch_number(w.server, &item, n);
}

static void fetch(void)
{
    assert_int_equal(mailproto_imap_server_fetch_begin(w.server, 7), MAILPROTO_OK);
}
static mailproto_status end(void)
{
    return mailproto_imap_server_fetch_end(w.server);
}

static void small_items(void **state)
{
    static const mailproto_bytes keywords[] = {{"$Junk", 5}, {"x", 1}};
    mailproto_imap_date date = {0, 60, 1};
    mailproto_imap_date none = {0, 0, 0};
    (void)state;
    begin(NULL, "A FETCH 7 FLAGS\r\n");
    REFUSES(&w, mailproto_imap_server_fetch_begin(w.server, 0), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_fetch_begin(w.server, 21),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, end(), MAILPROTO_ERR_STATE);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_UID, 1), MAILPROTO_ERR_STATE);
    fetch();
    REFUSES(&w, end(), MAILPROTO_OK); /* nothing in it is nothing */
    fetch();
    REFUSES(&w, mailproto_imap_server_fetch_begin(w.server, 7), MAILPROTO_ERR_STATE);
    SAYS(&w,
         (number(MAILPROTO_IMAP_ITEM_UID, 4294967295U) == MAILPROTO_OK) ? end() : -1,
         "* 7 FETCH (UID 4294967295)\r\n");
    fetch();
    assert_int_equal(
        mailproto_imap_server_fetch_flags(
            w.server, MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_RECENT, keywords, 2),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_flags(w.server, 0, NULL, 0),
                     MAILPROTO_OK);
    assert_int_equal(number(MAILPROTO_IMAP_ITEM_RFC822_SIZE, 0), MAILPROTO_OK);
    assert_int_equal(number(MAILPROTO_IMAP_ITEM_MODSEQ, 624140003), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_date(
                         w.server, MAILPROTO_IMAP_ITEM_INTERNALDATE, &date),
                     MAILPROTO_OK);
    assert_int_equal(
        mailproto_imap_server_fetch_date(w.server, MAILPROTO_IMAP_ITEM_SAVEDATE, &date),
        MAILPROTO_OK);
    assert_int_equal(
        mailproto_imap_server_fetch_date(w.server, MAILPROTO_IMAP_ITEM_SAVEDATE, &none),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_id(
                         w.server, MAILPROTO_IMAP_ITEM_EMAILID, bytes_of("M1_-")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_id(
                         w.server, MAILPROTO_IMAP_ITEM_THREADID, bytes_of("T1")),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_id(
                         w.server, MAILPROTO_IMAP_ITEM_THREADID, bytes_of("")),
                     MAILPROTO_OK);
    SAYS(&w, end(),
         "* 7 FETCH (FLAGS (\\Seen \\Recent $Junk x) FLAGS () RFC822.SIZE 0 MODSEQ "
         "(624140003) INTERNALDATE \"01-Jan-1970 01:00:00 +0100\" SAVEDATE \"0"
         "1-Jan-1970 01:00:00 +0100\" SAVEDATE NIL EMAILID (M1_-) THREADID (T1) "
         "THREADID "
         "NIL)\r\n");
    writer_complete(&w);
    REFUSES(&w, mailproto_imap_server_fetch_begin(w.server, 7), MAILPROTO_ERR_STATE);
    writer_close(&w);
}

static void small_faults(void **state)
{
    static const mailproto_bytes bad[] = {{"\\x", 2}};
    mailproto_imap_date none = {0, 0, 0};
    mailproto_imap_date zone = {0, 1440, 1};
    (void)state;
    begin("IMAP4rev2", "A FETCH 7 FLAGS\r\n");
    fetch();
    REFUSES(&w, mailproto_imap_server_fetch_flags(w.server, 0, bad, 1),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_fetch_flags(w.server, 64, NULL, 0),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_fetch_flags(w.server, 0, NULL, 1),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_UID, 0), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_UID, UINT64_C(1) << 32),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_MODSEQ, 0), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_MODSEQ, UINT64_C(1) << 63),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_RFC822_SIZE, UINT64_C(1) << 63),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, number(MAILPROTO_IMAP_ITEM_FLAGS, 1), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_fetch_date(w.server, MAILPROTO_IMAP_ITEM_INTERNALDATE,
                                             &none),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(
        &w,
        mailproto_imap_server_fetch_date(w.server, MAILPROTO_IMAP_ITEM_SAVEDATE, &zone),
        MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_fetch_date(w.server, MAILPROTO_IMAP_ITEM_UID, &zone),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_fetch_id(w.server, MAILPROTO_IMAP_ITEM_EMAILID,
                                           bytes_of("")),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_fetch_id(w.server, MAILPROTO_IMAP_ITEM_THREADID,
                                           bytes_of("a b")),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_fetch_id(w.server, MAILPROTO_IMAP_ITEM_UID,
                                           bytes_of("a")),
            MAILPROTO_ERR_ARGUMENT);
    /* IMAP4rev2 has no \Recent */
    assert_int_equal(
        mailproto_imap_server_fetch_flags(w.server, MAILPROTO_IMAP_RECENT, NULL, 0),
        MAILPROTO_OK);
    SAYS(&w, end(), "* 7 FETCH (FLAGS ())\r\n");
    writer_close(&w);
}

/* ---- names of sections -------------------------------------------------------------------- */

static void name_is(const char *command_item, const char *name)
{
    char line[400];
    mailproto_imap_fetch_item item;
    (void)snprintf(line, sizeof line, "A FETCH 7 %s\r\n", command_item);
    begin(NULL, line);
    item = first_item();
    fetch();
    if (item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
        assert_int_equal(mailproto_imap_server_fetch_number(w.server, &item, 5),
                         MAILPROTO_OK);
        (void)snprintf(line, sizeof line, "* 7 FETCH (%s 5)\r\n", name);
    } else {
        assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item,
                                                             MAILPROTO_SIZE_UNKNOWN, 0),
                         MAILPROTO_OK);
        (void)snprintf(line, sizeof line, "* 7 FETCH (%s NIL)\r\n", name);
    }
    assert_int_equal(end(), MAILPROTO_OK);
    writer_shows(&w, line, strlen(line), __FILE__, __LINE__);
    writer_close(&w);
}

static void names(void **state)
{
    (void)state;
    name_is("BODY[]", "BODY[]");
    name_is("BODY.PEEK[]<0.10>", "BODY[]<0>");
    name_is("body[1.2.header]", "BODY[1.2.HEADER]");
    name_is("BODY[TEXT]<4294967296.1>", "BODY[TEXT]<4294967296>");
    name_is("BODY[3.MIME]", "BODY[3.MIME]");
    name_is("BODY[1.2.HEADER.FIELDS (DATE FROM)]<0.1>",
            "BODY[1.2.HEADER.FIELDS (DATE FROM)]<0>");
    name_is("BODY.PEEK[HEADER.FIELDS.NOT (\"x-a\" b]c)]",
            "BODY[HEADER.FIELDS.NOT (\"x-a\" \"b]c\")]");
    name_is("BODY[HEADER.FIELDS (\"a\\\"b\" {3+}\r\nx y {2+}\r\nab \"\")]",
            "BODY[HEADER.FIELDS (\"a\\\"b\" \"x y\" ab \"\")]");
    name_is("BODY[HEADER.FIELDS ({4+}\r\na\r\nb)]",
            "BODY[HEADER.FIELDS ({4}\r\na\r\nb)]");
    name_is("BINARY[1]", "BINARY[1]");
    name_is("BINARY.PEEK[1.2]<5.6>", "BINARY[1.2]<5>");
    name_is("BINARY.SIZE[1.2]", "BINARY.SIZE[1.2]");
    name_is("RFC822", "RFC822");
    name_is("RFC822.HEADER", "RFC822.HEADER");
    name_is("RFC822.TEXT", "RFC822.TEXT");
}

static void name_faults(void **state)
{
    mailproto_imap_fetch_item item = item_of(MAILPROTO_IMAP_ITEM_SECTION);
    (void)state;
    begin(NULL, "A FETCH 7 BODY[]\r\n");
    fetch();
#define SECTION_REFUSED(size, binary)                                                  \
    REFUSES(&w, mailproto_imap_server_fetch_section(w.server, &item, size, binary),    \
            MAILPROTO_ERR_ARGUMENT)
    item.section = 6;
    SECTION_REFUSED(1, 0);
    item.section = MAILPROTO_IMAP_SECTION_MIME;
    SECTION_REFUSED(1, 0);
    item.section = MAILPROTO_IMAP_SECTION_FIELDS; /* without names */
    SECTION_REFUSED(1, 0);
    item.section = 0;
    item.path_len = MAILPROTO_IMAP_PATH_MAX + 1;
    SECTION_REFUSED(1, 0);
    item.path_len = 1; /* part 0 */
    SECTION_REFUSED(1, 0);
    item.path_len = 0;
    SECTION_REFUSED(1, 1);
    SECTION_REFUSED(UINT64_C(1) << 63, 0);
    item.flags = MAILPROTO_IMAP_PARTIAL;
    item.first = UINT64_C(1) << 63;
    SECTION_REFUSED(1, 0);
    item = item_of(MAILPROTO_IMAP_ITEM_BINARY);
    item.section = MAILPROTO_IMAP_SECTION_TEXT;
    SECTION_REFUSED(1, 0);
    item = item_of(MAILPROTO_IMAP_ITEM_BINARY_SIZE);
    SECTION_REFUSED(1, 0);
    item = item_of(MAILPROTO_IMAP_ITEM_FLAGS);
    SECTION_REFUSED(1, 0);
    REFUSES(&w, end(), MAILPROTO_OK);
    writer_close(&w);
}

/* ---- content ------------------------------------------------------------------------------ */

static void content(void **state)
{
    mailproto_imap_fetch_item item;
    size_t used;
    (void)state;
    begin(NULL, "A FETCH 7 BODY[]\r\n");
    item = first_item();
    fetch();
    assert_int_equal(mailproto_session_content(w.session, "a", 1, &used),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(number(MAILPROTO_IMAP_ITEM_UID, 3), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 5, 0),
                     MAILPROTO_OK);
    writer_events(&w);
    assert_int_equal(w.wanted, 1);
    assert_int_equal(end(), MAILPROTO_ERR_STATE);
    assert_int_equal(number(MAILPROTO_IMAP_ITEM_UID, 3), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 5, 0),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_session_content(w.session, "abcdef", 6, &used),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(used, 0);
    assert_int_equal(mailproto_session_content(w.session, "a)", 2, &used),
                     MAILPROTO_OK);
    assert_int_equal(used, 2);
    assert_int_equal(mailproto_session_content_taken(w.session), 2);
    assert_int_equal(mailproto_session_content(w.session, "\r\n", 2, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_content(w.session, "xy", 2, &used),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_session_content(w.session, "x", 1, &used), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_end(w.session), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_end(w.session), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 0, 0),
                     MAILPROTO_OK);
    writer_events(&w);
    assert_int_equal(w.wanted, 2);
    assert_int_equal(mailproto_session_content(w.session, "x", 1, &used),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_session_content_end(w.session), MAILPROTO_OK);
    SAYS(&w, end(), "* 7 FETCH (UID 3 BODY[] {5}\r\na)\r\nx BODY[] \"\")\r\n");
    writer_complete(&w);
    writer_close(&w);
}

static void content_binary(void **state)
{
    mailproto_imap_fetch_item item;
    size_t used;
    void *space;
    size_t cap;
    (void)state;
    begin(NULL, "A FETCH 7 BINARY[1]\r\n");
    item = first_item();
    fetch();
    assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 3, 1),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_content(w.session, "\0a", 2, &used),
                     MAILPROTO_OK);
    space = mailproto_session_content_space(w.session, &cap);
    assert_non_null(space);
    assert_true(cap > 10);
    memset(space, 0, 1);
    assert_int_equal(mailproto_session_content_commit(w.session, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_session_content_end(w.session), MAILPROTO_OK);
    SAYS(&w, end(), "* 7 FETCH (BINARY[1] ~{3}\r\n\0a\0)\r\n");
    fetch();
    assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 3, 0),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_content(w.session, "a\0b", 3, &used),
                     MAILPROTO_ERR_NUL);
    assert_int_equal(used, 1);
    assert_int_equal(mailproto_session_content_abort(w.session), MAILPROTO_OK);
    writer_drain_all(&w);
    assert_int_equal(number(MAILPROTO_IMAP_ITEM_UID, 1), MAILPROTO_ERR_CANCELLED);
    writer_close(&w);
}

/* A literal that stays short ends the session, not in a response that a client can take
 * for whole. */
static void content_short(void **state)
{
    int abort;
    (void)state;
    for (abort = 0; abort < 2; abort++) {
        mailproto_error error = {.struct_size = sizeof error};
        mailproto_imap_fetch_item item;
        size_t used;
        begin(NULL, "A FETCH 7 BODY[]\r\n");
        item = first_item();
        fetch();
        assert_int_equal(mailproto_imap_server_fetch_section(w.server, &item, 5, 0),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_session_content(w.session, "abcd", 4, &used),
                         MAILPROTO_OK);
        if (abort) {
            assert_int_equal(mailproto_session_content_abort(w.session), MAILPROTO_OK);
        } else {
            assert_int_equal(mailproto_session_content_end(w.session),
                             MAILPROTO_ERR_CANCELLED);
        }
        mailproto_session_get_error(w.session, &error);
        assert_int_equal(error.code, MAILPROTO_ERR_CANCELLED);
        assert_int_equal(mailproto_imap_server_accept(w.server, w.request),
                         MAILPROTO_ERR_STALE);
        writer_events(&w);
        writer_drain_all(&w);
        assert_string_equal(w.out, "* 7 FETCH (BODY[] {5}\r\nabcd");
        writer_close(&w);
    }
}

/* ---- long names and small outputs ----------------------------------------------------------- */

static char long_command[4096];
static char long_wanted[8192];

static void script(void)
{
    static char body[3000];
    mailproto_imap_fetch_item item;
    size_t at = 0;
    writer_command(&w, long_command);
    item = first_item();
    UNTIL_SAID(&w, mailproto_imap_server_fetch_begin(w.server, 7));
    UNTIL_SAID(&w, number(MAILPROTO_IMAP_ITEM_UID, 3));
    UNTIL_SAID(&w, mailproto_imap_server_fetch_section(w.server, &item,
                                                       MAILPROTO_SIZE_UNKNOWN, 0));
    UNTIL_SAID(&w,
               mailproto_imap_server_fetch_section(w.server, &item, sizeof body, 0));
    memset(body, 'b', sizeof body);
    while (at < sizeof body) {
        size_t used;
        mailproto_status st =
            mailproto_session_content(w.session, body + at, sizeof body - at, &used);
        at += used;
        if (st == MAILPROTO_AGAIN || (st == MAILPROTO_OK && at < sizeof body)) {
            assert_true(writer_drain(&w, w.drain) > 0);
        } else {
            assert_int_equal(st, MAILPROTO_OK);
        }
    }
    UNTIL_SAID(&w, mailproto_session_content_end(w.session));
    UNTIL_SAID(&w, number(MAILPROTO_IMAP_ITEM_RFC822_SIZE, 4));
    UNTIL_SAID(&w, end());
    UNTIL_SAID(&w, mailproto_imap_server_complete(
                       w.server, w.request, MAILPROTO_IMAP_OK, NULL, bytes_of("")));
    writer_drain_all(&w);
}

static void long_names(void **state)
{
    size_t drain;
    size_t n;
    size_t i;
    size_t len;
    char *at = long_command;
    (void)state;
    at += sprintf(at, "A FETCH 7 BODY[HEADER.FIELDS (");
    for (i = 0; i < 128; i++) {
        at += sprintf(at, "%sX-A-Long-Name-%03u", i > 0 ? " " : "", (unsigned)i);
    }
    n = (size_t)(at - long_command) - 10;
    (void)sprintf(at, ")]\r\n");
    len = (size_t)sprintf(long_wanted, "* 7 FETCH (UID 3 %.*s)] NIL %.*s)] {3000}\r\n",
                          (int)n, long_command + 10, (int)n, long_command + 10);
    memset(long_wanted + len, 'b', 3000);
    len += 3000;
    len += (size_t)sprintf(long_wanted + len,
                           " RFC822.SIZE 4)\r\nA OK FETCH completed\r\n");
    writer_open(&w, 65536, NULL);
    writer_select(&w, 20);
    script();
    assert_int_equal(w.len, len);
    assert_memory_equal(w.out, long_wanted, len);
    writer_shows(&w, long_wanted, len, __FILE__, __LINE__);
    writer_close(&w);
    for (drain = 1; drain <= 50; drain++) {
        writer_open(&w, 1024, NULL);
        writer_select(&w, 20);
        w.drain = drain;
        script();
        assert_true(w.again > 10);
        assert_int_equal(w.len, len);
        assert_memory_equal(w.out, long_wanted, len);
        writer_close(&w);
    }
}

/* ---- the content pump, from each kind of source ---------------------------------------------- */

static char pumped[5000];

struct pumping {
    size_t at, piece;
};

static mailproto_status pump_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct pumping *p = (struct pumping *)ctx;
    size_t n = sizeof pumped - p->at;
    n = n < cap ? n : cap;
    n = n < p->piece ? n : p->piece;
    *got = n;
    memcpy(buf, pumped + p->at, n);
    p->at += n;
    return n > 0 ? MAILPROTO_OK : MAILPROTO_EOF;
}

static mailproto_status pump_write(void *ctx, const void *buf, size_t len, size_t *put)
{
    size_t n = len < w.drain ? len : w.drain;
    (void)ctx;
    w.out = (char *)realloc(w.out, w.len + n + 1);
    assert_non_null(w.out);
    memcpy(w.out + w.len, buf, n);
    w.len += n;
    w.out[w.len] = '\0';
    w.cap = w.len + 1;
    *put = n;
    return MAILPROTO_OK;
}

static void pump(void **state)
{
    mailproto_io io = {sizeof io, 0, NULL, NULL, pump_write};
    size_t drain;
    size_t i;
    (void)state;
    for (i = 0; i < sizeof pumped; i++) {
        pumped[i] = (char)('a' + i % 23);
    }
    for (drain = 1; drain < 4000; drain += drain < 50 ? 1 : 500) {
        int kind;
        for (kind = 0; kind < 2; kind++) {
            static char wanted[6000];
            size_t len;
            struct pumping p = {0, 1 + drain * 7};
            mailproto_source source = {sizeof source, 0,    &p,       NULL,
                                       sizeof pumped, NULL, pump_read};
            mailproto_imap_fetch_item item;
            source.data = kind ? pumped : NULL;
            begin_at(1024, NULL, "A FETCH 7 BODY[]\r\n");
            w.drain = drain;
            item = first_item();
            fetch();
            assert_int_equal(
                mailproto_imap_server_fetch_section(w.server, &item, sizeof pumped, 0),
                MAILPROTO_OK);
            assert_int_equal(mailproto_pump_content(w.session, &io, &source),
                             MAILPROTO_OK);
            UNTIL_SAID(&w, end());
            assert_int_equal(mailproto_imap_server_complete(w.server, w.request,
                                                            MAILPROTO_IMAP_OK, NULL,
                                                            bytes_of("")),
                             MAILPROTO_OK);
            len =
                (size_t)snprintf(wanted, sizeof wanted, "* 7 FETCH (BODY[] {5000}\r\n");
            memcpy(wanted + len, pumped, sizeof pumped);
            len += sizeof pumped;
            len += (size_t)snprintf(wanted + len, sizeof wanted - len,
                                    ")\r\nA OK FETCH completed\r\n");
            writer_shows(&w, wanted, len, __FILE__, __LINE__);
            writer_close(&w);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_items),   cmocka_unit_test(small_faults),
        cmocka_unit_test(names),         cmocka_unit_test(name_faults),
        cmocka_unit_test(content),       cmocka_unit_test(content_binary),
        cmocka_unit_test(content_short), cmocka_unit_test(long_names),
        cmocka_unit_test(pump)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
