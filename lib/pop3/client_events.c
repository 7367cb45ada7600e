/*
 * What the client's events of POP3 carry beyond their fields: a pure function of the
 * event. Knows that `detail` points to a status; must not know the engine.
 */
#include <mailproto/pop3.h>

#include "core/options.h"

mailproto_status mailproto_pop3_event_status(const mailproto_event *ev,
                                             mailproto_pop3_status *out)
{
    switch (ev->type) {
    case MAILPROTO_EV_POP3_GREETING:
    case MAILPROTO_EV_POP3_REPLY:
    case MAILPROTO_EV_POP3_COMMIT:
    case MAILPROTO_EV_REFUSED:
    case MAILPROTO_EV_AUTH_RESULT:
        break;
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (ev->detail == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__output_copy(out, ev->detail, sizeof *out);
}
