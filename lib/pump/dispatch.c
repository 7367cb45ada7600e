/*
 * A table of handlers over events, for those who prefer callbacks. Public headers only.
 */
#include <mailproto/pump.h>

mailproto_status mailproto_dispatch(const mailproto_handler *handlers, size_t count,
                                    void *ctx, mailproto_session *s,
                                    const mailproto_event *ev)
{
    const mailproto_handler *fallback = NULL;
    size_t i;
    for (i = 0; i < count; ++i) {
        if (handlers[i].type == ev->type) {
            return handlers[i].fn(ctx, s, ev);
        }
        if (handlers[i].type == 0 && fallback == NULL) {
            fallback = &handlers[i];
        }
    }
    return fallback != NULL ? fallback->fn(ctx, s, ev) : MAILPROTO_NOT_READY;
}
