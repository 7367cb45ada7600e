/*
 * The base's calls into the role of a session; roles.c carries them out.
 */
#ifndef MAILPROTO_CORE_DISPATCH_H
#define MAILPROTO_CORE_DISPATCH_H

#include "core/roles.h"
#include "core/session.h"

mailproto_status mailproto__role_step(mailproto_session *s);
mailproto_status mailproto__role_content(mailproto_session *s, const void *data,
                                         size_t len, size_t *consumed);
mailproto_status mailproto__role_signal(mailproto_session *s,
                                        enum mailproto__signal what);
mailproto_status mailproto__role_auth(mailproto_session *s,
                                      const struct mailproto__auth_call *call);

#endif /* MAILPROTO_CORE_DISPATCH_H */
