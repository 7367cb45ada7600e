/*
 * The content pump: the loop between a source and the content verbs. Written on the
 * public headers alone; knows no protocol.
 */
#include <mailproto/pump.h>

/* The next bytes of a source into `buf`: OK, EOF, NOT_READY or negative. */
static mailproto_status from_callback(const mailproto_source *src, uint64_t offset,
                                      void *buf, size_t cap, size_t *got)
{
    mailproto_status st = MAILPROTO_ERR_ARGUMENT;
    *got = 0;
    if (src->read_at != NULL) {
        if (offset >= src->size) {
            return MAILPROTO_EOF;
        }
        st = src->read_at(src->ctx, offset, buf, cap, got);
    } else if (src->read != NULL) {
        st = src->read(src->ctx, buf, cap, got);
    }
    if (st == MAILPROTO_OK && (*got == 0 || *got > cap)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (st == MAILPROTO_AGAIN) {
        return MAILPROTO_NOT_READY;
    }
    return st == MAILPROTO_OK || st == MAILPROTO_EOF || st == MAILPROTO_NOT_READY ||
                   st < 0
               ? st
               : MAILPROTO_ERR_ARGUMENT;
}

/* One piece: OK, AGAIN (no room), EOF (the source has ended), NOT_READY or negative. */
static mailproto_status put_piece(mailproto_session *s, const mailproto_source *src)
{
    uint64_t offset = mailproto_session_content_taken(s);
    size_t cap, got, used;
    void *space;
    mailproto_status st = mailproto_session_content(s, NULL, 0, &used);
    if (st != MAILPROTO_OK) {
        return st; /* none is wanted */
    }
    if (src->data != NULL) {
        uint64_t left = offset < src->size ? src->size - offset : 0;
        if (left == 0) {
            return MAILPROTO_EOF;
        }
        got = left < SIZE_MAX ? (size_t)left : SIZE_MAX;
        st = mailproto_session_content(s, (const char *)src->data + (size_t)offset, got,
                                       &used);
        return st;
    }
    space = mailproto_session_content_space(s, &cap);
    if (space == NULL) {
        return MAILPROTO_AGAIN;
    }
    st = from_callback(src, offset, space, cap, &got);
    return st == MAILPROTO_OK ? mailproto_session_content_commit(s, got) : st;
}

/* Makes room: OK, AGAIN (would block) or negative. */
static mailproto_status write_some(mailproto_session *s, const mailproto_io *io)
{
    size_t len, put = 0;
    mailproto_status st;
    const void *due = mailproto_session_output(s, &len);
    if (len == 0) {
        return MAILPROTO_ERR_STATE; /* full, and nothing to send: cannot be */
    }
    st = io->write(io->ctx, due, len, &put);
    if (st == MAILPROTO_OK && (put == 0 || put > len)) {
        st = MAILPROTO_ERR_ARGUMENT;
    }
    if (st == MAILPROTO_OK) {
        return mailproto_session_output_sent(s, put);
    }
    return st;
}

mailproto_status mailproto_pump_content(mailproto_session *s, const mailproto_io *io,
                                        const mailproto_source *source)
{
    mailproto_status st;
    if (io == NULL || source == NULL || io->struct_size < sizeof *io ||
        source->struct_size < sizeof *source) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (;;) {
        st = put_piece(s, source);
        if (st == MAILPROTO_EOF || st == MAILPROTO_ENOUGH) {
            st = mailproto_session_content_end(s);
            if (st != MAILPROTO_AGAIN) {
                return st;
            }
        }
        if (st == MAILPROTO_NOT_READY) {
            return st;
        }
        if (st < 0) {
            (void)mailproto_session_content_abort(s);
            return st;
        }
        if (st == MAILPROTO_AGAIN) {
            st = write_some(s, io);
            if (st == MAILPROTO_AGAIN) {
                return st;
            }
            if (st != MAILPROTO_OK) {
                st = st < 0 ? st : MAILPROTO_ERR_IO;
                (void)mailproto_session_output_failed(s, st);
                return st;
            }
        }
    }
}
