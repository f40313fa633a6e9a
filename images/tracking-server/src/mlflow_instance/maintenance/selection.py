"""Which deleted things go, which stay and why. It reads one snapshot, a page at a time, and changes nothing."""

from collections.abc import Iterator
from typing import Any

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.candidates import EXPERIMENTS, MODELS, RUNS, TRACES
from mlflow_instance.maintenance.clock import iso
from mlflow_instance.maintenance.cutoffs import Cutoffs
from mlflow_instance.maintenance.decision import Decision, keep_tag
from mlflow_instance.maintenance.items import (
    DEFAULT_EXPERIMENT,
    EXPERIMENT,
    MODEL,
    RUN,
    TRACE,
    Item,
    Kept,
)
from mlflow_instance.maintenance.locations import ArtifactStore
from mlflow_instance.maintenance.protection import Protection
from mlflow_instance.maintenance.scope import EVERYTHING, Scope

_PAGE = 1000


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
        self._decision = Decision(store, protection, cutoffs, retention_ms)
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
        for batch in self._batches(RUNS):
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
                    tag = keep_tag(keep, experiment_keep, experiment_name)
                    decisions.append(
                        self._decision.of(
                            RUN, run, name, experiment, folder, [location], deleted, tag
                        )
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
        for batch in self._batches(MODELS):
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
                tag = keep_tag(keep, experiment_keep, experiment_name)
                decisions.append(
                    self._decision.of(
                        MODEL, model, name, experiment, folder, [location], deleted, tag, holder
                    )
                )
            yield from self._holding(decisions, "logged model")

    def _traces(self) -> Iterator[Item | Kept]:
        for batch in self._batches(TRACES):
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
                    decisions.append(self._decision.by_age(row))
                    continue
                tag = keep_tag(keep, experiment_keep, experiment_name)
                decisions.append(
                    self._decision.of(
                        TRACE, trace, None, experiment, folder, list(locations), deleted, tag
                    )
                )
            yield from self._holding(decisions, "trace")

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
        for experiment, name, location, deleted, keep, guardrail in self._rows(EXPERIMENTS):
            if guardrail is not None:
                self._hold(experiment, f"guardrail {guardrail}")
            prefix = self._store.own_prefix(location)
            kept = self._decision.by_time_or_tag(deleted, keep_tag(keep))
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

    def _hold(self, experiment: int, because: str) -> None:
        self._held.setdefault(experiment, because)
