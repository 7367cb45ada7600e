/*
 * An IMAP server on malloc.
 */
#include <mailproto/imap_server.h>

#include "heap/heap.h"

mailproto_status mailproto_imap_server_new(const mailproto_imap_server_options *options,
                                           mailproto_imap_server **out)
{
    size_t size = mailproto_imap_server_mem_size(options);
    void *block;
    mailproto_status st;
    if (size == 0) { /* _init() says what is wrong with the options */
        return mailproto_imap_server_init(NULL, 0, options, out);
    }
    block = mailproto__heap_new(size);
    if (block == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    st = mailproto_imap_server_init(block, size, options, out);
    if (st < 0) {
        mailproto__heap_free(block);
    }
    return st;
}

void mailproto_imap_server_free(mailproto_imap_server *server)
{
    mailproto__heap_free(server);
}
