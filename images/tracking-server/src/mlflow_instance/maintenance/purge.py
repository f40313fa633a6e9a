"""`mlflow-instance-purge [--dry-run] [--confirm=<name>] [--requested-by=<who>] -- <kind> <id or
name>`: removes one named thing now.

It removes as retention does, without waiting for the end of the grace, and the whole thing or nothing
of it: what a registered model version needs, what has the tag `keep` and what is not deleted ends it
before anything goes.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.command import DONE, LEFT, Context, Work, execute
from mlflow_instance.maintenance.counts import Counts, counted
from mlflow_instance.maintenance.cutoffs import ANY_TIME, Cutoffs, TraceAges
from mlflow_instance.maintenance.errors import Refused
from mlflow_instance.maintenance.items import (
    DEFAULT_EXPERIMENT,
    EXPERIMENT,
    RUN,
    TRACE,
    Item,
    Kept,
    planned_items,
)
from mlflow_instance.maintenance.journal import finish_earlier, require_bucket_rights, unfinished
from mlflow_instance.maintenance.named import KINDS_BY_WORD, WORDS, Named, find_named
from mlflow_instance.maintenance.preview import preview_earlier, preview_items
from mlflow_instance.maintenance.privileges import RETENTION
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.removal import Removal
from mlflow_instance.maintenance.report import ReportFolder
from mlflow_instance.maintenance.restore import why_not_there
from mlflow_instance.maintenance.row_counts import count_rows
from mlflow_instance.maintenance.rows import without_rows
from mlflow_instance.maintenance.scope import Scope
from mlflow_instance.maintenance.selection import Selection
from mlflow_instance.printable import printable

COMMAND = "purge"
# What stays is told item by item; beyond these it is only counted.
_KEPT_TOLD = 20


@dataclass(frozen=True)
class Request:
    kind: str
    wanted: str
    # What was typed for its removal; None in a dry run.
    confirmed: str | None = None
    requested_by: str | None = None


def purging(request: Request) -> Work:
    return lambda context: _purge(context, request)


def _purge(context: Context, request: Request) -> int:
    with context.connection, context.connection.cursor() as cursor:
        named = find_named(cursor, request.kind, request.wanted)
    if named is None:
        return _finish(context, request)
    _tell(context, request, named)
    _require_removable(named)
    if not context.dry_run:
        _require_typed(request, named)
    return _remove(context, request, named)


def _tell(context: Context, request: Request, named: Named) -> None:
    context.events.always(
        "purge", **_told(request, named), confirm=named.typed, at=iso(context.now)
    )


def _told(request: Request, named: Named) -> dict[str, Any]:
    """What the event, the summary and the report say alike."""
    return {
        "kind": named.kind,
        "id": named.id,
        "name": named.name,
        "requestedBy": request.requested_by,
    }


def _require_typed(request: Request, named: Named) -> None:
    if request.confirmed != named.typed:
        raise Refused(
            f"{request.confirmed!r} was typed, and not {named.typed!r}, which removes {named}; "
            "nothing was changed"
        )


def _require_removable(named: Named) -> None:
    if named.kind == EXPERIMENT and named.experiment == DEFAULT_EXPERIMENT:
        raise Refused(
            f"{named} is MLflow's default experiment, which its server needs to start; "
            "remove what is in it, one by one; nothing was changed"
        )
    if named.deleted is False:
        raise Refused(
            f"{named} is not deleted: delete it first, in the UI or by a client; nothing was changed"
        )


def _remove(context: Context, request: Request, named: Named) -> int:
    counts, kept = Counts(), list[Kept]()
    scope = Scope(named.kind, named.id)
    ages = (
        TraceAges(ANY_TIME, ANY_TIME, frozenset({named.id}), of_deleted=True)
        if named.kind == TRACE
        else None
    )
    cutoffs = Cutoffs(ANY_TIME, ages)
    protection = Protection(context.connection, context.settings.store)
    context.connection.rollback()
    selection = Selection(context.connection, context.settings.store, protection, cutoffs, 0, scope)
    told = _told(request, named)
    with context.connection, context.connection.cursor() as cursor:
        told["rows"] = count_rows(cursor, scope)
        if named.kind == RUN and (children := _children(cursor, named.id)):
            context.events.always(
                "warning",
                message=f"{children} runs are nested in {named}; they stay, without their parent",
            )
    plans = _plans_of(context, named.kind, named.id)
    if context.dry_run:
        preview_earlier(context, protection, counts, plans)
        preview_items(context, _noting(selection, kept), protection, counts)
        context.summary(**told, **_fields(counts))
        _require_none_kept(named, kept, counts)
        return DONE

    folder = ReportFolder.new(context.bucket, COMMAND, context.started)
    require_bucket_rights(context, folder)
    removal = Removal(context, protection, cutoffs)
    finish_earlier(context, removal, counts, plans)
    folder.write_plan(item.as_plan() for item in counted(_noting(selection, kept), counts))
    if kept:
        folder.write_report(
            {
                **context.result(**told, **_fields(counts)),
                "refused": [found.as_event() for found in kept],
            }
        )
        for found in kept:
            context.events.always("keep", **found.as_event())
        _require_none_kept(named, kept, counts)
    for items in planned_items(folder, context.settings.store, removal.skip):
        removal.remove(items)
    if not without_rows(
        context.connection, [Item(named.kind, named.id, named.name, named.experiment, None, None)]
    ):
        removal.stayed(
            named.kind,
            named.id,
            "it was restored, tagged, registered or added to in the meantime, so what is left of it stays",
        )
    counts.removed, counts.changed, counts.failed = removal.removed, removal.changed, removal.failed
    return _end(context, folder, removal, told, counts)


def _end(
    context: Context, folder: ReportFolder, removal: Removal, told: dict[str, Any], counts: Counts
) -> int:
    left = removal.write_leftovers()
    result = context.result(**told, **_fields(counts), report=folder.report_key, leftovers=left)
    folder.write_report({**result, "failures": removal.failures})
    context.events.always("summary", **result)
    return LEFT if counts.failed else DONE


def _finish(context: Context, request: Request) -> int:
    """The rows aren't there: a purge of it that was killed may have left its objects, or it
    never was.
    """
    planned: list[Named] = []
    plans = _plans_of(context, request.kind, request.wanted, planned)
    if not planned:
        raise Refused(
            why_not_there(context.bucket, context.settings.store, request.wanted, request.kind)
            or f"no {WORDS[request.kind]} has the id or name {request.wanted!r}; nothing was changed"
        )
    named = planned[-1]
    _tell(context, request, named)
    counts, told = Counts(), _told(request, named)
    protection = Protection(context.connection, context.settings.store)
    context.connection.rollback()
    if context.dry_run:
        preview_earlier(context, protection, counts, plans)
        context.summary(**told, **_fields(counts))
        return DONE
    _require_typed(request, named)
    removal = Removal(context, protection, Cutoffs(ANY_TIME))
    folder = ReportFolder.new(context.bucket, COMMAND, context.started)
    require_bucket_rights(context, folder)
    finish_earlier(context, removal, counts, plans)
    counts.failed = removal.failed
    return _end(context, folder, removal, told, counts)


def _plans_of(
    context: Context, kind: str, wanted: str, planned: list[Named] | None = None
) -> list[ReportFolder]:
    """Earlier plans that name it and weren't finished, and what they name. Others are the next
    retention's.
    """

    def is_it(item: Item) -> bool:
        return item.kind == kind and (
            item.id == wanted or (kind == EXPERIMENT and item.name == wanted)
        )

    def about_it(folder: ReportFolder) -> bool:
        found = [
            item
            for items in planned_items(folder, context.settings.store, lambda *_: None)
            for item in items
            if is_it(item)
        ]
        if planned is not None:
            planned.extend(
                Named(item.kind, item.id, item.name, True, item.experiment) for item in found
            )
        return bool(found)

    return [folder for folder in unfinished(context) if about_it(folder)]


def _noting(selection: Selection, kept: list[Kept]) -> Iterator[Item | Kept]:
    for found in selection:
        if isinstance(found, Kept) and len(kept) < _KEPT_TOLD:
            kept.append(found)
        yield found


def _require_none_kept(named: Named, kept: list[Kept], counts: Counts) -> None:
    if kept:
        # What holds an experiment comes before the experiment.
        first = kept[0]
        because = f": {printable(first.because)}" if first.because else ""
        raise Refused(
            f"{named} can't be removed: {WORDS[first.kind]} {printable(first.id)} stays ({first.reason}{because}); "
            f"{sum(counts.kept.values())} such in all; nothing was changed"
        )


def _children(cursor: Any, run: str) -> int:
    cursor.execute(
        "SELECT count(*) FROM tags WHERE key = 'mlflow.parentRunId' AND value = %s", (run,)
    )
    ((children,),) = cursor.fetchall()
    return int(children)


def _fields(counts: Counts) -> dict[str, Any]:
    """Nothing is swept: that is the retention's."""
    fields = counts.as_fields()
    del fields["swept"]
    return fields


def parse(arguments: list[str]) -> tuple[Request, bool]:
    parser = argparse.ArgumentParser(prog=f"mlflow-instance-{COMMAND}", allow_abbrev=False)
    parser.add_argument("--dry-run", action="store_true", help="list what goes, and change nothing")
    parser.add_argument("--confirm", metavar="NAME", help="its name, or its id if it has no name")
    parser.add_argument("--requested-by", metavar="WHO", help="for the report and the log")
    parser.add_argument("kind", choices=KINDS_BY_WORD)
    parser.add_argument("what", help="its id, or a name that nothing else of its kind has")
    given = parser.parse_args(arguments)
    if not given.what.strip():
        parser.error("expected an id or a name, got nothing")
    if given.dry_run == (given.confirm is not None):
        parser.error("expected either --dry-run or --confirm=<its name>")
    return (
        Request(KINDS_BY_WORD[given.kind], given.what, given.confirm, given.requested_by),
        given.dry_run,
    )


def main() -> int:
    request, dry_run = parse(sys.argv[1:])
    return execute(COMMAND, RETENTION, purging(request), dry_run=dry_run)


if __name__ == "__main__":
    sys.exit(main())
