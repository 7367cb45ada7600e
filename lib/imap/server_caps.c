/*
 * What is offered (RFC 9051 6.1.1, 7.2.2): the one place where capability lines come
 * from, out of the options, TLS and the state. Must not know any command.
 */
#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"

#define CAP(cap) ((uint64_t)1 << MAILPROTO_IMAP_CAP_##cap)

/* By bit number. */
static const char names[][20] = {
    "IMAP4rev1",   "IMAP4rev2",     "LITERAL+",    "LITERAL-",    "SASL-IR",
    "STARTTLS",    "IDLE",          "NAMESPACE",   "ID",          "ENABLE",
    "UIDPLUS",     "MOVE",          "UNSELECT",    "SPECIAL-USE", "CREATE-SPECIAL-USE",
    "CHILDREN",    "LIST-EXTENDED", "LIST-STATUS", "ESEARCH",     "SEARCHRES",
    "CONDSTORE",   "QRESYNC",       "BINARY",      "MULTIAPPEND", "APPENDLIMIT",
    "STATUS=SIZE", "UTF8=ACCEPT",   "OBJECTID",    "SAVEDATE",
};

enum {
    NAMES = sizeof names / sizeof names[0],
    /* The parts of a line: the bits, LOGINDISABLED, the mechanisms, what is the
     * application's own. A part is 1 and more. */
    PART_DISABLED = NAMES + 1,
    PART_AUTH,
    PART_MORE = PART_AUTH + 128 /* each mechanism is a part */
};

typedef char parts_fit_an_octet[PART_MORE + 1 < 256 ? 1 : -1];

static mailproto_bytes name_of(size_t bit)
{
    size_t len = 0;
    while (len < sizeof names[0] && names[bit][len] != '\0') {
        len++;
    }
    return mailproto__span(names[bit], len);
}

/* Whether a login is possible as things are. */
static int may_login(const mailproto_imap_server *server)
{
    return server->state <= MAILPROTO_IMAP_NOT_AUTHENTICATED &&
           (mailproto__is_secure(&server->session) ||
            (server->flags & MAILPROTO_IMAP_SERVER_LOGIN_IN_CLEAR) != 0);
}

/* RFC 9051 6.2.1: STARTTLS while there is no TLS and no login. */
uint64_t mailproto__imap_server_caps(const mailproto_imap_server *server)
{
    uint64_t mask = server->mask;
    if (mailproto__is_secure(&server->session) ||
        server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        mask &= ~CAP(STARTTLS);
    }
    if (server->state > MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        mask &= ~CAP(SASL_IR);
    }
    return mask;
}

/* ---- the parts of the line --------------------------------------------------------- */

/* One word of the line, in up to two pieces; both empty: this part is not there. */
struct word {
    mailproto_bytes text, more;
};

/* RFC 7889 2: the limit of all mailboxes. */
static mailproto_bytes limit_of(const mailproto_imap_server *server, char digits[20])
{
    return mailproto__span(digits, mailproto__decimal(server->append_limit, digits));
}

static struct word part_of(const mailproto_imap_server *server, uint64_t mask,
                           size_t part, char digits[20])
{
    struct word w = {{NULL, 0}, {NULL, 0}};
    if (part <= NAMES) {
        if ((mask >> (part - 1) & 1U) == 0) {
            return w;
        }
        w.text = name_of(part - 1);
        if (part - 1 == MAILPROTO_IMAP_CAP_APPENDLIMIT) {
            if (server->append_limit == MAILPROTO_UNLIMITED_64) {
                w.text.len = 0;
            } else {
                w.text = MAILPROTO__LITERAL("APPENDLIMIT=");
                w.more = limit_of(server, digits);
            }
        }
    } else if (part == PART_DISABLED) {
        if (!may_login(server) && server->state <= MAILPROTO_IMAP_NOT_AUTHENTICATED) {
            w.text = MAILPROTO__LITERAL("LOGINDISABLED");
        }
    } else if (part == PART_MORE) {
        w.text = server->more_caps;
    } else if (server->state <= MAILPROTO_IMAP_NOT_AUTHENTICATED) {
        const struct mailproto__auth_offer *offer = &server->mechanisms;
        mailproto_bytes rest = offer->names;
        for (part -= PART_AUTH; part > 0 && rest.len > 0; part--) {
            (void)mailproto__auth_offered(&server->session, offer, &rest);
        }
        w.more = mailproto__auth_offered(&server->session, offer, &rest);
        w.text = w.more.len > 0 ? MAILPROTO__LITERAL("AUTH=") : w.more;
    }
    return w;
}

/* The part behind `part`; 0: that was the last. No mechanism behind the last of them. */
static uint8_t after(size_t part, const struct word *w)
{
    if (part >= PART_AUTH && part < PART_MORE && w->text.len == 0) {
        return PART_MORE;
    }
    return part == PART_MORE ? 0 : (uint8_t)(part + 1);
}

/* ---- the line ----------------------------------------------------------------------- */

static const char begin[] = "CAPABILITY";

static size_t size_of(const mailproto_imap_server *server, uint64_t mask)
{
    size_t size = sizeof begin - 1;
    size_t part = 1;
    char digits[20];
    while (part != 0) {
        struct word w = part_of(server, mask, part, digits);
        if (w.text.len > 0) {
            size += 1 + w.text.len + w.more.len;
        }
        part = after(part, &w);
    }
    return size;
}

/* With every mechanism, as if logins were possible, and LOGINDISABLED all the same. */
size_t mailproto__imap_caps_max(const mailproto_imap_server *server)
{
    mailproto_bytes list = server->mechanisms.names;
    size_t size = size_of(server, server->mask) + sizeof " LOGINDISABLED";
    while (list.len > 0) {
        size += sizeof " AUTH=" + mailproto__word(&list).len;
    }
    return size;
}

uint8_t mailproto__imap_put_caps(mailproto_imap_server *server, uint8_t from,
                                 size_t room)
{
    mailproto_session *s = &server->session;
    size_t part = from;
    char digits[20];
    if (part <= 1) { /* with the first word, or not yet: else it would be put again */
        struct word first = part_of(server, s->caps, 1, digits);
        part = 1;
        if (sizeof begin + first.text.len + first.more.len > room) {
            return (uint8_t)part;
        }
        (void)mailproto__put(s, begin, sizeof begin - 1);
        room -= sizeof begin - 1;
    }
    while (part != 0) {
        struct word w = part_of(server, s->caps, part, digits);
        size_t size = 1 + w.text.len + w.more.len;
        if (w.text.len > 0) {
            if (size > room) {
                return (uint8_t)part;
            }
            room -= size;
            (void)mailproto__put(s, " ", 1);
            (void)mailproto__put_span(s, w.text);
            (void)mailproto__put_span(s, w.more);
        }
        part = after(part, &w);
    }
    return 0;
}
