/**
 * @file codec.h
 * Transfer encodings, charsets, encoded words, UTF-8, format=flowed: streaming state
 * machines in the caller's memory, with the same result wherever the input is cut.
 *
 * @code
 * mailproto_codec c;
 * size_t used, got;
 * mailproto_decoder_init(&c, MAILPROTO_ENCODING_BASE64, mailproto_cpu());
 * do {
 *     st = mailproto_codec_run(&c, in, in_len, &used, out, sizeof out, &got,
 *                              MAILPROTO_CODEC_FINAL);
 *     write(out, got);
 *     in += used; in_len -= used;
 * } while (st == MAILPROTO_AGAIN);
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

/**
 * What this processor can do beyond portable C, asked of it once by the program
 * (microseconds; no state is kept): the codecs' and parsers' `flags` and `cpu` take the
 * value and then use vector instructions where they were built in. Without it they run
 * portable code, with the same result on every input.
 * @return bits within ::MAILPROTO_CPU_MASK; 0: nothing
 */
MAILPROTO_API uint32_t mailproto_cpu(void);
/** The bits of mailproto_cpu(); no codec flag lies in them. */
#define MAILPROTO_CPU_MASK UINT32_C(0xff000000)

/* ---- transfer encodings -------------------------------------------------------- */

/** Transfer encodings. */
enum {
    MAILPROTO_ENCODING_7BIT = 1,   /**< RFC 2045 2.7; as a codec it copies */
    MAILPROTO_ENCODING_8BIT = 2,   /**< RFC 2045 2.8; as a codec it copies */
    MAILPROTO_ENCODING_BINARY = 3, /**< RFC 2045 2.9; as a codec it copies */
    MAILPROTO_ENCODING_QP = 4,     /**< quoted-printable, RFC 2045 6.7 */
    MAILPROTO_ENCODING_BASE64 = 5, /**< RFC 4648 4, RFC 2045 6.8 */
    MAILPROTO_ENCODING_UU = 6,     /**< uuencode (POSIX); decoder only */
    MAILPROTO_ENCODING_YENC = 7,   /**< yEnc 1.3; decoder only */
    MAILPROTO_ENCODING_FLOWED = 8, /**< format=flowed, RFC 3676: decoded, each line is a
                                        paragraph; not a transfer encoding */
    MAILPROTO_ENCODING_UNKNOWN = 255 /**< a name that is none of these (RFC 2045 6.4) */
};

/** The encoding of a Content-Transfer-Encoding value, comments and blanks allowed, in
 *  any case; also x-uuencode, x-uue, uuencode, x-yenc. What follows a `;` does not count:
 *  there are no parameters, but some mail has them. @return
 *  ::MAILPROTO_ENCODING_UNKNOWN for another name, 7BIT for an empty one */
MAILPROTO_API uint32_t mailproto_encoding_find(mailproto_bytes name);

/** The name of an encoding as it is written in a field, "base64"; "" for one that is
 *  none. */
MAILPROTO_API const char *mailproto_encoding_name(uint32_t encoding);

/** Flags of the codecs. */
enum {
    /** Decoder: anything but the canonical form is ::MAILPROTO_ERR_SYNTAX. Base64: no
     *  line ends, no spaces, padding required, unused bits zero (RFC 4648 3.2, 3.3,
     *  3.5); quoted-printable: RFC 2045 6.7, rules 1 to 5; charsets: ill-formed input. */
    MAILPROTO_CODEC_STRICT = 1,
    /** Base64 encoder: lines of 76 characters ended by CRLF (RFC 2045 6.8). */
    MAILPROTO_CODEC_LINES = 2,
    /** mailproto_codec_run(): this is the end of the input. */
    MAILPROTO_CODEC_FINAL = 4,
    /** Quoted-printable encoder: the input is text, its CRLF or LF are line breaks and
     *  stay so (as CRLF); else CR and LF are octets like others and are encoded. */
    MAILPROTO_CODEC_TEXT = 8,
    /** Flowed: with DelSp=yes (RFC 3676 4.1, 4.5). */
    MAILPROTO_CODEC_DELSP = 16
};

/** Defects a lenient decoder repaired, as bits of mailproto_codec_defects(). */
enum {
    MAILPROTO_CODEC_DEFECT_CHARACTER = 1, /**< a character outside the alphabet, or an
                                               ill-formed sequence (a charset): U+FFFD */
    MAILPROTO_CODEC_DEFECT_PADDING = 2,   /**< padding missing, too much or too early */
    MAILPROTO_CODEC_DEFECT_BITS = 4,      /**< unused bits that are not zero */
    MAILPROTO_CODEC_DEFECT_ESCAPE = 8,    /**< `=` that begins no escape: passed on */
    MAILPROTO_CODEC_DEFECT_LINE = 16,     /**< a line longer than allowed, or the length
                                               a uuencoded line states is not its own */
    MAILPROTO_CODEC_DEFECT_SPACE = 32,    /**< blanks at a line's end, dropped (RFC 2045
                                               6.7, rule 3) */
    MAILPROTO_CODEC_DEFECT_MARK = 64,     /**< no `begin`, `=ybegin` or their ends */
    MAILPROTO_CODEC_DEFECT_CHECK = 128    /**< yEnc: size or CRC-32 do not agree */
};

/**
 * Prepares a decoder.
 * @param c        the state
 * @param encoding MAILPROTO_ENCODING_...
 * @param flags    0, ::MAILPROTO_CODEC_STRICT, ::MAILPROTO_CODEC_DELSP, mailproto_cpu()
 * @return OK, ::MAILPROTO_ERR_ARGUMENT, ::MAILPROTO_ERR_NOT_BUILT
 */
MAILPROTO_API mailproto_status mailproto_decoder_init(mailproto_codec *c,
                                                      uint32_t encoding,
                                                      uint32_t flags);

/**
 * Prepares an encoder.
 * @param c        the state
 * @param encoding MAILPROTO_ENCODING_..., but UU and YENC
 * @param flags    0, ::MAILPROTO_CODEC_LINES, _TEXT, _DELSP, mailproto_cpu()
 * @return OK, ::MAILPROTO_ERR_ARGUMENT, ::MAILPROTO_ERR_NOT_BUILT
 */
MAILPROTO_API mailproto_status mailproto_encoder_init(mailproto_codec *c,
                                                      uint32_t encoding,
                                                      uint32_t flags);

/**
 * Encodes or decodes a piece.
 * @param c       the state
 * @param in      the input; decoders of base64, uuencode and yEnc may work in place
 *                (`out` == `in`), that of quoted-printable too if it is given the whole text
 * @param in_len  its length
 * @param in_used how much was read
 * @param out     the output, which is not terminated
 * @param out_cap its room; 8 octets at least for progress to be certain
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

/* ---- UTF-8 ---------------------------------------------------------------------- */

/** Whether all of `text` is well-formed UTF-8 (RFC 3629 4: no surrogates, nothing
 *  overlong or above U+10FFFF). `*at` (or NULL): the offset of the first octet of what
 *  is not. @return 1 or 0 */
MAILPROTO_API int mailproto_utf8_check(mailproto_bytes text, size_t *at);

/** The same for text in pieces: `*state` is 0 at first; `last` 1 with the last piece.
 *  @return 1; 0: ill-formed, sticks */
MAILPROTO_API int mailproto_utf8_check_piece(uint32_t *state, mailproto_bytes piece,
                                             int last);

/* ---- charsets -------------------------------------------------------------------- */

/** Charsets that are built in, by level of the build (CMake MAILPROTO_CHARSETS): 1
 *  UTF-8, US-ASCII, ISO-8859-1, UTF-16, UTF-32, UTF-7; 2 also ISO-8859-2 to -16,
 *  windows-125x, KOI8-R and -U; 3 also the IBM and Mac tables (but not
 *  IBM864, whose lower half differs from ASCII). */

/**
 * The caller's converter for charsets that are not built in (iconv for example). It is
 * given the octets of one text in order.
 */
typedef struct mailproto_charset_converter {
    uint32_t struct_size; /**< sizeof(mailproto_charset_converter) */
    uint32_t reserved;    /**< 0 */
    void *ctx;            /**< handed to `convert` */
    /**
     * Converts a piece to UTF-8. `flags`: ::MAILPROTO_CHARSET_BEGIN with the first piece
     * of a text: forget any state; ::MAILPROTO_CODEC_FINAL with the last. What is
     * incomplete at the end of a piece that is not the last is kept by the converter.
     * @return OK: all input was used; AGAIN: `out` is full, ::MAILPROTO_ERR_NOT_BUILT:
     *         this charset is not known either; ::MAILPROTO_ERR_SYNTAX: ill-formed at
     *         `*in_used`
     */
    mailproto_status (*convert)(void *ctx, mailproto_bytes charset, const void *in,
                                size_t in_len, size_t *in_used, void *out,
                                size_t out_cap, size_t *out_len, uint32_t flags);
} mailproto_charset_converter;

/** A flag of mailproto_charset_converter.convert. */
enum { MAILPROTO_CHARSET_BEGIN = 1 /**< a new text begins */ };

/**
 * Prepares a decoder from a charset to UTF-8 for mailproto_codec_run(). What is
 * ill-formed becomes U+FFFD with a defect, or an error when STRICT.
 * @param c         the state
 * @param charset   its name or an alias in any case (IANA); stays valid while the codec
 *                  is used if a converter is given
 * @param converter for what is not built in, or NULL; stays valid
 * @param flags     0, ::MAILPROTO_CODEC_STRICT, mailproto_cpu()
 * @return OK; ::MAILPROTO_ERR_NOT_BUILT (not known, and no converter);
 *         ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status
mailproto_charset_init(mailproto_codec *c, mailproto_bytes charset,
                       const mailproto_charset_converter *converter, uint32_t flags);

/** Whether a charset is built in. @return 1 or 0 */
MAILPROTO_API int mailproto_charset_known(mailproto_bytes charset);

/* ---- encoded words (RFC 2047) ------------------------------------------------------ */

/** The state of a decoder of encoded words; nothing to release. */
typedef struct mailproto_words {
    uint64_t opaque[24]; /**< the library's */
} mailproto_words;

/** Flags of encoded words. */
enum {
    /** Only what RFC 2047 allows is a word: alone between blanks, 75 characters, no
     *  blanks inside. Else also what mail holds: words inside other text, longer, with
     *  blanks in Q, with a language (RFC 2231 5). */
    MAILPROTO_WORDS_STRICT = 1,
    /** The value is a phrase (a display name, RFC 2047 5 (3)): quoted strings lose their
     *  quotes, comments are left as they are. */
    MAILPROTO_WORDS_PHRASE = 2,
    /** Octets above 127 outside words that are no UTF-8 are taken as windows-1252, not
     *  replaced by U+FFFD. */
    MAILPROTO_WORDS_GUESS = 8,
    /** All octets above 127 outside words are taken as windows-1252: mailproto_text_decode()
     *  and mailproto_address_display(), which have the whole value, find out by themselves
     *  that it is text of another charset, in which some octets happen to be UTF-8; what
     *  reads in pieces (the matcher of IMAP's SEARCH) does not. */
    MAILPROTO_WORDS_LATIN = 16
};

/** Prepares a decoder. `converter` NULL: built-in charsets only; else it stays valid.
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_words_init(
    mailproto_words *w, uint32_t flags, const mailproto_charset_converter *converter);

/**
 * Decodes a piece of an unstructured value to UTF-8: folds become what stands around
 * them (RFC 5322 2.2.3), white space between adjacent words goes (RFC 2047 6.2), their
 * octets are joined before the charset is decoded. A word whose charset or encoding is
 * unknown stays as it is; UTF-7 counts as unknown here, and no converter is asked about
 * it. Controls (below 32 but HT, and 127) that come out of words, and line ends that are
 * no folds, become spaces, with ::MAILPROTO_CODEC_DEFECT_CHARACTER. Those from U+0080 to
 * U+009F stay, with that defect: terminals obey them. U+2028 and U+2029 are text. What RFC
 * 2047 2 forbids inside a word is decoded all the same: blanks (CHARACTER), characters
 * behind padding (PADDING), more than 75 characters (LINE).
 * @param w       the state
 * @param in      the piece
 * @param in_len  its length
 * @param in_used octets taken: without FINAL what may be the beginning of a word (up to
 *                998 octets) or of a fold is left; give it again with what follows
 * @param out     UTF-8; three octets for one of the input suffice with the built-in
 *                charsets
 * @param out_cap its room; 16 octets at least for progress to be certain
 * @param out_len octets written
 * @param flags   0 or ::MAILPROTO_CODEC_FINAL
 * @return OK: all that can be taken was; AGAIN: `out` is full; what the converter said
 */
MAILPROTO_API mailproto_status mailproto_words_run(mailproto_words *w, const void *in,
                                                   size_t in_len, size_t *in_used,
                                                   void *out, size_t out_cap,
                                                   size_t *out_len, uint32_t flags);

/** MAILPROTO_CODEC_DEFECT_... bits seen so far. */
MAILPROTO_API uint32_t mailproto_words_defects(const mailproto_words *w);

/** Offset in the whole input of the first defect of a kind: the octet, or the `=?` of the
 *  word, if what was decoded from it is at fault. @param w the state @param defect one bit
 *  of mailproto_words_defects() @return UINT64_MAX: there was none */
MAILPROTO_API uint64_t mailproto_words_defect_offset(const mailproto_words *w,
                                                     uint32_t defect);

/**
 * The same for a whole value: an unstructured field (Subject) or, with
 * ::MAILPROTO_WORDS_PHRASE, a display name. It tells no defects: who wants them runs a
 * decoder over the value.
 * @param value     as in the message, folds included
 * @param flags     MAILPROTO_WORDS_...
 * @param converter or NULL
 * @param out       UTF-8, not terminated
 * @param cap       its room
 * @param len       octets of the whole text, also when they did not fit
 * @return OK; ::MAILPROTO_ERR_TOO_LONG: the beginning was written, cut at a character
 */
MAILPROTO_API mailproto_status mailproto_words_decode(
    mailproto_bytes value, uint32_t flags, const mailproto_charset_converter *converter,
    void *out, size_t cap, size_t *len);

/**
 * Writes UTF-8 text as the value of a field, folded at 78 (RFC 5322 2.2.3) and never over
 * 998: as it is where it is ASCII, else as encoded words in UTF-8, Q or B, whichever is
 * shorter, cut between characters (RFC 2047 2, 5).
 * @param text   UTF-8 without CR, LF, NUL or other controls but HT
 * @param flags  0, or ::MAILPROTO_WORDS_PHRASE: a display name, quoted where it must be
 * @param column where the value begins in its line; the column behind it comes back
 * @param out    not terminated
 * @param cap    its room; 8 octets for one of the text and 64 suffice
 * @param len    octets written
 * @return OK; ::MAILPROTO_ERR_ARGUMENT (a control, ill-formed UTF-8);
 *         ::MAILPROTO_ERR_TOO_LONG
 */
MAILPROTO_API mailproto_status mailproto_words_encode(mailproto_bytes text,
                                                      uint32_t flags, uint32_t *column,
                                                      void *out, size_t cap,
                                                      size_t *len);

/* ---- base64 at once ---------------------------------------------------------------- */

/** Length of the base64 form of `len` octets, without line ends; 0 when it would not
 *  fit a size_t. */
MAILPROTO_API size_t mailproto_base64_size(size_t len);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_CODEC_H */
