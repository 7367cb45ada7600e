/*
 * The lines of an authentication exchange, and which mechanisms may be offered. Knows
 * base64, `=` and `*` (RFC 4954 4, RFC 5034 4) and how mechanisms are named; must not know
 * any mechanism, nor the protocol around it.
 */
#include "codec/auth.h"

#include "core/input.h"
#include "core/mem.h"
#include "core/span.h"

/* ---- out --------------------------------------------------------------------------- */

/* Encodes a piece into the output, by way of a small buffer. There is room. */
static void encode(mailproto_session *s, struct mailproto__auth *a, const void *data,
                   size_t len, uint32_t flags)
{
    const char *at = len > 0 ? (const char *)data : "";
    mailproto_status status;
    char buf[64];
    do {
        size_t used;
        size_t put;
        status = mailproto_codec_run(&a->codec, at, len, &used, buf, sizeof buf, &put,
                                     flags);
        (void)mailproto__put(s, buf, put);
        len -= used;
        at += used;
    } while (status == MAILPROTO_AGAIN);
    mailproto__wipe(buf, sizeof buf);
}

/* Octets that this piece will take, at most `total` in all; SIZE_MAX: too many. */
static size_t encoded_size(size_t given, size_t len, size_t total)
{
    size_t before = mailproto_base64_size(given - given % 3);
    size_t upto = given + len == total ? total : given + len - (given + len) % 3;
    size_t behind = mailproto_base64_size(upto);
    return upto > 0 && behind == 0 ? SIZE_MAX : behind - before;
}

/* Whether the output takes so much now, later, or never. */
static mailproto_status ask_room(mailproto_session *s, size_t encoded, size_t more)
{
    if (encoded > s->out.cap || more > s->out.cap - encoded) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    return encoded + more > mailproto__room(s) ? mailproto__no_room(s) : MAILPROTO_OK;
}

mailproto_status mailproto__auth_put(mailproto_session *s, struct mailproto__auth *a,
                                     mailproto_bytes prefix, int equals,
                                     const void *data, size_t len, size_t total,
                                     int *whole)
{
    size_t given = a->sending ? a->given : 0;
    int last = len == total - given;
    mailproto_bytes end = mailproto__span(NULL, 0);
    mailproto_status status;
    *whole = 0;
    if ((a->sending && total != a->total) || len > total - given ||
        (data == NULL && len > 0)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (last) {
        end = total == 0 && equals ? MAILPROTO__LITERAL("=\r\n")
                                   : MAILPROTO__LITERAL("\r\n");
    }
    status = ask_room(s, encoded_size(given, len, total),
                      end.len + (a->sending ? 0 : prefix.len));
    if (status != MAILPROTO_OK) {
        return status;
    }
    if (!a->sending) {
        (void)mailproto_encoder_init(&a->codec, MAILPROTO_ENCODING_BASE64, 0);
        (void)mailproto__put_span(s, prefix);
        a->sending = 1;
        a->total = total;
    }
    a->given = given + len;
    encode(s, a, data, len, last ? MAILPROTO_CODEC_FINAL : 0);
    (void)mailproto__put_span(s, end);
    if (last) {
        mailproto__wipe(&a->codec, sizeof a->codec);
        a->sending = 0;
        *whole = 1;
    }
    return MAILPROTO_OK;
}

/* ---- in ---------------------------------------------------------------------------- */

/* Values of mailproto__auth.bad. */
enum { BAD_BASE64 = 1, BAD_LONG = 2 };

/* Decodes the `len` octets at the front of the block where they lie. */
static mailproto_bytes decode(mailproto_session *s, struct mailproto__auth *a,
                              size_t len, uint32_t flags)
{
    char *at = s->in.base + s->in.head;
    size_t used;
    size_t put;
    if (!a->bad && mailproto_codec_run(&a->codec, at, len, &used, at, len, &put,
                                       flags) == MAILPROTO_OK) {
        return mailproto__span(at, put);
    }
    if (!a->bad) {
        a->bad = BAD_BASE64;
    }
    return mailproto__span(at, 0);
}

/* The line ends with `len` octets, CRLF included. */
static enum mailproto__auth_result end_line(mailproto_session *s,
                                            struct mailproto__auth *a, size_t len,
                                            size_t limit, mailproto_bytes *out)
{
    enum mailproto__auth_result result = MAILPROTO__AUTH_LAST;
    const char *at = s->in.base + s->in.head;
    int star = a->line == 0 && len == 3 && at[0] == '*';
    if (a->line + len > limit) {
        a->bad = BAD_LONG;
    }
    mailproto__trace(s, MAILPROTO_TRACE_CREDENTIAL, at, len);
    *out = decode(s, a, len - 2, MAILPROTO_CODEC_FINAL);
    if (a->bad == BAD_LONG) {
        result = MAILPROTO__AUTH_LONG;
    } else if (star) {
        result = MAILPROTO__AUTH_STAR;
    } else if (a->bad) {
        result = MAILPROTO__AUTH_BAD;
    }
    mailproto__consume(s, len);
    s->in.scanned = 0;
    mailproto__wipe(&a->codec, sizeof a->codec);
    a->receiving = 0;
    a->bad = 0;
    a->line = 0;
    return result;
}

enum mailproto__auth_result mailproto__auth_take(mailproto_session *s,
                                                 struct mailproto__auth *a,
                                                 size_t limit, mailproto_bytes *out)
{
    *out = mailproto__span(NULL, 0);
    while (!s->awaiting) {
        const char *at;
        size_t len;
        mailproto__input_begin(s);
        if (!a->receiving) {
            a->receiving = 1;
            a->bad = 0;
            a->line = 0;
            (void)mailproto_decoder_init(&a->codec, MAILPROTO_ENCODING_BASE64,
                                         MAILPROTO_CODEC_STRICT);
        }
        len = mailproto__input_line(s, s->in.cap);
        if (len > 0) {
            return end_line(s, a, len, limit, out);
        }
        len = s->in.tail - s->in.head;
        at = s->in.base + s->in.head;
        /* A line that fits the block is given in one piece. */
        if (len < s->in.cap - s->in.spare && !a->bad && a->line + len < limit) {
            return MAILPROTO__AUTH_NONE;
        }
        if (a->line + len >= limit) {
            a->bad = BAD_LONG;
        }
        if (len > 0 && at[len - 1] == '\r') {
            len--;
        }
        if (len == 0) {
            return MAILPROTO__AUTH_NONE;
        }
        mailproto__trace(s, MAILPROTO_TRACE_CREDENTIAL, at, len);
        *out = decode(s, a, len, 0);
        a->line = a->bad == BAD_LONG ? limit : a->line + len;
        mailproto__consume(s, len);
        s->in.scanned = 0;
        if (out->len > 0) {
            return MAILPROTO__AUTH_PIECE;
        }
    }
    return MAILPROTO__AUTH_NONE;
}

int mailproto__auth_decode(char *text, size_t len, mailproto_bytes *out)
{
    mailproto_codec codec;
    mailproto_status status;
    size_t used;
    size_t put;
    *out = mailproto__span(text, 0);
    if (len == 1 && text[0] == '=') {
        return 1;
    }
    (void)mailproto_decoder_init(&codec, MAILPROTO_ENCODING_BASE64,
                                 MAILPROTO_CODEC_STRICT);
    status = mailproto_codec_run(&codec, text, len, &used, text, len, &put,
                                 MAILPROTO_CODEC_FINAL);
    mailproto__wipe(&codec, sizeof codec);
    out->len = status == MAILPROTO_OK ? put : 0;
    return status == MAILPROTO_OK;
}

/* ---- the offer --------------------------------------------------------------------- */

static int binds(mailproto_bytes name)
{
    mailproto_bytes plus = MAILPROTO__LITERAL("-PLUS");
    return name.len > plus.len &&
           mailproto__equal_nocase(mailproto__tail(name, name.len - plus.len), plus);
}

static int lists(mailproto_bytes list, mailproto_bytes name)
{
    mailproto_bytes word = mailproto__word(&list);
    while (word.len > 0 && !mailproto__equal_nocase(word, name)) {
        word = mailproto__word(&list);
    }
    return word.len > 0;
}

enum { MECHANISM_MAX = 20 };

/* RFC 4422 3.1, sasl-mech */
static int is_mechanism(mailproto_bytes word)
{
    size_t i;
    for (i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_') {
            return 0;
        }
    }
    return word.len > 0 && word.len <= MECHANISM_MAX;
}

/* Mechanisms with single blanks between, each of them in `among`. */
static int are_mechanisms(mailproto_bytes list, mailproto_bytes among)
{
    size_t at = 0;
    if ((list.ptr == NULL && list.len > 0) || list.len > MAILPROTO__AUTH_NAMES_MAX) {
        return 0;
    }
    while (list.len > 0) {
        const char *blank = (const char *)memchr(list.ptr + at, ' ', list.len - at);
        size_t end = blank == NULL ? list.len : (size_t)(blank - list.ptr);
        mailproto_bytes word = mailproto__span(list.ptr + at, end - at);
        if (!is_mechanism(word) || !lists(among, word)) {
            return 0;
        }
        if (blank == NULL) {
            break;
        }
        at = end + 1;
    }
    return 1;
}

int mailproto__auth_lists_are_good(mailproto_bytes names, mailproto_bytes in_clear)
{
    return are_mechanisms(names, names) && are_mechanisms(in_clear, names);
}

mailproto_bytes mailproto__auth_offered(const mailproto_session *s,
                                        const struct mailproto__auth_offer *offer,
                                        mailproto_bytes *rest)
{
    int all = mailproto__is_secure(s) || offer->all_in_clear;
    mailproto_bytes word = mailproto__word(rest);
    while (word.len > 0 && ((s->tls.binding_len == 0 && binds(word)) ||
                            (!all && !lists(offer->in_clear, word)))) {
        word = mailproto__word(rest);
    }
    return word;
}

int mailproto__auth_offers(const mailproto_session *s,
                           const struct mailproto__auth_offer *offer,
                           mailproto_bytes name)
{
    mailproto_bytes rest = offer->names;
    mailproto_bytes word = mailproto__auth_offered(s, offer, &rest);
    while (word.len > 0 && name.len > 0 && !mailproto__equal_nocase(word, name)) {
        word = mailproto__auth_offered(s, offer, &rest);
    }
    return word.len > 0;
}

int mailproto__auth_needs_tls(const mailproto_session *s,
                              const struct mailproto__auth_offer *offer,
                              mailproto_bytes name)
{
    if (mailproto__is_secure(s)) {
        return 0;
    }
    return !mailproto__auth_offers(s, offer, mailproto__span(NULL, 0)) ||
           (lists(offer->names, name) && !mailproto__auth_offers(s, offer, name));
}
