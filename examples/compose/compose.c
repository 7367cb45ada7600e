/*
 * mailproto-compose: makes a message of texts and files; prints it, or sends it from the
 * composer straight into the SMTP client, with no copy of it anywhere.
 */
#include "describe.h"
#include "options.h"
#include "submit.h"

#include <stdio.h>
#include <stdlib.h>

/* Says what is wrong with the description. */
static void explain(const description *d)
{
    mailproto_compose_fault fault = {.struct_size = sizeof fault};
    mailproto_compose_check(&d->options, &fault);
    fprintf(stderr, "mailproto-compose: ");
    if (fault.part != MAILPROTO_COMPOSE_ROOT) {
        fprintf(stderr, "part %u: ", (unsigned)fault.part);
    } else if (fault.field < d->options.field_count) {
        const mailproto_compose_field *f = &d->fields[fault.field];
        fprintf(stderr, "%.*s: ", (int)f->name.len, f->name.ptr);
    }
    fprintf(stderr, "%s\n", fault.detail != NULL ? fault.detail : "not possible");
}

static int print(mailproto_compose *composer)
{
    char piece[16384];
    size_t got;
    mailproto_status st;
    while ((st = mailproto_compose_read(composer, piece, sizeof piece, &got)) ==
           MAILPROTO_OK) {
        if (fwrite(piece, 1, got, stdout) != got) {
            perror("mailproto-compose");
            return -1;
        }
    }
    if (st != MAILPROTO_EOF || fflush(stdout) != 0) {
        fprintf(stderr, "mailproto-compose: %s\n", mailproto_error_name(st));
        return -1;
    }
    return 0;
}

/* More than the composer needs: files are read in pieces of this size, about. */
enum { PIECE = 16384 };

static int make(const options *o, description *d)
{
    mailproto_compose_summary summary = {.struct_size = sizeof summary};
    mailproto_compose *composer = NULL;
    size_t size = mailproto_compose_mem_size(&d->options) + 2 * PIECE;
    void *mem = malloc(size);
    int result = -1;
    mailproto_status st = mailproto_compose_init(mem, size, &d->options, &composer);
    if (st != MAILPROTO_OK) {
        explain(d);
    } else if ((st = mailproto_compose_measure(composer, &summary)) != MAILPROTO_OK) {
        fprintf(stderr, "mailproto-compose: %s\n", mailproto_error_name(st));
    } else if (o->server != NULL) {
        result = submit(o->server, d, composer, &summary);
    } else {
        result = print(composer);
    }
    free(mem);
    return result;
}

int main(int argc, char **argv)
{
    static options o;
    static description d;
    int result = options_read(&o, argc, argv);
    if (result != 0) {
        return result > 0 ? 0 : 2;
    }
    result = describe(&d, &o);
    if (result == 0) {
        result = make(&o, &d);
    }
    description_close(&d);
    return result < 0 ? 2 : result;
}
