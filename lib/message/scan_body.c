/*
 * Bodies, preambles and epilogues: the octets between delimiters, and the delimiters
 * (RFC 2046 5.1.1). Must not know headers.
 *
 * The line end before a delimiter is the delimiter's, so what may be one is left in the
 * view until what follows is known.
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/span.h"

static void count(const struct mailproto_message *m, const char *at, size_t n,
                  struct mailproto__counts *c)
{
#ifdef MAILPROTO__X86
    if (m->options.cpu >> 24 & MAILPROTO__CPU_AVX2) {
        mailproto__count_x86(at, n, c);
        return;
    }
#endif
    (void)m;
    mailproto__count(at, n, c);
}

/* Octets [0, n) of the view as an event, `piece_size` at most; `searched` of the view
 * begin no delimiter. */
static enum mailproto__step give(struct mailproto_message *m,
                                 mailproto_message_event *ev, mailproto_bytes view,
                                 size_t n, size_t searched)
{
    struct mailproto__node *node = mailproto__top(m);
    struct mailproto__counts c;
    if (n > m->options.piece_size) {
        n = m->options.piece_size;
        if (view.ptr[n - 1] == '\r' && view.ptr[n] == '\n') {
            n--; /* a line end is in one piece */
        }
    }
    count(m, view.ptr, n, &c);
    m->lf += c.lf;
    m->crlf += c.crlf;
    node->body_flags |= (uint8_t)(c.flags >> 8);
    ev->type = node->kind == MAILPROTO__PREAMBLE   ? MAILPROTO_MESSAGE_PREAMBLE
               : node->kind == MAILPROTO__EPILOGUE ? MAILPROTO_MESSAGE_EPILOGUE
                                                   : MAILPROTO_MESSAGE_BODY;
    ev->offset = m->offset;
    ev->raw = mailproto__span(view.ptr, n);
    mailproto__use(m, n);
    m->searched = searched > n ? searched - n : 0;
    m->at_start = 0;
    return MAILPROTO__EVENT;
}

/* Octets at the end of the view that may belong to a delimiter: a line end, and a hyphen
 * at a line's start. */
static size_t undecided(mailproto_bytes view, int at_start)
{
    size_t at = view.len;
    if (at > 0 && view.ptr[at - 1] == '-' &&
        (at > 1 ? view.ptr[at - 2] == '\n' : at_start)) {
        at--;
    }
    if (at > 0 && view.ptr[at - 1] == '\n') {
        at--;
        at -= at > 0 && view.ptr[at - 1] == '\r';
    } else if (at == view.len && at > 0 && view.ptr[at - 1] == '\r') {
        at--;
    }
    return view.len - at;
}

/* No multipart is open: everything is body. */
static enum mailproto__step scan_all(struct mailproto_message *m,
                                     mailproto_message_event *ev, mailproto_bytes view,
                                     int end)
{
    size_t n = view.len;
    if (!end && n > 0 && view.ptr[n - 1] == '\r') {
        n--;
    }
    return n > 0 ? give(m, ev, view, n, 0) : MAILPROTO__NEED;
}

/* Told once a part: whether this is the first time. */
static int is_news(const struct mailproto_message *m, enum mailproto__match found)
{
    uint8_t once =
        found == MAILPROTO__TEXT ? MAILPROTO__ONCE_TEXT : MAILPROTO__ONCE_AFTER;
    return !(m->stack[m->level - 1].once & once);
}

/* The line at `at` of the view, its line end at `from` in front of it, is something. What
 * stands before it comes first, so that the order of events is always the same. */
static enum mailproto__step dashes_found(struct mailproto_message *m,
                                         mailproto_message_event *ev,
                                         mailproto_bytes view, size_t from, size_t at,
                                         enum mailproto__match found)
{
    if (from > 0) {
        return give(m, ev, view, from, from);
    }
    m->searched = 0;
    if (found == MAILPROTO__UNDECIDED) {
        return MAILPROTO__NEED;
    }
    if (found == MAILPROTO__DELIMITER) {
        m->state = MAILPROTO__CLOSING;
        return MAILPROTO__GO_ON;
    }
    mailproto__tell_line(m, found, m->offset + at);
    m->searched = at + 2;
    return MAILPROTO__GO_ON;
}

/* Whether nothing need be said of what a line was found to be. */
static int is_text(const struct mailproto_message *m, enum mailproto__match found)
{
    if (found == MAILPROTO__TEXT || found == MAILPROTO__AFTER) {
        return !is_news(m, found);
    }
    return found == MAILPROTO__NO_DELIMITER;
}

/* Behind a close delimiter: its line end, which is the next delimiter's if there is one
 * (RFC 2046 5.1.1), and belongs to nobody else. */
static enum mailproto__step scan_line_end(struct mailproto_message *m,
                                          mailproto_bytes view, int end)
{
    size_t n = mailproto__line_end(view);
    if (view.len < n + 2 && !end) {
        return MAILPROTO__NEED;
    }
    m->line_end = 0;
    if (view.len >= n + 2 && memcmp(view.ptr + n, "--", 2) == 0) {
        enum mailproto__match found =
            mailproto__match(m, mailproto__tail(view, n), end);
        if (found == MAILPROTO__UNDECIDED) {
            m->line_end = 1;
            return MAILPROTO__NEED;
        }
        if (found == MAILPROTO__DELIMITER) {
            return MAILPROTO__GO_ON;
        }
    }
    mailproto__count_end(m, n);
    mailproto__use(m, n);
    m->at_start = 1;
    return MAILPROTO__GO_ON;
}

enum mailproto__step mailproto__scan_body(struct mailproto_message *m,
                                          mailproto_message_event *ev,
                                          mailproto_bytes view, int end)
{
    size_t most = (size_t)m->options.piece_size + 2U * (size_t)MAILPROTO__DELIMITER_MAX;
    size_t from = m->searched;
    if (end && view.len == 0) {
        m->close_to = 0;
        m->state = MAILPROTO__CLOSING;
        return MAILPROTO__GO_ON;
    }
    if (view.len > most) { /* not to look ahead further than an event goes */
        view.len = most;
        end = 0;
    }
    if (m->multiparts == 0 || m->overflow) {
        return scan_all(m, ev, view, end);
    }
    if (m->line_end) {
        return scan_line_end(m, view, end);
    }
    for (;;) {
        size_t at = mailproto__find_dashes(view.ptr, view.len, from, m->at_start);
        enum mailproto__match found;
        if (at == view.len) {
            break;
        }
        found = mailproto__match(m, mailproto__tail(view, at), end);
        if (!is_text(m, found)) {
            size_t line = at > 0 ? at - 1 : 0;
            line -= line > 0 && view.ptr[line - 1] == '\r';
            return dashes_found(m, ev, view, line, at, found);
        }
        from = at + 2;
    }
    from = view.len - (end ? 0 : undecided(view, m->at_start));
    return from > 0 ? give(m, ev, view, from, from) : MAILPROTO__NEED;
}

/* ---- delimiters ------------------------------------------------------------------------ */

/* What a delimiter line holds is in the multipart's body. */
static void seen_octets(struct mailproto__node *node, mailproto_bytes at, size_t n)
{
    if (n > 0 && !mailproto__is_plain(at.ptr, n)) {
        node->body_flags |= (uint8_t)(mailproto__text_flags(at.ptr, n) >> 8);
    }
}

static enum mailproto__step at_delimiter(struct mailproto_message *m,
                                         mailproto_bytes view)
{
    struct mailproto__node *node = mailproto__top(m);
    size_t n = mailproto__line_end(view);
    mailproto__count_end(m, n);
    if (m->text) {
        mailproto__tell_line(m, MAILPROTO__TEXT, m->offset + n);
    }
    if (m->close) {
        if (node->kind == MAILPROTO__PREAMBLE) {
            mailproto__defect(m, MAILPROTO_DEFECT_CLOSED_FIRST, m->offset + n);
        }
        node->kind = MAILPROTO__EPILOGUE;
    } else {
        node->kind = MAILPROTO__PARTS;
    }
    seen_octets(node, mailproto__tail(view, n + 2), node->length);
    mailproto__use(m, n + 2 + node->length + (m->close ? 2U : 0U));
    m->searched = 0;
    m->state = MAILPROTO__IN_DELIMITER;
    return MAILPROTO__GO_ON;
}

enum mailproto__step mailproto__scan_delimiter(struct mailproto_message *m,
                                               mailproto_bytes view, int end)
{
    const char *lf;
    size_t n;
    if (m->state == MAILPROTO__AT_DELIMITER) {
        return at_delimiter(m, view);
    }
    lf = view.len > 0 ? (const char *)memchr(view.ptr, '\n', view.len) : NULL;
    if (lf == NULL && !end) {
        n = view.len;
        n -= n > 0 && view.ptr[n - 1] == '\r';
        seen_octets(mailproto__top(m), view, n);
        mailproto__use(m, n);
        return n > 0 ? MAILPROTO__GO_ON : MAILPROTO__NEED;
    }
    n = lf != NULL ? (size_t)(lf - view.ptr) : view.len;
    n -= lf != NULL && n > 0 && lf[-1] == '\r';
    seen_octets(mailproto__top(m), view, n);
    if (m->close) {
        mailproto__use(m, n);
        m->line_end = 1;
        m->at_start = 0;
        m->state = MAILPROTO__IN_BODY;
        return MAILPROTO__GO_ON;
    }
    if (lf != NULL) {
        size_t ends = (size_t)(lf - view.ptr) + 1 - n;
        mailproto__count_end(m, ends);
        n += ends;
    }
    mailproto__use(m, n);
    m->message = 0;
    m->state = MAILPROTO__AT_PART;
    return MAILPROTO__GO_ON;
}
