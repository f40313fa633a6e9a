"""What each route works on, checked against the source of MLflow's handlers."""

import inspect
import re

import pytest

from mlflow_instance.work import Work, work_of

# How MLflow's handlers reach the artifact store.
_STORE = re.compile(
    r"list_(?:logged_model_)?artifacts_impl|_artifact_root\w*\(|artifact_repo\w*\(|_send_artifact\(|_get_trace_\w*repo\(|_get_artifact_repo"
)
# They read archived traces, of which an instance has none: MLflow's archival is off here.
_ARCHIVED_ONLY = {"_get_trace", "_batch_get_traces", "_fetch_trace_data_from_store"}


def _flask_routes() -> list[tuple[str, str, str]]:
    from mlflow.server import app, handlers

    routes = []
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint])
        source = inspect.getsource(view)
        # `serve_…` of mlflow/server/__init__.py calls one handler.
        for name in (
            re.findall(r"return (\w+_handler|\w+)\(", source)
            if view.__module__ == "mlflow.server"
            else ()
        ):
            source += (
                inspect.getsource(inspect.unwrap(getattr(handlers, name)))
                if hasattr(handlers, name)
                else ""
            )
        path = re.sub(r"<[^>]+>", "x1", str(rule))
        routes += [(method, path, source) for method in rule.methods - {"OPTIONS"}]
    return routes


def test_handlers_that_reach_the_artifact_store_take_no_turn_of_the_database() -> None:
    reaching = {
        (method, path)
        for method, path, source in _flask_routes()
        if _STORE.search(source) and "workspaces" not in path
    }
    assert len(reaching) > 20
    wrong = {route for route in reaching if work_of(*route) is Work.DATABASE}
    assert wrong == set()


def test_every_other_route_below_api_works_on_the_database() -> None:
    for method, path, source in _flask_routes():
        # Of MLflow's Flask module itself: these call their handler in a way that the pattern does
        # not follow.
        direct = path.endswith(("create-promptlab-run", "upload-artifact"))
        if work_of(method, path) is Work.ARTIFACTS:
            assert (
                _STORE.search(source) or "presigned" in path or "multipart" in source or direct
            ), path
        if path.startswith(("/api/", "/ajax-api/", "/graphql")) and not _STORE.search(source):
            outside = "gateway-proxy" in path or path.endswith("/test") or "server-info" in path
            multipart = "mpu/" in path or "presigned" in path
            assert work_of(method, path) is Work.DATABASE or outside or multipart or direct, (
                method,
                path,
            )


@pytest.mark.parametrize(
    ("method", "path", "work"),
    [
        ("PUT", "/ajax-api/2.0/mlflow-artifacts/artifacts/0/a/b", Work.UPLOAD),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts", Work.DATABASE),
        ("POST", "/api/2.0/mlflow-artifacts/artifacts/0/a", Work.DATABASE),
        ("HEAD", "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files", Work.ARTIFACTS),
        ("POST", "/api/3.0/mlflow/gateway/secrets/create", Work.DATABASE),
        ("POST", "/api/9.0/mlflow/new", Work.DATABASE),
        ("GET", "/", Work.NOTHING),
    ],
)
def test_work_of_a_route(method: str, path: str, work: Work) -> None:
    assert work_of(method, path) is work
