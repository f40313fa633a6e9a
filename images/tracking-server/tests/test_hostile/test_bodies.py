"""Bodies that are too large, not what their head says, nested or many: refused or
answered, and no fault of the server.
"""

import time
from typing import Any

import pytest

from mlflow_instance.limits import limits_of
from mlflow_instance.routes import CLOSED
from mlflow_instance.work import Work, work_of
from tests.support.hostile import (
    connect,
    head,
    held,
    status_of,
    watched,
)
from tests.support.hostile_bodies import encoded_bombs, json_bombs, refused_encodings
from tests.support.hostile_routes import FILE_BYTES
from tests.support.hostile_tiers import TURNS, Tier
from tests.support.mlflow_routes import all_routes
from tests.support.otlp import BOMBS, spans
from tests.test_hostile.storm import SEARCH, eight

_OTLP = {"Content-Type": "application/x-protobuf", "X-MLflow-Experiment-Id": "0"}


def test_every_route_refuses_a_body_that_is_too_large_before_it_is_read(
    tier: Tier,
) -> None:
    """Announced 1 TiB, and nothing of it sent: the refusal must not wait for it."""
    server, shape = tier
    routes = {(method, path.replace("/ajax-api/", "/api/", 1)) for method, path in all_routes()}

    def answer(route: tuple[str, str]) -> tuple[int, float]:
        method, path = route
        began = time.monotonic()
        with connect(server) as connection:
            connection.sendall(head(server, method, path, "admin", f"Content-Length: {2**40}"))
            return status_of(connection), time.monotonic() - began

    tried = sorted(route for route in routes if work_of(*route) is not Work.UPLOAD)
    with watched(server) as watch:
        answers = dict(zip(tried, eight(answer, tried), strict=True))
    # Closed to every role, or answered by our layer without a body.
    closed = {
        route
        for route, (status, _) in answers.items()
        if status == 403 or route[1].startswith("/health")
    }
    assert all(path.startswith((*CLOSED, "/health")) for _, path in closed), closed
    wrong = {route: one for route, one in answers.items() if route not in closed and one[0] != 413}
    assert wrong == {}
    assert max(seconds for _, seconds in answers.values()) < 4
    held(watch, shape)


def test_bodies_as_large_as_allowed(tier: Tier) -> None:
    server, shape = tier
    size = limits_of(shape.memory, shape.workers, TURNS).body_bytes
    sent: list[tuple[str, bytes, dict[str, str]]] = []
    paths = (SEARCH, "/api/2.0/mlflow/runs/log-batch", "/graphql")
    for number, body in enumerate(json_bombs(size).values()):
        sent.append((paths[number % 3], body, {"Content-Type": "application/json"}))
    sent += [("/v1/traces", make(size // 2), _OTLP) for make in BOMBS.values()]
    for name in ('"traceId"', '"\\u0074raceId"'):
        span = b'{%s:"01","spanId":"01"}' % name.encode()
        all_spans = b",".join([span] * (size // 40))
        body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + all_spans + b"]}]}]}"
        sent.append(("/v1/traces", body, {**_OTLP, "Content-Type": "application/json"}))
    for body, encoding in encoded_bombs() * 2:
        sent.append(("/v1/traces", body, {**_OTLP, "Content-Encoding": encoding}))

    def status(one: tuple[str, bytes, dict[str, str]]) -> int:
        path, body, headers = one
        got = server.request("POST", path, "edit", data=body, headers=headers, timeout=120)
        return got.status_code

    with watched(server) as watch:
        statuses = eight(status, sent)
    # No 500: clients send the same once more.
    assert set(statuses) <= {400, 413, 503}, statuses
    assert set(statuses[-8:]) <= {413, 503}
    held(watch, shape)
    for body, encoding in refused_encodings():
        headers = {**_OTLP, "Content-Encoding": encoding}
        assert status(("/v1/traces", body, headers)) == 400, encoding
    # Those of ordinary clients still come through.
    for batch in (spans(3), spans(2000)):
        assert status(("/v1/traces", batch, _OTLP)) == 200


@pytest.mark.parametrize("coding", ["length", "chunked", "expect"])
def test_a_body_that_is_not_what_its_head_says(tier: Tier, coding: str) -> None:
    server, _ = tier
    body = b'{"experiment_ids":["0"]}'
    length = f"Content-Length: {len(body)}"
    headers = {
        "length": [length],
        "chunked": ["Transfer-Encoding: chunked", "Content-Length: 4"],
        "expect": ["Expect: 100-continue", length],
    }[coding]
    with connect(server) as connection:
        connection.sendall(
            head(server, "POST", SEARCH, "read", "Content-Type: application/json", *headers)
        )
        if coding == "length":
            # What is too much is no request of its own.
            connection.sendall(body + b"}" * 100)
        elif coding == "chunked":
            connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        else:
            assert status_of(connection) == 100
            connection.sendall(body)
        assert status_of(connection) == 200


def test_values_that_are_nested_or_many(tier: Tier) -> None:
    """None of them is a fault of the server."""
    server, shape = tier
    depth = b"[" * 100_000 + b"]" * 100_000
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    parts = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 20_000 + b"--b--\r\n"
    query = {"query": "{" + "mlflowGetRun{run{info{" * 200 + "runId" + "}}}" * 200 + "}"}
    introspection = "{__schema{types{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}"
    plain = {"Content-Type": "application/json"}
    variables = b'{"query":"{a}","variables":' + depth[:60_000] + b"}"
    requested: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", SEARCH, {"data": depth, "headers": plain}),
        ("POST", SEARCH, {"data": b'{"max_results":' + b"9" * 100_000 + b"}", "headers": plain}),
        ("POST", SEARCH, {"data": b'{"max_results":1e999999}', "headers": plain}),
        ("POST", SEARCH, {"data": parts, "headers": form}),
        ("POST", "/graphql", {"data": variables, "headers": plain}),
        ("POST", "/graphql", {"json": query}),
        ("POST", "/graphql", {"json": {"query": introspection}}),
        ("GET", "/api/2.0/mlflow/runs/get", {"params": [("run_id", "x")] * 8000}),
    ]
    with watched(server) as watch:
        got = [server.request(method, path, "read", **more) for method, path, more in requested]
    # MLflow takes a body that is no JSON for an empty one.
    assert [one.status_code for one in got if one.status_code >= 500] == []
    of_graphql = [one for one in got if one.url.endswith("/graphql")]
    assert all(one.status_code >= 400 or "errors" in one.text for one in of_graphql)
    ranges = ",".join(f"{start}-{start}" for start in range(0, 4000, 2))
    files = "/api/2.0/mlflow-artifacts/artifacts/x/big.bin"
    headers = {"Range": f"bytes={ranges}"}
    with server.request("GET", files, "read", headers=headers, stream=True) as one:
        assert (one.status_code, int(one.headers["Content-Length"])) == (200, FILE_BYTES)
    held(watch, shape)
