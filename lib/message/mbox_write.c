/*
 * From_ lines (RFC 4155, appendix A) written. Knows addresses as octets and times as
 * numbers.
 */
#include "core/chars.h"
#include "core/date.h"
#include "core/mem.h"
#include "core/span.h"
#include "message/mbox.h"

/* Puts ` Thu Jan  1 00:00:00 1970` and LF, made of RFC 5322's form of the date: `Thu, 01
 * Jan 1970 00:00:00 +0000`. */
static size_t put_date(const char *date, char *at)
{
    memcpy(at, " Ddd Mmm dd hh:mm:ss yyyy\n", 26);
    memcpy(at + 1, date, 3);
    memcpy(at + 5, date + 8, 3);
    memcpy(at + 9, date + 5, 2);
    if (at[9] == '0') {
        at[9] = ' '; /* as asctime() writes it */
    }
    memcpy(at + 12, date + 17, 8);
    memcpy(at + 21, date + 12, 4);
    return 26;
}

mailproto_status mailproto_mbox_from_line(mailproto_bytes address, int64_t utc,
                                          void *buf, size_t cap, size_t *len)
{
    char date[MAILPROTO__DATE_MAX];
    char *at = (char *)buf;
    size_t i;
    *len = 0;
    if (mailproto__date_write(utc, 0, date) == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (address.len == 0) {
        address = MAILPROTO__LITERAL("MAILER-DAEMON");
    }
    if (cap < 5 + 26 || address.len > cap - (5 + 26)) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    memcpy(at, "From ", 5);
    at += 5;
    for (i = 0; i < address.len; i++) {
        char c = address.ptr[i];
        at[i] = mailproto__is((unsigned char)c, MAILPROTO__VCHAR | MAILPROTO__HIGH)
                    ? c
                    : '?';
    }
    *len = 5 + address.len + put_date(date, at + address.len);
    return MAILPROTO_OK;
}
