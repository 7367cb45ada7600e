/*
 * Setting up an exchange: options read and checked, the block carved, and at the end
 * everything wiped. The mechanisms' own beginnings are in their files.
 */
#include <mailproto/codec.h>

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "sasl/left_out.h"
#include "sasl/sasl.h"

enum {
    DEFAULT_MESSAGE_MAX = 1024,
    DEFAULT_TOKEN_MESSAGE_MAX = 9216, /* base64 of it fills a line of RFC 4954 4 */
    DEFAULT_WORK_STEP = 1024,
    DEFAULT_MIN_ITERATIONS = 4096, /* RFC 7677 4 */
    DEFAULT_MAX_ITERATIONS = 1000000,
    DEFAULT_ITERATIONS = 4096,
    DEFAULT_SALT_SIZE = 16,
    DEFAULT_PREPARE_MAX = 256,
    MESSAGE_MAX = 1 << 24, /* far beyond sense, and no sum of sizes overflows */
    PREPARE_MAX = 1 << 16,
    TOKEN_FIRST = 0x21, /* VCHAR, RFC 5234 B.1 */
    TOKEN_LAST = 0x7E
};

/* The macro of the public header suffices, and leaves room for later releases: the
 * structs, the alignments between them, a SCRAM client's own text. */
typedef char mem_suffices[sizeof(struct mailproto_sasl) +
                                      sizeof(struct mailproto__scram) +
                                      sizeof(struct mailproto__hmac) +
                                      3U * sizeof(struct mailproto__md) +
                                      8U * (size_t)MAILPROTO__ALIGN + 320U <=
                                  MAILPROTO_SASL_MEM(0, 0, 0, 0)
                              ? 1
                              : -1];

/* ---- the options ------------------------------------------------------------- */

static int is_visible(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && b.ptr[i] >= TOKEN_FIRST && b.ptr[i] <= TOKEN_LAST) {
        i++;
    }
    return i == b.len;
}

static int is_nonce(const mailproto_sasl_options *o)
{
    return o->nonce.len >= MAILPROTO_SASL_NONCE_MIN &&
           o->nonce.len <= MAILPROTO_SASL_NONCE_MAX &&
           ((o->flags & MAILPROTO_SASL_NONCE_PRINTABLE) == 0 ||
            (is_visible(o->nonce) && memchr(o->nonce.ptr, ',', o->nonce.len) == NULL));
}

static int is_bound(mailproto_bytes binding, uint32_t type)
{
    return type <= MAILPROTO_BINDING_TLS_UNIQUE &&
           (type != MAILPROTO_BINDING_NONE) == (binding.len > 0);
}

static int client_is_well(const mailproto_sasl_options *o,
                          const struct mailproto__sasl_row *r)
{
    if (!mailproto__is_name(o->name) || !mailproto__is_name(o->authzid) ||
        ((r->asks & MAILPROTO__ASKS_NAME) != 0 && o->name.len == 0) ||
        ((r->asks & MAILPROTO__CARRIES_AUTHZID) == 0 && o->authzid.len > 0)) {
        return 0;
    }
    if ((r->asks & MAILPROTO__ASKS_PASSWORD) != 0 &&
        (o->password.len == 0 || mailproto__holds_nul(o->password) ||
         !mailproto__is_utf8(o->password))) {
        return 0;
    }
    /* The token stands between control characters, the host too (RFC 7628 3.1). */
    return (r->asks & MAILPROTO__ASKS_TOKEN) == 0 ||
           (o->password.len > 0 && is_visible(o->password) && is_visible(o->host) &&
            o->port <= UINT16_MAX);
}

static int server_is_well(const mailproto_sasl_options *o,
                          const struct mailproto__sasl_row *r)
{
    if (r->kind == MAILPROTO__SASL_CRAM) {
        return o->challenge.len > 0 ? mailproto_sasl_is_timestamp(o->challenge)
                                    : is_nonce(o) && is_visible(o->host);
    }
    return r->kind != MAILPROTO__SASL_SCRAM ||
           o->salt_key.len >= MAILPROTO_SASL_SALT_KEY_MIN;
}

/* What SCRAM asks for in any role but ENROL. */
static int scram_is_well(const mailproto_sasl_options *o,
                         const struct mailproto__sasl_row *r)
{
    return is_nonce(o) && is_bound(o->binding, o->binding_type) &&
           is_bound(o->other_binding, o->other_binding_type) &&
           ((r->flags & MAILPROTO_SASL_PLUS) == 0 || o->binding.len > 0 ||
            (o->role == MAILPROTO_SASL_SERVER && o->other_binding.len > 0)) &&
           o->min_iterations <= o->max_iterations;
}

static mailproto_status check_built_in(const mailproto_sasl_options *o,
                                       const struct mailproto__sasl_row *r)
{
    struct mailproto__hash hash;
    int well;
    if (o->role == MAILPROTO_SASL_ENROL) {
        well = r->kind == MAILPROTO__SASL_SCRAM && o->password.len > 0 &&
               !mailproto__holds_nul(o->password) && mailproto__is_utf8(o->password) &&
               o->salt.len > 0;
    } else {
        well = (o->role == MAILPROTO_SASL_CLIENT ? client_is_well(o, r)
                                                 : server_is_well(o, r)) &&
               (r->kind != MAILPROTO__SASL_SCRAM || scram_is_well(o, r));
    }
    if (!well) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return r->hash == 0 ? MAILPROTO_OK
                        : mailproto__hash_find(&hash, r->hash, o->hashes, o->hash_count,
                                               o->hash_stride);
}

static mailproto_status check_custom(const mailproto_sasl_options *o)
{
    const mailproto_sasl_mechanism *m = o->custom;
    return m->struct_size >= MAILPROTO__MECHANISM_MIN && m->name != NULL &&
                   m->start != NULL && m->input != NULL && m->step != NULL &&
                   m->output != NULL && !mailproto__holds_nul(o->authzid) &&
                   !mailproto__holds_nul(o->name)
               ? MAILPROTO_OK
               : MAILPROTO_ERR_ARGUMENT;
}

static uint32_t default_message_max(const mailproto_sasl_options *o,
                                    const struct mailproto__sasl_row *r)
{
    return o->role == MAILPROTO_SASL_SERVER && r != NULL &&
                   (r->asks & MAILPROTO__ASKS_TOKEN) != 0
               ? DEFAULT_TOKEN_MESSAGE_MAX
               : DEFAULT_MESSAGE_MAX;
}

static void fill_in_defaults(mailproto_sasl_options *o,
                             const struct mailproto__sasl_row *r)
{
    o->message_max = mailproto__or(o->message_max, default_message_max(o, r));
    o->work_step = mailproto__or(o->work_step, DEFAULT_WORK_STEP);
    o->min_iterations = mailproto__or(o->min_iterations, DEFAULT_MIN_ITERATIONS);
    o->max_iterations = mailproto__or(o->max_iterations, DEFAULT_MAX_ITERATIONS);
    o->iterations = mailproto__or(o->iterations, DEFAULT_ITERATIONS);
    o->salt_size = mailproto__or(o->salt_size, DEFAULT_SALT_SIZE);
    o->prepare_max = mailproto__or(o->prepare_max, DEFAULT_PREPARE_MAX);
    if (o->oauth_error.len == 0) {
        o->oauth_error = MAILPROTO__LITERAL("{\"status\":\"invalid_token\"}");
    }
}

static mailproto_status read_options(const mailproto_sasl_options *from,
                                     mailproto_sasl_options *o,
                                     const struct mailproto__sasl_row **row)
{
    mailproto_status st = mailproto__options_copy(o, sizeof *o, from);
    if (st < 0) {
        return st;
    }
    *row = o->custom == NULL ? mailproto__sasl_find(o->mechanism) : NULL;
    fill_in_defaults(o, *row);
    if (o->role > MAILPROTO_SASL_ENROL || o->message_max > MESSAGE_MAX ||
        o->prepare_max > PREPARE_MAX ||
        (o->flags & ~(uint32_t)MAILPROTO_SASL_NONCE_PRINTABLE) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (o->custom != NULL) {
        return check_custom(o);
    }
    if (*row == NULL) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    return mailproto__sasl_is_built(*row) ? check_built_in(o, *row)
                                          : MAILPROTO_ERR_NOT_BUILT;
}

/* ---- the block --------------------------------------------------------------- */

struct layout {
    mailproto_sasl *x;
    char *text;
    size_t text_cap;
    char *prepared[MAILPROTO__SASL_PREPARED];
    struct mailproto__hmac *hmac;
    void *state[3];
    struct mailproto__scram *scram;
    void *custom;
    size_t total;
};

/* A name as a saslname, at its longest if it is still to be prepared. */
static size_t saslname_size(const mailproto_sasl_options *o, mailproto_bytes name)
{
    size_t most = (size_t)o->prepare_max * 3;
    size_t size = mailproto__saslname_size(name);
    return o->prepare != NULL && size < most ? most : size;
}

/* What a side writes itself, besides what it keeps of the peer's messages. */
static size_t own_text(const mailproto_sasl_options *o,
                       const struct mailproto__sasl_row *r)
{
    enum {
        FLAG = 24,   /* "p=tls-server-end-point,", the longest (RFC 5802 7) */
        AROUND = 12, /* "a=" "," "n=" ",r=" and the like */
        FILLED = 4,  /* base64, the last group */
        CRAM_DIGEST = 32
    };
    size_t header = FLAG + AROUND + saslname_size(o, o->authzid);
    if (o->role == MAILPROTO_SASL_SERVER) {
        return r->kind == MAILPROTO__SASL_CRAM && o->challenge.len == 0
                   ? 2 * o->nonce.len + o->host.len + AROUND
                   : 0;
    }
    if (o->role == MAILPROTO_SASL_ENROL) {
        return 0;
    }
    if (r->kind == MAILPROTO__SASL_OAUTHBEARER) {
        return header + saslname_size(o, o->name);
    }
    if (r->kind == MAILPROTO__SASL_CRAM) {
        return CRAM_DIGEST;
    }
    return r->kind != MAILPROTO__SASL_SCRAM
               ? 0
               : header + saslname_size(o, o->name) + MAILPROTO__SASL_NONCE_TEXT +
                     mailproto_base64_size(header + o->binding.len) + FILLED;
}

/* Whether what the peer sends is kept. */
static int keeps_messages(const mailproto_sasl_options *o,
                          const struct mailproto__sasl_row *r)
{
    return r != NULL &&
           (o->role == MAILPROTO_SASL_SERVER ||
            (o->role == MAILPROTO_SASL_CLIENT && r->kind == MAILPROTO__SASL_SCRAM));
}

/* How many of a name, a password and an authzid may have to be prepared. */
static size_t prepared_count(const mailproto_sasl_options *o,
                             const struct mailproto__sasl_row *r)
{
    uint32_t asks = r != NULL && o->prepare != NULL ? r->asks : 0;
    if (o->role == MAILPROTO_SASL_ENROL) {
        asks &= MAILPROTO__PREPARES_PASSWORD; /* there is nothing else */
    }
    return (size_t)((asks & MAILPROTO__PREPARES_NAME) != 0) +
           (size_t)((asks & MAILPROTO__PREPARES_PASSWORD) != 0) +
           (size_t)((asks & MAILPROTO__CARRIES_AUTHZID) != 0);
}

static struct layout carve(void *mem, const mailproto_sasl_options *o,
                           const struct mailproto__sasl_row *r)
{
    struct layout l;
    struct mailproto__block b = mailproto__block_start(mem);
    struct mailproto__hash hash;
    size_t i;
    memset(&l, 0, sizeof l);
    l.x = mailproto__carve(&b, sizeof *l.x, 1);
    if (o->custom != NULL) {
        l.custom = mailproto__carve(&b, o->custom->mem_size, 1);
    } else if (r->hash != 0) {
        (void)mailproto__hash_find(&hash, r->hash, o->hashes, o->hash_count,
                                   o->hash_stride);
        l.hmac = mailproto__carve(&b, sizeof *l.hmac, 1);
        for (i = 0; i < 3; i++) {
            l.state[i] = mailproto__carve(&b, hash.state_size, 1);
        }
        if (r->kind == MAILPROTO__SASL_SCRAM) {
            l.scram = mailproto__carve(&b, sizeof *l.scram, 1);
        }
    }
    for (i = 0; i < prepared_count(o, r); i++) {
        l.prepared[i] = mailproto__carve(&b, o->prepare_max, 0);
    }
    l.text_cap = r != NULL ? own_text(o, r) : 0;
    l.text_cap += keeps_messages(o, r) ? o->message_max : 0;
    l.text = mailproto__carve(&b, l.text_cap, 0);
    l.total = b.size;
    return l;
}

size_t mailproto_sasl_mem_size(const mailproto_sasl_options *options)
{
    mailproto_sasl_options o;
    const struct mailproto__sasl_row *row;
    return read_options(options, &o, &row) < 0 ? 0 : carve(NULL, &o, row).total;
}

/* ---- the beginning and the end ----------------------------------------------- */

/* The name in upper case, from the options or from the caller's mechanism. */
static void keep_name(mailproto_sasl *x)
{
    mailproto_bytes name = x->options.mechanism;
    size_t i;
    if (x->options.custom != NULL) {
        name = mailproto__span(x->options.custom->name, 0);
        while (name.ptr[name.len] != 0) {
            ++name.len;
        }
    }
    x->name_len = (uint8_t)(name.len < sizeof x->name ? name.len : sizeof x->name);
    for (i = 0; i < x->name_len; ++i) {
        char c = name.ptr[i];
        x->name[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    x->options.mechanism = mailproto__span(x->name, x->name_len);
}

/* A client's names and password in their canonical form, which nothing may be hidden
 * in. */
static mailproto_status prepare_own(mailproto_sasl *x)
{
    mailproto_sasl_options *o = &x->options;
    mailproto_status st = MAILPROTO_OK;
    if (o->role == MAILPROTO_SASL_SERVER) {
        return MAILPROTO_OK;
    }
    if (o->role == MAILPROTO_SASL_CLIENT) {
        st = mailproto__sasl_prepare_names(x, &o->name, &o->authzid);
    }
    if (st == MAILPROTO_OK && (x->row->asks & MAILPROTO__PREPARES_PASSWORD) != 0) {
        st = mailproto__sasl_prepare(x, MAILPROTO_SASL_PREPARE_PASSWORD, o->password,
                                     &o->password);
        if (st == MAILPROTO_OK && mailproto__holds_nul(o->password)) {
            st = MAILPROTO_ERR_ARGUMENT;
        }
    }
    return st;
}

static mailproto_status start(mailproto_sasl *x)
{
    mailproto_status st;
    if (x->options.custom != NULL) {
        x->must_end = 1;
        return x->options.custom->start(x->custom, &x->options);
    }
    st = prepare_own(x);
    if (st == MAILPROTO_OK && x->kind == MAILPROTO__SASL_CRAM) {
        st = mailproto__sasl_cram_start(x);
    } else if (st == MAILPROTO_OK && x->kind == MAILPROTO__SASL_SCRAM) {
        st = mailproto__sasl_scram_start(x);
    }
    return st;
}

/* The block's parts, into the exchange. */
static void place(mailproto_sasl *x, const struct layout *l)
{
    size_t i;
    x->text = l->text;
    x->text_cap = l->text_cap;
    x->custom = l->custom;
    x->scram = l->scram;
    x->hmac = l->hmac;
    for (i = 0; i < MAILPROTO__SASL_PREPARED; i++) {
        x->prepared_at[i] = l->prepared[i];
    }
    x->rest = x + 1;
    x->rest_size = (size_t)(l->text + l->text_cap - (char *)(x + 1));
    memset(x->rest, 0, x->rest_size);
    if (x->hmac != NULL) {
        (void)mailproto__hash_find(&x->hmac->hash, x->row->hash, x->options.hashes,
                                   x->options.hash_count, x->options.hash_stride);
        for (i = 0; i < 3; i++) {
            x->hmac->state[i] = l->state[i];
        }
    }
}

mailproto_status mailproto_sasl_init(void *mem, size_t size,
                                     const mailproto_sasl_options *options,
                                     mailproto_sasl **out)
{
    mailproto_sasl_options o;
    const struct mailproto__sasl_row *row;
    struct layout l;
    mailproto_status st = read_options(options, &o, &row);
    if (st < 0) {
        return st;
    }
    if (size < carve(NULL, &o, row).total) {
        return MAILPROTO_ERR_MEMORY;
    }
    l = carve(mem, &o, row);
    memset(l.x, 0, sizeof *l.x);
    l.x->options = o;
    l.x->row = row;
    l.x->kind = row != NULL ? row->kind : (uint8_t)MAILPROTO__SASL_CUSTOM;
    place(l.x, &l);
    keep_name(l.x);
    mailproto__sasl_set(l.x, MAILPROTO_SASL_WAIT);
    st = start(l.x);
    if (st < 0) {
        mailproto_sasl_wipe(l.x);
        return st;
    }
    *out = l.x;
    return MAILPROTO_OK;
}

/* Once, while its state is still there. */
static void end_custom(mailproto_sasl *x)
{
    const mailproto_sasl_mechanism *m = x->options.custom;
    if (!x->must_end) {
        return;
    }
    x->must_end = 0;
    if (m->struct_size >= MAILPROTO__MECHANISM_WITH_END && m->end != NULL) {
        m->end(x->custom);
    }
}

void mailproto_sasl_wipe(mailproto_sasl *sasl)
{
    mailproto_sasl_options *o = &sasl->options;
    end_custom(sasl);
    if (sasl->hmac != NULL) {
        mailproto__hmac_release(sasl->hmac);
        sasl->hmac = NULL;
    }
    mailproto__wipe(sasl->rest, sasl->rest_size);
    mailproto__wipe(sasl->parts, sizeof sasl->parts);
    mailproto__wipe(&sasl->need, sizeof sasl->need);
    sasl->text_len = 0;
    sasl->message_at = 0;
    o->password = mailproto__span(NULL, 0);
    sasl->proven = 0;
    mailproto__sasl_set(sasl, MAILPROTO_SASL_FAILED); /* why is kept */
    sasl->state.error = MAILPROTO_ERR_STATE;
}

mailproto_bytes mailproto_sasl_name(const mailproto_sasl *sasl)
{
    return mailproto__span(sasl->name, sasl->name_len);
}

uint64_t *mailproto_sasl_driver(mailproto_sasl *sasl)
{
    return sasl->driver;
}
