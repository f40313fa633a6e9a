"""`mlflow-instance-migrate`: brings the database to this MLflow's schema, one process at a time.

MLflow's own lock is a file, so two pods that start on an empty database both migrate it and one crashes half-way.
"""

import logging
import sys
import time
from collections.abc import Mapping

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from mlflow_instance.audit.schema import ensure_records
from mlflow_instance.database import UNBOUNDED, connect, parse_uri, redacted, set_session
from mlflow_instance.logs import configure_logging, say
from mlflow_instance.maintenance.indexes import ensure_indexes
from mlflow_instance.maintenance.privileges import ROLES, Privileges, grant
from mlflow_instance.pooler import refuse_transaction_pooling
from mlflow_instance.role_settings import bound_requests
from mlflow_instance.schema import SchemaError, current_revision, head_revision, known_revisions
from mlflow_instance.signals import exit_on_signals

_logger = logging.getLogger(__name__)

# Any constant does, as long as every version of this image uses the same: advisory locks are per
# database.
LOCK_KEY = 0x6D6C666C6F77
_CONNECT_WITHIN_SECONDS = 60.0
_LOCK_WITHIN_SECONDS = 900.0


def migrate(uri: str, roles: Mapping[str, Privileges] | None = None) -> tuple[str | None, str]:
    """Returns the revisions before and after. Safe to run any number of times, and at once.

    `roles` get exactly the rights that their jobs need, also on tables that this migration has made.
    """
    expected = head_revision()
    refuse_transaction_pooling(lambda: _connect_within(uri, _CONNECT_WITHIN_SECONDS), redacted(uri))
    lock = _connect_within(uri, _CONNECT_WITHIN_SECONDS)
    try:
        lock.autocommit = True
        _take_lock(lock, _LOCK_WITHIN_SECONDS)
        # Of no use to read before the lock is held: another process may be migrating.
        lock.autocommit = False
        before = current_revision(lock)
        _refuse_newer(before, expected, redacted(uri))
        if before is None:
            _refuse_foreign(lock, redacted(uri))
        if before != expected:
            _logger.info(
                "database %s: schema revision %s -> %s", redacted(uri), before or "none", expected
            )
            _upgrade(uri)
        _create_store_state(uri)
        after = current_revision(lock)
        if after != expected:
            raise SchemaError(
                f"database {redacted(uri)} is at schema revision {after} after the migration, expected {expected}"
            )
        _prepare_maintenance(lock, roles or {})
        return before, expected
    finally:
        # Closing the session frees the lock, also when this process is killed.
        lock.close()


def _prepare_maintenance(connection: Connection, roles: Mapping[str, Privileges]) -> None:
    ensure_indexes(connection)
    ensure_records(connection)
    bound_requests(connection)
    for role, privileges in roles.items():
        grant(connection, role, privileges)
    connection.commit()


def _connect_within(uri: str, seconds: float) -> Connection:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return connect(uri, connect_timeout=5, session=UNBOUNDED)
        except Exception as error:
            if time.monotonic() >= deadline:
                raise SchemaError(
                    f"database {redacted(uri)} does not answer: {' '.join(str(error).split())}"
                ) from None
            _logger.warning(
                "database %s does not answer yet: %s", redacted(uri), " ".join(str(error).split())
            )
            time.sleep(2)


def _take_lock(connection: Connection, seconds: float) -> None:
    """Asks again and again: while a statement waits in the server, SIGTERM would not end us."""
    with connection.cursor() as cursor:
        # Also for the indexes that this session makes later.
        cursor.execute("SET lock_timeout = %s", (f"{int(seconds * 1000)}ms",))
        if _has_lock(cursor):
            return
        _logger.info(
            "another migration of this database is running, waiting up to %.0f s for it", seconds
        )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(1)
            if _has_lock(cursor):
                return
    raise SchemaError(
        f"another migration of this database has been running for {seconds:.0f} s; nothing was changed"
    )


def _has_lock(cursor: Cursor) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK_KEY,))
    return cursor.fetchone() == (True,)


def _refuse_newer(revision: str | None, expected: str, where: str) -> None:
    if revision is not None and revision not in known_revisions():
        raise SchemaError(
            f"database {where} has schema revision {revision}, which this MLflow doesn't know: a newer MLflow has migrated it. "
            f"This MLflow's revision is {expected}. There is no downgrade: run the newer image or restore a backup; nothing was changed"
        )


def _refuse_foreign(connection: Connection, where: str) -> None:
    """Without a revision the database must be empty, or hold what an interrupted first migration left."""
    from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase

    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = {str(row[0]) for row in cursor.fetchall()}
    connection.rollback()
    foreign = sorted(tables - set(InitialBase.metadata.tables) - {"alembic_version"})
    if foreign:
        raise SchemaError(
            f"database {where} has tables that are not MLflow's ({', '.join(foreign[:5])}); nothing was changed"
        )


def _upgrade(uri: str) -> None:
    import sqlalchemy
    from mlflow.store.db.utils import _initialize_tables

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    sqlalchemy.event.listen(engine, "connect", lambda opened, _: set_session(opened, UNBOUNDED))
    # Creates the tables of the first version where they are missing, then runs every migration
    # after the current revision.
    _initialize_tables(engine)


def _create_store_state(uri: str) -> None:
    """The default experiment, so that replicas which start at once don't race to insert it."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as RegistryStore
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as TrackingStore

    TrackingStore(uri, "mlflow-artifacts:/")
    RegistryStore(uri)


def main() -> int:
    import os

    configure_logging()
    exit_on_signals()
    try:
        uri = os.environ.get("MLFLOW_BACKEND_STORE_URI", "").strip()
        if not uri:
            raise SchemaError("MLFLOW_BACKEND_STORE_URI: not set")
        parse_uri(uri)
        roles = {
            name: privileges
            for variable, privileges in ROLES.items()
            if (name := os.environ.get(variable, "").strip())
        }
        before, after = migrate(uri, roles)
    except Exception as error:
        # One line: a stack trace of SQLAlchemy hides the reason, and its SQL errors may carry
        # values.
        say("mlflow-instance-migrate", " ".join(str(getattr(error, "orig", None) or error).split()))
        return 1
    print(
        f"schema revision from {before or 'none'} to {after}"
        + (" (unchanged)" if before == after else "")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
