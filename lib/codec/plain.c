/*
 * Runs of plain text, for those who call for one at a time; plain.h does the work.
 */
#include "codec/plain.h"

#include "codec/machine.h"

size_t mailproto__copy_plain(unsigned char *out, const unsigned char *in, size_t n,
                             size_t room)
{
    size_t i = 0;
    for (;;) {
        i += mailproto__plain_run(out + i, in + i, n - i, room - i);
        if (i == n || !mailproto__plain_mistake(in[i])) {
            return i;
        }
        out[i] = in[i];
        i++;
    }
}
