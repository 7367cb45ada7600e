/*
 * The search program: every key of RFC 3501 and RFC 9051 as nodes, operands and their
 * ends, how many nodes are needed, the limit of nesting.
 */
#include "match_check.h"

static struct match_program p;

/* ---- as text ------------------------------------------------------------------------ */

static void put_string(char *out, const mailproto_imap_string *s)
{
    char buf[512];
    mailproto_bytes b;
    assert_int_equal(mailproto_imap_string_get(s, buf, sizeof buf, &b), MAILPROTO_OK);
    if (s->form != MAILPROTO_IMAP_NIL) {
        sprintf(out + strlen(out), " \"%.*s\"", (int)b.len, b.ptr != NULL ? b.ptr : "");
    }
}

static void put_set(char *out, mailproto_imap_cursor set)
{
    mailproto_imap_range r;
    if (mailproto_imap_set_is_saved(&set)) {
        strcat(out, " $");
    }
    while (mailproto_imap_set_next(&set, &r) == MAILPROTO_OK) {
        sprintf(out + strlen(out), " %u:%u", (unsigned)r.low, (unsigned)r.high);
    }
}

/* One node and its operands; the node behind them. */
static size_t put_node(char *out, const mailproto_imap_search_node *nodes, size_t i)
{
    static const char *const names[] = {
        "?",          "AND",        "OR",
        "NOT",        "ALL",        "FLAG",
        "KEYWORD",    "NUMBERS",    "UID",
        "BEFORE",     "ON",         "SINCE",
        "SENTBEFORE", "SENTON",     "SENTSINCE",
        "LARGER",     "SMALLER",    "HEADER",
        "BODY",       "TEXT",       "MODSEQ",
        "EMAILID",    "THREADID",   "SAVEDBEFORE",
        "SAVEDON",    "SAVEDSINCE", "SAVEDATESUPPORTED"};
    const mailproto_imap_search_node *n = &nodes[i];
    size_t at = i + 1;
    assert_in_range(n->key, 1, 26);
    assert_true(n->end > i);
    sprintf(out + strlen(out), "(%s", names[n->key]);
    if (n->number != 0) {
        sprintf(out + strlen(out), " %lld", (long long)n->number);
    }
    put_string(out, &n->field);
    put_string(out, &n->text);
    put_set(out, n->set);
    while (at < n->end) {
        strcat(out, " ");
        at = put_node(out, nodes, at);
    }
    assert_int_equal(at, n->end);
    strcat(out, ")");
    return at;
}

static void check(const char *keys, const char *expected)
{
    char out[4096] = "";
    match_compile(&p, keys);
    assert_int_equal(put_node(out, p.nodes, 0), p.count);
    if (strcmp(out, expected) != 0) {
        fail_msg("%s: is %s, should be %s", keys, out, expected);
    }
}

static void every_key(void **state)
{
    (void)state;
    check("ALL", "(AND (ALL))");
    check("ANSWERED", "(AND (FLAG 2))");
    check("BCC x", "(AND (HEADER \"BCC\" \"x\"))");
    check("BEFORE 2-Jan-1970", "(AND (BEFORE 1))");
    check("BODY \"a\\\"b\"", "(AND (BODY \"a\"b\"))");
    check("CC {3}\r\na)b", "(AND (HEADER \"CC\" \"a)b\"))");
    check("DELETED", "(AND (FLAG 8))");
    check("DRAFT", "(AND (FLAG 16))");
    check("FLAGGED", "(AND (FLAG 4))");
    check("FROM \"\"", "(AND (HEADER \"FROM\" \"\"))");
    check("HEADER X-A b", "(AND (HEADER \"X-A\" \"b\"))");
    check("KEYWORD $Junk", "(AND (KEYWORD \"$Junk\"))");
    check("LARGER 10", "(AND (LARGER 10))");
    check("NEW", "(AND (AND (FLAG 32) (NOT (FLAG 1))))");
    check("NOT SEEN", "(AND (NOT (FLAG 1)))");
    check("OLD", "(AND (NOT (FLAG 32)))");
    check("ON 1-Jan-1969", "(AND (ON -365))");
    check("OR SEEN 1", "(AND (OR (FLAG 1) (NUMBERS 1:1)))");
    check("RECENT", "(AND (FLAG 32))");
    check("SEEN", "(AND (FLAG 1))");
    check("SENTBEFORE \"1-Feb-1970\"", "(AND (SENTBEFORE 31))");
    check("SENTON 1-Feb-1970", "(AND (SENTON 31))");
    check("SENTSINCE 1-Feb-1970", "(AND (SENTSINCE 31))");
    check("SINCE 1-Feb-1970", "(AND (SINCE 31))");
    check("SMALLER 7", "(AND (SMALLER 7))");
    check("SUBJECT x", "(AND (HEADER \"SUBJECT\" \"x\"))");
    check("TEXT x", "(AND (TEXT \"x\"))");
    check("TO x", "(AND (HEADER \"TO\" \"x\"))");
    check("UID 3,*", "(AND (UID 3:3 0:0))");
    check("UNANSWERED", "(AND (NOT (FLAG 2)))");
    check("UNDELETED", "(AND (NOT (FLAG 8)))");
    check("UNDRAFT", "(AND (NOT (FLAG 16)))");
    check("UNFLAGGED", "(AND (NOT (FLAG 4)))");
    check("UNKEYWORD a", "(AND (NOT (KEYWORD \"a\")))");
    check("UNSEEN", "(AND (NOT (FLAG 1)))");
    check("2:4,1", "(AND (NUMBERS 2:4 1:1))");
    check("$", "(AND (NUMBERS $))");
    check("UID $", "(AND (UID $))");
}

static void keys_of_extensions(void **state)
{
    (void)state;
    check("MODSEQ 620162338", "(AND (MODSEQ 620162338))");
    check("MODSEQ \"/flags/\\\\draft\" all 9",
          "(AND (MODSEQ 9 \"/flags/\\draft\" \"all\"))");
    check("EMAILID M6d9", "(AND (EMAILID \"M6d9\"))");
    check("THREADID T64", "(AND (THREADID \"T64\"))");
    check("SAVEDBEFORE 2-Jan-1970", "(AND (SAVEDBEFORE 1))");
    check("SAVEDON 2-Jan-1970", "(AND (SAVEDON 1))");
    check("SAVEDSINCE 2-Jan-1970", "(AND (SAVEDSINCE 1))");
    check("SAVEDATESUPPORTED", "(AND (SAVEDATESUPPORTED))");
}

static void nesting(void **state)
{
    (void)state;
    check("SEEN 1", "(AND (FLAG 1) (NUMBERS 1:1))");
    check("(SEEN) 1", "(AND (AND (FLAG 1)) (NUMBERS 1:1))");
    check("NOT (SEEN NEW) OLD",
          "(AND (NOT (AND (FLAG 1) (AND (FLAG 32) (NOT (FLAG 1))))) (NOT (FLAG 32)))");
    check("OR NOT SEEN (1 UNDRAFT) ALL",
          "(AND (OR (NOT (FLAG 1)) (AND (NUMBERS 1:1) (NOT (FLAG 16)))) (ALL))");
    check("OR OR 1 2 OR 3 4 NOT NOT 5",
          "(AND (OR (OR (NUMBERS 1:1) (NUMBERS 2:2)) (OR (NUMBERS 3:3) (NUMBERS 4:4)))"
          " (NOT (NOT (NUMBERS 5:5))))");
    check("OR NEW UNSEEN DELETED",
          "(AND (OR (AND (FLAG 32) (NOT (FLAG 1))) (NOT (FLAG 1))) (FLAG 8))");
}

static void the_array_may_be_small(void **state)
{
    static const char keys[] = "OR NEW (1 2 NOT TEXT a) UNSEEN";
    mailproto_imap_search_node nodes[16];
    size_t cap;
    (void)state;
    match_compile(&p, keys);
    assert_int_equal(p.count, 13);
    for (cap = 0; cap < 16; cap++) {
        mailproto_imap_cursor walk = p.command.items;
        size_t count = 99;
        memset(nodes, 0x5a, sizeof nodes);
        assert_int_equal(
            mailproto_imap_search_compile(&walk, cap != 0 ? nodes : NULL, cap, &count),
            cap < 13 ? MAILPROTO_ERR_MEMORY : MAILPROTO_OK);
        assert_int_equal(count, 13);
        if (cap < 16) { /* not written behind its end */
            assert_int_equal(nodes[cap < 13 ? cap : 13].key, 0x5a5a5a5a);
        }
        /* Walked like all cursors, and not at all when it has to be called again. */
        assert_int_equal(memcmp(&walk, &p.command.items, sizeof walk) == 0, cap < 13);
    }
}

/* NEW is the shortest key that stands for four nodes. */
static void nodes_are_never_more_than_octets(void **state)
{
    static const char *const all[] = {
        "NEW",       "1",         "NEW NEW NEW NEW", "OR 1 1",     "(1)",
        "((((1))))", "NOT NOT 1", "OLD OLD",         "OR NEW NEW", "UNKEYWORD a"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        match_compile(&p, all[i]);
        if (p.count > strlen(all[i]) + 2) {
            fail_msg("%s: %zu", all[i], p.count);
        }
    }
}

/* `depth` times `open`, a key, `depth` times `close`. */
static mailproto_status compile_nested(unsigned depth, const char *open,
                                       const char *close)
{
    static char keys[4096];
    unsigned i;
    keys[0] = '\0';
    for (i = 0; i < depth; i++) {
        strcat(keys, open);
    }
    strcat(keys, "NEW");
    for (i = 0; i < depth; i++) {
        strcat(keys, close);
    }
    return match_compile_octets(&p, keys, strlen(keys));
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    assert_int_equal(compile_nested(MAILPROTO_IMAP_SEARCH_DEPTH, "(", ")"),
                     MAILPROTO_OK);
    assert_int_equal(p.count, MAILPROTO_IMAP_SEARCH_DEPTH + 5);
    assert_int_equal(p.nodes[MAILPROTO_IMAP_SEARCH_DEPTH].end, p.count);
    assert_int_equal(compile_nested(MAILPROTO_IMAP_SEARCH_DEPTH + 1, "(", ")"),
                     MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(compile_nested(MAILPROTO_IMAP_SEARCH_DEPTH, "NOT ", ""),
                     MAILPROTO_OK);
    assert_int_equal(compile_nested(MAILPROTO_IMAP_SEARCH_DEPTH + 1, "NOT ", ""),
                     MAILPROTO_ERR_COUNT_LIMIT);
    assert_int_equal(compile_nested(MAILPROTO_IMAP_SEARCH_DEPTH, "OR 1 ", ""),
                     MAILPROTO_OK);
    assert_int_equal(compile_nested(MAILPROTO_IMAP_SEARCH_DEPTH + 1, "OR 1 ", ""),
                     MAILPROTO_ERR_COUNT_LIMIT);
}

static void what_is_no_program(void **state)
{
    mailproto_imap_cursor none = {{0, 0, 0, 0}};
    size_t count = 99;
    (void)state;
    assert_int_equal(mailproto_imap_search_compile(&none, p.nodes, MATCH_NODES, &count),
                     MAILPROTO_ERR_SYNTAX);
    assert_int_equal(count, 1);
    match_compile(&p, "SEEN");
    none = p.command.items;
    assert_int_equal(mailproto_imap_search_compile(&none, p.nodes, MATCH_NODES, &count),
                     MAILPROTO_OK);
    /* It was walked: nothing is left. */
    assert_int_equal(mailproto_imap_search_compile(&none, p.nodes, MATCH_NODES, &count),
                     MAILPROTO_ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key),
        cmocka_unit_test(keys_of_extensions),
        cmocka_unit_test(nesting),
        cmocka_unit_test(the_array_may_be_small),
        cmocka_unit_test(nodes_are_never_more_than_octets),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(what_is_no_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
