/* The description of the message: see describe.h. */
#include "describe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

static int complain(const char *what, const char *why)
{
    fprintf(stderr, "mailproto-compose: %s: %s\n", what, why);
    return -1;
}

/* ---- addresses ------------------------------------------------------------------------------ */

/* Keeps a copy of a text to the program's end. */
static mailproto_bytes keep(const char *text, size_t len)
{
    mailproto_bytes b = {malloc(len + 1), len};
    if (b.ptr == NULL) {
        abort();
    }
    memcpy((char *)(size_t)b.ptr, text, len);
    return b;
}

/* Adds the addresses of a list such as `Bob <bob@hamburger.edu>, eve@x.org`. */
static int add_addresses(description *d, const char *list)
{
    char text[1024];
    size_t len;
    mailproto_value v;
    mailproto_address a = {.struct_size = sizeof a};
    mailproto_status st =
        mailproto_value_open(&v, bytes(list), MAILPROTO_VALUE_FINAL, NULL);
    while (st == MAILPROTO_OK &&
           (st = mailproto_address_next(&v, &a)) == MAILPROTO_OK) {
        mailproto_address_out *out = &d->addresses[d->address_count];
        if (a.type != MAILPROTO_ADDRESS_MAILBOX || d->address_count == ADDRESSES_MAX ||
            mailproto_address_spec(&a, text, sizeof text, &len) != MAILPROTO_OK) {
            return complain(list, "is no list of addresses");
        }
        out->address = keep(text, len);
        if (mailproto_address_display(&a, 0, NULL, text, sizeof text, &len) ==
            MAILPROTO_OK) {
            out->name = keep(text, len);
        }
        d->address_count++;
    }
    return 0;
}

/* A field of addresses: those of `count` lists. */
static int add_address_field(description *d, const char *name, const char *const *lists,
                             size_t count)
{
    mailproto_compose_field *f = &d->fields[d->options.field_count];
    size_t first = d->address_count;
    for (size_t i = 0; i < count; i++) {
        if (add_addresses(d, lists[i]) != 0) {
            return -1;
        }
    }
    if (d->address_count > first) {
        f->name = bytes(name);
        f->kind = MAILPROTO_COMPOSE_ADDRESSES;
        f->addresses = &d->addresses[first];
        f->count = d->address_count - first;
        d->options.field_count++;
    }
    return 0;
}

/* Who it is from. Of several authors one, or another, is the sender, and it is said which
   (RFC 5322 3.6.2). */
static int add_authors(description *d, const options *o)
{
    if (add_address_field(d, "From", o->from, o->from_count) != 0) {
        return -1;
    }
    size_t authors = d->address_count;
    if (o->sender == NULL) {
        return authors == 1
                   ? 0
                   : complain("--from", authors == 0 ? "an address is needed"
                                                     : "several need --sender");
    }
    d->sender = authors;
    if (add_address_field(d, "Sender", &o->sender, 1) != 0) {
        return -1;
    }
    return authors > 0 && d->address_count == authors + 1
               ? 0
               : complain("--sender", "one address, and one of --from, are needed");
}

/* ---- files ----------------------------------------------------------------------------------- */

static mailproto_status read_file(void *ctx, uint64_t offset, void *buf, size_t cap,
                                  size_t *got)
{
    const file *f = ctx;
    ssize_t n;
    do {
        n = pread(f->fd, buf, cap, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    *got = n > 0 ? (size_t)n : 0;
    return n > 0 ? MAILPROTO_OK : n == 0 ? MAILPROTO_EOF : MAILPROTO_ERR_IO;
}

/* A path's last part. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* By the extension. Texts count as octets: the composer may change the line ends of a text
   (RFC 2045 6.8), and a file is to arrive as it is. */
static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".png", "image/png"},      {".jpg", "image/jpeg"},
        {".jpeg", "image/jpeg"},    {".gif", "image/gif"},
        {".svg", "image/svg+xml"},  {".pdf", "application/pdf"},
        {".zip", "application/zip"}};
    const char *dot = strrchr(base_name(path), '.');
    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcasecmp(dot, types[i][0]) == 0) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* The next part, a multipart or (with a path) the octets of a file; its number. */
static uint32_t add_part(description *d, uint32_t parent, const char *type,
                         const char *path)
{
    uint32_t number = (uint32_t)d->options.part_count++;
    mailproto_compose_part *p = &d->parts[number];
    file *f = &d->files[number];
    struct stat status;
    p->parent = parent;
    p->type = bytes(type);
    if (path == NULL) {
        return number;
    }
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        complain(path, f->fd < 0 ? strerror(errno) : "is no file");
        exit(2);
    }
    f->source.struct_size = sizeof f->source;
    f->source.ctx = f;
    f->source.size = (uint64_t)status.st_size;
    f->source.read_at = read_file;
    p->content = &f->source;
    return number;
}

static void add_file(description *d, uint32_t parent, const char *path,
                     const char *disposition)
{
    uint32_t number = add_part(d, parent, type_of(path), path);
    mailproto_compose_part *p = &d->parts[number];
    p->disposition = bytes(disposition);
    p->file_name = bytes(base_name(path));
}

/* `picture.png@crepes.fr`, what HTML names a part by (RFC 2392); octets that a message-id
   would have to quote become `_`. */
static mailproto_bytes content_id(const description *d, const char *path)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    mailproto_bytes domain = d->options.id_domain;
    size_t n = strlen(base_name(path));
    char text[512];
    if (n + 1 + domain.len > sizeof text) {
        n = 0;
    }
    memcpy(text, base_name(path), n);
    for (size_t i = 0; i < n; i++) {
        int inner_dot = text[i] == '.' && i > 0 && i + 1 < n && text[i - 1] != '.';
        if (strchr(plain, text[i]) == NULL && !inner_dot) {
            text[i] = '_';
        }
    }
    text[n] = '@';
    memcpy(text + n + 1, domain.ptr, domain.len);
    return n > 0 ? keep(text, n + 1 + domain.len) : bytes("");
}

/* The HTML and the pictures in it. */
static void describe_html(description *d, const options *o, uint32_t parent)
{
    if (o->shown_count > 0) {
        parent = add_part(d, parent, "multipart/related", NULL);
        d->parts[parent].params = bytes("type=\"text/html\"");
    }
    add_part(d, parent, "text/html", o->html);
    for (size_t i = 0; i < o->shown_count; i++) {
        uint32_t number = (uint32_t)d->options.part_count;
        add_file(d, parent, o->shown[i], "inline");
        d->parts[number].content_id = content_id(d, o->shown[i]);
    }
}

/* mixed (alternative (text, related (html, pictures)), attachments), each only where it is
   needed. */
static void describe_parts(description *d, const options *o)
{
    uint32_t parent = MAILPROTO_COMPOSE_ROOT;
    if (o->attached_count > 0) {
        parent = add_part(d, parent, "multipart/mixed", NULL);
    }
    uint32_t mixed = parent;
    if (o->text != NULL && o->html != NULL) {
        parent = add_part(d, parent, "multipart/alternative", NULL);
    }
    if (o->text != NULL) {
        add_part(d, parent, "text/plain", o->text);
    }
    if (o->html != NULL) {
        describe_html(d, o, parent);
    }
    for (size_t i = 0; i < o->attached_count; i++) {
        add_file(d, mixed, o->attached[i], "attachment");
    }
}

/* The composer has no clock and no randomness: both come from here. */
static int describe_unique(description *d)
{
    mailproto_bytes unique = {(const char *)d->unique, sizeof d->unique};
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, d->unique, sizeof d->unique) : -1;
    if (fd >= 0) {
        close(fd);
    }
    d->options.unique = unique;
    d->options.utc = (int64_t)time(NULL);
    return n == (ssize_t)sizeof d->unique ? 0
                                          : complain("/dev/urandom", strerror(errno));
}

int describe(description *d, const options *o)
{
    memset(d, 0, sizeof *d);
    for (size_t i = 0; i < PARTS_MAX; i++) {
        d->files[i].fd = -1;
    }
    d->options.struct_size = sizeof d->options;
    d->options.cpu = mailproto_cpu();
    d->options.flags = o->utf8 ? MAILPROTO_COMPOSE_8BIT | MAILPROTO_COMPOSE_UTF8 : 0;
    d->options.fields = d->fields;
    d->options.parts = d->parts;
    if (add_authors(d, o) != 0) {
        return -1;
    }
    d->recipients = d->address_count;
    if (add_address_field(d, "To", o->to, o->to_count) != 0 ||
        add_address_field(d, "Cc", o->cc, o->cc_count) != 0 ||
        add_address_field(d, "Bcc", o->bcc, o->bcc_count) != 0) {
        return -1;
    }
    if (d->address_count == d->recipients) {
        return complain("addresses", "a recipient is needed");
    }
    if (o->subject != NULL) {
        mailproto_compose_field *f = &d->fields[d->options.field_count++];
        f->name = bytes("Subject");
        f->text = bytes(o->subject);
    }
    mailproto_bytes from = d->addresses[0].address;
    const char *at = memchr(from.ptr, '@', from.len);
    if (at != NULL) {
        d->options.id_domain.ptr = at + 1;
        d->options.id_domain.len = from.len - (size_t)(at + 1 - from.ptr);
    }
    describe_parts(d, o);
    return describe_unique(d);
}

void description_close(description *d)
{
    for (size_t i = 0; i < PARTS_MAX; i++) {
        if (d->files[i].fd >= 0) {
            close(d->files[i].fd);
        }
        if (d->parts[i].content_id.len > 0) {
            free((char *)(size_t)d->parts[i].content_id.ptr);
        }
    }
    for (size_t i = 0; i < d->address_count; i++) {
        free((char *)(size_t)d->addresses[i].name.ptr);
        free((char *)(size_t)d->addresses[i].address.ptr);
    }
}
