"""Artifacts that clients reach only through this server.

MLflow advertises multipart and presigned transfers for an S3 destination, and its clients then talk to the object store
directly, which fails where they can't reach it. Which offers the server makes is decided by the mixins of the repository
class, so the class here has MLflow's S3 code without them.
"""

from pathlib import PurePosixPath
from typing import Any

from mlflow.entities import FileInfo
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from mlflow.store.artifact.artifact_repo import ArtifactRepository, _is_object_key_within_path
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository

from mlflow_instance.deletion import delete_objects, send_content_md5
from mlflow_instance.store_errors import object_store_errors
from mlflow_instance.streamed_upload import StreamedUpload

PROXIED_SCHEME = "s3-proxied"


class DirectS3ArtifactRepository(StreamedUpload, S3ArtifactRepository):
    """`s3://bucket/path`: MLflow's S3 repository. Uploads through the server are streamed, errors are those of `store_errors.py`."""

    def s3_repository(self) -> S3ArtifactRepository:
        return self

    def _get_s3_client(self) -> Any:
        client = super()._get_s3_client()
        send_content_md5(client)
        return client

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        with object_store_errors(artifact_path):
            super().log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        with object_store_errors(artifact_path):
            super().log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        with object_store_errors(path):
            found: list[FileInfo] = super().list_artifacts(path)
            return found

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """MLflow's own ends with success when the store has refused to delete some of the objects."""
        bucket, root = self.parse_s3_compliant_uri(self.artifact_uri)
        prefix = str(PurePosixPath(root, artifact_path or "")) if root or artifact_path else ""
        client = self._get_s3_client()
        with object_store_errors(artifact_path):
            pages = client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix, **self._bucket_owner_params
            )
            for page in pages:
                keys = [
                    {"Key": item["Key"]}
                    for item in page.get("Contents", ())
                    if _is_object_key_within_path(item["Key"], prefix)
                ]
                if keys and (
                    stayed := delete_objects(client, bucket, keys, **self._bucket_owner_params)
                ):
                    raise MlflowException(
                        f"{len(stayed)} of {len(keys)} artifacts were not deleted: the object store answered {stayed[0].get('Code')}",
                        error_code=INTERNAL_ERROR,
                    )

    def upload_archived_trace_data_bytes(self, data: bytes) -> None:
        with object_store_errors(None):
            super().upload_archived_trace_data_bytes(data)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        with object_store_errors(remote_file_path):
            super()._download_file(remote_file_path, local_path)

    def create_multipart_upload(
        self, local_file: str, num_parts: int = 1, artifact_path: str | None = None
    ) -> Any:
        with object_store_errors(artifact_path):
            return super().create_multipart_upload(local_file, num_parts, artifact_path)

    def complete_multipart_upload(
        self, local_file: str, upload_id: str, parts: Any = None, artifact_path: str | None = None
    ) -> None:
        with object_store_errors(artifact_path):
            super().complete_multipart_upload(local_file, upload_id, parts, artifact_path)

    def abort_multipart_upload(
        self, local_file: str, upload_id: str, artifact_path: str | None = None
    ) -> None:
        with object_store_errors(artifact_path):
            super().abort_multipart_upload(local_file, upload_id, artifact_path)


class ProxiedS3ArtifactRepository(StreamedUpload, ArtifactRepository):
    """`s3-proxied://bucket/path`: MLflow's S3 repository by delegation, without the mixins that offer direct transfers."""

    def __init__(
        self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None
    ) -> None:
        super().__init__(artifact_uri, tracking_uri, registry_uri)
        bucket_and_path = artifact_uri.partition("://")[2]
        self._s3 = DirectS3ArtifactRepository(
            f"s3://{bucket_and_path}", tracking_uri=tracking_uri, registry_uri=registry_uri
        )
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
        self._s3._download_file(remote_file_path, local_path)

    def s3_repository(self) -> S3ArtifactRepository:
        return self._s3
