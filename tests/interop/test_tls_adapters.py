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

NONE, EXPORTER, END_POINT = "0", "1", "2"  # MAILPROTO_BINDING_...
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
        self.told = dict(word.split("=", 1) for line in self.said.splitlines()
                         if line.startswith("up ") for word in line.split()[1:])

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

    def one(self, name, *options, names="DNS:localhost", key=("rsa:2048",), days="2"):
        """Signed by the CA: (certificate, key)."""
        self._openssl("req", "-new", "-newkey", *key, "-nodes", "-keyout", name + ".key",
                      "-out", name + ".req", "-subj", "/CN=localhost")
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


def tls12(folder):
    """An environment in which OpenSSL speaks TLS 1.2."""
    config = folder / "openssl.cnf"
    config.write_text("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\n"
                      "MaxProtocol = TLSv1.2\n")
    return {"OPENSSL_CONF": str(config)}


def digest(cert, name):
    return hashlib.new(name, ssl.PEM_cert_to_DER_cert(cert.read_text())).hexdigest()


# ---- whom we talk to ---------------------------------------------------------------------

def taken(client, server, tls, cert, key, verify, host, verified):
    c, s = talk(client, server, tls.ca, cert, key, verify, host)
    c.expect("moved")
    s.expect("moved", "end: EOF")
    check(c.told["verified"] == str(int(verified)), client, host, c.said)
    check(s.told["verified"] == "0", "nobody proved himself to the server:", s.said)
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

def same_binding(c, s, kind, value=None):
    check(c.told["type"] == s.told["type"] == kind, c.said, s.said)
    check(c.told["binding"] == s.told["binding"], c.said, s.said)
    if value is not None:
        check(c.told["binding"] == value, "not", value, "but", c.said)


def test_the_exporter(folder):
    if "OpenSSL" not in PROGRAMS:
        raise Skip("TLS 1.3 needs OpenSSL")
    tls = made()
    seen = set()
    for _ in range(2):
        c, s = taken("OpenSSL", "OpenSSL", tls, tls.cert, tls.key, True, "localhost", True)
        check(c.told["protocol"] == s.told["protocol"] == "TLSv1.3", c.said)
        same_binding(c, s, EXPORTER)
        check(len(c.told["binding"]) == 64, c.said)
        seen.add(c.told["binding"])
    check(len(seen) == 2, "the same for two connections")


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
            same_binding(c, s, END_POINT, digest(cert, hashed))


def test_no_end_point(folder):
    """Ed25519 has no hash of its own: no binding, on either side."""
    if "OpenSSL" not in PROGRAMS:
        raise Skip("mbedTLS 2.28 knows no Ed25519")
    cert, key = made().own("ed25519", ("ed25519",))
    c, s = talk("OpenSSL", "OpenSSL", None, cert, key, False, "localhost", env=tls12(folder))
    c.expect("moved", "protocol=TLSv1.2")
    same_binding(c, s, NONE, "")


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
