/*
 * A whole IMAP server and an application that does what it likes: it answers now, later or
 * beside others (detached), says anything in between, takes or refuses literals, gives
 * messages out that are not there yet or cannot be read to their end, and passes texts that
 * cannot be. Each command gets one completion, all output is well formed for a reader that
 * knows nothing of the library, literals arrive as they were announced, memory lent comes
 * back, and what is refused changes nothing.
 *
 * Input: eight octets that choose options and the application's dice, then commands, see
 * fuzz_imap.h, or steps, see fuzz_imap_steps.h.
 */
#include "fuzz_imap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KNOBS = 8, JOBS = 24, PARTS = 16, LITERALS = 4096 };

/* A command, or a literal, that is to be answered. */
struct job {
    uint32_t request;
    mailproto_imap_command c;
    char *copy; /* of a detached one: what `c` points to; NULL: the engine's */
    uint32_t literal;
    int detached;
};

struct app {
    uint32_t random;
    uint8_t knob;
    int stepping;  /* what is done with a command is a step of its own */
    int idle_sent; /* ... and DONE comes next */
    struct job jobs[JOBS];
    size_t count;
    size_t fetching; /* 1 + the job whose FETCH response is open; 0: none */
    mailproto_imap_fetch fetch;
    mailproto_imap_facts facts;
    mailproto_source source;
    uint64_t fails_at;
    uint64_t literals, content;     /* numbers given so far; octets of the last one */
    uint32_t sizes[LITERALS];       /* of the literals, once they ended; else 0 */
    uint32_t literal_size, request; /* of the one that is coming */
};

static struct app a;

static const char message[] =
    "From: Ann <ann@h.example>\r\nTo: bob@h.example\r\nSubject: a \"b\"\r\n"
    "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nYQBj\r\n--x\r\n"
    "Content-Transfer-Encoding: x-no\r\n\r\n?\r\n--x\r\nContent-Type: "
    "message/rfc822\r\n"
    "\r\nSubject: in\r\n\r\ntext\xc3\xa4\r\n--x--\r\n";
static mailproto_part parts[PARTS];
static mailproto_index message_index;
static char fetch_work[MAILPROTO_IMAP_FETCH_WORK];

static uint32_t dice(uint32_t below)
{
    a.random = a.random * 1664525U + 1013904223U;
    return (a.random >> 8) % below;
}

static mailproto_status read_message(void *ctx, uint64_t offset, void *buf, size_t cap,
                                     size_t *got)
{
    size_t n = 1 + dice(40);
    (void)ctx;
    *got = 0;
    if (offset >= a.fails_at) {
        return MAILPROTO_ERR_IO;
    }
    if (offset >= sizeof message - 1) {
        return MAILPROTO_EOF;
    }
    if (dice(4) == 0) {
        return MAILPROTO_NOT_READY;
    }
    n = n < cap ? n : cap;
    n = n < sizeof message - 1 - offset ? n : sizeof message - 1 - (size_t)offset;
    memcpy(buf, message + offset, n);
    *got = n;
    return MAILPROTO_OK;
}

static void build_index(void)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_source source;
    if (message_index.parts != NULL) {
        return;
    }
    memset(&source, 0, sizeof source);
    source.struct_size = sizeof source;
    source.data = message;
    source.size = sizeof message - 1;
    message_index.struct_size = sizeof message_index;
    message_index.capacity = PARTS;
    message_index.parts = parts;
    CHECK(mailproto_index_build(&message_index, &source, NULL, work, sizeof work) ==
          MAILPROTO_OK);
}

#include "fuzz_imap_say.h"

/* ---- jobs ------------------------------------------------------------------------------ */

static void drop_job(size_t i)
{
    free(a.jobs[i].copy);
    a.count--;
    a.jobs[i] = a.jobs[a.count];
    if (a.fetching == i + 1) {
        a.fetching = 0;
    } else if (a.fetching == a.count + 1) {
        a.fetching = i + 1;
    }
}

static int has_failed(const struct run *r)
{
    mailproto_error e = {sizeof e, 0, 0, 0, 0, NULL};
    mailproto_session_get_error(r->s, &e);
    return e.code < 0;
}

static int is_over(struct run *r)
{
    return r->closed || has_failed(r) ||
           mailproto_imap_server_state(r->server) == MAILPROTO_IMAP_LOGGED_OUT;
}

static mailproto_status select_box(struct run *r, uint32_t request)
{
    mailproto_imap_selected box;
    mailproto_bytes words[1];
    mailproto_status st;
    memset(&box, 0, sizeof box);
    words[0] = bytes_of("$Junk");
    box.struct_size = sizeof box;
    box.flags = dice(8);
    box.exists = dice(6);
    box.uidvalidity = 7;
    box.uidnext = 40;
    box.highestmodseq = 9;
    box.unseen = box.exists > 0 ? dice(2) : 0;
    box.permanent_flags = dice(128);
    box.keywords = words;
    box.keywords_count = dice(2);
    box.mailbox_id = dice(2) ? bytes_of("F1") : any_text();
    box.entry.struct_size = sizeof box.entry;
    box.entry.delimiter = '/';
    box.entry.name = dice(4) == 0 ? any_text() : bytes_of("INBOX");
    UNTIL_ROOM(st, mailproto_imap_server_selected(r->server, request, &box));
    return st;
}

static void search(struct run *r, uint32_t request)
{
    mailproto_imap_found found;
    mailproto_imap_range one = {0, 0};
    mailproto_status st;
    int wants = 0;
    uint32_t n;
    memset(&found, 0, sizeof found);
    found.struct_size = sizeof found;
    found.count = dice(5);
    found.min = found.count > 0 ? 2 : 0;
    found.max = found.count > 0 ? found.count * 2 : 0;
    UNTIL_ROOM(st,
               mailproto_imap_server_search_begin(r->server, request, &found, &wants));
    if (st != MAILPROTO_OK) {
        return;
    }
    for (n = 1; wants && n <= found.count; n++) {
        one.low = 2 * n;
        one.high = one.low;
        UNTIL_ROOM(st, mailproto_imap_server_numbers(r->server, &one, 1));
        CHECK(st == MAILPROTO_OK);
    }
    UNTIL_ROOM(st, mailproto_imap_server_search_end(r->server));
    CHECK(st == MAILPROTO_OK);
}

/* The end of a job, in a way that may be refused, and then in one that may not. */
static void complete(struct run *r, size_t i)
{
    uint32_t request = a.jobs[i].request;
    mailproto_imap_code code = any_code();
    mailproto_status st;
    if (a.jobs[i].c.command == MAILPROTO_IMAP_SELECT ||
        a.jobs[i].c.command == MAILPROTO_IMAP_EXAMINE) {
        (void)select_box(r, request);
    } else if (a.jobs[i].c.command == MAILPROTO_IMAP_SEARCH) {
        search(r, request);
    } else if ((a.jobs[i].c.command == MAILPROTO_IMAP_COPY ||
                a.jobs[i].c.command == MAILPROTO_IMAP_STORE) &&
               dice(2)) {
        say_many_numbers(r, request);
    }
    if (dice(3) == 0) {
        UNTIL_ROOM(st, mailproto_imap_server_accept(r->server, request));
    } else {
        UNTIL_ROOM(st,
                   mailproto_imap_server_complete(
                       r->server, request, dice(4) == 0 ? dice(7) : MAILPROTO_IMAP_OK,
                       dice(3) == 0 ? &code : NULL, any_text()));
    }
    if (st != MAILPROTO_OK && st != MAILPROTO_ERR_STALE) {
        UNTIL_ROOM(st, mailproto_imap_server_complete(
                           r->server, request, MAILPROTO_IMAP_NO, NULL, bytes_of("")));
    }
    if (st == MAILPROTO_AGAIN) {
        CHECK(a.jobs[i].detached);
        return; /* later */
    }
    CHECK(st == MAILPROTO_OK || st == MAILPROTO_ERR_STALE || has_failed(r));
    st = mailproto_imap_server_complete(r->server, request, MAILPROTO_IMAP_OK, NULL,
                                        bytes_of(""));
    CHECK(st == MAILPROTO_ERR_STALE || has_failed(r));
    drop_job(i);
}

/* Goes on with a FETCH: 1 it has ended, 0 it waits. */
static int go_on_fetching(struct run *r)
{
    mailproto_status st;
    for (;;) {
        st = mailproto_imap_server_fetch(r->server, &a.fetch);
        if (st == MAILPROTO_AGAIN) {
            if (drain_some(r, SIZE_MAX) == 0) {
                CHECK(caps_are_due(r));
                return 0;
            }
        } else if (st == MAILPROTO_YOUR_TURN) {
            CHECK(a.fetch.source == NULL);
            a.fetch.source = &a.source;
            a.fetch.index = &message_index;
        } else if (st == MAILPROTO_NOT_READY) {
            if (dice(2)) {
                return 0;
            }
        } else {
            return 1;
        }
    }
}

static void begin_fetch(struct run *r, size_t i)
{
    memset(&a.fetch, 0, sizeof a.fetch);
    memset(&a.facts, 0, sizeof a.facts);
    memset(&a.source, 0, sizeof a.source);
    a.source.struct_size = sizeof a.source;
    a.source.size = sizeof message - 1;
    a.fails_at = dice(12) == 0 ? dice(500) : UINT64_MAX;
    if (dice(2)) {
        a.source.read_at = read_message;
    } else {
        a.source.data = message;
    }
    a.facts.struct_size = sizeof a.facts;
    a.facts.seq = 1 + dice(mailproto_imap_server_exists_now(r->server) + 1);
    a.facts.uid = 10 + a.facts.seq;
    a.facts.flags = dice(64);
    a.facts.size = sizeof message - 1;
    a.facts.modseq = dice(9);
    a.facts.email_id = any_text();
    a.fetch.struct_size = sizeof a.fetch;
    a.fetch.flags =
        a.jobs[i].c.flags & (MAILPROTO_IMAP_UID | MAILPROTO_IMAP_HAS_MODSEQ);
    a.fetch.items = a.jobs[i].c.items;
    a.fetch.facts = &a.facts;
    a.fetch.work = fetch_work;
    a.fetch.work_size = sizeof fetch_work;
    a.fetch.tell_flags = dice(2);
    a.fetching = i + 1;
}

static void answer_literal(struct run *r, size_t i)
{
    uint32_t request = a.jobs[i].request;
    mailproto_imap_code code = any_code();
    mailproto_status st;
    if (dice(4) == 0) {
        st = mailproto_imap_server_refuse_literal(r->server, request,
                                                  dice(2) ? &code : NULL, any_text());
        if (st != MAILPROTO_OK && st != MAILPROTO_ERR_STALE) {
            st = mailproto_imap_server_refuse_literal(r->server, request, NULL,
                                                      bytes_of(""));
        }
    } else {
        st = mailproto_imap_server_literal(r->server, request, ++a.literals);
        a.literal_size = a.jobs[i].literal;
        a.content = 0;
        a.request = request;
    }
    CHECK(st == MAILPROTO_OK || st == MAILPROTO_ERR_STALE || has_failed(r));
    drop_job(i);
}

static void work(struct run *r, size_t i)
{
    if (a.jobs[i].literal > 0) {
        answer_literal(r, i);
        return;
    }
    while (dice(2)) {
        say_something(r);
    }
    if (a.jobs[i].c.command == MAILPROTO_IMAP_FETCH && dice(8) != 0 && !is_over(r)) {
        begin_fetch(r, i);
        if (!go_on_fetching(r)) {
            return;
        }
        a.fetching = 0;
    }
    complete(r, i);
}

static int fuzz_go_on(struct run *r)
{
    size_t i;
    if (r->closed) {
        while (a.count > 0) {
            drop_job(0);
        }
        return 0;
    }
    if (dice(40) == 0 && a.fetching == 0) {
        say_something(r);
    }
    if (a.count == 0) {
        return 0;
    }
    if (a.fetching > 0) {
        i = a.fetching - 1;
        if (go_on_fetching(r)) {
            a.fetching = 0;
            complete(r, i);
        }
        return 1;
    }
    work(r, dice((uint32_t)a.count));
    return 1;
}

/* Copies what a detached command points to; a literal that went to the application cannot
 * be told again. */
static int copy_command(struct run *r, struct job *job)
{
    mailproto_imap_command c = job->c;
    const char *uid = c.flags & MAILPROTO_IMAP_UID ? "UID " : "";
    size_t len = c.args.len + 64;
    mailproto_bytes unit;
    int n;
    job->copy = (char *)malloc(len);
    CHECK(job->copy != NULL);
    n = snprintf(job->copy, len, "x %s%s%s", uid,
                 mailproto_imap_command_name(c.command), c.args.len > 0 ? " " : "");
    if (c.args.len > 0) {
        memcpy(job->copy + n, c.args.ptr, c.args.len);
    }
    memcpy(job->copy + (size_t)n + c.args.len, "\r\n", 2);
    unit.ptr = job->copy;
    unit.len = (size_t)n + c.args.len + 2;
    return mailproto_imap_command_parse(unit, mailproto_imap_server_enabled(r->server),
                                        &job->c, NULL) == MAILPROTO_OK;
}

/* ---- events -------------------------------------------------------------------------------- */

/* What APPEND says of its messages is what arrived. */
static void check_literals(const mailproto_imap_command *c)
{
    mailproto_imap_cursor items = c->items;
    mailproto_imap_append m;
    if (c->command != MAILPROTO_IMAP_APPEND) {
        return;
    }
    while (mailproto_imap_append_next(&items, &m) == MAILPROTO_OK) {
        CHECK(m.message.form == MAILPROTO_IMAP_EXTERNAL);
        CHECK(m.message.number > 0 && m.message.number <= a.literals);
        CHECK(a.sizes[m.message.number % LITERALS] == m.message.size);
    }
}

static void fuzz_see(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_CONTENT) {
        CHECK(ev->number == a.content && ev->text.len > 0 && ev->tag == a.request);
        a.content += ev->text.len;
        CHECK(a.content <= a.literal_size);
    } else if (ev->type == MAILPROTO_EV_CONTENT_END) {
        CHECK(a.content == a.literal_size && ev->number == a.content);
        a.sizes[a.literals % LITERALS] = (uint32_t)a.content;
    } else if (ev->type == MAILPROTO_EV_CONTENT_ABORTED) {
        a.sizes[a.literals % LITERALS] = UINT32_MAX;
    } else if (ev->type == MAILPROTO_EV_CLOSED) {
        a.fetching = 0;
    }
    if (dice(64) == 0 && !(ev->flags & MAILPROTO_EVF_NEEDS_REPLY) && a.fetching == 0) {
        say_something(r);
    }
}

static void answer_auth(struct run *r, const mailproto_event *ev)
{
    static const mailproto_status outcomes[] = {
        MAILPROTO_OK, MAILPROTO_OK, MAILPROTO_ERR_AUTH, MAILPROTO_ERR_AUTH_TEMPORARY};
    if (ev->type == MAILPROTO_EV_AUTH_START || dice(3) == 0) {
        CHECK(mailproto_session_auth_data(r->s, "challenge", 9, 9) == MAILPROTO_OK);
    } else {
        CHECK(mailproto_session_auth_finish(r->s, ev->tag, outcomes[dice(4)]) ==
              MAILPROTO_OK);
    }
}

static void answer_connect(struct run *r, const mailproto_event *ev)
{
    mailproto_status st = MAILPROTO_ERR_ARGUMENT;
    if (a.stepping) {
        st = mailproto_imap_server_greet(r->server, ev->tag, MAILPROTO_IMAP_PREAUTH,
                                         bytes_of(""));
    } else if (a.knob & 1) {
        st = mailproto_imap_server_greet(r->server, ev->tag, MAILPROTO_IMAP_PREAUTH,
                                         any_text());
    } else if (dice(4) == 0) {
        st = mailproto_imap_server_greet(r->server, ev->tag, dice(7), any_text());
    }
    if (st != MAILPROTO_OK) {
        CHECK(mailproto_imap_server_accept(r->server, ev->tag) == MAILPROTO_OK);
    }
}

/* The command that waits for its answer goes on beside others: 1, or 0: it cannot. */
static int detach(struct run *r, struct job *job)
{
    struct job copy = *job;
    int good;
    if (job->literal != 0 || job->detached) {
        return 0;
    }
    good = copy_command(r, &copy);
    if (mailproto_imap_server_detach(r->server, job->request) != MAILPROTO_OK) {
        free(copy.copy);
        return 0;
    }
    copy.detached = 1;
    *job = copy;
    if (!good) { /* nothing of it is known any more */
        job->c.command = MAILPROTO_IMAP_OTHER;
    }
    return 1;
}

static void answer_command(struct run *r, const mailproto_event *ev)
{
    struct job *job;
    CHECK(a.count < JOBS);
    job = &a.jobs[a.count];
    memset(job, 0, sizeof *job);
    job->request = ev->tag;
    job->c.struct_size = sizeof job->c;
    CHECK(mailproto_imap_event_command(ev, &job->c) == MAILPROTO_OK);
    if (ev->type == MAILPROTO_EV_IMAP_LITERAL) {
        job->literal = (uint32_t)ev->number;
        CHECK(ev->number > 0); /* RFC 3502 6.3.11 */
    } else {
        check_literals(&job->c);
    }
    a.count++;
    if (a.stepping ||
        (ev->type == MAILPROTO_EV_IMAP_COMMAND && dice(3) == 0 && detach(r, job))) {
        return;
    }
    if (dice(2) == 0 && a.fetching == 0) {
        work(r, a.count - 1);
    }
}

static void fuzz_answer(struct run *r, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_IMAP_CONNECT:
        answer_connect(r, ev);
        break;
    case MAILPROTO_EV_AUTH_START:
    case MAILPROTO_EV_AUTH_DATA:
        answer_auth(r, ev);
        break;
    case MAILPROTO_EV_IMAP_COMMAND:
    case MAILPROTO_EV_IMAP_LITERAL:
        answer_command(r, ev);
        break;
    default:
        CHECK(mailproto_imap_server_accept(r->server, ev->tag) == MAILPROTO_OK);
        break;
    }
}

#include "fuzz_imap_steps.h"

/* ---- one session ------------------------------------------------------------------------------ */

static const char long_caps[] =
    "X-ONE-THAT-IS-LONG-ENOUGH X-TWO-THAT-IS-LONG-ENOUGH X-THREE-THAT-IS-LONG-ENOUGH "
    "X-FOUR-THAT-IS-LONG-ENOUGH X-FIVE-THAT-IS-LONG-ENOUGH X-SIX-THAT-IS-LONG-ENOUGH "
    "X-SEVEN-THAT-IS-LONG-ENOUGH X-EIGHT-THAT-IS-LONG";

static mailproto_imap_server_options options_of(const uint8_t *knobs)
{
    mailproto_imap_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR |
              (knobs[0] & (MAILPROTO_IMAP_SERVER_TLS_IMPLICIT |
                           MAILPROTO_IMAP_SERVER_OTHER_COMMANDS));
    o.max_bad_commands = knobs[0] & 8 ? 0 : MAILPROTO_UNLIMITED;
    o.auth_mechanisms = bytes_of("PLAIN LOGIN");
    o.max_in_progress = 1 + (knobs[0] >> 4);
    if (knobs[1] & 1) {
        o.in_size = 512 + knobs[2];
        o.reply_max = 128 + (knobs[1] >> 4);
        o.out_size = 1024 + knobs[3];
        o.max_command = 1200;
        o.max_command_before = 900;
        o.max_literal = knobs[4] % 128;
        o.append_limit = 3000;
        o.max_auth_line = 600;
    }
    if (knobs[4] & 128) {
        o.more_caps = bytes_of(long_caps);
    }
    if (knobs[1] & 2) {
        o.caps =
            UINT64_C(0x1fffffff) & ~(UINT64_C(1) << MAILPROTO_IMAP_CAP_LITERAL_MINUS);
        o.caps &= ~((uint64_t)knobs[5] << 16);
    }
    return o;
}

/* A small output, which a line of CAPABILITY does not always fit, or never. */
static void shrink(mailproto_imap_server_options *o, const uint8_t *knobs)
{
    o->out_size = 1024 + knobs[3];
    o->reply_max = knobs[1] & 4 ? 128 + (knobs[1] >> 4) : 512;
    o->more_caps = bytes_of(long_caps);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run r;
    mailproto_imap_server_options o;
    if (size < KNOBS || size > 4096) {
        return 0;
    }
    build_index();
    memset(&a, 0, sizeof a);
    a.random = (uint32_t)data[6] << 8 | data[7];
    a.knob = data[1] >> 2;
    a.stepping = data[0] >> 1 & 1;
    o = options_of(data);
    if (a.stepping) {
        shrink(&o, data);
    }
    fuzz_start(&r, &o, data[5] % 4);
    r.lends = data[1] >> 3 & 1;
    if (a.stepping) {
        fuzz_steps(&r, data + KNOBS, size - KNOBS);
    } else {
        r.gulps = data[7] & 1 ? (uint32_t)data[6] << 8 | data[7] : 0;
        fuzz_talk(&r, data + KNOBS, size - KNOBS, a.knob & 2 ? 1 + (a.knob & 1) : 0);
    }
    fuzz_finish(&r);
    while (a.count > 0) {
        drop_job(0);
    }
    fuzz_release(&r);
    return 0;
}
