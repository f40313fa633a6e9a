"""`mlflow-instance-orphans [--remove]`: objects that no row points to, and rows whose objects are missing.

The answer is written to the bucket in parts while it is found, and only printed (or acted on) when all of it was found: a
comparison that breaks off, or a store that lists in another order, would make orphans of what is in use.
"""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from mlflow_instance.maintenance.bucket import Bucket
from mlflow_instance.maintenance.clock import iso, milliseconds
from mlflow_instance.maintenance.command import DONE, LEFT, Context, execute, flag
from mlflow_instance.maintenance.coverage import (
    Covered,
    Location,
    Missing,
    OrderError,
    Pending,
    StoredObject,
    compare,
)
from mlflow_instance.maintenance.errors import Impossible
from mlflow_instance.maintenance.locations import FINAL_DUMP, MAINTENANCE, is_at_or_under
from mlflow_instance.maintenance.pointers import Pointers, Unusual
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.report import ReportFolder
from mlflow_instance.maintenance.unfinished import unfinished_prefixes

COMMAND = "orphans"
# What is younger may be an upload whose row comes a moment later, or a row whose upload is on its
# way.
JUDGED_AFTER = timedelta(days=1)
# Swept by age alone, and the jobs' own folder.
_NOT_JUDGED = ("tmp/", f"{MAINTENANCE}/", f"{FINAL_DUMP}/")

_logger = logging.getLogger(__name__)


def main() -> int:
    remove = flag(COMMAND, "--remove", sys.argv[1:])
    return 2 if remove is None else execute(COMMAND, RETENTION, work, dry_run=not remove)


def work(context: Context) -> int:
    """Without --remove it is a dry run: nothing but the report is written."""
    judged = milliseconds(context.now - JUDGED_AFTER)
    pointers = Pointers(context.connection, context.settings.store, judged)
    folder = ReportFolder.new(context.bucket, COMMAND, context.started)
    counts: dict[str, Any] = dict.fromkeys(
        ("objects", "orphans", "orphanBytes", "missing", "recent", "awaitingRetention"), 0
    )
    try:
        folder.write_plan(_compare(context, pointers, judged, counts))
    except OrderError as error:
        folder.write_report({"command": COMMAND, "error": str(error)})
        raise Impossible(
            f"bucket {context.bucket.name}: {error}; the comparison can't be trusted and was dropped, nothing was removed"
        ) from None

    failures: dict[str, str] = {}
    if not context.dry_run:
        counts |= {"removed": 0, "removedBytes": 0, "inUseAgain": 0, "failed": 0}
    changed: dict[str, str] = {}
    for _, texts in folder.read_plan(changed.__setitem__):
        part = [json.loads(text) for text in texts]
        for line in part:
            context.events.item(**line)
        if not context.dry_run:
            failures |= _remove(
                context.bucket,
                pointers,
                [line for line in part if line["event"] == "orphan"],
                counts,
            )
    failures |= changed
    for key, message in failures.items():
        context.events.always("fail", kind="object", id=key, message=message)
    folder.write_report({**context.summary(**counts), "failures": failures})
    return LEFT if failures else DONE


def _compare(
    context: Context, pointers: Pointers, judged: int, counts: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    pending = [
        Location(prefix, "unfinished", "", pending=True)
        for prefix in unfinished_prefixes(context.bucket, context.settings.store)
    ]
    with pointers.in_key_order(pending) as locations:
        warned = _warn_of_wide(locations, context.settings.store.root)
        for answer in compare(_objects(context.bucket, counts), warned):
            match answer:
                case Covered():
                    pass
                case Missing(location):
                    counts["missing"] += 1
                    yield {
                        "event": "missing",
                        "kind": location.kind,
                        "id": location.id,
                        "location": location.path,
                    }
                case Pending():
                    counts["awaitingRetention"] += 1
                case _ if answer.object.modified >= judged:
                    counts["recent"] += 1
                case _:
                    counts["orphans"] += 1
                    counts["orphanBytes"] += answer.object.bytes
                    found = answer.object
                    yield {
                        "event": "orphan",
                        "key": found.key,
                        "bytes": found.bytes,
                        "modified": iso(found.modified),
                    }
        for row in pointers.unusual:
            if _is_missing(row):
                counts["missing"] += 1
                yield {"event": "missing", "kind": row.kind, "id": row.id, "location": row.uri}


def _objects(bucket: Bucket, counts: dict[str, Any]) -> Iterator[StoredObject]:
    for found in bucket.objects(""):
        if not found.key.startswith(_NOT_JUDGED):
            counts["objects"] += 1
            yield StoredObject(found.key, found.size, milliseconds(found.modified))


def _is_missing(row: Unusual) -> bool:
    return row.required and not any(location.found for location in row.locations)


def _warn_of_wide(locations: Iterator[Location], root: str) -> Iterator[Location]:
    """A row that points at everything makes everything used. That is for a person to see, not for this job to doubt."""
    for location in locations:
        if is_at_or_under(root, location.path):
            _logger.warning(
                "%s %s points at the whole of %r: nothing under it counts as orphan",
                location.kind,
                location.id,
                location.path,
            )
        yield location


def _remove(
    bucket: Bucket, pointers: Pointers, lines: list[dict[str, Any]], counts: dict[str, Any]
) -> dict[str, str]:
    """The keys that stayed though no row needs them. The database is asked again: a registration since then wins."""
    sizes = {str(line["key"]): int(line["bytes"]) for line in lines}
    needed = pointers.needed(sizes) if sizes else set()
    failures = {
        failure.key: failure.message
        for failure in bucket.delete(key for key in sizes if key not in needed)
    }
    gone = [key for key in sizes if key not in needed and key not in failures]
    counts["removed"] += len(gone)
    counts["removedBytes"] += sum(sizes[key] for key in gone)
    counts["inUseAgain"] += len(needed)
    counts["failed"] += len(failures)
    return failures


if __name__ == "__main__":
    sys.exit(main())
