/**
 * @file imap.h
 * What an IMAP server says of a stored message: ENVELOPE, BODY and BODYSTRUCTURE, written
 * from a part index and the message's octets. Nothing is assembled: the text comes in
 * pieces of any size.
 *
 * @code
 * mailproto_imap_item item;
 * mailproto_imap_structure_open(&item, &source, &index, 0, work, sizeof work);
 * while ((st = mailproto_imap_item_read(&item, out, sizeof out, &got)) == MAILPROTO_OK) {
 *     write(out, got);
 * }
 * @endcode
 */
#ifndef MAILPROTO_IMAP_H
#define MAILPROTO_IMAP_H

#include <mailproto/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An item of a FETCH response while it is written; nothing to release. It may be copied
 *  between two calls. */
typedef struct mailproto_imap_item {
    uint64_t opaque[96]; /**< the library's */
} mailproto_imap_item;

/**
 * Begins the ENVELOPE of a message (RFC 9051 7.5.2), parentheses included. Texts are as in
 * the message, folds undone; encoded words stay. Of a field that stands several times the
 * first counts. An address without a domain gets the host `MISSING_DOMAIN`, text that is
 * no address also the mailbox `MISSING_MAILBOX`: NIL would make a group of it.
 * @param item   the writer
 * @param source of the message: in memory or by offset; stays valid
 * @param part   whose header it is: entry 0 of the index, or the child of a message/rfc822
 *               part; a copy of its numbers is taken
 * @param work   for a source that is not in memory: a field must fit, longer ones are cut;
 *               stays valid
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
 * 2231 keep their `*` and section numbers. A multipart in which no part was found gets an
 * empty text/plain, as the grammar wants a part.
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
 *  above 127; folds are undone, U+FFFD stands for NUL. @return OK with `*got` > 0; ::MAILPROTO_EOF;
 *  ::MAILPROTO_NOT_READY; what the source said; ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_imap_item_read(void *ctx, void *buf,
                                                        size_t cap, size_t *got);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_IMAP_H */
