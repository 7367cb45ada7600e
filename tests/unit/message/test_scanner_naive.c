/*
 * The scanner against the naive one, over made-up messages: the words that matter to it
 * in any order, whole and in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message_trace.h"
#include "naive_mime.h"
#include "thinned.h"

static const char *const words[] = {
    "\r\n",
    "\n",
    "\r\n\r\n",
    "\n\n",
    "\r",
    "--a",
    "\r\n--a\r\n",
    "\n--a\n",
    "\r\n--a--",
    "\r\n--a--\r\n",
    "\n--a-- \t\n",
    "--ab",
    "\r\n--ab\r\n\r\n",
    "\r\n--ab--\r\n",
    "\n--b\n",
    "\n--b--\n",
    "\r\n--a \r\n",
    "--",
    "-",
    " ",
    "\t",
    "x",
    "a",
    ":",
    "text",
    "\0",
    "\xff",
    "X: y\r\n",
    "X : y\n",
    " fold\r\n",
    "junk\r\n",
    "two words: x\n",
    "From x\r\n",
    ">From x\n",
    "Content-Type: multipart/mixed; boundary=a\r\n",
    "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n",
    "Content-Type: multipart/mixed;\r\n boundary=\"ab\"\r\n\r\n",
    "Content-Type: multipart/digest; boundary=b\n\n--b\n",
    "Content-Type: multipart/mixed\r\n",
    "Content-Type: message/rfc822\r\n\r\n",
    "Content-Type: text/html\n\n",
    "Content-Transfer-Encoding: base64\r\n",
    "\r\n--a x\r\n",
    "\n--a-- x\n",
    "\r\n--ab\t--\r\n",
    "Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b\n",
};
enum { WORDS = sizeof words / sizeof words[0], MESSAGES = 60000, WORDS_MAX = 24 };

enum { STRUCTURES = 34, STRUCTURES_END = 39 }; /* the words that begin a structure */

/* Half of the messages begin with a structure, so that there is one. */
static void make(uint64_t seed, struct text *message)
{
    unsigned count = 1 + (unsigned)(chunk_hash(seed, 0) % WORDS_MAX);
    unsigned i;
    message->len = 0;
    for (i = 0; i < count; i++) {
        uint64_t pick = chunk_hash(seed, i + 1);
        const char *word = words[pick % WORDS];
        if (i == 0 && seed % 2 == 0) {
            word = words[STRUCTURES + pick % (STRUCTURES_END - STRUCTURES)];
        }
        text_add(message, word, *word == '\0' ? 1 : strlen(word));
    }
}

static void check(const struct text *message, const struct chunk *cut,
                  struct text *expected)
{
    struct text got = {NULL, 0, 0};
    const char *wrong = message_trace(message->data, message->len, NULL, cut,
                                      TRACE_STRUCTURE_DEFECTS, &got);
    if (wrong != NULL || got.len != expected->len ||
        memcmp(got.data, expected->data, got.len) != 0) {
        struct text quoted = {NULL, 0, 0};
        text_quote(&quoted, message->data, message->len);
        print_error("%s, %s\n%s\nexpected:\n%s\ngot:\n%s\n", chunk_name(cut),
                    wrong != NULL ? wrong : "other events", text_string(&quoted),
                    text_string(expected), text_string(&got));
        fail();
    }
    text_free(&got);
}

static void test_random(void **state)
{
    struct text message = {NULL, 0, 0};
    struct text expected = {NULL, 0, 0};
    const uint64_t messages = MESSAGES / thinned(10);
    uint64_t seed;
    (void)state;
    for (seed = 1; seed <= messages; seed++) {
        const struct chunk whole = {CHUNK_WHOLE, 0, 0, 0};
        const struct chunk one = {CHUNK_EACH, 1, 0, 0};
        struct chunk random = {CHUNK_RANDOM, 0, 0, 0};
        random.value = seed;
        make(seed, &message);
        expected.len = 0;
        naive_mime(message.data, message.len, &expected);
        check(&message, &whole, &expected);
        if (seed % 4 == 0) {
            check(&message, &one, &expected);
            check(&message, &random, &expected);
        }
    }
    text_free(&message);
    text_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
