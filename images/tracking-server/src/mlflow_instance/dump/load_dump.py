"""`mlflow-instance-load-dump tmp/final-dump/<UTC time>`: fills the database of a new instance from a dump that lies in its bucket.

All or nothing: one transaction, which ends well only if every file is what the manifest says. It runs in the tracking server's
pod, which knows the database and the bucket.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from mlflow_instance.database import UNBOUNDED, connect, redacted
from mlflow_instance.dump.final_dump import FORMAT, MANIFEST
from mlflow_instance.dump.settings import read_settings
from mlflow_instance.dump.stored import PlainRows, Stored
from mlflow_instance.dump.tables import AUDIT_TABLE, Table, set_sequences, tables_of
from mlflow_instance.maintenance.bucket import Bucket, open_bucket
from mlflow_instance.maintenance.command import DONE, failed, prepare_process
from mlflow_instance.maintenance.errors import Impossible, Refused
from mlflow_instance.maintenance.events import Events
from mlflow_instance.maintenance.lock import take_lock
from mlflow_instance.schema import current_revision

COMMAND = "load-dump"
_CHUNK_BYTES = 1024 * 1024
# What a migrated database holds before anybody used it: its revision, the default experiment and
# the default workspace.
_OF_A_NEW_INSTANCE = {"alembic_version": 1, "experiments": 1, "workspaces": 1}


def main(arguments: list[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    prepare_process()
    where = "the database"
    connection: Connection | None = None
    try:
        folder = _folder_of(sys.argv[1:] if arguments is None else arguments)
        settings = read_settings(environment)
        where = f"database {redacted(settings.database_uri)}"
        connection = connect(settings.database_uri, connect_timeout=10, session=UNBOUNDED)
        take_lock(connection)
        load(connection, open_bucket(settings), folder, Events(every_item=True))
        return DONE
    except Exception as error:
        return failed(COMMAND, error, where)
    finally:
        if connection is not None:
            connection.close()


def _folder_of(arguments: list[str]) -> str:
    if len(arguments) != 1 or not arguments[0].strip("/"):
        raise Refused(
            "expected one argument, the dump's folder in the instance's bucket, such as tmp/final-dump/2026-11-29T10-15-00Z"
        )
    return arguments[0].strip("/")


def load(connection: Connection, bucket: Bucket, folder: str, events: Events) -> None:
    manifest = _manifest(bucket, folder)
    connection.rollback()
    revision = current_revision(connection)
    if revision != manifest["schemaRevision"]:
        raise Refused(
            f"the dump is of schema revision {manifest['schemaRevision']} and the database of {revision}: "
            f"make the instance with MLflow {manifest['mlflowVersion']}, load the dump, then go to a newer one; nothing was changed"
        )
    tables = _tables(connection, manifest)
    _take_tables(connection, [table for table, _ in tables])
    # Dumps of before have none.
    tables += [(AUDIT_TABLE, described) for described in manifest.get("records", [])]
    for table, described in tables:
        _load_table(connection, bucket, f"{folder}/{described['file']}", table, described)
        events.item("table", name=table.full_name, rows=described["rows"])
    set_sequences(connection, manifest["sequences"])
    connection.commit()
    events.always(
        "summary",
        command=COMMAND,
        folder=folder,
        tables=len(tables),
        rows=sum(described["rows"] for _, described in tables),
    )


def _manifest(bucket: Bucket, folder: str) -> dict[str, Any]:
    text = bucket.get(f"{folder}/{MANIFEST}")
    if text is None:
        raise Refused(
            f"bucket {bucket.name} has no {folder}/{MANIFEST}: not a finished dump; nothing was changed"
        )
    try:
        manifest: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"{folder}/{MANIFEST}: is not JSON; nothing was changed") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else None
        raise Refused(
            f"{folder}/{MANIFEST} has format {found!r}, this image reads {FORMAT}; nothing was changed"
        )
    if not _is_manifest(manifest):
        raise Refused(f"{folder}/{MANIFEST}: is not what a final dump writes; nothing was changed")
    return manifest


def _is_manifest(manifest: dict[str, Any]) -> bool:
    """The copy may have been anybody's meanwhile: files stay in the dump's folder, and what becomes SQL has the type that it should."""
    tables, sequences = manifest.get("tables"), manifest.get("sequences")
    records = manifest.get("records", [])
    return (
        all(isinstance(manifest.get(name), str) for name in ("schemaRevision", "mlflowVersion"))
        and isinstance(tables, list)
        and all(isinstance(table, dict) and _is_table(table) for table in tables)
        and isinstance(records, list)
        and len(records) <= 1
        and all(isinstance(table, dict) and _is_audit(table) for table in records)
        and isinstance(sequences, dict)
        and all(type(value) is int and 0 < value < 2**63 for value in sequences.values())
    )


def _is_table(table: dict[str, Any]) -> bool:
    columns = table.get("columns")
    return (
        isinstance(table.get("name"), str)
        and table.get("file") == f"{table['name']}.csv.gz"
        and "/" not in table["name"]
        and isinstance(columns, list)
        and len(set(map(str, columns))) == len(columns)
        and all(isinstance(column, str) for column in columns)
        and all(type(table.get(name)) is int for name in ("rows", "bytes"))
        and isinstance(table.get("sha256"), str)
    )


def _is_audit(table: dict[str, Any]) -> bool:
    return (
        _is_table(table)
        and table["name"] == AUDIT_TABLE.full_name
        and tuple(table["columns"]) == AUDIT_TABLE.columns
    )


def _tables(connection: Connection, manifest: dict[str, Any]) -> list[tuple[Table, dict[str, Any]]]:
    described = {str(table["name"]): table for table in manifest["tables"]}
    tables = tables_of(connection)
    wrong = {table.name for table in tables} ^ set(described)
    wrong |= {
        table.name
        for table in tables
        if table.name in described and set(table.columns) != set(described[table.name]["columns"])
    }
    if wrong:
        raise Refused(
            f"dump and database differ in {', '.join(sorted(wrong)[:5])}; nothing was changed"
        )
    return [
        (Table(table.name, tuple(described[table.name]["columns"])), described[table.name])
        for table in tables
    ]


def _take_tables(connection: Connection, tables: list[Table]) -> None:
    """Keeps everybody else from writing until the end, and empties what a new instance has of its own."""
    with connection.cursor() as cursor:
        names = sql.SQL(", ").join(table.identifier for table in tables)
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))
        for table in tables:
            most = _OF_A_NEW_INSTANCE.get(table.name, 0)
            cursor.execute(
                sql.SQL("SELECT 1 FROM {} LIMIT %s").format(table.identifier), (most + 1,)
            )
            if cursor.rowcount > most:
                raise Refused(
                    f"table {table.name} has rows: a dump is loaded into an instance that nobody has used; nothing was changed"
                )
        for table in reversed(tables):
            cursor.execute(sql.SQL("DELETE FROM {}").format(table.identifier))


def _load_table(
    connection: Connection, bucket: Bucket, key: str, table: Table, described: dict[str, Any]
) -> None:
    source = PlainRows(bucket.chunks(key, _CHUNK_BYTES))
    with connection.cursor() as cursor:
        statement = sql.SQL(
            "COPY {} ({}) FROM STDIN WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')"
        )
        cursor.copy_expert(statement.format(table.identifier, table.column_list), source)
        rows = cursor.rowcount
    expected = Stored(described["bytes"], described["sha256"])
    if source.stored != expected or rows != described["rows"]:
        raise Impossible(
            f"{key} is not what {MANIFEST} says ({rows} of {described['rows']} rows); nothing was changed"
        )


if __name__ == "__main__":
    sys.exit(main())
