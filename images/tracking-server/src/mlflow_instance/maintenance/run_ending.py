"""Sets runs to FAILED, each only if it is still what the decision was made on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from mlflow_instance.maintenance.run_activity import REASON_TAG, TIME_TAG, facts_of
from mlflow_instance.maintenance.run_times import written

_BATCH = 100


@dataclass(frozen=True)
class Ending:
    run: str
    fingerprint: str
    reason: str


@dataclass
class Result:
    ended: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    """Showed life, or ended otherwise, since the decision."""
    failed: dict[str, str] = field(default_factory=dict)


def end_runs(connection: Connection, endings: Sequence[Ending], now: int) -> Result:
    """In batches, each one transaction; a batch that fails is tried run by run, so that one run stops no other."""
    result = Result()
    for start in range(0, len(endings), _BATCH):
        batch = endings[start : start + _BATCH]
        try:
            _end(connection, batch, now, result)
        except psycopg2.Error:
            _go_on(connection)
            for ending in batch:
                try:
                    _end(connection, [ending], now, result)
                except psycopg2.Error as error:
                    _go_on(connection)
                    result.failed[ending.run] = " ".join(str(error).split())
    return result


def _go_on(connection: Connection) -> None:
    """A lost session is the end: it held the lock."""
    if connection.closed:
        raise psycopg2.OperationalError("the connection was lost")
    connection.rollback()


def _end(connection: Connection, batch: Sequence[Ending], now: int, result: Result) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        # Logging anything to a run takes a key-share lock on its row (a foreign key): behind this
        # lock nothing comes in between.
        cursor.execute(
            "SELECT FROM runs WHERE run_uuid = ANY(%s) AND status = 'RUNNING' ORDER BY run_uuid FOR UPDATE",
            ([one.run for one in batch],),
        )
        facts = {run.id: run for run in facts_of(cursor, [one.run for one in batch], now)}
        # An exemption is a tag, and so in the fingerprint.
        unchanged = {
            one.run: one.reason
            for one in batch
            if one.run in facts and facts[one.run].fingerprint == one.fingerprint
        }
        _drop_parents_of_running(cursor, unchanged)
        cursor.execute(
            "UPDATE runs SET status = 'FAILED', end_time = %s WHERE run_uuid = ANY(%s)",
            (now, list(unchanged)),
        )
        for run, reason in unchanged.items():
            cursor.execute(
                "INSERT INTO tags (run_uuid, key, value) VALUES (%(run)s, %(reason_tag)s, %(reason)s), (%(run)s, %(time_tag)s, %(time)s) "
                "ON CONFLICT (key, run_uuid) DO UPDATE SET value = EXCLUDED.value",
                {
                    "run": run,
                    "reason_tag": REASON_TAG,
                    "reason": reason,
                    "time_tag": TIME_TAG,
                    "time": written(now),
                },
            )
    result.ended += unchanged
    result.changed += [one.run for one in batch if one.run not in unchanged]


def _drop_parents_of_running(cursor: Cursor, runs: dict[str, str]) -> None:
    """A child that showed life after all, or was resumed, keeps its parents."""
    while runs:
        cursor.execute(
            """SELECT DISTINCT p.value FROM tags p JOIN runs c USING (run_uuid)
            WHERE p.key = 'mlflow.parentRunId' AND p.value = ANY(%(runs)s)
              AND c.status = 'RUNNING' AND c.lifecycle_stage = 'active' AND c.run_uuid <> ALL(%(runs)s)""",
            {"runs": list(runs)},
        )
        parents = [str(row[0]) for row in cursor.fetchall()]
        if not parents:
            return
        for parent in parents:
            del runs[parent]
