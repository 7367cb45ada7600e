/*
 * Civil date and time from a count of seconds, and its RFC 5322 3.3 form.
 */
#ifndef MAILPROTO_CORE_DATE_H
#define MAILPROTO_CORE_DATE_H

#include <stddef.h>
#include <stdint.h>

/* "Thu, 01 Jan 1970 00:00:00 +0000" and up to 9 more octets for far years. */
enum { MAILPROTO__DATE_MAX = 40 };

/* Writes the date-time of `utc` in a zone; its length, or 0: year outside 1 to 9999 or
 * zone outside +-1439 minutes. */
size_t mailproto__date_write(int64_t utc, int32_t zone_minutes, char *buf);

#endif /* MAILPROTO_CORE_DATE_H */
