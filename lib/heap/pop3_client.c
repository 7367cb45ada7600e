/*
 * A POP3 client on malloc.
 */
#include <mailproto/pop3.h>

#include "heap/heap.h"

mailproto_status mailproto_pop3_client_new(const mailproto_pop3_client_options *options,
                                           mailproto_pop3_client **out)
{
    size_t size = mailproto_pop3_client_mem_size(options);
    void *block;
    mailproto_status st;
    if (size == 0) { /* _init() says what is wrong with the options */
        return mailproto_pop3_client_init(NULL, 0, options, out);
    }
    block = mailproto__heap_new(size);
    if (block == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    st = mailproto_pop3_client_init(block, size, options, out);
    if (st < 0) {
        mailproto__heap_free(block);
    }
    return st;
}

void mailproto_pop3_client_free(mailproto_pop3_client *client)
{
    mailproto__heap_free(client);
}
