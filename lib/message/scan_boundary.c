/*
 * Delimiter lines (RFC 2046 5.1.1): which open multipart a line beginning with "--"
 * belongs to. Must not know events.
 *
 * The whole line decides first: "--", the boundary, "--" if it closes, then SP and HT
 * only. All open boundaries are tried, innermost first; as lengths must agree, boundaries
 * that begin with one another are no difficulty. Of a line that is none of these it is
 * sufficient that it begins with a boundary and a blank: the longest such boundary is
 * meant, and there is a defect.
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/span.h"

static int begins_with(const struct mailproto_message *m,
                       const struct mailproto__node *node, mailproto_bytes text)
{
    return text.len >= node->length &&
           memcmp(text.ptr, m->arena + node->boundary, node->length) == 0;
}

/* 1: it is its delimiter, 2: its close delimiter. */
static int matches(const struct mailproto_message *m,
                   const struct mailproto__node *node, mailproto_bytes text)
{
    size_t rest = text.len - node->length; /* wraps if it is shorter */
    if ((rest != 0 && rest != 2) || !begins_with(m, node, text)) {
        return 0;
    }
    if (rest == 0) {
        return 1;
    }
    return memcmp(text.ptr + node->length, "--", 2) == 0 ? 2 : 0;
}

static int is_open(const struct mailproto__node *node)
{
    return node->kind == MAILPROTO__PREAMBLE || node->kind == MAILPROTO__PARTS;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* How a line goes on behind a boundary that it begins with. */
enum behind {
    OTHER, /* at once, with another octet */
    OPENS, /* with a blank */
    CLOSES /* with "--" and a blank */
};

static enum behind behind(const struct mailproto__node *node, mailproto_bytes text)
{
    mailproto_bytes rest = mailproto__tail(text, node->length);
    if (rest.len > 0 && is_blank(rest.ptr[0])) {
        return OPENS;
    }
    return rest.len > 2 && memcmp(rest.ptr, "--", 2) == 0 && is_blank(rest.ptr[2])
               ? CLOSES
               : OTHER;
}

/* The node of the longest boundary that the text goes on behind, after a blank if `blank`;
 * or NULL. */
static struct mailproto__node *longest_prefix(struct mailproto_message *m,
                                              mailproto_bytes text, int blank)
{
    struct mailproto__node *best = NULL;
    uint32_t i;
    for (i = m->level; i-- > 0;) {
        struct mailproto__node *node = &m->stack[i];
        if (is_open(node) && (best == NULL || node->length > best->length) &&
            begins_with(m, node, text) && (!blank || behind(node, text) != OTHER)) {
            best = node;
        }
    }
    return best;
}

static enum mailproto__match found(struct mailproto_message *m,
                                   const struct mailproto__node *node, int close,
                                   int text)
{
    m->close_to = (uint32_t)(node - m->stack) + 1;
    m->close = (uint8_t)close;
    m->text = (uint8_t)text;
    return MAILPROTO__DELIMITER;
}

/* No whole line matched. RFC 2046 5.1.1 finds it sufficient that a line begins with the
 * boundary; a blank must follow here, for `--ab` is as likely the boundary of another
 * multipart as that of `a`. By the letter, if it is wanted, nothing need follow. */
static enum mailproto__match match_prefix(struct mailproto_message *m,
                                          mailproto_bytes text)
{
    int letter = (m->options.flags & MAILPROTO_MESSAGE_PREFIX_BOUNDARIES) != 0;
    struct mailproto__node *node = longest_prefix(m, text, !letter);
    const struct mailproto__node *top = mailproto__top(m);
    if (node != NULL && letter) {
        size_t rest = text.len - node->length;
        return found(m, node,
                     rest >= 2 && memcmp(text.ptr + node->length, "--", 2) == 0, 0);
    }
    if (node != NULL) {
        return found(m, node, behind(node, text) == CLOSES, 1);
    }
    if (longest_prefix(m, text, 0) != NULL) {
        return MAILPROTO__TEXT;
    }
    return top->kind == MAILPROTO__EPILOGUE && begins_with(m, top, text) &&
                   behind(top, text) != OTHER
               ? MAILPROTO__AFTER
               : MAILPROTO__NO_DELIMITER;
}

/* Cuts line end and blanks; 0: more octets are needed. A line longer than a delimiter may
 * be is left as it is: it matches none as a whole. */
static int trim(mailproto_bytes *line, int end)
{
    size_t len = line->len < MAILPROTO__DELIMITER_MAX
                     ? line->len
                     : (size_t)MAILPROTO__DELIMITER_MAX;
    const char *lf = (const char *)memchr(line->ptr, '\n', len);
    size_t blanks = 0;
    if (lf == NULL) {
        if (len == MAILPROTO__DELIMITER_MAX) {
            line->len = len;
            return 1;
        }
        if (!end) {
            return 0;
        }
    } else {
        len = (size_t)(lf - line->ptr);
        len -= line->ptr[len - 1] == '\r'; /* "--" stands before it */
    }
    while (blanks < MAILPROTO__BLANKS_MAX && is_blank(line->ptr[len - 1])) {
        len--;
        blanks++;
    }
    line->len = len;
    return 1;
}

enum mailproto__match mailproto__match(struct mailproto_message *m,
                                       mailproto_bytes line, int end)
{
    mailproto_bytes text = line;
    uint32_t i;
    if (!trim(&text, end)) {
        return MAILPROTO__UNDECIDED;
    }
    text = mailproto__tail(text, 2);
    for (i = m->level; i-- > 0;) {
        struct mailproto__node *node = &m->stack[i];
        int what = is_open(node) ? matches(m, node, text) : 0;
        if (what) {
            return found(m, node, what == 2, 0);
        }
    }
    /* Nothing is open inside a multipart that was closed. */
    if (mailproto__top(m)->kind == MAILPROTO__EPILOGUE &&
        matches(m, mailproto__top(m), text)) {
        return MAILPROTO__AFTER;
    }
    return match_prefix(m, text);
}

void mailproto__tell_line(struct mailproto_message *m, enum mailproto__match found,
                          uint64_t offset)
{
    struct mailproto__node *node = mailproto__top(m);
    uint8_t once =
        found == MAILPROTO__TEXT ? MAILPROTO__ONCE_TEXT : MAILPROTO__ONCE_AFTER;
    if (!(node->once & once)) {
        node->once |= once;
        mailproto__defect(m,
                          found == MAILPROTO__TEXT ? MAILPROTO_DEFECT_BOUNDARY_TEXT
                                                   : MAILPROTO_DEFECT_AFTER_CLOSE,
                          offset);
    }
}
