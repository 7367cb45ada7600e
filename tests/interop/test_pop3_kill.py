#!/usr/bin/env python3
"""A visit of mailproto-fetch that deletes, from mailproto-mailserver, with the connection
cut after octet k of either direction: whatever k is, the Maildir of the server holds what
RFC 1939 says, and after one more visit the client has each message exactly once.

As many k as fit into the time, with a random phase; all of them with MAILPROTO_FULL. Runs on
free ports of loopback. Standard library only. Arguments: names of tests."""
import concurrent.futures
import fcntl
import random
import re
import select
import shutil
import socket
import sys
import threading
import time

sys.dont_write_bytecode = True
import peers  # noqa: E402
from peers import check, message, wait_for  # noqa: E402
from pop3peers import FULL, USERS, Fetch, MailServer, in_maildir, same  # noqa: E402

peers.find_program("mailproto-fetch")
peers.find_program("mailproto-mailserver")
SECONDS = 4  # of a test, unless all is to be tried
WORKERS = 4
PASSWORD = USERS["alice"]
MESSAGES = [message("one\n.\n..two"), message("", subject="No body")[:-2],
            message("x" * 120 + "\n.end\n.")]


class Relay:
    """Passes a connection on to a port until `limit` octets of one direction have passed.
    `up`: what the server was given; then it sees an orderly end, or with `reset` none."""

    def __init__(self, port):
        self.to = port
        self.side, self.limit, self.reset = "up", None, False
        self.up = self.down = b""
        self.done = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def cut(self, side, limit, reset=False):
        self.side, self.limit, self.reset = side, limit, reset
        self.done.clear()

    def _run(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.up = self.down = b""
            server = socket.create_connection(("127.0.0.1", self.to))
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                self._pass_on(client, server)
            except OSError:
                pass
            self._end(client, server)
            self.done.set()

    def _pass_on(self, client, server):
        if self.limit == 0:
            return
        while True:
            for s in select.select([client, server], [], [], 20)[0]:
                data = s.recv(65536)
                side = "up" if s is client else "down"
                before = getattr(self, side)
                if self.limit is not None and side == self.side:
                    data = data[:self.limit - len(before)]
                setattr(self, side, before + data)
                if not data:
                    return
                (server if s is client else client).sendall(data)
                if side == self.side and len(before + data) == self.limit:
                    return

    def _end(self, client, server):
        if self.reset:
            for s in (client, server):
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")  # closing resets
        client.close()
        try:
            if not self.reset:
                # The server gets all of what it was given, then the end of it.
                server.shutdown(socket.SHUT_WR)
                server.settimeout(60)
                while server.recv(65536):
                    pass
        except OSError:
            pass
        server.close()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Worker:
    """A mailbox of the server, a client's box, a relay between them."""

    def __init__(self, folder, server, user, options):
        self.server, self.user, self.options = server, user, options
        self.box = folder / user
        self.tls = "implicit" in options
        self.port = server.tls_port if self.tls else server.port
        self.relay = Relay(self.port)
        self.cuts = 0

    def fetch(self, port):
        return Fetch(port, self.box, "--delete", *self.options, user=self.user,
                     secret=PASSWORD)

    def begin(self):
        shutil.rmtree(self.box, ignore_errors=True)
        self.box.with_name(self.user + ".seen").unlink(missing_ok=True)
        shutil.rmtree(self.server.maildir(self.user), ignore_errors=True)
        self.server.put(self.user, MESSAGES)

    def whole(self):
        """A visit that is not cut: octets of both directions."""
        self.begin()
        self.relay.cut("up", None)
        self.fetch(self.relay.port).expect(0, 3, 0, 3, 0)
        check(self.relay.done.wait(60), "the relay did not end")
        check(not self.server.left(self.user), "left on the server")
        return {"up": len(self.relay.up), "down": len(self.relay.down)}

    def cut_at(self, side, k, reset=False):
        what = (side, k, "reset" if reset else "")
        self.begin()
        self.relay.cut(side, k, reset)
        first = self.fetch(self.relay.port)
        check(self.relay.done.wait(60), what, "the relay did not end", first.errors)
        self.free()
        got, left = in_maildir(self.box), self.server.left(self.user)
        check(len(set(got)) == len(got) and set(got) <= set(MESSAGES), what,
              "in the client's box:", got)
        check(set(MESSAGES) - set(left) <= set(got), what, "lost:", len(left), len(got))
        check(set(left) <= set(MESSAGES) and len(set(left)) == len(left), what, left)
        if not self.tls and not reset:
            # RFC 1939 6: what is marked goes when QUIT was received, and never else.
            up = self.relay.up
            marked = [int(n) for n in re.findall(rb"^DELE (\d+)\r\n", up, re.M)]
            if not re.search(rb"^QUIT\r\n", up, re.M):
                marked = []
            same(left, [m for i, m in enumerate(MESSAGES, 1) if i not in marked], str(what))
        else:
            check(len(left) in (0, 3), what, "a part was removed:", len(left))
        if first.code == 0:
            check(not left and len(got) == 3, what, "said to be done:", len(left), len(got))
        if "\ncommitted: " in first.out:
            check(not left, what, "said to be committed:", left)
        if "not committed: the server has deleted nothing" in first.out:
            check(len(left) == 3, what, "said to be not committed:", left)
        # One more visit, without a cut.
        second = self.fetch(self.port).expect(0, len(left), len(set(got) & set(left)),
                                              len(set(left) - set(got)), 0)
        check(not self.server.left(self.user), what, "left after the second visit")
        same(second.messages(), MESSAGES, f"{what} after the second visit:")
        self.cuts += 1

    def free(self):
        """The maildrop is not locked any more."""
        path = self.server.maildir(self.user) / "pop3.lock"

        def lock():
            if not path.exists():
                return True
            with open(path, "rb") as f:
                try:
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return True
                except BlockingIOError:
                    return False
        wait_for(lock, f"the lock of {self.user} to go")


def run_all(folder, options, reset=False, seconds=SECONDS):
    users = {f"user{i}": PASSWORD for i in range(WORKERS)}
    server = MailServer(folder / "server", "--auth-in-clear", users=users)
    workers = [Worker(folder, server, user, options) for user in users]
    total = workers[0].whole()
    points = [(side, k) for side in total for k in range(total[side] + 1)]
    if not FULL:
        # In an order in which any beginning is spread over all of them.
        rand = random.Random()
        phase, n = rand.randrange(len(points)), len(points)
        stride = next(s for s in range(int(n * 0.618), n) if coprime(s, n))
        points = [points[(phase + i * stride) % n] for i in range(n)]
    end = time.monotonic() + (100000 if FULL else seconds)
    queue = iter(points)
    lock = threading.Lock()

    def work(worker):
        while time.monotonic() < end:
            with lock:
                point = next(queue, None)
            if point is None:
                return
            worker.cut_at(*point, reset)

    try:
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for done in [pool.submit(work, w) for w in workers]:
                done.result()
    finally:
        for w in workers:
            w.relay.stop()
    server.stop()
    return f"ok: {sum(w.cuts for w in workers)} cuts of {len(points)} possible"


def coprime(a, b):
    while b:
        a, b = b, a % b
    return a == 1


CLEAR = ["--tls", "none", "--insecure", "--mechanism", "PLAIN"]


def test_pipelined(folder):
    return run_all(folder, CLEAR, seconds=2 * SECONDS)


def test_lock_step(folder):
    return run_all(folder, [*CLEAR, "--no-pipelining"])


def test_reset(folder):
    """The connection is reset: what the server did not read is lost."""
    return run_all(folder, CLEAR, reset=True)


def test_within_tls(folder):
    """Within TLS, the handshake too."""
    return run_all(folder, ["--tls", "implicit"])


if __name__ == "__main__":
    sys.exit(peers.main(globals()))
