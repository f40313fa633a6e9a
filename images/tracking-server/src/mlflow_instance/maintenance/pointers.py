"""Every place in the bucket that a row points to, in key order, without holding them all.

PostgreSQL sorts the plainly written locations (nearly all) and a cursor brings them in pages. A location that may mean several
places or is written in an unusual way is read by the lenient rules of locations.py and held in memory.
"""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.coverage import Location
from mlflow_instance.maintenance.locations import ArtifactStore, ancestors

_PAGE = 1000
_PROXY = "mlflow-artifacts:/"
# What a URI's reader would decode, cut off or resolve.
_NOT_PLAIN = r"[%?#\\]|//|(^|/)[.][.]?(/|$)|/$|^/|^$"

# Of every kind: uri, kind, id, and whether the row promises that objects are there. A row younger
# than `judged` (milliseconds) promises nothing yet.
_POINTERS = (
    "SELECT artifact_uri AS uri, 'run' AS kind, run_uuid::text AS id, false AS required FROM runs",
    """SELECT artifact_location AS uri, 'loggedModel' AS kind, model_id::text AS id,
         status = 2 AND lifecycle_stage = 'active' AND creation_timestamp_ms < {judged} AS required FROM logged_models""",
    # Where a version's files are. MLflow leaves runs:/<run>/<path> as it is and looks in the run,
    # then in the run's logged model of that name. A version that resolves to a logged model
    # promises nothing that the model's own row doesn't.
    r"""SELECT CASE WHEN v.place !~ '^(runs|models):' THEN v.place
                    WHEN v.model IS NOT NULL THEN coalesce(m.artifact_location, v.place)
                    WHEN v.path IS NOT NULL THEN coalesce(n.artifact_location, r.artifact_uri || '/' || v.path, v.place) END AS uri,
          'modelVersion' AS kind, v.name || '/' || v.version AS id,
          m.model_id IS NULL AND n.model_id IS NULL AND coalesce(v.creation_time, 0) < {judged} AS required
        FROM (SELECT name, version, creation_time, place, substring(place FROM '^models:/+(m-.+)$') AS model,
                substring(place FROM '^runs:/+([^/]+)/') AS run, substring(place FROM '^runs:/+[^/]+/(.+)$') AS path
              FROM (SELECT *, coalesce(storage_location, source) AS place FROM model_versions
                    WHERE current_stage IS DISTINCT FROM 'Deleted_Internal') AS p) AS v
        LEFT JOIN runs r ON r.run_uuid = v.run
        LEFT JOIN logged_models m ON m.model_id = v.model
        LEFT JOIN logged_models n ON n.source_run_id = v.run AND n.name = split_part(v.path, '/', 1)""",
    """SELECT source AS uri, 'modelVersion' AS kind, name || '/' || version AS id, false AS required
       FROM model_versions WHERE current_stage IS DISTINCT FROM 'Deleted_Internal'""",
    # Without a tag that says otherwise a trace's spans are in its artifacts, unless the database
    # has them.
    """SELECT l.value AS uri, 'trace' AS kind, l.request_id::text AS id, i.timestamp_ms < {judged} AND i.status <> 'IN_PROGRESS' AND CASE
           WHEN l.key = 'mlflow.trace.archiveLocation' THEN coalesce(s.value = 'ARCHIVE_REPO', false)
           WHEN s.value IS NULL THEN NOT EXISTS (SELECT FROM spans WHERE spans.trace_id = l.request_id)
           ELSE s.value = 'ARTIFACT_REPO' END AS required
       FROM trace_tags l JOIN trace_info i USING (request_id)
       LEFT JOIN trace_tags s ON s.request_id = l.request_id AND s.key = 'mlflow.trace.spansLocation'
       WHERE l.key IN ('mlflow.artifactLocation', 'mlflow.trace.archiveLocation')""",
    # A data set that lies in this bucket was put there by somebody who still refers to it.
    """SELECT substring(dataset_source FROM '"(?:uri|path|url)": *"([^"]+)"') AS uri, 'dataset' AS kind, dataset_uuid::text AS id,
         false AS required FROM datasets""",
)


@dataclass
class Unusual:
    """One row whose location has several readings, or none: it is found when an object is at any of them."""

    kind: str
    id: str
    uri: str
    required: bool
    locations: list[Location]


class Pointers:
    def __init__(self, connection: Connection, store: ArtifactStore, judged: int) -> None:
        self._connection = connection
        self._store = store
        self.unusual: list[Unusual] = []
        # The key that a location means if it is plainly written; NULL for every other.
        self._key = sql.SQL(
            "CASE WHEN starts_with(uri, {proxied}) THEN {root} || substr(uri, length({proxied}) + 1) "
            "WHEN starts_with(uri, {own}) THEN substr(uri, length({own}) + 1) END"
        ).format(
            proxied=sql.Literal(_PROXY),
            own=sql.Literal(f"s3://{store.bucket}/"),
            root=sql.Literal(f"{store.root}/"),
        )
        self._plain = sql.SQL("key !~ {}").format(sql.Literal(_NOT_PLAIN))
        self._pointers = [sql.SQL(query).format(judged=sql.Literal(judged)) for query in _POINTERS]

    @contextmanager
    def in_key_order(self, more: Iterable[Location] = ()) -> Iterator[Iterator[Location]]:
        """Opens one snapshot of the database; the locations can be read while it is open. `more` comes in its place among them."""
        with self._connection, ExitStack() as cursors:
            with self._connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            self.unusual = list(self._read_unusual())
            held = sorted(
                [*more, *(location for row in self.unusual for location in row.locations)],
                key=_path,
            )

            def read(number: int, pointers: sql.Composed) -> Iterator[Location]:
                cursor = cursors.enter_context(self._connection.cursor(name=f"pointers_{number}"))
                cursor.itersize = _PAGE
                cursor.execute(self._sorted(pointers))
                for key, kind, id_, required in cursor:
                    yield Location(key, kind, id_, required=bool(required))

            yield heapq.merge(
                held,
                *(read(number, pointers) for number, pointers in enumerate(self._pointers)),
                key=_path,
            )

    def needed(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys that a row points to now."""
        above = {key: ancestors(key) for key in keys}
        places = sorted({place for found in above.values() for place in found if place})
        root = f"{self._store.root}/"
        uris = [f"s3://{self._store.bucket}/{place}" for place in places]
        uris += [_PROXY + place.removeprefix(root) for place in places if place.startswith(root)]
        with self._connection, self._connection.cursor() as cursor:
            taken: set[str] = set()
            for pointers in self._pointers:
                query = sql.SQL(
                    "SELECT DISTINCT {key} FROM ({pointers}) AS p WHERE uri = ANY({uris})"
                )
                cursor.execute(
                    query.format(key=self._key, pointers=pointers, uris=sql.Literal(uris))
                )
                taken |= {str(row[0]) for row in cursor.fetchall()}
            taken |= {location.path for row in self._read_unusual() for location in row.locations}
        return {key for key, places_above in above.items() if not taken.isdisjoint(places_above)}

    def _sorted(self, pointers: sql.Composed) -> sql.Composed:
        return sql.SQL(
            "SELECT key, kind, id, required FROM (SELECT {key} AS key, kind, id, required FROM ({pointers}) AS p) AS k "
            'WHERE {plain} ORDER BY key COLLATE "C"'
        ).format(key=self._key, pointers=pointers, plain=self._plain)

    def _read_unusual(self) -> Iterator[Unusual]:
        for pointers in self._pointers:
            query = sql.SQL(
                "SELECT uri, kind, id, required FROM (SELECT p.*, {key} AS key FROM ({pointers}) AS p WHERE uri LIKE '%:%') AS k "
                "WHERE key IS NULL OR NOT ({plain})"
            )
            with self._connection.cursor() as cursor:
                cursor.execute(query.format(key=self._key, pointers=pointers, plain=self._plain))
                for uri, kind, id_, required in cursor.fetchall():
                    paths = sorted(self._store.protected_prefixes(uri))
                    # A version of a run or model that is gone points nowhere: that is what is wrong
                    # with it.
                    if paths or (required and uri.startswith(("runs:", "models:"))):
                        yield Unusual(
                            kind,
                            id_,
                            uri,
                            bool(required),
                            [Location(path, kind, id_) for path in paths],
                        )


def _path(location: Location) -> str:
    return location.path
