/* Mail that goes back: see bounce.h. */
#include "bounce.h"
#include "file.h"
#include "text.h"

#include <ctype.h>
#include <mailproto/compose.h>
#include <mailproto/smtp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* How much is shown of the header of the message it is about. */
enum { HEADER_MAX = 8192, UNIQUE = 16, ID_MAX = 400 };

/* Its parts (RFC 6522 3): for people, for programs (RFC 3464), what it is about. */
enum { WHOLE, FOR_PEOPLE, FOR_PROGRAMS, ABOUT, PARTS };
enum { FROM, TO, SUBJECT, MESSAGE_ID, AUTO_SUBMITTED, FIELDS };

/* All that the composer reads while it writes one. */
struct notice {
    mailproto_address_out from, to;
    mailproto_compose_field fields[FIELDS];
    mailproto_compose_part parts[PARTS];
    mailproto_compose_options options;
    mailproto_source people, programs, about;
    mailproto_dsn dsn;
    mailproto_dsn_writer dsn_writer;
    mailproto_dsn_recipient *recipients;
    char *text; /* for people */
    size_t text_len;
    char postmaster[ID_MAX], id[ID_MAX], header[HEADER_MAX];
    char unique[UNIQUE];
    char work[MAILPROTO_COMPOSE_MEM(PARTS)];
};

static mailproto_source in_memory(const char *data, size_t size)
{
    return (mailproto_source){
        .struct_size = sizeof(mailproto_source), .data = data, .size = size};
}

/* ---- what it says ------------------------------------------------------------------- */

static int write_text(struct notice *n, const struct queue *queue,
                      const struct envelope *about)
{
    FILE *out = open_memstream(&n->text, &n->text_len);
    if (out == NULL) {
        return -1;
    }
    fprintf(out,
            "This is the mail server of %s.\n\n"
            "Your message could not be delivered to:\n\n",
            queue->options->name);
    for (size_t i = 0; i < about->count; i++) {
        const struct recipient *r = &about->recipients[i];
        if (r->state == RECIPIENT_FAILED) {
            fprintf(out, "  <%s>\n    %s\n", r->mailbox,
                    r->said == NULL ? "refused" : r->said);
        }
    }
    fprintf(out, "\nThere will be no further attempt.\n");
    int bad = ferror(out);
    bad |= fclose(out) != 0;
    n->people = in_memory(n->text, n->text_len);
    return bad ? -1 : 0;
}

/* The enhanced status code (RFC 3463 2) in "550 5.1.1 Nobody" or "5.4.7 Given up". */
static mailproto_bytes status_of(const char *said)
{
    const char *at = said;
    if (strspn(at, "0123456789") == 3 && at[3] == ' ') {
        at += 4;
    }
    const char *p = at;
    for (int number = 0; number < 3; number++) {
        size_t digits = strspn(p, "0123456789");
        if (digits == 0 || digits > 3 || (number < 2 && p[digits] != '.')) {
            return text_bytes("5.0.0");
        }
        p += digits + (number < 2);
    }
    return *at == '4' || *at == '5' ? (mailproto_bytes){at, (size_t)(p - at)}
                                    : text_bytes("5.0.0");
}

static int describe_failures(struct notice *n, const struct queue *queue,
                             const struct envelope *about)
{
    n->recipients = calloc(about->count, sizeof *n->recipients);
    if (n->recipients == NULL) {
        return -1;
    }
    n->dsn = (mailproto_dsn){.struct_size = sizeof n->dsn,
                             .recipient_stride = sizeof *n->recipients,
                             .reporting = text_bytes(queue->options->name),
                             .arrival = about->arrived,
                             .recipients = n->recipients};
    for (size_t i = 0; i < about->count; i++) {
        const struct recipient *r = &about->recipients[i];
        const char *said = r->said == NULL ? "" : r->said;
        if (r->state != RECIPIENT_FAILED) {
            continue;
        }
        n->recipients[n->dsn.count++] = (mailproto_dsn_recipient){
            .final = text_bytes(r->mailbox),
            .action = text_bytes("failed"),
            .status = status_of(said),
            .diagnostic = text_bytes(isdigit((unsigned char)said[0]) &&
                                             strspn(said, "0123456789") == 3
                                         ? said
                                         : ""),
            .last_attempt = INT64_MIN,
            .retry_until = INT64_MIN};
    }
    return mailproto_dsn_source(&n->dsn_writer, &n->dsn, &n->programs) == MAILPROTO_OK
               ? 0
               : -1;
}

/* The header of the message it is about, or its first lines. They end in CRLF, and none is
   longer than a line may be: it came in by SMTP. */
static void read_header(struct notice *n, const struct queue *queue,
                        const struct envelope *about)
{
    int content = store_content(&queue->store, about->id);
    ssize_t got = content < 0 ? 0 : pread(content, n->header, sizeof n->header, 0);
    const char *at = n->header;
    const char *end = n->header + (got < 0 ? 0 : got);
    if (content >= 0) {
        close(content);
    }
    while (at < end && *at != '\r') {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) {
            break;
        }
        at = line_end + 1;
    }
    n->about = in_memory(n->header, (size_t)(at - n->header));
}

/* ---- how it is written ------------------------------------------------------------------ */

static void describe_header(struct notice *n, const struct queue *queue,
                            const struct envelope *about, const char *id)
{
    const char *name = queue->options->name;
    snprintf(n->postmaster, sizeof n->postmaster, "postmaster@%s", name);
    snprintf(n->id, sizeof n->id, "<%s@%s>", id, name);
    n->from.name = text_bytes("Mail Delivery System");
    n->from.address = text_bytes(n->postmaster);
    n->to.address = text_bytes(about->from);
    n->fields[FROM] = (mailproto_compose_field){.name = text_bytes("From"),
                                                .kind = MAILPROTO_COMPOSE_ADDRESSES,
                                                .addresses = &n->from,
                                                .count = 1};
    n->fields[TO] = (mailproto_compose_field){.name = text_bytes("To"),
                                              .kind = MAILPROTO_COMPOSE_ADDRESSES,
                                              .addresses = &n->to,
                                              .count = 1};
    n->fields[SUBJECT] = (mailproto_compose_field){
        .name = text_bytes("Subject"),
        .text = text_bytes("Your message could not be delivered")};
    n->fields[MESSAGE_ID] = (mailproto_compose_field){.name = text_bytes("Message-ID"),
                                                      .kind = MAILPROTO_COMPOSE_IDS,
                                                      .text = text_bytes(n->id)};
    n->fields[AUTO_SUBMITTED] =
        (mailproto_compose_field){.name = text_bytes("Auto-Submitted"), /* RFC 3834 5 */
                                  .kind = MAILPROTO_COMPOSE_RAW,
                                  .text = text_bytes("auto-replied")};
}

/* RFC 6522 3; where the message may hold UTF-8 in its header, RFC 6533 4. */
static void describe_parts(struct notice *n, const struct envelope *about)
{
    n->parts[WHOLE] =
        (mailproto_compose_part){.parent = MAILPROTO_COMPOSE_ROOT,
                                 .type = text_bytes("multipart/report"),
                                 .params = text_bytes("report-type=delivery-status")};
    n->parts[FOR_PEOPLE] = (mailproto_compose_part){.type = text_bytes("text/plain"),
                                                    .content = &n->people};
    n->parts[FOR_PROGRAMS] = (mailproto_compose_part){
        .type = text_bytes("message/delivery-status"), .content = &n->programs};
    n->parts[ABOUT] = (mailproto_compose_part){
        .type =
            text_bytes(about->utf8 ? "message/global-headers" : "text/rfc822-headers"),
        .content = &n->about};
}

static int describe(struct notice *n, const struct queue *queue,
                    const struct envelope *about, const char *id)
{
    if (getrandom(n->unique, sizeof n->unique, 0) != (ssize_t)sizeof n->unique ||
        write_text(n, queue, about) < 0 || describe_failures(n, queue, about) < 0) {
        return -1;
    }
    read_header(n, queue, about);
    describe_header(n, queue, about, id);
    describe_parts(n, about);
    n->options = (mailproto_compose_options){
        .struct_size = sizeof n->options,
        /* It goes the way that the message came. */
        .flags = about->utf8 ? MAILPROTO_COMPOSE_8BIT | MAILPROTO_COMPOSE_UTF8 : 0,
        .cpu = mailproto_cpu(),
        .fields = n->fields,
        .field_count = FIELDS,
        .parts = n->parts,
        .part_count = PARTS,
        .unique = {n->unique, sizeof n->unique},
        .utc = (int64_t)time(NULL)};
    return 0;
}

/* Composes it into a file; tells what it needs of the path. */
static int compose(struct notice *n, int fd, uint32_t *needs)
{
    mailproto_compose_summary summary = {.struct_size = sizeof summary};
    mailproto_compose *composer;
    mailproto_status st =
        mailproto_compose_init(n->work, sizeof n->work, &n->options, &composer);
    if (st != MAILPROTO_OK ||
        mailproto_compose_measure(composer, &summary) != MAILPROTO_OK) {
        return -1;
    }
    *needs = summary.flags;
    for (;;) {
        char out[8192];
        size_t got;
        st = mailproto_compose_read(composer, out, sizeof out, &got);
        if (st != MAILPROTO_OK) {
            return st == MAILPROTO_EOF && fsync(fd) == 0 ? 0 : -1;
        }
        if (file_write(fd, out, got) < 0) {
            return -1;
        }
    }
}

static int write_content(const struct queue *queue, const struct envelope *about,
                         struct envelope *bounce)
{
    struct notice *n = calloc(1, sizeof *n);
    int fd = n == NULL ? -1 : store_create(&queue->store, bounce->id);
    uint32_t needs = 0;
    int result = -1;
    if (fd >= 0) {
        result = describe(n, queue, about, bounce->id);
        result = result < 0 ? result : compose(n, fd, &needs);
        close(fd);
    }
    bounce->body = (needs & MAILPROTO_COMPOSE_NEEDS_8BIT) ? MAILPROTO_SMTP_BODY_8BITMIME
                                                          : MAILPROTO_SMTP_BODY_NONE;
    bounce->utf8 = (needs & MAILPROTO_COMPOSE_NEEDS_UTF8) != 0;
    if (n != NULL) {
        free(n->recipients);
        free(n->text);
        free(n);
    }
    return result;
}

int bounce_write(const struct queue *queue, const struct envelope *about,
                 struct envelope *bounce)
{
    envelope_init(bounce);
    int len = snprintf(bounce->id, sizeof bounce->id, "%.36s-B%lu", about->id,
                       (unsigned long)about->attempts);
    bounce->arrived = (int64_t)time(NULL);
    bounce->next_try = bounce->arrived;
    store_discard(&queue->store, bounce->id);
    /* The null reverse-path: nothing ever comes back from it (RFC 5321 4.5.5). */
    if (len < 0 || envelope_from(bounce, text_bytes("")) < 0 ||
        envelope_add(bounce, text_bytes(about->from)) < 0 ||
        write_content(queue, about, bounce) < 0 ||
        store_add(&queue->store, bounce, bounce->id) < 0 ||
        store_sync(&queue->store) < 0) {
        store_discard(&queue->store, bounce->id);
        envelope_free(bounce);
        return -1;
    }
    store_discard(&queue->store, bounce->id);
    return 0;
}
