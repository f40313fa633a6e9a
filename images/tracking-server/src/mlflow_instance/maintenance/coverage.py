"""Which objects no row points to and which rows have no object: one pass over two sorted sequences, in bounded memory.

A location covers the object with its own key and every object below it. Sorted by plain text, what may still be covered
is a stack: every later location either begins with the last one or comes after all that the last one can cover.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Location:
    path: str
    """The key without a slash at its end; the empty path covers everything."""
    kind: str
    id: str
    required: bool = False
    """A row that promises objects: without any it is reported."""
    pending: bool = False
    """Not a row any more: an unfinished removal will take what is here."""
    found: bool = field(default=False, compare=False)

    def covers(self, key: str) -> bool:
        return not self.path or key == self.path or key.startswith(f"{self.path}/")

    def is_over_at(self, key: str) -> bool:
        """True when nothing from this key on can be covered: '0' comes right after '/'."""
        return bool(self.path) and key >= f"{self.path}0"


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    bytes: int
    modified: int
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class Covered:
    object: StoredObject


@dataclass(frozen=True, slots=True)
class Pending:
    object: StoredObject


@dataclass(frozen=True, slots=True)
class Orphan:
    object: StoredObject


@dataclass(frozen=True, slots=True)
class Missing:
    location: Location


class OrderError(RuntimeError):
    """A sequence is not sorted: every answer after that would be a guess."""


def compare(
    objects: Iterable[StoredObject], locations: Iterable[Location]
) -> Iterator[Covered | Pending | Orphan | Missing]:
    """Both sorted by the bytes of their text, which is also Python's order of str."""
    upcoming = _sorted_locations(locations)
    waiting = next(upcoming, None)
    open_: list[Location] = []
    for item in _sorted_objects(objects):
        while waiting is not None and waiting.path <= item.key:
            yield from _close(open_, waiting.path)
            open_.append(waiting)
            waiting = next(upcoming, None)
        yield from _close(open_, item.key)
        yield _judge(item, open_)
    yield from (
        Missing(location)
        for location in reversed(open_)
        if location.required and not location.found
    )
    while waiting is not None:
        if waiting.required:
            yield Missing(waiting)
        waiting = next(upcoming, None)


def _close(open_: list[Location], key: str) -> Iterator[Missing]:
    while open_ and open_[-1].is_over_at(key):
        location = open_.pop()
        if location.required and not location.found:
            yield Missing(location)


def _judge(item: StoredObject, open_: list[Location]) -> Covered | Pending | Orphan:
    covered = pending = False
    for location in reversed(open_):
        if location.covers(item.key):
            location.found = True
            covered = covered or not location.pending
            pending = pending or location.pending
    return Covered(item) if covered else Pending(item) if pending else Orphan(item)


def _sorted_objects(objects: Iterable[StoredObject]) -> Iterator[StoredObject]:
    before: str | None = None
    for item in objects:
        if before is not None and item.key <= before:
            raise OrderError(
                f"the object store lists its keys out of order: {item.key!r} after {before!r}"
            )
        before = item.key
        yield item


def _sorted_locations(locations: Iterable[Location]) -> Iterator[Location]:
    before: str | None = None
    for location in locations:
        if before is not None and location.path < before:
            raise OrderError(
                f"the database returned locations out of order: {location.path!r} after {before!r}"
            )
        before = location.path
        yield location
