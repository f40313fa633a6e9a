"""No later write makes a trace old; what is old when it comes is."""

import time
from typing import Any

import psycopg2
import pytest

from tests.support.server import Server
from tests.test_errors import ids_of

API3 = "/api/3.0/mlflow"
_DAY = 24 * 3_600_000


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    return str(ids_of(server, "times of traces")["experiment_id"])


def _start(server: Server, experiment: str, trace: str, at: int) -> None:
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000)) + f".{at % 1000:03d}Z"
    info = {"trace_id": trace, "trace_location": location, "request_time": stamp, "state": "OK"}
    body = {"trace": {"trace_info": info}}
    answer = server.request("POST", f"{API3}/traces", "edit", json=body)
    assert answer.status_code == 200, answer.text


def _time(uri: str, trace: str) -> int:
    with (
        psycopg2.connect(uri.replace("+psycopg2", "")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT timestamp_ms FROM trace_info WHERE request_id = %s", (trace,))
        ((found,),) = cursor.fetchall()
        return int(found)


def test_a_trace_that_is_written_again(server: Server, experiment: str, migrated_uri: str) -> None:
    now = int(time.time() * 1000)
    for first, second, left in (
        (now - 1000, now - 200 * _DAY, now - _DAY),
        (now - 1000, now - 3_600_000, now - 3_600_000),
        (now - 1000, now - 500, now - 500),
        (now - 50 * _DAY, now - 200 * _DAY, now - 50 * _DAY),
        (now + 900 * _DAY, now - 200 * _DAY, now - _DAY),
    ):
        trace = f"tr-{first}-{second}"
        _start(server, experiment, trace, first)
        assert _time(migrated_uri, trace) == first
        _start(server, experiment, trace, second)
        assert abs(_time(migrated_uri, trace) - left) < 120_000, (first - now, second - now)


def test_a_span_that_is_earlier(server: Server, experiment: str, migrated_uri: str) -> None:
    def send(start: int, span: bytes) -> None:
        headers: dict[str, Any] = {
            "Content-Type": "application/x-protobuf",
            "X-MLflow-Experiment-Id": experiment,
        }
        body = batch(start, span)
        answer = server.request("POST", "/v1/traces", "edit", data=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def batch(start: int, span: bytes) -> bytes:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        request = ExportTraceServiceRequest()
        one = request.resource_spans.add().scope_spans.add().spans.add()
        one.trace_id, one.span_id, one.name = bytes(15) + b"\x07", span * 8, "s"
        one.start_time_unix_nano = start * 1_000_000
        one.end_time_unix_nano = (start + 5) * 1_000_000
        return request.SerializeToString()

    now, trace = int(time.time() * 1000), "tr-" + "0" * 30 + "07"
    send(now, b"a")
    assert _time(migrated_uri, trace) == now
    send(now - 60_000, b"b")
    assert _time(migrated_uri, trace) == now - 60_000
    # All of its spans, once more.
    for span in (b"a", b"b"):
        send(now - 200 * _DAY, span)
    assert abs(_time(migrated_uri, trace) - (now - _DAY)) < 120_000
