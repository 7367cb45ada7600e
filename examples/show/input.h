/*
 * Where the message comes from: a file, standard input, or a message of a mailbox file.
 * Knows files and mbox.h; not what a message is.
 */
#ifndef EXAMPLE_SHOW_INPUT_H
#define EXAMPLE_SHOW_INPUT_H

#include <mailproto/base.h>
#include <stdio.h>

typedef struct input {
    FILE *file; /* of the message itself */
    uint64_t size;
    int is_mailbox; /* nothing was chosen of several messages: list them */
} input;

/* Opens `path` (NULL or "-": standard input). Of a mailbox file message `number` is
   taken, from 1 on; 0: the only one. 0, or -1: said why. */
int input_open(input *in, const char *path, unsigned long number);

/* The message as a source that is read by offset; for a mailbox, the file. */
mailproto_source input_source(input *in);

void input_close(input *in);

#endif /* EXAMPLE_SHOW_INPUT_H */
