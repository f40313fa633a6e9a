"""Times as MLflow's clients send them: meant to be milliseconds, but nobody checks."""

from datetime import UTC, datetime

# MLflow is younger than this. A smaller time is a counter or a mistake and says nothing about when.
EARLIEST = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp() * 1000)


def in_milliseconds(value: int) -> int:
    """Seconds, micro- and nanoseconds are told by their size: the ranges are three digits apart and today lies in the middle of each."""
    if value < 10**11:
        return value * 1000
    if value < 10**14:
        return value
    if value < 10**17:
        return value // 1000
    return value // 10**6


# The same in SQL, for times that are aggregated there.
SQL_IN_MILLISECONDS = (
    "CASE WHEN {0} < 100000000000 THEN {0} * 1000 WHEN {0} < 100000000000000 THEN {0} "
    "WHEN {0} < 100000000000000000 THEN {0} / 1000 ELSE {0} / 1000000 END"
)


def plausible(value: int | None, now: int) -> int | None:
    """The time in milliseconds; None for none, 0, nonsense and the future (of which only the first sight has a known time)."""
    if value is None:
        return None
    time = in_milliseconds(value)
    return time if EARLIEST <= time <= now else None


def written(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
