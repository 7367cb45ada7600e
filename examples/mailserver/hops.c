/* Received fields: see hops.h. */
#include "hops.h"

#include <string.h>

void hops_feed(struct hops *hops, const char *data, size_t len)
{
    static const char name[] = "received";
    const char *at = data;
    const char *end = data + len;
    while (at < end && !hops->over) {
        if (hops->matched < 0) {
            at = memchr(at, '\n', (size_t)(end - at));
            if (at == NULL) {
                return;
            }
            at++;
            hops->matched = 0;
        } else if (hops->matched == 0 && (*at == '\r' || *at == '\n')) {
            hops->over = 1;
        } else if (name[hops->matched] == '\0') {
            /* Blanks before the colon are obsolete, not wrong (RFC 5322 4.5). */
            hops->count += *at == ':' || *at == ' ' || *at == '\t';
            hops->matched = -1;
        } else if ((*at | 0x20) == name[hops->matched]) {
            hops->matched++;
            at++;
        } else {
            hops->matched = -1;
        }
    }
}
