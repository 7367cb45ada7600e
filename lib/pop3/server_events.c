/*
 * What the server's events of POP3 carry beyond their fields: pure functions of the
 * event. Knows what `detail` points to; must not know any engine.
 */
#include "core/options.h"
#include "pop3/syntax.h"

mailproto_status mailproto_pop3_event_login(const mailproto_event *ev,
                                            mailproto_pop3_login *out)
{
    if (ev->type != MAILPROTO_EV_POP3_LOGIN || ev->detail == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__output_copy(out, ev->detail, sizeof *out);
}

mailproto_status mailproto_pop3_event_top(const mailproto_event *ev, uint64_t *lines)
{
    const struct mailproto__pop3_command *command =
        (const struct mailproto__pop3_command *)ev->detail;
    if (ev->type != MAILPROTO_EV_POP3_RETR || ev->code != MAILPROTO_POP3_VERB_TOP ||
        command == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    *lines = command->lines;
    return MAILPROTO_OK;
}
