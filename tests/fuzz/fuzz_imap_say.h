/*
 * What the application of fuzz_imap_session.c says: responses of every kind, by its dice,
 * with arguments that may be refused. Knows the verbs; must not know when they are called.
 */
#ifndef FUZZ_IMAP_SAY_H
#define FUZZ_IMAP_SAY_H

#include "fuzz_imap.h"

static uint32_t dice(uint32_t below);

/* ---- what it says -------------------------------------------------------------------- */

static mailproto_bytes any_text(void)
{
    static const char *const texts[] = {
        "",      "done",        "a b",      "x\r\ny", "\"quoted\\", "{5}",
        "(a [b", "M\xc3\xbcll", "\xff\xfe", "&Jjo-",  "]",          "NIL",
        "~",     "a/b%*",       "\t",       "INBOX",  "&",          "0123456789012345"};
    uint32_t i = dice(20);
    mailproto_bytes b = {"a\0b", 3};
    static char longer[600];
    if (i == 18) {
        return b;
    }
    if (i == 19) {
        memset(longer, 'x', sizeof longer);
        b.ptr = longer;
        b.len = dice(sizeof longer);
        return b;
    }
    return bytes_of(texts[i]);
}

static mailproto_imap_code any_code(void)
{
    static mailproto_imap_range set[3];
    static mailproto_bytes words[2];
    mailproto_imap_code code;
    size_t i;
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    do {
        code.code = dice(MAILPROTO_IMAP_CODE_OTHER + 2);
    } while (code.code == MAILPROTO_IMAP_CODE_OTHER); /* it may look like anything */
    code.number = dice(3) == 0 ? 0 : dice(UINT32_MAX);
    code.flags = dice(128);
    for (i = 0; i < 3; i++) {
        set[i].low = (uint32_t)(1 + 10 * i + dice(5));
        set[i].high = set[i].low + dice(5);
    }
    set[dice(3)].high = dice(40) == 0 ? 0 : set[2].high + 1;
    code.set = set;
    code.set_count = dice(4);
    code.target = set;
    code.target_count = code.set_count;
    words[0] = any_text();
    words[1] = bytes_of("$Junk");
    code.words = words;
    code.words_count = dice(3);
    code.text = dice(2) ? bytes_of("imap://x/") : any_text();
    return code;
}

/* A verb that said it has no room is repeated once all was written; where AGAIN is left,
 * the line of a CAPABILITY has begun, and events must be taken before it ends. */
#define UNTIL_ROOM(st, call)                                                           \
    do {                                                                               \
        unsigned tries = 0;                                                            \
        while (((st) = (call)) == MAILPROTO_AGAIN &&                                   \
               (drain_some(r, SIZE_MAX) > 0 || !caps_are_due(r))) {                    \
            CHECK(++tries < 3);                                                        \
        }                                                                              \
    } while (0)

/* Whether what was written ends within a line of CAPABILITY. */
static int caps_are_due(const struct run *r)
{
    static const char begin[] = "* CAPABILITY";
    const size_t len = sizeof begin - 1;
    size_t line = r->out.len;
    while (line > 0 && r->out.at[line - 1] != '\n') {
        line--;
    }
    if (r->out.len - line < len) {
        return line < r->out.len &&
               memcmp(r->out.at + line, begin, r->out.len - line) == 0;
    }
    return memcmp(r->out.at + line, begin, len) == 0;
}

static void say_list(struct run *r)
{
    mailproto_imap_list_entry e;
    mailproto_status st;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    e.attributes = dice(1U << 18);
    e.delimiter = dice(4) == 0 ? dice(300) : '/';
    e.name_flags = dice(8) == 0;
    e.name = any_text();
    e.old_name = dice(3) == 0 ? any_text() : bytes_of("");
    UNTIL_ROOM(st, mailproto_imap_server_list(r->server, &e));
}

static void say_status(struct run *r)
{
    mailproto_imap_status s;
    mailproto_status st;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.items = dice(1024);
    s.messages = dice(9);
    s.uidnext = dice(9);
    s.uidvalidity = dice(9);
    s.append_limit = dice(2) ? MAILPROTO_UNLIMITED_64 : 5;
    s.mailbox_id = dice(2) ? bytes_of("F1") : any_text();
    s.name = any_text();
    UNTIL_ROOM(st, mailproto_imap_server_status(r->server, &s));
}

/* A FETCH response put together by hand. */
static void say_fetch(struct run *r)
{
    static const char *const items[] = {"BODY[1.2]<3.4>", "BINARY[2]", "RFC822",
                                        "BODY[HEADER.FIELDS (a \"b c\" {1}\r\nd)]"};
    mailproto_imap_command c;
    mailproto_imap_fetch_item item;
    mailproto_imap_date date = {0, 0, 1};
    mailproto_status st;
    char unit[80];
    mailproto_bytes b = {unit, 0};
    size_t used;
    UNTIL_ROOM(st, mailproto_imap_server_fetch_begin(r->server, dice(5)));
    if (st != MAILPROTO_OK) {
        return;
    }
    b.len = (size_t)snprintf(unit, sizeof unit, "x FETCH 1 %s\r\n", items[dice(4)]);
    c.struct_size = sizeof c;
    CHECK(mailproto_imap_command_parse(b, 0, &c, NULL) == MAILPROTO_OK);
    CHECK(mailproto_imap_fetch_next(&c.items, &item) == MAILPROTO_OK);
    CHECK(mailproto_imap_server_untagged(r->server, MAILPROTO_IMAP_OK, NULL,
                                         bytes_of("x")) != MAILPROTO_OK);
    if (dice(2)) {
        mailproto_bytes words[1];
        words[0] = any_text();
        UNTIL_ROOM(st, mailproto_imap_server_fetch_flags(r->server, dice(128), words,
                                                         dice(2)));
    }
    if (dice(2)) {
        UNTIL_ROOM(st, mailproto_imap_server_fetch_date(
                           r->server, MAILPROTO_IMAP_ITEM_INTERNALDATE, &date));
        UNTIL_ROOM(st, mailproto_imap_server_fetch_id(
                           r->server, MAILPROTO_IMAP_ITEM_EMAILID, any_text()));
    }
    if (dice(2)) {
        uint64_t left = dice(300);
        UNTIL_ROOM(st, mailproto_imap_server_fetch_section(
                           r->server, &item,
                           dice(4) == 0 ? MAILPROTO_SIZE_UNKNOWN : left, (int)dice(2)));
        if (dice(200) == 0) { /* what was announced does not come: the end */
            left = 0;
            (void)mailproto_session_content_abort(r->s);
        }
        while (st == MAILPROTO_OK && left > 0) {
            st = mailproto_session_content(r->s, "(octets\r\n",
                                           left < 9 ? (size_t)left : 9, &used);
            if (st == MAILPROTO_AGAIN) {
                drain(r);
                st = MAILPROTO_OK;
            } else if (st == MAILPROTO_OK) {
                left -= used;
            }
        }
        (void)mailproto_session_content_end(r->s);
    }
    UNTIL_ROOM(st, mailproto_imap_server_fetch_end(r->server));
}

static void say_many_numbers(struct run *r, uint32_t request)
{
    mailproto_imap_range one = {1, 1};
    mailproto_status st;
    uint32_t n;
    uint32_t total = 0;
    uint32_t code =
        dice(2) ? MAILPROTO_IMAP_CODE_COPYUID : MAILPROTO_IMAP_CODE_MODIFIED;
    UNTIL_ROOM(st, mailproto_imap_server_code_begin(r->server, request,
                                                    MAILPROTO_IMAP_OK, code, 7));
    if (st != MAILPROTO_OK) {
        return;
    }
    for (n = 1 + dice(30); n > 0; n--) {
        one.low = one.high + 2;
        one.high = one.low + dice(2) * 100000;
        total += one.high - one.low + 1;
        UNTIL_ROOM(st, mailproto_imap_server_numbers(r->server, &one, 1));
        CHECK(st == MAILPROTO_OK);
    }
    if (code == MAILPROTO_IMAP_CODE_COPYUID) {
        UNTIL_ROOM(st, mailproto_imap_server_code_target(r->server));
        CHECK(st == MAILPROTO_OK);
        if (dice(2)) { /* one is missing */
            CHECK(mailproto_imap_server_code_end(r->server, bytes_of("x")) !=
                  MAILPROTO_OK);
        }
        one.low = 5;
        one.high = 4 + total;
        UNTIL_ROOM(st, mailproto_imap_server_numbers(r->server, &one, 1));
    }
    UNTIL_ROOM(st, mailproto_imap_server_code_end(r->server, bytes_of("copied")));
    CHECK(st == MAILPROTO_OK);
}

/* Anything untagged; allowed or not. */
static void say_something(struct run *r)
{
    uint32_t exists = mailproto_imap_server_exists_now(r->server);
    mailproto_imap_range gone = {20, 22};
    mailproto_imap_code code = any_code();
    mailproto_bytes words[2];
    mailproto_imap_namespace spaces[2] = {{0, '/', {"", 0}}, {2, 0, {"x", 1}}};
    mailproto_status st;
    words[0] = any_text();
    words[1] = any_text();
    switch (dice(12)) {
    case 0:
        UNTIL_ROOM(st, mailproto_imap_server_untagged(
                           r->server, dice(7), dice(2) ? &code : NULL, words[0]));
        break;
    case 1:
        UNTIL_ROOM(st, mailproto_imap_server_exists(r->server,
                                                    exists + dice(3) - (exists > 0)));
        break;
    case 2:
        UNTIL_ROOM(st, mailproto_imap_server_expunge(r->server, dice(exists + 2), 9));
        CHECK(mailproto_imap_server_exists_now(r->server) ==
              exists - (st == MAILPROTO_OK));
        break;
    case 3:
        UNTIL_ROOM(st,
                   mailproto_imap_server_vanished(r->server, (int)dice(2), &gone, 1));
        break;
    case 4:
        UNTIL_ROOM(st,
                   mailproto_imap_server_flags(r->server, dice(128), words, dice(3)));
        break;
    case 5:
        say_list(r);
        break;
    case 6:
        say_status(r);
        break;
    case 7:
        UNTIL_ROOM(st, mailproto_imap_server_namespace(r->server, spaces, dice(3)));
        break;
    case 8:
        UNTIL_ROOM(st, mailproto_imap_server_id(r->server, words, 2 * dice(2)));
        break;
    case 9:
        say_fetch(r);
        break;
    case 10:
        UNTIL_ROOM(st, mailproto_imap_server_recent(r->server, dice(4)));
        break;
    default:
        say_many_numbers(r, 0);
        break;
    }
}

#endif /* FUZZ_IMAP_SAY_H */
