"""All that a token may send, eight at once: no restart, memory below four fifths of the limit, and
a neighbour's search goes on.

A server for the shape of each tier, and one database for all. Each request by itself is in
tests/hostile, which is run by name.
"""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from mlflow_instance.fence import one_prefix, required_role
from mlflow_instance.limits import BESIDE_PARTS, LEAST_PART, limits_of
from mlflow_instance.roles import Role
from mlflow_instance.routes import CLOSED
from mlflow_instance.work import Work, work_of
from tests.support.client import client_of
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
from tests.support.hostile_bodies import encoded_bombs, json_bombs, refused_encodings
from tests.support.hostile_routes import FILE_BYTES, FILES, HOSTILE, classified
from tests.support.hostile_tiers import TURNS, Tier, hostile_uri, tier  # noqa: F401
from tests.support.mlflow_routes import all_routes
from tests.support.otlp import BOMBS, spans
from tests.support.store import ObjectStore

_SEARCH = "/api/2.0/mlflow/runs/search"
_OTLP = {"Content-Type": "application/x-protobuf", "X-MLflow-Experiment-Id": "0"}


def eight(work: Callable[[Any], Any], each: list[Any]) -> list[Any]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, each))


def test_every_route_that_reads_is_classified() -> None:
    read = {
        (method, one_prefix(path))
        for method, path in all_routes()
        if required_role(method, path) == Role.READ or method == "GET"
    }
    # The gateway and closed routes answer for other services, or for nobody.
    read = {
        (method, path)
        for method, path in read
        if "/gateway/" not in path.replace("/gateway/mlflow/v1/models", "")
        and "/assistant" not in path
    }
    assert read == classified()


def test_every_route_refuses_a_body_that_is_too_large_before_it_is_read(  # noqa: F811
    tier: Tier,
) -> None:
    """Announced 1 TiB, and nothing of it sent: the refusal must not wait for it."""
    server, shape = tier
    routes = {(method, path.replace("/ajax-api/", "/api/", 1)) for method, path in all_routes()}

    def answer(route: tuple[str, str]) -> tuple[int, float]:
        method, path = route
        began = time.monotonic()
        with connect(server) as connection:
            connection.sendall(head(server, method, path, "admin", f"Content-Length: {2**40}"))
            return status_of(connection), time.monotonic() - began

    tried = sorted(route for route in routes if work_of(*route) is not Work.UPLOAD)
    with watched(server) as watch:
        answers = dict(zip(tried, eight(answer, tried), strict=True))
    # Closed to every role, or answered by our layer without a body.
    closed = {
        route
        for route, (status, _) in answers.items()
        if status == 403 or route[1].startswith("/health")
    }
    assert all(path.startswith((*CLOSED, "/health")) for _, path in closed), closed
    wrong = {route: one for route, one in answers.items() if route not in closed and one[0] != 413}
    assert wrong == {}
    assert max(seconds for _, seconds in answers.values()) < 4
    held(watch, shape)


def test_bodies_as_large_as_allowed(tier: Tier) -> None:  # noqa: F811
    server, shape = tier
    size = limits_of(shape.memory, shape.workers, TURNS).body_bytes
    sent: list[tuple[str, bytes, dict[str, str]]] = []
    paths = (_SEARCH, "/api/2.0/mlflow/runs/log-batch", "/graphql")
    for number, body in enumerate(json_bombs(size).values()):
        sent.append((paths[number % 3], body, {"Content-Type": "application/json"}))
    sent += [("/v1/traces", make(size // 2), _OTLP) for make in BOMBS.values()]
    for name in ('"traceId"', '"\\u0074raceId"'):
        span = b'{%s:"01","spanId":"01"}' % name.encode()
        all_spans = b",".join([span] * (size // 40))
        body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + all_spans + b"]}]}]}"
        sent.append(("/v1/traces", body, {**_OTLP, "Content-Type": "application/json"}))
    for body, encoding in encoded_bombs() * 2:
        sent.append(("/v1/traces", body, {**_OTLP, "Content-Encoding": encoding}))

    def status(one: tuple[str, bytes, dict[str, str]]) -> int:
        path, body, headers = one
        got = server.request("POST", path, "edit", data=body, headers=headers, timeout=120)
        return got.status_code

    with watched(server) as watch:
        statuses = eight(status, sent)
    # No 500: clients send the same once more.
    assert set(statuses) <= {400, 413, 503}, statuses
    assert set(statuses[-8:]) <= {413, 503}
    held(watch, shape)
    for body, encoding in refused_encodings():
        headers = {**_OTLP, "Content-Encoding": encoding}
        assert status(("/v1/traces", body, headers)) == 400, encoding
    # Those of ordinary clients still come through.
    for batch in (spans(3), spans(2000)):
        assert status(("/v1/traces", batch, _OTLP)) == 200


def test_the_largest_answers(tier: Tier) -> None:  # noqa: F811
    server, shape = tier

    def answer(route: tuple[str, str]) -> tuple[int, int, str]:
        path, arguments, _ = HOSTILE[route]
        until = time.monotonic() + 60
        while True:
            asked = {**arguments, "timeout": 120, "stream": True}
            with server.request(route[0], path, "read", **asked) as got:
                text = b""
                size = 0
                for piece in got.iter_content(MIB):
                    size += len(piece)
                    text = text or piece[:500]
            if got.status_code != 503 or time.monotonic() > until:
                return got.status_code, size, text.decode(errors="replace")
            # As MLflow's client does.
            time.sleep(float(got.headers["Retry-After"]))

    with watched(server) as watch:
        answers = dict(zip(HOSTILE, eight(answer, list(HOSTILE)), strict=True))
    for route, (status, size, text) in answers.items():
        assert status in HOSTILE[route][2], (route, status, text)
        assert route[1] not in FILES or size == FILE_BYTES, (route, size)
        assert status != 413 or "MiB of memory" in text, (route, text)
    held(watch, shape)


@pytest.mark.parametrize("tier", ["sandbox"], indirect=True)
def test_an_unmodified_client_gets_all(tier: Tier) -> None:  # noqa: F811
    import mlflow

    server, _ = tier
    with client_of(server, "read"):
        frame = mlflow.search_runs(["1"], max_results=450)
        points = mlflow.MlflowClient().get_metric_history("1r1", "loss")
    assert len(frame) == len(set(frame["run_id"])) == 450
    assert len(points) == 40_000
    # Who asks for no page, as old clients and curl, gets one answer, in the form that MLflow gives.
    asked = {"run_id": "1r1", "metric_key": "loss"}
    answer = server.request(
        "GET", "/api/2.0/mlflow/metrics/get-history", "read", params=asked, timeout=120
    )
    whole = json.loads(answer.content)["metrics"]
    assert [point["step"] for point in whole] == list(range(1, 40_001))
    assert answer.text == json.dumps({"metrics": whole}, indent=2)


def test_slow_readers_that_go_away(tier: Tier) -> None:  # noqa: F811
    server, shape = tier

    def slow(route: tuple[str, str]) -> None:
        path, arguments, _ = HOSTILE[route]
        url = f"{server.url}{path}"
        prepared = requests.Request(route[0], url, **arguments).prepare()  # type: ignore[arg-type]
        body = prepared.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = [f"Content-Length: {len(body)}", "Content-Type: application/json"]
        with connect(server) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(head(server, route[0], prepared.path_url, "read", *headers) + body)
            connection.settimeout(2)
            end = time.monotonic() + 1
            with suppress(OSError):
                while connection.recv(2000) and time.monotonic() < end:
                    time.sleep(0.1)

    with watched(server) as watch:
        eight(slow, list(HOSTILE))
    held(watch, shape)
    # Nothing is left over of those who went away.
    assert server.request("POST", _SEARCH, "read", json={"experiment_ids": ["0"]}).ok


def test_slow_senders_and_those_that_go_away(tier: Tier) -> None:  # noqa: F811
    server, shape = tier
    size = limits_of(shape.memory, shape.workers, TURNS).body_bytes
    start = head(server, "POST", _SEARCH, "read", f"Content-Length: {size}")
    chunked = head(server, "POST", _SEARCH, "read", "Transfer-Encoding: chunked")
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
        assert server.request("POST", _SEARCH, "edit", data=text, headers=headers).ok
        for connection in slow:
            connection.close()
    held(watch, shape)


def test_uploads_hold_what_they_are_counted_with(  # noqa: F811
    tier: Tier, object_store: ObjectStore
) -> None:
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


def test_heads_and_connections(tier: Tier) -> None:  # noqa: F811
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


@pytest.mark.parametrize("coding", ["length", "chunked", "expect"])
def test_a_body_that_is_not_what_its_head_says(tier: Tier, coding: str) -> None:  # noqa: F811
    server, _ = tier
    body = b'{"experiment_ids":["0"]}'
    length = f"Content-Length: {len(body)}"
    headers = {
        "length": [length],
        "chunked": ["Transfer-Encoding: chunked", "Content-Length: 4"],
        "expect": ["Expect: 100-continue", length],
    }[coding]
    with connect(server) as connection:
        connection.sendall(
            head(server, "POST", _SEARCH, "read", "Content-Type: application/json", *headers)
        )
        if coding == "length":
            # What is too much is no request of its own.
            connection.sendall(body + b"}" * 100)
        elif coding == "chunked":
            connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            assert status_of(connection) == 100
            connection.sendall(body)
        assert status_of(connection) == 200


def test_values_that_are_nested_or_many(tier: Tier) -> None:  # noqa: F811
    """None of them is a fault of the server."""
    server, shape = tier
    depth = b"[" * 100_000 + b"]" * 100_000
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    parts = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 20_000 + b"--b--\r\n"
    query = {"query": "{" + "mlflowGetRun{run{info{" * 200 + "runId" + "}}}" * 200 + "}"}
    introspection = "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}"
    plain = {"Content-Type": "application/json"}
    variables = b'{"query":"{a}","variables":' + depth[:60_000] + b"}"
    requested: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", _SEARCH, {"data": depth, "headers": plain}),
        ("POST", _SEARCH, {"data": b'{"max_results":' + b"9" * 100_000 + b"}", "headers": plain}),
        ("POST", _SEARCH, {"data": b'{"max_results":1e999999}', "headers": plain}),
        ("POST", _SEARCH, {"data": parts, "headers": form}),
        ("POST", "/graphql", {"data": variables, "headers": plain}),
        ("POST", "/graphql", {"json": query}),
        ("POST", "/graphql", {"json": {"query": introspection}}),
        ("GET", "/api/2.0/mlflow/runs/get", {"params": [("run_id", "x")] * 8000}),
    ]
    with watched(server) as watch:
        got = [server.request(method, path, "read", **more) for method, path, more in requested]
    # MLflow takes a body that is no JSON for an empty one.
    assert [one.status_code for one in got if one.status_code >= 500] == []
    of_graphql = [one for one in got if one.url.endswith("/graphql")]
    assert all(one.status_code >= 400 or "errors" in one.text for one in of_graphql)
    ranges = ",".join(f"{start}-{start}" for start in range(0, 4000, 2))
    files = "/api/2.0/mlflow-artifacts/artifacts/x/big.bin"
    headers = {"Range": f"bytes={ranges}"}
    with server.request("GET", files, "read", headers=headers, stream=True) as one:
        assert (one.status_code, int(one.headers["Content-Length"])) == (200, FILE_BYTES)
    held(watch, shape)


def _target(entry: Path) -> Path | None:
    try:
        return entry.readlink()
    except FileNotFoundError:
        return None
