"""Prints the files that the server, the migration and the maintenance commands import: the build compiles exactly these (build/slim.sh)."""

import os
import sys


def main() -> None:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import mlflow.store.model_registry.sqlalchemy_store
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
    import uvicorn.lifespan.on
    import uvicorn.loops.auto
    import uvicorn.protocols.http.auto  # noqa: F401
    from alembic import command  # noqa: F401
    from mlflow.server import fastapi_app  # noqa: F401
    from mlflow.store.db.utils import _get_latest_schema_revision

    import mlflow_instance.confine
    import mlflow_instance.download
    import mlflow_instance.failures
    import mlflow_instance.maintenance.orphans
    import mlflow_instance.maintenance.purge
    import mlflow_instance.maintenance.restore
    import mlflow_instance.maintenance.retention
    import mlflow_instance.maintenance.stale_runs
    import mlflow_instance.metrics.exporter
    import mlflow_instance.metrics.requests
    import mlflow_instance.metrics.state
    import mlflow_instance.migrate
    import mlflow_instance.serve
    import mlflow_instance.unhandled
    import mlflow_instance.webhooks
    import mlflow_instance.workers  # noqa: F401
    from mlflow_instance.imports import import_for_requests

    import_for_requests()
    # Imports every migration file.
    _get_latest_schema_revision()
    import boto3

    boto3.client("s3", region_name="eu-central-1", aws_access_key_id="-", aws_secret_access_key="-")

    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    for file in sorted(
        file
        for file in files
        if file and file.endswith(".py") and file.startswith(sys.prefix + os.sep)
    ):
        print(file)


if __name__ == "__main__":
    main()
