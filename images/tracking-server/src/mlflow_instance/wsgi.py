"""Runs MLflow's Flask part. Its answer is fetched piece by piece, as the client reads it.

Starlette's bridge, which MLflow uses, runs through the whole answer in the thread of the handler and keeps the pieces in an
unbounded queue: a file that is sent lies in memory, and threads are shared with everything else.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.middleware.wsgi import build_environ
from starlette.routing import Mount

from mlflow_instance.asgi import Receive, Scope, Send
from mlflow_instance.client import KEY as CLIENT_KEY
from mlflow_instance.limits import ARTIFACT_TURNS
from mlflow_instance.turns import WORK_KEY
from mlflow_instance.work import Work

# One way into a thread and back for each so many bytes: Werkzeug reads files in pieces of 8 KiB.
_AT_ONCE = 256 * 1024
_PIECES_THREADS = 10


class _Answer:
    """A WSGI answer that is being fetched. Its methods run in threads, one at a time."""

    def __init__(self, app: Callable[..., Any], environ: dict[str, Any]) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self._iterable: Any = app(environ, self._start)
        self._pieces: Iterator[bytes] = iter(self._iterable)

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [
            (name.strip().lower().encode("ascii"), value.strip().encode("latin-1"))
            for name, value in headers
        ]

    def fetch(self) -> tuple[bytes, bool]:
        """The next bytes, and whether there are more."""
        taken: list[bytes] = []
        length = 0
        for piece in self._pieces:
            taken.append(piece)
            length += len(piece)
            if length >= _AT_ONCE:
                return b"".join(taken) if len(taken) > 1 else piece, True
        return b"".join(taken), False

    def close(self) -> None:
        close = getattr(self._iterable, "close", None)
        if close is not None:
            close()


class Bridge:
    def __init__(self, app: Callable[..., Any], database_turns: int) -> None:
        self._app = app
        # As many threads as there are turns for each kind of work: none takes another's.
        self._threads = {
            Work.DATABASE: anyio.CapacityLimiter(database_turns),
            Work.ARTIFACTS: anyio.CapacityLimiter(ARTIFACT_TURNS),
            Work.ELSEWHERE: anyio.CapacityLimiter(ARTIFACT_TURNS),
        }
        self._pieces = anyio.CapacityLimiter(_PIECES_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1000})
        if scope["type"] != "http":
            return None
        environ = build_environ(scope, await _body(receive))
        limiter = self._threads.get(scope.get(WORK_KEY, Work.NOTHING), self._pieces)
        answer, piece, more = await anyio.to_thread.run_sync(self._run, environ, limiter=limiter)
        del environ
        try:
            await send(
                {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
            )
            client = scope.get(CLIENT_KEY)
            while True:
                await send({"type": "http.response.body", "body": piece, "more_body": more})
                if not more or (client is not None and client.gone().done()):
                    return None
                piece = b""
                piece, more = await anyio.to_thread.run_sync(answer.fetch, limiter=self._pieces)
        finally:
            # Temporary files go with the answer, also when this task was cancelled.
            await asyncio.shield(
                asyncio.ensure_future(anyio.to_thread.run_sync(answer.close, limiter=self._pieces))
            )

    def _run(self, environ: dict[str, Any]) -> tuple[_Answer, bytes, bool]:
        answer = _Answer(self._app, environ)
        try:
            return answer, *answer.fetch()
        except BaseException:
            answer.close()
            raise


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def replace_bridge(app: Starlette, flask_app: Callable[..., Any], database_turns: int) -> None:
    mounts = [route for route in app.router.routes if isinstance(route, Mount)]
    if len(mounts) != 1:
        raise RuntimeError(f"MLflow mounts {len(mounts)} applications, not Flask's alone")
    mounts[0].app = Bridge(flask_app, database_turns)
