/*
 * The names of POP3: verbs, capabilities, response codes. Knows words and numbers; must
 * not know what a command does, nor when it is allowed.
 */
#include "core/mem.h"
#include "core/span.h"
#include "pop3/syntax.h"

/* ---- verbs ----------------------------------------------------------------------- */

/* All verbs have three or four letters (RFC 1939 3, RFC 2449 4). */
static const char verb_names[][5] = {"",     "USER", "PASS", "APOP", "AUTH", "CAPA",
                                     "STLS", "UTF8", "LANG", "STAT", "LIST", "UIDL",
                                     "RETR", "TOP",  "DELE", "RSET", "NOOP", "QUIT"};
enum { VERBS = (int)(sizeof verb_names / sizeof verb_names[0]) };

const char *mailproto__pop3_verb_name(uint32_t verb)
{
    return verb < VERBS ? verb_names[verb] : "";
}

/* A word of three or four octets, letters in capitals, as one number; 0: no such word. A
 * NUL in front would leave no mark in it. */
static uint32_t key_of(const char *word, size_t len)
{
    uint32_t key = 0;
    size_t i;
    if (len < 3 || len > 4 || word[0] == '\0') {
        return 0;
    }
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)word[i];
        key = key << 8 | (c >= 'a' && c <= 'z' ? (uint32_t)c - 32U : (uint32_t)c);
    }
    return key;
}

#define KEY3(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
#define KEY(a, b, c, d) (KEY3(a, b, c) << 8 | (uint32_t)(d))

uint32_t mailproto__pop3_verb(mailproto_bytes line, size_t *len)
{
    static const struct {
        uint32_t key, verb;
    } rows[] = {
        {KEY('U', 'S', 'E', 'R'), MAILPROTO_POP3_VERB_USER},
        {KEY('P', 'A', 'S', 'S'), MAILPROTO_POP3_VERB_PASS},
        {KEY('A', 'P', 'O', 'P'), MAILPROTO_POP3_VERB_APOP},
        {KEY('A', 'U', 'T', 'H'), MAILPROTO_POP3_VERB_AUTH},
        {KEY('C', 'A', 'P', 'A'), MAILPROTO_POP3_VERB_CAPA},
        {KEY('S', 'T', 'L', 'S'), MAILPROTO_POP3_VERB_STLS},
        {KEY('U', 'T', 'F', '8'), MAILPROTO_POP3_VERB_UTF8},
        {KEY('L', 'A', 'N', 'G'), MAILPROTO_POP3_VERB_LANG},
        {KEY('S', 'T', 'A', 'T'), MAILPROTO_POP3_VERB_STAT},
        {KEY('L', 'I', 'S', 'T'), MAILPROTO_POP3_VERB_LIST},
        {KEY('U', 'I', 'D', 'L'), MAILPROTO_POP3_VERB_UIDL},
        {KEY('R', 'E', 'T', 'R'), MAILPROTO_POP3_VERB_RETR},
        {KEY3('T', 'O', 'P'), MAILPROTO_POP3_VERB_TOP},
        {KEY('D', 'E', 'L', 'E'), MAILPROTO_POP3_VERB_DELE},
        {KEY('R', 'S', 'E', 'T'), MAILPROTO_POP3_VERB_RSET},
        {KEY('N', 'O', 'O', 'P'), MAILPROTO_POP3_VERB_NOOP},
        {KEY('Q', 'U', 'I', 'T'), MAILPROTO_POP3_VERB_QUIT},
    };
    const char *blank =
        line.len > 0 ? (const char *)memchr(line.ptr, ' ', line.len) : NULL;
    uint32_t key;
    size_t i;
    *len = blank != NULL ? (size_t)(blank - line.ptr) : line.len;
    key = key_of(line.ptr, *len);
    for (i = 0; key != 0 && i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].key == key) {
            return rows[i].verb;
        }
    }
    return MAILPROTO_POP3_VERB_UNKNOWN;
}

int mailproto__pop3_is_multi_line(uint32_t verb, int has_argument)
{
    switch (verb) {
    case MAILPROTO_POP3_VERB_LIST: /* RFC 1939 5 */
    case MAILPROTO_POP3_VERB_UIDL: /* RFC 1939 7 */
    case MAILPROTO_POP3_VERB_LANG: /* RFC 6856 3.2 */
        return !has_argument;
    case MAILPROTO_POP3_VERB_RETR:
    case MAILPROTO_POP3_VERB_TOP:
    case MAILPROTO_POP3_VERB_CAPA: /* RFC 2449 5 */
        return 1;
    default:
        return 0;
    }
}

/* ---- tables of words ------------------------------------------------------------- */

enum { NAME_MAX = 16 }; /* the longest, AUTH-RESP-CODE, and its NUL */

/* The number of a word among `count` names, in any case, or `count`. */
static uint32_t find_name(const char (*names)[NAME_MAX], uint32_t count,
                          mailproto_bytes word)
{
    uint32_t i;
    for (i = 0; i < count; i++) {
        const char *end = (const char *)memchr(names[i], '\0', NAME_MAX);
        if (mailproto__equal_nocase(
                word, mailproto__span(names[i], (size_t)(end - names[i])))) {
            break;
        }
    }
    return i;
}

/* ---- capabilities ---------------------------------------------------------------- */

/* In the order of their numbers; UTF8 stands for both of its kinds. */
static const char cap_names[][NAME_MAX] = {
    "TOP",    "USER", "SASL",           "RESP-CODES",     "LOGIN-DELAY", "PIPELINING",
    "EXPIRE", "UIDL", "IMPLEMENTATION", "AUTH-RESP-CODE", "STLS",        "UTF8",
    "UTF8",   "LANG"};
enum { CAPS = (int)(sizeof cap_names / sizeof cap_names[0]) };

int mailproto__pop3_cap_parse(mailproto_bytes line, mailproto_bytes *params)
{
    mailproto_bytes rest = line;
    mailproto_bytes word = mailproto__word(&rest);
    uint32_t cap = find_name(cap_names, CAPS, word);
    *params = rest;
    return cap < CAPS ? (int)cap : -1;
}

const char *mailproto__pop3_cap_name(uint32_t cap)
{
    return cap < CAPS ? cap_names[cap] : "";
}

/* ---- response codes -------------------------------------------------------------- */

static const char resp_names[][NAME_MAX] = {
    "", "LOGIN-DELAY", "IN-USE", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"};
enum { RESPS = (int)(sizeof resp_names / sizeof resp_names[0]) };

const char *mailproto__pop3_resp_name(uint32_t resp)
{
    return resp < RESPS ? resp_names[resp] : "";
}

uint32_t mailproto__pop3_resp_find(mailproto_bytes name)
{
    uint32_t resp = find_name(resp_names, RESPS, name);
    return resp < RESPS ? resp : MAILPROTO_POP3_RESP_NONE;
}
