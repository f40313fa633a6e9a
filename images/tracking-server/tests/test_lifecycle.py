"""The unmodified MLflow client against the server, with nothing set but the address and a token.

It runs on the set of packages that the image holds, so it is also the test that the set suffices: no request may end in a 500.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.support.client import client_of
from tests.support.late_imports import late_imports
from tests.support.server import Server, process_environment, token_of
from tests.support.store import ObjectStore


@pytest.fixture(autouse=True)
def client_settings(server: Server) -> Iterator[None]:
    with client_of(server, "edit"):
        yield


@pytest.fixture
def as_role(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    return lambda role: monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", token_of(role))


def test_a_run_with_params_metrics_tags_and_artifacts(tmp_path: Path) -> None:
    mlflow.set_experiment("lifecycle")
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(20_000_000))
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_params({"depth": 3, "eta": 0.1})
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.set_tag("purpose", "test")
        mlflow.log_artifact(str(big), "data")
        mlflow.log_dict({"a": [1, 2]}, "nested/config.json")
        mlflow.log_text("häh", "notes.txt")
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
    client = MlflowClient()
    data = client.get_run(run.info.run_id).data
    assert data.params == {"depth": "3", "eta": "0.1"} and data.tags["purpose"] == "test"
    assert [metric.value for metric in client.get_metric_history(run.info.run_id, "loss")] == [
        1 / (step + 1) for step in range(20)
    ]
    assert sorted(item.path for item in client.list_artifacts(run.info.run_id)) == [
        "data",
        "nested",
        "notes.txt",
        "table.json",
    ]
    fetched = Path(client.download_artifacts(run.info.run_id, "data/big.bin", str(tmp_path / ".")))
    assert (
        hashlib.sha256(fetched.read_bytes()).digest() == hashlib.sha256(big.read_bytes()).digest()
    )
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes.txt") == "häh"
    assert len(mlflow.load_table("table.json", run_ids=[run.info.run_id])) == 2
    found = client.search_runs(
        [run.info.experiment_id], "params.depth = '3' and metrics.loss < 0.1"
    )
    assert [one.info.run_id for one in found] == [run.info.run_id]


def test_a_model_from_logging_to_loading_by_alias(tmp_path: Path) -> None:
    mlflow.set_experiment("models")

    class Doubler(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            return [2 * value for value in model_input]

    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(
            name="doubler",
            python_model=Doubler(),
            pip_requirements=[],
            registered_model_name="lifecycle.doubler",
        )
        mlflow.log_metric("accuracy", 0.9, model_id=info.model_id)
    client = MlflowClient()
    version = client.get_latest_versions("lifecycle.doubler")[0].version
    client.set_registered_model_alias("lifecycle.doubler", "champion", version)
    client.set_model_version_tag("lifecycle.doubler", version, "approved", "yes")
    client.update_registered_model("lifecycle.doubler", description="doubles")
    assert client.get_model_version_by_alias("lifecycle.doubler", "champion").version == version
    assert mlflow.pyfunc.load_model("models:/lifecycle.doubler@champion").predict([1, 2]) == [2, 4]
    assert client.get_logged_model(info.model_id).name == "doubler"
    assert [one.name for one in client.search_registered_models("name = 'lifecycle.doubler'")] == [
        "lifecycle.doubler"
    ]
    assert len(client.search_model_versions("name = 'lifecycle.doubler'")) == 1
    assert (
        len(
            mlflow.search_logged_models(
                output_format="list",
                experiment_ids=[
                    info.model_id and client.get_logged_model(info.model_id).experiment_id
                ],
            )
        )
        == 1
    )


def test_traces_with_feedback() -> None:
    experiment = mlflow.set_experiment("traces")

    @mlflow.trace
    def answer(question: str) -> str:
        with mlflow.start_span("inner"):
            return question.upper()

    answer("why")
    mlflow.flush_trace_async_logging()
    traces = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    assert len(traces) == 1 and len(traces[0].data.spans) == 2
    mlflow.log_feedback(trace_id=traces[0].info.trace_id, name="helpful", value=True)
    mlflow.set_trace_tag(traces[0].info.trace_id, "reviewed", "yes")
    trace = mlflow.get_trace(traces[0].info.trace_id)
    assert trace.info.tags["reviewed"] == "yes" and trace.info.assessments[0].name == "helpful"


def test_opentelemetry_traces_come_in(server: Server) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span

    experiment = mlflow.set_experiment("otlp").experiment_id
    span = Span(
        trace_id=os.urandom(16),
        span_id=os.urandom(8),
        name="from elsewhere",
        start_time_unix_nano=1,
        end_time_unix_nano=2,
    )
    body = ExportTraceServiceRequest(
        resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])]
    ).SerializeToString()
    headers = {"Content-Type": "application/x-protobuf", "x-mlflow-experiment-id": experiment}
    assert (
        server.request("POST", "/v1/traces", "edit", data=body, headers=headers).status_code == 200
    )
    assert server.request("POST", "/v1/traces", None, data=body, headers=headers).status_code == 401
    assert len(mlflow.search_traces(locations=[experiment], return_type="list")) == 1


def test_prompts_with_versions_and_alias() -> None:
    first = mlflow.genai.register_prompt(name="greeting", template="Hello {{name}}")
    second = mlflow.genai.register_prompt(name="greeting", template="Hi {{name}}")
    assert (first.version, second.version) == (1, 2)
    mlflow.genai.set_prompt_alias("greeting", "production", 1)
    assert (
        mlflow.genai.load_prompt("prompts:/greeting@production").format(name="you") == "Hello you"
    )
    assert "greeting" in [prompt.name for prompt in mlflow.genai.search_prompts()]


def test_evaluation_datasets(server: Server) -> None:
    experiment = mlflow.set_experiment("datasets").experiment_id
    dataset = mlflow.genai.datasets.create_dataset(name="golden", experiment_id=[experiment])
    dataset.merge_records([{"inputs": {"question": "why"}, "expectations": {"answer": "because"}}])
    found = mlflow.genai.datasets.search_datasets(experiment_ids=[experiment])
    assert [one.name for one in found] == ["golden"]
    records = server.request(
        "GET", f"/api/3.0/mlflow/datasets/{dataset.dataset_id}/records", "read"
    )
    assert records.status_code == 200 and "because" in records.text


def test_a_logged_dataset_is_found_by_the_ui(server: Server) -> None:
    import pandas

    experiment = mlflow.set_experiment("inputs").experiment_id
    with mlflow.start_run():
        mlflow.log_input(
            mlflow.data.from_pandas(pandas.DataFrame({"x": [1, 2]}), name="small"),
            context="training",
        )
    found = server.request(
        "POST",
        "/ajax-api/2.0/mlflow/experiments/search-datasets",
        "read",
        json={"experiment_ids": [experiment]},
    )
    assert [one["name"] for one in found.json()["dataset_summaries"]] == ["small"]


def test_graphql_as_the_ui_asks(server: Server) -> None:
    mlflow.set_experiment("graphql")
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    query = """query GetRun($data: MlflowGetRunInput!) { mlflowGetRun(input: $data) { run { info { runId status } data { metrics { key value } } } } }"""
    body = {
        "operationName": "GetRun",
        "query": query,
        "variables": {"data": {"runId": run.info.run_id}},
    }
    answer = server.request("POST", "/graphql", "read", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["mlflowGetRun"]["run"]["info"]["runId"] == run.info.run_id


def test_the_ui_and_every_file_it_loads(server: Server) -> None:
    page = server.request("GET", "/", "read")
    assert page.status_code == 200 and "<title>MLflow</title>" in page.text
    files = re.findall(r'(?:src|href)="\.?/?(static-files/[^"]+)"', page.text)
    assert len(files) >= 3
    for file in files:
        assert server.request("GET", f"/{file}", "read").status_code == 200, file
    site = Path(mlflow.__file__).parent / "server/js/build"
    for file in [
        one
        for one in site.rglob("*")
        if one.is_file() and one.suffix in (".js", ".css", ".html", ".svg", ".png", ".woff2")
    ]:
        assert (
            server.request("GET", f"/static-files/{file.relative_to(site)}", "read").status_code
            == 200
        ), file


def test_what_the_ui_shows_of_artifacts(server: Server) -> None:
    mlflow.set_experiment("preview")
    with mlflow.start_run() as run:
        mlflow.log_text("shown", "a/note.txt")
    preview = server.request(
        "GET", "/get-artifact", "read", params={"run_uuid": run.info.run_id, "path": "a/note.txt"}
    )
    assert (preview.status_code, preview.text) == (200, "shown")
    listing = server.request(
        "GET",
        "/ajax-api/2.0/mlflow/artifacts/list",
        "read",
        params={"run_id": run.info.run_id, "path": "a"},
    )
    assert [one["path"] for one in listing.json()["files"]] == ["a/note.txt"]
    uploaded = server.request(
        "POST",
        "/ajax-api/2.0/mlflow/upload-artifact",
        "edit",
        params={"run_uuid": run.info.run_id, "path": "b.txt"},
        data=b"b",
    )
    assert uploaded.status_code == 200
    history = server.request(
        "GET",
        "/ajax-api/2.0/mlflow/metrics/get-history-bulk",
        "read",
        params={"run_id": run.info.run_id, "metric_key": "m"},
    )
    assert history.status_code == 200


def test_roles_through_the_client(as_role) -> None:  # type: ignore[no-untyped-def]
    experiment = mlflow.set_experiment("roles").experiment_id
    client = MlflowClient()
    run = client.create_run(experiment).info.run_id
    as_role("read")
    assert client.get_run(run).info.run_id == run
    for write in (
        lambda: client.log_param(run, "a", 1),
        lambda: client.create_experiment("x"),
        lambda: client.delete_run(run),
    ):
        with pytest.raises(MlflowException, match="403"):
            write()
    as_role("edit")
    client.log_param(run, "a", 1)
    with pytest.raises(MlflowException, match="403"):
        client.delete_run(run)
    as_role("manage")
    client.delete_run(run)
    client.restore_run(run)
    with pytest.raises(MlflowException, match="403"):
        client.create_webhook("w", "https://hook.example/x", ["registered_model.created"])
    as_role("unknown")
    with pytest.raises(MlflowException, match="401"):
        client.get_run(run)


def test_webhooks_are_the_administrators(server: Server) -> None:
    body = {
        "name": "w",
        "url": "https://hook.invalid/key",
        "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    }
    assert (
        server.request("POST", "/api/2.0/mlflow/webhooks", "manage", json=body).status_code == 403
    )
    assert server.request("GET", "/api/2.0/mlflow/webhooks", "manage").status_code == 403
    assert server.request("GET", "/api/2.0/mlflow/webhooks", "admin").status_code == 200
    # MLflow resolves the host before it stores a webhook, and this one has none: the request came
    # as far as that.
    created = server.request("POST", "/api/2.0/mlflow/webhooks", "admin", json=body)
    assert created.status_code == 400 and "hook.invalid" in created.text


def test_the_gateway_is_off_unless_it_is_asked_for(server: Server) -> None:
    assert (
        server.request("GET", "/api/3.0/mlflow/server-info", "read").json()["features_enabled"][
            "gateway"
        ]
        is False
    )
    created = server.request(
        "POST",
        "/api/3.0/mlflow/gateway/secrets/create",
        "admin",
        json={"secret_name": "s", "secret_value": {"api_key": "k"}, "provider": "openai"},
    )
    assert created.status_code == 501
    assert server.request(
        "POST", "/gateway/x/mlflow/invocations", "admin", json={"messages": []}
    ).status_code in (404, 501)


def test_gc_removes_rows_and_objects_of_a_deleted_run(
    server: Server, object_store: ObjectStore, as_role, migrated_uri: str
) -> None:  # type: ignore[no-untyped-def]
    experiment = mlflow.set_experiment("gc").experiment_id
    with mlflow.start_run() as kept:
        mlflow.log_text("kept", "a.txt")
    with mlflow.start_run() as gone:
        mlflow.log_text("gone", "a.txt")
    as_role("manage")
    MlflowClient().delete_run(gone.info.run_id)
    environment = process_environment(
        {"MLFLOW_TRACKING_URI": server.url, "MLFLOW_TRACKING_TOKEN": token_of("admin")}
    )
    command = [
        f"{sys.prefix}/bin/mlflow",
        "gc",
        "--backend-store-uri",
        migrated_uri,
        "--run-ids",
        gone.info.run_id,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    keys = object_store.keys("instance", f"artifacts/{experiment}/")
    assert [key for key in keys if kept.info.run_id in key] and not [
        key for key in keys if gone.info.run_id in key
    ]
    with pytest.raises(MlflowException, match="not found"):
        MlflowClient().get_run(gone.info.run_id)


def test_deleting_what_the_registry_holds(as_role) -> None:  # type: ignore[no-untyped-def]
    client = MlflowClient()
    client.create_registered_model("to-delete")
    client.set_registered_model_tag("to-delete", "a", "b")
    client.delete_registered_model_tag("to-delete", "a")
    with pytest.raises(MlflowException, match="403"):
        client.delete_registered_model("to-delete")
    as_role("manage")
    client.delete_registered_model("to-delete")


def test_requests_in_parallel(server: Server) -> None:
    from concurrent.futures import ThreadPoolExecutor

    experiment = mlflow.set_experiment("parallel").experiment_id
    run = MlflowClient().create_run(experiment).info.run_id

    def log(number: int) -> int:
        body = {
            "run_id": run,
            "metrics": [{"key": f"m{number}", "value": number, "timestamp": 1, "step": 0}],
        }
        return server.request(
            "POST", "/api/2.0/mlflow/runs/log-batch", "edit", json=body
        ).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(log, range(100))) == {200}
    assert len(MlflowClient().get_run(run).data.metrics) == 100


def test_a_large_body_is_taken(server: Server) -> None:
    mlflow.set_experiment("large")
    with mlflow.start_run():
        mlflow.log_params({f"p{i}": "v" * 500 for i in range(100)})
        mlflow.log_metrics({f"m{i}": i for i in range(1000)})


def test_unauthenticated_clients_get_a_clear_error(server: Server) -> None:
    answer = requests.get(
        f"{server.url}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30
    )
    assert (answer.status_code, answer.text) == (401, "A valid access token is needed.")
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="mlflow unit"')


@pytest.fixture(scope="module", autouse=True)
def begun_at(server: Server) -> int:
    """Where the log of this file begins: other files ask the same server for errors."""
    return len(server.log.read_text())


def test_nothing_above_ended_in_a_server_error(server: Server, begun_at: int) -> None:
    """Last in this file: reads the access log of all of it."""
    lines = server.log.read_text()[begun_at:].splitlines()
    served = [line for line in lines if " mlflow_instance.access " in line]
    assert len(served) > 100
    # 501 answers a feature that is off; the route test's GETs with made-up names are in
    # tests/test_routes.py.
    assert [
        line
        for line in served
        if re.search(r'" 50[0-9] ', line) and not re.search(r'" 501 |"GET /graphql"', line)
    ] == []
    assert not re.search(
        r"token-for-tests|not-a-secret-but-looked-for|test-secret", "\n".join(lines)
    )


def test_nothing_above_imported_anything_during_a_request(server: Server) -> None:
    """tests/test_imports.py tries the whole route table, and this the requests that come further than its empty bodies."""
    assert late_imports(server.log.parent / "late-imports") == []
