"""Batches of OpenTelemetry, written byte by byte: what no library would make."""

import itertools
from collections.abc import Callable

_traces = itertools.count(1)


def varint(number: int) -> bytes:
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def spans(count: int, more: bytes = b"") -> bytes:
    """A batch of one trace, which no other batch has; `more` is in each span."""
    trace = next(_traces).to_bytes(16, "big")
    each = (
        field(1, trace) + field(2, number.to_bytes(8, "big")) + field(5, b"s") + more
        for number in range(1, count + 1)
    )
    return field(1, field(2, b"".join(field(2, span) for span in each)))


def _times(message: bytes, size: int) -> bytes:
    return message * (size // len(message) - 64)


def _arrays(size: int) -> bytes:
    return field(5, _times(b"\x0a\x00", size))


def _attribute(value: bytes) -> bytes:
    return spans(1, field(9, field(2, value)))


# Bodies of about so many bytes, each of as many messages as possible, in another place.
BOMBS: dict[str, Callable[[int], bytes]] = {
    "empty spans": lambda size: field(1, field(2, _times(b"\x12\x00", size))),
    "small spans": lambda size: spans(size // 40),
    "attributes": lambda size: spans(1, _times(b"\x4a\x00", size)),
    "events": lambda size: spans(1, _times(b"\x5a\x00", size)),
    "links": lambda size: spans(1, _times(b"\x6a\x00", size)),
    "resources": lambda size: _times(b"\x0a\x00", size),
    "array": lambda size: _attribute(_arrays(size)),
    "array in array": lambda size: _attribute(field(5, field(1, _arrays(size)))),
    "pairs in array": lambda size: _attribute(
        field(5, field(1, field(6, _times(b"\x0a\x00", size))))
    ),
    "array in pairs": lambda size: _attribute(field(6, field(1, field(2, _arrays(size))))),
    "array in an event": lambda size: spans(1, field(11, field(3, field(2, _arrays(size))))),
    "array of the scope": lambda size: field(
        1, field(2, field(1, field(3, field(2, _arrays(size)))))
    ),
    "array of the resource": lambda size: field(1, field(1, field(1, field(2, _arrays(size))))),
    # Parsers pass over groups.
    "behind a group": lambda size: (
        b"\x9b\x06\x9c\x06" + field(1, field(2, _times(b"\x12\x00", size)))
    ),
    "behind a group in a span": lambda size: spans(
        1, b"\x9b\x06\x9c\x06" + _times(b"\x4a\x00", size)
    ),
}
