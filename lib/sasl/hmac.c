/*
 * HMAC (RFC 2104) on any hash of 64-octet blocks. The two keyed states are made once a
 * key and copied for each message: half the work in PBKDF2.
 */
#include "core/mem.h"
#include "sasl/hash.h"

enum { INSIDE, OUTSIDE, MESSAGE };

/* Notes what a hash function said: 1 if all is well. */
static int note(struct mailproto__hmac *m, mailproto_status status)
{
    if (m->status >= 0 && status != MAILPROTO_OK) {
        m->status = status < 0 ? status : MAILPROTO_ERR_ARGUMENT;
    }
    return m->status >= 0;
}

static void drop(struct mailproto__hmac *m, int which)
{
    if (m->alive[which]) {
        mailproto__hash_release(&m->hash, m->state[which]);
        m->alive[which] = 0;
    }
}

static void begin(struct mailproto__hmac *m, int which)
{
    drop(m, which);
    if (m->status >= 0 && note(m, mailproto__hash_init(&m->hash, m->state[which]))) {
        m->alive[which] = 1;
    }
}

static void begin_copy(struct mailproto__hmac *m, int which)
{
    drop(m, MESSAGE);
    if (m->alive[which] && m->status >= 0 &&
        note(m, mailproto__hash_copy(&m->hash, m->state[MESSAGE], m->state[which]))) {
        m->alive[MESSAGE] = 1;
    }
}

static void add(struct mailproto__hmac *m, int which, const void *data, size_t len)
{
    if (m->alive[which] && m->status >= 0 && len > 0) {
        (void)note(m, mailproto__hash_update(&m->hash, m->state[which], data, len));
    }
}

static void end(struct mailproto__hmac *m, uint8_t *out)
{
    if (m->alive[MESSAGE] && m->status >= 0) {
        m->alive[MESSAGE] = 0; /* final ends the state, even if it fails */
        if (note(m, mailproto__hash_final(&m->hash, m->state[MESSAGE], out))) {
            return;
        }
    }
    memset(out, 0, m->hash.size);
}

static void key_state(struct mailproto__hmac *m, int which, uint8_t flip)
{
    size_t i;
    for (i = 0; i < MAILPROTO__HASH_BLOCK; i++) {
        m->pad[i] ^= flip;
    }
    begin(m, which);
    add(m, which, m->pad, MAILPROTO__HASH_BLOCK);
}

void mailproto__hmac_key(struct mailproto__hmac *m, const void *key, size_t len)
{
    enum { IPAD = 0x36, OPAD = 0x5C };
    memset(m->pad, 0, sizeof m->pad);
    if (len > MAILPROTO__HASH_BLOCK) {
        mailproto__hmac_hash(m, key, len, m->pad);
    } else if (len > 0) {
        memcpy(m->pad, key, len);
    }
    key_state(m, INSIDE, IPAD);
    key_state(m, OUTSIDE, IPAD ^ OPAD);
    mailproto__wipe(m->pad, sizeof m->pad);
}

void mailproto__hmac_start(struct mailproto__hmac *m)
{
    begin_copy(m, INSIDE);
}

void mailproto__hmac_update(struct mailproto__hmac *m, const void *data, size_t len)
{
    add(m, MESSAGE, data, len);
}

void mailproto__hmac_end(struct mailproto__hmac *m, uint8_t *out)
{
    end(m, out);
    begin_copy(m, OUTSIDE);
    add(m, MESSAGE, out, m->hash.size);
    end(m, out);
}

void mailproto__hmac_once(struct mailproto__hmac *m, const void *data, size_t len,
                          uint8_t *out)
{
    mailproto__hmac_start(m);
    mailproto__hmac_update(m, data, len);
    mailproto__hmac_end(m, out);
}

void mailproto__hmac_hash(struct mailproto__hmac *m, const void *data, size_t len,
                          uint8_t *out)
{
    begin(m, MESSAGE);
    add(m, MESSAGE, data, len);
    end(m, out);
}

void mailproto__hmac_release(struct mailproto__hmac *m)
{
    drop(m, INSIDE);
    drop(m, OUTSIDE);
    drop(m, MESSAGE);
    mailproto__wipe(m->pad, sizeof m->pad);
}
