/*
 * Command lines: what is accepted holds what the grammar promises; trailing blanks and the
 * case of the verb change nothing.
 *
 * Input: flags (1 other parameters, 2 RCPT may be UTF-8, 4 nothing offered), which
 * capabilities are offered, then the line.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static int inside(mailproto_bytes part, mailproto_bytes whole)
{
    return part.len == 0 ||
           (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_params(const struct mailproto__smtp_command *c)
{
    mailproto_smtp_param_cursor cursor;
    mailproto_bytes name;
    mailproto_bytes value;
    size_t count = 0;
    cursor.at = c->params.ptr;
    cursor.end = c->params.ptr + c->params.len;
    while (mailproto_smtp_param_next(&cursor, &name, &value) == MAILPROTO_OK) {
        CHECK(name.len > 0 && inside(name, c->params) && inside(value, c->params));
        CHECK(memchr(name.ptr, ' ', name.len) == NULL);
        CHECK(value.ptr == NULL || value.len > 0);
        count++;
    }
    CHECK(cursor.at == cursor.end && (count > 0) == (c->params.len > 0));
    CHECK(inside(c->mail.extra, c->params) && inside(c->mail.auth, c->params));
    CHECK(c->mail.auth.len == 0 || mailproto__smtp_is_xtext(c->mail.auth) ||
          (c->mail.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8));
    CHECK(c->mail.size == 0 || (c->mail.flags & MAILPROTO_SMTP_MAIL_HAS_SIZE));
}

static void check_good(const struct mailproto__smtp_command *c, mailproto_bytes line,
                       uint64_t caps)
{
    size_t i;
    size_t end = line.len;
    while (end > 0 && (line.ptr[end - 1] == ' ' || line.ptr[end - 1] == '\t')) {
        end--;
    }
    for (i = 0; i < end; i++) {
        CHECK((unsigned char)line.ptr[i] >= 32 && line.ptr[i] != 127);
    }
    CHECK(inside(c->argument, line) && inside(c->path.mailbox, line) &&
          inside(c->params, line) && inside(c->mechanism, line) &&
          inside(c->initial, line));
    if (c->verb == MAILPROTO_SMTP_VERB_MAIL || c->verb == MAILPROTO_SMTP_VERB_RCPT) {
        check_params(c);
        CHECK(!(c->path.flags & MAILPROTO_SMTP_PATH_UTF8) ||
              c->verb == MAILPROTO_SMTP_VERB_RCPT ||
              (c->mail.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8));
        CHECK(!(c->mail.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8) ||
              (caps >> MAILPROTO_SMTP_CAP_SMTPUTF8 & 1U));
    }
    CHECK(c->verb != MAILPROTO_SMTP_VERB_AUTH ||
          (c->mechanism.len > 0 && c->mechanism.len <= 20));
    CHECK(c->initial.ptr == NULL || c->initial.len > 0);
    CHECK(c->chunk_size <= (uint64_t)1 << 63);
}

/* The same line with another case of its verb and blanks behind it. */
static void check_variant(mailproto_bytes line, size_t verb_len, uint64_t caps,
                          int other, int utf8, const struct mailproto__smtp_command *c,
                          enum mailproto__smtp_fault fault)
{
    struct mailproto__smtp_command again;
    mailproto_bytes text;
    size_t at;
    size_t i;
    char *copy = (char *)malloc(line.len + 3);
    CHECK(copy != NULL);
    if (line.len > 0) {
        memcpy(copy, line.ptr, line.len);
    }
    memcpy(copy + line.len, " \t ", 3);
    for (i = 0; i < verb_len; i++) {
        if ((copy[i] | 0x20) >= 'a' && (copy[i] | 0x20) <= 'z') {
            copy[i] = (char)(copy[i] ^ 0x20);
        }
    }
    text.ptr = copy;
    text.len = line.len + 3;
    CHECK(mailproto__smtp_command_parse(text, caps, other, utf8, &again, &at) == fault);
    if (fault == MAILPROTO__SMTP_GOOD) {
        CHECK(again.verb == c->verb && again.argument.len == c->argument.len);
        CHECK(again.path.flags == c->path.flags && again.mail.flags == c->mail.flags);
        CHECK(again.mail.size == c->mail.size && again.chunk_size == c->chunk_size);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mailproto__smtp_command c;
    enum mailproto__smtp_fault fault;
    mailproto_bytes line;
    uint64_t caps;
    size_t verb_len;
    size_t at;
    int other;
    int utf8;
    uint32_t verb;
    if (size < 2) {
        return 0;
    }
    other = data[0] & 1;
    utf8 = (data[0] & 2) != 0;
    caps = data[0] & 4 ? 0 : ~((uint64_t)data[1] << (data[0] >> 3));
    line.ptr = (const char *)data + 2;
    line.len = size - 2;
    fault = mailproto__smtp_command_parse(line, caps, other, utf8, &c, &at);
    CHECK(at <= line.len);
    verb = mailproto__smtp_verb(line, &verb_len);
    CHECK(verb_len <= line.len);
    if (fault == MAILPROTO__SMTP_GOOD) {
        CHECK(verb_len > 0);
        check_good(&c, line, caps);
    }
    if (verb != MAILPROTO_SMTP_VERB_UNKNOWN) {
        CHECK(strlen(mailproto__smtp_verb_name(verb)) == verb_len);
    }
    check_variant(line, verb_len, caps, other, utf8, &c, fault);
    return 0;
}
