"""`mlflow-instance-retention`: removes for good what was deleted longer ago than the instance's retention, and nothing else.

Rows first, with a journal: the plan is in the bucket before the first row goes, an item's objects go after its rows have,
and a plan without a report is finished by the next run. So whenever this is killed, a run is there with all of its artifacts or
not at all.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlflow_instance.maintenance.bucket import Version
from mlflow_instance.maintenance.clock import iso, milliseconds
from mlflow_instance.maintenance.command import DONE, LEFT, Context, execute, flag
from mlflow_instance.maintenance.errors import Impossible, StoreUnreachable
from mlflow_instance.maintenance.items import EXPERIMENT, PLURAL, Item, Kept, planned_items
from mlflow_instance.maintenance.objects import Tally, measure_objects
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.removal import Removal
from mlflow_instance.maintenance.report import ITEMS_PER_PART, ReportFolder, started_at
from mlflow_instance.maintenance.rows import elsewhere, without_rows
from mlflow_instance.maintenance.selection import Selection
from mlflow_instance.maintenance.settings import in_words
from mlflow_instance.maintenance.sweeps import all_sweeps
from mlflow_instance.maintenance.unfinished import folders

COMMAND = "retention"


@dataclass
class Counts:
    removed: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    finished: Counter[str] = field(default_factory=Counter)
    swept: dict[str, dict[str, int]] = field(default_factory=dict)
    # Planned, but restored, tagged or registered before its turn came.
    changed: int = 0
    failed: int = 0

    def finish(self, tally: Tally) -> None:
        self.finished["items"] += 1
        self.finished["objects"] += tally.objects
        self.finished["bytes"] += tally.bytes

    def as_fields(self) -> dict[str, Any]:
        removed = {name: self.removed[name] for name in (*PLURAL.values(), "objects", "bytes")}
        finished = {name: self.finished[name] for name in ("plans", "items", "objects", "bytes")}
        return {
            "removed": removed,
            "kept": dict(sorted(self.kept.items())),
            "finished": finished,
            "swept": self.swept,
            "changed": self.changed,
            "failed": self.failed,
        }


def retain(context: Context) -> int:
    counts = Counts()
    cutoff = context.now - context.settings.retention
    protection = Protection(context.connection, context.settings.store)
    context.connection.rollback()
    selection = Selection(
        context.connection,
        context.settings.store,
        protection,
        milliseconds(cutoff),
        int(context.settings.retention.total_seconds() * 1000),
    )
    limits = {"retention": in_words(context.settings.retention), "cutoff": iso(cutoff)}
    for words in protection.wide:
        context.events.always("warning", message=f"{words}, which is everything and so protects nothing; delete or correct that version")
    if context.dry_run:
        _preview(context, selection, protection, counts)
        context.summary(**limits, **counts.as_fields())
        return DONE

    folder = ReportFolder.new(context.bucket, COMMAND, context.started)
    _require_bucket_rights(context, folder)
    removal = Removal(context, protection, milliseconds(cutoff))
    _finish_earlier(context, removal, counts)
    folder.write_plan(item.as_plan() for item in _counted(selection, counts))
    for items in planned_items(folder, context.settings.store, removal.skip):
        removal.remove(items)
    counts.removed, counts.changed = removal.removed, removal.changed
    _sweep(context, counts)
    counts.failed += removal.failed
    left = removal.write_leftovers()
    result = context.result(**limits, **counts.as_fields(), report=folder.report_key, leftovers=left)
    folder.write_report({**result, "failures": removal.failures})
    context.events.always("summary", **result)
    return LEFT if counts.failed else DONE


def _counted(selection: Selection, counts: Counts) -> Iterator[Item]:
    for found in selection:
        if isinstance(found, Kept):
            counts.kept[found.reason] += 1
        else:
            yield found


def _require_bucket_rights(context: Context, folder: ReportFolder) -> None:
    """Writes and deletes one object: without these rights rows would go and their objects stay."""
    key = f"{folder.path}/probe"
    written = context.bucket.put(key, b"{}")
    failures = context.bucket.delete([key])
    if written is not None and not failures:
        # On a versioned bucket the probe and its marker go for good.
        traces = [version for version in context.bucket.versions(key) if version.key == key]
        failures = context.bucket.delete_versions(sorted(traces, key=_markers_last))
    if failures:
        raise Impossible(f"bucket {context.bucket.name}: no rights to delete: {failures[0].message}; nothing was removed")


def _markers_last(version: Version) -> bool:
    return version.marker


def _finish_earlier(context: Context, removal: Removal, counts: Counts) -> None:
    """Deletes the objects of what earlier runs planned and whose rows are gone; rows that are still there are selected anew."""
    for earlier in _unfinished(context):
        before, failed = len(removal.failures), removal.failed
        for items in planned_items(earlier, context.settings.store, removal.skip):
            for tally in removal.finish(items).values():
                counts.finish(tally)
        counts.finished["plans"] += 1
        # What is broken won't be better tomorrow: told once. What stayed is tried again.
        failures = removal.failures[before:]
        if all(failure["kind"] == "plan" for failure in failures) and len(removal.failures) - before == removal.failed - failed:
            earlier.write_report(
                {
                    "command": COMMAND,
                    "instance": context.settings.instance,
                    "finishedBy": iso(context.started),
                    **({"failures": failures} if failures else {}),
                }
            )


def _unfinished(context: Context) -> list[ReportFolder]:
    return [folder for folder, finished in folders(context.bucket, COMMAND) if not finished and started_at(folder.path) is not None]


def _preview(context: Context, selection: Selection, protection: Protection, counts: Counts) -> None:
    for earlier in _unfinished(context):
        for planned in planned_items(earlier, context.settings.store, lambda key, message: _tell_broken(context, key, message)):
            gone = without_rows(context.connection, planned)
            moved = elsewhere(context.connection, context.settings.store, gone)
            needed = protection.needed(gone)
            free = [item for item in gone if item not in moved and item.id not in needed]
            for item, tally in _measured(context, free, protection):
                _print_remove(context, item, tally)
                counts.finish(tally)
        counts.finished["plans"] += 1

    # What an experiment's items hold of its folder is counted with them.
    inside: dict[int, Tally] = {}
    for batch in _batches(selection):
        items = [found for found in batch if isinstance(found, Item)]
        measured = dict((item.id, tally) for item, tally in _measured(context, items, protection))
        for found in batch:
            if isinstance(found, Kept):
                counts.kept[found.reason] += 1
                context.events.item(
                    "keep",
                    kind=found.kind,
                    id=found.id,
                    name=found.name,
                    experiment=str(found.experiment),
                    reason=found.reason,
                    because=found.because,
                )
                continue
            tally = measured[found.id]
            parts = inside.setdefault(found.experiment, Tally())
            if found.kind != EXPERIMENT:
                parts.objects += tally.objects
                parts.bytes += tally.bytes
            elif tally.objects:
                tally = Tally(max(0, tally.objects - parts.objects), max(0, tally.bytes - parts.bytes))
            _print_remove(context, found, tally)
            counts.removed[PLURAL[found.kind]] += 1
            counts.removed["objects"] += tally.objects
            counts.removed["bytes"] += tally.bytes
    _sweep(context, counts)


def _tell_broken(context: Context, key: str, message: str) -> None:
    context.events.always("fail", kind="plan", id=key, message=f"{message}; skipped")


def _batches(selection: Selection) -> Iterator[list[Item | Kept]]:
    batch: list[Item | Kept] = []
    for found in selection:
        if len(batch) == ITEMS_PER_PART or (batch and batch[-1].kind != found.kind):
            yield batch
            batch = []
        batch.append(found)
    if batch:
        yield batch


def _measured(context: Context, items: Sequence[Item], protection: Protection) -> list[tuple[Item, Tally]]:
    tallies = measure_objects(context.bucket, items, protection) if items else {}
    return [(item, tallies[item.id]) for item in items]


def _print_remove(context: Context, item: Item, tally: Tally) -> None:
    context.events.item(
        "remove",
        kind=item.kind,
        id=item.id,
        name=item.name,
        experiment=str(item.experiment),
        deletedAt=item.deleted,
        objects=tally.objects,
        bytes=tally.bytes,
    )


def _sweep(context: Context, counts: Counts) -> None:
    settings = context.settings
    sweeps = all_sweeps(
        context.bucket,
        context.now,
        settings.retention,
        versioning=settings.versioning,
        lifecycle=settings.lifecycle,
        delete=not context.dry_run,
    )
    for sweep in sweeps:
        try:
            swept = sweep()
        except StoreUnreachable:
            raise
        except Impossible as error:
            counts.failed += 1
            context.events.always("fail", kind="sweep", message=str(error))
            continue
        context.events.item("sweep", what=swept.what, objects=swept.objects, bytes=swept.bytes)
        counts.swept[swept.what] = {"objects": swept.objects, "bytes": swept.bytes}
        counts.failed += len(swept.failures)
        for failure in swept.failures[:10]:
            context.events.always("fail", kind=swept.what, id=failure.key, message=failure.message)


def main() -> int:
    dry_run = flag(COMMAND, "--dry-run", sys.argv[1:])
    return 2 if dry_run is None else execute(COMMAND, RETENTION, retain, dry_run=dry_run)


if __name__ == "__main__":
    sys.exit(main())
