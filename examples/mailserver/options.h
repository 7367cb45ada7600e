/*
 * The command line, as settings. Knows texts and numbers; what they mean is for the parts
 * that use them.
 */
#ifndef MAILSERVER_OPTIONS_H
#define MAILSERVER_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Texts given by an option that may be repeated. */
struct text_list {
    const char *items[64];
    size_t count;
};

/* TLS towards the next server. */
enum relay_tls {
    RELAY_TLS_IF_OFFERED, /* STARTTLS where offered, any certificate (RFC 7435) */
    RELAY_TLS_REQUIRED,   /* STARTTLS, with a certificate that holds */
    RELAY_TLS_NONE
};

struct options {
    const char *name; /* this host, in greetings and trace fields */
    struct text_list listen;
    struct text_list pop3;  /* where to listen for POP3 ... */
    struct text_list pop3s; /* ... and for POP3 with TLS from the first byte */
    struct text_list imap;  /* the same for IMAP */
    struct text_list imaps;
    struct text_list local_domains;
    struct text_list mailboxes; /* the only ones there are, when there is one */
    struct text_list routes;    /* DOMAIN=HOST:PORT */
    struct text_list networks;  /* CIDR: may relay */
    const char *maildir_root;   /* NULL: nothing is delivered here */
    const char *queue;
    const char *users; /* file of name:password, or NULL: no AUTH */
    int users_only;    /* only the users of that file have mailboxes */
    int auth_in_clear;
    int apop;                     /* POP3 offers APOP */
    const char *mechanisms;       /* of AUTH, or NULL: the default */
    const char *clear_mechanisms; /* of these without TLS too; NULL: none */
    const char *client_ca;        /* PEM: whose certificates of clients hold; or NULL */
    struct text_list aliases;     /* this host's other names */
    const char *cert;             /* PEM, or NULL: no STARTTLS */
    const char *key;
    enum relay_tls relay_tls;
    const char *ca_file;      /* whom to believe as a relay; NULL: the system's list */
    uint64_t max_size;        /* octets of a message */
    uint32_t max_connections; /* at a time */
    uint32_t max_messages;    /* of a mailbox that POP3 shows */
    uint32_t timeout_ms;      /* of each wait for a peer; 0: as RFC 5321 4.5.3.2 */
    int64_t retry_min;        /* seconds; doubled with each attempt ... */
    int64_t retry_max;        /* ... up to this */
    int64_t give_up;          /* seconds after which a message comes back */
    int verbose;
};

/* Reads the command line. 0; or -1, after saying on standard error what is wrong. Texts
   stay where they are. */
int options_read(struct options *options, int argc, char **argv);

#endif /* MAILSERVER_OPTIONS_H */
