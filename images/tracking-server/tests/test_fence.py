"""The fence as a function. tests/test_routes.py holds the running server to it."""

import pytest

from mlflow_instance.fence import is_clean, required_role
from mlflow_instance.roles import Role
from mlflow_instance.routes import CLOSED, TABLE
from tests.support.mlflow_routes import all_routes

READS_BY_POST = 16


def listed() -> list[tuple[str, str]]:
    return [tuple(line.split(" ")) for _, lines in TABLE for line in lines.split("\n") if line]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/", Role.READ),
        ("GET", "/anything/new", Role.READ),
        ("HEAD", "/api/2.0/mlflow/webhooks", Role.ADMIN),
        ("POST", "/api/2.0/mlflow/runs/search", Role.READ),
        ("POST", "/ajax-api/2.0/mlflow/runs/search", Role.READ),
        ("POST", "/api/2.0/mlflow/runs/create", Role.EDIT),
        ("POST", "/v1/traces", Role.EDIT),
        ("POST", "/v1/traces/", Role.EDIT),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/a/b", Role.EDIT),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/create/1/a", Role.EDIT),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", Role.EDIT),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-download-url", Role.READ),
        ("POST", "/gateway/chat/mlflow/invocations", Role.EDIT),
        ("POST", "/api/2.0/mlflow/runs/delete", Role.MANAGE),
        ("DELETE", "/api/2.0/mlflow/registered-models/delete", Role.MANAGE),
        ("DELETE", "/api/2.0/mlflow/registered-models/alias", Role.MANAGE),
        ("DELETE", "/ajax-api/3.0/mlflow/datasets/d-1", Role.MANAGE),
        ("DELETE", "/api/3.0/mlflow/mcp-servers/a/b/tags/c", Role.MANAGE),
        ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1", Role.MANAGE),
        ("DELETE", "/ajax-api/2.0/mlflow-artifacts/artifacts/1/a/b", Role.MANAGE),
        ("DELETE", "/api/2.0/mlflow-artifacts/mpu/abort/1", Role.ADMIN),
        ("POST", "/api/2.0/mlflow/webhooks", Role.ADMIN),
        ("POST", "/api/3.0/mlflow/gateway/secrets/create", Role.ADMIN),
        ("GET", "/api/3.0/mlflow/gateway/secrets/list", Role.ADMIN),
        ("POST", "/ajax-api/3.0/jobs/", Role.ADMIN),
        ("POST", "/ajax-api/3.0/mlflow/demo/delete", Role.ADMIN),
        # Unknown writes, and spellings that MLflow does not route: closed.
        ("POST", "/api/2.0/mlflow/runs/new-thing", Role.ADMIN),
        ("POST", "/API/2.0/mlflow/runs/search", Role.ADMIN),
        ("POST", "/api/2.0/mlflow/runs/Search", Role.ADMIN),
        ("POST", "/ajax-api/ajax-api/2.0/mlflow/runs/search", Role.ADMIN),
        ("POST", "/api/2.0/mlflow/runs/search\n", Role.ADMIN),
        ("PROPFIND", "/", Role.ADMIN),
        ("get", "/api/2.0/mlflow/runs/get", Role.ADMIN),
        ("OPTIONS", "/api/2.0/mlflow/runs/create", Role.ADMIN),
    ],
)
def test_role_of_a_request(method: str, path: str, role: Role) -> None:
    assert required_role(method, path) is role


@pytest.mark.parametrize(
    "path",
    [
        "/ajax-api/3.0/mlflow/assistant/message",
        "/api/3.0/mlflow/assistant",
        "/ajax-api/3.0/mlflow/assistant/config",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_nobody_reaches_the_assistant(method: str, path: str) -> None:
    assert required_role(method, path) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "x",
        "//",
        "/a//b",
        "/a/../b",
        "/..",
        "/a/.",
        "/a/./b",
        "/a\\b",
        "/a\x00b",
        "/a\nb",
        "/a\x7fb",
        "/static-files/../api/2.0/mlflow/runs/delete",
    ],
)
def test_a_path_with_two_readings_is_not_clean(path: str) -> None:
    assert not is_clean(path)


@pytest.mark.parametrize(
    "path",
    ["/", "/a/b", "/a/b/", "/a/b.c", "/a/..b", "/a/b..", "/...", "/a b/ü/模型", "/a/%2e%2e/b"],
)
def test_ordinary_paths_are_clean(path: str) -> None:
    assert is_clean(path)


def test_every_listed_route_is_one_of_mlflow() -> None:
    """A line that MLflow has no route for is a misspelling, or a route that is gone."""
    import re

    real = {
        (method, path.replace("/ajax-api/", "/api/", 1).rstrip("/"))
        for method, path in all_routes()
    }
    for method, path in listed():
        pattern = re.compile(re.escape(path).replace(r"\*\*", ".+").replace(r"\*", "[^/]+"))
        assert any(method == one and pattern.fullmatch(route) for one, route in real), (
            f"{method} {path}"
        )


def test_every_write_of_mlflow_needs_more_than_read_but_the_known_searches() -> None:
    writes = {(method, path) for method, path in all_routes() if method != "GET"}
    reads = sorted(
        {
            path.replace("/ajax-api/", "/api/", 1)
            for method, path in writes
            if required_role(method, path) is Role.READ
        }
    )
    assert all(
        method == "POST" for method, path in writes if required_role(method, path) is Role.READ
    )
    assert len(reads) == READS_BY_POST, reads
    assert len(writes) > 200


def test_no_delete_is_open_to_read_and_only_tags_and_assessments_to_edit() -> None:
    deletes = [path for method, path in all_routes() if method == "DELETE"]
    for path in deletes:
        role = required_role("DELETE", path)
        if path.endswith("/workspaces/x1"):
            assert role is None
            continue
        assert role is not None and role > Role.READ
        if role is Role.EDIT:
            assert "tag" in path or "assessments" in path, path
    assert len(deletes) > 40


def test_the_routes_of_the_assistant_and_of_workspaces_are_all_closed() -> None:
    closed = ("assistant", "workspaces")
    routes = [route for route in all_routes() if any(name in route[1] for name in closed)]
    assert len(routes) == 11 + 10
    assert all(required_role(method, path) is None for method, path in routes)
    assert CLOSED == ("/api/3.0/mlflow/assistant", "/api/3.0/mlflow/workspaces")


def test_graphql_changes_nothing() -> None:
    """POST /graphql is open to role read because the schema's mutations are two searches and an echo."""
    from mlflow.server.graphql.graphql_schema_extensions import Mutation

    assert sorted(Mutation._meta.fields) == [
        "mlflow_search_datasets",
        "mlflow_search_runs",
        "testMutation",
    ]
