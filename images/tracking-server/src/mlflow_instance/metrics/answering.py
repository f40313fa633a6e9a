"""The HTTP of the metrics' port: GET and HEAD of one path, within bounds.

Each connection has a deadline of its own. A time-out for each read alone would let a client that
sends a byte a second hold the port for ever.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus

_logger = logging.getLogger(__name__)

_PATH = "/metrics"
# Seconds from the first byte of a request to the last of its answer.
_SECONDS = 5.0
# Bytes of a request; Prometheus sends about 300.
_LONGEST_HEAD = 8192
_CONNECTIONS = 8


class Answering:
    """Answers on listening sockets with what `text` gives, of this content type."""

    def __init__(
        self, text: Callable[[], bytes], content_type: str, *, seconds: float = _SECONDS
    ) -> None:
        self._text = text
        self._content_type = content_type
        self._seconds = seconds
        self._open = 0

    async def serve(self, sockets: Sequence[socket.socket]) -> None:
        async with contextlib.AsyncExitStack() as servers:
            for each in sockets:
                server = await asyncio.start_server(self._connected, sock=each, limit=_LONGEST_HEAD)
                await servers.enter_async_context(server)
            await asyncio.Event().wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _CONNECTIONS:
                async with asyncio.timeout(self._seconds):
                    writer.write(self._reply(await reader.readuntil(b"\r\n\r\n")))
                    writer.close()
                    await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            _logger.debug("a scrape was not answered: %s", type(error).__name__)
        finally:
            self._open -= 1
            writer.transport.abort()

    def _reply(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        path = rest.partition(" ")[0].partition("?")[0]
        if method not in ("GET", "HEAD") or path != _PATH:
            return _answer(HTTPStatus.NOT_FOUND, "text/plain", b"")
        try:
            body = self._text()
        except Exception:
            _logger.exception("the metrics can't be read")
            return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"")
        return _answer(HTTPStatus.OK, self._content_type, body, with_body=method == "GET")


def _answer(status: HTTPStatus, kind: str, body: bytes, *, with_body: bool = True) -> bytes:
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"content-type: {kind}",
        f"content-length: {len(body)}",
        "connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode("ascii") + (body if with_body else b"")
