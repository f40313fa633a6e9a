"""Lets uploads in as their parts fit the worker's memory, and ends those that stand still.

An upload that does not fit waits, fairly between the tokens and with its body unread, so that nothing of it is in memory or on
the disk of the node.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from io import BytesIO

from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.bodies import Headers
from mlflow_instance.budget import Budget, BudgetFull
from mlflow_instance.limits import (
    BESIDE_PARTS,
    IDLE_SECONDS,
    LEAST_PART,
    MIB,
    MOST_PARTS,
    UPLOADS,
    WAIT_SECONDS,
    WAITING,
    Limits,
)
from mlflow_instance.refusal import refuse

# Without a length parts grow with their number: by a half after each five hundred.
_GROW_EVERY = 500
# Fewer, larger hand-overs between the event loop and the thread.
PIECE = 256 * 1024


@dataclass
class Upload:
    """What one upload holds of the budget, and the sizes of its parts."""

    budget: Budget
    key: str
    length: int | None
    weight: int
    part: int
    # Two parts fit: the next one comes in while one goes out.
    ahead: bool

    @property
    def in_one_request(self) -> bool:
        return self.length is not None and self.length < self.part

    def part_size(self, number: int) -> int:
        """The size of the part with this number, from 1."""
        if self.length is None and number > 1 and number % _GROW_EVERY == 1:
            grown = (self.part * 3 // 2) // MIB * MIB
            more = (grown - self.part) * (2 if self.ahead else 1)
            # Nobody else's: what is not free now stays theirs, and the next five hundred try again.
            if self.budget.try_take(more, self.key):
                self.weight += more
                self.part = grown
        return self.part


CURRENT: ContextVar[Upload] = ContextVar("mlflow_instance_upload")


def plan(length: int | None, limits: Limits) -> tuple[int, int, bool] | None:
    """(weight, part size, whether two parts fit) of an upload; None when its parts don't fit at all."""
    part = LEAST_PART
    if length is not None:
        part = max(part, -(-length // MOST_PARTS // MIB) * MIB)
    most = limits.uploads_bytes
    for parts in (2, 1):
        weight = parts * part + BESIDE_PARTS
        if weight <= most:
            held = weight if length is None else min(weight, length + BESIDE_PARTS)
            # A bound of the number as well: each upload has a thread.
            return max(held, most // UPLOADS), part, parts == 2
    return None


class Uploads:
    def __init__(
        self,
        app: App,
        limits: Limits,
        *,
        idle_seconds: float = IDLE_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._app = app
        self._limits = limits
        self._idle_seconds = idle_seconds
        # A slow sender may stay for hours: the uploads of one token leave room for one of
        # another's.
        others = 2 * LEAST_PART + BESIDE_PARTS
        per_key = max(limits.uploads_bytes - others, limits.uploads_bytes // 2)
        self._budget = Budget(
            limits.uploads_bytes, per_key=per_key, waiting=WAITING // 4, seconds=wait_seconds
        )

    @property
    def waiting(self) -> int:
        """Uploads that wait until their parts fit."""
        return self._budget.waiting

    async def __call__(self, scope: Scope, receive: Receive, send: Send, key: str) -> None:
        length = Headers.of(scope).length
        planned = plan(length, self._limits)
        if planned is None:
            most = self._limits.largest_artifact_bytes
            return await refuse(
                scope,
                receive,
                send,
                413,
                f"The artifact is larger than {most} bytes, the most that this server takes",
            )
        weight, part, ahead = planned
        try:
            await self._budget.take(weight, key)
        except BudgetFull:
            return await refuse(scope, receive, send, 503, "Too many uploads at once; try again")
        upload = Upload(self._budget, key, length, weight, part, ahead)
        body = _Body(receive, self._idle_seconds, length if upload.in_one_request else None)
        CURRENT.set(upload)
        try:
            await self._app(scope, body.receive, body.guarded(scope, send))
        finally:
            self._budget.give(upload.weight, key)


class _Body:
    """A body whose sender must not pause for too long, handed on in few large pieces: each one passes all of MLflow's middleware."""

    def __init__(self, receive: Receive, idle_seconds: float, length: int | None) -> None:
        self._receive = receive
        self._idle_seconds = idle_seconds
        # All at once with a length, else so many bytes at a time.
        self._length = length
        self._whole = self._stood_still = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        # Of the right size from the start, a BytesIO gives its bytes away without a copy.
        joined = BytesIO(bytes(self._length or 0))
        while True:
            message = await self._next()
            if message["type"] != "http.request":
                return message
            joined.write(message.get("body", b""))
            if self._whole or (self._length is None and joined.tell() >= PIECE):
                joined.truncate()
                return {**message, "body": joined.getvalue()}

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._idle_seconds):
                message = await self._receive()
        except TimeoutError:
            # To MLflow the client is gone: what was sent so far is not the file.
            self._whole = self._stood_still = True
            return {"type": "http.disconnect"}
        self._whole = not message.get("more_body", False)
        return message

    def guarded(self, scope: Scope, send: Send) -> Send:
        refused = False

        async def send_unless_refused(message: Message) -> None:
            nonlocal refused
            if refused:
                return
            if self._stood_still and message["type"] == "http.response.start":
                refused = True
                text = f"Nothing of the upload came in for {self._idle_seconds:.0f} s"
                return await refuse(scope, self._receive, send, 408, text)
            await send(message)

        return send_unless_refused
