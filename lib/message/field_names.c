/*
 * The names of fields that are known by number (RFC 5322 3.6, RFC 2045, RFC 2369 and
 * others). Knows names only. Each is compared with one of them at most: which it may be is
 * told by its length and three of its letters.
 */
#include <mailproto/message.h>

#include "codec/plain.h"
#include "core/mem.h"

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

/* ... and their lengths. */
static const uint8_t lengths[] = {0,  4,  6,  8,  2,  2,  3,  4,  10, 11, 10, 7,
                                  8,  8,  8,  11, 11, 13, 9,  9,  10, 11, 17, 12,
                                  12, 25, 10, 19, 19, 16, 16, 11, 14, 22, 14, 7,
                                  9,  14, 16, 9,  10, 12, 21, 27, 12};

/* By place(): no two of them have the same. */
static const uint8_t places[128] = {
    [3] = MAILPROTO_FIELD_RESENT_FROM,
    [11] = MAILPROTO_FIELD_CONTENT_LANGUAGE,
    [16] = MAILPROTO_FIELD_SUBJECT,
    [19] = MAILPROTO_FIELD_RESENT_DATE,
    [22] = MAILPROTO_FIELD_LIST_UNSUBSCRIBE,
    [23] = MAILPROTO_FIELD_MIME_VERSION,
    [25] = MAILPROTO_FIELD_CONTENT_LOCATION,
    [29] = MAILPROTO_FIELD_RESENT_TO,
    [31] = MAILPROTO_FIELD_RESENT_SENDER,
    [33] = MAILPROTO_FIELD_LIST_UNSUBSCRIBE_POST,
    [34] = MAILPROTO_FIELD_CONTENT_MD5,
    [35] = MAILPROTO_FIELD_KEYWORDS,
    [37] = MAILPROTO_FIELD_RETURN_PATH,
    [41] = MAILPROTO_FIELD_MESSAGE_ID,
    [42] = MAILPROTO_FIELD_RESENT_BCC,
    [48] = MAILPROTO_FIELD_CONTENT_TRANSFER_ENCODING,
    [49] = MAILPROTO_FIELD_DISPOSITION_NOTIFICATION_TO,
    [50] = MAILPROTO_FIELD_DELIVERED_TO,
    [51] = MAILPROTO_FIELD_BCC,
    [53] = MAILPROTO_FIELD_RESENT_CC,
    [54] = MAILPROTO_FIELD_DATE,
    [55] = MAILPROTO_FIELD_CONTENT_TYPE,
    [56] = MAILPROTO_FIELD_FROM,
    [60] = MAILPROTO_FIELD_TO,
    [61] = MAILPROTO_FIELD_LIST_POST,
    [62] = MAILPROTO_FIELD_LIST_ARCHIVE,
    [69] = MAILPROTO_FIELD_LIST_HELP,
    [70] = MAILPROTO_FIELD_LIST_OWNER,
    [75] = MAILPROTO_FIELD_AUTHENTICATION_RESULTS,
    [76] = MAILPROTO_FIELD_CONTENT_DESCRIPTION,
    [77] = MAILPROTO_FIELD_AUTO_SUBMITTED,
    [79] = MAILPROTO_FIELD_RESENT_MESSAGE_ID,
    [86] = MAILPROTO_FIELD_REFERENCES,
    [87] = MAILPROTO_FIELD_LIST_ID,
    [88] = MAILPROTO_FIELD_LIST_SUBSCRIBE,
    [92] = MAILPROTO_FIELD_DKIM_SIGNATURE,
    [95] = MAILPROTO_FIELD_SENDER,
    [106] = MAILPROTO_FIELD_RECEIVED,
    [109] = MAILPROTO_FIELD_CC,
    [112] = MAILPROTO_FIELD_IN_REPLY_TO,
    [115] = MAILPROTO_FIELD_COMMENTS,
    [116] = MAILPROTO_FIELD_REPLY_TO,
    [119] = MAILPROTO_FIELD_CONTENT_ID,
    [124] = MAILPROTO_FIELD_CONTENT_DISPOSITION,
};

/* Where a name would be: of its length and three of its letters, in any case. */
static unsigned place(const char *name, size_t len)
{
    unsigned first = (unsigned char)name[0] | 32U;
    unsigned middle = (unsigned char)name[len / 2] | 32U;
    unsigned last = (unsigned char)name[len - 1] | 32U;
    return ((unsigned)len * 45U + first * 103U + middle * 12U + last * 30U) & 127U;
}

static uint64_t word_at(const char *at)
{
    return mailproto__plain_word((const unsigned char *)at);
}

/* The first four octets of 4 to 8, and the last four. */
static uint64_t halves_at(const char *at, size_t len)
{
    uint32_t half[2];
    memcpy(&half[0], at, 4);
    memcpy(&half[1], at + len - 4, 4);
    return (uint64_t)half[0] << 32 | half[1];
}

/* What two words differ in, but for the case of letters. What `known` has from 64 on are
 * letters; a blank is what their cases differ in. */
static uint64_t differ(uint64_t known, uint64_t word)
{
    return (known ^ word) & ~(known >> 1 & MAILPROTO__EACH(' '));
}

/* Octet by octet; a call of mailproto__equal_nocase() would cost all names what a call
 * needs saved. */
static int is_alike(const char *known, const char *name, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        unsigned char x = (unsigned char)known[i];
        unsigned char y = (unsigned char)name[i];
        if (((x ^ y) & ~(unsigned)(x >> 1 & ' ')) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Whether both are the same in any case. */
static int is_same(const char *known, const char *name, size_t len)
{
    size_t i;
    if (len < 4 || !MAILPROTO__HAS_WORDS) {
        return is_alike(known, name, len);
    }
    if (len < 8) {
        return differ(halves_at(known, len), halves_at(name, len)) == 0;
    }
    for (i = 0; len - i > 8; i += 8) {
        if (differ(word_at(known + i), word_at(name + i)) != 0) {
            return 0;
        }
    }
    return differ(word_at(known + len - 8), word_at(name + len - 8)) == 0;
}

uint32_t mailproto_field_find(mailproto_bytes name)
{
    uint32_t id;
    if (name.len == 0 || name.len > LONGEST) {
        return MAILPROTO_FIELD_OTHER;
    }
    id = places[place(name.ptr, name.len)];
    return lengths[id] == name.len && is_same(names[id], name.ptr, name.len)
               ? id
               : (uint32_t)MAILPROTO_FIELD_OTHER;
}

const char *mailproto_field_name(uint32_t field)
{
    return field < COUNT ? names[field] : "";
}
