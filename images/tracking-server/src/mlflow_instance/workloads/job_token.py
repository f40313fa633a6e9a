"""Checks a signed job token: its issuer, its audience, its times and its signature."""

import base64
import binascii
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from mlflow_instance.strict_json import NotStrict, parse_object
from mlflow_instance.workloads.declared import Issuer
from mlflow_instance.workloads.keys import Key

ALGORITHMS = {"RS256": "RSA", "ES256": "EC"}
LEEWAY_SECONDS = 60
_LONGEST = 16 * 1024


class TokenRefused(Exception):
    """The text is one word, for the log alone."""


FindKey = Callable[[Issuer, str | None], Awaitable[Key | None]]


def looks_like_one(credential: str) -> bool:
    """Three parts, the first of them an object. No access token of an instance has a dot."""
    return credential.count(".") == 2 and credential.startswith("ey")


async def verified_claims(
    token: str,
    issuers: Mapping[str, Issuer],
    find_key: FindKey,
    now: Callable[[], float] = time.time,
) -> tuple[Issuer, dict[str, Any]]:
    """The issuer and the claims. `issuers` are by name."""
    if len(token) > _LONGEST or not token.isascii():
        raise TokenRefused("malformed")
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("malformed")
    head, payload = _decoded(parts[0]), _decoded(parts[1])
    header, claims = _parsed(head), _parsed(payload)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused("algorithm")
    # What `crit` names would have to be understood, and keys that a token brings along are its
    # writer's own.
    if any(name in header for name in ("crit", "jwk", "jku", "x5c", "x5u", "b64")):
        raise TokenRefused("header")
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise TokenRefused("malformed")
    named = claims.get("iss")
    of_name = [one for one in issuers.values() if one.url == named]
    if not of_name:
        raise TokenRefused("unknown-issuer")
    # One issuer may be declared twice, for two audiences.
    audiences = claims.get("aud")
    audiences = [audiences] if isinstance(audiences, str) else audiences
    if not isinstance(audiences, list):
        raise TokenRefused("wrong-audience")
    issuer = next((one for one in of_name if one.audience in audiences), None)
    if issuer is None:
        raise TokenRefused("wrong-audience")
    _check_times(claims, now())
    key = await find_key(issuer, key_id)
    if key is None:
        raise TokenRefused("unknown-key")
    # A key is for one kind of signature, whatever the header says.
    if key.key_type != ALGORITHMS[algorithm]:
        raise TokenRefused("algorithm")
    try:
        signed = jws.deserialize_compact(token, key, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("bad-signature") from None
    # What was verified is what is used, not what was read before.
    if signed.payload != payload:
        raise TokenRefused("malformed")
    return issuer, claims


def _decoded(part: str) -> bytes:
    if "=" in part:
        raise TokenRefused("malformed")
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except binascii.Error:
        raise TokenRefused("malformed") from None


def _parsed(part: bytes) -> dict[str, Any]:
    try:
        return parse_object(part)
    except NotStrict as error:
        raise TokenRefused("duplicate-claim" if "twice" in str(error) else "malformed") from None


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    end = _time(claims, "exp")
    if end is None:
        raise TokenRefused("no-expiry")
    if now >= end + LEEWAY_SECONDS:
        raise TokenRefused("expired")
    for name in ("nbf", "iat"):
        begin = _time(claims, name)
        if begin is not None and now < begin - LEEWAY_SECONDS:
            raise TokenRefused("not-yet-valid")


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused("malformed")
    return float(value) if abs(value) < 1e15 else float("inf") * (1 if value > 0 else -1)
