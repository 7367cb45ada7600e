/*
 * mailproto-inspect: shows as JSON what the library makes of bytes. docs/inspect.md is
 * its manual.
 *
 * One input becomes one object: inspect() puts an engine (role.c) and a record of what it
 * does (record.c) together and plays the peer (feed.c).
 */
#include "base64.h"
#include "feed.h"
#include "lines.h"
#include "message.h"
#include "options.h"
#include "record.h"
#include "role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_BAD_INPUT = 1, EXIT_FAILED = 2 };

/* The JSON for one input, or NULL: the options do not make an engine. */
static json_t *inspect(const options *o, const feed_plan *plan, const char *data,
                       size_t len)
{
    role r;
    record rec;
    mailproto_status st = role_begin(&r, &o->role);
    if (st != MAILPROTO_OK) {
        fprintf(stderr, "mailproto-inspect: the library refuses these options: %s\n",
                mailproto_error_name(st));
        json_decref(r.refused_calls);
        return NULL;
    }
    record_begin(&rec, o->show_text, o->role.kind->details);
    size_t unread = feed(&r, &rec, plan, data, len);
    json_t *result = record_end(&rec, r.session, unread);
    role_end(&r, result);
    return result;
}

static int print(json_t *result, size_t layout)
{
    int failed = result == NULL || json_dumpf(result, stdout, layout) != 0 ||
                 putchar('\n') == EOF || fflush(stdout) == EOF;
    json_decref(result);
    return failed ? EXIT_FAILED : EXIT_DONE;
}

/* The whole file is one input. */
static int inspect_file(const options *o, FILE *in)
{
    size_t len = 0, cap = 65536, n;
    char *data = malloc(cap);
    while (data != NULL && (n = fread(data + len, 1, cap - len, in)) > 0) {
        len += n;
        if (len == cap) {
            char *more = realloc(data, cap *= 2);
            if (more == NULL) {
                free(data);
            }
            data = more;
        }
    }
    if (data == NULL || ferror(in)) {
        perror("mailproto-inspect");
        free(data);
        return EXIT_FAILED;
    }
    int code = print(inspect(o, &o->plan, data, len), JSON_INDENT(2));
    free(data);
    return code;
}

/* One line: base64, and perhaps its own --lockstep behind a blank. */
static int inspect_line(const options *o, char *line)
{
    base64 input;
    feed_plan plan = o->plan;
    line[strcspn(line, "\r\n")] = '\0';
    char *offsets = strchr(line, ' ');
    plan.offsets = NULL;
    if (offsets != NULL) {
        *offsets++ = '\0';
    } else if (o->plan.lockstep) {
        plan.offsets = o->plan.offsets;
    }
    int bad = offsets != NULL && options_lockstep(&plan, offsets) != 0;
    bad |= base64_decode(&input, line, strlen(line)) != 0;
    int code;
    if (bad) {
        code = print(json_pack("{s:s}", "input_error", "not base64 [offsets]"),
                     JSON_COMPACT);
        code = code == EXIT_DONE ? EXIT_BAD_INPUT : code;
    } else {
        code = print(inspect(o, &plan, input.text, input.len), JSON_COMPACT);
    }
    base64_free(&input);
    if (plan.offsets != o->plan.offsets) {
        free(plan.offsets);
    }
    return code;
}

static int inspect_lines(const options *o, FILE *in)
{
    char *line = NULL;
    size_t cap = 0;
    int code = EXIT_DONE;
    while (code != EXIT_FAILED && getline(&line, &cap, in) >= 0) {
        int this_code = inspect_line(o, line);
        code = this_code > code ? this_code : code;
    }
    free(line);
    return code;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "message") == 0) {
        return message_main(argc - 2, argv + 2);
    }
    if (argc > 1 && lines_knows(argv[1])) {
        return lines_main(argc - 1, argv + 1);
    }
    options o;
    int read = options_read(&o, argc, argv);
    if (read != 0) {
        options_free(&o);
        return read > 0 ? EXIT_DONE : EXIT_FAILED;
    }
    FILE *in = o.path == NULL || strcmp(o.path, "-") == 0 ? stdin : fopen(o.path, "rb");
    if (in == NULL) {
        perror(o.path);
        options_free(&o);
        return EXIT_FAILED;
    }
    int code = o.lines ? inspect_lines(&o, in) : inspect_file(&o, in);
    if (in != stdin) {
        fclose(in);
    }
    options_free(&o);
    return code;
}
