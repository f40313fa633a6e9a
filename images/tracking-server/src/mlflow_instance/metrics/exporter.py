"""Answers Prometheus on its own port, in its own process: a slow scrape delays no request."""

import logging
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from mlflow_instance.metrics.instance import InstanceCollector
from mlflow_instance.schema import head_revision
from mlflow_instance.settings import Settings

_logger = logging.getLogger(__name__)

# One request at a time, which has this long.
_SECONDS = 5.0
_LONGEST_LINE = 1024


def registry_of(settings: Settings) -> CollectorRegistry:
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    about = {"mlflow_version": version("mlflow"), "schema_revision": head_revision()}
    registry.register(InstanceCollector(settings.tokens_file, settings.memory_limit, about))
    return registry


def open_exporter(settings: Settings) -> HTTPServer:
    """Listens; `serve_forever` of it answers."""
    registry = registry_of(settings)

    class Handler(BaseHTTPRequestHandler):
        timeout = _SECONDS
        server_version, sys_version = "mlflow-instance", ""

        def do_GET(self) -> None:  # noqa: N802
            if len(self.requestline) > _LONGEST_LINE or self.path.partition("?")[0] != "/metrics":
                return self._answer(404, b"", "text/plain")
            self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)

        do_HEAD = do_GET

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            _logger.debug(format, *arguments)

    class Server(HTTPServer):
        address_family = socket.AF_INET6 if ":" in _address(settings) else socket.AF_INET

        def handle_error(self, request: Any, client_address: Any) -> None:
            _logger.debug("a scrape was not answered", exc_info=True)

    return Server((_address(settings), settings.metrics_port or 0), Handler)


def _address(settings: Settings) -> str:
    if settings.host != "*":
        return settings.host
    return "::" if socket.has_dualstack_ipv6() else "0.0.0.0"
