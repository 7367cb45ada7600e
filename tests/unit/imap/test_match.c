/*
 * Keys that facts decide, each matching and not; the message is asked for only when it
 * makes a difference; what open() refuses.
 */
#include "match_check.h"

#include <mailproto/field.h>

static const char message[] =
    "Subject: hello\r\nDate: Mon, 2 Jan 2006 23:30:00 -0700\r\n"
    "\r\nbody text\r\n";

enum { DAY = 86400 };

static mailproto_bytes keywords[] = {{"$Forwarded", 10}, {"work", 4}};
static mailproto_imap_range saved[] = {{3, 5}, {9, 9}, {20, 30}};

/* A message whose facts the tests below know. */
static mailproto_imap_facts facts_of(void)
{
    mailproto_imap_facts f = {.struct_size = sizeof f,
                              .seq = 4,
                              .uid = 40,
                              .largest_seq = 10,
                              .largest_uid = 99,
                              .flags = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_FLAGGED,
                              .size = 1000,
                              .modseq = 77,
                              .keywords = keywords,
                              .keywords_count = 2,
                              .email_id = {"M1a", 3},
                              .thread_id = {"T9", 2},
                              .saved_uids = saved,
                              .saved_uids_count = 3};
    /* 23:30 on 1 February 1994 at -0700 is the second in UTC. */
    f.internal.set = 1;
    f.internal.zone_minutes = -420;
    assert_int_equal(mailproto_date_to_utc(1994, 2, 2, 0, 0, 0, &f.internal.utc),
                     MAILPROTO_OK);
    f.internal.utc += 6 * 3600 + 1800;
    f.saved = f.internal;
    f.saved.utc += 10 * DAY;
    return f;
}

static void expect(const char *keys, const mailproto_imap_facts *f, int expected)
{
    int asked = 9;
    if (match_keys(keys, strlen(keys), f, message, strlen(message), &asked) !=
        expected) {
        fail_msg("%s should%s match", keys, expected ? "" : " not");
    }
    if (asked != 0) {
        fail_msg("%s asked for the message", keys);
    }
}

struct row {
    const char *keys;
    int expected;
};

static const struct row rows[] = {
    {"ALL", 1},
    {"NOT ALL", 0},
    {"SEEN", 1},
    {"UNSEEN", 0},
    {"ANSWERED", 0},
    {"UNANSWERED", 1},
    {"FLAGGED", 1},
    {"UNFLAGGED", 0},
    {"DELETED", 0},
    {"UNDELETED", 1},
    {"DRAFT", 0},
    {"UNDRAFT", 1},
    {"RECENT", 0},
    {"OLD", 1},
    {"NEW", 0},
    {"KEYWORD $Forwarded", 1},
    {"KEYWORD $FORWARDED", 1}, /* RFC 9051 9: in any case */
    {"KEYWORD WORK", 1},
    {"KEYWORD wor", 0},
    {"KEYWORD works", 0},
    {"UNKEYWORD work", 0},
    {"UNKEYWORD home", 1},
    {"4", 1},
    {"1:3,5:9", 0},
    {"5:2", 1},
    {"*", 0},
    {"4:*", 1},
    {"11:*", 0}, /* is 10:11 */
    {"UID 40", 1},
    {"UID 4", 0},
    {"UID 1:39,41:*", 0},
    {"UID *:30", 1},
    {"$", 0},
    {"UID $", 0},
    {"BEFORE 1-Feb-1994", 0},
    {"BEFORE 2-Feb-1994", 1},
    {"ON 31-Jan-1994", 0},
    {"ON 1-Feb-1994", 1}, /* as it was written, not in UTC */
    {"ON 2-Feb-1994", 0},
    {"SINCE 1-Feb-1994", 1},
    {"SINCE 2-Feb-1994", 0},
    {"SAVEDBEFORE 11-Feb-1994", 0},
    {"SAVEDBEFORE 12-Feb-1994", 1},
    {"SAVEDON 11-Feb-1994", 1},
    {"SAVEDON 1-Feb-1994", 0},
    {"SAVEDSINCE 11-Feb-1994", 1},
    {"SAVEDSINCE 12-Feb-1994", 0},
    {"SAVEDATESUPPORTED", 1},
    {"LARGER 999", 1},
    {"LARGER 1000", 0},
    {"SMALLER 1000", 0},
    {"SMALLER 1001", 1},
    {"MODSEQ 77", 1},
    {"MODSEQ 78", 0},
    {"MODSEQ \"/flags/\\\\seen\" priv 77", 1},
    {"EMAILID M1a", 1},
    {"EMAILID M1A", 0}, /* RFC 8474 7: these have a case */
    {"EMAILID M1", 0},
    {"THREADID T9", 1},
    {"THREADID T99", 0},
    {"SEEN FLAGGED", 1},
    {"SEEN DRAFT", 0},
    {"OR SEEN DRAFT", 1},
    {"OR DELETED DRAFT", 0},
    {"NOT (SEEN DRAFT)", 1},
    {"NOT (OR SEEN DRAFT)", 0},
    {"(SEEN (FLAGGED (NOT DELETED)))", 1},
    /* Decided without the keys that would need the message. */
    {"DRAFT TEXT hello", 0},
    {"SUBJECT nothing DRAFT", 0},
    {"OR BODY x SEEN", 1},
    {"OR SEEN (BODY x SENTON 1-Jan-2000)", 1},
    {"NOT (DRAFT HEADER X-A \"\")", 1},
    {"BODY \"\"", 1},
    {"NOT TEXT \"\"", 0},
};

static void facts_decide(void **state)
{
    mailproto_imap_facts f = facts_of();
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char keys[256];
        expect(rows[i].keys, &f, rows[i].expected);
        snprintf(keys, sizeof keys, "NOT (%s)", rows[i].keys);
        expect(keys, &f, !rows[i].expected);
    }
}

static void the_other_way_round(void **state)
{
    mailproto_imap_facts f = facts_of();
    (void)state;
    f.flags = MAILPROTO_IMAP_RECENT | MAILPROTO_IMAP_ANSWERED | MAILPROTO_IMAP_DELETED |
              MAILPROTO_IMAP_DRAFT;
    expect("NEW", &f, 1);
    expect("RECENT", &f, 1);
    expect("OLD", &f, 0);
    expect("SEEN", &f, 0);
    expect("UNSEEN", &f, 1);
    expect("FLAGGED", &f, 0);
    expect("ANSWERED", &f, 1);
    expect("DELETED", &f, 1);
    expect("DRAFT", &f, 1);
    f.flags |= MAILPROTO_IMAP_SEEN;
    expect("NEW", &f, 0);
    f.seq = 10;
    f.uid = 99;
    expect("*", &f, 1);
    expect("UID *", &f, 1);
    expect("UID 1000:*", &f, 1); /* RFC 9051 9: seq-range */
    f.email_id.len = 0;
    f.thread_id.len = 0;
    f.modseq = 0;
    expect("EMAILID M1a", &f, 0);
    expect("THREADID NIL", &f, 0);
    expect("MODSEQ 0", &f, 1);
    expect("MODSEQ 1", &f, 0);
    f.saved.set = 0;
    expect("SAVEDATESUPPORTED", &f, 0);
    expect("SAVEDBEFORE 1-Jan-2030", &f, 0);
    expect("SAVEDON 11-Feb-1994", &f, 0);
    expect("SAVEDSINCE 1-Jan-1970", &f, 0);
    f.internal.set = 0;
    expect("BEFORE 1-Jan-2030", &f, 0);
    expect("SINCE 1-Jan-1970", &f, 0);
}

static void days_before_1970(void **state)
{
    mailproto_imap_facts f = facts_of();
    (void)state;
    f.internal.zone_minutes = 0;
    f.internal.utc = -1;
    expect("ON 31-Dec-1969", &f, 1);
    expect("BEFORE 1-Jan-1970", &f, 1);
    expect("SINCE 1-Jan-1970", &f, 0);
    f.internal.utc = -DAY;
    expect("ON 31-Dec-1969", &f, 1);
    f.internal.utc = -DAY - 1;
    expect("ON 30-Dec-1969", &f, 1);
    f.internal.utc = -1;
    f.internal.zone_minutes = 1;
    expect("ON 1-Jan-1970", &f, 1);
}

static void the_saved_result(void **state)
{
    mailproto_imap_facts f = facts_of();
    uint32_t uid;
    (void)state;
    for (uid = 1; uid < 33; uid++) {
        int in = (uid >= 3 && uid <= 5) || uid == 9 || (uid >= 20 && uid <= 30);
        f.uid = uid;
        f.seq = 4; /* is no UID, though `$` holds 4 */
        expect("$", &f, in);
        expect("UID $", &f, in);
        expect("NOT $", &f, !in);
    }
    f.uid = 4;
    f.saved_uids_count = 0; /* RFC 9051 6.4.4.1: valid, and nobody is in it */
    expect("$", &f, 0);
    f.saved_uids = NULL;
    f.saved_uids_count = 3;
    expect("$", &f, 0);
}

/* What the public scripts of other servers' authors ask of sets: five messages with the
 * UIDs 1, 3, 4, 5, 6. */
static void sets(void **state)
{
    static const uint32_t uids[] = {1, 3, 4, 5, 6};
    static const struct {
        const char *keys;
        unsigned found; /* a bit for each */
    } asked[] = {{"ALL", 31},       {"1:3,5", 23},          {"4:2", 14},
                 {"UID 1:4,6", 23}, {"UID 5:3", 14},        {"1:3 NOT UID 4", 3},
                 {"NOT 2,4", 21},   {"OR 1 UID 4", 5},      {"*", 16},
                 {"UID *", 16},     {"UID 7:*", 16},        {"*:3", 28},
                 {"1,4,*", 25},     {"(3) UID 4", 4},       {"(UID 4) 3", 4},
                 {"3 (UID 4)", 4},  {"3 (UID 5)", 0},       {"UID 1:4294967295", 31},
                 {"6:*", 16},       {"UID 7:4294967295", 0}};
    size_t i;
    unsigned k;
    (void)state;
    for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        for (k = 0; k < 5; k++) {
            mailproto_imap_facts f = {.struct_size = sizeof f,
                                      .seq = k + 1,
                                      .uid = uids[k],
                                      .largest_seq = 5,
                                      .largest_uid = 6};
            expect(asked[i].keys, &f, (int)(asked[i].found >> k & 1U));
        }
    }
}

/* Sizes just below, at and above another. */
static void sizes(void **state)
{
    static const struct {
        const char *keys;
        unsigned found; /* of 52, 53, 54, 55 octets */
    } asked[] = {{"SMALLER 54", 3},
                 {"LARGER 54", 8},
                 {"NOT SMALLER 54", 12},
                 {"NOT LARGER 54", 7},
                 {"NOT SMALLER 54 NOT LARGER 54", 4},
                 {"OR SMALLER 54 LARGER 54", 11}};
    size_t i;
    unsigned k;
    (void)state;
    for (i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        for (k = 0; k < 4; k++) {
            mailproto_imap_facts f = {
                .struct_size = sizeof f, .seq = 1, .uid = 1, .size = 52 + k};
            expect(asked[i].keys, &f, (int)(asked[i].found >> k & 1U));
        }
    }
}

/* ---- misuse ---------------------------------------------------------------------------- */

static struct match_program p;
static char work[MAILPROTO_IMAP_MATCH_WORK];

static mailproto_status open_with(const mailproto_imap_search_node *nodes, size_t count,
                                  size_t size)
{
    mailproto_imap_facts f = facts_of();
    mailproto_imap_match m;
    mailproto_status st = mailproto_imap_match_open(&m, nodes, count, &f, work, size);
    if (st != MAILPROTO_OK) { /* and then it does nothing */
        assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_imap_match_message(&m, NULL, NULL),
                         MAILPROTO_ERR_STATE);
        assert_int_equal(mailproto_imap_match_result(&m), 0);
    }
    return st;
}

static void open_refuses(void **state)
{
    mailproto_imap_search_node n[4];
    mailproto_imap_facts f = facts_of();
    mailproto_imap_match m;
    (void)state;
    match_compile(&p, "OR SEEN TEXT a");
    assert_int_equal(p.count, 4);
    assert_int_equal(open_with(p.nodes, 4, sizeof work), MAILPROTO_OK);
    assert_int_equal(open_with(p.nodes, 4, sizeof work - 1), MAILPROTO_ERR_MEMORY);
    assert_int_equal(open_with(p.nodes, 3, sizeof work), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(open_with(p.nodes, 0, sizeof work), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(open_with(NULL, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    memcpy(n, p.nodes, sizeof n);
    n[1].end = 3; /* an OR of one operand */
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[1].end = 5;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[1].end = 4;
    n[2].end = 2;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[2].end = 4; /* a key with an operand */
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[2].end = 3;
    n[1].key = MAILPROTO_IMAP_KEY_NOT; /* of two */
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[1].key = MAILPROTO_IMAP_KEY_AND;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_OK);
    n[2].key = 27;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[2].key = 0;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[2].key = MAILPROTO_IMAP_KEY_ALL;
    n[3].text.form = MAILPROTO_IMAP_EXTERNAL;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[3].text.form = MAILPROTO_IMAP_ATOM;
    n[3].field.form = MAILPROTO_IMAP_EXTERNAL;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_ERR_ARGUMENT);
    n[3].field.form = MAILPROTO_IMAP_NIL;
    assert_int_equal(open_with(n, 4, sizeof work), MAILPROTO_OK);
    f.struct_size = 3;
    assert_int_equal(mailproto_imap_match_open(&m, n, 4, &f, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_match_open(&m, n, 4, NULL, work, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
    f = facts_of();
    assert_int_equal(mailproto_imap_match_open(&m, n, 4, &f, NULL, sizeof work),
                     MAILPROTO_ERR_ARGUMENT);
}

/* Both sides of 4096 nodes. */
static void nodes_have_a_limit(void **state)
{
    static mailproto_imap_search_node nodes[4097];
    uint32_t count;
    (void)state;
    for (count = 4096; count <= 4097; count++) {
        uint32_t i;
        memset(nodes, 0, sizeof nodes);
        for (i = 0; i < count; i++) {
            nodes[i].key = i == 0 ? MAILPROTO_IMAP_KEY_AND : MAILPROTO_IMAP_KEY_ALL;
            nodes[i].end = i == 0 ? count : i + 1;
        }
        assert_int_equal(open_with(nodes, count, sizeof work),
                         count == 4096 ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
    }
}

/* A chain of operators as deep as the array is long: no stack is needed for it. */
static void depth_needs_no_stack(void **state)
{
    static mailproto_imap_search_node nodes[4096];
    mailproto_imap_facts f = facts_of();
    uint32_t i;
    int asked;
    (void)state;
    for (i = 0; i < 4096; i++) {
        nodes[i].key = i < 4095 ? MAILPROTO_IMAP_KEY_NOT : MAILPROTO_IMAP_KEY_ALL;
        nodes[i].end = 4096;
    }
    assert_int_equal(
        match_with(nodes, 4096, &f, NULL, NULL, MAILPROTO_IMAP_MATCH_WORK, &asked), 0);
    nodes[1].key = MAILPROTO_IMAP_KEY_AND;
    assert_int_equal(
        match_with(nodes, 4096, &f, NULL, NULL, MAILPROTO_IMAP_MATCH_WORK, &asked), 1);
}

/* Texts that just fit, and one octet more; a larger memory takes them. */
static void texts_need_memory(void **state)
{
    static char big[400000];
    static mailproto_imap_search_node nodes[2];
    static const char text[70000];
    static char high[4096];
    mailproto_imap_facts f = facts_of();
    mailproto_imap_match m;
    size_t fits = 0;
    size_t len;
    (void)state;
    nodes[0].key = MAILPROTO_IMAP_KEY_AND;
    nodes[0].end = 2;
    nodes[1].key = MAILPROTO_IMAP_KEY_BODY;
    nodes[1].end = 2;
    nodes[1].text.form = MAILPROTO_IMAP_LITERAL;
    nodes[1].text.raw.ptr = text;
    for (len = 1; len < 4096; len++) {
        mailproto_status st;
        nodes[1].text.raw.len = len;
        st = mailproto_imap_match_open(&m, nodes, 2, &f, work, sizeof work);
        if (st == MAILPROTO_OK) {
            assert_int_equal(fits, len - 1);
            fits = len;
        } else {
            assert_int_equal(st, MAILPROTO_ERR_MEMORY);
        }
    }
    assert_in_range(fits, 900, 1500);
    nodes[1].text.raw.len = 16383;
    assert_int_equal(mailproto_imap_match_open(&m, nodes, 2, &f, big, sizeof big),
                     MAILPROTO_OK);
    nodes[1].text.raw.len = 16384;
    assert_int_equal(mailproto_imap_match_open(&m, nodes, 2, &f, big, sizeof big),
                     MAILPROTO_ERR_MEMORY);
    /* What is more than ASCII may grow when it is folded. */
    memset(high, '\xc3', sizeof high);
    nodes[1].text.raw.ptr = high;
    nodes[1].text.raw.len = fits;
    assert_int_equal(mailproto_imap_match_open(&m, nodes, 2, &f, work, sizeof work),
                     MAILPROTO_ERR_MEMORY);
    nodes[1].text.raw.len = fits / 3 - 4;
    assert_int_equal(mailproto_imap_match_open(&m, nodes, 2, &f, work, sizeof work),
                     MAILPROTO_OK);
    nodes[1].text.raw.len = fits / 3 - 3;
    assert_int_equal(mailproto_imap_match_open(&m, nodes, 2, &f, work, sizeof work),
                     MAILPROTO_ERR_MEMORY);
}

static void message_refuses(void **state)
{
    static struct match_message msg;
    mailproto_imap_facts f = facts_of();
    mailproto_imap_match m;
    mailproto_source sequential = {.struct_size = sizeof sequential};
    mailproto_index empty;
    (void)state;
    match_message_open(&msg, message, strlen(message), MATCH_PARTS);
    match_compile(&p, "BODY text");
    assert_int_equal(
        mailproto_imap_match_open(&m, p.nodes, p.count, &f, work, sizeof work),
        MAILPROTO_OK);
    assert_int_equal(mailproto_imap_match_message(&m, &msg.memory, &msg.index),
                     MAILPROTO_ERR_STATE); /* not asked for yet */
    assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_AGAIN);
    empty = msg.index;
    empty.count = 0;
    assert_int_equal(mailproto_imap_match_message(&m, &sequential, &msg.index),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_match_message(&m, &msg.memory, &empty),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_match_message(&m, NULL, &msg.index),
                     MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_AGAIN);
    assert_int_equal(mailproto_imap_match_message(&m, &msg.memory, &msg.index),
                     MAILPROTO_OK);
    assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_OK);
    assert_int_equal(mailproto_imap_match_result(&m), 1);
}

/* The work memory may begin anywhere. */
static void any_alignment(void **state)
{
    static char room[MAILPROTO_IMAP_MATCH_WORK + 16];
    static struct match_message msg;
    mailproto_imap_facts f = facts_of();
    size_t shift;
    (void)state;
    match_message_open(&msg, message, strlen(message), MATCH_PARTS);
    match_compile(&p, "BODY text SUBJECT ell OR TEXT no TEXT hello");
    for (shift = 0; shift < 16; shift++) {
        mailproto_imap_match m;
        assert_int_equal(mailproto_imap_match_open(&m, p.nodes, p.count, &f,
                                                   room + shift,
                                                   MAILPROTO_IMAP_MATCH_WORK),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_AGAIN);
        assert_int_equal(mailproto_imap_match_message(&m, &msg.memory, &msg.index),
                         MAILPROTO_OK);
        assert_int_equal(mailproto_imap_match_run(&m), MAILPROTO_OK);
        assert_int_equal(mailproto_imap_match_result(&m), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_decide),
        cmocka_unit_test(the_other_way_round),
        cmocka_unit_test(days_before_1970),
        cmocka_unit_test(the_saved_result),
        cmocka_unit_test(sets),
        cmocka_unit_test(sizes),
        cmocka_unit_test(open_refuses),
        cmocka_unit_test(nodes_have_a_limit),
        cmocka_unit_test(depth_needs_no_stack),
        cmocka_unit_test(texts_need_memory),
        cmocka_unit_test(message_refuses),
        cmocka_unit_test(any_alignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
