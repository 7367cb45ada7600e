/*
 * Untagged responses of the application's own (RFC 9051 9, response-data): what they may
 * hold so that no client can read anything else of it. Knows no response by its meaning.
 */
#include "imap/lex.h"
#include "imap/server_write.h"

enum { DEPTH = 32 }; /* brackets within brackets */

/* Those the header has calls for, and those that are the engine's own. */
static const char *const taken[] = {
    "OK",     "NO",      "BAD",   "BYE",      "PREAUTH",   "CAPABILITY", "ENABLED",
    "FLAGS",  "LIST",    "LSUB",  "STATUS",   "SEARCH",    "ESEARCH",    "EXISTS",
    "RECENT", "EXPUNGE", "FETCH", "VANISHED", "NAMESPACE", "ID"};

/* An atom with a letter first (a number would begin `* n EXPUNGE`) and without a bracket,
 * which would begin a section, and none of these. */
static int is_name(mailproto_bytes name)
{
    size_t i;
    if (name.len == 0 || name.ptr == NULL ||
        mailproto__imap_is(name.ptr[0], MAILPROTO__IMAP_DIGIT) ||
        memchr(name.ptr, '[', name.len) != NULL) {
        return 0;
    }
    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        size_t len = 0;
        while (taken[i][len] != '\0') {
            len++;
        }
        if (len == name.len && mailproto__imap_same(taken[i], name.ptr, len)) {
            return 0;
        }
    }
    return 1;
}

/* The octet behind a quoted string that begins at `i`, or 0: it does not end, or holds
 * what it cannot. */
static size_t pass_quoted(mailproto_bytes b, size_t i)
{
    for (i++; i < b.len; i++) {
        if (b.ptr[i] == '"') {
            return i + 1;
        }
        if (b.ptr[i] == '\\') {
            i++;
            if (i == b.len || (b.ptr[i] != '"' && b.ptr[i] != '\\')) {
                return 0;
            }
        }
    }
    return 0;
}

/* Whether the octet at `i`, outside of quotes and no bracket, can stand there: a blank only
 * alone between two things; no literal, and UTF-8 in quoted strings alone. */
static int can_stand(mailproto_bytes b, size_t i)
{
    char before;
    char after;
    if (b.ptr[i] != ' ') {
        return (unsigned char)b.ptr[i] < 128 && b.ptr[i] != '{' && b.ptr[i] != '}';
    }
    if (i == 0 || i + 1 == b.len) {
        return 0;
    }
    before = b.ptr[i - 1];
    after = b.ptr[i + 1];
    return before != ' ' && before != '(' && before != '[' && after != ')' &&
           after != ']';
}

int mailproto__imap_is_balanced(mailproto_bytes b)
{
    uint32_t round = 0; /* a bit for each that is open, 1 for round ones */
    unsigned depth = 0;
    size_t i = 0;
    while (i < b.len) {
        char c = b.ptr[i];
        if (c == '"') {
            i = pass_quoted(b, i);
            if (i == 0) {
                return 0;
            }
            continue;
        }
        if (c == '(' || c == '[') {
            if (depth == DEPTH) {
                return 0;
            }
            round = round << 1 | (c == '(');
            depth++;
        } else if (c == ')' || c == ']') {
            if (depth == 0 || (round & 1U) != (c == ')' ? 1U : 0U)) {
                return 0;
            }
            round >>= 1;
            depth--;
        } else if (!can_stand(b, i)) {
            return 0;
        }
        i++;
    }
    return depth == 0;
}

static int is_rest(const mailproto_imap_server *server, mailproto_bytes b)
{
    if (b.len == 0) {
        return 1;
    }
    if (b.ptr == NULL || mailproto__find_control(b) < b.len ||
        !mailproto__imap_is_balanced(b)) {
        return 0;
    }
    return mailproto__imap_is_ascii(b) ||
           (mailproto__imap_takes_utf8(server) && mailproto__is_utf8(b));
}

mailproto_status mailproto_imap_server_other(mailproto_imap_server *server,
                                             mailproto_bytes name, mailproto_bytes rest)
{
    struct mailproto__imap_say say;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WORKING);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (!is_name(name) || !is_rest(server, rest)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    MAILPROTO__IMAP_SAY(&say, "* ");
    mailproto__imap_say_atom(&say, name);
    mailproto__imap_say(&say, " ", rest.len > 0);
    mailproto__imap_say_span(&say, rest);
    MAILPROTO__IMAP_SAY(&say, "\r\n");
    return mailproto__imap_say_end(&say);
}
