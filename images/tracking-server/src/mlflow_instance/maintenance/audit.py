"""`mlflow-instance-audit --since=<time> [--until=<time>] [--who=…] [--what=…]`: the rows of the
audit, oldest first.

`--uses` gives when each token was last used instead. It only reads, takes no lock, and needs none
of the rights that the other commands have.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg2.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable
from psycopg2.extensions import connection as Connection

from mlflow_instance.audit.schema import AUDIT_COLUMNS, SCHEMA
from mlflow_instance.database import connect, redacted
from mlflow_instance.maintenance.audit_query import Query, parse_query
from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.command import DONE, LEFT, failed, prepare_process
from mlflow_instance.maintenance.errors import Impossible, Refused
from mlflow_instance.maintenance.events import Events
from mlflow_instance.maintenance.privileges import RECORDS, require_privileges
from mlflow_instance.printable import printable_json
from mlflow_instance.variables import Variables

COMMAND = "audit"
# Kubernetes rotates a container's log at 10 MiB, and what was rotated can't be read any more.
_MOST_BYTES = 6 * 1024 * 1024
_PAGE = 500

_COLUMNS = ", ".join(("id", *AUDIT_COLUMNS))


@dataclass
class _Shown:
    rows: int = 0
    requests: int = 0
    size: int = 0
    last: datetime | None = None
    cut: bool = False


def main(
    arguments: list[str] | None = None,
    environment: Mapping[str, str] = os.environ,
    *,
    most: int = _MOST_BYTES,
) -> int:
    prepare_process()
    started = datetime.now(UTC)
    where = "the database"
    connection: Connection | None = None
    try:
        query = parse_query(sys.argv[1:] if arguments is None else arguments, started)
        variables = Variables(environment)
        uri, instance = variables.database_uri(), variables.required("MLFLOW_INSTANCE_NAME")
        if variables.errors:
            raise Refused("\n".join(variables.errors))
        where = f"database {redacted(uri)}"
        connection = connect(uri, connect_timeout=10)
        _require_records(connection)
        connection.set_session(readonly=True)
        events = Events(every_item=True)
        result = {
            "command": COMMAND,
            "instance": instance,
            "dryRun": True,
            "startedAt": iso(started),
        }
        if query.uses:
            counts = _show_uses(connection, events)
            events.always("summary", **result, finishedAt=iso(datetime.now(UTC)), **counts)
            return DONE
        shown = _show_rows(connection, query, events, most)
        events.always(
            "summary",
            **result,
            finishedAt=iso(datetime.now(UTC)),
            since=iso(query.since),
            until=iso(query.until),
            rows=shown.rows,
            requests=shown.requests,
            # Where the next one begins: its first rows may be the last of this one.
            cutAt=_exact(shown.last) if shown.cut and shown.last else None,
        )
        return LEFT if shown.cut else DONE
    except Exception as error:
        return failed(COMMAND, error, where)
    finally:
        if connection is not None:
            connection.close()


def _require_records(connection: Connection) -> None:
    try:
        require_privileges(connection, RECORDS)
    except (UndefinedTable, InvalidSchemaName, InsufficientPrivilege):
        raise Impossible(
            "the database has no audit that this command may read; the migration makes it: "
            "apply the stack again"
        ) from None


def _show_rows(connection: Connection, query: Query, events: Events, most: int) -> _Shown:
    shown = _Shown()
    for row in _rows(connection, query):
        fields = {**row, "at": _exact(row["at"])}
        length = len(printable_json(fields).encode())
        if shown.rows and shown.size + length > most:
            shown.cut = True
            return shown
        events.item("audit", **fields)
        shown.rows += 1
        shown.requests += row["count"]
        shown.size += length
        shown.last = row["at"]
    return shown


def _rows(connection: Connection, query: Query) -> Iterator[dict[str, Any]]:
    after: tuple[datetime, int] = (query.since, 0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM {SCHEMA}.audit WHERE (at, id) > (%s, %s) AND at < %s "
                f"{query.condition} ORDER BY at, id LIMIT {_PAGE}",
                (*after, query.until, *query.values),
            )
            names = [column.name for column in cursor.description or ()]
            page = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        connection.rollback()
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]["at"], page[-1]["id"]


def _show_uses(connection: Connection, events: Events) -> dict[str, Any]:
    with connection.cursor() as cursor:
        # Before that nothing was written down.
        cursor.execute(f"SELECT min(made) FROM {SCHEMA}.schema_version")
        row = cursor.fetchone()
        cursor.execute(f"SELECT caller, last_used FROM {SCHEMA}.token_use ORDER BY caller")
        uses = cursor.fetchall()
    connection.rollback()
    for caller, last_used in uses:
        events.item("use", caller=caller, lastUsed=iso(last_used))
    return {"recordedSince": iso(row[0]) if row else None, "callers": len(uses)}


def _exact(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    sys.exit(main())
