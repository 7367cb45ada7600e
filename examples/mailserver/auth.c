/* Authentication: see auth.h. */
#include "auth.h"
#include "../common/net.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Attempts a connection has; octets of a nonce. */
enum { FAILURES_MAX = 5, NONCE_SIZE = 24, NAME_SIZE = 256 };

/* ---- what is offered -------------------------------------------------------------- */

/* From the strongest to the weakest. */
static const char offered[] = "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 "
                              "SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN";
/* The same where clients are asked for a certificate. */
static const char offered_known[] = "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS "
                                    "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN";
/* Only if asked for: passwords serve as tokens then, which is good for trying out. */
static const char not_offered[] = "OAUTHBEARER XOAUTH2";

static int random_octets(unsigned char *buf, size_t len)
{
    return getrandom(buf, len, 0) == (ssize_t)len ? 0 : -1;
}

/* The next word of a text, which it is moved behind. */
static mailproto_bytes next_word(const char **text)
{
    mailproto_bytes word;
    *text += strspn(*text, " ");
    word.ptr = *text;
    word.len = strcspn(*text, " ");
    *text += word.len;
    return word;
}

static int is_among(const char *names, mailproto_bytes name)
{
    mailproto_bytes word;
    while ((word = next_word(&names)).len > 0) {
        if (text_same(word, name)) {
            return 1;
        }
    }
    return 0;
}

/* Writes those of `wanted` that are in one of the lists into `list`. 0 or -1. */
static int take(char *list, size_t cap, const char *wanted, const char *known,
                const char *more)
{
    mailproto_bytes word;
    size_t len = 0;
    list[0] = '\0';
    while ((word = next_word(&wanted)).len > 0) {
        if ((!is_among(known, word) && !is_among(more, word)) ||
            len + word.len + 2 > cap) {
            fprintf(stderr, "mailproto-mailserver: no such mechanism: %.*s\n",
                    (int)word.len, word.ptr);
            return -1;
        }
        len += (size_t)snprintf(list + len, cap - len, "%s%.*s", len > 0 ? " " : "",
                                (int)word.len, word.ptr);
    }
    return 0;
}

int auth_prepare(struct auth_shared *shared, const struct options *options,
                 const struct users *users)
{
    const char *known = options->client_ca != NULL ? offered_known : offered;
    const char *wanted = options->mechanisms == NULL ? known : options->mechanisms;
    shared->users = users;
    shared->options = options;
    if (take(shared->mechanisms, sizeof shared->mechanisms, wanted, known,
             not_offered) < 0 ||
        take(shared->in_clear, sizeof shared->in_clear,
             options->clear_mechanisms == NULL ? "" : options->clear_mechanisms,
             shared->mechanisms, "") < 0) {
        return -1;
    }
    if (shared->mechanisms[0] == '\0' ||
        random_octets(shared->salt_key, sizeof shared->salt_key) < 0) {
        fprintf(stderr, "mailproto-mailserver: no mechanism, or no random numbers\n");
        return -1;
    }
    return 0;
}

/* Whether a -PLUS form is offered. */
static int offers_binding(const struct auth_shared *shared)
{
    return strstr(shared->mechanisms, "-PLUS") != NULL;
}

/* ---- an exchange ------------------------------------------------------------------ */

static void end_exchange(struct auth *auth)
{
    if (auth->sasl != NULL) {
        mailproto_sasl_wipe(auth->sasl);
    }
    free(auth->mem);
    auth->mem = NULL;
    auth->sasl = NULL;
    auth->working = 0;
}

/* The bindings of this connection, before TLS 1.3 two: the client chooses one, and does
   not say beforehand which (RFC 5802 6.1). */
static void give_bindings(struct auth *auth, const struct peer *peer,
                          mailproto_sasl_options *options)
{
    mailproto_tls_info tls = {0};
    tls.struct_size = sizeof tls;
    if (mailproto_session_tls_info(peer->session, &tls) == MAILPROTO_OK) {
        options->binding_type = tls.binding_type;
        options->binding = tls.binding;
        options->other_binding.ptr = (const char *)auth->binding;
        options->other_binding_type =
            tls_other_binding(peer->tls, auth->binding, &options->other_binding.len);
    }
}

static mailproto_status begin(struct auth *auth, const struct auth_shared *shared,
                              const struct peer *peer, mailproto_bytes mechanism)
{
    unsigned char nonce[NONCE_SIZE];
    mailproto_sasl_options options = {0};
    options.struct_size = sizeof options;
    options.role = MAILPROTO_SASL_SERVER;
    options.mechanism = mechanism;
    options.host = text_bytes(shared->options->name);
    /* All salts are made of this key, those of unknown users too, so that nobody learns
       from them who is known; not even when a new start brings a new key. */
    options.salt_key.ptr = (const char *)shared->salt_key;
    options.salt_key.len = sizeof shared->salt_key;
    if (random_octets(nonce, sizeof nonce) < 0) {
        return MAILPROTO_ERR_IO;
    }
    options.nonce.ptr = (const char *)nonce; /* copied */
    options.nonce.len = sizeof nonce;
    end_exchange(auth);
    if (offers_binding(shared)) {
        give_bindings(auth, peer, &options);
    }
    size_t size = mailproto_sasl_mem_size(&options);
    auth->mem = size == 0 ? NULL : malloc(size);
    if (auth->mem == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    return mailproto_sasl_init(auth->mem, size, &options, &auth->sasl);
}

/* Whether it is true what PLAIN, LOGIN or a token say. */
static mailproto_status verify(const struct users *users, mailproto_bytes name,
                               mailproto_bytes secret)
{
    return users_verify(users, name, secret) ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
}

/* Whether the client meant to reach us when it gave its token away: another server could
   else use here what it was given there (RFC 7628 3.2). */
static int meant_us(const struct auth_shared *shared, const struct peer *peer,
                    const mailproto_sasl_need_info *need)
{
    const struct text_list *names = &shared->options->aliases;
    int known =
        need->host.len == 0 || text_same(need->host, text_bytes(shared->options->name));
    for (size_t i = 0; i < names->count; i++) {
        known |= text_same(need->host, text_bytes(names->items[i]));
    }
    return known && (need->port == 0 || need->port == net_port(peer->fd));
}

/* EXTERNAL: the user whose name is in the certificate that TLS has verified. */
static mailproto_status known_by_tls(const struct users *users, const struct peer *peer,
                                     char name[NAME_SIZE])
{
    size_t len =
        peer->tls == NULL ? 0 : tls_peer_name(peer->tls, name, (size_t)NAME_SIZE);
    mailproto_bytes text = {name, len};
    return len > 0 && users_has(users, text) ? MAILPROTO_OK : MAILPROTO_ERR_AUTH;
}

/* The mechanism asks for what we know of the user. */
static mailproto_status answer(struct auth *auth, const struct auth_shared *shared,
                               const struct peer *peer)
{
    const struct users *users = shared->users;
    char subject[NAME_SIZE] = "";
    mailproto_sasl_need_info need = {0};
    need.struct_size = sizeof need;
    mailproto_status verdict = mailproto_sasl_need(auth->sasl, &need);
    if (verdict != MAILPROTO_OK) {
        return verdict;
    }
    mailproto_bytes password = {NULL, 0};
    switch (need.need) {
    case MAILPROTO_SASL_NEED_VERIFY:
        verdict = verify(users, need.name, need.password);
        break;
    case MAILPROTO_SASL_NEED_TOKEN:
        verdict = verify(users, need.name, need.token);
        if (!meant_us(shared, peer, &need)) {
            verdict = MAILPROTO_ERR_AUTH;
        }
        break;
    case MAILPROTO_SASL_NEED_EXTERNAL:
        verdict = known_by_tls(users, peer, subject);
        need.name = text_bytes(subject);
        break;
    case MAILPROTO_SASL_NEED_PASSWORD:
    case MAILPROTO_SASL_NEED_SCRAM:
        /* An unknown user has one too, so that it takes as long. */
        verdict = users_password(users, need.name, &password);
        break;
    default:
        verdict = MAILPROTO_ERR_AUTH;
    }
    /* Nobody acts for another here. */
    if (need.authzid.len > 0 && !text_same(need.authzid, need.name)) {
        verdict = MAILPROTO_ERR_AUTH;
    }
    free(auth->name);
    auth->name = text_copy(need.name);
    if (auth->name == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    /* Whatever it says, it counts as the answer: what the exchange cannot work with (a
       password in the file that is no UTF-8, say) makes it fail. */
    mailproto_status st =
        mailproto_sasl_answer(auth->sasl, verdict, password.ptr, password.len);
    return st == MAILPROTO_ERR_STATE ? st : MAILPROTO_OK;
}

/* One step, and what follows from it. A password costs some thousand rounds of a hash:
   the exchange does a part of them and says AGAIN, and the others have their turn. */
static mailproto_status step(struct auth *auth, const struct auth_shared *shared,
                             const struct peer *peer, const mailproto_event *ev)
{
    mailproto_status st = mailproto_sasl_drive(auth->sasl, peer->session, ev);
    while (st == MAILPROTO_YOUR_TURN) {
        st = answer(auth, shared, peer);
        if (st == MAILPROTO_OK) {
            st = mailproto_sasl_drive(auth->sasl, peer->session, NULL);
        }
    }
    auth->working = st == MAILPROTO_AGAIN;
    if (st == MAILPROTO_EOF) {
        end_exchange(auth);
    } else if (st < 0) {
        mailproto_session_fail(peer->session, st);
    }
    return st;
}

/* There is no exchange, and that is our own fault: the peer may try again later. */
static void refuse(mailproto_session *session, const mailproto_event *ev)
{
    if ((ev->flags & MAILPROTO_EVF_NEEDS_REPLY) != 0) {
        mailproto_session_auth_finish(session, ev->tag, MAILPROTO_ERR_AUTH_TEMPORARY);
    }
}

int auth_event(struct auth *auth, const struct auth_shared *shared,
               const struct peer *peer, const mailproto_event *ev)
{
    if (ev->type == MAILPROTO_EV_AUTH_RESULT) {
        auth->done = ev->number == 1;
        auth->failures += !auth->done;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START &&
        begin(auth, shared, peer, ev->text) != MAILPROTO_OK) {
        end_exchange(auth);
    }
    if (auth->sasl != NULL) {
        return step(auth, shared, peer, ev) != MAILPROTO_NOT_READY;
    }
    if (ev->type == MAILPROTO_EV_AUTH_START || ev->type == MAILPROTO_EV_AUTH_DATA) {
        refuse(peer->session, ev);
        return 1;
    }
    return ev->type == MAILPROTO_EV_AUTH_RESULT;
}

int auth_working(const struct auth *auth)
{
    return auth->working;
}

void auth_go_on(struct auth *auth, const struct auth_shared *shared,
                const struct peer *peer)
{
    if (auth->working) {
        step(auth, shared, peer, NULL);
    }
}

void auth_cancel(struct auth *auth)
{
    end_exchange(auth);
}

void auth_failed(struct auth *auth)
{
    auth->failures++;
}

int auth_exhausted(const struct auth *auth)
{
    return auth->failures >= FAILURES_MAX;
}

void auth_free(struct auth *auth)
{
    end_exchange(auth);
    free(auth->name);
    *auth = (struct auth){0};
}
