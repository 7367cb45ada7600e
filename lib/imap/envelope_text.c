/*
 * What an ENVELOPE tells of an element that is no address (RFC 5322 3.4, 4.4). No standard says;
 * clients know it from other servers: the words up to where the syntax broke, and the host
 * SYNTAX_ERROR where that was between angle brackets. Knows the text of one element; must
 * not know the list it stands in.
 */
#include "imap/write.h"

#include "core/mem.h"
#include "core/span.h"
#include "message/value.h"

/* Words with dots between them: those of a local part, or of a phrase. */
struct words {
    const char *first, *last; /* NULL: there are none */
    int gap;                  /* two of them without a dot between */
    int quoted;
};

/* From `p` on, up to something else; a local part ends where words have no dot between
 * them. */
static const char *take_words(struct mailproto__value *v, const char *p, int is_local,
                              struct words *w)
{
    int dot = 1;
    memset(w, 0, sizeof *w);
    for (p = mailproto__v_cfws(v, p); p < v->end; p = mailproto__v_cfws(v, p)) {
        const char *q = p;
        if (*p == '.') {
            q++;
        } else if (!dot && is_local) {
            return p;
        } else if (*p == '"') {
            q = mailproto__v_quoted(v, p);
            w->quoted = 1;
        } else {
            q = mailproto__v_run(p, v->end, MAILPROTO__V_ATOM);
        }
        if (q == p) {
            return p;
        }
        w->gap |= !dot && *p != '.';
        dot = *p == '.';
        w->first = w->first != NULL ? w->first : p;
        w->last = q;
        p = q;
    }
    return p;
}

static mailproto_bytes text_of(const struct words *w)
{
    return mailproto__span(w->first,
                           w->first != NULL ? (size_t)(w->last - w->first) : 0);
}

/* What follows the `<` before `p`. */
static void angle(struct mailproto__value *v, const char *p, mailproto_address *a)
{
    struct words w;
    p = mailproto__v_cfws(v, p);
    if (p < v->end && *p == '@') {
        a->route = MAILPROTO__LITERAL("INVALID_ROUTE");
        return;
    }
    (void)take_words(v, p, 1, &w);
    a->domain = MAILPROTO__LITERAL("SYNTAX_ERROR");
    if (!v->open) {
        a->local = text_of(&w);
    }
}

/* `@domain`, `p` behind the `@`, and nothing else; 0: it is not. */
static int domain(struct mailproto__value *v, const char *p, mailproto_address *a)
{
    struct words w;
    p = take_words(v, p, 1, &w);
    if (p < v->end || w.first == NULL || w.quoted || v->open) {
        return 0;
    }
    a->domain = text_of(&w);
    return 1;
}

/* Whether a domain stands behind the `@` at `p`. With a comment behind it that is not closed
 * it could be either reader's: the host is told as missing. */
static int has_domain(struct mailproto__value *v, const char *p)
{
    struct words w;
    (void)take_words(v, p + 1, 1, &w);
    return w.first != NULL && !v->open;
}

/* An encoded word with specials in it, which is not taken apart: two octets are there, as
 * more than the word is. */
static int is_encoded(const char *p)
{
    return p[0] == '=' && p[1] == '?';
}

/* RFC 5322 3.4.1, 4.4: atoms with one dot between each two, and nothing else. */
static int has_dots_wrong(mailproto_bytes domain)
{
    size_t i;
    int dot = 1; /* the octet before, blanks aside */
    for (i = 0; i < domain.len; i++) {
        char c = domain.ptr[i];
        if (c == '.' && dot) {
            return 1;
        }
        dot = c == '.' || (dot && (c == ' ' || c == '\t' || c == '\r' || c == '\n'));
    }
    return domain.len > 0 && dot;
}

/* A host that is no domain is told as if it broke the syntax, or as missing. */
static void mailbox(mailproto_address *a)
{
    if (has_dots_wrong(a->domain)) {
        a->domain = (a->flags & MAILPROTO_ADDRESS_ANGLE) != 0
                        ? MAILPROTO__LITERAL("SYNTAX_ERROR")
                        : mailproto__span(NULL, 0);
    }
}

static void text(mailproto_address *a)
{
    const mailproto_bytes none = {NULL, 0};
    struct mailproto__value v;
    struct words w;
    const char *p;
    mailproto__v_whole(&v, a->name, MAILPROTO_VALUE_FINAL, NULL);
    p = take_words(&v, v.at, 0, &w);
    if (p == v.end) {
        return; /* all of it is the name */
    }
    if (*p == '<') {
        a->name = text_of(&w);
        a->comment = none;
        angle(&v, p + 1, a);
    } else if (w.first == NULL) {
        if (*p == '@' && domain(&v, p + 1, a)) {
            a->name = none;
        }
    } else if (w.gap || (w.quoted && *p != '@')) {
        a->name = text_of(&w);
    } else if (*p == '@' ? !has_domain(&v, p) : !is_encoded(w.first)) {
        a->local = text_of(&w);
        a->name = none;
        a->comment = v.open ? none : a->comment;
    } /* else an address and more, two readings: none is guessed (RFC 7103 7.1) */
}

void mailproto__imap_envelope_told(mailproto_address *a)
{
    if (a->type == MAILPROTO_ADDRESS_TEXT) {
        text(a);
    } else if (a->type == MAILPROTO_ADDRESS_MAILBOX) {
        mailbox(a);
    }
}
