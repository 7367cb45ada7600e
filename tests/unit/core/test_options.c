/* The struct_size rule in both directions, and the carving of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/options.h"

struct known {
    uint32_t struct_size;
    uint32_t a;
    uint64_t b;
};

struct later {
    struct known known;
    uint64_t c;
};

static void options_are_copied(void **state)
{
    struct later from = {{sizeof from, 1, 2}, 0};
    struct known to;
    (void)state;
    from.known.struct_size = sizeof from.known;
    memset(&to, 0xEE, sizeof to);
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from), MAILPROTO_OK);
    assert_int_equal(to.a, 1);
    assert_int_equal(to.b, 2);
    /* shorter: zeros */
    from.known.struct_size = 8;
    memset(&to, 0xEE, sizeof to);
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from), MAILPROTO_OK);
    assert_int_equal(to.a, 1);
    assert_int_equal(to.b, 0);
    from.known.struct_size = 4;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from), MAILPROTO_OK);
    assert_int_equal(to.a, 0);
    /* longer, its tail zero and not zero */
    from.known.struct_size = sizeof from;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from), MAILPROTO_OK);
    assert_int_equal(to.b, 2);
    from.c = (uint64_t)1 << 56;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from),
                     MAILPROTO_ERR_VERSION);
    from.c = 1;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from),
                     MAILPROTO_ERR_VERSION);
    /* never set */
    from.known.struct_size = 3;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from),
                     MAILPROTO_ERR_ARGUMENT);
    from.known.struct_size = 0;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from),
                     MAILPROTO_ERR_ARGUMENT);
    from.known.struct_size = 0xCCCCCCCCU;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &from),
                     MAILPROTO_ERR_VERSION);
    /* none at all */
    memset(&to, 0xEE, sizeof to);
    assert_int_equal(mailproto__options_copy(&to, sizeof to, NULL), MAILPROTO_OK);
    assert_int_equal(to.struct_size, 0);
    assert_int_equal(to.a, 0);
    assert_int_equal(to.b, 0);
}

static void outputs_are_filled(void **state)
{
    const struct known from = {77, 1, 2};
    struct later to;
    (void)state;
    memset(&to, 0xEE, sizeof to);
    to.known.struct_size = sizeof to.known;
    assert_int_equal(mailproto__output_copy(&to, &from, sizeof from), MAILPROTO_OK);
    assert_int_equal(to.known.struct_size, sizeof to.known);
    assert_int_equal(to.known.a, 1);
    assert_int_equal(to.known.b, 2);
    assert_true(to.c == UINT64_C(0xEEEEEEEEEEEEEEEE));
    /* a caller of an earlier release: no octet more than it has */
    memset(&to, 0xEE, sizeof to);
    to.known.struct_size = 8;
    assert_int_equal(mailproto__output_copy(&to, &from, sizeof from), MAILPROTO_OK);
    assert_int_equal(to.known.a, 1);
    assert_true(to.known.b == UINT64_C(0xEEEEEEEEEEEEEEEE));
    to.known.struct_size = 4;
    to.known.a = 5;
    assert_int_equal(mailproto__output_copy(&to, &from, sizeof from), MAILPROTO_OK);
    assert_int_equal(to.known.a, 5);
    /* of a later one: zeros behind */
    to.known.struct_size = sizeof to;
    assert_int_equal(mailproto__output_copy(&to, &from, sizeof from), MAILPROTO_OK);
    assert_int_equal(to.c, 0);
    assert_int_equal(to.known.struct_size, sizeof to);
    /* never set */
    to.known.struct_size = 3;
    to.known.a = 9;
    assert_int_equal(mailproto__output_copy(&to, &from, sizeof from),
                     MAILPROTO_ERR_ARGUMENT);
    to.known.struct_size = 0xCCCCCCCCU;
    assert_int_equal(mailproto__output_copy(&to, &from, sizeof from),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(to.known.a, 9);
}

/* No public struct is larger than 4096 octets; what says so was never set. */
static void largest_struct(void **state)
{
    static union {
        uint32_t struct_size;
        unsigned char octets[4100];
    } big;
    const struct known from = {sizeof from, 1, 2};
    struct known to;
    (void)state;
    big.struct_size = 4096;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &big), MAILPROTO_OK);
    assert_int_equal(mailproto__output_copy(&big, &from, sizeof from), MAILPROTO_OK);
    memset(&big, 0, sizeof big);
    big.struct_size = 4097;
    assert_int_equal(mailproto__options_copy(&to, sizeof to, &big),
                     MAILPROTO_ERR_VERSION);
    assert_int_equal(mailproto__output_copy(&big, &from, sizeof from),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(big.octets[4], 0);
}

static const size_t lengths[] = {1, 8, 3, 0, 100, 7};

/* Carves alternately aligned and not; the block's size. */
static size_t carve_all(struct mailproto__block b, const char *mem, size_t size)
{
    const char *free_from = mem;
    size_t i;
    for (i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int aligned = i % 2 == 1;
        char *at = (char *)mailproto__carve(&b, lengths[i], aligned);
        if (mem == NULL) {
            assert_null(at);
            continue;
        }
        assert_true(at >= free_from && at + lengths[i] <= mem + size);
        if (aligned) {
            assert_int_equal((uintptr_t)at % MAILPROTO__ALIGN, 0);
        }
        memset(at, (int)i, lengths[i]);
        free_from = at + lengths[i];
    }
    return b.size;
}

/* What is measured suffices for memory of any alignment, and the measure is the same. */
static void carving(void **state)
{
    size_t size = carve_all(mailproto__block_start(NULL), NULL, 0);
    size_t shift;
    (void)state;
    assert_true(size >= 119 && size <= 119 + 4 * MAILPROTO__ALIGN);
    for (shift = 0; shift < 2 * MAILPROTO__ALIGN; shift++) {
        char *mem = (char *)malloc(shift + size);
        assert_non_null(mem);
        assert_int_equal(
            carve_all(mailproto__block_start(mem + shift), mem + shift, size), size);
        free(mem);
    }
}

static void carving_never_wraps(void **state)
{
    char mem[64];
    struct mailproto__block b = mailproto__block_start(mem);
    (void)state;
    assert_null(mailproto__carve(&b, SIZE_MAX - 8, 1));
    assert_true(b.size == SIZE_MAX);
    assert_null(mailproto__carve(&b, 100, 0));
    assert_true(b.size == SIZE_MAX);
    assert_null(mailproto__carve(&b, 1, 1));
    assert_true(b.size == SIZE_MAX);
}

static void spans(void **state)
{
    char mem[64];
    struct mailproto__block b = mailproto__block_start(NULL);
    mailproto_bytes from;
    mailproto_bytes got;
    size_t size;
    (void)state;
    from.ptr = "mx.example";
    from.len = 10;
    got = mailproto__carve_span(&b, from);
    assert_null(got.ptr);
    assert_int_equal(got.len, 10);
    size = b.size;
    b = mailproto__block_start(mem);
    got = mailproto__carve_span(&b, from);
    assert_int_equal(got.len, 10);
    assert_memory_equal(got.ptr, "mx.example", 10);
    assert_ptr_not_equal(got.ptr, from.ptr);
    assert_int_equal(b.size, size);
    from.ptr = NULL;
    from.len = 0;
    got = mailproto__carve_span(&b, from);
    assert_int_equal(got.len, 0);
    assert_int_equal(b.size, size);
}

static void fallback(void **state)
{
    (void)state;
    assert_int_equal(mailproto__or(0, 5), 5);
    assert_int_equal(mailproto__or(7, 5), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_copied),
        cmocka_unit_test(outputs_are_filled),
        cmocka_unit_test(largest_struct),
        cmocka_unit_test(carving),
        cmocka_unit_test(carving_never_wraps),
        cmocka_unit_test(spans),
        cmocka_unit_test(fallback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
