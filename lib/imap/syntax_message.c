/*
 * Commands about messages (RFC 9051 9, RFC 4466 3, RFC 7162 7, RFC 4731 4, RFC 5182 3).
 * Knows their grammar; must not know which messages there are.
 */
#include "imap/syntax_command.h"
#include "imap/syntax_item.h"
#include "imap/syntax_search.h"

static const struct mailproto__imap_keyword search_returns[] = {
    {"MIN", MAILPROTO_IMAP_RETURN_MIN},
    {"MAX", MAILPROTO_IMAP_RETURN_MAX},
    {"ALL", MAILPROTO_IMAP_RETURN_ALL},
    {"SAVE", MAILPROTO_IMAP_RETURN_SAVE},
    {"COUNT", MAILPROTO_IMAP_RETURN_COUNT}};
static const uint8_t search_returns_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 0, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};

/* SP sequence-set */
static int read_numbers(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    char first;
    if (!mailproto__imap_read_sp(r)) {
        return 0;
    }
    first = *r->at;
    if (!mailproto__imap_read_set(r, 0, &c->set)) {
        return 0;
    }
    if (first == '$') {
        c->flags |= MAILPROTO_IMAP_USES_SAVED;
    } else if (!(c->flags & MAILPROTO_IMAP_UID)) {
        c->flags |= MAILPROTO_IMAP_USES_MSN;
    }
    return 1;
}

int mailproto__imap_read_copy(struct mailproto__imap_reader *r,
                              mailproto_imap_command *c)
{
    return read_numbers(r, c) && mailproto__imap_read_sp_mailbox(r, &c->mailbox);
}

int mailproto__imap_read_expunge(struct mailproto__imap_reader *r,
                                 mailproto_imap_command *c)
{
    return !(c->flags & MAILPROTO_IMAP_UID) || read_numbers(r, c);
}

/* ---- FETCH, STORE ---------------------------------------------------------------------- */

/* fetch-modifier (RFC 7162 7) */
static int read_fetch_modifier(struct mailproto__imap_reader *r,
                               mailproto_imap_command *c)
{
    const char *begin = r->at;
    mailproto_bytes word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (MAILPROTO__IMAP_IS(word, "CHANGEDSINCE") &&
        !(c->flags & MAILPROTO_IMAP_HAS_MODSEQ)) {
        c->flags |= MAILPROTO_IMAP_HAS_MODSEQ | MAILPROTO_IMAP_USES_MODSEQ;
        return mailproto__imap_read_sp(r) &&
               mailproto__imap_read_nz_number64(r, 1, &c->modseq);
    }
    /* RFC 7162 3.2.6: in UID FETCH only. */
    if (MAILPROTO__IMAP_IS(word, "VANISHED") && (c->flags & MAILPROTO_IMAP_UID) &&
        !(c->flags & MAILPROTO_IMAP_VANISHED)) {
        c->flags |= MAILPROTO_IMAP_VANISHED;
        return 1;
    }
    r->at = begin;
    return mailproto__imap_fault(r, "FETCH modifier expected");
}

int mailproto__imap_read_fetch(struct mailproto__imap_reader *r,
                               mailproto_imap_command *c)
{
    if (!read_numbers(r, c) || !mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_items(r, &c->items, &c->flags)) {
        return 0;
    }
    if (*r->at != ' ') {
        return 1;
    }
    r->at++;
    if (*r->at != '(') {
        return mailproto__imap_fault(r, "( expected");
    }
    do {
        r->at++;
        if (!read_fetch_modifier(r, c)) {
            return 0;
        }
    } while (*r->at == ' ');
    /* RFC 7162 3.2.6: only together with CHANGEDSINCE. */
    if ((c->flags & MAILPROTO_IMAP_VANISHED) &&
        !(c->flags & MAILPROTO_IMAP_HAS_MODSEQ)) {
        return mailproto__imap_fault(r, "VANISHED needs CHANGEDSINCE");
    }
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* store-modifiers behind the SP */
static int read_store_modifiers(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    const char *begin = r->at + 1;
    mailproto_bytes word;
    r->at++;
    word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (!MAILPROTO__IMAP_IS(word, "UNCHANGEDSINCE")) {
        r->at = begin;
        return mailproto__imap_fault(r, "STORE modifier expected");
    }
    c->flags |= MAILPROTO_IMAP_HAS_MODSEQ | MAILPROTO_IMAP_USES_MODSEQ;
    return mailproto__imap_read_sp(r) && mailproto__imap_read_number64(r, &c->modseq) &&
           mailproto__imap_read_octet(r, ')', ") expected");
}

/* ["+" / "-"] "FLAGS" [".SILENT"] */
static int read_store_att(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    const char *begin;
    mailproto_bytes word;
    if (*r->at == '+') {
        c->store = MAILPROTO_IMAP_STORE_ADD;
        r->at++;
    } else if (*r->at == '-') {
        c->store = MAILPROTO_IMAP_STORE_REMOVE;
        r->at++;
    }
    begin = r->at;
    word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (MAILPROTO__IMAP_IS(word, "FLAGS.SILENT")) {
        c->flags |= MAILPROTO_IMAP_SILENT;
        return 1;
    }
    if (!MAILPROTO__IMAP_IS(word, "FLAGS")) {
        r->at = begin;
        return mailproto__imap_fault(r, "FLAGS expected");
    }
    return 1;
}

int mailproto__imap_read_store(struct mailproto__imap_reader *r,
                               mailproto_imap_command *c)
{
    const char *begin;
    if (!read_numbers(r, c) || !mailproto__imap_read_sp(r)) {
        return 0;
    }
    if (*r->at == '(' && (!read_store_modifiers(r, c) || !mailproto__imap_read_sp(r))) {
        return 0;
    }
    if (!read_store_att(r, c) || !mailproto__imap_read_sp(r)) {
        return 0;
    }
    if (*r->at == '(') {
        return mailproto__imap_read_flags(r, &c->items);
    }
    begin = r->at;
    while (mailproto__imap_pass_flag(r) && *r->at == ' ') {
        r->at++;
    }
    mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_STRINGS, r, begin, r->at);
    return r->status == MAILPROTO_OK;
}

/* ---- SEARCH ---------------------------------------------------------------------------- */

/* Goes over a word if it is this one. */
static int skip_word(struct mailproto__imap_reader *r, const char *upper, size_t len)
{
    const char *begin = r->at;
    mailproto_bytes word;
    if ((*begin ^ upper[0]) & 0xDF) {
        return 0;
    }
    word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (word.len == len && mailproto__imap_same(upper, word.ptr, len)) {
        return 1;
    }
    r->at = begin;
    return 0;
}

/* search-return-opts from the "(" on */
static int read_search_returns(struct mailproto__imap_reader *r,
                               mailproto_imap_command *c)
{
    if (!mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    if (*r->at == ')') { /* RFC 4731 3.1: as if it were ALL */
        c->returns = MAILPROTO_IMAP_RETURN_ALL;
        r->at++;
        return 1;
    }
    for (;;) {
        const char *begin = r->at;
        uint32_t option =
            mailproto__imap_keyword(search_returns, search_returns_from,
                                    mailproto__imap_run(r, MAILPROTO__IMAP_LABEL));
        if (option == 0) {
            r->at = begin;
            return mailproto__imap_fault(r, "result option of SEARCH expected");
        }
        c->returns |= option;
        if (*r->at != ' ') {
            break;
        }
        r->at++;
    }
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* search-key *(SP search-key), all that is left */
static int read_keys(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    struct mailproto__imap_search s;
    struct mailproto__imap_search_token token;
    mailproto_status status;
    mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_KEYS, r, r->at, r->end);
    mailproto__imap_search_begin(&s, r);
    do {
        status = mailproto__imap_search_next(&s, &token);
    } while (status == MAILPROTO_OK);
    *r = s.reader;
    c->flags |= s.uses;
    return status == MAILPROTO_EOF;
}

int mailproto__imap_read_search(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    if (!mailproto__imap_read_sp(r)) {
        return 0;
    }
    if (skip_word(r, "RETURN", 6)) {
        c->flags |= MAILPROTO_IMAP_EXTENDED;
        if (!mailproto__imap_read_sp(r) || !read_search_returns(r, c) ||
            !mailproto__imap_read_sp(r)) {
            return 0;
        }
    }
    if (skip_word(r, "CHARSET", 7)) {
        /* RFC 3501 9 has an astring here, which holds RFC 9051's atom and quoted. */
        if (!mailproto__imap_read_sp(r) || !mailproto__imap_read_astring(r, &c->text) ||
            !mailproto__imap_read_sp(r)) {
            return 0;
        }
    }
    return read_keys(r, c);
}

/* ---- APPEND ---------------------------------------------------------------------------- */

int mailproto__imap_read_messages(struct mailproto__imap_reader *r,
                                  mailproto_imap_command *c)
{
    mailproto_imap_append message;
    const char *begin = r->at;
    const char *last;
    do {
        last = r->at;
        if (!mailproto__imap_read_message(r, &message)) {
            begin = last;
            break;
        }
    } while (!mailproto__imap_at_end(r));
    mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_MESSAGES, r, begin, r->end);
    return r->status == MAILPROTO_OK;
}

int mailproto__imap_read_append(struct mailproto__imap_reader *r,
                                mailproto_imap_command *c)
{
    return mailproto__imap_read_sp_mailbox(r, &c->mailbox) &&
           mailproto__imap_read_messages(r, c);
}
