"""`GET …/mlflow-artifacts/artifacts/<path>`, streamed from the object store.

MLflow's own route fetches the whole object into a temporary file before it sends the first byte: a large model then needs
the pod's disk twice over and keeps the client waiting until it gives up.
"""

import json
import posixpath
from collections.abc import Iterator
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response, StreamingResponse
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import _content_disposition_attachment, _get_artifact_repo_mlflow_artifacts
from mlflow.utils.mime_type_utils import _guess_mime_type
from mlflow.utils.uri import validate_path_is_safe
from starlette.requests import Request
from starlette.routing import Route

_CHUNK = 1024 * 1024
_PATHS = tuple(f"/{prefix}/2.0/mlflow-artifacts/artifacts/{{artifact_path:path}}" for prefix in ("api", "ajax-api"))


def add_streamed_download(app: FastAPI) -> None:
    """In front of MLflow's own routes: Starlette takes the first that matches."""
    for path in _PATHS:
        app.router.routes.insert(0, Route(path, _download, methods=["GET"]))


async def _download(request: Request) -> Response:
    try:
        path = validate_path_is_safe(request.path_params["artifact_path"])
        size, body = await anyio.to_thread.run_sync(_open, path)
    except MlflowException as error:
        return JSONResponse(json.loads(error.serialize_as_json()), status_code=error.get_http_status_code())
    headers = {
        "Content-Type": _guess_mime_type(path),
        # The length lets a client tell a transfer that broke off from a whole one.
        "Content-Length": str(size),
        "Content-Disposition": _content_disposition_attachment(posixpath.basename(path)),
        "X-Content-Type-Options": "nosniff",
    }
    if request.method == "HEAD":
        body.close()
        return Response(headers=headers)
    return StreamingResponse(_pieces(body), headers=headers)


def _open(path: str) -> tuple[int, Any]:
    repository = _get_artifact_repo_mlflow_artifacts()
    opened: tuple[int, Any] = repository.open(path)
    return opened


def _pieces(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(_CHUNK)
    finally:
        body.close()
