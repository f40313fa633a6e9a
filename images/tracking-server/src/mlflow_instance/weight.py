"""How much memory a body may take once it is parsed, from a look at its bytes that costs far less than parsing.

JSON: `{},` is three bytes and becomes a dict, a message and an entity, some 300 bytes; text stays about what it is, in a
handful of copies. Protobuf: an empty span is two bytes and becomes several kilobytes.
"""

import re

from mlflow_instance.limits import GRAPHQL_BYTES

_COPIES = 6
_JSON_VALUE = 150
# Measured with spans and fields without content: a span with its dictionary and its rows, an attribute's three fields, an event.
_SPAN, _FIELD = 6_000, 200
# The names in OTLP's JSON need no escapes, and one would hide a span from the count.
_SPAN_NAMES, _HIDDEN_NAME = (b'"traceId"', b'"trace_id"'), re.compile(rb'\\u[0-9a-fA-F]{4}\w*"\s*:')
# A body with fewer bytes than this can't be heavy enough to be worth the look.
_NOT_WORTH = 512

# Field numbers of messages within messages, as ExportTraceServiceRequest nests them: resource_spans, scope_spans, spans, ….
_KEY_VALUE = {2: {5: {1: {}}, 6: {1: {}}}}
_EVENT = {3: _KEY_VALUE}
_LINK = {4: _KEY_VALUE}
_SPAN_MESSAGE: dict[int, dict] = {9: _KEY_VALUE, 11: _EVENT, 13: _LINK, 15: {}}  # type: ignore[type-arg]
_TRACES: dict[int, dict] = {1: {1: {1: _KEY_VALUE}, 2: {1: {}, 2: _SPAN_MESSAGE}}}  # type: ignore[type-arg]


def weight_of(path: str, content_type: str, body: bytes, most: int) -> int:
    """Bytes; more than `most` when it is too heavy, without looking further."""
    copies = _COPIES * len(body)
    if len(body) < _NOT_WORTH:
        return copies
    if path == "/graphql":
        return copies if len(body) <= GRAPHQL_BYTES else most + 1
    if path == "/v1/traces" and "json" not in content_type:
        return copies + _protobuf(memoryview(body), most - copies)
    values = body.count(b",") + body.count(b"{") + body.count(b"[") + body.count(b":")
    if path == "/v1/traces":
        spans = sum(body.count(name) for name in _SPAN_NAMES)
        return most + 1 if _HIDDEN_NAME.search(body) else copies + values * _FIELD + spans * _SPAN
    return copies + values * _JSON_VALUE


def _protobuf(body: memoryview, most: int) -> int:
    """Walks over tags and lengths; text is passed over. What is broken weighs what was seen so far: the parser refuses it."""
    weight = 0
    # (end, nested messages) of the message that is walked through and of those around it.
    around: list[tuple[int, dict[int, dict]]] = []  # type: ignore[type-arg]
    at, end, nested = 0, len(body), _TRACES
    while weight <= most:
        while at >= end:
            if not around:
                return weight
            end, nested = around.pop()
        try:
            tag, at = _varint(body, at)
            kind = tag & 7
            if kind == 0:
                at = _varint(body, at)[1]
            elif kind == 1:
                at += 8
            elif kind == 5:
                at += 4
            elif kind == 2:
                length, at = _varint(body, at)
                weight += _SPAN if nested is _TRACES[1][2] and tag >> 3 == 2 else _FIELD
                inner = nested.get(tag >> 3)
                if inner is None:
                    at += length
                else:
                    around.append((end, nested))
                    end, nested = min(at + length, end), inner
            else:
                return weight
        except IndexError:
            return weight
    return weight


def _varint(body: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise IndexError
