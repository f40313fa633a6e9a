"""Requests that repeat: the first of a minute has a row at once, the others are counted and have
one together at its end.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime

from mlflow_instance.audit.row import AuditRow

_SECONDS = 60.0


@dataclass(slots=True)
class _More:
    row: AuditRow
    count: int
    last: datetime


class Counted:
    def __init__(
        self,
        most: int,
        *,
        merges: bool,
        seconds: float = _SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`most` kinds of request are held apart in a minute. Of further ones each has its row, or
        with `merges` all of one class share one."""
        self._most = most
        self._merges = merges
        self._seconds = seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._begun = 0.0
        self._more: dict[Hashable, _More] = {}

    def note(self, key: Hashable, row: AuditRow) -> AuditRow | None:
        """The row that is to be written now; None: it was counted."""
        with self._lock:
            found = self._more.get(key)
            if found is None and len(self._more) >= self._most:
                if not self._merges:
                    return row
                row = row.merged()
                # Beside the keys of others, which are tuples of another form.
                key = (row.action, row.route, row.status)
                found = self._more.get(key)
            if found is None:
                if not self._more:
                    self._begun = self._monotonic()
                self._more[key] = _More(row, 0, row.at)
                return row
            found.count += 1
            found.last = row.at
            return None

    def due(self, *, end: bool = False) -> list[AuditRow]:
        """What was counted in the minute that is over; with `end` in any."""
        if not self._more:
            return []
        with self._lock:
            if not end and self._monotonic() - self._begun < self._seconds:
                return []
            more, self._more = self._more, {}
        return [each.row.repeated(each.count, each.last) for each in more.values() if each.count]
