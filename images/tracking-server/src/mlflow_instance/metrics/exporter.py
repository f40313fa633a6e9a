"""Answers Prometheus: in a process of its own beside several workers, else in a thread."""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Sequence
from importlib.metadata import version

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from mlflow_instance.metrics.answering import Answering
from mlflow_instance.metrics.instance import InstanceCollector
from mlflow_instance.schema import head_revision
from mlflow_instance.settings import Settings

_logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 1.0


def registry_of(settings: Settings) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    about = {"mlflow_version": version("mlflow"), "schema_revision": head_revision()}
    registry.register(InstanceCollector(settings.tokens_file, settings.memory_limit, about))
    return registry


def export(settings: Settings, sockets: Sequence[socket.socket]) -> None:
    """Answers on listening sockets until the process ends."""
    registry = registry_of(settings)
    answering = Answering(lambda: generate_latest(registry), CONTENT_TYPE_LATEST)
    asyncio.run(answering.serve(sockets))


def export_in_thread(settings: Settings, sockets: Sequence[socket.socket]) -> None:
    """For a server of one process: another process would share less and less of its memory (63
    MiB), and save nothing."""

    def run() -> None:
        while True:
            try:
                export(settings, [each.dup() for each in sockets])
            except Exception:
                _logger.exception("the metrics' thread failed")
                time.sleep(_AGAIN_SECONDS)

    threading.Thread(target=run, name="metrics-exporter", daemon=True).start()
