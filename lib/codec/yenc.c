/*
 * The decoder of yEnc (the draft "yEnc - Efficient encoding for Usenet and eMail", 1.3).
 * Knows the control lines, the escape, size and CRC-32; must not know files or parts.
 */
#include "codec/machine.h"

enum {
    LOOKING,  /* at the start of a line before `=ybegin` */
    SKIPPING, /* in such a line */
    STARTING, /* at the start of a line of data */
    DATA,     /* in such a line */
    ESCAPED,  /* behind `=` */
    CONTROL,  /* in a line `=y...` of the data: which, is not yet known */
    BEGINS,   /* in the line of `=ybegin` or `=ypart` */
    ENDS,     /* in the line of `=yend` */
    DONE      /* behind it: nothing counts any more */
};

enum { KEY_NONE, KEY_SIZE, KEY_PART_CRC, KEY_CRC };

enum {
    IS_PART = 1, /* a line `=ypart` was seen: `crc32` is that of the whole */
    VALUE = 2    /* behind the `=` of a keyword */
};

/* Letters as the number that the last eight of them make. */
#define WORD4(a, b, c, d)                                                              \
    ((uint64_t)(a) << 24 | (uint64_t)(b) << 16 | (uint64_t)(c) << 8 | (uint64_t)(d))

/* CRC-32 (ISO 3309) of the sixteen values of four bits. */
static const uint32_t crc_nibbles[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

static int defect(struct mailproto__codec *c, const struct mailproto__run *r,
                  uint32_t what)
{
    return mailproto__codec_defect(c, r, 0, what);
}

static void put(struct mailproto__codec *c, struct mailproto__run *r,
                unsigned char octet)
{
    uint32_t crc = ~c->u.yenc.crc ^ octet;
    crc = crc >> 4 ^ crc_nibbles[crc & 15U];
    crc = crc >> 4 ^ crc_nibbles[crc & 15U];
    c->u.yenc.crc = ~crc;
    c->u.yenc.count++;
    mailproto__out(r, octet);
}

/* Before the data: a line that begins with `=ybegin `. */
static int take_before(struct mailproto__codec *c, const struct mailproto__run *r,
                       unsigned char octet)
{
    static const char begin[8] = {'=', 'y', 'b', 'e', 'g', 'i', 'n', ' '};
    struct mailproto__yenc *y = &c->u.yenc;
    if (octet == '\n') {
        y->state = LOOKING;
        y->digits = 0;
        return 0;
    }
    if (y->state == LOOKING) {
        if (octet != (unsigned char)begin[y->digits]) {
            y->state = SKIPPING;
            return (c->flags & MAILPROTO_CODEC_STRICT) != 0
                       ? defect(c, r, MAILPROTO_CODEC_DEFECT_MARK)
                       : 0;
        }
        y->digits++;
        if (y->digits == sizeof begin) {
            y->state = BEGINS;
        }
    }
    return 0;
}

/* Whether a value of the line `=yend` agrees. */
static int check_value(struct mailproto__codec *c, const struct mailproto__run *r)
{
    struct mailproto__yenc *y = &c->u.yenc;
    int good = 1;
    if ((y->flags & VALUE) == 0 || y->digits == 0) {
        return 0;
    }
    if (y->key == KEY_SIZE) {
        good = y->word == y->count;
    } else if (y->key == KEY_PART_CRC ||
               (y->key == KEY_CRC && (y->flags & IS_PART) == 0)) {
        good = y->word == y->crc;
    }
    return good ? 0 : defect(c, r, MAILPROTO_CODEC_DEFECT_CHECK);
}

/* `=` behind a keyword. */
static void begin_value(struct mailproto__yenc *y)
{
    y->key = KEY_NONE;
    if (y->word == WORD4('s', 'i', 'z', 'e')) {
        y->key = KEY_SIZE;
    } else if (y->word == (WORD4(0, 'p', 'c', 'r') << 24 | WORD4(0, 'c', '3', '2'))) {
        y->key = KEY_PART_CRC;
    } else if (y->word == (WORD4(0, 0, 'c', 'r') << 24 | WORD4(0, 'c', '3', '2'))) {
        y->key = KEY_CRC;
    }
    y->flags |= VALUE;
    y->word = 0;
    y->digits = 0;
}

/* A digit of a value; what is none makes the value no number. */
static void add_digit(struct mailproto__yenc *y, unsigned char octet)
{
    unsigned base = y->key == KEY_SIZE ? 10 : 16;
    unsigned value = 255;
    if (octet >= '0' && octet <= '9') {
        value = (unsigned)(octet - '0');
    } else if ((octet | 32) >= 'a' && (octet | 32) <= 'f') {
        value = (unsigned)((octet | 32) - 'a') + 10U;
    }
    if (value >= base || y->word > (UINT64_MAX - value) / base) {
        y->key = KEY_NONE;
        return;
    }
    y->word = y->word * base + value;
    y->digits = 1;
}

/* A character of the line `=yend`: keyword=value, separated by blanks. */
static int take_end(struct mailproto__codec *c, const struct mailproto__run *r,
                    unsigned char octet)
{
    struct mailproto__yenc *y = &c->u.yenc;
    int over = 0;
    if (octet == ' ' || octet == '\r' || octet == '\n') {
        over = check_value(c, r);
        y->flags &= IS_PART;
        y->word = 0;
        y->state = octet == '\n' ? DONE : ENDS;
    } else if (y->flags & VALUE) {
        add_digit(y, octet);
    } else if (octet == '=') {
        begin_value(y);
    } else {
        y->word = y->word << 8 | octet;
    }
    return over;
}

/* A character behind `=y`: of `=yend`, `=ypart` or a repeated `=ybegin`. */
static int take_control(struct mailproto__codec *c, const struct mailproto__run *r,
                        unsigned char octet)
{
    struct mailproto__yenc *y = &c->u.yenc;
    if (octet != ' ' && octet != '\r' && octet != '\n') {
        y->word = y->word << 8 | octet;
        return 0;
    }
    y->state = octet == '\n' ? STARTING : BEGINS;
    if (y->word == WORD4(0, 'e', 'n', 'd')) {
        y->state = octet == '\n' ? DONE : ENDS;
    } else if (y->word == WORD4('p', 'a', 'r', 't')) {
        y->flags |= IS_PART;
    } else {
        return defect(c, r, MAILPROTO_CODEC_DEFECT_MARK);
    }
    y->word = 0;
    return 0;
}

/* A character of the data. There is room. */
static int take_data(struct mailproto__codec *c, struct mailproto__run *r,
                     unsigned char octet)
{
    struct mailproto__yenc *y = &c->u.yenc;
    int escaped = y->state == ESCAPED;
    if (octet == '\r' || octet == '\n') {
        y->state = octet == '\n' ? STARTING : DATA;
        return escaped ? defect(c, r, MAILPROTO_CODEC_DEFECT_ESCAPE) : 0;
    }
    if (escaped && octet == 'y' && y->digits) {
        y->state = CONTROL;
        y->word = 0;
        return 0;
    }
    if (octet == '=' && !escaped) {
        y->digits = y->state == STARTING; /* `=y` counts at the start of a line only */
        y->state = ESCAPED;
        return 0;
    }
    y->state = DATA;
    put(c, r, (unsigned char)(octet - (escaped ? 64U : 0U) - 42U));
    return 0;
}

static int take(struct mailproto__codec *c, struct mailproto__run *r,
                unsigned char octet)
{
    switch (c->u.yenc.state) {
    case STARTING:
    case DATA:
    case ESCAPED:
        return take_data(c, r, octet);
    case CONTROL:
        return take_control(c, r, octet);
    case BEGINS:
        c->u.yenc.state = octet == '\n' ? STARTING : BEGINS;
        return 0;
    case ENDS:
        return take_end(c, r, octet);
    case DONE:
        return 0;
    default:
        return take_before(c, r, octet);
    }
}

mailproto_status mailproto__yenc_decode(struct mailproto__codec *c,
                                        struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__yenc *y = &c->u.yenc;
    for (; r->used < r->in_len; r->used++) {
        if (mailproto__out_left(r) == 0) {
            return MAILPROTO_AGAIN;
        }
        if (take(c, r, r->in[r->used])) {
            return MAILPROTO_ERR_SYNTAX;
        }
    }
    if (flags & MAILPROTO_CODEC_FINAL) {
        if (y->state == CONTROL && take_control(c, r, '\n')) {
            return MAILPROTO_ERR_SYNTAX;
        }
        if (y->state == ENDS && take_end(c, r, '\n')) {
            return MAILPROTO_ERR_SYNTAX;
        }
        if (y->state != DONE && defect(c, r, MAILPROTO_CODEC_DEFECT_MARK)) {
            return MAILPROTO_ERR_SYNTAX;
        }
        y->state = DONE;
    }
    return MAILPROTO_OK;
}
