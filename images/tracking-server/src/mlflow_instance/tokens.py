"""The access tokens of the instance: a mounted file of hashes, re-read while the server runs.

File format (`expires` is a date, the token is valid through the end of that day in UTC; `generation` is 1 where it is left out):

    {"version": 1, "tokens": [{"name": "ci", "role": "edit", "generation": 2, "sha256": "<hex>", "expires": "2027-02-20"}]}

Several entries may share one name: that is how a rotation keeps the previous value valid for a while. Other keys are for other readers.
"""

import hashlib
import hmac
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from mlflow_instance.roles import Role
from mlflow_instance.watched_file import FileRefused, WatchedFile, document_of, list_in

_logger = logging.getLogger(__name__)

_MOST_REVOKED = 1000
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Token:
    name: str
    role: Role
    generation: int
    digest: bytes
    valid_until: datetime

    def __str__(self) -> str:
        return f"{self.name}/{self.generation}"


def parse_tokens(text: str) -> tuple[Token, ...]:
    entries = list_in(document_of(text), "tokens")
    return tuple(_parse_entry(index, entry) for index, entry in enumerate(entries))


def _parse_entry(index: int, entry: object) -> Token:
    where = f"tokens[{index}]"
    if not isinstance(entry, dict):
        raise FileRefused(f"{where}: expected an object")
    name, digest, expires = entry.get("name"), entry.get("sha256"), entry.get("expires")
    if not isinstance(name, str) or not name:
        raise FileRefused(f"{where}.name: expected a name")
    try:
        role = Role.parse(entry.get("role"))
    except ValueError as error:
        raise FileRefused(f"{where}.role: {error}") from None
    if not isinstance(digest, str) or not _HEX_DIGEST.fullmatch(digest):
        raise FileRefused(f"{where}.sha256: expected 64 lower-case hexadecimal digits")
    # fromisoformat alone would also take forms such as 20270220 or 2027-W08-6.
    if not isinstance(expires, str) or not _DATE.fullmatch(expires):
        raise FileRefused(f"{where}.expires: expected a date such as 2027-02-20")
    try:
        last_day = date.fromisoformat(expires)
        end = last_day + timedelta(days=1)
    except (ValueError, OverflowError):
        raise FileRefused(f"{where}.expires: not a date of the calendar") from None
    generation = entry.get("generation", 1)
    if not isinstance(generation, int) or isinstance(generation, bool) or generation < 1:
        raise FileRefused(f"{where}.generation: expected a whole number from 1 on")
    valid_until = datetime(end.year, end.month, end.day, tzinfo=UTC)
    return Token(name, role, generation, bytes.fromhex(digest), valid_until)


class TokenStore:
    """Answers which token a credential is, from a file that may change at any time."""

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file = WatchedFile(
            path, "token file", parse_tokens, self._loaded, monotonic=monotonic
        )
        self._now = now
        self._tokens: tuple[Token, ...] = ()
        # Values that were in the file before, so that the log can tell a revoked value from an unknown one.
        self._revoked: dict[bytes, str] = {}

    def find(self, credential: str) -> Token | None:
        """The valid token that the credential is, compared in constant time against every entry."""
        self._file.refresh()
        digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
        now = self._now()
        found: Token | None = None
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest) and now < token.valid_until:
                found = token if found is None or token.role > found.role else found
        return found

    def refusal(self, credential: str) -> str:
        """Why `find` gives nothing, for the log: an expired, a revoked or an unknown value."""
        digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
        for token in self._tokens:
            if hmac.compare_digest(token.digest, digest):
                return f"expired:{token}"
        revoked = self._revoked.get(digest)
        return "unknown" if revoked is None else f"revoked:{revoked}"

    def _loaded(self, tokens: tuple[Token, ...]) -> None:
        kept = {token.digest for token in tokens}
        gone = {token.digest: str(token) for token in self._tokens if token.digest not in kept}
        known = {**self._revoked, **gone}
        self._revoked = dict(list(known.items())[-_MOST_REVOKED:])
        self._tokens = tokens
        _logger.info(
            "token file loaded: %s",
            ", ".join(sorted(str(token) for token in tokens)) or "no tokens",
        )
