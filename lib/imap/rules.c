/*
 * The rows of the commands, and what one command adds to its row. Knows numbers only;
 * what a command does is its handler's.
 */
#include "imap/rules.h"

#define IN(state) MAILPROTO__IMAP_IN(MAILPROTO_IMAP_##state)
#define CAP(cap) (1 + MAILPROTO_IMAP_CAP_##cap)
#define MSN MAILPROTO__IMAP_ON_MSN
#define FLAGS MAILPROTO__IMAP_ON_FLAGS
#define MESSAGES MAILPROTO__IMAP_ON_MESSAGES
#define NAMES MAILPROTO__IMAP_ON_NAMES
#define SELECTION MAILPROTO__IMAP_ON_SELECTION
#define SAVED MAILPROTO__IMAP_ON_SAVED
#define ENCODING MAILPROTO__IMAP_ON_ENCODING
#define STREAM MAILPROTO__IMAP_ON_STREAM

#define OWN MAILPROTO__IMAP_OWN
#define STAYS MAILPROTO__IMAP_STAYS
#define SECRET MAILPROTO__IMAP_SECRET
#define REV2 MAILPROTO__IMAP_IN_REV2
#define EXPUNGES MAILPROTO__IMAP_EXPUNGES
#define OK MAILPROTO__IMAP_DEFAULT_OK

/* Where: before the login, with a mailbox selected or not, anywhere. */
#define BEFORE IN(NOT_AUTHENTICATED)
#define AFTER (IN(AUTHENTICATED) | IN(SELECTED))
#define BOX IN(SELECTED)
#define ANY (BEFORE | AFTER)

/* What decides over everything that follows. */
#define ALL (MSN | SELECTION | SAVED | ENCODING | STREAM)

/* All rely on the stream being as it is. Whatever is no FETCH, STORE or SEARCH may bring
 * EXPUNGE (RFC 9051 5.5): it changes which message has which number. */
#define ROW(name, states, needs, changes, relies, flags)                               \
    [MAILPROTO_IMAP_##name] = {states, needs, changes, (relies) | STREAM, flags}

static const struct mailproto__imap_rule rows[MAILPROTO_IMAP_COMMANDS] = {
    ROW(OTHER, ANY, 0, ALL | FLAGS | MESSAGES | NAMES,
        MSN | FLAGS | MESSAGES | NAMES | SELECTION | SAVED | ENCODING, EXPUNGES),
    ROW(CAPABILITY, ANY, 0, 0, 0, OWN | EXPUNGES),
    ROW(NOOP, ANY, 0, MSN, 0, EXPUNGES | OK),
    ROW(LOGOUT, ANY, 0, ALL, 0, OWN | STAYS | EXPUNGES),
    ROW(STARTTLS, BEFORE, CAP(STARTTLS), ALL, 0, OWN | STAYS), /* RFC 9051 6.2.1 */
    ROW(AUTHENTICATE, BEFORE, 0, ALL, 0, OWN | STAYS | SECRET),
    ROW(LOGIN, BEFORE, 0, ALL, 0, STAYS | SECRET),
    ROW(ENABLE, IN(AUTHENTICATED), CAP(ENABLE), ENCODING, ENCODING,
        OWN | STAYS | REV2), /* RFC 5161 3.1 */
    ROW(ID, ANY, CAP(ID), MSN, 0, EXPUNGES | OK),
    ROW(SELECT, AFTER, 0, MSN | SELECTION | SAVED, NAMES | ENCODING, STAYS),
    ROW(EXAMINE, AFTER, 0, MSN | SELECTION | SAVED, NAMES | ENCODING, STAYS),
    ROW(CREATE, AFTER, 0, MSN | NAMES, NAMES | ENCODING, EXPUNGES),
    ROW(DELETE, AFTER, 0, MSN | NAMES | MESSAGES, NAMES | ENCODING, EXPUNGES),
    ROW(RENAME, AFTER, 0, MSN | NAMES | MESSAGES, NAMES | ENCODING, EXPUNGES),
    ROW(SUBSCRIBE, AFTER, 0, MSN | NAMES, NAMES | ENCODING, EXPUNGES | OK),
    ROW(UNSUBSCRIBE, AFTER, 0, MSN | NAMES, NAMES | ENCODING, EXPUNGES | OK),
    ROW(LIST, AFTER, 0, MSN, NAMES | ENCODING, EXPUNGES),
    ROW(LSUB, AFTER, 0, MSN, NAMES | ENCODING, EXPUNGES),
    ROW(NAMESPACE, AFTER, CAP(NAMESPACE), MSN, ENCODING, EXPUNGES | REV2 | OK),
    ROW(STATUS, AFTER, 0, MSN, NAMES | MESSAGES | FLAGS | ENCODING, EXPUNGES),
    ROW(APPEND, AFTER, 0, MSN | MESSAGES, NAMES | ENCODING, EXPUNGES),
    ROW(IDLE, AFTER, CAP(IDLE), MSN | STREAM, 0, OWN | STAYS | EXPUNGES | REV2),
    ROW(CHECK, BOX, 0, MSN, SELECTION, EXPUNGES | OK),
    ROW(CLOSE, BOX, 0, MSN | MESSAGES | SELECTION | SAVED, SELECTION | FLAGS,
        STAYS | OK),
    ROW(UNSELECT, BOX, CAP(UNSELECT), MSN | SELECTION | SAVED, SELECTION,
        STAYS | REV2 | OK),
    ROW(EXPUNGE, BOX, 0, MSN | MESSAGES, SELECTION | MESSAGES | FLAGS, EXPUNGES),
    ROW(SEARCH, BOX, 0, 0, SELECTION | MESSAGES | FLAGS, 0),
    ROW(FETCH, BOX, 0, 0, SELECTION | MESSAGES | FLAGS, 0),
    ROW(STORE, BOX, 0, FLAGS, SELECTION | MESSAGES, 0),
    ROW(COPY, BOX, 0, MSN | MESSAGES, SELECTION | MESSAGES | FLAGS | NAMES | ENCODING,
        EXPUNGES),
    ROW(MOVE, BOX, CAP(MOVE), MSN | MESSAGES,
        SELECTION | MESSAGES | FLAGS | NAMES | ENCODING, EXPUNGES | REV2),
};

const struct mailproto__imap_rule *mailproto__imap_rule(uint32_t command)
{
    return &rows[command < MAILPROTO_IMAP_COMMANDS ? command : MAILPROTO_IMAP_OTHER];
}

/* RFC 9051 7.5.1, 5.5: not while FETCH, STORE or SEARCH is in progress; their UID forms
 * are other commands. */
int mailproto__imap_may_expunge(const mailproto_imap_command *c)
{
    if (c->command == MAILPROTO_IMAP_FETCH || c->command == MAILPROTO_IMAP_STORE ||
        c->command == MAILPROTO_IMAP_SEARCH) {
        return (c->flags & MAILPROTO_IMAP_UID) != 0;
    }
    return (mailproto__imap_rule(c->command)->flags & EXPUNGES) != 0;
}

void mailproto__imap_masks(const mailproto_imap_command *c, uint8_t *changes,
                           uint8_t *relies)
{
    const struct mailproto__imap_rule *row = mailproto__imap_rule(c->command);
    uint32_t change = row->changes;
    uint32_t rely = row->relies;
    if (mailproto__imap_may_expunge(c)) {
        change |= row->flags & OWN ? 0 : (uint32_t)MSN;
    }
    if ((c->flags & MAILPROTO_IMAP_SETS_SEEN) != 0) {
        change |= FLAGS;
    }
    if ((c->flags & MAILPROTO_IMAP_USES_MSN) != 0) {
        rely |= MSN;
    }
    if ((c->flags & MAILPROTO_IMAP_USES_SAVED) != 0) {
        rely |= SAVED;
    }
    /* UNCHANGEDSINCE compares what other commands change (RFC 7162 3.1.3). */
    if (c->command == MAILPROTO_IMAP_STORE &&
        (c->flags & MAILPROTO_IMAP_HAS_MODSEQ) != 0) {
        rely |= FLAGS;
    }
    if (c->command == MAILPROTO_IMAP_SEARCH &&
        (c->returns & MAILPROTO_IMAP_RETURN_SAVE) != 0) {
        change |= SAVED;
    }
    if (c->command == MAILPROTO_IMAP_LIST && c->status_items != 0) {
        rely |= MESSAGES | FLAGS;
    }
    *changes = (uint8_t)change;
    *relies = (uint8_t)rely;
}

/* ---- capabilities ------------------------------------------------------------------- */

#define BIT(cap) ((uint64_t)1 << MAILPROTO_IMAP_CAP_##cap)

struct need {
    uint32_t bit; /* of what the command holds */
    uint8_t cap;  /* MAILPROTO_IMAP_CAP_... */
    uint8_t rev2; /* IMAP4rev2 has it too */
};

static int has_all(uint32_t bits, const struct need *needs, size_t count, uint64_t mask)
{
    size_t i;
    for (i = 0; i < count; i++) {
        if ((bits & needs[i].bit) != 0 && (mask >> needs[i].cap & 1U) == 0 &&
            !(needs[i].rev2 && (mask & BIT(REV2)) != 0)) {
            return 0;
        }
    }
    return 1;
}

#define HAS(bits, needs, mask)                                                         \
    has_all(bits, needs, sizeof(needs) / sizeof(needs)[0], mask)

static const struct need flag_needs[] = {
    {MAILPROTO_IMAP_HAS_MODSEQ, MAILPROTO_IMAP_CAP_CONDSTORE, 0},
    {MAILPROTO_IMAP_USES_MODSEQ, MAILPROTO_IMAP_CAP_CONDSTORE, 0},
    {MAILPROTO_IMAP_CONDSTORE, MAILPROTO_IMAP_CAP_CONDSTORE, 0},
    {MAILPROTO_IMAP_QRESYNC, MAILPROTO_IMAP_CAP_QRESYNC, 0},
    {MAILPROTO_IMAP_VANISHED, MAILPROTO_IMAP_CAP_QRESYNC, 0},
    {MAILPROTO_IMAP_USES_SAVED, MAILPROTO_IMAP_CAP_SEARCHRES, 1},
};
static const struct need status_needs[] = {
    {MAILPROTO_IMAP_STATUS_SIZE, MAILPROTO_IMAP_CAP_STATUS_SIZE, 1},
    {MAILPROTO_IMAP_STATUS_HIGHESTMODSEQ, MAILPROTO_IMAP_CAP_CONDSTORE, 0},
    {MAILPROTO_IMAP_STATUS_APPENDLIMIT, MAILPROTO_IMAP_CAP_APPENDLIMIT, 0},
    {MAILPROTO_IMAP_STATUS_MAILBOXID, MAILPROTO_IMAP_CAP_OBJECTID, 0},
};
static const struct need list_needs[] = {
    {MAILPROTO_IMAP_LIST_STATUS, MAILPROTO_IMAP_CAP_LIST_STATUS, 1},
    {MAILPROTO_IMAP_LIST_SPECIAL_USE, MAILPROTO_IMAP_CAP_SPECIAL_USE, 0},
};
static const struct need search_needs[] = {
    {MAILPROTO_IMAP_RETURN_SAVE, MAILPROTO_IMAP_CAP_SEARCHRES, 1},
};
static const struct need extended_needs[] = {
    {MAILPROTO_IMAP_EXTENDED, MAILPROTO_IMAP_CAP_LIST_EXTENDED, 1},
};
static const struct need esearch_needs[] = {
    {MAILPROTO_IMAP_EXTENDED, MAILPROTO_IMAP_CAP_ESEARCH, 1},
};
static const struct need uid_expunge_needs[] = {
    {MAILPROTO_IMAP_UID, MAILPROTO_IMAP_CAP_UIDPLUS, 1},
};

/* What a command holds that only some servers know. */
static int holds_offered(const mailproto_imap_command *c, uint64_t mask)
{
    switch (c->command) {
    case MAILPROTO_IMAP_LIST:
        return HAS(c->select | c->returns, list_needs, mask) &&
               HAS(c->flags, extended_needs, mask);
    case MAILPROTO_IMAP_SEARCH:
        return HAS(c->returns, search_needs, mask) &&
               HAS(c->flags, esearch_needs, mask);
    case MAILPROTO_IMAP_EXPUNGE:
        return HAS(c->flags, uid_expunge_needs, mask);
    case MAILPROTO_IMAP_AUTHENTICATE: /* RFC 4959 3 */
        return c->text.form == MAILPROTO_IMAP_NIL || (mask & BIT(SASL_IR)) != 0 ||
               (mask & BIT(REV2)) != 0;
    default:
        return 1;
    }
}

int mailproto__imap_is_offered(const mailproto_imap_command *c, uint64_t mask)
{
    const struct mailproto__imap_rule *row = mailproto__imap_rule(c->command);
    struct need own = {1, 0, 0};
    if (row->needs != 0) {
        own.cap = (uint8_t)(row->needs - 1);
        own.rev2 = (row->flags & REV2) != 0;
        if (!has_all(1, &own, 1, mask)) {
            return 0;
        }
    }
    if (c->command ==
        MAILPROTO_IMAP_ENABLE) { /* RFC 5161 3.1: unknown ones are nothing */
        return 1;
    }
    return HAS(c->flags, flag_needs, mask) &&
           HAS(c->status_items, status_needs, mask) && holds_offered(c, mask);
}
