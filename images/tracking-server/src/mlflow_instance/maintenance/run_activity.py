"""What the database says about RUNNING runs: a fingerprint of everything that logging changes, and the times that there are.

The fingerprint is one number of the state and holds no value of it. It is compared twice: with what the last look saw, and,
behind a lock on the row, with what the decision was made on.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from psycopg2.extensions import cursor as Cursor

from mlflow_instance.maintenance.run_times import EARLIEST, SQL_IN_MILLISECONDS
from mlflow_instance.maintenance.stale_decision import RunFacts

KEEP_RUNNING_TAG = "keep-running"
REASON_TAG = "stale-run.reason"
TIME_TAG = "stale-run.time"
_PAGE = 500

_DIGEST = (
    "encode(sha256(convert_to(string_agg({0}, '' ORDER BY key COLLATE \"C\"), 'UTF8')), 'hex')"
)
_HASHED = "encode(sha256(convert_to({0}, 'UTF8')), 'hex')"


def running(cursor: Cursor, now: int) -> Iterator[RunFacts]:
    """Every RUNNING run that isn't deleted, in pages by id: bounded by the page, whatever a run has logged."""
    last = ""
    while True:
        cursor.execute(
            "SELECT run_uuid FROM runs WHERE status = 'RUNNING' AND lifecycle_stage = 'active' AND run_uuid > %s "
            f"ORDER BY run_uuid LIMIT {_PAGE}",
            (last,),
        )
        ids = [str(row[0]) for row in cursor.fetchall()]
        if not ids:
            return
        yield from facts_of(cursor, ids, now)
        last = ids[-1]


def facts_of(cursor: Cursor, ids: Sequence[str], now: int) -> list[RunFacts]:
    """The facts of those among these runs that are RUNNING."""
    runs = _by_run(cursor, _RUNS, {"ids": list(ids)})
    here = {"ids": list(runs), "now": now, "earliest": EARLIEST}
    counts = {name: _by_run(cursor, query, here) for name, query in _COUNTS.items()}
    times = {name: _by_run(cursor, query, here) for name, query in _TIMES.items()}
    tags = _by_run(cursor, _TAGS, here)
    locations: dict[str, list[str]] = defaultdict(list)
    cursor.execute(
        "SELECT source_run_id, artifact_location FROM logged_models WHERE source_run_id = ANY(%(ids)s)",
        here,
    )
    for run, location in cursor.fetchall():
        locations[str(run)].append(str(location))

    def facts(run: str) -> RunFacts:
        name, experiment, started, ended, location = runs[run]
        # Of the parts with times only the number goes into the fingerprint: which times are usable
        # changes with the clock.
        state = {part: found.get(run) for part, found in counts.items()} | {
            part: found.get(run, (0,))[0] for part, found in times.items()
        }
        state["run"] = (name, started, ended)
        first_metric, last_metric = times["metrics"].get(run, (0, None, None))[1:]
        related = [
            time
            for part in _TIMES
            if part != "metrics"
            for time in times[part].get(run, ())[1:]
            if time is not None
        ]
        keep_running, parent = tags.get(run, (False, None))
        return RunFacts(
            id=run,
            name=str(name or ""),
            experiment=str(experiment or ""),
            fingerprint=hashlib.sha256(
                json.dumps(state, sort_keys=True, default=str).encode()
            ).hexdigest()[:32],
            start_time=started,
            end_time=ended,
            first_metric=first_metric,
            last_metric=last_metric,
            last_related=max((int(time) for time in related), default=None),
            keep_running=bool(keep_running),
            parent=parent,
            locations=(*([str(location)] if location else []), *sorted(locations.get(run, ()))),
        )

    return [facts(run) for run in runs]


_RUNS = """SELECT r.run_uuid, r.name, e.name, r.start_time, r.end_time, r.artifact_uri
    FROM runs r LEFT JOIN experiments e USING (experiment_id)
    WHERE r.status = 'RUNNING' AND r.lifecycle_stage = 'active' AND r.run_uuid = ANY(%(ids)s)"""
_TAGS = f"""SELECT run_uuid, bool_or(key = '{KEEP_RUNNING_TAG}'), max(value) FILTER (WHERE key = 'mlflow.parentRunId')
    FROM tags WHERE run_uuid = ANY(%(ids)s) GROUP BY 1"""

# What has no time of its own, or a time that says nothing more: run, number, digest where a row can
# change.
_COUNTS = {
    "params": "SELECT run_uuid, count(*) FROM params WHERE run_uuid = ANY(%(ids)s) GROUP BY 1",
    "tags": f"""SELECT run_uuid, count(*), {_DIGEST.format(_HASHED.format("key") + " || " + _HASHED.format("coalesce(value, '')"))}
        FROM tags WHERE run_uuid = ANY(%(ids)s) GROUP BY 1""",
    "latest metrics": f"""SELECT run_uuid, count(*),
          {_DIGEST.format(_HASHED.format("key") + " || concat_ws(' ', value, timestamp, step, is_nan)")}
        FROM latest_metrics WHERE run_uuid = ANY(%(ids)s) GROUP BY 1""",
    "datasets": "SELECT destination_id, count(*) FROM inputs WHERE destination_type = 'RUN' AND destination_id = ANY(%(ids)s) GROUP BY 1",
    "models": """SELECT source_id, count(*) FROM inputs
        WHERE source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = ANY(%(ids)s) GROUP BY 1""",
    "logged models": """SELECT m.source_run_id, count(*), sum(m.status), sum(t.tags), max(m.last_updated_timestamp_ms) FROM logged_models m
        CROSS JOIN LATERAL (SELECT count(*) AS tags FROM logged_model_tags t WHERE t.model_id = m.model_id) AS t
        WHERE m.source_run_id = ANY(%(ids)s) GROUP BY 1""",
}

_METRIC, _START, _END = (
    SQL_IN_MILLISECONDS.format(column) for column in ("timestamp", "c.start_time", "c.end_time")
)
_USABLE = "at BETWEEN %(earliest)s AND %(now)s"
# Run, number, then times in milliseconds (of metrics the first and the last; NULL where none can be
# used).
_TIMES = {
    # Rows of this table are only ever added, each different from all others: their number tells of
    # a change.
    "metrics": f"""SELECT run_uuid, count(*), min(at) FILTER (WHERE {_USABLE}), max(at) FILTER (WHERE {_USABLE})
        FROM (SELECT run_uuid, {_METRIC} AS at FROM metrics WHERE run_uuid = ANY(%(ids)s)) AS m GROUP BY 1""",
    "models' times": """SELECT source_run_id, 0, max(last_updated_timestamp_ms) FROM logged_models
        WHERE source_run_id = ANY(%(ids)s) AND last_updated_timestamp_ms <= %(now)s GROUP BY 1""",
    "traces": f"""SELECT run, count(*), max(at) FILTER (WHERE {_USABLE}) FROM
        (SELECT d.value AS run, {SQL_IN_MILLISECONDS.format("t.timestamp_ms")} AS at FROM trace_request_metadata d
         JOIN trace_info t USING (request_id) WHERE d.key = 'mlflow.sourceRun' AND d.value = ANY(%(ids)s)) AS t GROUP BY 1""",
    # Child runs show that their parent lived: it started them. One that this job has ended shows
    # nothing by its end.
    "children": f"""SELECT p.value, count(*), max({_START}) FILTER (WHERE {_START} <= %(now)s),
          max({_END}) FILTER (WHERE {_END} <= %(now)s
            AND NOT EXISTS (SELECT FROM tags s WHERE s.run_uuid = c.run_uuid AND s.key = '{TIME_TAG}'))
        FROM tags p JOIN runs c USING (run_uuid)
        WHERE p.key = 'mlflow.parentRunId' AND p.value = ANY(%(ids)s) AND p.value <> p.run_uuid GROUP BY 1""",
}


def _by_run(cursor: Cursor, query: str, parameters: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    cursor.execute(query, parameters)
    return {str(row[0]): tuple(row[1:]) for row in cursor.fetchall()}
