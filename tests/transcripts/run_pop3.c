/*
 * Runs the POP3 transcripts, each in every way, and lists the statuses that none of
 * them reaches.
 *
 *     run_pop3 [-v] [part of a name]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "play_all.h"
#include "pop3_actor.h"

static int verbose;
static unsigned long runs;

static void run_one(void **state)
{
    const struct transcript *t = *state;
    struct text why = {NULL, 0, 0};
    struct text log = {NULL, 0, 0};
    int good = play_all(t, &pop3_actor, &runs, verbose ? &log : NULL, &why);

    if (verbose) {
        printf("%s", text_string(&log));
    }
    if (!good) {
        print_error("%s\n", text_string(&why));
    }
    text_free(&why);
    text_free(&log);
    assert_true(good);
}

/* What POP3 cannot produce, or what only the set-up of an engine says (unit tests). */
static const mailproto_status elsewhere[] = {
    MAILPROTO_ERR_NOT_NOW,       /* IMAP */
    MAILPROTO_ERR_VERSION,       /* options of a later library */
    MAILPROTO_ERR_MEMORY,        /* init, new */
    MAILPROTO_ERR_NOT_BUILT,     /* hash functions */
    MAILPROTO_ERR_EARLY_TALKER,  /* SMTP */
    MAILPROTO_ERR_LIMIT_OF_PEER, /* SMTP's SIZE */
    MAILPROTO_EOF,               /* next_event after the end: the player itself */
    MAILPROTO_YOUR_TURN,         /* the pump */
    MAILPROTO_NOT_READY,         /* sources */
};

static void every_status_is_met(void **state)
{
    mailproto_status status;
    int missing = 0;
    int at = 0;
    size_t i;

    (void)state;
    while (status_next(&at, &status)) {
        for (i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
            if (elsewhere[i] == status) {
                break;
            }
        }
        if (i == sizeof elsewhere / sizeof elsewhere[0] && !status_was_met(status)) {
            print_error("no transcript reaches %s\n", status_name(status));
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

/* The tests, one a transcript, and their number. */
static struct CMUnitTest *make_tests(struct transcript_file *files, const char *part,
                                     size_t *count)
{
    struct CMUnitTest *tests = NULL;
    struct transcript_file *f;
    size_t i;

    *count = 0;
    for (f = files; f->path != NULL; f++) {
        for (i = 0; i < f->count; i++) {
            struct text name = {NULL, 0, 0};
            text_print(&name, "%s: %s", f->shown, f->items[i].name);
            if (part != NULL && strstr(text_string(&name), part) == NULL) {
                text_free(&name);
                continue;
            }
            tests = realloc(tests, (*count + 2) * sizeof *tests);
            assert_non_null(tests);
            memset(&tests[*count], 0, 2 * sizeof *tests);
            tests[*count].name = text_string(&name);
            tests[*count].test_func = run_one;
            tests[*count].initial_state = &f->items[i];
            (*count)++;
        }
    }
    return tests;
}

static int run_files(struct transcript_file *files, const char *part)
{
    size_t count;
    struct CMUnitTest *tests = make_tests(files, part, &count);
    int failed;
    size_t i;

    if (part == NULL && tests != NULL) {
        tests[count].name = "every status is met";
        tests[count].test_func = every_status_is_met;
        count++;
    }
    failed = count != 0
                 ? _cmocka_run_group_tests("pop3 transcripts", tests, count, NULL, NULL)
                 : 1;
    printf("%lu runs\n", runs);
    for (i = 0; i < count; i++) {
        if (tests[i].test_func == run_one) {
            free((void *)(uintptr_t)tests[i].name);
        }
    }
    free(tests);
    return failed;
}

int main(int argc, char **argv)
{
    struct text why = {NULL, 0, 0};
    struct transcript_file *files = transcripts_of("pop3", &why);
    const char *part = NULL;
    int failed;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            verbose = 1;
        } else {
            part = argv[i];
        }
    }
    if (files == NULL) {
        fprintf(stderr, "%s\n", text_string(&why));
        text_free(&why);
        return 1;
    }
    failed = run_files(files, part);
    transcripts_free(files);
    return failed;
}
