/*
 * What every connection has that somebody opens to us: where it comes from and, with
 * --verbose, its transcript. Knows no protocol.
 */
#ifndef MAILSERVER_CALLER_H
#define MAILSERVER_CALLER_H

#include "../common/transcript.h"
#include "server.h"

#include <sys/socket.h>

enum { CALLER_ADDRESS = 64, CALLER_LABEL = 128 };

/* A capability of MAILPROTO_..._CAP_... as the engines' options have it. */
uint64_t caller_cap(unsigned cap);

/* As digits; "" when it has none. */
void caller_address(char address[CALLER_ADDRESS], const struct sockaddr *from);

/* What shows the next conversation, labelled with its protocol ("pop3 ", or "") and the
   address; NULL without --verbose. `label` and `shown` stay as long as the engine. */
const mailproto_trace *caller_show(struct server *server, transcript *shown,
                                   char label[CALLER_LABEL], const char *protocol,
                                   const char *address);

#endif /* MAILSERVER_CALLER_H */
