"""Answers that are made and not yet read by their clients.

A client that reads slowly holds its answer in memory for as long as it likes. A token whose clients hold more than its share
starts nothing new, and after half a minute its oldest answer is given up.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from mlflow_instance.asgi import Message, Send
from mlflow_instance.client import Client
from mlflow_instance.limits import SLOW_READER_SECONDS, Limits

_SLICE = 64 * 1024


@dataclass(eq=False)
class _Answer:
    key: str
    since: float
    unsent: int = 0
    given_up: asyncio.Event = field(default_factory=asyncio.Event)


class Unsent:
    def __init__(self, limits: Limits, turns: int, seconds: float = SLOW_READER_SECONDS) -> None:
        self._share = limits.unsent_bytes // 2
        # What one token's requests made while they still had a right to start must not stop the
        # others.
        self._all = limits.unsent_bytes + turns * limits.answer_bytes // 2
        self._seconds = seconds
        self._answers: list[_Answer] = []
        self.on_change: Callable[[], None] = lambda: None

    def may_start(self, key: str) -> bool:
        own = [answer for answer in self._answers if answer.key == key]
        if sum(answer.unsent for answer in own) > self._share:
            self._give_up(own)
            return False
        if sum(answer.unsent for answer in self._answers) > self._all:
            self._give_up(self._answers)
            return False
        return True

    def _give_up(self, answers: list[_Answer]) -> None:
        oldest = min(answers, key=lambda answer: answer.since)
        if time.monotonic() - oldest.since > self._seconds:
            oldest.given_up.set()

    async def send(
        self, message: Message, send: Send, key: str, client: Client | None = None
    ) -> bool:
        """Passes a part of a body on in slices: uvicorn would copy all of it and wait then. False:
        the answer was given up, or its client went away."""
        body = message.get("body", b"")
        if len(body) <= _SLICE:
            await send(message)
            return True
        answer = _Answer(key, time.monotonic(), len(body))
        self._answers.append(answer)
        given_up = asyncio.ensure_future(answer.given_up.wait())
        try:
            for start in range(0, len(body), _SLICE):
                part = bytes(body[start : start + _SLICE])
                last = start + _SLICE >= len(body)
                more = not last or message.get("more_body", False)
                sending = asyncio.ensure_future(send({**message, "body": part, "more_body": more}))
                await asyncio.wait({sending, given_up}, return_when=asyncio.FIRST_COMPLETED)
                if not sending.done():
                    sending.cancel()
                    return False
                sending.result()
                answer.unsent -= len(part)
                if client is not None and client.is_gone:
                    return False
            return True
        finally:
            given_up.cancel()
            self._answers.remove(answer)
            self.on_change()
