/*
 * The announcement of a literal at a line's end. Knows quotes, braces and digits; must
 * not know any command.
 */
#include "wire/literal.h"

enum {
    TEXT,    /* outside of quotes */
    TILDE,   /* the same, behind `~` */
    QUOTED,  /* inside of quotes */
    ESCAPED, /* ... behind a backslash */
    BRACE,   /* behind `{` */
    DIGITS,  /* behind a digit of the size */
    PLUS,    /* behind its `+` */
    CLOSED,  /* behind `}` */
    ENDING   /* behind a CR that follows */
};

/* RFC 9051 9, number64: 63 bits. Digits beyond are counted no more. */
#define SIZE_LIMIT (UINT64_MAX / 2)

static void add_digit(struct mailproto__literal *l, char c)
{
    uint64_t digit = (uint64_t)(c - '0');
    if (l->size > (SIZE_LIMIT - digit) / 10) {
        l->size = UINT64_MAX;
    } else {
        l->size = l->size * 10 + digit;
    }
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What an octet means where no announcement is under way, or where it breaks one. */
static uint8_t begin(struct mailproto__literal *l, char c)
{
    if (c == '{') {
        l->binary = l->state == TILDE;
        l->size = 0;
        l->sync = 1;
        return BRACE;
    }
    if (c == '"') {
        return QUOTED;
    }
    return c == '~' ? TILDE : TEXT;
}

static uint8_t step(struct mailproto__literal *l, char c)
{
    switch (l->state) {
    case QUOTED:
        return c == '"' ? TEXT : c == '\\' ? ESCAPED : QUOTED;
    case ESCAPED:
        return QUOTED;
    case BRACE:
    case DIGITS:
        if (is_digit(c)) {
            add_digit(l, c);
            return DIGITS;
        }
        if (l->state == DIGITS && c == '+') {
            l->sync = 0;
            return PLUS;
        }
        return l->state == DIGITS && c == '}' ? CLOSED : begin(l, c);
    case PLUS:
        return c == '}' ? CLOSED : begin(l, c);
    case CLOSED:
        return c == '\r' ? ENDING : begin(l, c);
    default:
        return begin(l, c);
    }
}

void mailproto__literal_scan(struct mailproto__literal *l, const char *at, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        l->state = step(l, at[i]);
    }
}

int mailproto__literal_announced(const struct mailproto__literal *l)
{
    return l->state == CLOSED || l->state == ENDING;
}
