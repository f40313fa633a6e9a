"""Does the database answer? Asked on a connection of its own: MLflow's pool may hang for a minute when it does not.

The connection is kept. A database that is there but accepts no new one, because the role's password has just been replaced or its
connections are used up, is no reason to take a pod out of service whose open connections work.
"""

import logging
import select
import threading
import time
from collections.abc import Callable

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ
from psycopg2.extensions import connection as Connection

from mlflow_instance.database import connection_options

_logger = logging.getLogger(__name__)

_ANSWER_WITHIN_SECONDS = 2.0
_CACHE_SECONDS = 1.0


class DatabaseProbe:
    """For one thread at a time."""

    def __init__(self, uri: str, *, within: float = _ANSWER_WITHIN_SECONDS) -> None:
        self._uri = uri
        self._within = within
        self._kept: Connection | None = None

    def answers(self) -> bool:
        if self._kept is not None and self._ask(self._kept):
            return True
        self.close()
        try:
            # Asynchronous: no option of libpq bounds the wait for an answer, and a database that is
            # frozen gives none.
            self._kept = psycopg2.connect(
                **connection_options(self._uri, int(self._within)), async_=True
            )
        except psycopg2.Error as error:
            _logger.debug("database does not answer: %s", type(error).__name__)
            return False
        if self._ask(self._kept):
            return True
        self.close()
        return False

    def _ask(self, connection: Connection) -> bool:
        deadline = time.monotonic() + self._within
        try:
            _wait(connection, deadline)
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
                _wait(connection, deadline)
                return bool(cursor.fetchone() == (1,))
        except (psycopg2.Error, TimeoutError) as error:
            _logger.debug("database does not answer: %s", type(error).__name__)
            return False

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


def _wait(connection: Connection, deadline: float) -> None:
    while (state := connection.poll()) != POLL_OK:
        poller = select.poll()
        poller.register(
            connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT
        )
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError


def database_answers(uri: str) -> bool:
    probe = DatabaseProbe(uri)
    try:
        return probe.answers()
    finally:
        probe.close()


class Readiness:
    """Caches the answer for about a second and lets only one thread ask, so that probes can't pile up."""

    def __init__(
        self, ask: Callable[[], bool], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._answer: bool | None = None
        self._answered_at = 0.0

    def ready(self) -> bool:
        """Blocking: call it in a thread."""
        with self._lock:
            if self._answer is None or self._monotonic() - self._answered_at >= _CACHE_SECONDS:
                answer = self._ask()
                if answer is not self._answer and not (self._answer is None and answer):
                    _logger.warning("database %s", "answers again" if answer else "does not answer")
                self._answer, self._answered_at = answer, self._monotonic()
            return self._answer
