"""Artifacts that clients reach only through this server.

MLflow advertises multipart and presigned transfers for an S3 destination, and its clients then talk to the object store
directly, which fails where they can't reach it. Which offers the server makes is decided by the mixins of the repository
class, so the class here has MLflow's S3 code without them.
"""

from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from botocore.exceptions import ClientError
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.store.artifact.artifact_repo import ArtifactRepository, StreamUploadMixin
from mlflow.store.artifact.s3_artifact_repo import BOTO_TO_MLFLOW_ERROR, S3ArtifactRepository
from starlette.requests import ClientDisconnect

from mlflow_instance.upload import stream_to_thread, transfer_settings

PROXIED_SCHEME = "s3-proxied"


class ProxiedS3ArtifactRepository(ArtifactRepository, StreamUploadMixin):
    """`s3-proxied://bucket/path`: MLflow's S3 repository by delegation, without the mixins that offer direct transfers."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        bucket_and_path = artifact_uri.partition("://")[2]
        self._s3 = S3ArtifactRepository(f"s3://{bucket_and_path}", tracking_uri=tracking_uri, registry_uri=registry_uri)
        self._bucket, self._prefix = self._s3.parse_s3_compliant_uri(self._s3.artifact_uri)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        self._s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        self._s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        return self._s3.list_artifacts(path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        self._s3.delete_artifacts(artifact_path)

    def upload_archived_trace_data_bytes(self, data: bytes) -> None:
        self._s3.upload_archived_trace_data_bytes(data)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with object_store_errors(remote_file_path):
            self._s3._download_file(remote_file_path, local_path)

    async def log_artifact_from_async_stream(
        self, chunks: AsyncIterable[bytes], artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        """An upload goes to the object store while it comes in, so that its size is not bounded by the pod's disk or memory."""
        try:
            await stream_to_thread(chunks, lambda stream: self.log_artifact_from_stream(stream, artifact_file_name, artifact_path))
        except ClientDisconnect:
            # Nobody reads the answer; in the log it is the client's fault, without a stack trace.
            raise MlflowException("The client ended the upload before it was whole", error_code=INVALID_PARAMETER_VALUE) from None

    def log_artifact_from_stream(self, stream: BinaryIO, artifact_file_name: str, artifact_path: str | None = None) -> None:
        name = PurePosixPath(artifact_file_name).name
        path = str(PurePosixPath(artifact_path or "", name))
        media_type, encoding = guess_type(name)
        extra = {"ContentType": media_type, "ContentEncoding": encoding}
        with object_store_errors(path):
            self._s3._get_s3_client().upload_fileobj(
                stream,
                self._bucket,
                self.key(path),
                ExtraArgs={
                    **{key: value for key, value in extra.items() if value},
                    **self._s3._bucket_owner_params,
                    **(self._s3.get_s3_file_upload_extra_args() or {}),
                },
                Config=transfer_settings(),
            )

    def key(self, path: str) -> str:
        return f"{self._prefix.rstrip('/')}/{path}".lstrip("/")

    def open(self, path: str) -> tuple[int, Any]:
        """The size of an object and its body as botocore streams it."""
        with object_store_errors(path):
            answer = self._s3._get_s3_client().get_object(Bucket=self._bucket, Key=self.key(path), **self._s3._bucket_owner_params)
        return int(answer["ContentLength"]), answer["Body"]


@contextmanager
def object_store_errors(path: str) -> Iterator[None]:
    """A missing object is the caller's 404, not this server's 500. The store's own message stays here: it may name accounts or keys."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise MlflowException(
            f"Artifact {path!r}: the object store answered {code or 'an error'}", error_code=BOTO_TO_MLFLOW_ERROR.get(code, INTERNAL_ERROR)
        ) from error
