"""Deletes objects of a bucket, also where the store does not take botocore's way to delete many at once.

botocore sends a CRC32 with `DeleteObjects`, and older stores want Content-MD5; some do not have `DeleteObjects`.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

KEYS_PER_CALL = 1000
_AT_ONCE = 8
# The store does not know or take the call. A key, token or clock that is wrong (403) is wrong for
# single deletes as well.
_NOT_TAKEN = (400, 405, 411, 501)
_GONE = ("NoSuchKey", "NoSuchVersion")


def send_content_md5(client: Any) -> None:
    """From now on this client's `DeleteObjects` has both checksums: Amazon and newer stores check either."""
    client.meta.events.register(
        "before-call.s3.DeleteObjects", _add_md5, unique_id="mlflow-instance-md5"
    )


def _add_md5(params: dict[str, Any], **_: Any) -> None:
    body = params["body"]
    digest = hashlib.md5(body if isinstance(body, bytes) else body.encode(), usedforsecurity=False)
    params["headers"].setdefault("Content-MD5", base64.b64encode(digest.digest()).decode("ascii"))


def delete_objects(
    client: Any, bucket: str, objects: Sequence[Mapping[str, str]], **more: Any
) -> list[dict[str, Any]]:
    """Up to 1000 `{"Key": …}` (and `VersionId`). Returns those that stayed as S3 reports them: Key, Code, Message.

    Raises ClientError when the store refuses as a whole.
    """
    try:
        answer = client.delete_objects(
            Bucket=bucket, Delete={"Objects": list(objects), "Quiet": True}, **more
        )
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") not in _NOT_TAKEN:
            raise
        return _one_by_one(client, bucket, objects, error, more)
    return [dict(item) for item in answer.get("Errors", ()) if item.get("Code") not in _GONE]


def _one_by_one(
    client: Any,
    bucket: str,
    objects: Sequence[Mapping[str, str]],
    refused: ClientError,
    more: Mapping[str, Any],
) -> list[dict[str, Any]]:
    def delete(item: Mapping[str, str]) -> dict[str, Any] | None:
        try:
            client.delete_object(Bucket=bucket, **item, **more)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
                raise
            told = error.response.get("Error", {})
            return None if told.get("Code") in _GONE else {"Key": item["Key"], **told}
        return None

    # The first alone: where single deletes are refused as well, a thousand more of them change
    # nothing.
    first = delete(objects[0]) if objects else None
    if first is not None and len(objects) > 1 and delete(objects[1]) is not None:
        raise refused
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        rest = list(pool.map(delete, objects[1:]))
    return [item for item in (first, *rest) if item is not None]
