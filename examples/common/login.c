/* A client's authentication: see login.h. */
#include "login.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

enum { NONCE_SIZE = 24 };

static mailproto_bytes bytes(const char *text)
{
    mailproto_bytes b = {text, text == NULL ? 0 : strlen(text)};
    return b;
}

static int is_named(mailproto_bytes mechanism, const char *name)
{
    return mechanism.len == strlen(name) &&
           strncasecmp(mechanism.ptr, name, mechanism.len) == 0;
}

/* What the exchange needs, whichever mechanism it is: each takes what it knows of. */
static void fill(const login *l, mailproto_bytes mechanism, mailproto_sasl_options *o)
{
    memset(o, 0, sizeof *o);
    o->struct_size = sizeof *o;
    o->role = MAILPROTO_SASL_CLIENT;
    o->mechanism = mechanism;
    o->name = bytes(l->user);
    o->password = bytes(l->password);
    if (is_named(mechanism, "EXTERNAL")) { /* the certificate has the name */
        o->authzid = o->name;
    }
    if (is_named(mechanism, "OAUTHBEARER") || is_named(mechanism, "XOAUTH2")) {
        o->password = bytes(l->token);
        o->host = bytes(l->host);
        o->port = l->port;
    }
    /* SCRAM: for -PLUS, and for the others to tell that -PLUS was not offered, which
       the server notices if somebody took it away (RFC 5802 6). */
    mailproto_tls_info tls = {0};
    tls.struct_size = sizeof tls;
    if (l->choice.give_binding == 2) {
        o->binding_type = l->other_binding_type;
        o->binding = l->other_binding;
    } else if (l->choice.give_binding == 1 &&
               mailproto_session_tls_info(l->session, &tls) == MAILPROTO_OK) {
        o->binding_type = tls.binding_type;
        o->binding = tls.binding;
    }
}

/* Begins the exchange on the session, now or, when there is no room for it, later. A
   mechanism that computes first (a caller's own may) is asked again until it has. */
static mailproto_status start(login *l)
{
    mailproto_sasl_state state = {0};
    state.struct_size = sizeof state;
    mailproto_status st = mailproto_sasl_start(l->sasl, l->session, l->tag);
    while (st == MAILPROTO_AGAIN &&
           mailproto_sasl_step(l->sasl, &state) == MAILPROTO_OK &&
           state.state == MAILPROTO_SASL_WORKING) {
        st = mailproto_sasl_start(l->sasl, l->session, l->tag);
    }
    l->waits = st == MAILPROTO_AGAIN; /* for room: MAILPROTO_EV_ROOM will tell */
    return l->waits ? MAILPROTO_OK : st;
}

static mailproto_status begin(login *l, mailproto_bytes mechanism)
{
    mailproto_sasl_options o;
    unsigned char nonce[NONCE_SIZE];
    if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
        return MAILPROTO_ERR_IO;
    }
    fill(l, mechanism, &o);
    o.nonce.ptr = (const char *)nonce; /* copied */
    o.nonce.len = sizeof nonce;
    size_t size = mailproto_sasl_mem_size(&o);
    if (size > 0 && (l->mem = malloc(size)) == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    mailproto_status st = mailproto_sasl_init(l->mem, size, &o, &l->sasl);
    return st == MAILPROTO_OK ? start(l) : st;
}

/* The strongest mechanism that was not tried yet. One that this build lacks or that
   cannot carry what it is to carry (a token's characters, say) is passed over; if there
   is no other, that is the reason to give. */
static mailproto_status try_next(login *l)
{
    mailproto_status unfit = MAILPROTO_OK;
    for (;;) {
        mailproto_bytes mechanism;
        login_end(l);
        mailproto_status st = mailproto_sasl_choose(&l->choice, &mechanism);
        if (st != MAILPROTO_OK) {
            return st == MAILPROTO_ERR_NOT_OFFERED && unfit != MAILPROTO_OK ? unfit
                                                                            : st;
        }
        st = begin(l, mechanism);
        if (st == MAILPROTO_OK) {
            return st;
        }
        login_end(l);
        if (st != MAILPROTO_ERR_NOT_BUILT && st != MAILPROTO_ERR_ARGUMENT) {
            return st;
        }
        unfit = st;
    }
}

mailproto_status login_start(login *l, mailproto_session *session, uint32_t tag)
{
    mailproto_sasl_choice *c = &l->choice;
    login_end(l);
    l->session = session;
    l->tag = tag;
    memset(c, 0, sizeof *c);
    c->struct_size = sizeof *c;
    c->allowed = bytes(l->mechanisms);
    c->flags |= l->password != NULL ? MAILPROTO_SASL_HAVE_PASSWORD : 0U;
    c->flags |= l->token != NULL ? MAILPROTO_SASL_HAVE_TOKEN : 0U;
    c->flags |= l->has_certificate ? MAILPROTO_SASL_HAVE_EXTERNAL : 0U;
    c->flags |= l->allow_clear ? MAILPROTO_SASL_ALLOW_CLEAR : 0U;
    c->flags |= l->allow_unverified ? MAILPROTO_SASL_ALLOW_UNVERIFIED : 0U;
    c->flags |= l->allow_guessing ? MAILPROTO_SASL_ALLOW_GUESSING : 0U;
    c->other_binding_type = l->other_binding_type;
    if (is_named(c->allowed, "ANONYMOUS")) {
        c->flags |= MAILPROTO_SASL_AS_GUEST;
    }
    mailproto_sasl_offers(c, session);
    return try_next(l);
}

/* SMTP: whether the server may take another mechanism: it has no such one (504), or cannot
   check this one for the user, which looks like a wrong password (535, RFC 4954 6). All
   else is temporary, or was our own doing. */
static int another_for_smtp(const mailproto_event *ev)
{
    return ev->code == 504 || ev->code == 535;
}

mailproto_status login_event(login *l, const mailproto_event *ev)
{
    if (l->sasl == NULL) {
        return MAILPROTO_NOT_READY;
    }
    if (l->waits) {
        return ev->type == MAILPROTO_EV_ROOM ? start(l) : MAILPROTO_NOT_READY;
    }
    mailproto_status st = mailproto_sasl_drive(l->sasl, l->session, ev);
    /* It computes, some ten milliseconds a step. The programs that use this file wait
       for one server and have nothing else to do; one with an event loop returns to it
       here, and calls with NULL when it comes round again. */
    while (st == MAILPROTO_AGAIN) {
        st = mailproto_sasl_drive(l->sasl, l->session, NULL);
    }
    if (st == MAILPROTO_OK || st == MAILPROTO_NOT_READY) {
        return st;
    }
    if (st == MAILPROTO_EOF && ev->number != 1) {
        int again =
            l->another_may_do != NULL ? l->another_may_do(ev) : another_for_smtp(ev);
        st = again ? try_next(l) : MAILPROTO_ERR_REFUSED;
        return st == MAILPROTO_OK ? MAILPROTO_OK : MAILPROTO_ERR_REFUSED;
    }
    /* The exchange knows better what it had against the server's words. */
    mailproto_status why = mailproto_sasl_error(l->sasl);
    login_end(l);
    return st == MAILPROTO_ERR_AUTH && why != MAILPROTO_OK ? why : st;
}

void login_end(login *l)
{
    if (l->sasl != NULL) {
        mailproto_sasl_wipe(l->sasl);
    }
    free(l->mem);
    l->mem = NULL;
    l->sasl = NULL;
    l->waits = 0;
}

/* ---- secrets in files ------------------------------------------------------------ */

/* A compiler may leave out a memset() before free(); not this. */
static void wipe(char *text, size_t len)
{
    volatile char *at = text;
    while (len-- > 0) {
        *at++ = '\0';
    }
}

/* Reads a line and perhaps more, up to `cap` octets. How many, or -1. */
static ssize_t read_line(int fd, char *buf, size_t cap)
{
    size_t len = 0;
    ssize_t n = 1;
    while (len < cap && n != 0 && memchr(buf, '\n', len) == NULL) {
        n = read(fd, buf + len, cap - len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        len += n > 0 ? (size_t)n : 0;
        n = n < 0 ? 1 : n;
    }
    return (ssize_t)len;
}

/* One buffer, which does not grow: a larger one would leave a copy behind. And no stdio,
   which has buffers of its own. */
char *login_read_secret(const char *path)
{
    char *secret = NULL;
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    if ((secret = calloc(1, LOGIN_SECRET_MAX + 2)) != NULL) {
        len = read_line(fd, secret, LOGIN_SECRET_MAX + 1);
    }
    int why = errno;
    close(fd);
    size_t line = secret == NULL ? 0 : strcspn(secret, "\r\n");
    if (len > 0 && line <= LOGIN_SECRET_MAX) {
        wipe(secret + line, (size_t)len - line); /* what stands behind the line */
        return secret;
    }
    if (secret != NULL) {
        wipe(secret, LOGIN_SECRET_MAX + 2);
        free(secret);
    }
    errno = len < 0 ? why : len == 0 ? EINVAL : EFBIG;
    return NULL;
}

void login_forget(char *secret)
{
    if (secret != NULL) {
        wipe(secret, strlen(secret));
        free(secret);
    }
}
