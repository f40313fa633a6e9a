"""A database that goes away under a running server: changes that need none are answered, and
their rows come later.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.rows import rows, until
from tests.support.postgres import Postgres
from tests.support.processes import new_server
from tests.support.server import run
from tests.support.store import ObjectStore


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    own = Postgres()
    try:
        own.start()
        yield own
    finally:
        own.remove()


def test_an_upload_is_answered_and_its_row_is_written_later(
    own_postgres: Postgres, object_store: ObjectStore, tmp_path: Path
) -> None:
    uri = own_postgres.create_database("goes-away")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    server = new_server(uri, object_store, tmp_path, 1)
    server.start()
    path = "/api/2.0/mlflow-artifacts/artifacts/0/while-away.bin"
    own_postgres.stop()
    try:
        answer = server.request("PUT", path, data=b"x")
        assert answer.status_code == 200
    finally:
        own_postgres.start()
    until(lambda: [row["path"] for row in rows(uri)] == [path])
    assert server.stop() == 0
    log = server.log.read_text()
    assert "an answer did not wait longer for its row" in log
    assert "audit: rows can't be written" in log
    assert "rows are lost" not in log
