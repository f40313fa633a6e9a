"""Which deleted things go, which stay and why. It reads one snapshot, a page at a time, and changes nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.cutoffs import Cutoffs
from mlflow_instance.maintenance.items import (
    DEFAULT_EXPERIMENT,
    EXPERIMENT,
    MODEL,
    RUN,
    TRACE,
    Item,
    Kept,
    own_place,
)
from mlflow_instance.maintenance.locations import ArtifactStore, is_at_or_under
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.scope import EVERYTHING, Scope
from mlflow_instance.maintenance.trace_links import KEPT_RUN_OF_TRACE, RUNS_OF_TRACE
from mlflow_instance.maintenance.trace_times import IS_AGED_OR_ODD, IS_POSSIBLE, MADE

_PAGE = 1000
_EXPERIMENT_KEEP = "EXISTS (SELECT FROM experiment_tags k WHERE k.experiment_id = e.experiment_id AND k.key = 'keep')"

# PostgreSQL drops what is always true: without a scope nothing is compared.
_IN_SCOPE = "(%(experiment)s::int IS NULL OR e.experiment_id = %(experiment)s) AND (%(item)s::text IS NULL OR {id} = %(item)s)"
_EXPIRED = "e.lifecycle_stage = 'deleted' AND e.last_update_time <= %(cutoff)s"

# Also the active runs of experiments whose time has come: somebody took them back, so their
# experiment stays.
_RUNS = f"""
    SELECT r.run_uuid, r.name, r.experiment_id, e.name, r.artifact_uri, r.lifecycle_stage, r.deleted_time,
           EXISTS (SELECT FROM tags k WHERE k.run_uuid = r.run_uuid AND k.key = 'keep'), {_EXPERIMENT_KEEP}, coalesce({_EXPIRED}, false),
           e.artifact_location
    FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
    WHERE (r.lifecycle_stage = 'deleted' OR ({_EXPIRED})) AND {_IN_SCOPE.format(id="r.run_uuid")}
    ORDER BY r.experiment_id, r.run_uuid COLLATE "C"
"""
_MODELS = f"""
    SELECT m.model_id, m.name, m.experiment_id, e.name, m.artifact_location, m.lifecycle_stage, m.last_updated_timestamp_ms,
           e.last_update_time, m.source_run_id,
           EXISTS (SELECT FROM logged_model_tags k WHERE k.model_id = m.model_id AND k.tag_key = 'keep'), {_EXPERIMENT_KEEP},
           e.artifact_location
    FROM logged_models m JOIN experiments e ON e.experiment_id = m.experiment_id
    WHERE (m.lifecycle_stage = 'deleted' OR ({_EXPIRED})) AND {_IN_SCOPE.format(id="m.model_id")}
    ORDER BY m.experiment_id, m.model_id COLLATE "C"
"""
# MLflow has no deleted stage for traces: they go with their experiment, or by their own time.
_TRACES = f"""
    SELECT t.request_id, t.experiment_id, coalesce({_EXPIRED}, false), e.last_update_time,
           CASE WHEN {IS_POSSIBLE} THEN {MADE} END, t.timestamp_ms,
           array(SELECT l.value FROM trace_tags l
                 WHERE l.request_id = t.request_id AND l.key IN ('mlflow.artifactLocation', 'mlflow.trace.archiveLocation') ORDER BY l.key),
           EXISTS (SELECT FROM trace_tags k WHERE k.request_id = t.request_id AND k.key = 'keep'), e.name, {_EXPERIMENT_KEEP},
           CASE WHEN {_EXPIRED} THEN NULL ELSE ({KEPT_RUN_OF_TRACE} LIMIT 1) END,
           CASE WHEN {_EXPIRED} THEN NULL ELSE array({RUNS_OF_TRACE}) END, e.artifact_location
    FROM trace_info t JOIN experiments e ON e.experiment_id = t.experiment_id
    WHERE (({_EXPIRED}) OR {IS_AGED_OR_ODD}) AND {_IN_SCOPE.format(id="t.request_id")}
    ORDER BY t.experiment_id, t.request_id COLLATE "C"
"""
# A guardrail refers to a scorer without a cascade: the experiment can't go before it.
_EXPERIMENTS = f"""
    SELECT e.experiment_id, e.name, e.artifact_location, e.last_update_time, {_EXPERIMENT_KEEP},
           (SELECT g.name FROM guardrails g JOIN scorers s ON s.scorer_id = g.scorer_id WHERE s.experiment_id = e.experiment_id LIMIT 1)
    FROM experiments e WHERE e.lifecycle_stage = 'deleted' AND {_IN_SCOPE.format(id="e.experiment_id::text")} ORDER BY e.experiment_id
"""


class Selection:
    def __init__(
        self,
        connection: Connection,
        store: ArtifactStore,
        protection: Protection,
        cutoffs: Cutoffs,
        retention_ms: int,
        scope: Scope = EVERYTHING,
    ) -> None:
        self._connection = connection
        self._store = store
        self._protection = protection
        self._cutoffs = cutoffs
        self._retention = retention_ms
        self._scope = scope
        # Experiment -> what in it stays.
        self._held: dict[int, str] = {}
        # Of experiments whose time has come: one id for each run that keeps such an experiment.
        self._kept_runs: set[str] = set()

    def __iter__(self) -> Iterator[Item | Kept]:
        """Runs, logged models, traces, experiments: what is kept in an experiment is known when its turn comes."""
        self._connection.rollback()
        with self._connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._protection.refresh()
        each = {
            RUN: self._runs,
            MODEL: self._models,
            TRACE: self._traces,
            EXPERIMENT: self._experiments,
        }
        for kind in self._scope.kinds:
            yield from each[kind]()
        self._connection.rollback()

    def _rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        with self._connection.cursor(name="selection") as cursor:
            cursor.itersize = _PAGE
            cursor.execute(
                statement,
                {
                    **self._cutoffs.values(),
                    "experiment": self._scope.experiment,
                    "item": self._scope.item,
                },
            )
            yield from cursor

    def _batches(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        batch: list[tuple[Any, ...]] = []
        for row in self._rows(statement):
            batch.append(row)
            if len(batch) == _PAGE:
                yield batch
                batch = []
        if batch:
            yield batch

    def _runs(self) -> Iterator[Item | Kept]:
        for batch in self._batches(_RUNS):
            decisions = []
            for row in batch:
                (
                    run,
                    name,
                    experiment,
                    experiment_name,
                    location,
                    stage,
                    deleted,
                    keep,
                    experiment_keep,
                    _,
                    folder,
                ) = row
                if stage == "deleted":
                    tag = _tag(keep, experiment_keep, experiment_name)
                    decisions.append(
                        self._decide(RUN, run, name, experiment, folder, [location], deleted, tag)
                    )
            decided = {found.id: found for found in self._without_occupied(decisions)}
            for run, _, experiment, _, _, _, _, _, experiment_keep, expired, _ in batch:
                found = decided.get(run)
                if found is not None:
                    yield found
                if not isinstance(found, Item) and expired and not experiment_keep:
                    self._hold(experiment, f"run {run}" if found else f"run {run} is active")
                    self._kept_runs.add(run)

    def _models(self) -> Iterator[Item | Kept]:
        for batch in self._batches(_MODELS):
            decisions = []
            for row in batch:
                (
                    model,
                    name,
                    experiment,
                    experiment_name,
                    location,
                    stage,
                    updated,
                    experiment_deleted,
                    run,
                    keep,
                    experiment_keep,
                    folder,
                ) = row
                active = stage != "deleted"
                # What a run logged is what there is to keep of it.
                holder = f"run {run}" if active and run in self._kept_runs else None
                deleted = experiment_deleted if active else updated
                tag = _tag(keep, experiment_keep, experiment_name)
                decisions.append(
                    self._decide(
                        MODEL, model, name, experiment, folder, [location], deleted, tag, holder
                    )
                )
            yield from self._holding(decisions, "logged model")

    def _traces(self) -> Iterator[Item | Kept]:
        for batch in self._batches(_TRACES):
            decisions = []
            for row in batch:
                (
                    trace,
                    experiment,
                    expired,
                    deleted,
                    *_,
                    locations,
                    keep,
                    experiment_name,
                    experiment_keep,
                    _,
                    _,
                    folder,
                ) = row
                if not expired:
                    decisions.append(self._by_age(row))
                    continue
                tag = _tag(keep, experiment_keep, experiment_name)
                decisions.append(
                    self._decide(
                        TRACE, trace, None, experiment, folder, list(locations), deleted, tag
                    )
                )
            yield from self._holding(decisions, "trace")

    def _by_age(self, row: tuple[Any, ...]) -> Item | Kept:
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
        tag = _tag(keep, experiment_keep, experiment_name) or (
            f"tag keep of run {kept_run}" if kept_run else None
        )
        if tag is None and (
            label := next(
                filter(None, (self._protection.because(RUN, run, []) for run in sorted(runs))), None
            )
        ):
            return Kept(TRACE, trace, None, experiment, "registered", label)
        # Its age is decided; a deletion it has none.
        found = self._decide(
            TRACE, trace, None, experiment, folder, list(locations), self._cutoffs.deleted, tag
        )
        return (
            replace(found, deleted=None, made=iso(time if made is None else made))
            if isinstance(found, Item)
            else found
        )

    def _holding(self, decisions: list[Item | Kept], word: str) -> Iterator[Item | Kept]:
        for found in self._without_occupied(decisions):
            yield found
            if isinstance(found, Kept):
                self._hold(found.experiment, f"{word} {found.id}")

    def _without_occupied(self, decisions: list[Item | Kept]) -> Iterator[Item | Kept]:
        """What shares its place with another's row stays, until somebody has looked at it."""
        occupied = self._protection.occupied(
            [found for found in decisions if isinstance(found, Item)]
        )
        for found in decisions:
            if isinstance(found, Item) and found.id in occupied:
                yield Kept(
                    found.kind,
                    found.id,
                    found.name,
                    found.experiment,
                    "overlaps",
                    occupied[found.id],
                )
            else:
                yield found

    def _experiments(self) -> Iterator[Item | Kept]:
        for experiment, name, location, deleted, keep, guardrail in self._rows(_EXPERIMENTS):
            if guardrail is not None:
                self._hold(experiment, f"guardrail {guardrail}")
            prefix = self._store.own_prefix(location)
            kept = self._by_time_or_tag(deleted, _tag(keep))
            if kept is None and experiment == DEFAULT_EXPERIMENT:
                kept = ("default-experiment", None)
            if kept is None and experiment in self._held:
                kept = ("holds-kept", self._held[experiment])
            if kept is None and prefix is None:
                kept = ("not-in-bucket", location)
            prefixes = [prefix] if prefix is not None else []
            if kept is None and (
                because := self._protection.because(EXPERIMENT, str(experiment), prefixes)
            ):
                kept = ("registered", because)
            if kept is None:
                yield Item(EXPERIMENT, str(experiment), name, experiment, iso(deleted), prefix)
            else:
                yield Kept(EXPERIMENT, str(experiment), name, experiment, *kept)

    def _decide(
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
        kept = self._by_time_or_tag(deleted, tag)
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

    def _by_time_or_tag(
        self, deleted: int | None, tag: str | None
    ) -> tuple[str, str | None] | None:
        if deleted is None:
            return ("unknown-deletion-time", None)
        if deleted > self._cutoffs.deleted:
            return ("recent", iso(deleted + self._retention))
        return ("keep-tag", tag) if tag is not None else None

    def _hold(self, experiment: int, because: str) -> None:
        self._held.setdefault(experiment, because)


def _tag(keep: bool, experiment_keep: bool = False, experiment: str | None = None) -> str | None:
    return (
        "tag keep" if keep else f"tag keep of experiment {experiment}" if experiment_keep else None
    )
