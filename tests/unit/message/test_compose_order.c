/*
 * Descriptions of many parts in odd orders: the check of their tree. With an argument, a
 * count: the check of as many parts in the worst order, once, for checks/linear.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/compose.h>

#include "text.h"

/* The second half of the parts are leaves; those before are multiparts. */
enum order {
    FORWARD,  /* of the first multipart the first leaf, and so on */
    BACKWARD, /* of the last multipart the first leaf */
    STRIDES   /* far from one another */
};

static mailproto_bytes bytes_of(const char *text)
{
    mailproto_bytes b;
    b.ptr = text;
    b.len = strlen(text);
    return b;
}

/* `half` multiparts, all but the first in the first, and a leaf in each, but `without`. */
static mailproto_status check_order(uint32_t half, enum order order, uint32_t without,
                                    mailproto_compose_fault *fault)
{
    mailproto_compose_part *parts =
        (mailproto_compose_part *)test_alloc(2 * (size_t)half * sizeof *parts);
    mailproto_compose_options o;
    mailproto_status status;
    uint32_t i;
    memset(parts, 0, 2 * (size_t)half * sizeof *parts);
    memset(&o, 0, sizeof o);
    memset(fault, 0, sizeof *fault);
    fault->struct_size = sizeof *fault;
    for (i = 0; i < half; i++) {
        uint64_t stride = (uint64_t)i * 7919; /* a prime, and `half` none of its */
        uint32_t to = order == FORWARD    ? i
                      : order == BACKWARD ? half - 1 - i
                                          : (uint32_t)(stride % half);
        parts[i].type = bytes_of("multipart/mixed");
        parts[half + i].type = bytes_of("text/plain");
        parts[half + i].parent = to == without ? 0 : to;
    }
    parts[0].parent = MAILPROTO_COMPOSE_ROOT;
    o.struct_size = sizeof o;
    o.parts = parts;
    o.part_count = 2 * (size_t)half;
    o.unique = bytes_of("0123456789abcdef");
    o.utc = INT64_MIN;
    status = mailproto_compose_check(&o, fault);
    free(parts);
    return status;
}

static void orders(void **state)
{
    /* About what one pass decides, and about several of them. */
    static const uint32_t halves[] = {2, 3, 1023, 1024, 2047, 2048, 2049, 4096, 5000};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof halves / sizeof halves[0]; i++) {
        const uint32_t half = halves[i];
        enum order order;
        for (order = FORWARD; order <= STRIDES; order++) {
            const uint32_t missing[] = {1, half / 2, half - 2, half - 1, 1023, 1024};
            mailproto_compose_fault fault;
            size_t k;
            assert_int_equal(check_order(half, order, UINT32_MAX, &fault),
                             MAILPROTO_OK);
            for (k = 0; k < sizeof missing / sizeof missing[0]; k++) {
                uint32_t without = missing[k];
                if (without == 0 || without >= half) {
                    continue;
                }
                assert_int_equal(check_order(half, order, without, &fault),
                                 MAILPROTO_ERR_ARGUMENT);
                assert_int_equal(fault.part, without);
                assert_string_equal(fault.detail, "a multipart without parts");
            }
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(orders)};
    if (argc > 1) {
        mailproto_compose_fault fault;
        uint32_t half = (uint32_t)strtoul(argv[1], NULL, 10) / 2;
        return check_order(half, BACKWARD, UINT32_MAX, &fault) == MAILPROTO_OK ? 0 : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
