/*
 * The composer: its block, the order of the parts, and the reading of it at any buffer
 * size. Knows the tree of parts and its delimiters (RFC 2046 5.1); must not know what a
 * header or a body looks like.
 */
#include "message/compose.h"

#include "core/mem.h"
#include "core/options.h"
#include "message/value.h"

typedef char mailproto__compose_fits[sizeof(struct mailproto_compose) +
                                                 (size_t)MAILPROTO__COMPOSE_SCRATCH +
                                                 3U * (size_t)MAILPROTO__ALIGN <=
                                             MAILPROTO_COMPOSE_MEM(0)
                                         ? 1
                                         : -1];
typedef char mailproto__compose_part_fits[sizeof(struct mailproto__compose_part) <=
                                                  MAILPROTO_COMPOSE_MEM(1) -
                                                      MAILPROTO_COMPOSE_MEM(0)
                                              ? 1
                                              : -1];

static mailproto_compose *place(struct mailproto__block *b, size_t parts,
                                struct mailproto__compose_part **array, char **scratch)
{
    mailproto_compose *c =
        (mailproto_compose *)mailproto__carve(b, sizeof(mailproto_compose), 1);
    *array = (struct mailproto__compose_part *)mailproto__carve(
        b, parts * sizeof(struct mailproto__compose_part), 1);
    *scratch = (char *)mailproto__carve(b, MAILPROTO__COMPOSE_SCRATCH, 0);
    return c;
}

/* 0: more than memory can have. */
static size_t size_of(size_t parts)
{
    struct mailproto__block b = mailproto__block_start(NULL);
    struct mailproto__compose_part *array;
    char *scratch;
    if (parts > SIZE_MAX / 2 / sizeof *array) {
        return 0;
    }
    (void)place(&b, parts, &array, &scratch);
    return b.size;
}

size_t mailproto_compose_mem_size(const mailproto_compose_options *options)
{
    mailproto_compose_options o;
    mailproto_compose_fault fault;
    uint8_t needs;
    if (options == NULL ||
        mailproto__options_copy(&o, sizeof o, options) != MAILPROTO_OK ||
        mailproto__compose_check(&o, &fault, NULL, &needs) != MAILPROTO_OK) {
        return 0;
    }
    return size_of(o.part_count);
}

/* ---- the parts ------------------------------------------------------------------------- */

/* The encoding of a part that nothing was found out about. */
static uint8_t first_choice(const mailproto_compose *c, size_t i)
{
    const mailproto_compose_part *p = mailproto__compose_part_at(&c->o, i);
    int eight = (c->o.flags & (MAILPROTO_COMPOSE_8BIT | MAILPROTO_COMPOSE_BINARY)) != 0;
    if (p->encoding != 0) {
        return (uint8_t)p->encoding;
    }
    switch (c->parts[i].kind) {
    case MAILPROTO__COMPOSE_MULTIPART:
        return MAILPROTO_ENCODING_7BIT;
    case MAILPROTO__COMPOSE_MESSAGE:
    case MAILPROTO__COMPOSE_ENTITY:
        return p->content != NULL && eight ? MAILPROTO_ENCODING_8BIT
                                           : MAILPROTO_ENCODING_7BIT;
    case MAILPROTO__COMPOSE_PLAIN:
    case MAILPROTO__COMPOSE_GLOBAL:
        return MAILPROTO_ENCODING_QP;
    default:
        return MAILPROTO_ENCODING_BASE64;
    }
}

void mailproto__compose_levels(mailproto_compose *c)
{
    size_t i;
    for (i = 0; i < c->o.part_count; i++) {
        if (c->parts[i].kind == MAILPROTO__COMPOSE_MULTIPART) {
            c->parts[i].encoding = MAILPROTO_ENCODING_7BIT;
        }
    }
    for (i = c->o.part_count - 1; i > 0; i--) {
        const struct mailproto__compose_part *s = &c->parts[i];
        struct mailproto__compose_part *parent =
            &c->parts[mailproto__compose_part_at(&c->o, i)->parent];
        uint8_t level = s->encoding > MAILPROTO_ENCODING_BINARY
                            ? MAILPROTO_ENCODING_7BIT
                            : s->encoding;
        if ((s->flags & MAILPROTO__COMPOSE_UTF8_HEAD) != 0 &&
            level < MAILPROTO_ENCODING_8BIT) {
            level = MAILPROTO_ENCODING_8BIT; /* RFC 6532 3.5 */
        }
        if (parent->encoding < level) {
            parent->encoding = level;
        }
    }
}

void mailproto__compose_choose(mailproto_compose *c)
{
    size_t i;
    for (i = 0; i < c->o.part_count; i++) {
        c->parts[i].flags &=
            (uint8_t) ~(unsigned)(MAILPROTO__COMPOSE_SIZED | MAILPROTO__COMPOSE_ASCII);
        c->parts[i].encoding = first_choice(c, i);
    }
    mailproto__compose_levels(c);
}

/* Children and siblings by number, in their order. */
static void link_parts(mailproto_compose *c)
{
    size_t i;
    for (i = c->o.part_count - 1; i > 0; i--) {
        struct mailproto__compose_part *parent =
            &c->parts[mailproto__compose_part_at(&c->o, i)->parent];
        c->parts[i].next = parent->first;
        parent->first = (uint32_t)i;
    }
}

/* `--=_` and the caller's random octets: no encoding writes `=_` (RFC 2046 5.1.1). */
static void make_prefix(mailproto_compose *c)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = c->o.unique.len;
    size_t i;
    if (n < MAILPROTO__COMPOSE_UNIQUE) {
        return;
    }
    if (n > MAILPROTO__COMPOSE_UNIQUE_MAX) {
        n = MAILPROTO__COMPOSE_UNIQUE_MAX;
    }
    memcpy(c->prefix, "--=_", 4);
    for (i = 0; i < n; i++) {
        unsigned octet = (unsigned char)c->o.unique.ptr[i];
        c->prefix[4 + 2 * i] = digits[octet >> 4];
        c->prefix[5 + 2 * i] = digits[octet & 15];
    }
    c->prefix[4 + 2 * n] = '_';
    c->prefix_len = (uint8_t)(5 + 2 * n);
}

mailproto_status mailproto_compose_init(void *mem, size_t size,
                                        const mailproto_compose_options *options,
                                        mailproto_compose **out)
{
    mailproto_compose_options o;
    mailproto_compose_fault fault;
    struct mailproto__compose_part *array;
    struct mailproto__block b;
    mailproto_compose *c;
    char *scratch;
    uint8_t needs;
    size_t need;
    mailproto_status status;
    if (mem == NULL || options == NULL || out == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    status = mailproto__options_copy(&o, sizeof o, options);
    if (status == MAILPROTO_OK) {
        status = mailproto__compose_check(&o, &fault, NULL, &needs);
    }
    if (status != MAILPROTO_OK) {
        return status;
    }
    need = size_of(o.part_count);
    if (need == 0 || size < need) {
        return MAILPROTO_ERR_MEMORY;
    }
    b = mailproto__block_start(mem);
    c = place(&b, o.part_count, &array, &scratch);
    memset(c, 0, sizeof *c);
    c->o = o;
    c->parts = array;
    c->scratch = scratch;
    c->room = MAILPROTO__COMPOSE_SCRATCH_MAX; /* all that is left, it lies last */
    if (size - need < MAILPROTO__COMPOSE_SCRATCH_MAX - MAILPROTO__COMPOSE_SCRATCH) {
        c->room = MAILPROTO__COMPOSE_SCRATCH + (uint32_t)(size - need);
    }
    (void)mailproto__compose_check(&c->o, &fault, c->parts, &c->needs);
    link_parts(c);
    make_prefix(c);
    mailproto__compose_choose(c);
    *out = c;
    return MAILPROTO_OK;
}

/* ---- steps ------------------------------------------------------------------------------- */

void mailproto__compose_restart(mailproto_compose *c)
{
    c->stage = MAILPROTO__STAGE_FIELDS;
    c->part = 0;
    c->field = 0;
    c->step = 0;
    c->given = 0;
    c->token.len = 0;
    c->body.open = 0;
}

/* The delimiter behind a part: of its next sibling, or the last one of its parent. */
static void end_part(mailproto_compose *c)
{
    uint32_t next = c->parts[c->part].next;
    uint32_t parent = mailproto__compose_part(c)->parent;
    struct mailproto__put to;
    if (parent == MAILPROTO_COMPOSE_ROOT) {
        c->stage = MAILPROTO__STAGE_DONE;
        return;
    }
    to.out = c->scratch;
    to.cap = c->room;
    memcpy(to.out, "\r\n--", 4);
    to.len = 4 + mailproto__compose_boundary(c, parent, to.out + 4);
    if (next != 0) {
        mailproto__put_octets(&to, "\r\n", 2);
        c->part = next;
        c->stage = MAILPROTO__STAGE_PART_FIELDS;
    } else {
        /* The line end of an inner one belongs to the delimiter that follows. */
        mailproto__put_octets(&to, "--\r\n", parent == 0 ? 4 : 2);
        c->part = parent;
    }
    mailproto__compose_put(c, to.out, to.len);
}

mailproto_status mailproto__compose_step(mailproto_compose *c)
{
    mailproto_status status;
    switch (c->stage) {
    case MAILPROTO__STAGE_DONE:
        return MAILPROTO_EOF;
    case MAILPROTO__STAGE_END:
        end_part(c);
        return MAILPROTO_OK;
    case MAILPROTO__STAGE_BODY:
        if (c->counting) {
            c->total += c->parts[c->part].size;
            status = MAILPROTO_EOF;
        } else {
            status = mailproto__compose_body(c);
        }
        if (status == MAILPROTO_EOF) {
            c->stage = MAILPROTO__STAGE_END;
            status = MAILPROTO_OK;
        }
        return status;
    default:
        return mailproto__compose_header(c);
    }
}

/* ---- the reader --------------------------------------------------------------------------- */

mailproto_status mailproto_compose_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    mailproto_compose *c = (mailproto_compose *)ctx;
    char *out = (char *)buf;
    size_t put = 0;
    *got = 0;
    if (cap == 0 || buf == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (c->pass != 0) {
        return MAILPROTO_ERR_STATE;
    }
    c->began = 1;
    while (put < cap) {
        size_t n = c->token.len < cap - put ? c->token.len : cap - put;
        if (n == 0) {
            mailproto_status status = c->failed;
            if (status == MAILPROTO_OK) {
                status = mailproto__compose_step(c);
            }
            if (status < 0) {
                c->failed = status;
                c->token.len = 0;
            }
            if (status != MAILPROTO_OK) {
                *got = put;
                return put > 0 ? MAILPROTO_OK : status;
            }
            continue;
        }
        memcpy(out + put, c->token.ptr, n);
        c->token.ptr += n;
        c->token.len -= n;
        put += n;
    }
    *got = put;
    return MAILPROTO_OK;
}

mailproto_status mailproto_compose_rewind(mailproto_compose *c)
{
    if (c->spent) {
        return MAILPROTO_ERR_STATE;
    }
    mailproto__compose_restart(c);
    c->began = 0;
    c->failed = MAILPROTO_OK;
    return MAILPROTO_OK;
}

mailproto_status mailproto_compose_source(mailproto_compose *c,
                                          mailproto_source *source)
{
    if (c == NULL || source == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(source, 0, sizeof *source);
    source->struct_size = sizeof *source;
    source->ctx = c;
    source->size = c->measured ? c->total : MAILPROTO_SIZE_UNKNOWN;
    source->read = mailproto_compose_read;
    return MAILPROTO_OK;
}
