"""Readiness follows the database; liveness does not."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_instance.readiness import Readiness, database_answers
from tests.conftest import role_tokens, server_environment
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def eventually(server: Server, status: int, within: float) -> float:
    started = time.monotonic()
    while server.request("GET", "/health/ready", None).status_code != status:
        assert time.monotonic() - started < within, (
            f"/health/ready did not become {status} within {within} s"
        )
        time.sleep(0.1)
    return time.monotonic() - started


def test_a_stopped_database_makes_the_server_unready_until_it_is_back(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    uri = own_postgres.create_database("ready")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    write_tokens(tmp_path / "tokens.json", role_tokens())
    server = Server(
        server_environment(uri, "http://127.0.0.1:9"), tmp_path / "log", tmp_path / "tokens.json"
    )
    server.start()
    try:
        eventually(server, 200, within=5)
        own_postgres.stop()
        eventually(server, 503, within=5)
        assert server.request("GET", "/health", None).status_code == 200
        # Requests fail in seconds, not after a minute, and hang nothing.
        started = time.monotonic()
        assert (
            server.request(
                "POST", "/api/2.0/mlflow/experiments/search", "read", json={"max_results": 1}
            ).status_code
            == 503
        )
        assert time.monotonic() - started < 15
        own_postgres.start()
        eventually(server, 200, within=10)
        assert (
            server.request(
                "POST", "/api/2.0/mlflow/experiments/search", "read", json={"max_results": 1}
            ).status_code
            == 200
        )
    finally:
        assert server.stop() == 0
    log = server.log.read_text()
    assert "database does not answer" in log and "database answers again" in log
    assert own_postgres.password not in log


def test_a_database_that_accepts_and_says_nothing_is_noticed_in_time() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        started = time.monotonic()
        assert not database_answers(
            f"postgresql+psycopg2://u:p@127.0.0.1:{mute.getsockname()[1]}/d"
        )
        assert time.monotonic() - started < 4


def test_the_answer_is_cached_and_asked_by_one_thread_at_a_time() -> None:
    asked = 0
    clock = 0.0

    def ask() -> bool:
        nonlocal asked
        asked += 1
        time.sleep(0.05)
        return True

    readiness = Readiness(ask, monotonic=lambda: clock)
    threads = [threading.Thread(target=readiness.ready) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == 1
    clock = 1.0
    assert readiness.ready()
    assert asked == 2
