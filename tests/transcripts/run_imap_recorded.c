/*
 * Recorded IMAP conversations ($MAILPROTO_DATA/corpus/transcripts: real clients with real
 * servers, and those of other libraries' tests): what the clients sent, to our server.
 * Behind it stands an application that lets everybody in and answers as the recorded
 * server did, so that the session goes where the real one went.
 *
 * Whole lines, octet by octet and cut at random the same comes out. A command that the
 * real server found good and ours finds BAD, or the other way round, stands in
 * docs/differences.md, "Recorded conversations", with the rule below that explains it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_server.h>

#include "drive.h"
#include "imap_record.h"

enum { MESSAGES = 100000, RUNS = 11, LENT = 1 << 20 };

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b;

    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* ---- what explains a difference ----------------------------------------------------- */

/* `there` stands in the command, NULL: any. The first that fits counts. */
static const struct rule {
    const char *name, *there;
    enum record_result theirs; /* ours is BAD where theirs is not, or not BAD */
} rules[] = {
#define RULE(name, there, theirs)                                                      \
    {                                                                                  \
        name, there, theirs                                                            \
    }
    RULE("not-built", " RETURN (UPDATE", RECORD_OK),
    RULE("not-built", " RETURN (PARTIAL", RECORD_OK),
    RULE("not-built", " VANISHED PARTIAL", RECORD_OK),
    RULE("not-built", " SEARCH YOUNGER", RECORD_OK),
    RULE("not-built", " SEARCH FUZZY", RECORD_OK),
    RULE("not-built", " FILTER ", RECORD_OK),
    RULE("not-built", " FILTER ", RECORD_NO),
    RULE("not-built", "PREVIEW", RECORD_OK),
    RULE("not-built", " CATENATE (", RECORD_OK),
    RULE("not-built", "ANNOTAT", RECORD_OK),
    RULE("not-selected", "A00000006 UID FETCH 1 (BODY.PEEK[HEADER])", RECORD_OK),
    RULE("enable-selected", " ENABLE ", RECORD_OK),
    RULE("partial-zero", "<0.0>", RECORD_OK),
    RULE("trailing", " EXTRA", RECORD_OK),
    RULE("open-quote", " SELECT \"INBOX", RECORD_NO),
    RULE("no-base64", " AUTHENTICATE PLAIN !!!", RECORD_NO),
    RULE("auth-cancelled", " AUTHENTICATE ", RECORD_NO),
    RULE("theirs-lacks", " ENABLE ", RECORD_BAD),
    RULE("theirs-lacks", " APPEND INBOX UTF8 (", RECORD_BAD),
    RULE("theirs-lacks", "MAILBOXID", RECORD_BAD),
    RULE("theirs-lacks", "EMAILID", RECORD_BAD),
    RULE("theirs-state", " NAMESPACE", RECORD_BAD),
    RULE("flag-extension", "FLAGS (\\BOGUS)", RECORD_BAD),
#undef RULE
};

static int holds(mailproto_bytes text, const char *part)
{
    size_t n = strlen(part);
    size_t i;

    for (i = 0; i + n <= text.len; i++) {
        size_t k = 0;
        while (k < n && (text.ptr[i + k] == part[k] ||
                         (text.ptr[i + k] >= 'a' && text.ptr[i + k] <= 'z' &&
                          text.ptr[i + k] - 'a' + 'A' == part[k]))) {
            k++;
        }
        if (k == n) {
            return 1;
        }
    }
    return 0;
}

static const char *rule_of(mailproto_bytes command, enum record_result theirs)
{
    size_t i;

    for (i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].theirs == theirs &&
            (rules[i].there == NULL || holds(command, rules[i].there))) {
            return rules[i].name;
        }
    }
    return NULL;
}

/* ---- the server and its application -------------------------------------------------- */

struct watch {
    struct drive drive;
    mailproto_imap_server *server;
    const struct record *record;
    const char *next; /* the client's line behind the one that is given */
    char auth_tag[RECORD_TAG_MAX];
    size_t auth_tag_len;
    int refuse; /* the literal */
    unsigned refused_calls;
    struct text others; /* tags of commands that the library does not know */
    void *block, *lent;
};

static void must(struct watch *w, mailproto_status st)
{
    w->refused_calls += st != MAILPROTO_OK;
}

/* How the recorded server answered; what it found BAD gets NO here, if it comes. */
static uint32_t outcome(struct watch *w, const char *tag, size_t len)
{
    enum record_result r = record_answer_of(w->record, tag, len, 0);
    return r == RECORD_NO || r == RECORD_BAD ? MAILPROTO_IMAP_NO : MAILPROTO_IMAP_OK;
}

static void select_box(struct watch *w, uint32_t request)
{
    mailproto_imap_selected box;

    memset(&box, 0, sizeof box);
    box.struct_size = sizeof box;
    box.exists = w->record->exists != 0 ? (uint32_t)w->record->exists : MESSAGES;
    box.uidvalidity = 1;
    box.uidnext = MESSAGES + 1;
    box.highestmodseq = 1;
    box.mailbox_id = bytes("M1");
    box.entry.struct_size = sizeof box.entry;
    box.entry.delimiter = '/';
    box.entry.name = bytes("INBOX");
    must(w, mailproto_imap_server_selected(w->server, request, &box));
}

static void command(struct watch *w, const mailproto_event *ev)
{
    mailproto_imap_command c;
    uint32_t how;

    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    must(w, mailproto_imap_event_command(ev, &c));
    how = outcome(w, c.tag.ptr, c.tag.len);
    if (c.command == MAILPROTO_IMAP_OTHER) {
        text_print(&w->others, " %.*s ", (int)c.tag.len, c.tag.ptr);
    }
    if (how == MAILPROTO_IMAP_OK &&
        (c.command == MAILPROTO_IMAP_SELECT || c.command == MAILPROTO_IMAP_EXAMINE)) {
        select_box(w, ev->tag);
    }
    must(w, mailproto_imap_server_complete(w->server, ev->tag, how, NULL, bytes("")));
}

/* Whether the client goes on with AUTHENTICATE: no blank is in its line. */
static int client_goes_on(const struct watch *w)
{
    const char *end = w->record->client.data + w->record->client.len;
    size_t left = (size_t)(end - w->next);
    const char *line_end = memchr(w->next, '\n', left);

    return line_end != NULL &&
           memchr(w->next, ' ', (size_t)(line_end - w->next)) == NULL;
}

static void auth(struct watch *w, const mailproto_event *ev)
{
    mailproto_session *s = w->drive.session;

    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return; /* its initial response, or more of this one, follows */
    }
    if (client_goes_on(w)) {
        must(w, mailproto_session_auth_data(s, "go on", 5, 5));
    } else {
        must(w, mailproto_session_auth_finish(
                    s, ev->tag,
                    outcome(w, w->auth_tag, w->auth_tag_len) == MAILPROTO_IMAP_OK
                        ? MAILPROTO_OK
                        : MAILPROTO_ERR_AUTH));
    }
}

static void server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct watch *w = ctx;

    switch (ev->type) {
    case MAILPROTO_EV_TLS_GO:
        must(w, mailproto_session_tls_started(s, NULL));
        break;
    case MAILPROTO_EV_NEED_MEMORY:
        assert_true(ev->number <= LENT && w->lent == NULL);
        w->lent = test_alloc((size_t)ev->number);
        must(w, mailproto_session_lend(s, w->lent, (size_t)ev->number));
        break;
    case MAILPROTO_EV_MEMORY_BACK:
        free(w->lent);
        w->lent = NULL;
        break;
    case MAILPROTO_EV_IMAP_CONNECT:
        must(w, mailproto_imap_server_greet(w->server, ev->tag,
                                            w->record->preauth ? MAILPROTO_IMAP_PREAUTH
                                                               : MAILPROTO_IMAP_OK,
                                            bytes("")));
        break;
    case MAILPROTO_EV_IMAP_COMMAND:
        command(w, ev);
        break;
    case MAILPROTO_EV_IMAP_LITERAL:
        must(w, w->refuse ? mailproto_imap_server_refuse_literal(w->server, ev->tag,
                                                                 NULL, bytes(""))
                          : mailproto_imap_server_literal(w->server, ev->tag, 1));
        break;
    case MAILPROTO_EV_AUTH_START:
    case MAILPROTO_EV_AUTH_DATA:
        auth(w, ev);
        break;
    default:
        if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
            must(w, mailproto_imap_server_accept(w->server, ev->tag));
        }
        break;
    }
}

static void open_server(struct watch *w, const struct record *r, struct chunk c)
{
    mailproto_imap_server_options o;
    size_t size;

    memset(w, 0, sizeof *w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = ((uint64_t)1 << (MAILPROTO_IMAP_CAP_SAVEDATE + 1)) - 1;
    o.caps &= ~((uint64_t)1 << MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    o.flags =
        MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR | MAILPROTO_IMAP_SERVER_OTHER_COMMANDS;
    o.max_command = LENT;
    o.max_bad_commands = 1000;
    o.auth_mechanisms =
        bytes("PLAIN LOGIN CRAM-MD5 DIGEST-MD5 NTLM SCRAM-SHA-1 SCRAM-SHA-256 "
              "SCRAM-SHA-512 XOAUTH2 OAUTHBEARER ANONYMOUS EXTERNAL");
    size = mailproto_imap_server_mem_size(&o);
    assert_true(size != 0);
    w->block = test_alloc(size);
    assert_int_equal(mailproto_imap_server_init(w->block, size, &o, &w->server),
                     MAILPROTO_OK);
    w->record = r;
    w->drive.session = mailproto_imap_server_session(w->server);
    w->drive.chunk = c;
    w->drive.ctx = w;
    w->drive.event = server_event;
}

static void close_server(struct watch *w)
{
    drive_free(&w->drive);
    free(w->block);
    free(w->lent);
    text_free(&w->others);
}

/* ---- playing ------------------------------------------------------------------------- */

static void say(struct watch *w, const char *line)
{
    (void)drive_give(&w->drive, line, strlen(line));
    drive_settle(&w->drive);
}

/* Whether these are two tags of one client: a letter and as many digits. */
static int are_tags_of_one(const char *a, const char *b, size_t len)
{
    size_t i;

    for (i = 1; i < len; i++) {
        if (a[i] < '0' || a[i] > '9' || b[i] < '0' || b[i] > '9') {
            return 0;
        }
    }
    return len > 1 && a[0] == b[0];
}

/* Whether the server refused the literal that ends this line, so that the client did not
   send it: another command follows. */
static int literal_was_refused(const struct record *r, mailproto_bytes line,
                               const char *next)
{
    const char *end = r->client.data + r->client.len;
    const char *blank = memchr(next, ' ', (size_t)(end - next));
    const char *mine = memchr(line.ptr, ' ', line.len);
    size_t len = blank != NULL ? (size_t)(blank - next) : 0;

    return line.len > 4 && memcmp(line.ptr + line.len - 3, "}\r\n", 3) == 0 &&
           line.ptr[line.len - 4] != '+' && len != 0 &&
           (record_answer_of(r, next, len, 0) != RECORD_NONE ||
            (mine != NULL && (size_t)(mine - line.ptr) == len &&
             are_tags_of_one(line.ptr, next, len)));
}

/* Whether the client cannot have sent more before it was answered: TLS begins, it is
   asked for more, or within AUTHENTICATE and IDLE. */
static int waits(mailproto_bytes line)
{
    return memchr(line.ptr, ' ', line.len) == NULL || holds(line, " STARTTLS") ||
           holds(line, " AUTHENTICATE ") || holds(line, " IDLE") ||
           (line.len > 2 && line.ptr[line.len - 3] == '}');
}

/* The lines of the client, each answered before the next, or as many as can be together. */
static void give_lines(struct watch *w, int together)
{
    const struct record *r = w->record;
    const char *at = r->client.data;
    const char *end = at + r->client.len;

    say(w, "");
    if (r->from_middle) {
        w->next = "a b\n";
        say(w, "0a LOGIN u p\r\n");
        say(w, r->from_middle == 2 ? "0b SELECT INBOX\r\n" : "");
    }
    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t n = lf != NULL ? (size_t)(lf - at) + 1 : (size_t)(end - at);
        const char *blank = memchr(at, ' ', n);
        mailproto_bytes line;
        line.ptr = at;
        line.len = n;
        if (blank != NULL && blank - at < RECORD_TAG_MAX &&
            holds(line, " AUTHENTICATE ")) {
            w->auth_tag_len = (size_t)(blank - at);
            memcpy(w->auth_tag, at, w->auth_tag_len);
        }
        w->next = at + n;
        at += n;
        w->refuse = literal_was_refused(r, line, w->next);
        (void)drive_give(&w->drive, line.ptr, line.len);
        if (!together || waits(line)) {
            drive_settle(&w->drive);
        }
    }
    drive_eof(&w->drive);
    drive_settle(&w->drive);
}

/* ---- judging ---------------------------------------------------------------------------- */

struct tally {
    unsigned records, commands, same, others, differing, failures;
};

/* docs/differences.md, this section alone. */
static struct text listed;
static unsigned found_in_all, sets_played;

static void read_listed(void)
{
    static const char title[] = "\n### Recorded conversations\n";
    char piece[4096];
    struct text all = {NULL, 0, 0};
    FILE *file = fopen(MAILPROTO_SOURCE_DIR "/docs/differences.md", "rb");
    const char *from;
    const char *to;
    size_t got;

    assert_non_null(file);
    while ((got = fread(piece, 1, sizeof piece, file)) != 0) {
        text_add(&all, piece, got);
    }
    fclose(file);
    from = strstr(text_string(&all), title);
    assert_non_null(from);
    from += strlen(title);
    to = strstr(from, "\n##");
    text_add(&listed, from, to != NULL ? (size_t)(to - from) : strlen(from));
    (void)text_string(&listed);
    text_free(&all);
}

/* Whether the document names the command below this rule. */
static int is_listed(const char *rule, const char *entry)
{
    struct text head = {NULL, 0, 0};
    const char *item;
    const char *end;
    const char *at;

    text_print(&head, "- rule `%s`", rule);
    item = strstr(listed.data, text_string(&head));
    text_free(&head);
    end = item != NULL ? strstr(item, "\n- ") : NULL;
    at = item != NULL ? strstr(item, entry) : NULL;
    return at != NULL && (end == NULL || at < end);
}

/* `name tag`: how often. */
static unsigned entries_listed(void)
{
    unsigned count = 0;
    const char *at = strstr(listed.data, ":\n  `");

    for (; at != NULL; at = strstr(at + 1, ":\n  `")) {
        const char *end = strstr(at, "\n- ");
        const char *tick = strchr(at, '`');
        for (; tick != NULL && (end == NULL || tick < end); tick = strchr(tick, '`')) {
            count++;
            tick = strchr(tick + 1, '`') + 1;
        }
    }
    return count;
}

/* The command that has this tag for the nth time; without its end. */
static mailproto_bytes command_of(const struct record *r, const char *tag, unsigned nth)
{

    const char *at = r->client.data;
    const char *end = at + r->client.len;
    mailproto_bytes found = {NULL, 0};
    size_t len = strlen(tag);

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t n = lf != NULL ? (size_t)(lf - at) + 1 : (size_t)(end - at);
        if (n > len && memcmp(at, tag, len) == 0 && at[len] == ' ' && nth-- == 0) {
            found.ptr = at;
            found.len = n - (lf == NULL ? 0 : lf > at && lf[-1] == '\r' ? 2 : 1);
            return found;
        }
        at += n;
    }
    return found;
}

static void differ(struct tally *t, const struct record *r, const char *tag,
                   mailproto_bytes command_text, const char *rule)
{
    struct text entry = {NULL, 0, 0};

    text_print(&entry, "`%s %s`", r->name, tag);
    t->differing++;
    if (rule == NULL || !is_listed(rule, text_string(&entry))) {
        print_error("%s (%s): %.*s\n", text_string(&entry), rule != NULL ? rule : "?",
                    (int)command_text.len, command_text.ptr);
        t->failures++;
    }
    text_free(&entry);
}

static unsigned seen_before(const struct record *r, size_t i)
{
    unsigned nth = 0;
    size_t k;

    for (k = 0; k < i; k++) {
        nth += strcmp(r->answers[k].tag, r->answers[i].tag) == 0;
    }
    return nth;
}

static void judge(struct tally *t, struct watch *w)
{
    const struct record *r = w->record;
    struct record ours;
    size_t i;

    memset(&ours, 0, sizeof ours);
    record_add_answers(&ours, w->drive.out.data, w->drive.out.len);
    for (i = 0; i < r->count; i++) {
        const struct record_answer *a = &r->answers[i];
        unsigned nth = seen_before(r, i);
        enum record_result mine = record_answer_of(&ours, a->tag, strlen(a->tag), nth);
        mailproto_bytes text = command_of(r, a->tag, nth);
        struct text tag = {NULL, 0, 0};
        int other;
        text_print(&tag, " %s ", a->tag);
        other = strstr(text_string(&w->others), text_string(&tag)) != NULL;
        text_free(&tag);
        if (text.ptr == NULL) {
            continue; /* the data holds the answer alone */
        }
        t->commands++;
        t->others += other ? 1U : 0U;
        if (other) {
            continue; /* it is the application's */
        }
        if ((mine == RECORD_BAD || mine == RECORD_NONE) != (a->result == RECORD_BAD)) {
            differ(t, r, a->tag, text, rule_of(text, a->result));
        } else {
            t->same++;
        }
    }
    if (w->refused_calls != 0) {
        print_error("%s: %u calls were refused\n%s\n", r->name, w->refused_calls,
                    drive_log(&w->drive));
        t->failures++;
    }
    free(ours.answers);
}

/* The plan of a run; the last two give lines together. */
static struct chunk plan(unsigned n)
{
    struct chunk c = {CHUNK_WHOLE, 1, 0, 0};

    c.kind = n == 0 || n == RUNS - 2 ? CHUNK_WHOLE : n < 3 ? CHUNK_EACH : CHUNK_RANDOM;
    c.value = n < 3 ? 1 : n;
    c.in_place = n == 2 || n % 2 == 1;
    return c;
}

/* The answers alone: when untagged ones come may differ. */
static int same_answers(const struct text *a, const struct text *b)
{
    struct record one;
    struct record other;
    size_t i;
    int same;

    memset(&one, 0, sizeof one);
    memset(&other, 0, sizeof other);
    record_add_answers(&one, a->data, a->len);
    record_add_answers(&other, b->data, b->len);
    same = one.count == other.count;
    for (i = 0; same && i < one.count; i++) {
        same = strcmp(one.answers[i].tag, other.answers[i].tag) == 0 &&
               one.answers[i].result == other.answers[i].result;
    }
    free(one.answers);
    free(other.answers);
    return same;
}

static void play(const struct record *r, void *ctx)
{
    struct tally *t = ctx;
    struct text log = {NULL, 0, 0};
    struct text out = {NULL, 0, 0};
    unsigned n;

    t->records++;
    for (n = 0; n < RUNS; n++) {
        struct watch w;
        struct chunk c = plan(n);
        int together = n >= RUNS - 2;
        open_server(&w, r, c);
        give_lines(&w, together);
        if (n == 0) {
            judge(t, &w);
            text_print(&log, "%s", drive_log(&w.drive));
            text_add(&out, w.drive.out.data, w.drive.out.len);
        } else if (together ? !same_answers(&out, &w.drive.out)
                            : strcmp(text_string(&log), drive_log(&w.drive)) != 0 ||
                                  out.len != w.drive.out.len ||
                                  memcmp(out.data, w.drive.out.data, out.len) != 0) {
            print_error("%s, %s%s:\n%s\nnot\n%s\n", r->name, chunk_name(&c),
                        together ? ", together" : "", drive_log(&w.drive),
                        text_string(&log));
            t->failures++;
        }
        close_server(&w);
    }
    text_free(&log);
    text_free(&out);
}

static void run(unsigned (*all)(void (*)(const struct record *, void *), void *,
                                struct text *),
                const char *what)
{
    struct tally t;
    struct text why = {NULL, 0, 0};

    memset(&t, 0, sizeof t);
    if (all(play, &t, &why) == 0) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    print_message("%s: %u conversations, %u commands, %u answered alike, %u otherwise, "
                  "%u unknown to the library\n",
                  what, t.records, t.commands, t.same, t.differing, t.others);
    text_free(&why);
    found_in_all += t.differing;
    sets_played++;
    assert_int_equal(t.failures, 0);
}

static void programs(void **state)
{
    (void)state;
    run(records_of_programs, "real programs");
}

static void tests(void **state)
{
    (void)state;
    run(records_of_tests, "other libraries' tests");
}

static void nothing_else_is_listed(void **state)
{
    (void)state;
    if (sets_played < 2) {
        skip();
    }
    assert_int_equal(entries_listed(), found_in_all);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(programs),
        cmocka_unit_test(tests),
        cmocka_unit_test(nothing_else_is_listed),
    };
    int failed;

    read_listed();
    failed = cmocka_run_group_tests(all, NULL, NULL);
    text_free(&listed);
    return failed;
}
