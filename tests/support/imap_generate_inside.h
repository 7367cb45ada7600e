/*
 * What the parts of the generator of IMAP commands share.
 */
#ifndef TEST_IMAP_GENERATE_INSIDE_H
#define TEST_IMAP_GENERATE_INSIDE_H

#include "imap_generate.h"

/* ---- models (imap_model.c) ---- */

/* An item of FETCH as it is told. */
struct imap_item {
    uint32_t kind, flags, section, path_len;
    const uint32_t *path;
    uint64_t first, count;
};

void imap_clear(struct imap_model *m);
void imap_tell_string(struct text *out, uint32_t form, uint32_t flags,
                      const void *octets, size_t len);
void imap_tell_range(struct text *out, uint32_t low, uint32_t high);
void imap_tell_item(struct text *out, const struct imap_item *item);
void imap_tell_token(struct text *out, uint32_t level, uint32_t key, uint64_t number);
void imap_tell_date(struct text *out, const mailproto_imap_date *date);

/* ---- pieces of commands (imap_generate_parts.c) ---- */

/* What of the classes of octets is allowed. */
enum { IN_ATOM = 1, IN_ASTRING = 2, IN_LIST = 4 };

void imap_put(struct imap_generator *g, const char *text);
void imap_put_word(struct imap_generator *g, const char *word);
void imap_put_number(struct imap_generator *g, uint64_t n);
uint32_t imap_any_number(struct imap_generator *g);
uint64_t imap_any_number64(struct imap_generator *g);
size_t imap_any_octets(struct imap_generator *g, char *to);
uint32_t imap_high_flag(const char *octets, size_t len);
void imap_put_string(struct imap_generator *g, struct text *out, const char *octets,
                     size_t len, int class, uint32_t flags);
void imap_put_astring(struct imap_generator *g, struct text *out);
void imap_put_mailbox(struct imap_generator *g, struct text *out);
void imap_put_pattern(struct imap_generator *g, struct text *out);
void imap_put_atom(struct imap_generator *g, struct text *out);
int imap_put_set(struct imap_generator *g, struct text *out, int uids);
void imap_put_flag(struct imap_generator *g, struct text *out);
void imap_put_flags(struct imap_generator *g, struct text *out);
int64_t imap_put_date(struct imap_generator *g);
void imap_put_date_time(struct imap_generator *g, struct text *out);

/* ---- commands about messages (imap_generate_messages.c) ---- */

void imap_put_numbers(struct imap_generator *g);
void imap_put_modseq(struct imap_generator *g);
void imap_put_fetch(struct imap_generator *g);
void imap_put_store(struct imap_generator *g);
void imap_put_search(struct imap_generator *g);
uint32_t imap_put_bits(struct imap_generator *g, const char *const *words,
                       uint32_t count, uint32_t least);

#endif /* TEST_IMAP_GENERATE_INSIDE_H */
