"""Rows that have their place at, above or under somebody else's: nothing of theirs is removed with it, whatever kind they are.

MLflow puts the id of a run, logged model or trace into its path. So whoever has a place that meets another place is found by the
ids in that path, by primary key, however many rows there are. Only rows that are somewhere else than MLflow puts them (of another
version, imported, moved by hand) are read beforehand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.items import EXPERIMENT, MODEL, RUN, TRACE, Item, own_place
from mlflow_instance.maintenance.locations import ArtifactStore, is_at_or_under

_AT_ONCE = 5000
_ROWS = {
    RUN: """SELECT r.run_uuid, r.experiment_id, e.artifact_location, r.artifact_uri FROM runs r JOIN experiments e USING (experiment_id)
            WHERE r.run_uuid = ANY(%s)""",
    MODEL: """SELECT m.model_id, m.experiment_id, e.artifact_location, m.artifact_location
              FROM logged_models m JOIN experiments e USING (experiment_id) WHERE m.model_id = ANY(%s)""",
    # A trace's tag is anybody's to write: it counts only where it says what MLflow would have said
    # of some experiment.
    TRACE: """SELECT t.request_id, t.experiment_id, e.artifact_location,
                     (SELECT l.value FROM trace_tags l WHERE l.request_id = t.request_id AND l.key = 'mlflow.artifactLocation')
              FROM trace_info t JOIN experiments e USING (experiment_id) WHERE t.request_id = ANY(%s)""",
}
_WORDS = {RUN: "run", MODEL: "logged model", TRACE: "trace"}
_ELSEWHERE = {
    RUN: """SELECT r.run_uuid, r.experiment_id, e.artifact_location, r.artifact_uri FROM runs r JOIN experiments e USING (experiment_id)
            WHERE r.artifact_uri IS DISTINCT FROM rtrim(e.artifact_location, '/') || '/' || r.run_uuid || '/artifacts'""",
    MODEL: """SELECT m.model_id, m.experiment_id, e.artifact_location, m.artifact_location
              FROM logged_models m JOIN experiments e USING (experiment_id)
              WHERE m.artifact_location
                    IS DISTINCT FROM rtrim(e.artifact_location, '/') || '/models/' || m.model_id || '/artifacts'""",
}


@dataclass(frozen=True, slots=True)
class Row:
    kind: str
    id: str
    experiment: int
    # Every key prefix where its objects may be.
    reach: frozenset[str]

    def __str__(self) -> str:
        return f"{_WORDS[self.kind]} {self.id}"

    def is_of(self, item: Item) -> bool:
        """The item itself; for an experiment, what is in it and goes before it."""
        return (
            self.experiment == item.experiment
            if item.kind == EXPERIMENT
            else (self.kind, self.id) == (item.kind, item.id)
        )

    def covers(self, key: str) -> bool:
        return any(is_at_or_under(key, prefix) for prefix in self.reach)

    def meets(self, prefix: str) -> bool:
        return any(is_at_or_under(prefix, own) or is_at_or_under(own, prefix) for own in self.reach)


class Occupancy:
    def __init__(self, connection: Connection, store: ArtifactStore) -> None:
        self._connection = connection
        self._store = store
        self._elsewhere: list[Row] = []
        self.refresh()

    def refresh(self) -> None:
        """Reads the rows that are elsewhere. In the caller's transaction."""
        found: list[Row] = []
        with self._connection.cursor() as cursor:
            for kind, statement in _ELSEWHERE.items():
                cursor.execute(statement)
                while rows := cursor.fetchmany(1000):
                    found += [
                        self._row(kind, *each) for each in rows if not self._is_regular(kind, *each)
                    ]
        self._elsewhere = found

    def by(self, items: Sequence[Item]) -> dict[str, str]:
        """Item id -> the row of another that has a place at, above or under the item's own. Not for experiments."""
        segments = {
            item.id: [part for prefix in item.prefixes for part in prefix.split("/")]
            for item in items
        }
        rows = self._named({part for parts in segments.values() for part in parts})
        found: dict[str, str] = {}
        for item in items:
            near = [
                row for part in dict.fromkeys(segments[item.id]) for row in rows.get(part, ())
            ] + self._elsewhere
            for row in near:
                if not row.is_of(item) and any(row.meets(prefix) for prefix in item.prefixes):
                    found.setdefault(item.id, str(row))
        return found

    def spared(self, keys: Sequence[tuple[Item, str]]) -> set[str]:
        """Those of the keys that lie in the place of a row which is none of the item's own."""
        candidates = {key: _ids_in(key) for _, key in keys}
        rows = self._named({part for parts in candidates.values() for part in parts})
        return {
            key
            for item, key in keys
            if any(
                row.covers(key) and not row.is_of(item)
                for part in candidates[key]
                for row in rows.get(part, ())
            )
            or any(row.covers(key) and not row.is_of(item) for row in self._elsewhere)
        }

    def _named(self, ids: Iterable[str]) -> dict[str, list[Row]]:
        wanted = sorted(part for part in ids if "\0" not in part)
        rows: dict[str, list[Row]] = {}
        with self._connection.cursor() as cursor:
            for start in range(0, len(wanted), _AT_ONCE):
                for kind, statement in _ROWS.items():
                    cursor.execute(statement, (wanted[start : start + _AT_ONCE],))
                    for found in cursor.fetchall():
                        rows.setdefault(str(found[0]), []).append(self._row(kind, *found))
        return rows

    def _row(
        self, kind: str, item_id: str, experiment: int, location: str | None, uri: str | None
    ) -> Row:
        folder = self._store.own_prefix(location)
        own = own_place(kind, item_id, folder)
        reach = set() if own is None else {own}
        said = self._store.protected_prefixes(uri)
        if kind == TRACE:
            said = {
                path
                for path in said
                if path.removesuffix("/artifacts").endswith(f"/traces/{item_id}")
            }
        # A whole experiment's folder is nobody's place in it: one odd row would keep everything
        # there.
        said = {
            path
            for path in said
            if not self._store.is_wide(path)
            and not (folder is not None and is_at_or_under(folder, path))
        }
        return Row(kind, item_id, int(experiment), frozenset(reach | said))

    def _is_regular(
        self, kind: str, item_id: str, experiment: int, location: str | None, uri: str | None
    ) -> bool:
        """Written in another way, but the same place, or none of this bucket."""
        place = own_place(kind, item_id, self._store.own_prefix(location))
        return self._row(kind, item_id, experiment, location, uri).reach <= {place}


def _ids_in(key: str) -> list[str]:
    """Parts of a key that may be the id of the row that it belongs to: `<run>/artifacts`, `<model>/artifacts`, `traces/<trace>`."""
    parts = key.split("/")
    return [
        part
        for index, part in enumerate(parts)
        if (index > 0 and parts[index - 1] == "traces")
        or (index + 1 < len(parts) and parts[index + 1] == "artifacts")
    ]
