"""The other end of a request: its body, once it is whole, and whether it is still there."""

import asyncio

import anyio

from mlflow_instance.asgi import Message, Receive

KEY = "mlflow_instance.client"


class Client:
    """Stands for `receive` once the body was read: the body again, then a disconnect when there is one."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive
        self._watch: asyncio.Task[None] | None = None

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        # Shielded: MLflow's middleware gives up its wait for a disconnect when it has the answer.
        await asyncio.shield(self.gone())
        return {"type": "http.disconnect"}

    def gone(self) -> "asyncio.Task[None]":
        """Done when the client went away, or has its answer."""
        if self._watch is None:
            self._watch = asyncio.ensure_future(gone(self._receive))
        return self._watch

    @property
    def is_gone(self) -> bool:
        return self._watch is not None and self._watch.done()

    def end(self) -> None:
        self._body = None
        if self._watch is not None:
            self._watch.cancel()


async def gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def end_when_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    await gone(receive)
    scope.cancel()
