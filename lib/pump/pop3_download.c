/*
 * One visit to a maildrop: which verb comes next, and what became of which message.
 * Written on the public headers alone; whatever it does, a program can do by itself.
 *
 * A bit of `marks` stands for a message that is wanted and not yet safe; taken away when
 * it was kept. Messages are fetched in order, so a few numbers say the rest: those below
 * DONE have their outcome, those below NEXT were asked for. Then whatever is below DONE
 * without a bit is seen or kept, and may be deleted; but only if the listing named every
 * number in order: else a number without a bit may be a message nobody has seen, and
 * nothing is deleted but what was kept just now.
 *
 * Where a unique-id came twice, nobody can tell afterwards which of the two was kept: so
 * they go together, at the end, when all are safe; or they stay.
 */
#include <mailproto/pop3.h>

/* What `opaque` holds. */
enum {
    PHASE,    /* enum phase */
    STUCK,    /* 1: a verb said AGAIN */
    ASKED,    /* verbs whose outcome is to come */
    LAST,     /* the highest number in the listing so far, within `marks` or not */
    NEXT,     /* the message whose fetch is to be queued */
    CURRENT,  /* the message that fetch replies are about; 0: the next one queued */
    DONE,     /* messages below have their outcome */
    CHECKED,  /* messages below need no more looking whether to delete them */
    FETCHES,  /* messages asked for, their outcome to come */
    FINISHED, /* the message that had its outcome last */
    BITS      /* BIT_... */
};

enum phase {
    IDLE,    /* not begun, or over */
    LISTING, /* UIDL or LIST is to be queued, or on its way */
    FETCHING,
    QUITTING, /* QUIT is to be queued, or on its way */
    OUTCOMES  /* the session is broken or not ours: only outcomes are awaited */
};

enum {
    BIT_UIDS = 1,      /* unique-ids are listed and asked for */
    BIT_LISTED = 2,    /* the listing was queued */
    BIT_IRREGULAR = 4, /* a number is missing, comes twice, or out of order */
    BIT_HALF = 8,      /* UIDL of NEXT was queued, its RETR was not */
    BIT_WHOLE = 16,    /* the content of CURRENT is complete */
    BIT_UNNAMED = 32,  /* the unique-id of CURRENT is not to be had */
    BIT_QUIT = 64,     /* QUIT was queued */
    BIT_REPEATED = 128 /* two messages have the same unique-id */
};

/* Tags, from `tag` on. */
enum { TAG_UIDL, TAG_LIST, TAG_UID, TAG_RETR, TAG_DELE, TAG_QUIT, TAGS };

/* Messages asked for at once: two commands each, of the 32 that may wait by default. */
enum { AHEAD = 12 };

/* ---- marks -------------------------------------------------------------------------- */

/* Messages that `marks` has room for. */
static uint32_t room(const mailproto_pop3_download *d)
{
    return d->marks_size > UINT32_MAX / 8 ? UINT32_MAX - 1 : d->marks_size * 8;
}

/* The first number behind those that are handled. */
static uint32_t end_of(const mailproto_pop3_download *d)
{
    return (d->opaque[LAST] < room(d) ? d->opaque[LAST] : room(d)) + 1;
}

static int is_marked(const mailproto_pop3_download *d, uint32_t n)
{
    return (d->marks[(n - 1) / 8] >> ((n - 1) % 8) & 1) != 0;
}

static void mark(mailproto_pop3_download *d, uint32_t n)
{
    d->marks[(n - 1) / 8] = (uint8_t)(d->marks[(n - 1) / 8] | 1U << (n - 1) % 8);
}

static void unmark(mailproto_pop3_download *d, uint32_t n)
{
    d->marks[(n - 1) / 8] =
        (uint8_t)(d->marks[(n - 1) / 8] & ~(1U << (n - 1) % 8) & 0xFFU);
}

/* The first marked number from `n` on, or end_of(). */
static uint32_t next_marked(const mailproto_pop3_download *d, uint32_t n)
{
    uint32_t end = end_of(d);
    while (n < end && !is_marked(d, n)) {
        /* a whole octet of the seen at a time */
        n += (n - 1) % 8 == 0 && end - n >= 8 && d->marks[(n - 1) / 8] == 0 ? 8 : 1;
    }
    return n;
}

static int has(const mailproto_pop3_download *d, uint32_t bit)
{
    return (d->opaque[BITS] & bit) != 0;
}

static void set(mailproto_pop3_download *d, uint32_t bit, int on)
{
    d->opaque[BITS] = on ? d->opaque[BITS] | bit : d->opaque[BITS] & ~bit;
}

/* ---- unique-ids --------------------------------------------------------------------- */

static void forget_uid(mailproto_pop3_download *d)
{
    d->uid.ptr = d->uid_room;
    d->uid.len = 0;
}

/* Keeps it; 0: longer than RFC 1939 7 allows, by so much that it does not fit. */
static int keep_uid(mailproto_pop3_download *d, mailproto_bytes uid)
{
    size_t i;
    forget_uid(d);
    if (uid.len > sizeof d->uid_room) {
        return 0;
    }
    for (i = 0; i < uid.len; i++) {
        d->uid_room[i] = uid.ptr[i];
    }
    d->uid.len = uid.len;
    return 1;
}

/* ---- verbs -------------------------------------------------------------------------- */

/* Notes what a verb said: 1, it was queued. */
static int queued(mailproto_pop3_download *d, mailproto_status st)
{
    if (st == MAILPROTO_OK) {
        ++d->opaque[ASKED];
        return 1;
    }
    if (st == MAILPROTO_AGAIN) {
        d->opaque[STUCK] = 1;
    } else { /* failed, or the application has ended it */
        if (d->opaque[PHASE] == LISTING) {
            d->listed = st;
        }
        d->opaque[PHASE] = OUTCOMES;
    }
    return 0;
}

static void queue_listing(mailproto_pop3_download *d, mailproto_pop3_client *client)
{
    mailproto_status st =
        has(d, BIT_UIDS) ? mailproto_pop3_client_uidl(client, d->tag + TAG_UIDL, 0)
                         : mailproto_pop3_client_list(client, d->tag + TAG_LIST, 0);
    if (queued(d, st)) {
        set(d, BIT_LISTED, 1);
    }
}

/* Whether a message is to be fetched now. */
static int may_fetch(const mailproto_pop3_download *d)
{
    uint32_t most = d->ahead;
    if (has(d, BIT_IRREGULAR)) { /* one after another: see the top */
        most = d->opaque[CHECKED] < d->opaque[DONE] ? 0 : 1;
    }
    return d->opaque[NEXT] < end_of(d) &&
           (d->opaque[FETCHES] < most || has(d, BIT_HALF));
}

static void queue_fetch(mailproto_pop3_download *d, mailproto_pop3_client *client)
{
    uint32_t n = d->opaque[NEXT];
    if (!has(d, BIT_HALF)) {
        n = next_marked(d, n);
        d->opaque[NEXT] = n;
        if (n >= end_of(d)) {
            return;
        }
        if (has(d, BIT_UIDS) &&
            !queued(d, mailproto_pop3_client_uidl(client, d->tag + TAG_UID, n))) {
            return;
        }
        set(d, BIT_HALF, 1);
        ++d->opaque[FETCHES];
    }
    if (queued(d, mailproto_pop3_client_retr(client, d->tag + TAG_RETR, n))) {
        set(d, BIT_HALF, 0);
        d->opaque[NEXT] = n + 1;
    }
}

/* Whether anything that is safe so far may be deleted: see the top. */
static int may_delete(const mailproto_pop3_download *d)
{
    if (has(d, BIT_REPEATED) &&
        (has(d, BIT_IRREGULAR) || d->failed > 0 || d->left > 0)) {
        return 0;
    }
    return (d->flags & MAILPROTO_POP3_DOWNLOAD_DELETE) != 0;
}

/* Deletes what is below DONE and safe. `last`: all have their outcome. 0: a verb was not
   taken. */
static int queue_deletions(mailproto_pop3_download *d, mailproto_pop3_client *client,
                           int last)
{
    if (!may_delete(d)) {
        d->opaque[CHECKED] = d->opaque[DONE];
    } else if (has(d, BIT_REPEATED) && !last) {
        return 1;
    }
    while (d->opaque[CHECKED] < d->opaque[DONE]) {
        uint32_t n = d->opaque[CHECKED];
        if (!is_marked(d, n) &&
            !queued(d, mailproto_pop3_client_dele(client, d->tag + TAG_DELE, n))) {
            return 0;
        }
        ++d->opaque[CHECKED];
    }
    return 1;
}

static void fetch(mailproto_pop3_download *d, mailproto_pop3_client *client)
{
    if (!has(d, BIT_HALF) && !queue_deletions(d, client, 0)) {
        return;
    }
    while (may_fetch(d) && !d->opaque[STUCK] && d->opaque[PHASE] == FETCHING) {
        queue_fetch(d, client);
    }
    if (d->opaque[STUCK] || d->opaque[PHASE] != FETCHING || d->opaque[FETCHES] > 0 ||
        d->opaque[NEXT] < end_of(d)) {
        return;
    }
    if (!has(d, BIT_IRREGULAR)) { /* the seen behind the last one that was wanted */
        d->opaque[DONE] = end_of(d);
    }
    if (queue_deletions(d, client, 1)) {
        d->opaque[PHASE] =
            d->flags & MAILPROTO_POP3_DOWNLOAD_QUIT ? QUITTING : OUTCOMES;
    }
}

/* Queues what can be queued: OK, or EOF when all have their outcome. */
static mailproto_status go_on(mailproto_pop3_download *d, mailproto_pop3_client *client)
{
    d->opaque[STUCK] = 0;
    if (d->asks != MAILPROTO_POP3_ASKS_NOTHING) {
        return MAILPROTO_OK;
    }
    if (d->opaque[PHASE] == LISTING && !has(d, BIT_LISTED)) {
        queue_listing(d, client);
    }
    if (d->opaque[PHASE] == FETCHING) {
        fetch(d, client);
    }
    if (d->opaque[PHASE] == QUITTING && !has(d, BIT_QUIT) &&
        queued(d, mailproto_pop3_client_quit(client, d->tag + TAG_QUIT))) {
        set(d, BIT_QUIT, 1);
    }
    if (d->opaque[PHASE] == OUTCOMES && d->opaque[ASKED] == 0) {
        d->opaque[PHASE] = IDLE;
        return MAILPROTO_EOF;
    }
    return MAILPROTO_OK;
}

/* ---- the listing -------------------------------------------------------------------- */

/* A message that counts: wanted. */
static void want(mailproto_pop3_download *d, uint32_t n)
{
    mark(d, n);
    ++d->wanted;
}

static mailproto_status list_item(mailproto_pop3_download *d, const mailproto_event *ev)
{
    uint32_t n = ev->code;
    int ahead = n > d->opaque[LAST];
    if (n != d->opaque[LAST] + 1) {
        set(d, BIT_IRREGULAR, 1);
    }
    if (n == d->opaque[LAST] || (n <= room(d) && is_marked(d, n))) {
        return MAILPROTO_OK; /* once is enough */
    }
    ++d->messages;
    if (ahead) {
        d->opaque[LAST] = n;
    }
    if (n > room(d)) {
        ++d->left;
        return MAILPROTO_OK;
    }
    if (!has(d, BIT_UIDS)) {
        want(d, n);
        return MAILPROTO_OK;
    }
    if (!keep_uid(d, ev->text)) {
        set(d, BIT_IRREGULAR, 1);
        ++d->failed; /* there is no telling it from others */
        return MAILPROTO_OK;
    }
    d->message = n;
    d->asks = MAILPROTO_POP3_ASKS_SEEN;
    return MAILPROTO_YOUR_TURN;
}

/* A line that names no message: there is one, though, that is not to be had. */
static void list_nonsense(mailproto_pop3_download *d, const mailproto_event *ev)
{
    if (d->opaque[PHASE] == LISTING && (ev->flags & MAILPROTO_EVF_MORE) == 0) {
        set(d, BIT_IRREGULAR, 1);
        ++d->messages;
        ++d->failed;
    }
}

/* Whether a refusal of UIDL means that there is none, RFC 1939 7: it is optional. Not
   when it was offered, nor when it fails for a reason that has nothing to do with that:
   then all the messages would seem to be new. */
static int has_no_uidl(mailproto_pop3_client *client, uint32_t resp)
{
    return !mailproto_session_has_cap(mailproto_pop3_client_session(client),
                                      MAILPROTO_POP3_CAP_UIDL) &&
           resp != MAILPROTO_POP3_RESP_IN_USE && resp != MAILPROTO_POP3_RESP_SYS_TEMP &&
           resp != MAILPROTO_POP3_RESP_SYS_PERM;
}

/* There is no listing: why. */
static void unlisted(mailproto_pop3_download *d, const mailproto_pop3_status *status)
{
    if (status->code == MAILPROTO_POP3_ERR) {
        d->listed = MAILPROTO_ERR_REFUSED;
        d->resp = status->resp;
        d->opaque[PHASE] =
            d->flags & MAILPROTO_POP3_DOWNLOAD_QUIT ? QUITTING : OUTCOMES;
    } else {
        d->listed = status->local < 0 ? status->local : MAILPROTO_ERR_EOF;
        d->opaque[PHASE] = OUTCOMES;
    }
}

static mailproto_status list_outcome(mailproto_pop3_download *d,
                                     mailproto_pop3_client *client,
                                     const mailproto_event *ev)
{
    mailproto_pop3_status status;
    status.struct_size = sizeof status;
    status.code = MAILPROTO_POP3_NO_REPLY;
    status.resp = MAILPROTO_POP3_RESP_NONE;
    status.local = MAILPROTO_OK;
    (void)mailproto_pop3_event_status(ev, &status);
    if (ev->code == MAILPROTO_POP3_OK) {
        d->listed = MAILPROTO_OK;
        d->opaque[PHASE] = FETCHING;
        d->opaque[NEXT] = 1;
        d->opaque[DONE] = 1;
        d->opaque[CHECKED] = 1;
        forget_uid(d);
    } else if (ev->code == MAILPROTO_POP3_ERR && has(d, BIT_UIDS) &&
               has_no_uidl(client, status.resp)) {
        set(d, BIT_UIDS, 0);
        set(d, BIT_LISTED, 0);
    } else {
        unlisted(d, &status);
    }
    return go_on(d, client);
}

/* ---- fetching ----------------------------------------------------------------------- */

/* Replies come in the order of the questions. */
static void find_current(mailproto_pop3_download *d)
{
    if (d->opaque[CURRENT] == 0) {
        d->opaque[CURRENT] = next_marked(d, d->opaque[FINISHED] + 1);
        d->message = d->opaque[CURRENT];
        set(d, BIT_WHOLE, 0);
        set(d, BIT_UNNAMED, has(d, BIT_UIDS));
        forget_uid(d);
    }
}

static void uid_item(mailproto_pop3_download *d, const mailproto_event *ev)
{
    find_current(d);
    if (ev->code == d->opaque[CURRENT] && keep_uid(d, ev->text)) {
        set(d, BIT_UNNAMED, 0);
    }
}

/* The message has its outcome. */
static void finish(mailproto_pop3_download *d)
{
    uint32_t n = d->opaque[CURRENT];
    if (has(d, BIT_IRREGULAR)) { /* those in between may be anything */
        d->opaque[CHECKED] = n;
    }
    d->opaque[FINISHED] = n;
    d->opaque[DONE] = n + 1;
    d->opaque[CURRENT] = 0;
    --d->opaque[FETCHES];
}

static mailproto_status retr_outcome(mailproto_pop3_download *d,
                                     mailproto_pop3_client *client,
                                     const mailproto_event *ev)
{
    find_current(d);
    if (ev->code == MAILPROTO_POP3_NO_REPLY) { /* neither done nor failed: next time */
        finish(d);
        d->opaque[PHASE] = OUTCOMES;
        return go_on(d, client);
    }
    if (ev->code == MAILPROTO_POP3_OK && has(d, BIT_WHOLE) && !has(d, BIT_UNNAMED)) {
        d->asks = MAILPROTO_POP3_ASKS_KEEP;
        return MAILPROTO_YOUR_TURN;
    }
    ++d->failed;
    finish(d);
    return go_on(d, client);
}

/* ---- events ------------------------------------------------------------------------- */

/* The end of a verb: the last of the events that answer it. */
static mailproto_status outcome(mailproto_pop3_download *d,
                                mailproto_pop3_client *client,
                                const mailproto_event *ev)
{
    --d->opaque[ASKED];
    switch (ev->tag - d->tag) {
    case TAG_UIDL:
    case TAG_LIST:
        return list_outcome(d, client, ev);
    case TAG_RETR:
        return retr_outcome(d, client, ev);
    case TAG_DELE:
        d->deleted += ev->code == MAILPROTO_POP3_OK ? 1U : 0U;
        break;
    default:
        break;
    }
    if (ev->code == MAILPROTO_POP3_NO_REPLY) {
        d->opaque[PHASE] = OUTCOMES;
    }
    return go_on(d, client);
}

static mailproto_status take_item(mailproto_pop3_download *d, const mailproto_event *ev)
{
    switch (ev->tag - d->tag) {
    case TAG_UIDL:
    case TAG_LIST:
        return list_item(d, ev);
    case TAG_UID:
        uid_item(d, ev);
        return MAILPROTO_OK;
    default:
        return MAILPROTO_NOT_READY;
    }
}

/* A reply of one of the download's verbs. */
static mailproto_status take_reply(mailproto_pop3_download *d,
                                   mailproto_pop3_client *client,
                                   const mailproto_event *ev)
{
    uint32_t which = ev->tag - d->tag;
    if (ev->flags & MAILPROTO_EVF_MORE) {
        return MAILPROTO_OK;
    }
    if (ev->flags & MAILPROTO_EVF_LINE_MORE) {
        if (which == TAG_RETR) {
            find_current(d); /* its content comes */
        }
        return MAILPROTO_OK;
    }
    return outcome(d, client, ev);
}

/* Whether the event answers one of the download's verbs. */
static int is_mine(const mailproto_pop3_download *d, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_POP3_ITEM:
    case MAILPROTO_EV_POP3_LINE:
    case MAILPROTO_EV_POP3_COMMIT:
    case MAILPROTO_EV_CONTENT:
    case MAILPROTO_EV_CONTENT_END:
    case MAILPROTO_EV_CONTENT_ABORTED:
        return d->opaque[ASKED] > 0 && ev->tag - d->tag < TAGS;
    default:
        return 0;
    }
}

static mailproto_status take(mailproto_pop3_download *d, mailproto_pop3_client *client,
                             const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_POP3_REPLY:
        return take_reply(d, client, ev);
    case MAILPROTO_EV_POP3_ITEM:
        return take_item(d, ev);
    case MAILPROTO_EV_POP3_LINE:
        list_nonsense(d, ev);
        return MAILPROTO_OK;
    case MAILPROTO_EV_CONTENT_END:
        set(d, BIT_WHOLE, 1);
        return MAILPROTO_OK;
    case MAILPROTO_EV_POP3_COMMIT:
        if (ev->flags & MAILPROTO_EVF_MORE) {
            return MAILPROTO_OK;
        }
        d->commit = ev->code;
        d->opaque[PHASE] = IDLE;
        return MAILPROTO_EOF;
    default:
        return MAILPROTO_OK;
    }
}

static int is_usable(const mailproto_pop3_download *d,
                     const mailproto_pop3_client *client)
{
    return d != NULL && client != NULL && d->struct_size >= sizeof *d;
}

mailproto_status mailproto_pop3_download_event(mailproto_pop3_download *d,
                                               mailproto_pop3_client *client,
                                               const mailproto_event *ev)
{
    if (!is_usable(d, client) || ev == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (d->opaque[PHASE] == IDLE) {
        return MAILPROTO_NOT_READY;
    }
    if (d->asks != MAILPROTO_POP3_ASKS_NOTHING) {
        return MAILPROTO_ERR_STATE;
    }
    if (is_mine(d, ev)) {
        return take(d, client, ev);
    }
    switch (ev->type) {
    case MAILPROTO_EV_ROOM:
        return d->opaque[STUCK] ? go_on(d, client) : MAILPROTO_NOT_READY;
    case MAILPROTO_EV_CLOSED:
        d->opaque[PHASE] = IDLE;
        return MAILPROTO_EOF;
    default:
        return MAILPROTO_NOT_READY;
    }
}

/* ---- the other calls ---------------------------------------------------------------- */

/* Whether unique-ids are worth a try: they are offered, or nothing is known of that. */
static int may_have_uids(mailproto_pop3_client *client)
{
    mailproto_session *s = mailproto_pop3_client_session(client);
    mailproto_bytes line;
    return mailproto_session_has_cap(s, MAILPROTO_POP3_CAP_UIDL) ||
           mailproto_session_cap_text(s, 0, &line) != MAILPROTO_OK;
}

mailproto_status mailproto_pop3_download_start(mailproto_pop3_download *d,
                                               mailproto_pop3_client *client)
{
    const uint32_t known =
        MAILPROTO_POP3_DOWNLOAD_DELETE | MAILPROTO_POP3_DOWNLOAD_QUIT;
    mailproto_status st;
    uint32_t i;
    if (!is_usable(d, client) || d->marks == NULL || d->marks_size == 0 ||
        (d->flags & ~known) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (d->opaque[PHASE] != IDLE) {
        return MAILPROTO_ERR_STATE;
    }
    /* Says whether the session is ready, and of anything else nothing. */
    st = mailproto_pop3_client_dele(client, d->tag, 0);
    if (st != MAILPROTO_ERR_ARGUMENT) {
        return st < 0 ? st : MAILPROTO_ERR_STATE;
    }
    for (i = 0; i < sizeof d->opaque / sizeof d->opaque[0]; i++) {
        d->opaque[i] = 0;
    }
    for (i = 0; i < d->marks_size; i++) {
        d->marks[i] = 0;
    }
    d->ahead = d->ahead != 0 ? d->ahead : AHEAD;
    d->asks = MAILPROTO_POP3_ASKS_NOTHING;
    d->message = d->messages = d->wanted = d->kept = 0;
    d->failed = d->deleted = d->left = 0;
    d->commit = MAILPROTO_POP3_COMMIT_NOT;
    d->listed = MAILPROTO_NOT_READY;
    d->resp = MAILPROTO_POP3_RESP_NONE;
    forget_uid(d);
    set(d, BIT_UIDS, may_have_uids(client));
    d->opaque[PHASE] = LISTING;
    return go_on(d, client);
}

mailproto_status mailproto_pop3_download_seen(mailproto_pop3_download *d,
                                              mailproto_pop3_client *client, int seen)
{
    const unsigned known = MAILPROTO_POP3_SEEN | MAILPROTO_POP3_SEEN_REPEATED;
    if (!is_usable(d, client) || ((unsigned)seen & ~known) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (d->asks != MAILPROTO_POP3_ASKS_SEEN) {
        return MAILPROTO_ERR_STATE;
    }
    d->asks = MAILPROTO_POP3_ASKS_NOTHING;
    if ((unsigned)seen & MAILPROTO_POP3_SEEN_REPEATED) {
        set(d, BIT_REPEATED, 1);
    }
    if (((unsigned)seen & MAILPROTO_POP3_SEEN) == 0) {
        want(d, d->message);
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_pop3_download_kept(mailproto_pop3_download *d,
                                              mailproto_pop3_client *client, int kept)
{
    if (!is_usable(d, client)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (d->asks != MAILPROTO_POP3_ASKS_KEEP) {
        return MAILPROTO_ERR_STATE;
    }
    d->asks = MAILPROTO_POP3_ASKS_NOTHING;
    if (kept) {
        unmark(d, d->opaque[CURRENT]);
        ++d->kept;
    } else {
        ++d->failed;
    }
    finish(d);
    return go_on(d, client);
}
