/* The envelope: see envelope.h. */
#include "envelope.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

void envelope_init(struct envelope *envelope)
{
    *envelope = (struct envelope){0};
}

void envelope_free(struct envelope *envelope)
{
    for (size_t i = 0; i < envelope->count; i++) {
        free(envelope->recipients[i].mailbox);
        free(envelope->recipients[i].said);
    }
    free(envelope->recipients);
    free(envelope->from);
    envelope_init(envelope);
}

int envelope_from(struct envelope *envelope, mailproto_bytes mailbox)
{
    free(envelope->from);
    envelope->from = text_copy(mailbox);
    return envelope->from == NULL ? -1 : 0;
}

int envelope_add(struct envelope *envelope, mailproto_bytes mailbox)
{
    if (envelope->count == envelope->room) {
        size_t room = envelope->room * 2 + 4;
        struct recipient *list = realloc(envelope->recipients, room * sizeof *list);
        if (list == NULL) {
            return -1;
        }
        envelope->recipients = list;
        envelope->room = room;
    }
    struct recipient *r = &envelope->recipients[envelope->count];
    *r = (struct recipient){.state = RECIPIENT_WAITS, .mailbox = text_copy(mailbox)};
    if (r->mailbox == NULL) {
        return -1;
    }
    envelope->count++;
    return 0;
}

void envelope_drop(struct envelope *envelope)
{
    struct recipient *r = &envelope->recipients[--envelope->count];
    free(r->mailbox);
    free(r->said);
}

void envelope_result(struct envelope *envelope, size_t i, char state, const char *said)
{
    struct recipient *r = &envelope->recipients[i];
    char text[400];
    r->state = state;
    free(r->said);
    r->said = NULL;
    if (said != NULL) {
        text_printable(text_bytes(said), text, sizeof text);
        r->said = text_copy(text_bytes(text));
    }
}

size_t envelope_count(const struct envelope *envelope, char state)
{
    size_t n = 0;
    for (size_t i = 0; i < envelope->count; i++) {
        n += envelope->recipients[i].state == state;
    }
    return n;
}

/* A mailbox holds no line end: the engine refuses one in a command. */
int envelope_write(const struct envelope *envelope, FILE *out)
{
    fprintf(out,
            "mailproto-queue 1\narrived %lld\nnext %lld\nattempts %lu\nwaits %lu\n"
            "body %lu\nutf8 %d\nfrom %s\n",
            (long long)envelope->arrived, (long long)envelope->next_try,
            (unsigned long)envelope->attempts, (unsigned long)envelope->waits,
            (unsigned long)envelope->body, envelope->utf8, envelope->from);
    for (size_t i = 0; i < envelope->count; i++) {
        const struct recipient *r = &envelope->recipients[i];
        fprintf(out, "to %c %s\n", r->state, r->mailbox);
        if (r->said != NULL) {
            fprintf(out, "said %s\n", r->said);
        }
    }
    fprintf(out, "end\n");
    return ferror(out) ? -1 : 0;
}

static int read_recipient(struct envelope *envelope, const char *value)
{
    if (value[0] == '\0' || strchr("WDFR", value[0]) == NULL || value[1] != ' ' ||
        envelope_add(envelope, text_bytes(value + 2)) < 0) {
        return -1;
    }
    envelope->recipients[envelope->count - 1].state = value[0];
    return 0;
}

static int read_line(struct envelope *envelope, const char *key, const char *value)
{
    if (strcmp(key, "to") == 0) {
        return read_recipient(envelope, value);
    }
    if (strcmp(key, "from") == 0) {
        return envelope_from(envelope, text_bytes(value));
    }
    if (strcmp(key, "said") == 0 && envelope->count > 0) {
        size_t last = envelope->count - 1;
        envelope_result(envelope, last, envelope->recipients[last].state, value);
        return 0;
    }
    long long number = strtoll(value, NULL, 10);
    if (strcmp(key, "arrived") == 0) {
        envelope->arrived = number;
    } else if (strcmp(key, "next") == 0) {
        envelope->next_try = number;
    } else if (strcmp(key, "attempts") == 0) {
        envelope->attempts = (uint32_t)number;
    } else if (strcmp(key, "waits") == 0) {
        envelope->waits = (uint32_t)number;
    } else if (strcmp(key, "body") == 0) {
        envelope->body = (uint32_t)number;
    } else if (strcmp(key, "utf8") == 0) {
        envelope->utf8 = number != 0;
    } else {
        return strcmp(key, "mailproto-queue") == 0 && number == 1 ? 0 : -1;
    }
    return 0;
}

int envelope_read(struct envelope *envelope, FILE *in)
{
    char line[1024];
    envelope_init(envelope);
    while (fgets(line, sizeof line, in) != NULL) {
        char *end = strchr(line, '\n');
        if (end == NULL) {
            break;
        }
        *end = '\0';
        if (strcmp(line, "end") == 0 && envelope->from != NULL && envelope->count > 0) {
            return 0;
        }
        char *value = strchr(line, ' ');
        if (value == NULL) {
            break;
        }
        *value++ = '\0';
        if (read_line(envelope, line, value) < 0) {
            break;
        }
    }
    envelope_free(envelope);
    return -1;
}
