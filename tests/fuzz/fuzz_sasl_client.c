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
    if (flags & 8 && strcmp(mechanism, "PLAIN") == 0) {
        o.authzid = fuzz_text("bob");
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_bytes text;
    mailproto_bytes name;
    mailproto_sasl_choice c = {sizeof c, 0, {NULL, 0}, 0, 0, 0, 0};
    char digest[MAILPROTO_APOP_DIGEST];
    int count = 0;
    if (run(data, size, 0) != run(data, size, 1)) {
        abort();
    }
    text.ptr = (const char *)data;
    text.len = size;
    c.flags = 0x3F;
    (void)mailproto_sasl_offer(&c, text);
    while (mailproto_sasl_choose(&c, &name) == MAILPROTO_OK) {
        if (++count > 32 || mailproto_sasl_flags(name) == 0) {
            abort();
        }
    }
    if ((mailproto_sasl_apop(text, fuzz_text("secret"), NULL, NULL, digest) ==
         MAILPROTO_OK) != (mailproto_sasl_is_timestamp(text) == 1)) {
        abort();
    }
    return 0;
}
