/*
 * OAUTHBEARER (RFC 7628) and XOAUTH2 (de facto, Google's), both roles: an access
 * token in one message; a refusal with its reason as a challenge, which the client
 * acknowledges. Must not know what a token means.
 */
#include "core/chars.h"
#include "core/mem.h"
#include "core/span.h"
#include "sasl/sasl.h"

enum stage { START, SENT, REFUSED };

#define KVSEP "\x01"

static int is_xoauth2(const mailproto_sasl *x)
{
    return x->kind == MAILPROTO__SASL_XOAUTH2;
}

/* ---- client ------------------------------------------------------------------ */

/* user={name}^Aauth=Bearer {token}^A^A */
static void send_xoauth2(mailproto_sasl *x)
{
    x->parts[0] = MAILPROTO__LITERAL("user=");
    x->parts[1] = x->options.name;
    x->parts[2] = MAILPROTO__LITERAL(KVSEP "auth=Bearer ");
    x->parts[3] = x->options.password;
    x->parts[4] = MAILPROTO__LITERAL(KVSEP KVSEP);
}

/* n,a={name},^Ahost={host}^Aport={port}^Aauth=Bearer {token}^A^A (RFC 7628 3.1, 4.1) */
static void send_oauthbearer(mailproto_sasl *x)
{
    const mailproto_sasl_options *o = &x->options;
    mailproto_bytes who = o->authzid.len > 0 ? o->authzid : o->name;
    size_t at;
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("n,"));
    if (who.len > 0) {
        (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("a="));
        (void)mailproto__sasl_put_saslname(x, who);
    }
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("," KVSEP));
    x->parts[0] = mailproto__span(x->text, x->text_len);
    if (o->host.len > 0) {
        x->parts[1] = MAILPROTO__LITERAL("host=");
        x->parts[2] = o->host;
        x->parts[3] = MAILPROTO__LITERAL(KVSEP);
    }
    at = x->text_len;
    if (o->port > 0) {
        char digits[20];
        size_t len = mailproto__decimal(o->port, digits);
        (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("port="));
        (void)mailproto__sasl_put(x, mailproto__span(digits, len));
        (void)mailproto__sasl_put(x, MAILPROTO__LITERAL(KVSEP));
    }
    (void)mailproto__sasl_put(x, MAILPROTO__LITERAL("auth=Bearer "));
    x->parts[4] = mailproto__span(x->text + at, x->text_len - at);
    x->parts[5] = o->password;
    x->parts[6] = MAILPROTO__LITERAL(KVSEP KVSEP);
}

static void client_step(mailproto_sasl *x)
{
    if (x->stage == START) {
        x->stage = SENT;
        x->proven = 1; /* the server proves nothing here, TLS does */
        if (is_xoauth2(x)) {
            send_xoauth2(x);
        } else {
            send_oauthbearer(x);
        }
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
    } else if (x->has_message && x->stage == SENT) {
        /* A challenge is the refusal: acknowledged, so that the server ends it in order
           (RFC 7628 3.2.3). A success after it would be none. */
        x->stage = REFUSED;
        x->proven = 0;
        if (!is_xoauth2(x)) {
            x->parts[0] = MAILPROTO__LITERAL(KVSEP);
        }
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
    } else {
        mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
    }
}

/* ---- server ------------------------------------------------------------------ */

/* Cuts the text before the next `end` off `rest`: 1, or 0 when there is none. */
static int cut(mailproto_bytes *rest, char end, mailproto_bytes *out)
{
    const char *at = rest->len > 0 ? memchr(rest->ptr, end, rest->len) : NULL;
    if (at == NULL) {
        return 0;
    }
    *out = mailproto__span(rest->ptr, (size_t)(at - rest->ptr));
    *rest = mailproto__tail(*rest, out->len + 1);
    return 1;
}

static int is_equal(mailproto_bytes a, mailproto_bytes b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Takes `prefix`, in any case, off the front: 1 or 0. */
static int take(mailproto_bytes *rest, mailproto_bytes prefix)
{
    if (rest->len < prefix.len ||
        !mailproto__equal_nocase(mailproto__span(rest->ptr, prefix.len), prefix)) {
        return 0;
    }
    *rest = mailproto__tail(*rest, prefix.len);
    return 1;
}

/* Octets that a token or a host may have: VCHAR; at least one. */
static int is_visible(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && mailproto__is((unsigned char)b.ptr[i], MAILPROTO__VCHAR)) {
        i++;
    }
    return b.len > 0 && i == b.len;
}

/* value = *(VCHAR / SP / HTAB / CR / LF) (RFC 7628 3.1). */
static int is_value(mailproto_bytes b)
{
    size_t i = 0;
    while (i < b.len && (mailproto__is((unsigned char)b.ptr[i], MAILPROTO__VCHAR) ||
                         b.ptr[i] == ' ' || (b.ptr[i] >= '\t' && b.ptr[i] <= '\r'))) {
        i++;
    }
    return i == b.len && memchr(b.ptr, '\v', b.len) == NULL &&
           memchr(b.ptr, '\f', b.len) == NULL;
}

/* What the pairs of a message said. */
struct pairs {
    int auth, user, host, port; /* how often each came */
    int empty;                  /* auth= with nothing: a question for the scope */
};

/* "Bearer" in any case (RFC 7628 4), spaces, the token (RFC 6750 2.1). */
static int read_auth(mailproto_sasl *x, struct pairs *p, mailproto_bytes value)
{
    p->auth++;
    if (value.len == 0 && !is_xoauth2(x)) {
        p->empty = 1; /* RFC 7628 4.3 */
        return 1;
    }
    if (!take(&value, MAILPROTO__LITERAL("Bearer "))) {
        return 0;
    }
    while (value.len > 0 && value.ptr[0] == ' ') {
        value = mailproto__tail(value, 1);
    }
    x->need.token = value;
    return is_visible(value);
}

static int read_port(mailproto_sasl *x, struct pairs *p, mailproto_bytes value)
{
    uint64_t port = 0;
    p->port++;
    if (!mailproto__number(value, UINT16_MAX, &port) || value.ptr[0] == '0') {
        return 0;
    }
    x->need.port = (uint32_t)port;
    return 1;
}

/* One key="value"; unknown keys are passed over. */
static int read_pair(mailproto_sasl *x, struct pairs *p, mailproto_bytes pair)
{
    mailproto_bytes key;
    size_t i;
    if (!cut(&pair, '=', &key) || key.len == 0) {
        return 0;
    }
    for (i = 0; i < key.len; i++) {
        if (!mailproto__is((unsigned char)key.ptr[i], MAILPROTO__ALPHA)) {
            return 0;
        }
    }
    if (is_equal(key, MAILPROTO__LITERAL("auth"))) {
        return read_auth(x, p, pair);
    }
    if (is_xoauth2(x) && is_equal(key, MAILPROTO__LITERAL("user"))) {
        p->user++;
        x->need.name = pair;
        return pair.len > 0 && mailproto__is_name(pair);
    }
    if (is_equal(key, MAILPROTO__LITERAL("host"))) {
        p->host++;
        x->need.host = pair;
        return is_visible(pair);
    }
    if (is_equal(key, MAILPROTO__LITERAL("port"))) {
        return read_port(x, p, pair);
    }
    return is_value(pair);
}

/* gs2-header kvsep (RFC 7628 3.1); channels are not bound here. */
static int read_header(mailproto_sasl *x, mailproto_bytes *rest)
{
    mailproto_bytes flag;
    mailproto_bytes authzid;
    mailproto_bytes nothing;
    if (!cut(rest, ',', &flag) || flag.len != 1 ||
        (flag.ptr[0] != 'n' && flag.ptr[0] != 'y') || !cut(rest, ',', &authzid) ||
        !cut(rest, 1, &nothing) || nothing.len != 0) {
        return 0;
    }
    if (authzid.len == 0) {
        return 1;
    }
    return authzid.len > 2 && authzid.ptr[0] == 'a' && authzid.ptr[1] == '=' &&
           mailproto__sasl_read_saslname(x, mailproto__tail(authzid, 2), &x->need.name);
}

static int read_message(mailproto_sasl *x, struct pairs *p)
{
    mailproto_bytes rest = mailproto__sasl_message(x);
    mailproto_bytes pair = mailproto__span(NULL, 0);
    if (!is_xoauth2(x) && !read_header(x, &rest)) {
        return 0;
    }
    while (cut(&rest, 1, &pair) && pair.len > 0) {
        if (!read_pair(x, p, pair)) {
            return 0;
        }
    }
    /* The empty pair ends the message, and there are no two of a kind. */
    return rest.len == 0 && pair.len == 0 && p->auth == 1 &&
           p->user == (is_xoauth2(x) ? 1 : 0) && p->host <= 1 && p->port <= 1;
}

static void refuse(mailproto_sasl *x, mailproto_bytes error)
{
    x->stage = REFUSED;
    x->parts[0] = error;
    mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE);
}

static void take_message(mailproto_sasl *x)
{
    struct pairs p;
    memset(&p, 0, sizeof p);
    if (!read_message(x, &p)) {
        if (x->state.state != MAILPROTO_SASL_FAILED) {
            mailproto__sasl_failed(x, MAILPROTO_ERR_SYNTAX);
        }
    } else if (p.empty) {
        refuse(x, x->options.oauth_error);
    } else {
        mailproto__sasl_ask(x, MAILPROTO_SASL_NEED_TOKEN);
    }
}

mailproto_status mailproto__sasl_oauth_answer(mailproto_sasl *x, mailproto_bytes error)
{
    if (x->verdict != MAILPROTO_ERR_AUTH || error.len == 0) {
        return MAILPROTO_OK;
    }
    if (error.len > x->text_cap) {
        x->verdict = MAILPROTO_ERR_TOO_LONG;
        return MAILPROTO_ERR_TOO_LONG;
    }
    x->text_len = 0; /* the token is needed no further */
    (void)mailproto__sasl_put(x, error);
    x->options.oauth_error = mailproto__span(x->text, x->text_len);
    return MAILPROTO_OK;
}

static void server_step(mailproto_sasl *x)
{
    if (x->answered && x->verdict == MAILPROTO_ERR_AUTH) {
        refuse(x, x->options.oauth_error);
    } else if (x->answered) {
        mailproto__sasl_verdict(x);
    } else if (x->has_message && x->stage == REFUSED) {
        mailproto__sasl_failed(x,
                               MAILPROTO_ERR_AUTH); /* whatever it acknowledges with */
    } else if (x->has_message) {
        take_message(x);
    } else if (x->stage == START) {
        x->stage = SENT;
        mailproto__sasl_respond(x, MAILPROTO_SASL_CONTINUE); /* the empty challenge */
    }
}

void mailproto__sasl_oauth_step(mailproto_sasl *x)
{
    if (x->options.role == MAILPROTO_SASL_CLIENT) {
        client_step(x);
    } else {
        server_step(x);
    }
}
