/* A conversation as people read it: see transcript.h. */
#include "transcript.h"

#include <inttypes.h>
#include <string.h>

static void print_line(transcript *t)
{
    if (t->len > 0) {
        fprintf(t->out, "%s%c: %.*s%s\n", t->label, t->side, (int)t->len, t->line,
                t->cut ? "..." : "");
    }
    t->len = 0;
    t->cut = 0;
    t->secret = 0;
}

static void print_content(transcript *t)
{
    if (t->content > 0) {
        fprintf(t->out, "%s%c: (%" PRIu64 " octets of content)\n", t->label,
                t->content_side, t->content);
        t->content = 0;
    }
}

static void put(transcript *t, char c)
{
    if (t->len == sizeof t->line) {
        t->cut = 1;
        return;
    }
    /* Never let a peer write to the terminal what is more than text. */
    t->line[t->len++] = (unsigned char)c < 32 || c == 127 ? '?' : c;
}

static void put_secret(transcript *t)
{
    if (!t->secret) {
        if (t->len > 0 && t->line[t->len - 1] != ' ') {
            put(t, ' '); /* the blank before it belongs to the credentials */
        }
        for (const char *c = "(credentials)"; *c != '\0'; c++) {
            put(t, *c);
        }
        t->secret = 1;
    }
}

static void traced(void *ctx, uint32_t kind, const void *data, size_t len)
{
    transcript *t = ctx;
    const char *bytes = data;
    if (kind == MAILPROTO_TRACE_CONTENT) {
        print_line(t);
        t->content += len;
        return;
    }
    print_content(t);
    for (size_t i = 0; i < len; i++) {
        if (t->len == 0) {
            t->side = kind == MAILPROTO_TRACE_REPLY ? 'S' : 'C';
        }
        if (bytes[i] == '\n') {
            print_line(t);
        } else if (kind == MAILPROTO_TRACE_CREDENTIAL) {
            if (bytes[i] != '\r') {
                put_secret(t);
            }
        } else if (bytes[i] != '\r') {
            put(t, bytes[i]);
        }
    }
}

void transcript_init(transcript *t, FILE *out, const char *label)
{
    memset(t, 0, sizeof *t);
    t->trace.struct_size = sizeof t->trace;
    t->trace.ctx = t;
    t->trace.fn = traced;
    t->out = out;
    t->label = label;
    t->content_side = 'C';
}

void transcript_end(transcript *t)
{
    print_line(t);
    print_content(t);
}
