/**
 * @file sasl.h
 * SASL mechanisms (RFC 4422), both roles, as small values of their own; the driver that
 * joins one to any session; the choice among what a server offers.
 *
 * | name | RFC | what it needs |
 * |---|---|---|
 * | EXTERNAL | 4422 A | a client certificate, or the like |
 * | SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS | 7677, 5802 | as below, and a binding |
 * | SCRAM-SHA-256, SCRAM-SHA-1 | 7677, 5802 | name, password, nonce |
 * | OAUTHBEARER, XOAUTH2 | 7628, de facto | name, token |
 * | CRAM-MD5 | 2195 | name, password |
 * | PLAIN, LOGIN | 4616, de facto | name, password, and TLS |
 * | ANONYMOUS | 4505 | nothing, or a trace |
 *
 * DIGEST-MD5 is historic (RFC 6331) and left out. Others (GSSAPI, NTLM) may be brought
 * by the caller as a table of functions, mailproto_sasl_mechanism.
 *
 * Nothing here makes random numbers, knows users or keeps a password: nonces, channel
 * bindings and credentials are the caller's. A client, PLAIN, LOGIN and CRAM-MD5:
 * @code
 * mailproto_sasl_options o = {.struct_size = sizeof o};
 * o.mechanism = bytes("PLAIN"); o.name = bytes("alice"); o.password = bytes("secret");
 * mailproto_sasl_init(mem, sizeof mem, &o, &sasl);
 * mailproto_sasl_start(sasl, session, 7);
 * // then every event of the session:
 * st = mailproto_sasl_drive(sasl, session, &ev);
 * // AGAIN: it is still computing, call mailproto_sasl_drive(sasl, session, NULL);
 * // MAILPROTO_EOF at MAILPROTO_EV_AUTH_RESULT: over; ev.number says how
 * @endcode
 *
 * SCRAM besides needs random octets, and for -PLUS the binding of the TLS connection:
 * @code
 * o.mechanism = bytes("SCRAM-SHA-256-PLUS");
 * o.nonce = random_octets(24);
 * mailproto_tls_info tls = {.struct_size = sizeof tls};
 * if (mailproto_session_tls_info(session, &tls) == MAILPROTO_OK) {
 *     o.binding_type = tls.binding_type; o.binding = tls.binding;
 * }
 * @endcode
 * Whether one without -PLUS gets it too depends on what the server offers:
 * mailproto_sasl_choice.give_binding.
 *
 * OAUTHBEARER and XOAUTH2 take the access token, of any length, as the password:
 * @code
 * o.mechanism = bytes("OAUTHBEARER"); o.name = bytes("alice@example.com");
 * o.password = token; o.host = bytes("imap.example.com"); o.port = 993;
 * @endcode
 *
 * EXTERNAL and ANONYMOUS need no secret:
 * @code
 * o.mechanism = bytes("EXTERNAL"); o.authzid = bytes("");       // or whom to act as
 * o.mechanism = bytes("ANONYMOUS"); o.name = bytes("trace");     // or nothing
 * @endcode
 *
 * Which one, when the server offers many:
 * @code
 * mailproto_sasl_choice c = {.struct_size = sizeof c};
 * c.flags = MAILPROTO_SASL_HAVE_PASSWORD;
 * mailproto_sasl_offers(&c, session);
 * while (mailproto_sasl_choose(&c, &o.mechanism) == MAILPROTO_OK) {
 *     o.custom = c.chosen;                     // one of c.custom, if you have any
 *     if (c.give_binding == 1) { ... }         // o.binding as above, else none
 *     if (c.give_binding == 2) { ... }         // the connection's other binding
 *     ...
 * }
 * @endcode
 *
 * A server: at ::MAILPROTO_EV_AUTH_START init with role SERVER and `mechanism` =
 * ev.text, then give every event to mailproto_sasl_drive(). When it says YOUR_TURN, ask
 * mailproto_sasl_need() what to look up, answer, now or later, and call
 * mailproto_sasl_drive() with a NULL event. If init fails, the client is refused as
 * soon as it waits for an answer, and may try something else:
 * @code
 * if (sasl == NULL && (ev.flags & MAILPROTO_EVF_NEEDS_REPLY) &&
 *     (ev.type == MAILPROTO_EV_AUTH_START || ev.type == MAILPROTO_EV_AUTH_DATA)) {
 *     mailproto_session_auth_finish(session, ev.tag, MAILPROTO_ERR_AUTH_TEMPORARY);
 * }
 * @endcode
 * And so it begins, and answers:
 * @code
 * mailproto_sasl_options o = {.struct_size = sizeof o,
 *                             .role = MAILPROTO_SASL_SERVER};
 * o.mechanism = ev.text; o.nonce = random_octets(24);
 * o.salt_key = secret_of_this_server;
 * o.iterations = 10000;                       // as your users have, for unknown ones
 * ...
 * mailproto_sasl_need_info i = {.struct_size = sizeof i};
 * mailproto_sasl_need(sasl, &i);
 * switch (i.need) {
 * case MAILPROTO_SASL_NEED_VERIFY:                              // PLAIN, LOGIN
 *     mailproto_sasl_answer(sasl, check(i.name, i.password, i.authzid), NULL, 0);
 *     break;
 * case MAILPROTO_SASL_NEED_SCRAM:                               // SCRAM-...
 *     // may i.name act as i.authzid? If not: MAILPROTO_ERR_AUTH
 *     if (find_keys(i.name, i.authzid, &k)) mailproto_sasl_answer_scram(sasl, &k);
 *     else mailproto_sasl_answer(sasl, MAILPROTO_ERR_AUTH, NULL, 0);
 *     break;
 * case MAILPROTO_SASL_NEED_TOKEN:                               // OAUTHBEARER, XOAUTH2
 *     mailproto_sasl_answer(sasl, introspect(i.token, i.name), NULL, 0);
 *     break;
 * default:                                                      // also what is new
 *     mailproto_sasl_answer(sasl, MAILPROTO_ERR_AUTH, NULL, 0);
 * }
 * @endcode
 */
#ifndef MAILPROTO_SASL_H
#define MAILPROTO_SASL_H

#include <mailproto/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One exchange of one mechanism. */
typedef struct mailproto_sasl mailproto_sasl;

/** Roles. */
enum {
    MAILPROTO_SASL_CLIENT = 0, /**< proves an identity */
    MAILPROTO_SASL_SERVER = 1, /**< checks it */
    /** Makes what a server stores of a password, SCRAM only; no messages: see
     *  mailproto_sasl_enrolled(). */
    MAILPROTO_SASL_ENROL = 2
};

/** What a step of a mechanism has led to. */
enum {
    MAILPROTO_SASL_CONTINUE = 1, /**< `response` octets are to be sent, then the peer's
                                      next message is awaited */
    MAILPROTO_SASL_DONE = 2,     /**< ended well for this side, nothing more to send */
    MAILPROTO_SASL_DONE_WITH_DATA = 3, /**< ended well, `response` octets are to be sent
                                      with the success (server) */
    MAILPROTO_SASL_NEEDS = 4,          /**< the application must answer `need` */
    MAILPROTO_SASL_WORKING = 5,        /**< more to compute: step again */
    MAILPROTO_SASL_FAILED = 6,         /**< `error` says why */
    MAILPROTO_SASL_WAIT = 7 /**< the peer's message is awaited, nothing to send */
};

/**
 * What a server's mechanism needs from the application, answered with
 * mailproto_sasl_answer(). Verdicts: OK, ::MAILPROTO_ERR_AUTH (also: no such user, may
 * not act as `authzid`), ::MAILPROTO_ERR_AUTH_TEMPORARY, ::MAILPROTO_ERR_AUTH_WEAK,
 * ::MAILPROTO_ERR_NEEDS_TLS. Answer a need you do not know with ::MAILPROTO_ERR_AUTH.
 */
enum {
    /** PLAIN, LOGIN: are `name` and `password` right, may it act as `authzid`? */
    MAILPROTO_SASL_NEED_VERIFY = 1,
    /** CRAM-MD5: the password of `name`, as data. ERR_AUTH takes as long as OK. */
    MAILPROTO_SASL_NEED_PASSWORD = 2,
    /** SCRAM: the stored keys of `name`, by mailproto_sasl_answer_scram(), or its
     *  password as data (the salt is then made of `salt_key` and the name). ERR_AUTH:
     *  the exchange goes on with a believable salt and fails at its end; with a store
     *  of passwords give any text as data then: it takes as long as for a user. */
    MAILPROTO_SASL_NEED_SCRAM = 3,
    /** OAUTHBEARER, XOAUTH2: is `token` good for `name`? With ERR_AUTH the data may be
     *  the error as JSON (RFC 7628 3.2.2); else options.oauth_error is sent. */
    MAILPROTO_SASL_NEED_TOKEN = 4,
    /** EXTERNAL: whom did the layer below authenticate (certificate), and may it act as
     *  `authzid` (empty: as itself)? There is no name and no password here. */
    MAILPROTO_SASL_NEED_EXTERNAL = 5,
    /** ANONYMOUS: are guests welcome? `trace` may go to the log; it proves nothing. */
    MAILPROTO_SASL_NEED_ANONYMOUS = 6,
    /** Numbers from here on are a caller's mechanism's own. */
    MAILPROTO_SASL_NEED_CUSTOM = 1000
};

/** What is needed: spans live until the answer. The caller sets `struct_size`. */
typedef struct mailproto_sasl_need_info {
    uint32_t struct_size;     /**< sizeof of the caller's struct */
    uint32_t need;            /**< MAILPROTO_SASL_NEED_... */
    mailproto_bytes name;     /**< the authentication identity, prepared */
    mailproto_bytes authzid;  /**< whom to act as, prepared; empty: the same */
    mailproto_bytes password; /**< NEED_VERIFY: what the client sent, prepared */
    mailproto_bytes token;    /**< NEED_TOKEN: the access token, as sent */
    mailproto_bytes trace;    /**< NEED_ANONYMOUS: what the client says of itself */
    mailproto_bytes host; /**< NEED_TOKEN: the host it meant to reach, or empty. Must
                                   be one of yours if given (RFC 7628 3.2) */
    uint32_t port;        /**< NEED_TOKEN: the port it meant to reach, or 0 */
    uint32_t reserved;    /**< 0 */
} mailproto_sasl_need_info;

/** What a server stores of a user's password for SCRAM (RFC 5802 3): no password can be
 *  read from it, and a server that has it proves that it is no impostor. */
typedef struct mailproto_sasl_scram {
    uint32_t struct_size;       /**< sizeof of the caller's struct */
    uint32_t iterations;        /**< of the hash; 1 at least */
    mailproto_bytes salt;       /**< the user's salt, decoded; 1 octet at least */
    mailproto_bytes stored_key; /**< 20 octets (SHA-1) or 32 (SHA-256) */
    mailproto_bytes server_key; /**< the same length */
} mailproto_sasl_scram;

/** The state of a step. */
typedef struct mailproto_sasl_state {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t state;       /**< MAILPROTO_SASL_CONTINUE ... */
    uint64_t response;    /**< octets of the message to send, when there is one */
    mailproto_status
        error;         /**< FAILED: ::MAILPROTO_ERR_AUTH, ::MAILPROTO_ERR_SYNTAX, ...*/
    uint32_t reserved; /**< 0 */
} mailproto_sasl_state;

/** Flags of a mechanism. */
enum {
    MAILPROTO_SASL_CLIENT_FIRST = 1, /**< the client speaks first (initial response) */
    MAILPROTO_SASL_PLAINTEXT = 2,    /**< the password or token goes over the wire */
    MAILPROTO_SASL_PLUS = 4,         /**< it needs a channel binding */
    MAILPROTO_SASL_BUILT_IN = 8,     /**< set for every built-in mechanism */
    MAILPROTO_SASL_PASSWORD = 16,    /**< it is made of the user's password */
    MAILPROTO_SASL_AUTHZID = 32,     /**< it can carry an authzid */
    /** Who listens, or answers in the server's place, can try guesses of the password
     *  on what it shows, with nothing that makes a guess dear: CRAM-MD5, NTLM. */
    MAILPROTO_SASL_GUESSABLE = 64
};

typedef struct mailproto_sasl_options mailproto_sasl_options;

/**
 * A mechanism of the caller's own. `mem` is its state, of `mem_size` octets, aligned as
 * malloc aligns, zeroed before start and wiped at the end. No function may keep the
 * spans it is given beyond the call.
 */
typedef struct mailproto_sasl_mechanism {
    /** sizeof(mailproto_sasl_mechanism); it may end before `end`: there is none then. */
    uint32_t struct_size;
    uint32_t flags;   /**< MAILPROTO_SASL_CLIENT_FIRST ... */
    const char *name; /**< as in the registry, upper case, terminated */
    size_t mem_size;  /**< octets of state */
    /** Begins; `options` stays valid. OK, or a negative status (refused). */
    mailproto_status (*start)(void *mem, const mailproto_sasl_options *options);
    /** A piece of the peer's message; `last` 0: more of it follows. OK or negative. */
    mailproto_status (*input)(void *mem, const void *data, size_t len, int last);
    /** Advances; fills all of `state`. Called after start, after a whole message, after
     *  an answer, and again while WORKING. A server whose client speaks first answers
     *  the first call with CONTINUE and an empty response, when no message came. */
    void (*step)(void *mem, mailproto_sasl_state *state);
    /** Writes the octets of the present response from `offset` on, up to `cap`. OK. */
    mailproto_status (*output)(void *mem, uint64_t offset, void *buf, size_t cap,
                               size_t *got);
    /** NEEDS: what; may be NULL when it never needs. */
    void (*need)(void *mem, mailproto_sasl_need_info *info);
    /** NEEDS: the answer. */
    mailproto_status (*answer)(void *mem, mailproto_status verdict, const void *data,
                               size_t len);
    /** Client: the server reported success; OK if that is proven (RFC 4422 5). NULL: it
     *  is once `step` has said DONE. */
    mailproto_status (*proven)(void *mem);
    /** Releases what `mem` points to (a GSSAPI context); NULL: there is nothing. Called
     *  exactly once after `start`, whatever that answered: when the exchange is wiped. */
    void (*end)(void *mem);
} mailproto_sasl_mechanism;

/* ---- what the caller may bring ----------------------------------------------- */

/** Hash functions. */
enum {
    MAILPROTO_HASH_MD5 = 1,   /**< RFC 1321: CRAM-MD5, APOP */
    MAILPROTO_HASH_SHA1 = 2,  /**< FIPS 180-4: SCRAM-SHA-1 */
    MAILPROTO_HASH_SHA256 = 3 /**< FIPS 180-4: SCRAM-SHA-256 */
};

/**
 * A hash function of the caller's, in place of the built-in one: a library's, a
 * hardware block's. A state is `state_size` octets in the exchange's block, aligned as
 * malloc aligns; it begins with `init` or `copy` and ends with `final` or `release`,
 * each exactly once (`init` or `copy` that fails begins none, `final` that fails ends
 * it all the same). The functions answer OK or a negative status, which ends the
 * exchange.
 */
typedef struct mailproto_hash {
    uint32_t struct_size; /**< sizeof(mailproto_hash) */
    uint32_t id;          /**< MAILPROTO_HASH_... */
    uint32_t block_size;  /**< octets of a block: 64 for all of them */
    uint32_t output_size; /**< 16, 20 or 32, as the hash has it */
    size_t state_size;    /**< octets of a state; three of them are in the block */
    void *ctx;            /**< handed to the functions */
    /** Begins a state. */
    mailproto_status (*init)(void *ctx, void *state);
    /** Adds octets. */
    mailproto_status (*update)(void *ctx, void *state, const void *data, size_t len);
    /** Writes `output_size` octets and ends the state. */
    mailproto_status (*final)(void *ctx, void *state, void *out);
    /** Begins `to` as a copy of `from`; NULL: copying its octets does it. */
    mailproto_status (*copy)(void *ctx, void *to, const void *from);
    /** Ends a state that is not needed further; NULL: nothing to release. */
    void (*release)(void *ctx, void *state);
} mailproto_hash;

/** What is to be prepared. */
enum {
    MAILPROTO_SASL_PREPARE_NAME = 1, /**< a name, also of whom to act as (authzid): RFC
                                          4013, or RFC 8265 3 */
    MAILPROTO_SASL_PREPARE_PASSWORD = 2 /**< RFC 4013, or RFC 8265 4.2 */
};

/**
 * Brings a name or a password that is not ASCII into its canonical form (SASLprep,
 * RFC 4013; PRECIS, RFC 8265), so that what two keyboards write compares equal.
 * @param ctx  options.prepare_ctx
 * @param what MAILPROTO_SASL_PREPARE_...
 * @param text well-formed UTF-8 with at least one character beyond ASCII
 * @param len  its length
 * @param out  where to write
 * @param cap  room there: options.prepare_max
 * @param got  octets written; 0 is refused
 * @return OK, or a negative status: not allowed
 */
typedef mailproto_status (*mailproto_sasl_prepare)(void *ctx, uint32_t what,
                                                   const void *text, size_t len,
                                                   void *out, size_t cap, size_t *got);

/**
 * A SCRAM client's PBKDF2 (RFC 5802 2.2, Hi), by other means: a hardware block, or a
 * cache of salted passwords by salt and iterations. Both were checked before.
 * @param ctx          options.pbkdf2_ctx
 * @param hash         MAILPROTO_HASH_SHA1 or _SHA256
 * @param password     the password, prepared
 * @param password_len its length
 * @param salt         the salt, decoded
 * @param salt_len     its length
 * @param iterations   how many
 * @param out          20 or 32 octets: the salted password
 * @return OK; AGAIN: not finished, the exchange says WORKING and asks again; negative
 */
typedef mailproto_status (*mailproto_sasl_pbkdf2)(void *ctx, uint32_t hash,
                                                  const void *password,
                                                  size_t password_len, const void *salt,
                                                  size_t salt_len, uint32_t iterations,
                                                  void *out);

/* ---- options ----------------------------------------------------------------- */

/** Flags of the options. */
enum {
    /** `nonce` is printable ASCII without a comma and is sent as it is. */
    MAILPROTO_SASL_NONCE_PRINTABLE = 1
};

/** Bounds of options.nonce and options.salt_key. */
enum {
    MAILPROTO_SASL_NONCE_MIN = 16,   /**< octets that a nonce has at least */
    MAILPROTO_SASL_NONCE_MAX = 64,   /**< octets that a nonce has at most */
    MAILPROTO_SASL_SALT_KEY_MIN = 16 /**< octets that a salt key has at least */
};

/**
 * Options of an exchange; zero is every default. The spans are NOT copied, `mechanism`
 * and `nonce` aside: they stay valid until the exchange has ended, so that a long token
 * needs no buffer.
 */
struct mailproto_sasl_options {
    uint32_t struct_size; /**< sizeof of the caller's struct */
    uint32_t role;        /**< MAILPROTO_SASL_CLIENT, _SERVER or _ENROL */

    mailproto_bytes mechanism; /**< its name, in any case */
    /** Client: whom to act as; empty: the same. Only EXTERNAL, PLAIN, SCRAM and
     *  OAUTHBEARER can carry one. */
    mailproto_bytes authzid;
    /** Client: the authentication identity; ANONYMOUS: the trace, maybe empty. */
    mailproto_bytes name;
    /** Client, enrol: the password; client of OAUTHBEARER and XOAUTH2: the token. */
    mailproto_bytes password;
    /** Octets of the peer's messages that are kept, and of what is worked out of them;
     *  default 1024, and 9216 for a server of OAUTHBEARER or XOAUTH2 (what a line of
     *  RFC 4954 4 holds). More: the exchange fails. */
    uint32_t message_max;
    uint32_t reserved; /**< 0 */
    /** The caller's mechanism, or NULL: built in, by name; stays valid. */
    const mailproto_sasl_mechanism *custom;
    void *custom_ctx; /**< for the caller's mechanism, which sees the options */

    uint32_t flags; /**< ::MAILPROTO_SASL_NONCE_PRINTABLE */
    /** Iterations of the hash a step, before it says WORKING; default 1024. */
    uint32_t work_step;
    /** SCRAM client: fewer are refused (::MAILPROTO_ERR_AUTH_WEAK), for they help
     *  whoever guesses the password; default 4096 (RFC 7677 4). */
    uint32_t min_iterations;
    /** SCRAM client: more are refused before any hashing (::MAILPROTO_ERR_COUNT_LIMIT),
     *  for a server could keep it busy; default 1,000,000. */
    uint32_t max_iterations;
    /** SCRAM, and a server's CRAM-MD5 without `challenge`: random octets, new for each
     *  exchange, ::MAILPROTO_SASL_NONCE_MIN to _MAX of them. */
    mailproto_bytes nonce;
    /** SCRAM: the channel binding of this connection, which is in
     *  mailproto_session_tls_info(). A client of -PLUS binds; one without -PLUS that is
     *  given it says that it could have bound (`y`, RFC 5802 6), which is true only if
     *  the server offers no -PLUS form: mailproto_sasl_choice.give_binding. A server
     *  that offers -PLUS gives it to both forms: a client that says `y` was deceived
     *  about that offer, and fails. A server that has none must not offer -PLUS. */
    mailproto_bytes binding;
    /** SCRAM server: another one, when it has two, or the only one. */
    mailproto_bytes other_binding;
    uint32_t binding_type;       /**< MAILPROTO_BINDING_... of `binding` */
    uint32_t other_binding_type; /**< MAILPROTO_BINDING_... of `other_binding` */
    /** OAUTHBEARER client: the server's name, if to be sent; a server's CRAM-MD5: its
     *  own name, in the challenge. */
    mailproto_bytes host;
    uint32_t port; /**< OAUTHBEARER client: the server's port; 0: not sent */
    /** SCRAM server, for users whose password is known and for unknown ones; enrol.
     *  Default 4096. All users should have the same, to look like unknown ones. */
    uint32_t iterations;
    /** CRAM-MD5 server: a msg-id that was never used before (RFC 2195 2); empty: made
     *  of `nonce` and `host`. */
    mailproto_bytes challenge;
    /** SCRAM server: a secret of this server, the same for years,
     *  ::MAILPROTO_SASL_SALT_KEY_MIN octets at least: users without a stored salt, and
     *  names that are no user's, get a salt made of it and the name. */
    mailproto_bytes salt_key;
    mailproto_bytes salt; /**< enrol: random octets, 16 are usual */
    /** SCRAM server: octets of the salts that are made of `salt_key`, as long as those
     *  that are stored; default 16, at most the hash's output. */
    uint32_t salt_size;
    uint32_t prepare_max; /**< octets of a prepared name, authzid or password; default
                               256 */
    /** OAUTHBEARER, XOAUTH2 server: the JSON of a refusal; default
     *  `{"status":"invalid_token"}`. */
    mailproto_bytes oauth_error;
    /** Or NULL: names and passwords are passed on as they are, UTF-8 checked. */
    mailproto_sasl_prepare prepare;
    void *prepare_ctx; /**< handed to `prepare` */
    /** SCRAM client, enrol; or NULL: made of the hash function. */
    mailproto_sasl_pbkdf2 pbkdf2;
    void *pbkdf2_ctx; /**< handed to `pbkdf2` */
    /** The caller's hash functions; what is not among them is built in; stays valid. */
    const mailproto_hash *hashes;
    uint32_t hash_count;  /**< how many of them */
    uint32_t hash_stride; /**< from one to the next; 0: sizeof(mailproto_hash) */
};

/**
 * A size that suffices for any exchange, at compile time; mailproto_sasl_mem_size() is
 * exact and mostly much smaller.
 * @param text    octets of options.name, authzid, binding, challenge and host together;
 *                with `prepare` add prepare_max for each of name, authzid and password
 * @param message options.message_max
 * @param state   largest `state_size` of options.hashes, 0 without
 * @param custom  `mem_size` of options.custom, 0 without
 */
#define MAILPROTO_SASL_MEM(text, message, state, custom)                               \
    ((size_t)1664 + 96U * sizeof(void *) + 8U * (size_t)(text) + (size_t)(message) +   \
     3U * (size_t)(state) + (size_t)(custom))

/** Exactly how large the block must be; 0: not valid, or the mechanism is unknown. */
MAILPROTO_API size_t mailproto_sasl_mem_size(const mailproto_sasl_options *options);

/**
 * Places an exchange into `mem`, of any alignment. May call `prepare`.
 * @return OK; ::MAILPROTO_ERR_MEMORY; ::MAILPROTO_ERR_ARGUMENT (what the mechanism
 *         needs is missing or not allowed: a control character in a name, NUL in a
 *         password, no UTF-8, an `authzid` that it cannot carry, a nonce that is too
 *         short); ::MAILPROTO_ERR_NOT_OFFERED (no such mechanism);
 *         ::MAILPROTO_ERR_NOT_BUILT (the mechanism was left out of this build, or its
 *         hash is neither in it nor among `hashes`); ::MAILPROTO_ERR_VERSION; what
 *         `prepare` or a hash function said
 */
MAILPROTO_API mailproto_status
mailproto_sasl_init(void *mem, size_t size, const mailproto_sasl_options *options,
                    mailproto_sasl **out);

/** Wipes the exchange's secrets, releases the caller's hash states and ends the caller's
 *  mechanism. Call it when done, also if the connection is lost; may be called twice.
 *  The driver calls it at AUTH_RESULT. */
MAILPROTO_API void mailproto_sasl_wipe(mailproto_sasl *sasl);

/** Flags (MAILPROTO_SASL_CLIENT_FIRST ...) of a built-in mechanism; 0: there is no such
 *  mechanism, or it was left out of this build. */
MAILPROTO_API uint32_t mailproto_sasl_flags(mailproto_bytes mechanism);

/** The mechanism's name in upper case; lives as long as the exchange. */
MAILPROTO_API mailproto_bytes mailproto_sasl_name(const mailproto_sasl *sasl);

/** Four words, zero at first, that the exchange keeps for whoever drives it.
 *  mailproto_sasl_drive() uses all of them. */
MAILPROTO_API uint64_t *mailproto_sasl_driver(mailproto_sasl *sasl);

/* ---- by hand, without a session ---------------------------------------------- */

/** A piece of the peer's message; `last` 1 ends it. @return OK; ::MAILPROTO_ERR_STATE;
 *  ::MAILPROTO_ERR_TOO_LONG (over message_max; the exchange has failed) */
MAILPROTO_API mailproto_status mailproto_sasl_input(mailproto_sasl *sasl,
                                                    const void *data, size_t len,
                                                    int last);

/** Advances and tells the state; without anything new it tells the same again.
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT (struct_size) */
MAILPROTO_API mailproto_status mailproto_sasl_step(mailproto_sasl *sasl,
                                                   mailproto_sasl_state *state);

/** Octets of the present response from `offset` on. @return OK with `*got` > 0;
 *  ::MAILPROTO_EOF (at its end); ::MAILPROTO_ERR_STATE (no response) */
MAILPROTO_API mailproto_status mailproto_sasl_output(mailproto_sasl *sasl,
                                                     uint64_t offset, void *buf,
                                                     size_t cap, size_t *got);

/** What is needed, in state NEEDS. @return OK, ::MAILPROTO_ERR_STATE */
MAILPROTO_API mailproto_status mailproto_sasl_need(mailproto_sasl *sasl,
                                                   mailproto_sasl_need_info *info);

/**
 * Answers a need.
 * @param sasl    the exchange
 * @param verdict OK, or why not (see MAILPROTO_SASL_NEED_VERIFY)
 * @param data    what was asked for, when it is data; used within the call
 * @param len     its length
 * @return OK; ::MAILPROTO_ERR_STATE (nothing is asked, or it was answered). Else it
 *         counts as an answer too, and the exchange goes on to fail:
 *         ::MAILPROTO_ERR_ARGUMENT (OK without the data); ::MAILPROTO_ERR_TOO_LONG
 *         (over message_max)
 */
MAILPROTO_API mailproto_status mailproto_sasl_answer(mailproto_sasl *sasl,
                                                     mailproto_status verdict,
                                                     const void *data, size_t len);

/**
 * Answers ::MAILPROTO_SASL_NEED_SCRAM with what is stored of the user; used within the
 * call. Not in a build without SCRAM.
 * @return OK; ::MAILPROTO_ERR_STATE. Else it counts as ::MAILPROTO_ERR_AUTH:
 *         ::MAILPROTO_ERR_ARGUMENT (no salt, no iterations, keys of another length);
 *         ::MAILPROTO_ERR_VERSION; ::MAILPROTO_ERR_TOO_LONG (over message_max)
 */
MAILPROTO_API mailproto_status
mailproto_sasl_answer_scram(mailproto_sasl *sasl, const mailproto_sasl_scram *stored);

/** Client: the server reported success. @return OK: and the mechanism has seen all the
 *  proof it asks for; ::MAILPROTO_ERR_AUTH: it has not, or something was wrong before:
 *  whoever asks too early gets no other answer later */
MAILPROTO_API mailproto_status mailproto_sasl_proven(mailproto_sasl *sasl);

/**
 * Why the exchange failed, for a log or a user; may be asked until the block is used
 * again, also after mailproto_sasl_wipe().
 * @return OK: it has not failed by itself (a server may have refused it all the same);
 *         else mailproto_sasl_state.error as it was then:
 *         ::MAILPROTO_ERR_AUTH (no proof, or the wrong one; a server: refused),
 *         ::MAILPROTO_ERR_AUTH_WEAK and ::MAILPROTO_ERR_COUNT_LIMIT (iterations under
 *         the floor, over the cap), ::MAILPROTO_ERR_SYNTAX (also: a message behind its
 *         end), ::MAILPROTO_ERR_TOO_LONG, ::MAILPROTO_ERR_AUTH_CANCELLED (a client: the
 *         server refused within the mechanism, RFC 5802 7 `e=`; SCRAM alone says so),
 *         what `prepare`, `pbkdf2`, a hash function or a caller's mechanism said
 *         (::MAILPROTO_ERR_AUTH for ::MAILPROTO_ERR_AUTH_CANCELLED)
 */
MAILPROTO_API mailproto_status mailproto_sasl_error(const mailproto_sasl *sasl);

/**
 * What a server stores, made by role ::MAILPROTO_SASL_ENROL of `password`, `salt` and
 * `iterations`; not in a build without SCRAM:
 * @code
 * mailproto_sasl_options o = {.struct_size = sizeof o,
 *                             .role = MAILPROTO_SASL_ENROL};
 * o.mechanism = bytes("SCRAM-SHA-256"); o.password = bytes("pencil");
 * o.salt = random_octets(16); o.iterations = 10000;
 * mailproto_sasl_init(mem, sizeof mem, &o, &sasl);
 * do { mailproto_sasl_step(sasl, &s); } while (s.state == MAILPROTO_SASL_WORKING);
 * mailproto_sasl_enrolled(sasl, &keys);
 * @endcode
 * @param sasl   the exchange, in state DONE
 * @param stored its spans live until mailproto_sasl_wipe()
 * @return OK, ::MAILPROTO_ERR_STATE (not DONE)
 */
MAILPROTO_API mailproto_status mailproto_sasl_enrolled(mailproto_sasl *sasl,
                                                       mailproto_sasl_scram *stored);

/** Whether two secrets are the same, in a time that depends on their lengths only: for
 *  checking passwords and tokens. @return 1 or 0 */
MAILPROTO_API int mailproto_sasl_equal(mailproto_bytes a, mailproto_bytes b);

/* ---- the driver -------------------------------------------------------------- */

/**
 * Client: begins the exchange on a session, with an initial response where the
 * mechanism has one. @return as mailproto_session_auth_start()
 */
MAILPROTO_API mailproto_status mailproto_sasl_start(mailproto_sasl *sasl,
                                                    mailproto_session *session,
                                                    uint32_t tag);

/**
 * Shows the exchange an event of the session; every event may go through here.
 * @param sasl    the exchange
 * @param session the session
 * @param ev      the event, or NULL: go on (after an answer, or after WORKING)
 * @return OK: go on pumping; NOT_READY: not an event of the exchange; YOUR_TURN:
 *         mailproto_sasl_need() must be answered; AGAIN: WORKING, call again with NULL;
 *         ::MAILPROTO_EOF: the exchange is over (at AUTH_RESULT); negative: misuse, or
 *         ::MAILPROTO_ERR_AUTH: the server could not prove itself. It reported success
 *         without proof (the session was failed), or this side gave the exchange up,
 *         which mailproto_sasl_error() tells the reason of. It must get no other
 *         mechanism to try
 */
MAILPROTO_API mailproto_status mailproto_sasl_drive(mailproto_sasl *sasl,
                                                    mailproto_session *session,
                                                    const mailproto_event *ev);

/* ---- choice ------------------------------------------------------------------ */

/** What a client has and allows. */
enum {
    MAILPROTO_SASL_HAVE_PASSWORD = 1, /**< a name and its password */
    MAILPROTO_SASL_HAVE_TOKEN = 2,    /**< a name and an access token */
    MAILPROTO_SASL_HAVE_EXTERNAL = 4, /**< the server knows us already (certificate) */
    MAILPROTO_SASL_HAVE_AUTHZID = 8,  /**< we act as another: it must be carried */
    MAILPROTO_SASL_AS_GUEST = 16,     /**< ANONYMOUS will do, when nothing else does */
    MAILPROTO_SASL_ENCRYPTED = 32, /**< the connection is (TLS, or the machine's own) */
    MAILPROTO_SASL_ALLOW_CLEAR = 64, /**< passwords and tokens also without TLS */
    /** The server's certificate was verified (or the machine is our own). Without it a
     *  password or a token would be shown to whoever stands between (RFC 4954 14):
     *  mechanisms that show one are not chosen. */
    MAILPROTO_SASL_VERIFIED = 128,
    MAILPROTO_SASL_ALLOW_UNVERIFIED = 256, /**< passwords and tokens also over TLS whose
                                               server was not verified */
    /** CRAM-MD5 also without TLS, or without a verified server: who listens, or answers in
     *  the server's place, can then guess the password, billions of times a second. */
    MAILPROTO_SASL_ALLOW_GUESSING = 512
};

/**
 * A client's choice among what the server offers: fill the upper half, add what is
 * offered, then take mechanisms from the strongest to the weakest. One for each
 * connection, zeroed at first: what was offered, tried and bound is that connection's.
 */
typedef struct mailproto_sasl_choice {
    uint32_t struct_size;    /**< sizeof of the caller's struct */
    uint32_t flags;          /**< MAILPROTO_SASL_HAVE_PASSWORD ... */
    mailproto_bytes allowed; /**< names, blanks between: no others; empty: all */
    uint32_t
        binding_type; /**< MAILPROTO_BINDING_... of the connection: what -PLUS needs */
    uint32_t offered; /**< the library's: bits of what is offered */
    uint32_t tried;   /**< the library's: bits of what was given out */
    /** Set by mailproto_sasl_choose(): 1: give the mechanism the connection's binding
     *  (options.binding); 0: give it none. 1 for -PLUS, and for SCRAM (or one of
     *  `custom` that is made of the password) without it if this side would bind but
     *  the server offers no -PLUS form at all: it then says so, and a server that did
     *  offer one knows that the offer was tampered with (RFC 5802 6). 0 for SCRAM
     *  without -PLUS to a server that offers -PLUS, which happens only when `allowed`
     *  leaves nothing else: it would be refused otherwise. 2: as 1, but give it the
     *  connection's other binding, of `other_binding_type`. */
    uint32_t give_binding;
    uint32_t custom_count; /**< how many mechanisms are in `custom` */
    /** The caller's own mechanisms, from the strongest to the weakest, there before the
     *  first mailproto_sasl_offer(); stay valid. Of each counts its `name` (instead of
     *  a built-in one of that name) and what its `flags` say:
     *  ::MAILPROTO_SASL_PLAINTEXT (never without TLS, as for the built-in ones),
     *  ::MAILPROTO_SASL_GUESSABLE (to the verified server alone, as CRAM-MD5),
     *  ::MAILPROTO_SASL_PLUS (never without a binding), ::MAILPROTO_SASL_PASSWORD
     *  (never without ::MAILPROTO_SASL_HAVE_PASSWORD, nor in place of a -PLUS form of
     *  it), ::MAILPROTO_SASL_AUTHZID (never without it, if one must be carried). Leave
     *  out those for which there is no ticket, say: no functions are called. */
    const mailproto_sasl_mechanism *const *custom;
    /** Names, blanks between: chosen before all others, in this order. Others follow:
     *  those of `custom`, then the built-in ones by strength. So "SCRAM-SHA-256-PLUS
     *  GSSAPI" puts the caller's GSSAPI second. No rule above is set aside by it. */
    mailproto_bytes prefer;
    /** Set by mailproto_sasl_choose(): which of `custom` it is (for options.custom), or
     *  NULL: a built-in one. */
    const mailproto_sasl_mechanism *chosen;
    /** Before TLS 1.3 a connection has two bindings, tls-unique and
     *  tls-server-end-point, and no server says which it takes (RFC 5802 6.1). If not
     *  0, each -PLUS form is given out with `binding_type` first, and once more with
     *  this one. Set it when TLS is up: the session knows one binding only. */
    uint32_t other_binding_type;
    uint32_t tried_other; /**< the library's: bits of what was given out with it */
} mailproto_sasl_choice;

/** How many mechanisms mailproto_sasl_choice.custom can hold. */
#define MAILPROTO_SASL_CUSTOM_MAX 16

/** Adds what `text` names, blanks between: "PLAIN LOGIN", a line of EHLO or CAPA
 *  ("AUTH PLAIN LOGIN"), IMAP's "AUTH=PLAIN AUTH=LOGIN". What is neither built in nor
 *  one of `custom` is passed over. @return OK, ::MAILPROTO_ERR_ARGUMENT (struct_size,
 *  more than ::MAILPROTO_SASL_CUSTOM_MAX, one without a name of 1 to 20 characters) */
MAILPROTO_API mailproto_status mailproto_sasl_offer(mailproto_sasl_choice *choice,
                                                    mailproto_bytes text);

/** Adds what a session's peer offers, and from mailproto_session_tls_info() that it is
 *  ENCRYPTED and VERIFIED, and its `binding_type`.
 *  @return OK, ::MAILPROTO_ERR_ARGUMENT */
MAILPROTO_API mailproto_status mailproto_sasl_offers(mailproto_sasl_choice *choice,
                                                     mailproto_session *session);

/**
 * The best mechanism that both sides allow and that was not given out before: by
 * `prefer`, then the caller's own, then by strength. Call it again when the server
 * refused one in a way that another may not be (535, 504, -ERR, NO), not after a
 * temporary refusal, and never after mailproto_sasl_drive() gave a negative answer: a
 * server that failed its proof must not be shown the password.
 *
 * Where the server offers a -PLUS form that could be used, no other mechanism will be
 * given the password: whoever stands between could else have it by failing the binding.
 *
 * What is not in this build is passed over.
 *
 * @param choice    is changed; `give_binding` and `chosen` go with the mechanism
 * @param mechanism its name, static text or that of the caller's table
 * @return OK; ::MAILPROTO_ERR_NEEDS_TLS (only those are left that TLS must protect,
 *         with the server verified); ::MAILPROTO_ERR_NOT_OFFERED (none is left);
 *         ::MAILPROTO_ERR_ARGUMENT
 */
MAILPROTO_API mailproto_status mailproto_sasl_choose(mailproto_sasl_choice *choice,
                                                     mailproto_bytes *mechanism);

/* ---- APOP -------------------------------------------------------------------- */

/* With CRAM-MD5 (the build option MAILPROTO_SASL_CRAM_MD5). */

/** Octets of an APOP digest in hexadecimal form. */
#define MAILPROTO_APOP_DIGEST 32

/**
 * The digest of POP3's APOP (RFC 1939 7).
 * @param timestamp the server's, with its angle brackets. Only a whole, printable
 *                  msg-id is taken: others serve to find out the secret
 *                  (CVE-2007-1558)
 * @param secret    the shared secret
 * @param md5       the caller's MD5, or NULL: the built-in one
 * @param state     md5->state_size octets for it, aligned as malloc aligns; wiped at
 *                  the end. Else NULL: the built-in one's state, 104 octets, lies on
 *                  the stack during the call, and is wiped too
 * @param digest    ::MAILPROTO_APOP_DIGEST characters; not terminated
 * @return OK; ::MAILPROTO_ERR_SYNTAX (the timestamp); ::MAILPROTO_ERR_ARGUMENT (no
 *         secret, or a row that is not MD5); ::MAILPROTO_ERR_NOT_BUILT; what `md5` said
 */
MAILPROTO_API mailproto_status mailproto_sasl_apop(mailproto_bytes timestamp,
                                                   mailproto_bytes secret,
                                                   const mailproto_hash *md5,
                                                   void *state, char *digest);

/**
 * A server's check of an APOP digest, in constant time. For an unknown user call it
 * with some secret too and refuse: it takes as long then.
 * @param timestamp this session's
 * @param secret    the user's
 * @param digest    what the client sent
 * @param md5       as above
 * @param state     as above
 * @return OK; ::MAILPROTO_ERR_AUTH; else as mailproto_sasl_apop()
 */
MAILPROTO_API mailproto_status mailproto_sasl_apop_check(mailproto_bytes timestamp,
                                                         mailproto_bytes secret,
                                                         mailproto_bytes digest,
                                                         const mailproto_hash *md5,
                                                         void *state);

/** Whether a text is a msg-id that APOP may use (RFC 822 4.6.1, printable ASCII):
 *  `<`, something, `@`, something, `>`, no blanks. @return 1 or 0 */
MAILPROTO_API int mailproto_sasl_is_timestamp(mailproto_bytes text);

#ifdef __cplusplus
}
#endif
#endif /* MAILPROTO_SASL_H */
