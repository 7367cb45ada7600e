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

/* header-list */
static int read_header_list(struct mailproto__imap_reader *r,
                            mailproto_imap_cursor *out)
{
    const char *begin;
    unsigned count = 0;
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    begin = r->at;
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

/* fetch-att behind its name, which `entry` of the table is about. */
static int read_att(struct mailproto__imap_reader *r, uint32_t entry,
                    mailproto_imap_fetch_item *item)
{
    fill_item(item, entry & KIND, MAILPROTO_IMAP_PEEK);
    switch (item->kind) {
    case MAILPROTO_IMAP_ITEM_BODY:
        if (*r->at != '[') {
            return 1;
        }
        item->kind = MAILPROTO_IMAP_ITEM_SECTION;
        break;
    case MAILPROTO_IMAP_ITEM_SECTION:
    case MAILPROTO_IMAP_ITEM_BINARY:
        break;
    case MAILPROTO_IMAP_ITEM_BINARY_SIZE:
        return read_section(r, item);
    case MAILPROTO_IMAP_ITEM_RFC822_HEADER:
        item->section = MAILPROTO_IMAP_SECTION_HEADER;
        return 1;
    case MAILPROTO_IMAP_ITEM_RFC822_TEXT:
        item->section = MAILPROTO_IMAP_SECTION_TEXT;
        item->flags = 0;
        return 1;
    case MAILPROTO_IMAP_ITEM_RFC822:
        item->flags = 0;
        return 1;
    default:
        return 1;
    }
    if (!(entry & PEEK)) {
        item->flags = 0;
    }
    return read_section(r, item) && read_partial(r, item);
}

/* `macro`: NULL, or told how many items a macro stands for, which is what there is then;
 * 0: it is none. */
static int read_item(struct mailproto__imap_reader *r, mailproto_imap_fetch_item *item,
                     uint32_t *macro)
{
    const char *begin = r->at;
    mailproto_bytes name = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    uint32_t entry = mailproto__imap_keyword(items, items_from, name);
    int is_macro = (entry & MACRO) != 0;
    if (entry == 0 || (is_macro && macro == NULL)) {
        r->at = begin;
        return mailproto__imap_fault(r, "FETCH item expected");
    }
    if (macro != NULL) {
        *macro = is_macro ? entry & KIND : 0;
    }
    return is_macro || read_att(r, entry, item);
}

static uint32_t uses_of(const mailproto_imap_fetch_item *item)
{
    uint32_t uses = 0;
    if (!(item->flags & MAILPROTO_IMAP_PEEK)) {
        uses |= MAILPROTO_IMAP_SETS_SEEN;
    }
    if (item->kind == MAILPROTO_IMAP_ITEM_MODSEQ) {
        uses |= MAILPROTO_IMAP_USES_MODSEQ;
    }
    return uses;
}

/* What ALL, FAST and FULL stand for, in this order (RFC 9051 6.4.5). */
static const uint8_t macro_items[] = {
    MAILPROTO_IMAP_ITEM_FLAGS, MAILPROTO_IMAP_ITEM_INTERNALDATE,
    MAILPROTO_IMAP_ITEM_RFC822_SIZE, MAILPROTO_IMAP_ITEM_ENVELOPE,
    MAILPROTO_IMAP_ITEM_BODY};

/* ---- the list ------------------------------------------------------------------------ */

int mailproto__imap_read_items(struct mailproto__imap_reader *r,
                               mailproto_imap_cursor *list, uint32_t *uses)
{
    mailproto_imap_fetch_item item;
    const char *begin = r->at;
    uint32_t macro = 0;
    item.kind = 0;
    item.flags = 0;
    if (*begin != '(') {
        if (!read_item(r, &item, &macro)) {
            return 0;
        }
        if (macro > 0) {
            mailproto__imap_cursor_make(list, MAILPROTO__IMAP_MACRO, r, begin, r->at);
            list->opaque[3] = macro;
            return 1;
        }
        *uses |= uses_of(&item);
        mailproto__imap_cursor_make(list, MAILPROTO__IMAP_ITEMS, r, begin, r->at);
        return 1;
    }
    begin++;
    do {
        r->at++;
        if (!read_item(r, &item, NULL)) {
            return 0;
        }
        *uses |= uses_of(&item);
    } while (*r->at == ' ');
    mailproto__imap_cursor_make(list, MAILPROTO__IMAP_ITEMS, r, begin, r->at);
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

mailproto_status mailproto_imap_fetch_next(mailproto_imap_cursor *list,
                                           mailproto_imap_fetch_item *item)
{
    struct mailproto__imap_reader r;
    uint32_t kind = mailproto__imap_cursor_open(list, &r);
    if (kind == MAILPROTO__IMAP_MACRO && list->opaque[3] > 0) {
        /* `opaque`: low octet how many, the next how many were given */
        uint64_t length = list->opaque[3] & 0xffU;
        uint64_t given = list->opaque[3] >> 8;
        if (given < length) {
            fill_item(item, macro_items[given], MAILPROTO_IMAP_PEEK);
            list->opaque[3] += 1U << 8;
            return MAILPROTO_OK;
        }
        return MAILPROTO_EOF;
    }
    if (kind != MAILPROTO__IMAP_ITEMS || mailproto__imap_at_end(&r)) {
        return MAILPROTO_EOF;
    }
    r.at += *r.at == ' ' ? 1 : 0;
    if (!read_item(&r, item, NULL)) {
        return MAILPROTO_EOF; /* cannot be: it was checked */
    }
    mailproto__imap_cursor_keep(list, &r);
    return MAILPROTO_OK;
}
