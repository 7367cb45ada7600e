/*
 * What the files of the benchmark of ENVELOPE and BODYSTRUCTURE share: one message in, one
 * item out, as a FETCH response has it.
 */
#ifndef BENCH_IMAP_ITEMS_H
#define BENCH_IMAP_ITEMS_H

#include <stddef.h>

enum imap_item { IMAP_ENVELOPE, IMAP_BODYSTRUCTURE };

/* Writes the item of a message that lies in memory, read from its first octet; its length,
 * 0: it cannot. */
typedef size_t imap_item_run(enum imap_item what, const char *message, size_t len,
                             char *out, size_t room);

imap_item_run imap_items_own;
#ifdef BENCH_DOVECOT_IMAP
void imap_items_dovecot_begin(void);
imap_item_run imap_items_dovecot;
#endif

#endif /* BENCH_IMAP_ITEMS_H */
