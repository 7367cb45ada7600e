/*
 * The names of FETCH items that have a section, as responses have them (RFC 9051 9,
 * msg-att-static): never PEEK, of a partial only where it begins. Knows the item's struct;
 * must not know what the section holds.
 */
#include "imap/server_write.h"

#define NUMBER64_MAX UINT64_C(0x7FFFFFFFFFFFFFFF)

/* A name of HEADER.FIELDS as the client sent it: what it quoted is quoted, the others are
 * what they can be; a bare one with `]` is quoted, lest that end the section. */
static void say_field(struct mailproto__imap_say *say, const mailproto_imap_string *s)
{
    switch (s->form) {
    case MAILPROTO_IMAP_QUOTED:
        MAILPROTO__IMAP_SAY(say, "\"");
        mailproto__imap_say_span(say, s->raw);
        MAILPROTO__IMAP_SAY(say, "\"");
        break;
    case MAILPROTO_IMAP_ATOM:
    case MAILPROTO_IMAP_LITERAL:
        mailproto__imap_say_astring(say, s->raw);
        break;
    default: /* so long that its octets were not kept: no field has such a name */
        MAILPROTO__IMAP_SAY(say, "\"\"");
        break;
    }
}

static void say_fields(struct mailproto__imap_say *say,
                       const mailproto_imap_cursor *list)
{
    mailproto_imap_cursor fields = *list;
    mailproto_imap_string s;
    size_t n = 0;
    MAILPROTO__IMAP_SAY(say, " (");
    while (mailproto_imap_string_next(&fields, &s) == MAILPROTO_OK) {
        mailproto__imap_say(say, " ", n > 0);
        say_field(say, &s);
        n++;
    }
    say->bad |= n == 0; /* RFC 9051 9, header-list */
    MAILPROTO__IMAP_SAY(say, ")");
}

static void say_path(struct mailproto__imap_say *say,
                     const mailproto_imap_fetch_item *item)
{
    uint32_t i;
    say->bad |= item->path_len > MAILPROTO_IMAP_PATH_MAX;
    for (i = 0; i < item->path_len && !say->bad; i++) {
        mailproto__imap_say(say, ".", i > 0);
        mailproto__imap_say_nz_number(say, item->path[i]);
    }
}

static void say_text(struct mailproto__imap_say *say,
                     const mailproto_imap_fetch_item *item)
{
    if (item->section != MAILPROTO_IMAP_SECTION_WHOLE) {
        mailproto__imap_say(say, ".", item->path_len > 0);
    }
    switch (item->section) {
    case MAILPROTO_IMAP_SECTION_WHOLE:
        break;
    case MAILPROTO_IMAP_SECTION_HEADER:
        MAILPROTO__IMAP_SAY(say, "HEADER");
        break;
    case MAILPROTO_IMAP_SECTION_FIELDS:
        MAILPROTO__IMAP_SAY(say, "HEADER.FIELDS");
        say_fields(say, &item->fields);
        break;
    case MAILPROTO_IMAP_SECTION_FIELDS_NOT:
        MAILPROTO__IMAP_SAY(say, "HEADER.FIELDS.NOT");
        say_fields(say, &item->fields);
        break;
    case MAILPROTO_IMAP_SECTION_TEXT:
        MAILPROTO__IMAP_SAY(say, "TEXT");
        break;
    case MAILPROTO_IMAP_SECTION_MIME:
        say->bad |= item->path_len == 0; /* RFC 9051 6.4.5.1: of a part */
        MAILPROTO__IMAP_SAY(say, "MIME");
        break;
    default:
        say->bad = 1;
        break;
    }
}

static void say_section(struct mailproto__imap_say *say,
                        const mailproto_imap_fetch_item *item, int binary)
{
    MAILPROTO__IMAP_SAY(say, "[");
    say_path(say, item);
    if (binary) {
        say->bad |= item->section != MAILPROTO_IMAP_SECTION_WHOLE;
    } else {
        say_text(say, item);
    }
    MAILPROTO__IMAP_SAY(say, "]");
    if ((item->flags & MAILPROTO_IMAP_PARTIAL) != 0 &&
        item->kind != MAILPROTO_IMAP_ITEM_BINARY_SIZE) {
        say->bad |= item->first > NUMBER64_MAX;
        MAILPROTO__IMAP_SAY(say, "<");
        mailproto__imap_say_number(say, item->first);
        MAILPROTO__IMAP_SAY(say, ">");
    }
}

void mailproto__imap_say_item(struct mailproto__imap_say *say,
                              const mailproto_imap_fetch_item *item)
{
    switch (item->kind) {
    case MAILPROTO_IMAP_ITEM_SECTION:
        MAILPROTO__IMAP_SAY(say, "BODY");
        say_section(say, item, 0);
        break;
    case MAILPROTO_IMAP_ITEM_BINARY:
        MAILPROTO__IMAP_SAY(say, "BINARY");
        say_section(say, item, 1);
        break;
    case MAILPROTO_IMAP_ITEM_BINARY_SIZE:
        MAILPROTO__IMAP_SAY(say, "BINARY.SIZE");
        say_section(say, item, 1);
        break;
    case MAILPROTO_IMAP_ITEM_RFC822:
        MAILPROTO__IMAP_SAY(say, "RFC822");
        break;
    case MAILPROTO_IMAP_ITEM_RFC822_HEADER:
        MAILPROTO__IMAP_SAY(say, "RFC822.HEADER");
        break;
    case MAILPROTO_IMAP_ITEM_RFC822_TEXT:
        MAILPROTO__IMAP_SAY(say, "RFC822.TEXT");
        break;
    default:
        say->bad = 1;
        break;
    }
}
