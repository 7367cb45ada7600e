/*
 * libetpan at the benchmark's work.
 */
#include "bench.h"

#include <libetpan/libetpan.h>
#include <stdlib.h>
#include <string.h>

static void count(const struct mailimf_mailbox_list *list, struct found *f)
{
    f->addresses += list != NULL ? (uint64_t)clist_count(list->mb_list) : 0;
}

static void count_addresses(const struct mailimf_address_list *list, struct found *f)
{
    f->addresses += list != NULL ? (uint64_t)clist_count(list->ad_list) : 0;
}

static void field(struct mailimf_field *field, struct found *f)
{
    f->fields++;
    switch (field->fld_type) {
    case MAILIMF_FIELD_FROM:
        count(field->fld_data.fld_from->frm_mb_list, f);
        break;
    case MAILIMF_FIELD_TO:
        count_addresses(field->fld_data.fld_to->to_addr_list, f);
        break;
    case MAILIMF_FIELD_CC:
        count_addresses(field->fld_data.fld_cc->cc_addr_list, f);
        break;
    case MAILIMF_FIELD_ORIG_DATE: {
        struct mailimf_date_time *d = field->fld_data.fld_orig_date->dt_date_time;
        struct tm tm;
        memset(&tm, 0, sizeof tm);
        tm.tm_year = d->dt_year - 1900;
        tm.tm_mon = d->dt_month - 1;
        tm.tm_mday = d->dt_day;
        tm.tm_hour = d->dt_hour;
        tm.tm_min = d->dt_min;
        tm.tm_sec = d->dt_sec;
        f->dates +=
            (uint64_t)timegm(&tm) - (uint64_t)((int64_t)(d->dt_zone / 100) * 3600 +
                                               (int64_t)(d->dt_zone % 100) * 60);
        break;
    }
    default:
        break;
    }
}

static void header(const struct item *item, struct found *f)
{
    struct mailimf_fields *fields;
    clistiter *i;
    size_t at = 0;
    if (mailimf_envelope_and_optional_fields_parse(item->at, item->len, &at, &fields) !=
        MAILIMF_NO_ERROR) {
        return;
    }
    for (i = clist_begin(fields->fld_list); i != NULL; i = clist_next(i)) {
        field((struct mailimf_field *)clist_content(i), f);
    }
    mailimf_fields_free(fields);
}

static void decode(struct mailmime *mime, struct found *f)
{
    struct mailmime_data *body = mime->mm_data.mm_single;
    char *text = NULL;
    size_t len = 0;
    size_t at = 0;
    if (body == NULL || body->dt_type != MAILMIME_DATA_TEXT) {
        return;
    }
    if (mailmime_part_parse(body->dt_data.dt_text.dt_data,
                            body->dt_data.dt_text.dt_length, &at, body->dt_encoding,
                            &text, &len) == MAILIMF_NO_ERROR) {
        found_octets(f, text, len);
        mmap_string_unref(text);
    }
}

static void walk(struct mailmime *mime, struct found *f, int with_content)
{
    clistiter *i;
    switch (mime->mm_type) {
    case MAILMIME_SINGLE:
        f->leaves++;
        if (with_content) {
            decode(mime, f);
        }
        break;
    case MAILMIME_MULTIPLE:
        for (i = clist_begin(mime->mm_data.mm_multipart.mm_mp_list); i != NULL;
             i = clist_next(i)) {
            walk((struct mailmime *)clist_content(i), f, with_content);
        }
        break;
    default:
        if (mime->mm_data.mm_message.mm_msg_mime != NULL) {
            walk(mime->mm_data.mm_message.mm_msg_mime, f, with_content);
        }
        break;
    }
}

static void parse(const struct item *item, struct found *f, int with_content)
{
    struct mailmime *mime = NULL;
    size_t at = 0;
    if (mailmime_parse(item->at, item->len, &at, &mime) == MAILIMF_NO_ERROR) {
        walk(mime, f, with_content);
        mailmime_free(mime);
    }
}

static void structure(const struct item *item, struct found *f)
{
    parse(item, f, 0);
}

static void full(const struct item *item, struct found *f)
{
    parse(item, f, 1);
}

static void codec(const struct item *item, struct found *f, int encoding)
{
    char *text = NULL;
    size_t len = 0;
    size_t at = 0;
    if (mailmime_part_parse(item->at, item->len, &at, encoding, &text, &len) ==
        MAILIMF_NO_ERROR) {
        found_octets(f, text, len);
        mmap_string_unref(text);
    }
}

static void base64_decode(const struct item *item, struct found *f)
{
    codec(item, f, MAILMIME_MECHANISM_BASE64);
}

static void qp_decode(const struct item *item, struct found *f)
{
    codec(item, f, MAILMIME_MECHANISM_QUOTED_PRINTABLE);
}

static void words(const struct item *item, struct found *f)
{
    char *text = NULL;
    size_t at = 0;
    if (mailmime_encoded_phrase_parse("utf-8", item->at, item->len, &at, "utf-8",
                                      &text) == MAILIMF_NO_ERROR) {
        found_octets(f, text, strlen(text));
        free(text);
    }
}

static const struct peer peer = {
    "libetpan",
    "1",
    {header, structure, full, base64_decode, NULL, qp_decode, NULL, words},
    NULL};

const struct peer *peer_etpan(void)
{
    return &peer;
}
