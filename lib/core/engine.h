/*
 * What the public calls of a session (session_*.c) use of the engine (engine.c).
 */
#ifndef MAILPROTO_CORE_ENGINE_H
#define MAILPROTO_CORE_ENGINE_H

#include "core/session.h"

/* Asks the role until there is an event or nothing to do. */
void mailproto__advance(mailproto_session *s);

int mailproto__is_client(const mailproto_session *s);

/* As mailproto__fail(), fatal whatever the code. */
void mailproto__fail_hard(mailproto_session *s, mailproto_status code, uint64_t offset,
                          const char *detail);

/* TLS was agreed and has not started: any byte is an injection, with this text. */
extern const char mailproto__tls_injection[];
int mailproto__tls_pending(const mailproto_session *s);

#endif /* MAILPROTO_CORE_ENGINE_H */
