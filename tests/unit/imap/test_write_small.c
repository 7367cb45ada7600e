/* Whole or nothing: every verb through an output of the least size, drained by a few
 * octets, says the same as through a large one; and what can never fit is refused at the
 * same length wherever it is tried. Texts of all kinds come back as they were given. */
#include "write_check.h"

static struct writer w;

static const mailproto_bytes keywords[] = {
    {"$Forwarded", 10}, {"$Junk", 5}, {"$NotJunk", 8}, {"$Phishing", 9}};

static void script(void)
{
    static const mailproto_imap_range set[] = {{1, 9}, {20, 20}, {30, 4000000000U}};
    mailproto_imap_selected box = writer_box(100);
    mailproto_imap_list_entry e = box.entry;
    mailproto_imap_status s;
    mailproto_imap_namespace spaces[2] = {{0, '/', {"", 0}},
                                          {2, '/', {"#\xC3\xA4/", 4}}};
    mailproto_bytes pairs[2] = {{"name", 4}, {"x\xC3\xA4y", 4}};
    mailproto_imap_code code;
    size_t i;
    memset(&s, 0, sizeof s);
    memset(&code, 0, sizeof code);
    s.struct_size = sizeof s;
    s.items = 1023;
    s.uidnext = 5;
    s.uidvalidity = 6;
    s.mailbox_id = bytes_of("M-1");
    box.keywords = keywords;
    box.keywords_count = 4;
    UNTIL_SAID(&w, mailproto_imap_server_selected(w.server, w.request, &box));
    for (i = 0; i < 12; i++) {
        char name[60];
        (void)snprintf(name, sizeof name, "mail box %u \xE5\x8F\xB0\"\\", (unsigned)i);
        e.name = bytes_of(name);
        s.name = e.name;
        UNTIL_SAID(&w, mailproto_imap_server_list(w.server, &e));
        UNTIL_SAID(&w, mailproto_imap_server_status(w.server, &s));
        UNTIL_SAID(&w, mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, NULL,
                                                      bytes_of("some words")));
        code.struct_size = sizeof code;
        code.code = MAILPROTO_IMAP_CODE_MODIFIED;
        code.set = set;
        code.set_count = 3;
        UNTIL_SAID(&w, mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_NO,
                                                      &code, bytes_of("x")));
        UNTIL_SAID(&w, mailproto_imap_server_exists(w.server, 100 + (uint32_t)i));
        UNTIL_SAID(&w, mailproto_imap_server_recent(w.server, (uint32_t)i));
        UNTIL_SAID(&w, mailproto_imap_server_flags(w.server, 31, keywords, 4));
        UNTIL_SAID(&w, mailproto_imap_server_namespace(w.server, spaces, 2));
        UNTIL_SAID(&w, mailproto_imap_server_id(w.server, pairs, 2));
        UNTIL_SAID(&w, mailproto_imap_server_other(w.server, bytes_of("QUOTA"),
                                                   bytes_of("\"\" (STORAGE 1 2)")));
        UNTIL_SAID(&w, mailproto_imap_server_fetch_begin(w.server, 1));
        UNTIL_SAID(&w, mailproto_imap_server_fetch_flags(w.server, 31, keywords, 4));
        UNTIL_SAID(&w, mailproto_imap_server_fetch_id(
                           w.server, MAILPROTO_IMAP_ITEM_EMAILID, bytes_of("E")));
        UNTIL_SAID(&w, mailproto_imap_server_fetch_end(w.server));
    }
    UNTIL_SAID(&w, mailproto_imap_server_complete(
                       w.server, w.request, MAILPROTO_IMAP_OK, NULL, bytes_of("")));
    writer_drain_all(&w);
}

static void small_outputs(void **state)
{
    static const char *const modes[] = {NULL, "IMAP4rev2", "UTF8=ACCEPT"};
    static char wanted[1 << 16];
    static struct imap_read reader;
    size_t wanted_len;
    size_t drain;
    size_t k;
    (void)state;
    for (k = 0; k < 3; k++) {
        writer_work(&w, 1 << 20, modes[k], 0, "A SELECT x\r\n");
        script();
        assert_int_equal(w.again, 0);
        assert_true(w.len < sizeof wanted);
        memcpy(wanted, w.out, w.len);
        wanted_len = w.len;
        reader.utf8 = modes[k] != NULL;
        assert_true(imap_read_all(&reader, wanted, wanted_len) > 12 * 9);
        writer_close(&w);
        for (drain = 1; drain <= 50; drain++) {
            writer_work(&w, 1024, modes[k], 0, "A SELECT x\r\n");
            w.drain = drain;
            script();
            assert_true(w.again > 20);
            assert_int_equal(w.len, wanted_len);
            assert_memory_equal(w.out, wanted, wanted_len);
            writer_close(&w);
        }
    }
}

/* ---- the limit ------------------------------------------------------------------------- */

static mailproto_status list_of(char *name, size_t len)
{
    mailproto_imap_list_entry e;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    e.name.ptr = name;
    e.name.len = len;
    return mailproto_imap_server_list(w.server, &e);
}

/* Up to some length a line fits an empty output, AGAIN is the answer while it does not fit
 * what is left, and above that length it is TOO_LONG however empty the output is. */
static void limits(void **state)
{
    static char name[1024];
    size_t most;
    size_t len;
    (void)state;
    memset(name, 'x', sizeof name);
    writer_work(&w, 1024, NULL, 0, "A LIST \"\" *\r\n");
    for (len = 1; list_of(name, len) == MAILPROTO_OK; len++) {
        writer_forget(&w);
    }
    most = len - 1;
    assert_true(most > 400 && most < 1000);
    REFUSES(&w, list_of(name, most + 1), MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(list_of(name, 1), MAILPROTO_OK);
    assert_int_equal(list_of(name, most), MAILPROTO_AGAIN);
    assert_int_equal(list_of(name, most + 1), MAILPROTO_ERR_TOO_LONG);
    assert_int_equal(writer_drain(&w, 1), 1);
    assert_int_equal(list_of(name, most), MAILPROTO_AGAIN);
    writer_forget(&w);
    assert_int_equal(list_of(name, most), MAILPROTO_OK);
    writer_forget(&w);
    /* EV_ROOM comes to who was told AGAIN */
    assert_int_equal(list_of(name, most), MAILPROTO_OK);
    assert_int_equal(list_of(name, most), MAILPROTO_AGAIN);
    (void)writer_drain(&w, 10);
    {
        mailproto_event ev;
        assert_int_equal(mailproto_session_next_event(w.session, &ev), MAILPROTO_OK);
        assert_int_equal(ev.type, MAILPROTO_EV_ROOM);
    }
    /* an answer has its room whatever was said before it */
    while (list_of(name, 1) == MAILPROTO_OK) {
    }
    assert_int_equal(mailproto_imap_server_complete(w.server, w.request,
                                                    MAILPROTO_IMAP_OK, NULL,
                                                    (mailproto_bytes){name, 256}),
                     MAILPROTO_OK);
    writer_close(&w);
}

static void limit_of_select(void **state)
{
    static char names[40][40];
    mailproto_bytes many[40];
    mailproto_imap_selected box = writer_box(1);
    size_t i;
    size_t n;
    (void)state;
    for (i = 0; i < 40; i++) {
        many[i].ptr = names[i];
        many[i].len =
            (size_t)snprintf(names[i], sizeof names[i], "keyword-%u", (unsigned)i);
    }
    box.keywords = many;
    writer_work(&w, 1024, NULL, 5, "A SELECT x\r\n");
    for (n = 40; n > 0; n--) {
        mailproto_status st;
        box.keywords_count = n;
        st = mailproto_imap_server_selected(w.server, w.request, &box);
        if (st == MAILPROTO_OK) {
            break;
        }
        assert_int_equal(st, MAILPROTO_ERR_TOO_LONG);
        writer_shows(&w, "", 0, __FILE__, __LINE__);
        assert_int_equal(mailproto_imap_server_exists_now(w.server), 5);
    }
    assert_true(n > 5 && n < 40);
    writer_drain_all(&w);
    assert_memory_equal(w.out, "* OK [CLOSED]", 13);
    writer_close(&w);
}

/* ---- what is given comes back ------------------------------------------------------------- */

static const struct {
    const char *octets;
    size_t len;
} hostile[] = {
#define HOSTILE(text)                                                                  \
    {                                                                                  \
        text, sizeof(text) - 1                                                         \
    }
    HOSTILE("plain"),
    HOSTILE(""),
    HOSTILE("a b"),
    HOSTILE("\""),
    HOSTILE("\\"),
    HOSTILE("\\\""),
    HOSTILE("{3}"),
    HOSTILE("a{3}"),
    HOSTILE("{3+}"),
    HOSTILE("~{3}"),
    HOSTILE("]"),
    HOSTILE(")"),
    HOSTILE("("),
    HOSTILE("[x]"),
    HOSTILE("NIL"),
    HOSTILE("nil"),
    HOSTILE("\r"),
    HOSTILE("\n"),
    HOSTILE("\r\n"),
    HOSTILE("x\r\nA OK"),
    HOSTILE("x\r\n* BYE"),
    HOSTILE("%*"),
    HOSTILE("&"),
    HOSTILE("&-"),
    HOSTILE("&AAA-"),
    HOSTILE("\t"),
    HOSTILE("\x7F"),
    HOSTILE("\x1B[0m"),
    HOSTILE("\xC3\xA4"),
    HOSTILE("\xF0\x9F\x98\x80"),
    HOSTILE("a\"\xC3\xA4\\"),
    HOSTILE("\xED\x9F\xBF"),
    HOSTILE("{1}\r\nx"),
    HOSTILE("\"\r\n"),
    HOSTILE("+ go"),
    HOSTILE("\xE2\x80\xA8")};

/* Modified UTF-7 undone, without the library; for what has no character above U+FFFF but
 * those in pairs. */
static size_t from_utf7(const char *in, size_t len, char *out)
{
    static const char set[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    size_t n = 0;
    size_t i = 0;
    while (i < len) {
        unsigned long bits = 0;
        unsigned count = 0;
        unsigned long high = 0;
        if (in[i] != '&') {
            out[n++] = in[i++];
            continue;
        }
        i++;
        if (in[i] == '-') {
            out[n++] = '&';
        }
        for (; in[i] != '-'; i++) {
            unsigned long unit;
            bits = (bits << 6 | (unsigned long)(strchr(set, in[i]) - set)) & 0x3FFFFF;
            count += 6;
            if (count < 16) {
                continue;
            }
            count -= 16;
            unit = bits >> count & 0xFFFF;
            if (unit >= 0xD800 && unit < 0xDC00) {
                high = unit;
                continue;
            }
            if (high != 0) {
                unit = 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
                high = 0;
            }
            if (unit < 0x80) {
                out[n++] = (char)unit;
            } else if (unit < 0x800) {
                out[n++] = (char)(0xC0 | unit >> 6);
                out[n++] = (char)(0x80 | (unit & 0x3F));
            } else if (unit < 0x10000) {
                out[n++] = (char)(0xE0 | unit >> 12);
                out[n++] = (char)(0x80 | (unit >> 6 & 0x3F));
                out[n++] = (char)(0x80 | (unit & 0x3F));
            } else {
                out[n++] = (char)(0xF0 | unit >> 18);
                out[n++] = (char)(0x80 | (unit >> 12 & 0x3F));
                out[n++] = (char)(0x80 | (unit >> 6 & 0x3F));
                out[n++] = (char)(0x80 | (unit & 0x3F));
            }
        }
        i++;
    }
    return n;
}

/* The one response that was said; its tokens. */
static const struct imap_read *one(void)
{
    static struct imap_read reader;
    reader.utf8 = (mailproto_imap_server_enabled(w.server) &
                   (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)) != 0;
    writer_drain_all(&w);
    if (imap_read_response(&reader, w.out, w.len) != w.len) {
        print_error("%s: <%.*s>\n", reader.fault, (int)w.len, w.out);
        fail();
    }
    return &reader;
}

static void expect_token(size_t i, mailproto_bytes wanted, int utf7)
{
    const struct imap_read *r = one();
    static char out[2048];
    assert_true(i < r->count);
    if (utf7) {
        size_t n = from_utf7(r->tokens[i].at, r->tokens[i].len, out);
        assert_int_equal(n, wanted.len);
        assert_memory_equal(out, wanted.ptr, n);
    } else if (!imap_read_is(r, i, wanted.ptr, wanted.len)) {
        print_error("<%.*s> is not <%.*s>\n", (int)r->tokens[i].len, r->tokens[i].at,
                    (int)wanted.len, wanted.ptr);
        fail();
    }
    writer_forget(&w);
}

static void texts_come_back(void **state)
{
    static const char *const modes[] = {NULL, "IMAP4rev2", "UTF8=ACCEPT"};
    size_t k;
    size_t i;
    (void)state;
    for (k = 0; k < 3; k++) {
        writer_work(&w, 4096, modes[k], 0, "A LIST \"\" *\r\n");
        for (i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            mailproto_bytes text;
            mailproto_bytes pairs[2];
            mailproto_imap_list_entry e;
            mailproto_imap_status s;
            mailproto_imap_namespace space;
            text.ptr = hostile[i].octets;
            text.len = hostile[i].len;
            memset(&e, 0, sizeof e);
            e.struct_size = sizeof e;
            e.name = text;
            assert_int_equal(mailproto_imap_server_list(w.server, &e), MAILPROTO_OK);
            assert_int_equal(one()->count, 6);
            /* NIL for what is not NIL would be another thing */
            assert_true(one()->tokens[5].kind == IMAP_READ_STRING ||
                        !imap_read_is(one(), 5, "NIL", 3));
            expect_token(5, text, k == 0);
            e.name_flags = MAILPROTO_IMAP_NAME_RAW;
            assert_int_equal(mailproto_imap_server_list(w.server, &e), MAILPROTO_OK);
            assert_int_equal(one()->count, 6);
            expect_token(5, text, 0);
            if (k == 1 && text.len > 0) {
                e.old_name = text;
                assert_int_equal(mailproto_imap_server_list(w.server, &e),
                                 MAILPROTO_OK);
                assert_int_equal(one()->count, 12);
                expect_token(9, text, 0);
            }
            memset(&s, 0, sizeof s);
            s.struct_size = sizeof s;
            s.name = text;
            assert_int_equal(mailproto_imap_server_status(w.server, &s), MAILPROTO_OK);
            assert_int_equal(one()->count, 5);
            expect_token(2, text, k == 0);
            memset(&space, 0, sizeof space);
            space.prefix = text;
            assert_int_equal(mailproto_imap_server_namespace(w.server, &space, 1),
                             MAILPROTO_OK);
            assert_int_equal(one()->count, 10);
            assert_int_equal(one()->tokens[4].kind, IMAP_READ_STRING);
            expect_token(4, text, k == 0);
            pairs[0] = bytes_of("k");
            pairs[1] = text;
            assert_int_equal(mailproto_imap_server_id(w.server, pairs, 2),
                             MAILPROTO_OK);
            assert_int_equal(one()->count, 6);
            assert_int_equal(one()->tokens[4].kind, IMAP_READ_STRING);
            expect_token(4, text, 0);
        }
        writer_close(&w);
    }
}

/* Where only atoms, words and ids can stand: what is not refused comes back, on one line. */
static void words_come_back(void **state)
{
    static const char *const modes[] = {NULL, "IMAP4rev2"};
    size_t k;
    size_t i;
    (void)state;
    for (k = 0; k < 2; k++) {
        size_t said = 0;
        writer_work(&w, 4096, modes[k], 5, "A NOOP\r\n");
        for (i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            mailproto_bytes text;
            mailproto_imap_code code;
            uint32_t c;
            text.ptr = hostile[i].octets;
            text.len = hostile[i].len;
            if (mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, NULL,
                                               text) == MAILPROTO_OK &&
                text.len > 0) {
                assert_int_equal(one()->count, 3);
                expect_token(2, text, 0);
                said++;
            }
            writer_forget(&w);
            if (mailproto_imap_server_flags(w.server, 0, &text, 1) == MAILPROTO_OK) {
                assert_int_equal(one()->count, 5);
                expect_token(3, text, 0);
                said++;
            }
            for (c = 0; c <= MAILPROTO_IMAP_CODE_OTHER; c++) {
                memset(&code, 0, sizeof code);
                code.struct_size = sizeof code;
                code.code = c;
                code.number = 1;
                code.text = text;
                code.words = &text;
                code.words_count = 1;
                if (mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_NO, &code,
                                                   bytes_of("w")) == MAILPROTO_OK) {
                    const struct imap_read *r = one();
                    assert_true(imap_read_is(r, r->count - 1, "w", 1));
                    assert_null(memchr(w.out, '\r', w.len - 2));
                    writer_forget(&w);
                    said++;
                }
            }
            if (mailproto_imap_server_other(w.server, bytes_of("X"), text) ==
                MAILPROTO_OK) {
                assert_int_equal(one()->tokens[0].len, 1);
                assert_null(memchr(w.out, '\r', w.len - 2));
                assert_null(
                    memchr(w.out, '{', text.len > 0 && text.ptr[0] != '"' ? w.len : 0));
                writer_forget(&w);
                said++;
            }
            writer_shows(&w, "", 0, __FILE__, __LINE__);
        }
        assert_true(said > 100);
        writer_close(&w);
    }
}

/* ---- the same with random octets ------------------------------------------------------------ */

static uint32_t seed = 1;
static uint32_t draw(uint32_t below)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % below;
}

/* Characters of all lengths, those that need quoting more often. */
static size_t random_utf8(char *to, size_t max)
{
    static const char often[] = "&\"\\ -a\r\n{}()[]%*+,/\x7F\x01";
    size_t n = 0;
    while (n + 4 < max && draw(12) != 0) {
        uint32_t c = draw(4) == 0   ? 0x10000 + draw(0x100000)
                     : draw(3) == 0 ? 0x800 + draw(0xD000)
                     : draw(2) == 0 ? 0x80 + draw(0x780)
                                    : (unsigned char)often[draw(sizeof often - 1)];
        if (c < 0x80) {
            to[n++] = (char)c;
        } else if (c < 0x800) {
            to[n++] = (char)(0xC0 | c >> 6);
            to[n++] = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            to[n++] = (char)(0xE0 | c >> 12);
            to[n++] = (char)(0x80 | (c >> 6 & 0x3F));
            to[n++] = (char)(0x80 | (c & 0x3F));
        } else {
            to[n++] = (char)(0xF0 | c >> 18);
            to[n++] = (char)(0x80 | (c >> 12 & 0x3F));
            to[n++] = (char)(0x80 | (c >> 6 & 0x3F));
            to[n++] = (char)(0x80 | (c & 0x3F));
        }
    }
    return n;
}

static void random_names(void **state)
{
    static const char *const modes[] = {NULL, "IMAP4rev2", "UTF8=ACCEPT"};
    char name[200];
    char encoded[700];
    size_t k;
    size_t i;
    (void)state;
    for (k = 0; k < 3; k++) {
        writer_work(&w, 4096, modes[k], 0, "A LIST \"\" *\r\n");
        for (i = 0; i < 4000; i++) {
            mailproto_imap_list_entry e;
            mailproto_bytes text;
            size_t n;
            memset(&e, 0, sizeof e);
            e.struct_size = sizeof e;
            text.ptr = name;
            text.len = random_utf8(name, sizeof name);
            e.name = text;
            assert_int_equal(mailproto_imap_server_list(w.server, &e), MAILPROTO_OK);
            assert_int_equal(one()->count, 6);
            if (k == 0) { /* and in the only form that there is */
                assert_int_equal(
                    mailproto_imap_utf7_encode(text, encoded, sizeof encoded, &n),
                    MAILPROTO_OK);
                assert_true(imap_read_is(one(), 5, encoded, n));
            }
            expect_token(5, text, k == 0);
            for (n = 0; n < text.len; n++) {
                name[n] = (char)(1 + draw(255));
            }
            e.name_flags = MAILPROTO_IMAP_NAME_RAW;
            assert_int_equal(mailproto_imap_server_list(w.server, &e), MAILPROTO_OK);
            assert_int_equal(one()->count, 6);
            expect_token(5, text, 0);
        }
        writer_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_outputs),   cmocka_unit_test(limits),
        cmocka_unit_test(limit_of_select), cmocka_unit_test(texts_come_back),
        cmocka_unit_test(words_come_back), cmocka_unit_test(random_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
