/* A connection that somebody opens to us: see caller.h. */
#include "caller.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

uint64_t caller_cap(unsigned cap)
{
    return (uint64_t)1 << cap;
}

void caller_address(char address[CALLER_ADDRESS], const struct sockaddr *from)
{
    socklen_t len = from->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                : sizeof(struct sockaddr_in);
    if (getnameinfo(from, len, address, CALLER_ADDRESS, NULL, 0, NI_NUMERICHOST) != 0) {
        address[0] = '\0';
    }
}

const mailproto_trace *caller_show(struct server *server, transcript *shown,
                                   char label[CALLER_LABEL], const char *protocol,
                                   const char *address)
{
    if (!server->options.verbose) {
        return NULL;
    }
    snprintf(label, CALLER_LABEL, "[%.40s] #%lu %sfrom %s ", server->options.name,
             ++server->conversations, protocol, address);
    transcript_init(shown, stderr, label);
    return &shown->trace;
}
