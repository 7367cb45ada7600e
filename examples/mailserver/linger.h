/*
 * The last moments of a connection. A socket that is closed while bytes of the peer wait
 * unread is reset, and the peer may never see what was written last. So: say that no
 * more comes, read and forget what the peer still sends, then close.
 */
#ifndef MAILSERVER_LINGER_H
#define MAILSERVER_LINGER_H

#include "loop.h"

/* How many may do so at a time; further ones are closed at once. */
#define LINGER_MAX 128

/* Takes the socket. */
void linger(struct loop *loop, int fd);

/* How many there are. */
unsigned linger_count(void);

/* Ends all of them now. */
void linger_stop(void);

#endif /* MAILSERVER_LINGER_H */
