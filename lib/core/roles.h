/*
 * The one place where core knows the roles: by name only. A role's work is reached by a
 * switch and not by function pointers, so that the stack bound sees through every call
 * (the calls are weak where the object format can do so: a program that links the
 * static library carries only the roles whose X_init it uses).
 */
#ifndef MAILPROTO_CORE_ROLES_H
#define MAILPROTO_CORE_ROLES_H

#include <mailproto/session.h>

enum mailproto__role {
    MAILPROTO__SMTP_CLIENT = 1,
    MAILPROTO__SMTP_SERVER,
    MAILPROTO__POP3_CLIENT,
    MAILPROTO__POP3_SERVER,
    MAILPROTO__IMAP_CLIENT,
    MAILPROTO__IMAP_SERVER
};

/* What a role is told by X_signal(). */
enum mailproto__signal {
    MAILPROTO__CONTENT_END,   /* content_end(): OK, AGAIN, or an error */
    MAILPROTO__CONTENT_ABORT, /* content_abort() */
    MAILPROTO__TLS_STARTED,   /* forget what was learnt, go on inside */
    MAILPROTO__TIMED_OUT,     /* the current wait is over */
    MAILPROTO__EARLY          /* input came although a flush reply is still unsent, or
                                 before the greeting; for servers */
};

/* A call of one of the authentication verbs. */
enum mailproto__auth_op {
    MAILPROTO__AUTH_START,
    MAILPROTO__AUTH_DATA,
    MAILPROTO__AUTH_FINISH,
    MAILPROTO__AUTH_ABORT
};
struct mailproto__auth_call {
    enum mailproto__auth_op op;
    uint32_t tag; /* START: tag; FINISH: request */
    mailproto_bytes mechanism;
    const void *data; /* NULL: no initial response */
    size_t len, total;
    mailproto_status outcome;
};

/* The four functions of a role:
 *   X_step     takes input, sets at most one event (session.h tells the contract)
 *   X_content  mailproto_session_content()
 *   X_signal   see above
 *   X_auth     mailproto_session_auth_...() */
#if defined(__GNUC__) && defined(__ELF__)
#define MAILPROTO__WEAK __attribute__((weak))
#else
#define MAILPROTO__WEAK
#endif
#define MAILPROTO__ROLE_FUNCTIONS(role, weak)                                          \
    weak mailproto_status mailproto__##role##_step(mailproto_session *s);              \
    weak mailproto_status mailproto__##role##_content(                                 \
        mailproto_session *s, const void *data, size_t len, size_t *consumed);         \
    weak mailproto_status mailproto__##role##_signal(mailproto_session *s,             \
                                                     enum mailproto__signal what);     \
    weak mailproto_status mailproto__##role##_auth(                                    \
        mailproto_session *s, const struct mailproto__auth_call *call)

#endif /* MAILPROTO_CORE_ROLES_H */
