"""What each route of MLflow 3.17 works on, which decides what a request waits for.

`*` is one path segment, `**` one or more, as in routes.py. What is not listed below `/api/` works on the database: a route that
a new MLflow adds then waits for a connection, which is slow at worst.
"""

import re
from enum import Enum

from mlflow_instance.fence import as_listed, pattern_of


class Work(Enum):
    DATABASE = "database"
    # MLflow's handlers move files or ask the object store, and hold no connection meanwhile.
    ARTIFACTS = "artifacts"
    # Streamed by this layer.
    UPLOAD = "upload"
    # Calls to other hosts: model providers and webhooks.
    ELSEWHERE = "elsewhere"
    # Answered at once, or streamed by this layer.
    NOTHING = "nothing"


_ROUTES = {
    Work.UPLOAD: """
PUT /api/2.0/mlflow-artifacts/artifacts/**
""",
    Work.ARTIFACTS: """
GET /get-artifact
GET /model-versions/get-artifact
GET /api/2.0/mlflow-artifacts/artifacts
DELETE /api/2.0/mlflow-artifacts/artifacts/**
GET /api/2.0/mlflow-artifacts/presigned/**
POST /api/2.0/mlflow-artifacts/mpu/**
GET /api/2.0/mlflow/artifacts/list
POST /api/2.0/mlflow/artifacts/presigned-download-url
POST /api/2.0/mlflow/artifacts/presigned-upload-url
GET /api/2.0/mlflow/logged-models/*/artifacts/directories
GET /api/2.0/mlflow/logged-models/*/artifacts/files
GET /api/2.0/mlflow/get-trace-artifact
GET /api/3.0/mlflow/get-trace-artifact
POST /api/2.0/mlflow/runs/create-promptlab-run
POST /api/2.0/mlflow/upload-artifact
""",
    Work.ELSEWHERE: """
GET /api/2.0/mlflow/gateway-proxy
POST /api/2.0/mlflow/gateway-proxy
POST /api/2.0/mlflow/webhooks/*/test
GET /gateway/**
POST /gateway/**
""",
    Work.NOTHING: """
GET /api/2.0/mlflow-artifacts/artifacts/**
GET /api/3.0/mlflow/server-info
""",
}


def _compile() -> tuple[dict[tuple[str, str], Work], list[tuple[str, re.Pattern[str], Work]]]:
    exact: dict[tuple[str, str], Work] = {}
    patterns: list[tuple[str, re.Pattern[str], Work]] = []
    for work, lines in _ROUTES.items():
        for line in lines.split("\n"):
            method, _, path = line.partition(" ")
            if path and "*" not in path:
                exact[method, path] = work
            elif path:
                patterns.append((method, pattern_of(path), work))
    return exact, patterns


_EXACT, _PATTERNS = _compile()


def work_of(method: str, path: str) -> Work:
    method, path = as_listed(method, path)
    known = _EXACT.get((method, path))
    if known is not None:
        return known
    for its_method, pattern, work in _PATTERNS:
        if its_method == method and pattern.fullmatch(path):
            return work
    return (
        Work.DATABASE
        if path.startswith("/api/") or path in ("/graphql", "/v1/traces")
        else Work.NOTHING
    )
