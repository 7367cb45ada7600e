/*
 * What the fuzz targets of the IMAP server share: a client that keeps to the framing (RFC
 * 9051 2.2, 4.3; RFC 7888) whatever it says, and that reads every answer. A command is made
 * of the input's octets: a template, a command of the grammar, or text as it is; octets of
 * it may be changed. The client waits where a literal has to be asked for, ends IDLE and
 * exchanges, and asks NOOP now and then: it must be in step.
 *
 * The target brings the application: fuzz_answer() for each event that needs a reply, and
 * fuzz_go_on(), called when nothing moves: it does something that is due, or says 0.
 */
#ifndef FUZZ_IMAP_H
#define FUZZ_IMAP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/imap_server.h>

#include "fuzz_imap_make.h"
#include "imap_read.h"

enum { FUZZ_UNITS = 256, FUZZ_LITERAL = 3000 };

/* What the client is owed for a tag. */
enum fuzz_due { FUZZ_NOT_SENT, FUZZ_DUE, FUZZ_COMPLETE };

struct run {
    mailproto_imap_server *server;
    mailproto_session *s;
    void *block;
    uint32_t out_size;
    uint32_t piece; /* 0: as the client has it; 1: octet by octet; else at random */
    uint32_t cuts;  /* the state of that */
    uint32_t gulps; /* what the client reads at once, at random; 0: all */
    struct octets log, out, batch;
    size_t was_read; /* of `out`, by the client */
    int go_ahead;    /* it read a `+` */
    uint8_t due[FUZZ_UNITS];
    uint32_t units, probes;
    uint32_t open; /* of the log: the type of value that may go on */
    int idling, exchange, closed, calm;
    uint32_t lent_times;
    mailproto_status end;
    int lends; /* memory is lent when it is asked for */
};

static void fuzz_answer(struct run *r, const mailproto_event *ev);
static int fuzz_go_on(struct run *r);
static void fuzz_see(struct run *r, const mailproto_event *ev);

static inline mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* ---- the wire, naively ----------------------------------------------------------- */

/* Octets of the literal that a line (without its CRLF) announces; -1: none; -2: more than
 * 63 bits count. `*sync`: it has to be asked for. */
static inline int64_t fuzz_announced(const char *line, size_t len, int *sync,
                                     int *binary)
{
    int quoted = 0;
    size_t brace = len;
    size_t i;
    uint64_t size = 0;
    for (i = 0; i < len; i++) {
        if (quoted) {
            if (line[i] == '\\') {
                i++;
            } else if (line[i] == '"') {
                quoted = 0;
            }
        } else if (line[i] == '"') {
            quoted = 1;
        } else if (line[i] == '{') {
            brace = i;
        }
    }
    if (quoted || brace == len || line[len - 1] != '}') {
        return -1;
    }
    *binary = brace > 0 && line[brace - 1] == '~';
    *sync = 1;
    i = brace + 1;
    while (i < len - 1 && line[i] >= '0' && line[i] <= '9') {
        uint64_t digit = (uint64_t)(line[i] - '0');
        size =
            size > ((uint64_t)INT64_MAX - digit) / 10 ? UINT64_MAX : size * 10 + digit;
        i++;
    }
    if (i == brace + 1) {
        return -1;
    }
    if (line[i] == '+') {
        *sync = 0;
        i++;
    }
    return i != len - 1 ? -1 : size == UINT64_MAX ? -2 : (int64_t)size;
}

/* Octets of the first line, CRLF included; 0: there is no CRLF. */
static inline size_t fuzz_line(const char *at, size_t len)
{
    size_t i;
    for (i = 1; i < len; i++) {
        if (at[i] == '\n' && at[i - 1] == '\r') {
            return i + 1;
        }
    }
    return 0;
}

/* ---- reading answers ------------------------------------------------------------- */

/* At most `most` octets are written; how many. */
static inline size_t drain_some(struct run *r, size_t most)
{
    size_t len;
    const void *due = mailproto_session_output(r->s, &len);
    CHECK(len <= r->out_size);
    len = len < most ? len : most;
    octets_add(&r->out, due, len);
    CHECK(mailproto_session_output_sent(r->s, len) == MAILPROTO_OK);
    return len;
}

static inline void drain(struct run *r)
{
    (void)drain_some(r, SIZE_MAX);
}

/* `good7 OK ...`: one for each. Tags that were changed are no one's. */
static inline void fuzz_completed(struct run *r, const char *line, size_t len)
{
    static struct imap_read reader;
    char copy[2048];
    unsigned number;
    const char *blank = (const char *)memchr(line, ' ', len);
    size_t rest;
    int good;
    CHECK(blank != NULL && blank > line);
    rest = len - (size_t)(blank - line);
    CHECK(rest + 1 < sizeof copy);
    copy[0] = 'T';
    memcpy(copy + 1, blank, rest);
    reader.utf8 = 1;
    CHECK(imap_read_response(&reader, copy, rest + 1) == rest + 1);
    good = imap_read_is(&reader, 1, "OK", 2);
    CHECK(good || imap_read_is(&reader, 1, "NO", 2) ||
          imap_read_is(&reader, 1, "BAD", 3));
    memcpy(copy, line, (size_t)(blank - line));
    copy[blank - line] = '\0';
    if (sscanf(copy, "good%u", &number) == 1) {
        CHECK(number < r->units && r->due[number] == FUZZ_DUE);
        r->due[number] = FUZZ_COMPLETE;
    } else if (sscanf(copy, "probe%u", &number) == 1) {
        CHECK(number == r->probes);
        if (r->calm && !good) {
            (void)fprintf(stderr, "%.*s", (int)len, line);
            abort();
        }
        r->probes++;
    }
}

/* Whether an untagged response has a name that there is, or a number. */
static inline int fuzz_is_known(const struct imap_read *reader)
{
    static const char *const names[] = {
        "OK",      "NO",     "BAD",     "BYE",     "PREAUTH",   "CAPABILITY",
        "ENABLED", "LIST",   "LSUB",    "STATUS",  "NAMESPACE", "ID",
        "FLAGS",   "SEARCH", "ESEARCH", "VANISHED"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (imap_read_is(reader, 1, names[i], strlen(names[i]))) {
            return 1;
        }
    }
    return reader->count > 2 && *reader->tokens[1].at >= '0' &&
           *reader->tokens[1].at <= '9';
}

/* All that has come is whole and well formed, but where the session broke off. */
static inline void fuzz_read(struct run *r)
{
    static struct imap_read reader;
    while (r->was_read < r->out.len) {
        const char *at = r->out.at + r->was_read;
        size_t len = r->out.len - r->was_read;
        size_t line = fuzz_line(at, len);
        reader.utf8 = 1;
        if (line > 0 && at[0] == '+') {
            CHECK(line >= 4 && at[1] == ' ');
            r->go_ahead = 1;
        } else if (line > 0 && at[0] != '*') {
            fuzz_completed(r, at, line);
        } else {
            line = imap_read_response(&reader, at, len);
            if (line == 0 && r->closed && r->end != MAILPROTO_OK) {
                r->was_read = r->out.len;
                return;
            }
            if (line == 0) {
                (void)fprintf(stderr, "%s: %.*s\n", reader.fault,
                              (int)(len < 300 ? len : 300), at);
            }
            CHECK(line > 0 && fuzz_is_known(&reader));
        }
        r->was_read += line;
    }
}

/* ---- moving -------------------------------------------------------------------------- */

static inline void log_number(struct run *r, uint64_t n)
{
    octets_add(&r->log, &n, sizeof n);
}

/* Where a value is cut does not count, nor when there was room. */
static inline void log_event(struct run *r, const mailproto_event *ev)
{
    int piece = ev->type == MAILPROTO_EV_CONTENT || ev->type == MAILPROTO_EV_AUTH_DATA;
    if (ev->type == MAILPROTO_EV_ROOM) {
        return;
    }
    if (!piece || r->open != ev->type) {
        log_number(r, ev->type);
        log_number(r, piece ? 0 : ev->number);
        log_number(r, ev->code);
    }
    r->open = piece ? ev->type : 0;
    if (ev->type == MAILPROTO_EV_AUTH_DATA && !(ev->flags & MAILPROTO_EVF_MORE)) {
        r->open = 0;
    }
    octets_add(&r->log, ev->text.ptr, ev->text.len);
}

static inline void fuzz_memory(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_NEED_MEMORY && r->lends) {
        size_t size = (size_t)ev->number;
        void *mem = malloc(size);
        CHECK(mem != NULL && size <= 1 << 20);
        CHECK(mailproto_session_lend(r->s, mem, size - 1) == MAILPROTO_ERR_MEMORY);
        CHECK(mailproto_session_lend(r->s, mem, size) == MAILPROTO_OK);
        /* A command that outgrows what was lent is moved: the first one comes back. */
        CHECK(r->lent_times < 2);
        r->lent_times++;
    } else if (ev->type == MAILPROTO_EV_MEMORY_BACK) {
        union {
            const void *from;
            void *to;
        } mem;
        mem.from = ev->detail;
        CHECK(r->lent_times > 0 && mem.to != NULL);
        r->lent_times--;
        free(mem.to);
    }
}

static inline void fuzz_event(struct run *r, const mailproto_event *ev)
{
    CHECK(!r->closed);
    log_event(r, ev);
    switch (ev->type) {
    case MAILPROTO_EV_CLOSED:
        r->closed = 1;
        r->end = (mailproto_status)ev->code;
        break;
    case MAILPROTO_EV_TLS_GO:
        CHECK(mailproto_session_tls_started(r->s, NULL) == MAILPROTO_OK);
        break;
    case MAILPROTO_EV_IMAP_IDLE:
        r->idling = ev->number == 1;
        break;
    case MAILPROTO_EV_AUTH_START:
        r->exchange = 1;
        break;
    case MAILPROTO_EV_AUTH_RESULT:
        r->exchange = 0;
        break;
    default:
        break;
    }
    fuzz_memory(r, ev);
    fuzz_see(r, ev);
    if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
        fuzz_answer(r, ev);
    }
}

/* What the client reads meanwhile, often little; 0: nothing, it does something else. */
static inline int gulp(struct run *r)
{
    uint32_t dice;
    if (r->gulps == 0) {
        drain(r);
        return 1;
    }
    r->gulps = (r->gulps * 1664525U + 1013904223U) | 1U;
    dice = r->gulps >> 8;
    (void)drain_some(r, 1 + (dice >> 2) % 300);
    return (dice & 3U) != 0;
}

/* All events there are; the client reads only what it must. */
static inline void pull(struct run *r)
{
    mailproto_event ev;
    for (;;) {
        mailproto_want want;
        size_t len;
        memset(&want, 0, sizeof want);
        want.struct_size = sizeof want;
        if (mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
            fuzz_event(r, &ev);
            continue;
        }
        mailproto_session_get_want(r->s, &want);
        (void)mailproto_session_output(r->s, &len);
        if (!(want.flags & MAILPROTO_WANT_WRITE) || len == 0 || !gulp(r)) {
            return;
        }
    }
}

static inline void pull_all(struct run *r)
{
    uint32_t gulps = r->gulps;
    r->gulps = 0;
    pull(r);
    drain(r);
    pull(r);
    r->gulps = gulps;
}

/* Until nothing moves: all that is due was done, everything is written and read. */
static inline void settle(struct run *r)
{
    unsigned turns = 0;
    do {
        do {
            pull(r);
            CHECK(++turns < 100000);
        } while (r->gulps != 0 && fuzz_go_on(r));
        pull_all(r);
    } while (fuzz_go_on(r));
    drain(r);
    fuzz_read(r);
}

static inline uint32_t next_cut(struct run *r, size_t left)
{
    uint32_t n;
    if (r->piece == 0) {
        return (uint32_t)left;
    }
    if (r->piece == 1) {
        return 1;
    }
    r->cuts = r->cuts * 1664525U + 1013904223U;
    n = 1 + (r->cuts >> 8) % r->piece;
    return n < left ? n : (uint32_t)left;
}

/* Octets on the wire. */
static inline void fuzz_send(struct run *r, const char *data, size_t len)
{
    size_t done = 0;
    int stuck = 0;
    while (done < len && !r->closed) {
        size_t n = next_cut(r, len - done);
        size_t used = 0;
        mailproto_status st;
        /* An exact copy, so that a sanitizer sees a look beyond its end. */
        char *copy = (char *)malloc(n);
        CHECK(copy != NULL);
        memcpy(copy, data + done, n);
        if (r->piece == 2) {
            size_t cap;
            char *space = (char *)mailproto_session_input_space(r->s, &cap);
            used = n < cap ? n : cap;
            if (used > 0) {
                memcpy(space, copy, used);
            }
            st = mailproto_session_input_commit(r->s, used);
        } else {
            st = mailproto_session_feed(r->s, copy, n, &used);
        }
        pull(r);
        free(copy);
        done += used;
        if (st < 0) {
            pull(r);
            return;
        }
        stuck = used > 0 ? 0 : stuck + 1;
        if (stuck > 2) { /* the application's turn, or the client must read */
            drain(r);
            (void)fuzz_go_on(r);
        }
        CHECK(stuck < 1000);
    }
}

/* ---- the client ---------------------------------------------------------------------- */

/* What is open is ended, so that a command can be sent. */
static inline void fuzz_close_exchange(struct run *r, uint32_t how)
{
    uint32_t tries;
    for (tries = 0; (r->idling || r->exchange) && !r->closed; tries++) {
        CHECK(tries < 40);
        if (r->idling && how % 8 == 7) {
            fuzz_send(r, "no such\r\n", 9);
        } else if (r->idling) {
            fuzz_send(r, "DONE\r\n", 6);
        } else if (tries < 30 && how % 4 > 1) {
            fuzz_send(r, "AGEAYg==\r\n", 10);
        } else {
            fuzz_send(r, "*\r\n", 3);
        }
        settle(r);
    }
}

static inline void fuzz_flush(struct run *r)
{
    if (r->batch.len > 0) {
        fuzz_send(r, r->batch.at, r->batch.len);
        r->batch.len = 0;
    }
}

/* NOOP is answered: client and server mean the same by where a command ends. */
static inline void fuzz_probe(struct run *r)
{
    char line[32];
    uint32_t before = r->probes;
    uint32_t i;
    fuzz_flush(r);
    settle(r);
    if (r->closed) {
        return;
    }
    for (i = 0; i < r->units; i++) {
        CHECK(r->due[i] != FUZZ_DUE);
    }
    (void)snprintf(line, sizeof line, "probe%u NOOP\r\n", (unsigned)before);
    fuzz_send(r, line, strlen(line));
    settle(r);
    CHECK(r->closed || r->probes == before + 1);
}

/* A command with its literals in, as far as it is one: line by line, each literal sent
 * when that is allowed. */
static inline void fuzz_unit(struct run *r, const char *unit, size_t len, uint32_t how)
{
    static const char filling[FUZZ_LITERAL] = "filling";
    size_t at = 0;
    for (;;) {
        size_t line = fuzz_line(unit + at, len - at);
        int sync = 0;
        int binary = 0;
        int64_t size;
        size_t have;
        CHECK(line > 0); /* CRLF stands at its end */
        octets_add(&r->batch, unit + at, line);
        size = fuzz_announced(unit + at, line - 2, &sync, &binary);
        at += line;
        if (size == -1) {
            break;
        }
        if (sync) {
            fuzz_flush(r);
            settle(r);
            r->go_ahead = r->go_ahead && !r->closed;
            if (!r->go_ahead) {
                return; /* it was refused, which ends the command */
            }
            r->go_ahead = 0;
        }
        if (size < 0 || size > FUZZ_LITERAL) { /* nobody sends all that */
            fuzz_flush(r);
            (void)mailproto_session_feed_eof(r->s);
            settle(r);
            CHECK(r->closed);
            return;
        }
        have = len - at < (size_t)size ? len - at : (size_t)size;
        octets_add(&r->batch, unit + at, have);
        octets_add(&r->batch, filling, (size_t)size - have);
        at += have;
        if (fuzz_line(unit + at, len - at) == 0) {
            unit = "\r\n";
            at = 0;
            len = 2;
        }
    }
    if (how & 1) {
        return; /* the next one follows in the same octets */
    }
    fuzz_flush(r);
    settle(r);
    fuzz_close_exchange(r, how);
}

/* All of the input; with `warm` behind a login and a mailbox. */
static inline void fuzz_talk(struct run *r, const uint8_t *data, size_t size, int warm)
{
    static const uint8_t first[] = {2, 1, 2, 6, 2, 3};
    struct octets unit = {NULL, 0, 0};
    struct fuzz_input in;
    in.at = data;
    in.end = data + size;
    if (warm) { /* LOGIN, ENABLE, SELECT of the templates */
        fuzz_talk(r, first + (warm & 2 ? 2 : 0), warm & 2 ? 4 : 6, 0);
    }
    settle(r);
    while (in.at < in.end && r->units < FUZZ_UNITS && !r->closed) {
        uint32_t op = fuzz_octet(&in);
        uint32_t number = r->units;
        uint32_t how = op >> 2 & 15U;
        int wild;
        r->go_ahead = 0;
        r->units++;
        wild = fuzz_make(&in, &unit, op, (unsigned)number,
                         mailproto_imap_server_enabled(r->server));
        if (fuzz_stands_alone(unit.at, unit.len)) {
            fuzz_flush(r);
            settle(r);
            how &= ~1U;
        }
        r->go_ahead = 0;
        if (!wild) {
            r->due[number] = FUZZ_DUE;
        }
        if (!r->closed) {
            fuzz_unit(r, unit.at, unit.len, how);
        }
        if (!(how & 1) && !r->closed) {
            fuzz_close_exchange(r, how);
            fuzz_probe(r);
        }
    }
    fuzz_probe(r);
    free(unit.at);
}

/* ---- beginning and end ----------------------------------------------------------------- */

static inline void fuzz_start(struct run *r, const mailproto_imap_server_options *o,
                              uint32_t piece)
{
    size_t size = mailproto_imap_server_mem_size(o);
    memset(r, 0, sizeof *r);
    r->piece = piece;
    r->cuts = piece;
    r->out_size = o->out_size != 0 ? o->out_size : 4096;
    CHECK(size > 0);
    r->block = malloc(size);
    CHECK(r->block != NULL);
    CHECK(mailproto_imap_server_init(r->block, size, o, &r->server) == MAILPROTO_OK);
    r->s = mailproto_imap_server_session(r->server);
}

static inline void fuzz_finish(struct run *r)
{
    mailproto_event ev;
    settle(r);
    (void)mailproto_session_feed_eof(r->s);
    settle(r);
    if (!r->closed) {
        (void)mailproto_session_fail(r->s, MAILPROTO_ERR_IO);
        settle(r);
    }
    CHECK(r->closed && r->lent_times == 0);
    CHECK(mailproto_session_next_event(r->s, &ev) == MAILPROTO_EOF);
}

static inline void fuzz_release(struct run *r)
{
    free(r->block);
    free(r->log.at);
    free(r->out.at);
    free(r->batch.at);
}

#endif /* FUZZ_IMAP_H */
