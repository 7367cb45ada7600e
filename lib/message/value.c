/*
 * The cursor of a field value and its defects. Knows pieces, offsets and which defects a
 * strict reader takes; must not know any grammar.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"

enum {
    NOTE = MAILPROTO_DEFECT_NOTE,
    DAMAGE = MAILPROTO_DEFECT_DAMAGE,
    SECURITY = MAILPROTO_DEFECT_SECURITY,
    OBS = 16 /* in the grammar for readers: passes STRICT */
};

/* Code, class (and OBS). */
#define DEFECTS(X)                                                                     \
    X(CONTROL, SECURITY)                                                               \
    X(COMMENT_OPEN, SECURITY)                                                          \
    X(QUOTE_OPEN, SECURITY)                                                            \
    X(LITERAL_OPEN, SECURITY)                                                          \
    X(ANGLE_OPEN, DAMAGE)                                                              \
    X(OBSOLETE, NOTE | OBS)                                                            \
    X(EMPTY_ELEMENT, NOTE | OBS)                                                       \
    X(SEPARATOR, DAMAGE)                                                               \
    X(NO_SEPARATOR, DAMAGE)                                                            \
    X(NAME_SPECIAL, NOTE)                                                              \
    X(NAME_AT, SECURITY)                                                               \
    X(NO_DOMAIN, NOTE)                                                                 \
    X(DOTS, DAMAGE)                                                                    \
    X(NO_ADDRESS, SECURITY)                                                            \
    X(EMPTY_ANGLE, NOTE)                                                               \
    X(GROUP_OPEN, DAMAGE)                                                              \
    X(GROUP_NESTED, DAMAGE)                                                            \
    X(UTF8, DAMAGE)                                                                    \
    X(TRAILING, DAMAGE)                                                                \
    X(ENCODED_WORD, DAMAGE)                                                            \
    X(EMPTY, DAMAGE)                                                                   \
    X(DAY_NAME, NOTE)                                                                  \
    X(DATE_ORDER, DAMAGE)                                                              \
    X(DATE_RANGE, DAMAGE)                                                              \
    X(NO_TIME, DAMAGE)                                                                 \
    X(ZONE, DAMAGE)                                                                    \
    X(DATE, DAMAGE)                                                                    \
    X(ID_BRACKETS, DAMAGE)                                                             \
    X(ID, NOTE)                                                                        \
    X(TYPE, DAMAGE)                                                                    \
    X(PARAMETER, DAMAGE)                                                               \
    X(PARAMETER_TWICE, SECURITY)                                                       \
    X(PARAMETER_BOTH, NOTE)                                                            \
    X(PARAMETER_QUOTES, DAMAGE)                                                        \
    X(PARAMETER_8BIT, DAMAGE | OBS)                                                    \
    X(PARAMETER_GAP, SECURITY)                                                         \
    X(PARAMETER_SECTION, SECURITY)                                                     \
    X(PARAMETER_CHARSET, DAMAGE)                                                       \
    X(PARAMETER_PERCENT, DAMAGE)                                                       \
    X(PARAMETER_LIMIT, SECURITY)                                                       \
    X(KEYWORD, NOTE)                                                                   \
    X(VERSION, DAMAGE)                                                                 \
    X(CLAUSE, NOTE)                                                                    \
    X(NO_DATE, NOTE)                                                                   \
    X(URL, DAMAGE)                                                                     \
    X(FIELD, DAMAGE)                                                                   \
    X(ESCAPE, DAMAGE)

enum { CODES = 48 };

static const uint8_t classes[CODES] = {
#define X(name, class) [MAILPROTO_VALUE_DEFECT_##name] = (class),
    DEFECTS(X)
#undef X
};

uint32_t mailproto_value_defect_class(uint32_t code)
{
    return code < CODES ? classes[code] & 15U : 0;
}

const char *mailproto_value_defect_name(uint32_t code)
{
    switch (code) {
#define X(name, class)                                                                 \
    case MAILPROTO_VALUE_DEFECT_##name:                                                \
        return "MAILPROTO_VALUE_DEFECT_" #name;
        DEFECTS(X)
#undef X
    default:
        return "";
    }
}

/* Whether a strict reader goes on all the same. */
static int is_allowed(const struct mailproto__value *v, uint32_t code)
{
    return (classes[code] & OBS) != 0 || (v->flags & MAILPROTO_VALUE_STRICT) == 0;
}

void mailproto__v_flaw(struct mailproto__value *v, uint32_t code, const char *at)
{
    mailproto_value_defect d;
    mailproto_defects *to = v->defects;
    if (v->error.code != 0) {
        return; /* what a strict reader did not take is the last word */
    }
    d.code = code;
    d.reserved = 0;
    d.offset = mailproto__v_offset(v, at);
    if (!is_allowed(v, code)) {
        v->error = d;
    }
    if (to == NULL) {
        return;
    }
    if (to->count < to->capacity && to->items != NULL) {
        to->items[to->count] = d;
    }
    if (to->first.code == 0) {
        to->first = d;
    }
    if (to->count < UINT32_MAX) {
        to->count++;
    }
    to->seen |= UINT64_C(1) << code;
}

void mailproto__v_mark(struct mailproto__mark *m, const struct mailproto__value *v)
{
    memset(m, 0, sizeof *m);
    m->error = v->error;
    m->state = v->state;
    m->number = v->count;
    if (v->defects != NULL) {
        m->seen = v->defects->seen;
        m->first = v->defects->first;
        m->count = v->defects->count;
    }
}

void mailproto__v_reset(struct mailproto__value *v, const struct mailproto__mark *m)
{
    v->error = m->error;
    v->state = m->state;
    v->count = m->number;
    v->open = 0;
    if (v->defects != NULL) {
        v->defects->seen = m->seen;
        v->defects->first = m->first;
        v->defects->count = m->count;
    }
}

/* ---- the cursor ------------------------------------------------------------------- */

void mailproto__v_load(struct mailproto__value *v, const mailproto_value *from)
{
    memcpy(v, from, sizeof *v);
}

void mailproto__v_store(mailproto_value *to, const struct mailproto__value *v)
{
    memcpy(to, v, sizeof *v);
}

static void set_piece(struct mailproto__value *v, mailproto_bytes piece)
{
    /* Never NULL: pointers into it are compared and subtracted. */
    v->begin = piece.ptr != NULL ? piece.ptr : "";
    v->at = v->begin;
    v->end = v->begin + piece.len;
}

void mailproto__v_whole(struct mailproto__value *v, mailproto_bytes value,
                        uint32_t flags, mailproto_defects *defects)
{
    memset(v, 0, sizeof *v);
    set_piece(v, value);
    v->flags = flags | MAILPROTO_VALUE_FINAL;
    v->defects = defects;
}

mailproto_status mailproto_value_open(mailproto_value *v, mailproto_bytes piece,
                                      uint32_t flags, mailproto_defects *defects)
{
    const uint32_t known =
        MAILPROTO_VALUE_FINAL | MAILPROTO_VALUE_STRICT | MAILPROTO_VALUE_NULL_PATH;
    struct mailproto__value to;
    if (v == NULL || (flags & ~known) != 0 || (piece.ptr == NULL && piece.len > 0) ||
        (defects != NULL && defects->struct_size < sizeof *defects)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__v_whole(&to, piece, flags, defects);
    to.flags = flags;
    memcpy(v, &to, sizeof to);
    return MAILPROTO_OK;
}

size_t mailproto_value_used(const mailproto_value *v)
{
    struct mailproto__value of;
    mailproto__v_load(&of, v);
    return (size_t)(of.at - of.begin);
}

mailproto_status mailproto_value_feed(mailproto_value *v, mailproto_bytes piece,
                                      uint32_t flags)
{
    struct mailproto__value to;
    if ((flags & ~(uint32_t)MAILPROTO_VALUE_FINAL) != 0 ||
        (piece.ptr == NULL && piece.len > 0)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__v_load(&to, v);
    if (mailproto__v_final(&to)) {
        return MAILPROTO_ERR_STATE;
    }
    to.base = mailproto__v_offset(&to, to.at);
    set_piece(&to, piece);
    to.flags |= flags;
    to.comment = mailproto__v_span(to.begin, to.begin);
    mailproto__v_store(v, &to);
    return MAILPROTO_OK;
}

mailproto_value_defect mailproto_value_error(const mailproto_value *v)
{
    struct mailproto__value of;
    mailproto__v_load(&of, v);
    return of.error;
}
