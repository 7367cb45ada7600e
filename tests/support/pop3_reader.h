/*
 * A program that fetches mail: a POP3 client with the download layer, and a memory of what
 * it has kept that outlives its connections. One visit joins it to a maildrop's server
 * in this process, over a connection that may be cut anywhere.
 */
#ifndef TEST_POP3_READER_H
#define TEST_POP3_READER_H

#include "maildrop.h"
#include "pair.h"

/* What is durable. */
struct memory {
    char uids[2 * MAILDROP_MAX][72];
    struct text texts[2 * MAILDROP_MAX];
    size_t count;
};
void memory_free(struct memory *m);
/* How often a message was kept. */
unsigned memory_times(const struct memory *m, const struct maildrop_message *message);

/* How a visit goes. */
struct visit_plan {
    uint32_t flags; /* MAILPROTO_POP3_DOWNLOAD_... */
    uint64_t caps;  /* of the server, 0: default */
    uint32_t client_flags, ahead, in_size, out_size, server_out;
    struct chunk chunk;          /* how both receive */
    uint64_t cut[2];             /* of the client and of the server, see pair.h */
    mailproto_status cut_status; /* see pair.h */
    uint32_t marks_size;         /* octets, 0: room for all */
    int update_fails;
    uint32_t (*draw)(void *ctx, uint32_t below); /* see maildrop.h */
    void *ctx;
    int may_fail_to_keep; /* by draw() */
};

/* What came of it. */
struct visit_result {
    mailproto_pop3_download d;
    int started, over; /* the download; `over`: how often it said so */
    int asked_commit;  /* a COMMIT event came, */
    uint32_t commit;   /* with this code */
    uint64_t commit_number;
    unsigned gone;           /* messages that the maildrop removed */
    unsigned updates, opens; /* as the server's application was told */
    int quit_arrived;        /* the server received all of QUIT, and was logged in */
    uint64_t octets[2];      /* that the client and the server received */
    enum pair_result end;
    const char *failure; /* NULL, or what was wrong */
};

/* Also judges what must hold for every visit, see `failure`. */
void visit(struct maildrop *drop, struct memory *memory, const struct visit_plan *plan,
           struct visit_result *out);

#endif /* TEST_POP3_READER_H */
