/*
 * The description of the message: what compose.h takes, made of the options. Knows
 * addresses, fields, parts and files; no network.
 */
#ifndef EXAMPLE_COMPOSE_DESCRIBE_H
#define EXAMPLE_COMPOSE_DESCRIBE_H

#include "options.h"

#include <mailproto/compose.h>

enum { ADDRESSES_MAX = 200, PARTS_MAX = 2 * FILES_MAX + 6, FIELDS_MAX = 6 };

typedef struct file {
    int fd;
    mailproto_source source;
} file;

/* One message. It stays where it is: what the composer is given points into it. */
typedef struct description {
    mailproto_address_out addresses[ADDRESSES_MAX]; /* From, Sender, To, Cc, Bcc */
    size_t address_count;
    size_t sender;     /* who sends it: Sender, else From */
    size_t recipients; /* the first of them; all behind it are some */
    mailproto_compose_field fields[FIELDS_MAX];
    mailproto_compose_part parts[PARTS_MAX];
    file files[PARTS_MAX]; /* of the part of the same number; fd -1: none */
    mailproto_compose_options options;
    unsigned char unique[16];
} description;

/* 0, or -1: said why. */
int describe(description *d, const options *o);
void description_close(description *d);

#endif /* EXAMPLE_COMPOSE_DESCRIBE_H */
