/*
 * What a command needs to be offered: one table of commands, and of what they may hold,
 * beside the capabilities that bring it (RFC 9051 appendix E says what IMAP4rev2 has of
 * them, and has no more of IMAP4rev1). Must not know states, nor what a command does.
 */
#include "imap/rules.h"
#include "imap/syntax_search.h"

#define CAP(cap) (UINT32_C(1) << MAILPROTO_IMAP_CAP_##cap)
#define REV1 CAP(REV1)
#define REV2 CAP(REV2)

/* Sets of commands, of items, of keys. */
#define OF(command) (UINT32_C(1) << MAILPROTO_IMAP_##command)
#define ITEM(item) (UINT32_C(1) << MAILPROTO_IMAP_ITEM_##item)
#define KEY(key) (UINT32_C(1) << MAILPROTO_IMAP_KEY_##key)

/* Where the bits of a row are looked for. */
enum {
    ALWAYS,  /* the command alone needs it */
    FLAGS,   /* `flags` */
    RETURNS, /* `returns` */
    OPTIONS, /* `select` and `returns` of LIST */
    STATUS,  /* `status_items` */
    HOLDS    /* what no field tells: held_by() */
};

/* Bits of HOLDS; of FETCH they are ITEM(), of SEARCH KEY(). */
enum {
    A_KEY_OF_RECENT = 1,  /* SEARCH: RECENT, NEW, OLD; no key has the number 0 */
    AN_INITIAL = 1,       /* AUTHENTICATE: an initial response */
    A_USE = 1,            /* CREATE: USE */
    SEVERAL_PATTERNS = 1, /* LIST */
    SEVERAL_MESSAGES = 1, /* APPEND */
    A_LITERAL8 = 2,       /* APPEND: not that of UTF8 */
    A_UTF8_MESSAGE = 4    /* APPEND: UTF8 (~{...}) */
};

struct need {
    uint32_t commands; /* a bit for each that the row is about */
    uint32_t bits;     /* any of these */
    uint32_t any_of;   /* capabilities, of which one suffices */
    uint8_t where;
};

#define BOXES (OF(SELECT) | OF(EXAMINE))
#define SETS (OF(FETCH) | OF(STORE) | OF(COPY) | OF(MOVE) | OF(SEARCH) | OF(EXPUNGE))
#define COUNTS (OF(STATUS) | OF(LIST))

static const struct need needs[] = {
    {OF(STARTTLS), 1, CAP(STARTTLS), ALWAYS},
    {OF(ENABLE), 1, CAP(ENABLE) | REV2, ALWAYS},
    {OF(ID), 1, CAP(ID), ALWAYS},
    {OF(IDLE), 1, CAP(IDLE) | REV2, ALWAYS},
    {OF(NAMESPACE), 1, CAP(NAMESPACE) | REV2, ALWAYS},
    {OF(UNSELECT), 1, CAP(UNSELECT) | REV2, ALWAYS},
    {OF(MOVE), 1, CAP(MOVE) | REV2, ALWAYS},
    {OF(CHECK) | OF(LSUB), 1, REV1, ALWAYS},
    /* RFC 4959 3 */
    {OF(AUTHENTICATE), AN_INITIAL, CAP(SASL_IR) | REV2, HOLDS},
    /* mailboxes: RFC 6154 3, RFC 5258; RFC 9051 appendix C: one pattern only */
    {OF(CREATE), A_USE, CAP(CREATE_SPECIAL_USE), HOLDS},
    {OF(LIST), MAILPROTO_IMAP_EXTENDED, CAP(LIST_EXTENDED) | REV2, FLAGS},
    {OF(LIST), SEVERAL_PATTERNS, CAP(LIST_EXTENDED), HOLDS},
    {OF(LIST), MAILPROTO_IMAP_LIST_STATUS, CAP(LIST_STATUS) | REV2, RETURNS},
    {OF(LIST), MAILPROTO_IMAP_LIST_SPECIAL_USE, CAP(SPECIAL_USE), OPTIONS},
    /* items of STATUS: RFC 8438, RFC 7162, RFC 7889, RFC 8474 */
    {COUNTS, MAILPROTO_IMAP_STATUS_SIZE, CAP(STATUS_SIZE) | REV2, STATUS},
    {COUNTS, MAILPROTO_IMAP_STATUS_DELETED, REV2, STATUS},
    {COUNTS, MAILPROTO_IMAP_STATUS_RECENT, REV1, STATUS},
    {COUNTS, MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ, CAP(CONDSTORE), STATUS},
    {COUNTS, MAILPROTO_IMAP_STATUS_APPENDLIMIT, CAP(APPENDLIMIT), STATUS},
    {COUNTS, MAILPROTO_IMAP_STATUS_MAILBOXID, CAP(OBJECTID), STATUS},
    /* messages that come: RFC 3502; RFC 3516 4.4 and RFC 9051 appendix B; RFC 6855 4 */
    {OF(APPEND), SEVERAL_MESSAGES, CAP(MULTIAPPEND), HOLDS},
    {OF(APPEND), A_LITERAL8, CAP(BINARY), HOLDS},
    {OF(APPEND), A_UTF8_MESSAGE, CAP(UTF8_ACCEPT), HOLDS},
    /* modifiers of SELECT, FETCH, STORE: RFC 7162 */
    {BOXES | OF(FETCH) | OF(STORE) | OF(SEARCH),
     MAILPROTO_IMAP_HAS_MODSEQ | MAILPROTO_IMAP_USES_MODSEQ | MAILPROTO_IMAP_CONDSTORE,
     CAP(CONDSTORE), FLAGS},
    {BOXES | OF(FETCH), MAILPROTO_IMAP_QRESYNC | MAILPROTO_IMAP_VANISHED, CAP(QRESYNC),
     FLAGS},
    /* sets: RFC 5182, RFC 4315 */
    {SETS, MAILPROTO_IMAP_USES_SAVED, CAP(SEARCHRES) | REV2, FLAGS},
    {OF(EXPUNGE), MAILPROTO_IMAP_UID, CAP(UIDPLUS) | REV2, FLAGS},
    /* items of FETCH: RFC 3516, RFC 8474, RFC 8514 */
    {OF(FETCH), ITEM(BINARY) | ITEM(BINARY_SIZE), CAP(BINARY) | REV2, HOLDS},
    {OF(FETCH), ITEM(RFC822) | ITEM(RFC822_HEADER) | ITEM(RFC822_TEXT), REV1, HOLDS},
    {OF(FETCH), ITEM(EMAILID) | ITEM(THREADID), CAP(OBJECTID), HOLDS},
    {OF(FETCH), ITEM(SAVEDATE), CAP(SAVEDATE), HOLDS},
    /* SEARCH: RFC 4731, RFC 5182, RFC 8474, RFC 8514 */
    {OF(SEARCH), MAILPROTO_IMAP_EXTENDED, CAP(ESEARCH) | REV2, FLAGS},
    {OF(SEARCH), MAILPROTO_IMAP_RETURN_SAVE, CAP(SEARCHRES) | REV2, RETURNS},
    {OF(SEARCH), A_KEY_OF_RECENT, REV1, HOLDS},
    {OF(SEARCH), KEY(EMAILID) | KEY(THREADID), CAP(OBJECTID), HOLDS},
    {OF(SEARCH),
     KEY(SAVEDBEFORE) | KEY(SAVEDON) | KEY(SAVEDSINCE) | KEY(SAVEDATE_SUPPORTED),
     CAP(SAVEDATE), HOLDS},
};

/* ---- what no field tells ------------------------------------------------------------ */

static uint32_t items_of(mailproto_imap_cursor items)
{
    mailproto_imap_fetch_item item;
    uint32_t held = 0;
    while (mailproto_imap_fetch_next(&items, &item) == MAILPROTO_OK) {
        held |= UINT32_C(1) << (item.kind & 31U);
    }
    return held;
}

/* The last literal may still be to come: what stands before it is looked at. */
static uint32_t keys_of(const mailproto_imap_cursor *keys)
{
    struct mailproto__imap_search s;
    struct mailproto__imap_search_token t;
    uint32_t held = 0;
    mailproto__imap_search_open(&s, keys);
    s.reader.prefix = 1;
    while (mailproto__imap_search_next(&s, &t) == MAILPROTO_OK) {
        held |= UINT32_C(1) << (t.key & 31U);
        if (t.key == MAILPROTO_IMAP_KEY_FLAG && t.number == MAILPROTO_IMAP_RECENT) {
            held |= A_KEY_OF_RECENT;
        }
    }
    return held;
}

static uint32_t messages_of(mailproto_imap_cursor items)
{
    mailproto_imap_append message;
    uint32_t held = 0;
    int several = 0;
    while (mailproto_imap_append_next(&items, &message) == MAILPROTO_OK) {
        uint32_t flags = message.message.flags;
        held |= several ? SEVERAL_MESSAGES : 0U;
        if (flags & MAILPROTO_IMAP_UTF8_FORM) {
            held |= A_UTF8_MESSAGE;
        } else if (flags & MAILPROTO_IMAP_BINARY) {
            held |= A_LITERAL8;
        }
        several = 1;
    }
    return held;
}

static uint32_t patterns_of(mailproto_imap_cursor items)
{
    mailproto_imap_string pattern;
    mailproto_status second = MAILPROTO_EOF;
    if (mailproto_imap_string_next(&items, &pattern) == MAILPROTO_OK) {
        second = mailproto_imap_string_next(&items, &pattern);
    }
    return second == MAILPROTO_OK ? SEVERAL_PATTERNS : 0;
}

static uint32_t held_by(const mailproto_imap_command *c)
{
    switch (c->command) {
    case MAILPROTO_IMAP_FETCH:
        return items_of(c->items);
    case MAILPROTO_IMAP_SEARCH:
        return keys_of(&c->items);
    case MAILPROTO_IMAP_APPEND:
        return messages_of(c->items);
    case MAILPROTO_IMAP_LIST:
        return patterns_of(c->items);
    case MAILPROTO_IMAP_CREATE:
        return c->items.opaque[0] != 0 ? A_USE : 0;
    case MAILPROTO_IMAP_AUTHENTICATE:
        return c->text.form != MAILPROTO_IMAP_NIL ? AN_INITIAL : 0;
    default:
        return 0;
    }
}

/* ---- the question ----------------------------------------------------------------------- */

/* `held`: what held_by() said, once it was asked. */
static uint32_t bits_of(const mailproto_imap_command *c, uint8_t where, uint32_t *held,
                        int *asked)
{
    switch (where) {
    case ALWAYS:
        return 1;
    case FLAGS:
        return c->flags;
    case RETURNS:
        return c->returns;
    case OPTIONS:
        return c->select | c->returns;
    case STATUS:
        return c->status_items;
    default:
        if (!*asked) {
            *asked = 1;
            *held = held_by(c);
        }
        return *held;
    }
}

int mailproto__imap_is_offered(const mailproto_imap_command *c, uint64_t mask)
{
    uint32_t command = UINT32_C(1) << (c->command & 31U);
    uint32_t held = 0;
    int asked = 0;
    size_t i;
    for (i = 0; i < sizeof needs / sizeof needs[0]; i++) {
        const struct need *need = &needs[i];
        if ((need->commands & command) != 0 && (need->any_of & mask) == 0 &&
            (need->bits & bits_of(c, need->where, &held, &asked)) != 0) {
            return 0;
        }
    }
    return 1;
}
