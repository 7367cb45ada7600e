/*
 * Memory: large messages made on the fly go through parser and decoder in pieces, and
 * allocations are counted. Knows what an application must hold. Exit code 1: a message
 * was read wrongly, or something was allocated.
 */
#include <mailproto/mailproto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PIECE = 2048, OUT = 2048, LIMIT = 16384 };

/* All that is in use while a message is read. */
static struct {
    char block[MAILPROTO_MESSAGE_MEM(2048, 1024, 32)];
    mailproto_codec codec;
    char in[PIECE];
    char out[OUT];
} held;

typedef char fits[sizeof held <= LIMIT ? 1 : -1];

/* The library's five functions from outside are mem*: none can allocate. What is counted
 * here is that nobody else does while a message is read. */
static uint64_t allocations;
#if defined(__GLIBC__)
extern void *__libc_malloc(size_t size);
void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}
#endif

static const char head[] =
    "From: a@example.com\r\nDate: Sun, 01 Nov 2026 00:00:00 +0000\r\n"
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n"
    "--b1\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
    "--b1\r\nContent-Type: application/zip\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n";
static const char line[] =
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n";
static const char tail[] = "\r\n--b1--\r\n";

/* Octets [at, at + n) of a message of `lines` lines. */
static size_t make(uint64_t at, uint64_t lines, char *to, size_t n)
{
    const uint64_t body = lines * (sizeof line - 1);
    size_t i;
    for (i = 0; i < n; i++, at++) {
        if (at < sizeof head - 1) {
            to[i] = head[at];
        } else if (at - (sizeof head - 1) < body) {
            to[i] = line[(at - (sizeof head - 1)) % (sizeof line - 1)];
        } else if (at - (sizeof head - 1) - body < sizeof tail - 1) {
            to[i] = tail[at - (sizeof head - 1) - body];
        } else {
            break;
        }
    }
    return i;
}

static uint64_t decode(mailproto_bytes raw, uint32_t flags)
{
    uint64_t octets = 0;
    mailproto_status st;
    do {
        size_t used;
        size_t got;
        st = mailproto_codec_run(&held.codec, raw.ptr, raw.len, &used, held.out, OUT,
                                 &got, flags);
        raw.ptr += used;
        raw.len -= used;
        octets += got;
    } while (st == MAILPROTO_AGAIN);
    return octets;
}

static uint64_t read_message(uint64_t lines)
{
    mailproto_message_options options;
    mailproto_message_event ev;
    mailproto_message *m;
    uint64_t at = 0;
    uint64_t octets = 0;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.hold_size = 2048;
    options.boundary_size = 1024;
    options.max_depth = 32;
    if (mailproto_message_init(held.block, sizeof held.block, &options, &m) !=
        MAILPROTO_OK) {
        return 0;
    }
    for (;;) {
        mailproto_status st = mailproto_message_next_event(m, &ev);
        if (st == MAILPROTO_AGAIN) {
            size_t n = make(at, lines, held.in, PIECE);
            at += n;
            (void)(n > 0 ? mailproto_message_feed(m, held.in, n)
                         : mailproto_message_feed_eof(m));
        } else if (st != MAILPROTO_OK) {
            return octets;
        } else if (ev.type == MAILPROTO_MESSAGE_HEADERS_END) {
            (void)mailproto_decoder_init(&held.codec, ev.encoding, 0);
        } else if (ev.type == MAILPROTO_MESSAGE_BODY) {
            octets += decode(ev.raw, 0);
        } else if (ev.type == MAILPROTO_MESSAGE_PART_END) {
            octets += decode(ev.raw, MAILPROTO_CODEC_FINAL);
        }
    }
}

int main(void)
{
    static const uint64_t sizes[] = {25000000, 1000000000};
    size_t i;
    int bad = 0;
    (void)fflush(stdout);
    for (i = 0; i < 2; i++) {
        uint64_t lines = sizes[i] / (sizeof line - 1);
        uint64_t before = allocations;
        clock_t start = clock();
        uint64_t octets = read_message(lines);
        double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
        uint64_t during = allocations - before;
        uint64_t expected = lines * 57 + sizeof "See below." - 1;
        (void)printf("memory   %4.0f MB  %zu octets of state and buffers (limit %d), "
                     "%llu allocations, decoded %s, %.1f s with making it\n",
                     (double)sizes[i] / 1e6, sizeof held, (int)LIMIT,
                     (unsigned long long)during,
                     octets == expected ? "whole" : "WRONGLY", seconds);
        bad |= octets != expected || during != 0;
    }
    return bad;
}
