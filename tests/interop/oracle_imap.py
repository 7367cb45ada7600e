"""What the comparison with Dovecot's ENVELOPE and BODYSTRUCTURE needs (test_oracle.py): the
two answers as lists, and the rules that explain a difference. Each rule recognises what it is
about by itself, in the answers, the message and what the seven parsers say; none goes by the
message's name."""
import base64
import collections
import json
import re
import subprocess
import sys
import tempfile

PARTS = 64  # messages a run of the program


def inspected(program, files):
    """What the program says of each file."""
    names = list(files)
    for start in range(0, len(names), PARTS):
        some = names[start:start + PARTS]
        done = subprocess.run([program, "message", *(str(files[n]) for n in some)],
                              stdout=subprocess.PIPE, timeout=120)
        lines = done.stdout.splitlines()
        if done.returncode != 0 or len(lines) != len(some):
            sys.exit(f"{program} ended with {done.returncode} within {some[0]} ... {some[-1]}")
        for name, line in zip(some, lines):
            yield name, json.loads(line)


def octets_of(record, key):
    if record[key] is None and key + "_b64" in record:
        return base64.b64decode(record[key + "_b64"])
    return record[key].encode()


def plain_spec(spec):
    if isinstance(spec, dict):
        spec = base64.b64decode(spec["b64"]).decode("utf-8", "replace")
    local, at, domain = spec.rpartition("@")
    if re.fullmatch(r'"[\w!#$%&\'*+/=?^`{|}~-]+(\.[\w!#$%&\'*+/=?^`{|}~-]+)*"', local):
        local = local[1:-1]  # quotes that a dot-atom does not need
    return local + at + domain.lower()


def text_of(record, key):
    if record[key] is None and key + "_b64" not in record:
        return None
    return octets_of(record, key).decode("utf-8", "replace")


# ---- IMAP's syntax -------------------------------------------------------------------------

# U+FFFD stands in the data for what was no UTF-8, or for itself: how many octets it was.
LOST = ((1, 3, 2), (3, 2, 1))


def literal_end(text, start, octets, lost):
    """Where a literal ends."""
    for each in lost:
        at, left = start, octets
        while left > 0 and at < len(text):
            left -= each if text[at] == "\ufffd" else len(text[at].encode())
            at += 1
        if left == 0 and text[at:at + 1] in ("", " ", ")"):
            break
    return at


def is_envelope(value):
    return len(value) == 10 and all(
        a == "NIL" or all(isinstance(each, list) and len(each) == 4 for each in a)
        for a in value[2:8])


def parse_data(key, text):
    """The data's answer, read so that it is what it says it is."""
    for lost in LOST:
        try:
            value = parse_imap(text, lost=lost)
        except (ValueError, IndexError, AttributeError):
            continue
        if key != "envelope" or is_envelope(value):
            return value
    raise ValueError("cannot be read: " + text[:200])


def parse_imap(text, octets=False, lost=LOST[0]):
    """Nested lists of strings (as ("s", text)) and atoms. `octets`: one a character."""
    def string(value):
        if octets:
            value = value.encode("latin-1").decode("utf-8", "replace")
        return ("s", re.sub("\ufffd+", "\ufffd", value))

    stack, at = [[]], 0
    while at < len(text):
        c = text[at]
        if c == "(":
            stack.append([])
            at += 1
        elif c == ")":
            done = stack.pop()
            stack[-1].append(done)
            at += 1
        elif c == " ":
            at += 1
        elif c == '"':
            m = re.compile(r'"((?:[^"\\]|\\.)*)"', re.S).match(text, at)
            stack[-1].append(string(re.sub(r"\\(.)", r"\1", m.group(1))))
            at = m.end()
        elif c == "{":
            m = re.compile(r"\{(\d+)\}\r?\n").match(text, at)
            size = int(m.group(1))
            end = m.end() + size if octets else literal_end(text, m.end(), size, lost)
            stack[-1].append(string(text[m.end():end]))
            at = end
        else:
            m = re.compile(r"[^ ()]+").match(text, at)
            stack[-1].append(m.group(0))
            at = m.end()
    if len(stack) != 1:
        raise ValueError("parentheses do not match: " + text[:200])
    return stack[0]


def join_sections(params):
    """name*0 and its likes as Dovecot sends them: joined under one name."""
    if not isinstance(params, list):
        return params
    joined = collections.OrderedDict()
    for name, value in zip(params[::2], params[1::2]):
        m = re.fullmatch(r"(.*?)(?:\*(\d+))?(\*)?", name[1], re.S)
        joined.setdefault(m.group(1).lower(), []).append(
            (int(m.group(2) or 0), m.group(2), m.group(3), name[1], value[1]))
    out = []
    for values in joined.values():
        if all(section is None for _, section, _, _, _ in values):
            for _, _, _, name, value in values:
                out += [("s", name), ("s", value)]
            continue
        values.sort(key=lambda v: v[0])
        base = re.match(r"[^*]*", values[0][3]).group(0)
        star = "*" if any(v[2] for v in values) else ""
        out += [("s", base + star), ("s", "".join(v[4] for v in values))]
    return out


def is_params(value):
    return (isinstance(value, list) and len(value) > 1 and len(value) % 2 == 0 and
            all(isinstance(v, tuple) for v in value))


def normal(value):
    """What may be written in two ways."""
    if not isinstance(value, list):
        return value
    if len(value) > 1 and [v[1].lower() for v in value[:2] if isinstance(v, tuple)] == [
            "message", "rfc822"]:  # Dovecot writes these two in lower case
        value = [("s", "message"), ("s", "rfc822"), *value[2:7], one_space(value[7]), *value[8:]]
    if is_params(value):
        return [normal(v) for v in join_sections(value)]
    return [normal(v) for v in value]


def one_space(value):
    if isinstance(value, tuple):
        return ("s", " ".join(value[1].split()))
    return [one_space(v) for v in value] if isinstance(value, list) else value


def imap_differences(ours, dovecot):
    for key in ("envelope", "bodystructure"):
        mine, other = octets_of(ours, key), dovecot[key]
        theirs = normal(parse_data(key, other))
        mine = normal(parse_imap(mine.decode("latin-1"), octets=True))
        if key == "envelope":  # Dovecot makes one space of all blanks in some of its strings
            mine, theirs = one_space(mine), one_space(theirs)
        yield key, mine == theirs, mine, theirs


# ---- what explains a difference from Dovecot ------------------------------------------------

NO_ADDRESS = [("s", "MISSING_MAILBOX"), ("s", "MISSING_DOMAIN")]
UNDECIDED = "undecided"  # the seven parsers do not agree: not counted


def specs(addresses):
    """The addr-specs of a list, as differences() compares them."""
    return [plain_spec(a[2][1] + "@" + a[3][1]) for a in addresses
            if isinstance(a[2], tuple) and isinstance(a[3], tuple)]


class Message:
    """What the rules may look at beside the two answers."""

    def __init__(self, program, raw, ours, theirs):
        self.program, self.raw, self.ours, self.theirs = program, raw, ours, theirs

    def repeats(self, name):
        """Whether some header, of a part or a message, has that field more than once."""
        field = re.compile(rb"(?im)^" + name + rb"[ \t]*:")
        return any(len(field.findall(block)) > 1
                   for block in re.split(rb"\r?\n\r?\n", self.raw))

    def changed(self, raw, key):
        """The answer to the message when it is `raw`, the one thing that a rule is about
        taken out: what differs otherwise is not the rule's. None: it was not in."""
        if raw == self.raw:
            return None
        with tempfile.NamedTemporaryFile(suffix=".eml") as file:
            file.write(raw)
            file.flush()
            (_, ours), = inspected(self.program, {"changed": file.name})
        found = normal(parse_imap(octets_of(ours, key).decode("latin-1"), octets=True))
        return one_space(found) if key == "envelope" else found


def octets(addresses):
    return [spec.encode() for spec in specs(addresses)]


def is_none(address):
    """What Dovecot sends in place of an address that it cannot read, and of groups."""
    return address[3] in ("NIL", ("s", "SYNTAX_ERROR"), NO_ADDRESS[1]) or \
        address[2] == NO_ADDRESS[0]


def reads_twice(name, address):
    """Text that holds the address that Dovecot takes, and another one in brackets."""
    text = name[1] if isinstance(name, tuple) else ""
    spec = specs([address])
    return len(spec) == 1 and spec[0] in text and \
        re.search(r"<[^<>@]+@[^<>@]+>", text.replace(spec[0], "")) is not None


def is_word_with_specials(address, message):
    """A display name of encoded words, with octets in them that RFC 2047 5 (3) does not
    allow in a phrase, in front of an address in brackets."""
    name = address[0][1] if isinstance(address[0], tuple) else ""
    spec = octets([address])
    return len(spec) == 1 and re.fullmatch(r"=\?.*\?=", name, re.S) is not None and \
        re.search(r"[^\w\s!*+/=?.-]", name) is not None and \
        re.search(rb"\?=\"?\s*<" + re.escape(spec[0]) + rb">", message.raw, re.I) is not None


def one_of(mine, other, key, message):
    """The seven parsers about From or To: decided for ours, for Dovecot's, or not at all."""
    votes = message.theirs.get(key)
    if votes is None:
        return UNDECIDED
    decided = [plain_spec(spec) for spec in votes]
    if specs(mine) == decided and specs(other) != decided:
        return "most-parsers"
    return None


def list_rule(mine, other, key, message):
    """An address list. `key`: from or to, where the seven parsers have a say."""
    if not isinstance(mine, list) or not isinstance(other, list):
        return None
    if mine == [a for a in other if a != ["NIL", "NIL", *NO_ADDRESS]]:
        return "empty-element"  # RFC 5322 4.4, obs-addr-list: *([CFWS] ",")
    if len(mine) == len(other) and all(
            a == b or (a[2:] == NO_ADDRESS and is_none(b)) for a, b in zip(mine, other)):
        return "no-address"  # both say that it is none, each in its way
    at = len(mine) - 1
    if mine[:at] == other[:at] and mine[at][2:] == NO_ADDRESS and all(map(is_none, other[at:])):
        return "no-address"  # or Dovecot in pieces
    if len(mine) == len(other) and all(
            a == b or (a[2:] == NO_ADDRESS and reads_twice(a[0], b))
            for a, b in zip(mine, other)):
        return "two-readings"  # RFC 7103 7.1: none is guessed
    if len(mine) > len(other) and mine[:len(other)] == other and all(
            re.search(rb"[ \t]".join(map(re.escape, two)), message.raw)
            for two in zip(octets(mine[len(other) - 1:]), octets(mine[len(other):]))):
        return "no-comma"
    if is_word_with_specials(mine[at], message) and mine[:at] == other[:at]:
        return "word-with-specials"
    return one_of(mine, other, key, message) if key else None


def envelope_rules(mine, other, message, outer=True):
    """Of each field that differs the rule, or None."""
    keys = {2: "from", 5: "to"} if outer else {}
    for n, (a, b) in enumerate(zip(mine, other)):
        if a == b:
            continue
        first = {2: b"From", 3: b"Sender", 4: b"Reply-To"}
        if n in first and a != "NIL" and a == b[:len(a)] and (
                message.repeats(first[n]) or (a == mine[2] and message.repeats(first[2]))):
            yield "first-counts"  # RFC 5322 3.6, RFC 7103 7.5.1
            continue
        if n == 1 and outer and " ".join(text_of(message.ours, "subject").split()) == \
                message.theirs["subject"]:
            yield "most-parsers"
        elif n in (3, 4) and outer and a == mine[2] and b == other[2]:
            yield list_rule(a, b, "from", message)  # RFC 9051 7.5.2: they default to it
        elif 2 <= n <= 7:
            yield list_rule(a, b, keys.get(n), message)
        else:
            yield None


def is_multipart(body):
    return isinstance(body[0], list)


def is_part(value):
    return isinstance(value, list) and (
        is_multipart(value) or (len(value) > 6 and not isinstance(value[2], tuple)))


def shape(body):
    """The tree of a BODYSTRUCTURE, without types."""
    if is_multipart(body):
        return [shape(part) for part in body if is_part(part)]
    return [shape(body[8])] if is_message(body) else None


def is_message(body):
    return [v[1].lower() for v in body[:2]] == ["message", "rfc822"] and len(body) > 9


def ends_in_multipart(body):
    """Whether the last line of a message is a close delimiter."""
    return is_multipart(body) or (is_message(body) and ends_in_multipart(body[8]))


def as_pairs(params):
    if not isinstance(params, list):
        return []
    return [(n[1], v[1]) for n, v in zip(params[::2], params[1::2])]


def params_rule(mine, other, message):
    ours, theirs = as_pairs(mine), as_pairs(other)
    if theirs == ours + [("charset", "us-ascii")] and any(
            n.lower().startswith("charset*") for n, _ in ours):
        return "charset-extended"  # RFC 2231 4: `charset*` is charset
    empty = [n for n, v in theirs if v == "" and (n, v) not in ours]
    if empty and ours == [p for p in theirs if p[0] not in empty] and all(
            re.search(rb"[;\s]" + re.escape(n.encode()) + rb"=[ \t]*(?:;|\r?\n(?![ \t])|$)",
                      message.raw) for n in empty):
        return "parameter-without-value"  # RFC 2045 5.1: value := token / quoted-string
    rule = params_syntax(ours, theirs, message.raw)
    if rule:
        return rule
    names = {leaf["filename"] for leaf in message.theirs.get("leaves") or ()}
    if [n for n, _ in ours] == [n for n, _ in theirs] and all(
            a == b or (a[1] in names and b[1] not in names) for a, b in zip(ours, theirs)):
        return "most-parsers"
    return None


def params_syntax(ours, theirs, raw):
    """Parameters that are written in a way that RFC 2045 5.1 does not have."""
    def written(name, rest):
        return re.search(rb"(?i)[;\s]" + re.escape(name.encode()) + rest, raw)

    if len(ours) > len(theirs) and theirs == ours[:len(theirs)] and \
            written(ours[len(theirs)][0], rb'="[^"\r\n]*(?:\r?\n[ \t][^"\r\n]*)*\r?\n(?![ \t])'):
        return "open-quote"  # RFC 7103 7.1.6: it goes up to the end of the value
    more = [p for p in ours if p not in theirs]
    if len(more) == 1 and theirs == [p for p in ours if p not in more] and \
            re.search(rb"[^;\s]\s*\r?\n[ \t]+" + re.escape(more[0][0].encode()) + b"=", raw):
        return "no-semicolon"
    if [n for n, _ in ours] == [n for n, _ in theirs] and all(
            a == b or (b[1] == a[1].split(" ")[0] and
                       written(a[0], b"=" + re.escape(a[1].encode()) + rb"\r?\n"))
            for a, b in zip(ours, theirs)):
        return "unquoted-value"
    return None


def leaf_rules(mine, other, message):
    if "" in (other[0][1], other[1][1]):
        # RFC 2045 5.2: what is no type/subtype of tokens is text/plain; us-ascii. The
        # parameters stay.
        same = mine[:2] == [("s", "text"), ("s", "plain")] and mine[3:7] == other[3:7] and \
            as_pairs(mine[2])[-1:] == [("charset", "us-ascii")]
        yield "type-syntax" if same else None
        return
    for n, (a, b) in enumerate(zip(mine, other)):
        if a == b:
            continue
        field = n - 9 if is_message(mine) and n > 6 else n - 7 if n > 6 else n
        if n == 2:
            yield params_rule(a, b, message)
        elif n == 5 and re.search(rb"(?i)\ncontent-transfer-encoding:[ \t]*" +
                                  re.escape(a[1].encode()) + b";", message.raw):
            yield "encoding-semicolon"  # RFC 2045 6.1 has no parameters
        elif n == 5 and re.search(rb"(?i)\ncontent-transfer-encoding:[^\n]*\x00", message.raw):
            yield "nul-octet"  # RFC 5322 4.1: obsolete, and marked
        elif is_message(mine) and n == 6:
            # Or it has no body at all.
            empty = not is_multipart(mine[8]) and mine[8][6] == "0"
            at_end = ((ends_in_multipart(mine[8]) or empty) and int(b) - int(a) == 2 and
                      int(other[9]) - int(mine[9]) == 1)
            yield "delimiter-line-end" if at_end else None
        elif is_message(mine) and n == 9 and mine[6] != other[6]:
            continue  # judged with the size
        elif is_message(mine) and n == 7:
            yield from envelope_rules(a, b, message, outer=False)
        elif is_message(mine) and n == 8:
            yield from structure_rules(a, b, message)
        elif field >= 0 and isinstance(a, list) and isinstance(b, list) and a[:1] == b[:1]:
            yield params_rule(a[1], b[1], message)
        else:
            yield None


def tree_rule(mine, other, message):
    """Two trees that are not the same."""
    votes = message.theirs
    if not votes.get("tree") or votes.get("tree_weak"):
        return UNDECIDED
    if message.ours["tree"] == votes["tree"]:
        return "most-parsers"
    if re.search(rb'(?i)boundary="[^"]*[ \t]"', message.raw):
        return "boundary-blank"  # RFC 2046 5.1.1: it does not end in one
    return None


def structure_rules(mine, other, message):
    if shape(mine) != shape(other):
        yield tree_rule(mine, other, message)
    elif is_multipart(mine):
        for a, b in zip(mine, other):
            if a == b:
                continue
            if is_part(a) and is_part(b):
                yield from structure_rules(a, b, message)
            elif is_params(a) or is_params(b):
                yield params_rule(a, b, message)
            else:
                yield None
    else:
        yield from leaf_rules(mine, other, message)


def without_text(message):
    """The message with nothing at once behind its boundaries on their lines."""
    raw = message.raw
    for boundary in set(re.findall(rb'(?i)boundary="?([^"\s;]+)', raw)):
        line = rb"(?m)^(--" + re.escape(boundary)
        raw = re.sub(line + rb"--)[^\s][^\r\n]*", rb"\1", raw)
        raw = re.sub(line + rb")(?!--)[^\s][^\r\n]*", rb"\1", raw)
    return raw


def with_header(message):
    """The message with fields in place of text where a part's header belongs."""
    raw = message.raw
    found = {q or t for q, t in re.findall(rb'(?i)boundary=(?:"([^"]+)"|([^"\s;]+))', raw)}
    lines = b"|".join(re.escape(boundary) for boundary in found)
    return re.sub(rb"(?m)^(--(?:" + lines + rb")[ \t]*\r?\n)(?!--(?:" + lines +
                  rb"))(?=[^\r\n:]+\r?$)", rb"\1X: ", raw) if found else raw


def rules_of(aspect, mine, other, message):
    """The rules that explain all of a difference, None where one part has no rule."""
    if aspect == "bodystructure":
        if message.changed(without_text(message), aspect) == other:
            return {"delimiter-text"}
        if message.changed(with_header(message), aspect) == other:
            return {"text-for-header"}
    rules = envelope_rules if aspect == "envelope" else structure_rules
    found = set(rules(mine, other, message))
    return None if None in found or not found else found
