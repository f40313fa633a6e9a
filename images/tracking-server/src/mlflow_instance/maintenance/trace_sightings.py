"""When the retention first saw traces whose own time can't be true, kept in the bucket, where no
user can write.
"""

import json
from collections.abc import Iterable, Iterator

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.bucket import Bucket, TooLarge
from mlflow_instance.maintenance.report import folder_of
from mlflow_instance.maintenance.trace_times import IS_POSSIBLE

KEY = f"{folder_of('retention')}traces.json"
VERSION = 1
# About 10 MB of memory and in the bucket. More wait until some of these are gone, and hold up no
# other trace.
MOST = 100_000
_ODD = f"""
    SELECT t.request_id FROM trace_info t JOIN experiments e ON e.experiment_id = t.experiment_id
    WHERE e.lifecycle_stage = 'active' AND NOT ({IS_POSSIBLE})
"""


class SightingsError(ValueError):
    """The file is not one of ours, or was cut."""


def odd_traces(connection: Connection, now: int) -> Iterator[str]:
    """Ids in no order, however many there are."""
    with connection.cursor(name="odd") as cursor:
        cursor.execute(_ODD, {"now": now})
        for row in cursor:
            yield str(row[0])
    connection.rollback()


def sight(before: dict[str, int], odd: Iterable[str], now: int) -> dict[str, int]:
    """Those that are still odd, since their first sight; new ones as far as there is room. The
    clock is never ahead of `now`.
    """
    known: dict[str, int] = {}
    new: list[str] = []
    for trace in odd:
        if trace in before:
            known[trace] = min(before[trace], now)
        elif len(new) < MOST:
            new.append(trace)
    return known | dict.fromkeys(new[: max(0, MOST - len(known))], now)


def load(bucket: Bucket) -> dict[str, int]:
    try:
        body = bucket.get(KEY)
    except TooLarge:
        raise SightingsError("larger than one can be") from None
    return {} if body is None else parse(body)


def parse(text: bytes) -> dict[str, int]:
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise SightingsError(f"version {document['version']!r:.40}, expected {VERSION}")
        seen = document["traces"]
        if not all(type(time) is int and time >= 0 for time in seen.values()):
            raise SightingsError("a time is not a number of milliseconds")
        return dict(seen)
    except SightingsError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SightingsError(f"not readable ({type(error).__name__})") from None


def store(bucket: Bucket, seen: dict[str, int]) -> None:
    bucket.put(
        KEY, json.dumps({"version": VERSION, "traces": seen}, separators=(",", ":")).encode()
    )
