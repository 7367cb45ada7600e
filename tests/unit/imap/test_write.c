/* Untagged responses, as clients of IMAP4rev1 and IMAP4rev2 get them: exact octets. */
#include "write_check.h"

static struct writer w;

static void begin(const char *enable, uint32_t exists, const char *command)
{
    writer_work(&w, 65536, enable, exists, command);
}

static const mailproto_bytes keywords[] = {{"$Forwarded", 10}, {"todo", 4}};

/* ---- the selected mailbox ----------------------------------------------------------- */

static mailproto_imap_selected full_box(void)
{
    mailproto_imap_selected box = writer_box(172);
    box.recent = 3;
    box.unseen = 12;
    box.mailbox_flags = 31;
    box.permanent_flags = MAILPROTO_IMAP_SEEN | MAILPROTO_IMAP_ANY;
    box.keywords = keywords;
    box.keywords_count = 2;
    box.mailbox_id = OCTETS("F2212ea87-6097_4");
    return box;
}

static void selected_rev1(void **state)
{
    mailproto_imap_selected box = full_box();
    (void)state;
    begin(NULL, 0, "A SELECT INBOX\r\n");
    SAYS(&w, mailproto_imap_server_selected(w.server, w.request, &box),
         "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded todo)\r\n"
         "* OK [PERMANENTFLAGS (\\Seen $Forwarded todo \\*)] Kept\r\n"
         "* 172 EXISTS\r\n"
         "* 3 RECENT\r\n"
         "* OK [UNSEEN 12] First unseen\r\n"
         "* OK [UIDVALIDITY 7] UIDs valid\r\n"
         "* OK [UIDNEXT 1000] Next UID\r\n"
         "* OK [HIGHESTMODSEQ 99] Highest\r\n"
         "* OK [MAILBOXID (F2212ea87-6097_4)] Id\r\n");
    SAYS(&w,
         mailproto_imap_server_complete(w.server, w.request, MAILPROTO_IMAP_OK, NULL,
                                        bytes_of("")),
         "A OK [READ-WRITE] SELECT completed\r\n");
    assert_int_equal(mailproto_imap_server_exists_now(w.server), 172);
    writer_close(&w);
}

static void selected_rev2(void **state)
{
    mailproto_imap_selected box = full_box();
    (void)state;
    begin("IMAP4rev2", 5, "A EXAMINE INBOX\r\n");
    box.flags = MAILPROTO_IMAP_BOX_NOMODSEQ | MAILPROTO_IMAP_BOX_UIDNOTSTICKY;
    box.mailbox_id.len = 0;
    box.keywords_count = 0;
    box.entry.attributes = MAILPROTO_IMAP_ATTR_HASNOCHILDREN;
    box.entry.name.len = 0; /* LIST cannot tell it */
    assert_int_equal(mailproto_imap_server_selected(w.server, w.request, &box),
                     MAILPROTO_ERR_ARGUMENT);
    box.entry.name = OCTETS("Entw\xC3\xBCrfe");
    box.entry.old_name = OCTETS("entwurf");
    SAYS(&w, mailproto_imap_server_selected(w.server, w.request, &box),
         "* OK [CLOSED] Previous mailbox closed\r\n"
         "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n"
         "* OK [PERMANENTFLAGS (\\Seen \\*)] Kept\r\n"
         "* 172 EXISTS\r\n"
         "* OK [UIDVALIDITY 7] UIDs valid\r\n"
         "* OK [UIDNEXT 1000] Next UID\r\n"
         "* NO [UIDNOTSTICKY] UIDs do not last\r\n"
         "* OK [NOMODSEQ] No mod-sequences here\r\n"
         "* LIST (\\HasNoChildren) \"/\" \"Entw\xC3\xBCrfe\" (\"OLDNAME\" "
         "(entwurf))\r\n");
    SAYS(&w,
         mailproto_imap_server_complete(w.server, w.request, MAILPROTO_IMAP_OK, NULL,
                                        bytes_of("")),
         "A OK [READ-ONLY] EXAMINE completed\r\n");
    writer_close(&w);
}

static void selected_faults(void **state)
{
    mailproto_imap_selected box = full_box();
    (void)state;
    begin(NULL, 0, "A SELECT INBOX\r\n");
#define BOX_REFUSED(field, value)                                                      \
    do {                                                                               \
        box = full_box();                                                              \
        box.field = (value);                                                           \
        REFUSES(&w, mailproto_imap_server_selected(w.server, w.request, &box),         \
                MAILPROTO_ERR_ARGUMENT);                                               \
    } while (0)
    BOX_REFUSED(uidvalidity, 0);
    BOX_REFUSED(uidnext, 0);
    BOX_REFUSED(recent, 173);
    BOX_REFUSED(unseen, 173);
    BOX_REFUSED(highestmodseq, 0);
    BOX_REFUSED(highestmodseq, UINT64_C(1) << 63);
    BOX_REFUSED(flags, 8);
    BOX_REFUSED(mailbox_flags, MAILPROTO_IMAP_RECENT);
    BOX_REFUSED(mailbox_flags, MAILPROTO_IMAP_ANY);
    BOX_REFUSED(permanent_flags, MAILPROTO_IMAP_RECENT);
    BOX_REFUSED(keywords, NULL);
    BOX_REFUSED(mailbox_id, OCTETS("a.b"));
    box = full_box();
    REFUSES(&w, mailproto_imap_server_selected(w.server, w.request + 1, &box),
            MAILPROTO_ERR_STALE);
    box.struct_size = sizeof box + 8;
    REFUSES(&w, mailproto_imap_server_selected(w.server, w.request, NULL),
            MAILPROTO_ERR_ARGUMENT);
    assert_int_equal(mailproto_imap_server_complete(
                         w.server, w.request, MAILPROTO_IMAP_OK, NULL, bytes_of("")),
                     MAILPROTO_ERR_STATE);
    writer_close(&w);
    begin("IMAP4rev2", 0, "A SELECT INBOX\r\n");
    BOX_REFUSED(entry.name, OCTETS("\xFF"));
    BOX_REFUSED(entry.delimiter, 256);
    BOX_REFUSED(entry.attributes, 1U << 18);
    writer_close(&w);
    begin(NULL, 0, "A NOOP\r\n");
    box = full_box();
    REFUSES(&w, mailproto_imap_server_selected(w.server, w.request, &box),
            MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
}

/* ---- counts --------------------------------------------------------------------------- */

static void counts(void **state)
{
    static const mailproto_imap_range gone[] = {{41, 41}, {43, 44}};
    (void)state;
    begin(NULL, 10, "A NOOP\r\n");
    SAYS(&w, mailproto_imap_server_exists(w.server, 10), "* 10 EXISTS\r\n");
    SAYS(&w, mailproto_imap_server_exists(w.server, 12), "* 12 EXISTS\r\n");
    REFUSES(&w, mailproto_imap_server_exists(w.server, 11), MAILPROTO_ERR_NOT_NOW);
    SAYS(&w, mailproto_imap_server_recent(w.server, 12), "* 12 RECENT\r\n");
    REFUSES(&w, mailproto_imap_server_recent(w.server, 13), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_expunge(w.server, 13, 1), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_expunge(w.server, 0, 1), MAILPROTO_ERR_ARGUMENT);
    SAYS(&w, mailproto_imap_server_expunge(w.server, 12, 0), "* 12 EXPUNGE\r\n");
    assert_int_equal(mailproto_imap_server_exists_now(w.server), 11);
    REFUSES(&w, mailproto_imap_server_expunge(w.server, 12, 5), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_vanished(w.server, 0, gone, 2),
            MAILPROTO_ERR_STATE);
    SAYS(&w, mailproto_imap_server_flags(w.server, MAILPROTO_IMAP_SEEN, keywords, 1),
         "* FLAGS (\\Seen $Forwarded)\r\n");
    SAYS(&w, mailproto_imap_server_flags(w.server, 0, NULL, 0), "* FLAGS ()\r\n");
    writer_complete(&w);
    /* with no command in progress: EXISTS may come, EXPUNGE may not */
    SAYS(&w, mailproto_imap_server_exists(w.server, 13), "* 13 EXISTS\r\n");
    REFUSES(&w, mailproto_imap_server_expunge(w.server, 1, 1), MAILPROTO_ERR_NOT_NOW);
    writer_command(&w, "B FETCH 1 FLAGS\r\n");
    REFUSES(&w, mailproto_imap_server_expunge(w.server, 1, 1), MAILPROTO_ERR_NOT_NOW);
    writer_complete(&w);
    writer_close(&w);
}

static void counts_qresync(void **state)
{
    static const mailproto_imap_range gone[] = {{41, 41}, {43, 44}};
    static const mailproto_imap_range all[] = {{1, 11}};
    static const mailproto_imap_range bad[][2] = {{{5, 4}, {6, 6}},
                                                  {{0, 4}, {6, 6}},
                                                  {{1, 4}, {4, 6}},
                                                  {{3, 3}, {1, 1}},
                                                  {{0, 0}, {0, 0}}};
    size_t i;
    (void)state;
    begin("QRESYNC", 10, "A NOOP\r\n");
    SAYS(&w, mailproto_imap_server_expunge(w.server, 3, 41), "* VANISHED 41\r\n");
    REFUSES(&w, mailproto_imap_server_expunge(w.server, 3, 0), MAILPROTO_ERR_ARGUMENT);
    SAYS(&w, mailproto_imap_server_vanished(w.server, 0, gone, 2),
         "* VANISHED 41,43:44\r\n");
    assert_int_equal(mailproto_imap_server_exists_now(w.server), 6);
    SAYS(&w, mailproto_imap_server_vanished(w.server, 1, all, 1),
         "* VANISHED (EARLIER) 1:11\r\n");
    assert_int_equal(mailproto_imap_server_exists_now(w.server), 6);
    REFUSES(&w, mailproto_imap_server_vanished(w.server, 0, all, 1),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_vanished(w.server, 0, gone, 0),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_vanished(w.server, 1, NULL, 1),
            MAILPROTO_ERR_ARGUMENT);
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSES(&w, mailproto_imap_server_vanished(w.server, 1, bad[i], 2),
                MAILPROTO_ERR_ARGUMENT);
    }
    writer_complete(&w);
    REFUSES(&w, mailproto_imap_server_vanished(w.server, 0, gone, 1),
            MAILPROTO_ERR_NOT_NOW);
    writer_close(&w);
    begin("IMAP4rev2", 4, "A NOOP\r\n");
    REFUSES(&w, mailproto_imap_server_recent(w.server, 1), MAILPROTO_OK);
    writer_close(&w);
}

/* ---- LIST, LSUB ------------------------------------------------------------------------ */

static mailproto_imap_list_entry entry_of(const char *name, uint32_t attributes)
{
    mailproto_imap_list_entry e;
    memset(&e, 0, sizeof e);
    e.struct_size = sizeof e;
    e.name = bytes_of(name);
    e.attributes = attributes;
    e.delimiter = '/';
    return e;
}

#define LISTS(name, attributes, octets)                                                \
    do {                                                                               \
        mailproto_imap_list_entry e_ = entry_of(name, attributes);                     \
        SAYS(&w, mailproto_imap_server_list(w.server, &e_), octets);                   \
    } while (0)

static void list_rev1(void **state)
{
    mailproto_imap_list_entry e;
    (void)state;
    begin(NULL, 0, "A LIST \"\" *\r\n");
    LISTS("INBOX", 0, "* LIST () \"/\" INBOX\r\n");
    LISTS("a b", MAILPROTO_IMAP_ATTR_NOSELECT, "* LIST (\\Noselect) \"/\" \"a b\"\r\n");
    LISTS("", 0, "* LIST () \"/\" \"\"\r\n");
    LISTS("nil", 0, "* LIST () \"/\" \"nil\"\r\n");
    LISTS("a\"b\\c", 0, "* LIST () \"/\" \"a\\\"b\\\\c\"\r\n");
    LISTS("a*b%", 0, "* LIST () \"/\" \"a*b%\"\r\n");
    LISTS("a]b", 0, "* LIST () \"/\" \"a]b\"\r\n");
    LISTS("R&D", 0, "* LIST () \"/\" R&-D\r\n");
    LISTS("Entw\xC3\xBCrfe", 0, "* LIST () \"/\" Entw&APw-rfe\r\n");
    LISTS("\xE5\x8F\xB0\xE5\x8C\x97/\xF0\x9F\x98\x80&", 0,
          "* LIST () \"/\" &U,BTFw-/&2D3eAA-&-\r\n");
    LISTS("a\tb\r\nc", 0, "* LIST () \"/\" a&AAk-b&AA0ACg-c\r\n");
    LISTS("{3}", 0, "* LIST () \"/\" \"{3}\"\r\n");
    LISTS("x", MAILPROTO_IMAP_ATTR_NONEXISTENT | MAILPROTO_IMAP_ATTR_NOSELECT,
          "* LIST (\\NonExistent \\Noselect) \"/\" x\r\n");
    LISTS(
        "x",
        (1U << 17) - 1 -
            (MAILPROTO_IMAP_ATTR_NONEXISTENT | MAILPROTO_IMAP_ATTR_NOSELECT |
             MAILPROTO_IMAP_ATTR_UNMARKED | MAILPROTO_IMAP_ATTR_HASNOCHILDREN),
        "* LIST (\\Noinferiors \\Marked \\HasChildren \\Subscribed \\Remote \\All "
        "\\Archive \\Drafts \\Flagged \\Junk \\Sent \\Trash \\Important) \"/\" x\r\n");
    LISTS("x", MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED,
          "* LIST () \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n");
    e = entry_of("x", 0);
    e.delimiter = 0;
    SAYS(&w, mailproto_imap_server_list(w.server, &e), "* LIST () NIL x\r\n");
    e.delimiter = '\\';
    SAYS(&w, mailproto_imap_server_list(w.server, &e), "* LIST () \"\\\\\" x\r\n");
    e.delimiter = '"';
    e.old_name = OCTETS("y"); /* nothing for who knows no OLDNAME */
    SAYS(&w, mailproto_imap_server_list(w.server, &e), "* LIST () \"\\\"\" x\r\n");
    e = entry_of("caf\xE9", 0);
    REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    e.name_flags = MAILPROTO_IMAP_NAME_RAW;
    SAYS(&w, mailproto_imap_server_list(w.server, &e),
         "* LIST () \"/\" {4}\r\ncaf\xE9\r\n");
    e.name = OCTETS("&&\r\nA OK");
    SAYS(&w, mailproto_imap_server_list(w.server, &e),
         "* LIST () \"/\" {8}\r\n&&\r\nA OK\r\n");
    e.name = OCTETS("&Ap");
    SAYS(&w, mailproto_imap_server_list(w.server, &e), "* LIST () \"/\" &Ap\r\n");
    writer_close(&w);
}

static void list_faults(void **state)
{
    static const uint32_t wrong[] = {
        1U << 18, MAILPROTO_IMAP_ATTR_MARKED | MAILPROTO_IMAP_ATTR_UNMARKED,
        MAILPROTO_IMAP_ATTR_HASCHILDREN | MAILPROTO_IMAP_ATTR_HASNOCHILDREN,
        MAILPROTO_IMAP_ATTR_NOSELECT | MAILPROTO_IMAP_ATTR_MARKED,
        MAILPROTO_IMAP_ATTR_NONEXISTENT | MAILPROTO_IMAP_ATTR_UNMARKED};
    static const uint32_t delimiters[] = {1,   10,  13,  31,        127,
                                          128, 255, 256, UINT32_MAX};
    mailproto_imap_list_entry e;
    size_t i;
    (void)state;
    begin(NULL, 0, "A LIST \"\" *\r\n");
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        e = entry_of("x", wrong[i]);
        REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    }
    for (i = 0; i < sizeof delimiters / sizeof delimiters[0]; i++) {
        e = entry_of("x", 0);
        e.delimiter = delimiters[i];
        REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    }
    e = entry_of("x", 0);
    e.name = OCTETS("a\0b");
    REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    e.name_flags = MAILPROTO_IMAP_NAME_RAW;
    REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    e = entry_of("x", 0);
    e.name_flags = 2;
    REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    e = entry_of("x", 0);
    e.name.ptr = NULL;
    REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_list(w.server, NULL), MAILPROTO_ERR_ARGUMENT);
    writer_complete(&w);
    e = entry_of("x", 0);
    REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_STATE);
    writer_close(&w);
}

static void list_utf8(void **state)
{
    static const char *const modes[] = {"IMAP4rev2", "UTF8=ACCEPT"};
    mailproto_imap_list_entry e;
    size_t i;
    (void)state;
    for (i = 0; i < 2; i++) {
        begin(modes[i], 0, "A LIST \"\" *\r\n");
        LISTS("R&D", 0, "* LIST () \"/\" R&D\r\n");
        LISTS("Entw\xC3\xBCrfe", 0, "* LIST () \"/\" \"Entw\xC3\xBCrfe\"\r\n");
        LISTS("a\tb", 0, "* LIST () \"/\" \"a\tb\"\r\n");
        LISTS("a\r\nb", 0, "* LIST () \"/\" {4}\r\na\r\nb\r\n");
        e = entry_of("caf\xE9", 0);
        REFUSES(&w, mailproto_imap_server_list(w.server, &e), MAILPROTO_ERR_ARGUMENT);
        e.name_flags = MAILPROTO_IMAP_NAME_RAW;
        SAYS(&w, mailproto_imap_server_list(w.server, &e),
             "* LIST () \"/\" {4}\r\ncaf\xE9\r\n");
        writer_close(&w);
    }
    begin("IMAP4rev2", 0, "A LIST \"\" *\r\n");
    LISTS("x", MAILPROTO_IMAP_ATTR_NONEXISTENT | MAILPROTO_IMAP_ATTR_NOSELECT,
          "* LIST (\\NonExistent) \"/\" x\r\n");
    e = entry_of("x", MAILPROTO_IMAP_ATTR_CHILD_SUBSCRIBED);
    e.old_name = OCTETS("y z");
    SAYS(
        &w, mailproto_imap_server_list(w.server, &e),
        "* LIST () \"/\" x (\"CHILDINFO\" (\"SUBSCRIBED\") \"OLDNAME\" (\"y z\"))\r\n");
    writer_close(&w);
}

static void lsub(void **state)
{
    (void)state;
    begin(NULL, 0, "A LSUB \"\" *\r\n");
    LISTS("x",
          (1U << 18) - 1 - MAILPROTO_IMAP_ATTR_MARKED - MAILPROTO_IMAP_ATTR_UNMARKED,
          "* LSUB (\\Noselect \\Noinferiors) \"/\" x\r\n");
    writer_close(&w);
}

/* A name too long for quotes is a literal: both sides of the limit. */
static void long_names(void **state)
{
    char name[1002];
    char line[1100];
    mailproto_imap_list_entry e;
    (void)state;
    begin(NULL, 0, "A LIST \"\" *\r\n");
    memset(name, 'x', sizeof name);
    e = entry_of("", 0);
    e.name.ptr = name;
    e.name.len = 1000;
    assert_int_equal(mailproto_imap_server_list(w.server, &e), MAILPROTO_OK);
    writer_shows(
        &w, line,
        (size_t)snprintf(line, sizeof line, "* LIST () \"/\" %.1000s\r\n", name),
        __FILE__, __LINE__);
    e.name.len = 1001;
    assert_int_equal(mailproto_imap_server_list(w.server, &e), MAILPROTO_OK);
    writer_shows(&w, line,
                 (size_t)snprintf(line, sizeof line,
                                  "* LIST () \"/\" {1001}\r\n%.1001s\r\n", name),
                 __FILE__, __LINE__);
    writer_close(&w);
}

/* ---- STATUS, NAMESPACE, ID, others -------------------------------------------------------- */

static mailproto_imap_status full_status(void)
{
    mailproto_imap_status s;
    memset(&s, 0, sizeof s);
    s.struct_size = sizeof s;
    s.items = 1023;
    s.messages = 231;
    s.uidnext = UINT32_MAX;
    s.uidvalidity = 1;
    s.unseen = 2;
    s.deleted = 3;
    s.recent = 4;
    s.size = UINT64_C(0x7FFFFFFFFFFFFFFF);
    s.highestmodseq = 0;
    s.append_limit = 257890;
    s.mailbox_id = OCTETS("F-1");
    s.name = OCTETS("blurdy bloop");
    return s;
}

static void status_line(void **state)
{
    mailproto_imap_status s = full_status();
    (void)state;
    begin(NULL, 0, "A STATUS x (MESSAGES)\r\n");
    SAYS(&w, mailproto_imap_server_status(w.server, &s),
         "* STATUS \"blurdy bloop\" (MESSAGES 231 UIDNEXT 4294967295 UIDVALIDITY 1 "
         "UNSEEN "
         "2 DELETED 3 SIZE 9223372036854775807 RECENT 4 HIGHESTMODSEQ 0 APPENDLIMIT "
         "257890 MAILBOXID (F-1))\r\n");
    s.items = MAILPROTO_IMAP_STATUS_APPENDLIMIT;
    s.append_limit = MAILPROTO_UNLIMITED_64;
    SAYS(&w, mailproto_imap_server_status(w.server, &s),
         "* STATUS \"blurdy bloop\" (APPENDLIMIT NIL)\r\n");
    s.append_limit = UINT64_C(1) << 40;
    SAYS(&w, mailproto_imap_server_status(w.server, &s),
         "* STATUS \"blurdy bloop\" (APPENDLIMIT 4294967295)\r\n");
    s.items = 0;
    SAYS(&w, mailproto_imap_server_status(w.server, &s),
         "* STATUS \"blurdy bloop\" ()\r\n");
#define STATUS_REFUSED(field, value)                                                   \
    do {                                                                               \
        s = full_status();                                                             \
        s.field = (value);                                                             \
        REFUSES(&w, mailproto_imap_server_status(w.server, &s),                        \
                MAILPROTO_ERR_ARGUMENT);                                               \
    } while (0)
    STATUS_REFUSED(items, 1024);
    STATUS_REFUSED(uidnext, 0);
    STATUS_REFUSED(uidvalidity, 0);
    STATUS_REFUSED(size, UINT64_C(1) << 63);
    STATUS_REFUSED(highestmodseq, UINT64_C(1) << 63);
    STATUS_REFUSED(mailbox_id, OCTETS(""));
    STATUS_REFUSED(mailbox_id, OCTETS("a)b"));
    STATUS_REFUSED(name, OCTETS("\x80"));
    STATUS_REFUSED(name_flags, 4);
    writer_close(&w);
}

static void namespaces(void **state)
{
    mailproto_imap_namespace n[] = {{0, '/', {"", 0}},
                                    {0, '/', {"#mh/", 4}},
                                    {1, '.', {"~\xC3\xA4", 3}},
                                    {2, 0, {"#shared", 7}}};
    (void)state;
    begin(NULL, 0, "A NAMESPACE\r\n");
    SAYS(
        &w, mailproto_imap_server_namespace(w.server, n, 4),
        "* NAMESPACE ((\"\" \"/\")(\"#mh/\" \"/\")) ((\"~&AOQ-\" \".\")) ((\"#shared\" "
        "NIL))\r\n");
    SAYS(&w, mailproto_imap_server_namespace(w.server, n, 1),
         "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
    SAYS(&w, mailproto_imap_server_namespace(w.server, n + 3, 1),
         "* NAMESPACE NIL NIL ((\"#shared\" NIL))\r\n");
    SAYS(&w, mailproto_imap_server_namespace(w.server, NULL, 0),
         "* NAMESPACE NIL NIL NIL\r\n");
    REFUSES(&w, mailproto_imap_server_namespace(w.server, NULL, 1),
            MAILPROTO_ERR_ARGUMENT);
    n[1].kind = 3;
    REFUSES(&w, mailproto_imap_server_namespace(w.server, n, 2),
            MAILPROTO_ERR_ARGUMENT);
    n[1].kind = 2;
    REFUSES(&w, mailproto_imap_server_namespace(w.server, n, 3),
            MAILPROTO_ERR_ARGUMENT);
    n[1].kind = 0;
    n[1].delimiter = 200;
    REFUSES(&w, mailproto_imap_server_namespace(w.server, n, 2),
            MAILPROTO_ERR_ARGUMENT);
    n[1].delimiter = '/';
    n[1].prefix = OCTETS("\xC3");
    REFUSES(&w, mailproto_imap_server_namespace(w.server, n, 2),
            MAILPROTO_ERR_ARGUMENT);
    n[1].prefix = OCTETS("a\0");
    REFUSES(&w, mailproto_imap_server_namespace(w.server, n, 2),
            MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
}

static void id(void **state)
{
    static char octets[1100];
    mailproto_bytes p[64];
    size_t i;
    (void)state;
    begin(NULL, 0, "A ID NIL\r\n");
    p[0] = OCTETS("name");
    p[1] = OCTETS("m\"a\\il");
    p[2] = OCTETS("os");
    p[3].ptr = NULL;
    p[3].len = 0;
    SAYS(&w, mailproto_imap_server_id(w.server, NULL, 0), "* ID NIL\r\n");
    SAYS(&w, mailproto_imap_server_id(w.server, p, 4),
         "* ID (\"name\" \"m\\\"a\\\\il\" \"os\" NIL)\r\n");
    REFUSES(&w, mailproto_imap_server_id(w.server, p, 3), MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w, mailproto_imap_server_id(w.server, NULL, 2), MAILPROTO_ERR_ARGUMENT);
    p[1] = OCTETS("x\xC3\xA4");
    SAYS(&w, mailproto_imap_server_id(w.server, p, 2),
         "* ID (\"name\" {3}\r\nx\xC3\xA4)\r\n");
    p[1] = OCTETS("x\0");
    REFUSES(&w, mailproto_imap_server_id(w.server, p, 2), MAILPROTO_ERR_ARGUMENT);
    memset(octets, 'a', sizeof octets);
    p[0].ptr = octets;
    p[0].len = 30;
    p[1].ptr = octets;
    p[1].len = 1024;
    assert_int_equal(mailproto_imap_server_id(w.server, p, 2), MAILPROTO_OK);
    writer_forget(&w);
    p[0].len = 31;
    REFUSES(&w, mailproto_imap_server_id(w.server, p, 2), MAILPROTO_ERR_ARGUMENT);
    p[0].len = 30;
    p[1].len = 1025;
    REFUSES(&w, mailproto_imap_server_id(w.server, p, 2), MAILPROTO_ERR_ARGUMENT);
    for (i = 0; i < 64; i++) {
        p[i] = OCTETS("k");
    }
    assert_int_equal(mailproto_imap_server_id(w.server, p, 60), MAILPROTO_OK);
    writer_forget(&w);
    REFUSES(&w, mailproto_imap_server_id(w.server, p, 62), MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
    begin("UTF8=ACCEPT", 0, "A ID NIL\r\n");
    p[1] = OCTETS("x\xC3\xA4");
    SAYS(&w, mailproto_imap_server_id(w.server, p, 2),
         "* ID (\"k\" \"x\xC3\xA4\")\r\n");
    writer_close(&w);
}

static void other(void **state)
{
    static const char *const bad_rest[] = {
        "(",       ")",        "(]",           "[)",      "([)]", "\"",       "\"\\\"",
        "\"\\a\"", "{3}",      "a}",           "{3+}",    "a\rb", "\n",       "a\tb",
        "\x7F",    "\xC3\xA4", "\"\xC3\xA4\"", "(\"a)\"", "))((", "\"a\" {5}"};
    static const char *const bad_name[] = {
        "",   "23", "a b", "a(",   "exists", "FETCH",   "BYE", "List",
        "OK", "a]", "a\"", "\xC3", "a\r\n",  "ENABLED", "id"};
    size_t i;
    char deep[80];
    (void)state;
    begin(NULL, 0, "A XQUOTA x\r\n");
    SAYS(&w,
         mailproto_imap_server_other(w.server, bytes_of("QUOTA"),
                                     bytes_of("\"\" (STORAGE 10 512)")),
         "* QUOTA \"\" (STORAGE 10 512)\r\n");
    SAYS(&w, mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of("")),
         "* X\r\n");
    SAYS(&w,
         mailproto_imap_server_other(w.server, bytes_of("X"),
                                     bytes_of("([a] \"(\\\"[{3}\")")),
         "* X ([a] \"(\\\"[{3}\")\r\n");
    for (i = 0; i < sizeof bad_rest / sizeof bad_rest[0]; i++) {
        REFUSES(
            &w,
            mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of(bad_rest[i])),
            MAILPROTO_ERR_ARGUMENT);
    }
    REFUSES(&w, mailproto_imap_server_other(w.server, bytes_of("X"), OCTETS("a\0b")),
            MAILPROTO_ERR_ARGUMENT);
    for (i = 0; i < sizeof bad_name / sizeof bad_name[0]; i++) {
        REFUSES(
            &w,
            mailproto_imap_server_other(w.server, bytes_of(bad_name[i]), bytes_of("x")),
            MAILPROTO_ERR_ARGUMENT);
    }
    memset(deep, '(', 33);
    memset(deep + 32, ')', 32);
    deep[64] = '\0';
    assert_int_equal(
        mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of(deep)),
        MAILPROTO_OK);
    writer_forget(&w);
    memset(deep, '(', 33);
    memset(deep + 33, ')', 33);
    deep[66] = '\0';
    REFUSES(&w, mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of(deep)),
            MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
    begin("UTF8=ACCEPT", 0, "A XQUOTA x\r\n");
    SAYS(&w,
         mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of("\"\xC3\xA4\"")),
         "* X \"\xC3\xA4\"\r\n");
    REFUSES(&w,
            mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of("\xC3\xA4")),
            MAILPROTO_ERR_ARGUMENT);
    REFUSES(&w,
            mailproto_imap_server_other(w.server, bytes_of("X"), bytes_of("\"\xC3\"")),
            MAILPROTO_ERR_ARGUMENT);
    writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(selected_rev1),
                                       cmocka_unit_test(selected_rev2),
                                       cmocka_unit_test(selected_faults),
                                       cmocka_unit_test(counts),
                                       cmocka_unit_test(counts_qresync),
                                       cmocka_unit_test(list_rev1),
                                       cmocka_unit_test(list_faults),
                                       cmocka_unit_test(list_utf8),
                                       cmocka_unit_test(lsub),
                                       cmocka_unit_test(long_names),
                                       cmocka_unit_test(status_line),
                                       cmocka_unit_test(namespaces),
                                       cmocka_unit_test(id),
                                       cmocka_unit_test(other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
