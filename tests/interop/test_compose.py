#!/usr/bin/env python3
"""Messages of the composer as other libraries read them: Python's email package and GMime.
A generator of hostile names, texts and structures writes them, and beside each what it
must say: structure, decoded bodies, file names, names, addresses, subject, dates.
Blanks at folds are compared leniently: the readers differ there."""
import base64
import email
import email.header
import email.utils
import json
import re
import subprocess
import sys

import peers
from peers import Skip, check

COUNT = 1500
TEXT, ADDRESSES, DATE = 0, 1, 2


def plain(octets):
    return base64.b64decode(octets)


def words(text):
    """The text without its blanks."""
    return re.sub(r"\s+", "", text)


def messages():
    program = peers.find_program("unit_message_compose_roundtrip", required=False)
    if not program:
        raise Skip("unit_message_compose_roundtrip is not built (needs libcmocka-dev)")
    out = subprocess.run([program, "write", str(COUNT)], stdin=subprocess.DEVNULL,
                         capture_output=True, timeout=200, check=True).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    check(len(lines) > COUNT * 0.9, len(lines))
    return lines


def children(wanted, number):
    return [i for i, p in enumerate(wanted["parts"]) if p["parent"] == number]


# ---- Python's email --------------------------------------------------------------------

def decoded(value):
    text = ""
    for octets, charset in email.header.decode_header(value):
        if isinstance(octets, bytes):
            octets = octets.decode(charset or "ascii")
        text += octets
    return text


def unfolded(value):
    return re.sub(r"\r?\n(?=[ \t])", "", value)


def email_field(seed, wanted, value):
    kind = wanted["kind"]
    if kind == TEXT:
        check(words(decoded(value)) == words(plain(wanted["text"]).decode()), seed,
              wanted["name"], repr(value))
    elif kind == ADDRESSES:
        found = email.utils.getaddresses([unfolded(value)])
        # It cannot read a domain literal without brackets around the address.
        found = [(words(decoded(n)), words(a)) for n, a in found if a and "[" not in a]
        asked = [(words(plain(a["name"]).decode()), words(plain(a["spec"]).decode()))
                 for a in wanted["addresses"] if b"[" not in plain(a["spec"])]
        check(found == asked, seed, wanted["name"], repr(value), found, asked)
    elif kind == DATE:
        when = email.utils.parsedate_to_datetime(value).timestamp()
        check(int(when) == wanted["utc"], seed, value)
    else:
        check(words(value) == words(plain(wanted["text"]).decode()), seed, repr(value))


def email_part(seed, wanted, number, part):
    want = wanted["parts"][number]
    body = plain(want["body"])
    inner = children(wanted, number)
    if want["verbatim"]:
        check(part.get_payload(decode=True) == body.split(b"\r\n\r\n", 1)[1], seed, number)
        return
    check(part.get_content_type() == want["type"], seed, number, part.get_content_type())
    check(not part.defects, seed, number, part.defects)
    name = part.get_filename()
    asked = plain(want["file_name"]).decode().strip()  # as it strips it
    check((name or "") in (asked, re.sub("^<(.*)>$", r"\1", asked)), seed, number,
          repr(name))
    if inner:
        parts = part.get_payload()
        check(len(parts) == len(inner), seed, number, len(parts), inner)
        for child, at in zip(parts, inner):
            email_part(seed, wanted, at, child)
    elif want["type"] == "message/rfc822":
        check(part.get_payload(0)["Subject"] == "inner", seed, number)
    else:
        got = part.get_payload(decode=True)
        check(got == body, seed, number, got[:500], body[:500])


def test_email(folder):
    count = 0
    for wanted in messages():
        seed = f"seed {wanted['seed']}:"
        m = email.message_from_bytes(plain(wanted["message"]))
        for f in wanted["fields"]:
            values = m.get_all(f["name"])
            check(values and len(values) == 1, seed, f["name"], values)
            email_field(seed, f, values[0])
        check(int(email.utils.parsedate_to_datetime(m["Date"]).timestamp()) == wanted["utc"])
        check(set(k.lower() for k in m.keys()) <= {f["name"].lower() for f in wanted["fields"]} |
              {"date", "message-id", "mime-version", "content-type", "content-id",
               "content-transfer-encoding", "content-disposition"}, seed, m.keys())
        email_part(seed, wanted, 0, m)
        count += 1
    return f"ok: {count} messages"


# ---- GMime ------------------------------------------------------------------------------

# GMime 3.2.10 to 3.2.13 lose what follows padding in adjacent encoded words.
PADDED = re.compile(rb"=\?=\r?\n?[ \t]+=\?utf-8\?b\?")


def gmime():
    try:
        import gi
        gi.require_version("GMime", "3.0")
        from gi.repository import GMime
    except (ImportError, ValueError) as e:
        raise Skip(f"GMime: {e} (needs gir1.2-gmime-3.0 and python3-gi)") from e
    GMime.init()
    return GMime


def raw_field(wanted, name):
    header = plain(wanted["message"]).split(b"\r\n\r\n", 1)[0]
    return re.search(rb"(?:^|\n)" + name.encode() + rb": ?(?:[^\r]|\r\n[ \t])*", header)[0]


def gmime_addresses(GMime, found):
    out = []
    for i in range(found.length()):
        a = found.get_address(i)
        if isinstance(a, GMime.InternetAddressGroup):
            check(a.get_name() == 'Team, the "best"', a.get_name())
            if a.get_members():
                out += gmime_addresses(GMime, a.get_members())
        else:
            out.append((words(a.get_name() or ""), words(a.get_addr())))
    return out


def gmime_body(GMime, part):
    stream = GMime.StreamMem.new()
    content = part.get_content()
    if content is None:
        return b""
    content.write_to_stream(stream)
    stream.flush()
    data = stream.get_byte_array()
    return bytes(data or b"")


def gmime_part(GMime, seed, wanted, number, part):
    want = wanted["parts"][number]
    inner = children(wanted, number)
    if want["verbatim"]:
        check(gmime_body(GMime, part) == plain(want["body"]).split(b"\r\n\r\n", 1)[1], seed)
        return
    check(part.get_content_type().get_mime_type() == want["type"], seed, number)
    if inner:
        check(isinstance(part, GMime.Multipart) and part.get_count() == len(inner),
              seed, number, inner)
        for i, at in enumerate(inner):
            gmime_part(GMime, seed, wanted, at, part.get_part(i))
    elif want["type"] == "message/rfc822":
        check(part.get_message().get_subject() == "inner", seed, number)
    else:
        got, body = gmime_body(GMime, part), plain(want["body"])
        check(got == body, seed, number, got[:500], body[:500])
        check((part.get_filename() or "") == plain(want["file_name"]).decode(), seed,
              number, part.get_filename())


def test_gmime(folder):
    GMime = gmime()
    count = 0
    for wanted in messages():
        seed = f"seed {wanted['seed']}:"
        stream = GMime.StreamMem.new_with_buffer(plain(wanted["message"]))
        m = GMime.Parser.new_with_stream(stream).construct_message(None)
        check(m is not None, seed)
        check(int(m.get_date().to_unix()) == wanted["utc"], seed)
        kinds = {"From": m.get_from, "To": m.get_to, "Cc": m.get_cc, "Bcc": m.get_bcc}
        for f in wanted["fields"]:
            if PADDED.search(raw_field(wanted, f["name"])):
                continue
            if f["name"] == "Subject":
                check(words(m.get_subject()) == words(plain(f["text"]).decode()), seed,
                      repr(m.get_subject()))
            elif f["kind"] == ADDRESSES:
                asked = [(words(plain(a["name"]).decode()),
                          words(plain(a["spec"]).decode())) for a in f["addresses"]]
                found = gmime_addresses(GMime, kinds[f["name"]]())
                check(found == asked, seed, f["name"], found, asked)
        gmime_part(GMime, seed, wanted, 0, m.get_mime_part())
        count += 1
    return f"ok: {count} messages"


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
