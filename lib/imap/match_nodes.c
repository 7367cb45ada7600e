/*
 * The nodes of a search program (RFC 9051 6.4.4) in three values: yes, no, not known yet.
 * One look at each node, from the last to the first, so that operands are known before
 * their operator without a stack. Must not know what a key means.
 */
#include "imap/match.h"

static int is_operator(uint32_t key)
{
    return key == MAILPROTO_IMAP_KEY_AND || key == MAILPROTO_IMAP_KEY_OR ||
           key == MAILPROTO_IMAP_KEY_NOT;
}

/* How many operands a node has; SIZE_MAX: they do not end where they should. */
static size_t operands_of(const mailproto_imap_search_node *nodes, size_t i)
{
    size_t operands = 0;
    size_t at = i + 1;
    while (at < nodes[i].end) {
        at = nodes[at].end; /* it was looked at before */
        operands++;
    }
    return at == nodes[i].end ? operands : SIZE_MAX;
}

static int is_node(uint32_t key, size_t operands)
{
    switch (key) {
    case MAILPROTO_IMAP_KEY_AND:
        return operands != SIZE_MAX;
    case MAILPROTO_IMAP_KEY_OR:
        return operands == 2;
    case MAILPROTO_IMAP_KEY_NOT:
        return operands == 1;
    default:
        return operands == 0 && key != 0 &&
               key <= MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED;
    }
}

int mailproto__match_is_program(const mailproto_imap_search_node *nodes, size_t count)
{
    size_t i;
    if (count == 0 || count > MAILPROTO__MATCH_NODES || nodes[0].end != count) {
        return 0;
    }
    for (i = count; i-- > 0;) {
        if (nodes[i].end <= i || nodes[i].end > count ||
            !is_node(nodes[i].key, operands_of(nodes, i))) {
            return 0;
        }
    }
    return 1;
}

/* An operator from its operands. */
static unsigned decide(const struct mailproto__match *m, uint32_t i)
{
    const mailproto_imap_search_node *node = &m->nodes[i];
    /* What one operand decides: no of AND, yes of OR. */
    unsigned strong =
        node->key == MAILPROTO_IMAP_KEY_OR ? MAILPROTO__MATCH_YES : MAILPROTO__MATCH_NO;
    unsigned all = MAILPROTO__MATCH_YES + MAILPROTO__MATCH_NO - strong;
    uint32_t at;
    if (node->key == MAILPROTO_IMAP_KEY_NOT) {
        unsigned value = mailproto__match_get(m, i + 1);
        return value == MAILPROTO__MATCH_OPEN
                   ? value
                   : MAILPROTO__MATCH_YES + MAILPROTO__MATCH_NO - value;
    }
    for (at = i + 1; at < node->end; at = m->nodes[at].end) {
        unsigned value = mailproto__match_get(m, at);
        if (value == strong) {
            return strong;
        }
        if (value == MAILPROTO__MATCH_OPEN) {
            all = MAILPROTO__MATCH_OPEN;
        }
    }
    return all;
}

unsigned mailproto__match_decide(struct mailproto__match *m)
{
    uint32_t i;
    for (i = m->count; i-- > 0;) {
        if (is_operator(m->nodes[i].key) &&
            mailproto__match_get(m, i) == MAILPROTO__MATCH_OPEN) {
            mailproto__match_set(m, i, decide(m, i));
        }
    }
    return mailproto__match_get(m, 0);
}

uint32_t mailproto__match_open_key(const struct mailproto__match *m, uint32_t i)
{
    while (i < m->count) {
        if (mailproto__match_get(m, i) != MAILPROTO__MATCH_OPEN) {
            i = m->nodes[i].end; /* whatever its operands are */
        } else if (is_operator(m->nodes[i].key)) {
            i++;
        } else {
            return i;
        }
    }
    return m->count;
}
