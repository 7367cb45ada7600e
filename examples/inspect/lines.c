/* What the library reads in single values as JSON: of fields, one parser of field.h a mode;
   IMAP's commands and names through files of their own. */
#include "lines.h"

#include "base64.h"
#include "charset.h"
#include "imap_command.h"
#include "mutf7.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFECTS_SHOWN = 64 };

/* ---- address-list -------------------------------------------------------------------- */

static const char *const address_types[] = {"?",         "mailbox", "group-begin",
                                            "group-end", "text",    "empty"};

static json_t *address_of(const mailproto_address *a)
{
    json_t *object = json_object();
    text t = {0};
    size_t cap = a->raw.len * 3 + 64;
    json_object_set_new(object, "type", json_string(address_types[a->type]));
    text_set_span(object, "raw", a->raw);
    if (a->type == MAILPROTO_ADDRESS_MAILBOX &&
        mailproto_address_spec(a, text_room(&t, cap), cap, &t.len) == MAILPROTO_OK) {
        text_set(object, "spec", t.data, t.len);
    }
    t.len = 0;
    while (mailproto_address_display(a, 0, charset_converter(), text_room(&t, cap), cap,
                                     &t.len) == MAILPROTO_ERR_TOO_LONG) {
        cap = t.len + 16;
        t.len = 0;
    }
    text_set(object, "name", t.data, t.len);
    text_set_span(object, "local", a->local);
    text_set_span(object, "domain", a->domain);
    text_set_span(object, "route", a->route);
    text_set_span(object, "comment", a->comment);
    text_free(&t);
    return object;
}

static void show_addresses(json_t *result, mailproto_bytes value, mailproto_defects *d)
{
    json_t *list = json_array();
    mailproto_value v;
    mailproto_address a = {.struct_size = sizeof a};
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, d);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        json_array_append_new(list, address_of(&a));
    }
    json_object_set_new(result, "addresses", text_specs(value));
    json_object_set_new(result, "elements", list);
}

/* ---- date ------------------------------------------------------------------------------ */

static const flag_name date_flags[] = {{MAILPROTO_DATE_UNKNOWN_ZONE, "UNKNOWN_ZONE"},
                                       {MAILPROTO_DATE_NO_ZONE, "NO_ZONE"},
                                       {MAILPROTO_DATE_LEAP_SECOND, "LEAP_SECOND"},
                                       {MAILPROTO_DATE_OBS_YEAR, "OBS_YEAR"},
                                       {MAILPROTO_DATE_OBS_ZONE, "OBS_ZONE"},
                                       {MAILPROTO_DATE_NO_SECOND, "NO_SECOND"},
                                       {MAILPROTO_DATE_DAY_NAME, "DAY_NAME"},
                                       {0, NULL}};

static json_t *date_of(const mailproto_date *d)
{
    return json_pack("{s:I, s:i, s:o}", "unix", (json_int_t)d->utc, "zone_minutes",
                     (int)d->zone_minutes, "flags", text_flags(date_flags, d->flags));
}

static void show_date(json_t *result, mailproto_bytes value, mailproto_defects *d)
{
    mailproto_date date = {.struct_size = sizeof date};
    int known =
        mailproto_date_parse(value, MAILPROTO_VALUE_FINAL, d, &date) == MAILPROTO_OK;
    json_object_set_new(result, "date", known ? date_of(&date) : json_null());
}

/* ---- unstructured ------------------------------------------------------------------------ */

static const flag_name codec_defects[] = {
    {MAILPROTO_CODEC_DEFECT_CHARACTER, "CHARACTER"},
    {MAILPROTO_CODEC_DEFECT_PADDING, "PADDING"},
    {MAILPROTO_CODEC_DEFECT_BITS, "BITS"},
    {MAILPROTO_CODEC_DEFECT_ESCAPE, "ESCAPE"},
    {0, NULL}};

/* The decoder of words tells of each kind where the first one is. */
static json_t *word_defects(mailproto_bytes value)
{
    char piece[1024];
    size_t used = 0, written;
    json_t *list = json_array();
    mailproto_words w;
    mailproto_status st =
        mailproto_words_init(&w, MAILPROTO_WORDS_GUESS, charset_converter());
    mailproto_status again = MAILPROTO_AGAIN;
    while (st == MAILPROTO_OK && again == MAILPROTO_AGAIN) {
        again = mailproto_words_run(&w, value.ptr, value.len, &used, piece,
                                    sizeof piece, &written, MAILPROTO_CODEC_FINAL);
        value.ptr += used;
        value.len -= used;
    }
    uint32_t seen = st == MAILPROTO_OK ? mailproto_words_defects(&w) : 0;
    for (const flag_name *f = codec_defects; f->name != NULL; f++) {
        if (seen & f->flag) {
            uint64_t at = mailproto_words_defect_offset(&w, f->flag);
            json_array_append_new(list, json_pack("{s:s, s:I}", "code", f->name,
                                                  "offset", (json_int_t)at));
        }
    }
    return list;
}

static void show_text(json_t *result, mailproto_bytes value, mailproto_defects *d)
{
    text t = {0};
    size_t cap = value.len * 3 + 16;
    (void)d; /* words have defects of their own */
    while (mailproto_text_decode(value, MAILPROTO_TEXT_COLLAPSE | MAILPROTO_WORDS_GUESS,
                                 charset_converter(), text_room(&t, cap), cap,
                                 &t.len) == MAILPROTO_ERR_TOO_LONG) {
        cap = t.len + 16;
        t.len = 0;
    }
    text_set(result, "text", t.data, t.len);
    text_free(&t);
    json_object_set_new(result, "defects", word_defects(value));
}

/* ---- parameters -------------------------------------------------------------------------- */

/* Adds what is not there: each look for a parameter reads the whole value. */
static void merge_defects(mailproto_defects *d, const mailproto_defects *more)
{
    for (uint32_t i = 0; i < more->count && i < more->capacity; i++) {
        const mailproto_value_defect *one = &more->items[i];
        uint32_t known = 0;
        while (known < d->count && known < d->capacity &&
               (d->items[known].code != one->code ||
                d->items[known].offset != one->offset)) {
            known++;
        }
        if (known == d->count && d->count < d->capacity) {
            d->items[d->count++] = *one;
        }
    }
}

static json_t *parameter_of(mailproto_bytes value, const mailproto_parameter *p,
                            mailproto_defects *d)
{
    mailproto_value_defect items[DEFECTS_SHOWN];
    mailproto_defects own = {
        .struct_size = sizeof own, .capacity = DEFECTS_SHOWN, .items = items};
    json_t *object = json_object();
    mailproto_parameter_info info = {.struct_size = sizeof info};
    text t = {0};
    size_t cap = value.len * 3 + 16;
    text_set_lower(object, "name", p->name);
    while (mailproto_parameter_get(value, p->name, 0, charset_converter(),
                                   text_room(&t, cap), cap, &t.len, &info,
                                   &own) == MAILPROTO_ERR_TOO_LONG) {
        cap = t.len + 16;
        t.len = 0;
        own.count = 0;
    }
    merge_defects(d, &own);
    text_set(object, "value", t.data, t.len);
    text_set_span(object, "charset", info.charset);
    text_set_span(object, "language", info.language);
    text_free(&t);
    return object;
}

/* Whether an earlier parameter of the list has this one's name. */
static int is_known(const json_t *list, const json_t *parameter)
{
    size_t i;
    json_t *other;
    json_array_foreach(list, i, other)
    {
        if (json_equal(json_object_get(other, "name"),
                       json_object_get(parameter, "name"))) {
            return 1;
        }
    }
    return 0;
}

/* A Content-Type where a `/` stands before the first `;`, else a Content-Disposition. */
static void show_parameters(json_t *result, mailproto_bytes value, mailproto_defects *d)
{
    json_t *list = json_array();
    mailproto_value v;
    mailproto_content c = {.struct_size = sizeof c};
    mailproto_parameter p = {.struct_size = sizeof p};
    mailproto_value_defect items[DEFECTS_SHOWN];
    mailproto_defects late = {
        .struct_size = sizeof late, .capacity = DEFECTS_SHOWN, .items = items};
    const char *semicolon = memchr(value.ptr, ';', value.len);
    size_t head = semicolon != NULL ? (size_t)(semicolon - value.ptr) : value.len;
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, d);
    if (memchr(value.ptr, '/', head) != NULL) {
        mailproto_content_type(&v, &c);
    } else {
        mailproto_content_disposition(&v, &c);
    }
    text_set_lower(result, "type", c.type);
    text_set_lower(result, "subtype", c.subtype);
    while (mailproto_parameter_next(&v, &p) == MAILPROTO_OK) {
        json_t *parameter = parameter_of(value, &p, &late);
        if (is_known(list, parameter)) {
            json_decref(parameter);
        } else {
            json_array_append_new(list, parameter);
        }
    }
    merge_defects(d, &late); /* not before: the cursor writes to `d` until here */
    json_object_set_new(result, "parameters", list);
}

/* ---- message-ids ------------------------------------------------------------------------- */

static void show_ids(json_t *result, mailproto_bytes value, mailproto_defects *d)
{
    json_t *list = json_array();
    mailproto_value v;
    mailproto_message_id id = {.struct_size = sizeof id};
    text t = {0};
    mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, d);
    while (mailproto_message_id_next(&v, &id) == MAILPROTO_OK) {
        size_t cap = id.raw.len + 16;
        t.len = 0;
        mailproto_message_id_get(&id, text_room(&t, cap), cap, &t.len);
        json_array_append_new(list, text_json(t.data, t.len));
    }
    json_object_set_new(result, "ids", list);
    text_free(&t);
}

/* ---- received ------------------------------------------------------------------------------ */

static const flag_name received_flags[] = {
    {MAILPROTO_RECEIVED_TLS, "TLS"}, {MAILPROTO_RECEIVED_AUTH, "AUTH"}, {0, NULL}};

static void show_received(json_t *result, mailproto_bytes value, mailproto_defects *d)
{
    mailproto_received r = {.struct_size = sizeof r};
    mailproto_received_parse(value, 0, d, &r);
    const struct {
        const char *key;
        mailproto_bytes span;
    } spans[] = {{"from", r.from},
                 {"by", r.by},
                 {"via", r.via},
                 {"with", r.with},
                 {"id", r.id},
                 {"for", r.recipient},
                 {"helo", r.helo},
                 {"rdns", r.rdns},
                 {"address", r.address},
                 {"tls", r.tls},
                 {"cipher", r.cipher},
                 {"ident", r.ident},
                 {"date_text", r.date_text}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        text_set_span(result, spans[i].key, spans[i].span);
    }
    json_object_set_new(result, "flags", text_flags(received_flags, r.flags));
    json_object_set_new(result, "date",
                        r.flags & MAILPROTO_RECEIVED_HAS_DATE ? date_of(&r.date)
                                                              : json_null());
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* What the command line says. */
typedef struct line_options {
    size_t mode;
    const char *path; /* NULL: standard input */
    int lines;
    int encode;       /* mutf7: the other way */
    uint32_t enabled; /* imap-command: MAILPROTO_IMAP_ENABLED_... */
} line_options;

static const struct {
    const char *name;
    /* of a field's value; NULL: one of IMAP's, see show_imap() */
    void (*show)(json_t *result, mailproto_bytes value, mailproto_defects *d);
} modes[] = {{"address-list", show_addresses}, {"date", show_date},
             {"unstructured", show_text},      {"parameters", show_parameters},
             {"message-ids", show_ids},        {"received", show_received},
             {"imap-command", NULL},           {"mutf7", NULL}};

enum {
    MODES = sizeof modes / sizeof *modes,
    MUTF7 = MODES - 1,
    IMAP_COMMAND = MUTF7 - 1
};

static size_t mode_of(const char *name)
{
    size_t i = 0;
    while (i < MODES && strcmp(modes[i].name, name) != 0) {
        i++;
    }
    return i;
}

int lines_knows(const char *mode)
{
    return mode_of(mode) < MODES;
}

static void show_field(json_t *result, size_t mode, mailproto_bytes value)
{
    mailproto_value_defect items[DEFECTS_SHOWN];
    mailproto_defects d = {
        .struct_size = sizeof d, .capacity = DEFECTS_SHOWN, .items = items};
    modes[mode].show(result, value, &d);
    if (json_object_get(result, "defects") == NULL) {
        json_object_set_new(result, "defects", text_defects(&d));
    }
}

json_t *lines_defects(const char *mode, mailproto_bytes value)
{
    json_t *result = json_object();
    show_field(result, mode_of(mode), value);
    json_t *defects = json_incref(json_object_get(result, "defects"));
    json_decref(result);
    return defects;
}

static void show_imap(json_t *result, const line_options *o, mailproto_bytes value)
{
    if (o->mode == IMAP_COMMAND) {
        imap_command_show(result, value, o->enabled);
    } else if (o->encode) {
        mutf7_encode_show(result, value);
    } else {
        mutf7_decode_show(result, value);
    }
}

static json_t *show_line(const line_options *o, const char *line, size_t len)
{
    base64 input;
    json_t *result;
    if (base64_decode(&input, line, len) != 0) {
        result = json_pack("{s:s}", "input_error", "not base64");
    } else {
        mailproto_bytes value = {input.text != NULL ? input.text : "", input.len};
        result = json_object();
        if (modes[o->mode].show != NULL) {
            show_field(result, o->mode, value);
        } else {
            show_imap(result, o, value);
        }
    }
    base64_free(&input);
    return result;
}

static int show_all(const line_options *o, FILE *in)
{
    char *line = NULL;
    size_t cap = 0;
    int code = 0;
    while (code != 2 && getline(&line, &cap, in) >= 0) {
        json_t *result = show_line(o, line, strcspn(line, "\r\n"));
        if (json_object_get(result, "input_error") != NULL) {
            code = 1;
        }
        if (json_dumpf(result, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF) {
            code = 2;
        }
        json_decref(result);
    }
    free(line);
    return fflush(stdout) == 0 ? code : 2;
}

/* 0, or -1: it is not understood. */
static int read_options(line_options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    o->mode = mode_of(argv[0]);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--lines") == 0) {
            o->lines = 1;
        } else if (o->mode == MUTF7 && strcmp(argv[i], "--encode") == 0) {
            o->encode = 1;
        } else if (o->mode == IMAP_COMMAND && strcmp(argv[i], "--enabled") == 0 &&
                   i + 1 < argc && imap_enabled(argv[i + 1], &o->enabled) == 0) {
            i++;
        } else if (strncmp(argv[i], "--", 2) != 0 && o->path == NULL) {
            o->path = argv[i];
        } else {
            return -1;
        }
    }
    return o->lines ? 0 : -1;
}

int lines_main(int argc, char **argv)
{
    FILE *in = stdin;
    line_options o;
    if (read_options(&o, argc, argv) != 0) {
        fprintf(stderr, "usage: mailproto-inspect %s --lines%s [FILE]\n", argv[0],
                o.mode == MUTF7          ? " [--encode]"
                : o.mode == IMAP_COMMAND ? " [--enabled rev2,utf8,condstore,qresync]"
                                         : "");
        return 2;
    }
    if (o.path != NULL && strcmp(o.path, "-") != 0 &&
        (in = fopen(o.path, "rb")) == NULL) {
        perror(o.path);
        return 2;
    }
    int code = show_all(&o, in);
    if (in != stdin) {
        fclose(in);
    }
    return code;
}
