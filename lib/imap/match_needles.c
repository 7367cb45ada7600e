/*
 * All texts that a program looks for in a message: which of them listen to the piece of
 * text that comes, what their success decides. Must not know where text comes from.
 */
#include "codec/casemap.h"
#include "core/mem.h"
#include "core/span.h"
#include "imap/match.h"

/* A key's text as it is compared, at `to`; its length. Characters can grow, so it is read
 * behind where they are written. */
static size_t fold_needle(const mailproto_imap_string *s, char *to)
{
    size_t room = mailproto__match_room(s);
    char *from = to + (room - s->raw.len);
    mailproto_bytes text;
    uint8_t after_cr = 0;
    size_t used;
    size_t len;
    if (mailproto_imap_string_get(s, from, s->raw.len, &text) != MAILPROTO_OK ||
        text.len == 0) {
        return 0;
    }
    if (text.ptr != from) {
        memcpy(from, text.ptr, text.len);
    }
    len = mailproto__match_fold(from, text.len, &after_cr);
    if (room == s->raw.len) { /* ASCII alone */
        return len;
    }
    text.len = mailproto__casemap(from, len, &used, to, room);
    /* A character that is not whole is compared octet by octet. */
    memmove(to + text.len, from + used, len - used);
    return text.len + len - used;
}

size_t mailproto__match_room(const mailproto_imap_string *s)
{
    if (mailproto__casemap_ascii(s->raw.ptr, s->raw.len) == s->raw.len) {
        return s->raw.len;
    }
    return s->raw.len * MAILPROTO__CASEMAP_TIMES + MAILPROTO__CASEMAP_ROOM;
}

void mailproto__match_needles(struct mailproto__match *m)
{
    uint16_t *back = m->back;
    char *texts = m->texts;
    uint32_t i;
    m->looking = 0;
    for (i = mailproto__match_open_key(m, 0); i < m->count;
         i = mailproto__match_open_key(m, i + 1)) {
        struct mailproto__needle *n = &m->needles[m->looking];
        if (!mailproto__match_is_text(m->nodes[i].key)) {
            continue;
        }
        memset(n, 0, sizeof *n);
        n->node = i;
        n->text = texts;
        n->back = back;
        n->len = (uint32_t)fold_needle(&m->nodes[i].text, texts);
        if (n->len > 0) {
            mailproto__match_prepare(texts, n->len, back);
        }
        texts += n->len;
        back += n->len;
        m->looking++;
    }
}

int mailproto__match_settle(struct mailproto__match *m)
{
    uint32_t i;
    uint32_t k = 0;
    m->found = 0;
    m->asked = 0;
    if (mailproto__match_decide(m) != MAILPROTO__MATCH_OPEN) {
        return 1;
    }
    for (i = mailproto__match_open_key(m, 0); i < m->count;
         i = mailproto__match_open_key(m, i + 1)) {
        m->asked |= UINT32_C(1) << m->nodes[i].key;
        while (k < m->looking && m->needles[k].node < i) {
            m->needles[k++].done = 1;
        }
        k += k < m->looking && m->needles[k].node == i;
    }
    while (k < m->looking) {
        m->needles[k++].done = 1;
    }
    return 0;
}

void mailproto__match_begin_text(struct mailproto__match *m, uint32_t keys)
{
    uint32_t k;
    m->after_cr = 0;
    m->cut = 0;
    for (k = 0; k < m->looking; k++) {
        struct mailproto__needle *n = &m->needles[k];
        n->listens = !n->done && (keys >> m->nodes[n->node].key & 1U);
        n->matched = 0;
    }
}

static void look(struct mailproto__match *m, const char *text, size_t len)
{
    uint32_t k;
    for (k = 0; k < m->looking; k++) {
        struct mailproto__needle *n = &m->needles[k];
        if (n->listens && !n->done && mailproto__match_look(n, text, len)) {
            mailproto__match_set(m, n->node, MAILPROTO__MATCH_YES);
            n->done = 1;
            m->found = 1;
        }
    }
}

void mailproto__match_piece(struct mailproto__match *m, size_t len)
{
    char *at = m->out - m->cut;
    size_t n = mailproto__match_fold(m->out, len, &m->after_cr) + m->cut;
    size_t ascii = mailproto__casemap_ascii(at, n);
    look(m, at, ascii);
    at += ascii;
    n -= ascii;
    while (n > 0) {
        size_t used;
        size_t got =
            mailproto__casemap(at, n, &used, m->folded, MAILPROTO__MATCH_FOLDED);
        if (used == 0) { /* the next piece goes on with it */
            break;
        }
        look(m, m->folded, got);
        at += used;
        n -= used;
    }
    m->cut = (uint8_t)n;
    memmove(m->out - n, at, n);
}

void mailproto__match_copy(struct mailproto__match *m, const char *text, size_t len)
{
    while (len > 0) {
        size_t n = len < m->out_size ? len : m->out_size;
        memcpy(m->out, text, n);
        mailproto__match_piece(m, n);
        text += n;
        len -= n;
    }
}
