"""Sends requests of one kind to one server: load.py <settings as JSON>; prints the seconds of each request that was answered with 200,
and how many were not, as JSON.

Only the standard library, and nothing of MLflow's client: the server is measured. The token comes from the environment.
"""

import http.client
import json
import os
import ssl
import sys
import threading
import time
import uuid

settings = json.loads(sys.argv[1])
CLIENTS, SECONDS, KIND = settings["clients"], settings["seconds"], settings["kind"]
EXPERIMENT, RUNS = settings["experiment"], settings["runs"]
API = "/api/2.0/mlflow"
JSON = {"Content-Type": "application/json"}
UPLOAD = os.urandom(4 * 1024 * 1024)


def field(number, content):
    """A length-delimited field of protobuf; every length here is below 128."""
    return bytes([number << 3 | 2, len(content)]) + content


def one_span():
    times = (
        bytes([7 << 3 | 1])
        + (1).to_bytes(8, "little")
        + bytes([8 << 3 | 1])
        + (2).to_bytes(8, "little")
    )
    span = field(1, uuid.uuid4().bytes) + field(2, os.urandom(8)) + field(5, b"bench") + times
    return field(1, field(2, field(2, span)))


def request(client, number):
    """Method, path, headers and body of the client's next request."""
    run = RUNS[client % len(RUNS)]
    if KIND == "get":
        return "GET", f"{API}/runs/get?run_id={run}", {}, None
    if KIND == "search":
        return (
            "POST",
            f"{API}/runs/search",
            JSON,
            json.dumps({"experiment_ids": [EXPERIMENT], "max_results": 50}),
        )
    if KIND == "create":
        return (
            "POST",
            f"{API}/runs/create",
            JSON,
            json.dumps({"experiment_id": settings["other"], "start_time": 1}),
        )
    if KIND == "log-batch":
        metrics = [
            {"key": f"bench{key}", "value": number, "timestamp": number, "step": number}
            for key in range(20)
        ]
        return (
            "POST",
            f"{API}/runs/log-batch",
            JSON,
            json.dumps({"run_id": settings["targets"][client], "metrics": metrics}),
        )
    if KIND == "OTLP":
        headers = {
            "Content-Type": "application/x-protobuf",
            "x-mlflow-experiment-id": settings["other"],
        }
        return "POST", "/v1/traces", headers, one_span()
    path = f"/api/2.0/mlflow-artifacts/artifacts/{EXPERIMENT}/{run}/artifacts/4MiB-{client}.bin"
    if KIND == "upload":
        return "PUT", path, {"Content-Type": "application/octet-stream"}, UPLOAD
    return "GET", path.replace(f"-{client}.bin", "-0.bin").replace(run, RUNS[0]), {}, None


def connection():
    context = ssl.create_default_context(cafile=settings["ca"])
    return http.client.HTTPSConnection(settings["host"], 443, timeout=120, context=context)


def work(client, ready, seconds, failures):
    token = os.environ.get("BENCH_TOKEN")
    authorization = {"Authorization": f"Bearer {token}"} if token else {}
    link = connection()
    link.connect()
    ready.wait()
    until = time.perf_counter() + SECONDS
    number = 0
    # Each client at least once: where a request takes longer than the measurement, it counts as
    # what it took.
    while number == 0 or time.perf_counter() < until:
        method, path, headers, body = request(client, number)
        started = time.perf_counter()
        link.request(method, path, body, {**headers, **authorization})
        answer = link.getresponse()
        content = answer.read()
        if answer.status != 200:
            failures.append(f"{answer.status} {content[:200]!r}")
        else:
            seconds.append(time.perf_counter() - started)
        number += 1
    link.close()


seconds, failures = [], []
# Connections are opened before the clock starts.
ready = threading.Barrier(CLIENTS + 1, timeout=60)
threads = [
    threading.Thread(target=work, args=(client, ready, seconds, failures))
    for client in range(CLIENTS)
]
for thread in threads:
    thread.start()
ready.wait()
started = time.perf_counter()
for thread in threads:
    thread.join()
took = time.perf_counter() - started
print(
    json.dumps({"took": took, "seconds": seconds, "failed": len(failures), "first": failures[:1]})
)
