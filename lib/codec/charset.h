/*
 * Charsets by name, the tables of those with one octet a character.
 */
#ifndef MAILPROTO_CODEC_CHARSET_H
#define MAILPROTO_CODEC_CHARSET_H

#include "codec/machine.h"

#ifndef MAILPROTO_CHARSETS
#define MAILPROTO_CHARSETS 3
#endif

/* What mailproto__charset_names says of a name. */
enum {
    MAILPROTO__CHARSET_UNKNOWN,
    MAILPROTO__CHARSET_UTF8,
    MAILPROTO__CHARSET_ASCII,
    MAILPROTO__CHARSET_LATIN1,
    MAILPROTO__CHARSET_UTF16, /* by its byte order mark, else big-endian */
    MAILPROTO__CHARSET_UTF16BE,
    MAILPROTO__CHARSET_UTF16LE,
    MAILPROTO__CHARSET_UTF32,
    MAILPROTO__CHARSET_UTF32BE,
    MAILPROTO__CHARSET_UTF32LE,
    MAILPROTO__CHARSET_UTF7,
    MAILPROTO__CHARSET_TABLES = 16 /* and above: the table's number and this */
};

/* Names in lower case without punctuation; before each its length, behind it what it
 * names. A length of 0 ends them. */
extern const unsigned char mailproto__charset_names[];

/* The upper half of a table: the code points of `first` to 255, one after the other;
 * those below are their own octets. U+FFFD: this octet stands for nothing. */
struct mailproto__charset_table {
    uint16_t at; /* in mailproto__charset_cells */
    uint16_t first;
};
extern const struct mailproto__charset_table mailproto__charset_tables[];
extern const uint16_t mailproto__charset_cells[];

/* MAILPROTO__CHARSET_... of a name. */
unsigned mailproto__charset_find(mailproto_bytes name);

/* Prepares a decoder for what mailproto__charset_find() found. */
void mailproto__charset_begin(struct mailproto__codec *c, unsigned charset,
                              uint32_t flags);

/* mailproto_charset_init(), of a state that is not packed away. */
mailproto_status mailproto__charset_open(struct mailproto__codec *c,
                                         mailproto_bytes charset,
                                         const mailproto_charset_converter *converter,
                                         uint32_t flags);

/* The code point of an octet from 128 to 159 in windows-1252, or U+FFFD. */
uint32_t mailproto__windows_1252(unsigned char octet);

/* Writes U+FFFD for something ill-formed that began `back` octets before the next one. 1:
 * strict. There is room. */
int mailproto__charset_replace(struct mailproto__codec *c, struct mailproto__run *r,
                               uint64_t back);

/* UTF-16 and UTF-32 (charset_wide.c). */
mailproto_status mailproto__wide_run(struct mailproto__codec *c,
                                     struct mailproto__run *r, uint32_t flags);

/* A UTF-16 code unit that is whole with in[used]; `back` octets before that the one
 * before it began. Up to 7 octets of output. 1: strict. */
int mailproto__utf16_unit(struct mailproto__codec *c, struct mailproto__run *r,
                          uint32_t unit, uint64_t back);

#endif /* MAILPROTO_CODEC_CHARSET_H */
