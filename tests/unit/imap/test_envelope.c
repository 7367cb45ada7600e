/* ENVELOPE (RFC 9051 7.5.2): what is written of a header, in pieces of every size. */
#include "item_check.h"

/* Around one field under test; all others are absent. */
static void check_field(const char *field, size_t position, const char *expected)
{
    char message[4096], whole[4096];
    size_t i;
    snprintf(message, sizeof message, "%s\r\nX-Other: x\r\n\r\nbody\r\n", field);
    strcpy(whole, "(");
    for (i = 0; i < 10; i++) {
        strcat(whole, i > 0 ? " " : "");
        strcat(whole, i == position ? expected : "NIL");
    }
    strcat(whole, ")");
    check_item(message, ITEM_ENVELOPE, whole);
}

enum { DATE, SUBJECT, FROM, SENDER, REPLY_TO, TO, CC, BCC, IN_REPLY_TO, MESSAGE_ID };

static void all_fields(void **state)
{
    (void)state;
    check_item("Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)\r\n"
               "Bcc: secret@h.example\r\n"
               "From: Ann Other <ann@h.example>\r\n"
               "Sender: Secretary <sec@h.example>\r\n"
               "Reply-To: list@h.example\r\n"
               "To: a@h.example,\r\n b@h.example\r\n"
               "Cc: c@h.example\r\n"
               "In-Reply-To: <1@h.example>\r\n"
               "Subject: Re: this\r\n  and that\r\n"
               "Message-ID: <2@h.example>\r\n"
               "\r\n"
               "Subject: not this one\r\n",
               ITEM_ENVELOPE,
               "(\"Tue, 1 Apr 1997 09:06:31 -0800 (PST)\" \"Re: this  and that\""
               " ((\"Ann Other\" NIL \"ann\" \"h.example\"))"
               " ((\"Secretary\" NIL \"sec\" \"h.example\"))"
               " ((NIL NIL \"list\" \"h.example\"))"
               " ((NIL NIL \"a\" \"h.example\")(NIL NIL \"b\" \"h.example\"))"
               " ((NIL NIL \"c\" \"h.example\"))"
               " ((NIL NIL \"secret\" \"h.example\"))"
               " \"<1@h.example>\" \"<2@h.example>\")");
}

static void nothing(void **state)
{
    (void)state;
    check_item("\r\nbody", ITEM_ENVELOPE, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
    check_item("", ITEM_ENVELOPE, "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)");
}

/* Sender and Reply-To are From where they are absent or hold no address. */
static void defaults(void **state)
{
    static const char *const fields[] = {"", "Sender:\r\nReply-To: \r\n",
                                         "Sender: ,\r\n"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof fields / sizeof *fields; i++) {
        char message[256];
        snprintf(message, sizeof message, "%sFrom: a@h\r\n\r\n", fields[i]);
        check_item(message, ITEM_ENVELOPE,
                   "(NIL NIL ((NIL NIL \"a\" \"h\")) ((NIL NIL \"a\" \"h\"))"
                   " ((NIL NIL \"a\" \"h\")) NIL NIL NIL NIL NIL)");
    }
    check_field("Sender: s@h", SENDER, "((NIL NIL \"s\" \"h\"))");
    check_field("Reply-To:", REPLY_TO, "NIL");
}

static void texts(void **state)
{
    (void)state;
    check_field("Subject:", SUBJECT, "\"\"");
    check_field("Subject: a \"b\" c\\d", SUBJECT, "\"a \\\"b\\\" c\\\\d\"");
    check_field("Subject: =?utf-8?q?a?=\r\n\t=?utf-8?q?b?=", SUBJECT,
                "\"=?utf-8?q?a?=\t=?utf-8?q?b?=\"");
    check_field("Subject: caf\xc3\xa9", SUBJECT, "{5}\r\ncaf\xc3\xa9");
    check_field("Subject: \xe9\\\"", SUBJECT, "{3}\r\n\xe9\\\"");
    check_field("Subject: a\rb", SUBJECT, "\"a b\"");
    check_field("Subject: a\x01z\x7f", SUBJECT, "\"a\x01z\x7f\"");
    check_field("SUBJECT : name in capitals", SUBJECT, "\"name in capitals\"");
    check_field("Subject: first\r\nSubject: second", SUBJECT, "\"first\"");
    check_field("Message-ID:\r\n <1@h>", MESSAGE_ID, "\"<1@h>\"");
    check_field("In-Reply-To: <1@h> <2@h>", IN_REPLY_TO, "\"<1@h> <2@h>\"");
}

/* A NUL can stand in no string. */
static void nul(void **state)
{
    static const char message[] = "Subject: a\0b\r\n\r\n";
    (void)state;
    check_item_of(message, sizeof message - 1, NULL, ITEM_ENVELOPE,
                  "(NIL {5}\r\na\xef\xbf\xbd"
                  "b NIL NIL NIL NIL NIL NIL NIL NIL)");
}

static void names(void **state)
{
    (void)state;
    check_field("To: \"Ann \\\"A\\\" Other\" <a@h>", TO,
                "((\"Ann \\\"A\\\" Other\" NIL \"a\" \"h\"))");
    check_field("To: Ann (the\r\n first)  \"B. C.\" D <a@h>", TO,
                "((\"Ann B. C. D\" NIL \"a\" \"h\"))");
    check_field("To: \"\" <a@h>", TO, "((NIL NIL \"a\" \"h\"))");
    check_field("To: \"Ann\"Other <a@h>", TO, "((\"Ann Other\" NIL \"a\" \"h\"))");
    check_field("To: Ann\"B.\"\"\"\"Other\" <a@h>", TO,
                "((\"Ann B. Other\" NIL \"a\" \"h\"))");
    check_field("To: \"\"Ann\"\" <a@h>", TO, "((\"Ann\" NIL \"a\" \"h\"))");
    check_field("To: \"Ann\"@h <a@h>", TO, "((\"Ann@h\" NIL \"a\" \"h\"))");
    check_field("To: a@h (Ann  \\(x\\)\r\n Other )", TO,
                "((\"Ann (x) Other\" NIL \"a\" \"h\"))");
    check_field("To: =?utf-8?q?J=C3=B6?= <a@h>", TO,
                "((\"=?utf-8?q?J=C3=B6?=\" NIL \"a\" \"h\"))");
    check_field("To: J\xc3\xb6 <a@h>", TO, "(({3}\r\nJ\xc3\xb6 NIL \"a\" \"h\"))");
    check_field("To: \"a\\\r\n b\" <a@h>", TO, "((\"a b\" NIL \"a\" \"h\"))");
}

static void mailboxes(void **state)
{
    (void)state;
    check_field("To: \"quoted local\"@h", TO, "((NIL NIL \"quoted local\" \"h\"))");
    check_field("To: \"a\\\"b\"@h", TO, "((NIL NIL \"a\\\"b\" \"h\"))");
    check_field("To: a . b (c) @ [192.0.2.1]", TO,
                "((\"c\" NIL \"a.b\" \"[192.0.2.1]\"))");
    check_field("To: <@one.example, @two.example:a@h>", TO,
                "((NIL \"@one.example,@two.example\" \"a\" \"h\"))");
    check_field("Bcc: \xc3\xb6@h\xc3\xb6", BCC,
                "((NIL NIL {2}\r\n\xc3\xb6 {3}\r\nh\xc3\xb6))");
}

static void groups(void **state)
{
    (void)state;
    check_field("To: \"A Group\": a@h, B <b@h>;", TO,
                "((NIL NIL \"A Group\" NIL)(NIL NIL \"a\" \"h\")(\"B\" NIL \"b\" \"h\")"
                "(NIL NIL NIL NIL))");
    check_field("Cc: undisclosed-recipients:;", CC,
                "((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL))");
}

/* RFC 5322 4.5.3: destinations that stand several times are one list; of other fields the
 * first counts (4.5: unspecified). */
static void repeated(void **state)
{
    (void)state;
    check_field("To: a@h\r\nTo: B <b@h>\r\nX: y\r\nTo: c@h", TO,
                "((NIL NIL \"a\" \"h\")(\"B\" NIL \"b\" \"h\")(NIL NIL \"c\" \"h\"))");
    check_field("Cc: a@h\r\nCC : b@h", CC,
                "((NIL NIL \"a\" \"h\")(NIL NIL \"b\" \"h\"))");
    check_field("Bcc:\r\nBcc: ,\r\nBcc: b@h\r\nBcc:", BCC, "((NIL NIL \"b\" \"h\"))");
    check_field("To:\r\nTo: (none)", TO, "NIL");
    check_field("To: G: a@h\r\nTo: b@h", TO,
                "((NIL NIL \"G\" NIL)(NIL NIL \"a\" \"h\")(NIL NIL NIL NIL)"
                "(NIL NIL \"b\" \"h\"))");
    check_field("Sender: a@h\r\nSender: b@h", SENDER, "((NIL NIL \"a\" \"h\"))");
    check_field("Reply-To: a@h\r\nReply-To: b@h", REPLY_TO, "((NIL NIL \"a\" \"h\"))");
    check_field("Sender: \r\nSender: b@h", SENDER, "NIL");
    check_item(
        "To: a@h\r\nCc: c@h\r\nFrom: f@h\r\nTo: b@h\r\nFrom: g@h\r\nCc: d@h\r\n\r\n",
        ITEM_ENVELOPE,
        "(NIL NIL ((NIL NIL \"f\" \"h\")) ((NIL NIL \"f\" \"h\"))"
        " ((NIL NIL \"f\" \"h\"))"
        " ((NIL NIL \"a\" \"h\")(NIL NIL \"b\" \"h\"))"
        " ((NIL NIL \"c\" \"h\")(NIL NIL \"d\" \"h\")) NIL NIL NIL)");
}

/* A header of nothing but such fields is still read once a name: each octet of it is
 * asked for a few times, whatever their number. */
static uint64_t asked;

static mailproto_status counted_read_at(void *ctx, uint64_t offset, void *buf,
                                        size_t cap, size_t *got)
{
    const mailproto_source *m = ctx;
    if (offset >= m->size) {
        *got = 0;
        return MAILPROTO_EOF;
    }
    *got = m->size - offset < cap ? (size_t)(m->size - offset) : cap;
    memcpy(buf, (const char *)m->data + offset, *got);
    asked += *got;
    return MAILPROTO_OK;
}

static void many_repeated(void **state)
{
    static struct item_message m;
    static char message[16384], out[ITEM_OUT];
    mailproto_source source = {sizeof source,   0,   &m.source, NULL, 0,
                               counted_read_at, NULL};
    size_t len = 0;
    size_t i;
    (void)state;
    for (i = 0; i < 1000; i++) {
        memcpy(message + len, "To: a@h\r\n", 9);
        len += 9;
    }
    memcpy(message + len, "\r\n", 2);
    len += 2;
    item_message_open(&m, message, len, NULL);
    source.size = len;
    asked = 0;
    len = item_write(&m, ITEM_ENVELOPE, &source, 512, out);
    assert_int_equal(len, strlen("(NIL NIL NIL NIL NIL () NIL NIL NIL NIL)") +
                              1000 * strlen("(NIL NIL \"a\" \"h\")"));
    assert_true(asked < 6 * source.size); /* twice, and what a walker reads ahead */
}

/* Never NIL as mailbox or host: that is a group. */
static void no_address(void **state)
{
    (void)state;
    check_field("To: local", TO, "((NIL NIL \"local\" \"MISSING_DOMAIN\"))");
    check_field("To: <>", TO, "((NIL NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))");
    check_field("To: Name <>", TO,
                "((\"Name\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))");
    check_field("To: three words here", TO,
                "((\"three words here\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\"))");
    check_field("From: (comment)", FROM, "NIL");
    check_field("Date: ", DATE, "\"\"");
}

/* What is no address, told as far as it can be read. `{text, what is told}` */
static const char *const broken[][2] = {
    /* between angle brackets */
    {"<hidden-list:;@h>", "NIL NIL \"hidden-list\" \"SYNTAX_ERROR\""},
    {"<hidden list@h>", "NIL NIL \"hidden\" \"SYNTAX_ERROR\""},
    {"A  \"B C\" (x) <a.b c@h> (y)", "\"A B C\" NIL \"a.b\" \"SYNTAX_ERROR\""},
    {"A <\"q r\" s@h>", "\"A\" NIL \"q r\" \"SYNTAX_ERROR\""},
    {"A <a@h x>", "\"A\" NIL \"a\" \"SYNTAX_ERROR\""},
    {"A <a@>", "\"A\" NIL \"a\" \"SYNTAX_ERROR\""},
    {"A <a@[1.2.3.4>", "\"A\" NIL \"a\" \"SYNTAX_ERROR\""},
    {"A <<a@h>>", "\"A\" NIL \"MISSING_MAILBOX\" \"SYNTAX_ERROR\""},
    {"A <\"a", "\"A\" NIL \"MISSING_MAILBOX\" \"SYNTAX_ERROR\""},
    {"A <a(b@h>", "\"A\" NIL \"MISSING_MAILBOX\" \"SYNTAX_ERROR\""},
    {"(c) <a b@h>", "NIL NIL \"a\" \"SYNTAX_ERROR\""},
    {"A <", "\"A\" NIL \"MISSING_MAILBOX\" \"SYNTAX_ERROR\""},
    {"A <@h>", "\"A\" \"INVALID_ROUTE\" \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    /* without them */
    {"@h.example", "NIL NIL \"MISSING_MAILBOX\" \"h.example\""},
    {"@h (Ann)", "\"Ann\" NIL \"MISSING_MAILBOX\" \"h\""},
    {"@h i", "\"@h i\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"@", "\"@\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"a@", "NIL NIL \"a\" \"MISSING_DOMAIN\""},
    {"\"a b\"@", "NIL NIL \"a b\" \"MISSING_DOMAIN\""},
    {"a.b [x]", "NIL NIL \"a.b\" \"MISSING_DOMAIN\""},
    {"a>", "NIL NIL \"a\" \"MISSING_DOMAIN\""},
    {"one two@h", "\"one two\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"\"one\"two@h", "\"one two\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"one [x] two", "NIL NIL \"one\" \"MISSING_DOMAIN\""},
    {"\"one\" [x]", "\"one\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"\"one", "\"one\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    /* two readings: none is guessed */
    {"a@b@h", "\"a@b@h\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"\"a\"@b: <c@h>", "\"a@b: <c@h>\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    {"=?utf-8?q?a:b?= =?utf-8?q?c?=",
     "\"=?utf-8?q?a:b?= =?utf-8?q?c?=\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\""},
    /* what has dots out of place is no domain */
    {"a@h.", "NIL NIL \"a\" \"MISSING_DOMAIN\""},
    {"a@.h", "NIL NIL \"a\" \"MISSING_DOMAIN\""},
    {"a@h. .i", "NIL NIL \"a\" \"MISSING_DOMAIN\""},
    {"A <a@h..i>", "\"A\" NIL \"a\" \"SYNTAX_ERROR\""},
    {"a@h . i", "NIL NIL \"a\" \"h.i\""},
    {"a..b.@h", "NIL NIL \"a..b.\" \"h\""},
    /* these are addresses */
    {"a@h (open", "NIL NIL \"a\" \"MISSING_DOMAIN\""},
    {"a@h>", "NIL NIL \"a\" \"h\""},
    {"A <a@h>>", "\"A\" NIL \"a\" \"h\""}};

static void broken_syntax(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof broken / sizeof *broken; i++) {
        char field[256], expected[256];
        snprintf(field, sizeof field, "Cc: %s", broken[i][0]);
        snprintf(expected, sizeof expected, "((%s))", broken[i][1]);
        check_field(field, CC, expected);
    }
    /* The list goes on behind it. */
    check_field("Cc: A <a b@h>, c d@h, @i, e@h", CC,
                "((\"A\" NIL \"a\" \"SYNTAX_ERROR\")"
                "(\"c d\" NIL \"MISSING_MAILBOX\" \"MISSING_DOMAIN\")"
                "(NIL NIL \"MISSING_MAILBOX\" \"i\")(NIL NIL \"e\" \"h\"))");
}

/* Only a comment behind an address without brackets is its name. */
static void comment_names(void **state)
{
    (void)state;
    check_field("To: <a@h> (Ann)", TO, "((NIL NIL \"a\" \"h\"))");
    check_field("To: (Ann) a@h", TO, "((NIL NIL \"a\" \"h\"))");
    check_field("To: (x) a@h (y) (Ann)", TO, "((\"Ann\" NIL \"a\" \"h\"))");
    check_field("To: local (Ann)", TO, "((\"Ann\" NIL \"local\" \"MISSING_DOMAIN\"))");
}

/* Linear, and whole, however long a list is. */
static void long_list(void **state)
{
    static char message[200000], expected[ITEM_OUT];
    size_t i;
    (void)state;
    strcpy(message, "To: ");
    strcpy(expected, "(NIL NIL NIL NIL NIL (");
    for (i = 0; i < 1000; i++) {
        char one[64];
        snprintf(one, sizeof one, "%s<a%zu@h>", i > 0 ? ",\r\n " : "", i);
        strcat(message, one);
        snprintf(one, sizeof one, "(NIL NIL \"a%zu\" \"h\")", i);
        strcat(expected, one);
    }
    strcat(message, "\r\n\r\n");
    strcat(expected, ") NIL NIL NIL NIL)");
    {
        static struct item_message m;
        static char out[ITEM_OUT];
        size_t len;
        item_message_open(&m, message, strlen(message), NULL);
        len = item_write(&m, ITEM_ENVELOPE, &m.source, 1, out);
        item_expect(expected, out, len, "long list", 1);
    }
}

static void failures(void **state)
{
    static const char message[] = "Subject: a\r\nTo: a@h\r\n\r\n";
    struct item_source s = {message, sizeof message - 1, 5, 1, 12};
    mailproto_source source = {sizeof source, 0,   &s, NULL, sizeof message - 1,
                               item_read_at,  NULL};
    static struct item_message m;
    mailproto_imap_item item;
    mailproto_status st;
    char work[ITEM_WORK], out[64];
    size_t got;
    (void)state;
    item_message_open(&m, message, sizeof message - 1, NULL);
    assert_int_equal(item_open(&item, &m, ITEM_ENVELOPE, &source, work), MAILPROTO_OK);
    while ((st = mailproto_imap_item_read(&item, out, sizeof out, &got)) ==
           MAILPROTO_NOT_READY) {
        assert_int_equal(got, 0);
    }
    assert_int_equal(st, MAILPROTO_ERR_IO);
    assert_int_equal(got, 0);

    /* No memory for a source that is not in memory; none is needed for one that is. */
    assert_int_equal(mailproto_imap_envelope_open(&item, &source, &m.parts[0], NULL, 0),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_envelope_open(&item, &source, &m.parts[0], work, 1023),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_envelope_open(&item, &source, &m.parts[0], work, 1024),
        MAILPROTO_OK);
    source.read_at = NULL; /* sequential sources cannot be read twice */
    assert_int_equal(
        mailproto_imap_envelope_open(&item, &source, &m.parts[0], work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_item_read(&item, out, sizeof out, &got),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_envelope_open(&item, &m.source, &m.parts[0], NULL, 0),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_item_read(&item, NULL, 1, &got),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_item_read(&item, out, 0, &got),
                     MAILPROTO_ERR_ARGUMENT);
}

/* A field that is longer than the memory for it is cut, and the rest is found. */
static void cut(void **state)
{
    static char message[6000], out[ITEM_OUT];
    static struct item_message m;
    struct item_source s = {message, 0, 100, 1, UINT64_MAX};
    mailproto_source source = {sizeof source, 0, &s, NULL, 0, item_read_at, NULL};
    size_t len;
    (void)state;
    strcpy(message, "Subject: ");
    memset(message + 9, 'x', 5000);
    strcpy(message + 5009, "\r\nMessage-ID: <1@h>\r\n\r\n");
    s.len = strlen(message);
    source.size = s.len;
    item_message_open(&m, message, s.len, NULL);
    len = item_write(&m, ITEM_ENVELOPE, &source, 100, out);
    assert_true(len > 1900 && len < 2200);
    assert_memory_equal(out, "(NIL \"xxx", 9);
    out[len] = '\0';
    assert_non_null(strstr(out, "x\" NIL NIL NIL NIL NIL NIL NIL \"<1@h>\")"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields),    cmocka_unit_test(nothing),
        cmocka_unit_test(defaults),      cmocka_unit_test(texts),
        cmocka_unit_test(nul),           cmocka_unit_test(names),
        cmocka_unit_test(mailboxes),     cmocka_unit_test(groups),
        cmocka_unit_test(repeated),      cmocka_unit_test(many_repeated),
        cmocka_unit_test(no_address),    cmocka_unit_test(broken_syntax),
        cmocka_unit_test(comment_names), cmocka_unit_test(long_list),
        cmocka_unit_test(failures),      cmocka_unit_test(cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
