/*
 * Knows how to see that valgrind runs the program. Knows nothing of any test.
 */
#include "thinned.h"

#include <stdlib.h>
#include <string.h>

size_t thinned(size_t part)
{
    const char *full = getenv("MAILPROTO_FULL");
    const char *preloaded = getenv("LD_PRELOAD");

    if (full != NULL && strcmp(full, "1") == 0) {
        return 1;
    }
    return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL ? part : 1;
}
