"""`GET …/mlflow-artifacts/artifacts/<path>`: hands the file off, where MLflow's own route first
fetches it to the pod's disk."""

import json
import posixpath

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from mlflow.exceptions import MlflowException
from mlflow.server.handlers import (
    _content_disposition_attachment,
    _get_artifact_repo_mlflow_artifacts,
)
from mlflow.utils.mime_type_utils import _guess_mime_type
from mlflow.utils.uri import validate_path_is_safe
from starlette.requests import Request
from starlette.routing import Route

from mlflow_instance.handoff import hand_off
from mlflow_instance.stored_file import StoredFile

_PATHS = tuple(
    f"/{prefix}/2.0/mlflow-artifacts/artifacts/{{artifact_path:path}}"
    for prefix in ("api", "ajax-api")
)


def add_streamed_download(app: FastAPI) -> None:
    """In front of MLflow's own routes: Starlette takes the first that matches."""
    for path in _PATHS:
        app.router.routes.insert(0, Route(path, _download, methods=["GET"]))


async def _download(request: Request) -> Response:
    try:
        path = validate_path_is_safe(request.path_params["artifact_path"])
        hand_off(StoredFile(_get_artifact_repo_mlflow_artifacts(), path, folder_is_missing=True))
    except MlflowException as error:
        return JSONResponse(
            json.loads(error.serialize_as_json()), status_code=error.get_http_status_code()
        )
    return Response(
        headers={
            "Content-Type": _guess_mime_type(path),
            "Content-Disposition": _content_disposition_attachment(posixpath.basename(path)),
            "X-Content-Type-Options": "nosniff",
        }
    )
