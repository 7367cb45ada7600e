/* Charsets that the library does not know, through iconv. */
#ifndef EXAMPLE_INSPECT_CHARSET_H
#define EXAMPLE_INSPECT_CHARSET_H

#include <mailproto/codec.h>

/* A converter for one text at a time; the same for all callers. */
const mailproto_charset_converter *charset_converter(void);

#endif /* EXAMPLE_INSPECT_CHARSET_H */
