/*
 * What a FETCH asks for (RFC 9051 9, fetch-att and section; RFC 3501 9: RFC822 and its
 * likes; RFC 7162, RFC 8474, RFC 8514). Knows the grammar of items; must not know
 * messages.
 */
#include "imap/syntax_item.h"

#include "core/mem.h"

/* In the table below: MACRO with how many items it stands for, or the kind. */
enum { PEEK = 0x100, MACRO = 0x200, KIND = 0xff };

static const struct mailproto__imap_keyword items[] = {
    {"UID", MAILPROTO_IMAP_ITEM_UID},
    {"ALL", MACRO | 4},
    {"BODY", MAILPROTO_IMAP_ITEM_BODY},
    {"FAST", MACRO | 3},
    {"FULL", MACRO | 5},
    {"FLAGS", MAILPROTO_IMAP_ITEM_FLAGS},
    {"RFC822", MAILPROTO_IMAP_ITEM_RFC822},
    {"MODSEQ", MAILPROTO_IMAP_ITEM_MODSEQ},
    {"BINARY", MAILPROTO_IMAP_ITEM_BINARY},
    {"EMAILID", MAILPROTO_IMAP_ITEM_EMAILID},
    {"ENVELOPE", MAILPROTO_IMAP_ITEM_ENVELOPE},
    {"THREADID", MAILPROTO_IMAP_ITEM_THREADID},
    {"SAVEDATE", MAILPROTO_IMAP_ITEM_SAVEDATE},
    {"BODY.PEEK", PEEK | MAILPROTO_IMAP_ITEM_SECTION},
    {"RFC822.SIZE", MAILPROTO_IMAP_ITEM_RFC822_SIZE},
    {"RFC822.TEXT", MAILPROTO_IMAP_ITEM_RFC822_TEXT},
    {"BINARY.PEEK", PEEK | MAILPROTO_IMAP_ITEM_BINARY},
    {"BINARY.SIZE", MAILPROTO_IMAP_ITEM_BINARY_SIZE},
    {"INTERNALDATE", MAILPROTO_IMAP_ITEM_INTERNALDATE},
    {"BODYSTRUCTURE", MAILPROTO_IMAP_ITEM_BODYSTRUCTURE},
    {"RFC822.HEADER", MAILPROTO_IMAP_ITEM_RFC822_HEADER}};
static const uint8_t items_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 0, 2, 5, 6, 9, 10, 13, 14, 14, 18, 19, 21, 21, 21, 21, 21};

/* ---- sections ------------------------------------------------------------------------ */

#if MAILPROTO__IMAP_VECTORS
/* Goes to the end of a list of bare names, if it is one and holds fewer than can be too
 * many. `ends` is what mailproto_imap_string_next() has use for. */
static int skip_names(struct mailproto__imap_reader *r, uint64_t *ends)
{
    const char *at = r->at;
    uint64_t begins = 1; /* where a name must begin */
    *ends = 0;
    while (r->limit - r->begin >= (ptrdiff_t)MAILPROTO__IMAP_WIDE &&
           at - r->at < 2 * MAILPROTO_IMAP_FIELDS_MAX - MAILPROTO__IMAP_WIDE) {
        /* Near the limit it begins before `at`, and what it reaches of that is let go. */
        size_t there = (size_t)(r->limit - at);
        size_t before = there < MAILPROTO__IMAP_WIDE ? MAILPROTO__IMAP_WIDE - there : 0;
        uint64_t blanks = 0;
        uint64_t others = 0;
        unsigned i;
        if (before == MAILPROTO__IMAP_WIDE) {
            break;
        }
        for (i = 0; i < MAILPROTO__IMAP_WIDE; i += MAILPROTO__IMAP_STEP) {
            mailproto__imap_group g = mailproto__imap_group_at(at - before + i);
            blanks |= mailproto__imap_found(mailproto__imap_equal(g, ' ')) << i;
            others |= mailproto__imap_found(mailproto__imap_no_astring(g, '*')) << i;
        }
        blanks >>= before;
        others = others >> before ^ blanks;
        if (others != 0) { /* the end of the list: bits behind it mean nothing */
            unsigned n = mailproto__imap_first(others);
            blanks &= mailproto__imap_below(n);
            blanks |= UINT64_C(1) << n;
            begins |= blanks << 1;
            *ends = at == r->at ? blanks : *ends;
            r->at = at + n;
            return *r->at == ')' && (begins & blanks) == 0;
        }
        begins |= blanks << 1;
        if (begins & blanks) {
            break;
        }
        *ends = at == r->at ? blanks : *ends;
        begins = blanks >> 63;
        at += MAILPROTO__IMAP_WIDE;
    }
    return 0;
}
#else
static int skip_names(struct mailproto__imap_reader *r, uint64_t *ends)
{
    (void)r;
    *ends = 0;
    return 0;
}
#endif

/* header-list */
static int read_header_list(struct mailproto__imap_reader *r,
                            mailproto_imap_cursor *out)
{
    const char *begin;
    uint64_t ends;
    unsigned count = 0;
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    begin = r->at;
    if (skip_names(r, &ends)) {
        mailproto__imap_cursor_make(out, MAILPROTO__IMAP_STRINGS, r, begin, r->at);
        out->opaque[3] = ends;
        r->at++;
        return 1;
    }
    r->at = begin;
    for (;;) {
        if (count == MAILPROTO_IMAP_FIELDS_MAX) {
            return mailproto__imap_too_many(r, "too many names of fields");
        }
        if (!mailproto__imap_pass_astring(r)) {
            return 0;
        }
        count++;
        if (*r->at != ' ') {
            break;
        }
        r->at++;
    }
    mailproto__imap_cursor_make(out, MAILPROTO__IMAP_STRINGS, r, begin, r->at);
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* section-msgtext, or behind part numbers section-text */
static int read_section_text(struct mailproto__imap_reader *r,
                             mailproto_imap_fetch_item *item)
{
    const char *begin = r->at;
    mailproto_bytes word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (MAILPROTO__IMAP_IS(word, "HEADER")) {
        item->section = MAILPROTO_IMAP_SECTION_HEADER;
        return 1;
    }
    if (MAILPROTO__IMAP_IS(word, "TEXT")) {
        item->section = MAILPROTO_IMAP_SECTION_TEXT;
        return 1;
    }
    if (MAILPROTO__IMAP_IS(word, "HEADER.FIELDS")) {
        item->section = MAILPROTO_IMAP_SECTION_FIELDS;
        return read_header_list(r, &item->fields);
    }
    if (MAILPROTO__IMAP_IS(word, "HEADER.FIELDS.NOT")) {
        item->section = MAILPROTO_IMAP_SECTION_FIELDS_NOT;
        return read_header_list(r, &item->fields);
    }
    if (item->path_len > 0 && MAILPROTO__IMAP_IS(word, "MIME")) {
        item->section = MAILPROTO_IMAP_SECTION_MIME;
        return 1;
    }
    r->at = begin;
    return mailproto__imap_fault(r, "section expected");
}

/* section, section-binary */
static int read_section(struct mailproto__imap_reader *r,
                        mailproto_imap_fetch_item *item)
{
    if (!mailproto__imap_read_octet(r, '[', "[ expected")) {
        return 0;
    }
    if (mailproto__imap_is(*r->at, MAILPROTO__IMAP_DIGIT)) {
        for (;;) {
            if (item->path_len == MAILPROTO_IMAP_PATH_MAX) {
                return mailproto__imap_too_many(r, "too many part numbers");
            }
            if (!mailproto__imap_read_nz_number(r, &item->path[item->path_len])) {
                return 0;
            }
            item->path_len++;
            if (*r->at != '.') {
                break;
            }
            r->at++;
            if (!mailproto__imap_is(*r->at, MAILPROTO__IMAP_DIGIT)) {
                if (item->kind != MAILPROTO_IMAP_ITEM_SECTION) {
                    return mailproto__imap_fault(r, "part number expected");
                }
                if (!read_section_text(r, item)) {
                    return 0;
                }
                break;
            }
        }
    } else if (*r->at != ']' && item->kind == MAILPROTO_IMAP_ITEM_SECTION &&
               !read_section_text(r, item)) {
        return 0;
    }
    return mailproto__imap_read_octet(r, ']', "] expected");
}

/* partial */
static int read_partial(struct mailproto__imap_reader *r,
                        mailproto_imap_fetch_item *item)
{
    if (*r->at != '<') {
        return 1;
    }
    r->at++;
    item->flags |= MAILPROTO_IMAP_PARTIAL;
    return mailproto__imap_read_number64(r, &item->first) &&
           mailproto__imap_read_octet(r, '.', ". expected") &&
           mailproto__imap_read_nz_number64(r, 0, &item->count) &&
           mailproto__imap_read_octet(r, '>', "> expected");
}

/* ---- items --------------------------------------------------------------------------- */

/* An item without section; but for `path`, which `path_len` bounds, all is filled. */
static void fill_item(mailproto_imap_fetch_item *item, uint32_t kind, uint32_t peek)
{
    item->kind = kind;
    item->flags = peek;
    item->section = MAILPROTO_IMAP_SECTION_WHOLE;
    item->path_len = 0;
    item->first = 0;
    item->count = 0;
    memset(&item->fields, 0, sizeof item->fields);
}

/* An item without section whatever it is followed by. */
static void fill_plain(mailproto_imap_fetch_item *item, uint32_t kind)
{
    fill_item(item, kind, MAILPROTO_IMAP_PEEK);
    if (kind == MAILPROTO_IMAP_ITEM_RFC822_HEADER) {
        item->section = MAILPROTO_IMAP_SECTION_HEADER;
    } else if (kind == MAILPROTO_IMAP_ITEM_RFC822_TEXT) {
        item->section = MAILPROTO_IMAP_SECTION_TEXT;
        item->flags = 0;
    } else if (kind == MAILPROTO_IMAP_ITEM_RFC822) {
        item->flags = 0;
    }
}

/* An item with a section, from its "[" on. */
static int read_with_section(struct mailproto__imap_reader *r, uint32_t entry,
                             mailproto_imap_fetch_item *item)
{
    uint32_t kind = entry & KIND;
    uint32_t peek = entry & PEEK || kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE
                        ? (uint32_t)MAILPROTO_IMAP_PEEK
                        : 0;
    fill_item(item, kind, peek);
    return read_section(r, item) &&
           (kind == MAILPROTO_IMAP_ITEM_BINARY_SIZE || read_partial(r, item));
}

/* Whether it is one with a section (RFC 9051 9, fetch-att). */
static int has_section(const struct mailproto__imap_reader *r, uint32_t *entry)
{
    uint32_t kind = *entry & KIND;
    if (kind == MAILPROTO_IMAP_ITEM_BODY && *r->at == '[') {
        *entry = MAILPROTO_IMAP_ITEM_SECTION;
        return 1;
    }
    return kind >= MAILPROTO_IMAP_ITEM_SECTION &&
           kind <= MAILPROTO_IMAP_ITEM_BINARY_SIZE;
}

/* What an item's name stands for in the table; 0: a fault, or a macro where none can be. */
static uint32_t read_entry(struct mailproto__imap_reader *r, int macro)
{
    const char *begin = r->at;
    mailproto_bytes name = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    uint32_t entry = mailproto__imap_keyword(items, items_from, name);
    if (entry == 0 || ((entry & MACRO) && !macro)) {
        r->at = begin;
        mailproto__imap_fault(r, "FETCH item expected");
        return 0;
    }
    return entry;
}

/* What ALL, FAST and FULL stand for, in this order (RFC 9051 6.4.5). */
static const uint8_t macro_items[] = {
    MAILPROTO_IMAP_ITEM_FLAGS, MAILPROTO_IMAP_ITEM_INTERNALDATE,
    MAILPROTO_IMAP_ITEM_RFC822_SIZE, MAILPROTO_IMAP_ITEM_ENVELOPE,
    MAILPROTO_IMAP_ITEM_BODY};

/* ---- notes --------------------------------------------------------------------------- */

/*
 * What is known of a list of items once it was checked, so that no name is looked up again:
 * `opaque[3]` of its cursor has a code for each item that is still to come, the next one
 * lowest; 0: there is none, and the list is read. With codes `opaque[0]` is not where the
 * next item is, but where the next section is, or before it.
 *
 * A code is the item's kind, or for what does not set \Seen one of those below. FIELDS is
 * BODY.PEEK[HEADER.FIELDS: for the first of them it is noted how long its list is.
 */
enum {
    CODE_BITS = 5,
    CODE = (1 << CODE_BITS) - 1,
    CODES = 10,
    CODE_PEEK_SECTION = 18,
    CODE_PEEK_BINARY = 19,
    CODE_FIELDS = 20,
    LENGTH_AT = CODES * CODE_BITS,
    LENGTH_BITS = 64 - LENGTH_AT
};

#define FIELDS_BEGIN "[HEADER.FIELDS ("

struct notes {
    uint64_t codes;
    const char *section; /* the "[" of the first; NULL: none */
    uint64_t length;     /* of the list of names of CODE_FIELDS; 0: none yet */
    uint32_t uses;       /* MAILPROTO_IMAP_USES_... */
    unsigned count;
};

/* The code of an item with a section, whose "[" was at `begin`. */
static uint32_t code_of(const mailproto_imap_fetch_item *item, const char *begin,
                        struct notes *n)
{
    uint64_t length;
    n->section = n->section != NULL ? n->section : begin;
    if (!(item->flags & MAILPROTO_IMAP_PEEK)) {
        n->uses |= MAILPROTO_IMAP_SETS_SEEN;
        return item->kind;
    }
    if (item->kind != MAILPROTO_IMAP_ITEM_SECTION) {
        return item->kind == MAILPROTO_IMAP_ITEM_BINARY ? (uint32_t)CODE_PEEK_BINARY
                                                        : item->kind;
    }
    length = item->fields.opaque[1] - item->fields.opaque[0];
    if (item->section == MAILPROTO_IMAP_SECTION_FIELDS && item->path_len == 0 &&
        n->length == 0 && length >> LENGTH_BITS == 0) {
        n->length = length;
        return CODE_FIELDS;
    }
    return CODE_PEEK_SECTION;
}

/* Checks the item that an entry is of, and notes it. */
static int note_item(struct mailproto__imap_reader *r, uint32_t entry, struct notes *n)
{
    mailproto_imap_fetch_item item;
    uint32_t code = entry & KIND;
    if (has_section(r, &entry)) {
        const char *begin = r->at;
        if (!read_with_section(r, entry, &item)) {
            return 0;
        }
        code = code_of(&item, begin, n);
    } else if (code == MAILPROTO_IMAP_ITEM_RFC822 ||
               code == MAILPROTO_IMAP_ITEM_RFC822_TEXT) {
        n->uses |= MAILPROTO_IMAP_SETS_SEEN;
    } else if (code == MAILPROTO_IMAP_ITEM_MODSEQ) {
        n->uses |= MAILPROTO_IMAP_USES_MODSEQ;
    }
    if (n->count < CODES) {
        n->codes |= (uint64_t)code << (n->count * CODE_BITS);
    }
    n->count++;
    return 1;
}

/* A list that was noted, from `begin` up to the reader. */
static void make_list(const struct mailproto__imap_reader *r, const char *begin,
                      const struct notes *n, mailproto_imap_cursor *list)
{
    mailproto__imap_cursor_make(list, MAILPROTO__IMAP_ITEMS, r, begin, r->at);
    if (n->count <= CODES) {
        list->opaque[0] =
            (uint64_t)(uintptr_t)(n->section != NULL ? n->section : begin);
        list->opaque[3] = n->codes | n->length << LENGTH_AT;
    }
}

/* The section of BODY.PEEK[HEADER.FIELDS, whose names take `length` octets; 0: it is not
 * that. */
static int take_fields(struct mailproto__imap_reader *r, uint64_t length,
                       mailproto_imap_fetch_item *item)
{
    const char *names = r->at + sizeof FIELDS_BEGIN - 1;
    fill_item(item, MAILPROTO_IMAP_ITEM_SECTION, MAILPROTO_IMAP_PEEK);
    if ((uint64_t)(r->end - r->at) < sizeof FIELDS_BEGIN + 1 + length) {
        return 0;
    }
    item->section = MAILPROTO_IMAP_SECTION_FIELDS;
    mailproto__imap_cursor_make(&item->fields, MAILPROTO__IMAP_STRINGS, r, names,
                                names + length);
    r->at = names;
    item->fields.opaque[3] = mailproto__imap_ends(r, names + length);
    r->at = names + length + 2; /* ")]" */
    return read_partial(r, item);
}

/* The next item of a list with codes. */
static mailproto_status take_noted(mailproto_imap_cursor *list,
                                   mailproto_imap_fetch_item *item)
{
    struct mailproto__imap_reader r;
    uint32_t code = (uint32_t)list->opaque[3] & CODE;
    uint64_t length = list->opaque[3] >> LENGTH_AT;
    uint64_t codes = (list->opaque[3] ^ length << LENGTH_AT) >> CODE_BITS;
    uint32_t entry = code == CODE_PEEK_SECTION  ? PEEK | MAILPROTO_IMAP_ITEM_SECTION
                     : code == CODE_PEEK_BINARY ? PEEK | MAILPROTO_IMAP_ITEM_BINARY
                                                : code;
    int good;
    list->opaque[3] = codes != 0 ? codes | length << LENGTH_AT : 0;
    if ((code < MAILPROTO_IMAP_ITEM_SECTION ||
         code > MAILPROTO_IMAP_ITEM_BINARY_SIZE) &&
        code < CODE_PEEK_SECTION) {
        fill_plain(item, code);
    } else {
        (void)mailproto__imap_cursor_open(list, &r);
        if (r.at < r.end && *r.at != '[') {
            r.at = (const char *)memchr(r.at, '[', (size_t)(r.end - r.at));
        }
        if (r.at == NULL || r.at == r.end) {
            return MAILPROTO_EOF; /* cannot be */
        }
        good = code == CODE_FIELDS ? take_fields(&r, length, item)
                                   : read_with_section(&r, entry, item);
        if (!good) {
            return MAILPROTO_EOF; /* cannot be: it was checked */
        }
        mailproto__imap_cursor_keep(list, &r);
    }
    if (codes == 0) {
        list->opaque[0] = list->opaque[1];
    }
    return MAILPROTO_OK;
}

/* ---- the list ------------------------------------------------------------------------ */

int mailproto__imap_read_items(struct mailproto__imap_reader *r,
                               mailproto_imap_cursor *list, uint32_t *uses)
{
    struct notes n = {0, NULL, 0, 0, 0};
    const char *begin = r->at;
    uint32_t entry;
    int several = *begin == '(';
    if (!several) {
        entry = read_entry(r, 1);
        if (entry & MACRO) {
            mailproto__imap_cursor_make(list, MAILPROTO__IMAP_MACRO, r, begin, r->at);
            list->opaque[3] = entry & KIND;
            return 1;
        }
        if (entry == 0 || !note_item(r, entry, &n)) {
            return 0;
        }
    } else {
        begin++;
        do {
            r->at++;
            entry = read_entry(r, 0);
            if (entry == 0 || !note_item(r, entry, &n)) {
                return 0;
            }
        } while (*r->at == ' ');
    }
    *uses |= n.uses;
    make_list(r, begin, &n, list);
    return !several || mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* The next item of a list that is read. */
static mailproto_status take_read(mailproto_imap_cursor *list,
                                  mailproto_imap_fetch_item *item)
{
    struct mailproto__imap_reader r;
    uint32_t entry;
    if (mailproto__imap_cursor_open(list, &r) != MAILPROTO__IMAP_ITEMS ||
        mailproto__imap_at_end(&r)) {
        return MAILPROTO_EOF;
    }
    r.at += *r.at == ' ' ? 1 : 0;
    entry = read_entry(&r, 0);
    if (entry == 0) {
        return MAILPROTO_EOF; /* cannot be: it was checked */
    }
    if (!has_section(&r, &entry)) {
        fill_plain(item, entry & KIND);
    } else if (!read_with_section(&r, entry, item)) {
        return MAILPROTO_EOF; /* no more can this */
    }
    mailproto__imap_cursor_keep(list, &r);
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_fetch_next(mailproto_imap_cursor *list,
                                           mailproto_imap_fetch_item *item)
{
    uint32_t kind = list->opaque[2] & 0xffU;
    if (kind == MAILPROTO__IMAP_ITEMS) {
        return list->opaque[3] != 0 ? take_noted(list, item) : take_read(list, item);
    }
    if (kind == MAILPROTO__IMAP_MACRO) {
        /* `opaque`: low octet how many, the next how many were given */
        uint64_t length = list->opaque[3] & 0xffU;
        uint64_t given = list->opaque[3] >> 8;
        if (given < length && given < sizeof macro_items) {
            fill_plain(item, macro_items[given]);
            list->opaque[3] += 1U << 8;
            return MAILPROTO_OK;
        }
    }
    return MAILPROTO_EOF;
}
