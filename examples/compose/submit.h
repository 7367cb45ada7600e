/* The message to a server: from the composer straight into the SMTP client. */
#ifndef EXAMPLE_COMPOSE_SUBMIT_H
#define EXAMPLE_COMPOSE_SUBMIT_H

#include "describe.h"

/* Sends what the composer makes from the description's sender to its recipients. 0; 1: refused for some; -1: failed, said why. */
int submit(const char *server, const description *d, mailproto_compose *composer,
           const mailproto_compose_summary *summary);

#endif /* EXAMPLE_COMPOSE_SUBMIT_H */
