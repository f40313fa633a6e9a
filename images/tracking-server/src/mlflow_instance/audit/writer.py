"""Writes the audit of a worker: one thread, and all rows that wait go in one statement and one
commit.

It borrows a connection of the model registry's pool for each commit, which at most all but one of
the requests hold at a time (turns.py): a connection of its own in each worker would not fit a
database server that the instances share.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import psycopg2

from mlflow_instance.audit.counted import Counted
from mlflow_instance.audit.row import AuditRow
from mlflow_instance.audit.statements import SWEPT_AT_ONCE, insert_rows, sweep, upsert_uses
from mlflow_instance.audit.uses import LastUses

_logger = logging.getLogger(__name__)

# Rows that wait while the database is away, and rows of one statement.
_MOST, _AT_ONCE = 5000, 500
# Seconds.
_LOOK_EVERY, _RETRY_AFTER, _SAY_EVERY, _SWEEP_EVERY, _SWEEP_PAUSE = 5.0, 1.0, 30.0, 3600.0, 0.2
_END_WITHIN = 5.0

Done = Callable[[], None]


class Writer:
    """`connect` gives a connection that `close` gives back."""

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        days: int,
        counted: Sequence[Counted],
        uses: LastUses,
        most: int = _MOST,
    ) -> None:
        self._connect = connect
        self._days = days
        self._counted = counted
        self._uses = uses
        self._most = most
        self._wake = threading.Condition()
        self._rows: deque[tuple[AuditRow, Done | None]] = deque()
        self._thread: threading.Thread | None = None
        self._stop_at: float | None = None
        self._lost = 0
        self._failing = False
        self._said_at = -_SAY_EVERY
        # Not at once: all pods of a rollout start together.
        self._sweep_at = time.monotonic() + 60.0

    def start(self) -> None:
        """After the fork."""
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self, within: float = _END_WITHIN) -> None:
        """Blocking: writes what waits and what was counted, if the database lets it."""
        with self._wake:
            self._stop_at = time.monotonic() + within
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(within + _RETRY_AFTER)
        if self._rows or self._lost:
            self._lose(len(self._rows))
            self._say_lost()

    def submit(self, row: AuditRow, done: Done | None = None) -> None:
        """`done` is called in the writer's thread once the row is written, or given up."""
        with self._wake:
            full = len(self._rows) >= self._most
            if not full:
                self._rows.append((row, done))
                self._wake.notify()
        if full:
            self._lose(1)
            if done is not None:
                done()

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._rows and self._stop_at is None:
                    self._wake.wait(_LOOK_EVERY if self._sweep_at - time.monotonic() > 1 else 0.2)
                ending = self._stop_at is not None
                for counted in self._counted:
                    for row in counted.due(end=ending):
                        self._rows.append((row, None))
                taken = [self._rows.popleft() for _ in range(min(len(self._rows), _AT_ONCE))]
            written = self._attempt(taken, ending)
            if ending and (not self._rows or time.monotonic() > (self._stop_at or 0)):
                return
            if not written:
                with self._wake:
                    if self._stop_at is None:
                        self._wake.wait_for(lambda: self._stop_at is not None, _RETRY_AFTER)
                if ending:
                    time.sleep(0.2)

    def _attempt(self, taken: list[tuple[AuditRow, Done | None]], ending: bool) -> bool:
        uses = self._uses.due(end=ending)
        sweeps = not ending and time.monotonic() >= self._sweep_at
        if not taken and not uses and not sweeps:
            return True
        unwritten = taken
        try:
            connection = self._connect()
            try:
                self._insert(connection, [row for row, _ in taken])
                unwritten = []
                for _, done in taken:
                    if done is not None:
                        done()
                if uses:
                    upsert_uses(connection, uses)
                    uses = {}
                if sweeps:
                    self._sweep(connection)
            finally:
                connection.close()
        except Exception as error:
            self._failed(error)
            self._uses.give_back(uses)
            with self._wake:
                self._rows.extendleft(reversed(unwritten))
            return False
        if self._failing:
            self._failing = False
            _logger.warning("audit: rows are written again")
        if self._lost:
            self._say_lost()
        return True

    def _insert(self, connection: Any, rows: list[AuditRow]) -> None:
        if not rows:
            return
        try:
            insert_rows(connection, rows)
        except psycopg2.DataError as error:
            if len(rows) == 1:
                # It would stop all that wait behind it.
                _logger.error("audit: a row was refused and is lost: %s: %r", error, rows[0])
                return
            for row in rows:
                self._insert(connection, [row])

    def _sweep(self, connection: Any) -> None:
        more = sweep(connection, self._days) >= SWEPT_AT_ONCE
        self._sweep_at = time.monotonic() + (_SWEEP_PAUSE if more else _SWEEP_EVERY)

    def _failed(self, error: Exception) -> None:
        self._failing = True
        if time.monotonic() - self._said_at >= _SAY_EVERY:
            self._said_at = time.monotonic()
            # Not the text of every error: a connection's names the host and the role.
            _logger.error(
                "audit: rows can't be written (%s); they wait, %d at the most, and more are lost",
                type(error).__name__,
                self._most,
            )
        if self._lost:
            self._say_lost()

    def _lose(self, rows: int) -> None:
        with self._wake:
            self._lost += rows

    def _say_lost(self) -> None:
        with self._wake:
            lost, self._lost = self._lost, 0
        _logger.error(
            "audit: %d rows are lost, because the database did not take them in time; "
            "the requests are in this log",
            lost,
        )
