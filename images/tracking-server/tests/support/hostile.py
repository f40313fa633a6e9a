"""A server with the memory of a tier, watched while it is sent what no client would send."""

import json
import os
import resource
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import role_tokens, server_environment
from tests.support.server import Server, entry, token_of, write_tokens

MIB = 1024 * 1024
# Beyond this a test ends the server instead of the machine. Reserved, not used memory: threads'
# stacks count.
_ROOM = 1536 * MIB
# Whom the others must not keep waiting.
NEIGHBOUR = "neighbour-token-for-tests"
_NEIGHBOUR = Path(__file__).parent / "neighbour.py"


@dataclass(frozen=True)
class Shape:
    memory: int
    workers: int


TIERS = {"sandbox": Shape(768 * MIB, 1), "standard": Shape(1024 * MIB, 2)}


def start_bounded(
    uri: str, store_url: str, folder: Path, shape: Shape, **environment: str
) -> Server:
    write_tokens(folder / "tokens.json", [*role_tokens(), entry("neighbour", "read", NEIGHBOUR)])
    settings = {
        **server_environment(uri, store_url),
        "MLFLOW_INSTANCE_WORKERS": str(shape.workers),
        "MLFLOW_INSTANCE_MEMORY_LIMIT": str(shape.memory),
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "3",
        **environment,
    }
    server = Server(settings, folder / "log", folder / "tokens.json")
    server.start()
    assert server.process is not None
    for pid in tree(server.process.pid):
        resource.prlimit(pid, resource.RLIMIT_DATA, (shape.memory + _ROOM, shape.memory + _ROOM))
    return server


def tree(pid: int) -> list[int]:
    command = ["ps", "-o", "pid=", "--ppid", str(pid)]
    children = subprocess.run(command, capture_output=True, text=True).stdout.split()
    return [pid, *(int(child) for child in children)]


def proportional_bytes(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


@dataclass
class Watch:
    """What was seen while hostile requests ran."""

    before: int
    pids: tuple[int, ...]
    peak: int = 0
    slowest: float = 0.0
    median: float = 0.0
    searches: int = 0
    failed: tuple[str, ...] = ()


@contextmanager
def watched(server: Server) -> Iterator[Watch]:
    """The highest memory of all the server's processes, and searches with a neighbour's token
    meanwhile."""
    assert server.process is not None
    pids = tree(server.process.pid)
    watch = Watch(proportional_bytes(pids), tuple(pids))
    resident = {pid: _reset_peak(pid) for pid in pids}
    arguments = [sys.executable, str(_NEIGHBOUR), str(server.port), NEIGHBOUR]
    neighbour = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield watch
    finally:
        try:
            output = neighbour.communicate(timeout=90)[0]
        finally:
            neighbour.kill()
    seen = json.loads(output)
    watch.slowest, watch.median = seen["slowest"], seen["median"]
    watch.searches, watch.failed = seen["searches"], tuple(seen["failed"])
    # The same processes: nothing was restarted.
    assert tree(server.process.pid) == pids and server.process.poll() is None
    # Each process's own highest. That they were not at the same time only makes the bar stricter.
    grown = sum(_status(pid, "VmHWM") - resident[pid] for pid in pids)
    watch.peak = watch.before + grown
    print(
        f"{watch.before // MIB} -> {watch.peak // MIB} MiB, {watch.searches} searches, "
        f"median {watch.median:.2f} s, slowest {watch.slowest:.2f} s, {len(watch.failed)} failed"
    )


def held(watch: Watch, shape: Shape) -> None:
    assert watch.failed == ()
    assert watch.peak < shape.memory * 0.8, f"{watch.peak // MIB} of {shape.memory // MIB} MiB"
    assert watch.slowest < 1.0 + slowness(), f"{watch.slowest:.2f} s"


def slowness() -> float:
    """The bar is for a machine of its own; other work on this one stretches every time."""
    return max(0.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1)


def _reset_peak(pid: int) -> int:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def head(server: Server, method: str, path: str, role: str, *headers: str) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        f"Authorization: Bearer {token_of(role)}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 30)


def status_of(connection: socket.socket, seconds: float = 60) -> int:
    """The status of the answer; 0 when there is none."""
    connection.settimeout(seconds)
    try:
        line = connection.recv(4096)
    except (ConnectionError, TimeoutError):
        return 0
    return int(line.split(b" ", 2)[1]) if line else 0


def send_zeros(connection: socket.socket, total: int, byte: bytes = b" ") -> int:
    """How many bytes could be sent before the server ended the connection."""
    block = byte * (256 * 1024)
    sent = 0
    try:
        while sent < total:
            part = block[: total - sent]
            connection.sendall(part)
            sent += len(part)
    except (ConnectionError, TimeoutError):
        pass
    return sent


def send_what_is_taken(each: dict[socket.socket, memoryview]) -> int:
    """Sends all at once until nothing more goes for a second; gives how many were sent whole."""
    left = dict(each)
    for connection in left:
        connection.setblocking(False)
    while left and (ready := select.select([], list(left), [], 1)[1]):
        for connection in ready:
            try:
                sent = connection.send(left[connection][: 256 * 1024])
            except ConnectionError:
                # Refused: the queue is full.
                del left[connection]
                continue
            left[connection] = left[connection][sent:]
            if not left[connection]:
                del left[connection]
    return len(each) - len(left)
