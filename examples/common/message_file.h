/*
 * A message in a file, as a source of content. Knows files and mailproto_source; reads
 * the file once beforehand to learn what the envelope must say of it.
 */
#ifndef EXAMPLE_MESSAGE_FILE_H
#define EXAMPLE_MESSAGE_FILE_H

#include "progress.h"

#include <mailproto/base.h>

typedef struct message_file {
    int fd;
    uint64_t size; /* octets in the file */
    uint64_t
        wire_size;   /* octets after repair of line ends, without dot-stuffing: SIZE= */
    uint64_t bare;   /* CR and LF that stand alone */
    uint64_t nuls;   /* NUL octets, which SMTP cannot carry without BINARYMIME */
    int eight_bit;   /* it holds octets above 127: BODY=8BITMIME */
    progress *shown; /* told how far reading is, or NULL */
} message_file;

/* Opens and scans. 0, or -1 with errno. The file must stay as it is until the end. */
int message_file_open(message_file *f, const char *path);

/* The file as a source, to be read from any offset. `f` is used until the end. */
mailproto_source message_file_source(message_file *f);

void message_file_close(message_file *f);

#endif /* EXAMPLE_MESSAGE_FILE_H */
