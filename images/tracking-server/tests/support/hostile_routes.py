"""Every route that a reader may call, with the largest thing that it can name in `seed`.

A route that a new MLflow adds fails in tests/test_hostile until it is classified here.
"""

from contextlib import closing

from tests.support.big_rows import Rows
from tests.support.hostile import MIB
from tests.support.store import ObjectStore

FILE_BYTES = 128 * MIB
_API, _API3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_AJAX, _AJAX3 = "/ajax-api/2.0/mlflow", "/ajax-api/3.0/mlflow"
_TRACES = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}}]
_GRAPHQL = (
    "query { "
    + " ".join(
        f'a{i}: mlflowSearchRuns(input: {{experimentIds: ["1"], maxResults: 5000}}) {{ runs {{ info {{ runId }} data {{ params {{ key value }} }} }} }}'
        for i in range(3)
    )
    + " }"
)

# (method, route) -> the path, the arguments and the statuses that are right.
HOSTILE: dict[tuple[str, str], tuple[str, dict[str, object], set[int]]] = {
    ("POST", f"{_API}/runs/search"): (
        f"{_API}/runs/search",
        {"json": {"experiment_ids": ["1"], "max_results": 50000}},
        {200},
    ),
    ("GET", f"{_API}/runs/get"): (f"{_API}/runs/get", {"params": {"run_id": "2r1"}}, {413}),
    ("GET", f"{_API}/metrics/get-history"): (
        f"{_API}/metrics/get-history",
        {"params": {"run_id": "1r1", "metric_key": "loss"}},
        {200},
    ),
    ("GET", f"{_API}/metrics/get-history-bulk"): (
        f"{_AJAX}/metrics/get-history-bulk",
        {"params": {"run_id": "1r1", "metric_key": "loss", "max_results": 25000}},
        {200},
    ),
    ("GET", f"{_API}/metrics/get-history-bulk-interval"): (
        f"{_AJAX}/metrics/get-history-bulk-interval",
        {
            "params": {
                "run_ids": [f"1r{i}" for i in range(1, 101)],
                "metric_key": "loss",
                "max_results": 2500,
            }
        },
        {200},
    ),
    ("GET", f"{_API}/experiments/search"): (
        f"{_API}/experiments/search",
        {"params": {"max_results": 50000}},
        {200},
    ),
    ("POST", f"{_API}/experiments/search"): (
        f"{_API}/experiments/search",
        {"json": {"max_results": 50000}},
        {200},
    ),
    ("GET", f"{_API}/registered-models/search"): (
        f"{_API}/registered-models/search",
        {"params": {"max_results": 1000}},
        {200},
    ),
    ("GET", f"{_API}/registered-models/get"): (
        f"{_API}/registered-models/get",
        {"params": {"name": "m1"}},
        {200, 413},
    ),
    ("GET", f"{_API}/registered-models/get-latest-versions"): (
        f"{_API}/registered-models/get-latest-versions",
        {"params": {"name": "m1"}},
        {200, 413},
    ),
    ("POST", f"{_API}/registered-models/get-latest-versions"): (
        f"{_API}/registered-models/get-latest-versions",
        {"json": {"name": "m1"}},
        {200, 413},
    ),
    ("GET", f"{_API}/model-versions/search"): (
        f"{_API}/model-versions/search",
        {"params": {"max_results": 200000}},
        {200},
    ),
    ("POST", f"{_API}/logged-models/search"): (
        f"{_API}/logged-models/search",
        {"json": {"experiment_ids": ["1"], "max_results": 50000}},
        {200, 400},
    ),
    ("GET", f"{_API}/traces"): (
        f"{_API}/traces",
        {"params": {"experiment_ids": ["1"], "max_results": 500}},
        {200},
    ),
    ("POST", f"{_API3}/traces/search"): (
        f"{_API3}/traces/search",
        {"json": {"locations": _TRACES, "max_results": 500}},
        {200},
    ),
    ("POST", f"{_API3}/traces/batchGetInfos"): (
        f"{_AJAX3}/traces/batchGetInfos",
        {"json": {"trace_ids": [f"t{i}" for i in range(1, 1001)]}},
        {200, 413},
    ),
    ("GET", f"{_API3}/traces/batchGet"): (
        f"{_API3}/traces/batchGet",
        {"params": {"trace_ids": [f"t{i}" for i in range(1, 201)]}},
        {200, 413},
    ),
    ("GET", f"{_API3}/traces/get"): (
        f"{_API3}/traces/get",
        {"params": {"trace_id": "big1"}},
        {413},
    ),
    ("GET", f"{_API}/get-trace-artifact"): (
        f"{_AJAX}/get-trace-artifact",
        {"params": {"request_id": "big1"}},
        {413},
    ),
    ("GET", f"{_API3}/get-trace-artifact"): (
        f"{_AJAX3}/get-trace-artifact",
        {"params": {"request_id": "big1"}},
        {413},
    ),
    ("GET", f"{_API3}/datasets/x1/records"): (
        f"{_API3}/datasets/d1/records",
        {"params": {"max_results": 1000}},
        {200},
    ),
    ("GET", f"{_API3}/datasets/search"): (
        f"{_AJAX3}/datasets/search",
        {"params": {"max_results": 1000}},
        {200},
    ),
    ("POST", f"{_API3}/datasets/search"): (
        f"{_API3}/datasets/search",
        {"json": {"max_results": 1000}},
        {200},
    ),
    ("POST", f"{_API3}/issues/search"): (
        f"{_AJAX3}/issues/search",
        {"json": {"experiment_id": "1", "max_results": 50000}},
        {200},
    ),
    ("GET", f"{_API3}/scorers/list"): (
        f"{_API3}/scorers/list",
        {"params": {"experiment_id": "1"}},
        {413},
    ),
    ("POST", "/graphql"): ("/graphql", {"json": {"query": _GRAPHQL, "variables": {}}}, {200}),
    ("GET", "/get-artifact"): (
        "/get-artifact",
        {"params": {"run_uuid": "1r1", "path": "big.bin"}},
        {200},
    ),
    ("GET", "/model-versions/get-artifact"): (
        "/model-versions/get-artifact",
        {"params": {"name": "m1", "version": "1", "path": "big.bin"}},
        {200},
    ),
    ("GET", f"{_API}/logged-models/x1/artifacts/files"): (
        f"{_AJAX}/logged-models/l1/artifacts/files",
        {"params": {"artifact_file_path": "big.bin"}},
        {200},
    ),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts/x1"): (
        "/api/2.0/mlflow-artifacts/artifacts/x/big.bin",
        {},
        {200},
    ),
}
FILES = (
    "/get-artifact",
    "/model-versions/get-artifact",
    f"{_API}/logged-models/x1/artifacts/files",
    "/api/2.0/mlflow-artifacts/artifacts/x1",
)
# One row, or a few whose number and length are bounded when they are written; none of it grows with
# what was logged.
SMALL = """
GET / /health /version /build/x1 /static-files/x1 /graphql /gateway/mlflow/v1/models
GET /api/2.0/mlflow/experiments/get /api/2.0/mlflow/experiments/get-by-name /api/2.0/mlflow/gateway-proxy
GET /api/2.0/mlflow/get-online-trace-details /api/2.0/mlflow/logged-models/x1 /api/2.0/mlflow/unified-traces
GET /api/2.0/mlflow/model-versions/get /api/2.0/mlflow/model-versions/get-download-uri /api/2.0/mlflow/registered-models/alias
GET /api/2.0/mlflow/traces/x1/info /api/2.0/mlflow/webhooks/x1 /api/2.0/mlflow-artifacts/presigned/x1
GET /api/3.0/jobs/x1 /api/3.0/mlflow/jobs/x1 /api/3.0/mlflow/datasets/x1 /api/3.0/mlflow/issues/x1
GET /api/3.0/mlflow/label-schemas/get /api/3.0/mlflow/label-schemas/get-by-name /api/3.0/mlflow/mcp-servers/x1
GET /api/3.0/mlflow/mcp-servers/x1/aliases/x1 /api/3.0/mlflow/mcp-servers/x1/endpoints/x1 /api/3.0/mlflow/mcp-servers/x1/versions/x1
GET /api/3.0/mlflow/prompt-optimization/jobs/x1 /api/3.0/mlflow/review-queues/get /api/3.0/mlflow/review-queues/get-by-name
GET /api/3.0/mlflow/scorers/get /api/3.0/mlflow/server-info /api/3.0/mlflow/traces/x1 /api/3.0/mlflow/traces/x1/assessments/x1
GET /api/3.0/mlflow/ui-telemetry /api/3.0/mlflow/workspaces /api/3.0/mlflow/workspaces/x1
POST /api/2.0/mlflow/artifacts/presigned-download-url /api/3.0/mlflow/ui-telemetry
POST /api/3.0/mlflow/traces/calculate-filter-correlation /api/3.0/mlflow/traces/metrics
"""
# Lists whose rows pass the same meter as those above; what they list needs more than a reader, or
# MLflow's own limit is small.
METERED = """
GET /api/2.0/mlflow/webhooks /api/3.0/mlflow/datasets/x1/experiment-ids /api/3.0/mlflow/scorers/versions
GET /api/3.0/mlflow/scorers/online-configs /api/3.0/mlflow/label-schemas/list /api/3.0/mlflow/review-queues/list
GET /api/3.0/mlflow/review-queues/items/list /api/3.0/mlflow/prompt-optimization/jobs/search
GET /api/3.0/mlflow/mcp-servers /api/3.0/mlflow/mcp-servers/endpoints /api/3.0/mlflow/mcp-servers/x1/endpoints
GET /api/3.0/mlflow/mcp-servers/x1/versions
POST /api/2.0/mlflow/experiments/search-datasets /api/3.0/jobs/search /api/3.0/mlflow/prompt-optimization/jobs/search
"""
# Listings of the object store: bounded in artifact_list.py.
LISTED = """
GET /api/2.0/mlflow-artifacts/artifacts /api/2.0/mlflow/artifacts/list /api/2.0/mlflow/logged-models/x1/artifacts/directories
"""


def classified() -> set[tuple[str, str]]:
    lines = (SMALL + METERED + LISTED).split("\n")
    named = {(line.split()[0], path) for line in lines if line for path in line.split()[1:]}
    return named | set(HOSTILE)


def seed(uri: str, object_store: ObjectStore) -> None:
    with closing(Rows(uri)) as rows:
        rows.experiment(1)
        rows.runs(1, 1000, 25, 25, 25)
        rows.experiment(2)
        rows.runs(2, 1, 80_000, 0, 0)
        rows.points("1r1", 40_000)
        rows.registry(2000, 3000)
        rows.logged_models(1, 1000)
        rows.traces(1, 1000, 2, 3000)
        rows.traces(1, 1, 100, 600_000, "big")
        rows.dataset(1, 400, 60_000)
        rows.others(1)
        rows.run("ANALYZE")
    big = b"x" * FILE_BYTES
    for key in ("1/1r1/artifacts/big.bin", "1/models/l1/artifacts/big.bin", "x/big.bin"):
        object_store.client().put_object(Bucket="instance", Key=f"artifacts/{key}", Body=big)
