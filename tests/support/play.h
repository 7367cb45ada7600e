/*
 * Plays a transcript: against one engine, with its peer's bytes cut in any way, or
 * against a client's and a server's engine joined in one process. What is special to a
 * protocol (options, verbs) comes from an actor.
 */
#ifndef TEST_PLAY_H
#define TEST_PLAY_H

#include <mailproto/session.h>

#include "chunk.h"
#include "events.h"
#include "transcript.h"

enum act {
    ACT_DONE,   /* `*status` is the call's answer */
    ACT_WAIT,   /* call again when output has moved */
    ACT_UNKNOWN /* no such action here */
};

struct play;

struct actor {
    /* Places an engine for p->side, with options from the transcript's head, into
     * p->engine and p->session. 1, or 0 with the reason in `why`. */
    int (*open)(struct play *p, struct text *why);
    void (*close)(struct play *p);
    /* An action that play.c does not know by itself. */
    enum act (*act)(struct play *p, const struct words *w, mailproto_status *status);
    /* A `?:` word key=value: 1 it holds, 0 it does not, -1 unknown key. */
    int (*check)(struct play *p, const struct word *w);
};

struct play {
    const struct transcript *script;
    const struct actor *actor;
    enum side side;
    struct chunk chunk;
    int in_pair;

    void *engine, *block; /* the actor's */
    mailproto_session *session;

    size_t at;      /* the line now played */
    struct text in; /* what the peer sends, up to this line */
    size_t used;    /* octets the engine took */
    size_t mark;    /* offset of the last \@, or NO_MARK */
    int input_dead; /* the engine takes no more */
    int eof_wanted, eof_done, over;
    char **lent; /* what feed() was given since next_event() last said AGAIN */
    size_t lent_count;

    struct text out;  /* what the engine sent, all of it */
    size_t out_seen;  /* octets of it compared already */
    size_t out_first; /* first line of the block that is to be compared, or `count` */
    unsigned writes;  /* how often output was written since the peer last sent */

    struct seen peek; /* an event pulled ahead */
    int has_peek;
    struct seen last; /* the event matched last */
    mailproto_event raw, peek_raw;
    uint32_t request;  /* the last event's, when it needs a reply */
    uint32_t next_tag; /* tags count up from 1 */

    size_t action_used; /* how far a waiting action is */
    int waiting, later, in_action;
    int checked_error; /* an X: line was met */

    struct text log; /* all that happened: must not depend on the cuts */
    struct text why; /* empty: nothing failed so far */
};

/* Plays one side. 1, or 0 with "file:line: why" in p->why. Free with play_free(). */
int play_run(struct play *p, const struct transcript *t, const struct actor *actor,
             enum side side, struct chunk chunk);

/* Plays both against each other. `*client` and `*server` as above. */
int play_pair(struct play *client, struct play *server, const struct transcript *t,
              const struct actor *actor, struct chunk chunk);

void play_free(struct play *p);

/* Fails with a message at the present line; 0 for convenience. */
int play_fail(struct play *p, const char *format, ...) TEST_PRINTF(2, 3);

/* The value of a head line for this side, or NULL. */
const char *play_head(const struct play *p, const char *key);

/* The tag of the next verb. */
uint32_t play_tag(struct play *p);

/* play_actions.c: the `A:` and `?:` lines that are the same in all protocols. */
enum act play_common_action(struct play *p, const struct words *w,
                            mailproto_status *status);
int play_common_check(struct play *p, const struct word *w);

/* The text of an event that needs a reply lives until it is answered: whether it does. */
int play_event_is_intact(const struct play *p);

/* Writes what is due. 1 if there was something. */
int play_drain(struct play *p);
/* Moves bytes until nothing moves any more; an event that comes is kept for later. */
void play_settle(struct play *p);

#endif /* TEST_PLAY_H */
