/* Which message has a file: a table of what stands before the flags in their names, open,
   with the next free place for what meets another. See box_own.h. */
#include "box_own.h"

#include <stdlib.h>
#include <string.h>

struct box_slot {
    uint32_t hash;
    uint32_t uid; /* 0: free */
};

/* FNV-1a */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0, len = box_base(name); i < len; i++) {
        hash = (hash ^ (unsigned char)name[i]) * 16777619U;
    }
    return hash;
}

static void put(struct box *box, struct box_slot slot)
{
    size_t mask = box->slot_room - 1, at = slot.hash & mask;
    while (box->slots[at].uid != 0) {
        at = (at + 1) & mask;
    }
    box->slots[at] = slot;
}

/* Half of it is free at least: searches are short. */
static int make_room(struct box *box)
{
    if (box->slot_count * 2 < box->slot_room) {
        return 0;
    }
    size_t room = box->slot_room;
    struct box_slot *old = box->slots;
    struct box_slot *slots = calloc(room == 0 ? 128 : room * 2, sizeof *slots);
    if (slots == NULL) {
        return -1;
    }
    box->slots = slots;
    box->slot_room = room == 0 ? 128 : room * 2;
    for (size_t i = 0; i < room; i++) {
        if (old[i].uid != 0) {
            put(box, old[i]);
        }
    }
    free(old);
    return 0;
}

int box_know(struct box *box, const struct box_message *m)
{
    if (make_room(box) < 0) {
        return -1;
    }
    put(box, (struct box_slot){hash_of(m->name), m->uid});
    box->slot_count++;
    return 0;
}

struct box_message *box_known(struct box *box, const char *name)
{
    if (box->slot_room == 0) {
        return NULL;
    }
    uint32_t hash = hash_of(name);
    size_t len = box_base(name), mask = box->slot_room - 1;
    for (size_t at = hash & mask; box->slots[at].uid != 0; at = (at + 1) & mask) {
        struct box_message *m =
            box->slots[at].hash == hash ? box_find(box, box->slots[at].uid) : NULL;
        if (m != NULL && box_base(m->name) == len && memcmp(m->name, name, len) == 0) {
            return m;
        }
    }
    return NULL;
}

void box_unknow(struct box *box, const struct box_message *m)
{
    size_t mask = box->slot_room - 1, at = hash_of(m->name) & mask;
    while (box->slots[at].uid != m->uid) {
        if (box->slots[at].uid == 0) {
            return;
        }
        at = (at + 1) & mask;
    }
    box->slot_count--;
    box->slots[at].uid = 0;
    /* Those behind it that would not be found over the gap. */
    for (size_t next = (at + 1) & mask; box->slots[next].uid != 0;
         next = (next + 1) & mask) {
        size_t home = box->slots[next].hash & mask;
        if (((next - home) & mask) >= ((next - at) & mask)) {
            box->slots[at] = box->slots[next];
            box->slots[next].uid = 0;
            at = next;
        }
    }
}
