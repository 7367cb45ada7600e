/*
 * Commands of IMAP: what is accepted lies within its unit, can be walked, is read again
 * the same, and says the same when it was written anew; marks and prefixes never lead outside. Also random commands of the
 * grammar with octets of the input in them.
 *
 * Input: flags (1, 2: REV2 and UTF8 enabled; 4: with marks; 8: a prefix; 16: a generated
 * command, changed), then the text, to which CRLF is added.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "imap/syntax.h"
#include "imap_command_write.h"
#include "imap_generate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

static void check_inside(mailproto_bytes part, mailproto_bytes unit)
{
    CHECK(part.len == 0 ||
          (part.ptr >= unit.ptr && part.ptr + part.len <= unit.ptr + unit.len - 2));
}

static void check_good(const mailproto_imap_command *c, mailproto_bytes unit,
                       uint32_t enabled)
{
    static struct imap_model first;
    static struct imap_model second;
    mailproto_imap_command again;
    CHECK(c->tag.len > 0 && c->verb.len > 0);
    check_inside(c->tag, unit);
    check_inside(c->verb, unit);
    check_inside(c->args, unit);
    check_inside(c->name.raw, unit);
    check_inside(c->text.raw, unit);
    check_inside(c->mailbox.raw, unit);
    check_inside(c->target.raw, unit);
    CHECK(c->command < MAILPROTO_IMAP_COMMANDS);
    imap_model_of(&first, c); /* walks all cursors */
    memset(&again, 0x55, sizeof again);
    again.struct_size = sizeof again;
    CHECK(mailproto_imap_command_parse(unit, enabled, &again, NULL) == MAILPROTO_OK);
    imap_model_of(&second, &again);
    CHECK(imap_model_differs(&first, &second) == NULL);
}

/* Written anew by the library's writers it says the same. */
static void check_written(const mailproto_imap_command *c, uint32_t enabled)
{
    static struct imap_model first;
    static struct imap_model second;
    static struct text written;
    mailproto_imap_command again;
    mailproto_bytes unit;
    if (c->command == MAILPROTO_IMAP_OTHER) {
        return;
    }
    imap_command_write(&written, c, enabled);
    unit.ptr = written.data;
    unit.len = written.len;
    again.struct_size = sizeof again;
    CHECK(mailproto_imap_command_parse(unit, enabled, &again, NULL) == MAILPROTO_OK);
    imap_model_loosely(1);
    imap_model_of(&first, c);
    imap_model_of(&second, &again);
    imap_model_loosely(0);
    CHECK(imap_model_differs(&first, &second) == NULL);
}

static void run(mailproto_bytes unit, uint8_t flags)
{
    static struct imap_model model;
    uint32_t enabled = flags & 3U;
    mailproto_imap_command c;
    mailproto_imap_fault fault;
    size_t from = 0;
    mailproto_status status;
    c.struct_size = sizeof c;
    status = mailproto_imap_command_parse(unit, enabled, &c, &fault);
    CHECK(fault.code == status && fault.offset <= unit.len);
    if (status == MAILPROTO_OK) {
        check_good(&c, unit, enabled);
        check_written(&c, enabled);
    } else {
        CHECK(status == MAILPROTO_ERR_SYNTAX || status == MAILPROTO_ERR_COUNT_LIMIT);
        CHECK(fault.detail[0] != '\0');
    }
    if (flags & 4) {
        status = mailproto__imap_command_read(unit, enabled, &c, &fault);
        CHECK(fault.offset <= unit.len);
        if (status == MAILPROTO_OK) {
            imap_model_of(&model, &c);
        }
    }
    if (flags & 8) {
        status = mailproto__imap_command_prefix(unit, enabled, &from, &c, &fault);
        CHECK(from < unit.len && fault.offset <= unit.len);
        if (status == MAILPROTO_OK && from > 0) {
            size_t next = from;
            mailproto_imap_append message;
            mailproto_imap_cursor items = c.items;
            CHECK(mailproto_imap_append_next(&items, &message) == MAILPROTO_OK);
            CHECK(mailproto_imap_append_next(&items, &message) == MAILPROTO_EOF);
            CHECK(mailproto__imap_command_prefix(unit, enabled, &next, &c, &fault) ==
                  MAILPROTO_OK);
            CHECK(next == from);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct imap_generator g;
    mailproto_bytes unit;
    char *copy;
    size_t i;
    if (size < 1) {
        return 0;
    }
    if (data[0] & 16 && size >= 4) {
        g.random = (uint64_t)data[1] << 8 | data[2];
        g.enabled = data[0] & 3U;
        imap_generate(&g, 1 + data[3] % (MAILPROTO_IMAP_COMMANDS - 1));
        for (i = 4; i + 2 < size; i += 3) { /* where, twice, and what */
            size_t at = ((size_t)data[i] << 8 | data[i + 1]) % g.unit.len;
            g.unit.data[at] = (char)data[i + 2];
        }
        unit.len = g.unit.len;
        copy = (char *)malloc(unit.len);
        CHECK(copy != NULL);
        memcpy(copy, g.unit.data, unit.len);
    } else {
        unit.len = size - 1 + 2;
        copy = (char *)malloc(unit.len);
        CHECK(copy != NULL);
        memcpy(copy, data + 1, size - 1);
        memcpy(copy + size - 1, "\r\n", 2);
    }
    unit.ptr = copy;
    run(unit, data[0]);
    free(copy);
    return 0;
}
