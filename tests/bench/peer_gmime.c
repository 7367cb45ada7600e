/*
 * GMime 3 at the benchmark's work.
 */
#include "bench.h"

#include <gmime/gmime.h>
#include <string.h>

enum { PIECE = 16384 };

/* A stream on the item's own bytes: it is only read. */
static GMimeMessage *parse(const struct item *item, GByteArray *bytes)
{
    GMimeStream *stream;
    GMimeParser *parser;
    GMimeMessage *message;
    bytes->data = (guint8 *)(uintptr_t)item->at;
    bytes->len = (guint)item->len;
    stream = g_mime_stream_mem_new_with_byte_array(bytes);
    g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
    parser = g_mime_parser_new_with_stream(stream);
    g_mime_parser_set_persist_stream(parser, TRUE);
    message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(parser);
    g_object_unref(stream);
    return message;
}

static void header(const struct item *item, struct found *f)
{
    static const GMimeAddressType types[] = {
        GMIME_ADDRESS_TYPE_FROM, GMIME_ADDRESS_TYPE_TO, GMIME_ADDRESS_TYPE_CC};
    GByteArray bytes;
    GMimeMessage *m = parse(item, &bytes);
    GDateTime *date;
    size_t i;
    if (m == NULL) {
        return;
    }
    f->fields += (uint64_t)g_mime_header_list_get_count(
        g_mime_object_get_header_list(GMIME_OBJECT(m)));
    if (g_mime_message_get_mime_part(m) != NULL) { /* it holds the Content- fields */
        f->fields += (uint64_t)g_mime_header_list_get_count(
            g_mime_object_get_header_list(g_mime_message_get_mime_part(m)));
    }
    for (i = 0; i < 3; i++) {
        f->addresses += (uint64_t)internet_address_list_length(
            g_mime_message_get_addresses(m, types[i]));
    }
    date = g_mime_message_get_date(m);
    f->dates += date != NULL ? (uint64_t)g_date_time_to_unix(date) : 0;
    g_object_unref(m);
}

static void count(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    (void)parent;
    ((struct found *)data)->leaves += GMIME_IS_PART(part) ? 1 : 0;
}

static void structure(const struct item *item, struct found *f)
{
    GByteArray bytes;
    GMimeMessage *m = parse(item, &bytes);
    if (m != NULL) {
        g_mime_message_foreach(m, count, f);
        g_object_unref(m);
    }
}

static void decode(GMimeObject *parent, GMimeObject *part, gpointer data)
{
    struct found *f = (struct found *)data;
    GMimeDataWrapper *content;
    GMimeStream *to;
    (void)parent;
    if (!GMIME_IS_PART(part)) {
        return;
    }
    f->leaves++;
    content = g_mime_part_get_content((GMimePart *)part);
    if (content == NULL) {
        return;
    }
    to = f->hashing ? g_mime_stream_mem_new() : g_mime_stream_null_new();
    f->octets +=
        f->hashing ? 0 : (uint64_t)g_mime_data_wrapper_write_to_stream(content, to);
    if (f->hashing) {
        GByteArray *array;
        (void)g_mime_data_wrapper_write_to_stream(content, to);
        array = g_mime_stream_mem_get_byte_array((GMimeStreamMem *)to);
        found_octets(f, array->data, array->len);
    }
    g_object_unref(to);
}

static void full(const struct item *item, struct found *f)
{
    GByteArray bytes;
    GMimeMessage *m = parse(item, &bytes);
    if (m != NULL) {
        g_mime_message_foreach(m, decode, f);
        g_object_unref(m);
    }
}

static void codec(const struct item *item, struct found *f, GMimeContentEncoding what,
                  int encode)
{
    static char out[PIECE * 4 + 1024];
    GMimeEncoding e;
    size_t at;
    size_t n;
    if (encode) {
        g_mime_encoding_init_encode(&e, what);
    } else {
        g_mime_encoding_init_decode(&e, what);
    }
    for (at = 0; at < item->len; at += PIECE) {
        n = item->len - at < PIECE ? item->len - at : PIECE;
        n = g_mime_encoding_step(&e, item->at + at, n, out);
        found_octets(f, out, n);
    }
    n = g_mime_encoding_flush(&e, "", 0, out);
    found_octets(f, out, n);
}

static void base64_decode(const struct item *item, struct found *f)
{
    codec(item, f, GMIME_CONTENT_ENCODING_BASE64, 0);
}

static void base64_encode(const struct item *item, struct found *f)
{
    codec(item, f, GMIME_CONTENT_ENCODING_BASE64, 1);
}

static void qp_decode(const struct item *item, struct found *f)
{
    codec(item, f, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, 0);
}

static void qp_encode(const struct item *item, struct found *f)
{
    codec(item, f, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE, 1);
}

static void words(const struct item *item, struct found *f)
{
    char *text = g_mime_utils_header_decode_text(NULL, item->at);
    found_octets(f, text, strlen(text));
    g_free(text);
}

static const struct peer peer = {"GMime",
                                 "3",
                                 {header, structure, full, base64_decode, base64_encode,
                                  qp_decode, qp_encode, words},
                                 g_mime_init};

const struct peer *peer_gmime(void)
{
    return &peer;
}
