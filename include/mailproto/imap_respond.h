/**
 * @file imap_respond.h
 * What an IMAP server says: untagged responses as verbs, and a whole FETCH of a
 * message. Quoting, literals and the form of mailbox names are chosen by what the
 * client has enabled. Comes with imap_server.h, which has the session, the commands and
 * how they are completed.
 *
 * @code
 * while ((st = next_mailbox(&entry)) == MAILPROTO_OK) {
 *     mailproto_imap_list_entry e = {.struct_size = sizeof e, .delimiter = '/'};
 *     e.name = entry.name;
 *     if (mailproto_imap_server_list(server, &e) == MAILPROTO_AGAIN) {
 *         return; // the same entry again at MAILPROTO_EV_ROOM
 *     }
 * }
 * mailproto_imap_server_complete(server, request, MAILPROTO_IMAP_OK, NULL, none);
 * @endcode
 */
#ifndef MAILPROTO_IMAP_RESPOND_H
#define MAILPROTO_IMAP_RESPOND_H

#include <mailproto/imap_fetch.h>
#include <mailproto/imap_search.h>
#include <mailproto/imap_server.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- responses ------------------------------------------------------------------- */

/**
 * @name Responses
 * @anchor imap_responses
 * Each is queued whole or not at all: AGAIN (write and take events, or wait for
 * ::MAILPROTO_EV_ROOM, then repeat the call with the same arguments: there is no room, or
 * the line of a CAPABILITY beside detached commands is written in part); ::MAILPROTO_ERR_TOO_LONG (it can never
 * fit the output buffer); ::MAILPROTO_ERR_ARGUMENT (a number or text that cannot be:
 * nothing an application passes can break the framing); ::MAILPROTO_ERR_STATE (not in
 * this state, or within another response that was begun). They need a command in
 * progress, IDLE, or, where it says so, nothing.
 * @{
 */

/**
 * `* OK [code] text` and its likes, at any time.
 * @param server the server
 * @param how ::MAILPROTO_IMAP_OK, NO or BAD
 * @param code or NULL
 * @param text words
 * @return as @ref imap_responses "responses"
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_untagged(mailproto_imap_server *server, uint32_t how,
                               const mailproto_imap_code *code, mailproto_bytes text);

/** `* n EXISTS`, at any time while selected.
 *  @return as @ref imap_responses "responses";
 *  ::MAILPROTO_ERR_NOT_NOW: fewer than before, which only EXPUNGE may say */
MAILPROTO_API mailproto_status
mailproto_imap_server_exists(mailproto_imap_server *server, uint32_t messages);

/** `* n RECENT` (RFC 3501); nothing for a client of IMAP4rev2.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_recent(mailproto_imap_server *server, uint32_t messages);

/**
 * A message is gone: `* n EXPUNGE`, or `* VANISHED` for who enabled QRESYNC. EXISTS is
 * one less from now on.
 * @param server the server
 * @param seq    its message sequence number now
 * @param uid    its UID
 * @return as @ref imap_responses "responses"; ::MAILPROTO_ERR_NOT_NOW (RFC 9051 7.5.1:
 *         no command in progress,
 *         or a FETCH, STORE or SEARCH with message numbers): ::MAILPROTO_EV_IMAP_SYNC
 *         follows
 */
MAILPROTO_API mailproto_status mailproto_imap_server_expunge(
    mailproto_imap_server *server, uint32_t seq, uint32_t uid);

/**
 * `* VANISHED` (RFC 7162 3.2.10) of many.
 * @param server the server
 * @param earlier 1: (EARLIER), which leaves EXISTS as it is; 0: messages that are gone
 *                now, every UID of the ranges was one: EXISTS is so much less
 * @param uids ascending
 * @param count of ranges; where they are too many for the output buffer
 *              (::MAILPROTO_ERR_TOO_LONG) call it for some after the others
 * @return see expunge(); ::MAILPROTO_ERR_STATE also: the client has not enabled QRESYNC
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_vanished(mailproto_imap_server *server, int earlier,
                               const mailproto_imap_range *uids, size_t count);

/** `* FLAGS (...)`: those that can be in this mailbox.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_flags(mailproto_imap_server *server, uint32_t flags,
                            const mailproto_bytes *keywords, size_t count);

/** Attributes of a mailbox name, as bits (RFC 9051 7.3.1, RFC 6154). */
enum {
    MAILPROTO_IMAP_ATTR_NOINFERIORS = 1,    /**< \\Noinferiors */
    MAILPROTO_IMAP_ATTR_NOSELECT = 2,       /**< \\Noselect */
    MAILPROTO_IMAP_ATTR_MARKED = 4,         /**< \\Marked */
    MAILPROTO_IMAP_ATTR_UNMARKED = 8,       /**< \\Unmarked */
    MAILPROTO_IMAP_ATTR_NONEXISTENT = 16,   /**< \\NonExistent */
    MAILPROTO_IMAP_ATTR_HASCHILDREN = 32,   /**< \\HasChildren */
    MAILPROTO_IMAP_ATTR_HASNOCHILDREN = 64, /**< \\HasNoChildren */
    MAILPROTO_IMAP_ATTR_SUBSCRIBED = 128,   /**< \\Subscribed */
    MAILPROTO_IMAP_ATTR_REMOTE = 256,       /**< \\Remote */
    MAILPROTO_IMAP_ATTR_ALL = 512,          /**< \\All */
    MAILPROTO_IMAP_ATTR_ARCHIVE = 1024,     /**< \\Archive */
    MAILPROTO_IMAP_ATTR_DRAFTS = 2048,      /**< \\Drafts */
    MAILPROTO_IMAP_ATTR_FLAGGED = 4096,     /**< \\Flagged */
    MAILPROTO_IMAP_ATTR_JUNK = 8192,        /**< \\Junk */
    MAILPROTO_IMAP_ATTR_SENT = 16384,       /**< \\Sent */
    MAILPROTO_IMAP_ATTR_TRASH = 32768,      /**< \\Trash */
    MAILPROTO_IMAP_ATTR_IMPORTANT = 65536,  /**< \\Important (RFC 8457) */
    MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED =
        131072 /**< CHILDINFO ("SUBSCRIBED") (RFC 5258) */
};

/** A mailbox for LIST, LSUB. */
typedef struct mailproto_imap_list_entry {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t attributes;  /**< MAILPROTO_IMAP_ATTR_...; what the client did not ask for
                             or cannot know is left out by the engine for LSUB only */
    uint32_t delimiter;   /**< the hierarchy's, one ASCII character; 0: NIL */
    uint32_t name_flags;  /**< ::MAILPROTO_IMAP_NAME_RAW, or 0 */
    mailproto_bytes name; /**< UTF-8, or the wire's octets */
    mailproto_bytes old_name; /**< OLDNAME (RFC 9051 6.3.9.7), or empty; told to who
                                   has enabled IMAP4rev2 only */
} mailproto_imap_list_entry;

/** `* LIST`; for a command LSUB `* LSUB`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_list(
    mailproto_imap_server *server, const mailproto_imap_list_entry *entry);

/** The numbers of a mailbox, for STATUS. */
typedef struct mailproto_imap_status {
    uint32_t struct_size;   /**< sizeof of the caller's struct */
    uint32_t items;         /**< MAILPROTO_IMAP_STATUS_...: which of these to tell */
    uint32_t name_flags;    /**< ::MAILPROTO_IMAP_NAME_RAW, or 0 */
    uint32_t messages;      /**< MESSAGES */
    uint32_t uidnext;       /**< UIDNEXT */
    uint32_t uidvalidity;   /**< UIDVALIDITY */
    uint32_t unseen;        /**< UNSEEN */
    uint32_t deleted;       /**< DELETED */
    uint32_t recent;        /**< RECENT */
    uint32_t reserved;      /**< 0 */
    uint64_t size;          /**< SIZE */
    uint64_t highestmodseq; /**< HIGHESTMODSEQ */
    uint64_t append_limit;  /**< APPENDLIMIT; ::MAILPROTO_UNLIMITED_64: NIL */
    mailproto_bytes mailbox_id; /**< MAILBOXID */
    mailproto_bytes name;       /**< the mailbox */
} mailproto_imap_status;

/** `* STATUS`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_status(
    mailproto_imap_server *server, const mailproto_imap_status *status);

/** One namespace (RFC 2342). */
typedef struct mailproto_imap_namespace {
    uint32_t kind;          /**< 0 personal, 1 other users', 2 shared */
    uint32_t delimiter;     /**< one ASCII character; 0: NIL */
    mailproto_bytes prefix; /**< UTF-8 */
} mailproto_imap_namespace;

/** `* NAMESPACE`: sorted by `kind`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_namespace(mailproto_imap_server *server,
                                const mailproto_imap_namespace *spaces, size_t count);

/** `* ID`: names and values in turn, a value with `ptr` NULL is NIL; none: NIL.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_id(mailproto_imap_server *server,
                                                        const mailproto_bytes *pairs,
                                                        size_t count);

/**
 * Any other untagged response: `* name rest`.
 * @param server the server
 * @param name an atom this header has no call for
 * @param rest printable text with balanced quotes and brackets, single blanks between,
 *             no literal
 * @return as @ref imap_responses "responses"
 */
MAILPROTO_API mailproto_status mailproto_imap_server_other(
    mailproto_imap_server *server, mailproto_bytes name, mailproto_bytes rest);

/** Flags of mailproto_imap_selected. */
enum {
    MAILPROTO_IMAP_BOX_READ_ONLY = 1,   /**< READ-ONLY even for SELECT */
    MAILPROTO_IMAP_BOX_NOMODSEQ = 2,    /**< no mod-sequences are kept: commands that
                                             need some are BAD */
    MAILPROTO_IMAP_BOX_UIDNOTSTICKY = 4 /**< UIDs do not last */
};

/** What a client is told when a mailbox is selected (RFC 9051 6.3.2). */
typedef struct mailproto_imap_selected {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t flags;           /**< MAILPROTO_IMAP_BOX_... */
    uint32_t exists;          /**< messages */
    uint32_t recent;          /**< RECENT, for clients of IMAP4rev1 */
    uint32_t unseen;          /**< first message without \\Seen, or 0 (IMAP4rev1) */
    uint32_t uidvalidity;     /**< UIDVALIDITY, not 0 */
    uint32_t uidnext;         /**< UIDNEXT, not 0 */
    uint32_t mailbox_flags;   /**< FLAGS: system flags */
    uint32_t permanent_flags; /**< PERMANENTFLAGS: system flags, MAILPROTO_IMAP_ANY */
    uint32_t reserved;        /**< 0 */
    uint64_t highestmodseq;   /**< HIGHESTMODSEQ, not 0 where CONDSTORE is offered and
                                   NOMODSEQ is not set */
    const mailproto_bytes *keywords; /**< of FLAGS and of PERMANENTFLAGS */
    size_t keywords_count;           /**< how many */
    mailproto_bytes mailbox_id;      /**< MAILBOXID, or empty; told where OBJECTID is
                                          offered */
    mailproto_imap_list_entry
        entry; /**< the mailbox itself, for IMAP4rev2's LIST: a client that
                                        has enabled that needs its name, else
                                        ::MAILPROTO_ERR_ARGUMENT */
} mailproto_imap_selected;

/** Everything that SELECT tells before it completes, as what is offered and what the
 *  client enabled has it; the mailbox that was selected before is closed, which a
 *  server with CONDSTORE says to all and one with IMAP4rev2 to who enabled that (`OK
 *  [CLOSED]`). VANISHED and FETCH of QRESYNC may follow.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_selected(mailproto_imap_server *server, uint32_t request,
                               const mailproto_imap_selected *box);

/**
 * The client was told of every change of the selected mailbox up to this mod-sequence:
 * what HIGHESTMODSEQ says when a command enables CONDSTORE later on (RFC 7162 3.1).
 * Without it that is what selected() said, or what a HIGHESTMODSEQ code has said since:
 * never more than the client has, but changes told since then may be fetched again.
 * Nothing is sent.
 * @param server  the server
 * @param highest a lower one than before changes nothing
 * @return OK; ::MAILPROTO_ERR_STATE (no mailbox); ::MAILPROTO_ERR_ARGUMENT (over 63 bits)
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_highestmodseq(mailproto_imap_server *server, uint64_t highest);

/* ---- responses built by begin, items, end --------------------------------------- */

/** What a SEARCH found, but for the numbers themselves. */
typedef struct mailproto_imap_found {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t count;       /**< how many; 0: nothing was found. Just so many numbers have
                               to follow where numbers are wanted */
    uint32_t min;         /**< the least */
    uint32_t max;         /**< the largest */
    uint64_t modseq; /**< the highest mod-sequence of them where the search had MODSEQ
                               (RFC 7162 3.1.5), or 0 */
} mailproto_imap_found;

/** Begins the answer of SEARCH: `* SEARCH`, or `* ESEARCH` with what was asked for, as
 *  the command and what is enabled have it. Numbers follow if `*wants_numbers` says 1.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_search_begin(
    mailproto_imap_server *server, uint32_t request, const mailproto_imap_found *found,
    int *wants_numbers);

/**
 * Numbers of the response that was begun: SEARCH, COPYUID and its likes. Ascending, no
 * `*`.
 * @param server the server
 * @param ranges the numbers
 * @param count of ranges
 * @return OK: all of them; AGAIN: some, call again with the same arguments
 */
MAILPROTO_API mailproto_status mailproto_imap_server_numbers(
    mailproto_imap_server *server, const mailproto_imap_range *ranges, size_t count);

/** Ends the answer of SEARCH. @return as @ref imap_responses "responses";
 *  ::MAILPROTO_ERR_STATE: fewer numbers were given than found */
MAILPROTO_API mailproto_status
mailproto_imap_server_search_end(mailproto_imap_server *server);

/**
 * Begins a completion, or an untagged OK (request 0: MOVE, RFC 6851 4.3), whose code
 * has more numbers than fit the output buffer: APPENDUID, COPYUID, MODIFIED.
 * @param server  the server
 * @param request to complete, or 0
 * @param how     ::MAILPROTO_IMAP_OK, ::MAILPROTO_IMAP_NO
 * @param code    MAILPROTO_IMAP_CODE_...; with a request that of its command: APPENDUID
 *                of APPEND, COPYUID of COPY and MOVE, MODIFIED of STORE
 * @param number  UIDVALIDITY, or 0
 * @return as @ref imap_responses "responses"; ::MAILPROTO_ERR_ARGUMENT also for a command
 *         that does not end with this code. mailproto_imap_server_numbers() follows,
 *         for COPYUID
 *         mailproto_imap_server_code_target() and numbers again, then
 *         mailproto_imap_server_code_end()
 */
MAILPROTO_API mailproto_status
mailproto_imap_server_code_begin(mailproto_imap_server *server, uint32_t request,
                                 uint32_t how, uint32_t code, uint64_t number);

/** COPYUID: the new UIDs begin. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_code_target(mailproto_imap_server *server);

/** Ends the code and the response. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_code_end(mailproto_imap_server *server, mailproto_bytes text);

/** Begins `* n FETCH (`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch_begin(mailproto_imap_server *server, uint32_t seq);

/** `FLAGS (...)`. @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch_flags(mailproto_imap_server *server, uint32_t flags,
                                  const mailproto_bytes *keywords, size_t count);

/** `UID n`, `RFC822.SIZE n`, `MODSEQ (n)`, `BINARY.SIZE[...] n`.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_number(
    mailproto_imap_server *server, const mailproto_imap_fetch_item *item, uint64_t n);

/** `INTERNALDATE "..."`, `SAVEDATE "..."` or NIL.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_date(
    mailproto_imap_server *server, uint32_t kind, const mailproto_imap_date *date);

/** `EMAILID (...)`, `THREADID (...)`; an empty THREADID is NIL.
 *  @return as @ref imap_responses "responses" */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_id(
    mailproto_imap_server *server, uint32_t kind, mailproto_bytes id);

/** ENVELOPE, BODY, BODYSTRUCTURE out of `from`, which was opened for it. @return OK:
 *  whole; AGAIN, ::MAILPROTO_NOT_READY: call again; what its source said: the session
 *  is then closed, as the response cannot be ended */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_structure(
    mailproto_imap_server *server, uint32_t kind, mailproto_imap_item *from);

/**
 * The name of a section and the announcement of its octets: the content verbs give them
 * (::MAILPROTO_EV_CONTENT_WANTED follows), exactly `size`.
 * @param server the server
 * @param item   SECTION, BINARY, RFC822 and its likes
 * @param size   octets; ::MAILPROTO_SIZE_UNKNOWN: the part does not exist: NIL, no
 *             content
 * @param binary 1: as literal8 (BINARY with NUL)
 * @return as @ref imap_responses "responses"
 */
MAILPROTO_API mailproto_status mailproto_imap_server_fetch_section(
    mailproto_imap_server *server, const mailproto_imap_fetch_item *item, uint64_t size,
    int binary);

/** Ends the response.
 *  @return as @ref imap_responses "responses"; ::MAILPROTO_ERR_STATE (content is
 *  missing) */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch_end(mailproto_imap_server *server);

/* ---- a whole FETCH of a message ------------------------------------------------- */

/** Least size of the work memory of a FETCH. */
#define MAILPROTO_IMAP_FETCH_WORK 8192

/** A FETCH of one message while it is answered, or one that nobody asked for: with
 *  `items` all zero it tells what `tell_flags` and `tell_items` say, and the UID to who
 *  has enabled IMAP4rev2 (RFC 9051 appendix E 21). Fill the upper half, zero the
 *  rest. */
typedef struct mailproto_imap_fetch {
    uint32_t struct_size; /**< sizeof(mailproto_imap_fetch) */
    uint32_t flags;       /**< MAILPROTO_IMAP_UID, MAILPROTO_IMAP_HAS_MODSEQ as of
                                       the command: UID or MODSEQ are added */
    mailproto_imap_cursor items; /**< `items` of the command; its bytes stay valid */
    const mailproto_imap_facts *facts; /**< of the message; looked at during each call,
                                          filled again in between if you like, but for
                                          `seq` and `uid`. `flags` with \\Seen already
                                          where the command sets it: then FLAGS is added
                                          where `tell_flags` says so */
    const mailproto_source *source;    /**< of the message; NULL until it is needed */
    mailproto_index *index;            /**< its index; NULL until it is needed */
    void *work;                        /**< stays valid */
    size_t work_size;                  /**< at least ::MAILPROTO_IMAP_FETCH_WORK */
    uint32_t tell_flags;  /**< 1: FLAGS is added: they changed by this FETCH */
    uint32_t unknown_cte; /**< out: 1: a BINARY item could not be decoded: complete with
                             NO [UNKNOWN-CTE] */
    uint32_t tell_items;  /**< bits 1 << MAILPROTO_IMAP_ITEM_... of items that need the
                               facts only: told before those of `items` */
    uint32_t reserved;    /**< 0 */
    /** The library's; zero before the first use. Between messages it may stay: a
     *  section that was opened goes on only with the same UID, source, index and work.
     *  Zero it when another message stands behind all of these, one of another mailbox
     *  with the same UID, say. Kept, a partial that goes on where the last one ended is
     *  not read again from the start */
    uint64_t opaque[256];
} mailproto_imap_fetch;

/** Writes the FETCH response of one message; an item that the client did not ask for
 *  is not touched, a message not opened when facts are enough. @return OK: the
 *  response is queued whole; AGAIN: the output is full, call again after
 *  ::MAILPROTO_EV_ROOM; ::MAILPROTO_NOT_READY: the source has nothing yet, call again;
 *  ::MAILPROTO_YOUR_TURN: set `source` and `index`, then call again, or give up with
 *  mailproto_imap_server_fetch_end(): the response then has what came before;
 *  ::MAILPROTO_ERR_STATE; ::MAILPROTO_ERR_ARGUMENT; what the source said: within the
 *  octets of an item the session is closed, else the response has ended with the items
 *  that came before. Nothing else can be said, and no command completed,
 *  until it is over */
MAILPROTO_API mailproto_status
mailproto_imap_server_fetch(mailproto_imap_server *server, mailproto_imap_fetch *fetch);

/** @} */

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_IMAP_RESPOND_H */
