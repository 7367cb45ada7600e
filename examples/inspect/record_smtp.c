/* What SMTP's events say besides: see record.h. */
#include "record.h"

#include "names.h"

json_t *record_smtp_status(const mailproto_smtp_status *s)
{
    const char *origin = word_of(origin_words, s->origin);
    json_t *object =
        json_pack("{s:i, s:[iii], s:s}", "code", s->code, "enhanced", s->enhanced[0],
                  s->enhanced[1], s->enhanced[2], "origin", origin ? origin : "?");
    if (s->local != 0) {
        json_object_set_new(object, "local",
                            json_string(mailproto_error_name(s->local)));
    }
    return object;
}

static void add_params(json_t *object, const mailproto_event *ev)
{
    mailproto_smtp_param_cursor cursor;
    mailproto_bytes name, value;
    if (mailproto_smtp_event_params(ev, &cursor) != MAILPROTO_OK) {
        return;
    }
    json_t *list = json_array();
    while (mailproto_smtp_param_next(&cursor, &name, &value) == MAILPROTO_OK) {
        json_t *param = json_object();
        record_bytes(param, "name", name);
        if (value.ptr != NULL) {
            record_bytes(param, "value", value);
        }
        json_array_append_new(list, param);
    }
    json_object_set_new(object, "params", list);
}

static void add_path(json_t *object, const mailproto_event *ev)
{
    mailproto_smtp_path path = {0};
    path.struct_size = sizeof path;
    if (mailproto_smtp_event_path(ev, &path) != MAILPROTO_OK) {
        return;
    }
    json_t *p = json_object();
    record_bytes(p, "mailbox", path.mailbox);
    record_bytes(p, "local", path.local);
    record_bytes(p, "domain", path.domain);
    json_object_set_new(p, "flags", record_flags(path_words, path.flags));
    json_object_set_new(object, "path", p);
}

/* The parameters of MAIL that the library understands. */
static void add_mail(json_t *object, const mailproto_event *ev)
{
    mailproto_smtp_mail_params m = {0};
    m.struct_size = sizeof m;
    if (mailproto_smtp_event_mail(ev, &m) != MAILPROTO_OK) {
        return;
    }
    json_t *mail = json_object();
    if ((m.flags & MAILPROTO_SMTP_MAIL_HAS_SIZE) != 0) {
        json_object_set_new(mail, "size", json_integer((json_int_t)m.size));
    }
    const char *body = word_of(body_words, m.body);
    if (body != NULL) {
        json_object_set_new(mail, "body", json_string(body));
    }
    if ((m.flags & MAILPROTO_SMTP_MAIL_HAS_AUTH) != 0) {
        record_bytes(mail, "auth", m.auth);
    }
    json_object_set_new(mail, "smtputf8",
                        json_boolean(m.flags & MAILPROTO_SMTP_MAIL_SMTPUTF8));
    json_object_set_new(object, "mail", mail);
}

static void add_verb(json_t *object, uint64_t verb)
{
    const char *name = word_of(smtp_verb_words, verb);
    if (name != NULL) {
        json_object_set_new(object, "verb", json_string(name));
    }
}

void record_smtp_details(json_t *object, const mailproto_event *ev)
{
    mailproto_smtp_status status = {0};
    switch (ev->type) {
    case MAILPROTO_EV_SMTP_MAIL:
        add_path(object, ev);
        add_mail(object, ev);
        add_params(object, ev);
        break;
    case MAILPROTO_EV_SMTP_RCPT:
        add_path(object, ev);
        add_params(object, ev);
        break;
    case MAILPROTO_EV_SMTP_HELO:
        add_verb(object, ev->code);
        break;
    case MAILPROTO_EV_SMTP_COMMAND:
        add_verb(object, ev->flags & MAILPROTO_EVF_REJECTED ? ev->number : ev->code);
        break;
    case MAILPROTO_EV_SMTP_GREETING:
    case MAILPROTO_EV_SMTP_REPLY:
    case MAILPROTO_EV_SMTP_FINAL:
    case MAILPROTO_EV_REFUSED:
    case MAILPROTO_EV_AUTH_RESULT:
        if (mailproto_smtp_event_status(ev, &status) == MAILPROTO_OK) {
            json_object_set_new(object, "status", record_smtp_status(&status));
        }
        break;
    default:
        break;
    }
}
