"""Is there a pooler in front of PostgreSQL that gives each transaction another session?

The locks of migration and maintenance belong to a session. Under PgBouncer's `pool_mode =
transaction` two migrations would hold "the" lock at once, and a setting would reach somebody else's
session.
"""

from collections.abc import Callable

from psycopg2.extensions import connection as Connection

from mlflow_instance.schema import SchemaError


def refuse_transaction_pooling(connect: Callable[[], Connection], where: str) -> None:
    first = connect()
    try:
        first.autocommit = True
        backend = _backend(first)
        # A pooler hands out a number of its own when a client connects.
        if backend == first.info.backend_pid:
            return
        second = connect()
        try:
            # An open transaction keeps its session: the one that `first` had unless that is bound
            # to its client.
            if _backend(second) == backend or _backend(first) != backend:
                raise SchemaError(
                    f"database {where} is behind a pooler in transaction mode, "
                    "where a lock does not outlive a transaction; set pool_mode = session for this "
                    "database, or give the address of PostgreSQL itself; nothing was changed"
                )
        finally:
            second.close()
    finally:
        first.close()


def _backend(connection: Connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row = cursor.fetchone()
    return int(row[0]) if row else 0
