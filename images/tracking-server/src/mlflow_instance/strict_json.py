"""JSON of somebody else, on which two parsers must not differ."""

import json
from typing import Any


class NotStrict(ValueError):
    pass


def parse_object(text: bytes) -> dict[str, Any]:
    """An object in which no name comes twice, at any depth, and no number is NaN or infinite."""
    try:
        # Of bytes, json would guess the encoding.
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except NotStrict:
        raise
    except (ValueError, RecursionError):
        raise NotStrict("not JSON") from None
    if not isinstance(value, dict):
        raise NotStrict("not an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("a name comes twice")
    return found


def _refuse(constant: str) -> None:
    raise NotStrict(f"{constant} is no number")
