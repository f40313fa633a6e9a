"""How much memory a body may take once it is parsed, from a look at its bytes that costs far less than parsing.

JSON: `{},` is three bytes and becomes a dict, a message and an entity, some 300 bytes; text stays about what it is, in a
handful of copies. Protobuf: an empty span is two bytes and becomes several kilobytes.
"""

import re
from functools import cache
from typing import Any

from mlflow_instance.limits import GRAPHQL_BYTES

_COPIES = 6
_JSON_VALUE = 150
# Measured with spans and fields without content: a span with its dictionary and its rows, an
# attribute's three fields, an event.
_SPAN, _FIELD = 6_000, 200
# The names in OTLP's JSON need no escapes, and one would hide a span from the count.
_SPAN_NAMES, _HIDDEN_NAME = (b'"traceId"', b'"trace_id"'), re.compile(rb'\\u[0-9a-fA-F]{4}\w*"\s*:')
# A body with fewer bytes than this can't be heavy enough to be worth the look.
_NOT_WORTH = 512

# The messages within a message, by field number.
_Nested = dict[int, "_Nested"]


@cache
def _messages() -> tuple[_Nested, _Nested]:
    """Those of a batch and of a span, as OTLP describes them: values hold values without an end."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    known: dict[str, _Nested] = {}

    def nested(message: Any) -> _Nested:
        if message.full_name not in known:
            known[message.full_name] = {}
            fields = [field for field in message.fields if field.message_type is not None]
            known[message.full_name] |= {
                field.number: nested(field.message_type) for field in fields
            }
        return known[message.full_name]

    return nested(ExportTraceServiceRequest.DESCRIPTOR), nested(Span.DESCRIPTOR)


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
    """Walks over tags and lengths; text is passed over. What is broken weighs what was seen so far:
    the parser refuses it."""
    weight = 0
    batch, span = _messages()
    # (end, nested messages) of the message that is walked through and of those around it.
    around: list[tuple[int, _Nested]] = []
    at, end, nested = 0, len(body), batch
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
                inner = nested.get(tag >> 3)
                weight += _SPAN if inner is span else _FIELD
                if inner is None:
                    at += length
                else:
                    around.append((end, nested))
                    end, nested = min(at + length, end), inner
            else:
                # A group: parsers pass over them, OTLP has none.
                return most + 1
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
