/* Reply lines, and their text as a capability line: what is accepted is as promised. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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

static void check_enhanced(const struct mailproto__smtp_reply_line *r)
{
    unsigned i;
    const char *at = r->text.ptr;
    for (i = 0; i < 3; i++) {
        unsigned value = 0;
        CHECK(r->enhanced[i] <= 999);
        while (at < r->text.ptr + r->text.len && *at >= '0' && *at <= '9') {
            value = value * 10 + (unsigned)(*at - '0');
            at++;
        }
        CHECK(value == r->enhanced[i]);
        if (i < 2) {
            CHECK(at < r->text.ptr + r->text.len && *at == '.');
            at++;
        }
    }
    CHECK(at == r->text.ptr + r->text.len || *at == ' ');
    CHECK(r->enhanced[0] == r->code / 100 && r->enhanced[0] != 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mailproto__smtp_reply_line r;
    mailproto_bytes line;
    mailproto_bytes params;
    size_t at = 0;
    int cap;
    line.ptr = (const char *)data;
    line.len = size;
    if (mailproto__smtp_reply_parse(line, &r, &at) == MAILPROTO_OK) {
        char code[8];
        CHECK(r.code >= 200 && r.code <= 599);
        (void)snprintf(code, sizeof code, "%u", (unsigned)r.code);
        CHECK(memcmp(code, line.ptr, 3) == 0);
        CHECK(r.text.ptr + r.text.len == line.ptr + line.len);
        CHECK(r.text.len == (size > 3 ? size - 4 : 0));
        CHECK(r.more == (size > 3 && data[3] == '-'));
        CHECK(memchr(data, '\0', size) == NULL && memchr(data, '\r', size) == NULL &&
              memchr(data, '\n', size) == NULL);
        if (r.enhanced[0] != 0) {
            check_enhanced(&r);
        }
        line = r.text;
    } else {
        CHECK(at <= size);
    }
    cap = mailproto__smtp_cap_parse(line, &params);
    CHECK(cap >= -1 && cap <= MAILPROTO_SMTP_CAP_XFORWARD);
    CHECK(params.len <= line.len);
    CHECK(cap < 0 || strlen(mailproto__smtp_cap_name((uint32_t)cap)) <= line.len);
    return 0;
}
