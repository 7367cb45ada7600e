/*
 * Bodies: contents read from their sources and encoded, or passed on line by line. Knows
 * lines, boundaries and what an encoding can carry; must not know headers.
 */
#include "message/compose.h"

#include "core/mem.h"
#include "core/span.h"

/* What is looked at before it is copied: it is still near then. */
enum { TOKEN_MAX = 16384 };

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))
/* The highest bit of each octet that is 0, and maybe of others above the lowest such. */
#define ZEROS(word) (((word)-EACH(1)) & ~(word)&EACH(128))

size_t mailproto__compose_run(const char *in, size_t n, int ascii)
{
    uint64_t high = ascii ? EACH(128) : 0;
    size_t i = 0;
    while (n - i >= 8) {
        uint64_t word;
        memcpy(&word, in + i, 8);
        if ((ZEROS(word) | ZEROS(word ^ EACH('\r')) | ZEROS(word ^ EACH('\n')) |
             (word & high)) != 0) {
            break;
        }
        i += 8;
    }
    while (i < n && in[i] != '\0' && in[i] != '\r' && in[i] != '\n' &&
           !(ascii && ((unsigned char)in[i] & 128) != 0)) {
        i++;
    }
    return i;
}

int mailproto__compose_is_lines(const struct mailproto__compose_part *s)
{
    return s->kind == MAILPROTO__COMPOSE_PLAIN ||
           s->kind == MAILPROTO__COMPOSE_MESSAGE ||
           s->kind == MAILPROTO__COMPOSE_GLOBAL;
}

/* ---- sources ---------------------------------------------------------------------------- */

/* The half of the scratch that a source writes to. */
static size_t input_size(const mailproto_compose *c)
{
    return c->room / 2;
}

/* The next octets of a source that is not in memory. */
static mailproto_status from_callback(mailproto_compose *c, const mailproto_source *s,
                                      size_t *got)
{
    struct mailproto__compose_body *b = &c->body;
    mailproto_status status = MAILPROTO_ERR_ARGUMENT;
    size_t cap = input_size(c);
    *got = 0;
    if (s->read_at != NULL) {
        if (b->offset >= s->size) {
            return MAILPROTO_EOF;
        }
        if (cap > s->size - b->offset) {
            cap = (size_t)(s->size - b->offset);
        }
        status = s->read_at(s->ctx, b->offset, c->scratch, cap, got);
    } else if (s->read != NULL) {
        c->spent = 1;
        status = s->read(s->ctx, c->scratch, cap, got);
    }
    if (status == MAILPROTO_OK && (*got == 0 || *got > cap)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (status == MAILPROTO_AGAIN) {
        return MAILPROTO_NOT_READY;
    }
    return status == MAILPROTO_OK || status == MAILPROTO_EOF ||
                   status == MAILPROTO_NOT_READY || status < 0
               ? status
               : MAILPROTO_ERR_ARGUMENT;
}

mailproto_status mailproto__compose_fill(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    const mailproto_source *s = mailproto__compose_part(c)->content;
    mailproto_status status = MAILPROTO_EOF;
    size_t got = 0;
    if (b->in_len > 0) {
        return MAILPROTO_OK;
    }
    if (b->eof || s == NULL || (s->data == NULL && s->size == 0)) {
        b->eof = 1;
        return MAILPROTO_EOF;
    }
    if (s->data != NULL) {
        if (b->offset < s->size) {
            b->in = (const char *)s->data + (size_t)b->offset;
            got = (size_t)(s->size - b->offset);
            status = MAILPROTO_OK;
        }
    } else {
        status = from_callback(c, s, &got);
        b->in = c->scratch;
    }
    if (status == MAILPROTO_EOF) {
        b->eof = 1;
    }
    if (status == MAILPROTO_OK) {
        b->in_len = got;
        b->offset += got;
    }
    return status;
}

static void use(struct mailproto__compose_body *b, size_t n)
{
    b->in += n;
    b->in_len -= n;
}

/* ---- identity ------------------------------------------------------------------------------ */

int mailproto__compose_clash(const mailproto_compose *c, uint8_t *match, const char *in,
                             size_t n, size_t *used)
{
    size_t i = 0;
    while (i < n && *match < c->prefix_len && in[i] == c->prefix[*match]) {
        (*match)++;
        i++;
    }
    *used = i;
    return *match == c->prefix_len && c->prefix_len > 0;
}

/* The first octets of a line, held back while they may be a boundary's. */
static mailproto_status start_line(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    size_t used;
    if (mailproto__compose_clash(c, &b->match, b->in, b->in_len, &used)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    use(b, used);
    if (b->in_len > 0 && b->match > 0) {
        mailproto__compose_put(c, c->prefix, b->match);
        b->column = b->match;
        b->match = 0;
    }
    return MAILPROTO_OK;
}

/* What ended a run: CR, LF, NUL or an octet above 127. */
static mailproto_status take_special(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    const struct mailproto__compose_part *s = &c->parts[c->part];
    if (b->in[0] == '\r' && !b->cr) {
        b->cr = 1;
        use(b, 1);
        return MAILPROTO_OK;
    }
    if (b->in[0] == '\n' && (b->cr || mailproto__compose_is_lines(s))) {
        mailproto__compose_put(c, "\r\n", 2);
        use(b, 1);
        b->cr = 0;
        b->column = 0;
        return MAILPROTO_OK;
    }
    if (((unsigned char)b->in[0] & 128) != 0 &&
        (c->o.flags & MAILPROTO_COMPOSE_8BIT) == 0 &&
        mailproto__compose_part(c)->encoding == 0) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    return MAILPROTO_ERR_ARGUMENT;
}

/* 7bit and 8bit: lines that end in CRLF, up to 998 octets, without CR, LF and NUL alone
 * (RFC 2045 2.7, 2.8). A token is as long as the input allows. */
static mailproto_status take_lines(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    int ascii = c->parts[c->part].encoding == MAILPROTO_ENCODING_7BIT;
    const char *in = b->in;
    size_t n = b->in_len < TOKEN_MAX ? b->in_len : TOKEN_MAX;
    size_t i = 0;
    if (b->cr) {
        return in[0] == '\n' ? take_special(c) : MAILPROTO_ERR_ARGUMENT;
    }
    for (;;) {
        size_t run;
        if (b->column == 0 && i < n && in[i] == '-') {
            break;
        }
        run = mailproto__compose_run(in + i, n - i, ascii);
        if (run > MAILPROTO__COMPOSE_LINE_MAX - b->column) {
            if (i == 0) {
                return MAILPROTO_ERR_ARGUMENT;
            }
            break;
        }
        b->column += (uint32_t)run;
        i += run;
        if (n - i < 2 || in[i] != '\r' || in[i + 1] != '\n') {
            break;
        }
        b->column = 0;
        i += 2;
    }
    if (i == 0) {
        return take_special(c);
    }
    mailproto__compose_put(c, in, i);
    use(b, i);
    return MAILPROTO_OK;
}

/* binary: all octets; lines matter for boundaries only. */
static void take_octets(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    size_t n = b->in_len < TOKEN_MAX ? b->in_len : TOKEN_MAX;
    size_t i = 0;
    while (i < n && (b->column > 0 || b->in[i] != '-')) {
        const char *lf = memchr(b->in + i, '\n', n - i);
        b->column = lf == NULL;
        i = lf == NULL ? n : (size_t)(lf - b->in) + 1;
    }
    mailproto__compose_put(c, b->in, i);
    use(b, i);
}

static mailproto_status take_identity(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    mailproto_status status = mailproto__compose_fill(c);
    if (status == MAILPROTO_EOF) {
        if (b->cr) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        mailproto__compose_put(c, c->prefix, b->match);
        b->ended = 1;
        b->match = 0;
        return MAILPROTO_OK;
    }
    if (status == MAILPROTO_OK && b->column == 0 && !b->cr) {
        status = start_line(c);
        if (c->token.len > 0 || b->in_len == 0) {
            return status;
        }
        if (status == MAILPROTO_OK && b->in[0] == '-') {
            /* no boundaries here, or not one of them */
            mailproto__compose_put(c, b->in, 1);
            use(b, 1);
            b->column = 1;
            return MAILPROTO_OK;
        }
    }
    if (status != MAILPROTO_OK) {
        return status;
    }
    if (c->parts[c->part].encoding == MAILPROTO_ENCODING_BINARY) {
        take_octets(c);
        return MAILPROTO_OK;
    }
    return take_lines(c);
}

/* ---- encoded ---------------------------------------------------------------------------------- */

/* Runs the encoder over in[0, n). */
static mailproto_status encode(mailproto_compose *c, const char *in, size_t n,
                               size_t *used, uint32_t flags)
{
    char *stage = c->scratch + input_size(c);
    size_t got = 0;
    mailproto_status status = mailproto_codec_run(&c->body.codec, in, n, used, stage,
                                                  c->room - input_size(c), &got, flags);
    mailproto__compose_put(c, stage, got);
    return status;
}

/* Text in base64 has CRLF (RFC 2045 6.8): how much of the input can be encoded as it is,
 * up to a LF that stands alone. */
static size_t canonical(struct mailproto__compose_body *b)
{
    size_t i = 0;
    while (i < b->in_len) {
        const char *lf = memchr(b->in + i, '\n', b->in_len - i);
        size_t at;
        if (lf == NULL) {
            return b->in_len;
        }
        at = (size_t)(lf - b->in);
        if (!(at > 0 ? b->in[at - 1] == '\r' : b->cr)) {
            return at;
        }
        i = at + 1;
    }
    return i;
}

static mailproto_status encode_text(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    mailproto_status status;
    size_t n = b->lf > 0 ? 0 : canonical(b);
    size_t used = 0;
    if (n > 0) {
        status = encode(c, b->in, n, &used, 0);
        if (used > 0) {
            b->cr = b->in[used - 1] == '\r';
        }
        use(b, used);
        return status;
    }
    status = encode(c, b->lf == 1 ? "\n" : "\r\n", b->lf == 1 ? 1 : 2, &used, 0);
    b->lf = (uint8_t)((b->lf == 1 ? 1 : 2) - used);
    if (b->lf == 0) {
        use(b, 1);
        b->cr = 0;
    }
    return status;
}

static mailproto_status take_encoded(mailproto_compose *c)
{
    struct mailproto__compose_body *b = &c->body;
    const struct mailproto__compose_part *s = &c->parts[c->part];
    mailproto_status status = mailproto__compose_fill(c);
    size_t used = 0;
    if (status == MAILPROTO_EOF) {
        status = encode(c, "", 0, &used, MAILPROTO_CODEC_FINAL);
        b->ended = status == MAILPROTO_OK;
    } else if (status == MAILPROTO_OK) {
        if (mailproto__compose_is_lines(s) &&
            s->encoding == MAILPROTO_ENCODING_BASE64) {
            status = encode_text(c);
        } else {
            status = encode(c, b->in, b->in_len, &used, 0);
            use(b, used);
        }
    }
    return status == MAILPROTO_AGAIN ? MAILPROTO_OK : status;
}

/* ---- both ---------------------------------------------------------------------------------------- */

static void open_body(mailproto_compose *c)
{
    const struct mailproto__compose_part *s = &c->parts[c->part];
    uint32_t flags = c->o.cpu;
    memset(&c->body, 0, sizeof c->body);
    c->body.open = 1;
    if (s->encoding == MAILPROTO_ENCODING_QP) {
        flags |= mailproto__compose_is_lines(s) ? (uint32_t)MAILPROTO_CODEC_TEXT : 0U;
        (void)mailproto_encoder_init(&c->body.codec, s->encoding, flags);
    } else if (s->encoding == MAILPROTO_ENCODING_BASE64) {
        (void)mailproto_encoder_init(&c->body.codec, s->encoding,
                                     flags | MAILPROTO_CODEC_LINES);
    }
}

mailproto_status mailproto__compose_body(mailproto_compose *c)
{
    const struct mailproto__compose_part *s = &c->parts[c->part];
    struct mailproto__compose_body *b = &c->body;
    mailproto_status status;
    if (!b->open) {
        open_body(c);
    }
    if (b->ended) {
        b->open = 0;
        /* A content that changed after it was measured. */
        return (s->flags & MAILPROTO__COMPOSE_SIZED) != 0 && b->put != s->size
                   ? MAILPROTO_ERR_ARGUMENT
                   : MAILPROTO_EOF;
    }
    status =
        s->encoding > MAILPROTO_ENCODING_BINARY ? take_encoded(c) : take_identity(c);
    b->put += c->token.len;
    if ((s->flags & MAILPROTO__COMPOSE_SIZED) != 0 && b->put > s->size) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return status;
}
