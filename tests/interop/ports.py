"""Free ports of loopback for tests that run beside each other: a hundred for each process,
below those that the system hands out for connections, so that between finding one and
listening there nothing else comes by it. What reserves them is the name of a socket, which
goes with the process."""
import random
import socket

SYSTEMS = 32768  # where those of the system begin
EACH = 100
_own = {}


def _reserve():
    name = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    firsts = range(10000, SYSTEMS - EACH, EACH)
    for first in random.sample(firsts, len(firsts)):
        try:
            name.bind(f"\0mailproto-ports-{first}")
        except OSError:
            continue
        _own.update(name=name, first=first, next=0)
        return
    raise RuntimeError("no ports are left")


def _one():
    for _ in range(EACH):
        port = _own["first"] + _own["next"] % EACH
        _own["next"] += 1
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return port
        except OSError:
            continue
    raise RuntimeError("no port is free")


def free_ports(count):
    if not _own:
        _reserve()
    return [_one() for _ in range(count)]
