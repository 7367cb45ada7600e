/**
 * @file codec.h
 * Transfer encodings as streaming state machines: the same result wherever the input
 * is cut. Base64 (RFC 4648 4, RFC 2045 6.8) so far.
 *
 * @code
 * mailproto_codec c;
 * size_t used, got;
 * mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, 0);
 * st = mailproto_codec_run(&c, in, in_len, &used, out, sizeof out, &got,
 *                          MAILPROTO_CODEC_FINAL);
 * @endcode
 */
#ifndef MAILPROTO_CODEC_H
#define MAILPROTO_CODEC_H

#include <mailproto/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The state of one encoder or decoder; held by the caller, nothing to release. */
typedef struct mailproto_codec {
    uint64_t opaque[6]; /**< the library's */
} mailproto_codec;

/** Transfer encodings. */
enum {
    MAILPROTO_ENCODING_7BIT = 1,   /**< RFC 2045 2.7; not a codec */
    MAILPROTO_ENCODING_8BIT = 2,   /**< RFC 2045 2.8; not a codec */
    MAILPROTO_ENCODING_BINARY = 3, /**< RFC 2045 2.9; not a codec */
    MAILPROTO_ENCODING_BASE64 = 5  /**< RFC 4648 4 */
};

/** Flags of the codecs. */
enum {
    /** Decoder: anything but the canonical form is ::MAILPROTO_ERR_SYNTAX (no line
     *  ends, no spaces, padding required, unused bits zero: RFC 4648 3.2, 3.3, 3.5). */
    MAILPROTO_CODEC_STRICT = 1,
    /** Encoder: lines of 76 characters ended by CRLF (RFC 2045 6.8). */
    MAILPROTO_CODEC_LINES = 2,
    /** mailproto_codec_run(): this is the end of the input. */
    MAILPROTO_CODEC_FINAL = 4
};

/** Defects a lenient decoder repaired, as bits of mailproto_codec_defects(). */
enum {
    MAILPROTO_CODEC_DEFECT_CHARACTER = 1, /**< a character outside the alphabet */
    MAILPROTO_CODEC_DEFECT_PADDING = 2,   /**< padding missing, too much or too early */
    MAILPROTO_CODEC_DEFECT_BITS = 4       /**< unused bits that are not zero */
};

/**
 * Prepares a decoder.
 * @param c        the state
 * @param encoding ::MAILPROTO_ENCODING_BASE64
 * @param flags    0 or ::MAILPROTO_CODEC_STRICT
 * @return OK, ::MAILPROTO_ERR_ARGUMENT, ::MAILPROTO_ERR_NOT_BUILT
 */
MAILPROTO_API mailproto_status mailproto_decoder_init(mailproto_codec *c,
                                                      uint32_t encoding,
                                                      uint32_t flags);

/**
 * Prepares an encoder.
 * @param c        the state
 * @param encoding ::MAILPROTO_ENCODING_BASE64
 * @param flags    0 or ::MAILPROTO_CODEC_LINES
 * @return OK, ::MAILPROTO_ERR_ARGUMENT, ::MAILPROTO_ERR_NOT_BUILT
 */
MAILPROTO_API mailproto_status mailproto_encoder_init(mailproto_codec *c,
                                                      uint32_t encoding,
                                                      uint32_t flags);

/**
 * Encodes or decodes a piece.
 * @param c       the state
 * @param in      the input; a decoder may work in place (`out` == `in`)
 * @param in_len  its length
 * @param in_used how much was read
 * @param out     the output, which is not terminated
 * @param out_cap its room; 4 bytes at least for progress to be certain
 * @param out_len how much was written
 * @param flags   ::MAILPROTO_CODEC_FINAL with the last piece, repeated until OK
 * @return OK: all input was used; AGAIN: the output is full, call again with the rest;
 *         ::MAILPROTO_ERR_SYNTAX: strict decoder only, `*in_used` is the offset of the
 *         offending character in this piece; sticks
 */
MAILPROTO_API mailproto_status mailproto_codec_run(mailproto_codec *c, const void *in,
                                                   size_t in_len, size_t *in_used,
                                                   void *out, size_t out_cap,
                                                   size_t *out_len, uint32_t flags);

/** MAILPROTO_CODEC_DEFECT_... bits seen so far. */
MAILPROTO_API uint32_t mailproto_codec_defects(const mailproto_codec *c);

/** Offset in the whole input of the first defect; undefined when there is none. */
MAILPROTO_API uint64_t mailproto_codec_defect_offset(const mailproto_codec *c);

/** Length of the base64 form of `len` octets, without line ends; 0 when it would not
 *  fit a size_t. */
MAILPROTO_API size_t mailproto_base64_size(size_t len);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_CODEC_H */
