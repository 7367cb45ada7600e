/*
 * The typed accessors of SMTP's events: which event carries what, and which does not.
 */
#include "client_driver.h"

#include "smtp/syntax.h"

/* Every type of event that there is, and some that are none. */
static const uint32_t types[] = {
    0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   11,  14,  100, 101,
    102, 103, 104, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 200,
};
enum { TYPES = (int)(sizeof types / sizeof types[0]) };

static mailproto_event event_of(uint32_t type, const void *detail)
{
    mailproto_event ev;
    memset(&ev, 0, sizeof ev);
    ev.type = type;
    ev.detail = detail;
    return ev;
}

static void test_command_events(void **state)
{
    struct mailproto__smtp_command command;
    size_t i;
    (void)state;
    memset(&command, 0, sizeof command);
    command.path.struct_size = sizeof command.path;
    command.path.mailbox = bytes("a@x.example");
    command.path.flags = MAILPROTO_SMTP_PATH_QUOTED;
    command.mail.struct_size = sizeof command.mail;
    command.mail.size = 77;
    command.params = bytes("SIZE=77 X");
    for (i = 0; i < TYPES; i++) {
        mailproto_event ev = event_of(types[i], &command);
        mailproto_smtp_path path;
        mailproto_smtp_mail_params mail;
        mailproto_smtp_param_cursor cursor;
        mailproto_bytes name;
        mailproto_bytes value;
        int is_mail = types[i] == MAILPROTO_EV_SMTP_MAIL;
        int has = is_mail || types[i] == MAILPROTO_EV_SMTP_RCPT;
        memset(&path, 0, sizeof path);
        memset(&mail, 0, sizeof mail);
        path.struct_size = sizeof path;
        mail.struct_size = sizeof mail;
        assert_int_equal(mailproto_smtp_event_path(&ev, &path),
                         has ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(path.mailbox.len, has ? 11 : 0);
        assert_int_equal(path.flags, has ? MAILPROTO_SMTP_PATH_QUOTED : 0);
        assert_int_equal(path.struct_size, sizeof path);
        assert_int_equal(mailproto_smtp_event_mail(&ev, &mail),
                         is_mail ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(mail.size, is_mail ? 77 : 0);
        assert_int_equal(mailproto_smtp_event_params(&ev, &cursor),
                         has ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
        if (has) {
            assert_int_equal(mailproto_smtp_param_next(&cursor, &name, &value),
                             MAILPROTO_OK);
            assert_memory_equal(name.ptr, "SIZE", name.len);
            assert_memory_equal(value.ptr, "77", value.len);
            assert_int_equal(mailproto_smtp_param_next(&cursor, &name, &value),
                             MAILPROTO_OK);
            assert_null(value.ptr);
            assert_int_equal(mailproto_smtp_param_next(&cursor, &name, &value),
                             MAILPROTO_EOF);
        }
    }
}

/* An event without detail (a REJECTED one), and a struct of another release. */
static void test_odd_structs(void **state)
{
    struct mailproto__smtp_command command;
    mailproto_event ev = event_of(MAILPROTO_EV_SMTP_MAIL, NULL);
    mailproto_smtp_path path;
    mailproto_smtp_mail_params mail;
    mailproto_smtp_param_cursor cursor;
    (void)state;
    path.struct_size = sizeof path;
    mail.struct_size = sizeof mail;
    assert_int_equal(mailproto_smtp_event_path(&ev, &path), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_event_mail(&ev, &mail), MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_smtp_event_params(&ev, &cursor), MAILPROTO_ERR_ARGUMENT);
    memset(&command, 0, sizeof command);
    command.path.flags = 1;
    command.path.mailbox = bytes("a@x.example");
    ev.detail = &command;
    memset(&path, 0x5a, sizeof path);
    path.struct_size = 8; /* older: no mailbox */
    assert_int_equal(mailproto_smtp_event_path(&ev, &path), MAILPROTO_OK);
    assert_int_equal(path.flags, 1);
    assert_int_equal(path.mailbox.len & 0xff, 0x5a);
    path.struct_size = 3;
    assert_int_equal(mailproto_smtp_event_path(&ev, &path), MAILPROTO_ERR_ARGUMENT);
    /* No parameters at all. */
    assert_int_equal(mailproto_smtp_event_params(&ev, &cursor), MAILPROTO_OK);
    {
        mailproto_bytes name;
        mailproto_bytes value;
        assert_int_equal(mailproto_smtp_param_next(&cursor, &name, &value),
                         MAILPROTO_EOF);
    }
}

static void test_status_events(void **state)
{
    mailproto_smtp_status status;
    size_t i;
    (void)state;
    memset(&status, 0, sizeof status);
    status.code = 550;
    status.enhanced[0] = 5;
    status.origin = MAILPROTO_ORIGIN_PEER;
    for (i = 0; i < TYPES; i++) {
        mailproto_event ev = event_of(types[i], &status);
        mailproto_smtp_status out;
        int has = types[i] == MAILPROTO_EV_SMTP_GREETING ||
                  types[i] == MAILPROTO_EV_SMTP_REPLY ||
                  types[i] == MAILPROTO_EV_SMTP_FINAL ||
                  types[i] == MAILPROTO_EV_REFUSED ||
                  types[i] == MAILPROTO_EV_AUTH_RESULT;
        memset(&out, 0, sizeof out);
        assert_int_equal(mailproto_smtp_event_status(&ev, &out),
                         has ? MAILPROTO_OK : MAILPROTO_ERR_ARGUMENT);
        assert_int_equal(out.code, has ? 550 : 0);
        assert_int_equal(out.enhanced[0], has ? 5 : 0);
        ev.detail = NULL; /* the server's AUTH_RESULT */
        assert_int_equal(mailproto_smtp_event_status(&ev, &out),
                         MAILPROTO_ERR_ARGUMENT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_events),
        cmocka_unit_test(test_odd_structs),
        cmocka_unit_test(test_status_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
