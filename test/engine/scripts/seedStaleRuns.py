"""Makes RUNNING runs of every kind, and later shows signs of life in some: seedStaleRuns.py make | touch <ids as JSON>.

Prints one JSON object: what is made, by name.
"""

import json
import sys
import time

from mlflow import MlflowClient
from mlflow.entities import Metric
from seedClient import HOUR, MODEL_FOLDER, PLAIN_FOLDER, Seed


def make() -> None:
    seed = Seed()
    client = seed.client
    experiment = seed.experiment("training")
    runs: dict[str, str] = {}

    def run(
        name: str,
        *,
        metric_hours: float | None = None,
        folder: str | None = None,
        parent: str | None = None,
    ) -> str:
        tags = {"mlflow.parentRunId": parent} if parent else None
        runs[name] = client.create_run(experiment, run_name=name, tags=tags).info.run_id
        client.log_param(runs[name], "depth", "3")
        if metric_hours is not None:
            at = int((time.time() - metric_hours * HOUR) * 1000)
            client.log_batch(
                runs[name], metrics=[Metric("loss", 0.5, at, 1), Metric("loss", 0.7, at - 5000, 0)]
            )
        if folder is not None:
            client.log_artifacts(runs[name], folder)
        return runs[name]

    run("idle")
    run("idle, much logged", metric_hours=30, folder=PLAIN_FOLDER)
    run("idle, old metric", metric_hours=7)
    run("metric", metric_hours=1)
    run("parameter")
    run("tag", metric_hours=30)
    run("tag changed", metric_hours=30)
    run("artifact", metric_hours=30, folder=PLAIN_FOLDER)
    model_run = run("file of its model", metric_hours=30)
    seed.model(experiment, "forest", run=model_run, folder=MODEL_FOLDER)
    client.set_tag(run("kept", metric_hours=30), "keep-running", "false")
    run("young")
    run("no start, old metric", metric_hours=40)
    run("no start, new metric", metric_hours=1)
    run("no start, young metric and idle", metric_hours=8)
    run("no start, nothing")
    parent = run("parent of a living child")
    child = run("idle child of a living child's parent", parent=parent)
    run("living grandchild", metric_hours=1, parent=child)
    run("idle child", parent=run("parent of an idle child"))
    client.set_terminated(run("finished", metric_hours=30))
    client.set_terminated(run("failed", metric_hours=30), "FAILED")
    client.delete_run(run("deleted"))
    print(json.dumps({"runs": runs, "model run": model_run}))


def touch(runs: dict[str, str]) -> None:
    client = MlflowClient()
    client.log_param(runs["parameter"], "width", "5")
    client.set_tag(runs["tag"], "stage", "second epoch")
    client.set_tag(runs["tag changed"], "mlflow.runName", "renamed")
    print(json.dumps({}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make()
    else:
        touch(json.loads(sys.argv[2]))
