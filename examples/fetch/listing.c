/* What a maildrop holds: see listing.h. */
#include "listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More rows than any maildrop has: a server that counts higher is not believed. */
enum { ROWS_MAX = 10000000 };

enum { STAT, LIST, UIDL };

mailproto_status listing_start(listing *l, mailproto_pop3_client *client)
{
    mailproto_status st = mailproto_pop3_client_stat(client, l->tag + STAT);
    if (st == MAILPROTO_OK) {
        st = mailproto_pop3_client_list(client, l->tag + LIST, 0);
    }
    if (st == MAILPROTO_OK) {
        st = mailproto_pop3_client_uidl(client, l->tag + UIDL, 0);
    }
    return st;
}

static listing_row *row(listing *l, uint32_t message)
{
    if (message == 0 || message > ROWS_MAX) {
        return NULL;
    }
    if (message > l->count) {
        uint32_t count = message + message / 2 + 16;
        listing_row *rows = realloc(l->rows, count * sizeof *rows);
        if (rows == NULL) {
            return NULL;
        }
        memset(rows + l->count, 0, (count - l->count) * sizeof *rows);
        l->rows = rows;
        l->count = count;
    }
    return &l->rows[message - 1];
}

static void item(listing *l, const mailproto_event *ev)
{
    listing_row *r = row(l, ev->code);
    if (r == NULL) {
        l->failed = 1;
    } else if (ev->tag == l->tag + LIST) {
        r->listed = 1;
        r->octets = ev->number;
    } else {
        size_t len =
            ev->text.len < sizeof r->uid - 1 ? ev->text.len : sizeof r->uid - 1;
        for (size_t i = 0; i < len; i++) { /* it goes to a terminal */
            r->uid[i] =
                ev->text.ptr[i] > ' ' && ev->text.ptr[i] <= '~' ? ev->text.ptr[i] : '?';
        }
        r->uid[len] = '\0';
    }
}

static void print(const listing *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const listing_row *r = &l->rows[i];
        if (r->listed) {
            printf("%7" PRIu32 " %12" PRIu64 " %s\n", i + 1, r->octets,
                   r->uid[0] == '\0' ? "-" : r->uid);
        }
    }
    fflush(stdout);
}

static mailproto_status reply(listing *l, const mailproto_event *ev)
{
    mailproto_pop3_status status = {0};
    status.struct_size = sizeof status;
    if ((ev->flags & (MAILPROTO_EVF_LINE_MORE | MAILPROTO_EVF_MORE)) != 0 ||
        mailproto_pop3_event_status(ev, &status) != MAILPROTO_OK) {
        return MAILPROTO_OK;
    }
    uint32_t which = ev->tag - l->tag;
    if (which == STAT && status.code == MAILPROTO_POP3_OK) {
        printf("%" PRIu32 " messages, %" PRIu64 " octets\n", status.messages,
               status.octets);
    } else if (which != UIDL && status.code != MAILPROTO_POP3_OK) {
        l->failed = 1; /* a server may have no UIDL */
    }
    if (which == UIDL) {
        print(l);
        return MAILPROTO_EOF;
    }
    return MAILPROTO_OK;
}

mailproto_status listing_event(listing *l, const mailproto_event *ev)
{
    if (ev->tag < l->tag || ev->tag > l->tag + UIDL) {
        return MAILPROTO_NOT_READY;
    }
    if (ev->type == MAILPROTO_EV_POP3_ITEM) {
        item(l, ev);
        return MAILPROTO_OK;
    }
    if (ev->type == MAILPROTO_EV_POP3_LINE) {
        l->failed = 1; /* not of the grammar */
        return MAILPROTO_OK;
    }
    return ev->type == MAILPROTO_EV_POP3_REPLY ? reply(l, ev) : MAILPROTO_NOT_READY;
}

void listing_free(listing *l)
{
    free(l->rows);
    l->rows = NULL;
}
