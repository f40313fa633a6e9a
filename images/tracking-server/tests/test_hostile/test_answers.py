"""The largest answers of every route that reads, to readers that are ordinary, slow or gone."""

import json
import socket
import time
from contextlib import suppress

import pytest
import requests

from mlflow_instance.fence import one_prefix, required_role
from mlflow_instance.roles import Role
from tests.support.client import client_of
from tests.support.hostile import (
    MIB,
    connect,
    head,
    held,
    watched,
)
from tests.support.hostile_routes import FILE_BYTES, FILES, HOSTILE, classified
from tests.support.hostile_tiers import Tier
from tests.support.mlflow_routes import all_routes
from tests.test_hostile.storm import SEARCH, eight


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


def test_the_largest_answers(tier: Tier) -> None:
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
def test_an_unmodified_client_gets_all(tier: Tier) -> None:
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


def test_slow_readers_that_go_away(tier: Tier) -> None:
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
    assert server.request("POST", SEARCH, "read", json={"experiment_ids": ["0"]}).ok
