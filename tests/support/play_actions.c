/*
 * The `A:` and `?:` lines that are the same in all protocols: session.h alone.
 */
#include "play.h"

#include <stdlib.h>
#include <string.h>

static int is(const struct words *w, const char *name, size_t count)
{
    return word_is(&w->items[0], name) && w->count == count;
}

/* ---- content ---------------------------------------------------------------------------- */

/* A piece of content by either way; `*used` of it. */
static mailproto_status put_content(struct play *p, const char *data, size_t len,
                                    size_t *used)
{
    mailproto_status st;
    size_t cap = 0;
    char *copy;

    *used = 0;
    if (p->chunk.in_place) {
        uint64_t taken = mailproto_session_content_taken(p->session);
        char *space = mailproto_session_content_space(p->session, &cap);
        if (space == NULL || cap == 0) {
            copy = test_alloc(1);
            st = mailproto_session_content(p->session, copy, 0, used);
            free(copy);
            return st == MAILPROTO_OK ? MAILPROTO_AGAIN : st;
        }
        len = len < cap ? len : cap;
        memcpy(space, data, len);
        st = mailproto_session_content_commit(p->session, len);
        *used = st < 0 ? (size_t)(mailproto_session_content_taken(p->session) - taken)
                       : len;
        return st;
    }
    copy =
        test_alloc(len); /* exactly as long, so that a sanitizer sees reads past it */
    memcpy(copy, data, len);
    st = mailproto_session_content(p->session, copy, len, used);
    free(copy);
    return st;
}

static enum act content(struct play *p, const struct words *w, mailproto_status *status)
{
    const struct text *text = &w->items[1].text;

    *status = MAILPROTO_OK;
    while (p->action_used < text->len) {
        size_t used = 0;
        size_t len = chunk_size(&p->chunk, p->action_used, text->len - p->action_used);
        *status = put_content(p, text->data + p->action_used, len, &used);
        p->action_used += used;
        if (*status < 0 || *status == MAILPROTO_ENOUGH) {
            break;
        }
        if (used == 0 || *status == MAILPROTO_AGAIN) {
            *status = MAILPROTO_OK;
            if (p->in_pair) {
                return ACT_WAIT;
            }
            if (!play_drain(p)) {
                (void)play_fail(p, "content is not taken and nothing is to be written");
                return ACT_DONE;
            }
        }
    }
    return ACT_DONE;
}

static enum act content_end(struct play *p, mailproto_status *status)
{
    *status = mailproto_session_content_end(p->session);
    if (*status != MAILPROTO_AGAIN) {
        return ACT_DONE;
    }
    if (p->in_pair) {
        return ACT_WAIT;
    }
    return play_drain(p) ? ACT_WAIT : ACT_DONE;
}

/* ---- authentication ----------------------------------------------------------------------- */

static enum act auth_data(struct play *p, const struct words *w,
                          mailproto_status *status)
{
    const struct text *text = &w->items[1].text;

    do {
        size_t left = text->len - p->action_used;
        size_t len = left != 0 ? chunk_size(&p->chunk, p->action_used, left) : 0;
        do {
            *status = mailproto_session_auth_data(
                p->session, text->data + p->action_used, len, text->len);
            len /= *status == MAILPROTO_ERR_TOO_LONG ? 2 : 1; /* give smaller ones */
        } while (*status == MAILPROTO_ERR_TOO_LONG && len != 0);
        if (*status == MAILPROTO_AGAIN) {
            return p->in_pair || play_drain(p) ? ACT_WAIT : ACT_DONE;
        }
        if (*status != MAILPROTO_OK) {
            return ACT_DONE;
        }
        p->action_used += len;
    } while (p->action_used < text->len);
    return ACT_DONE;
}

static enum act auth_start(struct play *p, const struct words *w,
                           mailproto_status *status)
{
    mailproto_bytes mechanism;
    const struct text *initial = w->count > 2 ? &w->items[2].text : NULL;

    mechanism.ptr = w->items[1].text.data;
    mechanism.len = w->items[1].text.len;
    *status = mailproto_session_auth_start(p->session, play_tag(p), mechanism,
                                           initial != NULL ? initial->data : NULL,
                                           initial != NULL ? initial->len : 0);
    return ACT_DONE;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static enum act later(struct play *p)
{
    mailproto_want want;
    size_t used = p->used;

    if (p->in_pair) {
        return p->action_used++ == 0 ? ACT_WAIT : ACT_DONE;
    }
    play_settle(p);
    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(p->session, &want);
    if ((want.flags & MAILPROTO_WANT_APP) == 0) {
        (void)play_fail(p, "no WANT_APP while the answer is put off");
    }
    if (!p->chunk.in_place && p->used != used) {
        (void)play_fail(p, "input is consumed while the answer is put off");
    }
    return ACT_DONE;
}

static enum act timeout(struct play *p, int stale, mailproto_status *status)
{
    mailproto_want want;

    play_settle(p);
    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(p->session, &want);
    *status = mailproto_session_timed_out(p->session, want.wait_id + (stale ? 1U : 0U));
    return ACT_DONE;
}

static enum act tls(struct play *p, const struct words *w, mailproto_status *status)
{
    mailproto_tls_info info;

    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    info.flags = word_is(&w->items[1], "verified") ? MAILPROTO_TLS_PEER_VERIFIED : 0;
    info.protocol.ptr = "TLSv1.3";
    info.protocol.len = 7;
    if (!p->in_pair) { /* there the pair starts both ends together */
        *status = mailproto_session_tls_started(
            p->session, word_is(&w->items[1], "ok") ? NULL : &info);
    }
    return ACT_DONE;
}

static enum act fail(struct play *p, const struct words *w, mailproto_status *status)
{
    mailproto_status why;

    if (!status_by_name(w->items[1].text.data, w->items[1].text.len, &why)) {
        return ACT_UNKNOWN;
    }
    *status = mailproto_session_fail(p->session, why);
    return ACT_DONE;
}

static enum act auth_finish(struct play *p, const struct words *w,
                            mailproto_status *status)
{
    mailproto_status outcome;

    if (!status_by_name(w->items[1].text.data, w->items[1].text.len, &outcome)) {
        return ACT_UNKNOWN;
    }
    status_met(outcome);
    *status = mailproto_session_auth_finish(p->session, p->request, outcome);
    return ACT_DONE;
}

enum act play_common_action(struct play *p, const struct words *w,
                            mailproto_status *status)
{
    if (is(w, "content", 2)) {
        return content(p, w, status);
    }
    if (is(w, "end", 1)) {
        return content_end(p, status);
    }
    if (is(w, "abort", 1)) {
        *status = mailproto_session_content_abort(p->session);
        return ACT_DONE;
    }
    if (is(w, "challenge", 2) || is(w, "respond", 2)) {
        return auth_data(p, w, status);
    }
    if (is(w, "auth", 2) || is(w, "auth", 3)) {
        return auth_start(p, w, status);
    }
    if (is(w, "cancel", 1)) {
        *status = mailproto_session_auth_abort(p->session);
        return ACT_DONE;
    }
    if (is(w, "finish", 2)) {
        return auth_finish(p, w, status);
    }
    if (is(w, "later", 1)) {
        return later(p);
    }
    if (is(w, "timeout", 1) || is(w, "timeout", 2)) {
        return timeout(p, w->count == 2, status);
    }
    if (is(w, "tls", 2)) {
        return tls(p, w, status);
    }
    if (is(w, "fail", 2)) {
        return fail(p, w, status);
    }
    if (is(w, "eof", 1)) {
        p->eof_wanted = 1;
        return ACT_DONE;
    }
    return ACT_UNKNOWN;
}

/* ---- checks -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint32_t flag;
} want_names[] = {
    {"read", MAILPROTO_WANT_READ},       {"write", MAILPROTO_WANT_WRITE},
    {"event", MAILPROTO_WANT_EVENT},     {"app", MAILPROTO_WANT_APP},
    {"tls", MAILPROTO_WANT_TLS},         {"closed", MAILPROTO_WANT_CLOSED},
    {"content", MAILPROTO_WANT_CONTENT}, {"may-read", MAILPROTO_MAY_READ},
};

/* The flags of a list like read,app; 0 for a wrong name. */
static uint32_t want_list(const struct word *w)
{
    const char *at = w->text.data;
    const char *end = at + w->text.len;
    uint32_t flags = 0;

    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma != NULL ? comma : end) - at);
        size_t i;
        for (i = 0; i < sizeof want_names / sizeof want_names[0]; i++) {
            if (strlen(want_names[i].name) == len &&
                memcmp(want_names[i].name, at, len) == 0) {
                flags |= want_names[i].flag;
                break;
            }
        }
        if (i == sizeof want_names / sizeof want_names[0]) {
            return 0;
        }
        at += len + (comma != NULL ? 1U : 0U);
    }
    return flags;
}

int play_common_check(struct play *p, const struct word *w)
{
    mailproto_want want;
    uint64_t value = 0;

    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(p->session, &want);
    if (strcmp(w->key, "want") == 0) {
        if (want.flags != want_list(w)) {
            (void)play_fail(p, "wants %u, expected %u", (unsigned)want.flags,
                            (unsigned)want_list(w));
        }
        return 1;
    }
    if (!word_number(w, &value)) {
        return -1;
    }
    if (strcmp(w->key, "timeout") == 0) {
        if (want.timeout_ms != value) {
            (void)play_fail(p, "the wait is %u ms", (unsigned)want.timeout_ms);
        }
        return 1;
    }
    if (strcmp(w->key, "taken") == 0) {
        return mailproto_session_content_taken(p->session) == value;
    }
    if (strcmp(w->key, "writes") == 0) {
        return p->chunk.kind != CHUNK_WHOLE || p->writes == value;
    }
    return -1;
}
