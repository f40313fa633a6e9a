"""Every route of the running server: closed without a token, closed to a role that is too low, however the path is spelled."""

import http.client
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlflow_instance.fence import required_role
from mlflow_instance.roles import Role
from tests.support.mlflow_routes import all_routes
from tests.support.server import Server, token_of

_OPEN = {"/health"}


def statuses(
    server: Server, requests: list[tuple[str, str]], role: str | None
) -> dict[tuple[str, str], int]:
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda one: server.request(one[0], one[1], role).status_code, requests)
        return dict(zip(requests, found, strict=True))


def test_every_route_without_a_token_is_401_but_the_health_check(server: Server) -> None:
    wanted = [(method, path) for method, path in all_routes()]
    wanted += [("HEAD", path) for method, path in all_routes() if method == "GET"]
    wanted += [("OPTIONS", path) for _, path in all_routes()]
    found = statuses(server, sorted(set(wanted)), None)
    assert {one for one, status in found.items() if status != 401 and one[1] not in _OPEN} == set()
    assert len(found) > 800
    assert server.request("GET", "/health", None).status_code == 200
    assert server.request("GET", "/health/ready", None).status_code == 200


@pytest.mark.parametrize("role", ["read", "edit", "manage"])
def test_every_route_above_a_role_is_403_for_it(server: Server, role: str) -> None:
    own = Role.parse(role)
    above = [one for one in all_routes() if (needed := required_role(*one)) is None or needed > own]
    found = statuses(server, above, role)
    assert {one for one, status in found.items() if status != 403} == set()
    assert len(found) > 20


def test_no_write_is_open_to_role_read_but_the_known_searches(server: Server) -> None:
    """The other way round: what role read is let through to, among everything that is not a GET."""
    writes = [one for one in all_routes() if one[0] != "GET"]
    found = statuses(server, writes, "read")
    through = {
        path.replace("/ajax-api/", "/api/", 1)
        for (_, path), status in found.items()
        if status != 403
    }
    assert len(through) == 16
    assert all(
        "search" in path
        or path.endswith(
            (
                "batchGetInfos",
                "correlation",
                "traces/metrics",
                "latest-versions",
                "download-url",
                "graphql",
                "ui-telemetry",
            )
        )
        for path in through
    ), through


def test_no_get_of_the_ui_or_a_client_is_a_server_error(server: Server) -> None:
    """With made-up ids: 200, 400, 404 and so on, never a crash. 501 and 503 say that a feature is off (gateway, presigned transfers)."""
    # MLflow's GraphQL handler fails on a request without a query; tests/test_lifecycle sends it
    # real ones.
    reads = [
        one
        for one in all_routes()
        if one[0] == "GET" and required_role(*one) == Role.READ and one[1] != "/graphql"
    ]
    found = statuses(server, reads, "read")
    assert {
        one: status for one, status in found.items() if status >= 500 and status not in (501, 503)
    } == {}


_DELETE_RUN = "/api/2.0/mlflow/runs/delete"


@pytest.mark.parametrize(
    "target",
    [
        f"/{_DELETE_RUN}",
        _DELETE_RUN.replace("/mlflow", "//mlflow"),
        _DELETE_RUN.replace("/runs", "/./runs"),
        _DELETE_RUN.replace("/runs", "/x/../runs"),
        f"/static-files/..{_DELETE_RUN}",
        f"/health/..{_DELETE_RUN}",
        f"/health/ready/../..{_DELETE_RUN}",
        _DELETE_RUN.replace("/runs", "%2fruns"),
        _DELETE_RUN.replace("/runs", "%2Fruns"),
        _DELETE_RUN.replace("/runs", "/%72uns"),
        _DELETE_RUN.replace("/runs", "/%2e%2e/mlflow/runs"),
        _DELETE_RUN.replace("/runs", "%252fruns"),
        _DELETE_RUN.replace("/runs", "\\runs"),
        _DELETE_RUN.replace("/runs", ";x=1/runs"),
        _DELETE_RUN.upper(),
        _DELETE_RUN.replace("mlflow", "MLflow"),
        f"{_DELETE_RUN}/",
        f"{_DELETE_RUN}?x=/health",
        f"{_DELETE_RUN}%00",
        f"{_DELETE_RUN}%0a",
        f"http://localhost{_DELETE_RUN}",
        f"http://localhost/health/..{_DELETE_RUN}",
        "*",
    ],
)
@pytest.mark.parametrize(("role", "allowed"), [(None, {400, 401}), ("read", {400, 403})])
def test_no_spelling_of_a_path_gets_past_the_fence(
    server: Server, target: str, role: str | None, allowed: set[int]
) -> None:
    """Sent as raw bytes: a client library would tidy the path up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", target, skip_host=False, skip_accept_encoding=True)
    connection.putheader("Content-Length", "0")
    if role:
        connection.putheader("Authorization", f"Bearer {token_of(role)}")
    connection.endheaders()
    assert connection.getresponse().status in allowed
    connection.close()


@pytest.mark.parametrize(
    "header",
    [
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
    ],
)
def test_headers_that_rewrite_a_request_are_not_followed(server: Server, header: str) -> None:
    value = "DELETE" if "Method" in header else "/health"
    assert (
        server.request(
            "GET", "/api/2.0/mlflow/experiments/get", None, headers={header: value}
        ).status_code
        == 401
    )
    created = server.request(
        "POST", "/api/2.0/mlflow/registered-models/create", "edit", json={"name": f"kept-{header}"}
    )
    assert created.status_code == 200, created.text
    server.request(
        "GET",
        f"/api/2.0/mlflow/registered-models/delete?name=kept-{header}",
        "read",
        headers={header: value},
    )
    assert (
        server.request(
            "GET", f"/api/2.0/mlflow/registered-models/get?name=kept-{header}", "read"
        ).status_code
        == 200
    )


def test_a_query_can_not_hold_a_token(server: Server) -> None:
    assert (
        server.request(
            "GET", f"/?token={token_of('admin')}&access_token={token_of('admin')}", None
        ).status_code
        == 401
    )


def test_a_redirect_of_mlflow_does_not_carry_the_request_out(server: Server) -> None:
    """`/v1/traces/` is redirected to `/v1/traces`; both need role edit."""
    assert server.request("POST", "/v1/traces/", "read").status_code == 403
    assert server.request("POST", "/v1/traces", "read").status_code == 403
