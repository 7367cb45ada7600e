/*
 * A command as the server reads it (RFC 9051 9, command): its tag and verb, what each
 * command's arguments are read by, and those commands whose arguments are few. Must not
 * know when a command is allowed.
 */
#include "imap/syntax.h"

#include "core/mem.h"
#include "core/options.h"
#include "imap/syntax_command.h"

enum { THE_UID = 100 };

static const struct mailproto__imap_keyword commands[] = {
    {"ID", MAILPROTO_IMAP_ID},
    {"UID", THE_UID},
    {"NOOP", MAILPROTO_IMAP_NOOP},
    {"LIST", MAILPROTO_IMAP_LIST},
    {"IDLE", MAILPROTO_IMAP_IDLE},
    {"COPY", MAILPROTO_IMAP_COPY},
    {"MOVE", MAILPROTO_IMAP_MOVE},
    {"LSUB", MAILPROTO_IMAP_LSUB},
    {"FETCH", MAILPROTO_IMAP_FETCH},
    {"STORE", MAILPROTO_IMAP_STORE},
    {"LOGIN", MAILPROTO_IMAP_LOGIN},
    {"CLOSE", MAILPROTO_IMAP_CLOSE},
    {"CHECK", MAILPROTO_IMAP_CHECK},
    {"STATUS", MAILPROTO_IMAP_STATUS},
    {"SELECT", MAILPROTO_IMAP_SELECT},
    {"SEARCH", MAILPROTO_IMAP_SEARCH},
    {"APPEND", MAILPROTO_IMAP_APPEND},
    {"LOGOUT", MAILPROTO_IMAP_LOGOUT},
    {"ENABLE", MAILPROTO_IMAP_ENABLE},
    {"CREATE", MAILPROTO_IMAP_CREATE},
    {"DELETE", MAILPROTO_IMAP_DELETE},
    {"RENAME", MAILPROTO_IMAP_RENAME},
    {"EXAMINE", MAILPROTO_IMAP_EXAMINE},
    {"EXPUNGE", MAILPROTO_IMAP_EXPUNGE},
    {"STARTTLS", MAILPROTO_IMAP_STARTTLS},
    {"UNSELECT", MAILPROTO_IMAP_UNSELECT},
    {"SUBSCRIBE", MAILPROTO_IMAP_SUBSCRIBE},
    {"NAMESPACE", MAILPROTO_IMAP_NAMESPACE},
    {"CAPABILITY", MAILPROTO_IMAP_CAPABILITY},
    {"UNSUBSCRIBE", MAILPROTO_IMAP_UNSUBSCRIBE},
    {"AUTHENTICATE", MAILPROTO_IMAP_AUTHENTICATE}};
static const uint8_t commands_from[MAILPROTO__IMAP_KEYWORD_MAX + 2] = {
    0, 0, 0, 1, 2, 8, 13, 22, 24, 26, 28, 29, 30, 31, 31, 31, 31, 31, 31};

const char *mailproto_imap_command_name(uint32_t command)
{
    size_t i;
    for (i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i].value == command && command != THE_UID) {
            return commands[i].text;
        }
    }
    return "";
}

/* ---- commands with few arguments ------------------------------------------------------- */

/* initial-resp: base64 that is not empty, or "=" (RFC 9051 9) */
static int read_initial(struct mailproto__imap_reader *r, mailproto_imap_string *out)
{
    const char *begin = r->at;
    size_t len = mailproto__imap_run(r, MAILPROTO__IMAP_BASE64).len;
    size_t pad = len % 4 == 0 ? 0 : 4 - len % 4;
    if (len == 0) {
        pad = 1;
    } else if (pad == 3) {
        return mailproto__imap_fault(r, "base64 expected");
    }
    for (; pad > 0; pad--) {
        if (!mailproto__imap_read_octet(r, '=', "base64 or = expected")) {
            return 0;
        }
    }
    out->form = MAILPROTO_IMAP_ATOM;
    out->raw.ptr = begin;
    out->raw.len = (size_t)(r->at - begin);
    return 1;
}

static int read_authenticate(struct mailproto__imap_reader *r,
                             mailproto_imap_command *c)
{
    if (!mailproto__imap_read_sp(r) || !mailproto__imap_read_atom(r, &c->name)) {
        return 0;
    }
    if (*r->at != ' ') {
        return 1;
    }
    r->at++;
    return read_initial(r, &c->text);
}

static int read_login(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    return mailproto__imap_read_sp(r) && mailproto__imap_read_astring(r, &c->name) &&
           mailproto__imap_read_sp(r) && mailproto__imap_read_astring(r, &c->text);
}

static int read_enable(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    mailproto_imap_string name;
    const char *begin = r->at + 1;
    do {
        if (!mailproto__imap_read_sp(r) || !mailproto__imap_read_atom(r, &name)) {
            return 0;
        }
        if (MAILPROTO__IMAP_IS(name.raw, "CONDSTORE") ||
            MAILPROTO__IMAP_IS(name.raw, "QRESYNC")) {
            c->flags |= MAILPROTO_IMAP_USES_MODSEQ;
        }
    } while (*r->at == ' ');
    mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_STRINGS, r, begin, r->at);
    return 1;
}

/* id_params_list (RFC 2971 4), whose "#" means single blanks */
static int read_id(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    mailproto_imap_string s;
    const char *begin;
    if (!mailproto__imap_read_sp(r)) {
        return 0;
    }
    begin = r->at;
    if (*begin != '(') {
        if (MAILPROTO__IMAP_IS(mailproto__imap_run(r, MAILPROTO__IMAP_ATOM), "NIL")) {
            return 1;
        }
        r->at = begin;
        return mailproto__imap_fault(r, "( or NIL expected");
    }
    begin++;
    r->at++;
    if (*r->at != ')') {
        for (;;) {
            if (!mailproto__imap_read_string(r, &s) || !mailproto__imap_read_sp(r) ||
                !mailproto__imap_read_nstring(r, &s)) {
                return 0;
            }
            if (*r->at != ' ') {
                break;
            }
            r->at++;
        }
    }
    mailproto__imap_cursor_make(&c->items, MAILPROTO__IMAP_NSTRINGS, r, begin, r->at);
    return mailproto__imap_read_octet(r, ')', "SP or ) expected");
}

/* ---- the command ----------------------------------------------------------------------- */

/* The arguments of a command that is known. */
static int read_arguments(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    switch (c->command) {
    case MAILPROTO_IMAP_AUTHENTICATE:
        return read_authenticate(r, c);
    case MAILPROTO_IMAP_LOGIN:
        return read_login(r, c);
    case MAILPROTO_IMAP_ENABLE:
        return read_enable(r, c);
    case MAILPROTO_IMAP_ID:
        return read_id(r, c);
    case MAILPROTO_IMAP_SELECT:
    case MAILPROTO_IMAP_EXAMINE:
        return mailproto__imap_read_select(r, c);
    case MAILPROTO_IMAP_CREATE:
        return mailproto__imap_read_create(r, c);
    case MAILPROTO_IMAP_DELETE:
    case MAILPROTO_IMAP_SUBSCRIBE:
    case MAILPROTO_IMAP_UNSUBSCRIBE:
        return mailproto__imap_read_sp_mailbox(r, &c->mailbox);
    case MAILPROTO_IMAP_RENAME:
        return mailproto__imap_read_rename(r, c);
    case MAILPROTO_IMAP_LIST:
        return mailproto__imap_read_list(r, c);
    case MAILPROTO_IMAP_LSUB:
        return mailproto__imap_read_lsub(r, c);
    case MAILPROTO_IMAP_STATUS:
        return mailproto__imap_read_status(r, c);
    case MAILPROTO_IMAP_APPEND:
        return mailproto__imap_read_append(r, c);
    case MAILPROTO_IMAP_EXPUNGE:
        return mailproto__imap_read_expunge(r, c);
    case MAILPROTO_IMAP_SEARCH:
        return mailproto__imap_read_search(r, c);
    case MAILPROTO_IMAP_FETCH:
        return mailproto__imap_read_fetch(r, c);
    case MAILPROTO_IMAP_STORE:
        return mailproto__imap_read_store(r, c);
    case MAILPROTO_IMAP_COPY:
    case MAILPROTO_IMAP_MOVE:
        return mailproto__imap_read_copy(r, c);
    default:
        return 1;
    }
}

#define BIT(command) (UINT32_C(1) << MAILPROTO_IMAP_##command)

/* Sets of commands as bits: which one it is cannot be foreseen, so that nothing is asked
 * about each. */
static uint32_t is_among(uint32_t command, uint32_t commands_set)
{
    return commands_set >> (command & 31U) & 1U;
}

static int has_uid_form(uint32_t command)
{
    return (int)is_among(command, BIT(FETCH) | BIT(STORE) | BIT(SEARCH) | BIT(COPY) |
                                      BIT(MOVE) | BIT(EXPUNGE));
}

/* RFC 9051 7.5.1: no EXPUNGE while these are in progress; their UID forms are other
 * commands. */
static uint32_t may_expunge(const mailproto_imap_command *c)
{
    uint32_t forbids = is_among(c->command, BIT(FETCH) | BIT(STORE) | BIT(SEARCH));
    uint32_t uid = (c->flags & MAILPROTO_IMAP_UID) != 0;
    return MAILPROTO_IMAP_MAY_EXPUNGE * ((forbids ^ 1U) | uid);
}

/* The verb, of which UID takes another one. */
static int read_verb(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    c->verb = mailproto__imap_run(r, MAILPROTO__IMAP_ATOM);
    c->command = mailproto__imap_keyword(commands, commands_from, c->verb);
    if (c->command == THE_UID) {
        c->command = MAILPROTO_IMAP_OTHER;
        c->flags = MAILPROTO_IMAP_UID;
        if (!mailproto__imap_read_sp(r)) {
            return 0;
        }
        c->verb = mailproto__imap_run(r, MAILPROTO__IMAP_ATOM);
        c->command = mailproto__imap_keyword(commands, commands_from, c->verb);
        if (!has_uid_form(c->command)) {
            c->command = MAILPROTO_IMAP_OTHER;
        }
    }
    if (c->verb.len == 0) {
        return mailproto__imap_fault(r, "command expected");
    }
    c->flags |= may_expunge(c);
    c->args.ptr = r->end;
    if (*r->at == ' ') {
        c->args.ptr = r->at + 1;
        c->args.len = (size_t)(r->end - c->args.ptr);
        return 1;
    }
    return mailproto__imap_at_end(r) ? 1
                                     : mailproto__imap_fault(r, "SP or CRLF expected");
}

/* From behind the tag to the end. */
static int read_command(struct mailproto__imap_reader *r, mailproto_imap_command *c)
{
    if (!mailproto__imap_read_sp(r) || !read_verb(r, c)) {
        return 0;
    }
    if (c->command == MAILPROTO_IMAP_OTHER) {
        c->name.form = MAILPROTO_IMAP_ATOM;
        c->name.raw = c->verb;
        r->at = r->end;
        return 1;
    }
    if (!read_arguments(r, c)) {
        return 0;
    }
    return mailproto__imap_at_end(r) ? 1 : mailproto__imap_fault(r, "CRLF expected");
}

/* A reader over a unit; 0: it does not end in CRLF. */
static int open_unit(struct mailproto__imap_reader *r, mailproto_bytes unit,
                     uint32_t enabled)
{
    r->at = unit.ptr;
    r->end = unit.ptr;
    r->begin = unit.ptr;
    r->limit = unit.ptr;
    r->detail = "";
    r->status = MAILPROTO_OK;
    r->enabled = enabled;
    r->marks = 0;
    r->prefix = 0;
    r->pending_binary = 0;
    r->pending_size = 0;
    if (unit.len < 2 || unit.ptr[unit.len - 2] != '\r' ||
        unit.ptr[unit.len - 1] != '\n') {
        if (unit.len > 0) {
            r->at += unit.len;
        }
        return mailproto__imap_fault(r, "CRLF expected");
    }
    r->end = unit.ptr + unit.len - 2;
    r->limit = r->end + 2;
    return 1;
}

/* The tag's octets. */
static mailproto_bytes read_tag(struct mailproto__imap_reader *r)
{
#if MAILPROTO__IMAP_VECTORS
    if (r->limit - r->at >= (ptrdiff_t)MAILPROTO__IMAP_STEP) {
        uint64_t others = mailproto__imap_found(
            mailproto__imap_no_astring(mailproto__imap_group_at(r->at), '+'));
        if (others != 0) {
            mailproto_bytes tag;
            tag.ptr = r->at;
            tag.len = mailproto__imap_first(others);
            r->at += tag.len;
            return tag;
        }
    }
#endif
    return mailproto__imap_run(r, MAILPROTO__IMAP_TAG);
}

/* A whole unit. */
static int read_unit(struct mailproto__imap_reader *r, mailproto_bytes unit,
                     mailproto_imap_command *c)
{
    mailproto_bytes tag;
    mailproto__imap_zero(c, sizeof *c);
    c->struct_size = sizeof *c;
    if (r->status != MAILPROTO_OK) {
        c->tag = mailproto__imap_tag(unit);
        return 0;
    }
    tag = read_tag(r);
    if (tag.len == 0 || (*r->at != ' ' && !mailproto__imap_at_end(r))) {
        return mailproto__imap_fault(r, "tag expected");
    }
    c->tag = tag;
    return read_command(r, c);
}

static mailproto_status tell(const struct mailproto__imap_reader *r,
                             mailproto_bytes unit, mailproto_imap_fault *fault)
{
    if (fault == NULL) {
        return r->status;
    }
    fault->code = r->status;
    fault->reserved = 0;
    fault->offset =
        r->status == MAILPROTO_OK || r->at == NULL ? 0 : (size_t)(r->at - unit.ptr);
    fault->detail = r->detail;
    return r->status;
}

mailproto_bytes mailproto__imap_tag(mailproto_bytes unit)
{
    mailproto_bytes tag = unit;
    size_t i = 0;
    while (i < unit.len && mailproto__imap_is(unit.ptr[i], MAILPROTO__IMAP_TAG)) {
        i++;
    }
    if (i < unit.len && unit.ptr[i] != ' ' && unit.ptr[i] != '\r' &&
        unit.ptr[i] != '\n') {
        i = 0;
    }
    tag.len = i;
    return tag;
}

mailproto_status mailproto__imap_command_read(mailproto_bytes unit, uint32_t enabled,
                                              mailproto_imap_command *out,
                                              mailproto_imap_fault *fault)
{
    struct mailproto__imap_reader r;
    (void)open_unit(&r, unit, enabled);
    r.marks = 1;
    (void)read_unit(&r, unit, out);
    return tell(&r, unit, fault);
}

mailproto_status mailproto__imap_command_prefix(mailproto_bytes unit, uint32_t enabled,
                                                size_t *from,
                                                mailproto_imap_command *out,
                                                mailproto_imap_fault *fault)
{
    struct mailproto__imap_reader r;
    (void)open_unit(&r, unit, enabled);
    r.marks = 1;
    r.prefix = 1;
    if (*from == 0) {
        (void)read_unit(&r, unit, out);
    } else if (r.status == MAILPROTO_OK) { /* a message of APPEND */
        r.at = unit.ptr + *from;
        (void)mailproto__imap_read_messages(&r, out);
    }
    if (r.status == MAILPROTO_AGAIN) {
        r.status = MAILPROTO_OK;
        *from = out->command == MAILPROTO_IMAP_APPEND && out->items.opaque[0] != 0
                    ? (size_t)((const char *)(uintptr_t)out->items.opaque[0] - unit.ptr)
                    : 0;
    } else if (r.status == MAILPROTO_OK && out->command != MAILPROTO_IMAP_OTHER) {
        (void)mailproto__imap_fault(&r, "literal expected");
    }
    return tell(&r, unit, fault);
}

mailproto_status mailproto_imap_command_parse(mailproto_bytes unit, uint32_t enabled,
                                              mailproto_imap_command *out,
                                              mailproto_imap_fault *fault)
{
    struct mailproto__imap_reader r;
    mailproto_imap_command command;
    mailproto_imap_command *c = out->struct_size == sizeof *out ? out : &command;
    mailproto_status status;
    if (out->struct_size < sizeof out->struct_size) {
        return MAILPROTO_ERR_VERSION;
    }
    (void)open_unit(&r, unit, enabled);
    (void)read_unit(&r, unit, c);
    status = tell(&r, unit, fault);
    if (c == &command &&
        mailproto__output_copy(out, &command, sizeof command) != MAILPROTO_OK) {
        return MAILPROTO_ERR_VERSION;
    }
    return status;
}
