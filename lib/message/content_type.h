/*
 * The light reading of the fields that steer the scanner: type, boundary, disposition.
 * Typed values with all parameters are field.h's.
 */
#ifndef MAILPROTO_MESSAGE_CONTENT_TYPE_H
#define MAILPROTO_MESSAGE_CONTENT_TYPE_H

#include <mailproto/message.h>

/* What a Content-Type said, as bits. */
enum {
    MAILPROTO__TYPE_SYNTAX = 1,   /* it cannot be read */
    MAILPROTO__TYPE_PARAMS = 2,   /* over the limit of parameters */
    MAILPROTO__TYPE_BOUNDARY = 4, /* a boundary was given */
    MAILPROTO__TYPE_ODD = 8, /* ... of forbidden octets, over 70, given twice, in a form
                                of RFC 2231, without its semicolon or closing quote, or
                                with something behind it */
    MAILPROTO__TYPE_LIMIT = 16, /* ... that does not fit */
    MAILPROTO__TYPE_NAMED = 32, /* it has a name */
    MAILPROTO__TYPE_JUNK = 64 /* something other than a semicolon behind the subtype */
};

/* The longest boundary, octets: RFC 2046 5.1.1 allows 70. */
enum { MAILPROTO__TYPE_BOUNDARY_MAX = 250 };

struct mailproto__type {
    mailproto_bytes type, subtype; /* as written; empty: there is no type */
    uint32_t media;                /* MAILPROTO_MEDIA_... */
    uint16_t flags;                /* MAILPROTO__TYPE_... */
    uint16_t boundary_len;
};

/* A Content-Type; the boundary without its quoting goes to boundary[0, room). */
void mailproto__type_parse(mailproto_bytes value, uint32_t max_params, char *boundary,
                           size_t room, struct mailproto__type *out);

/* A Content-Disposition: MAILPROTO_MESSAGE_ATTACHMENT, _INLINE, _NAMED. */
uint32_t mailproto__disposition_parse(mailproto_bytes value, uint32_t max_params);

/* MAILPROTO_MEDIA_... of a type and a subtype. */
uint32_t mailproto__media(mailproto_bytes type, mailproto_bytes subtype);

static inline int mailproto__is_multipart(uint32_t media)
{
    return media >= MAILPROTO_MEDIA_MULTIPART && media < MAILPROTO_MEDIA_RFC822;
}

/* A message that may be entered. */
static inline int mailproto__is_message(uint32_t media)
{
    return media >= MAILPROTO_MEDIA_RFC822 && media < MAILPROTO_MEDIA_DELIVERY_STATUS;
}

#endif /* MAILPROTO_MESSAGE_CONTENT_TYPE_H */
