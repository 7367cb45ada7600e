/*
 * Vectors of other projects about commands and what they consist of
 * ($MAILPROTO_DATA/corpus/vectors/imap). A vector about a part of a command is put into a
 * command. What this library answers otherwise stands here by its id with the text that
 * decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/imap.h>

#include "imap/syntax.h"
#include "jsonl.h"
#include "vector_kinds.h"

/* A vector that agrees must not stand here. */
static const struct {
    const char *id, *why;
} otherwise[] = {
    {"imap/commands:e69c2a05e3", "flag-extension = \"\\\\\" atom"},
    {"imap/commands:2cfe1b8ac6", "RFC 4466 3: store-modifiers = SP \"(\""},
    {"imap/grammar:6893c62560",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:dec168d7b6",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:3c9c5a888e",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:8beed01922",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:f3807e148c", "a command that is not known is not read"},
    {"imap/grammar:2431de38a0", "the same"},
    {"imap/grammar:a59cf0705b",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:e77b14edc1",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:f372da6c22",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:cae0a5f9da",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:56873d09b0",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:3218f00587",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:b02b36dfb9",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:e8a6800447",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:6902a25a38",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:60cbd9b33e",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:418c73041e",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:f3f245379f",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:9add1a0fe3",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:c5134fce7c",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:ee140cc0a7", "RFC 9051 9, note 2: exactly one SP"},
    {"imap/grammar:f144b19907", "RFC 9051 9, note 2: exactly one SP"},
    {"imap/grammar:b3371ce5e4", "RFC 9051 9, note 2: exactly one SP"},
    {"imap/grammar:4ba6a8e3d6",
     "RFC 5258 6: an option that no extension offered defines is BAD"},
    {"imap/grammar:072c52418d",
     "RFC 5258 6: an option that no extension offered defines is BAD"},
    {"imap/grammar:02a2db05c3",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:4dfcbcac4f",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:d903fc44df",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:73dd68c782",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:a995967aaa",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:5b4d59dc33",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:a409bdc7d2",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:25657283f4", "RFC 7162 7: \"*\" is not allowed in seq-match-data"},
    {"imap/grammar:31ab58fa75",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:07864c7612",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:68258619e3",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:71e52050f4",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:96a137c9eb",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:11d8b1f96d",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:ab6e52c22d",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/grammar:2b75cfb6ad",
     "RFC 3501 9: QUOTED-CHAR is ASCII until UTF-8 is enabled"},
    {"imap/grammar:6b6875a7f6",
     "RFC 3501 9: QUOTED-CHAR is ASCII until UTF-8 is enabled"},
    {"imap/grammar:cd7c573019", "RFC 9051 9: partial-range has 64 bits"},
    {"imap/grammar:5747e4188b", "RFC 9051 9: partial-range has 64 bits"},
    {"imap/grammar:2c3abcb729", "RFC 9051 9: partial-range has 64 bits"},
    {"imap/grammar:fdc94437cc",
     "the SP before this part is not the vector's: another command, or none"},
    {"imap/grammar:22e6f33045",
     "the SP before this part is not the vector's: another command, or none"},
    {"imap/grammar:e6a7374ebb",
     "the SP before this part is not the vector's: another command, or none"},
    {"imap/encoded_forms:fc22f1bf1a", "flag-extension = \"\\\\\" atom"},
    {"imap/encoded_forms:f05c14b168", "flag-extension = \"\\\\\" atom"},
    {"imap/encoded_forms:424bf6ef84",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:dd7d4d90fd",
     "the SP before this part is not the vector's: another command, or none"},
    {"imap/encoded_forms:00dce3702a",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:942db25b04",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:1390a1aa8f",
     "the SP before this part is not the vector's: another command, or none"},
    {"imap/encoded_forms:560055cf3e",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:808c532824",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:7687cc1a26",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:6102f2c945",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:ebb50b6d2b",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:8073e75c36",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:708c815021",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:c2dbff1c89",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:d767f827bc",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:49aeeaf552",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:ad21d1d288",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:330b5e5b2d",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:b8749fee0e",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:a0abce7e97",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:c11aeb6076",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:b69ae24e20",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:888c6b5dea",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:7bddc6a9f7",
     "RFC 4466 2: what no extension that is offered defines is BAD"},
    {"imap/encoded_forms:1d9147568d",
     "RFC 5258 6: an option that no extension offered defines is BAD"},
    {"imap/encoded_forms:299de3e046",
     "RFC 5258 6: an option that no extension offered defines is BAD"},
    {"imap/encoded_forms:f445da517f",
     "RFC 5258 6: an option that no extension offered defines is BAD"},
    {"imap/encoded_forms:2fc62a6dcd", "header-list has at least one name"},
    {"imap/encoded_forms:6b2630a1da", "a list of search keys has at least one"},
    {"imap/encoded_forms:3201b7a10c", "RFC 7162 7: one search-modseq-ext"},
    {"imap/encoded_forms:38bbed826e",
     "RFC 7162 7: mod-sequence-value is positive, \"*\" not allowed"},
    {"imap/encoded_forms:6cd026d6cf",
     "RFC 7162 7: mod-sequence-value is positive, \"*\" not allowed"},
    {"imap/seqset:74af9da7c8", "sequence-set has \"*\"; the vector is of sets without"},
    {"imap/seqset:f38cbc8103", "nothing follows the last comma"},
    {"imap/imap_dates:dfa52206e8", "the year is whole; the vector is of 32-bit times"},
    {"imap/imap_dates:fe8598ace5", "the same"},
    {"imap/list_match:b60c2e731b", "RFC 9051 5.1: INBOX in any case"},
    {"imap/mutf7:18f68f91a5", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:ad1e6fa385", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:32315f8cee", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:22096d70a2", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:5b376aca24", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:7aa9fba94e", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:eec67b781a", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:81148c9524", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:c954cc0339", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:7215309eaf", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:f7ffe7a8db", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:07c0665f4a", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:55d76a31f1", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:a40710503d", "RFC 9051 9, note 3: NUL in no name"},
    {"imap/mutf7:f92e0ef5c8",
     "the vector is no encoding: its ends do not belong together"},
    {"imap/mutf7:fc880d1556", "RFC 3629 3: no surrogates in UTF-8"},
};

struct counts {
    unsigned used, otherwise, incomplete, kind;
};

static int is_otherwise(const char *id)
{
    size_t i;
    for (i = 0; i < sizeof otherwise / sizeof otherwise[0]; i++) {
        if (strcmp(otherwise[i].id, id) == 0) {
            return 1;
        }
    }
    return 0;
}

static void judge(struct counts *n, const char *id, int agrees, const struct text *unit)
{
    n->used++;
    if (is_otherwise(id)) {
        n->otherwise++;
        agrees = !agrees;
    }
    if (!agrees) {
        print_error("%s: %.*s\n", id, (int)unit->len, unit->data);
        n->kind |= 0x80000000U; /* told at the end */
    }
}

/* 1 valid, 0 not, -1 nothing is said. */
static int expected(const struct jsonl *j)
{
    const char *outcome = jsonl_text(j, "expected.outcome");
    if (outcome != NULL && strcmp(outcome, "success") != 0 &&
        strcmp(outcome, "failure") != 0 && strcmp(outcome, "failed") != 0) {
        return -1; /* incomplete: whole commands are read here */
    }
    if (jsonl_has(j, "expected.valid")) {
        return (int)jsonl_number(j, "expected.valid", 0);
    }
    return outcome != NULL && strcmp(outcome, "success") == 0;
}

/* The text of a vector, without what stands behind a whole command. */
static int input_of(const struct jsonl *j, struct text *input)
{
    const char *rest = jsonl_text(j, "expected.remainder");
    input->len = 0;
    if (!jsonl_bytes(j, "input_b64", input)) {
        return 0;
    }
    if (rest != NULL && strlen(rest) <= input->len) {
        input->len -= strlen(rest);
    }
    return 1;
}

/* Whole, or up to a literal that is not there. */
static int is_good(mailproto_bytes unit, mailproto_imap_command *c)
{
    mailproto_imap_fault fault;
    size_t from = 0;
    if (unit.len > 3 && unit.ptr[unit.len - 3] == '}') {
        return mailproto__imap_command_prefix(unit, 0, &from, c, &fault) ==
               MAILPROTO_OK;
    }
    return mailproto_imap_command_parse(unit, 0, c, &fault) == MAILPROTO_OK;
}

static void run_commands(struct counts *n, const char *file, int whole)
{
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    struct text unit = {NULL, 0, 0};
    struct jsonl *j = jsonl_open(file, &why);
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
        text_free(&why);
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        const char *kind = jsonl_text(j, "kind");
        const struct vector_kind *of = vector_kind_of(kind);
        const char *before;
        mailproto_imap_command c;
        mailproto_bytes b;
        int want = expected(j);
        if (of == NULL || !input_of(j, &input)) {
            if (of == NULL && vector_reason(kind) == NULL) {
                print_error("%s: nobody knows kind %s\n", jsonl_text(j, "id"), kind);
                n->kind |= 0x80000000U;
            }
            n->kind++;
            continue;
        }
        before = of->before;
        if (want < 0) {
            n->incomplete++;
            continue;
        }
        unit.len = 0;
        if (whole && strcmp(kind, "command") == 0) {
            before = ""; /* these have their tag */
        }
        text_print(&unit, "%s", before);
        while (input.len > 0 && (input.data[input.len - 1] == '\n' ||
                                 input.data[input.len - 1] == '\r')) {
            if (input.len > 3 && input.data[input.len - 3] == '}' &&
                strncmp(kind, "append", 6) != 0) {
                break;
            }
            input.len--;
        }
        text_add(&unit, input.data, input.len);
        text_print(&unit, "%s\r\n", of->after);
        b.ptr = unit.data;
        b.len = unit.len;
        memset(&c, 0, sizeof c);
        c.struct_size = sizeof c;
        judge(n, jsonl_text(j, "id"), is_good(b, &c) == want, &unit);
    }
    text_free(&why);
    text_free(&input);
    text_free(&unit);
    jsonl_close(j);
}

static void tell(const char *what, struct counts *n)
{
    int bad = (n->kind & 0x80000000U) != 0;
    n->kind &= 0x7fffffffU;
    print_message(
        "%s: %u used (%u answered otherwise), skipped: %u incomplete, %u of other "
        "kinds\n",
        what, n->used, n->otherwise, n->incomplete, n->kind);
    assert_false(bad);
    assert_true(n->used > 0);
}

static void commands(void **state)
{
    struct counts n = {0, 0, 0, 0};
    (void)state;
    run_commands(&n, "corpus/vectors/imap/commands.jsonl", 1);
    tell("commands", &n);
}

static void grammar(void **state)
{
    struct counts n = {0, 0, 0, 0};
    (void)state;
    run_commands(&n, "corpus/vectors/imap/grammar.jsonl", 0);
    tell("grammar", &n);
}

static void encoded_forms(void **state)
{
    struct counts n = {0, 0, 0, 0};
    (void)state;
    run_commands(&n, "corpus/vectors/imap/encoded_forms.jsonl", 0);
    tell("encoded_forms", &n);
}

/* Opens a file or skips. */
static struct jsonl *open_or_skip(const char *file)
{
    struct text why = {NULL, 0, 0};
    struct jsonl *j = jsonl_open(file, &why);
    if (j == NULL) {
        print_message("skipped: %s\n", text_string(&why));
    }
    text_free(&why);
    return j;
}

static void sets(void **state)
{
    struct counts n = {0, 0, 0, 0};
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    struct jsonl *j = open_or_skip("corpus/vectors/imap/seqset.jsonl");
    (void)state;
    if (j == NULL) {
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        mailproto_imap_cursor set;
        mailproto_bytes b;
        size_t last = jsonl_count(j, "expected.rest");
        int want;
        input.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &input) && last > 0);
        want = jsonl_number_at(j, "expected.rest", last - 1) == 0;
        b.ptr = input.data;
        b.len = input.len;
        judge(&n, jsonl_text(j, "id"),
              (mailproto_imap_set_parse(b, &set) == MAILPROTO_OK) == want, &input);
    }
    jsonl_close(j);
    text_free(&input);
    text_free(&why);
    tell("seqset", &n);
}

static void dates(void **state)
{
    struct counts n = {0, 0, 0, 0};
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    struct jsonl *j = open_or_skip("corpus/vectors/imap/imap_dates.jsonl");
    (void)state;
    if (j == NULL) {
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        mailproto_imap_date date;
        int64_t day = 0;
        mailproto_bytes b;
        int agrees;
        input.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &input));
        b.ptr = input.data;
        b.len = input.len;
        if (strcmp(jsonl_text(j, "kind"), "test_imap_date") == 0) {
            agrees = mailproto_imap_day_parse(b, &day) == MAILPROTO_OK &&
                     day * 86400 == jsonl_number_at(j, "expected.rest", 0);
        } else {
            agrees = mailproto_imap_date_parse(b, &date) == MAILPROTO_OK &&
                     date.utc == jsonl_number_at(j, "expected.rest", 0) &&
                     date.zone_minutes == jsonl_number_at(j, "expected.rest", 1);
        }
        judge(&n, jsonl_text(j, "id"), agrees, &input);
    }
    jsonl_close(j);
    text_free(&input);
    text_free(&why);
    tell("imap_dates", &n);
}

static void patterns(void **state)
{
    struct counts n = {0, 0, 0, 0};
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    struct jsonl *j = open_or_skip("corpus/vectors/imap/list_match.jsonl");
    (void)state;
    if (j == NULL) {
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        const char *result = jsonl_text(j, "expected.result");
        const char *name = jsonl_text(j, "expected.input");
        const char *separator = jsonl_text(j, "expected.separator");
        mailproto_bytes b;
        mailproto_bytes of;
        int want = strcmp(result, "YES") == 0        ? 1
                   : strcmp(result, "CHILDREN") == 0 ? 2
                                                     : 0;
        input.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &input));
        b.ptr = input.data;
        b.len = input.len;
        of.ptr = name;
        of.len = strlen(name);
        judge(&n, jsonl_text(j, "id"),
              mailproto_imap_list_match(b, of, separator[0]) == want, &input);
    }
    jsonl_close(j);
    text_free(&input);
    text_free(&why);
    tell("list_match", &n);
}

static void utf7(void **state)
{
    struct counts n = {0, 0, 0, 0};
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    struct jsonl *j = open_or_skip("corpus/vectors/imap/mutf7.jsonl");
    (void)state;
    if (j == NULL) {
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        const char *other;
        char out[1024];
        mailproto_bytes b;
        size_t len = 0;
        int valid = 1;
        mailproto_status status;
        input.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &input) && input.len < 200);
        b.ptr = input.data;
        b.len = input.len;
        if (strcmp(jsonl_text(j, "kind"), "mutf7-decode") == 0) {
            other = jsonl_text(j, "expected.decoded");
            valid = (int)jsonl_number(j, "expected.valid", 1);
            status = mailproto_imap_utf7_decode(b, out, sizeof out, &len);
        } else {
            other = jsonl_text(j, "expected.mutf7");
            valid = (int)jsonl_number(j, "expected.valid", 1);
            status = mailproto_imap_utf7_encode(b, out, sizeof out, &len);
        }
        judge(&n, jsonl_text(j, "id"),
              valid ? status == MAILPROTO_OK && other != NULL && strlen(other) == len &&
                          memcmp(other, out, len) == 0
                    : status == MAILPROTO_ERR_SYNTAX,
              &input);
    }
    jsonl_close(j);
    text_free(&input);
    text_free(&why);
    tell("mutf7", &n);
}

/* Tags, words and quoted strings of another parser. */
static void arguments(void **state)
{
    struct counts n = {0, 0, 0, 0};
    struct text why = {NULL, 0, 0};
    struct text input = {NULL, 0, 0};
    struct text unit = {NULL, 0, 0};
    struct jsonl *j = open_or_skip("corpus/vectors/imap/args_parser.jsonl");
    (void)state;
    if (j == NULL) {
        skip();
    }
    while (jsonl_next(j, &why) == 1) {
        const char *kind = jsonl_text(j, "kind");
        const char *of = jsonl_member_at(j, "expected.rest", 2, "const");
        mailproto_imap_command c;
        mailproto_bytes b;
        int want;
        input.len = 0;
        unit.len = 0;
        assert_true(jsonl_bytes(j, "input_b64", &input));
        memset(&c, 0, sizeof c);
        c.struct_size = sizeof c;
        if (strcmp(kind, "test_imap_parser_quoted_escapes") == 0) {
            char out[64];
            mailproto_bytes octets = {NULL, 0};
            const char *text = jsonl_text_at(j, "expected.rest", 0);
            text_print(&unit, "A LOGIN ");
            text_add(&unit, input.data, input.len - 1);
            text_print(&unit, " b\r\n");
            b.ptr = unit.data;
            b.len = unit.len;
            judge(&n, jsonl_text(j, "id"),
                  mailproto_imap_command_parse(b, 0, &c, NULL) == MAILPROTO_OK &&
                      mailproto_imap_string_get(&c.name, out, sizeof out, &octets) ==
                          MAILPROTO_OK &&
                      octets.len == strlen(text) &&
                      memcmp(octets.ptr, text, octets.len) == 0,
                  &input);
            continue;
        }
        if (strcmp(kind, "test_imap_parser_read_tag_cmd") != 0 || of == NULL ||
            strcmp(of, "COMMAND") == 0) {
            n.kind++; /* lists of anything; names of commands that allow "+]" */
            continue;
        }
        want = (int)jsonl_number_at(j, "expected.rest", 1);
        if (want == 0) {
            n.incomplete++;
            continue;
        }
        b.ptr = input.data;
        b.len = input.len;
        judge(&n, jsonl_text(j, "id"), (mailproto__imap_tag(b).len > 0) == (want > 0),
              &input);
    }
    jsonl_close(j);
    text_free(&input);
    text_free(&unit);
    text_free(&why);
    tell("args_parser", &n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),      cmocka_unit_test(grammar),
        cmocka_unit_test(encoded_forms), cmocka_unit_test(sets),
        cmocka_unit_test(dates),         cmocka_unit_test(patterns),
        cmocka_unit_test(utf7),          cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
