/*
 * Lines of POP3: commands, replies, list lines, unique-ids, capabilities, timestamps. What is
 * accepted is as promised, and lies within the line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pop3/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static int within(mailproto_bytes part, mailproto_bytes line)
{
    return part.ptr == NULL ||
           (part.ptr >= line.ptr && part.ptr + part.len <= line.ptr + line.len);
}

static int has_control(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        unsigned char c = (unsigned char)b.ptr[i];
        if (c == '\r' || c == '\n' || c == '\0') {
            return 1;
        }
    }
    return 0;
}

static void check_command(mailproto_bytes line, int utf8)
{
    struct mailproto__pop3_command c;
    size_t at = 0;
    size_t i;
    memset(&c, 0, sizeof c);
    if (mailproto__pop3_command_parse(line, utf8, &c, &at) != MAILPROTO__POP3_GOOD) {
        CHECK(at <= line.len);
        return;
    }
    CHECK(c.verb <= MAILPROTO_POP3_VERB_QUIT && !has_control(line));
    CHECK(within(c.argument, line) && within(c.name, line) && within(c.digest, line) &&
          within(c.initial, line));
    switch (c.verb) {
    case MAILPROTO_POP3_VERB_USER:
        CHECK(c.name.len > 0 && memchr(c.name.ptr, ' ', c.name.len) == NULL);
        break;
    case MAILPROTO_POP3_VERB_APOP:
        CHECK(c.name.len > 0 && c.digest.len == 32);
        for (i = 0; i < 32; i++) {
            CHECK((c.digest.ptr[i] >= '0' && c.digest.ptr[i] <= '9') ||
                  (c.digest.ptr[i] >= 'a' && c.digest.ptr[i] <= 'f'));
        }
        break;
    case MAILPROTO_POP3_VERB_RETR:
    case MAILPROTO_POP3_VERB_TOP:
    case MAILPROTO_POP3_VERB_DELE:
        CHECK(c.message > 0);
        break;
    case MAILPROTO_POP3_VERB_STAT:
    case MAILPROTO_POP3_VERB_NOOP:
    case MAILPROTO_POP3_VERB_RSET:
    case MAILPROTO_POP3_VERB_QUIT:
        CHECK(c.message == 0 && line.len >= 4);
        for (i = 4; i < line.len; i++) {
            CHECK(line.ptr[i] == ' ');
        }
        break;
    default:
        break;
    }
}

static void check_reply(mailproto_bytes line)
{
    struct mailproto__pop3_reply_line r;
    size_t at = 0;
    memset(&r, 0, sizeof r);
    if (mailproto__pop3_reply_parse(line, &r, &at) != MAILPROTO_OK) {
        CHECK(at <= line.len);
        return;
    }
    CHECK(!has_control(line) && within(r.rest, line) && within(r.resp_text, line) &&
          within(r.text, line));
    CHECK(r.code == MAILPROTO_POP3_OK ? memcmp(line.ptr, "+OK", 3) == 0
                                      : memcmp(line.ptr, "-ERR", 4) == 0);
    CHECK(r.resp <= MAILPROTO_POP3_RESP_UTF8);
    if (r.resp != MAILPROTO_POP3_RESP_NONE) { /* deeper levels may follow a slash */
        size_t len = strlen(mailproto__pop3_resp_name(r.resp));
        CHECK(r.resp_text.len == len ||
              (r.resp_text.len > len && r.resp_text.ptr[len] == '/'));
    }
    if (r.resp_text.ptr != NULL) {
        CHECK(r.resp_text.ptr[-1] == '[' && r.resp_text.ptr[r.resp_text.len] == ']');
    } else {
        CHECK(r.resp == MAILPROTO_POP3_RESP_NONE && r.text.len == r.rest.len);
    }
}

static void check_items(mailproto_bytes line)
{
    uint32_t n = 0;
    uint64_t octets = 0;
    mailproto_bytes uid = {NULL, 0};
    size_t i;
    if (mailproto__pop3_scan_parse(line, &n, &octets) == MAILPROTO_OK) {
        CHECK(line.len >= 3 && line.ptr[0] >= '0' && line.ptr[0] <= '9');
    }
    if (mailproto__pop3_uid_parse(line, 0, &n, &uid) == MAILPROTO_OK) {
        CHECK(within(uid, line) && uid.len >= 1 && uid.len <= 70 &&
              mailproto__pop3_is_uid(uid));
        for (i = 0; i < uid.len; i++) {
            CHECK(uid.ptr[i] >= 0x21 && uid.ptr[i] <= 0x7e);
        }
        CHECK(mailproto__pop3_uid_parse(line, 1, &n, &uid) == MAILPROTO_OK);
    } else if (mailproto__pop3_uid_parse(line, 1, &n, &uid) == MAILPROTO_OK) {
        CHECK(within(uid, line) && uid.len > 70);
    }
}

static void check_stamp(mailproto_bytes line)
{
    mailproto_bytes stamp = mailproto__pop3_find_stamp(line);
    if (stamp.len == 0) {
        return;
    }
    CHECK(within(stamp, line) && mailproto__pop3_is_stamp(stamp));
    CHECK(stamp.ptr[0] == '<' && stamp.ptr[stamp.len - 1] == '>' &&
          memchr(stamp.ptr, '@', stamp.len) != NULL &&
          memchr(stamp.ptr, ' ', stamp.len) == NULL && !has_control(stamp));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_bytes line;
    mailproto_bytes params = {NULL, 0};
    size_t len = 0;
    uint32_t verb;
    int cap;
    line.ptr = (const char *)data;
    line.len = size;
    verb = mailproto__pop3_verb(line, &len);
    CHECK(verb <= MAILPROTO_POP3_VERB_QUIT && len <= size);
    CHECK(verb == MAILPROTO_POP3_VERB_UNKNOWN ||
          len == strlen(mailproto__pop3_verb_name(verb)));
    check_command(line, 0);
    check_command(line, 1);
    check_reply(line);
    check_items(line);
    check_stamp(line);
    cap = mailproto__pop3_cap_parse(line, &params);
    CHECK(cap >= -1 && cap <= MAILPROTO_POP3_CAP_LANG);
    CHECK(cap < 0 || (strlen(mailproto__pop3_cap_name((uint32_t)cap)) <= line.len &&
                      within(params, line)));
    CHECK(mailproto__pop3_resp_find(line) <= MAILPROTO_POP3_RESP_UTF8);
    return 0;
}
