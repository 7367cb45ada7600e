/*
 * The IMAP server's engine: asks the session's state what comes next. Knows the order of
 * things, time-outs, failure and the end; the commands are in the server's other files.
 */
#include "imap/server.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

/* ---- what all files of the server use -------------------------------------------- */

mailproto_event *mailproto__imap_server_ask(mailproto_imap_server *server,
                                            uint32_t type)
{
    server->asked = type;
    mailproto__imap_server_rearm(server); /* timers of the wait before are stale */
    return mailproto__ask(&server->session, type);
}

/* A stranger has one wait for all that he does before the login, whatever he says. */
void mailproto__imap_server_rearm(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    server->progress = 0;
    if (server->state == 0) {
        mailproto__wait(s, server->login_ms);
        return;
    }
    if (server->state == MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        mailproto__wait_for_all(s, server->login_ms);
        return;
    }
    mailproto__wait_no_more(s);
    mailproto__wait(s, server->phase == MAILPROTO__IMAP_CONTENT ||
                               server->open.kind != MAILPROTO__IMAP_CLOSED
                           ? server->block_ms
                           : server->idle_ms); /* RFC 9051 5.4 */
}

void mailproto__imap_server_progress(mailproto_imap_server *server, size_t octets)
{
    if (octets < server->progress_bytes - server->progress) {
        server->progress += (uint32_t)octets;
        return;
    }
    server->progress = 0;
    mailproto__wait(&server->session, server->block_ms);
}

void mailproto__imap_server_enter(mailproto_imap_server *server, uint32_t state)
{
    mailproto_session *s = &server->session;
    server->state = (uint8_t)state;
    s->caps = mailproto__imap_server_caps(server);
    /* Before the login any line may hold a password, whatever it turns out to be. */
    if (state <= MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        s->secret_in = 1;
    }
    if (state != MAILPROTO_IMAP_SELECTED) {
        server->exists = 0;
        server->sync = 0;
    }
}

void mailproto__imap_server_next(mailproto_imap_server *server)
{
    mailproto__imap_unit_drop(server);
    server->phase = MAILPROTO__IMAP_LINE;
    server->idling = 0;
    server->current.request = 0;
    server->current.tag_len = 0;
    server->box_told = 0;
    mailproto__imap_server_rearm(server);
    mailproto__touch(&server->session);
}

static int has_jobs(const mailproto_imap_server *server)
{
    uint32_t i;
    for (i = 0; i < server->max_jobs; i++) {
        if (server->jobs[i].request != 0) {
            return 1;
        }
    }
    return 0;
}

/* What was given in full is carried out before the end is told. */
mailproto_status mailproto__imap_server_starved(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    if (!s->eof) {
        return MAILPROTO_AGAIN;
    }
    if (has_jobs(server)) {
        if (s->timeout_ms != 0) {
            mailproto__wait(s, 0);
        }
        return MAILPROTO_AGAIN;
    }
    return mailproto__fail(s, MAILPROTO_ERR_EOF, s->offset,
                           "the peer left without LOGOUT");
}

/* ---- what may be said -------------------------------------------------------------- */

/* Whether nothing at all can be said: before the greeting, after the end, within a
 * challenge, and when TLS was agreed. */
static int is_silent(const mailproto_imap_server *server)
{
    const mailproto_session *s = &server->session;
    return s->closing || s->closed || server->ending || server->state == 0 ||
           server->auth.lines.sending || s->tls.state == MAILPROTO__TLS_AGREED ||
           s->tls.state == MAILPROTO__TLS_AWAITED;
}

const struct mailproto__imap_job *
mailproto__imap_server_works_on(const mailproto_imap_server *server, uint32_t command)
{
    const struct mailproto__imap_job *present = mailproto__imap_server_present(server);
    uint32_t i;
    if (present != NULL && present->command == command) {
        return present;
    }
    for (i = 0; i < server->max_jobs; i++) {
        if (server->jobs[i].request != 0 && server->jobs[i].command == command) {
            return &server->jobs[i];
        }
    }
    return NULL;
}

/* Whether a command is in progress, or IDLE. */
static int is_working(const mailproto_imap_server *server)
{
    return server->idling || mailproto__imap_server_present(server) != NULL ||
           has_jobs(server);
}

mailproto_status mailproto__imap_server_may_say(const mailproto_imap_server *server,
                                                uint32_t needs)
{
    int open = server->open.kind != MAILPROTO__IMAP_CLOSED;
    int has_box = server->state == MAILPROTO_IMAP_SELECTED || server->box_told;
    if (server->session.failed) {
        return server->session.error;
    }
    if (is_silent(server) || open != ((needs & MAILPROTO__IMAP_WITHIN) != 0) ||
        ((needs & MAILPROTO__IMAP_WITH_BOX) != 0 && !has_box) ||
        ((needs & MAILPROTO__IMAP_WORKING) != 0 && !is_working(server))) {
        return MAILPROTO_ERR_STATE;
    }
    return server->caps_next != 0 ? MAILPROTO_AGAIN : MAILPROTO_OK;
}

void mailproto__imap_server_want_content(mailproto_imap_server *server,
                                         uint32_t request)
{
    mailproto_session *s = &server->session;
    s->content_for = request;
    s->content_open = 1;
    s->content_taken = 0;
    mailproto__imap_server_rearm(server);
    mailproto__touch(s);
}

/* RFC 9051 7.5.1 */
int mailproto__imap_server_may_expunge(const mailproto_imap_server *server)
{
    int present = server->current.tag_len > 0 &&
                  (server->idling || server->phase == MAILPROTO__IMAP_TURN ||
                   mailproto__imap_server_present(server) != NULL);
    int any = present;
    uint32_t i;
    if (server->state != MAILPROTO_IMAP_SELECTED ||
        (present && !server->current.expunges)) {
        return 0;
    }
    for (i = 0; i < server->max_jobs; i++) {
        if (server->jobs[i].request != 0) {
            any = 1;
            if (!server->jobs[i].expunges) {
                return 0;
            }
        }
    }
    return any;
}

/* ---- the role's functions -------------------------------------------------------- */

static mailproto_status tell_back(mailproto_imap_server *server)
{
    mailproto_event *ev =
        mailproto__event(&server->session, MAILPROTO_EV_MEMORY_BACK, 0);
    ev->detail = server->back;
    ev->number = server->back_size;
    server->back = NULL;
    mailproto__imap_unit_untaken(server);
    return MAILPROTO_OK;
}

static mailproto_status tell_auth(mailproto_imap_server *server)
{
    mailproto_event *ev =
        mailproto__event(&server->session, MAILPROTO_EV_AUTH_RESULT, 0);
    ev->number = server->auth_told == MAILPROTO_IMAP_OK;
    ev->code = server->auth_told;
    server->auth_told = 0;
    return MAILPROTO_OK;
}

/* The session is over for whatever reason: what is to be told, then the end. */
static mailproto_status wind_down(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    if (server->auth_told != 0) {
        return tell_auth(server);
    }
    if (server->phase == MAILPROTO__IMAP_CONTENT) {
        mailproto_event *ev =
            mailproto__event(s, MAILPROTO_EV_CONTENT_ABORTED, server->current.request);
        ev->code = (uint32_t)(s->failed ? s->error : MAILPROTO_ERR_CANCELLED);
        ev->number = server->literal.size - server->left;
        server->phase = MAILPROTO__IMAP_LINE;
        return MAILPROTO_OK;
    }
    server->asked = 0;
    mailproto__imap_server_open(server, MAILPROTO__IMAP_CLOSED);
    s->secret_in = 1;
    s->in.head = s->in.tail; /* nobody reads on, and a password may be in it */
    mailproto__imap_unit_drop(server);
    mailproto__imap_unit_forget(server);
    mailproto__wipe(&server->auth, sizeof server->auth);
    if (server->back != NULL) {
        return tell_back(server);
    }
    server->state = MAILPROTO_IMAP_LOGGED_OUT;
    memset(server->jobs, 0, server->max_jobs * sizeof *server->jobs);
    mailproto__close(s);
    return MAILPROTO_OK;
}

/* RFC 9051 5.4 */
static void timed_out(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    int blocked = !mailproto__drained(s);
    if (server->ending) {
        return;
    }
    if (s->awaiting && !blocked) { /* the application's own time */
        mailproto__wait_is_late(s);
        return;
    }
    if (!blocked && !s->standing &&
        (s->content_open || server->open.kind != MAILPROTO__IMAP_CLOSED)) {
        mailproto__wait(s, server->block_ms); /* the same: all of it was read */
        return;
    }
    mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_IDLE, NULL, 0,
                                    mailproto__span(NULL, 0));
    (void)mailproto__fail(s, MAILPROTO_ERR_TIMEOUT, s->offset,
                          "the peer was silent for too long");
}

static mailproto_status next_step(mailproto_imap_server *server)
{
    if (server->state == 0) {
        (void)mailproto__imap_server_ask(server, MAILPROTO_EV_IMAP_CONNECT);
        return MAILPROTO_OK;
    }
    switch (server->phase) {
    case MAILPROTO__IMAP_CONTENT:
        return mailproto__imap_server_content_step(server);
    case MAILPROTO__IMAP_TURN:
        return mailproto__imap_server_turn(server);
    case MAILPROTO__IMAP_GIVEN: /* nothing else goes on without an answer */
        return server->caps_next != 0 ? mailproto__imap_server_caps_step(server)
                                      : MAILPROTO_AGAIN;
    case MAILPROTO__IMAP_EXCHANGE:
        return mailproto__imap_server_auth_step(server);
    default:
        return mailproto__imap_server_read(server);
    }
}

mailproto_status mailproto__imap_server_step(mailproto_session *s)
{
    mailproto_imap_server *server = mailproto__imap_server_of(s);
    if (s->failed || server->ending) {
        return wind_down(server);
    }
    if (server->auth_told != 0) {
        return tell_auth(server);
    }
    if (s->late) { /* and the answer was no login */
        s->late = 0;
        timed_out(server);
        return wind_down(server);
    }
    if (server->back != NULL) {
        return tell_back(server);
    }
    /* An answer never fails for want of room, and nothing is said within a response. */
    if (server->open.kind != MAILPROTO__IMAP_CLOSED || s->content_open ||
        !mailproto__imap_server_has_room(server)) {
        return MAILPROTO_AGAIN;
    }
    if (mailproto__drained(s)) {
        s->secret_out = server->phase == MAILPROTO__IMAP_EXCHANGE;
    }
    if (server->sync && server->phase == MAILPROTO__IMAP_LINE &&
        mailproto__imap_server_may_expunge(
            server)) { /* within IDLE, or beside others */
        server->sync = 0;
        (void)mailproto__event(s, MAILPROTO_EV_IMAP_SYNC, 0);
        return MAILPROTO_OK;
    }
    return next_step(server);
}

/* RFC 9051 6.2.1: not authenticated, and what the client told before is void. */
static void tls_started(mailproto_imap_server *server)
{
    mailproto_session *s = &server->session;
    server->enabled = mailproto__imap_server_enabled_at_first(server);
    s->secret_in = 1;
    mailproto__imap_unit_drop(server);
    mailproto__imap_server_enter(server, server->state);
    s->flush = 0;
    mailproto__wait_no_more(s);
    mailproto__imap_server_rearm(server);
}

mailproto_status mailproto__imap_server_signal(mailproto_session *s,
                                               enum mailproto__signal what)
{
    mailproto_imap_server *server = mailproto__imap_server_of(s);
    switch (what) {
    case MAILPROTO__CONTENT_END:
        return mailproto__imap_server_content_end(server);
    case MAILPROTO__CONTENT_ABORT:
        return mailproto__imap_server_content_abort(server);
    case MAILPROTO__TLS_STARTED:
        tls_started(server);
        return MAILPROTO_OK;
    case MAILPROTO__TIMED_OUT:
        timed_out(server);
        return MAILPROTO_OK;
    case MAILPROTO__EARLY: /* RFC 9051 forbids it to nobody: it waits its turn */
    default:
        return MAILPROTO_OK;
    }
}

/* ---- accessors ------------------------------------------------------------------- */

mailproto_session *mailproto_imap_server_session(mailproto_imap_server *server)
{
    return &server->session;
}

uint32_t mailproto_imap_server_state(const mailproto_imap_server *server)
{
    return server->state == 0 ? (uint32_t)MAILPROTO_IMAP_NOT_AUTHENTICATED
                              : server->state;
}

uint32_t mailproto_imap_server_enabled(const mailproto_imap_server *server)
{
    return server->enabled;
}

uint32_t mailproto_imap_server_exists_now(const mailproto_imap_server *server)
{
    return server->exists;
}

mailproto_status mailproto_imap_event_command(const mailproto_event *ev,
                                              mailproto_imap_command *out)
{
    if ((ev->type != MAILPROTO_EV_IMAP_COMMAND &&
         ev->type != MAILPROTO_EV_IMAP_LITERAL) ||
        ev->detail == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__output_copy(out, ev->detail, sizeof *out);
}
