/*
 * The search program (RFC 9051 9, search-key; RFC 3501 9; RFC 7162, RFC 8474, RFC 8514),
 * one key after the other in prefix order, without recursion. Knows the grammar of keys;
 * must not know what they mean for a message.
 */
#ifndef MAILPROTO_IMAP_SYNTAX_SEARCH_H
#define MAILPROTO_IMAP_SYNTAX_SEARCH_H

#include <mailproto/imap_search.h>

#include "imap/lex.h"

/* Levels that tokens can have: those of the nesting, of the whole, and of keys that stand
 * for several (NEW is AND of FLAG and NOT of FLAG). */
enum { MAILPROTO__IMAP_SEARCH_LEVELS = MAILPROTO_IMAP_SEARCH_DEPTH + 4 };

/*
 * A node of the program: an operator (AND, OR, NOT), whose operands are the tokens that
 * follow with the next higher level, or a key. The first token is the AND of all with
 * level 0. Tokens are primitive: UNSEEN comes as NOT and FLAG, FROM as HEADER with the
 * field's name as an ATOM in static text.
 *
 * Compiling: when a token of level n comes, or the end (n = 0), all open operators of
 * level n and higher end before it.
 */
struct mailproto__imap_search_token {
    uint32_t key;                /* MAILPROTO_IMAP_KEY_... */
    uint32_t level;              /* below MAILPROTO__IMAP_SEARCH_LEVELS */
    uint64_t number;             /* as in mailproto_imap_search_node; 0 if not used */
    mailproto_imap_string text;  /* NIL if not used */
    mailproto_imap_string field; /* NIL if not used */
    mailproto_imap_cursor set;   /* zero if not used */
};

struct mailproto__imap_search {
    struct mailproto__imap_reader reader;
    const char *key_at; /* where the key of the last token began */
    uint32_t depth;     /* lists, NOT and OR that are open */
    uint32_t uses;      /* MAILPROTO_IMAP_USES_... of what was read so far */
    uint32_t flag;      /* the system flag of a key that stands for several tokens */
    uint8_t step;       /* what the next call does */
    uint8_t lower;      /* that flag is an operand of an operand */
    /* Of each open one: how many operands are to come; 0: a list. */
    uint8_t left[MAILPROTO_IMAP_SEARCH_DEPTH + 1];
};

/* Begins at the reader, which is copied: search-key *(SP search-key) up to its end. */
void mailproto__imap_search_begin(struct mailproto__imap_search *s,
                                  const struct mailproto__imap_reader *r);

/* The same over `items` of a command. */
void mailproto__imap_search_open(struct mailproto__imap_search *s,
                                 const mailproto_imap_cursor *keys);

/* The next token: OK; EOF (the program is whole); else a fault, told in `s->reader`:
 * ERR_SYNTAX, ERR_COUNT_LIMIT (nested too deep), AGAIN (see the reader). */
mailproto_status mailproto__imap_search_next(struct mailproto__imap_search *s,
                                             struct mailproto__imap_search_token *t);

#endif /* MAILPROTO_IMAP_SYNTAX_SEARCH_H */
