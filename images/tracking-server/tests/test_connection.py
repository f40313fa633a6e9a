"""Connections without requests, heads that do not end, and bodies in pieces of one byte."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from mlflow_instance import connection
from mlflow_instance.asgi import Receive, Scope, Send
from mlflow_instance.connection import BoundedConnection

_HEAD = b"POST / HTTP/1.1\r\nHost: h\r\n"


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    length = 0
    if scope["path"] == "/stuck":
        await asyncio.sleep(3600)
    while scope["path"] != "/refuse":
        message = await receive()
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"x" * 8_000_000 if scope["path"] == "/large" else str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for start in range(0, len(body), 64 * 1024):
        part = body[start : start + 64 * 1024]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def _served() -> AsyncIterator[int]:
    config = uvicorn.Config(
        _app, http=BoundedConnection, log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    task = asyncio.ensure_future(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        await task


def _run(scenario: Callable[[int], Awaitable[None]]) -> None:
    async def run() -> None:
        async with _served() as port:
            await asyncio.wait_for(scenario(port), 30)

    asyncio.run(run())


async def _connect(port: int, data: bytes = b"") -> tuple[Any, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    return reader, writer


async def _answer(reader: Any) -> bytes:
    head: bytes = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body: bytes = await reader.readexactly(length)
    return body


async def _is_closed(reader: Any) -> bool:
    with suppress(ConnectionError):
        return await asyncio.wait_for(reader.read(), 5) == b""
    return True


@pytest.mark.parametrize("sent", [b"", b"GET", b"POST / HTTP/1.1\r\nHost:"])
def test_a_head_that_does_not_end_is_ended(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)

    async def scenario(port: int) -> None:
        reader, writer = await _connect(port, sent)
        assert await _is_closed(reader)
        # The second head of a connection as well. Between the two it may be idle for longer.
        reader, writer = await _connect(port, _HEAD + b"Content-Length: 0\r\n\r\n")
        assert await _answer(reader) == b"0"
        await asyncio.sleep(0.5)
        writer.write(_HEAD + b"Content-Length: 2\r\n\r\n")
        await asyncio.sleep(0.5)
        # A head that is whole: its body has a time of its own (bodies.py).
        writer.write(b"ab")
        assert await _answer(reader) == b"2"
        writer.write(b"GET / HT")
        assert await _is_closed(reader)

    _run(scenario)


def test_chunks_of_one_byte_stop_nobody() -> None:
    async def scenario(port: int) -> None:
        chunks = b"1\r\na\r\n" * 200_000
        head = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
        reader, writer = await _connect(port, head + chunks + b"0\r\n\r\n")
        slowest = 0.0
        # The server is on this loop: a turn that lasts is seen as a sleep that lasts.
        answer = asyncio.ensure_future(_answer(reader))
        while not answer.done():
            began = time.monotonic()
            await asyncio.sleep(0)
            slowest = max(slowest, time.monotonic() - began)
        assert answer.result() == b"200000"
        # 200,000 at once take more than 5 s.
        assert slowest < 0.5
        # The connection is as it was: pipelined requests are answered in order.
        bodies = [b"a" * size for size in range(20)]
        writer.write(
            b"".join(_HEAD + b"Content-Length: %d\r\n\r\n" % len(one) + one for one in bodies)
        )
        assert [await _answer(reader) for _ in bodies] == [b"%d" % len(one) for one in bodies]

    _run(scenario)


def test_what_follows_an_answer_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LEFTOVER_SECONDS", 0.3)

    async def scenario(port: int) -> None:
        head = b"POST /refuse HTTP/1.1\r\nHost: h\r\n"
        reader, writer = await _connect(port, head + b"Content-Length: 10\r\n\r\n12345")
        assert await _answer(reader) == b"0"
        # One that ends in time keeps its connection.
        writer.write(b"67890" + head + b"Transfer-Encoding: chunked\r\n\r\n")
        assert await _answer(reader) == b"0"
        began = time.monotonic()
        with suppress(ConnectionError):
            while not reader.at_eof() and time.monotonic() - began < 5:
                writer.write(b"5\r\nabcde\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)
        assert 0.2 < time.monotonic() - began < 4

    _run(scenario)


def test_a_body_that_stands_still_after_its_answer_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its first byte behind the answer ends uvicorn's own timer."""
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)

    async def scenario(port: int) -> None:
        head = b"POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"
        reader, writer = await _connect(port, head)
        assert await _answer(reader) == b"0"
        writer.write(b"1")
        assert await _is_closed(reader)

    _run(scenario)


def test_idle_connections_and_those_that_move_nothing_give_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "CONNECTIONS", 6)
    monkeypatch.setattr(connection, "GRACE_SECONDS", 0.0)
    stuck = b"GET /stuck HTTP/1.1\r\nHost: h\r\n\r\n"
    large = b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n"

    async def scenario(port: int) -> None:
        async def answers(reader: Any, writer: Any) -> bool:
            writer.write(_HEAD + b"Content-Length: 1\r\n\r\na")
            return await _answer(reader) == b"1"

        handled = [await _connect(port, stuck) for _ in range(3)]
        slow = await _connect(port, large)
        idle = [await _connect(port) for _ in range(2)]
        await asyncio.sleep(0.1)
        new = [await _connect(port) for _ in range(2)]
        assert all([await answers(*one) for one in new])
        assert all([await _is_closed(reader) for reader, _ in idle])
        sending = [await _connect(port, _HEAD + b"Content-Length: 9\r\n\r\na") for _ in range(2)]
        await asyncio.sleep(0.1)
        assert all([await _is_closed(reader) for reader, _ in new])
        # Nobody is idle. The one that has moved nothing for longest is the slow reader.
        last = await _connect(port)
        assert await answers(*last)
        with pytest.raises(asyncio.IncompleteReadError):
            await _answer(slow[0])
        # What a handler works on stays.
        for reader, _ in handled:
            assert not reader.at_eof()
        for _, writer in [*sending, last, *handled, *new, *idle]:
            writer.close()

    _run(scenario)
