/*
 * Passing over fields that nobody reads (mailproto_message_options.fields), by the
 * beginnings of their lines. What is not as it nearly always is, is left to scan_plain.c and
 * scan_header.c from the beginning of its field on. Knows of names no more than two
 * letters.
 */
#include "message/scan.h"

#include "core/mem.h"

/* ---- what is read ------------------------------------------------------------------ */

#define LETTER(c) (UINT32_C(1) << ((c)&31))

void mailproto__skip_letters(uint64_t told, uint32_t letters[2])
{
    uint32_t id;
    letters[0] = 0;
    letters[1] = 0;
    if (told & MAILPROTO_FIELD_BIT(MAILPROTO_FIELD_OTHER)) {
        return;
    }
    /* Content-, MIME-Version, and what ends a header, or may: LF, CR and `-`, of which the
     * last two have the place of `m`. */
    letters[0] = LETTER('c') | LETTER('m') | LETTER('\n');
    letters[1] = LETTER('o') | LETTER('i');
    told &= ~MAILPROTO_FIELDS_OF_PART;
    for (id = 1; id < 63 && told >> id > 0; id++) {
        const char *name = mailproto_field_name(told >> id & 1 ? id : 0);
        if (name[0] != '\0') {
            letters[0] |= LETTER(name[0]);
            letters[1] |= LETTER(name[1]);
        }
    }
}

#if defined(__GNUC__) && defined(__SSE2__) /* every x86-64 has it */

#include "message/scan_skip.h"

/* ---- steps ---------------------------------------------------------------------------- */

typedef signed char group __attribute__((vector_size(16)));
typedef char group_of_bits __attribute__((vector_size(16)));
#define ALL(octet)                                                                     \
    ((group){octet, octet, octet, octet, octet, octet, octet, octet, octet, octet,     \
             octet, octet, octet, octet, octet, octet})

static uint64_t bits(group g)
{
    return (uint32_t)__builtin_ia32_pmovmskb128((group_of_bits)g);
}

/* Sixteen octets: LFs, and text, which is from 14 to 127, or TAB. */
static inline void look(const char *at, uint64_t *lf, uint64_t *text)
{
    group g;
    memcpy(&g, at, sizeof g);
    *lf = bits((group)(g == ALL('\n')));
    *text = bits((group)(g > ALL(13)) | (group)(g == ALL('\t')));
}

static int step(struct mailproto__skip *s)
{
    uint64_t lf[4];
    uint64_t text[4];
    look(s->at, &lf[0], &text[0]);
    look(s->at + 16, &lf[1], &text[1]);
    look(s->at + 32, &lf[2], &text[2]);
    look(s->at + 48, &lf[3], &text[3]);
    return mailproto__skip_step(
        s, (lf[0] | lf[1] << 16) | (lf[2] | lf[3] << 16) << 32,
        ~((text[0] | text[1] << 16) | (text[2] | text[3] << 16) << 32));
}

static void skip(struct mailproto__skip *s)
{
    while (s->at <= s->last && step(s)) {
    }
}

/* ---- a header ----------------------------------------------------------------------- */

enum { LEAST = MAILPROTO__SKIP_STEP + MAILPROTO__SKIP_BEHIND };

/* How lines end: 1 in CRLF, 0 in LF, -1: in either, or that is not to be seen. */
static int ends_in_crlf(const struct mailproto_message *m)
{
    const uint32_t both = MAILPROTO__HEAD_CRLF | MAILPROTO__HEAD_LF;
    uint32_t ends = m->head.marks & both;
    const char *lf;
    if (ends != 0) {
        return ends == both ? -1 : ends == MAILPROTO__HEAD_CRLF;
    }
    lf = (const char *)memchr(m->in.piece, '\n', MAILPROTO__SKIP_STEP);
    return lf == NULL || lf == m->in.piece ? -1 : lf[-1] == '\r';
}

/* Whether a field that is not read begins here. First lines may be none of a field, and
 * then of text. */
static int may_skip(const struct mailproto_message *m)
{
    unsigned char c;
    if (m->in.piece_len < (size_t)LEAST || m->in.head != m->in.tail ||
        mailproto__header_full(m) || mailproto__may_be_text(m)) {
        return 0;
    }
    c = (unsigned char)*m->in.piece;
    return c > ' ' && !mailproto__skip_not(m->letters, m->in.piece) &&
           (m->state == MAILPROTO__AT_LINE || (c >= 'A' && (c & 31) != ('f' & 31)));
}

static void skip_begin(const struct mailproto_message *m, struct mailproto__skip *s)
{
    uint64_t room = m->options.max_header - (m->offset - m->head.start);
    s->at = m->in.piece;
    s->last = s->at + (m->in.piece_len - (size_t)LEAST);
    s->limit = s->at + (room < m->in.piece_len ? (size_t)room : m->in.piece_len);
    s->field = s->at;
    s->line = s->at;
    s->lines = 0;
    s->done = 0;
    s->fields = 0;
    s->most = m->options.max_fields - m->head.fields;
    s->letters[0] = m->letters[0];
    s->letters[1] = m->letters[1];
    s->crlf = ends_in_crlf(m);
    s->cr = 0;
    s->lf = 0;
}

void mailproto__scan_skip(struct mailproto_message *m)
{
    struct mailproto__skip s;
    size_t octets;
    if (!may_skip(m)) {
        return;
    }
    skip_begin(m, &s);
    if (s.crlf < 0) {
        return;
    }
    skip(&s);
    if (s.fields == 0) {
        return;
    }
    octets = (size_t)(s.field - m->in.piece);
    m->state = MAILPROTO__AT_LINE;
    m->head.fields += s.fields;
    m->head.marks |= s.crlf ? MAILPROTO__HEAD_CRLF : MAILPROTO__HEAD_LF;
    m->lf += s.done;
    m->crlf += s.crlf ? s.done : 0;
    m->offset += octets;
    m->in.piece += octets;
    m->in.piece_len -= octets;
}

#else

void mailproto__scan_skip(struct mailproto_message *m)
{
    (void)m;
}

#endif
