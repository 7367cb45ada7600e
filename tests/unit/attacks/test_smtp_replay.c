/*
 * Recorded conversations of real programs ($MAILPROTO_DATA/corpus/transcripts) against the
 * engines: what clients sent is served by our server, whose application decides as the
 * recorded server did; what servers answered is read by our reply parser and, for plain
 * sessions, heard by our client, which says what the recorded client said.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drive.h"
#include "smtp_actor.h"
#include "smtp_record.h"
#include "smtp/syntax.h"

/* Conversations that this library does not take, on purpose. (Those with BDAT or in LMTP,
 * which are not built, are left out too.) */
static const struct {
    const char *name;
    const char *why;
} left_out[] = {
    {"smtp-pysmtplib-opensmtpd-dsn", "its script gives SIZE= twice: 501"},
};

/* Replies that may differ in their class from the recorded ones. */
static const struct {
    const char *name;
    size_t reply;
    const char *why;
} differs[] = {
    {"smtp-pysmtplib-opensmtpd-errors", 10,
     "RSET before HELO is 250 (RFC 5321 4.1.4), there 503"},
};

static int is_left_out(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (strcmp(name, left_out[i].name) == 0) {
            return 1;
        }
    }
    return 0;
}

static int may_differ(const char *name, size_t reply)
{
    size_t i;

    for (i = 0; i < sizeof differs / sizeof differs[0]; i++) {
        if (strcmp(differs[i].name, name) == 0 && differs[i].reply == reply) {
            return 1;
        }
    }
    return 0;
}

static int has_bdat(const struct record *r)
{
    size_t i;

    for (i = 0; i < r->count; i++) {
        struct text *c = &r->steps[i].client;
        const char *at = strstr(text_string(c), "BDAT ");
        if (at != NULL && (at == c->data || at[-1] == '\n')) {
            return 1;
        }
    }
    return 0;
}

static void record_replies(const struct record *r, struct replies *to, uint64_t *caps)
{
    size_t i;

    memset(to, 0, sizeof *to);
    *caps = 0;
    for (i = 0; i < r->count; i++) {
        replies_add(to, &r->steps[i].server, caps);
    }
}

/* ---- our server for a recorded client ---------------------------------------------------------- */

struct stand_in {
    struct drive drive;
    mailproto_smtp_server *server;
    void *block;
    struct replies recorded;
    unsigned failures;
};

/* How many replies were made so far. */
static size_t replies_made(struct stand_in *w)
{
    struct text all = {NULL, 0, 0};
    struct replies made;
    uint64_t caps = 0;
    size_t len = 0;
    const void *due = mailproto_session_output(w->drive.session, &len);
    size_t count;

    memset(&made, 0, sizeof made);
    text_add(&all, w->drive.out.data, w->drive.out.len);
    text_add(&all, due, len);
    replies_add(&made, &all, &caps);
    count = made.count;
    text_free(&all);
    return count;
}

static const struct reply *recorded(struct stand_in *w)
{
    size_t at = replies_made(w);
    return at < w->recorded.count ? &w->recorded.items[at] : NULL;
}

static void answer_auth(struct stand_in *w, mailproto_session *s, uint32_t request)
{
    const struct reply *r = recorded(w);
    unsigned code = r != NULL ? r->code : 535;

    if (code == 334) {
        struct text challenge = {NULL, 0, 0};
        assert_true(test_base64(r->last, strlen(r->last), &challenge));
        assert_int_equal(mailproto_session_auth_data(s, challenge.data, challenge.len,
                                                     challenge.len),
                         MAILPROTO_OK);
        text_free(&challenge);
        return;
    }
    (void)mailproto_session_auth_finish(s, request,
                                        code == 235   ? MAILPROTO_OK
                                        : code == 454 ? MAILPROTO_ERR_AUTH_TEMPORARY
                                        : code == 534 ? MAILPROTO_ERR_AUTH_WEAK
                                        : code == 538 ? MAILPROTO_ERR_NEEDS_TLS
                                        : code == 501 ? MAILPROTO_ERR_SYNTAX
                                                      : MAILPROTO_ERR_AUTH);
}

static void answer(struct stand_in *w, uint32_t type, uint32_t request)
{
    const struct reply *r = recorded(w);
    mailproto_smtp_status status;
    mailproto_bytes text = {"as recorded", 11};

    memset(&status, 0, sizeof status);
    if (r == NULL || (r->code < 400 && type != MAILPROTO_EV_SMTP_COMMAND)) {
        assert_int_equal(mailproto_smtp_server_accept(w->server, request),
                         MAILPROTO_OK);
        return;
    }
    status.code = (uint16_t)r->code;
    assert_int_equal(mailproto_smtp_server_reply(w->server, request, &status, 0, text),
                     MAILPROTO_OK);
}

static void server_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct stand_in *w = ctx;

    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) == 0) {
        return;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        answer_auth(w, s, ev->tag);
    } else {
        answer(w, ev->type, ev->tag);
    }
}

static void open_stand_in(struct stand_in *w, const struct record *r)
{
    static const char mechanisms[] = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 "
                                     "SCRAM-SHA-256 OAUTHBEARER XOAUTH2";
    const uint64_t offered = smtp_caps_mask(
        "PIPELINING SIZE 8BITMIME SMTPUTF8 ENHANCEDSTATUSCODES STARTTLS AUTH DSN");
    mailproto_smtp_server_options o;
    uint64_t caps;
    size_t size;

    memset(w, 0, sizeof *w);
    record_replies(r, &w->recorded, &caps);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = caps & offered;
    o.caps = o.caps != 0 ? o.caps : MAILPROTO_SMTP_CAPS_NONE;
    o.flags = MAILPROTO_SMTP_SERVER_AUTH_IN_CLEAR;
    o.auth_mechanisms.ptr = mechanisms;
    o.auth_mechanisms.len = sizeof mechanisms - 1;
    size = mailproto_smtp_server_mem_size(&o);
    assert_true(size != 0);
    w->block = test_alloc(size);
    assert_int_equal(mailproto_smtp_server_init(w->block, size, &o, &w->server),
                     MAILPROTO_OK);
    w->drive.session = mailproto_smtp_server_session(w->server);
    w->drive.ctx = w;
    w->drive.event = server_event;
}

/* Our replies beside the recorded ones. */
static void compare_replies(struct stand_in *w, const struct record *r)
{
    struct replies made;
    uint64_t caps = 0;
    size_t i;
    int good;

    memset(&made, 0, sizeof made);
    replies_add(&made, &w->drive.out, &caps);
    good = made.count >= w->recorded.count;
    for (i = 0; i < made.count && i < w->recorded.count; i++) {
        good = good && (made.items[i].code / 100 == w->recorded.items[i].code / 100 ||
                        may_differ(r->name, i));
    }
    if (good) {
        return;
    }
    for (i = 0; i < made.count || i < w->recorded.count; i++) {
        print_error("%s: reply %u: %u %s, recorded %u %s\n", r->name, (unsigned)i,
                    i < made.count ? made.items[i].code : 0,
                    i < made.count ? made.items[i].last : "",
                    i < w->recorded.count ? w->recorded.items[i].code : 0,
                    i < w->recorded.count ? w->recorded.items[i].last : "");
    }
    print_error("%s\n", drive_log(&w->drive));
    fail();
}

static void serve(const struct record *r, struct chunk c)
{
    struct stand_in w;
    mailproto_error e;
    size_t i;

    open_stand_in(&w, r);
    w.drive.chunk = c;
    (void)drive_give(&w.drive, "", 0);
    drive_settle(&w.drive);
    for (i = 0; i < r->count; i++) {
        if (r->steps[i].tls) {
            assert_int_equal(mailproto_session_tls_started(w.drive.session, NULL),
                             MAILPROTO_OK);
        }
        (void)drive_give(&w.drive, r->steps[i].client.data, r->steps[i].client.len);
        drive_settle(&w.drive);
    }
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    mailproto_session_get_error(w.drive.session, &e);
    if (e.code != MAILPROTO_OK) {
        print_error("%s: %s\n%s\n", r->name, status_name(e.code), drive_log(&w.drive));
        fail();
    }
    compare_replies(&w, r);
    drive_free(&w.drive);
    free(w.block);
}

/* ---- the reply parser --------------------------------------------------------------------------- */

static unsigned parse_replies(const struct record *r)
{
    unsigned lines = 0;
    size_t i;

    for (i = 0; i < r->count; i++) {
        const struct text *server = &r->steps[i].server;
        size_t at = 0;
        while (at < server->len) {
            struct mailproto__smtp_reply_line out;
            const char *end = memchr(server->data + at, '\n', server->len - at);
            mailproto_bytes line;
            size_t wrong = 0;
            if (end == NULL || end == server->data + at || end[-1] != '\r') {
                break; /* the record ends within a line */
            }
            line.ptr = server->data + at;
            line.len = (size_t)(end - line.ptr) - 1;
            if (mailproto__smtp_reply_parse(line, &out, &wrong) != MAILPROTO_OK) {
                print_error("%s: at %u of %.*s\n", r->name, (unsigned)wrong,
                            (int)line.len, line.ptr);
                fail();
            }
            at += line.len + 2;
            lines++;
        }
    }
    return lines;
}

/* ---- our client for a recorded server -------------------------------------------------------------- */

struct mimic {
    struct drive drive;
    mailproto_smtp_client *client;
    void *block;
    struct words words; /* of the present command */
    int caps, wanted, closed, final;
    unsigned code; /* of the last reply */
};

static void mimic_event(void *ctx, mailproto_session *s, const mailproto_event *ev)
{
    struct mimic *m = ctx;

    (void)s;
    m->caps |= ev->type == MAILPROTO_EV_SMTP_CAPS;
    m->wanted |= ev->type == MAILPROTO_EV_CONTENT_WANTED;
    m->closed |= ev->type == MAILPROTO_EV_CLOSED;
    if (ev->type == MAILPROTO_EV_SMTP_REPLY || ev->type == MAILPROTO_EV_SMTP_FINAL) {
        mailproto_smtp_status status;
        memset(&status, 0, sizeof status);
        assert_int_equal(mailproto_smtp_event_status(ev, &status), MAILPROTO_OK);
        m->code = ev->code;
    }
}

static int starts(const struct text *t, const char *with)
{
    return t->len >= strlen(with) && memcmp(t->data, with, strlen(with)) == 0;
}

/* Plain: EHLO, then single commands that our client has verbs for, one a step. */
static int is_plain(const struct record *r)
{
    static const char *const known[] = {
        "EHLO ",    "MAIL FROM:<", "RCPT TO:<", "DATA\r\n", "RSET\r\n",
        "NOOP\r\n", "QUIT\r\n",    "VRFY ",     "EXPN ",    "HELP"};
    size_t i;
    size_t k;
    int in_data = 0;

    for (i = 1; i < r->count; i++) {
        const struct text *c = &r->steps[i].client;
        if (r->steps[i].tls || (i == 1 && !starts(c, "EHLO ")) ||
            r->steps[i].server.len == 0) {
            return 0;
        }
        if (in_data) {
            in_data = 0;
            continue;
        }
        for (k = 0; k < sizeof known / sizeof known[0] && !starts(c, known[k]); k++) {
        }
        if (k == sizeof known / sizeof known[0] ||
            memchr(c->data, '\n', c->len) != c->data + c->len - 1) {
            return 0;
        }
        in_data = starts(c, "DATA") && starts(&r->steps[i].server, "354");
    }
    return r->count > 2 && r->steps[0].client.len == 0;
}

static mailproto_bytes path_of(const struct text *command, size_t *behind)
{
    mailproto_bytes path;
    const char *open = memchr(command->data, '<', command->len);
    const char *close = memchr(command->data, '>', command->len);

    path.ptr = open + 1;
    path.len = (size_t)(close - open) - 1;
    *behind = (size_t)(close - command->data) + 1;
    return path;
}

/* Parameters as sent, taken apart for the verb. */
static void mail_params(struct text *c, size_t at, mailproto_smtp_mail_params *mail)
{
    char *word;

    (void)text_string(c);
    c->data[c->len - 2] = '\0';
    for (word = strtok(c->data + at, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strncmp(word, "SIZE=", 5) == 0) {
            mail->size = strtoull(word + 5, NULL, 10);
        } else if (strcmp(word, "BODY=8BITMIME") == 0) {
            mail->body = MAILPROTO_SMTP_BODY_8BITMIME;
        } else if (strcmp(word, "BODY=7BIT") == 0) {
            mail->body = MAILPROTO_SMTP_BODY_7BIT;
        } else if (strcmp(word, "SMTPUTF8") == 0) {
            mail->flags |= MAILPROTO_SMTP_MAIL_SMTPUTF8;
        } else {
            fail_msg("a parameter this test does not know: %s", word);
        }
    }
}

static mailproto_status say_mail(struct mimic *m, const struct text *from)
{
    mailproto_smtp_mail_params mail;
    mailproto_bytes path;
    struct text c = {NULL, 0, 0};
    size_t behind;
    mailproto_status st;

    memset(&mail, 0, sizeof mail);
    mail.struct_size = sizeof mail;
    text_add(&c, from->data, from->len);
    path = path_of(&c, &behind);
    mail_params(&c, behind, &mail);
    st = mailproto_smtp_client_mail(m->client, 1, path, &mail);
    text_free(&c);
    return st;
}

static void say(struct mimic *m, const struct text *c)
{
    mailproto_smtp_rcpt_params rcpt;
    size_t behind = 0;
    mailproto_bytes rest;
    mailproto_status st;

    memset(&rcpt, 0, sizeof rcpt);
    rcpt.struct_size = sizeof rcpt;
    if (starts(c, "MAIL")) {
        st = say_mail(m, c);
    } else if (starts(c, "RCPT")) {
        mailproto_bytes path = path_of(c, &behind);
        rest.ptr = c->data + behind + (c->data[behind] == ' ' ? 1 : 0);
        rest.len = (size_t)(c->data + c->len - 2 - rest.ptr);
        rcpt.extra = rest;
        st = mailproto_smtp_client_rcpt(m->client, 1, path, &rcpt);
    } else if (starts(c, "DATA")) {
        st = mailproto_smtp_client_data(m->client, 1);
    } else if (starts(c, "RSET")) {
        st = mailproto_smtp_client_rset(m->client, 1);
    } else if (starts(c, "NOOP")) {
        st = mailproto_smtp_client_noop(m->client, 1);
    } else if (starts(c, "QUIT")) {
        st = mailproto_smtp_client_quit(m->client, 1);
    } else if (starts(c, "EXPN")) {
        rest.ptr = c->data;
        rest.len = c->len - 2;
        st = mailproto_smtp_client_command(m->client, 1, rest);
    } else {
        rest.ptr = c->data + (c->len > 6 ? 5 : 4);
        rest.len = c->len > 6 ? c->len - 7 : 0;
        st = starts(c, "VRFY") ? mailproto_smtp_client_vrfy(m->client, 1, rest)
                               : mailproto_smtp_client_help(m->client, 1, rest);
    }
    if (st != MAILPROTO_OK) {
        print_error("%.*s: %s\n", (int)c->len - 2, c->data, status_name(st));
    }
    assert_int_equal(st, MAILPROTO_OK);
}

/* The content of a recorded body: dots taken away, end mark taken away. */
static void give_body(struct mimic *m, const struct text *wire)
{
    struct text body = {NULL, 0, 0};
    size_t at = 0;
    size_t used;

    while (at < wire->len) {
        const char *end = memchr(wire->data + at, '\n', wire->len - at);
        size_t len = end != NULL ? (size_t)(end - wire->data) + 1 - at : wire->len - at;
        int dot = wire->data[at] == '.';
        if (len == 3 && dot) {
            break;
        }
        text_add(&body, wire->data + at + dot, len - (size_t)dot);
        at += len;
    }
    for (at = 0; at < body.len; at += used) {
        assert_int_equal(mailproto_session_content(m->drive.session, body.data + at,
                                                   body.len - at, &used) >= 0,
                         1);
        if (used == 0) {
            drive_settle(&m->drive);
        }
    }
    while (mailproto_session_content_end(m->drive.session) == MAILPROTO_AGAIN) {
        drive_settle(&m->drive);
    }
    text_free(&body);
}

static int compare_letters(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

/* The same bytes; in a MAIL command parameters may stand in another order. */
static int same_bytes(const struct text *out, size_t from, const struct text *c)
{
    char one[512];
    char other[512];

    if (out->len - from != c->len) {
        return 0;
    }
    if (memcmp(out->data + from, c->data, c->len) == 0) {
        return 1;
    }
    if (!starts(c, "MAIL") || c->len > sizeof one) {
        return 0;
    }
    memcpy(one, out->data + from, c->len);
    memcpy(other, c->data, c->len);
    qsort(one, c->len, 1, compare_letters);
    qsort(other, c->len, 1, compare_letters);
    return memcmp(one, other, c->len) == 0;
}

/* Our client, one command at a time, sends the recorded bytes and hears the replies. */
static void mimic(const struct record *r)
{
    mailproto_smtp_client_options o;
    struct mimic m;
    size_t size;
    size_t i;

    memset(&m, 0, sizeof m);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.tls = MAILPROTO_SMTP_TLS_NONE;
    o.flags = MAILPROTO_SMTP_CLIENT_NO_PIPELINING;
    o.ehlo_name.ptr = r->steps[1].client.data + 5;
    o.ehlo_name.len = r->steps[1].client.len - 7;
    size = mailproto_smtp_client_mem_size(&o);
    if (size == 0) { /* a name that only others would send */
        o.ehlo_name.ptr = "localhost";
        o.ehlo_name.len = 9;
        size = mailproto_smtp_client_mem_size(&o);
    }
    m.block = test_alloc(size);
    assert_int_equal(mailproto_smtp_client_init(m.block, size, &o, &m.client),
                     MAILPROTO_OK);
    m.drive.session = mailproto_smtp_client_session(m.client);
    m.drive.ctx = &m;
    m.drive.event = mimic_event;
    for (i = 0; i < r->count && !m.closed; i++) {
        const struct step *step = &r->steps[i];
        size_t before = m.drive.out.len;
        m.code = 0;
        if (m.wanted) {
            m.wanted = 0;
            give_body(&m, &step->client);
        } else if (i > 1) {
            say(&m, &step->client);
        }
        drive_settle(&m.drive);
        if (i > 1 && !same_bytes(&m.drive.out, before, &step->client)) {
            print_error("%s, step %u: sent %.*s\ninstead of %.*s\n", r->name,
                        (unsigned)i, (int)(m.drive.out.len - before),
                        m.drive.out.data + before, (int)step->client.len,
                        step->client.data);
            fail();
        }
        (void)drive_give(&m.drive, step->server.data, step->server.len);
        drive_settle(&m.drive);
        if (i > 1 && !m.wanted) {
            assert_int_equal(m.code, strtoul(step->server.data, NULL, 10));
        }
    }
    assert_true(m.caps);
    drive_free(&m.drive);
    free(m.block);
}

/* ---- all of them ------------------------------------------------------------------------------------- */

static struct chunk plan(enum chunk_kind kind, uint64_t value, int in_place)
{
    struct chunk c;

    c.kind = kind;
    c.value = value;
    c.in_place = in_place;
    c.greedy = 1;
    return c;
}

static void replay(void **state)
{
    const struct record *r = *state;

    assert_true(parse_replies(r) != 0);
    serve(r, plan(CHUNK_WHOLE, 0, 0));
    serve(r, plan(CHUNK_WHOLE, 0, 1));
    serve(r, plan(CHUNK_EACH, 1, 0));
    serve(r, plan(CHUNK_EACH, 7, 1));
    if (is_plain(r)) {
        mimic(r);
    }
}

enum { RECORDS_MAX = 200 };

static size_t load_real(struct record *records)
{
    struct text path = {NULL, 0, 0};
    const char *data = getenv("MAILPROTO_DATA");
    struct dirent *entry;
    DIR *folder;
    size_t count = 0;

    text_print(&path, "%s/corpus/transcripts/real", data != NULL ? data : "");
    folder = opendir(text_string(&path));
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char name[256];
        size_t len = strlen(entry->d_name);
        if (len < 5 || len > sizeof name ||
            strcmp(entry->d_name + len - 4, ".c2s") != 0 ||
            strncmp(entry->d_name, "smtp-", 5) != 0 || count == RECORDS_MAX) {
            continue;
        }
        (void)snprintf(name, sizeof name, "%.*s", (int)len - 4, entry->d_name);
        if (!is_left_out(name) && record_real(&records[count], name)) {
            if (has_bdat(&records[count])) {
                record_free(&records[count]);
            } else {
                count++;
            }
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    text_free(&path);
    return count;
}

static size_t load_steps(struct record *records, struct text *why)
{
    struct jsonl *j = jsonl_open("corpus/transcripts/smtp.jsonl", why);
    size_t count = 0;

    while (j != NULL && jsonl_next(j, why) == 1) {
        if (jsonl_number(j, "complete", 0)) {
            record_steps(&records[count++], j);
        }
    }
    jsonl_close(j);
    return count;
}

int main(int argc, char **argv)
{
    static struct record records[RECORDS_MAX];
    static struct CMUnitTest tests[RECORDS_MAX];
    struct text why = {NULL, 0, 0};
    size_t count = load_real(records);
    size_t plain = 0;
    size_t chosen = 0;
    size_t i;
    int failed;

    if (count == 0) {
        printf("skipped: corpus/transcripts/real is not there (set MAILPROTO_DATA)\n");
        return 77;
    }
    count += load_steps(records + count, &why);
    if (why.len != 0) {
        printf("without the sessions of smtp.jsonl: %s\n", text_string(&why));
    }
    for (i = 0; i < count; i++) {
        plain += (size_t)is_plain(&records[i]);
        if (argc < 2 || strstr(records[i].name, argv[1]) != NULL) {
            tests[chosen].name = records[i].name;
            tests[chosen].test_func = replay;
            tests[chosen++].initial_state = &records[i];
        }
    }
    failed = _cmocka_run_group_tests("smtp replay", tests, chosen, NULL, NULL);
    printf("%u conversations served, %u of them also spoken by our client\n",
           (unsigned)count, (unsigned)plain);
    for (i = 0; i < count; i++) {
        record_free(&records[i]);
    }
    text_free(&why);
    return failed;
}
