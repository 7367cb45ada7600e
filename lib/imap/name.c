/*
 * The mailbox name that a string of a command stands for (RFC 9051 5.1, RFC 3501 5.1.3).
 * Knows INBOX and the two forms of names; must not know hierarchies.
 */
#include <mailproto/imap.h>

#include "codec/utf8.h"
#include "core/mem.h"

static const char inbox[] = "INBOX";

/* Whether all is printable US-ASCII without "&", which stands for itself in both forms. */
static int is_plain(mailproto_bytes name)
{
    size_t i;
    for (i = 0; i < name.len; i++) {
        if (name.ptr[i] < ' ' || name.ptr[i] > '~' || name.ptr[i] == '&') {
            return 0;
        }
    }
    return 1;
}

/* Whether a name has what RFC 6855 3 forbids in names: controls, and the separators of
 * lines and paragraphs. */
static int has_forbidden(mailproto_bytes name)
{
    const unsigned char *at = (const unsigned char *)name.ptr;
    size_t i;
    for (i = 0; i < name.len; i++) {
        if (at[i] < ' ' || at[i] == 127 ||
            (at[i] == 0xC2 && i + 1 < name.len && at[i + 1] < 0xA0) ||
            (at[i] == 0xE2 && i + 2 < name.len && at[i + 1] == 0x80 &&
             (at[i + 2] == 0xA8 || at[i + 2] == 0xA9))) {
            return 1;
        }
    }
    return 0;
}

/* Modified UTF-7 to UTF-8 in `buf`, where the name may stand already. */
static mailproto_status convert(mailproto_bytes wire, void *buf, size_t cap,
                                mailproto_bytes *out)
{
    size_t len = 0;
    mailproto_status status;
    if (wire.ptr == (const char *)buf) {
        /* It goes to the end, so that what is written never overtakes what is read. */
        char *end = (char *)buf + (cap - wire.len);
        memmove(end, wire.ptr, wire.len);
        wire.ptr = end;
    }
    status = mailproto_imap_utf7_decode(wire, buf, cap, &len);
    if (status == MAILPROTO_OK) {
        out->ptr = (const char *)buf;
        out->len = len;
    }
    return status;
}

mailproto_status mailproto_imap_name_get(const mailproto_imap_string *s, void *buf,
                                         size_t cap, mailproto_bytes *out,
                                         uint32_t *flags)
{
    mailproto_bytes wire;
    mailproto_status status = mailproto_imap_string_get(s, buf, cap, &wire);
    *flags = 0;
    if (s->form == MAILPROTO_IMAP_NIL) {
        *out = wire;
        return MAILPROTO_OK;
    }
    if (status != MAILPROTO_OK) {
        return status;
    }
    *out = wire;
    if (mailproto_imap_string_is(s, inbox)) {
        out->ptr = inbox;
        return MAILPROTO_OK;
    }
    if (wire.len == 0 || is_plain(wire)) {
        return MAILPROTO_OK;
    }
    if (!(s->flags & MAILPROTO_IMAP_MUTF7)) {
        if (mailproto__utf8_run((const unsigned char *)wire.ptr, wire.len) < wire.len ||
            has_forbidden(wire)) {
            *flags = MAILPROTO_IMAP_NAME_RAW;
        }
        return MAILPROTO_OK;
    }
    status = convert(wire, buf, cap, out);
    if (status == MAILPROTO_ERR_SYNTAX ||
        (status == MAILPROTO_OK && has_forbidden(*out))) {
        *flags = MAILPROTO_IMAP_NAME_RAW;
        status = mailproto_imap_string_get(s, buf, cap, out); /* it was written over */
    }
    return status;
}
