/* Where the message comes from: see input.h. */
#include "input.h"

#include <mailproto/mbox.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "mailproto-show: %s: %s\n", what, why);
    return -1;
}

static mailproto_status read_at(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got)
{
    const input *in = ctx;
    ssize_t n;
    do {
        n = pread(fileno(in->file), buf, cap, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    *got = n > 0 ? (size_t)n : 0;
    return n > 0 ? MAILPROTO_OK : n == 0 ? MAILPROTO_EOF : MAILPROTO_ERR_IO;
}

mailproto_source input_source(input *in)
{
    mailproto_source s = {.struct_size = sizeof s, .ctx = in, .size = in->size};
    s.read_at = read_at;
    return s;
}

/* What can only be read once goes into a temporary file. */
static FILE *copy_all(FILE *from)
{
    char buf[65536];
    FILE *to = tmpfile();
    size_t n;
    while (to != NULL && (n = fread(buf, 1, sizeof buf, from)) > 0) {
        if (fwrite(buf, 1, n, to) != n) {
            break;
        }
    }
    if (to != NULL && (ferror(from) || ferror(to) || fflush(to) != 0)) {
        fclose(to);
        return NULL;
    }
    return to;
}

static int set_size(input *in)
{
    off_t end = fseeko(in->file, 0, SEEK_END) == 0 ? ftello(in->file) : -1;
    in->size = end < 0 ? 0 : (uint64_t)end;
    return end < 0 ? -1 : 0;
}

/* Takes message `number` of the mailbox out, or the only one. */
static int take_message(input *in, unsigned long number)
{
    static char work[65536];
    mailproto_source source = input_source(in);
    mailproto_mbox_event ev;
    mailproto_mbox m;
    mailproto_status st =
        mailproto_mbox_open(&m, &source, MAILPROTO_MBOX_UNQUOTE, work, sizeof work);
    unsigned long count = 0;
    FILE *to = tmpfile();
    if (to == NULL) {
        return complain("temporary file", strerror(errno));
    }
    while (st == MAILPROTO_OK && (st = mailproto_mbox_next(&m, &ev)) == MAILPROTO_OK) {
        count += ev.type == MAILPROTO_MBOX_FROM;
        if (ev.type == MAILPROTO_MBOX_DATA && count == (number > 0 ? number : 1)) {
            fwrite(ev.text.ptr, 1, ev.text.len, to);
        }
    }
    if (st != MAILPROTO_EOF || ferror(to) || fflush(to) != 0) {
        fclose(to);
        return complain("mailbox", st != MAILPROTO_EOF ? mailproto_error_name(st)
                                                       : strerror(errno));
    }
    if (number == 0 && count > 1) {
        in->is_mailbox = 1;
        fclose(to);
        return 0;
    }
    if (count == 0 || number > count) {
        fclose(to);
        return complain("mailbox", "there is no such message");
    }
    fclose(in->file);
    in->file = to;
    return set_size(in);
}

int input_open(input *in, const char *path, unsigned long number)
{
    char begin[5];
    size_t n = 0;
    memset(in, 0, sizeof *in);
    if (path == NULL || strcmp(path, "-") == 0) {
        path = "standard input";
        in->file = copy_all(stdin);
    } else {
        in->file = fopen(path, "rb");
    }
    if (in->file == NULL || set_size(in) != 0) {
        return complain(path, strerror(errno));
    }
    if (read_at(in, 0, begin, sizeof begin, &n) == MAILPROTO_ERR_IO) {
        return complain(path, strerror(errno));
    }
    if (n == sizeof begin && memcmp(begin, "From ", sizeof begin) == 0) {
        return take_message(in, number);
    }
    return number > 1 ? complain(path, "is no mailbox file") : 0;
}

void input_close(input *in)
{
    if (in->file != NULL) {
        fclose(in->file);
    }
}
