/*
 * Search keys (RFC 9051 9, search-key; RFC 3501 9: NEW, OLD, RECENT; RFC 7162 7: MODSEQ;
 * RFC 8474 7; RFC 8514 4.3), one token after the other. Lists, NOT and OR nest by a stack
 * in the caller's memory. Must not know what a key means for a message.
 */
#include "imap/syntax_search.h"

#include "core/mem.h"

/* What follows a key's name: the high octet of its entry; the low one is the key or flag
 * that it is about. */
enum {
    PLAIN = 0x100,    /* nothing */
    FLAG = 0x200,     /* nothing: a flag is set */
    UNFLAG = 0x300,   /* nothing: a flag is not set */
    NEW = 0x400,      /* nothing: \Recent and not \Seen */
    OPERATOR = 0x500, /* keys */
    KEYWORD = 0x600,
    UNKEYWORD = 0x700,
    UIDS = 0x800,
    ASTRING = 0x900,
    FIELD = 0xa00, /* astring; the name is that of the field */
    HEADER = 0xb00,
    DATE = 0xc00,
    SIZE = 0xd00,
    MODSEQ = 0xe00,
    OBJECT = 0xf00,
    FORM = 0xff00,
    ABOUT = 0xff
};

static const struct mailproto__imap_keyword search_keys[] = {
    {"OR", OPERATOR | MAILPROTO_IMAP_KEY_OR},
    {"CC", FIELD},
    {"TO", FIELD},
    {"ON", DATE | MAILPROTO_IMAP_KEY_ON},
    {"UID", UIDS},
    {"NOT", OPERATOR | MAILPROTO_IMAP_KEY_NOT},
    {"ALL", PLAIN | MAILPROTO_IMAP_KEY_ALL},
    {"NEW", NEW},
    {"OLD", UNFLAG | MAILPROTO_IMAP_RECENT},
    {"BCC", FIELD},
    {"FROM", FIELD},
    {"SEEN", FLAG | MAILPROTO_IMAP_SEEN},
    {"BODY", ASTRING | MAILPROTO_IMAP_KEY_BODY},
    {"TEXT", ASTRING | MAILPROTO_IMAP_KEY_TEXT},
    {"SINCE", DATE | MAILPROTO_IMAP_KEY_SINCE},
    {"DRAFT", FLAG | MAILPROTO_IMAP_DRAFT},
    {"HEADER", HEADER},
    {"UNSEEN", UNFLAG | MAILPROTO_IMAP_SEEN},
    {"MODSEQ", MODSEQ},
    {"RECENT", FLAG | MAILPROTO_IMAP_RECENT},
    {"BEFORE", DATE | MAILPROTO_IMAP_KEY_BEFORE},
    {"SENTON", DATE | MAILPROTO_IMAP_KEY_SENTON},
    {"LARGER", SIZE | MAILPROTO_IMAP_KEY_LARGER},
    {"SUBJECT", FIELD},
    {"KEYWORD", KEYWORD},
    {"DELETED", FLAG | MAILPROTO_IMAP_DELETED},
    {"UNDRAFT", UNFLAG | MAILPROTO_IMAP_DRAFT},
    {"FLAGGED", FLAG | MAILPROTO_IMAP_FLAGGED},
    {"SAVEDON", DATE | MAILPROTO_IMAP_KEY_SAVEDON},
    {"SMALLER", SIZE | MAILPROTO_IMAP_KEY_SMALLER},
    {"EMAILID", OBJECT | MAILPROTO_IMAP_KEY_EMAILID},
    {"ANSWERED", FLAG | MAILPROTO_IMAP_ANSWERED},
    {"THREADID", OBJECT | MAILPROTO_IMAP_KEY_THREADID},
    {"UNDELETED", UNFLAG | MAILPROTO_IMAP_DELETED},
    {"UNKEYWORD", UNKEYWORD},
    {"UNFLAGGED", UNFLAG | MAILPROTO_IMAP_FLAGGED},
    {"SENTSINCE", DATE | MAILPROTO_IMAP_KEY_SENTSINCE},
    {"UNANSWERED", UNFLAG | MAILPROTO_IMAP_ANSWERED},
    {"SENTBEFORE", DATE | MAILPROTO_IMAP_KEY_SENTBEFORE},
    {"SAVEDSINCE", DATE | MAILPROTO_IMAP_KEY_SAVEDSINCE},
    {"SAVEDBEFORE", DATE | MAILPROTO_IMAP_KEY_SAVEDBEFORE},
    {"SAVEDATESUPPORTED", PLAIN | MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED}};
static const uint8_t search_keys_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 4, 10, 14, 16, 23, 31, 33, 37, 40, 41, 41, 41, 41, 41, 41, 42};

/* What the next call does. */
enum {
    STEP_WHOLE,   /* the AND of all */
    STEP_KEY,     /* a key */
    STEP_AFTER,   /* what follows a key that is complete */
    STEP_KEYWORD, /* behind NOT: the keyword of UNKEYWORD */
    STEP_FLAG,    /* behind NOT: the flag */
    STEP_RECENT,  /* behind AND: the first flag of NEW */
    STEP_NOT_SEEN /* behind that: NOT, and then the second */
};

enum { OBJECTID_MAX = 255 }; /* RFC 8474 7 */

void mailproto__imap_search_begin(struct mailproto__imap_search *s,
                                  const struct mailproto__imap_reader *r)
{
    s->reader = *r;
    s->key_at = r->at;
    s->depth = 0;
    s->uses = 0;
    s->flag = 0;
    s->lower = 0;
    s->step = STEP_WHOLE;
}

void mailproto__imap_search_open(struct mailproto__imap_search *s,
                                 const mailproto_imap_cursor *keys)
{
    struct mailproto__imap_reader r;
    int empty = mailproto__imap_cursor_open(keys, &r) != MAILPROTO__IMAP_KEYS;
    if (empty) { /* "" is no program, and says so */
        r.at = "";
        r.end = r.at;
        r.begin = r.at;
        r.limit = r.at;
    }
    mailproto__imap_search_begin(s, &r);
}

/* ---- keys ---------------------------------------------------------------------------- */

/* Opens a list, NOT or OR: `left` operands are to come, 0 for a list. */
static int push(struct mailproto__imap_search *s, uint8_t left)
{
    if (s->depth == MAILPROTO_IMAP_SEARCH_DEPTH) {
        s->reader.at = s->key_at;
        return mailproto__imap_too_many(&s->reader, "search keys nested too deep");
    }
    s->depth++;
    s->left[s->depth] = left;
    s->step = STEP_KEY;
    return 1;
}

static void set_uses(struct mailproto__imap_search *s, uint32_t without,
                     const mailproto_imap_cursor *set)
{
    s->uses |= mailproto_imap_set_is_saved(set) ? (uint32_t)MAILPROTO_IMAP_USES_SAVED
                                                : without;
}

/* objectid (RFC 8474 7) */
static int read_object(struct mailproto__imap_reader *r, mailproto_imap_string *out)
{
    const char *begin = r->at;
    while (mailproto__imap_is(*r->at, MAILPROTO__IMAP_LABEL) && *r->at != '.' &&
           *r->at != ':' && r->at - begin < OBJECTID_MAX) {
        r->at++;
    }
    if (r->at == begin) {
        return mailproto__imap_fault(r, "object identifier expected");
    }
    out->form = MAILPROTO_IMAP_ATOM;
    out->raw.ptr = begin;
    out->raw.len = (size_t)(r->at - begin);
    return 1;
}

/* entry-flag-name (RFC 7162 7): /flags/ and a flag, with the backslash escaped. */
static int read_entry(struct mailproto__imap_reader *r, mailproto_imap_string *out)
{
    static const char prefix[] = "/FLAGS/";
    const char *begin = r->at;
    mailproto_bytes raw;
    size_t i = sizeof prefix - 1;
    if (!mailproto__imap_read_quoted(r, out)) {
        return 0;
    }
    raw = out->raw;
    if (raw.len > i && mailproto__imap_same(prefix, raw.ptr, i)) {
        i += raw.ptr[i] == '\\' ? 2 : 0;
        if (i < raw.len) {
            while (i < raw.len &&
                   mailproto__imap_is(raw.ptr[i], MAILPROTO__IMAP_ATOM)) {
                i++;
            }
            if (i == raw.len) {
                return 1;
            }
        }
    }
    r->at = begin;
    return mailproto__imap_fault(r, "\"/flags/...\" expected");
}

/* search-modsequence behind its name and SP */
static int read_modseq(struct mailproto__imap_search *s,
                       struct mailproto__imap_search_token *t)
{
    struct mailproto__imap_reader *r = &s->reader;
    const char *begin;
    s->uses |= MAILPROTO_IMAP_USES_MODSEQ;
    if (*r->at != '"') {
        return mailproto__imap_read_number64(r, &t->number);
    }
    if (!read_entry(r, &t->field) || !mailproto__imap_read_sp(r)) {
        return 0;
    }
    begin = r->at;
    if (!mailproto__imap_read_atom(r, &t->text)) {
        return 0;
    }
    if (!MAILPROTO__IMAP_IS(t->text.raw, "PRIV") &&
        !MAILPROTO__IMAP_IS(t->text.raw, "SHARED") &&
        !MAILPROTO__IMAP_IS(t->text.raw, "ALL")) {
        r->at = begin;
        return mailproto__imap_fault(r, "priv, shared or all expected");
    }
    return mailproto__imap_read_sp(r) && mailproto__imap_read_number64(r, &t->number);
}

/* The arguments of a key that has some, behind its name and SP. */
static int read_arguments(struct mailproto__imap_search *s, uint32_t form,
                          struct mailproto__imap_search_token *t)
{
    struct mailproto__imap_reader *r = &s->reader;
    int64_t day = 0;
    switch (form) {
    case KEYWORD:
        t->key = MAILPROTO_IMAP_KEY_KEYWORD;
        return mailproto__imap_read_atom(r, &t->text);
    case UIDS:
        t->key = MAILPROTO_IMAP_KEY_UID;
        if (!mailproto__imap_read_set(r, 0, &t->set)) {
            return 0;
        }
        set_uses(s, 0, &t->set);
        return 1;
    case ASTRING:
        return mailproto__imap_read_astring(r, &t->text);
    case HEADER:
        t->key = MAILPROTO_IMAP_KEY_HEADER;
        return mailproto__imap_read_astring(r, &t->field) &&
               mailproto__imap_read_sp(r) && mailproto__imap_read_astring(r, &t->text);
    case DATE:
        if (!mailproto__imap_read_date(r, &day)) {
            return 0;
        }
        t->number = (uint64_t)day;
        return 1;
    case SIZE:
        return mailproto__imap_read_number64(r, &t->number);
    case MODSEQ:
        t->key = MAILPROTO_IMAP_KEY_MODSEQ;
        return read_modseq(s, t);
    default: /* OBJECT */
        return read_object(r, &t->text);
    }
}

/* A key that has a name. */
static int read_named(struct mailproto__imap_search *s, uint32_t entry,
                      mailproto_bytes name, struct mailproto__imap_search_token *t)
{
    struct mailproto__imap_reader *r = &s->reader;
    uint32_t form = entry & FORM;
    t->key = entry & ABOUT;
    s->step = STEP_AFTER;
    switch (form) {
    case PLAIN:
        return 1;
    case FLAG:
        t->number = t->key;
        t->key = MAILPROTO_IMAP_KEY_FLAG;
        return 1;
    case UNFLAG:
        s->flag = t->key;
        s->step = STEP_FLAG;
        t->key = MAILPROTO_IMAP_KEY_NOT;
        return 1;
    case NEW:
        s->step = STEP_RECENT;
        t->key = MAILPROTO_IMAP_KEY_AND;
        return 1;
    default:
        break;
    }
    if (!mailproto__imap_read_sp(r)) {
        return 0;
    }
    switch (form) {
    case OPERATOR:
        return push(s, t->key == MAILPROTO_IMAP_KEY_OR ? 2 : 1);
    case UNKEYWORD:
        s->step = STEP_KEYWORD;
        t->key = MAILPROTO_IMAP_KEY_NOT;
        return 1;
    case FIELD:
        t->key = MAILPROTO_IMAP_KEY_HEADER;
        t->field.form = MAILPROTO_IMAP_ATOM;
        t->field.raw = name;
        return mailproto__imap_read_astring(r, &t->text);
    default:
        return read_arguments(s, form, t);
    }
}

static int read_key(struct mailproto__imap_search *s,
                    struct mailproto__imap_search_token *t)
{
    struct mailproto__imap_reader *r = &s->reader;
    mailproto_bytes name;
    uint32_t entry;
    s->key_at = r->at;
    t->level = s->depth + 1;
    if (*r->at == '(') {
        t->key = MAILPROTO_IMAP_KEY_AND;
        r->at++;
        return push(s, 0);
    }
    if (mailproto__imap_is(*r->at, MAILPROTO__IMAP_DIGIT) || *r->at == '*' ||
        *r->at == '$') {
        t->key = MAILPROTO_IMAP_KEY_NUMBERS;
        s->step = STEP_AFTER;
        if (!mailproto__imap_read_set(r, 0, &t->set)) {
            return 0;
        }
        set_uses(s, MAILPROTO_IMAP_USES_MSN, &t->set);
        return 1;
    }
    name = mailproto__imap_run(r, MAILPROTO__IMAP_LABEL);
    entry = mailproto__imap_keyword(search_keys, search_keys_from, name);
    if (entry == 0) {
        r->at = s->key_at;
        return mailproto__imap_fault(r, "search key expected");
    }
    return read_named(s, entry, name, t);
}

/* ---- the program --------------------------------------------------------------------- */

/* What follows a key: ends of lists, a blank and another key, the end (returns 2). */
static int read_after(struct mailproto__imap_search *s)
{
    struct mailproto__imap_reader *r = &s->reader;
    while (s->depth > 0) {
        uint8_t *left = &s->left[s->depth];
        if (*left == 0) { /* a list */
            if (*r->at != ')') {
                break;
            }
            r->at++;
        } else {
            --*left;
            if (*left > 0) {
                break;
            }
        }
        s->depth--;
    }
    if (s->depth == 0 && mailproto__imap_at_end(r)) {
        return 2;
    }
    s->step = STEP_KEY;
    return mailproto__imap_read_sp(r);
}

/* The tokens behind the first one of a key that stands for several. */
static int next_of_several(struct mailproto__imap_search *s,
                           struct mailproto__imap_search_token *t)
{
    uint8_t step = s->step;
    t->level = s->depth + 2;
    t->key = MAILPROTO_IMAP_KEY_FLAG;
    s->step = STEP_AFTER;
    switch (step) {
    case STEP_KEYWORD:
        t->key = MAILPROTO_IMAP_KEY_KEYWORD;
        return mailproto__imap_read_atom(&s->reader, &t->text);
    case STEP_RECENT:
        t->number = MAILPROTO_IMAP_RECENT;
        s->step = STEP_NOT_SEEN;
        return 1;
    case STEP_NOT_SEEN:
        t->key = MAILPROTO_IMAP_KEY_NOT;
        s->flag = MAILPROTO_IMAP_SEEN;
        s->step = STEP_FLAG;
        s->lower = 1;
        return 1;
    default:
        t->number = s->flag;
        t->level += s->lower;
        s->lower = 0;
        return 1;
    }
}

mailproto_status mailproto__imap_search_next(struct mailproto__imap_search *s,
                                             struct mailproto__imap_search_token *t)
{
    int good = 1;
    mailproto__imap_zero(t, sizeof *t);
    if (s->step == STEP_WHOLE) {
        t->key = MAILPROTO_IMAP_KEY_AND;
        s->step = STEP_KEY;
        return MAILPROTO_OK;
    }
    if (s->step == STEP_AFTER) {
        good = read_after(s);
        if (good == 2) {
            return MAILPROTO_EOF;
        }
    }
    if (good) {
        good = s->step == STEP_KEY ? read_key(s, t) : next_of_several(s, t);
    }
    return good ? MAILPROTO_OK : s->reader.status;
}
