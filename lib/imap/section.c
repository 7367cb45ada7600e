/*
 * BODY[...]<...> and its likes as a source of octets (RFC 9051 6.4.5): how many there are,
 * where a partial begins, and giving them out. Knows what comes out; must not know lines
 * or fields.
 */
#include "imap/section.h"

#include "core/mem.h"
#include "core/span.h"

enum { SMALL = 64 }; /* room with the caller below which a decoder works elsewhere */

static struct mailproto__section *section_of(mailproto_imap_section *s)
{
    return (struct mailproto__section *)(void *)s->opaque;
}

/* ---- open ---------------------------------------------------------------------------- */

static int is_source(const mailproto_source *source, void *work, size_t size)
{
    return (source->data != NULL || source->read_at != NULL) && work != NULL &&
           size >= MAILPROTO_IMAP_SECTION_WORK;
}

static void take_partial(struct mailproto__section *s,
                         const mailproto_imap_fetch_item *item)
{
    int partial = (item->flags & MAILPROTO_IMAP_PARTIAL) != 0;
    s->first = partial ? item->first : 0;
    s->count = partial ? item->count : UINT64_MAX;
    s->given = 0;
}

/* What each kind of section needs beside the window. */
static mailproto_status share_work(struct mailproto__section *s,
                                   const mailproto_imap_fetch_item *item, char *work,
                                   size_t size)
{
    s->window = work;
    s->window_size = size;
    if (s->what.mode == MAILPROTO__SECTION_DECODE) {
        s->window_size = size / 2;
        s->scratch = work + s->window_size;
        s->scratch_size = size - s->window_size;
    }
    if (s->what.mode == MAILPROTO__SECTION_FIELDS) {
        s->window_size = size - MAILPROTO__SECTION_NAMES;
        return mailproto__section_names_begin(
            &s->names, item->fields, item->section == MAILPROTO_IMAP_SECTION_FIELDS_NOT,
            work + s->window_size);
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_section_open(mailproto_imap_section *section,
                                             const mailproto_source *source,
                                             mailproto_index *ix,
                                             const mailproto_imap_fetch_item *item,
                                             void *work, size_t size)
{
    struct mailproto__section *s = section_of(section);
    mailproto_status st;
    memset(section, 0, sizeof *section);
    if (!is_source(source, work, size)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto__section_find(ix, item, &s->what);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (source->data != NULL && s->what.end > source->size) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    s->source = source;
    s->ix = ix;
    st = share_work(s, item, (char *)work, size);
    if (st != MAILPROTO_OK) {
        return st;
    }
    take_partial(s, item);
    mailproto__section_rewind(s);
    s->opened = 1;
    return MAILPROTO_OK;
}

/* ---- giving out --------------------------------------------------------------------------- */

/* RFC 9051 9: CHAR8 has no NUL, and only BINARY has literal8. An octet that is neither
 * ASCII nor, alone, UTF-8 stands for it, so that sizes stay. */
static void clean(const struct mailproto__section *s, uint64_t offset, char *text,
                  size_t n)
{
    char *nul = text;
    if (offset >= s->what.look) {
        return;
    }
    if (n > s->what.look - offset) {
        n = (size_t)(s->what.look - offset);
    }
    while (n > 0 && (nul = (char *)memchr(text, 0, n)) != NULL) {
        *nul = (char)0x80;
        n -= (size_t)(nul - text) + 1;
        text = nul + 1;
    }
}

/* Octets with line ends as CRLF; `to` NULL: they are passed over. */
static mailproto_status copy(struct mailproto__section *s, char *to, size_t cap,
                             size_t *got)
{
    *got = 0;
    while (*got < cap) {
        mailproto_bytes next;
        size_t n;
        mailproto_status st = mailproto__section_peek(s, &next);
        if (st != MAILPROTO_OK) {
            return *got > 0 ? (mailproto_status)MAILPROTO_OK : st;
        }
        n = next.len < cap - *got ? next.len : cap - *got;
        if (to != NULL) {
            memcpy(to + *got, next.ptr, n);
            clean(s, s->offset, to + *got, n);
        }
        mailproto__section_take(s, next, n);
        *got += n;
    }
    return MAILPROTO_OK;
}

/* Decoded octets, at least one; `cap` at least SMALL. */
static mailproto_status run_codec(struct mailproto__section *s, char *to, size_t cap,
                                  size_t *got)
{
    *got = 0;
    while (*got == 0) {
        mailproto_bytes next = mailproto__span("", 0);
        size_t used;
        mailproto_status st;
        if (s->decoded) {
            return MAILPROTO_EOF;
        }
        st = mailproto__section_peek(s, &next);
        if (st != MAILPROTO_OK && st != MAILPROTO_EOF) {
            return st;
        }
        if (st == MAILPROTO_EOF) {
            st = mailproto_codec_run(&s->codec, "", 0, &used, to, cap, got,
                                     MAILPROTO_CODEC_FINAL);
            s->decoded = st == MAILPROTO_OK;
        } else {
            st = mailproto_codec_run(&s->codec, next.ptr, next.len, &used, to, cap, got,
                                     0);
            mailproto__section_take(s, next, used);
        }
        if (st < 0) {
            return st;
        }
    }
    return MAILPROTO_OK;
}

static mailproto_status decode(struct mailproto__section *s, char *to, size_t cap,
                               size_t *got)
{
    if (s->scratch_head == s->scratch_tail) {
        mailproto_status st;
        if (to != NULL && cap >= SMALL) {
            return run_codec(s, to, cap, got);
        }
        st = run_codec(s, s->scratch, s->scratch_size, got);
        if (st != MAILPROTO_OK) {
            return st;
        }
        s->scratch_head = 0;
        s->scratch_tail = *got;
    }
    *got = s->scratch_tail - s->scratch_head;
    *got = *got < cap ? *got : cap;
    if (to != NULL) {
        memcpy(to, s->scratch + s->scratch_head, *got);
    } else if (!s->nul) {
        s->nul = memchr(s->scratch + s->scratch_head, 0, *got) != NULL;
    }
    s->scratch_head += *got;
    return MAILPROTO_OK;
}

/* The next octets of the whole section, which is not STRAIGHT. */
static mailproto_status produce(struct mailproto__section *s, char *to, size_t cap,
                                size_t *got)
{
    mailproto_status st = s->what.mode == MAILPROTO__SECTION_DECODE
                              ? decode(s, to, cap, got)
                              : copy(s, to, cap, got);
    if (st != MAILPROTO_OK) {
        *got = 0;
    }
    s->at += *got;
    return st;
}

/* ---- sizes -------------------------------------------------------------------------------- */

/* Octets of the partial; `total` is known. */
static uint64_t partial_size(const struct mailproto__section *s)
{
    uint64_t rest = s->what.total > s->first ? s->what.total - s->first : 0;
    return rest < s->count ? rest : s->count; /* RFC 9051 6.4.5: beyond the end: "" */
}

/* Runs through all of it; where it stopped for the source it goes on. */
static mailproto_status count_all(struct mailproto__section *s)
{
    mailproto_status st;
    if (!s->counting) {
        mailproto__section_rewind(s);
        s->counting = 1;
    }
    do {
        size_t got;
        st = produce(s, NULL, SIZE_MAX, &got);
    } while (st == MAILPROTO_OK);
    if (st != MAILPROTO_EOF) {
        return st;
    }
    s->counting = 0;
    s->what.total = s->at;
    if (s->what.mode == MAILPROTO__SECTION_DECODE) {
        mailproto_part *part = &s->ix->parts[s->what.part];
        s->what.nul = s->nul;
        part->decoded_octets = s->what.total;
        part->flags &= ~MAILPROTO__PART_DECODED_NUL;
        part->flags |=
            MAILPROTO__PART_COUNTED | (s->nul ? MAILPROTO__PART_DECODED_NUL : 0);
    }
    mailproto__section_rewind(s);
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_section_size(mailproto_imap_section *section,
                                             uint64_t *size)
{
    struct mailproto__section *s = section_of(section);
    *size = 0;
    if (!s->opened) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (s->what.total == UINT64_MAX) {
        mailproto_status st = count_all(s);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    *size = partial_size(s);
    return MAILPROTO_OK;
}

int mailproto_imap_section_is_binary(const mailproto_imap_section *section)
{
    const struct mailproto__section *s =
        (const struct mailproto__section *)(const void *)section->opaque;
    return s->opened && s->what.binary && s->what.nul;
}

/* ---- read ------------------------------------------------------------------------------------ */

static mailproto_status read_straight(struct mailproto__section *s, char *to,
                                      size_t cap, size_t *got)
{
    uint64_t offset = s->what.start + s->first + s->given;
    mailproto_status st = mailproto__section_stored(s, offset, to, cap, got);
    clean(s, offset, to, *got);
    return st;
}

/* From what lies before the partial, or was passed over to count, to where it goes on. */
static mailproto_status reach(struct mailproto__section *s)
{
    uint64_t want = s->first + s->given;
    if (s->counting || s->at > want) {
        s->counting = 0;
        mailproto__section_rewind(s);
    }
    while (s->at < want) {
        uint64_t left = want - s->at;
        size_t got;
        mailproto_status st =
            produce(s, NULL, left < SIZE_MAX ? (size_t)left : SIZE_MAX, &got);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_section_read(void *ctx, void *buf, size_t cap,
                                             size_t *got)
{
    struct mailproto__section *s = section_of((mailproto_imap_section *)ctx);
    int counted = s->what.total != UINT64_MAX;
    uint64_t left;
    mailproto_status st;
    *got = 0;
    if (!s->opened || buf == NULL || cap == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    left = (counted ? partial_size(s) : s->count) - s->given;
    if (left == 0) {
        return MAILPROTO_EOF;
    }
    cap = left < cap ? (size_t)left : cap;
    if (s->what.mode == MAILPROTO__SECTION_STRAIGHT) {
        st = read_straight(s, (char *)buf, cap, got);
    } else {
        st = reach(s);
        if (st == MAILPROTO_OK) {
            st = produce(s, (char *)buf, cap, got);
        }
        if (st == MAILPROTO_EOF && counted) { /* the message is not what was counted */
            st = MAILPROTO_ERR_EOF;
        }
    }
    s->given += *got;
    return st;
}

/* ---- continue -------------------------------------------------------------------------------- */

mailproto_status mailproto_imap_section_continue(mailproto_imap_section *section,
                                                 const mailproto_imap_fetch_item *item)
{
    struct mailproto__section *s = section_of(section);
    struct mailproto__section_what what;
    uint64_t first = item->flags & MAILPROTO_IMAP_PARTIAL ? item->first : 0;
    if (!s->opened || mailproto__section_find(s->ix, item, &what) != MAILPROTO_OK) {
        return MAILPROTO_EOF;
    }
    /* Names of HEADER.FIELDS stood in a command that is gone: they are not compared. */
    if (what.mode != s->what.mode || what.mode == MAILPROTO__SECTION_FIELDS ||
        what.start != s->what.start || what.end != s->what.end ||
        what.binary != s->what.binary || what.encoding != s->what.encoding ||
        what.convert != s->what.convert) {
        return MAILPROTO_EOF;
    }
    if (what.mode != MAILPROTO__SECTION_STRAIGHT && (s->counting || s->at > first)) {
        return MAILPROTO_EOF;
    }
    take_partial(s, item);
    return MAILPROTO_OK;
}
