"""What Prometheus reads: all workers together, uploads and downloads among it, on a port of its own."""

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import role_tokens, server_environment
from tests.support.ports import free_port
from tests.support.processes import children
from tests.support.server import Server, entry, write_tokens
from tests.support.store import ObjectStore

PORT = free_port()
UPLOADED = 300_000


@pytest.fixture(scope="module")
def server(
    migrated_uri: str, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("server")
    write_tokens(
        folder / "tokens.json",
        [*role_tokens(), {**entry("ci", "edit", "x", "2030-01-01"), "generation": 3}],
    )
    environment = {
        **server_environment(migrated_uri, object_store.url),
        "MLFLOW_INSTANCE_WORKERS": "2",
        "MLFLOW_INSTANCE_METRICS_PORT": str(PORT),
        "TMPDIR": str(folder),
    }
    server = Server(environment, folder / "log", folder / "tokens.json")
    server.start()
    yield server
    assert server.stop() == 0


def scrape() -> dict[str, float]:
    text = requests.get(f"http://127.0.0.1:{PORT}/metrics", timeout=10).text
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def total(found: dict[str, float], name: str, *labels: str) -> float:
    return sum(
        value
        for key, value in found.items()
        if key.partition("{")[0] == name and all(label in key for label in labels)
    )


def ask(server: Server, method: str, path: str, role: str | None = "edit", **more: object) -> int:
    # A new connection each time, so that both workers are asked.
    headers = {"Connection": "close"}
    return server.request(method, path, role, headers=headers, **more).status_code


def test_requests_of_all_workers_are_counted_once(server: Server) -> None:
    before = scrape()
    for _ in range(20):
        assert ask(server, "GET", "/version", "read") == 200
    assert ask(server, "GET", "/version", None) == 401
    path = "/api/2.0/mlflow-artifacts/artifacts/9/r/artifacts/f"
    assert ask(server, "PUT", path, data=b"x" * UPLOADED) == 200
    assert ask(server, "GET", path) == 200
    # A request is counted after its answer: 20, 1, and two of artifacts.
    name, deadline = "mlflow_instance_requests_total", time.monotonic() + 20
    while total(after := scrape(), name) - total(before, name) < 23:
        assert time.monotonic() < deadline
        time.sleep(0.1)

    def grown(name: str, *labels: str) -> float:
        return total(after, name, *labels) - total(before, name, *labels)

    requests_total = "mlflow_instance_requests_total"
    assert grown(requests_total, 'route="ui"', 'status="200"', 'role="read"') == 20
    assert grown(requests_total, 'status="401"', 'role="none"') == 1
    assert grown("mlflow_instance_refused_requests_total", 'why="missing"') == 1
    assert grown(requests_total, 'route="upload"') == grown(requests_total, 'route="download"') == 1
    assert grown("mlflow_instance_request_bytes_total", 'route="upload"') == UPLOADED
    assert grown("mlflow_instance_response_bytes_total", 'route="download"') == UPLOADED
    assert grown("mlflow_instance_request_duration_seconds_count", 'route="ui"') == 21
    used = after['mlflow_instance_last_used_timestamp_seconds{caller="editer/1"}']
    assert used % 60 == 0 and time.time() - 180 < used <= time.time()


def test_the_state_of_the_pod(server: Server) -> None:
    found = scrape()
    assert total(found, "mlflow_instance_workers") == 2
    assert total(found, "mlflow_instance_database_connections_limit") > 2
    assert total(found, "mlflow_instance_requests_waiting") == 0
    assert total(found, "mlflow_instance_worker_memory_bytes") > 100e6
    end = 'mlflow_instance_token_expires_timestamp_seconds{generation="3",role="edit",token="ci"}'
    assert found[end] == 1893542400
    assert total(found, "mlflow_instance_info", 'mlflow_version="3', "schema_revision=") == 1


def test_a_killed_exporter_is_back_and_the_server_goes_on(server: Server) -> None:
    assert server.process is not None
    serving = {int(pid) for pid in re.findall(r'pid="(\d+)"', str(scrape()))}
    (exporter,) = set(children(server.process.pid)) - serving
    os.kill(exporter, signal.SIGKILL)
    assert ask(server, "GET", "/version", "read") == 200
    deadline = time.monotonic() + 20
    while True:
        try:
            assert total(scrape(), "mlflow_instance_workers") == 2
            return
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_nothing_else_is_on_the_port_and_metrics_are_nowhere_else(server: Server) -> None:
    for path in ("/", "/metrics/", "/version", "/health", "/" + "x" * 5000):
        assert requests.get(f"http://127.0.0.1:{PORT}{path}", timeout=10).status_code == 404
    assert requests.post(f"http://127.0.0.1:{PORT}/metrics", timeout=10).status_code == 501
    assert ask(server, "GET", "/metrics", None) == 401


def test_a_client_that_says_nothing_is_given_up(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", PORT)) as silent:
        silent.sendall(b"GET /")
        assert total(scrape(), "mlflow_instance_workers") == 2
