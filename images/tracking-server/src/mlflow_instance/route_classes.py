"""Which of about a dozen classes a request belongs to, for the log, the audit and the metrics.

A line without `*` holds before one with it; of those, the first that matches.
"""

from collections.abc import Iterator
from enum import StrEnum

from mlflow_instance.fence import as_listed
from mlflow_instance.roles import Role
from mlflow_instance.route_table import RouteTable, lines_of


class RouteClass(StrEnum):
    ADMIN = "admin"
    ALIAS = "alias"
    ARTIFACT_DOWNLOAD = "download"
    ARTIFACT_UPLOAD = "upload"
    CLOSED = "closed"
    DELETE = "delete"
    EXPERIMENT = "experiment"
    EVALUATION = "evaluation"
    LOG = "log"
    MODEL = "model"
    READ = "read"
    RESTORE = "restore"
    RUN = "run"
    SEARCH = "search"
    TRACE = "trace"
    UI = "ui"


# What removes a name or a value that isn't a thing of its own changes the thing that has it.
_LINES = """
alias      POST   /api/2.0/mlflow/registered-models/alias
alias      DELETE /api/2.0/mlflow/registered-models/alias
restore    POST   /api/2.0/mlflow/*/restore
delete     POST   /api/2.0/mlflow/*/delete
delete     POST   /api/3.0/mlflow/*/delete
delete     POST   /api/2.0/mlflow/traces/delete-traces
delete     POST   /api/3.0/mlflow/traces/delete-traces
log        POST   /api/2.0/mlflow/runs/delete-tag
trace      DELETE /api/2.0/mlflow/traces/*/tags
trace      DELETE /api/3.0/mlflow/traces/*/tags
trace      DELETE /api/3.0/mlflow/traces/*/assessments/*
model      DELETE /api/2.0/mlflow/logged-models/*/tags/*
model      DELETE /api/2.0/mlflow/model-versions/delete-tag
model      DELETE /api/2.0/mlflow/registered-models/delete-tag
evaluation DELETE /api/3.0/mlflow/datasets/*/tags/*
delete     DELETE /**
upload     PUT    /api/2.0/mlflow-artifacts/**
upload     POST   /api/2.0/mlflow-artifacts/**
upload     POST   /api/2.0/mlflow/upload-artifact
upload     POST   /api/2.0/mlflow/artifacts/presigned-upload-url
search     GET    /api/2.0/mlflow-artifacts/artifacts
download   GET    /api/2.0/mlflow-artifacts/**
download   GET    /get-artifact
download   GET    /model-versions/get-artifact
download   GET    /api/2.0/mlflow/logged-models/*/artifacts/files
download   GET    /api/2.0/mlflow/get-trace-artifact
download   GET    /api/3.0/mlflow/get-trace-artifact
download   POST   /api/2.0/mlflow/artifacts/presigned-download-url
search     POST   /api/2.0/mlflow/*/search
search     POST   /api/3.0/mlflow/*/search
search     GET    /api/2.0/mlflow/*/search
search     GET    /api/2.0/mlflow/*/list
search     POST   /api/2.0/mlflow/experiments/search-datasets
search     POST   /api/2.0/mlflow/registered-models/get-latest-versions
search     POST   /api/3.0/mlflow/traces/batchGetInfos
search     POST   /api/3.0/mlflow/traces/calculate-filter-correlation
search     POST   /api/3.0/mlflow/traces/metrics
search     POST   /graphql
ui         POST   /api/3.0/mlflow/ui-telemetry
log        POST   /api/2.0/mlflow/runs/log-batch
log        POST   /api/2.0/mlflow/runs/log-inputs
log        POST   /api/2.0/mlflow/runs/log-metric
log        POST   /api/2.0/mlflow/runs/log-model
log        POST   /api/2.0/mlflow/runs/log-parameter
log        POST   /api/2.0/mlflow/runs/outputs
log        POST   /api/2.0/mlflow/runs/set-tag
run        POST   /api/2.0/mlflow/runs/*
trace      POST   /v1/traces
trace      POST   /api/2.0/mlflow/traces
trace      POST   /api/2.0/mlflow/traces/**
trace      PATCH  /api/2.0/mlflow/traces/**
trace      POST   /api/3.0/mlflow/traces
trace      POST   /api/3.0/mlflow/traces/**
trace      PATCH  /api/3.0/mlflow/traces/**
experiment POST   /api/2.0/mlflow/experiments/*
model      POST   /api/2.0/mlflow/logged-models
model      POST   /api/2.0/mlflow/logged-models/**
model      PATCH  /api/2.0/mlflow/logged-models/**
model      POST   /api/2.0/mlflow/registered-models/*
model      PATCH  /api/2.0/mlflow/registered-models/*
model      POST   /api/2.0/mlflow/model-versions/*
model      PATCH  /api/2.0/mlflow/model-versions/*
"""


def _routes() -> Iterator[tuple[RouteClass, str]]:
    for line in lines_of(_LINES):
        name, _, route = line.partition(" ")
        yield RouteClass(name), route


_TABLE = RouteTable(_routes())


def route_class(method: str, path: str, needed: Role | None) -> RouteClass:
    """`needed` is the least role that may send the request (fence.py)."""
    if needed is None:
        return RouteClass.CLOSED
    if needed is Role.ADMIN:
        return RouteClass.ADMIN
    method, path = as_listed(method, path)
    found = next(_TABLE.values(method, path), None)
    if found is not None:
        return found
    if needed is not Role.READ:
        return RouteClass.EVALUATION
    return RouteClass.READ if path.startswith("/api/") else RouteClass.UI
