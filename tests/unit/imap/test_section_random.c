/*
 * Sections of messages made at random, against the obvious way: the whole message with
 * CRLF in memory, cut by a splitter that reads a line at a time and knows nothing of the
 * library.
 */
#include <ctype.h>
#include <strings.h>

#include "section_check.h"
#include "section_text.h"
#include "thinned.h"

enum { TEXT_MAX = 60000, NODES_MAX = 200, MESSAGES = 400, MESSAGES_LONG = 12 };

static uint64_t random_state = 0x9E3779B97F4A7C15u;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % limit);
}

/* ---- messages ----------------------------------------------------------------------------- */

struct maker {
    char text[TEXT_MAX];
    size_t len;
    unsigned ends; /* 0: LF, 1: CRLF, 2: both */
    unsigned boundaries;
    unsigned line_max;
};

static void put(struct maker *k, const char *text, size_t len)
{
    if (k->len + len < TEXT_MAX) {
        memcpy(k->text + k->len, text, len);
        k->len += len;
    }
}

static void end_line(struct maker *k)
{
    int crlf = k->ends == 2 ? below(2) == 0 : k->ends == 1;
    put(k, crlf ? "\r\n" : "\n", crlf ? 2 : 1);
}

static void line(struct maker *k, const char *text)
{
    put(k, text, strlen(text));
    end_line(k);
}

static void octets(struct maker *k, unsigned max)
{
    static const char alphabet[] = "abcdefgh ijk: -=.\t\xc3\xa9";
    unsigned n = below(max);
    while (n-- > 0) {
        char c = below(300) == 0   ? '\0'
                 : below(200) == 0 ? '\r'
                                   : alphabet[below(sizeof alphabet - 1)];
        put(k, &c, 1);
    }
}

static void field(struct maker *k)
{
    static const char *const names[] = {"Subject", "TO",   "To",  "X-Own", "Received",
                                        "X-Ownx",  "x-OW", "Cc ", "From"};
    unsigned folds = below(3);
    const char *name = names[below(sizeof names / sizeof *names)];
    if (below(12) == 0) {
        line(k, "a line without a colon"); /* the field goes on to nowhere */
        return;
    }
    put(k, name, strlen(name));
    put(k, ":", 1);
    octets(k, k->line_max);
    while (folds-- > 0) {
        end_line(k);
        put(k, below(2) == 0 ? " " : "\t", 1);
        octets(k, 20);
    }
    end_line(k);
}

static void header_end(struct maker *k)
{
    unsigned n = below(4);
    while (n-- > 0) {
        field(k);
    }
    if (below(15) != 0) {
        end_line(k);
    } else { /* another part's, or none */
        line(k, "X-Last: y");
        end_line(k);
    }
}

static void base64_body(struct maker *k)
{
    unsigned n = below(12);
    while (n-- > 0) {
        unsigned quads = below(15);
        while (quads-- > 0) {
            put(k, below(10) == 0 ? "AAEC" : "YWJj", 4);
        }
        end_line(k);
    }
    if (below(2) == 0) {
        put(k, "Zg==", 4);
    }
}

static void qp_body(struct maker *k)
{
    unsigned n = below(12);
    while (n-- > 0) {
        unsigned words = below(8);
        while (words-- > 0) {
            static const char *const some[] = {"a",   "bc d",   "=3D",
                                               "=0A", "=C3=A9", "\t."};
            const char *word = some[below(below(20) == 0 ? 3 : 6)];
            put(k, word, strlen(word));
        }
        {
            const char *last = below(30) == 0 ? "=00x" : "x";
            put(k, last, strlen(last));
        }
        if (below(3) == 0) {
            put(k, "=", 1);
        }
        end_line(k);
    }
}

static void plain_body(struct maker *k)
{
    unsigned n = below(8);
    while (n-- > 0) {
        if (below(10) == 0) {
            line(k, "--no delimiter");
        } else {
            octets(k, k->line_max);
            end_line(k);
        }
    }
    if (below(2) == 0) {
        octets(k, 10);
    }
}

static void leaf(struct maker *k)
{
    static const char *const types[] = {"text/plain", "application/octet-stream",
                                        "multipart/mixed"}; /* without a boundary */
    unsigned encoding = below(4);
    if (below(2) == 0) {
        field(k);
    }
    if (below(2) == 0) {
        put(k, "Content-Type: ", 14);
        line(k, types[below(8) == 0 ? 2 : below(2)]);
    }
    if (encoding == 1) {
        line(k, "Content-Transfer-Encoding: base64");
    } else if (encoding == 2) {
        line(k, "Content-Transfer-Encoding: quoted-printable");
    }
    header_end(k);
    if (below(6) == 0) {
        return;
    }
    if (encoding == 1) {
        base64_body(k);
    } else if (encoding == 2) {
        qp_body(k);
    } else {
        plain_body(k);
    }
}

static void message(struct maker *k, unsigned depth);

static void multipart(struct maker *k, unsigned depth)
{
    char boundary[32], text[128];
    unsigned parts = below(4);
    snprintf(boundary, sizeof boundary, "--=b%u=", k->boundaries++);
    snprintf(text, sizeof text, "Content-Type: multipart/%s; boundary=\"%s\"",
             below(6) == 0 ? "digest" : "mixed", boundary + 2);
    line(k, text);
    header_end(k);
    if (below(3) == 0) {
        plain_body(k);
        end_line(k);
    }
    while (parts-- > 0) {
        put(k, boundary, strlen(boundary));
        put(k, "  ", below(3));
        end_line(k);
        if (below(10) != 0) {
            message(k, depth + 1);
        }
        if (below(10) != 0) {
            end_line(k);
        }
    }
    if (below(6) != 0) {
        if (k->len > 0 && k->text[k->len - 1] != '\n') {
            end_line(k);
        }
        put(k, boundary, strlen(boundary));
        put(k, "--", 2);
        if (below(3) != 0) {
            end_line(k);
        }
    }
    if (below(4) == 0) {
        plain_body(k);
    }
}

/* A part or a message: the same but for what must stand in it. */
static void message(struct maker *k, unsigned depth)
{
    unsigned what = depth < 5 ? below(depth == 0 ? 4 : 6) : 9;
    unsigned n = below(3);
    while (n-- > 0) {
        field(k);
    }
    if (what < 2) {
        multipart(k, depth);
    } else if (what == 2) {
        line(k, "Content-Type: message/rfc822");
        header_end(k);
        message(k, depth + 1);
    } else {
        leaf(k);
    }
}

/* ---- the obvious way ---------------------------------------------------------------------- */

struct node {
    size_t start, body, end; /* of the text with CRLF */
    int multipart, rfc822, encoding;
    int text;           /* its type is text */
    size_t child, next; /* numbers; 0: none */
};

struct naive {
    char *text;
    size_t len;
    struct node nodes[NODES_MAX];
    size_t count;
};

static size_t next_line(const struct naive *n, size_t at, size_t limit)
{
    return line_behind(n->text, at, limit);
}

static int has_prefix(const struct naive *n, size_t at, size_t limit, const char *word)
{
    return limit - at >= strlen(word) &&
           strncasecmp(n->text + at, word, strlen(word)) == 0;
}

/* 1: base64, 2: quoted-printable, 3: one that is not known (it was cut short). */
static int naive_encoding(const struct naive *n, size_t at, size_t end)
{
    while (end > at && isspace((unsigned char)n->text[end - 1])) {
        end--;
    }
    return at == end                                                      ? 0
           : end - at == 6 && has_prefix(n, at, end, "base64")            ? 1
           : end - at == 16 && has_prefix(n, at, end, "quoted-printable") ? 2
                                                                          : 3;
}

/* The header of a node: its end, and what steers. */
static void naive_header(struct naive *n, struct node *node, size_t limit, int is_part,
                         char boundary[64])
{
    size_t at = node->start;
    int typed = 0, encoded = 0;
    int none = is_part && begins_text(n->text, at, limit);
    boundary[0] = '\0';
    while (at < limit && !none) {
        size_t next = next_line(n, at, limit);
        if (next - at == 2 && n->text[at] == '\r') {
            at = next;
            break;
        }
        if (!typed && has_prefix(n, at, next, "Content-Type: ")) {
            size_t value = at + 14;
            typed = 1;
            node->rfc822 = has_prefix(n, value, next, "message/rfc822");
            node->text = has_prefix(n, value, next, "text/");
            if (has_prefix(n, value, next, "multipart/") && next - value > 20) {
                size_t i = 0;
                while (n->text[value] != '"' && value < next) {
                    value++;
                }
                while (n->text[++value] != '"' && value < next) {
                    boundary[i++] = n->text[value];
                }
                boundary[i] = '\0';
                node->multipart = i == 0 ? 0
                                  : has_prefix(n, at, next, "Content-Type: multipart/d")
                                      ? 2
                                      : 1;
            }
        }
        if (!encoded && has_prefix(n, at, next, "Content-Transfer-Encoding: ")) {
            encoded = 1;
            node->encoding = naive_encoding(n, at + 27, next);
        }
        at = next;
    }
    if (!typed) {
        node->text = !node->rfc822;
    }
    node->body = at;
}

/* Whether a line is the delimiter, which may go on after a blank: 1, 2 with its second
 * hyphens, 0. */
static int naive_delimiter(const struct naive *n, size_t at, size_t limit,
                           const char *boundary)
{
    size_t len = strlen(boundary);
    int closes;
    if (limit - at < len + 2 || memcmp(n->text + at, "--", 2) != 0 ||
        memcmp(n->text + at + 2, boundary, len) != 0) {
        return 0;
    }
    at += 2 + len;
    closes = limit - at >= 2 && memcmp(n->text + at, "--", 2) == 0;
    at += closes ? 2 : 0;
    return at == limit || n->text[at] == ' ' || n->text[at] == '\t' ||
                   (limit - at >= 2 && memcmp(n->text + at, "\r\n", 2) == 0)
               ? 1 + closes
               : 0;
}

/* A part lies in [start, limit); `cut`: a delimiter follows, and the line end before it
 * is not the part's. */
static size_t naive_part(struct naive *n, size_t start, size_t limit, int cut,
                         int of) /* 1: a digest, 2: another multipart */
{
    size_t number = n->count++;
    struct node *node = &n->nodes[number];
    char boundary[64];
    size_t at, from = 0, last = 0;
    assert_true(n->count < NODES_MAX);
    memset(node, 0, sizeof *node);
    node->start = start;
    node->rfc822 = of == 1;
    naive_header(n, node, limit, of == 2, boundary);
    node->end = cut && limit - node->body >= 2 ? limit - 2 : limit;
    if (node->rfc822 && node->encoding == 0) {
        node->child = naive_part(n, node->body, limit, cut, 0);
        node->end = n->nodes[node->child].end;
    }
    for (at = node->multipart ? node->body : limit; at < limit;) {
        int found = naive_delimiter(n, at, limit, boundary);
        size_t next = next_line(n, at, limit);
        if (found && from > 0) {
            size_t child = naive_part(n, from, at, 1, 3 - node->multipart);
            *(last > 0 ? &n->nodes[last].next : &node->child) = child;
            last = child;
        }
        if (found == 2) {
            return number;
        }
        from = found ? next : from;
        at = next;
    }
    if (from > 0) {
        size_t child = naive_part(n, from, limit, cut, 3 - node->multipart);
        *(last > 0 ? &n->nodes[last].next : &node->child) = child;
        node->end = n->nodes[child].end;
    }
    return number;
}

static void naive_open(struct naive *n, const char *text, size_t len)
{
    size_t i;
    n->text = (char *)malloc(2 * len + 1);
    n->len = 0;
    n->count = 0;
    for (i = 0; i < len; i++) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) {
            n->text[n->len++] = '\r';
        }
        n->text[n->len++] = text[i];
    }
    (void)naive_part(n, 0, n->len, 0, 0);
}

/* ---- what comes of a node -------------------------------------------------------------- */

static char wanted[2 * TEXT_MAX];

static size_t no_nul(const char *text, size_t len)
{
    size_t i;
    for (i = 0; i < len; i++) {
        wanted[i] = text[i] == '\0' ? (char)0x80 : text[i];
    }
    return len;
}

/* A header's fields whose names are among `names`, or are not. */
static size_t naive_fields(const struct naive *n, const struct node *node,
                           const char *const *names, int except)
{
    static char kept[2 * TEXT_MAX];
    size_t len = 0, at = node->start;
    int keep = except;
    while (at < node->body) {
        size_t next = next_line(n, at, node->body);
        size_t name = 0;
        const char *const *one;
        while (at + name < next && n->text[at + name] > 32 &&
               n->text[at + name] < 127 && n->text[at + name] != ':') {
            name++;
        }
        if (next - at == 2 && n->text[at] == '\r') {
            keep = 1;
        } else if (n->text[at] != ' ' && n->text[at] != '\t') {
            size_t colon = at + name;
            int listed = 0;
            while (colon < next && (n->text[colon] == ' ' || n->text[colon] == '\t')) {
                colon++;
            }
            for (one = names; *one != NULL; one++) {
                listed |= strlen(*one) == name && colon < next &&
                          n->text[colon] == ':' &&
                          strncasecmp(*one, n->text + at, name) == 0;
            }
            keep = listed != except;
        }
        if (keep) {
            memcpy(kept + len, n->text + at, next - at);
            len += next - at;
        }
        at = next;
    }
    return no_nul(kept, len);
}

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10;
}

static size_t skip_blanks(const char *at, size_t i, size_t len)
{
    while (i < len && (at[i] == ' ' || at[i] == '\t')) {
        i++;
    }
    return i;
}

/* 2: at a line's end, 1: at the end of all, 0. */
static int naive_line_end(const char *at, size_t i, size_t len)
{
    return i == len ? 1 : len - i > 1 && memcmp(at + i, "\r\n", 2) == 0 ? 2 : 0;
}

static size_t naive_qp(const char *at, size_t len)
{
    size_t n = 0, i = 0;
    while (i < len) {
        size_t end = skip_blanks(at, i, len);
        size_t soft = skip_blanks(at, i + 1, len);
        if (end > i && naive_line_end(at, end, len) != 0) {
            i = end;
        } else if (at[i] == '=' && naive_line_end(at, soft, len) != 0) {
            i = soft + (naive_line_end(at, soft, len) == 2 ? 2 : 0);
        } else if (at[i] == '=' && len - i > 2 && isxdigit((unsigned char)at[i + 1]) &&
                   isxdigit((unsigned char)at[i + 2])) {
            wanted[n++] = (char)(hex(at[i + 1]) << 4 | hex(at[i + 2]));
            i += 3;
        } else {
            wanted[n++] = at[i++];
        }
    }
    return n;
}

static size_t naive_base64(const char *at, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0, i;
    unsigned bits = 0, have = 0;
    for (i = 0; i < len; i++) {
        const char *digit = at[i] != '\0' ? strchr(digits, at[i]) : NULL;
        if (at[i] == '=') { /* what follows padding begins anew */
            have = 0;
        }
        if (digit != NULL) {
            bits = (bits << 6 | (unsigned)(digit - digits)) & 0xffffff;
            have += 6;
            if (have >= 8) {
                have -= 8;
                wanted[n++] = (char)(bits >> have & 0xff);
            }
        }
    }
    return n;
}

/* ---- all sections --------------------------------------------------------------------------- */

static struct section_message m;
static const char *const names_1[] = {"subject", "x-own", "To", NULL};
#define NAMES_1 "(subject x-own \"To\")"
static const char *const names_2[] = {"Received", "cc", "X-Last", NULL};
#define NAMES_2 "(Received cc X-Last)"

static size_t checked;

static void expect_section(const char *kind, const char *path, const char *what,
                           size_t len)
{
    char item[256];
    snprintf(item, sizeof item, "%s[%s%s%s]", kind, path,
             path[0] != '\0' && what[0] != '\0' ? "." : "", what);
    section_check(&m, item, wanted, len, 0);
    checked++;
}

static void expect_nothing(const char *path, const char *what)
{
    char item[256];
    snprintf(item, sizeof item, "BODY[%s.%s]", path, what);
    if (section_open_status(&m, item) != MAILPROTO_EOF) {
        print_error("%s should be NIL\n", item);
        fail();
    }
}

/* HEADER and its likes of a message, which is the whole or a part's. */
static void check_message(const struct naive *n, const struct node *node,
                          const char *path)
{
    expect_section("BODY", path, "HEADER",
                   no_nul(n->text + node->start, node->body - node->start));
    expect_section("BODY", path, "TEXT",
                   no_nul(n->text + node->body, node->end - node->body));
    expect_section("BODY", path, "HEADER.FIELDS " NAMES_1,
                   naive_fields(n, node, names_1, 0));
    expect_section("BODY", path, "HEADER.FIELDS.NOT " NAMES_2,
                   naive_fields(n, node, names_2, 1));
}

static void check_binary(const struct naive *n, const struct node *node,
                         const char *path)
{
    const char *body = n->text + node->body;
    size_t len = node->end - node->body;
    if (node->encoding == 3) {
        char item[256];
        snprintf(item, sizeof item, "BINARY[%s]", path);
        assert_int_equal(section_open_status(&m, item), MAILPROTO_ERR_REFUSED);
        return;
    }
    if (node->multipart || (node->rfc822 && node->encoding == 0) ||
        node->encoding == 0) {
        memcpy(wanted, body, len);
    } else {
        len = node->encoding == 1 ? naive_base64(body, len) : naive_qp(body, len);
    }
    expect_section("BINARY", path, "", len);
    expect_section("BINARY.SIZE", path, "", len);
}

static void check_parts(const struct naive *n, const struct node *node,
                        const char *path);

/* A part that has a number. */
static void check_part(const struct naive *n, const struct node *node, const char *path)
{
    expect_section("BODY", path, "",
                   no_nul(n->text + node->body, node->end - node->body));
    expect_section("BODY", path, "MIME",
                   no_nul(n->text + node->start, node->body - node->start));
    check_binary(n, node, path);
    if (node->rfc822 && node->child > 0) {
        check_message(n, &n->nodes[node->child], path);
        check_parts(n, &n->nodes[node->child], path);
    } else {
        expect_nothing(path, "HEADER");
        expect_nothing(path, "TEXT");
        if (node->multipart) {
            check_parts(n, node, path);
        } else {
            expect_nothing(path, "1");
        }
    }
}

/* The parts of a message, or of a multipart. */
static void check_parts(const struct naive *n, const struct node *node,
                        const char *path)
{
    const char *dot = path[0] != '\0' ? "." : "";
    char one[128];
    if (!node->multipart) {
        snprintf(one, sizeof one, "%s%s1", path, dot);
        check_part(n, node, one);
    } else {
        size_t child = node->child;
        unsigned k = 1;
        while (child > 0) {
            snprintf(one, sizeof one, "%s%s%u", path, dot, k++);
            check_part(n, &n->nodes[child], one);
            child = n->nodes[child].next;
        }
        if (path[0] != '\0') {
            snprintf(one, sizeof one, "%u", k);
            expect_nothing(path, one);
        }
    }
}

static void check_all(const struct maker *k)
{
    static struct naive n;
    char *exact = (char *)malloc(k->len > 0 ? k->len : 1);
    memcpy(exact, k->text, k->len);
    naive_open(&n, exact, k->len);
    section_message_open(&m, exact, k->len);
    expect_section("BODY", "", "", no_nul(n.text, n.len));
    check_message(&n, &n.nodes[0], "");
    check_parts(&n, &n.nodes[0], "");
    free(n.text);
    free(exact);
}

/* Anywhere, but not inside of CRLF or of a type, which would have to be guessed. */
static void cut_short(struct maker *k)
{
    size_t line = k->len = below((unsigned)k->len + 1);
    while (line > 0 && k->text[line - 1] != '\n') {
        line--;
    }
    if (k->len - line > 8 && memcmp(k->text + line, "Content-T", 9) == 0) {
        k->len = line;
    } else if (k->len > 0 && k->text[k->len - 1] == '\r') {
        k->len--;
    }
}

static void run(unsigned messages, unsigned line_max)
{
    static struct maker k;
    while (messages-- > 0) {
        memset(&k, 0, sizeof k);
        k.ends = below(3);
        k.line_max = line_max;
        message(&k, 0);
        if (below(5) == 0) {
            cut_short(&k);
        }
        check_all(&k);
    }
    print_message("%zu sections\n", checked);
}

static void short_lines(void **state)
{
    (void)state;
    run(MESSAGES / (unsigned)thinned(10), 30);
}

static void long_lines(void **state)
{
    (void)state;
    run(MESSAGES_LONG / (unsigned)thinned(4), 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_lines),
        cmocka_unit_test(long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
