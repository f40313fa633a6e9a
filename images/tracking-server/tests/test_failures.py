"""The text of an error is looked at whole, and sent as soon as it is whole."""

import asyncio
import json
from typing import Any

import pytest

from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.failures import Failures
from mlflow_instance.refusal import refuse


def _answers(*parts: tuple[bytes, bool], length: int | None, status: int = 500) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json")]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for body, more in parts:
            await send({"type": "http.response.body", "body": body, "more_body": more})

    return app


def _sent(app: Any) -> tuple[Message, list[Message]]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        raise AssertionError

    scope = {"type": "http", "method": "POST", "path": "/x"}
    asyncio.run(Failures(app)(scope, receive, send))
    return messages[0], messages[1:]


_PRIVATE = b'{"message": "(psycopg2.errors.X) [SQL: SELECT 1]"}'


@pytest.mark.parametrize("length", [None, len(_PRIVATE)])
@pytest.mark.parametrize("at", [0, 10, len(_PRIVATE)])
def test_a_private_text_is_replaced_in_however_many_parts_it_comes(
    length: int | None, at: int
) -> None:
    app = _answers((_PRIVATE[:at], True), (_PRIVATE[at:], True), (b"", False), length=length)
    start, bodies = _sent(app)
    body = b"".join(one.get("body", b"") for one in bodies)
    assert b"SQL" not in body and json.loads(body)["error_code"] == "INTERNAL_ERROR"
    assert dict(start["headers"])[b"content-length"] == str(len(body)).encode()
    # One end, and nothing after it.
    assert [one.get("more_body", False) for one in bodies].index(False) == len(bodies) - 1


def test_a_refusal_does_not_wait_for_the_client_to_stop_sending() -> None:
    async def scenario() -> None:
        messages: list[Message] = []
        stops = asyncio.Event()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await refuse(scope, receive, send, 413, "too large")

        async def receive() -> Message:
            await stops.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            messages.append(message)

        scope = {"type": "http", "method": "POST", "path": "/x"}
        task = asyncio.ensure_future(Failures(app)(scope, receive, send))
        await asyncio.sleep(0.05)
        assert [one["type"][14:] for one in messages] == ["start", "body"]
        assert json.loads(messages[1]["body"])["message"] == "too large"
        stops.set()
        await task
        assert messages[-1] == {"type": "http.response.body", "body": b""}

    asyncio.run(scenario())
