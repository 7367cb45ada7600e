/*
 * What the guide's page on IMAP servers shows is compiled and run here, word by word: a
 * server with one mailbox in memory and two clients, over a scripted conversation. Each
 * piece of code on that page must stand here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include <mailproto/imap_server.h>
#include <mailproto/pump.h>
#include <mailproto/sasl.h>

#include "guide_pages.h"

/* ---- sasl.md's, as small as may be: its own test runs the whole ------------------------ */

struct login {
    mailproto_sasl_options options;
    mailproto_sasl *sasl; /* NULL: none under way */
    char user[64];
    size_t user_len;
    char mem[MAILPROTO_SASL_MEM(512, 1024, 0, 0)];
};

static const mailproto_bytes secret = {"a secret of this server", 23};

static mailproto_bytes random_octets(size_t count)
{
    static const char octets[] = "always the same in a test";
    mailproto_bytes r = {octets, count};
    assert_in_range(count, 1, sizeof octets - 1);
    return r;
}

static int password_is_right(mailproto_bytes name, mailproto_bytes password);

static void answer(struct login *l)
{
    static const mailproto_bytes ketchup = {"ketchup", 7};
    mailproto_sasl_need_info i;
    int right;
    memset(&i, 0, sizeof i);
    i.struct_size = sizeof i;
    assert_int_equal(mailproto_sasl_need(l->sasl, &i), MAILPROTO_OK);
    right = i.authzid.len == 0 && i.name.len <= sizeof l->user &&
            password_is_right(i.name, i.need == MAILPROTO_SASL_NEED_SCRAM ? ketchup
                                                                          : i.password);
    l->user_len = right ? i.name.len : 0;
    memcpy(l->user, i.name.ptr, l->user_len);
    (void)mailproto_sasl_answer(l->sasl, right ? MAILPROTO_OK : MAILPROTO_ERR_AUTH,
                                ketchup.ptr, ketchup.len);
}

static int on_server_event(struct login *l, mailproto_session *s,
                           const mailproto_event *ev, mailproto_bytes octets,
                           mailproto_bytes salt_key)
{
    mailproto_status st;
    if (ev->type == MAILPROTO_EV_AUTH_START) {
        memset(&l->options, 0, sizeof l->options);
        l->options.struct_size = sizeof l->options;
        l->options.role = MAILPROTO_SASL_SERVER;
        l->options.mechanism = ev->text;
        l->options.nonce = octets;
        l->options.salt_key = salt_key;
        assert_int_equal(
            mailproto_sasl_init(l->mem, sizeof l->mem, &l->options, &l->sasl),
            MAILPROTO_OK);
    }
    if (l->sasl == NULL) {
        return 0;
    }
    st = mailproto_sasl_drive(l->sasl, s, ev);
    while (st == MAILPROTO_YOUR_TURN || st == MAILPROTO_AGAIN) {
        if (st == MAILPROTO_YOUR_TURN) {
            answer(l);
        }
        st = mailproto_sasl_drive(l->sasl, s, NULL);
    }
    assert_true(st >= 0);
    if (st == MAILPROTO_EOF) {
        l->sasl = NULL; /* the driver has wiped it */
    }
    return st != MAILPROTO_NOT_READY;
}

/* ---- the guide's: storage ---------------------------------------------------------- */

enum { MAILS = 64, PARTS = 32 };

struct mail { /* what the store keeps of a message */
    uint32_t uid;
    uint32_t flags;
    uint32_t gone; /* expunged, but a session may still show it */
    size_t size;
    const char *data;
    mailproto_imap_date date;
};

struct box {
    struct mail mails[MAILS]; /* ascending UIDs */
    uint32_t count;
    uint32_t uidnext;
    struct client *clients; /* who has it selected */
};

struct client {
    mailproto_imap_server *server;
    mailproto_session *session;
    struct box *box;
    struct client *next;
    struct mail *view[MAILS]; /* by message number, as this client knows them */

    uint32_t request; /* the command at hand; 0: none */
    mailproto_imap_command command;
    uint32_t seq;  /* how far it is */
    uint32_t step; /* where a message, or a response, stands */
    uint32_t partly;
    uint32_t read_only; /* EXAMINE */

    mailproto_imap_facts facts;
    mailproto_imap_fetch fetch;
    mailproto_source source;
    mailproto_index index;
    mailproto_part parts[PARTS];
    char work[MAILPROTO_IMAP_FETCH_WORK]; /* SEARCH's too: MATCH_WORK is no more */
    char parser[MAILPROTO_MESSAGE_MEM(4096, 2048, 100)];

    mailproto_imap_search_node program[64];
    mailproto_imap_range hits[MAILS];
    mailproto_imap_found found;

    char *incoming; /* the message of an APPEND while it comes */
    size_t incoming_len;

    struct login login; /* an AUTHENTICATE under way: see sasl.md */
};

/* ---- what the guide leaves to its reader ----------------------------------------- */

static int password_is_right(mailproto_bytes name, mailproto_bytes password)
{
    static const mailproto_bytes fred = {"fred", 4};
    static const mailproto_bytes right = {"ketchup", 7};
    return mailproto_sasl_equal(name, fred) & mailproto_sasl_equal(password, right);
}

static int is(mailproto_bytes text, const char *what)
{
    return text.len == strlen(what) && memcmp(text.ptr, what, text.len) == 0;
}

static struct mail *store_message(struct box *box, const char *data, size_t size)
{
    struct mail *m = &box->mails[box->count];
    assert_true(box->count < MAILS);
    memset(m, 0, sizeof *m);
    m->uid = box->uidnext++;
    m->data = data;
    m->size = size;
    m->date.utc = 1000000000;
    m->date.set = 1;
    ++box->count;
    return m;
}

static char spare[65536];
static const struct client *spare_for; /* whom it is lent to */

static void begin_tls(struct client *c)
{
    assert_int_equal(mailproto_session_tls_started(c->session, NULL), MAILPROTO_OK);
}

static mailproto_status carry_out(struct client *c);
static mailproto_status tell_changes(struct client *c);
static void leave_box(struct client *c);

/* ---- the guide's: the frame -------------------------------------------------------- */

static mailproto_status start(struct client *c, struct box *box)
{
    mailproto_imap_server_options o;
    mailproto_status st;
    memset(&o, 0, sizeof o);
    o.struct_size = sizeof o;
    o.caps = MAILPROTO_IMAP_CAP_BIT(REV1) | MAILPROTO_IMAP_CAP_BIT(LITERAL_PLUS) |
             MAILPROTO_IMAP_CAP_BIT(STARTTLS) | MAILPROTO_IMAP_CAP_BIT(IDLE) |
             MAILPROTO_IMAP_CAP_BIT(ESEARCH) | MAILPROTO_IMAP_CAP_BIT(UNSELECT) |
             MAILPROTO_IMAP_CAP_BIT(BINARY) | MAILPROTO_IMAP_CAP_BIT(SASL_IR);
    o.auth_mechanisms.ptr = "SCRAM-SHA-256 PLAIN"; /* PLAIN under TLS only */
    o.auth_mechanisms.len = 19;
    o.mechanisms_in_clear.ptr = "SCRAM-SHA-256";
    o.mechanisms_in_clear.len = 13;
    memset(c, 0, sizeof *c);
    c->box = box;
    st = mailproto_imap_server_new(&o, &c->server);
    if (st == MAILPROTO_OK) {
        c->session = mailproto_imap_server_session(c->server);
    }
    return st;
}

/* The command at hand, from where it stands. */
static void go_on(struct client *c)
{
    mailproto_status st = c->request != 0 ? carry_out(c) : MAILPROTO_OK;
    if (st < 0) {
        static const mailproto_bytes words = {"Try again later", 15};
        mailproto_imap_server_complete(c->server, c->request, MAILPROTO_IMAP_NO, NULL,
                                       words);
    }
    if (st == MAILPROTO_OK || st < 0) {
        c->request = 0;
        tell_changes(c);
    } /* AGAIN: the output is full; ROOM comes when it has drained */
}

static void begin_command(struct client *c, const mailproto_event *ev)
{
    c->request = ev->tag;
    c->command.struct_size = sizeof c->command;
    mailproto_imap_event_command(ev, &c->command);
    c->seq = 1;
    c->step = 0;
    c->partly = 0;
    go_on(c);
}

static void take_literal(struct client *c, const mailproto_event *ev);

static void on_event(struct client *c, const mailproto_event *ev)
{
    if (on_server_event(&c->login, c->session, ev, random_octets(24), secret)) {
        return; /* AUTHENTICATE, all of it */
    }
    switch (ev->type) {
    case MAILPROTO_EV_IMAP_COMMAND:
        begin_command(c, ev);
        break;
    case MAILPROTO_EV_ROOM:
        go_on(c);
        break;
    case MAILPROTO_EV_IMAP_LITERAL:
        take_literal(c, ev);
        break;
    case MAILPROTO_EV_CONTENT:
        memcpy(c->incoming + c->incoming_len, ev->text.ptr, ev->text.len);
        c->incoming_len += ev->text.len;
        break;
    case MAILPROTO_EV_CONTENT_ABORTED:
        free(c->incoming);
        c->incoming = NULL;
        break;
    case MAILPROTO_EV_CLOSED:
        leave_box(c);
        c->request = 0;
        if (c->login.sasl != NULL) { /* hung up amidst of AUTHENTICATE */
            mailproto_sasl_wipe(c->login.sasl);
            c->login.sasl = NULL;
        }
        break;
    case MAILPROTO_EV_IMAP_SYNC:
    case MAILPROTO_EV_IMAP_IDLE:
        tell_changes(c);
        break;
    case MAILPROTO_EV_TLS_GO:
        begin_tls(c); /* the guide's page on TLS */
        break;
    case MAILPROTO_EV_NEED_MEMORY: /* not lent: the command is refused */
        if (spare_for == NULL &&
            mailproto_session_lend(c->session, spare, sizeof spare) == MAILPROTO_OK) {
            spare_for = c;
        }
        break;
    case MAILPROTO_EV_MEMORY_BACK:
        spare_for = NULL;
        break;
    default:
        if (ev->flags & MAILPROTO_EVF_NEEDS_REPLY) {
            mailproto_imap_server_accept(c->server, ev->tag);
        }
        break;
    }
}

/* Until the transport would block (AGAIN), or the session is over (EOF). */
static mailproto_status serve(struct client *c, const mailproto_io *io)
{
    mailproto_event ev;
    mailproto_status st;
    while ((st = mailproto_pump(c->session, io, &ev)) == MAILPROTO_OK) {
        on_event(c, &ev);
    }
    return st;
}

/* ---- the guide's: login and selecting ------------------------------------------------ */

static mailproto_status complete(struct client *c, uint32_t how, uint32_t code)
{
    static const mailproto_bytes none = {"", 0};
    mailproto_imap_code k;
    memset(&k, 0, sizeof k);
    k.struct_size = sizeof k;
    k.code = code;
    return mailproto_imap_server_complete(c->server, c->request, how, &k, none);
}

static mailproto_status log_in(struct client *c)
{
    char a[256];
    char b[256];
    mailproto_bytes name;
    mailproto_bytes password;
    int right = mailproto_imap_string_get(&c->command.name, a, sizeof a, &name) ==
                    MAILPROTO_OK &&
                mailproto_imap_string_get(&c->command.text, b, sizeof b, &password) ==
                    MAILPROTO_OK &&
                password_is_right(name, password);
    return right ? complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE)
                 : complete(c, MAILPROTO_IMAP_NO,
                            MAILPROTO_IMAP_CODE_AUTHENTICATIONFAILED);
}

static int is_inbox(const mailproto_imap_string *mailbox)
{
    char buf[MAILPROTO_IMAP_NAME_MAX(256)];
    mailproto_bytes name;
    uint32_t flags;
    return mailproto_imap_name_get(mailbox, buf, sizeof buf, &name, &flags) ==
               MAILPROTO_OK &&
           is(name, "INBOX");
}

/* LIST and LSUB. Without LIST-EXTENDED among the caps there is one pattern. */
static mailproto_status list(struct client *c)
{
    static const mailproto_bytes inbox = {"INBOX", 5};
    char a[MAILPROTO_IMAP_NAME_MAX(256)];
    char b[sizeof a];
    char both[2 * sizeof a];
    mailproto_imap_cursor patterns = c->command.items;
    mailproto_imap_string one;
    mailproto_imap_list_entry e;
    mailproto_bytes reference;
    mailproto_bytes pattern;
    uint32_t raw;
    mailproto_status st = MAILPROTO_OK;
    if (mailproto_imap_string_next(&patterns, &one) != MAILPROTO_OK ||
        mailproto_imap_name_get(&c->command.mailbox, a, sizeof a, &reference, &raw) !=
            MAILPROTO_OK ||
        mailproto_imap_name_get(&one, b, sizeof b, &pattern, &raw) != MAILPROTO_OK ||
        reference.len + pattern.len > sizeof both) { /* no mailbox has such a name */
        return complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
    }
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    e.delimiter = '/';
    if (pattern.len == 0) { /* RFC 9051 6.3.9: what is the delimiter? */
        e.attributes = MAILPROTO_IMAP_ATTR_NOSELECT;
        st = mailproto_imap_server_list(c->server, &e); /* of the root, "" */
    } else {
        memcpy(both, reference.ptr, reference.len);
        memcpy(both + reference.len, pattern.ptr, pattern.len);
        pattern.ptr = both;
        pattern.len += reference.len;
        e.name = inbox; /* and so for each mailbox */
        if (mailproto_imap_list_match(pattern, inbox, '/') == 1) {
            st = mailproto_imap_server_list(c->server, &e);
        }
    }
    return st == MAILPROTO_OK
               ? complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE)
               : st; /* AGAIN: with more mailboxes, keep which one it was */
}

enum {
    KEPT_FLAGS = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANSWERED |
                 MAILPROTO_IMAP_FLAGGED | MAILPROTO_IMAP_DELETED | MAILPROTO_IMAP_DRAFT
};

static void leave_box(struct client *c)
{
    struct client **at = &c->box->clients;
    while (*at != NULL && *at != c) {
        at = &(*at)->next;
    }
    if (*at == c) {
        *at = c->next;
    }
}

static mailproto_status select_box(struct client *c)
{
    struct box *box = c->box;
    mailproto_imap_selected told;
    mailproto_status st;
    uint32_t i;
    leave_box(c); /* RFC 9051 6.3.2: also when this SELECT fails */
    if (!is_inbox(&c->command.mailbox)) {
        return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_NONEXISTENT);
    }
    memset(&told, 0, sizeof told);
    told.struct_size = sizeof told;
    for (i = 0; i < box->count; ++i) {
        if (!box->mails[i].gone) {
            c->view[told.exists++] = &box->mails[i];
        }
    }
    told.uidvalidity = 1;
    told.uidnext = box->uidnext;
    told.mailbox_flags = KEPT_FLAGS;
    told.permanent_flags = KEPT_FLAGS;
    told.entry.struct_size = sizeof told.entry;
    told.entry.delimiter = '/';
    told.entry.name.ptr = "INBOX";
    told.entry.name.len = 5;
    st = mailproto_imap_server_selected(c->server, c->request, &told);
    if (st != MAILPROTO_OK) {
        return st; /* AGAIN: this function runs again at ROOM */
    }
    c->read_only = c->command.command == MAILPROTO_IMAP_EXAMINE;
    c->next = box->clients;
    box->clients = c;
    return complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
}

/* ---- the guide's: FETCH and STORE ------------------------------------------------------ */

/* Whether message number `seq` is in the command's set. */
static int is_meant(const struct client *c, uint32_t seq)
{
    uint32_t exists = mailproto_imap_server_exists_now(c->server);
    if (c->command.flags & MAILPROTO_IMAP_UID) {
        return mailproto_imap_set_has(&c->command.set, c->view[seq - 1]->uid,
                                      c->view[exists - 1]->uid);
    }
    return mailproto_imap_set_has(&c->command.set, seq, exists);
}

static void know(struct client *c, uint32_t seq)
{
    const struct mail *m = c->view[seq - 1];
    mailproto_imap_facts *f = &c->facts;
    memset(f, 0, sizeof *f);
    f->struct_size = sizeof *f;
    f->seq = seq;
    f->uid = m->uid;
    f->largest_seq = mailproto_imap_server_exists_now(c->server);
    f->largest_uid = c->view[f->largest_seq - 1]->uid;
    f->flags = m->flags;
    f->size = m->size; /* stored with CRLF */
    f->internal = m->date;
}

static mailproto_status open_message(struct client *c, const struct mail *m)
{
    memset(&c->source, 0, sizeof c->source);
    c->source.struct_size = sizeof c->source;
    c->source.data = m->data;
    c->source.size = m->size;
    memset(&c->index, 0, sizeof c->index);
    c->index.struct_size = sizeof c->index;
    c->index.capacity = PARTS;
    c->index.parts = c->parts;
    return mailproto_index_build(&c->index, &c->source, NULL, c->parser,
                                 sizeof c->parser);
}

/* The FETCH response of one message. */
static mailproto_status answer_message(struct client *c)
{
    mailproto_imap_fetch *f = &c->fetch;
    mailproto_status st;
    f->struct_size = sizeof *f;
    f->flags = c->command.flags;
    f->facts = &c->facts;
    f->work = c->work;
    f->work_size = sizeof c->work;
    while ((st = mailproto_imap_server_fetch(c->server, f)) == MAILPROTO_YOUR_TURN) {
        st = open_message(c, c->view[c->seq - 1]); /* the facts do not suffice */
        if (st < 0) {
            return st;
        }
        f->source = &c->source;
        f->index = &c->index;
    }
    if (st == MAILPROTO_OK) {
        c->partly |= f->unknown_cte;
        f->source = NULL;
        f->index = NULL;
    }
    return st;
}

static mailproto_status fetch(struct client *c)
{
    for (; c->seq <= mailproto_imap_server_exists_now(c->server); ++c->seq) {
        mailproto_status st;
        if (!is_meant(c, c->seq)) {
            continue;
        }
        if (c->step == 0) { /* once a message: AGAIN comes back here */
            struct mail *m = c->view[c->seq - 1];
            c->fetch.tell_flags = (c->command.flags & MAILPROTO_IMAP_SETS_SEEN) != 0 &&
                                  (m->flags & MAILPROTO_IMAP_SEEN) == 0 &&
                                  !c->read_only;
            if (c->fetch.tell_flags) {
                m->flags |= MAILPROTO_IMAP_SEEN;
            }
            know(c, c->seq);
            c->fetch.items = c->command.items;
            c->step = 1;
        }
        st = answer_message(c);
        if (st != MAILPROTO_OK) {
            return st;
        }
        c->step = 0;
    }
    return c->partly ? complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_UNKNOWN_CTE)
                     : complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
}

static uint32_t flags_of(mailproto_imap_cursor list)
{
    mailproto_imap_string s;
    uint32_t flags = 0;
    while (mailproto_imap_string_next(&list, &s) == MAILPROTO_OK) {
        flags |= mailproto_imap_flag(s.raw); /* keywords are not kept here */
    }
    return flags & KEPT_FLAGS;
}

static mailproto_status store(struct client *c)
{
    static const mailproto_imap_cursor nothing = {{0, 0, 0, 0}};
    uint32_t flags = flags_of(c->command.items);
    if (c->read_only) {
        return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_READ_ONLY);
    }
    for (; c->seq <= mailproto_imap_server_exists_now(c->server); ++c->seq) {
        struct mail *m = c->view[c->seq - 1];
        mailproto_status st;
        if (!is_meant(c, c->seq)) {
            continue;
        }
        if (c->command.store == MAILPROTO_IMAP_STORE_SET) {
            m->flags = flags;
        } else if (c->command.store == MAILPROTO_IMAP_STORE_ADD) {
            m->flags |= flags;
        } else {
            m->flags &= ~flags;
        }
        if (c->command.flags & MAILPROTO_IMAP_SILENT) {
            continue;
        }
        know(c, c->seq);
        c->fetch.tell_flags = 1;
        c->fetch.items = nothing; /* a FETCH of no items, but with FLAGS */
        st = answer_message(c);
        if (st != MAILPROTO_OK) {
            return st;
        }
    }
    return complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
}

/* ---- the guide's: SEARCH ----------------------------------------------------------------- */

/* *hit: whether it matches. A failure is no answer, and must not look like one. */
static mailproto_status matches(struct client *c, size_t nodes, int *hit)
{
    mailproto_imap_match match;
    mailproto_status st;
    know(c, c->seq);
    st = mailproto_imap_match_open(&match, c->program, nodes, &c->facts, c->work,
                                   sizeof c->work);
    while (st == MAILPROTO_OK &&
           (st = mailproto_imap_match_run(&match)) == MAILPROTO_AGAIN) {
        st = open_message(c, c->view[c->seq - 1]); /* the facts do not suffice */
        if (st == MAILPROTO_OK) {
            st = mailproto_imap_match_message(&match, &c->source, &c->index);
        }
    }
    *hit = st == MAILPROTO_OK && mailproto_imap_match_result(&match);
    return st;
}

static mailproto_status look_for_all(struct client *c)
{
    mailproto_imap_cursor keys = c->command.items;
    mailproto_imap_found *f = &c->found;
    size_t nodes;
    int hit;
    mailproto_status st = mailproto_imap_search_compile(
        &keys, c->program, sizeof c->program / sizeof c->program[0], &nodes);
    memset(f, 0, sizeof *f);
    f->struct_size = sizeof *f;
    for (c->seq = 1;
         st == MAILPROTO_OK && c->seq <= mailproto_imap_server_exists_now(c->server);
         ++c->seq) {
        st = matches(c, nodes, &hit);
        if (hit) {
            uint32_t n = c->command.flags & MAILPROTO_IMAP_UID
                             ? c->view[c->seq - 1]->uid
                             : c->seq;
            f->min = f->count == 0 ? n : f->min;
            f->max = n;
            c->hits[f->count].low = n;
            c->hits[f->count++].high = n;
        }
    }
    return st;
}

static mailproto_status search(struct client *c)
{
    mailproto_status st = MAILPROTO_OK;
    int wants = 0;
    if (c->step == 0) {
        st = look_for_all(c);
        if (st == MAILPROTO_ERR_MEMORY) { /* many keys, or a text too long for `work` */
            return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_LIMIT);
        }
        if (st != MAILPROTO_OK) { /* a message could not be read, say */
            return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_SERVERBUG);
        }
        c->step = 1;
    }
    if (c->step == 1) {
        st = mailproto_imap_server_search_begin(c->server, c->request, &c->found,
                                                &wants);
        if (st == MAILPROTO_OK) {
            c->step = wants ? 2 : 3;
        }
    }
    if (c->step == 2) {
        st = mailproto_imap_server_numbers(c->server, c->hits, c->found.count);
        if (st == MAILPROTO_OK) {
            c->step = 3;
        }
    }
    if (st == MAILPROTO_OK && c->step == 3) {
        st = mailproto_imap_server_search_end(c->server);
    }
    return st == MAILPROTO_OK ? complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE)
                              : st;
}

/* ---- the guide's: APPEND ------------------------------------------------------------------ */

static void take_literal(struct client *c, const mailproto_event *ev)
{
    static const mailproto_bytes none = {"", 0};
    mailproto_imap_command command;
    mailproto_imap_code code;
    memset(&command, 0, sizeof command);
    command.struct_size = sizeof command;
    mailproto_imap_event_command(ev, &command);
    memset(&code, 0, sizeof code);
    code.struct_size = sizeof code;
    free(c->incoming); /* of a command that was not completed */
    c->incoming = NULL;
    c->incoming_len = 0;
    if (command.command != MAILPROTO_IMAP_APPEND || ev->number == 0) {
        mailproto_imap_server_accept(c->server, ev->tag); /* NO [TOOBIG] */
    } else if (!is_inbox(&command.mailbox)) {
        code.code = MAILPROTO_IMAP_CODE_TRYCREATE;
        mailproto_imap_server_refuse_literal(c->server, ev->tag, &code, none);
    } else if ((c->incoming = malloc((size_t)ev->number)) == NULL) {
        code.code = MAILPROTO_IMAP_CODE_OVERQUOTA;
        mailproto_imap_server_refuse_literal(c->server, ev->tag, &code, none);
    } else {
        mailproto_imap_server_literal(c->server, ev->tag, 1);
    }
}

static void changed(struct box *box)
{
    struct client *other;
    for (other = box->clients; other != NULL; other = other->next) {
        tell_changes(other);
    }
}

static mailproto_status append(struct client *c)
{
    mailproto_imap_append a;
    struct mail *m;
    if (mailproto_imap_append_next(&c->command.items, &a) != MAILPROTO_OK ||
        c->incoming == NULL) {
        return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_CANNOT);
    }
    m = store_message(c->box, c->incoming, c->incoming_len);
    m->flags = flags_of(a.flags);
    if (a.date.set) {
        m->date = a.date;
    }
    c->incoming = NULL; /* the store has it now */
    changed(c->box);
    return complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
}

/* ---- the guide's: what others do ------------------------------------------------------- */

static mailproto_status tell_changes(struct client *c)
{
    uint32_t n = mailproto_imap_server_exists_now(c->server);
    uint32_t last = n > 0 ? c->view[n - 1]->uid : 0;
    uint32_t seq;
    uint32_t i;
    mailproto_status st;
    if (mailproto_imap_server_state(c->server) != MAILPROTO_IMAP_SELECTED) {
        return MAILPROTO_OK;
    }
    for (seq = n; seq > 0; --seq) {
        if (c->view[seq - 1]->gone) {
            st = mailproto_imap_server_expunge(c->server, seq, c->view[seq - 1]->uid);
            if (st != MAILPROTO_OK) {
                return st; /* NOT_NOW: SYNC comes; AGAIN: ROOM comes */
            }
            --n;
            memmove(&c->view[seq - 1], &c->view[seq], (n + 1 - seq) * sizeof(void *));
        }
    }
    seq = n;
    for (i = 0; i < c->box->count; ++i) {
        if (c->box->mails[i].uid > last && !c->box->mails[i].gone) {
            c->view[seq++] = &c->box->mails[i];
        }
    }
    return seq > n ? mailproto_imap_server_exists(c->server, seq) : MAILPROTO_OK;
}

static void remove_deleted(struct client *c)
{
    uint32_t i;
    for (i = 0; i < mailproto_imap_server_exists_now(c->server); ++i) {
        if (c->view[i]->flags & MAILPROTO_IMAP_DELETED) {
            c->view[i]->gone = 1;
        }
    }
}

static mailproto_status expunge(struct client *c)
{
    mailproto_status st;
    if (c->read_only) {
        return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_READ_ONLY);
    }
    remove_deleted(c);
    st = tell_changes(c); /* allowed: it is EXPUNGE that is in progress */
    if (st != MAILPROTO_OK) {
        return st;
    }
    changed(c->box);
    return complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
}

static mailproto_status close_box(struct client *c)
{
    if (c->command.command == MAILPROTO_IMAP_CLOSE && !c->read_only) {
        remove_deleted(c); /* RFC 9051 6.4.1: without a word to this client */
    }
    leave_box(c);
    changed(c->box);
    return complete(c, MAILPROTO_IMAP_OK, MAILPROTO_IMAP_CODE_NONE);
}

/* ---- the guide's: an answer that takes long --------------------------------------------- */

struct count_job {
    struct client *client;
    uint32_t request;
    uint32_t items;
    uint32_t told;
};

static struct count_job the_job; /* the reader's queue of work */

static mailproto_status count_elsewhere(struct client *c, struct count_job *job)
{
    mailproto_status st;
    if (!is_inbox(&c->command.mailbox)) {
        return complete(c, MAILPROTO_IMAP_NO, MAILPROTO_IMAP_CODE_NONEXISTENT);
    }
    job->client = c;
    job->request = c->request;
    job->told = 0;
    job->items = c->command.status_items; /* what is needed is copied ... */
    st = mailproto_imap_server_detach(c->server, c->request);
    return st; /* ... for the command is gone now, and the next one is read */
}

/* AGAIN: call it again at ROOM. */
static mailproto_status count_is_known(struct count_job *job, uint32_t messages)
{
    static const mailproto_bytes none = {"", 0};
    mailproto_imap_server *server = job->client->server;
    mailproto_imap_status told;
    mailproto_status st = MAILPROTO_OK;
    memset(&told, 0, sizeof told);
    told.struct_size = sizeof told;
    told.items =
        job->items & (MAILPROTO_IMAP_STATUS_MESSAGES | MAILPROTO_IMAP_STATUS_UIDNEXT);
    told.messages = messages;
    told.uidnext = job->client->box->uidnext;
    told.name.ptr = "INBOX";
    told.name.len = 5;
    if (!job->told) {
        st = mailproto_imap_server_status(server, &told);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    job->told = 1;
    return mailproto_imap_server_complete(server, job->request, MAILPROTO_IMAP_OK, NULL,
                                          none);
}

/* ---- the guide's: which command is whose ------------------------------------------------ */

static mailproto_status carry_out(struct client *c)
{
    switch (c->command.command) {
    case MAILPROTO_IMAP_LOGIN:
        return log_in(c);
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        return select_box(c);
    case MAILPROTO_IMAP_LIST:
    case MAILPROTO_IMAP_LSUB:
        return list(c);
    case MAILPROTO_IMAP_FETCH:
        return fetch(c);
    case MAILPROTO_IMAP_STORE:
        return store(c);
    case MAILPROTO_IMAP_SEARCH:
        return search(c);
    case MAILPROTO_IMAP_APPEND:
        return append(c);
    case MAILPROTO_IMAP_EXPUNGE:
        return expunge(c);
    case MAILPROTO_IMAP_CLOSE:
    case MAILPROTO_IMAP_UNSELECT:
        return close_box(c);
    case MAILPROTO_IMAP_STATUS:
        return count_elsewhere(c, &the_job);
    default: /* OK where nothing needs to be done, else NO */
        return mailproto_imap_server_accept(c->server, c->request);
    }
}

/* ---- a conversation ------------------------------------------------------------------------ */

enum { OUT_MAX = 1 << 16 };

struct wire {
    const char *in;
    size_t in_len;
    size_t most; /* octets a read gives, a write takes */
    char out[OUT_MAX];
    size_t out_len;
};

static mailproto_status wire_read(void *ctx, void *buf, size_t cap, size_t *got)
{
    struct wire *w = (struct wire *)ctx;
    size_t n = w->in_len < w->most ? w->in_len : w->most;
    *got = n < cap ? n : cap;
    if (*got == 0) {
        return MAILPROTO_AGAIN;
    }
    memcpy(buf, w->in, *got);
    w->in += *got;
    w->in_len -= *got;
    return MAILPROTO_OK;
}

static mailproto_status wire_write(void *ctx, const void *buf, size_t len, size_t *put)
{
    struct wire *w = (struct wire *)ctx;
    *put = len < w->most ? len : w->most;
    assert_true(*put > 0 && w->out_len + *put < OUT_MAX);
    memcpy(w->out + w->out_len, buf, *put);
    w->out_len += *put;
    w->out[w->out_len] = 0;
    return MAILPROTO_OK;
}

static struct wire wires[2];
static struct client clients[2];
static struct box the_box;

/* What a client is told after it said this. */
static void says(int who, const char *text, const char *answer)
{
    struct wire *w = &wires[who];
    mailproto_io io = {sizeof io, MAILPROTO_IO_NONBLOCKING, NULL, wire_read,
                       wire_write};
    io.ctx = w;
    w->in = text;
    w->in_len = strlen(text);
    w->out_len = 0;
    w->out[0] = 0;
    (void)serve(&clients[who], &io);
    assert_int_equal(w->in_len, 0);
    assert_string_equal(w->out, answer);
}

static const char first[] = "From: Fred <fred@example.org>\r\n"
                            "Subject: Do you like\r\n"
                            "Content-Transfer-Encoding: base64\r\n"
                            "\r\n"
                            "a2V0Y2h1cD8=\r\n";
static const char second[] = "Subject: Yes\r\n"
                             "Content-Transfer-Encoding: x-none\r\n"
                             "\r\n"
                             "I do.\r\n";

#define CAPS "IMAP4rev1 LITERAL+ IDLE UNSELECT ESEARCH BINARY"
#define CLEAR                                                                          \
    "CAPABILITY IMAP4rev1 LITERAL+ SASL-IR STARTTLS IDLE UNSELECT ESEARCH BINARY "     \
    "LOGINDISABLED AUTH=SCRAM-SHA-256"

static void begin_box(void)
{
    memset(&the_box, 0, sizeof the_box);
    the_box.uidnext = 5;
    (void)store_message(&the_box, first, sizeof first - 1);
    (void)store_message(&the_box, second, sizeof second - 1);
}

static void begin(int who, size_t most)
{
    memset(&wires[who], 0, sizeof wires[who]);
    wires[who].most = most;
    assert_int_equal(start(&clients[who], &the_box), MAILPROTO_OK);
    says(who, "", "* OK [" CLEAR "] ready\r\n");
    says(who, "a LOGIN fred ketchup\r\n", "a NO [PRIVACYREQUIRED] Needs TLS\r\n");
    says(who, "a STARTTLS\r\n", "a OK Begin TLS negotiation\r\n");
    says(who, "b LOGIN fred mustard\r\n",
         "b NO [AUTHENTICATIONFAILED] LOGIN failed\r\n");
    says(who, "c LOGIN fred ketchup\r\n",
         "c OK [CAPABILITY " CAPS "] LOGIN completed\r\n");
}

static void logs_in_by_mechanism(void **state)
{
    (void)state;
    begin_box();
    memset(&wires[0], 0, sizeof wires[0]);
    wires[0].most = OUT_MAX;
    assert_int_equal(start(&clients[0], &the_box), MAILPROTO_OK);
    says(0, "", "* OK [" CLEAR "] ready\r\n");
    says(0, "a AUTHENTICATE PLAIN AGZyZWQAa2V0Y2h1cA==\r\n",
         "a NO [PRIVACYREQUIRED] Needs TLS\r\n");
    says(0, "b AUTHENTICATE SCRAM-SHA-256\r\n", "+ \r\n"); /* allowed in the clear */
    says(0, "*\r\n", "b BAD Authentication cancelled\r\n");
    says(0, "c STARTTLS\r\n", "c OK Begin TLS negotiation\r\n");
    says(0, "d AUTHENTICATE PLAIN AGZyZWQAbXVzdGFyZA==\r\n",
         "d NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
    assert_null(clients[0].login.sasl);
    says(0, "e AUTHENTICATE PLAIN\r\n", "+ \r\n");
    says(0, "AGZyZWQAa2V0Y2h1cA==\r\n",
         "e OK [CAPABILITY " CAPS "] AUTHENTICATE completed\r\n");
    assert_null(clients[0].login.sasl);
    assert_int_equal(clients[0].login.user_len, 4);
    assert_memory_equal(clients[0].login.user, "fred", 4);
    says(0, "f LOGOUT\r\n", "* BYE Logging out\r\nf OK LOGOUT completed\r\n");
    mailproto_imap_server_free(clients[0].server);
}

/* Who hangs up amidst of an exchange leaves nothing behind. */
static void leaves_amidst(void **state)
{
    (void)state;
    begin_box();
    memset(&wires[0], 0, sizeof wires[0]);
    wires[0].most = OUT_MAX;
    assert_int_equal(start(&clients[0], &the_box), MAILPROTO_OK);
    says(0, "", "* OK [" CLEAR "] ready\r\n");
    says(0, "a AUTHENTICATE SCRAM-SHA-256\r\n", "+ \r\n");
    assert_non_null(clients[0].login.sasl);
    assert_int_equal(mailproto_session_fail(clients[0].session, MAILPROTO_ERR_IO),
                     MAILPROTO_OK);
    says(0, "", "");
    assert_null(clients[0].login.sasl);
    mailproto_imap_server_free(clients[0].server);
}

#define SELECTED                                                                       \
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"                      \
    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)] Kept\r\n"   \
    "* 2 EXISTS\r\n* 0 RECENT\r\n"                                                     \
    "* OK [UIDVALIDITY 1] UIDs valid\r\n* OK [UIDNEXT 7] Next UID\r\n"

#define ONE_LEFT                                                                       \
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"                      \
    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)] Kept\r\n"   \
    "* 1 EXISTS\r\n* 0 RECENT\r\n"                                                     \
    "* OK [UIDVALIDITY 1] UIDs valid\r\n* OK [UIDNEXT 7] Next UID\r\n"

static void one_client(size_t most)
{
    begin_box();
    begin(0, most);
    says(0, "d LIST \"\" \"\"\r\ne LIST \"\" *\r\nf LIST IN %\r\ng LSUB \"\" inbox\r\n",
         "* LIST (\\Noselect) \"/\" \"\"\r\nd OK LIST completed\r\n"
         "* LIST () \"/\" INBOX\r\ne OK LIST completed\r\n"
         "* LIST () \"/\" INBOX\r\nf OK LIST completed\r\n"
         "* LSUB () \"/\" INBOX\r\ng OK LSUB completed\r\n");
    says(0, "d LIST a/ %\r\ne LIST \"\" &Jjo-\r\nf LIST \"\" &&\r\n",
         "d OK LIST completed\r\ne OK LIST completed\r\nf OK LIST completed\r\n");
    says(0, "d SELECT Drafts\r\n", "d NO [NONEXISTENT] SELECT failed\r\n");
    says(0, "e SELECT inbox\r\n", SELECTED "e OK [READ-WRITE] SELECT completed\r\n");
    says(0, "f FETCH 1:* (FLAGS RFC822.SIZE)\r\n",
         "* 1 FETCH (FLAGS () RFC822.SIZE 104)\r\n"
         "* 2 FETCH (FLAGS () RFC822.SIZE 58)\r\n"
         "f OK FETCH completed\r\n");
    says(0, "g UID FETCH 5 (BINARY[1] BODY[HEADER.FIELDS (SUBJECT)]<9.2>)\r\n",
         "* 1 FETCH (UID 5 FLAGS (\\Seen) BINARY[1] {8}\r\nketchup? "
         "BODY[HEADER.FIELDS (SUBJECT)]<9> {2}\r\nDo)\r\ng OK FETCH completed\r\n");
    says(0, "h UID FETCH 6 (UID BINARY.PEEK[1])\r\n",
         "* 2 FETCH (UID 6)\r\nh NO [UNKNOWN-CTE] FETCH failed\r\n");
    says(0, "i STORE 2 +FLAGS (\\Flagged \\Deleted)\r\n",
         "* 2 FETCH (FLAGS (\\Flagged \\Deleted))\r\ni OK STORE completed\r\n");
    says(0, "j STORE 2 -FLAGS.SILENT (\\Flagged $Junk)\r\n",
         "j OK STORE completed\r\n");
    says(0, "k SEARCH BODY ketchup\r\nl UID SEARCH RETURN (MIN COUNT) SUBJECT Yes\r\n",
         "* SEARCH 1\r\nk OK SEARCH completed\r\n"
         "* ESEARCH (TAG \"l\") UID MIN 6 COUNT 1\r\nl OK SEARCH completed\r\n");
    says(0, "m SEARCH DELETED SEEN\r\n", "* SEARCH\r\nm OK SEARCH completed\r\n");
    says(0, "n NOOP\r\no COPY 1 Sent\r\np XYZ\r\n",
         "n OK NOOP completed\r\no NO COPY failed\r\np BAD Unknown command\r\n");
    says(0, "q EXAMINE INBOX\r\nr STORE 1 FLAGS ()\r\ns FETCH 2 BODY[TEXT]\r\n",
         SELECTED
         "q OK [READ-ONLY] EXAMINE completed\r\nr NO [READ-ONLY] STORE failed\r\n"
         "* 2 FETCH (BODY[TEXT] {7}\r\nI do.\r\n)\r\ns OK FETCH completed\r\n");
    says(0, "t SELECT INBOX\r\nu CLOSE\r\nv EXAMINE INBOX\r\nw FETCH 2 UID\r\n",
         SELECTED
         "t OK [READ-WRITE] SELECT completed\r\nu OK CLOSE completed\r\n" ONE_LEFT
         "v OK [READ-ONLY] EXAMINE completed\r\nw BAD No message with this number\r\n");
    says(0, "x UNSELECT\r\ny LOGOUT\r\n",
         "x OK UNSELECT completed\r\n* BYE Logging out\r\ny OK LOGOUT completed\r\n");
    assert_null(the_box.clients);
    mailproto_imap_server_free(clients[0].server);
}

/* A search that cannot be done finds neither nothing nor everything. */
static void searches_that_fail(void **state)
{
    static char command[2400];
    char word[1601];
    size_t i;
    (void)state;
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = 0;
    begin_box();
    begin(0, OUT_MAX);
    says(0, "d SELECT inbox\r\n", SELECTED "d OK [READ-WRITE] SELECT completed\r\n");
    (void)sprintf(command, "e SEARCH NOT BODY %.800s\r\n", word);
    says(0, command, "* SEARCH 1 2\r\ne OK SEARCH completed\r\n");
    (void)sprintf(command, "f SEARCH NOT BODY %s\r\n", word);
    says(0, command, "f NO [LIMIT] SEARCH failed\r\n");
    (void)sprintf(command, "g SEARCH BODY %s\r\n", word);
    says(0, command, "g NO [LIMIT] SEARCH failed\r\n");
    (void)strcpy(command, "h SEARCH");
    for (i = 0; i < 70; ++i) { /* more than the program has room for */
        (void)strcat(command, " SMALLER 9999");
    }
    (void)strcat(command, "\r\n");
    says(0, command, "h NO [LIMIT] SEARCH failed\r\n");
    the_box.mails[1].data = NULL; /* it cannot be read */
    says(0, "i SEARCH NOT BODY x\r\n", "i NO [SERVERBUG] SEARCH failed\r\n");
    says(0, "j SEARCH RETURN () BODY x\r\n", "j NO [SERVERBUG] SEARCH failed\r\n");
    says(0, "k SEARCH SMALLER 99\r\nl SEARCH 1 BODY up?\r\n",
         "* SEARCH 2\r\nk OK SEARCH completed\r\n* SEARCH 1\r\nl OK SEARCH "
         "completed\r\n");
    the_box.clients = NULL;
    mailproto_imap_server_free(clients[0].server);
}

static void a_session(void **state)
{
    (void)state;
    one_client(OUT_MAX);
    one_client(1);
}

/* ---- two at once --------------------------------------------------------------------------- */

static void two_clients(void **state)
{
    static char deep[16384];
    size_t i;
    size_t len = (size_t)sprintf(deep, "m FETCH 1");
    (void)state;
    begin_box();
    begin(0, 7);
    begin(1, OUT_MAX);
    says(0, "d SELECT INBOX\r\n", SELECTED "d OK [READ-WRITE] SELECT completed\r\n");
    says(1, "d SELECT INBOX\r\n", SELECTED "d OK [READ-WRITE] SELECT completed\r\n");
    says(0, "e IDLE\r\n", "+ idling\r\n");
    /* It is answered at once: the client need not send anything first. */
    says(1, "f APPEND Sent {5}\r\n", "f NO [TRYCREATE] APPEND failed\r\n");
    says(1, "f NOOP\r\n", "f OK NOOP completed\r\n");
    says(1, "g APPEND INBOX (\\Seen) {17+}\r\nSubject: a\r\n\r\nb\r\n\r\n",
         "* 3 EXISTS\r\ng OK APPEND completed\r\n");
    assert_null(clients[1].incoming);
    says(0, "", "* 3 EXISTS\r\n");
    says(0, "DONE\r\n", "e OK IDLE completed\r\n");
    /* Numbers hold still while the other has no command in progress that lets them. */
    says(1, "h STORE 1 +FLAGS.SILENT (\\Deleted)\r\ni EXPUNGE\r\n",
         "h OK STORE completed\r\n* 1 EXPUNGE\r\ni OK EXPUNGE completed\r\n");
    says(0, "", "");
    says(0, "j FETCH 2:3 UID\r\n",
         "* 2 FETCH (UID 6)\r\n* 3 FETCH (UID 7)\r\nj OK FETCH completed\r\n");
    says(0, "k NOOP\r\n", "* 1 EXPUNGE\r\nk OK NOOP completed\r\n");
    /* An answer that comes later than that of the next command. */
    says(0, "l STATUS INBOX (MESSAGES UIDNEXT)\r\nm CAPABILITY\r\nn NOOP\r\n",
         "* CAPABILITY " CAPS "\r\nm OK CAPABILITY completed\r\n");
    assert_int_equal(count_is_known(&the_job, 2), MAILPROTO_OK);
    says(0, "",
         "* STATUS INBOX (MESSAGES 2 UIDNEXT 8)\r\nl OK STATUS completed\r\nn OK NOOP "
         "completed\r\n");
    /* A command that outgrows the block, with memory lent, and without. */
    for (i = 0; i < 5000; ++i) {
        memcpy(deep + len, ",1", 2);
        len += 2;
    }
    memcpy(deep + len, " UID\r\n", 7);
    says(0, deep, "* 1 FETCH (UID 6)\r\nm OK FETCH completed\r\n");
    assert_null(spare_for);
    spare_for = &clients[1];
    says(0, deep, "m BAD [TOOBIG] Command too long\r\n");
    spare_for = NULL;
    mailproto_imap_server_free(clients[0].server);
    mailproto_imap_server_free(clients[1].server);
    the_box.clients = NULL;
    for (i = 2; i < the_box.count; ++i) {
        union {
            const char *from;
            void *to;
        } data;
        data.from = the_box.mails[i].data;
        free(data.to);
    }
}

/* ---- word by word ------------------------------------------------------------------------ */

static void the_page(void **state)
{
    static const char *const names[] = {"tests/unit/imap/test_guide.c"};
    (void)state;
    assert_true(MAILPROTO_IMAP_MATCH_WORK <= MAILPROTO_IMAP_FETCH_WORK); /* `work` */
    assert_in_range(guide_pieces("docs/guide/imap-server.md", names, 1), 20, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_in_by_mechanism), cmocka_unit_test(leaves_amidst),
        cmocka_unit_test(searches_that_fail),   cmocka_unit_test(a_session),
        cmocka_unit_test(two_clients),          cmocka_unit_test(the_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
