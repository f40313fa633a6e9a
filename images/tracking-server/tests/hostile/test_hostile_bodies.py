"""Whatever body a request has: no restart, memory below four fifths of the limit, and a neighbour's search goes on.

One server for each shape of a tier; what fails here without a bound took a whole machine down, so the server has a limit.
"""

import gzip
import os
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlflow_instance.limits import UPLOAD_ARTIFACT_BYTES, limits_of
from mlflow_instance.work import Work, work_of
from tests.support.hostile import (
    MIB,
    TIERS,
    Shape,
    Watch,
    connect,
    head,
    send_zeros,
    start_bounded,
    status_of,
    watched,
)
from tests.support.mlflow_routes import all_routes
from tests.support.server import Server
from tests.support.store import ObjectStore

_TURNS = 5


@pytest.fixture(scope="module", params=sorted(TIERS))
def tier(request: pytest.FixtureRequest, migrated_uri: str, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Shape]]:
    shape = TIERS[request.param]
    server = start_bounded(migrated_uri, object_store.url, tmp_path_factory.mktemp(request.param), shape)
    # What is loaded with the first request does not belong to the hostile one.
    assert server.request("POST", "/api/2.0/mlflow/runs/search", "read", json={"experiment_ids": ["0"]}).status_code == 200
    yield server, shape
    server.stop()


def held(watch: Watch, shape: Shape) -> None:
    assert watch.failed == 0
    assert watch.peak < shape.memory * 0.8, f"{watch.before // MIB} MiB before, {watch.peak // MIB} MiB of {shape.memory // MIB}"
    assert watch.searches and watch.slowest < 1.0 + _slowness(), f"{watch.slowest:.2f} s"


def _slowness() -> float:
    """The bar is for a machine of its own; other work on this one stretches every time."""
    return max(0.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1)


def bodies_routes() -> list[tuple[str, str]]:
    """Every route that may have a body, and is not streamed. GET and DELETE may have one as well."""
    routes = {(method, path.replace("/ajax-api/", "/api/", 1)) for method, path in all_routes()}
    return sorted(route for route in routes if work_of(*route) is not Work.UPLOAD)


def test_every_route_refuses_a_body_that_is_too_large_before_it_is_read(tier: tuple[Server, Shape]) -> None:
    """Announced 1 TiB, sent none of it; then 400 MB in chunks to a few."""
    server, shape = tier

    def answer(route: tuple[str, str]) -> tuple[tuple[str, str], int]:
        method, path = route
        with connect(server) as connection:
            connection.sendall(head(server, method, path, "admin", f"Content-Length: {2**40}"))
            return route, status_of(connection)

    with watched(server) as watch, ThreadPoolExecutor(4) as pool:
        answers = dict(pool.map(answer, bodies_routes()))
    # Closed to every role, or answered by our layer without a body.
    closed = {route for route, status in answers.items() if status == 403 or route[1].startswith("/health")}
    assert {route: status for route, status in answers.items() if status != 413 and route not in closed} == {}
    assert all("/assistant" in path or path.startswith("/health") for _, path in closed)
    held(watch, shape)


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/runs/search", "/graphql", "/v1/traces", "/api/2.0/mlflow/upload-artifact", "/gateway/proxy/x1/x1", "/static-files/x", "/api/3.0/mlflow/mcp-servers"])
def test_chunks_are_counted_as_they_come(tier: tuple[Server, Shape], path: str) -> None:
    server, shape = tier
    chunk = b"40000\r\n" + b" " * 0x40000 + b"\r\n"
    sent = 0
    with watched(server) as watch, connect(server) as connection:
        connection.sendall(head(server, "POST", path, "admin", "Transfer-Encoding: chunked"))
        began = time.monotonic()
        while sent < 400_000_000 and time.monotonic() - began < 10:
            try:
                connection.sendall(chunk)
            except OSError:
                break
            sent += 0x40000
    assert sent < 400_000_000
    held(watch, shape)


def _largest(shape: Shape) -> int:
    return limits_of(shape.memory, shape.workers, _TURNS).body_bytes


def _filled(start: bytes, item: bytes, end: bytes, size: int) -> bytes:
    return start + item * ((size - len(start) - len(end)) // len(item) - 1) + item.rstrip(b",") + end


def json_bombs(size: int) -> dict[str, bytes]:
    return {
        "spaces": b"{" + b" " * (size - 2) + b"}",
        "text": _filled(b'{"filter":"', b"x", b'"}', size),
        "wide text": _filled(b'{"filter":"', "\U0001f600".encode(), b'"}', size),
        "nested": b"[" * (size // 2) + b"]" * (size // 2),
        "nested objects": b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
        "empty objects": _filled(b'{"metrics":[', b"{},", b"]}", size),
        "empty lists": _filled(b'{"experiment_ids":[', b"[],", b"]}", size),
        "small keys": b"{" + b",".join(b'"%x":0' % number for number in range(size // 12)) + b"}",
        "one huge number": _filled(b'{"max_results":', b"9", b"}", size),
        "floats": _filled(b'{"experiment_ids":[', b"1.5,", b"]}", size),
        "unclosed": _filled(b'{"experiment_ids":["', b"a", b"", size),
    }


@pytest.mark.parametrize("name", sorted(json_bombs(4096)))
def test_a_body_as_large_as_allowed_is_survived_eight_times_at_once(tier: tuple[Server, Shape], name: str) -> None:
    server, shape = tier
    body = json_bombs(_largest(shape))[name]

    def send(number: int) -> int:
        path = ("/api/2.0/mlflow/runs/search", "/api/2.0/mlflow/runs/log-batch", "/graphql")[number % 3]
        return server.request("POST", path, "edit", data=body, headers={"Content-Type": "application/json"}, timeout=120).status_code

    with watched(server) as watch, ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(send, range(8)))
    # 500: Python gives up a nesting that is too deep, or a number that is too long.
    assert statuses <= {400, 413, 500, 503}, statuses
    held(watch, shape)


def test_the_encodings_of_traces_are_decoded_up_to_the_bound(tier: tuple[Server, Shape]) -> None:
    server, shape = tier
    encoder = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(16 * MIB)
    bomb = b"".join([*(encoder.compress(block) for _ in range(32)), encoder.flush()])
    plain_deflate = zlib.compress(bytes(64 * MIB))
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw_deflate = raw.compress(bytes(64 * MIB)) + raw.flush()
    headers = {"Content-Type": "application/x-protobuf", "X-MLflow-Experiment-Id": "0"}

    def status(data: bytes, encoding: str) -> int:
        return server.request("POST", "/v1/traces", "edit", data=data, headers={**headers, "Content-Encoding": encoding}).status_code

    with watched(server) as watch, ThreadPoolExecutor(8) as pool:
        bombs = [(bomb, "gzip"), (plain_deflate, "deflate"), (raw_deflate, "deflate"), (bomb, "GZIP")] * 2
        assert set(pool.map(lambda each: status(*each), bombs)) == {413}
    held(watch, shape)
    assert status(bomb, "br") == status(bomb, "zstd") == status(bomb, "identity, gzip") == 400
    assert status(gzip.compress(b"\0" * 40)[:-9], "gzip") == 400
    assert status(gzip.compress(_spans(3)), "gzip") == status(zlib.compress(_spans(3)), "deflate") == 200
    # Larger than what is decoded at once.
    assert status(gzip.compress(_spans(2000)), "gzip") == 200


def _varint(number: int) -> bytes:
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


_started = 0


def _spans(count: int, more: bytes = b"") -> bytes:
    global _started
    _started += 1
    trace = _started.to_bytes(16, "big")
    spans = (_field(1, trace) + _field(2, number.to_bytes(8, "big")) + _field(5, b"s") + more for number in range(1, count + 1))
    return _field(1, _field(2, b"".join(_field(2, span) for span in spans)))


def trace_bombs(size: int) -> dict[str, bytes]:
    small = size // 4
    return {
        "empty spans": _field(1, _field(2, b"\x12\x00" * (small // 2))),
        "small spans": _spans(small // 32),
        "attributes": _spans(1, b"\x4a\x00" * (small // 2)),
        "events": _spans(1, b"\x5a\x00" * (small // 2)),
        "links": _spans(1, b"\x6a\x00" * (small // 2)),
        "resources": b"\x0a\x00" * (small // 2),
        "json spans": b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b",".join([b'{"traceId":"01","spanId":"01"}'] * (small // 32)) + b"]}]}]}",
        "hidden json spans": b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + b",".join([b'{"\\u0074raceId":"01","spanId":"01"}'] * (small // 40)) + b"]}]}]}",
    }


@pytest.mark.parametrize("name", sorted(trace_bombs(4096)))
def test_small_spans_without_number(tier: tuple[Server, Shape], name: str) -> None:
    server, shape = tier
    body = trace_bombs(_largest(shape))[name]
    kind = "application/json" if "json" in name else "application/x-protobuf"
    headers = {"Content-Type": kind, "X-MLflow-Experiment-Id": "0"}
    with watched(server) as watch, ThreadPoolExecutor(8) as pool:
        send = lambda _: server.request("POST", "/v1/traces", "edit", data=body, headers=headers, timeout=120).status_code  # noqa: E731
        statuses = set(pool.map(send, range(8)))
    assert statuses <= {400, 413, 422, 503}, statuses
    held(watch, shape)


def test_slow_senders_hold_neither_turns_nor_the_budget(tier: tuple[Server, Shape]) -> None:
    server, shape = tier
    size = _largest(shape)
    slow: list[socket.socket] = []
    with watched(server) as watch:
        for number in range(40):
            connection = connect(server)
            connection.sendall(head(server, "POST", "/api/2.0/mlflow/runs/search", "read", f"Content-Length: {size}") + b" " * (64 * 1024 if number % 2 else 1))
            slow.append(connection)
        time.sleep(1)
        # Another token's large body gets in beside them.
        text = b"{" + b" " * (size // 8) + b'"experiment_ids":["0"]}'
        assert server.request("POST", "/api/2.0/mlflow/runs/search", "edit", data=text, headers={"Content-Type": "application/json"}, timeout=60).status_code == 200
        for connection in slow:
            connection.close()
    held(watch, shape)


def test_clients_that_go_away_leave_nothing_behind(tier: tuple[Server, Shape]) -> None:
    server, shape = tier
    size = _largest(shape)
    with watched(server) as watch:
        for number in range(60):
            with connect(server) as connection:
                connection.sendall(head(server, "POST", "/api/2.0/mlflow/runs/search", "read", f"Content-Length: {size}"))
                if number % 2:
                    send_zeros(connection, size // 3)
        time.sleep(1)
    held(watch, shape)
    body = b"{" + b" " * (size // 2) + b'"experiment_ids":["0"]}'
    assert server.request("POST", "/api/2.0/mlflow/runs/search", "read", data=body, headers={"Content-Type": "application/json"}).status_code == 200


@pytest.mark.parametrize("what", ["query", "header", "headers"])
def test_heads_are_bounded_without_a_token_as_well(tier: tuple[Server, Shape], what: str) -> None:
    server, shape = tier
    with watched(server) as watch, connect(server) as connection:
        lines = {"query": b"GET /?a=", "header": b"GET / HTTP/1.1\r\nX-A: ", "headers": b"GET / HTTP/1.1\r\n"}
        connection.sendall(lines[what])
        sent = send_zeros(connection, 100 * MIB, b"a" if what != "headers" else b"A: b\r\n")
    assert sent < 50 * MIB
    held(watch, shape)


def test_an_upload_to_the_artifact_route_of_mlflow_has_its_own_bound(tier: tuple[Server, Shape]) -> None:
    server, shape = tier
    run = server.request("POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]

    def send(number: int, size: int = UPLOAD_ARTIFACT_BYTES) -> int:
        parameters = {"run_uuid": run, "path": f"{number}.bin"}
        return server.request("POST", "/ajax-api/2.0/mlflow/upload-artifact", "edit", params=parameters, data=b"x" * size, timeout=120).status_code

    with watched(server) as watch, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {200}
        assert send(9, UPLOAD_ARTIFACT_BYTES + 1) == 413
    held(watch, shape)


def test_many_uploads_at_once_one_of_them_slow(tier: tuple[Server, Shape], object_store: ObjectStore) -> None:
    """Twenty of 24 MiB beside four that send nothing after their first megabyte: 480 MiB pass through."""
    server, shape = tier
    data = b"u" * (24 * MIB)
    target = "/api/2.0/mlflow-artifacts/artifacts/0/hostile"
    assert server.process is not None

    def send(number: int) -> int:
        while True:
            status = server.request("PUT", f"{target}/{number}", ("edit", "manage")[number % 2], data=data, timeout=180).status_code
            if status != 503:
                return status
            time.sleep(1)

    with watched(server) as watch, ThreadPoolExecutor(20) as pool:
        slow = [connect(server) for _ in range(4)]
        for number, connection in enumerate(slow):
            connection.sendall(head(server, "PUT", f"{target}/slow{number}", "admin", f"Content-Length: {len(data)}") + b"x" * MIB)
        assert set(pool.map(send, range(20))) == {200}
        files = [entry for pid in watch.pids for entry in Path(f"/proc/{pid}/fd").iterdir() if "deleted" in str(_target(entry))]
        for connection in slow:
            connection.close()
    assert files == []
    held(watch, shape)
    assert object_store.client().head_object(Bucket="instance", Key="artifacts/0/hostile/19")["ContentLength"] == len(data)
    # Those that broke off are no files.
    deadline = time.monotonic() + 20
    while object_store.client().list_multipart_uploads(Bucket="instance").get("Uploads", []) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert [key for key in object_store.keys("instance", "artifacts/0/hostile/") if "slow" in key] == []


def _target(entry: Path) -> Path | None:
    try:
        return entry.readlink()
    except FileNotFoundError:
        return None
