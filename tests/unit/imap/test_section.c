/* Sections of a message (RFC 9051 6.4.5.1): which octets they are, and what is none. */
#include "section_check.h"

static struct section_message m;

static void open_text(const char *text)
{
    section_message_open(&m, text, strlen(text));
}

/* Checks a message as it is written here, and with LF for CRLF: what comes is the same. */
static void expect_both(const char *text, const char *item, const char *wanted)
{
    static char lf[65536];
    size_t n = 0;
    size_t i;
    open_text(text);
    section_expect(&m, item, wanted);
    for (i = 0; text[i] != '\0'; i++) {
        if (text[i] != '\r') {
            lf[n++] = text[i];
        }
    }
    lf[n] = '\0';
    open_text(lf);
    section_expect(&m, item, wanted);
}

#define INNER_HEADER                                                                   \
    "Subject: inner\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
#define INNER_BODY                                                                     \
    "inner preamble\r\n--b\r\n\r\nthree one\r\n--b\r\nContent-Type: text/html\r\n\r\n" \
    "<p>\r\n\r\n--b--\r\nepilogue\r\n"
#define OUTER_HEADER                                                                   \
    "From: ann@h.example\r\nSubject: outer\r\nMIME-Version: 1.0\r\n"                   \
    "Content-Type: multipart/mixed;\r\n boundary=\"a\"\r\n\r\n"
#define MIME_1 "Content-ID: <1@h>\r\n\r\n"
#define BODY_1 "one\r\n\r\nmore"
#define MIME_2                                                                         \
    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: "            \
    "base64\r\n\r\n"
#define BODY_2 "YWJjZGVm\r\nZ2hpams="
#define MIME_3 "Content-Type: message/rfc822\r\nX-Part: three\r\n\r\n"
#define MIME_4 "Content-Type: message/rfc822\r\n\r\n"
#define PLAIN_HEADER "Subject: plain\r\n\r\n"
#define PLAIN_BODY "plain text\r\n"
#define OUTER_BODY                                                                     \
    "preamble\r\n--a\r\n" MIME_1 BODY_1 "\r\n--a\r\n" MIME_2 BODY_2                    \
    "\r\n--a\r\n" MIME_3 INNER_HEADER INNER_BODY                                       \
    "\r\n--a\r\n" MIME_4 PLAIN_HEADER PLAIN_BODY "\r\n--a\r\n\r\n--a--\r\nend\r\n"
#define OUTER OUTER_HEADER OUTER_BODY

static void whole(void **state)
{
    (void)state;
    expect_both(OUTER, "BODY[]", OUTER);
    expect_both(OUTER, "BODY.PEEK[]", OUTER);
    expect_both(OUTER, "RFC822", OUTER);
    expect_both(OUTER, "BODY[HEADER]", OUTER_HEADER);
    expect_both(OUTER, "RFC822.HEADER", OUTER_HEADER);
    expect_both(OUTER, "BODY[TEXT]", OUTER_BODY);
    expect_both(OUTER, "RFC822.TEXT", OUTER_BODY);
}

static void parts(void **state)
{
    (void)state;
    expect_both(OUTER, "BODY[1]", BODY_1);
    expect_both(OUTER, "BODY[1.MIME]", MIME_1);
    expect_both(OUTER, "BODY[2]", BODY_2);
    expect_both(OUTER, "BODY[2.MIME]", MIME_2);
    expect_both(OUTER, "BODY[3]", INNER_HEADER INNER_BODY);
    expect_both(OUTER, "BODY[3.MIME]", MIME_3);
    expect_both(OUTER, "BODY[3.HEADER]", INNER_HEADER);
    expect_both(OUTER, "BODY[3.TEXT]", INNER_BODY);
    expect_both(OUTER, "BODY[3.1]", "three one");
    expect_both(OUTER, "BODY[3.1.MIME]", "\r\n");
    expect_both(OUTER, "BODY[3.2]", "<p>\r\n");
    expect_both(OUTER, "BODY[4]", PLAIN_HEADER PLAIN_BODY);
    expect_both(OUTER, "BODY[4.HEADER]", PLAIN_HEADER);
    expect_both(OUTER, "BODY[4.TEXT]", PLAIN_BODY);
    expect_both(OUTER, "BODY[4.1]", PLAIN_BODY);
    expect_both(OUTER, "BODY[4.1.MIME]", PLAIN_HEADER);
    expect_both(OUTER, "BODY[5]", "");
    expect_both(OUTER, "BODY[5.MIME]", "\r\n");
}

/* A message that is no multipart has one part, which is its body. */
static void one_part(void **state)
{
    (void)state;
    expect_both(PLAIN_HEADER PLAIN_BODY, "BODY[1]", PLAIN_BODY);
    expect_both(PLAIN_HEADER PLAIN_BODY, "BODY[1.MIME]", PLAIN_HEADER);
    expect_both(PLAIN_HEADER PLAIN_BODY, "BODY[TEXT]", PLAIN_BODY);
    expect_both(MIME_3 PLAIN_HEADER PLAIN_BODY, "BODY[1]", PLAIN_HEADER PLAIN_BODY);
    expect_both(MIME_3 PLAIN_HEADER PLAIN_BODY, "BODY[HEADER]", MIME_3);
    expect_both(MIME_3 PLAIN_HEADER PLAIN_BODY, "BODY[1.HEADER]", PLAIN_HEADER);
    expect_both(MIME_3 PLAIN_HEADER PLAIN_BODY, "BODY[1.1]", PLAIN_BODY);
}

/* What there is not is NIL; a part that holds no message has no HEADER and no TEXT. */
static void nil(void **state)
{
    static const char *const items[] = {
        "BODY[6]",          "BODY[1.1]",
        "BODY[3.3]",        "BODY[4.2]",
        "BODY[4.1.1]",      "BODY[6.MIME]",
        "BODY[1.HEADER]",   "BODY[2.TEXT]",
        "BINARY[7]",        "BODY[1.HEADER.FIELDS (Subject)]",
        "BINARY.SIZE[3.3]", "BODY[5.HEADER.FIELDS.NOT (Subject)]",
        "BODY[4294967295]", "BODY[3.1.HEADER]"};
    size_t i;
    (void)state;
    open_text(OUTER);
    for (i = 0; i < sizeof items / sizeof *items; i++) {
        if (section_open_status(&m, items[i]) != MAILPROTO_EOF) {
            print_error("%s\n", items[i]);
            fail();
        }
    }
    open_text(PLAIN_HEADER PLAIN_BODY);
    assert_int_equal(section_open_status(&m, "BODY[2]"), MAILPROTO_EOF);
    assert_int_equal(section_open_status(&m, "BODY[1.1]"), MAILPROTO_EOF);
    assert_int_equal(section_open_status(&m, "BODY[1.TEXT]"), MAILPROTO_EOF);
}

/* An encoded message was not entered: it is a leaf. */
static void encoded_message(void **state)
{
    const char *text = "Content-Type: message/rfc822\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0K\r\n";
    (void)state;
    open_text(text);
    assert_int_equal(section_open_status(&m, "BODY[1.HEADER]"), MAILPROTO_EOF);
    assert_int_equal(section_open_status(&m, "BODY[1.1]"), MAILPROTO_EOF);
    expect_both(text, "BODY[1]", "U3ViamVjdDogeA0K\r\n");
    expect_both(text, "BINARY[1]", "Subject: x\r\n");
}

/* ---- headers ---------------------------------------------------------------------------- */

#define FIELDS                                                                         \
    "Received: one;\r\n\tfolded\r\nSubject: first\r\nX-Own: a\r\nsubject : second\r\n" \
    "X-Own-Too: b\r\nTO: a@h,\r\n b@h\r\nX-Own: c\r\nreceived: two\r\n"

static void fields(void **state)
{
    const char *text = FIELDS "\r\nTo: not this\r\n";
    (void)state;
    expect_both(text, "BODY[HEADER.FIELDS (SUBJECT)]",
                "Subject: first\r\nsubject : second\r\n\r\n");
    expect_both(
        text, "BODY[HEADER.FIELDS (to Received)]",
        "Received: one;\r\n\tfolded\r\nTO: a@h,\r\n b@h\r\nreceived: two\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (x-own)]", "X-Own: a\r\nX-Own: c\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (x-own x-own \"X-OWN\")]",
                "X-Own: a\r\nX-Own: c\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (Date From)]", "\r\n");
    expect_both(text, "BODY[HEADER.FIELDS.NOT (Received X-Own To)]",
                "Subject: first\r\nsubject : second\r\nX-Own-Too: b\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS.NOT (Date)]", FIELDS "\r\n");
    expect_both(text,
                "BODY[HEADER.FIELDS.NOT (Subject Received X-Own X-Own-Too \"to\")]",
                "\r\n");
    expect_both(OUTER, "BODY[3.HEADER.FIELDS (Subject X-Part)]",
                "Subject: inner\r\n\r\n");
    expect_both(OUTER, "BODY[4.HEADER.FIELDS.NOT (X)]", PLAIN_HEADER);
}

/* Names in all forms of a string, those that cannot be, and some that look alike. */
static void names(void **state)
{
    const char *text = "A\"\\B: 1\r\nAB: 2\r\nABC: 3\r\n[B: 4\r\n{B: 5\r\n\r\n";
    (void)state;
    expect_both(text, "BODY[HEADER.FIELDS (\"a\\\"\\\\b\")]", "A\"\\B: 1\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (\"a\\\"\\\\\" \"a\\\"\\\\bc\")]", "\r\n");
    expect_both(text, "BODY[HEADER.FIELDS ({2}\r\nab {3}\r\nabc)]",
                "AB: 2\r\nABC: 3\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (ab \"AB\" abd Ab \"a\\\"\\\\b\" b)]",
                "A\"\\B: 1\r\nAB: 2\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (\"\" ab:)]", "\r\n");
    expect_both(text, "BODY[HEADER.FIELDS (\"[b\")]", "[B: 4\r\n\r\n");
}

/* 128 names in no order, which differ from the fields' in an octet only; some need a
 * backslash. */
static void check_many(const char *before, const char *behind, const char *quoted,
                       const char *quoted_behind)
{
    static char text[32768], item[8192], wanted[32768];
    unsigned i;
    text[0] = wanted[0] = '\0';
    strcpy(item, "BODY[HEADER.FIELDS (");
    for (i = 0; i < 256; i++) {
        unsigned k = i * 37 % 256; /* in no order */
        char one[64];
        snprintf(one, sizeof one, "%s%03u%s: %u\r\n\tfolded\r\n", before, k, behind, k);
        strcat(text, one);
        if (k % 2 == 0) {
            strcat(wanted, one);
        }
        if (i % 2 == 0) {
            snprintf(one, sizeof one, "%s%03u%s", quoted, 254 - i, quoted_behind);
            strcat(item, i > 0 ? " " : "");
            strcat(item, one);
        }
    }
    strcat(item, ")]");
    strcat(text, "\r\nbody");
    strcat(wanted, "\r\n");
    open_text(text);
    section_check(&m, item, wanted, strlen(wanted), 0);
}

static void many_names(void **state)
{
    (void)state;
    check_many("X-", "", "x-", "");
    check_many("X\"", "\\", "\"x\\\"", "\\\\\"");
    check_many("", "\"X", "\"", "\\\"x\"");
    check_many("A", "A", "a", "a");
}

/* More names than FETCH may have: ENABLE has a list of strings without that limit. */
static void too_many_names(void **state)
{
    unsigned most;
    (void)state;
    open_text("To: b\r\nX128: c\r\n\r\n");
    for (most = MAILPROTO_IMAP_FIELDS_MAX; most <= MAILPROTO_IMAP_FIELDS_MAX + 1;
         most++) {
        static char command[4096];
        mailproto_imap_command c = {.struct_size = sizeof c};
        mailproto_bytes unit = {command, 0};
        mailproto_imap_fetch_item item = section_item("BODY[HEADER.FIELDS (x)]");
        mailproto_imap_section s;
        char work[SECTION_WORK];
        unsigned i;
        strcpy(command, "A ENABLE");
        for (i = 1; i <= most; i++) {
            snprintf(command + strlen(command), 16, " x%u To x%u", i, i);
        }
        strcat(command, "\r\n");
        unit.len = strlen(command);
        assert_int_equal(mailproto_imap_command_parse(unit, 0, &c, NULL), MAILPROTO_OK);
        item.fields = c.items;
        assert_int_equal(mailproto_imap_section_open(&s, &m.source, &m.index, &item,
                                                     work, sizeof work),
                         most == MAILPROTO_IMAP_FIELDS_MAX ? MAILPROTO_OK
                                                           : MAILPROTO_ERR_ARGUMENT);
        if (most == MAILPROTO_IMAP_FIELDS_MAX) {
            assert_int_equal(section_size(&s), 18);
        }
    }
}

/* A name that is longer than a line of a header is none. */
static void long_name(void **state)
{
    static char text[4096], item[4096];
    size_t len;
    (void)state;
    for (len = 997; len < 2200; len += len == 997 ? 1 : len == 998 ? 1 : 399) {
        size_t i;
        strcpy(item, "BODY[HEADER.FIELDS (");
        for (i = 0; i < len; i++) {
            text[i] = 'x';
            strcat(item, "X");
        }
        strcpy(text + len, ":y\r\nTo: b\r\n\r\n");
        strcat(item, " TO)]");
        open_text(text);
        if (len == 997) {
            section_check(&m, item, text, strlen(text), 0);
        } else {
            section_expect(&m, item, "To: b\r\n\r\n");
        }
    }
}

/* Lines that are no fields belong to no name; the line of an mbox is none either. */
static void no_fields(void **state)
{
    const char *text = "From x@h Mon Jan  1 00:00:00 2024\r\n one\r\nno colon\r\n"
                       "Subject: a\r\n: empty\r\nTo: b\r\n\r\n";
    (void)state;
    expect_both(text, "BODY[HEADER.FIELDS (From To)]", "To: b\r\n\r\n");
    expect_both(text, "BODY[HEADER.FIELDS.NOT (To)]",
                "From x@h Mon Jan  1 00:00:00 2024\r\n one\r\nno colon\r\n"
                "Subject: a\r\n: empty\r\n\r\n");
    expect_both(" folded\r\nTo: b\r\n\r\n", "BODY[HEADER.FIELDS (to)]",
                "To: b\r\n\r\n");
    expect_both(" folded\r\nTo: b\r\n\r\n", "BODY[HEADER.FIELDS.NOT (to)]",
                " folded\r\n\r\n");
}

/* RFC 9051 6.4.5.1: no blank line is made where there is none. */
static void no_blank_line(void **state)
{
    (void)state;
    expect_both("Subject: x\r\nTo: b\r\n", "BODY[HEADER.FIELDS (To)]", "To: b\r\n");
    expect_both("Subject: x\r\nTo: b", "BODY[HEADER.FIELDS (To)]", "To: b");
    expect_both("Subject: x\r\nTo: b", "BODY[HEADER.FIELDS (Date)]", "");
    expect_both("Subject: x\r\nTo: b", "BODY[HEADER]", "Subject: x\r\nTo: b");
    expect_both("Subject: x\r\nTo: b", "BODY[TEXT]", "");
    expect_both("", "BODY[]", "");
    expect_both("", "BODY[1]", "");
    expect_both("", "BODY[HEADER.FIELDS.NOT (To)]", "");
    expect_both("\r\n", "BODY[HEADER.FIELDS (To)]", "\r\n");
    expect_both("\r\nTo: b\r\n", "BODY[HEADER.FIELDS (To)]", "\r\n");
}

/* A field that is longer than the work memory is given whole, or passed over. */
static void long_fields(void **state)
{
    static char text[40000], wanted[40000];
    size_t n;
    size_t i;
    (void)state;
    strcpy(text, "To: a\r\nSubject: ");
    n = strlen(text);
    for (i = 0; i < 9000; i++) {
        text[n++] = i % 70 == 69 ? '\n' : i % 70 == 0 ? ' ' : 'x';
    }
    memcpy(text + n, "\nX-", 3);
    n += 3;
    memset(text + n, 'y', 900);
    n += 900;
    strcpy(text + n, ": z\r\nTo: b\r\n\r\nbody");
    section_message_open(&m, text, strlen(text));
    section_check(&m, "BODY[HEADER.FIELDS (To)]", "To: a\r\nTo: b\r\n\r\n", 16, 0);
    for (i = 7, n = 0; strncmp(text + i, "X-yy", 4) != 0; i++) {
        if (text[i] == '\n' && text[i - 1] != '\r') {
            wanted[n++] = '\r';
        }
        wanted[n++] = text[i];
    }
    memcpy(wanted + n, "\r\n", 2);
    section_check(&m, "BODY[HEADER.FIELDS (Subject)]", wanted, n + 2, 0);
}

/* ---- line ends ------------------------------------------------------------------------ */

static void mixed_ends(void **state)
{
    const char *text = "A: 1\nB: 2\r\nC: 3\r\r\n\na\r\nb\nc\r\r\nd\re\n\nf\r";
    (void)state;
    open_text(text);
    section_expect(&m, "BODY[]",
                   "A: 1\r\nB: 2\r\nC: 3\r\r\n\r\na\r\nb\r\nc\r\r\nd\re\r\n\r\nf\r");
    section_expect(&m, "BODY[HEADER]", "A: 1\r\nB: 2\r\nC: 3\r\r\n\r\n");
    section_expect(&m, "BODY[HEADER.FIELDS (A C)]", "A: 1\r\nC: 3\r\r\n\r\n");
    section_expect(&m, "BODY[HEADER.FIELDS.NOT (A C)]", "B: 2\r\n\r\n");
    section_expect(&m, "BODY[TEXT]", "a\r\nb\r\nc\r\r\nd\re\r\n\r\nf\r");
}

/* A stretch that needs no change and is longer than what is looked through at once, with
 * its line ends at and around that limit. */
static void long_runs(void **state)
{
    static char text[70000], wanted[70000];
    size_t shift;
    (void)state;
    for (shift = 0; shift < 4; shift++) {
        size_t body = strlen(strcpy(text, "\n"));
        size_t n, i, k = 0;
        memset(text + body, 'x', 16383 - shift);
        n = body + 16383 - shift;
        memcpy(text + n, "\r\n\n", 3);
        n += 3;
        memset(text + n, 'y', 16380 + shift);
        n += 16380 + shift;
        memcpy(text + n, "\n\r\nz\n", 5);
        n += 5;
        for (i = body; i < n; i++) {
            if (text[i] == '\n' && text[i - 1] != '\r') {
                wanted[k++] = '\r';
            }
            wanted[k++] = text[i];
        }
        section_message_open(&m, text, n);
        section_check(&m, "BODY[TEXT]", wanted, k, 0);
    }
}

/* No string of IMAP holds NUL but those of BINARY (RFC 9051 9, CHAR8). */
static void nul(void **state)
{
    static const char text[] = "Subject: a\0b\r\nTo: c\0\r\n\r\nx\0\r\n\0\0y\0";
    static const char clean[] = "Subject: a\x80"
                                "b\r\nTo: c\x80\r\n\r\nx\x80\r\n\x80\x80y\x80";
    static const char lf[] = "Subject: a\0b\nTo: c\0\n\nx\0\n\0\0y\0";
    size_t body = sizeof clean - 9;
    (void)state;
    section_message_open(&m, text, sizeof text - 1);
    section_check(&m, "BODY[]", clean, sizeof clean - 1, 1);
    section_check(&m, "BODY[HEADER]", clean, body, 1);
    section_check(&m, "BODY[HEADER.FIELDS (To)]", "To: c\x80\r\n\r\n", 10, 1);
    section_check(&m, "BODY[1]", clean + body, 8, 1);
    section_check(&m, "BINARY[1]", text + body, 8, 1);
    section_check(&m, "BINARY[]", text, sizeof text - 1, 1);
    section_message_open(&m, lf, sizeof lf - 1);
    section_check(&m, "BODY[]", clean, sizeof clean - 1, 1);
    section_check(&m, "BODY[HEADER.FIELDS (To)]", "To: c\x80\r\n\r\n", 10, 1);
    section_check(&m, "BINARY[1]", text + body, 8, 1);
}

static void nul_in_header_only(void **state)
{
    static const char text[] = "A: \0\r\n\r\nbody";
    (void)state;
    section_message_open(&m, text, sizeof text - 1);
    section_check(&m, "BODY[]", "A: \x80\r\n\r\nbody", sizeof text - 1, 1);
    section_check(&m, "BODY[1.MIME]", "A: \x80\r\n\r\n", sizeof text - 5, 1);
}

/* ---- errors ------------------------------------------------------------------------------ */

static mailproto_status open_item(const mailproto_imap_fetch_item *item)
{
    char work[SECTION_WORK];
    mailproto_imap_section s;
    return mailproto_imap_section_open(&s, &m.source, &m.index, item, work,
                                       sizeof work);
}

static void bad_items(void **state)
{
    mailproto_imap_fetch_item item;
    uint32_t kind;
    (void)state;
    open_text(OUTER);
    for (kind = 0; kind < 20; kind++) {
        memset(&item, 0, sizeof item);
        item.kind = kind;
        assert_int_equal(open_item(&item),
                         kind >= MAILPROTO_IMAP_ITEM_SECTION &&
                                 kind <= MAILPROTO_IMAP_ITEM_RFC822_TEXT
                             ? MAILPROTO_OK
                             : MAILPROTO_ERR_ARGUMENT);
    }
    memset(&item, 0, sizeof item);
    item.kind = MAILPROTO_IMAP_ITEM_SECTION;
    item.section = MAILPROTO_IMAP_SECTION_MIME;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT); /* of what? */
    item.section = MAILPROTO_IMAP_SECTION_MIME + 1;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT);
    item.section = MAILPROTO_IMAP_SECTION_WHOLE;
    item.flags = MAILPROTO_IMAP_PARTIAL;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT); /* nz-number */
    item.count = 1;
    assert_int_equal(open_item(&item), MAILPROTO_OK);
    item.kind = MAILPROTO_IMAP_ITEM_BINARY_SIZE;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT);
    item.flags = 0;
    assert_int_equal(open_item(&item), MAILPROTO_OK);
    item.section = MAILPROTO_IMAP_SECTION_TEXT;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT);
    item.kind = MAILPROTO_IMAP_ITEM_BINARY;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT);
    item.section = MAILPROTO_IMAP_SECTION_WHOLE;
    item.path_len = MAILPROTO_IMAP_PATH_MAX;
    assert_int_equal(open_item(&item), MAILPROTO_EOF);
    item.path_len++;
    assert_int_equal(open_item(&item), MAILPROTO_ERR_ARGUMENT);
    item.path_len = 1;
    assert_int_equal(open_item(&item), MAILPROTO_EOF); /* part 0 */
}

static void bad_arguments(void **state)
{
    char work[SECTION_WORK];
    char out[8];
    size_t got = 77;
    mailproto_imap_section s;
    mailproto_imap_fetch_item item;
    mailproto_source none = {sizeof none, 0, NULL, NULL, 0, NULL, NULL};
    mailproto_index empty = {.struct_size = sizeof empty};
    mailproto_index broken;
    mailproto_part part;
    (void)state;
    open_text("A: b\r\n\r\nbody");
    item = section_item("BODY[]");
    assert_int_equal(
        mailproto_imap_section_open(&s, &none, &m.index, &item, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_section_open(&s, &m.source, &m.index, &item, work,
                                                 sizeof work - 1),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &m.index, &item, NULL, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &empty, &item, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    m.source.size--; /* the index is not of this message */
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &m.index, &item, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    m.source.size++;
    broken = m.index;
    broken.parts = &part;
    part = m.parts[0];
    part.body_octets = UINT64_MAX;
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &broken, &item, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    part = m.parts[0];
    part.header_offset = part.body_offset + 1;
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &broken, &item, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    part = m.parts[0];
    part.body_crlf = UINT64_MAX;
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &broken, &item, work, sizeof work),
        MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(
        mailproto_imap_section_open(&s, &m.source, &m.index, &item, work, sizeof work),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_section_read(&s, NULL, 1, &got),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_section_read(&s, out, 0, &got),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(got, 0);
    assert_int_equal(mailproto_imap_section_read(&s, out, 8, &got), MAILPROTO_OK);
    assert_int_equal(got, 8);
}

/* What the source says comes through, at its place, and reading can go on behind it. */
static void source_fails(void **state)
{
    static const char *const texts[] = {
        "Subject: one\r\nTo: b\r\n\r\nbody of the message\r\n",
        "Subject: one\nTo: b\n\nbody of the message\n",
        "Content-Transfer-Encoding: quoted-printable\n\nbody=20of=\nthe message\n"};
    static const char *const items[] = {"BODY[]", "BODY[HEADER.FIELDS.NOT (X)]",
                                        "BODY[TEXT]", "BINARY[1]"};
    size_t t, i;
    (void)state;
    for (t = 0; t < 3; t++) {
        for (i = 0; i < 4; i++) {
            size_t len = strlen(texts[t]);
            size_t at;
            mailproto_imap_fetch_item item = section_item(items[i]);
            open_text(texts[t]);
            for (at = 0; at < len; at++) {
                struct section_source from;
                mailproto_source source =
                    section_offset_source(&from, texts[t], len, 3);
                char work[SECTION_WORK];
                static char out[4096], all[4096];
                mailproto_imap_section s;
                size_t got, more, whole_len;
                mailproto_status st;
                assert_int_equal(mailproto_imap_section_open(&s, &source, &m.index,
                                                             &item, work, sizeof work),
                                 MAILPROTO_OK);
                assert_int_equal(section_read_all(&s, 7, all, sizeof all, &whole_len),
                                 MAILPROTO_EOF);
                assert_int_equal(mailproto_imap_section_open(&s, &source, &m.index,
                                                             &item, work, sizeof work),
                                 MAILPROTO_OK);
                from.fails_at = at;
                st = section_read_all(&s, 7, out, sizeof out, &got);
                assert_true(st == MAILPROTO_ERR_IO || st == MAILPROTO_EOF);
                assert_true(st == MAILPROTO_ERR_IO || got == whole_len);
                from.fails_at = UINT64_MAX;
                assert_int_equal(
                    section_read_all(&s, 7, out + got, sizeof out - got, &more),
                    MAILPROTO_EOF);
                assert_int_equal(got + more, whole_len);
                assert_memory_equal(out, all, whole_len);
            }
        }
    }
}

/* A message that became shorter: never less than was announced without an error. */
static void source_ends(void **state)
{
    const char *texts[] = {"A: 1\r\nB: 2\r\n\r\none\r\ntwo\r\n",
                           "A: 1\nB: 2\n\none\ntwo\n"};
    size_t t;
    (void)state;
    for (t = 0; t < 2; t++) {
        static const char *const items[] = {"BODY[]", "BODY[HEADER.FIELDS (B)]",
                                            "BODY[1]", "BODY[HEADER]"};
        size_t i;
        for (i = 0; i < 4; i++) {
            mailproto_imap_fetch_item item = section_item(items[i]);
            struct section_source from;
            mailproto_source source;
            char work[SECTION_WORK];
            char out[256];
            mailproto_imap_section s;
            size_t got;
            uint64_t size;
            open_text(texts[t]);
            source = section_offset_source(&from, texts[t], strlen(texts[t]), 5);
            assert_int_equal(mailproto_imap_section_open(&s, &source, &m.index, &item,
                                                         work, sizeof work),
                             MAILPROTO_OK);
            size = section_size(&s);
            from.len = i < 2 || i == 3 ? 9 : strlen(texts[t]) - 2;
            assert_int_equal(section_read_all(&s, 100, out, sizeof out, &got),
                             MAILPROTO_ERR_EOF);
            assert_true(got < size);
        }
    }
}

/* ... and while it is counted. */
static void source_ends_counting(void **state)
{
    mailproto_imap_fetch_item item;
    struct section_source from;
    mailproto_source source;
    char work[SECTION_WORK];
    mailproto_imap_section s;
    uint64_t size = 77;
    mailproto_status st;
    (void)state;
    open_text("A: 1\nB: 2\n\n");
    item = section_item("BODY[HEADER.FIELDS (B)]");
    source = section_offset_source(&from, "A: 1\nB: 2\n\n", 11, 5);
    from.len = 7;
    assert_int_equal(
        mailproto_imap_section_open(&s, &source, &m.index, &item, work, sizeof work),
        MAILPROTO_OK);
    do {
        st = mailproto_imap_section_size(&s, &size);
    } while (st == MAILPROTO_NOT_READY);
    assert_int_equal(st, MAILPROTO_ERR_EOF);
    assert_int_equal(size, 0);
    from.len = 11; /* it is there again: counting goes on */
    assert_int_equal(section_size(&s), 8);
}

/* A message that has other line ends now: an error, not fewer octets. */
static void source_changes(void **state)
{
    static const char *const items[] = {"BODY[]", "BODY[HEADER.FIELDS (A)]",
                                        "BINARY[1]"};
    const char *text = "A: 1\nContent-Transfer-Encoding: quoted-printable\n\na\nb\n";
    const char *now = "X: 1 Content-Transfer-Encoding- quoted-printable\n\na=\n=\n";
    size_t i;
    (void)state;
    for (i = 0; i < 3; i++) {
        mailproto_imap_fetch_item item = section_item(items[i]);
        struct section_source from;
        mailproto_source source;
        char work[SECTION_WORK];
        char out[256];
        mailproto_imap_section s;
        size_t got;
        uint64_t size;
        open_text(text);
        source = section_offset_source(&from, text, strlen(text), 5);
        assert_int_equal(mailproto_imap_section_open(&s, &source, &m.index, &item, work,
                                                     sizeof work),
                         MAILPROTO_OK);
        size = section_size(&s);
        from.data = now;
        assert_int_equal(section_read_all(&s, 100, out, sizeof out, &got),
                         MAILPROTO_ERR_EOF);
        assert_true(got < size);
    }
}

static mailproto_status zero_read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                     size_t *got)
{
    (void)offset;
    memset(buf, 'x', cap);
    *got = *(size_t *)ctx == 0 ? 0 : cap + 1;
    return MAILPROTO_OK;
}

/* OK with nothing, or with more than was asked for. */
static void source_lies(void **state)
{
    static const char *const items[] = {"BODY[]", "BODY[HEADER.FIELDS (B)]"};
    size_t lie, i;
    (void)state;
    for (lie = 0; lie < 2; lie++) {
        mailproto_source source = {sizeof source, 0,   &lie, NULL, 11,
                                   zero_read_at,  NULL};
        for (i = 0; i < 2; i++) {
            mailproto_imap_fetch_item item = section_item(items[i]);
            char work[SECTION_WORK];
            char out[16];
            size_t got;
            mailproto_imap_section s;
            open_text("A: 1\nB: 2\n\n");
            assert_int_equal(mailproto_imap_section_open(&s, &source, &m.index, &item,
                                                         work, sizeof work),
                             MAILPROTO_OK);
            assert_int_equal(mailproto_imap_section_read(&s, out, 16, &got),
                             MAILPROTO_ERR_ARGUMENT);
            assert_int_equal(got, 0);
        }
    }
}

/* ---- an index that was too small -------------------------------------------------------- */

static void overflow(void **state)
{
    uint32_t capacity;
    (void)state;
    for (capacity = 1; capacity < 10; capacity++) {
        char work[SECTION_WORK];
        static char out[4096];
        uint32_t k;
        memset(&m, 0, sizeof m);
        m.source.struct_size = sizeof m.source;
        m.source.data = OUTER;
        m.source.size = strlen(OUTER);
        m.index.struct_size = sizeof m.index;
        m.index.capacity = capacity;
        m.index.parts = m.parts;
        assert_int_equal(
            mailproto_index_build(&m.index, &m.source, NULL, m.work, sizeof m.work),
            MAILPROTO_OK);
        section_expect(&m, "BODY[]", OUTER);
        section_expect(&m, "BODY[TEXT]", OUTER_BODY);
        for (k = 1; k < 7; k++) { /* what there is, is as long as it is said to be */
            uint32_t section;
            for (section = 0; section <= MAILPROTO_IMAP_SECTION_MIME; section++) {
                mailproto_imap_section s;
                mailproto_imap_fetch_item item;
                size_t got;
                mailproto_status st;
                memset(&item, 0, sizeof item);
                item.kind = MAILPROTO_IMAP_ITEM_SECTION;
                item.section = section;
                item.path_len = 1;
                item.path[0] = k;
                st = mailproto_imap_section_open(&s, &m.source, &m.index, &item, work,
                                                 sizeof work);
                if (st == MAILPROTO_EOF) {
                    continue;
                }
                assert_int_equal(st, MAILPROTO_OK);
                assert_int_equal(section_read_all(&s, 100, out, sizeof out, &got),
                                 MAILPROTO_EOF);
                assert_int_equal(section_size(&s), got);
            }
        }
    }
}

/* The message inside of a part did not fit: where its header ends is not known. */
static void overflow_inside(void **state)
{
    const char *text = "Content-Type: message/rfc822\n\n"
                       "Content-Type: multipart/mixed; boundary=a\n\n--a\n\nx\n--a--\n";
    (void)state;
    memset(&m, 0, sizeof m);
    m.source.struct_size = sizeof m.source;
    m.source.data = text;
    m.source.size = strlen(text);
    m.index.struct_size = sizeof m.index;
    m.index.capacity = 2;
    m.index.parts = m.parts;
    assert_int_equal(
        mailproto_index_build(&m.index, &m.source, NULL, m.work, sizeof m.work),
        MAILPROTO_OK);
    assert_int_equal(section_open_status(&m, "BODY[1.HEADER]"), MAILPROTO_EOF);
    assert_int_equal(section_open_status(&m, "BODY[1.TEXT]"), MAILPROTO_EOF);
    section_expect(&m, "BODY[1]",
                   "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nx\r\n"
                   "--a--\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(parts),
        cmocka_unit_test(one_part),
        cmocka_unit_test(nil),
        cmocka_unit_test(encoded_message),
        cmocka_unit_test(fields),
        cmocka_unit_test(names),
        cmocka_unit_test(many_names),
        cmocka_unit_test(too_many_names),
        cmocka_unit_test(long_name),
        cmocka_unit_test(no_fields),
        cmocka_unit_test(no_blank_line),
        cmocka_unit_test(long_fields),
        cmocka_unit_test(mixed_ends),
        cmocka_unit_test(long_runs),
        cmocka_unit_test(nul),
        cmocka_unit_test(nul_in_header_only),
        cmocka_unit_test(bad_items),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(source_fails),
        cmocka_unit_test(source_ends),
        cmocka_unit_test(source_ends_counting),
        cmocka_unit_test(source_changes),
        cmocka_unit_test(source_lies),
        cmocka_unit_test(overflow),
        cmocka_unit_test(overflow_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
