/*
 * The application's verbs, logins aside: each is checked, written whole behind what is
 * held, and queued. Knows the grammar of the commands; what becomes of them is
 * client_queue.c's.
 */
#include "pop3/client.h"

#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

/* RFC 1939 has these itself: a client may try them though CAPA does not name them. And
 * login() tells a missing USER from a missing CAPA. */
static int needs_cap(uint32_t verb)
{
    return verb != MAILPROTO_POP3_VERB_TOP && verb != MAILPROTO_POP3_VERB_UIDL &&
           verb != MAILPROTO_POP3_VERB_USER;
}

const struct mailproto__pop3_rule *
mailproto__pop3_client_legal(mailproto_pop3_client *c, uint32_t verb,
                             mailproto_status *why)
{
    mailproto_session *s = &c->session;
    const struct mailproto__pop3_rule *rule = mailproto__pop3_rule(c->state, verb);
    if (s->failed) {
        *why = s->error;
        return NULL;
    }
    *why = MAILPROTO_ERR_STATE;
    if (s->closing || rule == NULL ||
        ((rule->flags & MAILPROTO__POP3_ALONE) != 0 && c->count > 0)) {
        return NULL;
    }
    /* APOP shows no secret: its digest stands for this session only. */
    *why = MAILPROTO_ERR_NEEDS_TLS;
    if ((rule->flags & MAILPROTO__POP3_SECRET) != 0 && !mailproto__is_secure(s) &&
        !(c->flags & MAILPROTO_POP3_CLIENT_LOGIN_IN_CLEAR)) {
        return NULL;
    }
    *why = MAILPROTO_ERR_NOT_OFFERED;
    if (rule->needs != 0 && needs_cap(verb) &&
        !mailproto__offers(s, rule->needs - 1U)) {
        return NULL;
    }
    *why = MAILPROTO_OK;
    return rule;
}

int mailproto__pop3_client_is_text(mailproto_bytes b, int *high)
{
    size_t i;
    *high = 0;
    if (mailproto__find_control(b) < b.len || !mailproto__is_utf8(b)) {
        return 0;
    }
    for (i = 0; i < b.len && !*high; i++) {
        *high = mailproto__is((unsigned char)b.ptr[i], MAILPROTO__HIGH);
    }
    return 1;
}

/* ---- queueing ----------------------------------------------------------------------- */

/* The row of a command that is being queued. */
struct call {
    const struct mailproto__pop3_rule *rule;
    uint32_t tag;
    int lines; /* `+OK` is followed by lines */
};

/* `word`, and `argument` behind a blank unless it is empty. */
static mailproto_status queue(mailproto_pop3_client *c, const struct call *call,
                              mailproto_bytes word, mailproto_bytes argument)
{
    mailproto_session *s = &c->session;
    struct mailproto__pop3_entry e;
    size_t len = word.len + (argument.len > 0 ? 1U : 0U) + 2U;
    mailproto_status st;
    if (word.len > MAILPROTO__POP3_COMMAND_MAX ||
        argument.len > MAILPROTO__POP3_COMMAND_MAX ||
        len + argument.len > MAILPROTO__POP3_COMMAND_MAX) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    len += argument.len;
    st = mailproto__pop3_client_begin(c, len);
    if (st != MAILPROTO_OK) {
        return st;
    }
    (void)mailproto__put_span(s, word);
    if (argument.len > 0) {
        (void)mailproto__put(s, " ", 1);
        (void)mailproto__put_span(s, argument);
    }
    (void)mailproto__put(s, "\r\n", 2);
    memset(&e, 0, sizeof e);
    e.tag = call->tag;
    e.length = (uint16_t)len;
    e.kind = call->rule->verb;
    if (call->lines) {
        e.flags |= MAILPROTO__POP3_ENTRY_LINES;
    }
    /* What an unknown command changes is not known either. */
    if ((call->rule->flags & MAILPROTO__POP3_LAST) != 0 ||
        e.kind == MAILPROTO_POP3_VERB_UNKNOWN) {
        e.flags |= MAILPROTO__POP3_ENTRY_LAST;
    }
    if (e.kind == MAILPROTO_POP3_VERB_QUIT) {
        c->state = MAILPROTO__POP3_OVER;
    } else if (e.kind == MAILPROTO_POP3_VERB_STLS) {
        c->state = MAILPROTO__POP3_TLS;
    } else if (e.kind == MAILPROTO_POP3_VERB_UTF8) {
        c->utf8_issued = 1;
    }
    mailproto__pop3_client_push(c, &e);
    return MAILPROTO_OK;
}

/* A verb that is legal, with its argument. */
static mailproto_status queue_verb(mailproto_pop3_client *c, uint32_t verb,
                                   uint32_t tag, mailproto_bytes argument)
{
    const char *name = mailproto__pop3_verb_name(verb);
    mailproto_status st = MAILPROTO_OK;
    struct call call;
    call.tag = tag;
    call.rule = mailproto__pop3_client_legal(c, verb, &st);
    if (call.rule == NULL) {
        return st;
    }
    call.lines = mailproto__pop3_is_multi_line(verb, argument.len > 0);
    return queue(c, &call, mailproto__span(name, name[3] == '\0' ? 3 : 4), argument);
}

static mailproto_status queue_word(mailproto_pop3_client *c, uint32_t verb,
                                   uint32_t tag)
{
    return queue_verb(c, verb, tag, mailproto__span(NULL, 0));
}

/* With a message's number; `all` 1: 0 means every message. */
static mailproto_status queue_message(mailproto_pop3_client *c, uint32_t verb,
                                      uint32_t tag, uint32_t message, int all)
{
    char digits[20];
    mailproto_status st;
    (void)mailproto__pop3_client_legal(c, verb, &st);
    if (st == MAILPROTO_OK && message == 0 && !all) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    return queue_verb(
        c, verb, tag,
        mailproto__span(digits,
                        message == 0 ? 0 : mailproto__decimal(message, digits)));
}

/* ---- before the login --------------------------------------------------------------- */

mailproto_status mailproto_pop3_client_capa(mailproto_pop3_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_POP3_VERB_CAPA, tag);
}

mailproto_status mailproto_pop3_client_stls(mailproto_pop3_client *client, uint32_t tag)
{
    /* RFC 6856 2.1: never behind UTF8, whatever the reply to that was. */
    if (client->tls != MAILPROTO_POP3_TLS_NONE || client->utf8_issued ||
        mailproto__is_secure(&client->session)) {
        return client->session.failed ? client->session.error : MAILPROTO_ERR_STATE;
    }
    return queue_word(client, MAILPROTO_POP3_VERB_STLS, tag);
}

mailproto_status mailproto_pop3_client_utf8(mailproto_pop3_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_POP3_VERB_UTF8, tag);
}

/* RFC 6856 3.2: a language range of RFC 4647, or `*`. */
static int is_language(mailproto_bytes b)
{
    size_t i;
    if (b.len == 1 && b.ptr[0] == '*') {
        return 1;
    }
    for (i = 0; i < b.len; i++) {
        if (!mailproto__is((unsigned char)b.ptr[i],
                           MAILPROTO__ALPHA | MAILPROTO__DIGIT) &&
            b.ptr[i] != '-') {
            return 0;
        }
    }
    return 1;
}

mailproto_status mailproto_pop3_client_lang(mailproto_pop3_client *client, uint32_t tag,
                                            mailproto_bytes language)
{
    mailproto_status st;
    (void)mailproto__pop3_client_legal(client, MAILPROTO_POP3_VERB_LANG, &st);
    if (st == MAILPROTO_OK && !is_language(language)) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    return st == MAILPROTO_OK
               ? queue_verb(client, MAILPROTO_POP3_VERB_LANG, tag, language)
               : st;
}

/* ---- transaction -------------------------------------------------------------------- */

mailproto_status mailproto_pop3_client_stat(mailproto_pop3_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_POP3_VERB_STAT, tag);
}

mailproto_status mailproto_pop3_client_list(mailproto_pop3_client *client, uint32_t tag,
                                            uint32_t message)
{
    return queue_message(client, MAILPROTO_POP3_VERB_LIST, tag, message, 1);
}

mailproto_status mailproto_pop3_client_uidl(mailproto_pop3_client *client, uint32_t tag,
                                            uint32_t message)
{
    return queue_message(client, MAILPROTO_POP3_VERB_UIDL, tag, message, 1);
}

mailproto_status mailproto_pop3_client_retr(mailproto_pop3_client *client, uint32_t tag,
                                            uint32_t message)
{
    return queue_message(client, MAILPROTO_POP3_VERB_RETR, tag, message, 0);
}

mailproto_status mailproto_pop3_client_top(mailproto_pop3_client *client, uint32_t tag,
                                           uint32_t message, uint32_t lines)
{
    char text[41];
    size_t len;
    mailproto_status st;
    (void)mailproto__pop3_client_legal(client, MAILPROTO_POP3_VERB_TOP, &st);
    if (st == MAILPROTO_OK && message == 0) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    len = mailproto__decimal(message, text);
    text[len] = ' ';
    ++len;
    len += mailproto__decimal(lines, text + len);
    return queue_verb(client, MAILPROTO_POP3_VERB_TOP, tag, mailproto__span(text, len));
}

mailproto_status mailproto_pop3_client_dele(mailproto_pop3_client *client, uint32_t tag,
                                            uint32_t message)
{
    return queue_message(client, MAILPROTO_POP3_VERB_DELE, tag, message, 0);
}

mailproto_status mailproto_pop3_client_rset(mailproto_pop3_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_POP3_VERB_RSET, tag);
}

mailproto_status mailproto_pop3_client_noop(mailproto_pop3_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_POP3_VERB_NOOP, tag);
}

/* ---- the rest ----------------------------------------------------------------------- */

/* A command line that no server can take for one of the verbs above: a word of letters,
 * digits and hyphens, then a blank or the end. */
static int is_other_command(mailproto_bytes line)
{
    size_t i = 0;
    size_t len = 0;
    uint32_t verb = mailproto__pop3_verb(line, &len);
    while (i < line.len && (mailproto__is((unsigned char)line.ptr[i],
                                          MAILPROTO__ALPHA | MAILPROTO__DIGIT) ||
                            (i > 0 && line.ptr[i] == '-'))) {
        i++;
    }
    return i > 0 && (i == line.len || line.ptr[i] == ' ') &&
           verb == MAILPROTO_POP3_VERB_UNKNOWN;
}

mailproto_status mailproto_pop3_client_command(mailproto_pop3_client *client,
                                               uint32_t tag, mailproto_bytes line,
                                               int multi_line)
{
    struct call call;
    int high = 0;
    mailproto_status st = MAILPROTO_OK;
    call.tag = tag;
    call.lines = multi_line != 0;
    call.rule = mailproto__pop3_client_legal(client, MAILPROTO_POP3_VERB_UNKNOWN, &st);
    if (call.rule == NULL) {
        return st;
    }
    if (!mailproto__pop3_client_is_text(line, &high) || high ||
        !is_other_command(line)) {
        return MAILPROTO_ERR_ARGUMENT; /* RFC 1939 3: printable ASCII */
    }
    return queue(client, &call, line, mailproto__span(NULL, 0));
}

mailproto_status mailproto_pop3_client_quit(mailproto_pop3_client *client, uint32_t tag)
{
    return queue_word(client, MAILPROTO_POP3_VERB_QUIT, tag);
}
