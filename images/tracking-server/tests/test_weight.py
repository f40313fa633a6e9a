"""A body of OTLP weighs what parsing makes of it, wherever in it the many small messages are."""

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mlflow_instance.limits import MIB, limits_of
from mlflow_instance.weight import weight_of
from tests.support.otlp import BOMBS, spans

LIMITS = limits_of(768 * MIB, 1, 5)


def _weight(body: bytes) -> int:
    return weight_of("/v1/traces", "application/x-protobuf", body, LIMITS.parsing_bytes)


@pytest.mark.parametrize("name", BOMBS)
def test_small_messages_are_counted_at_every_depth(name: str) -> None:
    # Valid, or the parser would refuse it without a count. A small one: its memory is at stake.
    ExportTraceServiceRequest.FromString(BOMBS[name](8 * 1024))
    # Half of the largest body, so that its bytes alone do not weigh too much.
    assert _weight(BOMBS[name](LIMITS.body_bytes // 2)) > LIMITS.parsing_bytes


@pytest.mark.parametrize("count", [0, 1, 3, 500])
def test_an_ordinary_batch_is_light(count: int) -> None:
    body = spans(count)
    ExportTraceServiceRequest.FromString(body)
    assert _weight(body) <= 6 * len(body) + count * 7_000 + 1_000


def test_what_is_cut_off_has_a_weight_and_no_error() -> None:
    body = spans(20)
    for end in range(0, len(body), 7):
        assert 0 <= _weight(body[:end]) <= _weight(body)
