"""Uploads that pass through memory piece by piece; beyond a number of them at once, through a temporary file."""

import asyncio
import tempfile
from collections.abc import AsyncIterable, Callable
from functools import cache
from typing import Any, BinaryIO, cast

import anyio
import anyio.to_thread

from mlflow_instance.pipe import Pipe, PipeClosed

_MIB = 1024 * 1024
_PART = 8 * _MIB
# Each streamed upload holds up to 4 parts and the pipe, 36 MiB: eight of them stay within 300 MiB.
_AT_ONCE = 8
_PIPE = 4 * _MIB
# Fewer, larger hand-overs between the event loop and the thread.
_PIECE = _MIB

_streaming = 0


@cache
def _limiters() -> tuple[anyio.CapacityLimiter, anyio.CapacityLimiter]:
    """Threads of their own for the two ends: in one shared pool the writers could take every thread that the readers need."""
    return anyio.CapacityLimiter(_AT_ONCE), anyio.CapacityLimiter(_AT_ONCE)


@cache
def transfer_settings() -> Any:
    from boto3.s3.transfer import TransferConfig

    settings = TransferConfig(multipart_threshold=_PART, multipart_chunksize=_PART, max_concurrency=2)
    # Parts read ahead of the sending threads; s3transfer's own 10 would be 80 MiB for one upload.
    settings.max_in_memory_upload_chunks = 2
    return settings


async def stream_to_thread(chunks: AsyncIterable[bytes], consume: Callable[[BinaryIO], None]) -> None:
    """Runs `consume` in a thread on a file-like object that yields the chunks as they come."""
    global _streaming
    if _streaming >= _AT_ONCE:
        return await _through_file(chunks, consume)
    _streaming += 1
    try:
        await _through_pipe(chunks, consume)
    finally:
        _streaming -= 1


async def _through_pipe(chunks: AsyncIterable[bytes], consume: Callable[[BinaryIO], None]) -> None:
    pipe = Pipe(_PIPE)

    def run() -> None:
        try:
            consume(cast(BinaryIO, pipe))
        finally:
            pipe.close_reader()

    reading, writing = _limiters()
    reader = asyncio.create_task(anyio.to_thread.run_sync(run, limiter=reading))
    try:
        buffer = bytearray()
        async for chunk in chunks:
            buffer += chunk
            if len(buffer) >= _PIECE:
                await anyio.to_thread.run_sync(pipe.write, bytes(buffer), limiter=writing)
                buffer.clear()
        if buffer:
            await anyio.to_thread.run_sync(pipe.write, bytes(buffer), limiter=writing)
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


async def _through_file(chunks: AsyncIterable[bytes], consume: Callable[[BinaryIO], None]) -> None:
    with tempfile.TemporaryFile() as file:
        async for chunk in chunks:
            await asyncio.to_thread(file.write, chunk)
        file.seek(0)
        await asyncio.to_thread(consume, cast(BinaryIO, file))
