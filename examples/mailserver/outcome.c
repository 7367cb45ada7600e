/* What a transaction means for each recipient: see outcome.h. */
#include "outcome.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

/* The transaction's tags: MAIL, each recipient, DATA. Other verbs have 0. */
enum { TAG = 1 };

int outcome_start(struct outcome *outcome, struct routes *routes,
                  const struct destination *destination,
                  const struct envelope *envelope, uint64_t size)
{
    mailproto_smtp_transaction *t = &outcome->transaction;
    *outcome = (struct outcome){0};
    outcome->targets = calloc(envelope->count, sizeof *outcome->targets);
    if (outcome->targets == NULL) {
        return -1;
    }
    for (size_t i = 0; i < envelope->count; i++) {
        const struct recipient *r = &envelope->recipients[i];
        if (r->state == RECIPIENT_WAITS &&
            route_of(routes, r->mailbox) == destination) {
            struct target *target = &outcome->targets[t->count++];
            target->smtp.path = text_bytes(r->mailbox);
            target->index = i;
        }
    }
    outcome->params.struct_size = sizeof outcome->params;
    outcome->params.size = size;
    outcome->params.body = envelope->body;
    outcome->params.flags = envelope->utf8 ? MAILPROTO_SMTP_MAIL_SMTPUTF8 : 0;
    t->struct_size = sizeof *t;
    t->recipient_stride = sizeof *outcome->targets;
    t->sender = text_bytes(envelope->from);
    t->params = &outcome->params;
    t->recipients = &outcome->targets[0].smtp;
    t->tag = TAG;
    return 0;
}

void outcome_free(struct outcome *outcome)
{
    free(outcome->targets);
    *outcome = (struct outcome){0};
}

void outcome_note(struct outcome *outcome, const mailproto_event *ev)
{
    const mailproto_smtp_transaction *t = &outcome->transaction;
    if ((ev->type != MAILPROTO_EV_SMTP_REPLY && ev->type != MAILPROTO_EV_SMTP_FINAL) ||
        ev->code == 0) {
        return;
    }
    if (!outcome->open) {
        snprintf(outcome->line, sizeof outcome->line, "%u", (unsigned)ev->code);
    }
    size_t used = strlen(outcome->line);
    if (used + 2 < sizeof outcome->line) {
        outcome->line[used] = ' ';
        text_printable(ev->text, outcome->line + used + 1,
                       sizeof outcome->line - used - 1);
    }
    outcome->open = (ev->flags & (MAILPROTO_EVF_MORE | MAILPROTO_EVF_LINE_MORE)) != 0;
    char *to = outcome->said;
    if (ev->tag > TAG && ev->tag <= TAG + t->count) {
        to = outcome->targets[ev->tag - TAG - 1].said;
    }
    memcpy(to, outcome->line, sizeof outcome->line);
}

/* What this side decided by itself, from what the peer offers (RFC 3463, RFC 6531). */
static char local_result(mailproto_status why, const struct envelope *envelope,
                         mailproto_smtp_client *client, const char **said)
{
    mailproto_session *s = mailproto_smtp_client_session(client);
    switch (why) {
    case MAILPROTO_ERR_NOT_OFFERED:
        *said =
            envelope->utf8 && !mailproto_session_has_cap(s, MAILPROTO_SMTP_CAP_SMTPUTF8)
                ? "5.6.7 The next server does not take internationalized mail"
                : "5.6.3 The next server does not take 8-bit content";
        return RECIPIENT_FAILED;
    case MAILPROTO_ERR_LIMIT_OF_PEER:
        *said = "5.3.4 The message is too big for the next server";
        return RECIPIENT_FAILED;
    case MAILPROTO_ERR_ARGUMENT:
    case MAILPROTO_ERR_TOO_LONG:
        *said = "5.1.3 The address cannot be passed on";
        return RECIPIENT_FAILED;
    default:
        *said = "4.4.2 The connection was lost";
        return RECIPIENT_WAITS;
    }
}

static char result_of(const struct outcome *outcome, const struct target *target,
                      const struct envelope *envelope, mailproto_smtp_client *client,
                      const char **said)
{
    const mailproto_smtp_status *final = &target->smtp.final;
    if (final->origin != MAILPROTO_ORIGIN_PEER) {
        return local_result(final->origin == MAILPROTO_ORIGIN_LOCAL ? final->local
                                                                    : MAILPROTO_ERR_IO,
                            envelope, client, said);
    }
    /* Whose words: of RCPT when that was refused, else of MAIL or of the content. */
    *said = target->smtp.rcpt.code >= 400 ? target->said : outcome->said;
    if (final->code >= 200 && final->code < 300) {
        return RECIPIENT_DONE;
    }
    return final->code >= 500 ? RECIPIENT_FAILED : RECIPIENT_WAITS;
}

int outcome_apply(const struct outcome *outcome, mailproto_smtp_client *client,
                  struct envelope *envelope)
{
    const mailproto_smtp_transaction *t = &outcome->transaction;
    int done = 0;
    int no_room = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct target *target = &outcome->targets[i];
        const char *said = NULL;
        char state = result_of(outcome, target, envelope, client, &said);
        envelope_result(envelope, target->index, state, said);
        done |= state == RECIPIENT_DONE;
        no_room |= state == RECIPIENT_WAITS && target->smtp.rcpt.code == 452;
    }
    return done && no_room; /* RFC 5321 4.5.3.1.10 */
}
