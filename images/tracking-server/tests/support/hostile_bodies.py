"""Bodies of a size that cost as much as possible when they are read, decoded or parsed."""

import gzip
import zlib

from tests.support.hostile import MIB


def filled(start: bytes, item: bytes, end: bytes, size: int) -> bytes:
    return (
        start + item * ((size - len(start) - len(end)) // len(item) - 1) + item.rstrip(b",") + end
    )


def json_bombs(size: int) -> dict[str, bytes]:
    return {
        "spaces": b"{" + b" " * (size - 2) + b"}",
        "text": filled(b'{"filter":"', b"x", b'"}', size),
        "wide text": filled(b'{"filter":"', "\U0001f600".encode(), b'"}', size),
        "nested": b"[" * (size // 2) + b"]" * (size // 2),
        "nested objects": b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6),
        "empty objects": filled(b'{"metrics":[', b"{},", b"]}", size),
        "empty lists": filled(b'{"experiment_ids":[', b"[],", b"]}", size),
        "small keys": b"{" + b",".join(b'"%x":0' % number for number in range(size // 12)) + b"}",
        "one huge number": filled(b'{"max_results":', b"9", b"}", size),
        "floats": filled(b'{"experiment_ids":[', b"1.5,", b"]}", size),
        "unclosed": filled(b'{"experiment_ids":["', b"a", b"", size),
    }


def encoded_bombs() -> list[tuple[bytes, str]]:
    """(body, Content-Encoding) of zeros: 512 MiB in half a MiB, and 64 MiB."""
    encoder = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(16 * MIB)
    bomb = b"".join([*(encoder.compress(block) for _ in range(32)), encoder.flush()])
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw_deflate = raw.compress(bytes(64 * MIB)) + raw.flush()
    plain = zlib.compress(bytes(64 * MIB))
    return [(bomb, "gzip"), (bomb, "GZIP"), (plain, "deflate"), (raw_deflate, "deflate")]


def refused_encodings() -> list[tuple[bytes, str]]:
    twice = gzip.compress(gzip.compress(bytes(MIB)))
    cut = gzip.compress(b"\0" * 40)[:-9]
    others = ("br", "zstd", "compress", "identity, gzip", "gzip, gzip", "x-gzip")
    return [(cut, "gzip"), *((twice, name) for name in others)]
