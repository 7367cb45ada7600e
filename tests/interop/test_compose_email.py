#!/usr/bin/env python3
"""Messages of the composer as Python's email package reads them: thousands of hostile ones,
every value equal to the octet (composed.py says to what). Standard library only."""
import email
import email.header
import email.policy
import email.utils
import inspect
import re
import sys

sys.dont_write_bytecode = True
import composed  # noqa: E402
import peers  # noqa: E402
from composed import children, plain, unfolded  # noqa: E402
from peers import check  # noqa: E402

# With "strict", which some versions have, address literals are dropped.
LENIENT = {"strict": False} if "strict" in inspect.signature(
    email.utils.getaddresses).parameters else {}

# What it does otherwise: blanks around a file name go, and quotes or < > around it, though
# they are of the name; of blanks behind a colon none is left.
RULES = composed.Rules("file-name-stripped", "file-name-unquoted", "blanks-behind-colon")


def headers(part):
    """Name to value: raw UTF-8 (RFC 6532) is what it says."""
    return {k: v.encode("ascii", "surrogateescape").decode() for k, v in part.raw_items()}


def decoded(value):
    text = ""
    for octets, charset in email.header.decode_header(value):
        text += octets.decode(charset or "ascii") if isinstance(octets, bytes) else octets
    return text


def check_field(where, field, value, modern):
    kind = field["kind"]
    if kind == composed.TEXT:
        text = plain(field["text"]).decode()
        RULES.same(decoded(unfolded(value)), text, where)
        RULES.same(str(modern), text, where)
    elif kind == composed.ADDRESSES:
        found = [(decoded(n), a) for n, a in
                 email.utils.getaddresses([unfolded(value)], **LENIENT) if a]
        RULES.same(found, composed.mailboxes(field), where)
        # The newer parser knows groups; their names are ASCII here.
        RULES.same([(g.display_name, [a.addr_spec for a in g.addresses])
                    for g in modern.groups],
                   [(n, [a for _, a in g]) for n, g in composed.groups(field)], where)
    elif kind != composed.DATE:
        RULES.same(unfolded(value), plain(field["text"]).decode(), where)


def check_date(where, value, utc, zone):
    when = email.utils.parsedate_to_datetime(value)
    RULES.same((when.timestamp(), when.utcoffset().total_seconds()), (utc, zone * 60), where)


def check_parameters(where, want, part):
    name = plain(want["file_name"]).decode()
    RULES.same(part.get_filename() or "", name, where,
               ("file-name-stripped", name.strip()),
               ("file-name-unquoted", email.utils.unquote(name).strip()))
    disposition = plain(want["disposition"]).decode() or ("attachment" if name else None)
    RULES.same(part.get_content_disposition(), disposition, where)
    cid = plain(want["content_id"]).decode()
    RULES.same(headers(part).get("Content-ID"), f"<{cid}>" if cid else None, where)
    for key, value in (("x-a", "b"), ("x-c", "d; e")):
        RULES.same(part.get_param(key), value if want["params"] else None, where)


def check_text(where, want, part, modern):
    """A text in a charset of its own."""
    RULES.same(part.get_content_charset(), want["charset"].lower(), where)
    text = plain(want["text"]).decode()
    RULES.same(part.get_payload(decode=True).decode(part.get_content_charset()), text, where)
    RULES.same(modern.get_content(), text, where)


def check_part(where, wanted, number, part, moderns):
    """`moderns`: the parts by the newer parser, by the identity of those by the older."""
    want = wanted["parts"][number]
    where = f"{where} part {number}"
    body = plain(want["body"])
    inner = children(wanted, number)
    if want["verbatim"]:
        head, body = body.split(b"\r\n\r\n", 1)
        head = head.decode() + "\r\n"
        RULES.same("".join(f"{k}: {v}\r\n" for k, v in part.items()), head, where,
                   ("blanks-behind-colon", re.sub(r"(?m)^([^:\s]+:)[ \t]+", r"\1 ", head)))
        RULES.same(part.get_payload(decode=True), body, where)
        return
    RULES.same(part.get_content_type(), want["type"], where)
    RULES.same(part.defects, [], where)
    check_parameters(where, want, part)
    if inner:
        parts = part.get_payload()
        RULES.same(len(parts), len(inner), where)
        for child, at in zip(parts, inner):
            check_part(where, wanted, at, child, moderns)
    elif want["type"] == "message/rfc822":
        message = part.get_payload(0)
        lines = [f"{k}: {v}\r\n" for k, v in message.items()]
        RULES.same("".join([*lines, "\r\n", message.get_payload()]), body.decode(), where)
    else:
        RULES.same(part.get_payload(decode=True), body, where)
        if want["charset"]:
            check_text(where, want, part, moderns[id(part)])


def test_email(folder):
    lines = composed.messages()
    for wanted in lines:
        composed.check_message(wanted)
        octets = plain(wanted["message"])
        where = f"seed {wanted['seed']}"
        m = email.message_from_bytes(octets)
        modern = email.message_from_bytes(octets, policy=email.policy.default)
        # Raw UTF-8 is for its readers of text, not of octets.
        header = octets.split(b"\r\n\r\n", 1)[0].decode()
        old = email.message_from_string(header)
        new = email.message_from_string(header, policy=email.policy.default)
        for f in wanted["fields"]:
            values = old.get_all(f["name"])
            check(values and len(values) == 1, where, f["name"], values)
            check_field(f"{where} {f['name']}", f, values[0], new[f["name"]])
        for name, (utc, zone) in composed.dates(wanted).items():
            check_date(f"{where} {name}", old[name], utc, zone)
        # Nothing stands there that nobody asked for.
        check({k.lower() for k in m.keys()} <= {f["name"].lower() for f in wanted["fields"]} |
              {"date", "message-id", "mime-version", "content-type", "content-id",
               "content-transfer-encoding", "content-disposition"}, where, m.keys())
        check_part(where, wanted, 0, m, dict(zip(map(id, m.walk()), modern.walk())))
    return RULES.summary(len(lines))


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
