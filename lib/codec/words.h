/*
 * The state of a decoder of encoded words, and what words.c asks of word.c.
 */
#ifndef MAILPROTO_CODEC_WORDS_H
#define MAILPROTO_CODEC_WORDS_H

#include "codec/charset.h"

enum {
    MAILPROTO__WORD_MAX = 998,  /* RFC 5322 2.1.1: no line is longer */
    MAILPROTO__WORD_NAME = 40,  /* RFC 2978 2.3: names of charsets */
    MAILPROTO__WORD_DEFECTS = 5 /* kinds: CHARACTER, PADDING, BITS, ESCAPE, LINE */
};

/* What lies in mailproto_words. */
struct mailproto__words {
    struct mailproto__codec charset; /* of the words that are being joined */
    const mailproto_charset_converter *converter;
    uint64_t offset; /* of the input, at the start of this piece */
    uint64_t word;   /* of the word that was entered last */
    uint64_t defect_offset[MAILPROTO__WORD_DEFECTS]; /* by the number of the bit */
    uint32_t defects;
    uint32_t depth;                  /* of comments */
    char name[MAILPROTO__WORD_NAME]; /* of a charset that is not built in */
    unsigned char held[8];           /* decoded octets that are not yet converted */
    uint8_t held_len;
    uint8_t name_len;
    uint8_t id;      /* MAILPROTO__CHARSET_...; 0: the converter's */
    uint8_t flags;   /* MAILPROTO_WORDS_... */
    uint8_t in_word; /* in the text of a word */
    uint8_t joined;  /* in or behind a word: `charset` is in use */
    uint8_t base64;  /* the word is B, else Q */
    uint8_t phase;   /* B: characters of the group */
    uint8_t bits;    /* B: bits not yet given out */
    uint8_t before;  /* a blank or nothing stands before */
    uint8_t quoted;  /* in a quoted string */
    uint8_t escaped; /* behind a backslash */
};

typedef char mailproto__words_fit
    [sizeof(struct mailproto__words) <= sizeof(mailproto_words) ? 1 : -1];

/* Something is not as it should be, at an offset of the whole input. The least one of a
 * kind is kept, so that the order in which defects are seen does not show. */
void mailproto__words_flaw(struct mailproto__words *w, uint32_t what, uint64_t at);

/* A charset that can be decoded: a built-in one, or a name the converter knows. */
struct mailproto__words_charset {
    unsigned id;
    mailproto_bytes name;
};

/* Whether a charset can be decoded. */
enum mailproto__words_known {
    MAILPROTO__WORDS_UNKNOWN, /* nobody knows it */
    MAILPROTO__WORDS_KNOWN,
    MAILPROTO__WORDS_ASK /* the converter is to be asked */
};

/* Finds it, without its language. */
enum mailproto__words_known
mailproto__words_find(const struct mailproto__words *w, mailproto_bytes name,
                      struct mailproto__words_charset *charset);

/* Asks the converter: 1, or 0. It forgets what it has of a text by that: one that is being
 * joined must have ended. */
int mailproto__words_ask(const struct mailproto__words *w,
                         const struct mailproto__words_charset *charset);

/* Whether it is that of the words before. */
int mailproto__words_same(const struct mailproto__words *w,
                          const struct mailproto__words_charset *charset);

/* Enters the text of a word, of which the first octet is at `offset`; octets join those of
 * the words before if there are any. */
void mailproto__words_begin(struct mailproto__words *w,
                            const struct mailproto__words_charset *charset, int base64,
                            uint64_t offset);

/* Decodes the text of a word. OK: the word ended, or more input is needed. */
mailproto_status mailproto__words_inside(struct mailproto__words *w,
                                         struct mailproto__run *r, uint32_t flags);

/* Octets of a converter that were held go out: before another word is entered, so that
 * their defects are told of theirs. */
mailproto_status mailproto__words_drain(struct mailproto__words *w,
                                        struct mailproto__run *r);

/* No other word follows. */
mailproto_status mailproto__words_end(struct mailproto__words *w,
                                      struct mailproto__run *r);

#endif /* MAILPROTO_CODEC_WORDS_H */
