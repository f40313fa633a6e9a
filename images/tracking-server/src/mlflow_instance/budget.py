"""A budget of bytes or turns that requests of one event loop share fairly.

Whoever waits is served in turn between the keys (names of tokens) and in its own order within a key. One key never holds all
of the budget, so that a request of another key need not wait for the longest of the first one's requests.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field


_RECHECK_SECONDS = 1.0


class BudgetFull(Exception):
    """Too many wait already, or the wait took too long."""


@dataclass(eq=False)
class _Waiter:
    key: str
    weight: int
    admitted: asyncio.Future[bool]


@dataclass
class _Key:
    held: int = 0
    waiting: deque[_Waiter] = field(default_factory=deque)


class Budget:
    def __init__(
        self,
        total: int,
        *,
        per_key: int | None = None,
        waiting: int,
        seconds: float,
        may_start: Callable[[str], bool] = lambda key: True,
    ) -> None:
        """`per_key` is the most that one key holds, `may_start` a further condition; `recheck` must follow its change."""
        self._free = total
        self._per_key = total if per_key is None else per_key
        self._most_waiting = waiting
        self._seconds = seconds
        self._may_start = may_start
        self._keys: OrderedDict[str, _Key] = OrderedDict()

    @property
    def waiting(self) -> int:
        # A copy: another thread asks for the metrics.
        return sum(len(key.waiting) for key in list(self._keys.values()))

    @property
    def is_used_up(self) -> bool:
        return self._free <= 0

    async def take(self, weight: int, key: str, gone: asyncio.Future[None] | None = None) -> bool:
        """False: the client went away (`gone`) while it waited. Raises BudgetFull."""
        entry = self._keys.setdefault(key, _Key())
        if not entry.waiting and not self._first_is_short() and self._fits(entry, key, weight):
            self._hold(entry, weight)
            return True
        self._make_room(key)
        waiter = _Waiter(key, weight, asyncio.get_running_loop().create_future())
        self._keys.setdefault(key, entry).waiting.append(waiter)
        until = time.monotonic() + self._seconds
        try:
            while not waiter.admitted.done() and (left := until - time.monotonic()) > 0:
                await asyncio.wait(
                    {waiter.admitted} if gone is None else {waiter.admitted, gone},
                    timeout=min(left, _RECHECK_SECONDS),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if gone is not None and gone.done():
                    break
                # `may_start` may depend on time.
                self.recheck()
        except BaseException:
            self._forget(waiter)
            raise
        if gone is not None and gone.done():
            self._forget(waiter)
            return False
        if not waiter.admitted.done():
            self._forget(waiter)
            raise BudgetFull
        if not waiter.admitted.result():
            raise BudgetFull
        return True

    def try_take(self, weight: int, key: str) -> bool:
        entry = self._keys.setdefault(key, _Key())
        if self.waiting or not self._fits(entry, key, weight):
            self._drop_if_empty(key)
            return False
        self._hold(entry, weight)
        return True

    def give(self, weight: int, key: str) -> None:
        self._keys[key].held -= weight
        self._free += weight
        self._drop_if_empty(key)
        self.recheck()

    def recheck(self) -> None:
        """Admits whoever fits, one of each key in turn."""
        admitted = True
        while admitted:
            admitted = False
            for name, entry in list(self._keys.items()):
                if not entry.waiting or not self._may(entry, name, entry.waiting[0].weight):
                    continue
                if entry.waiting[0].weight > self._free:
                    # Lighter ones that pass it for ever would be its end.
                    return
                waiter = entry.waiting.popleft()
                self._hold(entry, waiter.weight)
                waiter.admitted.set_result(True)
                self._keys.move_to_end(name)
                admitted = True

    def _first_is_short(self) -> bool:
        """Somebody waits for nothing but room in the whole budget."""
        return any(
            entry.waiting
            and entry.waiting[0].weight > self._free
            and self._may(entry, name, entry.waiting[0].weight)
            for name, entry in self._keys.items()
        )

    def _fits(self, entry: _Key, key: str, weight: int) -> bool:
        return weight <= self._free and self._may(entry, key, weight)

    def _may(self, entry: _Key, key: str, weight: int) -> bool:
        return (entry.held + weight <= self._per_key or entry.held == 0) and self._may_start(key)

    def _hold(self, entry: _Key, weight: int) -> None:
        entry.held += weight
        self._free -= weight

    def _make_room(self, key: str) -> None:
        """A key that floods the queue gives way to one that does not."""
        if self.waiting < self._most_waiting:
            return
        longest = max(self._keys.values(), key=lambda entry: len(entry.waiting))
        own = self._keys.get(key)
        if own is not None and len(own.waiting) + 1 >= len(longest.waiting):
            self._drop_if_empty(key)
            raise BudgetFull
        longest.waiting.pop().admitted.set_result(False)

    def _forget(self, waiter: _Waiter) -> None:
        if waiter.admitted.done() and not waiter.admitted.cancelled():
            if waiter.admitted.result():
                self.give(waiter.weight, waiter.key)
            return
        entry = self._keys.get(waiter.key)
        if entry is not None:
            with suppress(ValueError):
                entry.waiting.remove(waiter)
            self._drop_if_empty(waiter.key)
            # A heavy one that stood in front may have been all that others of its key waited for.
            self.recheck()

    def _drop_if_empty(self, key: str) -> None:
        entry = self._keys.get(key)
        if entry is not None and not entry.held and not entry.waiting:
            del self._keys[key]
