/*
 * A connection to somewhere, without waiting: the name is looked up by the worker, the
 * addresses are tried one after the other.
 */
#ifndef MAILSERVER_DIAL_H
#define MAILSERVER_DIAL_H

#include "../common/net.h"
#include "loop.h"
#include "worker.h"

struct dial;

/* Calls `done` later, once, with a connected socket that does not block, or -1 and why
   (static text). NULL: no memory, `done` is not called. */
struct dial *dial(struct loop *loop, struct worker *worker, const net_address *address,
                  void (*done)(void *ctx, int fd, const char *why), void *ctx);

/* Gives up; `done` is not called. */
void dial_cancel(struct dial *dial);

#endif /* MAILSERVER_DIAL_H */
