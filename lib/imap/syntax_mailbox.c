/*
 * Commands about mailboxes (RFC 9051 9; RFC 4466 3 select-params and create-params;
 * RFC 7162 7, RFC 6154 6, RFC 5258 6, RFC 5819 4). Knows their grammar; must not know
 * which mailboxes there are.
 */
#include "imap/syntax_command.h"

static const struct mailproto__imap_keyword status_items[] = {
    {"SIZE", MAILPROTO_IMAP_STATUS_SIZE},
    {"UNSEEN", MAILPROTO_IMAP_STATUS_UNSEEN},
    {"RECENT", MAILPROTO_IMAP_STATUS_RECENT},
    {"UIDNEXT", MAILPROTO_IMAP_STATUS_UIDNEXT},
    {"DELETED", MAILPROTO_IMAP_STATUS_DELETED},
    {"MESSAGES", MAILPROTO_IMAP_STATUS_MESSAGES},
    {"MAILBOXID", MAILPROTO_IMAP_STATUS_MAILBOXID},
    {"UIDVALIDITY", MAILPROTO_IMAP_STATUS_UIDVALIDITY},
    {"APPENDLIMIT", MAILPROTO_IMAP_STATUS_APPENDLIMIT},
    {"HIGHESTMODSEQ", MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ}};
static const uint8_t status_items_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 0, 0, 1, 1, 3, 5, 6, 7, 7, 9, 9, 10, 10, 10, 10, 10};

static const struct mailproto__imap_keyword list_selects[] = {
    {"REMOTE", MAILPROTO_IMAP_LIST_REMOTE},
    {"SUBSCRIBED", MAILPROTO_IMAP_LIST_SUBSCRIBED},
    {"SPECIAL-USE", MAILPROTO_IMAP_LIST_SPECIAL_USE},
    {"RECURSIVEMATCH", MAILPROTO_IMAP_LIST_RECURSIVEMATCH}};
static const uint8_t list_selects_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 3, 3, 3, 4, 4, 4, 4};

static const struct mailproto__imap_keyword list_returns[] = {
    {"STATUS", MAILPROTO_IMAP_LIST_STATUS},
    {"CHILDREN", MAILPROTO_IMAP_LIST_CHILDREN},
    {"SUBSCRIBED", MAILPROTO_IMAP_LIST_SUBSCRIBED},
    {"SPECIAL-USE", MAILPROTO_IMAP_LIST_SPECIAL_USE}};
static const uint8_t list_returns_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 4, 4, 4, 4, 4};

/* Reads a word and looks it up; 0: a fault. */
static uint32_t read_keyword(struct mailproto__imap_reader *r,
                             const struct mailproto__imap_keyword *words,
                             const uint8_t from[MAILPROTO__IMAP_KEYWORD_MAX + 2],
                             const char *detail)
{
    const char *begin = r->at;
    uint32_t value = mailproto__imap_keyword(
        words, from, mailproto__imap_run(r, MAILPROTO__IMAP_LABEL));
    if (value == 0) {
        r->at = begin;
        mailproto__imap_fault(r, detail);
    }
    return value;
}

/* ---- SELECT, EXAMINE ------------------------------------------------------------------- */

/* The value of QRESYNC (RFC 7162 7, select-param). */
static int read_qresync(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    int first = 1;
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected") ||
        !mailproto__imap_read_nz_number(r, &c->uidvalidity) ||
        !mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_nz_number64(r, 1, &c->modseq)) {
        return 0;
    }
    while (*r->at == ' ') {
        r->at++;
        if (*r->at != '(') {
            if (!first) {
                return mailproto__imap_fault(r, "( expected");
            }
            if (!mailproto__imap_read_set(r, 1, &c->known)) {
                return 0;
            }
            first = 0;
            continue;
        }
        r->at++; /* seq-match-data, the last */
        if (!mailproto__imap_read_set(r, 1, &c->match_numbers) ||
            !mailproto__imap_read_sp(r) ||
            !mailproto__imap_read_set(r, 1, &c->match_uids) ||
            !mailproto__imap_read_octet(r, ')', ") expected")) {
            return 0;
        }
        break;
    }
    c->flags |= MAILPROTO_IMAP_QRESYNC | MAILPROTO_IMAP_HAS_MODSEQ;
    return mailproto__imap_read_octet(r, ')', ") expected");
}

static int read_select_param(struct mailproto__imap_reader *r,
                             mailproto_imap_command *c)
{
    const char *begin = r->at;
    mailproto_bytes word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    c->flags |= MAILPROTO_IMAP_USES_MODSEQ;
    if (MAILPROTO__IMAP_IS(word, "CONDSTORE")) {
        c->flags |= MAILPROTO_IMAP_CONDSTORE;
        return 1;
    }
    if (MAILPROTO__IMAP_IS(word, "QRESYNC") && !(c->flags & MAILPROTO_IMAP_QRESYNC)) {
        return read_qresync(r, c);
    }
    r->at = begin;
    return mailproto__imap_fault(r, "parameter of SELECT expected");
}

int mailproto__imap_read_select(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    if (!mailproto__imap_read_sp_mailbox(r, &c->mailbox)) {
        return 0;
    }
    if (mailproto__imap_at_end(r)) {
        return 1;
    }
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected") || !read_select_param(r, c)) {
        return 0;
    }
    while (*r->at == ' ') {
        r->at++;
        if (!read_select_param(r, c)) {
            return 0;
        }
    }
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* ---- CREATE, RENAME ---------------------------------------------------------------------- */

/* [use-attr *(SP use-attr)] (RFC 6154 6) */
static int read_uses(struct mailproto__imap_reader *r, mailproto_imap_cursor *out)
{
    const char *begin = r->at;
    mailproto_imap_string attribute;
    if (*r->at != ')') {
        for (;;) {
            if (!mailproto__imap_read_octet(r, '\\', "special use expected") ||
                !mailproto__imap_read_atom(r, &attribute)) {
                return 0;
            }
            if (*r->at != ' ') {
                break;
            }
            r->at++;
        }
    }
    mailproto__imap_cursor_make(out, MAILPROTO__IMAP_STRINGS, r, begin, r->at);
    return 1;
}

int mailproto__imap_read_create(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    const char *begin;
    mailproto_bytes word;
    if (!mailproto__imap_read_sp_mailbox(r, &c->mailbox)) {
        return 0;
    }
    if (mailproto__imap_at_end(r)) {
        return 1;
    }
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    begin = r->at;
    word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (!MAILPROTO__IMAP_IS(word, "USE")) {
        r->at = begin;
        return mailproto__imap_fault(r, "parameter of CREATE expected");
    }
    return mailproto__imap_read_sp(r) &&
           mailproto__imap_read_octet(r, '(', "( expected") &&
           read_uses(r, &c->items) &&
           mailproto__imap_read_octet(r, ')', "SP or ) expected") &&
           mailproto__imap_read_octet(r, ')', ") expected");
}

int mailproto__imap_read_rename(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    return mailproto__imap_read_sp_mailbox(r, &c->mailbox) &&
           mailproto__imap_read_sp_mailbox(r, &c->target);
}

/* ---- STATUS ------------------------------------------------------------------------------ */

/* "(" status-att *(SP status-att) ")" */
static int read_status_items(struct mailproto__imap_reader *r,
                             mailproto_imap_command *c)
{
    if (*r->at != '(') {
        return mailproto__imap_fault(r, "( expected");
    }
    do {
        uint32_t item;
        r->at++;
        item = read_keyword(r, status_items, status_items_from, "STATUS item expected");
        if (item == 0) {
            return 0;
        }
        c->status_items |= item;
    } while (*r->at == ' ');
    if (c->status_items & MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ) {
        c->flags |= MAILPROTO_IMAP_USES_MODSEQ;
    }
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

int mailproto__imap_read_status(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    return mailproto__imap_read_sp_mailbox(r, &c->mailbox) &&
           mailproto__imap_read_sp(r) && read_status_items(r, c);
}

/* ---- LIST -------------------------------------------------------------------------------- */

/* list-select-opts */
static int read_select_opts(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    r->at++;
    while (*r->at != ')') {
        uint32_t option = read_keyword(r, list_selects, list_selects_from,
                                       "selection option of LIST expected");
        if (option == 0) {
            return 0;
        }
        c->select |= option;
        if (*r->at != ' ') {
            break;
        }
        r->at++;
        if (*r->at == ')') {
            return mailproto__imap_fault(r, "selection option of LIST expected");
        }
    }
    /* RFC 5258 3.1: it modifies another option, which has to be there. */
    if ((c->select & MAILPROTO_IMAP_LIST_RECURSIVEMATCH) &&
        !(c->select & MAILPROTO_IMAP_LIST_SUBSCRIBED)) {
        return mailproto__imap_fault(r, "RECURSIVEMATCH needs another option");
    }
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* list-return-opts behind its SP */
static int read_return_opts(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    const char *begin = r->at;
    mailproto_bytes word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (!MAILPROTO__IMAP_IS(word, "RETURN")) {
        r->at = begin;
        return mailproto__imap_fault(r, "RETURN expected");
    }
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    if (*r->at == ')') {
        r->at++;
        return 1;
    }
    for (;;) {
        uint32_t option = read_keyword(r, list_returns, list_returns_from,
                                       "return option of LIST expected");
        if (option == 0) {
            return 0;
        }
        c->returns |= option;
        if (option == MAILPROTO_IMAP_LIST_STATUS &&
            (!mailproto__imap_read_sp(r) || !read_status_items(r, c))) {
            return 0;
        }
        if (*r->at != ' ') {
            break;
        }
        r->at++;
    }
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* mbox-or-pat, of which `several` says whether patterns are allowed */
static int read_patterns(struct mailproto__imap_reader *r, int several,
                         mailproto_imap_command *c)
{
    mailproto_imap_string pattern;
    const char *begin = r->at;
    if (*begin != '(' || !several) {
        if (!mailproto__imap_read_pattern(r, &pattern)) {
            return 0;
        }
        mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_PATTERNS, r, begin,
                                    r->at);
        return 1;
    }
    c->flags |= MAILPROTO_IMAP_EXTENDED;
    begin++;
    do {
        r->at++;
        if (!mailproto__imap_read_pattern(r, &pattern)) {
            return 0;
        }
    } while (*r->at == ' ');
    mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_PATTERNS, r, begin, r->at);
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

int mailproto__imap_read_list(struct mailproto__imap_reader *r,
                              mailproto_imap_command *c)
{
    if (!mailproto__imap_read_sp(r)) {
        return 0;
    }
    if (*r->at == '(') {
        c->flags |= MAILPROTO_IMAP_EXTENDED;
        if (!read_select_opts(r, c) || !mailproto__imap_read_sp(r)) {
            return 0;
        }
    }
    if (!mailproto__imap_read_mailbox(r, &c->mailbox) || !mailproto__imap_read_sp(r) ||
        !read_patterns(r, 1, c)) {
        return 0;
    }
    if (*r->at != ' ') {
        return 1;
    }
    r->at++;
    c->flags |= MAILPROTO_IMAP_EXTENDED;
    return read_return_opts(r, c);
}

int mailproto__imap_read_lsub(struct mailproto__imap_reader *r,
                              mailproto_imap_command *c)
{
    return mailproto__imap_read_sp_mailbox(r, &c->mailbox) &&
           mailproto__imap_read_sp(r) && read_patterns(r, 0, c);
}
