/*
 * Servers of every mechanism against a client that says anything and knows no secret:
 * it never authenticates by CRAM-MD5 or SCRAM, and what is handed to the application
 * is what the RFCs allow.
 */
#include "fuzz_sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
    if (!condition) {
        abort();
    }
}

static void no_control(mailproto_bytes b)
{
    size_t i;
    for (i = 0; i < b.len; ++i) {
        must((unsigned char)b.ptr[i] >= 0x20 && b.ptr[i] != 0x7F);
    }
}

/* Answers a need in one of the ways that the options' octet chooses. */
static void answer(struct fuzz_input *in, mailproto_sasl *x, unsigned flags)
{
    static const mailproto_status verdicts[] = {
        MAILPROTO_OK, MAILPROTO_ERR_AUTH, MAILPROTO_OK, MAILPROTO_ERR_AUTH_TEMPORARY};
    static const char key[32] = "a key";
    mailproto_sasl_need_info i = {0};
    mailproto_status verdict = verdicts[flags & 3];
    mailproto_sasl_scram stored = {sizeof stored, 3, {"salt", 4}, {key, 20}, {key, 20}};
    i.struct_size = sizeof i;
    must(mailproto_sasl_need(x, &i) == MAILPROTO_OK);
    no_control(i.name);
    no_control(i.authzid);
    no_control(i.trace);
    no_control(i.token);
    no_control(i.host);
    must(i.password.len == 0 || memchr(i.password.ptr, 0, i.password.len) == NULL);
    must(i.need != MAILPROTO_SASL_NEED_VERIFY ||
         (i.name.len > 0 && i.password.len > 0));
    must(i.need != MAILPROTO_SASL_NEED_TOKEN || i.token.len > 0);
    fuzz_note_number(in, i.need);
    fuzz_note_number(in, i.port);
    fuzz_note(in, i.name.ptr, i.name.len);
    fuzz_note(in, i.authzid.ptr, i.authzid.len);
    fuzz_note(in, i.password.ptr, i.password.len);
    fuzz_note(in, i.token.ptr, i.token.len);
    fuzz_note(in, i.host.ptr, i.host.len);
    if (i.need == MAILPROTO_SASL_NEED_SCRAM && (flags & 4)) {
        if (mailproto_sasl_name(x).ptr[10] == '2') { /* SCRAM-SHA-256 */
            stored.stored_key.len = stored.server_key.len = 32;
        }
        must(mailproto_sasl_answer_scram(x, &stored) != MAILPROTO_ERR_ARGUMENT);
    } else {
        (void)mailproto_sasl_answer(x, verdict, "wonderland", 10);
    }
    must(mailproto_sasl_answer(x, verdict, NULL, 0) == MAILPROTO_ERR_STATE);
}

static uint64_t run(const uint8_t *data, size_t size, int bytewise)
{
    struct fuzz_input in = {data, size, bytewise, 14695981039346656037u};
    const char *mechanism = fuzz_mechanisms[fuzz_octet(&in) % FUZZ_MECHANISMS];
    unsigned flags = fuzz_octet(&in);
    int is_proof =
        strncmp(mechanism, "SCRAM", 5) == 0 || strncmp(mechanism, "CRAM", 4) == 0;
    mailproto_sasl_options o = {0};
    mailproto_sasl_state s;
    mailproto_sasl *x;
    void *block;
    o.struct_size = sizeof o;
    o.role = MAILPROTO_SASL_SERVER;
    o.mechanism = fuzz_text(mechanism);
    o.nonce = fuzz_text("0123456789abcdef");
    o.salt_key = fuzz_text("fedcba9876543210");
    o.iterations = 3;
    o.work_step = flags & 8 ? 1 : 0;
    o.message_max = flags & 16 ? 100 : 0;
    if (flags & 32 || strstr(mechanism, "PLUS") != NULL) {
        o.binding_type = MAILPROTO_BINDING_EXPORTER;
        o.binding = fuzz_text("binding");
        o.other_binding_type = MAILPROTO_BINDING_TLS_UNIQUE;
        o.other_binding = fuzz_text("another");
    }
    if (flags & 128) {
        o.prepare = fuzz_prepare;
        o.prepare_max = 12;
    }
    x = fuzz_open(&o, &block);
    must(x != NULL);
    if (flags & 64) {
        (void)fuzz_step(&in, x); /* the client waits for the first challenge */
    }
    while (fuzz_message(&in, x)) {
        s = fuzz_step(&in, x);
        if (s.state == MAILPROTO_SASL_NEEDS) {
            answer(&in, x, flags);
            s = fuzz_step(&in, x);
        }
        must(!is_proof || (s.state != MAILPROTO_SASL_DONE &&
                           s.state != MAILPROTO_SASL_DONE_WITH_DATA));
    }
    mailproto_sasl_wipe(x);
    free(block);
    return in.digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    must(run(data, size, 0) == run(data, size, 1));
    return 0;
}
