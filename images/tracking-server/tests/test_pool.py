"""Requests reuse the connections to the database, and there are never more of them than the instance was given."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlflow_instance.database import connect
from mlflow_instance.pool import OVERFLOW, SIZE, kept_connections
from mlflow_instance.turns import turns_of_pool
from tests.conftest import role_tokens, server_environment
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens


@pytest.mark.parametrize(("size", "overflow", "kept"), [("3", "3", "5"), ("2", "1", "2"), ("1", "1", "1"), ("10", "5", "14"), ("3", "0", "12")])
def test_all_connections_but_one_are_kept(size: str, overflow: str, kept: str) -> None:
    given = {SIZE: size, OVERFLOW: overflow}
    assert kept_connections(given) == {SIZE: kept, OVERFLOW: "1"}
    # As many requests at once as before, and the same again when it is applied to its own result.
    assert turns_of_pool(kept_connections(given)) == turns_of_pool(given)
    assert kept_connections(kept_connections(given)) == kept_connections(given)


def test_without_settings_mlflows_own_total_holds() -> None:
    assert kept_connections({}) == {SIZE: "14", OVERFLOW: "1"}


def test_requests_at_once_open_no_connection_after_the_first_ones(postgres: Postgres, tmp_path: Path) -> None:
    uri = postgres.create_database("pool")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    write_tokens(tmp_path / "tokens.json", role_tokens())
    environment = {**server_environment(uri, "http://127.0.0.1:9"), SIZE: "3", OVERFLOW: "3"}
    server = Server(environment, tmp_path / "log", tmp_path / "tokens.json")
    server.start()

    def search(_: int) -> int:
        return server.request("POST", "/api/2.0/mlflow/runs/search", "read", json={"experiment_ids": ["0"]}).status_code

    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(search, range(40))) == {200}
        before = sessions(uri)
        assert set(clients.map(search, range(160))) == {200}
    opened = sessions(uri) - before
    assert server.stop() == 0
    # The second look of this test is one. A pool that grows to its size only now may open a few, an overflow opens dozens.
    assert opened <= 1 + 3, f"{opened} new connections for 160 searches"


def sessions(uri: str) -> int:
    """Sessions that PostgreSQL has counted in the database, this one included; a session that ends is counted a moment later."""
    time.sleep(1)
    connection = connect(uri, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sessions FROM pg_stat_database WHERE datname = current_database()")
            (count,) = cursor.fetchone() or (0,)
            return int(count)
    finally:
        connection.close()
