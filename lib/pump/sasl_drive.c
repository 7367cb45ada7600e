/*
 * The driver: joins a SASL exchange to a session of any protocol. Written on the public
 * headers alone. Its memory is the four words of the exchange.
 */
#include <mailproto/sasl.h>

enum { WORD_ROLE, WORD_TAG, WORD_PHASE, WORD_SENT };

enum role { NOBODY, CLIENT, SERVER };

enum phase {
    IDLE,        /* nothing begun, or over */
    LISTENING,   /* the peer's message is awaited */
    PENDING,     /* the application's answer is awaited, or more computing */
    INITIAL_DUE, /* the first challenge asks for the initial response */
    SENDING,     /* a response or challenge is partly given */
    FINISH_DUE, /* server: success data went as a challenge; the answer to it is void */
    ABORT_DUE,  /* client: gives up, as soon as there is room */
    GIVEN_UP,   /* client: has given up; no success can come of it */
    REFUSED     /* client: the mechanism was told so; the outcome is awaited */
};

/* A piece that, in base64, fits any output buffer an engine accepts; and the largest
 * initial response that can fit a command line (512 octets in SMTP, RFC 4954 4). */
enum { PIECE = 48, INITIAL_MAX = 372 };

static void wipe(void *mem, size_t len)
{
    volatile unsigned char *at = mem;
    while (len-- > 0) {
        *at++ = 0;
    }
}

static void begin(uint64_t *w, enum role role, uint32_t tag, enum phase phase)
{
    w[WORD_ROLE] = role;
    w[WORD_TAG] = tag;
    w[WORD_PHASE] = phase;
    w[WORD_SENT] = 0;
}

/* Gives the session as much of the response as it takes: OK in any case that pumping
 * can solve. */
static mailproto_status send_response(mailproto_sasl *x, mailproto_session *s,
                                      const mailproto_sasl_state *state)
{
    uint64_t *w = mailproto_sasl_driver(x);
    unsigned char piece[PIECE];
    mailproto_status st;
    size_t total = (size_t)state->response;
    w[WORD_PHASE] = SENDING;
    do {
        size_t got = 0;
        if (total > 0) {
            st = mailproto_sasl_output(x, w[WORD_SENT], piece, sizeof piece, &got);
            if (st != MAILPROTO_OK || got == 0) {
                return st < 0 ? st : MAILPROTO_ERR_ARGUMENT;
            }
        }
        st = mailproto_session_auth_data(s, piece, got, total);
        if (st != MAILPROTO_OK) {
            wipe(piece, sizeof piece);
            return st == MAILPROTO_AGAIN ? MAILPROTO_OK : st;
        }
        w[WORD_SENT] += got;
    } while (w[WORD_SENT] < total);
    wipe(piece, sizeof piece);
    w[WORD_SENT] = 0;
    w[WORD_PHASE] =
        state->state == MAILPROTO_SASL_DONE_WITH_DATA ? FINISH_DUE : LISTENING;
    return MAILPROTO_OK;
}

/* What a mechanism's failure is for auth_finish(); `heard`: over a message of the
 * peer's. What this side is to blame for must not look like a wrong password. */
static mailproto_status verdict(mailproto_status error, int heard)
{
    switch (error) {
    case MAILPROTO_ERR_AUTH_TEMPORARY:
    case MAILPROTO_ERR_AUTH_WEAK:
    case MAILPROTO_ERR_NEEDS_TLS:
    case MAILPROTO_ERR_SYNTAX:
        return error;
    case MAILPROTO_ERR_TOO_LONG: /* the message, or what the application answered */
        return heard ? MAILPROTO_ERR_SYNTAX : MAILPROTO_ERR_AUTH_TEMPORARY;
    case MAILPROTO_ERR_STATE: /* a function of the caller's gave up, or is misused */
    case MAILPROTO_ERR_ARGUMENT:
    case MAILPROTO_ERR_VERSION:
    case MAILPROTO_ERR_STALE:
    case MAILPROTO_ERR_NOT_NOW:
    case MAILPROTO_ERR_NOT_BUILT:
    case MAILPROTO_ERR_MEMORY:
    case MAILPROTO_ERR_IO:
    case MAILPROTO_ERR_TIMEOUT:
    case MAILPROTO_ERR_EOF:
    case MAILPROTO_ERR_TLS:
        return MAILPROTO_ERR_AUTH_TEMPORARY;
    default:
        return MAILPROTO_ERR_AUTH;
    }
}

/* Client: `*`, now or at ROOM. The phase keeps it in mind, for the mechanism may believe
 * that all went well. */
static mailproto_status give_up(uint64_t *w, mailproto_session *s)
{
    mailproto_status st = mailproto_session_auth_abort(s);
    w[WORD_PHASE] = st == MAILPROTO_AGAIN ? ABORT_DUE : GIVEN_UP;
    return st == MAILPROTO_AGAIN ? MAILPROTO_OK : st;
}

static mailproto_status finish(mailproto_sasl *x, mailproto_session *s,
                               mailproto_status outcome)
{
    uint64_t *w = mailproto_sasl_driver(x);
    mailproto_status st;
    if (w[WORD_ROLE] == SERVER) {
        w[WORD_PHASE] = LISTENING;
        return mailproto_session_auth_finish(s, (uint32_t)w[WORD_TAG], outcome);
    }
    if (outcome != MAILPROTO_OK) {
        return give_up(w, s);
    }
    /* The server must hear of it even if this side is content: an empty response to a
       last challenge (RFC 4422 5). */
    st = mailproto_session_auth_data(s, NULL, 0, 0);
    w[WORD_PHASE] = st == MAILPROTO_AGAIN ? SENDING : LISTENING; /* again at ROOM */
    return st == MAILPROTO_AGAIN ? MAILPROTO_OK : st;
}

/* Client: the server has refused within the mechanism (RFC 5802 7, `e=`). That is heard
 * with an empty response, as any last challenge, so that the protocol's own refusal
 * comes, which says whether another mechanism may do; `*` would make it a cancelled one
 * (RFC 4954 4: 501). */
static mailproto_status acknowledge(uint64_t *w, mailproto_session *s)
{
    mailproto_status st = mailproto_session_auth_data(s, NULL, 0, 0);
    w[WORD_PHASE] = st == MAILPROTO_AGAIN ? SENDING : REFUSED; /* again at ROOM */
    return st == MAILPROTO_AGAIN ? MAILPROTO_OK : st;
}

/* Steps the mechanism and does what its state asks for; `heard` as above. */
static mailproto_status advance(mailproto_sasl *x, mailproto_session *s, int heard)
{
    uint64_t *w = mailproto_sasl_driver(x);
    mailproto_sasl_state state = {sizeof state, 0, 0, 0, 0};
    mailproto_status st;
    if (w[WORD_PHASE] == ABORT_DUE) {
        return give_up(w, s);
    }
    st = mailproto_sasl_step(x, &state);
    if (st < 0) {
        return st;
    }
    switch (state.state) {
    case MAILPROTO_SASL_CONTINUE:
    case MAILPROTO_SASL_DONE_WITH_DATA:
        return send_response(x, s, &state);
    case MAILPROTO_SASL_DONE:
        return finish(x, s, MAILPROTO_OK);
    case MAILPROTO_SASL_NEEDS:
        w[WORD_PHASE] = PENDING;
        return MAILPROTO_YOUR_TURN;
    case MAILPROTO_SASL_WORKING:
        w[WORD_PHASE] = PENDING;
        return MAILPROTO_AGAIN;
    case MAILPROTO_SASL_FAILED:
        return w[WORD_ROLE] == CLIENT && w[WORD_PHASE] != REFUSED &&
                       state.error == MAILPROTO_ERR_AUTH_CANCELLED
                   ? acknowledge(w, s)
                   : finish(x, s, verdict(state.error, heard));
    default:
        return MAILPROTO_OK;
    }
}

mailproto_status mailproto_sasl_start(mailproto_sasl *sasl, mailproto_session *session,
                                      uint32_t tag)
{
    uint64_t *w = mailproto_sasl_driver(sasl);
    unsigned char initial[INITIAL_MAX];
    const void *data = NULL;
    mailproto_sasl_state state = {sizeof state, 0, 0, 0, 0};
    size_t got = 0;
    mailproto_status st = mailproto_sasl_step(sasl, &state);
    if (st < 0) {
        return st;
    }
    if (state.state == MAILPROTO_SASL_FAILED) {
        return state.error < 0 ? state.error : MAILPROTO_ERR_STATE;
    }
    if (state.state == MAILPROTO_SASL_WORKING) {
        return MAILPROTO_AGAIN;
    }
    if (state.state == MAILPROTO_SASL_CONTINUE && state.response <= sizeof initial) {
        data = initial;
        if (state.response > 0) {
            st = mailproto_sasl_output(sasl, 0, initial, sizeof initial, &got);
        }
        if (st < 0 || got < state.response) {
            data = NULL; /* in pieces, to the first challenge */
            got = 0;
        }
    }
    st = mailproto_session_auth_start(session, tag, mailproto_sasl_name(sasl), data,
                                      got);
    wipe(initial, sizeof initial);
    if (st == MAILPROTO_OK) {
        begin(w, CLIENT, tag,
              state.state == MAILPROTO_SASL_CONTINUE && data == NULL ? INITIAL_DUE
                                                                     : LISTENING);
    }
    return st;
}

/* Whether the mechanism has ended badly, an earlier piece of the message perhaps. */
static int has_failed(mailproto_sasl *x)
{
    mailproto_sasl_state state = {sizeof state, 0, 0, 0, 0};
    return mailproto_sasl_step(x, &state) == MAILPROTO_OK &&
           state.state == MAILPROTO_SASL_FAILED;
}

/* A challenge or a response. */
static mailproto_status take_data(mailproto_sasl *x, mailproto_session *s,
                                  const mailproto_event *ev)
{
    uint64_t *w = mailproto_sasl_driver(x);
    int last = (ev->flags & MAILPROTO_EVF_MORE) == 0;
    mailproto_status st;
    if (w[WORD_ROLE] == SERVER && last) {
        w[WORD_TAG] = ev->tag;
    }
    if (w[WORD_PHASE] == FINISH_DUE) {
        return last ? finish(x, s, MAILPROTO_OK) : MAILPROTO_OK;
    }
    if (w[WORD_ROLE] == CLIENT && last && ev->text.len == 0 &&
        (w[WORD_PHASE] == INITIAL_DUE || (ev->flags & MAILPROTO_EVF_INITIAL) != 0)) {
        return advance(x, s, 0);
    }
    if (w[WORD_PHASE] == INITIAL_DUE) {
        w[WORD_PHASE] = LISTENING; /* a challenge, where none belongs */
    }
    st = mailproto_sasl_input(x, ev->text.ptr, ev->text.len, last);
    if (!last) {
        return MAILPROTO_OK; /* a failure shows itself at the end */
    }
    if (st == MAILPROTO_ERR_STATE && !has_failed(x)) {
        /* a message more than there can be */
        return finish(x, s, MAILPROTO_ERR_SYNTAX);
    }
    return advance(x, s, 1);
}

static mailproto_status take_result(mailproto_sasl *x, mailproto_session *s,
                                    const mailproto_event *ev)
{
    uint64_t *w = mailproto_sasl_driver(x);
    int is_client = w[WORD_ROLE] == CLIENT;
    int success = ev->number == 1;
    mailproto_status st = MAILPROTO_OK;
    if (is_client && success) {
        /* Before all of the response was given, a success means nothing. */
        st = w[WORD_PHASE] == LISTENING ? mailproto_sasl_proven(x) : MAILPROTO_ERR_AUTH;
    } else if (is_client && w[WORD_PHASE] != REFUSED &&
               (w[WORD_PHASE] == GIVEN_UP || has_failed(x))) {
        /* This side gave it up: what the server said was no proof. It gets no other
           mechanism to try, least of all one that shows it the password. */
        st = MAILPROTO_ERR_AUTH;
    }
    begin(w, NOBODY, 0, IDLE);
    mailproto_sasl_wipe(x);
    if (st < 0 && success) {
        /* Success from a server that could not prove itself: an impostor. */
        (void)mailproto_session_fail(s, MAILPROTO_ERR_AUTH);
    }
    return st < 0 ? st : MAILPROTO_EOF;
}

/* Whether something waits for room in the output. */
static int is_due(const uint64_t *w)
{
    return w[WORD_PHASE] == SENDING || w[WORD_PHASE] == ABORT_DUE;
}

/* Whether an event is this exchange's. */
static int is_mine(const uint64_t *w, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_ROOM) {
        return is_due(w);
    }
    return (ev->type == MAILPROTO_EV_AUTH_DATA ||
            ev->type == MAILPROTO_EV_AUTH_RESULT) &&
           w[WORD_PHASE] != IDLE && (w[WORD_ROLE] != CLIENT || ev->tag == w[WORD_TAG]);
}

mailproto_status mailproto_sasl_drive(mailproto_sasl *sasl, mailproto_session *session,
                                      const mailproto_event *ev)
{
    uint64_t *w = mailproto_sasl_driver(sasl);
    if (ev == NULL) {
        return w[WORD_PHASE] == PENDING || is_due(w) ? advance(sasl, session, 0)
                                                     : MAILPROTO_ERR_STATE;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        begin(w, SERVER, ev->tag, LISTENING);
        return ev->flags & MAILPROTO_EVF_INITIAL ? MAILPROTO_OK
                                                 : advance(sasl, session, 0);
    }
    if (!is_mine(w, ev)) {
        return MAILPROTO_NOT_READY;
    }
    if (ev->type == MAILPROTO_EV_AUTH_RESULT) {
        return take_result(sasl, session, ev);
    }
    return ev->type == MAILPROTO_EV_ROOM ? advance(sasl, session, 0)
                                         : take_data(sasl, session, ev);
}

/* ---- what a session's peer offers -------------------------------------------- */

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Whether a capability line names mechanisms: "AUTH PLAIN" (RFC 4954 3), "SASL PLAIN"
 * (RFC 5034 3), "AUTH=PLAIN" (RFC 9051 7.2.2, and old SMTP servers). */
static int names_mechanisms(mailproto_bytes line)
{
    static const char words[2][5] = {"AUTH", "SASL"};
    size_t i, n;
    if (line.len < 5 || (line.ptr[4] != ' ' && line.ptr[4] != '=')) {
        return 0;
    }
    for (i = 0; i < 2; ++i) {
        for (n = 0; n < 4 && upper(line.ptr[n]) == words[i][n]; ++n) {
        }
        if (n == 4) {
            return 1;
        }
    }
    return 0;
}

mailproto_status mailproto_sasl_offers(mailproto_sasl_choice *choice,
                                       mailproto_session *session)
{
    mailproto_tls_info tls = {sizeof tls, 0, 0, 0, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    mailproto_bytes line;
    uint32_t i;
    if (choice->struct_size < sizeof *choice) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    for (i = 0; mailproto_session_cap_text(session, i, &line) == MAILPROTO_OK; ++i) {
        if (names_mechanisms(line)) {
            mailproto_status st = mailproto_sasl_offer(choice, line);
            if (st < 0) {
                return st;
            }
        }
    }
    if (mailproto_session_tls_info(session, &tls) == MAILPROTO_OK) {
        choice->flags |= MAILPROTO_SASL_ENCRYPTED;
        if ((tls.flags & MAILPROTO_TLS_PEER_VERIFIED) != 0) {
            choice->flags |= MAILPROTO_SASL_VERIFIED;
        }
        choice->binding_type =
            tls.binding.len > 0 ? tls.binding_type : (uint32_t)MAILPROTO_BINDING_NONE;
    }
    return MAILPROTO_OK;
}
