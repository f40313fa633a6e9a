"""PgBouncer in front of PostgreSQL: works in session mode, is refused with the reason in
transaction mode.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_instance.database import connect
from mlflow_instance.pooler import refuse_transaction_pooling
from mlflow_instance.schema import SchemaError
from tests.conftest import role_tokens, server_environment
from tests.support.pooler import Pooler
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens


@pytest.fixture
def pooler(postgres: Postgres) -> Iterator[Pooler]:
    pooler = Pooler(postgres.port)
    yield pooler
    pooler.close()


def through(pooler: Pooler, postgres: Postgres, uri: str) -> str:
    return (
        uri.replace(f":{postgres.port}/", f":{pooler.port}/")
        + "?application_name=mlflow-unit&sslmode=prefer&gssencmode=disable"
    )


def test_migration_and_server_ask_nothing_that_a_pooler_refuses(
    pooler: Pooler, postgres: Postgres, migrated_uri: str, tmp_path: Path
) -> None:
    uri = through(pooler, postgres, migrated_uri)
    migration = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    assert migration.returncode == 0, migration.stderr
    write_tokens(tmp_path / "tokens.json", role_tokens())
    server = Server(
        server_environment(uri, "http://127.0.0.1:9"), tmp_path / "log", tmp_path / "tokens.json"
    )
    server.start()
    try:
        assert server.request("GET", "/health/ready", None).status_code == 200
        answer = server.request(
            "POST",
            "/api/2.0/mlflow/runs/search",
            "read",
            json={"experiment_ids": ["0"], "filter": "params.a = 'b'"},
        )
        assert answer.status_code == 200, answer.text
    finally:
        assert server.stop() == 0
    assert pooler.refused == []
    assert pooler.connections > 3


def test_the_pooler_of_the_test_refuses_options_as_the_real_one_does(
    pooler: Pooler, postgres: Postgres, migrated_uri: str
) -> None:
    with pytest.raises(Exception, match="unsupported startup parameter: options"):
        connect(
            through(pooler, postgres, migrated_uri) + "&options=-c%20statement_timeout%3D1",
            connect_timeout=5,
        )
    assert pooler.refused == ["options"]


def test_a_session_of_ones_own_is_accepted(
    pooler: Pooler, postgres: Postgres, migrated_uri: str
) -> None:
    for uri in (migrated_uri, through(pooler, postgres, migrated_uri)):
        refuse_transaction_pooling(lambda uri=uri: connect(uri, connect_timeout=5), "d")  # type: ignore[misc]


class Cursor:
    def __init__(self, backend: int) -> None:
        self._backend = backend

    def __enter__(self) -> "Cursor":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, _: str) -> None:
        pass

    def fetchone(self) -> tuple[int]:
        return (self._backend,)


class Pooled:
    """A client of a pooler in transaction mode, as psycopg2 shows it."""

    autocommit = False

    class info:
        backend_pid = 999

    def __init__(self, backends: list[int]) -> None:
        self._backends = backends

    def cursor(self) -> Cursor:
        return Cursor(self._backends.pop(0))

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1]), ([1, 3], [2])])
def test_transaction_mode_is_refused(first: list[int], second: list[int]) -> None:
    clients = [Pooled(first), Pooled(second)]
    with pytest.raises(SchemaError, match="pool_mode = session"):
        refuse_transaction_pooling(lambda: clients.pop(0), "db:5432/d")  # type: ignore[arg-type, return-value]
