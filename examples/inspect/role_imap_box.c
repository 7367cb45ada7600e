/* The mailbox of imap-server: its messages and what is known of them. Must not know how
   anything is said of it: see role_imap.c. */
#include "role_imap.h"

#include <string.h>

static mailproto_bytes literal(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

/* The last message is stored with LF, as a file may be, and has no end of line. */
static const mailproto_bytes texts[IMAP_MESSAGES] = {
#define STORED(text)                                                                   \
    {                                                                                  \
        text, sizeof text - 1                                                          \
    }
    STORED("From: Ann <a@client.example>\r\n"
           "To: <b@server.example>\r\n"
           "Subject: one\r\n"
           "Date: Mon, 2 Nov 2026 10:00:00 +0100\r\n"
           "Message-ID: <1@client.example>\r\n"
           "\r\n"
           "Hello.\r\n"),
    STORED("From: <a@client.example>\r\n"
           "Subject: two\r\n"
           "MIME-Version: 1.0\r\n"
           "Content-Type: multipart/mixed; boundary=b\r\n"
           "\r\n"
           "--b\r\n"
           "\r\n"
           "A text.\r\n"
           "--b\r\n"
           "Content-Type: application/octet-stream; name=x.bin\r\n"
           "Content-Transfer-Encoding: base64\r\n"
           "\r\n"
           "AAEC\r\n"
           "--b--\r\n"),
    STORED("Subject: three\n"
           "\n"
           "No end")
#undef STORED
};

/* Octets with CRLF line ends. */
static uint64_t octets_of(mailproto_bytes m)
{
    uint64_t n = m.len;
    for (size_t i = 0; i < m.len; i++) {
        n += m.ptr[i] == '\n' && (i == 0 || m.ptr[i - 1] != '\r');
    }
    return n;
}

/* ---- what there is ------------------------------------------------------------------ */

void imap_box_fill(imap_role *i)
{
    i->count = IMAP_MESSAGES;
    i->highest = 1;
    for (uint32_t n = 0; n < IMAP_MESSAGES; n++) {
        i->held[n] = n;
        i->modseqs[n] = 1;
    }
    i->flags[0] = MAILPROTO_IMAP_SEEN;
}

uint64_t imap_box_size(const imap_role *i, uint32_t seq)
{
    return octets_of(texts[i->held[seq - 1]]);
}

uint32_t imap_box_largest_uid(const imap_role *i)
{
    return i->count > 0 ? IMAP_FIRST_UID + i->held[i->count - 1] : 0;
}

void imap_box_facts(imap_role *i, uint32_t seq)
{
    static const char *const email_ids[IMAP_MESSAGES] = {"E1", "E2", "E3"};
    static const char *const thread_ids[IMAP_MESSAGES] = {"T1", "T2", "T3"};
    uint32_t number = i->held[seq - 1];
    mailproto_imap_facts *f = &i->facts;
    memset(f, 0, sizeof *f);
    f->struct_size = sizeof *f;
    f->seq = seq;
    f->uid = IMAP_FIRST_UID + number;
    f->largest_seq = i->count;
    f->largest_uid = i->largest_uid;
    f->flags = i->flags[number];
    f->size = octets_of(texts[number]);
    f->modseq = i->modseqs[number];
    f->internal.utc = IMAP_VALIDITY + (int64_t)number * 60;
    f->internal.set = 1;
    f->saved = f->internal;
    f->email_id = literal(email_ids[number]);
    f->thread_id = literal(thread_ids[number]);
    f->saved_uids = i->saved;
    f->saved_uids_count = i->saved_count;
}

mailproto_status imap_box_open(imap_role *i)
{
    char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];
    mailproto_bytes text = texts[i->held[i->facts.seq - 1]];
    memset(&i->source, 0, sizeof i->source);
    i->source.struct_size = sizeof i->source;
    i->source.data = text.ptr;
    i->source.size = text.len;
    memset(&i->index, 0, sizeof i->index);
    i->index.struct_size = sizeof i->index;
    i->index.capacity = IMAP_PARTS;
    i->index.parts = i->parts;
    return mailproto_index_build(&i->index, &i->source, NULL, work, sizeof work);
}

/* ---- what a set means --------------------------------------------------------------- */

static int is_saved(const imap_role *i, uint32_t uid)
{
    for (size_t n = 0; n < i->saved_count; n++) {
        if (i->saved[n].low == uid) {
            return 1;
        }
    }
    return 0;
}

int imap_box_is_meant(const imap_role *i)
{
    const mailproto_imap_cursor *set = &i->command.set;
    const mailproto_imap_facts *f = &i->facts;
    if (mailproto_imap_set_is_saved(set)) { /* numbers or UIDs: RFC 5182 2.1 */
        return is_saved(i, f->uid);
    }
    return i->command.flags & MAILPROTO_IMAP_UID
               ? mailproto_imap_set_has(set, f->uid, f->largest_uid)
               : mailproto_imap_set_has(set, f->seq, f->largest_seq);
}

int imap_box_means_any(imap_role *i)
{
    for (uint32_t seq = 1; seq <= i->count; seq++) {
        imap_box_facts(i, seq);
        if (imap_box_is_meant(i)) {
            return 1;
        }
    }
    return 0;
}

/* What is gone is not in `$` any more (RFC 9051 6.4.4.1): set_has() finds nothing there. */
size_t imap_box_gone(const imap_role *i, const mailproto_imap_cursor *set,
                     mailproto_imap_range *uids)
{
    uint32_t largest = IMAP_FIRST_UID + IMAP_MESSAGES - 1; /* that there ever was */
    size_t count = 0;
    for (uint32_t n = 0; n < IMAP_MESSAGES; n++) {
        uint32_t uid = IMAP_FIRST_UID + n;
        if (i->gone[n] > i->command.modseq &&
            (set == NULL || mailproto_imap_set_has(set, uid, largest))) {
            uids[count].low = uids[count].high = uid;
            count++;
        }
    }
    return count;
}

/* ---- changes ------------------------------------------------------------------------ */

/* RFC 7162 3.1.11: what changes nothing leaves the mod-sequence as it is. */
int imap_box_set_flags(imap_role *i, uint32_t flags)
{
    uint32_t number = i->held[i->facts.seq - 1];
    if (i->flags[number] == flags) {
        return 0;
    }
    i->flags[number] = i->facts.flags = flags;
    i->modseqs[number] = i->facts.modseq = ++i->highest;
    return 1;
}

void imap_box_remove(imap_role *i, uint32_t seq)
{
    i->gone[i->held[seq - 1]] = ++i->highest;
    memmove(&i->held[seq - 1], &i->held[seq], (i->count - seq) * sizeof i->held[0]);
    i->count--;
}
