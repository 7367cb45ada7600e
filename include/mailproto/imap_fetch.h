/**
 * @file imap_fetch.h
 * What an IMAP server gives out of a stored message: ENVELOPE, BODY and BODYSTRUCTURE,
 * BODY[section] and its partials, BINARY[section], each a source of octets made from a
 * part index and the message. It needs no session and no storage of the library's.
 *
 * @code
 * mailproto_imap_item item;
 * mailproto_imap_structure_open(&item, &source, &index, 0, work, sizeof work);
 * while ((st = mailproto_imap_item_read(&item, out, sizeof out, &got)) == MAILPROTO_OK)
 * {
 *     write(out, got);
 * }
 *
 * mailproto_imap_section section;
 * uint64_t octets;
 * if (mailproto_imap_section_open(&section, &source, &index, &fetch_item, work,
 *                                 sizeof work) == MAILPROTO_OK &&
 *     mailproto_imap_section_size(&section, &octets) == MAILPROTO_OK) {
 *     printf("{%llu}\r\n", octets);
 *     while (mailproto_imap_section_read(&section, out, sizeof out, &got) ==
 *            MAILPROTO_OK) {
 *         write(out, got);
 *     }
 * }
 * @endcode
 *
 * With a server engine mailproto_imap_server_fetch() (imap_respond.h) does all of it.
 */
#ifndef MAILPROTO_IMAP_FETCH_H
#define MAILPROTO_IMAP_FETCH_H

#include <mailproto/imap.h>
#include <mailproto/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- ENVELOPE, BODY, BODYSTRUCTURE ---------------------------------------------- */

/** An item of a FETCH response while it is written; nothing to release. It may be
 *  copied between two calls. */
typedef struct mailproto_imap_item {
    uint64_t opaque[96]; /**< the library's */
} mailproto_imap_item;

/**
 * Begins the ENVELOPE of a message (RFC 9051 7.5.2), parentheses included. Texts are as
 * in the message, folds undone; encoded words stay. Of a field that stands several
 * times the first counts, but To, Cc and Bcc are joined (RFC 5322 4.5.3). An address
 * without a domain gets the host `MISSING_DOMAIN`, text that is no address is told as far
 * as it can be read, with `MISSING_MAILBOX` and `MISSING_DOMAIN` for what is missing and
 * the host `SYNTAX_ERROR` for what breaks between angle brackets: NIL would make a group.
 * A domain with dots out of place is none; a route without an address is `INVALID_ROUTE`.
 * @param item   the writer
 * @param source of the message: in memory or by offset; stays valid
 * @param part   whose header it is: entry 0 of the index, or the child of a
 *             message/rfc822 part; a copy of its numbers is taken
 * @param work   for a source that is not in memory: a field must fit, longer ones are
 *             cut; stays valid
 * @param size   its size, at least 1024 when it is needed
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status
mailproto_imap_envelope_open(mailproto_imap_item *item, const mailproto_source *source,
                             const mailproto_part *part, void *work, size_t size);

/** Flags of mailproto_imap_structure_open(). */
enum {
    MAILPROTO_IMAP_NO_EXTENSION = 1 /**< BODY: without extension data */
};

/**
 * Begins the BODYSTRUCTURE of a message (RFC 9051 7.5.2), or its BODY, parentheses
 * included. Sizes count every line end as CRLF. Parameters are as written: those of RFC
 * 2231 keep their `*` and section numbers. A multipart in which no part was found gets
 * an empty text/plain, as the grammar wants a part.
 * @param item   the writer
 * @param source of the message: in memory or by offset; stays valid
 * @param ix     its index; stays valid, its array too
 * @param flags  ::MAILPROTO_IMAP_NO_EXTENSION, or 0
 * @param work   as for mailproto_imap_envelope_open()
 * @param size   its size
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_imap_structure_open(
    mailproto_imap_item *item, const mailproto_source *source,
    const mailproto_index *ix, uint32_t flags, void *work, size_t size);

/** The next octets: `ctx` is the mailproto_imap_item, so that it may stand in a
 *  mailproto_source as `read`. Strings are quoted, or literals where they hold octets
 *  above 127; folds are undone, U+FFFD stands for NUL. @return OK with `*got` > 0;
 *  ::MAILPROTO_EOF; ::MAILPROTO_NOT_READY; what the source said;
 *  ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_imap_item_read(void *ctx, void *buf,
                                                        size_t cap, size_t *got);

/* ---- sections ------------------------------------------------------------------- */

/** Least size of a section's work memory. */
#define MAILPROTO_IMAP_SECTION_WORK 4096

/** A section while it is given out; nothing to release. */
typedef struct mailproto_imap_section {
    uint64_t opaque[96]; /**< the library's */
} mailproto_imap_section;

/**
 * Begins BODY[...], BINARY[...] (with their partials), RFC822, RFC822.HEADER or
 * RFC822.TEXT of a message. Everything comes with CRLF line ends, whatever is stored,
 * and with the octet 0x80 for each NUL, which no literal may hold (RFC 9051 4.3).
 *
 * BINARY is the decoded body (RFC 9051 6.4.5.1), NUL included: what a client gets that
 * decodes BODY[]. So a stored LF becomes CRLF before quoted-printable is undone, and
 * where there is nothing to undo in text; what a decoder gives, and a body that is
 * "binary" and no text, stays as it is. A part that holds parts comes as from BODY[].
 * @param s      the section
 * @param source of the message: in memory or by offset; stays valid
 * @param ix     its index; stays valid. Sizes of decoded bodies are kept in it, which
 *             mailproto_imap_section_size() counts: it is not for two threads at once
 * @param item   what is asked for; its cursor's bytes stay valid
 * @param work   for what is read; a field of HEADER.FIELDS need not fit
 * @param size   its size, at least ::MAILPROTO_IMAP_SECTION_WORK
 * @return OK; ::MAILPROTO_EOF: the part does not exist: NIL (RFC 9051 6.4.5.1);
 *         ::MAILPROTO_ERR_REFUSED: BINARY of a part whose encoding is not known: `NO
 *         [UNKNOWN-CTE]` (RFC 3516 4.3); ::MAILPROTO_ERR_ARGUMENT (not such an item)
 */
MAILPROTO_API mailproto_status mailproto_imap_section_open(
    mailproto_imap_section *s, const mailproto_source *source, mailproto_index *ix,
    const mailproto_imap_fetch_item *item, void *work, size_t size);

/** How many octets it has, a partial taken into account. May read the source:
 *  HEADER.FIELDS is read once to count, BINARY is decoded once, which writes its size
 *  into the index; nothing else is read for it. With read() that is two passes over the
 *  part, at most. @return OK; ::MAILPROTO_NOT_READY (call again); what the source
 *  said */
MAILPROTO_API mailproto_status mailproto_imap_section_size(mailproto_imap_section *s,
                                                           uint64_t *size);

/** The next octets: `ctx` is the mailproto_imap_section, so that it may stand in a
 *  mailproto_source as `read`. As many come as size() said, or an error. @return OK
 *  with `*got` > 0; ::MAILPROTO_EOF; ::MAILPROTO_NOT_READY; what the source said;
 *  ::MAILPROTO_ERR_EOF (the source ended too early); ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_imap_section_read(void *ctx, void *buf,
                                                           size_t cap, size_t *got);

/** Whether a literal8 is needed: the octets may hold NUL. Meaningful once size() said
 *  OK, and for BINARY only. @return 1 or 0 */
MAILPROTO_API int mailproto_imap_section_is_binary(const mailproto_imap_section *s);

/** Whether a section that was read to its end, or is being read, goes on with this
 *  item: the same section of the same message, from where it stands or further on
 *  (clients fetch large parts in pieces, and may leave some out). Then it is continued
 *  there, without reading again what lies before; what is left out is passed over. Back
 *  it goes only where an offset needs no reading: BODY of what is stored with CRLF, but
 *  for HEADER.FIELDS, which is always opened anew. @return OK: it stands at the item's
 *  `first` now, `item` taken over;
 *  ::MAILPROTO_EOF: it does not go on: open it anew */
MAILPROTO_API mailproto_status mailproto_imap_section_continue(
    mailproto_imap_section *s, const mailproto_imap_fetch_item *item);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_IMAP_FETCH_H */
