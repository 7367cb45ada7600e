/**
 * @file base.h
 * Status codes, byte spans, content sources, version, export.
 *
 * Every public call of the library returns a ::mailproto_status, takes bytes as
 * pointer and length, and keeps no pointer into the caller's memory unless its
 * documentation says so.
 */
#ifndef MAILPROTO_BASE_H
#define MAILPROTO_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MAILPROTO_API
#if defined(_WIN32) && defined(MAILPROTO_SHARED)
#ifdef MAILPROTO_BUILDING
#define MAILPROTO_API __declspec(dllexport)
#else
#define MAILPROTO_API __declspec(dllimport)
#endif
#elif defined(__GNUC__) && defined(MAILPROTO_BUILDING)
#define MAILPROTO_API __attribute__((visibility("default")))
#else
/** Marks a function of the public interface; nothing to do for its users. */
#define MAILPROTO_API
#endif
#endif

/** Major version: changes when a program must be changed. */
#define MAILPROTO_VERSION_MAJOR 0
/** Minor version: changes when something is added. */
#define MAILPROTO_VERSION_MINOR 1
/** Patch version. */
#define MAILPROTO_VERSION_PATCH 0

/**
 * What a call says: 0 done, positive "no error, but not simply done", negative an
 * error. The hundreds tell whose matter it is: -1xx the caller's misuse, -2xx a
 * limit that was configured, -3xx the peer broke the protocol, -4xx the transport,
 * -5xx not possible with this peer (never fatal: the session goes on).
 */
typedef int32_t mailproto_status;

/** The values of a ::mailproto_status. Numbers never change and are never reused. */
enum {
    /** Done. */
    MAILPROTO_OK = 0,
    /** Nothing now, or no room now: the same call succeeds after progress. */
    MAILPROTO_AGAIN = 1,
    /** The orderly end of a session or of a source. */
    MAILPROTO_EOF = 2,
    /** Nothing moves until the application calls a verb or answers a request. */
    MAILPROTO_YOUR_TURN = 3,
    /** Content verbs: no more of it is wanted; end it. */
    MAILPROTO_ENOUGH = 4,
    /** A source has nothing yet; ask again later. */
    MAILPROTO_NOT_READY = 5,

    /** Not a legal call in this state. */
    MAILPROTO_ERR_STATE = -101,
    /** An argument is not allowed (also: CR, LF or NUL inside a command's argument). */
    MAILPROTO_ERR_ARGUMENT = -102,
    /** A struct is longer than this library knows, and its tail is not zero. */
    MAILPROTO_ERR_VERSION = -103,
    /** The request was answered already or is gone; nothing was done. */
    MAILPROTO_ERR_STALE = -104,
    /** The protocol forbids it at this moment; an event says when it is allowed. */
    MAILPROTO_ERR_NOT_NOW = -105,
    /** Left out of this build or this release of the library. */
    MAILPROTO_ERR_NOT_BUILT = -106,

    /** The block is too small, or memory was not to be had. */
    MAILPROTO_ERR_MEMORY = -201,
    /** What a verb was given can never fit the output buffer or the protocol's limit. */
    MAILPROTO_ERR_TOO_LONG = -202,
    /** A received line or reply is longer than the configured limit. */
    MAILPROTO_ERR_LINE_LIMIT = -203,
    /** Received content is larger than the configured limit. */
    MAILPROTO_ERR_CONTENT_LIMIT = -204,
    /** Too many commands of this peer were wrong. */
    MAILPROTO_ERR_BAD_COMMANDS = -205,
    /** More transactions, recipients or outstanding commands than configured. */
    MAILPROTO_ERR_COUNT_LIMIT = -206,

    /** The peer sent what the grammar does not allow. */
    MAILPROTO_ERR_SYNTAX = -301,
    /** Bytes arrived between the agreement on TLS and its start (RFC 3207 4.2). */
    MAILPROTO_ERR_TLS_INJECTION = -302,
    /** A reply to nothing that was asked. */
    MAILPROTO_ERR_UNEXPECTED = -303,
    /** The peer sent before it was its turn (RFC 5321 3.1, RFC 2920 3.1). */
    MAILPROTO_ERR_EARLY_TALKER = -304,
    /** A bare CR or a bare LF inside content that an end mark frames. */
    MAILPROTO_ERR_BARE_LINE_END = -305,
    /** A NUL octet inside content. */
    MAILPROTO_ERR_NUL = -306,
    /** Data of an authentication exchange that is no base64. */
    MAILPROTO_ERR_BASE64 = -307,
    /** The authentication failed: wrong credentials, or a proof that does not hold. */
    MAILPROTO_ERR_AUTH = -308,
    /** The authentication exchange was cancelled (`*`). */
    MAILPROTO_ERR_AUTH_CANCELLED = -309,

    /** The transport failed. */
    MAILPROTO_ERR_IO = -401,
    /** The peer took longer than this wait may last. */
    MAILPROTO_ERR_TIMEOUT = -402,
    /** The connection ended where the protocol does not let it end. */
    MAILPROTO_ERR_EOF = -403,
    /** The TLS handshake failed. */
    MAILPROTO_ERR_TLS = -404,

    /** The peer does not offer the capability that this needs. */
    MAILPROTO_ERR_NOT_OFFERED = -501,
    /** TLS is required here and not to be had. */
    MAILPROTO_ERR_NEEDS_TLS = -502,
    /** More than the peer said it takes (SIZE, LIMITS). */
    MAILPROTO_ERR_LIMIT_OF_PEER = -503,
    /** The peer will not serve this session (its greeting or EHLO reply says so). */
    MAILPROTO_ERR_REFUSED = -504,
    /** An earlier refusal made this command pointless; it was not carried out. */
    MAILPROTO_ERR_CANCELLED = -505,
    /** The authentication backend cannot answer now (4xx to the peer). */
    MAILPROTO_ERR_AUTH_TEMPORARY = -506,
    /** The mechanism is too weak for this user (RFC 4954 6, 534). */
    MAILPROTO_ERR_AUTH_WEAK = -507
};

/** A span of bytes; not terminated. `ptr` may be NULL when `len` is 0. */
typedef struct mailproto_bytes {
    const char *ptr; /**< the first byte */
    size_t len;      /**< how many */
} mailproto_bytes;

/** What went wrong, where. The caller sets `struct_size`. */
typedef struct mailproto_error {
    uint32_t struct_size;  /**< sizeof of the caller's struct; no more is written */
    mailproto_status code; /**< 0: no error so far */
    uint64_t offset;       /**< plaintext bytes consumed since the connection began */
    uint32_t reply_code;   /**< the last reply code seen or sent, or 0 */
    uint32_t reserved;     /**< 0 */
    const char *detail;    /**< static English text, never NULL, never freed */
} mailproto_error;

/**
 * Where bytes come from: one type for the content pump, the composer, the part index.
 *
 * Exactly one of three forms, tried in this order:
 * - `data` not NULL: `size` bytes in memory, no callback, no copy beyond the one
 *   into the output.
 * - `read_at` not NULL: random access, rewindable; `size` is known, or
 *   ::MAILPROTO_SIZE_UNKNOWN.
 * - `read` not NULL: sequential; `size` may be ::MAILPROTO_SIZE_UNKNOWN.
 *
 * Both callbacks answer ::MAILPROTO_OK with `*got` > 0, ::MAILPROTO_EOF,
 * ::MAILPROTO_NOT_READY (nothing yet: whoever asked can be called again from there),
 * or a negative status. OK with 0 bytes is refused with ::MAILPROTO_ERR_ARGUMENT.
 * The struct is only read, so it may be `static const`.
 */
typedef struct mailproto_source {
    uint32_t struct_size; /**< sizeof(mailproto_source) */
    uint32_t reserved;    /**< 0 */
    void *ctx;            /**< handed to the callbacks */
    const void *data;     /**< the bytes, or NULL */
    uint64_t size;        /**< octets in all */
    /** Reads up to `cap` bytes from `offset`, or NULL. */
    mailproto_status (*read_at)(void *ctx, uint64_t offset, void *buf, size_t cap,
                                size_t *got);
    /** Reads the next up to `cap` bytes, or NULL. */
    mailproto_status (*read)(void *ctx, void *buf, size_t cap, size_t *got);
} mailproto_source;

/** Size of a source that is not known beforehand. */
#define MAILPROTO_SIZE_UNKNOWN UINT64_MAX
/** "No limit" for a 32-bit option whose zero means "the default". */
#define MAILPROTO_UNLIMITED UINT32_MAX
/** "No limit" for a 64-bit option whose zero means "the default". */
#define MAILPROTO_UNLIMITED_64 UINT64_MAX

/**
 * The name of a status, "MAILPROTO_ERR_SYNTAX" for example.
 * @return static text; "MAILPROTO_UNKNOWN" for a number that is none
 */
MAILPROTO_API const char *mailproto_error_name(mailproto_status code);

/** The library's version as major * 0x10000 + minor * 0x100 + patch. */
MAILPROTO_API uint32_t mailproto_version(void);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_BASE_H */
