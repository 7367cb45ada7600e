/* SHA-256 of a body in pieces; digest.h tells of which two forms. */
#include "digest.h"

#include <string.h>

int digest_open(digest *d)
{
    d->plain = EVP_MD_CTX_new();
    d->normal = EVP_MD_CTX_new();
    d->before = EVP_MD_CTX_new();
    if (d->plain == NULL || d->normal == NULL || d->before == NULL ||
        EVP_DigestInit_ex(d->plain, EVP_sha256(), NULL) != 1) {
        digest_close(d);
        return -1;
    }
    return 0;
}

void digest_begin(digest *d)
{
    EVP_DigestInit_ex(d->plain, EVP_sha256(), NULL);
    EVP_DigestInit_ex(d->normal, EVP_sha256(), NULL);
    d->size = 0;
    d->held = 0;
    d->long_run = 0;
    d->cr = 0;
}

/* CRLF as LF. */
static void add_normal(digest *d, const char *data, size_t len)
{
    const char *end = data + len;
    size_t n = 0;
    if (len > 0 && d->cr) {
        if (*data != '\n') {
            EVP_DigestUpdate(d->normal, "\r", 1);
        }
        d->cr = 0;
    }
    while (data < end) {
        const char *cr = memchr(data, '\r', (size_t)(end - data));
        size_t run = (size_t)((cr != NULL ? cr : end) - data);
        memcpy(d->scratch + n, data, run);
        n += run;
        data += run;
        if (cr == NULL) {
            break;
        }
        data++;
        if (data == end) {
            d->cr = 1;
        } else if (*data != '\n') {
            d->scratch[n++] = '\r';
        }
    }
    EVP_DigestUpdate(d->normal, d->scratch, n);
}

/* Line ends that may be the last ones. */
static void hold(digest *d, const char *data, size_t len)
{
    if (len > DIGEST_HELD - d->held) {
        if (!d->long_run) {
            EVP_MD_CTX_copy_ex(d->before, d->normal);
            d->long_run = 1;
        }
        add_normal(d, d->run, d->held);
        add_normal(d, data, len);
        d->held = 0;
        return;
    }
    memcpy(d->run + d->held, data, len);
    d->held += len;
}

void digest_add(digest *d, const char *data, size_t len)
{
    size_t body = len;
    EVP_DigestUpdate(d->plain, data, len);
    d->size += len;
    while (body > 0 && (data[body - 1] == '\n' || data[body - 1] == '\r')) {
        body--;
    }
    if (body > 0) {
        add_normal(d, d->run, d->held);
        add_normal(d, data, body);
        d->held = 0;
        d->long_run = 0;
    }
    hold(d, data + body, len - body);
}

static void hex(const unsigned char *from, unsigned len, char *to)
{
    for (unsigned i = 0; i < len; i++) {
        to[2 * i] = "0123456789abcdef"[from[i] >> 4];
        to[2 * i + 1] = "0123456789abcdef"[from[i] & 15];
    }
}

void digest_end(digest *d, char *plain, char *normal)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    EVP_DigestFinal_ex(d->plain, value, &len);
    hex(value, len, plain);
    EVP_DigestFinal_ex(d->long_run ? d->before : d->normal, value, &len);
    hex(value, len, normal);
}

void digest_close(digest *d)
{
    EVP_MD_CTX_free(d->plain);
    EVP_MD_CTX_free(d->normal);
    EVP_MD_CTX_free(d->before);
}
