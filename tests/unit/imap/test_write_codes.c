/* Response codes and the words of status responses: exact octets, and what is refused. */
#include "write_check.h"

static struct writer w;

static mailproto_imap_code code_of(uint32_t code)
{
    mailproto_imap_code c;
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.code = code;
    return c;
}

static mailproto_status say_code(const mailproto_imap_code *c, const char *words)
{
    return mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, c,
                                          bytes_of(words));
}

static const char *const alone[] = {NULL,
                                    "ALERT",
                                    NULL,
                                    "PARSE",
                                    NULL,
                                    "READ-ONLY",
                                    "READ-WRITE",
                                    "TRYCREATE",
                                    NULL,
                                    NULL,
                                    NULL,
                                    "UIDNOTSTICKY",
                                    NULL,
                                    NULL,
                                    "CLOSED",
                                    NULL,
                                    "NOMODSEQ",
                                    NULL,
                                    "NOTSAVED",
                                    "HASCHILDREN",
                                    "UNKNOWN-CTE",
                                    "TOOBIG",
                                    NULL,
                                    "USEATTR",
                                    NULL,
                                    "UNAVAILABLE",
                                    "AUTHENTICATIONFAILED",
                                    "AUTHORIZATIONFAILED",
                                    "EXPIRED",
                                    "PRIVACYREQUIRED",
                                    "CONTACTADMIN",
                                    "NOPERM",
                                    "INUSE",
                                    "EXPUNGEISSUED",
                                    "CORRUPTION",
                                    "SERVERBUG",
                                    "CLIENTBUG",
                                    "CANNOT",
                                    "LIMIT",
                                    "OVERQUOTA",
                                    "ALREADYEXISTS",
                                    "NONEXISTENT",
                                    NULL};

static void every_code_alone(void **state)
{
    uint32_t i;
    (void)state;
    writer_work(&w, 4096, NULL, 0, "A NOOP\r\n");
    assert_int_equal(sizeof alone / sizeof alone[0], MAILPROTO_IMAP_CODE_OTHER + 1);
    for (i = 0; i <= MAILPROTO_IMAP_CODE_OTHER; i++) {
        mailproto_imap_code c = code_of(i);
        char line[80];
        if (alone[i] != NULL) {
            assert_int_equal(say_code(&c, "words"), MAILPROTO_OK);
            writer_shows(
                &w, line,
                (size_t)snprintf(line, sizeof line, "* OK [%s] words\r\n", alone[i]),
                __FILE__, __LINE__);
        }
    }
    for (i = MAILPROTO_IMAP_CODE_OTHER + 1; i < 200; i += 50) {
        mailproto_imap_code c = code_of(i);
        REFUSES(&w, say_code(&c, "words"), MAILPROTO_ERR_ARGUMENT);
    }
    writer_close(&w);
}

static void codes_with_numbers(void **state)
{
    static const mailproto_imap_range set[] = {{1, 3}, {5, 5}};
    static const mailproto_imap_range target[] = {{10, 13}};
    static const mailproto_imap_range longer[] = {{10, 14}};
    static const mailproto_imap_range star[] = {{1, 0}};
    mailproto_imap_code c;
    (void)state;
    writer_work(&w, 4096, NULL, 0, "A NOOP\r\n");
    c = code_of(MAILPROTO_IMAP_CODE_UIDNEXT);
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.number = 1;
    SAYS(&w, say_code(&c, "x"), "* OK [UIDNEXT 1] x\r\n");
    c.code = MAILPROTO_IMAP_CODE_UIDVALIDITY;
    c.number = UINT32_MAX;
    SAYS(&w, say_code(&c, "x"), "* OK [UIDVALIDITY 4294967295] x\r\n");
    c.number++;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.code = MAILPROTO_IMAP_CODE_UNSEEN;
    c.number = 12;
    SAYS(&w, say_code(&c, "x"), "* OK [UNSEEN 12] x\r\n");
    c.code = MAILPROTO_IMAP_CODE_HIGHESTMODSEQ;
    c.number = UINT64_C(0x7FFFFFFFFFFFFFFF);
    SAYS(&w, say_code(&c, "x"), "* OK [HIGHESTMODSEQ 9223372036854775807] x\r\n");
    c.number++;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.number = 0;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);

    c = code_of(MAILPROTO_IMAP_CODE_APPENDUID);
    c.number = 38505;
    c.set = set + 1;
    c.set_count = 1;
    SAYS(&w, say_code(&c, "x"), "* OK [APPENDUID 38505 5] x\r\n");
    c.set = set;
    c.set_count = 2;
    SAYS(&w, say_code(&c, "x"), "* OK [APPENDUID 38505 1:3,5] x\r\n");
    c.set_count = 0;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.set_count = 1;
    c.set = star;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.code = MAILPROTO_IMAP_CODE_MODIFIED;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.set = set;
    c.set_count = 2;
    SAYS(&w, say_code(&c, "x"), "* OK [MODIFIED 1:3,5] x\r\n");
    c.code = MAILPROTO_IMAP_CODE_COPYUID;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.target = longer;
    c.target_count = 1;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.target = target;
    SAYS(&w, say_code(&c, "x"), "* OK [COPYUID 38505 1:3,5 10:13] x\r\n");
    c.number = 0;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
}

static void codes_with_words(void **state)
{
    mailproto_bytes words[2] = {{"US-ASCII", 8}, {"UTF-8", 5}};
    mailproto_imap_code c = code_of(MAILPROTO_IMAP_CODE_BADCHARSET);
    static const char *const bad_flags[] = {"",   "\\Seen",   "a b",
                                            "a)", "\xC3\xA4", "a]"};
    size_t i;
    (void)state;
    writer_work(&w, 4096, NULL, 0, "A NOOP\r\n");
    SAYS(&w, say_code(&c, "x"), "* OK [BADCHARSET] x\r\n");
    c.words = words;
    c.words_count = 2;
    SAYS(&w, say_code(&c, "x"), "* OK [BADCHARSET (US-ASCII UTF-8)] x\r\n");
    words[0] = OCTETS("a b");
    SAYS(&w, say_code(&c, "x"), "* OK [BADCHARSET (\"a b\" UTF-8)] x\r\n");
    words[0] = OCTETS("a\"");
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    words[0] = OCTETS("");
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.words = NULL;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);

    c = code_of(MAILPROTO_IMAP_CODE_PERMANENTFLAGS);
    SAYS(&w, say_code(&c, "x"), "* OK [PERMANENTFLAGS ()] x\r\n");
    c.flags = 31 | MAILPROTO_IMAP_ANY;
    words[0] = OCTETS("$Junk");
    c.words = words;
    c.words_count = 1;
    SAYS(&w, say_code(&c, "x"),
         "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk "
         "\\*)] x\r\n");
    c.flags = MAILPROTO_IMAP_RECENT;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.flags = 128;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.flags = 0;
    for (i = 0; i < sizeof bad_flags / sizeof bad_flags[0]; i++) {
        words[0] = bytes_of(bad_flags[i]);
        REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    }
    writer_close(&w);
}

static void codes_with_text(void **state)
{
    static const char *const bad[] = {"",   "a]b", "a\r\nb", "]",   "\xC3\xA4", "a b",
                                      "\t", "\"",  "\\",     "{3}", "a<b"};
    static const char *const bad_other[] = {
        "",     "a]",         "a b]",           "a ",   " a",  "a\tb", "(a) b", "\"a\"",
        "a \r", "a \xC3\xA4", "a \"\xC3\xA4\"", "a \"", "a (", "a {3}"};
    static char id[257];
    mailproto_imap_code c = code_of(MAILPROTO_IMAP_CODE_MAILBOXID);
    size_t i;
    (void)state;
    writer_work(&w, 4096, NULL, 0, "A NOOP\r\n");
    c.text = OCTETS("F2212ea87-6097_x");
    SAYS(&w, say_code(&c, "x"), "* OK [MAILBOXID (F2212ea87-6097_x)] x\r\n");
    c.text = OCTETS("a.b");
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.text = OCTETS("a:b");
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.text = OCTETS("");
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    memset(id, 'a', sizeof id);
    c.text.ptr = id;
    c.text.len = 255;
    assert_int_equal(say_code(&c, "x"), MAILPROTO_OK);
    writer_forget(&w);
    c.text.len = 256;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);

    c = code_of(MAILPROTO_IMAP_CODE_REFERRAL);
    c.text = OCTETS("imap://user@h.example/");
    SAYS(&w, say_code(&c, "x"), "* OK [REFERRAL imap://user@h.example/] x\r\n");
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        c.text = bytes_of(bad[i]);
        REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    }
    c.code = MAILPROTO_IMAP_CODE_OTHER;
    c.text = OCTETS("BADEVENT (a \"b\")");
    SAYS(&w, say_code(&c, "x"), "* OK [BADEVENT (a \"b\")] x\r\n");
    c.text = OCTETS("X-MINE");
    SAYS(&w, say_code(&c, "[x"), "* OK [X-MINE] [x\r\n");
    for (i = 0; i < sizeof bad_other / sizeof bad_other[0]; i++) {
        c.text = bytes_of(bad_other[i]);
        REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    }
    c.text = OCTETS("A\0B");
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    c.struct_size = 8192;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_VERSION);
    c.struct_size = 0;
    REFUSES(&w, say_code(&c, "x"), MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
}

static void words(void **state)
{
    static const char *const bad[] = {"a\r\nb", "\r",      "\n",  "[a] b",
                                      "[",      "a {5}",   "{0}", "a\tb",
                                      "{5+}",   "\x1B[1m", "\x7F"};
    static const char *const good[] = {"a {5} b", "{}",     "{+}", "{5",  "5}",
                                       "x[y]",    "a\"b\\", "(",   "{a}", "%n %s"};
    size_t i;
    (void)state;
    writer_work(&w, 4096, NULL, 0, "A NOOP\r\n");
    SAYS(&w,
         mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_NO, NULL,
                                        bytes_of("disk is 98 % full")),
         "* NO disk is 98 % full\r\n");
    SAYS(&w,
         mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_BAD, NULL,
                                        bytes_of("")),
         "* BAD Note\r\n");
    REFUSES(&w,
            mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_BYE, NULL,
                                           bytes_of("x")),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_PREAUTH, NULL,
                                           bytes_of("x")),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_untagged(w.server, 0, NULL, bytes_of("x")),
            MAILPROTO_ERR_ARGUMENT);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSES(&w, say_code(NULL, bad[i]), MAILPROTO_ERR_ARGUMENT);
    }
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        char line[80];
        assert_int_equal(say_code(NULL, good[i]), MAILPROTO_OK);
        writer_shows(&w, line,
                     (size_t)snprintf(line, sizeof line, "* OK %s\r\n", good[i]),
                     __FILE__, __LINE__);
    }
    REFUSES(&w,
            mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, NULL,
                                           OCTETS("a\0b")),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_untagged(w.server, MAILPROTO_IMAP_OK, NULL,
                                           (mailproto_bytes){NULL, 3}),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, say_code(NULL, "gr\xC3\xBC\xC3\x9F"), MAILPROTO_ERR_ARGUMENT);
    writer_complete(&w);
    SAYS(&w, say_code(NULL, "at any time"), "* OK at any time\r\n");
    writer_close(&w);
    /* RFC 9051 9, text: only who enabled IMAP4rev2 */
    writer_work(&w, 4096, "UTF8=ACCEPT", 0, "A NOOP\r\n");
    REFUSES(&w, say_code(NULL, "gr\xC3\xBC\xC3\x9F"), MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
    writer_work(&w, 4096, "IMAP4rev2", 0, "A NOOP\r\n");
    SAYS(&w, say_code(NULL, "gr\xC3\xBC\xC3\x9F"), "* OK gr\xC3\xBC\xC3\x9F\r\n");
    REFUSES(&w, say_code(NULL, "gr\xFC\xDF"), MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
}

/* Codes on tagged lines are written by the same functions. */
static void tagged(void **state)
{
    static const mailproto_imap_range set[] = {{3, 4}};
    mailproto_imap_code c = code_of(MAILPROTO_IMAP_CODE_COPYUID);
    (void)state;
    writer_work(&w, 4096, NULL, 5, "A COPY 1:2 x\r\n");
    c.number = 9;
    c.set = set;
    c.set_count = 1;
    REFUSES(&w,
            mailproto_imap_server_complete(w.server, w.request, MAILPROTO_IMAP_OK, &c,
                                           bytes_of("")),
            MAILPROTO_ERR_ARGUMENT);
    c.target = set;
    c.target_count = 1;
    SAYS(&w,
         mailproto_imap_server_complete(w.server, w.request, MAILPROTO_IMAP_OK, &c,
                                        bytes_of("")),
         "A OK [COPYUID 9 3:4 3:4] COPY completed\r\n");
    writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_code_alone),
                                       cmocka_unit_test(codes_with_numbers),
                                       cmocka_unit_test(codes_with_words),
                                       cmocka_unit_test(codes_with_text),
                                       cmocka_unit_test(words),
                                       cmocka_unit_test(tagged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
