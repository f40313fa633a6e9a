"""Answers that wait for slow readers: one budget, the oldest gives way, the next is told to try again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mlflow_instance import outbox
from mlflow_instance.asgi import Message, Receive, Scope, Send
from mlflow_instance.outbox import CutOff, Outbox

_SCOPE: Scope = {"type": "http"}


def _app(size: int) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * size, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


async def _receive() -> Message:
    await asyncio.sleep(3600)
    raise AssertionError


def _client(slow: bool = False) -> tuple[list[Message], Callable[[Message], Awaitable[None]]]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        if slow and message["type"] == "http.response.body":
            await asyncio.sleep(3600)
        messages.append(message)

    return messages, send


def _body(messages: list[Message]) -> bytes:
    return b"".join(message.get("body", b"") for message in messages)


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 64 * 1024 + 1, 1_000_000])
def test_an_answer_goes_through_as_it_is(size: int) -> None:
    messages, send = _client()
    asyncio.run(Outbox(_app(size), 100)(_SCOPE, _receive, send))
    assert messages[0]["status"] == 200 and _body(messages) == b"x" * size
    assert [message.get("more_body", False) for message in messages[1:]] == [True] * (
        len(messages) - 2
    ) + [False]


def test_a_full_outbox_answers_503() -> None:
    async def scenario() -> list[Message]:
        box = Outbox(_app(200_000), 300_000)
        slow = asyncio.create_task(box(_SCOPE, _receive, _client(slow=True)[1]))
        await asyncio.sleep(0.05)
        messages, send = _client()
        await box(_SCOPE, _receive, send)
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        # What the one who went away held is free again.
        again, send = _client()
        await box(_SCOPE, _receive, send)
        assert again[0]["status"] == 200
        return messages

    messages = asyncio.run(scenario())
    assert messages[0]["status"] == 503 and (b"retry-after", b"5") in messages[0]["headers"]
    assert b"TEMPORARILY_UNAVAILABLE" in _body(messages)


def test_who_reads_longest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_SAFE_SECONDS", 0.0)

    async def scenario() -> None:
        box = Outbox(_app(200_000), 300_000)
        slow = asyncio.create_task(box(_SCOPE, _receive, _client(slow=True)[1]))
        await asyncio.sleep(0.05)
        messages, send = _client()
        await box(_SCOPE, _receive, send)
        assert messages[0]["status"] == 200 and len(_body(messages)) == 200_000
        # An exception ends the connection: a short answer must not look whole.
        with pytest.raises(CutOff):
            await slow

    asyncio.run(scenario())


def test_one_answer_alone_is_always_sent() -> None:
    messages, send = _client()
    asyncio.run(Outbox(_app(1_000_000), 10)(_SCOPE, _receive, send))
    assert messages[0]["status"] == 200
