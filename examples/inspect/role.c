/* The application on this end, what all protocols share: see role.h. */
#include "role.h"

#include <stdlib.h>
#include <string.h>

mailproto_bytes role_bytes(const char *text)
{
    mailproto_bytes b = {text, strlen(text)};
    return b;
}

void role_check(role *r, const char *call, mailproto_status st)
{
    if (st < 0) {
        json_array_append_new(r->refused_calls,
                              json_pack("{s:s, s:i, s:s}", "call", call, "code", st,
                                        "name", mailproto_error_name(st)));
    }
}

static void simulate_handshake(role *r)
{
    mailproto_tls_info info = {0};
    info.struct_size = sizeof info;
    info.protocol = role_bytes("TLSv1.3");
    info.cipher = role_bytes("TLS_AES_128_GCM_SHA256");
    if (r->o->tls_fails) {
        mailproto_session_fail(r->session, MAILPROTO_ERR_TLS);
    } else {
        role_check(r, "tls_started", mailproto_session_tls_started(r->session, &info));
    }
}

/* ---- authentication ----------------------------------------------------------------- */

static mailproto_status begin_sasl(role *r, uint32_t side, mailproto_bytes mechanism)
{
    /* A program with real users takes random octets: here equal inputs are to give equal
       results. */
    static const char not_random[] = "not-random-at-all-0123456789";
    mailproto_sasl_options so = {0};
    so.struct_size = sizeof so;
    so.role = side;
    so.mechanism = mechanism;
    so.flags = MAILPROTO_SASL_NONCE_PRINTABLE;
    so.nonce = role_bytes(not_random);
    so.salt_key = role_bytes(not_random);
    if (side == MAILPROTO_SASL_CLIENT) {
        so.name = role_bytes(r->o->user);
        so.password = role_bytes(r->o->password);
    }
    r->sasl = NULL;
    return mailproto_sasl_init(r->sasl_mem, sizeof r->sasl_mem, &so, &r->sasl);
}

static void end_sasl(role *r)
{
    if (r->sasl != NULL) {
        mailproto_sasl_wipe(r->sasl);
        r->sasl = NULL;
    }
}

/* Anyone is welcome; a mechanism that works with the password itself gets it. An error
   counts as an answer too: the exchange fails then. */
static void answer_need(role *r)
{
    const char *password = r->o->password;
    role_check(
        r, "sasl_answer",
        mailproto_sasl_answer(r->sasl, MAILPROTO_OK, password, strlen(password)));
}

/* Shows the exchange an event. */
static void authenticate_anyone(role *r, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(r->sasl, r->session, ev);
    while (st == MAILPROTO_YOUR_TURN || st == MAILPROTO_AGAIN) {
        if (st == MAILPROTO_YOUR_TURN) {
            answer_need(r);
        }
        st = mailproto_sasl_drive(r->sasl, r->session, NULL);
    }
    if (st == MAILPROTO_EOF || st < 0) {
        role_check(r, "sasl_drive", st);
        end_sasl(r);
    }
}

int role_server_auth(role *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        role_check(r, "sasl_init", begin_sasl(r, MAILPROTO_SASL_SERVER, ev->text));
    } else if (ev->type != MAILPROTO_EV_AUTH_DATA &&
               ev->type != MAILPROTO_EV_AUTH_RESULT) {
        return 0;
    }
    if (r->sasl != NULL) {
        authenticate_anyone(r, ev);
    } else if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        /* offered by --auth, but this program does not know it */
        role_check(
            r, "auth_finish",
            mailproto_session_auth_finish(r->session, ev->tag, MAILPROTO_ERR_AUTH));
    }
    return 1;
}

mailproto_status role_client_auth_start(role *r, uint32_t tag)
{
    mailproto_status st = begin_sasl(r, MAILPROTO_SASL_CLIENT, role_bytes(r->o->auth));
    role_check(r, "sasl_init", st);
    if (st == MAILPROTO_OK) {
        st = mailproto_sasl_start(r->sasl, r->session, tag);
        role_check(r, "sasl_start", st);
    }
    if (st != MAILPROTO_OK) {
        end_sasl(r);
    }
    return st;
}

int role_client_auth(role *r, const mailproto_event *ev)
{
    if (r->sasl == NULL) {
        return ROLE_AUTH_NONE;
    }
    mailproto_status st = mailproto_sasl_drive(r->sasl, r->session, ev);
    while (st == MAILPROTO_AGAIN) {
        st = mailproto_sasl_drive(r->sasl, r->session, NULL);
    }
    if (st != MAILPROTO_EOF && st >= 0) {
        return ROLE_AUTH_GOES_ON;
    }
    role_check(r, "sasl_drive", st);
    end_sasl(r);
    if (st != MAILPROTO_EOF) {
        return ROLE_AUTH_OVER;
    }
    return ev->number == 1 ? ROLE_AUTH_DONE : ROLE_AUTH_FAILED;
}

/* ---- content ------------------------------------------------------------------------ */

/* Gives a piece, or ends the content. OK: and there may be room for more. */
static mailproto_status give(role *r, const mailproto_bytes *m)
{
    size_t used = 0;
    uint64_t taken = mailproto_session_content_taken(r->session);
    mailproto_status st = MAILPROTO_ENOUGH;
    if (taken < m->len) {
        st = mailproto_session_content(r->session, m->ptr + taken, m->len - taken,
                                       &used);
    }
    if (st == MAILPROTO_ENOUGH) {
        st = mailproto_session_content_end(r->session);
        r->content_wanted = st == MAILPROTO_AGAIN;
    } else if (st == MAILPROTO_OK && used == 0) {
        st = MAILPROTO_AGAIN;
    }
    return st;
}

void role_work(role *r)
{
    if (r->o->kind->work != NULL) {
        r->o->kind->work(r);
    }
    mailproto_status st = MAILPROTO_OK;
    while (r->content_wanted && st == MAILPROTO_OK) {
        st = give(r, r->o->kind->content(r));
    }
    if (st < 0) {
        role_check(r, "content", st);
        mailproto_session_content_abort(r->session);
        r->content_wanted = 0;
    }
}

/* ---- beginning and end -------------------------------------------------------------- */

mailproto_status role_begin(role *r, const role_options *o)
{
    memset(r, 0, sizeof *r);
    r->o = o;
    r->refused_calls = json_array();
    return o->kind->begin(r);
}

/* A command that outgrows the block gets what it needs, up to its limit. */
static void lend(role *r, const mailproto_event *ev)
{
    void *mem = malloc((size_t)ev->number);
    mailproto_status st = MAILPROTO_ERR_MEMORY;
    if (mem != NULL) {
        st = mailproto_session_lend(r->session, mem, (size_t)ev->number);
    }
    if (st != MAILPROTO_OK) {
        role_check(r, "lend", st);
        free(mem);
    } else {
        r->lent++;
    }
}

static void take_back(role *r, const mailproto_event *ev)
{
    free((void *)(uintptr_t)ev->detail);
    r->lent--;
}

void role_event(role *r, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_TLS_GO) {
        simulate_handshake(r);
    } else if (ev->type == MAILPROTO_EV_NEED_MEMORY) {
        lend(r, ev);
    } else if (ev->type == MAILPROTO_EV_MEMORY_BACK) {
        take_back(r, ev);
    } else if (ev->type == MAILPROTO_EV_CONTENT_WANTED && r->o->kind->content != NULL) {
        r->content_wanted = 1;
    } else {
        r->o->kind->event(r, ev);
    }
}

/* A session that is still open keeps what was lent to it: it is ended for that, and what
   it says then is no part of the result. */
static void take_all_back(role *r)
{
    mailproto_event ev;
    if (r->lent == 0) {
        return;
    }
    mailproto_session_fail(r->session, MAILPROTO_ERR_CANCELLED);
    while (mailproto_session_next_event(r->session, &ev) == MAILPROTO_OK) {
        if (ev.type == MAILPROTO_EV_MEMORY_BACK) {
            take_back(r, &ev);
        }
    }
}

void role_end(role *r, json_t *result)
{
    end_sasl(r);
    take_all_back(r);
    r->o->kind->end(r, result);
    if (json_array_size(r->refused_calls) > 0) {
        json_object_set(result, "refused_calls", r->refused_calls);
    }
    json_decref(r->refused_calls);
}
