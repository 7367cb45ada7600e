/**
 * @file imap_search.h
 * The search program of IMAP (RFC 9051 6.4.4): compiled from a SEARCH command into a
 * flat array in the caller's memory, and matched against one message after the other.
 *
 * @code
 * static mailproto_imap_search_node program[256];
 * size_t nodes, taken = 0;
 * mailproto_imap_cursor keys = command.items;
 * mailproto_imap_search_compile(&keys, program, 256, &nodes);
 * for (i = 0; i < exists; i++) {
 *     mailproto_imap_facts facts = {.struct_size = sizeof facts};
 *     mailproto_imap_match m;
 *     fill(&facts, i);
 *     st = mailproto_imap_match_open(&m, program, nodes, &facts, work, sizeof work);
 *     while (st == MAILPROTO_OK &&
 *            (st = mailproto_imap_match_run(&m)) == MAILPROTO_AGAIN) {
 *         // it needs the message: give it `source` and `index` now
 *         st = mailproto_imap_match_message(&m, &source, &index);
 *     }
 *     if (st < 0) { ... }                  // NO [LIMIT] or so: not "nothing found"
 *     if (mailproto_imap_match_result(&m)) { found[taken++] = i + 1; }
 * }
 * @endcode
 */
#ifndef MAILPROTO_IMAP_SEARCH_H
#define MAILPROTO_IMAP_SEARCH_H

#include <mailproto/imap.h>
#include <mailproto/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the program ---------------------------------------------------------------- */

/** Search keys (RFC 9051 6.4.4, RFC 3501 6.4.4, and where named). A key with `text`
 *  looks for it as a substring, without regard to case. */
enum {
    MAILPROTO_IMAP_KEY_AND = 1,  /**< all of the operands that follow, up to `end` */
    MAILPROTO_IMAP_KEY_OR = 2,   /**< either of the two operands that follow */
    MAILPROTO_IMAP_KEY_NOT = 3,  /**< not the operand that follows */
    MAILPROTO_IMAP_KEY_ALL = 4,  /**< every message */
    MAILPROTO_IMAP_KEY_FLAG = 5, /**< `number`: a MAILPROTO_IMAP_SEEN and its likes is
                                    set; UNSEEN is NOT of it, NEW is AND of RECENT and
                                    NOT SEEN */
    MAILPROTO_IMAP_KEY_KEYWORD = 6,     /**< `text`: this keyword is set */
    MAILPROTO_IMAP_KEY_NUMBERS = 7,     /**< `set`: of message numbers */
    MAILPROTO_IMAP_KEY_UID = 8,         /**< `set`: of UIDs */
    MAILPROTO_IMAP_KEY_BEFORE = 9,      /**< `number` days since 1970: INTERNALDATE */
    MAILPROTO_IMAP_KEY_ON = 10,         /**< as BEFORE */
    MAILPROTO_IMAP_KEY_SINCE = 11,      /**< as BEFORE */
    MAILPROTO_IMAP_KEY_SENTBEFORE = 12, /**< `number` days: the Date field */
    MAILPROTO_IMAP_KEY_SENTON = 13,     /**< as SENTBEFORE */
    MAILPROTO_IMAP_KEY_SENTSINCE = 14,  /**< as SENTBEFORE */
    MAILPROTO_IMAP_KEY_LARGER = 15,     /**< RFC822.SIZE is over `number` */
    MAILPROTO_IMAP_KEY_SMALLER = 16,    /**< RFC822.SIZE is under `number` */
    MAILPROTO_IMAP_KEY_HEADER =
        17,                       /**< a field `field` has `text`; FROM, TO, CC, BCC and
                                         SUBJECT are this key; empty text: it exists */
    MAILPROTO_IMAP_KEY_BODY = 18, /**< `text` in the body: in the parts that are text or
                                     hold a message's header, decoded, in UTF-8; see
                                     mailproto_imap_match_run() */
    MAILPROTO_IMAP_KEY_TEXT = 19, /**< `text` in the header, encoded words decoded, in
                                     the body, or in the header of a part */
    MAILPROTO_IMAP_KEY_MODSEQ = 20,   /**< MODSEQ is at least `number` (RFC 7162 3.1.5);
                                         `field` the entry or NIL, `text` its type */
    MAILPROTO_IMAP_KEY_EMAILID = 21,  /**< `text` (RFC 8474) */
    MAILPROTO_IMAP_KEY_THREADID = 22, /**< `text` (RFC 8474) */
    MAILPROTO_IMAP_KEY_SAVEDBEFORE = 23, /**< `number` days: SAVEDATE (RFC 8514) */
    MAILPROTO_IMAP_KEY_SAVEDON = 24,     /**< as SAVEDBEFORE */
    MAILPROTO_IMAP_KEY_SAVEDSINCE = 25,  /**< as SAVEDBEFORE */
    MAILPROTO_IMAP_KEY_SAVEDATE_SUPPORTED = 26 /**< this mailbox keeps SAVEDATE */
};

/** A key and, behind it in the array, its operands. */
typedef struct mailproto_imap_search_node {
    uint32_t key;                /**< MAILPROTO_IMAP_KEY_... */
    uint32_t end;                /**< number of the node behind its last operand */
    uint64_t number;             /**< see the keys */
    mailproto_imap_string text;  /**< see the keys */
    mailproto_imap_string field; /**< see the keys */
    mailproto_imap_cursor set;   /**< see the keys */
} mailproto_imap_search_node;

/** Nesting of a search program; more: BAD. */
#define MAILPROTO_IMAP_SEARCH_DEPTH 64

/**
 * Compiles the keys of a SEARCH into prefix order. The program points into the
 * command's bytes. Node 0 is an AND of all.
 * @param keys  `items` of the command
 * @param nodes the array
 * @param cap   its entries; a program never has more nodes than the octets of the
 *            command's arguments plus 2 (`NEW` stands for four). The matcher takes
 *            4096; a server refuses a search that needs more of them than it has
 * @param count nodes used, or, with ::MAILPROTO_ERR_MEMORY, needed
 * @return OK; ::MAILPROTO_ERR_MEMORY; ::MAILPROTO_ERR_COUNT_LIMIT (nested too deep);
 *         ::MAILPROTO_ERR_SYNTAX (cannot be in a command that was parsed)
 */
MAILPROTO_API mailproto_status mailproto_imap_search_compile(
    mailproto_imap_cursor *keys, mailproto_imap_search_node *nodes, size_t cap,
    size_t *count);

/* ---- facts: what the mailbox knows of a message --------------------------------- */

/** What is known of a stored message without reading it; what FETCH gives out and
 *  SEARCH compares. */
typedef struct mailproto_imap_facts {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t seq;         /**< its message sequence number */
    uint32_t uid;         /**< its UID */
    uint32_t largest_seq; /**< what `*` stands for in sets of message numbers */
    uint32_t largest_uid; /**< what `*` stands for in sets of UIDs */
    uint32_t flags;       /**< MAILPROTO_IMAP_SEEN ... */
    /** RFC822.SIZE: octets with CRLF. Of what is stored otherwise: `header_crlf` plus
     *  `body_crlf` of part 0 in its index. */
    uint64_t size;
    uint64_t modseq; /**< its mod-sequence, or 0 */
    /** INTERNALDATE. FETCH always tells one: `set` 0 as 1 January 1970. */
    mailproto_imap_date internal;
    mailproto_imap_date saved;       /**< SAVEDATE; `set` 0: not kept */
    const mailproto_bytes *keywords; /**< flags that are no system flags; may be NULL */
    size_t keywords_count;           /**< how many */
    mailproto_bytes email_id;        /**< EMAILID, or empty */
    mailproto_bytes thread_id;       /**< THREADID, or empty: NIL */
    /** The UIDs of `$` that are meant where a set is `$`; NULL: nothing was saved. */
    const mailproto_imap_range *saved_uids;
    size_t saved_uids_count; /**< how many, ascending */
} mailproto_imap_facts;

/* ---- the matcher ---------------------------------------------------------------- */

/** Least size of the matcher's work memory. */
#define MAILPROTO_IMAP_MATCH_WORK 8192

/** The search for one message while it runs; nothing to release. */
typedef struct mailproto_imap_match {
    uint64_t opaque[192]; /**< the library's */
} mailproto_imap_match;

/**
 * Begins to match one message.
 * @param m     the match
 * @param nodes the program; stays valid, and what it points to. No string of it may be
 *             EXTERNAL: let `max_literal` be as long as texts to search for may be
 * @param count its nodes, at most 4096
 * @param facts of the message; stays valid
 * @param work  for what is read, decoded and compared, and a few bits for each node;
 *             more than the least is faster for messages on disk
 * @param size  its size, at least ::MAILPROTO_IMAP_MATCH_WORK, and more for long texts:
 *             each takes 3 octets for one of its own, 3 times as many where it has
 *             others than ASCII, and a few dozen beside them
 * @return OK; ::MAILPROTO_ERR_ARGUMENT (NULL; more nodes than 4096, or an array that is
 *         no program; an EXTERNAL string); ::MAILPROTO_ERR_MEMORY (`size`, or a text
 *         over 16,383 octets: the same for every message); ::MAILPROTO_ERR_VERSION
 */
MAILPROTO_API mailproto_status mailproto_imap_match_open(
    mailproto_imap_match *m, const mailproto_imap_search_node *nodes, size_t count,
    const mailproto_imap_facts *facts, void *work, size_t size);

/** Goes on. What the facts decide is decided by them; the message is asked for only
 *  when keys remain that need it, its body only when keys of the body do: all of these
 *  are looked for together, each part of text read once, its encoding and charset
 *  undone (those built in; of others the ASCII part is compared). Looked through are
 *  parts of text and reports, and the messages inside of messages; not pictures and
 *  their likes (RFC 9051 6.4.4 allows to leave them out). What the index could not take
 *  apart is looked through as it is stored. Texts are compared without regard to case:
 *  of ASCII letters, and of others as i;unicode-casemap has it where the library was
 *  built with it. @return OK: decided; AGAIN: call mailproto_imap_match_message(), then
 *  again; ::MAILPROTO_NOT_READY (the source has nothing yet: call again);
 *  ::MAILPROTO_ERR_STATE (not opened); what the source said */
MAILPROTO_API mailproto_status mailproto_imap_match_run(mailproto_imap_match *m);

/** Gives the message that run() asked for; both stay valid. @return OK;
 *  ::MAILPROTO_ERR_STATE (not asked for); ::MAILPROTO_ERR_ARGUMENT (a source that can
 *  only be read from its beginning; an index without parts) */
MAILPROTO_API mailproto_status mailproto_imap_match_message(
    mailproto_imap_match *m, const mailproto_source *source, const mailproto_index *ix);

/** The result, once run() said OK. @return 1 it matches, 0 it does not */
MAILPROTO_API int mailproto_imap_match_result(const mailproto_imap_match *m);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_IMAP_SEARCH_H */
