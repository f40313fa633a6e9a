"""A dry run: the items and their objects, counted as a removal counts them, and nothing is changed."""

from collections.abc import Iterable, Iterator, Sequence

from mlflow_instance.maintenance.command import Context
from mlflow_instance.maintenance.counts import Counts
from mlflow_instance.maintenance.items import EXPERIMENT, PLURAL, Item, Kept, planned_items
from mlflow_instance.maintenance.objects import Tally, measure_objects
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.report import ITEMS_PER_PART, ReportFolder
from mlflow_instance.maintenance.rows import elsewhere, without_rows


def preview_earlier(
    context: Context, protection: Protection, counts: Counts, plans: Iterable[ReportFolder]
) -> None:
    for earlier in plans:
        for planned in planned_items(
            earlier,
            context.settings.store,
            lambda key, message: _tell_broken(context, key, message),
        ):
            gone = without_rows(context.connection, planned)
            moved = elsewhere(context.connection, context.settings.store, gone)
            needed = protection.needed(gone)
            free = [item for item in gone if item not in moved and item.id not in needed]
            for item, tally in _measured(context, free, protection):
                _print_remove(context, item, tally)
                counts.finish(tally)
        counts.finished["plans"] += 1


def preview_items(
    context: Context, found_items: Iterable[Item | Kept], protection: Protection, counts: Counts
) -> None:
    # What an experiment's items hold of its folder is counted with them.
    inside: dict[int, Tally] = {}
    for batch in _batches(found_items):
        items = [found for found in batch if isinstance(found, Item)]
        measured = dict((item.id, tally) for item, tally in _measured(context, items, protection))
        for found in batch:
            if isinstance(found, Kept):
                counts.kept[found.reason] += 1
                context.events.item("keep", **found.as_event())
                continue
            tally = measured[found.id]
            parts = inside.setdefault(found.experiment, Tally())
            if found.kind != EXPERIMENT:
                parts.objects += tally.objects
                parts.bytes += tally.bytes
            elif tally.objects:
                tally = Tally(
                    max(0, tally.objects - parts.objects), max(0, tally.bytes - parts.bytes)
                )
            _print_remove(context, found, tally)
            counts.removed[PLURAL[found.kind]] += 1
            counts.removed["objects"] += tally.objects
            counts.removed["bytes"] += tally.bytes


def _tell_broken(context: Context, key: str, message: str) -> None:
    context.events.always("fail", kind="plan", id=key, message=f"{message}; skipped")


def _batches(found_items: Iterable[Item | Kept]) -> Iterator[list[Item | Kept]]:
    batch: list[Item | Kept] = []
    for found in found_items:
        if len(batch) == ITEMS_PER_PART or (batch and batch[-1].kind != found.kind):
            yield batch
            batch = []
        batch.append(found)
    if batch:
        yield batch


def _measured(
    context: Context, items: Sequence[Item], protection: Protection
) -> list[tuple[Item, Tally]]:
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
        madeAt=item.made,
        objects=tally.objects,
        bytes=tally.bytes,
    )
