"""Serves the application from one process, or from several that are forked after everything is imported.

Forking shares the imported code's memory between the workers. uvicorn's own supervisor starts each worker from nothing and
restarts one that dies on import for ever; here such an error ends the container, so that Kubernetes shows it.
"""

import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NoReturn

import uvicorn

from mlflow_instance.app import open_stores
from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.connection import BoundedConnection
from mlflow_instance.listener import listeners
from mlflow_instance.logs import UVICORN
from mlflow_instance.metrics import mark_process_dead
from mlflow_instance.settings import Settings
from mlflow_instance.signals import (
    end_with_parent,
    exit_on_signals,
    on_signals,
    release_signals,
    signals_held,
)
from mlflow_instance.temporary import own_temporary_folder

_logger = logging.getLogger(__name__)

# A worker that dies sooner than this has a fault that its successor would have as well.
_HEALTHY_AFTER_SECONDS = 30.0
# Before the successor of an exporter that ended: one with a fault must not be forked all the time.
_EXPORTER_PAUSE_SECONDS = 1.0
_BACKLOG = 2048
# Python's default is 0.005.
_SWITCH_SECONDS = 0.001


def serve(app: App, settings: Settings) -> int:
    sockets = listeners(settings.host, settings.port)
    metrics = _metrics_listeners(settings)
    if settings.workers > 1:
        return _Parent(app, settings, sockets, metrics).run()
    if metrics:
        from mlflow_instance.metrics.exporter import export_in_thread

        export_in_thread(settings, metrics)
    return _work(app, settings, sockets)


def _metrics_listeners(settings: Settings) -> list[socket.socket]:
    """Listening from the start and as long as the server runs: a scrape waits for an exporter that
    begins or is replaced."""
    if settings.metrics_port is None:
        return []
    sockets = listeners(settings.host, settings.metrics_port)
    for each in sockets:
        each.listen()
    return sockets


def _work(app: App, settings: Settings, sockets: list[socket.socket]) -> int:
    with own_temporary_folder():
        return _serve(app, settings, sockets)


def _serve(app: App, settings: Settings, sockets: list[socket.socket]) -> int:
    open_stores(settings)
    # A collection would look at all that was imported, and stop every request for half a second.
    gc.collect()
    gc.freeze()
    # Beside handlers that compute, a request waits for the interpreter at each of its steps.
    sys.setswitchinterval(_SWITCH_SECONDS)
    closing = _ClosingConnections(app)
    config = uvicorn.Config(
        closing,
        http=BoundedConnection,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.grace_seconds,
        ws="none",
        lifespan="on",
        backlog=_BACKLOG,
        **UVICORN,
    )
    server = uvicorn.Server(config)
    closing.server = server
    server.run(sockets=sockets)
    return 0 if server.started else 1


class _ClosingConnections:
    """An answer after SIGTERM says that its connection ends: a client must not send its next request into the closed one."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.server: uvicorn.Server | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_close(message: Message) -> None:
            ending = self.server is not None and self.server.should_exit
            if ending and message["type"] == "http.response.start":
                headers = [*message["headers"], (b"connection", b"close")]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_and_close)


class _Parent:
    def __init__(
        self,
        app: App,
        settings: Settings,
        sockets: list[socket.socket],
        metrics: list[socket.socket],
    ) -> None:
        self._app = app
        self._settings = settings
        self._sockets = sockets
        # Empty: nobody reads the metrics.
        self._metrics = metrics
        self._started_at: dict[int, float] = {}
        self._stopping = False
        self._exporter: int | None = None

    def run(self) -> int:
        extra = [
            thread.name for thread in threading.enumerate() if thread is not threading.main_thread()
        ]
        if extra:
            raise RuntimeError(f"threads are running before the fork: {', '.join(extra)}")
        # What is alive now stays for good: out of the collector's way its pages stay shared.
        gc.collect()
        gc.freeze()
        on_signals(self._stop)
        self._fork_exporter()
        for _ in range(self._settings.workers):
            self._fork()
        return self._watch()

    def _fork(self) -> None:
        def note(pid: int) -> None:
            self._started_at[pid] = time.monotonic()

        def work() -> int:
            for each in self._metrics:
                each.close()
            return _work(self._app, self._settings, self._sockets)

        self._forked(work, note)

    def _fork_exporter(self, pause: float = 0.0) -> None:
        """A process of its own: whoever reads slowly there holds up no request."""
        if not self._metrics:
            return

        def note(pid: int) -> None:
            self._exporter = pid

        def export() -> int:
            from mlflow_instance.metrics.exporter import export

            for each in self._sockets:
                each.close()
            time.sleep(pause)
            export(self._settings, self._metrics)
            return 0

        self._forked(export, note)

    def _forked(self, work: Callable[[], int], note: Callable[[int], None]) -> None:
        """Signals wait until the parent knows the process, and it has handlers of its own: with the
        parent's it would tell the others to end, and stay itself."""
        with signals_held():
            if self._stopping:
                return
            parent = os.getpid()
            note(os.fork() or self._become(parent, work))

    def _become(self, parent: int, work: Callable[[], int]) -> NoReturn:
        code = 1
        try:
            exit_on_signals(0)
            release_signals()
            end_with_parent(parent)
            code = work()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except Exception:
            _logger.exception("worker failed")
        finally:
            # Not sys.exit: the frames above belong to the parent.
            sys.stderr.flush()
            os._exit(code)

    def _watch(self) -> int:
        failed = False
        while self._started_at:
            pid, status = os.wait()
            if pid == self._exporter:
                self._exporter_ended(status)
                continue
            if self._metrics:
                mark_process_dead(pid)
            lived = time.monotonic() - self._started_at.pop(pid, 0.0)
            if self._stopping:
                continue
            _logger.error("worker %d ended after %.0f s (%s)", pid, lived, _reason(status))
            if lived >= _HEALTHY_AFTER_SECONDS:
                self._fork()
            else:
                failed = True
                self._stop(signal.SIGTERM, None)
        self._end_exporter()
        return 1 if failed else 0

    def _exporter_ended(self, status: int) -> None:
        self._exporter = None
        _logger.error("the metrics' process ended (%s)", _reason(status))
        self._fork_exporter(_EXPORTER_PAUSE_SECONDS)

    def _end_exporter(self) -> None:
        """After the workers: the numbers of their last requests can still be read."""
        if self._exporter is not None:
            os.kill(self._exporter, signal.SIGKILL)
            os.waitpid(self._exporter, 0)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True
        for pid in list(self._started_at):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def _reason(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {signal.Signals(os.WTERMSIG(status)).name}"
    return f"exit code {os.waitstatus_to_exitcode(status)}"
