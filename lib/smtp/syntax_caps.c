/*
 * Capability lines (RFC 5321 4.1.1.1, ehlo-line). Knows the keywords; must not know what
 * is done with them.
 */
#include "smtp/syntax.h"

#include "core/span.h"

struct keyword {
    char name[20];
    uint8_t len;
};

/* In the order of MAILPROTO_SMTP_CAP_... */
#define KEYWORD(name)                                                                  \
    {                                                                                  \
        name, sizeof(name) - 1                                                         \
    }
static const struct keyword keywords[] = {KEYWORD("PIPELINING"),
                                          KEYWORD("SIZE"),
                                          KEYWORD("8BITMIME"),
                                          KEYWORD("SMTPUTF8"),
                                          KEYWORD("ENHANCEDSTATUSCODES"),
                                          KEYWORD("STARTTLS"),
                                          KEYWORD("AUTH"),
                                          KEYWORD("CHUNKING"),
                                          KEYWORD("BINARYMIME"),
                                          KEYWORD("DSN"),
                                          KEYWORD("VRFY"),
                                          KEYWORD("EXPN"),
                                          KEYWORD("HELP"),
                                          KEYWORD("ETRN"),
                                          KEYWORD("DELIVERBY"),
                                          KEYWORD("FUTURERELEASE"),
                                          KEYWORD("MT-PRIORITY"),
                                          KEYWORD("REQUIRETLS"),
                                          KEYWORD("LIMITS"),
                                          KEYWORD("RRVS"),
                                          KEYWORD("BURL"),
                                          KEYWORD("XCLIENT"),
                                          KEYWORD("XFORWARD")};
enum { KEYWORDS = (int)(sizeof keywords / sizeof keywords[0]) };

int mailproto__smtp_cap_parse(mailproto_bytes line, mailproto_bytes *params)
{
    mailproto_bytes rest = line;
    mailproto_bytes word = mailproto__word(&rest);
    int i;
    while (rest.len > 0 &&
           (rest.ptr[rest.len - 1] == ' ' || rest.ptr[rest.len - 1] == '\t')) {
        rest.len--;
    }
    *params = rest;
    for (i = 0; i < KEYWORDS; i++) {
        /* By the whole keyword: SIZEX is not SIZE. */
        if (word.len == keywords[i].len &&
            ((unsigned char)word.ptr[0] | 0x20U) ==
                ((unsigned char)keywords[i].name[0] | 0x20U) &&
            mailproto__equal_nocase(
                word, mailproto__span(keywords[i].name, keywords[i].len))) {
            return i;
        }
    }
    return -1;
}

const char *mailproto__smtp_cap_name(uint32_t cap)
{
    return cap < KEYWORDS ? keywords[cap].name : "";
}
