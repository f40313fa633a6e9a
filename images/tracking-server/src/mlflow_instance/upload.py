"""An upload on its way to the object store: from the event loop to a thread, whole where one request carries it, and else
through a pipe, part by part.
"""

import asyncio
from collections.abc import AsyncIterable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from io import BytesIO
from typing import Any, BinaryIO, cast

import anyio
import anyio.to_thread

from mlflow_instance.limits import LEAST_PART, MOST_PARTS, UPLOADS
from mlflow_instance.pipe import Pipe, PipeClosed
from mlflow_instance.uploads import CURRENT, Upload

_PIPE = 512 * 1024


class TooManyParts(Exception):
    """The file is larger than its length said, or than the store takes without one."""


@cache
def _limiters() -> tuple[anyio.CapacityLimiter, anyio.CapacityLimiter]:
    """Threads of their own for the two ends: in one shared pool the writers could take every thread that the readers need."""
    return anyio.CapacityLimiter(UPLOADS), anyio.CapacityLimiter(UPLOADS)


async def stream_to_thread(
    chunks: AsyncIterable[bytes], consume: Callable[[BinaryIO], None]
) -> None:
    """Runs `consume` in a thread on a file-like object that yields the chunks as they come."""
    reading, writing = _limiters()
    upload = CURRENT.get(None)
    if upload is not None and upload.in_one_request:
        # Nothing goes out before all of it is there, so there is nothing to hand over piece by
        # piece.
        whole = BytesIO(b"".join([chunk async for chunk in chunks if chunk]))
        await anyio.to_thread.run_sync(consume, whole, limiter=reading)
        return
    pipe = Pipe(_PIPE)

    def run() -> None:
        try:
            consume(cast(BinaryIO, pipe))
        finally:
            pipe.close_reader()

    reader = asyncio.create_task(anyio.to_thread.run_sync(run, limiter=reading))
    try:
        async for chunk in chunks:
            await anyio.to_thread.run_sync(pipe.write, chunk, limiter=writing)
        pipe.finish()
    except PipeClosed:
        # The reader failed; awaiting it below raises its error.
        pass
    except BaseException as error:
        # The client went away: the object store must not keep half a file as a whole one.
        pipe.fail(error)
        await asyncio.gather(reader, return_exceptions=True)
        raise
    await reader


def put_stream(
    client: Any, stream: BinaryIO, target: dict[str, str], extra: dict[str, Any]
) -> None:
    """`target` names bucket, key and what every call wants, `extra` what belongs to the object."""
    upload = CURRENT.get(None)
    size = upload.part_size(1) if upload else LEAST_PART
    # A list: a name in this frame would hold the first part until the last one is sent.
    first = [stream.read(size)]
    if len(first[0]) < size:
        client.put_object(Body=first.pop(), **target, **extra)
        return
    upload_id = client.create_multipart_upload(**target, **extra)["UploadId"]
    try:
        parts = _send_parts(client, stream, first, {**target, "UploadId": upload_id}, upload)
        client.complete_multipart_upload(
            **target, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )
    except BaseException:
        client.abort_multipart_upload(**target, UploadId=upload_id)
        raise


def _send_parts(
    client: Any,
    stream: BinaryIO,
    first: list[bytes],
    target: dict[str, str],
    upload: Upload | None,
) -> list[dict[str, Any]]:
    """At most one part is on its way while the next one is read, and none if two don't fit."""
    ahead = upload is None or upload.ahead

    def send(number: int, body: bytes) -> dict[str, Any]:
        return {
            "PartNumber": number,
            "ETag": client.upload_part(**target, PartNumber=number, Body=body)["ETag"],
        }

    sent: list[Future[dict[str, Any]]] = []
    part, number = first.pop(), 1
    with ThreadPoolExecutor(1) as sender:
        while part:
            if number > MOST_PARTS:
                raise TooManyParts
            if sent:
                sent[-1].result()
            sent.append(sender.submit(send, number, part))
            # Else two names hold two parts.
            part = b""
            if not ahead:
                sent[-1].result()
            number += 1
            part = stream.read(upload.part_size(number) if upload else LEAST_PART)
    return [future.result() for future in sent]
