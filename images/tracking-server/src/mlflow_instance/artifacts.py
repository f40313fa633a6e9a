"""Artifacts that clients reach only through this server.

MLflow advertises multipart and presigned transfers for an S3 destination, and its clients then talk to the object store
directly, which fails where they can't reach it. Which offers the server makes is decided by the mixins of the repository
class, so the classes here have MLflow's S3 code without them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError
from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, INVALID_PARAMETER_VALUE
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry
from mlflow.store.artifact.s3_artifact_repo import BOTO_TO_MLFLOW_ERROR, S3ArtifactRepository

PROXIED_SCHEME = "s3-proxied"


class ProxiedS3ArtifactRepository(ArtifactRepository):
    """`s3-proxied://bucket/path`: MLflow's S3 repository by delegation, without the mixins that offer direct transfers."""

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        bucket_and_path = artifact_uri.partition("://")[2]
        self._s3 = S3ArtifactRepository(f"s3://{bucket_and_path}", tracking_uri=tracking_uri, registry_uri=registry_uri)

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
        with _object_store_errors(remote_file_path):
            self._s3._download_file(remote_file_path, local_path)


@contextmanager
def _object_store_errors(path: str) -> Iterator[None]:
    """A missing object is the caller's 404, not this server's 500. The store's own message stays here: it may name the bucket's owner or key."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise MlflowException(f"Artifact {path!r}: the object store answered {code or 'an error'}", error_code=BOTO_TO_MLFLOW_ERROR.get(code, INTERNAL_ERROR)) from error


def confine_repositories(destination: str) -> None:
    """Makes this process open artifacts of the instance's own destination only.

    Whoever may create an experiment may name its artifact location, and the server would read it with its own rights: its file
    system (the environment of the process holds the database password), another bucket, any host.
    """
    own = destination.partition("://")[0]
    registry = _artifact_repository_registry
    registry.register(PROXIED_SCHEME, ProxiedS3ArtifactRepository)
    keep = {"mlflow-artifacts", "runs", "models", own}
    for scheme in list(registry.get_registered_artifact_repositories()):
        if scheme not in keep:
            registry.register(scheme, _refuse)
    bucket = destination.partition("://")[2].partition("/")[0]
    registry.register(own, _own_bucket_only(bucket, registry.get_registered_artifact_repositories()[own]))


def _refuse(artifact_uri: str, **_: Any) -> ArtifactRepository:
    raise MlflowException(
        "This server serves the artifacts of its own store only: the artifact location of the experiment names another one",
        error_code=INVALID_PARAMETER_VALUE,
    )


def _own_bucket_only(bucket: str, repository: Any) -> Any:
    def open_repository(artifact_uri: str, **arguments: Any) -> ArtifactRepository:
        if artifact_uri.partition("://")[2].partition("/")[0] != bucket:
            return _refuse(artifact_uri)
        opened: ArtifactRepository = repository(artifact_uri, **arguments)
        return opened

    return open_repository
