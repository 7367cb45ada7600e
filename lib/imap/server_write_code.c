/*
 * Response codes (RFC 9051 7.1, RFC 5530 and others) and the status responses that bear
 * them. Knows what goes with each code; must not know when one is said.
 */
#include "core/options.h"
#include "imap/lex.h"
#include "imap/server_write.h"

/* What goes with a code. */
enum {
    ALONE,
    A_NUMBER,    /* nz-number */
    A_MODSEQ,    /* mod-sequence-value (RFC 7162 7) */
    CHARSETS,    /* `words`, may be none */
    SOME_FLAGS,  /* `flags`, `words` */
    NEW_UIDS,    /* `number`, `set` */
    COPIED_UIDS, /* `number`, `set`, `target` */
    NUMBERS,     /* `set` */
    AN_ID,       /* `text`, an objectid */
    A_URL,       /* `text` */
    AS_IT_IS     /* `text`, the name too */
};

struct row {
    char name[21];
    uint8_t with;
};

static const struct row rows[] = {
    [MAILPROTO_IMAP_CODE_NONE] = {"", ALONE},
    [MAILPROTO_IMAP_CODE_ALERT] = {"ALERT", ALONE},
    [MAILPROTO_IMAP_CODE_BADCHARSET] = {"BADCHARSET", CHARSETS},
    [MAILPROTO_IMAP_CODE_PARSE] = {"PARSE", ALONE},
    [MAILPROTO_IMAP_CODE_PERMANENTFLAGS] = {"PERMANENTFLAGS", SOME_FLAGS},
    [MAILPROTO_IMAP_CODE_READ_ONLY] = {"READ-ONLY", ALONE},
    [MAILPROTO_IMAP_CODE_READ_WRITE] = {"READ-WRITE", ALONE},
    [MAILPROTO_IMAP_CODE_TRYCREATE] = {"TRYCREATE", ALONE},
    [MAILPROTO_IMAP_CODE_UIDNEXT] = {"UIDNEXT", A_NUMBER},
    [MAILPROTO_IMAP_CODE_UIDVALIDITY] = {"UIDVALIDITY", A_NUMBER},
    [MAILPROTO_IMAP_CODE_UNSEEN] = {"UNSEEN", A_NUMBER},
    [MAILPROTO_IMAP_CODE_UIDNOTSTICKY] = {"UIDNOTSTICKY", ALONE},
    [MAILPROTO_IMAP_CODE_APPENDUID] = {"APPENDUID", NEW_UIDS},
    [MAILPROTO_IMAP_CODE_COPYUID] = {"COPYUID", COPIED_UIDS},
    [MAILPROTO_IMAP_CODE_CLOSED] = {"CLOSED", ALONE},
    [MAILPROTO_IMAP_CODE_HIGHESTMODSEQ] = {"HIGHESTMODSEQ", A_MODSEQ},
    [MAILPROTO_IMAP_CODE_NOMODSEQ] = {"NOMODSEQ", ALONE},
    [MAILPROTO_IMAP_CODE_MODIFIED] = {"MODIFIED", NUMBERS},
    [MAILPROTO_IMAP_CODE_NOTSAVED] = {"NOTSAVED", ALONE},
    [MAILPROTO_IMAP_CODE_HASCHILDREN] = {"HASCHILDREN", ALONE},
    [MAILPROTO_IMAP_CODE_UNKNOWN_CTE] = {"UNKNOWN-CTE", ALONE},
    [MAILPROTO_IMAP_CODE_TOOBIG] = {"TOOBIG", ALONE},
    [MAILPROTO_IMAP_CODE_MAILBOXID] = {"MAILBOXID", AN_ID},
    [MAILPROTO_IMAP_CODE_USEATTR] = {"USEATTR", ALONE},
    [MAILPROTO_IMAP_CODE_REFERRAL] = {"REFERRAL", A_URL},
    [MAILPROTO_IMAP_CODE_UNAVAILABLE] = {"UNAVAILABLE", ALONE},
    [MAILPROTO_IMAP_CODE_AUTHENTICATIONFAILED] = {"AUTHENTICATIONFAILED", ALONE},
    [MAILPROTO_IMAP_CODE_AUTHORIZATIONFAILED] = {"AUTHORIZATIONFAILED", ALONE},
    [MAILPROTO_IMAP_CODE_EXPIRED] = {"EXPIRED", ALONE},
    [MAILPROTO_IMAP_CODE_PRIVACYREQUIRED] = {"PRIVACYREQUIRED", ALONE},
    [MAILPROTO_IMAP_CODE_CONTACTADMIN] = {"CONTACTADMIN", ALONE},
    [MAILPROTO_IMAP_CODE_NOPERM] = {"NOPERM", ALONE},
    [MAILPROTO_IMAP_CODE_INUSE] = {"INUSE", ALONE},
    [MAILPROTO_IMAP_CODE_EXPUNGEISSUED] = {"EXPUNGEISSUED", ALONE},
    [MAILPROTO_IMAP_CODE_CORRUPTION] = {"CORRUPTION", ALONE},
    [MAILPROTO_IMAP_CODE_SERVERBUG] = {"SERVERBUG", ALONE},
    [MAILPROTO_IMAP_CODE_CLIENTBUG] = {"CLIENTBUG", ALONE},
    [MAILPROTO_IMAP_CODE_CANNOT] = {"CANNOT", ALONE},
    [MAILPROTO_IMAP_CODE_LIMIT] = {"LIMIT", ALONE},
    [MAILPROTO_IMAP_CODE_OVERQUOTA] = {"OVERQUOTA", ALONE},
    [MAILPROTO_IMAP_CODE_ALREADYEXISTS] = {"ALREADYEXISTS", ALONE},
    [MAILPROTO_IMAP_CODE_NONEXISTENT] = {"NONEXISTENT", ALONE},
    [MAILPROTO_IMAP_CODE_OTHER] = {"", AS_IT_IS}};

enum { CODES = sizeof rows / sizeof rows[0] };

static void say_name(struct mailproto__imap_say *say, const struct row *row)
{
    const char *end = (const char *)memchr(row->name, '\0', sizeof row->name);
    mailproto__imap_say(say, row->name, (size_t)(end - row->name));
}

/* charset = atom / quoted (RFC 9051 9); a charset's name is printable US-ASCII. */
static void say_charsets(struct mailproto__imap_say *say, const mailproto_imap_code *c)
{
    size_t i;
    size_t k;
    say->bad |= c->words == NULL && c->words_count > 0;
    for (i = 0; i < c->words_count && !say->bad; i++) {
        mailproto_bytes word = c->words[i];
        int atom = 1;
        say->bad |= word.len == 0 || word.ptr == NULL;
        for (k = 0; k < word.len && !say->bad; k++) {
            say->bad |= word.ptr[k] < 0x20 || word.ptr[k] > 0x7E ||
                        word.ptr[k] == '"' || word.ptr[k] == '\\';
            atom &= mailproto__imap_is(word.ptr[k], MAILPROTO__IMAP_ATOM);
        }
        if (say->bad) {
            return;
        }
        mailproto__imap_say(say, i == 0 ? " (" : " ", i == 0 ? 2 : 1);
        mailproto__imap_say(say, "\"", !atom);
        mailproto__imap_say_span(say, word);
        mailproto__imap_say(say, "\"", !atom);
    }
    mailproto__imap_say(say, ")", c->words_count > 0);
}

/* RFC 4315 3: as many new UIDs as old ones. */
static void say_copied(struct mailproto__imap_say *say, const mailproto_imap_code *c)
{
    uint64_t from = 0;
    uint64_t to = 0;
    say->bad |= !mailproto__imap_ranges_count(c->set, c->set_count, 0, &from) ||
                !mailproto__imap_ranges_count(c->target, c->target_count, 0, &to) ||
                from != to;
    MAILPROTO__IMAP_SAY(say, " ");
    mailproto__imap_say_nz_number(say, c->number);
    MAILPROTO__IMAP_SAY(say, " ");
    mailproto__imap_say_set(say, c->set, c->set_count);
    MAILPROTO__IMAP_SAY(say, " ");
    mailproto__imap_say_set(say, c->target, c->target_count);
}

/* RFC 3986 2: what cannot be in a URL; and no `]` (RFC 9051 9, resp-text-code). */
static const char not_in_urls[] = "\"<>\\^`{|}]";

static void say_url(struct mailproto__imap_say *say, mailproto_bytes url)
{
    size_t i;
    say->bad |= url.len == 0 || url.ptr == NULL || !mailproto__imap_is_balanced(url);
    for (i = 0; i < url.len && !say->bad; i++) {
        char c = url.ptr[i];
        say->bad |= c <= 0x20 || c > 0x7E ||
                    memchr(not_in_urls, c, sizeof not_in_urls - 1) != NULL;
    }
    if (!say->bad) {
        mailproto__imap_say_span(say, url);
    }
}

/* atom [SP 1*<any TEXT-CHAR except "]">]; of what follows the atom readers find the end
 * only where quotes and brackets are closed. */
static void say_other(struct mailproto__imap_say *say, mailproto_bytes text)
{
    mailproto_bytes rest;
    const char *blank =
        text.len > 0 ? (const char *)memchr(text.ptr, ' ', text.len) : NULL;
    if (blank == NULL) {
        mailproto__imap_say_atom(say, text);
        return;
    }
    rest = mailproto__tail(text, (size_t)(blank - text.ptr) + 1);
    mailproto__imap_say_atom(say,
                             mailproto__span(text.ptr, (size_t)(blank - text.ptr)));
    say->bad |= rest.len == 0 || memchr(rest.ptr, ']', rest.len) != NULL ||
                mailproto__find_control(rest) < rest.len ||
                !mailproto__imap_is_balanced(rest) || !mailproto__imap_is_ascii(rest);
    if (!say->bad) {
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_span(say, rest);
    }
}

static void say_with(struct mailproto__imap_say *say, const mailproto_imap_code *c,
                     uint32_t with)
{
    const uint32_t permanent = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANSWERED |
                               MAILPROTO_IMAP_FLAGGED | MAILPROTO_IMAP_DELETED |
                               MAILPROTO_IMAP_DRAFT | MAILPROTO_IMAP_ANY;
    switch (with) {
    case A_NUMBER:
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_nz_number(say, c->number);
        break;
    case A_MODSEQ:
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_nz_number64(say, c->number);
        break;
    case CHARSETS:
        say_charsets(say, c);
        break;
    case SOME_FLAGS:
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_flags(say, c->flags, permanent, c->words, c->words_count);
        break;
    case NEW_UIDS:
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_nz_number(say, c->number);
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_set(say, c->set, c->set_count);
        break;
    case COPIED_UIDS:
        say_copied(say, c);
        break;
    case NUMBERS:
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_set(say, c->set, c->set_count);
        break;
    case AN_ID:
        MAILPROTO__IMAP_SAY(say, " ");
        mailproto__imap_say_object_id(say, c->text);
        break;
    case A_URL:
        MAILPROTO__IMAP_SAY(say, " ");
        say_url(say, c->text);
        break;
    case AS_IT_IS:
        say_other(say, c->text);
        break;
    default:
        break;
    }
}

static void say_code(struct mailproto__imap_say *say, const mailproto_imap_code *c)
{
    if (c->code == MAILPROTO_IMAP_CODE_NONE) {
        return;
    }
    MAILPROTO__IMAP_SAY(say, "[");
    say_name(say, &rows[c->code]);
    say_with(say, c, rows[c->code].with);
    MAILPROTO__IMAP_SAY(say, "] ");
}

mailproto_status mailproto__imap_code_read(const mailproto_imap_code *from,
                                           mailproto_imap_code *to, size_t *size,
                                           int *is_short)
{
    struct mailproto__imap_say say;
    mailproto_status st = mailproto__options_copy(to, sizeof *to, from);
    *size = 0;
    *is_short = 1;
    if (st != MAILPROTO_OK) {
        return st;
    }
    if (to->code >= CODES) {
        return MAILPROTO_ERR_ARGUMENT;
    }
    mailproto__imap_say_measure(&say, NULL);
    say_code(&say, to);
    *size = say.len;
    switch (rows[to->code].with) {
    case CHARSETS:
    case SOME_FLAGS:
    case NEW_UIDS:
    case COPIED_UIDS:
    case NUMBERS:
        *is_short = 0;
        break;
    default:
        break;
    }
    return say.bad ? MAILPROTO_ERR_ARGUMENT : MAILPROTO_OK;
}

/* RFC 7162 3.2.5.1 and its likes: the client knows of all up to this one now. */
static void note_modseq(mailproto_imap_server *server, const mailproto_imap_code *code)
{
    if (code->code == MAILPROTO_IMAP_CODE_HIGHESTMODSEQ &&
        code->number > server->box_modseq) {
        server->box_modseq = code->number;
    }
}

void mailproto__imap_put_code(mailproto_imap_server *server,
                              const mailproto_imap_code *code)
{
    struct mailproto__imap_say say;
    note_modseq(server, code);
    mailproto__imap_say_measure(&say, server);
    say.room = mailproto__room(&server->session);
    say_code(&say, code);
}

/* ---- status responses ---------------------------------------------------------------- */

mailproto_status mailproto_imap_server_untagged(mailproto_imap_server *server,
                                                uint32_t how,
                                                const mailproto_imap_code *code,
                                                mailproto_bytes text)
{
    struct mailproto__imap_say say;
    mailproto_imap_code c;
    size_t size;
    int is_short;
    mailproto_status st =
        mailproto__imap_say_begin(&say, server, MAILPROTO__IMAP_ANY_TIME);
    if (st == MAILPROTO_OK) {
        st = mailproto__imap_code_read(code, &c, &size, &is_short);
    }
    if (st != MAILPROTO_OK) {
        return st;
    }
    switch (how) {
    case MAILPROTO_IMAP_OK:
        MAILPROTO__IMAP_SAY(&say, "* OK ");
        break;
    case MAILPROTO_IMAP_NO:
        MAILPROTO__IMAP_SAY(&say, "* NO ");
        break;
    case MAILPROTO_IMAP_BAD:
        MAILPROTO__IMAP_SAY(&say, "* BAD ");
        break;
    default:
        say.bad = 1;
        break;
    }
    say_code(&say, &c);
    mailproto__imap_say_words(&say, text, MAILPROTO__LITERAL("Note"), size > 0);
    MAILPROTO__IMAP_SAY(&say, "\r\n");
    st = mailproto__imap_say_end(&say);
    if (st == MAILPROTO_OK) {
        note_modseq(server, &c);
    }
    return st;
}
