/*
 * Search keys that are decided by what a mailbox knows of a message (RFC 9051 6.4.4, RFC
 * 3501 6.4.4, RFC 5182 2.1, RFC 7162 3.1.5, RFC 8474 5, RFC 8514). Must not know the
 * message's octets.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/lex.h"
#include "imap/match.h"

enum { DAY = 86400, MINUTE = 60 };

static unsigned answer(int yes)
{
    return yes ? MAILPROTO__MATCH_YES : MAILPROTO__MATCH_NO;
}

unsigned mailproto__match_day(uint32_t key, int64_t day, uint64_t asked)
{
    int64_t than = (int64_t)asked;
    switch (key) {
    case MAILPROTO_IMAP_KEY_BEFORE:
    case MAILPROTO_IMAP_KEY_SENTBEFORE:
    case MAILPROTO_IMAP_KEY_SAVEDBEFORE:
        return answer(day < than);
    case MAILPROTO_IMAP_KEY_ON:
    case MAILPROTO_IMAP_KEY_SENTON:
    case MAILPROTO_IMAP_KEY_SAVEDON:
        return answer(day == than);
    default:
        return answer(day >= than);
    }
}

/* "Disregarding time and timezone": the day in the zone that the date was written in. */
static unsigned date_fact(const mailproto_imap_search_node *node,
                          const mailproto_imap_date *date)
{
    int64_t local;
    int64_t day;
    if (!date->set) { /* there is no day that could be earlier or later */
        return MAILPROTO__MATCH_NO;
    }
    local = date->utc + (int64_t)date->zone_minutes * MINUTE;
    day = local / DAY;
    if (local % DAY < 0) {
        day--;
    }
    return mailproto__match_day(node->key, day, node->number);
}

/* Without regard to case (RFC 9051 9: as all strings of it that are not said to differ). */
static unsigned keyword_fact(const mailproto_imap_search_node *node,
                             const mailproto_imap_facts *facts)
{
    size_t i;
    for (i = 0; i < facts->keywords_count; i++) {
        if (mailproto__equal_nocase(facts->keywords[i], node->text.raw)) {
            return MAILPROTO__MATCH_YES;
        }
    }
    return MAILPROTO__MATCH_NO;
}

/* "Exactly the specified ObjectID", and these have a case (RFC 8474 5, 7). NIL is none. */
static unsigned id_fact(mailproto_bytes asked, mailproto_bytes id)
{
    return answer(id.len > 0 && id.len == asked.len &&
                  memcmp(id.ptr, asked.ptr, id.len) == 0);
}

/* RFC 9051 6.4.4.1: `$` means the same messages, whether numbers or UIDs stand there. */
static unsigned saved_fact(const mailproto_imap_facts *facts)
{
    size_t low = 0;
    size_t high = facts->saved_uids != NULL ? facts->saved_uids_count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (facts->saved_uids[middle].high < facts->uid) {
            low = middle + 1;
        } else if (facts->saved_uids[middle].low > facts->uid) {
            high = middle;
        } else {
            return MAILPROTO__MATCH_YES;
        }
    }
    return MAILPROTO__MATCH_NO;
}

static unsigned set_fact(const mailproto_imap_search_node *node,
                         const mailproto_imap_facts *facts)
{
    if (mailproto_imap_set_is_saved(&node->set)) {
        return saved_fact(facts);
    }
    return answer(
        node->key == MAILPROTO_IMAP_KEY_UID
            ? mailproto_imap_set_has(&node->set, facts->uid, facts->largest_uid)
            : mailproto_imap_set_has(&node->set, facts->seq, facts->largest_seq));
}

unsigned mailproto__match_fact(const mailproto_imap_search_node *node,
                               const mailproto_imap_facts *facts)
{
    switch (node->key) {
    case MAILPROTO_IMAP_KEY_ALL:
        return MAILPROTO__MATCH_YES;
    case MAILPROTO_IMAP_KEY_FLAG:
        return answer((facts->flags & node->number) != 0);
    case MAILPROTO_IMAP_KEY_KEYWORD:
        return keyword_fact(node, facts);
    case MAILPROTO_IMAP_KEY_NUMBERS:
    case MAILPROTO_IMAP_KEY_UID:
        return set_fact(node, facts);
    case MAILPROTO_IMAP_KEY_BEFORE:
    case MAILPROTO_IMAP_KEY_ON:
    case MAILPROTO_IMAP_KEY_SINCE:
        return date_fact(node, &facts->internal);
    case MAILPROTO_IMAP_KEY_LARGER:
        return answer(facts->size > node->number);
    case MAILPROTO_IMAP_KEY_SMALLER:
        return answer(facts->size < node->number);
    case MAILPROTO_IMAP_KEY_MODSEQ: /* there is one for all metadata: RFC 7162 3.1.5 */
        return answer(facts->modseq >= node->number);
    case MAILPROTO_IMAP_KEY_EMAILID:
        return id_fact(node->text.raw, facts->email_id);
    case MAILPROTO_IMAP_KEY_THREADID:
        return id_fact(node->text.raw, facts->thread_id);
    case MAILPROTO_IMAP_KEY_SAVEDBEFORE:
    case MAILPROTO_IMAP_KEY_SAVEDON:
    case MAILPROTO_IMAP_KEY_SAVEDSINCE:
        return date_fact(node, &facts->saved);
    case MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED:
        return answer(facts->saved.set != 0);
    case MAILPROTO_IMAP_KEY_BODY:
    case MAILPROTO_IMAP_KEY_TEXT: /* every text has the empty one in it */
        return node->text.raw.len == 0 ? MAILPROTO__MATCH_YES : MAILPROTO__MATCH_OPEN;
    default:
        return MAILPROTO__MATCH_OPEN;
    }
}
