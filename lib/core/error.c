/*
 * Names of status codes, and the version. One list holds all codes.
 */
#include <mailproto/base.h>

#define STATUS_CODES(X)                                                                \
    X(OK)                                                                              \
    X(AGAIN)                                                                           \
    X(EOF)                                                                             \
    X(YOUR_TURN)                                                                       \
    X(ENOUGH)                                                                          \
    X(NOT_READY)                                                                       \
    X(ERR_STATE)                                                                       \
    X(ERR_ARGUMENT)                                                                    \
    X(ERR_VERSION)                                                                     \
    X(ERR_STALE)                                                                       \
    X(ERR_NOT_NOW)                                                                     \
    X(ERR_NOT_BUILT)                                                                   \
    X(ERR_MEMORY)                                                                      \
    X(ERR_TOO_LONG)                                                                    \
    X(ERR_LINE_LIMIT)                                                                  \
    X(ERR_CONTENT_LIMIT)                                                               \
    X(ERR_BAD_COMMANDS)                                                                \
    X(ERR_COUNT_LIMIT)                                                                 \
    X(ERR_SYNTAX)                                                                      \
    X(ERR_TLS_INJECTION)                                                               \
    X(ERR_UNEXPECTED)                                                                  \
    X(ERR_EARLY_TALKER)                                                                \
    X(ERR_BARE_LINE_END)                                                               \
    X(ERR_NUL)                                                                         \
    X(ERR_BASE64)                                                                      \
    X(ERR_AUTH)                                                                        \
    X(ERR_AUTH_CANCELLED)                                                              \
    X(ERR_IO)                                                                          \
    X(ERR_TIMEOUT)                                                                     \
    X(ERR_EOF)                                                                         \
    X(ERR_TLS)                                                                         \
    X(ERR_NOT_OFFERED)                                                                 \
    X(ERR_NEEDS_TLS)                                                                   \
    X(ERR_LIMIT_OF_PEER)                                                               \
    X(ERR_REFUSED)                                                                     \
    X(ERR_CANCELLED)                                                                   \
    X(ERR_AUTH_TEMPORARY)                                                              \
    X(ERR_AUTH_WEAK)

const char *mailproto_error_name(mailproto_status code)
{
    switch (code) {
#define NAME(code)                                                                     \
    case MAILPROTO_##code:                                                             \
        return "MAILPROTO_" #code;
        STATUS_CODES(NAME)
#undef NAME
    default:
        return "MAILPROTO_UNKNOWN";
    }
}

uint32_t mailproto_version(void)
{
    return (uint32_t)MAILPROTO_VERSION_MAJOR << 16 |
           (uint32_t)MAILPROTO_VERSION_MINOR << 8 | (uint32_t)MAILPROTO_VERSION_PATCH;
}
