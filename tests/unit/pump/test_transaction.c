/*
 * The transaction layer: one message to many recipients on a client, with and without
 * PIPELINING, with every outcome there is.
 */
#include "../smtp/client_driver.h"

/* The caller's element: the recipient is its first member. */
struct person {
    mailproto_smtp_recipient r;
    char name[13]; /* an odd size, so that the stride is not the recipient's */
    char more[32];
};

enum { PEOPLE = 40 };

struct job {
    mailproto_smtp_transaction t;
    struct person people[PEOPLE];
    mailproto_status last; /* of the last event */
    unsigned ends;         /* how often EOF was said */
    const char *content;
};

static void react(struct driver *d, const mailproto_event *ev)
{
    struct job *j = (struct job *)d->ctx;
    mailproto_status st = mailproto_smtp_transaction_event(&j->t, d->c, ev);
    if (ev->type == MAILPROTO_EV_CONTENT_WANTED) {
        assert_int_equal(st, MAILPROTO_OK);
        d_content(d, j->content, strlen(j->content));
        return;
    }
    assert_true(st >= 0);
    j->last = st;
    if (st == MAILPROTO_EOF) {
        j->ends++;
        d_log(d, "OVER\n");
    }
}

static struct job *new_job(struct driver *d, uint32_t count)
{
    static struct job job;
    uint32_t i;
    memset(&job, 0, sizeof job);
    job.t.struct_size = sizeof job.t;
    job.t.recipient_stride = sizeof job.people[0];
    job.t.recipients = &job.people[0].r;
    job.t.count = count;
    job.t.tag = 100;
    job.t.sender = bytes("a@x.example");
    job.content = "x\r\n";
    for (i = 0; i < count; i++) {
        snprintf(job.people[i].more, sizeof job.people[i].more, "r%u@y.example",
                 (unsigned)i);
        job.people[i].r.path = bytes(job.people[i].more);
    }
    d->ctx = &job;
    d->react = react;
    return &job;
}

static void check(const mailproto_smtp_status *s, uint32_t origin, unsigned code,
                  mailproto_status local)
{
    assert_int_equal(s->origin, origin);
    assert_int_equal(s->code, code);
    assert_int_equal(s->local, local);
}

static void check_peer(const mailproto_smtp_status *s, unsigned code)
{
    check(s, MAILPROTO_ORIGIN_PEER, code, 0);
}

static void begin(struct driver *d, const char *lines)
{
    d_open(d, NULL);
    d_start(d, lines);
}

#define WIRE3                                                                          \
    "MAIL FROM:<a@x.example>\r\nRCPT TO:<r0@y.example>\r\nRCPT TO:<r1@y.example>\r\n"  \
    "RCPT TO:<r2@y.example>\r\nDATA\r\n"

static void mixed(struct driver *d)
{
    struct job *j = new_job(d, 3);
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c),
                     MAILPROTO_ERR_STATE);
    d_sent(d, WIRE3);
    d_feed_lump(d, "250 ok\r\n250-ok\r\n250 ok\r\n550 no\r\n552 full\r\n354 go\r\n");
    d_sent(d, "x\r\n.\r\n");
    assert_int_equal(j->ends, 0);
    assert_int_equal(j->t.accepted, 1);
    d_feed(d, "250-queued\r\n250 as 1\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->last, MAILPROTO_EOF);
    check_peer(&j->t.mail, 250);
    check_peer(&j->people[0].r.rcpt, 250);
    check_peer(&j->people[0].r.final, 250);
    check_peer(&j->people[1].r.rcpt, 550);
    check_peer(&j->people[1].r.final, 550);
    check_peer(&j->people[2].r.rcpt, 452); /* RFC 5321 4.5.3.1.10 */
    check_peer(&j->people[2].r.final, 452);
    assert_int_equal(j->t.delivered, 1);
    /* Over: nothing is the transaction's any more; a next one may start. */
    assert_int_equal(mailproto_smtp_client_noop(d->c, 100), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n");
    assert_int_equal(j->last, MAILPROTO_NOT_READY);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n451 later\r\n");
    assert_int_equal(j->ends, 2);
    assert_int_equal(j->t.accepted, 3);
    assert_int_equal(j->t.delivered, 0);
    check_peer(&j->people[1].r.rcpt, 250);
    check_peer(&j->people[1].r.final, 451);
}

static void one_by_one(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
    d_feed(d, "250 ok\r\n");
    d_sent(d, "RCPT TO:<r0@y.example>\r\n");
    d_feed(d, "250 ok\r\n");
    d_sent(d, "RCPT TO:<r1@y.example>\r\n");
    d_feed(d, "250 ok\r\n");
    d_sent(d, "DATA\r\n");
    d_feed(d, "354 go\r\n");
    d_sent(d, "x\r\n.\r\n");
    d_feed(d, "250 ok\r\n");
    assert_int_equal(j->t.delivered, 2);
    assert_int_equal(j->ends, 1);
}

static void mail_refused(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "550 no\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
    assert_int_equal(j->ends, 1);
    check_peer(&j->t.mail, 550);
    check(&j->people[0].r.rcpt, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_CANCELLED);
    check_peer(&j->people[0].r.final, 550);
    check_peer(&j->people[1].r.final, 550);
    assert_int_equal(j->t.accepted, 0);
}

/* The peer may even accept what follows a refused MAIL: it is not delivered. */
static void mail_refused_oddly(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "451 no\r\n250 ok\r\n250 ok\r\n354 go\r\n");
    assert_int_equal(j->ends, 1);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<r0@y.example>\r\n"
              "RCPT TO:<r1@y.example>\r\nDATA\r\n.\r\n");
    d_feed(d, "250 taken\r\n");
    assert_int_equal(j->ends, 1);
    check_peer(&j->people[0].r.rcpt, 250);
    check_peer(&j->people[0].r.final, 451);
    assert_int_equal(j->t.accepted, 0);
    assert_int_equal(j->t.delivered, 0);
}

static void all_refused(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n");
    assert_int_equal(j->ends, 0);
    d_feed(d, "450 later\r\n");
    assert_int_equal(j->ends, 1);
    check_peer(&j->people[0].r.final, 550);
    check_peer(&j->people[1].r.final, 450);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<r0@y.example>\r\n"
              "RCPT TO:<r1@y.example>\r\nRSET\r\n");
}

static void data_refused(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n250 ok\r\n451 not now\r\n");
    assert_int_equal(j->ends, 1);
    check_peer(&j->people[0].r.final, 550);
    check_peer(&j->people[1].r.rcpt, 250);
    check_peer(&j->people[1].r.final, 451);
    assert_int_equal(j->t.delivered, 0);
    assert_int_equal(j->t.accepted, 1);
}

/* ---- what cannot be given ----------------------------------------------------------- */

static void bad_recipients(struct driver *d)
{
    struct job *j = new_job(d, 3);
    begin(d, "250-PIPELINING\r\n");
    j->people[1].r.path = bytes("no@domain@here");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<r0@y.example>\r\n"
              "RCPT TO:<r2@y.example>\r\nDATA\r\n");
    check(&j->people[1].r.final, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_ARGUMENT);
    d_feed(d, "250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->t.delivered, 2);
    check(&j->people[1].r.rcpt, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_ARGUMENT);
    check(&j->people[1].r.final, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_ARGUMENT);
}

/* Nobody is left: MAIL is taken back. */
static void only_bad_recipients(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "");
    j->people[0].r.path = bytes("x");
    j->people[1].r.path = bytes("\xc3\xa4@y.example");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRSET\r\n");
    assert_int_equal(j->ends, 1);
    check(&j->people[0].r.final, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_ARGUMENT);
    check(&j->people[1].r.final, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_ARGUMENT);
}

static void over_at_once(struct driver *d)
{
    struct job *j = new_job(d, 2);
    mailproto_smtp_mail_params p;
    memset(&p, 0, sizeof p);
    p.struct_size = sizeof p;
    p.size = 1001;
    j->t.params = &p;
    begin(d, "250-SIZE 1000\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_EOF);
    check(&j->t.mail, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_LIMIT_OF_PEER);
    check(&j->people[1].r.final, MAILPROTO_ORIGIN_LOCAL, 0,
          MAILPROTO_ERR_LIMIT_OF_PEER);
    d_sent(d, "");
    p.size = 0;
    p.body = MAILPROTO_SMTP_BODY_8BITMIME;
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_EOF);
    check(&j->t.mail, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_NOT_OFFERED);
    p.body = 0;
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
}

static void misuse(struct driver *d)
{
    struct job *j = new_job(d, 1);
    mailproto_event ev;
    memset(&ev, 0, sizeof ev);
    d_open(d, NULL);
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_NOT_READY);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c),
                     MAILPROTO_ERR_STATE);
    j->t.count = 0;
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c),
                     MAILPROTO_ERR_ARGUMENT);
    j->t.count = 1;
    j->t.recipient_stride = sizeof(mailproto_smtp_recipient) - 1;
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c),
                     MAILPROTO_ERR_ARGUMENT);
    j->t.recipient_stride++;
    j->t.recipients = NULL;
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c),
                     MAILPROTO_ERR_ARGUMENT);
    j->t.recipients = &j->people[0].r;
    j->t.struct_size--;
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_transaction_start(NULL, d->c),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, NULL),
                     MAILPROTO_ERR_ARGUMENT);
}

/* ---- the session's end -------------------------------------------------------------- */

static void broken_off(struct driver *d)
{
    struct job *j = new_job(d, 3);
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n550 no\r\n250 ok\r\n");
    d_eof(d);
    assert_int_equal(j->ends, 1);
    check_peer(&j->people[0].r.final, 550);
    check_peer(&j->people[1].r.rcpt, 250);
    check(&j->people[1].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    check(&j->people[2].r.rcpt, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    check(&j->people[2].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    assert_int_equal(j->t.delivered, 0);
}

static void broken_off_before_reply(struct driver *d)
{
    struct job *j = new_job(d, 2);
    begin(d, "");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_eof(d);
    assert_int_equal(j->ends, 1);
    check(&j->t.mail, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    check(&j->people[1].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
}

static void going_away(struct driver *d)
{
    struct job *j = new_job(d, 3);
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n421 bye\r\n");
    assert_int_equal(j->ends, 1);
    check(&j->people[0].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    check_peer(&j->people[1].r.final, 421);
    check(&j->people[2].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
}

/* ---- many recipients, little room --------------------------------------------------- */

/* More than max_outstanding and more than the output holds; a third of them refused. */
static void many(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, PEOPLE);
    unsigned i;
    o.out_size = 128;
    o.max_outstanding = 4;
    d_open(d, &o);
    d_start(d, d->piece & 1U ? "250-PIPELINING\r\n" : "");
    d_forget(d);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n");
    for (i = 0; i < PEOPLE; i++) {
        d_run(d);
        d_feed(d, i % 3 == 0 ? "550 no\r\n" : "250 ok\r\n");
    }
    d_feed(d, "354 go\r\n");
    d_feed(d, "250 ok\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->t.accepted, PEOPLE - 14);
    assert_int_equal(j->t.delivered, PEOPLE - 14);
    for (i = 0; i < PEOPLE; i++) {
        check_peer(&j->people[i].r.final, i % 3 == 0 ? 550 : 250);
    }
    d->wire[d->wire_len] = '\0';
    assert_non_null(strstr(d->wire, "RCPT TO:<r39@y.example>\r\nDATA\r\nx\r\n.\r\n"));
}

/* The end comes while recipients still wait for room. */
static void many_broken_off(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, PEOPLE);
    unsigned i;
    o.max_outstanding = 4;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    d_forget(d);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n");
    d_eof(d);
    assert_int_equal(j->ends, 1);
    check_peer(&j->people[0].r.rcpt, 250);
    for (i = 0; i < PEOPLE; i++) {
        check(&j->people[i].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    }
    check(&j->people[PEOPLE - 1].r.rcpt, MAILPROTO_ORIGIN_NONE, 0, 0);
}

/* MAIL is refused while recipients still wait for room: they are never queued. */
static void many_and_mail_refused(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, PEOPLE);
    o.max_outstanding = 2;
    d_open(d, &o);
    d_start(d, "");
    d_forget(d);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "550 no\r\n");
    assert_int_equal(j->ends, 1);
    check_peer(&j->people[PEOPLE - 1].r.final, 550);
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
}

/* MAIL itself has to wait. */
static void mail_waits(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, 1);
    o.max_outstanding = 1;
    d_open(d, &o);
    d_start(d, "");
    d_forget(d);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_sent(d, "NOOP\r\n");
    d_feed(d, "250 noop\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\n");
    d_feed(d, "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->t.delivered, 1);
}

/* Tag 0 is legal, although a 421 to nothing has it too. */
static void tag_zero(struct driver *d)
{
    struct job *j = new_job(d, 1);
    j->t.tag = 0;
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n354 go\r\n");
    d_feed(d, "250 ok\r\n421 bye\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->t.delivered, 1);
}

/* ... and tags may wrap. */
static void tags_wrap(struct driver *d)
{
    struct job *j = new_job(d, 3);
    j->t.tag = UINT32_MAX - 1;
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n550 no\r\n250 ok\r\n354 go\r\n250 ok\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->t.delivered, 2);
}

/* The caller gives the content up. */
static void react_abort(struct driver *d, const mailproto_event *ev)
{
    struct job *j = (struct job *)d->ctx;
    mailproto_status st = mailproto_smtp_transaction_event(&j->t, d->c, ev);
    if (ev->type == MAILPROTO_EV_CONTENT_WANTED) {
        assert_int_equal(mailproto_session_content_abort(d->s), MAILPROTO_OK);
    }
    j->ends += st == MAILPROTO_EOF;
}

static void content_aborted(struct driver *d)
{
    struct job *j = new_job(d, 1);
    d->react = react_abort;
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n250 ok\r\n354 go\r\n");
    assert_int_equal(j->ends, 1);
    check(&j->people[0].r.final, MAILPROTO_ORIGIN_LOCAL, 0, MAILPROTO_ERR_CANCELLED);
}

/* The end comes while MAIL waits for room. */
static void never_begun(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, 1);
    o.max_outstanding = 1;
    d_open(d, &o);
    d_start(d, "");
    d_forget(d);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_eof(d);
    assert_int_equal(j->ends, 1);
    check(&j->t.mail, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    check(&j->people[0].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
}

/* The end comes while only DATA waits for room. */
static void data_waits(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, 1);
    o.max_outstanding = 2;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    d_forget(d);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<r0@y.example>\r\n");
    d_eof(d);
    assert_int_equal(j->ends, 1);
    check(&j->t.mail, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
}

/* The same when the recipient's outcome is the end itself: DATA is tried in vain. */
static void data_tried_in_vain(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, 1);
    o.max_outstanding = 1;
    d_open(d, &o);
    d_start(d, "");
    d_forget(d);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 ok\r\n");
    d_sent(d, "MAIL FROM:<a@x.example>\r\nRCPT TO:<r0@y.example>\r\n");
    d_eof(d);
    assert_int_equal(j->ends, 1);
    check_peer(&j->t.mail, 250);
    check(&j->people[0].r.rcpt, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
    check(&j->people[0].r.final, MAILPROTO_ORIGIN_TRANSPORT, 0, MAILPROTO_ERR_EOF);
}

/* The same after MAIL was answered: the recipient's outcome meets a session that is
 * over, so that DATA cannot be queued. */
static void data_comes_too_late(struct driver *d)
{
    mailproto_smtp_client_options o = d_options();
    struct job *j = new_job(d, 2);
    o.max_outstanding = 3;
    d_open(d, &o);
    d_start(d, "250-PIPELINING\r\n");
    d_forget(d);
    assert_int_equal(mailproto_smtp_client_noop(d->c, 1), MAILPROTO_OK);
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    d_feed(d, "250 noop\r\n421 bye\r\n");
    assert_int_equal(j->ends, 1);
    check_peer(&j->t.mail, 421);
    check_peer(&j->people[1].r.final, 421);
}

/* Events that are not the transaction's. */
static void foreign(struct driver *d)
{
    struct job *j = new_job(d, 1);
    mailproto_event ev;
    begin(d, "250-PIPELINING\r\n");
    assert_int_equal(mailproto_smtp_transaction_start(&j->t, d->c), MAILPROTO_OK);
    memset(&ev, 0, sizeof ev);
    ev.type = MAILPROTO_EV_SMTP_REPLY;
    ev.tag = 103;
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_NOT_READY);
    ev.tag = 99;
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_NOT_READY);
    ev.type = MAILPROTO_EV_CONTENT_WANTED;
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_NOT_READY);
    ev.type = MAILPROTO_EV_ROOM;
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_NOT_READY);
    ev.type = MAILPROTO_EV_TLS_GO;
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, &ev),
                     MAILPROTO_NOT_READY);
    assert_int_equal(mailproto_smtp_transaction_event(NULL, d->c, &ev),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_transaction_event(&j->t, d->c, NULL),
                     MAILPROTO_ERR_ARGUMENT);
    d_feed(d, "250 ok\r\n250 ok\r\n354 go\r\n250 ok\r\n");
    assert_int_equal(j->ends, 1);
    assert_int_equal(j->t.delivered, 1);
}

#define SCENARIO(name)                                                                 \
    static void test_##name(void **state)                                              \
    {                                                                                  \
        (void)state;                                                                   \
        everywhere(name);                                                              \
    }
SCENARIO(mixed)
SCENARIO(one_by_one)
SCENARIO(mail_refused)
SCENARIO(mail_refused_oddly)
SCENARIO(all_refused)
SCENARIO(data_refused)
SCENARIO(bad_recipients)
SCENARIO(only_bad_recipients)
SCENARIO(over_at_once)
SCENARIO(misuse)
SCENARIO(broken_off)
SCENARIO(broken_off_before_reply)
SCENARIO(going_away)
SCENARIO(many)
SCENARIO(many_broken_off)
SCENARIO(many_and_mail_refused)
SCENARIO(mail_waits)
SCENARIO(tag_zero)
SCENARIO(tags_wrap)
SCENARIO(content_aborted)
SCENARIO(never_begun)
SCENARIO(data_waits)
SCENARIO(data_tried_in_vain)
SCENARIO(data_comes_too_late)
SCENARIO(foreign)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_mail_refused),
        cmocka_unit_test(test_mail_refused_oddly),
        cmocka_unit_test(test_all_refused),
        cmocka_unit_test(test_data_refused),
        cmocka_unit_test(test_bad_recipients),
        cmocka_unit_test(test_only_bad_recipients),
        cmocka_unit_test(test_over_at_once),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_broken_off),
        cmocka_unit_test(test_broken_off_before_reply),
        cmocka_unit_test(test_going_away),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_many_broken_off),
        cmocka_unit_test(test_many_and_mail_refused),
        cmocka_unit_test(test_mail_waits),
        cmocka_unit_test(test_tag_zero),
        cmocka_unit_test(test_tags_wrap),
        cmocka_unit_test(test_content_aborted),
        cmocka_unit_test(test_never_begun),
        cmocka_unit_test(test_data_waits),
        cmocka_unit_test(test_data_tried_in_vain),
        cmocka_unit_test(test_data_comes_too_late),
        cmocka_unit_test(test_foreign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
