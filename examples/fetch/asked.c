/* The unique-ids of a listing, in a hash table: see asked.h. */
#include "asked.h"

#include <stdlib.h>
#include <string.h>

static size_t hash(const char *uid, size_t len)
{
    uint32_t h = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < len; i++) {
        h = (h ^ (unsigned char)uid[i]) * 16777619U;
    }
    return h ^ h >> 15;
}

/* Its entry, or the free one where it goes. */
static asked_entry *find(const asked *a, const char *uid, size_t len)
{
    size_t at = hash(uid, len) & (a->room - 1);
    while (a->table[at].uid != NULL && (strncmp(a->table[at].uid, uid, len) != 0 ||
                                        a->table[at].uid[len] != '\0')) {
        at = (at + 1) & (a->room - 1);
    }
    return &a->table[at];
}

static int grow(asked *a)
{
    asked larger = *a;
    larger.room = a->room == 0 ? 256 : a->room * 2;
    larger.table = calloc(larger.room, sizeof *larger.table);
    if (larger.table == NULL) {
        return -1;
    }
    for (size_t i = 0; i < a->room; i++) {
        const asked_entry *e = &a->table[i];
        if (e->uid != NULL) {
            *find(&larger, e->uid, strlen(e->uid)) = *e;
        }
    }
    free(a->table);
    *a = larger;
    return 0;
}

/* Room for the number of a message. */
static int reach(asked *a, uint32_t message)
{
    if (message < a->numbers) {
        return 0;
    }
    size_t numbers = (size_t)message + message / 2 + 16;
    uint32_t *nth = realloc(a->nth, numbers * sizeof *nth);
    if (nth == NULL) {
        return -1;
    }
    memset(nth + a->numbers, 0, (numbers - a->numbers) * sizeof *nth);
    a->nth = nth;
    a->numbers = numbers;
    return 0;
}

uint32_t asked_note(asked *a, mailproto_bytes uid, uint32_t message)
{
    if ((2 * (a->count + 1) > a->room && grow(a) < 0) || reach(a, message) < 0) {
        return 0;
    }
    asked_entry *e = find(a, uid.ptr, uid.len);
    if (e->uid == NULL) {
        e->uid = strndup(uid.ptr, uid.len);
        if (e->uid == NULL) {
            return 0;
        }
        a->count++;
    }
    e->times += e->message != message;
    e->message = message;
    a->nth[message] = e->times;
    return e->times;
}

void asked_kept(asked *a, mailproto_bytes uid, uint32_t message)
{
    asked_entry *e = a->room == 0 ? NULL : find(a, uid.ptr, uid.len);
    if (e != NULL && e->uid != NULL && message < a->numbers &&
        a->nth[message] > e->kept) {
        e->kept = a->nth[message];
    }
}

const char *asked_objection(const asked *a, mailproto_bytes uid, uint32_t message)
{
    const asked_entry *e = a->room == 0 ? NULL : find(a, uid.ptr, uid.len);
    if (e == NULL || e->uid == NULL || message >= a->numbers || a->nth[message] == 0) {
        return "it was listed with another unique-id";
    }
    return a->nth[message] == e->kept + 1
               ? NULL
               : "an earlier message with the same unique-id did not come";
}

void asked_free(asked *a)
{
    for (size_t i = 0; i < a->room; i++) {
        free(a->table[i].uid);
    }
    free(a->table);
    free(a->nth);
    memset(a, 0, sizeof *a);
}
