/* BODYSTRUCTURE and BODY (RFC 9051 7.5.2), written in pieces of every size. */
#include "item_check.h"

#define TEXT_PLAIN "\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\""
#define NO_ENVELOPE "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"

static void leaves(void **state)
{
    (void)state;
    check_item("Subject: a\r\n\r\none\r\ntwo\r\n", ITEM_STRUCTURE,
               "(" TEXT_PLAIN " 10 2 NIL NIL NIL NIL)");
    check_item("Subject: a\r\n\r\none\r\ntwo\r\n", ITEM_BODY, "(" TEXT_PLAIN " 10 2)");
    check_item("\n", ITEM_STRUCTURE, "(" TEXT_PLAIN " 0 0 NIL NIL NIL NIL)");
    check_item("", ITEM_BODY, "(" TEXT_PLAIN " 0 0)");
    check_item("Content-Type: Image/PNG\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
               "AAAA\r\n",
               ITEM_STRUCTURE,
               "(\"Image\" \"PNG\" NIL NIL NIL \"BASE64\" 6 NIL NIL NIL"
               " NIL)");
    check_item("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: x\r\n",
               ITEM_BODY, "(\"message\" \"delivery-status\" NIL NIL NIL \"7bit\" 18)");
}

/* Sizes are those of the message with CRLF. */
static void sizes(void **state)
{
    (void)state;
    check_item("Subject: a\n\none\ntwo\n\nthree", ITEM_BODY, "(" TEXT_PLAIN " 17 3)");
    check_item("Subject: a\n\none\r\ntwo\n", ITEM_BODY, "(" TEXT_PLAIN " 10 2)");
}

static void fields(void **state)
{
    (void)state;
    check_item("Content-Type: application/x; a=b; c=\"d e\\\"f\"\r\n"
               "Content-ID: <1@h>\r\n"
               "Content-Description: what\r\n it is\r\n"
               "Content-Transfer-Encoding: (of course) 8bit\r\n"
               "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
               "Content-Disposition: attachment; filename=x.bin; size=3\r\n"
               "Content-Language: de, en-GB (both)\r\n"
               "Content-Location: http://h.example/a%20b\r\n"
               "\r\nabc",
               ITEM_STRUCTURE,
               "(\"application\" \"x\" (\"a\" \"b\" \"c\" \"d e\\\"f\") \"<1@h>\""
               " \"what it is\" \"8bit\" 3 \"Q2hlY2sgSW50ZWdyaXR5IQ==\""
               " (\"attachment\" (\"filename\" \"x.bin\" \"size\" \"3\"))"
               " (\"de\" \"en-GB\") \"http://h.example/a%20b\")");
    check_item("Content-Type: application/x\r\nContent-Disposition: inline\r\n"
               "Content-Language:\r\nContent-Description:\r\n\r\n",
               ITEM_STRUCTURE,
               "(\"application\" \"x\" NIL NIL \"\" \"7bit\" 0 NIL (\"inline\" NIL) NIL"
               " NIL)");
    check_item("Content-Disposition: ; filename=a\r\n\r\n", ITEM_STRUCTURE,
               "(" TEXT_PLAIN " 0 0 NIL (\"\" (\"filename\" \"a\")) NIL NIL)");
    check_item("Content-Disposition: \r\n\r\n", ITEM_STRUCTURE,
               "(" TEXT_PLAIN " 0 0 NIL (\"\" NIL) NIL NIL)");
    check_item("MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit; x=y\r\n\r\n",
               ITEM_BODY,
               "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"8bit\" 0 0)");
    check_item("Content-Transfer-Encoding: x-strange\r\n\r\n", ITEM_BODY,
               "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"x-strange\" 0"
               " 0)");
    check_item("Content-Transfer-Encoding:\r\n\r\n", ITEM_BODY, "(" TEXT_PLAIN " 0 0)");
}

/* A message that says nothing else of MIME: an encoding that encodes nothing is 7bit. */
static void no_mime(void **state)
{
    static const char *const encodings[] = {"8BIT", "7BIT", "Binary", "(c) 8bit; x=y"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof encodings / sizeof *encodings; i++) {
        char message[256];
        snprintf(message, sizeof message,
                 "Content-Transfer-Encoding: %s\r\nSubject: s\r\n\r\nx", encodings[i]);
        check_item(message, ITEM_BODY, "(" TEXT_PLAIN " 1 0)");
    }
    check_item("Content-Transfer-Encoding: 8BIT\r\nX: y\r\nMime-Version:\r\n\r\nx",
               ITEM_BODY,
               "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"8BIT\" 1 0)");
    check_item("Content-Transfer-Encoding: 8BIT\r\nContent-Type: text/plain\r\n\r\nx",
               ITEM_BODY,
               "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"8BIT\" 1 0)");
    /* What the decoder undoes is told, and what nobody knows. */
    check_item(
        "Content-Transfer-Encoding: BASE64\r\n\r\nx", ITEM_BODY,
        "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"BASE64\" 1 0)");
    check_item("Content-Transfer-Encoding: x-a\r\n\r\nx", ITEM_BODY,
               "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"x-a\" 1 0)");
    /* The message within another one is asked for itself; a part of a multipart is MIME. */
    check_item("MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n\r\n"
               "Content-Transfer-Encoding: 8BIT\r\n\r\nx",
               ITEM_BODY,
               "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 36"
               " (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) (" TEXT_PLAIN " 1 0) 2)");
    check_item("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
               "Content-Transfer-Encoding: 8BIT\r\n\r\nx\r\n--b--",
               ITEM_BODY,
               "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"8BIT\" 1 0)"
               " \"mixed\")");
}

static void parameters(void **state)
{
    (void)state;
    check_item(
        "Content-Type: text/plain; format=flowed\r\n\r\n", ITEM_BODY,
        "(\"text\" \"plain\" (\"format\" \"flowed\" \"charset\" \"us-ascii\") NIL"
        " NIL \"7bit\" 0 0)");
    check_item("Content-Type: text/html; CHARSET=utf-8\r\n\r\n", ITEM_BODY,
               "(\"text\" \"html\" (\"CHARSET\" \"utf-8\") NIL NIL \"7bit\" 0 0)");
    /* RFC 2231: as written */
    check_item(
        "Content-Type: application/x; name*0*=utf-8''a%20;\r\n name*1=\"b c\"\r\n"
        "Content-Disposition: attachment; filename*=utf-8''%e2%82%ac\r\n\r\n",
        ITEM_STRUCTURE,
        "(\"application\" \"x\" (\"name*0*\" \"utf-8''a%20\" \"name*1\" \"b c\")"
        " NIL NIL \"7bit\" 0 NIL (\"attachment\" (\"filename*\""
        " \"utf-8''%e2%82%ac\")) NIL NIL)");
    check_item("Content-Type: application/x; name=\"caf\xe9\"\r\n\r\n", ITEM_BODY,
               "(\"application\" \"x\" (\"name\" {4}\r\ncaf\xe9) NIL NIL \"7bit\" 0)");
    check_item("Content-Type: application/x; name=\"a\r\n b\"\r\n\r\n", ITEM_BODY,
               "(\"application\" \"x\" (\"name\" \"a b\") NIL NIL \"7bit\" 0)");
}

/* A type that cannot be read is text/plain, as the parser has it. */
static void defaults(void **state)
{
    (void)state;
    check_item("Content-Type: nonsense\r\n\r\n", ITEM_BODY, "(" TEXT_PLAIN " 0 0)");
    check_item("Content-Type:\r\n\r\n", ITEM_BODY, "(" TEXT_PLAIN " 0 0)");
}

static const char nested[] = "Content-Type: multipart/mixed; boundary=b\r\n"
                             "Content-Language: fr\r\n"
                             "\r\n"
                             "preamble\r\n"
                             "--b\r\n"
                             "\r\n"
                             "one\r\n"
                             "--b\r\n"
                             "Content-Type: multipart/alternative; boundary=c\r\n"
                             "Content-Disposition: inline\r\n"
                             "\r\n"
                             "--c\r\n"
                             "Content-Type: text/html; charset=utf-8\r\n"
                             "\r\n"
                             "<p>\r\n"
                             "\r\n"
                             "--c--\r\n"
                             "--b--\r\n";

static void multiparts(void **state)
{
    (void)state;
    check_item(
        nested, ITEM_STRUCTURE,
        "((" TEXT_PLAIN " 3 0 NIL NIL NIL NIL)"
        "((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 5 1 NIL NIL"
        " NIL NIL) \"alternative\" (\"boundary\" \"c\") (\"inline\" NIL) NIL NIL)"
        " \"mixed\" (\"boundary\" \"b\") NIL (\"fr\") NIL)");
    check_item(nested, ITEM_BODY,
               "((" TEXT_PLAIN " 3 0)"
               "((\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 5 1)"
               " \"alternative\") \"mixed\")");
}

/* The grammar wants a part in every multipart. */
static void no_parts(void **state)
{
    (void)state;
    check_item("Content-Type: multipart/mixed; boundary=b\r\n\r\nnothing\r\n",
               ITEM_BODY, "((" TEXT_PLAIN " 0 0) \"mixed\")");
    check_item("Content-Type: multipart/mixed\r\n\r\nnothing\r\n", ITEM_STRUCTURE,
               "((" TEXT_PLAIN " 0 0 NIL NIL NIL NIL) \"mixed\" NIL NIL NIL NIL)");
}

static void messages(void **state)
{
    (void)state;
    check_item(
        "Content-Type: message/rfc822\r\nContent-MD5: x\r\n"
        "\r\n"
        "Subject: inner\r\nFrom: a@h\r\n"
        "\r\n"
        "one\r\n",
        ITEM_STRUCTURE,
        "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 34 (NIL \"inner\" ((NIL NIL"
        " \"a\" \"h\")) ((NIL NIL \"a\" \"h\")) ((NIL NIL \"a\" \"h\")) NIL NIL"
        " NIL NIL NIL) (" TEXT_PLAIN " 5 1 NIL NIL NIL NIL) 4 \"x\" NIL NIL NIL)");
    check_item("Content-Type: message/rfc822\r\n\r\n"
               "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
               "--b\r\nContent-Type: message/rfc822\r\n\r\n"
               "Date: x\r\n\r\n"
               "--b--\r\n",
               ITEM_BODY,
               "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 100 " NO_ENVELOPE " "
               "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 11 (\"x\" NIL NIL NIL NIL"
               " NIL NIL NIL NIL NIL) (" TEXT_PLAIN " 0 0) 2) \"mixed\") 8)");
    check_item("Content-Type: multipart/digest; boundary=b\r\n\r\n"
               "--b\r\n\r\nSubject: a\r\n\r\nx\r\n--b--\r\n",
               ITEM_BODY,
               "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL \"a\" NIL NIL NIL"
               " NIL NIL NIL NIL NIL) (" TEXT_PLAIN " 1 0) 2) \"digest\")");
}

/* RFC 9051 9: only message/rfc822 and message/global have an envelope here. */
static void other_messages(void **state)
{
    (void)state;
    check_item("Content-Type: message/global\r\n\r\nSubject: a\r\n\r\nx\r\n", ITEM_BODY,
               "(\"message\" \"global\" NIL NIL NIL \"7bit\" 17 (NIL \"a\" NIL NIL NIL"
               " NIL NIL NIL NIL NIL) (" TEXT_PLAIN " 3 1) 3)");
    check_item(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        "Content-Type: message/news\r\n\r\nSubject: a\r\n\r\nx\r\n--b\r\n\r\ny\r\n"
        "--b--\r\n",
        ITEM_BODY,
        "((\"message\" \"news\" NIL NIL NIL \"7bit\" 15)(" TEXT_PLAIN
        " 1 0) \"mixed\")");
}

/* A message that the parser does not enter is one all the same. */
static void not_entered(void **state)
{
    (void)state;
    check_item("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"
               "\r\nAAAA\r\n",
               ITEM_BODY,
               "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 6 " NO_ENVELOPE
               " (" TEXT_PLAIN " 0 0) 1)");
    check_item("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"
               "\r\nAAAA\r\n",
               ITEM_STRUCTURE,
               "(\"message\" \"rfc822\" NIL NIL NIL \"base64\" 6 " NO_ENVELOPE
               " (" TEXT_PLAIN " 0 0 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)");
}

static void limits(void **state)
{
    mailproto_message_options options = {.struct_size = sizeof options, .max_parts = 2};
    static struct item_message m;
    static char out[ITEM_OUT];
    size_t len;
    (void)state;
    /* Too many parts: what is left is one part of octets. */
    item_message_open(&m, nested, sizeof nested - 1, &options);
    len = item_write(&m, ITEM_BODY, &m.source, 7, out);
    out[len] = '\0';
    assert_memory_equal(out, "((", 2);
    assert_string_equal(out + len - 10, ") \"mixed\")");
    /* An array that is too small. */
    memset(&m.index, 0, sizeof m.index);
    m.index.struct_size = sizeof m.index;
    m.index.capacity = 2;
    m.index.parts = m.parts;
    assert_int_equal(
        mailproto_index_build(&m.index, &m.source, NULL, m.work, sizeof m.work),
        MAILPROTO_OK);
    len = item_write(&m, ITEM_BODY, &m.source, 7, out);
    out[len] = '\0';
    assert_non_null(strstr(out, "((\"application\" \"octet-stream\" NIL NIL NIL"
                                " \"binary\" "));
    assert_string_equal(out + len - 10, ") \"mixed\")");
}

/* As deep as the parser goes, without a stack. */
static void deep(void **state)
{
    static char message[20000], out[ITEM_OUT];
    static struct item_message m;
    size_t i, len, open = 0, most = 0;
    (void)state;
    message[0] = '\0';
    for (i = 0; i < 60; i++) {
        char part[128];
        snprintf(part, sizeof part,
                 "Content-Type: multipart/mixed; boundary=b%zu\r\n\r\n--b%zu\r\n", i,
                 i);
        strcat(message, part);
    }
    strcat(message, "\r\nleaf\r\n");
    item_message_open(&m, message, strlen(message), NULL);
    assert_int_equal(m.index.count, 61);
    len = item_write(&m, ITEM_STRUCTURE, &m.source, 13, out);
    for (i = 0; i < len; i++) {
        open += out[i] == '(';
        open -= out[i] == ')';
        most = open > most ? open : most;
    }
    assert_int_equal(open, 0);
    assert_int_equal(most, 62);
}

static void arguments(void **state)
{
    static struct item_message m;
    mailproto_imap_item item;
    char out[8];
    size_t got;
    (void)state;
    item_message_open(&m, nested, sizeof nested - 1, NULL);
    assert_int_equal(
        mailproto_imap_structure_open(&item, &m.source, &m.index, 2, NULL, 0),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_item_read(&item, out, sizeof out, &got),
                     MAILPROTO_ERR_ARGUMENT);
    m.index.count = 0;
    assert_int_equal(
        mailproto_imap_structure_open(&item, &m.source, &m.index, 0, NULL, 0),
        MAILPROTO_ERR_ARGUMENT);
    m.index.count = 1;
    m.index.struct_size--;
    assert_int_equal(
        mailproto_imap_structure_open(&item, &m.source, &m.index, 0, NULL, 0),
        MAILPROTO_ERR_ARGUMENT);
    m.index.struct_size++;
    assert_int_equal(
        mailproto_imap_structure_open(&item, &m.source, &m.index, 0, NULL, 0),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_item_read(&item, out, sizeof out, &got),
                     MAILPROTO_OK);
    assert_int_equal(got, sizeof out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves),     cmocka_unit_test(sizes),
        cmocka_unit_test(fields),     cmocka_unit_test(no_mime),
        cmocka_unit_test(parameters), cmocka_unit_test(defaults),
        cmocka_unit_test(multiparts), cmocka_unit_test(no_parts),
        cmocka_unit_test(messages),   cmocka_unit_test(not_entered),
        cmocka_unit_test(limits),     cmocka_unit_test(other_messages),
        cmocka_unit_test(deep),       cmocka_unit_test(arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
