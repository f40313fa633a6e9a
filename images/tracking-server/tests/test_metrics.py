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
from tests.support.processes import children, new_server
from tests.support.server import Server, entry, token_of, write_tokens
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


def scrape(port: int = PORT) -> dict[str, float]:
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def total(found: dict[str, float], name: str, *labels: str) -> float:
    return sum(
        value
        for key, value in found.items()
        if key.partition("{")[0] == name and all(label in key for label in labels)
    )


def until(port: int, name: str, expected: float, *labels: str) -> dict[str, float]:
    """A request is counted a moment after its client has the answer, a state after some seconds."""
    deadline = time.monotonic() + 60
    while total(found := scrape(port), name, *labels) != expected:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


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
    after = until(PORT, "mlflow_instance_requests_total", 1, 'route="download"')

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
    found = until(PORT, "mlflow_instance_workers", 2)
    assert total(found, "mlflow_instance_database_connections_limit") > 2
    assert total(found, "mlflow_instance_requests_waiting") == 0
    assert total(found, "mlflow_instance_worker_memory_bytes") > 100e6
    end = 'mlflow_instance_token_expires_timestamp_seconds{generation="3",role="edit",token="ci"}'
    assert found[end] == 1893542400
    assert total(found, "mlflow_instance_info", 'mlflow_version="3', "schema_revision=") == 1


def test_an_exporter_that_is_killed_again_and_again_is_back_and_the_server_goes_on(
    server: Server,
) -> None:
    """A scrape that comes meanwhile waits, and what was counted before is still there."""
    assert server.process is not None
    until(PORT, "mlflow_instance_workers", 2)
    before = total(scrape(), "mlflow_instance_requests_total")
    for times in range(1, 4):
        os.kill(exporter_of(server), signal.SIGKILL)
        assert ask(server, "GET", "/version", "read") == 200
        found = until(PORT, "mlflow_instance_requests_total", before + times)
        assert total(found, "mlflow_instance_workers") == 2


def exporter_of(server: Server) -> int:
    assert server.process is not None
    serving = {int(pid) for pid in re.findall(r'pid="(\d+)"', str(scrape()))}
    (exporter,) = set(children(server.process.pid)) - serving
    return exporter


def test_nothing_else_is_on_the_port_and_metrics_are_nowhere_else(server: Server) -> None:
    for path in ("/", "/metrics/", "/version", "/health", "/" + "x" * 5000):
        assert requests.get(f"http://127.0.0.1:{PORT}{path}", timeout=10).status_code == 404
    assert requests.post(f"http://127.0.0.1:{PORT}/metrics", timeout=10).status_code == 404
    assert ask(server, "GET", "/metrics", None) == 401
    assert ask(server, "GET", "/metrics", "read") == ask(server, "GET", "/nothing-here", "read")


def test_a_worker_that_was_killed_keeps_its_numbers_and_loses_its_state(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server, port = monitored(migrated_uri, object_store, tmp_path, 2)
    # A worker that dies is always replaced.
    server.environment["PYTHONPATH"] = f"{tmp_path}:{os.environ['PYTHONPATH']}"
    (tmp_path / "sitecustomize.py").write_text(
        "import mlflow_instance.workers as workers\nworkers._HEALTHY_AFTER_SECONDS = 0.0\n"
    )
    server.start()
    for _ in range(20):
        assert ask(server, "GET", "/version", "read") == 200
    until(port, "mlflow_instance_requests_total", 20)
    before = until(port, "mlflow_instance_workers", 2)
    pids = {int(pid) for pid in re.findall(r'worker_memory_bytes{pid="(\d+)"', str(before))}
    assert len(pids) == 2
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while total(after := scrape(port), "mlflow_instance_workers") != 2 or pids & {
        int(pid) for pid in re.findall(r'worker_memory_bytes{pid="(\d+)"', str(after))
    }:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert total(after, "mlflow_instance_requests_total") == 20
    assert server.stop() == 0


def test_a_server_of_one_process_answers_itself(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server, port = monitored(migrated_uri, object_store, tmp_path, 1)
    server.start()
    assert server.process is not None and children(server.process.pid) == []
    assert ask(server, "GET", "/version", "read") == 200
    until(port, "mlflow_instance_requests_total", 1)
    until(port, "mlflow_instance_workers", 1)
    assert server.stop() == 0


def test_numbers_can_be_read_until_the_last_request_has_ended(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server, port = monitored(migrated_uri, object_store, tmp_path, 2)
    server.start()
    assert server.process is not None
    pids = children(server.process.pid)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as upload:
        path = "/api/2.0/mlflow-artifacts/artifacts/9/r/artifacts/late"
        head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        upload.sendall(f"{head}Authorization: Bearer {token_of('edit')}\r\n\r\na".encode())
        until(port, "mlflow_instance_workers", 2)
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 30
        while server.log.read_text().count("Shutting down") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert total(scrape(port), "mlflow_instance_workers") >= 1
        upload.sendall(b"b")
        assert upload.recv(1000).startswith(b"HTTP/1.1 200")
    assert server.process.wait(30) == 0
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def monitored(uri: str, store: ObjectStore, folder: Path, workers: int) -> tuple[Server, int]:
    port = free_port()
    settings = {"MLFLOW_INSTANCE_METRICS_PORT": str(port), "TMPDIR": str(folder)}
    return new_server(uri, store, folder, workers, **settings), port
