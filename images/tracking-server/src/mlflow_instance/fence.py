"""Decides from method and path which role a request needs. Anything unknown is decided the strict way."""

import re
import unicodedata
from dataclasses import dataclass

from mlflow_instance.roles import Role
from mlflow_instance.routes import CLOSED, TABLE

_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    role: Role


def pattern_of(path: str) -> re.Pattern[str]:
    """Of a listed path: `*` is one segment, `**` is one or more."""
    segments = (
        ".+" if part == "**" else "[^/]+" if part == "*" else re.escape(part)
        for part in path.split("/")
    )
    return re.compile("/".join(segments), re.DOTALL)


def _compile() -> tuple[dict[tuple[str, str], Role], dict[str, list[_Rule]]]:
    exact: dict[tuple[str, str], Role] = {}
    patterns: dict[str, list[_Rule]] = {}
    for role, lines in TABLE:
        for line in lines.split("\n"):
            if not line:
                continue
            method, path = line.split(" ")
            if "*" in path:
                patterns.setdefault(method, []).append(_Rule(pattern_of(path), role))
            else:
                exact[method, path] = role
    return exact, patterns


_EXACT, _PATTERNS = _compile()


def is_clean(path: str) -> bool:
    """False for a path that two parsers may read differently; such a request is refused before anybody routes it.

    The path is the one of the ASGI scope, percent-decoded once: the string that Starlette and Werkzeug route on.
    """
    if not path.startswith("/") or "//" in path or "\\" in path:
        return False
    if any(segment in (".", "..") for segment in path.split("/")):
        return False
    return path.isprintable() or not any(_is_dangerous(character) for character in path)


def _is_dangerous(character: str) -> bool:
    """Not everything that has no glyph: file names have no-break spaces, joiners and characters of newer Unicode versions.

    Control characters, halves of surrogate pairs, line and paragraph separators, what turns the direction of the text after it,
    and the two characters that the XML of a store's listing can't have.
    """
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
        or character in "\ufffe\uffff"
    )


def required_role(method: str, path: str) -> Role | None:
    """The least role that may send the request; None when nobody may."""
    path = one_prefix(path)
    if any(path == closed or path.startswith(f"{closed}/") for closed in CLOSED):
        return None
    method, path = as_listed(method, path)
    role = _EXACT.get((method, path))
    if role is not None:
        return role
    # Several patterns may match a path (`traces/*` and `**`): the strictest holds.
    matching = [rule.role for rule in _PATTERNS.get(method, ()) if rule.pattern.fullmatch(path)]
    if matching:
        return max(matching)
    return Role.READ if method in _SAFE_METHODS else Role.ADMIN


def as_listed(method: str, path: str) -> tuple[str, str]:
    """The method and path under which the tables have a route."""
    # HEAD is answered by the GET handler. Starlette redirects `/x/` to `/x` and the other way
    # round; both are the same route.
    return "GET" if method == "HEAD" else method, one_prefix(path).rstrip("/") or "/"


def one_prefix(path: str) -> str:
    return f"/api/{path.removeprefix('/ajax-api/')}" if path.startswith("/ajax-api/") else path
