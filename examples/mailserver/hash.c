/* SHA-256: see hash.h. */
#include "hash.h"

#ifdef EXAMPLE_WITH_MBEDTLS

#include <mbedtls/md.h>

int hash_sha256(const void *data, size_t len, unsigned char hash[HASH_SIZE])
{
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    return md != NULL && mbedtls_md(md, data, len, hash) == 0 ? 0 : -1;
}

#else

#include <openssl/evp.h>

int hash_sha256(const void *data, size_t len, unsigned char hash[HASH_SIZE])
{
    return EVP_Digest(data, len, hash, NULL, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

#endif
