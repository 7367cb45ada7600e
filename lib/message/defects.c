/*
 * Names and classes of defects. Knows numbers only.
 *
 * SECURITY is what readers are known to take differently, so that what one of them checks
 * is not what the next one shows.
 */
#include <mailproto/message.h>

/* clang-format off */
#define DEFECTS(X) \
    X(NO_COLON, DAMAGE) \
    X(FIELD_NAME, DAMAGE) \
    X(FIRST_FOLD, DAMAGE) \
    X(FROM_LINE, NOTE) \
    X(NO_BLANK_LINE, NOTE) \
    X(FIELD_LONG, SECURITY) \
    X(HEADER_LONG, SECURITY) \
    X(LINE_LONG, NOTE) \
    X(BARE_CR, SECURITY) \
    X(NUL, SECURITY) \
    X(MIXED_ENDS, NOTE) \
    X(REPEATED, NOTE) \
    X(REPEATED_TYPE, SECURITY) \
    X(NO_FROM, NOTE) \
    X(NO_DATE, NOTE) \
    X(TYPE_SYNTAX, DAMAGE) \
    X(ENCODING, SECURITY) \
    X(ENCODED_PARTS, SECURITY) \
    X(NO_BOUNDARY, SECURITY) \
    X(BOUNDARY, SECURITY) \
    X(BOUNDARY_LIMIT, SECURITY) \
    X(BOUNDARY_TEXT, SECURITY) \
    X(BOUNDARY_TWICE, SECURITY) \
    X(NOT_CLOSED, NOTE) \
    X(NO_PARTS, DAMAGE) \
    X(CLOSED_FIRST, SECURITY) \
    X(AFTER_CLOSE, SECURITY) \
    X(DEPTH, SECURITY) \
    X(PARTS, SECURITY) \
    X(PARAMS, SECURITY) \
    X(NO_VERSION, NOTE) \
    X(8BIT, NOTE)
/* clang-format on */

#define CLASS(name, kind) MAILPROTO_DEFECT_##kind,
#define NAME(name, kind) "MAILPROTO_DEFECT_" #name,
/* In the order of their numbers, from 1 on; a test holds them together. */
static const uint8_t classes[] = {DEFECTS(CLASS)};
static const char *const names[] = {DEFECTS(NAME)};

enum { COUNT = sizeof classes / sizeof classes[0] };

uint32_t mailproto_defect_class(uint32_t code)
{
    return code - 1 < COUNT ? classes[code - 1] : 0;
}

const char *mailproto_defect_name(uint32_t code)
{
    return code - 1 < COUNT ? names[code - 1] : "";
}
