/* APPEND: messages come in as content before the command is whole. See imap.h. */
#include "imap.h"
#include "loop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of one command: what it has sent lies on the disk before anything is answered. */
enum { APPEND_MESSAGES = 200, APPEND_SIZES = 4 }; /* times the largest message */

void imap_append_drop(struct imap *c)
{
    for (size_t i = 0; i < c->draft_count; i++) {
        box_draft_drop(c->append_box, &c->drafts[i]);
    }
    if (c->content >= 0) {
        close(c->content);
        c->content = -1;
    }
    box_close(c->append_box);
    free(c->drafts);
    c->append_box = NULL;
    c->drafts = NULL;
    c->draft_count = c->draft_room = 0;
    c->append_size = 0;
}

static void refuse(struct imap *c, const mailproto_event *ev, uint32_t code,
                   const char *text)
{
    mailproto_imap_code why = {0};
    why.struct_size = sizeof why;
    why.code = code;
    mailproto_imap_server_refuse_literal(c->engine, ev->tag, &why,
                                         (mailproto_bytes){text, strlen(text)});
    imap_append_drop(c);
}

/* A file for the next message. 0 or -1. */
static int next_file(struct imap *c)
{
    if (c->draft_count == c->draft_room) {
        size_t room = c->draft_room * 2 + 4;
        struct box_draft *drafts = realloc(c->drafts, room * sizeof *drafts);
        if (drafts == NULL) {
            return -1;
        }
        c->drafts = drafts;
        c->draft_room = room;
    }
    c->content = box_draft(c->append_box, &c->drafts[c->draft_count]);
    c->draft_count += c->content >= 0;
    c->last_cr = 0;
    return c->content >= 0 ? 0 : -1;
}

/* RFC 3502 has no limit, and a client needs none. */
static int is_too_much(const struct imap *c, uint64_t size)
{
    uint64_t most = c->server->options.max_size;
    most = most > UINT64_MAX / APPEND_SIZES ? UINT64_MAX : most * APPEND_SIZES;
    return c->draft_count == APPEND_MESSAGES || size > most - c->append_size;
}

void imap_append_literal(struct imap *c, const mailproto_event *ev)
{
    mailproto_imap_command k = {0};
    k.struct_size = sizeof k;
    if (mailproto_imap_event_command(ev, &k) != MAILPROTO_OK ||
        k.command != MAILPROTO_IMAP_APPEND) {
        mailproto_imap_server_accept(c->engine, ev->tag); /* too large for the rest */
        return;
    }
    if (c->append_box == NULL) {
        char *name = c->store == NULL ? NULL : imap_name(&k.mailbox);
        c->append_box = name == NULL ? NULL : box_open(c->store, name);
        free(name);
    }
    if (c->append_box == NULL) {
        refuse(c, ev, MAILPROTO_IMAP_CODE_TRYCREATE, "There is no such mailbox");
    } else if (is_too_much(c, ev->number)) {
        refuse(c, ev, MAILPROTO_IMAP_CODE_LIMIT, "Too many messages in one command");
    } else if (next_file(c) < 0) {
        refuse(c, ev, MAILPROTO_IMAP_CODE_UNAVAILABLE, "It cannot be stored now");
    } else {
        c->append_size += ev->number;
        mailproto_imap_server_literal(c->engine, ev->tag, c->draft_count - 1);
    }
}

/* The next LF that has no CR before it; NULL: none. `cr`: what stood before `at`. */
static const char *find_bare(const char *at, const char *end, int cr)
{
    for (const char *lf = at; (lf = memchr(lf, '\n', (size_t)(end - lf))) != NULL;
         lf++) {
        if (lf == at ? !cr : lf[-1] != '\r') {
            return lf;
        }
    }
    return NULL;
}

/* Writes with every line end as CRLF. */
static int put(struct imap *c, struct box_draft *d, mailproto_bytes text)
{
    const char *at = text.ptr, *end = text.ptr + text.len;
    while (at < end) {
        const char *lf = find_bare(at, end, c->last_cr);
        size_t len = (size_t)((lf == NULL ? end : lf) - at);
        if (file_write(c->content, at, len) < 0 ||
            (lf != NULL && file_write(c->content, "\r\n", 2) < 0)) {
            return -1;
        }
        d->size += len + (lf == NULL ? 0 : 2);
        c->last_cr = lf == NULL && end[-1] == '\r';
        at += len + (lf != NULL);
    }
    return 0;
}

void imap_append_content(struct imap *c, const mailproto_event *ev)
{
    struct box_draft *d = c->draft_count == 0 ? NULL : &c->drafts[c->draft_count - 1];
    if (d == NULL || c->content < 0) {
        return;
    }
    if (ev->type == MAILPROTO_EV_CONTENT) {
        if (put(c, d, ev->text) < 0) {
            close(c->content); /* COMMAND will find it without its end */
            c->content = -1;
            box_draft_drop(c->append_box, d);
            d->name[0] = '\0';
        }
    } else if (ev->type == MAILPROTO_EV_CONTENT_END) {
        if (close(c->content) < 0) { /* some file systems tell only now */
            box_draft_drop(c->append_box, d);
            d->name[0] = '\0';
        }
        c->content = -1;
    } else {
        imap_append_drop(c);
    }
}

/* What the command says of each of its messages. 0 or -1. */
static int settle(struct imap *c)
{
    struct imap_job *j = &c->job;
    mailproto_imap_cursor items = j->command.items;
    mailproto_imap_append one;
    size_t n = 0;
    while (mailproto_imap_append_next(&items, &one) == MAILPROTO_OK) {
        if (one.message.form != MAILPROTO_IMAP_EXTERNAL ||
            one.message.number >= c->draft_count || one.message.number != n) {
            return -1;
        }
        struct box_draft *d = &c->drafts[n++];
        if (d->name[0] == '\0' ||
            imap_read_flags(c->append_box, one.flags, &d->flags, &d->keywords) < 0) {
            return -1;
        }
        if (one.date.set) {
            d->internal = one.date.utc;
            d->zone = one.date.zone_minutes;
        }
    }
    return n == c->draft_count && n > 0 ? 0 : -1;
}

static mailproto_status cannot(struct imap *c)
{
    imap_append_drop(c);
    return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNAVAILABLE,
                       "It cannot be stored now");
}

/* All of them are on the disk, then they are in the index, then it is answered. */
mailproto_status imap_append(struct imap *c)
{
    struct imap_job *j = &c->job;
    struct box *box = c->append_box;
    uint32_t first = 0;
    size_t count = c->draft_count;
    if (box == NULL) {
        return imap_answer(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_TRYCREATE,
                           "There is no such mailbox");
    }
    int loaded = box->gone ? -1 : box_load(box, c->until);
    if (loaded == 0) {
        return MAILPROTO_NOT_READY;
    }
    if (loaded < 0 || (j->step == 0 && settle(c) < 0)) {
        return cannot(c);
    }
    j->step = 1;
    mailproto_status st = imap_sync(c, box, c->drafts, count);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (j->synced < 0) {
        return cannot(c);
    }
    c->draft_count = 0;
    if (box_draft_commit(box, c->drafts, count, NULL, 0, &first) < 0) {
        c->draft_count = count;
        return cannot(c);
    }
    imap_answer(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_APPENDUID, "Stored");
    j->code.number = box->uidvalidity;
    for (size_t i = 0; i < count; i++) {
        imap_add_range(&j->from, first + (uint32_t)i);
    }
    j->code.set = j->from.list;
    j->code.set_count = j->from.count;
    imap_append_drop(c);
    return MAILPROTO_OK;
}
