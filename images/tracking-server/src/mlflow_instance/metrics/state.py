"""The state of each worker, reported every few seconds by a thread of its own, also while requests hang."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Literal

from prometheus_client import Gauge

_logger = logging.getLogger(__name__)

_NAMESPACE = "mlflow_instance"
_SECONDS = 5.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _gauges() -> dict[str, Gauge]:
    """In the worker: made before the fork, each would have a value of the parent, too."""

    def gauge(name: str, text: str, mode: Literal["livesum", "liveall"] = "livesum") -> Gauge:
        return Gauge(name, text, namespace=_NAMESPACE, multiprocess_mode=mode)

    return {
        "requests_waiting": gauge("requests_waiting", "Requests that wait for their turn."),
        "database_connections_in_use": gauge(
            "database_connections_in_use", "Connections to the database that requests hold."
        ),
        "database_connections_limit": gauge(
            "database_connections_limit",
            "Connections to the database that the pools may open.",
        ),
        "worker_memory_bytes": gauge(
            "worker_memory_bytes",
            "Resident memory of each worker, what it shares with others included.",
            "liveall",
        ),
        "workers": gauge("workers", "Workers that run."),
    }


def tell_state(waiting: Callable[[], int], pools: Callable[[], tuple[int, int]]) -> None:
    """Starts the thread. In the worker: threads don't live through a fork."""

    gauges = _gauges()

    def tell() -> None:
        failed = False
        while True:
            try:
                _set(gauges, waiting(), *pools())
            except Exception:
                # Once, and not every few seconds.
                if not failed:
                    _logger.exception("the state of this worker can't be told")
                failed = True
            time.sleep(_SECONDS)

    threading.Thread(target=tell, name="metrics", daemon=True).start()


def _set(gauges: dict[str, Gauge], waiting: int, in_use: int, limit: int) -> None:
    values = {
        "requests_waiting": waiting,
        "database_connections_in_use": in_use,
        "database_connections_limit": limit,
        "worker_memory_bytes": _resident(),
        "workers": 1,
    }
    for name, value in values.items():
        gauges[name].set(value)


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * _PAGE
