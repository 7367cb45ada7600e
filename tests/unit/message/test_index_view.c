/*
 * What a reader shows and offers: the examples and corners of RFC 8621 4.1.4, each as a
 * tree in a few letters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

enum { PARTS = 64 };

/*
 * A tree: multiparts are M(ixed), A(lternative), R(elated) with their parts in brackets;
 * leaves p(lain), h(tml), i(mage), d(ocument), o(paque multipart); before a leaf `!` is
 * an attachment, `=` has a name. Parts are numbered from 0 in order.
 */
static mailproto_index tree(const char *text, mailproto_part *parts)
{
    mailproto_index ix;
    uint32_t open = MAILPROTO_PART_NONE;
    uint32_t last[PARTS];
    uint32_t flags = 0;
    memset(&ix, 0, sizeof ix);
    ix.struct_size = sizeof ix;
    ix.capacity = PARTS;
    ix.parts = parts;
    for (; *text != 0; text++) {
        static const char letters[] = "MARphido";
        static const uint16_t media[] = {
            MAILPROTO_MEDIA_MIXED,       MAILPROTO_MEDIA_ALTERNATIVE,
            MAILPROTO_MEDIA_RELATED,     MAILPROTO_MEDIA_TEXT_PLAIN,
            MAILPROTO_MEDIA_TEXT_HTML,   MAILPROTO_MEDIA_IMAGE,
            MAILPROTO_MEDIA_APPLICATION, MAILPROTO_MEDIA_MIXED};
        const char *letter = strchr(letters, *text);
        if (*text == '!') {
            flags |= MAILPROTO_MESSAGE_ATTACHMENT;
        } else if (*text == '=') {
            flags |= MAILPROTO_MESSAGE_NAMED;
        } else if (*text == '(') {
            open = ix.count - 1;
        } else if (*text == ')') {
            open = parts[open].parent;
        } else {
            mailproto_part *p = &parts[ix.count];
            assert_non_null(letter);
            memset(p, 0, sizeof *p);
            p->parent = open;
            p->first_child = MAILPROTO_PART_NONE;
            p->next_sibling = MAILPROTO_PART_NONE;
            p->media = media[letter - letters];
            p->flags = flags | (*text == 'o' ? (uint32_t)MAILPROTO_MESSAGE_OPAQUE : 0);
            if (open != MAILPROTO_PART_NONE) {
                if (parts[open].children++ == 0) {
                    parts[open].first_child = ix.count;
                } else {
                    parts[last[open]].next_sibling = ix.count;
                }
                last[open] = ix.count;
            }
            ix.count++;
            flags = 0;
        }
    }
    return ix;
}

struct sample {
    const char *tree;
    const char *text, *html, *attachments; /* numbers of parts as letters from 'a' */
};

static const struct sample samples[] = {
    {"p", "a", "a", ""},
    {"h", "a", "a", ""},
    {"d", "", "", "a"},
    {"!p", "", "", "a"},
    {"i", "a", "a", ""},
    {"A(ph)", "b", "c", ""},
    {"A(hp)", "c", "b", ""},
    {"A(p)", "b", "b", ""},
    {"A(h)", "b", "b", ""},
    {"A(hh)", "bc", "bc", ""},
    {"A(A(h))", "c", "c", ""},
    {"A(hA(h))", "d", "bd", ""},
    {"A(pR(hi))", "b", "d", "e"},
    {"A(d)", "", "", "b"},
    {"M(pd)", "b", "b", "c"},
    {"M(pi)", "bc", "bc", ""},
    {"M(p=p)", "b", "b", "c"},
    {"M(=pp)", "bc", "bc", ""},
    {"M(p=i)", "bc", "bc", ""},
    {"R(hi)", "b", "b", "c"},
    {"R(hp)", "b", "b", "c"},
    {"M(A(ph)d)", "c", "d", "e"},
    {"M(po)", "b", "b", "c"},
    {"M", "", "", ""},
    /* The example of RFC 8621 4.1.4. */
    {"M(pM(A(M(pip)R(hi))!idd)p)", "bfgho", "bjo", "gklmn"},
};

static void check(const mailproto_index *ix, uint32_t view, const char *expected,
                  const char *name)
{
    uint32_t parts[PARTS];
    char got[PARTS + 1];
    size_t count;
    size_t cap;
    size_t n = strlen(expected);
    for (cap = 0; cap <= n + 1; cap++) {
        size_t i;
        mailproto_status st = mailproto_index_view(ix, view, parts, cap, &count);
        assert_int_equal(st, cap < n ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK);
        for (i = 0; i < count && i < cap; i++) {
            got[i] = (char)('a' + (char)parts[i]);
        }
        got[i] = 0;
        if (count != n || (cap >= n && strcmp(got, expected) != 0)) {
            fail_msg("%s, view %u: %s, not %s (%u)", name, (unsigned)view, got,
                     expected, (unsigned)count);
        }
    }
}

static void test_views(void **state)
{
    mailproto_part parts[PARTS];
    size_t i;
    (void)state;
    for (i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        mailproto_index ix = tree(samples[i].tree, parts);
        check(&ix, MAILPROTO_VIEW_TEXT, samples[i].text, samples[i].tree);
        check(&ix, MAILPROTO_VIEW_HTML, samples[i].html, samples[i].tree);
        check(&ix, MAILPROTO_VIEW_ATTACHMENTS, samples[i].attachments, samples[i].tree);
    }
}

/* ---- random trees, against the algorithm as RFC 8621 has it ------------------------------- */

struct list {
    uint32_t parts[PARTS];
    size_t n;
};

static void push(struct list *l, uint32_t part)
{
    if (l != NULL) {
        l->parts[l->n++] = part;
    }
}

static int shown(uint32_t media)
{
    return media == MAILPROTO_MEDIA_IMAGE;
}

static void structure(const mailproto_index *ix, uint32_t at, uint32_t within,
                      int in_alternative, struct list *html, struct list *text,
                      struct list *attachments);

static void one_part(const mailproto_index *ix, uint32_t at, uint32_t within,
                     int in_alternative, struct list **html, struct list **text,
                     struct list *attachments, int first)
{
    const mailproto_part *p = &ix->parts[at];
    int plain = p->media == MAILPROTO_MEDIA_TEXT_PLAIN;
    int is_html = p->media == MAILPROTO_MEDIA_TEXT_HTML;
    int in_line =
        !(p->flags & MAILPROTO_MESSAGE_ATTACHMENT) &&
        (plain || is_html || shown(p->media)) &&
        (first || (within != MAILPROTO_MEDIA_RELATED &&
                   (shown(p->media) || !(p->flags & MAILPROTO_MESSAGE_NAMED))));
    if (p->media >= MAILPROTO_MEDIA_MULTIPART &&
        !(p->flags & MAILPROTO_MESSAGE_OPAQUE)) {
        structure(ix, at, p->media,
                  in_alternative || p->media == MAILPROTO_MEDIA_ALTERNATIVE, *html,
                  *text, attachments);
        return;
    }
    if (!in_line) {
        push(attachments, at);
        return;
    }
    if (within == MAILPROTO_MEDIA_ALTERNATIVE) {
        push(plain ? *text : is_html ? *html : attachments, at);
        return;
    }
    if (in_alternative) {
        *html = plain ? NULL : *html;
        *text = is_html ? NULL : *text;
    }
    push(*text, at);
    push(*html, at);
    if ((*text == NULL || *html == NULL) && shown(p->media)) {
        push(attachments, at);
    }
}

static void structure(const mailproto_index *ix, uint32_t at, uint32_t within,
                      int in_alternative, struct list *html, struct list *text,
                      struct list *attachments)
{
    size_t texts = text != NULL ? text->n : 0;
    size_t htmls = html != NULL ? html->n : 0;
    uint32_t part = ix->parts[at].first_child;
    size_t i;
    for (; part != MAILPROTO_PART_NONE; part = ix->parts[part].next_sibling) {
        one_part(ix, part, within, in_alternative, &html, &text, attachments,
                 part == ix->parts[at].first_child);
    }
    if (within == MAILPROTO_MEDIA_ALTERNATIVE && text != NULL && html != NULL) {
        if (texts == text->n && htmls != html->n) {
            for (i = htmls; i < html->n; i++) {
                push(text, html->parts[i]);
            }
        } else if (htmls == html->n && texts != text->n) {
            for (i = texts; i < text->n; i++) {
                push(html, text->parts[i]);
            }
        }
    }
}

static void random_tree(uint32_t *seed, char *out)
{
    unsigned open = 0;
    unsigned left = 24;
    for (;;) {
        unsigned r;
        *seed = *seed * 1664525U + 1013904223U;
        r = *seed >> 16;
        if (r % 7 < 3 && left > 0 && open < 20) {
            *out++ = "AAMR"[r / 7 % 4];
            *out++ = '(';
            open++;
        } else if (r % 7 < 6 && left > 0 && open > 0) {
            if (r / 7 % 5 < 2) {
                *out++ = "!="[r / 7 % 2];
            }
            *out++ = "pphhid"[r / 49 % 6];
        } else if (open > 0) {
            *out++ = ')';
            open--;
            left = open == 0 ? 0 : left;
        }
        left -= left > 0;
        if (open == 0 && left == 0) {
            break;
        }
    }
    *out = 0;
}

static void letters(const struct list *l, char *out)
{
    size_t i;
    for (i = 0; i < l->n; i++) {
        out[i] = (char)('a' + (char)l->parts[i]);
    }
    out[l->n] = 0;
}

static void test_random(void **state)
{
    mailproto_part parts[PARTS];
    uint32_t seed = 1;
    unsigned i;
    (void)state;
    for (i = 0; i < 20000; i++) {
        char text[200];
        char expected[PARTS + 1];
        struct list lists[3];
        struct list *html = &lists[1];
        struct list *plain = &lists[0];
        mailproto_index ix;
        uint32_t view;
        memset(lists, 0, sizeof lists);
        random_tree(&seed, text);
        ix = tree(text, parts);
        if (ix.count == 0) {
            continue;
        }
        one_part(&ix, 0, MAILPROTO_MEDIA_MIXED, 0, &html, &plain, &lists[2], 1);
        for (view = 0; view < 3; view++) {
            letters(&lists[view], expected);
            check(&ix, view, expected, text);
        }
    }
}

/* As deep as may be: every multipart is looked into. */
static void test_deep(void **state)
{
    static mailproto_part parts[PARTS];
    char text[3 * PARTS];
    mailproto_index ix;
    uint32_t out[1];
    size_t count;
    unsigned i;
    (void)state;
    text[0] = 0;
    for (i = 0; i < PARTS - 1; i++) {
        strcat(text, i % 2 == 0 ? "A(" : "M(");
    }
    strcat(text, "h");
    ix = tree(text, parts);
    assert_int_equal(mailproto_index_view(&ix, MAILPROTO_VIEW_HTML, out, 1, &count),
                     MAILPROTO_OK);
    assert_int_equal(count, 1);
    assert_int_equal(out[0], PARTS - 1);
}

static void test_misuse(void **state)
{
    mailproto_part parts[PARTS];
    mailproto_index ix = tree("p", parts);
    uint32_t out[1];
    size_t count;
    (void)state;
    assert_int_equal(mailproto_index_view(&ix, 3, out, 1, &count),
                     MAILPROTO_ERR_ARGUMENT);
    ix.count = 0;
    assert_int_equal(mailproto_index_view(&ix, 0, out, 1, &count),
                     MAILPROTO_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
