#!/usr/bin/env python3
"""FETCH against what others make of the same messages: every message of the optional data
folder lies in a mailbox of our server. ENVELOPE and BODYSTRUCTURE are compared with
Dovecot's (corpus/oracle/imap_dovecot.jsonl), and what differs must be what
docs/differences.md, "Messages", lists with its rules, nothing more and nothing less. BODY[]
is the message, its sections are its parts, and sizes say what comes; BINARY of each leaf
is what most of seven parsers decode.

Standard library only. Arguments: ids of messages; then their differences are shown."""
import hashlib
import os
import re
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import check  # noqa: E402
from pop3peers import fill  # noqa: E402
from imappeers import ImapServer  # noqa: E402
from imap_scripts import NIL, Connection, arguments  # noqa: E402
import oracle_imap  # noqa: E402
from test_oracle import data_folder, documented, records  # noqa: E402

SECRET = "secret"
ENCODINGS = ("7bit", "8bit", "binary", "base64", "quoted-printable")
BATCH = 40  # commands that are sent together
EACH = 30  # sections of a command
DEPTH = 32  # numbers of a section (docs/limits.md)


def plain(value):
    """As the oracle's parser has it."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    if value == NIL:
        return "NIL"
    if value[0] == "a":
        return value[1]
    text = value[1].encode("latin-1").decode("utf-8", "replace")
    return ("s", re.sub("\ufffd+", "\ufffd", text))


def items_of(pieces):
    """{item in upper case: value} of a FETCH response, and its number."""
    words = arguments([pieces[0][2:]] + pieces[1:])
    check(words[1][1] == "FETCH", pieces[0][:100])
    items = words[2]
    return int(words[0][1]), {items[i][1].upper(): items[i + 1]
                              for i in range(0, len(items), 2)}


def text_of(value):
    check(value != NIL and value[0] == "s", "no string:", value)
    return value[1].encode("latin-1")


def fetched(connection, commands):
    """The items of each of many commands, in their order; None: it was refused."""
    found = []
    for start in range(0, len(commands), BATCH):
        some = commands[start:start + BATCH]
        tags = [connection.tag() for _ in some]
        connection.socket.sendall("".join(
            f"{t} {c}\r\n" for t, c in zip(tags, some)).encode())
        for tag, command in zip(tags, some):
            got = {}
            while not (said := connection.pieces())[0].startswith(tag + " "):
                got.update(items_of(said)[1])
            result = said[0].split()[1]
            check(result == "OK" or (result == "NO" and "UNKNOWN-CTE" in said[0]), command,
                  said)
            found.append(got if result == "OK" else None)
    return found


# ---- parts -------------------------------------------------------------------------------

def is_text(value):
    return isinstance(value, tuple)


def parts(body, path=()):
    """(path, kind, octets, encoding, type) of each part that has a number."""
    if isinstance(body[0], list):
        for n, part in enumerate((p for p in body if oracle_imap.is_part(p)), 1):
            yield from parts(part, path + (n,))
        return
    path = path or (1,)
    kind = "/".join(v[1].lower() for v in body[:2])
    inside = kind in ("message/rfc822", "message/global") and len(body) > 8 and isinstance(
        body[8], list)
    encoding = body[5][1].lower() if is_text(body[5]) else ""
    yield path, "message" if inside else "leaf", int(body[6]), encoding, kind
    if inside:
        multipart = isinstance(body[8][0], list)
        yield from parts(body[8], path if multipart else path + (1,))


def within(body):
    """The parts that can be asked for."""
    return [p for p in parts(body) if len(p[0]) <= DEPTH]


def number(path):
    return ".".join(map(str, path))


def sections(body):
    """The sections of a message that are asked for."""
    wanted = []
    for path, kind, _, encoding, _ in within(body):
        n = number(path)
        wanted.append(f"BODY.PEEK[{n}]")
        if kind == "message":
            wanted += [f"BODY.PEEK[{n}.HEADER]", f"BODY.PEEK[{n}.TEXT]"]
        elif encoding in ENCODINGS:
            wanted += [f"BINARY.PEEK[{n}]", f"BINARY.SIZE[{n}]"]
        if isinstance(body[0], list):
            wanted.append(f"BODY.PEEK[{n}.MIME]")
    return wanted


def normal_hash(data):
    return hashlib.sha256(data.replace(b"\r\n", b"\n").rstrip(b"\r\n")).hexdigest()


def is_made_up(kind, type_, octets, text):
    """Part 1 of a multipart in which none was found: BODYSTRUCTURE has to tell one (RFC
    9051 9: 1*body), an empty text; BODY[n.1] is NIL, or the body where no boundary is
    known."""
    return kind == "leaf" and type_ == "text/plain" and octets == 0 and (
        text == NIL or len(text[1]) > 0)


def check_sections(name, body, items, whole, rules):
    """Sizes and sections fit together. The hashes of the leaves."""
    hashes, closed = [], None
    for path, kind, octets, encoding, type_ in within(body):
        n = number(path)
        if closed is not None and path[:len(closed)] == closed:
            check(items[f"BODY[{n}]"] == NIL, name, n, "within an encoded message")
            hashes.append((type_, None))
            continue
        if is_made_up(kind, type_, octets, items[f"BODY[{n}]"]):
            rules.add("no-parts")
            hashes.append((type_, None))
            continue
        text = text_of(items[f"BODY[{n}]"])
        check(len(text) == octets, name, n, len(text), "octets, BODYSTRUCTURE says", octets)
        check(text in whole, name, n, "is no part of the message")
        if isinstance(body[0], list):
            mime = text_of(items[f"BODY[{n}.MIME]"])
            check(mime + text in whole, name, n, "MIME does not stand before it")
        if kind == "message" and encoding in ("base64", "quoted-printable"):
            rules.add("encoded-message")
            check(items[f"BODY[{n}.HEADER]"] == NIL, name, n, "an encoded message is entered")
            closed = path
        elif kind == "message":
            check(text_of(items[f"BODY[{n}.HEADER]"]) + text_of(items[f"BODY[{n}.TEXT]"]) ==
                  text, name, n, "header and text are not the message")
        elif encoding in ENCODINGS:
            decoded = text_of(items[f"BINARY[{n}]"])
            check(len(decoded) == int(items[f"BINARY.SIZE[{n}]"][1]), name, n, "BINARY.SIZE")
            hashes.append((type_, normal_hash(decoded)))
        else:
            hashes.append((type_, None))
    return hashes


# ---- all of it ---------------------------------------------------------------------------

def differs(name, items, theirs, dovecot, raw):
    """{aspect: rules or None} of ENVELOPE and BODYSTRUCTURE."""
    found = {}
    for key in ("envelope", "bodystructure"):
        try:
            other = oracle_imap.normal(oracle_imap.parse_data(key, dovecot[key]))
        except ValueError:
            continue  # octets were lost in the data
        mine = oracle_imap.normal(plain(items[key.upper()]))
        if key == "envelope":
            mine, other = oracle_imap.one_space(mine), oracle_imap.one_space(other)
        if mine != other:
            found[key] = mine, other
    return found


def body_differs(hashes, theirs):
    """Whether a leaf is not what most parsers make of it. None: nothing is said."""
    leaves = theirs.get("leaves") or []
    if theirs.get("tree_weak") or [t for t, _ in hashes] != [x["type"] for x in leaves]:
        return None
    return any(x.get("nsha256") and mine and
               mine not in {x["nsha256"], *(x.get("nsha256_other") or ())}
               for (_, mine), x in zip(hashes, leaves))


def stored(raw):
    """What IMAP shows of a message: CRLF throughout, and 0x80 for NUL."""
    return re.sub(rb"\r?\n", b"\r\n", raw).replace(b"\0", b"\x80")


def ask_all(connection, names, messages):
    """(items of the first questions, items of the sections) by name."""
    commands = [f"FETCH {i + 1} (RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[] "
                "BODY.PEEK[HEADER] BODY.PEEK[TEXT] RFC822.HEADER)"
                for i in range(len(names))]
    first = fetched(connection, commands)
    commands, of = [], []
    for i, items in enumerate(first):
        wanted = sections(plain(items["BODYSTRUCTURE"]))
        for start in range(0, len(wanted), EACH):
            commands.append(f"FETCH {i + 1} ({' '.join(wanted[start:start + EACH])})")
            of.append(names[i])
    more = {name: {} for name in names}
    for name, items in zip(of, fetched(connection, commands)):
        if items is None:
            more[name] = None
        elif more[name] is not None:
            more[name].update(items)
    return dict(zip(names, first)), more


def shortened(body):
    """BODY of a BODYSTRUCTURE: without the extension data."""
    if isinstance(body[0], list):
        inner = [shortened(p) for p in body if oracle_imap.is_part(p)]
        return inner + [body[len(inner)]]
    kind = "/".join(v[1].lower() for v in body[:2])
    if kind in ("message/rfc822", "message/global") and len(body) > 9 and isinstance(
            body[8], list):
        return body[:8] + [shortened(body[8]), body[9]]
    return body[:8] if kind.startswith("text/") else body[:7]


def check_message(name, items, more, raw, rules):
    whole = stored(raw)
    check(text_of(items["BODY[]"]) == whole, name, "BODY[] is not the message")
    check(int(items["RFC822.SIZE"][1]) == len(whole), name, "RFC822.SIZE",
          items["RFC822.SIZE"], len(whole))
    header = text_of(items["BODY[HEADER]"])
    check(header + text_of(items["BODY[TEXT]"]) == whole, name, "header and text")
    check(text_of(items["RFC822.HEADER"]) == header, name, "RFC822.HEADER")
    body = plain(items["BODYSTRUCTURE"])
    check(plain(items["BODY"]) == shortened(body), name, "BODY is not BODYSTRUCTURE",
          items["BODY"], shortened(body))
    return check_sections(name, body, more, whole, rules) if more is not None else []


def fetch_documented():
    """{(rule, message)} of docs/differences.md, "Sections by FETCH"."""
    text = (peers.SOURCE / "docs" / "differences.md").read_text(encoding="utf-8")
    part = re.search(r"^### Sections by FETCH\n(.*?)(?=^##|\Z)", text, re.S | re.M)
    found = set()
    for item in re.split(r"^- ", part.group(1) if part else "", flags=re.M)[1:]:
        reason, _, ids = item.partition(":\n  `")
        rule = re.match(r"rule `([a-z-]+)`", reason)
        check(rule and ids, "docs/differences.md: cannot be read:", item)
        found |= {(rule.group(1), n) for n in re.findall(r"([^`\n]+/[^`\n]+)`", ids)}
    return found


def main():
    if "--imaps" not in peers.run([peers.find_program("mailproto-mailserver"),
                                   "--help"])[1]:
        print("skipped: mailproto-mailserver is built without IMAP (needs libsqlite3-dev)")
        return 77
    folder = data_folder()
    theirs = records(folder / "oracle" / "majority.jsonl")
    for name, truth in records(folder / "oracle" / "generated_truth.jsonl").items():
        theirs[name].update(truth)
    dovecot = records(folder / "oracle" / "imap_dovecot.jsonl")
    manifest = records(folder / "messages" / "manifest.jsonl")
    names = [n for n in manifest if not sys.argv[1:] or n in sys.argv[1:]]
    raw = [(folder / "messages" / manifest[n]["file"]).read_bytes() for n in names]

    server = ImapServer(peers.WORK / "server", users={"alice": SECRET}, tls=False)
    fill(server.maildir("alice"), raw)
    connection = Connection(server.imap_port, seconds=60)
    connection.ok(f"LOGIN alice {SECRET}")
    said = connection.ok("SELECT INBOX")
    check([f"* {len(names)} EXISTS"] in said, "not all are there:", said)
    first, more = ask_all(connection, names, raw)
    connection.ok("LOGOUT")
    server.stop()

    failures, different, hashed, unknown, rules = [], set(), 0, 0, {}
    known = documented()
    for name, content in zip(names, raw):
        hashes, found = [], set()
        try:
            hashes = check_message(name, first[name], more[name], content, found)
        except (peers.Failure, KeyError) as e:
            failures.append(f"{name}: {type(e).__name__} {str(e)[:400]}")
        rules.update({(rule, name): True for rule in found})
        unknown += more[name] is None
        if name in dovecot:
            found = differs(name, first[name], theirs[name], dovecot[name], content)
            different |= {(key, name) for key in found}
            for key, (mine, other) in found.items() if sys.argv[1:] else ():
                print(f"{key} {name}\n  ours   {mine}\n  theirs {other}")
        wrong = body_differs(hashes, theirs[name])
        hashed += len(hashes) if wrong is not None else 0
        if wrong and ("body", name) not in known:
            failures.append(f"{name}: BINARY of a leaf is not what most parsers decode")
    listed = {(a, n) for a, n in known if a in ("envelope", "bodystructure")}
    if not sys.argv[1:]:
        failures += [f"not in docs/differences.md: {a} {n}" for a, n in
                     sorted(different - listed)]
        failures += [f"listed, and no difference in FETCH: {a} {n}" for a, n in
                     sorted(listed - different)]
        failures += [f"rule {rule}: {n} is not in docs/differences.md, FETCH, or is and "
                     "should not" for rule, n in sorted(set(rules) ^ fetch_documented())]
    print(f"{len(names)} messages by FETCH, {2 * len(names) - len(different)} of "
          f"{2 * len(names)} ENVELOPE and BODYSTRUCTURE as Dovecot's, {len(different)} by "
          f"rules; {hashed} leaves decoded, {unknown} messages with an unknown encoding; "
          f"{len(failures)} failures")
    print(*failures[:100], sep="\n")
    return 1 if failures else 0


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main())
