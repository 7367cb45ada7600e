/**
 * @file mbox.h
 * Mailboxes in one file (RFC 4155 and its relatives mboxo, mboxrd, mboxcl) read and
 * written; and the canonical forms of DKIM (RFC 6376 3.4), without the cryptography.
 *
 * @code
 * mailproto_mbox_open(&m, &source, MAILPROTO_MBOX_UNQUOTE, work, sizeof work);
 * while ((st = mailproto_mbox_next(&m, &ev)) == MAILPROTO_OK) {
 *     switch (ev.type) {
 *     case MAILPROTO_MBOX_FROM: begin(ev.address, ev.utc); break;
 *     case MAILPROTO_MBOX_DATA: mailproto_message_feed(...); break;
 *     case MAILPROTO_MBOX_END: finish(); break;
 *     }
 * }
 * @endcode
 */
#ifndef MAILPROTO_MBOX_H
#define MAILPROTO_MBOX_H

#include <mailproto/codec.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reading ----------------------------------------------------------------------- */

/** Flags of mailproto_mbox_open(). */
enum {
    /** Lines of one or more `>` and `From ` lose one `>` (mboxrd). Files of mboxo quote
     *  `From ` only and not `>From `: what was quoted in them cannot be told. */
    MAILPROTO_MBOX_UNQUOTE = 1,
    /** Content-Length fields are not looked at. Else one is believed if the source can
     *  be read by offset and a From_ line or the end stands where it says (mboxcl). */
    MAILPROTO_MBOX_NO_LENGTH = 2,
    /** Every line of up to ::MAILPROTO_MBOX_LINE_MAX octets that begins with `From `
     *  separates, behind a blank line; else only one that has the form of a From_ line as
     *  well: an address or a word, and a date (RFC 4155). */
    MAILPROTO_MBOX_LOOSE = 4
};

/** The longest From_ line, its end included; a longer one is text. */
#define MAILPROTO_MBOX_LINE_MAX 1024

/** Types of mailproto_mbox_event: FROM, (DATA)*, END, again and again. */
enum {
    /** A From_ line begins a message. What stands before the first is passed over. */
    MAILPROTO_MBOX_FROM = 1,
    /** Octets of the message, in `text`, as they are stored but for the quoting. */
    MAILPROTO_MBOX_DATA = 2,
    /** The message is complete: the blank line before the next From_ line is not its. */
    MAILPROTO_MBOX_END = 3
};

/** What a reader has to say. Spans live until the next call. */
typedef struct mailproto_mbox_event {
    uint32_t type;           /**< MAILPROTO_MBOX_FROM ... */
    uint32_t reserved;       /**< 0 */
    uint64_t offset;         /**< of `text` in the file; END: behind the message */
    mailproto_bytes text;    /**< FROM: the line without its end; DATA: the octets */
    mailproto_bytes address; /**< FROM: as it stands there */
    int64_t utc;             /**< FROM: the date, INT64_MIN: it cannot be read */
} mailproto_mbox_event;

/** A reader; nothing to release. */
typedef struct mailproto_mbox {
    uint64_t opaque[24]; /**< the library's */
} mailproto_mbox;

/**
 * Begins.
 * @param m      the reader
 * @param source of the file: in memory, by offset, or sequential; stays valid
 * @param flags  MAILPROTO_MBOX_...
 * @param work   for a source that is not in memory, 4096 octets or more; stays valid
 * @param size   its size
 * @return OK, ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_mbox_open(mailproto_mbox *m,
                                                   const mailproto_source *source,
                                                   uint32_t flags, void *work,
                                                   size_t size);

/** The next event. @return OK; ::MAILPROTO_EOF; ::MAILPROTO_NOT_READY; what the source
 *  said */
MAILPROTO_API mailproto_status mailproto_mbox_next(mailproto_mbox *m,
                                                   mailproto_mbox_event *ev);

/* ---- writing ----------------------------------------------------------------------- */

/**
 * Writes a From_ line with its LF: `From alice@crepes.fr Sat Nov 21 09:00:00 2026`.
 * @param address the envelope's sender; empty: MAILER-DAEMON. Blanks and controls are
 *                written as `?`
 * @param utc     seconds since 1970-01-01T00:00:00Z
 * @param buf     where to
 * @param cap     its room; 64 more than the address suffice
 * @param len     octets written
 * @return OK, ::MAILPROTO_ERR_TOO_LONG, ::MAILPROTO_ERR_ARGUMENT (a year over 9999)
 */
MAILPROTO_API mailproto_status mailproto_mbox_from_line(mailproto_bytes address,
                                                        int64_t utc, void *buf,
                                                        size_t cap, size_t *len);

/** Prepares a filter for mailproto_codec_run() that quotes a message's lines (mboxrd: `>`
 *  before every line of any number of `>` and `From `), adds a line end where the last
 *  line has none, and the blank line behind. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_mbox_quote_init(mailproto_codec *c);

/* ---- DKIM canonical forms (RFC 6376 3.4) --------------------------------------------- */

/** Canonicalization algorithms. */
enum {
    MAILPROTO_DKIM_SIMPLE = 0, /**< RFC 6376 3.4.1, 3.4.3 */
    MAILPROTO_DKIM_RELAXED = 1 /**< RFC 6376 3.4.2, 3.4.4 */
};

/** Prepares a filter for mailproto_codec_run() that brings a body into canonical form:
 *  lines end in CRLF (a LF alone counts as one), blank lines at the end go, and what
 *  `form` asks for. @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_dkim_body_init(mailproto_codec *c,
                                                        uint32_t form);

/** Prepares a filter that brings one field into canonical form, from its name to its last
 *  line end (RFC 6376 3.4.1, 3.4.2; line ends come out as CRLF). For the DKIM-Signature
 *  field itself leave its last CRLF and the value of `b=` out before, with the blanks and
 *  folds around it (RFC 6376 3.7): all from the `=` to the `;` or the end.
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_dkim_field_init(mailproto_codec *c,
                                                         uint32_t form);

/** Finds the value of a tag in a tag list (RFC 6376 3.2), outer blanks cut: the span of
 *  `b=`'s value in a DKIM-Signature for example. @return OK; ::MAILPROTO_EOF: there is
 *  none; ::MAILPROTO_ERR_SYNTAX: no tag list, or `tag` stands in it twice */
MAILPROTO_API mailproto_status mailproto_dkim_tag(mailproto_bytes list,
                                                  mailproto_bytes tag,
                                                  mailproto_bytes *value);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_MBOX_H */
