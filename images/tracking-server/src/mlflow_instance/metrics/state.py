"""The state of each worker, reported every few seconds by a thread of its own, also while requests hang."""

import os
import threading
from collections.abc import Callable

from prometheus_client import Gauge

_NAMESPACE = "mlflow_instance"
_SECONDS = 5.0
_PAGE = os.sysconf("SC_PAGE_SIZE")

_gauges = {
    "requests_waiting": Gauge(
        "requests_waiting",
        "Requests that wait for their turn.",
        namespace=_NAMESPACE,
        multiprocess_mode="livesum",
    ),
    "database_connections_in_use": Gauge(
        "database_connections_in_use",
        "Connections to the database that requests hold.",
        namespace=_NAMESPACE,
        multiprocess_mode="livesum",
    ),
    "database_connections_limit": Gauge(
        "database_connections_limit",
        "Connections to the database that the pools may open.",
        namespace=_NAMESPACE,
        multiprocess_mode="livesum",
    ),
    "worker_memory_bytes": Gauge(
        "worker_memory_bytes",
        "Resident memory of each worker, what it shares with others included.",
        namespace=_NAMESPACE,
        multiprocess_mode="liveall",
    ),
    "workers": Gauge(
        "workers", "Workers that run.", namespace=_NAMESPACE, multiprocess_mode="livesum"
    ),
}


def tell_state(waiting: Callable[[], int], pools: Callable[[], tuple[int, int]]) -> None:
    """Starts the thread. In the worker: threads don't live through a fork."""

    def tell() -> None:
        while True:
            in_use, limit = pools()
            values = {
                "requests_waiting": waiting(),
                "database_connections_in_use": in_use,
                "database_connections_limit": limit,
                "worker_memory_bytes": _resident(),
                "workers": 1,
            }
            for name, value in values.items():
                _gauges[name].set(value)
            threading.Event().wait(_SECONDS)

    threading.Thread(target=tell, name="metrics", daemon=True).start()


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * _PAGE
