/*
 * The encoder of format=flowed (RFC 3676): each line of the input is a paragraph, cut into
 * lines that end in a space. Knows quote marks, stuffing and where a line may end; must
 * not know charsets but that UTF-8 characters are not cut.
 */
#include "codec/machine.h"

enum {
    QUOTES, /* at the start of a paragraph: quote marks */
    MARKS,  /* a line begins: marks are to be written */
    FIRST,  /* at the first octet of a line's text */
    FROM,   /* the line may begin with `From `: `held` letters of it so far */
    TEXT
};

enum {
    WRAP = 60,     /* a line ends at the first space from here on: words of 17 octets */
    WRAP_MAX = 76, /* and even between spaces: 78 with two more (RFC 3676 4.2) */
    WORD_MAX = 240, /* with DelSp longer words are cut */
    COLUMN_MAX = 255
};

static const char from[4] = {'F', 'r', 'o', 'm'};

static void put(struct mailproto__flowed *f, struct mailproto__run *r,
                unsigned char octet)
{
    mailproto__out(r, octet);
    f->column = (uint8_t)(f->column + (f->column < COLUMN_MAX ? 1U : 0U));
}

static void put_line_end(struct mailproto__flowed *f, struct mailproto__run *r)
{
    mailproto__out(r, '\r');
    mailproto__out(r, '\n');
    f->column = 0;
}

/* A soft line break behind what is written. There is room for 3. */
static void put_break(struct mailproto__codec *c, struct mailproto__run *r)
{
    if (c->flags & MAILPROTO_CODEC_DELSP) {
        mailproto__out(r, ' ');
    }
    put_line_end(&c->u.flowed, r);
    c->u.flowed.marks = c->u.flowed.depth;
    c->u.flowed.state = MARKS;
}

/* The paragraph ends: its spaces go, but those of a signature separator (4.3). */
static void end_paragraph(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    if (f->stuffed == 2 && f->before == 1) {
        mailproto__out(r, ' ');
    }
    put_line_end(f, r);
    f->depth = 0;
    f->before = 0;
    f->stuffed = 0;
    f->cr = 0;
    f->state = QUOTES;
}

/* Whether the text so far is nothing but two hyphens: `stuffed` counts them, 3: no. */
static void watch_separator(struct mailproto__flowed *f, unsigned char octet)
{
    f->stuffed = octet == '-' && f->stuffed < 2 ? (uint8_t)(f->stuffed + 1U) : 3;
}

/* A letter behind `F` at the start of a line. 0: no room. */
static int match_from(struct mailproto__flowed *f, struct mailproto__run *r,
                      unsigned char octet)
{
    if (f->held < sizeof from && octet == (unsigned char)from[f->held]) {
        f->held++;
        r->used++;
        return 1;
    }
    if (mailproto__out_left(r) < sizeof from + 1) {
        return 0;
    }
    if (f->held == sizeof from) { /* whatever follows: lines may be stuffed */
        put(f, r, ' ');
    }
    memcpy(r->out + r->put, from, f->held);
    r->put += f->held;
    f->column = (uint8_t)(f->column + f->held);
    f->stuffed = 3;
    f->state = TEXT;
    return 1;
}

static int put_marks(struct mailproto__flowed *f, struct mailproto__run *r)
{
    for (; f->marks > 0 && mailproto__out_left(r) > 0; f->marks--) {
        put(f, r, '>');
    }
    f->state = f->marks == 0 ? FIRST : MARKS;
    return f->marks == 0;
}

/* The start of a line, before in[used] of its text. 0: no room. */
static int begin_line(struct mailproto__flowed *f, struct mailproto__run *r,
                      unsigned char octet)
{
    if (f->state == MARKS) {
        return put_marks(f, r);
    }
    if (f->state == FIRST) {
        /* 4.4: stuffed if it begins with a space, `>` or `From `; always if quoted. */
        if (octet == ' ' && !f->cr && f->before < UINT32_MAX) {
            f->before++; /* a line of nothing but spaces is empty */
            r->used++;
            return 1;
        }
        if (mailproto__out_left(r) < 2) {
            return 0;
        }
        if (f->depth > 0 || f->before > 0 || octet == '>') {
            put(f, r, ' ');
        }
        f->state = f->column == 0 && octet == 'F' ? FROM : TEXT;
        f->held = 0;
        return 1;
    }
    return match_from(f, r, octet);
}

/* Spaces that turned out not to end their paragraph, and a break where the line is long
 * enough. 0: no room. */
static int put_spaces(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    if (mailproto__out_left(r) < 4) {
        return 0;
    }
    put(f, r, ' ');
    f->before--;
    f->stuffed = 3;
    if (f->column >= (f->before == 0 ? WRAP : WRAP_MAX)) {
        put_break(c, r);
    }
    return 1;
}

/* An octet of text. 0: no room. */
static int take_text(struct mailproto__codec *c, struct mailproto__run *r,
                     unsigned char octet)
{
    struct mailproto__flowed *f = &c->u.flowed;
    if (octet == ' ' && !f->cr && f->before < UINT32_MAX) {
        f->before++;
        r->used++;
        return 1;
    }
    if (f->before > 0) {
        return put_spaces(c, r);
    }
    if (mailproto__out_left(r) < 4) {
        return 0;
    }
    if (f->cr) { /* alone */
        put(f, r, '\r');
        f->cr = 0;
    } else if ((c->flags & MAILPROTO_CODEC_DELSP) && f->column >= WORD_MAX &&
               (octet & 0xC0U) != 0x80U) {
        put_break(c, r);
        return 1;
    } else {
        put(f, r, octet);
        watch_separator(f, octet);
        r->used++;
    }
    return 1;
}

/* An octet at the start of a paragraph. */
static void take_quotes(struct mailproto__flowed *f, struct mailproto__run *r,
                        unsigned char octet)
{
    if (octet == '>') {
        f->depth += f->depth < UINT32_MAX ? 1U : 0U;
        r->used++;
        return;
    }
    if (octet == ' ' && f->depth > 0) { /* belongs to the marks */
        r->used++;
    }
    f->marks = f->depth;
    f->state = MARKS;
}

/* The next octet; 0: no room. */
static int take_octet(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    unsigned char octet = r->in[r->used];
    if (octet == '\n' || (octet == '\r' && !f->cr)) {
        if (octet == '\r') {
            f->cr = 1;
            r->used++;
            return 1;
        }
        if (f->state == QUOTES) {
            f->marks = f->depth;
            f->state = MARKS;
        }
        if (f->state == MARKS || f->state == FROM) {
            return begin_line(f, r, octet);
        }
        if (mailproto__out_left(r) < 3) {
            return 0;
        }
        end_paragraph(c, r);
        r->used++;
        return 1;
    }
    if (f->state == TEXT) {
        return take_text(c, r, octet);
    }
    if (f->cr) {
        octet = '\r'; /* alone, and the first of its line */
    }
    if (f->state == QUOTES) {
        if (f->cr) {
            f->marks = f->depth;
            f->state = MARKS;
        } else {
            take_quotes(f, r, octet);
        }
        return 1;
    }
    return begin_line(f, r, octet);
}

/* A step of what ends the text; 0: no room, -1: it is done. */
static int take_end(struct mailproto__codec *c, struct mailproto__run *r)
{
    struct mailproto__flowed *f = &c->u.flowed;
    if (f->state == QUOTES && (f->depth > 0 || f->cr)) {
        f->marks = f->depth;
        f->state = MARKS;
    }
    if (f->state == MARKS || f->state == FROM || (f->state == FIRST && f->cr)) {
        return begin_line(f, r, '\r');
    }
    if (mailproto__out_left(r) < 4) {
        return 0;
    }
    if (f->cr) { /* alone */
        if (f->before > 0) {
            return put_spaces(c, r);
        }
        put(f, r, '\r');
        f->cr = 0;
    } else if (f->stuffed == 2 && f->before == 1) {
        mailproto__out(r, ' ');
        f->before = 0;
    }
    return -1;
}

mailproto_status mailproto__flowed_encode(struct mailproto__codec *c,
                                          struct mailproto__run *r, uint32_t flags)
{
    int more = (flags & MAILPROTO_CODEC_FINAL) != 0 ? 1 : -1;
    while (r->used < r->in_len) {
        if (!take_octet(c, r)) {
            return MAILPROTO_AGAIN;
        }
    }
    while (more > 0) {
        more = take_end(c, r);
    }
    return more == 0 ? MAILPROTO_AGAIN : MAILPROTO_OK;
}
