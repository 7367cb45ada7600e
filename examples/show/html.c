/* HTML without its markup: see html.h. */
#include "html.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct writer {
    char *text;
    size_t put;
    int ends;  /* line ends that stand at the end so far; 2: a blank line */
    int blank; /* a blank is due */
} writer;

/* A blank or a line end that is due goes in only where a tag, an entity or a blank was: so
   what is written never overtakes what is read. */
static void put_octet(writer *w, char c)
{
    if (isspace((unsigned char)c)) {
        w->blank = w->ends == 0;
        return;
    }
    if (w->blank) {
        w->text[w->put++] = ' ';
        w->blank = 0;
    }
    w->text[w->put++] = c;
    w->ends = 0;
}

static void put_end(writer *w, int most)
{
    w->blank = 0;
    if (w->put > 0 && w->ends < most) {
        w->text[w->put++] = '\n';
        w->ends++;
    }
}

static int is_one_of(const char *name, size_t len, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == len && strncasecmp(*names, name, len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Where `end` stands in any case, or NULL. */
static const char *find(const char *p, const char *last, const char *end)
{
    size_t n = strlen(end);
    for (; (size_t)(last - p) >= n; p++) {
        p = memchr(p, end[0], (size_t)(last - p));
        if (p == NULL || (size_t)(last - p) < n) {
            return NULL;
        }
        if (strncasecmp(p, end, n) == 0) {
            return p;
        }
    }
    return NULL;
}

/* The end of the tag that begins at `p`; quotes hold what they hold. */
static const char *tag_end(const char *p, const char *last)
{
    char quote = 0;
    for (; p < last; p++) {
        if (quote != 0) {
            quote = *p == quote ? 0 : quote;
        } else if (*p == '"' || *p == '\'') {
            quote = *p;
        } else if (*p == '>') {
            return p + 1;
        }
    }
    return last;
}

/* What ends an element whose content is not for people; NULL: it is. */
static const char *hidden_until(const char *name, size_t len)
{
    static const char *const ends[] = {"</script", "</style", "</head"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (strlen(ends[i]) == len + 2 && strncasecmp(ends[i] + 2, name, len) == 0) {
            return ends[i];
        }
    }
    return NULL;
}

/* A tag at `p`; what follows it. */
static const char *take_tag(writer *w, const char *p, const char *last)
{
    static const char *const blocks[] = {"br", "tr", "li",         "div", "table",
                                         "ul", "ol", "blockquote", "pre", "hr",
                                         "dt", "dd", NULL};
    static const char *const paragraphs[] = {"p",  "h1", "h2", "h3",
                                             "h4", "h5", "h6", NULL};
    static const char *const cells[] = {"td", "th", NULL};
    if (last - p >= 4 && memcmp(p, "<!--", 4) == 0) {
        const char *end = find(p + 4, last, "-->");
        return end != NULL ? end + 3 : last;
    }
    const char *name = p + 1 + (last - p > 1 && p[1] == '/');
    size_t len = 0;
    while (name + len < last && isalnum((unsigned char)name[len])) {
        len++;
    }
    const char *end = tag_end(name + len, last);
    const char *close = hidden_until(name, len);
    if (close != NULL && p[1] != '/') {
        const char *at = find(end, last, close);
        return at != NULL ? tag_end(at, last) : last;
    }
    if (is_one_of(name, len, blocks)) {
        put_end(w, 1);
    } else if (is_one_of(name, len, paragraphs)) {
        put_end(w, 2);
        put_end(w, 2);
    } else if (is_one_of(name, len, cells)) {
        w->blank = w->ends == 0;
    }
    return end;
}

static size_t encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The character of an entity, `name` between `&` and `;`; 0: it is none that is known. */
static uint32_t find_entity(const char *name, size_t len)
{
    static const struct {
        const char *name;
        uint32_t c;
    } known[] = {
        {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},
        {"apos", '\''},    {"nbsp", ' '},     {"copy", 0xa9},    {"euro", 0x20ac},
        {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018}, {"rsquo", 0x2019},
        {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bull", 0x2022},  {"hellip", 0x2026}};
    if (name[0] == '#') {
        int hex = len > 1 && (name[1] | 32) == 'x';
        char digits[12] = {0};
        memcpy(digits, name + 1 + hex, len - 1 - (size_t)hex);
        return isxdigit((unsigned char)digits[0])
                   ? (uint32_t)strtoul(digits, NULL, hex ? 16 : 10)
                   : 0;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == len && memcmp(name, known[i].name, len) == 0) {
            return known[i].c;
        }
    }
    return 0;
}

/* An entity at `p`, its character written; what follows it, or `p`: it is none. */
static const char *take_entity(writer *w, const char *p, const char *last)
{
    const char *end = memchr(p, ';', last - p > 10 ? 10 : (size_t)(last - p));
    char octets[4];
    if (end == NULL || end == p + 1) {
        return p;
    }
    uint32_t c = find_entity(p + 1, (size_t)(end - p) - 1);
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) {
        return p;
    }
    size_t n = encode(c, octets);
    for (size_t i = 0; i < n; i++) {
        put_octet(w, octets[i]);
    }
    return end + 1;
}

size_t html_strip(char *text, size_t len)
{
    writer w = {text, 0, 2, 0};
    const char *p = text;
    const char *last = text + len;
    while (p < last) {
        if (*p == '<' && last - p > 1 &&
            (isalpha((unsigned char)p[1]) || p[1] == '/' || p[1] == '!' ||
             p[1] == '?')) {
            p = take_tag(&w, p, last);
            continue;
        }
        if (*p == '&') {
            const char *next = take_entity(&w, p, last);
            if (next != p) {
                p = next;
                continue;
            }
        }
        put_octet(&w, *p++);
    }
    if (w.put < len) {
        put_end(&w, 1);
    }
    return w.put;
}
