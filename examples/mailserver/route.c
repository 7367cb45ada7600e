/* Where mail goes: see route.h. */
#include "route.h"
#include "text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(const char *what, const char *value)
{
    fprintf(stderr, "mailproto-mailserver: %s: %s\n", what, value);
    return -1;
}

static int add_route(struct routes *routes, const char *text)
{
    struct destination *d = &routes->next[routes->next_count];
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || net_parse(equals + 1, &d->address) < 0 ||
        d->address.host[0] == '\0') {
        return complain("not DOMAIN=HOST:PORT", text);
    }
    d->domain.ptr = text;
    d->domain.len = (size_t)(equals - text);
    routes->next_count++;
    return 0;
}

static int add_network(struct routes *routes, const char *text)
{
    struct network *n = &routes->networks[routes->network_count];
    char address[64];
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (len >= sizeof address) {
        return complain("not a network", text);
    }
    memcpy(address, text, len);
    address[len] = '\0';
    n->family = strchr(address, ':') == NULL ? AF_INET : AF_INET6;
    n->bits = n->family == AF_INET ? 32 : 128;
    if (slash != NULL) {
        char *end;
        unsigned long bits = strtoul(slash + 1, &end, 10);
        if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || bits > n->bits) {
            return complain("not a network", text);
        }
        n->bits = (unsigned)bits;
    }
    if (inet_pton(n->family, address, n->address) != 1) {
        return complain("not a network", text);
    }
    routes->network_count++;
    return 0;
}

int routes_init(struct routes *routes, const struct options *options,
                const struct users *users)
{
    *routes = (struct routes){0};
    routes->options = options;
    routes->users = users;
    routes->local.local = 1;
    for (size_t i = 0; i < options->routes.count; i++) {
        if (add_route(routes, options->routes.items[i]) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < options->networks.count; i++) {
        if (add_network(routes, options->networks.items[i]) < 0) {
            return -1;
        }
    }
    return 0;
}

struct destination *route_of(struct routes *routes, const char *mailbox)
{
    mailproto_bytes domain = text_domain(mailbox);
    if (domain.len == 0) { /* Postmaster, RFC 5321 4.1.1.3 */
        return &routes->local;
    }
    const struct text_list *own = &routes->options->local_domains;
    for (size_t i = 0; i < own->count; i++) {
        if (text_same(domain, text_bytes(own->items[i]))) {
            return &routes->local;
        }
    }
    struct destination *others = NULL;
    for (size_t i = 0; i < routes->next_count; i++) {
        struct destination *d = &routes->next[i];
        if (text_same(domain, d->domain)) {
            return d;
        }
        if (text_same(d->domain, text_bytes("*"))) {
            others = d;
        }
    }
    return others;
}

/* What a folder's name may hold: nothing that could lead elsewhere. Bytes of UTF-8 may
   stand in it (RFC 6531). */
static int harmless(char c, int first)
{
    unsigned char octet = (unsigned char)c;
    return octet > ' ' && octet != '/' && octet != '\\' && octet != 127 &&
           !(first && octet == '.');
}

/* The local part as the name of a folder: unquoted, in small letters. 0, or -1: it cannot
   be one. */
static int folder_of(const char *mailbox, char folder[ROUTE_MAILBOX_MAX])
{
    const char *at = strrchr(mailbox, '@');
    const char *end = at == NULL ? mailbox + strlen(mailbox) : at;
    const char *c = mailbox;
    size_t n = 0;
    int quoted = *c == '"';
    if (quoted) {
        c++;
        end--;
    }
    for (; c < end; c++) {
        if (quoted && *c == '\\' && c + 1 < end) {
            c++;
        }
        if (!harmless(*c, n == 0) || n == ROUTE_MAILBOX_MAX - 1) {
            return -1;
        }
        folder[n++] = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    folder[n] = '\0';
    return n > 0 ? 0 : -1;
}

int route_mailbox(const struct routes *routes, const char *mailbox,
                  char folder[ROUTE_MAILBOX_MAX])
{
    const struct options *options = routes->options;
    if (options->maildir_root == NULL || folder_of(mailbox, folder) < 0) {
        return -1;
    }
    /* RFC 5321 4.5.1: postmaster always has a mailbox. */
    if ((options->mailboxes.count == 0 && !options->users_only) ||
        strcmp(folder, "postmaster") == 0) {
        return 0;
    }
    for (size_t i = 0; i < options->mailboxes.count; i++) {
        if (text_same(text_bytes(folder), text_bytes(options->mailboxes.items[i]))) {
            return 0;
        }
    }
    return options->users_only && users_has(routes->users, text_bytes(folder)) ? 0 : -1;
}

static int same_network(const struct network *n, const unsigned char *address)
{
    unsigned whole = n->bits / 8;
    unsigned rest = n->bits % 8;
    if (memcmp(n->address, address, whole) != 0) {
        return 0;
    }
    return rest == 0 || ((n->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

int route_may_relay(const struct routes *routes, const struct sockaddr *from)
{
    unsigned char address[16] = {0};
    int family = from->sa_family;
    if (family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        memcpy(address, &v4.sin_addr, 4);
    } else if (family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(address, &v6.sin6_addr, 16);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) { /* one socket for both kinds */
            family = AF_INET;
            memmove(address, address + 12, 4);
        }
    } else {
        return 0;
    }
    for (size_t i = 0; i < routes->network_count; i++) {
        if (routes->networks[i].family == family &&
            same_network(&routes->networks[i], address)) {
            return 1;
        }
    }
    return 0;
}
