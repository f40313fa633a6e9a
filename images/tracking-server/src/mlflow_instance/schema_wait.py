"""The server starts only on the schema that its MLflow expects; bringing it there is the migration job's work."""

import logging
import time
from collections.abc import Callable

from mlflow_instance.audit.schema import has_records
from mlflow_instance.database import connect, redacted
from mlflow_instance.schema import SchemaError, current_revision, head_revision, known_revisions

_logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 1.0
_SAY_EVERY_SECONDS = 10.0


def wait_for_schema(
    uri: str,
    seconds: float,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns when the database is at this MLflow's revision; raises SchemaError when it isn't within `seconds`."""
    expected = head_revision()
    start = monotonic()
    said_at: float | None = None
    while True:
        problem = _problem(uri, expected)
        if problem is None:
            return
        waited = monotonic() - start
        if waited >= seconds:
            raise SchemaError(
                f"{problem} (waited {waited:.0f} s; the server never migrates, mlflow-instance-migrate does)"
            )
        if said_at is None or waited - said_at >= _SAY_EVERY_SECONDS:
            _logger.warning("waiting for the database schema: %s", problem)
            said_at = waited
        sleep(_PAUSE_SECONDS)


def _problem(uri: str, expected: str) -> str | None:
    where = redacted(uri)
    try:
        connection = connect(uri, connect_timeout=5, session={"statement_timeout": "5000"})
    except Exception as error:
        return f"database {where} does not answer: {_one_line(error)}"
    try:
        revision = current_revision(connection)
        recorded = has_records(connection)
    except SchemaError as error:
        return f"database {where}: {error}"
    except Exception as error:
        return f"database {where}: schema revision can't be read: {_one_line(error)}"
    finally:
        connection.close()
    if revision == expected:
        return None if recorded else f"database {where} has no tables for the audit yet"
    if revision is None:
        return f"database {where} has no MLflow schema yet, this MLflow needs revision {expected}"
    if revision not in known_revisions():
        raise SchemaError(
            f"database {where} has schema revision {revision}, which this MLflow doesn't know: "
            f"a newer MLflow has migrated it, and this one expects {expected}. There is no downgrade: run the newer image or restore a backup"
        )
    return f"database {where} has schema revision {revision}, this MLflow needs {expected}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
