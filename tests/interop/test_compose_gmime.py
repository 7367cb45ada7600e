#!/usr/bin/env python3
"""Messages of the composer as GMime reads them: thousands of hostile ones, every value equal
to the octet (composed.py says to what). Needs gir1.2-gmime-3.0 and python3-gi; without them
all of this is skipped."""
import re
import sys

sys.dont_write_bytecode = True
import composed  # noqa: E402
import peers  # noqa: E402
from composed import children, decoded, plain, raw_field, raw_names, unfolded  # noqa: E402
from peers import Skip, check  # noqa: E402

# What GMime 3.2 does otherwise:
# base64-joined: adjacent words in base64 are joined before they are decoded, so that all
#   behind the padding of one is lost (RFC 2047 2: each word is encoded for itself);
# phrase-folds: the folds of a display name stay in it, but for those between two words;
# name-stripped: blanks around a display name go, though they stand in quotes or a word.
RULES = composed.Rules("base64-joined", "phrase-folds", "name-stripped")


def gmime():
    try:
        import gi
        gi.require_version("GMime", "3.0")
        from gi.repository import GMime
    except (ImportError, ValueError) as e:
        raise Skip(f"GMime: {e} (needs gir1.2-gmime-3.0 and python3-gi)") from e
    GMime.init()
    return GMime


def base64_joined(value):
    """The value without the words that GMime loses."""
    word = r"=\?utf-8\?b\?[^? \t\r\n]*"
    return re.sub(rf"(?<![^ \t\r\n])((?:{word}(?<!=)\?=[ \t\r\n]+)*{word}=\?=)"
                  rf"(?:[ \t\r\n]+{word}\?=(?![^ \t\r\n]))+", r"\1", value)


def check_text(where, value, found, text):
    RULES.same(found, text, where,
               ("base64-joined", decoded(base64_joined(unfolded(value)))))


def flattened(GMime, found):
    """[(name, addr-spec)] and [(group, [addr-spec])]."""
    boxes, groups = [], []
    for i in range(found.length()):
        a = found.get_address(i)
        if isinstance(a, GMime.InternetAddressGroup):
            inner = flattened(GMime, a.get_members())[0] if a.get_members() else []
            groups.append((a.get_name(), [spec for _, spec in inner]))
            boxes += inner
        else:
            boxes.append((a.get_name() or "", a.get_addr()))
            groups.append((None, [a.get_addr()]))
    return boxes, groups


def check_addresses(where, field, value, found):
    boxes, groups = found
    asked = composed.mailboxes(field)
    RULES.same([spec for _, spec in boxes], [spec for _, spec in asked], where)
    RULES.same(groups, [(n, [spec for _, spec in g]) for n, g in composed.groups(field)], where)
    for (name, _), (text, _), phrase in zip(boxes, asked, raw_names(value)):
        RULES.same(name, text, where,
                   ("name-stripped", text.strip(" ")),
                   ("phrase-folds", composed.display_name(phrase, str).strip(" ")),
                   ("base64-joined",
                    composed.display_name(phrase and base64_joined(phrase), str).strip(" ")))


def content(GMime, part):
    stream = GMime.StreamMem.new()
    if part.get_content() is None:
        return b""
    part.get_content().write_to_stream(stream)
    stream.flush()
    return bytes(stream.get_byte_array() or b"")


def headers(part):
    found = part.get_header_list()
    return [(h.get_name(), h.get_raw_value()) for h in
            (found.get_header_at(i) for i in range(found.get_count()))]


def check_parameters(where, want, part):
    name = plain(want["file_name"]).decode()
    RULES.same(part.get_content_disposition_parameter("filename") or "", name, where)
    disposition = plain(want["disposition"]).decode() or ("attachment" if name else None)
    RULES.same(part.get_disposition(), disposition, where)
    RULES.same(part.get_content_id(), plain(want["content_id"]).decode() or None, where)
    for key, value in (("x-a", "b"), ("x-c", "d; e")):
        RULES.same(part.get_content_type_parameter(key), value if want["params"] else None,
                   where)


def check_part(GMime, where, wanted, number, part):
    want = wanted["parts"][number]
    where = f"{where} part {number}"
    body = plain(want["body"])
    inner = children(wanted, number)
    if want["verbatim"]:
        head, body = body.split(b"\r\n\r\n", 1)
        RULES.same("".join(f"{k}:{v}" for k, v in headers(part)), head.decode() + "\r\n",
                   where)
        RULES.same(content(GMime, part), body, where)
        return
    RULES.same(part.get_content_type().get_mime_type(), want["type"], where)
    if inner:
        check(isinstance(part, GMime.Multipart), where)
        RULES.same(part.get_count(), len(inner), where)
        for i, at in enumerate(inner):
            check_part(GMime, where, wanted, at, part.get_part(i))
        return
    check_parameters(where, want, part)
    if want["type"] == "message/rfc822":
        message = part.get_message()
        text = "".join(f"{k}:{v}" for k, v in headers(message)).encode() + b"\r\n" + \
            content(GMime, message.get_mime_part())
        RULES.same(text, body, where)
    else:
        RULES.same(content(GMime, part), body, where)
    if want["charset"]:
        RULES.same(part.get_content_type_parameter("charset"), want["charset"], where)
        RULES.same(part.get_text(), plain(want["text"]).decode(), where)


def test_gmime(folder):
    GMime = gmime()
    lines = composed.messages()
    for wanted in lines:
        where = f"seed {wanted['seed']}"
        stream = GMime.StreamMem.new_with_buffer(plain(wanted["message"]))
        m = GMime.Parser.new_with_stream(stream).construct_message(None)
        check(m is not None, where)
        kinds = {"From": m.get_from, "To": m.get_to, "Cc": m.get_cc, "Bcc": m.get_bcc}
        for f in wanted["fields"]:
            name, at = f["name"], f"{where} {f['name']}"
            value = raw_field(wanted, name)
            if f["kind"] == composed.TEXT:
                check_text(at, value, m.get_subject(), plain(f["text"]).decode())
            elif f["kind"] == composed.ADDRESSES:
                check_addresses(at, f, value, flattened(GMime, kinds[name]()))
            elif f["kind"] != composed.DATE:
                RULES.same(m.get_header_list().get_header(name).get_value(),
                           plain(f["text"]).decode(), at)
        for name, (utc, zone) in composed.dates(wanted).items():
            when = GMime.utils_header_decode_date(m.get_header(name))
            RULES.same((when.to_unix(), when.get_utc_offset() // 1000000), (utc, zone * 60),
                       f"{where} {name}")
        check_part(GMime, where, wanted, 0, m.get_mime_part())
    return RULES.summary(len(lines))


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
