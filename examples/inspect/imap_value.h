/* Values within IMAP commands as JSON: strings, names, sets, items, search keys. */
#ifndef EXAMPLE_INSPECT_IMAP_VALUE_H
#define EXAMPLE_INSPECT_IMAP_VALUE_H

#include <jansson.h>
#include <mailproto/imap.h>

/* A string; null for NIL. */
json_t *imap_string(const mailproto_imap_string *s);

/* {"name", "raw"} of a mailbox name. */
json_t *imap_mailbox(const mailproto_imap_string *s);

/* Strings one after the other: an array. */
json_t *imap_strings(mailproto_imap_cursor list);

/* [[1, 1], [4, "*"]], or "$". */
json_t *imap_set(mailproto_imap_cursor set);

/* The items of a FETCH. */
json_t *imap_items(mailproto_imap_cursor items);

/* The keys of a SEARCH: nested arrays that begin with the key's name. */
json_t *imap_keys(mailproto_imap_cursor keys);

/* {"unix", "zone_minutes"}, or null. */
json_t *imap_date(const mailproto_imap_date *date);

#endif /* EXAMPLE_INSPECT_IMAP_VALUE_H */
