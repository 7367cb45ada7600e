/*
 * Canonical forms of DKIM: the same at other cuts and rooms; what is canonical stays so;
 * and tag lists.
 *
 * Input: which form, size of pieces, then the octets.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <mailproto/mbox.h>

#include "filter_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* The value lies inside of the list and holds no blanks at its ends. */
static void check_tag(const uint8_t *data, size_t size)
{
    mailproto_bytes list = {(const char *)data, size};
    mailproto_bytes name = {"b", 1};
    mailproto_bytes value;
    if (mailproto_dkim_tag(list, name, &value) == MAILPROTO_OK) {
        CHECK(value.ptr > list.ptr && value.ptr + value.len <= list.ptr + list.len);
        CHECK(value.len == 0 || (strchr(" \t\r\n", value.ptr[0]) == NULL &&
                                 strchr(" \t\r\n", value.ptr[value.len - 1]) == NULL));
    } else {
        CHECK(value.len == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum filter which;
    uint32_t form;
    struct text once;
    struct text twice;
    size_t piece;
    if (size < 2) {
        return 0;
    }
    which = data[0] & 1 ? FILTER_FIELD : FILTER_BODY;
    form = data[0] & 2 ? MAILPROTO_DKIM_RELAXED : MAILPROTO_DKIM_SIMPLE;
    piece = (size_t)data[1] + 1;
    data += 2;
    size -= 2;
    filter_expect(which, form, data, size, piece, 8 + piece % 11);
    once = filter_whole(which, form, data, size);
    twice = filter_whole(which, form, once.data, once.len);
    CHECK(memchr(data, '\r', size) != NULL || once.len == twice.len);
    CHECK(which == FILTER_FIELD || form == MAILPROTO_DKIM_RELAXED ||
          (once.len >= 2 && memcmp(once.data + once.len - 2, "\r\n", 2) == 0));
    text_free(&once);
    text_free(&twice);
    check_tag(data, size);
    return 0;
}
