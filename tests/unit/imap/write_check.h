/*
 * What the tests of responses share: a server to which commands are given, its output as
 * it is drained, and that a verb said these octets, or nothing.
 */
#ifndef TEST_WRITE_CHECK_H
#define TEST_WRITE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap_server.h>

#include "imap_read.h"

struct writer {
    mailproto_imap_server *server;
    mailproto_session *session;
    uint32_t request; /* of the last command */
    mailproto_imap_command command;
    size_t drain;  /* octets that are sent at once when a verb says AGAIN */
    size_t again;  /* how often one did */
    size_t wanted; /* EV_CONTENT_WANTED so far */
    char *out;
    size_t len, cap;
};

static inline mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}
#define OCTETS(literal) ((mailproto_bytes){literal, sizeof(literal) - 1})

/* Sends up to `n` octets; how many. */
static inline size_t writer_drain(struct writer *w, size_t n)
{
    size_t due;
    const void *at = mailproto_session_output(w->session, &due);
    n = n < due ? n : due;
    if (w->len + n + 1 > w->cap) {
        w->cap = 2 * (w->len + n + 1);
        w->out = (char *)realloc(w->out, w->cap);
        assert_non_null(w->out);
    }
    memcpy(w->out + w->len, at, n);
    w->len += n;
    w->out[w->len] = '\0';
    assert_int_equal(mailproto_session_output_sent(w->session, n), MAILPROTO_OK);
    return n;
}

static inline void writer_drain_all(struct writer *w)
{
    while (writer_drain(w, SIZE_MAX) > 0) {
    }
}

static inline void writer_forget(struct writer *w)
{
    writer_drain_all(w);
    w->len = 0;
    if (w->out != NULL) {
        w->out[0] = '\0';
    }
}

/* Takes events; the request of the last one that needs an answer is kept. */
static inline void writer_events(struct writer *w)
{
    mailproto_event ev;
    while (mailproto_session_next_event(w->session, &ev) == MAILPROTO_OK) {
        if (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) {
            w->request = ev.tag;
            memset(&w->command, 0, sizeof w->command);
            w->command.struct_size = sizeof w->command;
            (void)mailproto_imap_event_command(&ev, &w->command);
        } else if (ev.type == MAILPROTO_EV_CONTENT_WANTED) {
            w->wanted++;
        }
    }
}

/* The client sends this; what was due before is forgotten. */
static inline void writer_command(struct writer *w, const char *line)
{
    size_t len = strlen(line);
    writer_forget(w);
    w->request = 0;
    while (len > 0) {
        size_t used;
        assert_int_equal(mailproto_session_feed(w->session, line, len, &used),
                         MAILPROTO_OK);
        writer_events(w);
        writer_drain_all(w);
        assert_true(used > 0);
        line += used;
        len -= used;
    }
    writer_events(w);
    writer_forget(w);
}

static inline void writer_complete(struct writer *w)
{
    assert_int_equal(mailproto_imap_server_complete(
                         w->server, w->request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_OK);
    writer_events(w);
    writer_forget(w);
}

static inline mailproto_imap_selected writer_box(uint32_t exists)
{
    mailproto_imap_selected box;
    memset(&box, 0, sizeof box);
    box.struct_size = sizeof box;
    box.exists = exists;
    box.uidvalidity = 7;
    box.uidnext = 1000;
    box.highestmodseq = 99;
    box.entry.struct_size = sizeof box.entry;
    box.entry.delimiter = '/';
    box.entry.name = OCTETS("INBOX");
    return box;
}

static inline void writer_select(struct writer *w, uint32_t exists)
{
    mailproto_imap_selected box = writer_box(exists);
    writer_command(w, "S1 SELECT INBOX\r\n");
    assert_int_equal(mailproto_imap_server_selected(w->server, w->request, &box),
                     MAILPROTO_OK);
    writer_complete(w);
    assert_int_equal(mailproto_imap_server_state(w->server), MAILPROTO_IMAP_SELECTED);
}

/* A server that is logged in; `enable`: as for ENABLE, or NULL. */
static inline void writer_open(struct writer *w, uint32_t out_size, const char *enable)
{
    mailproto_imap_server_options o;
    memset(w, 0, sizeof *w);
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags =
        MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR | MAILPROTO_IMAP_SERVER_OTHER_COMMANDS;
    o.out_size = out_size;
    o.caps = (UINT64_C(1) << 29) - 1;
    o.caps &= ~(UINT64_C(1) << MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    assert_int_equal(mailproto_imap_server_new(&o, &w->server), MAILPROTO_OK);
    w->session = mailproto_imap_server_session(w->server);
    w->drain = SIZE_MAX;
    writer_events(w);
    assert_int_equal(mailproto_imap_server_accept(w->server, w->request), MAILPROTO_OK);
    writer_command(w, "L1 LOGIN a b\r\n");
    writer_complete(w);
    if (enable != NULL) {
        char line[128];
        (void)snprintf(line, sizeof line, "E1 ENABLE %s\r\n", enable);
        writer_command(w, line);
        assert_true(mailproto_imap_server_enabled(w->server) != 0);
    }
}

static inline void writer_close(struct writer *w)
{
    mailproto_imap_server_free(w->server);
    free(w->out);
}

/* A session with a mailbox of `exists` messages and this command in progress. */
static inline void writer_work(struct writer *w, uint32_t out_size, const char *enable,
                               uint32_t exists, const char *command)
{
    writer_open(w, out_size, enable);
    if (exists > 0) {
        writer_select(w, exists);
    }
    writer_command(w, command);
    assert_true(w->request != 0);
}

static inline void writer_shows(struct writer *w, const char *octets, size_t len,
                                const char *file, int line)
{
    static struct imap_read reader;
    writer_drain_all(w);
    if (w->len != len || memcmp(w->out, octets, len) != 0) {
        print_error("%s:%d: is:\n<%.*s>\nshould be:\n<%.*s>\n", file, line, (int)w->len,
                    w->out, (int)len, octets);
        fail();
    }
    reader.utf8 = (mailproto_imap_server_enabled(w->server) &
                   (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)) != 0;
    if (len > 0 && imap_read_all(&reader, w->out, w->len) < 0) {
        print_error("%s:%d: %s:\n<%.*s>\n", file, line, reader.fault, (int)w->len,
                    w->out);
        fail();
    }
    writer_forget(w);
}

/* The verb says these octets. */
#define SAYS(w, call, octets)                                                          \
    do {                                                                               \
        assert_int_equal((call), MAILPROTO_OK);                                        \
        writer_shows((w), (octets), sizeof(octets) - 1, __FILE__, __LINE__);           \
    } while (0)

/* The verb refuses, and nothing is said. */
#define REFUSES(w, call, status)                                                       \
    do {                                                                               \
        assert_int_equal((call), (status));                                            \
        writer_shows((w), "", 0, __FILE__, __LINE__);                                  \
    } while (0)

/* The verb is repeated until it has said all, the output being drained as `w` has it. */
#define UNTIL_SAID(w, call)                                                            \
    do {                                                                               \
        mailproto_status st_;                                                          \
        size_t rounds_ = 0;                                                            \
        while ((st_ = (call)) == MAILPROTO_AGAIN || st_ == MAILPROTO_NOT_READY) {      \
            if (st_ == MAILPROTO_AGAIN) {                                              \
                (w)->again++;                                                          \
                assert_true(writer_drain((w), (w)->drain) > 0);                        \
            }                                                                          \
            assert_true(++rounds_ < 10000000);                                         \
        }                                                                              \
        assert_int_equal(st_, MAILPROTO_OK);                                           \
    } while (0)

#endif /* TEST_WRITE_CHECK_H */
