"""Imports and opens before the first request what MLflow's handlers would import and open during one.

A handler that imports costs the first request its time, each forked worker its own memory, and two threads that meet in a
half-made module end in an error. tests/test_imports.py records what requests still look for.
"""

import importlib
import logging
import sys

_logger = logging.getLogger(__name__)

# MLflow's basic auth, which the image does not use and can't import: Flask-WTF is missing. MLflow's
# searches try to import it in every request, and an import that fails leaves nothing behind, so its
# 5,000 lines ran each time (30 ms).
_ABSENT = ("mlflow.server.auth",)

# Every module that a route of MLflow imports when it runs. 20 MiB in all, shared by the workers.
_DURING_REQUESTS = (
    "mlflow.bedrock._autolog",
    "mlflow.demo",
    "mlflow.entities.model_registry.prompt_version",
    "mlflow.evaluation",
    "mlflow.genai.discovery.job",
    "mlflow.genai.evaluation.harness",
    "mlflow.genai.evaluation.job",
    "mlflow.genai.judges.adapters.rate_limit_retry_adapters",
    "mlflow.genai.label_schemas.validation",
    "mlflow.genai.optimize.job",
    "mlflow.genai.scorers.job",
    "mlflow.pyfunc",
    "mlflow.pytest.session",
    "mlflow.server.graphql.graphql_no_batching",
    "mlflow.server.graphql.graphql_schema_extensions",
    "mlflow.server.jobs",
    "mlflow.store.jobs.sqlalchemy_store",
    "mlflow.store.jobs.sqlalchemy_workspace_store",
    "mlflow.store.tracking.file_store",
    "mlflow.tracing.export.mlflow_v3",
    "mlflow.tracing.processor.mlflow_v3",
    "mlflow.utils.search_logged_model_utils",
    "pandas.core.methods.to_dict",
    "boto3",
    "botocore.docs.bcdoc.docstringparser",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.waiter",
    "s3transfer.manager",
)


def import_for_requests() -> None:
    for name in _ABSENT:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in _DURING_REQUESTS:
        importlib.import_module(name)


def open_artifact_store() -> None:
    """One client of the object store before requests ask for several at once: boto3's first client of a process is not made safely.

    An object store that gives no credentials now may do so later, and everything but artifacts works without it.
    """
    from mlflow.server.handlers import _get_artifact_repo_mlflow_artifacts
    from mlflow.store.artifact.s3_artifact_repo import _get_s3_client

    _get_artifact_repo_mlflow_artifacts()
    try:
        _get_s3_client()
    except Exception as error:
        _logger.warning("the object store's client can't be made yet: %s", type(error).__name__)
