/* Commands: which part of the server carries out which, and how each comes to its end.
   See imap.h. */
#include "imap.h"
#include "log.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- answers --------------------------------------------------------------------- */

mailproto_status imap_answer(struct imap *c, uint32_t how, uint32_t code,
                             const char *text)
{
    c->job.how = how;
    c->job.code.struct_size = sizeof c->job.code;
    c->job.code.code = code;
    c->job.text = text;
    return MAILPROTO_OK;
}

static mailproto_status complete(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_bytes text = text_bytes(j->text == NULL ? "" : j->text);
    return mailproto_imap_server_complete(
        c->engine, j->request, j->how,
        j->code.code == MAILPROTO_IMAP_CODE_NONE ? NULL : &j->code, text);
}

char *imap_name(const mailproto_imap_string *s)
{
    char buf[2048];
    mailproto_bytes name;
    uint32_t flags = 0;
    if (mailproto_imap_name_get(s, buf, sizeof buf, &name, &flags) != MAILPROTO_OK ||
        flags != 0 ||
        memchr(name.ptr == NULL ? "" : name.ptr, '\0', name.len) != NULL) {
        return NULL;
    }
    char *copy = text_copy(name);
    if (copy != NULL) {
        box_fold(copy);
    }
    return copy;
}

/* ---- the job --------------------------------------------------------------------- */

void imap_job_drop(struct imap *c)
{
    struct imap_job *j = &c->job;
    imap_move_drop(c);
    imap_sync_leave(c);
    for (size_t i = 0; i < j->pattern_count; i++) {
        free(j->patterns[i]);
    }
    boxes_list_free(j->entries, j->entry_count);
    box_close(j->box);
    box_close(j->other);
    free(j->patterns);
    free(j->drafts);
    free(j->targets);
    free(j->from.list);
    free(j->to.list);
    free(j->known.list);
    free(j->nodes);
    free(j->matching);
    *j = (struct imap_job){.phase = IMAP_NOTHING};
}

/* NOOP and CHECK: looks for what others have done. */
static mailproto_status look(struct imap *c)
{
    struct box *box = c->view.box;
    return box != NULL && box_scan(box, c->until, &c->job.want) == 0
               ? MAILPROTO_NOT_READY
               : MAILPROTO_OK;
}

void imap_poll(struct imap *c, int again)
{
    if (c->job.phase == IMAP_NOTHING && c->view.box != NULL) {
        c->job.phase = again ? IMAP_WORK : IMAP_TELL;
        c->job.work = look;
    }
}

static mailproto_status end(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    if (j->request != 0) {
        st = j->end != NULL ? j->end(c) : complete(c);
    }
    if (st < 0) {
        log_line("%s: %s: %s", c->address,
                 mailproto_imap_command_name(j->command.command),
                 mailproto_error_name(st));
        if (st != MAILPROTO_ERR_STALE) {
            mailproto_session_fail(c->peer.session, st);
        }
    }
    return st < 0 ? MAILPROTO_OK : st;
}

mailproto_status imap_go_on(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_status st = MAILPROTO_OK;
    if (j->phase == IMAP_WORK) {
        st = j->work == NULL ? MAILPROTO_OK : j->work(c);
        if (st > 0) {
            return st;
        }
        if (st < 0) {
            log_line("%s: %s: %s", c->address,
                     mailproto_imap_command_name(j->command.command),
                     mailproto_error_name(st));
            j->end = NULL;
            imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_SERVERBUG,
                        "It cannot be done now");
        }
        j->phase = IMAP_TELL;
    }
    if (j->phase == IMAP_TELL) {
        st = imap_view_tell(c);
        if (st > 0) {
            return st;
        }
        j->phase = IMAP_END;
    }
    if (j->phase == IMAP_END) {
        st = end(c);
        if (st > 0) {
            return st;
        }
        imap_job_drop(c);
    }
    return MAILPROTO_OK;
}

/* ---- short commands -------------------------------------------------------------- */

mailproto_status imap_login(struct imap *c, mailproto_bytes name)
{
    char *user = text_copy(name);
    char folder[ROUTE_MAILBOX_MAX];
    int found = user != NULL;
    if (found && strchr(user, '@') != NULL) { /* a user's name may be an address */
        const struct destination *to = route_of(&c->server->routes, user);
        found = to != NULL && to->local;
    }
    if (found && route_mailbox(&c->server->routes, user, folder) == 0) {
        c->store = boxes_open(c->server->options.maildir_root, folder,
                              c->server->options.name);
    }
    free(user);
    return c->store == NULL ? MAILPROTO_ERR_IO : MAILPROTO_OK;
}

static mailproto_status login(struct imap *c)
{
    char buf[2][1024];
    mailproto_bytes name, secret;
    const mailproto_imap_command *k = &c->job.command;
    if (mailproto_imap_string_get(&k->name, buf[0], sizeof buf[0], &name) !=
            MAILPROTO_OK ||
        mailproto_imap_string_get(&k->text, buf[1], sizeof buf[1], &secret) !=
            MAILPROTO_OK ||
        !users_verify(&c->server->users, name, secret)) {
        auth_failed(&c->auth);
        return imap_answer(c, MAILPROTO_IMAP_NO,
                           MAILPROTO_IMAP_CODE_AUTHENTICATIONFAILED,
                           "Wrong name or password");
    }
    if (imap_login(c, name) != MAILPROTO_OK) {
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNAVAILABLE,
                           "There is no such mailbox now");
    }
    return MAILPROTO_OK;
}

static mailproto_status identify(struct imap *c)
{
    mailproto_bytes pairs[2] = {{"name", 4}, {"mailproto-mailserver", 20}};
    return mailproto_imap_server_id(c->engine, pairs, 2);
}

/* CLOSE (RFC 9051 6.4.1) and UNSELECT: nothing is told. */
static mailproto_status leave(struct imap *c)
{
    struct box *box = c->view.box;
    if (c->job.command.command == MAILPROTO_IMAP_CLOSE && box != NULL &&
        !c->view.read_only) {
        for (size_t i = 0; i < box->count && c->job.step == 0; i++) {
            if ((box->list[i].flags & MAILPROTO_IMAP_DELETED) != 0) {
                box_condemn(box, &box->list[i]);
            }
        }
        c->job.step = 1;
        if (box_purge(box, c->until) == 0) {
            return MAILPROTO_NOT_READY;
        }
    }
    imap_view_close(c);
    return MAILPROTO_OK;
}

static mailproto_status (*work_of(uint32_t command))(struct imap *c)
{
    switch (command) {
    case MAILPROTO_IMAP_LOGIN:
        return login;
    case MAILPROTO_IMAP_NOOP:
    case MAILPROTO_IMAP_CHECK:
        return look;
    case MAILPROTO_IMAP_ID:
        return identify;
    case MAILPROTO_IMAP_CLOSE:
    case MAILPROTO_IMAP_UNSELECT:
        return leave;
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        return imap_select;
    case MAILPROTO_IMAP_LIST:
    case MAILPROTO_IMAP_LSUB:
        return imap_list;
    case MAILPROTO_IMAP_STATUS:
        return imap_status;
    case MAILPROTO_IMAP_CREATE:
        return imap_create;
    case MAILPROTO_IMAP_DELETE:
        return imap_delete;
    case MAILPROTO_IMAP_RENAME:
        return imap_rename;
    case MAILPROTO_IMAP_SUBSCRIBE:
    case MAILPROTO_IMAP_UNSUBSCRIBE:
        return imap_subscribe;
    case MAILPROTO_IMAP_APPEND:
        return imap_append;
    case MAILPROTO_IMAP_EXPUNGE:
        return imap_expunge;
    case MAILPROTO_IMAP_SEARCH:
        return imap_search;
    case MAILPROTO_IMAP_FETCH:
        return imap_fetch;
    case MAILPROTO_IMAP_STORE:
        return imap_store;
    case MAILPROTO_IMAP_COPY:
        return imap_copy;
    case MAILPROTO_IMAP_MOVE:
        return imap_move;
    default:
        return NULL;
    }
}

void imap_command(struct imap *c, const mailproto_event *ev)
{
    struct imap_job *j = &c->job;
    imap_job_drop(c); /* what was told in IDLE and is not done: it will be told again */
    j->command.struct_size = sizeof j->command;
    mailproto_imap_event_command(ev, &j->command);
    if (j->command.command != MAILPROTO_IMAP_APPEND) {
        imap_append_drop(c);
    }
    j->work = work_of(j->command.command);
    if (j->work == NULL) { /* NAMESPACE, and what the engine knows by itself */
        mailproto_imap_server_accept(c->engine, ev->tag);
        return;
    }
    j->request = ev->tag;
    j->how = MAILPROTO_IMAP_OK;
    j->phase = IMAP_WORK;
    if (c->store == NULL && j->work != login && j->work != look &&
        j->work != identify) {
        j->work = NULL;
        imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNAVAILABLE,
                    "There is no such mailbox now");
    }
}
