#!/usr/bin/env python3
"""How fast POP3 is, as ratios; see README.md beside this file. Prints; passes no judgement.

  server   messages read from mailproto-mailserver and from Dovecot, by the same client
  client   mailproto-fetch pipelined and in lock-step, on a link with a delay

Standard library only. Arguments: which of them, default both."""
import atexit
import heapq
import itertools
import os
import pathlib
import selectors
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import peers  # noqa: E402
from peers import Skip, check, message  # noqa: E402
from pop3peers import USERS, WORK, Dovecot, Fetch, MailServer, same  # noqa: E402

ROUNDS = 5
AHEAD = 64        # RETR commands without an answer
ONE_WAY = 0.050   # seconds, of the link with a delay
TICKS = os.sysconf("SC_CLK_TCK")


def text(octets, number):
    """A message of about so many octets, some lines of it with a dot in front."""
    line = "." * (number % 7 == 0) + "The quick brown fox jumps over the lazy dog, and again."
    return message((line + "\n") * (octets // (len(line) + 2)), subject=f"number {number}")


# ---- servers -----------------------------------------------------------------------------

class Session:
    """A client that does as little as it can: sends RETR, counts ends of messages."""

    def __init__(self, port, user):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line()
        self.command(f"USER {user}")
        self.command(f"PASS {USERS['alice']}")
        self.count, self.octets = map(int, self.command("STAT").split()[1:3])

    def _line(self):
        line = b""
        while not line.endswith(b"\r\n"):
            data = self.socket.recv(4096)
            check(data, "the server closed")
            line += data
        check(line.startswith(b"+OK"), line)
        return line.decode()

    def command(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self._line()

    def retr_all(self, ahead):
        """Octets that came."""
        sent = got = octets = 0
        room = bytearray(1 << 20)
        view = memoryview(room)
        kept = 0  # octets of the last end that may go on in the next piece
        while got < self.count:
            if sent < self.count and sent - got <= ahead // 2:
                upto = min(self.count, got + ahead)
                self.socket.sendall("".join(f"RETR {i + 1}\r\n" for i in range(sent, upto))
                                    .encode())
                sent = upto
            n = self.socket.recv_into(view[kept:])
            check(n > 0, "the server closed after", got)
            octets += n
            end = kept + n
            got += room.count(b"\r\n.\r\n", 0, end)
            keep = min(4, end)
            room[:keep] = room[end - keep:end]
            kept = keep
        return octets

    def close(self):
        self.command("QUIT")
        self.socket.close()


def cpu(process):
    """Seconds of a server and of all that it started, so far."""
    total = 0.0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[2]) == process.process.pid:  # its process group
            total += sum(int(x) for x in fields[11:15]) / TICKS
    return total


def visit(server, user, ahead):
    """(seconds, octets, seconds of the server's processor) of one visit."""
    s = Session(server.port, user)
    before, begun = cpu(server.process), time.perf_counter()
    octets = s.retr_all(ahead)
    seconds = time.perf_counter() - begun
    used = cpu(server.process) - before
    s.close()
    return seconds, octets, used


def compare(ours, theirs, user, count, ahead):
    results = {ours: [], theirs: []}
    for server in (ours, theirs):
        visit(server, user, ahead)  # files into the cache; indexes are made
    for _ in range(ROUNDS):
        for server, list_ in results.items():
            list_.append(visit(server, user, ahead))
    one, other = ([statistics.median(x) for x in zip(*results[s])] for s in (ours, theirs))
    way = f"{ahead} ahead" if ahead > 1 else "lock-step"
    print(f"  {count:6d} x {int(one[1] / count):8d} octets, {way:9s} "
          f" ours {one[0]:6.3f} s ({count / one[0]:7.0f} msg/s, {one[1] / one[0] / 1e6:6.0f} "
          f"MB/s, cpu {one[2]:5.2f} s)  Dovecot {other[0]:6.3f} s (cpu {other[2]:5.2f} s)  "
          f"Dovecot/ours {other[0] / one[0]:5.2f}, cpu {other[2] / max(one[2], 0.01):5.2f}",
          flush=True)


def bench_server():
    sizes = {"small": (10000, 1000), "large": (50, 4000000)}
    users = {user: USERS["alice"] for user in sizes}
    ours = MailServer(WORK / "ours", "--auth-in-clear", users=users)
    theirs = Dovecot(WORK / "dovecot", users)
    print(f"server: RETR of all messages, median of {ROUNDS} visits, taking turns")
    for user, (count, octets) in sizes.items():
        messages = [text(octets, i) for i in range(count)]
        ours.put(user, messages)
        theirs.put(user, messages)
        for ahead in (AHEAD, 1):
            compare(ours, theirs, user, count, ahead)
    ours.stop()
    theirs.process.stop()


# ---- a link with a delay -----------------------------------------------------------------

class Link:
    """Passes connections on to a port, each octet after `delay` seconds."""

    def __init__(self, port, delay):
        self.to, self.delay = port, delay
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            client = self.listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", self.to))
            threading.Thread(target=self._pass_on, args=(client, server),
                             daemon=True).start()

    def _pass_on(self, *ends):
        selector = selectors.DefaultSelector()
        for s, other in (ends, ends[::-1]):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(s, selectors.EVENT_READ, other)
        waiting, order, open_ends = [], itertools.count(), 2
        try:
            while open_ends or waiting:
                due = max(0, waiting[0][0] - time.monotonic()) if waiting else None
                for key, _ in selector.select(due):
                    data = key.fileobj.recv(1 << 20)
                    heapq.heappush(waiting, (time.monotonic() + self.delay, next(order),
                                             key.data, data))
                    if not data:
                        selector.unregister(key.fileobj)
                        open_ends -= 1
                while waiting and waiting[0][0] <= time.monotonic():
                    _, _, to, data = heapq.heappop(waiting)
                    if data:
                        to.sendall(data)
                    else:
                        to.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        for s in ends:
            s.close()


def bench_client():
    count = 100
    server = MailServer(WORK / "near", "--auth-in-clear")
    messages = [text(2000, i) for i in range(count)]
    # What the disk takes to make a message durable is not what is asked here.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else WORK
    boxes = pathlib.Path(tempfile.mkdtemp(prefix="mailproto-bench.", dir=memory))
    atexit.register(shutil.rmtree, boxes, True)
    print(f"client: mailproto-fetch, {count} messages of {len(messages[0])} octets")
    for delay in (ONE_WAY, 0):
        link = Link(server.port, delay)
        for options in ([], ["--delete"]):
            seconds = {}
            for way in ("pipelined", "lock-step"):
                server.put("alice", messages)
                box = boxes / f"box.{delay}.{way}.{len(options)}"
                f = Fetch(link.port, box, "--tls", "none", "--insecure", *options,
                          *(["--no-pipelining"] if way == "lock-step" else []), timeout=120)
                f.expect(0, count, 0, count, 0)
                same(f.messages(), messages)
                seconds[way] = f.seconds
            print(f"  {delay * 1000:3.0f} ms each way, {'delete' if options else 'keep':6s} "
                  f"pipelined {seconds['pipelined']:6.2f} s, lock-step "
                  f"{seconds['lock-step']:6.2f} s, lock-step/pipelined "
                  f"{seconds['lock-step'] / seconds['pipelined']:5.2f}", flush=True)
    server.stop()


def main():
    benches = {n[6:]: f for n, f in globals().items() if n.startswith("bench_")}
    for name in sys.argv[1:] or benches:
        try:
            benches[name]()
        except Skip as e:
            print(f"{name}: skipped, {e}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
