/*
 * An SMTP server on malloc.
 */
#include <mailproto/smtp.h>

#include "heap/heap.h"

mailproto_status mailproto_smtp_server_new(const mailproto_smtp_server_options *options,
                                           mailproto_smtp_server **out)
{
    size_t size = mailproto_smtp_server_mem_size(options);
    void *block;
    mailproto_status st;
    if (size == 0) { /* _init() says what is wrong with the options */
        return mailproto_smtp_server_init(NULL, 0, options, out);
    }
    block = mailproto__heap_new(size);
    if (block == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    st = mailproto_smtp_server_init(block, size, options, out);
    if (st < 0) {
        mailproto__heap_free(block);
    }
    return st;
}

void mailproto_smtp_server_free(mailproto_smtp_server *server)
{
    mailproto__heap_free(server);
}
