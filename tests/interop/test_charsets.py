#!/usr/bin/env python3
"""Every octet of every built-in charset with one octet a character, as Python's codecs have
it, through the shared library."""
import ctypes
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # the source stays as it is

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests/support"))
import make_charsets as tables  # noqa: E402


class Bytes(ctypes.Structure):
    _fields_ = [("ptr", ctypes.c_char_p), ("len", ctypes.c_size_t)]


def load():
    build = pathlib.Path(os.environ.get("MAILPROTO_BUILD", SOURCE / "build/release"))
    found = sorted(build.glob("**/libmailproto.so"))
    if not found:
        print(f"skipped: no libmailproto.so below {build}")
        sys.exit(77)
    needs = subprocess.run(["ldd", str(found[0])], capture_output=True, text=True).stdout
    runtime = re.search(r"=> (\S*lib[a-z]*san\S*)", needs)
    if runtime and "LD_PRELOAD" not in os.environ:  # a sanitizer wants to be loaded first
        os.environ.update(LD_PRELOAD=runtime[1], ASAN_OPTIONS="detect_leaks=0")
        os.execv(sys.executable, [sys.executable, *sys.argv])
    return ctypes.CDLL(str(found[0]))


def decode(library, charset, octets):
    codec = (ctypes.c_uint64 * 6)()
    name = Bytes(charset.encode(), len(charset))
    status = library.mailproto_charset_init(codec, name, None, 0)
    if status != 0:
        return None
    out = ctypes.create_string_buffer(4 * len(octets) + 16)
    used, got = ctypes.c_size_t(), ctypes.c_size_t()
    status = library.mailproto_codec_run(codec, octets, ctypes.c_size_t(len(octets)),
                                         ctypes.byref(used), out, ctypes.c_size_t(len(out)),
                                         ctypes.byref(got), 4)
    assert status == 0 and used.value == len(octets), (charset, status, used.value)
    return out.raw[:got.value]


def main():
    library = load()
    library.mailproto_charset_init.argtypes = [ctypes.c_void_p, Bytes, ctypes.c_void_p,
                                               ctypes.c_uint32]
    failed = compared = 0
    every = bytes(range(256))
    for codec in ["ascii", "latin_1", *tables.LEVEL_2, *tables.LEVEL_3]:
        for name in tables.names_of(codec):
            got = decode(library, name, every)
            if got is None:
                if codec in ("ascii", "latin_1"):
                    print("FAIL:", name, "is not known")
                    failed += 1
                continue
            want = every.decode(codec, "replace").encode()
            compared += 1
            if got != want:
                print("FAIL:", codec, name)
                failed += 1
    for codec in ("utf_8", "utf_16_be", "utf_16_le", "utf_16", "utf_32", "utf_32_be",
                  "utf_32_le", "utf_7"):
        data = "a\u00e4\u20ac\U0001f600 +z".encode(codec)
        compared += 1
        if decode(library, codec, data) != "a\u00e4\u20ac\U0001f600 +z".encode():
            print("FAIL:", codec, data)
            failed += 1
    print(compared, "names compared")
    sys.exit(failed > 0 or compared < 10)


main()
