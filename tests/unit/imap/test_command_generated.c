/*
 * Commands made from the grammar: each field read is the one that was made, whatever form
 * it had; one octet changed never leads outside of the command.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imap/syntax.h"
#include "imap_command_write.h"
#include "imap_generate.h"

enum { ROUNDS = 300 };

/* A copy of exactly its size, so that a sanitizer sees a look beyond its end. */
static mailproto_bytes copy_of(const struct text *t)
{
    mailproto_bytes b;
    char *copy = (char *)test_alloc(t->len);
    memcpy(copy, t->data, t->len);
    b.ptr = copy;
    b.len = t->len;
    return b;
}

static void made_is_read(void **state)
{
    struct imap_generator g;
    struct imap_model read;
    uint32_t command;
    int round;
    (void)state;
    memset(&g, 0, sizeof g);
    memset(&read, 0, sizeof read);
    g.random = 20261121;
    for (round = 0; round < ROUNDS; round++) {
        for (command = 1; command < MAILPROTO_IMAP_COMMANDS; command++) {
            mailproto_imap_command c;
            mailproto_imap_fault fault;
            mailproto_bytes unit;
            const char *differs;
            g.enabled = imap_random(&g, 16);
            imap_generate(&g, command);
            unit = copy_of(&g.unit);
            c.struct_size = sizeof c;
            if (mailproto_imap_command_parse(unit, g.enabled, &c, &fault) !=
                MAILPROTO_OK) {
                fail_msg("%.*s: %s at %u", (int)unit.len, unit.ptr, fault.detail,
                         (unsigned)fault.offset);
            }
            imap_model_of(&read, &c);
            differs = imap_model_differs(&g.model, &read);
            if (differs != NULL) {
                fail_msg("%.*s: %s\n%.*s\n%.*s", (int)unit.len, unit.ptr, differs,
                         (int)g.model.items.len, g.model.items.data,
                         (int)read.items.len, read.items.data);
            }
            assert_int_equal(c.args.ptr + c.args.len - unit.ptr, unit.len - 2);
            free((void *)(uintptr_t)unit.ptr);
        }
    }
    imap_model_free(&read);
    imap_generator_free(&g);
}

/* What was read, written anew by the library's writers, says the same again, and is then
 * written in the same octets. */
static void written_is_read(void **state)
{
    struct imap_generator g;
    struct imap_model first;
    struct imap_model second;
    struct text written = {NULL, 0, 0};
    struct text again = {NULL, 0, 0};
    uint32_t command;
    int round;
    (void)state;
    memset(&g, 0, sizeof g);
    memset(&first, 0, sizeof first);
    memset(&second, 0, sizeof second);
    g.random = 9051;
    imap_model_loosely(1);
    for (round = 0; round < ROUNDS; round++) {
        for (command = 1; command < MAILPROTO_IMAP_COMMANDS; command++) {
            mailproto_imap_command c;
            mailproto_imap_fault fault;
            mailproto_bytes unit;
            const char *differs;
            g.enabled = imap_random(&g, 16);
            imap_generate(&g, command);
            unit = copy_of(&g.unit);
            c.struct_size = sizeof c;
            assert_int_equal(mailproto_imap_command_parse(unit, g.enabled, &c, &fault),
                             MAILPROTO_OK);
            imap_model_of(&first, &c);
            imap_command_write(&written, &c, g.enabled);
            free((void *)(uintptr_t)unit.ptr);
            unit = copy_of(&written);
            if (mailproto_imap_command_parse(unit, g.enabled, &c, &fault) !=
                MAILPROTO_OK) {
                fail_msg("%.*s\n%.*s: %s at %u", (int)g.unit.len, g.unit.data,
                         (int)unit.len, unit.ptr, fault.detail, (unsigned)fault.offset);
            }
            imap_model_of(&second, &c);
            differs = imap_model_differs(&first, &second);
            if (differs != NULL) {
                fail_msg("%.*s\n%.*s: %s\n%.*s\n%.*s", (int)g.unit.len, g.unit.data,
                         (int)unit.len, unit.ptr, differs, (int)first.items.len,
                         first.items.data, (int)second.items.len, second.items.data);
            }
            imap_command_write(&again, &c, g.enabled);
            assert_int_equal(again.len, written.len);
            assert_memory_equal(again.data, written.data, written.len);
            free((void *)(uintptr_t)unit.ptr);
        }
    }
    imap_model_loosely(0);
    text_free(&written);
    text_free(&again);
    imap_model_free(&first);
    imap_model_free(&second);
    imap_generator_free(&g);
}

/* Each octet replaced by each of some: refused inside of the unit, or read and walked. */
static void mutations(void **state)
{
    static const char others[] = "\0\r\n\"\\(){}[]<> *%$,:.~+-=0A\x7f\x80\xff";
    struct imap_generator g;
    struct imap_model read;
    uint32_t command;
    unsigned long taken = 0;
    unsigned long refused = 0;
    (void)state;
    memset(&g, 0, sizeof g);
    memset(&read, 0, sizeof read);
    g.random = 4711;
    for (command = 1; command < MAILPROTO_IMAP_COMMANDS; command++) {
        mailproto_bytes unit;
        size_t i;
        size_t k;
        imap_generate(&g, command);
        unit = copy_of(&g.unit);
        for (i = 0; i < unit.len; i++) {
            char *at = (char *)(uintptr_t)unit.ptr + i;
            char was = *at;
            for (k = 0; k < sizeof others - 1; k++) {
                mailproto_imap_command c;
                mailproto_imap_fault fault;
                *at = others[k];
                c.struct_size = sizeof c;
                if (mailproto_imap_command_parse(unit, 0, &c, &fault) == MAILPROTO_OK) {
                    imap_model_of(&read, &c);
                    taken++;
                } else {
                    assert_true(fault.offset <= unit.len);
                    assert_true(fault.detail[0] != '\0');
                    refused++;
                }
                /* What the server reads may hold marks. */
                if (mailproto__imap_command_read(unit, 0, &c, &fault) == MAILPROTO_OK) {
                    imap_model_of(&read, &c);
                }
            }
            *at = was;
        }
        free((void *)(uintptr_t)unit.ptr);
    }
    print_message("%lu changed commands taken, %lu refused\n", taken, refused);
    imap_model_free(&read);
    imap_generator_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_is_read),
        cmocka_unit_test(written_is_read),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
