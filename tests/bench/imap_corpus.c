/*
 * IMAP commands as the common clients send them. Knows their habits; must not use the
 * library, whose work it is to be.
 */
#include "bench_imap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;
static int syncing;

static uint32_t next(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void add(struct imap_corpus *c, const char *data, size_t n)
{
    if (c->used + n > c->room) {
        c->room = (c->used + n) * 2 + 65536;
        c->bytes = (char *)realloc(c->bytes, c->room);
        if (c->bytes == NULL) {
            abort();
        }
    }
    memcpy(c->bytes + c->used, data, n);
    c->used += n;
}

__attribute__((format(printf, 2, 3))) static void say(struct imap_corpus *c,
                                                      const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    add(c, line, strlen(line));
}

/* ---- pieces ------------------------------------------------------------------------------ */

static const char *mailbox(void)
{
    static const char *const names[] = {"INBOX",
                                        "\"INBOX\"",
                                        "Sent",
                                        "Drafts",
                                        "\"Sent Items\"",
                                        "Trash",
                                        "Archive/2026",
                                        "\"Archive/2025\"",
                                        "Junk",
                                        "\"lists/linux\"",
                                        "\"Entw&APw-rfe\"",
                                        "\"Gel&APY-schte Elemente\"",
                                        "\"[Gmail]/All Mail\"",
                                        "&ZeVnLIqe-/&Zm5,Lw-"};
    return names[next(sizeof names / sizeof *names)];
}

/* UIDs: one, a range, or a list as clients make of a selection. */
static void numbers(struct imap_corpus *c)
{
    uint32_t uid = 1 + next(90000);
    switch (syncing ? 1 + next(4) : next(6)) {
    case 0:
        say(c, "%u:*", uid);
        break;
    case 1:
    case 2:
        say(c, "%u:%u", uid, uid + next(500));
        break;
    case 3: {
        uint32_t n = 2 + next(syncing ? 48 : 24);
        for (; n > 0; n--) {
            say(c, "%u", uid);
            uid += 1 + next(40);
            if (next(3) == 0) {
                uint32_t low = uid;
                uid += 1 + next(20);
                say(c, ":%u", uid);
                uid += low % 3 + 1;
            }
            if (n > 1) {
                say(c, ",");
            }
        }
        break;
    }
    default:
        say(c, "%u", uid);
    }
}

static void flags(struct imap_corpus *c)
{
    static const char *const names[] = {
        "(\\Seen)",     "(\\Deleted)", "(\\Seen \\Answered)", "(\\Flagged)",
        "($Forwarded)", "\\Seen",      "(NonJunk)",           "($Junk \\Seen)"};
    say(c, "%s", names[next(sizeof names / sizeof *names)]);
}

/* ---- commands ---------------------------------------------------------------------------- */

static void fetch(struct imap_corpus *c)
{
    static const char *const items[] = {
        "(FLAGS)",
        "(UID FLAGS)",
        "(FLAGS)",
        "(UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date "
        "Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type "
        "Reply-To)])",
        "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (DATE FROM SENDER "
        "SUBJECT TO CC MESSAGE-ID REFERENCES CONTENT-TYPE CONTENT-DESCRIPTION "
        "IN-REPLY-TO REPLY-TO LINES LIST-POST X-LABEL)])",
        "(INTERNALDATE UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (date subject "
        "from "
        "to cc message-id in-reply-to references content-type)])",
        "(UID ENVELOPE FLAGS BODYSTRUCTURE INTERNALDATE RFC822.SIZE)",
        "(BODYSTRUCTURE)",
        "(BODY.PEEK[])",
        "(UID BODY.PEEK[])",
        "BODY.PEEK[]<0.65536>",
        "(BODY.PEEK[1]<0.16384>)",
        "(BODY.PEEK[1.MIME] BODY.PEEK[1.2])",
        "(UID RFC822.SIZE BODY.PEEK[HEADER])",
        "BODY[TEXT]",
        "ALL"};
    static const char *const names[] = {"UID FETCH ", "UID FETCH ", "UID fetch ",
                                        "FETCH "};
    say(c, "%s", names[next(4)]);
    numbers(c);
    say(c, " %s", items[syncing ? 3 + next(8) : next(sizeof items / sizeof *items)]);
    if (next(8) == 0) {
        say(c, " (CHANGEDSINCE %u)", 1 + next(10000000));
    }
}

static void search(struct imap_corpus *c)
{
    static const char *const keys[] = {
        "UNSEEN",
        "ALL",
        "UNDELETED SINCE 12-Oct-2026",
        "SINCE 1-Nov-2026 NOT DELETED",
        "CHARSET UTF-8 OR SUBJECT \"invoice 2026\" FROM \"sales@example.com\"",
        "RETURN (MIN MAX COUNT) UNSEEN NOT DELETED",
        "RETURN (ALL) UNDELETED UNSEEN",
        "HEADER Message-ID \"<20261121.4711@mail.example.com>\"",
        "OR (FROM joe TO joe) (SUBJECT meeting BODY agenda) LARGER 10240",
        "UNDELETED HEADER \"List-Id\" \"dev.lists.example.org\" SENTSINCE 1-Jan-2026"};
    say(c, "UID SEARCH ");
    if (next(4) == 0) {
        say(c, "UID ");
        numbers(c);
        say(c, " UNDELETED");
        return;
    }
    say(c, "%s", keys[next(sizeof keys / sizeof *keys)]);
}

static void store(struct imap_corpus *c)
{
    static const char *const how[] = {"+FLAGS", "+FLAGS.SILENT", "-FLAGS", "FLAGS"};
    say(c, "UID STORE ");
    numbers(c);
    say(c, " ");
    if (next(8) == 0) {
        say(c, "(UNCHANGEDSINCE %u) ", next(10000000));
    }
    say(c, "%s ", how[next(4)]);
    flags(c);
}

static void login(struct imap_corpus *c)
{
    if (next(3) == 0) {
        say(c, "LOGIN {20+}\r\nuser%04u@example.org {8+}\r\np\"ss w\xc3\xb6",
            next(10000));
    } else {
        say(c, "LOGIN user%u@example.org \"pass%u\\\\word\"", next(10000), next(1000));
    }
}

static void append(struct imap_corpus *c)
{
    say(c, "APPEND %s (\\Seen) \"%2u-Nov-2026 10:%02u:00 +0100\" {57+}\r\n", mailbox(),
        1 + next(30), next(60));
    say(c, "Subject: %04u\r\nFrom: <a@example.org>\r\n\r\nA short text.\r\n\r\n",
        next(10000));
}

static void mailboxes(struct imap_corpus *c)
{
    static const char *const list[] = {
        "LIST \"\" \"*\"", "LIST \"\" %", "LSUB \"\" \"*\"",
        "LIST (SUBSCRIBED) \"\" \"*\" RETURN (SPECIAL-USE)",
        "LIST \"\" \"*\" RETURN (CHILDREN STATUS (MESSAGES UNSEEN UIDNEXT))"};
    static const char *const status[] = {"(MESSAGES UNSEEN)",
                                         "(MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)",
                                         "(UIDNEXT MESSAGES UNSEEN RECENT)",
                                         "(UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)"};
    switch (next(6)) {
    case 0:
    case 1:
        say(c, "%s", list[next(5)]);
        break;
    default:
        say(c, "STATUS %s %s", mailbox(), status[next(4)]);
    }
}

static void select_(struct imap_corpus *c)
{
    switch (next(6)) {
    case 0:
        say(c, "SELECT %s (CONDSTORE)", mailbox());
        break;
    case 1:
        say(c, "SELECT %s (QRESYNC (1761000000 %u 1:%u))", mailbox(),
            1 + next(10000000), 1 + next(5000));
        break;
    case 2:
        say(c, "EXAMINE %s", mailbox());
        break;
    default:
        say(c, "SELECT %s", mailbox());
    }
}

static void other(struct imap_corpus *c)
{
    static const char *const all[] = {
        "NOOP",
        "NOOP",
        "IDLE",
        "IDLE",
        "CAPABILITY",
        "NAMESPACE",
        "CLOSE",
        "UNSELECT",
        "EXPUNGE",
        "LOGOUT",
        "ENABLE CONDSTORE QRESYNC",
        "ID (\"name\" \"Thunderbird\" \"version\" \"140.4.0\")",
        "ID (\"name\" \"Mail\" \"version\" \"16.0\" \"os\" \"iOS\")",
        "AUTHENTICATE PLAIN AHVzZXIAcGFzc3dvcmQ="};
    say(c, "%s", all[next(sizeof all / sizeof *all)]);
}

static void copy(struct imap_corpus *c)
{
    say(c, next(2) == 0 ? "UID COPY " : "UID MOVE ");
    numbers(c);
    say(c, " %s", mailbox());
}

void imap_corpus_make(struct imap_corpus *c, size_t commands, int sync)
{
    memset(c, 0, sizeof *c);
    syncing = sync;
    state = UINT64_C(0x9e3779b97f4a7c15);
    for (; c->commands < commands; c->commands++) {
        uint32_t which = next(100);
        switch (next(4)) {
        case 0:
            say(c, "A%04u ", next(10000));
            break;
        case 1:
            say(c, "%u ", 1 + next(900));
            break;
        case 2:
            say(c, "%u.%u ", 1 + next(9), 1 + next(5000));
            break;
        default:
            say(c, "a%u ", 1 + next(100000));
        }
        if (which < 38 || (sync && which >= 40 && which < 76 && next(3) > 0)) {
            fetch(c);
        } else if (which < 50) {
            store(c);
        } else if (which < 60) {
            search(c);
        } else if (which < 72) {
            mailboxes(c);
        } else if (which < 80) {
            select_(c);
        } else if (which < 84) {
            copy(c);
        } else if (which < 86) {
            append(c);
        } else if (which < 89) {
            login(c);
        } else {
            other(c);
        }
        say(c, "\r\n");
    }
}

void imap_corpus_free(struct imap_corpus *c)
{
    free(c->bytes);
    memset(c, 0, sizeof *c);
}
