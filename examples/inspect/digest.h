/*
 * SHA-256 of a body as it is, and as it is told apart by programs that disagree about
 * line ends: CRLF as LF, and without any CR and LF at its end.
 */
#ifndef EXAMPLE_INSPECT_DIGEST_H
#define EXAMPLE_INSPECT_DIGEST_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_PIECE = 65536, DIGEST_HELD = 1024, DIGEST_HEX = 64 };

typedef struct digest {
    EVP_MD_CTX *plain, *normal;
    EVP_MD_CTX *before; /* `normal` where a long run of line ends began */
    uint64_t size;
    size_t held;  /* octets of a run of line ends that may be the last */
    int long_run; /* it was longer than there is room: `before` ends ahead of it */
    int cr;       /* a CR that an LF may follow */
    char run[DIGEST_HELD];
    char scratch[DIGEST_PIECE];
} digest;

/* 0, or -1: OpenSSL has no SHA-256. */
int digest_open(digest *d);
void digest_begin(digest *d);
/* At most DIGEST_PIECE octets. */
void digest_add(digest *d, const char *data, size_t len);
/* Both as hexadecimal digits. */
void digest_end(digest *d, char *plain, char *normal);
void digest_close(digest *d);

#endif /* EXAMPLE_INSPECT_DIGEST_H */
