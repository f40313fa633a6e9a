"""A file that may change at any time, as a mounted Secret does, and what the last good version of it says."""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_logger = logging.getLogger(__name__)

_RECHECK_SECONDS = 1.0


class FileRefused(ValueError):
    """The file can't be used; the message names the entry, never a secret."""


def document_of(text: str) -> dict[str, Any]:
    """An object of the version that all mounted files have. Raises FileRefused."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise FileRefused(f"not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("version") != 1:
        raise FileRefused('expected an object with "version": 1')
    return document


def list_in(document: dict[str, Any], key: str) -> list[Any]:
    entries = document.get(key)
    if not isinstance(entries, list):
        raise FileRefused(f'expected "{key}" to be a list')
    return entries


class WatchedFile(Generic[T]):
    """Looked at once a second at most, and only when somebody asks."""

    def __init__(
        self,
        path: Path,
        what: str,
        parse: Callable[[str], T],
        on_change: Callable[[T], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._what = what
        self._parse = parse
        self._on_change = on_change
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._failure: str | None = None
        self._checked_at: float | None = None

    def refresh(self) -> None:
        at = self._monotonic()
        if self._checked_at is not None and at - self._checked_at < _RECHECK_SECONDS:
            return
        with self._lock:
            if self._checked_at is not None and at - self._checked_at < _RECHECK_SECONDS:
                return
            self._load_if_changed()
            # Only now: a request that came in while the file was being read must not see an empty
            # list.
            self._checked_at = at

    def _load_if_changed(self) -> None:
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen == self._seen:
                return
            value = self._parse(self._path.read_text(encoding="utf-8"))
        except (OSError, FileRefused, UnicodeDecodeError) as error:
            self._report(f"{type(error).__name__}: {error}")
            return
        self._on_change(value)
        self._seen, self._failure = seen, None

    def _report(self, failure: str) -> None:
        # Once per kind of failure: the file is looked at every second.
        if failure != self._failure:
            self._failure = failure
            _logger.error(
                "%s %s not usable, keeping what was read of it before: %s",
                self._what,
                self._path,
                failure,
            )
