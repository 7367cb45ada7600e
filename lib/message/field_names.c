/*
 * The names of fields that are known by number (RFC 5322 3.6, RFC 2045, RFC 2369 and
 * others). Knows names only. Told apart by length and first letter before they are
 * compared: most fields of a message are compared with one name or with none.
 */
#include <mailproto/message.h>

#include "codec/plain.h"
#include "core/chars.h"

/* By number. */
static const char *const names[] = {
    "",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "Comments",
    "Keywords",
    "Received",
    "Return-Path",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Resent-Date",
    "Resent-Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-ID",
    "Content-Description",
    "Content-Disposition",
    "Content-Language",
    "Content-Location",
    "Content-MD5",
    "Auto-Submitted",
    "Authentication-Results",
    "DKIM-Signature",
    "List-Id",
    "List-Help",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "List-Unsubscribe-Post",
    "Disposition-Notification-To",
    "Delivered-To",
};
enum { COUNT = sizeof names / sizeof names[0], LONGEST = 27 };

/* By length, then by first letter: where a length begins in `order`. */
static const uint8_t order[] = {
    MAILPROTO_FIELD_CC,
    MAILPROTO_FIELD_TO,
    MAILPROTO_FIELD_BCC,
    MAILPROTO_FIELD_DATE,
    MAILPROTO_FIELD_FROM,
    MAILPROTO_FIELD_SENDER,
    MAILPROTO_FIELD_LIST_ID,
    MAILPROTO_FIELD_SUBJECT,
    MAILPROTO_FIELD_COMMENTS,
    MAILPROTO_FIELD_KEYWORDS,
    MAILPROTO_FIELD_REPLY_TO,
    MAILPROTO_FIELD_RECEIVED,
    MAILPROTO_FIELD_LIST_HELP,
    MAILPROTO_FIELD_LIST_POST,
    MAILPROTO_FIELD_RESENT_TO,
    MAILPROTO_FIELD_RESENT_CC,
    MAILPROTO_FIELD_CONTENT_ID,
    MAILPROTO_FIELD_LIST_OWNER,
    MAILPROTO_FIELD_MESSAGE_ID,
    MAILPROTO_FIELD_REFERENCES,
    MAILPROTO_FIELD_RESENT_BCC,
    MAILPROTO_FIELD_CONTENT_MD5,
    MAILPROTO_FIELD_IN_REPLY_TO,
    MAILPROTO_FIELD_RETURN_PATH,
    MAILPROTO_FIELD_RESENT_FROM,
    MAILPROTO_FIELD_RESENT_DATE,
    MAILPROTO_FIELD_CONTENT_TYPE,
    MAILPROTO_FIELD_DELIVERED_TO,
    MAILPROTO_FIELD_LIST_ARCHIVE,
    MAILPROTO_FIELD_MIME_VERSION,
    MAILPROTO_FIELD_RESENT_SENDER,
    MAILPROTO_FIELD_AUTO_SUBMITTED,
    MAILPROTO_FIELD_DKIM_SIGNATURE,
    MAILPROTO_FIELD_LIST_SUBSCRIBE,
    MAILPROTO_FIELD_CONTENT_LANGUAGE,
    MAILPROTO_FIELD_CONTENT_LOCATION,
    MAILPROTO_FIELD_LIST_UNSUBSCRIBE,
    MAILPROTO_FIELD_RESENT_MESSAGE_ID,
    MAILPROTO_FIELD_CONTENT_DESCRIPTION,
    MAILPROTO_FIELD_CONTENT_DISPOSITION,
    MAILPROTO_FIELD_LIST_UNSUBSCRIBE_POST,
    MAILPROTO_FIELD_AUTHENTICATION_RESULTS,
    MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING,
    MAILPROTO_FIELD_DISPOSITION_NOTIFICATION_TO,
};
static const uint8_t starts[LONGEST + 2] = {0,  0,  0,  2,  3,  5,  5,  6,  8,  12,
                                            16, 21, 26, 30, 31, 34, 34, 37, 38, 38,
                                            40, 40, 41, 42, 42, 42, 43, 43, 44};

/* Of each length: the first letters of its names, as bits from `@` on. Most fields that
 * are not known are told by this alone. */
static const uint32_t letters[LONGEST + 1] = {
    0x0,     0x0,     0x100008, 0x4,     0x50,    0x0,    0x80000,
    0x81000, 0x40808, 0x41000,  0x43008, 0x40208, 0x3018, 0x40000,
    0x1012,  0x0,     0x1008,   0x40000, 0x0,     0x8,    0x0,
    0x1000,  0x2,     0x0,      0x0,     0x8,     0x0,    0x10};

static uint64_t word_at(const char *at)
{
    return mailproto__plain_word((const unsigned char *)at);
}

/* Whether both have the same octets: most names are written as they are known. (memcmp
 * would cost more than the names are long.) */
static int is_same(const char *known, const char *name, size_t len)
{
    size_t i;
    if (len >= 8 && MAILPROTO__HAS_WORDS) {
        for (i = 0; len - i > 8; i += 8) {
            if (word_at(known + i) != word_at(name + i)) {
                return 0;
            }
        }
        return word_at(known + len - 8) == word_at(name + len - 8);
    }
    for (i = 0; i < len && known[i] == name[i]; i++) {
    }
    return i == len;
}

/* The same in any case (as mailproto__equal_nocase(), of which no call is wanted here:
 * what a call needs saved would cost all names). */
static int is_alike(const char *known, const char *name, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char x = (unsigned char)known[i];
        unsigned char y = (unsigned char)name[i];
        if (x != y && ((x ^ y) != ('a' ^ 'A') || !mailproto__is(x, MAILPROTO__ALPHA))) {
            return 0;
        }
    }
    return 1;
}

uint32_t mailproto_field_find(mailproto_bytes name)
{
    unsigned char first;
    unsigned i;
    if (name.len == 0 || name.len > LONGEST) {
        return MAILPROTO_FIELD_OTHER;
    }
    first = (unsigned char)(name.ptr[0] & ~0x20); /* upper case, if it is a letter */
    if (first < '@' || first > '_' || (letters[name.len] >> (first - '@') & 1) == 0) {
        return MAILPROTO_FIELD_OTHER;
    }
    for (i = starts[name.len]; i < starts[name.len + 1]; i++) {
        if (is_same(names[order[i]], name.ptr, name.len)) {
            return order[i];
        }
    }
    for (i = starts[name.len]; i < starts[name.len + 1]; i++) {
        if (is_alike(names[order[i]], name.ptr, name.len)) {
            return order[i];
        }
    }
    return MAILPROTO_FIELD_OTHER;
}

const char *mailproto_field_name(uint32_t field)
{
    return field < COUNT ? names[field] : "";
}
