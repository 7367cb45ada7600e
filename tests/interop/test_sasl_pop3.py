#!/usr/bin/env python3
"""Authentication over POP3: the client (mailproto-fetch, with OpenSSL and with mbedTLS)
against Dovecot and against our server, each mechanism with the right and with a wrong
secret and an unknown user; with channel binding where both are ours. No log holds a
secret, in any form.

Runs on free ports of loopback, in a temporary folder. Standard library only. Arguments:
names of tests."""
import base64
import concurrent.futures
import re
import sys

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import check  # noqa: E402
from pop3peers import (USERS, Dovecot, Fetch, MailServer, generated, same, secret_file,
                       token_for)  # noqa: E402

CLIENTS = {"OpenSSL": peers.find_program("mailproto-fetch", required=False),
           "mbedTLS": peers.find_program("mailproto-fetch-mbedtls", required=False)}
CLIENTS = {name: path for name, path in CLIENTS.items() if path}
if not CLIENTS:
    print("skipped: mailproto-fetch is not built (needs libssl-dev or libmbedtls-dev)")
    sys.exit(77)
PASSWORD = ["LOGIN", "PLAIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
TOKEN = ["OAUTHBEARER", "XOAUTH2"]
BOUND = ["SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"]
WRONG = "looking-glass"
MESSAGES = generated(3)


def visit(client, port, box, *options, user="alice", secret=None, token=None):
    if token:
        options += ("--token-file", secret_file(token))
    f = Fetch(port, box, "--verbose", *options, user=user, secret=secret,
              program=CLIENTS[client])
    f.used = re.findall(r"^C: AUTH ([A-Z0-9-]+)", f.errors, re.M)
    for hidden in (*USERS.values(), WRONG, *([token] if token else [])):
        raw = hidden.encode()
        for form in (hidden, *(base64.b64encode(b"\0" * n + raw).decode().rstrip("=")
                               [(n * 8 + 5) // 6:-1] for n in range(3))):
            check(form not in f.out + f.errors, "a secret is in the log:", form, f.errors)
    return f


def lets_in(client, port, box, mechanism, *options, **who):
    f = visit(client, port, box, *options, **who).expect(0, 3, 0, 3, 0)
    check(f.used and f.used[-1] == mechanism, "used", f.used, "not", mechanism, f.errors)
    same(f.messages(), MESSAGES, mechanism)
    return f


def keeps_out(client, port, box, mechanism, *options, tries=1, **who):
    f = visit(client, port, box, "--mechanism", mechanism, *options, **who).expect(2)
    f.said("mailproto-fetch: authentication: ")
    check(len(f.used) == tries and "C: USER" not in f.errors and "C: UIDL" not in f.errors,
          "tried another:", f.errors)
    check(not f.messages(), "fetched something:", f.errors)


def all_of(calls):
    """At the same time: servers let those wait who are wrong."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(*call) for call in list(calls)]:
            done.result()


# ---- Dovecot -----------------------------------------------------------------------------

def test_dovecot(folder):
    server = Dovecot(folder / "peer")
    tokens = {"alice": token_for("alice")}
    for user in USERS:
        server.put(user, MESSAGES)
    for client in CLIENTS:
        for mechanism in PASSWORD:
            for user in USERS:
                lets_in(client, server.port, folder / f"{client}.{mechanism}.{user}",
                        mechanism, "--mechanism", mechanism, user=user)
            lets_in(client, server.tls_port, folder / f"{client}.{mechanism}.implicit",
                    mechanism, "--mechanism", mechanism, "--tls", "implicit")
        for mechanism in TOKEN:
            lets_in(client, server.port, folder / f"{client}.{mechanism}", mechanism,
                    "--mechanism", mechanism, token=tokens["alice"])
        lets_in(client, server.port, folder / f"{client}.any", "SCRAM-SHA-256")
    all_of((wrong, client, server.port, folder / f"{client}.{mechanism}.wrong", mechanism)
           for client in CLIENTS
           for wrong, mechanisms in ((wrong_secret, PASSWORD), (wrong_token, TOKEN))
           for mechanism in mechanisms)
    check(len(server.left("alice")) == 3, "something was deleted")


def wrong_secret(client, port, box, mechanism, tries=1):
    keeps_out(client, port, box, mechanism, secret=WRONG, tries=tries)
    keeps_out(client, port, box.with_suffix(".nobody"), mechanism, user="nobody",
              secret=USERS["alice"], tries=tries)


def wrong_token(client, port, box, mechanism):
    keeps_out(client, port, box, mechanism, token=token_for("alice", b"another key" * 3))
    keeps_out(client, port, box.with_suffix(".nobody"), mechanism, user="nobody", secret=WRONG,
              token=token_for("alice"))


# ---- our server --------------------------------------------------------------------------

def test_own_server(folder):
    server = MailServer(folder / "peer", "--mechanisms", " ".join(BOUND + PASSWORD + TOKEN))
    for user in USERS:
        server.put(user, MESSAGES)
    for client in CLIENTS:
        # Bound by tls-exporter, or with TLS 1.2 (mbedTLS 2.28) by the certificate.
        strongest = lets_in_any(client, server, folder)
        check(strongest == BOUND[1], client, "used", strongest)
        for mechanism in (*PASSWORD, *BOUND):
            for user in USERS:
                lets_in(client, server.port, folder / f"{client}.{mechanism}.{user}",
                        mechanism, "--mechanism", mechanism, user=user)
            wrong_secret(client, server.port, folder / f"{client}.{mechanism}.wrong",
                         mechanism)
        for mechanism in TOKEN:
            lets_in(client, server.tls_port, folder / f"{client}.{mechanism}", mechanism,
                    "--tls", "implicit", "--mechanism", mechanism, token=USERS["alice"])
            keeps_out(client, server.port, folder / f"{client}.{mechanism}.wrong", mechanism,
                      token=WRONG)
            keeps_out(client, server.port, folder / f"{client}.{mechanism}.nobody", mechanism,
                      user="nobody", secret=WRONG, token=USERS["alice"])
    for secret in (*USERS.values(), WRONG):
        check(secret not in server.log(), "a secret is in the server's log")
    server.stop()


def lets_in_any(client, server, folder):
    f = visit(client, server.port, folder / f"{client}.any").expect(0, 3, 0, 3, 0)
    check(len(f.used) == 1, "not at once:", f.used)
    return f.used[0]


def test_own_server_mbedtls(folder):
    """The server with mbedTLS 2.28: TLS 1.2, and the certificate's binding alone, which
    an OpenSSL client tries second."""
    program = peers.find_program("mailproto-mailserver-mbedtls", required=False)
    if program is None:
        raise peers.Skip("mailproto-mailserver-mbedtls is not built")
    server = MailServer(folder / "peer", "--mechanisms", " ".join(BOUND + PASSWORD + TOKEN),
                        program=program)
    server.put("alice", MESSAGES)
    for client in CLIENTS:
        tries = {"OpenSSL": 2, "mbedTLS": 1}[client]
        f = lets_in(client, server.port, folder / f"{client}.any", BOUND[1])
        check(f.used == [BOUND[1]] * tries, client, f.used)
        for mechanism in (*PASSWORD, *BOUND):
            lets_in(client, server.port, folder / f"{client}.{mechanism}", mechanism,
                    "--mechanism", mechanism)
            wrong_secret(client, server.port, folder / f"{client}.{mechanism}.wrong",
                         mechanism, tries if mechanism in BOUND else 1)
        for mechanism in TOKEN:
            lets_in(client, server.port, folder / f"{client}.{mechanism}", mechanism,
                    "--mechanism", mechanism, token=USERS["alice"])
    server.stop()


def test_what_is_offered(folder):
    """The strongest of what a server offers; one that it does not offer is not tried."""
    server = MailServer(folder / "peer", "--mechanisms", "PLAIN LOGIN")
    server.put("alice", MESSAGES)
    for client in CLIENTS:
        lets_in(client, server.port, folder / client, "PLAIN")
    f = visit(next(iter(CLIENTS)), server.port, folder / "none", "--mechanism",
              "SCRAM-SHA-256").expect(2)
    check(not f.used and not f.messages(), f.errors)
    server.stop()


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
