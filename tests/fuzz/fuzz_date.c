/*
 * date-time: what is read stays in range, agrees with the calendar, and comes back when it
 * is written and read again; strict takes nothing that lenient does not; the reader of the
 * usual form agrees with the general one.
 */
#include <stdlib.h>
#include <string.h>

#include "message/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) {                                                            \
            abort();                                                                   \
        }                                                                              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_value_defect items[64];
    mailproto_defects defects = {sizeof defects, 64, items, 0, {0, 0, 0}, 0, 0};
    mailproto_date d = {0};
    mailproto_date s = {0};
    mailproto_bytes value;
    mailproto_status status;
    int64_t utc;
    char out[64];
    size_t len;
    char *copy = (char *)malloc(size > 0 ? size : 1);
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    value.ptr = copy;
    value.len = size;
    d.struct_size = sizeof d;
    s.struct_size = sizeof s;
    status = mailproto_date_parse(value, 0, &defects, &d);
    CHECK(mailproto__date_general(value, 0, NULL, &s) == status);
    CHECK(memcmp(&s, &d, sizeof d) == 0);
    CHECK(defects.count == 0 || defects.first.offset <= size);
    if (mailproto_date_parse(value, MAILPROTO_VALUE_STRICT, NULL, &s) == MAILPROTO_OK) {
        CHECK(status == MAILPROTO_OK && memcmp(&s, &d, sizeof d) == 0);
    }
    if (status == MAILPROTO_OK) {
        CHECK(d.month >= 1 && d.month <= 12 && d.day >= 1 && d.day <= 31);
        CHECK(d.year >= 0 && d.year <= 9999 && d.weekday < 7);
        CHECK(d.zone_minutes >= -5999 && d.zone_minutes <= 5999);
        CHECK(mailproto_date_to_utc(d.year, d.month, d.day, d.hour,
                                    d.minute - d.zone_minutes, d.second,
                                    &utc) == MAILPROTO_OK);
        CHECK(utc == d.utc);
        if (mailproto_date_write(d.utc, d.zone_minutes, out, sizeof out, &len) ==
            MAILPROTO_OK) {
            value.ptr = out;
            value.len = len;
            CHECK(mailproto_date_parse(value, 0, NULL, &s) == MAILPROTO_OK);
            CHECK(s.utc == d.utc && s.zone_minutes == d.zone_minutes);
        }
    } else {
        CHECK(status == MAILPROTO_ERR_SYNTAX && defects.count > 0);
    }
    free(copy);
    return 0;
}
