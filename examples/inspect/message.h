/* A message as JSON: its tree, leaves, some of its fields, and what IMAP says of it. */
#ifndef EXAMPLE_INSPECT_MESSAGE_H
#define EXAMPLE_INSPECT_MESSAGE_H

/* One object a file, on standard output. The program's exit code. */
int message_main(int argc, char **argv);

#endif /* EXAMPLE_INSPECT_MESSAGE_H */
