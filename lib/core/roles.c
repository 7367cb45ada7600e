/*
 * From the base to the role of a session, by a switch. Knows the roles' names only.
 */
#include "core/dispatch.h"

#if !defined(MAILPROTO_NO_SMTP_CLIENT)
MAILPROTO__ROLE_FUNCTIONS(smtp_client, MAILPROTO__WEAK);
#endif
#if !defined(MAILPROTO_NO_SMTP_SERVER)
MAILPROTO__ROLE_FUNCTIONS(smtp_server, MAILPROTO__WEAK);
#endif
#if !defined(MAILPROTO_NO_POP3_CLIENT)
MAILPROTO__ROLE_FUNCTIONS(pop3_client, MAILPROTO__WEAK);
#endif
#if !defined(MAILPROTO_NO_POP3_SERVER)
MAILPROTO__ROLE_FUNCTIONS(pop3_server, MAILPROTO__WEAK);
#endif

#if !defined(MAILPROTO_NO_IMAP_SERVER)
MAILPROTO__ROLE_FUNCTIONS(imap_server, MAILPROTO__WEAK);
#endif

/* A row for each role that is in this build; IMAP's client joins here. */
#if !defined(MAILPROTO_NO_SMTP_CLIENT)
#define SMTP_CLIENT(call)                                                              \
    case MAILPROTO__SMTP_CLIENT:                                                       \
        return mailproto__smtp_client_##call;
#else
#define SMTP_CLIENT(call)
#endif
#if !defined(MAILPROTO_NO_SMTP_SERVER)
#define SMTP_SERVER(call)                                                              \
    case MAILPROTO__SMTP_SERVER:                                                       \
        return mailproto__smtp_server_##call;
#else
#define SMTP_SERVER(call)
#endif
#if !defined(MAILPROTO_NO_POP3_CLIENT)
#define POP3_CLIENT(call)                                                              \
    case MAILPROTO__POP3_CLIENT:                                                       \
        return mailproto__pop3_client_##call;
#else
#define POP3_CLIENT(call)
#endif
#if !defined(MAILPROTO_NO_POP3_SERVER)
#define POP3_SERVER(call)                                                              \
    case MAILPROTO__POP3_SERVER:                                                       \
        return mailproto__pop3_server_##call;
#else
#define POP3_SERVER(call)
#endif
#if !defined(MAILPROTO_NO_IMAP_SERVER)
#define IMAP_SERVER(call)                                                              \
    case MAILPROTO__IMAP_SERVER:                                                       \
        return mailproto__imap_server_##call;
#else
#define IMAP_SERVER(call)
#endif
/* Arguments are unused in a build without roles. */
#define TO_ROLE(s, call)                                                               \
    switch ((s)->role) {                                                               \
        SMTP_CLIENT(call)                                                              \
        SMTP_SERVER(call)                                                              \
        POP3_CLIENT(call)                                                              \
        POP3_SERVER(call)                                                              \
        IMAP_SERVER(call)                                                              \
    default:                                                                           \
        return MAILPROTO_ERR_NOT_BUILT;                                                \
    }

mailproto_status mailproto__role_step(mailproto_session *s){TO_ROLE(s, step(s))}

mailproto_status mailproto__role_content(mailproto_session *s, const void *data,
                                         size_t len, size_t *consumed)
{
    (void)data;
    (void)len;
    (void)consumed;
    TO_ROLE(s, content(s, data, len, consumed))
}

mailproto_status mailproto__role_signal(mailproto_session *s,
                                        enum mailproto__signal what)
{
    (void)what;
    TO_ROLE(s, signal(s, what))
}

mailproto_status mailproto__role_auth(mailproto_session *s,
                                      const struct mailproto__auth_call *call)
{
    (void)call;
    TO_ROLE(s, auth(s, call))
}
