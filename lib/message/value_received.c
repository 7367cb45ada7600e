/*
 * Received (RFC 5321 4.4, RFC 5322 3.6.7) as clauses. Knows the words that begin clauses;
 * what comments say is value_received_text.c's.
 */
#include "message/value.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"

enum { /* state of the cursor */
       BEGUN = 1,
       DATED = 2 /* `comment` holds the date, not given yet */
};

/* Clauses in the order of their numbers; the last is RFC 8314 4.3. */
static const char *const words[] = {"from", "by", "via", "with", "id", "for", "tls"};
enum { WORDS = sizeof words / sizeof words[0] };

/* The number of the clause that the word begins; 0: none, -1 as MAILPROTO_RECEIVED_OTHER. */
static uint32_t clause_of(const char *p, const char *end)
{
    if (end - p > 4 || end - p < 2) {
        return 0;
    }
    return mailproto__v_find(mailproto__v_span(p, end), words, WORDS);
}

/* Whether an odd number of backslashes stands before `p`: a quoted pair. */
static int is_escaped(const struct mailproto__value *v, const char *p)
{
    const char *q = p;
    while (q > v->begin && q[-1] == '\\') {
        q--;
    }
    return ((p - q) & 1) != 0;
}

/* The semicolon before the date: the last one outside comments and brackets. NULL: none. */
static const char *find_date(const struct mailproto__value *v)
{
    const char *p = v->end;
    const char *inside = NULL; /* between brackets, if they open */
    size_t depth = 0;
    int angle = 0;
    while (p > v->begin) {
        p--;
        if (*p == ')' && !is_escaped(v, p)) {
            depth++;
        } else if (*p == '(' && !is_escaped(v, p)) {
            depth -= depth > 0;
        } else if (depth == 0 && (*p == '<' || *p == '>')) {
            angle = *p == '>';
            inside = NULL;
        } else if (*p == ';' && depth == 0) {
            if (!angle) {
                return p;
            }
            inside = inside != NULL ? inside : p;
        }
    }
    return inside;
}

static void begin(struct mailproto__value *v)
{
    const char *date = find_date(v);
    v->state = BEGUN;
    if (date == NULL || mailproto__v_blanks(date + 1, v->end) == v->end) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_NO_DATE, v->end);
        v->end = date == NULL ? v->end : date;
        return;
    }
    v->comment = mailproto__v_span(date + 1, v->end);
    v->end = date;
    v->state = BEGUN | DATED;
}

static int ends_brackets(char c, char open, char close)
{
    return c == close || c == open || c == '(' || c == ';';
}

/* A word: up to a blank or a comment. Brackets hold blanks together; one that opens again
 * before it closes does not, so that no octet is looked at for more than one of a kind. */
static const char *take_word(const struct mailproto__value *v, const char *p)
{
    char close = *p == '<' ? '>' : *p == '[' ? ']' : '\0';
    const char *q = p;
    if (close != '\0') {
        do {
            q++;
        } while (q < v->end && !ends_brackets(*q, *p, close));
        if (q < v->end && *q == close) {
            return q + 1;
        }
    }
    q = p;
    while (q < v->end && *q != '(' && *q != '\r' &&
           !mailproto__v_is(*q, MAILPROTO__V_BLANK)) {
        q++;
    }
    return q == p ? p + 1 : q;
}

/* Past blanks and folds, or a line end that is none. */
static const char *pass_blanks(struct mailproto__value *v, const char *p)
{
    const char *q = mailproto__v_blanks(p, v->end);
    if (q == p && (*p == '\n' || *p == '\r')) {
        mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CONTROL, p);
        q += v->end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? 2 : 1;
    }
    return q;
}

/* What stands behind the clause's word, up to the next clause. */
static void take_clause(struct mailproto__value *v, mailproto_received_clause *c,
                        const char *p)
{
    const char *last = p;
    const char *paren = NULL;
    while (p < v->end) {
        const char *q = pass_blanks(v, p);
        if (q > p) {
            p = q;
            continue;
        }
        if (*p == '(') {
            paren = paren != NULL ? paren : p;
            q = mailproto__v_comment(v, p);
        } else {
            q = take_word(v, p);
            /* The first word is the value, whatever it is. */
            if ((c->value.len > 0 || paren != NULL) && clause_of(p, q) != 0) {
                break;
            }
            if (paren == NULL) {
                c->value = mailproto__v_span(c->value.len > 0 ? c->value.ptr : p, q);
            } else { /* RFC 5321 4.4: only a clause or the date may follow */
                mailproto__v_flaw(v, MAILPROTO_VALUE_DEFECT_CLAUSE, p);
            }
        }
        last = q;
        p = q;
    }
    if (paren != NULL) {
        c->comment = mailproto__v_span(paren, last);
    }
    v->at = p;
}

static mailproto_status give_date(struct mailproto__value *v, mailproto_bytes date,
                                  mailproto_received_clause *c)
{
    v->at = v->end;
    if ((v->state & DATED) == 0) {
        return MAILPROTO_EOF;
    }
    v->state = BEGUN;
    c->clause = MAILPROTO_RECEIVED_DATE;
    c->value = mailproto__v_trim(date.ptr, date.ptr + date.len);
    c->offset = mailproto__v_offset(v, v->end);
    return MAILPROTO_OK;
}

mailproto_status mailproto_received_next(mailproto_value *cursor,
                                         mailproto_received_clause *out)
{
    struct mailproto__value v;
    mailproto_received_clause c;
    mailproto_bytes date;
    mailproto_status status = MAILPROTO_OK;
    const char *p;
    mailproto__v_load(&v, cursor);
    if (v.begin == NULL || !mailproto__v_final(&v)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (v.state == 0) {
        begin(&v);
    }
    memset(&c, 0, sizeof c);
    c.struct_size = sizeof c;
    date = v.comment;
    p = mailproto__v_blanks(v.at, v.end);
    if (p == v.end) {
        status = give_date(&v, date, &c);
    } else {
        const char *q = *p == '(' ? p : take_word(&v, p);
        uint32_t clause = clause_of(p, q);
        c.offset = mailproto__v_offset(&v, p);
        c.clause = MAILPROTO_RECEIVED_TEXT;
        if (clause != 0) {
            c.clause = clause > MAILPROTO_RECEIVED_FOR
                           ? (uint32_t)MAILPROTO_RECEIVED_OTHER
                           : clause;
            c.name = mailproto__v_span(p, q);
            p = q;
        } else if (*p != '(') {
            mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_CLAUSE, p);
        }
        take_clause(&v, &c, p);
        if (clause != 0 && c.value.len == 0 && c.comment.len == 0) {
            mailproto__v_flaw(&v, MAILPROTO_VALUE_DEFECT_CLAUSE, c.name.ptr);
        }
    }
    v.open = 0;
    v.comment = date;
    mailproto__v_store(cursor, &v);
    if (v.error.code != 0) {
        return MAILPROTO_ERR_SYNTAX;
    }
    return status == MAILPROTO_OK ? mailproto__output_copy(out, &c, sizeof c) : status;
}
