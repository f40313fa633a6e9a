"""What registered model versions point to, and where other experiments live: nothing there is ever removed.

The index is in memory (about 500 bytes for a version) and is read again only when the registry has changed.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, Item
from mlflow_instance.maintenance.locations import ArtifactStore, ancestors, is_at_or_under
from mlflow_instance.maintenance.occupancy import Occupancy

_ROWS_AT_ONCE = 2000
_ALIASES_NAMED = 3
_WIDE_NAMED = 20
_FINGERPRINT = """
    SELECT (SELECT concat_ws('/', count(*), sum(hashtextextended(concat_ws(
                '|', workspace, name, version, current_stage, run_id, source, storage_location), 0)::numeric)) FROM model_versions),
           (SELECT concat_ws('/', count(*), sum(hashtextextended(concat_ws(
                '|', workspace, name, version, alias), 0)::numeric)) FROM registered_model_aliases),
           (SELECT concat_ws('/', count(*), sum(hashtextextended(concat_ws(
                '|', experiment_id, artifact_location), 0)::numeric)) FROM experiments)
"""
_VERSIONS = """
    SELECT v.name, v.version, v.run_id, v.source, v.storage_location,
           array(SELECT a.alias FROM registered_model_aliases a
                 WHERE a.workspace = v.workspace AND a.name = v.name AND a.version = v.version ORDER BY a.alias)
    FROM model_versions v WHERE v.current_stage IS DISTINCT FROM 'Deleted_Internal'
"""
# The model's own location, and the run that logged it: a registered model without its run has lost
# its lineage.
_LOGGED_MODELS = (
    "SELECT model_id, artifact_location, source_run_id FROM logged_models WHERE model_id = ANY(%s)"
)
# A client that asks for `runs:/<run>/<name>` gets the files of the logged model of that name, if
# the run made one.
_MODELS_OF_RUNS = "SELECT model_id, source_run_id, name FROM logged_models WHERE source_run_id = ANY(%s) ORDER BY model_id"


@dataclass(frozen=True)
class _Paths:
    """Key prefixes in order, each with the label of who needs it."""

    prefixes: list[str]
    labels: list[str]

    @classmethod
    def of(cls, found: dict[str, str]) -> "_Paths":
        prefixes = sorted(found)
        return cls(prefixes, [found[prefix] for prefix in prefixes])

    def touching(self, path: str) -> str | None:
        """The label of a prefix at, above or under the path."""
        for above in ancestors(path):
            index = bisect_left(self.prefixes, above)
            if index < len(self.prefixes) and self.prefixes[index] == above:
                return self.labels[index]
        return next((label for _, label in self.at_or_under(path)), None)

    def at_or_under(self, path: str) -> Iterator[tuple[str, str]]:
        for index in range(bisect_left(self.prefixes, path), len(self.prefixes)):
            if not self.prefixes[index].startswith(path):
                return
            if is_at_or_under(self.prefixes[index], path):
                yield self.prefixes[index], self.labels[index]


class Protection:
    def __init__(self, connection: Connection, store: ArtifactStore) -> None:
        self._connection = connection
        self._store = store
        self._fingerprint: tuple[object, ...] | None = None
        self._paths = _Paths([], [])
        self._runs: dict[str, str] = {}
        self._models: dict[str, str] = {}
        # (key prefix, experiment id) of every experiment, also of those whose location only may be
        # in this bucket.
        self._experiments: list[tuple[str, int]] = []
        self._occupancy = Occupancy(connection, store)
        # Who points at everything, which protects nothing: its words, to be told.
        self.wide: list[str] = []
        self.refresh()

    def refresh(self) -> bool:
        """Reads the registry again if it has changed; whether it had. In the caller's transaction."""
        with self._connection.cursor() as cursor:
            cursor.execute(_FINGERPRINT)
            fingerprint = cursor.fetchone()
        if fingerprint == self._fingerprint:
            return False
        self._load_registry()
        self._load_experiments()
        self._fingerprint = fingerprint
        return True

    def because(self, kind: str, item_id: str, prefixes: list[str]) -> str | None:
        """Who needs this item: `model X version 3, alias champion`; None when nobody does."""
        if kind == EXPERIMENT:
            return next(
                filter(None, (self._loose(prefix, int(item_id)) for prefix in prefixes)), None
            )
        named = {RUN: self._runs, MODEL: self._models}.get(kind, {}).get(item_id)
        return named or next(filter(None, map(self._paths.touching, prefixes)), None)

    def occupied(self, items: Sequence[Item]) -> dict[str, str]:
        """Item id -> whose row has a place at, above or under the item's own."""
        return self._occupancy.by([item for item in items if item.kind != EXPERIMENT])

    def needed(self, items: Sequence[Item]) -> set[str]:
        """Ids of the items that somebody needs by now, or that lie with somebody."""
        registered = {
            item.id for item in items if self.because(item.kind, item.id, item.prefixes) is not None
        }
        return registered | set(self.occupied(items))

    def spared(self, keys: Sequence[tuple[Item, str]]) -> set[str]:
        """Keys that are in the place of a row that isn't the item's own."""
        return self._occupancy.spared(keys)

    def is_alone(self, prefix: str, own: int) -> bool:
        """Whether nobody but this experiment has anything at, above or under the prefix."""
        return (
            self._paths.touching(prefix) is None
            and not self.experiments_under(prefix, own)
            and not any(self._others_at(above, own) for above in ancestors(prefix))
        )

    def _loose(self, prefix: str, own: int) -> str | None:
        """Who needs a path in an experiment's folder that isn't in the folder of an experiment inside it."""
        for path, label in self._paths.at_or_under(prefix):
            if not any(
                len(above) >= len(prefix) and self._others_at(above, own)
                for above in ancestors(path)
            ):
                return label
        return None

    def experiments_under(self, prefix: str, own: int) -> list[str]:
        """Locations of other experiments at or under the prefix: their objects aren't the item's."""
        start = bisect_left(self._experiments, (prefix, -1))
        found: list[str] = []
        for location, experiment in self._experiments[start:]:
            if not location.startswith(prefix):
                break
            if experiment != own and is_at_or_under(location, prefix):
                found.append(location)
        return found

    def _others_at(self, prefix: str, own: int) -> bool:
        start = bisect_left(self._experiments, (prefix, -1))
        return any(
            experiment != own
            for _, experiment in self._experiments[
                start : bisect_right(self._experiments, (prefix, 2**31))
            ]
        )

    def _load_registry(self) -> None:
        paths: dict[str, str] = {}
        runs: dict[str, str] = {}
        models: dict[str, str] = {}
        names: dict[str, dict[str, str]] = {}
        with self._connection.cursor() as cursor:
            cursor.execute(_VERSIONS)
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                for name, version, run_id, source, storage_location, aliases in rows:
                    label = f"model {name} version {version}" + "".join(
                        f", alias {alias}" for alias in aliases[:_ALIASES_NAMED]
                    )
                    if run_id:
                        runs.setdefault(run_id, label)
                    for uri in (source, storage_location):
                        for prefix in self._store.protected_prefixes(uri):
                            # Not a model's files but everybody's: whoever may register a version
                            # could else keep all that is deleted.
                            if self._store.is_wide(prefix):
                                self._add_wide(f"{label} points at {uri}")
                            else:
                                paths.setdefault(prefix, label)
                        if (found := _run_in(uri)) is not None:
                            run, model_name = found
                            runs.setdefault(run, label)
                            names.setdefault(run, {}).setdefault(model_name, label)
                        for model in _models_in(uri):
                            models.setdefault(model, label)
                    # A source `models:/<name>/<version>` or `…@<alias>` names another version,
                    # which is in this list itself.
            named = list(names)
            for start in range(0, len(named), _ROWS_AT_ONCE):
                cursor.execute(_MODELS_OF_RUNS, (named[start : start + _ROWS_AT_ONCE],))
                for model_id, run_id, model_name in cursor.fetchall():
                    if model_name in names[run_id]:
                        models.setdefault(model_id, names[run_id][model_name])
            known = list(models)
            for start in range(0, len(known), _ROWS_AT_ONCE):
                cursor.execute(_LOGGED_MODELS, (known[start : start + _ROWS_AT_ONCE],))
                for model_id, location, run_id in cursor.fetchall():
                    label = models[model_id]
                    if run_id:
                        runs.setdefault(run_id, label)
                    for prefix in self._store.protected_prefixes(location):
                        if not self._store.is_wide(prefix):
                            paths.setdefault(prefix, label)
        self._paths, self._runs, self._models = _Paths.of(paths), runs, models

    def _load_experiments(self) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT experiment_id, artifact_location FROM experiments")
            found = {
                (prefix, int(row[0]))
                for row in cursor.fetchall()
                for prefix in self._store.protected_prefixes(row[1])
                # Its runs have places of their own in there; the folder of all artifacts is no
                # experiment's.
                if not self._store.is_wide(prefix)
            }
        self._experiments = sorted(found)

    def _add_wide(self, words: str) -> None:
        if len(self.wide) < _WIDE_NAMED and words not in self.wide:
            self.wide.append(words)


def _run_in(uri: str | None) -> tuple[str, str] | None:
    """The run's id in `runs:/<id>/<name>/…`, and the name, which may be a logged model's."""
    match = re.match(r"runs:/+([^/?#]+)/?([^/]*)", uri or "")
    return (match[1], match[2]) if match else None


def _models_in(uri: str | None) -> list[str]:
    """Logged models that the URI may mean: `models:/<m-id>`, and ids in a path. A registered model's name is no logged model's id."""
    match = re.match(r"models:/+([^/@?#]+)", uri or "")
    return ([match[1]] if match else []) + re.findall(
        r"(?<![^/])m-[0-9a-f]{32}(?![^/?#])", uri or ""
    )
