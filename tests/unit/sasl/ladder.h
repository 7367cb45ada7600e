/*
 * A mechanism of the caller's own, for tests: three challenges, each to be answered
 * by itself in capitals, after some work; then the application is asked. Include
 * exchange.h before it.
 */
#ifndef TEST_SASL_LADDER_H
#define TEST_SASL_LADDER_H

struct ladder {
    mailproto_sasl_options options;
    char text[64];
    size_t len;
    int stage, heard, worked, answered, is_client;
    mailproto_status verdict;
};

static const char *const rungs[] = {"first rung", "second rung, which is longer",
                                    "third"};

static inline mailproto_status ladder_start(void *mem,
                                            const mailproto_sasl_options *options)
{
    struct ladder *l = mem;
    assert_int_equal((uintptr_t)mem % sizeof(void *), 0);
    assert_int_equal(l->stage, 0); /* zeroed */
    assert_string_equal(options->custom_ctx, "context");
    l->options = *options;
    l->is_client = options->role == MAILPROTO_SASL_CLIENT;
    return options->name.len == 3 ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_OK;
}

static inline mailproto_status ladder_input(void *mem, const void *data, size_t len,
                                            int last)
{
    struct ladder *l = mem;
    if (len > sizeof l->text - l->len) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    if (len > 0) {
        memcpy(l->text + l->len, data, len);
    }
    l->len += len;
    l->heard = last;
    return MAILPROTO_OK;
}

static inline void capitals(struct ladder *l, const char *text)
{
    for (l->len = 0; text[l->len] != 0; ++l->len) {
        char c = text[l->len];
        l->text[l->len] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
}

static inline void ladder_client(struct ladder *l, mailproto_sasl_state *state)
{
    size_t i;
    state->state = MAILPROTO_SASL_WAIT;
    if (l->heard) {
        for (i = 0; i < l->len; ++i) {
            l->text[i] = l->text[i] >= 'a' && l->text[i] <= 'z'
                             ? (char)(l->text[i] - 32)
                             : l->text[i];
        }
        l->stage++;
        state->state = MAILPROTO_SASL_CONTINUE;
        state->response = l->len;
    }
}

static inline void ladder_step(void *mem, mailproto_sasl_state *state)
{
    struct ladder *l = mem;
    assert_int_equal(state->struct_size, sizeof *state);
    if (l->is_client) {
        ladder_client(l, state);
        l->heard = 0;
        return;
    }
    if (l->answered) {
        state->state =
            l->verdict == MAILPROTO_OK ? MAILPROTO_SASL_DONE : MAILPROTO_SASL_FAILED;
        state->error = l->verdict;
        return;
    }
    if (l->heard && !l->worked) {
        l->worked = 1;
        state->state = MAILPROTO_SASL_WORKING;
        return;
    }
    if (l->heard) {
        char heard[64];
        size_t len = l->len;
        memcpy(heard, l->text, len);
        capitals(l, rungs[l->stage]);
        if (len != l->len || memcmp(heard, l->text, len) != 0) {
            state->state = MAILPROTO_SASL_FAILED;
            state->error = MAILPROTO_ERR_AUTH;
            return;
        }
        l->stage++;
        l->heard = l->worked = 0;
    }
    if (l->stage == 3) {
        state->state = MAILPROTO_SASL_NEEDS;
        return;
    }
    l->len = strlen(rungs[l->stage]);
    state->state = MAILPROTO_SASL_CONTINUE;
    state->response = l->len;
}

static inline mailproto_status ladder_output(void *mem, uint64_t offset, void *buf,
                                             size_t cap, size_t *got)
{
    struct ladder *l = mem;
    const char *from = l->is_client ? l->text : rungs[l->stage];
    size_t left = l->len - (size_t)offset;
    *got = left < cap ? left : cap;
    memcpy(buf, from + offset, *got);
    if (*got == left) {
        l->len = 0; /* room for what comes next */
    }
    return MAILPROTO_OK;
}

static inline void ladder_need(void *mem, mailproto_sasl_need_info *info)
{
    (void)mem;
    info->need = MAILPROTO_SASL_NEED_CUSTOM + 7;
    info->name = str("whoever is up there");
}

static inline mailproto_status ladder_answer(void *mem, mailproto_status verdict,
                                             const void *data, size_t len)
{
    struct ladder *l = mem;
    assert_int_equal(len, 4);
    assert_memory_equal(data, "data", 4);
    l->answered = 1;
    l->verdict = verdict;
    return MAILPROTO_OK;
}

static inline mailproto_status ladder_proven(void *mem)
{
    const struct ladder *l = mem;
    return l->stage == 3 ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
}

static const mailproto_sasl_mechanism ladder = {
    sizeof ladder, 0,           "X-LADDER",    sizeof(struct ladder), ladder_start,
    ladder_input,  ladder_step, ladder_output, ladder_need,           ladder_answer,
    ladder_proven, NULL,
};

static inline mailproto_sasl_options ladder_options(uint32_t role)
{
    mailproto_sasl_options o = options_for(role, "whatever");
    static char context[] = "context";
    o.custom = &ladder;
    o.custom_ctx = context;
    return o;
}

#endif /* TEST_SASL_LADDER_H */
