/* Single values as JSON, fields and pieces of IMAP: a base64 input a line, an object a
   line. */
#ifndef EXAMPLE_INSPECT_LINES_H
#define EXAMPLE_INSPECT_LINES_H

/* Whether a mode is one of these: "address-list", "imap-command" ... */
int lines_knows(const char *mode);

/* argv[0] is the mode. The program's exit code. */
int lines_main(int argc, char **argv);

#endif /* EXAMPLE_INSPECT_LINES_H */
