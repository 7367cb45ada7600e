/*
 * Paths: what is accepted holds what the grammar promises, and is accepted again.
 *
 * Input: flags (1 UTF-8, 2 null, 4 Postmaster), then the text.
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

static int same(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static int has_high(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; i++) {
        CHECK((unsigned char)b.ptr[i] >= 32 && b.ptr[i] != 127);
        if ((unsigned char)b.ptr[i] > 127) {
            return 1;
        }
    }
    return 0;
}

/* The mailbox of an accepted path stands by itself. */
static void check_mailbox(const mailproto_smtp_path *path, int utf8)
{
    mailproto_smtp_path again;
    size_t at;
    CHECK(mailproto__smtp_mailbox(path->mailbox, utf8, &again, &at) ==
          MAILPROTO__SMTP_GOOD);
    CHECK(at == path->mailbox.len);
    CHECK(again.flags == (path->flags & ~(uint32_t)MAILPROTO_SMTP_PATH_ROUTE));
    CHECK(same(again.local, path->local) && same(again.domain, path->domain));
    CHECK(path->local.len + 1 + path->domain.len == path->mailbox.len);
    CHECK(path->local.len > 0 && path->local.len <= 64);
    CHECK(path->domain.len > 0 && path->domain.len <= 255);
    CHECK(path->mailbox.ptr[path->local.len] == '@');
    CHECK(mailproto__smtp_domain(path->domain, utf8));
    CHECK(!(path->flags & MAILPROTO_SMTP_PATH_QUOTED) == (path->local.ptr[0] != '"'));
    CHECK(!(path->flags & MAILPROTO_SMTP_PATH_LITERAL) == (path->domain.ptr[0] != '['));
    CHECK(!(path->flags & MAILPROTO_SMTP_PATH_UTF8) == !has_high(path->mailbox));
    CHECK(utf8 || !(path->flags & MAILPROTO_SMTP_PATH_UTF8));
}

static void check_good(mailproto_bytes text, int utf8, int null, int postmaster,
                       const mailproto_smtp_path *path, size_t used)
{
    mailproto_smtp_path again;
    mailproto_bytes part = text;
    size_t again_used;
    CHECK(used >= 2 && used <= 256 && text.ptr[0] == '<' && text.ptr[used - 1] == '>');
    CHECK(inside(path->mailbox, text) && inside(path->local, text) &&
          inside(path->domain, text));
    /* what follows has no say, and nothing less will do */
    part.len = used;
    CHECK(mailproto__smtp_path(part, utf8, null, postmaster, &again, &again_used) ==
          MAILPROTO__SMTP_GOOD);
    CHECK(again_used == used && same(again.mailbox, path->mailbox));
    CHECK(mailproto_smtp_path_parse(part, utf8, &again) == MAILPROTO_OK);
    CHECK(again.flags == path->flags);
    part.len = used - 1;
    CHECK(mailproto__smtp_path(part, utf8, null, postmaster, &again, &again_used) !=
          MAILPROTO__SMTP_GOOD);
    if (path->flags & MAILPROTO_SMTP_PATH_NULL) {
        CHECK(null && path->mailbox.len == 0 && used == 2);
    } else if (path->domain.len == 0) {
        CHECK(postmaster && path->mailbox.len == 10 && used == 12);
    } else {
        check_mailbox(path, utf8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_smtp_path path;
    mailproto_bytes text;
    size_t used = 0;
    int utf8;
    int null;
    int postmaster;
    enum mailproto__smtp_fault fault;
    if (size < 1) {
        return 0;
    }
    utf8 = data[0] & 1;
    null = (data[0] & 2) != 0;
    postmaster = (data[0] & 4) != 0;
    text.ptr = (const char *)data + 1;
    text.len = size - 1;
    fault = mailproto__smtp_path(text, utf8, null, postmaster, &path, &used);
    CHECK(used <= text.len);
    if (fault == MAILPROTO__SMTP_GOOD) {
        check_good(text, utf8, null, postmaster, &path, used);
    } else if (fault == MAILPROTO__SMTP_UTF8_PATH) {
        CHECK(!utf8 && (unsigned char)text.ptr[used] > 127);
    }
    if (mailproto__smtp_mailbox(text, utf8, &path, &used) == MAILPROTO__SMTP_GOOD) {
        check_mailbox(&path, utf8);
    } else {
        CHECK(used <= text.len);
    }
    (void)mailproto__smtp_domain(text, utf8);
    return 0;
}
