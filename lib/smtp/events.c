/*
 * What the events of SMTP carry beyond their fields: pure functions of the event. Knows
 * what `detail` points to (the parsed command on the server, a status on the client);
 * must not know any engine.
 */
#include "core/options.h"
#include "core/span.h"
#include "smtp/syntax.h"

/* The command that a MAIL or RCPT event is about, or NULL. */
static const struct mailproto__smtp_command *command_of(const mailproto_event *ev)
{
    if (ev->type != MAILPROTO_EV_SMTP_MAIL && ev->type != MAILPROTO_EV_SMTP_RCPT) {
        return NULL;
    }
    return (const struct mailproto__smtp_command *)ev->detail;
}

mailproto_status mailproto_smtp_event_path(const mailproto_event *ev,
                                           mailproto_smtp_path *out)
{
    const struct mailproto__smtp_command *command = command_of(ev);
    if (command == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__output_copy(out, &command->path, sizeof command->path);
}

mailproto_status mailproto_smtp_event_mail(const mailproto_event *ev,
                                           mailproto_smtp_mail_params *out)
{
    const struct mailproto__smtp_command *command = command_of(ev);
    if (command == NULL || ev->type != MAILPROTO_EV_SMTP_MAIL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    return mailproto__output_copy(out, &command->mail, sizeof command->mail);
}

mailproto_status mailproto_smtp_event_params(const mailproto_event *ev,
                                             mailproto_smtp_param_cursor *out)
{
    const struct mailproto__smtp_command *command = command_of(ev);
    if (command == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    out->at = command->params.ptr;
    out->end = command->params.len > 0 ? command->params.ptr + command->params.len
                                       : command->params.ptr;
    return MAILPROTO_OK;
}

mailproto_status mailproto_smtp_event_status(const mailproto_event *ev,
                                             mailproto_smtp_status *out)
{
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_GREETING:
    case MAILPROTO_EV_SMTP_REPLY:
    case MAILPROTO_EV_SMTP_FINAL:
    case MAILPROTO_EV_REFUSED:
    case MAILPROTO_EV_AUTH_RESULT:
        break;
    default:
        return MAILPROTO_ERR_ARGUMENT;
    }
    if (ev->detail == NULL) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    *out = *(const mailproto_smtp_status *)ev->detail;
    return MAILPROTO_OK;
}
