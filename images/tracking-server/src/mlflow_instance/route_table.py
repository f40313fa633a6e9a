"""A table of routes, each line with a value: the form of fence, kinds of work and classes of requests.

`*` is one path segment, `**` is one or more.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class RouteTable(Generic[T]):
    def __init__(self, routes: Iterable[tuple[T, str]]) -> None:
        """Each route is a method and a path with a space between them."""
        self._exact: dict[tuple[str, str], T] = {}
        self._patterns: dict[str, list[tuple[re.Pattern[str], T]]] = {}
        for value, route in routes:
            method, path = route.split()
            if "*" in path:
                self._patterns.setdefault(method, []).append((pattern_of(path), value))
            else:
                self._exact[method, path] = value

    def values(self, method: str, path: str) -> Iterator[T]:
        """Of the route that is the path itself, else of every pattern that matches, in their order."""
        exact = self._exact.get((method, path))
        if exact is not None:
            yield exact
            return
        for pattern, value in self._patterns.get(method, ()):
            if pattern.fullmatch(path):
                yield value


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def pattern_of(path: str) -> re.Pattern[str]:
    segments = (
        ".+" if part == "**" else "[^/]+" if part == "*" else re.escape(part)
        for part in path.split("/")
    )
    return re.compile("/".join(segments), re.DOTALL)
