/* Text for a terminal: see screen.h. */
#include "screen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What stands for what may not be shown: U+FFFD. */
#define REPLACEMENT "\xef\xbf\xbd"

typedef struct range {
    uint32_t first, last;
} range;

/* Two columns wide: East Asian Wide and Fullwidth (Unicode TR 11), in large blocks. */
static const range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2e80, 0x303e},   {0x3041, 0x33ff},
    {0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
    {0x20000, 0x3fffd},
};

/* No column of their own: marks that combine, joiners, variation selectors. */
static const range narrow[] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
    {0x64b, 0x65f},   {0x900, 0x902},   {0x941, 0x948},   {0xe31, 0xe31},
    {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

/* Not shown at all: controls (C0, DEL, C1), line separators, marks and overrides of
   writing direction, which make text look like another one, what is no character. */
static const range hidden[] = {
    {0x0, 0x1f},
    {0x7f, 0x9f},
    {0xad, 0xad},
    {0x61c, 0x61c},
    {0x200e, 0x200f},
    {0x2028, 0x202e},
    {0x2060, 0x206f},
    {0xfeff, 0xfeff},
    {0xfff9, 0xfffb},
    {0xe0000, 0xe0fff},
    {0xfdd0, 0xfdef},
    {0xd800, 0xdfff},
    {0x110000, 0xffffffff},
};

static int within(uint32_t c, const range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return 1;
        }
    }
    return 0;
}
#define IN(c, ranges) within((c), (ranges), sizeof(ranges) / sizeof((ranges)[0]))

/* The character at `p`; its length, 1 for an octet that begins none (`*c` is then one
   that is hidden). */
static size_t decode(const unsigned char *p, size_t len, uint32_t *c)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80   ? 1
               : p[0] < 0xc0 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
                             : 4;
    *c = n == 1 ? p[0] : n == 0 || p[0] > 0xf4 ? UINT32_MAX : p[0] & (0x7fU >> n);
    if (*c == UINT32_MAX || n > len) {
        *c = UINT32_MAX;
        return 1;
    }
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *c = UINT32_MAX;
            return 1;
        }
        *c = *c << 6 | (p[i] & 0x3fU);
    }
    if (n > 1 && *c < least[n]) {
        *c = UINT32_MAX;
        return 1;
    }
    return n;
}

void screen_init(screen *s, FILE *out)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    unsigned long width = 0;
    memset(s, 0, sizeof *s);
    s->out = out;
    s->at_begin = 1;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0) {
        width = size.ws_col;
    }
    if (width == 0 && columns != NULL) {
        width = strtoul(columns, NULL, 10);
    }
    s->width = width >= 20 && width <= 1000 ? (unsigned)width : 80;
}

/* A line ends within a paragraph. */
static void break_line(screen *s)
{
    fputc('\n', s->out);
    s->column = s->indent;
    fprintf(s->out, "%*s", (int)s->indent, "");
    fwrite(s->prefix, 1, s->prefix_len, s->out);
    s->column += (unsigned)s->prefix_len;
    s->blanks = 0;
}

/* Writes the word, in this line or the next one. */
static void put_word(screen *s)
{
    if (s->word_len == 0) {
        return;
    }
    if (s->column + s->blanks + s->word_width > s->width &&
        s->column > s->indent + s->prefix_len) {
        break_line(s);
    }
    fprintf(s->out, "%*s", (int)s->blanks, "");
    fwrite(s->word, 1, s->word_len, s->out);
    s->column += s->blanks + s->word_width;
    s->blanks = 0;
    s->word_len = 0;
    s->word_width = 0;
}

static void put_character(screen *s, const char *octets, size_t len, unsigned width)
{
    if (s->word_len + len > SCREEN_WORD_MAX ||
        s->word_width + width > s->width - s->indent - (unsigned)s->prefix_len) {
        put_word(s); /* longer than a line: cut */
    }
    if (width == 2) {
        put_word(s); /* a line may end between any two of them */
    }
    memcpy(s->word + s->word_len, octets, len);
    s->word_len += len;
    s->word_width += width;
    if (width == 2) {
        put_word(s);
    }
}

/* Keeps the quote marks that a line begins with. */
static void note_prefix(screen *s, uint32_t c)
{
    if (!s->at_begin) {
        return;
    }
    if ((c != '>' && c != ' ') || s->prefix_len == SCREEN_PREFIX_MAX ||
        s->prefix_len > s->width / 3) {
        s->at_begin = 0;
    } else if (c == '>' || s->prefix_len > 0) {
        s->prefix[s->prefix_len++] = (char)c;
    }
}

static void end_line(screen *s)
{
    put_word(s);
    fputc('\n', s->out);
    s->column = 0;
    s->blanks = 0;
    s->prefix_len = 0;
    s->at_begin = 1;
}

void screen_text(screen *s, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = decode((const unsigned char *)text + i, len - i, &c);
        if (c == '\n' || (c == '\r' && i + 1 < len && text[i + 1] == '\n')) {
            i += c == '\r' ? 1 : 0;
            end_line(s);
        } else if (c == ' ' || c == '\t') {
            put_word(s);
            s->blanks += c == ' ' ? 1 : 8 - (s->column + s->blanks) % 8;
            s->blanks = s->blanks > s->width ? s->width : s->blanks;
            note_prefix(s, ' ');
        } else if (IN(c, hidden)) {
            note_prefix(s, c);
            put_character(s, REPLACEMENT, sizeof REPLACEMENT - 1, 1);
        } else {
            note_prefix(s, c);
            put_character(s, text + i, n, IN(c, wide) ? 2 : IN(c, narrow) ? 0 : 1);
        }
        i += n;
    }
}

void screen_string(screen *s, const char *text)
{
    screen_text(s, text, strlen(text));
}

void screen_end(screen *s, unsigned indent)
{
    if (s->column > 0 || s->word_len > 0) {
        end_line(s);
    }
    s->indent = indent < s->width / 2 ? indent : s->width / 2;
}
