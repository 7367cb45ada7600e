/* Keeps messages: see keep.h. */
#include "keep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "mailproto-fetch: %s: %s\n", what, why);
    return -1;
}

/* ---- opening -------------------------------------------------------------------------- */

/* The program ended between two lines of the list. */
static int settle(keeper *k)
{
    seen *s = &k->seen;
    if (s->begun_uid == NULL) {
        return 0;
    }
    int found = box_recover(&k->box, s->begun_place);
    if (found < 0) {
        return complain(k->box.path, strerror(errno));
    }
    if (seen_settle(s, found) < 0) {
        return complain(s->path, strerror(errno));
    }
    return 0;
}

int keep_open(keeper *k, const options *o)
{
    const char *why = NULL;
    const char *path = o->mbox != NULL ? o->mbox : o->maildir;
    memset(k, 0, sizeof *k);
    k->box.fd = k->box.mbox = -1;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    int n = o->seen != NULL ? snprintf(k->list_path, sizeof k->list_path, "%s", o->seen)
                            : snprintf(k->list_path, sizeof k->list_path, "%.*s.seen",
                                       (int)len, path);
    if (n < 0 || (size_t)n >= sizeof k->list_path) {
        return complain(path, strerror(ENAMETOOLONG));
    }
    snprintf(k->account, sizeof k->account, "%s@%s", o->user, o->server.host);
    if ((o->mbox != NULL ? box_open_mbox : box_open_maildir)(&k->box, path) < 0) {
        return complain(path, strerror(errno));
    }
    k->box.lf = o->lf;
    if (seen_open(&k->seen, k->list_path, k->account, &why) < 0) {
        return complain(k->list_path, why);
    }
    return settle(k);
}

void keep_close(keeper *k)
{
    keep_abort(k);
    if (k->box.kind != NULL) {
        box_close(&k->box);
    }
    seen_close(&k->seen);
}

/* ---- a message ------------------------------------------------------------------------ */

static void begin(keeper *k, uint32_t message)
{
    k->begun = 1;
    k->message = message;
    k->error = 0;
    k->box.in_doubt = 0;
    if (box_begin(&k->box) < 0) {
        k->error = errno;
    }
    snprintf(k->what, sizeof k->what, "message %" PRIu32, message);
    progress_begin(&k->shown, k->what, 0);
}

/* What came of another message was complete perhaps, and yet nobody asked to keep it. */
static void go_on_with(keeper *k, uint32_t message)
{
    if (k->begun && k->message != message) {
        keep_abort(k);
    }
    if (!k->begun) {
        begin(k, message);
    }
}

void keep_content(keeper *k, uint32_t message, mailproto_bytes piece)
{
    go_on_with(k, message);
    if (k->error == 0 && box_write(&k->box, piece.ptr, piece.len) < 0) {
        k->error = errno;
    }
    progress_update(&k->shown, k->box.octets);
}

void keep_abort(keeper *k)
{
    if (k->begun) {
        progress_end(&k->shown);
        box_drop(&k->box);
        k->begun = 0;
    }
}

/* Into the box and onto the list. 0, or -1 with errno. */
static int commit(keeper *k, mailproto_bytes uid)
{
    box *b = &k->box;
    if (box_finish(b) < 0 || seen_begin(&k->seen, uid, b->place) < 0) {
        return -1;
    }
    if (box_commit(b) < 0) {
        int error = errno;
        if (b->in_doubt) { /* the line before stays */
            errno = error;
            return -1;
        }
        if (seen_undo(&k->seen, uid) < 0) {
            /* The line before stays: the next start looks for the message. */
            complain(k->seen.path, strerror(errno));
        }
        errno = error;
        return -1;
    }
    return seen_done(&k->seen, uid);
}

int keep_message(keeper *k, uint32_t message, mailproto_bytes uid)
{
    go_on_with(k, message); /* it may be empty */
    progress_end(&k->shown);
    if (k->error == 0 && commit(k, uid) < 0) {
        k->error = errno;
    }
    box_drop(&k->box); /* what commit() did not take */
    k->begun = 0;
    if (k->error == 0) {
        return 1;
    }
    complain(k->what, strerror(k->error));
    if (k->seen.open || k->box.in_doubt) {
        complain(k->what, uid.len > 0
                              ? "it may be in the box: the next start will find out"
                              : "it may be in the box");
        return -1;
    }
    return 0;
}
