/*
 * Attachments into files of safe, new names below one folder. Knows files; takes the
 * names from content.h and makes them harmless.
 */
#ifndef EXAMPLE_SHOW_SAVE_H
#define EXAMPLE_SHOW_SAVE_H

#include "content.h"

/* Saves the attachments (RFC 8621 4.1.4), each under a name that was free; nothing is ever
   written over, no link followed. Tells each. How many, or -1: said why. */
int save_attachments(content *c, const char *folder);

/* Writes a part's decoded octets to a file. 0, or -1 with errno. */
int save_part(content *c, uint32_t part, int fd, uint64_t *octets);

#endif /* EXAMPLE_SHOW_SAVE_H */
