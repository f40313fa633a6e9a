"""Ids in a request's path, query and headers, for the routes that have them there."""

import re
from functools import lru_cache
from urllib.parse import parse_qsl

from mlflow_instance.asgi import Scope
from mlflow_instance.audit.objects import Found
from mlflow_instance.fence import as_listed

# The segment before an id, and what the id is.
_SEGMENTS = {
    "assessments": "assessment_id",
    "datasets": "dataset_id",
    "issues": "issue_id",
    "jobs": "job_id",
    "logged-models": "model_id",
    "mcp-servers": "name",
    "traces": "trace_id",
    "webhooks": "webhook_id",
}
_IDS = re.compile(rf"/({'|'.join(_SEGMENTS)})/([^/]+)")
# Of `traces/link-to-run` and its like: no id has only such letters and a hyphen.
_VERBS = frozenset(
    "batchGetInfos calculate-filter-correlation create delete-traces link-prompts link-to-run "
    "metrics search".split()
)
# `POST /api/2.0/mlflow/upload-artifact` has them in its query.
_QUERY = {"run_uuid": "run_id", "run_id": "run_id", "path": "path"}
_QUERY_BYTES = 4096
_OTLP = "/v1/traces"
_OTLP_HEADER = b"x-mlflow-experiment-id"


def places_of(scope: Scope) -> Found:
    method, path = as_listed(scope["method"], scope["path"])
    found: Found = dict(_in_path(path)) if path.startswith("/api/") else {}
    if path.endswith("/mlflow/upload-artifact"):
        query = scope.get("query_string", b"")[:_QUERY_BYTES].decode("ascii", "replace")
        for name, value in parse_qsl(query, errors="replace"):
            if name in _QUERY:
                found.setdefault(_QUERY[name], value)
    if path == _OTLP:
        for name, value in scope["headers"]:
            if name == _OTLP_HEADER:
                found.setdefault("experiment_id", value.decode("latin-1"))
    return found


@lru_cache(maxsize=512)
def _in_path(path: str) -> tuple[tuple[str, str], ...]:
    # An artifact's path has folders of any name.
    if not path.startswith(("/api/2.0/mlflow/", "/api/3.0/mlflow/")):
        return ()
    return tuple(
        (_SEGMENTS[segment], value) for segment, value in _IDS.findall(path) if value not in _VERBS
    )
