/*
 * An SMTP client on malloc: the block with its size before it, so that it can be wiped.
 * Written on the public headers alone.
 */
#include <mailproto/smtp.h>

#include <stdlib.h>

/* Stands before the block and keeps malloc's alignment for it: the engine then lies at
 * the block's first octet. */
union head {
    size_t size;
    uint64_t number;
    void *pointer;
    void (*function)(void);
    char room[16];
};

mailproto_status mailproto_smtp_client_new(const mailproto_smtp_client_options *options,
                                           mailproto_smtp_client **out)
{
    size_t size = mailproto_smtp_client_mem_size(options);
    union head *head;
    mailproto_status st;
    if (size == 0) { /* _init() says what is wrong with the options */
        return mailproto_smtp_client_init(NULL, 0, options, out);
    }
    if (size > SIZE_MAX - sizeof *head) {
        return MAILPROTO_ERR_MEMORY;
    }
    head = (union head *)malloc(sizeof *head + size);
    if (head == NULL) {
        return MAILPROTO_ERR_MEMORY;
    }
    head->size = size;
    st = mailproto_smtp_client_init(head + 1, size, options, out);
    if (st < 0) {
        free(head);
    }
    return st;
}

void mailproto_smtp_client_free(mailproto_smtp_client *client)
{
    union head *head;
    volatile unsigned char *at;
    size_t left;
    if (client == NULL) {
        return;
    }
    head = (union head *)(void *)client - 1;
    at = (volatile unsigned char *)(void *)client;
    for (left = head->size; left > 0; left--) { /* it may hold credentials */
        *at++ = 0;
    }
    free(head);
}
