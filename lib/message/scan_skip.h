/*
 * Passing over fields that nobody reads, 64 octets at a time: what follows from where line
 * ends and odd octets stand, for those who find them with one instruction set or another.
 */
#ifndef MAILPROTO_MESSAGE_SCAN_SKIP_H
#define MAILPROTO_MESSAGE_SCAN_SKIP_H

#include "message/scan.h"

enum {
    MAILPROTO__SKIP_STEP = 64,
    MAILPROTO__SKIP_BEHIND =
        3 /* a line end, and what decides whether the field goes on */
};

struct mailproto__skip {
    const char *at;      /* the step */
    const char *last;    /* none begins behind it */
    const char *limit;   /* no field begins from here on */
    const char *field;   /* where the present one begins: all before it is done with */
    const char *line;    /* ... its present line */
    size_t lines;        /* line ends so far */
    size_t done;         /* of them before `field` */
    uint32_t fields;     /* that are done with */
    uint32_t most;       /* of them */
    uint32_t letters[2]; /* see mailproto__skip_letters() */
    int crlf;            /* lines end so */
    uint64_t cr, lf;     /* whether the octet before the step is one */
};

/* Whether what begins with two octets may be a field that is read, or none. */
static inline int mailproto__skip_not(const uint32_t letters[2], const char *at)
{
    unsigned char c = (unsigned char)at[0];
    return (letters[0] >> (c & 31) & 1) &&
           (c < 'A' || (letters[1] >> ((unsigned char)at[1] & 31) & 1));
}

/* A line begins. 0: what begins there is to be read. */
static inline int mailproto__skip_line(struct mailproto__skip *s, const char *line)
{
    unsigned char c = (unsigned char)*line;
    if (line - s->line > MAILPROTO__LINE_MAX + 1 + s->crlf ||
        (s->crlf && line[-2] != '\r')) {
        return 0;
    }
    s->lines++;
    s->line = line;
    if (c == ' ' || c == '\t') { /* RFC 5322 2.2.3 */
        return 1;
    }
    s->field = line;
    s->done = s->lines;
    s->fields++;
    return !mailproto__skip_not(s->letters, line) && s->fields < s->most &&
           line < s->limit;
}

/* A step: `lf`, and `odd` of all octets that are neither text nor TAB. 0: no further. */
static inline int mailproto__skip_step(struct mailproto__skip *s, uint64_t lf,
                                       uint64_t odd)
{
    uint64_t starts = lf << 1 | s->lf;
    uint64_t cr = odd & ~lf; /* or what else is odd */
    uint64_t wrong = s->crlf ? (cr << 1 | s->cr) ^ lf : cr;
    if (wrong != 0) {
        starts &= wrong ^ (wrong - 1); /* lines up to there */
    }
    for (; starts != 0; starts &= starts - 1) {
        if (!mailproto__skip_line(s, s->at + __builtin_ctzll(starts))) {
            return 0;
        }
    }
    s->cr = cr >> 63;
    s->lf = lf >> 63;
    s->at += MAILPROTO__SKIP_STEP;
    return wrong == 0;
}

#endif /* MAILPROTO_MESSAGE_SCAN_SKIP_H */
