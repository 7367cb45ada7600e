/*
 * Parts that begin with text in place of a header. Knows two lines; must not know what
 * becomes of them.
 *
 * A line that can be no field does not end a header (see scan_header.c), but where a part
 * has nothing else the text would be in no part's body. So two such lines at its very
 * beginning are text, and so is one that a delimiter or the end follows. How far one looks
 * is counted in octets of the part, or it would depend on how the message is fed.
 */
#include "message/scan.h"

#include "core/mem.h"
#include "core/span.h"
#include "message/split_name.h"

enum {
    FIRST_MAX = 480, /* no line that goes on behind it is a damaged field */
    SECOND_MAX = MAILPROTO__DELIMITER_MAX
};
/* Both must fit the smallest hold buffer. */
typedef char fits[FIRST_MAX + SECOND_MAX <= 1024 ? 1 : -1];

/* Whether the second line is a delimiter. */
static enum mailproto__match second(struct mailproto_message *m, mailproto_bytes line,
                                    int end)
{
    if (m->multiparts == 0 || line.ptr[0] != '-') {
        return MAILPROTO__NO_DELIMITER;
    }
    if (line.len < 2) {
        return end ? MAILPROTO__NO_DELIMITER : MAILPROTO__UNDECIDED;
    }
    return line.ptr[1] == '-' ? mailproto__match(m, line, end)
                              : MAILPROTO__NO_DELIMITER;
}

int mailproto__begins_text(struct mailproto_message *m, mailproto_bytes view, int end)
{
    struct mailproto__name name;
    enum mailproto__match found;
    size_t max = view.len < FIRST_MAX ? view.len : (size_t)FIRST_MAX;
    const char *lf = (const char *)memchr(view.ptr, '\n', max);
    mailproto_bytes line;
    if (lf == NULL) {
        return end || max == FIRST_MAX ? 1 : -1;
    }
    line = mailproto__tail(view, (size_t)(lf - view.ptr) + 1);
    if (line.len == 0 || (line.ptr[0] == '\r' && line.len == 1)) {
        return end ? 1 : -1;
    }
    if (mailproto__line_end(line) > 0) {
        return 0; /* a header, if a damaged one, and its blank line */
    }
    found = second(m, line, end);
    if (found == MAILPROTO__UNDECIDED) {
        return -1;
    }
    if (found == MAILPROTO__DELIMITER) {
        return 1;
    }
    if (line.len > SECOND_MAX) {
        line.len = SECOND_MAX;
    }
    if (!mailproto__split_name(line, end || line.len == SECOND_MAX, &name)) {
        return -1;
    }
    /* A fold goes with the line in front: a damaged field, as most readers see it. */
    return name.junk == MAILPROTO__JUNK_LINE;
}
