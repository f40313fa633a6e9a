"""Logs a first run with the unmodified MLflow client and reads everything back; ends non-zero when anything differs.

Takes nothing but what any client needs: MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN and the CA in the environment.
Prints one JSON object.
"""

import hashlib
import json
import os
import sys
import tempfile
import time

import mlflow
from mlflow import MlflowClient

MEBIBYTE = 1024 * 1024


def sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(MEBIBYTE):
            digest.update(block)
    return digest.hexdigest()


def check(name: str, got: object, expected: object) -> None:
    if got != expected:
        sys.exit(f"{name}: expected {expected!r}, got {got!r}")


def main(experiment: str, model: str, mebibytes: int) -> None:
    started = time.monotonic()
    client = MlflowClient()
    mlflow.set_experiment(experiment)
    losses = [round(1 / (step + 1), 6) for step in range(20)]
    with tempfile.TemporaryDirectory() as folder:
        weights = os.path.join(folder, "weights.bin")
        with open(weights, "wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(MEBIBYTE))
        with mlflow.start_run(run_name="first-run") as run:
            mlflow.log_params({"learning_rate": 0.01, "epochs": len(losses)})
            for step, loss in enumerate(losses):
                mlflow.log_metric("loss", loss, step=step)
            mlflow.log_artifact(weights, artifact_path="model")
        first_run_seconds = time.monotonic() - started
        run_id = run.info.run_id

        read = client.get_run(run_id)
        check("status", read.info.status, "FINISHED")
        check("params", read.data.params, {"learning_rate": "0.01", "epochs": "20"})
        check("metric series", [m.value for m in client.get_metric_history(run_id, "loss")], losses)
        back = mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path="model/weights.bin", dst_path=os.path.join(folder, "back")
        )
        check("artifact", sha256(back), sha256(weights))

    try:
        client.create_registered_model(model)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = client.create_model_version(model, source=f"runs:/{run_id}/model", run_id=run_id)
    client.set_registered_model_alias(model, "champion", version.version)
    champion = client.get_model_version_by_alias(model, "champion")
    check("champion", (champion.version, champion.run_id), (version.version, run_id))
    print(
        json.dumps(
            {
                "experiment": experiment,
                "runId": run_id,
                "metrics": len(losses),
                "artifactBytes": mebibytes * MEBIBYTE,
                "model": model,
                "version": str(champion.version),
                "alias": "champion",
                "firstRunSeconds": round(first_run_seconds, 2),
                "seconds": round(time.monotonic() - started, 2),
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
