/*
 * Addresses of other projects' tests against optional data. Kinds that are paths of SMTP
 * are not looked at here: RFC 5321 4.1.2 has another grammar.
 */
#include "jsonl.h"
#include "value_listed.h"

enum { BIG = 8192, LIST = 16 };

/* A list as plain data. */
struct one {
    uint32_t type;
    uint32_t flags;
    char name[512], spec[BIG], local[BIG], domain[BIG];
};

struct list {
    struct one item[LIST];
    size_t count, mailboxes, groups, texts, ends;
    mailproto_status status;
    mailproto_defects d;
};

static struct list mine, other;

static void copy(char *to, size_t cap, mailproto_bytes from)
{
    assert_true(from.len < cap);
    if (from.len > 0) {
        memcpy(to, from.ptr, from.len);
    }
    to[from.len] = '\0';
}

/* The octets that a local part stands for. */
static void plain_local(char *to, mailproto_bytes local)
{
    size_t len;
    assert_int_equal(mailproto_text_plain(local, to, BIG - 1, &len), 0);
    to[len] = '\0';
}

static void read_list(const char *data, size_t len, uint32_t flags, struct list *l)
{
    mailproto_value v;
    mailproto_address a;
    mailproto_bytes value = {data, len};
    memset(l, 0, sizeof *l);
    memset(&a, 0, sizeof a);
    a.struct_size = sizeof a;
    l->d.struct_size = sizeof l->d;
    assert_int_equal(
        mailproto_value_open(&v, value, flags | MAILPROTO_VALUE_FINAL, &l->d), 0);
    while ((l->status = mailproto_address_next(&v, &a)) == MAILPROTO_OK) {
        struct one *to = &l->item[l->count < LIST ? l->count : LIST - 1];
        size_t n;
        to->type = a.type;
        to->flags = a.flags;
        assert_int_equal(mailproto_address_display(&a, MAILPROTO_ADDRESS_COMMENT_NAME,
                                                   NULL, to->name, sizeof to->name - 1,
                                                   &n),
                         0);
        to->name[n] = '\0';
        to->spec[0] = '\0';
        if (a.type == MAILPROTO_ADDRESS_MAILBOX) {
            assert_int_equal(mailproto_address_spec(&a, to->spec, BIG - 1, &n), 0);
            to->spec[n] = '\0';
            l->mailboxes++;
        }
        plain_local(to->local, a.local);
        copy(to->domain, BIG, a.domain);
        l->groups += a.type == MAILPROTO_ADDRESS_GROUP_BEGIN;
        l->ends += a.type == MAILPROTO_ADDRESS_GROUP_END;
        l->texts += a.type == MAILPROTO_ADDRESS_TEXT;
        l->count++;
    }
    assert_true(l->count <= LIST);
}

static int is(const char *text, const char *expected)
{
    return strcmp(text, expected != NULL ? expected : "") == 0;
}

/* Whether a strict reader takes it as exactly one addr-spec with a domain. */
static int strict_mailbox(const struct text *in)
{
    read_list(in->data, in->len, MAILPROTO_VALUE_STRICT, &mine);
    return mine.status == MAILPROTO_EOF && mine.count == 1 && mine.mailboxes == 1;
}

static void isemail(const struct jsonl *j, const struct text *in, struct listed *l)
{
    int error = is(jsonl_text(j, "expected.category"), "ISEMAIL_ERR");
    listed_row(l, jsonl_text(j, "id"), "strict", strict_mailbox(in) == !error);
}

static void dovecot(const struct jsonl *j, const struct text *in, struct listed *l)
{
    const char *id = jsonl_text(j, "id");
    int bad = jsonl_number(j, "expected.invalid_syntax", 0) != 0;
    const struct one *first = &mine.item[0];
    read_list(in->data, in->len, MAILPROTO_VALUE_STRICT, &mine);
    listed_row(l, id, "strict", (mine.status == MAILPROTO_EOF) == !bad);
    read_list(in->data, in->len, 0, &mine);
    listed_row(l, id, "name", is(first->name, jsonl_text(j, "expected.name")));
    listed_row(l, id, "local", is(first->local, jsonl_text(j, "expected.mailbox")));
    listed_row(l, id, "domain", is(first->domain, jsonl_text(j, "expected.domain")));
}

/* What another parser wrote again: it reads as the same list. */
static void same_list(const char *id, const struct text *in, const char *text,
                      struct listed *l)
{
    size_t i;
    int same;
    read_list(in->data, in->len, 0, &mine);
    read_list(text, strlen(text), 0, &other);
    same = mine.count == other.count;
    for (i = 0; same && i < mine.count; i++) {
        same = mine.item[i].type == other.item[i].type &&
               is(mine.item[i].name, other.item[i].name) &&
               is(mine.item[i].spec, other.item[i].spec);
    }
    listed_row(l, id, "list", same);
}

/* The other parser reads List- fields (RFC 2369) as addresses. 0: it is none. */
static int urls(const struct jsonl *j, const struct text *in, struct listed *l)
{
    const char *list = "expected.parsed.List";
    const char *first = jsonl_member_at(j, list, 0, "address");
    mailproto_value v;
    mailproto_list_item item;
    mailproto_bytes value = {in->data, in->len};
    size_t n = 0;
    int same = 1;
    if (first == NULL || strchr(first, ':') == NULL) {
        return 0;
    }
    memset(&item, 0, sizeof item);
    item.struct_size = sizeof item;
    assert_int_equal(mailproto_value_open(&v, value, MAILPROTO_VALUE_FINAL, NULL), 0);
    while (mailproto_list_url_next(&v, &item) == MAILPROTO_OK) {
        const char *name = jsonl_member_at(j, list, n, "name");
        char url[512];
        char comment[512];
        copy(url, sizeof url, item.value);
        copy(comment, sizeof comment, item.comment);
        same = same && is(url, jsonl_member_at(j, list, n, "address")) &&
               is(comment, name);
        n++;
    }
    listed_row(l, jsonl_text(j, "id"), "URLs", same && n == jsonl_count(j, list));
    return 1;
}

static void parsed(const struct jsonl *j, const struct text *in, struct listed *l)
{
    const char *id = jsonl_text(j, "id");
    int groups = jsonl_has(j, "expected.parsed.Group");
    size_t lists = groups ? jsonl_count(j, "expected.parsed.Group") : 1;
    size_t at = 0;
    size_t g;
    int same = 1;
    if (urls(j, in, l)) {
        return;
    }
    read_list(in->data, in->len, 0, &mine);
    for (g = 0; g < lists; g++) {
        char path[80] = "expected.parsed.List";
        const char *name = NULL;
        size_t n;
        if (groups) {
            snprintf(path, sizeof path, "expected.parsed.Group.%zu.name", g);
            name = jsonl_text(j, path);
            snprintf(path, sizeof path, "expected.parsed.Group.%zu.addresses", g);
        }
        if (name != NULL) {
            same = same && mine.item[at].type == MAILPROTO_ADDRESS_GROUP_BEGIN &&
                   is(mine.item[at].name, name);
            at++;
        }
        for (n = 0; n < jsonl_count(j, path) && same; n++, at++) {
            same = at < mine.count && mine.item[at].type == MAILPROTO_ADDRESS_MAILBOX &&
                   is(mine.item[at].name, jsonl_member_at(j, path, n, "name")) &&
                   is(mine.item[at].spec, jsonl_member_at(j, path, n, "address"));
        }
        at += name != NULL;
    }
    listed_row(l, id, "list", same && at == mine.count);
}

/* MimeKit: one address, one mailbox, one group, strict or not. */
static void mode(const struct jsonl *j, const struct text *in, struct listed *l)
{
    const char *kind = jsonl_text(j, "kind");
    int strict = is(jsonl_text(j, "expected.mode"), "strict");
    int valid;
    read_list(in->data, in->len, strict ? MAILPROTO_VALUE_STRICT : 0, &mine);
    valid = mine.status == MAILPROTO_EOF && mine.texts == 0 && mine.count > 0;
    if (is(kind, "mailbox")) {
        valid = valid && mine.mailboxes == 1 && mine.count == 1;
    } else if (is(kind, "group")) {
        valid = valid && mine.groups == 1 &&
                mine.item[0].type == MAILPROTO_ADDRESS_GROUP_BEGIN;
    }
    listed_row(l, jsonl_text(j, "id"), "valid",
               valid == (jsonl_number(j, "expected.valid", 0) != 0));
}

static void vectors(void **state)
{
    static struct listed l;
    struct text in = {NULL, 0, 0};
    struct jsonl *j = listed_open(&l, "addresses");
    unsigned paths = 0;
    (void)state;
    while (listed_next(j, &in)) {
        const char *kind = jsonl_text(j, "kind");
        const char *id = jsonl_text(j, "id");
        if (is(kind, "isemail")) {
            isemail(j, &in, &l);
        } else if (strncmp(kind, "smtp-", 5) == 0) {
            paths++;
        } else if (!is(kind, "address-list")) {
            mode(j, &in, &l);
        } else if (jsonl_has(j, "expected.invalid_syntax")) {
            dovecot(j, &in, &l);
        } else if (jsonl_has(j, "expected.parsed")) {
            parsed(j, &in, &l);
        } else if (jsonl_text(j, "expected.encoded") != NULL) {
            same_list(id, &in, jsonl_text(j, "expected.encoded"), &l);
        } else if (jsonl_text(j, "expected.formatted") != NULL) {
            same_list(id, &in, jsonl_text(j, "expected.formatted"), &l);
        } else {
            read_list(in.data, in.len, 0, &mine);
            listed_row(&l, id, "none", mine.mailboxes == 0);
        }
    }
    jsonl_close(j);
    text_free(&in);
    print_message("%u paths of SMTP left out\n", paths);
    assert_true(l.rows > 300);
    listed_end(&l, "addresses");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
