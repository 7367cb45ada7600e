/* The command line: see options.h. */
#include "options.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "mailproto-compose --from ADDRESS --to ADDRESS [OPTION]...\n"
    "Makes a message and prints it, or sends it.\n"
    "  --from ADDRESS   'Alice <alice@crepes.fr>'\n"
    "  --to ADDRESS, --cc ADDRESS, --bcc ADDRESS\n"
    "                   all of them again, or several with commas\n"
    "  --sender ADDRESS who sends it; needed with more than one --from\n"
    "  --subject TEXT   UTF-8\n"
    "  --text FILE      the text, UTF-8\n"
    "  --html FILE      the same as HTML; with --text, both are alternatives\n"
    "  --inline FILE    shown in the HTML, <img src=\"cid:FILE@DOMAIN\">; DOMAIN is\n"
    "                   that of --from\n"
    "  --attach FILE    an attachment; again for more\n"
    "  --send HOST:PORT sends it there, without TLS; else it is printed\n"
    "  --utf8           its way takes SMTPUTF8 and 8BITMIME: addresses and texts may "
    "be\n"
    "                   UTF-8 as they are\n"
    "One of --text, --html and --attach is needed, and --html for --inline.\n";

static int add(const char **list, size_t *count, size_t max, const char *value)
{
    if (*count == max) {
        return -1;
    }
    list[(*count)++] = value;
    return 0;
}

static int read_one(options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
    } single[] = {{"--sender", &o->sender},
                  {"--subject", &o->subject},
                  {"--text", &o->text},
                  {"--html", &o->html},
                  {"--send", &o->server}};
    const struct {
        const char *name;
        const char **list;
        size_t *count;
        size_t max;
    } many[] = {{"--from", o->from, &o->from_count, TO_MAX},
                {"--to", o->to, &o->to_count, TO_MAX},
                {"--cc", o->cc, &o->cc_count, TO_MAX},
                {"--bcc", o->bcc, &o->bcc_count, TO_MAX},
                {"--attach", o->attached, &o->attached_count, FILES_MAX},
                {"--inline", o->shown, &o->shown_count, FILES_MAX}};
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (strcmp(name, single[i].name) == 0) {
            *single[i].to = value;
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof many / sizeof many[0]; i++) {
        if (strcmp(name, many[i].name) == 0) {
            return add(many[i].list, many[i].count, many[i].max, value);
        }
    }
    return -1;
}

int options_read(options *o, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 1;
        }
        if (strcmp(argv[i], "--utf8") == 0) {
            o->utf8 = 1;
            continue;
        }
        if (i + 1 == argc || read_one(o, argv[i], argv[i + 1]) != 0) {
            fputs(usage, stderr);
            return -1;
        }
        i++;
    }
    if (o->from_count == 0 || o->to_count + o->cc_count + o->bcc_count == 0 ||
        (o->text == NULL && o->html == NULL && o->attached_count == 0) ||
        (o->html == NULL && o->shown_count > 0)) {
        fputs(usage, stderr);
        return -1;
    }
    return 0;
}
