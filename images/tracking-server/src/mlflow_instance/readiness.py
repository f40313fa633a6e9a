"""Does the database answer? Asked on a connection of its own: MLflow's pool may hang for a minute when it does not."""

import logging
import threading
import time
from collections.abc import Callable

from mlflow_instance.database import connect

_logger = logging.getLogger(__name__)

_ANSWER_WITHIN_SECONDS = 2
_CACHE_SECONDS = 1.0


def database_answers(uri: str) -> bool:
    try:
        connection = connect(uri, connect_timeout=_ANSWER_WITHIN_SECONDS, statement_timeout_ms=_ANSWER_WITHIN_SECONDS * 1000)
    except Exception as error:
        _logger.debug("database does not answer: %s", type(error).__name__)
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except Exception as error:
        _logger.debug("database does not answer: %s", type(error).__name__)
        return False
    finally:
        connection.close()


class Readiness:
    """Caches the answer for about a second and lets only one thread ask, so that probes can't pile up."""

    def __init__(self, ask: Callable[[], bool], *, monotonic: Callable[[], float] = time.monotonic) -> None:
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
