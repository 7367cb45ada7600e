"""Scripts of our own, in the form that imap_scripts.py reads: extensions for which
imaptest has none. Each is played against our server with these messages."""

MBOX = "".join(
    f"From a@b.test  Fri Feb 22 17:06:2{n} 2008\nFrom: <a{n}@b.test>\nSubject: number {n}\n\n"
    f"Body {n}{' and more' * n}.\n" for n in range(1, 5))

SCRIPTS = {
    "unselect": """messages: 2

ok store 1 +flags \\deleted
ok unselect
bad fetch 1 uid
ok select $mailbox
* 2 exists
ok examine $mailbox
no store 1 +flags \\seen
ok close
ok status $mailbox (messages deleted)
* status $mailbox (messages 2 deleted 1)
""",
    "namespace": """state: auth
capabilities: NAMESPACE

ok namespace
* namespace (("" "/")) nil nil
""",
    "status": """capabilities: STATUS=SIZE OBJECTID CONDSTORE
messages: 3

ok fetch 1:3 rfc822.size
* 1 fetch (rfc822.size $size1)
* 2 fetch (rfc822.size $size2)
* 3 fetch (rfc822.size $size3)
ok store 2 +flags.silent (\\seen \\deleted)
ok status $mailbox (messages uidnext uidvalidity unseen deleted size)
* status $mailbox (messages 3 uidnext $next uidvalidity $valid unseen 2 deleted 1 size $size)
ok status $mailbox (mailboxid appendlimit highestmodseq)
* status $mailbox (mailboxid ($id) appendlimit $limit highestmodseq $modseq)
no status ${mailbox}none (messages)
bad status $mailbox ()
bad status $mailbox (nothing)
""",
    "special-use": """state: auth
capabilities: SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED

ok create $mailbox
ok create $mailbox/sent (use (\\Sent))
ok create $mailbox/both (use (\\Drafts \\Archive))
no create $mailbox/no (use (\\Nothing))
ok list (special-use) "" $mailbox/*
* list ($!unordered \\sent) "/" $mailbox/sent
* list ($!unordered \\drafts \\archive) "/" $mailbox/both
! list () "/" $mailbox/no
ok list "" $mailbox/* return (special-use)
* list ($!unordered \\sent) "/" $mailbox/sent
""",
    "list-status": """state: created
capabilities: LIST-STATUS LIST-EXTENDED

ok append
ok create ${mailbox}2
ok list "" $mailbox% return (status (messages unseen))
* list () "/" $mailbox
* status $mailbox (messages 1 unseen 1)
* list () "/" ${mailbox}2
* status ${mailbox}2 (messages 0 unseen 0)
ok list "" ($mailbox none) return (children)
* list ($!unordered \\hasnochildren) "/" $mailbox
! list () "/" ${mailbox}2
""",
    "recursivematch": """state: created
capabilities: LIST-EXTENDED

ok create $mailbox/a
ok create $mailbox/a/b
ok create $mailbox/c
ok subscribe $mailbox/a/b
ok subscribe $mailbox/c
ok list (subscribed) "" $mailbox/%
* list (\\subscribed) "/" $mailbox/c
! list () "/" $mailbox/a
ok list (subscribed recursivematch) "" $mailbox/%
* list () "/" $mailbox/a ("childinfo" ("subscribed"))
* list (\\subscribed) "/" $mailbox/c
! list () "/" $mailbox/a/b
ok list (recursivematch subscribed) "" $mailbox/*
! list () "/" $mailbox/a ("childinfo" ("subscribed"))
* list (\\subscribed) "/" $mailbox/a/b
ok delete $mailbox/c
ok list (subscribed) "" $mailbox/%
* list ($!unordered \\subscribed \\nonexistent) "/" $mailbox/c
ok list $mailbox/ ""
* list (\\noselect) "/" ""
""",
    "searchres": """capabilities: SEARCHRES ESEARCH
messages: 4

ok search return (save) 2:3
! search
! esearch ()
ok fetch $$ uid
* 2 fetch (uid $uid2)
* 3 fetch (uid $uid3)
! 1 fetch ()
! 4 fetch ()
ok uid store $$ +flags.silent \\flagged
ok search flagged
* search 2 3
ok search return (save min) all
* esearch (tag $tag) min 1
ok uid fetch $$ uid
* 1 fetch (uid $uid1)
! 2 fetch ()
ok search return (save) or 4 $$
ok search return (count) $$
* esearch (tag $tag) count 2
bad search return (save) nothing
ok search $$
* search 1 4
no search return (save) LONG
ok search $$
* search
ok search return (save) 2:3
no search return (save) charset x-none all
ok search $$
* search
ok search return (save) all
ok examine $mailbox
ok fetch $$ uid
! 1 fetch ()
""",
    "condstore": """capabilities: CONDSTORE
messages: 3

ok fetch 1:3 modseq
* ok [highestmodseq $highest]
* 1 fetch (modseq ($m1))
ok store 1 +flags (\\seen)
* 1 fetch (flags (\\seen) modseq ($m2))
store 1:2 (unchangedsince $highest) +flags.silent (\\flagged)
* 2 fetch (modseq ($m3))
ok [modified 1]
ok fetch 1:* (flags) (changedsince $m2)
* 2 fetch (flags (\\flagged) modseq ($m3))
! 1 fetch ()
! 3 fetch ()
ok search modseq $m2
* search 1 2 (modseq $m3)
ok search modseq 4294967295999
* search
bad fetch 1 flags (changedsince 0)
""",
    "qresync": """capabilities: QRESYNC ENABLE
state: created

ok append
ok append
ok append
ok append
ok append
ok enable qresync
* enabled qresync
ok select $mailbox
* ok [uidvalidity $valid]
* ok [highestmodseq $modseq]
ok store 2,3 +flags.silent (\\deleted)
expunge
* vanished 2:3
! 2 expunge
ok [highestmodseq $second]
ok store 1 +flags (\\answered)
ok unselect
ok select $mailbox (qresync ($valid $modseq 1:4))
* ok [uidvalidity $valid]
* vanished (earlier) 2:3
* 1 fetch ($!unordered=2 uid 1 modseq ($last))
! 2 fetch ()
! 4 expunge
ok uid fetch 1:* (flags) (changedsince $modseq vanished)
* vanished (earlier) 2:3
* 1 fetch ($!unordered=2 uid 1)
bad fetch 1:* (flags) (changedsince $modseq vanished)
""",
    "vanished": """capabilities: QRESYNC
connections: 2
messages: 3

1 ok unselect
1 ok enable qresync
1 ok select $mailbox
* 3 exists
2 ok store 2 +flags.silent \\deleted
2 ok uid expunge 2
* 2 expunge
1 ok noop
* vanished 2
! 2 expunge
""",
    "binary": """capabilities: BINARY
state: created

ok append $mailbox {{{
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

QUJDREVG
}}}
ok select $mailbox
ok fetch 1 (binary.size[1] binary.peek[1])
* 1 fetch (binary.size[1] 6 binary[1] ABCDEF)
ok fetch 1 binary.peek[1]<2.3>
* 1 fetch (binary[1]<2> CDE)
ok fetch 1 binary.peek[1]<9.3>
* 1 fetch (binary[1]<9> "")
bad fetch 1 binary.size[1]<0.1>
bad fetch 1 binary.peek[1.mime]
ok append $mailbox ~{{{
Content-Type: text/plain
Content-Transfer-Encoding: x-unknown

?
}}}
* 2 exists
fetch 2 binary.peek[1]
no [unknown-cte]
ok fetch 1 (flags)
* 1 fetch (flags ())
""",
    "objectid": """capabilities: OBJECTID SAVEDATE
state: created

ok append
ok create ${mailbox}2
ok select $mailbox
* ok [mailboxid ($box)]
ok fetch 1 (emailid threadid savedate)
* 1 fetch (emailid ($email) threadid nil savedate $date)
ok copy 1 ${mailbox}2
ok search emailid $email
* search 1
ok search savedatesupported
* search 1
ok search savedbefore 1-Jan-2000
* search
create ${mailbox}4
ok [mailboxid ($box4)]
ok status ${mailbox}4 (mailboxid)
* status ${mailbox}4 (mailboxid ($box4))
ok rename ${mailbox}2 ${mailbox}3
ok select ${mailbox}3
* ok [mailboxid ($box3)]
ok fetch 1 emailid
* 1 fetch (emailid ($email))
""",
    "multiappend": """capabilities: MULTIAPPEND UIDPLUS
state: created

append $mailbox (\\seen) {{{
Subject: one

}}} (\\flagged) "01-Feb-2020 10:00:00 +0100" {{{
Subject: two

}}}
ok [appenduid $valid 1:2]
ok select $mailbox
* 2 exists
ok fetch 1:2 (flags internaldate)
* 1 fetch (flags (\\seen) internaldate $any)
* 2 fetch (flags (\\flagged) internaldate "01-Feb-2020 10:00:00 +0100")
append ${mailbox}none {{{
Subject: x

}}}
no [trycreate]
""",
    "rev2": """state: created
capabilities: IMAP4REV2

ok append
ok append
ok enable imap4rev2
* enabled imap4rev2
ok select $mailbox
* ok [uidvalidity $v]
! ok [unseen 1]
! 2 recent
* list () "/" $mailbox
ok search all
* esearch (tag $tag) all 1:2
! search 1 2
ok uid search return () seen
* esearch (tag $tag) uid
ok store 1:2 +flags.silent \\deleted
ok uid expunge 2
* 2 expunge
ok create &AOQ-
ok list "" &*
* list () "/" &AOQ-
ok delete &AOQ-
ok fetch 1 (binary.size[1] flags)
* 1 fetch (flags (\\deleted))
""",
    "wrong": """messages: 2

bad fetch
bad fetch 1
bad fetch 0 flags
bad fetch 3 flags
bad fetch 1 (flags
bad fetch 1 body[header.fields ()]
bad fetch 1 body[]<0.0>
bad store 1 flags
bad store 1 +flags (\\recent)
bad search
bad search ()
bad search subject
bad copy 1
no copy 1 ${mailbox}none
bad uid
bad uid noop x
bad login a b
bad enable
bad nothing
ok fetch 1 uid
* 1 fetch (uid 1)
""",
    "move-modseq": """capabilities: MOVE CONDSTORE
messages: 3

ok create ${mailbox}2
move 2:3 ${mailbox}2
* ok [copyuid $valid 2:3 1:2]
ok [highestmodseq $modseq]
ok status $mailbox (highestmodseq)
* status $mailbox (highestmodseq $modseq)
ok fetch 1 (uid)
* 1 fetch (uid 1)
""",
    "modified-and-lost": """capabilities: CONDSTORE
connections: 2
messages: 3

1 ok fetch 3 modseq
* 3 fetch (modseq ($last))
2 ok store 1 +flags.silent (\\flagged)
2 ok store 2 +flags.silent (\\deleted)
2 ok expunge
1 store 1:3 (unchangedsince $last) +flags.silent (\\seen)
1 no [modified 1]
""",
    "keywords": """connections: 2
messages: 2

1 ok store 1 +flags (new-one)
* flags ($!unordered new-one)
* 1 fetch (flags (new-one))
2 ok fetch 1 flags
* flags ($!unordered new-one)
* 1 fetch (flags (new-one))
""",
}
# More keys than the matcher takes.
SCRIPTS["searchres"] = SCRIPTS["searchres"].replace("LONG", " ".join(["answered"] * 4200))
