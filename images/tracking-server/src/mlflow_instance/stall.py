"""Notices that no request in MLflow's handlers comes to an end while others wait.

A statement is bounded by the role, so some turn is given back at least that often unless something
else is stuck: a file system, a lock of Python, a connection that says nothing. Such a worker
answers nobody, and its pod must not be sent requests.
"""

import threading
import time
from collections.abc import Callable

# Twice the statement time-out of the server's role (components/internal/roleTimeLimits.ts).
STALLED_AFTER_SECONDS = 60.0


class Stall:
    """`waits` when a request begins to wait for a turn, then `took` or `left`; `gave_back` when
    a turn ends. From any thread.
    """

    def __init__(
        self,
        seconds: float = STALLED_AFTER_SECONDS,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting = 0
        # Since when requests wait and nothing has moved.
        self._since: float | None = None

    def waits(self) -> None:
        with self._lock:
            self._waiting += 1
            if self._since is None:
                self._since = self._monotonic()

    def took(self) -> None:
        self._leave()
        self.gave_back()

    def left(self) -> None:
        """The client went away, or was told to come back: nothing has moved."""
        self._leave()

    def gave_back(self) -> None:
        with self._lock:
            self._since = self._monotonic() if self._waiting else None

    def stalled(self) -> bool:
        with self._lock:
            return self._since is not None and self._monotonic() - self._since >= self._seconds

    def _leave(self) -> None:
        with self._lock:
            self._waiting -= 1
            if not self._waiting:
                self._since = None
