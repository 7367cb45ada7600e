/*
 * The content of RETR and TOP (RFC 1939 3, 5, 7): runs of it go to the application where
 * they lie; what is given up is read to its true end. Knows limits and the line end
 * policy; must not know what a message is.
 */
#include "pop3/client.h"

#include "core/mem.h"
#include "core/span.h"

void mailproto__pop3_client_content_begin(mailproto_pop3_client *c)
{
    memset(&c->undot, 0, sizeof c->undot);
    c->undot.policy = c->line_ends;
    c->content = 0;
    c->aborted = MAILPROTO_OK;
    c->tell_aborted = 0;
    c->phase = MAILPROTO__POP3_CONTENT;
}

void mailproto__pop3_client_content_aborted(mailproto_pop3_client *c)
{
    mailproto_event *ev = mailproto__event(&c->session, MAILPROTO_EV_CONTENT_ABORTED,
                                           mailproto__pop3_client_at(c, 0)->tag);
    ev->code = (uint32_t)c->aborted;
    ev->number = c->content;
    c->tell_aborted = 0;
}

/* How many octets at the front of the run come before (or are) the first octet that the
 * policy does not let pass. `at`: the offset of in.ptr in the content on the wire. A CR
 * is delivered: it is known to stand alone only by what follows it. */
static size_t clean_part(const mailproto_pop3_client *c, mailproto_bytes in,
                         uint64_t at, mailproto_bytes run, mailproto_status *why)
{
    uint64_t bad = c->undot.bad_offset;
    uintptr_t start = (uintptr_t)run.ptr;
    uintptr_t base = (uintptr_t)in.ptr;
    size_t skip;
    *why = MAILPROTO_OK;
    if (!c->undot.bad_at) {
        return run.len;
    }
    *why = MAILPROTO_ERR_BARE_LINE_END;
    if (start < base || start >= base + in.len) {
        return run.len; /* a CR that was held back */
    }
    skip = (size_t)(start - base);
    if (bad < at + skip || bad - at - skip >= run.len) {
        return 0; /* a CR delivered before */
    }
    skip = (size_t)(bad - at) - skip;
    if (run.ptr[skip] == '\0') {
        *why = MAILPROTO_ERR_NUL;
    }
    return run.ptr[skip] == '\r' ? skip + 1 : skip;
}

/* Delivers a run, or as much of it as may be delivered. */
static void deliver(mailproto_pop3_client *c, mailproto_bytes in, uint64_t at,
                    mailproto_bytes run)
{
    uint64_t left = c->max_content - c->content;
    mailproto_status why;
    size_t len = clean_part(c, in, at, run, &why);
    if (len > left) {
        len = (size_t)left;
        why = MAILPROTO_ERR_CONTENT_LIMIT;
    }
    if (len > 0) {
        mailproto_event *ev = mailproto__event(&c->session, MAILPROTO_EV_CONTENT,
                                               mailproto__pop3_client_at(c, 0)->tag);
        ev->text = mailproto__span(run.ptr, len);
        ev->number = c->content;
        c->content += len;
    }
    if (why != MAILPROTO_OK) {
        c->aborted = why;
        c->tell_aborted = 1;
    }
}

/* The end mark was read. */
static void end(mailproto_pop3_client *c)
{
    uint8_t seen = c->undot.seen;
    mailproto_event *ev;
    c->phase = MAILPROTO__POP3_REPLY_DONE;
    if (c->aborted != MAILPROTO_OK) {
        return; /* told already */
    }
    ev = mailproto__event(&c->session, MAILPROTO_EV_CONTENT_END,
                          mailproto__pop3_client_at(c, 0)->tag);
    ev->number = c->content;
    if ((seen & MAILPROTO__DOT_REPAIRED) != 0) {
        ev->flags |= MAILPROTO_EVF_REPAIRED;
    } else if ((seen & (MAILPROTO__DOT_BARE | MAILPROTO__DOT_NUL)) != 0) {
        ev->flags |= MAILPROTO_EVF_UNCLEAN;
    }
}

/* One wait must bring progress_bytes: a peer that sends a little now and then holds
 * nobody for ever. */
void mailproto__pop3_client_count(mailproto_pop3_client *c, size_t n)
{
    if (n < c->progress_bytes - c->progress) {
        c->progress += (uint32_t)n;
        return;
    }
    c->progress = 0;
    mailproto__pop3_client_rearm(c);
}

mailproto_status mailproto__pop3_client_content_step(mailproto_pop3_client *c)
{
    mailproto_session *s = &c->session;
    mailproto_bytes in = mailproto__peek(s);
    uint64_t at = c->undot.offset;
    enum mailproto__undot_result result;
    mailproto_bytes run;
    size_t used;
    if (c->tell_aborted) {
        mailproto__pop3_client_content_aborted(c);
        return MAILPROTO_OK;
    }
    if (in.len == 0) {
        return MAILPROTO_AGAIN;
    }
    result = mailproto__undot_next(&c->undot, in, &used, &run);
    mailproto__trace(s, MAILPROTO_TRACE_CONTENT, in.ptr, used);
    mailproto__consume(s, used);
    s->in.scanned = 0;
    mailproto__pop3_client_count(c, used);
    if (result == MAILPROTO__UNDOT_END) {
        end(c);
    } else if (result == MAILPROTO__UNDOT_RUN && c->aborted == MAILPROTO_OK) {
        deliver(c, in, at, run);
    }
    return MAILPROTO_OK;
}
