"""A file in the object store, read piece by piece from any position."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository

from mlflow_instance.answer_meter import AnswerTooLarge
from mlflow_instance.artifacts import ProxiedS3ArtifactRepository, object_store_errors

# Enough for 100 MB/s and more; a download holds about twice this.
PIECE = 256 * 1024
# The store may end a connection from which a slow reader takes nothing: the rest comes from a new
# one.
_REOPENED_WITHOUT_PROGRESS = 3


@dataclass(frozen=True)
class Opened:
    size: int
    etag: str | None
    modified: datetime | None
    start: int
    end: int
    first: bytes
    body: Any

    @property
    def length(self) -> int:
        return self.end - self.start


class RangeNotSatisfiable(Exception):
    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class StoredFile:
    def __init__(
        self,
        repository: Any,
        path: str,
        *,
        missing: MlflowException | None = None,
        folder_is_missing: bool = False,
    ) -> None:
        s3 = _s3_repository(repository)
        bucket, prefix = s3.parse_s3_compliant_uri(s3.artifact_uri)
        self.path = path
        self._client: Callable[[], Any] = s3._get_s3_client
        self._object = {
            "Bucket": bucket,
            "Key": f"{prefix.rstrip('/')}/{path}".lstrip("/"),
            **s3._bucket_owner_params,
        }
        self.missing = missing
        self.folder_is_missing = folder_is_missing

    def head(self) -> Opened:
        with self._errors():
            answer = self._client().head_object(**self._object)
        size = int(answer["ContentLength"])
        return Opened(size, answer.get("ETag"), answer.get("LastModified"), 0, size, b"", None)

    def open(self, span: str | None = None) -> Opened:
        """`span` is one range of HTTP, `bytes=…`. The first piece is read at once: one change of
        threads less."""
        with self._errors():
            try:
                answer = self._client().get_object(
                    **self._object, **({"Range": span} if span else {})
                )
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") not in ("InvalidRange", "416"):
                    raise
                raise RangeNotSatisfiable(self.head().size) from None
            body, length = answer["Body"], int(answer["ContentLength"])
            found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.get("ContentRange") or "")
            start, size = (int(found[1]), int(found[3])) if found else (0, length)
            etag, modified = answer.get("ETag"), answer.get("LastModified")
            return Opened(size, etag, modified, start, start + length, body.read(PIECE), body)

    def reopen(self, opened: Opened, position: int) -> Any:
        """The rest, of the same content: a file that was replaced meanwhile ends the transfer."""
        same = {"IfMatch": opened.etag} if opened.etag else {}
        return self._client().get_object(
            **self._object, **same, Range=f"bytes={position}-{opened.end - 1}"
        )["Body"]

    def _errors(self) -> Any:
        return _Errors(self)

    def is_folder(self) -> bool:
        prefix = f"{self._object['Key'].rstrip('/')}/"
        others = {name: value for name, value in self._object.items() if name != "Key"}
        return bool(
            self._client().list_objects_v2(**others, Prefix=prefix, MaxKeys=1).get("KeyCount")
        )


class _Errors:
    """MLflow's errors: 404 for what is missing, 400 for a folder."""

    def __init__(self, file: StoredFile) -> None:
        self._file = file
        self._inner = object_store_errors(file.path)

    def __enter__(self) -> None:
        self._inner.__enter__()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        try:
            return bool(self._inner.__exit__(kind, error, trace))
        except MlflowException as told:
            if told.get_http_status_code() != 404:
                raise
            if self._file.missing is not None:
                raise self._file.missing from None
            if not self._file.folder_is_missing and self._file.is_folder():
                raise MlflowException(
                    f"Artifact path refers to a directory, not a file: '{self._file.path}'",
                    error_code=INVALID_PARAMETER_VALUE,
                ) from None
            raise


class Reading:
    """The pieces of an opened file; `next` and `close` run in threads."""

    def __init__(self, file: StoredFile, opened: Opened) -> None:
        self._file, self._opened, self._body = file, opened, opened.body
        self._position = opened.start
        self._busy = threading.Lock()
        self._closed = False

    def next(self) -> bytes:
        with self._busy:
            piece = self._next()
            if self._closed:
                self._body.close()
            return piece

    def _next(self) -> bytes:
        failures = 0
        while self._position < self._opened.end:
            try:
                if failures:
                    self._body = self._file.reopen(self._opened, self._position)
                piece: bytes = self._body.read(min(PIECE, self._opened.end - self._position))
                if not piece:
                    raise OSError("the object store ended the transfer early")
            except (BotoCoreError, OSError):
                failures += 1
                self._body.close()
                if self._closed or failures > _REOPENED_WITHOUT_PROGRESS:
                    raise
                continue
            self._position += len(piece)
            return piece
        return b""

    def skip(self, count: int) -> None:
        self._position += count

    def close(self) -> None:
        """Never waits, so that the event loop may call it: while a thread reads, that thread
        closes."""
        self._closed = True
        if self._busy.acquire(blocking=False):
            self._body.close()
            self._busy.release()


def _s3_repository(repository: Any) -> S3ArtifactRepository:
    # runs:/ and models:/ lead to the repository of what they name.
    while not isinstance(repository, S3ArtifactRepository):
        if isinstance(repository, ProxiedS3ArtifactRepository):
            return repository._s3
        repository = getattr(repository, "repo", None)
        if repository is None:
            raise MlflowException(
                "This server serves the artifacts of its own store only, and the artifact location here names another one",
                error_code=INVALID_PARAMETER_VALUE,
            )
    return repository


def bound_whole_downloads(limit: int) -> None:
    """What a handler reads whole to work on it, such as archived traces, must fit into the memory
    of one answer."""
    download = S3ArtifactRepository._download_file

    def bounded(self: Any, remote_file_path: str, local_path: str) -> None:
        # Parsed as JSON or protocol buffers it takes several times its size.
        if StoredFile(self, remote_file_path).head().size > limit // 8:
            raise AnswerTooLarge(limit)
        download(self, remote_file_path, local_path)

    S3ArtifactRepository._download_file = bounded
