/*
 * One message to many recipients: which verb comes next, and what became of whom.
 * Written on the public headers alone; whatever it does, a program can do by itself.
 */
#include <mailproto/smtp.h>

/* What `opaque` holds. */
enum {
    PHASE,  /* enum phase */
    NEXT,   /* the recipient whose RCPT comes next */
    ASKED,  /* verbs whose outcome is to come */
    QUEUED, /* recipients whose RCPT was queued */
    STUCK   /* 1: a verb said AGAIN */
};

enum phase {
    IDLE,       /* not begun, or over */
    MAIL,       /* MAIL is to be queued */
    RECIPIENTS, /* RCPT are to be queued */
    LAST,       /* DATA (or RSET, when there is no recipient) is to be queued */
    OUTCOMES    /* only outcomes are awaited */
};

static mailproto_smtp_recipient *recipient(const mailproto_smtp_transaction *t,
                                           uint32_t i)
{
    char *first = (char *)t->recipients;
    return (mailproto_smtp_recipient *)(void *)(first +
                                                (size_t)i * t->recipient_stride);
}

static mailproto_smtp_status no_status(uint32_t origin, mailproto_status why)
{
    mailproto_smtp_status s = {0, {0, 0, 0}, 0, 0};
    s.origin = origin;
    s.local = why;
    return s;
}

static int is_good(const mailproto_smtp_status *s)
{
    return s->origin == MAILPROTO_ORIGIN_PEER && s->code / 100 == 2;
}

/* The final status of everyone who has none. */
static void settle(mailproto_smtp_transaction *t, const mailproto_smtp_status *s)
{
    uint32_t i;
    for (i = 0; i < t->count; i++) {
        if (recipient(t, i)->final.origin == MAILPROTO_ORIGIN_NONE) {
            recipient(t, i)->final = *s;
        }
    }
}

/* The transaction itself cannot go on; what was queued still has its outcomes. */
static void give_up(mailproto_smtp_transaction *t, const mailproto_smtp_status *s)
{
    settle(t, s);
    t->opaque[PHASE] = OUTCOMES;
    t->opaque[STUCK] = 0;
}

/* Why a verb was not taken: the argument or the peer's abilities, which concern this
 * message or recipient only; anything else is the session's end. */
static int is_local(mailproto_status st)
{
    return st == MAILPROTO_ERR_ARGUMENT || st == MAILPROTO_ERR_VERSION ||
           st == MAILPROTO_ERR_TOO_LONG || st == MAILPROTO_ERR_NOT_BUILT || st <= -500;
}

static mailproto_smtp_status why_not(mailproto_status st)
{
    return no_status(is_local(st) || st == MAILPROTO_ERR_STATE
                         ? (uint32_t)MAILPROTO_ORIGIN_LOCAL
                         : (uint32_t)MAILPROTO_ORIGIN_TRANSPORT,
                     st);
}

/* ---- verbs -------------------------------------------------------------------------- */

static void queue_mail(mailproto_smtp_transaction *t, mailproto_smtp_client *client)
{
    mailproto_status st =
        mailproto_smtp_client_mail(client, t->tag, t->sender, t->params);
    if (st == MAILPROTO_AGAIN) {
        t->opaque[STUCK] = 1;
    } else if (st == MAILPROTO_OK) {
        ++t->opaque[ASKED];
        t->opaque[PHASE] = RECIPIENTS;
    } else {
        t->mail = why_not(st);
        give_up(t, &t->mail);
    }
}

static void queue_recipient(mailproto_smtp_transaction *t,
                            mailproto_smtp_client *client)
{
    uint32_t i = t->opaque[NEXT];
    mailproto_smtp_recipient *r = recipient(t, i);
    mailproto_status st =
        mailproto_smtp_client_rcpt(client, t->tag + 1 + i, r->path, r->params);
    if (st == MAILPROTO_AGAIN) {
        t->opaque[STUCK] = 1;
        return;
    }
    if (st == MAILPROTO_OK) {
        ++t->opaque[ASKED];
        ++t->opaque[QUEUED];
    } else {
        r->rcpt = why_not(st);
        r->final = r->rcpt;
        if (!is_local(st)) {
            give_up(t, &r->rcpt);
            return;
        }
    }
    ++t->opaque[NEXT];
    if (t->opaque[NEXT] == t->count) {
        t->opaque[PHASE] = LAST;
    }
}

static void queue_last(mailproto_smtp_transaction *t, mailproto_smtp_client *client)
{
    uint32_t tag = t->tag + 1 + t->count;
    mailproto_status st = t->opaque[QUEUED] > 0
                              ? mailproto_smtp_client_data(client, tag)
                              : mailproto_smtp_client_rset(client, tag);
    mailproto_smtp_status why;
    if (st == MAILPROTO_AGAIN) {
        t->opaque[STUCK] = 1;
    } else if (st == MAILPROTO_OK) {
        ++t->opaque[ASKED];
        t->opaque[PHASE] = OUTCOMES;
    } else {
        why = why_not(st);
        give_up(t, &why);
    }
}

/* Queues what can be queued: OK, or EOF when all have their outcome. */
static mailproto_status go_on(mailproto_smtp_transaction *t,
                              mailproto_smtp_client *client)
{
    t->opaque[STUCK] = 0;
    while (!t->opaque[STUCK] && t->opaque[PHASE] != OUTCOMES) {
        switch (t->opaque[PHASE]) {
        case MAIL:
            queue_mail(t, client);
            break;
        case RECIPIENTS:
            queue_recipient(t, client);
            break;
        default:
            queue_last(t, client);
            break;
        }
    }
    if (t->opaque[PHASE] == OUTCOMES && t->opaque[ASKED] == 0) {
        t->opaque[PHASE] = IDLE;
        return MAILPROTO_EOF;
    }
    return MAILPROTO_OK;
}

/* ---- outcomes ----------------------------------------------------------------------- */

static void mail_outcome(mailproto_smtp_transaction *t, const mailproto_smtp_status *s)
{
    t->mail = *s;
    if (!is_good(s)) {
        settle(t, s);
        if (t->opaque[PHASE] != OUTCOMES) {
            t->opaque[PHASE] = OUTCOMES; /* no more of it is queued */
        }
    }
}

static void recipient_outcome(mailproto_smtp_transaction *t, uint32_t i,
                              const mailproto_smtp_status *s)
{
    mailproto_smtp_recipient *r = recipient(t, i);
    r->rcpt = *s;
    if (r->final.origin != MAILPROTO_ORIGIN_NONE) {
        return; /* MAIL was refused */
    }
    if (is_good(s)) {
        ++t->accepted;
    } else {
        r->final = *s;
    }
}

static void final_outcome(mailproto_smtp_transaction *t, const mailproto_smtp_status *s)
{
    uint32_t i;
    for (i = 0; i < t->count; i++) {
        mailproto_smtp_recipient *r = recipient(t, i);
        if (r->final.origin == MAILPROTO_ORIGIN_NONE && is_good(&r->rcpt) &&
            is_good(s)) {
            ++t->delivered;
        }
    }
    settle(t, s);
}

/* Whether the event is the outcome of a verb of this transaction; `*which` of which. */
static int is_outcome(const mailproto_smtp_transaction *t, const mailproto_event *ev,
                      uint32_t *which)
{
    *which = ev->tag - t->tag;
    if (ev->type != MAILPROTO_EV_SMTP_REPLY && ev->type != MAILPROTO_EV_SMTP_FINAL) {
        return 0;
    }
    if (t->opaque[PHASE] == MAIL || *which > t->count + 1) {
        return 0;
    }
    if (*which == 0) { /* tag 0 is also that of a 421 to nothing */
        return t->mail.origin == MAILPROTO_ORIGIN_NONE;
    }
    if (*which <= t->count) {
        return recipient(t, *which - 1)->rcpt.origin == MAILPROTO_ORIGIN_NONE;
    }
    return t->opaque[PHASE] == OUTCOMES && t->opaque[ASKED] > 0;
}

static mailproto_status take_outcome(mailproto_smtp_transaction *t,
                                     mailproto_smtp_client *client,
                                     const mailproto_event *ev, uint32_t which)
{
    mailproto_smtp_status s = {0, {0, 0, 0}, 0, 0};
    if (ev->flags & ((uint32_t)MAILPROTO_EVF_MORE | MAILPROTO_EVF_LINE_MORE)) {
        return MAILPROTO_OK;
    }
    (void)mailproto_smtp_event_status(ev, &s);
    --t->opaque[ASKED];
    if (which == 0) {
        mail_outcome(t, &s);
    } else if (which <= t->count) {
        recipient_outcome(t, which - 1, &s);
    } else {
        final_outcome(t, &s);
    }
    return go_on(t, client);
}

/* ---- the two calls ------------------------------------------------------------------ */

mailproto_status mailproto_smtp_transaction_start(mailproto_smtp_transaction *t,
                                                  mailproto_smtp_client *client)
{
    const mailproto_smtp_status none = {0, {0, 0, 0}, 0, 0};
    mailproto_status st;
    uint32_t i;
    if (t == NULL || client == NULL || t->struct_size < sizeof *t ||
        t->recipients == NULL || t->count == 0 || t->count > UINT32_MAX - 2 ||
        t->recipient_stride < sizeof(mailproto_smtp_recipient)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (t->opaque[PHASE] != IDLE) {
        return MAILPROTO_ERR_STATE;
    }
    for (i = 0; i < t->count; i++) {
        recipient(t, i)->rcpt = none;
        recipient(t, i)->final = none;
    }
    t->accepted = 0;
    t->delivered = 0;
    t->mail = none;
    for (i = 0; i < sizeof t->opaque / sizeof t->opaque[0]; i++) {
        t->opaque[i] = 0;
    }
    t->opaque[PHASE] = MAIL;
    st = go_on(t, client);
    if (st == MAILPROTO_EOF && !is_local(t->mail.local)) {
        return t->mail.local; /* not ready, or failed: nothing has begun */
    }
    return st;
}

mailproto_status mailproto_smtp_transaction_event(mailproto_smtp_transaction *t,
                                                  mailproto_smtp_client *client,
                                                  const mailproto_event *ev)
{
    mailproto_smtp_status gone;
    uint32_t which;
    if (t == NULL || client == NULL || ev == NULL || t->struct_size < sizeof *t) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (t->opaque[PHASE] == IDLE) {
        return MAILPROTO_NOT_READY;
    }
    if (is_outcome(t, ev, &which)) {
        return take_outcome(t, client, ev, which);
    }
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_REPLY: /* 421 to nothing: CLOSED follows */
    case MAILPROTO_EV_SMTP_FINAL:
        return MAILPROTO_NOT_READY;
    case MAILPROTO_EV_ROOM:
        return t->opaque[STUCK] ? go_on(t, client) : MAILPROTO_NOT_READY;
    case MAILPROTO_EV_CONTENT_WANTED:
        return ev->tag == t->tag + 1 + t->count ? MAILPROTO_OK : MAILPROTO_NOT_READY;
    case MAILPROTO_EV_CLOSED:
        gone =
            no_status(MAILPROTO_ORIGIN_TRANSPORT,
                      ev->code != 0 ? (mailproto_status)ev->code : MAILPROTO_ERR_EOF);
        if (t->mail.origin == MAILPROTO_ORIGIN_NONE) {
            t->mail = gone;
        }
        settle(t, &gone);
        t->opaque[PHASE] = IDLE;
        return MAILPROTO_EOF;
    default:
        return MAILPROTO_NOT_READY;
    }
}
