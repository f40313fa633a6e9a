"""Decides from method and path which role a request needs. Anything unknown is decided the strict way."""

import unicodedata

from mlflow_instance.roles import Role
from mlflow_instance.route_table import RouteTable, lines_of
from mlflow_instance.routes import CLOSED, TABLE

_SAFE_METHODS = frozenset({"GET", "HEAD"})


_TABLE = RouteTable((role, line) for role, lines in TABLE for line in lines_of(lines))


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
    # Several patterns may match a path (`traces/*` and `**`): the strictest holds.
    role = max(_TABLE.values(method, path), default=None)
    if role is not None:
        return role
    return Role.READ if method in _SAFE_METHODS else Role.ADMIN


def as_listed(method: str, path: str) -> tuple[str, str]:
    """The method and path under which the tables have a route."""
    # HEAD is answered by the GET handler. Starlette redirects `/x/` to `/x` and the other way
    # round; both are the same route.
    return "GET" if method == "HEAD" else method, one_prefix(path).rstrip("/") or "/"


def one_prefix(path: str) -> str:
    return f"/api/{path.removeprefix('/ajax-api/')}" if path.startswith("/ajax-api/") else path
