"""Whether anybody else is connected who could still write."""

import time

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.errors import Busy, InUse
from mlflow_instance.maintenance.lock import take_lock

# A pod of the server has 60 s to end its requests, and 5 before that.
WITHIN_SECONDS = 120.0


def others(connection: Connection) -> list[str]:
    """`application_name (role)` of every other session on this database.

    Superusers aren't counted: they are the platform's (backup, monitoring), come and go as they like, and no wall keeps them out.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT coalesce(nullif(a.application_name, ''), 'a client') || ' (' || r.rolname || ')'
            FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
            WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND NOT r.rolsuper
            ORDER BY 1
            """
        )
        return [str(name) for (name,) in cursor.fetchall()]


def wait_until_alone(connection: Connection, *, seconds: float = WITHIN_SECONDS) -> None:
    """Returns when nobody else is connected, and holds the lock of the maintenance commands from then on."""
    deadline = time.monotonic() + seconds
    while True:
        # A transaction sees the sessions of its first look only.
        connection.rollback()
        found = others(connection)
        try:
            if not found:
                take_lock(connection)
                return
        except Busy:
            found = ["a maintenance command"]
        if time.monotonic() >= deadline:
            raise InUse(in_use(found))
        time.sleep(0.5)


def in_use(found: list[str]) -> str:
    return (
        f"still connected to the database: {', '.join(found[:5])}{' …' if len(found) > 5 else ''}. "
        "What they write now would be in no dump; end them and apply the stack again"
    )
