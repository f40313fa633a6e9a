"""A table's rows on their way to and from a compressed object, never more of them in memory than a part."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from mlflow_instance.maintenance.bucket import Bucket, Upload

# The store takes at most 10,000 parts of at least 5 MiB: 160 GiB of compressed rows in one table.
PART_BYTES = 16 * 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class Stored:
    """An object as it lies in the bucket."""

    bytes: int
    sha256: str


class CompressedObject:
    """What COPY writes to. Nothing is there under the key before `finish`."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._compressor = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
        self._part = bytearray()
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._upload: Upload | None = None
        self._etags: list[str] = []

    def write(self, data: bytes) -> int:
        self._add(self._compressor.compress(data))
        while len(self._part) >= PART_BYTES:
            self._send(PART_BYTES)
        return len(data)

    def finish(self) -> Stored:
        self._add(self._compressor.flush())
        if self._upload is None:
            self._bucket.put(self._key, bytes(self._part), "application/gzip")
        else:
            if self._part:
                self._send(len(self._part))
            self._bucket.complete(self._upload, self._etags)
        return Stored(self._bytes, self._hash.hexdigest())

    def abort(self) -> None:
        if self._upload is not None:
            self._bucket.abort(self._upload)

    def _add(self, data: bytes) -> None:
        self._part += data
        self._hash.update(data)
        self._bytes += len(data)

    def _send(self, size: int) -> None:
        if self._upload is None:
            self._upload = self._bucket.begin_upload(self._key, "application/gzip")
        self._etags.append(
            self._bucket.put_part(self._upload, len(self._etags) + 1, bytes(self._part[:size]))
        )
        del self._part[:size]


class PlainRows:
    """What COPY reads from: an object's rows, and what the object turned out to be."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._decompressor = zlib.decompressobj(_GZIP)
        self._hash = hashlib.sha256()
        self._bytes = 0
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            waiting = self._decompressor.unconsumed_tail
            if not waiting:
                waiting = next(self._chunks, b"")
                if not waiting:
                    # What the decompressor still holds; nothing, the second time.
                    self._rest = self._decompressor.flush()
                    break
                self._hash.update(waiting)
                self._bytes += len(waiting)
            # Rows that repeat themselves unpack to a thousand times their size.
            self._rest = self._decompressor.decompress(waiting, 1024 * 1024)
        size = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    @property
    def stored(self) -> Stored:
        return Stored(self._bytes, self._hash.hexdigest())
