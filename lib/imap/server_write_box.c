/*
 * Responses about the selected mailbox (RFC 9051 6.3.2, 7.3, 7.4, 7.5.1; RFC 7162 3.2.10),
 * and the count of its messages as the client knows it. Must not know how lists and
 * messages are told.
 */
#include "core/options.h"
#include "imap/server_write.h"

enum {
    SYSTEM_FLAGS = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANSWERED |
                   MAILPROTO_IMAP_FLAGGED | MAILPROTO_IMAP_DELETED |
                   MAILPROTO_IMAP_DRAFT
};

static int has_qresync(const mailproto_imap_server *server)
{
    return (server->enabled & MAILPROTO_IMAP_ENABLED_QRESYNC) != 0;
}

/* `* n NAME` */
static void say_count(struct mailproto__imap_say *say, uint32_t n, mailproto_bytes name)
{
    MAILPROTO__IMAP_SAY(say, "* ");
    mailproto__imap_say_number(say, n);
    mailproto__imap_say_span(say, name);
    MAILPROTO__IMAP_SAY(say, "\r\n");
}

mailproto_status mailproto_imap_server_exists(mailproto_imap_server *server,
                                              uint32_t messages)
{
    struct mailproto__imap_say say;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (messages < server->exists) { /* RFC 9051 7.5.1: EXPUNGE alone says so */
        return mailproto__imap_server_not_now(server);
    }
    say_count(&say, messages, MAILPROTO__LITERAL(" EXISTS"));
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        server->exists = messages;
    }
    return st;
}

mailproto_status mailproto_imap_server_recent(mailproto_imap_server *server,
                                              uint32_t messages)
{
    struct mailproto__imap_say say;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    say.bad |= messages > server->exists;
    if (!mailproto__imap_is_rev2(server)) { /* RFC 9051 appendix E: gone */
        say_count(&say, messages, MAILPROTO__LITERAL(" RECENT"));
    }
    return mailproto__imap_say_end(&say);
}

/* ---- messages that are gone ----------------------------------------------------------- */

mailproto_status mailproto_imap_server_expunge(mailproto_imap_server *server,
                                               uint32_t seq, uint32_t uid)
{
    struct mailproto__imap_say say;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (seq == 0 || seq > server->exists || (uid == 0 && has_qresync(server))) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (!mailproto__imap_server_may_expunge(server)) {
        return mailproto__imap_server_not_now(server);
    }
    if (has_qresync(server)) { /* RFC 7162 3.2.10 */
        MAILPROTO__IMAP_SAY(&say, "* VANISHED ");
        mailproto__imap_say_number(&say, uid);
        MAILPROTO__IMAP_SAY(&say, "\r\n");
    } else {
        say_count(&say, seq, MAILPROTO__LITERAL(" EXPUNGE"));
    }
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        server->exists--;
    }
    return st;
}

mailproto_status mailproto_imap_server_vanished(mailproto_imap_server *server,
                                                int earlier,
                                                const mailproto_imap_range *uids,
                                                size_t count)
{
    struct mailproto__imap_say say;
    uint64_t gone = 0;
    /* (EARLIER) answers a command (RFC 7162 3.2.5.1, 3.2.6). */
    mailproto_status st = mailproto__imap_say_begin(
        &say, server,
        earlier ? MAILPROTO__IMAP_WITH_BOX | MAILPROTO__IMAP_WORKING
                : (uint32_t)MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (!has_qresync(server)) {
        return MAILPROTO_ERR_STATE;
    }
    if (!mailproto__imap_ranges_count(uids, count, 0, &gone) || gone == 0 ||
        (!earlier && gone > server->exists)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (!earlier && !mailproto__imap_server_may_expunge(server)) {
        return mailproto__imap_server_not_now(server);
    }
    MAILPROTO__IMAP_SAY(&say, "* VANISHED ");
    if (earlier) {
        MAILPROTO__IMAP_SAY(&say, "(EARLIER) ");
    }
    mailproto__imap_say_set(&say, uids, count);
    MAILPROTO__IMAP_SAY(&say, "\r\n");
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK && !earlier) {
        server->exists -= (uint32_t)gone;
    }
    return st;
}

/* ---- a mailbox is selected ------------------------------------------------------------ */

static void say_flags_line(struct mailproto__imap_say *say, uint32_t flags,
                           const mailproto_bytes *keywords, size_t count)
{
    MAILPROTO__IMAP_SAY(say, "* FLAGS ");
    mailproto__imap_say_flags(say, flags, SYSTEM_FLAGS, keywords, count);
    MAILPROTO__IMAP_SAY(say, "\r\n");
}

mailproto_status mailproto_imap_server_flags(mailproto_imap_server *server,
                                             uint32_t flags,
                                             const mailproto_bytes *keywords,
                                             size_t count)
{
    struct mailproto__imap_say say;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    say_flags_line(&say, flags, keywords, count);
    return mailproto__imap_say_end(&say);
}

/* RFC 7162 3.1.2: one of the two */
static void say_modseq(struct mailproto__imap_say *say,
                       const mailproto_imap_selected *b)
{
    if (!mailproto__imap_server_knows(say->server, MAILPROTO_IMAP_CAP_CONDSTORE)) {
        return;
    }
    if (b->flags & MAILPROTO_IMAP_BOX_NOMODSEQ) {
        MAILPROTO__IMAP_SAY(say, "* OK [NOMODSEQ] No mod-sequences here\r\n");
        return;
    }
    MAILPROTO__IMAP_SAY(say, "* OK [HIGHESTMODSEQ ");
    mailproto__imap_say_nz_number64(say, b->highestmodseq);
    MAILPROTO__IMAP_SAY(say, "] Highest\r\n");
}

mailproto_status mailproto_imap_server_highestmodseq(mailproto_imap_server *server,
                                                     uint64_t highest)
{
    if (server->state != MAILPROTO_IMAP_SELECTED && !server->box_told) {
        return MAILPROTO_ERR_STATE;
    }
    if (highest > (uint64_t)INT64_MAX) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (highest > server->box_modseq) {
        server->box_modseq = highest;
    }
    return MAILPROTO_OK;
}

/* The numbers of messages, as IMAP4rev1 has them or as IMAP4rev2. */
static void say_counts(struct mailproto__imap_say *say,
                       const mailproto_imap_selected *b)
{
    say->bad |= b->recent > b->exists || b->unseen > b->exists;
    say_count(say, b->exists, MAILPROTO__LITERAL(" EXISTS"));
    if (mailproto__imap_is_rev2(say->server)) {
        return;
    }
    say_count(say, b->recent, MAILPROTO__LITERAL(" RECENT")); /* RFC 3501 6.3.1 */
    if (b->unseen > 0) {
        MAILPROTO__IMAP_SAY(say, "* OK [UNSEEN ");
        mailproto__imap_say_number(say, b->unseen);
        MAILPROTO__IMAP_SAY(say, "] First unseen\r\n");
    }
}

static void say_selected(struct mailproto__imap_say *say,
                         const mailproto_imap_selected *b)
{
    say_flags_line(say, b->mailbox_flags, b->keywords, b->keywords_count);
    MAILPROTO__IMAP_SAY(say, "* OK [PERMANENTFLAGS ");
    mailproto__imap_say_flags(say, b->permanent_flags,
                              SYSTEM_FLAGS | MAILPROTO_IMAP_ANY, b->keywords,
                              b->keywords_count);
    MAILPROTO__IMAP_SAY(say, "] Kept\r\n");
    say_counts(say, b);
    MAILPROTO__IMAP_SAY(say, "* OK [UIDVALIDITY ");
    mailproto__imap_say_nz_number(say, b->uidvalidity);
    MAILPROTO__IMAP_SAY(say, "] UIDs valid\r\n* OK [UIDNEXT ");
    mailproto__imap_say_nz_number(say, b->uidnext);
    MAILPROTO__IMAP_SAY(say, "] Next UID\r\n");
    if ((b->flags & MAILPROTO_IMAP_BOX_UIDNOTSTICKY) != 0 &&
        (mailproto__imap_server_knows(say->server, MAILPROTO_IMAP_CAP_UIDPLUS) ||
         mailproto__imap_is_rev2(say->server))) { /* RFC 4315 3 */
        MAILPROTO__IMAP_SAY(say, "* NO [UIDNOTSTICKY] UIDs do not last\r\n");
    }
    say_modseq(say, b);
    if (b->mailbox_id.len > 0 &&
        mailproto__imap_server_knows(say->server, MAILPROTO_IMAP_CAP_OBJECTID)) {
        /* RFC 8474 4.2 */
        MAILPROTO__IMAP_SAY(say, "* OK [MAILBOXID ");
        mailproto__imap_say_object_id(say, b->mailbox_id);
        MAILPROTO__IMAP_SAY(say, "] Id\r\n");
    }
    if (mailproto__imap_is_rev2(say->server)) { /* RFC 9051 6.3.2 */
        mailproto__imap_say_list(say, &b->entry, 0);
    }
}

static mailproto_status box_of(mailproto_imap_server *server, uint32_t request,
                               const mailproto_imap_selected *box,
                               mailproto_imap_selected *to)
{
    const struct mailproto__imap_job *job = mailproto__imap_server_job(server, request);
    const uint32_t known = MAILPROTO_IMAP_BOX_READ_ONLY | MAILPROTO_IMAP_BOX_NOMODSEQ |
                           MAILPROTO_IMAP_BOX_UIDNOTSTICKY;
    mailproto_status st;
    if (job == NULL) {
        return MAILPROTO_ERR_STALE;
    }
    if ((job->command != MAILPROTO_IMAP_SELECT &&
         job->command != MAILPROTO_IMAP_EXAMINE) ||
        box == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto__options_copy(to, sizeof *to, box);
    if (st == MAILPROTO_OK &&
        ((to->flags & ~known) != 0 || /* RFC 9051 6.3.2: LIST tells its name */
         (mailproto__imap_is_rev2(server) && to->entry.name.len == 0))) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (job->command == MAILPROTO_IMAP_EXAMINE) {
        to->flags |= MAILPROTO_IMAP_BOX_READ_ONLY;
    }
    return st;
}

mailproto_status mailproto_imap_server_selected(mailproto_imap_server *server,
                                                uint32_t request,
                                                const mailproto_imap_selected *box)
{
    struct mailproto__imap_say say;
    mailproto_imap_selected b;
    size_t room;
    mailproto_status st = box_of(server, request, box, &b);
    if (st == MAILPROTO_OK) {
        st = mailproto__imap_may(server, MAILPROTO__IMAP_WORKING);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    /* CLOSED comes first and cannot be taken back. */
    mailproto__imap_say_measure(&say, server);
    say_selected(&say, &b);
    say.len += MAILPROTO__IMAP_CLOSED_SIZE;
    room = mailproto__imap_server_room(server);
    if (say.bad || say.len > room) {
        say.room = 0;
        say.held = mailproto__held(&server->session);
        return mailproto__imap_say_end(&say);
    }
    mailproto__imap_server_put_closed(server);
    mailproto__imap_say_measure(&say, server);
    say.room = room;
    say_selected(&say, &b);
    mailproto__imap_server_said(server);
    server->exists = b.exists;
    server->box_told = 1;
    server->box_modseq = b.highestmodseq;
    server->box_no_modseq = (b.flags & MAILPROTO_IMAP_BOX_NOMODSEQ) != 0;
    server->box_read_only = (b.flags & MAILPROTO_IMAP_BOX_READ_ONLY) != 0;
    return MAILPROTO_OK;
}
