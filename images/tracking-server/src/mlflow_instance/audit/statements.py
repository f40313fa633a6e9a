"""The SQL that the audit sends."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg2.extras import Json, execute_values

from mlflow_instance.audit.row import Action, AuditRow
from mlflow_instance.audit.schema import AUDIT_COLUMNS, SCHEMA
from mlflow_instance.route_classes import RouteClass

# A table that somebody has locked must not hold a connection for as long as requests may.
_WITHIN = "SET LOCAL statement_timeout = 5000; "
# The answer does not wait for PostgreSQL's disk, which would make a change of a run slower by a
# third. A pod that is killed loses nothing by it; PostgreSQL that is, the rows of half a second.
_NO_DISK = "SET LOCAL synchronous_commit = off; "
# These are few, and their rows are as lasting as what they did.
_TO_DISK = frozenset({RouteClass.ADMIN, RouteClass.ALIAS, RouteClass.RESTORE})
# Any constant; another session that sweeps has it.
_SWEEP_LOCK = 0x6175646974
SWEPT_AT_ONCE = 1000


@contextmanager
def at_once(connection: Any) -> Iterator[Any]:
    """A cursor whose text is sent as it is, and is one transaction: one way to the database and
    back, where BEGIN and COMMIT of their own make three."""
    plain = getattr(connection, "dbapi_connection", connection)
    plain.autocommit = True
    try:
        with plain.cursor() as cursor:
            yield cursor
    finally:
        if not plain.closed:
            plain.autocommit = False


def insert_rows(connection: Any, rows: Sequence[AuditRow]) -> None:
    values = [
        (
            row.at,
            row.action.value,
            row.caller,
            row.role,
            None if row.claims is None else Json(dict(row.claims)),
            row.source,
            row.route,
            row.method,
            row.path,
            Json(dict(row.object)),
            row.status,
            row.refusal,
            row.count,
        )
        for row in rows
    ]
    to_disk = any(row.action is Action.DELETION or row.route in _TO_DISK for row in rows)
    settings = _WITHIN if to_disk else _WITHIN + _NO_DISK
    columns = ", ".join(AUDIT_COLUMNS)
    statement = f"{settings}INSERT INTO {SCHEMA}.audit ({columns}) VALUES %s"
    with at_once(connection) as cursor:
        execute_values(cursor, statement, values, page_size=len(values))


def upsert_uses(connection: Any, minutes: Mapping[str, int]) -> None:
    """In one order everywhere, so that two workers don't wait for each other."""
    statement = (
        f"{_WITHIN}INSERT INTO {SCHEMA}.token_use AS t (caller, last_used) VALUES %s "
        "ON CONFLICT (caller) DO UPDATE SET last_used = greatest(t.last_used, excluded.last_used)"
    )
    values = [(caller, minute * 60) for caller, minute in sorted(minutes.items())]
    with at_once(connection) as cursor:
        execute_values(
            cursor, statement, values, template="(%s, to_timestamp(%s))", page_size=len(values)
        )


def sweep(connection: Any, days: int) -> int:
    """Deletes a batch of the rows that are older; how many it was. 0, too, while another worker
    sweeps.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{_WITHIN}SELECT pg_try_advisory_xact_lock(%s)", (_SWEEP_LOCK,))
        deleted = 0
        if cursor.fetchone() == (True,):
            cursor.execute(
                f"DELETE FROM {SCHEMA}.audit WHERE id = ANY(ARRAY(SELECT id FROM {SCHEMA}.audit "
                "WHERE at < now() - make_interval(days => %s) ORDER BY at LIMIT %s))",
                (days, SWEPT_AT_ONCE),
            )
            deleted = cursor.rowcount
    connection.commit()
    return int(deleted)
