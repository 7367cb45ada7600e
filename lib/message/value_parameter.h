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

/* Whether it looks as if encoded words stand in it. */
int mailproto__has_words(mailproto_bytes b);

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

#endif /* MAILPROTO_MESSAGE_VALUE_PARAMETER_H */
