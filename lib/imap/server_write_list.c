/*
 * Responses about mailboxes by name: LIST and LSUB (RFC 9051 7.3.1, RFC 5258, RFC 6154),
 * STATUS (RFC 9051 7.3.4 and where named), NAMESPACE (RFC 2342); ID (RFC 2971). Must not
 * know the selected mailbox.
 */
#include "core/options.h"
#include "imap/server_write.h"

/* ---- LIST, LSUB -------------------------------------------------------------------- */

static const struct {
    uint32_t bit;
    char text[16];
} attributes[] = {{MAILPROTO_IMAP_ATTR_NONEXISTENT, "\\NonExistent"},
                  {MAILPROTO_IMAP_ATTR_NOSELECT, "\\Noselect"},
                  {MAILPROTO_IMAP_ATTR_NOINFERIORS, "\\Noinferiors"},
                  {MAILPROTO_IMAP_ATTR_MARKED, "\\Marked"},
                  {MAILPROTO_IMAP_ATTR_UNMARKED, "\\Unmarked"},
                  {MAILPROTO_IMAP_ATTR_HASCHILDREN, "\\HasChildren"},
                  {MAILPROTO_IMAP_ATTR_HASNOCHILDREN, "\\HasNoChildren"},
                  {MAILPROTO_IMAP_ATTR_SUBSCRIBED, "\\Subscribed"},
                  {MAILPROTO_IMAP_ATTR_REMOTE, "\\Remote"},
                  {MAILPROTO_IMAP_ATTR_ALL, "\\All"},
                  {MAILPROTO_IMAP_ATTR_ARCHIVE, "\\Archive"},
                  {MAILPROTO_IMAP_ATTR_DRAFTS, "\\Drafts"},
                  {MAILPROTO_IMAP_ATTR_FLAGGED, "\\Flagged"},
                  {MAILPROTO_IMAP_ATTR_JUNK, "\\Junk"},
                  {MAILPROTO_IMAP_ATTR_SENT, "\\Sent"},
                  {MAILPROTO_IMAP_ATTR_TRASH, "\\Trash"},
                  {MAILPROTO_IMAP_ATTR_IMPORTANT, "\\Important"}};

enum {
    KNOWN = MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED * 2 - 1,
    /* RFC 3501 9, mbx-list-flags: all that LSUB ever had */
    OF_LSUB = MAILPROTO_IMAP_ATTR_NOSELECT | MAILPROTO_IMAP_ATTR_NOINFERIORS |
              MAILPROTO_IMAP_ATTR_MARKED | MAILPROTO_IMAP_ATTR_UNMARKED,
    NOT_THERE = MAILPROTO_IMAP_ATTR_NOSELECT | MAILPROTO_IMAP_ATTR_NONEXISTENT,
    MARKS = MAILPROTO_IMAP_ATTR_MARKED | MAILPROTO_IMAP_ATTR_UNMARKED,
    CHILDREN = MAILPROTO_IMAP_ATTR_HASCHILDREN | MAILPROTO_IMAP_ATTR_HASNOCHILDREN
};

/* RFC 9051 9, mbx-list-sflag: one of them; RFC 9051 7.3.1: one of the two about children */
static int is_contradictory(uint32_t a)
{
    return (a & MARKS) == MARKS || (a & CHILDREN) == CHILDREN ||
           ((a & NOT_THERE) != 0 && (a & MARKS) != 0);
}

static void say_attributes(struct mailproto__imap_say *say, uint32_t a)
{
    size_t blank = 0;
    size_t i;
    say->bad |= (a & ~(uint32_t)KNOWN) != 0 || is_contradictory(a);
    if ((a & NOT_THERE) == NOT_THERE && mailproto__imap_is_rev2(say->server)) {
        a &= ~(uint32_t)MAILPROTO_IMAP_ATTR_NOSELECT; /* RFC 9051 7.3.1: implied */
    }
    MAILPROTO__IMAP_SAY(say, "(");
    for (i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (a & attributes[i].bit) {
            const char *text = attributes[i].text;
            const char *end =
                (const char *)memchr(text, '\0', sizeof attributes[i].text);
            mailproto__imap_say(say, " ", blank);
            mailproto__imap_say(say, text, (size_t)(end - text));
            blank = 1;
        }
    }
    MAILPROTO__IMAP_SAY(say, ")");
}

/* mbox-list-extended: CHILDINFO, OLDNAME. Who knows IMAP4rev1 alone knows no OLDNAME. */
static void say_extended(struct mailproto__imap_say *say,
                         const mailproto_imap_list_entry *e)
{
    int info = (e->attributes & MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED) != 0;
    int old = e->old_name.len > 0 && mailproto__imap_is_rev2(say->server);
    if (!info && !old) {
        return;
    }
    MAILPROTO__IMAP_SAY(say, " (");
    if (info) {
        MAILPROTO__IMAP_SAY(say, "\"CHILDINFO\" (\"SUBSCRIBED\")");
        mailproto__imap_say(say, " ", old != 0);
    }
    if (old) {
        MAILPROTO__IMAP_SAY(say, "\"OLDNAME\" (");
        mailproto__imap_say_name(say, e->old_name, e->name_flags);
        MAILPROTO__IMAP_SAY(say, ")");
    }
    MAILPROTO__IMAP_SAY(say, ")");
}

void mailproto__imap_say_list(struct mailproto__imap_say *say,
                              const mailproto_imap_list_entry *e, int lsub)
{
    if (lsub) {
        MAILPROTO__IMAP_SAY(say, "* LSUB ");
        say->bad |= (e->attributes & ~(uint32_t)KNOWN) != 0;
        say_attributes(say, e->attributes & OF_LSUB);
    } else {
        MAILPROTO__IMAP_SAY(say, "* LIST ");
        say_attributes(say, e->attributes);
    }
    MAILPROTO__IMAP_SAY(say, " ");
    mailproto__imap_say_delimiter(say, e->delimiter);
    MAILPROTO__IMAP_SAY(say, " ");
    mailproto__imap_say_name(say, e->name, e->name_flags);
    if (!lsub) {
        say_extended(say, e);
    }
    MAILPROTO__IMAP_SAY(say, "\r\n");
}

mailproto_status mailproto_imap_server_list(mailproto_imap_server *server,
                                            const mailproto_imap_list_entry *entry)
{
    struct mailproto__imap_say say;
    mailproto_imap_list_entry e;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WORKING);
    if (st == MAILPROTO_OK) {
        st = entry == NULL ? (mailproto_status)MAILPROTO_ERR_ARGUMENT
                           : mailproto__options_copy(&e, sizeof e, entry);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    mailproto__imap_say_list(
        &say, &e, mailproto__imap_server_works_on(server, MAILPROTO_IMAP_LSUB) != NULL);
    return mailproto__imap_say_end(&say);
}

/* ---- STATUS ------------------------------------------------------------------------ */

/* A number, or an id, of a row of the table below. */
enum { NUMBER, NZ_NUMBER, NUMBER64, LIMIT, ID };

static const struct {
    uint32_t bit;
    char text[15];
    uint8_t form;
} items[] = {{MAILPROTO_IMAP_STATUS_MESSAGES, "MESSAGES", NUMBER},
             {MAILPROTO_IMAP_STATUS_UIDNEXT, "UIDNEXT", NZ_NUMBER},
             {MAILPROTO_IMAP_STATUS_UIDVALIDITY, "UIDVALIDITY", NZ_NUMBER},
             {MAILPROTO_IMAP_STATUS_UNSEEN, "UNSEEN", NUMBER},
             {MAILPROTO_IMAP_STATUS_DELETED, "DELETED", NUMBER},
             {MAILPROTO_IMAP_STATUS_SIZE, "SIZE", NUMBER64},
             {MAILPROTO_IMAP_STATUS_RECENT, "RECENT", NUMBER},
             {MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ", NUMBER64},
             {MAILPROTO_IMAP_STATUS_APPENDLIMIT, "APPENDLIMIT", LIMIT},
             {MAILPROTO_IMAP_STATUS_MAILBOXID, "MAILBOXID", ID}};

enum { ITEMS = sizeof items / sizeof items[0], ALL_ITEMS = (1 << ITEMS) - 1 };

static uint64_t value_of(const mailproto_imap_status *s, uint32_t bit)
{
    switch (bit) {
    case MAILPROTO_IMAP_STATUS_MESSAGES:
        return s->messages;
    case MAILPROTO_IMAP_STATUS_UIDNEXT:
        return s->uidnext;
    case MAILPROTO_IMAP_STATUS_UIDVALIDITY:
        return s->uidvalidity;
    case MAILPROTO_IMAP_STATUS_UNSEEN:
        return s->unseen;
    case MAILPROTO_IMAP_STATUS_DELETED:
        return s->deleted;
    case MAILPROTO_IMAP_STATUS_RECENT:
        return s->recent;
    case MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ:
        return s->highestmodseq;
    case MAILPROTO_IMAP_STATUS_APPENDLIMIT:
        return s->append_limit;
    default:
        return s->size;
    }
}

static void say_item(struct mailproto__imap_say *say, const mailproto_imap_status *s,
                     size_t i)
{
    const char *end = (const char *)memchr(items[i].text, '\0', sizeof items[i].text);
    uint64_t n = value_of(s, items[i].bit);
    mailproto__imap_say(say, items[i].text, (size_t)(end - items[i].text));
    MAILPROTO__IMAP_SAY(say, " ");
    switch (items[i].form) {
    case NZ_NUMBER:
        mailproto__imap_say_nz_number(say, n);
        break;
    case LIMIT: /* RFC 7889 5: a number has 32 bits */
        if (n == MAILPROTO_UNLIMITED_64) {
            MAILPROTO__IMAP_SAY(say, "NIL");
        } else {
            mailproto__imap_say_number(say, n < UINT32_MAX ? n : UINT32_MAX);
        }
        break;
    case ID:
        mailproto__imap_say_object_id(say, s->mailbox_id);
        break;
    default:
        mailproto__imap_say_number64(say, n);
        break;
    }
}

mailproto_status mailproto_imap_server_status(mailproto_imap_server *server,
                                              const mailproto_imap_status *status)
{
    struct mailproto__imap_say say;
    mailproto_imap_status s;
    size_t blank = 0;
    size_t i;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WORKING);
    if (st == MAILPROTO_OK) {
        st = status == NULL ? (mailproto_status)MAILPROTO_ERR_ARGUMENT
                            : mailproto__options_copy(&s, sizeof s, status);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    say.bad |= (s.items & ~(uint32_t)ALL_ITEMS) != 0;
    MAILPROTO__IMAP_SAY(&say, "* STATUS ");
    mailproto__imap_say_name(&say, s.name, s.name_flags);
    MAILPROTO__IMAP_SAY(&say, " (");
    for (i = 0; i < ITEMS; i++) {
        if (s.items & items[i].bit) {
            mailproto__imap_say(&say, " ", blank);
            say_item(&say, &s, i);
            blank = 1;
        }
    }
    MAILPROTO__IMAP_SAY(&say, ")\r\n");
    return mailproto__imap_say_end(&say);
}

/* ---- NAMESPACE ---------------------------------------------------------------------- */

mailproto_status mailproto_imap_server_namespace(mailproto_imap_server *server,
                                                 const mailproto_imap_namespace *spaces,
                                                 size_t count)
{
    struct mailproto__imap_say say;
    uint32_t kind;
    size_t i = 0;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WORKING);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (spaces == NULL && count > 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    MAILPROTO__IMAP_SAY(&say, "* NAMESPACE");
    for (kind = 0; kind < 3; kind++) {
        if (i == count || spaces[i].kind != kind) {
            MAILPROTO__IMAP_SAY(&say, " NIL");
            continue;
        }
        MAILPROTO__IMAP_SAY(&say, " (");
        for (; i < count && spaces[i].kind == kind; i++) {
            MAILPROTO__IMAP_SAY(&say, "(");
            mailproto__imap_say_prefix(&say, spaces[i].prefix);
            MAILPROTO__IMAP_SAY(&say, " ");
            mailproto__imap_say_delimiter(&say, spaces[i].delimiter);
            MAILPROTO__IMAP_SAY(&say, ")");
        }
        MAILPROTO__IMAP_SAY(&say, ")");
    }
    say.bad |= i < count; /* not sorted, or no such kind */
    MAILPROTO__IMAP_SAY(&say, "\r\n");
    return mailproto__imap_say_end(&say);
}

/* ---- ID ----------------------------------------------------------------------------- */

enum { ID_STRINGS = 60, ID_NAME = 30, ID_VALUE = 1024 }; /* RFC 2971 3.3 */

mailproto_status mailproto_imap_server_id(mailproto_imap_server *server,
                                          const mailproto_bytes *pairs, size_t count)
{
    struct mailproto__imap_say say;
    size_t i;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WORKING);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if ((pairs == NULL && count > 0) || count % 2 != 0 || count > ID_STRINGS) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    MAILPROTO__IMAP_SAY(&say, "* ID ");
    if (count == 0) {
        MAILPROTO__IMAP_SAY(&say, "NIL\r\n");
        return mailproto__imap_say_end(&say);
    }
    for (i = 0; i < count; i += 2) {
        say.bad |=
            pairs[i].len == 0 || pairs[i].len > ID_NAME || pairs[i + 1].len > ID_VALUE;
        mailproto__imap_say(&say, i == 0 ? "(" : " ", 1);
        mailproto__imap_say_string(&say, pairs[i]);
        MAILPROTO__IMAP_SAY(&say, " ");
        mailproto__imap_say_nstring(&say, pairs[i + 1]);
    }
    MAILPROTO__IMAP_SAY(&say, ")\r\n");
    return mailproto__imap_say_end(&say);
}
