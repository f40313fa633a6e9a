"""Traces, prompts and evaluation datasets of the client come in and are found."""

import os

import mlflow

from tests.support.server import Server


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
