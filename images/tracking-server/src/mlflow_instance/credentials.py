"""Reads the token out of an `Authorization` header."""

import base64
import binascii


def credential_of(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The token of `Bearer <token>`, or the password of `Basic` with any user name; None when there is none.

    Two `Authorization` headers are none: which of them a server behind this one would read is anybody's guess.
    """
    values = [value for name, value in headers if name.lower() == b"authorization"]
    if len(values) != 1:
        return None
    scheme, _, rest = values[0].partition(b" ")
    rest = rest.strip()
    if not rest:
        return None
    if scheme.lower() == b"bearer":
        return rest.decode("utf-8", "surrogateescape")
    if scheme.lower() == b"basic":
        return _password(rest)
    return None


def _password(encoded: bytes) -> str | None:
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    _, colon, password = decoded.partition(b":")
    return password.decode("utf-8", "surrogateescape") if colon and password else None
