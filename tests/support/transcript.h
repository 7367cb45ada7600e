/*
 * Transcripts: conversations as readable text. tests/transcripts/README.md describes
 * the format. Reads files into lines and knows no protocol.
 */
#ifndef TEST_TRANSCRIPT_H
#define TEST_TRANSCRIPT_H

#include "text.h"

enum side { SIDE_CLIENT, SIDE_SERVER };

enum line_kind {
    LINE_BYTES,  /* `C:` `C>` `S:` `S>`: what `side` sends */
    LINE_EVENT,  /* `E:`: what the engine of `side` has to say */
    LINE_ACTION, /* `A:`: what the application of `side` does */
    LINE_ERROR,  /* `X:`: the error that the engine of `side` has now */
    LINE_CHECK   /* `?:`: what is true of the engine of `side` now */
};

struct transcript_line {
    enum line_kind kind;
    enum side side;
    int number;       /* in the file */
    struct text text; /* LINE_BYTES: the bytes; else what stands behind the colon */
    size_t mark;      /* offset of \@ in the bytes, or NO_MARK */
    int open_end;     /* LINE_BYTES: it ends in `...` CRLF */
};
#define NO_MARK ((size_t)-1)

struct transcript_head {
    char *key, *value;
    int number;
};

struct transcript {
    const char *file; /* as it is to be printed */
    char *name;
    int number; /* of its first line */
    int roles;  /* 1 << SIDE_CLIENT | 1 << SIDE_SERVER */
    struct transcript_head *heads;
    size_t head_count;
    struct transcript_line *lines;
    size_t count;
};

struct transcript_file {
    char *path, *shown;
    struct transcript *items;
    size_t count;
};

/* Reads a file; `shown` is its name in messages. 1, or 0 with "file:line: why". */
int transcript_read(struct transcript_file *f, const char *path, const char *shown,
                    struct text *why);
void transcript_free(struct transcript_file *f);

/* The value of "client.key" or "server.key", else of "key", or NULL. The last one
 * counts: a transcript's own stands behind those of its file. */
const char *transcript_head(const struct transcript *t, enum side side,
                            const char *key);

/* "client" or "server". */
const char *side_name(enum side side);

#endif /* TEST_TRANSCRIPT_H */
