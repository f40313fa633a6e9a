"""The route table of MLflow's application as this environment has it: what tests walk through is never a list written by hand."""

import os
import re
from functools import cache


@cache
def all_routes() -> tuple[tuple[str, str], ...]:
    """(method, path with example values), Flask's and FastAPI's, without OPTIONS and HEAD."""
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    from mlflow.server import app as flask_app
    from mlflow.server.fastapi_app import app as fastapi_app

    found = {
        (method, _example(str(rule)))
        for rule in flask_app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    native = [
        (method.upper(), path)
        for path, operations in fastapi_app.openapi()["paths"].items()
        for method in operations
    ]
    # Routes may be kept out of the OpenAPI document: then this list would not be whole.
    declared = sum(
        len(route.methods)
        for part in fastapi_app.routes
        if hasattr(part, "original_router")
        for route in part.original_router.routes
    )
    if declared != len(native):
        raise AssertionError(
            f"FastAPI has {declared} operations, its OpenAPI document {len(native)}"
        )
    return tuple(sorted(found | {(method, _example(path)) for method, path in native}))


def _example(path: str) -> str:
    return re.sub(r"<[^>]+>|\{[^}]+\}", "x1", path)
