"""Artifacts that clients reach only through this server.

MLflow advertises multipart and presigned transfers for an S3 destination, and its clients then talk to the object store
directly, which fails where they can't reach it. Which offers the server makes is decided by the mixins of the repository
class, so the class here has MLflow's S3 code without them.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from botocore.exceptions import ClientError
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import BOTO_TO_MLFLOW_ERROR, S3ArtifactRepository

from mlflow_instance.streamed_upload import StreamedUpload

PROXIED_SCHEME = "s3-proxied"


class DirectS3ArtifactRepository(StreamedUpload, S3ArtifactRepository):
    """`s3://bucket/path`: MLflow's S3 repository, whose uploads through the server are streamed as well."""

    def s3_repository(self) -> S3ArtifactRepository:
        return self

    def store_errors(self, path: str) -> AbstractContextManager[None]:
        return object_store_errors(path)


class ProxiedS3ArtifactRepository(StreamedUpload, ArtifactRepository):
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

    def s3_repository(self) -> S3ArtifactRepository:
        return self._s3

    def store_errors(self, path: str) -> AbstractContextManager[None]:
        return object_store_errors(path)

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
