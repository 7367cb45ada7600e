/*
 * The reader of mailbox files: where messages begin and end, quoting undone. Knows lines
 * and From_ lines; of a message it knows Content-Length and where its header ends.
 */
#include "message/mbox.h"

#include "core/mem.h"
#include "core/span.h"

enum {
    WORK_LEAST = 4096,
    /* the octet before, two line ends and a From_ line */
    PEEK = MAILPROTO_MBOX_LINE_MAX + 5,
    LENGTH_LINE = 64 /* of a Content-Length field that is looked at */
};

#define UNKNOWN UINT64_MAX

enum state { BEFORE, FROM, HEADER, BODY, END, BETWEEN, DONE };

struct reader {
    const mailproto_source *source;
    char *work; /* NULL: the source is in memory */
    size_t size;
    size_t head, tail; /* of what is in `work` and was not given out */
    uint64_t offset;   /* in the file of the octet at `head` */
    uint64_t length;   /* what Content-Length says, or UNKNOWN */
    uint64_t body_end; /* the same as an offset, once it is believed, or UNKNOWN */
    uint64_t peeked;   /* octets behind `size` in `work` */
    uint32_t flags;
    uint8_t state; /* enum state */
    uint8_t eof;   /* the source has no more than `work` holds */
    uint8_t begin; /* the octet at `head` begins a line, or follows `>` that do */
    uint8_t
        lengths; /* Content-Length: 0 none, 1 one, 2 they differ, or none can be read */
};

/* C99 has no static assertion: a size that is too large is a negative array size. */
typedef char reader_fits[sizeof(struct reader) <= sizeof(mailproto_mbox) ? 1 : -1];

mailproto_status mailproto_mbox_open(mailproto_mbox *m, const mailproto_source *source,
                                     uint32_t flags, void *work, size_t size)
{
    struct reader *r = (struct reader *)(void *)m->opaque;
    memset(m, 0, sizeof *m);
    r->state = DONE; /* until all is well */
    if ((flags & ~(uint32_t)(MAILPROTO_MBOX_UNQUOTE | MAILPROTO_MBOX_NO_LENGTH |
                             MAILPROTO_MBOX_LOOSE)) != 0) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (source->data != NULL ||
        (source->size == 0 && source->read_at == NULL && source->read == NULL)) {
        if (source->size > SIZE_MAX) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        r->eof = 1;
    } else {
        if ((source->read_at == NULL && source->read == NULL) || work == NULL ||
            size < WORK_LEAST) {
            return MAILPROTO_ERR_ARGUMENT;
        }
        r->work = (char *)work;
        r->size = size - PEEK;
    }
    r->source = source;
    r->flags = flags;
    if (source->data == NULL && source->read_at == NULL) {
        r->flags |= MAILPROTO_MBOX_NO_LENGTH; /* nothing can be looked at ahead */
    }
    r->begin = 1;
    r->state = BEFORE;
    return MAILPROTO_OK;
}

/* ---- what is there ------------------------------------------------------------------- */

static const char *window(const struct reader *r)
{
    return r->work != NULL ? r->work + r->head
                           : (const char *)r->source->data + r->offset;
}

static size_t there(const struct reader *r)
{
    return r->work != NULL ? r->tail - r->head : (size_t)(r->source->size - r->offset);
}

static void use(struct reader *r, size_t n)
{
    r->head += r->work != NULL ? n : 0;
    r->offset += n;
}

/* Octets from anywhere in the source. */
static mailproto_status read_from(struct reader *r, uint64_t offset, char *to,
                                  size_t cap, size_t *got)
{
    const mailproto_source *s = r->source;
    mailproto_status st;
    *got = 0;
    if (s->read_at != NULL) {
        if (s->size != MAILPROTO_SIZE_UNKNOWN && offset >= s->size) {
            return MAILPROTO_EOF;
        }
        st = s->read_at(s->ctx, offset, to, cap, got);
    } else {
        st = s->read(s->ctx, to, cap, got);
    }
    if (st == MAILPROTO_OK && (*got == 0 || *got > cap)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return st;
}

/* `want` octets are in the window, or all that is left. */
static mailproto_status fill(struct reader *r, size_t want)
{
    while (there(r) < want && !r->eof) {
        size_t got;
        mailproto_status st;
        if (r->head > 0) {
            memmove(r->work, r->work + r->head, r->tail - r->head);
            r->tail -= r->head;
            r->head = 0;
        }
        st = read_from(r, r->offset + r->tail, r->work + r->tail, r->size - r->tail,
                       &got);
        if (st == MAILPROTO_EOF) {
            r->eof = 1;
        } else if (st != MAILPROTO_OK) {
            return st;
        } else {
            r->tail += got;
        }
    }
    return MAILPROTO_OK;
}

/* ---- lines ------------------------------------------------------------------------------ */

/* Length of the line end at `p`; 0: there is none. */
static size_t line_end(const char *p, size_t n)
{
    if (n > 0 && p[0] == '\n') {
        return 1;
    }
    return n > 1 && p[0] == '\r' && p[1] == '\n' ? 2 : 0;
}

/* The line at `p`, without its end. 0: longer than a From_ line may be. `n` octets are
 * there: so many that it is known, or all. */
static int get_line(const char *p, size_t n, mailproto_bytes *line)
{
    const char *end;
    if (n == 0) {
        *line = mailproto__span(NULL, 0);
        return 1;
    }
    end = (const char *)memchr(
        p, '\n', n < MAILPROTO_MBOX_LINE_MAX ? n : MAILPROTO_MBOX_LINE_MAX);
    if (end == NULL && n >= MAILPROTO_MBOX_LINE_MAX) {
        return 0;
    }
    *line = mailproto__span(p, end != NULL ? (size_t)(end - p) : n);
    if (end != NULL && line->len > 0 && p[line->len - 1] == '\r') {
        line->len--;
    }
    return 1;
}

/* Whether a From_ line stands at `p`. */
static int is_from(const struct reader *r, const char *p, size_t n)
{
    mailproto_bytes line;
    mailproto_bytes address;
    int64_t utc;
    if (n < 5 || memcmp(p, "From ", 5) != 0 || !get_line(p, n, &line)) {
        return 0;
    }
    return mailproto__from_line(line, &address, &utc) ||
           (r->flags & MAILPROTO_MBOX_LOOSE) != 0;
}

/* The value of a Content-Length field's line at `p`; empty: it does not end there. */
static mailproto_bytes length_value(const char *p, size_t n, size_t name_len)
{
    const char *end = (const char *)memchr(p, '\n', n < LENGTH_LINE ? n : LENGTH_LINE);
    mailproto_bytes value = mailproto__span(p, 0);
    mailproto_bytes rest;
    if (end != NULL) {
        value = mailproto__span(p + name_len, (size_t)(end - p) - name_len);
    }
    if (value.len > 0 && value.ptr[value.len - 1] == '\r') {
        value.len--;
    }
    rest = value;
    value = mailproto__word(&rest);
    if (rest.len > 0) {
        value.len = 0;
    }
    return value;
}

/* Content-Length, if the line at `p` is one; folded ones are not. */
static void look_for_length(struct reader *r, const char *p, size_t n)
{
    static const char name[] = "Content-Length:";
    size_t name_len = sizeof name - 1;
    uint64_t number;
    if (n < name_len || !mailproto__equal_nocase(mailproto__span(p, name_len),
                                                 MAILPROTO__LITERAL(name))) {
        return;
    }
    if (!mailproto__number(length_value(p, n, name_len), UINT64_MAX - 1, &number) ||
        (r->lengths > 0 && r->length != number)) {
        r->lengths = 2;
    } else if (r->lengths == 0) {
        r->length = number;
        r->lengths = 1;
    }
}

/* ---- Content-Length believed ---------------------------------------------------------- */

/* Puts what stands at `offset` before `*p`: PEEK octets, or up to the end. */
static mailproto_status peek(struct reader *r, uint64_t offset, const char **p,
                             size_t *n)
{
    if (r->work == NULL) {
        *p = (const char *)r->source->data + offset;
        *n = (size_t)(r->source->size - offset);
        *n = *n < PEEK ? *n : PEEK;
        return MAILPROTO_OK;
    }
    *p = r->work + r->size;
    while (r->peeked < PEEK) {
        size_t got;
        mailproto_status st =
            read_from(r, offset + r->peeked, r->work + r->size + r->peeked,
                      PEEK - (size_t)r->peeked, &got);
        if (st == MAILPROTO_EOF) {
            break;
        }
        if (st != MAILPROTO_OK) {
            return st;
        }
        r->peeked += got;
    }
    *n = (size_t)r->peeked;
    return MAILPROTO_OK;
}

/* The body would begin at `body`. Its length counts if the end of the file or a From_ line
 * stands where it says, behind a line end and up to one more. */
static mailproto_status check_length(struct reader *r, uint64_t body)
{
    uint64_t end = body + r->length;
    uint64_t size = r->source->size;
    mailproto_status st;
    const char *p;
    size_t n;
    size_t at = 1;
    int i;
    r->lengths = 2; /* if it is not believed */
    if (size == MAILPROTO_SIZE_UNKNOWN || end < body || end > size) {
        return MAILPROTO_OK;
    }
    st = peek(r, end - 1, &p, &n);
    if (st != MAILPROTO_OK) {
        r->lengths = 1; /* ask again */
        return st;
    }
    r->peeked = 0;
    if (n == 0) {
        return MAILPROTO_OK;
    }
    for (i = 0; i < 2; i++) {
        at += line_end(p + at, n - at);
    }
    if (end - 1 + at == size ||
        ((at > 1 || p[0] == '\n') && is_from(r, p + at, n - at))) {
        r->body_end = end;
    }
    return MAILPROTO_OK;
}

/* ---- the text of a message --------------------------------------------------------------- */

/* What to do with the beginning of a line. */
enum verdict {
    NEED,       /* it cannot be told yet */
    PASS,       /* this line is text */
    PASS_MARK,  /* this octet is, and the line is to be judged again */
    DROP_MARK,  /* this octet was put there by who quoted */
    ASK_LENGTH, /* the header's last line, and it told a length */
    HEADER_END, /* the header's last line */
    STOP        /* the blank line behind a message */
};

/* A blank line of `end` octets. */
static enum verdict judge_blank(const struct reader *r, const char *p, size_t n,
                                int final, size_t end)
{
    if (r->body_end != UNKNOWN) {
        return PASS;
    }
    if (r->state == HEADER && r->lengths == 1) {
        return ASK_LENGTH;
    }
    if (n == end) {
        return final ? STOP : NEED;
    }
    if (p[end] == 'F') {
        if (n < end + MAILPROTO_MBOX_LINE_MAX && !final) {
            return NEED;
        }
        if (is_from(r, p + end, n - end)) {
            return STOP;
        }
    }
    return r->state == HEADER ? HEADER_END : PASS;
}

/* A line that begins with `>`. */
static enum verdict judge_mark(const struct reader *r, const char *p, size_t n,
                               int final)
{
    if ((r->flags & MAILPROTO_MBOX_UNQUOTE) == 0) {
        return PASS;
    }
    if (n < 6 && !final) {
        return NEED;
    }
    if (n >= 6 && memcmp(p + 1, "From ", 5) == 0) {
        return DROP_MARK;
    }
    return n > 1 && p[1] == '>' ? PASS_MARK : PASS;
}

/* A line begins at `p`, `n` > 0 octets are there; `final`: and no more will be. */
static enum verdict judge(struct reader *r, const char *p, size_t n, int final)
{
    size_t end;
    switch (p[0]) {
    case '>':
        return judge_mark(r, p, n, final);
    case '\r':
    case '\n':
        end = line_end(p, n);
        if (end == 0) {
            return n < 2 && !final ? NEED : PASS;
        }
        return judge_blank(r, p, n, final, end);
    case 'C':
    case 'c':
        if (r->state != HEADER || (r->flags & MAILPROTO_MBOX_NO_LENGTH) != 0) {
            return PASS;
        }
        if (n < LENGTH_LINE && !final) {
            return NEED;
        }
        look_for_length(r, p, n);
        return PASS;
    default:
        return PASS;
    }
}

/* Octets of the message in the window; `*final`: it has no more behind them. */
static size_t limit(const struct reader *r, int *final)
{
    size_t n = there(r);
    *final = r->eof;
    if (r->body_end != UNKNOWN && r->body_end - r->offset <= n) {
        n = (size_t)(r->body_end - r->offset);
        *final = 1;
    }
    return n;
}

/* What the verdict means for the first line of the window. */
static mailproto_status obey(struct reader *r, enum verdict verdict)
{
    mailproto_status st = MAILPROTO_OK;
    switch (verdict) {
    case DROP_MARK:
        use(r, 1);
        r->begin = 0;
        break;
    case ASK_LENGTH:
        st = check_length(r, r->offset + line_end(window(r), there(r)));
        if (r->body_end != UNKNOWN) {
            r->state = BODY;
            r->begin = 0;
        }
        break;
    case STOP:
        r->state = END;
        break;
    case NEED:
        st = fill(r, there(r) + 1);
        break;
    case PASS:
    case PASS_MARK:
    case HEADER_END:
    default:
        break;
    }
    return st;
}

/* How much of the window is text, from its first octet on. What ends it is left in
 * `*verdict`; PASS: nothing does, but there is no more. */
static size_t measure(struct reader *r, enum verdict *verdict)
{
    int final;
    size_t n = limit(r, &final);
    const char *p = n > 0 ? window(r) : NULL;
    size_t at = 0;
    *verdict = PASS;
    while (at < n) {
        const char *end;
        if (r->begin) {
            *verdict = judge(r, p + at, n - at, final);
            if (*verdict == PASS_MARK) {
                at++;
                continue;
            }
            if (*verdict == HEADER_END) {
                r->state = BODY;
            } else if (*verdict != PASS) {
                return at;
            }
            r->begin = 0;
        }
        end = (const char *)memchr(p + at, '\n', n - at);
        at = end != NULL ? (size_t)(end - p) + 1 : n;
        r->begin = end != NULL;
    }
    *verdict = final ? STOP : NEED;
    return at;
}

/* The next piece of text; none, and the state is another one: the message is over. */
static mailproto_status text(struct reader *r, mailproto_mbox_event *ev)
{
    for (;;) {
        enum verdict verdict;
        mailproto_status st;
        size_t n = measure(r, &verdict);
        if (n > 0) {
            ev->type = MAILPROTO_MBOX_DATA;
            ev->offset = r->offset;
            ev->text = mailproto__span(window(r), n);
            use(r, n);
            return MAILPROTO_OK;
        }
        st = obey(r, verdict);
        if (st != MAILPROTO_OK || r->state == END) {
            return st;
        }
    }
}

/* ---- what stands around messages ---------------------------------------------------------- */

/* Passes over what stands before the first From_ line. */
static mailproto_status find_first(struct reader *r)
{
    for (;;) {
        const char *end;
        size_t n;
        mailproto_status st = fill(r, r->begin ? MAILPROTO_MBOX_LINE_MAX : 1);
        if (st != MAILPROTO_OK) {
            return st;
        }
        n = there(r);
        if (n == 0) {
            r->state = DONE;
            return MAILPROTO_OK;
        }
        if (r->begin && is_from(r, window(r), n)) {
            r->state = FROM;
            return MAILPROTO_OK;
        }
        end = (const char *)memchr(window(r), '\n', n);
        r->begin = end != NULL;
        use(r, end != NULL ? (size_t)(end - window(r)) + 1 : n);
    }
}

/* The From_ line that the window begins with. */
static mailproto_status tell_from(struct reader *r, mailproto_mbox_event *ev)
{
    mailproto_bytes line;
    const char *end;
    mailproto_status st = fill(r, MAILPROTO_MBOX_LINE_MAX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (!is_from(r, window(r), there(r)) || !get_line(window(r), there(r), &line)) {
        r->state = BEFORE; /* the file has changed */
        return MAILPROTO_OK;
    }
    ev->type = MAILPROTO_MBOX_FROM;
    ev->offset = r->offset;
    ev->text = line;
    (void)mailproto__from_line(line, &ev->address, &ev->utc);
    end = line.ptr + line.len;
    use(r, line.len + line_end(end, there(r) - line.len));
    r->state = HEADER;
    r->begin = 1;
    r->lengths = 0;
    r->length = UNKNOWN;
    r->body_end = UNKNOWN;
    return MAILPROTO_OK;
}

/* Passes over the blank line between two messages; behind a counted one there may be the
 * end of its last line as well. */
static mailproto_status pass_blank(struct reader *r)
{
    int ends = r->body_end != UNKNOWN ? 2 : 1;
    mailproto_status st = fill(r, 5);
    if (st != MAILPROTO_OK) {
        return st;
    }
    for (; ends > 0 && there(r) > 0; ends--) {
        use(r, line_end(window(r), there(r)));
    }
    r->begin = 1;
    r->state = there(r) > 0 ? FROM : DONE;
    return MAILPROTO_OK;
}

mailproto_status mailproto_mbox_next(mailproto_mbox *m, mailproto_mbox_event *ev)
{
    struct reader *r = (struct reader *)(void *)m->opaque;
    mailproto_status st = MAILPROTO_OK;
    memset(ev, 0, sizeof *ev);
    ev->utc = INT64_MIN;
    while (st == MAILPROTO_OK && ev->type == 0) {
        switch ((enum state)r->state) {
        case BEFORE:
            st = find_first(r);
            break;
        case FROM:
            st = tell_from(r, ev);
            break;
        case HEADER:
        case BODY:
            st = text(r, ev);
            break;
        case END:
            ev->type = MAILPROTO_MBOX_END;
            ev->offset = r->offset;
            r->state = BETWEEN;
            break;
        case BETWEEN:
            st = pass_blank(r);
            break;
        case DONE:
        default:
            st = MAILPROTO_EOF;
            break;
        }
    }
    return st;
}
