"""Slow senders, uploads that stop, endless heads and idle connections."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from mlflow_instance.limits import BESIDE_PARTS, LEAST_PART, limits_of
from tests.support.hostile import (
    MIB,
    connect,
    head,
    held,
    send_what_is_taken,
    send_zeros,
    status_of,
    watched,
)
from tests.support.hostile_tiers import TURNS, Tier
from tests.support.store import ObjectStore
from tests.test_hostile.storm import SEARCH


def test_slow_senders_and_those_that_go_away(tier: Tier) -> None:
    server, shape = tier
    size = limits_of(shape.memory, shape.workers, TURNS).body_bytes
    start = head(server, "POST", SEARCH, "read", f"Content-Length: {size}")
    chunked = head(server, "POST", SEARCH, "read", "Transfer-Encoding: chunked")
    slow: list[socket.socket] = []
    with watched(server) as watch:
        for number in range(60):
            with connect(server) as connection:
                connection.sendall(start)
                if number % 2:
                    send_zeros(connection, size // 8)
        for number in range(40):
            connection = connect(server)
            connection.sendall(start + b" " * (64 * 1024 if number % 2 else 1))
            slow.append(connection)
        # 2 MiB in chunks of one byte, from four.
        for number in range(4):
            connection = connect(server)
            connection.settimeout(1)
            with suppress(OSError):
                connection.sendall(chunked + b"1\r\n \r\n" * (2 * MIB // 6))
            slow.append(connection)
        # Another token's large body gets in beside them.
        text = b"{" + b" " * (size // 8) + b'"experiment_ids":["0"]}'
        headers = {"Content-Type": "application/json"}
        assert server.request("POST", SEARCH, "edit", data=text, headers=headers).ok
        for connection in slow:
            connection.close()
    held(watch, shape)


def test_uploads_hold_what_they_are_counted_with(tier: Tier, object_store: ObjectStore) -> None:
    """48 that stop before their last byte: each is held whole, as it goes out in one request. Then
    twelve of 24 MiB beside four that send nothing after their first MiB."""
    server, shape = tier
    data = b"u" * (24 * MIB)
    target = f"/api/2.0/mlflow-artifacts/artifacts/0/hostile/{shape.workers}"
    length = f"Content-Length: {LEAST_PART - 1}"

    def send(number: int) -> int:
        while True:
            role = ("edit", "manage")[number % 2]
            got = server.request("PUT", f"{target}/{number}", role, data=data, timeout=120)
            if got.status_code != 503:
                return got.status_code
            time.sleep(1)

    with watched(server) as watch:
        stopped = {}
        for number in range(48):
            role, path = ("edit", "manage")[number % 2], f"{target}/stopped{number}"
            sent = head(server, "PUT", path, role, length) + bytes(LEAST_PART - 2)
            stopped[connect(server)] = memoryview(sent)
        assert send_what_is_taken(stopped) > 0
        for connection in stopped:
            connection.close()
        slow = [connect(server) for _ in range(4)]
        for number, connection in enumerate(slow):
            whole = f"Content-Length: {len(data)}"
            start = head(server, "PUT", f"{target}/slow{number}", "admin", whole)
            connection.sendall(start + b"x" * MIB)
        with ThreadPoolExecutor(12) as pool:
            assert set(pool.map(send, range(12))) == {200}
        files = [entry for pid in watch.pids for entry in Path(f"/proc/{pid}/fd").iterdir()]
        unnamed = [entry for entry in files if "deleted" in str(_target(entry))]
        for connection in slow:
            connection.close()
    assert unnamed == []
    limits = limits_of(shape.memory, shape.workers, TURNS)
    at_once = limits.uploads_bytes // (2 * LEAST_PART + BESIDE_PARTS) + 1
    counted = shape.workers * at_once * (2 * LEAST_PART + BESIDE_PARTS)
    # The neighbour's searches and the first upload's modules beside.
    assert watch.peak - watch.before < counted + 30 * MIB
    held(watch, shape)
    stored = object_store.client().head_object(
        Bucket="instance", Key=f"artifacts/0/hostile/{shape.workers}/11"
    )
    assert stored["ContentLength"] == len(data)


def test_heads_and_connections(tier: Tier) -> None:
    """No token is needed to send these."""
    server, shape = tier
    plain = b"GET / HTTP/1.1\r\n"
    lines = {b"GET /?a=": b"a", plain + b"X-A: ": b"a", plain: b"A: b\r\n"}
    with watched(server) as watch:
        for start, more in lines.items():
            with connect(server) as connection:
                connection.sendall(start)
                assert send_zeros(connection, 100 * MIB, more * 100) < 50 * MIB
        many = [f"X-{number}: a" for number in range(5000)]
        for _ in range(8):
            with connect(server) as connection:
                connection.sendall(head(server, "GET", "/api/2.0/mlflow/runs/get", "read", *many))
                assert status_of(connection) == 400
        idle = [connect(server) for _ in range(600 * shape.workers)]
        for connection in idle:
            connection.close()
    held(watch, shape)


def _target(entry: Path) -> Path | None:
    try:
        return entry.readlink()
    except FileNotFoundError:
        return None
