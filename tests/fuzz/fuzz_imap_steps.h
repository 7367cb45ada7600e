/*
 * Sessions of fuzz_imap_session.c that go step by step: two octets say what happens next, a
 * line of the client's, an event, a response, a completion, so many octets read. So the
 * fuzzer orders what else happens together, above all around a line that is written in
 * part. Knows the order only; what is said and answered is the other files'.
 */
#ifndef FUZZ_IMAP_STEPS_H
#define FUZZ_IMAP_STEPS_H

/* What needs no look at the answers before. DONE stands behind IDLE. */
static const char *const step_lines[] = {
    "CAPABILITY",
    "NOOP",
    "LIST \"\" *",
    "STATUS x (MESSAGES)",
    "SELECT inbox",
    "FETCH 1 (FLAGS BODY.PEEK[])",
    "SEARCH ALL",
    "UID STORE 1 +FLAGS (\\Seen)",
    "EXPUNGE",
    "COPY 1 x",
    "IDLE",
    "ID NIL",
    "ENABLE CONDSTORE IMAP4rev2",
    "UID SEARCH RETURN (SAVE COUNT) ALL",
    "CLOSE",
    "XYZZY",
};
enum { STEP_LINES = sizeof step_lines / sizeof step_lines[0] };

/* What the client has sent, as far as the server takes it. */
static void step_arrive(struct run *r)
{
    size_t cap;
    char *space;
    size_t n;
    if (r->batch.len == 0 || r->closed) {
        return;
    }
    space = (char *)mailproto_session_input_space(r->s, &cap);
    n = r->batch.len < cap ? r->batch.len : cap;
    if (n > 0) {
        memcpy(space, r->batch.at, n);
        (void)mailproto_session_input_commit(r->s, n);
        memmove(r->batch.at, r->batch.at + n, r->batch.len - n);
        r->batch.len -= n;
    }
}

static void step_send(struct run *r, uint32_t which)
{
    char line[80];
    if (a.idle_sent) {
        octets_add(&r->batch, "DONE\r\n", 6);
        a.idle_sent = 0;
    } else if (r->units < FUZZ_UNITS) {
        const char *text = step_lines[which < STEP_LINES ? which : 0];
        a.idle_sent = strcmp(text, "IDLE") == 0;
        (void)snprintf(line, sizeof line, "good%u %s\r\n", (unsigned)r->units, text);
        octets_add(&r->batch, line, strlen(line));
        r->due[r->units++] = FUZZ_DUE;
    }
    step_arrive(r);
}

/* At most so many events; nothing is read by the client meanwhile. */
static void step_events(struct run *r, uint32_t most)
{
    mailproto_event ev;
    while (most > 0 && mailproto_session_next_event(r->s, &ev) == MAILPROTO_OK) {
        fuzz_event(r, &ev);
        step_arrive(r);
        most--;
    }
}

/* `dice`: of the application, by what it does now and not by what it did before, so that
 * a change of one step leaves the others what they were. */
static void step(struct run *r, uint32_t octet, uint32_t dice)
{
    uint32_t which = octet >> 3;
    a.random = dice * UINT32_C(2654435761);
    switch (octet & 7U) {
    case 0:
        step_send(r, which);
        break;
    case 1:
        step_events(r, 1 + which);
        break;
    case 2: /* the command that waits goes on beside others */
        if (a.count > 0 && a.fetching == 0) {
            (void)detach(r, &a.jobs[a.count - 1]);
        }
        break;
    case 3:
        if (a.count > 0 && a.fetching == 0) {
            complete(r, which % a.count);
        }
        break;
    case 4:
        if (a.count > 0) {
            (void)fuzz_go_on(r);
        }
        break;
    case 5:
        if (a.fetching == 0) {
            say_something(r);
        }
        break;
    default:
        (void)drain_some(r, 1 + 16 * (size_t)which);
        break;
    }
    step_arrive(r);
}

/* All of the input, then the end of all that is in progress. */
static void fuzz_steps(struct run *r, const uint8_t *data, size_t size)
{
    size_t i;
    for (i = 0; i + 1 < size && !r->closed; i += 2) {
        step(r, data[i], data[i + 1]);
    }
    if (a.idle_sent) {
        step_send(r, 0);
    }
    while (r->batch.len > 0 && !r->closed) {
        step_arrive(r);
        settle(r);
    }
    fuzz_close_exchange(r, 0);
    fuzz_probe(r);
}

#endif /* FUZZ_IMAP_STEPS_H */
