"""No request makes the database plan more than it was made for, by whatever route it comes."""

import re
from pathlib import Path
from typing import Any

import mlflow
import pytest

from tests.support.server import Server

API = "/api/2.0/mlflow"
V3 = "/api/3.0/mlflow"
SEARCHES: dict[str, tuple[str, dict[str, Any], str]] = {
    f"{API}/runs/search": ("POST", {"experiment_ids": ["0"]}, "params.p{n} LIKE '%v%'"),
    f"{API}/experiments/search": ("POST", {"max_results": 5}, "tags.t{n} LIKE '%v%'"),
    f"{API}/registered-models/search": ("GET", {}, "tags.t{n} = 'v'"),
    f"{API}/model-versions/search": ("GET", {}, "tags.t{n} = 'v'"),
    f"{API}/logged-models/search": ("POST", {"experiment_ids": ["0"]}, "params.p{n} = 'v'"),
    f"{API}/traces": ("GET", {"experiment_ids": "0"}, "tags.t{n} = 'v'"),
    f"{V3}/traces/search": (
        "POST",
        {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]},
        "tags.t{n} = 'v'",
    ),
    f"{V3}/mcp-servers": ("GET", {}, "tags.t{n} = 'v'"),
}


def ask(server: Server, path: str, conditions: int, **more: Any) -> Any:
    method, body, condition = SEARCHES[path]
    filter_name = "filter_string" if "mcp" in path else "filter"
    body = {
        **body,
        filter_name: " AND ".join(condition.format(n=number) for number in range(conditions)),
        **more,
    }
    where = {"params": body} if method == "GET" else {"json": body}
    return server.request(method, path, "read", **where)


@pytest.mark.parametrize("path", SEARCHES)
def test_twenty_conditions_are_answered_and_one_more_is_refused(server: Server, path: str) -> None:
    answer = ask(server, path, 20)
    assert answer.status_code == 200, answer.text
    refused = ask(server, path, 21)
    assert refused.status_code == 400
    assert (
        refused.json()["message"]
        == "conditions in the filters of a request: at most 20 are allowed, found 21"
    )
    assert refused.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    if SEARCHES[path][0] == "POST":
        # Refused before it is parsed. A query string has a limit of its own.
        assert "characters in a filter" in ask(server, path, 1_500).json()["message"]


@pytest.mark.parametrize("path", [path for path in SEARCHES if "logged-models" not in path])
def test_keys_to_order_by_are_bounded(server: Server, path: str) -> None:
    refused = ask(server, path, 1, order_by=[f"metrics.m{number}" for number in range(11)])
    assert refused.status_code == 400
    assert "at most 10 are allowed, found 11" in refused.json()["message"]


def refused_by(server: Server, path: str, body: dict[str, Any], role: str = "read") -> str:
    answer = server.request("POST", path, role, json=body)
    assert answer.status_code == 400, answer.text
    return str(answer.json()["message"])


def test_other_routes_that_take_filters_or_lists(server: Server) -> None:
    many = " AND ".join(f"tags.t{number} = 'v'" for number in range(21))
    few = " AND ".join(f"tags.t{number} = 'v'" for number in range(11))
    experiment = {"experiment_ids": ["0"]}
    correlation = f"{V3}/traces/calculate-filter-correlation"
    assert "found 21" in refused_by(
        server,
        correlation,
        {**experiment, "filter_string1": many, "filter_string2": "tags.a = 'b'"},
    )
    both = {
        **experiment,
        "base_filter": few,
        "filter_string1": few,
        "filter_string2": "tags.a = 'b'",
    }
    assert "found 22" in refused_by(server, correlation, both)
    assert "found 21" in refused_by(
        server,
        f"{V3}/issues/search",
        {**experiment, "filter_string": " AND ".join(["status = 'open'"] * 21)},
    )
    assert "found 21" in refused_by(
        server,
        f"{V3}/datasets/search",
        {**experiment, "filter_string": " AND ".join(["name = 'a'"] * 21)},
    )
    metrics = {
        **experiment,
        "view_type": "TRACES",
        "metric_name": "trace_count",
        "filters": ["trace.status = 'OK'"] * 21,
    }
    assert "items in filters: at most 20" in refused_by(server, f"{V3}/traces/metrics", metrics)
    ids = {"trace_ids": [f"tr-{number}" for number in range(10_001)]}
    assert "at most 10,000 are allowed" in refused_by(server, f"{V3}/traces/batchGetInfos", ids)
    models = {
        **experiment,
        "order_by": [{"field_name": f"metrics.m{number}"} for number in range(11)],
    }
    assert "items in order_by" in refused_by(server, f"{API}/logged-models/search", models)
    datasets = {**experiment, "datasets": [{"dataset_name": f"d{number}"} for number in range(21)]}
    assert "items in datasets" in refused_by(server, f"{API}/logged-models/search", datasets)


def test_graphql_asks_for_no_more(server: Server) -> None:
    query = (
        "query Q($i: MlflowSearchRunsInput!) "
        "{ mlflowSearchRuns(input: $i) { runs { info { runId } } apiError { message } } }"
    )

    def errors(given: dict[str, Any]) -> str:
        answer = server.request(
            "POST",
            "/graphql",
            "read",
            json={"query": query, "variables": {"i": {"experimentIds": ["0"], **given}}},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json())

    assert "at most" not in errors({"filter": "params.a = 'b'", "orderBy": ["metrics.a"]})
    assert "found 21" in errors(
        {"filter": " AND ".join(f"params.p{number} = 'v'" for number in range(21))}
    )
    assert "found 11" in errors({"orderBy": [f"metrics.m{number}" for number in range(11)]})
    assert "characters in a query" in refused_by(
        server, "/graphql", {"query": "{" + "a " * 9_000 + "}"}
    )
    deep = refused_by(server, "/graphql", {"query": "{a(b:" + "[" * 8_000})
    assert "nested too deeply" in deep or "Not a query" in deep
    assert "Not a query" in refused_by(server, "/graphql", {"query": "{"})


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("a" * 501, "characters in a pattern"),
        (r"(.*)(.*)\\1\\2", "back references"),
        ("((a{1,255}){1,255}){1,255}", "repetitions in a regular expression"),
    ],
)
def test_patterns_of_traces(server: Server, pattern: str, reason: str) -> None:
    location = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}]
    body = {"locations": location, "filter": f"tags.t RLIKE '{pattern}'"}
    assert reason in refused_by(server, f"{V3}/traces/search", body)


def calls(function: str) -> set[str]:
    """`file: name of the function` of each place in MLflow's server side that calls it."""
    root = Path(mlflow.__file__).parent
    found = set()
    for file in [
        *root.glob("utils/*.py"),
        *root.glob("store/**/*.py"),
        *root.glob("server/**/*.py"),
        *root.glob("genai/**/*.py"),
    ]:
        inside = ""
        for line in file.read_text().split("\n"):
            inside = named.group(1) if (named := re.match(r"\s*def (\w+)", line)) else inside
            if re.search(rf"\b{re.escape(function)}\(", line) and "def " not in line:
                found.add(f"{file.relative_to(root)}: {inside}")
    return found


def test_no_other_parser_of_filters_is_in_mlflow() -> None:
    """A new one needs the limits as well: see bounded_queries.py."""
    assert calls("sqlparse.parse") == {
        "utils/search_utils.py: parse_search_filter",
        "utils/search_utils.py: _validate_order_by_and_generate_token",
        "utils/search_logged_model_utils.py: parse_filter_string",
    }


def test_requests_are_read_in_one_place() -> None:
    assert not {place for place in calls("ParseDict") if place.startswith("server/")}
