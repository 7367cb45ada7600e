"""Scripts of commands with the answers that are awaited, as Dovecot's imaptest has them:
read, and played over a bare connection. A script is one text; its messages are an mbox.
Knows nothing of a particular server, and nothing of what may differ.

Every text is octets decoded as Latin-1, so that one character is one octet."""
import email.utils
import re
import socket
import time

ANSWERS = ("ok", "no", "bad", '""')
COMMANDS = set("append authenticate capability check close copy create delete enable examine "
               "expunge fetch getquota id idle list login logout lsub move namespace noop "
               "rename search select status store subscribe uid unselect unsubscribe".split())
NIL = ("nil", "NIL")


class Broken(Exception):
    """A script that cannot be read."""


class Unmet(Exception):
    """The server did not answer as the script says."""


# ---- arguments ---------------------------------------------------------------------------

def _end_of_atom(text, at):
    """Atoms end at blanks and parentheses; BODY[...]<...> and its likes are one."""
    opened = re.compile(r"(?:body|binary)[a-z.]*\[", re.I).match(text, at)
    if opened:
        at = text.index("]", opened.end()) + 1
    while at < len(text) and text[at] not in ' ()"':
        at += 1
    return at


def arguments(pieces):
    """Nested lists of ("a", atom), ("s", string), NIL. `pieces`: text and literals in turn."""
    stack = [[]]
    for number, text in enumerate(pieces):
        if number % 2 == 1:
            stack[-1].append(("s", text))
            continue
        at = 0
        while at < len(text):
            c = text[at]
            if c == " ":
                at += 1
            elif c == "(":
                stack.append([])
                at += 1
            elif c == ")":
                if len(stack) == 1:
                    raise Broken(f"a parenthesis too many: {text!r}")
                done = stack.pop()
                stack[-1].append(done)
                at += 1
            elif c == '"':
                quoted = re.compile(r'"((?:[^"\\]|\\.)*)"').match(text, at)
                if quoted is None:
                    raise Broken(f"a quote does not end: {text!r}")
                stack[-1].append(("s", re.sub(r"\\(.)", r"\1", quoted.group(1))))
                at = quoted.end()
            else:
                end = _end_of_atom(text, at)
                if end == at:
                    raise Broken(f"neither atom nor string: {text!r}")
                word = text[at:end]
                at = end
                if word == "~" and at == len(text) and number + 1 < len(pieces):
                    continue  # the mark of a literal8
                stack[-1].append(NIL if word.upper() == "NIL" else ("a", word))
    if len(stack) != 1:
        raise Broken(f"parentheses do not match: {pieces!r}")
    return stack[0]


def reply_arguments(pieces):
    """The same of an untagged or tagged reply, without what stands before it. Text for
    people, behind a response code, is words."""
    first = pieces[0].lstrip().split(" ", 1)
    if first[0].upper() not in ("OK", "NO", "BAD", "BYE", "PREAUTH"):
        return arguments(pieces)
    rest = first[1] if len(first) > 1 else ""
    code = re.match(r"\[[^\]\"]*(?:\"(?:[^\"\\]|\\.)*\"[^\]\"]*)*\]", rest)
    end = code.end() if code else 0
    return ([("a", first[0])] + arguments([rest[:end]]) +
            [("a", word) for word in rest[end:].split()])


# ---- reading a script --------------------------------------------------------------------

class Command:
    def __init__(self, line, pieces, tag=None, awaited=None):
        self.line, self.pieces, self.tag, self.awaited = line, pieces, tag, awaited

    def __str__(self):
        return "".join(p if n % 2 == 0 else "{...}" for n, p in enumerate(self.pieces))


class Group:
    """Commands that are sent together, and what is awaited of them."""
    def __init__(self, connection):
        self.connection, self.commands, self.untagged = connection, [], []

    def is_open(self):
        return any(c.awaited is None for c in self.commands)


class Script:
    def __init__(self, name, text):
        self.name, self.groups = name, []
        head, _, body = text.partition("\n\n")
        if ":" not in head.split("\n")[-1] and not head.startswith(("state", "messages")):
            head, body = "", text
        self.header = {}
        for line in head.split("\n"):
            if line.strip() and not line.startswith("#"):
                key, colon, value = line.partition(":")
                if not colon:
                    raise Broken(f"{name}: no header: {line!r}")
                self.header[key.strip()] = value.strip()
        self.capabilities = self.header.get("capabilities", "").upper().split()
        self.connections = int(self.header.get("connections", 1))
        self.state = self.header.get("state", "selected")
        messages = self.header.get("messages", "all")
        self.messages = None if messages == "all" else int(messages)
        self.strict = self.header.get("ignore_extra_untagged", "yes") == "no"
        self._read(body, head.count("\n") + 3 if head else 1)

    def _lines(self, body, number):
        """(line number, pieces) of each logical line that says something."""
        pieces, literal, begun, end = [""], None, number, ""
        for line in body.split("\n"):
            if literal is not None:
                if line.startswith("}}}"):
                    pieces += [end.join(literal), line[3:]]
                    literal = None
                else:
                    literal.append(line)
            else:
                pieces, begun = [line], number
            if literal is None and pieces[-1].endswith("{{{"):
                pieces[-1] = pieces[-1][:-3]
                literal, end = [], "\r\n"
                if pieces[-1].endswith("~"):  # its line ends are as they stand there
                    pieces[-1], end = pieces[-1][:-1], "\n"
            elif literal is None and not (len(pieces) == 1 and
                                          (not line.strip() or line.startswith("#"))):
                yield begun, pieces
            number += 1
        if literal is not None:
            raise Broken(f"{self.name}:{begun}: a literal does not end")

    def _read(self, body, number):
        group = None
        for line, pieces in self._lines(body, number):
            word, _, rest = pieces[0].partition(" ")
            if word in ("*", "!", "?"):
                if group is None:
                    raise Broken(f"{self.name}:{line}: a reply without a command")
                group.untagged.append((word, line, reply_arguments([rest] + pieces[1:])))
                continue
            connection = 1
            if self.connections > 1:
                connection = int(word)
                word, _, rest = rest.partition(" ")
            open_ = group if group is not None and group.is_open() else None
            if open_ and self._answers(open_, word, rest):
                continue
            if word.lower() in ANSWERS:
                group = Group(connection)
                group.commands.append(Command(line, [rest] + pieces[1:],
                                              awaited=self._awaited(word)))
            elif word.lower() in COMMANDS:
                group = Group(connection)
                text = f"{word} {rest}" if rest else word
                group.commands.append(Command(line, [text] + pieces[1:]))
            else:
                if open_ is None:
                    group = Group(connection)
                    self.groups.append(group)
                group.commands.append(Command(line, [rest] + pieces[1:], tag=word))
                continue
            self.groups.append(group)
        if not self.groups or any(g.is_open() for g in self.groups):
            raise Broken(f"{self.name}: nothing to say, or a command without an answer")

    @staticmethod
    def _awaited(text):
        return [] if text.startswith('""') else reply_arguments([text])

    def _answers(self, group, word, rest):
        """Whether this line is the answer to a command of the group that has none."""
        for command in group.commands:
            if command.awaited is None:
                if command.tag is None and word.lower() in ANSWERS:
                    command.awaited = self._awaited(f"{word} {rest}".rstrip())
                    return True
                if command.tag == word and rest.split(" ")[0].lower() in ANSWERS:
                    command.awaited = self._awaited(rest)
                    return True
        return False


def messages_of(mbox):
    """(date of the From_ line as IMAP has it, message with CRLF) of each."""
    found = []
    for part in re.split(r"^From ", mbox, flags=re.M)[1:]:
        first, _, text = part.partition("\n")
        when = email.utils.parsedate(" ".join(first.split()[1:])) or (2008, 2, 22, 17, 6, 23)
        date = time.strftime("%d-%b-%Y %H:%M:%S +0000", tuple(when[:6]) + (0, 1, 0))
        found.append((date, text.replace("\r\n", "\n").replace("\n", "\r\n")))
    return found


# ---- matching ----------------------------------------------------------------------------

FLAGS = ["unordered", "noextra", "ignore=\\recent"]


class Matcher:
    """What the variables are, and whether replies are as a script has them."""
    def __init__(self, variables):
        self.values = dict(variables)
        self.numbers = []  # what became of the message numbers; None: it is gone
        self.modseq = (0, 0)
        self.rules = set()  # what let replies match that are not as written

    def expanded(self, text):
        """A command's text with the variables in."""
        def value(m):
            if m.group(1):
                return "$"
            name = m.group(2) or m.group(3)
            if name.isdigit():
                return str(self.numbers[int(name) - 1])
            if name not in self.values:
                raise Broken(f"${name} has no value yet: {text!r}")
            return self.values[name]
        return re.sub(r"(\$\$)|\$\{(\w+)\}|\$(\w+)", value, text)

    def _pattern(self, text, prefix):
        """A regular expression for a string, and the variables that it would set."""
        out, new, at = "", [], 0
        parts = re.compile(r"\$\$|\$\{(?P<braced>[^}]*)\}|\$(?P<bare>\w*)")
        while at < len(text):
            m = parts.match(text, at)
            if not m or m.group(0) == "$$":
                out += re.escape(text[at])
                at += 2 if m else 1
                continue
            at = m.end()
            name = m.group("bare") if m.group("braced") is None else m.group("braced")
            behind = text[at:at + 1]
            if name.startswith("case:"):
                out += f"(?-i:{re.escape(name[5:].partition('/')[0])})"
            elif name.isdigit():
                now = (self.numbers[int(name) - 1:int(name)] or [None])[0]
                out += re.escape(str(now or "gone"))
            elif name in self.values:
                out += f"(?-i:{re.escape(self.values[name])})"
            else:
                until = "." if behind in ("", "$") else f"[^{re.escape(behind)}]"
                out += f"({until}*)" if name else f"{until}*"
                if name:
                    new.append(name)
        return out + (".*" if prefix else ""), new

    def _string(self, wanted, got, prefix):
        pattern, new = self._pattern(wanted, prefix)
        m = re.fullmatch(pattern, got, re.S | re.I)
        if m is None:
            return False
        for name, value in zip(new, m.groups()):
            if re.fullmatch(r"modseq\d+", name):
                number, least = int(name[6:]), self.modseq
                if not value.isdigit() or int(value) < least[1] + number - least[0]:
                    return False
                self.modseq = number, int(value)
            self.values[name] = value
        return True

    def _list(self, wanted, got, defaults):
        directives = []
        while wanted and wanted[0][0] == "a" and wanted[0][1].startswith("$!"):
            directives.append(wanted[0][1][2:])
            wanted = wanted[1:]
        directives = directives or defaults
        chain, unordered, extra = 1, False, None
        for d in directives:
            if d.startswith("unordered"):
                unordered = True
                chain = int(d.partition("=")[2] or 1)
            elif d in ("extra", "noextra"):
                extra = d == "extra"
        if not unordered:
            return self.match(wanted, got)
        if len(wanted) % chain or len(got) % chain:
            return False
        left = [got[n:n + chain] for n in range(0, len(got), chain)]
        used = []
        for n in range(0, len(wanted), chain):
            found = next((c for c in left if self.match(wanted[n:n + chain], c)), None)
            if found is None:
                return False
            used.append(id(found))
        words = [c[0][1].lower() for c in left
                 if id(c) not in used and isinstance(c[0], tuple)]
        named = {kind: [d.partition("=")[2].lower() for d in directives
                        if d.startswith(kind + "=")] for kind in ("ignore", "ban")}
        if extra is False:
            return all(w in named["ignore"] for w in words)
        return not any(w in named["ban"] for w in words)

    def match(self, wanted, got, prefix=False, lists=None):
        """Whether these are the same. `lists`: the directives of a list, by its place."""
        if len(got) < len(wanted) or (len(got) > len(wanted) and not prefix):
            return False
        for n, (one, other) in enumerate(zip(wanted, got)):
            defaults = (lists or {}).get(n, [])
            if n > 0 and wanted[n - 1] == ("a", "flags") and lists is None:
                defaults = FLAGS
            if isinstance(one, list):
                if not isinstance(other, list) or not self._list(one, other, defaults):
                    return False
            elif one == ("a", "$") and isinstance(other, list):
                continue
            elif one == NIL:
                if other != NIL:
                    return False
            elif isinstance(other, list):
                return False
            elif not self._string(one[1], other[1], prefix and n == len(wanted) - 1):
                return False
        return True

    def reply(self, wanted, got):
        """The same of a whole reply. Variables are set only if all of it matches."""
        before, modseq = dict(self.values), self.modseq
        words = [v[1].lower() if isinstance(v, tuple) else "" for v in wanted[:2]] + ["", ""]
        lists = {}
        if words[0] in ("list", "lsub"):
            lists = {1: ["unordered"]}
        elif words[0] == "status":
            lists = {2: ["unordered=2"]}
        elif words[1] == "fetch":
            lists = {2: ["unordered=2"]}
        prefix = words[0] in ("ok", "no", "bad", "bye", "preauth")
        for rule, other in (None, got), ("esearch-order", self._in_order(wanted, got)):
            if other is not None and self.match(wanted, other, prefix, lists):
                self.rules |= {rule} - {None}
                return True
            self.values, self.modseq = dict(before), modseq
        return False

    @staticmethod
    def _in_order(wanted, got):
        """The data of an ESEARCH in the order that is wanted: RFC 9051 9,
        *(SP search-return-data), has none."""
        def split(reply):
            at = next((n for n, v in enumerate(reply) if n > 0 and isinstance(v, tuple) and
                       v[1].lower() != "uid"), len(reply))
            return reply[:at], [reply[n:n + 2] for n in range(at, len(reply), 2)]
        if not all(isinstance(r[0], tuple) and r[0][1].lower() == "esearch"
                   for r in (wanted, got)):
            return None
        order = [pair[0][1].lower() for pair in split(wanted)[1]]
        head, pairs = split(got)
        if sorted(pair[0][1].lower() for pair in pairs) != sorted(order):
            return None
        pairs.sort(key=lambda pair: order.index(pair[0][1].lower()))
        return head + sum(pairs, [])


# ---- a connection ------------------------------------------------------------------------

class Connection:
    def __init__(self, port, number=1, seconds=60):
        self.socket = socket.create_connection(("127.0.0.1", port), seconds)
        self.file = self.socket.makefile("rb")
        self.number, self.count, self.exists = number, 0, 0
        self.greeting = self.pieces()

    def pieces(self):
        """A reply: text and literals in turn."""
        out = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                raise Unmet(f"the connection ended: {line!r}")
            line = line[:-2].decode("latin-1")
            announced = re.search(r"\{(\d+)\}$", line)
            if not announced:
                return out + [line]
            literal = self.file.read(int(announced.group(1)))
            if len(literal) != int(announced.group(1)):
                raise Unmet("the connection ended within a literal")
            out += [line[:announced.start()], literal.decode("latin-1")]

    def tag(self):
        self.count += 1
        return f"{self.number}.{self.count}"

    def send(self, pieces, synchronise):
        """A command with its tag. Untagged replies that come first are given back."""
        early = []
        for n, text in enumerate(pieces):
            if n % 2 == 0:
                more = n + 1 < len(pieces)
                end = "\r\n"
                if more:
                    end = f"{{{len(pieces[n + 1])}{'' if synchronise else '+'}}}\r\n"
                self.socket.sendall((text + end).encode("latin-1"))
                while more and synchronise:
                    said = self.pieces()
                    if said[0].startswith("+"):
                        break
                    early.append(said)
                    if not said[0].startswith("* "):
                        return early  # it is refused: the literal is not wanted
            else:
                self.socket.sendall(text.encode("latin-1"))
        return early

    def ask(self, text, *literal):
        """The untagged replies and the tagged one's words."""
        tag = self.tag()
        replies = self.send([f"{tag} {text}", *literal], True)
        while not (replies and replies[-1][0].startswith(tag + " ")):
            replies.append(self.pieces())
        return replies[:-1], replies[-1][0][len(tag) + 1:]

    def ok(self, text, *literal):
        untagged, tagged = self.ask(text, *literal)
        if not tagged.upper().startswith("OK"):
            raise Unmet(f"{text}: {tagged}")
        return untagged

    def close(self):
        self.file.close()
        self.socket.close()


class Player:
    """Plays one script. `login`: user and password; `box`: the mailbox it may use."""
    def __init__(self, script, mbox, port, login, box="imaptest", synchronise=True):
        self.script, self.port, self.login, self.box = script, port, login, box
        self.synchronise, self.next = synchronise, 0
        self.messages = messages_of(mbox)
        name = login[0].partition("@")
        self.match = Matcher({"user": login[0], "username": name[0],
                              "domain": name[2] or "localhost", "password": login[1],
                              "mailbox": box, "mailbox_url": box})
        self.connections = []

    def missing(self):
        """The capabilities that are wanted and not offered, before or after the login."""
        first = Connection(self.port)
        if self.script.state != "nonauth":
            first.ok(f"LOGIN {self.login[0]} {self.login[1]}")
        offered = first.ok("CAPABILITY")[0][0].upper().split()[2:]
        first.ok("LOGOUT")
        first.close()
        return [c for c in self.script.capabilities if c not in offered]

    def append(self, connection, arguments_="", commands_tag=None):
        date, text = self.messages[self.next % len(self.messages)]
        self.next += 1
        where = arguments_ or self.box
        if commands_tag is None:
            connection.ok(f'APPEND {where} "{date}" ', text, "")
            return None
        return [f'{commands_tag} APPEND {where} "{date}" ', text, ""]

    def _begin(self):
        s = self.script
        self.connections = [Connection(self.port, n + 1) for n in range(s.connections)]
        states = ("nonauth", "auth", "created", "appended", "selected")
        state = states.index(s.state)
        first = self.connections[0]
        if state > 0:
            for c in self.connections:
                c.ok(f"LOGIN {self.login[0]} {self.login[1]}")
        if state > 1:
            first.ok(f"CREATE {self.box}")
        if state > 2:
            for _ in range(len(self.messages) if s.messages is None else s.messages):
                self.append(first)
        if state > 3:
            for c in self.connections:
                for said in c.ok(f"SELECT {self.box}"):
                    self._count(c, said)

    def _count(self, connection, said):
        """Keeps what the message numbers became."""
        m = re.match(r"\* (\d+) (EXISTS|EXPUNGE)$", said[0], re.I)
        if not m:
            return
        number = int(m.group(1))
        if m.group(2).upper() == "EXISTS":
            connection.exists = number
            return
        connection.exists -= 1
        self.match.numbers = [None if n == number else n - 1 if n and n > number else n
                              for n in self.match.numbers]

    def _command(self, connection, command, tag):
        text = self.match.expanded(command.pieces[0])
        word, _, rest = text.partition(" ")
        if word.lower() == "append" and len(command.pieces) == 1:
            return self.append(connection, rest, tag)
        return [f"{tag} {text}"] + [p if n % 2 == 0 else self.match.expanded(p)
                                    for n, p in enumerate(command.pieces[1:])]

    def _untagged(self, group, said, found):
        got = reply_arguments([said[0][2:]] + said[1:])
        fits = False
        for n, (how, line, wanted) in enumerate(group.untagged):
            if n not in found and self.match.reply(wanted, got):
                if how == "!":
                    raise Unmet(f"line {line}: it must not say {said}")
                found.add(n)
                fits = True
        if not fits and self.script.strict:
            raise Unmet(f"line {group.commands[0].line}: {said} is not awaited")

    def _play(self, group):
        connection = self.connections[group.connection - 1]
        self.match.numbers = list(range(1, connection.exists + 1))
        due, heard, found = {}, [], set()
        for command in group.commands:
            tag = connection.tag()
            due[tag] = command
            self.match.values["tag"] = tag if len(due) == 1 else self.match.values["tag"]
            pieces = self._command(connection, command, tag)
            heard += connection.send(pieces, self.synchronise)
        said = []
        while due:
            reply = heard.pop(0) if heard else connection.pieces()
            said.append(reply)
            if reply[0].startswith("* "):
                self._untagged(group, reply, found)
                self._count(connection, reply)
                continue
            tag, _, rest = reply[0].partition(" ")
            if tag not in due:
                raise Unmet(f"line {group.commands[0].line}: {reply} answers nothing")
            command = due.pop(tag)
            if command.awaited and not self.match.reply(command.awaited,
                                                        reply_arguments([rest])):
                raise Unmet(f"line {command.line}: {command}: {reply}")
        lost = [f"line {line}: {wanted}" for n, (how, line, wanted) in
                enumerate(group.untagged) if how == "*" and n not in found]
        if lost:
            raise Unmet(f"{group.commands[0]} was not answered with {lost} but with "
                        f"{said}, where {self.match.values}")

    def play(self):
        """How many commands were answered as they have to be."""
        try:
            self._begin()
            for group in self.script.groups:
                self._play(group)
        finally:
            for c in self.connections:
                c.close()
        return sum(len(g.commands) for g in self.script.groups)
