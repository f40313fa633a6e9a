"""Each hostile request by itself, eight times at once: which one it is that a storm fails on.

Run by name (`./run-tests.sh tests/hostile`), for some ten minutes. tests/test_hostile sends all of
them together in the default run.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mlflow_instance.limits import UPLOAD_ARTIFACT_BYTES, limits_of
from tests.support.hostile import MIB, connect, head, held, watched
from tests.support.hostile_bodies import json_bombs
from tests.support.hostile_routes import FILE_BYTES, FILES, HOSTILE
from tests.support.hostile_tiers import TURNS, Tier
from tests.support.otlp import BOMBS

_SEARCH = "/api/2.0/mlflow/runs/search"


@pytest.mark.parametrize("count", [1, 8])
@pytest.mark.parametrize("route", HOSTILE, ids=lambda route: f"{route[0]} {route[1]}")
def test_the_largest_answer(tier: Tier, route: tuple[str, str], count: int) -> None:
    server, shape = tier
    path, arguments, right = HOSTILE[route]

    def answer(_: int) -> tuple[int, int]:
        with server.request(route[0], path, "read", timeout=120, stream=True, **arguments) as got:
            return got.status_code, sum(len(piece) for piece in got.iter_content(MIB))

    with watched(server) as watch, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer, range(count)))
    assert {status for status, _ in answers} <= right | ({503} if count > 1 else set())
    if route[1] in FILES:
        assert {size for status, size in answers if status == 200} == {FILE_BYTES}
        assert watch.peak - watch.before < 100 * MIB
    held(watch, shape)


def _send(server: Any, path: str, body: bytes, headers: dict[str, str]) -> set[int]:
    def status(_: int) -> int:
        got = server.request("POST", path, "edit", data=body, headers=headers, timeout=120)
        return int(got.status_code)

    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(status, range(8)))


@pytest.mark.parametrize("path", [_SEARCH, "/api/2.0/mlflow/runs/log-batch", "/graphql"])
@pytest.mark.parametrize("name", sorted(json_bombs(4096)))
def test_a_body_of_json(tier: Tier, name: str, path: str) -> None:
    server, shape = tier
    body = json_bombs(limits_of(shape.memory, shape.workers, TURNS).body_bytes)[name]
    with watched(server) as watch:
        statuses = _send(server, path, body, {"Content-Type": "application/json"})
    assert statuses <= {200, 400, 413, 503}
    held(watch, shape)


@pytest.mark.parametrize("name", BOMBS)
def test_a_batch_of_spans(tier: Tier, name: str) -> None:
    server, shape = tier
    body = BOMBS[name](limits_of(shape.memory, shape.workers, TURNS).body_bytes // 2)
    headers = {"Content-Type": "application/x-protobuf", "X-MLflow-Experiment-Id": "0"}
    with watched(server) as watch:
        statuses = _send(server, "/v1/traces", body, headers)
    assert statuses <= {400, 413, 503}
    held(watch, shape)


@pytest.mark.parametrize(
    "path",
    [
        _SEARCH,
        "/graphql",
        "/v1/traces",
        "/api/2.0/mlflow/upload-artifact",
        "/gateway/proxy/x1/x1",
        "/static-files/x",
        "/api/3.0/mlflow/mcp-servers",
    ],
)
def test_chunks_are_counted_as_they_come(tier: Tier, path: str) -> None:
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


def test_the_upload_route_of_mlflow_has_a_bound_of_its_own(tier: Tier) -> None:
    server, shape = tier
    created = server.request(
        "POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": "0"}
    )
    run = created.json()["run"]["info"]["run_id"]

    def send(number: int, size: int = UPLOAD_ARTIFACT_BYTES) -> int:
        path = "/ajax-api/2.0/mlflow/upload-artifact"
        parameters = {"run_uuid": run, "path": f"{number}.bin"}
        body = b"x" * size
        got = server.request("POST", path, "edit", params=parameters, data=body, timeout=120)
        return got.status_code

    with watched(server) as watch, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {200}
        assert send(9, UPLOAD_ARTIFACT_BYTES + 1) == 413
    held(watch, shape)
