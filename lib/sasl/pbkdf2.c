/*
 * PBKDF2 with HMAC (RFC 8018 5.2), its first block, which is all that SCRAM needs: Hi
 * of RFC 5802 2.2. A few iterations at a time, so that nobody has to wait for it.
 */
#include "core/mem.h"
#include "sasl/hash.h"

void mailproto__pbkdf2_start(struct mailproto__pbkdf2 *p, struct mailproto__hmac *m,
                             const void *salt, size_t salt_len, uint32_t iterations)
{
    static const uint8_t one[4] = {0, 0, 0, 1}; /* INT(1) */
    mailproto__hmac_start(m);
    mailproto__hmac_update(m, salt, salt_len);
    mailproto__hmac_update(m, one, sizeof one);
    mailproto__hmac_end(m, p->last);
    memcpy(p->sum, p->last, m->hash.size);
    p->left = iterations - 1;
}

int mailproto__pbkdf2_work(struct mailproto__pbkdf2 *p, struct mailproto__hmac *m,
                           uint32_t n)
{
    size_t size = m->hash.size;
    while (p->left > 0 && n > 0) {
        size_t i;
        mailproto__hmac_once(m, p->last, size, p->last);
        for (i = 0; i < size; i++) {
            p->sum[i] ^= p->last[i];
        }
        p->left--;
        n--;
    }
    if (m->status < 0) {
        p->left = 0; /* a hash function failed: whoever uses the result asks for that */
    }
    return p->left == 0;
}
