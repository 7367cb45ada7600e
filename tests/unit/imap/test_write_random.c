/*
 * Whatever octets an application passes to a verb: one whole response comes of it, or
 * nothing at all. Read by a reader that knows nothing of the library.
 */
#include "write_check.h"

static uint32_t seed;

static uint32_t next(uint32_t below)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % below;
}

/* Octets that mean something in responses, and some that do not. */
static const char alphabet[] = "\r\n\0\"\\{}()[]~+*% 059azAZ&-/.,:;=@^|<>\t\x7F\x80\xBF"
                               "\xC3\xE2\xF0\xFF";
static const char *const pieces[] = {
    "\xC3\xBC",    "\xE2\x82\xAC", "{5}",    "{5+}\r\n", "INBOX", "NIL",
    "[ALERT]",     "\r\n* BYE x",  "a OK b", "&-",       "&AOQ-", "\\Seen",
    "* 1 EXPUNGE", "ab",           "x",      ") "};
enum { PIECES = sizeof pieces / sizeof pieces[0], TEXTS = 6, TEXT_MAX = 64 };

static char texts[TEXTS][TEXT_MAX];

static mailproto_bytes some(unsigned which)
{
    mailproto_bytes b = {texts[which], 0};
    uint32_t n = next(4);
    uint32_t kind = next(8);
    if (next(40) == 0) {
        b.ptr = NULL;
        return b;
    }
    for (; n > 0; n--) {
        const char *piece = pieces[next(PIECES)];
        size_t len = strlen(piece);
        if (kind < 3 || b.len + len + 1 > TEXT_MAX) {
            piece = &alphabet[next(sizeof alphabet - 1)];
            len = 1;
        } else if (kind < 6) { /* good for atoms, too */
            piece = "abc";
            len = 1 + next(3);
        }
        memcpy(texts[which] + b.len, piece, len);
        b.len += len;
    }
    return b;
}

/* Words may begin with a blank (RFC 9051 9, text), but our reader takes those for two. */
static mailproto_bytes some_words(void)
{
    mailproto_bytes b = some(0);
    while (b.len > 0 && b.ptr[0] == ' ') {
        b.ptr++;
        b.len--;
    }
    return b;
}

/* An atom may hold `[` (RFC 9051 9), but our reader looks for its end. */
static mailproto_bytes some_atom(unsigned which)
{
    mailproto_bytes b = some(which);
    size_t i;
    for (i = 0; i < b.len; i++) {
        texts[which][i] = texts[which][i] == '[' ? 'q' : texts[which][i];
    }
    return b;
}

static mailproto_imap_code code_of(mailproto_bytes *words)
{
    mailproto_imap_code c;
    static mailproto_imap_range set[2];
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    c.code = next(MAILPROTO_IMAP_CODE_OTHER + 3);
    c.number = next(3) * UINT64_C(0x7FFFFFFF);
    c.flags = next(128);
    set[0].low = next(4);
    set[0].high = next(6);
    set[1].low = next(9);
    set[1].high = next(9);
    c.set = set;
    c.set_count = next(3);
    c.target = set;
    c.target_count = next(3);
    words[0] = some_atom(1);
    words[1] = some_atom(2);
    c.words = words;
    c.words_count = next(3);
    c.text = some(3);
    return c;
}

/* ---- verbs -------------------------------------------------------------------------------- */

static mailproto_status say_status_response(struct writer *w)
{
    mailproto_bytes words[2];
    mailproto_imap_code c = code_of(words);
    return mailproto_imap_server_untagged(w->server, 1 + next(3), next(3) ? &c : NULL,
                                          some_words());
}

static mailproto_status say_list(struct writer *w)
{
    mailproto_imap_list_entry e;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    e.attributes = next(4) ? next(32) & 0x15 : next(1 << 19);
    e.delimiter = next(3) ? (uint32_t)'/' : next(300);
    e.name_flags = next(3) == 0;
    e.name = some(0);
    e.old_name = some(1);
    return mailproto_imap_server_list(w->server, &e);
}

static mailproto_status say_status(struct writer *w)
{
    mailproto_imap_status s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.items = next(3) ? next(512) : next(2048);
    s.name_flags = next(3) == 0;
    s.messages = next(100);
    s.uidnext = next(20);
    s.uidvalidity = next(20);
    s.size = next(2) ? UINT64_MAX - next(2) : next(100);
    s.highestmodseq = next(2) ? UINT64_MAX >> next(3) : 5;
    s.append_limit = UINT64_MAX - next(2);
    s.mailbox_id = some(1);
    s.name = some(0);
    return mailproto_imap_server_status(w->server, &s);
}

static mailproto_status say_namespace(struct writer *w)
{
    mailproto_imap_namespace spaces[3];
    uint32_t i;
    for (i = 0; i < 3; i++) {
        spaces[i].kind = next(4) ? i : next(4);
        spaces[i].delimiter = next(3) ? (uint32_t)'/' : next(300);
        spaces[i].prefix = some(i);
    }
    return mailproto_imap_server_namespace(w->server, spaces, next(4));
}

static mailproto_status say_id(struct writer *w)
{
    mailproto_bytes pairs[4];
    unsigned i;
    for (i = 0; i < 4; i++) {
        pairs[i] = some(i);
    }
    return mailproto_imap_server_id(w->server, pairs, next(5));
}

static mailproto_status say_other(struct writer *w)
{
    return mailproto_imap_server_other(w->server, some(0), some(1));
}

static mailproto_status say_flags(struct writer *w)
{
    mailproto_bytes words[2];
    words[0] = some_atom(0);
    words[1] = some_atom(1);
    return mailproto_imap_server_flags(w->server, next(40), words, next(3));
}

/* A FETCH response of up to three items; those that cannot be are left out. */
static mailproto_status say_fetch(struct writer *w)
{
    uint32_t n;
    if (mailproto_imap_server_fetch_begin(w->server, 1 + next(3)) != MAILPROTO_OK) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (n = next(4); n > 0; n--) {
        mailproto_imap_fetch_item item;
        mailproto_imap_date date = {0, 0, 1};
        mailproto_bytes words[2];
        memset(&item, 0, sizeof item);
        item.kind = next(20);
        words[0] = some_atom(0);
        words[1] = some_atom(1);
        switch (next(5)) {
        case 0:
            (void)mailproto_imap_server_fetch_flags(w->server, next(140), words,
                                                    next(3));
            break;
        case 1:
            (void)mailproto_imap_server_fetch_id(w->server, item.kind, words[0]);
            break;
        case 2:
            date.utc = next(2) ? INT64_MAX : (int64_t)next(1000000);
            date.zone_minutes = (int32_t)next(4000) - 2000;
            date.set = (int32_t)next(2);
            (void)mailproto_imap_server_fetch_date(w->server, item.kind, &date);
            break;
        default:
            item.section = next(7);
            item.path_len = next(3) ? next(3) : next(40);
            item.path[0] = next(3);
            item.path[1] = next(3);
            item.flags = next(4);
            item.first = next(2) ? UINT64_MAX : 5;
            (void)mailproto_imap_server_fetch_number(w->server, &item,
                                                     next(2) ? UINT64_MAX : next(9));
            break;
        }
    }
    return mailproto_imap_server_fetch_end(w->server);
}

static mailproto_status say_one(struct writer *w)
{
    switch (next(8)) {
    case 0:
        return say_status_response(w);
    case 1:
        return say_list(w);
    case 2:
        return say_status(w);
    case 3:
        return say_namespace(w);
    case 4:
        return say_id(w);
    case 5:
        return say_other(w);
    case 6:
        return say_flags(w);
    default:
        return say_fetch(w);
    }
}

/* ---- what comes of them -------------------------------------------------------------------- */

static void check_enabled(const char *enable, uint32_t from)
{
    static struct imap_read reader;
    struct writer w;
    uint32_t said = 0;
    uint32_t refused = 0;
    uint32_t i;
    writer_work(&w, 4096, enable, 3, "A NOOP\r\n");
    reader.utf8 = (mailproto_imap_server_enabled(w.server) &
                   (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)) != 0;
    for (i = 0; i < 20000; i++) {
        mailproto_status st;
        int count;
        seed = from + i;
        st = say_one(&w);
        writer_drain_all(&w);
        count = w.len > 0 ? imap_read_all(&reader, w.out, w.len) : 0;
        if (count < 0 || count > 1 ||
            (st != MAILPROTO_OK && (st != MAILPROTO_ERR_ARGUMENT || count != 0))) {
            print_error("seed %u, %s, %s: <%.*s>\n", (unsigned)(from + i),
                        mailproto_error_name(st), count < 0 ? reader.fault : "",
                        (int)w.len, w.out);
            fail();
        }
        said += st == MAILPROTO_OK;
        refused += st != MAILPROTO_OK;
        writer_forget(&w);
    }
    assert_true(said > 4000 && refused > 4000);
    /* And the session goes on as if nothing had been. */
    writer_complete(&w);
    writer_command(&w, "B NOOP\r\n");
    SAYS(&w,
         mailproto_imap_server_complete(w.server, w.request, MAILPROTO_IMAP_OK, NULL,
                                        bytes_of("")),
         "B OK NOOP completed\r\n");
    writer_close(&w);
}

static void untagged(void **state)
{
    (void)state;
    check_enabled(NULL, 0);
    check_enabled("UTF8=ACCEPT", 100000);
    check_enabled("IMAP4rev2", 200000);
}

/* The tagged line: one, with this tag. */
static void tagged(void **state)
{
    static struct imap_read reader;
    struct writer w;
    uint32_t i;
    (void)state;
    writer_open(&w, 4096, NULL);
    for (i = 0; i < 10000; i++) {
        mailproto_bytes words[2];
        mailproto_imap_code c;
        mailproto_status st;
        writer_command(&w, "A NOOP\r\n");
        seed = 300000 + i;
        c = code_of(words);
        st = mailproto_imap_server_complete(w.server, w.request, 1 + next(3),
                                            next(3) ? &c : NULL, some_words());
        writer_drain_all(&w);
        if (st == MAILPROTO_OK) {
            if (imap_read_all(&reader, w.out, w.len) != 1) {
                print_error("seed %u, %s: <%.*s>\n", (unsigned)(300000 + i),
                            reader.fault, (int)w.len, w.out);
                fail();
            }
            assert_memory_equal(w.out, "A ", 2);
        } else {
            assert_int_equal(st, MAILPROTO_ERR_ARGUMENT);
            assert_int_equal(w.len, 0);
            writer_complete(&w);
        }
    }
    writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(untagged),
        cmocka_unit_test(tagged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
