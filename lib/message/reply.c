/*
 * What a reply says of the message it answers (RFC 5322 3.6.4, 3.6.5). Knows the fields
 * that make a thread; what it gives passes the composer's check.
 */
#include "message/compose.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "message/reply.h"

enum {
    SUBJECT_MAX = 998 /* octets of the text that are kept */
};

/* What was found in the original. */
struct original {
    mailproto_bytes subject, id, references, in_reply_to;
};

static struct original find_fields(mailproto_bytes header)
{
    struct original o;
    o.subject = mailproto__fields_first(header, MAILPROTO_FIELD_SUBJECT);
    o.id = mailproto__fields_first(header, MAILPROTO_FIELD_MESSAGE_ID);
    o.references = mailproto__fields_first(header, MAILPROTO_FIELD_REFERENCES);
    o.in_reply_to = mailproto__fields_first(header, MAILPROTO_FIELD_IN_REPLY_TO);
    return o;
}

static void put_span(struct mailproto__put *to, mailproto_bytes b)
{
    if (b.len > 0) {
        mailproto__put_octets(to, b.ptr, b.len);
    }
}

/* ---- the subject -------------------------------------------------------------------------- */

/* `Re:` in any case and the blanks behind it, as often as they stand there. */
static mailproto_bytes without_re(mailproto_bytes text)
{
    text = mailproto__compose_trim(text);
    while (text.len >= 3 && mailproto__equal_nocase(mailproto__span(text.ptr, 3),
                                                    MAILPROTO__LITERAL("Re:"))) {
        text = mailproto__compose_trim(mailproto__tail(text, 3));
    }
    return text;
}

/* Controls become blanks, and a character that was cut goes. */
static size_t clean(char *text, size_t len)
{
    size_t at;
    mailproto_bytes all = mailproto__span(text, len);
    while (!mailproto_utf8_check(all, &at)) {
        if (len - at > 3) {
            text[at] = '?';
        } else {
            len = at;
            all.len = at;
        }
    }
    for (at = mailproto__find_control(all); at < len;
         at += mailproto__find_control(mailproto__tail(all, at))) {
        text[at] = ' ';
    }
    return len;
}

static void put_subject(struct mailproto__put *to, mailproto_bytes value,
                        mailproto_bytes *subject)
{
    static const char re[] = "Re: ";
    char *out = to->out + to->len;
    size_t room = to->cap - to->len;
    size_t len = 0;
    mailproto_bytes text;
    if (room < sizeof re - 1) {
        to->len = to->cap + 1;
        return;
    }
    room = room - 4 < SUBJECT_MAX ? room - 4 : SUBJECT_MAX;
    (void)mailproto_text_decode(value, MAILPROTO_TEXT_COLLAPSE, NULL, out + 4, room,
                                &len);
    len = clean(out + 4, len < room ? len : room);
    text = without_re(mailproto__span(out + 4, len));
    memmove(out + 4, text.ptr, text.len);
    memcpy(out, re, 4);
    *subject = mailproto__span(out, text.len + 4);
    to->len += subject->len;
}

mailproto_status mailproto_reply_make(mailproto_bytes header, void *buf, size_t cap,
                                      mailproto_reply *out)
{
    struct original o;
    struct mailproto__put to;
    mailproto_reply r;
    mailproto_bytes id;
    mailproto_bytes old;
    size_t octets;
    size_t start;
    if (buf == NULL || out == NULL || (header.ptr == NULL && header.len > 0)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    memset(&r, 0, sizeof r);
    to.out = (char *)buf;
    to.cap = cap;
    to.len = 0;
    o = find_fields(header);
    id = mailproto__reply_first_id(o.id);
    if (id.len > 0) {
        r.in_reply_to = mailproto__span(to.out, id.len);
        put_span(&to, id);
    }
    if (to.len <= cap) {
        put_subject(&to, o.subject, &r.subject);
    }
    if (to.len > cap) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    /* RFC 5322 3.6.4: In-Reply-To in place of References only with exactly one id. */
    old = o.references;
    if (mailproto__reply_count_ids(old, &octets) == 0) {
        old = o.in_reply_to;
        if (mailproto__reply_count_ids(old, &octets) != 1) {
            old.len = 0;
        }
    }
    start = to.len;
    r.references = r.in_reply_to;
    if (old.len > 0 && r.in_reply_to.len < cap - start) {
        mailproto__reply_put_ids(&to, old, cap - start - r.in_reply_to.len);
        put_span(&to, r.in_reply_to);
        r.references =
            mailproto__compose_trim(mailproto__span(to.out + start, to.len - start));
    }
    return mailproto__output_copy(out, &r, sizeof r);
}
