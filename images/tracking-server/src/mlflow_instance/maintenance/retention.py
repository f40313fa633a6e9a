"""`mlflow-instance-retention`: removes for good what was deleted longer ago than the instance's retention, and nothing else.

How it removes, and why it may be killed at any moment: journal.py.
"""

import sys

from mlflow_instance.maintenance import trace_sightings
from mlflow_instance.maintenance.clock import iso, milliseconds
from mlflow_instance.maintenance.command import DONE, LEFT, Context, execute, flag
from mlflow_instance.maintenance.counts import Counts, counted
from mlflow_instance.maintenance.cutoffs import Cutoffs, TraceAges
from mlflow_instance.maintenance.errors import Impossible, StoreUnreachable
from mlflow_instance.maintenance.items import planned_items
from mlflow_instance.maintenance.journal import finish_earlier, require_bucket_rights, unfinished
from mlflow_instance.maintenance.preview import preview_earlier, preview_items
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.removal import Removal
from mlflow_instance.maintenance.report import ReportFolder
from mlflow_instance.maintenance.selection import Selection
from mlflow_instance.maintenance.settings import in_words
from mlflow_instance.maintenance.sweeps import all_sweeps

COMMAND = "retention"


def retain(context: Context) -> int:
    counts = Counts()
    cutoff = context.now - context.settings.retention
    sightings = _sightings(context)
    cutoffs = Cutoffs(milliseconds(cutoff), _trace_ages(context, sightings))
    protection = Protection(context.connection, context.settings.store)
    context.connection.rollback()
    selection = Selection(
        context.connection,
        context.settings.store,
        protection,
        cutoffs,
        int(context.settings.retention.total_seconds() * 1000),
    )
    limits = {"retention": in_words(context.settings.retention), "cutoff": iso(cutoff)}
    if context.settings.trace_retention is not None:
        limits["traceRetention"] = in_words(context.settings.trace_retention)
    for words in protection.wide:
        context.events.always(
            "warning",
            message=f"{words}, which is everything and so protects nothing; delete or correct that version",
        )
    if context.dry_run:
        preview_earlier(context, protection, counts, unfinished(context))
        preview_items(context, selection, protection, counts)
        _sweep(context, counts)
        context.summary(**limits, **counts.as_fields())
        return DONE

    if cutoffs.traces is not None:
        trace_sightings.store(context.bucket, sightings)
    folder = ReportFolder.new(context.bucket, COMMAND, context.started)
    require_bucket_rights(context, folder)
    removal = Removal(context, protection, cutoffs)
    finish_earlier(context, removal, counts, unfinished(context))
    folder.write_plan(item.as_plan() for item in counted(selection, counts))
    for items in planned_items(folder, context.settings.store, removal.skip):
        removal.remove(items)
    counts.removed, counts.changed = removal.removed, removal.changed
    _sweep(context, counts)
    counts.failed += removal.failed
    left = removal.write_leftovers()
    result = context.result(
        **limits, **counts.as_fields(), report=folder.report_key, leftovers=left
    )
    folder.write_report({**result, "failures": removal.failures})
    context.events.always("summary", **result)
    return LEFT if counts.failed else DONE


def _sightings(context: Context) -> dict[str, int]:
    """Of traces whose time can't be true: when each was first seen, this time included."""
    if context.settings.trace_retention is None:
        return {}
    before: dict[str, int] = {}
    try:
        before = trace_sightings.load(context.bucket)
    except trace_sightings.SightingsError as error:
        # Nothing goes early by that: they count from now on.
        context.events.always(
            "warning", message=f"{trace_sightings.KEY}: {error}; it is written anew"
        )
    now = milliseconds(context.now)
    return trace_sightings.sight(before, trace_sightings.odd_traces(context.connection, now), now)


def _trace_ages(context: Context, sightings: dict[str, int]) -> TraceAges | None:
    if context.settings.trace_retention is None:
        return None
    cutoff = milliseconds(context.now - context.settings.trace_retention)
    sighted = frozenset(trace for trace, seen in sightings.items() if seen <= cutoff)
    return TraceAges(cutoff, milliseconds(context.now), sighted)


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
