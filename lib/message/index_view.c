/*
 * The parts that a reader shows or offers: RFC 8621 4.1.4, its algorithm without
 * recursion. Knows the index only.
 *
 * The algorithm fills two lists side by side. Here one is wanted; parts that belong to
 * the other only are kept behind it (`spare`) as long as they may have to stand in: at
 * the end of a multipart/alternative that added nothing to the list that is wanted.
 *
 * There is no stack: entries have their parents' numbers, and as numbers grow in the order
 * of the message, one number says whether something happened since a multipart began.
 */
#include <mailproto/message.h>

#include "message/content_type.h"

#define NONE MAILPROTO_PART_NONE

struct walk {
    const mailproto_index *ix;
    uint32_t *out;
    size_t cap;
    uint32_t view;
    uint32_t wanted;    /* in the list that is wanted */
    uint32_t spare;     /* of the other, kept behind it */
    uint32_t wanted_to; /* the part last added to it, plus 1 */
    uint32_t other_to;  /* the same of the other */
    /* The outermost open multipart from which on the list that is wanted, or the other
     * one, takes no more, up to its end; NONE: it does. */
    uint32_t no_wanted, no_other;
    uint32_t alternatives; /* open multipart/alternative */
};

static uint32_t media_of(const struct walk *w, uint32_t part)
{
    return part == NONE ? (uint32_t)MAILPROTO_MEDIA_MIXED : w->ix->parts[part].media;
}

static void put(struct walk *w, uint32_t part)
{
    size_t at = (size_t)w->wanted + w->spare;
    if (at < w->cap) {
        w->out[at] = part;
    }
}

static void add_wanted(struct walk *w, uint32_t part)
{
    w->spare = 0; /* no multipart/alternative that is open lacks one now */
    put(w, part);
    w->wanted++;
    w->wanted_to = part + 1;
}

/* Whether a part is a multipart/alternative that takes parts into both lists. */
static int is_free(const struct walk *w, uint32_t part)
{
    return w->ix->parts[part].media == MAILPROTO_MEDIA_ALTERNATIVE &&
           w->no_wanted > part && w->no_other > part; /* NONE is the largest */
}

/* The innermost multipart/alternative around `part` at whose end parts of the other list
 * may stand in, or NONE. */
static uint32_t lacking(const struct walk *w, uint32_t part)
{
    for (part = w->ix->parts[part].parent; part != NONE;
         part = w->ix->parts[part].parent) {
        if (part < w->wanted_to) {
            return NONE; /* it was added inside this one, and so inside all around it */
        }
        if (is_free(w, part)) {
            return part;
        }
    }
    return NONE;
}

static void add_other(struct walk *w, uint32_t part)
{
    uint32_t alternative = lacking(w, part);
    if (alternative != NONE) {
        if (w->other_to <= alternative) {
            w->spare = 0; /* those of an outer one: this one will not lack any more */
        }
        put(w, part);
        w->spare++;
    }
    w->other_to = part + 1;
}

static void add_attachment(struct walk *w, uint32_t part)
{
    if (w->view == MAILPROTO_VIEW_ATTACHMENTS) {
        add_wanted(w, part);
    }
}

static int is_media(uint32_t media)
{
    return media == MAILPROTO_MEDIA_IMAGE || media == MAILPROTO_MEDIA_AUDIO ||
           media == MAILPROTO_MEDIA_VIDEO;
}

static int is_inline(const struct walk *w, uint32_t parent_media, uint32_t number)
{
    const mailproto_part *p = &w->ix->parts[number];
    int first = p->parent == NONE || w->ix->parts[p->parent].first_child == number;
    if (p->flags & (MAILPROTO_MESSAGE_ATTACHMENT | MAILPROTO_PART_OVERFLOW)) {
        return 0;
    }
    if (p->media != MAILPROTO_MEDIA_TEXT_PLAIN &&
        p->media != MAILPROTO_MEDIA_TEXT_HTML && !is_media(p->media)) {
        return 0;
    }
    return first || (parent_media != MAILPROTO_MEDIA_RELATED &&
                     (is_media(p->media) || !(p->flags & MAILPROTO_MESSAGE_NAMED)));
}

/* Which media the list that is wanted takes from a multipart/alternative. */
static uint32_t own_media(const struct walk *w)
{
    return w->view == MAILPROTO_VIEW_HTML ? MAILPROTO_MEDIA_TEXT_HTML
                                          : MAILPROTO_MEDIA_TEXT_PLAIN;
}

/* Right inside a multipart/alternative each list takes its own media. */
static void choose(struct walk *w, uint32_t number)
{
    uint32_t media = w->ix->parts[number].media;
    if (is_media(media)) {
        add_attachment(w, number);
    } else if (w->view == MAILPROTO_VIEW_ATTACHMENTS) {
        return;
    } else if (media == own_media(w)) {
        if (w->no_wanted == NONE) {
            add_wanted(w, number);
        }
    } else if (w->no_other == NONE) {
        add_other(w, number);
    }
}

/* A text inside a multipart/alternative, but not right inside: from here on, the list of
 * the other kind of text takes nothing in its multipart. */
static void text_inside(struct walk *w, uint32_t parent, uint32_t media)
{
    uint32_t *closed = media == own_media(w) ? &w->no_other : &w->no_wanted;
    if (*closed == NONE) {
        *closed = parent;
    }
}

static void leaf(struct walk *w, uint32_t number)
{
    uint32_t media = w->ix->parts[number].media;
    uint32_t parent = w->ix->parts[number].parent;
    if (!is_inline(w, media_of(w, parent), number)) {
        add_attachment(w, number);
        return;
    }
    if (media_of(w, parent) == MAILPROTO_MEDIA_ALTERNATIVE) {
        choose(w, number);
        return;
    }
    if (w->alternatives > 0 && !is_media(media)) {
        text_inside(w, parent, media);
    }
    if (w->view == MAILPROTO_VIEW_ATTACHMENTS) {
        if ((w->no_wanted != NONE || w->no_other != NONE) && is_media(media)) {
            add_attachment(w, number);
        }
    } else if (w->no_wanted == NONE) {
        add_wanted(w, number);
    } else if (w->no_other == NONE) {
        add_other(w, number);
    }
}

/* ---- multiparts ---------------------------------------------------------------------- */

static int enters(const struct walk *w, uint32_t number)
{
    const mailproto_part *p = &w->ix->parts[number];
    return mailproto__is_multipart(p->media) &&
           !(p->flags & (MAILPROTO_MESSAGE_OPAQUE | MAILPROTO_PART_OVERFLOW));
}

/* The end of a multipart: the parts of the other list stand in, if it was an alternative
 * that has nothing else. */
static void leave(struct walk *w, uint32_t number)
{
    if (w->no_wanted == number) {
        w->no_wanted = NONE;
    }
    if (w->no_other == number) {
        w->no_other = NONE;
    }
    if (is_free(w, number) && w->wanted_to <= number && w->other_to > number) {
        w->wanted += w->spare;
        w->spare = 0;
        w->wanted_to = number + 1;
    }
    w->alternatives -= media_of(w, number) == MAILPROTO_MEDIA_ALTERNATIVE;
}

/* The part behind the one that was looked at, multiparts left on the way; NONE: over. */
static uint32_t next(struct walk *w, uint32_t at)
{
    while (w->ix->parts[at].next_sibling == NONE) {
        at = w->ix->parts[at].parent;
        if (at == NONE) {
            return NONE;
        }
        leave(w, at);
    }
    return w->ix->parts[at].next_sibling;
}

mailproto_status mailproto_index_view(const mailproto_index *ix, uint32_t view,
                                      uint32_t *parts, size_t cap, size_t *count)
{
    struct walk w = {ix, parts, cap, view, 0, 0, 0, 0, NONE, NONE, 0};
    uint32_t at = 0;
    *count = 0;
    if (view > MAILPROTO_VIEW_ATTACHMENTS || ix->count == 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    while (at != NONE) {
        if (enters(&w, at)) {
            w.alternatives += media_of(&w, at) == MAILPROTO_MEDIA_ALTERNATIVE;
            if (ix->parts[at].first_child != NONE) {
                at = ix->parts[at].first_child;
                continue;
            }
            leave(&w, at);
        } else {
            leaf(&w, at);
        }
        at = next(&w, at);
    }
    *count = w.wanted;
    return w.wanted > cap ? MAILPROTO_ERR_TOO_LONG : MAILPROTO_OK;
}
