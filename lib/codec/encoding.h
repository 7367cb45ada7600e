/*
 * The names of transfer encodings, for those who tell what is wrong with one.
 */
#ifndef MAILPROTO_CODEC_ENCODING_H
#define MAILPROTO_CODEC_ENCODING_H

#include <mailproto/codec.h>

/* mailproto_encoding_find(); sets `odd` where something stands behind the encoding that
 * is passed over. */
uint32_t mailproto__encoding_find(mailproto_bytes name, int *odd);

#endif /* MAILPROTO_CODEC_ENCODING_H */
