"""Results of the database in blocks, counted before the next block is fetched.

psycopg2 takes the whole result of a statement into memory before a single row can be looked at. Here a SELECT goes out as
`DECLARE …; FETCH …` in one message, so that the usual small result costs no additional round trip, and a large one is
fetched only as far as the request's meter allows.
"""

import ctypes
import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import LargeBinary, String

from mlflow_instance.answer_meter import (
    BYTES_PER_JSON_ELEMENT,
    BYTES_PER_RESULT_BYTE,
    Meter,
    Reserve,
    current_meter,
)
from mlflow_instance.next_row import Keys, keys_of_page

# The longest text of a column with a bound: values of parameters and tags.
_BOUNDED_TEXT = 8000
# At most 24 MB where each of three columns is at its bound.
_BLOCK = 1000
# Rows with texts of any length: fetched without looking, before the database has summed their
# length. A text was once the body of a request, and is no longer than that.
_FIRST_LONG = 2
_SMALL = 64 * 1024
_PREFIX = "mlflow_instance_"
_names = itertools.count()
# A statement's portal stays open to the end of its transaction and costs the database about 27 KiB:
# a transaction of 10,000 selects, as that of a large trace, had it at 277 MB.
_OPEN_PORTALS = 256
_SELECTS = "mlflow_instance_selects"
_BEFORE = "mlflow_instance_before"
_NOTHING_MORE = Reserve(0)


class BoundedCursor(Cursor):
    """A cursor of psycopg2 whose rows may already be here, collected from several blocks."""

    _rows: Iterator[tuple[Any, ...]] | None = None

    def select(self, statement: str, parameters: Any, long: tuple[int, ...], meter: Meter) -> None:
        block = _FIRST_LONG if long else _BLOCK
        name = self._open(statement, parameters, block)
        meter.charge_result(self._size(), self.rowcount)
        if self.rowcount < block:
            if long and self._size() > _SMALL:
                self._rows = iter(self._counted(long, meter))
            return
        rows = self._counted(long, meter)
        if long:
            self._check_length(statement, parameters, long, meter)
        while True:
            super().execute(f"FETCH FORWARD {_BLOCK} FROM {name}")
            meter.charge_result(self._size(), self.rowcount)
            fetched = self._counted(long, meter)
            rows.extend(fetched)
            if len(fetched) < _BLOCK:
                break
        self._rows = iter(rows)

    def select_first(
        self, statement: str, parameters: Any, long: tuple[int, ...], keys: Keys, meter: Meter
    ) -> None:
        """The first row, and one that stands for the second if there is one."""
        name = self._open(statement, parameters, 1)
        size = self._size()
        rows = Cursor.fetchall(self)
        if rows and (keys.looks_ahead or meter.first is None):
            meter.first = keys.named(rows[0])
        meter.charge_result(size, len(rows))
        self._charge_elements(rows, long, meter)
        if rows and keys.looks_ahead:
            other_row = keys.stand_in(rows[0], long)
            with self.connection.cursor() as other:
                move = "MOVE" if other_row is not None else "FETCH"
                Cursor.execute(other, f"{move} FORWARD 1 FROM {name}")
                if other.rowcount:
                    rows.append(other_row or Cursor.fetchone(other))
        self._rows = iter(rows)

    def _open(self, statement: str, parameters: Any, block: int) -> str:
        """Opens a portal and fetches its first block, in one message; its name."""
        name = f"{_PREFIX}{next(_names)}"
        super().execute(
            f"DECLARE {name} NO SCROLL CURSOR FOR {statement}; FETCH FORWARD {block} FROM {name}",
            parameters,
        )
        return name

    def close_former(self) -> None:
        """Asks the database what is open: a savepoint that was rolled back has taken some along."""
        super().execute(
            "SELECT name FROM pg_cursors WHERE starts_with(name, %s)",
            (_PREFIX,),
        )
        if names := [name for (name,) in Cursor.fetchall(self)]:
            super().execute("; ".join(f"CLOSE {name}" for name in names))

    def _check_length(
        self, statement: str, parameters: Any, long: tuple[int, ...], meter: Meter
    ) -> None:
        """`octet_length` of a text reads its header only, so this costs less than to fetch it."""
        columns = [column.name for column in self.description or ()]
        total = " + ".join(f"coalesce(octet_length(c{index}::text), 0)::bigint" for index in long)
        names = ", ".join(f"c{index}" for index in range(len(columns)))
        with self.connection.cursor() as other:
            Cursor.execute(
                other,
                f"SELECT coalesce(sum({total}), 0)::bigint FROM ({statement}) AS answer({names})",
                parameters,
            )
            row = Cursor.fetchone(other)
        meter.check(int(row[0]) * BYTES_PER_RESULT_BYTE if row else 0)

    def _counted(self, long: tuple[int, ...], meter: Meter) -> list[tuple[Any, ...]]:
        rows = Cursor.fetchall(self)
        self._charge_elements(rows, long, meter)
        return rows

    def _charge_elements(
        self, rows: list[tuple[Any, ...]], long: tuple[int, ...], meter: Meter
    ) -> None:
        elements = 0
        for row in rows:
            for index in long:
                text = row[index]
                if isinstance(text, str) and len(text) > 100:
                    elements += sum(map(text.count, ",[{:"))
        meter.charge(elements * BYTES_PER_JSON_ELEMENT)

    def _size(self) -> int:
        pointer = self.pgresult_ptr
        return _result_size()(pointer) if pointer else 0

    def execute(self, query: Any, vars: Any = None) -> None:
        self._rows = None
        super().execute(query, vars)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return super().fetchall() if self._rows is None else list(self._rows)

    def fetchone(self) -> tuple[Any, ...] | None:
        return super().fetchone() if self._rows is None else next(self._rows, None)

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        size = size or self.arraysize
        if self._rows is None:
            return super().fetchmany(size)
        return list(itertools.islice(self._rows, size))


@cache
def _result_size() -> Any:
    """libpq's own count of a result's memory. psycopg2 links libpq, so the symbol is found through
    its module."""
    function = ctypes.CDLL(psycopg2._psycopg.__file__).PQresultMemorySize
    function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_size_t
    return function


def bound_rows(default_limit: int, engines: type[Engine] | Engine = Engine) -> None:
    """For every engine of this process, or for one. Statements outside of a request (at start, in a
    thread of their own) have the limit each."""

    def on_connect(connection: Any, _: Any) -> None:
        if not isinstance(connection, psycopg2.extensions.connection):
            return
        connection.cursor_factory = BoundedCursor
        # All rows are wanted: without this the planner prefers plans that give the first tenth
        # early.
        autocommit = connection.autocommit
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET cursor_tuple_fraction = 1")
        connection.autocommit = autocommit

    def on_execute(cursor: Any, statement: str, parameters: Any, context: Any) -> bool:
        if (
            not isinstance(cursor, BoundedCursor)
            or cursor.name is not None
            or not _is_plain_select(statement, context)
        ):
            return False
        cursor._rows = None
        of_connection = context.root_connection.info
        of_connection[_SELECTS] = of_connection.get(_SELECTS, 0) + 1
        if of_connection[_SELECTS] % _OPEN_PORTALS == 0:
            cursor.close_former()
        meter = current_meter() or Meter(default_limit, _NOTHING_MORE)
        long = _long_columns(context)
        keys = keys_of_page(context, parameters) if meter.first_only else None
        if keys is None:
            cursor.select(statement, parameters, long, meter)
        else:
            # The statements after that of the page load what belongs to its rows.
            meter.first_only = not keys.looks_ahead
            cursor.select_first(statement, parameters, long, keys, meter)
        return True

    def on_checkout(_connection: Any, record: Any, _proxy: Any) -> None:
        meter = current_meter()
        if meter is not None and meter.forgets:
            record.info[_BEFORE] = meter, meter.used

    def on_checkin(_connection: Any, record: Any) -> None:
        meter, used = record.info.pop(_BEFORE, (None, 0))
        if meter is not None:
            meter.rewind(min(used, meter.used))

    event.listen(engines, "checkout", on_checkout)
    event.listen(engines, "checkin", on_checkin)
    event.listen(engines, "connect", on_connect)
    event.listen(engines, "do_execute", on_execute)
    event.listen(
        engines,
        "do_execute_no_params",
        lambda cursor, statement, context: on_execute(cursor, statement, None, context),
    )


def _is_plain_select(statement: str, context: Any) -> bool:
    # A cursor needs a transaction, and a lock is taken for every row only if every row is fetched.
    compiled = context.compiled if context is not None else None
    if (
        compiled is None
        or not isinstance(compiled.statement, SelectBase)
        or context.root_connection.connection.autocommit
    ):
        return False
    return (
        " FOR UPDATE" not in statement
        and " FOR SHARE" not in statement
        and " FOR NO KEY" not in statement
    )


def _long_columns(context: Any) -> tuple[int, ...]:
    """The positions of columns whose type has no bound, or a larger one than values of parameters
    have."""
    compiled = context.compiled
    if compiled is None:
        return ()
    known: tuple[int, ...] | None = compiled.__dict__.get("mlflow_instance_long")
    if known is None:
        columns = compiled._result_columns
        known = tuple(index for index, column in enumerate(columns) if _is_long(column.type))
        compiled.mlflow_instance_long = known
    return known


def _is_long(kind: Any) -> bool:
    if isinstance(kind, String):
        return kind.length is None or kind.length > _BOUNDED_TEXT
    return isinstance(kind, LargeBinary) or kind.__visit_name__ in (
        "JSON",
        "JSONB",
        "type_decorator",
        "null",
        "ARRAY",
    )
