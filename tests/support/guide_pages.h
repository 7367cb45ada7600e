/*
 * The guide's code: every piece of it must stand in a source that is compiled.
 */
#ifndef TEST_GUIDE_PAGES_H
#define TEST_GUIDE_PAGES_H

#include <stddef.h>

/* Looks for each piece of C of a page ("docs/guide/message.md"), up to a blank line, in
 * some files; blanks and line ends do not count. How many pieces there are. One that stands
 * nowhere, or a file that cannot be read, ends the program. */
size_t guide_pieces(const char *page, const char *const *files, size_t count);

#endif /* TEST_GUIDE_PAGES_H */
