/*
 * Parameters as written, for those who join and decode them.
 */
#ifndef MAILPROTO_MESSAGE_VALUE_PARAMETER_H
#define MAILPROTO_MESSAGE_VALUE_PARAMETER_H

#include "message/value.h"

/* Passes what stands before the parameters of a whole value. */
void mailproto__parameters_begin(struct mailproto__value *v);

/* The next one: OK, EOF, AGAIN. */
mailproto_status mailproto__parameter(struct mailproto__value *v,
                                      mailproto_parameter *a);

/* Octets of a value whose parameters can be joined. */
enum { MAILPROTO__PARAMETER_VALUE_MAX = (1 << 22) - 1 };

/* A flag beside those of mailproto_parameter_get(): a plain name counts before name*. */
#define MAILPROTO__PARAMETER_PLAIN_FIRST UINT32_C(0x80000000)

/*
 * The value of parameter `name`, joined and decoded into `to`. OK, EOF (there is none), or
 * what the converter said. Encoded words (unless `flags` leave them) are the caller's:
 * `*words` is then the value as it stands, and nothing was put.
 */
mailproto_status mailproto__parameter_join(struct mailproto__value *v,
                                           mailproto_bytes name, uint32_t flags,
                                           const mailproto_charset_converter *converter,
                                           struct mailproto__put *to,
                                           mailproto_parameter_info *info,
                                           mailproto_bytes *words);

/* The boundary that the scanner goes by, in place of what was joined into `to`. OK, or EOF:
 * there is none. */
mailproto_status mailproto__parameter_boundary(struct mailproto__value *v,
                                               uint32_t flags,
                                               struct mailproto__put *to);

/* Controls become blanks: 1 if there was any. */
int mailproto__clean(char *text, size_t len);

#endif /* MAILPROTO_MESSAGE_VALUE_PARAMETER_H */
