"""Decodes gzip and deflate up to a number of bytes. MLflow decodes the whole of it, and 2 MB may become 2 GiB."""

import zlib

ENCODINGS = ("gzip", "deflate")
_GZIP, _ZLIB, _RAW = 31, 15, -15
# Each member costs a copy of all that follows it.
_MOST_MEMBERS = 64


class TooLarge(Exception):
    pass


def inflate(body: bytes, encoding: str, most: int) -> bytes:
    """Raises TooLarge, and zlib.error when it is not what `encoding` says."""
    if encoding == "gzip":
        return _members(body, _GZIP, most)
    try:
        return _members(body, _ZLIB, most)
    except zlib.error:
        # As MLflow does: some clients send it without zlib's header.
        return _members(body, _RAW, most)


def _members(body: bytes, window: int, most: int) -> bytes:
    """gzip may have several members one after the other, padded with zeros."""
    decoded = bytearray()
    rest = body
    for _ in range(_MOST_MEMBERS):
        decoder = zlib.decompressobj(window)
        decoded += decoder.decompress(rest, most - len(decoded) + 1)
        if len(decoded) > most:
            raise TooLarge
        if not decoder.eof:
            raise zlib.error("it ends early")
        rest = decoder.unused_data.lstrip(b"\0") if window == _GZIP else b""
        if not rest:
            return bytes(decoded)
    raise TooLarge
