/*
 * Messages of APPEND (RFC 9051 6.3.12, RFC 3502, RFC 4466 3, RFC 3516 7, RFC 9755 4).
 * Knows the grammar of one after the other; must not know what becomes of them.
 */
#include "imap/syntax_item.h"

#include "core/mem.h"

/* append-data */
static int read_data(struct mailproto__imap_reader *r, mailproto_imap_string *out)
{
    const char *begin = r->at;
    mailproto_bytes word;
    memset(out, 0, sizeof *out);
    if (*begin == '{' || *begin == '~' || *begin == '\0') {
        return mailproto__imap_read_literal(r, 1, out);
    }
    word = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    if (!MAILPROTO__IMAP_IS(word, "UTF8")) {
        r->at = begin;
        return mailproto__imap_fault(r, "literal expected");
    }
    out->flags = MAILPROTO_IMAP_UTF8_FORM;
    if (!mailproto__imap_read_sp(r) ||
        !mailproto__imap_read_octet(r, '(', "( expected")) {
        return 0;
    }
    if (*r->at != '~' && *r->at != '\0') {
        return mailproto__imap_fault(r, "literal8 expected");
    }
    begin = r->at;
    if (!mailproto__imap_read_literal(r, 1, out)) {
        return 0;
    }
    if (!(out->flags & MAILPROTO_IMAP_BINARY)) {
        r->at = begin;
        return mailproto__imap_fault(r, "literal8 expected");
    }
    out->flags |= MAILPROTO_IMAP_UTF8_FORM;
    return mailproto__imap_read_octet(r, ')', ") expected");
}

int mailproto__imap_read_message(struct mailproto__imap_reader *r,
                                 mailproto_imap_append *out)
{
    memset(out, 0, sizeof *out);
    if (!mailproto__imap_read_sp(r)) {
        return 0;
    }
    if (*r->at == '(' &&
        (!mailproto__imap_read_flags(r, &out->flags) || !mailproto__imap_read_sp(r))) {
        return 0;
    }
    if (*r->at == '"' && (!mailproto__imap_read_date_time(r, &out->date) ||
                          !mailproto__imap_read_sp(r))) {
        return 0;
    }
    if (read_data(r, &out->message)) {
        return 1;
    }
    if (r->status == MAILPROTO_AGAIN) {
        out->message.size = r->pending_size;
        if (r->pending_binary) {
            out->message.flags |= MAILPROTO_IMAP_BINARY;
        }
    }
    return 0;
}

mailproto_status mailproto_imap_append_next(mailproto_imap_cursor *items,
                                            mailproto_imap_append *out)
{
    struct mailproto__imap_reader r;
    if (mailproto__imap_cursor_open(items, &r) != MAILPROTO__IMAP_MESSAGES ||
        mailproto__imap_at_end(&r)) {
        return MAILPROTO_EOF;
    }
    r.prefix = 1; /* the octets of the last one may not be there yet */
    if (!mailproto__imap_read_message(&r, out)) {
        if (r.status != MAILPROTO_AGAIN) {
            return MAILPROTO_EOF; /* cannot be: it was checked */
        }
        r.at = r.end;
    }
    mailproto__imap_cursor_keep(items, &r);
    return MAILPROTO_OK;
}
