"""Sends the files that handlers handed off: from the object store to the client, as fast as the
client takes them.

A download holds one piece, and a thread only while that piece comes from the store. When the client
goes away, the store's connection is closed at once.
"""

import json
import math
import re
from collections import Counter
from typing import Any
from wsgiref.handlers import format_date_time

import anyio
import anyio.to_thread
from mlflow.exceptions import MlflowException

from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.client import end_when_gone
from mlflow_instance.handoff import Handoff, current
from mlflow_instance.limits import MIB
from mlflow_instance.refusal import refuse, tell
from mlflow_instance.stored_file import Opened, RangeNotSatisfiable, Reading, StoredFile
from mlflow_instance.turns import TOKEN_KEY

# A piece, what waits in the transport, the connections' own buffers.
BYTES_PER_DOWNLOAD = MIB
# Below this rate (2 KiB/s) a client is taken for gone: its slot goes to somebody else.
_PIECE_WITHIN_SECONDS = 120.0
# Clients retry a 503; a wait beyond their usual time-outs helps nobody.
_SLOT_WITHIN_SECONDS = 20.0
_REPLACED = {b"content-length", b"etag", b"last-modified", b"accept-ranges", b"content-range"}
# Answered from the store's own values, and not from those of the empty answer of the handler.
_CONDITIONAL = {
    b"range",
    b"if-range",
    b"if-none-match",
    b"if-modified-since",
    b"if-match",
    b"if-unmodified-since",
}
_ONE_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")

Headers = list[tuple[bytes, bytes]]


class FileAnswers:
    def __init__(self, app: App, memory: int) -> None:
        self._app = app
        # Of the worker's memory for transfers.
        self._at_once = max(8, memory // BYTES_PER_DOWNLOAD)
        self._slots: anyio.Semaphore | None = None
        self._threads: anyio.CapacityLimiter | None = None
        self._held: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return await self._app(scope, receive, send)
        handoff = Handoff()
        token = current.set(handoff)
        headers: Headers = []

        async def hold(message: Message) -> None:
            # The handler has said that a file is the answer before it answers itself.
            if handoff.file is None:
                await send(message)
            elif message["type"] == "http.response.start":
                headers.extend(message["headers"])

        asked = {
            name: value.decode("latin-1")
            for name, value in scope["headers"]
            if name in _CONDITIONAL
        }
        if asked and "artifact" in scope["path"]:
            scope = {
                **scope,
                "headers": [header for header in scope["headers"] if header[0] not in _CONDITIONAL],
            }
        try:
            await self._app(scope, receive, hold)
        finally:
            current.reset(token)
        if handoff.file is not None:
            await self._answer(handoff.file, scope, asked, headers, receive, send)

    async def _answer(
        self,
        file: StoredFile,
        scope: Scope,
        asked: dict[bytes, str],
        headers: Headers,
        receive: Receive,
        send: Send,
    ) -> None:
        # The name of the token, as the middleware leaves it; without one every slot is everybody's.
        name = scope.get(TOKEN_KEY, "")
        if not await self._take_slot(name):
            return await refuse(scope, None, send, 503, "Too many downloads at once; try again")
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(end_when_gone, receive, tasks.cancel_scope)
                await self._send_file(file, scope, asked, headers, send)
                tasks.cancel_scope.cancel()
        finally:
            self._give_slot_back(name)

    async def _send_file(
        self, file: StoredFile, scope: Scope, asked: dict[bytes, str], headers: Headers, send: Send
    ) -> None:
        method = scope["method"]
        reading: Reading | None = None
        try:
            span = _range(asked)
            try:
                conditional = asked.keys() & {b"if-range", b"if-none-match", b"if-match"}
                opened = (
                    await self._run(file.head)
                    if method == "HEAD" or conditional
                    else await self._run(file.open, span)
                )
                if conditional:
                    if _not_modified(asked, opened):
                        return await _bodiless(send, 304, _with(headers, opened))
                    if asked.get(b"if-range", opened.etag) != opened.etag:
                        span = None
                    if method == "GET":
                        opened = await self._run(file.open, span)
            except RangeNotSatisfiable as error:
                return await _bodiless(
                    send,
                    416,
                    [*headers, (b"content-range", f"bytes */{error.size}".encode("ascii"))],
                )
            except MlflowException as error:
                told = json.loads(error.serialize_as_json())
                status, code = error.get_http_status_code(), told["error_code"]
                return await tell(scope, send, status, code, told["message"])
            partial = span is not None and opened.body is not None
            answer = _with(headers, opened, partial)
            if opened.body is None:
                return await _bodiless(send, 200, answer)
            reading = Reading(file, opened)
            reading.skip(len(opened.first))
            await send(
                {
                    "type": "http.response.start",
                    "status": 206 if partial else 200,
                    "headers": answer,
                }
            )
            piece = opened.first
            while piece:
                with anyio.fail_after(_PIECE_WITHIN_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await self._run(reading.next)
            await send({"type": "http.response.body", "body": b""})
        finally:
            if reading is not None:
                # Closing drops what the store still sends. A read that was given up ends with it.
                reading.close()

    async def _run(self, work: Any, *arguments: Any) -> Any:
        assert self._threads is not None
        return await anyio.to_thread.run_sync(
            work, *arguments, limiter=self._threads, abandon_on_cancel=True
        )

    async def _take_slot(self, name: str) -> bool:
        if self._slots is None:
            self._slots = anyio.Semaphore(self._at_once)
            # Threads of their own: a store that hangs must not take those of the handlers.
            self._threads = anyio.CapacityLimiter(min(self._at_once, 16))
        with anyio.move_on_after(_SLOT_WITHIN_SECONDS):
            # One token leaves slots for the others.
            while name and self._held[name] >= math.ceil(self._at_once * 3 / 4):
                await anyio.sleep(0.1)
            self._held[name] += 1
            try:
                await self._slots.acquire()
            except BaseException:
                self._held[name] -= 1
                raise
            return True
        return False

    def _give_slot_back(self, name: str) -> None:
        assert self._slots is not None
        self._slots.release()
        self._held[name] -= 1
        if not self._held[name]:
            del self._held[name]


def _range(asked: dict[bytes, str]) -> str | None:
    """What isn't one range of bytes is answered with the whole file, as RFC 9110 allows."""
    span = asked.get(b"range", "")
    return span if _ONE_RANGE.fullmatch(span) else None


def _not_modified(asked: dict[bytes, str], opened: Opened) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in asked.get(b"if-none-match", "").split(",")]
    return opened.etag is not None and (opened.etag in tags or "*" in tags)


def _with(headers: Headers, opened: Opened, partial: bool = False) -> Headers:
    """The handler's own headers (type, disposition, security), with what only the store knows."""
    answer = [header for header in headers if header[0].lower() not in _REPLACED]
    # The length lets a client tell a transfer that broke off from a whole one.
    answer += [
        (b"content-length", str(opened.length).encode("ascii")),
        (b"accept-ranges", b"bytes"),
    ]
    if opened.etag:
        answer.append((b"etag", opened.etag.encode("latin-1")))
    if opened.modified:
        answer.append(
            (b"last-modified", format_date_time(opened.modified.timestamp()).encode("ascii"))
        )
    if partial:
        answer.append(
            (
                b"content-range",
                f"bytes {opened.start}-{opened.end - 1}/{opened.size}".encode("ascii"),
            )
        )
    return answer


async def _bodiless(send: Send, status: int, headers: Headers) -> None:
    if status in (304, 416):
        headers = [header for header in headers if header[0] != b"content-length"]
    if status == 416:
        headers.append((b"content-length", b"0"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
