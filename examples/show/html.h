/* HTML without its markup: what remains of a text for people. No browser. */
#ifndef EXAMPLE_SHOW_HTML_H
#define EXAMPLE_SHOW_HTML_H

#include <stddef.h>

/* Takes tags, comments, scripts and styles out, resolves the commonest entities, breaks
   lines where blocks begin and end. In place; the new length, never more than `len`. */
size_t html_strip(char *text, size_t len);

#endif /* EXAMPLE_SHOW_HTML_H */
