"""How much memory the answer to one request may cost, counted while its rows come from the database.

MLflow holds a page of results four times over: rows, their entities, protocol buffers and JSON. The most that a request can
ask for (50,000 runs with everything that was logged) is therefore far more than the memory of a worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from mlflow_instance.limits import MIB

# What an answer takes at its peak for each byte of libpq's result: measured 5.0 to 7.6 for runs with metrics, parameters and
# tags, 6 for points of a metric, 3 to 5 for long texts (tests/test_answer_meter.py holds it).
BYTES_PER_RESULT_BYTE = 8
# A text that is parsed as JSON becomes objects: this much for each comma, bracket and colon in it.
BYTES_PER_JSON_ELEMENT = 100


class AnswerTooLarge(MlflowException):
    """HTTP 413: clients retry 429 and 503, and the same request would fail again."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The answer to this request is larger than the {limit / MIB:.0f} MiB of memory that one answer may take on this server; "
            "ask for less, for example with a smaller max_results, fewer ids or a narrower filter",
            error_code=INVALID_PARAMETER_VALUE,
        )

    def get_http_status_code(self) -> int:
        return 413


class Meter:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0

    @property
    def left(self) -> int:
        return self.limit - self.used

    def charge(self, cost: int) -> None:
        self.used += cost
        self.check(0)

    def check(self, more: int) -> None:
        if self.used + more > self.limit:
            raise AnswerTooLarge(self.limit)


_current: ContextVar[Meter | None] = ContextVar("mlflow_instance_answer_meter", default=None)


def current_meter() -> Meter | None:
    return _current.get()


@contextmanager
def metered(limit: int) -> Iterator[Meter]:
    """One request. Threads that a handler runs in see the same meter: the context is copied, the object is not."""
    meter = Meter(limit)
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)
