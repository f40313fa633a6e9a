"""Answers that wait for their readers, within one budget of the worker.

An answer is whole in memory before its first byte is sent, and stays there until the client has taken the last one. Where
many read slowly, the budget goes to those that still read: the one that was held longest is cut off for the next.
"""

import time
from dataclasses import dataclass

import anyio

from mlflow_instance.asgi import App, Message, Receive, Scope, Send

# Smaller ones are in the transport's and the kernel's buffers anyway.
_SMALL = 64 * 1024
# A reader has this long before its answer may be cut off for another one.
_SAFE_SECONDS = 10.0
_RETRY_AFTER = b"5"


@dataclass(eq=False)
class _Waiting:
    size: int
    since: float
    scope: anyio.CancelScope


class CutOff(Exception):
    """Ends the connection: the client sees a transfer that broke off, not a short answer."""


class Outbox:
    def __init__(self, app: App, capacity: int) -> None:
        self._app = app
        self._capacity = capacity
        self._waiting: list[_Waiting] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        start: Message | None = None
        refused = False

        async def send_bounded(message: Message) -> None:
            nonlocal start, refused
            if message["type"] == "http.response.start":
                # Kept back: until the body is there, the answer may still become a 503.
                start = message
                return
            body = message.get("body", b"")
            large = len(body) > _SMALL
            if refused:
                if large:
                    raise CutOff("the answer was refused")
                return
            if large and not self._make_room(len(body)):
                if start is None:
                    raise CutOff("the memory for answers is used up")
                refused = True
                return
            if start is not None:
                await send(start)
                start = None
            if large:
                await self._send_large(body, message.get("more_body", False), send)
            else:
                await send(message)

        try:
            await self._app(scope, receive, send_bounded)
        except BaseException:
            if not refused:
                raise
        if refused:
            await _busy(send)

    def _make_room(self, size: int) -> bool:
        held = sum(waiting.size for waiting in self._waiting)
        patient = [
            waiting for waiting in self._waiting if time.monotonic() - waiting.since > _SAFE_SECONDS
        ]
        while held + size > self._capacity and patient:
            oldest = patient.pop(0)
            held -= oldest.size
            self._waiting.remove(oldest)
            oldest.scope.cancel()
        # One answer alone is always sent.
        return held + size <= self._capacity or not held

    async def _send_large(self, body: bytes, more: bool, send: Send) -> None:
        waiting = _Waiting(len(body), time.monotonic(), anyio.CancelScope())
        self._waiting.append(waiting)
        try:
            with waiting.scope:
                # Each piece waits until the transport has room for it.
                for begin in range(0, len(body), _SMALL):
                    rest = begin + _SMALL < len(body)
                    await send(
                        {
                            "type": "http.response.body",
                            "body": body[begin : begin + _SMALL],
                            "more_body": more or rest,
                        }
                    )
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
        if waiting.scope.cancelled_caught:
            raise CutOff("a slow reader was cut off, as the memory for answers is used up")


async def _busy(send: Send) -> None:
    body = b'{"error_code": "TEMPORARILY_UNAVAILABLE", "message": "Too many answers wait for slow readers; try again"}'
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode("ascii")),
        (b"retry-after", _RETRY_AFTER),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
