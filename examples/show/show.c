/*
 * mailproto-show: a message as a page in the terminal: its fields, its tree, its text; its
 * attachments into files. Read show_message() first.
 */
#include "../inspect/charset.h"
#include "content.h"
#include "input.h"
#include "save.h"
#include "screen.h"

#include <mailproto/mbox.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 4 << 20, VALUE_CAP = 16384 };

typedef struct options {
    const char *path;
    const char *folder; /* --save */
    const char *part;   /* --part */
    unsigned long number;
    int headers;
} options;

static const char usage[] =
    "mailproto-show [OPTION]... [FILE]\n"
    "Prints a message, or one of a mailbox file; without FILE, standard input.\n"
    "  --headers      all fields of the header\n"
    "  --part N.N     only that part; one that is no text goes out as it is\n"
    "                 when standard output is no terminal\n"
    "  --save DIR     saves the attachments there, under new names\n"
    "  --number N     the N-th message of a mailbox file\n";

/* ---- fields ------------------------------------------------------------------------------- */

static void show_addresses(screen *s, mailproto_bytes value)
{
    mailproto_value v;
    mailproto_address a = {.struct_size = sizeof a};
    char text[VALUE_CAP];
    size_t len;
    const char *between = "";
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        if (a.type == MAILPROTO_ADDRESS_GROUP_END) {
            screen_string(s, ";");
            continue;
        }
        screen_string(s, between);
        between = a.type == MAILPROTO_ADDRESS_GROUP_BEGIN ? " " : ", ";
        int named = mailproto_address_display(&a, MAILPROTO_ADDRESS_COMMENT_NAME,
                                              charset_converter(), text, sizeof text,
                                              &len) == MAILPROTO_OK &&
                    len > 0;
        if (named) {
            screen_text(s, text, len);
            screen_string(s, a.type == MAILPROTO_ADDRESS_GROUP_BEGIN ? ":" : "");
        }
        if (a.type == MAILPROTO_ADDRESS_MAILBOX &&
            mailproto_address_spec(&a, text, sizeof text, &len) == MAILPROTO_OK) {
            screen_string(s, named ? " <" : "");
            screen_text(s, text, len);
            screen_string(s, named ? ">" : "");
        }
    }
}

static void show_field(screen *s, const mailproto_field *f)
{
    char text[VALUE_CAP];
    size_t len = 0;
    screen_end(s, 4);
    screen_text(s, f->name.ptr, f->name.len);
    screen_string(s, ": ");
    switch (f->id) {
    case MAILPROTO_FIELD_FROM:
    case MAILPROTO_FIELD_SENDER:
    case MAILPROTO_FIELD_REPLY_TO:
    case MAILPROTO_FIELD_TO:
    case MAILPROTO_FIELD_CC:
    case MAILPROTO_FIELD_BCC:
        show_addresses(s, f->value);
        return;
    default:
        break;
    }
    mailproto_status st =
        mailproto_text_decode(f->value, MAILPROTO_TEXT_COLLAPSE | MAILPROTO_WORDS_GUESS,
                              charset_converter(), text, sizeof text, &len);
    screen_text(s, text, len < sizeof text ? len : sizeof text);
    if (st != MAILPROTO_OK || (f->flags & MAILPROTO_MESSAGE_MORE)) {
        screen_string(s, " [goes on]");
    }
}

static int matters(uint32_t id)
{
    return id == MAILPROTO_FIELD_FROM || id == MAILPROTO_FIELD_SENDER ||
           id == MAILPROTO_FIELD_REPLY_TO || id == MAILPROTO_FIELD_TO ||
           id == MAILPROTO_FIELD_CC || id == MAILPROTO_FIELD_DATE ||
           id == MAILPROTO_FIELD_SUBJECT;
}

static void show_header(screen *s, content *c, uint32_t part, int all)
{
    const mailproto_part *p = &c->index.parts[part];
    mailproto_fields fields;
    mailproto_field f;
    if (mailproto_fields_open_at(&fields, &c->source, p->header_offset, p->body_offset,
                                 c->work, c->work_size) != MAILPROTO_OK) {
        return;
    }
    while (mailproto_fields_next(&fields, &f) == MAILPROTO_OK) {
        if (f.name.len > 0 && (all || matters(f.id))) {
            show_field(s, &f);
        }
    }
    screen_end(s, 0);
}

/* ---- parts ---------------------------------------------------------------------------------- */

/* `1.2 text/plain, 120 octets, "name"` */
static void show_part_line(screen *s, content *c, uint32_t part)
{
    const mailproto_part *p = &c->index.parts[part];
    char text[2048];
    content_path(c, part, text, sizeof text);
    screen_string(s, text);
    screen_string(s, text[0] != '\0' ? " " : "");
    content_type(c, part, text, sizeof text);
    screen_string(s, text);
    snprintf(text, sizeof text, ", %llu octets", (unsigned long long)p->body_octets);
    screen_string(s, text);
    if (p->encoding == MAILPROTO_ENCODING_BASE64 ||
        p->encoding == MAILPROTO_ENCODING_QP) {
        screen_string(s, " of ");
        screen_string(s, mailproto_encoding_name(p->encoding));
    }
    content_file_name(c, part, text, sizeof text);
    if (text[0] != '\0') {
        screen_string(s, ", \"");
        screen_string(s, text);
        screen_string(s, "\"");
    }
}

static void show_tree(screen *s, content *c)
{
    for (uint32_t i = 0; i < c->index.count; i++) {
        unsigned depth = 0;
        for (uint32_t up = i; c->index.parts[up].parent != MAILPROTO_PART_NONE;
             up = c->index.parts[up].parent) {
            depth++;
        }
        screen_end(s, 0);
        for (unsigned d = 0; d < depth && d < 20; d++) {
            screen_string(s, "  ");
        }
        show_part_line(s, c, i);
    }
    screen_end(s, 0);
}

/* A line of the program's own between texts. */
static void show_mark(screen *s, content *c, uint32_t part, const char *what)
{
    screen_end(s, 0);
    screen_string(s, "[");
    show_part_line(s, c, part);
    screen_string(s, what);
    screen_string(s, "]\n");
}

static int is_text(const mailproto_part *p)
{
    return p->media == MAILPROTO_MEDIA_TEXT_PLAIN ||
           p->media == MAILPROTO_MEDIA_TEXT_HTML || p->media == MAILPROTO_MEDIA_TEXT ||
           p->media == MAILPROTO_MEDIA_RFC822 ||
           p->media >= MAILPROTO_MEDIA_DELIVERY_STATUS;
}

static int show_text(screen *s, content *c, uint32_t part)
{
    buffer text;
    int cut;
    if (c->index.parts[part].media == MAILPROTO_MEDIA_TEXT_HTML) {
        show_mark(s, c, part, "; shown without its markup");
    }
    int result = content_text(c, part, TEXT_MAX, &text, &cut);
    if (result == 0) {
        screen_text(s, text.data, text.len);
        screen_end(s, 0);
        if (cut) {
            show_mark(s, c, part, "; only its beginning is shown");
        }
    }
    free(text.data);
    return result;
}

/* The texts that a reader of plain text sees (RFC 8621 4.1.4). */
static int show_body(screen *s, content *c)
{
    size_t count = 0;
    int result = 0;
    uint32_t *parts = calloc(c->index.count, sizeof *parts);
    if (parts == NULL || mailproto_index_view(&c->index, MAILPROTO_VIEW_TEXT, parts,
                                              c->index.count, &count) != MAILPROTO_OK) {
        free(parts);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        screen_string(s, "\n");
        if (is_text(&c->index.parts[parts[i]])) {
            result |= show_text(s, c, parts[i]);
        } else {
            show_mark(s, c, parts[i], "");
        }
    }
    free(parts);
    return result;
}

static int show_one_part(screen *s, content *c, const char *path)
{
    uint32_t part;
    uint64_t octets;
    if (content_find(c, path, &part) != 0) {
        fprintf(stderr, "mailproto-show: there is no part %s\n", path);
        return -1;
    }
    if (is_text(&c->index.parts[part])) {
        return show_text(s, c, part);
    }
    if (isatty(STDOUT_FILENO)) {
        show_mark(s, c, part, "; not for a terminal");
        return 0;
    }
    fflush(stdout);
    return save_part(c, part, STDOUT_FILENO, &octets);
}

static int show_message(const options *o, mailproto_source source)
{
    content c;
    screen s;
    int result = -1;
    screen_init(&s, stdout);
    if (content_open(&c, source) != 0) {
        fprintf(stderr, "mailproto-show: the message cannot be read\n");
    } else if (o->part != NULL) {
        result = show_one_part(&s, &c, o->part);
    } else if (o->folder != NULL) {
        result = save_attachments(&c, o->folder) < 0 ? -1 : 0;
    } else {
        show_header(&s, &c, 0, o->headers);
        if (c.index.count > 1) {
            screen_string(&s, "\n");
            show_tree(&s, &c);
        }
        result = show_body(&s, &c);
    }
    content_close(&c);
    return result;
}

/* ---- mailboxes ------------------------------------------------------------------------------- */

static int list_mailbox(mailproto_source source)
{
    static char work[65536];
    char text[64], date[40];
    uint64_t begin = 0;
    unsigned long count = 0;
    size_t len;
    screen s;
    mailproto_mbox m;
    mailproto_mbox_event ev;
    mailproto_status st = mailproto_mbox_open(&m, &source, 0, work, sizeof work);
    screen_init(&s, stdout);
    while (st == MAILPROTO_OK && (st = mailproto_mbox_next(&m, &ev)) == MAILPROTO_OK) {
        if (ev.type == MAILPROTO_MBOX_FROM) {
            begin = ev.offset + ev.text.len;
            len = 0;
            mailproto_date_write(ev.utc, 0, date, sizeof date, &len);
            snprintf(text, sizeof text, "%lu  %.*s  ", ++count, (int)len, date);
            screen_string(&s, text);
            screen_text(&s, ev.address.ptr, ev.address.len);
        } else if (ev.type == MAILPROTO_MBOX_END) {
            snprintf(text, sizeof text, "  %llu octets\n",
                     (unsigned long long)(ev.offset - begin));
            screen_string(&s, text);
        }
    }
    return st == MAILPROTO_EOF ? 0 : -1;
}

static int read_number(const char *text, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number > 0 && errno == 0
               ? 0
               : -1;
}

/* 0, or -1: said why. */
static int check_options(options *o, const char *number)
{
    if (number != NULL && read_number(number, &o->number) != 0) {
        fprintf(stderr, "mailproto-show: --number %s: not a number from 1 on\n",
                number);
        return -1;
    }
    if (o->part != NULL && o->folder != NULL) {
        fprintf(stderr, "mailproto-show: --save saves all attachments: no --part\n");
        return -1;
    }
    return 0;
}

static int read_options(options *o, int argc, char **argv)
{
    const char *number = NULL;
    memset(o, 0, sizeof *o);
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        int has_value = i + 1 < argc;
        if (strcmp(name, "--headers") == 0) {
            o->headers = 1;
        } else if (strcmp(name, "--part") == 0 && has_value) {
            o->part = argv[++i];
        } else if (strcmp(name, "--save") == 0 && has_value) {
            o->folder = argv[++i];
        } else if (strcmp(name, "--number") == 0 && has_value) {
            number = argv[++i];
        } else if (strcmp(name, "--help") == 0) {
            fputs(usage, stdout);
            return 1;
        } else if ((name[0] == '-' && name[1] != '\0') || o->path != NULL) {
            fputs(usage, stderr);
            return -1;
        } else {
            o->path = name;
        }
    }
    return check_options(o, number);
}

int main(int argc, char **argv)
{
    options o;
    input in = {0};
    int result = read_options(&o, argc, argv);
    if (result != 0) {
        return result > 0 ? 0 : 2;
    }
    result = input_open(&in, o.path, o.number);
    if (result == 0) {
        mailproto_source source = input_source(&in);
        result = in.is_mailbox ? list_mailbox(source) : show_message(&o, source);
    }
    input_close(&in);
    return result != 0 || fflush(stdout) != 0 ? 2 : 0;
}
