"""What a connection may take beside its requests: time without a request, a place, and the event
loop.

uvicorn waits for ever for the head of a request, keeps any number of connections, throws away what
follows an answer without an end, and works through all that came in at once: a quarter of a MiB in
chunks of one byte stops everything else for more than a second.
"""

import asyncio
import logging
import time
from typing import Any, cast

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from mlflow_instance.limits import CONNECTIONS, HEAD_SECONDS, LEFTOVER_SECONDS

_logger = logging.getLogger(__name__)

# Of HTTP, in one turn of the event loop: some 3 ms.
_EVENTS = 100
_WARN_EVERY_SECONDS = 60.0
# Many that come in at once may be so many times the bound for so long.
_BURST, GRACE_SECONDS = 3, 1.0


class BoundedConnection(H11Protocol):
    _warned = -_WARN_EVERY_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._next_event = self.conn.next_event
        self.conn.next_event = self._some_events  # type: ignore[method-assign]
        self._left = 0
        self._goes_on = False
        self._head: asyncio.TimerHandle | None = None
        self._answered = 0.0
        self._moved = time.monotonic()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport)
        self._make_room()
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        self._moved = time.monotonic()
        if self._is_leftover and self._moved - self._answered > LEFTOVER_SECONDS:
            self.transport.close()
            return
        super().data_received(data)

    def resume_writing(self) -> None:
        self._moved = time.monotonic()
        super().resume_writing()

    def handle_events(self) -> None:
        if self._goes_on:
            return
        self._left = _EVENTS
        super().handle_events()
        self._watch_head()

    def on_response_complete(self) -> None:
        self._answered = self._moved = time.monotonic()
        super().on_response_complete()

    @property
    def _is_leftover(self) -> bool:
        """The answer is given, and the body that it did not wait for still comes in."""
        return (
            self.cycle is not None
            and self.cycle.response_complete
            and self.conn.their_state is h11.SEND_BODY
        )

    def _some_events(self) -> Any:
        if self._left == 0:
            if not self._goes_on:
                self._goes_on = True
                self._flow.hold()
                self.loop.call_soon(self._go_on)
            return h11.NEED_DATA
        self._left -= 1
        return self._next_event()

    def _go_on(self) -> None:
        self._goes_on = False
        self._flow.release()
        if not self.transport.is_closing():
            self.handle_events()

    @property
    def _flow(self) -> "_Flow":
        return cast(_Flow, self.flow)

    def _watch_head(self) -> None:
        """A connection that is kept open between two requests has a timer of uvicorn's, until one
        byte comes in."""
        waits = (
            (self.conn.their_state is h11.IDLE or self._is_leftover)
            and self.timeout_keep_alive_task is None
            and not self.transport.is_closing()
        )
        if waits and self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.close)
        elif not waits and self._head is not None:
            self._head.cancel()
            self._head = None

    def _make_room(self) -> None:
        surplus = len(self.connections) - CONNECTIONS
        if surplus <= 0:
            return
        now = time.monotonic()
        others = cast("set[BoundedConnection]", self.connections) - {self}
        # Also one that is closing: until its client has read the answer, it stays.
        candidates = [one for one in others if one._gives_way]
        if surplus < _BURST * CONNECTIONS:
            # A connection of the same moment has not been read yet: it may have a request.
            candidates = [one for one in candidates if now - one._moved >= GRACE_SECONDS]
            surplus = min(surplus, len(candidates))
        candidates.sort(key=lambda one: (one._has_request, one._moved))
        if now - BoundedConnection._warned > _WARN_EVERY_SECONDS:
            BoundedConnection._warned = now
            _logger.warning("more than %d connections: idle ones are closed", CONNECTIONS)
        for gives_way in [*candidates, self][:surplus]:
            # At once: what it still had to send would keep it.
            self.connections.discard(gives_way)
            gives_way.transport.abort()

    @property
    def _has_request(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    @property
    def _gives_way(self) -> bool:
        """Not what a handler works on, which is bounded elsewhere (turns.py)."""
        return not self._has_request or self.cycle.more_body or self.flow.write_paused


class _Flow(FlowControl):
    """Reading also pauses while what was read waits."""

    _held = False

    def hold(self) -> None:
        self._held = True
        self._transport.pause_reading()

    def release(self) -> None:
        self._held = False
        if not self.read_paused:
            self._transport.resume_reading()

    def resume_reading(self) -> None:
        if self._held:
            self.read_paused = False
        else:
            super().resume_reading()
