"""What the audit asks of the database: nothing for a read, and nothing for what is logged again.

PostgreSQL's own log has every statement with the process that ran it.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.audit.conftest import Start
from tests.audit.rows import execute, rows
from tests.support.postgres import Postgres
from tests.support.server import Server

_STATEMENT = re.compile(r"\[(\d+)\] LOG:  (?:statement|execute [^:]*): (.*)")


@dataclass
class Statements:
    log: Path
    seen: int = 0

    def since_last(self) -> list[tuple[str, str]]:
        """(process, statement), of this database."""
        text = self.log.read_bytes()
        new, self.seen = text[self.seen :].decode(errors="replace"), len(text)
        return [(found[1], found[2]) for found in map(_STATEMENT.search, new.split("\n")) if found]


@pytest.fixture
def statements(postgres: Postgres, fresh_uri: str) -> Iterator[Statements]:
    name = fresh_uri.rpartition("/")[2]
    execute(fresh_uri, f"ALTER DATABASE \"{name}\" SET log_statement = 'all'")
    yield Statements(postgres.log_file)


def _get(server: Server, path: str) -> None:
    answer = server.request("GET", path, "read")
    assert answer.status_code == 200, answer.text


def test_an_authenticated_request_costs_no_statement(
    start: Start, statements: Statements, fresh_uri: str
) -> None:
    server = start()
    begun = time.monotonic()
    _get(server, "/version")
    _wait_for_uses(fresh_uri)
    statements.since_last()
    for _ in range(200):
        _get(server, "/version")
    assert len(statements.since_last()) <= _of_last_uses(begun)
    # The audit adds none to what MLflow asks for a read itself.
    for _ in range(50):
        _get(server, "/api/2.0/mlflow/experiments/get?experiment_id=0")
    asked = statements.since_last()
    assert asked, "the log shows MLflow's own"
    ours = [text for _, text in asked if "instance_records" in text]
    assert len(ours) <= _of_last_uses(begun)
    assert rows(fresh_uri) == []


def test_what_is_logged_again_costs_no_statement(
    start: Start, statements: Statements, fresh_uri: str
) -> None:
    server = start()
    begun = time.monotonic()
    answer = server.request(
        "POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": "0"}
    )
    run = answer.json()["run"]["info"]["run_id"]

    def log(value: int) -> None:
        body = {"run_id": run, "key": f"m{value}", "value": value, "timestamp": value}
        answer = server.request("POST", "/api/2.0/mlflow/runs/log-metric", "edit", json=body)
        assert answer.status_code == 200

    log(0)
    _wait_for_uses(fresh_uri)
    ours = {process for process, text in statements.since_last() if "instance_records" in text}
    assert ours
    for value in range(1, 101):
        log(value)
    asked = statements.since_last()
    assert len(asked) >= 100
    # Of any kind on the connection that the rows are written with.
    of_ours = [text for process, text in asked if process in ours or "instance_records" in text]
    assert len(of_ours) <= _of_last_uses(begun)
    assert server.stop() == 0
    counts = [row["count"] for row in rows(fresh_uri, "action = 'append'")]
    assert sum(counts) == 101
    assert len(counts) <= 2 * (1 + (time.monotonic() - begun) // 60)


def _of_last_uses(begun: float) -> float:
    """Statements of the write that each full minute may have: 0 on any machine that isn't very
    slow.
    """
    return (time.monotonic() - begun) // 60 * 4


def _wait_for_uses(uri: str) -> None:
    for _ in range(300):
        ((found,),) = execute(uri, "SELECT count(*) FROM instance_records.token_use")
        if found:
            return
        time.sleep(0.1)
    raise AssertionError("no last use was written")
