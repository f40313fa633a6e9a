"""Reads the body of a request that is no artifact: within a size, a time and a budget of memory, decoded.

MLflow reads every body whole, whatever its size, and parses it in some copies. Here a body that is too large is refused
before it is read, and the others share the budgets of their worker: small ones pass, the rest wait for each other.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import anyio
import anyio.to_thread

from mlflow_instance.asgi import Receive, Scope
from mlflow_instance.budget import Budget, BudgetFull
from mlflow_instance.fence import one_prefix
from mlflow_instance.inflate import ENCODINGS, TooLarge, inflate
from mlflow_instance.limits import (
    BODY_SECONDS,
    UPLOAD_ARTIFACT_BYTES,
    WAIT_SECONDS,
    WAITING,
    Limits,
)
from mlflow_instance.weight import weight_of

# What weighs less, received and parsed, is counted by the number of requests alone: 128 that wait
# hold 48 MiB at most, and MLflow's own clients rarely send more.
_SMALL = 64 * 1024
_LIGHT = 6 * _SMALL


class BodyRefused(Exception):
    def __init__(self, status: int, message: str, unread: bool) -> None:
        super().__init__(message)
        self.status, self.message, self.unread = status, message, unread


class ClientGone(Exception):
    pass


@dataclass(frozen=True)
class Headers:
    length: int | None
    content_type: str
    encoding: str

    @classmethod
    def of(cls, scope: Scope) -> "Headers":
        values: dict[bytes, str] = {}
        for name, value in scope["headers"]:
            if name in _NAMES:
                # Two of a kind are one with a comma: which of them a parser behind us takes must
                # not matter.
                text = value.decode("latin-1").strip()
                values[name] = f"{values[name]},{text}" if name in values else text
        length: int | None = (
            int(values[b"content-length"]) if values.get(b"content-length", "").isdecimal() else 0
        )
        if b"transfer-encoding" in values:
            length = None
        return cls(
            length, values.get(b"content-type", ""), values.get(b"content-encoding", "").lower()
        )


_UPLOAD_ARTIFACT = ("POST", "/api/2.0/mlflow/upload-artifact")
_NAMES = (b"content-length", b"content-type", b"content-encoding", b"transfer-encoding")


class Bodies:
    def __init__(
        self, limits: Limits, seconds: float = BODY_SECONDS, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._limits = limits
        self._seconds = seconds
        # Half of it for one token: a slow sender holds what it was let in with for a minute.
        half = limits.receiving_bytes // 2
        self._receiving = Budget(
            limits.receiving_bytes, per_key=half, waiting=WAITING // 2, seconds=wait_seconds
        )
        self._parsing = Budget(limits.parsing_bytes, waiting=WAITING // 2, seconds=wait_seconds)
        self._threads = anyio.CapacityLimiter(2)

    @asynccontextmanager
    async def body(self, scope: Scope, receive: Receive, key: str) -> AsyncIterator["Held"]:
        """The body, counted until `Held.release` or the end. Raises BodyRefused, ClientGone."""
        held = Held(self._receiving, self._parsing, key)
        try:
            await self._read(scope, receive, held)
            yield held
        finally:
            held.release()

    async def _read(self, scope: Scope, receive: Receive, held: "Held") -> None:
        path, headers = scope["path"], Headers.of(scope)
        is_artifact = (scope["method"], one_prefix(path)) == _UPLOAD_ARTIFACT
        most = UPLOAD_ARTIFACT_BYTES if is_artifact else self._limits.body_bytes
        too_large = f"The body is larger than {most} bytes, the most that this server takes here"
        if headers.length is not None and headers.length > most:
            raise BodyRefused(413, too_large, unread=True)
        decoded_here = path == "/v1/traces" and headers.encoding != ""
        if decoded_here and headers.encoding not in ENCODINGS:
            raise BodyRefused(
                400, "Content-Encoding: not supported; use gzip or deflate", unread=True
            )
        if headers.length is None or headers.length > _SMALL:
            await held.receive(
                most if headers.length is None or decoded_here else headers.length, unread=True
            )
        try:
            async with asyncio.timeout(self._seconds):
                body = await _whole(receive, most, too_large)
        except TimeoutError:
            raise BodyRefused(
                408, f"The body did not come in within {self._seconds:.0f} s", unread=True
            ) from None
        if decoded_here:
            body = await self._decoded(body, headers.encoding, most, held)
            _set_decoded(scope, len(body))
        if is_artifact:
            # Not parsed: the body, MLflow's copy of it, and a part on its way to the store.
            weight = 3 * len(body)
        else:
            weigh = partial(weight_of, path, headers.content_type, body, self._limits.parsing_bytes)
            # Short ones at once: a thread costs more than the look.
            weight = (
                weigh()
                if len(body) < 4096
                else await anyio.to_thread.run_sync(weigh, limiter=self._threads)
            )
        if weight > self._limits.parsing_bytes:
            raise BodyRefused(
                413,
                "The body has more values, spans or text than this server takes at once; send less",
                unread=False,
            )
        if weight > _LIGHT:
            await held.parse(weight)
        held.release_receiving()
        held.body = body

    async def _decoded(self, body: bytes, encoding: str, most: int, held: "Held") -> bytes:
        try:
            if not held.receiving:
                # Most batches stay small. One that does not waits for its turn among the large
                # ones, and is decoded again.
                try:
                    return inflate(body, encoding, min(_SMALL, most))
                except TooLarge:
                    await held.receive(most, unread=False)
            decode = partial(inflate, body, encoding, most)
            return await anyio.to_thread.run_sync(decode, limiter=self._threads)
        except zlib.error:
            raise BodyRefused(400, f"The body is not valid {encoding}", unread=False) from None
        except TooLarge:
            message = f"The decoded body is larger than {most} bytes, the most that this server takes here"
            raise BodyRefused(413, message, unread=False) from None


class Held:
    """What one request has taken of the budgets."""

    def __init__(self, receiving: Budget, parsing: Budget, key: str) -> None:
        self._receiving, self._parsing, self._key = receiving, parsing, key
        self.receiving = self._parsed = 0
        self.body = b""

    async def receive(self, weight: int, unread: bool) -> None:
        await self._take(self._receiving, weight, unread)
        self.receiving = weight

    async def parse(self, weight: int) -> None:
        await self._take(self._parsing, weight, unread=False)
        self._parsed = weight

    async def _take(self, budget: Budget, weight: int, unread: bool) -> None:
        try:
            await budget.take(weight, self._key)
        except BudgetFull:
            raise BodyRefused(503, "Too many large requests at once; try again", unread) from None

    def release_receiving(self) -> None:
        if self.receiving:
            self._receiving.give(self.receiving, self._key)
            self.receiving = 0

    def release(self) -> None:
        self.release_receiving()
        if self._parsed:
            self._parsing.give(self._parsed, self._key)
            self._parsed = 0


async def _whole(receive: Receive, most: int, too_large: str) -> bytes:
    # Not a list: a million pieces of two bytes would take twenty times their length.
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) + len(chunk) > most:
            raise BodyRefused(413, too_large, unread=more)
        if not more and not body:
            return chunk
        body += chunk
        if not more:
            return bytes(body)


def _set_decoded(scope: Scope, length: int) -> None:
    kept = [
        (name, value)
        for name, value in scope["headers"]
        if name not in _NAMES or name == b"content-type"
    ]
    scope["headers"] = [*kept, (b"content-length", str(length).encode("ascii"))]
