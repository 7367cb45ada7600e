/*
 * Plays transcripts. Knows session.h; an actor knows the protocol.
 */
#include "play.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "play_inside.h"

int play_fail(struct play *p, const char *format, ...)
{
    char reason[2048];
    va_list args;
    int line =
        p->at < p->script->count ? p->script->lines[p->at].number : p->script->number;

    va_start(args, format);
    (void)vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (p->why.len == 0) {
        text_print(&p->why, "%s:%d: (%s, %s) %s", p->script->file, line,
                   side_name(p->side), p->in_pair ? "pair" : chunk_name(&p->chunk),
                   reason);
    }
    return 0;
}

const char *play_head(const struct play *p, const char *key)
{
    return transcript_head(p->script, p->side, key);
}

uint32_t play_tag(struct play *p)
{
    return p->next_tag++;
}

static uint32_t wants(const struct play *p)
{
    mailproto_want want;

    memset(&want, 0, sizeof want);
    want.struct_size = sizeof want;
    mailproto_session_get_want(p->session, &want);
    return want.flags;
}

int play_event_is_intact(const struct play *p)
{
    return p->raw.text.ptr == NULL || p->raw.tag != p->request ||
           (p->raw.text.len == p->last.text.len &&
            memcmp(p->raw.text.ptr, p->last.text.data, p->last.text.len) == 0);
}

/* ---- moving bytes --------------------------------------------------------------------- */

int play_drain(struct play *p)
{
    int any = 0;

    while ((wants(p) & MAILPROTO_WANT_WRITE) != 0) {
        size_t len = 0;
        const char *due = mailproto_session_output(p->session, &len);
        if (len == 0) {
            (void)play_fail(p, "WANT_WRITE without output");
            return 0;
        }
        len = chunk_size(&p->chunk, p->out.len, len);
        text_add(&p->out, due, len);
        if (mailproto_session_output_sent(p->session, len) != MAILPROTO_OK) {
            (void)play_fail(p, "output_sent refused");
            return 0;
        }
        any = 1;
    }
    p->writes += (unsigned)any;
    return any;
}

/* What was lent may go; a sanitizer sees any later use. */
static void take_back(struct play *p)
{
    while (p->lent_count != 0) {
        free(p->lent[--p->lent_count]);
    }
    free(p->lent);
    p->lent = NULL;
}

static int give_lent(struct play *p, size_t len)
{
    size_t consumed = 0;
    mailproto_status st;
    char **lent = test_alloc((p->lent_count + 1) * sizeof *lent);
    char *copy = test_alloc(len);

    memcpy(copy, p->in.data + p->used, len);
    if (p->lent_count != 0) {
        memcpy(lent, p->lent, p->lent_count * sizeof *lent);
    }
    free(p->lent);
    p->lent = lent;
    p->lent[p->lent_count++] = copy;
    st = mailproto_session_feed(p->session, copy, len, &consumed);
    p->used += consumed;
    if (st < 0) {
        p->input_dead = 1;
        return 1;
    }
    return consumed != 0;
}

static int give_in_place(struct play *p, size_t len)
{
    size_t cap = 0;
    char *space = mailproto_session_input_space(p->session, &cap);
    mailproto_status st;

    if (space == NULL || cap == 0) {
        /* No space while TLS is agreed on: what comes then can only be fed. */
        uint32_t busy = (uint32_t)MAILPROTO_WANT_READ | MAILPROTO_WANT_APP |
                        MAILPROTO_WANT_EVENT | MAILPROTO_MAY_READ;
        return (wants(p) & busy) == 0 ? give_lent(p, len) : 0;
    }
    len = len < cap ? len : cap;
    memcpy(space, p->in.data + p->used, len);
    st = mailproto_session_input_commit(p->session, len);
    p->used += len;
    if (st < 0) {
        p->input_dead = 1;
    }
    return 1;
}

/* Gives the engine the next piece of what its peer sent. */
static int give(struct play *p)
{
    size_t there = p->in.len - p->used;
    size_t len;

    if (there == 0 || p->input_dead || p->over) {
        return 0;
    }
    len = chunk_size(&p->chunk, p->used, there);
    return p->chunk.in_place ? give_in_place(p, len) : give_lent(p, len);
}

static int pull_raw(struct play *p)
{
    mailproto_status st;

    if (p->has_peek || p->over) {
        return 0;
    }
    st = mailproto_session_next_event(p->session, &p->peek_raw);
    if (st == MAILPROTO_OK) {
        seen_copy(&p->peek, &p->peek_raw);
        p->has_peek = 1;
        return 1;
    }
    take_back(p);
    p->over = st == MAILPROTO_EOF;
    if (st != MAILPROTO_EOF && st != MAILPROTO_AGAIN) {
        (void)play_fail(p, "next_event says %s", status_name(st));
    }
    return p->over;
}

/* The smallest step towards an event: what the peer has sent goes in before anything is
 * written, so that what the engine makes of early bytes does not depend on the cuts. */
static int step(struct play *p)
{
    if (p->why.len != 0) {
        return 0;
    }
    if (p->chunk.greedy && !p->has_peek && give(p)) {
        return 1;
    }
    if (pull_raw(p) || (!p->has_peek && give(p)) || pull_raw(p) || play_drain(p)) {
        return 1;
    }
    if (p->eof_wanted && !p->eof_done && !p->has_peek &&
        (p->used == p->in.len || p->input_dead)) {
        p->eof_done = 1;
        (void)mailproto_session_feed_eof(p->session);
        return 1;
    }
    return 0;
}

void play_settle(struct play *p)
{
    uint32_t flags;
    size_t len = 0;

    while (step(p)) {
    }
    flags = wants(p);
    (void)mailproto_session_output(p->session, &len);
    if (len != 0 && (flags & MAILPROTO_WANT_WRITE) == 0 && !p->has_peek) {
        (void)play_fail(p, "%u octets of output, but no WANT_WRITE at rest",
                        (unsigned)len);
    }
    if (flags == 0 && !p->has_peek) {
        (void)play_fail(p, "the session wants nothing at all");
    }
}

/* The next event, all pieces of it, into p->last. 1, or 0: none comes. */
static int pull(struct play *p)
{
    while (!p->has_peek && step(p)) {
    }
    if (!p->has_peek) {
        return 0;
    }
    seen_free(&p->last);
    p->last = p->peek;
    p->raw = p->peek_raw;
    memset(&p->peek, 0, sizeof p->peek);
    p->has_peek = 0;
    while ((p->last.flags & MAILPROTO_EVF_MORE) != 0 ||
           p->last.type == MAILPROTO_EV_CONTENT) {
        while (!p->has_peek && step(p)) {
        }
        if (!p->has_peek || !seen_goes_on(&p->last, &p->peek)) {
            break;
        }
        if (!seen_join(&p->last, &p->peek)) {
            return play_fail(p, "pieces of one value do not fit together");
        }
        p->raw.text.ptr = NULL; /* in pieces: nothing to compare with later */
        seen_free(&p->peek);
        p->has_peek = 0;
    }
    return 1;
}

/* ---- output --------------------------------------------------------------------------- */

static int is_own_bytes(const struct play *p, size_t i)
{
    const struct transcript_line *l = &p->script->lines[i];
    return l->kind == LINE_BYTES && l->side == p->side;
}

/* What one line stands for at the start of what is there: its length, or 0. */
static size_t match_line(const struct transcript_line *l, const char *data, size_t len)
{
    size_t fixed = l->open_end ? l->text.len - 5 : l->text.len; /* `...` CRLF */
    size_t i;

    if (len < fixed || memcmp(data, l->text.data, fixed) != 0) {
        return 0;
    }
    if (!l->open_end) {
        return fixed;
    }
    for (i = fixed; i + 1 < len; i++) {
        if (data[i] == '\r' && data[i + 1] == '\n') {
            return i + 2;
        }
    }
    return 0;
}

/* Compares what was sent since the last time with the own lines [first, at]. */
int play_compare_output(struct play *p, size_t first)
{
    struct text shown = {NULL, 0, 0};
    size_t i;

    for (i = first; i <= p->at && i < p->script->count; i++) {
        const struct transcript_line *l = &p->script->lines[i];
        size_t len;
        if (!is_own_bytes(p, i)) {
            continue;
        }
        len = match_line(l, p->out.data + p->out_seen, p->out.len - p->out_seen);
        if (len == 0 && l->text.len != 0) {
            p->at = i;
            text_print(&shown, "expected ");
            text_quote(&shown, l->text.data, l->text.len);
            text_print(&shown, ", sent is ");
            text_quote(&shown, p->out.data + p->out_seen, p->out.len - p->out_seen);
            if (p->has_peek) {
                text_print(&shown, ", next event is ");
                seen_print(&shown, &p->peek);
            }
            (void)play_fail(p, "%s", text_string(&shown));
            text_free(&shown);
            return 0;
        }
        p->out_seen += len;
    }
    if (p->out_seen != p->out.len) {
        text_print(&shown, "more is sent than expected: ");
        text_quote(&shown, p->out.data + p->out_seen, p->out.len - p->out_seen);
        (void)play_fail(p, "%s", text_string(&shown));
        text_free(&shown);
        return 0;
    }
    return 1;
}

/* The end of a block of own lines: everything must have been sent, and no more. */
static int play_output(struct play *p)
{
    size_t next = p->at + 1;
    size_t before = p->out_seen;

    while (next < p->script->count && p->script->lines[next].side != p->side &&
           p->script->lines[next].kind != LINE_BYTES) {
        next++; /* the other application's lines, which do not concern this engine */
    }
    if (next < p->script->count && is_own_bytes(p, next)) {
        return 1;
    }
    play_settle(p);
    if (p->why.len != 0 || !play_compare_output(p, p->out_first)) {
        return 0;
    }
    text_print(&p->log, "sent ");
    text_quote(&p->log, p->out.data + before, p->out_seen - before);
    text_print(&p->log, "\n");
    p->out_first = p->script->count;
    return 1;
}

/* ---- lines ------------------------------------------------------------------------------ */

int play_compare_event(struct play *p, const char *spec)
{
    struct text why = {NULL, 0, 0};
    struct text shown = {NULL, 0, 0};
    int good;

    seen_print(&shown, &p->last);
    text_add(&p->log, shown.data, shown.len);
    text_print(&p->log, "\n");
    good = seen_match(&p->last, spec, &why);
    if (!good) {
        (void)play_fail(p, "%s: got %s", text_string(&why), text_string(&shown));
    }
    if ((p->last.flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        p->request = p->last.tag;
    }
    text_free(&why);
    text_free(&shown);
    return good;
}

static int play_event(struct play *p, const char *spec)
{
    if (pull(p)) {
        return p->why.len == 0 && play_compare_event(p, spec);
    }
    if (p->why.len == 0) {
        struct text sent = {NULL, 0, 0};
        text_quote(&sent, p->out.data + p->out_seen, p->out.len - p->out_seen);
        (void)play_fail(p, "no event comes (want %u, %u octets not taken, sent %s)",
                        (unsigned)wants(p), (unsigned)(p->in.len - p->used),
                        text_string(&sent));
        text_free(&sent);
    }
    return 0;
}

/* Cuts `-> STATUS` off. */
static int expected_status(struct play *p, struct words *w, mailproto_status *status)
{
    size_t i;

    *status = MAILPROTO_OK;
    for (i = 0; i + 1 < w->count; i++) {
        if (word_is(&w->items[i], "->")) {
            struct text *name = &w->items[i + 1].text;
            if (!status_by_name(name->data, name->len, status)) {
                return play_fail(p, "no status: %s", text_string(name));
            }
            for (; w->count > i; w->count--) {
                free(w->items[w->count - 1].key);
                text_free(&w->items[w->count - 1].text);
            }
            return 1;
        }
    }
    return 1;
}

/* 1: done; 0: failed; -1: waits. */
static int play_action(struct play *p, const char *line)
{
    struct words w;
    struct text why = {NULL, 0, 0};
    mailproto_status expected;
    mailproto_status status = MAILPROTO_OK;
    enum act act = ACT_UNKNOWN;
    int good = words_split(&w, line, &why) && w.count != 0;

    if (!good) {
        (void)play_fail(p, "%s", text_string(&why));
    } else if (expected_status(p, &w, &expected)) {
        if (!p->in_action) {
            p->action_used = 0;
            p->in_action = 1;
        }
        act = play_common_action(p, &w, &status);
        if (act == ACT_UNKNOWN) {
            act = p->actor->act(p, &w, &status);
        }
        if (act == ACT_UNKNOWN) {
            (void)play_fail(p, "unknown action or wrong words: %s", line);
        } else if (act == ACT_DONE) {
            p->in_action = 0;
            status_met(status);
            if (status != expected) {
                (void)play_fail(p, "`%s` says %s, expected %s", line,
                                status_name(status), status_name(expected));
            }
        }
    }
    words_free(&w);
    text_free(&why);
    if (p->why.len != 0) {
        return 0;
    }
    return act == ACT_WAIT ? -1 : 1;
}

static int match_error_word(const struct play *p, const mailproto_error *e,
                            const struct word *w)
{
    uint64_t value;
    mailproto_status status;

    if (w->key == NULL) {
        return status_by_name(w->text.data, w->text.len, &status) && status == e->code;
    }
    if (strcmp(w->key, "offset") == 0) {
        if (p->in_pair) {
            return 1;
        }
        if (w->text.len == 1 && w->text.data[0] == '@') {
            return p->mark != NO_MARK && e->offset == p->mark;
        }
        if (w->text.len == 3 && memcmp(w->text.data, "end", 3) == 0) {
            return e->offset == p->in.len;
        }
        return word_number(w, &value) && e->offset == value;
    }
    if (strcmp(w->key, "reply") == 0) {
        return word_number(w, &value) && e->reply_code == value;
    }
    return 0;
}

void play_get_error(const struct play *p, mailproto_error *e)
{
    memset(e, 0, sizeof *e);
    e->struct_size = sizeof *e;
    mailproto_session_get_error(p->session, e);
    status_met(e->code);
}

static int play_error(struct play *p, const char *line)
{
    struct words w;
    struct text why = {NULL, 0, 0};
    mailproto_error e;
    size_t i;
    int good = words_split(&w, line, &why) && w.count != 0;

    play_get_error(p, &e);
    p->checked_error = 1;
    for (i = 0; good && i < w.count; i++) {
        good = match_error_word(p, &e, &w.items[i]);
    }
    if (!good || e.detail == NULL) {
        (void)play_fail(
            p, "expected error %s (mark %llu), it is %s offset=%llu reply=%u: %s", line,
            (unsigned long long)p->mark, status_name(e.code),
            (unsigned long long)e.offset, (unsigned)e.reply_code,
            e.detail != NULL ? e.detail : "(no detail)");
    }
    words_free(&w);
    text_free(&why);
    return p->why.len == 0;
}

static int play_check(struct play *p, const char *line)
{
    struct words w;
    struct text why = {NULL, 0, 0};
    size_t i;

    if (p->in_pair) {
        return 1; /* what is wanted meanwhile depends on how the two take turns */
    }
    play_settle(p);
    if (!words_split(&w, line, &why)) {
        (void)play_fail(p, "%s", text_string(&why));
    }
    for (i = 0; i < w.count && p->why.len == 0; i++) {
        int holds = w.items[i].key != NULL ? play_common_check(p, &w.items[i]) : -1;
        if (holds < 0 && w.items[i].key != NULL) {
            holds = p->actor->check(p, &w.items[i]);
        }
        if (holds != 1 && p->why.len == 0) {
            (void)play_fail(p, holds < 0 ? "unknown check: %s" : "does not hold: %s",
                            line);
        }
    }
    words_free(&w);
    text_free(&why);
    return p->why.len == 0;
}

/* A line of this side's script. 1: done, 0: failed, -1: waits. */
int play_line(struct play *p, const struct transcript_line *l)
{
    switch (l->kind) {
    case LINE_EVENT:
        return play_event(p, l->text.data);
    case LINE_ACTION:
        return play_action(p, l->text.data);
    case LINE_ERROR:
        return play_error(p, l->text.data);
    case LINE_CHECK:
        return play_check(p, l->text.data);
    case LINE_BYTES:
    default:
        return 1;
    }
}

/* ---- one side ----------------------------------------------------------------------------- */

int play_begin(struct play *p, const struct transcript *t, const struct actor *actor,
               enum side side, struct chunk chunk)
{
    struct text why = {NULL, 0, 0};
    int good;

    memset(p, 0, sizeof *p);
    p->script = t;
    p->actor = actor;
    p->side = side;
    p->chunk = chunk;
    p->mark = NO_MARK;
    p->out_first = t->count;
    p->next_tag = 1;
    p->at = t->count;
    good = actor->open(p, &why);
    if (!good) {
        (void)play_fail(p, "%s", text_string(&why));
    }
    p->at = 0;
    text_free(&why);
    return good;
}

static void take_peer_bytes(struct play *p, const struct transcript_line *l)
{
    if (l->mark != NO_MARK) {
        p->mark = p->in.len + l->mark;
    }
    text_add(&p->in, l->text.data, l->text.len);
    p->writes = 0;
}

static int play_one(struct play *p, const struct transcript_line *l)
{
    int result;

    if (l->kind == LINE_BYTES && l->side == p->side) {
        p->out_first = p->out_first < p->at ? p->out_first : p->at;
        return play_output(p);
    }
    if (l->kind == LINE_BYTES) {
        take_peer_bytes(p, l);
        return 1;
    }
    if (l->side != p->side) {
        return 1;
    }
    while ((result = play_line(p, l)) < 0) {
        play_settle(p);
        if (p->has_peek && p->peek.type == MAILPROTO_EV_ROOM) {
            seen_free(&p->peek); /* the waiting call is repeated anyway */
            p->has_peek = 0;
        }
        if (p->has_peek) {
            return play_fail(p, "an event comes while the action waits");
        }
    }
    return result;
}

/* Nothing may be left over. */
static int finish(struct play *p)
{
    mailproto_error e;
    struct text shown = {NULL, 0, 0};

    p->at = p->script->count != 0 ? p->script->count - 1 : 0;
    play_settle(p);
    if (p->why.len != 0) {
        return 0;
    }
    if (p->has_peek) {
        seen_print(&shown, &p->peek);
        (void)play_fail(p, "one event more than expected: %s", text_string(&shown));
        text_free(&shown);
        return 0;
    }
    if (p->out_seen != p->out.len) {
        text_quote(&shown, p->out.data + p->out_seen, p->out.len - p->out_seen);
        (void)play_fail(p, "at the end, more is sent than expected: %s",
                        text_string(&shown));
        text_free(&shown);
        return 0;
    }
    if (!p->over && p->used != p->in.len) {
        return play_fail(p, "%u octets were not taken",
                         (unsigned)(p->in.len - p->used));
    }
    if (p->over && (wants(p) & MAILPROTO_WANT_CLOSED) == 0) {
        return play_fail(p, "over, but no WANT_CLOSED");
    }
    play_get_error(p, &e);
    text_print(&p->log, "error %s offset=%llu\n", status_name(e.code),
               (unsigned long long)e.offset);
    if (!p->checked_error && e.code != MAILPROTO_OK) {
        return play_fail(p, "an error that no X: line expects: %s offset=%llu: %s",
                         status_name(e.code), (unsigned long long)e.offset,
                         e.detail != NULL ? e.detail : "");
    }
    return 1;
}

int play_run(struct play *p, const struct transcript *t, const struct actor *actor,
             enum side side, struct chunk chunk)
{
    if (!play_begin(p, t, actor, side, chunk)) {
        return 0;
    }
    for (; p->at < t->count; p->at++) {
        if (!play_one(p, &t->lines[p->at])) {
            return 0;
        }
    }
    return finish(p);
}

void play_free(struct play *p)
{
    if (p->actor != NULL) {
        p->actor->close(p);
    }
    take_back(p);
    seen_free(&p->peek);
    seen_free(&p->last);
    text_free(&p->in);
    text_free(&p->out);
    text_free(&p->log);
    text_free(&p->why);
    memset(p, 0, sizeof *p);
}
