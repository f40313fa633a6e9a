"""`mlflow-instance-final-dump`: writes everything that the database holds beside the artifacts, once nobody can change it any more.

`final-dump/<UTC time>/<table>.csv.gz` for every table, and `manifest.json` last: a folder without one is no dump. A run that was
cut off leaves such a folder, and the next one begins anew in another.
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ
from psycopg2.extensions import connection as Connection

from mlflow_instance.audit.schema import has_records
from mlflow_instance.database import UNBOUNDED, connect, redacted
from mlflow_instance.dump.others import WITHIN_SECONDS, in_use, others, wait_until_alone
from mlflow_instance.dump.settings import DumpSettings, read_settings
from mlflow_instance.dump.stored import CompressedObject
from mlflow_instance.dump.tables import AUDIT_TABLE, Table, sequences_of, tables_of
from mlflow_instance.maintenance.bucket import Bucket, open_bucket
from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.command import DONE, failed, prepare_process
from mlflow_instance.maintenance.errors import InUse
from mlflow_instance.maintenance.events import Events
from mlflow_instance.maintenance.locations import FINAL_DUMP
from mlflow_instance.schema import current_revision

MANIFEST = "manifest.json"
FORMAT = 1
COMMAND = "final-dump"


def main(
    environment: Mapping[str, str] = os.environ, *, wait_seconds: float = WITHIN_SECONDS
) -> int:
    prepare_process()
    where = "the database"
    connection: Connection | None = None
    try:
        settings = read_settings(environment)
        where = f"database {redacted(settings.database_uri)}"
        connection = connect(settings.database_uri, connect_timeout=10, session=UNBOUNDED)
        wait_until_alone(connection, seconds=wait_seconds)
        dump(connection, open_bucket(settings), settings, Events(every_item=True))
        return DONE
    except Exception as error:
        return failed(COMMAND, error, where)
    finally:
        if connection is not None:
            connection.close()


def dump(connection: Connection, bucket: Bucket, settings: DumpSettings, events: Events) -> str:
    """Returns the dump's folder."""
    started = datetime.now(UTC)
    folder = f"{FINAL_DUMP}/{started.strftime('%Y-%m-%dT%H-%M-%SZ')}"
    _abort_former_uploads(bucket)
    connection.rollback()
    revision = current_revision(connection)
    recorded = has_records(connection)
    # One picture of all tables, whoever may still write in spite of everything.
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ, readonly=True)
    tables, records = [], []
    for table in [*tables_of(connection), *([AUDIT_TABLE] if recorded else [])]:
        written = _dump_table(connection, bucket, f"{folder}/{table.full_name}.csv.gz", table)
        events.item("table", **written)
        (records if table is AUDIT_TABLE else tables).append(written)
    sequences = sequences_of(connection)
    connection.rollback()
    # Somebody who came meanwhile may have written what the picture doesn't show.
    if found := others(connection):
        raise InUse(in_use(found))
    manifest = {
        "format": FORMAT,
        "instance": settings.instance,
        "mlflowVersion": version("mlflow"),
        "schemaRevision": revision,
        "startedAt": iso(started),
        "finishedAt": iso(datetime.now(UTC)),
        "tables": tables,
        # Apart: an image of before knows MLflow's tables only, and still loads this dump.
        "records": records,
        "sequences": sequences,
    }
    bucket.put(f"{folder}/{MANIFEST}", json.dumps(manifest, indent=2, ensure_ascii=False).encode())
    events.always(
        "summary",
        command=COMMAND,
        instance=settings.instance,
        folder=folder,
        tables=len(tables) + len(records),
        rows=sum(table["rows"] for table in [*tables, *records]),
        bytes=sum(table["bytes"] for table in [*tables, *records]),
    )
    return folder


def _dump_table(connection: Connection, bucket: Bucket, key: str, table: Table) -> dict[str, Any]:
    target = CompressedObject(bucket, key)
    try:
        with connection.cursor() as cursor:
            statement = sql.SQL(
                "COPY {} ({}) TO STDOUT WITH (FORMAT csv, HEADER true, ENCODING 'UTF8')"
            )
            cursor.copy_expert(statement.format(table.identifier, table.column_list), target)
            rows = cursor.rowcount
        stored = target.finish()
    except BaseException:
        target.abort()
        raise
    return {
        "name": table.full_name,
        "file": key.rpartition("/")[2],
        "columns": list(table.columns),
        "rows": rows,
        "bytes": stored.bytes,
        "sha256": stored.sha256,
    }


def _abort_former_uploads(bucket: Bucket) -> None:
    """Of runs that were killed: the lock says that none of them is under way."""
    for upload in bucket.uploads():
        if upload.key.startswith(f"{FINAL_DUMP}/"):
            bucket.abort(upload)


if __name__ == "__main__":
    sys.exit(main())
