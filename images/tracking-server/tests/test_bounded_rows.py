"""Rows in blocks are the rows that the statement gives, and what is too much is not fetched."""

from collections.abc import Iterator

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    func,
    insert,
    select,
)
from sqlalchemy.engine import Engine

from mlflow_instance.answer_meter import AnswersBusy, AnswerTooLarge, Meter, Reserve, metered
from mlflow_instance.bounded_rows import bound_rows
from tests.support.postgres import Postgres

MIB = 1024 * 1024
_DATA = MetaData()
_SHORT = Table(
    "short", _DATA, Column("id", Integer, primary_key=True), Column("value", String(8000))
)
_LONG = Table("long", _DATA, Column("id", Integer, primary_key=True), Column("value", Text))


@pytest.fixture(scope="module")
def engine(postgres: Postgres) -> Iterator[Engine]:
    uri = postgres.create_database("bounded-rows")
    engine = create_engine(uri)
    bound_rows(64 * MIB, engine)
    _DATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(_SHORT), [{"id": i, "value": f"100% {i}"} for i in range(3500)])
        connection.execute(insert(_LONG), [{"id": i, "value": "x" * 200_000} for i in range(200)])
    yield engine
    engine.dispose()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 999, 1000, 1001, 2000, 3500])
@pytest.mark.parametrize("table", [_SHORT, _LONG], ids=["short", "long"])
def test_the_rows_are_those_of_the_statement(engine: Engine, table: Table, count: int) -> None:
    if table is _LONG and count > 100:
        count = 100
    statement = select(table).where(table.c.id < count, table.c.id != -1).order_by(table.c.id)
    with engine.connect() as connection, metered(Meter(1024 * MIB, Reserve(0))):
        assert [row.id for row in connection.execute(statement)] == list(range(count))
        assert [row.id for row in connection.execute(statement).fetchmany(7)] == list(
            range(min(7, count))
        )
        first = connection.execute(statement).first()
        assert (first.id if first else None) == (0 if count else None)
        assert connection.scalar(select(func.count()).select_from(statement.subquery())) == count


@pytest.mark.parametrize("table", [_SHORT, _LONG], ids=["short", "long"])
def test_too_much_is_not_fetched(engine: Engine, table: Table) -> None:
    limit = 2 * MIB
    meter = Meter(limit, Reserve(0))
    with engine.connect() as connection, metered(meter):
        with pytest.raises(AnswerTooLarge) as error:
            connection.execute(select(table)).all()
        assert error.value.get_http_status_code() == 413 and "2 MiB" in str(error.value)
        assert meter.used < limit
        # The connection is whole: the next statement works.
        connection.rollback()
        assert connection.scalar(select(func.count(table.c.id))) > 0


def test_small_elements_count_more_than_their_bytes(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(_LONG), [{"id": 1000, "value": "[" + "[]," * 100_000 + "0]"}])
    meter = Meter(2 * MIB, Reserve(0))
    with engine.connect() as connection, metered(meter), pytest.raises(AnswerTooLarge):
        connection.execute(select(_LONG).where(_LONG.c.id == 1000)).all()


def test_locks_and_writes_are_left_alone(engine: Engine) -> None:
    with engine.begin() as connection, metered(Meter(MIB, Reserve(0))):
        assert (
            len(connection.execute(select(_SHORT).where(_SHORT.c.id < 5).with_for_update()).all())
            == 5
        )
        changed = connection.execute(
            _SHORT.update().where(_SHORT.c.id < 5).values(value="new").returning(_SHORT.c.id)
        )
        assert len(changed.all()) == 5


def test_a_small_result_is_one_message(engine: Engine) -> None:
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        cursor = raw.cursor()
        cursor.select(
            "SELECT id, value FROM short WHERE id < 999", None, (), Meter(64 * MIB, Reserve(0))
        )
        # Read straight from libpq's result: no block was collected.
        assert cursor._rows is None and len(cursor.fetchall()) == 999
        cursor.select(
            "SELECT id, value FROM short WHERE id < 1", None, (1,), Meter(64 * MIB, Reserve(0))
        )
        assert cursor._rows is None and len(cursor.fetchall()) == 1


def test_the_reserve_is_shared_and_given_back() -> None:
    reserve = Reserve(10 * MIB)
    large, second = Meter(MIB, reserve), Meter(MIB, reserve)
    large.charge(9 * MIB)
    with pytest.raises(AnswersBusy) as busy:
        second.charge(9 * MIB)
    assert busy.value.get_http_status_code() == 503
    second.rewind(0)
    second.charge(MIB)
    large.close()
    assert reserve.free == 10 * MIB
    second.charge(9 * MIB)
    with pytest.raises(AnswerTooLarge):
        second.charge(2 * MIB)
    second.close()
    assert reserve.free == 10 * MIB


def test_a_long_transaction_keeps_few_portals_open(engine: Engine) -> None:
    with engine.begin() as connection:
        for index in range(600):
            if index == 500:
                savepoint = connection.begin_nested()
                connection.execute(select(_SHORT).where(_SHORT.c.id == index)).all()
                savepoint.rollback()
            assert connection.execute(select(_SHORT.c.id).where(_SHORT.c.id == index)).all() == [
                (index,)
            ]
        assert connection.exec_driver_sql("SELECT count(*) FROM pg_cursors").scalar() < 256


def test_what_is_not_there_costs_nothing(engine: Engine) -> None:
    """A trace of 5,000 spans, or MLflow's demo, asks for thousands of rows that are not there."""
    meter = Meter(MIB, Reserve(0))
    with engine.begin() as connection, metered(meter):
        for _ in range(100):
            assert connection.execute(select(_SHORT).where(_SHORT.c.id == -1)).first() is None
    assert meter.used == 0


@pytest.mark.parametrize("forgets", [True, False])
def test_a_request_that_writes_holds_what_one_session_has_read(
    engine: Engine, forgets: bool
) -> None:
    reserve = Reserve(3 * MIB)
    meter = Meter(MIB, reserve, forgets=forgets)

    def read_some() -> None:
        with engine.connect() as connection:
            connection.execute(select(_SHORT).limit(900)).all()
            held = meter.used
            with engine.connect() as inside:
                inside.execute(select(_SHORT).limit(900)).all()
            assert meter.used == held or not forgets

    with metered(meter):
        if forgets:
            for _ in range(20):
                read_some()
            assert meter.used == 0 and reserve.free == 3 * MIB
            with engine.connect() as connection, pytest.raises(AnswerTooLarge):
                for _ in range(20):
                    connection.execute(select(_SHORT).limit(900)).all()
        else:
            with pytest.raises(AnswerTooLarge):
                for _ in range(20):
                    read_some()
