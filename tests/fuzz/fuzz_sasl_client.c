/*
 * Clients of every mechanism against a server that says anything; also a server's
 * list of mechanisms and its APOP timestamp. No server without the password is ever
 * believed by a SCRAM client.
 */
#include "fuzz_sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The server reported success: nothing a SCRAM client takes for a proof. */
static void ask(struct fuzz_input *in, mailproto_sasl *x, int is_scram)
{
    mailproto_status st = mailproto_sasl_proven(x);
    fuzz_note_number(in, (uint64_t)(int64_t)st);
    if (is_scram && st == MAILPROTO_OK) {
        abort();
    }
}

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
        if (flags & 32) { /* a success out of turn, behind which there is no other */
            ask(&in, x, is_scram);
        }
    }
    ask(&in, x, is_scram);
    mailproto_sasl_wipe(x);
    if (mailproto_sasl_proven(x) != MAILPROTO_ERR_AUTH) {
        abort();
    }
    free(block);
    return in.digest;
}

/* ---- the choice ---------------------------------------------------------------- */

/* Whether a text holds a name, in any case. */
static int holds(mailproto_bytes text, mailproto_bytes name)
{
    size_t i, n;
    for (i = 0; i + name.len <= text.len; ++i) {
        for (n = 0; n < name.len; ++n) {
            char c = text.ptr[i + n];
            c = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
            if (c != name.ptr[n]) {
                break;
            }
        }
        if (n == name.len) {
            return 1;
        }
    }
    return 0;
}

/* RFC 4954 14: what shows a password or a token goes to the verified server alone, or
 * to whom the caller says; so does what guesses can be tried on. */
static void check_flags(uint32_t is, uint32_t flags)
{
    uint32_t known = MAILPROTO_SASL_VERIFIED | MAILPROTO_SASL_ALLOW_UNVERIFIED;
    int may_show = (flags & MAILPROTO_SASL_ALLOW_CLEAR) != 0 ||
                   ((flags & MAILPROTO_SASL_ENCRYPTED) != 0 && (flags & known) != 0);
    if (((is & MAILPROTO_SASL_PLAINTEXT) && !may_show) ||
        ((is & MAILPROTO_SASL_GUESSABLE) && !may_show &&
         !(flags & MAILPROTO_SASL_ALLOW_GUESSING)) ||
        ((is & MAILPROTO_SASL_PASSWORD) && !(flags & MAILPROTO_SASL_HAVE_PASSWORD)) ||
        ((flags & MAILPROTO_SASL_HAVE_AUTHZID) && !(is & MAILPROTO_SASL_AUTHZID))) {
        abort();
    }
}

/* No binding that the connection has not, and -PLUS never without one. */
static void check_binding(uint32_t is, const mailproto_sasl_choice *c)
{
    if (c->give_binding > 2 ||
        ((is & MAILPROTO_SASL_PLUS) != 0 && c->give_binding == 0) ||
        (c->give_binding == 1 && c->binding_type == MAILPROTO_BINDING_NONE) ||
        (c->give_binding == 2 && (c->other_binding_type == MAILPROTO_BINDING_NONE ||
                                  c->other_binding_type == c->binding_type))) {
        abort();
    }
}

/* Takes all there is to be chosen: each once, the -PLUS forms once with each binding,
 * and no password beside a -PLUS form. */
static void choose_all(mailproto_sasl_choice *c)
{
    enum { MOST = 15 }; /* 11 built in, 2 of the caller's; 2 -PLUS forms once more */
    mailproto_bytes names[MOST];
    uint32_t bindings[MOST];
    mailproto_bytes name;
    uint32_t all = 0;
    int count = 0;
    int bound = 0;
    int i;
    while (mailproto_sasl_choose(c, &name) == MAILPROTO_OK) {
        uint32_t is = c->chosen != NULL ? c->chosen->flags : mailproto_sasl_flags(name);
        if (count == MOST || (c->chosen == NULL && is == 0) ||
            (c->allowed.len > 0 && !holds(c->allowed, name))) {
            abort();
        }
        check_flags(is, c->flags);
        check_binding(is, c);
        for (i = 0; i < count; ++i) {
            if (names[i].ptr == name.ptr &&
                (!(is & MAILPROTO_SASL_PLUS) || bindings[i] == c->give_binding)) {
                abort();
            }
        }
        names[count] = name;
        bindings[count++] = c->give_binding;
        bound |= (is & MAILPROTO_SASL_PLUS) != 0;
        all |= (is & MAILPROTO_SASL_PLUS) ? 0 : is;
    }
    if (bound && (all & MAILPROTO_SASL_PASSWORD)) {
        abort();
    }
}

/* The choice among what a server says that it offers. Input: an octet for both bindings,
 * two for the flags, one for the length of what is allowed, that, the offer. */
static void choose(const uint8_t *data, size_t size)
{
    static const mailproto_sasl_mechanism ticket = {
        sizeof ticket, MAILPROTO_SASL_AUTHZID,
        "GSSAPI",      0,
        NULL,          NULL,
        NULL,          NULL,
        NULL,          NULL,
        NULL,          NULL};
    static const mailproto_sasl_mechanism shown = {
        sizeof shown, MAILPROTO_SASL_PASSWORD | MAILPROTO_SASL_PLAINTEXT,
        "X-PLAIN",    0,
        NULL,         NULL,
        NULL,         NULL,
        NULL,         NULL,
        NULL,         NULL};
    static const mailproto_sasl_mechanism *const own[] = {&ticket, &shown};
    enum { HEAD = 4 };
    mailproto_sasl_choice c = {0};
    mailproto_bytes offer;
    if (size < HEAD) {
        return;
    }
    c.struct_size = sizeof c;
    c.binding_type = data[0] & 3;
    c.other_binding_type = data[0] >> 2 & 3;
    c.flags = (data[1] | (uint32_t)data[2] << 8) & 0x3FF;
    c.allowed.ptr = (const char *)data + HEAD;
    c.allowed.len = data[3] < size - HEAD ? data[3] : size - HEAD;
    offer.ptr = c.allowed.ptr + c.allowed.len;
    offer.len = size - HEAD - c.allowed.len;
    c.custom = own;
    c.custom_count = 2;
    c.prefer = offer; /* the server's order, for once */
    (void)mailproto_sasl_offer(&c, offer);
    choose_all(&c);
}

/* -------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mailproto_bytes text;
    char digest[MAILPROTO_APOP_DIGEST];
    if (run(data, size, 0) != run(data, size, 1)) {
        abort();
    }
    text.ptr = (const char *)data;
    text.len = size;
    choose(data, size);
    if ((mailproto_sasl_apop(text, fuzz_text("secret"), NULL, NULL, digest) ==
         MAILPROTO_OK) != (mailproto_sasl_is_timestamp(text) == 1)) {
        abort();
    }
    return 0;
}
