/*
 * The rules, walked whole: every state with every command, once in the table and once
 * through the real engine, against a table written by hand from RFC 1939, 2595, 5034 and
 * 6856.
 */
#include "server_driver.h"

#include "pop3/rules.h"
#include "pop3/syntax.h"

enum { VERBS = MAILPROTO_POP3_VERB_QUIT + 1 };

/* What is said in a state, for each verb in the order of their numbers; `-`: refused. */
enum { NO = 0xFF, SAME = MAILPROTO__POP3_SAME };
#define S(state) MAILPROTO__POP3_##state

static const uint8_t before[VERBS] = {
    /* UNKNOWN */ S(AUTHORIZATION),
    /* USER */ S(NAMED),
    /* PASS */ NO,
    /* APOP */ S(TRANSACTION),
    /* AUTH */ S(EXCHANGE),
    /* CAPA */ S(AUTHORIZATION),
    /* STLS */ S(TLS),
    /* UTF8 */ S(AUTHORIZATION),
    /* LANG */ S(AUTHORIZATION),
    /* STAT */ NO,
    /* LIST */ NO,
    /* UIDL */ NO,
    /* RETR */ NO,
    /* TOP */ NO,
    /* DELE */ NO,
    /* RSET */ NO,
    /* NOOP */ NO,
    /* QUIT */ S(OVER)};
static const uint8_t within[VERBS] = {
    /* UNKNOWN */ SAME, /* USER */ NO,
    /* PASS */ NO,      /* APOP */ NO,
    /* AUTH */ NO,      /* CAPA */ SAME,
    /* STLS */ NO,      /* UTF8 */ NO,
    /* LANG */ SAME,    /* STAT */ SAME,
    /* LIST */ SAME,    /* UIDL */ SAME,
    /* RETR */ SAME,    /* TOP */ SAME,
    /* DELE */ SAME,    /* RSET */ SAME,
    /* NOOP */ SAME,    /* QUIT */ S(UPDATE)};

static unsigned wanted(uint32_t state, uint32_t verb)
{
    switch (state) {
    case MAILPROTO__POP3_AUTHORIZATION:
        return before[verb];
    case MAILPROTO__POP3_NAMED:
        return verb == MAILPROTO_POP3_VERB_PASS ? (unsigned)S(TRANSACTION)
                                                : before[verb];
    case MAILPROTO__POP3_TRANSACTION:
        return within[verb];
    case MAILPROTO__POP3_REFUSED:
        return verb == MAILPROTO_POP3_VERB_QUIT ? (unsigned)S(OVER) : (unsigned)NO;
    default:
        return NO;
    }
}

static void table(void **state)
{
    uint32_t in;
    uint32_t verb;
    (void)state;
    for (in = 0; in < MAILPROTO__POP3_STATES + 40; in++) {
        for (verb = 0; verb < VERBS + 3; verb++) {
            const struct mailproto__pop3_rule *rule = mailproto__pop3_rule(in, verb);
            unsigned next = verb < VERBS ? wanted(in, verb) : (unsigned)NO;
            if (next == NO) {
                assert_null(rule);
                continue;
            }
            assert_non_null(rule);
            assert_int_equal(rule->verb, verb);
            assert_int_equal(rule->next, next);
        }
    }
}

static void flags(void **state)
{
    static const struct {
        uint32_t verb;
        uint8_t flags;
    } rows[] = {
        {MAILPROTO_POP3_VERB_USER, MAILPROTO__POP3_SECRET | MAILPROTO__POP3_ALONE},
        {MAILPROTO_POP3_VERB_PASS, MAILPROTO__POP3_SECRET | MAILPROTO__POP3_LAST},
        {MAILPROTO_POP3_VERB_APOP, MAILPROTO__POP3_ALONE | MAILPROTO__POP3_LAST},
        {MAILPROTO_POP3_VERB_AUTH,
         MAILPROTO__POP3_SECRET | MAILPROTO__POP3_ALONE | MAILPROTO__POP3_LAST},
        {MAILPROTO_POP3_VERB_STLS, MAILPROTO__POP3_ALONE | MAILPROTO__POP3_LAST},
        {MAILPROTO_POP3_VERB_UTF8, 0},
        {MAILPROTO_POP3_VERB_CAPA, 0},
        {MAILPROTO_POP3_VERB_QUIT, MAILPROTO__POP3_LAST},
    };
    static const uint32_t named[] = {MAILPROTO_POP3_VERB_LIST, MAILPROTO_POP3_VERB_UIDL,
                                     MAILPROTO_POP3_VERB_RETR, MAILPROTO_POP3_VERB_TOP,
                                     MAILPROTO_POP3_VERB_DELE};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            mailproto__pop3_rule(MAILPROTO__POP3_NAMED, rows[i].verb)->flags,
            rows[i].flags);
    }
    for (i = 0; i < sizeof named / sizeof named[0]; i++) {
        assert_int_equal(
            mailproto__pop3_rule(MAILPROTO__POP3_TRANSACTION, named[i])->flags,
            MAILPROTO__POP3_MESSAGE);
    }
}

/* ---- through the engine ------------------------------------------------------------- */

static const char *const drop[] = {"a\n", "b\n", NULL};

/* A line of each verb that is good in itself. */
static const char *const lines[VERBS] = {
    "XTND x",     "USER fred", "PASS x", "APOP fred c4c9334bac560ecc979e58001b3e22fb",
    "AUTH PLAIN", "CAPA",      "STLS",   "UTF8",
    "LANG",       "STAT",      "LIST 1", "UIDL 1",
    "RETR 1",     "TOP 1 0",   "DELE 1", "RSET",
    "NOOP",       "QUIT"};

static int take_all(struct run *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_POP3_COMMAND &&
        (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        assert_int_equal(mailproto_pop3_server_ok(r->server, ev->tag, 0, bytes_of("")),
                         MAILPROTO_OK);
        return 1;
    }
    if (ev->type == MAILPROTO_EV_POP3_LANG) {
        assert_int_equal(mailproto_pop3_server_ok(r->server, ev->tag,
                                                  MAILPROTO_POP3_BODY, bytes_of("")),
                         MAILPROTO_OK);
        r->content = "";
        return 1;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        assert_int_equal(mailproto_session_auth_data(r->s, "", 0, 0), MAILPROTO_OK);
        return 1;
    }
    return 0;
}

/* The state that a session is in, by what it says to three commands. */
static uint32_t state_of(struct run *r)
{
    if (r->closed != 1) {
        return strstr(r->log, "UPDATE ") != NULL ? MAILPROTO__POP3_UPDATE
                                                 : MAILPROTO__POP3_OVER;
    }
    if (strstr(r->log, "TLS_GO") != NULL) {
        return MAILPROTO__POP3_TLS;
    }
    r->out_len = 0;
    feed_text(r, "PASS x\r\n");
    if (strcmp(r->out, "-ERR Cannot decode base64\r\n") == 0) {
        return MAILPROTO__POP3_EXCHANGE;
    }
    if (strcmp(r->out, "-ERR Only before the login\r\n") == 0) {
        return MAILPROTO__POP3_TRANSACTION;
    }
    if (strcmp(r->out, "-ERR Send USER first\r\n") == 0) {
        return MAILPROTO__POP3_AUTHORIZATION;
    }
    assert_string_equal(r->out, "+OK 2 messages (4 octets)\r\n");
    return MAILPROTO__POP3_NAMED;
}

static void through_the_engine(void **state)
{
    static const struct {
        uint32_t state;
        const char *script;
    } starts[] = {
        {MAILPROTO__POP3_AUTHORIZATION, ""},
        {MAILPROTO__POP3_NAMED, "USER a\r\n"},
        {MAILPROTO__POP3_TRANSACTION, "USER a\r\nPASS b\r\n"},
    };
    mailproto_pop3_server_options o = options_of();
    size_t i;
    uint32_t verb;
    (void)state;
    o.caps = (cap_bit(MAILPROTO_POP3_CAP_LANG) << 1) - 1;
    o.auth_mechanisms = bytes_of("PLAIN");
    o.apop_stamp = bytes_of("<1.2@x>");
    for (i = 0; i < 3; i++) {
        for (verb = 0; verb < VERBS; verb++) {
            struct run *r = open_drop(&o, take_all, drop, starts[i].script);
            unsigned next = wanted(starts[i].state, verb);
            char line[80];
            sprintf(line, "%s\r\n", lines[verb]);
            feed_text(r, line);
            if (next == NO) {
                assert_int_equal(strncmp(r->out, "-ERR ", 5), 0);
                assert_non_null(strstr(r->log, "rejected"));
                /* RFC 1939 7: and the name is forgotten. */
                next = starts[i].state == MAILPROTO__POP3_TRANSACTION
                           ? (unsigned)S(TRANSACTION)
                           : (unsigned)S(AUTHORIZATION);
            } else {
                assert_int_equal(r->out[0], '+');
                assert_null(strstr(r->log, "rejected"));
                next = next == SAME ? starts[i].state : next;
            }
            r->out[0] = '\0';
            assert_int_equal(state_of(r), next);
            close_session(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(flags),
        cmocka_unit_test(through_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
