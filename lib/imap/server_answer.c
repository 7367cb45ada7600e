/*
 * The application's answers: checked, written, and what follows from them. Knows which
 * answer fits which event; how lines are built is server_reply.c's.
 */
#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "imap/server_write.h"

/* ---- requests ---------------------------------------------------------------------- */

uint32_t mailproto__imap_server_answered(mailproto_imap_server *server)
{
    uint32_t asked = server->asked;
    (void)mailproto__answered(&server->session, server->session.request);
    server->asked = 0;
    return asked;
}

struct mailproto__imap_job *mailproto__imap_server_job(mailproto_imap_server *server,
                                                       uint32_t request)
{
    uint32_t i;
    if (request == 0) {
        return NULL;
    }
    if (mailproto__is_awaited(&server->session, request)) {
        return server->asked == MAILPROTO_EV_IMAP_COMMAND ? &server->current : NULL;
    }
    for (i = 0; i < server->max_jobs; i++) {
        if (server->jobs[i].request == request) {
            return &server->jobs[i];
        }
    }
    return NULL;
}

/* Whether nothing is said any more. */
static int is_over(const mailproto_imap_server *server)
{
    const mailproto_session *s = &server->session;
    return s->failed || s->closing || s->closed || server->ending;
}

/* ---- words --------------------------------------------------------------------------- */

mailproto_status mailproto__imap_server_check_words(mailproto_imap_server *server,
                                                    const mailproto_imap_code *code,
                                                    mailproto_bytes text,
                                                    struct mailproto__imap_words *words)
{
    int is_short;
    mailproto_status st =
        mailproto__imap_code_read(code, &words->code, &words->code_size, &is_short);
    words->text = text;
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (!mailproto__imap_are_words(server, text, words->code_size > 0)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (text.len > server->reply_max) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    if (words->code_size + text.len <=
        (size_t)server->reply_max + MAILPROTO__IMAP_CODE_MAX) {
        return MAILPROTO_OK;
    }
    /* More than is kept for every answer. */
    if (words->code_size + server->reply_max > mailproto__imap_server_most(server)) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    return words->code_size + server->reply_max > mailproto__imap_server_room(server)
               ? mailproto__no_room(&server->session)
               : MAILPROTO_OK;
}

void mailproto__imap_server_put_checked(mailproto_imap_server *server,
                                        const struct mailproto__imap_words *words,
                                        enum mailproto__imap_own own)
{
    mailproto_session *s = &server->session;
    if (words->code_size > 0) {
        mailproto__imap_put_code(server, &words->code);
    }
    if (words->text.len > 0) {
        (void)mailproto__put_span(s, words->text);
        (void)mailproto__put(s, "\r\n", 2);
    } else if (words->code_size > 0 && own > MAILPROTO__IMAP_REFUSED) {
        mailproto__imap_server_put_own(server, MAILPROTO__IMAP_FAILED);
    } else {
        mailproto__imap_server_put_own(server, own);
    }
}

/* ---- completing ------------------------------------------------------------------------ */

/* What the state is when this command has gone so. */
static void change_state(mailproto_imap_server *server, uint32_t command, uint32_t how)
{
    switch (command) {
    case MAILPROTO_IMAP_LOGIN:
        if (how == MAILPROTO_IMAP_OK) {
            server->bad = 0; /* who has proved himself begins anew */
            mailproto__imap_server_enter(server, MAILPROTO_IMAP_AUTHENTICATED);
        }
        break;
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE: /* RFC 9051 6.3.2: when it fails none is selected, nor
                                    when another one was told of before it is BAD */
        if (how == MAILPROTO_IMAP_OK) {
            mailproto__imap_server_enter(server, MAILPROTO_IMAP_SELECTED);
        } else if (how == MAILPROTO_IMAP_NO || server->box_told) {
            mailproto__imap_server_enter(server, MAILPROTO_IMAP_AUTHENTICATED);
        }
        break;
    case MAILPROTO_IMAP_CLOSE:
    case MAILPROTO_IMAP_UNSELECT:
        if (how == MAILPROTO_IMAP_OK) {
            mailproto__imap_server_enter(server, MAILPROTO_IMAP_AUTHENTICATED);
        }
        break;
    default:
        break;
    }
}

/* Behind `tag OK `: the code that goes with it by itself, where the application gives
 * none. The state is the new one. */
static void put_own_code(mailproto_imap_server *server,
                         const struct mailproto__imap_job *job, uint32_t how)
{
    int examine = job->command == MAILPROTO_IMAP_EXAMINE;
    if (how != MAILPROTO_IMAP_OK) {
        return;
    }
    if (job->command == MAILPROTO_IMAP_LOGIN) {
        mailproto__imap_server_put_caps_code(server);
    } else if (examine || job->command == MAILPROTO_IMAP_SELECT) {
        (void)mailproto__put_span(&server->session,
                                  examine || server->box_read_only
                                      ? MAILPROTO__LITERAL("[READ-ONLY] ")
                                      : MAILPROTO__LITERAL("[READ-WRITE] "));
    }
}

void mailproto__imap_server_completed(mailproto_imap_server *server,
                                      struct mailproto__imap_job *job, uint32_t how)
{
    int login = job->command == MAILPROTO_IMAP_LOGIN && how == MAILPROTO_IMAP_NO;
    int counts = job == &server->current && (how == MAILPROTO_IMAP_BAD || login);
    server->session.reply_code = how;
    if (counts && mailproto__imap_server_is_bad(server)) {
        (void)mailproto__imap_server_answered(server);
        return; /* BYE stands in the line's place */
    }
    mailproto__imap_server_said(server);
    if (job != &server->current) {
        job->request = 0;
        job->tag_len = 0;
        mailproto__imap_server_rearm(server);
        return;
    }
    (void)mailproto__imap_server_answered(server);
    mailproto__imap_server_next(server);
}

static void complete(mailproto_imap_server *server, struct mailproto__imap_job *job,
                     uint32_t how, const struct mailproto__imap_words *words)
{
    mailproto_session *s = &server->session;
    if ((job->command == MAILPROTO_IMAP_SELECT ||
         job->command == MAILPROTO_IMAP_EXAMINE) &&
        how != MAILPROTO_IMAP_BAD) {
        mailproto__imap_server_put_closed(server);
    }
    mailproto__imap_server_put_tag(server, job, how);
    change_state(server, job->command, how);
    if (words->code_size == 0) {
        put_own_code(server, job, how);
    } else {
        mailproto__imap_put_code(server, &words->code);
    }
    if (words->text.len > 0) {
        (void)mailproto__put_span(s, words->text);
    } else {
        mailproto__imap_server_put_words(server, job, how);
    }
    (void)mailproto__put(s, "\r\n", 2);
    mailproto__imap_server_completed(server, job, how);
}

/* An exchange can be refused with words, too. */
static mailproto_status complete_auth(mailproto_imap_server *server, uint32_t how,
                                      const struct mailproto__imap_words *words)
{
    if (how != MAILPROTO_IMAP_NO) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__imap_server_answered(server);
    mailproto__imap_server_auth_refuse(server, words, MAILPROTO__IMAP_AUTH_FAILED, 1);
    return MAILPROTO_OK;
}

/* Whether a tagged line for this job can begin now. What is kept back is for the command
 * that awaits its answer; of CAPABILITY, which goes on beside those that were detached, a
 * line may be written in part. */
static int may_begin(mailproto_imap_server *server,
                     const struct mailproto__imap_job *job)
{
    return job == &server->current ||
           (server->caps_next == 0 && mailproto__imap_server_has_room(server));
}

/* Whether this job can be completed so now. */
static mailproto_status may_complete(mailproto_imap_server *server,
                                     const struct mailproto__imap_job *job,
                                     uint32_t how)
{
    if ((job->command == MAILPROTO_IMAP_SELECT ||
         job->command == MAILPROTO_IMAP_EXAMINE) &&
        how == MAILPROTO_IMAP_OK && !server->box_told) {
        return MAILPROTO_ERR_STATE;
    }
    return may_begin(server, job) ? MAILPROTO_OK : mailproto__no_room(&server->session);
}

mailproto_status mailproto_imap_server_complete(mailproto_imap_server *server,
                                                uint32_t request, uint32_t how,
                                                const mailproto_imap_code *code,
                                                mailproto_bytes text)
{
    struct mailproto__imap_job *job = mailproto__imap_server_job(server, request);
    struct mailproto__imap_words words;
    int auth = mailproto__auth_server_is_asked(&server->session, server->asked) &&
               mailproto__is_awaited(&server->session, request);
    mailproto_status st;
    if ((job == NULL && !auth) || is_over(server)) {
        return MAILPROTO_ERR_STALE;
    }
    if (how < MAILPROTO_IMAP_OK || how > MAILPROTO_IMAP_BAD) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (server->open.kind != MAILPROTO__IMAP_CLOSED || server->auth.lines.sending) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__imap_server_check_words(server, code, text, &words);
    if (st == MAILPROTO_OK && auth) {
        return complete_auth(server, how, &words);
    }
    if (st == MAILPROTO_OK) {
        st = may_complete(server, job, how);
    }
    if (st == MAILPROTO_OK) {
        complete(server, job, how, &words);
    }
    return st;
}

/* ---- the greeting ---------------------------------------------------------------------- */

/* RFC 9051 7.1.4, 7.1.5 */
static mailproto_status greet(mailproto_imap_server *server, uint32_t how,
                              mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    int may = mailproto__is_secure(s) ||
              (server->flags & MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR) != 0;
    if (how == MAILPROTO_IMAP_BYE) {
        (void)mailproto__imap_server_answered(server);
        mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_UNAVAILABLE, NULL,
                                        0, text);
        server->ending = 1;
        return MAILPROTO_OK;
    }
    if ((how != MAILPROTO_IMAP_OK && how != MAILPROTO_IMAP_PREAUTH) ||
        (how == MAILPROTO_IMAP_PREAUTH && !may)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    (void)mailproto__imap_server_answered(server);
    mailproto__imap_server_enter(server, how == MAILPROTO_IMAP_OK
                                             ? MAILPROTO_IMAP_NOT_AUTHENTICATED
                                             : MAILPROTO_IMAP_AUTHENTICATED);
    mailproto__imap_server_put_how(server, mailproto__span(NULL, 0), how);
    mailproto__imap_server_put_caps_code(server);
    (void)mailproto__put_span(s, text.len > 0 ? text : server->greeting);
    (void)mailproto__put(s, "\r\n", 2);
    s->reply_code = how;
    mailproto__imap_server_said(server);
    mailproto__imap_server_next(server);
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_server_greet(mailproto_imap_server *server,
                                             uint32_t request, uint32_t how,
                                             mailproto_bytes text)
{
    if (!mailproto__is_awaited(&server->session, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_IMAP_CONNECT ||
        !mailproto__imap_are_words(server, text, 0)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (text.len > server->reply_max) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    return greet(server, how, text);
}

/* ---- the default answers ----------------------------------------------------------------- */

/* RFC 2971 3.1, RFC 2342 5: what goes with a default OK. */
static mailproto_bytes default_response(uint32_t command)
{
    switch (command) {
    case MAILPROTO_IMAP_ID:
        return MAILPROTO__LITERAL("* ID NIL\r\n");
    case MAILPROTO_IMAP_NAMESPACE:
        return MAILPROTO__LITERAL("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    default:
        return MAILPROTO__LITERAL("");
    }
}

static mailproto_status accept_command(mailproto_imap_server *server, uint32_t request)
{
    struct mailproto__imap_job *job = mailproto__imap_server_job(server, request);
    struct mailproto__imap_words none;
    uint32_t how = MAILPROTO_IMAP_NO;
    if (job == NULL || is_over(server)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->open.kind != MAILPROTO__IMAP_CLOSED) {
        return MAILPROTO_ERR_STATE;
    }
    if (!may_begin(server, job)) {
        return mailproto__no_room(&server->session);
    }
    memset(&none, 0, sizeof none);
    if ((mailproto__imap_rule(job->command)->flags & MAILPROTO__IMAP_DEFAULT_OK) != 0) {
        how = MAILPROTO_IMAP_OK;
        (void)mailproto__put_span(&server->session, default_response(job->command));
    }
    complete(server, job, how, &none);
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_server_accept(mailproto_imap_server *server,
                                              uint32_t request)
{
    if (!mailproto__is_awaited(&server->session, request)) {
        return accept_command(server, request);
    }
    if (server->auth.lines.sending) {
        return MAILPROTO_ERR_STATE;
    }
    switch (server->asked) {
    case MAILPROTO_EV_IMAP_CONNECT:
        return greet(server, MAILPROTO_IMAP_OK, mailproto__span(NULL, 0));
    case MAILPROTO_EV_IMAP_LITERAL:
        (void)mailproto__imap_server_answered(server);
        (void)mailproto__imap_server_refuse(server, MAILPROTO__IMAP_LITERAL_REFUSED,
                                            server->line, MAILPROTO__IMAP_ANNOUNCED);
        return MAILPROTO_OK;
    case MAILPROTO_EV_IMAP_COMMAND:
        return accept_command(server, request);
    default: /* nobody is let in by default */
        (void)mailproto__imap_server_answered(server);
        mailproto__imap_server_auth_refuse(server, NULL, MAILPROTO__IMAP_AUTH_FAILED,
                                           1);
        return MAILPROTO_OK;
    }
}

/* ---- commands that go on beside others ----------------------------------------------------- */

mailproto_status mailproto_imap_server_detach(mailproto_imap_server *server,
                                              uint32_t request)
{
    uint32_t i;
    if (!mailproto__is_awaited(&server->session, request)) {
        return MAILPROTO_ERR_STALE;
    }
    if (server->asked != MAILPROTO_EV_IMAP_COMMAND) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if ((mailproto__imap_rule(server->current.command)->flags &
         MAILPROTO__IMAP_STAYS) != 0) {
        return MAILPROTO_ERR_STATE;
    }
    for (i = 0; i < server->max_jobs; i++) {
        if (server->jobs[i].request == 0) {
            (void)mailproto__imap_server_answered(server);
            server->jobs[i] = server->current;
            mailproto__imap_server_next(server);
            return MAILPROTO_OK;
        }
    }
    return MAILPROTO_ERR_COUNT_LIMIT;
}

/* ---- the end from outside ------------------------------------------------------------------ */

mailproto_status mailproto_imap_server_shutdown(mailproto_imap_server *server,
                                                const mailproto_imap_code *code,
                                                mailproto_bytes text)
{
    mailproto_session *s = &server->session;
    struct mailproto__imap_words words;
    mailproto_status st;
    if (is_over(server)) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__imap_server_check_words(server, code, text, &words);
    if (st < 0) {
        return st;
    }
    if (st != MAILPROTO_OK) {
        words.code_size = 0; /* no room, and no time to wait for it */
    }
    mailproto__imap_server_farewell(server, MAILPROTO__IMAP_BYE_SHUTDOWN, &words.code,
                                    words.code_size, text);
    server->ending = 1;
    server->sync = 0;
    s->awaiting = 0;
    s->postponed = 0;
    s->content_open = 0;
    s->content_for = 0;
    s->event.flags &= ~(uint32_t)MAILPROTO_EVF_NEEDS_REPLY;
    s->event.tag = 0; /* nobody has pulled it, nobody can answer it */
    if (s->tls.state == MAILPROTO__TLS_AGREED ||
        s->tls.state == MAILPROTO__TLS_AWAITED) {
        mailproto__close(s); /* no step would come */
    }
    mailproto__touch(s);
    return MAILPROTO_OK;
}
