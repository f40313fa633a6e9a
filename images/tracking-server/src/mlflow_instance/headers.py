"""Headers that every answer has, ours and MLflow's: cross-origin access for the instance's own origins alone, TLS, content types.

MLflow's own middleware lets every page on localhost read with the user's credentials, and answers preflights differently by path.
"""

import fnmatch
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from mlflow_instance.asgi import Message, Scope

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9-]+(?:\s*,\s*[A-Za-z0-9-]+)*")
# Seconds: a browser asks again after that, and a year without plain HTTP.
_PREFLIGHT_AGE, _TLS_AGE = b"600", b"max-age=31536000"


class AnswerHeaders:
    def __init__(self, origins: Iterable[str], hosts: Iterable[str]) -> None:
        self._origins = frozenset(origins)
        self._hosts = tuple(hosts)
        # The instance's public names: its ingress serves them with TLS alone. Browsers ignore the
        # header without TLS.
        self._tls_hosts = {
            urlsplit(one).netloc for one in self._origins if one.startswith("https:")
        }

    def origin_allowed(self, scope: Scope) -> bool:
        """A browser that knows the token (Basic) sends it along from any page."""
        return all(
            origin.decode("latin-1") in self._origins for origin in _values(scope, b"origin")
        )

    def unknown_host(self, scope: Scope) -> str | None:
        """The `Host` that was sent, if it is none of this instance's: a page of somebody else may have given its own name our address."""
        if not self._hosts:
            return None
        sent = [host.decode("latin-1") for host in _values(scope, b"host")]
        host = sent[0] if len(sent) == 1 else ", ".join(sent)
        known = any(
            fnmatch.fnmatchcase(host, one) if "*" in one else host == one for one in self._hosts
        )
        return None if known else host

    def preflight(self, scope: Scope) -> tuple[int, Headers] | None:
        """A browser's question before a request of a page; it never has a token."""
        asked = _values(scope, b"access-control-request-method")
        if scope["method"] != "OPTIONS" or not asked or not _values(scope, b"origin"):
            return None
        if not self.origin_allowed(scope):
            return 403, [(b"vary", b"Origin")]
        names = _values(scope, b"access-control-request-headers")
        allowed = names[0] if names and _HEADER_NAMES.fullmatch(names[0]) else b""
        return 204, [
            *self._cross_origin(scope),
            (b"access-control-allow-methods", _METHODS),
            *([(b"access-control-allow-headers", allowed)] if allowed else []),
            (b"access-control-max-age", _PREFLIGHT_AGE),
        ]

    def of_answer(self, scope: Scope, message: Message) -> Message:
        kept = [
            (bytes(name), bytes(value))
            for name, value in message.get("headers", ())
            if not bytes(name).lower().startswith(b"access-control-")
        ]
        present = {name.lower() for name, _ in kept}
        more: Headers = []
        if b"x-content-type-options" not in present:
            more.append((b"x-content-type-options", b"nosniff"))
        if self._over_tls(scope) and b"strict-transport-security" not in present:
            more.append((b"strict-transport-security", _TLS_AGE))
        if _values(scope, b"origin"):
            more += self._cross_origin(scope)
        return {**message, "headers": _one_vary([*kept, *more])}

    def _cross_origin(self, scope: Scope) -> Headers:
        origins = _values(scope, b"origin")
        if len(origins) != 1 or not self.origin_allowed(scope):
            return [(b"vary", b"Origin")]
        return [
            (b"access-control-allow-origin", origins[0]),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"Origin"),
        ]

    def _over_tls(self, scope: Scope) -> bool:
        hosts = {host.decode("latin-1").removesuffix(":443") for host in _values(scope, b"host")}
        return scope.get("scheme") == "https" or bool(hosts & self._tls_hosts)


def with_plain_host(scope: Scope) -> Scope:
    """Names have no case, and one with a dot at its end is the same name; clients send it as it
    was typed. For all that look at it later, MLflow's own check included.
    """
    if not any(one != _plain(one) for one in _values(scope, b"host")):
        return scope
    headers = [
        (name, _plain(bytes(value)) if name == b"host" else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def _plain(host: bytes) -> bytes:
    name, colon, port = host.lower().partition(b":")
    return name.removesuffix(b".") + colon + port


def _one_vary(headers: Headers) -> Headers:
    """MLflow's Flask part, its FastAPI part and this layer each name what an answer varies with."""
    values = [value for name, value in headers if name.lower() == b"vary"]
    if not values:
        return headers
    names = {name.strip().lower(): name.strip() for name in b",".join(values).split(b",")}
    kept = [one for one in headers if one[0].lower() != b"vary"]
    return [*kept, (b"vary", b", ".join(names.values()))]


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [bytes(value) for one, value in scope["headers"] if one == name]
