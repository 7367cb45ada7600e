/*
 * Responses that hold more numbers than the output buffer may: SEARCH and ESEARCH (RFC
 * 9051 7.3.4, RFC 3501 7.2.5, RFC 4731), APPENDUID, COPYUID and MODIFIED (RFC 4315 3, RFC
 * 7162 3.1.3). They are written as they come: begin, numbers, end.
 *
 * What the fields of the open response mean here:
 *   step   the form, see below
 *   items  a number stands in the set at hand
 *   last   the last number written, or 0
 *   done   0, or 1 and the ranges of the call that said AGAIN which were taken
 *   code   SEARCH: numbers that are still to come; CODE: the code
 *   left   SEARCH: the mod-sequence, or 0; CODE: COPYUID's old UIDs without a new one
 */
#include "core/options.h"
#include "imap/server_write.h"

/* `step` */
enum {
    NOTHING,    /* SEARCH: nothing is said (RETURN (SAVE)) */
    NO_NUMBERS, /* SEARCH: nothing but the end is to come */
    ONE_BY_ONE, /* SEARCH: number by number */
    AS_ALL,     /* SEARCH: ` ALL ` and a set */
    FIRST_SET,  /* CODE: a set; of COPYUID the old UIDs */
    SECOND_SET  /* CODE: COPYUID's new UIDs */
};

static void open_response(mailproto_imap_server *server, uint8_t kind, uint8_t step,
                          uint32_t request)
{
    struct mailproto__imap_response *o = &server->open;
    memset(o, 0, sizeof *o);
    mailproto__imap_server_open(server, kind);
    o->step = step;
    o->request = request;
}

/* ---- SEARCH -------------------------------------------------------------------------- */

enum {
    SOME = MAILPROTO_IMAP_RETURN_MIN | MAILPROTO_IMAP_RETURN_MAX |
           MAILPROTO_IMAP_RETURN_ALL | MAILPROTO_IMAP_RETURN_COUNT
};

/* What is told: MAILPROTO_IMAP_RETURN_...; 0: `* SEARCH`. */
static uint32_t returns_of(const mailproto_imap_server *server,
                           const struct mailproto__imap_job *job)
{
    if ((job->flags & MAILPROTO_IMAP_EXTENDED) == 0) {
        /* RFC 9051 6.4.4: ESEARCH always, as for RETURN (ALL) */
        return mailproto__imap_is_rev2(server) ? (uint32_t)MAILPROTO_IMAP_RETURN_ALL
                                               : 0;
    }
    if ((job->returns & (SOME | MAILPROTO_IMAP_RETURN_SAVE)) == 0) {
        return MAILPROTO_IMAP_RETURN_ALL; /* RFC 4731 3.1: RETURN () */
    }
    return job->returns;
}

static int is_found(const mailproto_imap_found *f, uint32_t returns)
{
    if (f->count == 0) {
        return 1;
    }
    if ((returns & (MAILPROTO_IMAP_RETURN_MIN | MAILPROTO_IMAP_RETURN_MAX)) == 0) {
        return 1;
    }
    return f->min > 0 && f->max >= f->min && f->count - 1 <= f->max - f->min;
}

static void say_esearch(struct mailproto__imap_say *say,
                        const struct mailproto__imap_job *job,
                        const mailproto_imap_found *f, uint32_t returns)
{
    MAILPROTO__IMAP_SAY(say, "* ESEARCH (TAG \"");
    mailproto__imap_say(say, job->tag, job->tag_len);
    MAILPROTO__IMAP_SAY(say, "\")");
    if (job->flags & MAILPROTO_IMAP_UID) {
        MAILPROTO__IMAP_SAY(say, " UID");
    }
    /* RFC 4731 3.1: no MIN, MAX and ALL where nothing was found, but COUNT */
    if ((returns & MAILPROTO_IMAP_RETURN_MIN) && f->count > 0) {
        MAILPROTO__IMAP_SAY(say, " MIN ");
        mailproto__imap_say_nz_number(say, f->min);
    }
    if ((returns & MAILPROTO_IMAP_RETURN_MAX) && f->count > 0) {
        MAILPROTO__IMAP_SAY(say, " MAX ");
        mailproto__imap_say_nz_number(say, f->max);
    }
    if (returns & MAILPROTO_IMAP_RETURN_COUNT) {
        MAILPROTO__IMAP_SAY(say, " COUNT ");
        mailproto__imap_say_number(say, f->count);
    }
    if (f->modseq > 0 && f->count > 0) { /* RFC 7162 3.1.10 */
        MAILPROTO__IMAP_SAY(say, " MODSEQ ");
        mailproto__imap_say_nz_number64(say, f->modseq);
    }
}

static mailproto_status begin_search(mailproto_imap_server *server,
                                     const struct mailproto__imap_job *job,
                                     const mailproto_imap_found *f, int *wants)
{
    struct mailproto__imap_say say;
    uint32_t returns = returns_of(server, job);
    uint8_t step = returns == 0 ? (uint8_t)ONE_BY_ONE : (uint8_t)AS_ALL;
    mailproto_status st = mailproto__imap_say_begin(
        &say, server, MAILPROTO__IMAP_WORKING | MAILPROTO__IMAP_WITH_BOX);
    if (st != MAILPROTO_OK) {
        return st;
    }
    say.bad |= !is_found(f, returns) || f->modseq > INT64_MAX;
    if (returns == 0) {
        MAILPROTO__IMAP_SAY(&say, "* SEARCH");
    } else if ((returns & SOME) != 0) {
        say_esearch(&say, job, f, returns);
    } else {
        step = NOTHING; /* RFC 9051 6.4.4, SAVE: alone it brings no ESEARCH */
    }
    if (step != NOTHING &&
        (f->count == 0 || (step == AS_ALL && !(returns & MAILPROTO_IMAP_RETURN_ALL)))) {
        step = NO_NUMBERS;
    }
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        open_response(server, MAILPROTO__IMAP_OPEN_SEARCH, step, job->request);
        *wants = step == ONE_BY_ONE || step == AS_ALL;
        server->open.code = *wants ? f->count : 0;
        server->open.left = returns == 0 && f->count > 0 ? f->modseq : 0;
    }
    return st;
}

mailproto_status mailproto_imap_server_search_begin(mailproto_imap_server *server,
                                                    uint32_t request,
                                                    const mailproto_imap_found *found,
                                                    int *wants_numbers)
{
    const struct mailproto__imap_job *job = mailproto__imap_server_job(server, request);
    mailproto_imap_found f;
    mailproto_status st;
    *wants_numbers = 0;
    if (job == NULL) {
        return MAILPROTO_ERR_STALE;
    }
    if (job->command != MAILPROTO_IMAP_SEARCH || found == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto__options_copy(&f, sizeof f, found);
    return st == MAILPROTO_OK ? begin_search(server, job, &f, wants_numbers) : st;
}

mailproto_status mailproto_imap_server_search_end(mailproto_imap_server *server)
{
    struct mailproto__imap_response *o = &server->open;
    struct mailproto__imap_say say;
    mailproto_status st;
    if (o->kind != MAILPROTO__IMAP_OPEN_SEARCH || o->code > 0 || o->done > 0) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITHIN);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (o->step != NOTHING) {
        if (o->left > 0) { /* RFC 7162 3.1.5 */
            MAILPROTO__IMAP_SAY(&say, " (MODSEQ ");
            mailproto__imap_say_number(&say, o->left);
            MAILPROTO__IMAP_SAY(&say, ")");
        }
        MAILPROTO__IMAP_SAY(&say, "\r\n");
    }
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        mailproto__imap_server_open(server, MAILPROTO__IMAP_CLOSED);
    }
    return st;
}

/* ---- numbers ------------------------------------------------------------------------- */

enum { PIECE_MAX = 5 + MAILPROTO__IMAP_RANGE_MAX }; /* ` ALL ` or `,` before */

/* A range, or what is left of it, as far as it fits into `room`; 0: it does not. */
static int put_range(mailproto_imap_server *server, const mailproto_imap_range *r,
                     size_t *room)
{
    struct mailproto__imap_response *o = &server->open;
    mailproto_session *s = &server->session;
    char text[PIECE_MAX];
    size_t len = 0;
    if (o->step == ONE_BY_ONE) {
        uint32_t n = r->low > o->last ? r->low : o->last + 1;
        for (;; n++) {
            if (*room < PIECE_MAX) {
                return 0;
            }
            text[0] = ' ';
            len = 1 + mailproto__decimal(n, text + 1);
            (void)mailproto__put(s, text, len);
            *room -= len;
            o->last = n;
            if (n == r->high) {
                return 1;
            }
        }
    }
    if (*room < PIECE_MAX) {
        return 0;
    }
    if (o->items) {
        text[len++] = ',';
    } else if (o->step == AS_ALL) {
        memcpy(text, " ALL ", 5);
        len = 5;
    }
    len += mailproto__imap_range_write(r, text + len);
    (void)mailproto__put(s, text, len);
    *room -= len;
    o->items = 1;
    o->last = r->high;
    return 1;
}

/* A new call: whether its numbers can stand here; they are counted. */
static int take_count(struct mailproto__imap_response *o,
                      const mailproto_imap_range *ranges, size_t count)
{
    uint64_t n;
    if (!mailproto__imap_ranges_count(ranges, count, o->last, &n)) {
        return 0;
    }
    if (o->kind == MAILPROTO__IMAP_OPEN_SEARCH) {
        if (n > o->code) {
            return 0;
        }
        o->code -= (uint32_t)n;
    } else if (o->code == MAILPROTO_IMAP_CODE_COPYUID) {
        if (o->step == SECOND_SET && n > o->left) {
            return 0; /* RFC 4315 3: one for each of the old */
        }
        o->left = o->step == SECOND_SET ? o->left - n : o->left + n;
    }
    return 1;
}

/* Whether the range that comes next can: a call that is repeated may lie. */
static int is_next(const struct mailproto__imap_response *o,
                   const mailproto_imap_range *r)
{
    return o->step == ONE_BY_ONE ? r->low > 0 && r->low <= r->high && r->high > o->last
                                 : mailproto__imap_range_follows(r, o->last);
}

mailproto_status mailproto_imap_server_numbers(mailproto_imap_server *server,
                                               const mailproto_imap_range *ranges,
                                               size_t count)
{
    struct mailproto__imap_response *o = &server->open;
    mailproto_status st = mailproto__imap_may(server, MAILPROTO__IMAP_WITHIN);
    size_t room;
    size_t i;
    if (st != MAILPROTO_OK) {
        return st;
    }
    if ((o->kind != MAILPROTO__IMAP_OPEN_SEARCH &&
         o->kind != MAILPROTO__IMAP_OPEN_CODE) ||
        o->step < ONE_BY_ONE) {
        return MAILPROTO_ERR_STATE;
    }
    if (o->done == 0 && !take_count(o, ranges, count)) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    room = mailproto__imap_server_room(server);
    for (i = o->done > 0 ? o->done - 1 : 0; i < count; i++) {
        if (!is_next(o, &ranges[i])) {
            st = MAILPROTO_ERR_ARGUMENT;
            break;
        }
        if (!put_range(server, &ranges[i], &room)) {
            st = MAILPROTO_AGAIN;
            break;
        }
    }
    o->done = st == MAILPROTO_AGAIN ? i + 1 : 0;
    mailproto__imap_server_said(server);
    return st == MAILPROTO_AGAIN ? mailproto__no_room(&server->session) : st;
}

/* ---- APPENDUID, COPYUID, MODIFIED ------------------------------------------------------ */

/* What stands before the code; the octets that are put by others are counted. */
static void say_code_begin(struct mailproto__imap_say *say,
                           const struct mailproto__imap_job *job, uint32_t how,
                           uint32_t code, uint64_t number)
{
    if (job != NULL) {
        say->len += MAILPROTO__IMAP_TAG_MAX + 5;
        if (say->len <= say->room) {
            mailproto__imap_server_put_tag(say->server, job, how);
        }
    } else if (how == MAILPROTO_IMAP_OK) {
        MAILPROTO__IMAP_SAY(say, "* OK ");
    } else {
        MAILPROTO__IMAP_SAY(say, "* NO ");
    }
    switch (code) {
    case MAILPROTO_IMAP_CODE_APPENDUID:
        MAILPROTO__IMAP_SAY(say, "[APPENDUID ");
        break;
    case MAILPROTO_IMAP_CODE_COPYUID:
        MAILPROTO__IMAP_SAY(say, "[COPYUID ");
        break;
    case MAILPROTO_IMAP_CODE_MODIFIED:
        MAILPROTO__IMAP_SAY(say, "[MODIFIED ");
        return;
    default:
        say->bad = 1;
        break;
    }
    mailproto__imap_say_nz_number(say, number);
    MAILPROTO__IMAP_SAY(say, " ");
}

/* Whether a command ends with this code: no other completion goes this way, which knows
 * nothing of what a command changes (SELECT, CLOSE ...). */
static int ends_with(const struct mailproto__imap_job *job, uint32_t code)
{
    switch (job->command) {
    case MAILPROTO_IMAP_APPEND: /* RFC 4315 3 */
        return code == MAILPROTO_IMAP_CODE_APPENDUID;
    case MAILPROTO_IMAP_COPY:
    case MAILPROTO_IMAP_MOVE:
        return code == MAILPROTO_IMAP_CODE_COPYUID;
    case MAILPROTO_IMAP_STORE: /* RFC 7162 3.1.3 */
        return code == MAILPROTO_IMAP_CODE_MODIFIED;
    default:
        return 0;
    }
}

mailproto_status mailproto_imap_server_code_begin(mailproto_imap_server *server,
                                                  uint32_t request, uint32_t how,
                                                  uint32_t code, uint64_t number)
{
    struct mailproto__imap_say say;
    const struct mailproto__imap_job *job = NULL;
    mailproto_status st;
    if (request != 0) {
        job = mailproto__imap_server_job(server, request);
        if (job == NULL) {
            return MAILPROTO_ERR_STALE;
        }
    }
    if ((how != MAILPROTO_IMAP_OK && how != MAILPROTO_IMAP_NO) ||
        (job != NULL && !ends_with(job, code))) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    st = mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WORKING);
    if (st != MAILPROTO_OK) {
        return st;
    }
    say_code_begin(&say, job, how, code, number);
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        open_response(server, MAILPROTO__IMAP_OPEN_CODE, FIRST_SET, request);
        server->open.how = (uint8_t)how;
        server->open.code = code;
    }
    return st;
}

mailproto_status mailproto_imap_server_code_target(mailproto_imap_server *server)
{
    struct mailproto__imap_response *o = &server->open;
    struct mailproto__imap_say say;
    mailproto_status st;
    if (o->kind != MAILPROTO__IMAP_OPEN_CODE || o->step != FIRST_SET || !o->items ||
        o->done > 0 || o->code != MAILPROTO_IMAP_CODE_COPYUID) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITHIN);
    if (st != MAILPROTO_OK) {
        return st;
    }
    MAILPROTO__IMAP_SAY(&say, " ");
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        o->step = SECOND_SET;
        o->items = 0;
        o->last = 0;
    }
    return st;
}

/* Nothing is missing in the code. */
static int is_complete(const struct mailproto__imap_response *o)
{
    if (o->kind != MAILPROTO__IMAP_OPEN_CODE || !o->items || o->done > 0) {
        return 0;
    }
    return o->code != MAILPROTO_IMAP_CODE_COPYUID ||
           (o->step == SECOND_SET && o->left == 0);
}

enum { WORDS_MAX = 32 }; /* `AUTHENTICATE completed` and its likes */

mailproto_status mailproto_imap_server_code_end(mailproto_imap_server *server,
                                                mailproto_bytes text)
{
    struct mailproto__imap_response *o = &server->open;
    struct mailproto__imap_job *job = NULL;
    struct mailproto__imap_say say;
    mailproto_status st;
    if (!is_complete(o)) {
        return MAILPROTO_ERR_STATE;
    }
    st = mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_WITHIN);
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (text.len > server->reply_max) {
        return MAILPROTO_ERR_TOO_LONG;
    }
    if (o->request != 0) {
        job = mailproto__imap_server_job(server, o->request);
    }
    MAILPROTO__IMAP_SAY(&say, "] ");
    if (job != NULL && text.len == 0) {
        say.len += WORDS_MAX;
        if (say.len <= say.room) {
            mailproto__imap_server_put_words(server, job, o->how);
        }
    } else {
        mailproto__imap_say_words(&say, text, MAILPROTO__LITERAL("Done"), 1);
    }
    MAILPROTO__IMAP_SAY(&say, "\r\n");
    if (job == NULL || say.bad || say.len > say.room) {
        st = mailproto__imap_say_end(&say);
        if (st == MAILPROTO_OK) {
            mailproto__imap_server_open(server, MAILPROTO__IMAP_CLOSED);
        }
        return st;
    }
    mailproto__imap_server_open(server, MAILPROTO__IMAP_CLOSED);
    mailproto__imap_server_completed(server, job, o->how);
    return MAILPROTO_OK;
}
