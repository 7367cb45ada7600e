/*
 * Section numbers (RFC 9051 6.4.5.1) and signed octets (RFC 1847 2.1), found in a part
 * index. Must not know octets.
 *
 * A number belongs to a child of a multipart. A message that is no multipart has one
 * part, "1", which is the entry of the message itself; an entered message/rfc822 part has
 * no numbers of its own: they are its inner message's.
 */
#include <mailproto/message.h>

#include "message/content_type.h"

static int is_multipart(const mailproto_part *part)
{
    return mailproto__is_multipart(part->media) &&
           !(part->flags & MAILPROTO_MESSAGE_OPAQUE);
}

/* Its only child is a message. */
static int holds_message(const mailproto_part *part)
{
    return mailproto__is_message(part->media) && part->children == 1;
}

static uint32_t child(const mailproto_index *ix, const mailproto_part *part, uint32_t k)
{
    uint32_t at = part->first_child;
    if (k == 0 || k > part->children) {
        return MAILPROTO_PART_NONE;
    }
    while (k > 1 && at != MAILPROTO_PART_NONE) {
        at = ix->parts[at].next_sibling;
        k--;
    }
    return at;
}

mailproto_status mailproto_index_find(const mailproto_index *ix, const uint32_t *path,
                                      size_t n, uint32_t *part)
{
    uint32_t at = 0;
    int whole = 1; /* `at` is a message, not yet the part that it consists of */
    size_t i;
    if (ix->count == 0) {
        return MAILPROTO_EOF;
    }
    for (i = 0; i < n; i++) {
        if (!whole && holds_message(&ix->parts[at])) {
            at = ix->parts[at].first_child;
            whole = 1;
        }
        if (is_multipart(&ix->parts[at])) {
            at = child(ix, &ix->parts[at], path[i]);
        } else if (!whole || path[i] != 1) {
            at = MAILPROTO_PART_NONE;
        }
        if (at == MAILPROTO_PART_NONE) {
            return MAILPROTO_EOF;
        }
        whole = 0;
    }
    *part = at;
    return MAILPROTO_OK;
}

/* Its place among its parent's children, from 1 on. */
static uint32_t place(const mailproto_index *ix, uint32_t part)
{
    uint32_t at = ix->parts[ix->parts[part].parent].first_child;
    uint32_t k = 1;
    while (at != part) {
        at = ix->parts[at].next_sibling;
        k++;
    }
    return k;
}

/* The number that a part adds to its path, 0 for none, and whose path that goes on. */
static uint32_t step_up(const mailproto_index *ix, uint32_t *part, int below)
{
    const mailproto_part *self = &ix->parts[*part];
    uint32_t parent = self->parent;
    uint32_t k;
    if (parent != MAILPROTO_PART_NONE && is_multipart(&ix->parts[parent])) {
        k = place(ix, *part);
        *part = parent;
        return k;
    }
    /* A message: a multipart has no number, anything else is its part 1; the message
     * that was asked for is meant as a whole. */
    k = is_multipart(self) || (parent == MAILPROTO_PART_NONE && !below) ? 0 : 1;
    *part = parent;
    return k;
}

mailproto_status mailproto_index_path(const mailproto_index *ix, uint32_t part,
                                      uint32_t *path, size_t cap, size_t *n)
{
    size_t len = 0;
    size_t i;
    int below = 0;
    *n = 0;
    if (part >= ix->count) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    while (part != MAILPROTO_PART_NONE) {
        uint32_t k = step_up(ix, &part, below);
        below = 1;
        if (k == 0) {
            continue;
        }
        if (len == cap) {
            return MAILPROTO_ERR_TOO_LONG;
        }
        path[len] = k;
        len++;
    }
    for (i = 0; i < len / 2; i++) {
        uint32_t k = path[i];
        path[i] = path[len - 1 - i];
        path[len - 1 - i] = k;
    }
    *n = len;
    return MAILPROTO_OK;
}

mailproto_status mailproto_index_signed(const mailproto_index *ix, uint32_t part,
                                        uint64_t *offset, uint64_t *octets)
{
    const mailproto_part *first;
    if (part >= ix->count || ix->parts[part].media != MAILPROTO_MEDIA_SIGNED ||
        ix->parts[part].children == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    first = &ix->parts[ix->parts[part].first_child];
    *offset = first->header_offset;
    *octets = first->body_offset + first->body_octets - first->header_offset;
    return MAILPROTO_OK;
}
