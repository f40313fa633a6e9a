"""How every maintenance command starts and ends: settings, connections, lock, checks, and one line for whatever goes wrong."""

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection

from mlflow_instance.database import connect, redacted
from mlflow_instance.logs import configure_logging, say
from mlflow_instance.maintenance.bucket import Bucket, open_bucket
from mlflow_instance.maintenance.clock import earlier_now, iso
from mlflow_instance.maintenance.errors import Busy, Impossible, InUse, Refused
from mlflow_instance.maintenance.events import Events
from mlflow_instance.maintenance.lock import take_lock
from mlflow_instance.maintenance.privileges import Privileges, require_privileges
from mlflow_instance.maintenance.schema import require_known_schema
from mlflow_instance.maintenance.settings import MaintenanceSettings, read_settings
from mlflow_instance.memory import give_memory_back
from mlflow_instance.signals import exit_on_signals

DONE, LEFT = 0, 3


@dataclass(frozen=True)
class Context:
    command: str
    settings: MaintenanceSettings
    # Holds the lock: the work is done on this session and on no other.
    connection: Connection
    bucket: Bucket
    events: Events
    dry_run: bool
    # The earlier of the database's clock and ours.
    now: datetime
    started: datetime

    def result(self, **counts: Any) -> dict[str, Any]:
        """What report.json and the summary say alike."""
        return {
            "command": self.command,
            "instance": self.settings.instance,
            "dryRun": self.dry_run,
            "startedAt": iso(self.started),
            "finishedAt": iso(datetime.now(UTC)),
            **counts,
        }

    def summary(self, **counts: Any) -> dict[str, Any]:
        """Prints the last line and returns it for report.json."""
        fields = self.result(**counts)
        self.events.always("summary", **fields)
        return fields


Work = Callable[[Context], int]


def execute(
    command: str,
    privileges: Privileges,
    work: Work,
    *,
    dry_run: bool,
    every_item: bool | None = None,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Runs `work` and returns the exit code. `every_item` (default: in a dry run) makes Events.item print."""
    prepare_process()
    started = datetime.now(UTC)
    where = "the database"
    connection: Connection | None = None
    try:
        settings = read_settings(environment)
        where = f"database {redacted(settings.database_uri)}"
        connection = connect(settings.database_uri, connect_timeout=10)
        take_lock(connection)
        require_known_schema(connection)
        require_privileges(connection, privileges)
        events = Events(every_item=dry_run if every_item is None else every_item)
        now = earlier_now(connection)
        return work(
            Context(
                command, settings, connection, open_bucket(settings), events, dry_run, now, started
            )
        )
    except Exception as error:
        return failed(command, error, where)
    finally:
        if connection is not None:
            connection.close()


def prepare_process() -> None:
    configure_logging()
    # botocore warns of what it then retries; the error that counts is ours.
    logging.getLogger("botocore").setLevel(logging.ERROR)
    give_memory_back()
    # What is under way is rolled back, or finished by the next run.
    exit_on_signals()


def failed(command: str, error: Exception, where: str) -> int:
    """Says in one line why the command ends, and returns its exit code. `where` is the database, for messages."""
    if isinstance(error, Refused | Impossible | Busy | InUse):
        return _fail(command, str(error), error.exit_code)
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return _fail(command, f"{where} does not answer: {error}", 1)
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        return _fail(command, f"{where}: no rights: {error}", 1)
    logging.getLogger(__name__).debug("unexpected", exc_info=error)
    return _fail(command, f"{type(error).__name__}: {error}", 1)


def _fail(command: str, message: str, code: int) -> int:
    say(f"mlflow-instance-{command}", message if code == 2 else " ".join(message.split()))
    return code


def flag(command: str, name: str, arguments: list[str]) -> bool | None:
    """For commands with one optional flag: whether it is there; None (said on stderr) for any other argument."""
    if any(argument != name for argument in arguments):
        say(
            f"mlflow-instance-{command}",
            f"expected no argument or {name}, got {json.dumps(arguments)}",
        )
        return None
    return name in arguments
