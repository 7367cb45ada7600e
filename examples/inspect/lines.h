/* Single values as JSON, fields and pieces of IMAP: a base64 input a line, an object a
   line. */
#ifndef EXAMPLE_INSPECT_LINES_H
#define EXAMPLE_INSPECT_LINES_H

#include <jansson.h>
#include <mailproto/base.h>

/* Whether a mode is one of these: "address-list", "imap-command" ... */
int lines_knows(const char *mode);

/* argv[0] is the mode. The program's exit code. */
int lines_main(int argc, char **argv);

/* What a mode of fields' values tells as `defects`. */
json_t *lines_defects(const char *mode, mailproto_bytes value);

#endif /* EXAMPLE_INSPECT_LINES_H */
