/*
 * What is in a message: fields and bodies of its parts, decoded to UTF-8. Knows message.h,
 * field.h and codec.h; no terminal and no files.
 */
#ifndef EXAMPLE_SHOW_CONTENT_H
#define EXAMPLE_SHOW_CONTENT_H

#include <mailproto/field.h>

typedef struct content {
    mailproto_source source;
    mailproto_index index;
    char *work; /* for the parser, then for what reads fields and bodies */
    size_t work_size;
} content;

/* A text of the program's, to be freed. */
typedef struct buffer {
    char *data;
    size_t len;
} buffer;

/* Reads the message's structure. 0, or -1: no memory, or the source failed. */
int content_open(content *c, mailproto_source source);
void content_close(content *c);

/* "1.2"; empty for the message. */
void content_path(const content *c, uint32_t part, char *out, size_t cap);
/* The part of a path such as "1.2"; 0, or -1: there is none. */
int content_find(const content *c, const char *path, uint32_t *part);

/* The raw value of a field that the index keeps (MAILPROTO_PART_...), in `c->work`; empty:
   there is none. */
mailproto_bytes content_field(content *c, uint32_t part, unsigned field);
/* "text/plain" as written, or what it counts as. */
void content_type(content *c, uint32_t part, char *out, size_t cap);
/* A parameter of Content-Type. 0, or -1: there is none. */
int content_parameter(content *c, uint32_t part, const char *name, char *out,
                      size_t cap);
/* The file name as the message says it, UTF-8; empty: none. */
void content_file_name(content *c, uint32_t part, char *out, size_t cap);

/* The text of a part as UTF-8: transfer encoding and charset undone, format=flowed too,
   HTML without its markup; up to `max` octets (`*cut`: there were more). The caller frees
   it. 0, or -1: no memory, or the source failed. */
int content_text(content *c, uint32_t part, size_t max, buffer *out, int *cut);

#endif /* EXAMPLE_SHOW_CONTENT_H */
