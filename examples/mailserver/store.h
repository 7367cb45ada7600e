/*
 * The queue's folder, where every message is two files:
 *
 *     DIR/ID.msg      the content as received, our Received field on top; never changed
 *     DIR/ID.env      the envelope (envelope.h); replaced as a whole
 *     DIR/tmp/        what is being written
 *     DIR/lock        held by the server that uses the folder
 *
 * A message is in the queue when its .env is there: the last name that is made and the
 * first that is removed. So whatever moment the power goes, a message is in it whole or
 * not at all. Most of this waits for the disk: for the worker.
 */
#ifndef MAILSERVER_STORE_H
#define MAILSERVER_STORE_H

#include "envelope.h"

struct store {
    const char *dir;
    int lock;
    uint32_t count; /* of the names given */
};

/* Makes what is missing, takes the lock, clears what was never finished. 0, or -1 after
   saying what is wrong. */
int store_open(struct store *store, const char *dir);
void store_close(struct store *store);

/* A name that no message had before. */
void store_new_id(struct store *store, char id[ENVELOPE_ID_MAX]);

/* A new file in tmp/, to be written; -1 with errno. Does not wait but to be cached. */
int store_create(const struct store *store, const char *id);

/* Removes a file of tmp/. */
void store_discard(const struct store *store, const char *id);

/* Puts a message into the queue: the content in tmp/`content`, which was synced, under
   the envelope's name. Durable after store_sync(). 0 or -1, and nothing is there. */
int store_add(const struct store *store, const struct envelope *envelope,
              const char *content);

/* Makes the names durable. */
int store_sync(const struct store *store);

/* Replaces an envelope. Durable when it returns 0; else -1 and the old one is there. */
int store_save(const struct store *store, const struct envelope *envelope);

/* Removes a message, durably. */
void store_remove(const struct store *store, const char *id);

/* Reads an envelope: 0 or -1. Opens a content for reading: -1 with errno. */
int store_load(const struct store *store, const char *id, struct envelope *envelope);
int store_content(const struct store *store, const char *id);

/* Calls `found` with every message in the queue; those nobody was ever told of (no
   envelope) are removed. 0 or -1. */
int store_scan(const struct store *store, void (*found)(void *ctx, const char *id),
               void *ctx);

#endif /* MAILSERVER_STORE_H */
