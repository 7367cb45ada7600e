/*
 * What the tests of IMAP commands share: tables of commands and where they are refused.
 */
#ifndef TEST_COMMAND_CHECK_H
#define TEST_COMMAND_CHECK_H

#include <mailproto/imap.h>

/* A command without its last CRLF, and the offset of its fault. */
struct row {
    const char *text;
    int at;
};
#define GOOD (-1)

#define CHECK(rows, enabled)                                                           \
    check_rows((rows), sizeof(rows) / sizeof(rows)[0], (enabled))

/* Parses an exact copy with the CRLF added, so that a sanitizer sees a look beyond its
 * end. The copy, or NULL, is the caller's. */
static inline mailproto_status parse_row(const char *text, uint32_t enabled,
                                         mailproto_imap_command *c,
                                         mailproto_imap_fault *fault, char **copy)
{
    size_t len = strlen(text);
    mailproto_bytes unit;
    *copy = (char *)malloc(len + 2);
    assert_non_null(*copy);
    memcpy(*copy, text, len);
    memcpy(*copy + len, "\r\n", 2);
    unit.ptr = *copy;
    unit.len = len + 2;
    c->struct_size = sizeof *c;
    return mailproto_imap_command_parse(unit, enabled, c, fault);
}

static inline void check_rows(const struct row *rows, size_t count, uint32_t enabled)
{
    size_t i;
    for (i = 0; i < count; i++) {
        mailproto_imap_command c;
        mailproto_imap_fault fault;
        char *copy;
        mailproto_status status = parse_row(rows[i].text, enabled, &c, &fault, &copy);
        if (rows[i].at == GOOD
                ? status != MAILPROTO_OK
                : status != MAILPROTO_ERR_SYNTAX || fault.code != status ||
                      (int)fault.offset != rows[i].at || fault.detail[0] == '\0') {
            fail_msg("%s: %d at %d, %s", rows[i].text, (int)status, (int)fault.offset,
                     fault.detail);
        }
        free(copy);
    }
}

/* A good command; `text` stays where the result points to, so it holds the CRLF. */
static inline void read_command(const char *text, uint32_t enabled,
                                mailproto_imap_command *c)
{
    static char unit[4096];
    mailproto_imap_fault fault;
    mailproto_bytes b;
    size_t len = strlen(text);
    assert_true(len + 2 <= sizeof unit);
    memcpy(unit, text, len);
    memcpy(unit + len, "\r\n", 2);
    b.ptr = unit;
    b.len = len + 2;
    memset(c, 0, sizeof *c);
    c->struct_size = sizeof *c;
    if (mailproto_imap_command_parse(b, enabled, c, &fault) != MAILPROTO_OK) {
        fail_msg("%s: %s at %d", text, fault.detail, (int)fault.offset);
    }
}

static inline void is(mailproto_bytes b, const char *text)
{
    assert_int_equal(b.len, strlen(text));
    assert_memory_equal(b.ptr, text, b.len);
}

#endif /* TEST_COMMAND_CHECK_H */
