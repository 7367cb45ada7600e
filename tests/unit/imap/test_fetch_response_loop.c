/* mailproto_imap_server_fetch(): a whole FETCH of a message against what its parts say one
 * by one, at every size of the output, and with sources that have nothing yet. */
#include "section_check.h"
#include "write_check.h"

static struct writer w;
static struct section_message m;

#define MESSAGE                                                                        \
    "From: Ann <ann@h.example>\r\nTo: bob@h.example\r\nSubject: outer \"quoted\"\r\n"  \
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <1@h.example>\r\n"            \
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"a\"\r\n\r\n"       \
    "preamble\r\n--a\r\nContent-Type: text/plain\r\n\r\none\r\n\r\nmore\r\n--a\r\n"    \
    "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"  \
    "\r\nYWJjAGVm\r\nZ2hpams=\r\n--a\r\nContent-Type: text/plain\r\n"                  \
    "Content-Transfer-Encoding: x-unknown\r\n\r\n???\r\n--a\r\n"                       \
    "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: x@y.example\r\n\r\n"  \
    "inner text\r\n--a\r\nContent-Type: text/plain\r\n"                                \
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A4 =3D\r\n--a--\r\n"

static const char lf_message[] =
    "Subject: bare\nX-Long: a\n b\n\nline one\nline two\n\nlast";

/* The facts of all messages here. */
static const mailproto_bytes fact_keywords[] = {{"$Junk", 5}};
static mailproto_imap_facts facts_of(uint32_t seq)
{
    mailproto_imap_facts f;
    memset(&f, 0, sizeof f);
    f.struct_size = sizeof f;
    f.seq = seq;
    f.uid = 1000 + seq;
    f.flags = MAILPROTO_IMAP_SEEN;
    f.keywords = fact_keywords;
    f.keywords_count = 1;
    f.size = 4096;
    f.modseq = 12;
    f.internal.utc = 0;
    f.internal.set = 1;
    f.email_id = bytes_of("E1");
    return f;
}

static char fetch_work[MAILPROTO_IMAP_FETCH_WORK];
static mailproto_imap_fetch fetching;

static void prepare(const mailproto_imap_facts *facts, const mailproto_source *source,
                    mailproto_index *index)
{
    fetching.struct_size = sizeof fetching;
    fetching.flags = w.command.flags & (MAILPROTO_IMAP_UID | MAILPROTO_IMAP_HAS_MODSEQ);
    fetching.items = w.command.items;
    fetching.facts = facts;
    fetching.source = source;
    fetching.index = index;
    fetching.work = fetch_work;
    fetching.work_size = sizeof fetch_work;
}

/* ---- what is expected, item by item ---------------------------------------------------------- */

struct expected {
    char text[1 << 17];
    size_t len;
    int items;
};

static void add(struct expected *e, const char *octets, size_t len)
{
    assert_true(e->len + len < sizeof e->text);
    memcpy(e->text + e->len, octets, len);
    e->len += len;
}

static void add_text(struct expected *e, const char *text)
{
    add(e, text, strlen(text));
}

/* A section as the generator gives it in one piece. */
static void add_section(struct expected *e, const char *name, const char *item_text)
{
    static char out[1 << 16];
    char work[SECTION_WORK];
    char head[64];
    mailproto_imap_section s;
    mailproto_imap_fetch_item item = section_item(item_text);
    uint64_t size = 0;
    size_t len;
    mailproto_status st =
        mailproto_imap_section_open(&s, &m.source, &m.index, &item, work, sizeof work);
    if (st == MAILPROTO_ERR_REFUSED) {
        return;
    }
    add_text(e, e->items++ > 0 ? " " : "");
    add_text(e, name);
    if (st == MAILPROTO_EOF) {
        add_text(e, item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE ? " 0" : " NIL");
        return;
    }
    assert_int_equal(st, MAILPROTO_OK);
    assert_int_equal(mailproto_imap_section_size(&s, &size), MAILPROTO_OK);
    if (item.kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
        (void)snprintf(head, sizeof head, " %u", (unsigned)size);
        add_text(e, head);
        return;
    }
    assert_int_equal(section_read_all(&s, sizeof out, out, sizeof out, &len),
                     MAILPROTO_EOF);
    assert_int_equal(len, size);
    if (size == 0) {
        add_text(e, " \"\"");
        return;
    }
    (void)snprintf(head, sizeof head, " %s{%u}\r\n",
                   mailproto_imap_section_is_binary(&s) ? "~" : "", (unsigned)size);
    add_text(e, head);
    add(e, out, len);
}

static void add_structure(struct expected *e, const char *name)
{
    static char out[1 << 16];
    char work[4096];
    mailproto_imap_item item;
    size_t len = 0;
    size_t got;
    mailproto_status st;
    add_text(e, e->items++ > 0 ? " " : "");
    add_text(e, name);
    add_text(e, " ");
    if (strcmp(name, "ENVELOPE") == 0) {
        st = mailproto_imap_envelope_open(&item, &m.source, &m.parts[0], work,
                                          sizeof work);
    } else {
        st = mailproto_imap_structure_open(
            &item, &m.source, &m.index,
            strcmp(name, "BODY") == 0 ? MAILPROTO_IMAP_NO_EXTENSION : 0, work,
            sizeof work);
    }
    while (st == MAILPROTO_OK) {
        st = mailproto_imap_item_read(&item, out + len, sizeof out - len, &got);
        len += st == MAILPROTO_OK ? got : 0;
    }
    assert_int_equal(st, MAILPROTO_EOF);
    add(e, out, len);
}

static const struct {
    const char *item, *name; /* `name` NULL: a value that is written out below */
} all_items[] = {{"FLAGS", "FLAGS (\\Seen $Junk)"},
                 {"UID", "UID 1003"},
                 {"INTERNALDATE", "INTERNALDATE \"01-Jan-1970 00:00:00 +0000\""},
                 {"RFC822.SIZE", "RFC822.SIZE 4096"},
                 {"EMAILID", "EMAILID (E1)"},
                 {"THREADID", "THREADID NIL"},
                 {"SAVEDATE", "SAVEDATE NIL"},
                 {"MODSEQ", "MODSEQ (12)"},
                 {"ENVELOPE", "ENVELOPE"},
                 {"BODY", "BODY"},
                 {"BODYSTRUCTURE", "BODYSTRUCTURE"},
                 {"BODY[]", "BODY[]"},
                 {"BODY.PEEK[HEADER]", "BODY[HEADER]"},
                 {"BODY[TEXT]<3.40>", "BODY[TEXT]<3>"},
                 {"BODY[TEXT]<100000.4>", "BODY[TEXT]<100000>"},
                 {"BODY[1]", "BODY[1]"},
                 {"BODY[1.MIME]", "BODY[1.MIME]"},
                 {"BODY[4.HEADER]", "BODY[4.HEADER]"},
                 {"BODY[4.TEXT]", "BODY[4.TEXT]"},
                 {"BODY[9.9]", "BODY[9.9]"},
                 {"BODY[9]<2.5>", "BODY[9]<2>"},
                 {"BODY[HEADER.FIELDS (subject \"From\" x-none)]",
                  "BODY[HEADER.FIELDS (subject \"From\" x-none)]"},
                 {"BODY[HEADER.FIELDS.NOT (subject)]<1.200>",
                  "BODY[HEADER.FIELDS.NOT (subject)]<1>"},
                 {"BINARY[1]", "BINARY[1]"},
                 {"BINARY[2]", "BINARY[2]"},
                 {"BINARY.PEEK[2]<2.3>", "BINARY[2]<2>"},
                 {"BINARY[3]", "BINARY[3]"},
                 {"BINARY[5]", "BINARY[5]"},
                 {"BINARY.SIZE[2]", "BINARY.SIZE[2]"},
                 {"BINARY.SIZE[3]", "BINARY.SIZE[3]"},
                 {"BINARY.SIZE[8]", "BINARY.SIZE[8]"},
                 {"RFC822", "RFC822"},
                 {"RFC822.HEADER", "RFC822.HEADER"},
                 {"RFC822.TEXT", "RFC822.TEXT"}};

enum { ITEMS = sizeof all_items / sizeof all_items[0], FACTS = 8 };

static void add_item(struct expected *e, size_t i)
{
    if (i < FACTS) {
        add_text(e, e->items++ > 0 ? " " : "");
        add_text(e, all_items[i].name);
    } else if (i < FACTS + 3) {
        add_structure(e, all_items[i].name);
    } else {
        add_section(e, all_items[i].name, all_items[i].item);
    }
}

/* ---- every item alone, and all together -------------------------------------------------------- */

static void open_message(const char *data, size_t len)
{
    section_message_open(&m, data, len);
}

static void run(uint32_t out_size, size_t drain, const char *command,
                const mailproto_source *source, const struct expected *e)
{
    mailproto_imap_facts facts = facts_of(3);
    writer_open(&w, out_size, NULL);
    writer_select(&w, 20);
    writer_command(&w, command);
    w.drain = drain;
    memset(&fetching, 0, sizeof fetching);
    prepare(&facts, source, &m.index);
    UNTIL_SAID(&w, mailproto_imap_server_fetch(w.server, &fetching));
    writer_shows(&w, e->text, e->len, __FILE__, __LINE__);
    writer_complete(&w);
    writer_close(&w);
}

static void each_alone(void **state)
{
    static struct expected e;
    static const char *const messages[] = {MESSAGE, lf_message};
    size_t k;
    size_t i;
    (void)state;
    for (k = 0; k < 2; k++) {
        open_message(messages[k], strlen(messages[k]));
        for (i = 0; i < ITEMS; i++) {
            char command[200];
            memset(&e, 0, sizeof e);
            add_text(&e, "* 3 FETCH (");
            add_item(&e, i);
            add_text(&e, ")\r\n");
            if (e.items == 0) {
                e.len = 0; /* a response without items is none */
            }
            (void)snprintf(command, sizeof command, "A FETCH 3 %s\r\n",
                           all_items[i].item);
            run(65536, SIZE_MAX, command, &m.source, &e);
            assert_int_equal(fetching.unknown_cte, k == 0 && e.items == 0);
        }
    }
}

static void all_together(void **state)
{
    static struct expected e;
    static char command[4096];
    static const size_t drains[] = {1, 2, 3, 5, 7, 11, 13, 17, 23, 31, 37, 41, 50, 997};
    static const char *const messages[] = {MESSAGE, lf_message};
    size_t k;
    size_t i;
    (void)state;
    for (k = 0; k < 2; k++) {
        char *at = command;
        struct section_source slow;
        mailproto_source source;
        open_message(messages[k], strlen(messages[k]));
        memset(&e, 0, sizeof e);
        add_text(&e, "* 3 FETCH (");
        at += sprintf(at, "A FETCH 3 (");
        for (i = 0; i < ITEMS; i++) {
            at += sprintf(at, "%s%s", i > 0 ? " " : "", all_items[i].item);
            add_item(&e, i);
        }
        (void)sprintf(at, ")\r\n");
        add_text(&e, ")\r\n");
        run(65536, SIZE_MAX, command, &m.source, &e);
        assert_int_equal(fetching.unknown_cte, k == 0);
        for (i = 0; i < sizeof drains / sizeof drains[0]; i++) {
            run(1024, drains[i], command, &m.source, &e);
        }
        for (i = 0; i < sizeof drains / sizeof drains[0]; i += 3) {
            source = section_offset_source(&slow, messages[k], strlen(messages[k]),
                                           drains[i]);
            run(1024, drains[i], command, &source, &e);
            run(65536, SIZE_MAX, command, &source, &e);
        }
        for (i = 1024; i < 1100; i += 5) {
            run((uint32_t)i, 600, command, &m.source, &e);
        }
    }
}

/* ---- what the command adds, what is asked for ---------------------------------------------------- */

static void added(void **state)
{
    mailproto_imap_facts facts = facts_of(3);
    (void)state;
    open_message(MESSAGE, strlen(MESSAGE));
    writer_work(&w, 65536, NULL, 20, "A UID FETCH 3 (FLAGS UID UID BODY[1])\r\n");
    memset(&fetching, 0, sizeof fetching);
    prepare(&facts, NULL, NULL);
    fetching.tell_flags = 1;
    assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching),
                     MAILPROTO_YOUR_TURN);
    assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching),
                     MAILPROTO_YOUR_TURN);
    prepare(&facts, &m.source, &m.index);
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 FLAGS (\\Seen $Junk) BODY[1] "
         "{11}\r\none\r\n\r\nmore)\r\n");
    writer_complete(&w);
    writer_command(&w, "B UID FETCH 1:9 FLAGS (CHANGEDSINCE 5)\r\n");
    prepare(&facts, NULL, NULL);
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 FLAGS (\\Seen $Junk) MODSEQ (12))\r\n");
    facts.modseq = 0;
    fetching.tell_flags = 0;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 FLAGS (\\Seen $Junk))\r\n");
    writer_complete(&w);
    /* CHANGEDSINCE has enabled CONDSTORE: who sets \Seen is told MODSEQ and UID */
    facts.modseq = 13;
    writer_command(&w, "C FETCH 3 RFC822.SIZE\r\n");
    prepare(&facts, NULL, NULL);
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (RFC822.SIZE 4096)\r\n");
    fetching.tell_flags = 1;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 FLAGS (\\Seen $Junk) MODSEQ (13) RFC822.SIZE 4096)\r\n");
    writer_close(&w);
}

/* Nobody asked for it: STORE, and what others change (RFC 9051 7.5.2, RFC 7162 3.1). */
static void unasked(void **state)
{
    const uint32_t flags = UINT32_C(1) << MAILPROTO_IMAP_ITEM_FLAGS;
    const uint32_t uid = UINT32_C(1) << MAILPROTO_IMAP_ITEM_UID;
    mailproto_imap_facts facts = facts_of(3);
    uint32_t kind;
    (void)state;
    writer_work(&w, 4096, NULL, 20, "A NOOP\r\n");
    memset(&fetching, 0, sizeof fetching);
    prepare(&facts, NULL, NULL);
    fetching.tell_items = flags;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (FLAGS (\\Seen $Junk))\r\n");
    fetching.tell_items = flags | uid;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (FLAGS (\\Seen $Junk) UID 1003)\r\n");
    fetching.tell_flags = 1;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (FLAGS (\\Seen $Junk) UID 1003)\r\n");
    fetching.tell_flags = 0;
    fetching.tell_items = UINT32_C(1) << MAILPROTO_IMAP_ITEM_RFC822_SIZE |
                          UINT32_C(1) << MAILPROTO_IMAP_ITEM_EMAILID |
                          UINT32_C(1) << MAILPROTO_IMAP_ITEM_SAVEDATE;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (RFC822.SIZE 4096 EMAILID (E1) SAVEDATE NIL)\r\n");
    fetching.tell_items = 0; /* nothing to say is no response */
    REFUSES(&w, mailproto_imap_server_fetch(w.server, &fetching), MAILPROTO_OK);
    for (kind = 0; kind < 32; kind++) {
        int fact = kind == MAILPROTO_IMAP_ITEM_FLAGS ||
                   kind == MAILPROTO_IMAP_ITEM_UID ||
                   kind == MAILPROTO_IMAP_ITEM_INTERNALDATE ||
                   kind == MAILPROTO_IMAP_ITEM_RFC822_SIZE ||
                   (kind >= MAILPROTO_IMAP_ITEM_MODSEQ &&
                    kind <= MAILPROTO_IMAP_ITEM_SAVEDATE);
        fetching.tell_items = UINT32_C(1) << kind;
        assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching),
                         fact ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
        writer_forget(&w);
    }
    writer_close(&w);
    /* Beside what was asked for. */
    writer_work(&w, 4096, NULL, 20, "A FETCH 3 (UID INTERNALDATE)\r\n");
    prepare(&facts, NULL, NULL);
    fetching.tell_items = flags | uid;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (FLAGS (\\Seen $Junk) UID 1003 INTERNALDATE "
         "\"01-Jan-1970 00:00:00 +0000\")\r\n");
    writer_close(&w);
    /* RFC 9051 appendix E 21 */
    writer_work(&w, 4096, "IMAP4rev2", 20, "A NOOP\r\n");
    prepare(&facts, NULL, NULL);
    fetching.tell_items = flags;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 FLAGS (\\Seen $Junk))\r\n");
    writer_close(&w);
    /* RFC 7162 3.1, 3.2.4 */
    writer_work(&w, 4096, "CONDSTORE", 20, "A NOOP\r\n");
    prepare(&facts, NULL, NULL);
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 MODSEQ (12) FLAGS (\\Seen $Junk))\r\n");
    fetching.tell_items = 0;
    writer_close(&w);
}

/* A message that cannot be opened: the application ends the response, and goes on with the
 * next message. */
static void left_alone(void **state)
{
    mailproto_imap_facts facts = facts_of(3);
    (void)state;
    open_message(MESSAGE, strlen(MESSAGE));
    writer_work(&w, 65536, NULL, 20, "A FETCH 3:4 (FLAGS BODY[1])\r\n");
    memset(&fetching, 0, sizeof fetching);
    prepare(&facts, NULL, NULL);
    assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching),
                     MAILPROTO_YOUR_TURN);
    SAYS(&w, mailproto_imap_server_fetch_end(w.server),
         "* 3 FETCH (FLAGS (\\Seen $Junk))\r\n");
    facts = facts_of(4);
    prepare(&facts, &m.source, &m.index);
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 4 FETCH (FLAGS (\\Seen $Junk) BODY[1] {11}\r\none\r\n\r\nmore)\r\n");
    writer_close(&w);
}

/* ---- partials that go on --------------------------------------------------------------------------- */

static void partials(void **state)
{
    static char data[40000];
    mailproto_imap_facts facts = facts_of(3);
    struct section_source slow;
    mailproto_source source;
    struct expected *e = (struct expected *)calloc(1, sizeof *e);
    size_t len;
    size_t first;
    uint64_t before;
    (void)state;
    assert_non_null(e);
    len =
        (size_t)sprintf(data, "Subject: large\nContent-Transfer-Encoding: base64\n\n");
    while (len < 30000) {
        len += (size_t)sprintf(
            data + len, "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2xt\n");
    }
    open_message(data, len);
    source = section_offset_source(&slow, data, len, 512);
    writer_open(&w, 8192, NULL);
    writer_select(&w, 20);
    memset(&fetching, 0, sizeof fetching);
    /* The sizes of lines are known; decoding is read once to count, once to give. */
    for (first = 0; first < 24000; first += 1500) {
        char command[100];
        char name[64];
        char item[64];
        (void)snprintf(item, sizeof item, "BINARY.PEEK[1]<%u.1500>", (unsigned)first);
        (void)snprintf(name, sizeof name, "BINARY[1]<%u>", (unsigned)first);
        (void)snprintf(command, sizeof command, "A FETCH 3 %s\r\n", item);
        memset(e, 0, sizeof *e);
        add_text(e, "* 3 FETCH (");
        add_section(e, name, item);
        add_text(e, ")\r\n");
        writer_command(&w, command);
        prepare(&facts, &source, &m.index);
        before = slow.given;
        UNTIL_SAID(&w, mailproto_imap_server_fetch(w.server, &fetching));
        writer_shows(&w, e->text, e->len, __FILE__, __LINE__);
        if (first > 0) {
            assert_true(slow.given - before < 8000); /* not from the beginning */
        }
        writer_complete(&w);
    }
    /* another message of the same place: nothing is continued */
    open_message(MESSAGE, strlen(MESSAGE));
    slow.data = MESSAGE;
    slow.len = strlen(MESSAGE);
    source.size = slow.len;
    facts.uid++;
    writer_command(&w, "A FETCH 3 BODY[]<24000.10>\r\n");
    prepare(&facts, &source, &m.index);
    UNTIL_SAID(&w, mailproto_imap_server_fetch(w.server, &fetching));
    SAYS(&w, MAILPROTO_OK, "* 3 FETCH (BODY[]<24000> \"\")\r\n");
    writer_close(&w);
    free(e);
}

/* ---- faults --------------------------------------------------------------------------------------- */

static void arguments(void **state)
{
    mailproto_imap_facts facts = facts_of(3);
    mailproto_bytes bad = {"a b", 3};
    (void)state;
    open_message(MESSAGE, strlen(MESSAGE));
    writer_work(&w, 65536, NULL, 20, "A FETCH 3 (UID FLAGS)\r\n");
    memset(&fetching, 0, sizeof fetching);
    prepare(&facts, NULL, NULL);
#define FETCH_REFUSED(field, value)                                                    \
    do {                                                                               \
        prepare(&facts, NULL, NULL);                                                   \
        fetching.field = (value);                                                      \
        REFUSES(&w, mailproto_imap_server_fetch(w.server, &fetching),                  \
                MAILPROTO_ERR_ARGUMENT);                                               \
    } while (0)
    FETCH_REFUSED(struct_size, sizeof fetching - 1);
    FETCH_REFUSED(facts, NULL);
    FETCH_REFUSED(work, NULL);
    FETCH_REFUSED(work_size, MAILPROTO_IMAP_FETCH_WORK - 1);
    facts.seq = 21;
    FETCH_REFUSED(flags, 0);
    facts.seq = 3;
    facts.keywords = &bad;
    /* the response that was begun is ended: the client stays in step */
    prepare(&facts, NULL, NULL);
    assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching),
                     MAILPROTO_ERR_ARGUMENT);
    SAYS(&w, MAILPROTO_OK, "* 3 FETCH (UID 1003)\r\n");
    facts.keywords = fact_keywords;
    SAYS(&w, mailproto_imap_server_fetch(w.server, &fetching),
         "* 3 FETCH (UID 1003 FLAGS (\\Seen $Junk))\r\n");
    writer_complete(&w);
    REFUSES(&w, mailproto_imap_server_fetch(w.server, &fetching), MAILPROTO_ERR_STATE);
    writer_close(&w);
}

/* A source that fails at each offset in turn: either the session goes on in step, or it is
 * over with a literal or a list that has no end. */
static void failing_sources(void **state)
{
    static const char *const items[] = {"(UID BODY[])",
                                        "(UID BODY[HEADER.FIELDS (SUBJECT)])",
                                        "(UID BODYSTRUCTURE)", "(UID BINARY[2])"};
    static struct imap_read reader;
    uint64_t at;
    size_t k;
    size_t over = 0;
    size_t went_on = 0;
    (void)state;
    open_message(MESSAGE, strlen(MESSAGE));
    for (k = 0; k < 4; k++) {
        for (at = 0; at < strlen(MESSAGE); at += 7) {
            mailproto_imap_facts facts = facts_of(3);
            struct section_source slow;
            mailproto_source source =
                section_offset_source(&slow, MESSAGE, strlen(MESSAGE), 64);
            char command[200];
            mailproto_error error = {.struct_size = sizeof error};
            mailproto_status st;
            slow.fails_at = at;
            (void)snprintf(command, sizeof command, "A FETCH 3 %s\r\n", items[k]);
            writer_work(&w, 65536, NULL, 20, command);
            m.parts[2].decoded_octets = 0;
            open_message(MESSAGE, strlen(MESSAGE));
            memset(&fetching, 0, sizeof fetching);
            prepare(&facts, &source, &m.index);
            do {
                st = mailproto_imap_server_fetch(w.server, &fetching);
            } while (st == MAILPROTO_NOT_READY);
            mailproto_session_get_error(w.session, &error);
            writer_drain_all(&w);
            if (st == MAILPROTO_OK) {
                assert_true(imap_read_all(&reader, w.out, w.len) == 1);
            } else if (error.code == 0) {
                went_on++;
                assert_int_equal(st, MAILPROTO_ERR_IO);
                assert_string_equal(w.out, "* 3 FETCH (UID 1003)\r\n");
                writer_complete(&w);
            } else {
                over++;
                assert_int_equal(st, MAILPROTO_ERR_IO);
                assert_int_equal(error.code, MAILPROTO_ERR_IO);
                assert_int_equal(imap_read_all(&reader, w.out, w.len), -1);
                assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching),
                                 MAILPROTO_ERR_IO);
            }
            writer_close(&w);
        }
    }
    assert_true(over > 20 && went_on > 20);
}

/* Within a FETCH that waits nothing else can be said. */
static void nothing_between(void **state)
{
    mailproto_imap_facts facts = facts_of(3);
    mailproto_imap_facts other_facts = facts_of(4);
    mailproto_imap_fetch other;
    (void)state;
    open_message(MESSAGE, strlen(MESSAGE));
    writer_open(&w, 1024, NULL);
    writer_select(&w, 20);
    writer_command(&w, "A FETCH 3 (UID BODY[])\r\n");
    memset(&fetching, 0, sizeof fetching);
    prepare(&facts, &m.source, &m.index);
    assert_int_equal(mailproto_imap_server_fetch(w.server, &fetching), MAILPROTO_AGAIN);
    assert_int_equal(mailproto_imap_server_fetch_end(w.server), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_fetch_flags(w.server, 0, NULL, 0),
                     MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_exists(w.server, 30), MAILPROTO_ERR_STATE);
    assert_int_equal(mailproto_imap_server_accept(w.server, w.request),
                     MAILPROTO_ERR_STATE);
    other = fetching;
    memset(other.opaque, 0, sizeof other.opaque);
    other.facts = &other_facts;
    assert_int_equal(mailproto_imap_server_fetch(w.server, &other),
                     MAILPROTO_ERR_STATE);
    UNTIL_SAID(&w, mailproto_imap_server_fetch(w.server, &fetching));
    UNTIL_SAID(&w, mailproto_imap_server_fetch(w.server, &other));
    writer_drain_all(&w);
    writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_alone),      cmocka_unit_test(all_together),
        cmocka_unit_test(added),           cmocka_unit_test(partials),
        cmocka_unit_test(arguments),       cmocka_unit_test(failing_sources),
        cmocka_unit_test(nothing_between), cmocka_unit_test(unasked),
        cmocka_unit_test(left_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
