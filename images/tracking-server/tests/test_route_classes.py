"""Each route that MLflow has belongs to one class, by what it does and not by its name."""

import pytest

from mlflow_instance.fence import required_role
from mlflow_instance.roles import Role
from mlflow_instance.route_classes import RouteClass
from mlflow_instance.route_classes import route_class as class_of
from tests.support.mlflow_routes import all_routes


def route_class(method: str, path: str) -> RouteClass:
    return class_of(method, path, required_role(method, path))


WRITES = set(RouteClass) - {
    RouteClass.CLOSED,
    RouteClass.READ,
    RouteClass.SEARCH,
    RouteClass.ARTIFACT_DOWNLOAD,
    RouteClass.UI,
}


def test_what_changes_something_is_in_no_class_of_reading_and_the_other_way_round() -> None:
    wrong = []
    for method, path in all_routes():
        role, found = required_role(method, path), route_class(method, path)
        if role is None:
            expected = {RouteClass.CLOSED}
        elif role is Role.ADMIN:
            expected = {RouteClass.ADMIN}
        elif role is Role.READ:
            expected = set(RouteClass) - WRITES - {RouteClass.CLOSED}
        else:
            expected = WRITES - {RouteClass.ADMIN}
        if found not in expected:
            wrong.append(f"{method} {path}: {found}")
    assert wrong == []


def test_every_class_has_a_route() -> None:
    assert {route_class(*one) for one in all_routes()} == set(RouteClass)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/api/2.0/mlflow/runs/log-batch", "log"),
        ("POST", "/ajax-api/2.0/mlflow/runs/create", "run"),
        ("POST", "/api/2.0/mlflow/runs/delete", "delete"),
        ("POST", "/api/2.0/mlflow/experiments/restore", "restore"),
        ("DELETE", "/api/2.0/mlflow/registered-models/alias", "alias"),
        ("POST", "/api/2.0/mlflow/registered-models/alias", "alias"),
        ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/f", "delete"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/f", "upload"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/f", "download"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts", "search"),
        ("HEAD", "/get-artifact", "download"),
        ("POST", "/v1/traces", "trace"),
        ("DELETE", "/api/2.0/mlflow/traces/t/tags", "trace"),
        ("DELETE", "/api/2.0/mlflow/logged-models/m-1", "delete"),
        ("DELETE", "/api/2.0/mlflow/logged-models/m-1/tags/k", "model"),
        ("GET", "/api/2.0/mlflow/experiments/get", "read"),
        ("GET", "/", "ui"),
        ("GET", "/static-files/main.js", "ui"),
        ("POST", "/api/2.0/mlflow/webhooks", "admin"),
        ("DELETE", "/api/9.0/mlflow/new", "admin"),
    ],
)
def test_examples(method: str, path: str, expected: str) -> None:
    assert route_class(method, path) == expected
