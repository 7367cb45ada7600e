/*
 * Clients of every mechanism against a server that says anything; also a server's
 * list of mechanisms and its APOP timestamp. No server without the password is ever
 * believed by a SCRAM client.
 */
#include "fuzz_sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t run(const uint8_t *data, size_t size, int bytewise)
{
    struct fuzz_input in = {data, size, bytewise, 14695981039346656037u};
    const char *mechanism = fuzz_mechanisms[fuzz_octet(&in) % FUZZ_MECHANISMS];
    unsigned flags = fuzz_octet(&in);
    int is_scram = strncmp(mechanism, "SCRAM", 5) == 0;
    mailproto_sasl_options o = {0};
    mailproto_sasl *x;
    void *block;
    o.struct_size = sizeof o;
    o.mechanism = fuzz_text(mechanism);
    o.name = fuzz_text("al,i=ce");
    o.password = fuzz_text("wonderland");
    o.nonce = fuzz_text("0123456789abcdef");
    o.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    o.min_iterations = 1;
    o.max_iterations = 64;
    o.work_step = flags & 1 ? 1 : 0;
    o.message_max = flags & 2 ? 80 : 0;
    if (flags & 4 || strstr(mechanism, "PLUS") != NULL) {
        o.binding_type = MAILPROTO_BINDING_END_POINT;
        o.binding = fuzz_text("binding");
    }
    if (flags & 8 && (mailproto_sasl_flags(o.mechanism) & MAILPROTO_SASL_AUTHZID)) {
        o.authzid = fuzz_text("b,\xc3\xb6=b");
        o.prepare = flags & 16 ? fuzz_prepare : NULL;
        o.prepare_max = 6;
    }
    x = fuzz_open(&o, &block);
    if (x == NULL) {
        abort(); /* all of these are well */
    }
    (void)fuzz_step(&in, x);
    while (fuzz_message(&in, x)) {
        (void)fuzz_step(&in, x);
        fuzz_note_number(&in, (uint64_t)mailproto_sasl_proven(x));
        if (is_scram && mailproto_sasl_proven(x) == MAILPROTO_OK) {
            abort();
        }
    }
    mailproto_sasl_wipe(x);
    if (mailproto_sasl_proven(x) != MAILPROTO_ERR_AUTH) {
        abort();
    }
    free(block);
    return in.digest;
}

/* The choice among what a server says that it offers: each at most once, nothing that
 * the flags forbid, and no password beside a -PLUS form. */
static void choose(mailproto_bytes text, uint32_t flags, uint32_t binding)
{
    static const mailproto_sasl_mechanism ticket = {
        sizeof ticket, MAILPROTO_SASL_AUTHZID,
        "GSSAPI",      0,
        NULL,          NULL,
        NULL,          NULL,
        NULL,          NULL,
        NULL};
    static const mailproto_sasl_mechanism shown = {
        sizeof shown, MAILPROTO_SASL_PASSWORD | MAILPROTO_SASL_PLAINTEXT,
        "X-PLAIN",    0,
        NULL,         NULL,
        NULL,         NULL,
        NULL,         NULL,
        NULL};
    static const mailproto_sasl_mechanism *const own[] = {&ticket, &shown};
    mailproto_sasl_choice c = {0};
    mailproto_bytes name;
    uint32_t all = 0;
    int count = 0;
    int bound = 0;
    c.struct_size = sizeof c;
    c.flags = flags;
    c.binding_type = binding;
    c.custom = own;
    c.custom_count = 2;
    c.prefer = text; /* the server's order, for once */
    (void)mailproto_sasl_offer(&c, text);
    while (mailproto_sasl_choose(&c, &name) == MAILPROTO_OK) {
        uint32_t is = c.chosen != NULL ? c.chosen->flags : mailproto_sasl_flags(name);
        if (++count > 13 || is == 0 ||
            ((is & MAILPROTO_SASL_PLAINTEXT) && !(flags & MAILPROTO_SASL_ENCRYPTED)) ||
            ((is & MAILPROTO_SASL_PLUS) && (!binding || !c.give_binding))) {
            abort();
        }
        bound |= (is & MAILPROTO_SASL_PLUS) != 0;
        all |= (is & MAILPROTO_SASL_PLUS) ? 0 : is;
    }
    if (bound && (all & MAILPROTO_SASL_PASSWORD)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_bytes text;
    char digest[MAILPROTO_APOP_DIGEST];
    if (run(data, size, 0) != run(data, size, 1)) {
        abort();
    }
    text.ptr = (const char *)data;
    text.len = size;
    choose(text, size > 1 ? data[1] & 0x3F : 0x3F, size > 0 ? data[0] & 3 : 0);
    if ((mailproto_sasl_apop(text, fuzz_text("secret"), NULL, NULL, digest) ==
         MAILPROTO_OK) != (mailproto_sasl_is_timestamp(text) == 1)) {
        abort();
    }
    return 0;
}
