/*
 * What Received fields tell in their clauses and comments: names, addresses, TLS, users, as
 * the software that is met writes them. Knows habits, no grammar: what it finds is what a
 * relay claims.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "message/clear.h"

/* Words that say what the next one is. */
enum word { WORD_NONE, WORD_HELO, WORD_CIPHER, WORD_IDENT, WORD_USING };

struct reader {
    mailproto_received *r;
    enum word before;
    int from;  /* in the comments of `from` */
    int named; /* the first name of this comment was seen */
};

static int is_digit(char c)
{
    return mailproto__v_is(c, MAILPROTO__V_DIGIT);
}

static void set(mailproto_bytes *to, const char *from, const char *end)
{
    if (to->len == 0 && end > from) {
        *to = mailproto__v_span(from, end);
    }
}

/* 1.2.3.4, with a port or not: its end, or NULL. */
static const char *ipv4_end(const char *p, const char *end)
{
    unsigned dots = 0;
    unsigned number = 0;
    const char *start = p;
    while (p < end && number <= 255 && (is_digit(*p) || *p == '.')) {
        dots += *p == '.';
        number = *p == '.' ? 0 : number * 10 + (unsigned)(*p - '0');
        p++;
    }
    if (number > 255) {
        return NULL;
    }
    return dots == 3 && p - start >= 7 && p - start <= 15 && (p == end || *p == ':')
               ? p
               : NULL;
}

/* What stands between brackets: an address, `IPv6:` and a port off. */
static void take_literal(struct reader *s, const char *p, const char *end)
{
    const char *q;
    if (end - p > 5 && mailproto__equal_nocase(mailproto__v_span(p, p + 5),
                                               MAILPROTO__LITERAL("IPv6:"))) {
        p += 5;
    }
    q = ipv4_end(p, end);
    if (q == NULL) {
        unsigned colons = 0;
        for (q = p; q < end && (is_digit(*q) || *q == ':' || *q == '.' ||
                                ((*q | 32) >= 'a' && (*q | 32) <= 'f'));
             q++) {
            colons += *q == ':';
        }
        if (q < end || colons < 2) {
            return;
        }
    }
    set(&s->r->address, p, q);
}

/* TLS1_2, TLSv1.3, SSLv3:cipher. 1 if it was. */
static int take_tls(struct reader *s, const char *p, const char *end)
{
    const char *q = p + 3;
    if (end - p < 4 ||
        !(mailproto__equal_nocase(mailproto__v_span(p, q), MAILPROTO__LITERAL("TLS")) ||
          mailproto__equal_nocase(mailproto__v_span(p, q),
                                  MAILPROTO__LITERAL("SSL")))) {
        return 0;
    }
    if (!is_digit(*q) && !((*q | 32) == 'v' && end - q >= 2 && is_digit(q[1]))) {
        if (*q == '_' && s->before != WORD_NONE) { /* TLS_AES_256_GCM_SHA384 */
            set(&s->r->cipher, p, end);
            return 1;
        }
        return 0;
    }
    while (q < end && *q != ':') {
        q++;
    }
    set(&s->r->tls, p, q);
    s->r->flags |= MAILPROTO_RECEIVED_TLS;
    if (q < end) {
        const char *cipher = q + 1;
        for (q = cipher; q < end && *q != ':'; q++) {
        }
        set(&s->r->cipher, cipher, q);
    }
    return 1;
}

/* name=value. 1 if it was one that is known. */
static int take_pair(struct reader *s, const char *p, const char *end)
{
    static const char *const names[] = {"helo", "ehlo",    "ident",  "auth",
                                        "user", "version", "cipher", "tls"};
    const char *equal = (const char *)memchr(p, '=', (size_t)(end - p));
    uint32_t which;
    if (equal == NULL) {
        return 0;
    }
    which = mailproto__v_find(mailproto__v_span(p, equal), names, 8);
    equal++;
    if (which == 0) {
        return 0;
    }
    if (which <= 2) {
        set(&s->r->helo, equal, end);
    } else if (which <= 5) {
        set(&s->r->ident, equal, end);
    } else if (which == 7) {
        set(&s->r->cipher, equal, end);
        s->r->flags |= MAILPROTO_RECEIVED_TLS;
    } else {
        (void)take_tls(s, equal, end);
    }
    return 1;
}

static int begins_with(const char *p, const char *end, mailproto_bytes what)
{
    return (size_t)(end - p) >= what.len &&
           mailproto__equal_nocase(mailproto__v_span(p, p + what.len), what);
}

/* A word of `from`'s comments that is not yet understood: a name, an address, a user. */
static void take_name(struct reader *s, const char *p, const char *end)
{
    const char *at = (const char *)memchr(p, '@', (size_t)(end - p));
    const char *open = (const char *)memchr(p, '[', (size_t)(end - p));
    const char *stop;
    if (at != NULL && (open == NULL || at < open)) {
        p = begins_with(p, at, MAILPROTO__LITERAL("IDENT:")) ? p + 6 : p;
        set(&s->r->ident, p, at);
        p = at + 1;
    }
    if (open != NULL) {
        const char *close = (const char *)memchr(open, ']', (size_t)(end - open));
        take_literal(s, open + 1, close != NULL ? close : end);
        end = open;
    }
    stop = ipv4_end(p, end);
    if (stop != NULL) {
        set(&s->r->address, p, stop);
        return;
    }
    if (!s->named && end > p && memchr(p, '.', (size_t)(end - p)) != NULL &&
        mailproto__v_run(p, end, MAILPROTO__V_TOKEN) == end) {
        set(&s->r->rdns, p, end);
    }
    s->named = 1;
}

static enum word word_of(mailproto_bytes w)
{
    static const char *const helo[] = {"helo", "ehlo"};
    static const char *const ident[] = {"account", "ident", "authenticated",
                                        "sender:", "user"};
    static const char *const cipher[] = {"cipher", "cipher:"};
    static const char *const passed[] = {"using",   "with",     "version",      "bits",
                                         "unknown", "verified", "misconfigured"};
    if (mailproto__v_find(w, helo, 2) != 0) {
        return WORD_HELO;
    }
    if (mailproto__v_find(w, ident, 5) != 0) {
        return WORD_IDENT;
    }
    if (mailproto__v_find(w, cipher, 2) != 0) {
        return WORD_CIPHER;
    }
    return mailproto__v_find(w, passed, 7) != 0 ? WORD_USING : WORD_NONE;
}

static void take_word(struct reader *s, const char *p, const char *end)
{
    enum word word = word_of(mailproto__v_span(p, end));
    enum word before = s->before;
    if (word == WORD_IDENT && before == WORD_IDENT) {
        return; /* authenticated sender: */
    }
    if (before == WORD_CIPHER) {
        set(&s->r->cipher, p, end);
        s->r->flags |= MAILPROTO_RECEIVED_TLS;
    } else if (before == WORD_HELO) {
        set(&s->r->helo, p, end);
    } else if (before == WORD_IDENT &&
               !begins_with(p, end, MAILPROTO__LITERAL("bits="))) {
        set(&s->r->ident, p, end);
        s->named = 1;
    } else if (word == WORD_NONE && !take_tls(s, p, end) && !take_pair(s, p, end) &&
               s->from) {
        take_name(s, p, end);
    }
    s->before = before == WORD_NONE || before == WORD_USING ? word : WORD_NONE;
}

static int is_break(char c)
{
    return c == '(' || c == ')' || c == ',' || c == ';' || c == ' ' || c == '\t' ||
           c == '\r' || c == '\n';
}

/* The words of comments, and what stands between them. */
static void take_comments(struct reader *s, mailproto_bytes comment)
{
    const char *p = comment.len > 0 ? comment.ptr : "";
    const char *end = p + comment.len;
    s->before = WORD_NONE;
    while (p < end) {
        const char *q = p;
        while (q < end && !is_break(*q)) {
            q++;
        }
        if (q > p) {
            take_word(s, p, q);
            p = q;
            continue;
        }
        if (*p == '(') {
            s->before = WORD_NONE;
            s->named = 0;
        }
        p++;
    }
}

/* ---- clauses -------------------------------------------------------------------------- */

static mailproto_bytes first_word(mailproto_bytes b)
{
    const char *start = b.len > 0 ? b.ptr : "";
    const char *p = start;
    const char *end = p + b.len;
    while (p < end && !is_break(*p)) {
        p++;
    }
    return mailproto__v_span(start, p);
}

/* What the first brackets hold; a defect if they are not all there is (RFC 5321 4.4: For =
 * CFWS "FOR" FWS ( Path / Mailbox )). */
static mailproto_bytes unbracket(mailproto_bytes b, struct mailproto__value *flaws)
{
    const char *end = b.ptr + b.len;
    const char *p = b.ptr;
    int quoted = 0;
    if (b.len < 2 || *p != '<' || end[-1] != '>') {
        return b;
    }
    do {
        p += *p == '\\' && end - p > 2 ? 2 : 1;
        quoted ^= *p == '"';
    } while (p < end - 1 && (quoted || *p != '>'));
    if (p < end - 1) {
        mailproto__v_flaw(flaws, MAILPROTO_VALUE_DEFECT_CLAUSE, p + 1);
    }
    return mailproto__v_span(b.ptr + 1, p < end ? p : end - 1);
}

/* The protocol: ESMTPSA and its likes tell TLS and authentication (RFC 3848, RFC 6531
 * 4.3). */
static void take_with(mailproto_received *r)
{
    static const char *const tls[] = {
        "esmtps",    "esmtpsa",    "lmtps", "lmtpsa", "utf8smtps", "utf8smtpsa",
        "utf8lmtps", "utf8lmtpsa", "smtps", "https",  "esmtp-tls"};
    static const char *const auth[] = {"esmtpa",    "esmtpsa",    "lmtpa",
                                       "lmtpsa",    "utf8smtpa",  "utf8smtpsa",
                                       "utf8lmtpa", "utf8lmtpsa", "asmtp"};
    mailproto_bytes word = first_word(r->with);
    if (mailproto__v_find(word, tls, sizeof tls / sizeof tls[0]) != 0) {
        r->flags |= MAILPROTO_RECEIVED_TLS;
    }
    if (mailproto__v_find(word, auth, sizeof auth / sizeof auth[0]) != 0) {
        r->flags |= MAILPROTO_RECEIVED_AUTH;
    }
}

/* Where a clause's value goes; NULL: nowhere. */
static mailproto_bytes *place(mailproto_received *r, uint32_t clause)
{
    switch (clause) {
    case MAILPROTO_RECEIVED_FROM:
        return &r->from;
    case MAILPROTO_RECEIVED_BY:
        return &r->by;
    case MAILPROTO_RECEIVED_VIA:
        return &r->via;
    case MAILPROTO_RECEIVED_WITH:
        return &r->with;
    case MAILPROTO_RECEIVED_ID:
        return &r->id;
    case MAILPROTO_RECEIVED_FOR:
        return &r->recipient;
    default:
        return NULL;
    }
}

static void take_clause(struct reader *s, struct mailproto__value *flaws,
                        const mailproto_received_clause *c)
{
    mailproto_bytes *to = place(s->r, c->clause);
    mailproto_bytes value = c->value;
    s->from = c->clause == MAILPROTO_RECEIVED_FROM;
    s->named = 0;
    if (to != NULL && to->len > 0) {
        mailproto__v_flaw(flaws, MAILPROTO_VALUE_DEFECT_CLAUSE, c->name.ptr);
    } else if (to != NULL && value.len > 0) {
        if (c->clause == MAILPROTO_RECEIVED_ID || c->clause == MAILPROTO_RECEIVED_FOR) {
            value = unbracket(value, flaws);
        } else if (c->clause != MAILPROTO_RECEIVED_WITH) {
            value = first_word(value);
        }
        *to = value;
    } else if (c->clause == MAILPROTO_RECEIVED_OTHER) { /* RFC 8314 4.3 */
        if (value.len > 0) {
            set(&s->r->cipher, value.ptr, value.ptr + value.len);
        }
        s->r->flags |= MAILPROTO_RECEIVED_TLS;
    }
    if (c->clause != MAILPROTO_RECEIVED_DATE) {
        take_comments(s, c->comment);
    }
    /* A literal there is what the client said of itself: the receiver's own finding, the
     * TCP-info in the comment (RFC 5321 4.4), comes first. */
    if (s->from && c->value.len > 1) {
        const char *end = c->value.ptr + c->value.len;
        const char *open = (const char *)memchr(c->value.ptr, '[', c->value.len);
        if (open != NULL) {
            const char *close = (const char *)memchr(open, ']', (size_t)(end - open));
            take_literal(s, open + 1, close != NULL ? close : end);
        }
    }
}

/* Of the date's defects only what stands behind it is told: it is no date's. */
static void take_date(struct mailproto__value *flaws, mailproto_received *r)
{
    const uint64_t trailing = UINT64_C(1) << MAILPROTO_VALUE_DEFECT_TRAILING;
    mailproto_defects d;
    mailproto__clear(&d, sizeof d);
    d.struct_size = sizeof d;
    if (mailproto_date_parse(r->date_text, flaws->flags & MAILPROTO_VALUE_STRICT, &d,
                             &r->date) != MAILPROTO_OK) {
        mailproto__v_flaw(flaws, MAILPROTO_VALUE_DEFECT_NO_DATE, r->date_text.ptr);
        return;
    }
    r->flags |= MAILPROTO_RECEIVED_HAS_DATE;
    if ((d.seen & trailing) != 0) {
        mailproto__v_flaw(flaws, MAILPROTO_VALUE_DEFECT_TRAILING, r->date_text.ptr);
    }
}

mailproto_status mailproto_received_parse(mailproto_bytes value, uint32_t flags,
                                          mailproto_defects *defects,
                                          mailproto_received *out)
{
    mailproto_value cursor;
    mailproto_received_clause c;
    struct mailproto__value flaws;
    mailproto_received r;
    struct reader s;
    mailproto_status status =
        mailproto_value_open(&cursor, value, flags | MAILPROTO_VALUE_FINAL, defects);
    if (status != MAILPROTO_OK) {
        return status;
    }
    mailproto__clear(&r, sizeof r);
    mailproto__clear(&s, sizeof s);
    r.struct_size = sizeof r;
    s.r = &r;
    mailproto__v_whole(&flaws, value, flags, defects);
    c.struct_size = sizeof c;
    while ((status = mailproto_received_next(&cursor, &c)) == MAILPROTO_OK) {
        take_clause(&s, &flaws, &c);
        if (c.clause == MAILPROTO_RECEIVED_DATE) {
            r.date_text = c.value;
        }
    }
    take_with(&r);
    if (r.ident.len > 0 && memchr(r.ident.ptr, '[', r.ident.len) != NULL) {
        r.ident.len = 0;
    }
    if (status != MAILPROTO_EOF || flaws.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    if (r.date_text.len > 0) {
        r.date.struct_size = sizeof r.date;
        take_date(&flaws, &r);
    }
    if (flaws.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return mailproto__output_copy(out, &r, sizeof r);
}
