/*
 * The ids of a message that a reply names (RFC 5322 3.6.4). Knows which of them may be
 * sent, and which are left out when there are too many; apart from reply.c, so that its
 * stack is not held while a subject is decoded.
 */
#include "message/reply.h"

#include "message/compose.h"

/* The next id of a value that may be sent: with its brackets, and no blanks in it. */
static int next_id(mailproto_value *v, mailproto_bytes *id)
{
    mailproto_message_id m = {0};
    m.struct_size = sizeof m;
    while (mailproto_message_id_next(v, &m) == MAILPROTO_OK) {
        if (mailproto__compose_is_id(m.raw) && !mailproto__compose_is_high(m.raw)) {
            *id = m.raw;
            return 1;
        }
    }
    return 0;
}

static void open_ids(mailproto_value *v, mailproto_bytes value)
{
    (void)mailproto_value_open(v, value, MAILPROTO_VALUE_FINAL, NULL);
}

/* How many ids there are, and with a blank behind each how many octets. */
size_t mailproto__reply_count_ids(mailproto_bytes value, size_t *octets)
{
    mailproto_value v;
    mailproto_bytes id;
    size_t n = 0;
    *octets = 0;
    open_ids(&v, value);
    while (next_id(&v, &id)) {
        n++;
        *octets += id.len + 1;
    }
    return n;
}

/* The old ids that fit `room`, each with a blank behind it: the first one, which names
 * the thread, and the last ones. */
void mailproto__reply_put_ids(struct mailproto__put *to, mailproto_bytes value,
                              size_t room)
{
    mailproto_value v;
    mailproto_bytes id;
    size_t all;
    size_t first = 0;
    size_t n = 0;
    (void)mailproto__reply_count_ids(value, &all);
    open_ids(&v, value);
    while (next_id(&v, &id)) {
        size_t need = id.len + 1;
        int keep = all <= room - first; /* this one and all behind it fit */
        if (n == 0 && need <= room) {
            first = need;
            keep = 1;
        }
        all -= need;
        n++;
        if (keep) {
            mailproto__put_octets(to, id.ptr, id.len);
            mailproto__put_octet(to, ' ');
        }
    }
}

mailproto_bytes mailproto__reply_first_id(mailproto_bytes value)
{
    mailproto_value v;
    mailproto_bytes id = {NULL, 0};
    open_ids(&v, value);
    (void)next_id(&v, &id);
    return id;
}
