/*
 * The framing of IMAP commands: where a line announces a literal, by wire/literal and by a
 * naive reader; and the server's, by a client that keeps to it whatever it says: each
 * command gets one completion, the next one is in step, and neither events nor output
 * depend on how the input was cut.
 *
 * Input: four octets that choose options, then commands, see fuzz_imap.h. With 128 in the
 * first: a line for wire/literal alone.
 */
#include "fuzz_imap.h"

#include "wire/literal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KNOBS = 4 };

/* ---- wire/literal ---------------------------------------------------------------- */

static void check_line(const char *line, size_t len)
{
    size_t shown = len > 0 && line[len - 1] == '\r' ? len - 1 : len;
    size_t cut;
    int sync = 0;
    int binary = 0;
    int64_t size = shown > 0 ? fuzz_announced(line, shown, &sync, &binary) : -1;
    for (cut = 0; cut <= len; cut++) {
        struct mailproto__literal l = {0, 0, 0, 0};
        mailproto__literal_scan(&l, line, cut);
        mailproto__literal_scan(&l, line + cut, len - cut);
        CHECK(mailproto__literal_announced(&l) == (size != -1));
        if (size != -1) {
            CHECK(l.size == (size == -2 ? UINT64_MAX : (uint64_t)size));
            CHECK(l.sync == sync && l.binary == binary);
        }
    }
}

/* ---- the application: it takes what it is given ------------------------------------ */

static void fuzz_see(struct run *r, const mailproto_event *ev)
{
    (void)r;
    (void)ev;
}

static int fuzz_go_on(struct run *r)
{
    (void)r;
    return 0;
}

static void answer_command(struct run *r, const mailproto_event *ev)
{
    if (ev->number == MAILPROTO_IMAP_SELECT || ev->number == MAILPROTO_IMAP_EXAMINE) {
        mailproto_imap_selected box;
        mailproto_status st;
        memset(&box, 0, sizeof box);
        box.struct_size = sizeof box;
        box.exists = 3;
        box.uidvalidity = 7;
        box.uidnext = 4;
        box.highestmodseq = 9;
        box.entry.struct_size = sizeof box.entry;
        box.entry.delimiter = '/';
        box.entry.name = bytes_of("INBOX");
        while ((st = mailproto_imap_server_selected(r->server, ev->tag, &box)) ==
               MAILPROTO_AGAIN) {
            drain(r);
        }
        CHECK(st == MAILPROTO_OK);
    }
    CHECK(mailproto_imap_server_complete(r->server, ev->tag, MAILPROTO_IMAP_OK, NULL,
                                         bytes_of("")) == MAILPROTO_OK);
}

static void fuzz_answer(struct run *r, const mailproto_event *ev)
{
    switch (ev->type) {
    case MAILPROTO_EV_IMAP_COMMAND:
        answer_command(r, ev);
        break;
    case MAILPROTO_EV_IMAP_LITERAL:
        if (ev->number % 3 == 2) {
            CHECK(mailproto_imap_server_refuse_literal(r->server, ev->tag, NULL,
                                                       bytes_of("no")) == MAILPROTO_OK);
        } else {
            CHECK(mailproto_imap_server_literal(r->server, ev->tag, ev->number) ==
                  MAILPROTO_OK);
        }
        break;
    case MAILPROTO_EV_AUTH_START:
        CHECK(mailproto_session_auth_data(r->s, "who?", 4, 4) == MAILPROTO_OK);
        break;
    case MAILPROTO_EV_AUTH_DATA:
        CHECK(mailproto_session_auth_finish(r->s, ev->tag, MAILPROTO_OK) ==
              MAILPROTO_OK);
        break;
    default:
        CHECK(mailproto_imap_server_accept(r->server, ev->tag) == MAILPROTO_OK);
        break;
    }
}

/* ---- one session, cut in several ways --------------------------------------------------- */

static mailproto_imap_server_options options_of(const uint8_t *knobs)
{
    mailproto_imap_server_options o;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.flags = MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR | (knobs[0] & 4U);
    o.max_bad_commands = MAILPROTO_UNLIMITED;
    o.auth_mechanisms = bytes_of("PLAIN");
    if (knobs[0] & 1) {
        o.in_size = 512;
        o.out_size = 1024;
        o.max_command = 900 + knobs[1];
        o.max_command_before = 600;
        o.max_literal = knobs[2] % 64;
        o.append_limit = 1500;
        o.max_swallow = 4096 + (uint32_t)knobs[3] * 256;
        o.max_swallow_before = 4096;
    }
    if (knobs[0] & 2) {
        o.caps = UINT64_C(0x1fffffff);
        o.caps &= ~(knobs[0] & 8 ? UINT64_C(1) << MAILPROTO_IMAP_CAP_LITERAL_PLUS
                                 : UINT64_C(1) << MAILPROTO_IMAP_CAP_LITERAL_MINUS);
    }
    return o;
}

static void play(struct run *r, const uint8_t *data, size_t size, uint32_t piece)
{
    mailproto_imap_server_options o = options_of(data);
    fuzz_start(r, &o, piece);
    r->calm = 1;
    r->lends = data[0] >> 4 & 1;
    fuzz_talk(r, data + KNOBS, size - KNOBS, data[0] >> 5 & 1);
    fuzz_finish(r);
}

static void compare(const struct run *a, const struct run *b)
{
    CHECK(a->end == b->end && a->units == b->units && a->probes == b->probes);
    CHECK(a->out.len == b->out.len && memcmp(a->out.at, b->out.at, a->out.len) == 0);
    CHECK(a->log.len == b->log.len && memcmp(a->log.at, b->log.at, a->log.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t pieces[] = {1, 2, 7, 61};
    static struct run whole;
    static struct run cut;
    size_t i;
    if (size < KNOBS || size > 4096) {
        return 0;
    }
    if (data[0] & 128) {
        check_line((const char *)data + 1, size - 1 < 400 ? size - 1 : 400);
        return 0;
    }
    play(&whole, data, size, 0);
    for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        play(&cut, data, size, pieces[i]);
        compare(&whole, &cut);
        fuzz_release(&cut);
    }
    fuzz_release(&whole);
    return 0;
}
