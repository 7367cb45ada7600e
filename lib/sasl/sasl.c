/*
 * An exchange of a SASL mechanism (RFC 4422): the messages in and out, needs and
 * answers. The mechanisms are in files of their own; a caller's one is called here.
 */
#include "sasl/sasl.h"

#include "core/mem.h"
#include "core/options.h"
#include "core/span.h"
#include "sasl/left_out.h"
#include "sasl/secret.h"

/* ---- states, for the mechanisms ---------------------------------------------- */

void mailproto__sasl_set(mailproto_sasl *x, uint32_t state)
{
    x->state.state = state;
    x->state.response = 0;
    x->state.error = MAILPROTO_OK;
}

void mailproto__sasl_respond(mailproto_sasl *x, uint32_t state)
{
    size_t i;
    mailproto__sasl_set(x, state);
    for (i = 0; i < MAILPROTO__SASL_PARTS; ++i) {
        x->state.response += x->parts[i].len;
    }
}

/* What a function of the caller's said; that the peer refused is not for it to say. */
static mailproto_status not_refused(mailproto_status error)
{
    return error == MAILPROTO_ERR_AUTH_CANCELLED ? MAILPROTO_ERR_AUTH : error;
}

static void fail(mailproto_sasl *x, mailproto_status error)
{
    mailproto__sasl_set(x, MAILPROTO_SASL_FAILED);
    x->state.error = error;
    x->error = error;
    x->proven = 0;
}

void mailproto__sasl_failed(mailproto_sasl *x, mailproto_status error)
{
    fail(x, not_refused(error));
}

void mailproto__sasl_refused(mailproto_sasl *x)
{
    fail(x, MAILPROTO_ERR_AUTH_CANCELLED);
}

void mailproto__sasl_ask(mailproto_sasl *x, uint32_t need)
{
    mailproto_sasl_need_info *n = &x->need;
    /* RFC 5802 5.1, RFC 4954 4: a name that cannot be prepared ends the exchange; so does
       one that has become something else than a name. */
    mailproto_status st = mailproto__sasl_prepare_names(x, &n->name, &n->authzid);
    if (st == MAILPROTO_OK && (x->row->asks & MAILPROTO__PREPARES_PASSWORD) != 0) {
        st = mailproto__sasl_prepare(x, MAILPROTO_SASL_PREPARE_PASSWORD, n->password,
                                     &n->password);
    }
    if (st != MAILPROTO_OK || mailproto__holds_nul(n->password)) {
        mailproto__sasl_failed(x, MAILPROTO_ERR_AUTH);
        return;
    }
    n->need = need;
    mailproto__sasl_set(x, MAILPROTO_SASL_NEEDS);
}

void mailproto__sasl_verdict(mailproto_sasl *x)
{
    if (x->verdict == MAILPROTO_OK) {
        mailproto__sasl_set(x, MAILPROTO_SASL_DONE);
    } else {
        mailproto__sasl_failed(x, x->verdict < 0 ? x->verdict : MAILPROTO_ERR_AUTH);
    }
}

void mailproto__sasl_clear_parts(mailproto_sasl *x)
{
    mailproto__wipe(x->parts, sizeof x->parts);
}

mailproto_bytes mailproto__sasl_message(const mailproto_sasl *x)
{
    return mailproto__span(x->text + x->message_at, x->text_len - x->message_at);
}

/* ---- messages ---------------------------------------------------------------- */

/* Whether this side listens no more. */
static int is_over(const mailproto_sasl *x)
{
    uint32_t state = x->state.state;
    return state == MAILPROTO_SASL_FAILED || state == MAILPROTO_SASL_DONE ||
           state == MAILPROTO_SASL_DONE_WITH_DATA;
}

/* Appends to the message, where the mechanism looks at it. */
static void keep_message(mailproto_sasl *x, const void *data, size_t len)
{
    int is_client = x->options.role == MAILPROTO_SASL_CLIENT;
    if (is_client && x->kind == MAILPROTO__SASL_CRAM) {
        mailproto__sasl_cram_input(x, data, len);
    } else if (!is_client || x->kind == MAILPROTO__SASL_SCRAM) {
        (void)mailproto__sasl_put(x, mailproto__span((const char *)data, len));
    }
}

mailproto_status mailproto_sasl_input(mailproto_sasl *sasl, const void *data,
                                      size_t len, int last)
{
    uint32_t state = sasl->state.state;
    mailproto_status st = MAILPROTO_OK;
    if (is_over(sasl) || sasl->has_message || state == MAILPROTO_SASL_NEEDS ||
        state == MAILPROTO_SASL_WORKING || sasl->options.role == MAILPROTO_SASL_ENROL) {
        if (state == MAILPROTO_SASL_DONE && sasl->error == MAILPROTO_OK) {
            sasl->error = MAILPROTO_ERR_SYNTAX; /* the peer said more than there is */
        }
        return MAILPROTO_ERR_STATE;
    }
    if (!sasl->partial) {
        sasl->message_at = sasl->text_len;
    }
    if (sasl->kind == MAILPROTO__SASL_CUSTOM) {
        st = sasl->options.custom->input(sasl->custom, data, len, last);
        if (st < 0) {
            mailproto__sasl_failed(sasl, st);
        }
    } else {
        keep_message(sasl, data, len);
        st = is_over(sasl) ? sasl->state.error : MAILPROTO_OK;
    }
    sasl->partial = (uint8_t)(st == MAILPROTO_OK && !last);
    sasl->has_message = (uint8_t)(st == MAILPROTO_OK && last);
    return st;
}

static void step_custom(mailproto_sasl *x)
{
    const mailproto_sasl_mechanism *m = x->options.custom;
    mailproto_sasl_state state;
    memset(&state, 0, sizeof state);
    state.struct_size = (uint32_t)sizeof state;
    m->step(x->custom, &state);
    x->state = state;
    if (state.state == MAILPROTO_SASL_FAILED) {
        x->state.error = not_refused(state.error);
        x->error = state.error < 0 ? x->state.error : MAILPROTO_ERR_AUTH;
    }
}

static void step_built_in(mailproto_sasl *x)
{
    mailproto__sasl_clear_parts(x);
    switch ((enum mailproto__sasl_kind)x->kind) {
    case MAILPROTO__SASL_CUSTOM:
        break;
    case MAILPROTO__SASL_PLAIN:
        mailproto__sasl_plain_step(x);
        break;
    case MAILPROTO__SASL_LOGIN:
        mailproto__sasl_login_step(x);
        break;
    case MAILPROTO__SASL_EXTERNAL:
        mailproto__sasl_external_step(x);
        break;
    case MAILPROTO__SASL_ANONYMOUS:
        mailproto__sasl_anonymous_step(x);
        break;
    case MAILPROTO__SASL_CRAM:
        mailproto__sasl_cram_step(x);
        break;
    case MAILPROTO__SASL_SCRAM:
        mailproto__sasl_scram_step(x);
        break;
    case MAILPROTO__SASL_OAUTHBEARER:
    case MAILPROTO__SASL_XOAUTH2:
        mailproto__sasl_oauth_step(x);
        break;
    }
}

mailproto_status mailproto_sasl_step(mailproto_sasl *sasl, mailproto_sasl_state *state)
{
    /* In the middle of the peer's message there is nothing to say. */
    int is_new = sasl->has_message || sasl->answered ||
                 (!sasl->begun && !sasl->partial) ||
                 sasl->state.state == MAILPROTO_SASL_WORKING;
    if (is_new && !is_over(sasl)) {
        sasl->begun = 1;
        if (sasl->kind == MAILPROTO__SASL_CUSTOM) {
            step_custom(sasl);
        } else {
            step_built_in(sasl);
        }
    }
    sasl->has_message = 0;
    sasl->answered = 0;
    return mailproto__output_copy(state, &sasl->state, sizeof sasl->state);
}

/* Copies from a list of spans, as if they were one. */
static size_t gather(const mailproto_bytes *parts, size_t n, uint64_t offset, char *buf,
                     size_t cap)
{
    size_t i, got = 0;
    for (i = 0; i < n && got < cap; ++i) {
        size_t len = parts[i].len;
        if (offset >= len) {
            offset -= len;
            continue;
        }
        len -= (size_t)offset;
        if (len > cap - got) {
            len = cap - got;
        }
        memcpy(buf + got, parts[i].ptr + (size_t)offset, len);
        offset = 0;
        got += len;
    }
    return got;
}

mailproto_status mailproto_sasl_output(mailproto_sasl *sasl, uint64_t offset, void *buf,
                                       size_t cap, size_t *got)
{
    uint32_t state = sasl->state.state;
    *got = 0;
    if (state != MAILPROTO_SASL_CONTINUE && state != MAILPROTO_SASL_DONE_WITH_DATA) {
        return MAILPROTO_ERR_STATE;
    }
    if (offset >= sasl->state.response) {
        return MAILPROTO_EOF;
    }
    if (sasl->kind == MAILPROTO__SASL_CUSTOM) {
        return sasl->options.custom->output(sasl->custom, offset, buf, cap, got);
    }
    *got = gather(sasl->parts, MAILPROTO__SASL_PARTS, offset, buf, cap);
    return MAILPROTO_OK;
}

/* ---- needs ------------------------------------------------------------------- */

mailproto_status mailproto_sasl_need(mailproto_sasl *sasl,
                                     mailproto_sasl_need_info *info)
{
    mailproto_sasl_need_info i;
    if (sasl->state.state != MAILPROTO_SASL_NEEDS) {
        return MAILPROTO_ERR_STATE;
    }
    i = sasl->need;
    if (sasl->kind == MAILPROTO__SASL_CUSTOM) {
        memset(&i, 0, sizeof i);
        if (sasl->options.custom->need != NULL) {
            i.struct_size = (uint32_t)sizeof i;
            sasl->options.custom->need(sasl->custom, &i);
        }
    }
    return mailproto__output_copy(info, &i, sizeof i);
}

static mailproto_status answer(mailproto_sasl *x, mailproto_status verdict,
                               const void *data, size_t len)
{
    mailproto_bytes given = mailproto__span((const char *)data, len);
    switch (x->kind) {
    case MAILPROTO__SASL_CUSTOM:
        return x->options.custom->answer != NULL
                   ? x->options.custom->answer(x->custom, verdict, data, len)
                   : MAILPROTO_OK;
    case MAILPROTO__SASL_CRAM:
        return mailproto__sasl_cram_answer(x, given);
    case MAILPROTO__SASL_SCRAM:
        return mailproto__sasl_scram_answer(x, given);
    case MAILPROTO__SASL_OAUTHBEARER:
    case MAILPROTO__SASL_XOAUTH2:
        return mailproto__sasl_oauth_answer(x, given);
    default:
        return MAILPROTO_OK;
    }
}

mailproto_status mailproto_sasl_answer(mailproto_sasl *sasl, mailproto_status verdict,
                                       const void *data, size_t len)
{
    if (sasl->state.state != MAILPROTO_SASL_NEEDS || sasl->answered) {
        return MAILPROTO_ERR_STATE;
    }
    sasl->verdict = verdict;
    sasl->answered = 1; /* whatever comes of it: nobody waits for a second one */
    return answer(sasl, verdict, data, len);
}

mailproto_status mailproto_sasl_proven(mailproto_sasl *sasl)
{
    mailproto_status st = MAILPROTO_ERR_AUTH;
    if (sasl->state.state == MAILPROTO_SASL_FAILED || sasl->error != MAILPROTO_OK) {
        return MAILPROTO_ERR_AUTH; /* why is known, and stays so */
    }
    if (sasl->kind != MAILPROTO__SASL_CUSTOM) {
        st = sasl->proven ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
    } else if (sasl->options.custom->proven != NULL) {
        st = sasl->options.custom->proven(sasl->custom);
        st = st <= 0 ? st : MAILPROTO_ERR_AUTH; /* nothing but OK is a proof */
    } else if (sasl->state.state == MAILPROTO_SASL_DONE) {
        st = MAILPROTO_OK;
    }
    sasl->error = not_refused(st);
    return st;
}

mailproto_status mailproto_sasl_error(const mailproto_sasl *sasl)
{
    return sasl->error;
}

int mailproto_sasl_equal(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && mailproto__equal_secret(a.ptr, b.ptr, a.len);
}
