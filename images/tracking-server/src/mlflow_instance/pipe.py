"""A bounded pipe between two threads: one writes pieces, the other reads them as from a file."""

import threading
from collections import deque
from io import BytesIO


class PipeClosed(Exception):
    """The reader is gone; writing on has no sense."""


class Pipe:
    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._finished = False
        self._failure: BaseException | None = None
        self._reader_gone = False
        self._changed = threading.Condition()

    def write(self, piece: bytes) -> None:
        """Blocks while more than the capacity is waiting to be read."""
        with self._changed:
            self._changed.wait_for(lambda: self._held < self._capacity or self._reader_gone)
            if self._reader_gone:
                raise PipeClosed
            self._pieces.append(piece)
            self._held += len(piece)
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def fail(self, reason: BaseException) -> None:
        """What was written is not the whole: the reader gets an error instead of an end."""
        with self._changed:
            self._failure = reason
            self._changed.notify_all()

    def close_reader(self) -> None:
        with self._changed:
            self._reader_gone = True
            self._changed.notify_all()

    def read(self, size: int = -1) -> bytes:
        """Exactly `size` bytes but at the end, as S3's part sizes want; all that is left without a
        size."""
        # A BytesIO gives its buffer away without a copy. Pieces that are joined are in memory
        # twice.
        taken = BytesIO()
        while size < 0 or taken.tell() < size:
            piece = self._next(size - taken.tell() if size >= 0 else None)
            if not piece:
                break
            taken.write(piece)
        return taken.getvalue()

    def _next(self, most: int | None) -> bytes:
        with self._changed:
            self._changed.wait_for(
                lambda: self._pieces or self._finished or self._failure is not None
            )
            if self._failure is not None:
                raise OSError("the upload broke off") from self._failure
            if not self._pieces:
                return b""
            piece = self._pieces.popleft()
            if most is not None and len(piece) > most:
                self._pieces.appendleft(piece[most:])
                piece = piece[:most]
            self._held -= len(piece)
            self._changed.notify_all()
            return piece
