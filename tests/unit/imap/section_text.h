/*
 * Lines of a message in the model of its parts: where they end, and whether a part begins
 * with text in place of a header.
 */
#ifndef TEST_SECTION_TEXT_H
#define TEST_SECTION_TEXT_H

#include <stddef.h>

static size_t line_behind(const char *text, size_t at, size_t limit)
{
    while (at < limit && text[at] != '\n') {
        at++;
    }
    return at < limit ? at + 1 : at;
}

static int is_gap(char c)
{
    return c == ' ' || c == '\t';
}

/* Whether the line at `at` can be no field, as far as its first `most` octets show. */
static int is_no_field(const char *text, size_t at, size_t limit, size_t most)
{
    size_t i = at;
    size_t end;
    limit = limit - at < most ? limit : at + most;
    while (i < limit && text[i] != ':' && text[i] != '\n' && !is_gap(text[i])) {
        i++;
    }
    end = i;
    while (i < limit && is_gap(text[i])) {
        i++;
    }
    if (end == at || i == limit || text[i] != ':') {
        return 1;
    }
    for (; i > end && at < end; at++) { /* a blank before the colon: a name only */
        if (text[at] < 33 || text[at] > 126) {
            return 1;
        }
    }
    return 0;
}

static int is_blank_line(const char *text, size_t at, size_t limit)
{
    return limit - at >= 2 && text[at] == '\r' && text[at + 1] == '\n';
}

/* Two such lines, or one behind which the part ends. */
static int begins_text(const char *text, size_t at, size_t limit)
{
    size_t second = line_behind(text, at, limit);
    return at < limit && !is_blank_line(text, at, limit) &&
           is_no_field(text, at, limit, 998) &&
           (second == limit || second - at > 481 ||
            (!is_blank_line(text, second, limit) && !is_gap(text[second]) &&
             is_no_field(text, second, limit, 512)));
}

#endif /* TEST_SECTION_TEXT_H */
