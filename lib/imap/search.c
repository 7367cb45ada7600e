/*
 * The search program (RFC 9051 6.4.4) as a flat array: the tokens of a SEARCH in prefix
 * order, each with the number of the node behind its operands. Knows levels of nesting;
 * must not know the grammar of keys, nor what they mean for a message.
 */
#include "imap/syntax_search.h"

#include "core/mem.h"

/* The nodes whose operands still come, one a level. */
struct nesting {
    uint32_t open[MAILPROTO__IMAP_SEARCH_LEVELS];
    uint32_t levels;
};

/* What is at this level or deeper ends before node `at`. */
static void close_from(struct nesting *n, uint32_t level, uint32_t at,
                       mailproto_imap_search_node *nodes, size_t cap)
{
    while (n->levels > level) {
        uint32_t node = n->open[--n->levels];
        if (node < cap) {
            nodes[node].end = at;
        }
    }
}

static void put_node(mailproto_imap_search_node *node,
                     const struct mailproto__imap_search_token *t)
{
    node->key = t->key;
    node->end = 0; /* until it is known */
    node->number = t->number;
    node->text = t->text;
    node->field = t->field;
    node->set = t->set;
    if (t->key == MAILPROTO_IMAP_KEY_NUMBERS || t->key == MAILPROTO_IMAP_KEY_UID) {
        mailproto__imap_set_note(&node->set); /* asked for each message */
    }
}

mailproto_status mailproto_imap_search_compile(mailproto_imap_cursor *keys,
                                               mailproto_imap_search_node *nodes,
                                               size_t cap, size_t *count)
{
    struct mailproto__imap_search s;
    struct mailproto__imap_search_token t;
    struct nesting n;
    mailproto_status st;
    uint32_t at = 0;
    n.levels = 0;
    mailproto__imap_search_open(&s, keys);
    while ((st = mailproto__imap_search_next(&s, &t)) == MAILPROTO_OK) {
        close_from(&n, t.level, at, nodes, cap);
        n.open[n.levels++] = at;
        if (at < cap) {
            put_node(&nodes[at], &t);
        }
        at++;
    }
    close_from(&n, 0, at, nodes, cap);
    *count = at;
    if (st != MAILPROTO_EOF) { /* AGAIN: the end of a prefix is none of a command */
        return st < 0 ? st : (mailproto_status)MAILPROTO_ERR_SYNTAX;
    }
    if (at > cap) {
        return MAILPROTO_ERR_MEMORY;
    }
    mailproto__imap_cursor_keep(keys, &s.reader);
    return MAILPROTO_OK;
}
