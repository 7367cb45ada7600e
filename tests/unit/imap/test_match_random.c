/*
 * Random programs over random facts and messages, against an evaluator that recurs over
 * a tree and a model of the message that was never encoded.
 */
#include "match_check.h"

#include <mailproto/field.h>

static uint64_t random_state;

static unsigned below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % limit);
}

struct buffer {
    char at[8192];
    size_t len;
};

static void put(struct buffer *b, const char *text, size_t len)
{
    assert_true(len <= sizeof b->at - b->len);
    memcpy(b->at + b->len, text, len);
    b->len += len;
}

static void puts_to(struct buffer *b, const char *text)
{
    put(b, text, strlen(text));
}

/* ---- the model of a message ----------------------------------------------------------------- */

enum { FIELDS = 6, TEXTS = 12 };

static const char *const names[] = {"From", "To", "Cc", "Bcc", "Subject", "X-A"};

static struct {
    struct buffer message; /* as it is stored */
    struct {
        const char *name;
        struct buffer value;
    } fields[FIELDS];
    unsigned fields_count;
    int has_date;
    int32_t day; /* since 1970 */
    struct buffer headers[TEXTS];
    unsigned headers_count;
    struct buffer bodies[TEXTS];
    unsigned bodies_count;
} model;

/* Few octets, so that texts are found. */
static void random_text(struct buffer *b, unsigned words, int lines)
{
    static const char *const letters[] = {"a", "b", "A", "B", "\xc3\xa9"};
    while (words-- > 0) {
        unsigned n = 1 + below(3);
        while (n-- > 0) {
            puts_to(b, letters[below(5)]);
        }
        if (words > 0) {
            puts_to(b, lines && below(3) == 0 ? "\r\n" : " ");
        }
    }
}

static void put_hex(struct buffer *b, unsigned char octet)
{
    char text[4];
    sprintf(text, "=%02X", octet);
    puts_to(b, text);
}

/* A value without blanks at its ends: as it is, folded, or as an encoded word. */
static void encode_value(struct buffer *out, const struct buffer *text)
{
    size_t i;
    unsigned how = below(3);
    if (how == 2) {
        puts_to(out, "=?utf-8?q?");
    }
    for (i = 0; i < text->len; i++) {
        char c = text->at[i];
        if (how == 1 && c == ' ') {
            puts_to(out, "\r\n");
        }
        if (how == 2 && (c == ' ' || (c & 0x80))) {
            put_hex(out, (unsigned char)c);
        } else {
            put(out, &c, 1);
        }
    }
    if (how == 2) {
        puts_to(out, "?=");
    }
    puts_to(out, "\r\n");
}

static void encode_base64(struct buffer *out, const struct buffer *text)
{
    mailproto_codec c;
    size_t used;
    size_t got;
    assert_int_equal(
        mailproto_encoder_init(&c, MAILPROTO_ENCODING_BASE64, MAILPROTO_CODEC_LINES),
        MAILPROTO_OK);
    assert_int_equal(mailproto_codec_run(&c, text->at, text->len, &used,
                                         out->at + out->len, sizeof out->at - out->len,
                                         &got, MAILPROTO_CODEC_FINAL),
                     MAILPROTO_OK);
    out->len += got;
}

static void encode_body(struct buffer *out, const struct buffer *text, unsigned how)
{
    size_t i;
    if (how == 2) {
        encode_base64(out, text);
        return;
    }
    for (i = 0; i < text->len; i++) {
        char c = text->at[i];
        if (how == 1 && (c == ' ' || (c & 0x80))) {
            put_hex(out, (unsigned char)c);
            if (below(4) == 0) {
                puts_to(out, "=\r\n");
            }
        } else {
            put(out, &c, 1);
        }
    }
}

/* A field that stands in the message as it does in the model. */
static void plain_field(struct buffer *header, const char *line)
{
    puts_to(&model.message, line);
    puts_to(&model.message, "\r\n");
    puts_to(header, line);
    puts_to(header, "\n");
}

static struct buffer *new_text(struct buffer *texts, unsigned *count)
{
    assert_true(*count < TEXTS);
    texts[*count].len = 0;
    return &texts[(*count)++];
}

/* The fields that say how a body is encoded, the blank line, the body. */
static void text_part(struct buffer *header, int last)
{
    static const char *const encodings[] = {"8bit", "quoted-printable", "base64"};
    static const char *const types[] = {"text/plain", "text/html", "message/x-any",
                                        "application/x-any"};
    unsigned how = below(3);
    unsigned type = below(4);
    struct buffer text;
    char line[100];
    text.len = 0;
    random_text(&text, below(8), 1);
    snprintf(line, sizeof line, "Content-Type: %s; charset=utf-8", types[type]);
    plain_field(header, line);
    snprintf(line, sizeof line, "Content-Transfer-Encoding: %s", encodings[how]);
    plain_field(header, line);
    puts_to(&model.message, "\r\n");
    encode_body(&model.message, &text, how);
    if (type < 3) {
        *new_text(model.bodies, &model.bodies_count) = text;
    }
    if (!last) {
        puts_to(&model.message, "\r\n");
    }
}

static void multipart(struct buffer *header)
{
    unsigned count = 1 + below(3);
    plain_field(header, "Content-Type: multipart/mixed; boundary=zz");
    puts_to(&model.message, "\r\n");
    while (count-- > 0) {
        struct buffer *mime = new_text(model.headers, &model.headers_count);
        puts_to(&model.message, "--zz\r\n");
        if (below(4) == 0) { /* a message inside */
            plain_field(mime, "Content-Type: message/rfc822");
            puts_to(&model.message, "\r\n");
            mime = new_text(model.headers, &model.headers_count);
            plain_field(mime, "Subject: ab ba");
        }
        text_part(mime, 0);
    }
    puts_to(&model.message, "--zz--\r\n");
}

static void make_message(void)
{
    struct buffer *header;
    unsigned count = below(FIELDS);
    model.message.len = 0;
    model.fields_count = 0;
    model.headers_count = 0;
    model.bodies_count = 0;
    header = new_text(model.headers, &model.headers_count);
    model.has_date = below(3) != 0;
    if (model.has_date) {
        char line[64];
        model.day = (int32_t)below(4);
        snprintf(line, sizeof line, "Date: %d Jan 1970 0%u:30:00 %s", model.day + 1,
                 below(10), below(2) ? "+0300" : "-0300");
        plain_field(header, line);
    }
    while (count-- > 0) {
        const char *name = names[below(6)];
        struct buffer text;
        text.len = 0;
        random_text(&text, 1 + below(5), 0);
        model.fields[model.fields_count].name = name;
        model.fields[model.fields_count].value.len = 0;
        puts_to(&model.fields[model.fields_count].value, " ");
        put(&model.fields[model.fields_count].value, text.at, text.len);
        model.fields_count++;
        puts_to(&model.message, name);
        puts_to(&model.message, ": ");
        encode_value(&model.message, &text);
        puts_to(header, name);
        puts_to(header, ": ");
        put(header, text.at, text.len);
        puts_to(header, "\n");
    }
    if (below(2)) {
        multipart(header);
    } else {
        text_part(header, 1);
    }
}

/* ---- facts ---------------------------------------------------------------------------------- */

static const char *const words[] = {"k1", "K2", "k3"};
static mailproto_bytes keywords[3];
static mailproto_imap_range saved[2];

static mailproto_imap_facts make_facts(void)
{
    mailproto_imap_facts f = {.struct_size = sizeof f};
    f.largest_seq = 3 + below(4);
    f.largest_uid = 10 + below(3);
    f.seq = 1 + below(f.largest_seq);
    f.uid = f.seq + below(f.largest_uid - f.seq + 1);
    f.flags = below(64);
    f.size = below(6);
    f.modseq = below(6);
    f.internal.set = below(5) != 0;
    f.internal.utc = (int64_t)below(5 * 86400) - 86400;
    f.internal.zone_minutes = (int32_t)below(1200) - 600;
    f.saved = f.internal;
    f.saved.set = below(3) != 0;
    f.keywords = keywords;
    while (f.keywords_count < 3 && below(2)) {
        keywords[f.keywords_count].ptr = words[f.keywords_count];
        keywords[f.keywords_count++].len = 2;
    }
    f.email_id.ptr = "M1";
    f.email_id.len = below(2) * 2U;
    f.thread_id.ptr = "T1";
    f.thread_id.len = below(2) * 2U;
    if (below(4) != 0) {
        saved[0].low = 1 + below(4);
        saved[0].high = saved[0].low + below(3);
        saved[1].low = saved[0].high + 1 + below(3);
        saved[1].high = saved[1].low + below(3);
        f.saved_uids = saved;
        f.saved_uids_count = below(3);
    }
    return f;
}

/* ---- programs: as text, and as what they mean ------------------------------------------------ */

enum { TREE = 400 };

enum form { ALWAYS, ALL_OF, ONE_OF, NONE_OF };
struct tree {
    enum form form; /* ALWAYS: `value` */
    int value;
    unsigned operands, of[6];
};

static struct tree trees[TREE];
static unsigned trees_count;
static struct buffer program;
static const mailproto_imap_facts *facts;

static unsigned new_tree(enum form form, int value)
{
    struct tree *t = &trees[trees_count];
    assert_true(trees_count < TREE);
    memset(t, 0, sizeof *t);
    t->form = form;
    t->value = value;
    return trees_count++;
}

static int evaluate(unsigned i)
{
    const struct tree *t = &trees[i];
    unsigned yes = 0;
    unsigned k;
    for (k = 0; k < t->operands; k++) {
        yes += (unsigned)evaluate(t->of[k]);
    }
    switch (t->form) {
    case ALL_OF:
        return yes == t->operands;
    case ONE_OF:
        return yes > 0;
    case NONE_OF:
        return yes == 0;
    case ALWAYS:
    default:
        return t->value;
    }
}

static int same(char a, char b)
{
    a = a >= 'A' && a <= 'Z' ? (char)(a + 32) : a;
    b = b >= 'A' && b <= 'Z' ? (char)(b + 32) : b;
    return a == b;
}

/* With CRLF as LF in the needle and in the text. */
static int has(const struct buffer *text, const struct buffer *needle)
{
    static struct buffer a;
    static struct buffer b;
    size_t i;
    a.len = 0;
    b.len = 0;
    for (i = 0; i < text->len; i++) {
        if (text->at[i] != '\r') {
            put(&a, text->at + i, 1);
        }
    }
    for (i = 0; i < needle->len; i++) {
        if (needle->at[i] != '\r') {
            put(&b, needle->at + i, 1);
        }
    }
    for (i = 0; i + b.len <= a.len; i++) {
        size_t k = 0;
        while (k < b.len && same(a.at[i + k], b.at[k])) {
            k++;
        }
        if (k == b.len) {
            return 1;
        }
    }
    return 0;
}

static int any_has(const struct buffer *texts, unsigned count,
                   const struct buffer *needle)
{
    unsigned i;
    for (i = 0; i < count; i++) {
        if (has(&texts[i], needle)) {
            return 1;
        }
    }
    return needle->len == 0;
}

static int field_has(const char *name, const struct buffer *needle)
{
    unsigned i;
    for (i = 0; i < model.fields_count; i++) {
        if (strcmp(model.fields[i].name, name) == 0 &&
            has(&model.fields[i].value, needle)) {
            return 1;
        }
    }
    return 0;
}

/* " {n}\r\n..." or " \"...\"" */
static void put_needle(struct buffer *needle)
{
    char head[32];
    needle->len = 0;
    random_text(needle, below(4), 1);
    if (memchr(needle->at, '\r', needle->len) != NULL || needle->len == 0 ||
        memchr(needle->at, '\xc3', needle->len) != NULL || below(2)) {
        snprintf(head, sizeof head, " {%u}\r\n", (unsigned)needle->len);
        puts_to(&program, head);
        put(&program, needle->at, needle->len);
    } else {
        puts_to(&program, " \"");
        put(&program, needle->at, needle->len);
        puts_to(&program, "\"");
    }
}

static int days(unsigned how, int has_day, int64_t day, int64_t asked)
{
    if (!has_day) {
        return 0;
    }
    return how == 0 ? day < asked : how == 1 ? day == asked : day >= asked;
}

static int64_t local_day(const mailproto_imap_date *d)
{
    int64_t at = d->utc + d->zone_minutes * 60 + 864000;
    return at / 86400 - 10;
}

static unsigned date_key(void)
{
    static const char *const kinds[] = {"", "SENT", "SAVED"};
    static const char *const hows[] = {"BEFORE", "ON", "SINCE"};
    unsigned kind = below(3);
    unsigned how = below(3);
    int64_t asked = (int64_t)below(6);
    char text[64];
    int value;
    snprintf(text, sizeof text, "%s%s %d-Jan-1970", kinds[kind], hows[how],
             (int)asked + 1);
    puts_to(&program, text);
    value = kind == 0
                ? days(how, facts->internal.set, local_day(&facts->internal), asked)
            : kind == 1 ? days(how, model.has_date, model.day, asked)
                        : days(how, facts->saved.set, local_day(&facts->saved), asked);
    return new_tree(ALWAYS, value);
}

static int in_saved(void)
{
    size_t i;
    for (i = 0; facts->saved_uids != NULL && i < facts->saved_uids_count; i++) {
        if (saved[i].low <= facts->uid && facts->uid <= saved[i].high) {
            return 1;
        }
    }
    return 0;
}

static unsigned set_key(void)
{
    int uid = (int)below(2);
    uint32_t number = uid ? facts->uid : facts->seq;
    uint32_t largest = uid ? facts->largest_uid : facts->largest_seq;
    unsigned ranges = 1 + below(3);
    int value = 0;
    puts_to(&program, uid ? "UID " : "");
    if (below(4) == 0) {
        puts_to(&program, "$");
        return new_tree(ALWAYS, in_saved());
    }
    while (ranges-- > 0) {
        uint32_t low = below(13);
        uint32_t high = below(2) ? low : below(13);
        char text[40];
        char one[2][12];
        snprintf(one[0], sizeof one[0], low != 0 ? "%u" : "*", (unsigned)low);
        snprintf(one[1], sizeof one[1], high != 0 ? "%u" : "*", (unsigned)high);
        snprintf(text, sizeof text, "%s:%s%s", one[0], one[1], ranges > 0 ? "," : "");
        puts_to(&program, text);
        low = low != 0 ? low : largest;
        high = high != 0 ? high : largest;
        value |= (low <= number && number <= high) || (high <= number && number <= low);
    }
    return new_tree(ALWAYS, value);
}

static unsigned number_key(void)
{
    static const char *const kinds[] = {"LARGER", "SMALLER", "MODSEQ"};
    unsigned kind = below(3);
    unsigned n = below(7);
    char text[32];
    snprintf(text, sizeof text, "%s %u", kinds[kind], n);
    puts_to(&program, text);
    return new_tree(ALWAYS, kind == 0   ? facts->size > n
                            : kind == 1 ? facts->size < n
                                        : facts->modseq >= n);
}

static unsigned flag_key(void)
{
    static const struct {
        const char *key;
        uint32_t set, clear;
    } flags[] = {{"SEEN", 1, 0},       {"UNSEEN", 0, 1},    {"ANSWERED", 2, 0},
                 {"UNANSWERED", 0, 2}, {"FLAGGED", 4, 0},   {"UNFLAGGED", 0, 4},
                 {"DELETED", 8, 0},    {"UNDELETED", 0, 8}, {"DRAFT", 16, 0},
                 {"UNDRAFT", 0, 16},   {"RECENT", 32, 0},   {"OLD", 0, 32},
                 {"NEW", 32, 1},       {"ALL", 0, 0}};
    unsigned i = below(14);
    puts_to(&program, flags[i].key);
    return new_tree(ALWAYS, (facts->flags & flags[i].set) == flags[i].set &&
                                (facts->flags & flags[i].clear) == 0);
}

static unsigned other_key(void)
{
    static const char *const asked[] = {"KEYWORD K1",  "UNKEYWORD k2",
                                        "KEYWORD k3",  "EMAILID M1",
                                        "THREADID T1", "SAVEDATESUPPORTED"};
    unsigned i = below(6);
    puts_to(&program, asked[i]);
    return new_tree(ALWAYS, i == 0   ? facts->keywords_count > 0
                            : i == 1 ? facts->keywords_count < 2
                            : i == 2 ? facts->keywords_count > 2
                            : i == 3 ? facts->email_id.len > 0
                            : i == 4 ? facts->thread_id.len > 0
                                     : facts->saved.set);
}

static unsigned text_key(void)
{
    unsigned kind = below(8);
    struct buffer needle;
    int value;
    if (kind < 5) {
        const char *name = names[kind];
        puts_to(&program, name);
        put_needle(&needle);
        value = field_has(name, &needle);
    } else if (kind == 5) {
        puts_to(&program, "HEADER x-a");
        put_needle(&needle);
        value = field_has("X-A", &needle);
    } else {
        puts_to(&program, kind == 6 ? "BODY" : "TEXT");
        put_needle(&needle);
        value = any_has(model.bodies, model.bodies_count, &needle) ||
                (kind == 7 && any_has(model.headers, model.headers_count, &needle));
    }
    return new_tree(ALWAYS, value);
}

static unsigned make_keys(unsigned depth, unsigned count);

static unsigned make_key(unsigned depth)
{
    unsigned kind = below(depth > 0 ? 24 : 10);
    unsigned i;
    unsigned operand;
    switch (kind < 14 ? kind : 10 + kind % 4) {
    case 0:
        return date_key();
    case 1:
        return set_key();
    case 2:
        return number_key();
    case 3:
        return flag_key();
    case 4:
        return other_key();
    case 10:
    case 11:
        puts_to(&program, "NOT ");
        i = new_tree(NONE_OF, 0);
        operand = make_key(depth - 1);
        trees[i].of[trees[i].operands++] = operand;
        return i;
    case 12:
        puts_to(&program, "OR ");
        i = new_tree(ONE_OF, 0);
        operand = make_key(depth - 1);
        trees[i].of[trees[i].operands++] = operand;
        puts_to(&program, " ");
        operand = make_key(depth - 1);
        trees[i].of[trees[i].operands++] = operand;
        return i;
    case 13:
        puts_to(&program, "(");
        i = make_keys(depth - 1, 1 + below(3));
        puts_to(&program, ")");
        return i;
    default:
        return text_key();
    }
}

static unsigned make_keys(unsigned depth, unsigned count)
{
    unsigned i = new_tree(ALL_OF, 0);
    while (count-- > 0) {
        unsigned operand = make_key(depth);
        trees[i].of[trees[i].operands++] = operand;
        puts_to(&program, count > 0 ? " " : "");
    }
    return i;
}

/* ---- the test --------------------------------------------------------------------------------- */

static struct match_program compiled;
static struct match_message message;

static void compare(unsigned round, int expected)
{
    struct match_source s;
    mailproto_source source;
    int asked[2];
    int is[2];
    match_message_open(&message, model.message.at, model.message.len, MATCH_PARTS);
    source = match_offset_source(&s, &message, 1 + below(200), (int)below(2));
    is[0] = match_with(compiled.nodes, compiled.count, facts, &message.memory,
                       &message.index, MAILPROTO_IMAP_MATCH_WORK, &asked[0]);
    is[1] = match_with(compiled.nodes, compiled.count, facts, &source, &message.index,
                       MAILPROTO_IMAP_MATCH_WORK, &asked[1]);
    if (is[0] != expected || is[1] != expected || asked[0] != asked[1]) {
        fail_msg("round %u: %d from memory, %d by offset, should be %d\n<%.*s>\n<%.*s>",
                 round, is[0], is[1], expected, (int)program.len, program.at,
                 (int)model.message.len, model.message.at);
    }
}

static void as_the_naive_one(void **state)
{
    unsigned round;
    unsigned matched = 0;
    unsigned nodes = 0;
    const unsigned rounds = 6000;
    (void)state;
    for (round = 0; round < rounds; round++) {
        mailproto_imap_facts f;
        unsigned whole;
        int expected;
        random_state = 88172645463325252U + round * UINT64_C(0x9e3779b97f4a7c15);
        (void)below(2);
        make_message();
        f = make_facts();
        facts = &f;
        program.len = 0;
        trees_count = 0;
        whole = make_keys(below(5), 1 + below(2));
        expected = evaluate(whole);
        if (match_compile_octets(&compiled, program.at, program.len) != MAILPROTO_OK) {
            fail_msg("round %u: not compiled <%.*s>", round, (int)program.len,
                     program.at);
        }
        compare(round, expected);
        matched += (unsigned)expected;
        nodes += (unsigned)compiled.count;
    }
    print_message("%u of %u matched, %u nodes\n", matched, rounds, nodes);
    assert_in_range(matched, rounds / 5, rounds * 4 / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_naive_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
