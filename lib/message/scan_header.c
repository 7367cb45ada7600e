/*
 * The lines of a header (RFC 5322 2.2): where it ends, what is a field and where that
 * ends. Must not know what fields mean. Nearly all fields of a header that is fed whole
 * are read by scan_plain.c, and come to the same here.
 *
 * A line that can be no field does not end the header: of the parsers that were compared
 * most go on, and so the fields behind it count (but see scan_text.c). A delimiter of an enclosing multipart
 * ends the header, for its line can belong to nobody else (RFC 2046 5.1.2).
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/span.h"
#include "message/split_name.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static enum mailproto__step header_over(struct mailproto_message *m, int blank)
{
    if (blank) {
        m->head.marks |= MAILPROTO__HEAD_BLANK;
    }
    m->at_start = 1;
    m->state = MAILPROTO__AT_BODY;
    return MAILPROTO__GO_ON;
}

/* ---- fields ------------------------------------------------------------------------- */

static void field_begin(struct mailproto_message *m)
{
    struct mailproto__field_state *f = &m->field;
    f->start = m->offset; /* and not cleared at once: see scanner.c */
    f->line = m->offset;
    f->id = MAILPROTO_FIELD_OTHER;
    f->flags = 0;
    f->silent = 0;
    f->junk = 0;
    f->bad_name = 0;
    f->long_line = 0;
    f->not_utf8 = 0;
    f->seen = 0;
    f->checked = 0;
    f->name_end = 0;
    f->value = 0;
    m->searched = 0;
    m->state = MAILPROTO__IN_FIELD;
    if (mailproto__header_full(m)) {
        f->silent = 1;
        if (!(m->head.marks & MAILPROTO__HEAD_LIMIT)) {
            m->head.marks |= MAILPROTO__HEAD_LIMIT;
            mailproto__defect(m, MAILPROTO_DEFECT_HEADER_LONG, m->offset);
        }
    }
    m->head.fields++;
}

/* The present line is too long; the first one is told. */
static void line_long(struct mailproto__field_state *f)
{
    if (!f->long_line) {
        f->long_line = 1;
        f->long_at = f->line;
    }
}

/* The octets of the field's present line in the view, without its name and line end. */
static void octets_seen(struct mailproto_message *m, mailproto_bytes view, size_t to)
{
    size_t from = m->field.checked;
    if (from < to && !mailproto__is_plain(view.ptr + from, to - from)) {
        mailproto__field_octets(m, mailproto__span(view.ptr + from, to - from),
                                m->offset + from);
    }
}

/* Whether the field comes as events. */
static int is_told(const struct mailproto_message *m)
{
    return !m->field.silent && mailproto__is_told(m, m->field.id);
}

static void fill_field(const struct mailproto_message *m, mailproto_message_event *ev,
                       mailproto_bytes view, size_t value_end, size_t raw_end)
{
    const struct mailproto__field_state *f = &m->field;
    ev->type = MAILPROTO_MESSAGE_FIELD;
    ev->code = f->id;
    ev->offset = m->offset;
    ev->name = mailproto__span(view.ptr, f->name_end);
    ev->value = mailproto__span(view.ptr + f->value, value_end - f->value);
    ev->raw = mailproto__span(view.ptr, raw_end);
}

/* The field is `octets` long in the view, its value ends at `value_end`. */
static enum mailproto__step field_complete(struct mailproto_message *m,
                                           mailproto_message_event *ev,
                                           mailproto_bytes view, size_t value_end,
                                           size_t octets)
{
    struct mailproto__field_state *f = &m->field;
    int told = is_told(m);
    m->state = MAILPROTO__AT_LINE;
    m->searched = 0;
    if (told) {
        fill_field(m, ev, view, value_end, octets);
    }
    if (!f->silent) {
        mailproto__field_done(
            m, mailproto__span(view.ptr + f->value, value_end - f->value),
            m->offset + octets - f->start);
    }
    mailproto__use(m, octets);
    return told ? MAILPROTO__EVENT : MAILPROTO__GO_ON;
}

/* What the buffers cannot hold goes out; a line end at its end stays, and so does what
 * may be the beginning of a UTF-8 character. */
static enum mailproto__step field_cut(struct mailproto_message *m,
                                      mailproto_message_event *ev, mailproto_bytes view)
{
    struct mailproto__field_state *f = &m->field;
    int told = is_told(m);
    size_t to = view.len;
    size_t back = 0;
    if (view.ptr[to - 1] == '\n') {
        to--;
    }
    if (view.ptr[to - 1] == '\r') {
        to--;
    }
    while (back < 3 && ((unsigned char)view.ptr[to - 1 - back] & 0xC0) == 0x80) {
        back++;
    }
    if (to == view.len && (unsigned char)view.ptr[to - 1 - back] >= 0xC0) {
        to -= back + 1;
    }
    if (m->offset + to - f->line > MAILPROTO__LINE_MAX) {
        line_long(f);
    }
    octets_seen(m, view, to);
    if (told) {
        fill_field(m, ev, view, to, to);
        ev->flags = MAILPROTO_MESSAGE_MORE;
    }
    f->name_end = 0;
    f->value = 0;
    f->seen = 0;
    f->checked = 0;
    m->searched = 0;
    mailproto__use(m, to);
    return told ? MAILPROTO__EVENT : MAILPROTO__GO_ON;
}

/* Line after line, up to one that does not go on (RFC 5322 2.2.3). */
static enum mailproto__step scan_field(struct mailproto_message *m,
                                       mailproto_message_event *ev,
                                       mailproto_bytes view, int end)
{
    struct mailproto__field_state *f = &m->field;
    size_t from = m->searched > f->seen ? m->searched : f->seen;
    for (;;) {
        const char *lf = from < view.len ? (const char *)memchr(view.ptr + from, '\n',
                                                                view.len - from)
                                         : NULL;
        size_t at = lf != NULL ? (size_t)(lf - view.ptr) : view.len;
        size_t line_end = at > f->seen && lf != NULL && lf[-1] == '\r';
        if (at + 1 >= view.len && !end) { /* what follows the LF decides */
            if (view.len < (size_t)m->options.hold_size + MAILPROTO__HOLD_SPARE / 2) {
                m->searched = at;
                return MAILPROTO__NEED;
            }
            return field_cut(m, ev, view);
        }
        if (m->offset + at - line_end - f->line > MAILPROTO__LINE_MAX) {
            line_long(f);
        }
        octets_seen(m, view, at - line_end);
        if (lf == NULL) {
            return field_complete(m, ev, view, at, at);
        }
        m->lf++;
        m->crlf += line_end;
        m->head.marks |= line_end ? MAILPROTO__HEAD_CRLF : MAILPROTO__HEAD_LF;
        from = at + 1;
        f->seen = from;
        f->checked = from + 1; /* behind the fold's blank, if there is one */
        f->line = m->offset + from;
        if (from == view.len || !is_blank(view.ptr[from])) {
            return field_complete(m, ev, view, at - line_end, from);
        }
    }
}

/* ---- lines --------------------------------------------------------------------------- */

/* A line that begins a field, or a line that is none. */
static enum mailproto__step begin_line(struct mailproto_message *m,
                                       mailproto_message_event *ev,
                                       mailproto_bytes view, int end)
{
    struct mailproto__name name;
    struct mailproto__field_state *f = &m->field;
    if (!mailproto__split_name(view, end, &name)) {
        return MAILPROTO__NEED;
    }
    if (name.junk && mailproto__may_be_text(m)) {
        int text = mailproto__begins_text(m, view, end);
        if (text < 0) {
            return MAILPROTO__NEED;
        }
        if (text) {
            return header_over(m, 0); /* text */
        }
    }
    field_begin(m);
    f->junk = name.junk;
    if (!name.junk) {
        f->bad_name = name.bad;
        f->name_end = name.len;
        f->value = name.value;
        f->seen = name.value;
        f->checked = name.bad ? 0 : name.value; /* names need no other look */
        f->id = mailproto_field_find(mailproto__span(view.ptr, name.len));
    }
    return scan_field(m, ev, view, end);
}

/* Whether a line is a delimiter of an enclosing multipart. */
static enum mailproto__match delimiter(struct mailproto_message *m,
                                       mailproto_bytes view, int end)
{
    enum mailproto__match found;
    if (m->multiparts == 0 || view.ptr[0] != '-') {
        return MAILPROTO__NO_DELIMITER;
    }
    if (view.len < 2) {
        return end ? MAILPROTO__NO_DELIMITER : MAILPROTO__UNDECIDED;
    }
    if (view.ptr[1] != '-') {
        return MAILPROTO__NO_DELIMITER;
    }
    found = mailproto__match(m, view, end);
    if (found == MAILPROTO__TEXT || found == MAILPROTO__AFTER) {
        mailproto__tell_line(m, found, m->offset);
    }
    return found;
}

static enum mailproto__step scan_line(struct mailproto_message *m,
                                      mailproto_message_event *ev, mailproto_bytes view,
                                      int end)
{
    enum mailproto__match found;
    if (view.len == 0) {
        return end ? header_over(m, 0) : MAILPROTO__NEED;
    }
    if (view.ptr[0] == '\n') {
        return header_over(m, 1);
    }
    if (view.ptr[0] == '\r') {
        if (view.len < 2 && !end) {
            return MAILPROTO__NEED;
        }
        if (view.len > 1 && view.ptr[1] == '\n') {
            return header_over(m, 1);
        }
    }
    found = delimiter(m, view, end);
    if (found == MAILPROTO__UNDECIDED) {
        return MAILPROTO__NEED;
    }
    if (found == MAILPROTO__DELIMITER) {
        return header_over(m, 0);
    }
    if (m->defect_count > 0) { /* told before the line's event, however it was fed */
        return MAILPROTO__GO_ON;
    }
    return begin_line(m, ev, view, end);
}

/* `From ` or `>From ` of an mbox on top of a message is passed over. */
static enum mailproto__step scan_first(struct mailproto_message *m,
                                       mailproto_message_event *ev,
                                       mailproto_bytes view, int end)
{
    static const char from[] = ">From ";
    size_t quoted = view.len > 0 && view.ptr[0] == '>';
    size_t want = sizeof from - 2 + quoted;
    size_t have = view.len < want ? view.len : want;
    if (!(m->head.marks & MAILPROTO__HEAD_MESSAGE) ||
        (have > 0 && memcmp(view.ptr, from + 1 - quoted, have) != 0) ||
        (end && view.len <= want)) {
        m->state = MAILPROTO__AT_LINE;
        return MAILPROTO__GO_ON;
    }
    if (view.len <= want) {
        return MAILPROTO__NEED;
    }
    if (view.ptr[want] == ':' || is_blank(view.ptr[want])) {
        m->state = MAILPROTO__AT_LINE; /* a blank before the colon of From */
        return MAILPROTO__GO_ON;
    }
    mailproto__defect(m, MAILPROTO_DEFECT_FROM_LINE, m->offset);
    field_begin(m);
    m->field.silent = 1;
    return scan_field(m, ev, view, end);
}

enum mailproto__step mailproto__scan_header(struct mailproto_message *m,
                                            mailproto_message_event *ev,
                                            mailproto_bytes view, int end)
{
    if (m->state == MAILPROTO__AT_FIRST) {
        return scan_first(m, ev, view, end);
    }
    if (m->state == MAILPROTO__AT_LINE) {
        return scan_line(m, ev, view, end);
    }
    return scan_field(m, ev, view, end);
}
