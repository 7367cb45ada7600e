/* What IMAP's events say besides: see record.h. */
#include "imap_command.h"
#include "record.h"

#include <mailproto/imap_server.h>

void record_imap_details(json_t *object, const mailproto_event *ev)
{
    mailproto_imap_command c = {.struct_size = sizeof c};
    const char *reply;
    switch (ev->type) {
    case MAILPROTO_EV_IMAP_COMMAND:
    case MAILPROTO_EV_IMAP_LITERAL:
        if (mailproto_imap_event_command(ev, &c) == MAILPROTO_OK) {
            json_object_set_new(object, "command", imap_command_name(&c));
            json_object_set_new(object, "args", imap_command_args(&c));
        }
        break;
    case MAILPROTO_EV_IMAP_REJECTED:
        reply = word_of(imap_reply_words, ev->code);
        if (reply != NULL) {
            json_object_set_new(object, "reply", json_string(reply));
        }
        break;
    default:
        break;
    }
}
