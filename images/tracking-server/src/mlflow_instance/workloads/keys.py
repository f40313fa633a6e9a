"""The present keys of an issuer."""

import logging
import time
from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from joserfc.jwk import ECKey, RSAKey

from mlflow_instance.strict_json import NotStrict, parse_object
from mlflow_instance.workloads.declared import Issuer
from mlflow_instance.workloads.fetch import IssuerAway

_logger = logging.getLogger(__name__)

# A key that the issuer has withdrawn is taken for so long at most, while the issuer can be asked.
_FRESH_SECONDS = 600.0
# An unknown key id makes us ask again; anybody can invent one.
_ASK_AGAIN_SECONDS = 60.0
_LEAST_RSA_BITS = 2048

Key = RSAKey | ECKey


class IssuerKeys:
    """Those that are for signatures, by their ids. Used by one event loop."""

    def __init__(
        self,
        issuer: Issuer,
        fetch: Callable[[Issuer], str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: dict[str | None, Key] = {}
        self._known = issuer.keys is not None
        self._asked_at: float | None = None
        self._lock = anyio.Lock()
        if issuer.keys is not None:
            self._keys = usable_keys(issuer.keys)

    async def find(self, key_id: str | None) -> Key | None:
        """None: the issuer has no such key. Raises IssuerAway while it has never said which it has."""
        if self._issuer.keys is not None:
            return self._pick(key_id)
        if self._is_older(_FRESH_SECONDS) or (
            self._pick(key_id) is None and self._is_older(_ASK_AGAIN_SECONDS)
        ):
            await self._ask()
        if not self._known:
            raise IssuerAway("it has not answered yet")
        return self._pick(key_id)

    def _pick(self, key_id: str | None) -> Key | None:
        # A token may leave the id out where there is no choice.
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _is_older(self, seconds: float) -> bool:
        return self._asked_at is None or self._monotonic() - self._asked_at >= seconds

    async def _ask(self) -> None:
        before = self._asked_at
        async with self._lock:
            # Another request has asked while this one waited.
            if self._asked_at != before:
                return
            try:
                text = await anyio.to_thread.run_sync(
                    self._fetch, self._issuer, limiter=anyio.CapacityLimiter(1)
                )
                keys = usable_keys(text)
            except (IssuerAway, OSError) as error:
                # The keys that are known stay good: a job must not fail because its issuer does.
                _logger.warning("issuer %s: no new keys: %s", self._issuer.name, error)
            else:
                if keys.keys() != self._keys.keys():
                    _logger.info("issuer %s: %d keys", self._issuer.name, len(keys))
                self._keys, self._known = keys, True
            self._asked_at = self._monotonic()


def usable_keys(text: str) -> dict[str | None, Key]:
    """Public RSA keys of 2048 bits and more and those on P-256. Of others there may be any number."""
    try:
        listed = parse_object(text.encode()).get("keys")
    except NotStrict as error:
        raise IssuerAway(f"keys: {error}") from None
    found: dict[str | None, Key] = {}
    for entry in listed if isinstance(listed, list) else []:
        key = _usable(entry)
        if key is None:
            continue
        if key[0] in found:
            raise IssuerAway("two keys have one id")
        found[key[0]] = key[1]
    return found


def _usable(entry: Any) -> tuple[str | None, Key] | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    key_id = entry.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        return None
    try:
        if entry.get("kty") == "RSA":
            # Only the public members, even if an issuer publishes a private key.
            rsa = RSAKey.import_key({name: entry[name] for name in ("kty", "n", "e")})
            return (key_id, rsa) if rsa.raw_value.key_size >= _LEAST_RSA_BITS else None
        if entry.get("kty") == "EC" and entry.get("crv") == "P-256":
            return key_id, ECKey.import_key(
                {name: entry[name] for name in ("kty", "crv", "x", "y")}
            )
    except Exception as error:
        _logger.warning("a key is not usable: %s", type(error).__name__)
    return None
