/*
 * A client's choice among what a server offers: the caller's own mechanisms and those
 * built in. Knows what each asks for and shows; must not know how it works.
 */
#include "core/options.h"
#include "core/span.h"
#include "sasl/sasl.h"

enum {
    PLAINTEXT = MAILPROTO_SASL_PLAINTEXT,
    PLUS = MAILPROTO_SASL_PLUS,
    GUESSABLE = MAILPROTO_SASL_GUESSABLE,
    PASSWORD = MAILPROTO_SASL_PASSWORD,
    AUTHZID = MAILPROTO_SASL_AUTHZID,
    FIRST_BINDING = 1, /* values of give_binding */
    OTHER_BINDING = 2,
    FIRST_CUSTOM = 16, /* bits of a choice: below it the built-in ones */
    NAME_MAX = MAILPROTO__SASL_NAME_MAX
};

typedef char bits_suffice[FIRST_CUSTOM + MAILPROTO_SASL_CUSTOM_MAX <= 32 ? 1 : -1];

/* ---- the mechanisms there are -------------------------------------------------- */

struct candidate {
    mailproto_bytes name;
    uint32_t bit;
    uint32_t flags;                         /* MAILPROTO_SASL_CLIENT_FIRST ... */
    const struct mailproto__sasl_row *row;  /* NULL: it is ... */
    const mailproto_sasl_mechanism *custom; /* ... the caller's */
};

/* The length of a name, or more than one can have (RFC 4422 3.1). */
static size_t name_len(const char *name)
{
    size_t len = 0;
    while (len <= NAME_MAX && name[len] != '\0') {
        len++;
    }
    return len;
}

static int is_well(const mailproto_sasl_choice *c)
{
    uint32_t i;
    if (c->struct_size < sizeof *c || c->custom_count > MAILPROTO_SASL_CUSTOM_MAX ||
        (c->custom == NULL && c->custom_count > 0)) {
        return 0;
    }
    for (i = 0; i < c->custom_count; i++) {
        const mailproto_sasl_mechanism *m = c->custom[i];
        if (m == NULL || m->struct_size < MAILPROTO__MECHANISM_MIN || m->name == NULL ||
            m->name[0] == '\0' || name_len(m->name) > NAME_MAX) {
            return 0;
        }
    }
    return 1;
}

/* Number `i`, the caller's first, then those built in by strength: 1, or 0: there are no
 * more. */
static int candidate(const mailproto_sasl_choice *c, size_t i, struct candidate *out)
{
    out->custom = i < c->custom_count ? c->custom[i] : NULL;
    if (out->custom != NULL) {
        out->row = NULL;
        out->name = mailproto__span(out->custom->name, name_len(out->custom->name));
        out->bit = (uint32_t)1 << (FIRST_CUSTOM + i);
        out->flags = out->custom->flags;
        return 1;
    }
    i -= c->custom_count;
    out->row = mailproto__sasl_row(i);
    if (out->row == NULL) {
        return 0;
    }
    out->name = mailproto__span(out->row->name, out->row->name_len);
    out->bit = (uint32_t)1 << i;
    out->flags = mailproto__sasl_row_flags(out->row);
    return 1;
}

/* The one of a name, in any case: 1 or 0. */
static int find(const mailproto_sasl_choice *c, mailproto_bytes name,
                struct candidate *out)
{
    size_t i;
    for (i = 0; candidate(c, i, out); i++) {
        if (mailproto__equal_nocase(name, out->name)) {
            return 1;
        }
    }
    return 0;
}

/* ---- the offer ------------------------------------------------------------------- */

/* IMAP writes AUTH=PLAIN (RFC 9051 7.2.2). */
static mailproto_bytes without_prefix(mailproto_bytes word)
{
    mailproto_bytes prefix = MAILPROTO__LITERAL("AUTH=");
    if (word.len > prefix.len &&
        mailproto__equal_nocase(mailproto__span(word.ptr, prefix.len), prefix)) {
        return mailproto__tail(word, prefix.len);
    }
    return word;
}

/* The bits of the mechanisms that a text names. */
static uint32_t bits_of(const mailproto_sasl_choice *c, mailproto_bytes text)
{
    uint32_t bits = 0;
    struct candidate m;
    mailproto_bytes word;
    while (text.len > 0 && (word = mailproto__word(&text)).len > 0) {
        bits |= find(c, without_prefix(word), &m) ? m.bit : 0;
    }
    return bits;
}

mailproto_status mailproto_sasl_offer(mailproto_sasl_choice *choice,
                                      mailproto_bytes text)
{
    if (!is_well(choice)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    choice->offered |= bits_of(choice, text);
    return MAILPROTO_OK;
}

/* ---- the choice ------------------------------------------------------------------ */

/* What the answers have in common. */
struct terms {
    uint32_t allowed;    /* bits of what the caller lets be chosen */
    uint32_t bound;      /* of the -PLUS forms that show who has the password ... */
    uint32_t could_bind; /* ... and of those that this side could use */
};

/* Whether the caller has what a mechanism asks for. */
static int has_means(const mailproto_sasl_choice *c, const struct candidate *m)
{
    uint32_t means = 0;
    if ((m->flags & PASSWORD) != 0) {
        means = MAILPROTO_SASL_HAVE_PASSWORD;
    } else if (m->row == NULL) {
        return 1; /* that is the caller's business */
    } else if ((m->row->asks & MAILPROTO__ASKS_TOKEN) != 0) {
        means = MAILPROTO_SASL_HAVE_TOKEN;
    } else {
        means = m->row->kind == MAILPROTO__SASL_EXTERNAL
                    ? (uint32_t)MAILPROTO_SASL_HAVE_EXTERNAL
                    : (uint32_t)MAILPROTO_SASL_AS_GUEST;
    }
    return (c->flags & means) != 0;
}

/* Which of its bindings the connection has: 1, and 2 for the other one, if that is
 * another. */
static uint32_t bindings(const mailproto_sasl_choice *c)
{
    uint32_t has = c->binding_type != MAILPROTO_BINDING_NONE ? FIRST_BINDING : 0;
    if (c->other_binding_type != MAILPROTO_BINDING_NONE &&
        c->other_binding_type != c->binding_type) {
        has |= OTHER_BINDING;
    }
    return has;
}

/* Which of them a -PLUS form was not given out with yet. */
static uint32_t untried(const mailproto_sasl_choice *c, const struct candidate *m)
{
    uint32_t spent = (c->tried & m->bit) != 0 ? FIRST_BINDING : 0;
    if ((c->tried_other & m->bit) != 0) {
        spent |= OTHER_BINDING;
    }
    return bindings(c) & ~spent;
}

static int is_possible(const mailproto_sasl_choice *c, const struct candidate *m,
                       uint32_t allowed)
{
    return (allowed & m->bit) != 0 &&
           (m->row == NULL || mailproto__sasl_is_built(m->row)) &&
           ((m->flags & PLUS) == 0 || bindings(c) != 0) &&
           ((m->flags & AUTHZID) != 0 ||
            (c->flags & MAILPROTO_SASL_HAVE_AUTHZID) == 0) &&
           has_means(c, m);
}

static struct terms terms_of(const mailproto_sasl_choice *c)
{
    struct terms t = {~(uint32_t)0, 0, 0};
    struct candidate m;
    size_t i;
    if (c->allowed.len > 0) {
        t.allowed = bits_of(c, c->allowed);
    }
    for (i = 0; candidate(c, i, &m); i++) {
        if ((m.flags & PLUS) != 0 && (m.flags & PASSWORD) != 0) {
            t.bound |= m.bit;
            t.could_bind |= is_possible(c, &m, t.allowed) ? m.bit : 0;
        }
    }
    return t;
}

/* RFC 5802 6: "p", and "y" where this side would bind and the server seems unable to.
 * Who offers -PLUS refuses "y", so a mechanism that was allowed without it says "n". */
static uint32_t binding_for(const mailproto_sasl_choice *c, const struct candidate *m,
                            const struct terms *t)
{
    int may_say = m->row != NULL ? m->row->kind == MAILPROTO__SASL_SCRAM
                                 : (m->flags & PASSWORD) != 0;
    uint32_t which = 0;
    if ((m->flags & PLUS) != 0) {
        which = untried(c, m);
    } else if (may_say && t->could_bind != 0 && (c->offered & t->bound) == 0) {
        which = bindings(c);
    }
    return (which & FIRST_BINDING) != 0 ? (uint32_t)FIRST_BINDING : which;
}

/* RFC 4954 14: a password or a token goes to nobody but the server that was
 * meant, unless the caller says so. */
static int may_show(const mailproto_sasl_choice *c)
{
    uint32_t known = MAILPROTO_SASL_VERIFIED | MAILPROTO_SASL_ALLOW_UNVERIFIED;
    return (c->flags & MAILPROTO_SASL_ALLOW_CLEAR) != 0 ||
           ((c->flags & MAILPROTO_SASL_ENCRYPTED) != 0 && (c->flags & known) != 0);
}

/* Whether a mechanism shows no more than it may over this connection. SCRAM's floor of
 * iterations would be void if whoever offers too few got a CRAM-MD5 next. */
static int is_safe(const mailproto_sasl_choice *c, const struct candidate *m)
{
    if ((m->flags & PLAINTEXT) != 0) {
        return may_show(c);
    }
    return (m->flags & GUESSABLE) == 0 || may_show(c) ||
           (c->flags & MAILPROTO_SASL_ALLOW_GUESSING) != 0;
}

/* Whether this is the one: OK; NOT_OFFERED; NEEDS_TLS: it would be. */
static mailproto_status judge(const mailproto_sasl_choice *c, const struct candidate *m,
                              const struct terms *t)
{
    int is_left =
        (m->flags & PLUS) != 0 ? untried(c, m) != 0 : (c->tried & m->bit) == 0;
    if ((c->offered & m->bit) == 0 || !is_left || !is_possible(c, m, t->allowed)) {
        return MAILPROTO_ERR_NOT_OFFERED;
    }
    if ((c->offered & t->could_bind) != 0 && (m->flags & PLUS) == 0 &&
        (m->flags & PASSWORD) != 0) {
        return MAILPROTO_ERR_NOT_OFFERED; /* no way around the binding */
    }
    return is_safe(c, m) ? MAILPROTO_OK : MAILPROTO_ERR_NEEDS_TLS;
}

/* The first that will do: those that the caller prefers, then all in their order. */
static mailproto_status first(const mailproto_sasl_choice *c, const struct terms *t,
                              struct candidate *out)
{
    mailproto_status status = MAILPROTO_ERR_NOT_OFFERED;
    mailproto_bytes rest = c->prefer;
    mailproto_bytes word;
    size_t i;
    while (rest.len > 0 && (word = mailproto__word(&rest)).len > 0) {
        if (find(c, word, out) && judge(c, out, t) == MAILPROTO_OK) {
            return MAILPROTO_OK;
        }
    }
    for (i = 0; candidate(c, i, out); i++) {
        mailproto_status st = judge(c, out, t);
        if (st == MAILPROTO_OK) {
            return MAILPROTO_OK;
        }
        status = st == MAILPROTO_ERR_NEEDS_TLS ? st : status;
    }
    return status;
}

mailproto_status mailproto_sasl_choose(mailproto_sasl_choice *choice,
                                       mailproto_bytes *mechanism)
{
    struct candidate m;
    struct terms terms;
    mailproto_status status;
    if (!is_well(choice)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    terms = terms_of(choice);
    status = first(choice, &terms, &m);
    if (status == MAILPROTO_OK) {
        choice->give_binding = binding_for(choice, &m, &terms);
        if (choice->give_binding == OTHER_BINDING && (m.flags & PLUS) != 0) {
            choice->tried_other |= m.bit;
        } else {
            choice->tried |= m.bit;
        }
        choice->chosen = m.custom;
        *mechanism = m.name;
    }
    return status;
}
