"""What each route of MLflow 3.17 works on, which decides what a request waits for.

`*` is one path segment, `**` one or more, as in routes.py. What is not listed below `/api/` works on the database: a route that
a new MLflow adds then waits for a connection, which is slow at worst.
"""

from enum import Enum

from mlflow_instance.fence import as_listed
from mlflow_instance.route_table import RouteTable, lines_of


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


_TABLE = RouteTable((work, line) for work, lines in _ROUTES.items() for line in lines_of(lines))


def work_of(method: str, path: str) -> Work:
    method, path = as_listed(method, path)
    known = next(_TABLE.values(method, path), None)
    if known is not None:
        return known
    return (
        Work.DATABASE
        if path.startswith("/api/") or path in ("/graphql", "/v1/traces")
        else Work.NOTHING
    )
