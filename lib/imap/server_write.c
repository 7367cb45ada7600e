/*
 * The writer of responses: measures and queues in one pass. Knows the terminals of RFC
 * 9051 9, and what of the application's arguments can stand in them; must not know which
 * response is written.
 */
#include "imap/server_write.h"

#include "imap/lex.h"

#define NUMBER64_MAX UINT64_C(0x7FFFFFFFFFFFFFFF)

enum { OBJECT_ID_MAX = 255 }; /* RFC 8474 7 */

/* ---- measuring and queueing ---------------------------------------------------------- */

void mailproto__imap_say_measure(struct mailproto__imap_say *say,
                                 mailproto_imap_server *server)
{
    memset(say, 0, sizeof *say);
    say->server = server;
}

mailproto_status mailproto__imap_may(mailproto_imap_server *server, uint32_t needs)
{
    mailproto_status st = mailproto__imap_server_may_say(server, needs);
    return st == MAILPROTO_AGAIN ? mailproto__no_room(&server->session) : st;
}

mailproto_status mailproto__imap_say_begin(struct mailproto__imap_say *say,
                                           mailproto_imap_server *server,
                                           uint32_t needs)
{
    mailproto_status st = mailproto__imap_may(server, needs);
    mailproto__imap_say_measure(say, server);
    if (st == MAILPROTO_OK) {
        say->room = mailproto__imap_server_room(server);
        say->held = mailproto__held(&server->session);
    }
    return st;
}

/* Only what lies behind `skip`, as far as it fits. */
static void put_cut(struct mailproto__imap_say *say, const char *at, size_t len)
{
    size_t before = say->skip > say->len ? say->skip - say->len : 0;
    size_t queued;
    if (before >= len) {
        return;
    }
    at += before;
    len -= before;
    queued = mailproto__held(&say->server->session) - say->held;
    len = len < say->room - queued ? len : say->room - queued;
    (void)mailproto__put(&say->server->session, at, len);
}

void mailproto__imap_say(struct mailproto__imap_say *say, const char *at, size_t len)
{
    if (say->cut) {
        put_cut(say, at, len);
    } else if (say->len <= say->room && len <= say->room - say->len) {
        if (len > 0) {
            (void)mailproto__put(&say->server->session, at, len);
        }
    }
    say->len += len;
}

mailproto_status mailproto__imap_say_end(struct mailproto__imap_say *say)
{
    mailproto_session *s = &say->server->session;
    if (!say->bad && say->len <= say->room) {
        mailproto__imap_server_said(say->server);
        return MAILPROTO_OK;
    }
    mailproto__unput(s, mailproto__held(s) - say->held);
    if (say->bad) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (say->len + say->keep > mailproto__imap_server_most(say->server)) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    return mailproto__no_room(s);
}

/* ---- numbers ------------------------------------------------------------------------- */

void mailproto__imap_say_number(struct mailproto__imap_say *say, uint64_t n)
{
    char digits[20];
    mailproto__imap_say(say, digits, mailproto__decimal(n, digits));
}

void mailproto__imap_say_nz_number(struct mailproto__imap_say *say, uint64_t n)
{
    say->bad |= n == 0 || n > UINT32_MAX;
    mailproto__imap_say_number(say, n);
}

void mailproto__imap_say_number64(struct mailproto__imap_say *say, uint64_t n)
{
    say->bad |= n > NUMBER64_MAX;
    mailproto__imap_say_number(say, n);
}

void mailproto__imap_say_nz_number64(struct mailproto__imap_say *say, uint64_t n)
{
    say->bad |= n == 0;
    mailproto__imap_say_number64(say, n);
}

int mailproto__imap_ranges_count(const mailproto_imap_range *ranges, size_t count,
                                 uint32_t last, uint64_t *numbers)
{
    size_t i;
    *numbers = 0;
    if (ranges == NULL && count > 0) {
        return 0;
    }
    for (i = 0; i < count; i++) {
        if (!mailproto__imap_range_follows(&ranges[i], last)) {
            return 0;
        }
        last = ranges[i].high;
        *numbers += (uint64_t)last - ranges[i].low + 1;
    }
    return 1;
}

size_t mailproto__imap_range_write(const mailproto_imap_range *r, char *to)
{
    size_t len = mailproto__decimal(r->low, to);
    if (r->high != r->low) {
        to[len] = ':';
        len++;
        len += mailproto__decimal(r->high, to + len);
    }
    return len;
}

void mailproto__imap_say_set(struct mailproto__imap_say *say,
                             const mailproto_imap_range *ranges, size_t count)
{
    char text[MAILPROTO__IMAP_RANGE_MAX + 1];
    uint32_t last = 0;
    size_t i;
    say->bad |= count == 0 || ranges == NULL;
    for (i = 0; i < count && !say->bad; i++) {
        size_t comma = i > 0;
        say->bad |= !mailproto__imap_range_follows(&ranges[i], last);
        last = ranges[i].high;
        text[0] = ',';
        mailproto__imap_say(say, text + 1 - comma,
                            comma + mailproto__imap_range_write(&ranges[i], text + 1));
    }
}

/* ---- atoms --------------------------------------------------------------------------- */

void mailproto__imap_say_atom(struct mailproto__imap_say *say, mailproto_bytes b)
{
    size_t i;
    say->bad |= b.len == 0 || b.ptr == NULL;
    for (i = 0; i < b.len && !say->bad; i++) {
        say->bad |= !mailproto__imap_is(b.ptr[i], MAILPROTO__IMAP_ATOM);
    }
    if (!say->bad) {
        mailproto__imap_say_span(say, b);
    }
}

void mailproto__imap_say_object_id(struct mailproto__imap_say *say, mailproto_bytes id)
{
    size_t i;
    say->bad |= id.len == 0 || id.len > OBJECT_ID_MAX || id.ptr == NULL;
    for (i = 0; i < id.len && !say->bad; i++) {
        char c = id.ptr[i];
        say->bad |=
            !(mailproto__imap_is(c, MAILPROTO__IMAP_LABEL) && c != '.' && c != ':');
    }
    MAILPROTO__IMAP_SAY(say, "(");
    if (!say->bad) {
        mailproto__imap_say_span(say, id);
    }
    MAILPROTO__IMAP_SAY(say, ")");
}

void mailproto__imap_say_delimiter(struct mailproto__imap_say *say, uint32_t c)
{
    char text[4];
    size_t len = 0;
    if (c == 0) {
        MAILPROTO__IMAP_SAY(say, "NIL");
        return;
    }
    /* RFC 9051 5.1.1: one ASCII character; a control character would be none to read */
    say->bad |= c < 0x20 || c > 0x7E;
    text[len++] = '"';
    if (c == '"' || c == '\\') {
        text[len++] = '\\';
    }
    text[len++] = (char)(c & 0x7FU);
    text[len++] = '"';
    mailproto__imap_say(say, text, len);
}

static const struct {
    uint32_t bit;
    char text[12];
} system_flags[] = {
    {MAILPROTO_IMAP_ANSWERED, "\\Answered"}, {MAILPROTO_IMAP_FLAGGED, "\\Flagged"},
    {MAILPROTO_IMAP_DELETED, "\\Deleted"},   {MAILPROTO_IMAP_SEEN, "\\Seen"},
    {MAILPROTO_IMAP_DRAFT, "\\Draft"},       {MAILPROTO_IMAP_RECENT, "\\Recent"}};

void mailproto__imap_say_flags(struct mailproto__imap_say *say, uint32_t flags,
                               uint32_t allowed, const mailproto_bytes *keywords,
                               size_t count)
{
    size_t blank = 0; /* 1: something stands before */
    size_t i;
    say->bad |= (flags & ~allowed) != 0 || (keywords == NULL && count > 0);
    MAILPROTO__IMAP_SAY(say, "(");
    for (i = 0; i < sizeof system_flags / sizeof system_flags[0]; i++) {
        if (flags & system_flags[i].bit) {
            const char *text = system_flags[i].text;
            const char *end =
                (const char *)memchr(text, '\0', sizeof system_flags[i].text);
            mailproto__imap_say(say, " ", blank);
            mailproto__imap_say(say, text, (size_t)(end - text));
            blank = 1;
        }
    }
    for (i = 0; i < count && !say->bad; i++) {
        mailproto__imap_say(say, " ", blank);
        mailproto__imap_say_atom(say, keywords[i]);
        blank = 1;
    }
    if (flags & MAILPROTO_IMAP_ANY) {
        mailproto__imap_say(say, " ", blank);
        MAILPROTO__IMAP_SAY(say, "\\*");
    }
    MAILPROTO__IMAP_SAY(say, ")");
}

/* ---- words --------------------------------------------------------------------------- */

int mailproto__imap_announces(mailproto_bytes b)
{
    size_t at = b.len;
    size_t digits;
    if (at == 0 || b.ptr[at - 1] != '}') {
        return 0;
    }
    at--;
    at -= at > 0 && b.ptr[at - 1] == '+';
    for (digits = 0; at > 0 && mailproto__imap_is(b.ptr[at - 1], MAILPROTO__IMAP_DIGIT);
         digits++) {
        at--;
    }
    return digits > 0 && at > 0 && b.ptr[at - 1] == '{';
}

int mailproto__imap_is_ascii(mailproto_bytes b)
{
    unsigned all = 0;
    size_t i;
    for (i = 0; i < b.len; i++) {
        all |= (unsigned char)b.ptr[i];
    }
    return all < 0x80;
}

int mailproto__imap_are_words(const mailproto_imap_server *server,
                              mailproto_bytes words, int coded)
{
    if (words.len == 0) {
        return 1;
    }
    if (words.ptr == NULL || mailproto__find_control(words) < words.len) {
        return 0;
    }
    /* RFC 9051 9, text: UTF-8 only for who enabled IMAP4rev2 */
    if (!mailproto__imap_is_ascii(words) &&
        (!mailproto__imap_is_rev2(server) || !mailproto__is_utf8(words))) {
        return 0;
    }
    /* RFC 9051 9, resp-text: a bracket at the beginning would make a code of it */
    return (coded || words.ptr[0] != '[') && !mailproto__imap_announces(words);
}

void mailproto__imap_say_words(struct mailproto__imap_say *say, mailproto_bytes words,
                               mailproto_bytes fallback, int coded)
{
    if (words.len == 0) {
        words = fallback; /* RFC 3501 9, resp-text: there must be some */
    }
    say->bad |= !mailproto__imap_are_words(say->server, words, coded);
    if (!say->bad) {
        mailproto__imap_say_span(say, words);
    }
}
