/*
 * The pass before the message is sent: what each content holds, the encoding that suits
 * it, and the size of all. Knows what the encodings can carry (RFC 2045 2.7 to 2.9, 6);
 * must not know how they are written.
 */
#include "message/compose.h"

#include "core/mem.h"
#include "core/options.h"

/* Passes over a part, and the last one over the headers. */
enum { PASS_NONE = 0, PASS_LOOK = 1, PASS_QP = 2, PASS_HEADERS = 3 };

/* The line is longer by `n` octets. */
static void wider(struct mailproto__compose_found *f, size_t n)
{
    if (n > MAILPROTO__COMPOSE_LINE_MAX - f->column) {
        f->wide = 1;
        f->column = MAILPROTO__COMPOSE_LINE_MAX;
    } else {
        f->column += (uint32_t)n;
    }
}

/* The octet at a run's end. */
static void look_special(struct mailproto__compose_found *f, char octet)
{
    switch (octet) {
    case '\r':
        f->cr = 1;
        break;
    case '\n':
        f->bare_lf = 1;
        f->lines++;
        f->column = 0;
        break;
    default:
        f->nul = 1;
        wider(f, 1);
        break;
    }
}

/* A piece of a content. */
static void look(mailproto_compose *c, const char *in, size_t n)
{
    struct mailproto__compose_found *f = &c->found;
    size_t i = 0;
    f->octets += n;
    f->lines += n;
    while (i < n) {
        size_t used = 0;
        if (f->cr) {
            f->cr = 0;
            if (in[i] == '\n') {
                f->column = 0;
                i++;
                continue;
            }
            f->bare_cr = 1;
            wider(f, 1);
        }
        if (f->column == 0) {
            f->clash |=
                (uint8_t)mailproto__compose_clash(c, &f->match, in + i, n - i, &used);
            i += used;
            if (i == n && !f->clash) {
                return;
            }
            wider(f, f->match);
            f->match = 0;
        }
        used = mailproto__compose_run(in + i, n - i, !f->high);
        wider(f, used);
        i += used;
        if (i < n && ((unsigned char)in[i] & 128) != 0) {
            f->high = 1;
        } else if (i < n) {
            look_special(f, in[i]);
            i++;
        }
    }
}

/* Octets of the base64 form in lines. */
static uint64_t base64_size(uint64_t n)
{
    uint64_t chars = (n / 3 + (n % 3 > 0)) * 4;
    return chars + (chars / 76 + (chars % 76 > 0)) * 2;
}

/* Whether 7bit or 8bit can carry it, octets above 127 aside. */
static int is_carried(const struct mailproto__compose_part *s,
                      const struct mailproto__compose_found *f)
{
    return !f->nul && !f->bare_cr && !f->wide && !f->clash &&
           (mailproto__compose_is_lines(s) || !f->bare_lf);
}

static mailproto_status check_asked(const struct mailproto__compose_part *s,
                                    const struct mailproto__compose_found *f,
                                    uint32_t encoding)
{
    int good = 1;
    switch (encoding) {
    case MAILPROTO_ENCODING_7BIT:
        good = is_carried(s, f) && !f->high;
        break;
    case MAILPROTO_ENCODING_8BIT:
        good = is_carried(s, f);
        break;
    case MAILPROTO_ENCODING_BINARY:
        good = !f->clash;
        break;
    default:
        break;
    }
    return good ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT;
}

/* The least encoding that carries what was found; base64 is chosen later. */
static mailproto_status choose(const mailproto_compose *c,
                               const struct mailproto__compose_part *s,
                               uint32_t *encoding)
{
    const struct mailproto__compose_found *f = &c->found;
    int binary = (c->o.flags & MAILPROTO_COMPOSE_BINARY) != 0;
    int eight = binary || (c->o.flags & MAILPROTO_COMPOSE_8BIT) != 0;
    int whole =
        s->kind == MAILPROTO__COMPOSE_MESSAGE || s->kind == MAILPROTO__COMPOSE_ENTITY;
    if (s->kind == MAILPROTO__COMPOSE_WIDE) { /* what looks like a line end is none */
        *encoding = MAILPROTO_ENCODING_BASE64;
        return MAILPROTO_OK;
    }
    if (is_carried(s, f) && (!f->high || eight)) {
        *encoding = f->high ? MAILPROTO_ENCODING_8BIT : MAILPROTO_ENCODING_7BIT;
        return MAILPROTO_OK;
    }
    *encoding = whole ? MAILPROTO_ENCODING_BINARY : MAILPROTO_ENCODING_QP;
    if (!whole || (binary && !f->clash)) {
        return MAILPROTO_OK;
    }
    return is_carried(s, f) ? MAILPROTO_ERR_NOT_OFFERED : MAILPROTO_ERR_ARGUMENT;
}

/* The encoding of a part of which all is known; `c->pass` becomes QP where its size in
 * that must be found out. */
static mailproto_status decide(mailproto_compose *c, struct mailproto__compose_part *s,
                               uint32_t asked)
{
    const struct mailproto__compose_found *f = &c->found;
    uint32_t encoding = asked;
    mailproto_status status =
        asked != 0 ? check_asked(s, f, asked) : choose(c, s, &encoding);
    if (status != MAILPROTO_OK) {
        return status;
    }
    s->flags |= f->high ? 0 : MAILPROTO__COMPOSE_ASCII;
    s->encoding = (uint8_t)encoding;
    s->size = mailproto__compose_is_lines(s) && encoding != MAILPROTO_ENCODING_BINARY
                  ? f->lines
                  : f->octets;
    if (encoding > MAILPROTO_ENCODING_BINARY) {
        s->size = base64_size(s->size);
    }
    if (encoding == MAILPROTO_ENCODING_QP) {
        c->pass = PASS_QP;
    }
    return MAILPROTO_OK;
}

static mailproto_status look_at_part(mailproto_compose *c,
                                     struct mailproto__compose_part *s)
{
    struct mailproto__compose_body *b = &c->body;
    mailproto_status status;
    if (!b->open) {
        memset(b, 0, sizeof *b);
        memset(&c->found, 0, sizeof c->found);
        b->open = 1;
    }
    while ((status = mailproto__compose_fill(c)) == MAILPROTO_OK) {
        look(c, b->in, b->in_len);
        b->in_len = 0;
    }
    if (status != MAILPROTO_EOF) {
        return status;
    }
    b->open = 0;
    c->found.bare_cr |= c->found.cr;
    return decide(c, s, mailproto__compose_part(c)->encoding);
}

/* Counts the part in quoted-printable; `s->size` is what base64 would take. */
static mailproto_status count_qp(mailproto_compose *c,
                                 struct mailproto__compose_part *s)
{
    int asked = mailproto__compose_part(c)->encoding != 0;
    mailproto_status status = MAILPROTO_OK;
    while (status == MAILPROTO_OK &&
           (asked || c->body.put <= s->size || !c->body.open)) {
        status = mailproto__compose_body(c);
        c->token.len = 0;
    }
    if (status != MAILPROTO_OK && status != MAILPROTO_EOF) {
        return status;
    }
    if (status == MAILPROTO_EOF && (asked || c->body.put <= s->size)) {
        s->size = c->body.put;
    } else {
        s->encoding = MAILPROTO_ENCODING_BASE64;
    }
    c->body.open = 0;
    c->pass = PASS_LOOK;
    return MAILPROTO_OK;
}

/* All parts; what cannot be read twice is left as it is, and so is the size. */
static mailproto_status measure_parts(mailproto_compose *c)
{
    while (c->part < c->o.part_count) {
        struct mailproto__compose_part *s = &c->parts[c->part];
        const mailproto_source *from = mailproto__compose_part(c)->content;
        mailproto_status status = MAILPROTO_OK;
        int twice = from == NULL || from->data != NULL || from->read_at != NULL ||
                    from->size == 0;
        if (s->kind == MAILPROTO__COMPOSE_MULTIPART || !twice) {
            c->total = twice ? c->total : MAILPROTO_SIZE_UNKNOWN;
        } else {
            if (c->pass == PASS_LOOK) {
                status = look_at_part(c, s);
            }
            if (status == MAILPROTO_OK && c->pass == PASS_QP) {
                status = count_qp(c, s);
            }
            if (status != MAILPROTO_OK) {
                return status;
            }
            s->flags |= MAILPROTO__COMPOSE_SIZED;
        }
        c->part++;
    }
    return MAILPROTO_OK;
}

static mailproto_status count_headers(mailproto_compose *c)
{
    mailproto_status status;
    mailproto__compose_restart(c);
    c->counting = 1;
    do {
        status = mailproto__compose_step(c);
        c->total += c->token.len;
        c->token.len = 0;
    } while (status == MAILPROTO_OK);
    c->counting = 0;
    return status == MAILPROTO_EOF ? MAILPROTO_OK : status;
}

static mailproto_status tell(mailproto_compose *c, mailproto_compose_summary *out)
{
    mailproto_compose_summary s;
    uint32_t level = c->parts[0].encoding;
    memset(&s, 0, sizeof s);
    s.flags = c->needs;
    if (level == MAILPROTO_ENCODING_8BIT) {
        s.flags |= MAILPROTO_COMPOSE_NEEDS_8BIT;
    }
    if (level == MAILPROTO_ENCODING_BINARY) {
        s.flags |= MAILPROTO_COMPOSE_NEEDS_BINARY;
    }
    s.size = c->total;
    return out == NULL ? MAILPROTO_OK : mailproto__output_copy(out, &s, sizeof s);
}

mailproto_status mailproto_compose_measure(mailproto_compose *c,
                                           mailproto_compose_summary *summary)
{
    mailproto_status status;
    if (c->began) {
        return MAILPROTO_ERR_STATE;
    }
    if (c->pass == PASS_NONE) {
        mailproto__compose_choose(c);
        mailproto__compose_restart(c);
        c->measured = 0;
        c->total = 0;
        c->pass = PASS_LOOK;
    }
    status = measure_parts(c);
    if (status == MAILPROTO_NOT_READY) {
        return status;
    }
    if (status == MAILPROTO_OK) {
        mailproto__compose_levels(c);
        if (c->total != MAILPROTO_SIZE_UNKNOWN) {
            status = count_headers(c);
        }
    } else {
        mailproto__compose_choose(c);
    }
    c->pass = PASS_NONE;
    mailproto__compose_restart(c);
    if (status != MAILPROTO_OK) {
        return status;
    }
    c->measured = 1;
    return tell(c, summary);
}
