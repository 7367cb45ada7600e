/* Modified UTF-7 of mailbox names as JSON. */
#ifndef EXAMPLE_INSPECT_MUTF7_H
#define EXAMPLE_INSPECT_MUTF7_H

#include <jansson.h>
#include <mailproto/base.h>

/* "decoded" (UTF-8), "valid" and "offset" of modified UTF-7. */
void mutf7_decode_show(json_t *result, mailproto_bytes text);

/* "encoded", "valid" and "offset" of UTF-8. */
void mutf7_encode_show(json_t *result, mailproto_bytes text);

#endif /* EXAMPLE_INSPECT_MUTF7_H */
