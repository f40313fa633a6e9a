"""How much memory the answer to one request may cost, counted while its rows come from the
database.

MLflow holds a page of results four times over: rows, their entities, protocol buffers and JSON. The
most that a request can ask for (50,000 runs with everything that was logged) is therefore far more
than the memory of a worker.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE

from mlflow_instance.limits import MIB

# What an answer takes at its peak, measured: 1.3 KiB for each row of a run (metric, parameter,
# tag), 2.3 KiB for each point of a
# metric, 5 bytes for each byte of a long text.
_BYTES_PER_ROW = 1100
BYTES_PER_RESULT_BYTE = 6
# libpq takes this much for a result without rows, and MLflow's writes look for rows that are not
# there by the thousand: nothing of it stays.
_EMPTY_RESULT = 2264
# A text that is parsed as JSON becomes objects, and those of a trace become protocol buffers: this
# much for each comma, bracket and colon in it (measured with 400 spans of empty lists: 240 MiB).
BYTES_PER_JSON_ELEMENT = 300
# Borrowed in steps, so that a lock is taken once for some thousand rows.
_STEP = 4 * MIB


class AnswerTooLarge(MlflowException):
    """HTTP 413: clients retry 429 and 503, and the same request would fail again."""

    def __init__(self, limit: int, alone: str | None = None) -> None:
        """`alone`: the key of one result that is too large by itself."""
        what = "The answer to this request" if alone is None else f"The result {alone!r} alone"
        advice = (
            "ask for less, for example with a smaller max_results, fewer ids or a narrower filter"
            if alone is None
            else "use a filter that does not select it, or delete a part of it"
        )
        super().__init__(
            f"{what} is larger than the {limit / MIB:.0f} MiB of memory that one answer may take on "
            f"this server; {advice}",
            error_code=INVALID_PARAMETER_VALUE,
        )

    def get_http_status_code(self) -> int:
        return 413


class AnswersBusy(MlflowException):
    """HTTP 503: alone this answer would fit."""

    def __init__(self) -> None:
        super().__init__(
            "Other large answers use the memory of this server at the moment; try again",
            error_code=TEMPORARILY_UNAVAILABLE,
        )


class Reserve:
    """Memory that the answers of a worker share beyond what each has for certain."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        return self.total - self._taken

    def take(self, size: int) -> bool:
        with self._lock:
            if self._taken + size > self.total:
                return False
            self._taken += size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._taken -= size


class Meter:
    """`own` is certain, the rest is borrowed from the reserve. `most` may be lowered for a
    while."""

    def __init__(self, own: int, reserve: Reserve, *, forgets: bool = False) -> None:
        """`forgets`: what was read in a session counts until its end. For requests that write,
        whose answers do not hold what they have read."""
        self._own, self._reserve = own, reserve
        self.forgets = forgets
        self._borrowed = 0
        self._lock = threading.Lock()
        self.most = own + reserve.total
        self.used = 0
        # A store's method is making its pages smaller (pages.py).
        self.paging = False
        # The next statement of a page of one result gives only that one (next_row.py), and its key.
        self.first_only = False
        self.first: str | None = None

    @property
    def own(self) -> int:
        return self._own

    @property
    def limit(self) -> int:
        return self._own + self._reserve.total

    def charge_result(self, size: int, rows: int) -> None:
        """A result of libpq with so many bytes and rows."""
        self.charge(max(0, size - _EMPTY_RESULT) * BYTES_PER_RESULT_BYTE + rows * _BYTES_PER_ROW)

    def charge(self, cost: int) -> None:
        self.check(cost)
        self.used += cost
        missing = self.used - self._own - self._borrowed
        if missing > 0:
            step = max(missing, min(_STEP, self._reserve.free))
            if not self._reserve.take(step):
                raise AnswersBusy
            with self._lock:
                self._borrowed += step

    def check(self, more: int) -> None:
        if self.used + more > self.most:
            raise AnswerTooLarge(self.limit)

    def rewind(self, used: int) -> None:
        """What came after is given up."""
        self.used = used
        self._return(max(0, used - self._own))

    def close(self) -> None:
        self._return(0)

    def _return(self, keep: int) -> None:
        with self._lock:
            surplus = max(0, self._borrowed - keep)
            self._borrowed -= surplus
        self._reserve.give_back(surplus)


_current: ContextVar[Meter | None] = ContextVar("mlflow_instance_answer_meter", default=None)


def current_meter() -> Meter | None:
    return _current.get()


@contextmanager
def metered(meter: Meter) -> Iterator[None]:
    """One request. Threads that a handler runs in see the same meter: the context is copied, the
    object is not."""
    token = _current.set(meter)
    try:
        yield
    finally:
        _current.reset(token)
        meter.close()
