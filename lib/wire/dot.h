/*
 * Dot transparency (RFC 5321 4.5.2, RFC 1939 3) in both directions, with the one policy
 * for bare CR, bare LF and NUL. Byte-resumable; runs are found with memchr.
 */
#ifndef MAILPROTO_WIRE_DOT_H
#define MAILPROTO_WIRE_DOT_H

#include <mailproto/base.h>

/* Same numbers as MAILPROTO_LINE_ENDS_... of the public headers, default resolved. */
enum { MAILPROTO__REFUSE = 1, MAILPROTO__REPAIR = 2, MAILPROTO__PASS = 3 };

/* What was met, as bits. */
enum {
    MAILPROTO__DOT_BARE = 1,    /* a bare CR or LF */
    MAILPROTO__DOT_NUL = 2,     /* a NUL */
    MAILPROTO__DOT_REPAIRED = 4 /* something was changed, or a final CRLF was added */
};

/* ---- received content ------------------------------------------------------------ */

struct mailproto__undot {
    uint8_t state;   /* start it with 0: at the beginning of a line */
    uint8_t policy;  /* MAILPROTO__REFUSE ... */
    uint8_t seen;    /* MAILPROTO__DOT_... so far */
    uint8_t bad_at;  /* 1: `bad_offset` is set */
    uint64_t offset; /* octets consumed so far */
    uint64_t
        bad_offset; /* of the first octet that REFUSE (or NUL under REPAIR) meets */
};

enum mailproto__undot_result {
    MAILPROTO__UNDOT_MORE, /* all input is used, no run */
    MAILPROTO__UNDOT_RUN,  /* `run` is content: inside the input, or static octets */
    MAILPROTO__UNDOT_END   /* the end mark is consumed */
};

/*
 * The next run of content in `in`; `*used` octets of it are consumed. The end is
 * CRLF.CRLF (or .CRLF at the very start) and nothing else, whatever the policy. With
 * REFUSE, and for NUL under REPAIR, the octets are delivered as they are and `seen`
 * tells: whoever calls refuses the content at its true end. A run is as long as
 * possible: the whole input when it holds no dot at a line start and no end.
 */
enum mailproto__undot_result mailproto__undot_next(struct mailproto__undot *u,
                                                   mailproto_bytes in, size_t *used,
                                                   mailproto_bytes *run);

/* ---- content to send --------------------------------------------------------------- */

struct mailproto__stuff {
    uint8_t state;  /* start it with 0: at the beginning of a line */
    uint8_t policy; /* MAILPROTO__REFUSE ... */
    uint8_t seen;   /* MAILPROTO__DOT_... so far */
};

/*
 * Copies content with stuffing from `in` to `out`. `out` may lie in the same buffer if
 * it starts at least in_len + 4 octets before `in`.
 * OK: as much as fits was done (4 octets of room make progress certain); the state is
 * that of the octets taken, so whoever calls may go on with others than were offered.
 * `*used` of `in`, `*put` into `out`.
 * ERR_BARE_LINE_END, ERR_NUL: refused at in[*used]; what was before it is done.
 * A CR at the end of `in` is held back in the state.
 */
mailproto_status mailproto__stuff_put(struct mailproto__stuff *d, const char *in,
                                      size_t in_len, size_t *used, char *out,
                                      size_t out_cap, size_t *put);

/* Octets that mailproto__stuff_end() writes at most. */
enum { MAILPROTO__STUFF_END_MAX = 6 };

/*
 * What is held back, CRLF if the last line has none (seen gets REPAIRED; empty content
 * needs none), and the end mark `.` CRLF. Its length; 0 with ERR_BARE_LINE_END in
 * `*status` when REFUSE meets a CR held back.
 */
size_t mailproto__stuff_end(struct mailproto__stuff *d, char *out,
                            mailproto_status *status);

#endif /* MAILPROTO_WIRE_DOT_H */
