/*
 * The matcher's calls: facts first, then the message's header, then its parts in order,
 * until the program is decided. Must not know keys one by one, nor how text is read.
 */
#include "core/mem.h"
#include "core/options.h"
#include "imap/match.h"

#define KEY_BIT(key) (UINT32_C(1) << (key))
#define HEADER_KEYS                                                                    \
    (KEY_BIT(MAILPROTO_IMAP_KEY_HEADER) | KEY_BIT(MAILPROTO_IMAP_KEY_TEXT) |           \
     KEY_BIT(MAILPROTO_IMAP_KEY_SENTBEFORE) | KEY_BIT(MAILPROTO_IMAP_KEY_SENTON) |     \
     KEY_BIT(MAILPROTO_IMAP_KEY_SENTSINCE))

static struct mailproto__match *match_of(mailproto_imap_match *m)
{
    return (struct mailproto__match *)(void *)m->opaque;
}

/* ---- opening -------------------------------------------------------------------------- */

static int is_external(const mailproto_imap_search_node *node)
{
    return node->text.form == MAILPROTO_IMAP_EXTERNAL ||
           node->field.form == MAILPROTO_IMAP_EXTERNAL;
}

/* What the texts of a program need; 0: one is longer than can be. The same for every
 * message, so that a program that is matched with one is matched with all. */
static int measure(const mailproto_imap_search_node *nodes, size_t count, size_t most,
                   size_t *needles, size_t *octets)
{
    size_t room;
    size_t i;
    *needles = 0;
    *octets = 0;
    for (i = 0; i < count; i++) {
        if (!mailproto__match_is_text(nodes[i].key)) {
            continue;
        }
        if (nodes[i].text.raw.len > UINT16_MAX / 4) { /* its room is less than that */
            return 0;
        }
        room = mailproto__match_room(&nodes[i].text);
        if (room > most - *octets) {
            return 0;
        }
        *octets += room;
        ++*needles;
    }
    return 1;
}

/* Shares the work memory out. What is left is for reading and decoding. */
static int carve(struct mailproto__match *m, void *work, size_t size)
{
    struct mailproto__block b = mailproto__block_start(work);
    size_t start = (size_t)(b.at - (char *)work);
    size_t needles;
    size_t octets;
    size_t left;
    if (size < MAILPROTO_IMAP_MATCH_WORK ||
        !measure(m->nodes, m->count, size, &needles, &octets)) {
        return 0;
    }
    left = size - start;
    if (needles * sizeof(struct mailproto__needle) + octets * 3 + m->count / 4 + 1 +
            MAILPROTO__MATCH_IN + MAILPROTO__MATCH_CUT + MAILPROTO__MATCH_OUT +
            MAILPROTO__MATCH_FOLDED >
        left) {
        return 0;
    }
    m->needles = (struct mailproto__needle *)(void *)b.at;
    b.at += needles * sizeof(struct mailproto__needle);
    m->back = (uint16_t *)(void *)b.at;
    m->texts = b.at + octets * 2;
    m->values = (unsigned char *)m->texts + octets;
    m->in = (char *)m->values + m->count / 4 + 1;
    left = (size_t)((char *)work + size - m->in) - MAILPROTO__MATCH_CUT -
           MAILPROTO__MATCH_FOLDED;
    m->out_size = left / 4; /* at least OUT, and what is left IN */
    if (m->out_size > MAILPROTO__MATCH_OUT_MOST) {
        m->out_size = MAILPROTO__MATCH_OUT_MOST;
    }
    m->in_size = left - m->out_size;
    m->out = m->in + m->in_size + MAILPROTO__MATCH_CUT;
    m->folded = m->out + m->out_size;
    return 1;
}

/* C99 has no static assertion: what must hold is a positive array size. */
typedef char
    shares_fit[(int)MAILPROTO__MATCH_IN == 3 * (int)MAILPROTO__MATCH_OUT ? 1 : -1];

/* Every key that the facts decide. */
static void take_facts(struct mailproto__match *m, const mailproto_imap_facts *facts)
{
    uint32_t i;
    memset(m->values, 0, m->count / 4 + 1);
    for (i = 0; i < m->count; i++) {
        mailproto__match_set(m, i, mailproto__match_fact(&m->nodes[i], facts));
    }
}

mailproto_status mailproto_imap_match_open(mailproto_imap_match *match,
                                           const mailproto_imap_search_node *nodes,
                                           size_t count,
                                           const mailproto_imap_facts *facts,
                                           void *work, size_t size)
{
    struct mailproto__match *m = match_of(match);
    mailproto_imap_facts known;
    mailproto_status st;
    size_t i;
    memset(match, 0, sizeof *match);
    if (nodes == NULL || facts == NULL || work == NULL ||
        !mailproto__match_is_program(nodes, count)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (i = 0; i < count; i++) {
        if (is_external(&nodes[i])) { /* its octets are not here */
            return MAILPROTO_ERR_ARGUMENT;
        }
    }
    st = mailproto__options_copy(&known, sizeof known, facts);
    if (st != MAILPROTO_OK) {
        return st;
    }
    m->nodes = nodes;
    m->count = (uint32_t)count;
    if (!carve(m, work, size)) {
        return MAILPROTO_ERR_MEMORY;
    }
    take_facts(m, &known);
    m->phase =
        mailproto__match_settle(m) ? MAILPROTO__MATCH_DECIDED : MAILPROTO__MATCH_FACTS;
    return MAILPROTO_OK;
}

mailproto_status mailproto_imap_match_message(mailproto_imap_match *match,
                                              const mailproto_source *source,
                                              const mailproto_index *ix)
{
    struct mailproto__match *m = match_of(match);
    mailproto_status st = MAILPROTO_OK;
    if (m->phase != MAILPROTO__MATCH_ASKED) {
        return MAILPROTO_ERR_STATE;
    }
    if (source == NULL || (source->data == NULL && source->read_at == NULL) ||
        ix == NULL || ix->parts == NULL || ix->count == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    m->source = source;
    m->ix = ix;
    mailproto__match_needles(m);
    if ((m->asked & HEADER_KEYS) != 0) {
        st = mailproto__match_header_open(m, &ix->parts[0]);
    }
    if (st == MAILPROTO_OK) {
        m->phase = (m->asked & HEADER_KEYS) != 0 ? MAILPROTO__MATCH_HEADER
                                                 : MAILPROTO__MATCH_PART;
    }
    return st;
}

/* ---- steps ---------------------------------------------------------------------------- */

/* What was not found is not there: keys of the header, or all. */
static void give_up(struct mailproto__match *m, int all)
{
    uint32_t i;
    for (i = mailproto__match_open_key(m, 0); i < m->count;
         i = mailproto__match_open_key(m, i + 1)) {
        if (all || m->nodes[i].key == MAILPROTO_IMAP_KEY_HEADER ||
            mailproto__match_is_sent(m->nodes[i].key)) {
            mailproto__match_set(m, i, MAILPROTO__MATCH_NO);
            m->found = 1;
        }
    }
}

/* The header of the message. */
static mailproto_status run_header(struct mailproto__match *m)
{
    mailproto_status st = mailproto__match_header_next(m);
    if (st == MAILPROTO_EOF) {
        give_up(m, 0);
        m->phase = MAILPROTO__MATCH_PART;
        st = MAILPROTO_OK;
    }
    return st;
}

/* The next part begins. */
static mailproto_status run_part(struct mailproto__match *m)
{
    mailproto_status st = MAILPROTO_OK;
    m->opened = 0;
    if (m->part >= m->ix->count) {
        give_up(m, 1);
        return MAILPROTO_OK;
    }
    if (m->part > 0 && (m->asked & KEY_BIT(MAILPROTO_IMAP_KEY_TEXT)) != 0) {
        st = mailproto__match_header_open(m, &m->ix->parts[m->part]);
        if (st == MAILPROTO_OK) {
            m->phase = MAILPROTO__MATCH_MIME;
        }
    } else {
        m->phase = MAILPROTO__MATCH_TEXT;
    }
    return st;
}

static mailproto_status run_mime(struct mailproto__match *m)
{
    mailproto_status st = mailproto__match_header_next(m);
    if (st == MAILPROTO_EOF) {
        m->phase = MAILPROTO__MATCH_TEXT;
        st = MAILPROTO_OK;
    }
    return st;
}

static mailproto_status run_text(struct mailproto__match *m)
{
    mailproto_status st = MAILPROTO_OK;
    if (!m->opened) {
        st = mailproto__match_text_open(m, &m->ix->parts[m->part]);
        m->opened = st == MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK) {
        st = mailproto__match_text_next(m);
    }
    if (st == MAILPROTO_EOF) {
        m->part++;
        m->phase = MAILPROTO__MATCH_PART;
        st = MAILPROTO_OK;
    }
    return st;
}

mailproto_status mailproto_imap_match_run(mailproto_imap_match *match)
{
    struct mailproto__match *m = match_of(match);
    mailproto_status st = MAILPROTO_OK;
    while (st == MAILPROTO_OK) {
        if (m->found && mailproto__match_settle(m)) {
            m->phase = MAILPROTO__MATCH_DECIDED;
        }
        switch (m->phase) {
        case MAILPROTO__MATCH_CLOSED:
            return MAILPROTO_ERR_STATE;
        case MAILPROTO__MATCH_FACTS:
        case MAILPROTO__MATCH_ASKED:
            m->phase = MAILPROTO__MATCH_ASKED;
            return MAILPROTO_AGAIN;
        case MAILPROTO__MATCH_HEADER:
            st = run_header(m);
            break;
        case MAILPROTO__MATCH_PART:
            st = run_part(m);
            break;
        case MAILPROTO__MATCH_MIME:
            st = run_mime(m);
            break;
        case MAILPROTO__MATCH_TEXT:
            st = run_text(m);
            break;
        default:
            return MAILPROTO_OK;
        }
    }
    return st;
}

int mailproto_imap_match_result(const mailproto_imap_match *match)
{
    const struct mailproto__match *m =
        (const struct mailproto__match *)(const void *)match->opaque;
    return m->phase == MAILPROTO__MATCH_DECIDED &&
           mailproto__match_get(m, 0) == MAILPROTO__MATCH_YES;
}
