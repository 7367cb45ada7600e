/*
 * The rows of the commands, and what one command adds to its row. Knows numbers only;
 * what a command does is its handler's, what it needs server_needs.c's.
 */
#include "imap/rules.h"

#define IN(state) MAILPROTO__IMAP_IN(MAILPROTO_IMAP_##state)
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
#define ROW(name, states, changes, relies, flags)                                      \
    [MAILPROTO_IMAP_##name] = {states, changes, (relies) | STREAM, flags}

static const struct mailproto__imap_rule rows[MAILPROTO_IMAP_COMMANDS] = {
    ROW(OTHER, ANY, ALL | FLAGS | MESSAGES | NAMES,
        MSN | FLAGS | MESSAGES | NAMES | SELECTION | SAVED | ENCODING, EXPUNGES),
    ROW(CAPABILITY, ANY, 0, 0, OWN | EXPUNGES),
    ROW(NOOP, ANY, MSN, 0, EXPUNGES | OK),
    ROW(LOGOUT, ANY, ALL, 0, OWN | STAYS | EXPUNGES),
    ROW(STARTTLS, BEFORE, ALL, 0, OWN | STAYS), /* RFC 9051 6.2.1 */
    ROW(AUTHENTICATE, BEFORE, ALL, 0, OWN | STAYS | SECRET),
    ROW(LOGIN, BEFORE, ALL, 0, STAYS | SECRET),
    ROW(ENABLE, IN(AUTHENTICATED), ENCODING, ENCODING, OWN | STAYS), /* RFC 5161 3.1 */
    ROW(ID, ANY, MSN, 0, EXPUNGES | OK),
    ROW(SELECT, AFTER, MSN | SELECTION | SAVED, NAMES | ENCODING, STAYS),
    ROW(EXAMINE, AFTER, MSN | SELECTION | SAVED, NAMES | ENCODING, STAYS),
    ROW(CREATE, AFTER, MSN | NAMES, NAMES | ENCODING, EXPUNGES),
    ROW(DELETE, AFTER, MSN | NAMES | MESSAGES, NAMES | ENCODING, EXPUNGES),
    ROW(RENAME, AFTER, MSN | NAMES | MESSAGES, NAMES | ENCODING, EXPUNGES),
    ROW(SUBSCRIBE, AFTER, MSN | NAMES, NAMES | ENCODING, EXPUNGES | OK),
    ROW(UNSUBSCRIBE, AFTER, MSN | NAMES, NAMES | ENCODING, EXPUNGES | OK),
    ROW(LIST, AFTER, MSN, NAMES | ENCODING, EXPUNGES),
    ROW(LSUB, AFTER, MSN, NAMES | ENCODING, EXPUNGES),
    ROW(NAMESPACE, AFTER, MSN, ENCODING, EXPUNGES | OK),
    ROW(STATUS, AFTER, MSN, NAMES | MESSAGES | FLAGS | ENCODING, EXPUNGES),
    ROW(APPEND, AFTER, MSN | MESSAGES, NAMES | ENCODING, EXPUNGES),
    ROW(IDLE, AFTER, MSN | STREAM, 0, OWN | STAYS | EXPUNGES),
    ROW(CHECK, BOX, MSN, SELECTION, EXPUNGES | OK),
    ROW(CLOSE, BOX, MSN | MESSAGES | SELECTION | SAVED, SELECTION | FLAGS, STAYS | OK),
    ROW(UNSELECT, BOX, MSN | SELECTION | SAVED, SELECTION, STAYS | OK),
    ROW(EXPUNGE, BOX, MSN | MESSAGES, SELECTION | MESSAGES | FLAGS, EXPUNGES),
    ROW(SEARCH, BOX, 0, SELECTION | MESSAGES | FLAGS, 0),
    ROW(FETCH, BOX, 0, SELECTION | MESSAGES | FLAGS, 0),
    ROW(STORE, BOX, FLAGS, SELECTION | MESSAGES, 0),
    ROW(COPY, BOX, MSN | MESSAGES, SELECTION | MESSAGES | FLAGS | NAMES | ENCODING,
        EXPUNGES),
    ROW(MOVE, BOX, MSN | MESSAGES, SELECTION | MESSAGES | FLAGS | NAMES | ENCODING,
        EXPUNGES),
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
