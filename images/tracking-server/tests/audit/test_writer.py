"""The writer alone: databases that are away, rows that are refused, and the end of old rows."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from mlflow_instance.audit import statements
from mlflow_instance.audit.counted import Counted
from mlflow_instance.audit.row import Action
from mlflow_instance.audit.statements import SWEPT_AT_ONCE, insert_rows, sweep
from mlflow_instance.audit.uses import LastUses
from mlflow_instance.audit.writer import Writer
from mlflow_instance.database import connection_options
from tests.audit.rows import execute, rows, until
from tests.audit.test_command import row


class Database:
    """Connections that a test takes away and gives back."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.away = False

    def connect(self) -> Any:
        if self.away:
            raise psycopg2.OperationalError("it is away")
        return psycopg2.connect(**connection_options(self.uri, 5))


@contextmanager
def writing(
    database: Database, *, most: int = 100, days: int = 180, uses: LastUses | None = None
) -> Iterator[Writer]:
    writer = Writer(database.connect, days=days, counted=(), uses=uses or LastUses(), most=most)
    writer.start()
    yield writer
    writer.stop()


def test_rows_wait_for_the_database_in_their_order(fresh_uri: str) -> None:
    database = Database(fresh_uri)
    database.away = True
    written = threading.Semaphore(0)
    with writing(database) as writer:
        for number in range(50):
            writer.submit(row(object={"n": number}), written.release)
        assert not written.acquire(timeout=0.5)
        database.away = False
        for _ in range(50):
            assert written.acquire(timeout=30)
        assert [each["object"]["n"] for each in rows(fresh_uri)] == list(range(50))


def test_what_does_not_fit_is_lost_loudly(fresh_uri: str, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(fresh_uri)
    database.away = True
    given_up: list[int] = []
    with writing(database, most=10) as writer:
        for number in range(25):
            writer.submit(row(object={"n": number}), lambda number=number: given_up.append(number))
        # Nobody waits for what will never be written.
        until(lambda: len(given_up) == 15)
        database.away = False
        until(lambda: len(rows(fresh_uri)) == 10)
    lost = [each for each in caplog.messages if "rows are lost, because" in each]
    assert sum(int(each.split()[1]) for each in lost) == 15


def test_an_end_without_the_database_is_bounded_and_loud(
    fresh_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(fresh_uri)
    database.away = True
    writer = Writer(database.connect, days=180, counted=(), uses=LastUses())
    writer.start()
    writer.submit(row())
    writer.stop(within=0.5)
    assert any("audit: 1 rows are lost" in each for each in caplog.messages)


def test_a_row_that_the_database_refuses_stops_no_other(
    fresh_uri: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(fresh_uri)
    database.away = True
    with writing(database) as writer:
        writer.submit(row(object={"n": 1}))
        writer.submit(row(status=2**40))
        writer.submit(row(object={"n": 3}))
        database.away = False
        until(lambda: len(rows(fresh_uri)) == 2)
    assert [each["object"]["n"] for each in rows(fresh_uri)] == [1, 3]
    assert any("a row was refused and is lost" in each for each in caplog.messages)


def test_a_locked_table_holds_the_connection_for_seconds_only(fresh_uri: str) -> None:
    blocker = psycopg2.connect(**connection_options(fresh_uri, 5))
    with blocker.cursor() as cursor:
        cursor.execute("LOCK TABLE instance_records.audit IN ACCESS EXCLUSIVE MODE")
    connection = psycopg2.connect(**connection_options(fresh_uri, 5))
    with pytest.raises(psycopg2.errors.QueryCanceled):
        insert_rows(connection, [row()])
    blocker.close()
    connection.close()


def test_old_rows_go_in_batches_and_others_stay(fresh_uri: str) -> None:
    now = datetime.now(UTC)
    connection = psycopg2.connect(**connection_options(fresh_uri, 5))
    old = [row(at=now - timedelta(days=181)) for _ in range(SWEPT_AT_ONCE + 5)]
    insert_rows(connection, [*old, *(row(at=now - timedelta(days=days)) for days in (179, 31, 0))])
    assert [sweep(connection, 180) for _ in range(3)] == [SWEPT_AT_ONCE, 5, 0]
    assert len(rows(fresh_uri)) == 3
    # The table itself refuses a retention that nobody may have.
    with pytest.raises(psycopg2.errors.RaiseException):
        sweep(connection, 0)
    connection.close()


def test_one_worker_sweeps_at_a_time(fresh_uri: str) -> None:
    first, second = (psycopg2.connect(**connection_options(fresh_uri, 5)) for _ in range(2))
    insert_rows(first, [row(at=datetime.now(UTC) - timedelta(days=400))])
    with first.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", (0x6175646974,))
    assert sweep(second, 180) == 0
    first.rollback()
    assert sweep(second, 180) == 1
    first.close()
    second.close()


def test_the_writer_sweeps_by_itself(fresh_uri: str) -> None:
    database = Database(fresh_uri)
    connection = database.connect()
    insert_rows(connection, [row(at=datetime.now(UTC) - timedelta(days=60))] * 2500)
    connection.close()
    writer = Writer(database.connect, days=59, counted=(), uses=LastUses())
    writer._sweep_at = time.monotonic()
    writer.start()
    until(lambda: rows(fresh_uri) == [])
    writer.stop()


def test_last_uses_are_written_once_a_minute_and_survive_an_absence(fresh_uri: str) -> None:
    clock = 29_000_000 * 60.0
    uses = LastUses(now=lambda: clock)
    uses.note("ci/1")
    uses.note("ci/1")
    taken = uses.due()
    assert taken == {"ci/1": 29_000_000}
    uses.give_back(taken)
    clock += 59
    uses.note("ci/1")
    assert uses.due() == {}
    clock += 1
    uses.note("ci/1")
    assert uses.due() == {"ci/1": 29_000_001}
    assert uses.due(end=True) == {}

    uses.note("ci/2")
    database = Database(fresh_uri)
    database.away = True
    with writing(database, uses=uses) as writer:
        clock += 60
        uses.note("ci/1")
        writer.submit(row())
        time.sleep(0.3)
        database.away = False
    found = execute(
        fresh_uri,
        "SELECT caller, extract(epoch FROM last_used)::bigint / 60 FROM "
        "instance_records.token_use ORDER BY caller",
    )
    assert found == [("ci/1", 29_000_002), ("ci/2", 29_000_001)]


def test_counted_rows_are_bounded() -> None:
    clock = 0.0
    merging = Counted(3, merges=True, monotonic=lambda: clock)
    written = [merging.note(("key", n), row(object={"n": n})) for n in range(1000)]
    first = [each for each in written if each is not None]
    assert len(first) == 4
    assert (first[3].refusal, first[3].object, first[3].caller) == ("many", {}, None)
    assert merging.due() == []
    clock = 60.0
    (more,) = merging.due()
    assert (more.count, more.refusal) == (996, "many")
    assert merging.due(end=True) == []

    alone = Counted(3, merges=False, monotonic=lambda: clock)
    assert all(alone.note(("key", n), row()) is not None for n in range(10))
    assert alone.note(("key", 0), row()) is None


def test_only_rows_of_removals_and_the_like_wait_for_the_disk(
    fresh_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    plain = statements.execute_values

    def execute_values(cursor: Any, statement: str, *arguments: Any, **named: Any) -> None:
        sent.append(statement)
        plain(cursor, statement, *arguments, **named)

    monkeypatch.setattr(statements, "execute_values", execute_values)
    connection = psycopg2.connect(**connection_options(fresh_uri, 5))
    for group in (
        [row()],
        [row(), row(action=Action.DELETION)],
        [row(route="alias")],
        [row(route="restore")],
        [row(route="admin")],
        [row(action=Action.REFUSAL)],
    ):
        insert_rows(connection, group)
    assert ["synchronous_commit = off" in each for each in sent] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]
    connection.close()
