"""Puts MLflow's server application and our layer together."""

import os
import uuid
import warnings

from mlflow_instance.asgi import App
from mlflow_instance.imports import import_for_requests, open_artifact_store
from mlflow_instance.middleware import InstanceMiddleware
from mlflow_instance.pool import kept_connections
from mlflow_instance.readiness import Readiness, database_answers
from mlflow_instance.settings import Settings
from mlflow_instance.tokens import TokenStore
from mlflow_instance.turns import Turns, turns_of_pool


def set_mlflow_environment(settings: Settings) -> None:
    """What `mlflow server` exports to its workers (mlflow/server/__init__.py, `_run_server`), before MLflow is imported."""
    os.environ.update(
        {
            "_MLFLOW_SERVER_FILE_STORE": settings.database_uri,
            "_MLFLOW_SERVER_REGISTRY_STORE": settings.database_uri,
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": settings.artifacts_destination,
            "_MLFLOW_SERVER_BOOT_ID": uuid.uuid4().hex,
            "_MLFLOW_IN_JOB_EXECUTOR": "false",
            "_MLFLOW_SGI_NAME": "uvicorn",
            "MLFLOW_ENABLE_WORKSPACES": "false",
        }
    )
    os.environ.update(kept_connections(os.environ))
    # Job runners are processes of 180 MB each that an instance does not need.
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # Without a passphrase of its own the gateway encrypts the secrets it stores with one that is in MLflow's source.
    os.environ.setdefault("MLFLOW_ENABLE_AI_GATEWAY", "true" if os.environ.get("MLFLOW_CRYPTO_KEK_PASSPHRASE") else "false")


def build_app(settings: Settings) -> App:
    set_mlflow_environment(settings)
    with warnings.catch_warnings():
        # MLflow's use of a deprecated part of Starlette is not the reader's concern.
        warnings.filterwarnings("ignore", message="starlette.middleware.wsgi is deprecated")
        from mlflow.server.fastapi_app import app as mlflow_app

        import_for_requests()

    from mlflow_instance.artifacts import PROXIED_SCHEME
    from mlflow_instance.confine import confine_repositories
    from mlflow_instance.download import add_streamed_download
    from mlflow_instance.no_migration import forbid_migration

    confine_repositories(settings.artifacts_destination)
    forbid_migration()
    if settings.artifacts_destination.startswith(f"{PROXIED_SCHEME}://"):
        add_streamed_download(mlflow_app)
    return InstanceMiddleware(
        Turns(mlflow_app, turns_of_pool(os.environ)),
        name=settings.name,
        tokens=TokenStore(settings.tokens_file),
        readiness=Readiness(lambda: database_answers(settings.database_uri)),
        allowed_origins=settings.allowed_origins,
    )


def open_stores(settings: Settings) -> None:
    """Opens the stores now rather than in the first requests, and checks the schema once more with MLflow's own eyes."""
    from mlflow.server.handlers import initialize_backend_stores

    initialize_backend_stores(settings.database_uri, settings.database_uri, "mlflow-artifacts:/")
    open_artifact_store()
