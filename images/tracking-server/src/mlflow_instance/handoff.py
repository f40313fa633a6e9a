"""A handler of MLflow decides which file it answers with; the file itself is sent outside of the
handler.

MLflow fetches the file to the pod's disk, and its adapter between Flask and ASGI then queues all
of it in memory, however
slowly the client reads.
"""

from contextvars import ContextVar
from pathlib import Path
from typing import Any

from flask import Response
from mlflow.tracing.utils.artifact_utils import TRACE_DATA_FILE_NAME

from mlflow_instance.stored_file import StoredFile


class Handoff:
    file: StoredFile | None = None


current: ContextVar[Handoff | None] = ContextVar("mlflow_instance_handoff", default=None)


def hand_off(file: StoredFile) -> None:
    handoff = current.get()
    if handoff is None:
        raise RuntimeError("a file is answered outside of a request")
    handoff.file = file


def take_over_files() -> None:
    """Every handler that answers with a file of the store."""
    from mlflow.server import handlers

    def send_artifact(repository: Any, path: str) -> Response:
        hand_off(StoredFile(repository, path))
        return handlers._response_with_file_attachment_headers(path, Response())

    handlers._send_artifact = send_artifact
    trace_repository = handlers._get_trace_artifact_repo
    handlers._get_trace_artifact_repo = lambda trace: _TraceFiles(trace_repository(trace))


class _TraceFiles:
    """The part of a trace's repository that MLflow's handler uses. It makes its headers of an
    empty file."""

    def __init__(self, repository: Any) -> None:
        self._repository = repository

    def get_local_path(self, _: str) -> None:
        return None

    def download_trace_attachment_to_file(self, path: str, local: Path) -> None:
        hand_off(StoredFile(self._repository, f"attachments/{path}"))
        local.touch()

    def download_trace_data_to_file(self, local: Path) -> None:
        from mlflow.exceptions import MlflowTraceDataNotFound

        missing = MlflowTraceDataNotFound(artifact_path=TRACE_DATA_FILE_NAME)
        hand_off(StoredFile(self._repository, TRACE_DATA_FILE_NAME, missing=missing))
        local.touch()
