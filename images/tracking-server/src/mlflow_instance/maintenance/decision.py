"""Whether one row goes or stays, and why: its time, a keep tag, what needs it, and where its objects are."""

from dataclasses import replace
from typing import Any

from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.cutoffs import Cutoffs
from mlflow_instance.maintenance.items import RUN, TRACE, Item, Kept, own_place
from mlflow_instance.maintenance.locations import ArtifactStore, is_at_or_under
from mlflow_instance.maintenance.protection import Protection


class Decision:
    def __init__(
        self, store: ArtifactStore, protection: Protection, cutoffs: Cutoffs, retention_ms: int
    ) -> None:
        self._store = store
        self._protection = protection
        self._cutoffs = cutoffs
        self._retention = retention_ms

    def of(
        self,
        kind: str,
        item: str,
        name: str | None,
        experiment: int,
        folder: str | None,
        locations: list[str | None],
        deleted: int | None,
        tag: str | None,
        holder: str | None = None,
    ) -> Item | Kept:
        """`folder` is the experiment's location; `locations` is where the row says that its objects are."""
        own_folder = self._store.own_prefix(folder)
        place = own_place(kind, item, own_folder)
        prefixes = [self._store.own_prefix(location) for location in locations]
        kept = self.by_time_or_tag(deleted, tag)
        known = sorted({prefix for prefix in (place, *prefixes) if prefix is not None})
        if kept is None and (because := self._protection.because(kind, item, known)):
            kept = ("registered", because)
        if kept is None and holder is not None:
            kept = ("holds-kept", holder)
        if kept is None and None in prefixes:
            kept = (
                "not-in-bucket",
                next(
                    location
                    for location, prefix in zip(locations, prefixes, strict=True)
                    if prefix is None
                ),
            )
        if kept is None and (
            place is None if locations else own_folder is not None and place is None
        ):
            kept = ("elsewhere", locations[0] if locations else None)
        if (
            kept is None
            and place is not None
            and not all(is_at_or_under(prefix or "", place) for prefix in prefixes)
        ):
            kept = (
                "elsewhere",
                next(
                    location
                    for location, at in zip(locations, prefixes, strict=True)
                    if not is_at_or_under(at or "", place)
                ),
            )
        if kept is None:
            return Item(kind, item, name, experiment, iso(deleted), own_folder)
        return Kept(kind, item, name, experiment, *kept)

    def by_time_or_tag(self, deleted: int | None, tag: str | None) -> tuple[str, str | None] | None:
        if deleted is None:
            return ("unknown-deletion-time", None)
        if deleted > self._cutoffs.deleted:
            return ("recent", iso(deleted + self._retention))
        return ("keep-tag", tag) if tag is not None else None

    def by_age(self, row: tuple[Any, ...]) -> Item | Kept:
        """A trace that isn't with a deletion: old by its own time, or of a time that can't be true."""
        (
            trace,
            experiment,
            _,
            _,
            made,
            time,
            locations,
            keep,
            experiment_name,
            experiment_keep,
            kept_run,
            runs,
            folder,
        ) = row
        ages = self._cutoffs.traces
        if made is None and (ages is None or trace not in ages.sighted):
            return Kept(TRACE, trace, None, experiment, "impossible-time", iso(time))
        tag = keep_tag(keep, experiment_keep, experiment_name) or (
            f"tag keep of run {kept_run}" if kept_run else None
        )
        if tag is None and (
            label := next(
                filter(None, (self._protection.because(RUN, run, []) for run in sorted(runs))), None
            )
        ):
            return Kept(TRACE, trace, None, experiment, "registered", label)
        # Its age is decided; a deletion it has none.
        found = self.of(
            TRACE, trace, None, experiment, folder, list(locations), self._cutoffs.deleted, tag
        )
        return (
            replace(found, deleted=None, made=iso(time if made is None else made))
            if isinstance(found, Item)
            else found
        )


def keep_tag(
    keep: bool, experiment_keep: bool = False, experiment: str | None = None
) -> str | None:
    return (
        "tag keep" if keep else f"tag keep of experiment {experiment}" if experiment_keep else None
    )
