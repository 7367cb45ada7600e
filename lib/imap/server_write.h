/*
 * How responses are put together: a writer that queues octets as long as they fit and
 * counts them all, so that a response is measured and written in one pass, and taken back
 * when it does not fit or cannot be. Knows the forms of RFC 9051 9 (strings, atoms, flags,
 * sets); must not know which response is written.
 */
#ifndef MAILPROTO_IMAP_SERVER_WRITE_H
#define MAILPROTO_IMAP_SERVER_WRITE_H

#include "core/mem.h"
#include "core/span.h"
#include "imap/server.h"

struct mailproto__imap_say {
    mailproto_imap_server *server; /* NULL: it is measured only */
    size_t room; /* octets that can be queued; once more were said nothing is */
    size_t len;  /* octets said, queued or not */
    size_t held; /* octets that were held before */
    size_t keep; /* octets of the buffer that are left alone */
    size_t
        skip; /* `cut`: octets from the beginning that were queued by earlier calls */
    int cut;  /* what fits is queued, wherever it is cut */
    int bad;  /* something cannot be said: ERR_ARGUMENT */
};

/* Begins to measure; octets are counted, nothing is queued. `server` may be NULL where
 * nothing depends on what is enabled. */
void mailproto__imap_say_measure(struct mailproto__imap_say *say,
                                 mailproto_imap_server *server);

/* See mailproto__imap_server_may_say(); EV_ROOM follows an AGAIN. */
mailproto_status mailproto__imap_may(mailproto_imap_server *server, uint32_t needs);

/* Begins a response, if it may come. */
mailproto_status mailproto__imap_say_begin(struct mailproto__imap_say *say,
                                           mailproto_imap_server *server,
                                           uint32_t needs);

/* Ends it: visible whole, OK; or taken back: ERR_ARGUMENT, ERR_TOO_LONG, AGAIN. */
mailproto_status mailproto__imap_say_end(struct mailproto__imap_say *say);

/* Octets as they are. */
void mailproto__imap_say(struct mailproto__imap_say *say, const char *at, size_t len);
#define MAILPROTO__IMAP_SAY(say, text)                                                 \
    mailproto__imap_say((say), (text), sizeof(text) - 1)

static inline void mailproto__imap_say_span(struct mailproto__imap_say *say,
                                            mailproto_bytes b)
{
    mailproto__imap_say(say, b.ptr, b.len);
}

void mailproto__imap_say_number(struct mailproto__imap_say *say, uint64_t n);
/* nz-number; number64 and mod-sequence-valzer (63 bits); not 0 too */
void mailproto__imap_say_nz_number(struct mailproto__imap_say *say, uint64_t n);
void mailproto__imap_say_number64(struct mailproto__imap_say *say, uint64_t n);
void mailproto__imap_say_nz_number64(struct mailproto__imap_say *say, uint64_t n);

/* atom */
void mailproto__imap_say_atom(struct mailproto__imap_say *say, mailproto_bytes b);
/* "(" objectid ")" (RFC 8474 7) */
void mailproto__imap_say_object_id(struct mailproto__imap_say *say, mailproto_bytes id);
/* DQUOTE QUOTED-CHAR DQUOTE, or NIL for 0 */
void mailproto__imap_say_delimiter(struct mailproto__imap_say *say, uint32_t c);
/* "(" flags ")": system flags out of `allowed`, then keywords, then `\*` */
void mailproto__imap_say_flags(struct mailproto__imap_say *say, uint32_t flags,
                               uint32_t allowed, const mailproto_bytes *keywords,
                               size_t count);
/* Ranges with commas between. */
void mailproto__imap_say_set(struct mailproto__imap_say *say,
                             const mailproto_imap_range *ranges, size_t count);

/* Words of a status response: as they are, or `fallback` if there are none. `coded`: a
 * response code stands before them. */
void mailproto__imap_say_words(struct mailproto__imap_say *say, mailproto_bytes words,
                               mailproto_bytes fallback, int coded);

/* ---- numbers ----------------------------------------------------------------------- */

/* Whether a range can stand behind `last`: ascending, no `*`. */
static inline int mailproto__imap_range_follows(const mailproto_imap_range *r,
                                                uint32_t last)
{
    return r->low > last && r->high >= r->low;
}

/* Whether all of them can; how many numbers they are. */
int mailproto__imap_ranges_count(const mailproto_imap_range *ranges, size_t count,
                                 uint32_t last, uint64_t *numbers);

/* Octets of a range, at most. */
enum { MAILPROTO__IMAP_RANGE_MAX = 21 };
/* Writes it; its length. */
size_t mailproto__imap_range_write(const mailproto_imap_range *r, char *to);

/* ---- server_write_name.c: strings and mailbox names ----------------------------------------- */

/* string: quoted, or a literal. */
void mailproto__imap_say_string(struct mailproto__imap_say *say, mailproto_bytes b);
/* The same with NIL for `ptr` NULL. */
void mailproto__imap_say_nstring(struct mailproto__imap_say *say, mailproto_bytes b);
/* astring: an atom where it is one. */
void mailproto__imap_say_astring(struct mailproto__imap_say *say, mailproto_bytes b);
/* mailbox: as the client reads names; `flags` as of mailproto_imap_list_entry. */
void mailproto__imap_say_name(struct mailproto__imap_say *say, mailproto_bytes name,
                              uint32_t flags);
/* The beginning of one: never an atom. */
void mailproto__imap_say_prefix(struct mailproto__imap_say *say,
                                mailproto_bytes prefix);

/* ---- what is enabled ----------------------------------------------------------------- */

static inline int mailproto__imap_is_rev2(const mailproto_imap_server *server)
{
    return (server->enabled & MAILPROTO_IMAP_ENABLED_REV2) != 0;
}

/* Whether UTF-8 may stand in quoted strings, and names are in it. */
static inline int mailproto__imap_takes_utf8(const mailproto_imap_server *server)
{
    return (server->enabled &
            (MAILPROTO_IMAP_ENABLED_REV2 | MAILPROTO_IMAP_ENABLED_UTF8)) != 0;
}

/* Whether no octet is above 127. */
int mailproto__imap_is_ascii(mailproto_bytes b);

/* Whether it ends as a line that announces a literal does (`{5}`, `{5+}`): readers that
 * find literals at line ends alone would wait for octets. */
int mailproto__imap_announces(mailproto_bytes b);

/* Whether the words of `* OK` and its likes are fit for this client, see the file. */
int mailproto__imap_are_words(const mailproto_imap_server *server,
                              mailproto_bytes words, int coded);

/* ---- server_write_other.c ------------------------------------------------------------ */

/* Whether quoted strings end, brackets of both kinds are closed by their own, single blanks
 * stand between things, and there is no brace and, outside of quotes, no octet above
 * 127. */
int mailproto__imap_is_balanced(mailproto_bytes b);

/* ---- server_write_list.c ------------------------------------------------------------- */

/* `* LIST` or `* LSUB`, the line. */
void mailproto__imap_say_list(struct mailproto__imap_say *say,
                              const mailproto_imap_list_entry *e, int lsub);

/* ---- server_fetch_name.c ------------------------------------------------------------- */

/* The name of an item that has a section, as FETCH responses have it. */
void mailproto__imap_say_item(struct mailproto__imap_say *say,
                              const mailproto_imap_fetch_item *item);

/* ---- server_fetch.c ------------------------------------------------------------------ */

/* Where the writer is within a FETCH response: `step` of the open response. */
enum {
    MAILPROTO__IMAP_FETCH_ITEMS,     /* between items */
    MAILPROTO__IMAP_FETCH_STRUCTURE, /* within ENVELOPE, BODY, BODYSTRUCTURE */
    MAILPROTO__IMAP_FETCH_NAME,      /* within the name of a section, too long a one to
                                        be written at once */
    MAILPROTO__IMAP_FETCH_OCTETS     /* within a literal */
};

/* Octets that items of a FETCH response leave for its end: `)` CRLF. */
enum { MAILPROTO__IMAP_FETCH_END = 3 };

/* The name of a section and the announcement of `size` octets, which the caller then
 * gives; SIZE_UNKNOWN: NIL, and the item is over. */
mailproto_status mailproto__imap_fetch_announce(mailproto_imap_server *server,
                                                const mailproto_imap_fetch_item *item,
                                                uint64_t size, int binary);

/* Ends a FETCH response between items, whatever there is room for. */
mailproto_status mailproto__imap_fetch_end(mailproto_imap_server *server);

#endif /* MAILPROTO_IMAP_SERVER_WRITE_H */
