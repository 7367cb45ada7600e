/*
 * Keys that read the message: fields decoded, dates, the text of parts decoded; where a
 * text may lie, what is cut where; sources that wait, fail or end; how much is read.
 */
#include "match_check.h"

static const char plain[] =
    "From: Ann Smith <ann@example.org>\r\n"
    "To: Bob <bob@example.net>,\r\n\tCarol <carol@example.net>\r\n"
    "Cc: dave@example.com\r\n"
    "Bcc: Eve <eve@example.com>\r\n"
    "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n"
    " =?utf-8?B?IGF1cyBLw7Zsbg==?= and more\r\n"
    "Date: Sat, 24 Mar 2007 23:30:00 +0200\r\n"
    "X-Empty:\r\n"
    "X-Twice: one\r\n"
    "x-twice: two\r\n"
    "\r\n"
    "First line\r\n"
    "second LINE of it\r\n";

static void fields(void **state)
{
    (void)state;
    YES("FROM smith", plain);
    YES("FROM \"ANN@EXAMPLE\"", plain);
    NO("FROM bob", plain);
    YES("TO bob", plain);
    YES("TO carol", plain);
    YES("TO \"net>,\tcarol\"", plain); /* unfolded */
    NO("TO smith", plain);
    YES("CC dave", plain);
    NO("CC bob", plain);
    YES("BCC eve", plain);
    NO("BCC dave", plain);
    YES("SUBJECT more", plain);
    YES("SUBJECT {19}\r\ngr\xc3\xbc\xc3\x9f"
        "e aus k\xc3\xb6ln a",
        plain); /* two words are one text */
    NO("SUBJECT utf-8", plain);
    YES("HEADER X-Twice one", plain);
    YES("HEADER x-TWICE TWO", plain); /* any of several */
    NO("HEADER X-Twice onetwo", plain);
    NO("HEADER X-Twice {4}\r\none\n", plain);
    YES("HEADER X-Twice \"\"", plain);
    YES("HEADER X-Empty \"\"", plain);
    NO("HEADER X-Empty a", plain);
    NO("HEADER X-None \"\"", plain);
    NO("HEADER X-Twic \"\"", plain);
    NO("HEADER X-Twices \"\"", plain);
    NO("HEADER X-Twice X-Twice", plain);                   /* the value, not the name */
    YES("HEADER \"X-\\\\Q\\\"\" v", "X-\\Q\": v\r\n\r\n"); /* a name that is no name */
    NO("HEADER \"X-\\\\Q\" v", "X-\\Q\": v\r\n\r\n");
    NO("HEADER \"X-\\\\Q\\\"a\" v", "X-\\Q\": v\r\n\r\n");
    YES("NOT HEADER X-None \"\"", plain);
    YES("FROM ann TO bob NOT CC bob", plain);
    YES("OR FROM bob TO bob", plain);
}

static void dates(void **state)
{
    (void)state;
    YES("SENTON 24-Mar-2007", plain); /* the next day in UTC-something is no matter */
    NO("SENTON 25-Mar-2007", plain);
    NO("SENTON 23-Mar-2007", plain);
    YES("SENTBEFORE 25-Mar-2007", plain);
    NO("SENTBEFORE 24-Mar-2007", plain);
    YES("SENTSINCE 24-Mar-2007", plain);
    YES("SENTSINCE 23-Mar-2007", plain);
    NO("SENTSINCE 25-Mar-2007", plain);
    /* 00:30 +0200 on the 25th is still the 24th in UTC. */
    YES("SENTON 25-Mar-2007", "Date: Sun, 25 Mar 2007 00:30:00 +0200\r\n\r\n");
    YES("SENTON 25-Mar-2007", "Date: Sun, 25 Mar 2007 23:30:00 -0900\r\n\r\n");
    YES("SENTON 1-Dec-1969", "Date: 1 Dec 1969 00:00:00 +0000\r\n\r\n");
    YES("SENTBEFORE 2-Dec-1969", "Date: 1 Dec 1969 00:00:00 +0000\r\n\r\n");
    YES("SENTON 25-Mar-2007", "Date: Sun,\r\n 25 Mar\r\n 2007 00:30:00 +0200");
    /* The first counts. */
    YES("SENTON 1-Jan-2001",
        "Date: 1 Jan 2001 00:00:00 +0000\r\nDate: 2 Jan 2001 00:00:00 +0000\r\n\r\n");
    NO("SENTON 2-Jan-2001",
       "Date: 1 Jan 2001 00:00:00 +0000\r\nDate: 2 Jan 2001 00:00:00 +0000\r\n\r\n");
    /* None, or none that can be read: on no day. */
    NO("SENTON 1-Jan-2001", "Subject: x\r\n\r\nDate: 1 Jan 2001 00:00:00 +0000\r\n");
    NO("SENTBEFORE 1-Jan-2050", "Subject: x\r\n\r\n");
    NO("SENTSINCE 1-Jan-1960", "Subject: x\r\n\r\n");
    NO("SENTBEFORE 1-Jan-2050", "Date: yesterday\r\n\r\n");
    NO("SENTSINCE 1-Jan-1960", "Date: yesterday\r\n\r\n");
    NO("SENTSINCE 1-Jan-1960", "Date:\r\n\r\n");
    YES("NOT SENTSINCE 1-Jan-1960", "Date: yesterday\r\n\r\n");
    NO("SENTON 1-Jan-2001", "X-Date: 1 Jan 2001 00:00:00 +0000\r\n\r\n");
}

static void bodies(void **state)
{
    (void)state;
    YES("BODY first", plain);
    YES("BODY \"Second line\"", plain);
    NO("BODY smith", plain); /* no header */
    NO("BODY third", plain);
    YES("TEXT first", plain);
    YES("TEXT smith", plain);
    YES("TEXT \"x-empty\"", plain); /* names of fields too */
    YES("TEXT \"x-twice: one\"", plain);
    YES("TEXT {17}\r\nX-Twice: one\r\nx-t", plain);
    NO("TEXT third", plain);
    NO("TEXT moreDate", plain);
    NO("TEXT \"two\tFirst\"", plain);
    NO("TEXT {10}\r\ntwo\r\n\r\nFir", plain); /* header and body are two texts */
    /* A text that goes over lines: CRLF, or LF, or CR, stored or asked for. */
    YES("BODY {10}\r\nine\r\nsecon", plain);
    YES("BODY {9}\r\nine\nsecon", plain);
    YES("BODY {5}\r\nine\r\n", plain);
    YES("BODY {4}\r\nine\r", plain);
    YES("BODY {4}\r\n\nsec", plain);
    NO("BODY {11}\r\nine\r\n\nsecon", plain);
    YES("BODY {4}\r\na\r\nb", "X: y\n\na\nb\n");
    YES("BODY {4}\r\na\r\nb", "X: y\n\na\r\nb\n");
    NO("BODY {4}\r\na\r\nb", "X: y\n\na\n\nb\n");
    /* No body, no header. */
    NO("BODY a", "Subject: a\r\n");
    NO("BODY a", "");
    NO("TEXT a", "");
    YES("TEXT \"\"", "");
    NO("HEADER a \"\"", "");
    YES("BODY a", "\r\na");
    NO("HEADER b \"\"", "\r\nb: c\r\n");
}

static const char multi[] =
    "Subject: outer\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "preambletext\r\n"
    "--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Caf=E9 au l=\r\nait\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n"
    "PHA+TcO8bmNoZW48L3A+\r\n"
    "--b\r\nContent-Type: image/png; name=\"holiday.png\"\r\n"
    "Content-Description: =?utf-8?Q?Stra=C3=9Fe?=\r\n\r\n"
    "pngoctets\r\n"
    "--b\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: inner\r\nDate: 1 Jan 2001 00:00:00 +0000\r\nX-In: here\r\n\r\n"
    "innerbody\r\n"
    "--b\r\nContent-Type: text/plain; charset=x-unknown\r\n\r\n"
    "ascii \xe4\xff part\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
    "Reporting-MTA: dns; mx.example\r\n"
    "--b--\r\nepiloguetext\r\n";

static void parts(void **state)
{
    (void)state;
    YES("BODY {12}\r\ncaf\xc3\xa9 au lai", multi);
    YES("BODY {8}\r\nm\xc3\xbcnchen", multi);
    YES("BODY \"<P>\"", multi);
    NO("BODY PHA", multi); /* decoded */
    NO("BODY \"=E9\"", multi);
    NO("BODY pngoctets", multi); /* RFC 9051 6.4.4: other media MAY be left out */
    NO("TEXT pngoctets", multi);
    YES("BODY innerbody", multi);
    NO("BODY X-In", multi); /* no header of any part */
    NO("BODY holiday", multi);
    YES("TEXT holiday", multi); /* "including MIME header fields" */
    YES("TEXT {7}\r\nstra\xc3\x9f"
        "e",
        multi);
    YES("TEXT \"x-in: here\"", multi);
    YES("TEXT \"subject: inner\"", multi);
    YES("TEXT outer", multi);
    NO("BODY outer", multi);
    /* HEADER and its likes: of the message alone. */
    NO("SUBJECT inner", multi);
    NO("HEADER X-In here", multi);
    NO("SENTON 1-Jan-2001", multi);
    NO("HEADER Content-Description \"\"", multi);
    YES("BODY ascii", multi);
    YES("BODY \" part\"", multi);
    YES("BODY mx.example", multi);
    NO("TEXT preambletext", multi);
    NO("TEXT epiloguetext", multi);
    /* Text is of one part. */
    NO("BODY {7}\r\nait\r\n<p", multi);
    NO("BODY {5}\r\nait<p", multi);
    /* All of them in one pass. */
    YES("BODY lait BODY nchen BODY innerbody TEXT holiday NOT BODY none SUBJECT outer",
        multi);
    NO("BODY lait BODY nchen BODY innerbody TEXT holiday NOT BODY ascii SUBJECT outer",
       multi);
}

/* What public scripts of other servers' authors ask of BODY and TEXT. */
static void words_and_parts_of_words(void **state)
{
    static const char *const messages[] = {
        "Date: Sat, 24 Mar 2007 23:00:00 +0200\r\n\r\nqwerty uiop\r\n",
        "Date: Sat, 24 Mar 2007 23:00:00 +0200\r\nSubject: dvorak\r\n\r\nqwerty\r\n",
        "Date: Sat, 24 Mar 2007 23:00:00 +0200\r\nX-Any: dvorak\r\n\r\nuiop\r\n",
        "Date: Sat, 24 Mar 2007 23:00:00 +0200\r\n\r\nuiop dvorak\r\n"};
    static const struct {
        const char *keys;
        unsigned found;
    } asked[] = {{"TEXT qwerty", 3}, {"TEXT uiop", 13}, {"TEXT dvorak", 14},
                 {"BODY qwerty", 3}, {"BODY uiop", 13}, {"BODY dvorak", 8},
                 {"TEXT wert", 3},   {"TEXT iop", 13},  {"TEXT vora", 14},
                 {"BODY wert", 3},   {"BODY iop", 13},  {"BODY vora", 8}};
    size_t i;
    size_t k;
    (void)state;
    for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        for (k = 0; k < 4; k++) {
            match_expect(asked[i].keys, messages[k], (int)(asked[i].found >> k & 1U),
                         __FILE__, __LINE__);
        }
    }
}

/* Octets above 127 that are no UTF-8 in a header are guessed to be windows-1252. */
static void raw_octets(void **state)
{
    (void)state;
    YES("SUBJECT {5}\r\ncaf\xc3\xa9", "Subject: Caf\xe9\r\n\r\n");
    YES("SUBJECT {5}\r\ncaf\xc3\xa9", "Subject: Caf\xc3\xa9\r\n\r\n");
    YES("TEXT caf", "Subject: Caf\xe9\r\n\r\n");
    YES("TEXT \"no field\"", "X: y\r\nthis is No Field\r\nZ: y\r\n\r\n");
    YES("HEADER Z y", "X: y\r\nthis is No Field\r\nZ: y\r\n\r\n");
    YES("TEXT \"begins so\"", " begins so\r\nZ: y\r\n\r\n");
    YES("HEADER Z y", "Z : y\r\n\r\n"); /* RFC 5322 4.5 */
    YES("TEXT \"Z : y\"", "Z : y\r\n\r\n");
}

/* ---- where it lies --------------------------------------------------------------------- */

/* A text at every place of a field and of a body that are read in small pieces. */
static void at_every_place(void **state)
{
    static const char needle[] = "nEEdl\xc3\xa9";
    static char message[9000];
    static struct match_program body;
    static struct match_program header;
    static struct match_message m;
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    size_t at;
    int field;
    (void)state;
    assert_int_equal(match_compile_octets(&body, "BODY {7}\r\nNeedl\xc3\xa9", 17),
                     MAILPROTO_OK);
    assert_int_equal(match_compile_octets(&header, "SUBJECT {7}\r\nNeedl\xc3\xa9", 20),
                     MAILPROTO_OK);
    for (field = 0; field < 2; field++) {
        for (at = 0; at < 8000; at += at < 40 || (at > 900 && at < 1100) ? 1 : 37) {
            const struct match_program *p = field ? &header : &body;
            size_t len = 0;
            int asked;
            size_t piece = 1 + at * 13 % 1500;
            struct match_source s;
            mailproto_source source;
            len += (size_t)sprintf(message, field ? "Subject: " : "X: y\r\n\r\n");
            memset(message + len, 'n', at);
            memcpy(message + len + at, needle, 7);
            len += at + 7;
            memset(message + len, 'E', 500);
            len += 500;
            match_message_open(&m, message, len, MATCH_PARTS);
            source = match_offset_source(&s, &m, piece, (int)(at % 2));
            if (!match_with(p->nodes, p->count, &f, &m.memory, &m.index,
                            MAILPROTO_IMAP_MATCH_WORK, &asked) ||
                !match_with(p->nodes, p->count, &f, &source, &m.index,
                            MAILPROTO_IMAP_MATCH_WORK, &asked)) {
                fail_msg("not found at %zu, %zu octets a read", at, piece);
            }
            /* All but its last octet. */
            message[len - 501] = 'E';
            match_message_open(&m, message, len, MATCH_PARTS);
            source = match_offset_source(&s, &m, piece, (int)(at % 2));
            if (match_with(p->nodes, p->count, &f, &m.memory, &m.index,
                           MAILPROTO_IMAP_MATCH_WORK, &asked) ||
                match_with(p->nodes, p->count, &f, &source, &m.index,
                           MAILPROTO_IMAP_MATCH_WORK, &asked)) {
                fail_msg("found at %zu, %zu octets a read", at, piece);
            }
        }
    }
}

/* A field of 100 KB, folded, with words, and the text in its last line; many fields. */
static void long_headers(void **state)
{
    static char message[300000];
    size_t len = 0;
    unsigned i;
    (void)state;
    len += (size_t)sprintf(message, "References: <0@x>");
    for (i = 1; i < 4000; i++) {
        len += (size_t)sprintf(message + len, "\r\n <%u.%u@example.org>", i, i * 7);
    }
    len += (size_t)sprintf(message + len,
                           "\r\n =?utf-8?Q?l=C3=A4st?=\r\n =?utf-8?Q?_one?=\r\n");
    for (i = 0; i < 3000; i++) {
        len += (size_t)sprintf(message + len, "X-%u: value %u\r\n", i, i);
    }
    len +=
        (size_t)sprintf(message + len, "Date: 3 Feb 2001 00:00:00 +0000\r\n\r\nbody");
    assert_true(len < sizeof message);
    YES("HEADER References 3999.27993@example.org", message);
    YES("HEADER References {9}\r\nl\xc3\xa4st one", message);
    NO("HEADER References 4000.28000@example.org", message);
    YES("HEADER X-2999 \"value 2999\"", message);
    NO("HEADER X-2999 \"value 2998\"", message);
    YES("SENTON 3-Feb-2001", message);
    YES("TEXT \"x-1500: value 1500\" BODY body", message);
}

/* A date of 512 octets is read, of what is longer the beginning. */
static void long_dates(void **state)
{
    static char message[4000];
    int blanks;
    (void)state;
    for (blanks = 480; blanks < 500; blanks++) {
        int expected = 1 + blanks + 25 <= 512;
        sprintf(message, "Date: (%*s) 3 Feb 01\r\n\r\n", blanks, "");
        expected = 1 + 1 + blanks + 1 + 1 + 8 <= 512;
        match_expect("SENTON 3-Feb-2001", message, expected, __FILE__, __LINE__);
    }
}

/* ---- parts that are not entered --------------------------------------------------------- */

static int match_indexed(const char *keys, const char *message, uint32_t capacity)
{
    static struct match_program p;
    static struct match_message m;
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    struct match_source s;
    mailproto_source source;
    int asked;
    int result;
    match_compile(&p, keys);
    match_message_open(&m, message, strlen(message), capacity);
    source = match_offset_source(&s, &m, 5, 1);
    result = match_with(p.nodes, p.count, &f, &m.memory, &m.index,
                        MAILPROTO_IMAP_MATCH_WORK, &asked);
    assert_int_equal(match_with(p.nodes, p.count, &f, &source, &m.index,
                                MAILPROTO_IMAP_MATCH_WORK, &asked),
                     result);
    return result;
}

static void indexes_that_are_full(void **state)
{
    uint32_t capacity;
    (void)state;
    for (capacity = 1; capacity < 10; capacity++) {
        /* As stored where the index does not know better: plain text is found. */
        assert_int_equal(match_indexed("BODY innerbody", multi, capacity), 1);
        assert_int_equal(match_indexed("BODY mx.example", multi, capacity), 1);
        assert_int_equal(match_indexed("TEXT holiday", multi, capacity), 1);
        assert_int_equal(match_indexed("SUBJECT outer", multi, capacity), 1);
        assert_int_equal(match_indexed("SUBJECT inner", multi, capacity), 0);
        assert_int_equal(match_indexed("TEXT nowhere", multi, capacity), 0);
    }
}

static void encoded_messages(void **state)
{
    (void)state;
    /* A message that is encoded is a leaf: its octets are text. */
    YES("BODY \"hidden in it\"",
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "U3ViamVjdDogeA0KDQpoaWRkZW4gaW4gaXQNCg==\r\n");
    NO("BODY anything", "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    YES("BODY anything",
        "Content-Type: multipart/mixed\r\n\r\nno boundary, but Anything\r\n");
    YES("BODY anything", "Content-Type: text/plain\r\n"
                         "Content-Transfer-Encoding: x-none\r\n\r\nAnything\r\n");
}

/* ---- sources ------------------------------------------------------------------------------ */

static void what_is_read(void **state)
{
    static struct match_program p;
    static struct match_message m;
    static const struct {
        const char *keys;
        int header; /* all of it at most; else the whole message */
    } asked[] = {{"SUBJECT outer", 1},
                 {"SENTON 1-Jan-2001", 1},
                 {"TEXT nowhere", 0},
                 {"SUBJECT none BODY ascii", 1},
                 {"OR SUBJECT outer BODY x", 1},
                 {"NOT SUBJECT none SUBJECT outer", 1},
                 {"BODY nowhere", 0}};
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    size_t i;
    (void)state;
    match_message_open(&m, multi, strlen(multi), MATCH_PARTS);
    for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct match_source s;
        mailproto_source source = match_offset_source(&s, &m, 100000, 0);
        int did;
        match_compile(&p, asked[i].keys);
        (void)match_with(p.nodes, p.count, &f, &source, &m.index,
                         MAILPROTO_IMAP_MATCH_WORK, &did);
        assert_int_equal(did, 1);
        if (asked[i].header
                ? s.given > m.parts[0].body_offset
                : s.given <= m.parts[0].body_offset || s.given > m.memory.size * 2) {
            fail_msg("%s: %llu octets read", asked[i].keys,
                     (unsigned long long)s.given);
        }
    }
}

/* A source that fails: its status, and a second try goes on. */
static void sources_fail(void **state)
{
    static struct match_program p;
    static struct match_message m;
    static char work[MAILPROTO_IMAP_MATCH_WORK];
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    uint64_t end;
    uint64_t at;
    (void)state;
    match_message_open(&m, multi, strlen(multi), MATCH_PARTS);
    end = m.parts[m.index.count - 1].body_offset;
    end += m.parts[m.index.count - 1].body_octets;
    match_compile(&p, "BODY mx.example TEXT holiday NOT BODY x-none SUBJECT outer");
    for (at = 0; at < m.memory.size; at += 3) {
        mailproto_imap_match run;
        struct match_source s;
        mailproto_source source = match_offset_source(&s, &m, 10, 1);
        mailproto_status st;
        unsigned errors = 0;
        s.fails_at = at;
        assert_int_equal(
            mailproto_imap_match_open(&run, p.nodes, p.count, &f, work, sizeof work),
            MAILPROTO_OK);
        assert_int_equal(mailproto_imap_match_run(&run), MAILPROTO_AGAIN);
        assert_int_equal(mailproto_imap_match_message(&run, &source, &m.index),
                         MAILPROTO_OK);
        while ((st = mailproto_imap_match_run(&run)) != MAILPROTO_OK) {
            if (st != MAILPROTO_NOT_READY) {
                assert_int_equal(st, MAILPROTO_ERR_IO);
                errors++;
                s.fails_at = UINT64_MAX;
            }
        }
        assert_in_range(errors, at + 10 < end ? 1 : 0, 1);
        assert_int_equal(mailproto_imap_match_result(&run), 1);
    }
}

/* A source that breaks its promise. */
static mailproto_status read_nothing(void *ctx, uint64_t offset, void *buf, size_t cap,
                                     size_t *got)
{
    (void)offset;
    (void)buf;
    *got = *(const int *)ctx != 0 ? cap + 1 : 0;
    return MAILPROTO_OK;
}

static void sources_lie(void **state)
{
    static struct match_program p;
    static struct match_message m;
    static char work[MAILPROTO_IMAP_MATCH_WORK];
    static const char *const keys[] = {"SUBJECT a", "BODY a", "TEXT a",
                                       "SENTON 1-Jan-2001"};
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    int much;
    size_t i;
    (void)state;
    match_message_open(&m, plain, strlen(plain), MATCH_PARTS);
    for (i = 0; i < 4; i++) {
        for (much = 0; much < 2; much++) {
            mailproto_source source = {sizeof source, 0,   &much, NULL, strlen(plain),
                                       read_nothing,  NULL};
            mailproto_imap_match run;
            match_compile(&p, keys[i]);
            assert_int_equal(mailproto_imap_match_open(&run, p.nodes, p.count, &f, work,
                                                       sizeof work),
                             MAILPROTO_OK);
            assert_int_equal(mailproto_imap_match_run(&run), MAILPROTO_AGAIN);
            assert_int_equal(mailproto_imap_match_message(&run, &source, &m.index),
                             MAILPROTO_OK);
            assert_int_equal(mailproto_imap_match_run(&run), MAILPROTO_ERR_ARGUMENT);
        }
    }
}

/* A message that became shorter than its index says: what is there is looked through. */
static void sources_end(void **state)
{
    static struct match_program p;
    static struct match_message m;
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    size_t len;
    (void)state;
    match_compile(&p, "OR TEXT innerbody SENTON 1-Jan-1999");
    for (len = 0; len < strlen(multi); len += 7) {
        struct match_source s;
        mailproto_source source;
        int asked;
        size_t ends = (size_t)(strstr(multi, "innerbody") + 9 - multi);
        match_message_open(&m, multi, strlen(multi), MATCH_PARTS);
        source = match_offset_source(&s, &m, 64, 1);
        s.len = len;
        assert_int_equal(match_with(p.nodes, p.count, &f, &source, &m.index,
                                    MAILPROTO_IMAP_MATCH_WORK, &asked),
                         len >= ends);
    }
}

/* An index that is not this message's: an error, and no look beyond its octets. */
static void indexes_of_others(void **state)
{
    static struct match_program p;
    static struct match_message m;
    static char work[MAILPROTO_IMAP_MATCH_WORK];
    static const char *const keys[] = {"SUBJECT a", "BODY a", "TEXT a"};
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    size_t i;
    (void)state;
    for (i = 0; i < 3; i++) {
        mailproto_imap_match run;
        mailproto_source shorter;
        mailproto_status st;
        match_message_open(&m, multi, strlen(multi), MATCH_PARTS);
        match_compile(&p, keys[i]);
        shorter = m.memory;
        shorter.size = 20;
        assert_int_equal(
            mailproto_imap_match_open(&run, p.nodes, p.count, &f, work, sizeof work),
            MAILPROTO_OK);
        assert_int_equal(mailproto_imap_match_run(&run), MAILPROTO_AGAIN);
        st = mailproto_imap_match_message(&run, &shorter, &m.index);
        if (st == MAILPROTO_OK) {
            st = mailproto_imap_match_run(&run);
        }
        assert_int_equal(st, MAILPROTO_ERR_ARGUMENT);
    }
    /* A header that ends before it begins. */
    {
        static char room[MAILPROTO_IMAP_MATCH_WORK];
        mailproto_imap_match run;
        match_message_open(&m, multi, strlen(multi), MATCH_PARTS);
        m.parts[0].header_offset = m.parts[0].body_offset + 1;
        assert_int_equal(
            mailproto_imap_match_open(&run, p.nodes, p.count, &f, room, sizeof room),
            MAILPROTO_OK);
        assert_int_equal(mailproto_imap_match_run(&run), MAILPROTO_AGAIN);
        assert_int_equal(mailproto_imap_match_message(&run, &m.memory, &m.index),
                         MAILPROTO_ERR_ARGUMENT);
    }
}

/* Octets read grow as the message does, whatever the text. */
static void reading_is_linear(void **state)
{
    static char message[600000];
    static struct match_program p;
    static struct match_message m;
    mailproto_imap_facts f = {.struct_size = sizeof f, .seq = 1, .uid = 1};
    size_t len;
    (void)state;
    match_compile(&p, "BODY aaaaaaaaaaaaaaab TEXT aaaaaaac NOT HEADER X aaab");
    for (len = 10000; len < 250000; len *= 2) {
        struct match_source s;
        mailproto_source source;
        int asked;
        size_t n = (size_t)sprintf(message, "X: ");
        memset(message + n, 'a', len);
        n += len;
        n += (size_t)sprintf(message + n, "\r\n\r\n");
        memset(message + n, 'a', len);
        n += len;
        match_message_open(&m, message, n, MATCH_PARTS);
        source = match_offset_source(&s, &m, 5000, 0);
        assert_int_equal(match_with(p.nodes, p.count, &f, &source, &m.index,
                                    MAILPROTO_IMAP_MATCH_WORK, &asked),
                         0);
        assert_in_range(s.given, n, n + 8192);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(dates),
        cmocka_unit_test(bodies),
        cmocka_unit_test(parts),
        cmocka_unit_test(words_and_parts_of_words),
        cmocka_unit_test(raw_octets),
        cmocka_unit_test(at_every_place),
        cmocka_unit_test(long_headers),
        cmocka_unit_test(long_dates),
        cmocka_unit_test(indexes_that_are_full),
        cmocka_unit_test(encoded_messages),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(sources_fail),
        cmocka_unit_test(sources_lie),
        cmocka_unit_test(sources_end),
        cmocka_unit_test(indexes_of_others),
        cmocka_unit_test(reading_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
