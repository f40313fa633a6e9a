"""Runs and models go from logging to loading, in parallel and in large bodies, too."""

import hashlib
import os
from pathlib import Path

import mlflow
from mlflow import MlflowClient

from tests.support.server import Server


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
