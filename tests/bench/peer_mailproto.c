/*
 * The library at the benchmark's work, as an application would use it: spans of events,
 * one decoder, one output buffer. Must not take short cuts that an application could not.
 */
#include "bench.h"

#include <mailproto/mailproto.h>

#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096, OUT = 16384 };

static char block[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
static unsigned char out[OUT];

static mailproto_bytes bytes(const char *at, size_t len)
{
    mailproto_bytes b;
    b.ptr = at;
    b.len = len;
    return b;
}

/* ---- messages ------------------------------------------------------------------------- */

struct feed {
    const char *at;
    size_t left, piece;
};

/* The next event, fed as the test asks. */
static int next_event(mailproto_message *m, struct feed *f, mailproto_message_event *ev)
{
    mailproto_status st = mailproto_message_next_event(m, ev);
    while (st == MAILPROTO_AGAIN) {
        size_t n = f->left < f->piece ? f->left : f->piece;
        if (n > 0) {
            (void)mailproto_message_feed(m, f->at, n);
            f->at += n;
            f->left -= n;
        }
        if (f->left == 0) {
            (void)mailproto_message_feed_eof(m);
        }
        st = mailproto_message_next_event(m, ev);
    }
    return st == MAILPROTO_OK;
}

static mailproto_message *begin(const struct item *item, struct feed *f, size_t piece,
                                uint32_t cpu, uint64_t fields)
{
    mailproto_message_options options;
    mailproto_message *m;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.cpu = cpu;
    options.fields = fields;
    f->at = item->at;
    f->left = item->len;
    f->piece = piece;
    if (mailproto_message_init(block, sizeof block, &options, &m) != MAILPROTO_OK) {
        abort();
    }
    return m;
}

static void addresses(mailproto_bytes value, struct found *f)
{
    mailproto_value v;
    mailproto_address a;
    a.struct_size = sizeof a;
    (void)mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL);
    while (mailproto_address_next(&v, &a) == MAILPROTO_OK) {
        f->addresses += a.type == MAILPROTO_ADDRESS_MAILBOX;
    }
}

/* A field longer than `hold_size` that pieces cut comes in several events; whoever wants
 * its value joins them. 1: `ev->value` is whole. */
static char joined[1 << 20];
static size_t joined_len;

static int join(mailproto_message_event *ev)
{
    int more = (ev->flags & MAILPROTO_MESSAGE_MORE) != 0;
    if (!more && joined_len == 0) {
        return 1; /* as nearly all are */
    }
    if (ev->value.len > sizeof joined - joined_len) {
        abort();
    }
    memcpy(joined + joined_len, ev->value.ptr, ev->value.len);
    joined_len += ev->value.len;
    if (!more) {
        ev->value = bytes(joined, joined_len);
        joined_len = 0;
    }
    return !more;
}

static void header(const struct item *item, struct found *f, size_t piece, uint32_t cpu)
{
    struct feed feed;
    mailproto_message_event ev;
    mailproto_message *m = begin(item, &feed, piece, cpu, 0);
    while (next_event(m, &feed, &ev)) {
        if (ev.type != MAILPROTO_MESSAGE_FIELD) {
            continue;
        }
        f->fields += ev.name.len > 0;
        if (!join(&ev)) {
            continue;
        }
        if (ev.code == MAILPROTO_FIELD_FROM || ev.code == MAILPROTO_FIELD_TO ||
            ev.code == MAILPROTO_FIELD_CC) {
            addresses(ev.value, f);
        } else if (ev.code == MAILPROTO_FIELD_DATE) {
            mailproto_date date;
            date.struct_size = sizeof date;
            if (mailproto_date_parse(ev.value, 0, NULL, &date) == MAILPROTO_OK) {
                f->dates += (uint64_t)date.utc;
            }
        }
    }
}

static void structure(const struct item *item, struct found *f, size_t piece,
                      uint32_t cpu)
{
    struct feed feed;
    mailproto_message_event ev;
    mailproto_message *m = begin(item, &feed, piece, cpu, MAILPROTO_FIELDS_OF_PART);
    while (next_event(m, &feed, &ev)) {
        f->leaves += ev.type == MAILPROTO_MESSAGE_HEADERS_END &&
                     (ev.code < MAILPROTO_MEDIA_MULTIPART ||
                      ev.code >= MAILPROTO_MEDIA_DELIVERY_STATUS ||
                      (ev.flags & MAILPROTO_MESSAGE_OPAQUE) != 0);
    }
}

static void run(mailproto_codec *c, mailproto_bytes raw, uint32_t flags,
                struct found *f)
{
    mailproto_status st;
    do {
        size_t used;
        size_t got;
        st = mailproto_codec_run(c, raw.ptr, raw.len, &used, out, sizeof out, &got,
                                 flags);
        found_octets(f, out, got);
        raw.ptr += used;
        raw.len -= used;
    } while (st == MAILPROTO_AGAIN);
}

static void full(const struct item *item, struct found *f, size_t piece, uint32_t cpu)
{
    struct feed feed;
    mailproto_message_event ev;
    mailproto_codec codec;
    mailproto_message *m = begin(item, &feed, piece, cpu, 0);
    int leaf = 0;
    while (next_event(m, &feed, &ev)) {
        switch (ev.type) {
        case MAILPROTO_MESSAGE_HEADERS_END:
            if (ev.encoding == MAILPROTO_ENCODING_UNKNOWN) {
                ev.encoding = MAILPROTO_ENCODING_BINARY;
            }
            leaf = 0;
            (void)mailproto_decoder_init(&codec, ev.encoding, cpu);
            break;
        case MAILPROTO_MESSAGE_BODY:
            leaf = 1;
            run(&codec, ev.raw, 0, f);
            break;
        case MAILPROTO_MESSAGE_PART_END:
            if (leaf) {
                run(&codec, bytes("", 0), MAILPROTO_CODEC_FINAL, f);
                f->leaves++;
            }
            leaf = 0;
            break;
        default:
            break;
        }
    }
}

/* ---- codecs ----------------------------------------------------------------------------- */

static void codec(const struct item *item, struct found *f, size_t piece,
                  uint32_t encoding, int decode, uint32_t flags)
{
    mailproto_codec c;
    size_t at;
    (void)(decode ? mailproto_decoder_init(&c, encoding, flags)
                  : mailproto_encoder_init(&c, encoding, flags));
    for (at = 0; at < item->len; at += piece) {
        size_t n = item->len - at < piece ? item->len - at : piece;
        run(&c, bytes(item->at + at, n),
            at + n == item->len ? (uint32_t)MAILPROTO_CODEC_FINAL : 0U, f);
    }
}

static void words(const struct item *item, struct found *f)
{
    size_t len;
    (void)mailproto_words_decode(bytes(item->at, item->len), 0, NULL, out, sizeof out,
                                 &len);
    found_octets(f, out, len);
}

/* ---- the three ---------------------------------------------------------------------------- */

#define WHOLE ((size_t)1 << 40)
#define PEER(prefix, piece, cpu)                                                       \
    static void prefix##_header(const struct item *i, struct found *f)                 \
    {                                                                                  \
        header(i, f, piece, cpu);                                                      \
    }                                                                                  \
    static void prefix##_structure(const struct item *i, struct found *f)              \
    {                                                                                  \
        structure(i, f, piece, cpu);                                                   \
    }                                                                                  \
    static void prefix##_full(const struct item *i, struct found *f)                   \
    {                                                                                  \
        full(i, f, piece, cpu);                                                        \
    }                                                                                  \
    static void prefix##_base64_decode(const struct item *i, struct found *f)          \
    {                                                                                  \
        codec(i, f, piece, MAILPROTO_ENCODING_BASE64, 1, cpu);                         \
    }                                                                                  \
    static void prefix##_base64_encode(const struct item *i, struct found *f)          \
    {                                                                                  \
        codec(i, f, piece, MAILPROTO_ENCODING_BASE64, 0, MAILPROTO_CODEC_LINES | cpu); \
    }                                                                                  \
    static void prefix##_qp_decode(const struct item *i, struct found *f)              \
    {                                                                                  \
        codec(i, f, piece, MAILPROTO_ENCODING_QP, 1, cpu);                             \
    }                                                                                  \
    static void prefix##_qp_encode(const struct item *i, struct found *f)              \
    {                                                                                  \
        codec(i, f, piece, MAILPROTO_ENCODING_QP, 0, MAILPROTO_CODEC_TEXT | cpu);      \
    }
#define RUNS(prefix)                                                                   \
    {                                                                                  \
        prefix##_header, prefix##_structure, prefix##_full, prefix##_base64_decode,    \
            prefix##_base64_encode, prefix##_qp_decode, prefix##_qp_encode, words      \
    }

static uint32_t the_cpu; /* mailproto_cpu() */

static void ask_cpu(void)
{
    the_cpu = mailproto_cpu();
}

PEER(portable, WHOLE, 0)
PEER(vector, WHOLE, the_cpu)
PEER(pieces, PIECE, 0)

const struct peer peer_portable = {"mailproto", "", RUNS(portable), NULL};
const struct peer peer_vector = {"+ vector", "", RUNS(vector), ask_cpu};
const struct peer peer_pieces = {"4 KB pieces", "", RUNS(pieces), NULL};
