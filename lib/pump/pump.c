/*
 * The caller's read and write callbacks under a session. Written on the public header
 * alone; knows no protocol.
 */
#include <mailproto/pump.h>

/* Writes until the output is empty: OK, AGAIN, or the session was failed. */
static mailproto_status write_all(mailproto_session *s, const mailproto_io *io)
{
    for (;;) {
        size_t len, put = 0;
        mailproto_status st;
        const void *due = mailproto_session_output(s, &len);
        if (len == 0) {
            return MAILPROTO_OK;
        }
        st = io->write(io->ctx, due, len, &put);
        if (st == MAILPROTO_AGAIN) {
            return st;
        }
        if (st == MAILPROTO_OK && (put == 0 || put > len)) {
            st = MAILPROTO_ERR_ARGUMENT;
        }
        if (st != MAILPROTO_OK) {
            return mailproto_session_output_failed(s, st < 0 ? st : MAILPROTO_ERR_IO);
        }
        (void)mailproto_session_output_sent(s, put);
    }
}

/* Reads once: OK (something has changed) or AGAIN. */
static mailproto_status read_some(mailproto_session *s, const mailproto_io *io)
{
    size_t cap, got = 0;
    mailproto_status st;
    void *space = mailproto_session_input_space(s, &cap);
    if (space == NULL) {
        return MAILPROTO_AGAIN;
    }
    st = io->read(io->ctx, space, cap, &got);
    if (st == MAILPROTO_AGAIN) {
        return st;
    }
    if (st == MAILPROTO_EOF) {
        (void)mailproto_session_feed_eof(s);
        return MAILPROTO_OK;
    }
    if (st == MAILPROTO_OK && (got == 0 || got > cap)) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st != MAILPROTO_OK) {
        return mailproto_session_fail(s, st < 0 ? st : MAILPROTO_ERR_IO);
    }
    (void)mailproto_session_input_commit(s, got);
    return MAILPROTO_OK;
}

/* What to do when no event is there: OK (ask again), else the pump's answer. */
static mailproto_status move(mailproto_session *s, const mailproto_io *io)
{
    mailproto_want want = {sizeof want, 0, 0, 0};
    mailproto_status st;
    mailproto_session_get_want(s, &want);
    if (want.flags & MAILPROTO_WANT_WRITE) {
        return write_all(s, io);
    }
    if (want.flags & MAILPROTO_WANT_EVENT) {
        return MAILPROTO_OK;
    }
    if (want.flags & MAILPROTO_WANT_READ) {
        return read_some(s, io);
    }
    if ((want.flags & MAILPROTO_MAY_READ) && (io->flags & MAILPROTO_IO_NONBLOCKING)) {
        st = read_some(s, io);
        return st == MAILPROTO_AGAIN ? MAILPROTO_YOUR_TURN : st;
    }
    return MAILPROTO_YOUR_TURN;
}

mailproto_status mailproto_pump(mailproto_session *s, const mailproto_io *io,
                                mailproto_event *ev)
{
    if (io == NULL || io->struct_size < sizeof *io || io->read == NULL ||
        io->write == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (;;) {
        mailproto_status st = mailproto_session_next_event(s, ev);
        if (st != MAILPROTO_AGAIN) {
            return st;
        }
        st = move(s, io);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
}
