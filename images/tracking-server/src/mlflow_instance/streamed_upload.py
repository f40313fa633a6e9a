"""What makes an S3 repository take uploads as a stream: MLflow else writes the whole file to the pod's disk first."""

from collections.abc import AsyncIterable
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import BinaryIO

from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.store.artifact.artifact_repo import StreamUploadMixin
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository
from starlette.requests import ClientDisconnect

from mlflow_instance.store_errors import object_store_errors
from mlflow_instance.upload import TooManyParts, put_stream, stream_to_thread


class StreamedUpload(StreamUploadMixin):
    def s3_repository(self) -> S3ArtifactRepository:
        raise NotImplementedError

    async def log_artifact_from_async_stream(
        self,
        chunks: AsyncIterable[bytes],
        artifact_file_name: str,
        artifact_path: str | None = None,
    ) -> None:
        """An upload goes to the object store while it comes in, so that its size is not bounded by the pod's disk or memory."""
        try:
            await stream_to_thread(
                chunks,
                lambda stream: self.log_artifact_from_stream(
                    stream, artifact_file_name, artifact_path
                ),
            )
        except ClientDisconnect:
            # Nobody reads the answer; in the log it is the client's fault, without a stack trace.
            raise MlflowException(
                "The client ended the upload before it was whole",
                error_code=INVALID_PARAMETER_VALUE,
            ) from None

    def log_artifact_from_stream(
        self, stream: BinaryIO, artifact_file_name: str, artifact_path: str | None = None
    ) -> None:
        name = PurePosixPath(artifact_file_name).name
        path = str(PurePosixPath(artifact_path or "", name))
        media_type, encoding = guess_type(name)
        headers = {"ContentType": media_type, "ContentEncoding": encoding}
        repository = self.s3_repository()
        bucket, prefix = repository.parse_s3_compliant_uri(repository.artifact_uri)
        target = {
            "Bucket": bucket,
            "Key": f"{prefix.rstrip('/')}/{path}".lstrip("/"),
            **repository._bucket_owner_params,
        }
        extra = {
            **{key: value for key, value in headers.items() if value},
            **(repository.get_s3_file_upload_extra_args() or {}),
        }
        try:
            with object_store_errors(path):
                put_stream(repository._get_s3_client(), stream, target, extra)
        except TooManyParts:
            message = f"Artifact {path!r}: too large for a file whose length was not sent first"
            raise MlflowException(message, error_code=INVALID_PARAMETER_VALUE) from None
