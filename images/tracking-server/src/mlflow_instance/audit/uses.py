"""When each caller was last seen, to the minute. Kept in memory and written at most once a
minute.
"""

import threading
import time
from collections.abc import Callable

_MOST = 10_000


class LastUses:
    def __init__(self, *, seconds: float = 60.0, now: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[str, int] = {}
        self._unwritten: dict[str, int] = {}
        self._taken_at = 0.0

    def note(self, caller: str) -> None:
        minute = int(self._now() // 60)
        if self._seen.get(caller) == minute:
            return
        with self._lock:
            if len(self._seen) >= _MOST:
                self._seen.clear()
            self._seen[caller] = self._unwritten[caller] = minute

    def due(self, *, end: bool = False) -> dict[str, int]:
        """Minutes since 1970 by caller."""
        if not self._unwritten or not (end or self._now() - self._taken_at >= self._seconds):
            return {}
        with self._lock:
            taken, self._unwritten = self._unwritten, {}
        self._taken_at = self._now()
        return taken

    def give_back(self, taken: dict[str, int]) -> None:
        """They could not be written."""
        with self._lock:
            self._unwritten = {**taken, **self._unwritten}
