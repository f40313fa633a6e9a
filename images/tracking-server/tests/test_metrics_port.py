"""The bounds of the metrics' port, and what is read for each scrape. No server runs here."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_instance.listener import listeners
from mlflow_instance.metrics.answering import Answering
from mlflow_instance.metrics.instance import InstanceCollector
from tests.support.server import entry, write_tokens

SECONDS = 1.0
LARGE = 50_000_000


def fails() -> bytes:
    raise ValueError("a file of a worker is broken")


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    text = getattr(request, "param", lambda: b"x 1\n" * 500_000)
    sockets = listeners("127.0.0.1", 0)
    for each in sockets:
        each.listen()
    loop = asyncio.new_event_loop()
    serving = loop.create_task(Answering(text, "text/plain", seconds=SECONDS).serve(sockets))
    thread = threading.Thread(target=loop.run_until_complete, args=(asyncio.wait({serving}),))
    thread.start()
    yield sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(serving.cancel)
    thread.join(10)
    loop.close()


def answer_to(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        return rest_of(connection)


def rest_of(connection: socket.socket) -> bytes:
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionResetError:
        pass
    return found


def test_one_path_and_two_methods(port: int) -> None:
    whole = answer_to(port, b"GET /metrics?a=b HTTP/1.1\r\nhost: h\r\n\r\n")
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK") and body == b"x 1\n" * 500_000
    assert f"content-length: {len(body)}".encode() in head
    assert answer_to(port, b"HEAD /metrics HTTP/1.1\r\n\r\n") == head + b"\r\n\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"GET / HTTP/1.1",
        b"GET /metrics/ HTTP/1.1",
        b"GET http://h/metrics HTTP/1.1",
        b"POST /metrics HTTP/1.1",
        b"get /metrics HTTP/1.1",
        b"\x00\xff",
        b"",
    ],
)
def test_everything_else_is_not_found(port: int, line: bytes) -> None:
    assert answer_to(port, line + b"\r\n\r\n").startswith(b"HTTP/1.1 404 ")


def test_a_request_that_is_too_long_gets_nothing(port: int) -> None:
    assert answer_to(port, b"GET /metrics HTTP/1.1\r\nx: " + b"x" * 100_000) == b""
    assert b" 200 OK" in answer_to(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")


# More than the buffers of the kernel take.
@pytest.mark.parametrize("port", [lambda: bytes(LARGE)], indirect=True, ids=["large"])
def test_slow_clients_hold_up_nobody_and_are_given_up(port: int) -> None:
    """One says nothing, one sends a byte at a time, one does not read its answer."""
    silent, trickling, unread = (
        socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(3)
    )
    unread.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    assert b" 200 OK" in answer_to(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    ended = threading.Event()
    with silent, trickling, unread:
        try:
            # Far more bytes than fit into the deadline, each of them in time for a single read.
            for _ in range(100):
                trickling.sendall(b"x")
                ended.wait(SECONDS / 10)
            pytest.fail("the trickling client was never given up")
        except OSError:
            pass
        assert rest_of(silent) == b""
        assert len(rest_of(unread)) < LARGE


def test_connections_are_few(port: int) -> None:
    held = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(8)]
    try:
        for each in held:
            each.sendall(b"G")
        assert answer_to(port, b"HEAD /metrics HTTP/1.1\r\n\r\n") == b""
        assert [rest_of(each) for each in held] == [b""] * 8
    finally:
        for each in held:
            each.close()
    assert b" 200 OK" in answer_to(port, b"HEAD /metrics HTTP/1.1\r\n\r\n")


@pytest.mark.parametrize("port", [fails], indirect=True, ids=["broken"])
def test_numbers_that_cannot_be_read_are_an_error_and_not_the_end(port: int) -> None:
    for _ in range(2):
        assert answer_to(port, b"GET /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 500 ")


def values(collector: InstanceCollector, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in collector.collect()
        for sample in family.samples
        if sample.name == f"mlflow_instance_{name}"
    }


def test_tokens_that_share_name_and_generation_are_one_series(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    two = [entry("ci", "edit", "a", "2030-01-01"), entry("ci", "edit", "b", "2029-01-01")]
    write_tokens(file, two)
    collector = InstanceCollector(file, 1, {})
    ends = {("ci", "1", "edit"): 1893542400.0}
    assert values(collector, "token_expires_timestamp_seconds") == ends
    samples = [s for family in collector.collect() for s in family.samples if "token" in s.labels]
    assert len(samples) == 1
    # As for the workers, the last good tokens hold.
    file.write_text(json.dumps({"version": 2}))
    assert values(collector, "token_expires_timestamp_seconds") == ends


def test_the_containers_memory_is_that_which_the_kernel_cannot_drop(tmp_path: Path) -> None:
    collector = InstanceCollector(tmp_path / "none", 1000, {}, cgroup=tmp_path)
    assert values(collector, "memory_bytes") == {}
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 250\nfile 400\n")
    assert values(collector, "memory_bytes") == {(): 450.0}
    assert values(collector, "memory_limit_bytes") == {(): 1000.0}
