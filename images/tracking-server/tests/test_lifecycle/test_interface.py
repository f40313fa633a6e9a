"""What MLflow's UI loads and asks for is answered."""

import re
from pathlib import Path

import mlflow

from tests.support.server import Server


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
