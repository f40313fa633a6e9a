"""What the client deletes is gone: rows and objects of runs, and what the registry holds."""

import subprocess
import sys

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.support.server import Server, process_environment, token_of
from tests.support.store import ObjectStore


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
