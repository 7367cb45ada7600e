/*
 * Where connections come in.
 */
#ifndef MAILSERVER_LISTEN_H
#define MAILSERVER_LISTEN_H

#include "server.h"

/* Opens all addresses of the options. 0, or -1 after saying what is wrong. */
int listen_open(struct server *server);
void listen_close(struct server *server);

#endif /* MAILSERVER_LISTEN_H */
