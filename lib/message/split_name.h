/*
 * Where the name of a field ends: what the scanner and the walker of fields share.
 */
#ifndef MAILPROTO_MESSAGE_SPLIT_NAME_H
#define MAILPROTO_MESSAGE_SPLIT_NAME_H

#include <mailproto/base.h>

/* Where a colon is looked for: a line is no longer (RFC 5322 2.1.1). */
enum { MAILPROTO__NAME_MAX = 998 };

enum {
    MAILPROTO__JUNK_LINE = 1, /* no field */
    MAILPROTO__JUNK_FOLD = 2  /* it begins with a blank: goes on with nothing */
};

struct mailproto__name {
    size_t len;   /* of the name */
    size_t value; /* where the value begins: behind the colon */
    uint8_t bad;  /* an octet no name may hold, or a blank before the colon */
    uint8_t junk; /* MAILPROTO__JUNK_...: then all else is 0 */
};

/* Splits a line of a header that is not empty, what follows it included or not. `end`:
 * there is no more of it. 0: more octets are needed. */
int mailproto__split_name(mailproto_bytes line, int end, struct mailproto__name *name);

#endif /* MAILPROTO_MESSAGE_SPLIT_NAME_H */
