/*
 * The decoder of uuencode (POSIX.1, uuencode, "historical algorithm"). Knows the lines
 * between `begin` and `end`; must not know files, names or modes.
 */
#include "codec/machine.h"

enum {
    LOOKING,  /* at the start of a line before `begin` */
    SKIPPING, /* in such a line */
    BEGINS,   /* in the line of `begin` */
    STARTING, /* at the start of a line of data */
    DATA,     /* in such a line */
    ENDING,   /* in what may be `end` */
    DONE      /* behind it: nothing counts any more */
};

/* A sextet; the grave accent stands for 0, as the blank does. 255: none. */
static unsigned value_of(unsigned char octet)
{
    return octet >= 32 && octet <= 96 ? (octet - 32U) & 63U : 255U;
}

static int defect(struct mailproto__codec *c, const struct mailproto__run *r,
                  uint32_t what)
{
    return mailproto__codec_defect(c, r, 0, what);
}

static int is_line_end(unsigned char octet)
{
    return octet == '\r' || octet == '\n';
}

/* Before the data: `begin ` at the start of a line. */
static int take_before(struct mailproto__codec *c, const struct mailproto__run *r,
                       unsigned char octet)
{
    static const char begin[6] = {'b', 'e', 'g', 'i', 'n', ' '};
    struct mailproto__uu *u = &c->u.uu;
    if (octet == '\n') {
        u->state = u->state == BEGINS ? STARTING : LOOKING;
        u->matched = 0;
    } else if (u->state == LOOKING) {
        if (octet != (unsigned char)begin[u->matched]) {
            u->state = SKIPPING;
            return (c->flags & MAILPROTO_CODEC_STRICT) != 0
                       ? defect(c, r, MAILPROTO_CODEC_DEFECT_MARK)
                       : 0;
        }
        u->matched++;
        if (u->matched == sizeof begin) {
            u->state = BEGINS;
        }
    }
    return 0;
}

/* The first character of a line of data: how many octets it stands for. */
static int take_start(struct mailproto__codec *c, const struct mailproto__run *r,
                      unsigned char octet)
{
    struct mailproto__uu *u = &c->u.uu;
    unsigned value = value_of(octet);
    if (is_line_end(octet)) {
        return 0;
    }
    u->phase = 0;
    u->bits = 0;
    u->tail = 0;
    if (octet == 'e') { /* no length is written so */
        u->state = ENDING;
        u->matched = 1;
        return 0;
    }
    u->state = DATA;
    u->left = (uint8_t)(value < 64 ? value : 0);
    u->skip = value >= 64;
    return value >= 64 ? defect(c, r, MAILPROTO_CODEC_DEFECT_CHARACTER) : 0;
}

static int take_end_mark(struct mailproto__codec *c, const struct mailproto__run *r,
                         unsigned char octet)
{
    static const char end[3] = {'e', 'n', 'd'};
    struct mailproto__uu *u = &c->u.uu;
    if (u->matched < sizeof end && octet == (unsigned char)end[u->matched]) {
        u->matched++;
        return 0;
    }
    if (u->matched == sizeof end && (is_line_end(octet) || octet == ' ')) {
        u->state = DONE;
        return 0;
    }
    u->state = octet == '\n' ? STARTING : DATA;
    u->skip = 1;
    u->left = 0;
    return defect(c, r, MAILPROTO_CODEC_DEFECT_CHARACTER);
}

/* The end of a line of data. What the line does not hold is not made up. */
static int end_data(struct mailproto__codec *c, const struct mailproto__run *r)
{
    struct mailproto__uu *u = &c->u.uu;
    int over = 0;
    if (u->left > 0) {
        over = defect(c, r, MAILPROTO_CODEC_DEFECT_LINE);
    }
    u->left = 0;
    u->state = STARTING;
    return over;
}

/* A character of data. Each gives out the octet it completes, so that never more is
 * written than was read. There is room. */
static int take_data(struct mailproto__codec *c, struct mailproto__run *r,
                     unsigned char octet)
{
    struct mailproto__uu *u = &c->u.uu;
    unsigned value = value_of(octet);
    if (octet == '\n') {
        return end_data(c, r);
    }
    if (u->skip || octet == '\r') {
        return 0;
    }
    if (value >= 64) {
        u->skip = 1;
        return defect(c, r, MAILPROTO_CODEC_DEFECT_CHARACTER);
    }
    if (u->left == 0) {
        /* The last group may be written whole; some add a character as a check. */
        if (u->tail < 4U - u->phase) {
            u->tail++;
            return 0;
        }
        u->skip = 1;
        return defect(c, r, MAILPROTO_CODEC_DEFECT_LINE);
    }
    if (u->phase > 0) {
        unsigned shift = 6U - 2U * u->phase; /* 4, 2, 0 */
        mailproto__out(r, (unsigned char)(((unsigned)u->bits << 6 | value) >> shift));
        u->left--;
    }
    u->bits = (uint8_t)(value & 63U);
    u->phase = (uint8_t)((u->phase + 1U) & 3U);
    return 0;
}

static int take(struct mailproto__codec *c, struct mailproto__run *r,
                unsigned char octet)
{
    switch (c->u.uu.state) {
    case STARTING:
        return take_start(c, r, octet);
    case DATA:
        return take_data(c, r, octet);
    case ENDING:
        return take_end_mark(c, r, octet);
    case DONE:
        return 0;
    default:
        return take_before(c, r, octet);
    }
}

/* Groups of four characters that are all data: as many as the line says. */
static void take_groups(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__uu *u = &c->u.uu;
    while (u->left >= 3 && mailproto__in_left(r) >= 4 && mailproto__out_left(r) >= 3) {
        const unsigned char *in = r->in + r->used;
        uint32_t a = value_of(in[0]);
        uint32_t b = value_of(in[1]);
        uint32_t d = value_of(in[2]);
        uint32_t e = value_of(in[3]);
        if ((a | b | d | e) > 63U) {
            return;
        }
        a = a << 18 | b << 12 | d << 6 | e;
        r->out[r->put] = (unsigned char)(a >> 16);
        r->out[r->put + 1] = (unsigned char)(a >> 8);
        r->out[r->put + 2] = (unsigned char)a;
        r->put += 3;
        r->used += 4;
        u->left = (uint8_t)(u->left - 3U);
    }
}

static mailproto_status take_end(struct mailproto__codec *c,
                                 const struct mailproto__run *r)
{
    struct mailproto__uu *u = &c->u.uu;
    int over = 0;
    if (u->state == ENDING && u->matched == 3) {
        u->state = DONE;
    } else if (u->state == DATA) {
        over = end_data(c, r);
    }
    if (!over && u->state != DONE) {
        over = defect(c, r, MAILPROTO_CODEC_DEFECT_MARK);
    }
    u->state = DONE;
    return over ? MAILPROTO_ERR_SYNTAX : MAILPROTO_OK;
}

mailproto_status mailproto__uu_decode(struct mailproto__codec *c,
                                      struct mailproto__run *r, uint32_t flags)
{
    struct mailproto__uu *u = &c->u.uu;
    while (r->used < r->in_len) {
        if (u->state == DATA && u->phase == 0 && !u->skip) {
            take_groups(c, r);
            if (r->used == r->in_len) {
                break;
            }
        }
        if (u->state == DATA && mailproto__out_left(r) == 0) {
            return MAILPROTO_AGAIN;
        }
        if (take(c, r, r->in[r->used])) {
            return MAILPROTO_ERR_SYNTAX;
        }
        r->used++;
    }
    return (flags & MAILPROTO_CODEC_FINAL) ? take_end(c, r) : MAILPROTO_OK;
}
