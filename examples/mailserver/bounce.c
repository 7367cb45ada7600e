/* Mail that goes back: see bounce.h. */
#include "bounce.h"
#include "text.h"

#include <fcntl.h>
#include <mailproto/smtp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How much is shown of the header of the message it is about. */
enum { HEADER_MAX = 8192 };

/* RFC 5322 3.3, in UTC; the names must not follow a locale. */
static void put_date(FILE *out)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t = {0};
    gmtime_r(&now, &t);
    fprintf(out, "Date: %s, %d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday % 7],
            t.tm_mday, months[t.tm_mon % 12], t.tm_year + 1900, t.tm_hour, t.tm_min,
            t.tm_sec);
}

/* Octets of a text that may hold UTF-8 (RFC 6531), or must not. */
static void put_text(FILE *out, const char *text, size_t len, int utf8)
{
    for (size_t i = 0; i < len; i++) {
        putc(!utf8 && ((unsigned char)text[i] & 0x80) ? '?' : text[i], out);
    }
}

static void put_header(FILE *out, const struct queue *queue,
                       const struct envelope *about, const char *id)
{
    const char *name = queue->options->name;
    fprintf(out, "From: Mail Delivery System <postmaster@%s>\r\nTo: <", name);
    put_text(out, about->from, strlen(about->from), about->utf8);
    fprintf(out, ">\r\nSubject: Your message could not be delivered\r\n");
    put_date(out);
    fprintf(out,
            "Message-ID: <%s@%s>\r\n"
            "Auto-Submitted: auto-replied\r\n" /* RFC 3834 5 */
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=%s\r\n"
            "Content-Transfer-Encoding: %s\r\n\r\n",
            id, name, about->utf8 ? "utf-8" : "us-ascii",
            about->utf8 ? "8bit" : "7bit");
}

static void put_failures(FILE *out, const struct queue *queue,
                         const struct envelope *about)
{
    fprintf(out,
            "This is the mail server of %s.\r\n\r\n"
            "Your message could not be delivered to:\r\n\r\n",
            queue->options->name);
    for (size_t i = 0; i < about->count; i++) {
        const struct recipient *r = &about->recipients[i];
        if (r->state == RECIPIENT_FAILED) {
            fprintf(out, "  <");
            put_text(out, r->mailbox, strlen(r->mailbox), about->utf8);
            fprintf(out, ">\r\n    %s\r\n", r->said == NULL ? "refused" : r->said);
        }
    }
    fprintf(out,
            "\r\nThere will be no further attempt. The message began with:\r\n\r\n");
}

/* The header of the message, each line set off. It holds CRLF only, and no line of it is
   longer than a line may be: it came in by SMTP. */
static void put_original(FILE *out, int content, int utf8)
{
    char text[HEADER_MAX];
    ssize_t n = content < 0 ? 0 : pread(content, text, sizeof text, 0);
    const char *at = text;
    const char *end = text + (n < 0 ? 0 : n);
    while (at < end && *at != '\r') {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL || line_end - at > 900) {
            break;
        }
        fprintf(out, "  ");
        put_text(out, at, (size_t)(line_end + 1 - at), utf8);
        at = line_end + 1;
    }
}

static int write_content(const struct queue *queue, const struct envelope *about,
                         const char *id)
{
    int fd = store_create(&queue->store, id);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    put_header(out, queue, about, id);
    put_failures(out, queue, about);
    int content = store_content(&queue->store, about->id);
    put_original(out, content, about->utf8);
    if (content >= 0) {
        close(content);
    }
    int bad = ferror(out) || fflush(out) != 0 || fsync(fd) < 0;
    bad |= fclose(out) != 0;
    return bad ? -1 : 0;
}

int bounce_write(const struct queue *queue, const struct envelope *about,
                 struct envelope *bounce)
{
    envelope_init(bounce);
    int len = snprintf(bounce->id, sizeof bounce->id, "%.36s-B%lu", about->id,
                       (unsigned long)about->attempts);
    bounce->arrived = (int64_t)time(NULL);
    bounce->next_try = bounce->arrived;
    bounce->body =
        about->utf8 ? MAILPROTO_SMTP_BODY_8BITMIME : MAILPROTO_SMTP_BODY_NONE;
    bounce->utf8 = about->utf8;
    store_discard(&queue->store, bounce->id);
    /* The null reverse-path: nothing ever comes back from it (RFC 5321 4.5.5). */
    if (len < 0 || envelope_from(bounce, text_bytes("")) < 0 ||
        envelope_add(bounce, text_bytes(about->from)) < 0 ||
        write_content(queue, about, bounce->id) < 0 ||
        store_add(&queue->store, bounce, bounce->id) < 0 ||
        store_sync(&queue->store) < 0) {
        store_discard(&queue->store, bounce->id);
        envelope_free(bounce);
        return -1;
    }
    store_discard(&queue->store, bounce->id);
    return 0;
}
