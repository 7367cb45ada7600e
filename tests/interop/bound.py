"""An SMTP server of a few lines that binds logins to its TLS connection, for the SASL
implementations of others (gsasl.py, cyrus.py); and the bindings themselves: tls-exporter
is worked out of the key log that Python's ssl module writes (RFC 8446 7.5), without the
libraries under test. Knows TLS and SMTP's bare lines; knows no mechanism."""
import base64
import hashlib
import hmac
import socket
import ssl
import threading

OK, NEEDS_MORE = 0, 1  # what an exchange's step says, in both libraries


# ---- channel bindings --------------------------------------------------------------------

def _expand_label(hash_name, secret, label, context, length):
    """HKDF-Expand-Label (RFC 8446 7.1)."""
    label = b"tls13 " + label
    info = (length.to_bytes(2, "big") + bytes([len(label)]) + label + bytes([len(context)]) +
            context)
    out, block, n = b"", b"", 0
    while len(out) < length:
        n += 1
        block = hmac.new(secret, block + info + bytes([n]), hash_name).digest()
        out += block
    return out[:length]


def tls_exporter(key_log):
    """tls-exporter (RFC 9266 2) of the connection whose secrets came last."""
    secret = [bytes.fromhex(line.split()[2]) for line in key_log.read_text().splitlines()
              if line.startswith("EXPORTER_SECRET ")][-1]
    name = {32: "sha256", 48: "sha384"}[len(secret)]
    nothing = hashlib.new(name).digest()
    derived = _expand_label(name, secret, b"EXPORTER-Channel-Binding", nothing, len(secret))
    return _expand_label(name, derived, b"exporter", nothing, 32)


def tls_server_end_point(cert):
    """The hash of the certificate (RFC 5929 4.1), which is signed with SHA-256."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(cert.read_text())).digest()


# ---- a server ----------------------------------------------------------------------------

class SmtpServer:
    """One connection after the other: STARTTLS, AUTH, a message. `begin(mechanism, name,
    data)` makes an exchange with a channel binding; `kind` is tls-exporter, with TLS 1.3,
    or tls-unique or tls-server-end-point, with TLS 1.2; `offered`: the mechanisms; `meddle`:
    bind to something else than the connection."""

    def __init__(self, cert, key, key_log, kind, begin):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(cert, key)
        version = ssl.TLSVersion.TLSv1_3 if kind == "tls-exporter" else ssl.TLSVersion.TLSv1_2
        self.context.minimum_version = self.context.maximum_version = version
        self.context.keylog_filename = str(key_log)
        self.cert, self.key_log, self.kind, self.begin = cert, key_log, kind, begin
        self.offered, self.meddle = "", False
        self.first = []     # the clients' first messages, decoded
        self.messages = []  # what was delivered
        self.errors = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _run(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            try:
                connection.settimeout(60)
                with connection:
                    self._serve(connection)
            except Exception as e:  # whatever it is, the test will say so
                self.errors.append(repr(e))

    def _serve(self, connection):
        lines = connection.makefile("rb")
        binding = None

        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        say("220 bound.test ESMTP")
        while True:
            line = lines.readline()
            verb, _, rest = line.strip().decode().partition(" ")
            if verb == "EHLO":
                say("250-bound.test\r\n250 " +
                    ("STARTTLS" if binding is None else "AUTH " + self.offered))
            elif verb == "STARTTLS":
                say("220 go")
                connection = self.context.wrap_socket(connection, server_side=True)
                lines = connection.makefile("rb")
                binding = (tls_exporter(self.key_log) if self.kind == "tls-exporter" else
                           connection.get_channel_binding("tls-unique")
                           if self.kind == "tls-unique" else
                           tls_server_end_point(self.cert))
            elif verb == "AUTH":
                say(self._authenticate(rest, binding, lines, say))
            elif verb == "DATA":
                say("354 go")
                content = []
                while (line := lines.readline()) not in (b".\r\n", b""):
                    content.append(line[1:] if line.startswith(b".") else line)
                self.messages.append(b"".join(content))
                say("250 ok")
            elif verb == "QUIT" or not line:
                if line:
                    say("221 bye")
                return
            else:
                say("250 ok")

    def _authenticate(self, rest, binding, lines, say):
        mechanism, _, message = rest.partition(" ")
        if self.meddle:
            binding = binding[::-1]
        if mechanism not in self.offered.split():
            return "504 no such mechanism"
        sasl = self.begin(mechanism, self.kind, binding)
        try:
            if sasl.status != OK:
                return f"454 cannot begin: {sasl.status}"
            message = message.encode()
            self.first.append(base64.b64decode(message).decode())
            while True:
                status, answer = sasl.step(message)
                if status not in (OK, NEEDS_MORE):
                    return f"535 refused: {status}"
                if status == OK and not answer:
                    return "235 welcome"
                say("334 " + answer.decode())
                message = lines.readline().strip()
                if status == OK:  # the proof was in the last challenge
                    return "235 welcome" if message == b"" else "501 cancelled"
        finally:
            sasl.end()


# ---- somebody in between -----------------------------------------------------------------

class Between:
    """Stands before the SMTP server on `port`, with a certificate of its name: ends TLS and
    begins it anew, one connection after the other, line by line. `change` makes of each
    line of the server's what the client gets; `heard`: the client's lines."""

    def __init__(self, cert, key, ca, port, change=lambda line: line):
        self.inward = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.inward.load_cert_chain(cert, key)
        self.outward = ssl.create_default_context(cafile=str(ca))
        self.server, self.change = port, change
        self.heard, self.errors = [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)

    def _run(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            try:
                with client, socket.create_connection(("127.0.0.1", self.server)) as server:
                    for side in (client, server):
                        side.settimeout(60)
                    self._pass(client, server)
            except Exception as e:  # whatever it is, the test will say so
                self.errors.append(repr(e))

    def _pass(self, client, server):
        lines, replies = client.makefile("rb"), server.makefile("rb")

        def reply():
            line = b"000-"
            while line[3:4] == b"-":
                line = replies.readline()
                client.sendall(self.change(line))
            return line[:3]

        reply()
        while line := lines.readline():
            self.heard.append(line)
            server.sendall(line)
            code = reply()
            if line == b"STARTTLS\r\n" and code == b"220":
                client = self.inward.wrap_socket(client, server_side=True)
                server = self.outward.wrap_socket(server, server_hostname="localhost")
                lines, replies = client.makefile("rb"), server.makefile("rb")
            elif code == b"354":
                while (line := lines.readline()) not in (b".\r\n", b""):
                    server.sendall(line)
                server.sendall(line)
                reply()
