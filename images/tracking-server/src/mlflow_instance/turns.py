"""Lets no more requests into MLflow's handlers at once than the connection pool can serve without a deadlock.

MLflow runs up to 40 requests of a worker at the same time, and several handlers (creating a run, logging inputs) open a second
connection while they hold a first. As soon as as many such requests as the pool has connections are in, each waits for another, and after 30 s
all of them fail with HTTP 400. With one request fewer than there are connections one of them always gets on; the others
wait here, in their order, for milliseconds.
"""

import asyncio
import re
from collections.abc import Mapping

from mlflow_instance.asgi import App, Message, Receive, Scope, Send
from mlflow_instance.stall import Stall

# SQLAlchemy's own values, which MLflow leaves alone unless it is told otherwise. It takes an overflow of 0 for not set.
_POOL_SIZE, _MAX_OVERFLOW = 5, 10
# What works on the database. Artifacts, the gateway and static files may take long and hold no connection meanwhile.
_USES_DATABASE = re.compile(r"/(?:ajax-)?api/\d\.\d/mlflow/(?!gateway|upload-artifact|get-trace-artifact)|/graphql|/v1/traces")


def turns_of_pool(environment: Mapping[str, str]) -> int:
    """How many requests may use a pool at once."""
    size = int(environment.get("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE") or _POOL_SIZE)
    overflow = int(environment.get("MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW") or 0) or _MAX_OVERFLOW
    return max(1, size + overflow - 1)


class Turns:
    def __init__(self, app: App, turns: int, stall: Stall | None = None) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(turns)
        self._stall = stall or Stall()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _USES_DATABASE.match(scope["path"]):
            return await self._app(scope, receive, send)
        # The body first: a slow sender must not hold a turn. MLflow would wait for all of it as well.
        body = await _whole_body(receive)
        if body is None:
            return None
        turn = _Turn(self._turns, self._stall)
        await turn.take()
        try:
            await self._app(scope, _replay(body, receive), turn.until_answered(send))
        finally:
            turn.give_back()


class _Turn:
    def __init__(self, turns: asyncio.Semaphore, stall: Stall) -> None:
        self._turns = turns
        self._stall = stall
        self._held = False

    async def take(self) -> None:
        self._stall.waits()
        try:
            await self._turns.acquire()
        except BaseException:
            self._stall.left()
            raise
        self._stall.took()
        self._held = True

    def give_back(self) -> None:
        if self._held:
            self._held = False
            self._stall.gave_back()
            self._turns.release()

    def until_answered(self, send: Send) -> Send:
        """A handler that begins to answer has what it wanted from the database: a slow reader must not hold a turn either."""

        async def send_and_give_back(message: Message) -> None:
            self.give_back()
            await send(message)

        return send_and_give_back


async def _whole_body(receive: Receive) -> bytes | None:
    """None: the client went away."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def receive_again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return receive_again
