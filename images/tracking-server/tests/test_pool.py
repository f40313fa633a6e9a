"""Requests reuse the connections to the database, and there are never more of them than the instance was given."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine

from mlflow_instance import lasting_pool
from mlflow_instance.database import connect
from mlflow_instance.lasting_pool import lasting
from mlflow_instance.pool import OVERFLOW, SIZE, kept_connections
from mlflow_instance.turns import turns_of_pool
from tests.conftest import role_tokens, server_environment
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens


@pytest.mark.parametrize(
    ("size", "overflow", "kept"),
    [("3", "3", "5"), ("2", "1", "2"), ("1", "1", "1"), ("10", "5", "14"), ("3", "0", "12")],
)
def test_all_connections_but_one_are_kept(size: str, overflow: str, kept: str) -> None:
    given = {SIZE: size, OVERFLOW: overflow}
    assert kept_connections(given) == {SIZE: kept, OVERFLOW: "1"}
    # As many requests at once as before, and the same again when it is applied to its own result.
    assert turns_of_pool(kept_connections(given)) == turns_of_pool(given)
    assert kept_connections(kept_connections(given)) == kept_connections(given)


def test_without_settings_mlflows_own_total_holds() -> None:
    assert kept_connections({}) == {SIZE: "14", OVERFLOW: "1"}


@pytest.fixture(scope="module")
def pool_uri(postgres: Postgres) -> str:
    uri = postgres.create_database("pool")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    return uri


@pytest.fixture(scope="module")
def pooled(pool_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("pooled")
    write_tokens(folder / "tokens.json", role_tokens())
    environment = {**server_environment(pool_uri, "http://127.0.0.1:9"), SIZE: "3", OVERFLOW: "3"}
    server = Server(environment, folder / "log", folder / "tokens.json")
    server.start()
    yield server
    assert server.stop() == 0


def search(server: Server) -> int:
    body = {"experiment_ids": ["0"]}
    return server.request("POST", "/api/2.0/mlflow/runs/search", "read", json=body).status_code


def test_requests_at_once_open_no_connection_after_the_first_ones(
    pooled: Server, pool_uri: str
) -> None:
    with ThreadPoolExecutor(8) as clients:
        assert set(clients.map(search, [pooled] * 40)) == {200}
        before = sessions(pool_uri)
        assert set(clients.map(search, [pooled] * 160)) == {200}
    opened = sessions(pool_uri) - before
    # The second look of this test is one. A pool that grows to its size only now may open a few, an
    # overflow opens dozens.
    assert opened <= 1 + 3, f"{opened} new connections for 160 searches"


def test_a_connection_that_ended_a_moment_ago_costs_one_answer_at_most(
    pooled: Server, pool_uri: str
) -> None:
    """It is not asked whether it is open, and the answer is one that clients repeat."""
    connection = connect(pool_uri, connect_timeout=5)
    connection.autocommit = True
    others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    answers = []
    with connection.cursor() as cursor:
        for _ in range(5):
            assert search(pooled) == 200
            cursor.execute(others)
            answers.append(search(pooled))
            assert search(pooled) == 200
    connection.close()
    assert set(answers) <= {200, 503}, answers
    assert 503 in answers, "no connection was used without being asked"


def test_a_connection_is_asked_whether_it_is_open_when_it_was_not_used_for_a_moment(
    pool_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(pool_uri, pool_pre_ping=True)
    pings: list[object] = []
    pool = lasting(engine.pool, None)
    monkeypatch.setattr(pool._dialect, "do_ping", lambda one: pings.append(one) or True)
    for _ in range(3):
        pool.connect().close()
    assert not pings
    time.sleep(lasting_pool._ALIVE_SECONDS + 0.1)
    pool.connect().close()
    assert len(pings) == 1
    first, second = pool.connect(), pool.connect()
    last = first.dbapi_connection
    second.close()
    first.close()
    # The one that was used last, so that a few at work are never asked, and the others rest.
    again = pool.connect()
    assert again.dbapi_connection is last
    again.close()
    pool.dispose()


def sessions(uri: str) -> int:
    """Sessions that PostgreSQL has counted in the database, this one included; a session that ends is counted a moment later."""
    time.sleep(1)
    connection = connect(uri, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
            )
            (count,) = cursor.fetchone() or (0,)
            return int(count)
    finally:
        connection.close()
