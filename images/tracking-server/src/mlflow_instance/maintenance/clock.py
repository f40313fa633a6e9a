"""Times as MLflow's rows have them (milliseconds) and as reports show them (UTC)."""

from datetime import UTC, datetime

from psycopg2.extensions import connection as Connection


def earlier_now(connection: Connection) -> datetime:
    """The earlier of the database's clock and ours: one that runs ahead must not shorten anybody's grace."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (database,) = cursor.fetchone() or (None,)
    connection.rollback()
    assert isinstance(database, datetime)
    return min(database.astimezone(UTC), datetime.now(UTC))


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def moment_of(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def iso(moment: datetime | int | None) -> str | None:
    """Whole seconds, UTC. A row's time may be anything: what no calendar has is shown as the number."""
    if moment is None:
        return None
    if isinstance(moment, int):
        try:
            moment = moment_of(moment)
        except (OverflowError, OSError, ValueError):
            return str(moment)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
