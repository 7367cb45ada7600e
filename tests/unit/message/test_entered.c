/*
 * Messages in messages: the types that are entered (message/rfc822, RFC 2046 5.2.1;
 * message/global, RFC 6532 3.7; message/news), those that are not, and encoded ones
 * through a reader of their body into a second parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mailproto/message.h>

enum { PARTS = 8 };

static mailproto_part parts[PARTS];

static void index_of(mailproto_index *ix, const mailproto_source *source)
{
    static char work[MAILPROTO_MESSAGE_MEM(4096, 2048, 100) + 4096];
    memset(ix, 0, sizeof *ix);
    ix->struct_size = sizeof *ix;
    ix->capacity = PARTS;
    ix->parts = parts;
    assert_int_equal(mailproto_index_build(ix, source, NULL, work, sizeof work),
                     MAILPROTO_OK);
}

static mailproto_source memory(const char *text)
{
    mailproto_source s = {sizeof s, 0, NULL, text, strlen(text), NULL, NULL};
    return s;
}

static const struct entered {
    const char *type;
    uint16_t media;
    uint32_t count; /* parts of the whole */
} types[] = {
    {"message/rfc822", MAILPROTO_MEDIA_RFC822, 2},
    {"Message/RFC822; x=y", MAILPROTO_MEDIA_RFC822, 2},
    {"message/global", MAILPROTO_MEDIA_GLOBAL, 2},
    {"message/news", MAILPROTO_MEDIA_NEWS, 2},
    {"message/partial", MAILPROTO_MEDIA_MESSAGE, 1},
    {"message/delivery-status", MAILPROTO_MEDIA_DELIVERY_STATUS, 1},
    {"message/global-headers", MAILPROTO_MEDIA_MESSAGE, 1},
};

static void which(void **state)
{
    size_t i;
    (void)state;
    for (i = 0; i < sizeof types / sizeof *types; i++) {
        char message[256];
        mailproto_index ix;
        mailproto_source source;
        snprintf(
            message, sizeof message,
            "Content-Type: %s\r\n\r\nSubject: x\r\nContent-Type: text/html\r\n\r\ny",
            types[i].type);
        source = memory(message);
        index_of(&ix, &source);
        if (ix.count != types[i].count || parts[0].media != types[i].media) {
            fail_msg("%s: %u parts, media %u", types[i].type, (unsigned)ix.count,
                     (unsigned)parts[0].media);
        }
        if (ix.count == 2) {
            assert_int_equal(parts[1].parent, 0);
            assert_int_equal(parts[1].media, MAILPROTO_MEDIA_TEXT_HTML);
            assert_int_equal(parts[1].body_octets, 1);
            assert_int_equal(parts[1].header_offset, parts[0].body_offset);
        }
    }
}

/* RFC 6532 3.7 lets message/global be encoded, RFC 2046 5.2.1 forbids it of
 * message/rfc822: both are leaves, and their bodies are messages. */
static void encoded(void **state)
{
    static const char *const messages[] = {
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        "U3ViamVjdDogeA0KQ29udGVudC1UeXBlOiB0ZXh0L2h0bWwNCg0K\r\neQ==\r\n",
        "Content-Type: message/global\r\nContent-Transfer-Encoding: "
        "quoted-printable\r\n"
        "\r\nSubject: x=0D=0AContent-Type:=20text/html\r\n\r\n=79"};
    size_t i;
    (void)state;
    for (i = 0; i < sizeof messages / sizeof *messages; i++) {
        mailproto_source source = memory(messages[i]);
        mailproto_index ix;
        mailproto_body body;
        mailproto_source inner = {
            sizeof inner,       0, &body, NULL, MAILPROTO_SIZE_UNKNOWN, NULL,
            mailproto_body_read};
        mailproto_part part;
        index_of(&ix, &source);
        assert_int_equal(ix.count, 1);
        assert_true((parts[0].flags & MAILPROTO_MESSAGE_OPAQUE) != 0);
        part = parts[0];
        assert_int_equal(mailproto_body_open(&body, &source, &part, 0, NULL, 0),
                         MAILPROTO_OK);
        index_of(&ix, &inner);
        assert_int_equal(ix.count, 1);
        assert_int_equal(parts[0].media, MAILPROTO_MEDIA_TEXT_HTML);
        assert_true(parts[0].body_octets >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(which),
                                       cmocka_unit_test(encoded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
