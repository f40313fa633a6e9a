"""The fence and MLflow's routers read one path the same way: no spelling that reaches a handler needs less than the handler's role.

Checked on the routers themselves (Werkzeug's map, Starlette's routes) with the decoded path that both get from the server.
"""

import random
from collections.abc import Iterator

import pytest
from mlflow.server import app as flask_app
from mlflow.server.fastapi_app import app as fastapi_app
from starlette.routing import Match, Mount
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from mlflow_instance.fence import is_clean, required_role
from mlflow_instance.roles import Role
from tests.support.mlflow_routes import all_routes

_MAP = flask_app.url_map.bind("localhost")
_NATIVE = [
    candidate
    for route in fastapi_app.routes
    if not isinstance(route, Mount)
    for candidate in (
        route.effective_candidates() if hasattr(route, "effective_candidates") else [route]
    )
]


def handler(method: str, path: str) -> str | None:
    """Which function of MLflow the request runs; None when it is refused or redirected."""
    for route in _NATIVE:
        match, _ = route.matches(
            {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
        )
        if match is Match.FULL:
            return f"native {route.path}"
    try:
        rule, _ = _MAP.match(path, method, return_rule=True)
    except (RequestRedirect, HTTPException):
        return None
    return f"flask {rule.endpoint}"


def spellings(path: str, chance: random.Random) -> Iterator[str]:
    yield path
    yield f"{path}/"
    yield f"/{path}"
    yield path.replace("/", "//", 2)
    yield path.upper()
    yield path.swapcase()
    yield path.replace("/api/", "/ajax-api/", 1)
    yield path.replace("/ajax-api/", "/api/", 1)
    yield path.replace("/mlflow/", "/./mlflow/", 1)
    yield path.replace("/mlflow/", "/x/../mlflow/", 1)
    yield path.replace("/", "\\")
    yield f"/ajax-api{path}"
    yield f"/api{path}"
    yield f"/static-files{path}"
    for extra in ("\x00", "\n", " ", "\t", ";a=b", "%2f", ".", "..", "\u200b", "?", "#"):
        yield path + extra
        yield path.replace("/mlflow", f"/mlflow{extra}", 1)
    for _ in range(20):
        at = chance.randrange(len(path))
        yield path[:at] + chance.choice("/.\\%_-~:*+xX0\u0130\u017f") + path[at:]
        yield path[:at] + path[at + 1 :]
        yield path[:at] + path[at].swapcase() + path[at + 1 :]


@pytest.mark.parametrize("seed", range(3))
def test_no_spelling_that_reaches_a_handler_needs_less_than_the_handler(seed: int) -> None:
    chance = random.Random(seed)
    needed: dict[tuple[str, str], Role | None] = {}
    for method, path in all_routes():
        found = handler(method, path)
        if found is not None:
            # Several routes may run one function; the least of them is what the function needs.
            role, other = required_role(method, path), needed.get((method, found), Role.ADMIN)
            needed[method, found] = None if role is None or other is None else min(role, other)
    assert len(needed) > 200

    reached = 0
    for method, path in all_routes():
        for spelling in spellings(path, chance):
            found = handler(method, spelling) if is_clean(spelling) else None
            if found is None or (method, found) not in needed:
                continue
            reached += 1
            role, least = required_role(method, spelling), needed[method, found]
            assert role is None or (least is not None and role >= least), (
                method,
                spelling,
                found,
                role,
                least,
            )
    assert reached > 1000
