"""Answers of Flask's part come piece by piece, as fast as their clients read."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from mlflow_instance.asgi import Message
from mlflow_instance.wsgi import Bridge

# As werkzeug reads a file, such as one of /static-files.
_PIECE = 8 * 1024


def test_a_file_is_not_read_further_than_its_client() -> None:
    read = closed = 0

    class File:
        def __iter__(self) -> Iterator[bytes]:
            nonlocal read
            for _ in range(1000):
                read += _PIECE
                yield b"x" * _PIECE

        def close(self) -> None:
            nonlocal closed
            closed += 1

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> File:
        start("200 OK", [("Content-Type", "text/javascript")])
        return File()

    async def scenario() -> None:
        go_on = asyncio.Event()
        received: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            received.append(message)
            if message["type"] == "http.response.body":
                await go_on.wait()

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/static-files/main.js",
            "root_path": "",
            "query_string": b"",
            "headers": [],
            "http_version": "1.1",
        }
        task = asyncio.ensure_future(Bridge(app, 3)(scope, receive, send))
        await asyncio.sleep(0.2)
        assert read == 256 * 1024 and len(received) == 2
        go_on.set()
        await task
        assert read == 1000 * _PIECE == sum(len(one.get("body", b"")) for one in received)
        assert closed == 1

    asyncio.run(scenario())
