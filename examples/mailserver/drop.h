/*
 * A Maildir as a POP3 maildrop: locked while it is open, its messages in an order and with
 * unique-ids that do not change from one session to the next. What opens, lists and
 * removes waits for the disk: for the worker. Knows files, and no protocol.
 */
#ifndef MAILSERVER_DROP_H
#define MAILSERVER_DROP_H

#include "file.h"

#include <stdint.h>

/* RFC 1939 7: a unique-id has 1 to 70 characters. */
enum { DROP_UID_MAX = 71 };

struct drop_message {
    char *name;      /* of the file, below new/ or cur/ */
    int is_new;      /* in new/ */
    int gone;        /* to be removed by drop_update() */
    int64_t time;    /* of delivery, seconds */
    uint64_t octets; /* of the file: it is stored with CRLF line ends, as it is sent */
    char uid[DROP_UID_MAX];
};

struct drop {
    char maildir[FILE_PATH_MAX];
    int lock; /* an open file, locked; -1: not open */
    struct drop_message *list;
    size_t count;
    uint64_t octets; /* of all */
};

enum drop_result { DROP_OPEN, DROP_IN_USE, DROP_FAILED /* errno says why */ };

/* Locks the Maildir below `root`/`user`, which is made when it is missing, and lists its
   messages in the order of delivery, the first `max` at most. */
enum drop_result drop_open(struct drop *drop, const char *root, const char *user,
                           size_t max);

/* Unlocks; what is marked as gone stays. */
void drop_close(struct drop *drop);

/* A message for reading; its number is from 0 on. -1 with errno. */
int drop_read(const struct drop *drop, size_t number);

/* Removes what is marked as gone, durably. How many could not be removed; -1: it is not
   sure that they will stay removed. */
int drop_update(struct drop *drop);

#endif /* MAILSERVER_DROP_H */
