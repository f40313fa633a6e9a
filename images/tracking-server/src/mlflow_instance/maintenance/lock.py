"""One maintenance command at a time per instance."""

from psycopg2.extensions import connection as Connection

from mlflow_instance.maintenance.errors import Busy

# Another key than the migration's: advisory locks are per database.
LOCK_KEY = 0x6D6C666C6F78


def take_lock(connection: Connection) -> None:
    """Held by the session that does the work: when that is lost, so is the lock, and nothing goes on without it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,))
        taken = cursor.fetchone() == (True,)
    connection.commit()
    if not taken:
        raise Busy("another maintenance command works on this instance; nothing was changed")
