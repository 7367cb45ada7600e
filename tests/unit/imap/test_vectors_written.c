/*
 * Vectors of other projects about what a server writes and about the lines that are no
 * commands ($MAILPROTO_DATA/corpus/vectors/imap: envelope, bodystructure, quote, and the
 * kinds authenticate_data, idle_done and done of commands). What this library writes
 * otherwise stands here by its id with the text that decides.
 */
#include "item_check.h"
#include "jsonl.h"
#include "write_check.h"

/* A vector that agrees must not stand here. */
static const struct {
    const char *id, *why;
} otherwise[] = {
    {"imap/quote:cc5078decc", "RFC 9051 4.3: a quoted string is as good as a literal"},
    {"imap/quote:878bf196db", "RFC 9051 4.3: a quoted string is as good as a literal"},
    {"imap/quote:6496730b86", "RFC 9051 4.3: a quoted string is as good as a literal"},
    {"imap/quote:ee3889086b", "RFC 9051 4.3: a quoted string is as good as a literal"},
};

static int is_otherwise(const char *id)
{
    size_t i;
    for (i = 0; i < sizeof otherwise / sizeof otherwise[0]; i++) {
        if (strcmp(otherwise[i].id, id) == 0) {
            return 1;
        }
    }
    return 0;
}

static struct jsonl *open_or_skip(const char *file)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open(file, &why);
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    return j;
}

/* ---- ENVELOPE and BODYSTRUCTURE ------------------------------------------------------ */

/* What one vector has, and what is written in its place. */
static const struct {
    const char *id, *theirs, *ours, *why;
} replaced[] = {
    {"imap/bodystructure:02ac532813", "\"7bit\" 21 1", "\"?invalid\" 21 1",
     "RFC 2045 6.4: an encoding that is not known is not 7bit; it is told as it "
     "stands"},
};

static void check_member(const struct jsonl *j, const struct text *message,
                         const char *member, enum item_kind kind, unsigned *differing)
{
    const char *wanted = jsonl_text(j, member);
    const char *at = NULL;
    struct text whole = {NULL, 0, 0};
    size_t i;
    for (i = 0; i < sizeof replaced / sizeof replaced[0] && at == NULL; i++) {
        if (strcmp(replaced[i].id, jsonl_text(j, "id")) == 0) {
            at = strstr(wanted, replaced[i].theirs);
            assert_non_null(at);
            text_print(&whole, "(%.*s%s%s)", (int)(at - wanted), wanted,
                       replaced[i].ours, at + strlen(replaced[i].theirs));
            *differing += 1;
        }
    }
    if (at == NULL) {
        text_print(&whole, "(%s)", wanted);
    }
    check_item_of(message->data, message->len, NULL, kind, text_string(&whole));
    text_free(&whole);
}

static void items(void **state)
{
    static const struct {
        const char *file, *member[2];
        enum item_kind kind[2];
    } files[] = {
        {"envelope.jsonl", {"expected.envelope", NULL}, {ITEM_ENVELOPE, ITEM_ENVELOPE}},
        {"bodystructure.jsonl",
         {"expected.bodystructure", "expected.body"},
         {ITEM_STRUCTURE, ITEM_BODY}},
    };
    size_t i;
    (void)state;
    for (i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct text why = {NULL, 0, 0};
        struct text message = {NULL, 0, 0};
        struct jsonl *j;
        char name[64]; /* a skip leaves from here: nothing is to be freed */
        unsigned used = 0;
        unsigned differing = 0;
        size_t m;
        (void)snprintf(name, sizeof name, "corpus/vectors/imap/%s", files[i].file);
        j = open_or_skip(name);
        while (jsonl_next(j, &why) == 1) {
            message.len = 0;
            assert_true(jsonl_bytes(j, "input_b64", &message));
            for (m = 0; m < 2 && files[i].member[m] != NULL; m++) {
                check_member(j, &message, files[i].member[m], files[i].kind[m],
                             &differing);
                used++;
            }
        }
        print_message("%s: %u used (%u written otherwise)\n", files[i].file, used,
                      differing);
        assert_true(used > 0);
        jsonl_close(j);
        text_free(&why);
        text_free(&message);
    }
}

/* ---- strings --------------------------------------------------------------------------- */

/* The string as ID says it. */
static void say(const char *enable, const struct text *octets, struct text *said)
{
    static const char head[] = "* ID (\"name\" ";
    struct writer w;
    mailproto_bytes pairs[2];
    pairs[0] = bytes_of("name");
    pairs[1].ptr = octets->data;
    pairs[1].len = octets->len;
    writer_work(&w, 0, enable, 0, "A ID NIL\r\n");
    assert_int_equal(mailproto_imap_server_id(w.server, pairs, 2), MAILPROTO_OK);
    writer_drain_all(&w);
    assert_true(w.len > sizeof head + 2 && memcmp(w.out, head, sizeof head - 1) == 0 &&
                memcmp(w.out + w.len - 3, ")\r\n", 3) == 0);
    said->len = 0;
    text_add(said, w.out + sizeof head - 1, w.len - (sizeof head - 1) - 3);
    {
        static struct imap_read reader;
        memset(&reader, 0, sizeof reader);
        reader.utf8 = enable != NULL;
        assert_int_equal(imap_read_response(&reader, w.out, w.len), w.len);
        assert_true(imap_read_is(&reader, reader.count - 2, octets->data, octets->len));
    }
    writer_close(&w);
}

static void strings(void **state)
{
    struct jsonl *j = open_or_skip("corpus/vectors/imap/quote.jsonl");
    struct text why = {NULL, 0, 0};
    struct text octets = {NULL, 0, 0};
    struct text wanted = {NULL, 0, 0};
    struct text said = {NULL, 0, 0};
    unsigned used = 0;
    unsigned differing = 0;
    unsigned others = 0;
    unsigned wrong = 0;
    (void)state;
    while (jsonl_next(j, &why) == 1) {
        const char *kind = jsonl_text(j, "kind");
        const char *text = jsonl_text(j, "expected.output");
        int same;
        if (strstr(kind, "for_humans") != NULL || strstr(kind, "nolf") != NULL) {
            others++; /* changed, not only written: here that is the application's */
            continue;
        }
        octets.len = wanted.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &octets));
        if (text != NULL) {
            text_add(&wanted, text, strlen(text));
        } else {
            assert_true(jsonl_bytes(j, "expected.output.b64", &wanted));
        }
        say(strstr(kind, "utf8") != NULL ? "UTF8=ACCEPT" : NULL, &octets, &said);
        same = said.len == wanted.len && memcmp(said.data, wanted.data, said.len) == 0;
        used++;
        differing += same ? 0U : 1U;
        if (same == is_otherwise(jsonl_text(j, "id"))) {
            print_error("%s: %.*s\n", jsonl_text(j, "id"), (int)said.len, said.data);
            wrong++;
        }
    }
    print_message("quote.jsonl: %u used (%u written otherwise), skipped: %u of other "
                  "kinds\n",
                  used, differing, others);
    assert_true(used > 0);
    jsonl_close(j);
    text_free(&why);
    text_free(&octets);
    text_free(&wanted);
    text_free(&said);
    assert_int_equal(wrong, 0);
}

/* ---- lines that are no commands ------------------------------------------------------ */

/* A server before the login that waits for the client to go on with AUTHENTICATE. */
static mailproto_imap_server *in_auth(void)
{
    mailproto_imap_server_options o;
    mailproto_imap_server *server;
    mailproto_session *s;
    mailproto_event ev;
    size_t used;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR;
    o.auth_mechanisms = bytes_of("PLAIN");
    assert_int_equal(mailproto_imap_server_new(&o, &server), MAILPROTO_OK);
    s = mailproto_imap_server_session(server);
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_server_accept(server, ev.tag), MAILPROTO_OK);
    assert_int_equal(mailproto_session_feed(s, "A AUTHENTICATE PLAIN\r\n", 22, &used),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_session_next_event(s, &ev), MAILPROTO_OK);
    assert_int_equal(ev.type, MAILPROTO_EV_AUTH_START);
    assert_int_equal(mailproto_session_auth_data(s, "", 0, 0), MAILPROTO_OK);
    return server;
}

/* A server in IDLE. */
static mailproto_imap_server *in_idle(void)
{
    struct writer w;
    mailproto_event ev;
    size_t used;
    writer_open(&w, 0, NULL);
    assert_int_equal(mailproto_session_feed(w.session, "A IDLE\r\n", 8, &used),
                     MAILPROTO_OK);
    while (mailproto_session_next_event(w.session, &ev) == MAILPROTO_OK) {
        if ((ev.flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            (void)mailproto_imap_server_accept(w.server, ev.tag);
        }
    }
    writer_drain_all(&w);
    free(w.out);
    return w.server;
}

/* Whether a line is taken: as data, as the end it asks for, not with BAD. `cancels`: it
 * is `*`, whose answer is BAD (RFC 9051 6.2.2). */
static int is_taken(mailproto_imap_server *server, const char *line, size_t len,
                    int cancels)
{
    mailproto_session *s = mailproto_imap_server_session(server);
    mailproto_event ev;
    int data = 0;
    int bad = 0;
    size_t used = 0;
    size_t due = 0;
    const char *out = mailproto_session_output(s, &due);
    (void)mailproto_session_output_sent(s, due); /* the continuation request */
    while (len > 0 && mailproto_session_feed(s, line, len, &used) == MAILPROTO_OK &&
           used > 0) {
        line += used;
        len -= used;
        while (mailproto_session_next_event(s, &ev) == MAILPROTO_OK) {
            data |= ev.type == MAILPROTO_EV_AUTH_DATA && ev.text.len == 4;
            data |= ev.type == MAILPROTO_EV_IMAP_IDLE && ev.number == 0;
        }
    }
    out = mailproto_session_output(s, &due);
    while (due > 0) {
        bad |= due > 5 && memcmp(out, "A BAD", 5) == 0;
        (void)mailproto_session_output_sent(s, due);
        out = mailproto_session_output(s, &due);
    }
    return cancels ? bad && !data : data && !bad;
}

static void lines(void **state)
{
    struct jsonl *j = open_or_skip("corpus/vectors/imap/commands.jsonl");
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    unsigned used = 0;
    unsigned incomplete = 0;
    unsigned wrong = 0;
    (void)state;
    while (jsonl_next(j, &why) == 1) {
        const char *kind = jsonl_text(j, "kind");
        const char *outcome = jsonl_text(j, "expected.outcome");
        int is_auth = strcmp(kind, "authenticate_data") == 0;
        const char *end;
        mailproto_imap_server *server;
        if (!is_auth && strcmp(kind, "idle_done") != 0 && strcmp(kind, "done") != 0) {
            continue;
        }
        input.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &input));
        end = memchr(input.data, '\n', input.len);
        if (end == NULL || (outcome != NULL && strcmp(outcome, "incomplete") == 0)) {
            incomplete++;
            continue;
        }
        server = is_auth ? in_auth() : in_idle();
        if (is_taken(server, input.data, (size_t)(end - input.data) + 1,
                     input.data[0] == '*') !=
            (int)jsonl_number(j, "expected.valid", 0)) {
            print_error("%s: %s", jsonl_text(j, "id"), text_string(&input));
            wrong++;
        }
        used++;
        mailproto_imap_server_free(server);
    }
    print_message("lines: %u used, skipped: %u incomplete\n", used, incomplete);
    assert_true(used > 0);
    jsonl_close(j);
    text_free(&why);
    text_free(&input);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items),
        cmocka_unit_test(strings),
        cmocka_unit_test(lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
