"""A server with the memory of a tier, watched while it is sent what no client would send."""

import resource
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.conftest import role_tokens, server_environment
from tests.support.server import Server, entry, token_of, write_tokens

MIB = 1024 * 1024
# Beyond this a test ends the server instead of the machine. Reserved, not used memory: threads' stacks count.
_ROOM = 1536 * MIB
# Whom the others must not keep waiting.
NEIGHBOUR = "neighbour-token-for-tests"


@dataclass(frozen=True)
class Shape:
    memory: int
    workers: int


TIERS = {"sandbox": Shape(768 * MIB, 1), "standard": Shape(1024 * MIB, 2)}


def start_bounded(uri: str, store_url: str, folder: Path, shape: Shape, **environment: str) -> Server:
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
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
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
    """What was seen while a hostile request ran."""

    before: int
    peak: int = 0
    slowest: float = 0.0
    searches: int = 0
    failed: int = 0
    pids: tuple[int, ...] = ()


@contextmanager
def watched(server: Server) -> Iterator[Watch]:
    """Samples the memory of all the server's processes, and searches with a neighbour's token meanwhile."""
    assert server.process is not None
    pids = tree(server.process.pid)
    watch = Watch(proportional_bytes(pids), pids=tuple(pids))
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.02):
            watch.peak = max(watch.peak, proportional_bytes(pids))

    def search() -> None:
        headers = {"Authorization": f"Bearer {NEIGHBOUR}"}
        while not done.wait(0.1):
            began = time.monotonic()
            answer = requests.post(
                f"{server.url}/api/2.0/mlflow/runs/search", json={"experiment_ids": ["0"], "max_results": 5}, headers=headers, timeout=60
            )
            watch.slowest = max(watch.slowest, time.monotonic() - began)
            watch.searches += 1
            watch.failed += answer.status_code != 200

    threads = [threading.Thread(target=sample), threading.Thread(target=search)]
    for thread in threads:
        thread.start()
    try:
        yield watch
        # A hostile request that is refused at once must not be over before the neighbour's first one.
        until = time.monotonic() + 30
        while watch.searches == 0 and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    # The same processes: nothing was restarted.
    assert tree(server.process.pid) == pids and server.process.poll() is None


def head(server: Server, method: str, path: str, role: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Authorization: Bearer {token_of(role)}", *headers]
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
