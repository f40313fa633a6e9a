"""The instance's bucket, as far as maintenance uses it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mlflow_instance.deletion import KEYS_PER_CALL, delete_objects, send_content_md5
from mlflow_instance.maintenance.errors import Impossible, StoreUnreachable
from mlflow_instance.maintenance.locations import ArtifactStore

LARGEST_READ = 32 * 1024 * 1024
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Object:
    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Version:
    key: str
    version: str
    size: int
    modified: datetime
    latest: bool
    marker: bool


@dataclass(frozen=True, slots=True)
class Upload:
    key: str
    upload: str
    initiated: datetime


@dataclass(frozen=True, slots=True)
class Failure:
    """One key that stayed."""

    key: str
    message: str


class BucketAddress(Protocol):
    """The settings of a command, as far as they say where its bucket is."""

    @property
    def store(self) -> ArtifactStore: ...
    @property
    def endpoint(self) -> str | None: ...


def open_bucket(settings: BucketAddress) -> "Bucket":
    client = boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if settings.endpoint else "auto"},
            retries={"mode": "standard", "total_max_attempts": 5},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=16,
            # Stores that aren't Amazon's need not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    send_content_md5(client)
    return Bucket(client, settings.store.bucket)


class Bucket:
    """Safe to use from several threads (boto3's clients are)."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name

    def page(self, prefix: str, start_after: str = "") -> tuple[list[Object], bool]:
        """Up to 1000 objects in key order after `start_after`, and whether there are more."""
        more = {"StartAfter": start_after} if start_after else {}
        answer = self._call(
            "list", lambda: self._client.list_objects_v2(Bucket=self.name, Prefix=prefix, **more)
        )
        found = [
            Object(item["Key"], item["Size"], item["LastModified"])
            for item in answer.get("Contents", ())
        ]
        return found, bool(answer.get("IsTruncated")) and bool(found)

    def objects(self, prefix: str, start_after: str = "") -> Iterator[Object]:
        """Every object under the prefix in key order (UTF-8 bytes), a page in memory at a time."""
        more = True
        while more:
            found, more = self.page(prefix, start_after)
            yield from found
            if found:
                start_after = found[-1].key

    def delete(self, keys: Iterable[str]) -> list[Failure]:
        """Deletes the current versions; a key that isn't there counts as deleted. Returns the keys that stayed."""
        return self._delete([{"Key": key} for key in keys])

    def delete_versions(self, versions: Iterable[Version]) -> list[Failure]:
        """Deletes exactly these versions (or delete markers), for good."""
        return self._delete(
            [{"Key": version.key, "VersionId": version.version} for version in versions]
        )

    def put(self, key: str, body: bytes, content_type: str = "application/json") -> str | None:
        """Returns the version's id on a versioned bucket."""
        answer = self._call(
            f"write {key}",
            lambda: self._client.put_object(
                Bucket=self.name, Key=key, Body=body, ContentType=content_type
            ),
        )
        version = answer.get("VersionId")
        return str(version) if version else None

    def get(self, key: str, most: int = LARGEST_READ) -> bytes | None:
        """None when there is no such object. It is held whole, so no more than `most` bytes are taken."""

        def read() -> bytes:
            return bytes(self._client.get_object(Bucket=self.name, Key=key)["Body"].read(most + 1))

        try:
            body = self._call(f"read {key}", read)
        except _NoSuchKey:
            return None
        if len(body) > most:
            raise TooLarge(f"bucket {self.name}: {key} is larger than {most} bytes")
        return body

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """Every version and delete marker: in key order, of one key the newest first."""
        position: dict[str, str] = {}
        while True:
            answer = self._call(
                "list versions",
                lambda: self._client.list_object_versions(
                    Bucket=self.name, Prefix=prefix, **position
                ),
            )
            found = [_version(item, marker=False) for item in answer.get("Versions", ())]
            found += [_version(item, marker=True) for item in answer.get("DeleteMarkers", ())]
            found.sort(
                key=lambda version: (
                    version.key.encode(),
                    not version.latest,
                    -version.modified.timestamp(),
                )
            )
            yield from found
            if not answer.get("IsTruncated") or not answer.get("NextKeyMarker"):
                return
            position = {"KeyMarker": answer["NextKeyMarker"]}
            if answer.get("NextVersionIdMarker"):
                position["VersionIdMarker"] = answer["NextVersionIdMarker"]

    def uploads(self) -> Iterator[Upload]:
        """Multipart uploads that nobody has completed or aborted."""
        position: dict[str, str] = {}
        while True:
            answer = self._call(
                "list uploads",
                lambda: self._client.list_multipart_uploads(Bucket=self.name, **position),
            )
            for item in answer.get("Uploads", ()):
                yield Upload(item["Key"], item["UploadId"], item["Initiated"])
            if not answer.get("IsTruncated") or not answer.get("NextKeyMarker"):
                return
            position = {
                "KeyMarker": answer["NextKeyMarker"],
                "UploadIdMarker": answer.get("NextUploadIdMarker", ""),
            }

    def begin_upload(self, key: str, content_type: str) -> Upload:
        create = self._client.create_multipart_upload
        answer = self._call(
            f"write {key}", lambda: create(Bucket=self.name, Key=key, ContentType=content_type)
        )
        return Upload(key, answer["UploadId"], datetime.now(UTC))

    def put_part(self, upload: Upload, number: int, body: bytes) -> str:
        """Sends one part (numbers begin at 1) and returns its ETag, which the end of the upload names."""
        part = {"Key": upload.key, "UploadId": upload.upload, "PartNumber": number, "Body": body}
        return str(
            self._call(
                f"write {upload.key}", lambda: self._client.upload_part(Bucket=self.name, **part)
            )["ETag"]
        )

    def complete(self, upload: Upload, etags: list[str]) -> None:
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        whole = {"Key": upload.key, "UploadId": upload.upload, "MultipartUpload": {"Parts": parts}}
        self._call(
            f"write {upload.key}",
            lambda: self._client.complete_multipart_upload(Bucket=self.name, **whole),
        )

    def chunks(self, key: str, size: int) -> Iterator[bytes]:
        """An object's bytes as they come, at most `size` in memory."""
        answer = self._call(
            f"read {key}", lambda: self._client.get_object(Bucket=self.name, Key=key)
        )
        body = answer["Body"]
        try:
            while data := self._call(f"read {key}", lambda: body.read(size)):
                yield bytes(data)
        finally:
            body.close()

    def abort(self, upload: Upload) -> Failure | None:
        try:
            self._call(
                "abort upload",
                lambda: self._client.abort_multipart_upload(
                    Bucket=self.name, Key=upload.key, UploadId=upload.upload
                ),
            )
        except StoreUnreachable:
            raise
        except Impossible as error:
            return None if "NoSuchUpload" in str(error) else Failure(upload.key, str(error))
        return None

    def _delete(self, objects: list[dict[str, str]]) -> list[Failure]:
        failures: list[Failure] = []
        for start in range(0, len(objects), KEYS_PER_CALL):
            chunk = objects[start : start + KEYS_PER_CALL]
            try:
                stayed = self._call(
                    "delete", lambda: delete_objects(self._client, self.name, chunk)
                )
            except StoreUnreachable:
                raise
            except Impossible as error:
                failures += [Failure(item["Key"], str(error)) for item in chunk]
                continue
            for item in stayed:
                message = f"{item.get('Code')}: {item.get('Message', '')}".strip(": ")
                failures.append(Failure(item.get("Key", "?"), message))
        return failures

    def _call(self, what: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if code == "NoSuchKey":
                raise _NoSuchKey(what) from None
            if code in ("AccessDenied", "403", "Forbidden"):
                raise Impossible(f"bucket {self.name}: no rights to {what}") from None
            # boto3 has tried several times by now.
            kind = (
                StoreUnreachable
                if (status >= 500 and status != 501) or status == 429
                else Impossible
            )
            raise kind(
                f"bucket {self.name}: {what}: {code} {error.response.get('Error', {}).get('Message', '')}".strip()
            ) from None
        except (BotoCoreError, OSError) as error:
            raise StoreUnreachable(
                f"bucket {self.name}: the object store does not answer: {' '.join(str(error).split())}"
            ) from None


class TooLarge(Impossible):
    """An object that is held whole and that none of ours is as large as."""


class _NoSuchKey(Impossible):
    pass


def _version(item: dict[str, Any], *, marker: bool) -> Version:
    return Version(
        item["Key"],
        item["VersionId"],
        item.get("Size", 0),
        item["LastModified"],
        bool(item.get("IsLatest")),
        marker,
    )
