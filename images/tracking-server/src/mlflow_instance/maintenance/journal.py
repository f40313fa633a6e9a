"""Plan, rows, objects, report: what retention and purge have alike, and what the next of them takes up when one was killed.

The plan is in the bucket before the first row goes, an item's objects go after its rows have, and a plan without a report is
finished by the next run. So whenever this is killed, a run is there with all of its artifacts or not at all.
"""

from collections.abc import Iterable

from mlflow_instance.maintenance.bucket import Version
from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.command import Context
from mlflow_instance.maintenance.counts import Counts
from mlflow_instance.maintenance.errors import Impossible
from mlflow_instance.maintenance.items import planned_items
from mlflow_instance.maintenance.removal import Removal
from mlflow_instance.maintenance.report import ReportFolder, command_of, started_at
from mlflow_instance.maintenance.unfinished import journals


def require_bucket_rights(context: Context, folder: ReportFolder) -> None:
    """Writes and deletes one object: without these rights rows would go and their objects stay."""
    key = f"{folder.path}/probe"
    written = context.bucket.put(key, b"{}")
    failures = context.bucket.delete([key])
    if written is not None and not failures:
        # On a versioned bucket the probe and its marker go for good.
        traces = [version for version in context.bucket.versions(key) if version.key == key]
        failures = context.bucket.delete_versions(sorted(traces, key=_markers_last))
    if failures:
        raise Impossible(
            f"bucket {context.bucket.name}: no rights to delete: {failures[0].message}; nothing was removed"
        )


def _markers_last(version: Version) -> bool:
    return version.marker


def finish_earlier(
    context: Context, removal: Removal, counts: Counts, plans: Iterable[ReportFolder]
) -> None:
    """Deletes the objects of what earlier runs planned and whose rows are gone; rows that are still there are selected anew."""
    for earlier in plans:
        before, failed = len(removal.failures), removal.failed
        for items in planned_items(earlier, context.settings.store, removal.skip):
            for tally in removal.finish(items).values():
                counts.finish(tally)
        counts.finished["plans"] += 1
        # A broken plan won't be better tomorrow: told once. Items that stayed are tried again.
        failures = removal.failures[before:]
        if (
            all(failure["kind"] == "plan" for failure in failures)
            and len(removal.failures) - before == removal.failed - failed
        ):
            earlier.write_report(
                {
                    "command": command_of(earlier.path),
                    "instance": context.settings.instance,
                    "finishedBy": iso(context.started),
                    **({"failures": failures} if failures else {}),
                }
            )


def unfinished(context: Context) -> list[ReportFolder]:
    return [
        folder
        for folder, finished in journals(context.bucket)
        if not finished and started_at(folder.path) is not None
    ]
