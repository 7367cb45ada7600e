#!/usr/bin/env python3
"""The TLS adapters of the examples, OpenSSL's and mbedTLS's, each against each, in both
roles: whom a client takes for the host it asked for and whom not, what a session is told,
and that both ends of a connection name the same channel binding.

They are compiled here, with sanitizers where the compiler has them, and run without the
library. Standard library only. Arguments: names of tests."""
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import SOURCE, WORK, Skip, check, need, run  # noqa: E402

NONE, EXPORTER, END_POINT, UNIQUE = "0", "1", "2", "3"  # MAILPROTO_BINDING_...
OCTETS = 300000
ADAPTERS = {
    "OpenSSL": ("tls_openssl.c", [], ["-lssl", "-lcrypto"]),
    "mbedTLS": ("tls_mbedtls.c", ["-DEXAMPLE_WITH_MBEDTLS"],
                ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"]),
}
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


# ---- the programs ------------------------------------------------------------------------

def build(name):
    """The program with that adapter, or None: its library is not installed."""
    compiler = os.environ.get("CC", "cc")
    adapter, defines, libraries = ADAPTERS[name]
    common = SOURCE / "examples" / "common"
    program = WORK / ("adapter-" + name)
    errors = f"{compiler} is not there"
    for sanitizers in (SANITIZERS, []) if shutil.which(compiler) else ():
        code, _, errors = run([
            compiler, "-std=c99", "-g", "-O1", "-D_POSIX_C_SOURCE=200809L", *defines,
            *sanitizers, "-I", SOURCE / "include", "-I", common,
            SOURCE / "tests" / "interop" / "tls_adapter.c", common / adapter,
            common / "net.c", "-o", program, *libraries])
        if code == 0:
            return program
    print(f"not built with {name}: {errors.strip().splitlines()[0]}")
    return None


PROGRAMS = {name: path for name, path in ((n, build(n)) for n in ADAPTERS) if path}
if not PROGRAMS:
    print("skipped: neither OpenSSL nor mbedTLS can be compiled with here")
    sys.exit(77)
BOTH = [(c, s) for c in PROGRAMS for s in PROGRAMS]


class End:
    """What one program said."""

    def __init__(self, process):
        out, errors = process.communicate(timeout=60)
        self.said = (out + errors).decode(errors="replace")
        peers.sanitizers_silent(self.said)
        self.code = process.returncode
        said = [dict(word.split("=", 1) for word in line.split()[1:])
                for line in self.said.splitlines() if line.startswith("up ")]
        # Of each connection two lines.
        self.all = [{**a, **b} for a, b in zip(said[::2], said[1::2])]
        self.told = self.all[-1] if self.all else {}

    def expect(self, *texts):
        for text in texts:
            check(text in self.said and self.code == 0, "not", text, "but:", self.code,
                  self.said)


def talk(client, server, ca, cert, key, verify, host, octets=OCTETS, env=None, small=False):
    """One connection. host None: none is given. Returns both ends."""
    ends = socket.socketpair()
    processes = []
    for side in ends:
        side.setblocking(False)
        if small:  # so that writes must be repeated
            side.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for arguments, side in (
            ([PROGRAMS[server], "server", ends[1].fileno(), cert, key, octets], ends[1]),
            ([PROGRAMS[client], "client", ends[0].fileno(), ca or "-", int(verify), octets] +
             ([] if host is None else [host]), ends[0])):
        processes.append(subprocess.Popen(
            [str(a) for a in arguments], pass_fds=[side.fileno()], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, **(env or {})}))
        side.close()
    try:
        return End(processes[1]), End(processes[0])
    finally:
        for process in processes:
            process.kill()
            process.wait()


# ---- certificates ------------------------------------------------------------------------

class Made(peers.Certificates):
    """More of them, with other keys, hashes, names and times."""

    def one(self, name, *options, names="DNS:localhost", key=("rsa:2048",), days="2",
            subject="/CN=localhost"):
        """Signed by the CA: (certificate, key)."""
        self._openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", name + ".key",
                      "-out", name + ".req", "-utf8", "-subj", subject)
        (self.folder / "names").write_text(f"subjectAltName={names}\n")
        self._openssl("x509", "-req", "-in", name + ".req", "-CA", "ca.pem", "-CAkey",
                      "ca.key", "-CAcreateserial", "-days", days, "-extfile", "names", "-out",
                      name + ".pem", *options)
        return self.folder / (name + ".pem"), self.folder / (name + ".key")

    def own(self, name, key, *options):
        """Signed by itself."""
        self._openssl("req", "-x509", "-newkey", *key, "-nodes", "-days", "2", "-subj",
                      "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
                      name + ".key", "-out", name + ".pem", *options)
        return self.folder / (name + ".pem"), self.folder / (name + ".key")


_made = []


def made():
    if not _made:
        need("openssl")
        _made.append(Made(WORK / "tls-made"))
    return _made[0]


def tls12(folder, *more):
    """An environment in which OpenSSL speaks TLS 1.2."""
    config = folder / f"openssl{len(more)}.cnf"
    config.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n" +
                      "\n".join(["MaxProtocol = TLSv1.2", *more, ""]))
    return {"OPENSSL_CONF": str(config)}


def digest(cert, name):
    return hashlib.new(name, ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()


# ---- whom we talk to ---------------------------------------------------------------------

def taken(client, server, tls, cert, key, verify, host, verified):
    c, s = talk(client, server, tls.ca, cert, key, verify, host)
    c.expect("moved")
    s.expect("moved", "end: EOF")
    check(c.told["verified"] == str(int(verified)), client, host, c.said)
    check(c.told["name"] == ("localhost" if verified else ""), client, host, c.said)
    check(s.told["verified"] == "0" and s.told["name"] == "",
          "nobody proved himself to the server:", s.said)
    return c, s


def refused(client, server, ca, cert, key, host, *why):
    """The client ends it; nothing is moved."""
    c, s = talk(client, server, ca, cert, key, True, host)
    c.expect("handshake: ERR_TLS: certificate: ", *why)
    check("up " not in c.said and "moved" not in s.said, host, c.said, s.said)


def test_the_right_host(folder):
    tls = made()
    for client, server in BOTH:
        for host in ("localhost", "127.0.0.1", "LOCALHOST"):
            taken(client, server, tls, tls.cert, tls.key, True, host, verified=True)
    cert, key = tls.one("v6", names="DNS:*.mail.test,IP:2001:db8::1")
    for client, server in BOTH:
        taken(client, server, tls, cert, key, True, "2001:db8::1", verified=True)
        taken(client, server, tls, cert, key, True, "a.mail.test", verified=True)


def test_another_host(folder):
    tls = made()
    cert, key = tls.one("partial", names="DNS:*.mail.test,DNS:x.test,IP:192.0.2.1")
    for client, server in BOTH:
        for host in ("elsewhere.test", "localhost.test", "host", "127.0.0.2", "::1",
                     "sub.localhost"):
            refused(client, server, tls.ca, tls.cert, tls.key, host)
        for host in ("mail.test", "a.b.mail.test", "localhost", "192.0.2.2", "y.test"):
            # Names beside the subject's CN count, the CN does not (RFC 6125 6.4.4).
            refused(client, server, tls.ca, cert, key, host)
        refused(client, server, tls.ca, tls.wrong_cert, tls.key, "localhost")


def test_no_trust(folder):
    """Another CA, none at all, a time that is over, a certificate of one's own."""
    tls = made()
    late, late_key = tls.one("late", days="-1")
    own, own_key = tls.own("own", ("rsa:2048",))
    for client, server in BOTH:
        refused(client, server, tls.other_ca, tls.cert, tls.key, "localhost")
        refused(client, server, tls.ca, late, late_key, "localhost", "expired")
        refused(client, server, tls.ca, own, own_key, "localhost")
        taken(client, server, tls, own, own_key, False, "localhost", verified=False)
    for client, server in BOTH:
        if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):  # those of the system
            refused(client, server, None, tls.cert, tls.key, "localhost")


def test_no_host(folder):
    """Who verifies must say whom: no connection is made, and nothing is sent."""
    tls = made()
    for client, server in BOTH:
        for host in (None, ""):
            c, s = talk(client, server, tls.ca, tls.cert, tls.key, True, host)
            c.expect("no connection: ")
            s.expect("handshake: ERR_TLS")
        taken(client, server, tls, tls.cert, tls.key, False, None, verified=False)
        taken(client, server, tls, tls.cert, tls.key, False, "elsewhere.test",
              verified=False)


def test_no_context(folder):
    """Files that are none, or do not fit each other."""
    tls = made()
    other = tls.one("pair")
    nothing = folder / "nothing"
    for name in PROGRAMS:
        for arguments in ((nothing, tls.key), (tls.cert, nothing), (tls.cert, other[1])):
            _, s = talk(name, name, tls.ca, *arguments, True, "localhost")
            s.expect("no context: ")
        c, _ = talk(name, name, nothing, tls.cert, tls.key, True, "localhost")
        c.expect("no context: ")


# ---- what the session is told ------------------------------------------------------------

def bindings(end):
    """Kind to data, of one end's last connection."""
    found = {end.told["type"]: end.told["binding"], end.told["other"]: end.told["second"]}
    check(len(found) == 2 or set(found) == {NONE}, "the same kind twice:", end.said)
    check(found.pop(NONE, "") == "", "data of no kind:", end.said)
    return found


def test_the_exporter(folder):
    if "OpenSSL" not in PROGRAMS:
        raise Skip("TLS 1.3 needs OpenSSL")
    tls = made()
    seen = set()
    for _ in range(2):
        c, s = taken("OpenSSL", "OpenSSL", tls, tls.cert, tls.key, True, "localhost", True)
        check(c.told["protocol"] == s.told["protocol"] == "TLSv1.3", c.said)
        check(bindings(c) == bindings(s) and list(bindings(c)) == [EXPORTER], c.said, s.said)
        check(len(c.told["binding"]) == 64, c.said)
        seen.add(c.told["binding"])
    check(len(seen) == 2, "the same for two connections")


# What a connection before TLS 1.3 has at the ends with these libraries.
HAS = {"OpenSSL": [UNIQUE, END_POINT], "mbedTLS": [END_POINT]}


def test_the_end_point(folder):
    """RFC 5929 4.1: by the hash of the certificate's signature, SHA-256 for older ones."""
    tls = made()
    made_of = {
        "sha256": (tls.cert, tls.key, "sha256"),
        "sha384": (*tls.one("sha384", "-sha384"), "sha384"),
        "sha512": (*tls.one("sha512", "-sha512"), "sha512"),
        "ecdsa": (*tls.own("ecdsa", ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
                           "-sha384"), "sha384"),
        "sha1": (*tls.own("sha1", ("rsa:2048",), "-sha1"), "sha256"),
    }
    env = tls12(folder)
    for client, server in BOTH:
        for name, (cert, key, hashed) in made_of.items():
            c, s = talk(client, server, tls.ca, cert, key, False, "localhost", env=env)
            if name == "sha1" and "no context" in s.said:
                continue  # OpenSSL with a policy that knows better
            c.expect("moved", "protocol=TLSv1.2")
            for end, library in ((c, client), (s, server)):
                check(list(bindings(end)) == HAS[library], library, end.said)
                check(bindings(end)[END_POINT] == digest(cert, hashed), name, end.said)


def test_no_end_point(folder):
    """Ed25519 has no hash of its own: no such binding, on either side."""
    if "OpenSSL" not in PROGRAMS:
        raise Skip("mbedTLS 2.28 knows no Ed25519")
    cert, key = made().own("ed25519", ("ed25519",))
    c, s = talk("OpenSSL", "OpenSSL", None, cert, key, False, "localhost", env=tls12(folder))
    c.expect("moved", "protocol=TLSv1.2")
    check(list(bindings(c)) == [UNIQUE] and bindings(c) == bindings(s), c.said, s.said)


# ---- tls-unique --------------------------------------------------------------------------

def test_unique(folder):
    """RFC 5929 3: 12 octets (RFC 5246 7.4.9), the same at both ends, never twice."""
    if "OpenSSL" not in PROGRAMS:
        raise Skip("mbedTLS 2.28 does not give it out")
    tls = made()
    seen = set()
    for _ in range(3):
        c, s = talk("OpenSSL", "OpenSSL", tls.ca, tls.cert, tls.key, True, "localhost",
                    env=tls12(folder))
        check(bindings(c) == bindings(s), c.said, s.said)
        check(len(bindings(c)[UNIQUE]) == 24, c.said)
        seen.add(bindings(c)[UNIQUE])
    check(len(seen) == 3, "the same for two connections")


def test_no_unique(folder):
    """Without the extended master secret (RFC 7627) it does not name one connection."""
    if "OpenSSL" not in PROGRAMS:
        raise Skip("mbedTLS 2.28 does not give it out")
    tls = made()
    env = tls12(folder, "Options = -ExtendedMasterSecret")
    c, s = talk("OpenSSL", "OpenSSL", tls.ca, tls.cert, tls.key, True, "localhost", env=env)
    c.expect("moved", "protocol=TLSv1.2")
    check(c.told["type"] == s.told["type"] == END_POINT, c.said, s.said)
    check(bindings(c) == bindings(s) == {END_POINT: digest(tls.cert, "sha256")}, c.said)


def received(end, octets):
    data = b""
    while len(data) < octets:
        more = end.recv(65536)
        check(more, "ended after", len(data), "octets")
        data += more
    return data


def python_end(side, context, octets, session=None, server=False):
    """What Python's ssl module says of its end: (tls-unique, resumed, session)."""
    side.setblocking(True)
    side.settimeout(60)
    with context.wrap_socket(side, server_side=server, session=session,
                             **({} if server else {"server_hostname": "localhost"})) as end:
        unique = end.get_channel_binding("tls-unique").hex()
        if server:
            end.sendall(received(end, octets))
        else:
            end.sendall(bytes((i * 7 + i // 251) % 256 for i in range(octets)))
            received(end, octets)
        return unique, end.session_reused, None if server else end.session


def two_with_python(role, *arguments):
    """Two connections of our program with Python, the second of which resumes the session
    of the first: ([(tls-unique, resumed)] of Python's, our program's end)."""
    pairs = [socket.socketpair() for _ in range(2)]
    for ours, _ in pairs:
        ours.setblocking(False)
    fds = [ours.fileno() for ours, _ in pairs]
    process = subprocess.Popen(
        [str(a) for a in (PROGRAMS["OpenSSL"], role, ",".join(map(str, fds)), *arguments)],
        pass_fds=fds, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for ours, _ in pairs:
        ours.close()
    server = role == "client"
    context = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH if server else ssl.Purpose.SERVER_AUTH,
        cafile=str(made().ca))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    if server:
        context.load_cert_chain(made().cert, made().key)
    theirs, session = [], None
    try:
        for _, side in pairs:
            unique, reused, session = python_end(side, context, 1000, session, server)
            theirs.append((unique, reused))
        return theirs, End(process)
    finally:
        process.kill()
        process.wait()


def test_unique_with_python(folder):
    """The value of another implementation's view, in both roles; of a session that is
    resumed it is the server's Finished message."""
    if "OpenSSL" not in PROGRAMS:
        raise Skip("mbedTLS 2.28 does not give it out")
    tls = made()
    for arguments in (("server", tls.cert, tls.key, 1000),
                      ("client", tls.ca, 1, 1000, "localhost")):
        theirs, ours = two_with_python(*arguments)
        ours.expect("moved")
        check([reused for _, reused in theirs] == [False, True], "not resumed:", theirs)
        check([t["resumed"] for t in ours.all] == ["0", "1"], ours.said)
        check([(t["type"], t["binding"]) for t in ours.all] ==
              [(UNIQUE, unique) for unique, _ in theirs], theirs, ours.said)
        check(theirs[0][0] != theirs[1][0], theirs)


# ---- certificates of clients -------------------------------------------------------------

def test_client_certificate(folder):
    """Whom the server knows by it: the one common name of one that holds."""
    tls = made()
    versions = [{}, tls12(folder)] if "OpenSSL" in PROGRAMS else [{}]
    # (subject, what the server is told)
    subjects = (("/CN=alice", "alice"), ("/O=A/OU=B/CN=j\u00f6rg", "j\u00f6rg"),
                ("/CN=" + "a" * 31, "a" * 31), ("/CN=" + "a" * 32, ""),
                ("/CN=alice/CN=root", ""), ("/O=alice", ""))
    for n, (subject, name) in enumerate(subjects):
        cert, key = tls.one(f"client{n}", subject=subject, names="email:x@mail.test")
        env = {"TLS_CERT": str(cert), "TLS_KEY": str(key), "TLS_CLIENT_CA": str(tls.ca)}
        for client, server in BOTH:
            for version in versions[:1 if n else 2]:
                c, s = talk(client, server, tls.ca, tls.cert, tls.key, True, "localhost",
                            env={**env, **version})
                c.expect("moved")
                s.expect("moved")
                check((s.told["verified"], s.told["name"]) == ("1", name), subject, s.said)
                check(s.told["tight"] == "0", "no room for it:", s.said)
                check(c.told["name"] == "localhost", c.said)
    # Nobody asks for it: it is not shown.
    del env["TLS_CLIENT_CA"]
    for client, server in BOTH:
        c, s = talk(client, server, tls.ca, tls.cert, tls.key, True, "localhost", env=env)
        s.expect("moved")
        check((s.told["verified"], s.told["name"]) == ("0", ""), s.said)
    # None is shown to one who asks: served, but unknown.
    for client, server in BOTH:
        for version in versions:
            c, s = talk(client, server, tls.ca, tls.cert, tls.key, True, "localhost",
                        env={"TLS_CLIENT_CA": str(tls.ca), **version})
            s.expect("moved")
            check((s.told["verified"], s.told["name"]) == ("0", ""), s.said)


def test_wrong_client_certificate(folder):
    """Of a CA that the server does not know, over, or one's own: no connection."""
    tls = made()
    late, late_key = tls.one("lateclient", days="-1", subject="/CN=alice")
    own, own_key = tls.own("ownclient", ("rsa:2048",))
    good, good_key = tls.one("goodclient", subject="/CN=alice")
    for cert, key, ca in ((late, late_key, tls.ca), (own, own_key, tls.ca),
                          (good, good_key, tls.other_ca)):
        env = {"TLS_CERT": str(cert), "TLS_KEY": str(key), "TLS_CLIENT_CA": str(ca)}
        for client, server in BOTH:
            _, s = talk(client, server, tls.ca, tls.cert, tls.key, True, "localhost", env=env)
            s.expect("handshake: ERR_TLS")
            check("up " not in s.said and "moved" not in s.said, s.said)
            check("handshake: ERR_TLS: certificate: " in s.said, s.said)
    nothing = folder / "nothing"
    for name in PROGRAMS:  # files that are none, or do not fit each other
        for change in ({"TLS_CERT": str(nothing)}, {"TLS_KEY": str(own_key)}):
            env = {"TLS_CERT": str(good), "TLS_KEY": str(good_key), **change}
            c, _ = talk(name, name, tls.ca, tls.cert, tls.key, True, "localhost", env=env)
            c.expect("no context: ")
        _, s = talk(name, name, tls.ca, tls.cert, tls.key, True, "localhost",
                    env={"TLS_CLIENT_CA": str(nothing)})
        s.expect("no context: ")


# ---- bytes -------------------------------------------------------------------------------

def test_writes_repeated(folder):
    """Through a socket that takes little at a time."""
    tls = made()
    for client, server in BOTH:
        c, s = talk(client, server, tls.ca, tls.cert, tls.key, True, "localhost",
                    octets=1000000, small=True)
        c.expect("moved")
        s.expect("moved", "end: EOF")


def test_no_tls_there(folder):
    """A peer that hangs up, or says something else, is an error and no end."""
    for name, program in PROGRAMS.items():
        for said in (b"", b"220 mail.test ESMTP\r\n", b"\x15\x03\x03\x00\x02\x02\x28"):
            ends = socket.socketpair()
            ends[0].setblocking(False)
            process = subprocess.Popen(
                [str(program), "client", str(ends[0].fileno()), str(made().ca), "1", "1",
                 "localhost"], pass_fds=[ends[0].fileno()], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            ends[0].close()
            ends[1].sendall(said)
            ends[1].shutdown(socket.SHUT_WR)
            try:
                End(process).expect("handshake: ERR_TLS")
            finally:
                ends[1].close()
                process.kill()
                process.wait()


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
